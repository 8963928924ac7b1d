/* Which logs a child and a node above it (`at`: mostly its parent) exchange, and how far one side
 * holds them. Both sides derive the same set from certificates alone, so two hashes tell whether
 * they are level.
 *   up    logs and down-logs whose author is the child or stands below it; down-logs for the child
 *         of nodes that were its parent once: their receipts hold on
 *   down  of each node above the child its own log, and its down-log for the next node on the way
 *         to the child (the receipts there decide effective times); logs of the nodes that the
 *         child's certificate `continues`; of a laptop's parent the logs of its other laptops
 * Past the parent (`at` stands above it) the own logs of the nodes between are left out: such a
 * node cannot tell which of their sealed files are for the child. */
#ifndef LN_VIEW_H
#define LN_VIEW_H

#include "sync/replica.h"

#define LN_VIEW_HASH 23            /* base64url of BLAKE2b-128, and '\0' */
#define LN_VIEW_LOGS_MAX (1 << 17) /* more logs than a province has nodes */

struct ln_view_log {
    char log[LN_LOG_MAX];
    uint64_t seq; /* head held, never 0 */
    struct ln_sha256 sha;
    bool up;
    bool own;       /* the child is its author */
    bool closed;    /* a revocation ends it here: more is held, which counts for nothing */
    bool seen;      /* for the caller's use */
    unsigned depth; /* of its author under the root: certificates come before those they certify */
};
struct ln_view {
    size_t n, cap;
    struct ln_view_log *logs; /* read: by depth, then name; parsed: by name */
    char all[LN_VIEW_HASH];   /* of all heads */
    char sum[LN_VIEW_HASH];   /* of the digests of the audiences both belong to; "" while something
                                 waits for its receipt or its segment, for then they may differ */
};
void ln_view_free(struct ln_view *v);

/* Whether `child` and `at` exchange this log; `out` (may be NULL) gets up, own and depth. */
bool ln_view_holds(struct ln_view_log *out, const struct ln_authority *a, const char *child,
                   const char *at, const char *log);
/* What this side holds. Reader or writer handle inside a transaction. */
bool ln_view_read(struct ln_view *out, struct ln_store *s, const struct ln_authority *a,
                  const char *child, const char *at, struct ln_err *err) LN_MUST;
/* [["<log>",seq,"<sha>"],...], sha in base64url. Reading knows no up, own and depth. */
void ln_view_write(struct ln_buf *out, const struct ln_view *v);
/* `array` passed ln_canon_check. */
bool ln_view_parse(struct ln_view *out, struct ln_span array, struct ln_err *err) LN_MUST;
/* In a parsed view; NULL when it holds nothing of that log. */
struct ln_view_log *ln_view_find(struct ln_view *parsed, const char *log);
/* Sets or adds a head; `log` is shorter than LN_LOG_MAX. Pointers from before are void. */
struct ln_view_log *ln_view_note(struct ln_view *parsed, const char *log, uint64_t seq,
                                 const struct ln_sha256 *sha);

#endif
