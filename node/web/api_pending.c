/* Queues that people clear: pairs of records that may be one, changes that were refused or not
 * taken. Each decision is a signed change (op alias, or what is saved again) with a row of `ruling`
 * beside it, in one job. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/canon.h"
#include "node/store/pending.h"
#include "node/syncer.h"
#include "node/web/routes.h"
#include "sync/alias.h"
#include "sync/batch.h"

#define PAGE 50

/* ---- the trace of a decision */

static void set_text(json_t *f, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_object_set_new(f, name, json_string(text));
}

bool ln_api_pending_rule(struct ln_call *c, struct ln_replica *r, const struct ln_ruling *x,
                         struct ln_err *err)
{
    struct ln_user u = c->user;
    struct ln_engine_job job = { .e = &c->n->engine,
                                 .u = &u,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(c->n->def, "ruling"),
                                 .f = json_object(),
                                 .channel = "web" };

    u.system = true; /* nobody adds one by hand; the account stands in it all the same */
    set_text(job.f, "kind", x->kind);
    set_text(job.f, "decision", x->decision);
    set_text(job.f, "collection", x->collection);
    set_text(job.f, "record", x->record);
    set_text(job.f, "other", x->other);
    set_text(job.f, "change", x->change);
    set_text(job.f, "unit", x->unit);
    set_text(job.f, "reason", x->reason);
    bool ok = job.c != NULL ? ln_engine_run(&job, r, err)
                            : ln_fail(err, LN_BROKEN, "no collection for decisions");
    json_decref(job.problems);
    json_decref(job.f);
    return ok;
}

static unsigned number(const struct ln_call *c, const char *name, unsigned otherwise)
{
    const char *text = ln_http_query(c->q, name);

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static unsigned page(const struct ln_call *c)
{
    unsigned n = number(c, "limit", PAGE);

    return n == 0 || n > LN_QUERY_LIMIT ? LN_QUERY_LIMIT : n;
}

/* Runs a decision, then looks at what it means for the queues, so that they are right at once. */
static bool decided(struct ln_call *c, ln_write_job *job, void *arg, struct ln_err *err)
{
    if (!ln_queue_write(c->n->queue, job, arg, err) || !ln_node_look(c->n, err))
        return false;
    if (c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
    return true;
}

/* ---- pairs that may be one */

static json_t *read_row(struct ln_sqlstore *s, const char *id_text, struct ln_err *err)
{
    struct ln_id id;
    json_t *row = NULL;

    if (ln_clock_id_read(&id, ln_span_of(id_text)) && !ln_query_record(&row, s, &id, err))
        return NULL;
    return row;
}

/* Names of the fields in which the two differ; those that are told apart although masked. */
static json_t *differences(const struct ln_def_coll *d, const json_t *a, const json_t *b)
{
    json_t *out = json_array();

    for (size_t i = 0; i < d->n_fields; i++) {
        const json_t *x = json_object_get(json_object_get(a, "f"), d->fields[i].name);
        const json_t *y = json_object_get(json_object_get(b, "f"), d->fields[i].name);
        bool own = d->fields[i].internal || strcmp(d->fields[i].name, "author") == 0;
        if (!own && (x != NULL || y != NULL) && (x == NULL || y == NULL || !json_equal(x, y)))
            json_array_append_new(out, json_string(d->fields[i].name));
    }
    return out;
}

/* The pair as it is shown; NULL when it is none any more, or not for this reader. */
static json_t *show_pair(struct ln_call *c, const json_t *pair, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, ln_web_text(pair, "collection"));
    json_t *a = read_row(c->r->store, ln_web_text(pair, "a"), err);
    json_t *b = read_row(c->r->store, ln_web_text(pair, "b"), err);
    json_t *out = NULL;

    if (d != NULL && a != NULL && b != NULL &&
        strcmp(ln_web_text(a, "id"), ln_web_text(b, "id")) != 0 &&
        ln_engine_may_change(d, &c->user, a) && ln_engine_may_change(d, &c->user, b)) {
        const json_t *rules = json_object_get(d->json, "duplicates");
        const json_t *rule =
            json_array_get(rules, (size_t)json_integer_value(json_object_get(pair, "rule")));
        out = json_pack("{s:s,s:o}", "collection", d->name, "differ", differences(d, a, b));
        json_object_set(out, "rule", (json_t *)(uintptr_t)rule);
        ln_api_record_dress(c, d, a, false);
        ln_api_record_dress(c, d, b, false);
        json_object_set(out, "a", a);
        json_object_set(out, "b", b);
    }
    json_decref(a);
    json_decref(b);
    return out;
}

bool ln_api_pending_twins(struct ln_call *c, struct ln_err *err)
{
    json_t *pairs = json_array();
    json_t *items = json_array();
    unsigned limit = page(c);
    unsigned from = number(c, "cursor", 0);
    size_t i;
    json_t *pair;

    if (!ln_engine_staff(&c->user) && !ln_engine_has_role(&c->user, "admin")) {
        (void)ln_fail(err, LN_DENIED, "your role may not see possible duplicates");
        goto fail;
    }
    if (!ln_pending_twins(pairs, c->r->store, limit + 1, from, err))
        goto fail;
    json_array_foreach(pairs, i, pair)
    {
        json_t *o = i < limit ? show_pair(c, pair, err) : NULL;
        if (err->code != LN_OK)
            goto fail;
        if (o != NULL)
            json_array_append_new(items, o);
    }
    json_t *next = json_array_size(pairs) > limit ? json_sprintf("%u", from + limit) : json_null();
    json_decref(pairs);
    return ln_web_json(c, 200, json_pack("{s:o,s:o}", "items", items, "next", next));
fail:
    json_decref(pairs);
    json_decref(items);
    return false;
}

struct pairing {
    struct ln_call *c;
    const struct ln_def_coll *d;
    const char *keep, *drop, *decision, *reason;
    const json_t *take; /* names of fields whose value comes from the record given up */
    json_t *problems;
};

static bool both_rows(struct pairing *x, json_t **keep, json_t **drop, struct ln_err *err)
{
    struct ln_sqlstore *s = x->c->n->writer;

    *keep = read_row(s, x->keep, err);
    *drop = read_row(s, x->drop, err);
    if (*keep == NULL || *drop == NULL)
        return err->code == LN_OK ? ln_fail(err, LN_MISSING, "one of the two is not here any more")
                                  : false;
    if (strcmp(ln_web_text(*keep, "collection"), x->d->name) != 0 ||
        strcmp(ln_web_text(*drop, "collection"), x->d->name) != 0)
        return ln_fail(err, LN_INVALID, "both have to be of one collection");
    if (strcmp(ln_web_text(*keep, "id"), ln_web_text(*drop, "id")) == 0)
        return ln_fail(err, LN_CONFLICT, "they are one record already");
    return (ln_engine_may_change(x->d, &x->c->user, *keep) &&
            ln_engine_may_change(x->d, &x->c->user, *drop)) ||
           ln_fail(err, LN_DENIED, "your role may not decide about these two");
}

/* The fields that the surviving record takes over. */
static bool take_over(struct pairing *x, struct ln_replica *r, const json_t *keep,
                      const json_t *drop, struct ln_err *err)
{
    struct ln_engine_job job = { .e = &x->c->n->engine,
                                 .u = &x->c->user,
                                 .kind = LN_ENGINE_UPDATE,
                                 .c = x->d,
                                 .id = ln_web_text(keep, "id"),
                                 .f = json_object(),
                                 .channel = "web" };
    json_t *kept = json_object();
    size_t i;
    json_t *name;

    json_array_foreach((json_t *)(uintptr_t)x->take, i, name)
    {
        const char *field = json_string_value(name) != NULL ? json_string_value(name) : "";
        const struct ln_def_field *f = ln_def_field(x->d, field);
        json_t *v = json_object_get(json_object_get(drop, "f"), field);
        if (f == NULL || f->internal || f->type == LN_TYPE_FILE || f->type == LN_TYPE_FILES)
            continue;
        json_object_set_new(job.f, field, v != NULL ? json_incref(v) : json_null());
        json_object_set_new(kept, field, json_string("merged"));
    }
    job.keep = kept;
    bool ok = json_object_size(job.f) == 0 || ln_engine_run(&job, r, err);
    x->problems = job.problems;
    json_decref(job.f);
    json_decref(kept);
    return ok;
}

/* `row` of the one that stands for both: what everyone reads names no account. */
static bool give_up(struct pairing *x, struct ln_replica *r, enum ln_op op, const char *id,
                    const json_t *row, struct ln_err *err)
{
    const char *to = ln_web_text(row, "id");
    char fields[64] = "";
    struct ln_draft d = { .op = op, .collection = x->d->name, .channel = "web" };

    if (strcmp(ln_web_text(row, "audience"), "public") != 0)
        d.user = x->c->user.account;

    if (!ln_clock_id_read(&d.record, ln_span_of(id)))
        return ln_fail(err, LN_MISSING, "no such record");
    if (op == LN_OP_ALIAS)
        (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\"}", to);
    d.fields = ln_span_of(fields);
    return ln_replica_save(r, &d, 1, err);
}

static bool job_merge(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct pairing *x = arg;
    json_t *keep = NULL;
    json_t *drop = NULL;
    bool ok = both_rows(x, &keep, &drop, err) && take_over(x, r, keep, drop, err);

    if (ok) {
        const char *one = ln_web_text(keep, "id");
        const char *two = ln_web_text(drop, "id");
        struct ln_ruling rule = { .kind = "twin",
                                  .decision = "same",
                                  .collection = x->d->name,
                                  .record = one,
                                  .other = two,
                                  .reason = x->reason };
        ok = give_up(x, r, LN_OP_ALIAS, two, keep, err) && ln_api_pending_rule(x->c, r, &rule, err);
    }
    json_decref(keep);
    json_decref(drop);
    return ok;
}

static bool job_different(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct pairing *x = arg;
    json_t *keep = NULL;
    json_t *drop = NULL;
    bool ok = both_rows(x, &keep, &drop, err);
    struct ln_ruling rule = { .kind = "twin",
                              .decision = x->decision,
                              .collection = x->d->name,
                              .record = ln_web_text(keep, "id"),
                              .other = ln_web_text(drop, "id"),
                              .reason = x->reason };

    ok = ok && ln_api_pending_rule(x->c, r, &rule, err);
    json_decref(keep);
    json_decref(drop);
    return ok;
}

/* `drop` was given up for `keep`, directly or not. */
static bool job_unmerge(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct pairing *x = arg;
    struct ln_batch_record rec = { 0 };
    struct ln_id id;
    json_t *row = read_row(x->c->n->writer, x->keep, err);
    struct ln_ruling rule = { .kind = "twin",
                              .decision = "unmerge",
                              .collection = x->d->name,
                              .record = x->keep,
                              .other = x->drop,
                              .reason = x->reason };
    bool ok = err->code == LN_OK;

    if (ok && (row == NULL || !ln_engine_may_change(x->d, &x->c->user, row)))
        ok = ln_fail(err, LN_DENIED, "your role may not decide about these two");
    ok = ok && ln_clock_id_read(&id, ln_span_of(x->drop)) &&
         ln_batch_record(&rec, ln_replica_store(r), &id, err);
    if (ok && (!rec.found || !rec.merged.aliased))
        ok = ln_fail(err, LN_CONFLICT, "that record was not merged");
    ok = ok && give_up(x, r, LN_OP_UNALIAS, x->drop, row, err) &&
         ln_api_pending_rule(x->c, r, &rule, err);
    ln_merge_free(&rec.merged);
    json_decref(row);
    return ok;
}

bool ln_api_pending_decide(struct ln_call *c, struct ln_err *err)
{
    struct pairing x = { .c = c };

    if (!ln_web_object(c, err))
        return false;
    x.d = ln_def_find(c->n->def, ln_web_text(c->body, "collection"));
    x.keep = ln_web_text(c->body, "keep");
    x.drop = ln_web_text(c->body, "drop");
    x.decision = ln_web_text(c->body, "decision");
    x.reason = ln_web_text(c->body, "reason");
    x.take = json_object_get(c->body, "take");
    if (x.d == NULL || x.d->coll->log || x.keep[0] == '\0' || x.drop[0] == '\0' ||
        json_array_size(x.take) > LN_CHANGE_FIELDS || strlen(x.reason) > 2000)
        return ln_fail(err, LN_INVALID, "collection, keep, drop and decision are needed");
    ln_write_job *job = strcmp(x.decision, "merge") == 0       ? job_merge
                        : strcmp(x.decision, "different") == 0 ? job_different
                        : strcmp(x.decision, "reopen") == 0    ? job_different
                        : strcmp(x.decision, "unmerge") == 0   ? job_unmerge
                                                               : NULL;
    if (job == NULL)
        return ln_fail(err, LN_INVALID, "decision is merge, different, reopen or unmerge");
    if (!decided(c, job, &x, err)) {
        c->fields = x.problems;
        return false;
    }
    json_decref(x.problems);
    return ln_web_json(c, 200, json_pack("{s:s,s:s}", "id", x.keep, "collection", x.d->name));
}

/* ---- what was refused, and steps that were not taken */

struct why {
    const char *word, *zh, *en;
};
static const struct why WHYS[] = {
    { "parent", "上级节点没有接受这条改动", "The node above did not accept this change" },
    { "revoked", "写下它的设备已被停用，停用之后的改动不算数",
      "The device that wrote it was revoked; what it wrote after that does not count" },
    { "grid", "设备不负责这个网格，不能改其中的记录",
      "The device does not serve this grid and may not change its records" },
    { "region", "这条记录属于别的社区，这台设备不能改",
      "The record belongs to another region than the device" },
    { "audience", "设备写进了它无权写的可见范围",
      "The device wrote for readers it may not write for" },
    { "collection", "设备的证书不包括这类记录",
      "The device's certificate does not cover this kind of record" },
    { "role", "设备的级别不能写这类改动", "A device of this role may not write such changes" },
    { "op", "这类记录不允许这样改（例如只能追加）",
      "This kind of record does not allow that (rows can only be added)" },
    { "quote", "转录的内容无法核对", "Quoted lines could not be checked" },
    { "not_taken", "同一步上另一台设备的处理先生效，这一步未采用",
      "Another device's step from the same place went on; this one was not taken" },
    { "cert", "证书无效", "The certificate is not valid" },
    { "receipt", "回执无效", "The receipt is not valid" },
    { "epoch", "密钥公告无效", "The notice of a key is not valid" },
};

static json_t *words_of(const char *word)
{
    for (size_t i = 0; i < sizeof WHYS / sizeof WHYS[0]; i++)
        if (strcmp(WHYS[i].word, word) == 0)
            return json_pack("{s:s,s:s}", "zh", WHYS[i].zh, "en", WHYS[i].en);
    return json_pack("{s:o,s:o}", "zh", json_sprintf("没有被接受（%s）", word), "en",
                     json_sprintf("Not accepted (%s)", word));
}

/* A line as it was meant. */
struct meant {
    struct ln_call *c;
    const struct ln_def_coll *d;
    bool found;
    enum ln_op op;
    json_t *f; /* its fields, opened as far as the keys are here */
    char record[LN_ID_TEXT + 1], user[LN_ID_TEXT + 1], log[LN_LOG_MAX];
    int64_t at_ms;
};

static void add_all(json_t *to, struct ln_span object)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;

    (void)json_object_update(to, o);
    json_decref(o);
}

static bool take_line(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct meant *m = ctx;
    char coll[32];

    (void)err;
    (void)snprintf(coll, sizeof coll, "%.*s", (int)i->c->collection.len, i->c->collection.p);
    m->d = ln_def_find(m->c->n->def, coll);
    m->found = true;
    m->op = i->c->op;
    m->at_ms = LN_HLC_MS(ln_clock_claimed(&i->c->id));
    ln_clock_id_write(m->record, &i->c->record);
    (void)snprintf(m->user, sizeof m->user, "%.*s", (int)i->c->user.len, i->c->user.p);
    memcpy(m->log, i->log, sizeof m->log);
    m->f = json_object();
    add_all(m->f, i->c->fields);
    add_all(m->f, i->clear);
    return true;
}

static bool read_meant(struct meant *m, struct ln_call *c, struct ln_sqlstore *s,
                       const char *change, struct ln_err *err)
{
    struct ln_id id;

    *m = (struct meant){ .c = c };
    return !ln_clock_id_read(&id, ln_span_of(change)) ||
           ln_replica_line(ln_sqlstore_handle(s), &id, take_line, m, err);
}

static bool mine(const struct ln_call *c, const struct meant *m)
{
    return c->known && m->user[0] != '\0' && strcmp(m->user, c->user.account) == 0;
}

/* Ops that can be saved again as one's own change. */
static bool can_again(const struct meant *m)
{
    return m->d != NULL && (m->op == LN_OP_ADD || m->op == LN_OP_SET || m->op == LN_OP_STEP ||
                            m->op == LN_OP_DELETE);
}

static bool all_of(const struct ln_call *c, const struct ln_def_coll *d)
{
    struct ln_where any[4];
    size_t n = 0;

    return ln_engine_staff(&c->user) && ln_engine_may_list(d, &c->user, any, &n) && n == 0;
}

static bool show_refused(json_t **out, struct ln_call *c, json_t *item, struct ln_err *err)
{
    static const char *const ops[] = { "add",  "set",   "remove",  "delete", "restore",
                                       "step", "alias", "unalias", "other" };
    struct meant m;
    json_t *row = NULL;

    *out = NULL;
    if (!read_meant(&m, c, c->r->store, ln_web_text(item, "change"), err))
        return false;
    bool staff = ln_engine_has_role(&c->user, "committee") || ln_engine_has_role(&c->user, "admin");
    if (!mine(c, &m) && !(m.d != NULL ? all_of(c, m.d) : staff)) {
        json_decref(m.f);
        return true;
    }
    json_t *o = json_pack(
        "{s:s,s:s,s:o,s:s,s:I,s:s,s:s,s:s,s:I,s:b,s:b}", "change", ln_web_text(item, "change"),
        "why", ln_web_text(item, "why"), "words", words_of(ln_web_text(item, "why")), "node",
        ln_web_text(item, "log"), "seq", json_integer_value(json_object_get(item, "seq")), "op",
        m.found ? ops[m.op] : "", "user", m.user, "record", m.record, "at", (json_int_t)m.at_ms,
        "mine", (int)mine(c, &m), "again", (int)can_again(&m));
    if (m.d != NULL) {
        json_t *shown = json_pack("{s:s,s:O}", "id", m.record, "f", m.f);
        ln_engine_mask(m.d, &c->user, shown);
        json_object_set_new(o, "collection", json_string(m.d->name));
        json_object_set(o, "fields", json_object_get(shown, "f"));
        json_decref(shown);
        row = read_row(c->r->store, m.record, err);
        if (row != NULL && ln_engine_may_read(m.d, &c->user, row)) {
            ln_api_record_dress(c, m.d, row, false);
            json_object_set(o, "title", json_object_get(row, "title"));
            json_object_set_new(o, "here", json_true());
        }
        json_decref(row);
    }
    json_decref(m.f);
    *out = o;
    return err->code == LN_OK;
}

bool ln_api_pending_refused(struct ln_call *c, struct ln_err *err)
{
    json_t *list = json_array();
    json_t *items = json_array();
    unsigned limit = page(c);
    unsigned from = number(c, "cursor", 0);
    size_t i;
    json_t *item;

    if (!c->known) {
        (void)ln_fail(err, LN_DENIED, "log in to see your changes that were refused");
        goto fail;
    }
    if (!ln_pending_refused(list, c->r->store, limit + 1, from, err))
        goto fail;
    json_array_foreach(list, i, item)
    {
        json_t *o = NULL;
        if (i < limit && !show_refused(&o, c, item, err))
            goto fail;
        if (o != NULL)
            json_array_append_new(items, o);
    }
    ln_web_users(c, items);
    json_t *next = json_array_size(list) > limit ? json_sprintf("%u", from + limit) : json_null();
    json_decref(list);
    return ln_web_json(c, 200, json_pack("{s:o,s:o}", "items", items, "next", next));
fail:
    json_decref(list);
    json_decref(items);
    return false;
}

struct settling {
    struct ln_call *c;
    const char *change, *reason;
    bool again;
    json_t *problems;
    char made[LN_ID_TEXT + 1];
    const char *collection;
};

/* Whether it still waits: somebody else may have been faster. */
static bool still_waits(struct settling *x, struct ln_err *err)
{
    json_t *list = json_array();
    unsigned from = 0;
    bool found = false;
    bool ok = true;
    size_t i;
    json_t *item;

    do {
        json_array_clear(list);
        ok = ln_pending_refused(list, x->c->n->writer, LN_QUERY_LIMIT, from, err);
        json_array_foreach(list, i, item) found =
            found || strcmp(ln_web_text(item, "change"), x->change) == 0;
        from += LN_QUERY_LIMIT;
    } while (ok && !found && json_array_size(list) == LN_QUERY_LIMIT);
    json_decref(list);
    return ok && (found || ln_fail(err, LN_CONFLICT, "that change does not wait for a decision"));
}

/* What the line says, without what the node fills in by itself. */
static void own_fields(const struct meant *m)
{
    for (size_t i = 0; i < m->d->n_fields; i++) {
        const struct ln_def_field *f = &m->d->fields[i];
        if (f->readonly || f->internal || strcmp(f->name, "author") == 0)
            json_object_del(m->f, f->name);
    }
}

static bool save_again(struct settling *x, struct ln_replica *r, struct meant *m,
                       struct ln_err *err)
{
    struct ln_engine_job job = { .e = &x->c->n->engine,
                                 .u = &x->c->user,
                                 .c = m->d,
                                 .id = m->record,
                                 .f = m->f,
                                 .channel = "web" };
    json_t *keep = json_object();
    const char *key;
    json_t *value;
    struct ln_id from;
    struct ln_id made;
    bool found = false;

    if (!can_again(m))
        return ln_fail(err, LN_INVALID, "this kind of change cannot be saved again");
    /* Its record may have been refused, too, and saved again under another id. */
    if (m->op != LN_OP_ADD && ln_clock_id_read(&from, ln_span_of(m->record)) &&
        !ln_pending_again(&made, &found, x->c->n->writer, &from, err))
        return false;
    if (found)
        ln_clock_id_write(m->record, &made);
    json_object_foreach(m->f, key, value)
    {
        (void)value;
        json_object_set_new(keep, key, json_string("as it was written"));
    }
    job.kind = m->op == LN_OP_ADD      ? LN_ENGINE_CREATE
               : m->op == LN_OP_SET    ? LN_ENGINE_UPDATE
               : m->op == LN_OP_DELETE ? LN_ENGINE_DELETE
                                       : LN_ENGINE_STEP;
    if (m->op != LN_OP_STEP)
        own_fields(m);
    job.keep = keep;
    bool ok = ln_engine_run(&job, r, err);
    x->problems = job.problems;
    (void)snprintf(x->made, sizeof x->made, "%s", job.out_id);
    json_decref(keep);
    return ok;
}

static bool job_settle(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct settling *x = arg;
    struct meant m;
    bool ok = still_waits(x, err) && read_meant(&m, x->c, x->c->n->writer, x->change, err);

    if (!ok)
        return false;
    bool staff = m.d != NULL ? all_of(x->c, m.d) : ln_engine_has_role(&x->c->user, "committee");
    if (!staff && !(mine(x->c, &m) && !x->again))
        ok = ln_fail(err, LN_DENIED, "your role may not decide about this change");
    x->collection = m.d != NULL ? m.d->name : "";
    ok = ok && (!x->again || save_again(x, r, &m, err));
    struct ln_ruling rule = { .kind = "refused",
                              .decision = x->again ? "again" : "drop",
                              .collection = x->collection,
                              .record = m.record,
                              .other = x->made,
                              .change = x->change,
                              .reason = x->reason };
    ok = ok && ln_api_pending_rule(x->c, r, &rule, err);
    json_decref(m.f);
    return ok;
}

bool ln_api_pending_settle(struct ln_call *c, struct ln_err *err)
{
    struct settling x = { .c = c };
    struct ln_id id;

    if (!ln_web_object(c, err))
        return false;
    x.change = ln_web_text(c->body, "change");
    x.reason = ln_web_text(c->body, "reason");
    x.again = strcmp(ln_web_text(c->body, "decision"), "again") == 0;
    if (!c->known)
        return ln_fail(err, LN_DENIED, "log in to decide");
    if (!ln_clock_id_read(&id, ln_span_of(x.change)) || strlen(x.reason) > 2000 ||
        (!x.again && strcmp(ln_web_text(c->body, "decision"), "drop") != 0))
        return ln_fail(err, LN_INVALID, "change, and decision again or drop, are needed");
    if (!x.again && x.reason[0] == '\0')
        return ln_fail(err, LN_INVALID, "letting a change go needs a reason");
    if (!decided(c, job_settle, &x, err)) {
        c->fields = x.problems;
        return false;
    }
    json_decref(x.problems);
    return ln_web_json(c, 200, json_pack("{s:s,s:s}", "id", x.made, "collection", x.collection));
}
