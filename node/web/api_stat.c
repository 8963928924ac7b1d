/* Statistics: counted live on a community's own records, summed from what the communities gave
 * above. */
#include <stdio.h>
#include <string.h>

#include "node/stat.h"
#include "node/web/routes.h"

#define PAGES 64 /* of LN_QUERY_LIMIT rows: more regions than a district or city has */

struct gathering {
    struct ln_call *c;
    const struct ln_def_coll *from; /* NULL: live */
    const char *region;             /* "" all */
    json_t *regions;                /* {"<region>": as_of} */
};

static bool may_see(const struct ln_call *c)
{
    struct ln_where any[4];
    size_t n;
    const struct ln_def_coll *d = ln_def_find(c->n->def, "stat_open");

    return d != NULL && ln_engine_may_list(d, &c->user, any, &n);
}

static void take_row(struct gathering *g, json_t *cells, const json_t *row)
{
    const char *region = ln_web_text(row, "region");
    const json_t *f = json_object_get(row, "f");
    json_t *as_of = json_object_get(f, "as_of");

    if (json_integer_value(as_of) > json_integer_value(json_object_get(g->regions, region)))
        json_object_set(g->regions, region, as_of);
    if (g->region[0] == '\0' || strcmp(g->region, region) == 0)
        ln_stat_add(cells, json_object_get(f, "cells"));
}

static bool sum_up(json_t **cells, struct gathering *g, const char *code, struct ln_err *err)
{
    const struct ln_where where[] = { { "code", LN_WHERE_IS, code } };
    struct ln_list l = { .coll = g->from->coll, .n = 1, .where = where, .limit = LN_QUERY_LIMIT };
    size_t got = LN_QUERY_LIMIT;

    *cells = json_array();
    for (int page = 0; page < PAGES && got == LN_QUERY_LIMIT; page++) {
        json_t *rows = json_array();
        int64_t total;
        bool ok = ln_query_list(rows, &total, g->c->r->store, &l, err);
        got = json_array_size(rows);
        for (size_t i = 0; ok && i < got; i++)
            take_row(g, *cells, json_array_get(rows, i));
        json_decref(rows);
        if (!ok) {
            json_decref(*cells);
            return false;
        }
        l.offset += LN_QUERY_LIMIT;
    }
    return true;
}

/* Labels of codes and states: who reads the numbers need not know the collection. */
static json_t *values_of(const struct ln_def_coll *d, const struct ln_def_field *f)
{
    json_t *out = json_object();

    for (size_t i = 0; f != NULL && f->codes != NULL && i < f->codes->n; i++)
        json_object_set_new(out, f->codes->list[i].code,
                            json_pack("{s:s,s:s}", "zh", f->codes->list[i].label.zh, "en",
                                      f->codes->list[i].label.en));
    for (size_t i = 0; f == NULL && i < d->n_states; i++)
        json_object_set_new(
            out, d->states[i].name,
            json_pack("{s:s,s:s}", "zh", d->states[i].label.zh, "en", d->states[i].label.en));
    return out;
}

static json_t *dim_of(const struct ln_def_coll *d, const char *name)
{
    static const struct ln_def_label own[] = { { "状态", "State" }, { "年龄", "Age" } };
    const struct ln_def_field *f = ln_def_field(d, name);
    bool age = strncmp(name, "age5:", 5) == 0;
    const struct ln_def_label *label = f != NULL ? &f->label : &own[age];
    const char *type = f != NULL && f->type == LN_TYPE_BOOL ? "bool" : "text";

    return json_pack("{s:s,s:s,s:{s:s,s:s},s:o}", "name", age ? "age5" : name, "type", type,
                     "label", "zh", label->zh, "en", label->en, "values",
                     age ? json_object() : values_of(d, f));
}

static json_t *dims_of(const struct ln_def_coll *d, const json_t *stat)
{
    const json_t *dims = json_object_get(stat, "dims");
    json_t *out = json_array();

    for (size_t i = 0; d != NULL && i < json_array_size(dims); i++)
        json_array_append_new(out, dim_of(d, json_string_value(json_array_get(dims, i))));
    return out;
}

static bool add_stat(json_t *items, struct gathering *g, const struct ln_def_module *m,
                     const json_t *stat, struct ln_err *err)
{
    const char *code = ln_web_text(stat, "code");
    const char *coll = ln_web_text(stat, "collection");
    json_t *cells;

    if (g->from != NULL
            ? !sum_up(&cells, g, code, err)
            : !ln_stat_count(&cells, g->c->n, g->c->r->store, stat, g->c->n->config.region, err))
        return false;
    json_t *o = json_pack("{s:s,s:s,s:s,s:O,s:o,s:o}", "code", code, "module", m->name,
                          "collection", coll, "label", json_object_get(stat, "label"), "dims",
                          dims_of(ln_def_find(g->c->n->def, coll), stat), "cells", cells);
    json_array_append_new(items, o);
    return true;
}

static json_t *regions_of(const json_t *by_region)
{
    json_t *out = json_array();
    const char *region;
    json_t *as_of;

    json_object_foreach((json_t *)(uintptr_t)by_region, region, as_of)
    {
        struct ln_buf name = ln_buf_new(256);
        ln_node_region(&name, region);
        json_array_append_new(
            out, json_pack("{s:s,s:s,s:O}", "region", region, "name", name.data, "as_of", as_of));
        ln_buf_free(&name);
    }
    return out;
}

bool ln_api_stat_list(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def *def = c->n->def;
    const char *region = ln_http_query(c->q, "region");
    struct gathering g = { .c = c, .region = region != NULL ? region : "" };
    json_t *items = json_array();
    bool ok = may_see(c) || ln_fail(err, LN_DENIED, "your role may not read statistics");

    if (strcmp(c->n->config.role, "province") == 0)
        g.from = ln_def_find(def, "stat_open");
    else if (strcmp(c->n->config.role, "community") != 0)
        g.from = ln_def_find(def, "stat_value");
    g.regions = json_object();
    for (size_t m = 0; ok && m < def->n_modules; m++) {
        const json_t *list = json_object_get(def->modules[m].json, "statistics");
        for (size_t i = 0; ok && i < json_array_size(list); i++)
            ok = add_stat(items, &g, &def->modules[m], json_array_get(list, i), err);
    }
    ok = ok && ln_web_json(c, 200,
                           json_pack("{s:O,s:o,s:i,s:b}", "items", items, "regions",
                                     regions_of(g.regions), "min", LN_STAT_MIN, "live",
                                     (int)(g.from == NULL)));
    json_decref(items);
    json_decref(g.regions);
    return ok;
}
