/* Segments as a node could send them that holds a good key and keeps no rule: well signed and well
 * chained, whatever stands in their lines. */
#ifndef LN_FORGE_H
#define LN_FORGE_H

#include "sync/replica.h"

/* Adds to a pack in the making (ln_pack_begin) the segment that follows `head` (seq 0: the first)
 * of log `log`, with `lines` in public.jsonl, or sealed for `epoch` when that is not NULL. `head`
 * becomes the new segment. Adds three objects. False: it passes a ceiling. */
bool forge_segment(struct ln_buf *pack, struct ln_segment *head, const char *log,
                   const struct ln_seckey *key, struct ln_span lines, const struct ln_epoch *epoch,
                   int64_t time_s);
/* The segment as a pack of its own. */
bool forge_pack(struct ln_buf *pack, struct ln_segment *head, const char *log,
                const struct ln_seckey *key, struct ln_span lines, const struct ln_epoch *epoch,
                int64_t time_s);
/* The head of a log as a store holds it, to go on from. */
bool forge_head(struct ln_segment *head, struct ln_store *s, const char *log, struct ln_err *err);

#endif
