/* Statistics: see stat.h. */
#include "node/stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"

/* ---- counting */

static void title_of(char out[128], const struct ln_node *n, const json_t *row)
{
    const char *coll = json_string_value(json_object_get(row, "collection"));
    const struct ln_def_coll *d = coll != NULL ? ln_def_find(n->def, coll) : NULL;
    size_t at = 0;

    out[0] = '\0';
    for (const char *const *t = d != NULL ? d->title : NULL; t != NULL && *t != NULL; t++) {
        const char *text = json_string_value(json_object_get(json_object_get(row, "f"), *t));
        if (text != NULL && at < 100)
            at += (size_t)snprintf(out + at, 128 - at, "%s%.60s", at > 0 ? " " : "", text);
    }
}

/* Above, nobody may hold the record that an id names: the title says it. */
static void name_refs(const struct ln_node *n, struct ln_sqlstore *s, json_t *cells, size_t dim)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        json_t *cell = json_array_get(cells, i);
        const char *text = json_string_value(json_array_get(cell, dim));
        json_t *row = NULL;
        struct ln_err why = { 0 };
        struct ln_id id;
        char title[128];
        if (text == NULL || !ln_clock_id_read(&id, ln_span_of(text)) ||
            !ln_query_record(&row, s, &id, &why) || row == NULL)
            continue;
        title_of(title, n, row);
        json_array_set_new(cell, dim, json_string(title));
        json_decref(row);
    }
}

bool ln_stat_count(json_t **cells, const struct ln_node *n, struct ln_sqlstore *s,
                   const json_t *stat, const char *region, struct ln_err *err)
{
    const char *name = json_string_value(json_object_get(stat, "collection"));
    const struct ln_def_coll *d = name != NULL ? ln_def_find(n->def, name) : NULL;
    const json_t *dims = json_object_get(stat, "dims");
    const char *words[LN_QUERY_DIMS];
    struct ln_where where[8];
    struct ln_count c = { .region = region, .where = where, .dims = words };
    char today[11];
    const char *key;
    json_t *value;

    *cells = NULL;
    if (d == NULL || json_array_size(dims) > LN_QUERY_DIMS)
        return ln_fail(err, LN_INVALID, "a statistic of no collection");
    json_object_foreach(json_object_get(stat, "filter"), key, value)
    {
        if (c.n < sizeof where / sizeof where[0])
            where[c.n++] = (struct ln_where){ key, LN_WHERE_IS, json_string_value(value) };
    }
    for (size_t i = 0; i < json_array_size(dims); i++)
        words[c.n_dims++] = json_string_value(json_array_get(dims, i));
    c.coll = d->coll;
    ln_engine_today(today, n->env.now_ms(n->env.ctx));
    c.today = today;
    *cells = json_array();
    if (!ln_query_count(*cells, s, &c, err)) {
        json_decref(*cells);
        *cells = NULL;
        return false;
    }
    for (size_t i = 0; i < c.n_dims; i++) {
        const struct ln_def_field *f = ln_def_field(d, words[i]);
        if (f != NULL && f->type == LN_TYPE_REF)
            name_refs(n, s, *cells, i);
    }
    return true;
}

/* ---- cells */

static bool same_but(const json_t *a, const json_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!json_equal(json_array_get(a, i), json_array_get(b, i)))
            return false;
    return json_array_size(a) == json_array_size(b);
}

static void take_out(json_t *cell)
{
    json_array_set_new(cell, json_array_size(cell) - 1, json_null());
}

/* The next smallest of the row of cell `at`, so that a sum over the row does not give it away. */
static void take_next(json_t *cells, size_t at)
{
    const json_t *cell = json_array_get(cells, at);
    size_t last = json_array_size(cell) - 1;
    json_t *least = NULL;
    size_t gone = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        json_t *o = json_array_get(cells, i);
        json_t *n = json_array_get(o, last);
        if (!same_but(o, cell, last > 0 ? last - 1 : 0))
            continue;
        gone += json_is_null(n);
        if (json_is_integer(n) &&
            (least == NULL ||
             json_integer_value(n) < json_integer_value(json_array_get(least, last))))
            least = o;
    }
    if (gone < 2 && least != NULL)
        take_out(least);
}

void ln_stat_suppress(json_t *cells, int64_t min)
{
    size_t n = json_array_size(cells);
    bool *small = ln_alloc_array(n + 1, sizeof *small);

    for (size_t i = 0; i < n; i++) {
        const json_t *cell = json_array_get(cells, i);
        const json_t *v = json_array_get(cell, json_array_size(cell) - 1);
        small[i] = json_is_integer(v) && json_integer_value(v) < min;
    }
    for (size_t i = 0; i < n; i++)
        if (small[i])
            take_out(json_array_get(cells, i));
    for (size_t i = 0; i < n; i++)
        if (small[i])
            take_next(cells, i);
    ln_free(small);
}

void ln_stat_add(json_t *to, const json_t *from)
{
    for (size_t i = 0; i < json_array_size(from); i++) {
        const json_t *cell = json_array_get(from, i);
        size_t last = json_array_size(cell) - 1;
        json_t *found = NULL;
        for (size_t k = 0; k < json_array_size(to) && found == NULL; k++)
            if (same_but(json_array_get(to, k), cell, last))
                found = json_array_get(to, k);
        if (found == NULL) {
            json_array_append_new(to, json_deep_copy(cell));
            continue;
        }
        json_t *a = json_array_get(found, last);
        const json_t *b = json_array_get(cell, last);
        if (json_is_integer(a) && json_is_integer(b))
            json_array_set_new(found, last,
                               json_integer(json_integer_value(a) + json_integer_value(b)));
        else
            take_out(found);
    }
}

/* ---- upward */

/* The record that holds a statistic of this node; NULL when there is none yet. */
static bool find(json_t **out, struct ln_node *n, const struct ln_def_coll *d, const char *code,
                 struct ln_err *err)
{
    const struct ln_where where[] = { { "code", LN_WHERE_IS, code },
                                      { "region", LN_WHERE_IS, n->config.region } };
    const struct ln_list l = {
        .coll = d->coll, .n = 2, .where = where, .limit = 1, .descending = true
    };
    json_t *rows = json_array();
    int64_t total;
    bool ok = ln_query_list(rows, &total, n->writer, &l, err);

    *out = ok && json_array_size(rows) > 0 ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

static bool write_one(struct ln_node *n, struct ln_replica *r, const char *coll, const char *code,
                      json_t *cells, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    const struct ln_def_coll *d = ln_def_find(n->def, coll);
    struct ln_engine_job job = {
        .e = &n->engine, .u = &system, .c = d, .kind = LN_ENGINE_CREATE, .channel = "import"
    };
    json_t *row = NULL;

    if (d == NULL || !find(&row, n, d, code, err))
        return d == NULL;
    bool same =
        row != NULL && json_equal(json_object_get(json_object_get(row, "f"), "cells"), cells);
    bool ok = true;
    if (!same && (row != NULL || json_array_size(cells) > 0)) {
        job.f = json_pack("{s:s,s:O,s:I}", "code", code, "cells", cells, "as_of",
                          (json_int_t)n->env.now_ms(n->env.ctx));
        if (row != NULL) {
            job.kind = LN_ENGINE_UPDATE;
            job.id = json_string_value(json_object_get(row, "id"));
        }
        ok = ln_engine_run(&job, r, err);
        json_decref(job.problems);
        json_decref(job.f);
    }
    json_decref(row);
    return ok;
}

static bool publish_one(struct ln_node *n, struct ln_replica *r, const json_t *stat,
                        struct ln_err *err)
{
    const char *code = json_string_value(json_object_get(stat, "code"));
    json_t *cells;

    if (code == NULL || !ln_stat_count(&cells, n, n->writer, stat, n->config.region, err))
        return false;
    bool ok = write_one(n, r, "stat_value", code, cells, err);
    if (!json_is_true(json_object_get(stat, "open")))
        ln_stat_suppress(cells, LN_STAT_MIN);
    ok = ok && write_one(n, r, "stat_open", code, cells, err);
    json_decref(cells);
    return ok;
}

bool ln_stat_publish(struct ln_node *n, struct ln_replica *r, struct ln_err *err)
{
    for (size_t m = 0; m < n->def->n_modules; m++) {
        const json_t *list = json_object_get(n->def->modules[m].json, "statistics");
        for (size_t i = 0; i < json_array_size(list); i++)
            if (!publish_one(n, r, json_array_get(list, i), err))
                return ln_wrap(err, "statistics");
    }
    return true;
}
