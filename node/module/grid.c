/* Grids: see grid.h. */
#include "node/module/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"

#define GRIDS_MAX 200 /* of a community */
#define PAGES 5       /* of LN_QUERY_LIMIT records, looked at in one tick */
#define SWEEP "grid/sweep"
#define AGAIN "grid/again"

/* ---- where a record stands */

static void copy(char grid[LN_GRID_MAX], const json_t *value)
{
    const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
    const char *text = json_string_value(first);

    (void)snprintf(grid, LN_GRID_MAX, "%s", text != NULL ? text : "");
}

void ln_grid_of_audience(char out[LN_GRID_MAX], const char *audience)
{
    struct ln_audience a;

    out[0] = '\0';
    if (audience != NULL && ln_audience_read(&a, ln_span_of(audience)) && a.kind == LN_AUD_GRID)
        (void)snprintf(out, LN_GRID_MAX, "%.15s", a.who);
}

static bool holds(const json_t *list, const char *a, const char *b)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && one[0] != '\0' && (strcmp(one, a) == 0 || strcmp(one, b) == 0))
            return true;
    }
    return false;
}

static bool all_grids(json_t **rows, struct ln_sqlstore *s, const struct ln_def *def,
                      struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(def, "grid");
    struct ln_list l = { .coll = c != NULL ? c->coll : NULL, .limit = GRIDS_MAX };

    *rows = json_array();
    return c == NULL || ln_query_list(*rows, NULL, s, &l, err);
}

/* The grid whose list names a building, by its id or its code. */
static bool of_building(char grid[LN_GRID_MAX], struct ln_sqlstore *s, const struct ln_def *def,
                        const json_t *building, struct ln_err *err)
{
    json_t *rows;
    bool ok = all_grids(&rows, s, def, err);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const json_t *f = json_object_get(row, "f");
        if (grid[0] == '\0' &&
            holds(json_object_get(f, "buildings"), ln_special_word(building, "id"),
                  ln_special_text(building, "code")))
            copy(grid, json_object_get(f, "code"));
    }
    json_decref(rows);
    return ok;
}

/* The grid in which the record stands that a field refers to. */
static bool of_ref(char grid[LN_GRID_MAX], struct ln_sqlstore *s, const struct ln_def *def,
                   const char *ref, struct ln_err *err)
{
    struct ln_id id;
    json_t *row = NULL;
    bool ok = true;

    if (!ln_clock_id_read(&id, ln_span_of(ref)))
        return true;
    if (!ln_query_record(&row, s, &id, err))
        return false;
    ln_grid_of_audience(grid, json_string_value(json_object_get(row, "audience")));
    if (grid[0] == '\0' && strcmp(ln_special_word(row, "collection"), "building") == 0)
        ok = of_building(grid, s, def, row, err);
    json_decref(row);
    return ok;
}

/* "residence/person/dwelling": by the latest record of residence, in force, whose person it is. */
static bool of_path(char grid[LN_GRID_MAX], struct ln_sqlstore *s, const struct ln_def *def,
                    const char *path, const char *id, const char *today, struct ln_err *err)
{
    char coll[40];
    char by[40];
    const char *slash = strchr(path, '/');
    const char *last = strrchr(path, '/');
    struct ln_where where[] = { { by, LN_WHERE_IS, id } };
    struct ln_list l = { .where = where, .n = 1, .descending = true, .limit = LN_QUERY_LIMIT };
    json_t *rows = json_array();

    (void)snprintf(coll, sizeof coll, "%.*s", (int)(slash - path), path);
    (void)snprintf(by, sizeof by, "%.*s", (int)(last - slash - 1), slash + 1);
    const struct ln_def_coll *c = ln_def_find(def, coll);
    l.coll = c != NULL ? c->coll : NULL;
    bool ok = id == NULL || c == NULL || ln_query_list(rows, NULL, s, &l, err);
    for (size_t i = 0; ok && grid[0] == '\0' && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *ends = ln_special_text(row, "ends");
        if (ends[0] == '\0' || strcmp(ends, today) >= 0)
            ok = of_ref(grid, s, def, ln_special_text(row, last + 1), err);
    }
    json_decref(rows);
    return ok;
}

bool ln_grid_find(char out[LN_GRID_MAX], struct ln_sqlstore *s, const struct ln_def *def,
                  const struct ln_def_coll *c, const char *id, const json_t *f, const char *today,
                  struct ln_err *err)
{
    bool ok = true;

    out[0] = '\0';
    for (const char *const *g = c->grid; ok && g != NULL && *g != NULL && out[0] == '\0'; g++) {
        const struct ln_def_field *d = ln_def_field(c, *g);
        const char *ref = json_string_value(json_object_get(f, *g));
        if (d == NULL)
            ok = of_path(out, s, def, *g, id, today, err);
        else if (d->type == LN_TYPE_STR)
            copy(out, json_object_get(f, *g));
        else if (ref != NULL)
            ok = of_ref(out, s, def, ref, err);
    }
    return ok;
}

/* ---- whose it is */

static void add(struct ln_user *u, const char *code)
{
    size_t at = strlen(u->grids);

    if (code == NULL || code[0] == '\0' || strchr(code, ',') != NULL ||
        at + strlen(code) + 2 > sizeof u->grids)
        return;
    (void)snprintf(u->grids + at, sizeof u->grids - at, "%s%s", at > 0 ? "," : "", code);
}

bool ln_grid_user(struct ln_user *u, struct ln_sqlstore *s, const struct ln_def *def,
                  const json_t *rows, struct ln_err *err)
{
    json_t *grids;
    bool ok = all_grids(&grids, s, def, err);
    size_t i;
    json_t *row;

    u->grids[0] = '\0';
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        const json_t *named = json_object_get(json_object_get(row, "f"), "grid");
        for (size_t k = 0; k < json_array_size(named); k++)
            add(u, json_string_value(json_array_get(named, k)));
    }
    json_array_foreach(grids, i, row)
    {
        if (holds(json_object_get(json_object_get(row, "f"), "workers"), u->account, u->login))
            add(u, ln_special_text(row, "code"));
    }
    json_decref(grids);
    return ok;
}

bool ln_grid_mine(const struct ln_user *u, const char *audience)
{
    char grid[LN_GRID_MAX];

    ln_grid_of_audience(grid, audience);
    if (grid[0] == '\0' || u->grids[0] == '\0')
        return true;
    for (const char *at = u->grids;; at++) {
        size_t len = strcspn(at, ",");
        if (strlen(grid) == len && strncmp(at, grid, len) == 0)
            return true;
        at += len;
        if (*at == '\0')
            return false;
    }
}

/* ---- records that were there before their grid */

static bool mark(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);

    return s->ops->meta_put(s->ctx, AGAIN, ln_span_of("1"), err);
}

/* Where the sweep stands; a finished one begins again when something was marked meanwhile. */
static bool standing(struct ln_buf *at, struct ln_store *s, struct ln_err *err)
{
    struct ln_buf again = ln_buf_new(8);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, SWEEP, at, &found, err);

    if (ok && at->len == 0) {
        ok = s->ops->meta_get(s->ctx, AGAIN, &again, &found, err);
        if (ok && again.len > 0) {
            ln_buf_adds(at, "0 ");
            ok = s->ops->meta_put(s->ctx, AGAIN, ln_span_of(""), err);
        }
    }
    ln_buf_free(&again);
    return ok;
}

/* The collection the sweep stands at, the `n`th of those with a grid; NULL after the last. */
static const struct ln_def_coll *nth(const struct ln_def *def, unsigned long n)
{
    for (size_t i = 0; i < def->n_colls; i++)
        if (def->colls[i].grid != NULL && n-- == 0)
            return &def->colls[i];
    return NULL;
}

static bool enter(struct ln_special_call *x, const struct ln_def_coll *c, const json_t *row,
                  struct ln_err *err)
{
    char grid[LN_GRID_MAX];
    struct ln_engine_job job = { .kind = LN_ENGINE_UPDATE, .enters = true };
    struct ln_err why = { 0 };

    if (!ln_grid_find(grid, x->e->writer, x->e->def, c, ln_special_word(row, "id"),
                      json_object_get(row, "f"), x->today, err))
        return false;
    if (grid[0] == '\0')
        return true;
    job.e = x->e;
    job.u = x->u;
    job.c = c;
    job.id = ln_special_word(row, "id");
    job.channel = "";
    job.f = json_object();
    if (!ln_replica_savepoint(x->r, err)) {
        json_decref(job.f);
        return false;
    }
    bool done = ln_engine_run(&job, x->r, &why);
    ln_replica_savepoint_end(x->r, done);
    if (!done)
        ln_log_err(LN_LOG_WARN, &why, "a record did not go into its grid");
    json_decref(job.problems);
    json_decref(job.f);
    return true;
}

/* One page of records that stand in no grid yet, from "<collection number> <last id looked at>" on;
 * `next` is where it goes on, "" nowhere. */
static bool sweep_page(char next[64], struct ln_special_call *x, const char *from,
                       struct ln_err *err)
{
    char audience[LN_AUDIENCE_MAX];
    char *after = NULL;
    unsigned long n = strtoul(from, &after, 10);
    const struct ln_def_coll *c = nth(x->e->def, n);
    struct ln_where where[] = { { "audience", LN_WHERE_IS, audience },
                                { "after", LN_WHERE_FROM, after + (*after == ' ') } };
    struct ln_list l = { .where = where, .n = after[0] == ' ' && after[1] != '\0' ? 2 : 1 };
    json_t *rows = json_array();

    next[0] = '\0';
    l.limit = LN_QUERY_LIMIT;
    ln_audience_name(audience, 'C', ln_replica_self(x->r)->region, "", "");
    bool ok = true;
    if (c != NULL) {
        l.coll = c->coll;
        ok = ln_query_list(rows, NULL, x->e->writer, &l, err);
        size_t got = json_array_size(rows);
        for (size_t i = 0; ok && i < got; i++)
            ok = enter(x, c, json_array_get(rows, i), err);
        if (got == LN_QUERY_LIMIT)
            (void)snprintf(next, 64, "%lu %s", n,
                           ln_special_word(json_array_get(rows, got - 1), "id"));
        else
            (void)snprintf(next, 64, "%lu ", n + 1);
    }
    json_decref(rows);
    return ok;
}

/* Some pages a tick; meta "grid/sweep" holds where the next begins. */
static bool sweep(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf kept = ln_buf_new(64);
    char at[64];
    char next[64];
    bool ok = standing(&kept, s, err);

    (void)snprintf(at, sizeof at, "%s", ok && kept.len > 0 ? kept.data : "");
    bool some = at[0] != '\0';
    for (int full = 0; ok && full < PAGES && at[0] != '\0';) {
        ok = sweep_page(next, x, at, err);
        full += next[0] != '\0' && next[strlen(next) - 1] != ' ';
        memcpy(at, next, sizeof at);
    }
    ok = ok && (!some || s->ops->meta_put(s->ctx, SWEEP, ln_span_of(at), err));
    ln_buf_free(&kept);
    return ok;
}

const struct ln_special ln_grid_special[] = {
    { .collection = "grid", .after = mark, .tick = sweep },
    { .collection = "building", .after = mark },
    { .collection = "dwelling", .after = mark },
    { .collection = "residence", .after = mark },
    { .collection = NULL },
};
