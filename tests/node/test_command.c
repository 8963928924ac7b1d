/* The commands as data: help and manual in both languages. */
#include "node/cmd/command.h"

#include <string.h>

#include "tests/lib/test.h"

TEST(every_command_and_option_is_explained_in_both_languages)
{
    for (size_t i = 0; i < ln_commands_n; i++) {
        const struct ln_command *c = &ln_commands[i];
        assert_true(c->what.zh[0] != '\0' && c->what.en[0] != '\0' && c->example != NULL);
        assert_int_equal(strncmp(c->example, c->name, strlen(c->name)), 0);
        for (size_t o = 0; o < LN_COMMAND_OPTIONS && c->options[o].name != NULL; o++)
            if (c->options[o].help.zh == NULL || c->options[o].help.en == NULL)
                fail_msg("%s %s is not explained", c->name, c->options[o].name);
    }
}

TEST(help_shows_use_meaning_and_an_example)
{
    char text[4096] = "";
    FILE *f = fmemopen(text, sizeof text, "w");

    assert_non_null(f);
    ln_command_help(f, ln_command_find("revoke"), true);
    (void)fclose(f);

    assert_non_null(strstr(text, "用法: linli revoke NODE --dir D [--after SEQ] [--yes]"));
    assert_non_null(strstr(text, "最后有效的段"));
    assert_non_null(strstr(text, "例: linli revoke"));
}

TEST(the_manual_names_every_option_with_its_hyphens_escaped)
{
    static char text[65536] = "";
    FILE *f = fmemopen(text, sizeof text, "w");

    assert_non_null(f);
    ln_command_roff(f, false);
    (void)fclose(f);

    assert_non_null(strstr(text, ".SS revoke\n"));
    assert_non_null(strstr(text, "\\fB\\-\\-after\\fR \\fISEQ\\fR\n"));
    assert_null(strstr(text, "\n--"));
}

TEST(an_unknown_command_is_not_found)
{
    assert_null(ln_command_find("rewoke"));
}

RUN_TESTS(T(every_command_and_option_is_explained_in_both_languages),
          T(help_shows_use_meaning_and_an_example),
          T(the_manual_names_every_option_with_its_hyphens_escaped),
          T(an_unknown_command_is_not_found))
