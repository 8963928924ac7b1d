/* Why something failed: one value every failing function fills. STYLE: false means failure. */
#ifndef LN_BASE_ERR_H
#define LN_BASE_ERR_H

#include <stdbool.h>

#define LN_MUST __attribute__((warn_unused_result))
#define LN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* What the caller can do about it; never what went wrong (that is the text). */
enum ln_code {
    LN_OK,
    LN_MISSING,  /* it does not exist */
    LN_INVALID,  /* the input breaks its format; trying again cannot help */
    LN_DENIED,   /* signature, certificate or role says no */
    LN_CONFLICT, /* somebody was first */
    LN_BUSY,     /* locked or out of reach; the only code worth a retry */
    LN_FULL,     /* a ceiling was met */
    LN_BROKEN    /* disk or library failed */
};

struct ln_err {
    enum ln_code code;
    char text[252]; /* one line for the operator, UTF-8; nothing to free */
};

/* Records a failure, replacing what was there. Returns false, so that `return ln_fail(...)` reads
 * well. A text that does not fit is cut at a character. */
bool ln_fail(struct ln_err *err, enum ln_code code, const char *fmt, ...) LN_PRINTF(3, 4);

/* Puts context in front of the failure as it rises: "pull: segment 7: too large". The code stays.
 * Returns false. */
bool ln_wrap(struct ln_err *err, const char *fmt, ...) LN_PRINTF(2, 3);

/* The stable lower-case word for a code ("missing", "invalid", ...), for logs and JSON. */
const char *ln_err_word(enum ln_code code);

#endif
