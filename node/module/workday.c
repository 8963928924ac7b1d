/* Working days: see workday.h. */
#include "node/module/workday.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/calendar.h"
#include "node/module/term.h"

#define SPAN_MAX 1000 /* days looked at: a promise has at most 250 working days */

/* H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil, civil_from_days. */
int64_t ln_workday_number(const char *date)
{
    int64_t y = strtol(date, NULL, 10);
    int64_t m = strtol(date + 5, NULL, 10);
    int64_t d = strtol(date + 8, NULL, 10);

    y -= m <= 2;
    int64_t era = y / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void ln_workday_date(char out[11], int64_t number)
{
    int64_t z = number + 719468;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    unsigned day = (unsigned)(doy - (153 * mp + 2) / 5 + 1) % 32;
    unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9) % 13;
    unsigned year = (unsigned)(yoe + era * 400 + (month <= 2)) % 10000;

    (void)snprintf(out, 11, "%04u-%02u-%02u", year, month, day);
}

static bool is_working(const json_t *days, int64_t number)
{
    char date[11];

    ln_workday_date(date, number);
    return ln_term_works(days, date);
}

bool ln_workday_after(char out[11], struct ln_special_call *x, const char *from, int64_t n,
                      struct ln_err *err)
{
    json_t *days = ln_calendar_days(x->e->writer, x->e->def, from);
    int64_t day = ln_workday_number(from);

    (void)err;
    for (int i = 0; i < SPAN_MAX && !(n == 0 && is_working(days, day)); i++) {
        day++;
        n -= n > 0 && is_working(days, day);
    }
    ln_workday_date(out, day);
    json_decref(days);
    return true;
}

bool ln_workday_between(int64_t *out, struct ln_special_call *x, const char *from, const char *to,
                        struct ln_err *err)
{
    json_t *days = ln_calendar_days(x->e->writer, x->e->def, from);
    int64_t end = ln_workday_number(to);
    int64_t day = ln_workday_number(from);

    (void)err;
    *out = 0;
    for (int i = 0; i < SPAN_MAX && day < end; i++)
        *out += is_working(days, ++day);
    json_decref(days);
    return true;
}
