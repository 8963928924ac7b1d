/* Checkpoints: what they carry over, who may make them, and nodes that begin with one. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define UP "330106005055/330000000000"
#define C "330106005055/c"
#define NEVER INT64_C(99999999999) /* seconds: everything is older */

static struct ln_checkpoint_item checkpoint_before(struct box *b, const char *log, int64_t before_s)
{
    struct ln_checkpoint_item item;
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_checkpoint(b->r, log, before_s, false, &item, &err));
    MUST(ln_replica_commit(b->r, &err));
    return item;
}

static struct ln_checkpoint_item checkpoint(struct box *b, const char *log)
{
    return checkpoint_before(b, log, NEVER);
}

/* As if the git export had been there. */
static void exported(struct box *b, const char *log)
{
    struct ln_store *s = b->c.store;
    struct ln_store_log l;
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    MUST(s->ops->log_get(s->ctx, &l, log, &err));
    l.volume = l.head;
    MUST(s->ops->log_put(s->ctx, &l, &err));
    MUST(ln_replica_commit(b->r, &err));
}

static struct ln_prune_item prune(struct box *b, const char *log)
{
    struct ln_prune_item item;
    struct ln_err err = { 0 };

    exported(b, log);
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_prune(b->r, log, NEVER, false, &item, &err));
    MUST(ln_replica_commit(b->r, &err));
    return item;
}

static struct ln_verify_report verified(struct box *b)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(b->r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    return report;
}

static void rebuilt(struct box *b)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_rebuild(b->r, NULL, NULL, &err));
    MUST(ln_replica_commit(b->r, &err));
}

static void assert_cell(struct box *b, const char *sql, const struct ln_id *id, const char *want)
{
    char text[128];

    cell(text, b, sql, id);
    assert_string_equal(text, want);
}

static void assert_same(struct box *a, struct box *b, const char *audience)
{
    struct ln_digest x = digest(a, audience);
    struct ln_digest y = digest(b, audience);

    assert_memory_equal(x.b, y.b, sizeof x.b);
}

/* Two persons; one has had three jobs, one was renamed. Everyone has all of it. */
struct past {
    struct ln_id busy, plain, inner, ticket;
};
static void live(struct tree *t, struct past *p)
{
    tree_new(t);
    p->busy = add(&t->comm, "person", UP, "{\"job\":\"1-01\"}", "{\"name\":\"王一\"}");
    p->plain = add(&t->comm, "person", UP, "{\"job\":\"9-99\"}", "{\"name\":\"李二\"}");
    p->inner = add(&t->comm, "person", C, "{\"job\":\"5-05\"}", "{\"name\":\"张三\"}");
    p->ticket = add(&t->comm, "ticket", C, NULL, "{\"subject\":\"路灯\"}");
    sync_all(t);
    set(&t->comm, "person", &p->busy, "{\"job\":\"1-02\"}", NULL);
    sync_all(t);
    set(&t->comm, "person", &p->busy, "{\"job\":\"1-03\"}", NULL);
    set(&t->comm, "person", &p->plain, NULL, "{\"name\":\"李三\"}");
    set(&t->comm, "person", &p->inner, "{\"job\":\"5-06\"}", NULL);
    sync_all(t);
}

static void assert_present(struct box *b, const struct past *p)
{
    assert_cell(b, SQL_JOB, &p->busy, "1-03");
    assert_cell(b, SQL_NAME, &p->busy, "王一");
    assert_cell(b, SQL_NAME, &p->plain, "李三");
    assert_cell(b, SQL_JOB, &p->plain, "9-99");
}

TEST(a_checkpoint_carries_what_still_counts_and_nobody_s_digest_or_record_changes_by_it)
{
    struct tree t;
    struct past p;
    live(&t, &p);
    struct ln_digest before = digest(&t.comm, UP);

    struct ln_checkpoint_item made = checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_true(made.made);
    assert_int_equal(made.dropped, 1); /* the job in between; all else is head of something */
    assert_int_equal(made.kept, 7);
    assert_false(memcmp(before.b, digest(&t.comm, UP).b, 16) == 0); /* the lines of it are lines */
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        assert_present(all[i], &p);
        assert_same(&t.comm, all[i], UP);
        assert_same(&t.comm, all[i], "public");
        assert_int_equal(verified(all[i]).carried, 0);
    }
    assert_false(checkpoint(&t.comm, t.comm.c.id).upto < made.upto);
    tree_end(&t);
}

TEST(once_it_is_signed_for_the_old_contents_go_and_state_digest_and_rebuild_stay)
{
    struct tree t;
    struct past p;
    char text[128];
    live(&t, &p);
    (void)checkpoint(&t.comm, t.comm.c.id);
    assert_string_equal(prune(&t.comm, t.comm.c.id).why, "unsigned");
    sync_all(&t);

    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        struct ln_prune_item item = prune(all[i], t.comm.c.id);
        assert_true(item.done);
        assert_true(item.bytes > 0);
        assert_present(all[i], &p);
        assert_true(verified(all[i]).carried > 0);
        assert_same(&t.comm, all[i], UP);
        rebuilt(all[i]);
        assert_present(all[i], &p);
        assert_cell(all[i], SQL_CONFLICTS, &p.busy, "0"); /* the job in between is not missed */
        assert_true(verified(all[i]).carried > 0);
        assert_same(&t.comm, all[i], UP);
        assert_false(prune(all[i], t.comm.c.id).done);
    }
    assert_same(&t.comm, &t.comm, C);
    set(&t.comm, "person", &p.busy, "{\"job\":\"1-04\"}", NULL);
    sync_all(&t);
    for (size_t i = 0; i < 3; i++) {
        assert_cell(all[i], SQL_JOB, &p.busy, "1-04");
        cell(text, all[i], SQL_CONFLICTS, &p.busy);
        assert_string_equal(text, "0");
        assert_same(&t.comm, all[i], UP);
    }
    tree_end(&t);
}

TEST(a_laptop_that_comes_later_begins_with_the_checkpoint)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    const char *grid = "330106005055/g201";
    tree_new(&t);
    box_new(&laptop, "330106005055");
    struct ln_id id = add(&t.comm, "person", grid, "{\"job\":\"1-01\"}", NULL);
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"1-02\"}", NULL);
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"1-03\"}", NULL);
    sync_all(&t);
    assert_true(checkpoint(&t.comm, t.comm.c.id).dropped > 0);
    sync_all(&t);
    assert_true(prune(&t.comm, t.comm.c.id).done);
    set(&t.comm, "person", &id, "{\"job\":\"1-04\"}", NULL);

    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.dist.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);

    assert_cell(&laptop, SQL_JOB, &id, "1-04");
    assert_same(&t.comm, &laptop, grid);
    assert_int_equal(verified(&laptop).carried, 2);
    assert_cell(&laptop, SQL_CONFLICTS, &id, "0"); /* what came between is not missed */
    rebuilt(&laptop);
    assert_cell(&laptop, SQL_JOB, &id, "1-04");
    assert_same(&t.comm, &laptop, grid);
    box_end(&laptop);
    tree_end(&t);
}

TEST(a_second_checkpoint_takes_the_place_of_the_first)
{
    struct tree t;
    struct past p;
    live(&t, &p);
    (void)checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);
    assert_true(prune(&t.comm, t.comm.c.id).done); /* the district goes on from the whole log */
    set(&t.comm, "person", &p.busy, "{\"job\":\"1-05\"}", NULL);
    sync_all(&t);

    struct ln_checkpoint_item made = checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_true(made.made);
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        assert_true(prune(all[i], t.comm.c.id).done);
        assert_cell(all[i], SQL_JOB, &p.busy, "1-05");
        assert_cell(all[i], SQL_NAME, &p.plain, "李三");
        (void)verified(all[i]);
        rebuilt(all[i]);
        assert_cell(all[i], SQL_JOB, &p.busy, "1-05");
        assert_same(&t.comm, all[i], UP);
    }
    tree_end(&t);
}

TEST(a_line_too_long_or_too_deep_to_stand_in_another_is_carried_in_pieces)
{
    struct tree t;
    struct past p;
    struct ln_buf f = ln_buf_new(65536);
    char text[128];
    live(&t, &p);
    ln_buf_adds(&f, "{\"title\":\"");
    for (size_t i = 0; i < 15000; i++)
        ln_buf_adds(&f, i % 7 == 0 ? "\\\\" : "楼");
    ln_buf_adds(&f, "\"}");
    struct ln_id wide = add(&t.comm, "notice", UP, f.data, NULL);
    ln_buf_clear(&f);
    ln_buf_adds(&f, "{\"title\":[[[[[[[[[[[[[\"深\"]]]]]]]]]]]]]}");
    struct ln_id deep = add(&t.comm, "notice", UP, f.data, NULL);
    ln_buf_clear(&f);
    ln_buf_adds(&f, "{\"body\":\"");
    for (size_t i = 0; i < 15000; i++)
        ln_buf_adds(&f, "楼");
    ln_buf_adds(&f, "\",\"title\":\"一\"}");
    struct ln_id both = add(&t.comm, "notice", UP, f.data, NULL); /* its body counts on */
    sync_all(&t);
    set(&t.comm, "notice", &both, "{\"title\":\"二\"}", NULL);
    sync_all(&t);
    set(&t.comm, "notice", &both, "{\"title\":\"三\"}", NULL);
    sync_all(&t);
    (void)checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_true(prune(&t.comm, t.comm.c.id).done);
    rebuilt(&t.comm);

    (void)verified(&t.comm);
    cell(text, &t.comm, "SELECT length(title) FROM c_notice JOIN record ON n = rec WHERE id = ?",
         &wide);
    assert_string_equal(text, "15000");
    cell(text, &t.comm, SQL_TITLE, &deep);
    assert_non_null(strstr(text, "深"));
    assert_cell(&t.comm, SQL_TITLE, &both, "三");
    assert_cell(&t.comm, SQL_CONFLICTS, &both, "0");
    assert_same(&t.comm, &t.dist, UP);
    ln_buf_free(&f);
    tree_end(&t);
}

TEST(units_that_are_gone_and_fill_several_pieces_come_together_again)
{
    struct tree t;
    struct past p;
    struct ln_buf f = ln_buf_new(65536);
    struct ln_err err = { 0 };
    live(&t, &p);
    struct ln_id many;
    for (int turn = 0; turn < 3; turn++) {
        ln_buf_clear(&f);
        ln_buf_adds(&f, "{\"labels\":{");
        for (int i = 0; i < 1000; i++)
            ln_buf_addf(&f, "%s\"%04d-%030d\":%d", i > 0 ? "," : "", i, i, turn);
        ln_buf_adds(&f, turn == 0 ? "},\"title\":\"一\"}" : "}}");
        MUST(ln_buf_done(&f, "line", &err));
        if (turn == 0)
            many = add(&t.comm, "notice", UP, f.data, NULL);
        else
            set(&t.comm, "notice", &many, f.data, NULL);
    }
    sync_all(&t);
    (void)checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_true(prune(&t.comm, t.comm.c.id).done);
    rebuilt(&t.comm);

    assert_cell(&t.comm, SQL_CONFLICTS, &many, "0");
    assert_cell(&t.comm, SQL_TITLE, &many, "一");
    ln_buf_free(&f);
    tree_end(&t);
}

TEST(values_apart_stay_a_conflict_behind_a_checkpoint_and_settled_ones_settled)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    const char *grid = "330106005055/g201";
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    sync_all(&t);
    struct ln_id apart = add(&t.comm, "person", grid, "{\"job\":\"1-01\"}", NULL);
    struct ln_id settled = add(&t.comm, "person", grid, "{\"job\":\"2-01\"}", NULL);
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.dist.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    for (int i = 2; i < 5; i++) { /* each goes on by itself */
        char job[32];
        (void)snprintf(job, sizeof job, "{\"job\":\"1-0%d\"}", i);
        set(&t.comm, "person", &apart, job, NULL);
        sync_all(&t);
        (void)snprintf(job, sizeof job, "{\"job\":\"9-0%d\"}", i);
        set(&laptop, "person", &apart, job, NULL);
        set(&laptop, "person", &settled, job, NULL);
        seal(&laptop);
    }
    set(&t.comm, "person", &settled, "{\"job\":\"2-02\"}", NULL);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    assert_cell(&t.comm, SQL_CONFLICTS, &settled, "1");
    set(&t.comm, "person", &settled, "{\"job\":\"2-03\"}", NULL); /* over both */
    sync_all(&t);

    assert_true(checkpoint(&t.comm, t.comm.c.id).dropped > 0);
    sync_all(&t);
    assert_true(checkpoint(&t.comm, laptop.c.id).dropped > 0);
    sync_all(&t);
    assert_true(prune(&t.comm, t.comm.c.id).done);
    assert_true(prune(&t.comm, laptop.c.id).done);

    for (int i = 0; i < 2; i++) {
        assert_cell(&t.comm, SQL_CONFLICTS, &apart, "1");
        assert_cell(&t.comm, SQL_CONFLICTS, &settled, "0");
        assert_cell(&t.comm, SQL_JOB, &settled, "2-03");
        rebuilt(&t.comm);
    }
    box_end(&laptop);
    tree_end(&t);
}

/* A laptop of the community, and what of the others' logs it has to have. */
static void take_along(struct tree *t, struct box *laptop)
{
    struct ln_err err = { 0 };
    char receipts[LN_LOG_MAX];

    sync_all(t);
    (void)snprintf(receipts, sizeof receipts, "%s.330106005055", t->comm.c.id);
    MUST(carry(&t->comm, laptop, t->prov.c.id, &err) == LN_OK);
    MUST(carry(&t->comm, laptop, t->dist.c.id, &err) == LN_OK);
    MUST(carry(&t->comm, laptop, t->comm.c.id, &err) == LN_OK);
    MUST(carry(&t->comm, laptop, t->down, &err) == LN_OK);
    if (head(&t->comm, receipts) > 0)
        MUST(carry(&t->comm, laptop, receipts, &err) == LN_OK);
}

static void bring_back(struct tree *t, struct box *laptop)
{
    struct ln_err err = { 0 };

    seal(laptop);
    MUST(carry(laptop, &t->comm, laptop->c.id, &err) == LN_OK);
    sync_all(t);
}

static void assert_settled(struct box *b, const struct ln_id *id, const char *job)
{
    for (int i = 0; i < 2; i++) {
        assert_cell(b, SQL_JOB, id, job);
        assert_cell(b, SQL_CONFLICTS, id, "0");
        rebuilt(b);
    }
    (void)verified(b);
}

/* Of the laptop's log alone: the box's stays whole, and with it what the laptop replaced. */
TEST(what_a_line_that_is_left_out_replaced_in_another_log_stays_replaced)
{
    struct tree t;
    struct box laptop;
    struct box late;
    struct ln_err err = { 0 };
    const char *grid = "330106005055/g201";
    tree_new(&t);
    box_new(&laptop, "330106005055");
    box_new(&late, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    struct ln_id boxs = add(&t.comm, "person", grid, "{\"job\":\"1-01\"}", NULL);
    struct ln_id ended = add(&t.comm, "person", grid, "{\"job\":\"3-01\"}", NULL);
    take_along(&t, &laptop);
    struct ln_id theirs = add(&laptop, "person", grid, "{\"job\":\"2-01\"}", NULL);
    set(&laptop, "person", &theirs, "{\"job\":\"2-02\"}", NULL);
    bring_back(&t, &laptop);
    set(&t.comm, "person", &theirs, "{\"job\":\"2-03\"}", NULL); /* over the laptop's */
    take_along(&t, &laptop);
    for (int i = 4; i < 7; i++) { /* and the laptop over the box's */
        char job[32];
        (void)snprintf(job, sizeof job, "{\"job\":\"2-0%d\"}", i);
        set(&laptop, "person", &theirs, job, NULL);
        job[8] = '1';
        set(&laptop, "person", &boxs, job, NULL);
    }
    set(&laptop, "person", &ended, "{\"job\":\"3-02\"}", NULL);
    struct ln_draft d = { .op = LN_OP_DELETE, .collection = "person", .record = ended };
    MUST(draft(&laptop, &d, &err));
    bring_back(&t, &laptop);

    struct ln_checkpoint_item made = checkpoint(&t.comm, laptop.c.id);
    sync_all(&t);
    assert_true(prune(&t.comm, laptop.c.id).done);

    assert_int_equal(made.dropped, 2 + 1); /* the second, and of both the fifth */
    assert_int_equal(made.kept, 3 + 2 + 2);
    enrol(&t.comm, &late, "330106005055", LN_ROLE_LAPTOP, "201");
    take_along(&t, &late);
    MUST(carry(&t.comm, &late, laptop.c.id, &err) == LN_OK);
    take_along(&t, &laptop);
    assert_true(prune(&laptop, laptop.c.id).done);
    struct box *const all[] = { &t.comm, &laptop, &late };
    for (size_t i = 0; i < 3; i++) {
        assert_settled(all[i], &boxs, "1-06");
        assert_settled(all[i], &theirs, "2-06");
        assert_settled(all[i], &ended, "");
        assert_same(&t.comm, all[i], grid);
    }
    d = (struct ln_draft){ .op = LN_OP_RESTORE, .collection = "person", .record = ended };
    MUST(draft(&t.comm, &d, &err));
    assert_settled(&t.comm, &ended, ""); /* a line kept for what it replaced says nothing itself */
    box_end(&laptop);
    box_end(&late);
    tree_end(&t);
}

/* What the laptop's first line replaced is dropped from the box's log, but by the box alone. */
TEST(a_line_kept_for_what_it_replaced_is_carried_on_and_a_chain_in_one_log_is_not)
{
    struct tree t;
    struct box laptop;
    uint64_t kept = 0;
    const char *grid = "330106005055/g201";
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    struct ln_id apart = add(&t.comm, "person", grid, "{\"job\":\"1-01\"}", NULL);
    take_along(&t, &laptop);
    struct ln_id chain = add(&laptop, "person", grid, "{\"job\":\"2-00\"}", NULL);
    set(&t.comm, "person", &apart, "{\"job\":\"1-02\"}", NULL);
    take_along(&t, &laptop);
    set(&laptop, "person", &apart, "{\"job\":\"1-03\"}", NULL);
    bring_back(&t, &laptop);
    const char *const logs[] = { laptop.c.id, t.comm.c.id };
    for (int i = 0; i < 2; i++) {
        assert_true(checkpoint(&t.comm, logs[i]).made); /* while that line still holds */
        sync_all(&t);
        assert_true(prune(&t.comm, logs[i]).done);
    }
    set(&laptop, "person", &apart, "{\"job\":\"1-04\"}", NULL);

    for (int i = 1; i < 9; i++) {
        char job[32];
        (void)snprintf(job, sizeof job, "{\"job\":\"2-0%d\"}", i);
        set(&laptop, "person", &chain, job, NULL);
        bring_back(&t, &laptop);
        int64_t before_s = clock_ms / 1000 + 300;
        clock_ms += 600000;
        (void)snprintf(job, sizeof job, "{\"job\":\"2-1%d\"}", i);
        set(&laptop, "person", &chain, job, NULL); /* younger than what is carried over */
        bring_back(&t, &laptop);
        struct ln_checkpoint_item made = checkpoint_before(&t.comm, laptop.c.id, before_s);
        sync_all(&t);
        assert_true(made.made);
        assert_true(prune(&t.comm, laptop.c.id).done);
        assert_true(i < 3 || made.kept == kept);
        kept = made.kept;
    }

    assert_int_equal(kept, 4); /* two of each: the first, and the last */
    assert_settled(&t.comm, &apart, "1-04");
    assert_settled(&t.comm, &chain, "2-18");
    take_along(&t, &laptop);
    assert_true(prune(&laptop, laptop.c.id).done);
    assert_settled(&laptop, &apart, "1-04");
    assert_settled(&laptop, &chain, "2-18");
    assert_same(&t.comm, &laptop, grid);
    box_end(&laptop);
    tree_end(&t);
}

/* The laptop's has been dropped, and stands in segments of the box that are dropped in their turn.
 */
TEST(a_checkpoint_of_the_box_keeps_that_of_its_laptop_and_a_new_box_s_laptop_keeps_the_old_one_s)
{
    struct tree t;
    struct box laptop;
    struct box heir;
    struct ln_err err = { 0 };
    struct ln_cert as = { .role = LN_ROLE_COMMUNITY };
    unsigned n;
    const char *grid = "330106005055/g201";
    tree_new(&t);
    box_new(&laptop, "330106005055");
    box_new(&heir, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.dist.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    struct ln_id id = add(&laptop, "person", grid, "{\"job\":\"1-01\"}", NULL);
    set(&laptop, "person", &id, "{\"job\":\"1-02\"}", NULL);
    set(&laptop, "person", &id, "{\"job\":\"1-03\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    sync_all(&t);
    assert_true(checkpoint(&t.comm, laptop.c.id).dropped > 0);
    sync_all(&t);
    assert_true(prune(&t.comm, laptop.c.id).done);

    assert_true(checkpoint(&t.comm, t.comm.c.id).made);
    sync_all(&t);
    assert_true(prune(&t.comm, t.comm.c.id).done);
    rebuilt(&t.comm);

    assert_cell(&t.comm, SQL_JOB, &id, "1-03");
    assert_cell(&t.comm, SQL_CONFLICTS, &id, "0");
    assert_true(verified(&t.comm).carried > 0);

    (void)snprintf(as.continues, sizeof as.continues, "%s", t.comm.c.id);
    enrol_as(&t.dist, &heir, "330106005055", &as);
    sync_all(&t);
    MUST(carry(&t.dist, &heir, t.comm.c.id, &err) == LN_OK);
    MUST(ln_replica_begin(heir.r, &err));
    MUST(ln_replica_inherit(heir.r, &n, &err));
    MUST(ln_replica_commit(heir.r, &err));
    assert_int_equal(n, 1);
    seal(&heir);
    MUST(carry(&heir, &t.dist, heir.c.id, &err) == LN_OK);
    rebuilt(
        &heir); /* who replays knows of the new box from the start: what the dead one said holds */
    rebuilt(&t.dist);
    box_end(&laptop);
    box_end(&heir);
    tree_end(&t);
}

TEST(of_a_deleted_record_nothing_is_carried_but_that_it_is)
{
    struct tree t;
    struct past p;
    struct ln_err err = { 0 };
    char text[128];
    live(&t, &p);
    struct ln_draft d = { .op = LN_OP_DELETE, .collection = "person", .record = p.busy };
    MUST(draft(&t.comm, &d, &err));
    sync_all(&t);
    struct ln_checkpoint_item made = checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_true(made.dropped >= 3); /* its add and both jobs */
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        assert_true(prune(all[i], t.comm.c.id).done);
        rebuilt(all[i]);
        (void)verified(all[i]);
        cell(text, all[i], "SELECT deleted FROM record WHERE id = ?", &p.busy);
        assert_string_equal(text, "1");
        cell(text, all[i], "SELECT count(*) FROM change JOIN record r ON r.n = rec WHERE r.id = ?",
             &p.busy);
        assert_string_equal(text, "1");
        assert_cell(all[i], SQL_NAME, &p.plain, "李三");
        assert_same(&t.comm, all[i], UP);
    }
    tree_end(&t);
}

TEST(a_deleted_record_still_leads_on_to_the_one_that_stands_for_it)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_id who[3];
    char to[48];
    tree_new(&t);
    for (size_t i = 0; i < 3; i++)
        who[i] = add(&t.comm, "person", UP, "{\"job\":\"1-01\"}", NULL);
    for (size_t i = 0; i < 2; i++) { /* the first for the second, that for the third */
        char id[LN_ID_TEXT + 1];
        ln_clock_id_write(id, &who[i + 1]);
        (void)snprintf(to, sizeof to, "{\"to\":\"%s\"}", id);
        struct ln_draft d = {
            .op = LN_OP_ALIAS, .collection = "person", .record = who[i], .fields = ln_span_of(to)
        };
        MUST(draft(&t.comm, &d, &err));
    }
    struct ln_draft d = { .op = LN_OP_DELETE, .collection = "person", .record = who[1] };
    MUST(draft(&t.comm, &d, &err));
    sync_all(&t);
    struct ln_checkpoint_item made = checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);

    assert_int_equal(made.dropped, 1);
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        assert_true(prune(all[i], t.comm.c.id).done);
        assert_settled(all[i], &who[0], "");
        assert_settled(all[i], &who[1], "");
        assert_settled(all[i], &who[2], "1-01");
    }
    tree_end(&t);
}

TEST(a_revocation_further_back_still_reaches_what_a_checkpoint_carries)
{
    struct tree t;
    struct past p;
    struct ln_err err = { 0 };
    live(&t, &p);
    (void)checkpoint(&t.comm, t.comm.c.id);
    sync_all(&t);
    struct box *const all[] = { &t.dist, &t.prov };
    for (size_t i = 0; i < 2; i++)
        assert_true(prune(all[i], t.comm.c.id).done);

    uint64_t after = 1;
    MUST(ln_replica_begin(t.dist.r, &err));
    MUST(ln_replica_revoke(t.dist.r, t.comm.c.id, &after, &err));
    MUST(ln_replica_commit(t.dist.r, &err));
    seal(&t.dist);
    MUST(carry(&t.dist, &t.prov, t.dist.c.id, &err) == LN_OK);

    for (size_t i = 0; i < 2; i++) {
        (void)verified(all[i]);
        assert_same(&t.dist, all[i], UP);
    }
    tree_end(&t);
}

RUN_TESTS(
    T(a_checkpoint_carries_what_still_counts_and_nobody_s_digest_or_record_changes_by_it),
    T(once_it_is_signed_for_the_old_contents_go_and_state_digest_and_rebuild_stay),
    T(a_laptop_that_comes_later_begins_with_the_checkpoint),
    T(a_second_checkpoint_takes_the_place_of_the_first),
    T(a_line_too_long_or_too_deep_to_stand_in_another_is_carried_in_pieces),
    T(units_that_are_gone_and_fill_several_pieces_come_together_again),
    T(values_apart_stay_a_conflict_behind_a_checkpoint_and_settled_ones_settled),
    T(what_a_line_that_is_left_out_replaced_in_another_log_stays_replaced),
    T(a_line_kept_for_what_it_replaced_is_carried_on_and_a_chain_in_one_log_is_not),
    T(a_checkpoint_of_the_box_keeps_that_of_its_laptop_and_a_new_box_s_laptop_keeps_the_old_one_s),
    T(of_a_deleted_record_nothing_is_carried_but_that_it_is),
    T(a_deleted_record_still_leads_on_to_the_one_that_stands_for_it),
    T(a_revocation_further_back_still_reaches_what_a_checkpoint_carries))
