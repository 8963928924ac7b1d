/* One node's copy of the tree: saves local changes, seals them into segments, receives other nodes'
 * segments, merges, and answers what to send. Everything durable goes through struct ln_store
 * (store.h). A replica belongs to one thread, the writer; whatever only reads takes a `struct
 * ln_store` of its own, so that web workers can do it beside the writer. */
#ifndef LN_REPLICA_H
#define LN_REPLICA_H

#include "sync/authority.h"
#include "sync/digest.h"
#include "sync/merge.h"
#include "sync/store.h"

struct ln_replica;

#define LN_REPLICA_SPARES 32
struct ln_replica_config {
    const struct ln_env *env;       /* outlives the replica */
    struct ln_store *store;         /* the writer's handle */
    const struct ln_schema *schema; /* outlives the replica */
    struct ln_seckey key;
    struct ln_ident ident;
    /* Reading keys beside it: one to come, those before. What was wrapped for them is still met, in
     * a replay too. */
    struct ln_ident spare[LN_REPLICA_SPARES];
    size_t n_spare;
    struct ln_recipient
        recovery;            /* the paper key: wrapped into every epoch, escrow of subject keys */
    char id[LN_NODE_ID_MAX]; /* this node, known before it has a certificate */
    char root_id[LN_NODE_ID_MAX]; /* "" = pinned in the store (found and adopt write it there) */
    struct ln_pubkey root_key;
    /* What a guard outside the store remembers (README "Guard"): the heads of our own logs, added
     * up, 0 none; whether the store belongs to another machine or another life of the node. */
    uint64_t guard;
    bool strange;
    bool drill; /* only reads: seals nothing, says nothing, sends nothing */
    /* After each commit that moved one of our own heads; may be NULL. */
    void (*moved)(void *ctx, uint64_t heads);
    void *moved_ctx;
};

/* Reads certificates, heads, epochs and clock from the store. Sweeps what a crash left half done.
 */
bool ln_replica_open(struct ln_replica **out, const struct ln_replica_config *config,
                     struct ln_err *err) LN_MUST;
void ln_replica_close(struct ln_replica *r);
/* One more reading key, from now on; of LN_REPLICA_SPARES the last makes room. */
void ln_replica_spare(struct ln_replica *r, const struct ln_ident *ident);
const struct ln_cert *
ln_replica_self(const struct ln_replica *r); /* NULL before it has a certificate */
const struct ln_authority *ln_replica_authority(const struct ln_replica *r);
/* Rises with every change to the authority. */
uint64_t ln_replica_version(const struct ln_replica *r);
struct ln_store *ln_replica_store(struct ln_replica *r);

/* ---- transactions of the writer thread: begin, any of the calls below, commit. A savepoint
 * brackets each job of a group commit, so that one job's failure leaves the others. */
bool ln_replica_begin(struct ln_replica *r, struct ln_err *err) LN_MUST;
bool ln_replica_commit(struct ln_replica *r, struct ln_err *err) LN_MUST;
void ln_replica_rollback(struct ln_replica *r);
bool ln_replica_savepoint(struct ln_replica *r, struct ln_err *err) LN_MUST;
void ln_replica_savepoint_end(struct ln_replica *r, bool keep);

/* ---- saving */
struct ln_draft {
    enum ln_op op;
    const char *collection;
    struct ln_id record;   /* zero for an add: the new id comes back in `id` */
    struct ln_id id;       /* out: the change's id */
    const char *audience;  /* full name, "public" or "<region>/..."; for an existing record NULL =
                              where it stands */
    struct ln_span fields; /* canonical object of the unsealed fields, or empty */
    struct ln_span
        sealed; /* canonical object of the `^` and `~` fields, or empty; in clear, sealed here */
    struct ln_id subject; /* the person whose key seals; zero = the record */
    const char *user;     /* account record id, or "" */
    const char *channel;  /* web counter phone sms paper visit import, or "" */
    bool if_match;        /* only when the record's heads still hash to `etag`: else LN_CONFLICT */
    uint64_t etag;
    size_t n_base; /* 0: the heads held of the units written; a decision names its own */
    const struct ln_id *base;
};
/* Saves 1..LN_CHANGE_TX_MAX drafts as one transaction (one `x` when several). Later drafts may
 * refer to earlier adds by id (mint ids ahead with ln_replica_id). Rows and unsealed changes are
 * written; durable after commit. */
bool ln_replica_save(struct ln_replica *r, struct ln_draft *drafts, size_t n,
                     struct ln_err *err) LN_MUST;
/* An id for an add to come; put it into draft.record of an LN_OP_ADD. */
struct ln_id ln_replica_id(struct ln_replica *r);
/* Lines in canonical change form (bulk load of a stream): ids and bases as given, re-authored by
 * this node; marked fields that stand in `f` are sealed here. `audiences[i]` is the full name. One
 * failure refuses all of them. */
bool ln_replica_save_lines(struct ln_replica *r, const struct ln_span *lines,
                           const char *const *audiences, size_t n, struct ln_err *err) LN_MUST;
/* Identifies the present heads of a record; 0 when it is not there. For If-Match. */
uint64_t ln_replica_etag(struct ln_span heads);

/* ---- sealing */
/* Seals waiting changes into segments: `all` or only what fills whole segments. *segments = how
 * many. Refuses (LN_CONFLICT) while the guard says this may be an old image. */
bool ln_replica_seal(struct ln_replica *r, bool all, unsigned *segments,
                     struct ln_err *err) LN_MUST;
bool ln_replica_seal_due(struct ln_replica *r, bool *due, struct ln_err *err) LN_MUST;
/* Doubt that this is the newest and only image of the node: saves go on, sealing fails with
 * LN_CONFLICT until ln_replica_confirm, when the parent named our heads. Kept over restarts.
 *   guard    the guard knows of later segments: an older copy of the database
 *   copy     another machine or folder than the guard was made in
 *   receipt  our parent signed for segments that are not here
 *   parent   our parent holds segments of ours that are not here
 *   fork     our parent holds another segment in the place of one of ours
 * Inside a transaction; an earlier reason stays, but for fork, which overrules all. */
void ln_replica_doubt(struct ln_replica *r, const char *why);
const char *ln_replica_doubted(const struct ln_replica *r); /* "" = no doubt */
void ln_replica_confirm(struct ln_replica *r);
/* The wall clock says a time so late that no certificate reaches there (ln_authority_span): times
 * go on behind the last good one, no lease is given or found run out by it. ln_replica_believe: a
 * person says that it is right; inside a transaction. */
bool ln_replica_wild(const struct ln_replica *r);
bool ln_replica_believe(struct ln_replica *r, struct ln_err *err) LN_MUST;
/* The heads of our own log and down-logs, added up. */
bool ln_replica_heads(struct ln_replica *r, uint64_t *sum, struct ln_err *err) LN_MUST;

/* ---- what others may have */
struct ln_have {
    char log[LN_LOG_MAX];
    uint64_t seq;
    struct ln_sha256 sha;
    uint64_t receipt; /* of that log, as held here */
};
/* A pack of segments from..: commits, trees and the blobs that `to` may hold, ascending, within max
 * bytes (at least one segment). *last = last sequence in it, 0 when there is none. Reader handle.
 */
bool ln_replica_slice(struct ln_buf *pack, uint64_t *last, struct ln_store *reader,
                      const struct ln_authority *a, const char *log, uint64_t from,
                      const struct ln_cert *to, size_t max, struct ln_err *err) LN_MUST;

/* ---- receiving */
struct ln_receive {
    char log[LN_LOG_MAX];
    uint64_t seq;  /* head now held of that log */
    uint64_t last; /* the last segment of the pack, held before or not */
    struct ln_sha256 sha;
    unsigned segments, changes, refused, unreadable;
    bool receipted; /* we are the parent: `receipt` holds the receipt@1 line's f object, already
                       saved as a change for the child's down-log */
    struct ln_buf receipt; /* freed by the caller */
};
/* Takes a pack for one log from a peer. Everything is checked before anything is written: pack,
 * commit chain onto our head, signatures, manifests, certificates (those in the pack count from
 * their place on), revocation. Then applied in the open transaction. LN_INVALID names the segment;
 * LN_MISSING a gap (err says which seq is wanted); LN_CONFLICT a fork, whose other child is kept as
 * evidence. Segments already held are skipped. */
bool ln_replica_receive(struct ln_replica *r, struct ln_receive *out, const char *log,
                        const void *pack, size_t len, const struct ln_cert *from,
                        struct ln_err *err) LN_MUST;
/* Our own log's receipt from the parent's signed response, kept verbatim as evidence. */
bool ln_replica_receipt(struct ln_replica *r, struct ln_span f, const void *evidence, size_t len,
                        struct ln_err *err) LN_MUST;

/* The same, also for segments behind the revocation of their node: they are kept, and void until
 * somebody entitled quotes their lines. For what a person brought, to be looked at. */
bool ln_replica_receive_late(struct ln_replica *r, struct ln_receive *out, const char *log,
                             const void *pack, size_t len, struct ln_err *err) LN_MUST;

/* ---- quoting (README "Quote") */
/* A line in a segment that holds no longer: behind the end of a closed log. */
struct ln_late {
    const char *log; /* the node's own, or one of its down-logs */
    uint64_t seq;
    const char *audience;
    const struct ln_change *c;
    struct ln_span
        clear;       /* sealed fields, opened; empty when there are none or the key is not here */
    const char *why; /* it is not taken over: its author was not allowed ("region", ...), it is
                        of the "protocol", it counts already ("known"); NULL it can be */
};
typedef bool ln_late_fn(void *ctx, const struct ln_late *l, struct ln_err *err);
/* Shows what the logs of a revoked node hold here behind their ends, its own first, then its
 * down-logs but for the receipts there (`from` > 0: its own alone, from that segment on); with
 * `take` quotes all that can be: the lines are saved byte for byte as this node's, and everyone who
 * receives them judges them by what their author was allowed. *n = lines that can be, or were,
 * taken over; *unreadable = files without a key here. `fn` may be NULL. LN_MISSING nothing there,
 * LN_DENIED not a node below or continued by this one, LN_INVALID not revoked. */
bool ln_replica_late(struct ln_replica *r, const char *node, uint64_t from, bool take, unsigned *n,
                     unsigned *unreadable, ln_late_fn *fn, void *ctx, struct ln_err *err) LN_MUST;
/* For a node that continues another under a new key in the same store: what stands in the other's
 * logs behind their last receipts leaves them (the commits stay as evidence of a fork) and waits to
 * be quoted into this node's own log. What the parent has of it after all is recognised when it
 * comes back. Ends a doubt. *n = lines. */
bool ln_replica_unfork(struct ln_replica *r, unsigned *n, struct ln_err *err) LN_MUST;

/* ---- subject keys */
/* Keys whose escrow, or whose copy for the parent, is still to be sent. Each stands in a box of its
 * own (ln_subject_seal, associated data "key|audience|kid|person") under a batch key; the batch key
 * is wrapped once, as an age file to the recovery key (escrow) or to the other node (member). */
struct ln_key_item {
    char kid[16], audience[LN_AUDIENCE_MAX];
    struct ln_id person;
    struct ln_span box, wrap; /* the same bytes of `wrap` for all of one call */
    bool escrow;
};
bool ln_replica_keys_pending(struct ln_replica *r, size_t max,
                             bool (*fn)(void *ctx, const struct ln_key_item *k, struct ln_err *err),
                             void *ctx, struct ln_err *err) LN_MUST;
bool ln_replica_keys_sent(struct ln_replica *r, const struct ln_key_item *items, size_t n,
                          struct ln_err *err) LN_MUST;
/* Keys that are waited for here, at most max; and those of `n` named ones that are here and that
 * `to` may have, all under one wrap to it: how a parent's replies become readable below. Reader
 * handles. */
bool ln_replica_keys_wanted(struct ln_store *reader, size_t max,
                            bool (*fn)(void *ctx, const char *kid, struct ln_err *err), void *ctx,
                            struct ln_err *err) LN_MUST;
bool ln_replica_keys_for(struct ln_store *reader, const struct ln_cert *to, const char (*kids)[16],
                         size_t n,
                         bool (*fn)(void *ctx, const struct ln_key_item *k, struct ln_err *err),
                         void *ctx, struct ln_err *err) LN_MUST;
bool ln_replica_key_put(struct ln_replica *r, const struct ln_cert *from,
                        const struct ln_key_item *k, struct ln_err *err) LN_MUST;

/* The recovery key from paper: from now on, until NULL, epochs of this region and escrowed keys are
 * opened with it. An epoch that it does not open is an error (LN_DENIED: another paper). */
void ln_replica_paper(struct ln_replica *r, const struct ln_ident *paper);
/* An escrowed key of this box, or of one it continues, opened with the paper key. */
bool ln_replica_key_restore(struct ln_replica *r, const struct ln_key_item *k,
                            struct ln_err *err) LN_MUST;
/* The nodes that had `dead` as parent get certificates that name this node, which continues it.
 * *n = how many. */
bool ln_replica_inherit(struct ln_replica *r, unsigned *n, struct ln_err *err) LN_MUST;

/* ---- erasure (README "Erasure") */
/* Asks every holder to destroy the keys of `n` persons (alias sets included; a record that is about
 * nobody has keys like a person): a public line of this node's log. `cause`: request withdraw
 * retention. LN_FULL: too many for one line. */
bool ln_replica_erase(struct ln_replica *r, const struct ln_id *persons, size_t n,
                      const char *cause, struct ln_err *err) LN_MUST;
/* Destroys keys and escrow and blanks rows of all that was asked. *n = erasures whose files are to
 * be overwritten now (ln_store_ops.shred, after full text was looked at); then
 * ln_replica_erase_done signs for them. */
bool ln_replica_erase_due(struct ln_replica *r, unsigned *n, struct ln_err *err) LN_MUST;
bool ln_replica_erase_done(struct ln_replica *r, struct ln_err *err) LN_MUST;
/* Of each erasure each holder that is known here; `done` = when it signed, 0 not yet. Reader
 * handle. */
struct ln_erasure {
    const char *id, *author; /* of the line: its id tells when it was asked */
    char cause[16];
    const struct ln_cert *node;
    int64_t done;
};
typedef bool ln_erasure_fn(void *ctx, const struct ln_erasure *e, struct ln_err *err);
bool ln_replica_erasures(struct ln_store *reader, const struct ln_authority *a, ln_erasure_fn *fn,
                         void *ctx, struct ln_err *err) LN_MUST;

/* ---- checkpoints and pruning (README "Checkpoint") */
/* Carries over what still counts of one log's segments that are sealed before `before_s` and
 * signed for: of a log of this node's, of one it continues, of a laptop's of this box; of others
 * nothing is done. Lines of its own log, sealed here; `dry` only tells. out->why: not done, because
 * a file of it cannot be read here ("unreadable"). LN_BUSY an audience's key has not come. */
struct ln_checkpoint_item {
    bool made;              /* it was, or would be */
    uint64_t upto;          /* the last segment it covers, or would */
    uint64_t kept, dropped; /* lines carried over, and not */
    const char *why;
};
bool ln_replica_checkpoint(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                           struct ln_checkpoint_item *out, struct ln_err *err) LN_MUST;
/* Drops the sealed contents of the segments that the latest checkpoint of a log covers (`dry`: only
 * tells). Commits, trees and public files stay. out->done: it is, or would be; out->why: not, for
 *   young      the youngest of those segments is not before `before_s`
 *   unsigned   the checkpoint has no receipt
 *   waiting    it, or the git export, is not complete here
 *   uncovered  it does not cover all that is here
 * LN_CONFLICT: what is here adds up to something else than the checkpoint says. */
struct ln_prune_item {
    bool done;
    uint64_t upto, files, bytes, kept, dropped;
    const char *why;
};
bool ln_replica_prune(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                      struct ln_prune_item *out, struct ln_err *err) LN_MUST;
/* Up to where this node dropped sealed contents of a log, 0 nowhere. */
bool ln_replica_dropped(uint64_t *upto, struct ln_store *s, const char *log,
                        struct ln_err *err) LN_MUST;

/* ---- enrolment */
/* Issues (and saves, public) a certificate for a child that proved its code; out->text, signature
 * in `cert_f` as the f object {"cert","sig"}. Mints the child's down-log. */
bool ln_replica_issue(struct ln_replica *r, struct ln_buf *cert_f, const struct ln_cert *want,
                      struct ln_err *err) LN_MUST;
/* Gives a node below a new certificate with its present key: another lease, and if wanted other
 * grids, another age key. What a node wrote into a grid before it lost it is still taken
 * (authority.h). LN_MISSING unknown, LN_DENIED not below or revoked. */
struct ln_renewal {
    int64_t days; /* 0 = 90 for laptops, 400 for boxes */
    bool regrid;  /* the grids below replace those it has */
    size_t n_grids;
    char grids[16][16];
    const struct ln_recipient *age; /* NULL = as before */
};
bool ln_replica_renew(struct ln_replica *r, const char *node, const struct ln_renewal *want,
                      struct ln_err *err) LN_MUST;
/* At a root: a certificate of its own with another reading key, the rest as it is. LN_DENIED this
 * node has a parent, which certifies it. */
bool ln_replica_own_age(struct ln_replica *r, const struct ln_recipient *age,
                        struct ln_err *err) LN_MUST;
/* Whether a certificate has less than a third of its lease left: time to renew it. */
bool ln_replica_renew_due(const struct ln_replica *r, const struct ln_cert *c);
/* A laptop drops what it holds of grids that its certificate does not list any more, keys too, once
 * everything it wrote there is signed for. *dropped = how many audiences. */
bool ln_replica_leave(struct ln_replica *r, unsigned *dropped, struct ln_err *err) LN_MUST;

/* Epochs of this box's own audiences: those whose month is over, or that a member has left, get a
 * new one (`all`: each of them does), and those between it and the nodes above are made if they are
 * not there, so that these can write to it first. *minted = how many lines were said. Nothing for a
 * laptop. */
bool ln_replica_rotate(struct ln_replica *r, bool all, unsigned *minted,
                       struct ln_err *err) LN_MUST;

/* Revokes a node below: what its log holds after segment *after (UINT64_MAX = what is held here;
 * set to what holds) is void everywhere, whatever date it bears, and it is given nothing new. Its
 * down-logs hold as far as they are held here; with an earlier *after, as far as they had a receipt
 * when that segment got its own. For ever: the earliest position holds. LN_MISSING unknown node or
 * segment, LN_DENIED it is not below. */
bool ln_replica_revoke(struct ln_replica *r, const char *node, uint64_t *after,
                       struct ln_err *err) LN_MUST;
/* Makes this node the root: certifies itself. */
bool ln_replica_found(struct ln_replica *r, const char *region, enum ln_role role, const char *name,
                      struct ln_err *err) LN_MUST;
/* Takes the chain of certificates received on joining. */
bool ln_replica_adopt(struct ln_replica *r, const struct ln_span *cert_f,
                      const char *const *authors, size_t n, struct ln_err *err) LN_MUST;

/* ---- versions */
/* Compares the schema with the one that the store was last used with (meta "schema/<collection>"),
 * and gives rows to what an earlier program only kept and relayed: collections, fields and
 * operations that are new. *records = how many were looked at. Inside a transaction, before
 * anything else is saved. */
bool ln_replica_learn(struct ln_replica *r, unsigned *records, struct ln_err *err) LN_MUST;

/* ---- care */
struct ln_verify_report {
    uint64_t logs, segments, changes, bad;
    uint64_t carried; /* changes checked against checkpoints: their segments' contents are gone */
};
/* All changes of one record, oldest first, as history shows them. */
struct ln_history_item {
    const struct ln_change *c;
    struct ln_span
        clear; /* opened sealed fields, empty when there are none or the key is not here */
    int64_t eff;
    char log[LN_LOG_MAX];
    uint64_t seq;
    char by[LN_LOG_MAX]; /* quoted in that log, "" = it stands where it was written */
    enum ln_store_state state;
    bool provisional;
    int64_t receipt_t; /* hlc of the first receipt that covers it, 0 none yet */
};
typedef bool ln_history_fn(void *ctx, const struct ln_history_item *i, struct ln_err *err);
bool ln_replica_history(struct ln_store *reader, const struct ln_id *record, ln_history_fn *fn,
                        void *ctx, struct ln_err *err) LN_MUST;
/* One change by its id, a refused one too; `fn` is not called when it, or its line, is not here. */
bool ln_replica_line(struct ln_store *reader, const struct ln_id *change, ln_history_fn *fn,
                     void *ctx, struct ln_err *err) LN_MUST;
typedef bool ln_report_fn(void *ctx, const char *line); /* false stops */
/* Every log from genesis and the database against it. */
bool ln_replica_verify(struct ln_replica *r, struct ln_verify_report *out, ln_report_fn *say,
                       void *ctx, struct ln_err *err) LN_MUST;
/* The same for at most `max` segments of one log from `from` on, for whoever reads beside the
 * writer: what is wrong is said, its segments are named. `next` 0 = that was the last. */
#define LN_LOOK_BAD 64
struct ln_look {
    uint64_t next, segments, bytes;
    uint64_t bad[LN_LOOK_BAD];
    size_t n_bad, n_lost; /* n_lost: those that are whole, but the database lacks their lines */
};
bool ln_replica_look(struct ln_look *out, struct ln_store *reader, const struct ln_authority *a,
                     const char *log, uint64_t from, unsigned max, ln_report_fn *say, void *ctx,
                     struct ln_err *err) LN_MUST;
/* How far anything of a log counts by checkpoints, 0 nothing does. Any handle. */
bool ln_replica_pruned_any(uint64_t *upto, struct ln_store *s, const char *log,
                           struct ln_err *err) LN_MUST;
/* Whether the digests are those of the changes that the database holds. *wrong = how many are not.
 */
bool ln_replica_sums(uint64_t *wrong, struct ln_store *reader, ln_report_fn *say, void *ctx,
                     struct ln_err *err) LN_MUST;
/* Mends one segment: whatever of commit, tree and files is not what was signed is asked for by its
 * git name, checked, and put back. *mended false: `fetch` did not have it, nothing was changed.
 * Inside a transaction. */
typedef bool ln_fetch_fn(void *ctx, struct ln_buf *out, const char *kind,
                         const struct ln_sha1 *name); /* false: not there */
bool ln_replica_mend(struct ln_replica *r, const char *log, uint64_t seq, ln_fetch_fn *fetch,
                     void *ctx, bool *mended, struct ln_err *err) LN_MUST;
/* Segments that are damaged here and that nobody at hand could give (README "Damage"): noted, until
 * another node has given them. ln_replica_damage_note: *again = it was noted already.
 * ln_replica_damages: of each log that `child` and `at` exchange (`a` NULL: of each) the one whose
 * turn it is; writer or reader handle. */
#define LN_DAMAGES_MAX 4 /* logs at once */
struct ln_damage {
    char log[LN_LOG_MAX];
    uint64_t seq;
};
struct ln_damages {
    struct ln_damage list[LN_DAMAGES_MAX];
    size_t n;
};
bool ln_replica_damage_note(struct ln_replica *r, bool *again, const char *log, uint64_t seq,
                            struct ln_err *err) LN_MUST;
bool ln_replica_damages(struct ln_damages *out, struct ln_store *reader,
                        const struct ln_authority *a, const char *child, const char *at,
                        struct ln_err *err) LN_MUST;
/* Mends a segment that is noted from what another node sent, any pack; its note goes, or waits for
 * its next turn. One that is not noted is left alone. Inside a transaction. */
bool ln_replica_mend_pack(struct ln_replica *r, const struct ln_damage *d, struct ln_span pack,
                          bool *mended, struct ln_err *err) LN_MUST;
/* Derives these records anew from their lines. */
bool ln_replica_derive(struct ln_replica *r, const struct ln_id *records, size_t n,
                       struct ln_err *err) LN_MUST;
/* Rebuilds; with `digests` those of the changes as they are held are what has to come out, for when
 * it is the digests that are damaged. */
bool ln_replica_redo(struct ln_replica *r, bool digests, struct ln_err *err) LN_MUST;
/* Drops derived tables and replays; LN_BROKEN when the digests differ afterwards. */
bool ln_replica_rebuild(struct ln_replica *r, ln_report_fn *say, void *ctx,
                        struct ln_err *err) LN_MUST;

#endif
