/* What a replica keeps, as calls that SQLite, PostgreSQL (later, unchanged on Citus) and the
 * simulator's memory can answer. sync decides, the store remembers: it checks nothing, merges
 * nothing and signs nothing.
 *
 * Handles: one writer (the writer thread's), any number of readers, each on one thread. Calls
 * marked [w] need the writer inside begin/commit; all others work on either, and on a reader stand
 * inside read_begin/read_end, which give one consistent snapshot.
 * Numbers: logs, audiences, records and changes have numbers (> 0) of this store alone; other nodes
 * never see them. Collections go by name. 0 = none.
 * Bulk: calls with arrays take any n (0 too) and are one statement a table and batch on
 * PostgreSQL; every put is an upsert, so a batch may be replayed.
 * Callbacks: what they get is borrowed during the call; false stops and fails the call with the
 * callback's err. A callback makes no write call, but may read.
 * Secrets: epoch secrets and subject keys stand as they are in a database of their own (keys.db,
 * 0600, secure_delete, never in a backup): the node's private keys lie beside it in clear too, and
 * theft protection is the disk's job. It commits before the rest does, so that nothing is ever
 * sealed under a key that a crash could lose; rollback and savepoints do not undo it (a spare key
 * does no harm).
 * Errors: LN_BUSY (locked, try later), LN_FULL (disk), LN_BROKEN; a thing that is not there is no
 * error unless said. After LN_BROKEN on commit the handle is dead: close and open anew. */
#ifndef LN_STORE_H
#define LN_STORE_H

#include "sync/audience.h"
#include "sync/digest.h"
#include "sync/merge.h"
#include "sync/segment.h"

struct ln_store_log {
    int64_t n; /* 0 = not there yet: put fills it */
    char id[LN_LOG_MAX];
    bool mine;
    uint64_t head;    /* last sequence held, 0 = none */
    uint64_t applied; /* last sequence whose lines are in records; <= head */
    uint64_t receipt; /* last sequence that has a receipt */
    uint64_t volume;  /* last sequence that lies durable in a volume */
    struct ln_sha256 head_sha;
    struct ln_sha1 head_commit;
};

struct ln_store_file {
    char name[24];
    struct ln_sha256 sha;
    size_t size;          /* stored bytes; 0 = not known, because never held */
    struct ln_span bytes; /* .p NULL = in a volume, dropped, or never held */
};
struct ln_store_segment {
    int64_t log;
    uint64_t seq;
    struct ln_sha256 sha;
    int64_t hlc;                 /* latest claimed time of its lines that could be read, 0 none */
    struct ln_span commit, tree; /* .p NULL = in a volume */
    char volume[16];             /* "2026q4"; "" = not there yet */
    size_t n_files;
    struct ln_store_file files[LN_SEGMENT_FILES];
};

struct ln_store_audience {
    int64_t n;
    char name[LN_AUDIENCE_MAX];
    struct ln_digest digest;
};

struct ln_store_record {
    int64_t n;
    struct ln_id id;
    struct ln_span collection;
    char region[LN_REGION_LEN + 1]; /* of the node that added it; "" = its add is not here */
    int64_t audience;
    bool deleted;
    unsigned conflicts;
    struct ln_span heads; /* ln_merge_pack */
};

enum ln_store_state {
    LN_STORE_GOOD = 0,    /* merged (provisional while seq = 0 or > the log's receipt) */
    LN_STORE_VOID = 1,    /* refused, or behind a revocation: kept, counts for nothing */
    LN_STORE_UNKNOWN = 2, /* collection, version or op of a newer program: merged, no row */
};
struct ln_store_change {
    int64_t n;
    struct ln_id id;
    int64_t rec;  /* 0 for lines of the protocol itself: cert revoke epoch receipt erase */
    int64_t log;  /* the log it stands in, or will */
    uint64_t seq; /* 0 = not sealed yet */
    int64_t audience;
    int64_t eff; /* effective time; mostly the id's own (leave it out of the row then) */
    enum ln_store_state state;
    struct ln_span line; /* only while unsealed, UNKNOWN, a step, or its file is dropped behind a
                            checkpoint; else it stands in its file */
    int64_t from_log;    /* quoted from there; 0 = not */
    uint64_t from_seq;
    struct ln_span gone; /* as in struct ln_change; empty = none */
    bool known;          /* out, by changes_put: that id was there before, nothing was written */
};

/* As it may outlive the call that gave it: without what is borrowed. */
static inline struct ln_store_change ln_store_change_bare(const struct ln_store_change *c)
{
    struct ln_store_change bare = *c;

    bare.line = bare.gone = (struct ln_span){ NULL, 0 };
    return bare;
}

/* A row of c_<collection>: only the fields named are written; the first put of a record makes the
 * row. */
struct ln_store_cell {
    int field;            /* index into coll->fields */
    struct ln_span value; /* canonical JSON in clear, of any type the field has; .p NULL = empty */
};
struct ln_store_row {
    const struct ln_coll *coll;
    int64_t rec;
    bool drop;            /* the record is deleted: no row */
    bool whole;           /* fields not named become empty */
    struct ln_span state; /* workflow state, derived (column `_state`); .p NULL = leave */
    int64_t eff;          /* effective time of the latest change in it (column `_eff`) */
    size_t n;
    const struct ln_store_cell *cells;
};

struct ln_store_receipt {
    uint64_t seq;
    int64_t t;
    struct ln_span evidence; /* receipt line's f object, or the parent's whole signed response */
};

struct ln_store_key {
    char kid[16];
    struct ln_id person;
    char audience[LN_AUDIENCE_MAX];
    uint8_t secret[32];
    bool escrowed; /* the parent holds its escrow */
    bool shared;   /* other members of the audience have it from us, or there are none */
};
struct ln_store_escrow {
    int64_t wrap_n; /* number of the wrap in this store: keys given in one body share one */
    char kid[16];
    char node[LN_NODE_ID_MAX]; /* who gave it */
    struct ln_id person;
    char audience[LN_AUDIENCE_MAX];
    struct ln_span box,
        wrap; /* the key under a batch key; that one as an age file to the recovery key */
};

/* A record given up for another. */
struct ln_store_alias {
    struct ln_id id, to; /* to zero = it is not */
    struct ln_id root;   /* the record that stands for it, itself when none can */
};

/* conflicts, refused, lost: records, changes, steps not taken that nobody decided about; twins:
 * pairs that may be one */
struct ln_store_counts {
    uint64_t records, changes, unsealed, unreceipted, conflicts, refused, forks, todo, lost, twins;
    uint64_t bytes; /* of the database files */
};

enum ln_store_count { LN_STORE_RECORDS, LN_STORE_CHANGES };

typedef bool ln_store_log_fn(void *ctx, const struct ln_store_log *l, struct ln_err *err);
typedef bool ln_store_segment_fn(void *ctx, const struct ln_store_segment *s, struct ln_err *err);
typedef bool ln_store_audience_fn(void *ctx, const struct ln_store_audience *a, struct ln_err *err);
typedef bool ln_store_record_fn(void *ctx, const struct ln_store_record *r, struct ln_err *err);
typedef bool ln_store_change_fn(void *ctx, const struct ln_store_change *c, struct ln_err *err);
typedef bool ln_store_epoch_fn(void *ctx, const struct ln_epoch *e, struct ln_err *err);
typedef bool ln_store_key_fn(void *ctx, const struct ln_store_key *k, struct ln_err *err);
typedef bool ln_store_escrow_fn(void *ctx, const struct ln_store_escrow *e, struct ln_err *err);
typedef bool ln_store_id_fn(void *ctx, const struct ln_id *id, struct ln_err *err);
typedef bool ln_store_kid_fn(void *ctx, const char *kid, struct ln_err *err);
typedef bool ln_store_kid_in_fn(void *ctx, const char *kid, const char *audience,
                                struct ln_err *err);
typedef bool ln_store_cert_fn(void *ctx, const char *author, bool revoke, struct ln_span f,
                              struct ln_err *err);
typedef bool ln_store_meta_fn(void *ctx, const char *key, struct ln_span value, struct ln_err *err);
struct ln_store_files {
    const char *name;
    uint64_t held, lacking, bytes;
};
typedef bool ln_store_files_fn(void *ctx, const struct ln_store_files *f, struct ln_err *err);
typedef bool ln_store_refused_fn(void *ctx, const struct ln_id *id, int64_t log, uint64_t seq,
                                 const char *why, struct ln_err *err);

struct ln_store_ops {
    /* ---- transactions. `community` is the 12-digit region whose rows it touches (a hint for
     * placement; SQLite ignores it). Savepoints do not nest; keep = false undoes. */
    bool (*begin)(void *ctx, const char *community, struct ln_err *err);
    bool (*commit)(void *ctx, struct ln_err *err); /* durable when it returns true */
    void (*rollback)(void *ctx);
    bool (*savepoint)(void *ctx, struct ln_err *err);
    void (*savepoint_end)(void *ctx, bool keep);
    bool (*read_begin)(void *ctx, struct ln_err *err);
    void (*read_end)(void *ctx);

    /* ---- small named values: "clock", "identity", "invite/<id>", ... `out` stays empty and *found
     * false when there is none. meta_put with .p NULL deletes [w]. */
    bool (*meta_get)(void *ctx, const char *key, struct ln_buf *out, bool *found,
                     struct ln_err *err);
    bool (*meta_put)(void *ctx, const char *key, struct ln_span value, struct ln_err *err);
    bool (*meta_each)(void *ctx, const char *prefix, ln_store_meta_fn *fn, void *fctx,
                      struct ln_err *err);

    /* ---- logs, segments, files. log_get: out->n = 0 when unknown. */
    bool (*log_get)(void *ctx, struct ln_store_log *out, const char *id, struct ln_err *err);
    bool (*log_by)(void *ctx, struct ln_store_log *out, int64_t n, struct ln_err *err);
    bool (*log_put)(void *ctx, struct ln_store_log *l, struct ln_err *err); /* [w] */
    bool (*log_each)(void *ctx, ln_store_log_fn *fn, void *fctx, struct ln_err *err);
    bool (*segment_put)(void *ctx, const struct ln_store_segment *s, struct ln_err *err); /* [w] */
    /* From `from` on, ascending, until the callback says false with err->code LN_OK (an end, not a
     * failure) or there are no more. `bytes` false leaves the files' bytes out. */
    bool (*segment_each)(void *ctx, int64_t log, uint64_t from, bool bytes, ln_store_segment_fn *fn,
                         void *fctx, struct ln_err *err);
    /* Segments from `from` on leave the log: another one stands in their place. [w] */
    bool (*segment_cut)(void *ctx, int64_t log, uint64_t from, struct ln_err *err);
    /* A file that came later than its segment (a re-send after a key or a pruning). [w] */
    bool (*file_put)(void *ctx, int64_t log, uint64_t seq, const struct ln_store_file *f,
                     struct ln_err *err);
    /* Segments of a log whose file of that name is held, ascending: at most max into seqs. */
    bool (*segments_with)(void *ctx, int64_t log, const char *name, uint64_t *seqs, size_t max,
                          size_t *n, struct ln_err *err);
    /* Of each name of sealed files in segments from..to: how many have bytes here, how many have
     * none (a drop, or never held), and the bytes. */
    bool (*files_in)(void *ctx, int64_t log, uint64_t from, uint64_t to, ln_store_files_fn *fn,
                     void *fctx, struct ln_err *err);
    /* Takes the bytes of all sealed files in segments up to `to` away. [w] */
    bool (*files_drop)(void *ctx, int64_t log, uint64_t to, struct ln_err *err);
    bool (*fork_put)(void *ctx, int64_t log, uint64_t seq, const struct ln_sha256 *sha,
                     struct ln_span commit, struct ln_err *err); /* [w] */

    /* ---- receipts of a log. Of two for one segment the one of the earlier time is kept, with its
     * evidence. receipt_first: the first one with its seq >= seq; seq = 0 in `out` when there is
     * none yet. `evidence` may be NULL. */
    bool (*receipt_put)(void *ctx, int64_t log, const struct ln_store_receipt *r,
                        struct ln_err *err); /* [w] */
    bool (*receipt_first)(void *ctx, int64_t log, uint64_t seq, struct ln_store_receipt *out,
                          struct ln_buf *evidence, struct ln_err *err);

    /* ---- certificates and revocations, in the order they were put (each f once) */
    bool (*cert_put)(void *ctx, const char *author, bool revoke, struct ln_span f,
                     struct ln_err *err); /* [w] */
    bool (*cert_each)(void *ctx, ln_store_cert_fn *fn, void *fctx, struct ln_err *err);

    /* ---- audiences. audience_get on the writer makes one that is not there [w]; on a reader
     * out->n = 0. */
    bool (*audience_get)(void *ctx, struct ln_store_audience *out, const char *name,
                         struct ln_err *err);
    bool (*audience_by)(void *ctx, struct ln_store_audience *out, int64_t n, struct ln_err *err);
    bool (*audience_put)(void *ctx, const struct ln_store_audience *a,
                         struct ln_err *err); /* [w] */
    bool (*audience_each)(void *ctx, ln_store_audience_fn *fn, void *fctx, struct ln_err *err);
    /* Forgets everything that stands in an audience: records, rows, changes, words, subject keys
     * and the secrets of its epochs, so that its files cannot be opened any more. Nothing is done
     * and *gone stays false while a change of ours in it has no receipt, or nothing is left. [w] */
    bool (*audience_drop)(void *ctx, const struct ln_store_audience *a, bool *gone,
                          struct ln_err *err);

    /* ---- epochs whose secret we hold (keys.db). epoch_find: by file name; epoch_last: the one
     * with the greatest from_hlc, then label. out->label[0] = '\0' when there is none. */
    bool (*epoch_put)(void *ctx, const struct ln_epoch *e, int64_t from_hlc, struct ln_err *err);
    bool (*epoch_find)(void *ctx, struct ln_epoch *out, const char *file_name, struct ln_err *err);
    bool (*epoch_last)(void *ctx, struct ln_epoch *out, int64_t *from_hlc, const char *audience,
                       struct ln_err *err);
    bool (*epoch_each)(void *ctx, ln_store_epoch_fn *fn, void *fctx, struct ln_err *err);

    /* ---- records and changes */
    /* The first of `n` numbers in a row that nobody has, for records and changes to come. [w] */
    bool (*reserve)(void *ctx, enum ln_store_count what, size_t n, int64_t *first,
                    struct ln_err *err);
    /* Those of the ids that are there, each once, in any order. */
    bool (*records_get)(void *ctx, const struct ln_id *ids, size_t n, ln_store_record_fn *fn,
                        void *fctx, struct ln_err *err);
    /* The same by their numbers. */
    bool (*records_by)(void *ctx, const int64_t *recs, size_t n, ln_store_record_fn *fn, void *fctx,
                       struct ln_err *err);
    bool (*records_put)(void *ctx, const struct ln_store_record *r, size_t n,
                        struct ln_err *err); /* [w] by number */
    /* Those with numbers above `after`, ascending: of a collection (NULL any), and with `unit` only
     * those whose packed heads may name it. records_unknown: those with lines of state UNKNOWN. */
    bool (*records_of)(void *ctx, const char *collection, const char *unit, int64_t after,
                       ln_store_record_fn *fn, void *fctx, struct ln_err *err);
    bool (*records_unknown)(void *ctx, ln_store_record_fn *fn, void *fctx, struct ln_err *err);
    /* All changes of the records with these numbers, by record, then id. */
    bool (*changes_of)(void *ctx, const int64_t *recs, size_t n, ln_store_change_fn *fn, void *fctx,
                       struct ln_err *err);
    bool (*changes_get)(void *ctx, const struct ln_id *ids, size_t n, ln_store_change_fn *fn,
                        void *fctx, struct ln_err *err);
    /* Every change, without its line. */
    bool (*changes_each)(void *ctx, ln_store_change_fn *fn, void *fctx, struct ln_err *err);
    /* All changes that stand in segments from..to of a log, by segment, then number. */
    bool (*changes_in)(void *ctx, int64_t log, uint64_t from, uint64_t to, ln_store_change_fn *fn,
                       void *fctx, struct ln_err *err);
    /* New ones are inserted; an id that is there already is left as it is and marked known. [w] */
    bool (*changes_put)(void *ctx, struct ln_store_change *c, size_t n, struct ln_err *err);
    /* Writes everything of changes that are there, but their ids, by number; an empty `gone` leaves
     * what is there. [w] */
    bool (*changes_set)(void *ctx, const struct ln_store_change *c, size_t n, struct ln_err *err);
    bool (*changes_drop)(void *ctx, const struct ln_store_change *c, size_t n,
                         struct ln_err *err); /* [w] by number */
    /* Unsealed ones (seq = 0): lines of the protocol (rec = 0) first, each kind in order of number;
     * at most `max`. Epochs thus leave before what is sealed under them. */
    bool (*unsealed)(void *ctx, size_t max, ln_store_change_fn *fn, void *fctx, struct ln_err *err);
    bool (*unsealed_sum)(void *ctx, uint64_t *count, uint64_t *bytes, struct ln_err *err);
    bool (*rows_put)(void *ctx, const struct ln_store_row *r, size_t n,
                     struct ln_err *err); /* [w] */
    /* Records that came or changed: what follows a commit (full text, attachments) looks at them.
     * [w] */
    bool (*todo_put)(void *ctx, const int64_t *recs, size_t n, struct ln_err *err);
    bool (*refused_put)(void *ctx, const struct ln_id *id, int64_t log, uint64_t seq,
                        const char *why, struct ln_err *err);                    /* [w] */
    bool (*refused_drop)(void *ctx, const struct ln_id *id, struct ln_err *err); /* [w] */
    bool (*refused_each)(void *ctx, int64_t log, uint64_t from, ln_store_refused_fn *fn, void *fctx,
                         struct ln_err *err); /* log 0 = all */

    /* ---- records given up for others (alias.h). alias_get: out->to zero when it is none.
     * alias_put with `to` zero takes it away [w]. alias_into: those given up for `to` directly;
     * alias_rooted: those that `root` stands for, itself not. alias_any: whether there is any. */
    bool (*alias_get)(void *ctx, struct ln_store_alias *out, const struct ln_id *id,
                      struct ln_err *err);
    bool (*alias_put)(void *ctx, const struct ln_store_alias *a, struct ln_err *err);
    bool (*alias_into)(void *ctx, const struct ln_id *to, ln_store_id_fn *fn, void *fctx,
                       struct ln_err *err);
    bool (*alias_rooted)(void *ctx, const struct ln_id *root, ln_store_id_fn *fn, void *fctx,
                         struct ln_err *err);
    bool (*alias_any)(void *ctx, bool *any, struct ln_err *err);
    /* The steps of a record that were not taken, all of them. [w] */
    bool (*lost_put)(void *ctx, int64_t rec, const struct ln_id *steps, size_t n,
                     struct ln_err *err);

    /* ---- subject keys and escrow (keys.db). key_get: by kid; key_for: the one in use for person
     * and audience (zero person: a spare from the pool); out->kid[0] = '\0' when there is none. A
     * spare is taken by putting it again with its person. */
    bool (*key_get)(void *ctx, struct ln_store_key *out, const char *kid, struct ln_err *err);
    bool (*key_for)(void *ctx, struct ln_store_key *out, const struct ln_id *person,
                    const char *audience, struct ln_err *err);
    bool (*key_put)(void *ctx, const struct ln_store_key *k, struct ln_err *err); /* [w] */
    /* Those not escrowed or not shared yet, at most max. */
    bool (*key_pending)(void *ctx, size_t max, ln_store_key_fn *fn, void *fctx, struct ln_err *err);
    /* Another parent, or one that has forgotten: no key, whoever made it, is escrowed or shared any
     * more, and no attachment given. [w] */
    bool (*given_again)(void *ctx, struct ln_err *err);
    bool (*escrow_put)(void *ctx, const struct ln_store_escrow *e, struct ln_err *err); /* [w] */
    /* Of one node, by (wrap_n, kid), from behind that place on (0 and "": from the start), until
     * the callback says false with err->code LN_OK. */
    bool (*escrow_each)(void *ctx, const char *node, int64_t wrap_n, const char *kid,
                        ln_store_escrow_fn *fn, void *fctx, struct ln_err *err);
    /* Records with a line sealed under a key that is not here: noted, and given back (and
     * forgotten) when the key comes. [w] */
    bool (*key_wait)(void *ctx, const char *kid, const struct ln_id *record, struct ln_err *err);
    bool (*key_waiting)(void *ctx, const char *kid, ln_store_id_fn *fn, void *fctx,
                        struct ln_err *err);

    /* Keys waited for, each once, at most max. */
    bool (*key_wanted)(void *ctx, size_t max, ln_store_kid_fn *fn, void *fctx, struct ln_err *err);

    /* ---- erasure. kids_of: the keys and escrowed keys of a person, kid_audience: of a key (each
     * with its audience, maybe twice). key_erase: destroys a key and its escrow, durably with the
     * next commit, and takes none of that name again; nothing waits for it any more. erase notes
     * the person. [w] */
    bool (*kids_of)(void *ctx, const struct ln_id *person, ln_store_kid_in_fn *fn, void *fctx,
                    struct ln_err *err);
    bool (*kid_audience)(void *ctx, const char *kid, ln_store_kid_in_fn *fn, void *fctx,
                         struct ln_err *err);
    bool (*key_erase)(void *ctx, const char *kid, struct ln_err *err);
    bool (*erase)(void *ctx, const struct ln_id *person, int64_t at, struct ln_err *err);
    bool (*erased)(void *ctx, const struct ln_id *person, bool *yes, struct ln_err *err);
    /* Records of `coll` whose subject field names the person. */
    bool (*subject_records)(void *ctx, const struct ln_coll *coll, const struct ln_id *person,
                            ln_store_id_fn *fn, void *fctx, struct ln_err *err);
    /* Optimises full text and truncates the write-ahead log, so that erased words leave the files;
     * outside a transaction, writer. LN_BUSY: somebody still reads what was; they may be there. */
    bool (*shred)(void *ctx, struct ln_err *err);

    /* ---- care */
    bool (*counts)(void *ctx, struct ln_store_counts *out, struct ln_err *err);
    /* Empties everything that follows from segments: sealed changes, records, rows, refusals, full
     * text, statistics, audience digests (unsealed changes stay, their records go), and sets
     * applied = 0 in every log. [w] */
    bool (*derived_drop)(void *ctx, struct ln_err *err);
};

struct ln_store {
    const struct ln_store_ops *ops;
    void *ctx;
};

#endif
