/* A person's data copy (MODULES M1 subject_request "copy"): all that this node holds about one
 * person, in clear, for that person or for staff who give it out on record. */
#include <stdio.h>
#include <string.h>

#include "node/web/routes.h"

#define PART_MAX 1000 /* rows of one collection */

/* Values without what belongs to the node: keys of files, and who entered it. */
static json_t *plain(const struct ln_def_coll *d, const json_t *row)
{
    json_t *out = json_object();

    for (size_t i = 0; i < d->n_fields; i++) {
        const struct ln_def_field *f = &d->fields[i];
        json_t *v = json_object_get(json_object_get(row, "f"), f->name);
        if (v == NULL || f->internal || strcmp(f->name, "author") == 0)
            continue;
        v = json_deep_copy(v);
        ln_engine_hide_keys(f, v);
        json_object_set_new(out, f->name, v);
    }
    return out;
}

static bool add_part(json_t *parts, struct ln_call *c, const struct ln_def_coll *d,
                     const struct ln_def_field *f, const char *person, struct ln_err *err)
{
    struct ln_where where[] = { { f->name, LN_WHERE_IS, person } };
    struct ln_list l = { .coll = d->coll, .where = where, .n = 1, .limit = LN_QUERY_LIMIT };
    json_t *items = json_array();
    size_t got = 1;

    while (got > 0 && l.offset < PART_MAX) {
        json_t *rows = json_array();
        if (!ln_query_list(rows, NULL, c->r->store, &l, err)) {
            json_decref(rows);
            json_decref(items);
            return false;
        }
        got = json_array_size(rows);
        l.offset += (unsigned)got;
        for (size_t i = 0; i < got; i++) {
            const json_t *row = json_array_get(rows, i);
            json_t *o = json_pack("{s:O,s:O,s:o}", "id", json_object_get(row, "id"), "created_at",
                                  json_object_get(row, "created"), "f", plain(d, row));
            if (json_object_get(row, "state") != NULL)
                json_object_set(o, "state", json_object_get(row, "state"));
            ln_api_record_refs(c, d, o);
            json_array_append_new(items, o);
        }
        json_decref(rows);
    }
    if (json_array_size(items) > 0)
        json_array_append_new(parts, json_pack("{s:s,s:s,s:O}", "collection", d->name, "field",
                                               f->name, "items", items));
    json_decref(items);
    return true;
}

/* Giving out is written down first. */
static bool on_record(struct ln_call *c, const char *person, const char *purpose,
                      struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = { .u = &system,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(c->n->def, "audit"),
                                 .channel = "web" };

    job.f = json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "actor", c->user.account, "action", "export",
                      "object", person, "purpose", purpose, "at",
                      (json_int_t)c->n->env.now_ms(c->n->env.ctx), "node", c->n->id);
    bool ok = ln_node_save(c->n, &job, err);
    json_decref(job.problems);
    json_decref(job.f);
    return ok;
}

bool ln_api_copy_get(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def *def = c->n->def;
    const struct ln_def_coll *d = ln_def_find(def, "person");
    const char *purpose = ln_http_query(c->q, "purpose");
    json_t *row = NULL;
    json_t *parts = json_array();
    struct ln_id id;
    bool ok = false;

    if (!ln_clock_id_read(&id, ln_span_of(c->q->arg[0])) ||
        !ln_query_record(&row, c->r->store, &id, err) || row == NULL ||
        strcmp(ln_web_text(row, "collection"), "person") != 0) {
        if (err->code == LN_OK)
            (void)ln_fail(err, LN_MISSING, "no such person");
        goto out;
    }
    const char *person = ln_web_text(row, "id");
    bool own = c->known && strcmp(c->user.person, person) == 0;
    if (!own && !ln_engine_has_role(&c->user, "committee") &&
        !ln_engine_has_role(&c->user, "worker")) {
        (void)ln_fail(err, LN_DENIED, "a copy is for the person, or given out at the counter");
        goto out;
    }
    if (!own && (purpose == NULL || strcmp(purpose, "request") != 0)) {
        (void)ln_fail(err, LN_INVALID, "giving out a copy needs purpose=request: it is on record");
        goto out;
    }
    if (!own && !on_record(c, person, purpose, err))
        goto out;
    for (size_t i = 0; i < def->n_colls; i++)
        for (size_t k = 0; k < def->colls[i].n_fields; k++) {
            const struct ln_def_field *f = &def->colls[i].fields[k];
            bool about = f->type == LN_TYPE_REF && !f->internal && f->to != NULL &&
                         strcmp(f->to, "person") == 0;
            if (about && !add_part(parts, c, &def->colls[i], f, person, err))
                goto out;
        }
    ok = ln_web_json(c, 200,
                     json_pack("{s:s,s:o,s:O,s:s,s:I}", "id", person, "person", plain(d, row),
                               "parts", parts, "node", c->n->id, "at",
                               (json_int_t)c->n->env.now_ms(c->n->env.ctx)));
out:
    json_decref(parts);
    json_decref(row);
    return ok;
}
