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

/* What a dimension is called: "month:created" by its first word, a field by the field. */
static json_t *dim_of(const struct ln_def_coll *d, const char *name)
{
    static const struct {
        const char *word, *type;
        struct ln_def_label label;
    } KINDS[] = {
        { "state", "text", { "状态", "State" } },
        { "age5:", "text", { "年龄", "Age" } },
        { "week:", "text", { "周", "Week of" } },
        { "month:", "text", { "月份", "Month" } },
        { "day:", "text", { "日期", "Day" } },
        { "has:", "bool", { "有", "Present" } },
        { "fresh:checked", "bool", { "已按期核实", "Fresh" } },
        { "fresh:", "bool", { "在期限内", "Within the term" } },
        { "past:", "bool", { "超期", "Overdue" } },
        { "met:", "bool", { "已按期", "In time" } },
        { "hours:", "hours", { "小时", "Hours" } },
        { "field", "text", { "项目", "Field" } },
        { "queue", "text", { "队列", "Queue" } },
        { "part:", "bool", { "其中", "Part of it" } },
        { "id", "text", { "内容", "Item" } },
    };
    const struct ln_def_field *f = ln_def_field(d, name);
    const struct ln_def_label *label = f != NULL ? &f->label : &KINDS[0].label;
    const char *type = f != NULL && f->type == LN_TYPE_BOOL ? "bool" : "text";
    size_t kind = 0;
    char shown[32];

    for (size_t i = 0; f == NULL && i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(name, KINDS[i].word, strlen(KINDS[i].word)) == 0) {
            kind = i;
            label = &KINDS[i].label;
            type = KINDS[i].type;
        }
    (void)snprintf(shown, sizeof shown, "%.*s", (int)strcspn(name, ":"), name);
    return json_pack("{s:s,s:s,s:{s:s,s:s},s:o}", "name", f != NULL ? name : shown, "type", type,
                     "label", "zh", label->zh, "en", label->en, "values",
                     f == NULL && kind > 0 ? json_object() : values_of(d, f));
}

static bool is_kind(const json_t *stat, const char *kind)
{
    return strcmp(ln_web_text(stat, "kind"), kind) == 0;
}

/* Sums of money say so: `unit` is "fen". */
static void add_unit(json_t *o, const struct ln_def_coll *d, const json_t *stat)
{
    const struct ln_def_field *f = d != NULL ? ln_def_field(d, ln_web_text(stat, "sum")) : NULL;

    if (f != NULL && f->type == LN_TYPE_FEN)
        json_object_set_new(o, "unit", json_string("fen"));
}

static json_t *dims_of(const struct ln_def_coll *d, const json_t *stat)
{
    const json_t *dims = json_object_get(stat, "dims");
    json_t *out = json_array();

    if (d != NULL && strcmp(ln_web_text(stat, "period"), "month") == 0)
        json_array_append_new(out, dim_of(d, "month:created"));
    if (d != NULL && is_kind(stat, "queues")) {
        json_t *queue = dim_of(d, "queue");
        json_object_set_new(queue, "values", ln_api_home_queue_names());
        json_array_append_new(out, queue);
    }
    if (d != NULL && strcmp(ln_web_text(stat, "period"), "week") == 0)
        json_array_append_new(out, dim_of(d, "week:created"));
    if (d != NULL && is_kind(stat, "readers"))
        json_array_append_new(out, dim_of(d, "id"));
    if (d != NULL && is_kind(stat, "complete")) {
        json_array_append_new(out, dim_of(d, "field"));
        json_array_append_new(out, dim_of(d, "has:"));
    }
    for (size_t i = 0; d != NULL && i < json_array_size(dims); i++)
        json_array_append_new(out, dim_of(d, json_string_value(json_array_get(dims, i))));
    return out;
}

/* Ids as titles, names of fields as their labels: for people. */
static void name_cells(struct ln_call *c, const struct ln_def_coll *d, const json_t *stat,
                       json_t *cells)
{
    size_t i;
    json_t *cell;

    json_array_foreach(cells, i, cell)
    {
        const char *word = json_string_value(json_array_get(cell, 0));
        const struct ln_def_field *f = word != NULL ? ln_def_field(d, word) : NULL;
        struct ln_err why = { 0 };
        struct ln_id id;
        json_t *row = NULL;
        if (is_kind(stat, "complete") && f != NULL)
            json_array_set_new(cell, 0, json_string(c->q->zh ? f->label.zh : f->label.en));
        if (!is_kind(stat, "readers") || word == NULL || !ln_clock_id_read(&id, ln_span_of(word)) ||
            !ln_query_record(&row, c->r->store, &id, &why) || row == NULL)
            continue;
        json_array_set_new(cell, 0,
                           json_string(ln_web_text(json_object_get(row, "f"), d->title[0])));
        json_decref(row);
    }
}

static bool add_stat(json_t *items, struct gathering *g, const struct ln_def_module *m,
                     const json_t *stat, struct ln_err *err)
{
    const char *code = ln_web_text(stat, "code");
    const char *coll = ln_web_text(stat, "collection");
    const struct ln_def_coll *d = ln_def_find(g->c->n->def, coll);
    json_t *cells;

    if (g->from != NULL
            ? !sum_up(&cells, g, code, err)
            : !ln_stat_count(&cells, g->c->n, g->c->r->store, stat, g->c->n->config.region, err))
        return false;
    if (d != NULL)
        name_cells(g->c, d, stat, cells);
    json_t *dims = dims_of(d, stat);
    json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:O,s:O,s:O}", "code", code, "module", m->name, "kind",
                          ln_web_text(stat, "kind"), "collection", coll, "label",
                          json_object_get(stat, "label"), "dims", dims, "cells", cells);
    add_unit(o, d, stat);
    const json_t *last = json_array_get(dims, json_array_size(dims) - 1);
    if (is_kind(stat, "share") || is_kind(stat, "complete"))
        json_object_set_new(o, "shares", ln_stat_shares(cells));
    if (is_kind(stat, "histogram"))
        json_object_set_new(
            o, "medians", ln_stat_medians(cells, strcmp(ln_web_text(last, "type"), "hours") == 0));
    json_decref(dims);
    json_decref(cells);
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

/* ---- one statistic, region by region: what a table of communities or districts shows */

static const json_t *find_stat(const struct ln_def_module **of, const struct ln_def *def,
                               const char *code)
{
    size_t i;
    json_t *stat;

    for (size_t m = 0; m < def->n_modules; m++)
        json_array_foreach(json_object_get(def->modules[m].json, "statistics"), i, stat)
        {
            if (strcmp(ln_web_text(stat, "code"), code) == 0) {
                *of = &def->modules[m];
                return stat;
            }
        }
    return NULL;
}

/* The cells of every region that is counted here, by the first `digits` of its code. */
static bool by_region(json_t *out, struct gathering *g, const char *code, size_t digits,
                      struct ln_err *err)
{
    const struct ln_where where[] = { { "code", LN_WHERE_IS, code } };
    struct ln_list l = { .coll = g->from->coll, .n = 1, .where = where, .limit = LN_QUERY_LIMIT };
    size_t got = LN_QUERY_LIMIT;

    for (int page = 0; page < PAGES && got == LN_QUERY_LIMIT; page++) {
        json_t *rows = json_array();
        int64_t total;
        size_t i;
        json_t *row;
        if (!ln_query_list(rows, &total, g->c->r->store, &l, err)) {
            json_decref(rows);
            return false;
        }
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            const json_t *f = json_object_get(row, "f");
            char region[LN_REGION_LEN + 1];
            (void)snprintf(region, sizeof region, "%.*s%s", (int)digits, ln_web_text(row, "region"),
                           &"000000000000"[digits]);
            json_t *o = json_object_get(out, region);
            if (o == NULL) {
                o = json_pack("{s:[],s:I}", "cells", "as_of",
                              json_integer_value(json_object_get(f, "as_of")));
                json_object_set_new(out, region, o);
            }
            ln_stat_add(json_object_get(o, "cells"), json_object_get(f, "cells"));
            if (json_integer_value(json_object_get(f, "as_of")) <
                json_integer_value(json_object_get(o, "as_of")))
                json_object_set(o, "as_of", json_object_get(f, "as_of")); /* as old as its oldest */
        }
        json_decref(rows);
        l.offset += LN_QUERY_LIMIT;
    }
    return true;
}

static json_t *region_rows(const json_t *by, const json_t *stat)
{
    json_t *out = json_array();
    const char *region;
    json_t *o;

    json_object_foreach((json_t *)(uintptr_t)by, region, o)
    {
        struct ln_buf name = ln_buf_new(256);
        ln_node_region(&name, region);
        json_object_set_new(o, "region", json_string(region));
        json_object_set_new(o, "name", json_string(name.data));
        if (is_kind(stat, "share") || is_kind(stat, "complete"))
            json_object_set_new(o, "shares", ln_stat_shares(json_object_get(o, "cells")));
        json_array_append(out, o);
        ln_buf_free(&name);
    }
    return out;
}

bool ln_api_stat_regions(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_module *m = NULL;
    const char *code = c->q->arg[0];
    const json_t *stat = find_stat(&m, c->n->def, code);
    const char *by = ln_http_query(c->q, "by");
    size_t digits = by != NULL && strcmp(by, "district") == 0 ? 6 : LN_REGION_LEN;
    struct gathering g = { .c = c };
    json_t *out = json_object();
    json_t *cells = NULL;
    bool ok;

    if (strcmp(c->n->config.role, "province") == 0)
        g.from = ln_def_find(c->n->def, "stat_open");
    else if (strcmp(c->n->config.role, "community") != 0)
        g.from = ln_def_find(c->n->def, "stat_value");
    ok = may_see(c) || ln_fail(err, LN_DENIED, "your role may not read statistics");
    if (ok && (stat == NULL || m == NULL))
        ok = ln_fail(err, LN_MISSING, "no statistic %.60s", code);
    if (ok && g.from != NULL)
        ok = by_region(out, &g, code, digits, err);
    if (ok && g.from == NULL) {
        ok = ln_stat_count(&cells, c->n, c->r->store, stat, c->n->config.region, err);
        if (ok)
            json_object_set_new(out, c->n->config.region,
                                json_pack("{s:o,s:I}", "cells", cells, "as_of",
                                          (json_int_t)c->n->env.now_ms(c->n->env.ctx)));
    }
    if (ok && m != NULL) {
        const struct ln_def_coll *d = ln_def_find(c->n->def, ln_web_text(stat, "collection"));
        json_t *o = json_pack("{s:s,s:s,s:O,s:o,s:o,s:b}", "code", code, "module", m->name, "label",
                              json_object_get(stat, "label"), "dims", dims_of(d, stat), "regions",
                              region_rows(out, stat), "live", (int)(g.from == NULL));
        add_unit(o, d, stat);
        ok = ln_web_json(c, 200, o);
    }
    json_decref(out);
    return ok;
}
