/* SHA-1 against FIPS 180-4's examples (NIST "SHA1.pdf": one and two blocks) and the million letters
 * a. */
#include <string.h>

#include "crypto/encode.h"
#include "sync/sha1.h"
#include "tests/lib/test.h"

static void is(const char *text, size_t times, size_t step, const char *want)
{
    struct ln_sha1_state s;
    struct ln_buf hex = ln_buf_new(40);

    ln_sha1_start(&s);
    for (size_t i = 0; i < times; i++)
        for (size_t at = 0; at < strlen(text); at += step)
            ln_sha1_add(&s, text + at, strlen(text) - at < step ? strlen(text) - at : step);
    struct ln_sha1 got = ln_sha1_end(&s);
    ln_encode_hex(&hex, got.b, sizeof got.b);
    assert_string_equal(hex.data, want);
    ln_buf_free(&hex);
}

TEST(the_published_examples_come_out)
{
    is("", 1, 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    is("abc", 1, 99, "a9993e364706816aba3e25717850c26c9cd0d89d");
    is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, 99,
       "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    is("aaaaaaaaaa", 100000, 10, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(the_pieces_it_comes_in_do_not_matter)
{
    for (size_t step = 1; step < 57; step++)
        is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, step,
           "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

RUN_TESTS(T(the_published_examples_come_out), T(the_pieces_it_comes_in_do_not_matter))
