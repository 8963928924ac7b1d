/* Programs with a token: issuing one, and what its requests may do. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/module/program.h"
#include "node/web/routes.h"

static bool run_system(struct ln_call *c, struct ln_replica *r, enum ln_engine_kind kind,
                       const char *coll, const char *id, json_t *f, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = { .e = &c->n->engine,
                                 .u = &system,
                                 .kind = kind,
                                 .c = ln_def_find(c->n->def, coll),
                                 .id = id,
                                 .f = f,
                                 .channel = "web" };
    bool ok = ln_engine_run(&job, r, err);

    json_decref(job.problems);
    json_decref(f);
    return ok;
}

struct issue {
    struct ln_call *c;
    char token[LN_PROGRAM_TOKEN], hash[LN_PROGRAM_HASH];
};

static bool issue_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct issue *i = arg;
    struct ln_call *c = i->c;
    json_int_t now = c->n->env.now_ms(c->n->env.ctx);
    char hint[8];

    (void)snprintf(hint, sizeof hint, "%.7s", i->token);
    return run_system(c, r, LN_ENGINE_UPDATE, "program", c->q->arg[0],
                      json_pack("{s:s,s:s,s:I}", "hash", i->hash, "hint", hint, "issued", now),
                      err) &&
           run_system(c, r, LN_ENGINE_CREATE, "audit", NULL,
                      json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "actor", c->user.account, "action",
                                "token", "object", c->q->arg[0], "purpose", "service", "at", now,
                                "node", c->n->id),
                      err);
}

/* POST /api/v1/program/<id>/token: {"token"}, shown once; one issued before is void. */
bool ln_api_program_token(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "program");
    struct issue i = { .c = c };
    json_t *row = NULL;
    struct ln_id id;

    if (!c->known || d == NULL || !ln_engine_may_create(d, &c->user))
        return ln_fail(err, LN_DENIED, "your role gives out no tokens");
    if (!ln_clock_id_read(&id, ln_span_of(c->q->arg[0])) ||
        !ln_query_record(&row, c->r->store, &id, err))
        return ln_fail(err, LN_MISSING, "no such program");
    bool active = row != NULL && strcmp(ln_web_text(row, "collection"), "program") == 0 &&
                  strcmp(ln_web_text(row, "state"), "active") == 0;
    const char *role = ln_web_text(json_object_get(row, "f"), "role");
    bool own = ln_engine_has_role(&c->user, role);
    json_decref(row);
    if (!active)
        return ln_fail(err, LN_MISSING, "no active program of that id");
    if (!own)
        return ln_fail(err, LN_DENIED, "it reads as somebody you are not");
    ln_program_token(i.token, i.hash);
    bool ok = ln_queue_write(c->n->queue, issue_job, &i, err) &&
              ln_web_json(c, 201, json_pack("{s:s}", "token", i.token));
    sodium_memzero(&i, sizeof i);
    return ok;
}

/* Reading only: collections of its scopes, lists as files, statistics, the description. */
bool ln_api_program_allowed(const struct ln_call *c, const struct ln_route *route)
{
    const char *name = c->q->arg[0] != NULL ? c->q->arg[0] : "";
    char coll[64];

    if (strcmp(c->q->method, "GET") != 0 && strcmp(c->q->method, "HEAD") != 0)
        return false;
    (void)snprintf(coll, sizeof coll, "%.*s", (int)strcspn(name, "."), name);
    if (route->run == ln_api_record_list || route->run == ln_api_record_get ||
        route->run == ln_api_file_get || route->run == ln_api_export_list)
        return ln_program_may(&c->program, coll);
    return (route->run == ln_api_stat_list && ln_program_may(&c->program, "stats")) ||
           route->run == ln_api_openapi_get || route->run == ln_api_schema_get ||
           strncmp(route->path, "/feed/", 6) == 0 || strncmp(route->path, "/open311/", 9) == 0;
}
