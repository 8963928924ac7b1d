/* Counting in working days (calendar.h). */
#ifndef LN_WORKDAY_H
#define LN_WORKDAY_H

#include "node/module/special.h"

/* Days since 1970-01-01 of a YYYY-MM-DD that ln_check_date took, and back. */
int64_t ln_workday_number(const char *date);
void ln_workday_date(char out[11], int64_t number);
/* The day `n` working days after `from`; 0: `from` itself, or the next working day. */
bool ln_workday_after(char out[11], struct ln_special_call *x, const char *from, int64_t n,
                      struct ln_err *err) LN_MUST;
/* How many working days lie after `from` up to and with `to`; 0 when `to` is not after it. */
bool ln_workday_between(int64_t *out, struct ln_special_call *x, const char *from, const char *to,
                        struct ln_err *err) LN_MUST;

#endif
