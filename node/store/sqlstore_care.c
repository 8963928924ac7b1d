/* Counting, erasing, emptying what is derived. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "node/store/sqlstore_core.h"

static bool give_kids(struct ln_query *q, ln_store_kid_in_fn *fn, void *fctx, struct ln_err *err)
{
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!fn(fctx, ln_db_col_text(q, 0), ln_db_col_text(q, 1), err))
            return ln_db_end(q);
    }
}

bool ln_sqlstore_kids_of(void *ctx, const struct ln_id *person, ln_store_kid_in_fn *fn, void *fctx,
                         struct ln_err *err)
{
    static const char sql[] = "SELECT kid, audience FROM key WHERE person = ?1 UNION"
                              " SELECT kid, audience FROM escrow WHERE person = ?1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_blob(q, person->b, sizeof person->b);
    return give_kids(q, fn, fctx, err);
}

bool ln_sqlstore_kid_audience(void *ctx, const char *kid, ln_store_kid_in_fn *fn, void *fctx,
                              struct ln_err *err)
{
    static const char sql[] = "SELECT kid, audience FROM key WHERE kid = ?1 UNION"
                              " SELECT kid, audience FROM escrow WHERE kid = ?1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_text(q, kid);
    return give_kids(q, fn, fctx, err);
}

bool ln_sqlstore_key_erase(void *ctx, const char *kid, struct ln_err *err)
{
    static const char *const keys[] = { "DELETE FROM key WHERE kid = ?",
                                        "DELETE FROM escrow WHERE kid = ?",
                                        "INSERT OR IGNORE INTO gone(kid) VALUES(?)" };
    static const char wait[] = "DELETE FROM key_wait WHERE kid = ?";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, wait);

    ln_db_text(q, kid);
    if (!ln_db_run(q, err) || !ln_sqlstore_keys_begin(s, err))
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        q = ln_db_use(s->keys, keys[i]);
        ln_db_text(q, kid);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_erase(void *ctx, const struct ln_id *person, int64_t at, struct ln_err *err)
{
    static const char note[] = "INSERT OR IGNORE INTO erased(person, at) VALUES(?, ?)";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, note);

    ln_db_blob(q, person->b, sizeof person->b);
    ln_db_int(q, at);
    return ln_db_run(q, err);
}

bool ln_sqlstore_erased(void *ctx, const struct ln_id *person, bool *yes, struct ln_err *err)
{
    static const char sql[] = "SELECT 1 FROM erased WHERE person = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_blob(q, person->b, sizeof person->b);
    if (!ln_db_row(q, yes, err))
        return false;
    (void)ln_db_end(q);
    return true;
}

bool ln_sqlstore_shred(void *ctx, struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;

    return ln_db_exec(s->db, "INSERT INTO text(text) VALUES('optimize')", err) &&
           ln_db_truncate(s->db, err) && ln_db_truncate(s->keys, err);
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

bool ln_sqlstore_counts(void *ctx, struct ln_store_counts *out, struct ln_err *err)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM record WHERE deleted = 0), (SELECT "
        "coalesce(max(n), 0) FROM change),"
        " (SELECT count(*) FROM change WHERE seq IS NULL),"
        " (SELECT count(*) FROM log l JOIN change c ON c.log = l.n AND c.seq "
        "> l.receipt WHERE l.mine = 1),"
        " (SELECT coalesce(sum(conflicts), 0) FROM record WHERE conflicts > "
        "0), (SELECT count(*) FROM refused f WHERE NOT EXISTS (SELECT 1 FROM ruling WHERE "
        "kind = 'refused' AND one = f.id)),"
        " (SELECT count(*) FROM fork), (SELECT count(*) FROM todo),"
        " (SELECT count(*) FROM lost_step l WHERE NOT EXISTS (SELECT 1 FROM "
        "ruling WHERE kind = 'refused' AND one = l.id)),"
        " (SELECT count(*) FROM twin)";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, sql);
    char wal[520];
    bool row;

    *out = (struct ln_store_counts){ 0 };
    if (!ln_db_row(q, &row, err))
        return false;
    uint64_t *const fields[] = { &out->records,   &out->changes, &out->unsealed, &out->unreceipted,
                                 &out->conflicts, &out->refused, &out->forks,    &out->todo,
                                 &out->lost,      &out->twins };
    for (int i = 0; row && i < (int)(sizeof fields / sizeof fields[0]); i++)
        *fields[i] = (uint64_t)ln_db_col_int(q, i);
    (void)ln_db_end(q);
    (void)snprintf(wal, sizeof wal, "%s-wal", s->path);
    out->bytes = size_of(s->path) + size_of(wal);
    return true;
}

/* ---- an audience left */

static bool run_by(struct ln_db *db, const char *sql, int64_t n, struct ln_err *err)
{
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, n);
    return ln_db_run(q, err);
}

static bool any_by(bool *any, struct ln_db *db, const char *sql, int64_t n, struct ln_err *err)
{
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, n);
    if (!ln_db_row(q, any, err))
        return false;
    if (*any)
        (void)ln_db_end(q);
    return true;
}

/* Should the grid come back, its epochs do too: which segments wait for each is noted. */
static bool note_unread(struct ln_sqlstore *s, const char *audience, struct ln_err *err)
{
    static const char names[] = "SELECT file_name FROM epoch WHERE audience = ?";
    static const char note[] =
        "INSERT OR REPLACE INTO meta(key, value) SELECT 'unread/' || ?1, CAST(group_concat(id || ' "
        "'"
        " || seq || char(10), '') AS BLOB) FROM (SELECT l.id, f.seq FROM file f JOIN log l ON l.n ="
        " f.log WHERE f.name = ?1 AND f.size > 0 ORDER BY l.id, f.seq LIMIT 20000) HAVING count(*)"
        " > 0";
    struct ln_query *q = ln_db_use(s->keys, names);
    bool row;

    ln_db_text(q, audience);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        struct ln_query *n = ln_db_use(s->db, note);
        ln_db_text(n, ln_db_col_text(q, 0));
        if (!ln_db_run(n, err))
            return ln_db_end(q) && false;
    }
}

/* What was dropped behind checkpoints counts no more: should the audience come back, the next one
 * who gives it says so again. */
static bool forget_pruned(struct ln_sqlstore *s, const char *audience, struct ln_err *err)
{
    static const char sql[] = "DELETE FROM meta WHERE key >= ?1 AND key < ?1 || '~'";
    struct ln_query *q = ln_db_use(s->db, sql);
    char key[96];

    (void)snprintf(key, sizeof key, "pruned/%s ", audience);
    ln_db_text(q, key);
    return ln_db_run(q, err);
}

static bool drop_keys(struct ln_sqlstore *s, const char *audience, struct ln_err *err)
{
    static const char *const sql[] = { "DELETE FROM key WHERE audience = ?",
                                       "DELETE FROM epoch WHERE audience = ?" };

    if (!ln_sqlstore_keys_begin(s, err))
        return false;
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct ln_query *q = ln_db_use(s->keys, sql[i]);
        ln_db_text(q, audience);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_audience_drop(void *ctx, const struct ln_store_audience *a, bool *gone,
                               struct ln_err *err)
{
    static const char waits[] = "SELECT 1 FROM change c JOIN log l ON l.n = c.log WHERE"
                                " c.audience = ? AND l.mine = 1 AND (c.seq IS NULL OR c.seq >"
                                " l.receipt) LIMIT 1";
    static const char there[] = "SELECT 1 FROM change WHERE audience = ? LIMIT 1";
    static const char words[] = "INSERT INTO text(text, rowid, body, coll) SELECT 'delete', w.rec, "
                                "w.body, w.coll FROM words w JOIN"
                                " record r ON r.n = w.rec WHERE r.audience = ?";
    static const char *const sql[] = {
        words,
        "DELETE FROM words WHERE rec IN (SELECT n FROM record WHERE audience = ?)",
        "DELETE FROM todo WHERE rec IN (SELECT n FROM record WHERE audience = ?)",
        "DELETE FROM key_wait WHERE record IN (SELECT id FROM record WHERE audience = ?)",
        "DELETE FROM refused WHERE id IN (SELECT id FROM change WHERE audience = ?)",
        "DELETE FROM change WHERE rec IN (SELECT n FROM record WHERE audience = ?)",
        "DELETE FROM change WHERE audience = ?",
        "DELETE FROM record WHERE audience = ?",
        "UPDATE audience SET digest = zeroblob(16) WHERE n = ?"
    };
    struct ln_sqlstore *s = ctx;
    char rows[192];
    bool any = false;

    *gone = false;
    if (!any_by(&any, s->db, waits, a->n, err) || any)
        return !any || err->code == LN_OK;
    if (!any_by(&any, s->db, there, a->n, err) || !any)
        return err->code == LN_OK;
    for (size_t i = 0; i < s->schema->n_colls; i++) {
        (void)snprintf(
            rows, sizeof rows,
            "DELETE FROM \"c_%s\" WHERE rec IN (SELECT n FROM record WHERE audience = ?)",
            s->schema->colls[i].name);
        if (!run_by(s->db, ln_db_keep(s->db, rows, strlen(rows)), a->n, err))
            return false;
    }
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
        if (!run_by(s->db, sql[i], a->n, err))
            return false;
    *gone = true;
    return note_unread(s, a->name, err) && forget_pruned(s, a->name, err) &&
           drop_keys(s, a->name, err);
}

bool ln_sqlstore_derived_drop(void *ctx, struct ln_err *err)
{
    static const char *const sql[] = { "DELETE FROM change WHERE seq IS NOT NULL",
                                       "DELETE FROM record",
                                       "DELETE FROM refused",
                                       "DELETE FROM key_wait",
                                       "DELETE FROM alias",
                                       "DELETE FROM lost_step",
                                       "DELETE FROM twin_key",
                                       "DELETE FROM twin",
                                       "DELETE FROM ruling",
                                       "DELETE FROM todo",
                                       "INSERT INTO text(text) VALUES('delete-all')",
                                       "DELETE FROM words",
                                       "UPDATE audience SET digest = zeroblob(16)",
                                       "DELETE FROM meta WHERE key LIKE 'pruned/%'",
                                       "DELETE FROM meta WHERE key LIKE 'checkpoint/%'",
                                       "UPDATE log SET applied = 0" };
    struct ln_sqlstore *s = ctx;
    char table[128];

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
        if (!ln_db_exec(s->db, sql[i], err))
            return false;
    for (size_t i = 0; i < s->schema->n_colls; i++) {
        (void)snprintf(table, sizeof table, "DELETE FROM \"c_%s\"", s->schema->colls[i].name);
        if (!ln_db_exec(s->db, table, err))
            return false;
    }
    s->next_record = 0;
    s->next_change = 0;
    return true;
}
