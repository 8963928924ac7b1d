/* Publishing: see publish.h. */
#include "node/module/publish.h"

#include <string.h>

#include "node/region/region.h"

/* ---- news and notices */

static const char *level_of(const struct ln_cert *self)
{
    switch (self->role) {
    case LN_ROLE_PROVINCE:
        return "province";
    case LN_ROLE_CITY:
    case LN_ROLE_DISTRICT:
    case LN_ROLE_SUBDISTRICT:
        return "district";
    case LN_ROLE_COMMUNITY:
    case LN_ROLE_LAPTOP:
        break;
    }
    return "community";
}

static bool issue_before(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    size_t i;
    json_t *target;

    if (x->kind == LN_ENGINE_CREATE)
        json_object_set_new(x->f, "level", json_string(level_of(self)));
    json_array_foreach(json_object_get(x->f, "targets"), i, target)
    {
        const char *region = json_string_value(target);
        if (region == NULL || !ln_region_valid(region) ||
            !ln_cert_region_holds(self->region, region))
            return ln_special_problem(x, "targets", "应为本节点以下的 12 位区划代码",
                                      "must be 12-digit region codes below this node", err);
    }
    return true;
}

/* ---- flags */

static json_t *flagged(struct ln_special_call *x, const char *id, struct ln_err *err)
{
    static const char *const colls[] = { "topic", "post" };
    json_t *row = NULL;

    for (size_t i = 0; row == NULL && i < sizeof colls / sizeof colls[0]; i++)
        if (!ln_special_get(&row, x, colls[i], id, err))
            return NULL;
    if (row == NULL)
        (void)ln_special_problem(x, "target", "只能举报论坛主题和回帖",
                                 "only topics and posts can be flagged", err);
    return row;
}

static bool flag_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *action = x->step != NULL ? x->step->action : "";

    if (x->kind == LN_ENGINE_CREATE) {
        json_t *row = flagged(x, ln_special_word(x->f, "target"), err);
        if (row == NULL)
            return false;
        json_object_set(x->f, "target_author",
                        json_object_get(json_object_get(row, "f"), "author"));
        json_decref(row);
    }
    if (strcmp(action, "keep") == 0 || strcmp(action, "restore") == 0)
        json_object_set_new(x->f, "result", json_string("kept"));
    if (strcmp(action, "hide") == 0)
        json_object_set_new(x->f, "result", json_string("hidden"));
    return true;
}

/* Hides or shows again what was flagged, with the reason, so that its author reads it there. */
static bool flag_after(struct ln_special_call *x, struct ln_err *err)
{
    const char *action = x->step != NULL ? x->step->action : "";
    const char *note = json_string_value(json_object_get(x->given, "note"));

    if (strcmp(action, "hide") != 0 && strcmp(action, "restore") != 0)
        return true;
    json_t *row = flagged(x, ln_special_text(x->row, "target"), err);
    if (row == NULL)
        return false;
    const char *coll = ln_special_word(row, "collection");
    bool hidden = strcmp(ln_special_word(row, "state"), "hidden") == 0;
    bool wanted = strcmp(action, "hide") == 0;
    bool ok = hidden == wanted ||
              ln_special_step(x, coll, ln_special_text(x->row, "target"), action, note, NULL, err);
    json_decref(row);
    return ok;
}

const struct ln_special ln_publish_special[] = {
    { .collection = "news", .before = issue_before },
    { .collection = "notice", .before = issue_before },
    { .collection = "flag", .before = flag_before, .after = flag_after },
    { .collection = NULL },
};
