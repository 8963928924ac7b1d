/* Tests of crypto/encode.c. */
#include "crypto/encode.h"

#include <sodium.h>
#include <string.h>

#include "tests/lib/test.h"

/* RFC 4648 section 10; base32 and base32hex there are upper case and padded. */
static const struct {
    const char *plain, *base64, *base32, *base32hex;
} rfc4648[] = {
    { "", "", "", "" },
    { "f", "Zg==", "my", "co" },
    { "fo", "Zm8=", "mzxq", "cpng" },
    { "foo", "Zm9v", "mzxw6", "cpnmu" },
    { "foob", "Zm9vYg==", "mzxw6yq", "cpnmuog" },
    { "fooba", "Zm9vYmE=", "mzxw6ytb", "cpnmuoj1" },
    { "foobar", "Zm9vYmFy", "mzxw6ytboi", "cpnmuoj1e8" },
};

TEST(the_examples_of_rfc_4648_come_out_both_ways)
{
    for (size_t i = 0; i < sizeof rfc4648 / sizeof rfc4648[0]; i++) {
        size_t len = strlen(rfc4648[i].plain);
        struct ln_buf out = ln_buf_new(100);
        char text[20];
        char back[10];

        ln_encode_base64(&out, rfc4648[i].plain, len, true);
        assert_string_equal(out.data, rfc4648[i].base64);
        ln_buf_clear(&out);
        assert_true(ln_encode_unbase64(&out, ln_span_of(rfc4648[i].base64), true));
        assert_string_equal(out.data, rfc4648[i].plain);
        ln_encode_base32(text, rfc4648[i].plain, len);
        assert_string_equal(text, rfc4648[i].base32);
        assert_true(ln_encode_unbase32(back, len, ln_span_of(text)));
        assert_memory_equal(back, rfc4648[i].plain, len);
        ln_encode_base32hex(text, rfc4648[i].plain, len);
        assert_string_equal(text, rfc4648[i].base32hex);
        assert_true(ln_encode_unbase32hex(back, len, ln_span_of(text)));
        assert_memory_equal(back, rfc4648[i].plain, len);
        ln_buf_free(&out);
    }
}

TEST(every_length_survives_every_encoding)
{
    uint8_t data[40];
    uint8_t back[40];
    char text[81];

    for (size_t len = 0; len <= sizeof data; len++) {
        struct ln_buf out = ln_buf_new(200);
        struct ln_buf plain = ln_buf_new(200);
        randombytes_buf(data, len);

        ln_encode_hex(&out, data, len);
        assert_true(ln_encode_unhex(back, len, (struct ln_span){ out.data, out.len }));
        assert_memory_equal(back, data, len);
        ln_encode_base32hex(text, data, len);
        assert_int_equal(strlen(text), LN_ENCODE_BASE32_LEN(len));
        assert_true(ln_encode_unbase32hex(back, len, ln_span_of(text)));
        assert_memory_equal(back, data, len);
        ln_buf_clear(&out);
        ln_encode_base64url(&out, data, len);
        assert_true(ln_encode_unbase64url(&plain, (struct ln_span){ out.data, out.len }));
        assert_int_equal(plain.len, len);
        assert_memory_equal(plain.data, data, len);
        ln_buf_free(&out);
        ln_buf_free(&plain);
    }
}

TEST(base64_has_one_text_for_a_value)
{
    static const char *const bad[] = {
        "Zg", "Zg=",  "Zg===",    "Zh==", "Zm9=",  "Zm9v\n", "Zm 9",
        "Z",  "====", "Zm9v====", "Zm-v", "Zm9v=", "=",      "Zg==Zg=="
    };
    struct ln_buf out = ln_buf_new(100);

    ln_buf_adds(&out, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_encode_unbase64(&out, ln_span_of(bad[i]), true));
        assert_string_equal(out.data, "kept");
    }
    assert_false(ln_encode_unbase64(&out, ln_span_of("Zg=="), false));
    assert_false(ln_encode_unbase64(&out, ln_span_of("Zh"), false));
    assert_true(ln_encode_unbase64(&out, ln_span_of("Zg"), false));
    assert_string_equal(out.data, "keptf");
    assert_false(ln_encode_unbase64url(&out, ln_span_of("Zm+v")));
    assert_false(ln_encode_unbase64url(&out, ln_span_of("Zm9\x80")));
    assert_false(ln_encode_unbase64(&out, ln_span_of("Zm9\xff"), true));
    assert_true(ln_encode_unbase64url(&out, ln_span_of("_-__")));
    ln_buf_free(&out);
}

TEST(decoding_stops_at_the_ceiling_and_appends_nothing)
{
    struct ln_buf out = ln_buf_new(5);

    assert_true(ln_encode_unbase64(&out, ln_span_of("Zm9v"), true));
    assert_false(ln_encode_unbase64(&out, ln_span_of("Zm9v"), true));
    assert_string_equal(out.data, "foo");
    assert_true(ln_encode_unbase64(&out, ln_span_of("Zm8="), true));
    assert_string_equal(out.data, "foofo");
    assert_true(ln_encode_unbase64(&out, ln_span_of(""), true));
    ln_encode_hex(&out, "a", 1);
    assert_true(out.over);
    assert_false(ln_encode_unbase64(&out, ln_span_of(""), true));
    ln_encode_base64(&out, "a", 1, false);
    assert_int_equal(out.len, 5);
    ln_buf_free(&out);
}

TEST(hex_is_lower_case_and_of_the_length_asked)
{
    uint8_t out[2];

    assert_true(ln_encode_unhex(out, 2, ln_span_of("0aff")));
    assert_memory_equal(out, "\x0a\xff", 2);
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0AFF")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0aff0")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0af")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0agf")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0a/f")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0a:f")));
    assert_false(ln_encode_unhex(out, 2, ln_span_of("0a`f")));
}

TEST(base32_refuses_other_letters_lengths_and_spare_bits)
{
    uint8_t out[12];

    assert_true(ln_encode_unbase32hex(out, 1, ln_span_of("co")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("cp")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("c")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("coo")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("CO")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("wo")));
    assert_false(ln_encode_unbase32hex(out, 1, ln_span_of("c/")));
    assert_false(ln_encode_unbase32(out, 1, ln_span_of("m8")));
    assert_false(ln_encode_unbase32(out, 1, ln_span_of("m1")));
    assert_true(ln_encode_unbase32(out, 1, ln_span_of("my")));
}

TEST(the_order_of_base32hex_texts_is_the_order_of_the_bytes)
{
    uint8_t a[12];
    uint8_t b[12];
    char text_a[21];
    char text_b[21];

    for (int i = 0; i < 1000; i++) {
        randombytes_buf(a, sizeof a);
        memcpy(b, a, sizeof b);
        b[randombytes_uniform(12)] = (uint8_t)randombytes_uniform(256);
        ln_encode_base32hex(text_a, a, sizeof a);
        ln_encode_base32hex(text_b, b, sizeof b);
        int bytes = memcmp(a, b, sizeof a);
        int texts = strcmp(text_a, text_b);
        assert_int_equal((bytes > 0) - (bytes < 0), (texts > 0) - (texts < 0));
    }
}

/* FIPS 180-4, example "abc". */
TEST(sha256_is_sha256)
{
    struct ln_sha256 sum = ln_encode_sha256("abc", 3);
    struct ln_sha256 other = ln_encode_sha256("abd", 3);
    struct ln_buf hex = ln_buf_new(64);

    ln_encode_hex(&hex, sum.b, sizeof sum.b);
    assert_string_equal(hex.data,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(ln_encode_sha256_same(&sum, &sum));
    assert_false(ln_encode_sha256_same(&sum, &other));
    ln_buf_free(&hex);
}

RUN_TESTS(T(the_examples_of_rfc_4648_come_out_both_ways), T(every_length_survives_every_encoding),
          T(base64_has_one_text_for_a_value), T(decoding_stops_at_the_ceiling_and_appends_nothing),
          T(hex_is_lower_case_and_of_the_length_asked),
          T(base32_refuses_other_letters_lengths_and_spare_bits),
          T(the_order_of_base32hex_texts_is_the_order_of_the_bytes), T(sha256_is_sha256))
