/* Files exchanged with a partner: see platform.h. */
#include "node/platform.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/module/cell.h"
#include "node/module/check.h"
#include "node/module/settle.h"
#include "node/say.h"
#include "node/xlsx.h"

#define FILE_ROWS 200000
#define HEADER_ROWS 20

enum verdict { WRONG, ASK, TAKE, PAIR, ADD, ONLY, SAME, N_VERDICTS }; /* those first that differ */
static const char *const WORDS[] = { "error", "ask", "take", "pair", "add", "only", "same" };

struct row {
    size_t no;
    enum verdict verdict;
    json_t *f, *take, *ask, *messages;
    char id[LN_ID_TEXT + 1], title[LN_CELL_MAX];
};
struct working {
    struct ln_node *n;
    const struct ln_platform *p;
    struct ln_partner def;
    struct ln_sheet sheet;
    size_t header;
    int columns[LN_SHEET_COLS]; /* of the template; -1 not taken */
    struct row *rows;
    size_t n_rows, here, taken, asked, saved;
    char today[11];
    struct ln_settle settle; /* finds records by what they are called */
    struct ln_node_reader *r;
    json_t *seen; /* ids and numbers of rows before */
};

static const char *text_of(const json_t *f, const char *name)
{
    const char *t = json_string_value(json_object_get(f, name));

    return t != NULL ? t : "";
}

static bool begin(struct working *w, struct ln_node *n, const struct ln_platform *p,
                  struct ln_err *err)
{
    const struct ln_def_coll *log = ln_def_find(n->def, "exchange");

    w->n = n;
    w->p = p;
    ln_engine_today(w->today, n->env.now_ms(n->env.ctx));
    if (log == NULL || !ln_engine_may_create(log, p->user))
        return ln_fail(
            err, LN_DENIED,
            LN_SAY("您的角色不能与外部交换数据", "your role exchanges no data with others"));
    if (!ln_partner_find(&w->def, n->def, p->partner, p->template))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("没有模板 %.40s（%.40s）", "no template %.40s of %.40s"), p->template,
                       p->partner);
    if (!ln_node_read(n, &w->r, err))
        return false;
    w->seen = json_object();
    ln_settle_open(&w->settle, n->def, w->def.coll, w->today);
    return true;
}

static void end(struct working *w)
{
    for (size_t i = 0; i < w->n_rows; i++) {
        json_decref(w->rows[i].f);
        json_decref(w->rows[i].take);
        json_decref(w->rows[i].ask);
        json_decref(w->rows[i].messages);
    }
    if (w->r != NULL)
        ln_node_read_done(w->n, w->r);
    if (w->settle.cache != NULL)
        ln_settle_close(&w->settle);
    ln_sheet_free(&w->sheet);
    json_decref(w->seen);
    ln_free(w->rows);
    ln_free(w);
}

/* ---- the file */

static int column_for(const struct ln_partner *d, const char *header)
{
    for (size_t i = 0; i < d->n; i++) {
        json_t *more = json_pack("[s,s]", d->columns[i].header.zh, d->columns[i].header.en);
        bool is = ln_cell_header(d->columns[i].field, more, header);
        json_decref(more);
        if (is)
            return (int)i;
    }
    return -1;
}

/* The first row that names the partner's number and one field more. */
static bool find_header(struct working *w, struct ln_err *err)
{
    for (w->header = 0; w->header < w->sheet.n_rows && w->header < HEADER_ROWS; w->header++) {
        size_t found = 0;
        bool pairs = false;
        for (size_t c = 0; c < w->sheet.n_cols; c++) {
            const char *text = ln_sheet_cell(&w->sheet, w->header, c)->text;
            w->columns[c] = text != NULL ? column_for(&w->def, text) : -1;
            found += w->columns[c] >= 0;
            pairs = pairs || (w->columns[c] >= 0 && w->def.columns[w->columns[c]].pairs);
        }
        if (found >= 2 && pairs)
            return true;
    }
    return ln_fail(
        err, LN_INVALID, "%s",
        LN_SAY("没有找到表头：第一行应有“平台编号”和模板的其他栏目，请使用对方按模板导出的"
               "表格",
               "no header: the first row has the partner's number and columns of the "
               "template"));
}

static json_t *message(struct row *row, const struct ln_def_field *f, const char *zh,
                       const char *en)
{
    json_t *m =
        json_pack("{s:s,s:o,s:o}", "field", f->name, "zh", json_sprintf("%s：%s", f->label.zh, zh),
                  "en", json_sprintf("%s: %s", f->label.en, en));

    json_array_append_new(row->messages, m);
    return m;
}

static void wrong(struct row *row, const struct ln_def_field *f, const char *zh, const char *en)
{
    row->verdict = WRONG;
    (void)message(row, f, zh, en);
}

static bool take_ref(struct working *w, struct row *row, const struct ln_def_field *f, json_t **v,
                     struct ln_err *err)
{
    const char *id;
    bool several;

    if (!ln_settle_ref(&id, &several, &w->settle, w->r->store, f, json_string_value(*v), err))
        return false;
    json_decref(*v);
    *v = id[0] != '\0' ? json_string(id) : NULL;
    if (*v == NULL)
        wrong(row, f,
              several ? "对应不止一条记录，请写全名或编号" : "本社区没有登记，请先登记或改正",
              several ? "may be more than one record: write its code"
                      : "is not registered here: add it first, or correct it");
    return true;
}

static bool read_cells(struct working *w, struct row *row, size_t r, struct ln_err *err)
{
    for (size_t c = 0; c < w->sheet.n_cols; c++) {
        const struct ln_sheet_cell *cell = ln_sheet_cell(&w->sheet, r, c);
        struct ln_cell_words why;
        json_t *v = NULL;
        if (w->columns[c] < 0 || cell->text == NULL)
            continue;
        const struct ln_def_field *f = w->def.columns[w->columns[c]].field;
        if (!ln_cell_value(&v, f, NULL, row->f, cell, &why)) {
            wrong(row, f, why.zh, why.en);
            continue;
        }
        if (f->type == LN_TYPE_REF && !take_ref(w, row, f, &v, err))
            return false;
        if (v != NULL)
            json_object_set_new(row->f, f->name, v);
    }
    return true;
}

/* ---- which record it is */

static bool query_one(struct working *w, const struct ln_where *where, size_t n, json_t **out,
                      struct ln_err *err)
{
    struct ln_list l = { .coll = w->def.coll->coll, .where = where, .n = n, .limit = 1 };
    json_t *rows = json_array();
    bool ok = true;

    for (size_t i = 0; i < n; i++) /* a comma separates values */
        if (where[i].value[0] == '\0' || strchr(where[i].value, ',') != NULL)
            n = 0;
    if (n > 0)
        ok = ln_query_list(rows, NULL, w->r->store, &l, err);
    *out = ok ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

static bool find_like(struct working *w, const struct row *row, json_t **old, struct ln_err *err)
{
    const json_t *lists = json_object_get(w->def.coll->json, "duplicates");
    size_t i;
    json_t *list;

    json_array_foreach(lists, i, list)
    {
        struct ln_where where[LN_SETTLE_KEY];
        size_t n = 0;
        for (size_t k = 0; k < json_array_size(list) && k < LN_SETTLE_KEY; k++) {
            const char *name = json_string_value(json_array_get(list, k));
            where[n++] = (struct ln_where){ name, LN_WHERE_IS, text_of(row->f, name) };
        }
        if (!query_one(w, where, n, old, err))
            return false;
        if (*old != NULL)
            return true;
    }
    return true;
}

/* Each of our records is meant by one row. */
static bool meant_before(struct working *w, struct row *row, const char *key,
                         const struct ln_def_field *f)
{
    char zh[64];
    char en[64];
    const json_t *before = json_object_get(w->seen, key);

    if (before == NULL) {
        json_object_set_new(w->seen, key, json_integer((json_int_t)row->no));
        return false;
    }
    (void)snprintf(zh, sizeof zh, "与第 %d 行是同一条记录，请删去其中一行",
                   (int)json_integer_value(before));
    (void)snprintf(en, sizeof en, "is the same record as row %d: remove one of them",
                   (int)json_integer_value(before));
    wrong(row, f, zh, en);
    return true;
}

static bool find_old(struct working *w, struct row *row, json_t **old, struct ln_err *err)
{
    const struct ln_def_field *number = ln_def_field(w->def.coll, "ext_id");
    const char *ext = text_of(row->f, "ext_id");
    struct ln_where by = { "ext_id", LN_WHERE_IS, ext };

    *old = NULL;
    if (ext[0] == '\0') {
        wrong(row, number, "缺少平台编号，请向对方要来后填写", "the partner's number is missing");
        return true;
    }
    if (!query_one(w, &by, 1, old, err))
        return false;
    if (*old != NULL)
        (void)meant_before(w, row, text_of(*old, "id"), number);
    if (*old != NULL || !find_like(w, row, old, err) || *old == NULL)
        return err->code == LN_OK;
    const char *other = text_of(json_object_get(*old, "f"), "ext_id");
    if (other[0] != '\0')
        wrong(row, number, "本社区的这条记录已与另一个平台编号配对，请与对方核对哪个编号有效",
              "our record is paired with another number: ask the partner which of them counts");
    else if (!meant_before(w, row, text_of(*old, "id"), number))
        json_object_set_new(row->take, "ext_id", json_string(ext));
    return true;
}

/* ---- what differs */

static void shown(char out[LN_CELL_MAX], const struct ln_def_field *f, const json_t *v, bool zh)
{
    const char *text = json_string_value(v);

    out[0] = '\0';
    if (json_is_integer(v))
        (void)snprintf(out, LN_CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    if (text == NULL)
        return;
    if (f->mark == LN_MARK_SENSITIVE) {
        ln_check_mask(out, LN_CELL_MAX, f, text);
        return;
    }
    for (size_t i = 0; f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].code, text) == 0)
            text = zh ? f->codes->list[i].label.zh : f->codes->list[i].label.en;
    (void)snprintf(out, LN_CELL_MAX, "%s", text);
}

static void say_difference(struct row *row, const struct ln_partner_column *c, const json_t *ours,
                           const json_t *theirs)
{
    char a[LN_CELL_MAX];
    char b[LN_CELL_MAX];
    char zh[3 * LN_CELL_MAX];
    char en[3 * LN_CELL_MAX];

    shown(a, c->field, ours, true);
    shown(b, c->field, theirs, true);
    (void)snprintf(zh, sizeof zh, "本社区“%s”，对方“%s”；%s", a, b,
                   c->community ? "以本社区为准，提出更正申请核对" : "以对方为准，更新");
    shown(a, c->field, ours, false);
    shown(b, c->field, theirs, false);
    (void)snprintf(en, sizeof en, "here \"%s\", there \"%s\"; %s", a, b,
                   c->community ? "the community is master: a correction is asked for"
                                : "the partner is master: taken over");
    json_object_set_new(message(row, c->field, zh, en), "master",
                        json_string(c->community ? "community" : "partner"));
}

static void compare(struct working *w, struct row *row, const json_t *old)
{
    const json_t *f = json_object_get(old, "f");

    for (size_t i = 0; i < w->def.n; i++) {
        const struct ln_partner_column *c = &w->def.columns[i];
        json_t *theirs = json_object_get(row->f, c->field->name);
        const json_t *ours = json_object_get(f, c->field->name);
        if (c->pairs || theirs == NULL || (ours != NULL && json_equal(ours, theirs)))
            continue;
        say_difference(row, c, ours, theirs);
        json_object_set(c->community ? row->ask : row->take, c->field->name, theirs);
    }
}

/* Whether the same was asked for already and waits. */
static bool asked_before(struct working *w, struct row *row, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(w->n->def, "change_request");
    struct ln_where where[] = { { "target", LN_WHERE_IS, row->id },
                                { "state", LN_WHERE_IS, c->open_states } };
    struct ln_list l = { .coll = c->coll, .where = where, .n = 2, .limit = LN_QUERY_LIMIT };
    json_t *rows = json_array();
    size_t i;
    json_t *one;
    bool ok = ln_query_list(rows, NULL, w->r->store, &l, err);

    json_array_foreach(rows, i, one)
    {
        if (json_equal(json_object_get(json_object_get(one, "f"), "patch"), row->ask))
            json_object_clear(row->ask);
    }
    json_decref(rows);
    return ok;
}

/* What only looks wrong, such as a check digit, is the partner's to answer for. */
static json_t *keep_all(const struct ln_partner *d)
{
    json_t *keep = json_object();

    for (size_t i = 0; i < d->n; i++)
        json_object_set_new(keep, d->columns[i].field->name, json_string(d->partner));
    return keep;
}

static void check_values(struct working *w, struct row *row, bool partial)
{
    json_t *problems = json_array();
    json_t *keep = keep_all(&w->def);
    size_t i;
    json_t *p;

    (void)ln_check_fields(problems, w->def.coll, row->f, partial, keep, w->today);
    json_array_foreach(problems, i, p)
    {
        json_array_append(row->messages, p);
        row->verdict = WRONG;
    }
    json_decref(problems);
    json_decref(keep);
}

static void title(struct working *w, struct row *row, const json_t *f)
{
    const char *name = w->def.coll->title != NULL ? w->def.coll->title[0] : "name";

    shown(row->title, ln_def_field(w->def.coll, name), json_object_get(f, name), true);
}

static bool judge(struct working *w, struct row *row, struct ln_err *err)
{
    json_t *old = NULL;

    if (!find_old(w, row, &old, err))
        return false;
    (void)snprintf(row->id, sizeof row->id, "%s", text_of(old, "id"));
    title(w, row, row->f);
    if (row->verdict != WRONG)
        check_values(w, row, old != NULL || !w->def.adds);
    bool ok = true;
    if (row->verdict != WRONG && old == NULL) {
        row->verdict = w->def.adds ? ADD : ONLY;
    } else if (row->verdict != WRONG) {
        bool pair = json_object_size(row->take) > 0;
        compare(w, row, old);
        row->verdict = json_object_size(row->ask) > 0       ? ASK
                       : json_object_size(row->take) > pair ? TAKE
                       : pair                               ? PAIR
                                                            : SAME;
        ok = json_object_size(row->ask) == 0 || asked_before(w, row, err);
    }
    json_decref(old);
    return ok;
}

static bool judge_rows(struct working *w, struct ln_err *err)
{
    if (!ln_sheet_read(&w->sheet, w->p->data, w->p->len, err) || !find_header(w, err))
        return false;
    w->rows = ln_alloc_array(w->sheet.n_rows + 1, sizeof *w->rows);
    for (size_t r = w->header + 1; r < w->sheet.n_rows; r++) {
        struct row *row = &w->rows[w->n_rows];
        *row = (struct row){ .no = r + 1,
                             .verdict = SAME,
                             .f = json_object(),
                             .take = json_object(),
                             .ask = json_object(),
                             .messages = json_array() };
        w->n_rows++;
        if (!read_cells(w, row, r, err))
            return false;
        if (json_object_size(row->f) == 0 && json_array_size(row->messages) == 0) {
            json_decref(row->f);
            json_decref(row->take);
            json_decref(row->ask);
            json_decref(row->messages);
            w->n_rows--; /* an empty line */
        } else if (!judge(w, row, err))
            return ln_wrap(err, LN_SAY("第 %zu 行", "row %zu"), row->no);
    }
    return true;
}

/* ---- all our records of the template */

static bool each(struct working *w, bool (*fn)(struct working *w, const json_t *row, void *ctx),
                 void *ctx, struct ln_err *err)
{
    struct ln_where where[LN_SETTLE_KEY];
    struct ln_list l = {
        .coll = w->def.coll->coll, .where = where, .sort = "id", .limit = LN_QUERY_LIMIT
    };
    const char *field;
    json_t *v;
    struct ln_id last;

    json_object_foreach((json_t *)(uintptr_t)w->def.where, field, v)
    {
        if (l.n < LN_SETTLE_KEY)
            where[l.n++] = (struct ln_where){ field, LN_WHERE_IS, json_string_value(v) };
    }
    for (bool more = true; more;) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        bool ok = ln_query_list(rows, NULL, w->r->store, &l, err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_array_foreach(rows, i, row)
        {
            ok = ok && ln_clock_id_read(&last, ln_span_of(text_of(row, "id"))) &&
                 (!ln_engine_may_read(w->def.coll, w->p->user, row) || fn(w, row, ctx));
        }
        l.after = &last;
        json_decref(rows);
        if (!ok)
            return err->code == LN_OK;
    }
    return true;
}

static bool count_here(struct working *w, const json_t *row, void *ctx)
{
    (void)ctx;
    w->here += json_object_get(w->seen, text_of(row, "id")) == NULL;
    return true;
}

/* ---- saving */

struct saving {
    struct working *w;
    struct row *row;
    size_t taken, asked;
};

static bool run(const struct working *w, struct ln_replica *r, struct ln_engine_job *job,
                const struct ln_user *u, struct ln_err *err)
{
    json_t *keep = keep_all(&w->def);

    job->e = &w->n->engine;
    job->u = u;
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
    return ok;
}

static bool save_one(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct saving *s = arg;
    struct row *row = s->row;

    s->taken = 0;
    s->asked = 0;
    if (row->verdict == ADD) {
        struct ln_engine_job job = { .kind = LN_ENGINE_CREATE,
                                     .c = s->w->def.coll,
                                     .f = json_deep_copy(row->f) };
        return run(s->w, r, &job, s->w->p->user, err);
    }
    if (json_object_size(row->take) > 0) {
        struct ln_engine_job job = { .kind = LN_ENGINE_UPDATE,
                                     .c = s->w->def.coll,
                                     .id = row->id,
                                     .f = json_deep_copy(row->take) };
        s->taken =
            json_object_size(row->take) - (json_object_get(row->take, "ext_id") != NULL ? 1 : 0);
        if (!run(s->w, r, &job, s->w->p->user, err))
            return false;
    }
    if (json_object_size(row->ask) > 0) {
        struct ln_engine_job job = { .kind = LN_ENGINE_CREATE,
                                     .c = ln_def_find(s->w->n->def, "change_request") };
        job.f =
            json_pack("{s:s,s:O,s:s}", "target", row->id, "patch", row->ask, "reason",
                      LN_SAY("与对方平台的数据不同，请核对", "differs from the partner's data"));
        s->asked = 1;
        return run(s->w, r, &job, s->w->p->user, err);
    }
    return true;
}

static bool save_rows(struct working *w, struct ln_err *err)
{
    for (size_t i = 0; i < w->n_rows; i++) {
        struct row *row = &w->rows[i];
        struct saving s = { .w = w, .row = row };
        struct ln_err why = { 0 };
        char zh[300];
        if (row->verdict > ADD || row->verdict == WRONG ||
            (row->verdict != ADD && json_object_size(row->take) + json_object_size(row->ask) == 0))
            continue;
        if (ln_queue_write(w->n->queue, save_one, &s, &why)) {
            w->saved++;
            w->taken += s.taken;
            w->asked += s.asked;
            continue;
        }
        if (why.code == LN_BROKEN || why.code == LN_BUSY || why.code == LN_FULL) {
            *err = why;
            return false;
        }
        (void)snprintf(zh, sizeof zh, "保存时没有被接受：%s", why.text);
        wrong(row, w->def.coll->fields, zh, why.text);
    }
    return true;
}

static size_t count(const struct working *w, enum verdict v)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_rows; i++)
        n += w->rows[i].verdict == v;
    return n;
}

/* The row of `exchange`, and for what went out the one of `audit`. */
struct noting {
    struct working *w;
    const char *direction;
    size_t ok, bad;
};

static bool note(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct noting *x = arg;
    struct working *w = x->w;
    struct ln_engine_job job = { .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(w->n->def, "exchange") };
    static const struct ln_user system = { .system = true };

    job.f = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:s}", "partner", w->p->partner, "template",
                      w->p->template, "direction", x->direction, "ok", (json_int_t)x->ok, "bad",
                      (json_int_t)x->bad, "taken", (json_int_t)w->taken, "asked",
                      (json_int_t)w->asked, "purpose", w->p->purpose);
    if (!run(w, r, &job, w->p->user, err))
        return false;
    if (strcmp(x->direction, "out") != 0)
        return true;
    struct ln_engine_job audit = { .kind = LN_ENGINE_CREATE, .c = ln_def_find(w->n->def, "audit") };
    audit.f = json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "actor", w->p->user->account, "action",
                        "export", "object", job.out_id, "purpose", "other", "at",
                        (json_int_t)w->n->env.now_ms(w->n->env.ctx), "node", w->n->id);
    return run(w, r, &audit, &system, err);
}

static bool save_all(struct working *w, struct ln_err *err)
{
    struct noting x = { .w = w, .direction = "in" };

    if (atomic_exchange(&w->n->importing, true))
        return ln_fail(err, LN_BUSY, "%s",
                       LN_SAY("一份表格正在保存，请等它完成后再试",
                              "a spreadsheet is being saved: try again when it is done"));
    bool ok = save_rows(w, err);
    x.bad = count(w, WRONG);
    x.ok = w->n_rows - x.bad;
    ok = ok && ln_queue_write(w->n->queue, note, &x, err);
    atomic_store(&w->n->importing, false);
    return ok;
}

/* ---- what came of it */

static json_t *report(const struct working *w)
{
    json_t *counts = json_object();
    json_t *rows = json_array();
    json_t *foreign = json_array();

    for (size_t v = 0; v < N_VERDICTS; v++) {
        json_object_set_new(counts, WORDS[v], json_integer((json_int_t)count(w, (enum verdict)v)));
        for (size_t i = 0; i < w->n_rows && json_array_size(rows) < LN_PLATFORM_SHOWN; i++)
            if (w->rows[i].verdict == (enum verdict)v)
                json_array_append_new(rows, json_pack("{s:I,s:s,s:s,s:O}", "no",
                                                      (json_int_t)w->rows[i].no, "status", WORDS[v],
                                                      "title", w->rows[i].title, "messages",
                                                      w->rows[i].messages));
    }
    for (size_t c = 0; c < w->sheet.n_cols; c++) {
        const char *header = ln_sheet_cell(&w->sheet, w->header, c)->text;
        if (w->columns[c] < 0 && header != NULL)
            json_array_append_new(foreign, json_string(header));
    }
    return json_pack("{s:o,s:I,s:o,s:o,s:I,s:I,s:I,s:I}", "counts", counts, "here",
                     (json_int_t)w->here, "rows", rows, "foreign", foreign, "total",
                     (json_int_t)w->n_rows, "taken", (json_int_t)w->taken, "asked",
                     (json_int_t)w->asked, "saved", (json_int_t)w->saved);
}

bool ln_platform_in(json_t **out, struct ln_node *n, const struct ln_platform *p,
                    struct ln_err *err)
{
    struct working *w = ln_alloc(sizeof *w);
    bool ok = begin(w, n, p, err) && judge_rows(w, err) && each(w, count_here, NULL, err) &&
              (!p->commit || save_all(w, err));

    if (ok)
        *out = report(w);
    end(w);
    return ok;
}

static void put(struct ln_xlsx *book, size_t row, size_t column, const char *text)
{
    ln_xlsx_text(book, row, column, ln_span_of(text));
}

bool ln_platform_report(struct ln_buf *xlsx, struct ln_node *n, const struct ln_platform *p,
                        struct ln_err *err)
{
    static const char *const HEAD[][2] = { { "行", "Row" },
                                           { "平台编号", "Platform number" },
                                           { "名称", "Name" },
                                           { "差异", "Difference" } };
    struct working *w = ln_alloc(sizeof *w);
    struct ln_xlsx *book = NULL;
    size_t at = 1;
    char no[24];
    bool ok = begin(w, n, p, err) && judge_rows(w, err) &&
              ln_xlsx_open(&book, n->dir, w->def.template, err);

    for (size_t i = 0; ok && i < sizeof HEAD / sizeof HEAD[0]; i++)
        put(book, 0, i, HEAD[i][p->zh ? 0 : 1]);
    for (size_t i = 0; ok && i < w->n_rows; i++) {
        const struct row *row = &w->rows[i];
        size_t k;
        json_t *m;
        json_array_foreach(row->messages, k, m)
        {
            (void)snprintf(no, sizeof no, "%zu", row->no);
            put(book, at, 0, no);
            put(book, at, 1, text_of(row->f, "ext_id"));
            put(book, at, 2, row->title);
            put(book, at++, 3, text_of(m, p->zh ? "zh" : "en"));
        }
    }
    ok = ok && ln_xlsx_close(book, xlsx, err);
    end(w);
    return ok;
}

/* ---- out */

struct giving {
    struct ln_xlsx *book;
    struct ln_buf *csv;
    size_t at;
};

/* Nothing becomes a formula, whatever a resident wrote. */
static void csv_cell(struct ln_buf *out, const char *text, bool first)
{
    ln_buf_adds(out, first ? "\"" : ",\"");
    if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
        ln_buf_addc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            ln_buf_addc(out, '"');
        ln_buf_addc(out, *text);
    }
    ln_buf_addc(out, '"');
}

static void give_cell(struct giving *g, size_t column, const char *text)
{
    if (g->book != NULL)
        put(g->book, g->at, column, text);
    else
        csv_cell(g->csv, text, column == 0);
}

static void give_end(struct giving *g)
{
    g->at++;
    if (g->csv != NULL)
        ln_buf_adds(g->csv, "\r\n");
}

/* A ref is given as what its record is called. */
static void called(char out[LN_CELL_MAX], struct working *w, const struct ln_def_field *f,
                   const char *id)
{
    const struct ln_def_coll *c = f->to != NULL ? ln_def_find(w->n->def, f->to) : NULL;
    struct ln_err why = { 0 };
    json_t *row = NULL;
    struct ln_id key;

    out[0] = '\0';
    if (c != NULL && c->title != NULL && ln_clock_id_read(&key, ln_span_of(id)) &&
        ln_query_record(&row, w->r->store, &key, &why) && row != NULL)
        (void)snprintf(out, LN_CELL_MAX, "%s", text_of(json_object_get(row, "f"), c->title[0]));
    json_decref(row);
}

static bool give(struct working *w, const json_t *row, void *ctx)
{
    struct giving *g = ctx;
    const json_t *f = json_object_get(row, "f");
    char text[LN_CELL_MAX];

    for (size_t i = 0; i < w->def.n; i++) {
        const struct ln_def_field *d = w->def.columns[i].field;
        const json_t *v = json_object_get(f, d->name);
        struct ln_def_field open = *d;
        open.mark = LN_MARK_PLAIN; /* in full: it was written down that it is given */
        if (d->type == LN_TYPE_REF && json_is_string(v))
            called(text, w, d, json_string_value(v));
        else
            shown(text, &open, v, w->p->zh);
        give_cell(g, i, text);
    }
    give_end(g);
    return g->at <= FILE_ROWS;
}

static bool give_all(struct working *w, struct giving *g, struct ln_err *err)
{
    for (size_t i = 0; i < w->def.n; i++)
        give_cell(g, i, w->p->zh ? w->def.columns[i].header.zh : w->def.columns[i].header.en);
    give_end(g);
    return each(w, give, g, err);
}

bool ln_platform_out(struct ln_buf *file, struct ln_node *n, const struct ln_platform *p, bool xlsx,
                     struct ln_err *err)
{
    struct working *w = ln_alloc(sizeof *w);
    struct giving g = { .csv = xlsx ? NULL : file };
    struct noting x = { .w = w, .direction = "out" };
    bool ok = begin(w, n, p, err);

    if (ok && !xlsx)
        ln_buf_adds(file, "\xef\xbb\xbf");
    ok = ok && (!xlsx || ln_xlsx_open(&g.book, n->dir, w->def.template, err));
    ok = ok && give_all(w, &g, err);
    if (g.book != NULL) {
        struct ln_err why = { 0 };
        ok = ln_xlsx_close(g.book, ok ? file : NULL, ok ? err : &why) && ok;
    }
    ok = ok && ln_buf_done(file, "file", err);
    x.ok = g.at > 0 ? g.at - 1 : 0;
    ok = ok && ln_queue_write(n->queue, note, &x, err); /* nothing leaves before that */
    end(w);
    return ok;
}
