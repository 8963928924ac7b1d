/* Conflicts of a record: what stands beside each other, and the decision. A conflict is a unit with
 * several heads, an edit beside a deletion ("@exists") or beside a merge ("@alias"), or a final
 * step that was not taken ("@state"). A decision is a change that names them all, with a row of
 * `ruling` beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/module/check.h"
#include "node/store/pending.h"
#include "node/syncer.h"
#include "node/web/routes.h"
#include "sync/batch.h"

#define EXISTS "@exists"
#define ALIAS "@alias"
#define STATE "@state"
#define QUEUE_PAGE 50

/* ---- units and what their heads say */

struct gathering {
    struct ln_call *c;
    const struct ln_def_coll *d;
    const struct ln_merged *m;
    json_t *units;     /* {"<unit>":[value,...]} */
    json_t *lost;      /* ids of steps not taken */
    struct ln_id gone; /* the delete or alias that edits stand beside, zero none */
    json_t *gone_base; /* what it names */
    char last_step[LN_ID_TEXT + 1];
};

static json_t *value_in(struct ln_span object, const char *field)
{
    struct ln_span v;

    if (object.len == 0 || !ln_canon_get(object, field, &v))
        return NULL;
    return json_loadb(v.p, v.len, JSON_DECODE_ANY, NULL);
}

static json_t *field_value(const struct ln_history_item *i, const char *field)
{
    json_t *v = value_in(i->c->fields, field);

    return v != NULL ? v : value_in(i->clear, field);
}

/* Whether `unit` is that of the field, or of one key of a map field; *key its key then. */
static bool unit_has(const struct ln_def_coll *d, size_t field, const char *unit, const char **key)
{
    const char *own = d->coll->fields[field].unit;
    size_t len = strlen(own);

    *key = NULL;
    if (strcmp(own, unit) == 0)
        return true;
    if (d->fields[field].type != LN_TYPE_MAP || strncmp(own, unit, len) != 0 || unit[len] != '/')
        return false;
    *key = unit + len + 1;
    return true;
}

/* What a change says of a unit: {"<field>": value} of each of its fields. */
static json_t *said(const struct ln_def_coll *d, const char *unit, const struct ln_history_item *i)
{
    json_t *out = json_object();

    for (size_t f = 0; f < d->n_fields; f++) {
        const char *key;
        json_t *v = unit_has(d, f, unit, &key) ? field_value(i, d->fields[f].name) : NULL;
        if (v != NULL && key != NULL) {
            json_t *one = json_incref(json_object_get(v, key));
            json_decref(v);
            v = one;
        }
        if (v != NULL)
            json_object_set_new(out, d->fields[f].name, v);
    }
    return out;
}

static void hide(const struct ln_def_coll *d, json_t *fields)
{
    for (size_t f = 0; f < d->n_fields; f++) {
        json_t *v = json_object_get(fields, d->fields[f].name);
        char text[128];
        if (v == NULL)
            continue;
        ln_engine_hide_keys(&d->fields[f], v);
        if (d->fields[f].mark != LN_MARK_SENSITIVE)
            continue;
        ln_check_mask(text, sizeof text, &d->fields[f], json_string_value(v));
        json_object_set_new(fields, d->fields[f].name, json_string(text));
    }
}

static const char *const OPS[] = { "add",  "set",   "remove",  "delete", "restore",
                                   "step", "alias", "unalias", "other" };

static json_t *entry(struct gathering *g, const char *unit, const struct ln_history_item *i,
                     json_t *fields)
{
    char id[LN_ID_TEXT + 1];
    const char *key;
    json_t *v = NULL;

    ln_clock_id_write(id, &i->c->id);
    hide(g->d, fields);
    json_object_foreach(fields, key, v) break; /* the first one serves where a unit is one field */
    json_t *o = json_pack("{s:O?,s:s,s:s,s:s,s:I}", "value", v, "change", id, "op", OPS[i->c->op],
                          "node", i->log, "at", (json_int_t)LN_HLC_MS(ln_clock_claimed(&i->c->id)));
    json_object_set_new(o, "fields", fields);
    if (i->c->user.len > 0)
        json_object_set_new(o, "user", json_stringn(i->c->user.p, i->c->user.len));
    json_t *list = json_object_get(g->units, unit);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(g->units, unit, list);
    }
    json_array_append_new(list, o);
    return o;
}

static bool is_head(const struct ln_merge_unit *u, const struct ln_id *id)
{
    for (size_t i = 0; i < u->n_heads; i++)
        if (ln_clock_compare(&u->heads[i].id, id) == 0)
            return true;
    return false;
}

static const char *outer(const char *unit)
{
    return unit[0] == '\0' ? EXISTS : unit;
}

/* Where a unit is one of several fields, its first field names it for people. */
static const char *shown_unit(const struct ln_def_coll *d, const char *unit)
{
    const char *key;

    for (size_t f = 0; f < d->n_fields; f++)
        if (unit_has(d, f, unit, &key) && key == NULL)
            return d->fields[f].name;
    return outer(unit);
}

static bool names(const json_t *list, const char *id)
{
    size_t i;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)list, i,
                       v) if (strcmp(json_string_value(v), id) == 0) return true;
    return false;
}

/* An edit that the deletion or merge did not know. */
static void take_beside(struct gathering *g, const struct ln_history_item *i, const char *id)
{
    const char *unit = g->m->deleted ? EXISTS : ALIAS;
    bool head = false;

    if (ln_clock_compare(&i->c->id, &g->gone) == 0) {
        (void)entry(g, unit, i, json_object());
        return;
    }
    if (i->c->op != LN_OP_SET && i->c->op != LN_OP_REMOVE)
        return;
    for (size_t u = 0; u < g->m->n_units; u++)
        head = head || is_head(&g->m->units[u], &i->c->id);
    for (size_t b = 0; b < i->c->n_base; b++)
        if (ln_clock_compare(&i->c->base[b], &g->gone) == 0)
            return;
    if (!head || names(g->gone_base, id))
        return;
    json_t *fields = json_object();
    for (size_t f = 0; f < g->d->n_fields; f++) {
        json_t *v = field_value(i, g->d->fields[f].name);
        if (v != NULL)
            json_object_set_new(fields, g->d->fields[f].name, v);
    }
    (void)entry(g, unit, i, fields);
}

static void take_step(struct gathering *g, const struct ln_history_item *i, const char *id)
{
    bool lost = json_object_get(g->lost, id) != NULL;

    if (!lost && strcmp(id, g->last_step) != 0)
        return;
    json_t *fields = json_object();
    json_t *to = value_in(i->c->fields, "to");
    json_t *o = entry(g, STATE, i, fields);
    json_object_set_new(o, "value", to != NULL ? to : json_null());
    json_t *action = value_in(i->c->fields, "action");
    if (action != NULL)
        json_object_set_new(o, "action", action);
    json_object_set_new(o, "taken", json_boolean(!lost));
}

static bool take_item(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct gathering *g = ctx;
    char id[LN_ID_TEXT + 1];

    (void)err;
    if (i->state == LN_STORE_VOID)
        return true;
    ln_clock_id_write(id, &i->c->id);
    for (size_t u = 0; u < g->m->n_units; u++) {
        const struct ln_merge_unit *unit = &g->m->units[u];
        if (unit->n_heads < 2 || !is_head(unit, &i->c->id))
            continue;
        json_t *fields = said(g->d, unit->name, i);
        json_t *o = entry(g, shown_unit(g->d, unit->name), i, fields);
        json_object_set_new(o, "holds",
                            json_boolean(ln_clock_compare(&unit->heads[0].id, &i->c->id) == 0));
        if (i->c->op == LN_OP_ALIAS) {
            json_t *to = value_in(i->c->fields, "to");
            json_object_set_new(o, "value", to != NULL ? to : json_null());
        }
    }
    if (!ln_clock_id_zero(&g->gone))
        take_beside(g, i, id);
    if (g->m->forked && i->c->op == LN_OP_STEP)
        take_step(g, i, id);
    return true;
}

/* What the deletion or merge names, first of all. */
static bool take_gone(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct gathering *g = ctx;

    (void)err;
    for (size_t b = 0; ln_clock_compare(&i->c->id, &g->gone) == 0 && b < i->c->n_base; b++) {
        char id[LN_ID_TEXT + 1];
        ln_clock_id_write(id, &i->c->base[b]);
        json_array_append_new(g->gone_base, json_string(id));
    }
    return true;
}

/* How many conflicts are not of units with several heads: then edits stand beside something. */
static bool beside(const struct ln_merged *m)
{
    unsigned several = 0;

    for (size_t u = 0; u < m->n_units; u++)
        several += m->units[u].n_heads > 1;
    return m->conflicts > several;
}

static bool gather(struct gathering *g, struct ln_store *s, const struct ln_batch_record *rec,
                   const struct ln_id *id, struct ln_err *err)
{
    const struct ln_merge_unit *u = ln_merge_find(&rec->merged, rec->merged.deleted ? "" : ALIAS);
    struct ln_id last = { 0 };
    char state[48];

    if (beside(&rec->merged) && u != NULL && (rec->merged.deleted || rec->merged.aliased))
        g->gone = u->heads[0].id;
    if (!ln_clock_id_zero(&g->gone) && !ln_replica_history(s, id, take_gone, g, err))
        return false;
    if (rec->merged.forked) {
        if (!ln_pending_lost(g->lost, g->c->r->store, id, err) ||
            !ln_batch_state(&last, state, s, g->d->coll, rec->n, err))
            return false;
        ln_clock_id_write(g->last_step, &last);
    }
    return ln_replica_history(s, id, take_item, g, err);
}

json_t *ln_api_conflict_list(struct ln_call *c, const struct ln_def_coll *d, const struct ln_id *id)
{
    struct ln_store *s = ln_sqlstore_handle(c->r->store);
    struct ln_batch_record rec = { 0 };
    struct gathering g = { .c = c,
                           .d = d,
                           .m = &rec.merged,
                           .units = json_object(),
                           .lost = json_object(),
                           .gone_base = json_array() };
    json_t *out = json_array();
    struct ln_err why = { 0 };
    const char *unit;
    json_t *values;

    if (ln_batch_record(&rec, s, id, &why) && rec.found &&
        rec.merged.conflicts + rec.merged.forked > 0)
        (void)!gather(&g, s, &rec, id, &why);
    json_object_foreach(g.units, unit, values)
    {
        ln_web_users(c, values);
        json_array_append_new(out, json_pack("{s:s,s:O}", "unit", unit, "values", values));
    }
    json_decref(g.units);
    json_decref(g.lost);
    json_decref(g.gone_base);
    ln_merge_free(&rec.merged);
    return out;
}

/* ---- the queue */

/* Who settles conflicts of records that have no row: staff who may read all of the collection. */
static bool may_settle(struct ln_call *c, const struct ln_def_coll *d, const json_t *row)
{
    struct ln_where any[4];
    size_t n;

    if (row != NULL)
        return ln_engine_may_read(d, &c->user, row) &&
               (ln_engine_may_change(d, &c->user, row) || d->coll->first_state != NULL);
    return ln_engine_staff(&c->user) && ln_engine_may_list(d, &c->user, any, &n) && n == 0;
}

static bool show_one(json_t *items, struct ln_call *c, const json_t *x, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, ln_web_text(x, "collection"));
    const char *text = ln_web_text(x, "record");
    struct ln_id id;
    json_t *row = NULL;
    json_t *o;

    if (d == NULL || !ln_clock_id_read(&id, ln_span_of(text)))
        return true;
    if (!ln_query_record(&row, c->r->store, &id, err))
        return false;
    bool itself = row != NULL && strcmp(ln_web_text(row, "id"), text) == 0;
    if (!may_settle(c, d, itself ? row : NULL)) {
        json_decref(row);
        return true;
    }
    o = json_pack("{s:s,s:s,s:O,s:o}", "id", text, "collection", d->name, "deleted",
                  json_object_get(x, "deleted"), "conflicts", ln_api_conflict_list(c, d, &id));
    if (row != NULL && ln_engine_may_read(d, &c->user, row)) {
        ln_api_record_dress(c, d, row, false);
        json_object_set(o, "title", json_object_get(row, "title"));
        json_object_set(o, itself ? "state" : "into",
                        json_object_get(row, itself ? "state" : "id"));
    }
    json_decref(row);
    json_array_append_new(items, o);
    return true;
}

bool ln_api_conflict_queue(struct ln_call *c, struct ln_err *err)
{
    const char *cursor = ln_http_query(c->q, "cursor");
    unsigned from = cursor != NULL ? (unsigned)strtoul(cursor, NULL, 10) : 0;
    json_t *list = json_array();
    json_t *items = json_array();
    size_t i;
    json_t *x;
    bool ok = ln_pending_conflicts(list, c->r->store, QUEUE_PAGE + 1, from, err);

    json_array_foreach(list, i, x) ok = ok && (i >= QUEUE_PAGE || show_one(items, c, x, err));
    json_t *next =
        json_array_size(list) > QUEUE_PAGE ? json_sprintf("%u", from + QUEUE_PAGE) : json_null();
    json_decref(list);
    if (!ok) {
        json_decref(items);
        json_decref(next);
        return false;
    }
    return ln_web_json(c, 200, json_pack("{s:o,s:o}", "items", items, "next", next));
}

/* ---- the decision */

struct deciding {
    struct ln_call *c;
    const struct ln_def_coll *d;
    struct ln_id id, take;
    bool has_take, undo, open; /* open: everyone reads the record, so no account goes into it */
    const char *unit, *decision, *reason;
    const json_t *typed; /* fields filled in anew */
    json_t *value;       /* {"<field>": value} that is to hold */
    json_t *problems;
    char to[48]; /* state, or id of the record it is merged into */
};

static bool take_value(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct deciding *x = ctx;
    struct ln_span v;
    struct ln_span text;

    (void)err;
    if (ln_clock_compare(&i->c->id, &x->take) != 0 || i->state == LN_STORE_VOID)
        return true;
    if (i->c->op == LN_OP_STEP || i->c->op == LN_OP_ALIAS) {
        if (ln_canon_get(i->c->fields, "to", &v) && ln_canon_plain(v, &text))
            (void)snprintf(x->to, sizeof x->to, "%.*s", (int)text.len, text.p);
        return true;
    }
    if (x->unit[0] == '@')
        return true;
    json_decref(x->value);
    x->value = said(x->d, x->unit, i);
    return true;
}

static struct ln_draft draft_of(const struct deciding *x, enum ln_op op)
{
    struct ln_draft d = { .op = op, .collection = x->d->name, .record = x->id, .channel = "web" };

    if (!x->open)
        d.user = x->c->user.account;
    return d;
}

/* The unit as merging names it: of a key of a map as it came, else of the field. */
static const char *inner(const struct deciding *x)
{
    const char *key;

    for (size_t f = 0; f < x->d->n_fields; f++)
        if (strcmp(x->d->fields[f].name, x->unit) == 0 || unit_has(x->d, f, x->unit, &key))
            return strchr(x->unit, '/') != NULL ? x->unit : x->d->coll->fields[f].unit;
    return NULL;
}

static json_t *wrapped(const struct deciding *x, const char *field, json_t *v)
{
    const char *slash = strchr(x->unit, '/');

    if (slash == NULL)
        return json_incref(v);
    (void)field;
    return json_pack("{s:O}", slash + 1, v);
}

static bool decide_field(struct deciding *x, struct ln_replica *r,
                         const struct ln_batch_record *rec, struct ln_err *err)
{
    struct ln_buf plain = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_buf sealed = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_draft d = draft_of(x, LN_OP_SET);
    const char *unit = inner(x);
    const struct ln_merge_unit *u = unit != NULL ? ln_merge_find(&rec->merged, unit) : NULL;
    struct ln_id base[LN_CHANGE_BASES];
    json_t *a = json_object();
    json_t *b = json_object();
    const char *field;
    json_t *v;
    bool ok = false;

    d.base = base;
    for (size_t i = 0; u != NULL && i < u->n_heads && d.n_base < LN_CHANGE_BASES; i++)
        base[d.n_base++] = u->heads[i].id;
    if (d.n_base < (x->undo ? 1 : 2)) {
        (void)ln_fail(err, LN_CONFLICT, "that conflict is settled already");
        goto out;
    }
    json_object_foreach(x->value, field, v)
    {
        const struct ln_def_field *f = ln_def_field(x->d, field);
        bool seal = f != NULL && f->mark != LN_MARK_PLAIN && !x->open;
        json_object_set_new(seal ? b : a, field, wrapped(x, field, v));
    }
    if (json_object_size(a) > 0)
        ln_engine_canon(&plain, a);
    if (json_object_size(b) > 0)
        ln_engine_canon(&sealed, b);
    d.fields = (struct ln_span){ plain.data, plain.len };
    d.sealed = (struct ln_span){ sealed.data, sealed.len };
    ok = ln_buf_done(&plain, "value", err) && ln_buf_done(&sealed, "value", err) &&
         ln_replica_save(r, &d, 1, err);
out:
    ln_buf_free(&plain);
    ln_buf_free(&sealed);
    json_decref(a);
    json_decref(b);
    return ok;
}

/* A step that ends where was decided, and names the lost ones. */
static bool decide_state(struct deciding *x, struct ln_replica *r, struct ln_err *err)
{
    json_t *lost = json_object();
    json_t *ids = json_array();
    json_t *f = NULL;
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    struct ln_draft d = draft_of(x, LN_OP_STEP);
    const char *id;
    json_t *one;
    bool ok = ln_pending_lost(lost, x->c->n->writer, &x->id, err);

    json_object_foreach(lost, id, one)
    {
        (void)one;
        json_array_append_new(ids, json_string(id));
    }
    if (ok && (json_array_size(ids) == 0 || x->to[0] == '\0'))
        ok = ln_fail(err, LN_CONFLICT, "that conflict is settled already");
    f = json_pack("{s:s,s:s,s:O}", "action", "settle", "to", x->to, "settles", ids);
    ln_engine_canon(&text, f);
    d.fields = (struct ln_span){ text.data, text.len };
    ok = ok && ln_buf_done(&text, "step", err) && ln_replica_save(r, &d, 1, err);
    ln_buf_free(&text);
    json_decref(f);
    json_decref(ids);
    json_decref(lost);
    return ok;
}

static bool decide_existence(struct deciding *x, struct ln_replica *r,
                             const struct ln_batch_record *rec, struct ln_err *err)
{
    bool restore = strcmp(x->decision, "restore") == 0;
    struct ln_draft d = draft_of(x, restore ? LN_OP_RESTORE : LN_OP_DELETE);

    if (!restore && strcmp(x->decision, "delete") != 0)
        return ln_fail(err, LN_INVALID, "decision is delete or restore");
    if (!x->undo && rec->merged.conflicts == 0)
        return ln_fail(err, LN_CONFLICT, "that conflict is settled already");
    return ln_replica_save(r, &d, 1, err);
}

static bool decide_alias(struct deciding *x, struct ln_replica *r,
                         const struct ln_batch_record *rec, struct ln_err *err)
{
    bool apart = strcmp(x->decision, "unmerge") == 0;
    struct ln_draft d = draft_of(x, apart ? LN_OP_UNALIAS : LN_OP_ALIAS);
    char fields[64];

    if (rec->merged.conflicts == 0)
        return ln_fail(err, LN_CONFLICT, "that conflict is settled already");
    if (!apart && x->to[0] == '\0')
        ln_clock_id_write(x->to, &rec->merged.alias);
    (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\"}", x->to);
    if (!apart)
        d.fields = ln_span_of(fields);
    return ln_replica_save(r, &d, 1, err);
}

/* What an edit beside a merge said goes into the record that stands for both. */
static bool carry_over(struct deciding *x, struct ln_replica *r, struct ln_err *err)
{
    json_t *row = NULL;
    struct ln_engine_job job = { .e = &x->c->n->engine,
                                 .u = &x->c->user,
                                 .kind = LN_ENGINE_UPDATE,
                                 .c = x->d,
                                 .f = json_copy((json_t *)(uintptr_t)x->typed),
                                 .channel = "web" };
    bool ok = ln_query_record(&row, x->c->n->writer, &x->id, err) && row != NULL;

    job.id = ln_web_text(row, "id");
    ok = ok && ln_engine_run(&job, r, err);
    x->problems = job.problems;
    json_decref(job.f);
    json_decref(row);
    return ok;
}

static bool decide(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct deciding *x = arg;
    struct ln_batch_record rec = { 0 };
    char id[LN_ID_TEXT + 1];
    char change[LN_ID_TEXT + 1] = "";
    bool ok = ln_batch_record(&rec, ln_replica_store(r), &x->id, err);

    if (ok && !rec.found)
        ok = ln_fail(err, LN_MISSING, "no such record");
    if (ok && strcmp(x->unit, STATE) == 0)
        ok = decide_state(x, r, err);
    else if (ok && strcmp(x->unit, EXISTS) == 0)
        ok = decide_existence(x, r, &rec, err);
    else if (ok && strcmp(x->unit, ALIAS) == 0)
        ok = (json_object_size(x->typed) == 0 || carry_over(x, r, err)) &&
             decide_alias(x, r, &rec, err);
    else if (ok)
        ok = decide_field(x, r, &rec, err);
    ln_merge_free(&rec.merged);
    ln_clock_id_write(id, &x->id);
    if (x->has_take)
        ln_clock_id_write(change, &x->take);
    struct ln_ruling rule = { .kind = "conflict",
                              .decision = x->decision,
                              .collection = x->d->name,
                              .record = id,
                              .change = change,
                              .unit = x->unit,
                              .reason = x->reason };
    return ok && ln_api_pending_rule(x->c, r, &rule, err);
}

static bool read_decision(struct deciding *x, struct ln_call *c, struct ln_err *err)
{
    const char *take = ln_web_text(c->body, "take");
    json_t *value = json_object_get(c->body, "value");
    char today[11];

    x->unit = ln_web_text(c->body, "unit");
    x->decision = ln_web_text(c->body, "decision");
    x->reason = ln_web_text(c->body, "reason");
    x->undo = json_is_true(json_object_get(c->body, "undo"));
    x->typed = json_object_get(c->body, "fields");
    x->has_take = take[0] != '\0';
    if (x->unit[0] == '\0' || strlen(x->unit) > 135 || strlen(x->reason) > 2000 ||
        (x->has_take && !ln_clock_id_read(&x->take, ln_span_of(take))))
        return ln_fail(err, LN_INVALID, "unit, and take or value or decision, are needed");
    if (x->unit[0] == '@') {
        if (x->decision[0] == '\0')
            x->decision = "take";
        return true;
    }
    if (inner(x) == NULL)
        return ln_fail(err, LN_INVALID, "%s has no field %.60s", x->d->name, x->unit);
    x->decision = x->undo ? "undo" : x->has_take ? "take" : "merge";
    if (x->has_take)
        return true;
    x->value = json_is_object(x->typed) ? json_copy((json_t *)(uintptr_t)x->typed)
                                        : json_pack("{s:O?}", x->unit, value);
    const char *field;
    json_t *v;
    json_object_foreach(x->value, field, v)
    {
        const struct ln_def_field *f = ln_def_field(x->d, field);
        (void)v;
        if (strchr(x->unit, '/') == NULL && (f == NULL || f->readonly || f->internal))
            return ln_fail(err, LN_DENIED, "%s: %.60s is filled by the node", x->d->name, field);
    }
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    x->problems = json_array();
    return strchr(x->unit, '/') != NULL ||
           ln_check_fields(x->problems, x->d, x->value, true, json_object_get(c->body, "_keep"),
                           today) == 0 ||
           ln_fail(err, LN_INVALID, "the value is not right");
}

bool ln_api_conflict_resolve(struct ln_call *c, struct ln_err *err)
{
    struct deciding x = { .c = c, .d = ln_def_find(c->n->def, c->q->arg[0]) };
    json_t *row = NULL;
    bool ok = false;

    if (x.d == NULL || !ln_web_object(c, err) || !ln_clock_id_read(&x.id, ln_span_of(c->q->arg[1])))
        return ln_fail(err, LN_MISSING, "no such record");
    if (!read_decision(&x, c, err) || !ln_query_record(&row, c->r->store, &x.id, err))
        goto out;
    x.open = row != NULL && strcmp(ln_web_text(row, "audience"), "public") == 0;
    bool itself = row != NULL && strcmp(ln_web_text(row, "id"), c->q->arg[1]) == 0;
    ok = may_settle(c, x.d, itself ? row : NULL) &&
         (!itself || strcmp(x.unit, STATE) == 0 || ln_engine_may_change(x.d, &c->user, row)) &&
         (strcmp(x.unit, STATE) != 0 || ln_engine_staff(&c->user));
    if (!ok) {
        (void)ln_fail(err, LN_DENIED, "your role may not settle it");
        goto out;
    }
    ok = !x.has_take ||
         ln_replica_history(ln_sqlstore_handle(c->r->store), &x.id, take_value, &x, err);
    if (ok && x.unit[0] != '@' && json_object_size(x.value) == 0)
        ok = ln_fail(err, LN_MISSING, "that value is not here");
    ok = ok && ln_queue_write(c->n->queue, decide, &x, err) && ln_node_look(c->n, err);
    if (ok && c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
out:
    json_decref(row);
    json_decref(x.value);
    if (!ok)
        c->fields = x.problems;
    else
        json_decref(x.problems);
    return ok && ln_web_json(c, 200, json_pack("{s:s}", "id", c->q->arg[1]));
}
