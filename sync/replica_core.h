/* What the files replica_*.c share: the replica itself, and steps that several of them take. Not
 * for callers. */
#ifndef LN_REPLICA_CORE_H
#define LN_REPLICA_CORE_H

#include "crypto/subject.h"
#include "sync/batch.h"

/* The other child of a head that is held. */
struct ln_fork {
    struct ln_fork *next;
    char log[LN_LOG_MAX];
    uint64_t seq;
    struct ln_sha256 sha;
    size_t len;
    char commit[];
};
struct ln_apply;
struct ln_replica {
    struct ln_replica_config c;
    char given_root[LN_NODE_ID_MAX]; /* c.root_id and root_key as they were given */
    struct ln_pubkey given_key;
    struct ln_authority *authority;
    struct ln_clock clock;
    int64_t clock_kept; /* what the store has */
    uint64_t believed;  /* version of the authority by which the clock is judged */
    int64_t said_ms;    /* until then a person said that the clock is right; 0 nobody did */
    struct ln_batch *batch;
    char doubt[12];       /* maybe an old image: no sealing; why, "" none */
    char doubt_kept[12];  /* what the store has */
    char doubt_begin[12]; /* when the transaction began, and the job in it */
    char doubt_job[12];
    uint64_t heads; /* of our own logs, added up, as far as heads_known */
    bool heads_known;
    bool moved;       /* one of them, in this transaction */
    bool touched;     /* the authority has what this transaction may undo */
    bool stale;       /* it was undone, and the authority could not be read anew yet */
    uint64_t version; /* of the authority */
    bool has_paper;
    struct ln_ident paper;
    struct ln_sha256 wrap_seen; /* the wrap opened last, and the batch key in it */
    struct ln_subject_key wrap_key;
    struct ln_apply *at;   /* what is being applied, while it is */
    struct ln_fork *forks; /* evidence met in a job that failed: kept by the next commit */
};

/* The reading keys in turn, from 0 on: the present one first. NULL: no more. */
const struct ln_ident *ln_replica_ident(const struct ln_replica *r, size_t i);
/* One of our own logs has `by` segments more. */
void ln_replica_grown(struct ln_replica *r, uint64_t by);
/* The store number of a log, made when it is not there. */
bool ln_replica_log(struct ln_store_log *out, struct ln_replica *r, const char *id,
                    struct ln_err *err) LN_MUST;
/* The log that a line of this node for `audience` goes into: its own, or the down-log towards the
 * child below which the audience's owner stands. LN_MISSING no such child. */
bool ln_replica_route(char log[LN_LOG_MAX], const struct ln_replica *r,
                      const struct ln_audience *audience, struct ln_err *err) LN_MUST;
/* Adds one public line of the protocol (cert revoke epoch receipt erase) to `log`; `f` is its
 * object. Flushes the batch. */
bool ln_replica_say(struct ln_replica *r, const char *log, const char *collection, struct ln_span f,
                    struct ln_err *err) LN_MUST;
/* The same into a sealed audience: a part of a checkpoint, which is not heeded by itself. *id is
 * its. */
bool ln_replica_say_in(struct ln_replica *r, const char *log, const char *audience,
                       const char *collection, struct ln_span f, struct ln_id *id,
                       struct ln_err *err) LN_MUST;
/* Takes a line of the protocol into authority and keys, whoever wrote it: `author` is a node id.
 * Lines that are void or not the author's to say are passed over with *why set. */
bool ln_replica_heed(struct ln_replica *r, const char *author, const struct ln_change *c,
                     int64_t eff, const char **why, struct ln_err *err) LN_MUST;
/* The epoch to seal for `audience` with: minted, or wrapped to new members, when it is this node's
 * and the month or the members changed. LN_MISSING when it belongs to somebody else who has not
 * given us one. */
bool ln_replica_epoch(struct ln_epoch *out, struct ln_replica *r, const char *audience,
                      struct ln_err *err) LN_MUST;
/* The key in use for (person, audience), made when there is none. */
bool ln_replica_key(struct ln_store_key *out, struct ln_replica *r, const struct ln_id *person,
                    const char *audience, struct ln_err *err) LN_MUST;
/* Rights of a line, beyond what ln_authority_may knows: rows of a log cannot be set, another
 * region's record is not written into public. NULL = may. */
const char *ln_replica_may(struct ln_replica *r, const struct ln_cert *author,
                           const struct ln_change *c, const char *audience,
                           const struct ln_batch_record *rec);
/* The doubt as the store has it, or as heads, receipts and guard give it; kept at a commit; and who
 * keeps the guard told after it. */
bool ln_replica_doubt_read(struct ln_replica *r, struct ln_err *err) LN_MUST;
bool ln_replica_doubt_write(struct ln_replica *r, struct ln_err *err) LN_MUST;
void ln_replica_doubt_told(struct ln_replica *r);
/* Takes a certificate into authority and store. When it gives this node another parent, that one is
 * to get all its keys. LN_DENIED, LN_INVALID, LN_MISSING as ln_authority_cert, with *taken false.
 */
bool ln_replica_take_cert(struct ln_replica *r, const char *author, struct ln_span f, bool *taken,
                          struct ln_err *err) LN_MUST;
/* A key that has just come and was to be erased before it was here: *yes, and it is marked as gone.
 * Asked before it is put. */
bool ln_replica_key_doomed(bool *yes, struct ln_replica *r, const struct ln_key_item *k,
                           struct ln_err *err) LN_MUST;
bool ln_replica_heed_erase(struct ln_replica *r, const char *author, const struct ln_change *c,
                           int64_t eff, const char **why, struct ln_err *err) LN_MUST;
/* Node id of a log or down-log. */
void ln_replica_author(char node[LN_NODE_ID_MAX], const char *log);

#endif
