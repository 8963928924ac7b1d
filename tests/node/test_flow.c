/* What a step sets beside the state. */
#include "tests/lib/place.h"

#include <string.h>

#include "node/module/engine.h"

#define DAY_MS 86400000

/* A task that was due `days` from today, finished now. */
static bool done_on_time(int days)
{
    struct place p;
    struct ln_user worker;
    struct ln_err err = { 0 };
    char due[11];
    char id[LN_ID_TEXT + 1];
    place_open(&p);
    place_user(&worker, &p, "worker", "worker");
    ln_engine_today(due, place_now(&p) + (int64_t)days * DAY_MS);
    MUST(place_create(
        id, &p, &worker, "task",
        json_pack("{s:s,s:s,s:s}", "title", "查楼道", "assignee", worker.account, "due", due), NULL,
        &err));
    MUST(place_step(&p, &worker, "task", id, "take", NULL, NULL, &err));

    MUST(place_step(&p, &worker, "task", id, "finish", NULL, NULL, &err));

    json_t *row = place_get(&p, "task", id);
    const json_t *f = json_object_get(row, "f");
    assert_true(json_is_integer(json_object_get(f, "done_at")));
    assert_true(json_is_boolean(json_object_get(f, "done_on_time")));
    bool yes = json_is_true(json_object_get(f, "done_on_time"));
    json_decref(row);
    place_close(&p);
    return yes;
}

TEST(what_is_due_on_a_day_is_in_time_until_that_day_ends)
{
    assert_true(done_on_time(0));
    assert_false(done_on_time(-1));
}

RUN_TESTS(T(what_is_due_on_a_day_is_in_time_until_that_day_ends))
