/* Distinct readers of what is published (definition key "counted"): stamped here, counted here, and
 * told back by the nodes below as statistics. */
#ifndef LN_READ_H
#define LN_READ_H

#include "node/web/web.h"

/* Stamps that the caller's account read it, once; a failure is logged and forgotten. */
void ln_read_stamp(struct ln_call *c, const struct ln_def_coll *d, json_t *row);
/* Adds "readers" to a record; `whole`, above communities: "reading" {"total","below":[{"region",
 * "name","readers","as_of"}]} of what the nodes below told. */
void ln_read_show(struct ln_call *c, const struct ln_def_coll *d, json_t *row, bool whole);
/* Adds "readers" to a short item, and says it in its "sub". */
void ln_read_tell(struct ln_call *c, const json_t *row, json_t *item);

#endif
