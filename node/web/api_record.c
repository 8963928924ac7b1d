/* Records of every collection: list, read, add, change, delete, step, history. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/module/calendar.h"
#include "node/module/flow.h"
#include "node/module/special.h"
#include "node/store/pending.h"
#include "node/store/waiting.h"
#include "node/web/limit.h"
#include "node/web/listing.h"
#include "node/web/read.h"
#include "node/web/routes.h"
#include "node/web/title.h"
#include "sync/alias.h"

#define REFS_MAX 50 /* of a list whose titles are told */

static const struct ln_def_coll *coll_of(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, c->q->arg[0]);

    if (d == NULL)
        (void)ln_fail(err, LN_MISSING, "no collection %.60s", c->q->arg[0]);
    return d;
}

/* ---- what a record looks like from outside */

static void add_ref(struct ln_call *c, json_t *refs, const char *field, const char *id)
{
    const char *title = ln_title_of(c, id);

    if (title == NULL)
        return;
    if (json_object_get(refs, field) == NULL)
        json_object_set_new(refs, field, json_object());
    json_object_set_new(json_object_get(refs, field), id, json_string(title));
}

/* A region's code says nothing to people. */
static void add_place(json_t *refs, const char *field, const char *code)
{
    struct ln_buf name = ln_buf_new(256);

    if (code == NULL)
        return;
    ln_node_region(&name, code);
    if (json_object_get(refs, field) == NULL)
        json_object_set_new(refs, field, json_object());
    json_object_set_new(json_object_get(refs, field), code, json_string(name.data));
    ln_buf_free(&name);
}

void ln_api_record_refs(struct ln_call *c, const struct ln_def_coll *d, json_t *row)
{
    json_t *refs = json_object();
    const json_t *f = json_object_get(row, "f");

    for (size_t i = 0; i < d->n_fields; i++) {
        const json_t *v = json_object_get(f, d->fields[i].name);
        if (d->fields[i].type == LN_TYPE_REF && json_is_string(v))
            add_ref(c, refs, d->fields[i].name, json_string_value(v));
        const char *check = d->fields[i].check;
        if (d->fields[i].type == LN_TYPE_REGION)
            add_place(refs, d->fields[i].name, json_string_value(v));
        for (size_t k = 0; check != NULL && strcmp(check, "region") == 0 &&
                           k < json_array_size(v) && k < REFS_MAX;
             k++)
            add_place(refs, d->fields[i].name, json_string_value(json_array_get(v, k)));
        for (size_t k = 0; d->fields[i].to != NULL && k < json_array_size(v) && k < REFS_MAX; k++)
            if (json_is_string(json_array_get(v, k)))
                add_ref(c, refs, d->fields[i].name, json_string_value(json_array_get(v, k)));
    }
    json_object_set_new(row, "refs", refs);
}

static void add_actions(struct ln_call *c, const struct ln_def_coll *d, json_t *row, bool whole)
{
    const char *state = json_string_value(json_object_get(row, "state"));
    json_t *actions = json_array();
    json_t *taken = NULL;
    struct ln_err why = { 0 };

    for (size_t i = 0; state != NULL && i < d->n_steps; i++) {
        const struct ln_def_step *s = &d->steps[i];
        if (!ln_def_has(s->from, state) || !ln_engine_may_step(s, d, &c->user, row))
            continue;
        bool limited = whole && (s->max > 0 || s->after != NULL);
        if (limited && taken == NULL &&
            !ln_flow_taken(&taken, ln_sqlstore_handle(c->r->store), ln_web_text(row, "id"), &why))
            limited = false; /* the step itself says no */
        if (!limited || ln_flow_possible(s, taken))
            json_array_append_new(actions, json_string(s->action));
    }
    json_decref(taken);
    json_object_set_new(row, "actions", actions);
}

static bool take_merged(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    char text[LN_ID_TEXT + 1];

    (void)err;
    ln_clock_id_write(text, id);
    json_array_append_new(ctx, json_string(text));
    return true;
}

/* Ids of the records that were given up for this one. */
static void add_merged(struct ln_call *c, json_t *row)
{
    struct ln_store *s = ln_sqlstore_handle(c->r->store);
    json_t *list = json_array();
    struct ln_err why = { 0 };
    struct ln_id id;

    if (ln_clock_id_read(&id, ln_span_of(ln_web_text(row, "id"))) &&
        s->ops->alias_rooted(s->ctx, &id, take_merged, list, &why) && json_array_size(list) > 0)
        json_object_set(row, "merged", list);
    json_decref(list);
}

/* A term of working days that runs into a year whose days off are not known may move. */
static void add_due_note(struct ln_call *c, const struct ln_def_coll *d, json_t *row)
{
    const json_t *f = json_object_get(row, "f");
    const json_t *due = json_object_get(f, "due");
    char day[11] = "";

    if (!ln_calendar_counts(d, f))
        return;
    if (json_is_integer(due))
        ln_engine_today(day, json_integer_value(due));
    else if (json_is_string(due))
        (void)snprintf(day, sizeof day, "%.10s", json_string_value(due));
    long year = strtol(day, NULL, 10);
    if (year == 0 || ln_calendar_arranged(c->r->store, c->n->def, year))
        return;
    json_object_set_new(
        row, "due_note",
        json_sprintf(
            c->q->zh ? "%ld 年放假安排尚未公布，期限暂按周末和法定节日计算，公布后可能顺延"
                     : "the days off of %ld are not known yet: counted by the week and the days "
                       "set by law, it may move",
            year));
}

/* Saved here, and nobody above has signed for it. The root waits for nobody. */
static bool waits(struct ln_call *c, const json_t *row)
{
    struct ln_err why = { 0 };
    struct ln_id id;
    bool yes = false;

    return c->n->config.parent[0] != '\0' &&
           ln_clock_id_read(&id, ln_span_of(ln_web_text(row, "id"))) &&
           ln_waiting_is(&yes, ln_sqlstore_db(c->r->store), &id, &why) && yes;
}

/* Its keys were destroyed: nothing is written into it any more. */
static bool erased(struct ln_call *c, const json_t *row)
{
    struct ln_err why = { 0 };
    bool yes = false;

    return ln_engine_erased(&yes, ln_sqlstore_handle(c->r->store), ln_web_text(row, "id"), &why) &&
           yes;
}

void ln_api_record_dress(struct ln_call *c, const struct ln_def_coll *d, json_t *row, bool whole)
{
    char title[LN_TITLE_MAX + 1];
    char since[11];
    char today[11];

    bool gone = erased(c, row);
    add_actions(c, d, row, whole);
    if (gone)
        json_object_set_new(row, "erased", json_true());
    json_object_set_new(row, "can",
                        json_pack("{s:b,s:b}", "update",
                                  (int)(!gone && ln_engine_may_change(d, &c->user, row)), "delete",
                                  (int)ln_engine_may_delete(d, &c->user, row)));
    ln_engine_fresh_since(since, d, c->n->env.now_ms(c->n->env.ctx));
    if (since[0] != '\0' && !gone)
        json_object_set_new(
            row, "stale",
            json_boolean(strcmp(ln_web_text(json_object_get(row, "f"), "checked"), since) < 0));
    ln_engine_mask(d, &c->user, row);
    struct ln_special_read read = {
        &c->n->engine,      c->r->store, &c->user, today, c->n->env.now_ms(c->n->env.ctx),
        c->n->config.region
    };
    ln_engine_today(today, read.now_ms);
    ln_special_show(&read, d, row);
    if (d->counted)
        ln_read_show(c, d, row, whole);
    ln_title_write(title, c, d, row);
    json_object_set_new(row, "title", json_string(title));
    json_object_set_new(row, "collection", json_string(d->name));
    json_object_set_new(row, "version_etag", json_string(ln_web_text(row, "etag")));
    json_object_set_new(row, "created_at", json_incref(json_object_get(row, "created")));
    if (whole && json_integer_value(json_object_get(row, "conflicts")) > 0) {
        struct ln_id id;
        if (ln_clock_id_read(&id, ln_span_of(ln_web_text(row, "id"))))
            json_object_set_new(row, "conflicts", ln_api_conflict_list(c, d, &id));
    } else {
        json_object_set(row, "conflict_count", json_object_get(row, "conflicts"));
        json_object_del(row, "conflicts");
    }
    ln_web_said(c, json_object_get(row, "f"));
    if (whole)
        add_due_note(c, d, row);
    if (whole)
        add_merged(c, row);
    ln_api_record_refs(c, d, row);
    json_object_set_new(row, "provisional", json_boolean(waits(c, row)));
    json_object_del(row, "etag");
    json_object_del(row, "created");
}

/* ---- list */

static bool note_emergency(struct ln_call *c, const struct ln_def_coll *d, const json_t *row,
                           struct ln_err *err);

/* The pages beside this one: "next", "prev" (null: none), and how many rows lie before it. */
static void add_pages(json_t *o, const struct ln_listing *x, const json_t *rows, unsigned limit,
                      bool more)
{
    size_t n = json_array_size(rows);
    unsigned at = !x->l.back ? x->at : more && x->at > limit ? x->at - limit : 0;
    bool before = x->l.back ? more : x->l.after != NULL || x->l.offset > 0;
    bool behind = x->l.back || more;
    char cursor[LN_LISTING_CURSOR];

    ln_listing_cursor(cursor, false, n > 0 ? ln_web_text(json_array_get(rows, n - 1), "id") : "",
                      at + (unsigned)n);
    json_object_set_new(o, "next", behind && n > 0 ? json_string(cursor) : json_null());
    ln_listing_cursor(cursor, true, n > 0 ? ln_web_text(json_array_get(rows, 0), "id") : "", at);
    json_object_set_new(o, "prev", before && n > 0 ? json_string(cursor) : json_null());
    json_object_set_new(o, "from", json_integer(at));
}

bool ln_api_record_list(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    struct ln_listing x = { .l = { .n = 0 } };
    json_t *rows = json_array();
    json_t *items = json_array();
    char noted[LN_ID_TEXT + 1] = "";
    int64_t total = 0;
    bool least = false;
    json_t *o;
    bool ok = false;

    if (d == NULL || !ln_listing_read(&x, c, d, err))
        goto out;
    x.l.least = &least;
    unsigned limit = x.l.limit;
    x.l.limit = limit + 1; /* one more tells whether there is another page */
    if (!ln_query_list(rows, &total, c->r->store, &x.l, err))
        goto out;
    bool more = json_array_size(rows) > limit;
    if (more) /* what tells of the page before stands first */
        json_array_remove(rows, x.l.back ? 0 : limit);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        if (!ln_engine_may_read(d, &c->user, row))
            continue;
        char opened[LN_ID_TEXT + 1];
        ln_engine_opened(opened, d, &c->user, row);
        if (opened[0] != '\0' && strcmp(opened, noted) != 0 && !note_emergency(c, d, row, err))
            goto out;
        memcpy(noted, opened, sizeof noted);
        ln_api_record_dress(c, d, row, false);
        json_array_append(items, row);
    }
    o = json_pack("{s:O}", "items", items);
    add_pages(o, &x, rows, limit, more);
    if (x.l.total)
        json_object_set_new(o, "total", json_integer(total));
    if (least)
        json_object_set_new(o, "least", json_true());
    ln_listing_order(c, &x.l);
    ok = ln_web_json(c, 200, o);
out:
    json_decref(items);
    json_decref(rows);
    return ok;
}

/* ---- one record */

static json_t *load(struct ln_call *c, struct ln_sqlstore *s, const struct ln_def_coll *d,
                    const char *id_text, struct ln_err *err)
{
    struct ln_id id;
    json_t *row = NULL;

    if (!ln_clock_id_read(&id, ln_span_of(id_text))) {
        (void)ln_fail(err, LN_MISSING, "no such record");
        return NULL;
    }
    if (!ln_query_record(&row, s, &id, err))
        return NULL;
    if (row == NULL || strcmp(ln_web_text(row, "collection"), d->name) != 0 ||
        !ln_engine_may_read(d, &c->user, row)) {
        json_decref(row);
        (void)ln_fail(err, LN_MISSING, "no such record");
        return NULL;
    }
    return row;
}

static bool answer(struct ln_call *c, const struct ln_def_coll *d, json_t *row, int status)
{
    (void)snprintf(c->out->etag, sizeof c->out->etag, "%s", ln_web_text(row, "etag"));
    ln_api_record_dress(c, d, row, true);
    return ln_web_json(c, status, row);
}

/* Writes to `audit` who did what with a record; first on record, then shown. */
static bool put_on_record(struct ln_call *c, const char *action, const char *object,
                          const json_t *fields, const char *purpose, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    json_t *f = json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "actor", c->user.account, "action", action,
                          "object", object, "purpose", purpose, "at",
                          (json_int_t)c->n->env.now_ms(c->n->env.ctx), "node", c->n->id);
    struct ln_engine_job job = { .u = &system,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(c->n->def, "audit"),
                                 .f = f,
                                 .channel = "web" };

    if (fields != NULL)
        json_object_set(f, "fields", (json_t *)(uintptr_t)fields);
    bool ok = ln_node_save(c->n, &job, err);
    json_decref(job.problems);
    json_decref(f);
    return ok;
}

/* What is read because of an emergency reading alone: each time on record. */
static bool note_emergency(struct ln_call *c, const struct ln_def_coll *d, const json_t *row,
                           struct ln_err *err)
{
    char opened[LN_ID_TEXT + 1];

    ln_engine_opened(opened, d, &c->user, row);
    return opened[0] == '\0' || put_on_record(c, "emergency", opened, NULL, "emergency", err);
}

bool ln_api_record_get(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    json_t *row = d != NULL ? load(c, c->r->store, d, c->q->arg[1], err) : NULL;

    if (row == NULL)
        return false;
    if (!note_emergency(c, d, row, err)) {
        json_decref(row);
        return false;
    }
    if (d->counted && c->known)
        ln_read_stamp(c, d, row);
    return answer(c, d, row, 200);
}

/* The record as it is after the save: read anew, for the request's own snapshot is older. */
static bool answer_fresh(struct ln_call *c, const struct ln_def_coll *d, const char *id, int status,
                         struct ln_err *err)
{
    struct ln_node_reader *r;
    json_t *row;
    bool ok = false;

    if (!ln_node_read(c->n, &r, err))
        return false;
    row = load(c, r->store, d, id, err);
    if (row != NULL) {
        struct ln_node_reader *old = c->r;
        c->r = r;
        json_decref(c->titles);
        c->titles = NULL;
        ok = answer(c, d, row, status);
        c->r = old;
    } else if (err->code == LN_MISSING) { /* saved, and no longer theirs to read */
        *err = (struct ln_err){ 0 };
        ok = ln_web_json(c, status, json_pack("{s:s,s:s}", "id", id, "collection", d->name));
    }
    ln_node_read_done(c->n, r);
    return ok;
}

static const json_t *fields_of(const json_t *body)
{
    const json_t *f = json_object_get(body, "f");

    return json_is_object(f) ? f : body;
}

static bool save(struct ln_call *c, struct ln_engine_job *job, struct ln_err *err)
{
    job->u = &c->user;
    job->channel = "web";
    if (ln_node_save(c->n, job, err)) {
        json_decref(job->problems);
        return true;
    }
    c->fields = job->problems;
    return false;
}

/* A key of the caller's makes a repeated POST find what the first one made. */
struct once {
    struct ln_engine_job *job;
    char key[160];
    bool again;
};

static bool run_once(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct once *o = arg;
    struct ln_store *s = ln_replica_store(r);
    struct ln_buf id = ln_buf_new(64);
    bool ok = s->ops->meta_get(s->ctx, o->key, &id, &o->again, err);

    if (ok && o->again)
        (void)snprintf(o->job->out_id, sizeof o->job->out_id, "%s", id.data);
    else if (ok)
        ok = ln_engine_run(o->job, r, err) &&
             s->ops->meta_put(s->ctx, o->key, ln_span_of(o->job->out_id), err);
    ln_buf_free(&id);
    return ok;
}

#define GUEST_MS 3600000
#define GUEST_EACH 6  /* of one address in an hour */
#define GUEST_ALL 120 /* of all of them */

/* Guests add what the definition lets them, not without end. */
static bool guest_in_time(struct ln_call *c, const struct ln_def_coll *d, struct ln_err *err)
{
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    char key[128];

    (void)snprintf(key, sizeof key, "guest@%.64s", c->q->remote != NULL ? c->q->remote : "");
    if (c->known || d->guest == NULL ||
        (ln_limit_take(c->w->limit, key, GUEST_EACH, GUEST_MS, now) &&
         ln_limit_take(c->w->limit, "guest", GUEST_ALL, GUEST_MS, now)))
        return true;
    c->out->status = 429;
    c->out->retry_after_s = GUEST_MS / 1000;
    c->word = "locked";
    c->fields = json_pack("[{s:s,s:s,s:s}]", "field", "", "zh",
                          "提交太多：紧急情况请直接拨打 110、119、120 或社区电话", "en",
                          "Too many reports: in an emergency call 110, 119, 120 or the community");
    return ln_fail(err, LN_BUSY, "too many reports without a login");
}

/* What whoever may not read the record afterwards is told: its number. */
static bool answer_number(struct ln_call *c, const struct ln_def_coll *d, const char *id,
                          struct ln_err *err)
{
    struct ln_node_reader *r;
    struct ln_id key;
    json_t *row = NULL;

    if (!ln_node_read(c->n, &r, err))
        return false;
    if (ln_clock_id_read(&key, ln_span_of(id)))
        (void)!ln_query_record(&row, r->store, &key, err);
    const char *no = ln_web_text(json_object_get(row, "f"), "no");
    json_t *o = json_pack("{s:s,s:s,s:s}", "id", id, "collection", d->name, "no", no);
    json_decref(row);
    ln_node_read_done(c->n, r);
    return ln_web_json(c, 201, o);
}

bool ln_api_record_create(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    struct ln_engine_job job = { .kind = LN_ENGINE_CREATE, .c = d };
    struct once once = { .job = &job };
    bool ok;

    if (d == NULL || !ln_web_object(c, err) || !guest_in_time(c, d, err))
        return false;
    job.f = json_copy((json_t *)(uintptr_t)fields_of(c->body));
    job.keep = json_object_get(c->body, "_keep");
    json_object_del(job.f, "_keep");
    if (c->q->idempotency_key != NULL && strlen(c->q->idempotency_key) <= 64 && c->known) {
        job.e = &c->n->engine;
        job.u = &c->user;
        job.channel = "web";
        (void)snprintf(once.key, sizeof once.key, "once/%s/%s", c->user.account,
                       c->q->idempotency_key);
        ok = ln_queue_write(c->n->queue, run_once, &once, err);
        if (ok)
            json_decref(job.problems);
        else
            c->fields = job.problems;
    } else
        ok = save(c, &job, err);
    json_decref(job.f);
    if (!ok)
        return false;
    (void)snprintf(c->out->location, sizeof c->out->location, "/api/v1/%s/%s", d->name, job.out_id);
    return c->known ? answer_fresh(c, d, job.out_id, 201, err)
                    : answer_number(c, d, job.out_id, err);
}

/* If-Match: "<etag>" */
static void match_of(struct ln_engine_job *job, const struct ln_call *c)
{
    const char *m = c->q->if_match;

    if (m == NULL || m[0] == '*')
        return;
    job->if_match = true;
    job->etag = strtoull(m[0] == '"' ? m + 1 : m, NULL, 16);
}

static bool change(struct ln_call *c, struct ln_engine_job *job, struct ln_err *err)
{
    bool ok = save(c, job, err);

    if (!ok && err->code == LN_CONFLICT && job->if_match)
        c->out->status = 412;
    return ok;
}

bool ln_api_record_update(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    struct ln_engine_job job = { .kind = LN_ENGINE_UPDATE, .c = d, .id = c->q->arg[1] };

    if (d == NULL || !ln_web_object(c, err))
        return false;
    job.f = json_copy((json_t *)(uintptr_t)fields_of(c->body));
    job.keep = json_object_get(c->body, "_keep");
    json_object_del(job.f, "_keep");
    match_of(&job, c);
    bool ok = change(c, &job, err);
    json_decref(job.f);
    return ok && answer_fresh(c, d, c->q->arg[1], 200, err);
}

bool ln_api_record_delete(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    struct ln_engine_job job = { .kind = LN_ENGINE_DELETE, .c = d, .id = c->q->arg[1] };

    match_of(&job, c);
    if (d == NULL || !change(c, &job, err))
        return false;
    c->out->status = 204;
    return true;
}

bool ln_api_record_step(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    struct ln_engine_job job = { .kind = LN_ENGINE_STEP, .c = d, .id = c->q->arg[1] };

    if (d == NULL || !ln_web_object(c, err))
        return false;
    job.f = c->body;
    match_of(&job, c);
    if (!change(c, &job, err))
        return false;
    if (strcmp(d->name, "membership") == 0 || strcmp(d->name, "account") == 0)
        ln_web_forget(c->w);
    return answer_fresh(c, d, c->q->arg[1], 200, err);
}

/* ---- history */

struct telling {
    struct ln_call *c;
    const struct ln_def_coll *d;
    json_t *items;
    json_t *lost; /* ids of steps not taken */
    bool unmasked;
};

static void add_object(struct telling *x, json_t *to, struct ln_span object)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;
    const char *key;
    json_t *value;

    json_object_foreach(o, key, value)
    {
        const struct ln_def_field *f = ln_def_field(x->d, key);
        bool hide = f != NULL && f->mark == LN_MARK_SENSITIVE && !x->unmasked;
        if (f != NULL)
            ln_engine_hide_keys(f, value);
        json_object_set_new(to, key, hide ? json_string("****") : json_incref(value));
    }
    json_decref(o);
}

static bool tell(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    static const char *const ops[] = { "add",  "set",   "remove",  "delete", "restore",
                                       "step", "alias", "unalias", "other" };
    struct telling *x = ctx;
    char id[LN_ID_TEXT + 1];
    json_t *fields = json_object();
    const char *state = i->state == LN_STORE_VOID ? "refused"
                        : i->provisional          ? "provisional"
                                                  : "accepted";
    json_t *o;

    (void)err;
    ln_clock_id_write(id, &i->c->id);
    add_object(x, fields, i->c->fields);
    add_object(x, fields, i->clear);
    ln_web_said(x->c, fields);
    o = json_pack("{s:s,s:s,s:I,s:I,s:s,s:o,s:s}", "id", id, "op", ops[i->c->op], "at",
                  (json_int_t)LN_HLC_MS(ln_clock_claimed(&i->c->id)), "eff",
                  (json_int_t)LN_HLC_MS(i->eff), "node", i->log, "fields", fields, "state", state);
    if (i->c->user.len > 0)
        json_object_set_new(o, "user", json_stringn(i->c->user.p, i->c->user.len));
    if (i->c->channel.len > 0)
        json_object_set_new(o, "channel", json_stringn(i->c->channel.p, i->c->channel.len));
    if (i->receipt_t > 0)
        json_object_set_new(o, "receipt_at", json_integer(LN_HLC_MS(i->receipt_t)));
    json_array_append_new(x->items, o);
    return true;
}

static void name_node(const struct ln_authority *a, json_t *o)
{
    char node[LN_NODE_ID_MAX];
    const char *log = ln_web_text(o, "node");

    (void)snprintf(node, sizeof node, "%.*s", (int)strcspn(log, "."), log); /* of a down-log, too */
    const struct ln_cert *cert = node[0] != '\0' ? ln_authority_find(a, node) : NULL;
    if (cert == NULL)
        return;
    json_object_set_new(o, "node_name", json_string(cert->name));
    json_object_set_new(o, "node_role", json_string(ln_cert_role_word(cert->role)));
}

void ln_web_users(struct ln_call *c, json_t *items)
{
    void *hold;
    const struct ln_authority *a = ln_queue_authority(c->n->queue, &hold);
    size_t i;
    json_t *o;

    json_array_foreach(items, i, o)
    {
        struct ln_id id;
        json_t *row = NULL;
        struct ln_err why = { 0 };
        name_node(a, o);
        if (ln_clock_id_read(&id, ln_span_of(ln_web_text(o, "user"))) &&
            ln_query_record(&row, c->r->store, &id, &why) && row != NULL)
            json_object_set_new(o, "user_name",
                                json_string(ln_web_text(json_object_get(row, "f"), "shown_name")));
        json_decref(row);
    }
    ln_queue_authority_done(c->n->queue, hold);
}

static bool tell_one(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    struct telling *x = ctx;
    size_t from = json_array_size(x->items);
    char text[LN_ID_TEXT + 1];

    if (!ln_replica_history(ln_sqlstore_handle(x->c->r->store), id, tell, x, err))
        return false;
    ln_clock_id_write(text, id);
    for (size_t i = from; i < json_array_size(x->items); i++)
        json_object_set_new(json_array_get(x->items, i), "record", json_string(text));
    return ln_pending_lost(x->lost, x->c->r->store, id, err);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(ln_web_text(*(json_t *const *)a, "id"), ln_web_text(*(json_t *const *)b, "id"));
}

/* Histories of records that became one are shown as one, by time. */
static void in_order(struct telling *x)
{
    size_t n = json_array_size(x->items);
    json_t **list = ln_alloc_array(n + 1, sizeof(json_t *));

    for (size_t i = 0; i < n; i++)
        list[i] = json_incref(json_array_get(x->items, i));
    qsort(list, n, sizeof(json_t *), by_id);
    json_array_clear(x->items);
    for (size_t i = 0; i < n; i++) {
        if (json_object_get(x->lost, ln_web_text(list[i], "id")) != NULL)
            json_object_set_new(list[i], "state", json_string("not_taken"));
        json_array_append_new(x->items, list[i]);
    }
    ln_free(list);
}

bool ln_api_record_history(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    json_t *row = d != NULL ? load(c, c->r->store, d, c->q->arg[1], err) : NULL;
    struct telling x = { .c = c, .d = d };
    struct ln_id id;

    if (row == NULL)
        return false;
    bool whole = ln_engine_may_read_all(d, &c->user, row);
    if (!whole || !note_emergency(c, d, row, err)) {
        json_decref(row);
        return !whole ? ln_fail(err, LN_DENIED, "only those it names read what happened to it")
                      : false;
    }
    x.items = json_array();
    x.lost = json_object();
    bool ok = ln_clock_id_read(&id, ln_span_of(ln_web_text(row, "id"))) &&
              ln_alias_set(ln_sqlstore_handle(c->r->store), &id, tell_one, &x, err);
    json_decref(row);
    if (ok) {
        in_order(&x);
        ln_web_users(c, x.items);
        ok = ln_web_json(c, 200, json_pack("{s:O}", "items", x.items));
    }
    json_decref(x.items);
    json_decref(x.lost);
    return ok;
}

/* ---- reading what is masked, with a purpose, on record */

bool ln_api_record_unmask(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = coll_of(c, err);
    json_t *row = d != NULL ? load(c, c->r->store, d, c->q->arg[1], err) : NULL;
    const char *purpose = ln_web_text(c->body, "purpose");
    json_t *out = json_object();
    size_t i;
    json_t *name;

    if (row == NULL)
        goto fail;
    if (!ln_engine_may_unmask(d, &c->user, row)) {
        (void)ln_fail(err, LN_DENIED, "your role may not see these fields");
        goto fail;
    }
    if (purpose[0] == '\0' || !json_is_array(json_object_get(c->body, "fields"))) {
        (void)ln_fail(err, LN_INVALID, "fields and a purpose are needed: both are written down");
        goto fail;
    }
    json_array_foreach(json_object_get(c->body, "fields"), i, name)
    {
        const char *field = json_string_value(name) != NULL ? json_string_value(name) : "";
        const struct ln_def_field *known = ln_def_field(d, field);
        json_t *v = json_object_get(json_object_get(row, "f"), field);
        if (v != NULL && known != NULL && known->mark == LN_MARK_SENSITIVE)
            json_object_set(out, field, v);
    }
    if (!put_on_record(c, "unmask", c->q->arg[1], json_object_get(c->body, "fields"), purpose, err))
        goto fail;
    json_decref(row);
    return ln_web_json(c, 200, json_pack("{s:o}", "fields", out));
fail:
    json_decref(out);
    json_decref(row);
    return false;
}
