/* Definitions into tables: see def.h. */
#include "node/module/def.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/asset.h"
#include "node/module/partner.h"
#include "node/module/screen.h"
#include "node/module/settle.h"

#define COLLS_MAX 256
#define MODULES_MAX 64
#define CODES_MAX 256
#define SCREENS_MAX 512

struct block {
    struct block *next;
};
struct reading {
    struct ln_def *d;
    const char *file;
    const char *where; /* collection or module at hand */
    struct ln_err *err;
    struct ln_coll *schema;
    struct ln_def_coll *colls;
    struct ln_def_module *modules;
    struct ln_def_screen *screens;
    struct ln_def_codes *codes;
    size_t n_codes;
    size_t n_built_in; /* of the modules */
};
struct arena {
    struct block *blocks;
    json_t **roots;
    size_t n_roots;
};

static void *take(struct ln_def *d, size_t len)
{
    struct arena *a = d->arena;
    struct block *b = ln_alloc(sizeof *b + len);

    b->next = a->blocks;
    a->blocks = b;
    return b + 1;
}

static bool wrong(struct reading *r, const char *what, const char *name)
{
    return ln_fail(r->err, LN_INVALID, "%s: %s: %s \"%s\"", r->file, r->where, what, name);
}

/* ---- keys */

static bool known(struct reading *r, const json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!ln_def_has(keys, key))
            return wrong(r, "unknown key", key);
    }
    return true;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *const *words(struct ln_def *d, const json_t *list)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list))
        return NULL;
    const char **out = take(d, (n + 1) * sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = json_string_value(json_array_get(list, i));
    return out;
}

static bool label(struct reading *r, struct ln_def_label *out, const json_t *object, const char *of)
{
    const json_t *l = json_object_get(object, "label");

    if (!json_is_object(l))
        l = object;
    out->zh = text(l, "zh");
    out->en = text(l, "en");
    return (out->zh != NULL && out->en != NULL) || wrong(r, "no label in both languages", of);
}

/* ---- fields */

static const struct {
    const char *word;
    enum ln_type type;
} TYPES[] = {
    { "str", LN_TYPE_STR },       { "text", LN_TYPE_TEXT }, { "int", LN_TYPE_INT },
    { "dec", LN_TYPE_DEC },       { "fen", LN_TYPE_FEN },   { "date", LN_TYPE_DATE },
    { "ts", LN_TYPE_TS },         { "bool", LN_TYPE_BOOL }, { "code", LN_TYPE_CODE },
    { "ref", LN_TYPE_REF },       { "file", LN_TYPE_FILE }, { "files", LN_TYPE_FILES },
    { "list", LN_TYPE_LIST },     { "map", LN_TYPE_MAP },   { "geo", LN_TYPE_GEO },
    { "region", LN_TYPE_REGION },
};

static bool read_type(struct reading *r, enum ln_type *out, const char *word)
{
    for (size_t i = 0; word != NULL && i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(TYPES[i].word, word) == 0) {
            *out = TYPES[i].type;
            return true;
        }
    return wrong(r, "unknown type", word != NULL ? word : "");
}

static bool read_codes_of(struct reading *r, struct ln_def_field *f, const char *name)
{
    for (size_t i = 0; i < r->n_codes; i++)
        if (strcmp(r->codes[i].name, name) == 0)
            f->codes = &r->codes[i];
    return f->codes != NULL || wrong(r, "unknown code set", name);
}

static bool read_field(struct reading *r, struct ln_def_field *f, struct ln_field *s,
                       const json_t *j, bool narrow);

/* The entries of a list that are objects: simple fields of their own. */
static bool read_items(struct reading *r, struct ln_def_field *f, const json_t *list)
{
    size_t n = json_array_size(list);
    struct ln_def_field *items = take(r->d, (n + 1) * sizeof *items);
    struct ln_field unused;

    if (f->type != LN_TYPE_LIST || n == 0)
        return wrong(r, "items belong to a list", f->name);
    for (size_t i = 0; i < n; i++) {
        if (!read_field(r, &items[i], &unused, json_array_get(list, i), false))
            return false;
        if (items[i].type == LN_TYPE_FILE || items[i].type == LN_TYPE_FILES ||
            items[i].items != NULL)
            return wrong(r, "an item cannot be of this type", items[i].name);
    }
    f->items = items;
    f->n_items = n;
    return true;
}

static bool read_field(struct reading *r, struct ln_def_field *f, struct ln_field *s,
                       const json_t *j, bool narrow)
{
    static const char *const KEYS[] = { "name",      "type",     "label",    "required", "mark",
                                        "codes",     "to",       "check",    "unit",     "max",
                                        "min",       "default",  "readonly", "internal", "help",
                                        "audience",  "correct",  "once",     "staff",    "items",
                                        "to_states", "workdays", "keys",     NULL };
    const char *mark = text(j, "mark");
    const char *audience = text(j, "audience");
    const json_t *limit;

    f->name = text(j, "name");
    if (f->name == NULL || f->name[0] == '_' || strcmp(f->name, "rec") == 0)
        return wrong(r, "a field cannot be called", f->name != NULL ? f->name : "");
    if (!known(r, j, KEYS) || !label(r, &f->label, j, f->name) ||
        !read_type(r, &f->type, text(j, "type")))
        return false;
    f->required = json_is_true(json_object_get(j, "required"));
    f->readonly = json_is_true(json_object_get(j, "readonly"));
    f->internal = json_is_true(json_object_get(j, "internal"));
    f->once = json_is_true(json_object_get(j, "once"));
    f->staff = json_is_true(json_object_get(j, "staff"));
    f->workdays = json_is_true(json_object_get(j, "workdays"));
    f->correct = json_is_true(json_object_get(j, "correct"));
    f->audience = audience != NULL ? audience[0] : '\0';
    f->to = text(j, "to");
    f->check = text(j, "check");
    f->initial = json_object_get(j, "default");
    f->to_states = words(r->d, json_object_get(j, "to_states"));
    limit = json_object_get(j, "min");
    f->has_min = json_is_integer(limit);
    f->min = json_integer_value(limit);
    limit = json_object_get(j, "max");
    f->has_max = json_is_integer(limit);
    f->max = json_integer_value(limit);
    f->mark = mark == NULL ? LN_MARK_PLAIN : mark[0] == '^' ? LN_MARK_SENSITIVE : LN_MARK_IDENT;
    bool told = f->type == LN_TYPE_TEXT || f->type == LN_TYPE_FILE || f->type == LN_TYPE_FILES;
    if (told && narrow && f->mark == LN_MARK_PLAIN)
        f->mark = LN_MARK_IDENT; /* an attachment's value holds its key */
    const char *codes = text(j, "codes");
    if (codes != NULL && !read_codes_of(r, f, codes))
        return false;
    const char *keys = text(j, "keys"); /* words for those of a map: pages read them */
    struct ln_def_field of_keys = { .codes = NULL };
    if (keys != NULL && !read_codes_of(r, &of_keys, keys))
        return false;
    if (json_object_get(j, "items") != NULL && !read_items(r, f, json_object_get(j, "items")))
        return false;
    const char *unit = text(j, "unit");
    *s = (struct ln_field){
        .name = f->name, .unit = unit != NULL ? unit : f->name, .type = f->type, .mark = f->mark
    };
    return true;
}

/* What every collection has besides its own fields. */
static const struct {
    const char *name;
    enum ln_type type;
    const char *to, *zh, *en;
} COMMON[] = {
    { "author", LN_TYPE_REF, "account", "录入人", "Author" },
    { "on_behalf_of", LN_TYPE_REF, "person", "代办对象", "On behalf of" },
    { "home", LN_TYPE_REF, "home", "所属组织", "Home" },
    { "ext_id", LN_TYPE_STR, NULL, "外部编号", "External id" },
    { "tags", LN_TYPE_LIST, NULL, "标签", "Tags" },
};

static bool has_field(const struct ln_def_field *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

#define NAME_LONGEST 40 /* of a module, collection or field: tables and columns are named by it */

/* Lower case, digits and _, a letter first. */
static bool plain_name(const char *name)
{
    return name != NULL && name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= NAME_LONGEST &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool read_fields(struct reading *r, struct ln_def_coll *c, struct ln_coll *s,
                        const json_t *j)
{
    const json_t *list = json_object_get(j, "fields");
    size_t own = json_array_size(list);
    size_t common = sizeof COMMON / sizeof COMMON[0];
    struct ln_def_field *f = take(r->d, (own + common) * sizeof *f);
    struct ln_field *sf = take(r->d, (own + common) * sizeof *sf);
    bool narrow = c->audience == 'C' || c->audience == 'N';
    size_t n = 0;

    for (size_t i = 0; i < own; i++, n++)
        if (!read_field(r, &f[n], &sf[n], json_array_get(list, i), narrow))
            return false;
        else if (!plain_name(f[n].name))
            return wrong(r, "a field's name is lower case, digits and _, not", f[n].name);
        else if (has_field(f, n, f[n].name))
            return wrong(r, "a second field of this name", f[n].name);
    for (size_t i = 0; i < common; i++) {
        if (has_field(f, n, COMMON[i].name))
            continue;
        f[n] = (struct ln_def_field){ .name = COMMON[i].name,
                                      .label = { COMMON[i].zh, COMMON[i].en },
                                      .type = COMMON[i].type,
                                      .to = COMMON[i].to,
                                      .internal = true };
        sf[n++] = (struct ln_field){ .name = COMMON[i].name,
                                     .unit = COMMON[i].name,
                                     .type = COMMON[i].type };
    }
    c->fields = f;
    c->n_fields = n;
    s->fields = sf;
    s->n_fields = n;
    return true;
}

/* The words of a list as one text, separated by commas, for a filter. */
static const char *joined(struct ln_def *d, const json_t *list)
{
    size_t len = 1;
    size_t at = 0;
    size_t i;
    json_t *word;

    if (json_array_size(list) == 0)
        return NULL;
    json_array_foreach(list, i, word)
    {
        len += json_string_length(word) + 1;
    }
    char *out = take(d, len);
    json_array_foreach(list, i, word)
    {
        at += (size_t)snprintf(out + at, len - at, "%s%s", i > 0 ? "," : "",
                               json_string_value(word) != NULL ? json_string_value(word) : "");
    }
    return out;
}

/* ---- workflow */

static bool read_step(struct reading *r, struct ln_def_step *s, const json_t *j)
{
    static const char *const KEYS[] = { "action", "from",     "to",          "roles",
                                        "note",   "label",    "clock",       "not_author",
                                        "effect", "max",      "within_days", "home",
                                        "sets",   "adds",     "clock_from",  "needs",
                                        "stamps", "counts",   "after",       "at",
                                        "other",  "at_after", "within_from", NULL };
    const char *note = text(j, "note");

    s->action = text(j, "action");
    s->to = text(j, "to");
    if (s->action == NULL || s->to == NULL)
        return wrong(r, "a step without action or goal", "");
    if (!known(r, j, KEYS) || !label(r, &s->label, j, s->action))
        return false;
    s->from = words(r->d, json_object_get(j, "from"));
    s->roles = words(r->d, json_object_get(j, "roles"));
    s->sets = words(r->d, json_object_get(j, "sets"));
    s->note = note == NULL ? LN_NOTE_NONE : note[0] == 'r' ? LN_NOTE_REQUIRED : LN_NOTE_OPTIONAL;
    s->not_author = json_is_true(json_object_get(j, "not_author"));
    s->other = json_is_true(json_object_get(j, "other"));
    s->home = json_object_get(j, "home") != NULL;
    s->effect = text(j, "effect");
    s->adds = text(json_object_get(j, "adds"), "collection");
    s->adds_ref = text(json_object_get(j, "adds"), "ref");
    s->adds_with = json_object_get(json_object_get(j, "adds"), "with");
    s->copies = words(r->d, json_object_get(json_object_get(j, "adds"), "copies"));
    s->clock = text(j, "clock");
    s->clock_from = text(j, "clock_from");
    s->needs = words(r->d, json_object_get(j, "needs"));
    s->stamps = json_object_get(j, "stamps");
    s->counts = text(j, "counts");
    s->after = text(json_object_get(j, "after"), "action");
    s->after_times =
        (unsigned)json_integer_value(json_object_get(json_object_get(j, "after"), "times"));
    s->at = text(j, "at");
    s->at_after = text(j, "at_after");
    s->within_from = text(j, "within_from");
    s->max = (unsigned)json_integer_value(json_object_get(j, "max"));
    s->within_days = (unsigned)json_integer_value(json_object_get(j, "within_days"));
    return (s->from != NULL && s->roles != NULL) ||
           wrong(r, "a step without from or roles", s->action);
}

static bool read_workflow(struct reading *r, struct ln_def_coll *c, struct ln_coll *s,
                          const json_t *w)
{
    static const char *const KEYS[] = { "first",  "final",   "states", "steps",
                                        "clocks", "running", NULL };
    const json_t *states = json_object_get(w, "states");
    const json_t *steps = json_object_get(w, "steps");
    struct ln_def_state *st = take(r->d, (json_object_size(states) + 1) * sizeof *st);
    struct ln_def_step *list = take(r->d, (json_array_size(steps) + 1) * sizeof *list);
    struct ln_step_rule *rules = take(r->d, (json_array_size(steps) + 1) * sizeof *rules);
    const char *key;
    json_t *value;

    if (!known(r, w, KEYS))
        return false;
    json_object_foreach((json_t *)(uintptr_t)states, key, value)
    {
        st[c->n_states].name = key;
        if (!label(r, &st[c->n_states++].label, value, key))
            return false;
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        if (!read_step(r, &list[i], json_array_get(steps, i)))
            return false;
        if (!json_object_get(states, list[i].to))
            return wrong(r, "a step to an unknown state", list[i].to);
        rules[i] = (struct ln_step_rule){ list[i].action, list[i].to, list[i].from };
    }
    c->states = st;
    c->steps = list;
    c->n_steps = json_array_size(steps);
    c->clocks = json_object_get(w, "clocks");
    s->first_state = text(w, "first");
    s->steps = rules;
    s->n_steps = c->n_steps;
    s->final_states = words(r->d, json_object_get(w, "final"));
    json_t *open = json_array();
    json_object_foreach((json_t *)(uintptr_t)states, key, value)
    {
        if (!ln_def_has(s->final_states, key))
            json_array_append_new(open, json_string(key));
    }
    c->open_states = joined(r->d, open);
    c->running = joined(r->d, json_object_get(w, "running"));
    if (c->running == NULL)
        c->running = c->open_states;
    json_decref(open);
    return json_object_get(states, s->first_state != NULL ? s->first_state : "") != NULL ||
           wrong(r, "no first state", c->name);
}

/* ---- collections */

static bool read_audience(struct reading *r, struct ln_def_coll *c, const json_t *a)
{
    const char *word = json_is_object(a) ? text(a, "before") : json_string_value(a);
    const char *after = json_is_object(a) ? text(a, "after") : NULL;

    if (word == NULL || strchr("PVDCN", word[0]) == NULL)
        return wrong(r, "unknown audience", word != NULL ? word : "");
    c->audience = word[0];
    c->after = after != NULL ? after[0] : '\0';
    c->when = json_is_object(a) ? words(r->d, json_object_get(a, "when")) : NULL;
    const char *node = json_is_object(a) ? text(a, "node") : NULL;
    c->to_parent = node != NULL && strcmp(node, "parent") == 0;
    if (node != NULL && (!c->to_parent || c->audience != 'N'))
        return wrong(r, "a node beside audience N is \"parent\", not", node);
    c->only_if = text(a, "if");
    const char *is = c->only_if != NULL ? strchr(c->only_if, '=') : NULL;
    if (is != NULL) { /* "role=committee,party" */
        size_t len = (size_t)(is - c->only_if);
        char *name = take(r->d, len + 1);
        memcpy(name, c->only_if, len);
        name[len] = '\0';
        c->only_if = name;
        c->only_values = is + 1;
    }
    c->follows = text(a, "of");
    c->reach = json_is_object(a) ? text(a, "reach") : NULL;
    return true;
}

/* "named": {"when":{field:[values]},"read":[words],"outline":{"roles":[],"fields":[]}} */
static void read_named(struct reading *r, struct ln_def_coll *c, const json_t *named)
{
    const char *field;
    json_t *values;

    if (!json_is_object(named))
        return; /* a list says who the parties of a collection of audience N are */
    c->named = named;
    json_object_foreach(json_object_get(named, "when"), field, values)
    {
        c->named_field = field;
        c->named_values = joined(r->d, values);
    }
}

static void read_rights(struct reading *r, struct ln_def_coll *c, const json_t *j)
{
    const json_t *rights = json_object_get(j, "rights");
    const json_t *when = json_object_get(rights, "read_when");

    c->read = words(r->d, json_object_get(rights, "read"));
    c->create = words(r->d, json_object_get(rights, "create"));
    c->update = words(r->d, json_object_get(rights, "update"));
    c->remove = words(r->d, json_object_get(rights, "delete"));
    c->unmask = words(r->d, json_object_get(j, "unmask"));
    c->read_states = words(r->d, json_object_get(when, "states"));
    c->read_states_roles = words(r->d, json_object_get(when, "roles"));
    c->read_states_text = joined(r->d, json_object_get(when, "states"));
    c->read_if = text(when, "if");
}

/* Whether it begins one of the lists of fields that make two records suspicious: an import looks
 * for it. */
static bool begins_rule(const struct ln_def_coll *c, const char *field)
{
    const json_t *rules = json_object_get(c->json, "duplicates");
    size_t i;
    json_t *rule;

    json_array_foreach(rules, i, rule)
    {
        const char *first = json_string_value(json_array_get(rule, 0));
        if (first != NULL && strcmp(first, field) == 0)
            return true;
    }
    return false;
}

/* Whether records of it are paired with a partner's by number. */
static bool is_exchanged(const struct ln_def *d, const struct ln_def_coll *c)
{
    const json_t *list = json_object_get(d->modules[d->n_modules - 1].json, "exchanges");
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one)
    {
        const char *name = text(one, "collection");
        if (name != NULL && strcmp(name, c->name) == 0)
            return true;
    }
    return false;
}

/* Related records are looked up by these: what belongs to a conversation, a contract, a person; and
 * what an import or an exchange finds records by. */
static const char *const *found_by(struct ln_def *d, const struct ln_def_coll *c)
{
    const char **out = take(d, (c->n_fields + 1) * sizeof *out);
    bool exchanged = is_exchanged(d, c);
    size_t n = 0;

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *f = &c->fields[i];
        bool own = c->own != NULL && strcmp(c->own, f->name) == 0;
        if ((f->type == LN_TYPE_REF && f->mark != LN_MARK_SENSITIVE &&
             (own || ln_def_has(c->filters, f->name))) ||
            begins_rule(c, f->name) || (exchanged && strcmp(f->name, "ext_id") == 0))
            out[n++] = f->name;
    }
    return out;
}

/* How long its records are kept: README "Retention". */
static bool read_retention(struct reading *r, const struct ln_def_coll *c, const json_t *j)
{
    static const char *const KEYS[] = { "class",   "years", "days",      "after", "when",
                                        "days_of", "of",    "held_with", NULL };
    int64_t years = json_integer_value(json_object_get(j, "years"));
    int64_t days = json_integer_value(json_object_get(j, "days"));

    if (j == NULL)
        return true;
    if (!known(r, j, KEYS))
        return false;
    if (text(j, "held_with") != NULL && ln_def_field(c, text(j, "held_with")) == NULL)
        return wrong(r, "retention names no field", text(j, "held_with"));
    if (text(j, "class") == NULL || (years > 0) == (days > 0) || years < 0 || years > 100 ||
        days < 0 || days > 36500)
        return wrong(r, "retention needs a class, and years or days", "");
    if (c->coll->log && c->coll->subject != NULL && strcmp(c->coll->subject, "self") != 0)
        return wrong(r, "rows about others can neither be erased alone nor deleted", "");
    return true;
}

/* What it counts from, once every collection is known: `of` names the one that has it. */
static bool check_retention(struct reading *r, const struct ln_def_coll *c)
{
    const json_t *j = json_object_get(c->json, "retention");
    const char *after = text(j, "after");
    const char *of = text(j, "of");
    const struct ln_def_field *ref = of != NULL ? ln_def_field(c, of) : NULL;
    const struct ln_def_coll *has = of == NULL                       ? c
                                    : ref != NULL && ref->to != NULL ? ln_def_find(r->d, ref->to)
                                                                     : NULL;
    const char *key;
    json_t *value;

    if (j == NULL)
        return true;
    if (has == NULL || (ref != NULL && ref->type != LN_TYPE_REF))
        return wrong(r, "retention counts in what no ref names", of);
    const struct ln_def_field *f = after != NULL ? ln_def_field(has, after) : NULL;
    bool word = after != NULL && (strcmp(after, "created") == 0 || strcmp(after, "changed") == 0 ||
                                  (strcmp(after, "final") == 0 && has->n_states > 0));
    if (!word && (f == NULL || (f->type != LN_TYPE_DATE && f->type != LN_TYPE_TS)))
        return wrong(r, "retention is after final, created, changed, or a date", "");
    json_object_foreach(json_object_get(j, "when"), key, value)
    {
        if (ln_def_field(has, key) == NULL || !json_is_string(value))
            return wrong(r, "retention names no field", key);
    }
    return true;
}

static bool read_coll(struct reading *r, const char *module, const json_t *j)
{
    static const char *const KEYS[] = { "name",     "version",    "label",  "audience",   "log",
                                        "subject",  "title",      "own",    "number",     "fields",
                                        "workflow", "rights",     "unmask", "duplicates", "search",
                                        "list",     "filters",    "sort",   "estate",     "named",
                                        "menu",     "fresh_days", "grid",   "guest",      "counted",
                                        "similar",  "retention",  "import", NULL };
    /* Paths of the API that stand where a collection's would (node/web/routes.c). */
    static const char *const TAKEN[] = {
        "session",  "schema",    "status",   "stats",      "sync",    "nodes",     "screen",
        "search",   "conflicts", "files",    "import",     "export",  "qr",        "talk",
        "progress", "paper",     "services", "verify",     "sheet",   "login",     "me",
        "help",     "outbox",    "password", "board",      "devices", "lite",      "correct",
        "uplink",   "signin",    "blank",    "assessment", "handled", "erasures",  "gov",
        "copy",     "queues",    "stock",    "labels",     "note",    "report",    "ledger",
        "returns",  "template",  "vote",     "tally",      "ballots", "statement", "certificate",
        "places",   "retention", NULL
    };
    struct ln_def_coll *c = &r->colls[r->d->n_colls];
    struct ln_coll *s = &r->schema[r->d->n_colls];
    const json_t *workflow = json_object_get(j, "workflow");
    const char *number = text(j, "number");

    c->name = text(j, "name");
    if (c->name == NULL || r->d->n_colls == COLLS_MAX)
        return wrong(r, "a collection without name", "");
    if (!plain_name(c->name))
        return wrong(r, "a collection's name is lower case, digits and _, not", c->name);
    if (ln_def_find(r->d, c->name) != NULL)
        return wrong(r, "a second collection of this name", c->name);
    if (ln_def_has(TAKEN, c->name))
        return wrong(r, "a collection cannot be called", c->name);
    r->where = c->name;
    c->module = module;
    c->json = j;
    c->fresh_days = (int)json_integer_value(json_object_get(j, "fresh_days"));
    c->coll = s;
    s->name = c->name;
    s->version = (unsigned)json_integer_value(json_object_get(j, "version"));
    s->log = json_is_true(json_object_get(j, "log"));
    s->subject = text(j, "subject");
    c->own = text(j, "own");
    c->estate = text(j, "estate");
    c->number = number != NULL ? number[0] : '\0';
    c->sort = text(j, "sort");
    c->title = words(r->d, json_object_get(j, "title"));
    c->grid = words(r->d, json_object_get(j, "grid"));
    c->search = words(r->d, json_object_get(j, "search"));
    c->list = words(r->d, json_object_get(j, "list"));
    c->filters = words(r->d, json_object_get(j, "filters"));
    c->guest = json_object_get(j, "guest");
    c->counted = json_is_true(json_object_get(j, "counted"));
    read_rights(r, c, j);
    read_named(r, c, json_object_get(j, "named"));
    if (!known(r, j, KEYS) || !label(r, &c->label, j, c->name) ||
        !read_audience(r, c, json_object_get(j, "audience")) || !read_fields(r, c, s, j))
        return false;
    s->find = found_by(r->d, c);
    if (workflow != NULL && !read_workflow(r, c, s, workflow))
        return false;
    if (!read_retention(r, c, json_object_get(j, "retention")))
        return false;
    for (const char *const *g = c->grid; g != NULL && *g != NULL; g++)
        if (ln_def_field(c, *g) == NULL && strchr(*g, '/') == strrchr(*g, '/'))
            return wrong(r, "grid follows from an unknown field", *g);
    if (s->version == 0)
        return wrong(r, "no version", c->name);
    r->d->n_colls++;
    return true;
}

static bool read_codes(struct reading *r, const json_t *codes)
{
    const char *key;
    json_t *list;

    json_object_foreach((json_t *)(uintptr_t)codes, key, list)
    {
        struct ln_def_codes *set = &r->codes[r->n_codes];
        struct ln_def_code *c = take(r->d, (json_array_size(list) + 1) * sizeof *c);
        if (r->n_codes == CODES_MAX)
            return wrong(r, "too many code sets", key);
        for (size_t i = 0; i < r->n_codes; i++)
            if (strcmp(r->codes[i].name, key) == 0)
                return wrong(r, "a second set of codes of this name", key);
        r->n_codes++;
        *set = (struct ln_def_codes){ key, c, json_array_size(list) };
        for (size_t i = 0; i < set->n; i++) {
            const json_t *one = json_array_get(list, i);
            c[i].code = text(one, "code");
            if (c[i].code == NULL || !label(r, &c[i].label, one, key))
                return wrong(r, "a code without code", key);
        }
    }
    return true;
}

static bool read_screens(struct reading *r, const char *module, const json_t *list)
{
    size_t i;
    json_t *j;

    json_array_foreach(list, i, j)
    {
        struct ln_def_screen *s = &r->screens[r->d->n_screens];
        if (r->d->n_screens == SCREENS_MAX)
            return wrong(r, "too many screens", module);
        s->module = module;
        s->kind = text(j, "kind");
        s->slot = text(j, "slot");
        s->rank = (int)json_integer_value(json_object_get(j, "rank"));
        s->roles = words(r->d, json_object_get(j, "for"));
        s->json = j;
        r->d->n_screens++;
    }
    return true;
}

static bool read_module(struct reading *r, const char *name, const char *body, size_t len)
{
    static const char *const KEYS[] = { "module",  "rank",        "label",
                                        "codes",   "collections", "statistics",
                                        "screens", "exchanges",   NULL };
    struct arena *a = r->d->arena;
    struct ln_def_module *m = &r->modules[r->d->n_modules];
    json_error_t why;
    json_t *j = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
    const json_t *colls = json_object_get(j, "collections");

    r->file = name;
    r->where = "module";
    if (j == NULL)
        return ln_fail(r->err, LN_INVALID, "%s: line %d: %s", name, why.line, why.text);
    if (a->n_roots == MODULES_MAX) {
        json_decref(j);
        return wrong(r, "too many modules", name);
    }
    a->roots[a->n_roots++] = j;
    m->name = text(j, "module");
    m->rank = (int)json_integer_value(json_object_get(j, "rank"));
    m->json = j;
    if (m->name != NULL && !plain_name(m->name))
        return wrong(r, "a module's name is lower case, digits and _, not", m->name);
    if (m->name == NULL || !known(r, j, KEYS) || !label(r, &m->label, j, name) ||
        !read_codes(r, json_object_get(j, "codes")))
        return m->name != NULL ? false : wrong(r, "no name", name);
    for (size_t i = 0; i < r->d->n_modules; i++)
        if (strcmp(r->modules[i].name, m->name) == 0)
            return wrong(r, "a second module of this name", m->name);
    r->d->n_modules++;
    for (size_t i = 0; i < json_array_size(colls); i++)
        if (!read_coll(r, m->name, json_array_get(colls, i)))
            return false;
    return read_screens(r, m->name, json_object_get(j, "screens"));
}

static bool check_step(struct reading *r, const struct ln_def_coll *c, const struct ln_def_step *s)
{
    const struct ln_def_coll *to = s->adds != NULL ? ln_def_find(r->d, s->adds) : NULL;

    for (const char *const *w = s->sets; w != NULL && *w != NULL; w++)
        if (ln_def_field(c, *w) == NULL)
            return wrong(r, "a step sets an unknown field", *w);
    for (const char *const *w = s->needs; w != NULL && *w != NULL; w++)
        if (ln_def_field(c, *w) == NULL)
            return wrong(r, "a step needs an unknown field", *w);
    for (const char *const *w = s->copies; w != NULL && *w != NULL; w++)
        if (ln_def_field(c, *w) == NULL || to == NULL || ln_def_field(to, *w) == NULL)
            return wrong(r, "a step copies an unknown field", *w);
    if (s->counts != NULL && ln_def_field(c, s->counts) == NULL)
        return wrong(r, "a step counts in an unknown field", s->counts);
    const struct ln_def_field *at = s->at != NULL ? ln_def_field(c, s->at) : NULL;
    if (s->at != NULL && (at == NULL || (at->type != LN_TYPE_DATE && at->type != LN_TYPE_TS)))
        return wrong(r, "a step falls due by a field that is no date", s->at);
    return s->adds == NULL ||
           (to != NULL && s->adds_ref != NULL && ln_def_field(to, s->adds_ref) != NULL) ||
           wrong(r, "a step adds a row of an unknown collection, or by an unknown ref", s->adds);
}

/* What a dimension counts by, without its function: "age5:birth", "fresh:checked:180". */
static bool check_dim(const struct ln_def_coll *c, const char *dim)
{
    char name[NAME_LONGEST + 2];
    const char *at = strchr(dim, ':');

    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at != NULL ? at + 1 : dim, ":"),
                   at != NULL ? at + 1 : dim);
    return strcmp(name, "state") == 0 || strcmp(name, "id") == 0 || strcmp(name, "created") == 0 ||
           strcmp(name, "region") == 0 || ln_def_field(c, name) != NULL;
}

static bool check_statistics(struct reading *r, const struct ln_def_module *m)
{
    size_t i;
    size_t k;
    json_t *s;
    json_t *dim;

    json_array_foreach(json_object_get(m->json, "statistics"), i, s)
    {
        struct ln_def_label said;
        const char *code = text(s, "code");
        const char *name = text(s, "collection");
        const struct ln_def_coll *c = name != NULL ? ln_def_find(r->d, name) : NULL;
        r->file = m->name;
        r->where = "statistics";
        if (code == NULL || !label(r, &said, s, code))
            return code == NULL ? wrong(r, "a statistic without code", m->name) : false;
        if (c == NULL)
            return wrong(r, "a statistic of an unknown collection", code);
        json_array_foreach(json_object_get(s, "dims"), k, dim)
        {
            if (json_string_value(dim) == NULL || !check_dim(c, json_string_value(dim)))
                return wrong(r, "a statistic by an unknown field", code);
        }
    }
    return true;
}

/* Refs lead somewhere, and words name things that are there. */
static bool check(struct reading *r)
{
    for (size_t i = 0; i < r->d->n_colls; i++) {
        const struct ln_def_coll *c = &r->d->colls[i];
        const char *const *const lists[] = { c->title, c->search, c->list, c->filters };
        const char *bad = ln_settle_check(r->d, c);

        r->file = c->module; /* several files were read by now */
        r->where = c->name;
        if (bad != NULL)
            return wrong(r, "import names what is not there", bad);
        if (!check_retention(r, c))
            return false;
        if ((c->only_if != NULL && ln_def_field(c, c->only_if) == NULL) ||
            (c->read_if != NULL && ln_def_field(c, c->read_if) == NULL))
            return wrong(r, "a condition names an unknown field", "if");
        const struct ln_def_field *of = c->follows != NULL ? ln_def_field(c, c->follows) : NULL;
        if (c->follows != NULL && (of == NULL || of->type != LN_TYPE_REF))
            return wrong(r, "an audience follows a field that is no ref", c->follows);
        const struct ln_def_field *who = c->reach != NULL ? ln_def_field(c, c->reach) : NULL;
        if (c->reach != NULL && (who == NULL || who->type != LN_TYPE_LIST || who->to == NULL))
            return wrong(r, "an audience reaches those of a field that lists nobody", c->reach);
        if (c->named != NULL && (c->named_field == NULL || c->named_values == NULL ||
                                 ln_def_field(c, c->named_field) == NULL))
            return wrong(r, "named says nothing of a field it has", c->name);
        for (size_t k = 0; k < c->n_fields; k++)
            if (c->fields[k].to != NULL && strcmp(c->fields[k].to, "*") != 0 &&
                ln_def_find(r->d, c->fields[k].to) == NULL && !c->fields[k].internal)
                return wrong(r, "a ref to an unknown collection", c->fields[k].to);
        for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
            for (const char *const *w = lists[l]; w != NULL && *w != NULL; w++)
                if (ln_def_field(c, *w) == NULL && strcmp(*w, "state") != 0 &&
                    strcmp(*w, "region") != 0)
                    return wrong(r, "a list names an unknown field", *w);
        for (size_t k = 0; k < c->n_steps; k++)
            if (!check_step(r, c, &c->steps[k]))
                return false;
    }
    for (size_t i = 0; i < r->d->n_modules; i++) {
        const char *bad = ln_partner_check(r->d, r->modules[i].json);

        r->file = r->modules[i].name;
        r->where = r->modules[i].name;
        if (bad != NULL)
            return wrong(r, "an exchange names what is not there", bad);
        if (!check_statistics(r, &r->modules[i]))
            return false;
    }
    for (size_t i = 0; i < r->d->n_screens; i++) {
        const char *coll = text(r->screens[i].json, "collection");
        r->screens[i].coll = coll != NULL ? ln_def_find(r->d, coll) : NULL;
        if (!ln_screen_check(r->d, &r->screens[i], r->err))
            return false;
    }
    return true;
}

static int screen_by_rank(const void *a, const void *b)
{
    const struct ln_def_screen *x = a;
    const struct ln_def_screen *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return strcmp(x->module, y->module);
}

static int by_rank(const void *a, const void *b)
{
    return ((const struct ln_def_module *)a)->rank - ((const struct ln_def_module *)b)->rank;
}

static struct ln_def *fresh(struct reading *r, struct ln_err *err)
{
    struct ln_def *d = ln_alloc(sizeof *d);
    struct arena *a = ln_alloc(sizeof *a);

    d->arena = a;
    a->roots = ln_alloc_array(MODULES_MAX, sizeof *a->roots);
    r->d = d;
    r->err = err;
    r->schema = take(d, COLLS_MAX * sizeof *r->schema);
    r->colls = take(d, COLLS_MAX * sizeof *r->colls);
    r->modules = take(d, MODULES_MAX * sizeof *r->modules);
    r->codes = take(d, CODES_MAX * sizeof *r->codes);
    r->screens = take(d, SCREENS_MAX * sizeof *r->screens);
    d->colls = r->colls;
    d->modules = r->modules;
    d->screens = r->screens;
    return d;
}

static bool finish(struct ln_def **out, struct reading *r, bool ok)
{
    if (!ok || !check(r)) {
        ln_def_close(r->d);
        return false;
    }
    qsort(r->modules, r->d->n_modules, sizeof *r->modules, by_rank);
    qsort(r->screens, r->d->n_screens, sizeof *r->screens, screen_by_rank);
    r->d->schema = (struct ln_schema){ r->schema, r->d->n_colls };
    *out = r->d;
    return true;
}

/* The JSON of a set of codes, for schema and pages. */
static json_t *codes_json(const struct reading *r, const char *name)
{
    for (size_t m = 0; m < r->d->n_modules; m++) {
        json_t *list = json_object_get(json_object_get(r->modules[m].json, "codes"), name);
        if (list != NULL)
            return list;
    }
    return NULL;
}

/* Modules of the node's own become codes of a set that lists modules. */
static void name_modules(struct reading *r, struct ln_def_codes *set, json_t *list)
{
    struct ln_def_code *codes = take(r->d, (set->n + r->d->n_modules) * sizeof *codes);
    size_t n = set->n;

    memcpy(codes, set->list, n * sizeof *codes);
    for (size_t m = r->n_built_in; m < r->d->n_modules; m++) {
        const struct ln_def_module *one = &r->modules[m];
        codes[n++] = (struct ln_def_code){ .code = one->name, .label = one->label };
        json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "code", one->name, "zh",
                                              one->label.zh, "en", one->label.en));
    }
    set->list = codes;
    set->n = n;
}

/* `module`: module_setting switches them on and off and names them like the others; `gov_module`:
 * they are tried out and commented on like the others. */
static void name_own(struct reading *r)
{
    for (size_t i = 0; i < r->n_codes; i++)
        if (strcmp(r->codes[i].name, "module") == 0 || strcmp(r->codes[i].name, "gov_module") == 0)
            name_modules(r, &r->codes[i], codes_json(r, r->codes[i].name));
}

bool ln_def_open(struct ln_def **out, struct ln_err *err)
{
    return ln_def_open_with(out, NULL, 0, err);
}

bool ln_def_open_with(struct ln_def **out, const struct ln_def_file *more, size_t n_more,
                      struct ln_err *err)
{
    struct reading r = { .n_codes = 0 };
    size_t n;
    const struct ln_embed *list = ln_embed_list("module", &n);
    bool ok = true;

    (void)fresh(&r, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = read_module(&r, list[i].name, list[i].text, list[i].len);
    r.n_built_in = r.d->n_modules;
    for (size_t i = 0; ok && i < n_more; i++)
        ok = read_module(&r, more[i].name, more[i].text, more[i].len);
    if (ok)
        name_own(&r);
    return finish(out, &r, ok);
}

bool ln_def_read(struct ln_def **out, const char *name, const char *body, size_t len,
                 struct ln_err *err)
{
    struct reading r = { .n_codes = 0 };

    (void)fresh(&r, err);
    return finish(out, &r, read_module(&r, name, body, len));
}

void ln_def_close(struct ln_def *d)
{
    if (d == NULL)
        return;
    struct arena *a = d->arena;
    while (a->blocks != NULL) {
        struct block *next = a->blocks->next;
        ln_free(a->blocks);
        a->blocks = next;
    }
    for (size_t i = 0; i < a->n_roots; i++)
        json_decref(a->roots[i]);
    ln_free(a->roots);
    ln_free(a);
    ln_free(d);
}

/* ---- looking up */

const struct ln_def_coll *ln_def_find(const struct ln_def *d, const char *name)
{
    for (size_t i = 0; i < d->n_colls; i++)
        if (strcmp(d->colls[i].name, name) == 0)
            return &d->colls[i];
    return NULL;
}

const struct ln_def_field *ln_def_field(const struct ln_def_coll *c, const char *name)
{
    for (size_t i = 0; i < c->n_fields; i++)
        if (strcmp(c->fields[i].name, name) == 0)
            return &c->fields[i];
    return NULL;
}

const struct ln_def_step *ln_def_step(const struct ln_def_coll *c, const char *action,
                                      const char *state)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (strcmp(c->steps[i].action, action) == 0 && ln_def_has(c->steps[i].from, state))
            return &c->steps[i];
    return NULL;
}

bool ln_def_has(const char *const *list, const char *word)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}
