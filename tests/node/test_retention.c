/* What has been kept long enough: found, listed, erased or deleted once a day, unless it is held.
 */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/retention.h"
#include "node/node.h"

#define DAY INT64_C(86400000)

static bool tick(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    (void)arg;
    return ln_retention_special[0].tick(x, err);
}

static void run(struct place *p, int64_t later_ms)
{
    struct ln_err err = { 0 };

    MUST(place_run(p, tick, NULL, later_ms, &err));
}

static json_t *listed(struct place *p, int64_t later_ms, int64_t ahead)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *out = json_array();

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_retention_list(out, r->store, p->n->def, "330106005055", place_now(p) + later_ms, ahead,
                           &err));
    ln_node_read_done(p->n, r);
    return out;
}

static const json_t *item(const json_t *list, const char *id)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one)
    {
        if (strcmp(ln_special_word(one, "id"), id) == 0)
            return one;
    }
    return NULL;
}

/* "here", "blank" (its keys are on the way out) or "gone". */
static const char *fate(struct place *p, const char *id)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    struct ln_id what;
    json_t *row = NULL;
    const char *out = "here";

    assert_true(ln_clock_id_read(&what, ln_span_of(id)));
    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_query_record(&row, r->store, &what, &err));
    if (row == NULL || json_is_true(json_object_get(row, "deleted")))
        out = "gone";
    else if (json_object_get(json_object_get(row, "f"), "name") == NULL &&
             json_object_get(json_object_get(row, "f"), "body") == NULL)
        out = "blank";
    ln_node_read_done(p->n, r);
    json_decref(row);
    return out;
}

static bool due_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_erase_due(r, arg, err);
}

static void erased(struct place *p)
{
    struct ln_err err = { 0 };
    unsigned n;

    MUST(ln_queue_write(p->n->queue, due_job, &n, &err));
}

static json_t *person(const char *name, const char *status)
{
    return json_pack("{s:s,s:s,s:s,s:s}", "name", name, "kind", "local", "status", status,
                     "id_type", "990");
}

TEST(somebody_who_moved_away_is_listed_in_time_and_erased_on_the_day)
{
    struct place p;
    char moved[LN_ID_TEXT + 1];
    char lives[LN_ID_TEXT + 1];
    place_open(&p);
    place_add(moved, &p, "person", person("赵迁出", "moved"));
    place_add(lives, &p, "person", person("钱在住", "living"));

    json_t *soon = listed(&p, 5 * 365 * DAY - 20 * DAY, 30);
    json_t *early = listed(&p, 4 * 365 * DAY, 30);
    run(&p, 4 * 365 * DAY);
    erased(&p);
    assert_string_equal(fate(&p, moved), "here");
    run(&p, 5 * 366 * DAY);
    erased(&p);

    assert_non_null(item(soon, moved));
    assert_string_equal(json_string_value(json_object_get(item(soon, moved), "act")), "erase");
    assert_null(item(soon, lives));
    assert_null(item(early, moved));
    assert_string_equal(fate(&p, moved), "blank");
    assert_string_equal(fate(&p, lives), "here");
    json_t *after = listed(&p, 5 * 366 * DAY, 30);
    assert_null(item(after, moved)); /* nobody is asked twice */
    json_decref(soon);
    json_decref(early);
    json_decref(after);
    place_close(&p);
}

TEST(what_is_held_stays_and_the_list_says_by_which_decision)
{
    struct place p;
    char moved[LN_ID_TEXT + 1];
    char hold[LN_ID_TEXT + 1];
    place_open(&p);
    place_add(moved, &p, "person", person("赵留存", "dead"));
    place_add(hold, &p, "legal_hold", json_pack("{s:s,s:s}", "object", moved, "reason", "诉讼中"));

    run(&p, 6 * 366 * DAY);
    erased(&p);

    assert_string_equal(fate(&p, moved), "here");
    json_t *list = listed(&p, 6 * 366 * DAY, 0);
    assert_string_equal(json_string_value(json_object_get(item(list, moved), "hold")), hold);
    json_decref(list);
    place_close(&p);
}

TEST(messages_go_when_their_conversation_says_so)
{
    struct place p;
    char brief[LN_ID_TEXT + 1];
    char lasting[LN_ID_TEXT + 1];
    char one[LN_ID_TEXT + 1];
    char two[LN_ID_TEXT + 1];
    char home[LN_ID_TEXT + 1];
    place_open(&p);
    place_add(home, &p, "home", json_pack("{s:s,s:s}", "kind", "committee", "name", "翠苑居委会"));
    place_add(brief, &p, "thread",
              json_pack("{s:s,s:s,s:i}", "kind", "desk", "subject", "短", "keep_days", 10));
    place_add(lasting, &p, "thread", json_pack("{s:s,s:s}", "kind", "desk", "subject", "长"));
    place_add(one, &p, "message", json_pack("{s:s,s:s}", "thread", brief, "body", "十天之后"));
    place_add(two, &p, "message", json_pack("{s:s,s:s}", "thread", lasting, "body", "两年之后"));

    run(&p, 11 * DAY);
    erased(&p);
    assert_string_equal(fate(&p, one), "blank");
    assert_string_equal(fate(&p, two), "here");
    run(&p, 740 * DAY);
    erased(&p);

    assert_string_equal(fate(&p, two), "blank");
    place_close(&p);
}

/* Whether a record still has this field. */
static bool has(struct place *p, const char *collection, const char *id, const char *field)
{
    json_t *row = place_get(p, collection, id);
    bool yes = json_object_get(json_object_get(row, "f"), field) != NULL;

    json_decref(row);
    return yes;
}

/* A vote with one ballot, whose result became final today. */
static void vote(char survey[LN_ID_TEXT + 1], char ballot[LN_ID_TEXT + 1], struct place *p,
                 const char *secrecy)
{
    char today[11];

    ln_engine_today(today, place_now(p));
    place_add(survey, p, "survey",
              json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s}", "title", "加装电梯", "kind", "poll",
                        "home", "000000000000000000h0", "one_per", "person", "secrecy", secrecy,
                        "starts", (json_int_t)1, "ends", (json_int_t)2, "finished", today));
    place_add(
        ballot, p, "response",
        json_pack("{s:s,s:s,s:{s:s}}", "survey", survey, "token", "ABC", "answers", "1", "同意"));
}

TEST(secret_answers_go_30_days_after_their_result_is_final_and_not_before)
{
    static const char *const secrecy[] = { "secret", "anonymous", "open", "secret" };
    struct place p;
    char survey[4][LN_ID_TEXT + 1];
    char ballot[4][LN_ID_TEXT + 1];
    char hold[LN_ID_TEXT + 1];
    place_open(&p);
    for (int i = 0; i < 4; i++)
        vote(survey[i], ballot[i], &p, secrecy[i]);
    place_add(hold, &p, "legal_hold",
              json_pack("{s:s,s:s}", "object", survey[3], "reason", "诉讼"));

    json_t *soon = listed(&p, 10 * DAY, 30);
    run(&p, 29 * DAY);
    erased(&p);
    for (int i = 0; i < 4; i++)
        assert_true(has(&p, "response", ballot[i], "answers"));
    run(&p, 30 * DAY);
    erased(&p);

    assert_false(has(&p, "response", ballot[0], "answers"));
    assert_false(has(&p, "response", ballot[1], "answers"));
    assert_true(has(&p, "response", ballot[2], "answers"));
    assert_true(has(&p, "response", ballot[3], "answers")); /* held with its vote */
    assert_non_null(item(soon, ballot[0]));
    assert_null(item(soon, ballot[2]));
    assert_string_equal(json_string_value(json_object_get(item(soon, ballot[3]), "hold")), hold);
    json_decref(soon);
    place_close(&p);
}

/* The one item of a collection. */
static const json_t *of_collection(const json_t *list, const char *collection)
{
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (strcmp(ln_special_word(one, "collection"), collection) != 0)
            continue;
        assert_null(found);
        found = one;
    }
    assert_non_null(found);
    return found;
}

TEST(who_saw_what_is_forgotten_after_three_years_and_one_row_tells_of_it)
{
    struct place p;
    char who[LN_ID_TEXT + 1];
    char held[LN_ID_TEXT + 1];
    char seen[3][LN_ID_TEXT + 1];
    char hold[LN_ID_TEXT + 1];
    place_open(&p);
    place_add(who, &p, "person", person("赵一", "living"));
    place_add(held, &p, "person", person("钱二", "living"));
    for (int i = 0; i < 3; i++)
        place_add(seen[i], &p, "audit",
                  json_pack("{s:s,s:s,s:s,s:[s],s:s,s:I,s:s}", "actor", "000000000000000000a0",
                            "action", "unmask", "object", i == 2 ? held : who, "fields", "phone",
                            "purpose", "visit", "at", (json_int_t)place_now(&p), "node", "n"));
    place_add(hold, &p, "legal_hold", json_pack("{s:s,s:s}", "object", held, "reason", "诉讼"));

    json_t *soon = listed(&p, 1090 * DAY, 30);
    const json_t *one = of_collection(soon, "audit");
    assert_int_equal(json_integer_value(json_object_get(one, "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(one, "held")), 1);
    assert_string_equal(json_string_value(json_object_get(one, "due")),
                        json_string_value(json_object_get(one, "until")));
    assert_null(json_object_get(one, "id"));
    json_decref(soon);
    run(&p, 1094 * DAY);
    erased(&p);
    assert_true(has(&p, "audit", seen[0], "actor"));
    size_t before = place_count(&p, "audit");
    run(&p, 1097 * DAY);
    erased(&p);

    for (int i = 0; i < 2; i++) {
        assert_false(has(&p, "audit", seen[i], "actor"));
        assert_false(has(&p, "audit", seen[i], "object"));
        assert_false(has(&p, "audit", seen[i], "fields"));
        assert_string_equal(place_text(&p, "audit", seen[i], "action"), "unmask");
    }
    assert_true(has(&p, "audit", seen[2], "object")); /* held with the person it is about */
    assert_int_equal(place_count(&p, "audit"), before + 1);
    place_close(&p);
}

TEST(a_definition_that_cannot_be_kept_is_refused_at_start)
{
    static const char *const bad[] = {
        "{\"class\":\"x\",\"years\":1,\"days\":2,\"after\":\"created\"}",
        "{\"class\":\"x\",\"after\":\"created\"}",
        "{\"years\":1,\"after\":\"created\"}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"a\"}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"final\"}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"created\",\"when\":{\"zz\":\"1\"}}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"created\",\"who\":1}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"created\",\"of\":\"a\"}",
        "{\"class\":\"x\",\"years\":1,\"after\":\"created\",\"held_with\":\"b\"}",
    };
    static const char text[] =
        "{\"module\":\"m\",\"rank\":1,\"label\":{\"zh\":\"一\",\"en\":\"One\"},\"codes\":{},"
        "\"collections\":[{\"name\":\"c\",\"version\":1,\"label\":{\"zh\":\"一\",\"en\":\"One\"},"
        "\"audience\":\"C\",\"title\":[\"a\"],\"fields\":[{\"name\":\"a\",\"type\":\"str\","
        "\"label\":{\"zh\":\"一\",\"en\":\"One\"}}],\"rights\":{\"read\":[],\"create\":[],"
        "\"update\":[],\"delete\":[]},\"list\":[\"a\"],\"filters\":[],\"retention\":%s}]}";
    char def[2048];
    struct ln_def *d = NULL;

    for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
        struct ln_err err = { 0 };
        bool good = i == sizeof bad / sizeof bad[0];
        (void)snprintf(def, sizeof def, text,
                       good ? "{\"class\":\"x\",\"years\":1,\"after\":\"created\"}" : bad[i]);
        bool ok = ln_def_read(&d, "m", def, strlen(def), &err);
        if (ok != good)
            print_message("%zu: %s\n", i, err.text);
        assert_true(ok == good);
        if (ok)
            ln_def_close(d);
        else
            assert_int_equal(err.code, LN_INVALID);
    }
}

RUN_TESTS(T(somebody_who_moved_away_is_listed_in_time_and_erased_on_the_day),
          T(what_is_held_stays_and_the_list_says_by_which_decision),
          T(messages_go_when_their_conversation_says_so),
          T(secret_answers_go_30_days_after_their_result_is_final_and_not_before),
          T(who_saw_what_is_forgotten_after_three_years_and_one_row_tells_of_it),
          T(a_definition_that_cannot_be_kept_is_refused_at_start))
