/* Moves of a household from one community to another: all of them or none, at every moment one home
 * each; letters and their attachments where they agree. */
#include "tests/lib/four.h"

#include <stdio.h>
#include <string.h>

#define KEY "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWPKZ28"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SMALL "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

struct family {
    struct four t;
    char flat[LN_ID_TEXT + 1], there[LN_ID_TEXT + 1], household[LN_ID_TEXT + 1];
    char zhao[LN_ID_TEXT + 1], qian[LN_ID_TEXT + 1], sun[LN_ID_TEXT + 1]; /* sun lives elsewhere */
    char move[LN_ID_TEXT + 1];
    unsigned none, two; /* moments at which one of zhao and qian had no home, or two */
    bool watch;
};

static void flat(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *room)
{
    char building[LN_ID_TEXT + 1];

    four_add(building, t, p, "building",
             json_pack("{s:s,s:s,s:{s:s,s:s}}", "code", "1", "name", "1 幢", "address", "road",
                       "文二路", "number", "1"));
    four_add(id, t, p, "dwelling",
             json_pack("{s:s,s:s,s:s,s:s}", "building", building, "unit", "2", "room", room,
                       "tenure", "owner"));
}

static void resident(char id[LN_ID_TEXT + 1], struct family *f, const char *name,
                     const char *number, const char *dwelling, const char *relation)
{
    json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "name", name, "kind", "local", "status", "living",
                          "id_type", "111");
    if (number != NULL) /* the examples of GB 11643 */
        json_object_set_new(o, "id_no", json_string(number));
    four_add(id, &f->t, &f->t.one, "person", o);
    json_t *home = json_pack("{s:s,s:s,s:s,s:s}", "person", id, "dwelling", dwelling, "kind",
                             "actual", "starts", "2020-01-01");
    if (relation != NULL) {
        json_object_set_new(home, "household", json_string(f->household));
        json_object_set_new(home, "relation", json_string(relation));
    }
    four_add(NULL, &f->t, &f->t.one, "residence", home);
}

/* Residences of somebody of this name that have not ended, at a community. */
static unsigned homes(struct four *t, struct peer *p, const char *name)
{
    json_t *people = four_rows(t, p, "person", "name", name);
    unsigned n = 0;
    size_t i;
    size_t k;
    json_t *person;
    json_t *home;

    json_array_foreach(people, i, person)
    {
        json_t *rows = four_rows(t, p, "residence", "person", ln_special_word(person, "id"));
        json_array_foreach(rows, k, home)
        {
            n += ln_special_text(home, "ends")[0] == '\0';
        }
        json_decref(rows);
    }
    json_decref(people);
    return n;
}

/* Nobody is ever without: the old home stays open until it is told of the new one. */
static void look(struct four *t, void *ctx)
{
    static const char *const NAMES[] = { "赵一", "钱二" };
    struct family *f = ctx;
    unsigned here[2];

    for (size_t i = 0; f->watch && i < 2; i++) {
        here[i] = homes(t, &t->one, NAMES[i]);
        f->none += here[i] + homes(t, &t->two, NAMES[i]) == 0;
    }
    f->two += f->watch && here[0] != here[1]; /* one left without the other */
}

static void family_new(struct family *f)
{
    memset(f, 0, sizeof *f);
    four_new(&f->t);
    flat(f->flat, &f->t, &f->t.one, "101");
    flat(f->there, &f->t, &f->t.two, "202");
    four_add(f->household, &f->t, &f->t.one, "household",
             json_pack("{s:s,s:s,s:s}", "no", "1-2-101", "dwelling", f->flat, "kind", "family"));
    resident(f->zhao, f, "赵一", "11010519491231002X", f->flat, "01");
    resident(f->qian, f, "钱二", "440524188001010014", f->flat, "10");
    char other[LN_ID_TEXT + 1];
    flat(other, &f->t, &f->t.one, "909");
    resident(f->sun, f, "孙三", NULL, other, NULL);
    f->t.seen = look;
    f->t.ctx = f;
    f->watch = true;
}

static bool leave(struct family *f, json_t *more, char said[256], struct ln_err *err)
{
    json_t *o = json_pack("{s:s,s:s}", "person", f->zhao, "to_region", FOUR_TWO);

    json_object_update(o, more);
    json_decref(more);
    return four_create(f->move, &f->t, &f->t.one, "worker", "move_out", o, said, err);
}

static void offer(char id[LN_ID_TEXT + 1], struct family *f)
{
    json_t *rows = four_rows(&f->t, &f->t.two, "move_in", "state", "offered");

    assert_int_equal(json_array_size(rows), 1);
    (void)snprintf(id, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(rows, 0), "id"));
    json_decref(rows);
}

static json_t *into(struct family *f)
{
    return json_pack("{s:{s:s,s:s,s:s}}", "set", "dwelling", f->there, "kind", "actual", "starts",
                     "2026-11-20");
}

static void letter(char id[LN_ID_TEXT + 1], struct family *f, const char *kind, const char *title)
{
    char home[LN_ID_TEXT + 1];
    char category[LN_ID_TEXT + 1];

    four_add(home, &f->t, &f->t.one, "home",
             json_pack("{s:s,s:s}", "kind", "committee", "name", "居委会"));
    four_add(category, &f->t, &f->t.one, "category",
             json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "code", "noise", "name", "噪声", "handler",
                       home, "tier", "community", "accept_hours", 4, "done_hours", 72));
    four_add(id, &f->t, &f->t.one, "ticket",
             json_pack("{s:s,s:s,s:s,s:s,s:s}", "kind", kind, "category", category, "title", title,
                       "body", "夜里很吵", "reporter", f->qian));
}

TEST(a_household_moves_in_one_request_and_each_of_them_has_a_home_all_the_time)
{
    struct family f;
    char in[LN_ID_TEXT + 1];
    char before[LN_ID_TEXT + 1];
    char stays[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err = { 0 };
    family_new(&f);
    four_add(before, &f.t, &f.t.two, "person", /* 钱二 lived there once */
             json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", "钱二", "kind", "local", "status", "moved",
                       "id_type", "111", "id_no", "440524188001010014"));
    letter(stays, &f, "complaint", "楼上噪声");

    MUST(leave(&f, json_pack("{s:[s]}", "others", f.qian), said, &err));
    four_round(&f.t);
    offer(in, &f);
    assert_non_null(strstr(four_text(&f.t, &f.t.two, "move_in", in, "family"), "钱二"));
    MUST(four_step(&f.t, &f.t.two, "worker", "move_in", in, "accept", into(&f), said, &err));
    assert_int_equal(homes(&f.t, &f.t.two, "赵一"), 1);
    assert_int_equal(homes(&f.t, &f.t.two, "钱二"), 1);
    four_round(&f.t);

    assert_string_equal(four_text(&f.t, &f.t.one, "move_out", f.move, "state"), "moved");
    assert_string_equal(four_text(&f.t, &f.t.one, "person", f.qian, "status"), "moved");
    assert_int_equal(homes(&f.t, &f.t.one, "赵一") + homes(&f.t, &f.t.one, "钱二"), 0);
    assert_int_equal(f.none, 0);
    assert_int_equal(f.two, 0);
    assert_int_equal(four_count(&f.t, &f.t.two, "person", "name", "钱二"),
                     1); /* no second record */
    assert_string_equal(four_text(&f.t, &f.t.two, "person", before, "status"), "living");
    assert_string_equal(four_text(&f.t, &f.t.one, "ticket", stays, "state"), "filed");
    assert_int_equal(four_count(&f.t, &f.t.two, "ticket", NULL, NULL), 0); /* nobody agreed */
    json_t *household = four_rows(&f.t, &f.t.two, "household", NULL, NULL);
    json_t *second = four_rows(&f.t, &f.t.two, "residence", "relation", "10");
    assert_int_equal(json_array_size(household), 1);
    assert_string_equal(ln_special_text(json_array_get(household, 0), "no"), "1-2-202");
    assert_string_equal(ln_special_text(json_array_get(second, 0), "household"),
                        ln_special_word(json_array_get(household, 0), "id"));
    json_decref(household);
    json_decref(second);
    four_end(&f.t);
}

TEST(only_a_household_goes_together_and_refused_there_all_of_them_stay)
{
    struct family f;
    char in[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err = { 0 };
    family_new(&f);
    assert_false(leave(&f, json_pack("{s:[s]}", "others", f.sun), said, &err));
    if (strstr(said, "does not live with") == NULL)
        fail_msg("%s", said);
    assert_false(leave(&f, json_pack("{s:[s,s]}", "others", f.qian, f.qian), said, &err));
    assert_non_null(strstr(said, "named twice"));
    assert_false(leave(&f, json_pack("{s:[s]}", "others", f.zhao), said, &err));
    MUST(leave(&f, json_pack("{s:[s]}", "others", f.qian), said, &err));
    assert_false(four_create(NULL, &f.t, &f.t.one, "worker", "move_out",
                             json_pack("{s:s,s:s}", "person", f.qian, "to_region", FOUR_TWO), said,
                             &err));
    assert_non_null(strstr(said, "is being moved already"));
    four_round(&f.t);
    offer(in, &f);

    MUST(four_step(&f.t, &f.t.two, "worker", "move_in", in, "refuse",
                   json_pack("{s:s}", "note", "没有这间房"), said, &err));
    four_round(&f.t);

    assert_string_equal(four_text(&f.t, &f.t.one, "move_out", f.move, "state"), "refused");
    assert_int_equal(homes(&f.t, &f.t.one, "赵一"), 1);
    assert_int_equal(homes(&f.t, &f.t.one, "钱二"), 1);
    assert_int_equal(homes(&f.t, &f.t.two, "钱二"), 0);
    MUST(leave(&f, json_pack("{s:[s]}", "others", f.qian), said, &err));
    four_end(&f.t);
}

struct keeping {
    const char *id;
};

static bool give_file(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    struct keeping *k = arg;
    struct ln_buf text = ln_buf_new(4096);
    struct ln_draft d = { .op = LN_OP_SET, .collection = "ticket", .channel = "" };
    json_t *f =
        json_pack("{s:[{s:s,s:s,s:s,s:s,s:i,s:i,s:{s:s,s:s,s:i,s:i}}]}", "files", "key", KEY,
                  "name", "a.jpg", "sha", SHA, "type", "image/jpeg", "size", 10, "stored", 300,
                  "small", "sha", SMALL, "type", "image/jpeg", "size", 5, "stored", 200);

    ln_engine_canon(&text, f);
    json_decref(f);
    d.fields = (struct ln_span){ text.data, text.len };
    bool ok = ln_clock_id_read(&d.record, ln_span_of(k->id)) && ln_replica_save(x->r, &d, 1, err);
    ln_buf_free(&text);
    return ok;
}

static bool put_dead(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    return ln_special_set(x, "person", arg, json_pack("{s:s}", "status", "dead"), err);
}

TEST(who_dies_before_the_summary_stays_out_and_a_move_of_nobody_is_called_back)
{
    struct family f;
    char in[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err = { 0 };
    family_new(&f);
    f.watch = false;

    MUST(leave(&f, json_pack("{s:[s]}", "others", f.qian), said, &err));
    MUST(four_run(&f.t, &f.t.one, put_dead, f.zhao, &err));
    four_round(&f.t);

    offer(in, &f);
    assert_string_equal(four_text(&f.t, &f.t.two, "move_in", in, "name"), "钱二");
    assert_null(strstr(four_text(&f.t, &f.t.two, "move_in", in, "family"), "赵一"));
    MUST(four_step(&f.t, &f.t.two, "worker", "move_in", in, "accept", into(&f), said, &err));
    four_round(&f.t);
    assert_string_equal(four_text(&f.t, &f.t.one, "move_out", f.move, "state"), "moved");
    assert_string_equal(four_text(&f.t, &f.t.one, "person", f.zhao, "status"), "dead");

    MUST(four_create(f.move, &f.t, &f.t.one, "worker", "move_out",
                     json_pack("{s:s,s:s}", "person", f.sun, "to_region", FOUR_TWO), said, &err));
    MUST(four_run(&f.t, &f.t.one, put_dead, f.sun, &err));
    four_round(&f.t);
    assert_string_equal(four_text(&f.t, &f.t.one, "move_out", f.move, "state"), "withdrawn");
    assert_int_equal(four_count(&f.t, &f.t.two, "move_in", "state", "offered"), 0);
    four_end(&f.t);
}

TEST(open_letters_go_along_with_their_attachments_where_they_agree)
{
    struct family f;
    char in[LN_ID_TEXT + 1];
    char home[LN_ID_TEXT + 1];
    char goes[LN_ID_TEXT + 1];
    char stays[LN_ID_TEXT + 1];
    char said[256];
    struct keeping k = { goes };
    struct ln_err err = { 0 };
    family_new(&f);
    letter(goes, &f, "complaint", "楼上噪声");
    letter(stays, &f, "event", "路灯不亮");
    MUST(four_run(&f.t, &f.t.one, give_file, &k, &err));
    four_add(home, &f.t, &f.t.two, "home",
             json_pack("{s:s,s:s}", "kind", "committee", "name", "居委会"));
    four_add(NULL, &f.t, &f.t.two, "category",
             json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "code", "noise", "name", "噪声", "handler",
                       home, "tier", "community", "accept_hours", 4, "done_hours", 72));
    MUST(leave(&f, json_pack("{s:[s],s:b}", "others", f.qian, "pass_tickets", 1), said, &err));
    four_round(&f.t);
    offer(in, &f);
    MUST(four_step(&f.t, &f.t.two, "worker", "move_in", in, "accept", into(&f), said, &err));
    assert_string_equal(four_text(&f.t, &f.t.one, "ticket", goes, "state"), "filed");
    four_round(&f.t);

    assert_string_equal(four_text(&f.t, &f.t.one, "ticket", goes, "state"), "moved");
    assert_string_equal(four_text(&f.t, &f.t.one, "ticket", stays, "state"), "filed");
    json_t *rows = four_rows(&f.t, &f.t.two, "ticket", NULL, NULL);
    const json_t *row = json_array_get(rows, 0);
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(ln_special_text(row, "title"), "楼上噪声");
    assert_string_equal(
        four_text(&f.t, &f.t.two, "person", ln_special_text(row, "reporter"), "name"), "钱二");
    const json_t *file = json_array_get(json_object_get(json_object_get(row, "f"), "files"), 0);
    assert_string_equal(ln_special_word(file, "key"), KEY);
    assert_string_equal(ln_special_word(json_object_get(file, "small"), "sha"), SMALL);
    json_t *parcels = four_rows(&f.t, &f.t.street, "parcel", "kind", "summary");
    for (size_t i = 0; i < json_array_size(parcels);
         i++) { /* carriers get the bytes, not the key */
        const json_t *p = json_object_get(json_array_get(parcels, i), "f");
        const json_t *one = json_array_get(json_object_get(p, "carries"), 0);
        assert_string_equal(ln_special_word(one, "sha"), SMALL);
        one = json_array_get(json_object_get(p, "carries"), 1);
        assert_string_equal(ln_special_word(one, "sha"), SHA);
        assert_null(json_object_get(one, "key"));
    }
    assert_true(json_array_size(parcels) >= 2);
    json_decref(parcels);
    json_decref(rows);
    four_end(&f.t);
}

RUN_TESTS(T(a_household_moves_in_one_request_and_each_of_them_has_a_home_all_the_time),
          T(only_a_household_goes_together_and_refused_there_all_of_them_stay),
          T(who_dies_before_the_summary_stays_out_and_a_move_of_nobody_is_called_back),
          T(open_letters_go_along_with_their_attachments_where_they_agree))
