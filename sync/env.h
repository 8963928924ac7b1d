/* What sync needs from the world. The program gives the real one, the simulator a virtual one; sync
 * itself calls no system function. */
#ifndef LN_ENV_H
#define LN_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/base/err.h"

struct ln_env {
    void *ctx;
    int64_t (*now_ms)(void *ctx); /* wall clock, ms since 1970; may be wrong */
    bool (*clock_trusted)(
        void *ctx); /* false: no clock chip yet, before the first signed response */
    /* A signed response said so (may be NULL): a box without a clock chip takes its time from here.
     */
    void (*clock_seen)(void *ctx, int64_t ms);
    void (*random)(void *ctx, void *out, size_t len);
};

#endif
