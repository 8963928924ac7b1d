/* One-time join codes: see code.h. */
#include "crypto/code.h"

#include <sodium.h>
#include <string.h>

#include "crypto/encode.h"
#include "crypto/hkdf.h"

/* Crockford's: no I, L, O, U, so nothing read aloud or copied by hand is in doubt. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void ln_code_make(struct ln_code_words *out)
{
    for (size_t i = 0; i < LN_CODE_LEN; i++)
        out->text[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
    out->text[LN_CODE_LEN] = '\0';
}

void ln_code_write(char out[LN_CODE_TEXT_MAX], const struct ln_code_words *c)
{
    (void)snprintf(out, LN_CODE_TEXT_MAX, "%.5s-%.5s-%.5s-%.5s", c->text, c->text + 5, c->text + 10,
                   c->text + 15);
}

/* The next character as ASCII; '-' for every blank and dash, '?' for what has no place in a code.
 */
static char next_char(const char **at, const char *end)
{
    const uint8_t *p = (const uint8_t *)*at;

    if (p[0] < 0x80) {
        (*at)++;
        return strchr(" \t\r\n-_.", p[0]) != NULL && p[0] != '\0' ? '-' : (char)p[0];
    }
    if (end - *at < 3)
        return '?';
    uint32_t c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    if ((p[0] & 0xf0) != 0xe0 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
        return '?';
    *at += 3;
    if (c == 0x3000 || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xff0d)
        return '-';
    /* U+FF01..U+FF5E are ASCII 0x21..0x7e, wide */
    return c >= 0xff01 && c <= 0xff5e ? (char)(c - 0xff01 + 0x21) : '?';
}

/* The letter of the alphabet meant by `c`, or '\0'. */
static char meant(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return '0';
    if (c == 'I' || c == 'L')
        return '1';
    return c != '\0' && strchr(alphabet, c) != NULL ? c : '\0';
}

bool ln_code_read(struct ln_code_words *out, const char *text, size_t len, struct ln_err *err)
{
    const char *at = text;
    const char *end = text + len;
    struct ln_code_words c = { 0 };
    size_t n = 0;

    if (len > LN_CODE_READ_MAX)
        return ln_fail(err, LN_INVALID, "too long for a join code");
    while (at < end) {
        char next = next_char(&at, end);
        if (next == '-')
            continue;
        next = meant(next);
        if (next == '\0' || n == LN_CODE_LEN)
            return ln_fail(err, LN_INVALID, "not a join code: %d letters and digits in groups of 5",
                           LN_CODE_LEN);
        c.text[n++] = next;
    }
    if (n != LN_CODE_LEN)
        return ln_fail(err, LN_INVALID, "the join code has %zu of %d characters", n, LN_CODE_LEN);
    *out = c;
    sodium_memzero(&c, sizeof c);
    return true;
}

void ln_code_key(struct ln_code_key *out, const struct ln_code_words *c, const char *region,
                 const char *role)
{
    char salt[64];

    (void)snprintf(salt, sizeof salt, "%s|%s", region, role);
    ln_hkdf_derive(out->b, c->text, LN_CODE_LEN, salt, strlen(salt), "linli-join-key");
}

void ln_code_id(char out[LN_CODE_ID_MAX], const struct ln_code_words *c)
{
    uint8_t raw[32];

    ln_hkdf_derive(raw, c->text, LN_CODE_LEN, "", 0, "linli-join-id");
    ln_encode_base32(out, raw, 10);
}

void ln_code_mac(uint8_t out[LN_CODE_MAC_LEN], const struct ln_code_key *key, const char *purpose,
                 const void *body, size_t len)
{
    crypto_auth_hmacsha256_state state;

    (void)crypto_auth_hmacsha256_init(&state, key->b, sizeof key->b);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
    (void)crypto_auth_hmacsha256_update(&state, body, len);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

bool ln_code_verify(const uint8_t mac[LN_CODE_MAC_LEN], const struct ln_code_key *key,
                    const char *purpose, const void *body, size_t len)
{
    uint8_t want[LN_CODE_MAC_LEN];

    ln_code_mac(want, key, purpose, body, len);
    bool same = sodium_memcmp(want, mac, sizeof want) == 0;
    sodium_memzero(want, sizeof want);
    return same;
}
