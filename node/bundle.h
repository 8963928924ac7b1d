/* A slice of one log as a git bundle (version 2): <log>-<first>.bundle, which any git can verify
 * and clone. Its one ref names the log; what it builds upon is its prerequisite. */
#ifndef LN_BUNDLE_H
#define LN_BUNDLE_H

#include "sync/pack.h"
#include "sync/replica.h"

#define LN_BUNDLE_MAX (LN_PACK_MAX + (1 << 16))

struct ln_bundle {
    char log[LN_LOG_MAX];
    const char *pack; /* in the bytes it was read from */
    size_t len;
};
/* LN_INVALID no bundle of a log. `file` is borrowed as long as `out` is used. */
bool ln_bundle_read(struct ln_bundle *out, const struct ln_buf *file, struct ln_err *err) LN_MUST;
/* Appends the bundle of segments from..*last of `log`, with what `to` may hold; *last = 0 and
 * nothing is appended when there are none. Reader handle. */
bool ln_bundle_write(struct ln_buf *out, uint64_t *last, struct ln_store *s,
                     const struct ln_authority *a, const struct ln_store_log *log, uint64_t from,
                     const struct ln_cert *to, struct ln_err *err) LN_MUST;

#endif
