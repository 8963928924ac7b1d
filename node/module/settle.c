/* Records that go with a row: see settle.h. */
#include "node/module/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"

#define KEY_MAX 1024
#define TEMPLATE_MAX 200

static const char *word(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));

    return t != NULL ? t : "";
}

void ln_settle_open(struct ln_settle *s, const struct ln_def *def, const struct ln_def_coll *self,
                    const char *today)
{
    const json_t *with = json_object_get(json_object_get(self->json, "import"), "with");

    *s = (struct ln_settle){ .def = def,
                             .self = self,
                             .today = today,
                             .cache = json_object(),
                             .refs = json_object(),
                             .loose = json_object() };
    for (size_t i = 0; i < json_array_size(with) && s->n < LN_SETTLE_PARTS; i++) {
        const json_t *p = json_array_get(with, i);
        s->parts[s->n++] = (struct ln_settle_part){ ln_def_find(def, word(p, "collection")), p };
    }
}

void ln_settle_close(struct ln_settle *s)
{
    json_decref(s->cache);
    json_decref(s->refs);
    json_decref(s->loose);
    *s = (struct ln_settle){ .n = 0 };
}

void ln_settle_forget(struct ln_settle *s)
{
    json_object_clear(s->cache);
}

/* ---- refs by what people call them */

static bool find_exact(json_t *rows, struct ln_sqlstore *store, const struct ln_def_coll *c,
                       const char *text, struct ln_err *err)
{
    const json_t *rules = json_object_get(c->json, "duplicates");

    if (strchr(text, ',') != NULL) /* separates values of a filter */
        return true;
    for (size_t i = 0; json_array_size(rows) == 0 && i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *field = json_string_value(json_array_get(rule, 0));
        const struct ln_def_field *d = json_array_size(rule) == 1 ? ln_def_field(c, field) : NULL;
        struct ln_where where = { field, LN_WHERE_IS, text };
        struct ln_list l = { .coll = c->coll, .where = &where, .n = 1, .limit = 2 };
        if (d != NULL && d->type == LN_TYPE_STR && !ln_query_list(rows, NULL, store, &l, err))
            return false;
    }
    return true;
}

static json_t *loose_rows(struct ln_settle *s, struct ln_sqlstore *store,
                          const struct ln_def_coll *c, struct ln_err *err)
{
    json_t *rows = json_object_get(s->loose, c->name);
    struct ln_list l = { .coll = c->coll, .limit = LN_QUERY_LIMIT };

    if (rows != NULL)
        return rows;
    rows = json_array();
    for (size_t had = 1; had > 0 && json_array_size(rows) < LN_SETTLE_LOOSE;
         l.offset += LN_QUERY_LIMIT) {
        size_t before = json_array_size(rows);
        if (!ln_query_list(rows, NULL, store, &l, err)) {
            json_decref(rows);
            return NULL;
        }
        had = json_array_size(rows) - before;
    }
    json_object_set_new(s->loose, c->name, rows);
    return rows;
}

/* "7幢" for "翠苑一区7幢", not for "翠苑一区17幢". */
static bool ends_with(const char *name, const char *text)
{
    size_t n = strlen(name);
    size_t m = strlen(text);

    if (m == 0 || n < m || strcmp(name + n - m, text) != 0)
        return false;
    bool digit = text[0] >= '0' && text[0] <= '9';
    return n == m || !digit || name[n - m - 1] < '0' || name[n - m - 1] > '9';
}

/* The number in it without leading zeros, or "" when there is none, or more than one. */
static void only_number(char out[16], const char *text)
{
    size_t at = strcspn(text, "0123456789");
    size_t len = strspn(text + at, "0123456789");

    out[0] = '\0';
    if (len == 0 || len > 10 || text[at + len + strcspn(text + at + len, "0123456789")] != '\0')
        return;
    while (len > 1 && text[at] == '0') {
        at++;
        len--;
    }
    (void)snprintf(out, 16, "%.*s", (int)len, text + at);
}

static bool called_so(const struct ln_def_coll *c, const json_t *row, const char *text, bool number)
{
    const json_t *rules = json_object_get(c->json, "duplicates");
    char a[16];
    char b[16];

    only_number(a, text);
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const char *field = json_string_value(json_array_get(json_array_get(rules, i), 0));
        const char *value = word(json_object_get(row, "f"), field != NULL ? field : "");
        only_number(b, value);
        if (number ? a[0] != '\0' && strcmp(a, b) == 0 : ends_with(value, text))
            return true;
    }
    return false;
}

static bool find_loose(json_t *out, struct ln_settle *s, struct ln_sqlstore *store,
                       const struct ln_def_coll *c, const char *text, struct ln_err *err)
{
    json_t *rows = loose_rows(s, store, c, err);
    size_t i;
    json_t *row;

    if (rows == NULL)
        return false;
    for (int number = 0; number < 2 && json_array_size(out) == 0; number++)
        json_array_foreach(rows, i, row)
        {
            if (called_so(c, row, text, number == 1))
                json_array_append(out, row);
        }
    return true;
}

bool ln_settle_ref(const char **id, bool *several, struct ln_settle *s, struct ln_sqlstore *store,
                   const struct ln_def_field *f, const char *text, struct ln_err *err)
{
    const struct ln_def_coll *c = f->to != NULL ? ln_def_find(s->def, f->to) : NULL;
    char key[KEY_MAX];
    struct ln_id given;
    bool ok = true;

    *several = false;
    *id = "";
    if (ln_clock_id_read(&given, ln_span_of(text))) {
        *id = text;
        return true;
    }
    (void)snprintf(key, sizeof key, "%s|%s", f->to != NULL ? f->to : "", text);
    const json_t *known = json_object_get(s->refs, key);
    if (known == NULL) {
        json_t *rows = json_array();
        ok = c == NULL || find_exact(rows, store, c, text, err);
        if (ok && c != NULL && json_array_size(rows) == 0 &&
            json_is_true(json_object_get(json_object_get(c->json, "import"), "loose")))
            ok = find_loose(rows, s, store, c, text, err);
        size_t n = json_array_size(rows);
        if (ok)
            json_object_set_new(s->refs, key,
                                n == 1   ? json_string(word(json_array_get(rows, 0), "id"))
                                : n == 0 ? json_string("")
                                         : json_true());
        json_decref(rows);
        known = json_object_get(s->refs, key);
    }
    *several = json_is_true(known);
    *id = json_is_string(known) ? json_string_value(known) : "";
    return ok;
}

/* ---- one part of a row */

struct working {
    struct ln_settle *s;
    struct ln_sqlstore *store;
    struct ln_settle_row *row;
    ln_settle_save *save;
    void *ctx;
    char ids[LN_SETTLE_PARTS][LN_ID_TEXT + 1];
    char self[LN_ID_TEXT + 1];
};

/* Where a value comes from: "self", or the collection of an earlier part. "" it has no record. */
static const char *id_of(const struct working *w, const char *source)
{
    if (strcmp(source, "self") == 0)
        return w->self;
    for (size_t i = 0; i < w->s->n; i++)
        if (strcmp(w->s->parts[i].c->name, source) == 0)
            return w->ids[i];
    return "";
}

/* "residence.relation": of a part, or of the record itself. */
static const char *told(const struct working *w, const char *path)
{
    const char *dot = strchr(path, '.');

    if (dot == NULL)
        return word(w->row->f, path);
    for (size_t i = 0; i < w->s->n; i++) {
        const char *name = w->s->parts[i].c->name;
        if (strlen(name) == (size_t)(dot - path) && strncmp(name, path, strlen(name)) == 0) {
            const char *typed = word(w->row->called[i], dot + 1);
            return typed[0] != '\0' ? typed : word(w->row->parts[i], dot + 1);
        }
    }
    return "";
}

static bool condition(const struct working *w, const json_t *conditions)
{
    const char *path;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)conditions, path, value)
    {
        if (strcmp(told(w, path), json_string_value(value)) != 0)
            return false;
    }
    return true;
}

/* Fields that lead to other parts: {"dwelling":"dwelling","head":{"to":"self","if":{…}}}. */
static json_t *links(const struct working *w, const json_t *part)
{
    json_t *out = json_object();
    const char *field;
    json_t *v;

    json_object_foreach(json_object_get(part, "links"), field, v)
    {
        const char *source = json_is_string(v) ? json_string_value(v) : word(v, "to");
        const char *id = id_of(w, source);
        if (id[0] != '\0' && (json_is_string(v) || condition(w, json_object_get(v, "if"))))
            json_object_set_new(out, field, json_string(id));
    }
    return out;
}

/* What a new record begins with: "today", text with {part.field} in it, or a value. A field that
 * is empty takes the "-" before it along. */
static json_t *first_value(const struct working *w, const json_t *v)
{
    const char *text = json_string_value(v);
    struct ln_buf out = ln_buf_new(TEMPLATE_MAX);
    char path[64];

    if (text == NULL)
        return json_deep_copy(v);
    if (strcmp(text, "today") == 0)
        return json_string(w->s->today);
    for (const char *p = text; *p != '\0'; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (end == NULL) {
            ln_buf_addc(&out, *p);
            continue;
        }
        (void)snprintf(path, sizeof path, "%.*s", (int)(end - p - 1), p + 1);
        const char *part = told(w, path);
        if (part[0] == '\0' && out.len > 0 && out.data[out.len - 1] == '-')
            ln_buf_cut(&out, out.len - 1);
        ln_buf_adds(&out, part);
        p = end;
    }
    json_t *one = json_string(out.data != NULL ? out.data : "");
    ln_buf_free(&out);
    return one;
}

/* The first of its keys that the row fills; a field that need not be there may be empty, but for
 * the first one. NULL: the row does not tell of such a record. */
static const char *const *key_of(const char *out[LN_SETTLE_KEY + 1], const struct ln_settle_part *p,
                                 const json_t *f, size_t *which)
{
    const json_t *keys = json_object_get(p->json, "key");

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        size_t n = 0;
        bool whole = json_array_size(key) > 0;
        for (size_t k = 0; k < json_array_size(key) && k < LN_SETTLE_KEY; k++) {
            const char *field = json_string_value(json_array_get(key, k));
            const struct ln_def_field *d = ln_def_field(p->c, field);
            out[n++] = field;
            whole = whole && (word(f, field)[0] != '\0' || (d != NULL && !d->required && n > 1));
        }
        out[n] = NULL;
        *which = i;
        if (whole)
            return out;
    }
    return NULL;
}

static void cache_key(char out[KEY_MAX], const struct ln_settle_part *p, const char *const *key,
                      const json_t *f)
{
    size_t at = (size_t)snprintf(out, KEY_MAX, "%s", p->c->name);

    for (; *key != NULL && at + 1 < KEY_MAX; key++)
        at += (size_t)snprintf(out + at, KEY_MAX - at, "|%s=%s", *key, word(f, *key));
}

/* The record as {"id","f"}; NULL none. A new reference. */
static bool find(json_t **out, struct working *w, const struct ln_settle_part *p,
                 const char *const *key, const json_t *f, struct ln_err *err)
{
    struct ln_where where[LN_SETTLE_KEY];
    struct ln_list l = { .coll = p->c->coll, .where = where, .limit = 1 };
    char name[KEY_MAX];
    bool made = false;
    bool ok = true;

    cache_key(name, p, key, f);
    *out = json_incref(json_object_get(w->s->cache, name));
    if (*out != NULL)
        return true;
    for (; *key != NULL; key++) {
        const char *value = word(f, *key);
        where[l.n++] = (struct ln_where){ *key, LN_WHERE_IS, value };
        made = made || value[0] == '#' || strchr(value, ',') != NULL;
    }
    if (made) /* leads to a record that is not there yet */
        return true;
    json_t *rows = json_array();
    ok = ln_query_list(rows, NULL, w->store, &l, err);
    if (ok && json_array_size(rows) > 0) {
        const json_t *row = json_array_get(rows, 0);
        *out = json_pack("{s:s,s:O}", "id", word(row, "id"), "f", json_object_get(row, "f"));
        json_object_set(w->s->cache, name, *out);
    }
    json_decref(rows);
    return ok;
}

/* Takes `set` over. */
static bool put(struct working *w, char id[LN_ID_TEXT + 1], const struct ln_settle_part *p,
                const char *old, json_t *set, struct ln_err *err)
{
    char now[LN_ID_TEXT + 1];
    bool ok = true;

    (void)snprintf(now, sizeof now, "%s", old);
    if (w->save != NULL)
        ok = w->save(w->ctx, now, p->c, old, json_deep_copy(set), err);
    else if (old[0] == '\0')
        (void)snprintf(now, sizeof now, "#%zu", ++w->s->made);
    (void)snprintf(id, LN_ID_TEXT + 1, "%s", now);
    json_decref(set);
    return ok || ln_wrap(err, "%s", p->c->name);
}

/* What differs: the sheet's own columns always, links when the record was found by its first key or
 * has none yet. */
static json_t *differing(const json_t *old, const json_t *told_f, const json_t *linked, bool first)
{
    json_t *set = json_object();
    const char *field;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)told_f, field, v)
    {
        if (!json_equal(json_object_get(old, field), v))
            json_object_set(set, field, v);
    }
    json_object_foreach((json_t *)(uintptr_t)linked, field, v)
    {
        const json_t *now = json_object_get(old, field);
        if (now == NULL || (first && !json_equal(now, v)))
            json_object_set(set, field, v);
    }
    return set;
}

/* Others of the same kind that have not ended: who moves in here has moved out there. */
static bool end_others(struct working *w, const struct ln_settle_part *p, size_t at,
                       const json_t *fresh, struct ln_err *err)
{
    const char *ends = word(p->json, "ends");
    const json_t *same = json_object_get(p->json, "ends_by");
    struct ln_where where[LN_SETTLE_KEY + 1];
    struct ln_list l = { .coll = p->c->coll, .where = where, .limit = LN_QUERY_LIMIT };
    size_t i;
    json_t *row;
    bool ok = true;

    if (ends[0] == '\0')
        return true;
    for (size_t k = 0; k < json_array_size(same) && k < LN_SETTLE_KEY; k++) {
        const char *field = json_string_value(json_array_get(same, k));
        const char *value = word(fresh, field);
        if (value[0] == '\0' || value[0] == '#')
            return true;
        where[l.n++] = (struct ln_where){ field, LN_WHERE_IS, value };
    }
    where[l.n++] = (struct ln_where){ ends, LN_WHERE_IS, "" };
    json_t *rows = json_array();
    ok = ln_query_list(rows, NULL, w->store, &l, err);
    json_array_foreach(rows, i, row)
    {
        char id[LN_ID_TEXT + 1];
        w->row->changed[at]++;
        if (ok && w->save != NULL)
            ok = w->save(w->ctx, id, p->c, word(row, "id"), json_pack("{s:s}", ends, w->s->today),
                         err);
    }
    json_decref(rows);
    return ok;
}

static bool make(struct working *w, size_t at, const char *const *key, json_t *f,
                 struct ln_err *err)
{
    const struct ln_settle_part *p = &w->s->parts[at];
    const char *field;
    char name[KEY_MAX];
    json_t *v;

    json_object_foreach(json_object_get(p->json, "new"), field, v)
    {
        if (json_object_get(f, field) == NULL)
            json_object_set_new(f, field, first_value(w, v));
    }
    if (!end_others(w, p, at, f, err))
        return false;
    cache_key(name, p, key, f);
    if (!put(w, w->ids[at], p, "", json_deep_copy(f), err))
        return false;
    w->row->added[at]++;
    json_object_set_new(w->s->cache, name, json_pack("{s:s,s:O}", "id", w->ids[at], "f", f));
    return true;
}

static bool change(struct working *w, size_t at, json_t *old, json_t *set, struct ln_err *err)
{
    const struct ln_settle_part *p = &w->s->parts[at];

    (void)snprintf(w->ids[at], sizeof w->ids[0], "%s", word(old, "id"));
    if (json_object_size(set) == 0) {
        json_decref(set);
        return true;
    }
    w->row->changed[at]++;
    json_object_update(json_object_get(old, "f"), set); /* as the cache holds it */
    return put(w, w->ids[at], p, word(old, "id"), set, err);
}

static bool settle(struct working *w, size_t at, struct ln_err *err)
{
    const struct ln_settle_part *p = &w->s->parts[at];
    const char *key[LN_SETTLE_KEY + 1];
    size_t which = 0;
    json_t *given = w->row->parts[at] != NULL ? json_copy(w->row->parts[at]) : json_object();
    json_t *linked = links(w, p->json);
    json_t *f = json_copy(given);
    json_t *old = NULL;
    bool ok = true;

    json_object_update(f, linked);
    if (key_of(key, p, f, &which) == NULL)
        goto out; /* the row does not tell of one */
    ok = find(&old, w, p, key, f, err);
    if (ok && old == NULL)
        ok = make(w, at, key, f, err);
    else if (ok)
        ok = change(w, at, old, differing(json_object_get(old, "f"), given, linked, which == 0),
                    err);
out:
    json_decref(old);
    json_decref(f);
    json_decref(linked);
    json_decref(given);
    return ok;
}

bool ln_settle_run(struct ln_settle *s, struct ln_sqlstore *store, struct ln_settle_row *row,
                   ln_settle_save *save, void *ctx, struct ln_err *err)
{
    struct working w = { .s = s, .store = store, .row = row, .save = save, .ctx = ctx };

    if (row->self[0] != '\0')
        (void)snprintf(w.self, sizeof w.self, "%s", row->self);
    else
        (void)snprintf(w.self, sizeof w.self, "#%zu", ++s->made);
    for (size_t i = 0; i < s->n; i++) {
        row->added[i] = 0;
        row->changed[i] = 0;
        if (!settle(&w, i, err))
            return false;
    }
    return true;
}

/* ---- at start */

static const char *check_fields(const struct ln_def_coll *c, const json_t *object)
{
    const char *field;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)object, field, v)
    {
        (void)v;
        if (ln_def_field(c, field) == NULL)
            return field;
    }
    return NULL;
}

static const char *check_part(const struct ln_def *def, const json_t *p)
{
    static const char *const KEYS[] = { "collection", "columns", "words", "key",     "links",
                                        "new",        "above",   "ends",  "ends_by", NULL };
    static const char *const OBJECTS[] = { "columns", "words", "links", "new", NULL };
    const struct ln_def_coll *c = ln_def_find(def, word(p, "collection"));
    const json_t *keys = json_object_get(p, "key");
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)p, key, v)
    {
        (void)v;
        if (!ln_def_has(KEYS, key))
            return key;
    }
    if (c == NULL)
        return word(p, "collection");
    for (size_t i = 0; OBJECTS[i] != NULL; i++) {
        const char *bad = check_fields(c, json_object_get(p, OBJECTS[i]));
        if (bad != NULL)
            return bad;
    }
    for (size_t i = 0; i < json_array_size(keys); i++)
        for (size_t k = 0; k < json_array_size(json_array_get(keys, i)); k++) {
            const char *field = json_string_value(json_array_get(json_array_get(keys, i), k));
            if (field == NULL || ln_def_field(c, field) == NULL)
                return "key";
        }
    return json_array_size(keys) > 0 ? NULL : "key";
}

const char *ln_settle_check(const struct ln_def *def, const struct ln_def_coll *c)
{
    static const char *const KEYS[] = { "headers", "words", "loose", "with", NULL };
    const json_t *import = json_object_get(c->json, "import");
    const json_t *with = json_object_get(import, "with");
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)import, key, v)
    {
        (void)v;
        if (!ln_def_has(KEYS, key))
            return key;
    }
    const char *bad = check_fields(c, json_object_get(import, "headers"));
    if (bad == NULL)
        bad = check_fields(c, json_object_get(import, "words"));
    for (size_t i = 0; bad == NULL && i < json_array_size(with); i++)
        bad = check_part(def, json_array_get(with, i));
    return bad != NULL ? bad : json_array_size(with) > LN_SETTLE_PARTS ? "with" : NULL;
}
