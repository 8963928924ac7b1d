/* Bytes as text: see encode.h. */
#include "crypto/encode.h"

#include <sodium.h>

struct ln_sha256 ln_encode_sha256(const void *data, size_t len)
{
    struct ln_sha256 out;

    (void)crypto_hash_sha256(out.b, data, len);
    return out;
}

bool ln_encode_sha256_same(const struct ln_sha256 *a, const struct ln_sha256 *b)
{
    return sodium_memcmp(a->b, b->b, sizeof a->b) == 0;
}

void ln_encode_hex(struct ln_buf *out, const void *data, size_t len)
{
    char *at = ln_buf_grow(out, len * 2);

    if (at != NULL) /* room for the '\0' it adds: ln_buf has that already */
        (void)sodium_bin2hex(at, len * 2 + 1, data, len);
}

/* 0..15, or -1; no table and no branch on the value, since keys pass here too. */
static int nibble(char c)
{
    int digit = c - '0';
    int letter = c - 'a';
    int is_digit = -(digit >= 0 && digit <= 9);
    int is_letter = -(letter >= 0 && letter <= 5);

    return (digit & is_digit) | ((letter + 10) & is_letter) | (~(is_digit | is_letter));
}

bool ln_encode_unhex(void *out, size_t len, struct ln_span text)
{
    uint8_t *to = out;

    if (text.len % 2 != 0 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = nibble(text.p[2 * i]);
        int low = nibble(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static void add64(struct ln_buf *out, const void *data, size_t len, int variant)
{
    size_t room = sodium_base64_encoded_len(len, variant); /* counts a '\0' */
    char *at = ln_buf_grow(out, room - 1);

    if (at != NULL) /* it zero-fills the whole length given: never more than we made */
        (void)sodium_bin2base64(at, room, data, len, variant);
}

static bool read64(struct ln_buf *out, struct ln_span text, int variant)
{
    size_t start = out->len;
    size_t cap = text.len / 4 * 3 + 3;
    size_t got = 0;

    for (size_t i = 0; i < text.len;
         i++) /* libsodium 1.0.18 takes bytes from 0x80 on as the digit 63 */
        if (((unsigned char)text.p[i] & 0x80) != 0)
            return false;
    if (out->over || cap > out->max - out->len)
        cap = out->over ? 0 : out->max - out->len;
    char *at = ln_buf_grow(out, cap);
    if (at == NULL)
        return false;
    if (sodium_base642bin((unsigned char *)at, cap, text.p, text.len, NULL, &got, NULL, variant) !=
        0) {
        ln_buf_cut(out, start);
        return false;
    }
    ln_buf_cut(out, start + got);
    return true;
}

void ln_encode_base64(struct ln_buf *out, const void *data, size_t len, bool pad)
{
    add64(out, data, len,
          pad ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool ln_encode_unbase64(struct ln_buf *out, struct ln_span text, bool pad)
{
    return read64(out, text,
                  pad ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

void ln_encode_base64url(struct ln_buf *out, const void *data, size_t len)
{
    add64(out, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool ln_encode_unbase64url(struct ln_buf *out, struct ln_span text)
{
    return read64(out, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void add32(char *out, const void *data, size_t len, const char *alphabet)
{
    const uint8_t *from = data;
    unsigned acc = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < len; i++) {
        acc = (acc << 8 | from[i]) & 0xFFF; /* at most 4 bits wait from before */
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = alphabet[acc >> (bits - 5) & 31];
    }
    if (bits > 0)
        *out++ = alphabet[acc << (5 - bits) & 31];
    *out = '\0';
}

/* `first` and `second` are the ranges of the alphabet: '0'..'9' 'a'..'v', or 'a'..'z' '2'..'7'. */
static bool read32(void *out, size_t len, struct ln_span text, char first, unsigned n_first,
                   char second)
{
    uint8_t *to = out;
    unsigned acc = 0;
    unsigned bits = 0;

    if (text.len != LN_ENCODE_BASE32_LEN(len))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = (unsigned)(unsigned char)text.p[i] - (unsigned)first;
        if (value >= n_first) {
            value = (unsigned)(unsigned char)text.p[i] - (unsigned)second;
            if (value >= 32 - n_first)
                return false;
            value += n_first;
        }
        acc = (acc << 5 | value) & 0xFFF;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (uint8_t)(acc >> bits);
        }
    }
    return (acc & ((1U << bits) - 1)) == 0; /* one text per value: spare bits are zero */
}

void ln_encode_base32hex(char *out, const void *data, size_t len)
{
    add32(out, data, len, "0123456789abcdefghijklmnopqrstuv");
}

bool ln_encode_unbase32hex(void *out, size_t len, struct ln_span text)
{
    return read32(out, len, text, '0', 10, 'a');
}

void ln_encode_base32(char *out, const void *data, size_t len)
{
    add32(out, data, len, "abcdefghijklmnopqrstuvwxyz234567");
}

bool ln_encode_unbase32(void *out, size_t len, struct ln_span text)
{
    return read32(out, len, text, 'a', 26, '2');
}
