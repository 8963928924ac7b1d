/* Terms: how long something may take, in words of the definitions ("3w", "15d", "4h"), and which
 * days are working days. Days are China's (UTC+8). */
#ifndef LN_TERM_H
#define LN_TERM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define LN_TERM_DAYS_MAX 400 /* longest term in days */

/* The calendar carried inside the program (node/calendar/): {"2026-10-01": false, "2026-10-10":
 * true}, true a working day. Days it does not name follow the week. The caller frees. */
json_t *ln_term_calendar(void);
bool ln_term_works(const json_t *calendar, const char *day);
/* When a term that begins at `from_ms` ends: "<n>h" that many hours later; "<n>d" and "<n>w" at the
 * last millisecond of the n-th day or working day after the day it begins. False: no term. */
bool ln_term_end(int64_t *out, const char *term, int64_t from_ms, const json_t *calendar);

#endif
