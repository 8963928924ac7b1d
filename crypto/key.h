/* Ed25519 signing keys in OpenSSH's file formats (PROTOCOL.key), unencrypted, and X25519 age identities. */
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

/* "-----BEGIN OPENSSH PRIVATE KEY-----" text, as ssh-keygen reads it. `out` should be secret. */
void ln_key_write(struct ln_buf *out, const struct ln_seckey *sec, const char *comment);
bool ln_key_read(struct ln_seckey *out, const char *text, size_t len, struct ln_err *err) LN_MUST;
/* "ssh-ed25519 AAAA..." without comment; reading accepts a trailing comment. */
void ln_key_public_write(struct ln_buf *out, const struct ln_pubkey *pub);
bool ln_key_public_read(struct ln_pubkey *out, const char *text, size_t len,
                        struct ln_err *err) LN_MUST;

void ln_key_sign(uint8_t sig[64], const void *data, size_t len, const struct ln_seckey *sec);
bool ln_key_verify(const uint8_t sig[64], const void *data, size_t len,
                   const struct ln_pubkey *pub) LN_MUST;

void ln_key_ident_make(struct ln_ident *out);
void ln_key_ident_public(struct ln_recipient *out, const struct ln_ident *id);
/* "AGE-SECRET-KEY-1..." and "age1..." (bech32, BIP-173). */
void ln_key_ident_write(struct ln_buf *out, const struct ln_ident *id);
bool ln_key_ident_read(struct ln_ident *out, const char *text, size_t len,
                       struct ln_err *err) LN_MUST;
void ln_key_recipient_write(struct ln_buf *out, const struct ln_recipient *r);
bool ln_key_recipient_read(struct ln_recipient *out, const char *text, size_t len,
                           struct ln_err *err) LN_MUST;

/* "<region>-<first 16 of lower-case base32 SHA-256(public key, 32 raw bytes)>". */
void ln_key_node_id(char out[LN_NODE_ID_MAX], const char *region, const struct ln_pubkey *pub);

#endif
