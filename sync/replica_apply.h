/* What receiving, verifying and rebuilding share about applying segments that are held. Not for
 * callers. */
#ifndef LN_REPLICA_APPLY_H
#define LN_REPLICA_APPLY_H

#include "sync/replica_core.h"

#define LN_RECEIPT_NO_MAX                                                                          \
    1000 /* refused lines a receipt names; who receives judges the others by the same rules */
#define LN_EVIDENCE_MAX (1 << 20)

/* f of a receipt line; `no` points into it. */
struct ln_receipt {
    char log[LN_LOG_MAX];
    uint64_t seq;
    struct ln_sha256 sha;
    int64_t t;
    struct ln_span no;
};
bool ln_replica_receipt_read(struct ln_receipt *out, struct ln_span f, struct ln_err *err) LN_MUST;
/* Keeps a receipt whose giver was checked: clamps and refuses what is applied already, applies what
 * waited for it. *why set when it contradicts what is held. */
bool ln_replica_settle(struct ln_replica *r, const struct ln_receipt *receipt,
                       struct ln_span evidence, const char **why, struct ln_err *err) LN_MUST;

struct ln_apply {
    struct ln_replica *r;
    struct ln_store_log *log; /* `applied` is moved */
    const struct ln_cert *author;
    uint64_t seq, until;       /* the last segment to apply */
    struct ln_receipt receipt; /* in force for the segment at hand; seq 0 none yet */
    struct ln_receipt given; /* set: in force for all of them (the parent's own, not written yet) */
    struct ln_buf *no;       /* gets the refused: [id, why], ... ; may be NULL */
    unsigned changes, refused, unreadable;
    bool keep;              /* the lines come from a checkpoint */
    struct ln_span gone;    /* of the line at hand, see struct ln_change */
    uint64_t pruned;        /* up to where anything of the log counts by checkpoints */
    struct ln_buf evidence; /* of ln_replica_apply_one */
    bool claim; /* our own log, while lines are unsealed: those found in it are not sealed again */
    struct ln_batch_fate *own;
    size_t n_own, cap_own;
    struct {
        int64_t rec;
        char region[LN_REGION_LEN + 1];
    } * early; /* public records that were known by others' lines before their own */
    size_t n_early, cap_early;
};
bool ln_replica_apply(struct ln_apply *x, uint64_t from, struct ln_err *err) LN_MUST;
/* Walks through held segments from..until with their files: what is done with them may write, which
 * a walk through the store may not. */
typedef bool ln_replica_held_fn(void *ctx, const struct ln_store_segment *seg, struct ln_err *err);
bool ln_replica_held(struct ln_store *s, int64_t log, uint64_t from, uint64_t until,
                     ln_replica_held_fn *fn, void *ctx, struct ln_err *err) LN_MUST;
/* One line of a segment whose file is not here, from a checkpoint: `x` with log, author and keep
 * set, freed by the other. */
struct ln_carried;
bool ln_replica_apply_one(struct ln_apply *x, const struct ln_carried *c, const char *audience,
                          struct ln_err *err) LN_MUST;
void ln_replica_apply_one_free(struct ln_apply *x);
/* cert revoke epoch receipt erase checkpoint */
bool ln_replica_protocol(struct ln_span collection);
/* How far a log may be applied: our own and our ancestors' as held, all others up to their receipt.
 */
uint64_t ln_replica_ready(const struct ln_replica *r, const struct ln_store_log *log);
/* Applies what is ready and keeps `applied`; `sum` (may be NULL) is added to. */
bool ln_replica_apply_ready(struct ln_replica *r, const char *log, struct ln_apply *sum,
                            struct ln_err *err) LN_MUST;

#endif
