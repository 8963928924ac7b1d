/* Password hashes: see password.h. */
#include "crypto/password.h"

#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

static_assert(LN_PASSWORD_HASH_MAX >= crypto_pwhash_argon2id_STRBYTES, "room for libsodium's text");

bool ln_password_hash(char out[LN_PASSWORD_HASH_MAX], const char *password, size_t len,
                      struct ln_err *err)
{
    if (len > LN_PASSWORD_MAX)
        return ln_fail(err, LN_INVALID, "a password is longer than %d bytes", LN_PASSWORD_MAX);
    memset(out, 0, LN_PASSWORD_HASH_MAX);
    if (crypto_pwhash_argon2id_str(out, password, len, LN_PASSWORD_PASSES, LN_PASSWORD_MEMORY) != 0)
        return ln_fail(err, LN_BUSY, "no memory to work on a password");
    return true;
}

/* As much work as a check of a hash with today's limits. */
static void work_for_nothing(const char *password, size_t len)
{
    static const uint8_t salt[crypto_pwhash_argon2id_SALTBYTES];
    uint8_t out[crypto_pwhash_argon2id_BYTES_MIN + 16]; /* 32, as in libsodium's text */

    if (crypto_pwhash_argon2id(out, sizeof out, password, len, salt, LN_PASSWORD_PASSES,
                               LN_PASSWORD_MEMORY, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
        memset(out, 0, sizeof out); /* no memory: then a check of a hash would fail as quickly */
    sodium_memzero(out, sizeof out);
}

bool ln_password_check(const char *hash, const char *password, size_t len)
{
    if (len > LN_PASSWORD_MAX) {
        work_for_nothing("", 0);
        return false;
    }
    if (hash == NULL) {
        work_for_nothing(password, len);
        return false;
    }
    return crypto_pwhash_argon2id_str_verify(hash, password, len) == 0;
}

bool ln_password_is_old(const char *hash)
{
    return crypto_pwhash_argon2id_str_needs_rehash(hash, LN_PASSWORD_PASSES, LN_PASSWORD_MEMORY) !=
           0;
}
