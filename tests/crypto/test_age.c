/* Tests of crypto/age.c against the stock age, both ways. */
#include "crypto/age.h"

#include <sodium.h>
#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/tool.h"

#define BIG ((size_t)20 << 20)
static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, 131073, (size_t)10 << 20 };

TEST(age_opens_what_we_seal_and_we_open_what_age_seals)
{
    char dir[64];
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(200);

    test_mkdir(dir);
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    ln_key_ident_write(&text, &id);
    tool_write(dir, "id", text.data, text.len);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ln_buf plain = ln_buf_new(BIG);
        struct ln_buf sealed = ln_buf_new(BIG);
        struct ln_buf back = ln_buf_new(BIG);
        randombytes_buf(ln_buf_grow(&plain, sizes[i]), sizes[i]);
        MUST(ln_age_seal(&sealed, &to, 1, plain.data, plain.len, &err));
        tool_write(dir, "ours", sealed.data, sealed.len);
        tool_write(dir, "plain", plain.data, plain.len);
        assert_int_equal(tool_run(dir, "age -d -i id ours >got && cmp got plain &&"
                                       " age -r $(age-keygen -y id) <plain >theirs"),
                         0);
        struct ln_buf theirs = tool_read(dir, "theirs");
        MUST(ln_age_open(&back, theirs.data, theirs.len, &id, &err));
        assert_int_equal(back.len, plain.len);
        assert_memory_equal(back.data, plain.data, plain.len);
        ln_buf_free(&theirs);
        ln_buf_free(&plain);
        ln_buf_free(&sealed);
        ln_buf_free(&back);
    }
    ln_buf_free(&text);
    test_rmdir(dir);
}

TEST(each_of_eight_recipients_opens_it_and_nobody_else)
{
    struct ln_ident ids[LN_AGE_STANZAS + 1];
    struct ln_recipient to[LN_AGE_STANZAS + 1];
    struct ln_buf sealed = ln_buf_new(10000);
    struct ln_buf back = ln_buf_new(100);
    struct ln_err err = { 0 };

    for (size_t i = 0; i <= LN_AGE_STANZAS; i++) {
        ln_key_ident_make(&ids[i]);
        ln_key_ident_public(&to[i], &ids[i]);
    }
    MUST(ln_age_seal(&sealed, to, LN_AGE_STANZAS, "abc", 3, &err));
    for (size_t i = 0; i < LN_AGE_STANZAS; i++) {
        ln_buf_clear(&back);
        MUST(ln_age_open(&back, sealed.data, sealed.len, &ids[i], &err));
        assert_string_equal(back.data, "abc");
    }
    assert_false(ln_age_open(&back, sealed.data, sealed.len, &ids[LN_AGE_STANZAS], &err));
    assert_int_equal(err.code, LN_DENIED);
    ln_buf_free(&sealed);
    ln_buf_free(&back);
}

TEST(every_changed_bit_every_cut_and_anything_behind_is_refused)
{
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_buf sealed = ln_buf_new(10000);
    struct ln_buf back = ln_buf_new(100);
    struct ln_err err = { 0 };

    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    MUST(ln_age_seal(&sealed, &to, 1, "abc", 3, &err));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
        assert_false(ln_age_open(&back, sealed.data, sealed.len, &id, &err));
        assert_int_equal(back.len, 0);
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_false(ln_age_open(&back, sealed.data, len, &id, &err));
    ln_buf_addc(&sealed, 'x');
    assert_false(ln_age_open(&back, sealed.data, sealed.len, &id, &err));
    ln_buf_free(&sealed);
    ln_buf_free(&back);
}

RUN_TESTS(T(age_opens_what_we_seal_and_we_open_what_age_seals),
          T(each_of_eight_recipients_opens_it_and_nobody_else),
          T(every_changed_bit_every_cut_and_anything_behind_is_refused))
