/* Visits to who is looked after, and to households: see visit.h. */
#include "node/module/visit.h"

#include <stdio.h>
#include <string.h>

#include "node/module/workday.h"

#define DAY_MS 86400000LL
#define PLANNED_KEY "visit/planned"
#define REACHED_KEY "visit/reached" /* meta: the last visit that households were told of */

/* The day of the next visit into `out`, "" when none is planned: without a term, or once the tag
 * has ended. `visited`: the last one noted in the work log, "" none, the first being due on the day
 * the tag begins. */
static void plan(char out[11], const json_t *f, const char *visited, const char *today)
{
    const char *ends = ln_special_word(f, "ends");
    const char *starts = ln_special_word(f, "starts");
    int64_t every = json_integer_value(json_object_get(f, "visit_days"));

    out[0] = '\0';
    if (every <= 0 || (ends[0] != '\0' && strcmp(ends, today) <= 0))
        return;
    if (visited[0] != '\0')
        ln_workday_date(out, ln_workday_number(visited) + every);
    else
        (void)snprintf(out, 11, "%.10s", starts);
}

static json_t *day_or_null(const char *day)
{
    return day[0] != '\0' ? json_string(day) : json_null();
}

static const json_t *now_of(const struct ln_special_call *x, const char *field)
{
    const json_t *v = json_object_get(x->f, field);

    return v != NULL ? v : json_object_get(json_object_get(x->row, "f"), field);
}

static const char *word_of(const struct ln_special_call *x, const char *field)
{
    const char *s = json_string_value(now_of(x, field));

    return s != NULL ? s : "";
}

static bool before_tag(struct ln_special_call *x, struct ln_err *err)
{
    char day[11];

    (void)err;
    if (x->kind != LN_ENGINE_CREATE && x->kind != LN_ENGINE_UPDATE)
        return true;
    json_t *f = x->row != NULL ? json_copy(json_object_get(x->row, "f")) : json_object();
    json_object_update(f, x->f);
    plan(day, f, ln_special_word(f, "visited"), x->today);
    if (strcmp(day, ln_special_word(f, "visit_by")) != 0)
        json_object_set_new(x->f, "visit_by", day_or_null(day));
    json_decref(f);
    return true;
}

/* ---- households: when somebody was there last (MODULES M7 "households reached") */

static bool reach(struct ln_special_call *x, const json_t *household, const char *date,
                  struct ln_err *err)
{
    if (household == NULL || strcmp(date, ln_special_text(household, "visited")) <= 0)
        return true;
    return ln_special_set(x, "household", ln_special_word(household, "id"),
                          json_pack("{s:s}", "visited", date), err);
}

/* All households of a home. */
static bool reach_home(struct ln_special_call *x, const char *dwelling, const char *date,
                       struct ln_err *err)
{
    const struct ln_where where = { "dwelling", LN_WHERE_IS, dwelling };
    json_t *rows = NULL;

    if (dwelling[0] == '\0')
        return true;
    bool ok = ln_special_find(&rows, x, "household", &where, 1, 0, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++)
        ok = reach(x, json_array_get(rows, i), date, err);
    json_decref(rows);
    return ok;
}

/* The household in which somebody lived on that day; all of the home when none is named. */
static bool reach_person(struct ln_special_call *x, const char *person, const char *date,
                         struct ln_err *err)
{
    const struct ln_where where = { "person", LN_WHERE_IS, person };
    json_t *rows = NULL;

    if (person[0] == '\0')
        return true;
    bool ok = ln_special_find(&rows, x, "residence", &where, 1, 0, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *lives = json_array_get(rows, i);
        const char *ends = ln_special_text(lives, "ends");
        const char *named = ln_special_text(lives, "household");
        json_t *household = NULL;
        if ((ends[0] != '\0' && strcmp(ends, date) < 0) ||
            strcmp(ln_special_text(lives, "starts"), date) > 0)
            continue;
        ok = named[0] == '\0' ? reach_home(x, ln_special_text(lives, "dwelling"), date, err)
                              : ln_special_get(&household, x, "household", named, err) &&
                                    reach(x, household, date, err);
        json_decref(household);
    }
    json_decref(rows);
    return ok;
}

/* Visits that were noted before households knew of them, a page each time. */
static bool tick_households(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf after = ln_buf_new(LN_ID_TEXT);
    struct ln_where where[] = { { "kind", LN_WHERE_IS, "visit" },
                                { "after", LN_WHERE_FROM, NULL } };
    json_t *rows = NULL;
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, REACHED_KEY, &after, &found, err);

    where[1].value = after.data;
    ok = ok && ln_special_find(&rows, x, "work_log", where, after.len > 0 ? 2 : 1, 0, err);
    size_t n = json_array_size(rows);
    for (size_t i = 0; ok && i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *date = ln_special_text(row, "date");
        ok = reach_home(x, ln_special_text(row, "dwelling"), date, err) &&
             reach_person(x, ln_special_text(row, "person"), date, err);
    }
    if (ok && n > 0)
        ok = s->ops->meta_put(s->ctx, REACHED_KEY,
                              ln_span_of(ln_special_word(json_array_get(rows, n - 1), "id")), err);
    json_decref(rows);
    ln_buf_free(&after);
    return ok;
}

/* ---- the work log */

static bool after_log(struct ln_special_call *x, struct ln_err *err)
{
    const char *person = word_of(x, "person");
    const char *date = word_of(x, "date");
    const struct ln_where where = { "person", LN_WHERE_IS, person };
    json_t *rows = NULL;
    char day[11];

    if (x->kind == LN_ENGINE_DELETE || strcmp(word_of(x, "kind"), "visit") != 0)
        return true;
    bool ok =
        reach_home(x, word_of(x, "dwelling"), date, err) && reach_person(x, person, date, err);
    if (!ok || person[0] == '\0')
        return ok;
    ok = ln_special_find(&rows, x, "care_tag", &where, 1, 0, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *tag = json_array_get(rows, i);
        if (strcmp(date, ln_special_text(tag, "visited")) <= 0)
            continue; /* noted late: a later visit is known */
        plan(day, json_object_get(tag, "f"), date, x->today);
        ok = ln_special_set(x, "care_tag", ln_special_word(tag, "id"),
                            json_pack("{s:s,s:o}", "visited", date, "visit_by", day_or_null(day)),
                            err);
    }
    json_decref(rows);
    return ok;
}

/* The last visit to a person in the work log; "" none. */
static bool last_visit(char out[11], struct ln_special_call *x, const char *person,
                       struct ln_err *err)
{
    const struct ln_where where[] = { { "person", LN_WHERE_IS, person },
                                      { "kind", LN_WHERE_IS, "visit" } };
    size_t n = LN_QUERY_LIMIT;

    out[0] = '\0';
    for (unsigned from = 0; n == LN_QUERY_LIMIT; from += LN_QUERY_LIMIT) {
        json_t *rows = NULL;
        if (!ln_special_find(&rows, x, "work_log", where, 2, from, err))
            return false;
        n = json_array_size(rows);
        for (size_t i = 0; i < n; i++) {
            const char *date = ln_special_text(json_array_get(rows, i), "date");
            if (strcmp(date, out) > 0)
                (void)snprintf(out, 11, "%.10s", date);
        }
        json_decref(rows);
    }
    return true;
}

static bool plan_again(struct ln_special_call *x, const json_t *tag, struct ln_err *err)
{
    const char *known = ln_special_text(tag, "visited");
    char visited[11];
    char day[11];

    (void)snprintf(visited, sizeof visited, "%.10s", known);
    if (known[0] == '\0' && !last_visit(visited, x, ln_special_text(tag, "person"), err))
        return false;
    plan(day, json_object_get(tag, "f"), visited, x->today);
    if (strcmp(day, ln_special_text(tag, "visit_by")) == 0)
        return true;
    json_t *set = json_pack("{s:o}", "visit_by", day_or_null(day));
    if (strcmp(visited, known) != 0)
        json_object_set_new(set, "visited", json_string(visited));
    return ln_special_set(x, "care_tag", ln_special_word(tag, "id"), set, err);
}

/* What an import or a former version wrote has no plan: it gets one at once. Once a day all tags
 * are gone through, as some have ended. */
static bool tick_tags(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where unplanned[] = { { "visit_by", LN_WHERE_IS, "" },
                                                 { "visit_days", LN_WHERE_FROM, "1" },
                                                 { "ends", LN_WHERE_IS, "" } };
    bool ok;
    bool all = false;
    size_t n = LN_QUERY_LIMIT;

    ok = ln_special_due(&all, x, PLANNED_KEY, DAY_MS, err);
    for (unsigned from = 0; ok && n == LN_QUERY_LIMIT; from += LN_QUERY_LIMIT) {
        json_t *rows = NULL;
        ok = ln_special_find(&rows, x, "care_tag", all ? NULL : unplanned, all ? 0 : 3, from, err);
        n = all ? json_array_size(rows)
                : 0; /* who was planned is found no more: the rest next time */
        for (size_t i = 0; ok && i < json_array_size(rows); i++)
            ok = plan_again(x, json_array_get(rows, i), err);
        json_decref(rows);
    }
    return ok;
}

const struct ln_special ln_visit_special[] = {
    { .collection = "care_tag", .before = before_tag, .tick = tick_tags },
    { .collection = "work_log", .after = after_log, .tick = tick_households },
    { .collection = NULL },
};
