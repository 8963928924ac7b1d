/* Who may write what: a pure function of signed data, so that all nodes agree. Holds the tree of
 * certificates and revocations as read from the logs, in memory. */
#ifndef LN_AUTHORITY_H
#define LN_AUTHORITY_H

#include "crypto/cert.h"
#include "sync/audience.h"
#include "sync/change.h"
#include "sync/segment.h"

struct ln_authority;
struct ln_authority *ln_authority_new(const char *root_id, const struct ln_pubkey *root_key);
void ln_authority_free(struct ln_authority *a);
/* The same certificates and revocations, for another thread to read. */
struct ln_authority *ln_authority_copy(const struct ln_authority *a);

/* Renewals of one node: the one with the later `from`, then the later `until`, holds, in whatever
 * order they come. LN_MISSING: the issuer's own certificate is not known yet. Takes a certificate
 * line (cert@1: f = {cert, sig}) written in `author`'s log. LN_DENIED: not the issuer's to give;
 * second certificate for an id with another key. A renewal (same key) replaces. */
bool ln_authority_cert(struct ln_authority *a, const char *author, struct ln_span f,
                       struct ln_err *err) LN_MUST;
/* Only the issuer or those above revoke. LN_MISSING unknown, LN_DENIED not below. */
bool ln_authority_may_revoke(const struct ln_authority *a, const char *author, const char *node,
                             struct ln_err *err) LN_MUST;
/* revoke@1: f = {"node","seq","sha"}: the last good segment. Only by the issuer or above. `down`
 * tells the same of the node's down-logs for all regions from `first` up to `next`, without it: see
 * README "Revocation". */
#define LN_AUTHORITY_DOWN_MAX 1500 /* down-logs a line: fewer bytes than a line may have */
bool ln_authority_revoke(struct ln_authority *a, const char *author, struct ln_span f,
                         struct ln_err *err) LN_MUST;

const struct ln_cert *ln_authority_find(const struct ln_authority *a,
                                        const char *node); /* NULL = unknown */
/* Position from which a node's segments are void; 0 = not revoked. */
uint64_t ln_authority_void_from(const struct ln_authority *a, const char *node);
/* The same of any log. Each down-log of a revoked node has a position of its own; 0 when no
 * revocation tells of it, as those of older programs. */
uint64_t ln_authority_void_in(const struct ln_authority *a, const char *log);
/* Within which times, in s, a wall clock of `node` can be believed: from the begin of its lease
 * until LN_AUTHORITY_BELIEVED_S after its end; of a root, whose own certificate says little, after
 * the latest end of a lease that it gave. *until_s 0 = nothing to judge by. */
#define LN_AUTHORITY_BELIEVED_S INT64_C(34560000) /* 400 days: a box may work alone for long */
void ln_authority_span(int64_t *from_s, int64_t *until_s, const struct ln_authority *a,
                       const char *node);
bool ln_authority_each(const struct ln_authority *a,
                       bool (*fn)(void *ctx, const struct ln_cert *c, struct ln_err *err),
                       void *ctx, struct ln_err *err) LN_MUST;
/* Nearest ancestors first; returns how many. */
size_t ln_authority_path(const struct ln_authority *a, const char *node, const struct ln_cert **out,
                         size_t cap);

/* Whether a certificate of `node`, the present or an earlier one, names that parent. */
bool ln_authority_was_parent(const struct ln_authority *a, const char *parent, const char *node);
/* Late work: `node` wrote (claimed) into a grid before the certificate came that took the grid from
 * it, and its parent's receipt is of at most LN_AUTHORITY_LATE_S after that. A function of signed
 * data alone: whoever knows certificates and receipt says the same. */
#define LN_AUTHORITY_LATE_S INT64_C(2592000) /* thirty days: longer than a laptop works alone */
bool ln_authority_late(const struct ln_authority *a, const char *node, const char *grid,
                       int64_t claimed_s, int64_t receipt_s);
/* Whether `node` stands in the place of `dead`: its certificate says so, or that of one between. */
bool ln_authority_continues(const struct ln_authority *a, const char *node, const char *dead);
/* Whether `node` may take lines of `author` over by quoting them: its own, those of a node below
 * it, or of one that it continues. The lines are still judged by what `author` was allowed. */
bool ln_authority_may_quote(const struct ln_authority *a, const char *node, const char *author);

/* Rules: sync/README.md "Who may write what". `line` was read by ln_change_read.
 * May a node of certificate `c` write this line into this audience? `why` names the reason in one
 * stable word when it refuses: region collection audience grid op size role. */
bool ln_authority_may(const struct ln_authority *a, const struct ln_cert *c,
                      const struct ln_change *line, const struct ln_audience *aud,
                      const char **why);

#endif
