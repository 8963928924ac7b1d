/* Retention by date: see retention.h. */
#include "node/module/retention.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/workday.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000)
#define AT_ONCE 100 /* of a collection in one run: the writer is not held for long */
#define PAGES_MAX 50
#define RUN_EVERY DAY_MS
#define LAST_RUN "retention" /* meta: when, ms */
#define CONFIRMED_MS (7 * DAY_MS)
#define RUN_AGAIN (5 * 60000) /* when a run left some for the next */

/* ---- what a definition says */

struct rule {
    const struct ln_def_coll *c;
    const char *class, *after;
    int64_t years, days;         /* one of both */
    const char *ref, *ref_field; /* the days stand in that field of what `ref` names; NULL none */
    const char *of;              /* `after` and `when` are of what this field names; NULL its own */
    const char *with;            /* held with what this field names, too; NULL none */
    const json_t *when;
    bool erase; /* by its key; else it is deleted */
    bool sum;   /* who saw what: many rows that mean nothing singly, told of as one */
};

static bool rule_of(struct rule *out, const struct ln_def_coll *c)
{
    const json_t *j = json_object_get(c->json, "retention");
    const json_t *of = json_object_get(j, "days_of");

    if (j == NULL)
        return false;
    *out = (struct rule){ .c = c,
                          .class = json_string_value(json_object_get(j, "class")),
                          .after = json_string_value(json_object_get(j, "after")),
                          .years = json_integer_value(json_object_get(j, "years")),
                          .days = json_integer_value(json_object_get(j, "days")),
                          .ref = json_string_value(json_object_get(of, "ref")),
                          .ref_field = json_string_value(json_object_get(of, "field")),
                          .of = json_string_value(json_object_get(j, "of")),
                          .with = json_string_value(json_object_get(j, "held_with")),
                          .when = json_object_get(j, "when") };
    out->sum = strcmp(c->name, "audit") == 0;
    out->erase = c->coll->subject == NULL || strcmp(c->coll->subject, "self") == 0;
    return true;
}

/* The day so many years (the 29th of February becomes the 28th) or days away from `day`. */
static void shift(char out[11], const char *day, int64_t years, int64_t days)
{
    char there[24];
    unsigned year = (unsigned)(strtol(day, NULL, 10) + years) % 10000;

    (void)snprintf(there, sizeof there, "%04u%.6s", year, day + 4);
    ln_workday_date(out, ln_workday_number(there) + days);
    if (years != 0 && strcmp(there + 4, "-02-29") == 0 && strcmp(out + 4, "-03-01") == 0)
        ln_workday_date(out, ln_workday_number(out) - 1);
}

/* What happened on this day or before is due on `today`. */
static void cutoff(char out[11], const struct rule *r, const char *today, int64_t days)
{
    shift(out, today, -r->years, r->years > 0 ? 0 : -days);
}

static bool is_final(const struct rule *r)
{
    return strcmp(r->after, "final") == 0;
}

/* The final states of its workflow, by commas. */
static void final_states(char out[256], const struct ln_def_coll *c)
{
    const json_t *list = json_object_get(json_object_get(c->json, "workflow"), "final");
    size_t at = 0;
    size_t i;
    json_t *one;

    out[0] = '\0';
    json_array_foreach(list, i, one)
    {
        int n = snprintf(out + at, 256 - at, "%s%s", i > 0 ? "," : "", json_string_value(one));
        at += n > 0 && (size_t)n < 256 - at ? (size_t)n : 0;
    }
}

/* ---- finding */

struct finding {
    const struct rule *r;
    struct ln_sqlstore *s;
    const char *region;
    struct ln_where where[LN_QUERY_WHERE];
    size_t n;
    char states[256], value[40], until[11];
};

static void add(struct finding *x, const char *field, enum ln_where_op op, const char *value)
{
    x->where[x->n++] = (struct ln_where){ field, op, value };
}

/* What happened up to the end of the day `until`, and is not erased already. */
static void prepare(struct finding *x)
{
    const struct rule *r = x->r;
    const char *after = is_final(r) ? "changed" : r->after;
    const struct ln_def_field *f = ln_def_field(r->c, after);
    const char *key;
    json_t *values;

    add(x, "region", LN_WHERE_IS, x->region);
    if (r->erase)
        add(x, "kept", LN_WHERE_IS, "");
    if (is_final(r)) {
        final_states(x->states, r->c);
        add(x, "state", LN_WHERE_IS, x->states);
    }
    json_object_foreach((json_t *)(uintptr_t)r->when, key, values) if (x->n < LN_QUERY_WHERE - 3)
        add(x, key, LN_WHERE_IS, json_string_value(values));
    if (f != NULL && f->type == LN_TYPE_DATE) {
        (void)snprintf(x->value, sizeof x->value, "%s", x->until);
        add(x, after, LN_WHERE_FROM, "0");
    } else
        (void)snprintf(x->value, sizeof x->value, "%lld",
                       (long long)((ln_workday_number(x->until) + 1) * DAY_MS - CHINA_MS - 1));
    if (f != NULL && f->type == LN_TYPE_TS)
        add(x, after, LN_WHERE_FROM, "1");
    add(x, after, LN_WHERE_TO, x->value);
}

/* The day when it is due, from the row itself. */
static void due_of(char out[11], const struct rule *r, const json_t *row, int64_t days)
{
    const char *after = is_final(r) ? "changed" : r->after;
    const struct ln_def_field *f = ln_def_field(r->c, after);
    const json_t *value = json_object_get(json_object_get(row, "f"), after);
    char day[11];

    if (f != NULL && f->type == LN_TYPE_DATE)
        (void)snprintf(day, sizeof day, "%.10s",
                       json_is_string(value) ? json_string_value(value) : "1970-01-01");
    else {
        int64_t ms = json_integer_value(
            f != NULL ? value
                      : json_object_get(row, strcmp(after, "created") == 0 ? after : "eff"));
        ln_engine_today(day, ms);
    }
    shift(out, day, r->years, r->years > 0 ? 0 : days);
}

typedef bool row_fn(void *ctx, const struct rule *r, const json_t *row, const char *due,
                    struct ln_err *err);

static bool find_page(struct finding *x, unsigned offset, json_t *rows, struct ln_err *err)
{
    struct ln_list l = { .coll = x->r->c->coll,
                         .where = x->where,
                         .n = x->n,
                         .limit = LN_QUERY_LIMIT,
                         .offset = offset };

    return ln_query_list(rows, NULL, x->s, &l, err);
}

/* All records of a rule that are due on `today`, `days` after what counts; until `fn` says false
 * with err->code LN_OK. */
static bool find(const struct rule *r, struct ln_sqlstore *s, const char *region, const char *today,
                 int64_t days, const char *of, row_fn *fn, void *ctx, struct ln_err *err)
{
    struct finding x = { .r = r, .s = s, .region = region };
    bool more = true;
    bool ok = true;
    char due[11];

    cutoff(x.until, r, today, days);
    prepare(&x);
    if (of != NULL)
        add(&x, r->ref, LN_WHERE_IS, of);
    for (unsigned page = 0; ok && more && page < PAGES_MAX; page++) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        ok = find_page(&x, page * LN_QUERY_LIMIT, rows, err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_array_foreach(rows, i, row)
        {
            due_of(due, r, row, days);
            if (ok && !fn(ctx, r, row, due, err)) {
                ok = err->code == LN_OK;
                more = false;
                break;
            }
        }
        json_decref(rows);
    }
    return ok;
}

/* ---- rows whose time counts in another record: the ballots of a vote that became final */

struct parting {
    const struct rule *r;
    struct ln_sqlstore *s;
    const char *region;
    row_fn *fn;
    void *ctx;
};

static bool rows_of(void *ctx, const struct rule *parent, const json_t *row, const char *due,
                    struct ln_err *err)
{
    const struct parting *x = ctx;
    const struct ln_where where[] = { { x->r->of, LN_WHERE_IS, ln_special_word(row, "id") },
                                      { "region", LN_WHERE_IS, x->region },
                                      { "kept", LN_WHERE_IS, "" } };
    bool more = true;
    bool go = true;

    (void)parent;
    for (unsigned page = 0; go && more && page < PAGES_MAX; page++) {
        struct ln_list l = { .coll = x->r->c->coll,
                             .where = where,
                             .n = x->r->erase ? 3 : 2,
                             .limit = LN_QUERY_LIMIT,
                             .offset = page * LN_QUERY_LIMIT };
        json_t *rows = json_array();
        go = ln_query_list(rows, NULL, x->s, &l, err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        for (size_t i = 0; go && i < json_array_size(rows); i++)
            go = x->fn(x->ctx, x->r, json_array_get(rows, i), due, err);
        json_decref(rows);
    }
    return go;
}

static bool find_parts(const struct rule *r, struct ln_sqlstore *s, const struct ln_def *def,
                       const char *region, const char *today, row_fn *fn, void *ctx,
                       struct ln_err *err)
{
    const struct ln_def_field *f = ln_def_field(r->c, r->of);
    const struct ln_def_coll *to = f != NULL ? ln_def_find(def, f->to) : NULL;
    struct parting x = { r, s, region, fn, ctx };
    struct rule parent = *r;

    if (to == NULL)
        return true;
    parent.c = to;
    parent.of = NULL;
    parent.erase = false;
    return find(&parent, s, region, today, r->days, NULL, rows_of, &x, err);
}

/* The days may stand in another record: a conversation says how long its messages are kept. */
static bool find_all(const struct rule *r, struct ln_sqlstore *s, const struct ln_def *def,
                     const char *region, const char *today, row_fn *fn, void *ctx,
                     struct ln_err *err)
{
    const struct ln_def_field *f = r->ref != NULL ? ln_def_field(r->c, r->ref) : NULL;
    const struct ln_def_coll *to = f != NULL ? ln_def_find(def, f->to) : NULL;
    const struct ln_where where[] = { { "region", LN_WHERE_IS, region } };
    bool more = to != NULL;
    bool ok = true;

    if (r->of != NULL)
        return find_parts(r, s, def, region, today, fn, ctx, err);
    if (to == NULL)
        return find(r, s, region, today, r->days, NULL, fn, ctx, err);
    for (unsigned page = 0; ok && more && page < PAGES_MAX; page++) {
        struct ln_list l = { .coll = to->coll,
                             .where = where,
                             .n = 1,
                             .limit = LN_QUERY_LIMIT,
                             .offset = page * LN_QUERY_LIMIT };
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        ok = ln_query_list(rows, NULL, s, &l, err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_array_foreach(rows, i, row)
        {
            int64_t days =
                json_integer_value(json_object_get(json_object_get(row, "f"), r->ref_field));
            ok = ok && find(r, s, region, today, days > 0 ? days : r->days,
                            ln_special_word(row, "id"), fn, ctx, err);
        }
        json_decref(rows);
    }
    return ok;
}

/* ---- holds: a signed decision that something stays */

static bool read_holds(json_t **out, struct ln_sqlstore *s, const struct ln_def *def,
                       const char *region, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(def, "legal_hold");
    const struct ln_where where[] = { { "region", LN_WHERE_IS, region },
                                      { "state", LN_WHERE_IS, "held" } };
    bool more = c != NULL;
    bool ok = true;

    *out = json_object(); /* id of what is held -> id of the hold */
    for (unsigned page = 0; ok && more && page < PAGES_MAX; page++) {
        struct ln_list l = { .coll = c->coll,
                             .where = where,
                             .n = 2,
                             .limit = LN_QUERY_LIMIT,
                             .offset = page * LN_QUERY_LIMIT };
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        ok = ln_query_list(rows, NULL, s, &l, err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_array_foreach(rows, i, row) json_object_set_new(
            *out, ln_special_text(row, "object"), json_string(ln_special_word(row, "id")));
        json_decref(rows);
    }
    return ok;
}

/* Held itself, or the person it is about, or the conversation or vote it stands in. */
static const char *hold_of(const json_t *holds, const struct rule *r, const json_t *row)
{
    const char *subject = r->c->coll->subject;
    const char *const names[] = { ln_special_word(row, "id"),
                                  subject != NULL ? ln_special_text(row, subject) : "",
                                  r->ref != NULL ? ln_special_text(row, r->ref) : "",
                                  r->of != NULL ? ln_special_text(row, r->of) : "",
                                  r->with != NULL ? ln_special_text(row, r->with) : "" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *hold = json_string_value(json_object_get(holds, names[i]));
        if (names[i][0] != '\0' && hold != NULL)
            return hold;
    }
    return NULL;
}

/* ---- the list of what comes next */

struct listing {
    json_t *out;
    const json_t *holds;
    size_t n; /* of this collection */
    size_t held;
    char first[11], last[11]; /* days when they are due */
};

static bool count_row(struct listing *x, const struct rule *r, const json_t *row, const char *due)
{
    if (x->n == 0 || strcmp(due, x->first) < 0)
        (void)snprintf(x->first, sizeof x->first, "%s", due);
    if (x->n == 0 || strcmp(due, x->last) > 0)
        (void)snprintf(x->last, sizeof x->last, "%s", due);
    x->n++;
    x->held += hold_of(x->holds, r, row) != NULL;
    return true;
}

static void list_sum(struct listing *x, const struct rule *r)
{
    if (x->n > 0)
        json_array_append_new(x->out,
                              json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:b}", "collection",
                                        r->c->name, "class", r->class, "due", x->first, "until",
                                        x->last, "act", r->erase ? "erase" : "delete", "count",
                                        (json_int_t)x->n, "held", (json_int_t)x->held, "least",
                                        (int)(x->n >= (size_t)PAGES_MAX * LN_QUERY_LIMIT)));
}

static bool list_row(void *ctx, const struct rule *r, const json_t *row, const char *due,
                     struct ln_err *err)
{
    struct listing *x = ctx;
    const char *state = json_string_value(json_object_get(row, "state"));
    json_t *title;
    json_t *item;

    err->code = LN_OK;
    if (r->sum)
        return count_row(x, r, row, due);
    title = json_array();
    for (const char *const *f = r->c->title; f != NULL && *f != NULL; f++) {
        json_t *v = json_object_get(json_object_get(row, "f"), *f);
        if (v != NULL)
            json_array_append(title, v);
    }
    item = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:s*,s:s*}", "collection", r->c->name, "class",
                     r->class, "id", ln_special_word(row, "id"), "due", due, "act",
                     r->erase ? "erase" : "delete", "title", title, "state", state, "hold",
                     hold_of(x->holds, r, row));
    (void)json_array_append_new(x->out, item);
    return ++x->n < LN_QUERY_LIMIT;
}

bool ln_retention_held(bool *held, struct ln_special_call *x, const char *object,
                       struct ln_err *err)
{
    json_t *holds = NULL;
    const struct ln_cert *self = ln_replica_self(x->r);
    bool ok = self == NULL || read_holds(&holds, x->e->writer, x->e->def, self->region, err);

    *held = holds != NULL && json_object_get(holds, object) != NULL;
    json_decref(holds);
    return ok;
}

bool ln_retention_list(json_t *out, struct ln_sqlstore *s, const struct ln_def *def,
                       const char *region, int64_t now_ms, int64_t ahead, struct ln_err *err)
{
    struct listing x = { .out = out };
    json_t *holds = NULL;
    char today[11];
    bool ok = read_holds(&holds, s, def, region, err);

    ln_engine_today(today, now_ms);
    ln_workday_date(today, ln_workday_number(today) + ahead);
    x.holds = holds;
    for (size_t i = 0; ok && i < def->n_colls; i++) {
        struct rule r;
        if (!rule_of(&r, &def->colls[i]))
            continue;
        x.n = x.held = 0;
        ok = find_all(&r, s, def, region, today, list_row, &x, err);
        if (ok && r.sum)
            list_sum(&x, &r);
    }
    json_decref(holds);
    return ok;
}

/* ---- the daily run */

struct running {
    struct ln_special_call *x;
    const json_t *holds;
    struct ln_id ids[AT_ONCE];
    size_t n;
    bool left;
};

static bool take_due(void *ctx, const struct rule *r, const json_t *row, const char *due,
                     struct ln_err *err)
{
    struct running *run = ctx;

    (void)due;
    err->code = LN_OK;
    if (hold_of(run->holds, r, row) != NULL)
        return true;
    if (run->n == AT_ONCE) {
        run->left = true;
        return false;
    }
    return !ln_clock_id_read(&run->ids[run->n], ln_span_of(ln_special_word(row, "id"))) ||
           ++run->n > 0;
}

static bool note(struct ln_special_call *x, const char *id, const char *action, struct ln_err *err)
{
    return ln_special_add(NULL, x, "audit",
                          json_pack("{s:s,s:s,s:s,s:s,s:I}", "node", ln_replica_self(x->r)->node,
                                    "action", action, "object", id, "purpose", "retention", "at",
                                    (json_int_t)x->now_ms),
                          err);
}

/* Of a run over the audit itself one row tells: with one for each it would never grow shorter. */
static bool act(struct running *run, const struct rule *r, struct ln_err *err)
{
    char id[LN_ID_TEXT + 1];
    bool ok = true;

    for (size_t i = 0; ok && i < run->n; i++) {
        ln_clock_id_write(id, &run->ids[i]);
        ok = ((r->sum && i > 0) || note(run->x, id, r->erase ? "erase" : "delete", err)) &&
             (r->erase || ln_special_delete(run->x, r->c->name, id, err));
    }
    return ok && (!r->erase || run->n == 0 ||
                  ln_replica_erase(run->x->r, run->ids, run->n, "retention", err));
}

/* A clock that nobody above has confirmed lately erases nothing: it may be years ahead. The root
 * has nobody to ask. */
static bool day_confirmed(bool *yes, struct ln_special_call *x, const struct ln_cert *self,
                          struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_store_log log = { 0 };
    struct ln_store_receipt last = { 0 };

    *yes = self->parent[0] == '\0';
    if (*yes)
        return true;
    if (!s->ops->log_get(s->ctx, &log, self->node, err) ||
        (log.receipt > 0 && !s->ops->receipt_first(s->ctx, log.n, log.receipt, &last, NULL, err)))
        return false;
    *yes = last.seq > 0 && x->now_ms - LN_HLC_MS(last.t) < CONFIRMED_MS;
    return true;
}

/* Some were left: sooner than tomorrow. */
static bool again(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, x->now_ms - RUN_EVERY + RUN_AGAIN);
    return s->ops->meta_put(s->ctx, LAST_RUN, ln_span_of(text), err);
}

static bool retention_tick(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_engine *e = x->e;
    const struct ln_cert *self = ln_replica_self(x->r);
    struct running run = { .x = x };
    json_t *holds = NULL;
    bool sure = false;
    bool due = false;
    bool ok = day_confirmed(&sure, x, self, err);

    if (!ok || !sure)
        return ok;
    if (!ln_special_due(&due, x, LAST_RUN, RUN_EVERY, err) || !due)
        return !due && err->code == LN_OK;
    ok = read_holds(&holds, e->writer, e->def, self->region, err);
    run.holds = holds;
    for (size_t i = 0; ok && i < e->def->n_colls; i++) {
        struct rule r;
        run.n = 0;
        if (rule_of(&r, &e->def->colls[i]))
            ok = find_all(&r, e->writer, e->def, self->region, x->today, take_due, &run, err) &&
                 act(&run, &r, err);
    }
    json_decref(holds);
    return ok && (!run.left || again(x, err));
}

/* ---- holds are kept by people: what is named must be here */

static bool hold_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *row = NULL;
    struct ln_id id;
    const char *object = ln_special_word(x->f, "object");

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_clock_id_read(&id, ln_span_of(object)) &&
              ln_query_record(&row, x->e->writer, &id, err) && row != NULL;
    json_decref(row);
    return ok || ln_special_problem(x, "object", "没有这条记录：请填写其编号",
                                    "there is no such record: give its id", err);
}

const struct ln_special ln_retention_special[] = {
    { .collection = "legal_hold", .before = hold_before, .tick = retention_tick },
    { .collection = NULL },
};
