/* Taking an import back: see undo.h. */
#include "node/undo.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/say.h"

#define GROUP 50
#define PASSES 6 /* what refers to what it added is deleted first, whatever order it came in */

struct undoing {
    struct ln_node *n;
    const struct ln_undo *u;
    struct ln_user by; /* the node, in the asker's name */
    struct ln_id from, to;
    json_t *ids;   /* of records not settled yet, latest first */
    json_t *later; /* ids of those that were changed since, and of what leads to them: they stay */
    size_t removed, restored, kept, total;
};

static const char *text_of(const json_t *f, const char *name)
{
    const char *t = json_string_value(json_object_get(f, name));

    return t != NULL ? t : "";
}

/* ---- what the import did to one record */

struct looking {
    const struct undoing *x;
    bool added;     /* the import added it */
    json_t *last;   /* field -> "import" when the import wrote it last */
    json_t *before; /* field -> its value before the import */
};

static bool is_ours(const struct undoing *x, const struct ln_history_item *i)
{
    return ln_span_is(i->c->channel, "import") && strcmp(i->log, x->n->id) == 0 &&
           ln_clock_compare(&i->c->id, &x->from) > 0 && ln_clock_compare(&i->c->id, &x->to) < 0;
}

static void take_fields(struct looking *l, struct ln_span object, bool ours)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;
    const char *key;
    json_t *value;

    json_object_foreach(o, key, value)
    {
        json_object_set_new(l->last, key, json_boolean(ours));
        if (!ours)
            json_object_set(l->before, key, value);
    }
    json_decref(o);
}

static bool look(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct looking *l = ctx;
    bool ours = is_ours(l->x, i);

    (void)err;
    if (i->state != LN_STORE_GOOD)
        return true;
    if (ours && i->c->op == LN_OP_ADD)
        l->added = true;
    if (i->c->op == LN_OP_ADD || i->c->op == LN_OP_SET || i->c->op == LN_OP_REMOVE) {
        take_fields(l, i->c->fields, ours);
        take_fields(l, i->clear, ours);
    }
    return true;
}

/* Fields that the import wrote last, with what stood there before. */
static json_t *restoring(const struct looking *l)
{
    json_t *f = json_object();
    const char *key;
    json_t *ours;

    json_object_foreach(l->last, key, ours)
    {
        json_t *old = json_object_get(l->before, key);
        if (json_is_true(ours))
            json_object_set_new(f, key, old != NULL ? json_incref(old) : json_null());
    }
    return f;
}

/* Whether a record that is still there leads to it, by a field that records are found by. */
static bool is_used(bool *used, const struct undoing *x, const struct ln_def_coll *c,
                    const char *id, struct ln_err *err)
{
    *used = false;
    for (size_t i = 0; i < x->n->def->n_colls; i++) {
        const struct ln_def_coll *d = &x->n->def->colls[i];
        for (const char *const *k = d->coll->find; !*used && k != NULL && *k != NULL; k++) {
            const struct ln_def_field *f = ln_def_field(d, *k);
            struct ln_where where = { *k, LN_WHERE_IS, id };
            struct ln_list l = { .coll = d->coll, .where = &where, .n = 1, .limit = 1 };
            if (f->type != LN_TYPE_REF || f->to == NULL || strcmp(f->to, c->name) != 0)
                continue;
            json_t *rows = json_array();
            bool ok = ln_query_list(rows, NULL, x->n->writer, &l, err);
            *used = json_array_size(rows) > 0;
            json_decref(rows);
            if (!ok)
                return false;
        }
    }
    return true;
}

/* Whether it stays: it was changed since, or leads to one that was. What leads to it stays, too. */
static bool stays(struct undoing *x, const struct ln_def_coll *c, const json_t *row)
{
    bool any = json_object_get(x->later, text_of(row, "id")) != NULL;

    for (size_t i = 0; !any && i < c->n_fields; i++)
        any = c->fields[i].type == LN_TYPE_REF && !c->fields[i].internal &&
              json_object_get(x->later, text_of(json_object_get(row, "f"), c->fields[i].name)) !=
                  NULL;
    if (any)
        json_object_set_new(x->later, text_of(row, "id"), json_true());
    return any;
}

/* ---- one record taken back */

static bool run(const struct undoing *x, struct ln_replica *r, struct ln_engine_job *job,
                struct ln_err *err)
{
    job->e = &x->n->engine;
    job->u = &x->by;
    job->channel = "web";
    bool ok = ln_engine_run(job, r, err);
    json_decref(job->problems);
    json_decref(job->f);
    return ok;
}

static bool remove_one(struct undoing *x, struct ln_replica *r, const struct ln_def_coll *c,
                       const char *id, bool *left, struct ln_err *err)
{
    struct ln_engine_job job = { .kind = LN_ENGINE_DELETE, .c = c, .id = id };

    if (!is_used(left, x, c, id, err))
        return false;
    if (*left)
        return true;
    x->removed++;
    return run(x, r, &job, err);
}

static bool restore_one(struct undoing *x, struct ln_replica *r, const struct ln_def_coll *c,
                        const char *id, json_t *f, struct ln_err *err)
{
    json_t *keep = json_object();
    struct ln_engine_job job = { .kind = LN_ENGINE_UPDATE, .c = c, .id = id, .f = f, .keep = keep };
    const char *key;
    json_t *v;

    json_object_foreach(f, key, v)
    {
        (void)v;
        json_object_set_new(keep, key, json_string("undo")); /* it stood there before */
    }
    x->restored++;
    bool ok = run(x, r, &job, err);
    json_decref(keep);
    return ok;
}

/* *left: something that is still there leads to it. */
static bool undo_one(struct undoing *x, struct ln_replica *r, const char *text, bool *left,
                     struct ln_err *err)
{
    struct looking l = { .x = x };
    struct ln_id id;
    json_t *row = NULL;
    bool ok;

    *left = false;
    if (!ln_clock_id_read(&id, ln_span_of(text)) || !ln_query_record(&row, x->n->writer, &id, err))
        return err->code == LN_OK;
    const struct ln_def_coll *c = ln_def_find(x->n->def, text_of(row, "collection"));
    if (row == NULL || c == NULL || strcmp(text_of(row, "id"), text) != 0) {
        json_decref(row); /* gone, or given up for another */
        return true;
    }
    l.last = json_object();
    l.before = json_object();
    ok = ln_replica_history(ln_replica_store(r), &id, look, &l, err);
    json_t *f = restoring(&l);
    bool wrote = json_object_size(f) > 0;
    if (ok && l.added && stays(x, c, row))
        x->kept++;
    else if (ok && l.added)
        ok = remove_one(x, r, c, text, left, err);
    else if (ok && wrote)
        ok = restore_one(x, r, c, text, json_incref(f), err);
    json_decref(f);
    json_decref(l.last);
    json_decref(l.before);
    json_decref(row);
    return ok;
}

/* ---- all of them, a group at a time */

struct group {
    struct undoing *x;
    size_t from, to;
    json_t *left;
    size_t removed, restored, kept;
};

static bool undo_group(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct group *g = arg;

    g->x->removed = g->removed; /* tried again, it counts again */
    g->x->restored = g->restored;
    g->x->kept = g->kept;
    json_array_clear(g->left);
    for (size_t i = g->from; i < g->to; i++) {
        json_t *id = json_array_get(g->x->ids, i);
        bool left;
        if (!undo_one(g->x, r, json_string_value(id), &left, err))
            return ln_wrap(err, "%s", json_string_value(id));
        if (left)
            json_array_append(g->left, id);
    }
    return true;
}

static bool pass(struct undoing *x, struct ln_err *err)
{
    json_t *left = json_array();
    size_t n = json_array_size(x->ids);
    bool ok = true;

    for (size_t at = 0; ok && at < n; at += GROUP) {
        struct group g = { .x = x,
                           .from = at,
                           .to = at + GROUP < n ? at + GROUP : n,
                           .left = json_array(),
                           .removed = x->removed,
                           .restored = x->restored,
                           .kept = x->kept };
        ok = ln_queue_write(x->n->queue, undo_group, &g, err);
        json_array_extend(left, g.left);
        json_decref(g.left);
        if (x->u->progress != NULL)
            x->u->progress(x->u->ctx, "undo", x->total - n + g.to, x->total);
    }
    json_decref(x->ids);
    x->ids = left;
    return ok;
}

static bool undo_all(struct undoing *x, struct ln_err *err)
{
    size_t before = SIZE_MAX;

    for (int i = 0; i < PASSES && json_array_size(x->ids) < before && json_array_size(x->ids) > 0;
         i++) {
        before = json_array_size(x->ids);
        if (!pass(x, err))
            return false;
    }
    x->kept += json_array_size(x->ids);
    return true;
}

static bool note(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct undoing *x = arg;
    struct ln_engine_job job = { .kind = LN_ENGINE_STEP,
                                 .c = ln_def_find(x->n->def, "import_run"),
                                 .id = x->u->run };

    job.f = json_pack("{s:s,s:{s:I,s:I,s:I}}", "action", "undo", "set", "removed",
                      (json_int_t)x->removed, "restored", (json_int_t)x->restored, "kept",
                      (json_int_t)x->kept);
    return run(x, r, &job, err);
}

/* ---- which import */

static bool may_undo(const struct ln_user *u, const json_t *row)
{
    const char *author = text_of(json_object_get(row, "f"), "author");

    return u->system || ln_engine_has_role(u, "committee") ||
           (u->account[0] != '\0' && strcmp(author, u->account) == 0);
}

static bool find_later(struct undoing *x, struct ln_node_reader *r, struct ln_err *err)
{
    json_t *list = json_array();
    struct ln_id end;
    size_t i;
    json_t *id;

    memset(end.b, 0xff, sizeof end.b);
    bool ok = ln_query_touched(list, r->store, &x->to, &end, err);
    json_array_foreach(list, i, id)
    {
        json_object_set_new(x->later, json_string_value(id), json_true());
    }
    json_decref(list);
    return ok;
}

/* What it touched: from its own id to the one it noted at its end; one that was cut off, to now. */
static bool find_all(struct undoing *x, struct ln_node_reader *r, struct ln_err *err)
{
    json_t *row = NULL;
    bool ok = false;

    memset(x->to.b, 0xff, sizeof x->to.b);
    if (!ln_clock_id_read(&x->from, ln_span_of(x->u->run)) ||
        !ln_query_record(&row, r->store, &x->from, err) || row == NULL ||
        strcmp(text_of(row, "collection"), "import_run") != 0 ||
        strcmp(text_of(row, "region"), x->n->config.region) != 0)
        (void)ln_fail(err, LN_MISSING, LN_SAY("这里没有这次导入", "no such import here"));
    else if (!may_undo(x->u->user, row))
        (void)ln_fail(err, LN_DENIED, "%s",
                      LN_SAY("只有导入的人或居委会可以撤销", "whoever imported it, or the "
                                                             "committee, takes it back"));
    else if (strcmp(text_of(row, "state"), "undone") == 0)
        (void)ln_fail(err, LN_CONFLICT,
                      LN_SAY("这次导入已经撤回", "the import was taken back already"));
    else {
        const char *last = text_of(json_object_get(row, "f"), "last");
        ok = last[0] == '\0' || ln_clock_id_read(&x->to, ln_span_of(last)) ||
             ln_fail(err, LN_BROKEN,
                     LN_SAY("这次导入的最后一条更改不是编号", "the import's last change is no id"));
        ok = ok && ln_query_touched(x->ids, r->store, &x->from, &x->to, err) &&
             find_later(x, r, err);
    }
    json_decref(row);
    return ok;
}

bool ln_undo_run(json_t **out, struct ln_node *n, const struct ln_undo *u, struct ln_err *err)
{
    struct undoing *x = ln_alloc(sizeof *x);
    struct ln_node_reader *r = NULL;
    bool ok = false;

    x->n = n;
    x->u = u;
    x->by = *u->user;
    x->by.system = true;
    x->ids = json_array();
    x->later = json_object();
    if (atomic_exchange(&n->importing, true)) {
        (void)ln_fail(err, LN_BUSY, "%s",
                      LN_SAY("一份表格正在保存，请等它完成后再试",
                             "a spreadsheet is being saved: try again when it is done"));
        goto out;
    }
    ok = ln_node_read(n, &r, err) && find_all(x, r, err);
    if (r != NULL)
        ln_node_read_done(n, r);
    x->total = json_array_size(x->ids);
    ok = ok && undo_all(x, err) && ln_queue_write(n->queue, note, x, err);
    atomic_store(&n->importing, false);
    if (ok)
        *out = json_pack("{s:I,s:I,s:I}", "removed", (json_int_t)x->removed, "restored",
                         (json_int_t)x->restored, "kept", (json_int_t)x->kept);
out:
    json_decref(x->ids);
    json_decref(x->later);
    ln_free(x);
    return ok;
}
