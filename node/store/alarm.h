/* Alarms of this node and those below, and their trace (alarm.sql). Times in ms. Errors as in db.h.
 */
#ifndef LN_ALARM_H
#define LN_ALARM_H

#include "crypto/cert.h"
#include "node/store/db.h"

#define LN_ALARM_CODE_MAX 32
#define LN_ALARM_TEXT_MAX 256
#define LN_ALARM_NOTE_MAX 200 /* bytes of what somebody notes */

struct ln_alarm {
    int64_t n;
    char node[LN_NODE_ID_MAX], code[LN_ALARM_CODE_MAX];
    char zh[LN_ALARM_TEXT_MAX], en[LN_ALARM_TEXT_MAX];
    int64_t raised_ms, cleared_ms, acked_ms; /* 0 = not */
    char acked_by[96], note[LN_ALARM_NOTE_MAX + 1];
};
/* Raises what is not raised yet; *fresh = it was not. [writer] */
bool ln_alarm_raise(struct ln_db *db, const struct ln_alarm *a, int64_t now_ms, bool *fresh,
                    struct ln_err *err) LN_MUST;
bool ln_alarm_clear(struct ln_db *db, int64_t n, int64_t now_ms, struct ln_err *err) LN_MUST;
/* The open one of that node and code, if there is one. [writer] */
bool ln_alarm_over(struct ln_db *db, const char *node, const char *code, int64_t now_ms,
                   struct ln_err *err) LN_MUST;
/* Somebody has taken note of an open one; LN_MISSING there is none. [writer] */
bool ln_alarm_ack(struct ln_db *db, int64_t n, int64_t now_ms, const char *by, const char *note,
                  struct ln_err *err) LN_MUST;
/* Open ones, latest first, then at most `past` cleared ones. fn false ends with its err. */
bool ln_alarm_each(struct ln_db *db, unsigned past,
                   bool (*fn)(void *ctx, const struct ln_alarm *a, struct ln_err *err), void *ctx,
                   struct ln_err *err) LN_MUST;
/* Forgets what was cleared before `before_ms`. [writer] */
bool ln_alarm_prune(struct ln_db *db, int64_t before_ms, struct ln_err *err) LN_MUST;

#endif
