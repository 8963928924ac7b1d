/* How often something may be tried without a login: a small table in memory, counted by key. */
#ifndef LN_LIMIT_H
#define LN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct ln_limit;
struct ln_limit *ln_limit_new(void);
void ln_limit_free(struct ln_limit *l); /* accepts NULL */
/* Counts one try under `key` and tells whether it was within `max` for the window of `window_ms`
 * that began with the first. When the table is full the oldest key is forgotten. Any thread. */
bool ln_limit_take(struct ln_limit *l, const char *key, unsigned max, int64_t window_ms,
                   int64_t now_ms);

#endif
