/* When who is looked after is to be visited next. */
#include "tests/lib/place.h"

#include <string.h>

#include "node/module/visit.h"

struct scene {
    struct place p;
    struct ln_user worker;
    char person[LN_ID_TEXT + 1], tag[LN_ID_TEXT + 1];
};

static void begin(struct scene *s)
{
    struct ln_err err = { 0 };

    place_open(&s->p);
    place_user(&s->worker, &s->p, "worker", "worker");
    place_add(s->person, &s->p, "person",
              json_pack("{s:s,s:s,s:s}", "name", "赵一", "kind", "local", "status", "living"));
    MUST(place_create(s->tag, &s->p, &s->worker, "care_tag",
                      json_pack("{s:s,s:s,s:i,s:s}", "person", s->person, "kind", "alone",
                                "visit_days", 14, "starts", "2026-01-05"),
                      NULL, &err));
}

static void visit(struct scene *s, const char *kind, const char *date)
{
    char id[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };

    MUST(place_create(id, &s->p, &s->worker, "work_log",
                      json_pack("{s:s,s:s,s:s,s:s,s:s}", "person", s->person, "kind", kind, "date",
                                date, "body", "好", "worker", s->worker.account),
                      NULL, &err));
}

static void expect(struct scene *s, const char *visit_by)
{
    assert_string_equal(place_text(&s->p, "care_tag", s->tag, "visit_by"), visit_by);
}

TEST(the_first_visit_is_due_on_the_day_the_tag_begins)
{
    struct scene s;

    begin(&s);

    expect(&s, "2026-01-05");
    place_close(&s.p);
}

TEST(a_visit_moves_the_next_one_by_the_term_and_other_work_does_not)
{
    struct scene s;

    begin(&s);

    visit(&s, "patrol", "2026-02-01");
    expect(&s, "2026-01-05");
    visit(&s, "visit", "2026-02-20");
    expect(&s, "2026-03-06");
    visit(&s, "visit", "2026-02-10"); /* noted late */
    expect(&s, "2026-03-06");
    place_close(&s.p);
}

TEST(another_term_counts_from_the_last_visit)
{
    struct scene s;
    struct ln_err err = { 0 };

    begin(&s);
    visit(&s, "visit", "2026-02-20");

    MUST(place_update(&s.p, &s.worker, "care_tag", s.tag, json_pack("{s:i}", "visit_days", 7), NULL,
                      &err));

    expect(&s, "2026-02-27");
    place_close(&s.p);
}

TEST(nobody_is_visited_once_the_tag_has_ended)
{
    struct scene s;
    struct ln_err err = { 0 };

    begin(&s);

    MUST(place_update(&s.p, &s.worker, "care_tag", s.tag, json_pack("{s:s}", "ends", "2026-01-06"),
                      NULL, &err));

    expect(&s, "");
    place_close(&s.p);
}

static bool tick(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    (void)arg;
    return ln_visit_special[0].tick(x, err);
}

static const struct ln_special *const NONE[] = { NULL };

TEST(tags_without_a_plan_get_one_from_the_work_log_at_once)
{
    struct scene s;
    struct ln_err err = { 0 };
    char old[LN_ID_TEXT + 1];

    begin(&s);
    visit(&s, "visit", "2026-02-20");
    visit(&s, "visit", "2026-02-25");
    MUST(place_run(&s.p, tick, NULL, 1000, &err)); /* all that there were this day */
    s.p.n->engine.special = NONE;                  /* a former version writes, or an import */
    place_add(old, &s.p, "care_tag",
              json_pack("{s:s,s:s,s:i,s:s}", "person", s.person, "kind", "disabled", "visit_days",
                        10, "starts", "2026-01-05"));
    s.p.n->engine.special = ln_specials;
    assert_string_equal(place_text(&s.p, "care_tag", old, "visit_by"), "");

    MUST(place_run(&s.p, tick, NULL, 2000, &err));

    assert_string_equal(place_text(&s.p, "care_tag", old, "visit_by"), "2026-03-07");
    assert_string_equal(place_text(&s.p, "care_tag", old, "visited"), "2026-02-25");
    place_close(&s.p);
}

RUN_TESTS(T(the_first_visit_is_due_on_the_day_the_tag_begins),
          T(a_visit_moves_the_next_one_by_the_term_and_other_work_does_not),
          T(another_term_counts_from_the_last_visit), T(nobody_is_visited_once_the_tag_has_ended),
          T(tags_without_a_plan_get_one_from_the_work_log_at_once))
