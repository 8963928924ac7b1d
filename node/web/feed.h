/* What everybody may read, in other people's formats: Atom, iCalendar, vCard. */
#ifndef LN_FEED_H
#define LN_FEED_H

#include "node/web/web.h"

/* Rows of a collection that a guest may read, newest first: published for this region or one above
 * it, and not past their day. The caller frees; NULL and `err` when the store fails. */
json_t *ln_feed_rows(struct ln_call *c, const char *coll, unsigned max, struct ln_err *err);

#endif
