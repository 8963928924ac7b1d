/* Ed25519 signing keys in OpenSSH's file formats (PROTOCOL.key), unencrypted, and X25519 age
 * identities. Randomness is libsodium's, so a simulator can make it repeatable. Any thread. */
#ifndef LN_KEY_H
#define LN_KEY_H

#include "crypto/base/buf.h"
#include "crypto/encode.h"

struct ln_pubkey {
    uint8_t b[32];
};
struct ln_seckey {
    uint8_t b[64]; /* seed ‖ public key, as libsodium has it */
};
/* age X25519 (age-encryption.org/v1). */
struct ln_ident {
    uint8_t b[32];
};
struct ln_recipient {
    uint8_t b[32];
};

#define LN_NODE_ID_MAX 30 /* 12 digits, '-', 16 base32 characters, '\0' */
#define LN_KEY_FILE_MAX 4096

void ln_key_make(struct ln_seckey *sec, struct ln_pubkey *pub);
void ln_key_from_seed(struct ln_seckey *sec, struct ln_pubkey *pub, const uint8_t seed[32]);
void ln_key_public(struct ln_pubkey *out, const struct ln_seckey *sec);
bool ln_key_same(const struct ln_pubkey *a, const struct ln_pubkey *b);

/* "-----BEGIN OPENSSH PRIVATE KEY-----" text, as ssh-keygen reads it. `out` should be secret.
 * `comment` is one line. */
void ln_key_write(struct ln_buf *out, const struct ln_seckey *sec, const char *comment);
/* LN_INVALID: not such a text, locked by a passphrase, of another kind, longer than
 * LN_KEY_FILE_MAX, or its public half is not its own. */
bool ln_key_read(struct ln_seckey *out, const char *text, size_t len, struct ln_err *err) LN_MUST;
/* "ssh-ed25519 AAAA..." without comment; reading accepts a trailing comment and newline. LN_INVALID
 * also for 32 bytes that are no key anybody can hold (off the curve, of small order). */
void ln_key_public_write(struct ln_buf *out, const struct ln_pubkey *pub);
bool ln_key_public_read(struct ln_pubkey *out, const char *text, size_t len,
                        struct ln_err *err) LN_MUST;

void ln_key_sign(uint8_t sig[64], const void *data, size_t len, const struct ln_seckey *sec);
/* RFC 8032 5.1.7, with libsodium's refusal of small-order and non-canonical keys and points. */
bool ln_key_verify(const uint8_t sig[64], const void *data, size_t len,
                   const struct ln_pubkey *pub) LN_MUST;

void ln_key_ident_make(struct ln_ident *out);
void ln_key_ident_public(struct ln_recipient *out, const struct ln_ident *id);
/* "AGE-SECRET-KEY-1..." and "age1..." (bech32, BIP-173), without newline. Reading takes exactly one
 * key, blanks and newlines around it allowed; a recipient of small order is refused. */
void ln_key_ident_write(struct ln_buf *out, const struct ln_ident *id);
bool ln_key_ident_read(struct ln_ident *out, const char *text, size_t len,
                       struct ln_err *err) LN_MUST;
void ln_key_recipient_write(struct ln_buf *out, const struct ln_recipient *r);
bool ln_key_recipient_read(struct ln_recipient *out, const char *text, size_t len,
                           struct ln_err *err) LN_MUST;
bool ln_key_recipient_same(const struct ln_recipient *a, const struct ln_recipient *b);

/* "<region>-<first 16 of lower-case base32 SHA-256(public key, 32 raw bytes)>". `region` has at
 * most 12 characters. */
void ln_key_node_id(char out[LN_NODE_ID_MAX], const char *region, const struct ln_pubkey *pub);

#endif
