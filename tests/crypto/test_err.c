/* Tests of crypto/base/err.c: whatever stands in an error's text, it is UTF-8, for it is shown as
 * JSON. */
#include <string.h>

#include "crypto/canon.h"
#include "tests/lib/test.h"

static void is_text(const struct ln_err *err)
{
    assert_true(ln_canon_utf8(err->text, strlen(err->text)));
}

TEST(a_character_cut_by_a_precision_becomes_a_question_mark)
{
    struct ln_err err = { 0 };

    assert_false(ln_fail(&err, LN_MISSING, "no collection %.4s", "abc\xc3\x98"));

    assert_string_equal(err.text, "no collection abc?");
}

TEST(bytes_that_are_no_characters_become_question_marks_and_characters_stay)
{
    static const char *const parts[] = { "\xff",
                                         "\xc0\x80",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\xe0\x80\x80",
                                         "\xf0\x80\x80\x80",
                                         "\x80",
                                         "\xe9\x82",
                                         "\xf5\x80\x80\x80" };
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_false(ln_fail(&err, LN_INVALID, "%s邻里%s", parts[i], parts[i]));
        is_text(&err);
        assert_non_null(strstr(err.text, "邻里"));
    }
    assert_false(ln_fail(&err, LN_INVALID, "%s", "\xf0\x9f\x98\x80\xed\x9f\xbf"));
    assert_string_equal(err.text, "\xf0\x9f\x98\x80\xed\x9f\xbf");
}

TEST(a_text_that_is_too_long_is_cut_between_characters_and_keeps_its_context)
{
    char text[400];
    struct ln_err err = { 0 };

    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "邻", 3);
        text[sizeof text - 1] = '\0';
        assert_false(ln_fail(&err, LN_FULL, "%s", text));
        is_text(&err);
        assert_true(strlen(err.text) > sizeof err.text - 6);
        assert_false(ln_wrap(&err, "%s", "pull"));
        is_text(&err);
        assert_memory_equal(err.text, "pull: ", 6);
        assert_false(ln_wrap(&err, "%s", text));
        is_text(&err);
        assert_int_equal(err.code, LN_FULL);
    }
}

RUN_TESTS(T(a_character_cut_by_a_precision_becomes_a_question_mark),
          T(bytes_that_are_no_characters_become_question_marks_and_characters_stay),
          T(a_text_that_is_too_long_is_cut_between_characters_and_keeps_its_context))
