/* HTTP message signatures (RFC 9421, ed25519, tag "linli1") with Content-Digest (RFC 9530,
 * sha-256), and the server's nonces. Covered of a request: "@method" "@path" "@query"
 * "content-digest" "linli-to" ("linli-nonce" goes as the nonce parameter); of a response: "@status"
 * "content-digest" "linli-nonce" "signature";req "content-digest";req. */
#ifndef LN_HTTPSIG_H
#define LN_HTTPSIG_H

#include "crypto/key.h"

#define LN_HTTPSIG_HEADER_MAX 2048 /* of one header value; ours take some 300 bytes */
#define LN_HTTPSIG_NONCE_MAX 80
#define LN_HTTPSIG_NONCE_S 600 /* how long a nonce is good for */

struct ln_httpsig_request {
    const char *method, *path; /* path without query */
    const char *query; /* with the leading '?'; "?" alone when there is none (RFC 9421 2.2.7) */
    const char *to;    /* linli-to: node id of the server */
    const char *nonce;
    const char *keyid; /* node id of the signer */
    int64_t created_s;
};

/* What goes into / came in the headers of one message. Texts are borrowed; none is NULL. */
struct ln_httpsig_headers {
    const char *content_digest, *signature_input, *signature;
};

/* One covered component: its identifier as it stands in the signature base ("\"@method\"",
 * "\"signature\";req") and its value. */
struct ln_httpsig_part {
    const char *id, *value;
};

/* Appends the signature base of RFC 9421 2.5: a line a part, then "@signature-params" with `params`
 * (the inner list and its parameters, as in Signature-Input). LN_INVALID a value that would break
 * its line; LN_FULL past the ceiling of `out`. Any thread, like all here. */
bool ln_httpsig_base(struct ln_buf *out, const struct ln_httpsig_part *parts, size_t n,
                     struct ln_span params, struct ln_err *err) LN_MUST;

/* The three header values for a message whose body has this SHA-256; each buffer gets one value
 * appended. LN_INVALID a method, path, query, name or nonce that cannot stand in a header;
 * LN_FULL a buffer's ceiling (LN_HTTPSIG_HEADER_MAX is enough). */
bool ln_httpsig_sign_request(struct ln_buf *digest, struct ln_buf *input, struct ln_buf *sig,
                             const struct ln_httpsig_request *r, const struct ln_sha256 *body,
                             const struct ln_seckey *key, struct ln_err *err) LN_MUST;
/* Only what the headers claim: who signed, over which nonce ("" when there is none, as in
 * responses), when. Nothing is checked but the grammar: exactly one signature, parameters in any
 * order, each once, none but created, nonce, keyid, alg (ed25519) and tag (linli1). */
bool ln_httpsig_peek(char keyid[LN_NODE_ID_MAX], char nonce[LN_HTTPSIG_NONCE_MAX],
                     int64_t *created_s, const struct ln_httpsig_headers *h,
                     struct ln_err *err) LN_MUST;
/* `r` holds what the server saw and what peek gave. LN_INVALID headers that are not ours; LN_DENIED
 * other body, other message, other signer. The caller then judges created_s and spends the nonce:
 * after this check, so that a stranger can spend none. */
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
/* created_s: when the server says it signed; filled on success. Errors as for requests. */
bool ln_httpsig_verify_response(int status, const char *next_nonce,
                                const struct ln_httpsig_headers *h, const struct ln_sha256 *body,
                                const struct ln_httpsig_headers *request,
                                const struct ln_pubkey *key, int64_t *created_s,
                                struct ln_err *err) LN_MUST;

/* Nonces: base64url of time(8) ‖ random(16) ‖ MAC(16) under a per-start key; good for
 * LN_HTTPSIG_NONCE_S, single use. */
struct ln_nonces;
/* `remember` (1 or more): how many used nonces are kept. When a young one must go, all that were
 * minted up to its second are refused from then on: a full memory costs honest callers a retry,
 * never a replay. */
struct ln_nonces *ln_nonces_new(size_t remember);
void ln_nonces_free(struct ln_nonces *n); /* accepts NULL */
void ln_nonces_mint(char out[LN_HTTPSIG_NONCE_MAX], struct ln_nonces *n, int64_t now_s);
/* LN_DENIED: not ours, too old, from the future, or used. Any thread (has a lock of its own). */
bool ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s,
                   struct ln_err *err) LN_MUST;

#endif
