/* Conflicts of a record: what stands beside each other, and the decision. */
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/web/routes.h"
#include "sync/batch.h"

struct gathering {
    const struct ln_def_coll *d;
    const struct ln_merged *m;
    json_t *units; /* {"<unit>":[value,...]} */
};

static const char *field_of_unit(const struct ln_def_coll *d, const char *unit)
{
    for (size_t i = 0; i < d->coll->n_fields; i++)
        if (strcmp(d->coll->fields[i].unit, unit) == 0)
            return d->coll->fields[i].name;
    return unit;
}

static json_t *value_in(struct ln_span object, const char *field)
{
    struct ln_span v;

    if (object.len == 0 || !ln_canon_get(object, field, &v))
        return NULL;
    return json_loadb(v.p, v.len, JSON_DECODE_ANY, NULL);
}

static bool is_head(const struct ln_merge_unit *u, const struct ln_id *id)
{
    for (size_t i = 0; i < u->n_heads; i++)
        if (ln_clock_compare(&u->heads[i].id, id) == 0)
            return true;
    return false;
}

static bool take_item(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct gathering *g = ctx;
    char id[LN_ID_TEXT + 1];

    (void)err;
    ln_clock_id_write(id, &i->c->id);
    for (size_t u = 0; u < g->m->n_units; u++) {
        const struct ln_merge_unit *unit = &g->m->units[u];
        if (unit->n_heads < 2 || !is_head(unit, &i->c->id))
            continue;
        const char *field = field_of_unit(g->d, unit->name);
        json_t *v = value_in(i->c->fields, field);
        if (v == NULL)
            v = value_in(i->clear, field);
        json_t *o =
            json_pack("{s:o,s:s,s:s,s:I}", "value", v != NULL ? v : json_null(), "change", id,
                      "node", i->log, "at", (json_int_t)LN_HLC_MS(ln_clock_claimed(&i->c->id)));
        if (i->c->user.len > 0)
            json_object_set_new(o, "user", json_stringn(i->c->user.p, i->c->user.len));
        json_t *list = json_object_get(g->units, field);
        if (list == NULL) {
            list = json_array();
            json_object_set_new(g->units, field, list);
        }
        json_array_append_new(list, o);
    }
    return true;
}

json_t *ln_api_conflict_list(struct ln_call *c, const struct ln_def_coll *d, const struct ln_id *id)
{
    struct ln_store *s = ln_sqlstore_handle(c->r->store);
    struct ln_batch_record rec = { 0 };
    struct gathering g = { .d = d, .m = &rec.merged, .units = json_object() };
    json_t *out = json_array();
    struct ln_err why = { 0 };
    const char *unit;
    json_t *values;

    if (ln_batch_record(&rec, s, id, &why) && rec.found && rec.merged.conflicts > 0)
        (void)!ln_replica_history(s, id, take_item, &g, &why);
    json_object_foreach(g.units, unit, values)
    {
        size_t i;
        json_t *v;
        const struct ln_def_field *f = ln_def_field(d, unit);
        json_array_foreach(values, i, v)
        {
            struct ln_id user;
            json_t *row = NULL;
            if (ln_clock_id_read(&user, ln_span_of(ln_web_text(v, "user"))) &&
                ln_query_record(&row, c->r->store, &user, &why) && row != NULL)
                json_object_set_new(
                    v, "user_name",
                    json_string(ln_web_text(json_object_get(row, "f"), "shown_name")));
            json_decref(row);
            if (f != NULL)
                ln_engine_hide_keys(f, json_object_get(v, "value"));
            if (f != NULL && f->mark == LN_MARK_SENSITIVE)
                json_object_set_new(v, "value", json_string("****"));
        }
        json_array_append_new(out, json_pack("{s:s,s:O}", "unit", unit, "values", values));
    }
    json_decref(g.units);
    ln_merge_free(&rec.merged);
    return out;
}

/* ---- the decision: a change whose base names all heads */

struct deciding {
    struct ln_call *c;
    const struct ln_def_coll *d;
    struct ln_id id, take;
    const char *field;
    json_t *value;
};

static bool take_value(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct deciding *x = ctx;

    (void)err;
    if (ln_clock_compare(&i->c->id, &x->take) != 0)
        return true;
    x->value = value_in(i->c->fields, x->field);
    if (x->value == NULL)
        x->value = value_in(i->clear, x->field);
    return true;
}

static bool decide(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct deciding *x = arg;
    struct ln_batch_record rec = { 0 };
    struct ln_id base[LN_CHANGE_BASES];
    struct ln_buf text = ln_buf_secret(LN_CHANGE_MAX);
    const struct ln_def_field *f = ln_def_field(x->d, x->field);
    struct ln_draft d = { .op = LN_OP_SET,
                          .collection = x->d->name,
                          .record = x->id,
                          .user = x->c->user.account,
                          .channel = "web",
                          .base = base };
    json_t *o = json_object();
    bool ok = false;

    if (!ln_batch_record(&rec, ln_replica_store(r), &x->id, err))
        goto out;
    const struct ln_merge_unit *u =
        ln_merge_find(&rec.merged, x->d->coll->fields[f - x->d->fields].unit);
    for (size_t i = 0; u != NULL && i < u->n_heads && d.n_base < LN_CHANGE_BASES; i++)
        base[d.n_base++] = u->heads[i].id;
    if (d.n_base < 2) {
        (void)ln_fail(err, LN_CONFLICT, "that conflict is settled already");
        goto out;
    }
    json_object_set(o, x->field, x->value);
    ln_engine_canon(&text, o);
    if (f->mark == LN_MARK_PLAIN)
        d.fields = (struct ln_span){ text.data, text.len };
    else
        d.sealed = (struct ln_span){ text.data, text.len };
    ok = ln_buf_done(&text, "value", err) && ln_replica_save(r, &d, 1, err);
out:
    ln_merge_free(&rec.merged);
    ln_buf_free(&text);
    json_decref(o);
    return ok;
}

bool ln_api_conflict_resolve(struct ln_call *c, struct ln_err *err)
{
    struct deciding x = { .c = c, .d = ln_def_find(c->n->def, c->q->arg[0]) };
    json_t *row = NULL;
    bool ok;

    if (x.d == NULL || !ln_web_object(c, err) || !ln_clock_id_read(&x.id, ln_span_of(c->q->arg[1])))
        return ln_fail(err, LN_MISSING, "no such record");
    x.field = ln_web_text(c->body, "unit");
    if (ln_def_field(x.d, x.field) == NULL ||
        !ln_clock_id_read(&x.take, ln_span_of(ln_web_text(c->body, "take"))))
        return ln_fail(err, LN_INVALID, "unit and take are needed");
    if (!ln_query_record(&row, c->r->store, &x.id, err))
        return false;
    ok = row != NULL && ln_engine_may_read(x.d, &c->user, row) &&
         ln_engine_may_change(x.d, &c->user, row);
    json_decref(row);
    if (!ok)
        return ln_fail(err, LN_DENIED, "your role may not settle it");
    if (!ln_replica_history(ln_sqlstore_handle(c->r->store), &x.id, take_value, &x, err))
        return false;
    ok = x.value != NULL ? ln_queue_write(c->n->queue, decide, &x, err)
                         : ln_fail(err, LN_MISSING, "that value is not here");
    json_decref(x.value);
    return ok && ln_web_json(c, 200, json_pack("{s:s}", "id", c->q->arg[1]));
}
