/* What the files sqlstore_*.c share. */
#ifndef LN_SQLSTORE_CORE_H
#define LN_SQLSTORE_CORE_H

#include "node/store/sqlstore.h"

#define LN_SQLSTORE_VEIL 32

struct ln_sqlstore {
    struct ln_store handle;
    struct ln_db *db, *keys;
    const struct ln_schema *schema;
    enum ln_db_mode mode;
    bool keys_open; /* keys.db has a transaction of its own: committed before the main one, never
                       undone */
    int64_t next_record, next_change; /* 0 = not read yet */
    bool aliased;                     /* a query asked: there are records given up for others */
    uint8_t veil[LN_SQLSTORE_VEIL];
    char path[512];
};

/* Before a write to keys.db. */
bool ln_sqlstore_keys_begin(struct ln_sqlstore *s, struct ln_err *err) LN_MUST;
/* Tables, columns and indices of all collections; nothing when they were made for this schema
 * (meta "tables"). Outside a transaction. */
bool ln_sqlstore_tables(struct ln_sqlstore *s, struct ln_err *err) LN_MUST;
void ln_sqlstore_id(struct ln_id *out, struct ln_query *q, int column);

/* The operations, one file a noun. */
extern const struct ln_store_ops ln_sqlstore_ops;

bool ln_sqlstore_reserve(void *ctx, enum ln_store_count what, size_t n, int64_t *first,
                         struct ln_err *err);
bool ln_sqlstore_records_get(void *ctx, const struct ln_id *ids, size_t n, ln_store_record_fn *fn,
                             void *fctx, struct ln_err *err);
bool ln_sqlstore_records_put(void *ctx, const struct ln_store_record *r, size_t n,
                             struct ln_err *err);
bool ln_sqlstore_records_of(void *ctx, const char *collection, const char *unit, int64_t after,
                            ln_store_record_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_records_unknown(void *ctx, ln_store_record_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_changes_of(void *ctx, const int64_t *recs, size_t n, ln_store_change_fn *fn,
                            void *fctx, struct ln_err *err);
bool ln_sqlstore_changes_get(void *ctx, const struct ln_id *ids, size_t n, ln_store_change_fn *fn,
                             void *fctx, struct ln_err *err);
bool ln_sqlstore_changes_each(void *ctx, ln_store_change_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_changes_in(void *ctx, int64_t log, uint64_t from, uint64_t to,
                            ln_store_change_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_records_by(void *ctx, const int64_t *recs, size_t n, ln_store_record_fn *fn,
                            void *fctx, struct ln_err *err);
bool ln_sqlstore_changes_put(void *ctx, struct ln_store_change *c, size_t n, struct ln_err *err);
bool ln_sqlstore_changes_set(void *ctx, const struct ln_store_change *c, size_t n,
                             struct ln_err *err);
bool ln_sqlstore_changes_drop(void *ctx, const struct ln_store_change *c, size_t n,
                              struct ln_err *err);
bool ln_sqlstore_unsealed(void *ctx, size_t max, ln_store_change_fn *fn, void *fctx,
                          struct ln_err *err);
bool ln_sqlstore_unsealed_sum(void *ctx, uint64_t *count, uint64_t *bytes, struct ln_err *err);
bool ln_sqlstore_todo_put(void *ctx, const int64_t *recs, size_t n, struct ln_err *err);
bool ln_sqlstore_refused_put(void *ctx, const struct ln_id *id, int64_t log, uint64_t seq,
                             const char *why, struct ln_err *err);
bool ln_sqlstore_refused_drop(void *ctx, const struct ln_id *id, struct ln_err *err);
bool ln_sqlstore_refused_each(void *ctx, int64_t log, uint64_t from, ln_store_refused_fn *fn,
                              void *fctx, struct ln_err *err);
bool ln_sqlstore_rows_put(void *ctx, const struct ln_store_row *r, size_t n, struct ln_err *err);
bool ln_sqlstore_subject_records(void *ctx, const struct ln_coll *coll, const struct ln_id *person,
                                 ln_store_id_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_epoch_put(void *ctx, const struct ln_epoch *e, int64_t from_hlc,
                           struct ln_err *err);
bool ln_sqlstore_epoch_find(void *ctx, struct ln_epoch *out, const char *file_name,
                            struct ln_err *err);
bool ln_sqlstore_epoch_last(void *ctx, struct ln_epoch *out, int64_t *from_hlc,
                            const char *audience, struct ln_err *err);
bool ln_sqlstore_epoch_each(void *ctx, ln_store_epoch_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_key_get(void *ctx, struct ln_store_key *out, const char *kid, struct ln_err *err);
bool ln_sqlstore_key_for(void *ctx, struct ln_store_key *out, const struct ln_id *person,
                         const char *audience, struct ln_err *err);
bool ln_sqlstore_key_put(void *ctx, const struct ln_store_key *k, struct ln_err *err);
bool ln_sqlstore_key_pending(void *ctx, size_t max, ln_store_key_fn *fn, void *fctx,
                             struct ln_err *err);
bool ln_sqlstore_given_again(void *ctx, struct ln_err *err);
bool ln_sqlstore_escrow_put(void *ctx, const struct ln_store_escrow *e, struct ln_err *err);
bool ln_sqlstore_escrow_each(void *ctx, const char *node, int64_t wrap_n, const char *kid,
                             ln_store_escrow_fn *fn, void *fctx, struct ln_err *err);
bool ln_sqlstore_key_wait(void *ctx, const char *kid, const struct ln_id *record,
                          struct ln_err *err);
bool ln_sqlstore_key_waiting(void *ctx, const char *kid, ln_store_id_fn *fn, void *fctx,
                             struct ln_err *err);
bool ln_sqlstore_key_wanted(void *ctx, size_t max, ln_store_kid_fn *fn, void *fctx,
                            struct ln_err *err);
bool ln_sqlstore_kids_of(void *ctx, const struct ln_id *person, ln_store_kid_in_fn *fn, void *fctx,
                         struct ln_err *err);
bool ln_sqlstore_kid_audience(void *ctx, const char *kid, ln_store_kid_in_fn *fn, void *fctx,
                              struct ln_err *err);
bool ln_sqlstore_key_erase(void *ctx, const char *kid, struct ln_err *err);
bool ln_sqlstore_erase(void *ctx, const struct ln_id *person, int64_t at, struct ln_err *err);
bool ln_sqlstore_erased(void *ctx, const struct ln_id *person, bool *yes, struct ln_err *err);
bool ln_sqlstore_shred(void *ctx, struct ln_err *err);
bool ln_sqlstore_alias_get(void *ctx, struct ln_store_alias *out, const struct ln_id *id,
                           struct ln_err *err);
bool ln_sqlstore_alias_put(void *ctx, const struct ln_store_alias *a, struct ln_err *err);
bool ln_sqlstore_alias_into(void *ctx, const struct ln_id *to, ln_store_id_fn *fn, void *fctx,
                            struct ln_err *err);
bool ln_sqlstore_alias_rooted(void *ctx, const struct ln_id *root, ln_store_id_fn *fn, void *fctx,
                              struct ln_err *err);
bool ln_sqlstore_alias_any(void *ctx, bool *any, struct ln_err *err);
bool ln_sqlstore_lost_put(void *ctx, int64_t rec, const struct ln_id *steps, size_t n,
                          struct ln_err *err);
bool ln_sqlstore_counts(void *ctx, struct ln_store_counts *out, struct ln_err *err);
bool ln_sqlstore_audience_drop(void *ctx, const struct ln_store_audience *a, bool *gone,
                               struct ln_err *err);
bool ln_sqlstore_derived_drop(void *ctx, struct ln_err *err);

#endif
