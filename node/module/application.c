/* Applications and issued papers: see application.h. */
#include "node/module/application.h"

#include <stdio.h>
#include <string.h>

#include "node/module/check.h"
#include "node/module/workday.h"

#define VALUE_MAX 2000 /* bytes of one form field */

static json_t *part(const json_t *row, const char *field)
{
    return json_object_get(json_object_get(row, "f"), field);
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && strcmp(x->step->action, action) == 0;
}

/* ---- bound fields */

static const char *bound_name(const json_t *entry)
{
    const char *b = ln_special_word(entry, "bound_to");

    return strncmp(b, "person.", 7) == 0 ? b + 7 : "";
}

json_t *ln_application_bound(const struct ln_def *def, const json_t *item, const json_t *person,
                             bool mask)
{
    const struct ln_def_coll *c = ln_def_find(def, "person");
    json_t *out = json_object();
    size_t i;
    json_t *entry;

    json_array_foreach(part(item, "form"), i, entry)
    {
        const char *name = bound_name(entry);
        const struct ln_def_field *f = name[0] != '\0' ? ln_def_field(c, name) : NULL;
        const char *value = ln_special_text(person, name);
        char masked[128];
        if (f == NULL || value[0] == '\0')
            continue;
        if (mask && f->mark == LN_MARK_SENSITIVE) {
            ln_check_mask(masked, sizeof masked, f, value);
            value = masked;
        }
        for (size_t k = 0; f->codes != NULL && k < f->codes->n; k++)
            if (strcmp(f->codes->list[k].code, value) == 0)
                value = f->codes->list[k].label.zh;
        json_object_set_new(out, ln_special_word(entry, "key"), json_string(value));
    }
    return out;
}

/* ---- the form */

static bool in_choices(const json_t *choices, const char *value)
{
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (strcmp(json_string_value(json_array_get(choices, i)) != NULL
                       ? json_string_value(json_array_get(choices, i))
                       : "",
                   value) == 0)
            return true;
    return false;
}

static void say(struct ln_special_call *x, const json_t *entry, const char *zh, const char *en)
{
    char a[512];
    char b[512];
    struct ln_err unused = { 0 };

    (void)snprintf(a, sizeof a, "%s %s", ln_special_word(entry, "label"), zh);
    (void)snprintf(b, sizeof b, "%s %s", ln_special_word(entry, "label"), en);
    (void)ln_special_problem(x, "form", a, b, &unused);
}

static void check_entry(struct ln_special_call *x, const json_t *entry, const char *value)
{
    const char *type = ln_special_word(entry, "type");
    size_t digits = strspn(value, "0123456789");

    if (value[0] == '\0') {
        if (json_is_true(json_object_get(entry, "required")))
            say(x, entry, "必填", "is required");
    } else if (strlen(value) > VALUE_MAX)
        say(x, entry, "太长", "is too long");
    else if (strcmp(type, "int") == 0 && (value[digits] != '\0' || digits > 12))
        say(x, entry, "应为数字", "must be a number");
    else if (strcmp(type, "date") == 0 && !ln_check_date(value))
        say(x, entry, "应为日期，如 2026-11-24", "must be a date such as 2026-11-24");
    else if (strcmp(type, "choice") == 0 && !in_choices(json_object_get(entry, "choices"), value))
        say(x, entry, "不在可选值中", "is none of the choices");
}

/* Only what the item asks for; what it takes from the registry fills itself. */
static bool settle_form(struct ln_special_call *x, const json_t *item, json_t *form,
                        const json_t *bound, const json_t *masked, struct ln_err *err)
{
    const json_t *entries = part(item, "form");
    size_t i;
    json_t *entry;
    json_t *known = json_object();
    const char *key;
    json_t *value;

    json_array_foreach((json_t *)(uintptr_t)entries, i, entry)
    {
        const char *name = ln_special_word(entry, "key");
        const char *given = ln_special_word(form, name);
        bool own = given[0] == '\0' || strcmp(given, ln_special_word(masked, name)) == 0;
        if (own && json_object_get(bound, name) != NULL) /* or shown masked, and left so */
            json_object_set(form, name, json_object_get(bound, name));
        json_object_set_new(known, name, json_true());
        check_entry(x, entry, ln_special_word(form, name));
    }
    json_object_foreach(form, key, value)
    {
        struct ln_err unused = { 0 };
        if (json_object_get(known, key) == NULL || !json_is_string(value))
            (void)ln_special_problem(x, "form", "有不属于这张表的内容",
                                     "holds what is not on this form", &unused);
    }
    json_decref(known);
    return json_array_size(x->problems) == 0 ||
           ln_fail(err, LN_INVALID, "the form is not complete");
}

/* What the applicant corrected goes to the registry as a request, never over it (R7). */
static bool ask_correction(struct ln_special_call *x, const json_t *item, const json_t *form,
                           const json_t *bound, const char *person, struct ln_err *err)
{
    json_t *patch = json_object();
    size_t i;
    json_t *entry;
    const struct ln_def_coll *c = ln_def_find(x->e->def, "person");

    json_array_foreach(part(item, "form"), i, entry)
    {
        const char *key = ln_special_word(entry, "key");
        const char *name = bound_name(entry);
        const struct ln_def_field *f = name[0] != '\0' ? ln_def_field(c, name) : NULL;
        const char *now = ln_special_word(bound, key);
        const char *given = ln_special_word(form, key);
        if (f != NULL && f->codes == NULL && given[0] != '\0' && strcmp(now, given) != 0)
            json_object_set_new(patch, name, json_string(given));
    }
    bool any = json_object_size(patch) > 0;
    bool ok = !any || ln_special_add(NULL, x, "change_request",
                                     json_pack("{s:s,s:O,s:s}", "target", person, "patch", patch,
                                               "reason", "办事申请时更正"),
                                     err);
    json_decref(patch);
    return ok;
}

/* ---- papers that come along */

/* A reusable paper that was seen with an earlier application need not be brought again. */
static const char *seen_before(const json_t *earlier, const char *name)
{
    size_t i;
    json_t *row;
    size_t k;
    json_t *m;

    json_array_foreach((json_t *)(uintptr_t)earlier, i, row)
    {
        json_array_foreach(part(row, "materials"), k, m)
        {
            const char *state = ln_special_word(m, "state");
            if (strcmp(ln_special_word(m, "name"), name) == 0 &&
                (strcmp(state, "given") == 0 || strcmp(state, "shown") == 0))
                return ln_special_text(row, "no");
        }
    }
    return NULL;
}

static bool list_materials(struct ln_special_call *x, const json_t *item, const char *person,
                           struct ln_err *err)
{
    const struct ln_where where[] = { { "person", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS,
                                        "accepted,handling,decided,delivered,rated" } };
    json_t *earlier = NULL;
    json_t *list = json_array();
    size_t i;
    json_t *m;

    if (!ln_special_find(&earlier, x, "application", where, 2, 0, err)) {
        json_decref(list);
        json_decref(earlier);
        return false;
    }
    json_array_foreach(part(item, "materials"), i, m)
    {
        const char *name = ln_special_word(m, "name");
        const char *no =
            json_is_true(json_object_get(m, "reusable")) ? seen_before(earlier, name) : NULL;
        json_t *o = json_pack("{s:s,s:s}", "name", name, "state", no != NULL ? "shown" : "missing");
        if (no != NULL)
            json_object_set_new(o, "note", json_sprintf("沿用 %s", no));
        json_array_append_new(list, o);
    }
    json_object_set_new(x->f, "materials", list);
    json_decref(earlier);
    return true;
}

/* Nothing is accepted while a required paper is missing. */
static bool all_there(struct ln_special_call *x, const json_t *item, struct ln_err *err)
{
    const json_t *given = json_object_get(x->f, "materials");
    const json_t *list = given != NULL ? given : part(x->row, "materials");
    size_t i;
    json_t *m;

    json_array_foreach(part(item, "materials"), i, m)
    {
        const char *name = ln_special_word(m, "name");
        bool there = !json_is_true(json_object_get(m, "required"));
        for (size_t k = 0; !there && k < json_array_size(list); k++) {
            const json_t *one = json_array_get(list, k);
            there = strcmp(ln_special_word(one, "name"), name) == 0 &&
                    strcmp(ln_special_word(one, "state"), "missing") != 0;
        }
        if (!there) {
            char zh[300];
            char en[300];
            struct ln_err unused = { 0 };
            (void)snprintf(zh, sizeof zh, "还缺 %s", name);
            (void)snprintf(en, sizeof en, "%s is missing", name);
            (void)ln_special_problem(x, "materials", zh, en, &unused);
        }
    }
    return json_array_size(x->problems) == 0 || ln_fail(err, LN_INVALID, "papers are missing");
}

/* ---- applications */

static bool may_apply(struct ln_special_call *x, const json_t *item, struct ln_err *err)
{
    char zh[600];
    char en[600];

    if (item == NULL || strcmp(ln_special_word(item, "state"), "published") != 0)
        return ln_special_problem(x, "item", "没有公布这个事项", "this service is not offered",
                                  err);
    if (!json_is_true(part(item, "not_ours")))
        return true;
    (void)snprintf(zh, sizeof zh, "社区不出具，请到：%s", ln_special_text(item, "office"));
    (void)snprintf(en, sizeof en, "the community does not issue it; go to: %s",
                   ln_special_text(item, "office"));
    return ln_special_refuse(x, LN_DENIED, zh, en, err);
}

static bool begin_application(struct ln_special_call *x, struct ln_err *err)
{
    json_t *item = NULL;
    json_t *person = NULL;
    bool ok = ln_special_get(&item, x, "service_item", ln_special_word(x->f, "item"), err) &&
              may_apply(x, item, err) &&
              ln_special_get(&person, x, "person", ln_special_word(x->f, "person"), err);

    if (ok && person == NULL)
        ok = ln_special_problem(x, "person", "登记中没有此人", "is not in the registry", err);
    if (ok && json_object_get(x->f, "phone") == NULL && ln_special_text(person, "phone")[0] != '\0')
        json_object_set_new(x->f, "phone", json_string(ln_special_text(person, "phone")));
    if (ok) {
        json_object_set_new(x->f, "how", json_string(x->channel));
        json_object_set_new(x->f, "now_at", json_string(ln_special_text(item, "provider")));
        json_object_set_new(x->f, "returned", json_false());
    }
    json_decref(person);
    json_decref(item);
    return ok;
}

static bool submit(struct ln_special_call *x, const json_t *item, struct ln_err *err)
{
    const char *person_id = ln_special_text(x->row, "person");
    json_t *given = json_object_get(x->f, "form");
    json_t *held = part(x->row, "form");
    json_t *form = given != NULL  ? json_deep_copy(given)
                   : held != NULL ? json_deep_copy(held)
                                  : json_object();
    json_t *person = NULL;
    bool ok = may_apply(x, item, err) && ln_special_get(&person, x, "person", person_id, err);
    json_t *bound = ok ? ln_application_bound(x->e->def, item, person, false) : NULL;
    json_t *masked = ok ? ln_application_bound(x->e->def, item, person, true) : NULL;

    ok = ok && settle_form(x, item, form, bound, masked, err) &&
         ask_correction(x, item, form, bound, person_id, err);
    if (ok && json_object_size(form) > 0)
        json_object_set(x->f, "form", form);
    if (ok && part(x->row, "materials") == NULL)
        ok = list_materials(x, item, person_id, err);
    json_decref(masked);
    json_decref(bound);
    json_decref(person);
    json_decref(form);
    return ok;
}

static bool accept(struct ln_special_call *x, const json_t *item, struct ln_err *err)
{
    char due[11];

    if (!all_there(x, item, err) ||
        !ln_workday_after(due, x, x->today, json_integer_value(part(item, "promise_days")), err))
        return false;
    json_object_set_new(x->f, "due", json_string(due));
    json_object_set_new(x->f, "accepted_on", json_string(x->today));
    return true;
}

static bool decide(struct ln_special_call *x, struct ln_err *err)
{
    const char *since = ln_special_text(x->row, "accepted_on");
    const char *due = ln_special_text(x->row, "due");
    int64_t days = 0;

    if (json_object_get(x->f, "granted") == NULL)
        return ln_special_problem(x, "granted", "请选择准予或不予", "say whether it is granted",
                                  err);
    if (ln_special_word(x->f, "result")[0] == '\0')
        return ln_special_problem(x, "result", "请写明结果和理由", "say the result and why", err);
    if (since[0] != '\0' && !ln_workday_between(&days, x, since, x->today, err))
        return false;
    json_object_set_new(x->f, "days", json_integer(days));
    json_object_set_new(x->f, "on_time",
                        json_boolean(due[0] == '\0' || strcmp(x->today, due) <= 0));
    return true;
}

static bool step_application(struct ln_special_call *x, struct ln_err *err)
{
    json_t *item = NULL;
    bool ok = ln_special_get(&item, x, "service_item", ln_special_text(x->row, "item"), err);

    if (ok && is_step(x, "submit"))
        ok = submit(x, item, err);
    else if (ok && is_step(x, "accept"))
        ok = accept(x, item, err);
    else if (ok && is_step(x, "return")) {
        if (json_array_size(json_object_get(x->f, "missing")) == 0)
            ok = ln_special_problem(x, "missing", "请一次写全需要补正的内容",
                                    "write the whole list of what is missing", err);
        else
            json_object_set_new(x->f, "returned", json_true());
    } else if (ok && is_step(x, "decide"))
        ok = decide(x, err);
    else if (ok && is_step(x, "rate") && !json_is_integer(json_object_get(x->f, "score")))
        ok = ln_special_problem(x, "score", "请打分", "a score is needed", err);
    json_decref(item);
    return ok;
}

static bool before_application(struct ln_special_call *x, struct ln_err *err)
{
    const char *state = ln_special_word(x->row, "state");

    if (x->kind == LN_ENGINE_CREATE)
        return begin_application(x, err);
    if (x->kind == LN_ENGINE_STEP)
        return step_application(x, err);
    if (x->kind == LN_ENGINE_UPDATE && !ln_engine_staff(x->u) && !x->u->system &&
        strcmp(state, "draft") != 0 && strcmp(state, "returned") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "已提交，不能再改；需要时请撤回重新申请",
                                 "it was handed in and cannot be changed; withdraw it if needed",
                                 err);
    return true;
}

/* ---- issued papers */

static bool paper_allowed(struct ln_special_call *x, struct ln_err *err)
{
    json_t *application = NULL;
    json_t *item = NULL;
    const char *id = ln_special_word(x->f, "application");
    bool ok = ln_special_get(&application, x, "application", id, err);

    if (ok && id[0] != '\0' && application == NULL)
        ok = ln_special_problem(x, "application", "没有这个申请", "there is no such application",
                                err);
    if (ok && application != NULL) {
        ok = ln_special_get(&item, x, "service_item", ln_special_text(application, "item"), err);
        if (ok && item != NULL && json_is_true(part(item, "not_ours")))
            ok = may_apply(x, item, err);
        if (ok &&
            strcmp(ln_special_text(application, "person"), ln_special_word(x->f, "person")) != 0)
            ok = ln_special_problem(x, "person", "不是申请人", "is not the applicant", err);
    }
    json_decref(item);
    json_decref(application);
    return ok;
}

static bool before_paper(struct ln_special_call *x, struct ln_err *err)
{
    char serial[48];
    char code[9];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_owns(x, ln_replica_self(x->r)->region))
        return ln_special_refuse(x, LN_DENIED, "证明只能在社区主机上编号出具",
                                 "papers are numbered on the community's box only", err);
    if (!paper_allowed(x, err) || !ln_special_serial(serial, x, 'Z', err))
        return false;
    ln_special_code(code);
    json_object_set_new(x->f, "serial", json_string(serial));
    json_object_set_new(x->f, "check_code", json_string(code));
    json_object_set_new(x->f, "date", json_string(x->today));
    if (x->u->account[0] != '\0')
        json_object_set_new(x->f, "signed_by", json_string(x->u->account));
    return true;
}

/* ---- service items: keys of form fields are names, each once */
static bool before_item(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *form = json_object_get(x->f, "form");
    size_t i;
    json_t *e;

    if (json_array_size(form) > LN_APPLICATION_FORM)
        return ln_special_problem(x, "form", "项目太多", "has too many fields", err);
    json_array_foreach((json_t *)(uintptr_t)form, i, e)
    {
        const char *key = ln_special_word(e, "key");
        if (key[0] == '\0' || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
            return ln_special_problem(x, "form", "键只能用小写英文字母、数字和下划线",
                                      "a key holds small letters, digits and underscores", err);
        for (size_t k = 0; k < i; k++)
            if (strcmp(key, ln_special_word(json_array_get(form, k), "key")) == 0)
                return ln_special_problem(x, "form", "有两项的键相同", "two keys are the same",
                                          err);
    }
    if (json_is_true(json_object_get(x->f, "not_ours")) &&
        ln_special_word(x->f, "office")[0] == '\0' && ln_special_text(x->row, "office")[0] == '\0')
        return ln_special_problem(x, "office", "请写明由哪个单位办理", "say which office does it",
                                  err);
    return true;
}

/* What the fields of the form are called, beside the keys under which they stand. */
static void show_application(const struct ln_special_read *x, json_t *row)
{
    struct ln_err why = { 0 };
    json_t *labels = json_object();
    json_t *item = NULL;
    struct ln_id id;
    size_t i;
    json_t *e;

    if (json_is_object(json_object_get(json_object_get(row, "f"), "form")) &&
        ln_clock_id_read(&id, ln_span_of(ln_special_text(row, "item"))) &&
        ln_query_record(&item, x->s, &id, &why))
        json_array_foreach(json_object_get(json_object_get(item, "f"), "form"), i, e)
            json_object_set_new(labels, ln_special_word(e, "key"),
                                json_string(ln_special_word(e, "label")));
    json_decref(item);
    if (json_object_size(labels) > 0)
        json_object_set_new(row, "words", json_pack("{s:O}", "form", labels));
    json_decref(labels);
}

const struct ln_special ln_application_special[] = {
    { .collection = "service_item", .before = before_item },
    { .collection = "application", .before = before_application, .show = show_application },
    { .collection = "issued_paper", .before = before_paper },
    { .collection = NULL },
};
