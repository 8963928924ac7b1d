/* Spreadsheets out. Lists go out as they are filtered, in words of the caller's language:
 * CSV (UTF-8 with its mark) or XLSX. Nothing in them is a formula; identity numbers, codes and
 * telephone numbers are text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/web/listing.h"
#include "node/web/routes.h"
#include "node/web/title.h"
#include "node/xlsx.h"

#define EXPORT_ROWS 200000
#define EXPORT_BYTES (64 << 20) /* of the finished file */
#define CELL_BYTES (1 << 20)

/* ---- one value in words */

static void ts_text(struct ln_buf *out, int64_t ms)
{
    time_t t = (time_t)((ms + 28800000) / 1000);
    struct tm tm = { 0 };
    char text[20];

    (void)gmtime_r(&t, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
    ln_buf_adds(out, text);
}

static void cell_text(struct ln_buf *out, struct ln_call *c, const struct ln_def_field *f,
                      const json_t *v)
{
    ln_buf_clear(out);
    if (v == NULL || json_is_null(v))
        return;
    if (f->type == LN_TYPE_TS && json_is_integer(v))
        ts_text(out, json_integer_value(v));
    else if (f->type == LN_TYPE_FEN && json_is_integer(v))
        ln_buf_addf(out, "%.2f", (double)json_integer_value(v) / 100);
    else if (json_is_integer(v))
        ln_buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (f->type == LN_TYPE_FILE || f->type == LN_TYPE_FILES) {
        size_t n = json_is_array(v) ? json_array_size(v) : 1;
        for (size_t i = 0; i < n; i++)
            ln_buf_addf(out, "%s%s", i > 0 ? "; " : "",
                        ln_web_text(json_is_array(v) ? json_array_get(v, i) : v, "name"));
    } else if (f->type == LN_TYPE_MAP || f->type == LN_TYPE_GEO) {
        char *text = json_dumps(v, JSON_COMPACT);
        ln_buf_adds(out, text != NULL ? text : "");
        free(text);
    } else
        ln_title_value(out, c, f, v);
    if (out->len == 0 && json_is_string(v))
        ln_buf_adds(out, json_string_value(v));
}

/* ---- the rows, whatever they become */

struct sheet {
    struct ln_call *c;
    const struct ln_def_coll *d;
    struct ln_buf cell;
    void (*put)(struct sheet *x, size_t row, size_t column, const struct ln_def_field *f,
                const json_t *v);
    void (*end_row)(struct sheet *x);
    struct ln_xlsx *book; /* NULL: CSV */
};

static const char *label_of(const struct sheet *x, const struct ln_def_label *l)
{
    return x->c->q->zh ? l->zh : l->en;
}

static const char *state_of(const struct sheet *x, const json_t *row)
{
    const char *state = ln_web_text(row, "state");

    for (size_t i = 0; i < x->d->n_states; i++)
        if (strcmp(x->d->states[i].name, state) == 0)
            return label_of(x, &x->d->states[i].label);
    return state;
}

static void put_text(struct sheet *x, size_t row, size_t column, const char *text)
{
    static const struct ln_def_field plain = { .name = "", .type = LN_TYPE_STR };
    json_t *v = json_string(text);

    x->put(x, row, column, &plain, v);
    json_decref(v);
}

static bool shown(const struct ln_def_field *f)
{
    return !(f->internal && f->type == LN_TYPE_MAP); /* maps of ids */
}

static void put_head(struct sheet *x)
{
    size_t at = 0;

    put_text(x, 0, at++, "id");
    if (x->d->n_states > 0)
        put_text(x, 0, at++, x->c->q->zh ? "状态" : "State");
    for (size_t i = 0; i < x->d->n_fields; i++)
        if (shown(&x->d->fields[i]))
            put_text(x, 0, at++, label_of(x, &x->d->fields[i].label));
    x->end_row(x);
}

static void put_row(struct sheet *x, size_t n, json_t *row)
{
    const json_t *f;
    size_t at = 0;

    ln_engine_mask(x->d, &x->c->user, row);
    ln_web_said(x->c, json_object_get(row, "f"));
    f = json_object_get(row, "f");
    put_text(x, n, at++, ln_web_text(row, "id"));
    if (x->d->n_states > 0)
        put_text(x, n, at++, state_of(x, row));
    for (size_t i = 0; i < x->d->n_fields; i++)
        if (shown(&x->d->fields[i]))
            x->put(x, n, at++, &x->d->fields[i], json_object_get(f, x->d->fields[i].name));
    x->end_row(x);
}

static bool put_all(struct sheet *x, struct ln_err *err)
{
    struct ln_listing list = { .l = { .n = 0 } };
    size_t n = 1;

    if (!ln_listing_read(&list, x->c, x->d, err))
        return false;
    list.l.limit = LN_QUERY_LIMIT;
    list.l.total = false;
    x->cell = ln_buf_new(CELL_BYTES + 4096);
    put_head(x);
    list.l.after = NULL;
    list.l.offset = 0;
    for (bool more = true; more && n <= EXPORT_ROWS;) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        bool ok = ln_query_list(rows, NULL, x->c->r->store, &list.l, err);
        size_t got = json_array_size(rows);
        more = got == LN_QUERY_LIMIT &&
               ln_clock_id_read(&list.place,
                                ln_span_of(ln_web_text(json_array_get(rows, got - 1), "id")));
        list.l.after = &list.place;
        json_array_foreach(rows, i, row)
        {
            if (ok && ln_engine_may_read(x->d, &x->c->user, row))
                put_row(x, n++, row);
        }
        json_decref(rows);
        if (!ok) {
            ln_buf_free(&x->cell);
            return false;
        }
    }
    ln_buf_free(&x->cell);
    return true;
}

/* A cell that begins like a formula is text: a spreadsheet must not run what a resident wrote.
 * Those made for Chinese take the wide signs, too. */
static bool begins_formula(const char *text)
{
    static const char *const wide[] = { "＝", "＋", "－", "＠" };

    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

/* ---- CSV */

static void csv_cell(struct ln_buf *out, const char *text)
{
    bool digits = strlen(text) >= 11 && strspn(text, "0123456789X") == strlen(text);
    bool formula = begins_formula(text);

    if (out->len > 0 && out->data[out->len - 1] != '\n' && out->len > 3)
        ln_buf_addc(out, ',');
    ln_buf_addc(out, '"');
    if (digits)
        ln_buf_addc(out, '\t');
    if (formula)
        ln_buf_addc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            ln_buf_addc(out, '"');
        ln_buf_addc(out, *text);
    }
    ln_buf_addc(out, '"');
}

static void csv_put(struct sheet *x, size_t row, size_t column, const struct ln_def_field *f,
                    const json_t *v)
{
    (void)row;
    (void)column;
    cell_text(&x->cell, x->c, f, v);
    csv_cell(&x->c->out->body, x->cell.data != NULL ? x->cell.data : "");
}

static void csv_end(struct sheet *x)
{
    ln_buf_adds(&x->c->out->body, "\r\n");
}

/* ---- XLSX */

static void xlsx_put(struct sheet *x, size_t row, size_t column, const struct ln_def_field *f,
                     const json_t *v)
{
    if (f->type == LN_TYPE_FEN && json_is_integer(v))
        ln_xlsx_fen(x->book, row, column, json_integer_value(v));
    else if (f->type == LN_TYPE_INT && json_is_integer(v))
        ln_xlsx_int(x->book, row, column, json_integer_value(v));
    else {
        cell_text(&x->cell, x->c, f, v);
        ln_xlsx_text(x->book, row, column, (struct ln_span){ x->cell.data, x->cell.len });
    }
}

static void xlsx_end(struct sheet *x)
{
    (void)x;
}

static bool write_xlsx(struct sheet *x, struct ln_err *err)
{
    struct ln_err why = { 0 };

    if (!ln_xlsx_open(&x->book, x->c->n->dir, x->d->name, err))
        return false;
    if (put_all(x, err))
        return ln_xlsx_close(x->book, &x->c->out->body, err);
    (void)!ln_xlsx_close(x->book, NULL, &why);
    return false;
}

/* GET /api/v1/export/<collection>.csv|xlsx, with the filters of the list. */
bool ln_api_export_list(struct ln_call *c, struct ln_err *err)
{
    char name[64];
    const char *dot = strrchr(c->q->arg[0], '.');
    struct sheet x = { .c = c, .put = csv_put, .end_row = csv_end };
    bool xlsx = dot != NULL && strcmp(dot, ".xlsx") == 0;

    if (dot == NULL || (!xlsx && strcmp(dot, ".csv") != 0))
        return ln_fail(err, LN_MISSING, "lists are exported as .csv or .xlsx");
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot - c->q->arg[0]), c->q->arg[0]);
    x.d = ln_def_find(c->n->def, name);
    if (x.d == NULL)
        return ln_fail(err, LN_MISSING, "no collection %.60s", name);
    ln_buf_free(&c->out->body);
    c->out->body = ln_buf_new(EXPORT_BYTES);
    if (xlsx) {
        x.put = xlsx_put;
        x.end_row = xlsx_end;
        if (!write_xlsx(&x, err))
            return false;
    } else {
        ln_buf_adds(&c->out->body, "\xef\xbb\xbf");
        if (!put_all(&x, err) || !ln_buf_done(&c->out->body, "list", err))
            return false;
    }
    c->out->content_type =
        xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv";
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"%s.%s\"", x.d->name, xlsx ? "xlsx" : "csv");
    return true;
}
