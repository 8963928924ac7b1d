/* HTTP message signatures (RFC 9421, ed25519, tag "linli1") with Content-Digest (RFC 9530,
 * sha-256), and the server's nonces. Covered of a request: "@method" "@path" "@query"
 * "content-digest" "linli-to" ("linli-nonce" goes as the nonce parameter); of a response: "@status"
 * "content-digest" "linli-nonce" "signature";req "content-digest";req. */
#ifndef LN_HTTPSIG_H
#define LN_HTTPSIG_H

#include "crypto/key.h"

#define LN_HTTPSIG_HEADER_MAX 2048
#define LN_HTTPSIG_NONCE_MAX 80

struct ln_httpsig_request {
    const char *method, *path; /* path without query */
    const char *query; /* with the leading '?'; "?" alone when there is none (RFC 9421 2.2.7) */
    const char *to;    /* linli-to: node id of the server */
    const char *nonce;
    const char *keyid; /* node id of the signer */
    int64_t created_s;
};

/* What goes into / came in the headers of one message. Texts are borrowed. */
struct ln_httpsig_headers {
    const char *content_digest, *signature_input, *signature;
};

/* The three header values for a message whose body has this SHA-256. Each buffer gets one value. */
bool ln_httpsig_sign_request(struct ln_buf *digest, struct ln_buf *input, struct ln_buf *sig,
                             const struct ln_httpsig_request *r, const struct ln_sha256 *body,
                             const struct ln_seckey *key, struct ln_err *err) LN_MUST;
/* Only what the headers claim: who signed, over which nonce, when. Nothing is checked but the
 * grammar. */
bool ln_httpsig_peek(char keyid[LN_NODE_ID_MAX], char nonce[LN_HTTPSIG_NONCE_MAX],
                     int64_t *created_s, const struct ln_httpsig_headers *h,
                     struct ln_err *err) LN_MUST;
bool ln_httpsig_verify_request(const struct ln_httpsig_request *r,
                               const struct ln_httpsig_headers *h, const struct ln_sha256 *body,
                               const struct ln_pubkey *key, struct ln_err *err) LN_MUST;
/* `status` 100..599; `next_nonce` is the response's linli-nonce header; `request` the headers
 * answered. */
bool ln_httpsig_sign_response(struct ln_buf *digest, struct ln_buf *input, struct ln_buf *sig,
                              int status, const char *next_nonce, const char *keyid,
                              int64_t created_s, const struct ln_sha256 *body,
                              const struct ln_httpsig_headers *request, const struct ln_seckey *key,
                              struct ln_err *err) LN_MUST;
bool ln_httpsig_verify_response(int status, const char *next_nonce,
                                const struct ln_httpsig_headers *h, const struct ln_sha256 *body,
                                const struct ln_httpsig_headers *request,
                                const struct ln_pubkey *key, int64_t *created_s,
                                struct ln_err *err) LN_MUST;

/* Nonces: base64url of time(8) ‖ random(16) ‖ MAC(16) under a per-start key; 10 minutes, single
 * use. */
struct ln_nonces;
struct ln_nonces *
ln_nonces_new(size_t remember); /* how many used nonces are kept; the oldest goes first */
void ln_nonces_free(struct ln_nonces *n);
void ln_nonces_mint(char out[LN_HTTPSIG_NONCE_MAX], struct ln_nonces *n, int64_t now_s);
/* LN_DENIED: not ours, too old, or used. Any thread (has a lock of its own). */
bool ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s,
                   struct ln_err *err) LN_MUST;

#endif
