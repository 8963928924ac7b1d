/* age v1 files (age-encryption.org/v1), X25519 recipients only: ssh-ed25519 would reuse the signing
 * key and scrypt is a CPU bomb, so both are refused, as are more than LN_AGE_STANZAS stanzas. */
#ifndef LN_AGE_H
#define LN_AGE_H

#include "crypto/key.h"

#define LN_AGE_STANZAS 8
#define LN_AGE_CHUNK 65536
#define LN_AGE_HEADER_MAX 4096

/* Appends an age file for the `n` recipients (1..LN_AGE_STANZAS) to `out`; LN_FULL past its
 * ceiling. */
bool ln_age_seal(struct ln_buf *out, const struct ln_recipient *to, size_t n, const void *data,
                 size_t len, struct ln_err *err) LN_MUST;
/* Appends the plain text to `out`. LN_INVALID not an age file or damaged; LN_DENIED sealed for
 * somebody else. */
bool ln_age_open(struct ln_buf *out, const void *data, size_t len, const struct ln_ident *id,
                 struct ln_err *err) LN_MUST;

/* Streaming, for attachments: read gives up to `cap` bytes (0 = end), write takes all. */
typedef bool ln_age_read(void *ctx, void *out, size_t cap, size_t *got, struct ln_err *err);
typedef bool ln_age_write(void *ctx, const void *data, size_t len, struct ln_err *err);
bool ln_age_seal_stream(const struct ln_recipient *to, size_t n, ln_age_read *read, void *rctx,
                        ln_age_write *write, void *wctx, struct ln_err *err) LN_MUST;
/* What was written before a failure must be thrown away by the caller. */
bool ln_age_open_stream(const struct ln_ident *id, ln_age_read *read, void *rctx,
                        ln_age_write *write, void *wctx, struct ln_err *err) LN_MUST;

#endif
