/* Node to node over HTTP (DESIGN section 5): both sides as functions over messages, so that CivetWeb, libcurl and the
 * simulator carry the same bytes. */
#ifndef LN_EXCHANGE_H
#define LN_EXCHANGE_H

#include "crypto/httpsig.h"
#include "sync/access.h"

#define LN_EXCHANGE_BODY_MAX (LN_PACK_MAX_BODY)
#define LN_PACK_MAX_BODY (9 << 20) /* a pack of 8 MiB and what stands around it */

struct ln_message {
    char method[8];
    char path[256];   /* requests: path without query */
    char query[512];  /* without '?', may be empty */
    int status;       /* responses */
    char content_type[64];
    /* linli-* and signature headers */
    char to[LN_NODE_ID_MAX], nonce[LN_HTTPSIG_NONCE_MAX];
    char digest[128], signature_input[768], signature[160];
    int retry_after_s; /* 0 none */
    struct ln_buf body;
};
void ln_message_free(struct ln_message *m);

/* ---- serving: every path under /sync/v1/ */
struct ln_exchange_server;
struct ln_exchange_server *ln_exchange_server_new(const struct ln_access *access, const struct ln_env *env,
                                                  const struct ln_seckey *key, const struct ln_ident *ident);
void ln_exchange_server_free(struct ln_exchange_server *s);
/* Always fills `reply` (errors as RFC 9457 problem+json). Any thread. */
void ln_exchange_serve(struct ln_exchange_server *s, const struct ln_message *request, struct ln_message *reply);

/* ---- calling */
struct ln_link {
    void *ctx;
    /* Sends one request, waits for its response. LN_BUSY when the other side is out of reach. */
    bool (*call)(void *ctx, const struct ln_message *request, struct ln_message *response, struct ln_err *err);
};
struct ln_exchange_report {
    uint64_t sent_segments, sent_changes, sent_bytes, got_segments, got_changes, got_bytes, requests;
    unsigned keys, refused, files;
    uint64_t receipt_seq;
    bool level; /* both sides agree on heads and digests */
    int64_t retry_after_ms;
};
struct ln_exchange_client;
/* The client keeps nonce and peer state between syncs, so that an idle sync is one request. */
struct ln_exchange_client *ln_exchange_client_new(const struct ln_access *access, const struct ln_env *env, const struct ln_seckey *key,
                                                  const struct ln_ident *ident, const struct ln_link *link);
void ln_exchange_client_free(struct ln_exchange_client *c);
/* One whole sync: seal, push what the parent lacks (own log and children's), keys, take receipts, pull the path's logs. */
bool ln_exchange_sync(struct ln_exchange_client *c, struct ln_exchange_report *out, struct ln_err *err) LN_MUST;

/* ---- enrolment */
/* The parent's side keeps invitations in its store (table invite); code is shown once. */
bool ln_exchange_invite(struct ln_access *access, const struct ln_env *env, const char *region, enum ln_role role, char code[32], struct ln_err *err) LN_MUST;
bool ln_exchange_join(const struct ln_access *access, const struct ln_env *env, const struct ln_seckey *key, const struct ln_ident *ident,
                      const char *region, enum ln_role role, const char *name, const char *code, const struct ln_link *link, struct ln_err *err) LN_MUST;

#endif
