/* What a node does between jobs. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/guard.h"
#include "sync/replica.h"

static bool erase_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_erase(r, arg, 1, "request", err);
}

static bool no_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    (void)r;
    (void)err;
    return true;
}

static bool take_holder(void *ctx, const struct ln_erasure *e, struct ln_err *err)
{
    (void)err;
    *(bool *)ctx = e->done > 0;
    return true;
}

static bool is_signed(struct place *p)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    void *hold;
    bool done = false;

    MUST(ln_node_read(p->n, &r, &err));
    const struct ln_authority *a = ln_queue_authority(p->n->queue, &hold);
    MUST(ln_replica_erasures(ln_sqlstore_handle(r->store), a, take_holder, &done, &err));
    ln_queue_authority_done(p->n->queue, hold);
    ln_node_read_done(p->n, r);
    return done;
}

static bool is_blank(struct place *p, const char *id)
{
    json_t *person = place_get(p, "person", id);
    bool blank =
        json_is_null(json_object_get(person, "name")) || json_object_get(person, "name") == NULL;

    json_decref(person);
    return blank;
}

/* A reader that began before the erasure keeps the old pages in the write-ahead log. */
TEST(an_erasure_is_signed_only_when_nobody_reads_what_was)
{
    struct place p;
    struct ln_node_reader *early;
    struct ln_err err = { 0 };
    struct ln_id person;
    char id[LN_ID_TEXT + 1];
    place_open(&p);
    place_add(id, &p, "person",
              json_pack("{s:s,s:s,s:s,s:s}", "name", "赵删除", "kind", "local", "status", "living",
                        "id_type", "990"));
    assert_true(ln_clock_id_read(&person, ln_span_of(id)));
    MUST(ln_node_read(p.n, &early, &err));
    int64_t n;
    MUST(ln_db_value(ln_sqlstore_db(early->store), "SELECT count(*) FROM record", &n, &err));

    MUST(ln_queue_write(p.n->queue, erase_job, &person, &err));
    UNTIL(is_blank(&p, id));
    MUST(ln_queue_write(p.n->queue, no_job, NULL, &err)); /* that look is over */

    assert_false(is_signed(&p));
    ln_node_read_done(p.n, early);
    UNTIL(is_signed(&p));
    place_close(&p);
}

/* The machine's name cannot be opened: that is no other machine. */
TEST(a_machine_without_descriptors_is_no_copy_of_another)
{
    static const struct ln_coll thing = { .name = "thing", .version = 1 };
    static const struct ln_schema schema = { &thing, 1 };
    struct ln_sqlstore *s = NULL;
    struct ln_guard *g = NULL;
    struct ln_err err = { 0 };
    struct rlimit was;
    uint64_t heads;
    bool strange = true;
    char dir[64];
    test_mkdir(dir);
    MUST(ln_sqlstore_open(&s, dir, &schema, LN_DB_WRITE, &err));
    MUST(ln_guard_open(&g, dir, "", ln_sqlstore_handle(s), &heads, &strange, &err));
    ln_guard_close(g);
    assert_false(strange);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    int next = dup(0); /* the next one is the guard's file, and the last */
    (void)close(next);
    struct rlimit tight = { (rlim_t)next + 1, was.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    bool opened = ln_guard_open(&g, dir, "", ln_sqlstore_handle(s), &heads, &strange, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_false(opened);
    assert_int_equal(err.code, LN_BROKEN);

    MUST(ln_guard_open(&g, dir, "", ln_sqlstore_handle(s), &heads, &strange, &err));
    assert_false(strange);
    ln_guard_close(g);
    ln_sqlstore_close(s);
    test_rmdir(dir);
}

RUN_TESTS(T(an_erasure_is_signed_only_when_nobody_reads_what_was),
          T(a_machine_without_descriptors_is_no_copy_of_another))
