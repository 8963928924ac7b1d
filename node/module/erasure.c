/* Requests of persons about their data: see erasure.h. */
#include "node/module/erasure.h"

#include <string.h>

static const char *cause_of(const char *kind)
{
    if (strcmp(kind, "delete") == 0)
        return "request";
    return strcmp(kind, "withdraw") == 0 ? "withdraw" : NULL;
}

static bool asks_to_erase(const struct ln_special_call *x)
{
    return x->kind == LN_ENGINE_STEP && x->step != NULL && strcmp(x->step->to, "done") == 0 &&
           cause_of(ln_special_text(x->row, "kind")) != NULL;
}

static bool request_before(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_id id;
    const char *region = ln_special_word(x->row, "region");

    if (!asks_to_erase(x))
        return true;
    if (!ln_clock_id_read(&id, ln_span_of(ln_special_text(x->row, "person"))))
        return ln_special_refuse(x, LN_INVALID, "请求没有指明本人，无法删除",
                                 "the request names no person", err);
    return region[0] == '\0' || ln_special_owns(x, region) ||
           ln_special_refuse(x, LN_DENIED, "只有本社区的节点能办结删除请求",
                             "only the community's own box can grant this", err);
}

/* The last thing the job does: what is destroyed cannot be undone with it. */
static bool request_after(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_id person;
    json_t *audit;

    if (!asks_to_erase(x))
        return true;
    if (!ln_clock_id_read(&person, ln_span_of(ln_special_text(x->row, "person"))))
        return ln_fail(err, LN_INVALID, "no person");
    audit = json_pack("{s:s,s:s,s:s,s:s,s:I}", "node", ln_replica_self(x->r)->node, "action",
                      "erase", "object", ln_special_text(x->row, "person"), "purpose", "request",
                      "at", (json_int_t)x->now_ms);
    if (x->u->account[0] != '\0')
        json_object_set_new(audit, "actor", json_string(x->u->account));
    return ln_special_add(NULL, x, "audit", audit, err) &&
           ln_replica_erase(x->r, &person, cause_of(ln_special_text(x->row, "kind")), err);
}

const struct ln_special ln_erasure_special[] = {
    { .collection = "subject_request", .before = request_before, .after = request_after },
    { .collection = NULL },
};
