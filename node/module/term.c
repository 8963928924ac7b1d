/* Terms and working days: see term.h. */
#include "node/module/term.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/asset.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000) /* UTC+8 */

static void take(json_t *out, const json_t *file, const char *key, bool works)
{
    size_t i;
    json_t *day;

    json_array_foreach(json_object_get(file, key), i, day)
    {
        json_object_set_new(out, json_string_value(day), json_boolean(works));
    }
}

json_t *ln_term_calendar(void)
{
    json_t *out = json_object();
    size_t n;
    const struct ln_embed *list = ln_embed_list("calendar", &n);

    for (size_t i = 0; i < n; i++) {
        json_t *file = json_loadb(list[i].text, list[i].len, 0, NULL);
        take(out, file, "off", false);
        take(out, file, "on", true);
        json_decref(file);
    }
    return out;
}

static void day_text(char out[11], int64_t day, int *week)
{
    time_t t = (time_t)(day * 86400);
    struct tm tm = { 0 };

    (void)gmtime_r(&t, &tm);
    (void)strftime(out, 11, "%Y-%m-%d", &tm);
    *week = tm.tm_wday;
}

static bool works(const json_t *calendar, const char *day, int week)
{
    const json_t *named = json_object_get(calendar, day);

    return json_is_boolean(named) ? json_is_true(named) : week != 0 && week != 6;
}

bool ln_term_works(const json_t *calendar, const char *day)
{
    struct tm tm = { .tm_year = (int)strtol(day, NULL, 10) - 1900 };

    if (strlen(day) != 10)
        return false;
    tm.tm_mon = (int)strtol(day + 5, NULL, 10) - 1;
    tm.tm_mday = (int)strtol(day + 8, NULL, 10);
    (void)timegm(&tm);
    return works(calendar, day, tm.tm_wday);
}

bool ln_term_end(int64_t *out, const char *term, int64_t from_ms, const json_t *calendar)
{
    char *unit;
    long n = strtol(term, &unit, 10);
    int64_t day = (from_ms + CHINA_MS) / DAY_MS;
    char text[11];
    int week;

    if (unit == term || n < 0 || unit[0] == '\0' || unit[1] != '\0')
        return false;
    if (*unit == 'h') {
        *out = from_ms + (n < 24 * LN_TERM_DAYS_MAX ? n : 24 * LN_TERM_DAYS_MAX) * HOUR_MS;
        return true;
    }
    if ((*unit != 'd' && *unit != 'w') || n > LN_TERM_DAYS_MAX)
        return false;
    for (int64_t last = day + 3 * LN_TERM_DAYS_MAX; n > 0 && day < last;) {
        day_text(text, ++day, &week);
        n -= *unit == 'd' || works(calendar, text, week);
    }
    *out = (day + 1) * DAY_MS - CHINA_MS - 1;
    return true;
}
