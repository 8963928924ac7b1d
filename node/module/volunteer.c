/* Volunteers and their hours: see volunteer.h. */
#include "node/module/volunteer.h"

#include <stdio.h>
#include <string.h>

#define DAY_MINUTES 1440
#define RECORDS_MAX 5000 /* of one volunteer */

static json_t *part(const json_t *row, const char *field)
{
    return json_object_get(json_object_get(row, "f"), field);
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && strcmp(x->step->action, action) == 0;
}

static bool holds(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (s != NULL && strcmp(s, word) == 0)
            return true;
    }
    return false;
}

bool ln_volunteer_of(json_t **out, struct ln_special_call *x, const char *person,
                     struct ln_err *err)
{
    const struct ln_where where[] = { { "person", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS, "active" } };
    json_t *rows = NULL;

    *out = NULL;
    if (person[0] == '\0')
        return true;
    bool ok = ln_special_find(&rows, x, "volunteer", where, 2, 0, err);
    if (ok && json_array_size(rows) > 0)
        *out = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    return ok;
}

bool ln_volunteer_cleared(const json_t *volunteer, const char *role)
{
    bool care = strcmp(role, "3") == 0 || strcmp(role, "10") == 0;

    return !care || holds(part(volunteer, "cleared"), role);
}

void ln_volunteer_shown(char out[64], const char *name, const char *shown_as)
{
    size_t first = (unsigned char)name[0] >= 0xe0 ? 3 : name[0] != '\0';

    out[0] = '\0';
    if (strcmp(shown_as, "name") == 0)
        (void)snprintf(out, 64, "%.60s", name);
    else if (strcmp(shown_as, "surname") == 0 && name[0] != '\0')
        (void)snprintf(out, 64, "%.*s**", (int)first, name);
}

/* ---- volunteers and their public cards */

static bool before_volunteer(struct ln_special_call *x, struct ln_err *err)
{
    const char *person = ln_special_word(x->f, "person");
    const struct ln_where where[] = { { "person", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS, "applied,active,paused" } };
    json_t *rows = NULL;
    json_t *row = NULL;

    if (is_step(x, "clear"))
        return json_array_size(json_object_get(x->f, "cleared")) > 0 ||
               ln_special_problem(x, "cleared", "请选择核准的角色",
                                  "choose what they are cleared for", err);
    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_find(&rows, x, "volunteer", where, 2, 0, err) &&
              ln_special_get(&row, x, "person", person, err);
    if (ok && json_array_size(rows) > 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "已经登记为志愿者", "is a volunteer already", err);
    if (ok && row != NULL)
        json_object_set_new(x->f, "name", json_string(ln_special_text(row, "name")));
    json_object_set_new(x->f, "since", json_string(x->today));
    json_decref(row);
    json_decref(rows);
    return ok;
}

static bool put_card(struct ln_special_call *x, const char *id, struct ln_err *err)
{
    const struct ln_where where[] = { { "volunteer", LN_WHERE_IS, id } };
    json_t *v = NULL;
    json_t *cards = NULL;
    char name[64];
    bool ok = ln_special_get(&v, x, "volunteer", id, err) &&
              ln_special_find(&cards, x, "volunteer_card", where, 1, 0, err);

    if (ok && v != NULL) {
        bool shown = strcmp(ln_special_word(v, "state"), "active") == 0;
        ln_volunteer_shown(name, ln_special_text(v, "name"), ln_special_text(v, "shown_as"));
        shown = shown && name[0] != '\0';
        const json_t *card = json_array_get(cards, 0);
        json_t *f = json_pack("{s:s,s:s,s:I,s:b}", "name", shown ? name : "*", "story",
                              shown ? ln_special_text(v, "story") : "", "hours",
                              (json_int_t)(json_integer_value(part(v, "minutes")) / 60), "active",
                              (int)shown);
        if (shown)
            json_object_set(f, "roles", part(v, "roles"));
        if (card != NULL)
            ok = ln_special_set(x, "volunteer_card", ln_special_word(card, "id"), f, err);
        else if (shown) {
            json_object_set_new(f, "volunteer", json_string(id));
            ok = ln_special_add(NULL, x, "volunteer_card", f, err);
        } else
            json_decref(f);
    }
    json_decref(cards);
    json_decref(v);
    return ok;
}

static bool after_volunteer(struct ln_special_call *x, struct ln_err *err)
{
    const char *region =
        x->row != NULL ? ln_special_word(x->row, "region") : ln_replica_self(x->r)->region;

    return x->kind == LN_ENGINE_DELETE || !ln_special_owns(x, region) || put_card(x, x->id, err);
}

/* ---- hours: the last word of the checks decides */

static bool is_confirmed(bool *yes, struct ln_special_call *x, const char *record, bool *reversed,
                         struct ln_err *err)
{
    const struct ln_where where[] = { { "record", LN_WHERE_IS, record } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "service_check", where, 1, 0, err);

    *yes = false;
    *reversed = false;
    json_array_foreach(rows, i, row)
    {
        const char *word = ln_special_text(row, "decision");
        *reversed = *reversed || strcmp(word, "reverse") == 0;
        *yes = strcmp(word, "confirm") == 0;
    }
    *yes = *yes && !*reversed;
    json_decref(rows);
    return ok;
}

struct hours {
    int64_t confirmed, waiting, times;
    char last[11];
    json_t *roles; /* {"<role>": true} of confirmed ones */
};

static bool sum_hours(struct hours *h, struct ln_special_call *x, const char *volunteer,
                      const char *from, const char *until, struct ln_err *err)
{
    json_t *rows = NULL;
    size_t i;
    json_t *f;
    bool ok = ln_special_rows(&rows, x->e->writer, x->e->def, "service_record", "volunteer",
                              volunteer, RECORDS_MAX, err);

    *h = (struct hours){ .roles = json_object() };
    json_array_foreach(rows, i, f)
    {
        const char *date = ln_special_word(f, "date");
        int64_t minutes = json_integer_value(json_object_get(f, "minutes"));
        bool yes = false;
        bool reversed = false;
        if (!ok || (from != NULL && strcmp(date, from) < 0) ||
            (until != NULL && strcmp(date, until) > 0))
            continue;
        ok = is_confirmed(&yes, x, ln_special_word(f, "id"), &reversed, err);
        if (!yes)
            h->waiting += minutes;
        else {
            h->confirmed += minutes;
            h->times++;
            json_object_set_new(h->roles, ln_special_word(f, "role"), json_true());
        }
        if (strcmp(date, h->last) > 0)
            (void)snprintf(h->last, sizeof h->last, "%.10s", date);
    }
    json_decref(rows);
    return ok;
}

static bool note_hours(struct ln_special_call *x, const char *volunteer, struct ln_err *err)
{
    struct hours h;
    bool ok = sum_hours(&h, x, volunteer, NULL, NULL, err);

    if (ok) {
        json_t *f = json_pack("{s:I,s:I}", "minutes", (json_int_t)h.confirmed, "waiting_minutes",
                              (json_int_t)h.waiting);
        if (h.last[0] != '\0')
            json_object_set_new(f, "active", json_string(h.last));
        ok = ln_special_set(x, "volunteer", volunteer, f, err) && put_card(x, volunteer, err);
    }
    json_decref(h.roles);
    return ok;
}

static bool day_full(struct ln_special_call *x, const char *volunteer, struct ln_err *err)
{
    const struct ln_where where[] = { { "volunteer", LN_WHERE_IS, volunteer },
                                      { "date", LN_WHERE_IS, ln_special_word(x->f, "date") } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    int64_t sum = json_integer_value(json_object_get(x->f, "minutes"));
    bool ok = ln_special_find(&rows, x, "service_record", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        sum += json_integer_value(part(row, "minutes"));
    }
    json_decref(rows);
    return ok &&
           (sum <= DAY_MINUTES || ln_special_problem(x, "minutes", "这一天合计超过 24 小时",
                                                     "makes more than 24 hours on that day", err));
}

static bool before_record(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "volunteer");
    json_t *v = NULL;
    char serial[48];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&v, x, "volunteer", id, err);
    bool own = v != NULL && strcmp(ln_special_text(v, "person"), x->u->person) == 0;
    if (ok && v == NULL)
        ok = ln_special_problem(x, "volunteer", "没有这位志愿者", "is no volunteer", err);
    else if (ok && !own && !ln_engine_staff(x->u) && !x->u->system)
        ok = ln_special_refuse(x, LN_DENIED, "只能记录自己的服务",
                               "you may log your own service only", err);
    else if (ok && !ln_volunteer_cleared(v, ln_special_word(x->f, "role")))
        ok = ln_special_problem(x, "role", "这个角色要先由社工核准", "needs a worker's clearance",
                                err);
    ok = ok && day_full(x, id, err) && ln_special_serial(serial, x, 'V', err);
    if (ok)
        json_object_set_new(x->f, "serial", json_string(serial));
    json_decref(v);
    return ok;
}

static bool after_record(struct ln_special_call *x, struct ln_err *err)
{
    return x->kind != LN_ENGINE_CREATE || !ln_special_owns(x, ln_replica_self(x->r)->region) ||
           note_hours(x, ln_special_word(x->f, "volunteer"), err);
}

/* Who may say so: the receiver of the help, who held the activity, a statistician; never the
 * volunteer. */
static bool may_check(struct ln_special_call *x, const json_t *record, const json_t *volunteer,
                      struct ln_err *err)
{
    const char *kind = ln_special_word(x->f, "kind");
    const char *source = ln_special_text(record, "source");
    json_t *row = NULL;
    json_t *me = NULL;
    bool may = false;

    if (strcmp(ln_special_text(volunteer, "person"), x->u->person) == 0 && x->u->person[0] != '\0')
        return ln_special_refuse(x, LN_DENIED, "不能核对自己的服务",
                                 "nobody checks their own service", err);
    if (strcmp(kind, "receiver") == 0) {
        if (!ln_special_get(&row, x, "help_request", source, err))
            return false;
        may = row != NULL && strcmp(ln_special_text(row, "person"), x->u->person) == 0;
    } else if (strcmp(kind, "organiser") == 0) {
        if (!ln_special_get(&row, x, "activity", source, err))
            return false;
        may = ln_engine_staff(x->u) ||
              (row != NULL && strcmp(ln_special_text(row, "author"), x->u->account) == 0);
    } else {
        if (!ln_volunteer_of(&me, x, x->u->person, err))
            return false;
        may = ln_engine_staff(x->u) || holds(part(me, "roles"), "7");
    }
    json_decref(me);
    json_decref(row);
    return may || ln_special_refuse(x, LN_DENIED, "您不能以这个身份核对这条服务",
                                    "you cannot check this service in that capacity", err);
}

static bool before_check(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "record");
    json_t *record = NULL;
    json_t *volunteer = NULL;
    bool was = false;
    bool reversed = false;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&record, x, "service_record", id, err);
    if (ok && record == NULL)
        ok = ln_special_problem(x, "record", "没有这条服务", "is no service record", err);
    ok = ok &&
         ln_special_get(&volunteer, x, "volunteer", ln_special_text(record, "volunteer"), err) &&
         may_check(x, record, volunteer, err) && is_confirmed(&was, x, id, &reversed, err);
    if (ok) { /* what this check adds to the hours, or takes: a statistic sums it */
        const char *word = ln_special_word(x->f, "decision");
        bool now = !reversed && strcmp(word, "confirm") == 0;
        int64_t minutes = json_integer_value(part(record, "minutes"));
        json_object_set_new(x->f, "role", json_string(ln_special_text(record, "role")));
        json_object_set_new(x->f, "minutes", json_integer((now - was) * minutes));
    }
    json_decref(volunteer);
    json_decref(record);
    return ok;
}

static bool after_check(struct ln_special_call *x, struct ln_err *err)
{
    json_t *record = NULL;

    if (x->kind != LN_ENGINE_CREATE || !ln_special_owns(x, ln_replica_self(x->r)->region))
        return true;
    bool ok = ln_special_get(&record, x, "service_record", ln_special_word(x->f, "record"), err) &&
              (record == NULL || note_hours(x, ln_special_text(record, "volunteer"), err));
    json_decref(record);
    return ok;
}

/* ---- certificates */

static bool before_certificate(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "volunteer");
    json_t *v = NULL;
    struct hours h = { 0 };
    char serial[48];
    char code[9];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_owns(x, ln_replica_self(x->r)->region))
        return ln_special_refuse(x, LN_DENIED, "证明只能在社区主机上编号出具",
                                 "papers are numbered on the community's box only", err);
    bool ok = ln_special_get(&v, x, "volunteer", id, err);
    bool own = v != NULL && strcmp(ln_special_text(v, "person"), x->u->person) == 0;
    if (ok && (v == NULL || (!own && !ln_engine_staff(x->u))))
        ok = ln_special_problem(x, "volunteer", "只能开具自己的证明",
                                "you may ask for your own only", err);
    ok = ok &&
         sum_hours(&h, x, id, ln_special_word(x->f, "from"), ln_special_word(x->f, "until"), err);
    if (ok && h.confirmed == 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "这段时间没有已确认的服务",
                               "no service was confirmed in these days", err);
    if (ok && ln_special_serial(serial, x, 'W', err)) {
        json_t *roles = json_array();
        const char *role;
        json_t *unused;
        json_object_foreach(h.roles, role, unused)
        {
            json_array_append_new(roles, json_string(role));
        }
        ln_special_code(code);
        json_object_set_new(x->f, "serial", json_string(serial));
        json_object_set_new(x->f, "check_code", json_string(code));
        json_object_set_new(x->f, "person", json_string(ln_special_text(v, "person")));
        json_object_set_new(x->f, "minutes", json_integer(h.confirmed));
        json_object_set_new(x->f, "times", json_integer(h.times));
        json_object_set_new(x->f, "roles", roles);
        json_object_set_new(x->f, "date", json_string(x->today));
    }
    json_decref(h.roles);
    json_decref(v);
    return ok;
}

const struct ln_special ln_volunteer_special[] = {
    { .collection = "volunteer", .before = before_volunteer, .after = after_volunteer },
    { .collection = "service_record", .before = before_record, .after = after_record },
    { .collection = "service_check", .before = before_check, .after = after_check },
    { .collection = "service_certificate", .before = before_certificate },
    { .collection = NULL },
};
