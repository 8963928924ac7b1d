/* Ids and hybrid logical time: see clock.h. */
#include "sync/clock.h"

#include <string.h>

#include "crypto/encode.h"

/* A time past this can only be an attack; noting it would leave no room for later ones. */
#define SEEN_MAX (INT64_MAX / 2)

static void put64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static int64_t get64(const uint8_t in[8])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return (int64_t)v;
}

bool ln_clock_wild(const struct ln_clock *c, int64_t now_ms)
{
    return c->until_ms > 0 && now_ms > c->until_ms;
}

int64_t ln_clock_next(struct ln_clock *c, int64_t now_ms)
{
    if (ln_clock_wild(c, now_ms))
        now_ms = c->from_ms;
    int64_t now = now_ms > 0 ? (int64_t)((uint64_t)now_ms << 16 & INT64_MAX) : 0;

    c->last = now > c->last ? now : c->last + 1;
    return c->last;
}

void ln_clock_seen(struct ln_clock *c, int64_t effective)
{
    if (effective > c->last && effective <= SEEN_MAX && !ln_clock_wild(c, LN_HLC_MS(effective)))
        c->last = effective;
}

struct ln_id ln_clock_id(struct ln_clock *c, const struct ln_env *env)
{
    struct ln_id id;

    put64(id.b, (uint64_t)ln_clock_next(c, env->now_ms(env->ctx)));
    env->random(env->ctx, id.b + 8, LN_ID_LEN - 8);
    return id;
}

int64_t ln_clock_claimed(const struct ln_id *id)
{
    return get64(id->b);
}

int ln_clock_compare(const struct ln_id *a, const struct ln_id *b)
{
    return memcmp(a->b, b->b, LN_ID_LEN);
}

bool ln_clock_id_zero(const struct ln_id *id)
{
    static const struct ln_id zero;

    return memcmp(id, &zero, sizeof zero) == 0;
}

void ln_clock_id_write(char out[LN_ID_TEXT + 1], const struct ln_id *id)
{
    ln_encode_base32hex(out, id->b, LN_ID_LEN);
    out[LN_ID_TEXT] = '\0';
}

bool ln_clock_id_read(struct ln_id *out, struct ln_span text)
{
    struct ln_id id;

    /* The first bit would make the time negative. */
    if (text.len != LN_ID_TEXT || !ln_encode_unbase32hex(id.b, LN_ID_LEN, text) || id.b[0] >= 0x80)
        return false;
    *out = id;
    return true;
}

void ln_clock_hlc_write(char out[LN_HLC_TEXT + 1], int64_t hlc)
{
    uint8_t b[8];

    put64(b, (uint64_t)hlc);
    ln_encode_base32hex(out, b, sizeof b);
    out[LN_HLC_TEXT] = '\0';
}

bool ln_clock_hlc_read(int64_t *out, struct ln_span text)
{
    uint8_t b[8];

    if (text.len != LN_HLC_TEXT || !ln_encode_unbase32hex(b, sizeof b, text) || b[0] >= 0x80)
        return false;
    *out = get64(b);
    return true;
}
