/* For speed only, and with the same results: SHA-1 and SHA-256 by the processor's own instructions,
 * where it has them, at a fifth of the time of crypto/ and sync/sha1.c; and one zstd context for
 * all nodes, as each new one asks the processor what it can, for which a virtual machine stops. */
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sync/sha1.h"

#define BLOCK 64

int __real_crypto_hash_sha256_update(crypto_hash_sha256_state *s, const unsigned char *p,
                                     unsigned long long len);
int __wrap_crypto_hash_sha256_update(crypto_hash_sha256_state *s, const unsigned char *p,
                                     unsigned long long len);
int __real_crypto_hash_sha256_final(crypto_hash_sha256_state *s, unsigned char *out);
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *s, unsigned char *out);
int __real_crypto_hash_sha256(unsigned char *out, const unsigned char *p, unsigned long long len);
int __wrap_crypto_hash_sha256(unsigned char *out, const unsigned char *p, unsigned long long len);
void __real_ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len);
void __wrap_ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len);
struct ln_sha1 __real_ln_sha1_end(struct ln_sha1_state *s);
struct ln_sha1 __wrap_ln_sha1_end(struct ln_sha1_state *s);
size_t __wrap_ZSTD_compress(void *to, size_t room, const void *from, size_t len, int level);
size_t __wrap_ZSTD_decompress(void *to, size_t room, const void *from, size_t len);

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define USE_SHA __attribute__((target("sha,ssse3,sse4.1")))

static __m128i load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* FIPS 180-4 4.2.2 */
static const uint32_t K256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

/* The instructions want a, b, e, f in one register and c, d, g, h in the other. */
USE_SHA static void blocks256(uint32_t h[8], const uint8_t *p, size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]);
    __m128i cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]);

    for (; n > 0; n--, p += BLOCK) {
        const __m128i abef_was = abef;
        const __m128i cdgh_was = cdgh;
        __m128i w[4];
        for (size_t i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(load(p + 16 * i), swap);
        for (size_t i = 0; i < 16; i++) {
            const __m128i now = w[i % 4];
            const __m128i k = _mm_add_epi32(now, load(K256 + 4 * i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
            const __m128i last = w[(i + 3) % 4];
            w[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(now, w[(i + 1) % 4]),
                                                          _mm_alignr_epi8(last, w[(i + 2) % 4], 4)),
                                            last);
        }
        abef = _mm_add_epi32(abef, abef_was);
        cdgh = _mm_add_epi32(cdgh, cdgh_was);
    }
    uint32_t out[8];
    _mm_storeu_si128((__m128i *)out, abef);
    _mm_storeu_si128((__m128i *)(out + 4), cdgh);
    h[0] = out[3];
    h[1] = out[2];
    h[4] = out[1];
    h[5] = out[0];
    h[2] = out[7];
    h[3] = out[6];
    h[6] = out[5];
    h[7] = out[4];
}

/* Twenty rounds of one kind, four at a time. */
#define TWENTY(kind)                                                                               \
    for (int i = 0; i < 5; i++, at++) {                                                            \
        const __m128i now = w[at % 4];                                                             \
        e = at == 0 ? _mm_add_epi32(e, now) : _mm_sha1nexte_epu32(before, now);                    \
        before = abcd;                                                                             \
        abcd = _mm_sha1rnds4_epu32(abcd, e, kind);                                                 \
        w[at % 4] = _mm_sha1msg2_epu32(                                                            \
            _mm_xor_si128(_mm_sha1msg1_epu32(now, w[(at + 1) % 4]), w[(at + 2) % 4]),              \
            w[(at + 3) % 4]);                                                                      \
    }

USE_SHA static void blocks1(uint32_t h[5], const uint8_t *p, size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_set_epi32((int)h[0], (int)h[1], (int)h[2], (int)h[3]);
    __m128i e = _mm_set_epi32((int)h[4], 0, 0, 0);

    for (; n > 0; n--, p += BLOCK) {
        const __m128i abcd_was = abcd;
        const __m128i e_was = e;
        __m128i before = abcd;
        __m128i w[4];
        unsigned at = 0;
        for (size_t i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(load(p + 16 * i), swap);
        TWENTY(0)
        TWENTY(1)
        TWENTY(2)
        TWENTY(3)
        e = _mm_sha1nexte_epu32(before, e_was);
        abcd = _mm_add_epi32(abcd, abcd_was);
    }
    uint32_t out[4];
    _mm_storeu_si128((__m128i *)out, abcd);
    for (int i = 0; i < 4; i++)
        h[i] = out[3 - i];
    h[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

static bool there(void)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> 29 & 1) != 0;
}
#else
static void blocks256(uint32_t h[8], const uint8_t *p, size_t n)
{
    (void)h, (void)p, (void)n;
}
static void blocks1(uint32_t h[5], const uint8_t *p, size_t n)
{
    (void)h, (void)p, (void)n;
}
static bool there(void)
{
    return false;
}
#endif

typedef void blocks_fn(uint32_t *h, const uint8_t *p, size_t n);

/* FIPS 180-4 5.2.1: what waits in `part` (`had` bytes hashed so far), then whole blocks. */
static void add(blocks_fn *blocks, uint32_t *h, uint8_t *part, uint64_t had, const uint8_t *p,
                size_t len)
{
    size_t have = had % BLOCK;

    if (have > 0) {
        size_t take = BLOCK - have < len ? BLOCK - have : len;
        memcpy(part + have, p, take);
        p += take;
        len -= take;
        if (have + take < BLOCK)
            return;
        blocks(h, part, 1);
    }
    if (len >= BLOCK)
        blocks(h, p, len / BLOCK);
    if (len % BLOCK > 0)
        memcpy(part, p + len - len % BLOCK, len % BLOCK);
}

/* FIPS 180-4 5.1.1 */
static void end(blocks_fn *blocks, uint32_t *h, uint8_t *part, uint64_t had, uint8_t *out,
                size_t words)
{
    size_t have = had % BLOCK;

    part[have++] = 0x80;
    if (have > BLOCK - 8) {
        memset(part + have, 0, BLOCK - have);
        blocks(h, part, 1);
        have = 0;
    }
    memset(part + have, 0, BLOCK - have);
    for (int i = 0; i < 8; i++)
        part[BLOCK - 1 - i] = (uint8_t)(had << 3 >> (8 * i));
    blocks(h, part, 1);
    for (size_t i = 0; i < 4 * words; i++)
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- in the place of libsodium's and ours */

static bool use;

int __wrap_crypto_hash_sha256_update(crypto_hash_sha256_state *s, const unsigned char *p,
                                     unsigned long long len)
{
    if (!use)
        return __real_crypto_hash_sha256_update(s, p, len);
    if (len == 0)
        return 0;
    add(blocks256, s->state, s->buf, s->count >> 3, p, (size_t)len);
    s->count += (uint64_t)len << 3;
    return 0;
}
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *s, unsigned char *out)
{
    if (!use)
        return __real_crypto_hash_sha256_final(s, out);
    end(blocks256, s->state, s->buf, s->count >> 3, out, 8);
    return 0;
}
int __wrap_crypto_hash_sha256(unsigned char *out, const unsigned char *p, unsigned long long len)
{
    crypto_hash_sha256_state s;

    (void)crypto_hash_sha256_init(&s);
    (void)__wrap_crypto_hash_sha256_update(&s, p, len);
    return __wrap_crypto_hash_sha256_final(&s, out);
}
void __wrap_ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len)
{
    if (!use) {
        __real_ln_sha1_add(s, data, len);
        return;
    }
    if (len > 0)
        add(blocks1, s->h, s->block, s->len, data, len);
    s->len += len;
}
struct ln_sha1 __wrap_ln_sha1_end(struct ln_sha1_state *s)
{
    struct ln_sha1 out;

    if (!use)
        return __real_ln_sha1_end(s);
    end(blocks1, s->h, s->block, s->len, out.b, 5);
    return out;
}

/* One hash that differed would make another world of every seed: each length up to a few blocks is
 * compared with what ships, in two parts. */
__attribute__((constructor)) static void choose(void)
{
    uint8_t text[3 * BLOCK];

    use = there();
    if (!use)
        return;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof text; len++) {
        struct ln_sha1_state here;
        struct ln_sha1_state ours;
        crypto_hash_sha256_state wide;
        uint8_t a[32];
        uint8_t b[32];
        (void)crypto_hash_sha256_init(&wide);
        (void)__wrap_crypto_hash_sha256_update(&wide, text, len / 3);
        (void)__wrap_crypto_hash_sha256_update(&wide, text + len / 3, len - len / 3);
        (void)__wrap_crypto_hash_sha256_final(&wide, a);
        (void)__real_crypto_hash_sha256(b, text, len);
        ln_sha1_start(&here);
        __wrap_ln_sha1_add(&here, text, len / 3);
        __wrap_ln_sha1_add(&here, text + len / 3, len - len / 3);
        ln_sha1_start(&ours);
        __real_ln_sha1_add(&ours, text, len);
        struct ln_sha1 x = __wrap_ln_sha1_end(&here);
        struct ln_sha1 y = __real_ln_sha1_end(&ours);
        if (memcmp(a, b, sizeof a) != 0 || memcmp(x.b, y.b, LN_SHA1_LEN) != 0)
            abort();
    }
}

/* ---- zstd */

size_t __wrap_ZSTD_compress(void *to, size_t room, const void *from, size_t len, int level)
{
    static ZSTD_CCtx *context;

    if (context == NULL && (context = ZSTD_createCCtx()) == NULL)
        abort();
    return ZSTD_compressCCtx(context, to, room, from, len, level);
}
size_t __wrap_ZSTD_decompress(void *to, size_t room, const void *from, size_t len)
{
    static ZSTD_DCtx *context;

    if (context == NULL && (context = ZSTD_createDCtx()) == NULL)
        abort();
    return ZSTD_decompressDCtx(context, to, room, from, len);
}
