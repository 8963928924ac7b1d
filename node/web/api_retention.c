/* What passes its time of keeping next, and what is held. */
#include <stdlib.h>
#include <string.h>

#include "node/module/retention.h"
#include "node/web/routes.h"

#define AHEAD_DAYS 30

bool ln_api_retention_list(struct ln_call *c, struct ln_err *err)
{
    static const char *const roles[] = { "committee", "admin", "auditor" };
    const char *days = ln_http_query(c->q, "days");
    char *end = NULL;
    int64_t ahead = days != NULL ? strtoll(days, &end, 10) : AHEAD_DAYS;
    json_t *items = json_array();
    bool may = false;

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        may = may || ln_engine_has_role(&c->user, roles[i]);
    if (!may)
        (void)ln_fail(err, LN_DENIED, "your role may not see what is erased next");
    else if (days != NULL &&
             (end == days || *end != '\0' || ahead < 0 || ahead > LN_RETENTION_AHEAD_MAX))
        (void)ln_fail(err, LN_INVALID, "days must be a number from 0 to %d",
                      LN_RETENTION_AHEAD_MAX);
    else if (ln_retention_list(items, c->r->store, c->n->def, c->n->config.region,
                               c->n->env.now_ms(c->n->env.ctx), ahead, err))
        return ln_web_json(c, 200,
                           json_pack("{s:I,s:o}", "days", (json_int_t)ahead, "items", items));
    json_decref(items);
    return false;
}
