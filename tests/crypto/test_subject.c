/* Tests of crypto/subject.c. */
#include "crypto/subject.h"

#include <string.h>

#include "crypto/encode.h"
#include "tests/lib/test.h"

static const char ad[] = "person@1|06gpji7g000004f830c0|06h0cbs55s000nco66ag";
static const char plain[] = "{\"idno\":\"33010619540101000X\",\"name\":\"王秀英\"}";

TEST(a_sealed_object_opens_with_its_key_on_its_line)
{
    struct ln_subject_key key;
    char kid[LN_SUBJECT_KID_LEN + 1];
    struct ln_buf text = ln_buf_new(1000);
    struct ln_buf back = ln_buf_secret(1000);
    struct ln_err err = { 0 };

    ln_subject_make(&key, kid);
    assert_int_equal(strlen(kid), LN_SUBJECT_KID_LEN);
    for (size_t len = 0; len < sizeof plain; len++) {
        ln_buf_clear(&text);
        ln_buf_clear(&back);
        ln_subject_seal(&text, &key, ad, plain, len);
        assert_int_equal(text.len, ((len + LN_SUBJECT_OVERHEAD) * 4 + 2) / 3);
        MUST(ln_subject_open(&back, &key, ad, (struct ln_span){ text.data, text.len }, &err));
        assert_int_equal(back.len, len);
        assert_memory_equal(back.data, plain, len);
    }
    ln_buf_free(&text);
    ln_buf_free(&back);
}

TEST(another_key_another_line_and_each_changed_bit_are_refused)
{
    struct ln_subject_key key;
    struct ln_subject_key other;
    char kid[LN_SUBJECT_KID_LEN + 1];
    struct ln_buf text = ln_buf_new(1000);
    struct ln_buf back = ln_buf_secret(1000);
    struct ln_err err = { 0 };

    ln_subject_make(&key, kid);
    ln_subject_make(&other, kid);
    ln_subject_seal(&text, &key, ad, plain, strlen(plain));
    struct ln_span sealed = { text.data, text.len };

    assert_false(ln_subject_open(&back, &other, ad, sealed, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(ln_subject_open(&back, &key, "person@1|x|y", sealed, &err));
    assert_int_equal(err.code, LN_DENIED);
    for (size_t bit = 0; bit < text.len * 8; bit++) {
        text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
        assert_false(ln_subject_open(&back, &key, ad, sealed, &err));
        text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < text.len; len++)
        assert_false(ln_subject_open(&back, &key, ad, (struct ln_span){ text.data, len }, &err));
    assert_int_equal(back.len, 0);
    ln_buf_free(&text);
    ln_buf_free(&back);
}

TEST(the_form_is_ciphertext_and_tag_in_base64url)
{
    struct ln_subject_key key;
    char kid[LN_SUBJECT_KID_LEN + 1];
    struct ln_buf text = ln_buf_new(1000);
    struct ln_buf raw = ln_buf_new(1000);

    ln_subject_make(&key, kid);
    ln_subject_seal(&text, &key, ad, plain, 3);

    assert_true(ln_encode_unbase64url(&raw, (struct ln_span){ text.data, text.len }));
    assert_int_equal(raw.len, 3 + 16);
    ln_buf_free(&text);
    ln_buf_free(&raw);
}

TEST(a_ceiling_is_kept_on_both_ways)
{
    struct ln_subject_key key;
    char kid[LN_SUBJECT_KID_LEN + 1];
    struct ln_buf small = ln_buf_new(50);
    struct ln_buf text = ln_buf_new(1000);
    struct ln_err err = { 0 };

    ln_subject_make(&key, kid);
    ln_subject_seal(&small, &key, ad, plain, 35); /* the box is 51 bytes */
    assert_true(small.over);
    ln_buf_clear(&small);
    ln_subject_seal(&small, &key, ad, plain, 29); /* the box fits, its base64 does not */
    assert_true(small.over);
    ln_buf_clear(&small);
    ln_subject_seal(&text, &key, ad, plain, 51 - 11 + 11);
    assert_false(ln_subject_open(&small, &key, ad, (struct ln_span){ text.data, text.len }, &err));
    assert_int_equal(err.code, LN_FULL);
    ln_buf_free(&small);
    ln_buf_free(&text);
}

RUN_TESTS(T(a_sealed_object_opens_with_its_key_on_its_line),
          T(another_key_another_line_and_each_changed_bit_are_refused),
          T(the_form_is_ciphertext_and_tag_in_base64url), T(a_ceiling_is_kept_on_both_ways))
