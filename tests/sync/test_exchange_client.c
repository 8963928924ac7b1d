/* Whole exchanges between real replicas: field laptops and their grids, keys on their way down. */
#include "node/store/attachment.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "sync/view.h"
#include "tests/lib/peer.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define G01 "330106005055/g01"
#define G02 "330106005055/g02"
#define UP "330106005055/330106000000"

struct world {
    int64_t clock;
    struct peer prov, dist, comm, a, b;
};

static void world_new(struct world *w, const char *grids_a, const char *grids_b)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->prov, &w->clock, NULL, "330000000000", LN_ROLE_PROVINCE, "");
    peer_new(&w->dist, &w->clock, &w->prov, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    peer_new(&w->a, &w->clock, &w->comm, "330106005055", LN_ROLE_LAPTOP, grids_a);
    peer_new(&w->b, &w->clock, &w->comm, "330106005055", LN_ROLE_LAPTOP, grids_b);
}

static void world_end(struct world *w)
{
    peer_end(&w->b);
    peer_end(&w->a);
    peer_end(&w->comm);
    peer_end(&w->dist);
    peer_end(&w->prov);
}

static void all(struct world *w)
{
    for (int turn = 0; turn < 2; turn++) {
        peer_sync(&w->a, NULL);
        peer_sync(&w->b, NULL);
        peer_sync(&w->comm, NULL);
        peer_sync(&w->dist, NULL);
        peer_seal(&w->prov);
    }
}

static bool same(struct ln_digest x, struct ln_digest y)
{
    return memcmp(x.b, y.b, sizeof x.b) == 0;
}

static bool renew_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    void **x = arg;

    return ln_replica_renew(r, x[0], x[1], err);
}

static void regrid(struct peer *box, struct peer *laptop, const char *first, const char *second)
{
    struct ln_renewal want = { .regrid = true };
    struct ln_err err = { 0 };
    void *x[] = { laptop->c.id, &want };

    if (first != NULL)
        (void)snprintf(want.grids[want.n_grids++], 16, "%s", first);
    if (second != NULL)
        (void)snprintf(want.grids[want.n_grids++], 16, "%s", second);
    MUST(peer_write(box, renew_job, x, &err));
}

TEST(a_laptop_reads_its_grid_with_names_and_nothing_else)
{
    struct world w;
    world_new(&w, "01", "02");
    struct ln_id mine = peer_add(&w.comm, "person", G01, "{\"job\":\"a\"}", "{\"name\":\"张一\"}");
    struct ln_id others =
        peer_add(&w.comm, "person", G02, "{\"job\":\"b\"}", "{\"name\":\"李二\"}");
    struct ln_id inside =
        peer_add(&w.comm, "person", "330106005055/c", "{\"job\":\"c\"}", "{\"name\":\"王三\"}");
    struct ln_id upward =
        peer_add(&w.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"上报\"}");
    struct ln_id open = peer_add(&w.comm, "notice", "public", "{\"title\":\"公告\"}", NULL);

    all(&w);

    assert_string_equal(peer_cell(&w.a, "person", "name", &mine), "张一");
    assert_string_equal(peer_cell(&w.a, "notice", "title", &open), "公告");
    assert_string_equal(peer_cell(&w.a, "person", "job", &others), "");
    assert_string_equal(peer_cell(&w.a, "person", "job", &inside), "");
    assert_string_equal(peer_cell(&w.a, "ticket", "subject", &upward), "");
    assert_int_equal(peer_changes(&w.a, G02), 0);
    assert_int_equal(peer_changes(&w.a, "330106005055/c"), 0);
    assert_string_equal(peer_cell(&w.b, "person", "name", &others), "李二");
    assert_string_equal(peer_cell(&w.b, "person", "name", &mine), "");
    world_end(&w);
}

TEST(two_laptops_of_one_grid_see_each_others_work_by_way_of_the_box)
{
    struct world w;
    struct ln_exchange_report report;
    world_new(&w, "01", "01,02");
    struct ln_id id = peer_add(&w.a, "person", G01, "{\"job\":\"x\"}", "{\"name\":\"张一\"}");

    all(&w);

    assert_string_equal(peer_cell(&w.b, "person", "name", &id), "张一");
    assert_true(same(peer_digest(&w.b, G01), peer_digest(&w.comm, G01)));
    peer_sync(&w.b, &report);
    assert_true(report.level && !report.alarm);
    world_end(&w);
}

TEST(a_lease_is_renewed_by_coming_and_runs_out_by_staying_away)
{
    struct world w;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    all(&w);
    w.clock += 70 * DAY_MS;
    peer_sync(&w.a, NULL);
    w.clock += 40 * DAY_MS;
    (void)peer_add(&w.b, "person", G02, "{\"job\":\"x\"}", NULL);

    peer_sync(&w.a, NULL);
    assert_false(peer_try(&w.b, NULL, &err));

    assert_int_equal(err.code, LN_DENIED);
    regrid(&w.comm, &w.b, "02", NULL);
    peer_sync(&w.b, NULL);
    assert_int_equal(peer_changes(&w.comm, G02), 1);
    world_end(&w);
}

/* The greatest time in a store's receipts and changes, in ms. */
static int64_t latest(struct peer *p)
{
    struct ln_err err = { 0 };
    int64_t t = 0;

    MUST(ln_db_value(ln_sqlstore_db(p->store),
                     "SELECT max((SELECT coalesce(max(t), 0) FROM receipt), (SELECT"
                     " coalesce(max(eff), 0) FROM change))",
                     &t, &err));
    return LN_HLC_MS(t);
}

TEST(a_parent_that_lives_in_2099_for_a_while_dates_nothing_and_gives_no_lease)
{
    struct world w;
    world_new(&w, "01", "02");
    all(&w);
    const int64_t good = w.clock;
    w.clock = INT64_C(4080000000000);
    struct ln_id notice = peer_add(&w.prov, "notice", "public", "{\"title\":\"x\"}", NULL);
    (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"y\"}", NULL);
    (void)peer_add(&w.a, "person", G01, "{\"job\":\"x\"}", NULL);
    all(&w);
    all(&w);

    const struct ln_cert *lease = ln_authority_find(ln_replica_authority(w.prov.r), w.dist.c.id);
    assert_true(lease->until_s * 1000 < good + INT64_C(500) * DAY_MS);
    assert_true(LN_HLC_MS(ln_clock_claimed(&notice)) < good + DAY_MS);
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &notice), "x");
    assert_true(ln_replica_wild(w.prov.r) && ln_replica_wild(w.comm.r));
    w.clock = good + DAY_MS;
    struct ln_id later = peer_add(&w.prov, "notice", "public", "{\"title\":\"z\"}", NULL);
    all(&w);

    assert_true(LN_HLC_MS(ln_clock_claimed(&later)) >= good + DAY_MS);
    struct peer *nodes[] = { &w.prov, &w.dist, &w.comm, &w.a };
    for (size_t i = 0; i < 4; i++)
        assert_true(latest(nodes[i]) < good + 2 * DAY_MS);
    world_end(&w);
}

static bool believe_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    return ln_replica_believe(r, err);
}

TEST(a_clock_that_a_person_says_is_right_is_followed_however_late)
{
    struct world w;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    all(&w);
    w.clock += INT64_C(3000) * DAY_MS;
    assert_true(ln_replica_wild(w.prov.r));

    MUST(peer_write(&w.prov, believe_job, NULL, &err));
    struct ln_id notice = peer_add(&w.prov, "notice", "public", "{\"title\":\"x\"}", NULL);
    assert_true(LN_HLC_MS(ln_clock_claimed(&notice)) >= w.clock - 1000);
    regrid(&w.prov, &w.dist, NULL, NULL);

    assert_false(ln_replica_wild(w.prov.r));
    peer_reopen(&w.prov, &test_schema);
    MUST(peer_write(&w.prov, believe_job, NULL, &err));
    assert_false(ln_replica_wild(w.prov.r));
    peer_sync(&w.dist, NULL);
    world_end(&w);
}

TEST(a_grid_taken_away_is_dropped_only_when_all_that_was_written_there_is_signed_for)
{
    struct world w;
    struct ln_err err = { 0 };
    world_new(&w, "01", "01,02");
    struct ln_id old = peer_add(&w.comm, "person", G01, "{\"job\":\"a\"}", "{\"name\":\"张一\"}");
    all(&w);
    MUST(peer_set(&w.a, "person", &old, "{\"job\":\"unsent\"}", &err));
    struct ln_id made = peer_add(&w.a, "person", G01, NULL, "{\"name\":\"新人\"}");
    w.clock += 60000;

    regrid(&w.comm, &w.a, "02", NULL);
    struct ln_id fresh = peer_add(&w.comm, "person", G01, "{\"job\":\"later\"}", NULL);
    all(&w);

    assert_string_equal(peer_cell(&w.comm, "person", "job", &old), "unsent");
    assert_string_equal(peer_cell(&w.b, "person", "job", &old), "unsent");
    assert_string_equal(peer_cell(&w.b, "person", "name", &made), "新人");
    assert_int_equal(peer_changes(&w.a, G01), 0);
    assert_string_equal(peer_cell(&w.a, "person", "name", &old), "");
    assert_string_equal(peer_cell(&w.a, "person", "job", &fresh), "");
    assert_string_equal(peer_cell(&w.b, "person", "job", &fresh), "later");
    assert_false(peer_set(&w.a, "person", &old, "{\"job\":\"again\"}", &err));
    world_end(&w);
}

TEST(a_grid_given_brings_what_it_held_before_and_one_given_back_does_too)
{
    struct world w;
    world_new(&w, "01", "02");
    struct ln_id id = peer_add(&w.comm, "person", G02, "{\"job\":\"b\"}", "{\"name\":\"李二\"}");
    struct ln_id work = peer_add(&w.b, "person", G02, "{\"job\":\"bb\"}", "{\"name\":\"李三\"}");
    all(&w);

    regrid(&w.comm, &w.a, "01", "02");
    all(&w);
    all(&w);

    assert_string_equal(peer_cell(&w.a, "person", "name", &id), "李二");
    assert_string_equal(peer_cell(&w.a, "person", "name", &work), "李三");
    regrid(&w.comm, &w.a, "01", NULL);
    all(&w);
    assert_int_equal(peer_changes(&w.a, G02), 0);
    regrid(&w.comm, &w.a, "01", "02");
    all(&w);
    all(&w);
    assert_string_equal(peer_cell(&w.a, "person", "name", &id), "李二");
    assert_true(same(peer_digest(&w.a, G02), peer_digest(&w.comm, G02)));
    world_end(&w);
}

TEST(while_the_box_is_away_the_district_carries_a_laptops_work_and_brings_the_receipt)
{
    struct world w;
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    struct ln_store_log log = { 0 };
    world_new(&w, "01", "02");
    all(&w);
    w.a.up = NULL;
    struct ln_id id = peer_add(&w.a, "person", G01, "{\"job\":\"far\"}", "{\"name\":\"张一\"}");

    MUST(peer_past(&w.a, &w.dist, &report, &err));
    assert_string_equal(peer_cell(&w.dist, "person", "job", &id), "");
    peer_sync(&w.comm, NULL);
    peer_sync(&w.comm, NULL);
    MUST(peer_past(&w.a, &w.dist, &report, &err));

    assert_string_equal(peer_cell(&w.comm, "person", "job", &id), "far");
    MUST(w.a.c.store->ops->log_get(w.a.c.store->ctx, &log, w.a.c.id, &err));
    assert_int_equal(log.receipt, log.head);
    w.a.up = &w.comm;
    all(&w);
    assert_string_equal(peer_cell(&w.comm, "person", "name", &id), "张一");
    assert_true(same(peer_digest(&w.a, G01), peer_digest(&w.comm, G01)));
    world_end(&w);
}

TEST(what_the_district_writes_for_one_community_is_read_there_with_its_sealed_fields)
{
    struct world w;
    world_new(&w, "01", "02");
    struct ln_id task =
        peer_add(&w.dist, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"请回访\"}");
    struct ln_id far = peer_add(&w.prov, "ticket", "330106005055/330000000000", NULL,
                                "{\"subject\":\"省里来信\"}");

    all(&w);
    all(&w);

    assert_string_equal(peer_cell(&w.comm, "ticket", "subject", &task), "请回访");
    assert_string_equal(peer_cell(&w.comm, "ticket", "subject", &far), "省里来信");
    world_end(&w);
}

static bool sent_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_attachment a = { .found = true, .whole = true, .size = 9 };

    (void)r;
    return ln_attachment_put(ln_sqlstore_db(((struct peer *)arg)->store), &a, LN_ATTACHMENT_SENT, 1,
                             err);
}

static uint64_t unsent(struct peer *p)
{
    struct ln_err err = { 0 };
    uint64_t n;
    uint64_t wanted;

    MUST(ln_attachment_waiting(&n, &wanted, ln_sqlstore_db(p->store), &err));
    return n;
}

TEST(a_node_that_gets_another_parent_goes_on_with_its_log_and_loses_nothing)
{
    struct world w;
    struct peer sub;
    struct ln_exchange_report report;
    world_new(&w, "01", "02");
    struct ln_id early =
        peer_add(&w.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"从前\"}");
    struct ln_id laptops = peer_add(&w.a, "person", G01, "{\"job\":\"x\"}", NULL);
    all(&w);
    uint64_t before = peer_head(&w.comm);
    struct ln_err err = { 0 };
    MUST(peer_write(&w.comm, sent_job, &w.comm, &err));
    peer_new(&sub, &w.clock, &w.dist, "330106005000", LN_ROLE_SUBDISTRICT, "");

    peer_move(&w.comm, &sub);
    struct ln_id late =
        peer_add(&w.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"以后\"}");
    for (int turn = 0; turn < 3; turn++) {
        peer_sync(&w.a, NULL);
        peer_sync(&w.comm, NULL);
        peer_sync(&sub, NULL);
        peer_sync(&w.dist, NULL);
        peer_seal(&w.prov);
    }

    assert_true(peer_head(&w.comm) > before);
    assert_int_equal(unsent(&w.comm), 1);
    assert_string_equal(peer_cell(&sub, "ticket", "subject", &early), "从前");
    assert_string_equal(peer_cell(&sub, "ticket", "subject", &late), "以后");
    assert_string_equal(peer_cell(&w.dist, "ticket", "subject", &early), "从前");
    assert_string_equal(peer_cell(&w.dist, "ticket", "subject", &late), "以后");
    assert_string_equal(peer_cell(&w.comm, "person", "job", &laptops), "x");
    assert_true(same(peer_digest(&sub, "330106005055/330106000000"),
                     peer_digest(&w.dist, "330106005055/330106000000")));
    peer_sync(&w.comm, &report);
    assert_true(report.level && !report.alarm);
    peer_sync(&sub, &report);
    assert_true(report.level && !report.alarm);
    peer_end(&sub);
    world_end(&w);
}

static bool rotate_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rotate(r, true, arg, err);
}

static bool revoke_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    uint64_t after = UINT64_MAX;
    unsigned minted;

    return ln_replica_revoke(r, arg, &after, err) && ln_replica_rotate(r, false, &minted, err);
}

TEST(after_a_rotation_everybody_reads_on_and_a_revoked_laptop_reads_nothing_new)
{
    struct world w;
    struct ln_err err = { 0 };
    unsigned minted = 0;
    world_new(&w, "01", "01");
    (void)peer_add(&w.comm, "person", G01, "{\"job\":\"a\"}", NULL);
    all(&w);
    MUST(peer_write(&w.comm, rotate_job, &minted, &err));
    struct ln_id after_rotation = peer_add(&w.comm, "person", G01, "{\"job\":\"b\"}", NULL);
    w.clock += 20 * DAY_MS; /* b is away for long */
    peer_sync(&w.a, NULL);

    MUST(peer_write(&w.comm, revoke_job, w.a.c.id, &err));
    struct ln_id later = peer_add(&w.comm, "person", G01, "{\"job\":\"c\"}", NULL);
    w.clock += 30 * DAY_MS;
    assert_false(peer_try(&w.a, NULL, &err));
    peer_sync(&w.b, NULL);
    peer_sync(&w.b, NULL);

    assert_true(minted >= 3);
    assert_string_equal(peer_cell(&w.a, "person", "job", &after_rotation), "b");
    assert_string_equal(peer_cell(&w.b, "person", "job", &after_rotation), "b");
    assert_string_equal(peer_cell(&w.b, "person", "job", &later), "c");
    assert_string_equal(peer_cell(&w.a, "person", "job", &later), "");
    struct ln_epoch now = { 0 };
    int64_t from;
    MUST(w.b.c.store->ops->epoch_last(w.b.c.store->ctx, &now, &from, G01, &err));
    struct ln_epoch held = { 0 };
    MUST(w.a.c.store->ops->epoch_find(w.a.c.store->ctx, &held, now.file_name, &err));
    assert_string_equal(held.label, "");
    world_end(&w);
}

static bool coming(void *ctx, struct ln_recipient *out)
{
    ln_key_ident_public(out, ctx);
    return true;
}

/* Opened anew with these reading keys: the first, and one more or none. */
static void reopen_with(struct peer *p, const struct ln_ident *first, const struct ln_ident *spare)
{
    p->c.ident = *first;
    p->c.n_spare = spare != NULL;
    if (spare != NULL)
        p->c.spare[0] = *spare;
    peer_reopen(p, p->schema);
}

TEST(a_reading_key_is_rotated_and_the_former_one_reads_nothing_new)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_ident former;
    struct ln_ident next;
    struct ln_recipient to;
    unsigned minted = 0;
    world_new(&w, "01", "02");
    all(&w);
    former = w.a.c.ident;
    ln_key_ident_make(&next);
    ln_key_ident_public(&to, &next);

    reopen_with(&w.a, &former, &next); /* asked for, not certified yet */
    w.a.x.age_next = coming;
    w.a.x.state_ctx = &next;
    ln_exchange_client_free(w.a.client);
    w.a.client = ln_exchange_client_new(&w.a.x, &w.a.link);
    w.clock += 60000;
    peer_sync(&w.a, NULL);
    peer_sync(&w.a, NULL);
    const struct ln_cert *cert = ln_authority_find(ln_replica_authority(w.a.r), w.a.c.id);
    assert_true(ln_key_recipient_same(&cert->age, &to));
    MUST(peer_write(&w.comm, rotate_job, &minted, &err));
    struct ln_id after = peer_add(&w.comm, "person", G01, "{\"job\":\"y\"}", "{\"name\":\"李二\"}");
    peer_seal(&w.comm);

    reopen_with(&w.a, &former, NULL); /* a thief of the former key */
    (void)peer_try(&w.a, NULL, &err);
    assert_string_equal(peer_cell(&w.a, "person", "job", &after), "");
    world_end(&w);
}

TEST(after_a_rotation_a_replay_still_opens_what_was_wrapped_for_the_former_key)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_ident former;
    struct ln_ident next;
    struct ln_recipient to;
    unsigned minted = 0;
    world_new(&w, "01", "02");
    struct ln_id before =
        peer_add(&w.comm, "person", G01, "{\"job\":\"x\"}", "{\"name\":\"张一\"}");
    all(&w);
    former = w.a.c.ident;
    ln_key_ident_make(&next);
    ln_key_ident_public(&to, &next);
    struct ln_renewal want = { .age = &to };
    void *x[] = { w.a.c.id, &want };
    MUST(peer_write(&w.comm, renew_job, x, &err));
    MUST(peer_write(&w.comm, rotate_job, &minted, &err));
    struct ln_id after = peer_add(&w.comm, "person", G01, "{\"job\":\"y\"}", "{\"name\":\"李二\"}");
    w.clock += 60 * DAY_MS; /* it comes only now */

    reopen_with(&w.a, &next, &former);
    all(&w);
    peer_rebuild(&w.a);

    assert_string_equal(peer_cell(&w.a, "person", "name", &before), "张一");
    assert_string_equal(peer_cell(&w.a, "person", "name", &after), "李二");
    assert_true(same(peer_digest(&w.a, G01), peer_digest(&w.comm, G01)));
    world_end(&w);
}

/* The next version of the program: a field and a collection more. */
static const struct ln_field PERSON2[] = { { "name", "name", LN_TYPE_STR, LN_MARK_IDENT },
                                           { "id_no", "id_no", LN_TYPE_STR, LN_MARK_SENSITIVE },
                                           { "job", "job", LN_TYPE_STR, LN_MARK_PLAIN },
                                           { "blood", "blood", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_field PET[] = { { "kind", "kind", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_coll COLLS2[] = {
    { .name = "person", .version = 1, .fields = PERSON2, .n_fields = 4 },
    { .name = "pet", .version = 1, .fields = PET, .n_fields = 1 },
};
static const struct ln_schema NEXT = { COLLS2, 2 };

TEST(what_a_newer_program_writes_is_carried_on_untouched_and_shows_after_the_upgrade)
{
    struct world w;
    world_new(&w, "01", "02");
    peer_reopen(&w.comm, &NEXT);
    struct ln_id person = peer_add(&w.comm, "person", "330106005055/330000000000",
                                   "{\"blood\":\"AB\",\"job\":\"x\"}", NULL);
    struct ln_id pet =
        peer_add(&w.comm, "pet", "330106005055/330000000000", "{\"kind\":\"cat\"}", NULL);
    all(&w);
    assert_string_equal(peer_cell(&w.dist, "person", "job", &person), "x");

    peer_reopen(&w.prov, &NEXT);
    peer_reopen(&w.dist, &NEXT);

    assert_string_equal(peer_cell(&w.prov, "person", "blood", &person), "AB");
    assert_string_equal(peer_cell(&w.prov, "pet", "kind", &pet), "cat");
    assert_string_equal(peer_cell(&w.dist, "pet", "kind", &pet), "cat");
    struct ln_digest before = peer_digest(&w.prov, "330106005055/330000000000");
    peer_rebuild(&w.prov);
    assert_true(same(before, peer_digest(&w.prov, "330106005055/330000000000")));
    assert_true(same(before, peer_digest(&w.comm, "330106005055/330000000000")));
    world_end(&w);
}

TEST(a_program_that_went_back_a_version_and_forth_again_shows_what_came_in_between)
{
    struct world w;
    world_new(&w, "01", "02");
    peer_reopen(&w.comm, &NEXT);
    peer_reopen(&w.dist, &NEXT);
    struct ln_id pet =
        peer_add(&w.comm, "pet", "330106005055/330000000000", "{\"kind\":\"cat\"}", NULL);
    struct ln_id person =
        peer_add(&w.comm, "person", "330106005055/330000000000", "{\"job\":\"x\"}", NULL);
    struct ln_err err = { 0 };
    all(&w);

    peer_reopen(&w.dist, &test_schema);
    struct ln_id dog =
        peer_add(&w.comm, "pet", "330106005055/330000000000", "{\"kind\":\"dog\"}", NULL);
    MUST(peer_set(&w.comm, "person", &person, "{\"blood\":\"AB\"}", &err));
    all(&w);
    peer_reopen(&w.dist, &NEXT);

    assert_string_equal(peer_cell(&w.dist, "pet", "kind", &pet), "cat");
    assert_string_equal(peer_cell(&w.dist, "pet", "kind", &dog), "dog");
    assert_string_equal(peer_cell(&w.dist, "person", "blood", &person), "AB");
    assert_string_equal(peer_cell(&w.dist, "person", "job", &person), "x");
    world_end(&w);
}

/* What is asked for of the attachments, in order. */
struct asked {
    size_t n;
    struct {
        bool wanted;
        uint64_t max;
    } list[8];
};

static bool note_each(void *ctx, bool wanted, uint64_t max,
                      bool (*fn)(void *fctx, const struct ln_sha256 *name, uint64_t size,
                                 struct ln_err *err),
                      void *fctx, struct ln_err *err)
{
    struct asked *a = ctx;

    (void)fn;
    (void)fctx;
    (void)err;
    assert_true(a->n < sizeof a->list / sizeof a->list[0]);
    a->list[a->n].wanted = wanted;
    a->list[a->n++].max = max;
    return true;
}

TEST(small_copies_go_both_ways_before_the_first_large_picture_of_either)
{
    struct world w;
    struct asked asked = { 0 };
    struct ln_files files = { &asked, NULL, NULL, NULL, note_each, NULL };
    world_new(&w, "01", "01");
    w.comm.x.files = &files;
    ln_exchange_client_free(w.comm.client);
    w.comm.client = ln_exchange_client_new(&w.comm.x, &w.comm.link);

    peer_sync(&w.comm, NULL);

    assert_true(asked.n >= 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(asked.list[i].wanted, i % 2);
        assert_int_equal(asked.list[i].max, i < 2 ? LN_FILES_THUMB : LN_FILES_MAX);
    }
    world_end(&w);
}

/* A link on which the answers to pushes get lost, though the parent has done its work. */
struct deaf {
    struct ln_link inner;
    unsigned lost;
};

static bool deaf_call(void *ctx, const struct ln_message *request, struct ln_message *response,
                      struct ln_err *err)
{
    struct deaf *d = ctx;

    if (!d->inner.call(d->inner.ctx, request, response, err))
        return false;
    if (strcmp(request->method, "POST") != 0 || strstr(request->path, "/log/") == NULL)
        return true;
    d->lost++;
    return ln_fail(err, LN_BUSY, "the line broke");
}

static bool forget_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);

    (void)arg;
    return s->ops->meta_put(s->ctx, "exchange", (struct ln_span){ NULL, 0 }, err);
}

static bool signed_for(struct peer *p)
{
    struct ln_store *s = p->c.store;
    struct ln_store_log l = { 0 };
    struct ln_err err = { 0 };

    MUST(s->ops->log_get(s->ctx, &l, p->c.id, &err));
    return l.head > 0 && l.receipt == l.head;
}

TEST(a_receipt_that_was_lost_with_the_memory_of_heads_comes_by_asking)
{
    struct world w;
    struct ln_exchange_report report = { 0 };
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    all(&w);
    assert_true(signed_for(&w.comm));
    (void)peer_add(&w.comm, "notice", "330106005055/330106000000", "{\"title\":\"a\"}", NULL);
    struct deaf deaf = { .inner = w.comm.link };
    struct ln_link link = { &deaf, deaf_call };
    struct ln_exchange_client *c = ln_exchange_client_new(&w.comm.x, &link);
    assert_false(ln_exchange_sync(c, &report, &err));
    assert_int_equal(err.code, LN_BUSY);
    assert_true(deaf.lost > 0 && !signed_for(&w.comm));
    ln_exchange_client_free(c);
    assert_true(peer_write(&w.comm, forget_job, NULL, &err));
    c = ln_exchange_client_new(&w.comm.x, &w.comm.link);

    MUST(ln_exchange_sync(c, &report, &err));

    assert_true(report.level);
    assert_true(signed_for(&w.comm));
    uint64_t requests = report.requests;
    MUST(ln_exchange_sync(c, &report, &err)); /* and that was all */
    assert_int_equal(report.sent_segments, 0);
    assert_true(report.requests < requests);
    ln_exchange_client_free(c);
    world_end(&w);
}

struct late {
    struct ln_buf pack;
    const char *node;
    unsigned n;
};

static bool late_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct late *x = arg;
    struct ln_receive got = { 0 };
    unsigned unreadable;
    bool ok = ln_replica_receive_late(r, &got, x->node, x->pack.data, x->pack.len, err) &&
              ln_replica_late(r, x->node, 0, true, &x->n, &unreadable, NULL, NULL, err);

    ln_buf_free(&got.receipt);
    return ok;
}

/* The parent never gets the segments that were looked at here: they are void, and what was taken
 * over of them comes with the own log. */
TEST(a_box_that_took_late_work_of_a_lost_laptop_over_is_level_with_its_parent)
{
    struct world w;
    struct ln_exchange_report report = { 0 };
    struct ln_err err = { 0 };
    struct late late = { .pack = ln_buf_new(LN_PACK_MAX) };
    uint64_t last;
    world_new(&w, "01", "02");
    struct ln_id early = peer_add(&w.a, "notice", G01, "{\"title\":\"early\"}", NULL);
    all(&w);
    all(&w);
    assert_true(peer_write(&w.comm, revoke_job, w.a.c.id, &err));
    struct ln_id id = peer_add(&w.a, "notice", G01, "{\"title\":\"late\"}", NULL);
    peer_seal(&w.a);
    late.node = w.a.c.id;
    MUST(ln_replica_slice(
        &late.pack, &last, w.a.c.store, ln_replica_authority(w.a.r), w.a.c.id, peer_head(&w.a),
        ln_authority_find(ln_replica_authority(w.a.r), w.comm.c.id), LN_PACK_MAX, &err));

    MUST(peer_write(&w.comm, late_job, &late, &err));

    assert_int_equal(late.n, 1);
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &id), "late");
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &early), "early");
    for (int turn = 0; turn < 3; turn++) {
        peer_sync(&w.comm, &report);
        peer_sync(&w.dist, NULL);
        peer_seal(&w.prov);
        assert_true(report.level && !report.alarm);
    }
    for (int i = 0; i < 2; i++) { /* and both compare their digests */
        struct peer *p = i == 0 ? &w.comm : &w.dist;
        struct ln_view v = { 0 };
        MUST(ln_view_read(&v, p->c.store, ln_replica_authority(p->r), w.comm.c.id, w.dist.c.id,
                          &err));
        assert_string_not_equal(v.sum, "");
        ln_view_free(&v);
    }
    ln_buf_free(&late.pack);
    world_end(&w);
}

/* ---- what a node tells of itself */

struct telling {
    struct peer *p;
    char state[LN_EXCHANGE_STATE_MAX];
    unsigned asked, told; /* heads; with a state */
};

static void my_state(void *ctx, char out[LN_EXCHANGE_STATE_MAX])
{
    memcpy(out, ((struct telling *)ctx)->state, LN_EXCHANGE_STATE_MAX);
}

static bool listen_call(void *ctx, const struct ln_message *request, struct ln_message *response,
                        struct ln_err *err)
{
    struct telling *x = ctx;
    bool ok = x->p->link.call(x->p->link.ctx, request, response, err);

    if (ok && response->status == 200 && strcmp(request->path, "/sync/v1/heads") == 0) {
        x->asked++;
        x->told += strstr(request->body.data, "\"state\":{") != NULL &&
                   strstr(request->body.data, "\"t\":") != NULL;
    }
    return ok;
}

TEST(a_node_says_how_it_is_when_that_changed_or_after_an_hour_and_to_its_parent_alone)
{
    static const struct {
        const char *state;
        int64_t later_ms;
        unsigned told;
    } table[] = {
        { "", 0, 0 },
        { "{\"disk\":1}", 0, 1 },
        { "{\"disk\":1}", 60000, 0 },
        { "{\"disk\":2}", 60000, 1 },
        { "{\"disk\":2}", 3600000, 1 },
        { "", 3600000, 0 },
    };
    struct world w;
    struct ln_err err = { 0 };
    struct ln_exchange_report report;
    world_new(&w, "01", "02");
    all(&w);
    struct telling x = { .p = &w.a };
    struct ln_link link = { &x, listen_call };
    struct ln_exchange_config config = w.a.x;
    config.state = my_state;
    config.state_ctx = &x;
    struct ln_exchange_client *c = ln_exchange_client_new(&config, &link);
    MUST(ln_exchange_sync(c, &report, &err));

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void)snprintf(x.state, sizeof x.state, "%s", table[i].state);
        w.clock += table[i].later_ms;
        x.asked = x.told = 0;
        MUST(ln_exchange_sync(c, &report, &err));
        assert_int_equal(x.asked, 1);
        assert_int_equal(x.told, table[i].told);
    }

    ln_exchange_client_free(c);
    c = ln_exchange_client_new(&config, &link);
    ln_exchange_client_past(c);
    (void)snprintf(x.state, sizeof x.state, "{\"disk\":3}");
    w.a.up = &w.dist;
    x.asked = x.told = 0;
    MUST(ln_exchange_sync(c, &report, &err));
    assert_true(x.asked > 0);
    assert_int_equal(x.told, 0);
    ln_exchange_client_free(c);
    world_end(&w);
}

/* ---- a box without a clock chip */

struct chipless {
    struct ln_env env;
    struct peer *p;
    int64_t seen_ms;
    bool trusted;
};

static int64_t chipless_now(void *ctx)
{
    struct chipless *x = ctx;

    return x->p->env.now_ms(x->p->env.ctx);
}

static bool chipless_trusted(void *ctx)
{
    return ((struct chipless *)ctx)->trusted;
}

static void chipless_seen(void *ctx, int64_t ms)
{
    ((struct chipless *)ctx)->seen_ms = ms;
}

static void chipless_random(void *ctx, void *out, size_t len)
{
    struct chipless *x = ctx;

    x->p->env.random(x->p->env.ctx, out, len);
}

TEST(a_box_without_a_clock_takes_its_parents_time_unless_that_lies_outside_its_own_lease)
{
    static const struct {
        int64_t days; /* the parent's clock, from ours */
        bool trusted, seen;
    } table[] = {
        { 0, false, true },    { 0, true, false },      { 30, false, true },
        { -30, false, false }, { 27000, false, false }, /* 2100 */
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct world w;
        struct ln_err err = { 0 };
        struct ln_exchange_report report;
        world_new(&w, "01", "02");
        all(&w);
        int64_t theirs = w.clock + table[i].days * DAY_MS;
        w.comm.clock = &theirs;
        struct chipless x = { .p = &w.a, .trusted = table[i].trusted };
        x.env =
            (struct ln_env){ &x, chipless_now, chipless_trusted, chipless_seen, chipless_random };
        struct ln_exchange_config config = w.a.x;
        config.env = &x.env;
        struct ln_exchange_client *c = ln_exchange_client_new(&config, &w.a.link);

        (void)!ln_exchange_sync(c, &report, &err);

        assert_true(report.parent_ms > 0);
        assert_int_equal(x.seen_ms, table[i].seen ? report.parent_ms : 0);
        ln_exchange_client_free(c);
        world_end(&w);
    }
}

/* ---- slow links, refused lines */

struct slow {
    struct peer *p;
    int64_t takes_ms;
    unsigned largest, least; /* slices asked for, in bytes */
};

static bool slow_call(void *ctx, const struct ln_message *request, struct ln_message *response,
                      struct ln_err *err)
{
    struct slow *x = ctx;
    const char *max = strstr(request->query, "max=");

    if (strncmp(request->path, "/sync/v1/log/", 13) == 0 && max != NULL) {
        unsigned n = (unsigned)strtoul(max + 4, NULL, 10);
        x->largest = n > x->largest ? n : x->largest;
        x->least = x->least == 0 || n < x->least ? n : x->least;
        *x->p->clock += x->takes_ms;
    }
    return x->p->link.call(x->p->link.ctx, request, response, err);
}

TEST(slices_grow_on_a_quick_link_and_shrink_on_a_slow_one_to_a_floor)
{
    static const struct {
        int64_t takes_ms;
        bool grows, shrinks;
    } table[] = { { 0, true, false }, { 8000, false, false }, { 20000, false, true } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct world w;
        struct ln_err err = { 0 };
        struct ln_exchange_report report;
        struct ln_buf fields = ln_buf_new(65536);
        world_new(&w, "01", "02");
        all(&w);
        ln_buf_adds(&fields, "{\"title\":\"");
        uint64_t dice = 1; /* what does not deflate */
        for (int k = 0; k < 12000; k++) {
            dice = dice * UINT64_C(6364136223846793005) + 1;
            ln_buf_addc(&fields, (char)('0' + (dice >> 33) % 43));
        }
        ln_buf_adds(&fields, "\"}");
        for (int k = 0; k < 20; k++) {
            (void)peer_add(&w.dist, "notice", "public", fields.data, NULL);
            peer_seal(&w.dist);
        }
        struct slow x = { .p = &w.comm, .takes_ms = table[i].takes_ms };
        struct ln_link link = { &x, slow_call };
        struct ln_exchange_client *c = ln_exchange_client_new(&w.comm.x, &link);

        MUST(ln_exchange_sync(c, &report, &err));

        assert_true(report.level);
        assert_int_equal(x.largest > 1 << 16, table[i].grows);
        assert_int_equal(x.least < 1 << 16, table[i].shrinks);
        assert_true(x.least >= 1 << 13 && x.largest <= 1 << 18);
        ln_exchange_client_free(c);
        ln_buf_free(&fields);
        world_end(&w);
    }
}

TEST(lines_that_the_parent_refused_are_counted_and_named_in_its_receipt)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_exchange_report report;
    char sql[256];
    world_new(&w, "01", "02");
    all(&w);
    struct ln_id good = peer_add(&w.comm, "notice", "public", "{\"title\":\"good\"}", NULL);
    peer_seal(&w.comm);
    struct ln_id bad = peer_add(&w.comm, "notice", "public", "{\"title\":\"bad\"}", NULL);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE change SET from_seq = 1, from_log = (SELECT n FROM log WHERE id = '%s')"
                   " WHERE seq IS NULL AND rec IS NOT NULL",
                   w.prov.c.id); /* as if the province had said it */
    MUST(ln_db_exec(ln_sqlstore_db(w.comm.store), sql, &err));

    peer_sync(&w.comm, &report);

    assert_int_equal(report.refused, 1);
    assert_true(report.level && !report.alarm);
    assert_int_equal(report.receipt_seq, peer_head(&w.comm));
    for (int i = 0; i < 2; i++) {
        struct peer *p = i == 0 ? &w.comm : &w.dist;
        assert_string_equal(peer_cell(p, "notice", "title", &good), "good");
        assert_string_equal(peer_cell(p, "notice", "title", &bad), "");
    }
    world_end(&w);
}

/* ---- copied cards */

static uint64_t held(struct peer *p, const char *log)
{
    struct ln_store_log l = { 0 };
    struct ln_err err = { 0 };

    MUST(p->c.store->ops->log_get(p->c.store->ctx, &l, log, &err));
    return l.head;
}

static bool save_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_save(r, arg, 1, err);
}

/* Lines that the image has unsealed, a change and a step, stand in a segment already. */
TEST(an_older_image_of_a_box_fetches_its_own_segments_back_and_goes_on)
{
    struct world w;
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    struct ln_id ticket = peer_add(&w.comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    all(&w);
    struct ln_draft step = { .op = LN_OP_STEP,
                             .collection = "ticket",
                             .record = ticket,
                             .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };
    MUST(peer_write(&w.comm, save_job, &step, &err));
    struct ln_id one = peer_add(&w.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    peer_image(&w.comm, false);
    peer_seal(&w.comm);
    struct ln_id two = peer_add(&w.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
    all(&w);
    uint64_t then = peer_head(&w.comm);
    peer_image(&w.comm, true);
    assert_true(peer_head(&w.comm) < then);
    struct ln_id three = peer_add(&w.comm, "notice", "public", "{\"title\":\"three\"}", NULL);

    peer_sync(&w.comm, &report);

    assert_true(report.level && !report.alarm);
    assert_string_equal(ln_replica_doubted(w.comm.r), "");
    assert_int_equal(peer_head(&w.comm), then + 1);
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &one), "one");
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &two), "two");
    assert_string_equal(peer_cell(&w.dist, "notice", "title", &three), "three");
    assert_string_equal(peer_cell(&w.comm, "ticket", "_state", &ticket), "done");
    assert_true(same(peer_digest(&w.comm, UP), peer_digest(&w.dist, UP)));
    struct ln_verify_report sound;
    MUST(ln_replica_verify(w.comm.r, &sound, NULL, NULL, &err));
    assert_int_equal(sound.bad, 0);
    peer_rebuild(&w.comm);
    assert_string_equal(peer_cell(&w.comm, "ticket", "_state", &ticket), "done");
    world_end(&w);
}

/* The other card has sent as many segments as this one sealed meanwhile, or more. */
TEST(an_image_that_sealed_beside_its_original_is_found_out_and_seals_no_more)
{
    for (unsigned more = 0; more < 2; more++) {
        struct world w;
        struct ln_err err = { 0 };
        world_new(&w, "01", "02");
        (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
        all(&w);
        peer_image(&w.comm, false);
        for (unsigned i = 0; i <= more; i++) {
            (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
            peer_sync(&w.comm, NULL);
        }
        uint64_t theirs = held(&w.dist, w.comm.c.id);
        peer_image(&w.comm, true);
        struct ln_id id = peer_add(&w.comm, "notice", "public", "{\"title\":\"three\"}", NULL);
        peer_seal(&w.comm);
        uint64_t mine = peer_head(&w.comm);
        assert_int_equal(theirs, mine + more);

        for (int turn = 0; turn < 2; turn++) {
            err = (struct ln_err){ 0 };
            assert_false(peer_try(&w.comm, NULL, &err));
            assert_int_equal(err.code, LN_CONFLICT);
            assert_non_null(strstr(err.text, "fork"));
            assert_string_equal(ln_replica_doubted(w.comm.r), "fork");
            (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"four\"}", NULL);
        }

        assert_int_equal(peer_head(&w.comm), mine);
        assert_int_equal(held(&w.dist, w.comm.c.id), theirs);
        assert_string_equal(peer_cell(&w.comm, "notice", "title", &id), "three");
        assert_string_equal(peer_cell(&w.dist, "notice", "title", &id), "");
        world_end(&w);
    }
}

TEST(a_parent_that_was_put_back_is_told_what_it_forgot_and_is_not_followed_back)
{
    struct world w;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    all(&w);
    peer_image(&w.dist, false);
    struct ln_id two = peer_add(&w.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
    struct ln_id notice = peer_add(&w.dist, "notice", "public", "{\"title\":\"district\"}", NULL);
    all(&w);
    uint64_t heads = held(&w.comm, w.dist.c.id);
    peer_image(&w.dist, true);

    for (int i = 0; i < 2; i++) {
        err = (struct ln_err){ 0 };
        assert_false(peer_try(&w.comm, NULL, &err));
        assert_int_equal(err.code, LN_CONFLICT);
        assert_non_null(strstr(err.text, "its data are an older copy"));
    }
    assert_int_equal(held(&w.comm, w.dist.c.id), heads);
    peer_sync(&w.dist, NULL); /* it is told by its own parent, and is the same as before */

    all(&w);
    assert_string_equal(peer_cell(&w.dist, "notice", "title", &notice), "district");
    assert_string_equal(peer_cell(&w.dist, "notice", "title", &two), "two");
    assert_true(same(peer_digest(&w.comm, "public"), peer_digest(&w.dist, "public")));
    world_end(&w);
}

static unsigned escrowed(struct peer *holder, struct peer *owner)
{
    struct ln_buf page = ln_buf_new(LN_KEYS_JSON_MAX);
    char place[LN_KEYS_PLACE_MAX] = "";
    struct ln_err err = { 0 };
    unsigned n = 0;
    unsigned all = 0;

    do {
        MUST(ln_keys_escrow(&page, &n, place, holder->c.store, owner->c.id, &err));
        all += n;
    } while (n > 0);
    ln_buf_free(&page);
    return all;
}

/* Simulator, seed 41286. */
TEST(a_parent_that_was_put_back_gets_the_keys_and_attachments_again_that_no_log_tells_of)
{
    struct world w;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    all(&w);
    peer_image(&w.comm, false);
    struct ln_id id = peer_add(&w.a, "person", G01, "{\"job\":\"x\"}", "{\"name\":\"张一\"}");
    peer_sync(&w.a, NULL);
    MUST(peer_write(&w.a, sent_job, &w.a, &err));
    peer_sync(&w.a, NULL);
    assert_int_equal(unsent(&w.a), 0);
    assert_string_equal(peer_cell(&w.comm, "person", "name", &id), "张一");

    peer_image(&w.comm, true);
    peer_sync(&w.comm, NULL);
    /* Its key is taken first, so that as many are counted as before. */
    (void)peer_add(&w.a, "person", G01, NULL, "{\"name\":\"李二\"}");
    peer_sync(&w.a, NULL);
    assert_string_equal(peer_cell(&w.comm, "person", "name", &id), "张一");
    assert_int_equal(unsent(&w.a), 1);

    peer_image(&w.dist, false);
    (void)peer_add(&w.comm, "person", "330106005055/c", NULL, "{\"name\":\"王三\"}");
    peer_sync(&w.comm, NULL);
    unsigned keys = escrowed(&w.dist, &w.comm);
    peer_image(&w.dist, true);
    assert_true(escrowed(&w.dist, &w.comm) < keys);
    all(&w);
    assert_int_equal(escrowed(&w.dist, &w.comm), keys);
    world_end(&w);
}

/* More than a body holds, of an audience that the parent does not belong to. */
TEST(all_keys_of_a_box_are_given_again_and_those_made_later_too)
{
    struct world w;
    world_new(&w, "01", "02");
    all(&w);
    peer_image(&w.dist, false);
    for (int i = 0; i < LN_KEYS_BATCH / 2 + 60; i++)
        (void)peer_add(&w.comm, "person", "330106005055/c", NULL, "{\"name\":\"王三\"}");
    all(&w);
    unsigned keys = escrowed(&w.dist, &w.comm);
    assert_true(keys >= LN_KEYS_BATCH / 2 + 60);

    peer_image(&w.dist, true);
    peer_sync(&w.dist, NULL);
    all(&w);
    assert_int_equal(escrowed(&w.dist, &w.comm), keys);
    for (int i = 0; i < 8; i++)
        (void)peer_add(&w.comm, "person", "330106005055/c", NULL, "{\"name\":\"赵四\"}");
    all(&w);
    assert_int_equal(escrowed(&w.dist, &w.comm), keys + 8);
    world_end(&w);
}

TEST(a_laptop_that_doubts_itself_is_confirmed_by_its_box_and_by_nobody_else)
{
    struct world w;
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    world_new(&w, "01", "02");
    (void)peer_add(&w.a, "notice", G01, "{\"title\":\"one\"}", NULL);
    all(&w);
    w.a.c.strange = true;
    peer_reopen(&w.a, w.a.schema);
    w.a.c.strange = false;
    assert_string_equal(ln_replica_doubted(w.a.r), "copy");
    (void)peer_add(&w.a, "notice", G01, "{\"title\":\"two\"}", NULL);
    uint64_t before = peer_head(&w.a);

    assert_false(peer_past(&w.a, &w.dist, &report, &err));

    assert_int_equal(err.code, LN_BUSY);
    assert_int_equal(peer_head(&w.a), before);
    assert_string_equal(ln_replica_doubted(w.a.r), "copy");
    peer_sync(&w.a, &report);
    assert_string_equal(ln_replica_doubted(w.a.r), "");
    assert_true(report.level);
    assert_int_equal(held(&w.comm, w.a.c.id), before + 1);
    world_end(&w);
}

TEST(who_has_no_parent_or_no_certificate_has_nobody_to_sync_with)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_exchange_report report;
    world_new(&w, "01", "02");

    assert_false(peer_try(&w.prov, NULL, &err));
    assert_int_equal(err.code, LN_MISSING);
    assert_non_null(strstr(err.text, "has no parent"));
    err = (struct ln_err){ 0 };
    assert_false(peer_past(&w.a, &w.b, &report, &err)); /* beside it, not above */
    assert_int_equal(err.code, LN_DENIED);
    assert_non_null(strstr(err.text, "does not stand above"));
    ln_exchange_client_free(NULL);
    world_end(&w);
}

struct telling_of {
    const char *log;
    struct ln_buf pack;
};

static bool told_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct telling_of *x = arg;
    struct ln_receive got = { 0 };
    bool ok = ln_replica_receive(r, &got, x->log, x->pack.data, x->pack.len, NULL, err);

    ln_buf_free(&got.receipt);
    return ok;
}

/* The province closes the log of a laptop that goes on working; `first` is told by a stick. */
static void closed_above(struct world *w, struct peer *first)
{
    struct telling_of x = { .log = w->prov.c.id, .pack = ln_buf_new(LN_PACK_MAX) };
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    uint64_t last;

    world_new(w, "01", "02");
    (void)peer_add(&w->a, "notice", G01, "{\"title\":\"early\"}", NULL);
    all(w);
    all(w);
    MUST(peer_write(&w->prov, revoke_job, w->a.c.id, &err));
    peer_seal(&w->prov);
    (void)peer_add(&w->a, "notice", G01, "{\"title\":\"late\"}", NULL);
    peer_sync(&w->a, NULL);
    peer_sync(&w->comm, &report);
    assert_true(report.level);
    if (first != NULL) {
        MUST(ln_replica_slice(&x.pack, &last, w->prov.c.store, ln_replica_authority(w->prov.r),
                              w->prov.c.id, held(first, w->prov.c.id) + 1,
                              ln_replica_self(first->r), LN_PACK_MAX, &err));
        MUST(peer_write(first, told_job, &x, &err));
    }
    ln_buf_free(&x.pack);
}

/* A push that is refused because of a revocation must not keep the node that pushes from hearing of
 * it: what is refused is why it has to ask. */
TEST(a_node_whose_push_is_refused_for_a_revocation_hears_of_that_in_the_same_sync)
{
    struct world w;
    struct ln_exchange_report report;
    closed_above(&w, NULL);
    assert_int_equal(ln_authority_void_from(ln_replica_authority(w.dist.r), w.a.c.id), 0);

    peer_sync(&w.dist, &report);

    assert_true(ln_authority_void_from(ln_replica_authority(w.dist.r), w.a.c.id) > 0);
    assert_true(report.level && !report.alarm);
    peer_sync(&w.comm, &report);
    assert_true(report.level && !report.alarm);
    assert_true(ln_authority_void_from(ln_replica_authority(w.comm.r), w.a.c.id) > 0);
    world_end(&w);
}

/* A box that heard of a revocation before its parent did is ahead of it, not in conflict with it:
 * all else is exchanged, and both are level once the parent has heard. */
TEST(a_box_that_heard_of_a_revocation_first_is_level_as_soon_as_its_parent_has_heard)
{
    struct world w;
    struct ln_exchange_report report;
    closed_above(&w, &w.comm);
    assert_true(ln_authority_void_from(ln_replica_authority(w.comm.r), w.a.c.id) > 0);
    assert_int_equal(ln_authority_void_from(ln_replica_authority(w.dist.r), w.a.c.id), 0);
    struct ln_id down = peer_add(&w.dist, "notice", "public", "{\"title\":\"down\"}", NULL);
    struct ln_id up = peer_add(&w.comm, "notice", "public", "{\"title\":\"up\"}", NULL);
    peer_seal(&w.dist);

    peer_sync(&w.comm, &report);

    assert_false(report.level || report.alarm);
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &down), "down");
    assert_string_equal(peer_cell(&w.dist, "notice", "title", &up), "up");
    peer_sync(&w.dist, &report);
    assert_true(report.level && !report.alarm);
    peer_sync(&w.comm, &report);
    assert_true(report.level && !report.alarm);
    peer_sync(&w.comm, &report);
    assert_true(report.level && !report.alarm && report.requests == 1);
    world_end(&w);
}

RUN_TESTS(T(all_keys_of_a_box_are_given_again_and_those_made_later_too),
          T(a_node_whose_push_is_refused_for_a_revocation_hears_of_that_in_the_same_sync),
          T(a_box_that_heard_of_a_revocation_first_is_level_as_soon_as_its_parent_has_heard),
          T(slices_grow_on_a_quick_link_and_shrink_on_a_slow_one_to_a_floor),
          T(lines_that_the_parent_refused_are_counted_and_named_in_its_receipt),
          T(a_node_says_how_it_is_when_that_changed_or_after_an_hour_and_to_its_parent_alone),
          T(a_box_without_a_clock_takes_its_parents_time_unless_that_lies_outside_its_own_lease),
          T(an_older_image_of_a_box_fetches_its_own_segments_back_and_goes_on),
          T(an_image_that_sealed_beside_its_original_is_found_out_and_seals_no_more),
          T(a_parent_that_was_put_back_is_told_what_it_forgot_and_is_not_followed_back),
          T(a_parent_that_was_put_back_gets_the_keys_and_attachments_again_that_no_log_tells_of),
          T(a_laptop_that_doubts_itself_is_confirmed_by_its_box_and_by_nobody_else),
          T(who_has_no_parent_or_no_certificate_has_nobody_to_sync_with),
          T(a_box_that_took_late_work_of_a_lost_laptop_over_is_level_with_its_parent),
          T(a_receipt_that_was_lost_with_the_memory_of_heads_comes_by_asking),
          T(a_reading_key_is_rotated_and_the_former_one_reads_nothing_new),
          T(after_a_rotation_a_replay_still_opens_what_was_wrapped_for_the_former_key),
          T(a_parent_that_lives_in_2099_for_a_while_dates_nothing_and_gives_no_lease),
          T(a_clock_that_a_person_says_is_right_is_followed_however_late),
          T(a_node_that_gets_another_parent_goes_on_with_its_log_and_loses_nothing),
          T(after_a_rotation_everybody_reads_on_and_a_revoked_laptop_reads_nothing_new),
          T(what_a_newer_program_writes_is_carried_on_untouched_and_shows_after_the_upgrade),
          T(a_program_that_went_back_a_version_and_forth_again_shows_what_came_in_between),
          T(a_laptop_reads_its_grid_with_names_and_nothing_else),
          T(two_laptops_of_one_grid_see_each_others_work_by_way_of_the_box),
          T(a_lease_is_renewed_by_coming_and_runs_out_by_staying_away),
          T(a_grid_taken_away_is_dropped_only_when_all_that_was_written_there_is_signed_for),
          T(a_grid_given_brings_what_it_held_before_and_one_given_back_does_too),
          T(while_the_box_is_away_the_district_carries_a_laptops_work_and_brings_the_receipt),
          T(what_the_district_writes_for_one_community_is_read_there_with_its_sealed_fields),
          T(small_copies_go_both_ways_before_the_first_large_picture_of_either))
