/* Tries without a login: counted by key, forgiven with time. */
#include "tests/lib/test.h"

#include <stdio.h>

#include "node/web/limit.h"

TEST(a_key_has_so_many_tries_and_gets_them_back_when_the_window_is_over)
{
    struct ln_limit *l = ln_limit_new();

    for (int i = 0; i < 5; i++)
        assert_true(ln_limit_take(l, "S1", 5, 1000, 100 + i));
    assert_false(ln_limit_take(l, "S1", 5, 1000, 200));
    assert_true(ln_limit_take(l, "S2", 5, 1000, 200));
    assert_false(ln_limit_take(l, "S1", 5, 1000, 1099));

    assert_true(ln_limit_take(l, "S1", 5, 1000, 1100));
    ln_limit_free(l);
}

TEST(a_flood_of_keys_makes_room_and_never_grows)
{
    struct ln_limit *l = ln_limit_new();
    char key[32];

    for (int i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        assert_true(ln_limit_take(l, key, 1, 1000, i));
    }
    ln_limit_free(l);
}

RUN_TESTS(T(a_key_has_so_many_tries_and_gets_them_back_when_the_window_is_over),
          T(a_flood_of_keys_makes_room_and_never_grows))
