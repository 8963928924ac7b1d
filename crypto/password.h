/* Password hashes: Argon2id (RFC 9106) as libsodium writes them, "$argon2id$v=19$m=16384,t=3,p=1$".
 *
 * 16 MiB and 3 passes, because the whole node must stay within 40 MB on a small box, so libsodium's
 * "interactive" 64 MiB is out of reach. OWASP's password storage sheet counts 19 MiB with 2 passes,
 * 12 MiB with 3 and 9 MiB with 4 as equal; this is above its row for 3 passes. The memory is held
 * only while one password is worked on: the caller lets one at a time through. Any thread. */
#ifndef LN_PASSWORD_H
#define LN_PASSWORD_H

#include <stddef.h>

#include "crypto/base/err.h"

#define LN_PASSWORD_HASH_MAX 128        /* with '\0' */
#define LN_PASSWORD_MAX 1024            /* bytes; longer ones are refused, not cut */
#define LN_PASSWORD_MEMORY (16UL << 20) /* bytes */
#define LN_PASSWORD_PASSES 3

/* LN_INVALID longer than LN_PASSWORD_MAX; LN_BUSY no memory now. What makes a password good is the
 * caller's to judge. */
bool ln_password_hash(char out[LN_PASSWORD_HASH_MAX], const char *password, size_t len,
                      struct ln_err *err) LN_MUST;
/* True when `password` gives `hash`. `hash` NULL means nobody has this login: the same work is done
 * and the answer is false, so that the time tells nobody which logins exist. */
bool ln_password_check(const char *hash, const char *password, size_t len) LN_MUST;
/* True when `hash` was made with other limits than today's: hash again at the next good login. */
bool ln_password_is_old(const char *hash);

#endif
