/* One event a line on stderr, its priority in front, as systemd reads it:
 *     <5>sync sent segment=7 peer=330106-xihu bytes=18231 ms=412
 * Whoever deals with a failure logs it, once. Ids only: never names, numbers, addresses, texts. */
#ifndef LN_BASE_LOG_H
#define LN_BASE_LOG_H

#include "crypto/base/err.h"

enum ln_prio {
    LN_LOG_ERR = 3,
    LN_LOG_WARN = 4,
    LN_LOG_NOTE = 5,
    LN_LOG_INFO = 6,
    LN_LOG_DEBUG = 7
};

/* Writes one line in one write; control characters in it become '?'. Any thread. */
void ln_log(enum ln_prio prio, const char *fmt, ...) LN_PRINTF(2, 3);
/* The same with " code=<word> why=\"<text>\"" behind it. */
void ln_log_err(enum ln_prio prio, const struct ln_err *err, const char *fmt, ...) LN_PRINTF(3, 4);

#endif
