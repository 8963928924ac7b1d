/* Rows of a spreadsheet judged and saved: see import.h. */
#include "node/import.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/module/check.h"
#include "node/module/grid.h"
#include "node/module/sheet.h"

#define GROUP 100 /* rows that share a transaction */
#define VALUE_MAX 512

enum verdict { OK, SAME, CHANGED, WARNING, WRONG, DUPLICATE, N_VERDICTS };
static const char *const WORDS[] = { "ok", "same", "changed", "warning", "error", "duplicate" };

struct row {
    size_t no;
    enum verdict verdict;
    json_t *f, *messages;
    char id[LN_ID_TEXT + 1]; /* of the record it changes, "" none */
};
struct importing {
    struct ln_node *n;
    const struct ln_import *i;
    struct ln_sheet sheet;
    const struct ln_def_field *columns[LN_SHEET_COLS]; /* NULL: not taken */
    struct row *rows;
    size_t n_rows;
    char today[11];
    json_t *seen; /* keys of rows before, for duplicates inside the file */
    struct ln_node_reader *r;
    size_t saved;
};

/* ---- headers */

/* What clerks' tables call things, beside the labels of the definition. */
static const struct {
    const char *header, *field;
} HEADERS[] = { { "身份证号码", "id_no" }, { "身份证号", "id_no" }, { "证件号", "id_no" },
                { "电话", "phone" },       { "手机", "phone" },     { "手机号码", "phone" },
                { "出生年月", "birth" },   { "单位", "employer" } };
static const struct {
    const char *word, *code;
} CODES[] = { { "户籍居民", "local" },
              { "户籍人口", "local" },
              { "常住", "elsewhere" },
              { "外来人口", "floating" },
              { "已故", "dead" } };

static const struct ln_def_field *field_for(const struct ln_def_coll *c, const char *header)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *f = &c->fields[i];
        if (!f->internal && (strcmp(f->label.zh, header) == 0 || strcmp(f->label.en, header) == 0 ||
                             strcmp(f->name, header) == 0))
            return f;
    }
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++)
        if (strcmp(HEADERS[i].header, header) == 0)
            return ln_def_field(c, HEADERS[i].field);
    return NULL;
}

/* The header is the first row that names at least two fields: titles above it are passed over. */
static bool find_header(struct importing *x, size_t *header, struct ln_err *err)
{
    for (size_t r = 0; r < x->sheet.n_rows && r < 20; r++) {
        size_t found = 0;
        for (size_t c = 0; c < x->sheet.n_cols; c++) {
            const char *text = ln_sheet_cell(&x->sheet, r, c)->text;
            x->columns[c] = text != NULL ? field_for(x->i->coll, text) : NULL;
            found += x->columns[c] != NULL;
        }
        if (found >= 2) {
            *header = r;
            return true;
        }
    }
    return ln_fail(err, LN_INVALID,
                   "没有找到表头:第一行应为栏目名称 (no header row that names fields of %s)",
                   x->i->coll->name);
}

/* ---- values */

/* Full-width letters and digits as people type them; blanks inside numbers go. */
static void narrow(char out[VALUE_MAX], const char *text, bool number)
{
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p != '\0' && n < VALUE_MAX - 4;
         p++) {
        if (p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x81) { /* U+FF01..U+FF3F */
            out[n++] = (char)(p[2] - 0x81 + 0x21);
            p += 2;
        } else if (p[0] == 0xef && p[1] == 0xbd && p[2] >= 0x80 &&
                   p[2] <= 0x9e) { /* U+FF40..U+FF5E */
            out[n++] = (char)(p[2] - 0x80 + 0x60);
            p += 2;
        } else if (!number || (*p != ' ' && *p != '-'))
            out[n++] = (char)*p;
    }
    out[n] = '\0';
}

/* 1990-01-31, 1990/1/31, 1990.01.31, 1990年1月31日, 19900131, or a spreadsheet's day number. */
static bool date_of(char out[16], const char *text, bool number)
{
    unsigned long y = 0;
    unsigned long m = 0;
    unsigned long d = 0;
    size_t len = strlen(text);

    if (number && len == 5) {
        time_t t = ((time_t)strtol(text, NULL, 10) - 25569) * 86400;
        struct tm tm = { 0 };
        (void)gmtime_r(&t, &tm);
        return strftime(out, 16, "%Y-%m-%d", &tm) > 0;
    }
    if (len == 8 && strspn(text, "0123456789") == 8) {
        (void)snprintf(out, 16, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
        return ln_check_date(out);
    }
    char *end;
    y = strtoul(text, &end, 10);
    if (end == text)
        return false;
    text = end + strcspn(end, "0123456789");
    m = strtoul(text, &end, 10);
    text = end + strcspn(end, "0123456789");
    d = strtoul(text, &end, 10);
    if (y < 1800 || y > 9999 || m > 99 || d > 99)
        return false;
    (void)snprintf(out, 16, "%04u-%02u-%02u", (unsigned)y, (unsigned)m, (unsigned)d);
    return ln_check_date(out);
}

static const char *code_of(const struct ln_def_codes *set, const char *text)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, text) == 0 || strcmp(set->list[i].label.zh, text) == 0 ||
            strcmp(set->list[i].label.en, text) == 0)
            return set->list[i].code;
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (strcmp(CODES[i].word, text) == 0)
            for (size_t k = 0; k < set->n; k++)
                if (strcmp(set->list[k].code, CODES[i].code) == 0)
                    return set->list[k].code;
    for (size_t i = 0; i < set->n; i++) /* 汉 for 汉族 */
        if (strncmp(set->list[i].label.zh, text, strlen(text)) == 0)
            return set->list[i].code;
    return NULL;
}

static void message(struct row *row, const struct ln_def_field *f, const char *zh, const char *en)
{
    json_array_append_new(row->messages, json_pack("{s:s,s:o,s:o}", "field", f->name, "zh",
                                                   json_sprintf("%s:%s", f->label.zh, zh), "en",
                                                   json_sprintf("%s: %s", f->label.en, en)));
}

/* False: the row is wrong, and says why. */
static bool take_cell(struct row *row, const struct ln_def_field *f,
                      const struct ln_sheet_cell *cell)
{
    char text[VALUE_MAX] = "";
    char date[16];
    bool digits = f->check != NULL || f->type == LN_TYPE_INT || f->type == LN_TYPE_DATE ||
                  f->type == LN_TYPE_FEN;
    bool long_number = f->check != NULL &&
                       (strcmp(f->check, "id_no") == 0 || strcmp(f->check, "credit_code") == 0);

    if (strlen(cell->text) >= VALUE_MAX - 4 && f->type != LN_TYPE_TEXT) {
        message(row, f, "太长", "is too long");
        return false;
    }
    /* A CSV tells it by the form: 3.30106E+17. */
    if (long_number && (cell->number || strstr(cell->text, "E+") != NULL)) {
        message(row, f, "表格软件已把号码四舍五入,请把该列设为文本后重新填写",
                "the spreadsheet has rounded this number: make the column text and type it again");
        return false;
    }
    if (f->type == LN_TYPE_TEXT) {
        json_object_set_new(row->f, f->name, json_string(cell->text));
        return true;
    }
    narrow(text, cell->text, long_number);
    if (long_number && strlen(text) == 18)
        text[17] = (char)toupper((unsigned char)text[17]);
    if (!digits)
        (void)snprintf(text, sizeof text, "%s", cell->text);
    if (f->type == LN_TYPE_DATE) {
        if (!date_of(date, text, cell->number)) {
            message(row, f, "不是日期", "is no date");
            return false;
        }
        json_object_set_new(row->f, f->name, json_string(date));
    } else if (f->type == LN_TYPE_CODE && f->codes != NULL) {
        const char *code = code_of(f->codes, text);
        if (code == NULL) {
            message(row, f, "不在可选值中", "is none of the choices");
            return false;
        }
        json_object_set_new(row->f, f->name, json_string(code));
    } else if (f->type == LN_TYPE_INT || f->type == LN_TYPE_FEN || f->type == LN_TYPE_TS)
        json_object_set_new(row->f, f->name, json_integer(strtoll(text, NULL, 10)));
    else if (f->type == LN_TYPE_BOOL)
        json_object_set_new(row->f, f->name,
                            json_boolean(strcmp(text, "是") == 0 || strcmp(text, "1") == 0 ||
                                         strcmp(text, "yes") == 0));
    else
        json_object_set_new(row->f, f->name, json_string(text));
    return true;
}

/* ---- is it there already */

static const char *text_of(const json_t *f, const char *name)
{
    const char *t = json_string_value(json_object_get(f, name));

    return t != NULL ? t : "";
}

/* The first list of fields that are all filled: a number if there is one, else name and birth. */
static const json_t *key_fields(const struct importing *x, const json_t *f)
{
    const json_t *lists = json_object_get(x->i->coll->json, "duplicates");

    for (size_t i = 0; i < json_array_size(lists); i++) {
        const json_t *list = json_array_get(lists, i);
        bool filled = json_array_size(list) > 0;
        for (size_t k = 0; k < json_array_size(list); k++)
            filled = filled && text_of(f, json_string_value(json_array_get(list, k)))[0] != '\0';
        if (filled)
            return list;
    }
    return NULL;
}

static bool find_old(struct importing *x, struct row *row, json_t **old, struct ln_err *err)
{
    const json_t *keys = key_fields(x, row->f);
    struct ln_where where[4];
    struct ln_list l = { .coll = x->i->coll->coll, .where = where, .limit = 2 };
    json_t *rows = json_array();
    char seen[VALUE_MAX] = "";
    bool ok = true;

    *old = NULL;
    for (size_t k = 0; keys != NULL && k < json_array_size(keys) && k < 4; k++) {
        const char *name = json_string_value(json_array_get(keys, k));
        where[l.n++] = (struct ln_where){ name, LN_WHERE_IS, text_of(row->f, name) };
        size_t at = strlen(seen);
        (void)snprintf(seen + at, sizeof seen - at, "%s=%s;", name, text_of(row->f, name));
    }
    if (l.n == 0)
        goto out;
    if (json_object_get(x->seen, seen) != NULL) {
        row->verdict = DUPLICATE;
        json_array_append_new(
            row->messages,
            json_pack("{s:s,s:o,s:o}", "field", where[0].field, "zh",
                      json_sprintf("与第 %d 行重复",
                                   (int)json_integer_value(json_object_get(x->seen, seen))),
                      "en",
                      json_sprintf("repeats row %d",
                                   (int)json_integer_value(json_object_get(x->seen, seen)))));
        goto out;
    }
    json_object_set_new(x->seen, seen, json_integer((json_int_t)row->no));
    ok = ln_query_list(rows, NULL, x->r->store, &l, err);
    if (ok && json_array_size(rows) > 0)
        *old = json_incref(json_array_get(rows, 0));
out:
    json_decref(rows);
    return ok;
}

static bool differs(const json_t *now, const json_t *f)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)f, key, value)
    {
        const json_t *old = json_object_get(now, key);
        if (old == NULL || !json_equal(old, value))
            return true;
    }
    return false;
}

/* ---- judging */

static json_t *keep_all(const struct importing *x)
{
    json_t *keep = json_object();

    for (size_t i = 0; x->i->keep[0] != '\0' && i < x->i->coll->n_fields; i++)
        json_object_set_new(keep, x->i->coll->fields[i].name, json_string(x->i->keep));
    return keep;
}

/* What a worker may not write, since it stands in another's grid, is said of its row. */
static bool judge_grid(struct importing *x, struct row *row, const json_t *old, struct ln_err *err)
{
    const struct ln_user *u = x->i->user;
    char audience[LN_AUDIENCE_MAX];
    char grid[LN_GRID_MAX] = "";
    bool may;

    if (u->grids[0] == '\0' || x->i->coll->grid == NULL)
        return true;
    if (old != NULL) {
        ln_grid_of_audience(grid, json_string_value(json_object_get(old, "audience")));
        may = ln_engine_may_change(x->i->coll, u, old);
    } else {
        if (!ln_grid_find(grid, x->r->store, x->n->def, x->i->coll, NULL, row->f, x->today, err))
            return false;
        ln_audience_name(audience, 'C', x->n->config.region, grid, "");
        may = ln_engine_may_create_it(x->i->coll, u, row->f, audience);
    }
    if (may || grid[0] == '\0')
        return true;
    row->verdict = WRONG;
    json_array_append_new(
        row->messages,
        json_pack("{s:s,s:o,s:o}", "field", "", "zh",
                  json_sprintf("属于网格 %s，您负责的是 %s：请由该网格的社工或居委会导入", grid,
                               u->grids),
                  "en",
                  json_sprintf("belongs to grid %s and yours are %s: a worker of that grid or the "
                               "committee imports it",
                               grid, u->grids)));
    return true;
}

static bool judge(struct importing *x, struct row *row, struct ln_err *err)
{
    json_t *old = NULL;
    json_t *problems = json_array();
    json_t *keep = keep_all(x);
    size_t i;
    json_t *p;
    bool hard = false;

    if (json_array_size(row->messages) > 0)
        row->verdict = WRONG;
    if (!find_old(x, row, &old, err) || !judge_grid(x, row, old, err)) {
        json_decref(old);
        json_decref(problems);
        json_decref(keep);
        return false;
    }
    if (old == NULL)
        for (size_t k = 0; k < x->i->coll->n_fields; k++) { /* what a form would have filled in */
            const struct ln_def_field *f = &x->i->coll->fields[k];
            if (f->initial != NULL && json_object_get(row->f, f->name) == NULL)
                json_object_set_new(row->f, f->name,
                                    json_is_integer(f->initial) && f->type == LN_TYPE_CODE
                                        ? json_sprintf("%d", (int)json_integer_value(f->initial))
                                        : json_deep_copy(f->initial));
        }
    (void)ln_check_fields(problems, x->i->coll, row->f, old != NULL, keep, x->today);
    json_array_foreach(problems, i, p)
    {
        hard = hard || !json_is_true(json_object_get(p, "warning"));
        json_array_append(row->messages, p);
    }
    if (row->verdict == OK && hard)
        row->verdict = WRONG;
    else if (row->verdict == OK && json_array_size(problems) > 0)
        row->verdict = WARNING;
    else if (row->verdict == OK && old != NULL) {
        row->verdict = differs(json_object_get(old, "f"), row->f) ? CHANGED : SAME;
        (void)snprintf(row->id, sizeof row->id, "%s", text_of(old, "id"));
    }
    json_decref(old);
    json_decref(keep);
    json_decref(problems);
    return true;
}

static bool read_rows(struct importing *x, struct ln_err *err)
{
    size_t header = 0;

    if (!find_header(x, &header, err))
        return false;
    x->rows = ln_alloc_array(x->sheet.n_rows + 1, sizeof *x->rows);
    for (size_t r = header + 1; r < x->sheet.n_rows; r++) {
        struct row *row = &x->rows[x->n_rows];
        *row = (struct row){ .no = r + 1, .f = json_object(), .messages = json_array() };
        size_t filled = 0;
        for (size_t c = 0; c < x->sheet.n_cols; c++) {
            const struct ln_sheet_cell *cell = ln_sheet_cell(&x->sheet, r, c);
            if (x->columns[c] == NULL || cell->text == NULL)
                continue;
            filled++;
            (void)take_cell(row, x->columns[c], cell);
        }
        if (filled == 0) {
            json_decref(row->f);
            json_decref(row->messages);
            continue;
        }
        x->n_rows++;
        if (!judge(x, row, err))
            return ln_wrap(err, "row %zu", row->no);
    }
    return true;
}

/* ---- saving */

struct group {
    struct importing *x;
    size_t from, to;
    size_t saved;
};

static bool wanted(const struct row *row)
{
    return row->verdict == OK || row->verdict == CHANGED;
}

static bool save_row(struct importing *x, const struct row *row, struct ln_replica *r,
                     struct ln_err *err)
{
    json_t *keep = keep_all(x);
    struct ln_engine_job job = { .e = &x->n->engine,
                                 .u = x->i->user,
                                 .kind = row->id[0] != '\0' ? LN_ENGINE_UPDATE : LN_ENGINE_CREATE,
                                 .c = x->i->coll,
                                 .id = row->id[0] != '\0' ? row->id : NULL,
                                 .f = json_copy(row->f),
                                 .keep = keep,
                                 .channel = "import" };
    bool ok = ln_engine_run(&job, r, err);

    json_decref(job.problems);
    json_decref(job.f);
    json_decref(keep);
    return ok || ln_wrap(err, "row %zu", row->no);
}

static bool save_group(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct group *g = arg;

    for (size_t i = g->from; i < g->to; i++) {
        if (!wanted(&g->x->rows[i]))
            continue;
        if (!save_row(g->x, &g->x->rows[i], r, err))
            return false;
        g->saved++;
    }
    return true;
}

static bool save_all(struct importing *x, struct ln_err *err)
{
    for (size_t at = 0; at < x->n_rows; at += GROUP) {
        struct group g = { .x = x,
                           .from = at,
                           .to = at + GROUP < x->n_rows ? at + GROUP : x->n_rows };
        if (!ln_queue_write(x->n->queue, save_group, &g, err))
            return ln_wrap(err, "%zu rows were saved before", x->saved);
        x->saved += g.saved;
    }
    return true;
}

/* ---- what came of it */

static json_t *report(struct importing *x)
{
    static const enum verdict order[] = { WRONG, WARNING, DUPLICATE, CHANGED, OK, SAME };
    json_t *columns = json_array();
    json_t *rows = json_array();
    json_t *counts = json_object();
    size_t n[N_VERDICTS] = { 0 };

    for (size_t c = 0; c < x->sheet.n_cols; c++)
        if (x->columns[c] != NULL)
            json_array_append_new(columns, json_pack("{s:s,s:s}", "header", x->columns[c]->label.zh,
                                                     "field", x->columns[c]->name));
    for (size_t i = 0; i < x->n_rows; i++)
        n[x->rows[i].verdict]++;
    for (size_t v = 0; v < N_VERDICTS; v++)
        json_object_set_new(counts, WORDS[v], json_integer((json_int_t)n[v]));
    for (size_t v = 0; v < N_VERDICTS; v++)
        for (size_t i = 0; i < x->n_rows && json_array_size(rows) < LN_IMPORT_SHOWN; i++)
            if (x->rows[i].verdict == order[v])
                json_array_append_new(rows, json_pack("{s:I,s:s,s:O,s:O}", "no",
                                                      (json_int_t)x->rows[i].no, "status",
                                                      WORDS[order[v]], "messages",
                                                      x->rows[i].messages, "f", x->rows[i].f));
    return json_pack("{s:o,s:o,s:o,s:I,s:I}", "columns", columns, "counts", counts, "rows", rows,
                     "total", (json_int_t)x->n_rows, "saved", (json_int_t)x->saved);
}

bool ln_import_run(json_t **out, struct ln_node *n, const struct ln_import *i, struct ln_err *err)
{
    struct importing x = { .n = n, .i = i, .seen = json_object() };
    bool ok = false;

    ln_engine_today(x.today, n->env.now_ms(n->env.ctx));
    if (!ln_engine_may_create(i->coll, i->user)) {
        (void)ln_fail(err, LN_DENIED, "your role may not add records to %s", i->coll->name);
        goto out;
    }
    if (!ln_sheet_read(&x.sheet, i->data, i->len, err) || !ln_node_read(n, &x.r, err))
        goto out;
    ok = read_rows(&x, err);
    ln_node_read_done(n, x.r);
    ok = ok && (!i->commit || save_all(&x, err));
    if (ok)
        *out = report(&x);
out:
    for (size_t k = 0; k < x.n_rows; k++) {
        json_decref(x.rows[k].f);
        json_decref(x.rows[k].messages);
    }
    ln_free(x.rows);
    ln_sheet_free(&x.sheet);
    json_decref(x.seen);
    return ok;
}
