/* Merging as a pure function of the set of accepted lines of one record (DESIGN "Merge"). A unit is
 * a field, a group, or "field/key" for one key of a map; "" is the record's existence (add, delete,
 * restore). Heads of a unit = its changes that no accepted change of the unit replaces; value = the
 * head with the greatest (effective, id). */
#ifndef LN_MERGE_H
#define LN_MERGE_H

#include "sync/change.h"

/* What one change writes: "" by add, delete and restore; of each field in `f` or `n` its unit, of a
 * map field in `f` (or in a remove) "<unit>/<key>" for each key; "@alias" by alias and unalias.
 * step and unknown ops write none. A sealed map (in `n`) counts as one unit. Unit names longer than
 * the room here are cut and end in a hash. In "" an add is replaced by any delete or restore. When
 * writers of a unit replace each other in a ring, so that none would be left, all of them are
 * heads. In units that are `gone` (struct ln_change) a change is no head, and replaces what it
 * names all the same. */
#define LN_MERGE_UNIT_MAX 136

/* One accepted change as merging sees it. `n` is the store's number of the change. */
struct ln_merge_in {
    int64_t n;
    int64_t eff;
    struct ln_change c;
};

struct ln_head {
    int64_t n;
    int64_t eff;
    struct ln_id id;
};
struct ln_merge_unit {
    char name[LN_MERGE_UNIT_MAX];
    size_t n_heads;
    struct ln_head *heads; /* greatest (eff, id) first: heads[0] holds the value */
};
struct ln_merged {
    size_t n_units;
    struct ln_merge_unit *units; /* sorted by name */
    bool deleted;                /* the value of "" is a delete */
    bool aliased;                /* the value of "@alias" is an alias, `alias` says into which */
    struct ln_id alias;
    bool forked; /* a step that ended the record was not taken, and nobody decided (batch.c) */
    bool again;  /* ln_merge_add met a delete, restore, alias, unalias, a record deleted or
                    aliased, or what replaces a head and is gone: derive from scratch */
    unsigned conflicts; /* units with more than one head, + 1 when an edit beside a delete or beside
                           an alias is not covered */
};

/* From scratch. The order of `in` does not matter. `coll` NULL = unknown collection: every key its
 * own unit. */
bool ln_merge_derive(struct ln_merged *out, const struct ln_coll *coll,
                     const struct ln_merge_in *in, size_t n, struct ln_err *err) LN_MUST;
/* Adds one change to what was derived before; gives the same as deriving from scratch whenever
 * nothing accepted before replaces `in` (the caller knows from `awaited`) and `again` stays false.
 * O(units written). */
bool ln_merge_add(struct ln_merged *m, const struct ln_coll *coll, const struct ln_merge_in *in,
                  struct ln_err *err) LN_MUST;
void ln_merge_free(struct ln_merged *m);
/* NULL when nobody wrote it. Borrowed until the next change to `m`. */
const struct ln_merge_unit *ln_merge_find(const struct ln_merged *m, const char *unit);

/* The units a change writes, in order; calls back for each with the field and, for maps, the key.
 */
typedef bool ln_merge_unit_fn(void *ctx, struct ln_span field, struct ln_span map_key,
                              const char *unit, struct ln_err *err);
bool ln_merge_units(const struct ln_change *c, const struct ln_coll *coll, ln_merge_unit_fn *fn,
                    void *ctx, struct ln_err *err) LN_MUST;
/* Whether `units`, as `gone` of struct ln_change, names this one. */
bool ln_merge_gone(struct ln_span units, const char *unit);

/* Packed form for the record row (FORMATS): one run (n of the change) when all units share a
 * change. */
bool ln_merge_pack(struct ln_buf *out, const struct ln_merged *m, struct ln_err *err) LN_MUST;
bool ln_merge_unpack(struct ln_merged *out, const void *data, size_t len,
                     struct ln_err *err) LN_MUST;

#endif
