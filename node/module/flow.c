/* What steps ask for and set: see flow.h. */
#include "node/module/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "node/module/calendar.h"
#include "node/module/refusal.h"
#include "node/module/term.h"

#define TERM_MAX 32

static const json_t *field(const json_t *row, const char *name)
{
    return json_object_get(json_object_get(row, "f"), name);
}

static const char *text(const json_t *v)
{
    const char *s = json_string_value(v);

    return s != NULL ? s : "";
}

static json_t *load(const struct ln_engine *e, const char *id_text)
{
    struct ln_err why = { 0 };
    struct ln_id id;
    json_t *row = NULL;

    if (!ln_clock_id_read(&id, ln_span_of(id_text)) || !ln_query_record(&row, e->writer, &id, &why))
        return NULL;
    return row;
}

static json_t *rows_of(const struct ln_engine *e, const char *coll, const struct ln_where *where,
                       const char *sort)
{
    const struct ln_def_coll *d = ln_def_find(e->def, coll);
    struct ln_list l = { .where = where, .n = 1, .sort = sort, .limit = LN_QUERY_LIMIT };
    struct ln_err why = { 0 };
    json_t *rows = json_array();

    if (d != NULL) {
        l.coll = d->coll;
        if (!ln_query_list(rows, NULL, e->writer, &l, &why))
            json_array_clear(rows);
    }
    return rows;
}

/* ---- clocks */

/* The calendar of the program, and over it the days that are records. */
static json_t *calendar_of(const struct ln_engine *e, int64_t from_ms)
{
    char since[11];

    ln_engine_today(since, from_ms);
    return ln_calendar_days(e->writer, e->def, since);
}

/* "@accept_hours": hours that the record's category says. */
static void by_category(char out[TERM_MAX], const struct ln_engine *e, const json_t *f,
                        const char *name)
{
    json_t *category = load(e, text(json_object_get(f, "category")));
    json_int_t hours = json_integer_value(field(category, name));

    out[0] = '\0';
    if (hours > 0)
        (void)snprintf(out, TERM_MAX, "%" JSON_INTEGER_FORMAT "h", hours);
    json_decref(category);
}

static bool own_setting(char out[TERM_MAX], const struct ln_engine *e, const char *module,
                        const char *value, const char *clock)
{
    const struct ln_where where[] = { { "module", LN_WHERE_IS, module } };
    json_t *rows = rows_of(e, "module_setting", where, NULL);
    char key[96];
    bool found = false;
    size_t i;
    json_t *row;

    (void)snprintf(key, sizeof key, "clock.%s.%s", value, clock);
    json_array_foreach(rows, i, row)
    {
        const char *term = text(json_object_get(field(row, "config"), key));
        if (term[0] != '\0') {
            (void)snprintf(out, TERM_MAX, "%s", term);
            found = true;
        }
    }
    json_decref(rows);
    return found;
}

/* The term of one of the workflow's clocks for a record with fields `f`; "" none. */
static void term_of(char out[TERM_MAX], const struct ln_engine *e, const struct ln_def_coll *c,
                    const json_t *f, const char *clock)
{
    const char *by = text(json_object_get(c->clocks, "by"));
    const char *value = text(json_object_get(f, by));
    const json_t *terms = json_object_get(c->clocks, value);

    out[0] = '\0';
    if (c->clocks != NULL && own_setting(out, e, c->module, value, clock))
        return;
    if (terms == NULL)
        terms = json_object_get(c->clocks, "*");
    const char *term = text(json_object_get(terms, clock));
    if (term[0] == '@')
        by_category(out, e, f, term + 1);
    else
        (void)snprintf(out, TERM_MAX, "%s", term);
}

static void set_due(json_t *set, const struct ln_engine *e, const char *term, int64_t from_ms)
{
    json_t *calendar = calendar_of(e, from_ms);
    int64_t due;

    if (ln_term_end(&due, term, from_ms, calendar))
        json_object_set_new(set, "due", json_integer(due));
    json_decref(calendar);
}

static void step_clock(json_t *set, const struct ln_engine *e, const struct ln_def_coll *c,
                       const struct ln_def_step *s, const json_t *row, int64_t now_ms)
{
    const json_t *f = json_object_get(row, "f");
    const char *from = s->clock_from != NULL ? s->clock_from : "";
    int64_t due = json_integer_value(json_object_get(f, "due"));
    char term[TERM_MAX];
    int64_t probe;

    if (strcmp(s->clock, "none") == 0) {
        if (due > 0)
            json_object_set_new(set, "due", json_null());
        return;
    }
    if (ln_term_end(&probe, s->clock, now_ms, NULL)) {
        (void)snprintf(term, sizeof term, "%s", s->clock);
        from = from[0] != '\0' ? from : "now";
    } else if (c->clocks != NULL)
        term_of(term, e, c, f, s->clock);
    else {
        by_category(term, e, f, s->clock);
        from = from[0] != '\0' ? from : "now";
    }
    int64_t start = strcmp(from, "now") == 0 ? now_ms
                    : strcmp(from, "due") == 0 && due > 0
                        ? due
                        : json_integer_value(json_object_get(row, "created"));
    set_due(set, e, term, start);
}

void ln_flow_clock(json_t *set, const struct ln_engine *e, const struct ln_def_coll *c,
                   const struct ln_def_step *s, const json_t *row, int64_t now_ms)
{
    char term[TERM_MAX];

    if (ln_def_field(c, "due") == NULL)
        return;
    if (s != NULL) {
        if (s->clock != NULL)
            step_clock(set, e, c, s, row, now_ms);
        return;
    }
    if (c->clocks == NULL)
        return;
    term_of(term, e, c, set, "accept");
    if (term[0] == '\0')
        term_of(term, e, c, set, "done");
    set_due(set, e, term, now_ms);
}

/* ---- stamps, counts, needs */

static bool is_empty(const json_t *v)
{
    return v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

/* Whether `due` has not passed: a moment, or a day, which counts to its end in China. */
static bool in_time(const json_t *due, int64_t now_ms)
{
    char today[11];

    ln_engine_today(today, now_ms);
    return json_is_string(due) ? strcmp(today, json_string_value(due)) <= 0
                               : now_ms <= json_integer_value(due);
}

void ln_flow_stamp(json_t *set, const struct ln_def_step *s, const json_t *row, int64_t now_ms)
{
    const json_t *due = field(row, "due");
    size_t i;
    json_t *stamp;

    json_array_foreach(s->stamps, i, stamp)
    {
        const char *on_time = text(json_object_get(stamp, "on_time"));
        json_object_set_new(set, text(json_object_get(stamp, "at")), json_integer(now_ms));
        if (on_time[0] != '\0' && !is_empty(due))
            json_object_set_new(set, on_time, json_boolean(in_time(due, now_ms)));
    }
    if (s->counts != NULL)
        json_object_set_new(set, s->counts,
                            json_integer(json_integer_value(field(row, s->counts)) + 1));
}

bool ln_flow_needs(json_t **problems, const struct ln_def_coll *c, const struct ln_def_step *s,
                   const json_t *set, const json_t *row, struct ln_err *err)
{
    static const struct ln_def_label say = { "办理「{0}」之前要有「{1}」：请填写后再办",
                                             "the step “{0}” needs “{1}”: fill it in, then take "
                                             "the step" };

    for (const char *const *w = s->needs; w != NULL && *w != NULL; w++) {
        const json_t *given = json_object_get(set, *w);
        if (is_empty(given != NULL ? given : field(row, *w)))
            return ln_refusal(problems, LN_INVALID, "", &say,
                              LN_REFUSAL_ARGS(s->label, ln_refusal_field(c, *w)), err);
    }
    return true;
}

/* The record a ref names is in a state in which nothing more is taken, or not here. */
static bool takes_nothing(json_t **problems, const struct ln_engine *e,
                          const struct ln_def_field *d, const json_t *row, struct ln_err *err)
{
    static const struct ln_def_label gone = {
        "「{0}」所选的记录不在本节点，可能已经删除：请另选一个",
        "the record chosen as “{0}” is not here, it may have been deleted: choose another"
    };
    static const struct ln_def_label closed = {
        "「{0}」现在是「{1}」，不再接受登记（要在「{2}」时）：请另选一个",
        "what was chosen as “{0}” is “{1}” now and takes nothing more (it has to be: {2}): choose "
        "another"
    };
    const struct ln_def_coll *of = ln_def_find(e->def, d->to != NULL ? d->to : "");

    if (row == NULL || of == NULL)
        return ln_refusal(problems, LN_CONFLICT, "", &gone, LN_REFUSAL_ARGS(d->label), err);
    struct ln_refusal_list l = ln_refusal_list();
    for (const char *const *state = d->to_states; *state != NULL; state++)
        ln_refusal_add(&l, ln_refusal_state(of, *state));
    (void)ln_refusal(problems, LN_CONFLICT, "", &closed,
                     LN_REFUSAL_ARGS(d->label,
                                     ln_refusal_state(of, text(json_object_get(row, "state"))),
                                     ln_refusal_said(&l)),
                     err);
    ln_refusal_free(&l);
    return false;
}

bool ln_flow_refs(json_t **problems, const struct ln_engine *e, const struct ln_def_coll *c,
                  const json_t *f, struct ln_err *err)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *d = &c->fields[i];
        const char *id = text(json_object_get(f, d->name));
        if (d->to_states == NULL || id[0] == '\0')
            continue;
        json_t *row = load(e, id);
        bool open =
            (row != NULL && ln_def_has(d->to_states, text(json_object_get(row, "state")))) ||
            takes_nothing(problems, e, d, row, err);
        json_decref(row);
        if (!open)
            return false;
    }
    return true;
}

/* ---- how often */

static bool count(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    json_t *taken = ctx;
    struct ln_span value;
    struct ln_span word;
    char action[64];

    (void)err;
    if (i->c->op != LN_OP_STEP || i->state != LN_STORE_GOOD ||
        !ln_canon_get(i->c->fields, "action", &value) || !ln_canon_plain(value, &word) ||
        word.len >= sizeof action)
        return true;
    (void)snprintf(action, sizeof action, "%.*s", (int)word.len, word.p);
    json_object_set_new(taken, action,
                        json_integer(json_integer_value(json_object_get(taken, action)) + 1));
    return true;
}

bool ln_flow_taken(json_t **out, struct ln_store *s, const char *id_text, struct ln_err *err)
{
    struct ln_id id;

    *out = json_object();
    if (ln_clock_id_read(&id, ln_span_of(id_text)) && ln_replica_history(s, &id, count, *out, err))
        return true;
    json_decref(*out);
    *out = NULL;
    return false;
}

bool ln_flow_possible(const struct ln_def_step *s, const json_t *taken)
{
    json_int_t own = json_integer_value(json_object_get(taken, s->action));

    return (s->max == 0 || own < s->max) &&
           (s->after == NULL ||
            json_integer_value(json_object_get(taken, s->after)) >= s->after_times);
}
