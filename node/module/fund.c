/* The mutual-aid fund: see fund.h. */
#include "node/module/fund.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/encode.h"
#include "node/module/volunteer.h"
#include "node/module/workday.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define LATE_SIGNATURES 20 /* newest ones looked at in one tick */

static json_t *part(const json_t *row, const char *field)
{
    return json_object_get(json_object_get(row, "f"), field);
}

static int64_t number(const json_t *row, const char *field)
{
    return json_integer_value(part(row, field));
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && strcmp(x->step->action, action) == 0;
}

static bool is_keeper(const json_t *fund, const char *account)
{
    const json_t *list = part(fund, "keepers");

    for (size_t i = 0; account[0] != '\0' && i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && strcmp(one, account) == 0)
            return true;
    }
    return false;
}

void ln_fund_line(struct ln_buf *out, const json_t *f)
{
    ln_buf_addf(out, "%" PRId64 ",%s,%s,%" PRId64 ",%" PRId64 ",%s,%s",
                (int64_t)json_integer_value(json_object_get(f, "no")), ln_special_word(f, "date"),
                ln_special_word(f, "direction"),
                (int64_t)json_integer_value(json_object_get(f, "amount")),
                (int64_t)json_integer_value(json_object_get(f, "balance")),
                ln_special_word(f, "entry"), ln_special_word(f, "previous"));
}

/* ---- funds */

static bool before_fund(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *keepers = json_object_get(x->f, "keepers");

    if (keepers != NULL && json_array_size(keepers) < LN_FUND_KEEPERS)
        return ln_special_problem(x, "keepers", "至少三位基金管理员", "at least three keepers",
                                  err);
    if (is_step(x, "close") && number(x->row, "balance") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "余额不为零，不能关闭",
                                 "the balance is not zero: it cannot be closed", err);
    return true;
}

/* ---- entries */

static bool posted(json_t **out, struct ln_special_call *x, const char *entry, struct ln_err *err)
{
    const struct ln_where where[] = { { "entry", LN_WHERE_IS, entry } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "fund_posting", where, 1, 0, err);

    *out = ok && json_array_size(rows) > 0 ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

static bool check_reversal(struct ln_special_call *x, const json_t *old, struct ln_err *err)
{
    json_t *done = NULL;
    bool same = old != NULL && json_equal(part(old, "amount"), json_object_get(x->f, "amount")) &&
                strcmp(ln_special_text(old, "fund"), ln_special_word(x->f, "fund")) == 0 &&
                strcmp(ln_special_text(old, "direction"), ln_special_word(x->f, "direction")) != 0;

    if (!same)
        return ln_special_problem(x, "reverses", "冲正须同基金、同金额、方向相反",
                                  "a reversal has the same fund and amount, the other way", err);
    if (!posted(&done, x, ln_special_word(old, "id"), err))
        return false;
    bool was = done != NULL;
    json_decref(done);
    return was || ln_special_problem(x, "reverses", "那一笔还没有过账", "was not posted yet", err);
}

static bool reverses_once(struct ln_special_call *x, const char *id, struct ln_err *err)
{
    json_t *all = NULL;
    size_t i;
    json_t *f;
    bool ok = ln_special_rows(&all, x->e->writer, x->e->def, "fund_entry", "fund",
                              ln_special_word(x->f, "fund"), LN_FUND_POSTINGS, err);

    json_array_foreach(all, i, f)
    {
        if (ok && strcmp(ln_special_word(f, "reverses"), id) == 0)
            ok = ln_special_problem(x, "reverses", "已经冲正过", "was reversed already", err);
    }
    json_decref(all);
    return ok;
}

static bool check_kind(struct ln_special_call *x, struct ln_err *err)
{
    const char *kind = ln_special_word(x->f, "kind");
    const char *reverses = ln_special_word(x->f, "reverses");
    const char *aid = ln_special_word(x->f, "aid");
    bool out = strcmp(ln_special_word(x->f, "direction"), "out") == 0;
    json_t *row = NULL;
    bool ok = true;

    if ((strcmp(kind, "reversal") == 0) != (reverses[0] != '\0'))
        return ln_special_problem(x, "reverses", "冲正要写明冲正哪一笔",
                                  "a reversal names the entry it takes back", err);
    if (strcmp(kind, "gift") == 0 || strcmp(kind, "interest") == 0)
        return !out || ln_special_problem(x, "direction", "捐赠和利息是收入", "is an income", err);
    if (strcmp(kind, "aid") == 0) {
        ok = ln_special_get(&row, x, "aid_application", aid, err);
        if (ok && (row == NULL || strcmp(ln_special_word(row, "state"), "payable") != 0 || !out ||
                   number(row, "granted") != json_integer_value(json_object_get(x->f, "amount"))))
            ok = ln_special_problem(x, "aid", "帮困支出须对应公示期满的申请和决定金额",
                                    "aid is paid for an application whose announcement is over, in "
                                    "the amount decided",
                                    err);
    } else if (reverses[0] != '\0')
        ok = ln_special_get(&row, x, "fund_entry", reverses, err) && check_reversal(x, row, err) &&
             reverses_once(x, reverses, err);
    json_decref(row);
    return ok;
}

static bool before_entry(struct ln_special_call *x, struct ln_err *err)
{
    json_t *fund = NULL;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&fund, x, "fund", ln_special_word(x->f, "fund"), err);
    if (ok && (fund == NULL || strcmp(ln_special_word(fund, "state"), "open") != 0))
        ok = ln_special_problem(x, "fund", "没有这个基金，或已关闭", "is no open fund", err);
    else if (ok && !is_keeper(fund, x->u->account) && !x->u->system)
        ok = ln_special_refuse(x, LN_DENIED, "只有这个基金的管理员可以记账",
                               "only the keepers of this fund write entries", err);
    ok = ok && check_kind(x, err);
    json_decref(fund);
    return ok;
}

/* Who wrote it has signed it. */
static bool after_entry(struct ln_special_call *x, struct ln_err *err)
{
    return x->kind != LN_ENGINE_CREATE || x->u->account[0] == '\0' ||
           ln_special_add(NULL, x, "fund_signature",
                          json_pack("{s:s,s:s}", "entry", x->id, "by", x->u->account), err);
}

/* ---- signatures and postings */

static bool signers_of(json_t **out, struct ln_special_call *x, const char *entry,
                       struct ln_err *err)
{
    json_t *rows = NULL;
    size_t i;
    json_t *f;
    bool ok =
        ln_special_rows(&rows, x->e->writer, x->e->def, "fund_signature", "entry", entry, 50, err);

    *out = json_object();
    json_array_foreach(rows, i, f)
    {
        json_object_set_new(*out, ln_special_word(f, "by"), json_true());
    }
    json_decref(rows);
    return ok;
}

static bool before_signature(struct ln_special_call *x, struct ln_err *err)
{
    const char *entry_id = ln_special_word(x->f, "entry");
    json_t *entry = NULL;
    json_t *fund = NULL;
    json_t *signers = NULL;

    if (x->kind != LN_ENGINE_CREATE || x->u->system)
        return true;
    json_object_set_new(x->f, "by", json_string(x->u->account));
    bool ok = ln_special_get(&entry, x, "fund_entry", entry_id, err) &&
              ln_special_get(&fund, x, "fund", ln_special_text(entry, "fund"), err) &&
              signers_of(&signers, x, entry_id, err);
    if (ok && !is_keeper(fund, x->u->account))
        ok = ln_special_refuse(x, LN_DENIED, "只有这个基金的管理员可以签字",
                               "only the keepers of this fund sign", err);
    else if (ok && json_object_get(signers, x->u->account) != NULL)
        ok = ln_special_refuse(x, LN_CONFLICT, "您已签过字，须由另一位管理员签",
                               "you have signed it: another keeper signs, too", err);
    json_decref(signers);
    json_decref(fund);
    json_decref(entry);
    return ok;
}

static bool names_of(json_t **out, struct ln_special_call *x, const json_t *signers,
                     struct ln_err *err)
{
    const char *id;
    json_t *unused;

    *out = json_array();
    json_object_foreach((json_t *)(uintptr_t)signers, id, unused)
    {
        json_t *account = NULL;
        (void)unused;
        if (!ln_special_get(&account, x, "account", id, err))
            return false;
        json_array_append_new(*out, json_string(ln_special_text(account, "shown_name")));
        json_decref(account);
    }
    return true;
}

static bool last_hash(char out[65], struct ln_special_call *x, const char *fund, int64_t no,
                      struct ln_err *err)
{
    json_t *rows = NULL;
    size_t i;
    json_t *f;
    bool ok = no == 0 || ln_special_rows(&rows, x->e->writer, x->e->def, "fund_posting", "fund",
                                         fund, LN_FUND_POSTINGS, err);

    (void)snprintf(out, 65, "%s", ZEROS);
    json_array_foreach(rows, i, f)
    {
        if (json_integer_value(json_object_get(f, "no")) == no)
            (void)snprintf(out, 65, "%.64s", ln_special_word(f, "hash"));
    }
    json_decref(rows);
    return ok;
}

static bool pay_aid(struct ln_special_call *x, const json_t *entry, struct ln_err *err)
{
    const char *aid = ln_special_text(entry, "aid");

    return aid[0] == '\0' ||
           (ln_special_set(x, "aid_application", aid,
                           json_pack("{s:s}", "entry", ln_special_word(entry, "id")), err) &&
            ln_special_step(x, "aid_application", aid, "pay", NULL, NULL, err));
}

static bool write_posting(struct ln_special_call *x, const json_t *entry, const json_t *fund,
                          json_t *names, struct ln_err *err)
{
    const char *fund_id = ln_special_word(fund, "id");
    bool in = strcmp(ln_special_text(entry, "direction"), "in") == 0;
    int64_t amount = number(entry, "amount");
    int64_t no = number(fund, "posted") + 1;
    int64_t balance = number(fund, "balance") + (in ? amount : -amount);
    struct ln_buf line = ln_buf_new(512);
    char previous[65];
    char hash[65];

    if (balance < 0)
        return ln_special_refuse(x, LN_CONFLICT, "余额不足，不能支出",
                                 "the balance does not reach: it cannot be paid", err);
    if (!last_hash(previous, x, fund_id, no - 1, err))
        return false;
    json_t *f = json_pack("{s:s,s:s,s:I,s:s,s:s,s:I,s:I,s:O,s:s}", "fund", fund_id, "entry",
                          ln_special_word(entry, "id"), "no", (json_int_t)no, "date",
                          ln_special_text(entry, "date"), "direction", in ? "in" : "out", "amount",
                          (json_int_t)amount, "balance", (json_int_t)balance, "signed_by", names,
                          "previous", previous);
    json_object_set(f, "kind", part(entry, "kind"));
    ln_fund_line(&line, f);
    struct ln_sha256 sha = ln_encode_sha256(line.data, line.len);
    (void)sodium_bin2hex(hash, sizeof hash, sha.b, sizeof sha.b);
    json_object_set_new(f, "hash", json_string(hash));
    ln_buf_free(&line);
    return ln_special_add(NULL, x, "fund_posting", f, err) &&
           ln_special_set(
               x, "fund", fund_id,
               json_pack("{s:I,s:I}", "balance", (json_int_t)balance, "posted", (json_int_t)no),
               err) &&
           pay_aid(x, entry, err);
}

/* Two keepers signed, and it has no number yet: it gets one. */
static bool post(struct ln_special_call *x, const char *entry_id, struct ln_err *err)
{
    json_t *entry = NULL;
    json_t *fund = NULL;
    json_t *signers = NULL;
    json_t *done = NULL;
    json_t *names = NULL;
    bool ok = ln_special_get(&entry, x, "fund_entry", entry_id, err) &&
              signers_of(&signers, x, entry_id, err) && posted(&done, x, entry_id, err) &&
              ln_special_get(&fund, x, "fund", ln_special_text(entry, "fund"), err);

    if (ok && entry != NULL && fund != NULL && done == NULL && json_object_size(signers) >= 2 &&
        ln_special_owns(x, ln_special_word(fund, "region")))
        ok = names_of(&names, x, signers, err) && write_posting(x, entry, fund, names, err);
    json_decref(names);
    json_decref(done);
    json_decref(signers);
    json_decref(fund);
    json_decref(entry);
    return ok;
}

static bool after_signature(struct ln_special_call *x, struct ln_err *err)
{
    return x->kind != LN_ENGINE_CREATE || post(x, ln_special_word(x->f, "entry"), err);
}

/* Signatures that came from a laptop. What cannot be posted waits, and keeps nothing else. */
static bool tick_signature(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(x->e->def, "fund_signature");
    struct ln_list l = { .coll = c->coll, .limit = LATE_SIGNATURES, .descending = true };
    json_t *rows = json_array();
    size_t i;
    json_t *row;
    bool ok = ln_query_list(rows, NULL, x->e->writer, &l, err);

    x->problems = json_array();
    json_array_foreach(rows, i, row)
    {
        struct ln_err why = { 0 };
        bool done =
            ok && ln_replica_savepoint(x->r, err) && post(x, ln_special_text(row, "entry"), &why);
        if (ok)
            ln_replica_savepoint_end(x->r, done);
    }
    json_decref(x->problems);
    x->problems = NULL;
    json_decref(rows);
    return ok;
}

/* ---- aid */

static bool begin_aid(struct ln_special_call *x, struct ln_err *err)
{
    json_t *fund = NULL;
    bool ok = ln_special_get(&fund, x, "fund", ln_special_word(x->f, "fund"), err);

    if (ok && (fund == NULL || strcmp(ln_special_word(fund, "state"), "open") != 0))
        ok = ln_special_problem(x, "fund", "没有这个基金，或已关闭", "is no open fund", err);
    else if (ok)
        json_object_set(x->f, "keepers", part(fund, "keepers"));
    json_decref(fund);
    return ok;
}

/* A keeper's yes is an amount, a no is none. */
static bool vote(struct ln_special_call *x, struct ln_err *err)
{
    json_t *votes =
        part(x->row, "votes") != NULL ? json_deep_copy(part(x->row, "votes")) : json_array();
    int64_t amount = json_integer_value(json_object_get(x->f, "granted"));

    for (size_t i = 0; i < json_array_size(votes); i++)
        if (strcmp(ln_special_word(json_array_get(votes, i), "who"), x->u->account) == 0) {
            json_decref(votes);
            return ln_special_refuse(x, LN_CONFLICT, "您已表决过", "you have voted already", err);
        }
    if (amount < 0) {
        json_decref(votes);
        return ln_special_problem(x, "granted", "金额不能为负", "cannot be negative", err);
    }
    json_array_append_new(votes, json_pack("{s:s,s:b,s:I}", "who", x->u->account, "yes",
                                           (int)(amount > 0), "amount", (json_int_t)amount));
    json_object_set_new(x->f, "votes", votes);
    json_object_del(x->f, "granted"); /* decided by all of them together */
    return true;
}

static bool receipt_there(struct ln_special_call *x, struct ln_err *err)
{
    json_t *rows = NULL;
    size_t i;
    json_t *f;
    bool there = false;

    if (!ln_special_rows(&rows, x->e->writer, x->e->def, "fund_voucher", "entry",
                         ln_special_text(x->row, "entry"), 50, err))
        return false;
    json_array_foreach(rows, i, f)
    {
        there = there || json_is_object(json_object_get(f, "voucher"));
    }
    json_decref(rows);
    return there ||
           ln_special_refuse(x, LN_CONFLICT, "请先上传收条", "upload the receipt first", err);
}

static bool before_aid(struct ln_special_call *x, struct ln_err *err)
{
    char until[11];

    if (x->kind == LN_ENGINE_CREATE)
        return begin_aid(x, err);
    if (is_step(x, "visit") && ln_special_word(x->f, "visit")[0] == '\0')
        return ln_special_problem(x, "visit", "请写走访情况", "say what the visit showed", err);
    if (is_step(x, "announce")) {
        ln_workday_date(until, ln_workday_number(x->today) + LN_FUND_ANNOUNCE_DAYS);
        json_object_set_new(x->f, "announce_until", json_string(until));
    }
    if (is_step(x, "vote"))
        return vote(x, err);
    return !is_step(x, "file") || receipt_there(x, err);
}

/* More than half of at least three say yes; the smallest amount of theirs is given. */
static bool decide(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *votes = json_object_get(x->f, "votes");
    size_t n = json_array_size(votes);
    size_t yes = 0;
    int64_t least = INT64_MAX;
    char text[128];

    if (n < LN_FUND_KEEPERS)
        return true;
    for (size_t i = 0; i < n; i++) {
        int64_t amount = json_integer_value(json_object_get(json_array_get(votes, i), "amount"));
        yes += amount > 0;
        least = amount > 0 && amount < least ? amount : least;
    }
    (void)snprintf(text, sizeof text, "%zu 位管理员表决，%zu 位同意", n, yes);
    if (2 * yes <= n)
        return ln_special_set(x, "aid_application", x->id, json_pack("{s:s}", "decision", text),
                              err) &&
               ln_special_step(x, "aid_application", x->id, "refuse", NULL, NULL, err);
    return ln_special_set(x, "aid_application", x->id,
                          json_pack("{s:s,s:I}", "decision", text, "granted", (json_int_t)least),
                          err) &&
           ln_special_step(x, "aid_application", x->id, "decide", NULL, NULL, err);
}

static bool announce(struct ln_special_call *x, struct ln_err *err)
{
    json_t *person = NULL;
    char name[64];

    if (!ln_special_get(&person, x, "person", ln_special_text(x->row, "person"), err))
        return false;
    ln_volunteer_shown(name, ln_special_text(person, "name"), "surname");
    json_decref(person);
    return ln_special_add(NULL, x, "aid_notice",
                          json_pack("{s:s,s:s,s:I,s:I,s:s,s:s}", "name", name, "fund",
                                    ln_special_text(x->row, "fund"), "granted",
                                    (json_int_t)number(x->row, "granted"), "decided_by",
                                    (json_int_t)json_array_size(part(x->row, "votes")), "from",
                                    x->today, "until", ln_special_word(x->f, "announce_until")),
                          err);
}

static bool after_aid(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind != LN_ENGINE_STEP || !ln_special_owns(x, ln_special_word(x->row, "region")))
        return true;
    if (is_step(x, "vote"))
        return decide(x, err);
    return !is_step(x, "announce") || announce(x, err);
}

static bool tick_aid(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "announced" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "aid_application", where, 2, 0, err);

    json_array_foreach(rows, i, row)
    {
        if (ok && strcmp(ln_special_text(row, "announce_until"), x->today) < 0)
            ok = ln_special_step(x, "aid_application", ln_special_word(row, "id"), "clear", NULL,
                                 NULL, err);
    }
    json_decref(rows);
    return ok;
}

const struct ln_special ln_fund_special[] = {
    { .collection = "fund", .before = before_fund },
    { .collection = "fund_entry", .before = before_entry, .after = after_entry },
    { .collection = "fund_signature",
      .before = before_signature,
      .after = after_signature,
      .tick = tick_signature },
    { .collection = "aid_application", .before = before_aid, .after = after_aid, .tick = tick_aid },
    { .collection = NULL },
};
