/* Modules switched on, off and renamed: see setting.h. */
#include "node/module/setting.h"

#include <stdio.h>
#include <string.h>

static const char *text(const json_t *row, const char *name)
{
    const char *t = json_string_value(json_object_get(json_object_get(row, "f"), name));

    return t != NULL ? t : "";
}

static bool in_force(const json_t *row, const char *today)
{
    const char *starts = text(row, "starts");
    const char *ends = text(row, "ends");

    return (starts[0] == '\0' || strcmp(starts, today) <= 0) &&
           (ends[0] == '\0' || strcmp(ends, today) >= 0);
}

static void take(struct ln_setting *out, const json_t *row)
{
    const json_t *rank = json_object_get(json_object_get(row, "f"), "rank");

    out->on = !json_is_false(json_object_get(json_object_get(row, "f"), "enabled"));
    out->has_rank = json_is_integer(rank);
    out->rank = json_integer_value(rank);
    (void)snprintf(out->label, sizeof out->label, "%s", text(row, "label"));
    if (!out->on)
        (void)snprintf(out->since, sizeof out->since, "%s", text(row, "starts"));
}

bool ln_setting_of(struct ln_setting *out, struct ln_sqlstore *s, const struct ln_def *def,
                   const char *region, const char *module, const char *today, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(def, "module_setting");
    struct ln_where where[] = { { "module", LN_WHERE_IS, module },
                                { "region", LN_WHERE_IS, region } };
    struct ln_list l = { .where = where, .n = 2, .limit = LN_QUERY_LIMIT, .descending = true };
    json_t *rows = json_array();
    bool ok = true;

    *out = (struct ln_setting){ .on = true };
    if (c != NULL) {
        l.coll = c->coll;
        ok = ln_query_list(rows, NULL, s, &l, err);
    }
    for (size_t i = 0; ok && i < json_array_size(rows); i++)
        if (in_force(json_array_get(rows, i), today)) {
            take(out, json_array_get(rows, i));
            break;
        }
    json_decref(rows);
    return ok;
}
