/* Records given up for others (op alias): which record stands for which, the same on every replica
 * that holds the same changes, in whatever order they came.
 *
 * From a record the way goes from alias to alias. The record that stands for it is the last one on
 * the way that can be read: here, not deleted, of the same collection. Where the way runs into a
 * ring (two nodes merged in both directions) it is the one with the smallest id among those of the
 * ring that can be read. Where none can, or the way is longer than LN_ALIAS_PATH, the record stands
 * for itself: nothing hides behind what is not there. */
#ifndef LN_ALIAS_H
#define LN_ALIAS_H

#include "sync/store.h"

#define LN_ALIAS_PATH 1024

/* The record that stands for `id`; `id` itself when it was not given up. One look-up. */
bool ln_alias_root(struct ln_id *out, struct ln_store *s, const struct ln_id *id,
                   struct ln_err *err) LN_MUST;
/* All ids that are one with `id`: the record that stands for it first. For histories and erasure.
 */
bool ln_alias_set(struct ln_store *s, const struct ln_id *id, ln_store_id_fn *fn, void *ctx,
                  struct ln_err *err) LN_MUST;

/* ---- for batch.c, in a write transaction, once the records stand in the store */
struct ln_alias_list {
    struct ln_id *at;
    size_t n, cap;
};
void ln_alias_list_free(struct ln_alias_list *l);
bool ln_alias_list_add(struct ln_alias_list *l, const struct ln_id *id); /* false: was there */
/* Of the ids given, and all whose way leads through them, finds anew which record stands for each,
 * and adds to `moved` those for which that changed. */
bool ln_alias_relink(struct ln_alias_list *moved, struct ln_store *s, const struct ln_id *ids,
                     size_t n, struct ln_err *err) LN_MUST;

#endif
