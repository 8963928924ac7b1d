/* Bytes as text: hex, base64 (RFC 4648 section 4), base32hex (section 7, lower case, no padding), and SHA-256. */
#ifndef LN_ENCODE_H
#define LN_ENCODE_H

#include "crypto/base/buf.h"

struct ln_sha256 {
    uint8_t b[32];
};

struct ln_sha256 ln_encode_sha256(const void *data, size_t len);
bool ln_encode_sha256_same(const struct ln_sha256 *a, const struct ln_sha256 *b);

void ln_encode_hex(struct ln_buf *out, const void *data, size_t len);
/* `text` must be exactly 2*len lower-case hex digits. */
bool ln_encode_unhex(void *out, size_t len, struct ln_span text) LN_MUST;

/* Standard alphabet; `pad` chooses '=' padding. */
void ln_encode_base64(struct ln_buf *out, const void *data, size_t len, bool pad);
/* Strict: no line breaks, canonical trailing bits, padding exactly as `pad` says. */
bool ln_encode_unbase64(struct ln_buf *out, struct ln_span text, bool pad) LN_MUST;

/* Lower-case base32hex without padding; text order is byte order. 12 bytes give 20 characters. */
void ln_encode_base32hex(char *out, const void *data, size_t len);
bool ln_encode_unbase32hex(void *out, size_t len, struct ln_span text) LN_MUST;
/* Lower-case RFC 4648 section 6 base32, as in node ids. */
void ln_encode_base32(char *out, const void *data, size_t len);

#endif
