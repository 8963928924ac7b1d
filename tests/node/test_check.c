/* Values against their definitions: what a file's value holds. */
#include "tests/lib/test.h"

#include <string.h>

#include "node/module/check.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REST                                                                                       \
    "\"name\":\"a.jpg\",\"sha\":\"" SHA "\",\"size\":9,\"stored\":300,\"type\":\"image/jpeg\""

static bool good(const char *text)
{
    json_t *v = json_loads(text, 0, NULL);
    assert_non_null(v);
    bool ok = ln_check_file(v);

    json_decref(v);
    return ok;
}

TEST(a_file_may_have_a_small_copy_and_nothing_else_that_is_not_known)
{
    assert_true(good("{\"key\":\"K\"," REST "}"));
    assert_true(good("{\"key\":\"K\"," REST ",\"small\":{\"sha\":\"" SHA
                     "\",\"size\":1,\"stored\":2,\"type\":\"image/webp\"}}"));

    assert_false(good("{" REST "}"));
    assert_false(good("{\"key\":\"K\"," REST ",\"other\":1}"));
    assert_false(good("{\"key\":\"K\"," REST ",\"small\":\"" SHA "\"}"));
    assert_false(good("{\"key\":\"K\"," REST ",\"small\":{\"sha\":\"" SHA "\"}}"));
    assert_false(good("{\"key\":\"K\"," REST ",\"small\":{\"sha\":\"" SHA
                      "\",\"size\":1,\"stored\":2,\"type\":\"image/webp\",\"key\":\"K\"}}"));
    assert_false(good("[]"));
}

TEST(a_masked_value_tells_its_ends_and_a_masked_code_nothing)
{
    static const struct ln_def_codes kinds = { .name = "care_kind" };
    static const struct ln_def_field phone = { .name = "phone", .type = LN_TYPE_STR };
    static const struct ln_def_field kind = { .name = "kind",
                                              .type = LN_TYPE_CODE,
                                              .codes = &kinds };
    char out[32];

    ln_check_mask(out, sizeof out, &phone, "13812341234");
    assert_string_equal(out, "138****1234");
    ln_check_mask(out, sizeof out, &phone, "张小三");
    assert_string_equal(out, "张**");
    ln_check_mask(out, sizeof out, &kind, "empty_nest");
    assert_string_equal(out, "***");
    ln_check_mask(out, sizeof out, &phone, NULL);
    assert_string_equal(out, "***");
}

RUN_TESTS(T(a_masked_value_tells_its_ends_and_a_masked_code_nothing),
          T(a_file_may_have_a_small_copy_and_nothing_else_that_is_not_known))
