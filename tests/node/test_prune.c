/* Which quarters are old. */
#include "tests/lib/test.h"

#include "node/prune.h"

static int64_t quarter(const char *text)
{
    struct ln_err err = { 0 };
    int64_t out = -1;

    MUST(ln_prune_quarter(&out, text, &err));
    return out;
}

TEST(a_quarter_begins_at_its_first_second)
{
    assert_int_equal(quarter("1970q1"), 0);
    assert_int_equal(quarter("2026q1"), 1767225600);
    assert_int_equal(quarter("2024q2"), 1711929600); /* behind a leap day */
    assert_int_equal(quarter("2026q4"), 1790812800);
}

TEST(what_is_no_quarter_is_refused_with_an_example)
{
    static const char *const bad[] = {
        "", "2026", "2026q5", "2026-01", "26q1", "2026q1x", "1969q4"
    };
    struct ln_err err;
    int64_t out;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (struct ln_err){ 0 };
        assert_false(ln_prune_quarter(&out, bad[i], &err));
        assert_int_equal(err.code, LN_INVALID);
    }
}

TEST(the_rule_keeps_full_quarters_beside_the_present_one)
{
    int64_t now = INT64_C(1795600000) * 1000; /* 25 November 2026 */

    assert_int_equal(ln_prune_before(now, 0), quarter("2026q4"));
    assert_int_equal(ln_prune_before(now, 1), quarter("2026q3"));
    assert_int_equal(ln_prune_before(now, 4), quarter("2025q4"));
    assert_int_equal(ln_prune_before(now, 20), quarter("2021q4"));
}

RUN_TESTS(T(a_quarter_begins_at_its_first_second), T(what_is_no_quarter_is_refused_with_an_example),
          T(the_rule_keeps_full_quarters_beside_the_present_one))
