/* Periods of bills. What is paid when, and the figures, are shown in tests/e2e/gov.mjs. */
#include "node/module/gov.h"

#include "tests/lib/test.h"

TEST(a_period_is_a_year_or_a_month_of_it)
{
    assert_true(ln_gov_period("2026"));
    assert_true(ln_gov_period("2026-01"));
    assert_true(ln_gov_period("2026-12"));

    assert_false(ln_gov_period(""));
    assert_false(ln_gov_period("2026-13"));
    assert_false(ln_gov_period("2026-00"));
    assert_false(ln_gov_period("2026-1"));
    assert_false(ln_gov_period("26-11"));
    assert_false(ln_gov_period("2026/11"));
    assert_false(ln_gov_period("202 "));
}

TEST(the_month_before_january_is_december_of_the_year_before)
{
    char month[8];

    ln_gov_last_month(month, "2026-01-31");
    assert_string_equal(month, "2025-12");
    ln_gov_last_month(month, "2026-11-01");
    assert_string_equal(month, "2026-10");
}

RUN_TESTS(T(a_period_is_a_year_or_a_month_of_it),
          T(the_month_before_january_is_december_of_the_year_before))
