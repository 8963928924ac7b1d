/* Tests of crypto/canon.c. jansson is the oracle: what we accept it must read, and write back the
 * same. */
#include "crypto/canon.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "tests/lib/test.h"

static bool good(const char *text, size_t len)
{
    struct ln_err err = { 0 };
    bool ok = ln_canon_check(text, len, &err);

    assert_true(ok || (err.code == LN_INVALID && strstr(err.text, "byte") != NULL));
    return ok;
}

static void each(const char *const *texts, size_t n, bool want)
{
    for (size_t i = 0; i < n; i++)
        if (good(texts[i], strlen(texts[i])) != want)
            fail_msg("%s: %s", want ? "refused" : "accepted", texts[i]);
}
#define EACH(texts, want) each(texts, sizeof(texts) / sizeof(texts)[0], want)

TEST(canonical_texts_are_accepted)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "10",
        "9007199254740991",
        "-9007199254740991",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[1,2]",
        "[[],{}]",
        "{\"\":1}",
        "{\"a\":1,\"b\":2}",
        "{\"A\":1,\"a\":2,\"aa\":3,\"ab\":4,\"b\":[{\"x\":null}]}",
        "{\"a\":1,\"a \":2}", /* a prefix comes first */
        "\"\\b\\t\\n\\f\\r\\\"\\\\\\u0001\\u001f\\u000b\"",
        "\"/\x7f'\"", /* these stand for themselves */
        "\"翠苑一区社区\"",
        "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f"
        "\xbf\xbf\"",
        "\"\xe2\x80\xa8\"", /* U+2028 stands for itself, RFC 8785 3.2.2.2 */
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
    };
    EACH(texts, true);
}

TEST(other_spellings_of_the_same_value_are_refused)
{
    static const char *const texts[] = {
        " null",
        "null ",
        "nul",
        "nulll",
        "True",
        "-0",
        "00",
        "01",
        "-01",
        "1.0",
        "1e3",
        "0x1",
        "+1",
        "9007199254740992",
        "-9007199254740992",
        "90071992547409910",
        "100000000000000000000",
        "-",
        "[1, 2]",
        "[1 ,2]",
        "{\"a\": 1}",
        "{ \"a\":1}",
        "{\"a\":1}\n",
        "\"\\/\"",
        "\"\\u0041\"",
        "\"\\u000A\"",
        "\"\\u000a\"",
        "\"\\u0008\"",
        "\"\\u0009\"",
        "\"\\u000c\"",
        "\"\\u000d\"",
        "\"\\u001F\"",
        "\"\\u0020\"",
        "\"\\u4e2d\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\u0000\"",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"aa\":1,\"a\":2}",
        "{\"\\u0061\":1}",
        "{\"\\n\":1}",
        "{\"\xc3\xa9\":1}",
        "{\"\x7f\":1}",
        "{\"a\":{\"z\":1,\"y\":2}}",
    };
    EACH(texts, false);
}

/* After the n_ cases of JSONTestSuite (Seriot, "Parsing JSON is a Minefield"), written anew. */
TEST(what_is_not_json_is_refused)
{
    static const char *const texts[] = {
        "",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1:2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\",1}",
        "{\"a\":1",
        "{\"a",
        "{\"a\"",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\":1}}",
        "[1]]",
        "[}",
        "{]",
        "{\"a\":1]",
        "[1}",
        "[1]x",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\u\"",
        "\"\\u00\"",
        "\"\\u001\"",
        "\"\\u00g1\"",
        "\"\\x41\"",
        "\"\\a\"",
        "\"\\0\"",
        "\"\\ \"",
        "'a'",
        "\"\n\"",
        "\"\t\"",
        "\"\x01\"",
        "\"\x1f\"",
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "inf",
        "1.",
        ".1",
        "-.1",
        "1e",
        "1e+",
        "0e",
        "--1",
        "-a",
        "1a",
        "0.0",
        "tru",
        "fals",
        "truefalse",
        "[true,fals]",
        "undefined",
        "\xef\xbb\xbf{}",
        "{}\xef\xbb\xbf",
        "//",
        "[1]//",
        "/**/[]",
        "[1,\n2]",
        "*",
        "{\"a\":/**/1}",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        "\xe5\x9c\xb0",
        "<null>",
        "\\u0022",
        "[\"a\"\"b\"]",
        "[\"a\",\"b]",
        "@",
        "{\"a\" :1}",
        "\"a\"b",
        "-\"",
        "{\"a\":01}",
        "[{}",
        "[{\"a\":[}]",
    };
    EACH(texts, false);
    assert_false(good("\"\0\"", 3));
    assert_false(good("1\0", 2));
    assert_false(good("\0", 1));
}

/* Unicode 15, table 3-7, and the examples of Kuhn's UTF-8 stress test: each ends where it must. */
TEST(bad_utf_8_is_refused)
{
    static const char *const texts[] = {
        "\"\x80\"",
        "\"\xbf\"",
        "\"\xc0\x80\"",
        "\"\xc1\xbf\"",
        "\"\xc2\"",
        "\"\xc2\x41\"",
        "\"\xc2\xc0\"",
        "\"\xe0\x80\x80\"",
        "\"\xe0\x9f\xbf\"",
        "\"\xe0\xa0\"",
        "\"\xe0\xa0\x41\"",
        "\"\xe1\x80\"",
        "\"\xe1\x41\x80\"",
        "\"\xe1\x80\x41\"",
        "\"\xed\xa0\x80\"",
        "\"\xed\xbf\xbf\"",
        "\"\xed\x9f\"",
        "\"\xed\x9f\x41\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\xf0\x8f\xbf\xbf\"",
        "\"\xf0\x90\x80\"",
        "\"\xf0\x90\x80\x41\"",
        "\"\xf0\x90\x41\x80\"",
        "\"\xf0\x41\x80\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xff\"",
        "\"\xfe\"",
        "\"\xe4\xb8",
        "\"\xe4",
        "\"\xf0\x9f\x98",
        "\"\xc3",
        "\"a\xe4\xb8\xad\x80\"",
    };
    EACH(texts, false);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(ln_canon_utf8(texts[i], strlen(texts[i])));
    assert_false(ln_canon_utf8("a\0b", 3));
    assert_true(ln_canon_utf8("a\n\"\\\x01\x7f 中\xf0\x9f\x98\x80", 14));
    assert_true(ln_canon_utf8("", 0));
}

TEST(the_failure_names_the_byte)
{
    struct ln_err err = { 0 };

    assert_false(ln_canon_check("{\"a\":1,\"b\":x}", 13, &err));

    assert_string_equal(err.text, "not canonical JSON at byte 11");
}

TEST(every_position_in_a_word_of_eight_is_looked_at)
{
    for (size_t len = 0; len < 40; len++)
        for (size_t at = 0; at < len; at++) {
            char text[64];
            memset(text, 'x', sizeof text);
            text[0] = '"';
            text[len + 1] = '"';
            assert_true(good(text, len + 2));
            text[at + 1] = '\x1f';
            assert_false(good(text, len + 2));
            text[at + 1] = '"';
            assert_false(good(text, len + 2));
            text[at + 1] = (char)0x80;
            assert_false(good(text, len + 2));
            text[at + 1] = '\\'; /* \x is no escape; at the end it hides the quote */
            assert_false(good(text, len + 2));
            text[at + 1] = '\x7f';
            assert_true(good(text, len + 2));
        }
}

static const char line[] = "{\"b\":[\"06gvgc0gmc001u69jleg\"],\"c\":\"counter\",\"f\":{"
                           "\"employer\":\"翠苑小学\",\"job\":\"2-01\","
                           "\"map\":{\"x\":[1,[],{\"y\":\"]}\\\"\"}]}},\"i\":"
                           "\"06h0cbs55s000nco66ag\",\"n\":-42,\"o\":\"set\",\"z\":true}";

TEST(members_are_found_and_walked_in_order)
{
    struct ln_span whole = ln_span_of(line);
    struct ln_span key;
    struct ln_span item;
    struct ln_err err = { 0 };
    static const char *const keys[] = { "b", "c", "f", "i", "n", "o", "z" };
    static const enum ln_canon_type types[] = { LN_CANON_ARRAY,  LN_CANON_STRING, LN_CANON_OBJECT,
                                                LN_CANON_STRING, LN_CANON_INT,    LN_CANON_STRING,
                                                LN_CANON_BOOL };
    size_t at = 0;
    size_t n = 0;

    MUST(ln_canon_check(line, strlen(line), &err));
    while (ln_canon_next(whole, &at, &key, &item)) {
        assert_true(ln_span_is(key, keys[n]));
        assert_int_equal(ln_canon_type(item), types[n]);
        n++;
    }
    assert_int_equal(n, 7);
    assert_true(ln_canon_get(whole, "n", &item));
    assert_int_equal(ln_canon_int(item), -42);
    assert_true(ln_canon_get(whole, "z", &item));
    assert_true(ln_canon_bool(item));
    assert_false(ln_canon_get(whole, "a", &item));
    assert_false(ln_canon_get(whole, "zz", &item));
    assert_true(ln_canon_get(whole, "f", &item));
    assert_true(ln_canon_get(item, "map", &item));
    assert_true(ln_canon_get(item, "x", &item));
    at = 0;
    assert_true(ln_canon_next(item, &at, NULL, &key));
    assert_int_equal(ln_canon_int(key), 1);
    assert_true(ln_canon_next(item, &at, NULL, &key));
    assert_false(ln_canon_next(key, &(size_t){ 0 }, NULL, &key));
    assert_true(ln_canon_next(item, &at, NULL, &key));
    assert_true(ln_canon_get(key, "y", &key));
    assert_true(ln_span_is(key, "\"]}\\\"\""));
    assert_false(ln_canon_next(item, &at, NULL, &key));
    assert_false(ln_canon_get(ln_span_of("{}"), "a", &item));
}

TEST(strings_come_out_as_they_went_in)
{
    char text[64];
    struct ln_err err = { 0 };

    for (int i = 0; i < 2000; i++) {
        struct ln_buf out = ln_buf_new(1000);
        struct ln_buf back = ln_buf_new(1000);
        struct ln_span plain;
        size_t len = randombytes_uniform(sizeof text);
        for (size_t k = 0; k < len; k++)
            text[k] = (char)(1 + randombytes_uniform(randombytes_uniform(2) != 0 ? 127 : 40));
        if (len > 6)
            memcpy(text + randombytes_uniform(3), "中", 3);

        ln_canon_add_string(&out, text, len);
        MUST(ln_canon_check(out.data, out.len, &err));
        struct ln_span value = { out.data, out.len };
        ln_canon_text(&back, value);
        assert_int_equal(back.len, len);
        assert_memory_equal(back.data, text, len);
        if (ln_canon_plain(value, &plain)) {
            assert_int_equal(plain.len, len);
            assert_memory_equal(plain.p, text, len);
        } else {
            assert_non_null(memchr(out.data, '\\', out.len));
        }
        ln_buf_free(&out);
        ln_buf_free(&back);
    }
    assert_false(ln_canon_plain(ln_span_of("12"), &(struct ln_span){ 0 }));
    assert_false(ln_canon_plain(ln_span_of("0"), &(struct ln_span){ 0 }));
}

TEST(each_control_character_has_its_own_spelling)
{
    struct ln_buf out = ln_buf_new(1000);
    char all[33];

    for (int i = 1; i < 32; i++)
        all[i - 1] = (char)i;
    memcpy(all + 31, "\"\\", 2);
    ln_canon_add_string(&out, all, 33);
    assert_string_equal(
        out.data,
        "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
        "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b"
        "\\u001c\\u001d\\u001e\\u001f\\\"\\\\\"");
    ln_buf_free(&out);
}

TEST(integers_come_out_as_they_went_in)
{
    static const int64_t ns[] = {
        0, 1, -1, 9, 10, -10, 1795392000, LN_CANON_INT_MAX, -LN_CANON_INT_MAX
    };
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++) {
        struct ln_buf out = ln_buf_new(100);
        ln_canon_add_int(&out, ns[i]);
        MUST(ln_canon_check(out.data, out.len, &err));
        assert_int_equal(ln_canon_int((struct ln_span){ out.data, out.len }), ns[i]);
        ln_buf_free(&out);
    }
}

/* Whatever a mutation leaves acceptable, jansson must read and write back to the same bytes. */
static void judge(const char *text, size_t len)
{
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    assert_non_null(value);
    char *again = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    assert_non_null(again);
    if (memchr(text, '\x7f', len) == NULL && strstr(again, "\\u00") == NULL) {
        assert_int_equal(strlen(again), len); /* jansson writes \u001F in upper case */
        assert_memory_equal(again, text, len);
    }
    free(again);
    json_decref(value);
}

TEST(what_we_accept_jansson_reads_and_writes_back_the_same)
{
    static const char bytes[] = "{}[]\",:\\0123456789-aeflnrstu \n\x7f\xe4\xb8\xad\xc3\xf0";
    char text[sizeof line];
    size_t accepted = 0;

    for (int i = 0; i < 200000; i++) {
        memcpy(text, line, sizeof line);
        size_t len = sizeof line - 1;
        size_t at = randombytes_uniform((uint32_t)len);
        text[at] = bytes[randombytes_uniform(sizeof bytes - 1)];
        if (i % 3 == 0)
            text[(at + 1) % len] = bytes[randombytes_uniform(sizeof bytes - 1)];
        if (!good(text, len))
            continue;
        accepted++;
        judge(text, len);
    }
    assert_true(accepted > 1000);
}

RUN_TESTS(T(canonical_texts_are_accepted), T(other_spellings_of_the_same_value_are_refused),
          T(what_is_not_json_is_refused), T(bad_utf_8_is_refused), T(the_failure_names_the_byte),
          T(every_position_in_a_word_of_eight_is_looked_at),
          T(members_are_found_and_walked_in_order), T(strings_come_out_as_they_went_in),
          T(each_control_character_has_its_own_spelling), T(integers_come_out_as_they_went_in),
          T(what_we_accept_jansson_reads_and_writes_back_the_same))
