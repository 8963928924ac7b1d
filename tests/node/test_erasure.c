/* Nothing is typed into the record of somebody who was erased: it would be readable on that one
 * box alone. */
#include "tests/lib/place.h"

#include <string.h>
#include <unistd.h>

#include "sync/store.h"

struct scene {
    struct place p;
    struct ln_user worker, committee;
    char person[LN_ID_TEXT + 1], home[LN_ID_TEXT + 1], flat[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err;
};

static json_t *somebody(const char *name)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", name, "kind", "local", "status", "living",
                     "id_type", "111", "checked", "2020-01-01");
}

static bool look(void *arg, struct ln_store *reader, const struct ln_authority *a,
                 struct ln_err *err)
{
    struct scene *s = arg;
    bool yes = false;

    (void)a;
    return ln_engine_erased(&yes, reader, s->person, err) &&
           (yes || ln_fail(err, LN_BUSY, "not yet"));
}

/* A person with a home, erased at their request: done between jobs. */
static void begin(struct scene *s)
{
    struct ln_err err = { 0 };
    char building[LN_ID_TEXT + 1];
    char request[LN_ID_TEXT + 1];

    *s = (struct scene){ .err = { 0 } };
    place_open(&s->p);
    place_user(&s->worker, &s->p, "worker", "worker");
    place_user(&s->committee, &s->p, "committee", "committee");
    place_add(s->person, &s->p, "person", somebody("赵一"));
    place_add(building, &s->p, "building",
              json_pack("{s:s,s:s,s:{s:s,s:s}}", "code", "1", "name", "1 幢", "address", "road",
                        "文二路", "number", "1"));
    place_add(s->flat, &s->p, "dwelling",
              json_pack("{s:s,s:s,s:s}", "building", building, "room", "101", "tenure", "owner"));
    place_add(s->home, &s->p, "residence",
              json_pack("{s:s,s:s,s:s,s:s}", "person", s->person, "dwelling", s->flat, "kind",
                        "actual", "starts", "2020-01-01"));
    place_add(request, &s->p, "subject_request",
              json_pack("{s:s,s:s,s:s}", "person", s->person, "kind", "delete", "text", "搬走了"));
    MUST(
        place_step(&s->p, &s->committee, "subject_request", request, "check", NULL, s->said, &err));
    MUST(place_step(&s->p, &s->committee, "subject_request", request, "finish",
                    json_pack("{s:s}", "note", "已删除"), s->said, &err));
    for (int i = 0; i < 3000; i++) {
        err = (struct ln_err){ 0 };
        if (s->p.n->access.read(s->p.n->access.ctx, look, s, &err))
            return;
        (void)usleep(10000);
    }
    fail_msg("%s", err.text);
}

static bool change(struct scene *s, const char *collection, const char *id, json_t *f)
{
    s->err = (struct ln_err){ 0 };
    return place_update(&s->p, &s->worker, collection, id, f, s->said, &s->err);
}

static bool add(struct scene *s, const char *collection, json_t *f)
{
    char id[LN_ID_TEXT + 1];

    s->err = (struct ln_err){ 0 };
    return place_create(id, &s->p, &s->worker, collection, f, s->said, &s->err);
}

TEST(an_erased_person_is_not_written_about_any_more_and_the_refusal_says_what_to_do)
{
    struct scene s;

    begin(&s);

    assert_false(change(&s, "person", s.person, json_pack("{s:s}", "name", "赵一")));
    assert_int_equal(s.err.code, LN_DENIED);
    assert_non_null(strstr(s.said, "registered anew"));
    assert_false(change(&s, "person", s.person, json_pack("{s:s}", "checked", "2026-01-01")));
    assert_false(add(&s, "residence",
                     json_pack("{s:s,s:s,s:s,s:s}", "person", s.person, "dwelling", s.flat, "kind",
                               "actual", "starts", "2026-01-01")));
    assert_non_null(strstr(s.said, "registered anew"));
    json_t *row = place_get(&s.p, "person", s.person);
    assert_null(json_object_get(json_object_get(row, "f"), "name"));
    json_decref(row);
    place_close(&s.p);
}

TEST(days_of_what_is_about_an_erased_person_go_on_and_others_are_free)
{
    struct scene s;

    begin(&s);

    assert_true(change(&s, "residence", s.home, json_pack("{s:s}", "ends", "2026-02-01")));
    assert_true(add(&s, "person", somebody("赵一")));
    place_close(&s.p);
}

TEST(an_erased_person_is_nobody_to_be_checked)
{
    static const struct ln_where stale = { "checked", LN_WHERE_STALE, "2026-01-01" };
    struct scene s;
    char other[LN_ID_TEXT + 1];

    begin(&s);
    place_add(other, &s.p, "person", somebody("钱二"));

    struct ln_list l = { .coll = ln_def_find(s.p.n->def, "person")->coll,
                         .where = &stale,
                         .n = 1,
                         .limit = 10,
                         .total = true };
    int64_t total = 0;
    json_t *rows = place_list(&s.p, &l, &total);
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(total, 1);
    json_decref(rows);
    place_close(&s.p);
}

RUN_TESTS(T(an_erased_person_is_not_written_about_any_more_and_the_refusal_says_what_to_do),
          T(days_of_what_is_about_an_erased_person_go_on_and_others_are_free),
          T(an_erased_person_is_nobody_to_be_checked))
