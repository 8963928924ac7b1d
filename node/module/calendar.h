/* Working days: what the program carries of each year (node/calendar/), over it the days that are
 * records (calendar_day, and holiday of a community), and which years are arranged. */
#ifndef LN_CALENDAR_H
#define LN_CALENDAR_H

#include "node/module/engine.h"

/* {"2026-10-01": false, ...}, true a working day, from the day `since` (YYYY-MM-DD) on; days it
 * does not name follow the week. Records that cannot be read leave the program's own. The caller
 * frees. */
json_t *ln_calendar_days(struct ln_sqlstore *s, const struct ln_def *def, const char *since);
/* The same as it was known at a moment: without records that came later. */
json_t *ln_calendar_known(struct ln_sqlstore *s, const struct ln_def *def, const char *since,
                          int64_t at_ms);
/* Whether the days off of a year are known: the program carries its official arrangement, or
 * somebody entered it and said so (a record of calendar_year). Else a term that runs into it
 * follows the week and the days set by law, and may move. */
bool ln_calendar_arranged(struct ln_sqlstore *s, const struct ln_def *def, long year);
/* Whether the `due` of a record of `c` with fields `f` was counted in working days. */
bool ln_calendar_counts(const struct ln_def_coll *c, const json_t *f);

#endif
