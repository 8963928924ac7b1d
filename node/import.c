/* Rows of a spreadsheet judged and saved: see import.h. */
#include "node/import.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/module/cell.h"
#include "node/module/check.h"
#include "node/module/grid.h"
#include "node/module/settle.h"
#include "node/say.h"
#include "node/xlsx.h"

#define GROUP 50       /* rows that share a transaction */
#define TELL_EACH 25   /* rows between two words of progress */
#define HEADER_ROWS 20 /* the header stands in one of the first */

enum verdict { OK, SAME, CHANGED, WARNING, WRONG, DUPLICATE, N_VERDICTS };
static const char *const WORDS[] = { "ok", "same", "changed", "warning", "error", "duplicate" };

struct row {
    size_t no; /* as the spreadsheet counts */
    enum verdict verdict;
    json_t *f, *messages;
    json_t *parts[LN_SETTLE_PARTS], *called[LN_SETTLE_PARTS];
    char id[LN_ID_TEXT + 1]; /* of the record it changes, "" none */
};
struct column {
    const struct ln_def_field *field; /* NULL: not taken */
    const json_t *words;
    int part; /* -1: the record's own */
    bool above;
};
struct importing {
    struct ln_node *n;
    const struct ln_import *i;
    struct ln_sheet sheet;
    size_t header;
    struct column columns[LN_SHEET_COLS];
    const struct ln_sheet_cell *above[LN_SHEET_COLS]; /* what stands in for a blank */
    bool lost; /* a household began without a dwelling: its blanks stand for none */
    struct row *rows;
    size_t n_rows;
    char today[11];
    json_t *seen; /* keys of rows before, for duplicates inside the file */
    struct ln_settle settle;
    struct ln_node_reader *r;
    size_t saved, added[LN_SETTLE_PARTS], changed[LN_SETTLE_PARTS];
    char run[LN_ID_TEXT + 1];
};

static const char *text_of(const json_t *f, const char *name)
{
    const char *t = json_string_value(json_object_get(f, name));

    return t != NULL ? t : "";
}

static void tell(const struct importing *x, const char *phase, size_t done, size_t total)
{
    if (x->i->progress != NULL && (done % TELL_EACH == 0 || done == total))
        x->i->progress(x->i->ctx, phase, done, total);
}

/* ---- columns */

static bool own_column(struct column *out, const struct ln_def_coll *c, const char *header)
{
    const json_t *import = json_object_get(c->json, "import");
    const json_t *headers = json_object_get(import, "headers");

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *f = &c->fields[i];
        if (f->internal || f->readonly ||
            !ln_cell_header(f, json_object_get(headers, f->name), header))
            continue;
        *out = (struct column){ f, json_object_get(json_object_get(import, "words"), f->name), -1,
                                false };
        return true;
    }
    return false;
}

static bool part_column(struct column *out, const struct importing *x, const char *header)
{
    for (size_t k = 0; k < x->settle.n; k++) {
        const struct ln_settle_part *p = &x->settle.parts[k];
        const char *field;
        json_t *more;
        json_object_foreach(json_object_get(p->json, "columns"), field, more)
        {
            const struct ln_def_field *f = ln_def_field(p->c, field);
            if (!ln_cell_header(f, more, header) || !ln_engine_may_create(p->c, x->i->user))
                continue;
            *out = (struct column){ f, json_object_get(json_object_get(p->json, "words"), field),
                                    (int)k, json_object_get(p->json, "above") != NULL };
            return true;
        }
    }
    return false;
}

/* A field has one column: the first. */
static bool taken_before(const struct importing *x, const struct column *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x->columns[i].field == c->field && x->columns[i].part == c->part)
            return true;
    return false;
}

static size_t read_header(struct importing *x, size_t row)
{
    size_t found = 0;

    for (size_t c = 0; c < x->sheet.n_cols; c++) {
        const char *text = ln_sheet_cell(&x->sheet, row, c)->text;
        struct column column = { .part = -1 };
        x->columns[c] = column;
        if (text == NULL || strlen(text) >= LN_CELL_MAX ||
            (!own_column(&column, x->i->coll, text) && !part_column(&column, x, text)) ||
            taken_before(x, &column, c))
            continue;
        x->columns[c] = column;
        found++;
    }
    return found;
}

/* The header is the first row that names at least two fields: titles above it are passed over. */
static bool find_header(struct importing *x, struct ln_err *err)
{
    for (x->header = 0; x->header < x->sheet.n_rows && x->header < HEADER_ROWS; x->header++)
        if (read_header(x, x->header) >= 2)
            return true;
    return ln_fail(err, LN_INVALID, "%s",
                   LN_SAY("没有找到表头：请在第一行写上栏目名称，如系统导出的表格那样",
                          "no header: the first row names the columns, as in an exported list"));
}

/* ---- one row */

static void message(struct row *row, const struct ln_def_field *f, const char *zh, const char *en,
                    bool warning)
{
    json_t *m =
        json_pack("{s:s,s:o,s:o}", "field", f->name, "zh", json_sprintf("%s：%s", f->label.zh, zh),
                  "en", json_sprintf("%s: %s", f->label.en, en));

    if (warning)
        json_object_set_new(m, "warning", json_true());
    json_array_append_new(row->messages, m);
}

/* What is no mistake: what changes. */
static void inform(struct row *row, const struct ln_def_field *f, const char *zh, const char *en)
{
    message(row, f, zh, en, false);
    json_object_set_new(json_array_get(row->messages, json_array_size(row->messages) - 1), "info",
                        json_true());
}

/* The record that a text means; refused in words when there is none. */
static bool take_ref(struct importing *x, struct row *row, const struct column *c, const char *text,
                     json_t **v, struct ln_err *err)
{
    const struct ln_def_coll *to = ln_def_find(x->n->def, c->field->to);
    const char *id;
    bool several;
    char zh[512];
    char en[512];

    if (!ln_settle_ref(&id, &several, &x->settle, x->r->store, c->field, text, err))
        return false;
    if (id[0] != '\0') {
        *v = json_string(id);
        return true;
    }
    const char *zh_what = to != NULL ? to->label.zh : c->field->label.zh;
    const char *en_what = to != NULL ? to->label.en : c->field->label.en;
    (void)snprintf(zh, sizeof zh,
                   several ? "“%.80s”对应不止一个%s，请写全名或编号"
                           : "没有登记“%.80s”，请先在“%s”中登记，或改正这一格",
                   text, zh_what);
    (void)snprintf(en, sizeof en,
                   several ? "\"%.80s\" may be more than one %s: write the whole name or the code"
                           : "\"%.80s\" is not registered: add it under %s first, or correct it",
                   text, en_what);
    message(row, c->field, zh, en, false);
    return true;
}

static bool take_cell(struct importing *x, struct row *row, const struct column *c,
                      const struct ln_sheet_cell *cell, struct ln_err *err)
{
    json_t **to = c->part < 0 ? &row->f : &row->parts[c->part];
    struct ln_cell_words why;
    json_t *v = NULL;

    if (*to == NULL)
        *to = json_object();
    if (!ln_cell_value(&v, c->field, c->words, row->f, cell, &why)) {
        message(row, c->field, why.zh, why.en, false);
        return true;
    }
    if (c->field->type == LN_TYPE_REF) {
        json_t *id = NULL;
        if (c->part >= 0) {
            if (row->called[c->part] == NULL)
                row->called[c->part] = json_object();
            json_object_set(row->called[c->part], c->field->name, v);
        }
        bool ok = take_ref(x, row, c, json_string_value(v), &id, err);
        json_decref(v);
        if (!ok || id == NULL)
            return ok;
        v = id;
    }
    json_object_set_new(*to, c->field->name, v);
    return true;
}

/* Whether a blank stands for what is above it: not where the row begins anew (a head of household).
 */
static bool begins_anew(const struct importing *x, const struct row *row)
{
    for (size_t k = 0; k < x->settle.n; k++) {
        const char *path;
        json_t *value;
        json_object_foreach(json_object_get(x->settle.parts[k].json, "above"), path, value)
        {
            const char *dot = strchr(path, '.');
            for (size_t i = 0; dot != NULL && i < x->settle.n; i++)
                if (strncmp(x->settle.parts[i].c->name, path, (size_t)(dot - path)) == 0 &&
                    strcmp(text_of(row->parts[i], dot + 1), json_string_value(value)) == 0)
                    return true;
        }
    }
    return false;
}

/* Merged cells are blanks in a CSV: a blank stands for the one above as long as all columns before
 * it do, too. */
static bool take_above(struct importing *x, struct row *row, size_t r, struct ln_err *err)
{
    bool anew = begins_anew(x, row);
    const struct column *first = NULL;
    bool same = x->sheet.csv && !anew;
    bool blank = true;

    x->lost = x->lost || anew;
    for (size_t c = 0; c < x->sheet.n_cols; c++) {
        const struct ln_sheet_cell *cell = ln_sheet_cell(&x->sheet, r, c);
        if (!x->columns[c].above)
            continue;
        first = first != NULL ? first : &x->columns[c];
        blank = blank && cell->text == NULL;
        if (cell->text == NULL && same && x->above[c] != NULL)
            cell = x->above[c];
        else if (cell->text != NULL &&
                 (x->above[c] == NULL || strcmp(cell->text, x->above[c]->text) != 0))
            same = false;
        x->above[c] = cell->text != NULL ? cell : NULL;
        if (cell->text != NULL && !take_cell(x, row, &x->columns[c], cell, err))
            return false;
    }
    x->lost = x->lost && blank && x->sheet.csv;
    if (first != NULL && x->lost && x->i->keep[0] == '\0')
        message(row, first->field, "这一户的住房是空白，请填写；没有住房的，注明原因后只登记人",
                "this household's dwelling is empty: fill it in, or say why to keep the persons "
                "alone",
                true);
    return true;
}

/* Own columns first: a word of another record may depend on them. */
static bool take_row(struct importing *x, struct row *row, size_t r, struct ln_err *err)
{
    for (int own = 1; own >= 0; own--)
        for (size_t c = 0; c < x->sheet.n_cols; c++) {
            const struct ln_sheet_cell *cell = ln_sheet_cell(&x->sheet, r, c);
            const struct column *column = &x->columns[c];
            if (column->field == NULL || cell->text == NULL || column->above ||
                (column->part < 0) != (own == 1))
                continue;
            if (!take_cell(x, row, column, cell, err))
                return false;
            if (ln_cell_rounding(column->field, cell) == LN_CELL_MAYBE && x->i->keep[0] == '\0') {
                struct ln_cell_words why;
                ln_cell_say_rounded(&why, LN_CELL_MAYBE);
                message(row, column->field, why.zh, why.en, true);
            }
        }
    return take_above(x, row, r, err);
}

static bool is_blank(const struct importing *x, size_t r)
{
    for (size_t c = 0; c < x->sheet.n_cols; c++)
        if (x->columns[c].field != NULL && ln_sheet_cell(&x->sheet, r, c)->text != NULL)
            return false;
    return true;
}

/* ---- is it there already */

static bool filled(const json_t *list, const json_t *f)
{
    for (size_t k = 0; k < json_array_size(list); k++)
        if (text_of(f, json_string_value(json_array_get(list, k)))[0] == '\0')
            return false;
    return json_array_size(list) > 0;
}

/* False: an earlier row has the same key. */
static bool first_of(struct importing *x, struct row *row, const json_t *list)
{
    char seen[4 * LN_CELL_MAX] = "";
    char zh[64];
    char en[64];

    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *name = json_string_value(json_array_get(list, k));
        size_t at = strlen(seen);
        (void)snprintf(seen + at, sizeof seen - at, "%s=%s;", name, text_of(row->f, name));
    }
    const json_t *before = json_object_get(x->seen, seen);
    if (before == NULL) {
        json_object_set_new(x->seen, seen, json_integer((json_int_t)row->no));
        return true;
    }
    (void)snprintf(zh, sizeof zh, "与第 %d 行重复，请删去其中一行，或改正",
                   (int)json_integer_value(before));
    (void)snprintf(en, sizeof en, "repeats row %d: remove one of them, or correct it",
                   (int)json_integer_value(before));
    message(row, ln_def_field(x->i->coll, json_string_value(json_array_get(list, 0))), zh, en,
            false);
    return false;
}

static bool find_by(struct importing *x, const struct row *row, const json_t *list, json_t **old,
                    struct ln_err *err)
{
    struct ln_where where[4];
    struct ln_list l = { .coll = x->i->coll->coll, .where = where, .limit = 1 };
    json_t *rows = json_array();
    bool plain = true;

    for (size_t k = 0; k < json_array_size(list) && k < 4; k++) {
        const char *name = json_string_value(json_array_get(list, k));
        const char *value = text_of(row->f, name);
        plain = plain && strchr(value, ',') == NULL; /* separates values of a filter */
        where[l.n++] = (struct ln_where){ name, LN_WHERE_IS, value };
    }
    bool ok = !plain || ln_query_list(rows, NULL, x->r->store, &l, err);
    *old = ok ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

/* By the first list of fields that the row fills; by a further one, when what is found there lacks
 * those before: a number that is new to a name that was registered without. */
static bool find_old(struct importing *x, struct row *row, json_t **old, struct ln_err *err)
{
    const json_t *lists = json_object_get(x->i->coll->json, "duplicates");
    const json_t *first = NULL;

    *old = NULL;
    for (size_t i = 0; *old == NULL && i < json_array_size(lists); i++) {
        const json_t *list = json_array_get(lists, i);
        if (!filled(list, row->f))
            continue;
        if (first == NULL && !first_of(x, row, list)) {
            row->verdict = DUPLICATE;
            return true;
        }
        if (!find_by(x, row, list, old, err))
            return false;
        if (first != NULL && *old != NULL && filled(first, json_object_get(*old, "f"))) {
            json_decref(*old);
            *old = NULL;
        }
        first = first != NULL ? first : list;
    }
    return true;
}

/* ---- judging */

static json_t *keep_all(const struct importing *x, const struct ln_def_coll *c)
{
    json_t *keep = json_object();

    for (size_t i = 0; x->i->keep[0] != '\0' && i < c->n_fields; i++)
        json_object_set_new(keep, c->fields[i].name, json_string(x->i->keep));
    return keep;
}

/* What a form would have filled in. */
static void fill_in(const struct ln_def_coll *c, json_t *f)
{
    for (size_t k = 0; k < c->n_fields; k++) {
        const struct ln_def_field *d = &c->fields[k];
        if (d->initial == NULL || json_object_get(f, d->name) != NULL || d->readonly)
            continue;
        const char *word = json_string_value(d->initial);
        if (word != NULL && (strcmp(word, "me") == 0 || strcmp(word, "today") == 0))
            continue; /* the engine knows them */
        json_object_set_new(f, d->name,
                            json_is_integer(d->initial) && d->type == LN_TYPE_CODE
                                ? json_sprintf("%d", (int)json_integer_value(d->initial))
                                : json_deep_copy(d->initial));
    }
}

/* A warning about what stands in the record already was decided about. */
static bool decided(const json_t *problem, const struct row *row, const json_t *old)
{
    const char *field = text_of(problem, "field");
    const json_t *now = json_object_get(json_object_get(old, "f"), field);

    return json_is_true(json_object_get(problem, "warning")) && now != NULL &&
           json_equal(now, json_object_get(row->f, field));
}

static bool told_of(const struct row *row, const char *field)
{
    size_t i;
    json_t *m;

    json_array_foreach(row->messages, i, m)
    {
        if (strcmp(text_of(m, "field"), field) == 0)
            return true;
    }
    return false;
}

/* All that the definitions say about the row's values; own ones, then those of the others. */
static void check_values(struct importing *x, struct row *row, const json_t *old)
{
    json_t *problems = json_array();
    json_t *kept = json_array();
    size_t i;
    json_t *p;

    for (int k = -1; k < (int)x->settle.n; k++) {
        const struct ln_def_coll *c = k < 0 ? x->i->coll : x->settle.parts[k].c;
        json_t *f = k < 0 ? row->f : row->parts[k];
        json_t *keep = keep_all(x, c);
        if (f != NULL)
            (void)ln_check_fields(problems, c, f, k >= 0 || old != NULL, keep, x->today);
        json_decref(keep);
    }
    json_array_foreach(problems, i, p)
    {
        if (!told_of(row, text_of(p, "field"))) /* a cell that was refused is not missing, too */
            json_array_append(row->messages, p);
    }
    json_array_foreach(row->messages, i, p)
    {
        if (old == NULL || !decided(p, row, old))
            json_array_append(kept, p);
    }
    json_decref(row->messages);
    row->messages = kept;
    json_decref(problems);
}

static void verdict_of_messages(struct row *row)
{
    size_t i;
    json_t *m;

    json_array_foreach(row->messages, i, m)
    {
        if (!json_is_true(json_object_get(m, "warning")))
            row->verdict = WRONG;
        else if (row->verdict == OK)
            row->verdict = WARNING;
    }
}

static const char *shown_code(const struct ln_def_field *f, const char *text, bool zh)
{
    for (size_t i = 0; f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].code, text) == 0)
            return zh ? f->codes->list[i].label.zh : f->codes->list[i].label.en;
    return text;
}

/* "原为 …": a masked field stays masked. */
static void was(struct row *row, const struct ln_def_field *f, const json_t *old)
{
    const char *text = json_string_value(old);
    char masked[LN_CELL_MAX] = "";
    char zh[600];
    char en[600];

    if (text != NULL && f->mark == LN_MARK_SENSITIVE)
        ln_check_mask(masked, sizeof masked, f, text);
    else if (json_is_integer(old))
        (void)snprintf(masked, sizeof masked, "%" JSON_INTEGER_FORMAT, json_integer_value(old));
    bool empty = old == NULL || (text != NULL && text[0] == '\0');
    const char *shown_zh = masked[0] != '\0' ? masked
                           : text != NULL    ? shown_code(f, text, true)
                                             : "…";
    const char *shown_en = masked[0] != '\0' ? masked
                           : text != NULL    ? shown_code(f, text, false)
                                             : "...";
    (void)snprintf(zh, sizeof zh, empty ? "原来是空白" : "原为“%.200s”", shown_zh);
    (void)snprintf(en, sizeof en, empty ? "was empty" : "was \"%.200s\"", shown_en);
    inform(row, f, zh, en);
}

static bool differs(struct importing *x, struct row *row, const json_t *old)
{
    bool any = false;

    for (size_t i = 0; i < x->i->coll->n_fields; i++) {
        const struct ln_def_field *f = &x->i->coll->fields[i];
        const json_t *v = json_object_get(row->f, f->name);
        const json_t *now = json_object_get(old, f->name);
        if (v == NULL || (now != NULL && json_equal(now, v)))
            continue;
        any = true;
        was(row, f, now);
    }
    return any;
}

/* What goes with it: the counts of the others, and whether one of them changes. */
static bool settle_row(struct importing *x, struct row *row, bool *changes, struct ln_err *err)
{
    struct ln_settle_row s = { .self = row->id, .f = row->f };

    memcpy(s.parts, row->parts, sizeof s.parts);
    memcpy(s.called, row->called, sizeof s.called);
    if (!ln_settle_run(&x->settle, x->r->store, &s, NULL, NULL, err))
        return false;
    *changes = false;
    for (size_t k = 0; k < x->settle.n; k++) {
        const struct ln_def_coll *c = x->settle.parts[k].c;
        struct ln_def_field what = { .name = c->name, .label = c->label };
        x->added[k] += s.added[k];
        x->changed[k] += s.changed[k];
        if (s.added[k] == 0 && s.changed[k] == 0)
            continue;
        *changes = true;
        if (row->id[0] != '\0')
            inform(row, &what, s.added[k] > 0 ? "新增" : "有变化",
                   s.added[k] > 0 ? "is added" : "changes");
    }
    return true;
}

static bool judge_old(struct importing *x, struct row *row, const json_t *old, struct ln_err *err)
{
    bool others = false;

    (void)snprintf(row->id, sizeof row->id, "%s", text_of(old, "id"));
    if (!ln_engine_may_change(x->i->coll, x->i->user, old)) {
        message(row, x->i->coll->fields, "已登记，您的角色不能更改，请联系居委会",
                "is registered, and your role may not change it: ask the committee", false);
        row->verdict = WRONG;
        return true;
    }
    bool own = differs(x, row, json_object_get(old, "f"));
    if (!settle_row(x, row, &others, err))
        return false;
    row->verdict = own || others ? CHANGED : SAME;
    return true;
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
    bool others;

    if (!find_old(x, row, &old, err) || !judge_grid(x, row, old, err)) {
        json_decref(old);
        return false;
    }
    if (old == NULL)
        fill_in(x->i->coll, row->f);
    check_values(x, row, old);
    if (row->verdict == OK)
        verdict_of_messages(row);
    bool ok = row->verdict != OK ? true
              : old != NULL      ? judge_old(x, row, old, err)
                                 : settle_row(x, row, &others, err);
    json_decref(old);
    return ok;
}

static bool read_rows(struct importing *x, struct ln_err *err)
{
    const struct ln_sheet_cell *above[LN_SHEET_COLS];

    if (!find_header(x, err))
        return false;
    x->rows = ln_alloc_array(x->sheet.n_rows + 1, sizeof *x->rows);
    for (size_t r = x->header + 1; r < x->sheet.n_rows; r++) {
        struct row *row = &x->rows[x->n_rows];
        tell(x, "check", r, x->sheet.n_rows - 1);
        if (is_blank(x, r))
            continue;
        *row = (struct row){ .no = r + 1, .f = json_object(), .messages = json_array() };
        x->n_rows++;
        memcpy(above, x->above, sizeof above);
        bool lost = x->lost;
        if (!take_row(x, row, r, err) || !judge(x, row, err))
            return ln_wrap(err, LN_SAY("第 %zu 行", "row %zu"), row->no);
        if (row->verdict == DUPLICATE) { /* says nothing about the rows below it */
            memcpy(x->above, above, sizeof above);
            x->lost = lost;
        }
    }
    return true;
}

/* ---- saving */

struct group {
    struct importing *x;
    struct ln_replica *r;
    size_t from, to;
    size_t saved;
};

static bool wanted(const struct row *row)
{
    return row->verdict == OK || row->verdict == CHANGED;
}

static bool run_job(const struct importing *x, struct ln_replica *r, struct ln_engine_job *job,
                    struct ln_err *err)
{
    json_t *keep = keep_all(x, job->c);

    job->e = &x->n->engine;
    job->u = job->u != NULL ? job->u : x->i->user;
    job->channel = "import";
    job->keep = keep;
    bool ok = ln_engine_run(job, r, err);
    const char *why =
        json_string_value(json_object_get(json_array_get(job->problems, 0), LN_SAY("zh", "en")));
    if (!ok && why != NULL)
        (void)ln_fail(err, err->code, "%s", why);
    json_decref(job->problems);
    json_decref(job->f);
    json_decref(keep);
    job->problems = NULL;
    job->f = NULL;
    return ok;
}

static bool save_part(void *ctx, char out[LN_ID_TEXT + 1], const struct ln_def_coll *c,
                      const char *id, json_t *f, struct ln_err *err)
{
    const struct group *g = ctx;
    struct ln_engine_job job = { .kind = id[0] != '\0' ? LN_ENGINE_UPDATE : LN_ENGINE_CREATE,
                                 .c = c,
                                 .id = id[0] != '\0' ? id : NULL,
                                 .f = f };
    bool ok = run_job(g->x, g->r, &job, err);

    if (ok)
        (void)snprintf(out, LN_ID_TEXT + 1, "%s", job.out_id);
    return ok;
}

static bool save_row(struct group *g, const struct row *row, struct ln_err *err)
{
    struct importing *x = g->x;
    char id[LN_ID_TEXT + 1];
    struct ln_settle_row s = { .self = id, .f = row->f };

    if (!save_part(g, id, x->i->coll, row->id, json_copy(row->f), err))
        return false;
    memcpy(s.parts, row->parts, sizeof s.parts);
    memcpy(s.called, row->called, sizeof s.called);
    return ln_settle_run(&x->settle, x->n->writer, &s, save_part, g, err);
}

static bool save_group(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct group *g = arg;

    g->r = r;
    g->saved = 0;
    for (size_t i = g->from; i < g->to; i++) {
        if (!wanted(&g->x->rows[i]))
            continue;
        if (!save_row(g, &g->x->rows[i], err))
            return false;
        g->saved++;
    }
    return true;
}

/* What nobody foresaw about a row is told beside it, and keeps no other from being saved. */
static bool save_one(struct importing *x, size_t at, struct ln_err *err)
{
    struct group g = { .x = x, .from = at, .to = at + 1 };
    struct ln_err why = { 0 };
    char zh[400];
    char en[400];

    if (ln_queue_write(x->n->queue, save_group, &g, &why)) {
        x->saved += g.saved;
        return true;
    }
    ln_settle_forget(&x->settle);
    if (why.code == LN_BROKEN || why.code == LN_BUSY || why.code == LN_FULL) {
        *err = why;
        return false;
    }
    (void)snprintf(zh, sizeof zh, "保存时没有被接受：%s", why.text);
    (void)snprintf(en, sizeof en, "was not taken: %s", why.text);
    message(&x->rows[at], x->i->coll->fields, zh, en, false);
    x->rows[at].verdict = WRONG;
    return true;
}

static bool save_rows(struct importing *x, struct ln_err *err)
{
    ln_settle_forget(&x->settle);
    for (size_t at = 0; at < x->n_rows; at += GROUP) {
        struct group g = { .x = x,
                           .from = at,
                           .to = at + GROUP < x->n_rows ? at + GROUP : x->n_rows };
        struct ln_err why = { 0 };
        if (ln_queue_write(x->n->queue, save_group, &g, &why)) {
            x->saved += g.saved;
        } else {
            ln_settle_forget(&x->settle);
            for (size_t i = g.from; i < g.to; i++)
                if (!save_one(x, i, err))
                    return ln_wrap(err, LN_SAY("已先保存 %zu 行", "%zu rows were saved before"),
                                   x->saved);
        }
        tell(x, "save", g.to, x->n_rows);
    }
    return true;
}

/* ---- the record of it */

static size_t count(const struct importing *x, enum verdict v)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n_rows; i++)
        n += x->rows[i].verdict == v;
    return n;
}

static size_t left_out(const struct importing *x)
{
    return count(x, WRONG) + count(x, WARNING) + count(x, DUPLICATE);
}

static json_t *others_map(const struct importing *x)
{
    json_t *o = json_object();

    for (size_t k = 0; k < x->settle.n; k++)
        if (x->added[k] > 0)
            json_object_set_new(o, x->settle.parts[k].c->name,
                                json_integer((json_int_t)x->added[k]));
    return o;
}

struct noting {
    struct importing *x;
    bool done;
};

static bool note_run(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct noting *w = arg;
    struct importing *x = w->x;
    struct ln_user node = *x->i->user;
    struct ln_engine_job job = { .u = &node, .c = ln_def_find(x->n->def, "import_run") };
    char last[LN_ID_TEXT + 1];

    node.system = true; /* nobody writes such records but the node */
    if (!w->done) {
        job.kind = LN_ENGINE_CREATE;
        job.f = json_pack("{s:s,s:s,s:I}", "collection", x->i->coll->name, "file",
                          x->i->file[0] != '\0' ? x->i->file : "…", "rows", (json_int_t)x->n_rows);
        bool ok = run_job(x, r, &job, err);
        (void)snprintf(x->run, sizeof x->run, "%s", ok ? job.out_id : "");
        return ok;
    }
    struct ln_id id = ln_replica_id(r);
    ln_clock_id_write(last, &id);
    job.kind = LN_ENGINE_STEP;
    job.id = x->run;
    job.f = json_pack("{s:s,s:{s:I,s:I,s:I,s:o,s:s}}", "action", "finish", "set", "added",
                      (json_int_t)count(x, OK), "changed", (json_int_t)count(x, CHANGED), "refused",
                      (json_int_t)left_out(x), "others", others_map(x), "last", last);
    return run_job(x, r, &job, err);
}

static bool save_all(struct importing *x, struct ln_err *err)
{
    void *hold;
    const struct ln_authority *a = ln_queue_authority(x->n->queue, &hold);
    const struct ln_cert *self = ln_authority_find(a, x->n->id);
    bool laptop = self != NULL && self->role == LN_ROLE_LAPTOP; /* keeps no such record */
    struct noting w = { .x = x };

    ln_queue_authority_done(x->n->queue, hold);
    if (count(x, OK) + count(x, CHANGED) == 0)
        return true;
    if (atomic_exchange(&x->n->importing, true))
        return ln_fail(err, LN_BUSY, "%s",
                       LN_SAY("另一份表格正在保存，请等它完成后再试",
                              "another spreadsheet is being saved: try again when it is done"));
    bool ok = laptop || ln_queue_write(x->n->queue, note_run, &w, err);
    ok = ok && save_rows(x, err);
    w.done = true;
    ok = ok && (laptop || ln_queue_write(x->n->queue, note_run, &w, err));
    atomic_store(&x->n->importing, false);
    return ok;
}

/* ---- what came of it */

static json_t *columns_json(const struct importing *x)
{
    json_t *columns = json_array();

    for (size_t c = 0; c < x->sheet.n_cols; c++) {
        const struct column *k = &x->columns[c];
        const char *header = ln_sheet_cell(&x->sheet, x->header, c)->text;
        if (k->field != NULL)
            json_array_append_new(
                columns,
                json_pack("{s:s,s:o}", "header", header, "field",
                          k->part < 0 ? json_string(k->field->name)
                                      : json_sprintf("%s.%s", x->settle.parts[k->part].c->name,
                                                     k->field->name)));
    }
    return columns;
}

static json_t *foreign_json(const struct importing *x)
{
    json_t *foreign = json_array();

    for (size_t c = 0; c < x->sheet.n_cols; c++) {
        const char *header = ln_sheet_cell(&x->sheet, x->header, c)->text;
        if (x->columns[c].field == NULL && header != NULL)
            json_array_append_new(foreign, json_string(header));
    }
    return foreign;
}

/* Required columns that the sheet does not have: what is new cannot be taken without. */
static json_t *missing_json(const struct importing *x)
{
    json_t *missing = json_array();

    for (size_t i = 0; i < x->i->coll->n_fields; i++) {
        const struct ln_def_field *f = &x->i->coll->fields[i];
        bool there = f->initial != NULL || !f->required || f->internal || f->readonly;
        for (size_t c = 0; !there && c < x->sheet.n_cols; c++)
            there = x->columns[c].field == f && x->columns[c].part < 0;
        if (!there)
            json_array_append_new(missing, json_pack("{s:s,s:s,s:s}", "field", f->name, "zh",
                                                     f->label.zh, "en", f->label.en));
    }
    return missing;
}

static json_t *cells_json(const struct importing *x, const struct row *row)
{
    json_t *cells = json_array();

    for (size_t c = 0; c < x->sheet.n_cols; c++) {
        const char *text = ln_sheet_cell(&x->sheet, row->no - 1, c)->text;
        if (x->columns[c].field != NULL)
            json_array_append_new(cells, json_string(text != NULL ? text : ""));
    }
    return cells;
}

static const enum verdict ORDER[] = { WRONG, WARNING, DUPLICATE, CHANGED, OK, SAME };

static json_t *report(const struct importing *x)
{
    json_t *rows = json_array();
    json_t *counts = json_object();
    json_t *others = json_array();

    for (size_t v = 0; v < N_VERDICTS; v++)
        json_object_set_new(counts, WORDS[v], json_integer((json_int_t)count(x, (enum verdict)v)));
    for (size_t v = 0; v < N_VERDICTS; v++)
        for (size_t i = 0; i < x->n_rows && json_array_size(rows) < LN_IMPORT_SHOWN; i++)
            if (x->rows[i].verdict == ORDER[v])
                json_array_append_new(
                    rows, json_pack("{s:I,s:s,s:O,s:o}", "no", (json_int_t)x->rows[i].no, "status",
                                    WORDS[ORDER[v]], "messages", x->rows[i].messages, "cells",
                                    cells_json(x, &x->rows[i])));
    for (size_t k = 0; k < x->settle.n; k++)
        if (x->added[k] + x->changed[k] > 0)
            json_array_append_new(
                others,
                json_pack("{s:s,s:s,s:s,s:I,s:I}", "collection", x->settle.parts[k].c->name, "zh",
                          x->settle.parts[k].c->label.zh, "en", x->settle.parts[k].c->label.en,
                          "added", (json_int_t)x->added[k], "changed", (json_int_t)x->changed[k]));
    json_t *o =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I}", "columns", columns_json(x), "foreign",
                  foreign_json(x), "missing", missing_json(x), "counts", counts, "others", others,
                  "rows", rows, "total", (json_int_t)x->n_rows, "saved", (json_int_t)x->saved);
    if (x->run[0] != '\0')
        json_object_set_new(o, "run", json_string(x->run));
    return o;
}

static bool judge_all(struct importing *x, struct ln_err *err)
{
    ln_engine_today(x->today, x->n->env.now_ms(x->n->env.ctx));
    if (!ln_engine_may_create(x->i->coll, x->i->user))
        return ln_fail(
            err, LN_DENIED,
            LN_SAY("您的角色不能在 %s 中新增记录", "your role may not add records to %s"),
            x->i->coll->name);
    if (!ln_sheet_read(&x->sheet, x->i->data, x->i->len, err) || !ln_node_read(x->n, &x->r, err))
        return false;
    ln_settle_open(&x->settle, x->n->def, x->i->coll, x->today);
    x->seen = json_object();
    bool ok = read_rows(x, err);
    ln_node_read_done(x->n, x->r);
    x->r = NULL;
    return ok;
}

static void importing_free(struct importing *x)
{
    for (size_t k = 0; k < x->n_rows; k++) {
        json_decref(x->rows[k].f);
        json_decref(x->rows[k].messages);
        for (size_t p = 0; p < LN_SETTLE_PARTS; p++) {
            json_decref(x->rows[k].parts[p]);
            json_decref(x->rows[k].called[p]);
        }
    }
    ln_free(x->rows);
    ln_sheet_free(&x->sheet);
    json_decref(x->seen);
    ln_settle_close(&x->settle);
    ln_free(x);
}

bool ln_import_run(json_t **out, struct ln_node *n, const struct ln_import *i, struct ln_err *err)
{
    struct importing *x = ln_alloc(sizeof *x); /* too much for a web worker's stack */
    bool ok;

    x->n = n;
    x->i = i;
    ok = judge_all(x, err) && (!i->commit || save_all(x, err));
    if (ok)
        *out = report(x);
    importing_free(x);
    return ok;
}

/* ---- what is left out, to be mended */

static void reasons(struct ln_buf *out, const struct row *row, bool zh)
{
    size_t i;
    json_t *m;

    ln_buf_clear(out);
    json_array_foreach(row->messages, i, m)
    {
        ln_buf_addf(out, "%s%s", i > 0 ? (zh ? "；" : "; ") : "", text_of(m, zh ? "zh" : "en"));
    }
}

static void put(struct ln_xlsx *book, size_t row, size_t column, const char *text)
{
    if (text != NULL)
        ln_xlsx_text(book, row, column, ln_span_of(text));
}

/* As it was typed; a day that a spreadsheet keeps as a number as a day, and where a blank stood for
 * what is above it, that: the row shall stand alone. */
static const char *typed(const struct importing *x, const struct row *row, size_t c)
{
    const struct ln_sheet_cell *cell = ln_sheet_cell(&x->sheet, row->no - 1, c);
    const struct column *k = &x->columns[c];
    const char *name = k->field != NULL ? k->field->name : "";
    const json_t *f = k->part < 0 ? row->f : row->parts[k->part];

    if (k->field != NULL && k->field->type == LN_TYPE_DATE && cell->number &&
        text_of(f, name)[0] != '\0')
        return text_of(f, name);
    if (cell->text != NULL || !k->above)
        return cell->text;
    const char *called = text_of(row->called[k->part], name);
    return called[0] != '\0' ? called : text_of(f, name);
}

bool ln_import_refused(struct ln_buf *xlsx, struct ln_node *n, const struct ln_import *i, bool zh,
                       struct ln_err *err)
{
    struct importing *x = ln_alloc(sizeof *x);
    struct ln_buf why = ln_buf_new(8192);
    struct ln_xlsx *book = NULL;
    size_t at = 1;
    bool ok = false;

    x->n = n;
    x->i = i;
    if (!judge_all(x, err))
        goto out;
    if (left_out(x) == 0) {
        (void)ln_fail(err, LN_MISSING, LN_SAY("没有被略过的行", "no row is left out"));
        goto out;
    }
    if (!ln_xlsx_open(&book, n->dir, i->coll->name, err))
        goto out;
    for (size_t c = 0; c < x->sheet.n_cols; c++)
        put(book, 0, c, ln_sheet_cell(&x->sheet, x->header, c)->text);
    put(book, 0, x->sheet.n_cols, zh ? "未导入的原因" : "Why it was left out");
    for (size_t r = 0; r < x->n_rows; r++) {
        const struct row *row = &x->rows[r];
        if (wanted(row) || row->verdict == SAME)
            continue;
        for (size_t c = 0; c < x->sheet.n_cols; c++)
            put(book, at, c, typed(x, row, c));
        reasons(&why, row, zh);
        put(book, at++, x->sheet.n_cols, why.data);
    }
    ok = ln_xlsx_close(book, xlsx, err);
out:
    ln_buf_free(&why);
    importing_free(x);
    return ok;
}
