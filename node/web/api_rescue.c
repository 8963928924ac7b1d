/* What is done before and after a box dies, from the page of nodes: the restore drill, and late
 * work of a revoked node, looked through and taken over. */
#include <sodium.h>
#include <string.h>

#include "node/drill.h"
#include "node/say.h"
#include "node/syncer.h"
#include "node/web/routes.h"

#define LATE_SHOWN 500

static bool may_rescue(struct ln_call *c, struct ln_err *err)
{
    return (c->known &&
            (ln_engine_has_role(&c->user, "admin") || ln_engine_has_role(&c->user, "committee") ||
             ln_engine_has_role(&c->user, "clerk") || ln_engine_has_role(&c->user, "province"))) ||
           ln_fail(err, LN_DENIED,
                   LN_SAY("您的身份不能管理节点", "your role may not manage nodes"));
}

/* ---- the drill */

static json_t *report_json(const struct ln_restore_report *r)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:I,s:I}", "segments", (json_int_t)r->head,
                     "receipt", (json_int_t)r->receipt, "changes", (json_int_t)r->changes,
                     "records", (json_int_t)r->records, "keys", (json_int_t)r->keys, "missing",
                     (json_int_t)r->sealed, "waiting", (json_int_t)r->waiting, "differing",
                     (int)r->differing, "bytes", (json_int_t)r->bytes, "ms",
                     (json_int_t)r->keys_ms + r->logs_ms + r->words_ms);
}

bool ln_api_rescue_drill_get(struct ln_call *c, struct ln_err *err)
{
    static const char *const words[] = { "none", "running", "done", "failed" };
    struct ln_store *s = ln_sqlstore_handle(c->r->store);
    struct ln_buf last = ln_buf_new(256);
    struct ln_drill_status d = { .state = LN_DRILL_NONE };
    bool found = false;
    json_t *o;

    if (!may_rescue(c, err) || !s->ops->meta_get(s->ctx, "drill", &last, &found, err))
        return false;
    if (c->n->drill != NULL)
        ln_drill_status(c->n->drill, &d);
    o = json_pack("{s:s,s:I,s:I,s:b}", "state", words[d.state], "began_ms", (json_int_t)d.began_ms,
                  "ended_ms", (json_int_t)d.ended_ms, "possible", c->n->config.parent[0] != '\0');
    if (d.state == LN_DRILL_DONE)
        json_object_set_new(o, "report", report_json(&d.report));
    if (d.state == LN_DRILL_FAILED)
        json_object_set_new(o, "why", json_string(d.why.text));
    if (found)
        json_object_set_new(o, "last", json_loadb(last.data, last.len, 0, NULL));
    ln_buf_free(&last);
    return ln_web_json(c, 200, o);
}

bool ln_api_rescue_drill(struct ln_call *c, struct ln_err *err)
{
    struct ln_ident paper;

    if (!may_rescue(c, err) || !ln_web_object(c, err))
        return false;
    if (c->n->config.parent[0] == '\0' || c->n->drill == NULL)
        return ln_fail(
            err, LN_INVALID,
            LN_SAY("根节点没有上级可供恢复", "a root has no parent that could give its log back"));
    bool ok = ln_restore_key(&paper, ln_web_text(c->body, "recovery"), err) &&
              ln_drill_begin(c->n->drill, &paper, err);
    sodium_memzero(&paper, sizeof paper);
    return ok && ln_web_json(c, 202, json_pack("{s:s}", "state", "running"));
}

/* ---- late work */

struct late {
    struct ln_call *c;
    const char *node;
    bool take;
    json_t *items;
    unsigned n, unreadable, all;
};

static void add_fields(const struct ln_def_coll *d, json_t *to, struct ln_span object)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;
    const char *key;
    json_t *v;

    json_object_foreach(o, key, v)
    {
        const struct ln_def_field *f = d != NULL ? ln_def_field(d, key) : NULL;
        if (f != NULL && f->internal) /* ids that the node filled in */
            continue;
        json_object_set_new(to, key,
                            f == NULL || f->mark == LN_MARK_SENSITIVE ? json_string("****")
                                                                      : json_incref(v));
    }
    json_decref(o);
}

static bool add_late(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    static const char *const ops[] = { "add",  "set",   "remove",  "delete", "restore",
                                       "step", "alias", "unalias", "other" };
    struct late *x = ctx;
    char id[LN_ID_TEXT + 1];
    char record[LN_ID_TEXT + 1];
    char coll[32];
    json_t *f;

    (void)err;
    if (x->all++ >= LATE_SHOWN)
        return true;
    (void)snprintf(coll, sizeof coll, "%.*s",
                   (int)(l->c->collection.len < 31 ? l->c->collection.len : 31),
                   l->c->collection.p);
    const struct ln_def_coll *d = ln_def_find(x->c->n->def, coll);
    ln_clock_id_write(id, &l->c->id);
    ln_clock_id_write(record, &l->c->record);
    f = json_object();
    add_fields(d, f, l->c->fields);
    add_fields(d, f, l->clear);
    json_t *o = json_pack("{s:s,s:s,s:I,s:s,s:s,s:s,s:I,s:s,s:o}", "id", id, "log", l->log, "seq",
                          (json_int_t)l->seq, "collection", coll, "op", ops[l->c->op], "record",
                          record, "at", (json_int_t)LN_HLC_MS(ln_clock_claimed(&l->c->id)), "why",
                          l->why != NULL ? l->why : "", "f", f);
    if (d != NULL)
        json_object_set_new(o, "label",
                            json_pack("{s:s,s:s}", "zh", d->label.zh, "en", d->label.en));
    json_array_append_new(x->items, o);
    return true;
}

static bool late_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct late *x = arg;

    return ln_replica_late(r, x->node, 0, x->take, &x->n, &x->unreadable, add_late, x, err);
}

static bool answer(struct late *x, struct ln_err *err)
{
    if (!ln_queue_write(x->c->n->queue, late_job, x, err)) {
        json_decref(x->items);
        return false;
    }
    return ln_web_json(x->c, 200,
                       json_pack("{s:o,s:i,s:i,s:i,s:b}", "items", x->items, "takable", (int)x->n,
                                 "unreadable", (int)x->unreadable, "total", (int)x->all, "taken",
                                 (int)x->take));
}

bool ln_api_rescue_late(struct ln_call *c, struct ln_err *err)
{
    struct late x = { .c = c, .node = c->q->arg[0] };

    if (!may_rescue(c, err))
        return false;
    x.items = json_array();
    return answer(&x, err);
}

/* Signed as its author's: the last four characters of the node's id are typed again. */
bool ln_api_rescue_adopt(struct ln_call *c, struct ln_err *err)
{
    struct late x = { .c = c, .node = c->q->arg[0], .take = true };
    size_t len = strlen(x.node);

    if (!may_rescue(c, err) || !ln_web_object(c, err))
        return false;
    if (len < 4 || strcmp(ln_web_text(c->body, "confirm"), x.node + len - 4) != 0)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("请输入节点编号的末四位以确认",
                              "type the last four characters of the node's id to confirm"));
    x.items = json_array();
    bool ok = answer(&x, err);
    if (ok && c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
    return ok;
}
