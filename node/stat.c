/* Statistics: see stat.h. */
#include "node/stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/say.h"
#include "node/store/pending.h"
#include "node/store/reading.h"

#define READ_MS (90 * INT64_C(86400000))   /* what nobody opened for so long is told no more */
#define FILTERS 8                          /* of one statistic */
#define ACTIVE_MS (30 * INT64_C(86400000)) /* MODULES M1 "active in 30 days" */

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

static bool is_kind(const json_t *stat, const char *kind)
{
    const char *text = json_string_value(json_object_get(stat, "kind"));

    return text != NULL && strcmp(text, kind) == 0;
}

/* What was not checked for as long as its collection allows. */
static bool count_stale(int64_t *out, const struct ln_node *n, struct ln_sqlstore *s,
                        struct ln_err *err)
{
    *out = 0;
    for (size_t i = 0; i < n->def->n_colls; i++) {
        const struct ln_def_coll *d = &n->def->colls[i];
        char before[11];
        const struct ln_where where[] = { { "checked", LN_WHERE_STALE, before },
                                          { "region", LN_WHERE_IS, n->config.region } };
        struct ln_list l = { .coll = d->coll, .where = where, .n = 2, .limit = 1, .total = true };
        json_t *rows = json_array();
        int64_t total = 0;
        bool ok = true;
        ln_engine_fresh_since(before, d, n->env.now_ms(n->env.ctx));
        if (before[0] != '\0')
            ok = ln_query_list(rows, &total, s, &l, err);
        json_decref(rows);
        if (!ok)
            return false;
        *out += total;
    }
    return true;
}

/* "queues": what waits for a decision on this node. */
static bool count_queues(json_t *cells, const struct ln_node *n, struct ln_sqlstore *s,
                         struct ln_err *err)
{
    json_t *queues = json_object();
    const char *name;
    json_t *many;
    int64_t stale;
    bool ok = ln_pending_queues(queues, s, err) && count_stale(&stale, n, s, err);

    if (ok)
        json_object_set_new(queues, "stale", json_integer(stale));
    json_object_foreach(queues, name, many)
    {
        json_array_append_new(cells, json_pack("[s,O]", name, many));
    }
    json_decref(queues);
    return ok;
}

/* Local stamps: only this node has them. */
static bool count_local(json_t *cells, const struct ln_node *n, struct ln_sqlstore *s,
                        const json_t *stat, struct ln_err *err)
{
    int64_t now = n->env.now_ms(n->env.ctx);
    char since[11];
    int64_t many = 0;

    if (is_kind(stat, "queues"))
        return count_queues(cells, n, s, err);
    if (is_kind(stat, "readers"))
        return ln_reading_list(cells, ln_sqlstore_db(s),
                               json_string_value(json_object_get(stat, "collection")),
                               now - READ_MS, err);
    ln_engine_today(since, now - ACTIVE_MS);
    if (!ln_reading_active_since(&many, ln_sqlstore_db(s), since, err))
        return false;
    json_array_append_new(cells, json_pack("[I]", (json_int_t)many));
    return true;
}

/* "complete": for each of `fields` how many records have it. */
static bool count_complete(json_t *cells, struct ln_sqlstore *s, const struct ln_count *all,
                           const json_t *fields, struct ln_err *err)
{
    size_t i;
    json_t *name;

    json_array_foreach(fields, i, name)
    {
        char dim[80];
        const char *dims[] = { dim };
        json_t *some = json_array();
        size_t k;
        json_t *cell;
        (void)snprintf(dim, sizeof dim, "has:%s", json_string_value(name));
        struct ln_count c = *all;
        c.dims = dims;
        c.n_dims = 1;
        bool ok = ln_query_count(some, s, &c, err);
        json_array_foreach(some, k, cell)
        {
            json_array_insert(cell, 0, name);
            json_array_append(cells, cell);
        }
        json_decref(some);
        if (!ok)
            return false;
    }
    return true;
}

/* Months and weeks that are long past go. */
static void drop_old(json_t *cells, int64_t now_ms, bool weeks)
{
    char today[11];
    char first[16];

    ln_engine_today(today, now_ms - (weeks ? LN_STAT_WEEKS * INT64_C(604800000) : 0));
    long months = strtol(today, NULL, 10) * 12 + strtol(today + 5, NULL, 10) - 1 - LN_STAT_MONTHS;
    (void)snprintf(first, sizeof first, "%04ld-%02ld", months / 12 % 10000, months % 12 + 1);
    if (weeks)
        memcpy(first, today, sizeof today);
    for (size_t i = json_array_size(cells); i > 0; i--) {
        const char *month = json_string_value(json_array_get(json_array_get(cells, i - 1), 0));
        if (month == NULL || strcmp(month, first) < 0)
            json_array_remove(cells, i - 1);
    }
}

/* "part:A:B": how much of the sum of B is A, as true and false; for shares of what is no record. */
static bool count_part(json_t *cells, struct ln_sqlstore *s, struct ln_count *c, const char *part,
                       struct ln_err *err)
{
    const char *whole = strchr(part, ':');
    char some[64];
    json_t *a = json_array();
    json_t *b = json_array();
    json_t *less = json_array();
    size_t i;
    json_t *cell;
    bool ok = whole != NULL || ln_fail(err, LN_INVALID, "part:%s names no whole", part);

    (void)snprintf(some, sizeof some, "%.*s", (int)strcspn(part, ":"), part);
    c->sum = some;
    ok = ok && ln_query_count(a, s, c, err);
    c->sum = ok ? whole + 1 : NULL;
    ok = ok && ln_query_count(b, s, c, err);
    json_array_foreach(a, i, cell)
    {
        json_t *minus = json_deep_copy(cell);
        size_t last = json_array_size(cell) - 1;
        json_int_t n = json_integer_value(json_array_get(cell, last));
        json_array_insert_new(cell, last, json_true());
        json_array_set_new(minus, last, json_integer(-n));
        json_array_insert_new(minus, last, json_false());
        json_array_append_new(less, minus);
    }
    json_array_foreach(b, i, cell)
    {
        json_array_insert_new(cell, json_array_size(cell) - 1, json_false());
    }
    ln_stat_add(cells, a);
    ln_stat_add(cells, b);
    ln_stat_add(cells, less);
    json_decref(less);
    json_decref(b);
    json_decref(a);
    return ok;
}

/* A record with a list counts once for each of its entries. */
static void spread(json_t *cells, size_t dim)
{
    json_t *out = json_array();
    size_t i;
    json_t *cell;

    json_array_foreach(cells, i, cell)
    {
        const json_t *list = json_array_get(cell, dim);
        json_t *each = json_array();
        for (size_t k = 0; k < json_array_size(list); k++) {
            json_t *one = json_copy(cell);
            json_array_set(one, dim, json_array_get(list, k));
            json_array_append_new(each, one);
        }
        if (!json_is_array(list))
            json_array_append(each, cell);
        ln_stat_add(out, each);
        json_decref(each);
    }
    json_array_clear(cells);
    (void)json_array_extend(cells, out);
    json_decref(out);
}

static bool count_records(json_t *cells, const struct ln_node *n, struct ln_sqlstore *s,
                          const struct ln_def_coll *d, const json_t *stat, const char *region,
                          struct ln_err *err)
{
    const json_t *dims = json_object_get(stat, "dims");
    const char *period = json_string_value(json_object_get(stat, "period"));
    bool months = period != NULL && strcmp(period, "month") == 0;
    bool weeks = period != NULL && strcmp(period, "week") == 0;
    int64_t now = n->env.now_ms(n->env.ctx);
    const char *words[LN_QUERY_DIMS];
    struct ln_where where[FILTERS];
    char names[FILTERS][LN_QUERY_NAME];
    struct ln_count c = { .coll = d->coll, .region = region, .where = where, .dims = words };
    char today[11];
    const char *key;
    json_t *value;

    json_object_foreach(json_object_get(stat, "filter"), key, value)
    {
        if (c.n == FILTERS)
            break;
        enum ln_where_op op = ln_query_op(names[c.n], key);
        where[c.n] = (struct ln_where){ names[c.n], op, json_string_value(value) };
        c.n++;
    }
    ln_engine_today(today, now);
    c.today = today;
    c.now_ms = now;
    if (is_kind(stat, "complete"))
        return count_complete(cells, s, &c, json_object_get(stat, "fields"), err);
    if (months || weeks)
        words[c.n_dims++] = weeks ? "week:created" : "month:created";
    for (size_t i = 0; i < json_array_size(dims); i++)
        words[c.n_dims++] = json_string_value(json_array_get(dims, i));
    c.sum = json_string_value(json_object_get(stat, "sum"));
    const char *last = c.n_dims > 0 ? words[c.n_dims - 1] : "";
    bool part = strncmp(last, "part:", 5) == 0;
    c.n_dims -= part;
    if (!(part ? count_part(cells, s, &c, last + 5, err) : ln_query_count(cells, s, &c, err)))
        return false;
    if (months || weeks)
        drop_old(cells, now, weeks);
    for (size_t i = 0; i < c.n_dims; i++) {
        const struct ln_def_field *f = ln_def_field(d, words[i]);
        if (f != NULL && f->type == LN_TYPE_REF)
            name_refs(n, s, cells, i);
        if (f != NULL && f->type == LN_TYPE_LIST)
            spread(cells, i);
    }
    return true;
}

bool ln_stat_count(json_t **cells, const struct ln_node *n, struct ln_sqlstore *s,
                   const json_t *stat, const char *region, struct ln_err *err)
{
    const char *name = json_string_value(json_object_get(stat, "collection"));
    const struct ln_def_coll *d = name != NULL ? ln_def_find(n->def, name) : NULL;

    *cells = NULL;
    if (d == NULL || json_array_size(json_object_get(stat, "dims")) >= LN_QUERY_DIMS)
        return ln_fail(err, LN_INVALID, "a statistic of no collection, or of too many dimensions");
    *cells = json_array();
    if (is_kind(stat, "readers") || is_kind(stat, "active") || is_kind(stat, "queues")
            ? count_local(*cells, n, s, stat, err)
            : count_records(*cells, n, s, d, stat, region, err))
        return true;
    json_decref(*cells);
    *cells = NULL;
    return false;
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

/* ---- what cells mean */

/* The row of `out` that begins as the cell does, but for its last dimension; made when new. */
static json_t *row_for(json_t *out, json_t *lists, const json_t *cell)
{
    size_t n = json_array_size(cell) - 2;

    for (size_t i = 0; i < json_array_size(out); i++) {
        const json_t *row = json_array_get(out, i);
        size_t k = 0;
        while (k < n && json_equal(json_array_get(row, k), json_array_get(cell, k)))
            k++;
        if (k == n)
            return json_array_get(lists, i);
    }
    json_t *row = json_array();
    for (size_t k = 0; k < n; k++)
        json_array_append(row, json_array_get(cell, k));
    json_array_append_new(out, row);
    json_t *list = json_array();
    json_array_append_new(lists, list);
    return list;
}

/* Rows with, for each, its cells as [last dimension, n]. */
static json_t *rows_of(json_t *lists, const json_t *cells)
{
    json_t *out = json_array();
    size_t i;
    json_t *cell;

    json_array_foreach(cells, i, cell)
    {
        size_t n = json_array_size(cell);
        if (n >= 2)
            json_array_append_new(
                row_for(out, lists, cell),
                json_pack("[O,O]", json_array_get(cell, n - 2), json_array_get(cell, n - 1)));
    }
    return out;
}

static void end_row(json_t *row, bool known, int64_t value, int64_t n)
{
    json_array_append_new(row, known ? json_integer(value) : json_null());
    json_array_append_new(row, known ? json_integer(n) : json_null());
}

json_t *ln_stat_shares(const json_t *cells)
{
    json_t *lists = json_array();
    json_t *out = rows_of(lists, cells);

    for (size_t i = 0; i < json_array_size(out); i++) {
        int64_t all = 0;
        int64_t yes = 0;
        bool known = true;
        size_t k;
        json_t *pair;
        json_array_foreach(json_array_get(lists, i), k, pair)
        {
            json_int_t n = json_integer_value(json_array_get(pair, 1));
            known = known && json_is_integer(json_array_get(pair, 1));
            all += n;
            yes += json_is_true(json_array_get(pair, 0)) ? n : 0;
        }
        known = known && all > 0;
        end_row(json_array_get(out, i), known, known ? (yes * 1000 + all / 2) / all : 0, all);
    }
    json_decref(lists);
    return out;
}

static int by_bound(const void *a, const void *b)
{
    const json_int_t *x = a;
    const json_int_t *y = b;
    bool more_x = x[0] == 0;
    bool more_y = y[0] == 0;

    if (more_x != more_y)
        return more_x ? 1 : -1;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

static json_int_t lower_of(json_int_t upper)
{
    static const int hours[] = LN_QUERY_HOURS;
    json_int_t low = 0;

    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++)
        if (upper == 0 || hours[i] < upper)
            low = hours[i];
    return low;
}

/* In tenths. `p` are n pairs (value or bound, how many). */
static int64_t median_of(json_int_t (*p)[2], size_t n, int64_t all, bool hours)
{
    int64_t before = 0;

    qsort(p, n, sizeof *p, by_bound);
    for (size_t i = 0; i < n; i++) {
        if (2 * (before + p[i][1]) >= all) {
            if (!hours)
                return p[i][0] * 10;
            json_int_t low = lower_of(p[i][0]);
            if (p[i][0] == 0)
                return low * 10; /* at least that */
            return low * 10 + (p[i][0] - low) * 10 * (all - 2 * before) / (2 * p[i][1]);
        }
        before += p[i][1];
    }
    return 0;
}

json_t *ln_stat_medians(const json_t *cells, bool hours)
{
    json_t *lists = json_array();
    json_t *out = rows_of(lists, cells);

    for (size_t i = 0; i < json_array_size(out); i++) {
        const json_t *list = json_array_get(lists, i);
        json_int_t(*p)[2] = ln_alloc_array(json_array_size(list) + 1, sizeof *p);
        int64_t all = 0;
        size_t n = 0;
        bool known = true;
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *pair = json_array_get(list, k);
            if (!json_is_integer(json_array_get(pair, 0)))
                continue; /* records without a value */
            known = known && json_is_integer(json_array_get(pair, 1));
            p[n][0] = json_integer_value(json_array_get(pair, 0));
            p[n][1] = json_integer_value(json_array_get(pair, 1));
            all += p[n++][1];
        }
        known = known && all > 0;
        end_row(json_array_get(out, i), known, known ? median_of(p, n, all, hours) : 0, all);
        ln_free(p);
    }
    json_decref(lists);
    return out;
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
    return ok ? true : ln_wrap(err, "%s", code);
}

/* One that fails is undone, logged, and counted again the next time; the others go on. Only a disk
 * or library that fails ends the run. */
static bool publish_or_skip(struct ln_node *n, struct ln_replica *r, const json_t *stat,
                            struct ln_err *err)
{
    struct ln_err why = { 0 };

    if (!ln_replica_savepoint(r, err))
        return false;
    bool done = publish_one(n, r, stat, &why);
    ln_replica_savepoint_end(r, done);
    if (!done && why.code == LN_BROKEN) {
        *err = why;
        return false;
    }
    if (!done)
        ln_log_err(LN_LOG_WARN, &why, "a statistic was not counted");
    return true;
}

bool ln_stat_publish(struct ln_node *n, struct ln_replica *r, struct ln_err *err)
{
    for (size_t m = 0; m < n->def->n_modules; m++) {
        const json_t *list = json_object_get(n->def->modules[m].json, "statistics");
        for (size_t i = 0; i < json_array_size(list); i++)
            if (!publish_or_skip(n, r, json_array_get(list, i), err))
                return ln_wrap(err, LN_SAY("统计", "statistics"));
    }
    return true;
}
