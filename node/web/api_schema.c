/* The definitions as far as the caller may see them: the first thing every page loads, so it is
 * kept small: one language, the code sets in use, and of a step what a page needs to offer it. */
#include <stdio.h>
#include <string.h>

#include "node/module/setting.h"
#include "node/web/routes.h"

static json_t *own_fields(const struct ln_call *c, const struct ln_def_coll *d)
{
    bool staff = ln_engine_staff(&c->user) || ln_engine_has_role(&c->user, "admin");
    json_t *list = json_array();
    const json_t *given = json_object_get(d->json, "fields");
    size_t i;
    json_t *f;

    json_array_foreach(given, i, f)
    {
        json_t *copy = json_copy(f);
        if (d->fields[i].mark == LN_MARK_IDENT)
            json_object_set_new(copy, "mark", json_string("~"));
        if (d->fields[i].staff && !staff)
            json_object_set_new(copy, "readonly", json_true());
        json_array_append_new(list, copy);
    }
    return list;
}

/* Whether somebody with these roles may ever take the step, on some record. */
static bool ever(const struct ln_call *c, const json_t *step)
{
    size_t i;
    json_t *word;

    json_array_foreach(json_object_get(step, "roles"), i, word)
    {
        const char *w = json_string_value(word);
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(w, ":"), w);
        if (strcmp(w, "author") == 0 || strcmp(w, "reporter") == 0 || strcmp(w, "handler") == 0 ||
            ln_engine_has_role(&c->user, role))
            return true;
    }
    return false;
}

static bool told(const json_t *steps, const json_t *step)
{
    size_t i;
    json_t *s;

    json_array_foreach(steps, i, s)
    {
        if (strcmp(ln_web_text(s, "action"), ln_web_text(step, "action")) == 0)
            return true;
    }
    return false;
}

/* Which steps are open, and to whom, each record says itself: pages need how a step is called and
 * what it asks for. Of those that others take, the name, for the history. */
static json_t *own_workflow(const struct ln_call *c, const json_t *given)
{
    static const char *const whole[] = { "first", "final", "states", NULL };
    static const char *const keep[] = { "action", "from", "to",   "label", "note",
                                        "home",   "sets", "adds", NULL };
    static const char *const named[] = { "action", "label", NULL };
    json_t *w = json_object();
    json_t *steps = json_array();
    size_t i;
    json_t *s;

    for (const char *const *k = whole; *k != NULL; k++)
        json_object_set(w, *k, json_object_get(given, *k));
    for (int mine = 1; mine >= 0; mine--)
        json_array_foreach(json_object_get(given, "steps"), i, s)
        {
            if (ever(c, s) != (mine == 1) || (mine == 0 && told(steps, s)))
                continue;
            json_t *one = json_object();
            for (const char *const *k = mine == 1 ? keep : named; *k != NULL; k++)
                if (json_object_get(s, *k) != NULL)
                    json_object_set(one, *k, json_object_get(s, *k));
            json_array_append_new(steps, one);
        }
    json_object_set_new(w, "steps", steps);
    return w;
}

static json_t *coll_json(struct ln_call *c, const struct ln_def_coll *d)
{
    static const char *const keep[] = { "name",    "label",  "workflow", "list",   "filters",
                                        "sort",    "title",  "log",      "number", "own",
                                        "search",  "unmask", "audience", "menu",   "fresh_days",
                                        "similar", "guest",  "version",  NULL };
    json_t *o = json_object();
    json_t *none = json_pack("{s:{}}", "f");

    for (const char *const *k = keep; *k != NULL; k++)
        if (json_object_get(d->json, *k) != NULL)
            json_object_set(o, *k, json_object_get(d->json, *k));
    json_object_set_new(o, "fields", own_fields(c, d));
    if (json_object_get(o, "workflow") != NULL)
        json_object_set_new(o, "workflow", own_workflow(c, json_object_get(o, "workflow")));
    for (const char *const *w = d->create; w != NULL && *w != NULL; w++)
        if (strncmp(*w, "resident", 8) == 0) /* what residents add, others may add for them */
            json_object_set_new(o, "behalf", json_true());
    /* Rights over an imagined record of the caller's own: whether such buttons make sense at all.
     */
    json_object_set_new(json_object_get(none, "f"), "author", json_string(c->user.account));
    json_object_set_new(o, "can",
                        json_pack("{s:b,s:b,s:b}", "create", (int)ln_engine_may_create(d, &c->user),
                                  "update", (int)ln_engine_may_change(d, &c->user, none), "delete",
                                  (int)ln_engine_may_delete(d, &c->user, none)));
    json_decref(none);
    return o;
}

/* Enough for a menu and a first screen: what there is, how it is called, whether one may add. */
static json_t *brief_json(struct ln_call *c, const struct ln_def_coll *d)
{
    static const char *const keep[] = { "name", "label", "menu", "log", NULL };
    json_t *o = json_pack("{s:[],s:{s:b}}", "fields", "can", "create",
                          (int)ln_engine_may_create(d, &c->user));

    for (const char *const *k = keep; *k != NULL; k++)
        if (json_object_get(d->json, *k) != NULL)
            json_object_set(o, *k, json_object_get(d->json, *k));
    if (json_object_get(d->json, "list") != NULL)
        json_object_set_new(o, "list", json_array());
    return o;
}

/* The code sets that these collections name, whichever module holds them. */
static void add_codes(json_t *to, const struct ln_def *def, const json_t *v)
{
    const char *key;
    size_t i;
    json_t *x;

    json_array_foreach(v, i, x)
    {
        add_codes(to, def, x);
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, x)
    {
        bool names = strcmp(key, "codes") == 0 || strcmp(key, "keys") == 0;
        const char *set = names ? json_string_value(x) : NULL;
        for (size_t m = 0; set != NULL && m < def->n_modules; m++) {
            json_t *found = json_object_get(json_object_get(def->modules[m].json, "codes"), set);
            if (found != NULL)
                json_object_set(to, set, found);
        }
        add_codes(to, def, x);
    }
}

/* A copy whose labels {zh, en} hold one language alone. */
static json_t *in_language(const json_t *v, const char *other)
{
    json_t *out = json_is_array(v) ? json_array() : json_object();
    bool label = json_object_get(v, "zh") != NULL && json_object_get(v, "en") != NULL;
    const char *key;
    size_t i;
    json_t *x;

    json_array_foreach(v, i, x)
    {
        bool leaf = !json_is_array(x) && !json_is_object(x);
        json_array_append_new(out, leaf ? json_incref(x) : in_language(x, other));
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, x)
    {
        bool leaf = !json_is_array(x) && !json_is_object(x);
        if (!label || strcmp(key, other) != 0)
            json_object_set_new(out, key, leaf ? json_incref(x) : in_language(x, other));
    }
    return out;
}

/* Whether something of a module is still open to this caller: then it stays in sight. */
static bool has_open(struct ln_call *c, const char *module)
{
    for (size_t i = 0; i < c->n->def->n_colls; i++) {
        const struct ln_def_coll *d = &c->n->def->colls[i];
        char states[512] = "";
        struct ln_where any[4];
        struct ln_where where[] = { { "state", LN_WHERE_IS, states } };
        struct ln_list l = { .coll = d->coll, .where = where, .n = 1, .any = any, .limit = 1 };
        json_t *rows = json_array();
        struct ln_err why = { 0 };
        size_t at = 0;
        for (size_t k = 0; k < d->n_states; k++)
            if (!ln_def_has(d->coll->final_states, d->states[k].name) && at < sizeof states)
                at += (size_t)snprintf(states + at, sizeof states - at, "%s%s", at > 0 ? "," : "",
                                       d->states[k].name);
        bool open = strcmp(d->module, module) == 0 && states[0] != '\0' &&
                    ln_engine_may_list(d, &c->user, any, &l.n_any) &&
                    ln_query_list(rows, NULL, c->r->store, &l, &why) && json_array_size(rows) > 0;
        json_decref(rows);
        if (open)
            return true;
    }
    return false;
}

/* What the community decided about the module (MODULES R11). */
static bool apply_setting(struct ln_call *c, json_t *o, struct ln_err *err)
{
    const char *name = json_string_value(json_object_get(o, "module"));
    struct ln_setting s;
    char today[11];
    size_t i;
    json_t *coll;

    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    if (!ln_setting_of(&s, c->r->store, c->n->def, c->n->config.region, name, today, err))
        return false;
    if (s.label[0] != '\0')
        json_object_set_new(o, "label", json_pack("{s:s,s:s}", "zh", s.label, "en", s.label));
    if (s.has_rank)
        json_object_set_new(o, "rank", json_integer(s.rank));
    if (s.on)
        return true;
    json_object_set_new(o, "off_since", json_string(s.since));
    json_object_set_new(o, "enabled", json_boolean(has_open(c, name)));
    json_array_foreach(json_object_get(o, "collections"), i, coll)
        json_object_set_new(json_object_get(coll, "can"), "create", json_false());
    return true;
}

bool ln_api_schema_get(struct ln_call *c, struct ln_err *err)
{
    json_t *modules = json_array();
    const struct ln_def *def = c->n->def;
    bool brief = ln_http_query(c->q, "brief") != NULL;

    for (size_t m = 0; m < def->n_modules; m++) {
        const struct ln_def_module *x = &def->modules[m];
        json_t *colls = json_array();
        for (size_t i = 0; i < def->n_colls; i++) {
            struct ln_where any[4];
            size_t n;
            if (strcmp(def->colls[i].module, x->name) == 0 &&
                (ln_engine_may_list(&def->colls[i], &c->user, any, &n) ||
                 ln_engine_may_create(&def->colls[i], &c->user)))
                json_array_append_new(colls, brief ? brief_json(c, &def->colls[i])
                                                   : coll_json(c, &def->colls[i]));
        }
        json_t *o = json_pack("{s:s,s:i,s:b,s:o}", "module", x->name, "rank", x->rank, "enabled", 1,
                              "collections", colls);
        json_object_set(o, "label", json_object_get(x->json, "label"));
        json_t *codes = json_object();
        add_codes(codes, def, colls);
        json_object_set_new(o, "codes", codes);
        json_array_append_new(modules, o);
        if (!apply_setting(c, o, err)) {
            json_decref(modules);
            return false;
        }
    }
    json_t *all = json_pack("{s:o}", "modules", modules);
    const char *lang = ln_http_query(c->q, "lang");
    if (lang != NULL && (strcmp(lang, "zh") == 0 || strcmp(lang, "en") == 0)) {
        json_t *one = in_language(all, strcmp(lang, "zh") == 0 ? "en" : "zh");
        json_decref(all);
        all = one;
    }
    c->out->zip = true;
    return ln_web_json(c, 200, all);
}
