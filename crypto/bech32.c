/* Bech32: see bech32.h. */
#include "crypto/bech32.h"

#include <assert.h>
#include <ctype.h>
#include <sodium.h>
#include <string.h>

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

#define CHECK 6 /* characters of the checksum */

/* BIP-173: the checksum as a residue of a polynomial over GF(32), one character at a time. */
static uint32_t step(uint32_t sum, unsigned value)
{
    static const uint32_t generator[5] = { 0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD,
                                           0x2A1462B3 };
    uint32_t top = sum >> 25;

    sum = (sum & 0x1FFFFFF) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        if ((top >> i & 1) != 0)
            sum ^= generator[i];
    return sum;
}

/* The checksum after the human-readable part, which counts in lower case, high bits first. */
static uint32_t begin(const char *hrp)
{
    uint32_t sum = 1;

    for (const char *p = hrp; *p != '\0'; p++)
        sum = step(sum, (unsigned)tolower((unsigned char)*p) >> 5);
    sum = step(sum, 0);
    for (const char *p = hrp; *p != '\0'; p++)
        sum = step(sum, (unsigned)tolower((unsigned char)*p) & 31);
    return sum;
}

static bool is_upper(const char *hrp)
{
    return isupper((unsigned char)hrp[0]) != 0;
}

static char letter(unsigned value, bool upper)
{
    char c = alphabet[value];

    return upper ? (char)toupper((unsigned char)c) : c;
}

void ln_bech32_write(struct ln_buf *out, const char *hrp, const void *data, size_t len)
{
    const uint8_t *from = data;
    size_t chars = (len * 8 + 4) / 5;
    bool upper = is_upper(hrp);
    uint32_t sum = begin(hrp);
    unsigned acc = 0;
    unsigned bits = 0;

    assert(strlen(hrp) + 1 + chars + CHECK <= LN_BECH32_MAX);
    ln_buf_adds(out, hrp);
    ln_buf_addc(out, '1');
    for (size_t i = 0, at = 0; i < chars; i++) {
        if (bits < 5) { /* the last character is filled up with zero bits */
            acc = (acc << 8 | (at < len ? from[at] : 0)) & 0xFFF;
            bits += 8;
            at++;
        }
        bits -= 5;
        sum = step(sum, acc >> bits & 31);
        ln_buf_addc(out, letter(acc >> bits & 31, upper));
    }
    for (unsigned i = 0; i < CHECK; i++)
        sum = step(sum, 0);
    sum ^= 1;
    for (unsigned i = 0; i < CHECK; i++)
        ln_buf_addc(out, letter(sum >> 5 * (CHECK - 1 - i) & 31, upper));
}

/* 0..31, or -1 for a character outside the alphabet or of the other case. */
static int value_of(char c, bool upper)
{
    if (upper ? islower((unsigned char)c) : isupper((unsigned char)c))
        return -1;
    int lower = tolower((unsigned char)c);
    const char *found = lower != '\0' ? strchr(alphabet, lower) : NULL;
    return found != NULL ? (int)(found - alphabet) : -1;
}

bool ln_bech32_read(void *out, size_t len, const char *hrp, struct ln_span text)
{
    size_t prefix = strlen(hrp);
    size_t chars = (len * 8 + 4) / 5;
    uint32_t sum = begin(hrp);
    uint8_t *to = out;
    unsigned acc = 0;
    unsigned bits = 0;

    if (text.len != prefix + 1 + chars + CHECK || text.len > LN_BECH32_MAX)
        return false;
    if (memcmp(text.p, hrp, prefix) != 0 || text.p[prefix] != '1')
        return false;
    for (size_t i = 0; i < chars + CHECK; i++) {
        int value = value_of(text.p[prefix + 1 + i], is_upper(hrp));
        if (value < 0)
            return false;
        sum = step(sum, (unsigned)value);
        if (i >= chars)
            continue;
        acc = (acc << 5 | (unsigned)value) & 0xFFF;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (uint8_t)(acc >> bits);
        }
    }
    return sum == 1 && (acc & ((1U << bits) - 1)) == 0;
}
