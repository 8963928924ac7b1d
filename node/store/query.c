/* Rows as JSON: see query.h. */
#include "node/store/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/store/pending.h"
#include "node/store/sqlstore_core.h"
#include "node/store/token.h"
#include "sync/alias.h"
#include "sync/replica.h"

#define SQL_MAX 65536
#define CELL_MAX 65536
#define WORDS_MAX 65536
#define KEPT_MAX (4 * LN_QUERY_WHERE + 8)

static bool is_json(enum ln_type t)
{
    return t == LN_TYPE_LIST || t == LN_TYPE_MAP || t == LN_TYPE_GEO || t == LN_TYPE_FILE ||
           t == LN_TYPE_FILES;
}

static const struct ln_field *field_of(const struct ln_coll *c, const char *name)
{
    int i = ln_schema_field(c, ln_span_of(name));

    return i >= 0 ? &c->fields[i] : NULL;
}

/* ---- a row's cells */

static json_t *text_value(struct ln_span text, enum ln_type type)
{
    json_t *v = is_json(type) ? json_loadb(text.p, text.len, JSON_DECODE_ANY, NULL) : NULL;

    return v != NULL ? v : json_stringn(text.p, text.len);
}

static json_t *veiled_value(struct ln_sqlstore *s, const struct ln_coll *c,
                            const struct ln_field *f, int64_t rec, struct ln_span bytes)
{
    struct ln_buf text = ln_buf_secret(CELL_MAX);
    struct ln_err why = { 0 };
    json_t *v = NULL;

    if (ln_sqlstore_unveil(&text, s, c->name, f->name, rec, bytes, &why))
        v = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
    ln_buf_free(&text);
    return v;
}

static json_t *cell_value(struct ln_sqlstore *s, const struct ln_coll *c, const struct ln_field *f,
                          int64_t rec, struct ln_query *q, int column)
{
    switch (ln_db_col_type(q, column)) {
    case LN_DB_NULL:
        return NULL;
    case LN_DB_INT:
        return f->type == LN_TYPE_BOOL ? json_boolean(ln_db_col_int(q, column) != 0)
                                       : json_integer(ln_db_col_int(q, column));
    case LN_DB_BLOB:
        return veiled_value(s, c, f, rec, ln_db_col_span(q, column));
    case LN_DB_TEXT:
    case LN_DB_REAL:
        break;
    }
    return text_value(ln_db_col_span(q, column), f->type);
}

/* ---- records given up for others: whoever names one means the record that stands for it */

static bool see_aliases(struct ln_sqlstore *s, struct ln_err *err)
{
    return s->handle.ops->alias_any(s, &s->aliased, err);
}

static json_t *standing(struct ln_sqlstore *s, const json_t *v)
{
    const char *text = json_string_value(v);
    struct ln_err why = { 0 };
    struct ln_id id;
    struct ln_id root;
    char out[LN_ID_TEXT + 1];

    if (text == NULL || !ln_clock_id_read(&id, ln_span_of(text)) ||
        !ln_alias_root(&root, &s->handle, &id, &why) || ln_clock_compare(&id, &root) == 0)
        return NULL;
    ln_clock_id_write(out, &root);
    return json_string(out);
}

/* A reference, or a list that holds some. Takes `v` over. */
static json_t *follow(struct ln_sqlstore *s, const struct ln_field *f, json_t *v)
{
    json_t *one;

    if (!s->aliased || v == NULL)
        return v;
    if (f->type == LN_TYPE_REF) {
        one = standing(s, v);
        if (one == NULL)
            return v;
        json_decref(v);
        return one;
    }
    for (size_t i = 0; f->type == LN_TYPE_LIST && i < json_array_size(v); i++) {
        one = standing(s, json_array_get(v, i));
        if (one != NULL)
            (void)json_array_set_new(v, i, one);
    }
    return v;
}

#define HEAD "r.n, r.id, r.region, r.heads, a.name, r.conflicts, c._eff, c._state"
#define HEAD_COLUMNS 8

static void add_columns(struct ln_buf *sql, const struct ln_coll *c)
{
    for (size_t i = 0; i < c->n_fields; i++)
        ln_buf_addf(sql, ", c.\"%s\"", c->fields[i].name);
    ln_buf_addf(sql,
                " FROM \"c_%s\" c CROSS JOIN record r ON r.n = c.rec"
                " CROSS JOIN audience a ON a.n = r.audience",
                c->name);
}

static json_t *row_json(struct ln_sqlstore *s, const struct ln_coll *c, struct ln_query *q)
{
    json_t *o = json_object();
    json_t *f = json_object();
    struct ln_id id;
    char text[LN_ID_TEXT + 1];
    int64_t rec = ln_db_col_int(q, 0);

    ln_sqlstore_id(&id, q, 1);
    ln_clock_id_write(text, &id);
    json_object_set_new(o, "id", json_string(text));
    json_object_set_new(o, "region", json_string(ln_db_col_text(q, 2)));
    uint64_t version = ln_replica_etag(ln_db_col_span(q, 3));
    for (const char *p = ln_db_col_text(q, 7); *p != '\0'; p++)
        version = (version ^ (unsigned char)*p) * UINT64_C(1099511628211); /* FNV: steps count */
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)version);
    json_object_set_new(o, "etag", json_string(text));
    json_object_set_new(o, "audience", json_string(ln_db_col_text(q, 4)));
    json_object_set_new(o, "conflicts", json_integer(ln_db_col_int(q, 5)));
    json_object_set_new(o, "created", json_integer(LN_HLC_MS(ln_clock_claimed(&id))));
    json_object_set_new(o, "eff", json_integer(LN_HLC_MS(ln_db_col_int(q, 6))));
    if (ln_db_col_type(q, 7) != LN_DB_NULL)
        json_object_set_new(o, "state", json_string(ln_db_col_text(q, 7)));
    for (size_t i = 0; i < c->n_fields; i++) {
        json_t *v = follow(s, &c->fields[i],
                           cell_value(s, c, &c->fields[i], rec, q, HEAD_COLUMNS + (int)i));
        if (v != NULL)
            json_object_set_new(f, c->fields[i].name, v);
    }
    json_object_set_new(o, "f", f);
    return o;
}

/* ---- filters */

struct bind {
    bool number, blob;
    int64_t n;
    const char *text;
    size_t len;
};

/* Its keys were not destroyed. */
#define KEPT "NOT EXISTS (SELECT 1 FROM erased e WHERE e.person = c._id)"

struct building {
    struct ln_sqlstore *s;
    const struct ln_list *l;
    struct ln_buf sql;
    struct bind *binds;
    size_t n, cap;
    char *kept[KEPT_MAX]; /* texts that binds point into */
    size_t n_kept;
    bool alone;                   /* without the record of each row */
    bool worded;                  /* there are words to look for: */
    struct ln_buf match;          /* as FTS5 has them, */
    struct ln_token_query *typed; /* and for texts at hand; NULL */
};

static void bind_add(struct building *b, struct bind x)
{
    b->binds = ln_grow(b->binds, b->n, &b->cap, sizeof *b->binds);
    b->binds[b->n++] = x;
}

static bool is_number(enum ln_type t)
{
    return t == LN_TYPE_INT || t == LN_TYPE_FEN || t == LN_TYPE_TS || t == LN_TYPE_BOOL;
}

static void bind_value(struct building *b, const struct ln_field *f, const char *text, size_t len)
{
    if (f != NULL && f->mark == LN_MARK_SENSITIVE) {
        uint8_t *tag = ln_alloc(LN_SQLSTORE_TAG);
        ln_sqlstore_tag(tag, b->s, (struct ln_span){ text, len });
        if (b->n_kept < KEPT_MAX - 2 * LN_QUERY_WHERE) { /* the rest is for ids, times and words */
            b->kept[b->n_kept++] = (char *)tag;
            bind_add(b, (struct bind){ .blob = true, .text = (char *)tag, .len = LN_SQLSTORE_TAG });
        } else {
            ln_free(tag);
            bind_add(b, (struct bind){ .text = "", .len = 0 });
        }
    } else if (f != NULL && is_number(f->type)) {
        bool yes = len == 4 && memcmp(text, "true", 4) == 0;
        bind_add(b, (struct bind){ .number = true, .n = yes ? 1 : strtoll(text, NULL, 10) });
    } else
        bind_add(b, (struct bind){ .text = text, .len = len });
}

/* " IN (?,?)" for values separated by commas. */
static void add_in(struct building *b, const struct ln_field *f, const char *at)
{
    size_t n = 0;

    ln_buf_adds(&b->sql, " IN (");
    while (n < LN_QUERY_VALUES) {
        size_t len = strcspn(at, ",");
        ln_buf_adds(&b->sql, n++ > 0 ? ",?" : "?");
        bind_value(b, f, at, len);
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    ln_buf_addc(&b->sql, ')');
}

/* A reference is found under the record that stands for it, and by all that were given up for that
 * one. */
static void add_refs(struct building *b, const struct ln_where *w, const char *column)
{
    const char *at = w->value;
    size_t first = b->n;

    ln_buf_addf(&b->sql, "(%s IN (", column);
    for (size_t n = 0; n < LN_QUERY_VALUES; n++) {
        size_t len = strcspn(at, ",");
        json_t *given = json_stringn(at, len);
        json_t *one = standing(b->s, given);
        const char *text = json_string_value(one);
        ln_buf_adds(&b->sql, n > 0 ? ",?" : "?");
        if (text != NULL && b->n_kept < sizeof b->kept / sizeof b->kept[0]) {
            b->kept[b->n_kept++] = ln_strndup(text, strlen(text));
            bind_add(b, (struct bind){ .text = b->kept[b->n_kept - 1], .len = strlen(text) });
        } else
            bind_add(b, (struct bind){ .text = at, .len = len });
        json_decref(one);
        json_decref(given);
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    size_t values = b->n - first;
    ln_buf_addf(&b->sql, ") OR %s IN (SELECT id_text FROM alias WHERE root_text IN (", column);
    for (size_t i = 0; i < values; i++) {
        ln_buf_adds(&b->sql, i > 0 ? ",?" : "?");
        bind_add(b, b->binds[first + i]);
    }
    ln_buf_adds(&b->sql, ")))");
}

/* A region and those above it, as MODULES "Tiers" counts digits: 2, 4, 6, 9, 12. */
static void add_reaches(struct building *b, const char *region, const char *column)
{
    static const int digits[] = { 2, 4, 6, 9, 12 };

    ln_buf_addf(&b->sql, "(%s IS NULL OR %s IN ('', '[]')", column, column);
    for (size_t i = 0; strlen(region) == 12 && i < sizeof digits / sizeof digits[0]; i++) {
        char *key = ln_alloc(16);
        (void)snprintf(key, 16, "\"%.*s%.*s\"", digits[i], region, 12 - digits[i], "000000000000");
        ln_buf_addf(&b->sql, " OR instr(%s, ?) > 0", column);
        if (b->n_kept == sizeof b->kept / sizeof b->kept[0]) {
            ln_free(key);
            bind_add(b, (struct bind){ .text = "?", .len = 1 });
            continue;
        }
        b->kept[b->n_kept++] = key;
        bind_add(b, (struct bind){ .text = key, .len = 14 });
    }
    ln_buf_addc(&b->sql, ')');
}

static void add_one(struct building *b, const struct ln_where *w, const struct ln_field *f,
                    const char *column)
{
    const char *at = w->value;

    if (w->op == LN_WHERE_KEY) {
        ln_buf_addf(&b->sql, "instr(%s, '\"' || ? || '\":') > 0", column);
        bind_add(b, (struct bind){ .text = w->value, .len = strlen(w->value) });
        return;
    }
    if (w->op == LN_WHERE_REACHES) {
        add_reaches(b, w->value, column);
        return;
    }
    if (w->op == LN_WHERE_STALE) {
        ln_buf_addf(&b->sql, "(%s IS NULL OR %s < ?) AND ", column, column);
        ln_buf_adds(&b->sql, KEPT);
        bind_value(b, f, w->value, strlen(w->value));
        return;
    }
    if (w->op == LN_WHERE_HAS) {
        ln_buf_addf(&b->sql, "EXISTS (SELECT 1 FROM json_each(%s) j WHERE j.value", column);
        add_in(b, NULL, at);
        ln_buf_addc(&b->sql, ')');
        return;
    }

    if (w->op != LN_WHERE_IS && w->op != LN_WHERE_SAYS) {
        ln_buf_addf(&b->sql, "%s %s ?", column, w->op == LN_WHERE_FROM ? ">=" : "<=");
        bind_value(b, f, w->value, strlen(w->value));
        return;
    }
    if (w->value[0] == '\0') {
        ln_buf_addf(&b->sql, "%s IS NULL", column);
        return;
    }
    if (f != NULL && f->type == LN_TYPE_REF && b->s->aliased) {
        add_refs(b, w, column);
        return;
    }
    ln_buf_adds(&b->sql, column);
    add_in(b, f, at);
}

/* An id begins with the time at which its record was added. */
static bool add_created(struct building *b, const struct ln_where *w, struct ln_err *err)
{
    int64_t ms = strtoll(w->value, NULL, 10);
    uint8_t *bound = ln_alloc(LN_ID_LEN);

    if (b->n_kept >= KEPT_MAX - 2) {
        ln_free(bound);
        return ln_fail(err, LN_FULL, "too many filters");
    }
    memset(bound, w->op == LN_WHERE_TO ? 0xff : 0, LN_ID_LEN);
    for (int i = 0; i < 6; i++)
        bound[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
    b->kept[b->n_kept++] = (char *)bound;
    ln_buf_adds(&b->sql, w->op == LN_WHERE_TO ? "c._id <= ?" : "c._id >= ?");
    bind_add(b, (struct bind){ .blob = true, .text = (char *)bound, .len = LN_ID_LEN });
    return true;
}

/* The audience of this name; with GRID every one but the grids that are not named. */
static bool add_audience(struct building *b, const struct ln_where *w)
{
    if (w->op != LN_WHERE_GRID) {
        ln_buf_adds(&b->sql, "r.audience = (SELECT n FROM audience WHERE name = ?)");
        bind_add(b, (struct bind){ .text = w->value, .len = strlen(w->value) });
        return true;
    }
    ln_buf_adds(&b->sql, "r.audience IN (SELECT n FROM audience WHERE substr(name, 13, 2) <> '/g'"
                         " OR substr(name, 15)");
    add_in(b, NULL, w->value);
    ln_buf_addc(&b->sql, ')');
    return true;
}

/* Records with a greater id. */
static bool add_after(struct building *b, const struct ln_where *w, struct ln_err *err)
{
    struct ln_id id;

    if (!ln_clock_id_read(&id, ln_span_of(w->value)))
        return ln_fail(err, LN_INVALID, "after: not an id");
    if (b->n_kept >= KEPT_MAX - 2)
        return ln_fail(err, LN_FULL, "too many filters");
    uint8_t *bound = ln_alloc(LN_ID_LEN);
    memcpy(bound, id.b, LN_ID_LEN);
    b->kept[b->n_kept++] = (char *)bound;
    ln_buf_adds(&b->sql, "c._id > ?");
    bind_add(b, (struct bind){ .blob = true, .text = (char *)bound, .len = LN_ID_LEN });
    return true;
}

/* `changed`: ms of the latest change in it. `kept`: its keys were not erased. */
static bool add_derived(struct building *b, const struct ln_where *w)
{
    if (strcmp(w->field, "kept") == 0) {
        ln_buf_adds(&b->sql, KEPT);
        return true;
    }
    ln_buf_adds(&b->sql, w->op == LN_WHERE_TO ? "c._eff <= ?" : "c._eff >= ?");
    int64_t ms = strtoll(w->value, NULL, 10);
    bind_add(
        b, (struct bind){ .number = true, .n = (ms << 16) + (w->op == LN_WHERE_TO ? 0xffff : 0) });
    return true;
}

enum ln_where_op ln_query_op(char name[LN_QUERY_NAME], const char *key)
{
    const char *dot = strrchr(key, '.');
    enum ln_where_op op = dot == NULL                  ? LN_WHERE_IS
                          : strcmp(dot, ".gte") == 0   ? LN_WHERE_FROM
                          : strcmp(dot, ".lte") == 0   ? LN_WHERE_TO
                          : strcmp(dot, ".stale") == 0 ? LN_WHERE_STALE
                                                       : LN_WHERE_IS;

    (void)snprintf(name, LN_QUERY_NAME, "%.*s",
                   (int)(op == LN_WHERE_IS ? strlen(key) : (size_t)(dot - key)), key);
    return op;
}

static bool add_where(struct building *b, const struct ln_where *w, struct ln_err *err)
{
    char says[64];
    (void)snprintf(says, sizeof says, "%.*s",
                   (int)(w->op == LN_WHERE_SAYS ? strcspn(w->field, "=") : strlen(w->field)),
                   w->field);
    const struct ln_field *f = field_of(b->l->coll, says);
    char column[96];

    if (w->op == LN_WHERE_STALE && f == NULL)
        return ln_fail(err, LN_INVALID, "%s has no field %s", b->l->coll->name, w->field);
    if (strcmp(w->field, "state") == 0 && f == NULL)
        (void)snprintf(column, sizeof column, "c._state");
    else if (strcmp(w->field, "region") == 0 && f == NULL)
        (void)snprintf(column, sizeof column, "r.region");
    else if (strcmp(w->field, "created") == 0 && f == NULL)
        return add_created(b, w, err);
    else if ((strcmp(w->field, "changed") == 0 || strcmp(w->field, "kept") == 0) && f == NULL)
        return add_derived(b, w);
    else if (strcmp(w->field, "audience") == 0 && f == NULL)
        return add_audience(b, w);
    else if (strcmp(w->field, "after") == 0 && f == NULL)
        return add_after(b, w, err);
    else if (strcmp(w->field, "id") == 0) {
        struct ln_id id = { 0 };
        char *kept;
        if (!ln_clock_id_read(&id, ln_span_of(w->value)) || b->n_kept >= KEPT_MAX - 2) {
            ln_buf_adds(&b->sql, "0");
            return true;
        }
        struct ln_err why = { 0 };
        struct ln_id root;
        if (b->s->aliased && ln_alias_root(&root, &b->s->handle, &id, &why))
            id = root;
        kept = ln_alloc(sizeof id.b);
        memcpy(kept, id.b, sizeof id.b);
        b->kept[b->n_kept++] = kept;
        ln_buf_adds(&b->sql, "c._id = ?");
        bind_add(b, (struct bind){ .blob = true, .text = kept, .len = sizeof id.b });
        return true;
    } else if (f == NULL)
        return ln_fail(err, LN_INVALID, "%s has no field %s", b->l->coll->name, w->field);
    else
        (void)snprintf(column, sizeof column,
                       f->mark == LN_MARK_SENSITIVE ? "c.\"%s_tag\"" : "c.\"%s\"", f->name);
    add_one(b, w, f, column);
    return true;
}

static bool add_filters(struct building *b, struct ln_err *err)
{
    const struct ln_list *l = b->l;
    bool ok = true;

    ln_buf_adds(&b->sql, b->alone       ? " WHERE 1"
                         : l->conflicts ? " WHERE r.deleted = 0 AND r.conflicts > 0"
                                        : " WHERE r.deleted = 0");
    for (size_t i = 0; ok && i < l->n; i++) {
        ln_buf_adds(&b->sql, " AND ");
        ok = add_where(b, &l->where[i], err);
    }
    for (size_t i = 0; ok && i < l->n_any; i++) {
        ln_buf_adds(&b->sql, i == 0 ? " AND (" : " OR ");
        ok = add_where(b, &l->any[i], err);
    }
    if (l->n_any > 0)
        ln_buf_addc(&b->sql, ')');
    if (ok && l->spared.field != NULL) {
        ln_buf_adds(&b->sql, " AND ((");
        ok = add_where(b, &l->spared, err);
        ln_buf_adds(&b->sql, ") IS NOT TRUE");
        for (size_t i = 0; ok && i < l->n_unless; i++) {
            ln_buf_adds(&b->sql, " OR ");
            ok = add_where(b, &l->unless[i], err);
        }
        ln_buf_addc(&b->sql, ')');
    }
    return ok;
}

/* Ready for another statement over the same list. */
static void kept_free(struct building *b)
{
    for (size_t i = 0; i < b->n_kept; i++)
        ln_free(b->kept[i]);
    b->n_kept = 0;
    b->n = 0;
    ln_buf_clear(&b->sql);
}

static struct ln_query *start(struct building *b)
{
    struct ln_query *q = ln_db_use(b->s->db, ln_db_keep(b->s->db, b->sql.data, b->sql.len));

    for (size_t i = 0; i < b->n; i++) {
        const struct bind *x = &b->binds[i];
        if (x->number)
            ln_db_int(q, x->n);
        else if (x->blob)
            ln_db_blob(q, x->text, x->len);
        else
            ln_db_span(q, (struct ln_span){ x->text, x->len });
    }
    return q;
}

static bool of_record(const struct ln_list *l, const struct ln_where *w)
{
    bool named = strcmp(w->field, "region") == 0 || strcmp(w->field, "audience") == 0;

    return w->op == LN_WHERE_GRID || (named && field_of(l->coll, w->field) == NULL);
}

static bool asks_record(const struct ln_list *l)
{
    bool any = l->conflicts || (l->spared.field != NULL && of_record(l, &l->spared));

    for (size_t i = 0; i < l->n; i++)
        any = any || of_record(l, &l->where[i]);
    for (size_t i = 0; i < l->n_any; i++)
        any = any || of_record(l, &l->any[i]);
    for (size_t i = 0; i < l->n_unless; i++)
        any = any || of_record(l, &l->unless[i]);
    return any;
}

/* ---- full text: the records of a list that say what was typed */

/* "(SELECT rowid AS rec ...) h": at most `max` hits, 0 all of them; with what a record said that
 * was given up for another one. */
static void add_hits(struct building *b, unsigned max)
{
    struct bind words = { .text = b->match.data, .len = b->match.len };

    ln_buf_adds(&b->sql, "(SELECT rowid AS rec FROM text WHERE text MATCH ?");
    bind_add(b, words);
    if (max > 0) {
        ln_buf_adds(&b->sql, " LIMIT ?");
        bind_add(b, (struct bind){ .number = true, .n = max });
    } else if (b->s->aliased) {
        ln_buf_adds(&b->sql, " UNION SELECT r.n FROM alias a JOIN record o ON o.id = a.id JOIN"
                             " record r ON r.id = a.root WHERE a.root <> a.id AND o.n IN"
                             " (SELECT rowid FROM text WHERE text MATCH ?)");
        bind_add(b, words);
    }
    ln_buf_adds(&b->sql, ") h");
}

/* Reads the words of the list; with *many there are more hits than are put in order one by one. */
static bool find_words(struct building *b, bool *many, struct ln_err *err)
{
    struct ln_buf typed = ln_buf_new(SQL_MAX);
    bool row;

    *many = false;
    b->worded = b->l->text != NULL && ln_token_match(&typed, ln_span_of(b->l->text));
    if (b->worded)
        ln_buf_addf(&b->match, "coll : \"%s\" AND body : (%s)", b->l->coll->name, typed.data);
    ln_buf_free(&typed);
    if (!b->worded)
        return true;
    if (!ln_buf_done(&b->match, "search", err))
        return false;
    ln_buf_adds(&b->sql, "SELECT count(*) FROM ");
    add_hits(b, LN_QUERY_HITS + 1);
    struct ln_query *q = start(b);
    if (!ln_db_row(q, &row, err))
        return false;
    *many = row && ln_db_col_int(q, 0) > LN_QUERY_HITS;
    (void)ln_db_end(q);
    kept_free(b);
    return true;
}

/* Behind the rows of a list: what else is joined, and its filters. A row is there only while its
 * record is; the record itself is needed for some filters. */
static bool add_asked(struct building *b, const char *joined, struct ln_err *err)
{
    b->alone = !asks_record(b->l);
    if (!b->alone)
        ln_buf_adds(&b->sql, " CROSS JOIN record r ON r.n = c.rec");
    ln_buf_adds(&b->sql, joined);
    bool ok = add_filters(b, err);
    b->alone = false;
    return ok;
}

/* The rows of a list: `what` of each, from the hits when there are words. */
static bool add_rows(struct building *b, const char *what, unsigned max_hits, struct ln_err *err)
{
    ln_buf_addf(&b->sql, "SELECT %s FROM ", what);
    if (b->worded) {
        add_hits(b, max_hits);
        ln_buf_addf(&b->sql, " CROSS JOIN \"c_%s\" c ON c.rec = h.rec", b->l->coll->name);
    } else
        ln_buf_addf(&b->sql, "\"c_%s\" c", b->l->coll->name);
    return add_asked(b, "", err);
}

static bool count_all(struct building *b, int64_t *total, bool many, struct ln_err *err)
{
    bool part = many && b->l->least != NULL;
    struct ln_query *q;
    bool row;

    kept_free(b);
    if (!add_rows(b, "count(*)", part ? LN_QUERY_HITS : 0, err))
        return false;
    q = start(b);
    if (!ln_db_row(q, &row, err))
        return false;
    *total = row ? ln_db_col_int(q, 0) : 0;
    if (b->l->least != NULL)
        *b->l->least = part;
    (void)ln_db_end(q);
    return true;
}

/* ---- order and pages */

/* What a list is sorted by; "" by the id alone. */
static bool sort_column(char column[96], const struct ln_list *l, struct ln_err *err)
{
    const struct ln_field *f = l->sort != NULL ? field_of(l->coll, l->sort) : NULL;

    column[0] = '\0';
    if (l->sort != NULL && f == NULL && strcmp(l->sort, "id") != 0 && strcmp(l->sort, "state") != 0)
        return ln_fail(err, LN_INVALID, "%s has no field %s", l->coll->name, l->sort);
    if (f != NULL && f->mark != LN_MARK_SENSITIVE)
        (void)snprintf(column, 96, "c.\"%s\"", f->name);
    else if (f == NULL && l->sort != NULL && strcmp(l->sort, "state") == 0)
        (void)snprintf(column, 96, "c._state");
    return true;
}

/* Where a page goes on: the record, and what the column held there. */
struct place {
    char column[96];
    bool down, null, number;
    int64_t n;
    char *text; /* of the column */
    size_t len;
};

static bool find_place(struct place *p, const struct building *b, struct ln_err *err)
{
    const struct ln_list *l = b->l;
    char sql[320];
    bool row;

    p->down = l->descending != l->back;
    if (!sort_column(p->column, l, err))
        return false;
    if (l->after == NULL || p->column[0] == '\0')
        return true;
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM \"c_%s\" c WHERE c._id = ?", p->column,
                   l->coll->name);
    struct ln_query *q = ln_db_use(b->s->db, ln_db_keep(b->s->db, sql, strlen(sql)));
    ln_db_blob(q, l->after->b, sizeof l->after->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (!row)
        return ln_fail(err, LN_CONFLICT, "the list has changed: begin at its first page");
    p->null = ln_db_col_type(q, 0) == LN_DB_NULL;
    p->number = ln_db_col_type(q, 0) == LN_DB_INT;
    p->n = p->number ? ln_db_col_int(q, 0) : 0;
    if (!p->null && !p->number) {
        struct ln_span v = ln_db_col_span(q, 0);
        p->text = ln_strndup(v.p, v.len);
        p->len = v.len;
    }
    (void)ln_db_end(q);
    return true;
}

/* What lies behind a place are two stretches, each one piece of an index: those with the place's
 * own kind of value, then all that are empty, or all that are not. */
static void add_place(struct building *b, const struct place *p, bool second)
{
    const char *sign = p->down ? "<" : ">";
    struct bind id = { .blob = true,
                       .text = (const char *)b->l->after->b,
                       .len = sizeof b->l->after->b };

    if (p->column[0] == '\0') {
        ln_buf_addf(&b->sql, " AND c._id %s ?", sign);
        bind_add(b, id);
    } else if (second)
        ln_buf_addf(&b->sql, " AND %s IS %sNULL", p->column, p->down ? "" : "NOT ");
    else if (p->null) {
        ln_buf_addf(&b->sql, " AND %s IS NULL AND c._id %s ?", p->column, sign);
        bind_add(b, id);
    } else {
        ln_buf_addf(&b->sql, " AND (%s, c._id) %s (?, ?)", p->column, sign);
        bind_add(b,
                 (struct bind){ .number = p->number, .n = p->n, .text = p->text, .len = p->len });
        bind_add(b, id);
    }
}

static void add_order(struct building *b, const struct place *p, unsigned limit, unsigned offset)
{
    const char *way = p->down ? "DESC" : "ASC";

    if (p->column[0] != '\0')
        ln_buf_addf(&b->sql, " ORDER BY %s %s, c._id %s", p->column, way, way);
    else
        ln_buf_addf(&b->sql, " ORDER BY c._id %s", way);
    ln_buf_adds(&b->sql, " LIMIT ? OFFSET ?");
    bind_add(b, (struct bind){ .number = true, .n = limit });
    bind_add(b, (struct bind){ .number = true, .n = offset });
}

/* Begins what reads one stretch of a list, from its place on; NULL it is too long. */
static struct ln_query *start_at(struct building *b, const struct place *p, bool second,
                                 unsigned limit, unsigned offset, struct ln_err *err)
{
    if (b->l->after != NULL)
        add_place(b, p, second);
    add_order(b, p, limit, b->l->after != NULL ? 0 : offset);
    return ln_buf_done(&b->sql, "query", err) ? start(b) : NULL;
}

#define SKIP_MIN 1000 /* so many rows are passed over as they are */

/* An offset passes over what lies before it by the index alone, without looking at each record: *id
 * gets the last that is passed over, behind which the list goes on; *past: it ends before that. */
static bool skip(struct ln_id *id, bool *past, struct building *b, const struct place *p,
                 struct ln_err *err)
{
    bool row;

    kept_free(b);
    if (!add_rows(b, "c._id", 0, err))
        return false;
    struct ln_query *q = start_at(b, p, false, 1, b->l->offset - 1, err);
    if (q == NULL || !ln_db_row(q, &row, err))
        return false;
    *past = !row;
    if (row) {
        ln_db_col_bytes(q, 0, id->b, sizeof id->b);
        (void)ln_db_end(q);
    }
    return true;
}

/* One stretch of a list without words, at most `limit` rows. */
static bool stretch(json_t *out, struct building *b, const struct place *p, bool second,
                    unsigned limit, struct ln_err *err)
{
    bool row;

    kept_free(b);
    ln_buf_adds(&b->sql, "SELECT " HEAD);
    add_columns(&b->sql, b->l->coll);
    if (!add_filters(b, err))
        return false;
    struct ln_query *q = start_at(b, p, second, limit, b->l->offset, err);
    if (q == NULL)
        return false;
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        json_array_append_new(out, row_json(b->s, b->l->coll, q));
    }
}

/* Numbers of records, in the order of a page. */
struct found {
    int64_t *recs;
    size_t n, room;
};

/* The same with words, by the index of the full text: all hits are put in order. */
static bool stretch_hits(struct found *f, struct building *b, const struct place *p, bool second,
                         struct ln_err *err)
{
    bool row;

    kept_free(b);
    if (!add_rows(b, "c.rec", 0, err))
        return false;
    struct ln_query *q = start_at(b, p, second, (unsigned)(f->room - f->n), b->l->offset, err);
    if (q == NULL)
        return false;
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row || f->n == f->room)
            return !row || !ln_db_end(q);
        f->recs[f->n++] = ln_db_col_int(q, 0);
    }
}

/* Whether one that was given up for this record says it. */
static bool former_says(struct building *b, int64_t rec, bool *says, struct ln_err *err)
{
    static const char sql[] =
        "SELECT w.body FROM record r JOIN alias a ON a.root = r.id JOIN record o ON o.id = a.id"
        " JOIN words w ON w.rec = o.n WHERE r.n = ? AND a.id <> a.root";
    struct ln_query *q = ln_db_use(b->s->db, sql);
    bool row = true;

    ln_db_int(q, rec);
    while (!*says) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        *says = ln_token_says(b->typed, ln_db_col_span(q, 0));
    }
    return !ln_db_end(q);
}

#define WALK_MAX 5000 /* rows looked at before all hits are put in order after all */

/* The same with words that many records hold: the list is walked in its order, and each row asked.
 * *walked rows were passed. */
static bool stretch_walk(struct found *f, struct building *b, const struct place *p, bool second,
                         unsigned *walked, struct ln_err *err)
{
    unsigned skip = b->l->after != NULL ? 0 : b->l->offset;
    bool row;

    kept_free(b);
    ln_buf_addf(&b->sql, "SELECT c.rec, w.body FROM \"c_%s\" c", b->l->coll->name);
    if (!add_asked(b, " LEFT JOIN words w ON w.rec = c.rec", err))
        return false;
    struct ln_query *q = start_at(b, p, second, WALK_MAX - *walked, 0, err);
    if (q == NULL)
        return false;
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row || f->n == f->room)
            return !row || !ln_db_end(q);
        (*walked)++;
        int64_t rec = ln_db_col_int(q, 0);
        bool says = ln_token_says(b->typed, ln_db_col_span(q, 1));
        if (!says && b->s->aliased && !former_says(b, rec, &says, err))
            return ln_db_end(q);
        if (says && skip > 0)
            skip--;
        else if (says)
            f->recs[f->n++] = rec;
    }
}

/* The records of a page, from one stretch and the one behind it. */
static bool find_page(struct found *f, struct building *b, const struct place *p, bool two,
                      bool many, struct ln_err *err)
{
    unsigned walked = 0;

    b->typed = many ? ln_token_query_new(ln_span_of(b->l->text)) : NULL;
    if (b->typed != NULL) {
        if (!stretch_walk(f, b, p, false, &walked, err) ||
            (two && f->n < f->room && walked < WALK_MAX &&
             !stretch_walk(f, b, p, true, &walked, err)))
            return false;
        if (f->n == f->room || walked < WALK_MAX)
            return true;
        f->n = 0;
    }
    return stretch_hits(f, b, p, false, err) &&
           (!two || f->n == f->room || stretch_hits(f, b, p, true, err));
}

static bool add_found(json_t *out, struct building *b, int64_t rec, struct ln_err *err)
{
    bool row;

    kept_free(b);
    ln_buf_adds(&b->sql, "SELECT " HEAD);
    add_columns(&b->sql, b->l->coll);
    ln_buf_adds(&b->sql, " WHERE c.rec = ?");
    bind_add(b, (struct bind){ .number = true, .n = rec });
    struct ln_query *q = start(b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row)
        json_array_append_new(out, row_json(b->s, b->l->coll, q));
    (void)ln_db_end(q);
    return true;
}

static bool worded_page(json_t *out, struct building *b, const struct place *p, bool two, bool many,
                        unsigned limit, struct ln_err *err)
{
    int64_t recs[LN_QUERY_LIMIT + 1];
    struct found f = { recs, 0, limit };

    if (!find_page(&f, b, p, two, many, err))
        return false;
    for (size_t i = 0; i < f.n; i++)
        if (!add_found(out, b, recs[i], err))
            return false;
    return true;
}

static void reverse(json_t *list, size_t from)
{
    size_t n = json_array_size(list);

    for (size_t i = from; n > 0 && i < n - 1; i++, n--) {
        json_t *a = json_incref(json_array_get(list, i));
        json_array_set(list, i, json_array_get(list, n - 1));
        json_array_set_new(list, n - 1, a);
    }
}

static void building_free(struct building *b)
{
    kept_free(b);
    ln_free(b->binds);
    ln_buf_free(&b->sql);
    ln_buf_free(&b->match);
    ln_token_query_free(b->typed);
}

bool ln_query_list(json_t *out, int64_t *total, struct ln_sqlstore *s, const struct ln_list *l,
                   struct ln_err *err)
{
    struct building b = {
        .s = s, .l = l, .sql = ln_buf_new(SQL_MAX), .match = ln_buf_new(2 * SQL_MAX)
    };
    unsigned limit = l->limit > 0 && l->limit <= LN_QUERY_LIMIT + 1 ? l->limit : 50;
    size_t from = json_array_size(out);
    struct ln_list behind = *l;
    struct place p = { .null = false };
    struct ln_id last = { { 0 } };
    bool past = false;
    bool many = false;
    bool ok = false;

    if (l->n + l->n_any > LN_QUERY_WHERE) {
        (void)ln_fail(err, LN_FULL, "more than %d filters", LN_QUERY_WHERE);
        goto out;
    }
    if (!see_aliases(s, err) || !find_place(&p, &b, err) || !find_words(&b, &many, err))
        goto out;
    if (l->after == NULL && l->offset > SKIP_MIN && !b.worded) {
        if (!skip(&last, &past, &b, &p, err))
            goto out;
        behind.after = &last;
        b.l = past ? l : &behind;
        if (!past && !find_place(&p, &b, err))
            goto out;
    }
    bool two = b.l->after != NULL && p.column[0] != '\0' && p.null != p.down;
    if (b.worded && !worded_page(out, &b, &p, two, many, limit, err))
        goto out;
    if (!b.worded && !past && !stretch(out, &b, &p, false, limit, err))
        goto out;
    size_t got = json_array_size(out) - from;
    if (!b.worded && !past && two && got < limit &&
        !stretch(out, &b, &p, true, limit - (unsigned)got, err))
        goto out;
    if (l->back)
        reverse(out, from);
    ok = !l->total || count_all(&b, total, many, err);
out:
    ln_free(p.text);
    building_free(&b);
    return ok;
}

/* ---- one record */

bool ln_query_record(json_t **out, struct ln_sqlstore *s, const struct ln_id *id,
                     struct ln_err *err)
{
    static const char find[] = "SELECT coll, deleted FROM record WHERE id = ?";
    struct ln_query *q;
    struct ln_id root;
    char name[32];
    bool row;
    bool deleted;

    *out = NULL;
    if (!see_aliases(s, err) || !ln_alias_root(&root, &s->handle, id, err))
        return false;
    id = &root;
    q = ln_db_use(s->db, find);
    ln_db_blob(q, id->b, sizeof id->b);
    if (!ln_db_row(q, &row, err) || !row)
        return err->code == LN_OK;
    ln_db_col_copy(q, 0, name, sizeof name);
    deleted = ln_db_col_int(q, 1) != 0;
    (void)ln_db_end(q);
    const struct ln_coll *c = ln_schema_find(s->schema, ln_span_of(name));
    if (c == NULL || deleted)
        return true;
    struct ln_buf sql = ln_buf_new(SQL_MAX);
    ln_buf_adds(&sql, "SELECT " HEAD);
    add_columns(&sql, c);
    ln_buf_adds(&sql, " WHERE c._id = ?");
    q = ln_db_use(s->db, ln_db_keep(s->db, sql.data, sql.len));
    ln_buf_free(&sql);
    ln_db_blob(q, id->b, sizeof id->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        *out = row_json(s, c, q);
        json_object_set_new(*out, "collection", json_string(c->name));
    }
    (void)ln_db_end(q);
    return true;
}

bool ln_query_naming(json_t *out, struct ln_sqlstore *s, const char *text, unsigned max,
                     struct ln_err *err)
{
    static const char sql[] = "SELECT r.id, r.coll FROM words w JOIN record r ON r.n = w.rec WHERE"
                              " instr(w.body, ?) > 0 AND r.deleted = 0 ORDER BY r.n LIMIT ?";
    struct ln_query *q = ln_db_use(s->db, sql);
    char id[LN_ID_TEXT + 1];
    char coll[48];
    struct ln_id what;
    bool row;

    ln_db_text(q, text);
    ln_db_int(q, max);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_db_col_bytes(q, 0, what.b, sizeof what.b);
        ln_db_col_copy(q, 1, coll, sizeof coll);
        ln_clock_id_write(id, &what);
        (void)json_array_append_new(out, json_pack("{s:s,s:s}", "id", id, "collection", coll));
    }
}

bool ln_query_touched(json_t *out, struct ln_sqlstore *s, const struct ln_id *from,
                      const struct ln_id *to, struct ln_err *err)
{
    static const char sql[] = "SELECT DISTINCT r.id FROM change c JOIN record r ON r.n = c.rec"
                              " WHERE c.id > ? AND c.id < ? ORDER BY r.id DESC";
    struct ln_query *q = ln_db_use(s->db, sql);
    char text[LN_ID_TEXT + 1];
    struct ln_id id;
    bool row;

    ln_db_blob(q, from->b, sizeof from->b);
    ln_db_blob(q, to->b, sizeof to->b);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_sqlstore_id(&id, q, 0);
        ln_clock_id_write(text, &id);
        json_array_append_new(out, json_string(text));
    }
}

bool ln_query_states(json_t **out, struct ln_sqlstore *s, const struct ln_coll *coll,
                     const char *region, int64_t before, struct ln_err *err)
{
    char sql[320];
    bool row;

    (void)snprintf(sql, sizeof sql,
                   "SELECT c._state, count(*) FROM \"c_%s\" c JOIN record r ON r.n = c.rec WHERE "
                   "r.deleted = 0 AND (?1 = '' OR r.region = ?1)%s"
                   " GROUP BY 1",
                   coll->name, before > 0 ? " AND c.due < ?2" : "");
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    ln_db_text(q, region);
    if (before > 0)
        ln_db_int(q, before);
    *out = json_object();
    for (;;) {
        if (!ln_db_row(q, &row, err)) {
            json_decref(*out);
            *out = NULL;
            return false;
        }
        if (!row)
            return true;
        json_object_set_new(*out, ln_db_col_text(q, 0), json_integer(ln_db_col_int(q, 1)));
    }
}

/* ---- counting */

enum dim_kind {
    DIM_FIELD,
    DIM_AGE,
    DIM_MONTH,
    DIM_DAY,
    DIM_WEEK,
    DIM_HAS,
    DIM_PAST,
    DIM_FRESH,
    DIM_HOURS,
    DIM_MET
};
struct dim {
    enum dim_kind kind;
    char field[64];
    long days;
};

static struct dim read_dim(const char *text)
{
    static const struct {
        const char *word;
        enum dim_kind kind;
    } KINDS[] = { { "age5:", DIM_AGE },    { "month:", DIM_MONTH }, { "day:", DIM_DAY },
                  { "week:", DIM_WEEK },   { "has:", DIM_HAS },     { "past:", DIM_PAST },
                  { "fresh:", DIM_FRESH }, { "hours:", DIM_HOURS }, { "met:", DIM_MET } };
    struct dim d = { .kind = DIM_FIELD };

    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(text, KINDS[i].word, strlen(KINDS[i].word)) == 0) {
            d.kind = KINDS[i].kind;
            text += strlen(KINDS[i].word);
            break;
        }
    (void)snprintf(d.field, sizeof d.field, "%.*s", (int)strcspn(text, ":"), text);
    if (strchr(text, ':') != NULL)
        d.days = strtol(strchr(text, ':') + 1, NULL, 10);
    return d;
}

#define MONDAY ", 'weekday 0', '-6 days')" /* the one before, or the day itself */

/* A moment as SQL: ms since 1970, or the first letters of a date. */
static void add_period(struct building *b, const struct dim *d, const struct ln_field *f)
{
    bool month = d->kind == DIM_MONTH;

    if (f != NULL && f->type == LN_TYPE_DATE && d->kind == DIM_WEEK) {
        ln_buf_addf(&b->sql, ", date(c.\"%s\"" MONDAY, f->name);
        return;
    }
    if (f != NULL && f->type == LN_TYPE_DATE) {
        ln_buf_addf(&b->sql, ", substr(c.\"%s\", 1, %d)", f->name, month ? 7 : 10);
        return;
    }
    ln_buf_addf(&b->sql, ", strftime('%s', (", month ? "%Y-%m" : "%Y-%m-%d");
    if (f == NULL)
        ln_buf_adds(&b->sql, "linli_ms(r.id)");
    else
        ln_buf_addf(&b->sql, "c.\"%s\"", f->name);
    ln_buf_adds(&b->sql, " + 28800000) / 1000, 'unixepoch'");
    ln_buf_adds(&b->sql, d->kind == DIM_WEEK ? MONDAY : ")");
}

static void add_hours(struct building *b, const struct ln_field *f)
{
    static const int hours[] = LN_QUERY_HOURS;

    ln_buf_addf(&b->sql, ", CASE WHEN c.\"%s\" IS NULL THEN NULL", f->name);
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++)
        ln_buf_addf(&b->sql, " WHEN c.\"%s\" - linli_ms(r.id) < %d * 3600000 THEN %d", f->name,
                    hours[i], hours[i]);
    ln_buf_adds(&b->sql, " ELSE 0 END");
}

static void add_age(struct building *b, const struct ln_field *f, const char *today)
{
    ln_buf_addf(
        &b->sql,
        ", (substr(?, 1, 4) - substr(c.\"%s\", 1, 4) - (substr(?, 6) < substr(c.\"%s\", 6)))"
        " / 5 * 5",
        f->name, f->name);
    bind_add(b, (struct bind){ .text = today, .len = strlen(today) });
    bind_add(b, (struct bind){ .text = today, .len = strlen(today) });
}

/* "met:F:C:D:N:K=V": a row of collection C that names the same F, with K of the value V, whose date
 * D is at most as many days ago as the record's N says. */
static bool add_met(struct building *b, const char *text, const struct ln_count *count,
                    struct ln_err *err)
{
    char w[5][64];
    static const char FORM[] =
        "met:%63[a-z0-9_]:%63[a-z0-9_]:%63[a-z0-9_]:%63[a-z0-9_]:%63[a-z0-9_]=";
    const char *value = strchr(text, '=');
    const struct ln_coll *rows = NULL;

    if (value != NULL && sscanf(text, FORM, w[0], w[1], w[2], w[3], w[4]) == 5)
        rows = ln_schema_find(ln_sqlstore_schema(b->s), ln_span_of(w[1]));
    if (rows == NULL || field_of(b->l->coll, w[0]) == NULL || field_of(b->l->coll, w[3]) == NULL ||
        field_of(rows, w[0]) == NULL || field_of(rows, w[2]) == NULL ||
        field_of(rows, w[4]) == NULL)
        return ln_fail(err, LN_INVALID, "%.60s names what is not there", text);
    ln_buf_addf(&b->sql,
                ", EXISTS (SELECT 1 FROM \"c_%s\" m JOIN record mr ON mr.n = m.rec"
                " WHERE mr.deleted = 0 AND m.\"%s\" = c.\"%s\" AND m.\"%s\" = ?"
                " AND m.\"%s\" >= date(?, '-' || c.\"%s\" || ' days'))",
                w[1], w[0], w[0], w[4], w[2], w[3]);
    bind_add(b, (struct bind){ .text = value + 1, .len = strlen(value + 1) });
    bind_add(b, (struct bind){ .text = count->today, .len = strlen(count->today) });
    return true;
}

static bool add_dim(struct building *b, const char *text, const struct ln_count *count,
                    bool *veiled, struct ln_err *err)
{
    struct dim d = read_dim(text);
    const struct ln_field *f = field_of(b->l->coll, d.field);
    bool period = d.kind == DIM_MONTH || d.kind == DIM_DAY || d.kind == DIM_WEEK;

    if (f == NULL && d.kind == DIM_FIELD &&
        (strcmp(d.field, "state") == 0 || strcmp(d.field, "id") == 0)) {
        ln_buf_adds(&b->sql, strcmp(d.field, "id") == 0 ? ", r.id" : ", c._state");
        return true;
    }
    if (f == NULL && !(period && strcmp(d.field, "created") == 0))
        return ln_fail(err, LN_INVALID, "%s has no field %s", b->l->coll->name, text);
    *veiled = *veiled || (f != NULL && d.kind == DIM_FIELD && f->mark == LN_MARK_SENSITIVE);
    switch (d.kind) {
    case DIM_FIELD:
        ln_buf_addf(&b->sql, ", c.\"%s\"", f->name);
        break;
    case DIM_AGE:
        add_age(b, f, count->today);
        break;
    case DIM_MONTH:
    case DIM_DAY:
    case DIM_WEEK:
        add_period(b, &d, f);
        break;
    case DIM_HAS:
        ln_buf_addf(&b->sql, ", c.\"%s\" IS NOT NULL AND c.\"%s\" NOT IN ('', 0)", f->name,
                    f->name);
        break;
    case DIM_PAST:
        ln_buf_addf(&b->sql, ", c.\"%s\" IS NOT NULL AND c.\"%s\" < ?", f->name, f->name);
        bind_add(b, (struct bind){ .number = true, .n = count->now_ms });
        break;
    case DIM_FRESH:
        ln_buf_addf(&b->sql, ", c.\"%s\" IS NOT NULL AND c.\"%s\" >= date(?, '-%ld days')", f->name,
                    f->name, d.days);
        bind_add(b, (struct bind){ .text = count->today, .len = strlen(count->today) });
        break;
    case DIM_HOURS:
        add_hours(b, f);
        break;
    case DIM_MET:
        return add_met(b, text, count, err);
    }
    return true;
}

static json_t *id_value(struct ln_query *q, int column)
{
    char text[LN_ID_TEXT + 1];
    struct ln_id id;

    ln_sqlstore_id(&id, q, column);
    ln_clock_id_write(text, &id);
    return json_string(text);
}

static json_t *dim_value(struct ln_sqlstore *s, const struct ln_coll *c, const char *text,
                         struct ln_query *q, int column)
{
    struct dim d = read_dim(text);
    const struct ln_field *f = d.kind == DIM_FIELD ? field_of(c, text) : NULL;
    json_t *v;

    if (d.kind == DIM_FIELD && f == NULL && strcmp(text, "id") == 0)
        return id_value(q, column);
    if (f != NULL && ln_db_col_type(q, column) != LN_DB_NULL) {
        v = follow(s, f, cell_value(s, c, f, ln_db_col_int(q, 0), q, column));
        return v != NULL ? v : json_string("");
    }
    if (d.kind == DIM_HAS || d.kind == DIM_PAST || d.kind == DIM_FRESH || d.kind == DIM_MET)
        return json_boolean(ln_db_col_int(q, column) != 0);
    if (ln_db_col_type(q, column) == LN_DB_INT)
        return json_integer(ln_db_col_int(q, column));
    return json_string(ln_db_col_text(q, column));
}

/* Adds a row to its equal, which only veiled values have. */
static void merge_row(json_t *out, size_t from, json_t *row)
{
    size_t last = json_array_size(row) - 1;

    for (size_t i = from; i < json_array_size(out); i++) {
        json_t *o = json_array_get(out, i);
        size_t k = 0;
        while (k < last && json_equal(json_array_get(o, k), json_array_get(row, k)))
            k++;
        if (k < last)
            continue;
        json_array_set_new(o, last,
                           json_integer(json_integer_value(json_array_get(o, last)) +
                                        json_integer_value(json_array_get(row, last))));
        json_decref(row);
        return;
    }
    json_array_append_new(out, row);
}

bool ln_query_count(json_t *out, struct ln_sqlstore *s, const struct ln_count *c,
                    struct ln_err *err)
{
    struct ln_where where[LN_QUERY_WHERE];
    struct ln_list l = { .coll = c->coll, .where = where };
    struct building b = { .s = s, .l = &l, .sql = ln_buf_new(SQL_MAX) };
    bool veiled = false;
    bool again = false; /* rows of one reference under several ids */
    bool ok = c->n + 1 < LN_QUERY_WHERE && c->n_dims <= LN_QUERY_DIMS;
    bool row = true;
    size_t from = json_array_size(out);

    if (!ok)
        (void)ln_fail(err, LN_FULL, "too many filters or dimensions");
    ok = ok && see_aliases(s, err);
    for (size_t i = 0; ok && i < c->n_dims; i++) {
        const struct ln_field *f = field_of(c->coll, c->dims[i]);
        again = again || (s->aliased && f != NULL && f->type == LN_TYPE_REF);
    }
    for (size_t i = 0; ok && i < c->n; i++)
        where[l.n++] = c->where[i];
    if (c->region[0] != '\0')
        where[l.n++] = (struct ln_where){ "region", LN_WHERE_IS, c->region };
    ln_buf_adds(&b.sql, "SELECT min(c.rec)");
    for (size_t i = 0; ok && i < c->n_dims; i++)
        ok = add_dim(&b, c->dims[i], c, &veiled, err);
    const struct ln_field *sum = c->sum != NULL ? field_of(c->coll, c->sum) : NULL;
    if (ok && c->sum != NULL && (sum == NULL || !is_number(sum->type)))
        ok = ln_fail(err, LN_INVALID, "%s has no number %s", c->coll->name, c->sum);
    if (sum != NULL)
        ln_buf_addf(&b.sql, ", coalesce(sum(c.\"%s\"), 0)", sum->name);
    else
        ln_buf_adds(&b.sql, ", count(*)");
    ln_buf_addf(&b.sql, " FROM \"c_%s\" c JOIN record r ON r.n = c.rec", c->coll->name);
    ok = ok && add_filters(&b, err);
    ln_buf_adds(&b.sql, " GROUP BY ");
    for (size_t i = 0; i < c->n_dims; i++)
        ln_buf_addf(&b.sql, "%zu, ", i + 2);
    ln_buf_adds(&b.sql, veiled ? "c.rec" : "''");
    struct ln_query *q = ok ? start(&b) : NULL;
    while (ok && row) {
        ok = ln_db_row(q, &row, err);
        if (!ok || !row)
            break;
        json_t *o = json_array();
        for (size_t i = 0; i < c->n_dims; i++)
            json_array_append_new(o, dim_value(s, c->coll, c->dims[i], q, (int)i + 1));
        json_array_append_new(o, json_integer(ln_db_col_int(q, (int)c->n_dims + 1)));
        if (veiled || again)
            merge_row(out, from, o);
        else
            json_array_append_new(out, o);
    }
    building_free(&b);
    return ok;
}

/* ---- full text */

/* What the full text holds of a record, taken away. */
static bool drop_words(struct ln_sqlstore *s, int64_t rec, struct ln_err *err)
{
    static const char drop[] = "INSERT INTO text(text, rowid, body, coll)"
                               " SELECT 'delete', rec, body, coll FROM words WHERE rec = ?";
    static const char gone[] = "DELETE FROM words WHERE rec = ?";
    struct ln_query *q = ln_db_use(s->db, drop);

    ln_db_int(q, rec);
    if (!ln_db_run(q, err))
        return false;
    q = ln_db_use(s->db, gone);
    ln_db_int(q, rec);
    return ln_db_run(q, err);
}

static bool write_words(struct ln_sqlstore *s, int64_t rec, const char *coll,
                        const struct ln_buf *body, struct ln_err *err)
{
    static const char put[] = "INSERT INTO words(rec, body, coll) VALUES(?, ?, ?)";
    static const char add[] = "INSERT INTO text(rowid, body, coll) VALUES(?, ?, ?)";
    bool ok = drop_words(s, rec, err);

    for (int i = 0; ok && body->len > 0 && i < 2; i++) {
        struct ln_query *q = ln_db_use(s->db, i == 0 ? put : add);
        ln_db_int(q, rec);
        ln_db_text(q, body->data);
        ln_db_text(q, coll);
        ok = ln_db_run(q, err);
    }
    return ok;
}

static bool gather(struct ln_sqlstore *s, int64_t rec, const struct ln_coll *c,
                   const char *const *fields, struct ln_buf *body, struct ln_err *err)
{
    struct ln_buf sql = ln_buf_new(SQL_MAX);
    bool row = false;
    int n = 0;

    ln_buf_adds(&sql, "SELECT rec");
    for (; fields != NULL && *fields != NULL; fields++) {
        const struct ln_field *f = field_of(c, *fields);
        if (f == NULL || f->mark == LN_MARK_SENSITIVE)
            continue;
        ln_buf_addf(&sql, ", \"%s\"", f->name);
        n++;
    }
    ln_buf_addf(&sql, " FROM \"c_%s\" WHERE rec = ?", c->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql.data, sql.len));
    ln_buf_free(&sql);
    ln_db_int(q, rec);
    if (!ln_db_row(q, &row, err))
        return false;
    for (int i = 1; row && i <= n; i++)
        if (ln_db_col_type(q, i) == LN_DB_TEXT && body->len + ln_db_col_span(q, i).len < WORDS_MAX)
            ln_buf_addf(body, "%s%s", body->len > 0 ? "\n" : "", ln_db_col_text(q, i));
    (void)ln_db_end(q);
    return true;
}

struct former {
    const struct ln_coll *c;
    const char *const *fields;
    struct ln_buf *body;
};

static void add_former(struct former *x, struct ln_span object)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;

    for (const char *const *name = x->fields; name != NULL && *name != NULL; name++) {
        const struct ln_field *f = field_of(x->c, *name);
        const char *text = json_string_value(json_object_get(o, *name));
        if (f != NULL && f->mark != LN_MARK_SENSITIVE && text != NULL &&
            x->body->len + strlen(text) < WORDS_MAX && strstr(x->body->data, text) == NULL)
            ln_buf_addf(x->body, "%s%s", x->body->len > 0 ? "\n" : "", text);
    }
    json_decref(o);
}

static bool note_former(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct former *x = ctx;

    (void)err;
    if (i->state == LN_STORE_GOOD && (i->c->op == LN_OP_ADD || i->c->op == LN_OP_SET)) {
        add_former(x, i->c->fields);
        add_former(x, i->clear);
    }
    return true;
}

/* A record that was given up has no row: what its changes say keeps it searchable, and leads to the
 * one that stands for it (add_text). */
static bool gather_former(struct ln_sqlstore *s, int64_t rec, const struct ln_coll *c,
                          const char *const *fields, struct ln_buf *body, struct ln_err *err)
{
    static const char sql[] =
        "SELECT r.id FROM record r JOIN alias a ON a.id = r.id WHERE r.n = ? AND a.root <> a.id";
    struct ln_query *q = ln_db_use(s->db, sql);
    struct former x = { c, fields, body };
    struct ln_id id;
    bool row = false;

    ln_db_int(q, rec);
    if (!ln_db_row(q, &row, err) || !row)
        return err->code == LN_OK;
    ln_sqlstore_id(&id, q, 0);
    (void)ln_db_end(q);
    return ln_replica_history(&s->handle, &id, note_former, &x, err);
}

/* Tells of every attachment that a record names. */
static bool tell_files(struct ln_sqlstore *s, int64_t rec, const char *audience,
                       const struct ln_coll *c, const struct ln_query_after *a, struct ln_err *err)
{
    struct ln_buf sql = ln_buf_new(SQL_MAX);
    bool row = false;
    bool ok = true;
    int n = 0;

    ln_buf_adds(&sql, "SELECT rec");
    for (size_t i = 0; i < c->n_fields; i++)
        if (c->fields[i].type == LN_TYPE_FILE || c->fields[i].type == LN_TYPE_FILES) {
            ln_buf_addf(&sql, ", \"%s\"", c->fields[i].name);
            n++;
        }
    if (n == 0) {
        ln_buf_free(&sql);
        return true;
    }
    ln_buf_addf(&sql, " FROM \"c_%s\" WHERE rec = ?", c->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql.data, sql.len));
    ln_buf_free(&sql);
    ln_db_int(q, rec);
    if (!ln_db_row(q, &row, err))
        return false;
    for (int i = 1; ok && row && i <= n; i++) {
        json_t *v = ln_db_col_type(q, i) == LN_DB_TEXT
                        ? text_value(ln_db_col_span(q, i), LN_TYPE_FILES)
                        : NULL;
        ok = v == NULL || a->file(a->ctx, audience, v, err);
        json_decref(v);
    }
    (void)ln_db_end(q);
    return ok;
}

static bool look_at(struct ln_sqlstore *s, int64_t rec, const char *name, const char *audience,
                    const struct ln_query_after *a, struct ln_err *err)
{
    const struct ln_coll *c = ln_schema_find(s->schema, ln_span_of(name));
    struct ln_buf body = ln_buf_new(2 * WORDS_MAX);
    bool ok = c == NULL || (gather(s, rec, c, a->searched(a->ctx, name), &body, err) &&
                            tell_files(s, rec, audience, c, a, err));

    if (ok && c != NULL && body.len == 0)
        ok = gather_former(s, rec, c, a->searched(a->ctx, name), &body, err);
    ok = ok && write_words(s, rec, name, &body, err) &&
         ln_pending_look(s, rec, c, a->twins != NULL ? a->twins(a->ctx, name) : NULL, err) &&
         (strcmp(name, "ruling") != 0 || c == NULL || ln_pending_ruling(s, rec, err));
    ln_buf_free(&body);
    return ok;
}

bool ln_query_after(struct ln_sqlstore *s, const struct ln_query_after *a, size_t max, bool *left,
                    struct ln_err *err)
{
    static const char next[] = "SELECT t.rec, r.coll, a.name FROM todo t"
                               " LEFT JOIN record r ON r.n = t.rec"
                               " LEFT JOIN audience a ON a.n = r.audience LIMIT 1";
    static const char done[] = "DELETE FROM todo WHERE rec = ?";

    *left = true;
    for (size_t i = 0; i < max; i++) {
        struct ln_query *q = ln_db_use(s->db, next);
        char audience[LN_AUDIENCE_MAX];
        char name[32];
        bool row;
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row) {
            *left = false;
            return true;
        }
        int64_t rec = ln_db_col_int(q, 0);
        ln_db_col_copy(q, 1, name, sizeof name);
        ln_db_col_copy(q, 2, audience, sizeof audience);
        (void)ln_db_end(q);
        if (!look_at(s, rec, name, audience, a, err))
            return false;
        q = ln_db_use(s->db, done);
        ln_db_int(q, rec);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}
