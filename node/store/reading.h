/* Local stamps of what people did on this node (006-reading.sql): who read what is published, which
 * accounts are in use. Nothing of it is in a log; numbers go up as statistics. */
#ifndef LN_READING_H
#define LN_READING_H

#include <jansson.h>

#include "node/store/sqlstore.h"

/* Whether this account has read it; how many have. */
bool ln_reading_has(bool *out, struct ln_db *db, const struct ln_id *record,
                    const struct ln_id *account, struct ln_err *err) LN_MUST;
bool ln_reading_count(int64_t *out, struct ln_db *db, const struct ln_id *record,
                      struct ln_err *err) LN_MUST;
/* [writer] Once for each account. */
bool ln_reading_note(struct ln_db *db, const struct ln_id *record, const struct ln_id *account,
                     int64_t now_ms, struct ln_err *err) LN_MUST;
/* Appends [record id, distinct readers] for each record of the collection that anybody read since
 * `since_ms`; at most LN_READING_MAX, the latest. */
#define LN_READING_MAX 200
bool ln_reading_list(json_t *out, struct ln_db *db, const char *collection, int64_t since_ms,
                     struct ln_err *err) LN_MUST;
/* [writer] The account is in use on this day (YYYY-MM-DD). */
bool ln_reading_active(struct ln_db *db, const struct ln_id *account, const char *day,
                       struct ln_err *err) LN_MUST;
/* Accounts in use since the day. */
bool ln_reading_active_since(int64_t *out, struct ln_db *db, const char *day,
                             struct ln_err *err) LN_MUST;

#endif
