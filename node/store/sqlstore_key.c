/* keys.db: epochs, subject keys, escrow; and who waits for a key. */
#include <sodium.h>
#include <string.h>

#include "node/store/sqlstore_core.h"

/* ---- epochs */

#define EPOCH_COLUMNS "file_name, audience, label, secret, recipient, from_hlc"

static void read_epoch(struct ln_epoch *e, struct ln_query *q)
{
    *e = (struct ln_epoch){ 0 };
    ln_db_col_copy(q, 0, e->file_name, sizeof e->file_name);
    ln_db_col_copy(q, 1, e->audience, sizeof e->audience);
    ln_db_col_copy(q, 2, e->label, sizeof e->label);
    ln_db_col_bytes(q, 3, e->secret.b, sizeof e->secret.b);
    ln_db_col_bytes(q, 4, e->recipient.b, sizeof e->recipient.b);
}

bool ln_sqlstore_epoch_put(void *ctx, const struct ln_epoch *e, int64_t from_hlc,
                           struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO epoch(" EPOCH_COLUMNS ") VALUES(?,?,?,?,?,?) ON CONFLICT(file_name)"
        " DO UPDATE SET from_hlc = excluded.from_hlc";
    struct ln_sqlstore *s = ctx;

    if (!ln_sqlstore_keys_begin(s, err))
        return false;
    struct ln_query *q = ln_db_use(s->keys, sql);
    ln_db_text(q, e->file_name);
    ln_db_text(q, e->audience);
    ln_db_text(q, e->label);
    ln_db_blob(q, e->secret.b, sizeof e->secret.b);
    ln_db_blob(q, e->recipient.b, sizeof e->recipient.b);
    ln_db_int(q, from_hlc);
    return ln_db_run(q, err);
}

static bool one_epoch(struct ln_query *q, struct ln_epoch *out, int64_t *from, struct ln_err *err)
{
    bool row;

    *out = (struct ln_epoch){ 0 };
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        read_epoch(out, q);
        if (from != NULL)
            *from = ln_db_col_int(q, 5);
        (void)ln_db_end(q);
    }
    return true;
}

bool ln_sqlstore_epoch_find(void *ctx, struct ln_epoch *out, const char *file_name,
                            struct ln_err *err)
{
    static const char sql[] = "SELECT " EPOCH_COLUMNS " FROM epoch WHERE file_name = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_text(q, file_name);
    return one_epoch(q, out, NULL, err);
}

bool ln_sqlstore_epoch_last(void *ctx, struct ln_epoch *out, int64_t *from_hlc,
                            const char *audience, struct ln_err *err)
{
    static const char sql[] = "SELECT " EPOCH_COLUMNS " FROM epoch WHERE audience = ?"
                              " ORDER BY from_hlc DESC, label DESC LIMIT 1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_text(q, audience);
    return one_epoch(q, out, from_hlc, err);
}

bool ln_sqlstore_epoch_each(void *ctx, ln_store_epoch_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT " EPOCH_COLUMNS " FROM epoch ORDER BY audience, from_hlc, label";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);
    struct ln_epoch e;
    bool row;
    bool ok = true;

    while (ok) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            break;
        read_epoch(&e, q);
        ok = fn(fctx, &e, err) || ln_db_end(q);
    }
    sodium_memzero(&e, sizeof e);
    return ok;
}

/* ---- subject keys */

#define KEY_COLUMNS "kid, person, audience, secret, escrowed, shared"

static void read_key(struct ln_store_key *k, struct ln_query *q)
{
    *k = (struct ln_store_key){ .escrowed = ln_db_col_int(q, 4) != 0,
                                .shared = ln_db_col_int(q, 5) != 0 };
    ln_db_col_copy(q, 0, k->kid, sizeof k->kid);
    ln_sqlstore_id(&k->person, q, 1);
    ln_db_col_copy(q, 2, k->audience, sizeof k->audience);
    ln_db_col_bytes(q, 3, k->secret, sizeof k->secret);
}

static bool one_key(struct ln_query *q, struct ln_store_key *out, struct ln_err *err)
{
    bool row;

    *out = (struct ln_store_key){ 0 };
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        read_key(out, q);
        (void)ln_db_end(q);
    }
    return true;
}

bool ln_sqlstore_key_get(void *ctx, struct ln_store_key *out, const char *kid, struct ln_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key WHERE kid = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_text(q, kid);
    return one_key(q, out, err);
}

bool ln_sqlstore_key_for(void *ctx, struct ln_store_key *out, const struct ln_id *person,
                         const char *audience, struct ln_err *err)
{
    static const char sql[] =
        "SELECT " KEY_COLUMNS " FROM key WHERE person = ? AND audience = ? ORDER BY kid LIMIT 1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);

    ln_db_blob(q, person->b, sizeof person->b);
    ln_db_text(q, audience);
    return one_key(q, out, err);
}

bool ln_sqlstore_key_put(void *ctx, const struct ln_store_key *k, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO key(" KEY_COLUMNS ") SELECT ?1,?2,?3,?4,?5,?6 WHERE NOT EXISTS"
        " (SELECT 1 FROM gone WHERE kid = ?1) ON CONFLICT(kid) DO UPDATE SET"
        " person = excluded.person, audience = excluded.audience, escrowed = excluded.escrowed,"
        " shared = excluded.shared";
    struct ln_sqlstore *s = ctx;

    if (!ln_sqlstore_keys_begin(s, err))
        return false;
    struct ln_query *q = ln_db_use(s->keys, sql);
    ln_db_text(q, k->kid);
    ln_db_blob(q, k->person.b, sizeof k->person.b);
    ln_db_text(q, k->audience);
    ln_db_blob(q, k->secret, sizeof k->secret);
    ln_db_int(q, k->escrowed);
    ln_db_int(q, k->shared);
    return ln_db_run(q, err);
}

bool ln_sqlstore_key_pending(void *ctx, size_t max, ln_store_key_fn *fn, void *fctx,
                             struct ln_err *err)
{
    static const char sql[] =
        "SELECT " KEY_COLUMNS " FROM key WHERE escrowed = 0 OR shared = 0 ORDER BY kid LIMIT ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->keys, sql);
    struct ln_store_key k;
    bool row;
    bool ok = true;

    ln_db_int(q, max > INT64_MAX ? INT64_MAX : (int64_t)max);
    while (ok) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            break;
        read_key(&k, q);
        ok = fn(fctx, &k, err) || ln_db_end(q);
    }
    sodium_memzero(&k, sizeof k);
    return ok;
}

bool ln_sqlstore_given_again(void *ctx, struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;

    return ln_sqlstore_keys_begin(s, err) &&
           ln_db_exec(s->keys, "UPDATE key SET escrowed = 0, shared = 0", err) &&
           ln_db_exec(s->db, "UPDATE attachment SET up = 1 WHERE up = 2", err);
}

/* ---- escrow */

static bool wrap_put(int64_t *n, struct ln_db *keys, struct ln_span age, struct ln_err *err)
{
    static const char put[] = "INSERT OR IGNORE INTO wrap(age) VALUES(?)";
    static const char get[] = "SELECT n FROM wrap WHERE age = ?";
    struct ln_query *q = ln_db_use(keys, put);
    bool row;

    ln_db_blob(q, age.p, age.len);
    if (!ln_db_run(q, err))
        return false;
    q = ln_db_use(keys, get);
    ln_db_blob(q, age.p, age.len);
    if (!ln_db_row(q, &row, err))
        return false;
    *n = row ? ln_db_col_int(q, 0) : 0;
    (void)ln_db_end(q);
    return true;
}

bool ln_sqlstore_escrow_put(void *ctx, const struct ln_store_escrow *e, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO escrow(kid, node, person, audience, wrap, box) SELECT ?1,?2,?3,?4,?5,?6 WHERE "
        "NOT"
        " EXISTS (SELECT 1 FROM gone WHERE kid = ?1)"
        " ON CONFLICT(kid, node) DO UPDATE SET wrap = excluded.wrap, box = excluded.box";
    struct ln_sqlstore *s = ctx;
    int64_t wrap;

    if (!ln_sqlstore_keys_begin(s, err) || !wrap_put(&wrap, s->keys, e->wrap, err))
        return false;
    struct ln_query *q = ln_db_use(s->keys, sql);
    ln_db_text(q, e->kid);
    ln_db_text(q, e->node);
    ln_db_blob(q, e->person.b, sizeof e->person.b);
    ln_db_text(q, e->audience);
    ln_db_int(q, wrap);
    ln_db_span(q, e->box);
    return ln_db_run(q, err);
}

bool ln_sqlstore_escrow_each(void *ctx, const char *node, int64_t wrap_n, const char *kid,
                             ln_store_escrow_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT e.kid, e.node, e.person, e.audience, e.box, w.age, w.n FROM escrow e"
        " JOIN wrap w ON w.n = e.wrap WHERE e.node = ?1 AND (e.wrap > ?2 OR (e.wrap = ?2 AND e.kid "
        "> "
        "?3)) ORDER BY e.wrap, e.kid";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->keys, sql);
    bool row;

    ln_db_text(q, node);
    ln_db_int(q, wrap_n);
    ln_db_text(q, kid);
    for (;;) {
        struct ln_store_escrow e = { 0 };
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_db_col_copy(q, 0, e.kid, sizeof e.kid);
        ln_db_col_copy(q, 1, e.node, sizeof e.node);
        ln_sqlstore_id(&e.person, q, 2);
        ln_db_col_copy(q, 3, e.audience, sizeof e.audience);
        e.box = ln_db_col_span(q, 4);
        e.wrap = ln_db_col_span(q, 5);
        e.wrap_n = ln_db_col_int(q, 6);
        if (!fn(fctx, &e, err))
            return ln_db_end(q);
    }
}

/* ---- waiting */

bool ln_sqlstore_key_wait(void *ctx, const char *kid, const struct ln_id *record,
                          struct ln_err *err)
{
    static const char gone[] = "SELECT 1 FROM gone WHERE kid = ?";
    static const char sql[] = "INSERT OR IGNORE INTO key_wait(kid, record) VALUES(?, ?)";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->keys, gone);
    bool row;

    ln_db_text(q, kid);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) { /* it will never come */
        (void)ln_db_end(q);
        return true;
    }
    q = ln_db_use(s->db, sql);
    ln_db_text(q, kid);
    ln_db_blob(q, record->b, sizeof record->b);
    return ln_db_run(q, err);
}

bool ln_sqlstore_key_waiting(void *ctx, const char *kid, ln_store_id_fn *fn, void *fctx,
                             struct ln_err *err)
{
    static const char get[] = "SELECT record FROM key_wait WHERE kid = ? ORDER BY record";
    static const char drop[] = "DELETE FROM key_wait WHERE kid = ?";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, get);
    struct ln_id id;
    bool row;

    ln_db_text(q, kid);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            break;
        ln_sqlstore_id(&id, q, 0);
        if (!fn(fctx, &id, err))
            return ln_db_end(q);
    }
    q = ln_db_use(s->db, drop);
    ln_db_text(q, kid);
    return ln_db_run(q, err);
}

bool ln_sqlstore_key_wanted(void *ctx, size_t max, ln_store_kid_fn *fn, void *fctx,
                            struct ln_err *err)
{
    static const char sql[] = "SELECT DISTINCT kid FROM key_wait ORDER BY kid LIMIT ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    ln_db_int(q, max > INT64_MAX ? INT64_MAX : (int64_t)max);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!fn(fctx, ln_db_col_text(q, 0), err))
            return ln_db_end(q);
    }
}
