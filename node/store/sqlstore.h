/* The store of a replica (sync/store.h) in two SQLite files: linli.db, and keys.db with what must
 * be destroyable. */
#ifndef LN_SQLSTORE_H
#define LN_SQLSTORE_H

#include "node/store/db.h"
#include "sync/store.h"

struct ln_sqlstore;

/* Opens <dir>/linli.db and <dir>/keys.db. The writer makes and migrates them, and gives every
 * collection of `schema` its table or missing columns; a reader needs them ready (LN_INVALID
 * otherwise). `schema` outlives the store. */
bool ln_sqlstore_open(struct ln_sqlstore **out, const char *dir, const struct ln_schema *schema,
                      enum ln_db_mode mode, struct ln_err *err) LN_MUST;
void ln_sqlstore_close(struct ln_sqlstore *s); /* accepts NULL; rolls back */
/* For the replica; lives as long as the store. */
struct ln_store *ln_sqlstore_handle(struct ln_sqlstore *s);
/* For the other queries of this room. */
struct ln_db *ln_sqlstore_db(struct ln_sqlstore *s);
const struct ln_schema *ln_sqlstore_schema(const struct ln_sqlstore *s);

/* ---- cells of `^` fields: sealed in the file under a key of keys.db, so that a copy of linli.db
 * alone does not tell them. Tagged so that equal values can be found without opening any. */
#define LN_SQLSTORE_TAG 16
/* Appends the canonical JSON value. LN_BROKEN when it is not what was stored there. */
bool ln_sqlstore_unveil(struct ln_buf *out, struct ln_sqlstore *s, const char *collection,
                        const char *field, int64_t rec, struct ln_span veiled,
                        struct ln_err *err) LN_MUST;
/* The tag of a plain text (`text` without quotes). */
void ln_sqlstore_tag(uint8_t out[LN_SQLSTORE_TAG], const struct ln_sqlstore *s,
                     struct ln_span text);

#endif
