/* What a record is called, for whoever asks: its `title` fields in words, refs by the titles of
 * what they name, codes by their labels in the caller's language. */
#ifndef LN_TITLE_H
#define LN_TITLE_H

#include "node/web/web.h"

#define LN_TITLE_MAX 200

/* The title of a row that ln_engine_mask has seen; "" when it says nothing to this caller. */
void ln_title_write(char out[LN_TITLE_MAX + 1], struct ln_call *c, const struct ln_def_coll *d,
                    const json_t *row);
/* One field's value in words; files, maps and places say nothing. Appends to `out`. */
void ln_title_value(struct ln_buf *out, struct ln_call *c, const struct ln_def_field *f,
                    const json_t *value);
/* 123450 as ¥1,234.50 */
void ln_title_money(struct ln_buf *out, int64_t fen);
/* The title of the record `id`, kept for the request. NULL: not there, or not for this caller. */
const char *ln_title_of(struct ln_call *c, const char *id);

#endif
