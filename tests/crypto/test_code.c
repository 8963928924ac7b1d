/* Tests of crypto/code.c. Known answers: hkdfSync and createHmac of Node 20's crypto (OpenSSL). */
#include "crypto/code.h"

#include <string.h>

#include "crypto/encode.h"
#include "tests/lib/test.h"

#define CODE "0123456789ABCDEFGHJK"

static struct ln_code_words words(const char *text)
{
    struct ln_code_words c;
    struct ln_err err = { 0 };

    MUST(ln_code_read(&c, text, strlen(text), &err));
    return c;
}

static void check_hex(const void *data, size_t len, const char *want)
{
    struct ln_buf hex = ln_buf_new(200);

    ln_encode_hex(&hex, data, len);
    assert_string_equal(hex.data, want);
    ln_buf_free(&hex);
}

TEST(key_id_and_mac_are_those_of_rfc_5869_and_2104)
{
    struct ln_code_words c = words(CODE);
    struct ln_code_key key;
    char id[LN_CODE_ID_MAX];
    uint8_t mac[LN_CODE_MAC_LEN];

    ln_code_key(&key, &c, "330106005055", "community");
    check_hex(key.b, sizeof key.b,
              "e7894ebd6bf8df038831ac0d4dadc48e825d3761f07c4c4c7879ac2f87486cbf");
    ln_code_id(id, &c);
    assert_string_equal(id, "visn2z6mlj4jmhs5");
    ln_code_mac(mac, &key, "request", "{}", 2);
    check_hex(mac, sizeof mac, "b94319ea7dbc1c10063a19c604f256e230df27a58df3c79c3b1f5f993db2fb7d");
}

TEST(a_code_is_read_as_people_type_it)
{
    static const char *const typed[] = {
        "01234-56789-ABCDE-FGHJK", "01234 56789 abcde fghjk",
        "O1234-56789-ABCDE-FGHJK", "0i234-56789-abcde-fghjk",
        "0l234-56789-abcde-fghjk", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫ"
    };

    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
        assert_string_equal(words(typed[i]).text, CODE);
}

TEST(anything_else_is_refused_with_a_reason)
{
    static const char *const bad[] = { "", "01234", CODE "L", "01234-56789-ABCDE-FGHJU", "路灯" };
    struct ln_code_words c;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_code_read(&c, bad[i], strlen(bad[i]), &err));
        assert_int_equal(err.code, LN_INVALID);
        assert_true(err.text[0] != '\0');
    }
}

TEST(made_codes_differ_and_read_back)
{
    struct ln_code_words a;
    struct ln_code_words b;
    char text[LN_CODE_TEXT_MAX];

    ln_code_make(&a);
    ln_code_make(&b);
    assert_string_not_equal(a.text, b.text);
    ln_code_write(text, &a);
    assert_int_equal(strlen(text), 23);
    assert_string_equal(words(text).text, a.text);
}

TEST(a_mac_belongs_to_its_body_purpose_region_and_role)
{
    struct ln_code_words c = words(CODE);
    struct ln_code_key key;
    struct ln_code_key other;
    uint8_t mac[LN_CODE_MAC_LEN];

    ln_code_key(&key, &c, "330106005055", "community");
    ln_code_mac(mac, &key, "request", "{}", 2);
    assert_true(ln_code_verify(mac, &key, "request", "{}", 2));
    assert_false(ln_code_verify(mac, &key, "response", "{}", 2));
    assert_false(ln_code_verify(mac, &key, "request", "{ }", 3));
    ln_code_key(&other, &c, "330106005056", "community");
    assert_false(ln_code_verify(mac, &other, "request", "{}", 2));
    ln_code_key(&other, &c, "330106005055", "laptop");
    assert_false(ln_code_verify(mac, &other, "request", "{}", 2));
    mac[31] ^= 1;
    assert_false(ln_code_verify(mac, &key, "request", "{}", 2));
}

TEST(each_character_means_what_it_looks_like_or_nothing)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static const char rest[] = "0000000000000000000";
    struct ln_err err = { 0 };

    for (uint32_t u = 0; u < 0x10000; u++) {
        struct ln_code_words got;
        char text[64];
        int n = u < 0x80 ? snprintf(text, sizeof text, "%c%s", (int)u, rest)
                         : snprintf(text, sizeof text, "%c%c%c%s", (int)(0xe0 | u >> 12),
                                    (int)(0x80 | (u >> 6 & 0x3f)), (int)(0x80 | (u & 0x3f)), rest);
        uint32_t c = u >= 0xff01 && u <= 0xff5e ? u - 0xff01 + 0x21 : u;
        if (c >= 'a' && c <= 'z')
            c -= 'a' - 'A';
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        bool known = c > 0 && c < 0x80 && strchr(alphabet, (int)c) != NULL;
        bool ok = ln_code_read(&got, text, (size_t)n, &err);
        if (ok != known)
            fail_msg("U+%04X", (unsigned)u);
        if (ok)
            assert_int_equal(got.text[0], (int)c);
    }
}

TEST(blanks_and_dashes_of_all_kinds_stand_between_and_cut_characters_nowhere)
{
    static const char *const between[] = {
        " ",   "\t", "-", "_", ".", "\xe3\x80\x80", "\xe2\x80\x93", "\xe2\x88\x92", "\xef\xbc\x8d",
        "\r\n"
    };
    static const char *const bad[] = { "\xef\xbc",     "\xe4",         "\xc3\xa9",
                                       "\xe2\x28\x80", "\xe2\x80\x28", "\xf0\x9f\x98\x80",
                                       "\xe2\x80\x96", "\xe2\x80\x8f" };
    struct ln_code_words got;
    struct ln_err err = { 0 };
    char text[LN_CODE_READ_MAX + 8];

    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        (void)snprintf(text, sizeof text, "%s0000000000%s0000000000%s", between[i], between[i],
                       between[i]);
        MUST(ln_code_read(&got, text, strlen(text), &err));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "00000000000000000000%s", bad[i]);
        assert_false(ln_code_read(&got, text, strlen(text), &err));
    }
    assert_false(ln_code_read(&got, "000000000000000000000", 21, &err));
    assert_false(ln_code_read(&got, "0", 1, &err));
    memset(text, '-', sizeof text);
    assert_false(ln_code_read(&got, text, LN_CODE_READ_MAX + 1, &err));
}

RUN_TESTS(T(key_id_and_mac_are_those_of_rfc_5869_and_2104), T(a_code_is_read_as_people_type_it),
          T(anything_else_is_refused_with_a_reason), T(made_codes_differ_and_read_back),
          T(a_mac_belongs_to_its_body_purpose_region_and_role),
          T(each_character_means_what_it_looks_like_or_nothing),
          T(blanks_and_dashes_of_all_kinds_stand_between_and_cut_characters_nowhere))
