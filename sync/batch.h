/* Lines on their way into records: one bulk read of the records they touch, merging in memory, one
 * bulk write. Used for saves and for received segments alike. One thread, inside an open
 * transaction of the store. */
#ifndef LN_BATCH_H
#define LN_BATCH_H

#include "sync/replica.h"

struct ln_batch;
struct ln_batch_line {
    struct ln_change c;   /* its spans stay where they are until the flush */
    const char *audience; /* full name, copied */
    int64_t log;          /* store number of the log it stands in, or will */
    uint64_t seq;         /* 0 not sealed yet */
    int64_t eff;          /* effective time */
    const char *why;      /* refused for this reason (static text), NULL accepted */
    const char *region;   /* of the author, copied */
    struct ln_span clear; /* sealed fields in clear when the caller has them; same life as c */
    int64_t from_log;     /* quoted from there, the region is that of its author; 0 not quoted */
    uint64_t from_seq;
    bool protocol; /* cert revoke epoch receipt erase checkpoint: counts for digests only */
    bool keep;     /* its text is kept beside it: the file it stood in is not here */
};

struct ln_batch *ln_batch_new(struct ln_store *store, const struct ln_schema *schema);
void ln_batch_free(struct ln_batch *b);
/* A copy of `len` bytes that lives until the next flush. */
char *ln_batch_keep(struct ln_batch *b, const void *data, size_t len);
void ln_batch_add(struct ln_batch *b, const struct ln_batch_line *l);
/* Forgets what was added and not flushed: the transaction it belonged to is undone. */
void ln_batch_drop(struct ln_batch *b);
size_t ln_batch_count(const struct ln_batch *b);
/* Merges and writes all that was added, and forgets it. *known = how many were there before; may be
 * NULL. */
bool ln_batch_flush(struct ln_batch *b, unsigned *known, struct ln_err *err) LN_MUST;

/* What the store has of one record, for bases and checks; found false when it is not there. Free
 * with ln_merge_free(&out->merged). */
struct ln_batch_record {
    bool found, deleted;
    int64_t n, audience;
    char collection[32], region[LN_REGION_LEN + 1];
    struct ln_merged merged;
    uint64_t etag;
};
bool ln_batch_record(struct ln_batch_record *out, struct ln_store *s, const struct ln_id *id,
                     struct ln_err *err) LN_MUST;
/* The last step taken, for the base of the next one; zero when none. `state` gets the present state
 * (48 bytes). */
bool ln_batch_state(struct ln_id *last, char state[48], struct ln_store *s,
                    const struct ln_coll *coll, int64_t rec, struct ln_err *err) LN_MUST;

/* Effective time, state of already written changes has changed: writes it, moves the digests and
 * derives their records anew. `eff` 0 = leave, `why` NULL = leave, else refused from now on. Ids
 * not there are skipped. */
struct ln_batch_fate {
    struct ln_id id;
    int64_t log; /* only while the change counts by that log; 0 = by whichever */
    int64_t eff;
    const char *why;
};
bool ln_batch_change(struct ln_batch *b, const struct ln_batch_fate *f, size_t n,
                     struct ln_err *err) LN_MUST;
/* Derives these records from all their lines (a key came, a rule changed). */
bool ln_batch_derive(struct ln_batch *b, const struct ln_id *records, size_t n,
                     struct ln_err *err) LN_MUST;
/* The same, of records with lines that an earlier program kept without knowing their collection or
 * operation: those that this one knows count from now on. */
bool ln_batch_learn(struct ln_batch *b, const struct ln_id *records, size_t n,
                    struct ln_err *err) LN_MUST;

struct ln_batch_quote { /* the segment from which lines are quoted; "" and 0: it says none */
    char log[LN_LOG_MAX];
    uint64_t seq;
};
/* The line of a sealed change, read from its segment: calls fn for the change lines of one file
 * set; `quote` NULL when they are not quoted. */
typedef bool ln_batch_text_fn(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                              const char *line, size_t len, struct ln_err *err);
/* Every line of every file of a segment that can be opened here. *unreadable = files that could
 * not. */
bool ln_batch_lines(struct ln_store *s, const char *log, const struct ln_store_segment *seg,
                    ln_batch_text_fn *fn, void *ctx, unsigned *unreadable,
                    struct ln_err *err) LN_MUST;
/* Opens the sealed fields of a line with a key held here; *out stays empty when it is not. */
bool ln_batch_open(struct ln_buf *out, struct ln_store *s, const struct ln_change *c,
                   struct ln_err *err) LN_MUST;

#endif
