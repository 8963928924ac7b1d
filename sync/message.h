/* One HTTP message between two nodes, and its signature. */
#ifndef LN_MESSAGE_H
#define LN_MESSAGE_H

#include "crypto/httpsig.h"

#define LN_MESSAGE_BODY_MAX (9 << 20) /* a pack of 8 MiB and what stands around it */
#define LN_MESSAGE_NOTE_MAX (1 << 20) /* of every body that is no pack: heads, keys */

struct ln_message {
    char method[8];                   /* requests: GET POST PUT */
    char path[256];                   /* requests: without query */
    char query[512];                  /* requests: without '?', may be empty */
    int status;                       /* responses */
    char content_type[64];            /* "" on what both sides know anyway */
    char to[LN_NODE_ID_MAX];          /* linli-to of a request */
    char nonce[LN_HTTPSIG_NONCE_MAX]; /* linli-nonce of a response: the next one */
    char digest[128], signature_input[768], signature[160];
    int retry_after_s; /* 0 none */
    struct ln_buf body;
};
/* Empty, with a body of at most `body_max` bytes. */
void ln_message_init(struct ln_message *m, size_t body_max);
void ln_message_free(struct ln_message *m);

/* The headers of a message as name and value, in order: what a link or server must carry. `fn` gets
 * only those that are set. */
void ln_message_headers(const struct ln_message *m,
                        void (*fn)(void *ctx, const char *name, const char *value), void *ctx);
/* Sets one header by its name in any case; those that are not ours are passed over. False: too
 * long, or a second time. */
bool ln_message_header(struct ln_message *m, const char *name, const char *value,
                       size_t len) LN_MUST;
/* Value of a query parameter, as it stands; false when absent or longer than `cap` - 1. */
bool ln_message_query(const struct ln_message *m, const char *name, char *out, size_t cap);

/* Signs a request that is otherwise complete; `nonce` is the server's. */
bool ln_message_sign(struct ln_message *m, const char *self, const char *nonce, int64_t now_s,
                     const struct ln_seckey *key, struct ln_err *err) LN_MUST;
/* Who claims to have signed, and over which nonce; LN_INVALID no such headers. */
bool ln_message_claim(const struct ln_message *m, char keyid[LN_NODE_ID_MAX],
                      char nonce[LN_HTTPSIG_NONCE_MAX], struct ln_err *err) LN_MUST;
/* The request's signature by `key`. LN_INVALID, LN_DENIED as ln_httpsig_verify_request. */
bool ln_message_check(const struct ln_message *m, const struct ln_pubkey *key,
                      struct ln_err *err) LN_MUST;
/* Signs a response to `request`, which must carry a signature. m->nonce is set already. */
bool ln_message_answer(struct ln_message *m, const struct ln_message *request, const char *self,
                       int64_t now_s, const struct ln_seckey *key, struct ln_err *err) LN_MUST;
/* The response's signature over itself and the request it answers. */
bool ln_message_check_answer(const struct ln_message *m, const struct ln_message *request,
                             const struct ln_pubkey *key, int64_t *created_s,
                             struct ln_err *err) LN_MUST;

/* A signed response kept as evidence: all that is needed to check it again, years later. Text,
 * README "Evidence". */
void ln_message_evidence(struct ln_buf *out, const struct ln_message *request,
                         const struct ln_message *response);
/* Checks kept evidence; `body` points into it. */
bool ln_message_evidence_check(struct ln_span *body, int64_t *created_s, struct ln_span evidence,
                               const struct ln_pubkey *key, struct ln_err *err) LN_MUST;

/* ---- problems (RFC 9457): {"code","detail","en","seq"?,"status","title","type","zh"} */
enum ln_problem {
    LN_PROBLEM_BAD,      /* 400 not a request of ours */
    LN_PROBLEM_UNSIGNED, /* 401 signature missing or not good */
    LN_PROBLEM_DENIED,   /* 403 not a child of ours, revoked, lease over */
    LN_PROBLEM_MISSING,  /* 404 */
    LN_PROBLEM_METHOD,   /* 405 */
    LN_PROBLEM_FORK,     /* 409 two children of one head */
    LN_PROBLEM_GAP,      /* 409 segments before these are missing here */
    LN_PROBLEM_LIMIT,    /* 413 */
    LN_PROBLEM_INVALID,  /* 422 names the segment */
    LN_PROBLEM_NONCE,    /* 425 the nonce is old, used or not ours; a fresh one comes along */
    LN_PROBLEM_MANY,     /* 429 */
    LN_PROBLEM_BROKEN,   /* 500 */
    LN_PROBLEM_BUSY,     /* 503 */
    LN_PROBLEM_DISK      /* 507 */
};
/* Makes `m` that problem; `seq` 0 = none; retry_after_s as given, and for 429 and 503 at least 1.
 */
void ln_message_problem(struct ln_message *m, enum ln_problem p, const char *detail, uint64_t seq,
                        int retry_after_s);
/* A problem as the caller's error; always returns false. `*p` and `*seq` may be NULL. */
bool ln_message_problem_read(const struct ln_message *m, enum ln_problem *p, uint64_t *seq,
                             struct ln_err *err);

#endif
