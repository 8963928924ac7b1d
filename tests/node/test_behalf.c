/* Acting for another ends on its day: for rights, and in every list. */
#include "tests/lib/four.h"

#include <string.h>

#define DAY INT64_C(86400000)

struct scene {
    struct four t;
    char mother[LN_ID_TEXT + 1], daughter[LN_ID_TEXT + 1], delegation[LN_ID_TEXT + 1];
    char last[11]; /* its last day */
};

static void person(char id[LN_ID_TEXT + 1], struct scene *s, const char *name)
{
    four_add(id, &s->t, &s->t.one, "person",
             json_pack("{s:s,s:s,s:s,s:s}", "name", name, "kind", "local", "status", "living",
                       "id_type", "111"));
}

/* One that begins today and ends after so many days. */
static void begin(struct scene *s, int64_t days)
{
    char today[11];

    four_new(&s->t);
    person(s->mother, s, "陈母");
    person(s->daughter, s, "陈女");
    ln_engine_today(today, s->t.clock);
    ln_engine_today(s->last, s->t.clock + days * DAY);
    four_add(s->delegation, &s->t, &s->t.one, "delegation",
             json_pack("{s:s,s:s,s:[s],s:s,s:s}", "principal", s->mother, "agent", s->daughter,
                       "scope", "all", "starts", today, "ends", s->last));
}

static const char *state_after(struct scene *s, int64_t days)
{
    struct ln_engine e = four_engine(&s->t, &s->t.one);

    s->t.clock += days * DAY;
    ln_special_tick(&e, s->t.one.r);
    return four_text(&s->t, &s->t.one, "delegation", s->delegation, "state");
}

static size_t listed(struct scene *s, const char *state)
{
    return four_count(&s->t, &s->t.one, "delegation", "state", state);
}

static bool may_act(struct scene *s)
{
    struct ln_engine e = four_engine(&s->t, &s->t.one);
    struct ln_user u = { .n_roles = 1, .roles = { "resident" } };
    struct ln_err err = { 0 };
    char today[11];
    bool may = true;

    (void)memcpy(u.person, s->daughter, sizeof u.person);
    ln_engine_today(today, s->t.clock);
    MUST(ln_engine_stands_for(&may, e.writer, s->t.def, &u, s->mother, "service", today, &err));
    return may;
}

TEST(a_delegation_holds_through_its_last_day_and_is_ended_after_it)
{
    struct scene s;
    struct ln_err err = { 0 };

    begin(&s, 30);
    MUST(four_step(&s.t, &s.t.one, "worker", "delegation", s.delegation, "confirm", NULL, NULL,
                   &err));

    assert_string_equal(state_after(&s, 30), "confirmed");
    assert_true(may_act(&s));
    assert_string_equal(state_after(&s, 1), "ended");
    assert_false(may_act(&s));
    assert_int_equal(listed(&s, "confirmed"), 0);
    assert_int_equal(listed(&s, "ended"), 1);
    four_end(&s.t);
}

TEST(one_that_nobody_confirmed_in_time_is_ended_too)
{
    struct scene s;

    begin(&s, 30);

    assert_string_equal(state_after(&s, 31), "ended");
    assert_int_equal(listed(&s, "asked"), 0);
    four_end(&s.t);
}

TEST(one_without_an_end_goes_on)
{
    struct scene s;
    struct ln_err err = { 0 };

    begin(&s, 30);
    MUST(four_step(&s.t, &s.t.one, "worker", "delegation", s.delegation, "confirm", NULL, NULL,
                   &err));
    four_add(s.delegation, &s.t, &s.t.one, "delegation",
             json_pack("{s:s,s:s,s:[s],s:s}", "principal", s.mother, "agent", s.daughter, "scope",
                       "service", "starts", "2020-01-01"));
    MUST(four_step(&s.t, &s.t.one, "worker", "delegation", s.delegation, "confirm", NULL, NULL,
                   &err));

    assert_string_equal(state_after(&s, 400), "confirmed");
    assert_true(may_act(&s));
    four_end(&s.t);
}

RUN_TESTS(T(a_delegation_holds_through_its_last_day_and_is_ended_after_it),
          T(one_that_nobody_confirmed_in_time_is_ended_too), T(one_without_an_end_goes_on))
