/* What checkpoints and pruning share. Not for callers. */
#ifndef LN_REPLICA_CHECKPOINT_H
#define LN_REPLICA_CHECKPOINT_H

#include "sync/replica_apply.h"

/* What of one audience in segments 1..upto of a log counts by a checkpoint. */
struct ln_pruned {
    char audience[LN_AUDIENCE_MAX];
    uint64_t upto;
    char log[LN_LOG_MAX]; /* where the checkpoint stands, in its segments from..to */
    uint64_t from, to;
    char at[LN_ID_TEXT + 1]; /* which one */
    struct ln_digest sum;    /* of the lines that are not in it */
    uint64_t dropped, kept;
};
/* How far one audience of a log counts by checkpoints (upto 0: nothing does). */
bool ln_replica_pruned(struct ln_pruned *out, struct ln_store *s, const char *log,
                       const char *audience, struct ln_err *err) LN_MUST;

/* The public line of a checkpoint, as noted: the latest of each log. */
#define LN_CHECKPOINT_AUDIENCES 512
struct ln_checkpoint {
    char log[LN_LOG_MAX]; /* what it is of */
    char id[LN_ID_TEXT + 1];
    struct ln_pruned *parts; /* freed by ln_checkpoint_free */
    size_t n;
    uint64_t upto, from, to;
    char by[LN_LOG_MAX]; /* where it stands */
};
void ln_checkpoint_free(struct ln_checkpoint *c);
/* The one noted of a log; out->upto 0 when there is none. */
bool ln_replica_checkpoint_noted(struct ln_checkpoint *out, struct ln_store *s, const char *log,
                                 struct ln_err *err) LN_MUST;

/* One line that a checkpoint carries over. */
struct ln_carried {
    uint64_t seq; /* where it stood */
    struct ln_span line;
    const struct ln_batch_quote *quote; /* NULL it was not quoted there */
    struct ln_span gone;                /* as in struct ln_change */
};
typedef bool ln_carried_fn(void *ctx, const struct ln_carried *c, struct ln_err *err);
/* All lines that checkpoint `p` of `log` carries over, as far as its files are here. */
bool ln_replica_carried(struct ln_replica *r, const char *log, const struct ln_pruned *p,
                        ln_carried_fn *fn, void *ctx, struct ln_err *err) LN_MUST;

/* The part of one audience holds here from now on: what it does not carry over is dropped, what it
 * does is kept beside its change. `lacking`: files were not here, so nothing could be compared;
 * else *same = false, and nothing happened, when what is here adds up to something else. *same is
 * false, too, while not all of the checkpoint is here. */
bool ln_replica_checkpoint_adopt(struct ln_replica *r, const char *log, const struct ln_pruned *p,
                                 bool lacking, bool *same, struct ln_err *err) LN_MUST;
/* Adopts what files are lacking for. */
bool ln_replica_checkpoint_take(struct ln_replica *r, const char *log, struct ln_err *err) LN_MUST;
/* A public line `checkpoint`. */
bool ln_replica_heed_checkpoint(struct ln_replica *r, const char *by, const struct ln_change *c,
                                const char **why, struct ln_err *err) LN_MUST;
/* Seconds since 1970 as a commit says. */
int64_t ln_replica_commit_time(struct ln_span commit);

#endif
