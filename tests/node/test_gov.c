/* Periods of bills. What is paid when, and the figures, are shown in tests/e2e/gov.mjs. */
#include "node/module/gov.h"

#include "tests/lib/place.h"

#include <string.h>

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

static void buy(char purchase[LN_ID_TEXT + 1], struct place *p, const char *basis)
{
    place_add(purchase, p, "purchase",
              json_pack("{s:s,s:s,s:[s,s],s:s,s:i,s:s,s:s}", "payer", "000000000000000000h0",
                        "operator", "000000000000000000j0", "regions", "330106005055",
                        "330106005056", "plan", "month", "price", 250, "basis", basis, "starts",
                        "2026-01-01"));
}

/* The amount of a bill without lines; -1 when it was refused. */
static json_int_t drafted(struct place *p, const struct ln_user *u, const char *basis,
                          const char *period)
{
    char purchase[LN_ID_TEXT + 1];
    char bill[LN_ID_TEXT + 1];
    char said[256] = "";
    struct ln_err err = { 0 };

    buy(purchase, p, basis);
    if (!place_create(bill, p, u, "bill",
                      json_pack("{s:s,s:s}", "purchase", purchase, "period", period), said, &err)) {
        assert_non_null(strstr(said, "lines: "));
        return -1;
    }
    json_t *row = place_get(p, "bill", bill);
    json_int_t n = json_integer_value(json_object_get(json_object_get(row, "f"), "amount"));
    json_decref(row);
    return n;
}

TEST(a_bill_without_lines_is_drafted_from_the_basis_and_what_was_used)
{
    struct place p;
    struct ln_user u;
    char id[LN_ID_TEXT + 1];

    place_open(&p);
    place_user(&u, &p, "committee", "committee");
    place_add(id, &p, "usage", json_pack("{s:s,s:i}", "period", "2026-09", "active", 40));
    place_add(id, &p, "usage", json_pack("{s:s,s:i}", "period", "2026-10", "active", 60));
    place_add(id, &p, "usage", json_pack("{s:s,s:i}", "period", "2025-10", "active", 7));

    assert_int_equal(drafted(&p, &u, "fixed", "2026-10"), 250);
    assert_int_equal(drafted(&p, &u, "community", "2026-10"), 2 * 250);
    assert_int_equal(drafted(&p, &u, "usage", "2026-10"), 60 * 250);
    assert_int_equal(drafted(&p, &u, "usage", "2026"), 100 * 250);
    assert_int_equal(drafted(&p, &u, "usage", "2026-11"), -1);
    assert_int_equal(drafted(&p, &u, "household", "2026-10"), -1);
    place_add(id, &p, "household",
              json_pack("{s:s,s:s}", "no", "1", "dwelling", "000000000000000000d0"));
    assert_int_equal(drafted(&p, &u, "household", "2026-10"), 250);
    place_close(&p);
}

RUN_TESTS(T(a_period_is_a_year_or_a_month_of_it),
          T(the_month_before_january_is_december_of_the_year_before),
          T(a_bill_without_lines_is_drafted_from_the_basis_and_what_was_used))
