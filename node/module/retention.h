/* Retention: how long records of a collection are kept, as its definition says (README
 * "Retention"), what is due next, and the daily run that erases or deletes it. */
#ifndef LN_RETENTION_H
#define LN_RETENTION_H

#include "node/module/special.h"

#define LN_RETENTION_AHEAD_MAX 366 /* days that a list may look ahead */

extern const struct ln_special ln_retention_special[];

/* Appends to `out` what is due within `ahead` days of `now_ms`, by collection, at most
 * LN_QUERY_LIMIT of each: {"collection","class","id","due" (YYYY-MM-DD), "act" (erase, delete),
 * "state"?, "hold"? (id of the legal_hold that keeps it), "title"}. Of the audit, which means
 * nothing row by row, one item tells: {"collection","class","due","until","act","count","held" (how
 * many of them are),"least" (there may be more)}. Of the records that belong to `region`. Inside a
 * read transaction. */
bool ln_retention_list(json_t *out, struct ln_sqlstore *s, const struct ln_def *def,
                       const char *region, int64_t now_ms, int64_t ahead,
                       struct ln_err *err) LN_MUST;

/* Whether somebody decided that this record, or what is of this person, stays. */
bool ln_retention_held(bool *held, struct ln_special_call *x, const char *object,
                       struct ln_err *err) LN_MUST;

#endif
