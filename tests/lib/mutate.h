/* Every small change of a text: what a parser of foreign bytes is shown. */
#ifndef LN_TEST_MUTATE_H
#define LN_TEST_MUTATE_H

#include "crypto/canon.h"

typedef void mutate_fn(void *ctx, const char *text, size_t len);

/* Each byte left out, twice, or another one; the text cut before it; the text with one behind it.
 */
void mutate_bytes(const char *text, size_t len, mutate_fn *fn, void *ctx);
/* Canonical JSON with one value anywhere in it left out, or of each other kind. */
void mutate_json(struct ln_span value, mutate_fn *fn, void *ctx);

#endif
