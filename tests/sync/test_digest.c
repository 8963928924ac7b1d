/* The digest of an audience. */
#include <string.h>

#include "sync/digest.h"
#include "tests/lib/test.h"

static struct ln_id id(uint8_t n)
{
    struct ln_id i = { { 0 } };

    i.b[11] = n;
    return i;
}

TEST(the_order_of_changes_does_not_matter)
{
    struct ln_digest up = { { 0 } };
    struct ln_digest down = { { 0 } };

    for (int n = 0; n < 256; n++) {
        struct ln_id a = id((uint8_t)n);
        struct ln_id b = id((uint8_t)(255 - n));
        ln_digest_add(&up, &a, n, n % 3 == 0);
        ln_digest_add(&down, &b, 255 - n, (255 - n) % 3 == 0);
    }

    assert_memory_equal(&up, &down, sizeof up);
}

TEST(taking_a_change_away_undoes_adding_it)
{
    struct ln_digest d = { { 0 } };
    struct ln_digest before;
    struct ln_id a = id(1);
    struct ln_id b = id(2);

    ln_digest_add(&d, &a, 10, false);
    before = d;
    ln_digest_add(&d, &b, 20, false);
    assert_memory_not_equal(&d, &before, sizeof d);
    ln_digest_take(&d, &b, 20, false);

    assert_memory_equal(&d, &before, sizeof d);
}

TEST(time_and_refusal_count)
{
    struct ln_digest d[3] = { 0 };
    struct ln_id a = id(1);

    ln_digest_add(&d[0], &a, 10, false);
    ln_digest_add(&d[1], &a, 11, false);
    ln_digest_add(&d[2], &a, 10, true);

    assert_memory_not_equal(&d[0], &d[1], sizeof d[0]);
    assert_memory_not_equal(&d[0], &d[2], sizeof d[0]);
}

/* Python 3.11: hashlib.blake2b(bytes(11)+b"\1"+(10).to_bytes(8,"big")+b"\0", digest_size=16) */
TEST(one_change_gives_the_digest_another_program_computes)
{
    static const uint8_t want[16] = { 0xeb, 0x15, 0x7c, 0x08, 0xdc, 0xda, 0x27, 0x8b,
                                      0x45, 0x02, 0xc5, 0x34, 0x64, 0x0e, 0x0c, 0x83 };
    struct ln_digest d = { { 0 } };
    struct ln_id a = id(1);

    ln_digest_add(&d, &a, 10, false);

    assert_memory_equal(d.b, want, sizeof want);
}

RUN_TESTS(T(the_order_of_changes_does_not_matter), T(taking_a_change_away_undoes_adding_it),
          T(time_and_refusal_count), T(one_change_gives_the_digest_another_program_computes))
