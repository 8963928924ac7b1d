/* linli load: JSON Lines of changes in canonical form, JSON Lines of fields, or CSV, in
 * transactions of their own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/cmd/cmd.h"
#include "node/disk.h"
#include "node/import.h"
#include "node/syncer.h"

#define FILE_MAX (1 << 30)
#define GROUP 1024 /* lines that share a transaction */

struct loading {
    struct ln_node *n;
    const char *collection; /* NULL: each line names its own */
    bool dry_run;
    size_t done, total;
    json_t *wrong; /* of a dry run: {"no","message"} of each line that is */
    char grid[16]; /* a laptop writes for its grid alone; "" a box */
    /* records of a stream that are published by one of its steps: all their lines go to the wider
     * audience */
    char (*wide)[LN_ID_TEXT + 1];
    size_t n_wide, cap_wide;
    json_t *open; /* records whose field opens them, where that is a condition */
};

static struct ln_span text_of(struct ln_span object, const char *key)
{
    struct ln_span item;
    struct ln_span text = { NULL, 0 };

    if (ln_canon_get(object, key, &item) && ln_canon_type(item) == LN_CANON_STRING)
        (void)ln_canon_plain(item, &text);
    return text;
}

static const struct ln_def_coll *coll_of(const struct loading *l, struct ln_span line)
{
    struct ln_span t = text_of(line, "t");
    char name[32];
    const char *at = t.p != NULL ? memchr(t.p, '@', t.len) : NULL;

    if (at == NULL || (size_t)(at - t.p) >= sizeof name)
        return NULL;
    (void)snprintf(name, sizeof name, "%.*s", (int)(at - t.p), t.p);
    return ln_def_find(l->n->def, name);
}

static bool is_wide(const struct loading *l, struct ln_span id)
{
    for (size_t i = 0; i < l->n_wide; i++)
        if (ln_span_is(id, l->wide[i]))
            return true;
    return false;
}

/* Notes a record that its audience's "if" opens. */
static void note_open(struct loading *l, const struct ln_def_coll *c, struct ln_span line)
{
    struct ln_span f;
    struct ln_span item;
    struct ln_span id = text_of(line, "i");

    if (c->only_if == NULL || id.len != LN_ID_TEXT || !ln_canon_get(line, "f", &f) ||
        ln_canon_type(f) != LN_CANON_OBJECT || !ln_canon_get(f, c->only_if, &item))
        return;
    json_t *one = json_loadb(item.p, item.len, JSON_DECODE_ANY, NULL);
    json_t *fields = json_pack("{s:o}", c->only_if, one != NULL ? one : json_null());
    if (ln_engine_opens(c, fields))
        json_object_setn_new(l->open, id.p, id.len, json_true());
    json_decref(fields);
}

static bool is_open(const struct loading *l, const struct ln_def_coll *c, struct ln_span record)
{
    return c->only_if == NULL || json_object_getn(l->open, record.p, record.len) != NULL;
}

static void note_wide(struct loading *l, struct ln_span line)
{
    const struct ln_def_coll *c = coll_of(l, line);
    struct ln_span f;
    struct ln_span to;
    struct ln_span record = text_of(line, "r");
    char state[48];

    if (c != NULL)
        note_open(l, c, line);
    if (c == NULL || c->after == '\0' || record.len != LN_ID_TEXT || !ln_canon_get(line, "f", &f) ||
        ln_canon_type(f) != LN_CANON_OBJECT)
        return;
    to = text_of(f, "to");
    (void)snprintf(state, sizeof state, "%.*s", (int)to.len, to.p != NULL ? to.p : "");
    if (!ln_def_has(c->when, state) || is_wide(l, record) || !is_open(l, c, record))
        return;
    l->wide = ln_grow(l->wide, l->n_wide, &l->cap_wide, sizeof *l->wide);
    (void)snprintf(l->wide[l->n_wide++], sizeof l->wide[0], "%.*s", (int)record.len, record.p);
}

struct group {
    struct loading *l;
    struct ln_span lines[GROUP];
    char audiences[GROUP][LN_AUDIENCE_MAX];
    const char *names[GROUP];
    size_t n;
};

static bool save_group(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct group *g = arg;

    return ln_replica_save_lines(r, g->lines, g->names, g->n, err);
}

static bool put_group(struct group *g, struct ln_err *err)
{
    if (g->n == 0)
        return true;
    if (!ln_queue_write(g->l->n->queue, save_group, g, err))
        return ln_wrap(err, "lines %zu to %zu", g->l->done + 1, g->l->done + g->n);
    g->l->done += g->n;
    g->n = 0;
    return true;
}

static bool add_change(struct group *g, struct ln_span line, struct ln_err *err)
{
    const struct ln_def_coll *c = coll_of(g->l, line);
    struct ln_span record = text_of(line, "r");

    if (c == NULL)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("没有写明这里认识的集合", "names no collection that is known here"));
    if (g->l->collection != NULL && strcmp(g->l->collection, c->name) != 0)
        return ln_fail(err, LN_INVALID, LN_SAY("属于 %s，而不是 %s", "belongs to %s, not %s"),
                       c->name, g->l->collection);
    if (g->l->dry_run) { /* what stands before it is not here: its grammar alone can be judged */
        struct ln_change change;
        return ln_change_read(&change, line.p, line.len, err);
    }
    if (record.p == NULL)
        record = text_of(line, "i");
    char code = c->after != '\0' && is_wide(g->l, record) ? c->after : c->audience;
    if (code == 'N' || g->l->grid[0] != '\0')
        code = 'C';
    ln_audience_name(g->audiences[g->n], code, g->l->n->config.region, g->l->grid, "");
    g->names[g->n] = g->audiences[g->n];
    g->lines[g->n++] = line;
    return g->n < GROUP || put_group(g, err);
}

static const char *say(const json_t *o)
{
    const char *text = json_string_value(json_object_get(o, LN_SAY("zh", "en")));

    return text != NULL ? text : "";
}

struct trial {
    struct ln_engine_job *job;
    bool good;
};

/* Saves, and lets the writer take it back: what a save says is what a dry run says. */
static bool try_fields(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct trial *t = arg;

    t->good = ln_engine_run(t->job, r, err);
    return false;
}

/* A dry run goes on behind a line that is wrong, so that all are named at once; when the node
 * itself fails, no line is. */
static bool goes_on(struct loading *l, size_t no, struct ln_err *err)
{
    if (!l->dry_run || err->code == LN_BUSY || err->code == LN_BROKEN)
        return ln_wrap(err, "line %zu", no);
    json_array_append_new(l->wrong,
                          json_pack("{s:I,s:s}", "no", (json_int_t)no, "message", err->text));
    *err = (struct ln_err){ 0 };
    return true;
}

static bool add_fields(struct loading *l, struct ln_span line, struct ln_err *err)
{
    const struct ln_def_coll *c =
        l->collection != NULL ? ln_def_find(l->n->def, l->collection) : NULL;
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = {
        .u = &system, .kind = LN_ENGINE_CREATE, .c = c, .channel = "import"
    };
    struct trial trial = { .job = &job };
    bool ok;

    if (c == NULL)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("只有字段的行需要 --collection",
                              "--collection is needed for lines that hold fields only"));
    job.f = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(job.f)) {
        json_decref(job.f);
        return ln_fail(err, LN_INVALID, LN_SAY("不是 JSON 对象", "is no JSON object"));
    }
    job.e = &l->n->engine;
    ok = l->dry_run ? ln_queue_write(l->n->queue, try_fields, &trial, err) || trial.good
                    : ln_node_save(l->n, &job, err);
    if (!ok && json_array_size(job.problems) > 0)
        (void)ln_fail(err, LN_INVALID, "%s", say(json_array_get(job.problems, 0)));
    l->done += ok && !l->dry_run;
    json_decref(job.problems);
    json_decref(job.f);
    return ok;
}

static bool each_line(struct loading *l, const struct ln_buf *text, bool first_pass,
                      struct ln_err *err)
{
    struct group *g = ln_alloc(sizeof *g);
    const char *at = text->data;
    const char *end = text->data + text->len;
    size_t no = 0;
    bool ok = true;

    g->l = l;
    while (ok && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct ln_span line = { at, (size_t)((stop != NULL ? stop : end) - at) };
        struct ln_err why = { 0 };
        at = stop != NULL ? stop + 1 : end;
        no++;
        if (line.len == 0)
            continue;
        bool canonical =
            ln_canon_check(line.p, line.len, &why) && ln_canon_type(line) == LN_CANON_OBJECT;
        bool change = canonical && text_of(line, "i").p != NULL && text_of(line, "o").p != NULL;
        if (first_pass) {
            if (change)
                note_wide(l, line);
            l->total++;
        } else
            ok = (change ? add_change(g, line, err) : add_fields(l, line, err)) ||
                 goes_on(l, no, err);
    }
    ok = ok && put_group(g, err);
    ln_free(g);
    return ok;
}

/* ---- spreadsheets */

/* Each row that needs a look, with all that is wrong with it; what merely changes is counted. */
static void say_rows(struct ln_buf *out, const json_t *rows)
{
    size_t i;
    size_t k;
    json_t *row;
    json_t *m;

    json_array_foreach(rows, i, row)
    {
        bool first = true;
        json_array_foreach(json_object_get(row, "messages"), k, m)
        {
            if (json_is_true(json_object_get(m, "info")))
                continue;
            if (first)
                ln_buf_addf(out, LN_SAY("第 %d 行 ", "row %d "),
                            (int)json_integer_value(json_object_get(row, "no")));
            ln_buf_addf(out, "%s%s", first ? "" : LN_SAY("；", "; "), say(m));
            first = false;
        }
        if (!first)
            ln_buf_addc(out, '\n');
    }
}

static void say_columns(struct ln_buf *out, const json_t *r)
{
    size_t i;
    json_t *v;

    json_array_foreach(json_object_get(r, "missing"), i, v)
    {
        ln_buf_addf(
            out,
            LN_SAY("缺少必填的“%s”一栏：没有登记过的不能导入，请补上这一栏\n",
                   "the column \"%s\" is missing: what is new cannot be taken without it\n"),
            say(v));
    }
    json_array_foreach(json_object_get(r, "foreign"), i, v)
    {
        ln_buf_addf(out, LN_SAY("“%s”一栏不认识，不导入\n", "the column \"%s\" is not taken\n"),
                    json_string_value(v));
    }
}

static void say_counts(struct ln_buf *out, const json_t *r)
{
    static const struct {
        const char *key, *zh, *en;
    } COUNTS[] = { { "ok", "新增", "new" },      { "changed", "更新", "changed" },
                   { "same", "无变化", "same" }, { "warning", "待核", "warning" },
                   { "error", "有误", "wrong" }, { "duplicate", "重复", "repeated" } };
    size_t i;
    json_t *v;

    for (i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++)
        ln_buf_addf(
            out, "%s %d  ", LN_SAY(COUNTS[i].zh, COUNTS[i].en),
            (int)json_integer_value(json_object_get(json_object_get(r, "counts"), COUNTS[i].key)));
    ln_buf_addc(out, '\n');
    json_array_foreach(json_object_get(r, "others"), i, v)
    {
        ln_buf_addf(out, LN_SAY("%s：新增 %d，更新 %d\n", "%s: %d new, %d changed\n"), say(v),
                    (int)json_integer_value(json_object_get(v, "added")),
                    (int)json_integer_value(json_object_get(v, "changed")));
    }
}

/* What is wrong is named row by row, what is right is saved. */
static bool load_sheet(const struct loading *l, const json_t *args, const struct ln_buf *data,
                       const char *path, struct ln_buf *out, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    const char *keep = json_string_value(json_object_get(args, "keep"));
    struct ln_import i = { .user = &system,
                           .coll = ln_def_find(l->n->def, l->collection),
                           .data = data->data,
                           .len = data->len,
                           .commit = !l->dry_run,
                           .keep = keep != NULL ? keep : "",
                           .file = strrchr(path, '/') + 1 };
    json_t *r = NULL;

    if (!ln_import_run(&r, l->n, &i, err))
        return false;
    if (ln_cmd_on(args, "json")) {
        ln_cmd_json(out, r);
        return true;
    }
    say_rows(out, json_object_get(r, "rows"));
    say_columns(out, r);
    say_counts(out, r);
    ln_buf_addf(out, LN_SAY("已保存 %d 行，共 %d 行\n", "saved %d of %d rows\n"),
                (int)json_integer_value(json_object_get(r, "saved")),
                (int)json_integer_value(json_object_get(r, "total")));
    json_decref(r);
    return true;
}

static void say_lines(struct ln_buf *out, const struct loading *l)
{
    size_t i;
    json_t *w;

    json_array_foreach(l->wrong, i, w)
        ln_buf_addf(out, LN_SAY("第 %d 行 %s\n", "line %d %s\n"),
                    (int)json_integer_value(json_object_get(w, "no")),
                    json_string_value(json_object_get(w, "message")));
    if (l->dry_run)
        ln_buf_addf(
            out, LN_SAY("只检查：%zu 行有误，共 %zu 行\n", "dry run: %zu of %zu lines are wrong\n"),
            json_array_size(l->wrong), l->total);
    else
        ln_buf_addf(out, LN_SAY("已载入 %zu 条，共 %zu 条\n", "loaded %zu of %zu lines\n"), l->done,
                    l->total);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void find_grid(struct loading *l)
{
    void *hold;
    const struct ln_authority *a = ln_queue_authority(l->n->queue, &hold);
    const struct ln_cert *self = ln_authority_find(a, l->n->id);

    if (self != NULL && self->role == LN_ROLE_LAPTOP && self->n_grids > 0)
        (void)snprintf(l->grid, sizeof l->grid, "%s", self->grids[0]);
    ln_queue_authority_done(l->n->queue, hold);
}

bool ln_cmd_load(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct loading l = { .n = n,
                         .collection = json_string_value(json_object_get(args, "collection")),
                         .dry_run = ln_cmd_on(args, "dry_run"),
                         .wrong = json_array() };
    const char *file = json_string_value(json_object_get(args, "file"));
    struct ln_buf text = ln_buf_new(FILE_MAX);
    bool ok = false;

    l.open = json_object();
    find_grid(&l);
    if (file == NULL || file[0] != '/') {
        (void)ln_fail(err, LN_INVALID, LN_SAY("没有文件", "no file"));
        goto out;
    }
    if (l.collection != NULL && ln_def_find(n->def, l.collection) == NULL) {
        (void)ln_fail(err, LN_INVALID, LN_SAY("没有集合 %s", "no collection %s"), l.collection);
        goto out;
    }
    if (!ln_disk_read(&text, "", file + 1, err))
        goto out;
    if (ends_with(file, ".csv") || ends_with(file, ".xlsx")) {
        ok = l.collection != NULL ? load_sheet(&l, args, &text, file, out, err)
                                  : ln_fail(err, LN_INVALID,
                                            LN_SAY("电子表格需要 --collection",
                                                   "--collection is needed for spreadsheets"));
        goto out;
    }
    if (!each_line(&l, &text, true, err))
        goto out;
    ok = each_line(&l, &text, false, err);
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    if (ln_cmd_on(args, "json"))
        ln_cmd_json(out, json_pack("{s:I,s:I,s:O}", "saved", (json_int_t)l.done, "total",
                                   (json_int_t)l.total, "wrong", l.wrong));
    else
        say_lines(out, &l);
    if (ok && json_array_size(l.wrong) > 0)
        ok = ln_fail(err, LN_INVALID, LN_SAY("%zu 行有误", "%zu lines are wrong"),
                     json_array_size(l.wrong));
out:
    json_decref(l.wrong);
    ln_free(l.wide);
    json_decref(l.open);
    ln_buf_free(&text);
    return ok;
}
