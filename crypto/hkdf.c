/* HKDF: see hkdf.h. */
#include "crypto/hkdf.h"

#include <sodium.h>
#include <string.h>

void ln_hkdf_derive(uint8_t out[32], const void *ikm, size_t ikm_len, const void *salt,
                    size_t salt_len, const char *info)
{
    static const uint8_t block = 1; /* RFC 5869 2.3: T(1) alone, as 32 bytes are one block */
    crypto_auth_hmacsha256_state state;
    uint8_t prk[crypto_auth_hmacsha256_BYTES];

    (void)crypto_auth_hmacsha256_init(&state, salt, salt_len);
    (void)crypto_auth_hmacsha256_update(&state, ikm, ikm_len);
    (void)crypto_auth_hmacsha256_final(&state, prk);
    (void)crypto_auth_hmacsha256_init(&state, prk, sizeof prk);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)info, strlen(info));
    (void)crypto_auth_hmacsha256_update(&state, &block, 1);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(prk, sizeof prk);
    sodium_memzero(&state, sizeof state);
}
