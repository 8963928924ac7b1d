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

/* A household of one in a home of its own. */
static void house(char home[LN_ID_TEXT + 1], char household[LN_ID_TEXT + 1], struct scene *s,
                  const char *room)
{
    place_add(home, &s->p, "dwelling",
              json_pack("{s:s,s:s,s:s}", "room", room, "building", "000000000000000000b0", "tenure",
                        "owner"));
    place_add(household, &s->p, "household", json_pack("{s:s,s:s}", "no", room, "dwelling", home));
}

static void live(struct scene *s, const char *home, const char *household, const char *ends)
{
    char id[LN_ID_TEXT + 1];

    place_add(id, &s->p, "residence",
              json_pack("{s:s,s:s,s:s*,s:s,s:s,s:s*}", "person", s->person, "dwelling", home,
                        "household", household, "kind", "actual", "starts", "2020-01-01", "ends",
                        ends));
}

static const char *visited(struct scene *s, const char *household)
{
    return place_text(&s->p, "household", household, "visited");
}

TEST(a_visit_reaches_the_household_where_the_person_lived_that_day)
{
    struct scene s;
    char home[2][LN_ID_TEXT + 1];
    char household[2][LN_ID_TEXT + 1];

    begin(&s);
    house(home[0], household[0], &s, "101");
    house(home[1], household[1], &s, "102");
    live(&s, home[0], household[0], "2026-01-31"); /* moved */
    live(&s, home[1], household[1], NULL);

    visit(&s, "patrol", "2026-02-21");
    visit(&s, "visit", "1999-12-31"); /* before anybody moved in */
    assert_string_equal(visited(&s, household[1]), "");
    visit(&s, "visit", "2026-02-20");
    visit(&s, "visit", "2026-02-10"); /* noted late */

    assert_string_equal(visited(&s, household[0]), "");
    assert_string_equal(visited(&s, household[1]), "2026-02-20");
    place_close(&s.p);
}

TEST(a_visit_to_a_home_reaches_all_its_households)
{
    struct scene s;
    char home[2][LN_ID_TEXT + 1];
    char household[3][LN_ID_TEXT + 1];
    char id[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };

    begin(&s);
    house(home[0], household[0], &s, "101");
    house(home[1], household[1], &s, "102");
    place_add(household[2], &s.p, "household",
              json_pack("{s:s,s:s}", "no", "101-2", "dwelling", home[0]));

    MUST(place_create(id, &s.p, &s.worker, "work_log",
                      json_pack("{s:s,s:s,s:s,s:s,s:s}", "dwelling", home[0], "kind", "visit",
                                "date", "2026-03-01", "body", "好", "worker", s.worker.account),
                      NULL, &err));

    assert_string_equal(visited(&s, household[0]), "2026-03-01");
    assert_string_equal(visited(&s, household[2]), "2026-03-01");
    assert_string_equal(visited(&s, household[1]), "");
    place_close(&s.p);
}

static bool tick_log(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    (void)arg;
    return ln_visit_special[1].tick(x, err);
}

TEST(visits_of_a_former_version_count_for_households_too)
{
    struct scene s;
    char home[LN_ID_TEXT + 1];
    char household[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };

    begin(&s);
    house(home, household, &s, "101");
    live(&s, home, NULL, NULL); /* nobody said in which household */
    s.p.n->engine.special = NONE;
    visit(&s, "visit", "2026-02-20");
    s.p.n->engine.special = ln_specials;
    assert_string_equal(visited(&s, household), "");

    MUST(place_run(&s.p, tick_log, NULL, 0, &err));

    assert_string_equal(visited(&s, household), "2026-02-20");
    place_close(&s.p);
}

TEST(what_is_stale_was_never_or_is_before_the_day)
{
    struct scene s;
    char home[LN_ID_TEXT + 1];
    char household[3][LN_ID_TEXT + 1];
    char name[LN_QUERY_NAME];
    const struct ln_where where = { name, ln_query_op(name, "visited.stale"), "2026-02-20" };
    json_t *rows;

    begin(&s);
    for (int i = 0; i < 3; i++)
        house(home, household[i], &s, (const char *[]){ "101", "102", "103" }[i]);
    place_set(&s.p, "household", household[1], json_pack("{s:s}", "visited", "2026-02-19"));
    place_set(&s.p, "household", household[2], json_pack("{s:s}", "visited", "2026-02-20"));

    const struct ln_list l = { .coll = ln_def_find(s.p.n->def, "household")->coll,
                               .where = &where,
                               .n = 1,
                               .sort = "visited",
                               .limit = 9 };
    rows = place_list(&s.p, &l, NULL);

    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(ln_special_word(json_array_get(rows, 0), "id"), household[0]);
    assert_string_equal(ln_special_word(json_array_get(rows, 1), "id"), household[1]);
    json_decref(rows);
    place_close(&s.p);
}

RUN_TESTS(T(the_first_visit_is_due_on_the_day_the_tag_begins),
          T(a_visit_moves_the_next_one_by_the_term_and_other_work_does_not),
          T(another_term_counts_from_the_last_visit), T(nobody_is_visited_once_the_tag_has_ended),
          T(tags_without_a_plan_get_one_from_the_work_log_at_once),
          T(a_visit_reaches_the_household_where_the_person_lived_that_day),
          T(a_visit_to_a_home_reaches_all_its_households),
          T(visits_of_a_former_version_count_for_households_too),
          T(what_is_stale_was_never_or_is_before_the_day))
