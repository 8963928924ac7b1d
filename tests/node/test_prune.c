/* Which quarters are old, and by whose clock. */
#include "tests/lib/place.h"

#include "node/prune.h"
#include "sync/replica_core.h"

static int64_t quarter(const char *text)
{
    struct ln_err err = { 0 };
    int64_t out = -1;

    MUST(ln_prune_quarter(&out, text, &err));
    return out;
}

TEST(a_quarter_begins_at_its_first_second)
{
    assert_int_equal(quarter("1970q1"), 0);
    assert_int_equal(quarter("2026q1"), 1767225600);
    assert_int_equal(quarter("2024q2"), 1711929600); /* behind a leap day */
    assert_int_equal(quarter("2026q4"), 1790812800);
}

TEST(what_is_no_quarter_is_refused_with_an_example)
{
    static const char *const bad[] = {
        "", "2026", "2026q5", "2026-01", "26q1", "2026q1x", "1969q4"
    };
    struct ln_err err;
    int64_t out;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (struct ln_err){ 0 };
        assert_false(ln_prune_quarter(&out, bad[i], &err));
        assert_int_equal(err.code, LN_INVALID);
    }
}

TEST(the_rule_keeps_full_quarters_beside_the_present_one)
{
    int64_t now = INT64_C(1795600000) * 1000; /* 25 November 2026 */

    assert_int_equal(ln_prune_before(now, 0), quarter("2026q4"));
    assert_int_equal(ln_prune_before(now, 1), quarter("2026q3"));
    assert_int_equal(ln_prune_before(now, 4), quarter("2025q4"));
    assert_int_equal(ln_prune_before(now, 20), quarter("2021q4"));
}

static int64_t given_ms;

static int64_t given_now(void *ctx)
{
    (void)ctx;
    return given_ms;
}

struct looks {
    struct place *p;
    int64_t before_ms, wild_ms, later_ms;
};

/* All at once, so that the node's own look does not come between. */
static bool look_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct looks *x = arg;
    struct ln_node *n = x->p->n;
    int64_t now = place_now(x->p);
    int64_t (*real)(void *) = n->env.now_ms;

    (void)err;
    n->env.now_ms = given_now;
    n->syncer = (void *)x; /* looked at for being there */
    n->prune.looked_ms = x->before_ms = now;
    r->clock.until_ms = now + INT64_C(400) * 86400000;
    given_ms = INT64_C(4070908800000); /* 2099 */
    ln_prune_tick(n, r);
    x->wild_ms = n->prune.looked_ms;
    given_ms = now + INT64_C(7) * 3600000;
    ln_prune_tick(n, r);
    x->later_ms = n->prune.looked_ms;
    n->syncer = NULL;
    n->env.now_ms = real;
    return true;
}

TEST(nothing_is_old_by_a_clock_that_is_set_to_2099)
{
    struct place p;
    struct ln_err err = { 0 };
    struct looks x = { .p = &p };
    place_open(&p);

    MUST(ln_queue_write(p.n->queue, look_job, &x, &err));

    assert_int_equal(x.wild_ms, x.before_ms);
    assert_int_equal(x.later_ms, x.before_ms + INT64_C(7) * 3600000);
    place_close(&p);
}

struct shredding {
    struct ln_node *n;
    bool begin, looked, waits;
};

/* Asks for it, or tells whether the node has looked between jobs since, and what is left. */
static bool shred_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct shredding *x = arg;

    (void)r;
    (void)err;
    if (x->begin) {
        x->n->prune.shred = true;
        x->n->prune.looked_ms = 0;
    }
    x->begin = false;
    x->looked = x->n->prune.looked_ms != 0;
    x->waits = x->n->prune.shred;
    return true;
}

static const struct shredding *shred_state(struct shredding *x)
{
    struct ln_err err = { 0 };

    MUST(ln_queue_write(x->n->queue, shred_job, x, &err));
    return x;
}

TEST(what_was_dropped_leaves_the_files_once_nobody_reads_it)
{
    struct place p;
    struct ln_node_reader *early;
    struct ln_err err = { 0 };
    int64_t n;
    place_open(&p);
    MUST(ln_node_read(p.n, &early, &err));
    MUST(ln_db_value(ln_sqlstore_db(early->store), "SELECT count(*) FROM record", &n, &err));
    struct shredding x = { .n = p.n, .begin = true };

    UNTIL(shred_state(&x)->looked);

    assert_true(x.waits);
    ln_node_read_done(p.n, early);
    UNTIL(!shred_state(&x)->waits);
    place_close(&p);
}

RUN_TESTS(T(what_was_dropped_leaves_the_files_once_nobody_reads_it),
          T(nothing_is_old_by_a_clock_that_is_set_to_2099), T(a_quarter_begins_at_its_first_second),
          T(what_is_no_quarter_is_refused_with_an_example),
          T(the_rule_keeps_full_quarters_beside_the_present_one))
