/* Roles, consent, requests, module settings: see identity.h. */
#include "node/module/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/workday.h"

/* ---- roles */

static bool one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static const char *const ADMINS[] = { "admin", "security", "auditor", NULL };
static const char *const OFFICES[] = { "committee", "party", "clerk", NULL };

/* The three rights of administration, which the account may hold one of. */
static bool other_admin(bool *other, struct ln_special_call *x, const char *account,
                        const char *role, struct ln_err *err)
{
    struct ln_where where[] = { { "account", LN_WHERE_IS, account },
                                { "state", LN_WHERE_IS, "active,proposed" } };
    json_t *rows;
    bool ok = ln_special_find(&rows, x, "membership", where, 2, 0, err);

    *other = false;
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const char *held = ln_special_text(json_array_get(rows, i), "role");
        const char *ends = ln_special_text(json_array_get(rows, i), "ends");
        if (strcmp(held, role) != 0 && one_of(held, ADMINS) &&
            (ends[0] == '\0' || strcmp(ends, x->today) >= 0))
            *other = true;
    }
    json_decref(rows);
    return ok;
}

static bool check_admins(struct ln_special_call *x, const char *account, const char *role,
                         struct ln_err *err)
{
    bool other;

    if (!one_of(role, ADMINS))
        return true;
    return other_admin(&other, x, account, role, err) &&
           (!other || ln_special_refuse(x, LN_CONFLICT,
                                        "系统管理、安全管理、审计管理三种权限不能由同一人兼任",
                                        "System, security and audit administration are three "
                                        "rights that one person cannot hold together",
                                        err));
}

/* Who may grant what: committee local roles; committee, party and department roles a clerk, over
 * the link when the box has a parent (without one, an administrator may); administration two
 * people, neither of them the one it is for. */
static bool check_grant(struct ln_special_call *x, struct ln_err *err)
{
    const char *role = ln_special_text(x->row, "role");
    const char *account = ln_special_text(x->row, "account");
    bool clerk = ln_engine_has_role(x->u, "clerk");
    bool admin = ln_engine_has_role(x->u, "admin") || ln_engine_has_role(x->u, "security");

    if (x->u->account[0] != '\0' && strcmp(account, x->u->account) == 0)
        return ln_special_refuse(x, LN_DENIED, "不能给自己授予角色",
                                 "Nobody grants a role to oneself", err);
    if (one_of(role, OFFICES) && !clerk && (!admin || ln_replica_self(x->r)->parent[0] != '\0'))
        return ln_special_refuse(x, LN_DENIED,
                                 "居委会、党组织和部门角色由街道或区县经办授予：提名已送达上级，"
                                 "请等待批准",
                                 "Committee, party and department roles are granted by a clerk of "
                                 "the subdistrict or district: the proposal is there, wait for it",
                                 err);
    if (one_of(role, ADMINS) && !clerk && !admin)
        return ln_special_refuse(x, LN_DENIED, "管理员角色由另一名管理员或经办授予",
                                 "An administrator's role is granted by another administrator or a "
                                 "clerk",
                                 err);
    return check_admins(x, account, role, err);
}

/* Who is meant, for those who read the membership and not the account: the name that she shows. */
static bool name_holder(struct ln_special_call *x, struct ln_err *err)
{
    json_t *account = NULL;

    if (!ln_special_get(&account, x, "account", ln_special_word(x->f, "account"), err))
        return false;
    if (ln_special_text(account, "shown_name")[0] != '\0')
        json_object_set(x->f, "holder",
                        json_object_get(json_object_get(account, "f"), "shown_name"));
    json_decref(account);
    return true;
}

static bool membership_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE && !name_holder(x, err))
        return false;
    if (x->u->system)
        return true;
    if (x->kind == LN_ENGINE_STEP)
        return strcmp(x->step->action, "grant") != 0 || check_grant(x, err);
    if (x->kind == LN_ENGINE_UPDATE && x->row != NULL &&
        (json_object_get(x->f, "role") != NULL || json_object_get(x->f, "account") != NULL ||
         json_object_get(x->f, "home") != NULL))
        return ln_special_refuse(x, LN_DENIED, "角色、账号和组织不能改，请结束后另行提出",
                                 "Role, account and home are not changed: end it and propose anew",
                                 err);
    if (x->kind != LN_ENGINE_CREATE)
        return true;
    return check_admins(x, ln_special_word(x->f, "account"), ln_special_word(x->f, "role"), err);
}

/* ---- who holds an office, for everybody (MODULES M1: membership P for office holders) */

static const char *const PUBLIC[] = { "committee", "party", "centre", "supervisor", "clerk", NULL };
#define PUBLIC_ROLES "committee,party,centre,supervisor,clerk"

static json_t *card_of(const json_t *m)
{
    static const char *const fields[] = {
        "holder", "home", "role", "title", "starts", "ends", NULL
    };
    json_t *f = json_object();

    for (const char *const *name = fields; *name != NULL; name++) {
        json_t *v = json_object_get(json_object_get(m, "f"), *name);
        json_object_set(f, *name, v != NULL ? v : json_null());
    }
    return f;
}

/* The public card of a membership says what it says while it is in force, and goes with it. */
static bool put_card(struct ln_special_call *x, const char *id, const json_t *m, struct ln_err *err)
{
    struct ln_where where[] = { { "membership", LN_WHERE_IS, id } };
    json_t *cards = NULL;
    bool held = m != NULL && strcmp(ln_special_word(m, "state"), "active") == 0 &&
                one_of(ln_special_text(m, "role"), PUBLIC) &&
                ln_special_text(m, "holder")[0] != '\0';
    bool ok = ln_special_find(&cards, x, "office_holder", where, 1, 0, err);
    const char *card = ok ? ln_special_word(json_array_get(cards, 0), "id") : "";

    if (ok && held && card[0] != '\0')
        ok = ln_special_set(x, "office_holder", card, card_of(m), err);
    else if (ok && held) {
        json_t *f = card_of(m);
        json_object_set_new(f, "membership", json_string(id));
        ok = ln_special_add(NULL, x, "office_holder", f, err);
    } else if (ok && card[0] != '\0')
        ok = ln_special_delete(x, "office_holder", card, err);
    json_decref(cards);
    return ok;
}

static bool membership_after(struct ln_special_call *x, struct ln_err *err)
{
    json_t *m = NULL;

    if (!ln_special_get(&m, x, "membership", x->id, err))
        return false;
    const char *region = ln_special_word(x->row != NULL ? x->row : m, "region");
    bool ok = !ln_special_owns(x, region) || put_card(x, x->id, m, err);
    json_decref(m);
    return ok;
}

static bool name_later(struct ln_special_call *x, json_t *m, struct ln_err *err)
{
    struct ln_special_call y = *x;
    bool ok = true;

    y.f = json_pack("{s:O}", "account", json_object_get(json_object_get(m, "f"), "account"));
    if (name_holder(&y, err) && json_object_get(y.f, "holder") != NULL) {
        json_object_set(json_object_get(m, "f"), "holder", json_object_get(y.f, "holder"));
        ok = ln_special_set(x, "membership", ln_special_word(m, "id"),
                            json_pack("{s:O}", "holder", json_object_get(y.f, "holder")), err);
    }
    json_decref(y.f);
    return ok && err->code == LN_OK;
}

/* What was granted, changed or ended elsewhere: few hold an office, so all are looked at. */
static bool membership_tick(struct ln_special_call *x, struct ln_err *err)
{
    const char *region = ln_replica_self(x->r)->region;
    const struct ln_where held[] = { { "state", LN_WHERE_IS, "active" },
                                     { "region", LN_WHERE_IS, region },
                                     { "role", LN_WHERE_IS, PUBLIC_ROLES } };
    const struct ln_where shown[] = { { "region", LN_WHERE_IS, region } };
    json_t *rows = NULL;
    json_t *cards = NULL;
    json_t *have = json_object();
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "membership", held, 3, 0, err) &&
              ln_special_find(&cards, x, "office_holder", shown, 1, 0, err);

    json_array_foreach(cards, i, row)
    {
        json_object_set(have, ln_special_text(row, "membership"), row);
    }
    json_array_foreach(rows, i, row)
    {
        const char *id = ln_special_word(row, "id");
        if (ok && ln_special_text(row, "holder")[0] == '\0') /* of an earlier version */
            ok = name_later(x, row, err);
        if (ok && json_object_get(have, id) == NULL)
            ok = put_card(x, id, row, err);
        json_object_del(have, id);
    }
    const char *id;
    json_object_foreach(have, id, row)
    {
        if (ok)
            ok = ln_special_delete(x, "office_holder", ln_special_word(row, "id"), err);
    }
    json_decref(have);
    json_decref(cards);
    json_decref(rows);
    return ok;
}

/* ---- consent */

/* Full years on the day `today`; -1 unknown. */
static int age(const char *birth, const char *today)
{
    if (strlen(birth) != 10)
        return -1;
    return (int)(strtol(today, NULL, 10) - strtol(birth, NULL, 10)) -
           (strcmp(today + 5, birth + 5) < 0);
}

static bool consent_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *person = ln_special_word(x->f, "person");
    const char *guardian = ln_special_word(x->f, "guardian");
    json_t *row = NULL;
    bool ok = true;

    if (x->kind != LN_ENGINE_CREATE || strcmp(ln_special_word(x->f, "basis"), "consent") != 0)
        return true;
    if (!ln_special_get(&row, x, "person", person, err))
        return false;
    int years = age(ln_special_text(row, "birth"), x->today);
    if (years >= 0 && years < LN_IDENTITY_CHILD && guardian[0] == '\0')
        ok = ln_special_problem(x, "guardian", "未满 14 周岁，须由监护人同意，请填写监护人",
                                "under 14 a guardian consents: name the guardian", err);
    else if (guardian[0] != '\0' && strcmp(guardian, person) == 0)
        ok = ln_special_problem(x, "guardian", "监护人不能是本人", "cannot be the person", err);
    json_decref(row);
    return ok;
}

/* ---- requests about one's own data */

static bool request_before(struct ln_special_call *x, struct ln_err *err)
{
    char due[11];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_workday_after(due, x, x->today, LN_IDENTITY_REQUEST_DAYS, err))
        return false;
    json_object_set_new(x->f, "due", json_string(due));
    return true;
}

/* ---- modules */

static bool setting_before(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *on = json_object_get(x->f, "enabled");
    const char *module = ln_special_word(x->f, "module");

    if (module[0] == '\0')
        module = ln_special_text(x->row, "module");
    if (strcmp(module, "home") == 0 && json_is_false(on))
        return ln_special_problem(x, "enabled", "安家与身份是登录的基础，不能停用",
                                  "logins stand in this module: it cannot be switched off", err);
    if (x->kind == LN_ENGINE_CREATE && json_is_false(on) &&
        ln_special_word(x->f, "starts")[0] == '\0')
        json_object_set_new(x->f, "starts", json_string(x->today)); /* off since when */
    return true;
}

const struct ln_special ln_identity_special[] = {
    { .collection = "membership",
      .before = membership_before,
      .after = membership_after,
      .tick = membership_tick },
    { .collection = "consent", .before = consent_before },
    { .collection = "subject_request", .before = request_before },
    { .collection = "module_setting", .before = setting_before },
    { .collection = NULL },
};
