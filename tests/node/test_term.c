/* Terms in hours, days and working days. */
#include "tests/lib/test.h"

#include "node/module/term.h"

#define MON_10 INT64_C(1795399200000) /* 2026-11-23, a Monday, 10:00 in China */
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define MIDNIGHT (MON_10 - 10 * HOUR)

static int64_t end_of(const char *term, int64_t from)
{
    json_t *calendar = ln_term_calendar();
    int64_t out = 0;

    assert_true(ln_term_end(&out, term, from, calendar));
    json_decref(calendar);
    return out;
}

TEST(hours_run_to_the_minute)
{
    assert_int_equal(end_of("4h", MON_10), MON_10 + 4 * HOUR);
}

TEST(days_end_with_the_last_day)
{
    assert_int_equal(end_of("15d", MON_10), MIDNIGHT + 16 * DAY - 1);
}

TEST(three_working_days_from_monday_end_on_thursday)
{
    assert_int_equal(end_of("3w", MON_10), MIDNIGHT + 4 * DAY - 1);
}

TEST(a_weekend_is_not_counted)
{
    assert_int_equal(end_of("3w", MON_10 + 3 * DAY), MIDNIGHT + 9 * DAY - 1);
}

TEST(a_holiday_is_not_counted_and_a_working_saturday_is)
{
    json_t *calendar = ln_term_calendar();

    assert_false(ln_term_works(calendar, "2026-10-01")); /* a Thursday */
    assert_true(ln_term_works(calendar, "2026-10-10"));  /* a Saturday */
    assert_true(ln_term_works(calendar, "2026-11-24"));
    assert_false(ln_term_works(calendar, "2026-11-28"));
    json_decref(calendar);
}

TEST(the_week_of_october_moves_ten_working_days_by_a_fortnight)
{
    int64_t wednesday = MON_10 - 54 * DAY; /* 2026-09-30 */

    /* 8, 9, 10 (worked), 12..16, 19, 20 October */
    assert_int_equal(end_of("10w", wednesday), MIDNIGHT - 54 * DAY + 21 * DAY - 1);
}

TEST(what_is_no_term_is_refused)
{
    static const char *const wrong[] = { "", "3", "w", "3x", "3w ", "-1d", "401d", "@hours" };
    int64_t out;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(ln_term_end(&out, wrong[i], MON_10, NULL));
}

RUN_TESTS(T(hours_run_to_the_minute), T(days_end_with_the_last_day),
          T(three_working_days_from_monday_end_on_thursday), T(a_weekend_is_not_counted),
          T(a_holiday_is_not_counted_and_a_working_saturday_is),
          T(the_week_of_october_moves_ten_working_days_by_a_fortnight),
          T(what_is_no_term_is_refused))
