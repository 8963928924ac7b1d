/* One-time join codes: 100 random bits on paper or by telephone, 72 hours, bound to a region and a
 * role. The code is never sent: its bearer shows the lookup id and a MAC under a key derived from
 * it. The inviting node keeps id and key, not the code. Any thread. */
#ifndef LN_CODE_H
#define LN_CODE_H

#include "crypto/base/buf.h"

#define LN_CODE_LEN 20      /* characters of 5 bits */
#define LN_CODE_TEXT_MAX 24 /* "XXXXX-XXXXX-XXXXX-XXXXX" and '\0' */
#define LN_CODE_ID_MAX 17   /* 16 characters and '\0' */
#define LN_CODE_MAC_LEN 32
#define LN_CODE_READ_MAX 256 /* longest text read as a code */

struct ln_code_words {
    char text[LN_CODE_LEN + 1]; /* canonical: upper-case Crockford base32, no dashes */
};
struct ln_code_key {
    uint8_t b[32];
};

void ln_code_make(struct ln_code_words *out);
/* As people see it: four groups of five. */
void ln_code_write(char out[LN_CODE_TEXT_MAX], const struct ln_code_words *c);
/* As people type it: either case, blanks and dashes anywhere, O as 0, I and L as 1, and the
 * full-width forms a Chinese keyboard gives. LN_INVALID everything else. */
bool ln_code_read(struct ln_code_words *out, const char *text, size_t len,
                  struct ln_err *err) LN_MUST;

/* HKDF-SHA-256 of the code; salt "<region>|<role word>", info "linli-join-key". Secret. */
void ln_code_key(struct ln_code_key *out, const struct ln_code_words *c, const char *region,
                 const char *role);
/* By what the inviting node finds the key: 80 bits of HKDF, info "linli-join-id", as lower-case
 * base32. Not secret: finding a code to it takes 2^99 trials. */
void ln_code_id(char out[LN_CODE_ID_MAX], const struct ln_code_words *c);

/* HMAC-SHA-256 over `purpose` ‖ 0 ‖ body. The purpose ("request", "response") keeps a body from
 * being sent back as its own answer. */
void ln_code_mac(uint8_t out[LN_CODE_MAC_LEN], const struct ln_code_key *key, const char *purpose,
                 const void *body, size_t len);
/* In constant time. */
bool ln_code_verify(const uint8_t mac[LN_CODE_MAC_LEN], const struct ln_code_key *key,
                    const char *purpose, const void *body, size_t len) LN_MUST;

#endif
