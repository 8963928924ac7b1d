/* SHA-1: see sha1.h. */
#include "sync/sha1.h"

#include <string.h>

static uint32_t turn(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void mix(uint32_t v[5], uint32_t f, uint32_t k, uint32_t w)
{
    uint32_t t = turn(v[0], 5) + f + v[4] + k + w;

    v[4] = v[3];
    v[3] = v[2];
    v[2] = turn(v[1], 30);
    v[1] = v[0];
    v[0] = t;
}

/* FIPS 180-4 6.1.2 */
static void block(uint32_t h[5], const uint8_t *p)
{
    uint32_t w[80];
    uint32_t v[5];

    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 20; i++)
        mix(v, (v[1] & v[2]) ^ (~v[1] & v[3]), 0x5A827999, w[i]);
    for (int i = 20; i < 40; i++)
        mix(v, v[1] ^ v[2] ^ v[3], 0x6ED9EBA1, w[i]);
    for (int i = 40; i < 60; i++)
        mix(v, (v[1] & v[2]) ^ (v[1] & v[3]) ^ (v[2] & v[3]), 0x8F1BBCDC, w[i]);
    for (int i = 60; i < 80; i++)
        mix(v, v[1] ^ v[2] ^ v[3], 0xCA62C1D6, w[i]);
    for (int i = 0; i < 5; i++)
        h[i] += v[i];
}

void ln_sha1_start(struct ln_sha1_state *s)
{
    static const uint32_t start[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 };

    memcpy(s->h, start, sizeof start);
    s->len = 0;
}

void ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        size_t have = s->len % 64;
        size_t take = 64 - have < len ? 64 - have : len;
        if (have == 0 && take == 64) {
            block(s->h, p);
        } else {
            memcpy(s->block + have, p, take);
            if (have + take == 64)
                block(s->h, s->block);
        }
        s->len += take;
        p += take;
        len -= take;
    }
}

struct ln_sha1 ln_sha1_end(struct ln_sha1_state *s)
{
    static const uint8_t pad[64] = { 0x80 };
    struct ln_sha1 out;
    uint8_t bits[8];

    for (int i = 0; i < 8; i++)
        bits[i] = (uint8_t)(s->len * 8 >> (56 - 8 * i));
    ln_sha1_add(s, pad, 1 + (119 - s->len % 64) % 64);
    ln_sha1_add(s, bits, sizeof bits);
    for (int i = 0; i < 20; i++)
        out.b[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
    return out;
}
