/* Requests of persons about their data: see erasure.h. */
#include "node/module/erasure.h"

#include <string.h>

#include "node/module/retention.h"

#define NAME_MIN 4    /* bytes: one character alone stands in too many words */
#define NAMED_MAX 100 /* records listed */

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

/* Is it of the person itself, so that it goes with the keys? */
static bool of_person(bool *yes, struct ln_special_call *x, const json_t *found, const char *person,
                      struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(x->e->def, ln_special_word(found, "collection"));
    const char *subject = c != NULL ? c->coll->subject : NULL;
    struct ln_id id;
    json_t *row = NULL;

    *yes = strcmp(ln_special_word(found, "id"), person) == 0;
    if (*yes || subject == NULL || !ln_clock_id_read(&id, ln_span_of(ln_special_word(found, "id"))))
        return true;
    if (!ln_query_record(&row, x->e->writer, &id, err))
        return false;
    *yes = row != NULL && strcmp(ln_special_text(row, subject), person) == 0;
    json_decref(row);
    return true;
}

/* What others wrote, and names the person: no key of the person closes it. It is listed with the
 * request, for people to clear. */
static bool find_named(struct ln_special_call *x, const struct ln_id *person, struct ln_err *err)
{
    json_t *row = NULL;
    json_t *all = json_array();
    json_t *named = json_array();
    size_t i;
    json_t *one;
    bool ok = ln_query_record(&row, x->e->writer, person, err);
    const char *name = ln_special_text(row, "name");

    if (ok && strlen(name) >= NAME_MIN)
        ok = ln_query_naming(all, x->e->writer, name, NAMED_MAX, err);
    json_array_foreach(all, i, one)
    {
        bool own = false;
        ok = ok && of_person(&own, x, one, ln_special_text(x->row, "person"), err);
        if (ok && !own)
            json_array_append(named, json_object_get(one, "id"));
    }
    if (ok && json_array_size(named) > 0)
        json_object_set(x->f, "named", named);
    json_decref(row);
    json_decref(all);
    json_decref(named);
    return ok;
}

static bool request_before(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_id id;
    const char *region = ln_special_word(x->row, "region");
    bool held = false;

    if (!asks_to_erase(x))
        return true;
    if (!ln_retention_held(&held, x, ln_special_text(x->row, "person"), err))
        return false;
    if (held)
        return ln_special_refuse(x, LN_CONFLICT, "此人信息已被依法留存，解除留存后才能删除",
                                 "this person's records are under a legal hold: release it first",
                                 err);
    if (!ln_clock_id_read(&id, ln_span_of(ln_special_text(x->row, "person"))))
        return ln_special_refuse(x, LN_INVALID, "请求没有指明本人，无法删除",
                                 "the request names no person", err);
    if (region[0] != '\0' && !ln_special_owns(x, region))
        return ln_special_refuse(x, LN_DENIED, "只有本社区的节点能办结删除请求",
                                 "only the community's own box can grant this", err);
    return find_named(x, &id, err);
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
           ln_replica_erase(x->r, &person, 1, cause_of(ln_special_text(x->row, "kind")), err);
}

const struct ln_special ln_erasure_special[] = {
    { .collection = "subject_request", .before = request_before, .after = request_after },
    { .collection = NULL },
};
