/* Subject keys on their way between two nodes, wrapped to the receiver or to the recovery key: zstd
 * frames, bodies of /sync/v1/keys (README "Exchange"). Writer thread, open transaction. */
#ifndef LN_KEYS_H
#define LN_KEYS_H

#include "sync/replica.h"

#define LN_KEYS_BATCH 2048         /* keys in one body: some 130 kB */
#define LN_KEYS_JSON_MAX (1 << 20) /* of a body before zstd */

/* Takes every key of a body. LN_INVALID not such a body; otherwise as ln_replica_key_put. */
bool ln_keys_take(unsigned *n, struct ln_replica *r, struct ln_span body,
                  const struct ln_cert *from, struct ln_err *err) LN_MUST;
/* The same, but only of those that `want` says yes to, and no escrow: what the stick of a revoked
 * node brings beside its late lines. */
typedef bool ln_keys_want_fn(void *ctx, const char *kid);
bool ln_keys_take_some(unsigned *n, struct ln_replica *r, struct ln_span body,
                       const struct ln_cert *from, ln_keys_want_fn *want, void *ctx,
                       struct ln_err *err) LN_MUST;
/* Appends a body with what the parent lacks; *n = 0 when that is nothing. */
bool ln_keys_pending(struct ln_buf *body, unsigned *n, struct ln_replica *r,
                     struct ln_err *err) LN_MUST;
/* All that the parent lacks, a body a call: for a stick, where nobody answers between them. */
typedef bool ln_keys_body_fn(void *ctx, struct ln_span body, unsigned n, struct ln_err *err);
bool ln_keys_pending_each(struct ln_replica *r, ln_keys_body_fn *fn, void *ctx,
                          struct ln_err *err) LN_MUST;
/* The parent has taken that body. */
bool ln_keys_sent(struct ln_replica *r, struct ln_span body, struct ln_err *err) LN_MUST;

/* What is waited for here, as canonical JSON {"want":["<kid>",...]}; *n = 0 when that is nothing.
 * Reader handle. */
bool ln_keys_want(struct ln_buf *body, unsigned *n, struct ln_store *reader,
                  struct ln_err *err) LN_MUST;
/* Answers such a body: those that are here and that `to` may have; empty when there are none. The
 * answer is taken by ln_keys_take. LN_INVALID no such body. Reader handle. */
bool ln_keys_give(struct ln_buf *answer, struct ln_store *reader, struct ln_span body,
                  const struct ln_cert *to, struct ln_err *err) LN_MUST;

/* ---- escrow back (README "Exchange"): pages of what `node` gave, all under one wrap each */
#define LN_KEYS_PLACE_MAX 48
/* Appends one page behind `place` ("" the first; LN_INVALID no place); place becomes what comes
 * after it. *n = 0: no more. Reader handle. */
bool ln_keys_escrow(struct ln_buf *body, unsigned *n, char place[LN_KEYS_PLACE_MAX],
                    struct ln_store *reader, const char *node, struct ln_err *err) LN_MUST;
/* Opens every key of a page with the paper key; `place` is where the next page is asked from. */
bool ln_keys_restore(unsigned *n, char place[LN_KEYS_PLACE_MAX], struct ln_replica *r,
                     struct ln_span body, struct ln_err *err) LN_MUST;

#endif
