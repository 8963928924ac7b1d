/* Working days: see workday.h. */
#include "node/module/workday.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_working(const json_t *holidays, int64_t number)
{
    char date[11];
    size_t i;
    json_t *row;

    ln_workday_date(date, number);
    json_array_foreach((json_t *)(uintptr_t)holidays, i, row)
    {
        if (strcmp(ln_special_text(row, "date"), date) == 0)
            return json_is_true(json_object_get(json_object_get(row, "f"), "working"));
    }
    int64_t week = (number + 3) % 7; /* 1970-01-01 was a Thursday; 0 is Monday */
    return week < 5;
}

static bool holidays_from(json_t **out, struct ln_special_call *x, const char *from,
                          struct ln_err *err)
{
    char until[11];
    const struct ln_where where[] = { { "date", LN_WHERE_FROM, from },
                                      { "date", LN_WHERE_TO, until } };

    ln_workday_date(until, ln_workday_number(from) + SPAN_MAX);
    return ln_special_find(out, x, "holiday", where, 2, 0, err);
}

bool ln_workday_after(char out[11], struct ln_special_call *x, const char *from, int64_t n,
                      struct ln_err *err)
{
    json_t *holidays = NULL;
    int64_t day = ln_workday_number(from);
    bool ok = holidays_from(&holidays, x, from, err);

    for (int i = 0; ok && i < SPAN_MAX && !(n == 0 && is_working(holidays, day)); i++) {
        day++;
        n -= n > 0 && is_working(holidays, day);
    }
    ln_workday_date(out, day);
    json_decref(holidays);
    return ok;
}

bool ln_workday_between(int64_t *out, struct ln_special_call *x, const char *from, const char *to,
                        struct ln_err *err)
{
    json_t *holidays = NULL;
    int64_t end = ln_workday_number(to);
    int64_t day = ln_workday_number(from);

    *out = 0;
    if (!holidays_from(&holidays, x, from, err)) {
        json_decref(holidays);
        return false;
    }
    for (int i = 0; i < SPAN_MAX && day < end; i++)
        *out += is_working(holidays, ++day);
    json_decref(holidays);
    return true;
}
