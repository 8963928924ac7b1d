/* Slices of a log as git bundles: what is one, and what only looks like one. */
#include "tests/lib/test.h"

#include <string.h>

#include "node/bundle.h"

static bool read_text(struct ln_bundle *out, const char *text, size_t len, enum ln_code *code)
{
    struct ln_buf file = ln_buf_new(1 << 16);
    struct ln_err err = { 0 };

    ln_buf_add(&file, text, len);
    bool ok = ln_bundle_read(out, &file, &err);
    *code = err.code;
    assert_true(!ok || out->len == len - (size_t)(out->pack - file.data));
    ln_buf_free(&file);
    return ok;
}

#define HEAD "# v2 git bundle\n"
#define SHA "0123456789012345678901234567890123456789"

TEST(a_bundle_names_its_log_and_the_pack_begins_behind_the_empty_line)
{
    static const char text[] = HEAD "-" SHA " \n" SHA " refs/heads/330106005055-abcd\n\nPACK\0\0";
    struct ln_bundle b;
    enum ln_code code;

    assert_true(read_text(&b, text, sizeof text - 1, &code));

    assert_string_equal(b.log, "330106005055-abcd");
    assert_int_equal(b.len, 6);
}

TEST(what_is_cut_or_none_is_refused)
{
    static const char text[] = HEAD SHA " refs/heads/330106005055-abcd\n\nPACK";
    static const char later[] = "# v3 git bundle\n" SHA " refs/heads/a\n\n";
    struct ln_bundle b;
    enum ln_code code;

    for (size_t len = 0; len < sizeof text - 1 - 4; len++) {
        assert_false(read_text(&b, text, len, &code));
        assert_int_equal(code, LN_INVALID);
    }
    assert_false(read_text(&b, later, sizeof later - 1, &code));
}

TEST(a_name_that_no_log_has_is_refused)
{
    static const char unnamed[] = HEAD SHA " refs/heads/\n\nPACK";
    char text[400] = HEAD SHA " refs/heads/";
    struct ln_bundle b;
    enum ln_code code;
    size_t at = strlen(text);

    assert_false(read_text(&b, unnamed, sizeof unnamed - 1, &code));
    memset(text + at, 'a', LN_LOG_MAX);
    memcpy(text + at + LN_LOG_MAX, "\n\nPACK", 7);
    assert_false(read_text(&b, text, strlen(text), &code));
    assert_int_equal(code, LN_INVALID);
}

TEST(a_ref_behind_the_header_is_none)
{
    static const char text[] = HEAD SHA " HEAD\n\n refs/heads/330106005055-abcd\nPACK";
    struct ln_bundle b;
    enum ln_code code;

    assert_false(read_text(&b, text, sizeof text - 1, &code));
}

RUN_TESTS(T(a_bundle_names_its_log_and_the_pack_begins_behind_the_empty_line),
          T(what_is_cut_or_none_is_refused), T(a_name_that_no_log_has_is_refused),
          T(a_ref_behind_the_header_is_none))
