/* Circulars to chosen regions: see dispatch.h. */
#include "node/module/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/check.h"
#include "node/region/region.h"

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && x->step != NULL && strcmp(x->step->action, action) == 0;
}

/* ---- the circular above */

static bool check_targets(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    size_t i;
    json_t *target;

    json_array_foreach(json_object_get(x->f, "targets"), i, target)
    {
        const char *region = json_string_value(target);
        if (region == NULL || !ln_region_valid(region) ||
            !ln_cert_region_holds(self->region, region) || strcmp(region, self->region) == 0)
            return ln_special_problem(x, "targets", "应为本节点以下的 12 位区划代码",
                                      "must be 12-digit region codes below this node", err);
    }
    return true;
}

static size_t size_after(const struct ln_special_call *x, const char *field)
{
    const json_t *now = json_object_get(json_object_get(x->row, "f"), field);
    const json_t *given = json_object_get(x->f, field);

    return json_array_size(given != NULL ? given : now);
}

static bool add_box(void *ctx, const struct ln_cert *box, struct ln_err *err)
{
    json_t *list = ctx;

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), box->region) == 0)
            return true;
    if (json_array_size(list) == LN_DISPATCH_BOXES)
        return ln_fail(err, LN_FULL, "a circular goes to at most %d boxes", LN_DISPATCH_BOXES);
    json_array_append_new(list, json_string(box->region));
    return true;
}

/* Regions with a box that the circular goes to; each target has at least one. */
static bool find_boxes(json_t **out, struct ln_special_call *x, struct ln_err *err)
{
    size_t i;
    json_t *target;

    *out = json_array();
    json_array_foreach(json_object_get(json_object_get(x->row, "f"), "targets"), i, target)
    {
        json_t *there = json_array();
        size_t k;
        json_t *region;
        bool ok = ln_parcel_boxes(x, json_string_value(target), add_box, there, err);
        bool none = json_array_size(there) == 0;
        json_array_foreach(there, k, region)
        {
            struct ln_cert c = { .role = LN_ROLE_COMMUNITY };
            (void)snprintf(c.region, sizeof c.region, "%s", json_string_value(region));
            ok = ok && add_box(*out, &c, err);
        }
        json_decref(there);
        if (!ok)
            return false;
        if (none) {
            char zh[128];
            char en[128];
            (void)snprintf(zh, sizeof zh, "%s 还没有接入的节点，请改选或先接入",
                           json_string_value(target));
            (void)snprintf(en, sizeof en, "no box answers in %s yet: choose another, or enrol one",
                           json_string_value(target));
            return ln_special_refuse(x, LN_INVALID, zh, en, err);
        }
    }
    return true;
}

static bool circular_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *boxes = NULL;

    if (x->kind == LN_ENGINE_CREATE || x->kind == LN_ENGINE_UPDATE) {
        if (!check_targets(x, err))
            return false;
        if (x->kind == LN_ENGINE_UPDATE && json_object_get(x->f, "targets") != NULL &&
            strcmp(ln_special_word(x->row, "state"), "drafted") != 0)
            return ln_special_problem(x, "targets", "已发出，不能再改；请另发一份",
                                      "it has gone out: send another one", err);
        return size_after(x, "receivers") + size_after(x, "targets") > 0 ||
               ln_special_problem(x, "receivers", "请选收件单位或发往地区",
                                  "choose receivers, or regions to send it to", err);
    }
    if (!is_step(x, "issue"))
        return true;
    bool ok = find_boxes(&boxes, x, err);
    if (ok && json_array_size(boxes) > 0)
        json_object_set(x->f, "sent", boxes);
    json_decref(boxes);
    return ok;
}

/* Issued: one parcel to each box. */
static bool circular_after(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const CARRIED[] = { "no", "title", "level", "body", "files", "due", NULL };
    const json_t *f = json_object_get(x->row, "f");
    struct ln_buf text = ln_buf_new(LN_PARCEL_BODY_MAX);
    json_t *body = json_object();
    size_t i;
    json_t *region;
    bool ok = true;

    if (is_step(x, "issue")) {
        for (const char *const *n = CARRIED; *n != NULL; n++)
            if (json_object_get(f, *n) != NULL)
                json_object_set(body, *n, json_object_get(f, *n));
        ln_engine_canon(&text, body);
        if (text.over)
            ok = ln_special_refuse(x, LN_FULL, "正文太长，请放到附件里",
                                   "the text is too long: put it into a file", err);
        json_array_foreach(json_object_get(x->f, "sent"), i, region)
        {
            const struct ln_parcel p = { .dest = json_string_value(region),
                                         .kind = "circular",
                                         .about = x->id,
                                         .body = text.data };
            ok = ok && ln_parcel_send(x, &p, err);
        }
    }
    json_decref(body);
    ln_buf_free(&text);
    return ok;
}

/* ---- how far it has come: region by region */

static json_t *delivery_of(const json_t *rows, const char *region)
{
    struct ln_buf name = ln_buf_new(256);
    json_t *out = json_pack("{s:s,s:s}", "region", region, "state", "underway");

    if (!ln_region_name(&name, region))
        ln_buf_adds(&name, region);
    json_object_set_new(out, "name", json_string(name.data));
    ln_buf_free(&name);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const json_t *f = json_object_get(row, "f");
        static const char *const TIMES[] = { "received_at", "done_at", NULL };
        if (strcmp(ln_special_word(row, "region"), region) != 0)
            continue;
        json_object_set(out, "state", json_object_get(row, "state"));
        json_object_set(out, "id", json_object_get(row, "id"));
        for (const char *const *t = TIMES; *t != NULL; t++)
            if (json_object_get(f, *t) != NULL)
                json_object_set(out, *t, json_object_get(f, *t));
    }
    return out;
}

static bool all_of(json_t *out, const struct ln_special_read *x, const char *circular,
                   struct ln_err *err)
{
    const struct ln_where where = { "circular", LN_WHERE_IS, circular };
    struct ln_list l = { .coll = ln_def_find(x->e->def, "dispatch")->coll,
                         .where = &where,
                         .n = 1,
                         .limit = LN_QUERY_LIMIT };
    size_t before;

    do {
        before = json_array_size(out);
        if (!ln_query_list(out, NULL, x->s, &l, err))
            return false;
        l.offset += LN_QUERY_LIMIT;
    } while (json_array_size(out) == before + LN_QUERY_LIMIT && before < LN_DISPATCH_BOXES);
    return true;
}

static void circular_show(const struct ln_special_read *x, json_t *row)
{
    json_t *f = json_object_get(row, "f");
    const json_t *sent = json_object_get(f, "sent");
    struct ln_err err = { 0 };
    size_t i;
    json_t *region;

    if (json_array_size(sent) == 0)
        return;
    json_t *rows = json_array();
    json_t *list = json_array();
    if (all_of(rows, x, ln_special_word(row, "id"), &err))
        json_array_foreach(sent, i, region)
        {
            json_array_append_new(list, delivery_of(rows, json_string_value(region)));
        }
    json_object_set_new(f, "delivery", list);
    json_object_del(f, "sent"); /* the list says it all */
    json_decref(rows);
}

/* ---- the dispatch below */

bool ln_dispatch_keep_files(struct ln_special_call *x, const char *collection, const char *id,
                            json_t *files, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    struct ln_draft d = { .op = LN_OP_SET, .collection = collection, .channel = "" };
    bool ok = true;
    json_t *f = json_pack("{s:o}", "files", files);

    ln_engine_canon(&text, f);
    json_decref(f);
    d.fields = (struct ln_span){ text.data, text.len };
    ok = ln_buf_done(&text, "files", err) && ln_clock_id_read(&d.record, ln_span_of(id)) &&
         ln_replica_save(x->r, &d, 1, err);
    ln_buf_free(&text);
    return ok;
}

bool ln_dispatch_good_files(const json_t *files)
{
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)(uintptr_t)files, i, one)
    {
        if (!ln_check_file(one))
            return false;
    }
    return json_is_array(files) && json_array_size(files) > 0 &&
           json_array_size(files) <= LN_CHECK_FILES;
}

bool ln_dispatch_take(struct ln_special_call *x, const struct ln_parcel *p, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    json_t *f = NULL;
    json_t *files = NULL;
    char id[LN_ID_TEXT + 1];
    bool ok = false;

    if (strcmp(p->sender, self->region) == 0 || !ln_cert_region_holds(p->sender, self->region))
        return ln_fail(err, LN_DENIED, "a circular that does not come from above");
    f = json_loads(p->body, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(f)) {
        (void)ln_fail(err, LN_INVALID, "a circular that is no object");
        goto out;
    }
    files = json_incref(json_object_get(f, "files"));
    json_object_del(f, "files");
    json_object_set_new(f, "kind", json_string("circular"));
    json_object_set_new(f, "sender", json_string(p->sender));
    json_object_set_new(f, "place", json_string(self->region));
    json_object_set_new(f, "circular", json_string(p->about));
    if (strcmp(p->sender + 2, "0000000000") == 0)
        json_object_set_new(f, "from_province", json_true());
    ok = ln_special_add(id, x, "dispatch", json_incref(f), err) &&
         (!ln_dispatch_good_files(files) ||
          ln_dispatch_keep_files(x, "dispatch", id, json_incref(files), err));
out:
    json_decref(files);
    json_decref(f);
    return ok;
}

/* Whether the node of `region` is the one that was written to: the record's own for a circular,
 * those above for a report. */
static bool receives(const json_t *row, const char *region)
{
    bool own = strcmp(ln_special_word(row, "region"), region) == 0;

    return (strcmp(ln_special_text(row, "kind"), "circular") == 0) == own;
}

static bool of_receiver(const char *action)
{
    return strcmp(action, "receive") == 0 || strcmp(action, "finish") == 0;
}

/* Each side is offered its own steps. */
static void dispatch_show(const struct ln_special_read *x, json_t *row)
{
    json_t *actions = json_object_get(row, "actions");
    bool here = receives(row, x->region);

    for (size_t i = json_array_size(actions); i > 0; i--)
        if (of_receiver(json_string_value(json_array_get(actions, i - 1))) != here)
            json_array_remove(actions, i - 1);
    if (strcmp(ln_special_word(row, "region"), x->region) == 0)
        json_object_del(json_object_get(row, "f"), "circular"); /* which stays above */
}

static bool report_before(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);

    if (self->role < LN_ROLE_SUBDISTRICT)
        return ln_special_refuse(x, LN_INVALID, "发往社区请用「文件传阅」并选择发往地区",
                                 "to write to communities, send a circular to their regions", err);
    json_object_set_new(x->f, "sender", json_string(self->region));
    json_object_set_new(x->f, "place", json_string(self->region));
    json_object_set_new(x->f, "kind", json_string("report"));
    return true;
}

static bool dispatch_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->u->system)
        return true;
    if (x->kind == LN_ENGINE_CREATE)
        return report_before(x, err);
    if (x->kind != LN_ENGINE_STEP)
        return true;
    bool theirs = of_receiver(x->step->action);
    if (theirs == receives(x->row, ln_replica_self(x->r)->region))
        return true;
    return theirs ? ln_special_refuse(x, LN_DENIED, "由收文一方签收和办结",
                                      "whoever was written to receives and finishes it", err)
                  : ln_special_refuse(x, LN_DENIED, "由发文一方退回和归档",
                                      "whoever wrote sends it back and closes it", err);
}

const struct ln_special ln_dispatch_special[] = {
    { .collection = "circular",
      .before = circular_before,
      .after = circular_after,
      .show = circular_show },
    { .collection = "dispatch", .before = dispatch_before, .show = dispatch_show },
    { .collection = NULL },
};
