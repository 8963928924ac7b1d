/* Reminders of a contract before its end. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/stock.h"
#include "node/module/workday.h"
#include "node/say.h"

#define DAY INT64_C(86400000)

struct scene {
    struct place p;
    int64_t today; /* number of the day */
    char contract[LN_ID_TEXT + 1], keeper[LN_ID_TEXT + 1];
};

static const char *day(const struct scene *s, int64_t away)
{
    static char out[4][11];
    static unsigned n;
    char *at = out[n++ % 4];

    ln_workday_date(at, s->today + away);
    return at;
}

static bool start(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    static const char *const steps[] = { "check", "sign", "start" };
    bool ok = true;

    for (size_t i = 0; ok && i < 3; i++)
        ok = ln_special_step(x, "contract", arg, steps[i], NULL, NULL, err);
    return ok;
}

/* One in force that ends in so many days, kept by somebody with an account. */
static void begin(struct scene *s, int64_t ends, json_t *more)
{
    struct ln_err err = { 0 };
    char today[11];

    place_open(&s->p);
    ln_engine_today(today, place_now(&s->p));
    s->today = ln_workday_number(today);
    struct ln_user worker;
    place_user(&worker, &s->p, "worker", "worker");
    (void)snprintf(s->keeper, sizeof s->keeper, "%s", worker.account);
    json_t *f = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "title", "保洁", "kind", "service",
                          "party_a", "居委会", "party_b", "清洁公司", "keeper", s->keeper, "starts",
                          day(s, -300), "ends", day(s, ends));
    json_object_update(f, more);
    json_decref(more);
    MUST(place_create(s->contract, &s->p, &worker, "contract", f, NULL, &err));
    MUST(place_run(&s->p, start, s->contract, 0, &err));
}

static bool tick(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    (void)arg;
    for (const struct ln_special *t = ln_stock_special; t->collection != NULL; t++)
        if (t->tick != NULL && strcmp(t->collection, "contract") == 0 && !t->tick(x, err))
            return false;
    return true;
}

/* So many days later: the reminder given last, as a number of days before the end. */
static int64_t later(struct scene *s, int64_t days)
{
    struct ln_err err = { 0 };

    MUST(place_run(&s->p, tick, NULL, days * DAY, &err));
    MUST(place_run(&s->p, tick, NULL, days * DAY, &err));
    json_t *row = place_get(&s->p, "contract", s->contract);
    int64_t n = json_integer_value(json_object_get(json_object_get(row, "f"), "reminded"));
    json_decref(row);
    return n;
}

static const char *said(struct scene *s, const char *field)
{
    return place_text(&s->p, "contract", s->contract, field);
}

TEST(a_contract_reminds_60_30_and_7_days_before_its_end_and_once_each)
{
    struct scene s;

    begin(&s, 90, json_object());

    assert_string_equal(said(&s, "remind_on"), day(&s, 30));
    assert_int_equal(later(&s, 29), 0);
    assert_string_equal(said(&s, "state"), "active");
    assert_int_equal(later(&s, 30), 60);
    assert_string_equal(said(&s, "state"), "expiring");
    assert_string_equal(said(&s, "remind_on"), day(&s, 60));
    assert_int_equal(later(&s, 59), 60);
    assert_int_equal(later(&s, 60), 30);
    assert_string_equal(said(&s, "remind_on"), day(&s, 83));
    assert_int_equal(later(&s, 83), 7);
    assert_string_equal(said(&s, "remind_on"), "");
    assert_string_equal(said(&s, "state"), "expiring");
    place_close(&s.p);
}

TEST(a_contract_names_its_own_first_reminder)
{
    struct scene s;

    begin(&s, 100, json_pack("{s:i}", "remind_days", 90));

    assert_string_equal(said(&s, "remind_on"), day(&s, 10));
    assert_int_equal(later(&s, 10), 90);
    assert_string_equal(said(&s, "remind_on"), day(&s, 40));
    place_close(&s.p);
}

/* What the node has told an account or a home: its messages, oldest first. */
static json_t *told(struct scene *s, const char *who)
{
    const struct ln_where of_them[] = { { "kind", LN_WHERE_IS, "notice" },
                                        { "members", LN_WHERE_HAS, who } };
    struct ln_list l = {
        .coll = ln_def_find(s->p.n->def, "thread")->coll, .where = of_them, .n = 2, .limit = 10
    };
    json_t *threads = place_list(&s->p, &l, NULL);
    const json_t *first = json_array_get(threads, 0);
    const struct ln_where of = { "thread", LN_WHERE_IS, ln_special_word(first, "id") };

    assert_true(json_array_size(threads) <= 1);
    l = (struct ln_list){
        .coll = ln_def_find(s->p.n->def, "message")->coll, .where = &of, .n = 1, .limit = 10
    };
    json_t *out = first != NULL ? place_list(&s->p, &l, NULL) : json_array();
    json_decref(threads);
    return out;
}

TEST(with_each_reminder_who_keeps_the_contract_is_told_once)
{
    struct scene s;
    char want[200];

    begin(&s, 90, json_object());
    assert_int_equal(later(&s, 30), 60);
    (void)later(&s, 31);
    assert_int_equal(later(&s, 60), 30);
    (void)later(&s, 83);

    json_t *list = told(&s, s.keeper);
    assert_int_equal(json_array_size(list), 3);
    const json_t *second = json_array_get(list, 1);
    assert_string_equal(ln_special_text(second, "about"), s.contract);
    (void)snprintf(want, sizeof want, "合同《保洁》（清洁公司）还有 30 天到期：%s。", day(&s, 90));
    assert_non_null(strstr(ln_special_text(second, "body"), want));
    struct ln_span en = ln_say_part(ln_special_text(second, "body"), false);
    assert_non_null(strstr(en.p, "(清洁公司) ends in 30 days, on "));
    json_decref(list);
    place_close(&s.p);
}

TEST(where_the_keeper_has_no_account_any_more_the_committee_is_told)
{
    struct scene s;
    char committee[LN_ID_TEXT + 1];

    begin(&s, 90, json_pack("{s:s}", "keeper", "000000000000000000a0"));
    place_add(committee, &s.p, "home",
              json_pack("{s:s,s:s}", "kind", "committee", "name", "居委会"));
    assert_int_equal(later(&s, 30), 60);

    json_t *list = told(&s, committee);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    place_close(&s.p);
}

TEST(nobody_answers_a_reminder_and_nobody_else_sends_one)
{
    struct scene s;
    struct ln_err err = { 0 };
    struct ln_user other;
    char said_why[256];

    begin(&s, 90, json_object());
    place_user(&other, &s.p, "committee", "committee");
    assert_false(place_create(NULL, &s.p, &other, "thread",
                              json_pack("{s:s,s:[s]}", "kind", "notice", "members", s.keeper),
                              said_why, &err));
    assert_int_equal(later(&s, 30), 60);
    json_t *list = told(&s, s.keeper);
    err = (struct ln_err){ 0 };
    (void)snprintf(other.account, sizeof other.account, "%s", s.keeper);
    ln_engine_name_me(&other);
    assert_false(
        place_create(NULL, &s.p, &other, "message",
                     json_pack("{s:s,s:s}", "thread",
                               ln_special_text(json_array_get(list, 0), "thread"), "body", "好"),
                     said_why, &err));
    assert_int_equal(err.code, LN_DENIED);
    json_decref(list);
    place_close(&s.p);
}

TEST(those_that_passed_while_the_node_was_off_are_one_reminder)
{
    struct scene s;

    begin(&s, 20, json_object());

    assert_int_equal(later(&s, 0), 30);
    assert_string_equal(said(&s, "remind_on"), day(&s, 13));
    assert_int_equal(later(&s, 18), 7);
    place_close(&s.p);
}

TEST(a_community_sets_the_days_of_its_reminders)
{
    struct scene s;
    char id[LN_ID_TEXT + 1];

    begin(&s, 90, json_object());
    place_add(id, &s.p, "module_setting",
              json_pack("{s:s,s:b,s:{s:s}}", "module", "asset", "enabled", 1, "config",
                        "contract_reminders", "14,3"));

    assert_int_equal(later(&s, 30), 60);
    assert_string_equal(said(&s, "remind_on"), day(&s, 76));
    assert_int_equal(later(&s, 76), 14);
    assert_int_equal(later(&s, 87), 3);
    assert_string_equal(said(&s, "remind_on"), "");
    place_close(&s.p);
}

TEST(a_day_that_is_no_longer_set_reminds_of_nothing)
{
    struct scene s;

    begin(&s, 90, json_object());
    place_set(&s.p, "contract", s.contract, json_pack("{s:s}", "remind_on", day(&s, 10)));

    assert_int_equal(later(&s, 10), 0);
    assert_string_equal(said(&s, "state"), "active");
    assert_string_equal(said(&s, "remind_on"), day(&s, 30));
    place_close(&s.p);
}

TEST(with_another_end_the_reminders_begin_anew)
{
    struct scene s;
    struct ln_err err = { 0 };
    struct ln_user worker;

    begin(&s, 20, json_object());
    assert_int_equal(later(&s, 0), 30);
    place_user(&worker, &s.p, "committee", "committee");

    MUST(place_update(&s.p, &worker, "contract", s.contract,
                      json_pack("{s:s}", "ends", day(&s, 200)), NULL, &err));

    assert_string_equal(said(&s, "remind_on"), day(&s, 140));
    assert_int_equal(later(&s, 140), 60);
    place_close(&s.p);
}

TEST(one_that_came_as_a_file_reminds_too)
{
    struct scene s;

    begin(&s, 90, json_object());
    place_set(&s.p, "contract", s.contract, json_pack("{s:n}", "remind_on"));

    assert_int_equal(later(&s, 0), 0);
    assert_string_equal(said(&s, "remind_on"), day(&s, 30));
    place_close(&s.p);
}

RUN_TESTS(T(a_contract_reminds_60_30_and_7_days_before_its_end_and_once_each),
          T(a_contract_names_its_own_first_reminder),
          T(with_each_reminder_who_keeps_the_contract_is_told_once),
          T(where_the_keeper_has_no_account_any_more_the_committee_is_told),
          T(nobody_answers_a_reminder_and_nobody_else_sends_one),
          T(those_that_passed_while_the_node_was_off_are_one_reminder),
          T(a_community_sets_the_days_of_its_reminders),
          T(a_day_that_is_no_longer_set_reminds_of_nothing),
          T(with_another_end_the_reminders_begin_anew), T(one_that_came_as_a_file_reminds_too))
