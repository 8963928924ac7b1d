/* What a parent took beside the logs: counted, told, found less than the child knows. */
#include "sync/taken.h"
#include "tests/lib/peer.h"

#define CHILD "330106005055-aaaaaaaaaaaaaaaa"
#define OTHER "330106005056-bbbbbbbbbbbbbbbb"

struct counting {
    uint64_t known;
    unsigned more;
    struct ln_taken out;
};

static bool add_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct counting *x = arg;

    return ln_taken_add(&x->out, r, CHILD, x->known, x->more, err);
}

static struct ln_taken add(struct peer *p, uint64_t known, unsigned more)
{
    struct counting x = { known, more, { 0 } };
    struct ln_err err = { 0 };

    MUST(peer_write(p, add_job, &x, &err));
    return x.out;
}

struct hearing {
    const char *parent;
    struct ln_taken told;
    bool again;
};

static bool hear_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct hearing *x = arg;

    return ln_taken_heard(&x->again, r, x->parent, &x->told, err);
}

static bool hear(struct peer *p, const char *parent, struct ln_taken told)
{
    struct hearing x = { parent, told, false };
    struct ln_err err = { 0 };

    MUST(peer_write(p, hear_job, &x, &err));
    return x.again;
}

TEST(who_counts_less_than_was_known_says_so_with_a_number_never_told_before)
{
    struct peer p;
    struct ln_err err = { 0 };
    int64_t clock = INT64_C(1795400000000);
    struct ln_taken t;
    peer_new(&p, &clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");

    t = add(&p, 0, 1);
    assert_true(t.n == 1 && t.forgot == 0);
    t = add(&p, 1, 0); /* nothing new is no reason to write */
    assert_true(t.n == 1 && t.forgot == 0);
    t = add(&p, 1, 2);
    assert_true(t.n == 3 && t.forgot == 0);
    t = add(&p, 2, 1); /* the child missed an answer */
    assert_true(t.n == 4 && t.forgot == 0);
    t = add(&p, 9, 1); /* put back */
    assert_true(t.n == 11 && t.forgot == 10);
    t = add(&p, 9, 0); /* whose answer was lost: it is still said */
    assert_true(t.n == 11 && t.forgot == 10);
    t = add(&p, 20, 0); /* and put back again */
    assert_true(t.n == 21 && t.forgot == 21);
    MUST(ln_taken_read(&t, p.c.store, CHILD, &err));
    assert_true(t.n == 21 && t.forgot == 21);
    MUST(ln_taken_read(&t, p.c.store, OTHER, &err));
    assert_true(t.n == 0 && t.forgot == 0);
    peer_end(&p);
}

TEST(a_child_gives_again_once_for_each_time_that_its_parent_forgot)
{
    struct peer p;
    struct ln_err err = { 0 };
    int64_t clock = INT64_C(1795400000000);
    struct ln_taken t;
    peer_new(&p, &clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");

    assert_false(hear(&p, CHILD, (struct ln_taken){ 3, 0 }));
    assert_false(hear(&p, CHILD, (struct ln_taken){ 5, 0 }));
    assert_true(hear(&p, CHILD, (struct ln_taken){ 6, 6 }));
    assert_false(hear(&p, CHILD, (struct ln_taken){ 6, 6 }));
    assert_false(hear(&p, CHILD, (struct ln_taken){ 8, 6 }));
    assert_true(hear(&p, CHILD, (struct ln_taken){ 10, 9 }));
    MUST(ln_taken_known(&t, p.c.store, CHILD, &err));
    assert_true(t.n == 10 && t.forgot == 9);
    MUST(ln_taken_known(&t, p.c.store, OTHER, &err)); /* another parent told nothing yet */
    assert_true(t.n == 0 && t.forgot == 0);
    peer_end(&p);
}

RUN_TESTS(T(who_counts_less_than_was_known_says_so_with_a_number_never_told_before),
          T(a_child_gives_again_once_for_each_time_that_its_parent_forgot))
