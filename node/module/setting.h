/* MODULES R11: what a community decided about its modules (records of `module_setting`): switched
 * off means no new entries, hidden from those with nothing open; open flows run to their end, and
 * everything still synchronises. `home` cannot be switched off: logins stand in it. */
#ifndef LN_SETTING_H
#define LN_SETTING_H

#include "node/module/def.h"
#include "node/store/query.h"

struct ln_setting {
    bool on;
    char since[11];  /* day since which it is off, "" while it is on */
    char label[201]; /* another name, "" the definition's own */
    bool has_rank;
    int64_t rank;
};
/* What holds for `module` in `region` on the day `today` (YYYY-MM-DD): the latest record in force.
 * *out is on with nothing else when there is none. */
bool ln_setting_of(struct ln_setting *out, struct ln_sqlstore *s, const struct ln_def *def,
                   const char *region, const char *module, const char *today,
                   struct ln_err *err) LN_MUST;

#endif
