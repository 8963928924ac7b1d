/* Terms in working days, counted anew when a year was entered. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/calendar.h"
#include "node/module/due.h"
#include "node/module/term.h"
#include "node/module/workday.h"

#define DAY INT64_C(86400000)
#define NOON INT64_C(1798689600000) /* 2026-12-31 12:00 in China, a Thursday */

TEST(a_term_moves_by_the_days_off_that_were_not_known)
{
    json_t *week = json_object();
    json_t *known =
        json_pack("{s:b,s:b}", "2027-01-01", 0, "2027-01-02", 1); /* a Saturday worked */
    json_t *longer = json_pack("{s:b,s:b}", "2027-01-01", 0, "2027-01-04", 0);
    int64_t due;

    assert_true(ln_term_end(&due, "3w", NOON, week)); /* Tuesday the 5th */
    int64_t same = ln_due_moved(due, NOON, week, week);
    int64_t equal = ln_due_moved(due, NOON, week, known);
    int64_t later = ln_due_moved(due, NOON, week, longer);
    int64_t back = ln_due_moved(later, NOON, longer, week);

    assert_int_equal(same, due);
    assert_int_equal(equal, due);
    assert_int_equal(later, due + 2 * DAY);
    assert_int_equal(back, due);
    json_decref(week);
    json_decref(known);
    json_decref(longer);
}

static bool tick(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    (void)arg;
    return ln_due_special[0].tick(x, err);
}

static void category(char id[LN_ID_TEXT + 1], struct place *p)
{
    char home[LN_ID_TEXT + 1];

    place_add(home, p, "home", json_pack("{s:s,s:s}", "kind", "committee", "name", "居委会"));
    place_add(id, p, "category",
              json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "code", "ask", "name", "咨询", "handler", home,
                        "tier", "community", "accept_hours", 4, "done_hours", 72));
}

static void inquiry(char id[LN_ID_TEXT + 1], struct place *p, const char *category)
{
    place_add(id, p, "ticket",
              json_pack("{s:s,s:s,s:s,s:s}", "kind", "inquiry", "category", category, "title",
                        "几点开门", "body", "请问"));
}

static int64_t due_of(struct place *p, const char *id)
{
    json_t *row = place_get(p, "ticket", id);
    int64_t due = json_integer_value(json_object_get(json_object_get(row, "f"), "due"));

    json_decref(row);
    return due;
}

TEST(what_is_open_gets_its_day_anew_once_and_what_knew_the_day_keeps_it)
{
    struct place p;
    char cat[LN_ID_TEXT + 1];
    char before[LN_ID_TEXT + 1];
    char after[LN_ID_TEXT + 1];
    char day[11];
    struct ln_err err = { 0 };
    place_open(&p);
    category(cat, &p);
    inquiry(before, &p, cat);
    int64_t first = due_of(&p, before);
    ln_engine_today(day, first); /* its last day turns out to be one off */

    place_add(NULL, &p, "calendar_day",
              json_pack("{s:s,s:s,s:s}", "date", day, "kind", "off", "name", "放假"));
    inquiry(after, &p, cat);
    int64_t knew = due_of(&p, after);
    MUST(place_run(&p, tick, NULL, 120000, &err));
    assert_int_equal(due_of(&p, before), first); /* nobody has said yet that the year is whole */
    place_add(NULL, &p, "calendar_year", json_pack("{s:i,s:s}", "year", 2027, "source", "国办"));
    MUST(place_run(&p, tick, NULL, 240000, &err));
    int64_t moved = due_of(&p, before);
    MUST(place_run(&p, tick, NULL, 360000, &err));

    assert_true(moved > first);
    assert_int_equal(moved, knew);
    assert_int_equal(due_of(&p, before), moved);
    assert_int_equal(due_of(&p, after), knew);
    place_close(&p);
}

RUN_TESTS(T(a_term_moves_by_the_days_off_that_were_not_known),
          T(what_is_open_gets_its_day_anew_once_and_what_knew_the_day_keeps_it))
