/* Node to node over HTTP (DESIGN section 5): both sides as functions over messages, so that
 * CivetWeb, libcurl and the simulator carry the same bytes. Paths, bodies and errors: README
 * "Exchange". */
#ifndef LN_EXCHANGE_H
#define LN_EXCHANGE_H

#include "sync/access.h"
#include "sync/files.h"
#include "sync/message.h"

#define LN_EXCHANGE_VERSION 1 /* as hello tells it */

/* ---- serving: every path under /sync/v1/ */
#define LN_EXCHANGE_STATE_MAX 512
struct ln_exchange_contact {
    char node[LN_NODE_ID_MAX]; /* whose signature was good */
    int64_t at_ms;
    bool level;        /* its logs and ours agree after this request */
    uint64_t seq;      /* head of its own log here, 0 when this request did not look */
    int same;          /* digests: 1 agree, -1 differ, 0 not compared */
    int64_t offset_ms; /* its clock less ours, when it told the time with `state` */
    char state[LN_EXCHANGE_STATE_MAX]; /* what it says of itself, a canonical object; "" nothing */
};
struct ln_exchange_config {
    const struct ln_access *access; /* all borrowed, outlive server and client */
    const struct ln_env *env;
    const struct ln_files *files; /* attachments; NULL = none here */
    const char *self;             /* node id; known from `init` on, before there is a certificate */
    struct ln_seckey key;
    struct ln_ident ident;
    unsigned per_minute; /* serving: requests of each caller, then 429 with Retry-After; 0 any */
    bool carry; /* serving: laptops of the nodes below may come here too, when their box is away */
    /* Serving: called after each request with a good signature, on that request's thread; may be
     * NULL. */
    void (*seen)(void *ctx, const struct ln_exchange_contact *c);
    void *seen_ctx;
    /* Calling: the reading key that is to take the place of the present one (README "Reading
     * keys"); false: none. May be NULL; state_ctx. */
    bool (*age_next)(void *ctx, struct ln_recipient *out);
    /* Calling: what this node tells the parent of itself, a canonical object, "" nothing; may be
     * NULL. On the thread that syncs. */
    void (*state)(void *ctx, char out[LN_EXCHANGE_STATE_MAX]);
    void *state_ctx;
    /* Calling: whether something waits that should not wait for attachments; asked between their
     * parts, and when it does the sync ends there, to go on with them later. May be NULL. */
    bool (*hurry)(void *ctx);
    void *hurry_ctx;
};
struct ln_exchange_server;
/* The config is copied, what it points to is borrowed. */
struct ln_exchange_server *ln_exchange_server_new(const struct ln_exchange_config *config);
void ln_exchange_server_free(struct ln_exchange_server *s);
/* Always fills `reply` (errors as RFC 9457 problem+json), which the caller frees. Any thread. */
void ln_exchange_serve(struct ln_exchange_server *s, const struct ln_message *request,
                       struct ln_message *reply);

/* ---- calling. One thread at a time. */
struct ln_link {
    void *ctx;
    /* Sends one request and waits for its response, into a message made by ln_message_init.
     * LN_BUSY when the other side is out of reach, LN_FULL when its body passes the ceiling. */
    bool (*call)(void *ctx, const struct ln_message *request, struct ln_message *response,
                 struct ln_err *err);
};
struct ln_exchange_report {
    uint64_t sent_segments, sent_bytes, got_segments, got_changes, got_bytes, requests;
    unsigned keys, got_keys, refused, files;
    uint64_t receipt_seq;   /* last segment of our own log that the parent has signed for; 0 none */
    bool level;             /* both sides agree on heads */
    bool alarm;             /* heads agree and digests do not */
    int64_t parent_ms;      /* when it last answered under its signature, 0 never */
    int64_t retry_after_ms; /* it asked us to wait that long */
};
struct ln_exchange_client;
/* Nonce and what the parent holds are remembered between syncs and, in the store, between starts:
 * an idle sync is one request. */
struct ln_exchange_client *ln_exchange_client_new(const struct ln_exchange_config *config,
                                                  const struct ln_link *link);
void ln_exchange_client_free(struct ln_exchange_client *c);
/* The link leads to some node above the parent, which carries our log while the parent is away: our
 * log goes up, receipts and the logs of nodes from there on come down (view.h). */
void ln_exchange_client_past(struct ln_exchange_client *c);
/* No attachments from now on: the link is paid by volume. */
void ln_exchange_client_lean(struct ln_exchange_client *c, bool lean);
/* Fetches, before the logs themselves, the subject keys that `node` (this one, or one it continues)
 * gave its parent into escrow, and opens them with the paper key (ln_replica_paper). *n = how many.
 * LN_DENIED another paper. */
bool ln_exchange_escrow(struct ln_exchange_client *c, const char *node, unsigned *n,
                        struct ln_err *err) LN_MUST;
/* One whole sync: seal, push what the parent lacks (own log and the children's), take receipts,
 * pull the path's logs, keys, attachments. `out` is filled as far as it went, also on failure.
 * LN_MISSING no parent (a root, or not joined yet); LN_BUSY out of reach, try later; LN_CONFLICT
 * fork, or the parent has more of our own log than we; LN_DENIED it refuses us. */
bool ln_exchange_sync(struct ln_exchange_client *c, struct ln_exchange_report *out,
                      struct ln_err *err) LN_MUST;

#endif
