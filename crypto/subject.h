/* Subject keys: the sensitive fields of one line sealed once, under a key per (person, audience),
 * so that destroying the key erases them everywhere. XChaCha20-Poly1305; associated data
 * "collection|record|change id". The nonce is BLAKE2b-192 of that data, which names a line that is
 * written once: it need not be sent. Any thread. */
#ifndef LN_SUBJECT_H
#define LN_SUBJECT_H

#include "crypto/base/buf.h"

struct ln_subject_key {
    uint8_t b[32];
};
#define LN_SUBJECT_KID_LEN 8   /* lower-case base32hex characters: 40 random bits */
#define LN_SUBJECT_OVERHEAD 16 /* the tag, before base64 */

void ln_subject_make(struct ln_subject_key *key, char kid[LN_SUBJECT_KID_LEN + 1]);
/* Appends base64url without padding of the ciphertext and its tag; `out` sticks when it does not
 * fit. One key never seals two texts under the same `ad`. */
void ln_subject_seal(struct ln_buf *out, const struct ln_subject_key *key, const char *ad,
                     const void *data, size_t len);
/* Appends what was sealed. LN_INVALID not sealed text; LN_DENIED wrong key or moved to another
 * line; LN_FULL past the ceiling of `out`, which should be secret. */
bool ln_subject_open(struct ln_buf *out, const struct ln_subject_key *key, const char *ad,
                     struct ln_span sealed, struct ln_err *err) LN_MUST;

#endif
