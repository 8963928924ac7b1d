/* Hooks of assets and contracts: see stock.h. */
#include "node/module/stock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/talk.h"
#include "node/module/workday.h"
#include "node/say.h"

#define DAY_MS INT64_C(86400000)
#define SETTING_MAX 64
#define REMINDERS 16 /* of a contract: a setting has room for no more */
#define PAGES 500    /* of LN_QUERY_LIMIT rows: more than a community owns */

static const json_t *field(const json_t *row, const char *name)
{
    return json_object_get(json_object_get(row, "f"), name);
}

/* A field as it will be: what is being set, else what stands. */
static const json_t *will_be(const struct ln_special_call *x, const char *name)
{
    const json_t *v = json_object_get(x->f, name);

    return v != NULL ? v : field(x->row, name);
}

static const char *word_of(const json_t *v)
{
    return json_is_string(v) ? json_string_value(v) : "";
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->step != NULL && strcmp(x->step->action, action) == 0;
}

/* Calls `each` for all rows with these values. */
static bool each_row(struct ln_special_call *x, const char *collection,
                     const struct ln_where *where, size_t n,
                     void (*each)(void *ctx, const json_t *row), void *ctx, struct ln_err *err)
{
    bool more = true;

    for (unsigned page = 0; more && page < PAGES; page++) {
        json_t *rows = NULL;
        if (!ln_special_find(&rows, x, collection, where, n, page * LN_QUERY_LIMIT, err)) {
            json_decref(rows);
            return false;
        }
        for (size_t i = 0; i < json_array_size(rows); i++)
            each(ctx, json_array_get(rows, i));
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_decref(rows);
    }
    return true;
}

/* ---- decisions above a limit */

/* What the community has set under `key`; "" nothing, or too long to be meant. */
static bool setting_of(char out[SETTING_MAX], struct ln_special_call *x, const char *key,
                       struct ln_err *err)
{
    static const struct ln_where where = { "module", LN_WHERE_IS, "asset" };
    json_t *rows = NULL;

    out[0] = '\0';
    if (!ln_special_find(&rows, x, "module_setting", &where, 1, 0, err))
        return false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *text = ln_special_word(field(json_array_get(rows, i), "config"), key);
        if (text[0] != '\0' && strlen(text) < SETTING_MAX)
            (void)snprintf(out, SETTING_MAX, "%s", text);
    }
    json_decref(rows);
    return true;
}

static bool limit_of(int64_t *out, struct ln_special_call *x, const char *key, int64_t usual,
                     struct ln_err *err)
{
    char text[SETTING_MAX];
    char *end;

    if (!setting_of(text, x, key, err))
        return false;
    int64_t n = strtoll(text, &end, 10);
    *out = text[0] != '\0' && *end == '\0' && n >= 0 ? n : usual;
    return true;
}

static bool decided(struct ln_special_call *x, int64_t amount, int64_t limit, struct ln_err *err)
{
    const char *decision = word_of(will_be(x, "decision"));
    json_t *meeting = NULL;

    if (amount < limit)
        return true;
    if (strcmp(ln_special_word(x->row, "state"), "looked") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "超过限额，须先由监督员阅签",
                                 "above the limit: the supervisor has to see it first", err);
    if (!ln_special_get(&meeting, x, "meeting", decision, err))
        return false;
    bool held = meeting != NULL && strcmp(ln_special_word(meeting, "state"), "held") == 0;
    json_decref(meeting);
    return held ||
           ln_special_problem(x, "decision", "超过限额，须有已召开会议的决议",
                              "above the limit: a meeting that was held has to decide it", err);
}

/* ---- assets */

static bool asset_before(struct ln_special_call *x, struct ln_err *err)
{
    int64_t limit;

    if (is_step(x, "lend") && word_of(will_be(x, "borrower"))[0] == '\0')
        return ln_special_problem(x, "borrower", "请写借用人", "say who borrows it", err);
    if (!is_step(x, "approve"))
        return true;
    return limit_of(&limit, x, "asset_limit", LN_STOCK_ASSET_LIMIT, err) &&
           decided(x, json_integer_value(field(x->row, "price")), limit, err);
}

/* What happened to it is on its list of events. */
static bool asset_after(struct ln_special_call *x, struct ln_err *err)
{
    static const struct {
        const char *action, *kind;
    } kinds[] = {
        { "lend", "lend" }, { "back", "return" }, { "repair", "repair" }, { "dispose", "dispose" }
    };
    const char *kind = x->kind == LN_ENGINE_CREATE ? "in" : NULL;
    bool moved = x->kind == LN_ENGINE_UPDATE && json_object_get(x->f, "place") != NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is_step(x, kinds[i].action))
            kind = kinds[i].kind;
    if (moved)
        kind = "move";
    if (kind == NULL)
        return true;
    json_t *f = json_pack("{s:s,s:s}", "asset", x->id, "kind", kind);
    const json_t *price = json_object_get(x->f, "price");
    if (x->kind == LN_ENGINE_CREATE && json_is_integer(price))
        json_object_set(f, "cost", (json_t *)(uintptr_t)price);
    const char *note = x->given != NULL ? ln_special_word(x->given, "note") : "";
    if (note[0] != '\0' || is_step(x, "lend"))
        json_object_set_new(f, "note",
                            json_string(note[0] != '\0' ? note : word_of(will_be(x, "borrower"))));
    const char *from = ln_special_text(x->row, "place");
    const char *to = word_of(json_object_get(x->f, "place"));
    if (moved && from[0] != '\0')
        json_object_set_new(f, "from_ref", json_string(from));
    if (moved && to[0] != '\0')
        json_object_set_new(f, "to_ref", json_string(to));
    if (x->u->account[0] != '\0')
        json_object_set_new(f, "approved_by", json_pack("[s]", x->u->account));
    return ln_special_add(NULL, x, "asset_event", f, err);
}

/* ---- stocktake */

struct taking {
    json_t *found; /* asset: its last entry */
    const char *class, *place;
    int64_t asked, seen, missing;
};

static bool in_scope(const struct taking *t, const json_t *asset)
{
    return strcmp(ln_special_word(asset, "state"), "disposed") != 0 &&
           (t->class[0] == '\0' || strcmp(t->class, ln_special_text(asset, "class")) == 0) &&
           (t->place[0] == '\0' || strcmp(t->place, ln_special_text(asset, "place")) == 0);
}

static void count_asked(void *ctx, const json_t *row)
{
    struct taking *t = ctx;

    t->asked += in_scope(t, row);
}

static void take_entry(void *ctx, const json_t *row)
{
    struct taking *t = ctx;

    json_object_set(t->found, ln_special_text(row, "asset"), (json_t *)(uintptr_t)row);
}

static bool read_entries(struct taking *t, struct ln_special_call *x, const char *id,
                         struct ln_err *err)
{
    const struct ln_where of = { "stocktake", LN_WHERE_IS, id };
    const char *key;
    json_t *row;

    t->found = json_object();
    if (!each_row(x, "stocktake_row", &of, 1, take_entry, t, err))
        return false;
    json_object_foreach(t->found, key, row)
    {
        bool gone = strcmp(ln_special_text(row, "found"), "missing") == 0;
        t->missing += gone;
        t->seen += !gone;
    }
    return true;
}

static bool stocktake_before(struct ln_special_call *x, struct ln_err *err)
{
    struct taking t = { .class = word_of(will_be(x, "class")),
                        .place = word_of(will_be(x, "place")) };
    bool ok = true;

    if (x->kind == LN_ENGINE_CREATE || is_step(x, "count")) {
        ok = each_row(x, "asset", NULL, 0, count_asked, &t, err) &&
             (x->kind == LN_ENGINE_CREATE || read_entries(&t, x, x->id, err));
        json_object_set_new(x->f, "asked", json_integer(t.asked));
        json_object_set_new(x->f, "found", json_integer(t.seen));
        json_object_set_new(x->f, "missing", json_integer(t.missing));
    }
    if (is_step(x, "witness") && x->u->account[0] != '\0')
        json_object_set_new(x->f, "witness", json_string(x->u->account));
    json_decref(t.found);
    return ok;
}

/* What was not found is lost; what was found elsewhere is there now. */
static bool settle_entry(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const char *asset = ln_special_text(row, "asset");
    const char *found = ln_special_text(row, "found");
    const char *place = ln_special_text(row, "place");

    if (strcmp(found, "missing") == 0)
        return ln_special_add(NULL, x, "asset_event",
                              json_pack("{s:s,s:s,s:s}", "asset", asset, "kind", "loss", "note",
                                        ln_special_text(row, "note")),
                              err);
    if (strcmp(found, "moved") == 0 && place[0] != '\0')
        return ln_special_set(x, "asset", asset, json_pack("{s:s}", "place", place), err);
    return true;
}

static bool stocktake_after(struct ln_special_call *x, struct ln_err *err)
{
    struct taking t = { .class = "", .place = "" };
    const char *key;
    json_t *row;
    bool ok = true;

    if (!is_step(x, "witness"))
        return true;
    ok = read_entries(&t, x, x->id, err);
    json_object_foreach(t.found, key, row)
    {
        ok = ok && settle_entry(x, row, err);
    }
    json_decref(t.found);
    return ok;
}

static bool entry_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *take = NULL;
    json_t *asset = NULL;
    bool ok = false;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_get(&take, x, "stocktake", ln_special_word(x->f, "stocktake"), err) ||
        !ln_special_get(&asset, x, "asset", ln_special_word(x->f, "asset"), err))
        goto out;
    if (asset == NULL)
        ln_special_problem(x, "asset", "没有这件资产", "is no asset", err);
    else if (take == NULL || strcmp(ln_special_word(take, "state"), "open") != 0)
        ln_special_problem(x, "stocktake", "盘点已结束", "is not under way", err);
    else if (strcmp(ln_special_word(x->f, "found"), "moved") == 0 &&
             ln_special_word(x->f, "place")[0] == '\0')
        ln_special_problem(x, "place", "请选实际地点", "say where it is", err);
    else
        ok = true;
out:
    json_decref(take);
    json_decref(asset);
    return ok;
}

/* ---- contracts */

struct reminding {
    int64_t days[REMINDERS]; /* before the end: the contract's own first, then those nearer */
    size_t n;
    const char *ends;
    int64_t left; /* days until the end */
};

static bool read_reminders(struct reminding *out, struct ln_special_call *x, const char *ends,
                           const json_t *first, struct ln_err *err)
{
    char text[SETTING_MAX];
    const char *at = text;

    if (!setting_of(text, x, "contract_reminders", err))
        return false;
    if (text[0] == '\0')
        at = LN_STOCK_REMINDERS;
    *out = (struct reminding){ .ends = ends, .n = 1 };
    out->days[0] = json_is_integer(first) ? json_integer_value(first) : LN_STOCK_REMIND_FIRST;
    while (*at != '\0' && out->n < REMINDERS) {
        char *end;
        int64_t n = strtoll(at, &end, 10);
        if (n > 0 && n < out->days[0])
            out->days[out->n++] = n;
        at = end + strcspn(end, ",");
        at += *at == ',';
    }
    out->left = ln_workday_number(ends) - ln_workday_number(x->today);
    return true;
}

/* The one to give after `given` (0: none yet), 0 when that was the last. Of several that are due by
 * now the nearest to the end: nobody is reminded twice on one day. */
static int64_t next_reminder(const struct reminding *r, int64_t given)
{
    int64_t due = 0;
    int64_t later = 0;

    for (size_t i = 0; i < r->n; i++) {
        int64_t n = r->days[i];
        if (given > 0 && n >= given)
            continue;
        if (n >= r->left)
            due = due == 0 || n < due ? n : due;
        else
            later = n > later ? n : later;
    }
    return due > 0 ? due : later;
}

/* Sets `remind_on` to the day of the next one after `given`. */
static void plan_reminder(json_t *f, const struct reminding *r, int64_t given)
{
    int64_t next = next_reminder(r, given);
    char day[11];

    if (next == 0) {
        json_object_set_new(f, "remind_on", json_null());
        return;
    }
    ln_workday_date(day, ln_workday_number(r->ends) - next);
    json_object_set_new(f, "remind_on", json_string(day));
}

/* The reminder that is due, if one is, is given: `f` then says which it was, and when the next
 * follows. */
static bool give_reminder(json_t *f, struct ln_special_call *x, const json_t *row,
                          struct ln_err *err)
{
    const char *ends = ln_special_text(row, "ends");
    int64_t given = json_integer_value(field(row, "reminded"));
    struct reminding r;

    if (strlen(ends) != 10)
        return true;
    if (!read_reminders(&r, x, ends, field(row, "remind_days"), err))
        return false;
    int64_t now = next_reminder(&r, given);
    bool due = now > 0 && now >= r.left;
    if (due)
        json_object_set_new(f, "reminded", json_integer(now));
    plan_reminder(f, &r, due ? now : given);
    return true;
}

/* With another end the reminders begin anew. */
static bool plan_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *ends = word_of(will_be(x, "ends"));
    bool anew = x->row == NULL || json_object_get(x->f, "ends") != NULL ||
                json_object_get(x->f, "remind_days") != NULL;
    struct reminding r;

    if (strlen(ends) != 10 || !anew)
        return true;
    if (strcmp(ends, word_of(will_be(x, "starts"))) < 0)
        return ln_special_problem(x, "ends", "早于开始日期", "is before the first day", err);
    if (!read_reminders(&r, x, ends, will_be(x, "remind_days"), err))
        return false;
    plan_reminder(x->f, &r, 0);
    if (field(x->row, "reminded") != NULL)
        json_object_set_new(x->f, "reminded", json_null());
    return true;
}

static bool contract_before(struct ln_special_call *x, struct ln_err *err)
{
    int64_t limit;

    if (x->kind == LN_ENGINE_CREATE || x->kind == LN_ENGINE_UPDATE)
        return plan_before(x, err);
    if (is_step(x, "remind"))
        return x->u->system || give_reminder(x->f, x, x->row, err);
    if (is_step(x, "sign") && word_of(will_be(x, "signed"))[0] == '\0')
        json_object_set_new(x->f, "signed", json_string(x->today));
    if (!is_step(x, "check"))
        return true;
    return limit_of(&limit, x, "contract_limit", LN_STOCK_CONTRACT_LIMIT, err) &&
           decided(x, json_integer_value(field(x->row, "amount")), limit, err);
}

/* Who answers for a contract is told, once with each reminder; its committee where that account is
 * not in use any more. */
static bool answers_for(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const json_t *row,
                        struct ln_err *err)
{
    static const struct ln_where committee = { "kind", LN_WHERE_IS, "committee" };
    json_t *found = NULL;

    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_text(row, "keeper"));
    if (!ln_special_get(&found, x, "account", out, err))
        return false;
    const char *state = ln_special_word(found, "state");
    bool there = found != NULL && strcmp(state, "suspended") != 0 && strcmp(state, "closed") != 0;
    json_decref(found);
    if (there)
        return true;
    if (!ln_special_find(&found, x, "home", &committee, 1, 0, err))
        return false;
    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(found, 0), "id"));
    json_decref(found);
    return true;
}

static bool tell_keeper(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const char *title = ln_special_text(row, "title");
    const char *with = ln_special_text(row, "party_b");
    const char *ends = ln_special_text(row, "ends");
    int64_t left = ln_workday_number(ends) - ln_workday_number(x->today);
    struct ln_buf body = ln_buf_new(LN_STOCK_TOLD);
    char who[LN_ID_TEXT + 1];
    bool ok = answers_for(who, x, row, err);

    ln_buf_addf(&body,
                LN_SAY_BOTH("合同《%s》（%s）还有 %" PRId64 " 天到期：%s。请安排续签或到期交接。",
                            "Contract \"%s\" (%s) ends in %" PRId64
                            " days, on %s: see to its renewal or its end."),
                title, with, left, ends, title, with, left, ends);
    ok = ok && (who[0] == '\0' || ln_talk_tell(x, who, ln_special_word(row, "id"), body.data, err));
    ln_buf_free(&body);
    return ok;
}

/* A reminder that somebody gives by hand. */
static bool contract_after(struct ln_special_call *x, struct ln_err *err)
{
    return !is_step(x, "remind") || x->u->system || json_object_get(x->f, "reminded") == NULL ||
           tell_keeper(x, x->row, err);
}

struct paying {
    int64_t paid;
    json_t *due; /* [[day, amount], ...] */
};

static void take_payment(void *ctx, const json_t *row)
{
    struct paying *p = ctx;
    const char *kind = ln_special_text(row, "kind");
    int64_t amount = json_integer_value(field(row, "amount"));

    if (strcmp(kind, "due") == 0)
        json_array_append_new(p->due,
                              json_pack("[s,I]", ln_special_text(row, "date"), (json_int_t)amount));
    else
        p->paid += strcmp(kind, "refund") == 0 ? -amount : amount;
}

static int by_day(const void *a, const void *b)
{
    return strcmp(json_string_value(json_array_get(*(json_t *const *)a, 0)),
                  json_string_value(json_array_get(*(json_t *const *)b, 0)));
}

/* The first day whose payments are not covered by what was paid; "" none. */
static void first_open(char out[11], const struct paying *p)
{
    json_t *list[LN_QUERY_LIMIT];
    size_t n = 0;
    int64_t left = p->paid;

    out[0] = '\0';
    for (; n < json_array_size(p->due) && n < LN_QUERY_LIMIT; n++)
        list[n] = json_array_get(p->due, n);
    qsort(list, n, sizeof *list, by_day);
    for (size_t i = 0; i < n && out[0] == '\0'; i++) {
        left -= json_integer_value(json_array_get(list[i], 1));
        if (left < 0)
            (void)snprintf(out, 11, "%s", json_string_value(json_array_get(list[i], 0)));
    }
}

static bool payment_after(struct ln_special_call *x, struct ln_err *err)
{
    const char *contract = ln_special_word(x->f, "contract");
    const struct ln_where of = { "contract", LN_WHERE_IS, contract };
    struct paying p = { .paid = 0 };
    char day[11];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    p.due = json_array();
    bool ok = each_row(x, "contract_payment", &of, 1, take_payment, &p, err);
    first_open(day, &p);
    json_decref(p.due);
    json_t *f = json_pack("{s:s,s:b}", "next_due", day, "overdue",
                          (int)(day[0] != '\0' && strcmp(day, x->today) < 0));
    if (!ok) {
        json_decref(f);
        return false;
    }
    return ln_special_set(x, "contract", contract, f, err);
}

static bool payment_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *row = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_get(&row, x, "contract", ln_special_word(x->f, "contract"), err))
        return false;
    bool ok = row != NULL;
    json_decref(row);
    return ok || ln_special_problem(x, "contract", "没有这份合同", "is no contract", err);
}

/* Reminders whose day has come. */
static bool tick_remind(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "active,expiring" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region },
                                      { "remind_on", LN_WHERE_TO, x->today } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "contract", where, 3, 0, err);

    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = ln_special_word(row, "id");
        json_t *f = json_object();
        ok = give_reminder(f, x, row, err) &&
             (json_object_get(f, "reminded") == NULL || /* other days were set meanwhile */
              (ln_special_step(x, "contract", id, "remind", NULL, NULL, err) &&
               tell_keeper(x, row, err)));
        if (ok)
            ok = ln_special_set(x, "contract", id, f, err);
        else
            json_decref(f);
    }
    json_decref(rows);
    return ok;
}

/* Contracts that came as a file have no day for the first one. */
static bool tick_plan(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "active" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region },
                                      { "remind_on", LN_WHERE_IS, "" },
                                      { "reminded", LN_WHERE_IS, "" } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "contract", where, 4, 0, err);

    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *ends = ln_special_text(row, "ends");
        struct reminding r;
        if (strlen(ends) != 10)
            continue;
        ok = read_reminders(&r, x, ends, field(row, "remind_days"), err);
        if (!ok)
            break;
        json_t *f = json_object();
        plan_reminder(f, &r, 0);
        ok = ln_special_set(x, "contract", ln_special_word(row, "id"), f, err);
    }
    json_decref(rows);
    return ok;
}

/* What fell due yesterday and was not paid is overdue today. */
static bool tick_overdue(struct ln_special_call *x, struct ln_err *err)
{
    char yesterday[11];
    const char *region = ln_replica_self(x->r)->region;
    const struct ln_where where[] = { { "next_due", LN_WHERE_TO, yesterday },
                                      { "region", LN_WHERE_IS, region },
                                      { "overdue", LN_WHERE_IS, "false" } };
    json_t *rows = NULL;
    bool ok;

    ln_workday_date(yesterday, ln_workday_number(x->today) - 1);
    ok = ln_special_find(&rows, x, "contract", where, 3, 0, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++)
        if (ln_special_text(json_array_get(rows, i), "next_due")[0] != '\0')
            ok = ln_special_set(x, "contract", ln_special_word(json_array_get(rows, i), "id"),
                                json_pack("{s:b}", "overdue", 1), err);
    json_decref(rows);
    return ok;
}

static bool contract_tick(struct ln_special_call *x, struct ln_err *err)
{
    return tick_plan(x, err) && tick_remind(x, err) && tick_overdue(x, err);
}

/* ---- the yearly summary that everybody may read */

struct summing {
    json_t *by_class;
    int64_t value, number, contracts;
};

static void sum_asset(void *ctx, const json_t *row)
{
    struct summing *s = ctx;
    const char *class = ln_special_text(row, "class");
    int64_t price = json_integer_value(field(row, "price"));
    int64_t n = json_integer_value(field(row, "quantity"));
    json_t *one = json_object_get(s->by_class, class);

    if (strcmp(ln_special_word(row, "state"), "disposed") == 0)
        return;
    if (one == NULL) {
        one = json_pack("{s:s,s:i,s:i}", "class", class, "quantity", 0, "value", 0);
        json_object_set_new(s->by_class, class, one);
    }
    json_object_set_new(one, "quantity",
                        json_integer(json_integer_value(json_object_get(one, "quantity")) + n));
    json_object_set_new(one, "value",
                        json_integer(json_integer_value(json_object_get(one, "value")) + price));
    s->value += price;
    s->number += n;
}

static void sum_contract(void *ctx, const json_t *row)
{
    struct summing *s = ctx;

    (void)row;
    s->contracts++;
}

static bool summary_before(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where active = { "state", LN_WHERE_IS, "active,expiring" };
    struct summing s = { .value = 0 };
    json_t *rows = json_array();
    const char *key;
    json_t *one;

    if (x->kind != LN_ENGINE_CREATE) {
        json_decref(rows);
        return true;
    }
    s.by_class = json_object();
    bool ok = each_row(x, "asset", NULL, 0, sum_asset, &s, err) &&
              each_row(x, "contract", &active, 1, sum_contract, &s, err);
    json_object_foreach(s.by_class, key, one)
    {
        json_array_append(rows, one);
    }
    json_object_set_new(x->f, "rows", rows);
    json_object_set_new(x->f, "total", json_integer(s.value));
    json_object_set_new(x->f, "number", json_integer(s.number));
    json_object_set_new(x->f, "contracts", json_integer(s.contracts));
    json_decref(s.by_class);
    return ok;
}

/* ---- rooms */

static bool taken(bool *yes, struct ln_special_call *x, const char *premises, int64_t starts,
                  int64_t ends, struct ln_err *err)
{
    char before[24];
    char after[24];
    const struct ln_where where[] = { { "premises", LN_WHERE_IS, premises },
                                      { "state", LN_WHERE_IS, "confirmed" },
                                      { "starts", LN_WHERE_TO, before },
                                      { "ends", LN_WHERE_FROM, after } };
    json_t *rows = NULL;

    (void)snprintf(before, sizeof before, "%" PRId64, ends - 1);
    (void)snprintf(after, sizeof after, "%" PRId64, starts + 1);
    if (!ln_special_find(&rows, x, "booking", where, 4, 0, err))
        return false;
    *yes = json_array_size(rows) > 0;
    json_decref(rows);
    return true;
}

static bool refuse_taken(struct ln_special_call *x, struct ln_err *err)
{
    return ln_special_refuse(x, LN_CONFLICT, "这个时间已经借出，请换一个时间",
                             "the room is taken at that time: choose another", err);
}

static bool speaks_for(const struct ln_user *u, const char *home)
{
    return u->system || ln_engine_staff(u) || strstr(u->me, home) != NULL;
}

static bool booking_new(struct ln_special_call *x, struct ln_err *err)
{
    int64_t starts = json_integer_value(json_object_get(x->f, "starts"));
    int64_t ends = json_integer_value(json_object_get(x->f, "ends"));
    const char *behalf = ln_special_word(x->f, "on_behalf_of");
    const char *home = ln_special_word(x->f, "by_home");
    const char *who = behalf[0] != '\0' ? behalf : x->u->person;
    json_t *room = NULL;
    bool yes = false;

    if (ends <= starts || ends - starts > LN_STOCK_BOOKING_DAYS * DAY_MS)
        return ln_special_problem(x, "ends", "应在开始之后 30 天以内",
                                  "has to be within 30 days after the beginning", err);
    if (ends < x->now_ms)
        return ln_special_problem(x, "ends", "已经过去", "has passed", err);
    if (home[0] != '\0' && !speaks_for(x->u, home))
        return ln_special_problem(x, "by_home", "只能为自己的单位借用", "is not one of yours", err);
    if (who[0] != '\0' && json_object_get(x->f, "by") == NULL)
        json_object_set_new(x->f, "by", json_string(who));
    if (!ln_special_get(&room, x, "premises", ln_special_word(x->f, "premises"), err))
        return false;
    bool open = json_is_true(field(room, "bookable"));
    json_decref(room);
    if (!open)
        return ln_special_problem(x, "premises", "不外借", "is not lent", err);
    if (!taken(&yes, x, ln_special_word(x->f, "premises"), starts, ends, err))
        return false;
    return !yes || refuse_taken(x, err);
}

/* MODULES R3: only the box that owns the room says yes, so nothing is booked twice by merging. */
static bool booking_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *region = ln_special_word(x->row, "region");
    bool yes = false;

    if (x->kind == LN_ENGINE_CREATE)
        return booking_new(x, err);
    if (!is_step(x, "confirm"))
        return true;
    if (!ln_special_owns(x, region))
        return ln_special_refuse(x, LN_DENIED, "须由社区主机确认，请稍候",
                                 "the community's box confirms it: please wait", err);
    if (!taken(&yes, x, ln_special_text(x->row, "premises"),
               json_integer_value(field(x->row, "starts")),
               json_integer_value(field(x->row, "ends")), err))
        return false;
    return !yes || refuse_taken(x, err);
}

const struct ln_special ln_stock_special[] = {
    { .collection = "asset", .before = asset_before, .after = asset_after },
    { .collection = "stocktake", .before = stocktake_before, .after = stocktake_after },
    { .collection = "stocktake_row", .before = entry_before },
    { .collection = "contract",
      .before = contract_before,
      .after = contract_after,
      .tick = contract_tick },
    { .collection = "contract_payment", .before = payment_before, .after = payment_after },
    { .collection = "asset_summary", .before = summary_before },
    { .collection = "booking", .before = booking_before },
    { .collection = NULL },
};
