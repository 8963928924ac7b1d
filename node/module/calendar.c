/* Working days: see calendar.h. */
#include "node/module/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/asset.h"
#include "node/module/term.h"

static const char *text(const json_t *row, const char *name)
{
    const char *t = json_string_value(json_object_get(json_object_get(row, "f"), name));

    return t != NULL ? t : "";
}

/* The records of a collection from a day on; of one year when `until` is given. */
static json_t *rows_of(struct ln_sqlstore *s, const struct ln_def *def, const char *coll,
                       const struct ln_where *where, size_t n)
{
    const struct ln_def_coll *c = ln_def_find(def, coll);
    struct ln_list l = { .where = where, .n = n, .limit = LN_QUERY_LIMIT };
    struct ln_err why = { 0 };
    json_t *rows = json_array();

    if (c == NULL)
        return rows;
    l.coll = c->coll;
    if (!ln_query_list(rows, NULL, s, &l, &why)) {
        ln_log_err(LN_LOG_WARN, &why, "days of the calendar");
        json_array_clear(rows);
    }
    return rows;
}

static bool came_by(const json_t *row, int64_t at_ms)
{
    return json_integer_value(json_object_get(row, "created")) <= at_ms;
}

json_t *ln_calendar_known(struct ln_sqlstore *s, const struct ln_def *def, const char *since,
                          int64_t at_ms)
{
    const struct ln_where where[] = { { "date", LN_WHERE_FROM, since } };
    json_t *days = ln_term_calendar();
    json_t *rows = rows_of(s, def, "calendar_day", where, 1);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        if (came_by(row, at_ms))
            json_object_set_new(days, text(row, "date"),
                                json_boolean(strcmp(text(row, "kind"), "work") == 0));
    }
    json_decref(rows);
    rows = rows_of(s, def, "holiday", where, 1);
    json_array_foreach(rows, i, row)
    {
        const json_t *working = json_object_get(json_object_get(row, "f"), "working");
        if (came_by(row, at_ms))
            json_object_set_new(days, text(row, "date"), json_boolean(json_is_true(working)));
    }
    json_decref(rows);
    return days;
}

json_t *ln_calendar_days(struct ln_sqlstore *s, const struct ln_def *def, const char *since)
{
    return ln_calendar_known(s, def, since, INT64_MAX);
}

bool ln_calendar_arranged(struct ln_sqlstore *s, const struct ln_def *def, long year)
{
    char name[32];
    char value[16];
    const struct ln_where where[] = { { "year", LN_WHERE_IS, value } };
    size_t n;
    const struct ln_embed *list = ln_embed_list("calendar", &n);
    bool known = false;

    (void)snprintf(name, sizeof name, "calendar/%ld.json", year);
    (void)snprintf(value, sizeof value, "%ld", year);
    for (size_t i = 0; i < n && !known; i++) {
        json_t *file =
            strcmp(list[i].name, name) == 0 ? json_loadb(list[i].text, list[i].len, 0, NULL) : NULL;
        known = file != NULL && !json_is_true(json_object_get(file, "provisional"));
        json_decref(file);
    }
    if (known)
        return true;
    json_t *rows = rows_of(s, def, "calendar_year", where, 1);
    known = json_array_size(rows) > 0;
    json_decref(rows);
    return known;
}

static bool working(const char *term)
{
    size_t len = term != NULL ? strlen(term) : 0;

    return len > 0 && term[len - 1] == 'w';
}

bool ln_calendar_counts(const struct ln_def_coll *c, const json_t *f)
{
    const struct ln_def_field *due = ln_def_field(c, "due");
    const char *by = json_string_value(json_object_get(c->clocks, "by"));
    const char *value = by != NULL ? json_string_value(json_object_get(f, by)) : NULL;
    const json_t *terms = value != NULL ? json_object_get(c->clocks, value) : NULL;
    const char *name;
    json_t *term;

    if (due == NULL || c->clocks == NULL)
        return due != NULL && due->workdays;
    json_object_foreach(
        terms != NULL ? (json_t *)(uintptr_t)terms : json_object_get(c->clocks, "*"), name, term)
    {
        if (working(json_string_value(term)))
            return true;
    }
    return false;
}
