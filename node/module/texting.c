/* What short messages mean: see texting.h. */
#include "node/module/texting.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define TITLE_CHARS 20

/* ---- numbers: with and without the country's code */

static void spellings(char out[96], const char *phone)
{
    const char *bare = strncmp(phone, "+86", 3) == 0 ? phone + 3 : phone;

    (void)snprintf(out, 96, "%.20s,+86%.20s", bare, bare);
}

static const char *bare_of(const char *phone)
{
    return strncmp(phone, "+86", 3) == 0 ? phone + 3 : phone;
}

static bool newest(json_t **out, struct ln_special_call *x, const char *collection,
                   const struct ln_where *where, size_t n, struct ln_err *err)
{
    struct ln_list l = { .coll = ln_def_find(x->e->def, collection)->coll,
                         .where = where,
                         .n = n,
                         .sort = "id",
                         .descending = true,
                         .limit = LN_TEXTING_HOURLY + 1 };

    *out = json_array();
    return ln_query_list(*out, NULL, x->e->writer, &l, err);
}

static bool person_of(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *phones,
                      struct ln_err *err)
{
    const struct ln_where where = { "phone", LN_WHERE_IS, phones };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "person", &where, 1, 0, err);

    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(rows, 0), "id"));
    json_decref(rows);
    return ok;
}

/* ---- saying something */

static bool say(struct ln_special_call *x, const char *phone, const char *template,
                const char *purpose, const char *ref, const char *text, struct ln_err *err)
{
    json_t *f = json_pack("{s:s,s:s,s:s,s:{s:s}}", "phone", bare_of(phone), "template", template,
                          "purpose", purpose, "params", "text", text);

    if (ref[0] != '\0')
        json_object_set_new(f, "ref", json_string(ref));
    return ln_special_add(NULL, x, "sms_out", f, err);
}

void ln_texting_text(struct ln_buf *out, const json_t *row, const char *name)
{
    const json_t *params = json_object_get(json_object_get(row, "f"), "params");

    ln_buf_addf(out, "【%s】%s", name, ln_special_word(params, "text"));
    if (strcmp(ln_special_text(row, "template"), "ask") == 0)
        ln_buf_adds(out, " 回复1=是，2=否");
}

/* ---- what somebody answers */

static int answer_in(const char *text)
{
    static const struct {
        const char *word;
        int yes;
    } words[] = { { "1", 1 },    { "是", 1 },  { "好", 1 },    { "好的", 1 }, { "收到", 1 },
                  { "确认", 1 }, { "yes", 1 }, { "y", 1 },     { "ok", 1 },   { "已解决", 1 },
                  { "2", 0 },    { "否", 0 },  { "不", 0 },    { "不是", 0 }, { "没有", 0 },
                  { "no", 0 },   { "n", 0 },   { "未解决", 0 } };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i].word, text) == 0)
            return words[i].yes;
    return -1;
}

struct received {
    const char *phone, *text, *file;
    char phones[96];
    char person[LN_ID_TEXT + 1];
    char matched[LN_ID_TEXT + 1], made[LN_ID_TEXT + 1];
};

/* The record that was asked about decides what yes and no mean. */
static bool answer(struct received *m, struct ln_special_call *x, const json_t *asked, int yes,
                   struct ln_err *err)
{
    const char *ref = ln_special_text(asked, "ref");
    json_t *row = NULL;
    struct ln_id id;
    bool ok = true;

    if (!ln_clock_id_read(&id, ln_span_of(ref)))
        return true;
    if (!ln_query_record(&row, x->e->writer, &id, err))
        return false;
    const char *kind = ln_special_word(row, "collection");
    const char *state = ln_special_word(row, "state");
    if (strcmp(kind, "message") == 0 && yes == 1 && m->person[0] != '\0')
        ok = ln_special_add(
            m->made, x, "confirmation",
            json_pack("{s:s,s:s,s:s}", "message", ref, "who", m->person, "how", "sms"), err);
    else if (strcmp(kind, "ticket") == 0 && strcmp(state, "replied") == 0) {
        json_t *body = json_pack("{s:s,s:{s:b,s:i}}", "action", "rate", "add", "solved", yes == 1,
                                 "score", yes == 1 ? 5 : 2);
        static const struct ln_user node = { .system = true };
        struct ln_engine_job job = { .e = x->e,
                                     .u = &node,
                                     .kind = LN_ENGINE_STEP,
                                     .c = ln_def_find(x->e->def, "ticket"),
                                     .id = ref,
                                     .f = body,
                                     .channel = "sms" };
        ok = ln_engine_run(&job, x->r, err);
        json_decref(job.problems);
        json_decref(body);
        (void)snprintf(m->made, sizeof m->made, "%s", ref);
    }
    json_decref(row);
    return ok;
}

/* The last question that went to this number, if it is still open and this answers it. */
static bool try_answer(bool *done, struct received *m, struct ln_special_call *x,
                       struct ln_err *err)
{
    const struct ln_where where[] = { { "phone", LN_WHERE_IS, m->phones },
                                      { "template", LN_WHERE_IS, "ask" } };
    json_t *rows = NULL;
    int yes = answer_in(m->text);

    *done = false;
    if (yes < 0)
        return true;
    if (!newest(&rows, x, "sms_out", where, 2, err))
        return false;
    const json_t *asked = json_array_get(rows, 0);
    int64_t at = json_integer_value(json_object_get(asked, "created"));
    bool ok = true;
    if (asked != NULL && x->now_ms - at < LN_TEXTING_ANSWER_DAYS * 24 * HOUR_MS) {
        *done = true;
        (void)snprintf(m->matched, sizeof m->matched, "%s", ln_special_word(asked, "id"));
        ok = answer(m, x, asked, yes, err);
        if (ok && strcmp(ln_special_word(asked, "state"), "sent") == 0)
            ok = ln_special_step(x, "sms_out", m->matched, "deliver", NULL, NULL, err);
    }
    json_decref(rows);
    return ok;
}

/* ---- what somebody reports or asks */

struct choosing {
    const char *text;
    char best[LN_ID_TEXT + 1], other[LN_ID_TEXT + 1], first[LN_ID_TEXT + 1];
};

static void consider(struct choosing *c, const json_t *row)
{
    const json_t *words = json_object_get(json_object_get(row, "f"), "keywords");
    const char *id = ln_special_word(row, "id");
    const char *name = ln_special_text(row, "name");
    bool fits = name[0] != '\0' && strstr(c->text, name) != NULL;

    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *w = json_string_value(json_array_get(words, i));
        fits = fits || (w != NULL && w[0] != '\0' && strstr(c->text, w) != NULL);
    }
    if (fits && c->best[0] == '\0')
        (void)snprintf(c->best, sizeof c->best, "%s", id);
    if (strcmp(ln_special_text(row, "code"), "other") == 0)
        (void)snprintf(c->other, sizeof c->other, "%s", id);
    if (c->first[0] == '\0')
        (void)snprintf(c->first, sizeof c->first, "%s", id);
}

static bool choose_category(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *text,
                            struct ln_err *err)
{
    struct choosing c = { .text = text };
    json_t *rows = NULL;

    if (!ln_special_find(&rows, x, "category", NULL, 0, 0, err)) {
        json_decref(rows);
        return false;
    }
    for (size_t i = 0; i < json_array_size(rows); i++)
        consider(&c, json_array_get(rows, i));
    json_decref(rows);
    (void)snprintf(out, LN_ID_TEXT + 1, "%s",
                   c.best[0] != '\0'    ? c.best
                   : c.other[0] != '\0' ? c.other
                                        : c.first);
    return true;
}

static size_t first_chars(const char *text, size_t n)
{
    size_t at = 0;

    while (text[at] != '\0' && text[at] != '\n' && n > 0) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        n--;
    }
    return at;
}

/* 报事, 报修, 报：... */
static const char *report_in(const char *text)
{
    static const char *const heads[] = { "报事", "报修", "报" };
    static const char *const gaps[] = { " ", "：", ":", "，", ",", "。" };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t n = strlen(heads[i]);
        if (strncmp(text, heads[i], n) != 0)
            continue;
        text += n;
        for (size_t k = 0; k < sizeof gaps / sizeof gaps[0]; k++)
            while (strncmp(text, gaps[k], strlen(gaps[k])) == 0)
                text += strlen(gaps[k]);
        return text[0] != '\0' ? text : NULL;
    }
    return NULL;
}

static bool file_ticket(struct received *m, struct ln_special_call *x, const char *what,
                        const char *category, struct ln_err *err)
{
    json_t *row = NULL;
    char text[200];
    json_t *f =
        json_pack("{s:s,s:s,s:s%,s:s,s:s}", "kind", "event", "category", category, "title", what,
                  first_chars(what, TITLE_CHARS), "body", what, "contact", bare_of(m->phone));

    if (m->person[0] != '\0')
        json_object_set_new(f, "reporter", json_string(m->person));
    if (!ln_special_add(m->made, x, "ticket", f, err) ||
        !ln_special_get(&row, x, "ticket", m->made, err))
        return false;
    (void)snprintf(text, sizeof text, "已收到您的报事，编号 %s。办理结果会短信告诉您。",
                   ln_special_text(row, "no"));
    json_decref(row);
    return say(x, m->phone, "number", "ticket", m->made, text, err);
}

static bool to_desk(struct received *m, struct ln_special_call *x, struct ln_err *err)
{
    json_t *f = json_pack("{s:s,s:s}", "question", m->text, "contact", bare_of(m->phone));

    if (m->person[0] != '\0')
        json_object_set_new(f, "asker", json_string(m->person));
    return ln_special_add(m->made, x, "duty_item", f, err) &&
           say(x, m->phone, "reply", "desk", m->made,
               "已收到，值班人员会答复您。报事请以“报事”开头。", err);
}

static bool too_many(bool *yes, struct received *m, struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where = { "phone", LN_WHERE_IS, m->phones };
    json_t *rows = NULL;

    if (!newest(&rows, x, "sms_in", &where, 1, err)) {
        json_decref(rows);
        return false;
    }
    const json_t *tenth = json_array_get(rows, LN_TEXTING_HOURLY - 1);
    *yes = tenth != NULL &&
           x->now_ms - json_integer_value(json_object_get(tenth, "created")) < HOUR_MS;
    json_decref(rows);
    return true;
}

static bool understand(struct received *m, struct ln_special_call *x, struct ln_err *err)
{
    const char *what = report_in(m->text);
    char category[LN_ID_TEXT + 1] = "";
    bool done = false;
    bool flood = false;

    if (!too_many(&flood, m, x, err) || flood) /* kept, but nothing follows from it */
        return err->code == LN_OK;
    if (!try_answer(&done, m, x, err) || done)
        return err->code == LN_OK;
    if (what != NULL && !choose_category(category, x, what, err))
        return false;
    return category[0] != '\0' ? file_ticket(m, x, what, category, err) : to_desk(m, x, err);
}

bool ln_texting_received(bool *again, struct ln_special_call *x, const char *phone,
                         const char *text, const char *file, struct ln_err *err)
{
    struct received m = { .phone = phone, .text = text, .file = file };
    const struct ln_where known = { "ext_id", LN_WHERE_IS, file };
    json_t *rows = NULL;

    if (!ln_special_find(&rows, x, "sms_in", &known, 1, 0, err)) {
        json_decref(rows);
        return false;
    }
    *again = json_array_size(rows) > 0;
    json_decref(rows);
    if (*again)
        return true;
    spellings(m.phones, phone);
    if (!person_of(m.person, x, m.phones, err) || !understand(&m, x, err))
        return false;
    json_t *f = json_pack("{s:s,s:s,s:s}", "phone", bare_of(phone), "body", text, "ext_id", file);
    if (m.matched[0] != '\0')
        json_object_set_new(f, "matched", json_string(m.matched));
    if (m.made[0] != '\0')
        json_object_set_new(f, "made", json_string(m.made));
    return ln_special_add(NULL, x, "sms_in", f, err);
}

/* ---- what is said back later */

/* The number by which a record came in; "" when it did not come by SMS. */
static bool asked_by(char out[32], struct ln_special_call *x, const char *id, struct ln_err *err)
{
    json_t *rows = NULL;
    const struct ln_where of = { "made", LN_WHERE_IS, id };
    bool ok = ln_special_find(&rows, x, "sms_in", &of, 1, 0, err);

    (void)snprintf(out, 32, "%.31s", ln_special_text(json_array_get(rows, 0), "phone"));
    json_decref(rows);
    return ok;
}

static bool ticket_after(struct ln_special_call *x, struct ln_err *err)
{
    char phone[32];
    char text[LN_TEXTING_TEXT];

    if (x->step == NULL || strcmp(x->step->action, "reply") != 0)
        return true;
    if (!asked_by(phone, x, x->id, err))
        return false;
    if (phone[0] == '\0')
        return true;
    (void)snprintf(text, sizeof text, "您的报事已处理：%.600s 解决了吗？",
                   ln_special_word(x->given, "note"));
    return say(x, phone, "ask", "ticket", x->id, text, err);
}

static bool item_after(struct ln_special_call *x, struct ln_err *err)
{
    char phone[32];

    if (x->step == NULL || strcmp(x->step->action, "answer") != 0)
        return true;
    if (!asked_by(phone, x, x->id, err))
        return false;
    const char *text = ln_special_word(x->f, "answer");
    return phone[0] == '\0' || text[0] == '\0' || say(x, phone, "reply", "desk", x->id, text, err);
}

const struct ln_special ln_texting_special[] = {
    { .collection = "ticket", .after = ticket_after },
    { .collection = "duty_item", .after = item_after },
    { .collection = NULL },
};
