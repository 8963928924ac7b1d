/* Orders of long lists: an index by a field, made when somebody first sorts or filters a long list
 * by it, and not before, since each costs some 40 bytes a record and a part of every save. What the
 * definition finds rows by (ln_coll.find) has one from the beginning. */
#ifndef LN_ORDER_H
#define LN_ORDER_H

#include "node/store/sqlstore.h"

#define LN_ORDER_ROWS 5000 /* a shorter list is put in order as it is */
#define LN_ORDER_MAX 4     /* made so for one collection; then the oldest gives way, */
#define LN_ORDER_REST_MS INT64_C(3600000) /* at most once in that time */

/* *wanted: the collection is long, and its list by `field` (of the collection, or `state`) walks
 * over all of it; but not while there are LN_ORDER_MAX and the last has been made just now. Never
 * for `^` fields, whose values are veiled, and for lists and maps. In a read transaction. */
bool ln_order_wanted(bool *wanted, struct ln_sqlstore *s, const struct ln_coll *c,
                     const char *field, int64_t now_ms, struct ln_err *err) LN_MUST;
/* Makes the index of a field that is wanted. In a write transaction; 100,000 rows take a fraction
 * of a second. */
bool ln_order_make(struct ln_sqlstore *s, const struct ln_coll *c, const char *field,
                   int64_t now_ms, struct ln_err *err) LN_MUST;

#endif
