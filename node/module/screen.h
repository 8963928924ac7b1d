/* First screens as data (README "First screens"): what a block may say. */
#ifndef LN_SCREEN_H
#define LN_SCREEN_H

#include "node/module/def.h"

#define LN_SCREEN_TOKEN 32 /* longest "@now-24h" with its end */

/* LN_INVALID names module, rank and mistake: an unknown key, kind, role-less block, collection,
 * field, or a text without both languages. */
bool ln_screen_check(const struct ln_def *d, const struct ln_def_screen *s,
                     struct ln_err *err) LN_MUST;
/* Whether `value` is one of the words with '@' that a filter may use; others are plain values. */
bool ln_screen_token(const char *value);
/* "@now", "@now+24h", "@now-7d": ms; "@today", "@today+30": days after today. *days tells which.
 * False: another word. */
bool ln_screen_time(int64_t *out, bool *days, const char *value);

#endif
