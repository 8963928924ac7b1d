/* Emergency reading (MODULES "Audience", N): two office holders open a record that is for its
 * parties alone, for some hours, on record; it ends by itself. */
#ifndef LN_EMERGENCY_H
#define LN_EMERGENCY_H

#include "node/module/special.h"

#define LN_EMERGENCY_HOURS 24 /* unless the asker says otherwise; the definition limits it */

/* Fills u->opened: what this account may read at `now_ms` because it asked for or confirmed an
 * emergency reading that is open. */
bool ln_emergency_user(struct ln_user *u, struct ln_sqlstore *s, const struct ln_def *def,
                       int64_t now_ms, struct ln_err *err) LN_MUST;

extern const struct ln_special ln_emergency_special[];

#endif
