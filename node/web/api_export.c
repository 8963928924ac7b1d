/* Spreadsheets out and in. Lists go out as CSV: UTF-8 with its mark, long numbers as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/import.h"
#include "node/web/routes.h"

static void csv_cell(struct ln_buf *out, const char *text)
{
    bool digits = strlen(text) >= 11 && strspn(text, "0123456789X") == strlen(text);
    /* A cell that begins like a formula is text: a spreadsheet must not run what a resident wrote.
     */
    bool formula = strchr("=+-@\t\r", text[0]) != NULL && text[0] != '\0';

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

static void csv_value(struct ln_buf *out, const struct ln_def_field *f, const json_t *v)
{
    char *text = NULL;

    if (json_is_string(v) && f->codes != NULL)
        for (size_t i = 0; i < f->codes->n; i++)
            if (strcmp(f->codes->list[i].code, json_string_value(v)) == 0) {
                csv_cell(out, f->codes->list[i].label.zh);
                return;
            }
    if (json_is_string(v))
        csv_cell(out, json_string_value(v));
    else if (v != NULL) {
        text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
        csv_cell(out, text != NULL ? text : "");
    }
    free(text);
}

#define EXPORT_ROWS 20000

bool ln_api_export_csv(struct ln_call *c, struct ln_err *err)
{
    char name[64];
    const char *dot = strrchr(c->q->arg[0], '.');
    struct ln_where any[4];
    struct ln_list l = {
        .any = any, .text = ln_http_query(c->q, "q"), .descending = false, .limit = LN_QUERY_LIMIT
    };
    struct ln_buf *out = &c->out->body;

    if (dot == NULL || strcmp(dot, ".csv") != 0)
        return ln_fail(err, LN_MISSING, "lists are exported as .csv");
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot - c->q->arg[0]), c->q->arg[0]);
    const struct ln_def_coll *d = ln_def_find(c->n->def, name);
    if (d == NULL || !ln_engine_may_list(d, &c->user, any, &l.n_any))
        return ln_fail(err, LN_DENIED, "your role may not read that list");
    l.coll = d->coll;
    ln_buf_adds(out, "\xef\xbb\xbf\"id\"");
    for (size_t i = 0; i < d->n_fields; i++) {
        ln_buf_addc(out, ',');
        csv_cell(out, d->fields[i].label.zh);
    }
    ln_buf_adds(out, "\r\n");
    for (bool more = true; more && l.offset < EXPORT_ROWS; l.offset += LN_QUERY_LIMIT) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        if (!ln_query_list(rows, NULL, c->r->store, &l, err)) {
            json_decref(rows);
            return false;
        }
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_array_foreach(rows, i, row)
        {
            if (!ln_engine_may_read(d, &c->user, row))
                continue;
            ln_engine_mask(d, &c->user, row);
            csv_cell(out, ln_web_text(row, "id"));
            for (size_t k = 0; k < d->n_fields; k++) {
                ln_buf_addc(out, ',');
                csv_value(out, &d->fields[k],
                          json_object_get(json_object_get(row, "f"), d->fields[k].name));
            }
            ln_buf_adds(out, "\r\n");
        }
        json_decref(rows);
    }
    c->out->content_type = "text/csv";
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"%s.csv\"", d->name);
    return true;
}

/* POST /api/v1/import?collection=person[&commit=1][&keep=reason], the file as body: the preview, or
 * what was saved. */
bool ln_api_export_import(struct ln_call *c, struct ln_err *err)
{
    const char *name = ln_http_query(c->q, "collection");
    const char *keep = ln_http_query(c->q, "keep");
    struct ln_import i = { .user = &c->user,
                           .coll = name != NULL ? ln_def_find(c->n->def, name) : NULL,
                           .data = c->q->body,
                           .len = c->q->body_len,
                           .commit = ln_http_query(c->q, "commit") != NULL,
                           .keep = keep != NULL ? keep : "" };
    json_t *r = NULL;

    if (i.coll == NULL || i.len == 0)
        return ln_fail(err, LN_INVALID, "a collection and a file are needed");
    return ln_import_run(&r, c->n, &i, err) && ln_web_json(c, 200, r);
}
