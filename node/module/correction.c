/* Corrections and grids: see correction.h. */
#include "node/module/correction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/check.h"

/* ---- what may be asked for */

static bool target_row(json_t **out, struct ln_special_call *x, const char *id, struct ln_err *err)
{
    struct ln_id got;

    *out = NULL;
    return !ln_clock_id_read(&got, ln_span_of(id)) || ln_query_record(out, x->e->writer, &got, err);
}

/* A value of `patch` is text: as the field's type has it. */
static void set_typed(json_t *f, const struct ln_def_field *d, const json_t *v)
{
    const char *text = json_string_value(v);
    char *end = NULL;
    bool number =
        text != NULL && text[0] != '\0' && (d->type == LN_TYPE_INT || d->type == LN_TYPE_FEN);
    long long n = number ? strtoll(text, &end, 10) : 0;

    if (number && *end == '\0')
        json_object_set_new(f, d->name, json_integer(n));
    else if (text != NULL && d->type == LN_TYPE_BOOL)
        json_object_set_new(f, d->name, json_boolean(strcmp(text, "true") == 0));
    else
        json_object_set(f, d->name, (json_t *)(uintptr_t)v);
}

static bool check_patch(struct ln_special_call *x, const struct ln_def_coll *c, bool staff,
                        struct ln_err *err)
{
    const json_t *patch = json_object_get(x->f, "patch");
    json_t *f = json_object();
    json_t *keep = json_object();
    const char *name;
    json_t *v;
    bool ok = json_object_size(patch) > 0 || ln_special_problem(x, "patch", "请填写要更正的内容",
                                                                "say what is to be corrected", err);

    json_object_foreach((json_t *)(uintptr_t)patch, name, v)
    {
        const struct ln_def_field *d = ln_def_field(c, name);
        if (d == NULL || d->readonly || d->internal || d->type == LN_TYPE_FILE ||
            d->type == LN_TYPE_FILES || (!staff && !d->correct)) {
            ok = ln_special_problem(x, "patch", "其中有不能申请更正的项目",
                                    "a field in it cannot be corrected this way", err);
            break;
        }
        set_typed(f, d, v);
        json_object_set_new(keep, name, json_string("checked later"));
    }
    if (ok && ln_check_fields(x->problems, c, f, true, keep, x->today) > 0)
        ok = ln_fail(err, LN_INVALID, "change_request: the values are not right");
    if (ok)
        json_object_set(x->f, "patch", f);
    json_decref(keep);
    json_decref(f);
    return ok;
}

static bool file_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *row = NULL;
    bool staff = ln_engine_staff(x->u) || x->u->system;

    if (!target_row(&row, x, ln_special_word(x->f, "target"), err))
        return false;
    const struct ln_def_coll *c =
        row != NULL ? ln_def_find(x->e->def, json_string_value(json_object_get(row, "collection")))
                    : NULL;
    bool ok = c != NULL && !c->coll->log &&
              (staff || (c->own != NULL && ln_engine_may_read(c, x->u, row)));
    if (!ok)
        (void)ln_special_problem(x, "target", "找不到这条记录，或者它不是您本人的",
                                 "no such record, or it is not your own", err);
    ok = ok && check_patch(x, c, staff, err);
    json_decref(row);
    return ok;
}

/* ---- the grid */

static bool building_of(json_t **out, struct ln_special_call *x, const json_t *row,
                        struct ln_err *err)
{
    const char *coll = ln_special_word(row, "collection");
    struct ln_where lives[] = { { "person", LN_WHERE_IS, ln_special_word(row, "id") } };
    json_t *homes = NULL;
    json_t *dwelling = NULL;
    char flat[LN_ID_TEXT + 1] = "";
    bool ok = true;

    *out = NULL;
    if (strcmp(coll, "building") == 0) {
        *out = json_incref((json_t *)(uintptr_t)row);
        return true;
    }
    if (strcmp(coll, "person") == 0) {
        ok = ln_special_find(&homes, x, "residence", lives, 1, 0, err);
        for (size_t i = 0; ok && i < json_array_size(homes); i++) {
            const json_t *r = json_array_get(homes, i);
            const char *ends = ln_special_text(r, "ends");
            if (ends[0] == '\0' || strcmp(ends, x->today) >= 0)
                (void)snprintf(flat, sizeof flat, "%s", ln_special_text(r, "dwelling"));
        }
        json_decref(homes);
    } else
        (void)snprintf(flat, sizeof flat, "%s",
                       strcmp(coll, "dwelling") == 0 ? ln_special_word(row, "id")
                                                     : ln_special_text(row, "dwelling"));
    if (!ok || flat[0] == '\0')
        return ok;
    ok = ln_special_get(&dwelling, x, "dwelling", flat, err) &&
         (dwelling == NULL ||
          ln_special_get(out, x, "building", ln_special_text(dwelling, "building"), err));
    json_decref(dwelling);
    return ok;
}

static bool lists(const json_t *list, const char *a, const char *b)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && one[0] != '\0' && (strcmp(one, a) == 0 || strcmp(one, b) == 0))
            return true;
    }
    return false;
}

bool ln_correction_grid(json_t **out, struct ln_special_call *x, const json_t *row,
                        struct ln_err *err)
{
    json_t *building = NULL;
    json_t *grids = NULL;

    *out = NULL;
    if (!building_of(&building, x, row, err) || building == NULL)
        return err->code == LN_OK;
    bool ok = ln_special_find(&grids, x, "grid", NULL, 0, 0, err);
    for (size_t i = 0; ok && *out == NULL && i < json_array_size(grids); i++) {
        json_t *g = json_array_get(grids, i);
        if (lists(json_object_get(json_object_get(g, "f"), "buildings"),
                  ln_special_word(building, "id"), ln_special_text(building, "code")))
            *out = json_incref(g);
    }
    json_decref(grids);
    json_decref(building);
    return ok;
}

/* Where a grid names its workers, they check what is asked for; the committee always may. */
static bool check_grid(struct ln_special_call *x, struct ln_err *err)
{
    json_t *target = NULL;
    json_t *grid = NULL;
    bool ok = true;

    if (x->u->system || ln_engine_has_role(x->u, "committee"))
        return true;
    if (!target_row(&target, x, ln_special_text(x->row, "target"), err))
        return false;
    if (target != NULL)
        ok = ln_correction_grid(&grid, x, target, err);
    const json_t *workers = json_object_get(json_object_get(grid, "f"), "workers");
    if (ok && json_array_size(workers) > 0 && !lists(workers, x->u->account, x->u->login))
        ok = ln_special_refuse(x, LN_DENIED, "这条记录由所在网格的责任人核对",
                               "The workers of its grid check this record", err);
    json_decref(grid);
    json_decref(target);
    return ok;
}

static bool request_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE)
        return file_before(x, err);
    return x->kind != LN_ENGINE_STEP || check_grid(x, err);
}

const struct ln_special ln_correction_special[] = {
    { .collection = "change_request", .before = request_before },
    { .collection = NULL },
};
