/* Checks of first screens: see screen.h. */
#include "node/module/screen.h"

#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool wrong(const struct ln_def_screen *s, struct ln_err *err, const char *what,
                  const char *name)
{
    return ln_fail(err, LN_INVALID, "%s: screens: rank %d: %s \"%s\"", s->module, s->rank, what,
                   name != NULL ? name : "");
}

bool ln_screen_time(int64_t *out, bool *days, const char *value)
{
    const char *at;
    char *end;

    *days = strncmp(value, "@today", 6) == 0;
    if (!*days && strncmp(value, "@now", 4) != 0)
        return false;
    at = value + (*days ? 6 : 4);
    *out = 0;
    if (*at == '\0')
        return true;
    if (*at != '+' && *at != '-')
        return false;
    long n = strtol(at, &end, 10);
    if (end == at + 1 || n > 100000 || n < -100000)
        return false;
    *out = *days ? n : n * (*end == 'd' ? 86400000LL : 3600000LL);
    return *days ? *end == '\0' : (*end == 'd' || *end == 'h') && end[1] == '\0';
}

bool ln_screen_token(const char *value)
{
    static const char *const WORDS[] = { "@me", "@person", "@homes", "@mine", NULL };
    int64_t at;
    bool days;

    return ln_def_has(WORDS, value) || ln_screen_time(&at, &days, value);
}

static bool both(const struct ln_def_screen *s, const json_t *o, const char *key, bool must,
                 struct ln_err *err)
{
    const json_t *l = json_object_get(o, key);

    if (l == NULL && !must)
        return true;
    return (text(l, "zh") != NULL && text(l, "en") != NULL) ||
           wrong(s, err, "not in both languages:", key);
}

static bool known(const struct ln_def_screen *s, const json_t *o, const char *const *keys,
                  struct ln_err *err)
{
    const char *key;
    json_t *v;

    if (!json_is_object(o))
        return wrong(s, err, "no object", "");
    json_object_foreach((json_t *)(uintptr_t)o, key, v)
    {
        if (!ln_def_has(keys, key))
            return wrong(s, err, "unknown key", key);
    }
    return true;
}

static bool is_field(const struct ln_def_coll *c, const char *name, size_t len)
{
    static const char *const ALSO[] = { "state", "region", "created", "id", NULL };
    char word[64];

    if (len >= sizeof word)
        return false;
    memcpy(word, name, len);
    word[len] = '\0';
    return ln_def_field(c, word) != NULL || ln_def_has(ALSO, word);
}

/* What is counted or listed: collection, where, open, own, sort, by, show. */
static bool check_what(const struct ln_def *d, const struct ln_def_screen *s, const json_t *o,
                       struct ln_err *err)
{
    static const char *const OPS[] = { ".gte", ".lte", ".stale", NULL };
    const char *name = text(o, "collection");
    const struct ln_def_coll *c = name != NULL ? ln_def_find(d, name) : NULL;
    const json_t *where = json_object_get(o, "where");
    const char *sort = text(o, "sort");
    const char *by = text(o, "by");
    const char *key;
    json_t *v;
    size_t i;

    if (c == NULL)
        return wrong(s, err, "unknown collection", name);
    json_object_foreach((json_t *)(uintptr_t)where, key, v)
    {
        const char *dot = strrchr(key, '.');
        const char *value = json_string_value(v);
        if (!is_field(c, key, dot != NULL ? (size_t)(dot - key) : strlen(key)) ||
            (dot != NULL && !ln_def_has(OPS, dot)))
            return wrong(s, err, "unknown field in where", key);
        if (value == NULL || (value[0] == '@' && !ln_screen_token(value)))
            return wrong(
                s, err, "a value is a text, or @me @person @homes @mine @now-7d @today+30:", value);
    }
    if (sort != NULL && !is_field(c, sort + (sort[0] == '-'), strlen(sort + (sort[0] == '-'))))
        return wrong(s, err, "unknown field in sort", sort);
    if (by != NULL && !is_field(c, by, strlen(by)))
        return wrong(s, err, "unknown field in by", by);
    json_array_foreach(json_object_get(o, "show"), i, v)
    {
        const char *field = json_string_value(v);
        if (field == NULL || ln_def_field(c, field) == NULL)
            return wrong(s, err, "unknown field in show", field);
    }
    if (json_object_get(o, "overdue") != NULL &&
        (ln_def_field(c, "due") == NULL || c->running == NULL))
        return wrong(s, err, "overdue without due", name);
    return (json_object_get(o, "open") == NULL || c->n_states > 0) ||
           wrong(s, err, "open without a workflow", name);
}

static bool check_tile(const struct ln_def *d, const struct ln_def_screen *s, const json_t *o,
                       struct ln_err *err)
{
    static const char *const KEYS[] = { "key", "label",      "hint",  "icon",
                                        "to",  "collection", "needs", NULL };
    static const char *const NEEDS[] = { "create", "read", NULL };
    const char *to = text(o, "to");
    const char *coll = text(o, "collection");
    const char *needs = text(o, "needs");

    if (!known(s, o, KEYS, err) || !both(s, o, "label", true, err) ||
        !both(s, o, "hint", false, err))
        return false;
    if (to == NULL || to[0] != '/' || to[1] == '/')
        return wrong(s, err, "a tile leads to a path of ours, not", to);
    if (coll != NULL && ln_def_find(d, coll) == NULL)
        return wrong(s, err, "unknown collection", coll);
    return needs == NULL || (coll != NULL && ln_def_has(NEEDS, needs)) ||
           wrong(s, err, "needs is create or read, of a collection", needs);
}

static bool check_figure(const struct ln_def *d, const struct ln_def_screen *s, const json_t *o,
                         struct ln_err *err)
{
    static const char *const KEYS[] = { "label", "collection", "where",   "open", "own",
                                        "days",  "tone",       "overdue", NULL };
    static const char *const TONES[] = { "bad", "good", NULL };
    const char *tone = text(o, "tone");

    return known(s, o, KEYS, err) && both(s, o, "label", true, err) && check_what(d, s, o, err) &&
           (tone == NULL || ln_def_has(TONES, tone) ||
            wrong(s, err, "tone is bad or good, not", tone));
}

static bool each(const struct ln_def *d, const struct ln_def_screen *s, const char *key,
                 bool (*one)(const struct ln_def *, const struct ln_def_screen *, const json_t *,
                             struct ln_err *),
                 struct ln_err *err)
{
    const json_t *list = json_object_get(s->json, key);
    size_t i;
    json_t *o;

    if (json_array_size(list) == 0)
        return wrong(s, err, "nothing in", key);
    json_array_foreach(list, i, o)
    {
        if (!one(d, s, o, err))
            return false;
    }
    return true;
}

static bool is_statistic(const struct ln_def *d, const char *code)
{
    size_t i;
    json_t *o;

    for (size_t m = 0; code != NULL && m < d->n_modules; m++)
        json_array_foreach(json_object_get(d->modules[m].json, "statistics"), i, o)
        {
            if (strcmp(text(o, "code") != NULL ? text(o, "code") : "", code) == 0)
                return true;
        }
    return false;
}

bool ln_screen_check(const struct ln_def *d, const struct ln_def_screen *s, struct ln_err *err)
{
    static const char *const KEYS[] = { "for",  "rank",  "kind",    "slot",       "title",
                                        "hint", "empty", "more",    "collection", "where",
                                        "open", "own",   "sort",    "by",         "limit",
                                        "show", "tiles", "figures", "statistic",  "overdue",
                                        NULL };
    static const char *const PLAIN[] = { "stale",  "queues", "calendar", "conflicts", "nodes",
                                         "search", "chart",  "alarms",   NULL };
    static const char *const LISTS[] = { "list", "urgent", NULL };
    static const char *const TILES[] = { "tiles", "actions", NULL };
    const char *kind = s->kind != NULL ? s->kind : "";

    if (!known(s, s->json, KEYS, err))
        return false;
    if (s->roles == NULL || s->roles[0] == NULL)
        return wrong(s, err, "for no role", kind);
    if (!both(s, s->json, "title", strcmp(kind, "list") == 0, err) ||
        !both(s, s->json, "hint", false, err) || !both(s, s->json, "empty", false, err))
        return false;
    if (ln_def_has(LISTS, kind))
        return check_what(d, s, s->json, err);
    if (ln_def_has(TILES, kind))
        return each(d, s, "tiles", check_tile, err);
    if (strcmp(kind, "figures") == 0)
        return each(d, s, "figures", check_figure, err);
    if (strcmp(kind, "chart") == 0 && !is_statistic(d, text(s->json, "statistic")))
        return wrong(s, err, "a chart of an unknown statistic", text(s->json, "statistic"));
    return ln_def_has(PLAIN, kind) || wrong(s, err, "unknown kind", kind);
}
