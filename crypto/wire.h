/* The SSH wire format (RFC 4251 section 5): big-endian uint32, and strings with a uint32 length in
 * front. */
#ifndef LN_WIRE_H
#define LN_WIRE_H

#include "crypto/base/buf.h"

void ln_wire_add_u32(struct ln_buf *out, uint32_t n);
void ln_wire_add_string(struct ln_buf *out, const void *data, size_t len);
void ln_wire_add_text(struct ln_buf *out, const char *text);

/* Readers take what they return from the front of `in`; false leaves `in` where it was. What they
 * return is borrowed from the same bytes. */
bool ln_wire_u32(uint32_t *out, struct ln_span *in) LN_MUST;
bool ln_wire_string(struct ln_span *out, struct ln_span *in) LN_MUST;
/* A string that must be exactly this text. */
bool ln_wire_expect(struct ln_span *in, const char *text) LN_MUST;
/* A string of exactly `len` bytes, copied to `out`. */
bool ln_wire_bytes(void *out, size_t len, struct ln_span *in) LN_MUST;

/* Armour as in PEM, for OpenSSH's two kinds of it: "-----BEGIN <label>-----", base64 in lines,
 * "-----END <label>-----". `width` is the length of a line. Appends, with a newline at the end. */
void ln_wire_armour(struct ln_buf *out, const char *label, const void *data, size_t len,
                    size_t width);
/* Appends the bytes. False when `text` is not exactly one armour of that label with lines of at
 * most 76 characters; both "\n" and "\r\n" end a line. */
bool ln_wire_unarmour(struct ln_buf *out, const char *label, const char *text, size_t len) LN_MUST;

#endif
