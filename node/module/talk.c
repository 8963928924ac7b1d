/* Hooks of conversations: see talk.h. */
#include "node/module/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/region/region.h"
#include "node/say.h"
#include "node/store/seen.h"

#define DAY_MS INT64_C(86400000)
#define SUMS_EVERY_MS 60000
#define FOLLOWED 50 /* newest broadcasts, and newest messages of each, whose sums are kept */

static struct ln_recipient_place place(const struct ln_special_call *x)
{
    return (struct ln_recipient_place){ x->e->writer, x->e->def, x->today };
}

static bool holds(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && strcmp(one, word) == 0)
            return true;
    }
    return false;
}

/* Among words that commas separate. */
static bool is_me(const struct ln_user *u, const char *id)
{
    const char *at = id[0] != '\0' ? strstr(u->me, id) : NULL;

    return at != NULL && strlen(id) == LN_ID_TEXT;
}

static bool any_record(json_t **out, struct ln_special_call *x, const char *id, struct ln_err *err)
{
    struct ln_id key;

    *out = NULL;
    return !ln_clock_id_read(&key, ln_span_of(id)) || ln_query_record(out, x->e->writer, &key, err);
}

/* ---- who belongs */

bool ln_talk_member(bool *member, const struct ln_recipient_place *p, const json_t *thread,
                    const struct ln_user *u, struct ln_err *err)
{
    const json_t *members = json_object_get(json_object_get(thread, "f"), "members");
    const char *list = ln_special_text(thread, "list");
    json_t *row = NULL;
    struct ln_id id;
    bool ok = true;

    *member = u->account[0] != '\0' && strcmp(ln_special_text(thread, "author"), u->account) == 0;
    /* The committee answers for what goes to many. */
    *member = *member || (strcmp(ln_special_text(thread, "kind"), "broadcast") == 0 &&
                          ln_engine_has_role(u, "committee") && !u->system);
    for (size_t i = 0; i < json_array_size(members); i++)
        *member = *member || is_me(u, json_string_value(json_array_get(members, i)));
    if (*member || list[0] == '\0' || !ln_clock_id_read(&id, ln_span_of(list)))
        return true;
    ok = ln_query_record(&row, p->s, &id, err);
    if (ok && row != NULL && !json_is_true(json_object_get(row, "deleted")))
        ok = ln_recipient_is(member, p, row, u, err);
    json_decref(row);
    return ok;
}

/* ---- across nodes: accounts are known in their own community alone, so that what goes to another
 * node says who wrote it */

/* One of them is a home of a region above. */
static bool reaches_up(bool *up, struct ln_special_call *x, const json_t *members,
                       struct ln_err *err)
{
    const char *here = ln_replica_self(x->r)->region;

    *up = false;
    for (size_t i = 0; !*up && i < json_array_size(members); i++) {
        const char *id = json_string_value(json_array_get(members, i));
        json_t *row = NULL;
        if (id == NULL || !any_record(&row, x, id, err))
            return err->code == LN_OK;
        const char *region = ln_special_word(row, "region");
        *up = strcmp(ln_special_word(row, "collection"), "home") == 0 &&
              strcmp(region, here) != 0 && ln_cert_region_holds(region, here);
        json_decref(row);
    }
    return true;
}

/* "翠苑一区社区 张三": the home in whose name somebody writes here, else the place, and the name
 * they chose. */
static bool sign(struct ln_special_call *x, const json_t *members, struct ln_err *err)
{
    struct ln_buf by = ln_buf_new(1024);
    bool ok = true;

    for (size_t i = 0; ok && by.len == 0 && i < x->u->n_roles; i++) {
        json_t *home = NULL;
        if (x->u->homes[i][0] == '\0' || !holds(members, x->u->homes[i]))
            continue;
        ok = ln_special_get(&home, x, "home", x->u->homes[i], err);
        ln_buf_adds(&by, ln_special_text(home, "name"));
        json_decref(home);
    }
    if (by.len == 0 && !ln_region_name(&by, ln_replica_self(x->r)->region))
        ln_buf_adds(&by, ln_replica_self(x->r)->region);
    ln_buf_addf(&by, " %s", x->u->shown[0] != '\0' ? x->u->shown : x->u->login);
    if (ok)
        json_object_set_new(x->f, "by", json_string(by.data));
    ln_buf_free(&by);
    return ok;
}

/* ---- a new thread */

static bool check_members(struct ln_special_call *x, json_t *members, struct ln_err *err)
{
    if (json_array_size(members) > LN_TALK_MEMBERS)
        return ln_special_problem(x, "members", "最多 100 个成员，更多请用分组",
                                  "at most 100; more are a contact list", err);
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *id = json_string_value(json_array_get(members, i));
        json_t *row = NULL;
        if (id == NULL || !any_record(&row, x, id, err))
            return err->code != LN_OK
                       ? false
                       : ln_special_problem(x, "members", "没有选中人或单位", "names nobody", err);
        const char *kind = ln_special_word(row, "collection");
        bool good = strcmp(kind, "account") == 0 || strcmp(kind, "home") == 0 ||
                    strcmp(kind, "person") == 0;
        json_decref(row);
        if (!good)
            return ln_special_problem(x, "members", "只能是人或单位", "takes people and homes",
                                      err);
    }
    return true;
}

static bool check_list(struct ln_special_call *x, const char *kind, const char *list,
                       struct ln_err *err)
{
    json_t *row = NULL;

    if (!ln_engine_staff(x->u) && !ln_engine_has_role(x->u, "owners") &&
        !ln_engine_has_role(x->u, "clerk"))
        return ln_special_refuse(x, LN_DENIED, "按分组发送须由工作人员进行",
                                 "only staff write to a contact list", err);
    if (!ln_special_get(&row, x, "contact_list", list, err))
        return false;
    if (row == NULL)
        return ln_special_problem(x, "list", "没有这个分组", "is no contact list", err);
    bool all = ln_recipient_all(json_object_get(json_object_get(row, "f"), "rule"));
    json_decref(row);
    if (all && strcmp(kind, "broadcast") == 0 && !ln_engine_has_role(x->u, "committee"))
        return ln_special_refuse(x, LN_DENIED, "发给全体居民须由居委会发出",
                                 "only the committee writes to all residents", err);
    return true;
}

/* Where a question to the desk goes: whose shift runs, else the workers' desk, else the committee.
 */
static bool find_desk(char out[LN_ID_TEXT + 1], struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where on = { "state", LN_WHERE_IS, "on" };
    static const char *const kinds[] = { "worker", "committee", "centre" };
    json_t *rows = NULL;

    if (!ln_special_find(&rows, x, "duty_shift", &on, 1, 0, err))
        return false;
    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_text(json_array_get(rows, 0), "desk"));
    json_decref(rows);
    for (size_t i = 0; out[0] == '\0' && i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct ln_where kind = { "kind", LN_WHERE_IS, kinds[i] };
        if (!ln_special_find(&rows, x, "home", &kind, 1, 0, err))
            return false;
        (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(rows, 0), "id"));
        json_decref(rows);
    }
    return true;
}

static bool thread_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *kind = ln_special_word(x->kind == LN_ENGINE_CREATE ? x->f : NULL, "kind");
    const char *list = ln_special_word(x->f, "list");
    json_t *members = json_object_get(x->f, "members");

    if (x->kind != LN_ENGINE_CREATE && x->kind != LN_ENGINE_UPDATE)
        return true;
    if (!check_members(x, members, err))
        return false;
    if (x->kind == LN_ENGINE_UPDATE)
        return true;
    if (list[0] != '\0' && !check_list(x, kind, list, err))
        return false;
    if (strcmp(kind, "notice") == 0)
        return x->u->system || ln_special_problem(x, "kind", "提醒由系统发出",
                                                  "reminders are sent by the node", err);
    if (strcmp(kind, "broadcast") == 0)
        return list[0] != '\0' || ln_special_problem(x, "list", "群发须选分组",
                                                     "a broadcast needs a contact list", err);
    if (members == NULL) {
        members = json_array();
        json_object_set_new(x->f, "members", members);
    }
    if (strcmp(kind, "desk") == 0 && json_array_size(members) == 0) {
        char desk[LN_ID_TEXT + 1];
        if (!find_desk(desk, x, err))
            return false;
        if (desk[0] == '\0')
            return ln_special_refuse(x, LN_CONFLICT, "还没有值班处，请先登记组织",
                                     "there is no desk yet: add a home first", err);
        json_array_append_new(members, json_string(desk));
    }
    if (x->u->account[0] != '\0' && !holds(members, x->u->account))
        json_array_append_new(members, json_string(x->u->account));
    bool up;
    if (!reaches_up(&up, x, members, err) || (up && !sign(x, members, err)))
        return false;
    if (strcmp(kind, "direct") == 0 && json_array_size(members) != 2)
        return ln_special_problem(x, "members", "单聊是两个人", "a direct one has two", err);
    if (strcmp(kind, "group") == 0 && list[0] == '\0' && json_array_size(members) < 2)
        return ln_special_problem(x, "members", "请选择成员", "choose its members", err);
    return true;
}

/* ---- a new message */

static bool is_office(bool *office, struct ln_special_call *x, const char *account,
                      struct ln_err *err)
{
    const struct ln_where where[] = { { "account", LN_WHERE_IS, account },
                                      { "state", LN_WHERE_IS, "active" } };
    json_t *rows = NULL;

    *office = false;
    if (!ln_special_find(&rows, x, "membership", where, 2, 0, err))
        return false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *role = ln_special_text(json_array_get(rows, i), "role");
        *office = *office || (strcmp(role, "resident") != 0 && strcmp(role, "volunteer") != 0 &&
                              strcmp(role, "merchant") != 0);
    }
    json_decref(rows);
    return true;
}

/* A person may be blocked, an office may not. */
static bool blocked(bool *no, struct ln_special_call *x, const json_t *thread, struct ln_err *err)
{
    const struct ln_where where[] = { { "who", LN_WHERE_IS, x->u->account },
                                      { "kind", LN_WHERE_IS, "block" } };
    const json_t *members = json_object_get(json_object_get(thread, "f"), "members");
    json_t *rows = NULL;
    bool office = false;

    *no = false;
    if (strcmp(ln_special_text(thread, "kind"), "direct") != 0 || x->u->account[0] == '\0')
        return true;
    if (!is_office(&office, x, x->u->account, err))
        return false;
    if (office)
        return true;
    if (!ln_special_find(&rows, x, "quiet", where, 2, 0, err))
        return false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *account = NULL;
        const char *by = ln_special_text(json_array_get(rows, i), "author");
        bool ok = any_record(&account, x, by, err);
        *no = *no || holds(members, by) || holds(members, ln_special_text(account, "person"));
        json_decref(account);
        if (!ok) {
            json_decref(rows);
            return false;
        }
    }
    json_decref(rows);
    return true;
}

static bool check_recall(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "recalls");
    json_t *row = NULL;

    if (id[0] == '\0')
        return true;
    if (!ln_special_get(&row, x, "message", id, err))
        return false;
    bool own = row != NULL && x->u->account[0] != '\0' &&
               strcmp(ln_special_text(row, "author"), x->u->account) == 0 &&
               strcmp(ln_special_text(row, "thread"), ln_special_word(x->f, "thread")) == 0;
    json_decref(row);
    return own || ln_special_refuse(x, LN_DENIED, "只能撤回自己发的消息",
                                    "only one's own message can be recalled", err);
}

static bool may_write(struct ln_special_call *x, const json_t *thread, struct ln_err *err)
{
    struct ln_recipient_place p = place(x);
    bool member = false;
    bool no = false;

    if (x->u->system)
        return true;
    if (!ln_talk_member(&member, &p, thread, x->u, err))
        return false;
    if (!member)
        return ln_fail(err, LN_MISSING, "no such conversation");
    if (json_is_true(json_object_get(json_object_get(thread, "f"), "closed")))
        return ln_special_refuse(x, LN_CONFLICT, "会话已关闭", "the conversation is closed", err);
    if (strcmp(ln_special_text(thread, "kind"), "notice") == 0)
        return ln_special_refuse(x, LN_DENIED, "提醒由系统发出，不用回复；有事请问值班",
                                 "reminders are sent by the node and need no answer: ask the desk",
                                 err);
    if (strcmp(ln_special_text(thread, "kind"), "broadcast") == 0 &&
        strcmp(ln_special_text(thread, "author"), x->u->account) != 0 &&
        !ln_engine_has_role(x->u, "committee"))
        return ln_special_refuse(x, LN_DENIED, "群发只由发出人和居委会续发；有事请找值班",
                                 "only its sender and the committee write here: ask the desk", err);
    if (!blocked(&no, x, thread, err))
        return false;
    return !no || ln_special_refuse(x, LN_DENIED, "对方不接收您的消息",
                                    "they do not take messages from you", err);
}

static bool message_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *thread = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_get(&thread, x, "thread", ln_special_word(x->f, "thread"), err))
        return false;
    bool ok = thread != NULL
                  ? may_write(x, thread, err) && check_recall(x, err) &&
                        (ln_special_text(thread, "by")[0] == '\0' ||
                         sign(x, json_object_get(json_object_get(thread, "f"), "members"), err))
                  : ln_special_problem(x, "thread", "没有这个会话", "is no conversation", err);
    json_decref(thread);
    return ok;
}

/* ---- what the node itself says */

bool ln_talk_tell(struct ln_special_call *x, const char *who, const char *about, const char *body,
                  struct ln_err *err)
{
    const struct ln_where where[] = { { "kind", LN_WHERE_IS, "notice" },
                                      { "members", LN_WHERE_HAS, who } };
    char thread[LN_ID_TEXT + 1];
    json_t *rows = NULL;

    if (!ln_special_find(&rows, x, "thread", where, 2, 0, err))
        return false;
    (void)snprintf(thread, sizeof thread, "%s", ln_special_word(json_array_get(rows, 0), "id"));
    json_decref(rows);
    if (thread[0] == '\0' &&
        !ln_special_add(thread, x, "thread",
                        json_pack("{s:s,s:s,s:[s]}", "kind", "notice", "subject",
                                  LN_SAY_BOTH("提醒", "Reminders"), "members", who),
                        err))
        return false;
    return ln_special_add(
        NULL, x, "message",
        json_pack("{s:s,s:s,s:s}", "thread", thread, "body", body, "about", about), err);
}

/* ---- the desk */

static bool shift_now(char out[LN_ID_TEXT + 1], struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where on = { "state", LN_WHERE_IS, "on" };
    json_t *rows = NULL;

    out[0] = '\0';
    if (!ln_special_find(&rows, x, "duty_shift", &on, 1, 0, err))
        return false;
    if (json_array_size(rows) > 0)
        (void)snprintf(out, LN_ID_TEXT + 1, "%s",
                       ln_special_word(json_array_get(rows, json_array_size(rows) - 1), "id"));
    json_decref(rows);
    return true;
}

/* What somebody asks at the desk waits as an item; what the desk says answers it. */
static bool at_desk(struct ln_special_call *x, const json_t *thread, struct ln_err *err)
{
    const struct ln_where of = { "thread", LN_WHERE_IS, ln_special_word(thread, "id") };
    bool asks = strcmp(ln_special_text(thread, "author"), x->u->account) == 0;
    const char *body = ln_special_word(x->f, "body");
    json_t *rows = NULL;
    bool ok = true;

    if (!ln_special_find(&rows, x, "duty_item", &of, 1, 0, err))
        return false;
    const json_t *last = json_array_get(rows, json_array_size(rows) - (json_array_size(rows) > 0));
    const char *state = ln_special_word(last, "state");
    bool open = strcmp(state, "waiting") == 0 || strcmp(state, "passed") == 0;
    if (asks && !open) {
        json_t *f =
            json_pack("{s:s,s:s}", "question", body, "thread", ln_special_word(thread, "id"));
        if (x->u->person[0] != '\0')
            json_object_set_new(f, "asker", json_string(x->u->person));
        ok = ln_special_add(NULL, x, "duty_item", f, err);
    } else if (!asks && open)
        ok = ln_special_step(x, "duty_item", ln_special_word(last, "id"), "answer", NULL,
                             json_pack("{s:s}", "answer", body), err);
    json_decref(rows);
    return ok;
}

static bool message_after(struct ln_special_call *x, struct ln_err *err)
{
    json_t *thread = NULL;

    if (x->kind != LN_ENGINE_CREATE || x->u->account[0] == '\0')
        return true;
    if (!ln_special_get(&thread, x, "thread", ln_special_word(x->f, "thread"), err))
        return false;
    bool ok = strcmp(ln_special_text(thread, "kind"), "desk") != 0 || at_desk(x, thread, err);
    json_decref(thread);
    return ok;
}

static bool item_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *behalf = ln_special_word(x->f, "on_behalf_of");
    char shift[LN_ID_TEXT + 1];

    if (x->step != NULL && strcmp(x->step->action, "answer") == 0) {
        if (ln_special_word(x->f, "answer")[0] == '\0' &&
            ln_special_text(x->row, "answer")[0] == '\0')
            return ln_special_problem(x, "answer", "请写答复", "say what the answer is", err);
        if (json_object_get(json_object_get(x->row, "f"), "first_reply") == NULL)
            json_object_set_new(x->f, "first_reply", json_integer(x->now_ms));
    }
    if (x->step != NULL && strcmp(x->step->action, "pass") == 0 &&
        ln_special_word(x->f, "passed_to")[0] == '\0')
        return ln_special_problem(x, "passed_to", "请选择转给谁", "say whom it goes to", err);
    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (json_object_get(x->f, "asker") == NULL && (behalf[0] != '\0' || !ln_engine_staff(x->u)) &&
        (behalf[0] != '\0' || x->u->person[0] != '\0'))
        json_object_set_new(x->f, "asker", json_string(behalf[0] != '\0' ? behalf : x->u->person));
    if (json_object_get(x->f, "shift") != NULL)
        return true;
    if (!shift_now(shift, x, err))
        return false;
    if (shift[0] != '\0')
        json_object_set_new(x->f, "shift", json_string(shift));
    return true;
}

static bool waiting_of(json_t **out, struct ln_special_call *x, const char *shift,
                       struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "waiting" },
                                      { "shift", LN_WHERE_IS, shift } };

    return ln_special_find(out, x, "duty_item", where, 2, 0, err);
}

/* A shift does not end with people waiting, unless somebody is told of them. */
static bool shift_before(struct ln_special_call *x, struct ln_err *err)
{
    json_t *rows = NULL;

    if (x->kind == LN_ENGINE_CREATE) {
        int64_t from = json_integer_value(json_object_get(x->f, "starts"));
        if (json_integer_value(json_object_get(x->f, "ends")) <= from)
            return ln_special_problem(x, "ends", "早于开始时间", "is before the beginning", err);
    }
    if (x->step == NULL || strcmp(x->step->action, "end") != 0)
        return true;
    if (!waiting_of(&rows, x, x->id, err))
        return false;
    size_t n = json_array_size(rows);
    json_decref(rows);
    const char *told = ln_special_word(x->f, "handover");
    if (n == 0 || told[0] != '\0' || ln_special_text(x->row, "handover")[0] != '\0')
        return true;
    return ln_special_problem(x, "handover", "还有事项等待答复，请先答复，或写明交班情况",
                              "people still wait: answer them, or write the handover", err);
}

static bool shift_after(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where next = { "state", LN_WHERE_IS, "on,planned" };
    json_t *shifts = NULL;
    json_t *rows = NULL;
    bool ok = true;

    if (x->step == NULL || strcmp(x->step->action, "end") != 0)
        return true;
    if (!ln_special_find(&shifts, x, "duty_shift", &next, 1, 0, err) ||
        !waiting_of(&rows, x, x->id, err)) {
        json_decref(shifts);
        return false;
    }
    const json_t *first = NULL; /* the next to come */
    for (size_t i = 0; i < json_array_size(shifts); i++) {
        const json_t *s = json_array_get(shifts, i);
        int64_t at = json_integer_value(json_object_get(json_object_get(s, "f"), "starts"));
        if (strcmp(ln_special_word(s, "id"), x->id) != 0 &&
            (first == NULL ||
             at < json_integer_value(json_object_get(json_object_get(first, "f"), "starts"))))
            first = s;
    }
    for (size_t i = 0; ok && first != NULL && i < json_array_size(rows); i++)
        ok = ln_special_set(x, "duty_item", ln_special_word(json_array_get(rows, i), "id"),
                            json_pack("{s:s}", "shift", ln_special_word(first, "id")), err);
    json_decref(rows);
    json_decref(shifts);
    return ok;
}

/* ---- confirmations */

/* Staff tick off whoever they met at the door or spoke to; everybody else confirms for oneself. */
static bool receipt_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *who = ln_special_word(x->f, "who");
    const char *how = ln_special_word(x->f, "how");
    const char *self = x->u->person[0] != '\0' ? x->u->person : x->u->account;
    struct ln_recipient_place p = place(x);
    json_t *message = NULL;
    json_t *thread = NULL;
    bool member = false;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (who[0] == '\0')
        json_object_set_new(x->f, "who", json_string(self));
    bool other = who[0] != '\0' && !is_me(x->u, who) && !x->u->system;
    if (other && !ln_engine_staff(x->u))
        return ln_special_refuse(x, LN_DENIED, "只能确认自己的消息",
                                 "one confirms for oneself alone", err);
    if (other && strcmp(how, "visit") != 0 && strcmp(how, "phone") != 0)
        return ln_special_problem(x, "how", "代为确认须注明上门或电话",
                                  "for somebody else: at the door, or by phone", err);
    json_object_set_new(x->f, "confirmed", json_integer(x->now_ms));
    bool ok = ln_special_get(&message, x, "message", ln_special_word(x->f, "message"), err) &&
              ln_special_get(&thread, x, "thread", ln_special_text(message, "thread"), err) &&
              (thread == NULL || ln_talk_member(&member, &p, thread, x->u, err));
    if (ok && !x->u->system && (thread == NULL || (!member && !ln_engine_staff(x->u))))
        ok = ln_special_problem(x, "message", "没有这条消息", "is no message", err);
    json_decref(message);
    json_decref(thread);
    return ok;
}

static bool quiet_before(struct ln_special_call *x, struct ln_err *err)
{
    bool office = false;
    const char *who =
        x->kind == LN_ENGINE_UPDATE ? ln_special_text(x->row, "who") : ln_special_word(x->f, "who");

    if ((x->kind != LN_ENGINE_CREATE && x->kind != LN_ENGINE_UPDATE) ||
        strcmp(ln_special_word(x->f, "kind"), "block") != 0)
        return true;
    return is_office(&office, x, who, err) &&
           (!office || ln_special_problem(x, "who", "不能屏蔽工作人员和单位，可设免打扰",
                                          "an office cannot be blocked, only muted", err));
}

/* ---- circulars */

static bool sign_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *home = ln_special_word(x->f, "by_home");
    json_t *row = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!is_me(x->u, home) && !x->u->system)
        return ln_special_problem(x, "by_home", "只能代表自己的单位签收",
                                  "one signs for one's own home alone", err);
    if (!ln_special_get(&row, x, "circular", ln_special_word(x->f, "circular"), err))
        return false;
    const char *state = ln_special_word(row, "state");
    bool open = strcmp(state, "issued") == 0 || strcmp(state, "done") == 0;
    bool named = holds(json_object_get(json_object_get(row, "f"), "receivers"), home);
    json_decref(row);
    if (!open)
        return ln_special_problem(x, "circular", "文件还没有发出", "has not been issued", err);
    return named ||
           ln_special_problem(x, "by_home", "不在收件单位之列", "is none of its receivers", err);
}

/* ---- reading: sums by building */

struct reading {
    const struct ln_recipient_place *p;
    json_t *persons; /* account: person */
    json_t *stamped; /* person or account: 1 delivered, 2 read, 3 confirmed */
    json_t *asked;   /* accounts among the recipients */
    const char *author;
};

static bool take_account(void *ctx, json_t *row, struct ln_err *err)
{
    struct reading *x = ctx;
    const char *person = ln_special_text(row, "person");

    (void)err;
    if (person[0] != '\0')
        json_object_set_new(x->persons, ln_special_word(row, "id"), json_string(person));
    return true;
}

static void mark(struct reading *x, const char *who, int level)
{
    const char *person = json_string_value(json_object_get(x->persons, who));
    const char *const keys[] = { who, person };

    for (size_t i = 0; i < 2; i++)
        if (keys[i] != NULL && json_integer_value(json_object_get(x->stamped, keys[i])) < level)
            json_object_set_new(x->stamped, keys[i], json_integer(level));
}

static void take_stamp(void *ctx, const struct ln_seen_stamps *s)
{
    mark(ctx, s->who, s->read > 0 ? 2 : 1);
}

static bool take_receipt(void *ctx, json_t *row, struct ln_err *err)
{
    (void)err;
    mark(ctx, ln_special_text(row, "who"), 3);
    return true;
}

static void add_to(json_t *sum, const char *key)
{
    json_object_set_new(sum, key, json_integer(json_integer_value(json_object_get(sum, key)) + 1));
}

static json_t *sum_of(const char *id, const char *name)
{
    return json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i}", "id", id, "name", name, "asked", 0,
                     "delivered", 0, "read", 0, "confirmed", 0, "homes", 0, "homes_read", 0);
}

static void count_one(json_t *sum, int level)
{
    static const char *const words[] = { "asked", "delivered", "read", "confirmed" };

    for (int i = 0; i <= level; i++)
        add_to(sum, words[i]);
}

static bool recipients(json_t **out, const struct ln_recipient_place *p, const json_t *thread,
                       struct ln_err *err)
{
    const char *list = ln_special_text(thread, "list");
    json_t *row = NULL;
    struct ln_id id;

    if (list[0] != '\0' && ln_clock_id_read(&id, ln_span_of(list)) &&
        !ln_query_record(&row, p->s, &id, err))
        return false;
    if (row == NULL) /* its members alone */
        row = json_pack("{s:{s:O?}}", "f", "members",
                        json_object_get(json_object_get(thread, "f"), "members"));
    bool ok = ln_recipient_list(out, p, row, err);
    json_decref(row);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    const char *x = ln_special_word(*(json_t *const *)a, "name");
    const char *y = ln_special_word(*(json_t *const *)b, "name");
    long n = strtol(x, NULL, 10); /* building 9 stands before building 10 */
    long m = strtol(y, NULL, 10);

    return n != m ? (n > m) - (n < m) : strcmp(x, y);
}

static json_t *sorted(const json_t *by_building)
{
    json_t **list = ln_alloc_array(json_object_size(by_building) + 1, sizeof *list);
    json_t *out = json_array();
    const char *key;
    json_t *sum;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)by_building, key, sum)
    {
        list[n++] = sum;
    }
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++)
        json_array_append(out, list[i]);
    ln_free(list);
    return out;
}

/* Where somebody lives, and the furthest that anybody there has got: "building|unit|room". */
static void note_home(json_t *homes, const json_t *one, int level)
{
    const char *room = ln_special_word(one, "room");
    struct ln_buf key = ln_buf_new(600);

    ln_buf_addf(&key, "%s|%s|%s", ln_special_word(one, "building"), ln_special_word(one, "unit"),
                room[0] != '\0' ? room : ln_special_word(one, "id"));
    const json_t *held = json_object_get(homes, key.data);
    if (held == NULL || json_integer_value(held) < level)
        json_object_set_new(homes, key.data, json_integer(level));
    ln_buf_free(&key);
}

/* A household is reached when one of it has read or confirmed. */
static void count_homes(json_t *all, json_t *by_building, json_t *homes)
{
    const char *key;
    json_t *level;

    json_object_foreach(homes, key, level)
    {
        char building[LN_ID_TEXT + 1];
        (void)snprintf(building, sizeof building, "%.*s", (int)strcspn(key, "|"), key);
        json_t *sums[] = { all, json_object_get(by_building, building) };
        for (size_t i = 0; i < 2; i++) {
            add_to(sums[i], "homes");
            if (json_integer_value(level) >= 2)
                add_to(sums[i], "homes_read");
        }
    }
}

static json_t *summed(const struct reading *x, const json_t *people, bool confirm)
{
    json_t *homes = json_object();
    json_t *all = sum_of("", "");
    json_t *by_building = json_object();
    json_t *left = json_array();

    for (size_t i = 0; i < json_array_size(people); i++) {
        json_t *one = json_array_get(people, i);
        const char *id = ln_special_word(one, "id");
        const char *building = ln_special_word(one, "building");
        int level = (int)json_integer_value(json_object_get(x->stamped, id));
        if (strcmp(id, x->author) == 0)
            continue; /* who wrote it has read it */
        if (json_object_get(by_building, building) == NULL)
            json_object_set_new(by_building, building,
                                sum_of(building, ln_special_word(one, "building_name")));
        count_one(json_object_get(by_building, building), level);
        count_one(all, level);
        note_home(homes, one, level);
        if (level < (confirm ? 3 : 2)) {
            json_object_set_new(one, "state",
                                json_string(level == 0   ? "none"
                                            : level == 1 ? "delivered"
                                                         : "read"));
            json_array_append(left, one);
        }
    }
    count_homes(all, by_building, homes);
    json_decref(homes);
    json_object_set_new(all, "buildings", sorted(by_building));
    json_object_set_new(all, "left", left);
    json_decref(by_building);
    return all;
}

bool ln_talk_reading(json_t **out, const struct ln_recipient_place *p, const json_t *thread,
                     const json_t *message, struct ln_err *err)
{
    const char *id = ln_special_word(message, "id");
    const struct ln_where of = { "message", LN_WHERE_IS, id };
    struct reading x = { .p = p, .author = ln_special_text(message, "author") };
    json_t *people = NULL;
    struct ln_id key;
    bool ok = false;

    x.persons = json_object();
    x.stamped = json_object();
    *out = NULL;
    if (!ln_clock_id_read(&key, ln_span_of(id))) {
        (void)ln_fail(err, LN_MISSING, "no such message");
        goto out;
    }
    if (!recipients(&people, p, thread, err) ||
        !ln_recipient_each(p, "account", NULL, 0, take_account, &x, err) ||
        !ln_seen_each(ln_sqlstore_db(p->s), &key, take_stamp, &x, err) ||
        !ln_recipient_each(p, "confirmation", &of, 1, take_receipt, &x, err))
        goto out;
    *out =
        summed(&x, people, json_is_true(json_object_get(json_object_get(message, "f"), "confirm")));
    ok = true;
out:
    json_decref(people);
    json_decref(x.persons);
    json_decref(x.stamped);
    return ok;
}

static bool keep_sum(struct ln_special_call *x, const char *message, const json_t *sum,
                     struct ln_err *err)
{
    static const char *const words[] = { "asked",     "delivered", "read",
                                         "confirmed", "homes",     "homes_read" };
    const char *building = ln_special_word(sum, "id");
    const struct ln_where where[] = { { "message", LN_WHERE_IS, message },
                                      { "building", LN_WHERE_IS, building } };
    json_t *rows = NULL;
    json_t *f = json_object();

    if (!ln_special_find(&rows, x, "reading", where, 2, 0, err)) {
        json_decref(f);
        return false;
    }
    const json_t *held = json_array_get(rows, 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        json_object_set(f, words[i], json_object_get(sum, words[i]));
    bool ok;
    if (held != NULL) /* only what differs is written */
        ok = ln_special_set(x, "reading", ln_special_word(held, "id"), f, err);
    else {
        json_object_set_new(f, "message", json_string(message));
        if (building[0] != '\0')
            json_object_set_new(f, "building", json_string(building));
        ok = ln_special_add(NULL, x, "reading", f, err);
    }
    json_decref(rows);
    return ok;
}

static bool keep_sums(struct ln_special_call *x, const json_t *thread, const json_t *message,
                      struct ln_err *err)
{
    struct ln_recipient_place p = place(x);
    json_t *sums = NULL;

    if (!ln_talk_reading(&sums, &p, thread, message, err))
        return false;
    const json_t *list = json_object_get(sums, "buildings");
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(list); i++)
        ok = keep_sum(x, ln_special_word(message, "id"), json_array_get(list, i), err);
    json_decref(sums);
    return ok;
}

static void count_stamp(void *ctx, const struct ln_seen_stamps *s)
{
    int64_t *n = ctx;

    *n += s->read > 0 ? 2 : 1;
}

static bool count_row(void *ctx, json_t *row, struct ln_err *err)
{
    int64_t *n = ctx;

    (void)row;
    (void)err;
    (*n)++;
    return true;
}

/* Whether anybody has read or confirmed since the sums were last made. */
static bool moved(bool *yes, struct ln_special_call *x, const char *message, struct ln_err *err)
{
    const struct ln_where of = { "message", LN_WHERE_IS, message };
    struct ln_recipient_place p = place(x);
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf kept = ln_buf_new(64);
    struct ln_id id;
    char key[64];
    char now[64];
    int64_t stamps = 0;
    int64_t receipts = 0;
    bool found = false;
    bool ok = false;

    *yes = false;
    (void)snprintf(key, sizeof key, "talk/sums/%s", message);
    if (!ln_clock_id_read(&id, ln_span_of(message)) ||
        !ln_seen_each(ln_sqlstore_db(x->e->writer), &id, count_stamp, &stamps, err) ||
        !ln_recipient_each(&p, "confirmation", &of, 1, count_row, &receipts, err) ||
        !s->ops->meta_get(s->ctx, key, &kept, &found, err))
        goto out;
    (void)snprintf(now, sizeof now, "%lld/%lld", (long long)stamps, (long long)receipts);
    *yes = !found || strcmp(kept.data, now) != 0;
    ok = !*yes || s->ops->meta_put(s->ctx, key, ln_span_of(now), err);
out:
    ln_buf_free(&kept);
    return ok;
}

static bool newest(json_t **out, struct ln_special_call *x, const char *collection,
                   const struct ln_where *where, struct ln_err *err)
{
    struct ln_list l = { .coll = ln_def_find(x->e->def, collection)->coll,
                         .where = where,
                         .n = 1,
                         .sort = "id",
                         .descending = true,
                         .limit = FOLLOWED };

    *out = json_array();
    return ln_query_list(*out, NULL, x->e->writer, &l, err);
}

static bool keep_thread(struct ln_special_call *x, const json_t *thread, struct ln_err *err)
{
    const struct ln_where of = { "thread", LN_WHERE_IS, ln_special_word(thread, "id") };
    json_t *messages = NULL;
    bool ok = newest(&messages, x, "message", &of, err);

    for (size_t k = 0; ok && k < json_array_size(messages); k++) {
        const json_t *m = json_array_get(messages, k);
        int64_t at = json_integer_value(json_object_get(m, "created"));
        bool yes = false;
        if (x->now_ms - at < LN_TALK_FOLLOWED_DAYS * DAY_MS)
            ok = moved(&yes, x, ln_special_word(m, "id"), err) &&
                 (!yes || keep_sums(x, thread, m, err));
    }
    json_decref(messages);
    return ok;
}

/* Sums per building of broadcasts of the last days, for the statistics and for the laptops. */
static bool reading_tick(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where broadcast = { "kind", LN_WHERE_IS, "broadcast" };
    json_t *threads = NULL;
    bool yes = false;
    bool ok = newest(&threads, x, "thread", &broadcast, err);

    if (ok && json_array_size(threads) > 0)
        ok = ln_special_due(&yes, x, "talk/at", SUMS_EVERY_MS, err);
    for (size_t i = 0; ok && yes && i < json_array_size(threads); i++)
        ok = keep_thread(x, json_array_get(threads, i), err);
    json_decref(threads);
    return ok;
}

const struct ln_special ln_talk_special[] = {
    { .collection = "thread", .before = thread_before },
    { .collection = "message", .before = message_before, .after = message_after },
    { .collection = "confirmation", .before = receipt_before },
    { .collection = "reading", .tick = reading_tick },
    { .collection = "quiet", .before = quiet_before },
    { .collection = "circular_sign", .before = sign_before },
    { .collection = "duty_shift", .before = shift_before, .after = shift_after },
    { .collection = "duty_item", .before = item_before },
    { .collection = NULL },
};
