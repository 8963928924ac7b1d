/* Acting for another (代办): who may, by office or by a confirmed delegation. */
#include <string.h>

#include "node/module/engine.h"

#define DELEGATIONS_MAX 50 /* that one agent holds at a time */

bool ln_engine_staff(const struct ln_user *u)
{
    static const char *const roles[] = { "worker", "committee", "party", "centre", "property" };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (ln_engine_has_role(u, roles[i]))
            return true;
    return false;
}

static const char *text(const json_t *f, const char *name)
{
    const char *s = json_string_value(json_object_get(f, name));

    return s != NULL ? s : "";
}

bool ln_engine_principals(json_t *out, struct ln_sqlstore *s, const struct ln_def *def,
                          const struct ln_user *u, const char *today, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(def, "delegation");
    const struct ln_where where[] = { { "agent", LN_WHERE_IS, u->person },
                                      { "state", LN_WHERE_IS, "confirmed" } };
    struct ln_list l = { .where = where, .n = 2, .limit = DELEGATIONS_MAX };
    json_t *rows = json_array();
    size_t i;
    json_t *row;
    bool ok = true;

    if (d != NULL && u->person[0] != '\0') {
        l.coll = d->coll;
        ok = ln_query_list(rows, NULL, s, &l, err);
    }
    json_array_foreach(rows, i, row)
    {
        const json_t *f = json_object_get(row, "f");
        const char *ends = text(f, "ends");
        if (strcmp(text(f, "starts"), today) <= 0 && (ends[0] == '\0' || strcmp(today, ends) <= 0))
            json_array_append_new(out, json_pack("{s:s,s:O}", "person", text(f, "principal"),
                                                 "scope", json_object_get(f, "scope")));
    }
    json_decref(rows);
    return ok;
}

bool ln_engine_stands_for(bool *may, struct ln_sqlstore *s, const struct ln_def *def,
                          const struct ln_user *u, const char *person, const char *module,
                          const char *today, struct ln_err *err)
{
    json_t *list = json_array();
    size_t i;
    json_t *one;
    bool ok = true;

    *may = u->system || ln_engine_staff(u) || (person[0] != '\0' && strcmp(person, u->person) == 0);
    if (!*may)
        ok = ln_engine_principals(list, s, def, u, today, err);
    json_array_foreach(list, i, one)
    {
        size_t k;
        json_t *scope;
        if (strcmp(text(one, "person"), person) != 0)
            continue;
        json_array_foreach(json_object_get(one, "scope"), k, scope)
        {
            const char *word = json_string_value(scope);
            *may =
                *may || (word != NULL && (strcmp(word, "all") == 0 || strcmp(word, module) == 0));
        }
    }
    json_decref(list);
    return ok;
}
