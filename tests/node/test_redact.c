/* Personal parts of a public text. */
#include "tests/lib/test.h"

#include "node/module/redact.h"

static void becomes(const char *text, const char *const *words, const char *want)
{
    struct ln_buf out = ln_buf_new(4096);

    (void)ln_redact(&out, text, words);
    assert_string_equal(out.data, want);
    ln_buf_free(&out);
}

TEST(numbers_that_name_a_person_go)
{
    becomes("身份证330106198001011234，旧证330106800101123", NULL, "身份证〔略〕，旧证〔略〕");
    becomes("33010619800101123X和13800138000", NULL, "〔略〕和〔略〕");
}

TEST(a_room_goes_and_a_building_stays)
{
    becomes("3幢2单元201室漏水", NULL, "3幢2单元〔略〕室漏水");
}

TEST(other_numbers_stay)
{
    becomes("12345热线，订单99887766，电话0571-85021234，2026年", NULL,
            "12345热线，订单99887766，电话0571-85021234，2026年");
}

TEST(names_that_are_known_go_the_longest_first)
{
    static const char *const words[] = { "王小", "王小明", "w@x.cn", NULL };

    becomes("王小明来信(w@x.cn)，王小明说", words, "〔略〕来信(〔略〕)，〔略〕说");
}

TEST(a_single_character_is_no_name)
{
    static const char *const words[] = { "王", "a", NULL };

    becomes("国王a", words, "国王a");
}

RUN_TESTS(T(numbers_that_name_a_person_go), T(a_room_goes_and_a_building_stays),
          T(other_numbers_stay), T(names_that_are_known_go_the_longest_first),
          T(a_single_character_is_no_name))
