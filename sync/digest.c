/* The digest of an audience: see digest.h. */
#include "sync/digest.h"

#include <sodium.h>
#include <string.h>

static void hash(uint8_t out[16], const struct ln_id *id, int64_t effective, bool refused)
{
    uint8_t in[LN_ID_LEN + 9];

    memcpy(in, id->b, LN_ID_LEN);
    for (int i = 0; i < 8; i++)
        in[LN_ID_LEN + i] = (uint8_t)((uint64_t)effective >> (56 - 8 * i));
    in[LN_ID_LEN + 8] = refused ? 1 : 0;
    (void)crypto_generichash(out, 16, in, sizeof in, NULL, 0); /* cannot fail: sizes are legal */
}

void ln_digest_add(struct ln_digest *d, const struct ln_id *id, int64_t effective, bool refused)
{
    uint8_t h[16];

    hash(h, id, effective, refused);
    sodium_add(d->b, h, sizeof h);
}

void ln_digest_take(struct ln_digest *d, const struct ln_id *id, int64_t effective, bool refused)
{
    uint8_t h[16];

    hash(h, id, effective, refused);
    sodium_sub(d->b, h, sizeof h);
}
