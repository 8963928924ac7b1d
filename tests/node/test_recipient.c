/* Whom a contact list means, as far as it takes no records: ages, and what means everybody. */
#include "tests/lib/test.h"

#include "node/module/recipient.h"

TEST(an_age_range_holds_from_the_birthday_on)
{
    assert_true(ln_recipient_aged("60-", "1966-11-25", "2026-11-25"));
    assert_false(ln_recipient_aged("60-", "1966-11-26", "2026-11-25"));
    assert_true(ln_recipient_aged("-17", "2009-11-25", "2026-11-24"));
    assert_false(ln_recipient_aged("-17", "2008-11-24", "2026-11-24"));
    assert_true(ln_recipient_aged("18-59", "1980-01-01", "2026-11-25"));
    assert_false(ln_recipient_aged("18-59", "", "2026-11-25"));
    assert_true(ln_recipient_aged("", "", "2026-11-25"));
}

TEST(a_rule_without_place_and_tag_means_all_residents)
{
    json_t *all = json_pack("{s:s}", "all", "yes");
    json_t *old = json_pack("{s:s}", "age", "80-");
    json_t *house = json_pack("{s:s,s:s}", "all", "yes", "building", "06h0cbs55s000nco66ag");
    json_t *office = json_pack("{s:s}", "role", "worker");

    assert_true(ln_recipient_all(all));
    assert_true(ln_recipient_all(old));
    assert_false(ln_recipient_all(house));
    assert_false(ln_recipient_all(office));

    json_decref(all);
    json_decref(old);
    json_decref(house);
    json_decref(office);
}

RUN_TESTS(T(an_age_range_holds_from_the_birthday_on),
          T(a_rule_without_place_and_tag_means_all_residents))
