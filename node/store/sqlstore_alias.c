/* Records given up for others; steps that were not taken. */
#include "node/store/sqlstore_core.h"

bool ln_sqlstore_alias_get(void *ctx, struct ln_store_alias *out, const struct ln_id *id,
                           struct ln_err *err)
{
    static const char sql[] = "SELECT into_id, root FROM alias WHERE id = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    *out = (struct ln_store_alias){ .id = *id };
    ln_db_blob(q, id->b, sizeof id->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        ln_sqlstore_id(&out->to, q, 0);
        ln_sqlstore_id(&out->root, q, 1);
        (void)ln_db_end(q);
    }
    return true;
}

bool ln_sqlstore_alias_put(void *ctx, const struct ln_store_alias *a, struct ln_err *err)
{
    static const char put[] =
        "INSERT OR REPLACE INTO alias(id, into_id, root, id_text, root_text) VALUES(?,?,?,?,?)";
    static const char drop[] = "DELETE FROM alias WHERE id = ?";
    bool gone = ln_clock_id_zero(&a->to);
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, gone ? drop : put);
    char id[LN_ID_TEXT + 1];
    char root[LN_ID_TEXT + 1];

    ln_db_blob(q, a->id.b, sizeof a->id.b);
    if (!gone) {
        ln_clock_id_write(id, &a->id);
        ln_clock_id_write(root, &a->root);
        ln_db_blob(q, a->to.b, sizeof a->to.b);
        ln_db_blob(q, a->root.b, sizeof a->root.b);
        ln_db_text(q, id);
        ln_db_text(q, root);
    }
    return ln_db_run(q, err);
}

static bool each(struct ln_query *q, const struct ln_id *id, ln_store_id_fn *fn, void *fctx,
                 struct ln_err *err)
{
    struct ln_id got;
    bool row;

    ln_db_blob(q, id->b, sizeof id->b);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_sqlstore_id(&got, q, 0);
        if (!fn(fctx, &got, err))
            return ln_db_end(q);
    }
}

bool ln_sqlstore_alias_into(void *ctx, const struct ln_id *to, ln_store_id_fn *fn, void *fctx,
                            struct ln_err *err)
{
    static const char sql[] = "SELECT id FROM alias WHERE into_id = ? ORDER BY id";

    return each(ln_db_use(((struct ln_sqlstore *)ctx)->db, sql), to, fn, fctx, err);
}

bool ln_sqlstore_alias_rooted(void *ctx, const struct ln_id *root, ln_store_id_fn *fn, void *fctx,
                              struct ln_err *err)
{
    static const char sql[] = "SELECT id FROM alias WHERE root = ? AND id <> root ORDER BY id";

    return each(ln_db_use(((struct ln_sqlstore *)ctx)->db, sql), root, fn, fctx, err);
}

bool ln_sqlstore_alias_any(void *ctx, bool *any, struct ln_err *err)
{
    static const char sql[] = "SELECT 1 FROM alias LIMIT 1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    if (!ln_db_row(q, any, err))
        return false;
    (void)ln_db_end(q);
    return true;
}

bool ln_sqlstore_lost_put(void *ctx, int64_t rec, const struct ln_id *steps, size_t n,
                          struct ln_err *err)
{
    static const char drop[] = "DELETE FROM lost_step WHERE rec = ?";
    static const char put[] = "INSERT OR REPLACE INTO lost_step(id, rec) VALUES(?, ?)";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, drop);

    ln_db_int(q, rec);
    if (!ln_db_run(q, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        q = ln_db_use(s->db, put);
        ln_db_blob(q, steps[i].b, sizeof steps[i].b);
        ln_db_int(q, rec);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}
