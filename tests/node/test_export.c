/* The git export of the logs held: what goes first when somebody waits. */
#include "tests/lib/peer.h"

#include <string.h>

#include "node/export.h"
#include "sync/volume.h"
#include "tests/lib/tool.h"

struct scene {
    int64_t clock;
    struct peer dist, one, two;
    bool wait; /* somebody waits */
};

static void scene_new(struct scene *s)
{
    struct ln_err err = { 0 };

    MUST(ln_volume_start(&err));
    memset(s, 0, sizeof *s);
    s->clock = INT64_C(1795400000000);
    peer_new(&s->dist, &s->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&s->one, &s->clock, &s->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    peer_new(&s->two, &s->clock, &s->dist, "330106009001", LN_ROLE_COMMUNITY, "");
}

static void scene_end(struct scene *s)
{
    peer_end(&s->two);
    peer_end(&s->one);
    peer_end(&s->dist);
}

static void save_and_sync(struct scene *s)
{
    (void)peer_add(&s->one, "notice", "public", "{\"title\":\"停水\"}", NULL);
    (void)peer_add(&s->two, "notice", "public", "{\"title\":\"停电\"}", NULL);
    peer_sync(&s->one, NULL);
    peer_sync(&s->two, NULL);
    peer_seal(&s->dist);
}

static bool waits(void *ctx)
{
    return ((struct scene *)ctx)->wait;
}

static bool count_open(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    (void)err;
    *(unsigned *)ctx += l->volume < l->head;
    return true;
}

static unsigned left(struct scene *s)
{
    struct ln_store *store = ln_replica_store(s->dist.r);
    struct ln_err err = { 0 };
    unsigned n = 0;

    MUST(store->ops->log_each(store->ctx, count_open, &n, &err));
    return n;
}

static bool run(struct scene *s, struct ln_export_turn *turn)
{
    struct ln_err err = { 0 };
    bool more;

    MUST(ln_export_run(s->dist.dir, s->dist.r, turn, &more, &err));
    return more;
}

TEST(with_nobody_waiting_all_logs_are_exported_in_one_run)
{
    struct scene s;
    scene_new(&s);
    save_and_sync(&s);
    struct ln_export_turn turn = { waits, &s, 0 };
    assert_true(left(&s) > 2);

    assert_false(run(&s, &turn));

    assert_int_equal(left(&s), 0);
    scene_end(&s);
}

TEST(while_somebody_waits_one_log_is_exported_at_a_time_each_in_its_turn)
{
    struct scene s;
    scene_new(&s);
    save_and_sync(&s);
    struct ln_export_turn turn = { waits, &s, 0 };
    unsigned all = left(&s);
    s.wait = true;

    for (unsigned i = 0; i < all; i++) {
        assert_int_equal(left(&s), all - i);
        assert_true(run(&s, &turn) == (i + 1 < all));
    }

    assert_int_equal(left(&s), 0);
    scene_end(&s);
}

TEST(a_log_that_grows_all_the_time_does_not_keep_the_others_back)
{
    struct scene s;
    scene_new(&s);
    save_and_sync(&s);
    struct ln_export_turn turn = { waits, &s, 0 };
    s.wait = true;
    int64_t seen[8];
    unsigned n = left(&s);
    assert_true(n <= 8);

    for (unsigned i = 0; i < n; i++) {
        (void)run(&s, &turn);
        seen[i] = turn.at;
        for (unsigned k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
        save_and_sync(&s);
    }

    scene_end(&s);
}

/* As a process leaves it that is killed right after it moved the ref: the place is not kept. */
static void forget(struct peer *p, uint64_t volume, const char *quarter)
{
    struct ln_store *s = ln_replica_store(p->r);
    struct ln_store_log l = { 0 };
    struct ln_err err = { 0 };
    char key[64];

    (void)snprintf(key, sizeof key, "volume/%s", p->c.id);
    MUST(ln_replica_begin(p->r, &err));
    MUST(s->ops->log_get(s->ctx, &l, p->c.id, &err));
    l.volume = volume;
    MUST(s->ops->log_put(s->ctx, &l, &err));
    MUST(s->ops->meta_put(s->ctx, key, ln_span_of(quarter), &err));
    MUST(ln_replica_commit(p->r, &err));
}

TEST(an_export_that_was_killed_anywhere_goes_on_and_stock_git_finds_it_whole)
{
    struct scene s;
    scene_new(&s);
    struct ln_export_turn turn = { waits, &s, 0 };
    struct ln_store *store = ln_replica_store(s.dist.r);
    struct ln_store_log l = { 0 };
    struct ln_err err = { 0 };

    for (int i = 0; i < 2; i++) { /* two quarters, two volumes */
        if (i == 1)
            s.clock += INT64_C(100) * 86400000;
        (void)peer_add(&s.dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
        peer_seal(&s.dist);
        MUST(store->ops->log_get(store->ctx, &l, s.dist.c.id, &err));
        assert_false(run(&s, &turn));
    }
    const char *half[] = { "true", "rm shallow", "rm shallow config; touch config.lock",
                           "touch refs/heads/main.lock HEAD.lock packed-refs.lock" };
    uint64_t volume = l.volume;
    for (size_t i = 0; i < sizeof half / sizeof half[0]; i++) {
        assert_int_equal(tool_run(s.dist.dir, "cd log/%s/2027q1.git && %s", s.dist.c.id, half[i]),
                         0);
        forget(&s.dist, volume, "2026q4");
        assert_false(run(&s, &turn));
        assert_int_equal(tool_run(s.dist.dir,
                                  "cd log/%s && git -C 2027q1.git fsck --strict --full && test -z "
                                  "\"$(find . -name '*.lock')\"",
                                  s.dist.c.id),
                         0);
    }

    scene_end(&s);
}

RUN_TESTS(T(with_nobody_waiting_all_logs_are_exported_in_one_run),
          T(while_somebody_waits_one_log_is_exported_at_a_time_each_in_its_turn),
          T(a_log_that_grows_all_the_time_does_not_keep_the_others_back),
          T(an_export_that_was_killed_anywhere_goes_on_and_stock_git_finds_it_whole))
