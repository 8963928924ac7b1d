/* Hooks of assessment: see assess.h. */
#include "node/module/assess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/recipient.h"

#define GRADES 4

static const json_t *field(const json_t *row, const char *name)
{
    return json_object_get(json_object_get(row, "f"), name);
}

/* ---- measures */

struct measuring {
    const char *source, *subject, *starts, *ends;
    const char *today;
    double number, part;
};

static bool in_time(const struct measuring *m, const char *day)
{
    return strcmp(m->starts, day) <= 0 && strcmp(day, m->ends) <= 0;
}

static bool take_log(void *ctx, json_t *row, struct ln_err *err)
{
    struct measuring *m = ctx;
    const char *kind = ln_special_text(row, "kind");

    (void)err;
    if (!in_time(m, ln_special_text(row, "date")))
        return true;
    if (strcmp(m->source, "minutes") == 0)
        m->number += (double)json_integer_value(field(row, "minutes"));
    else if (strcmp(m->source, "logs") == 0 ||
             (strcmp(m->source, "visits") == 0 && strcmp(kind, "visit") == 0) ||
             (strcmp(m->source, "mediations") == 0 && strcmp(kind, "mediation") == 0))
        m->number += 1;
    return true;
}

static bool is_one_of(const char *state, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(state, *list) == 0)
            return true;
    return false;
}

/* What was due in the time: all of it, and what is done. What is not due yet counts neither way. */
static bool take_due(void *ctx, json_t *row, struct ln_err *err)
{
    static const char *const done[] = { "done",    "checked", "submitted", "accepted",
                                        "replied", "rated",   "closed",    NULL };
    struct measuring *m = ctx;
    const json_t *due = field(row, "due");
    char day[11];
    bool over;

    (void)err;
    if (json_is_integer(due))
        ln_engine_today(day, json_integer_value(due));
    else
        (void)snprintf(day, sizeof day, "%.10s", json_is_string(due) ? json_string_value(due) : "");
    over = is_one_of(ln_special_word(row, "state"), done);
    if (day[0] == '\0' || !in_time(m, day) || (!over && strcmp(day, m->today) >= 0))
        return true;
    m->number += 1;
    m->part += over;
    return true;
}

static bool measure(double *value, struct ln_special_call *x, struct measuring *m, double target,
                    struct ln_err *err)
{
    static const char *const counted[] = { "visits", "logs", "minutes", "mediations", NULL };
    struct ln_recipient_place p = { x->e->writer, x->e->def, x->today };
    const struct ln_where worker = { "worker", LN_WHERE_IS, m->subject };
    const struct ln_where assignee = { "assignee", LN_WHERE_IS, m->subject };
    const struct ln_where handler = { "handler", LN_WHERE_IS, m->subject };
    bool ok;

    if (is_one_of(m->source, counted)) {
        ok = ln_recipient_each(&p, "work_log", &worker, 1, take_log, m, err);
        *value = target > 0 ? 100 * m->number / target : 0;
    } else {
        if (strcmp(m->source, "tasks") == 0)
            ok = ln_recipient_each(&p, "task", &assignee, 1, take_due, m, err);
        else if (strcmp(m->source, "tickets") == 0)
            ok = ln_recipient_each(&p, "ticket", &handler, 1, take_due, m, err);
        else
            ok = ln_recipient_each(&p, "ledger_return", NULL, 0, take_due, m, err);
        *value = m->number > 0 ? 100 * m->part / m->number : 100;
    }
    if (*value > 100)
        *value = 100;
    return ok;
}

static bool score_by_measure(struct ln_special_call *x, const json_t *scheme,
                             const json_t *indicator, const char *subject, struct ln_err *err)
{
    struct measuring m = { .source = ln_special_word(indicator, "source"),
                           .subject = subject,
                           .starts = ln_special_text(scheme, "starts"),
                           .ends = ln_special_text(scheme, "ends"),
                           .today = x->today };
    double value = 0;
    char text[80];

    if (!measure(&value, x, &m, strtod(ln_special_word(indicator, "rule"), NULL), err))
        return false;
    (void)snprintf(text, sizeof text, m.part > 0 ? "%.0f / %.0f" : "%.0f",
                   m.part > 0 ? m.part : m.number, m.number);
    return ln_special_add(NULL, x, "assess_score",
                          json_pack("{s:s,s:s,s:s,s:o,s:b,s:s}", "scheme",
                                    ln_special_word(scheme, "id"), "subject", subject, "indicator",
                                    ln_special_word(indicator, "name"), "value",
                                    json_sprintf("%.1f", value), "auto", 1, "comment", text),
                          err);
}

/* ---- opening: a result for each, measures counted */

static bool begin_one(struct ln_special_call *x, const json_t *scheme, const char *subject,
                      struct ln_err *err)
{
    const json_t *list = field(scheme, "indicators");
    bool ok = ln_special_add(
        NULL, x, "assess_result",
        json_pack("{s:s,s:s}", "scheme", ln_special_word(scheme, "id"), "subject", subject), err);

    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (strcmp(ln_special_word(one, "source"), "manual") != 0)
            ok = score_by_measure(x, scheme, one, subject, err);
    }
    return ok;
}

/* Who is assessed: the workers, one by one, or the departments of the community. */
static bool begin_all(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where workers[] = { { "role", LN_WHERE_IS, "worker" },
                                               { "state", LN_WHERE_IS, "active" } };
    static const struct ln_where homes = { "kind", LN_WHERE_IS, "centre,worker,property" };
    bool person = strcmp(ln_special_text(x->row, "subject"), "person") == 0;
    json_t *rows = NULL;
    json_t *had = json_object();
    bool ok = person ? ln_special_find(&rows, x, "membership", workers, 2, 0, err)
                     : ln_special_find(&rows, x, "home", &homes, 1, 0, err);

    for (size_t i = 0; ok && i < json_array_size(rows) && i < LN_ASSESS_SUBJECTS; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = person ? ln_special_text(row, "account") : ln_special_word(row, "id");
        if (json_object_get(had, id) != NULL)
            continue;
        json_object_set_new(had, id, json_true());
        ok = begin_one(x, x->row, id, err);
    }
    json_decref(rows);
    json_decref(had);
    return ok;
}

static bool scheme_before(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *list = json_object_get(x->f, "indicators");
    int64_t sum = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        sum += json_integer_value(json_object_get(json_array_get(list, i), "weight"));
    if (list != NULL && sum != 100)
        return ln_special_problem(x, "indicators", "权重之和应为 100", "weights add up to 100",
                                  err);
    return true;
}

static bool scheme_after(struct ln_special_call *x, struct ln_err *err)
{
    return x->step == NULL || strcmp(x->step->action, "open") != 0 || begin_all(x, err);
}

/* ---- scores by hand */

static const json_t *indicator_of(const json_t *scheme, const char *name)
{
    const json_t *list = field(scheme, "indicators");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(ln_special_word(json_array_get(list, i), "name"), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

static bool score_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *name = ln_special_word(x->f, "indicator");
    json_t *scheme = NULL;
    char *end;
    double value = strtod(ln_special_word(x->f, "value"), &end);
    bool ok = false;

    if (x->kind != LN_ENGINE_CREATE || x->u->system)
        return true;
    if (!ln_special_get(&scheme, x, "assess_scheme", ln_special_word(x->f, "scheme"), err))
        return false;
    const json_t *one = indicator_of(scheme, name);
    const json_t *raters = field(scheme, "raters");
    bool rater = json_array_size(raters) == 0 || ln_engine_has_role(x->u, "committee") ||
                 ln_engine_has_role(x->u, "party");
    for (size_t i = 0; i < json_array_size(raters); i++)
        rater = rater || strcmp(x->u->account, json_string_value(json_array_get(raters, i))) == 0;
    if (strcmp(ln_special_word(scheme, "state"), "open") != 0)
        ln_special_problem(x, "scheme", "不在评分中", "is not being scored", err);
    else if (one == NULL || strcmp(ln_special_word(one, "source"), "manual") != 0)
        ln_special_problem(x, "indicator", "不是人工评分的指标", "is not scored by hand", err);
    else if (!rater)
        ln_special_refuse(x, LN_DENIED, "您不是评分人", "you are none of the raters", err);
    else if (strcmp(ln_special_word(x->f, "subject"), x->u->account) == 0)
        ln_special_refuse(x, LN_DENIED, "不能给自己评分", "nobody scores oneself", err);
    else if (*end != '\0' || value < 0 || value > 100)
        ln_special_problem(x, "value", "应为 0 到 100", "is from 0 to 100", err);
    else
        ok = true;
    json_decref(scheme);
    return ok;
}

/* ---- the total */

struct total {
    json_t *sum, *n; /* by indicator */
    const char *subject;
};

static bool take_score(void *ctx, json_t *row, struct ln_err *err)
{
    struct total *t = ctx;
    const char *name = ln_special_text(row, "indicator");
    double value = strtod(ln_special_text(row, "value"), NULL);

    (void)err;
    if (strcmp(ln_special_text(row, "subject"), t->subject) != 0)
        return true;
    bool automatic = json_is_true(field(row, "auto"));
    double before = automatic ? 0 : json_real_value(json_object_get(t->sum, name));
    int64_t n = automatic ? 0 : json_integer_value(json_object_get(t->n, name));
    json_object_set_new(t->sum, name, json_real(before + value));
    json_object_set_new(t->n, name, json_integer(n + 1));
    return true;
}

/* Raters' scores of one indicator are averaged; all must be there. */
static bool add_up(struct ln_special_call *x, const json_t *scheme, struct total *t,
                   struct ln_err *err)
{
    const json_t *list = field(scheme, "indicators");
    json_t *parts = json_array(); /* keys of a map are ASCII, names of indicators are not */
    double total = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *name = ln_special_word(one, "name");
        int64_t n = json_integer_value(json_object_get(t->n, name));
        if (n == 0) {
            json_decref(parts);
            return ln_special_refuse(x, LN_CONFLICT, "还有指标没有评分",
                                     "an indicator has no score yet", err);
        }
        double value = json_real_value(json_object_get(t->sum, name)) / (double)n;
        total += value * (double)json_integer_value(json_object_get(one, "weight")) / 100;
        json_array_append_new(
            parts, json_pack("{s:s,s:o}", "name", name, "value", json_sprintf("%.1f", value)));
    }
    json_object_set_new(x->f, "total", json_sprintf("%.1f", total));
    json_object_set_new(x->f, "parts", parts);
    return true;
}

static const char *grade_of(double total)
{
    static const struct {
        double from;
        const char *grade;
    } grades[GRADES] = { { 90, "A" }, { 75, "B" }, { 60, "C" }, { -1, "D" } };

    for (size_t i = 0; i < GRADES; i++)
        if (total >= grades[i].from)
            return grades[i].grade;
    return "D";
}

static bool result_before(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_recipient_place p = { x->e->writer, x->e->def, x->today };
    const char *id = ln_special_text(x->row, "scheme");
    const struct ln_where of = { "scheme", LN_WHERE_IS, id };
    struct total t = { .subject = ln_special_text(x->row, "subject") };
    json_t *scheme = NULL;

    if (x->step != NULL && strcmp(x->step->action, "decide") == 0 &&
        ln_special_word(x->f, "grade")[0] == '\0' && ln_special_text(x->row, "grade")[0] == '\0')
        json_object_set_new(x->f, "grade",
                            json_string(grade_of(strtod(ln_special_text(x->row, "total"), NULL))));
    if (x->step != NULL && strcmp(x->step->action, "appeal") == 0 &&
        ln_special_word(x->f, "appeal")[0] == '\0')
        return ln_special_problem(x, "appeal", "请写申诉理由", "say why", err);
    if (x->step == NULL || strcmp(x->step->action, "rate") != 0)
        return true;
    t.sum = json_object();
    t.n = json_object();
    bool ok = ln_special_get(&scheme, x, "assess_scheme", id, err) &&
              ln_recipient_each(&p, "assess_score", &of, 1, take_score, &t, err) &&
              add_up(x, scheme, &t, err);
    json_decref(scheme);
    json_decref(t.sum);
    json_decref(t.n);
    return ok;
}

const struct ln_special ln_assess_special[] = {
    { .collection = "assess_scheme", .before = scheme_before, .after = scheme_after },
    { .collection = "assess_score", .before = score_before },
    { .collection = "assess_result", .before = result_before },
    { .collection = NULL },
};
