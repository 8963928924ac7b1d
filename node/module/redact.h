/* Personal parts of a text that is to be public: identity numbers, mobile numbers, rooms, and the
 * words that are known to name somebody. */
#ifndef LN_REDACT_H
#define LN_REDACT_H

#include "crypto/base/buf.h"

#define LN_REDACT_MARK "〔略〕"

/* Appends `text` to `out` with each personal part replaced by LN_REDACT_MARK. `words` (NULL-ended)
 * are names, numbers, addresses of the people concerned; those under two characters are left alone.
 * Returns how many parts were replaced. */
size_t ln_redact(struct ln_buf *out, const char *text, const char *const *words);

#endif
