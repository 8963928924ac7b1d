/* Opening, jobs of one transaction, certificates given and renewed; a dead box comes back. */
#include "tests/lib/disk.h"
#include "tests/lib/peer.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define UP "330106005055/330106000000"
#define G01 "330106005055/g01"
#define DAY_MS INT64_C(86400000)

static bool open_again(struct box *b, struct ln_err *err)
{
    struct ln_replica *r = NULL;
    bool ok = ln_replica_open(&r, &b->c, err);

    ln_replica_close(r);
    return ok;
}

TEST(a_replica_that_cannot_be_read_does_not_open)
{
    static const char *const damages[] = {
        "UPDATE meta SET value = CAST('noblank' AS BLOB) WHERE key = 'root'",
        "UPDATE meta SET value = CAST('330000000000-aaaaaaaaaaaaaaaa no key' AS BLOB) WHERE key = "
        "'root'",
        "UPDATE meta SET value = CAST('no time' AS BLOB) WHERE key = 'clock'",
    };
    struct tree t;
    struct ln_err err = { 0 };
    bool ok = false;
    tree_new(&t);

    for (unsigned n = 1; !ok && n < 100; n++) {
        err = (struct ln_err){ 0 };
        disk_fail(n, false);
        ok = open_again(&t.dist, &err);
        bool failed = disk_failed();
        disk_fail(0, false);
        assert_int_equal(ok, !failed);
    }
    assert_true(ok);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct ln_db *db = ln_sqlstore_db(t.dist.store);
        MUST(ln_db_exec(db, "BEGIN", &err));
        MUST(ln_db_exec(db, damages[i], &err));
        if (open_again(&t.dist, &err))
            fail_msg("opens after %s", damages[i]);
        MUST(ln_db_exec(db, "ROLLBACK", &err));
    }
    MUST(open_again(&t.dist, &err));
    ln_replica_close(NULL);
    tree_end(&t);
}

/* ---- jobs of one transaction */

static bool issue(struct ln_replica *r, uint8_t n, char node[LN_NODE_ID_MAX], struct ln_err *err)
{
    struct ln_cert want = { .role = LN_ROLE_LAPTOP, .n_grids = 1, .grids = { "01" } };
    struct ln_buf f = ln_buf_new(65536);
    struct ln_seckey sec;
    struct ln_ident id;
    uint8_t seed[32];

    memset(seed, n, sizeof seed);
    ln_key_from_seed(&sec, &want.key, seed);
    ln_key_ident_make(&id);
    ln_key_ident_public(&want.age, &id);
    (void)snprintf(want.region, sizeof want.region, "330106005055");
    ln_key_node_id(want.node, want.region, &want.key);
    (void)snprintf(want.name, sizeof want.name, "laptop");
    memcpy(node, want.node, LN_NODE_ID_MAX);
    bool ok = ln_replica_issue(r, &f, &want, err);
    ln_buf_free(&f);
    return ok;
}

static bool known(struct box *b, const char *node)
{
    return ln_authority_find(ln_replica_authority(b->r), node) != NULL;
}

TEST(of_several_jobs_the_one_that_failed_leaves_the_others_and_a_lost_commit_leaves_none)
{
    struct tree t;
    struct ln_err err = { 0 };
    char first[LN_NODE_ID_MAX];
    char second[LN_NODE_ID_MAX];
    tree_new(&t);

    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(ln_replica_savepoint(t.comm.r, &err));
    MUST(issue(t.comm.r, 1, first, &err));
    ln_replica_savepoint_end(t.comm.r, true);
    MUST(ln_replica_savepoint(t.comm.r, &err));
    MUST(issue(t.comm.r, 2, second, &err));
    ln_replica_savepoint_end(t.comm.r, false);
    assert_true(known(&t.comm, first));
    assert_false(known(&t.comm, second));
    disk_fail(1, true);
    assert_false(ln_replica_commit(t.comm.r, &err));
    disk_fail(0, false);

    assert_int_equal(err.code, LN_BUSY);
    MUST(ln_replica_begin(t.comm.r, &err)); /* reads what it could not read then */
    assert_false(known(&t.comm, first));
    assert_false(known(&t.comm, second));
    assert_non_null(ln_replica_self(t.comm.r));
    MUST(issue(t.comm.r, 1, first, &err));
    MUST(ln_replica_commit(t.comm.r, &err));
    assert_true(known(&t.comm, first));
    tree_end(&t);
}

TEST(a_job_after_one_whose_undoing_could_not_be_read_waits_until_it_can)
{
    struct tree t;
    struct ln_err err = { 0 };
    char node[LN_NODE_ID_MAX];
    tree_new(&t);

    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(ln_replica_savepoint(t.comm.r, &err));
    MUST(issue(t.comm.r, 1, node, &err));
    disk_fail(1, true);
    ln_replica_savepoint_end(t.comm.r, false);
    assert_false(ln_replica_savepoint(t.comm.r, &err));
    disk_fail(0, false);
    MUST(ln_replica_savepoint(t.comm.r, &err));
    assert_false(known(&t.comm, node));
    ln_replica_savepoint_end(t.comm.r, true);
    MUST(ln_replica_commit(t.comm.r, &err));
    tree_end(&t);
}

/* ---- certificates */

static bool renew(struct box *b, const char *node, const struct ln_renewal *want,
                  struct ln_err *err)
{
    *err = (struct ln_err){ 0 };
    assert_true(ln_replica_begin(b->r, err));
    if (ln_replica_renew(b->r, node, want, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

TEST(a_certificate_is_renewed_for_nodes_below_that_are_known_and_not_revoked)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    struct ln_renewal same = { .days = 0 };
    struct ln_renewal longer = { .days = 7, .regrid = true, .n_grids = 1, .grids = { "02" } };
    struct ln_ident id;
    struct ln_recipient age;
    uint64_t after = UINT64_MAX;
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    ln_key_ident_make(&id);
    ln_key_ident_public(&age, &id);
    longer.age = &age;

    assert_false(renew(&t.comm, "330106005055-aaaaaaaaaaaaaaaa", &same, &err));
    assert_int_equal(err.code, LN_MISSING);
    assert_false(renew(&t.comm, t.comm.c.id, &same, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(renew(&t.comm, t.dist.c.id, &same, &err));
    assert_int_equal(err.code, LN_DENIED);
    MUST(renew(&t.comm, laptop.c.id, &same, &err));
    MUST(renew(&t.comm, laptop.c.id, &longer, &err));
    const struct ln_cert *c = ln_authority_find(ln_replica_authority(t.comm.r), laptop.c.id);
    assert_string_equal(c->grids[0], "02");
    assert_true(ln_key_recipient_same(&c->age, &age));
    assert_int_equal(c->until_s - c->from_s, 7 * 86400);
    assert_false(ln_replica_renew_due(t.comm.r, c));
    clock_ms += 6 * DAY_MS;
    assert_true(ln_replica_renew_due(t.comm.r, c));
    MUST(ln_replica_begin(t.comm.r, &err));
    assert_false(ln_replica_revoke(t.comm.r, t.dist.c.id, &after, &err));
    after = 99;
    assert_false(ln_replica_revoke(t.comm.r, laptop.c.id, &after, &err));
    assert_int_equal(err.code, LN_MISSING);
    after = UINT64_MAX;
    err = (struct ln_err){ 0 };
    MUST(ln_replica_revoke(t.comm.r, laptop.c.id, &after, &err));
    MUST(ln_replica_commit(t.comm.r, &err));
    assert_false(renew(&t.comm, laptop.c.id, &same, &err));
    assert_int_equal(err.code, LN_DENIED);
    box_end(&laptop);
    tree_end(&t);
}

TEST(a_node_without_a_certificate_gives_none_and_one_with_a_root_founds_none)
{
    struct box b;
    struct tree t;
    struct ln_err err = { 0 };
    char node[LN_NODE_ID_MAX];
    unsigned n;
    tree_new(&t);
    box_new(&b, "330106005056");

    MUST(ln_replica_begin(b.r, &err));
    assert_false(issue(b.r, 1, node, &err));
    assert_int_equal(err.code, LN_MISSING);
    MUST(ln_replica_leave(b.r, &n, &err));
    assert_int_equal(n, 0);
    ln_replica_rollback(b.r);
    MUST(ln_replica_begin(t.comm.r, &err));
    assert_false(ln_replica_found(t.comm.r, "330000000000", LN_ROLE_PROVINCE, "root", &err));
    assert_int_equal(err.code, LN_CONFLICT);
    ln_replica_rollback(t.comm.r);
    box_end(&b);
    tree_end(&t);
}

/* ---- the guard is told of heads that were committed, and of none else */

static void note_heads(void *ctx, uint64_t heads)
{
    *(uint64_t *)ctx = heads;
}

TEST(the_guard_hears_of_a_head_when_it_is_durable)
{
    struct tree t;
    uint64_t heard = 0;
    uint64_t heads = 0;
    unsigned n;
    struct ln_err err = { 0 };
    tree_new(&t);
    box_shut(&t.comm);
    t.comm.c.moved = note_heads;
    t.comm.c.moved_ctx = &heard;
    box_open(&t.comm);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);

    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(ln_replica_seal(t.comm.r, true, &n, &err));
    disk_fail(1, true);
    assert_false(ln_replica_commit(t.comm.r, &err));
    disk_fail(0, false);
    assert_int_equal(heard, 0);
    seal(&t.comm);

    MUST(ln_replica_heads(t.comm.r, &heads, &err));
    assert_true(heads > 0);
    assert_int_equal(heard, heads);
    tree_end(&t);
}

/* ---- a box dies, and another one goes on */

struct family {
    int64_t clock;
    struct peer dist, box, laptop, next;
    struct ln_ident paper;
};

TEST(a_new_box_with_the_paper_key_reads_and_goes_on_with_what_the_dead_one_had)
{
    struct family f;
    struct ln_err err = { 0 };
    struct ln_ident wrong;
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    unsigned n = 0;
    memset(&f, 0, sizeof f);
    f.clock = INT64_C(1795400000000);
    ln_key_ident_make(&f.paper);
    ln_key_ident_make(&wrong);
    peer_new(&f.dist, &f.clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&f.box, &f.clock, &f.dist, "330106005055", LN_ROLE_COMMUNITY, "");
    ln_key_ident_public(&f.box.c.recovery, &f.paper);
    peer_reopen(&f.box, f.box.schema);
    peer_new(&f.laptop, &f.clock, &f.box, "330106005055", LN_ROLE_LAPTOP, "01");
    struct ln_id inside =
        peer_add(&f.box, "person", "330106005055/c", "{\"job\":\"a\"}", "{\"name\":\"王三\"}");
    struct ln_id grid = peer_add(&f.laptop, "person", G01, "{\"job\":\"b\"}", NULL);
    peer_sync(&f.laptop, NULL);
    peer_sync(&f.box, NULL);
    peer_sync(&f.box, NULL);

    peer_heir(&f.next, &f.box, &f.paper);
    peer_paper(&f.next, &wrong);
    assert_false(ln_exchange_escrow(f.next.client, f.box.c.id, &n, &err));
    assert_false(peer_try(&f.next, NULL, &err)); /* nor do the epochs open with it */
    peer_paper(&f.next, &f.paper);
    MUST(ln_exchange_escrow(f.next.client, f.box.c.id, &n, &err));
    assert_true(n >= 1);
    peer_sync(&f.next, NULL);
    assert_int_equal(peer_inherit(&f.next), 1);
    for (int i = 0; i < 3; i++) /* certificates up, and then the laptop's log down */
        peer_sync(&f.next, NULL);
    peer_paper(&f.next, NULL);
    struct ln_invite back = { .role = LN_ROLE_LAPTOP, .n_grids = 1, .grids = { "01" } };
    (void)snprintf(back.region, sizeof back.region, "330106005055");
    f.laptop.up = &f.next;
    MUST(ln_join_invite(&f.next.x, &back, code, &err));
    MUST(ln_join_ask(&f.laptop.x, "330106005055", LN_ROLE_LAPTOP, "l", code, &f.laptop.link, up,
                     &err));
    for (int i = 0; i < 3; i++)
        peer_sync(&f.laptop, NULL);

    assert_string_equal(peer_cell(&f.next, "person", "name", &inside), "王三");
    assert_string_equal(peer_cell(&f.next, "person", "job", &inside), "a");
    assert_string_equal(peer_cell(&f.next, "person", "job", &grid), "b");
    const struct ln_cert *c = ln_authority_find(ln_replica_authority(f.next.r), f.laptop.c.id);
    assert_string_equal(c->parent, f.next.c.id);
    peer_rebuild(&f.next);
    peer_end(&f.next);
    peer_end(&f.laptop);
    peer_end(&f.box);
    peer_end(&f.dist);
}

static bool own_age(struct box *b, const struct ln_recipient *age, struct ln_err *err)
{
    *err = (struct ln_err){ 0 };
    assert_true(ln_replica_begin(b->r, err));
    if (ln_replica_own_age(b->r, age, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

TEST(a_root_certifies_its_next_reading_key_itself_and_nobody_else_does)
{
    struct tree t;
    struct box fresh;
    struct ln_err err = { 0 };
    struct ln_ident id;
    struct ln_recipient age;
    tree_new(&t);
    box_new(&fresh, "330106005056");
    ln_key_ident_make(&id);
    ln_key_ident_public(&age, &id);
    int64_t before = ln_replica_self(t.prov.r)->from_s;

    assert_false(own_age(&t.comm, &age, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(own_age(&fresh, &age, &err)); /* which has no certificate */
    assert_int_equal(err.code, LN_DENIED);
    MUST(own_age(&t.prov, &age, &err));
    MUST(own_age(&t.prov, &age, &err)); /* again, in the same second */

    assert_true(ln_key_recipient_same(&ln_replica_self(t.prov.r)->age, &age));
    assert_true(ln_replica_self(t.prov.r)->from_s > before);
    sync_all(&t);
    const struct ln_cert *seen = ln_authority_find(ln_replica_authority(t.comm.r), t.prov.c.id);
    assert_true(ln_key_recipient_same(&seen->age, &age));
    box_end(&fresh);
    tree_end(&t);
}

/* Nobody's lease is to be over by a clock that lives in 2099, and none to begin there. */
TEST(a_clock_far_behind_all_leases_gives_no_certificate_and_is_told_so)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_ident id;
    struct ln_recipient age;
    struct ln_renewal same = { .days = 0 };
    struct ln_cert want = { .role = LN_ROLE_COMMUNITY };
    struct ln_buf f = ln_buf_new(65536);
    tree_new(&t);
    sync_all(&t);
    ln_key_ident_make(&id);
    ln_key_ident_public(&age, &id);
    int64_t then = clock_ms;
    clock_ms = INT64_C(4070908800000);

    assert_false(own_age(&t.prov, &age, &err));
    assert_int_equal(err.code, LN_BUSY);
    assert_false(renew(&t.prov, t.dist.c.id, &same, &err));
    assert_int_equal(err.code, LN_BUSY);
    err = (struct ln_err){ 0 };
    MUST(ln_replica_begin(t.prov.r, &err));
    assert_false(ln_replica_issue(t.prov.r, &f, &want, &err));
    ln_replica_rollback(t.prov.r);
    assert_int_equal(err.code, LN_BUSY);
    assert_false(ln_replica_renew_due(t.prov.r, ln_replica_self(t.dist.r)));

    clock_ms = then;
    MUST(renew(&t.prov, t.dist.c.id, &same, &err));
    ln_buf_free(&f);
    tree_end(&t);
}

RUN_TESTS(T(a_root_certifies_its_next_reading_key_itself_and_nobody_else_does),
          T(a_clock_far_behind_all_leases_gives_no_certificate_and_is_told_so),
          T(a_replica_that_cannot_be_read_does_not_open),
          T(of_several_jobs_the_one_that_failed_leaves_the_others_and_a_lost_commit_leaves_none),
          T(a_job_after_one_whose_undoing_could_not_be_read_waits_until_it_can),
          T(a_certificate_is_renewed_for_nodes_below_that_are_known_and_not_revoked),
          T(a_node_without_a_certificate_gives_none_and_one_with_a_root_founds_none),
          T(the_guard_hears_of_a_head_when_it_is_durable),
          T(a_new_box_with_the_paper_key_reads_and_goes_on_with_what_the_dead_one_had))
