/* For speed only, and with the same results: blocks of SHA-1 and SHA-256 by libcrypto, which uses
 * the processor's own instructions for them; and one zstd context for all nodes, as each new one
 * asks the processor what it can, for which a virtual machine stops. */
#define OPENSSL_SUPPRESS_DEPRECATED /* blocks have no other interface */
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sync/sha1.h"

#define BLOCK 64

int __wrap_crypto_hash_sha256_update(crypto_hash_sha256_state *s, const unsigned char *p,
                                     unsigned long long len);
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *s, unsigned char *out);
int __real_crypto_hash_sha256(unsigned char *out, const unsigned char *p, unsigned long long len);
int __wrap_crypto_hash_sha256(unsigned char *out, const unsigned char *p, unsigned long long len);
void __real_ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len);
void __wrap_ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len);
struct ln_sha1 __real_ln_sha1_end(struct ln_sha1_state *s);
struct ln_sha1 __wrap_ln_sha1_end(struct ln_sha1_state *s);
size_t __wrap_ZSTD_compress(void *to, size_t room, const void *from, size_t len, int level);
size_t __wrap_ZSTD_decompress(void *to, size_t room, const void *from, size_t len);

static void blocks256(uint32_t *h, const uint8_t *p, size_t n)
{
    SHA256_CTX c = { .md_len = SHA256_DIGEST_LENGTH };

    memcpy(c.h, h, sizeof c.h);
    for (; n > 0; n--, p += BLOCK)
        SHA256_Transform(&c, p);
    memcpy(h, c.h, sizeof c.h);
}

static void blocks1(uint32_t *h, const uint8_t *p, size_t n)
{
    SHA_CTX c = { .h0 = h[0], .h1 = h[1], .h2 = h[2], .h3 = h[3], .h4 = h[4] };

    for (; n > 0; n--, p += BLOCK)
        SHA1_Transform(&c, p);
    const uint32_t out[] = { c.h0, c.h1, c.h2, c.h3, c.h4 };
    memcpy(h, out, sizeof out);
}

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

int __wrap_crypto_hash_sha256_update(crypto_hash_sha256_state *s, const unsigned char *p,
                                     unsigned long long len)
{
    if (len == 0)
        return 0;
    add(blocks256, s->state, s->buf, s->count >> 3, p, (size_t)len);
    s->count += (uint64_t)len << 3;
    return 0;
}
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *s, unsigned char *out)
{
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
    if (len > 0)
        add(blocks1, s->h, s->block, s->len, data, len);
    s->len += len;
}
struct ln_sha1 __wrap_ln_sha1_end(struct ln_sha1_state *s)
{
    struct ln_sha1 out;

    end(blocks1, s->h, s->block, s->len, out.b, 5);
    return out;
}

/* One hash that differed would make another world of every seed: each length up to a few blocks is
 * compared with what ships, in two parts. */
__attribute__((constructor)) static void compare(void)
{
    uint8_t text[3 * BLOCK];

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
