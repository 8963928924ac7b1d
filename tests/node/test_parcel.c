/* Parcels from box to box, over four levels: who gets one, who is believed, what comes back. */
#include "tests/lib/four.h"

#include <string.h>

#include "node/module/parcel.h"

#define NOBODY "330106001051"
#define ABOUT "06h160f0m0000ct9cpjg"

static bool send_fn(struct ln_special_call *x, void *parcel, struct ln_err *err)
{
    return ln_parcel_send(x, parcel, err);
}

static bool send(struct four *t, struct peer *p, const char *kind, const char *sender,
                 const char *dest, struct ln_err *err)
{
    struct ln_parcel parcel = {
        .sender = sender, .dest = dest, .kind = kind, .about = ABOUT, .body = "{\"title\":\"检查\"}"
    };

    return four_run(t, p, send_fn, &parcel, err);
}

TEST(a_circular_reaches_the_community_it_is_for_and_nobody_else_beside_it)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.dist, "circular", NULL, FOUR_ONE, &err));
    four_round(&t);

    assert_int_equal(four_count(&t, &t.one, "dispatch", NULL, NULL), 1);
    assert_int_equal(four_count(&t, &t.two, "dispatch", NULL, NULL), 0);
    assert_int_equal(four_count(&t, &t.two, "parcel", NULL, NULL), 0);
    /* its own, that of the subdistrict, and that it was passed on and taken, are seen above */
    assert_int_equal(four_count(&t, &t.dist, "parcel", "state", "passed"), 1);
    assert_int_equal(four_count(&t, &t.street, "parcel", "state", "taken"), 1);
    assert_int_equal(four_count(&t, &t.dist, "dispatch", NULL, NULL), 1);
    four_end(&t);
}

TEST(a_community_does_not_write_in_the_name_of_the_district)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "circular", FOUR_DIST, FOUR_TWO, &err));
    four_round(&t);

    assert_int_equal(four_count(&t, &t.street, "parcel", "state", "spoilt"), 1);
    assert_int_equal(four_count(&t, &t.two, "dispatch", NULL, NULL), 0);
    four_end(&t);
}

TEST(a_circular_from_beside_is_none)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "circular", NULL, FOUR_TWO, &err));
    four_round(&t);

    assert_int_equal(four_count(&t, &t.two, "dispatch", NULL, NULL), 0);
    assert_int_equal(four_count(&t, &t.two, "parcel", "state", "spoilt"), 1);
    four_end(&t);
}

TEST(one_for_a_region_where_nobody_answers_comes_back)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "ask", NULL, NOBODY, &err));
    four_round(&t);

    assert_int_equal(four_count(&t, &t.one, "parcel", "kind", "dead"), 1);
    assert_int_equal(four_count(&t, &t.dist, "parcel", "state", "queued"), 0);
    four_end(&t);
}

TEST(a_root_says_at_once_that_nobody_answers_there)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    assert_false(send(&t, &t.dist, "circular", NULL, NOBODY, &err));

    assert_int_equal(err.code, LN_MISSING);
    four_end(&t);
}

TEST(what_lies_with_a_former_parent_goes_the_new_way_once)
{
    struct four t;
    struct ln_err err = { 0 };
    struct ln_exchange_report report = { 0 };
    four_new(&t);
    MUST(send(&t, &t.dist, "circular", NULL, FOUR_TWO, &err));
    peer_seal(&t.dist);
    peer_sync(&t.street, &report);
    struct ln_engine e = four_engine(&t, &t.street);
    ln_special_tick(&e, t.street.r);

    peer_move(&t.two, &t.dist);
    four_round(&t);

    assert_int_equal(four_count(&t, &t.two, "dispatch", NULL, NULL), 1);
    assert_int_equal(four_count(&t, &t.street, "parcel", "state", "again"), 1);
    four_end(&t);
}

RUN_TESTS(T(a_circular_reaches_the_community_it_is_for_and_nobody_else_beside_it),
          T(a_community_does_not_write_in_the_name_of_the_district),
          T(a_circular_from_beside_is_none), T(one_for_a_region_where_nobody_answers_comes_back),
          T(a_root_says_at_once_that_nobody_answers_there),
          T(what_lies_with_a_former_parent_goes_the_new_way_once))
