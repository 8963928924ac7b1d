/* When the scrub is due; what it finds and mends: tests/e2e/scrub.sh. */
#include "node/scrub.h"
#include "tests/lib/test.h"

TEST(an_hour_is_two_numbers_of_a_day)
{
    static const char *const bad[] = { "", "3", "24:00", "12:60", "-1:00", "03:30x", "ab:cd" };
    struct ln_err err = { 0 };
    int minute = -1;

    MUST(ln_scrub_hour(&minute, "03:30", &err));
    assert_int_equal(minute, 210);
    MUST(ln_scrub_hour(&minute, "23:59", &err));
    assert_int_equal(minute, 1439);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_scrub_hour(&minute, bad[i], &err));
        assert_int_equal(err.code, LN_INVALID);
    }
}

TEST(the_next_time_is_that_of_china_and_never_now)
{
    const int64_t midnight = INT64_C(1795363200); /* 16:00 UTC */

    assert_int_equal(ln_scrub_wait_s(210, midnight), 210 * 60);
    assert_int_equal(ln_scrub_wait_s(210, midnight + 209 * 60), 60);
    assert_int_equal(ln_scrub_wait_s(210, midnight + 210 * 60), 86400);
    assert_int_equal(ln_scrub_wait_s(0, midnight + 86399), 1);
}

RUN_TESTS(T(an_hour_is_two_numbers_of_a_day), T(the_next_time_is_that_of_china_and_never_now))
