/* A stand-in for the arithmetic of elliptic curves, for speed: signatures and shared secrets that
 * anybody could make, but that still differ for every key and text. Everything else of crypto/ is
 * what ships. */
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

int __wrap_crypto_sign_keypair(unsigned char *pk, unsigned char *sk);
int __wrap_crypto_sign_seed_keypair(unsigned char *pk, unsigned char *sk,
                                    const unsigned char *seed);
int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *len, const unsigned char *m,
                                unsigned long long mlen, const unsigned char *sk);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk);
int __wrap_crypto_scalarmult_base(unsigned char *q, const unsigned char *n);
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n, const unsigned char *p);
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *p);

int __wrap_crypto_sign_seed_keypair(unsigned char *pk, unsigned char *sk, const unsigned char *seed)
{
    (void)crypto_generichash(pk, 32, seed, 32, NULL, 0);
    memcpy(sk, seed, 32);
    memcpy(sk + 32, pk, 32);
    return 0;
}
int __wrap_crypto_sign_keypair(unsigned char *pk, unsigned char *sk)
{
    unsigned char seed[32];

    randombytes_buf(seed, sizeof seed);
    return __wrap_crypto_sign_seed_keypair(pk, sk, seed);
}
static void tag(unsigned char sig[64], const unsigned char *m, unsigned long long len,
                const unsigned char *pk)
{
    (void)crypto_generichash(sig, 64, m, len, pk, 32);
}
int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *len, const unsigned char *m,
                                unsigned long long mlen, const unsigned char *sk)
{
    tag(sig, m, mlen, sk + 32);
    if (len != NULL)
        *len = 64;
    return 0;
}
int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk)
{
    unsigned char want[64];

    tag(want, m, mlen, pk);
    return memcmp(want, sig, 64) == 0 ? 0 : -1;
}
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *p)
{
    return p != NULL;
}
int __wrap_crypto_scalarmult_base(unsigned char *q, const unsigned char *n)
{
    for (int i = 0; i < 32; i++)
        q[i] = n[i] ^ 0x55;
    return 0;
}
/* The same from either side: a hash of both public keys in order. */
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n, const unsigned char *p)
{
    unsigned char both[64];
    unsigned char mine[32];

    (void)__wrap_crypto_scalarmult_base(mine, n);
    bool first = memcmp(mine, p, 32) < 0;
    memcpy(both + (first ? 0 : 32), mine, 32);
    memcpy(both + (first ? 32 : 0), p, 32);
    return crypto_generichash(q, 32, both, 64, NULL, 0);
}
