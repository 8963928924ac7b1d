/* Activities, sign-ups, help: see activity.h. */
#include "node/module/activity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/volunteer.h"

#define SIGNUPS_MAX 2000
#define MINOR_YEARS 14

static json_t *part(const json_t *row, const char *field)
{
    return json_object_get(json_object_get(row, "f"), field);
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && strcmp(x->step->action, action) == 0;
}

static const char *region_of(const struct ln_special_call *x)
{
    return x->row != NULL ? ln_special_word(x->row, "region") : ln_replica_self(x->r)->region;
}

/* ---- activities */

static int64_t places(const json_t *needs, const char *role)
{
    const json_t *v = json_object_get(needs, role);
    const char *text = json_string_value(v);

    return json_is_integer(v) ? json_integer_value(v) : text != NULL ? strtol(text, NULL, 10) : 0;
}

static bool before_activity(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *old = json_object_get(x->row, "f");
    const json_t *starts = json_object_get(x->f, "starts");
    const json_t *ends = json_object_get(x->f, "ends");
    const char *key;
    json_t *value;

    if (x->kind == LN_ENGINE_STEP || x->kind == LN_ENGINE_DELETE || x->u->system)
        return !is_step(x, "sum_up") || ln_special_word(x->f, "summary")[0] != '\0' ||
               ln_special_problem(x, "summary", "请写小结", "a summary is needed", err);
    json_object_foreach(json_object_get(x->f, "needs"), key, value)
    {
        (void)value;
        int64_t n = places(json_object_get(x->f, "needs"), key);
        long role = strtol(key, NULL, 10);
        if (n < 1 || n > SIGNUPS_MAX || (strcmp(key, "any") != 0 && (role < 1 || role > 12)))
            return ln_special_problem(x, "needs", "写成 角色编号：人数，如 1:10 或 any:20",
                                      "role number and places, such as 1: 10 or any: 20", err);
    }
    starts = starts != NULL ? starts : json_object_get(old, "starts");
    ends = ends != NULL ? ends : json_object_get(old, "ends");
    return json_integer_value(ends) > json_integer_value(starts) ||
           ln_special_problem(x, "ends", "应晚于开始时间", "must be after the beginning", err);
}

/* Gives the places of an activity: first come, first served, by role. */
static bool give(struct ln_special_call *x, const char *id, struct ln_err *err)
{
    json_t *activity = NULL;
    json_t *rows = NULL;
    json_t *taken = json_object();
    size_t i;
    json_t *f;
    bool ok =
        ln_special_get(&activity, x, "activity", id, err) &&
        ln_special_rows(&rows, x->e->writer, x->e->def, "signup", "activity", id, SIGNUPS_MAX, err);
    bool waits = false;

    for (int round = 0; round < 2; round++) /* those who have a place, then those who want one */
        json_array_foreach(rows, i, f)
        {
            const char *state = ln_special_word(f, "state");
            const char *role = ln_special_word(f, "role");
            const char *of = places(part(activity, "needs"), role) > 0 ? role : "any";
            bool has = strcmp(state, "confirmed") == 0 || strcmp(state, "present") == 0 ||
                       strcmp(state, "left") == 0;
            bool wants = strcmp(state, "requested") == 0 || strcmp(state, "waiting") == 0;
            int64_t n = places(taken, of);
            bool room = n < places(part(activity, "needs"), of);
            if (!ok || (round == 0 ? !has : !wants))
                continue;
            if (round == 0 || room)
                json_object_set_new(taken, of, json_integer(n + 1));
            if (round == 1 && (room || strcmp(state, "requested") == 0))
                ok = ln_special_step(x, "signup", ln_special_word(f, "id"),
                                     room ? "confirm" : "wait", NULL, NULL, err);
            waits = waits || (round == 1 && !room);
        }
    const char *state = ln_special_word(activity, "state");
    bool fill = waits && strcmp(state, "open") == 0;
    bool refill = !waits && strcmp(state, "full") == 0;
    if (ok && activity != NULL)
        ok = ln_special_set(x, "activity", id, json_pack("{s:O}", "taken", taken), err) &&
             ((!fill && !refill) ||
              ln_special_step(x, "activity", id, fill ? "fill" : "refill", NULL, NULL, err));
    json_decref(taken);
    json_decref(rows);
    json_decref(activity);
    return ok;
}

/* ---- sign-ups */

static bool is_minor(const struct ln_special_call *x, const json_t *person)
{
    const char *birth = ln_special_text(person, "birth");
    char limit[11];

    (void)snprintf(limit, sizeof limit, "%04u%.6s",
                   ((unsigned)strtoul(x->today, NULL, 10) - MINOR_YEARS) % 10000, x->today + 4);
    return birth[0] != '\0' && strcmp(birth, limit) > 0;
}

static bool role_fits(struct ln_special_call *x, const json_t *activity, struct ln_err *err)
{
    const char *role = ln_special_word(x->f, "role");
    const json_t *needs = part(activity, "needs");
    json_t *v = NULL;

    if (places(needs, role) == 0 && places(needs, "any") == 0)
        return ln_special_problem(x, "role", "请选择活动需要的角色", "choose a role that is needed",
                                  err);
    if (strcmp(role, "3") != 0 && strcmp(role, "10") != 0)
        return true;
    bool ok = ln_volunteer_of(&v, x, ln_special_word(x->f, "person"), err);
    bool cleared = v != NULL && ln_volunteer_cleared(v, role);
    json_decref(v);
    return ok && (cleared || ln_special_problem(x, "role", "这个角色要先由社工核准",
                                                "needs a worker's clearance", err));
}

static bool begin_signup(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "activity");
    const char *person_id = ln_special_word(x->f, "person");
    const struct ln_where where[] = { { "activity", LN_WHERE_IS, id },
                                      { "person", LN_WHERE_IS, person_id },
                                      { "state", LN_WHERE_IS,
                                        "requested,confirmed,waiting,present" } };
    json_t *activity = NULL;
    json_t *person = NULL;
    json_t *rows = NULL;
    bool ok = ln_special_get(&activity, x, "activity", id, err) &&
              ln_special_get(&person, x, "person", person_id, err) &&
              ln_special_find(&rows, x, "signup", where, 3, 0, err);
    const char *state = ln_special_word(activity, "state");

    if (ok && ((strcmp(state, "open") != 0 && strcmp(state, "full") != 0) ||
               json_integer_value(part(activity, "ends")) <= x->now_ms))
        ok = ln_special_refuse(x, LN_CONFLICT, "这个活动现在不能报名", "one cannot join now", err);
    else if (ok && json_array_size(rows) > 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "已经报过名", "has joined already", err);
    else if (ok && is_minor(x, person) && ln_special_word(x->f, "guardian")[0] == '\0')
        ok = ln_special_problem(x, "guardian", "14 岁以下须由监护人陪同，请写监护人姓名",
                                "under 14 a guardian comes along: name them", err);
    ok = ok && role_fits(x, activity, err);
    json_decref(rows);
    json_decref(person);
    json_decref(activity);
    return ok;
}

static bool before_signup(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE)
        return begin_signup(x, err);
    if (is_step(x, "check_in"))
        json_object_set_new(x->f, "checked_in", json_integer(x->now_ms));
    if (is_step(x, "check_out"))
        json_object_set_new(x->f, "checked_out", json_integer(x->now_ms));
    return true;
}

/* Whoever served as a volunteer has the time in the ledger; somebody else confirms it. */
static bool log_service(struct ln_special_call *x, struct ln_err *err)
{
    int64_t minutes = (x->now_ms - json_integer_value(part(x->row, "checked_in"))) / 60000;
    const char *role = ln_special_text(x->row, "role");
    json_t *v = NULL;
    bool ok = ln_volunteer_of(&v, x, ln_special_text(x->row, "person"), err);

    if (ok && v != NULL && role[0] != '\0' && minutes > 0)
        ok = ln_special_add(
            NULL, x, "service_record",
            json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "volunteer", ln_special_word(v, "id"), "source",
                      ln_special_text(x->row, "activity"), "role", role, "date", x->today,
                      "minutes", (json_int_t)(minutes > 1440 ? 1440 : minutes), "content",
                      "活动签到签退"),
            err);
    json_decref(v);
    return ok;
}

static bool after_signup(struct ln_special_call *x, struct ln_err *err)
{
    bool made = x->kind == LN_ENGINE_CREATE;
    bool freed = is_step(x, "cancel") || is_step(x, "absent");
    const char *id = made ? ln_special_word(x->f, "activity") : ln_special_text(x->row, "activity");

    if (is_step(x, "check_out") && !log_service(x, err))
        return false;
    return !(made || freed) || !ln_special_owns(x, region_of(x)) || give(x, id, err);
}

static bool tick_signup(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "requested" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "signup", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        ok = ok && give(x, ln_special_text(row, "activity"), err);
    }
    json_decref(rows);
    return ok;
}

/* ---- help */

/* The role that a kind of help asks of a volunteer. */
static const char *role_for(const char *kind)
{
    return strcmp(kind, "child") == 0                                     ? "10"
           : strcmp(kind, "company") == 0 || strcmp(kind, "medical") == 0 ? "3"
                                                                          : "12";
}

static bool by_hand(const json_t *request)
{
    return strcmp(ln_special_text(request, "kind"), "child") == 0 ||
           json_is_true(part(request, "minor_alone"));
}

static bool is_helper(struct ln_special_call *x, struct ln_err *err, bool *yes)
{
    json_t *v = NULL;
    bool ok = ln_special_get(&v, x, "volunteer", ln_special_text(x->row, "claimed_by"), err);

    *yes = v != NULL && strcmp(ln_special_text(v, "person"), x->u->person) == 0;
    json_decref(v);
    return ok;
}

static bool before_request(struct ln_special_call *x, struct ln_err *err)
{
    bool own = strcmp(ln_special_text(x->row, "person"), x->u->person) == 0;
    bool helper = false;

    if (x->kind != LN_ENGINE_STEP || x->u->system || ln_engine_staff(x->u))
        goto fine;
    if (is_step(x, "begin") || is_step(x, "release") || (is_step(x, "finish") && !own)) {
        if (!is_helper(x, err, &helper))
            return false;
        if (!helper)
            return ln_special_refuse(x, LN_DENIED, "这件事由别人认领", "somebody else claimed it",
                                     err);
    }
fine:
    if (is_step(x, "finish"))
        json_object_set_new(
            x->f, "met_hours",
            json_integer((x->now_ms - json_integer_value(json_object_get(x->row, "created"))) /
                         3600000));
    if (is_step(x, "finish") || is_step(x, "expire"))
        json_object_set_new(x->f, "met", json_boolean(is_step(x, "finish")));
    if (is_step(x, "release"))
        json_object_set_new(x->f, "claimed_by", json_null());
    return true;
}

static bool offer_fits(struct ln_special_call *x, const json_t *request, const json_t *v,
                       struct ln_err *err)
{
    bool own = strcmp(ln_special_text(v, "person"), x->u->person) == 0;

    if (request == NULL || strcmp(ln_special_word(request, "state"), "open") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "这个求助已被认领或结束",
                                 "this was claimed already, or is over", err);
    if (v == NULL || strcmp(ln_special_word(v, "state"), "active") != 0 ||
        (!own && !ln_engine_staff(x->u)))
        return ln_special_refuse(x, LN_DENIED, "请先登记为志愿者", "register as a volunteer first",
                                 err);
    if (strcmp(ln_special_text(request, "person"), ln_special_text(v, "person")) == 0)
        return ln_special_refuse(x, LN_CONFLICT, "不能认领自己的求助", "this is your own request",
                                 err);
    return ln_volunteer_cleared(v, role_for(ln_special_text(request, "kind"))) ||
           ln_special_refuse(x, LN_DENIED, "陪护老人和照看孩子要先由社工核准",
                             "companions and child care need a worker's clearance", err);
}

static bool before_offer(struct ln_special_call *x, struct ln_err *err)
{
    json_t *request = NULL;
    json_t *v = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&request, x, "help_request", ln_special_word(x->f, "request"), err) &&
              ln_special_get(&v, x, "volunteer", ln_special_word(x->f, "volunteer"), err) &&
              offer_fits(x, request, v, err);
    json_decref(v);
    json_decref(request);
    return ok;
}

/* The claim itself, and a no for everybody else who offered. */
static bool match(struct ln_special_call *x, const char *offer, const char *request_id,
                  const char *volunteer, struct ln_err *err)
{
    const struct ln_where where[] = { { "request", LN_WHERE_IS, request_id },
                                      { "state", LN_WHERE_IS, "offered" } };
    json_t *request = NULL;
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_get(&request, x, "help_request", request_id, err);

    if (ok && (request == NULL || strcmp(ln_special_word(request, "state"), "open") != 0))
        ok = ln_special_refuse(x, LN_CONFLICT, "这个求助已被认领或结束",
                               "this was claimed already, or is over", err);
    ok = ok &&
         ln_special_set(x, "help_request", request_id, json_pack("{s:s}", "claimed_by", volunteer),
                        err) &&
         ln_special_step(x, "help_request", request_id, "claim", NULL, NULL, err) &&
         ln_special_find(&rows, x, "help_offer", where, 2, 0, err);
    json_array_foreach(rows, i, row)
    {
        if (ok && strcmp(ln_special_word(row, "id"), offer) != 0)
            ok = ln_special_step(x, "help_offer", ln_special_word(row, "id"), "decline", NULL, NULL,
                                 err);
    }
    json_decref(rows);
    json_decref(request);
    return ok;
}

static bool settle_offer(struct ln_special_call *x, const char *offer, const char *request_id,
                         struct ln_err *err)
{
    json_t *request = NULL;
    bool ok = ln_special_get(&request, x, "help_request", request_id, err);
    bool open = strcmp(ln_special_word(request, "state"), "open") == 0;
    bool wait = open && by_hand(request); /* a worker decides */

    json_decref(request);
    return ok && (wait || ln_special_step(x, "help_offer", offer, open ? "take" : "decline", NULL,
                                          NULL, err));
}

static bool after_offer(struct ln_special_call *x, struct ln_err *err)
{
    if (!ln_special_owns(x, region_of(x)))
        return true;
    if (x->kind == LN_ENGINE_CREATE)
        return settle_offer(x, x->id, ln_special_word(x->f, "request"), err);
    return !is_step(x, "take") || match(x, x->id, ln_special_text(x->row, "request"),
                                        ln_special_text(x->row, "volunteer"), err);
}

static bool tick_offer(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "offered" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "help_offer", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        json_t *now = NULL; /* an earlier one of this round may have declined it */
        const char *id = ln_special_word(row, "id");
        ok = ok && ln_special_get(&now, x, "help_offer", id, err) &&
             (strcmp(ln_special_word(now, "state"), "offered") != 0 ||
              settle_offer(x, id, ln_special_text(row, "request"), err));
        json_decref(now);
    }
    json_decref(rows);
    return ok;
}

const struct ln_special ln_activity_special[] = {
    { .collection = "activity", .before = before_activity },
    { .collection = "signup", .before = before_signup, .after = after_signup, .tick = tick_signup },
    { .collection = "help_request", .before = before_request },
    { .collection = "help_offer",
      .before = before_offer,
      .after = after_offer,
      .tick = tick_offer },
    { .collection = NULL },
};
