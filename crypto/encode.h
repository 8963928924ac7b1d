/* Bytes as text: hex, base64 and base64url (RFC 4648 sections 4 and 5), base32hex (section 7, lower
 * case, no padding), base32 (section 6, likewise), and SHA-256. All functions: any thread, touch
 * only their arguments. */
#ifndef LN_ENCODE_H
#define LN_ENCODE_H

#include "crypto/base/buf.h"

struct ln_sha256 {
    uint8_t b[32];
};

struct ln_sha256 ln_encode_sha256(const void *data, size_t len);
bool ln_encode_sha256_same(const struct ln_sha256 *a, const struct ln_sha256 *b);

/* Lower case. */
void ln_encode_hex(struct ln_buf *out, const void *data, size_t len);
/* `text` must be exactly 2*len lower-case hex digits; false leaves `out` undefined. */
bool ln_encode_unhex(void *out, size_t len, struct ln_span text) LN_MUST;

/* Standard alphabet; `pad` chooses '=' padding. Constant time, so fit for keys. */
void ln_encode_base64(struct ln_buf *out, const void *data, size_t len, bool pad);
/* Strict: no line breaks, canonical trailing bits, padding exactly as `pad` says. False appends
 * nothing; also when the result passes the ceiling of `out`. */
bool ln_encode_unbase64(struct ln_buf *out, struct ln_span text, bool pad) LN_MUST;
/* The same with '-' and '_' and never padding. */
void ln_encode_base64url(struct ln_buf *out, const void *data, size_t len);
bool ln_encode_unbase64url(struct ln_buf *out, struct ln_span text) LN_MUST;

/* How many characters base32 and base32hex give for `len` bytes, '\0' not counted. */
#define LN_ENCODE_BASE32_LEN(len) (((len)*8 + 4) / 5)
/* Lower-case base32hex without padding; text order is byte order. 12 bytes give 20 characters.
 * Writes a '\0' behind them: `out` has room for LN_ENCODE_BASE32_LEN(len) + 1. */
void ln_encode_base32hex(char *out, const void *data, size_t len);
/* `text` must be exactly the characters base32hex gives for `len` bytes; false leaves `out`
 * undefined. */
bool ln_encode_unbase32hex(void *out, size_t len, struct ln_span text) LN_MUST;
/* Lower-case RFC 4648 section 6 base32, as in node ids; '\0' and room as above. */
void ln_encode_base32(char *out, const void *data, size_t len);
bool ln_encode_unbase32(void *out, size_t len, struct ln_span text) LN_MUST;

#endif
