/* Terms counted anew: see due.h. */
#include "node/module/due.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/canon.h"
#include "node/module/calendar.h"
#include "node/module/term.h"
#include "node/module/workday.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000)
#define EVERY_MS 60000
#define PAGES_MAX 50      /* of open records of a collection */
#define KNOWN "due/known" /* meta: the newest records of the calendar when it was last counted */

static int64_t day_of(int64_t ms)
{
    return (ms + CHINA_MS) / DAY_MS;
}

static bool works(const json_t *days, int64_t day)
{
    char date[11];

    ln_workday_date(date, day);
    return ln_term_works(days, date);
}

int64_t ln_due_moved(int64_t due_ms, int64_t set_ms, const json_t *then, const json_t *now)
{
    int64_t from = day_of(set_ms);
    int64_t end = day_of(due_ms);
    int64_t n = 0;
    int64_t day = from;

    if (end - from > LN_TERM_DAYS_MAX)
        return due_ms;
    for (int64_t d = from + 1; d <= end; d++)
        n += works(then, d);
    for (; n > 0 && day - from <= 2 * (int64_t)LN_TERM_DAYS_MAX; n -= works(now, day))
        day++;
    return day == from ? due_ms : due_ms + (day - end) * DAY_MS;
}

/* ---- when `due` was set */

struct setting {
    struct ln_id id; /* of the latest change that did */
    bool found;
};

static bool note_due(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct setting *s = ctx;
    struct ln_span value;

    (void)err;
    if (i->state == LN_STORE_GOOD && i->c->fields.len > 0 &&
        ln_canon_get(i->c->fields, "due", &value) &&
        (!s->found || ln_clock_compare(&i->c->id, &s->id) > 0)) {
        s->id = i->c->id;
        s->found = true;
    }
    return true;
}

static bool count_again(struct ln_special_call *x, const struct ln_def_coll *c, const json_t *row,
                        struct ln_err *err)
{
    const char *id_text = ln_special_word(row, "id");
    json_int_t due = json_integer_value(json_object_get(json_object_get(row, "f"), "due"));
    struct setting s = { .found = false };
    char since[11];
    struct ln_id id;

    if (!ln_clock_id_read(&id, ln_span_of(id_text)) ||
        !ln_replica_history(ln_replica_store(x->r), &id, note_due, &s, err))
        return false;
    if (!s.found)
        return true;
    int64_t set_ms = LN_HLC_MS(ln_clock_claimed(&s.id));
    ln_engine_today(since, set_ms);
    json_t *then = ln_calendar_known(x->e->writer, x->e->def, since, set_ms);
    json_t *now = ln_calendar_days(x->e->writer, x->e->def, since);
    int64_t moved = ln_due_moved(due, set_ms, then, now);
    json_decref(now);
    json_decref(then);
    return moved == due ||
           ln_special_set(x, c->name, id_text, json_pack("{s:I}", "due", (json_int_t)moved), err);
}

/* Its open records that are due from today on. */
static bool count_all(struct ln_special_call *x, const struct ln_def_coll *c, struct ln_err *err)
{
    char from[24];
    const struct ln_where where[] = { { "region", LN_WHERE_IS, ln_replica_self(x->r)->region },
                                      { "state", LN_WHERE_IS, c->running },
                                      { "due", LN_WHERE_FROM, from } };
    size_t got = LN_QUERY_LIMIT;
    bool ok = true;

    (void)snprintf(from, sizeof from, "%lld", (long long)x->now_ms);
    for (unsigned page = 0; ok && got == LN_QUERY_LIMIT && page < PAGES_MAX; page++) {
        json_t *rows = NULL;
        size_t i;
        json_t *row;
        ok = ln_special_find(&rows, x, c->name, where, 3, page * LN_QUERY_LIMIT, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            if (ok && ln_calendar_counts(c, json_object_get(row, "f")))
                ok = count_again(x, c, row, err);
        }
        json_decref(rows);
    }
    return ok;
}

/* ---- when the calendar has changed */

/* Ids of the newest records of it, "" before any year was entered. */
static bool newest(char out[96], struct ln_special_call *x, struct ln_err *err)
{
    static const char *const COLLS[] = { "calendar_year", "calendar_day", "holiday" };
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof COLLS / sizeof COLLS[0]; i++) {
        const struct ln_def_coll *c = ln_def_find(x->e->def, COLLS[i]);
        struct ln_list l = { .descending = true, .limit = 1 };
        json_t *rows = json_array();
        bool ok = true;
        if (c != NULL) {
            l.coll = c->coll;
            ok = ln_query_list(rows, NULL, x->e->writer, &l, err);
        }
        const char *id = ln_special_word(json_array_get(rows, 0), "id");
        bool none = i == 0 && id[0] == '\0';
        at += (size_t)snprintf(out + at, 96 - at, "%.20s/", id);
        json_decref(rows);
        if (!ok || none) {
            out[0] = '\0';
            return ok;
        }
    }
    return true;
}

static bool due_tick(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf known = ln_buf_new(128);
    char now[96];
    bool found = false;
    bool due;

    bool ok =
        ln_special_due(&due, x, "due/looked", EVERY_MS, err) &&
        (!due || (newest(now, x, err) && s->ops->meta_get(s->ctx, KNOWN, &known, &found, err)));
    bool same = !ok || !due || now[0] == '\0' || (found && strcmp(known.data, now) == 0);
    ln_buf_free(&known);
    if (same)
        return ok;
    for (size_t i = 0; ok && i < x->e->def->n_colls; i++) {
        const struct ln_def_coll *c = &x->e->def->colls[i];
        const struct ln_def_field *f = ln_def_field(c, "due");
        if (f != NULL && f->type == LN_TYPE_TS && c->running != NULL)
            ok = count_all(x, c, err);
    }
    return ok && s->ops->meta_put(s->ctx, KNOWN, ln_span_of(now), err);
}

const struct ln_special ln_due_special[] = {
    { .collection = "calendar_year", .tick = due_tick },
    { .collection = NULL },
};
