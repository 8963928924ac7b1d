/* Digest of an audience: sum mod 2^128 of BLAKE2b-128(change id ‖ effective ‖ refused): order-free,
 * O(1) a change. */
#ifndef LN_DIGEST_H
#define LN_DIGEST_H

#include "sync/clock.h"

struct ln_digest {
    uint8_t b[16]; /* little endian */
};
void ln_digest_add(struct ln_digest *d, const struct ln_id *id, int64_t effective, bool refused);
void ln_digest_take(struct ln_digest *d, const struct ln_id *id, int64_t effective, bool refused);

#endif
