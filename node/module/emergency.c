/* Emergency reading: see emergency.h. */
#include "node/module/emergency.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

/* ---- what is open for somebody */

static void add_open(struct ln_user *u, const json_t *rows, int64_t now_ms)
{
    size_t at = strlen(u->opened);
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        const char *target = ln_special_text(row, "target");
        int64_t until = json_integer_value(json_object_get(json_object_get(row, "f"), "until"));
        if (until > now_ms && strlen(target) == LN_ID_TEXT &&
            at + LN_ID_TEXT + 2 <= sizeof u->opened)
            at += (size_t)snprintf(u->opened + at, sizeof u->opened - at, "%s%s", at > 0 ? "," : "",
                                   target);
    }
}

bool ln_emergency_user(struct ln_user *u, struct ln_sqlstore *s, const struct ln_def *def,
                       int64_t now_ms, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(def, "emergency_reading");
    static const char *const by[] = { "asked_by", "confirmed_by" };
    bool ok = true;

    u->opened[0] = '\0';
    for (size_t i = 0; ok && c != NULL && i < sizeof by / sizeof by[0]; i++) {
        const struct ln_where where[] = { { by[i], LN_WHERE_IS, u->account },
                                          { "state", LN_WHERE_IS, "open" } };
        struct ln_list l = { .coll = c->coll, .where = where, .n = 2, .limit = LN_USER_OPENED };
        json_t *rows = json_array();
        l.descending = true;
        ok = ln_query_list(rows, NULL, s, &l, err);
        add_open(u, rows, now_ms);
        json_decref(rows);
    }
    return ok;
}

/* ---- asking and confirming */

/* The record with a number that people can say. */
static bool by_number(json_t **out, struct ln_special_call *x, const char *no, struct ln_err *err)
{
    const struct ln_where where[] = { { "no", LN_WHERE_IS, no } };
    bool ok = true;

    for (size_t i = 0; ok && *out == NULL && i < x->e->def->n_colls; i++) {
        const struct ln_def_coll *c = &x->e->def->colls[i];
        json_t *rows = NULL;
        if (c->number == '\0' || ln_def_field(c, "no") == NULL)
            continue;
        ok = ln_special_find(&rows, x, c->name, where, 1, 0, err);
        json_t *row = ok ? json_array_get(rows, 0) : NULL;
        if (row != NULL) {
            *out = json_incref(row);
            json_object_set_new(*out, "collection", json_string(c->name));
        }
        json_decref(rows);
    }
    return ok;
}

static bool target_of(json_t **out, struct ln_special_call *x, struct ln_err *err)
{
    struct ln_id id;
    const char *target = ln_special_word(x->f, "target");
    const char *no = ln_special_word(x->f, "no");

    *out = NULL;
    if (ln_clock_id_read(&id, ln_span_of(target)))
        return ln_query_record(out, x->e->writer, &id, err);
    return no[0] == '\0' || by_number(out, x, no, err);
}

static bool asked(struct ln_special_call *x, struct ln_err *err)
{
    json_t *row = NULL;

    if (!target_of(&row, x, err))
        return false;
    const struct ln_def_coll *c =
        row != NULL ? ln_def_find(x->e->def, ln_special_word(row, "collection")) : NULL;
    bool ok = true;
    if (c == NULL)
        ok = ln_special_problem(x, "no", "本节点没有这条记录：请填写完整编号，或从记录页面申请",
                                "there is no such record here: give the whole number, or ask from "
                                "the page of the record",
                                err);
    else if (c->audience != 'N' && !ln_engine_named(c, row))
        ok = ln_special_problem(x, "no", "这条记录不是仅限当事人查看的，按平常的权限查看即可",
                                "the record is not for named parties alone: read it as usual", err);
    if (ok) {
        json_object_set(x->f, "target", json_object_get(row, "id"));
        json_object_del(x->f, "no");
    }
    json_decref(row);
    return ok;
}

static bool reading_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE)
        return asked(x, err);
    if (x->step != NULL && strcmp(x->step->action, "confirm") == 0) {
        json_int_t hours =
            json_integer_value(json_object_get(json_object_get(x->row, "f"), "hours"));
        json_object_set_new(
            x->f, "until",
            json_integer(x->now_ms + (hours > 0 ? hours : LN_EMERGENCY_HOURS) * HOUR_MS));
        if (x->u->account[0] != '\0')
            json_object_set_new(x->f, "confirmed_by", json_string(x->u->account));
    }
    return true;
}

const struct ln_special ln_emergency_special[] = {
    { .collection = "emergency_reading", .before = reading_before },
    { .collection = NULL },
};
