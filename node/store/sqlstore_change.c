/* Records and changes, what is refused, what is left to do. */
#include <string.h>

#include "node/store/sqlstore_core.h"

static int64_t id_time(const struct ln_id *id)
{
    return ln_clock_claimed(id);
}

void ln_sqlstore_id(struct ln_id *out, struct ln_query *q, int column)
{
    ln_db_col_bytes(q, column, out->b, sizeof out->b);
}

bool ln_sqlstore_reserve(void *ctx, enum ln_store_count what, size_t n, int64_t *first,
                         struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;
    int64_t *next = what == LN_STORE_RECORDS ? &s->next_record : &s->next_change;

    if (*next == 0) {
        if (!ln_db_value(s->db,
                         what == LN_STORE_RECORDS ? "SELECT coalesce(max(n), 0) + 1 FROM record"
                                                  : "SELECT coalesce(max(n), 0) + 1 FROM change",
                         next, err))
            return false;
    }
    *first = *next;
    *next += (int64_t)n;
    return true;
}

/* ---- records */

static bool give_record(struct ln_query *q, ln_store_record_fn *fn, void *fctx, struct ln_err *err)
{
    struct ln_store_record r = { .n = ln_db_col_int(q, 0),
                                 .audience = ln_db_col_int(q, 4),
                                 .deleted = ln_db_col_int(q, 5) != 0,
                                 .conflicts = (unsigned)ln_db_col_int(q, 6) };

    ln_sqlstore_id(&r.id, q, 1);
    r.collection = ln_db_col_span(q, 2);
    ln_db_col_copy(q, 3, r.region, sizeof r.region);
    r.heads = ln_db_col_span(q, 7);
    return fn(fctx, &r, err);
}

bool ln_sqlstore_records_get(void *ctx, const struct ln_id *ids, size_t n, ln_store_record_fn *fn,
                             void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT n, id, coll, region, audience, deleted, conflicts, heads FROM record WHERE id = ?";
    struct ln_sqlstore *s = ctx;
    bool row;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_blob(q, ids[i].b, sizeof ids[i].b);
        if (!ln_db_row(q, &row, err))
            return false;
        if (row && !give_record(q, fn, fctx, err))
            return ln_db_end(q);
        (void)ln_db_end(q);
    }
    return true;
}

static bool give_records(struct ln_query *q, ln_store_record_fn *fn, void *fctx, struct ln_err *err)
{
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!give_record(q, fn, fctx, err))
            return ln_db_end(q);
    }
}

bool ln_sqlstore_records_of(void *ctx, const char *collection, const char *unit, int64_t after,
                            ln_store_record_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT n, id, coll, region, audience, deleted, conflicts, heads FROM record WHERE n > ?1"
        " AND (?2 IS NULL OR coll = ?2) AND (?3 IS NULL OR instr(heads, CAST(?3 AS BLOB)) > 0)"
        " ORDER BY n";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, after);
    ln_db_text(q, collection);
    ln_db_text(q, unit);
    return give_records(q, fn, fctx, err);
}

bool ln_sqlstore_records_unknown(void *ctx, ln_store_record_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT n, id, coll, region, audience, deleted, conflicts, heads FROM record WHERE n IN"
        " (SELECT rec FROM change WHERE state = 2)";

    return give_records(ln_db_use(((struct ln_sqlstore *)ctx)->db, sql), fn, fctx, err);
}

bool ln_sqlstore_records_by(void *ctx, const int64_t *recs, size_t n, ln_store_record_fn *fn,
                            void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT n, id, coll, region, audience, deleted, conflicts, heads FROM record WHERE n = ?";
    struct ln_sqlstore *s = ctx;
    bool row;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, recs[i]);
        if (!ln_db_row(q, &row, err))
            return false;
        if (row && !give_record(q, fn, fctx, err))
            return ln_db_end(q);
        (void)ln_db_end(q);
    }
    return true;
}

bool ln_sqlstore_records_put(void *ctx, const struct ln_store_record *r, size_t n,
                             struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO record(n, id, coll, region, audience, deleted, conflicts, heads) "
        "VALUES(?,?,?,?,?,?,?,?)"
        " ON CONFLICT(n) DO UPDATE SET coll = excluded.coll, region = excluded.region, audience = "
        "excluded.audience,"
        " deleted = excluded.deleted, conflicts = excluded.conflicts, heads = excluded.heads";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, r[i].n);
        ln_db_blob(q, r[i].id.b, sizeof r[i].id.b);
        ln_db_span(q, r[i].collection);
        ln_db_text(q, r[i].region[0] != '\0' ? r[i].region : NULL);
        ln_db_int(q, r[i].audience);
        ln_db_int(q, r[i].deleted);
        ln_db_int(q, r[i].conflicts);
        ln_db_blob(q, r[i].heads.p, r[i].heads.len);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

/* ---- changes */

#define CHANGE_COLUMNS "n, id, rec, log, seq, audience, eff, state, line, from_log, from_seq, gone"

static bool give_change(struct ln_query *q, ln_store_change_fn *fn, void *fctx, struct ln_err *err)
{
    struct ln_store_change c = { .n = ln_db_col_int(q, 0),
                                 .rec = ln_db_col_int(q, 2),
                                 .log = ln_db_col_int(q, 3),
                                 .seq = (uint64_t)ln_db_col_int(q, 4),
                                 .audience = ln_db_col_int(q, 5),
                                 .state = (enum ln_store_state)ln_db_col_int(q, 7),
                                 .from_log = ln_db_col_int(q, 9),
                                 .from_seq = (uint64_t)ln_db_col_int(q, 10) };

    ln_sqlstore_id(&c.id, q, 1);
    c.eff = ln_db_col_type(q, 6) == LN_DB_NULL ? id_time(&c.id) : ln_db_col_int(q, 6);
    if (ln_db_col_type(q, 8) != LN_DB_NULL)
        c.line = ln_db_col_span(q, 8);
    if (ln_db_col_type(q, 11) != LN_DB_NULL)
        c.gone = ln_db_col_span(q, 11);
    return fn(fctx, &c, err);
}

static bool give_some(struct ln_query *q, uint64_t *n, ln_store_change_fn *fn, void *fctx,
                      struct ln_err *err)
{
    bool row;

    for (*n = 0;; (*n)++) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!give_change(q, fn, fctx, err))
            return ln_db_end(q);
    }
}

static bool give_all(struct ln_query *q, ln_store_change_fn *fn, void *fctx, struct ln_err *err)
{
    uint64_t n;

    return give_some(q, &n, fn, fctx, err);
}

bool ln_sqlstore_changes_of(void *ctx, const int64_t *recs, size_t n, ln_store_change_fn *fn,
                            void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT " CHANGE_COLUMNS " FROM change WHERE rec = ? ORDER BY id";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, recs[i]);
        if (!give_all(q, fn, fctx, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_changes_get(void *ctx, const struct ln_id *ids, size_t n, ln_store_change_fn *fn,
                             void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT " CHANGE_COLUMNS " FROM change WHERE id = ?";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_blob(q, ids[i].b, sizeof ids[i].b);
        if (!give_all(q, fn, fctx, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_changes_in(void *ctx, int64_t log, uint64_t from, uint64_t to,
                            ln_store_change_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT " CHANGE_COLUMNS
                              " FROM change WHERE log = ? AND seq BETWEEN ? AND ? ORDER BY seq, n";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)from);
    ln_db_int(q, (int64_t)to);
    return give_all(q, fn, fctx, err);
}

static void bind_or_null(struct ln_query *q, int64_t value)
{
    if (value > 0)
        ln_db_int(q, value);
    else
        ln_db_null(q);
}

bool ln_sqlstore_changes_each(void *ctx, ln_store_change_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT " CHANGE_COLUMNS " FROM change";

    return give_all(ln_db_use(((struct ln_sqlstore *)ctx)->db, sql), fn, fctx, err);
}

bool ln_sqlstore_changes_put(void *ctx, struct ln_store_change *c, size_t n, struct ln_err *err)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO change(" CHANGE_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?)";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, c[i].n);
        ln_db_blob(q, c[i].id.b, sizeof c[i].id.b);
        bind_or_null(q, c[i].rec);
        ln_db_int(q, c[i].log);
        bind_or_null(q, (int64_t)c[i].seq);
        ln_db_int(q, c[i].audience);
        if (c[i].eff == id_time(&c[i].id))
            ln_db_null(q);
        else
            ln_db_int(q, c[i].eff);
        ln_db_int(q, c[i].state);
        ln_db_blob(q, c[i].line.p, c[i].line.len);
        bind_or_null(q, c[i].from_log);
        bind_or_null(q, (int64_t)c[i].from_seq);
        ln_db_span(q, c[i].gone);
        if (!ln_db_run(q, err))
            return false;
        c[i].known = ln_db_changed(s->db) == 0;
    }
    return true;
}

bool ln_sqlstore_changes_set(void *ctx, const struct ln_store_change *c, size_t n,
                             struct ln_err *err)
{
    static const char sql[] =
        "UPDATE change SET rec = ?, log = ?, seq = ?, audience = ?, eff = ?, state = ?, line = ?,"
        " from_log = ?, from_seq = ?, gone = coalesce(?, gone) WHERE n = ?";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        bind_or_null(q, c[i].rec);
        ln_db_int(q, c[i].log);
        bind_or_null(q, (int64_t)c[i].seq);
        ln_db_int(q, c[i].audience);
        if (c[i].eff == id_time(&c[i].id))
            ln_db_null(q);
        else
            ln_db_int(q, c[i].eff);
        ln_db_int(q, c[i].state);
        ln_db_blob(q, c[i].line.p, c[i].line.len);
        bind_or_null(q, c[i].from_log);
        bind_or_null(q, (int64_t)c[i].from_seq);
        ln_db_span(q, c[i].gone);
        ln_db_int(q, c[i].n);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_changes_drop(void *ctx, const struct ln_store_change *c, size_t n,
                              struct ln_err *err)
{
    static const char sql[] = "DELETE FROM change WHERE n = ?";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, c[i].n);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_unsealed(void *ctx, size_t max, ln_store_change_fn *fn, void *fctx,
                          struct ln_err *err)
{
    /* one after the other: the index is in order of n, and nothing is sorted */
    static const char *const sql[] = {
        "SELECT " CHANGE_COLUMNS
        " FROM change WHERE seq IS NULL AND rec IS NULL ORDER BY n LIMIT ?",
        "SELECT " CHANGE_COLUMNS
        " FROM change WHERE seq IS NULL AND rec IS NOT NULL ORDER BY n LIMIT ?"
    };
    uint64_t left = max > INT64_MAX ? INT64_MAX : max;
    uint64_t n = 0;

    for (size_t i = 0; i < sizeof sql / sizeof sql[0] && left > 0; i++, left -= n) {
        struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql[i]);
        ln_db_int(q, (int64_t)left);
        if (!give_some(q, &n, fn, fctx, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_unsealed_sum(void *ctx, uint64_t *count, uint64_t *bytes, struct ln_err *err)
{
    static const char sql[] =
        "SELECT count(*), coalesce(sum(length(line)), 0) FROM change WHERE seq IS NULL";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    if (!ln_db_row(q, &row, err))
        return false;
    *count = row ? (uint64_t)ln_db_col_int(q, 0) : 0;
    *bytes = row ? (uint64_t)ln_db_col_int(q, 1) : 0;
    (void)ln_db_end(q);
    return true;
}

/* ---- what is left to do, what is refused */

bool ln_sqlstore_todo_put(void *ctx, const int64_t *recs, size_t n, struct ln_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO todo(rec) VALUES(?)";
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < n; i++) {
        struct ln_query *q = ln_db_use(s->db, sql);
        ln_db_int(q, recs[i]);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

bool ln_sqlstore_refused_put(void *ctx, const struct ln_id *id, int64_t log, uint64_t seq,
                             const char *why, struct ln_err *err)
{
    static const char sql[] = "INSERT INTO refused(log, seq, id, why) VALUES(?,?,?,?)"
                              " ON CONFLICT(log, seq, id) DO UPDATE SET why = excluded.why";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)seq);
    ln_db_blob(q, id->b, sizeof id->b);
    ln_db_text(q, why);
    return ln_db_run(q, err);
}

bool ln_sqlstore_refused_drop(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    static const char sql[] = "DELETE FROM refused WHERE id = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_blob(q, id->b, sizeof id->b);
    return ln_db_run(q, err);
}

bool ln_sqlstore_refused_each(void *ctx, int64_t log, uint64_t from, ln_store_refused_fn *fn,
                              void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT id, log, seq, why FROM refused WHERE (?1 = 0 OR log = ?1) AND seq >= ?2"
        " ORDER BY log, seq, id";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    struct ln_id id;
    bool row;

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)from);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_sqlstore_id(&id, q, 0);
        if (!fn(fctx, &id, ln_db_col_int(q, 1), (uint64_t)ln_db_col_int(q, 2), ln_db_col_text(q, 3),
                err))
            return ln_db_end(q);
    }
}
