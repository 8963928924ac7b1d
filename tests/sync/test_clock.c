/* Ids and hybrid logical time. */
#include <string.h>

#include "sync/clock.h"
#include "tests/lib/test.h"

static int64_t at_ms;

static int64_t now(void *ctx)
{
    (void)ctx;
    return at_ms;
}

static void fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0xA5, len);
}

static const struct ln_env env = { .now_ms = now, .random = fill };

TEST(time_never_repeats_while_the_wall_clock_stands_still)
{
    struct ln_clock c = { 0 };
    int64_t last = 0;

    for (int i = 0; i < 200000; i++) { /* more than the 16-bit counter holds */
        int64_t next = ln_clock_next(&c, 1795392000000);
        assert_true(next > last);
        last = next;
    }

    assert_int_equal(LN_HLC_MS(last), 1795392000000 + 3);
}

TEST(time_never_runs_backwards_when_the_wall_clock_does)
{
    struct ln_clock c = { 0 };
    int64_t before = ln_clock_next(&c, 1795392000000);

    int64_t after = ln_clock_next(&c, 0);

    assert_true(after > before);
    assert_true(ln_clock_next(&c, -5) > after);
}

TEST(an_effective_time_seen_moves_the_clock_and_an_absurd_one_does_not)
{
    struct ln_clock c = { 0 };

    ln_clock_seen(&c, LN_HLC_AT(1795392000000));
    assert_int_equal(LN_HLC_MS(ln_clock_next(&c, 1000)), 1795392000000);
    ln_clock_seen(&c, INT64_MAX);
    assert_int_equal(LN_HLC_MS(ln_clock_next(&c, 1000)), 1795392000000);
    ln_clock_seen(&c, 5);
    assert_int_equal(LN_HLC_MS(ln_clock_next(&c, 1000)), 1795392000000);
}

TEST(an_id_carries_its_time_and_reads_back)
{
    struct ln_clock c = { 0 };
    char text[LN_ID_TEXT + 1];
    struct ln_id back;

    at_ms = 1795392000000;
    struct ln_id id = ln_clock_id(&c, &env);
    ln_clock_id_write(text, &id);

    assert_true(ln_clock_id_read(&back, ln_span_of(text)));
    assert_int_equal(ln_clock_compare(&id, &back), 0);
    assert_int_equal(LN_HLC_MS(ln_clock_claimed(&back)), at_ms);
    assert_false(ln_clock_id_zero(&id));
}

TEST(text_order_is_order_of_time)
{
    struct ln_clock c = { 0 };
    char before[LN_ID_TEXT + 1];
    char after[LN_ID_TEXT + 1];

    for (at_ms = 1; at_ms < INT64_C(1) << 46; at_ms *= 3) {
        struct ln_id a = ln_clock_id(&c, &env);
        struct ln_id b = ln_clock_id(&c, &env);
        ln_clock_id_write(before, &a);
        ln_clock_id_write(after, &b);
        assert_true(strcmp(before, after) < 0);
    }
}

TEST(ids_of_another_form_are_refused)
{
    static const char *const bad[] = { "",
                                       "06h0cc2j0k001bsklj9",
                                       "06h0cc2j0k001bsklj9g0",
                                       "06H0CC2J0K001BSKLJ9G",
                                       "06h0cc2j0k001bsklj9z",
                                       "g6h0cc2j0k001bsklj9g" /* before 1970 */ };
    struct ln_id id;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ln_clock_id_read(&id, ln_span_of(bad[i])));
}

TEST(a_time_alone_has_thirteen_characters)
{
    char text[LN_HLC_TEXT + 1];
    int64_t back;

    ln_clock_hlc_write(text, LN_HLC_AT(1795392000000) + 7);

    assert_int_equal(strlen(text), LN_HLC_TEXT);
    assert_true(ln_clock_hlc_read(&back, ln_span_of(text)));
    assert_int_equal(back, LN_HLC_AT(1795392000000) + 7);
    assert_false(ln_clock_hlc_read(&back, ln_span_of("06h0cc2j0k00")));
    assert_false(ln_clock_hlc_read(&back, ln_span_of("v6h0cc2j0k000")));
}

TEST(a_clock_past_every_lease_moves_nothing_and_comes_back)
{
    const int64_t now = INT64_C(1795392000000);
    struct ln_clock c = { .last = LN_HLC_AT(now), .from_ms = now - 1000, .until_ms = now + 5000 };

    assert_true(ln_clock_wild(&c, INT64_C(4102444800000))); /* 2100 */
    assert_int_equal(ln_clock_next(&c, INT64_C(4102444800000)), LN_HLC_AT(now) + 1);
    ln_clock_seen(&c, LN_HLC_AT(INT64_C(4102444800000)));
    assert_int_equal(c.last, LN_HLC_AT(now) + 1);
    assert_int_equal(ln_clock_next(&c, now + 2000), LN_HLC_AT(now + 2000));
    assert_int_equal(ln_clock_next(&c, now + 5001), LN_HLC_AT(now + 2000) + 1);
}

TEST(a_new_node_whose_clock_is_wild_begins_with_its_lease)
{
    const int64_t from = INT64_C(1795392000000);
    struct ln_clock c = { .from_ms = from, .until_ms = from + 5000 };

    assert_int_equal(ln_clock_next(&c, INT64_C(4102444800000)), LN_HLC_AT(from));
}

RUN_TESTS(T(a_clock_past_every_lease_moves_nothing_and_comes_back),
          T(a_new_node_whose_clock_is_wild_begins_with_its_lease),
          T(time_never_repeats_while_the_wall_clock_stands_still),
          T(time_never_runs_backwards_when_the_wall_clock_does),
          T(an_effective_time_seen_moves_the_clock_and_an_absurd_one_does_not),
          T(an_id_carries_its_time_and_reads_back), T(text_order_is_order_of_time),
          T(ids_of_another_form_are_refused), T(a_time_alone_has_thirteen_characters))
