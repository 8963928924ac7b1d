/* Whose language is spoken: a thread's, and of what was written down for later readers. */
#include "node/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static bool reads(const char *text, bool zh, const char *want)
{
    return ln_span_is(ln_say_part(text, zh), want);
}

TEST(who_answers_somebody_speaks_their_language_and_then_its_own_again)
{
    (void)setenv("LC_ALL", "en_GB.UTF-8", 1);

    locale_t theirs = ln_say_in(true);
    assert_string_equal(LN_SAY("好", "well"), "好");
    ln_say_done(theirs);
    assert_string_equal(LN_SAY("好", "well"), "well");

    (void)setenv("LC_ALL", "zh_CN.UTF-8", 1);
    assert_string_equal(LN_SAY("好", "well"), "好");
    theirs = ln_say_in(false);
    assert_string_equal(LN_SAY("好", "well"), "well");
    ln_say_done(theirs);
}

TEST(of_a_text_in_both_languages_a_reader_gets_their_own)
{
    static const char both[] = LN_SAY_BOTH("对方社区还没有接入。", "Nobody answers there.");

    assert_true(reads(both, true, "对方社区还没有接入。"));
    assert_true(reads(both, false, "Nobody answers there."));
}

TEST(what_somebody_wrote_is_left_as_it_is)
{
    static const char typed[] = "请看 / please look\nat this";

    assert_true(reads(typed, true, typed));
    assert_true(reads(typed, false, typed));
    assert_true(reads("", true, ""));
}

RUN_TESTS(T(who_answers_somebody_speaks_their_language_and_then_its_own_again),
          T(of_a_text_in_both_languages_a_reader_gets_their_own),
          T(what_somebody_wrote_is_left_as_it_is))
