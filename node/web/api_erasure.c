/* Who was asked to erase what, who has signed that it is done, and who has not. */
#include <string.h>

#include "node/web/routes.h"

struct listing {
    json_t *items;
    json_t *now; /* the erasure at hand */
    const char *id;
    const struct ln_authority *a;
};

static const char *name_of(const struct ln_authority *a, const char *node)
{
    const struct ln_cert *c = ln_authority_find(a, node);

    return c != NULL ? c->name : node;
}

static bool take(void *ctx, const struct ln_erasure *e, struct ln_err *err)
{
    struct listing *x = ctx;
    struct ln_id id;
    json_t *holders;

    (void)err;
    if (x->now == NULL || strcmp(json_string_value(json_object_get(x->now, "id")), e->id) != 0) {
        int64_t at =
            ln_clock_id_read(&id, ln_span_of(e->id)) ? LN_HLC_MS(ln_clock_claimed(&id)) : 0;
        x->now = json_pack("{s:s,s:I,s:s,s:s,s:s,s:[],s:i}", "id", e->id, "at", (json_int_t)at,
                           "by", e->author, "by_name", name_of(x->a, e->author), "cause", e->cause,
                           "holders", "missing", 0);
        json_array_append_new(x->items, x->now);
    }
    holders = json_object_get(x->now, "holders");
    json_array_append_new(holders, json_pack("{s:s,s:s,s:s,s:I}", "node", e->node->node, "name",
                                             e->node->name, "region", e->node->region, "done",
                                             (json_int_t)(e->done > 0 ? LN_HLC_MS(e->done) : 0)));
    if (e->done == 0)
        json_object_set_new(
            x->now, "missing",
            json_integer(json_integer_value(json_object_get(x->now, "missing")) + 1));
    return true;
}

static bool read_list(void *arg, struct ln_store *s, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct listing *x = arg;

    x->a = a;
    return ln_replica_erasures(s, a, take, x, err);
}

bool ln_api_erasure_list(struct ln_call *c, struct ln_err *err)
{
    static const char *const roles[] = { "committee", "admin", "supervisor", "clerk", "province" };
    struct listing x = { .items = json_array() };
    bool may = false;

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        may = may || ln_engine_has_role(&c->user, roles[i]);
    if (!may || !c->n->access.read(c->n->access.ctx, read_list, &x, err)) {
        json_decref(x.items);
        return may ? false : ln_fail(err, LN_DENIED, "your role may not see erasures");
    }
    return ln_web_json(c, 200, json_pack("{s:o}", "items", x.items));
}
