#include "node/module/shop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/say.h"

#define PRIOR_N 5
#define PRIOR_TENTHS 35 /* of a star */
#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000)   /* UTC+8 */
#define MORNING_MS INT64_C(32400000) /* 9:00 */
#define AMEND_MS (15 * DAY_MS)

void ln_shop_score(char out[24], int64_t sum, int64_t n)
{
    int64_t tenths = (PRIOR_N * PRIOR_TENTHS + 10 * sum + (PRIOR_N + n) / 2) / (PRIOR_N + n);

    (void)snprintf(out, 24, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
}

static int64_t number(const json_t *row, const char *field)
{
    return json_integer_value(json_object_get(json_object_get(row, "f"), field));
}

static bool state_is(const json_t *row, const char *const *states)
{
    return ln_def_has(states, ln_special_word(row, "state"));
}

/* Staff enter for whoever calls; a merchant only for the home he speaks for. */
static bool speaks_for(const struct ln_user *u, const char *home)
{
    if (ln_engine_staff(u))
        return true;
    for (size_t i = 0; i < u->n_roles; i++)
        if (strcmp(u->roles[i], "merchant") == 0 && home[0] != '\0' &&
            strcmp(u->homes[i], home) == 0)
            return true;
    return false;
}

static bool is(const struct ln_special_call *x, enum ln_engine_kind kind, const char *action)
{
    return x->kind == kind &&
           (action == NULL || (x->step != NULL && strcmp(x->step->action, action) == 0));
}

static void put(json_t *f, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(f, name, json_string(text));
}

/* The shop that x->f names, and its home into x->f. NULL and a sentence when it cannot be. */
static json_t *shop_of(struct ln_special_call *x, const char *const *states, struct ln_err *err)
{
    json_t *shop = NULL;

    if (!ln_special_get(&shop, x, "shop", ln_special_word(x->f, "shop"), err))
        return NULL;
    if (shop == NULL) {
        (void)ln_special_problem(x, "shop", "没有这家店", "there is no such shop", err);
        return NULL;
    }
    if (!state_is(shop, states)) {
        (void)ln_special_problem(x, "shop", "这家店现在不营业", "the shop is not open now", err);
        json_decref(shop);
        return NULL;
    }
    put(x->f, "shop_home", ln_special_text(shop, "home"));
    return shop;
}

static const char *const OPEN[] = { "listed", "warned", NULL };
static const char *const ALIVE[] = { "applied", "returned", "checked", "listed",
                                     "paused",  "warned",   NULL };

/* ---- shop, its licences, its price list */

static bool before_shop(struct ln_special_call *x, struct ln_err *err)
{
    if (is(x, LN_ENGINE_CREATE, NULL) && !speaks_for(x->u, ln_special_word(x->f, "home")))
        return ln_special_problem(x, "home", "您不代表这个组织",
                                  "you do not speak for this organisation", err);
    bool seen = is(x, LN_ENGINE_STEP, "check") || is(x, LN_ENGINE_STEP, "renew");
    if (!seen)
        return true;
    const char *until = ln_special_word(x->f, "licence_until");
    if (until[0] == '\0' || strcmp(until, x->today) < 0)
        return ln_special_problem(x, "licence_until", "请填写证照上尚未到期的日期",
                                  "give the day on the licence, which has not passed", err);
    return true;
}

static bool before_part(struct ln_special_call *x, struct ln_err *err)
{
    int64_t price = json_integer_value(json_object_get(x->f, "price"));
    const json_t *to = json_object_get(x->f, "price_to");

    if (json_is_integer(to) && json_integer_value(to) < price)
        return ln_special_problem(x, "price_to", "最高价低于价格", "is below the price", err);
    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    json_t *shop = shop_of(x, ALIVE, err);
    bool ok = shop != NULL;
    if (ok && !speaks_for(x->u, ln_special_text(shop, "home")))
        ok = ln_special_problem(x, "shop", "这不是您的店", "this is not your shop", err);
    json_decref(shop);
    return ok;
}

/* ---- demand and quotes */

static bool choose(struct ln_special_call *x, struct ln_err *err)
{
    json_t *quote = NULL;
    json_t *shop = NULL;
    bool ok = ln_special_get(&quote, x, "quote", ln_special_word(x->f, "quote"), err);

    if (ok && (quote == NULL || strcmp(ln_special_text(quote, "demand"), x->id) != 0))
        ok = ln_special_problem(x, "quote", "请选一个对这份需求的报价",
                                "choose a quote for this demand", err);
    if (ok) {
        put(x->f, "shop", ln_special_text(quote, "shop"));
        shop = shop_of(x, OPEN, err);
        ok = shop != NULL;
    }
    json_decref(shop);
    json_decref(quote);
    return ok;
}

/* In which time the first quote came, as the statistic counts it. */
static const char *quick(int64_t ms)
{
    static const struct {
        int64_t minutes;
        const char *code;
    } STEPS[] = { { 10, "10" }, { 30, "30" }, { 60, "60" }, { 240, "240" }, { 1440, "1440" } };

    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
        if (ms <= STEPS[i].minutes * MINUTE_MS)
            return STEPS[i].code;
    return "more";
}

/* The next morning, when the desk asks whether all went well. */
static int64_t next_morning(int64_t now_ms)
{
    int64_t day = (now_ms + CHINA_MS) / DAY_MS + 1;

    return day * DAY_MS - CHINA_MS + MORNING_MS;
}

static bool before_demand(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const OF_A_QUOTE[] = { "quote", "shop", "shop_home", "order", NULL };

    if (is(x, LN_ENGINE_STEP, "match"))
        return choose(x, err);
    if (is(x, LN_ENGINE_STEP, "quoted")) {
        int64_t since = json_integer_value(json_object_get(x->row, "created"));
        put(x->f, "quick", quick(x->now_ms - since));
        json_object_set_new(x->f, "quotes", json_integer(1));
    }
    if (is(x, LN_ENGINE_STEP, "done"))
        json_object_set_new(x->f, "call_at", json_integer(next_morning(x->now_ms)));
    for (size_t i = 0; is(x, LN_ENGINE_STEP, "reopen") && OF_A_QUOTE[i] != NULL; i++)
        json_object_set_new(x->f, OF_A_QUOTE[i], json_null());
    return true;
}

/* A chosen quote is an order at its price. */
static bool order_it(struct ln_special_call *x, struct ln_err *err)
{
    char id[LN_ID_TEXT + 1];
    json_t *quote = NULL;

    if (!ln_special_get(&quote, x, "quote", ln_special_word(x->f, "quote"), err))
        return false;
    json_t *f = json_pack("{s:s,s:s,s:I}", "shop", ln_special_word(x->f, "shop"), "demand", x->id,
                          "price", (json_int_t)number(quote, "price"));
    put(f, "person", ln_special_text(x->row, "person"));
    put(f, "phone", ln_special_text(x->row, "phone"));
    put(f, "place", ln_special_text(x->row, "place"));
    json_decref(quote);
    return ln_special_add(id, x, "shop_order", f, err) &&
           ln_special_set(x, "demand", x->id, json_pack("{s:s}", "order", id), err);
}

static bool cancel_order(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const RUNNING[] = { "placed", "accepted", NULL };
    const char *id = ln_special_text(x->row, "order");
    json_t *order = NULL;

    if (!ln_special_get(&order, x, "shop_order", id, err))
        return false;
    bool ok = order == NULL || !state_is(order, RUNNING) ||
              ln_special_step(x, "shop_order", id, "cancel",
                              LN_SAY_BOTH("需求重新发布", "asked again"), NULL, err);
    json_decref(order);
    return ok;
}

static bool after_demand(struct ln_special_call *x, struct ln_err *err)
{
    if (is(x, LN_ENGINE_STEP, "match"))
        return order_it(x, err);
    return !is(x, LN_ENGINE_STEP, "reopen") || cancel_order(x, err);
}

static bool before_quote(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const WAITING[] = { "open", "quoted", NULL };
    json_t *demand = NULL;
    json_t *shop = NULL;
    bool ok;

    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    ok = ln_special_get(&demand, x, "demand", ln_special_word(x->f, "demand"), err);
    if (ok && (demand == NULL || !state_is(demand, WAITING)))
        ok = ln_special_problem(x, "demand", "这份需求已不再接受报价", "takes no more quotes", err);
    if (ok) {
        shop = shop_of(x, OPEN, err);
        ok = shop != NULL;
    }
    if (ok && !speaks_for(x->u, ln_special_text(shop, "home")))
        ok = ln_special_problem(x, "shop", "这不是您的店", "this is not your shop", err);
    if (ok) {
        char score[24];
        ln_shop_score(score, number(shop, "stars_sum"), number(shop, "stars_n"));
        put(x->f, "score", score);
        put(x->f, "demander", ln_special_text(demand, "person"));
    }
    json_decref(shop);
    json_decref(demand);
    return ok;
}

static bool after_quote(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "demand");
    json_t *demand = NULL;
    bool ok;

    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    if (!ln_special_get(&demand, x, "demand", id, err) || demand == NULL)
        return false;
    if (strcmp(ln_special_word(demand, "state"), "open") == 0)
        ok = ln_special_step(x, "demand", id, "quoted", NULL, NULL, err);
    else
        ok = ln_special_set(x, "demand", id,
                            json_pack("{s:I}", "quotes", (json_int_t)number(demand, "quotes") + 1),
                            err);
    json_decref(demand);
    return ok;
}

/* ---- orders */

static bool take_offer(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "offer");
    json_t *offer = NULL;
    bool ok = true;

    if (id[0] == '\0')
        return true;
    if (!ln_special_get(&offer, x, "offer", id, err))
        return false;
    const char *until = ln_special_text(offer, "valid_to");
    if (offer == NULL || strcmp(ln_special_text(offer, "shop"), ln_special_word(x->f, "shop")) != 0)
        ok =
            ln_special_problem(x, "offer", "这家店没有这个项目", "the shop has no such offer", err);
    else if (until[0] != '\0' && strcmp(until, x->today) < 0)
        ok = ln_special_problem(x, "offer", "这个价格已过期", "this price has run out", err);
    else
        json_object_set_new(x->f, "price", json_integer(number(offer, "price")));
    json_decref(offer);
    return ok;
}

static bool before_order(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const RUNNING[] = { "placed", "accepted", NULL };

    if (is(x, LN_ENGINE_CREATE, NULL)) {
        json_t *shop = shop_of(x, OPEN, err);
        bool ok = shop != NULL && take_offer(x, err);
        json_decref(shop);
        return ok;
    }
    if (is(x, LN_ENGINE_UPDATE, NULL) && !x->u->system && !state_is(x->row, RUNNING))
        return ln_special_refuse(x, LN_CONFLICT, "订单已完成，不能再改",
                                 "the order is done and can no longer be changed", err);
    if (is(x, LN_ENGINE_STEP, "confirm"))
        json_object_set_new(x->f, "confirmed_at", json_integer(x->now_ms));
    return true;
}

/* The category of complaints about shops: one that names them among its keywords, else the first.
 */
static bool complaint_category(char out[LN_ID_TEXT + 1], struct ln_special_call *x,
                               struct ln_err *err)
{
    json_t *rows = NULL;
    size_t i;
    json_t *row;

    out[0] = '\0';
    if (!ln_special_find(&rows, x, "category", NULL, 0, 0, err))
        return false;
    json_array_foreach(rows, i, row)
    {
        const json_t *words = json_object_get(json_object_get(row, "f"), "keywords");
        bool named = false;
        for (size_t k = 0; k < json_array_size(words); k++) {
            const char *w = json_string_value(json_array_get(words, k));
            named = named || (w != NULL && strcmp(w, "商家") == 0);
        }
        if (named || out[0] == '\0')
            (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(row, "id"));
        if (named)
            break;
    }
    json_decref(rows);
    return true;
}

/* A disputed order is a complaint like any other, with its clock. Without categories it stays with
 * the committee alone. */
static bool complain(struct ln_special_call *x, struct ln_err *err)
{
    char category[LN_ID_TEXT + 1];
    char id[LN_ID_TEXT + 1];
    const char *note = ln_special_word(x->given, "note");
    const char *no = ln_special_text(x->row, "no");

    if (!complaint_category(category, x, err))
        return false;
    if (category[0] == '\0')
        return true;
    json_t *f = json_pack("{s:s,s:s,s:o,s:s}", "kind", "complaint", "category", category, "title",
                          json_sprintf("商家订单争议 %s", no), "body", note);
    put(f, "reporter", ln_special_text(x->row, "person"));
    put(f, "contact", ln_special_text(x->row, "phone"));
    return ln_special_add(id, x, "ticket", f, err) &&
           ln_special_set(x, "shop_order", x->id, json_pack("{s:s}", "complaint", id), err);
}

static bool after_order(struct ln_special_call *x, struct ln_err *err)
{
    return !is(x, LN_ENGINE_STEP, "dispute") || complain(x, err);
}

/* ---- reviews */

/* The rows of an order's reviews of one kind, newest last. */
static bool reviews_of(json_t **out, struct ln_special_call *x, const char *order, const char *kind,
                       struct ln_err *err)
{
    const struct ln_where where[] = { { "shop_order", LN_WHERE_IS, order },
                                      { "kind", LN_WHERE_IS, kind } };

    return ln_special_find(out, x, "shop_review", where, 2, 0, err);
}

static bool reviewer(struct ln_special_call *x, const json_t *order, bool amend, struct ln_err *err)
{
    static const char *const CONFIRMED[] = { "confirmed", "reviewed", NULL };
    json_t *earlier = NULL;
    bool ok = reviews_of(&earlier, x, ln_special_word(order, "id"), "review", err);
    const json_t *first = json_array_get(earlier, 0);

    if (ok &&
        (x->u->person[0] == '\0' || strcmp(ln_special_text(order, "person"), x->u->person) != 0))
        ok = ln_special_refuse(x, LN_DENIED, "只有下单的人可以评价", "only who ordered may review",
                               err);
    if (ok && !state_is(order, CONFIRMED))
        ok = ln_special_refuse(x, LN_CONFLICT, "确认完成后才能评价",
                               "an order is reviewed once it is confirmed", err);
    if (ok && !json_is_integer(json_object_get(x->f, "stars")))
        ok = ln_special_problem(x, "stars", "请打星", "give stars", err);
    if (ok && !amend && first != NULL)
        ok = ln_special_refuse(x, LN_CONFLICT, "已经评价过，15 天内可以追评",
                               "it was reviewed already: within 15 days it can be amended", err);
    int64_t since = json_integer_value(json_object_get(first, "created"));
    if (ok && amend && (first == NULL || x->now_ms - since > AMEND_MS))
        ok = ln_special_refuse(x, LN_CONFLICT, "评价后 15 天内才能追评",
                               "a review can be amended for 15 days", err);
    json_decref(earlier);
    return ok;
}

static bool answers(struct ln_special_call *x, const json_t *order, struct ln_err *err)
{
    json_t *reviews = NULL;
    json_t *replies = NULL;
    bool ok = reviews_of(&reviews, x, ln_special_word(order, "id"), "review", err) &&
              reviews_of(&replies, x, ln_special_word(order, "id"), "reply", err);

    if (ok && (ln_engine_staff(x->u) || !speaks_for(x->u, ln_special_text(order, "shop_home"))))
        ok = ln_special_refuse(x, LN_DENIED, "只有这家店可以回复", "only the shop may reply", err);
    if (ok && (json_array_size(reviews) == 0 || json_array_size(replies) > 0))
        ok = ln_special_refuse(x, LN_CONFLICT, "每条评价只能回复一次", "a review has one reply",
                               err);
    json_object_del(x->f, "stars");
    json_decref(reviews);
    json_decref(replies);
    return ok;
}

static bool before_review(struct ln_special_call *x, struct ln_err *err)
{
    const char *kind = ln_special_word(x->f, "kind");
    json_t *order = NULL;
    bool ok;

    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    ok = ln_special_get(&order, x, "shop_order", ln_special_word(x->f, "shop_order"), err);
    if (ok && order == NULL)
        ok = ln_special_problem(x, "shop_order", "没有这个订单", "there is no such order", err);
    ok = ok && (strcmp(kind, "reply") == 0 ? answers(x, order, err)
                                           : reviewer(x, order, strcmp(kind, "amend") == 0, err));
    if (ok) {
        put(x->f, "shop", ln_special_text(order, "shop"));
        put(x->f, "shop_home", ln_special_text(order, "shop_home"));
    }
    json_decref(order);
    return ok;
}

/* Moves the shop's score by so many reviews and stars. */
static bool score_by(struct ln_special_call *x, const char *id, int64_t n, int64_t stars,
                     struct ln_err *err)
{
    json_t *shop = NULL;
    char score[24];

    if (!ln_special_get(&shop, x, "shop", id, err) || shop == NULL)
        return err->code == LN_OK;
    n += number(shop, "stars_n");
    stars += number(shop, "stars_sum");
    json_decref(shop);
    ln_shop_score(score, stars, n);
    return ln_special_set(x, "shop", id,
                          json_pack("{s:I,s:I,s:s}", "stars_n", (json_int_t)n, "stars_sum",
                                    (json_int_t)stars, "score", score),
                          err);
}

/* The stars an order counts with: those of its latest review or amendment before record `but`. */
static bool stars_of(int64_t *out, struct ln_special_call *x, const char *order, const char *but,
                     struct ln_err *err)
{
    static const char *const kinds[] = { "review", "amend" };
    size_t i;
    json_t *row;

    *out = 0;
    for (size_t k = 0; k < 2; k++) {
        json_t *rows = NULL;
        bool ok = reviews_of(&rows, x, order, kinds[k], err);
        json_array_foreach(rows, i, row)
        {
            if (strcmp(ln_special_word(row, "id"), but) != 0)
                *out = number(row, "stars");
        }
        json_decref(rows);
        if (!ok)
            return false;
    }
    return true;
}

static bool after_review(struct ln_special_call *x, struct ln_err *err)
{
    const char *kind = ln_special_word(x->f, "kind");
    int64_t stars = json_integer_value(json_object_get(x->f, "stars"));
    int64_t old = 0;

    if (!is(x, LN_ENGINE_CREATE, NULL) || strcmp(kind, "reply") == 0)
        return true;
    bool amend = strcmp(kind, "amend") == 0;
    if (amend && !stars_of(&old, x, ln_special_word(x->f, "shop_order"), x->id, err))
        return false;
    return score_by(x, ln_special_word(x->f, "shop"), amend ? 0 : 1, stars - old, err);
}

/* ---- hiding a review: by a named rule, in public, and it can be lifted */

static bool latest_hiding(bool *hidden, json_t **row, struct ln_sqlstore *s,
                          const struct ln_def *def, const char *review, struct ln_err *err)
{
    const struct ln_where where[] = { { "review", LN_WHERE_IS, review } };
    struct ln_list l = { .coll = ln_def_find(def, "review_hiding")->coll,
                         .where = where,
                         .n = 1,
                         .descending = true,
                         .limit = 1 };
    json_t *rows = json_array();
    bool ok = ln_query_list(rows, NULL, s, &l, err);
    json_t *last = json_array_get(rows, 0);

    *hidden = last != NULL && !json_is_true(json_object_get(json_object_get(last, "f"), "lifted"));
    if (row != NULL)
        *row = *hidden ? json_incref(last) : NULL;
    json_decref(rows);
    return ok;
}

static bool before_hiding(struct ln_special_call *x, struct ln_err *err)
{
    bool lift = json_is_true(json_object_get(x->f, "lifted"));
    bool hidden;

    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    if (!latest_hiding(&hidden, NULL, x->e->writer, x->e->def, ln_special_word(x->f, "review"),
                       err))
        return false;
    if (hidden == lift)
        return true;
    return hidden ? ln_special_refuse(x, LN_CONFLICT, "这条评价已经隐藏",
                                      "this review is hidden already", err)
                  : ln_special_refuse(x, LN_CONFLICT, "这条评价没有隐藏",
                                      "this review is not hidden", err);
}

static bool after_hiding(struct ln_special_call *x, struct ln_err *err)
{
    bool lift = json_is_true(json_object_get(x->f, "lifted"));
    json_t *review = NULL;
    int64_t stars = 0;

    if (!is(x, LN_ENGINE_CREATE, NULL))
        return true;
    bool ok = ln_special_get(&review, x, "shop_review", ln_special_word(x->f, "review"), err);
    bool counts = ok && review != NULL && strcmp(ln_special_text(review, "kind"), "review") == 0;
    if (counts)
        ok =
            stars_of(&stars, x, ln_special_text(review, "shop_order"), "", err) &&
            score_by(x, ln_special_text(review, "shop"), lift ? 1 : -1, lift ? stars : -stars, err);
    json_decref(review);
    return ok;
}

/* What was hidden shows the rule and the reason in place of its words. */
static void show_review(const struct ln_special_read *x, json_t *row)
{
    json_t *f = json_object_get(row, "f");
    json_t *hiding = NULL;
    struct ln_err why = { 0 };
    bool hidden;

    if (!latest_hiding(&hidden, &hiding, x->s, x->e->def, ln_special_word(row, "id"), &why) ||
        !hidden)
        return;
    json_object_del(f, "photos");
    json_object_del(f, "stars");
    json_object_set_new(f, "text",
                        json_sprintf("（已隐藏 hidden）%s：%s", ln_special_text(hiding, "rule"),
                                     ln_special_text(hiding, "reason")));
    json_decref(hiding);
}

const struct ln_special ln_shop_special[] = {
    { .collection = "shop", .before = before_shop },
    { .collection = "shop_licence", .before = before_part },
    { .collection = "offer", .before = before_part },
    { .collection = "demand", .before = before_demand, .after = after_demand },
    { .collection = "quote", .before = before_quote, .after = after_quote },
    { .collection = "shop_order", .before = before_order, .after = after_order },
    { .collection = "shop_review",
      .before = before_review,
      .after = after_review,
      .show = show_review },
    { .collection = "review_hiding", .before = before_hiding, .after = after_hiding },
    { .collection = NULL },
};
