/* Tests of crypto/password.c. Known answer: Debian's argon2 (0~20171227), `argon2 somesaltsomesalt
 * -id -t 3 -k 16384 -p 1 -l 32 -e`. */
#include "crypto/password.h"

#include <string.h>

#include "tests/lib/test.h"

static const char known[] = "$argon2id$v=19$m=16384,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
                            "ae+82B29zpnwp2wzTL98Z21hhvHYzyzzWJjuy7N/qyY";

TEST(a_hash_of_the_argon2_program_is_understood)
{
    assert_true(ln_password_check(known, "linli-worker", 12));
    assert_false(ln_password_check(known, "linli-workes", 12));
    assert_false(ln_password_check(known, "linli-worke", 11));
    assert_false(ln_password_check(known, "", 0));
    assert_false(ln_password_is_old(known));
}

TEST(hashes_are_salted_and_check)
{
    char a[LN_PASSWORD_HASH_MAX];
    char b[LN_PASSWORD_HASH_MAX];
    struct ln_err err = { 0 };

    MUST(ln_password_hash(a, "翠苑一区", strlen("翠苑一区"), &err));
    MUST(ln_password_hash(b, "翠苑一区", strlen("翠苑一区"), &err));
    assert_string_not_equal(a, b);
    assert_int_equal(strncmp(a, "$argon2id$v=19$m=16384,t=3,p=1$", 31), 0);
    assert_true(ln_password_check(a, "翠苑一区", strlen("翠苑一区")));
    assert_true(ln_password_check(b, "翠苑一区", strlen("翠苑一区")));
}

TEST(nobody_has_no_password)
{
    assert_false(ln_password_check(NULL, "", 0));
    assert_false(ln_password_check(NULL, "x", 1));
    assert_false(ln_password_check("", "x", 1));
    assert_false(ln_password_check("plain", "plain", 5));
}

TEST(too_long_is_refused_not_cut)
{
    static char text[LN_PASSWORD_MAX + 1];
    char hash[LN_PASSWORD_HASH_MAX];
    struct ln_err err = { 0 };

    memset(text, 'a', sizeof text);
    assert_false(ln_password_hash(hash, text, sizeof text, &err));
    assert_int_equal(err.code, LN_INVALID);
    MUST(ln_password_hash(hash, text, sizeof text - 1, &err));
    assert_true(ln_password_check(hash, text, sizeof text - 1));
    assert_false(ln_password_check(hash, text, sizeof text));
}

TEST(weaker_limits_are_old)
{
    assert_true(ln_password_is_old("$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                   "ae+82B29zpnwp2wzTL98Z21hhvHYzyzzWJjuy7N/qyY"));
}

RUN_TESTS(T(a_hash_of_the_argon2_program_is_understood), T(hashes_are_salted_and_check),
          T(nobody_has_no_password), T(too_long_is_refused_not_cut), T(weaker_limits_are_old))
