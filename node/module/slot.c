/* Slots and appointments: see slot.h. */
#include "node/module/slot.h"

#include <stdio.h>
#include <string.h>

#define PAGES 5 /* of LN_QUERY_LIMIT: a slot has at most 500 places, the rest waits */

static int64_t number(const json_t *row, const char *field)
{
    return json_integer_value(json_object_get(json_object_get(row, "f"), field));
}

static const char *id_of(const json_t *row)
{
    return ln_special_word(row, "id");
}

/* ---- counting and giving */

/* How many places of the slot are taken: whoever has one keeps it until it is cancelled. */
static bool count_taken(int64_t *taken, struct ln_special_call *x, const char *slot,
                        struct ln_err *err)
{
    const struct ln_where where[] = { { "slot", LN_WHERE_IS, slot },
                                      { "state", LN_WHERE_IS, "confirmed,arrived,done,missed" } };
    bool ok = true;
    size_t got = LN_QUERY_LIMIT;

    *taken = 0;
    for (unsigned page = 0; ok && page < PAGES && got == LN_QUERY_LIMIT; page++) {
        json_t *rows = NULL;
        ok = ln_special_find(&rows, x, "appointment", where, 2, page * LN_QUERY_LIMIT, err);
        got = json_array_size(rows);
        *taken += (int64_t)got;
        json_decref(rows);
    }
    return ok;
}

static bool note_taken(struct ln_special_call *x, const json_t *slot, int64_t taken,
                       struct ln_err *err)
{
    return number(slot, "taken") == taken ||
           ln_special_set(x, "slot", id_of(slot), json_pack("{s:I}", "taken", (json_int_t)taken),
                          err);
}

/* First come, first served: ids rise with time. Whom there is no place for, waits. */
static bool give(struct ln_special_call *x, const char *slot_id, struct ln_err *err)
{
    const struct ln_where where[] = { { "slot", LN_WHERE_IS, slot_id },
                                      { "state", LN_WHERE_IS, "waiting,requested" } };
    json_t *slot = NULL;
    json_t *rows = NULL;
    int64_t taken = 0;
    size_t i;
    json_t *row;
    bool ok = ln_special_get(&slot, x, "slot", slot_id, err) &&
              count_taken(&taken, x, slot_id, err) &&
              ln_special_find(&rows, x, "appointment", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        bool room = slot != NULL && taken < number(slot, "places");
        bool fresh = strcmp(ln_special_word(row, "state"), "requested") == 0;
        if (ok && (room || fresh))
            ok = ln_special_step(x, "appointment", id_of(row), room ? "confirm" : "wait", NULL,
                                 NULL, err);
        taken += room;
    }
    ok = ok && (slot == NULL || note_taken(x, slot, taken, err));
    json_decref(rows);
    json_decref(slot);
    return ok;
}

/* ---- slots */

static bool before_slot(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *old = json_object_get(x->row, "f");
    const json_t *starts = json_object_get(x->f, "starts");
    const json_t *ends = json_object_get(x->f, "ends");
    const json_t *places = json_object_get(x->f, "places");

    if (x->u->system)
        return true;
    if (x->kind == LN_ENGINE_DELETE)
        return number(x->row, "taken") == 0 ||
               ln_special_refuse(x, LN_CONFLICT, "已有人预约，请先取消这些预约",
                                 "somebody has a place here: cancel those first", err);
    if (json_integer_value(ends != NULL ? ends : json_object_get(old, "ends")) <=
        json_integer_value(starts != NULL ? starts : json_object_get(old, "starts")))
        return ln_special_problem(x, "ends", "应晚于开始时间", "must be after the beginning", err);
    if (x->row != NULL && places != NULL && json_integer_value(places) < number(x->row, "taken"))
        return ln_special_problem(x, "places", "少于已约人数", "is fewer than are taken", err);
    return true;
}

static bool after_slot(struct ln_special_call *x, struct ln_err *err)
{
    bool more = x->kind == LN_ENGINE_UPDATE && json_object_get(x->f, "places") != NULL;

    return !more || !ln_special_owns(x, ln_special_word(x->row, "region")) || give(x, x->id, err);
}

/* ---- appointments */

static bool once_only(struct ln_special_call *x, const char *slot, const char *person,
                      struct ln_err *err)
{
    const struct ln_where where[] = { { "slot", LN_WHERE_IS, slot },
                                      { "person", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS,
                                        "requested,confirmed,waiting,arrived" } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "appointment", where, 3, 0, err);
    size_t n = json_array_size(rows);

    json_decref(rows);
    return ok && (n == 0 || ln_special_refuse(x, LN_CONFLICT, "此人在这个时段已有预约",
                                              "this person has a place here already", err));
}

static bool take_slot(struct ln_special_call *x, const json_t *slot, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    json_t *person = NULL;

    if (slot == NULL)
        return ln_special_problem(x, "slot", "没有这个时段", "there is no such slot", err);
    if (strcmp(ln_special_word(slot, "region"), self->region) != 0)
        return ln_special_refuse(x, LN_DENIED, "这个时段由上级受理，请到承办单位预约",
                                 "this slot is kept above: book it with the provider", err);
    if (number(slot, "ends") <= x->now_ms)
        return ln_special_problem(x, "slot", "已经过了", "is over", err);
    json_object_set_new(x->f, "item", json_string(ln_special_text(slot, "item")));
    json_object_set_new(x->f, "starts", json_integer(number(slot, "starts")));
    json_object_set_new(x->f, "ends", json_integer(number(slot, "ends")));
    if (json_object_get(x->f, "phone") != NULL)
        return true;
    if (!ln_special_get(&person, x, "person", ln_special_word(x->f, "person"), err))
        return false;
    if (ln_special_text(person, "phone")[0] != '\0')
        json_object_set_new(x->f, "phone", json_string(ln_special_text(person, "phone")));
    json_decref(person);
    return true;
}

static bool before_appointment(struct ln_special_call *x, struct ln_err *err)
{
    const char *slot_id = ln_special_word(x->f, "slot");
    json_t *slot = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&slot, x, "slot", slot_id, err) && take_slot(x, slot, err) &&
              once_only(x, slot_id, ln_special_word(x->f, "person"), err);
    json_decref(slot);
    return ok;
}

static bool after_appointment(struct ln_special_call *x, struct ln_err *err)
{
    bool made = x->kind == LN_ENGINE_CREATE;
    bool freed = x->kind == LN_ENGINE_STEP && strcmp(x->step->to, "cancelled") == 0;
    const char *region = made ? ln_replica_self(x->r)->region : ln_special_word(x->row, "region");
    const char *slot = made ? ln_special_word(x->f, "slot") : ln_special_text(x->row, "slot");

    return !(made || freed) || !ln_special_owns(x, region) || give(x, slot, err);
}

/* Appointments that a laptop took down wait for the owner's word. */
static bool tick_appointment(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "requested" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "appointment", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        ok = ok && give(x, ln_special_text(row, "slot"), err);
    }
    json_decref(rows);
    return ok;
}

const struct ln_special ln_slot_special[] = {
    { .collection = "slot", .before = before_slot, .after = after_slot },
    { .collection = "appointment",
      .before = before_appointment,
      .after = after_appointment,
      .tick = tick_appointment },
    { .collection = NULL },
};
