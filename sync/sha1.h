/* SHA-1 (FIPS 180-4), for the names of git objects and the checksum of packs only: an address,
 * never trusted. */
#ifndef LN_SHA1_H
#define LN_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define LN_SHA1_LEN 20

struct ln_sha1 {
    uint8_t b[LN_SHA1_LEN];
};
struct ln_sha1_state {
    uint32_t h[5];
    uint64_t len; /* bytes taken so far */
    uint8_t block[64];
};
void ln_sha1_start(struct ln_sha1_state *s);
void ln_sha1_add(struct ln_sha1_state *s, const void *data, size_t len);
/* The state is used up. */
struct ln_sha1 ln_sha1_end(struct ln_sha1_state *s);

#endif
