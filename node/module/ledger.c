/* Hooks of ledgers: see ledger.h. */
#include "node/module/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 30000 /* for returns of a new period */
#define CELL_MAX 256
#define CHOICES_MAX 40 /* of a column, that are counted apart */

/* ---- periods */

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[(month + 11) % 12] + (month == 2 && leap);
}

void ln_ledger_period(char out[12], char last[11], const char *period, const char *today)
{
    unsigned year = (unsigned)strtoul(today, NULL, 10) % 10000;
    unsigned month = (unsigned)strtoul(today + 5, NULL, 10) % 13;
    unsigned end = 12;

    if (strcmp(period, "month") == 0) {
        end = month;
        (void)snprintf(out, 12, "%04u-%02u", year, month);
    } else if (strcmp(period, "quarter") == 0) {
        end = (month + 2) / 3 * 3;
        (void)snprintf(out, 12, "%04u-Q%u", year, end / 3);
    } else if (strcmp(period, "half") == 0) {
        end = month <= 6 ? 6 : 12;
        (void)snprintf(out, 12, "%04u-H%u", year, end / 6);
    } else
        (void)snprintf(out, 12, "%04u", year);
    (void)snprintf(last, 11, "%04u-%02u-%02u", year, end, days_in(year, end) % 32);
}

/* ---- what a column is bound to */

static const char *part_of(char coll[24], const char *bound_to)
{
    const char *dot = strchr(bound_to, '.');

    if (dot == NULL || (size_t)(dot - bound_to) >= 24)
        return NULL;
    (void)snprintf(coll, 24, "%.*s", (int)(dot - bound_to), bound_to);
    return dot + 1;
}

bool ln_ledger_bindable(const struct ln_def *def, const char *bound_to)
{
    static const char *const known[] = { "person",    "dwelling",  "building",
                                         "household", "residence", NULL };
    char coll[24];
    const char *field = part_of(coll, bound_to);
    struct ln_id id;

    if (field == NULL)
        return false;
    if (strcmp(coll, "ledger") == 0)
        return strlen(field) > LN_ID_TEXT + 1 && field[LN_ID_TEXT] == '.' &&
               ln_clock_id_read(&id, (struct ln_span){ field, LN_ID_TEXT });
    if (strcmp(bound_to, "person.age") == 0 || strcmp(bound_to, "dwelling.address") == 0)
        return true;
    const struct ln_def_coll *c = ln_def_has(known, coll) ? ln_def_find(def, coll) : NULL;
    const struct ln_def_field *f = c != NULL ? ln_def_field(c, field) : NULL;
    return f != NULL && f->mark != LN_MARK_SENSITIVE && f->type != LN_TYPE_FILE &&
           f->type != LN_TYPE_FILES;
}

static void code_word(char out[CELL_MAX], const struct ln_def_field *f, const char *code)
{
    (void)snprintf(out, CELL_MAX, "%s", code);
    for (size_t i = 0; f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].code, code) == 0)
            (void)snprintf(out, CELL_MAX, "%s", f->codes->list[i].label.zh);
}

static void value_text(char out[CELL_MAX], const struct ln_def_field *f, const json_t *v)
{
    out[0] = '\0';
    if (json_is_string(v))
        code_word(out, f, json_string_value(v));
    else if (json_is_integer(v))
        (void)snprintf(out, CELL_MAX, "%lld", (long long)json_integer_value(v));
    else if (json_is_boolean(v))
        (void)snprintf(out, CELL_MAX, "%s", json_is_true(v) ? "是" : "否");
}

static int age_of(const char *birth, const char *today)
{
    int n = (int)strtol(today, NULL, 10) - (int)strtol(birth, NULL, 10);

    return n - (strcmp(today + 5, birth + 5) < 0);
}

/* What the registry says for one column of one person; "" when it says nothing. */
static void known_cell(char out[CELL_MAX], const struct ln_special_call *x, const json_t *person,
                       const char *bound_to)
{
    static const char *const parts[][2] = { { "person", "f" },
                                            { "dwelling", "dwelling" },
                                            { "building", "building_f" },
                                            { "household", "household" },
                                            { "residence", "residence" } };
    char coll[24];
    const char *name = part_of(coll, bound_to);

    out[0] = '\0';
    if (strcmp(bound_to, "person.age") == 0) {
        const char *birth = ln_special_word(json_object_get(person, "f"), "birth");
        if (strlen(birth) == 10)
            (void)snprintf(out, CELL_MAX, "%d", age_of(birth, x->today));
        return;
    }
    if (strcmp(bound_to, "dwelling.address") == 0) {
        const char *unit = ln_special_word(person, "unit");
        (void)snprintf(out, CELL_MAX, "%.80s%s%.40s%s%.40s",
                       ln_special_word(person, "building_name"), unit[0] != '\0' ? " " : "", unit,
                       unit[0] != '\0' ? "-" : " ", ln_special_word(person, "room"));
        return;
    }
    for (size_t i = 0; name != NULL && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i][0], coll) != 0)
            continue;
        const struct ln_def_coll *c = ln_def_find(x->e->def, coll);
        const struct ln_def_field *f = c != NULL ? ln_def_field(c, name) : NULL;
        if (f != NULL)
            value_text(out, f, json_object_get(json_object_get(person, parts[i][1]), name));
    }
}

/* ---- templates */

static bool template_before(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *columns = json_object_get(x->f, "columns");
    json_t *keys = json_object();
    bool ok = true;

    if (json_array_size(columns) > LN_LEDGER_COLUMNS)
        ok = ln_special_problem(x, "columns", "最多 60 栏", "takes at most 60", err);
    for (size_t i = 0; ok && i < json_array_size(columns); i++) {
        const json_t *c = json_array_get(columns, i);
        const char *key = ln_special_word(c, "key");
        const char *bound = ln_special_word(c, "bound_to");
        if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key))
            ok = ln_special_problem(x, "columns", "键只用小写字母、数字和下划线",
                                    "a key has lower-case letters, digits and _ only", err);
        else if (json_object_get(keys, key) != NULL)
            ok = ln_special_problem(x, "columns", "键重复", "has a key twice", err);
        else if (bound[0] != '\0' && !ln_ledger_bindable(x->e->def, bound))
            ok = ln_special_problem(x, "columns", "没有这个来源，或属敏感信息",
                                    "is bound to nothing that is known, or to what is masked", err);
        json_object_set_new(keys, key, json_true());
    }
    json_decref(keys);
    if (ok && x->step != NULL && strcmp(x->step->action, "issue") == 0) {
        int64_t version =
            json_integer_value(json_object_get(json_object_get(x->row, "f"), "version"));
        json_object_set_new(x->f, "version", json_integer(version + 1));
    }
    return ok;
}

/* ---- filling */

struct filling {
    struct ln_special_call *x;
    const json_t *columns;
    const char *template, *period;
    json_t *now;    /* subject: its row of this period */
    json_t *before; /* subject: its last row of an earlier period */
    json_t *others; /* template: {subject: last row} */
};

static bool take_row(void *ctx, json_t *row, struct ln_err *err)
{
    struct filling *f = ctx;
    const char *subject = ln_special_text(row, "subject");
    bool now = strcmp(ln_special_text(row, "period"), f->period) == 0;

    (void)err;
    json_object_set(now ? f->now : f->before, subject, row); /* in the order of their making */
    return true;
}

static bool take_other(void *ctx, json_t *row, struct ln_err *err)
{
    (void)err;
    json_object_set(ctx, ln_special_text(row, "subject"), row);
    return true;
}

static bool other_ledger(const json_t **cell, struct filling *f, const char *bound_to,
                         const char *subject, struct ln_err *err)
{
    struct ln_recipient_place p = { f->x->e->writer, f->x->e->def, f->x->today };
    char id[LN_ID_TEXT + 1];

    *cell = NULL;
    (void)snprintf(id, sizeof id, "%.20s", bound_to + strlen("ledger."));
    if (json_object_get(f->others, id) == NULL) {
        const struct ln_where of = { "template", LN_WHERE_IS, id };
        json_t *rows = json_object();
        json_object_set_new(f->others, id, rows);
        if (!ln_recipient_each(&p, "ledger_row", &of, 1, take_other, rows, err))
            return false;
    }
    const json_t *row = json_object_get(json_object_get(f->others, id), subject);
    *cell = json_object_get(json_object_get(json_object_get(row, "f"), "cells"),
                            bound_to + strlen("ledger.") + LN_ID_TEXT + 1);
    return true;
}

static const json_t *cells_of(const json_t *row)
{
    return json_object_get(json_object_get(row, "f"), "cells");
}

/* Cells of one person: bound ones as the registry says now, others as they were last time. */
static bool make_cells(json_t *cells, json_t *automatic, json_t *changed, bool *whole,
                       struct filling *f, const json_t *person, struct ln_err *err)
{
    const char *subject = ln_special_word(person, "id");
    const json_t *before = cells_of(json_object_get(f->before, subject));

    *whole = true;
    for (size_t i = 0; i < json_array_size(f->columns); i++) {
        const json_t *c = json_array_get(f->columns, i);
        const char *key = ln_special_word(c, "key");
        const char *bound = ln_special_word(c, "bound_to");
        const char *last = ln_special_word(before, key);
        const json_t *other = NULL;
        char text[CELL_MAX];
        (void)snprintf(text, sizeof text, "%s", last);
        if (strncmp(bound, "ledger.", 7) == 0) {
            if (!other_ledger(&other, f, bound, subject, err))
                return false;
            if (json_is_string(other))
                (void)snprintf(text, sizeof text, "%s", json_string_value(other));
        } else if (bound[0] != '\0')
            known_cell(text, f->x, person, bound);
        if (text[0] != '\0') {
            json_object_set_new(cells, key, json_string(text));
            json_array_append_new(automatic, json_string(key));
        } else if (json_is_true(json_object_get(c, "required")))
            *whole = false;
        if (before != NULL && strcmp(last, text) != 0)
            json_array_append_new(changed, json_string(key));
    }
    return true;
}

static bool add_row(struct filling *f, const json_t *person, struct ln_err *err)
{
    json_t *cells = json_object();
    json_t *automatic = json_array();
    json_t *changed = json_array();
    const char *subject = ln_special_word(person, "id");
    bool whole;

    if (!make_cells(cells, automatic, changed, &whole, f, person, err)) {
        json_decref(cells);
        json_decref(automatic);
        json_decref(changed);
        return false;
    }
    /* What is whole and as it was needs nobody's eye. */
    bool known = json_object_get(f->before, subject) != NULL;
    bool checked = known && whole && json_array_size(changed) == 0;
    json_t *row = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:b}", "template", f->template, "period",
                            f->period, "subject", subject, "cells", cells, "auto", automatic,
                            "changed", changed, "checked", (int)checked);
    return ln_special_add(NULL, f->x, "ledger_row", row, err);
}

static bool fill_rows(struct filling *f, const json_t *rule, struct ln_err *err)
{
    struct ln_recipient_place p = { f->x->e->writer, f->x->e->def, f->x->today };
    const struct ln_where of = { "template", LN_WHERE_IS, f->template };
    json_t *people = NULL;
    bool ok;

    if (!ln_recipient_each(&p, "ledger_row", &of, 1, take_row, f, err) ||
        !ln_recipient_persons(&people, &p, rule, true, err))
        return false;
    ok = json_array_size(people) <= LN_LEDGER_ROWS ||
         ln_special_refuse(f->x, LN_FULL, "超过 2000 行，请缩小范围",
                           "more than 2000 rows: narrow the rule", err);
    for (size_t i = 0; ok && i < json_array_size(people); i++) {
        const json_t *person = json_array_get(people, i);
        if (json_object_get(f->now, ln_special_word(person, "id")) == NULL)
            ok = add_row(f, person, err);
    }
    json_decref(people);
    return ok;
}

static bool fill(struct ln_special_call *x, struct ln_err *err)
{
    struct filling f = { .x = x,
                         .template = ln_special_text(x->row, "template"),
                         .period = ln_special_text(x->row, "period") };
    json_t *template = NULL;
    bool ok = ln_special_get(&template, x, "ledger_template", f.template, err);

    if (ok && template != NULL) {
        f.columns = json_object_get(json_object_get(template, "f"), "columns");
        f.now = json_object();
        f.before = json_object();
        f.others = json_object();
        ok = fill_rows(&f, json_object_get(json_object_get(template, "f"), "rule"), err);
        json_decref(f.now);
        json_decref(f.before);
        json_decref(f.others);
    }
    json_decref(template);
    return ok;
}

/* ---- what a return adds up to */

struct adding {
    const json_t *columns;
    const char *period;
    int64_t rows, unchecked, incomplete, cells, automatic;
    json_t *totals, *counts; /* by column; counts: {choice: n} */
};

static bool holds(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && strcmp(one, word) == 0)
            return true;
    }
    return false;
}

/* Sums of numbers, counts of what may be chosen: nothing of a single person. */
static void add_cell(struct adding *a, const json_t *column, const char *key, const char *text)
{
    const char *type = ln_special_word(column, "type");

    if (strcmp(type, "int") == 0 || strcmp(type, "dec") == 0) {
        double before = strtod(ln_special_word(a->totals, key), NULL);
        json_object_set_new(a->totals, key, json_sprintf("%.10g", before + strtod(text, NULL)));
    } else if (strcmp(type, "code") == 0 || strcmp(type, "bool") == 0) {
        json_t *counts = json_object_get(a->counts, key);
        if (counts == NULL) {
            counts = json_object();
            json_object_set_new(a->counts, key, counts);
        }
        int64_t n = json_integer_value(json_object_get(counts, text));
        if (n > 0 || json_object_size(counts) < CHOICES_MAX)
            json_object_set_new(counts, text, json_integer(n + 1));
    }
}

/* "男 3，女 2" for each column of choices: keys of a map are ASCII, choices are not. */
static void tell_counts(struct adding *a)
{
    const char *key;
    json_t *counts;

    json_object_foreach(a->counts, key, counts)
    {
        struct ln_buf text = ln_buf_new(65536);
        const char *choice;
        json_t *n;
        json_object_foreach(counts, choice, n)
        {
            ln_buf_addf(&text, "%s%s %lld", text.len > 0 ? "，" : "", choice,
                        (long long)json_integer_value(n));
        }
        json_object_set_new(a->totals, key, json_string(text.data));
        ln_buf_free(&text);
    }
}

static bool take_sum(void *ctx, json_t *row, struct ln_err *err)
{
    struct adding *a = ctx;
    const json_t *cells = cells_of(row);
    const json_t *automatic = json_object_get(json_object_get(row, "f"), "auto");
    bool whole = true;

    (void)err;
    if (strcmp(ln_special_text(row, "period"), a->period) != 0)
        return true;
    a->rows++;
    a->unchecked += !json_is_true(json_object_get(json_object_get(row, "f"), "checked"));
    for (size_t i = 0; i < json_array_size(a->columns); i++) {
        const json_t *c = json_array_get(a->columns, i);
        const char *key = ln_special_word(c, "key");
        const char *text = ln_special_word(cells, key);
        if (text[0] == '\0') {
            whole = whole && !json_is_true(json_object_get(c, "required"));
            continue;
        }
        a->cells++;
        a->automatic += holds(automatic, key);
        add_cell(a, c, key, text);
    }
    a->incomplete += !whole;
    return true;
}

static bool add_up(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_recipient_place p = { x->e->writer, x->e->def, x->today };
    const char *id = ln_special_text(x->row, "template");
    const struct ln_where of = { "template", LN_WHERE_IS, id };
    struct adding a = { .period = ln_special_text(x->row, "period") };
    json_t *template = NULL;

    if (!ln_special_get(&template, x, "ledger_template", id, err))
        return false;
    a.columns = json_object_get(json_object_get(template, "f"), "columns");
    a.totals = json_object();
    a.counts = json_object();
    bool ok = ln_recipient_each(&p, "ledger_row", &of, 1, take_sum, &a, err);
    tell_counts(&a);
    json_decref(a.counts);
    json_decref(template);
    if (ok && a.unchecked > 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "还有行没有核对", "rows are still to be checked",
                               err);
    if (ok && a.incomplete > 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "还有必填栏目没有填", "required columns are empty",
                               err);
    if (!ok) {
        json_decref(a.totals);
        return false;
    }
    json_object_set_new(x->f, "rows", json_integer(a.rows));
    json_object_set_new(x->f, "totals", a.totals);
    json_object_set_new(x->f, "cells", json_integer(a.cells));
    json_object_set_new(x->f, "cells_auto", json_integer(a.automatic));
    json_object_set_new(
        x->f, "auto_share",
        json_sprintf("%.1f", a.cells > 0 ? 100.0 * (double)a.automatic / (double)a.cells : 0.0));
    return true;
}

static bool return_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->step != NULL && strcmp(x->step->action, "check") == 0)
        return add_up(x, err);
    return true;
}

static bool return_after(struct ln_special_call *x, struct ln_err *err)
{
    return x->step == NULL || strcmp(x->step->action, "fill") != 0 || fill(x, err);
}

/* ---- rows that people correct */

static const json_t *column_of(const json_t *columns, const char *key)
{
    for (size_t i = 0; i < json_array_size(columns); i++)
        if (strcmp(ln_special_word(json_array_get(columns, i), "key"), key) == 0)
            return json_array_get(columns, i);
    return NULL;
}

/* A cell that was filled by itself and is changed by hand is no longer automatic. */
static bool row_before(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *now = json_object_get(x->f, "cells");
    const json_t *was = cells_of(x->row);
    const json_t *automatic = json_object_get(json_object_get(x->row, "f"), "auto");

    (void)err;
    if (x->kind != LN_ENGINE_UPDATE || now == NULL || automatic == NULL)
        return true;
    json_t *left = json_array();
    for (size_t i = 0; i < json_array_size(automatic); i++) {
        const char *key = json_string_value(json_array_get(automatic, i));
        if (key != NULL && strcmp(ln_special_word(now, key), ln_special_word(was, key)) == 0)
            json_array_append_new(left, json_string(key));
    }
    if (json_array_size(left) != json_array_size(automatic))
        json_object_set(x->f, "auto", left);
    json_decref(left);
    return true;
}

/* The stored value of what stands in a cell; "" when it has none. */
static void stored(char out[CELL_MAX], const struct ln_def_field *f, const char *text)
{
    (void)snprintf(out, CELL_MAX, "%s", f->codes == NULL ? text : "");
    for (size_t i = 0; f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].label.zh, text) == 0)
            (void)snprintf(out, CELL_MAX, "%s", f->codes->list[i].code);
}

/* MODULES R7: what somebody corrects in a ledger is asked of the registry, never written over. */
static bool row_after(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *now = json_object_get(x->f, "cells");
    const json_t *was = cells_of(x->row);
    const char *subject = ln_special_text(x->row, "subject");
    const struct ln_def_coll *person = ln_def_find(x->e->def, "person");
    json_t *template = NULL;
    json_t *patch = json_object();
    const char *key;
    json_t *cell;
    bool ok = true;

    if (x->kind == LN_ENGINE_UPDATE && now != NULL && subject[0] != '\0')
        ok = ln_special_get(&template, x, "ledger_template", ln_special_text(x->row, "template"),
                            err);
    json_object_foreach((json_t *)(uintptr_t)(template != NULL ? now : NULL), key, cell)
    {
        const char *text = json_string_value(cell);
        const json_t *column =
            column_of(json_object_get(json_object_get(template, "f"), "columns"), key);
        const char *bound = ln_special_word(column, "bound_to");
        const struct ln_def_field *f =
            strncmp(bound, "person.", 7) == 0 ? ln_def_field(person, bound + 7) : NULL;
        char value[CELL_MAX];
        if (text == NULL || f == NULL || strcmp(text, ln_special_word(was, key)) == 0)
            continue;
        stored(value, f, text);
        if (value[0] != '\0')
            json_object_set_new(patch, f->name, json_string(value));
    }
    if (ok && json_object_size(patch) > 0)
        ok = ln_special_add(NULL, x, "change_request",
                            json_pack("{s:s,s:O,s:s}", "target", subject, "patch", patch, "reason",
                                      "填报台账时更正"),
                            err);
    json_decref(patch);
    json_decref(template);
    return ok;
}

/* ---- returns come by themselves */

static bool ask_return(struct ln_special_call *x, const json_t *template, struct ln_err *err)
{
    const char *id = ln_special_word(template, "id");
    const char *ends = ln_special_text(template, "ends");
    const char *region = ln_replica_self(x->r)->region;
    char period[12];
    char last[11];
    const struct ln_where where[] = { { "template", LN_WHERE_IS, id },
                                      { "period", LN_WHERE_IS, period },
                                      { "region", LN_WHERE_IS, region } };
    json_t *rows = NULL;

    if (ends[0] != '\0' && strcmp(ends, x->today) < 0)
        return true;
    ln_ledger_period(period, last, ln_special_text(template, "period"), x->today);
    bool ok = ln_special_find(&rows, x, "ledger_return", where, 3, 0, err);
    if (ok && json_array_size(rows) == 0)
        ok = ln_special_add(
            NULL, x, "ledger_return",
            json_pack("{s:s,s:s,s:s}", "template", id, "period", period, "due", last), err);
    json_decref(rows);
    return ok;
}

static bool return_tick(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where open = { "state", LN_WHERE_IS, "open" };
    const struct ln_cert *self = ln_replica_self(x->r);
    json_t *templates = NULL;
    bool yes = false;

    if (self->role != LN_ROLE_COMMUNITY)
        return true;
    bool ok = ln_special_due(&yes, x, "ledger/at", LOOK_EVERY_MS, err);
    if (ok && yes)
        ok = ln_special_find(&templates, x, "ledger_template", &open, 1, 0, err);
    for (size_t i = 0; ok && i < json_array_size(templates); i++)
        ok = ask_return(x, json_array_get(templates, i), err);
    json_decref(templates);
    return ok;
}

const struct ln_special ln_ledger_special[] = {
    { .collection = "ledger_template", .before = template_before },
    { .collection = "ledger_row", .before = row_before, .after = row_after },
    { .collection = "ledger_return",
      .before = return_before,
      .after = return_after,
      .tick = return_tick },
    { .collection = NULL },
};
