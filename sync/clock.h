/* Ids and hybrid logical time. A time is 48 bits of ms and a 16-bit counter in one int64_t ("hlc");
 * an id is a time and 32 random bits: it orders, and it is the claimed time of its change. */
#ifndef LN_CLOCK_H
#define LN_CLOCK_H

#include "crypto/base/buf.h"
#include "sync/env.h"

#define LN_ID_LEN 12
#define LN_ID_TEXT 20 /* base32hex characters */
#define LN_HLC_TEXT 13

struct ln_id {
    uint8_t b[LN_ID_LEN];
};

struct ln_clock {
    int64_t last; /* greatest time given or effective time seen; persisted by the owner before use
                     after a restart */
    /* Within these a wall clock is believed (ln_authority_span); until_ms 0 = always. One that says
     * 2099 moves nothing: times go on behind the last good one, none of them before from_ms. */
    int64_t from_ms, until_ms;
};

#define LN_HLC_MS(hlc) ((hlc) >> 16)
#define LN_HLC_AT(ms) ((int64_t)(ms) << 16)

/* The next time: max(now, last) with the counter advanced; never repeats, never runs backwards. */
int64_t ln_clock_next(struct ln_clock *c, int64_t now_ms);
bool ln_clock_wild(const struct ln_clock *c, int64_t now_ms); /* too late to be believed */
/* Takes note of an effective time seen. Claimed times must not come here: they may lie in 2031. */
void ln_clock_seen(struct ln_clock *c, int64_t effective);

struct ln_id ln_clock_id(struct ln_clock *c, const struct ln_env *env);
int64_t ln_clock_claimed(const struct ln_id *id);
int ln_clock_compare(const struct ln_id *a, const struct ln_id *b); /* <0, 0, >0 as memcmp */
bool ln_clock_id_zero(const struct ln_id *id);
void ln_clock_id_write(char out[LN_ID_TEXT + 1], const struct ln_id *id);
bool ln_clock_id_read(struct ln_id *out, struct ln_span text) LN_MUST;
void ln_clock_hlc_write(char out[LN_HLC_TEXT + 1], int64_t hlc);
bool ln_clock_hlc_read(int64_t *out, struct ln_span text) LN_MUST;

#endif
