/* Region names. Known answers: the published 统计用区划代码. */
#include "tests/lib/test.h"

#include "node/region/region.h"

#include <string.h>

static void check_name(const char *code, const char *want)
{
    struct ln_buf b = ln_buf_new(1024);

    assert_true(ln_region_name(&b, code));
    assert_string_equal(b.data, want);
    ln_buf_free(&b);
}

TEST(every_tier_has_its_name)
{
    check_name("330000000000", "浙江省");
    check_name("330100000000", "杭州市");
    check_name("330106000000", "西湖区");
    check_name("330106005000", "翠苑街道");
    check_name("330106005055", "翠苑一区社区");
    check_name("650000000000", "新疆维吾尔自治区");
}

TEST(the_path_runs_from_province_to_community)
{
    struct ln_buf b = ln_buf_new(1024);

    assert_true(ln_region_path(&b, "330106005055"));

    assert_string_equal(b.data, "浙江省杭州市西湖区翠苑街道翠苑一区社区");
    ln_buf_free(&b);
}

TEST(an_unknown_or_crooked_code_adds_nothing)
{
    static const char *const bad[] = { "999999999999", "330106005999", "3301", "33010600505x", "",
                                       "3301060050550" };
    struct ln_buf b = ln_buf_new(1024);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_region_name(&b, bad[i]));
        assert_false(ln_region_path(&b, bad[i]));
    }

    assert_int_equal(b.len, 0);
    ln_buf_free(&b);
}

static void keep_last(void *ctx, const char code[13], struct ln_span name)
{
    assert_true(name.len > 0);
    assert_true(strcmp(ctx, code) < 0);
    memcpy(ctx, code, 13);
}

TEST(children_are_the_next_tier_in_order)
{
    char last[13] = "";

    assert_int_equal(ln_region_children("000000000000", keep_last, last), 31);
    memcpy(last, "", 1);
    assert_int_equal(ln_region_children("330000000000", keep_last, last), 11);
    memcpy(last, "", 1);
    assert_int_equal(ln_region_children("330106005000", keep_last, last), 12);
    memcpy(last, "", 1);
    assert_int_equal(ln_region_children("330106005055", keep_last, last), 0);
}

RUN_TESTS(T(every_tier_has_its_name), T(the_path_runs_from_province_to_community),
          T(an_unknown_or_crooked_code_adds_nothing), T(children_are_the_next_tier_in_order))
