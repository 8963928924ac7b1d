/* Terms that ran into a year whose days off were not known yet (README "Days"): once somebody has
 * entered them and said so, what is still open and counts in working days gets its `due` anew. */
#ifndef LN_DUE_H
#define LN_DUE_H

#include "node/module/special.h"

/* A day that lay `n` working days after `set` by the days known then lies as many after it by those
 * known now: *moved is `due_ms` moved by whole days. */
int64_t ln_due_moved(int64_t due_ms, int64_t set_ms, const json_t *then, const json_t *now);

extern const struct ln_special ln_due_special[];

#endif
