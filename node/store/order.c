/* Indices made when they are wanted: see order.h. */
#include "node/store/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/sqlstore_core.h"

static bool sortable(enum ln_type t)
{
    return t != LN_TYPE_LIST && t != LN_TYPE_MAP && t != LN_TYPE_GEO && t != LN_TYPE_FILE &&
           t != LN_TYPE_FILES;
}

/* The column of a field; false: no list is put in order by it. */
static bool column_of(char out[64], const struct ln_coll *c, const char *field)
{
    int i = ln_schema_field(c, ln_span_of(field));

    if (i < 0) {
        (void)snprintf(out, 64, "_state");
        return strcmp(field, "state") == 0;
    }
    (void)snprintf(out, 64, "%s", c->fields[i].name);
    return c->fields[i].mark != LN_MARK_SENSITIVE && sortable(c->fields[i].type);
}

static bool has_index(bool *has, struct ln_sqlstore *s, const struct ln_coll *c, const char *column,
                      struct ln_err *err)
{
    static const char sql[] =
        "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name IN ('o_' || ?1, 's_' || ?1)";
    struct ln_query *q = ln_db_use(s->db, sql);
    char name[128];

    (void)snprintf(name, sizeof name, "%s_%s", c->name, column);
    ln_db_text(q, name);
    if (!ln_db_row(q, has, err))
        return false;
    (void)ln_db_end(q);
    return true;
}

static bool is_long(bool *yes, struct ln_sqlstore *s, const struct ln_coll *c, struct ln_err *err)
{
    char sql[160];

    (void)snprintf(sql, sizeof sql, "SELECT _id FROM \"c_%s\" ORDER BY _id LIMIT 1 OFFSET %d",
                   c->name, LN_ORDER_ROWS);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    if (!ln_db_row(q, yes, err))
        return false;
    (void)ln_db_end(q);
    return true;
}

struct made {
    int64_t n;
    char oldest[128];
};

static bool look(struct made *m, struct ln_sqlstore *s, const struct ln_coll *c, struct ln_err *err)
{
    static const char sql[] = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name ="
                              " 'c_' || ? AND name LIKE 's\\_%' ESCAPE '\\' ORDER BY rowid";
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    *m = (struct made){ .n = 0 };
    ln_db_text(q, c->name);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (m->n++ == 0)
            ln_db_col_copy(q, 0, m->oldest, sizeof m->oldest);
    }
}

#define MADE "order/" /* meta: <collection> -> when one was made for it last */

/* *yes unless the last one was made for the collection just now. */
static bool rested(bool *yes, struct ln_sqlstore *s, const struct ln_coll *c, int64_t now_ms,
                   struct ln_err *err)
{
    struct ln_buf at = ln_buf_new(32);
    char key[96];
    bool found;

    (void)snprintf(key, sizeof key, MADE "%s", c->name);
    if (!s->handle.ops->meta_get(s, key, &at, &found, err)) {
        ln_buf_free(&at);
        return false;
    }
    int64_t since = now_ms - (found ? strtoll(at.data, NULL, 10) : 0);
    *yes = !found || since >= LN_ORDER_REST_MS || since < 0;
    ln_buf_free(&at);
    return true;
}

bool ln_order_wanted(bool *wanted, struct ln_sqlstore *s, const struct ln_coll *c,
                     const char *field, int64_t now_ms, struct ln_err *err)
{
    char column[64];
    struct made m;
    bool has;

    *wanted = false;
    if (!column_of(column, c, field))
        return true;
    if (!has_index(&has, s, c, column, err) || (!has && !is_long(wanted, s, c, err)))
        return false;
    if (!*wanted)
        return true;
    return look(&m, s, c, err) && (m.n < LN_ORDER_MAX || rested(wanted, s, c, now_ms, err));
}

bool ln_order_make(struct ln_sqlstore *s, const struct ln_coll *c, const char *field,
                   int64_t now_ms, struct ln_err *err)
{
    char column[64];
    char key[96];
    char at[32];
    char sql[320];
    struct made m;
    bool wanted;

    if (!ln_order_wanted(&wanted, s, c, field, now_ms, err) || !wanted)
        return err->code == LN_OK;
    if (!look(&m, s, c, err))
        return false;
    (void)snprintf(sql, sizeof sql, "DROP INDEX \"%s\"", m.oldest);
    if (m.n >= LN_ORDER_MAX && !ln_db_exec(s->db, sql, err))
        return false;
    (void)column_of(column, c, field);
    (void)snprintf(sql, sizeof sql, "CREATE INDEX \"s_%s_%s\" ON \"c_%s\"(\"%s\", _id)", c->name,
                   column, c->name, column);
    (void)snprintf(key, sizeof key, MADE "%s", c->name);
    (void)snprintf(at, sizeof at, "%lld", (long long)now_ms);
    return ln_db_exec(s->db, sql, err) && s->handle.ops->meta_put(s, key, ln_span_of(at), err);
}
