/* Periods of ledgers, and what a column may be bound to. */
#include "tests/lib/test.h"

#include "node/module/ledger.h"

static void is_period(const char *kind, const char *today, const char *period, const char *last)
{
    char got[12];
    char end[11];

    ln_ledger_period(got, end, kind, today);
    assert_string_equal(got, period);
    assert_string_equal(end, last);
}

TEST(a_day_lies_in_one_period_of_each_kind_and_it_ends_with_its_month)
{
    is_period("month", "2028-02-01", "2028-02", "2028-02-29");
    is_period("month", "2026-02-28", "2026-02", "2026-02-28");
    is_period("quarter", "2026-11-25", "2026-Q4", "2026-12-31");
    is_period("quarter", "2026-03-31", "2026-Q1", "2026-03-31");
    is_period("half", "2026-06-30", "2026-H1", "2026-06-30");
    is_period("half", "2026-07-01", "2026-H2", "2026-12-31");
    is_period("year", "2026-11-25", "2026", "2026-12-31");
}

TEST(a_column_is_bound_to_what_is_known_and_never_to_what_is_masked)
{
    struct ln_def *d;
    struct ln_err err = { 0 };
    MUST(ln_def_open(&d, &err));

    assert_true(ln_ledger_bindable(d, "person.name"));
    assert_true(ln_ledger_bindable(d, "person.age"));
    assert_true(ln_ledger_bindable(d, "dwelling.address"));
    assert_true(ln_ledger_bindable(d, "ledger.06h0cbs55s000nco66ag.c5"));
    assert_false(ln_ledger_bindable(d, "person.id_no"));
    assert_false(ln_ledger_bindable(d, "person.phone"));
    assert_false(ln_ledger_bindable(d, "care_tag.kind"));
    assert_false(ln_ledger_bindable(d, "account.login"));
    assert_false(ln_ledger_bindable(d, "ledger.x.c5"));
    assert_false(ln_ledger_bindable(d, "person"));

    ln_def_close(d);
}

RUN_TESTS(T(a_day_lies_in_one_period_of_each_kind_and_it_ends_with_its_month),
          T(a_column_is_bound_to_what_is_known_and_never_to_what_is_masked))
