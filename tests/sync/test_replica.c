/* Whole replicas on real SQLite files: a community box, its district, its province and a laptop in
 * one process. */
#include "sync/view.h"
#include "tests/lib/forge.h"
#include "tests/lib/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/alias.h"
#include "sync/replica_apply.h"
#include "sync/replica_core.h"

TEST(a_save_in_the_community_is_read_in_district_and_province)
{
    struct tree t;
    char text[128];
    tree_new(&t);
    struct ln_id all = add(&t.comm, "notice", "public", "{\"title\":\"停水通知\"}", NULL);
    struct ln_id up = add(&t.comm, "person", "330106005055/330000000000", "{\"job\":\"2-01\"}",
                          "{\"id_no\":\"330106199001011234\",\"name\":\"李邻里\"}");
    struct ln_id here =
        add(&t.comm, "person", "330106005055/c", "{\"job\":\"3-01\"}", "{\"name\":\"王社区\"}");

    sync_all(&t);

    cell(text, &t.dist, SQL_TITLE, &all);
    assert_string_equal(text, "停水通知");
    cell(text, &t.prov, SQL_TITLE, &all);
    assert_string_equal(text, "停水通知");
    cell(text, &t.dist, SQL_NAME, &up);
    assert_string_equal(text, "李邻里");
    cell(text, &t.prov, SQL_NAME, &up);
    assert_string_equal(text, "李邻里");
    cell(text, &t.comm, SQL_NAME, &here);
    assert_string_equal(text, "王社区");
    cell(text, &t.dist, SQL_JOB, &here);
    assert_string_equal(text, "");
    tree_end(&t);
}

TEST(after_a_sync_all_levels_have_the_same_digests)
{
    struct tree t;
    struct ln_digest a;
    struct ln_digest b;
    tree_new(&t);
    struct ln_id up = add(&t.comm, "person", "330106005055/330000000000", "{\"job\":\"2-01\"}",
                          "{\"name\":\"李邻里\"}");
    (void)add(&t.dist, "notice", "public", "{\"title\":\"区里通知\"}", NULL);
    set(&t.comm, "person", &up, "{\"job\":\"4-01\"}", NULL);

    sync_all(&t);
    sync_all(&t);

    const char *const names[] = { "330106005055/330000000000" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        a = digest(&t.comm, names[i]);
        b = digest(&t.dist, names[i]);
        assert_memory_equal(a.b, b.b, sizeof a.b);
        b = digest(&t.prov, names[i]);
        assert_memory_equal(a.b, b.b, sizeof a.b);
    }
    tree_end(&t);
}

TEST(a_notice_of_the_district_comes_down)
{
    struct tree t;
    char text[128];
    tree_new(&t);
    struct ln_id id = add(&t.dist, "notice", "public", "{\"title\":\"区里通知\"}", NULL);

    sync_all(&t);

    cell(text, &t.comm, SQL_TITLE, &id);
    assert_string_equal(text, "区里通知");
    tree_end(&t);
}

TEST(the_district_answers_a_ticket_and_the_answer_is_read_below)
{
    struct tree t;
    char text[128];
    struct ln_err err = { 0 };
    tree_new(&t);
    struct ln_id id =
        add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"路灯不亮\"}");
    sync_all(&t);
    cell(text, &t.dist, SQL_SUBJECT, &id);
    assert_string_equal(text, "路灯不亮");
    struct ln_draft d = { .op = LN_OP_STEP,
                          .collection = "ticket",
                          .record = id,
                          .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };

    MUST(draft(&t.dist, &d, &err));
    sync_all(&t);

    cell(text, &t.comm, SQL_STATE, &id);
    assert_string_equal(text, "done");
    assert_int_equal(head(&t.comm, t.down), head(&t.dist, t.down));
    tree_end(&t);
}

TEST(edits_of_one_field_on_two_nodes_are_a_conflict_and_neither_is_lost)
{
    struct tree t;
    struct box laptop;
    char text[128];
    char down[LN_LOG_MAX];
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    struct ln_id id =
        add(&t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", "{\"name\":\"张网格\"}");
    seal(&t.comm);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    cell(text, &laptop, SQL_JOB, &id);
    assert_string_equal(text, "a");

    set(&t.comm, "person", &id, "{\"job\":\"box\"}", NULL);
    set(&laptop, "person", &id, "{\"job\":\"laptop\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    seal(&t.comm);
    (void)snprintf(down, sizeof down, "%s.330106005055", t.comm.c.id);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, down, &err) == LN_OK);

    cell(text, &t.comm, SQL_CONFLICTS, &id);
    assert_string_equal(text, "1");
    cell(text, &laptop, SQL_CONFLICTS, &id);
    assert_string_equal(text, "1");
    struct ln_digest a = digest(&t.comm, "330106005055/g01");
    struct ln_digest b = digest(&laptop, "330106005055/g01");
    assert_memory_equal(a.b, b.b, sizeof a.b);
    box_end(&laptop);
    tree_end(&t);
}

/* ---- records given up for others */

struct pair {
    struct tree t;
    struct box laptop;
    char down[LN_LOG_MAX];
};

static void pair_new(struct pair *p)
{
    tree_new(&p->t);
    box_new(&p->laptop, "330106005055");
    enrol(&p->t.comm, &p->laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    (void)snprintf(p->down, sizeof p->down, "%s.330106005055", p->t.comm.c.id);
}

static void pair_end(struct pair *p)
{
    box_end(&p->laptop);
    tree_end(&p->t);
}

static void pair_sync(struct pair *p)
{
    struct ln_err err = { 0 };

    for (int turn = 0; turn < 2; turn++) {
        seal(&p->laptop);
        MUST(carry(&p->laptop, &p->t.comm, p->laptop.c.id, &err) == LN_OK);
        seal(&p->t.comm);
        MUST(carry(&p->t.comm, &p->laptop, p->t.comm.c.id, &err) == LN_OK);
        MUST(carry(&p->t.comm, &p->laptop, p->down, &err) == LN_OK);
    }
}

static void give_up(struct box *b, const char *coll, const struct ln_id *id, const struct ln_id *to)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = to != NULL ? LN_OP_ALIAS : LN_OP_UNALIAS,
                          .collection = coll,
                          .record = *id };
    char fields[64];
    char text[LN_ID_TEXT + 1];

    if (to != NULL) {
        ln_clock_id_write(text, to);
        (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\"}", text);
        d.fields = ln_span_of(fields);
    }
    MUST(draft(b, &d, &err));
}

static void assert_stands(struct box *b, const struct ln_id *id, const struct ln_id *want)
{
    struct ln_id root;
    struct ln_err err = { 0 };

    MUST(ln_alias_root(&root, b->c.store, id, &err));
    assert_memory_equal(root.b, want->b, sizeof root.b);
}

TEST(two_nodes_that_merge_in_both_directions_at_once_keep_the_same_record)
{
    struct pair p;
    char text[128];
    pair_new(&p);
    struct ln_id a = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    struct ln_id b = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    pair_sync(&p);

    give_up(&p.t.comm, "person", &a, &b);
    give_up(&p.laptop, "person", &b, &a);
    pair_sync(&p);

    struct box *both[] = { &p.t.comm, &p.laptop };
    for (size_t i = 0; i < 2; i++) { /* the smaller id, which is the older record */
        assert_stands(both[i], &a, &a);
        assert_stands(both[i], &b, &a);
        cell(text, both[i], SQL_JOB, &a);
        assert_string_equal(text, "a");
        cell(text, both[i], SQL_JOB, &b);
        assert_string_equal(text, "");
    }
    pair_end(&p);
}

TEST(chains_made_on_two_nodes_end_in_one_record_and_come_apart_again)
{
    struct pair p;
    char text[128];
    pair_new(&p);
    struct ln_id a = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    struct ln_id b = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    struct ln_id c = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"c\"}", NULL);
    pair_sync(&p);

    give_up(&p.t.comm, "person", &a, &b);
    give_up(&p.laptop, "person", &b, &c);
    pair_sync(&p);
    assert_stands(&p.t.comm, &a, &c);
    assert_stands(&p.laptop, &a, &c);

    give_up(&p.laptop, "person", &b, NULL);
    pair_sync(&p);

    struct box *both[] = { &p.t.comm, &p.laptop };
    for (size_t i = 0; i < 2; i++) {
        assert_stands(both[i], &a, &b);
        assert_stands(both[i], &b, &b);
        cell(text, both[i], SQL_JOB, &b);
        assert_string_equal(text, "b");
        cell(text, both[i], SQL_JOB, &a);
        assert_string_equal(text, "");
        cell(text, both[i], SQL_CONFLICTS, &a);
        assert_string_equal(text, "0");
    }
    pair_end(&p);
}

TEST(an_alias_that_comes_before_the_records_counts_once_they_are_here)
{
    struct pair p;
    char text[128];
    struct ln_err err = { 0 };
    pair_new(&p);
    struct ln_id a = add(&p.laptop, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    struct ln_id b = add(&p.laptop, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    struct ln_batch *batch = ln_batch_new(p.t.comm.c.store, &test_schema);
    struct ln_store_log log = { 0 };
    struct ln_batch_line line = { .audience = "330106005055/g01", .region = "330106005055" };
    char to[LN_ID_TEXT + 1];
    char rec[LN_ID_TEXT + 1];
    char own[LN_ID_TEXT + 1];
    char json[256];
    struct ln_id made = ln_replica_id(p.laptop.r);
    ln_clock_id_write(to, &b);
    ln_clock_id_write(rec, &a);
    ln_clock_id_write(own, &made);
    (void)snprintf(json, sizeof json,
                   "{\"f\":{\"to\":\"%s\"},\"i\":\"%s\",\"o\":\"alias\",\"r\":\"%s\","
                   "\"t\":\"person@1\"}",
                   to, own, rec);
    MUST(ln_change_read(&line.c, json, strlen(json), &err));
    line.eff = ln_clock_claimed(&line.c.id);

    MUST(ln_replica_begin(p.t.comm.r, &err));
    MUST(ln_replica_log(&log, p.t.comm.r, p.t.comm.c.id, &err));
    line.log = log.n;
    ln_batch_add(batch, &line);
    MUST(ln_batch_flush(batch, NULL, &err));
    MUST(ln_replica_commit(p.t.comm.r, &err));
    ln_batch_free(batch);
    assert_stands(&p.t.comm, &a, &a);
    pair_sync(&p);

    assert_stands(&p.t.comm, &a, &b);
    cell(text, &p.t.comm, SQL_JOB, &a);
    assert_string_equal(text, "");
    cell(text, &p.t.comm, SQL_JOB, &b);
    assert_string_equal(text, "b");
    pair_end(&p);
}

TEST(a_record_hides_behind_none_that_was_deleted)
{
    struct pair p;
    char text[128];
    struct ln_err err = { 0 };
    pair_new(&p);
    struct ln_id a = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    struct ln_id b = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    pair_sync(&p);
    struct ln_draft gone = { .op = LN_OP_DELETE, .collection = "person", .record = b };

    give_up(&p.t.comm, "person", &a, &b);
    MUST(draft(&p.laptop, &gone, &err));
    pair_sync(&p);

    struct box *both[] = { &p.t.comm, &p.laptop };
    for (size_t i = 0; i < 2; i++) {
        assert_stands(both[i], &a, &a);
        cell(text, both[i], SQL_JOB, &a);
        assert_string_equal(text, "a");
    }
    pair_end(&p);
}

TEST(an_edit_of_a_record_that_was_merged_meanwhile_is_a_conflict)
{
    struct pair p;
    char text[128];
    pair_new(&p);
    struct ln_id a = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    struct ln_id b = add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    pair_sync(&p);

    give_up(&p.t.comm, "person", &a, &b);
    set(&p.laptop, "person", &a, "{\"job\":\"field\"}", NULL);
    pair_sync(&p);

    cell(text, &p.t.comm, SQL_CONFLICTS, &a);
    assert_string_equal(text, "1");
    cell(text, &p.laptop, SQL_CONFLICTS, &a);
    assert_string_equal(text, "1");
    pair_end(&p);
}

TEST(the_district_follows_a_merge_and_a_rebuild_finds_it_again)
{
    struct tree t;
    char text[128];
    struct ln_err err = { 0 };
    tree_new(&t);
    struct ln_id a =
        add(&t.comm, "person", "330106005055/330106000000", "{\"job\":\"a\"}", "{\"name\":\"甲\"}");
    struct ln_id b =
        add(&t.comm, "person", "330106005055/330106000000", "{\"job\":\"b\"}", "{\"name\":\"乙\"}");

    give_up(&t.comm, "person", &b, &a);
    sync_all(&t);
    MUST(ln_replica_begin(t.dist.r, &err));
    MUST(ln_replica_rebuild(t.dist.r, NULL, NULL, &err));
    MUST(ln_replica_commit(t.dist.r, &err));

    assert_stands(&t.dist, &b, &a);
    cell(text, &t.dist, SQL_NAME, &a);
    assert_string_equal(text, "甲");
    cell(text, &t.dist, SQL_NAME, &b);
    assert_string_equal(text, "");
    tree_end(&t);
}

TEST(a_laptop_that_joins_late_reads_what_its_grid_had_before)
{
    struct tree t;
    struct box laptop;
    char text[128];
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    struct ln_id id = add(&t.comm, "person", "330106005055/g01", "{\"job\":\"old\"}", NULL);
    seal(&t.comm);

    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    (void)add(&t.comm, "person", "330106005055/g01", "{\"job\":\"new\"}", NULL);
    seal(&t.comm);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);

    cell(text, &laptop, SQL_JOB, &id);
    assert_string_equal(text, "old");
    box_end(&laptop);
    tree_end(&t);
}

TEST(a_laptop_living_in_2031_wins_nothing)
{
    struct tree t;
    struct box laptop;
    char text[128];
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    struct ln_id id = add(&t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    seal(&t.comm);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    int64_t today = clock_ms;
    clock_ms = INT64_C(1924992000000);
    set(&laptop, "person", &id, "{\"job\":\"2031\"}", NULL);
    seal(&laptop);
    clock_ms = today;

    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    clock_ms += 60000;
    struct ln_draft d = { .op = LN_OP_SET,
                          .collection = "person",
                          .record = id,
                          .fields = ln_span_of("{\"job\":\"today\"}") };
    MUST(draft(&t.comm, &d, &err));

    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "today");
    assert_true(LN_HLC_MS(ln_clock_claimed(&d.id)) < INT64_C(1900000000000));
    box_end(&laptop);
    tree_end(&t);
}

TEST(a_drill_signs_for_no_laptop_and_comes_to_the_same_in_any_order)
{
    struct pair p;
    struct box drill;
    struct ln_err err = { 0 };
    pair_new(&p);
    (void)add(&p.t.comm, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    seal(&p.t.comm);
    MUST(carry(&p.t.comm, &p.laptop, p.t.comm.c.id, &err) == LN_OK);
    struct ln_id id = add(&p.laptop, "person", "330106005055/g01", "{\"job\":\"b\"}", NULL);
    pair_sync(&p);
    MUST(carry(&p.t.comm, &p.t.dist, p.t.comm.c.id, &err) == LN_OK);
    MUST(carry(&p.t.comm, &p.t.dist, p.down, &err) == LN_OK);
    MUST(carry(&p.t.comm, &p.t.dist, p.laptop.c.id, &err) == LN_OK);
    drill = (struct box){ .c = p.t.comm.c };
    drill.c.drill = true;
    test_mkdir(drill.dir);
    box_open(&drill);
    adopt(&p.t.comm, &drill);

    MUST(carry(&p.t.dist, &drill, p.laptop.c.id, &err) == LN_OK);
    MUST(carry(&p.t.dist, &drill, p.t.comm.c.id, &err) == LN_OK);
    MUST(carry(&p.t.dist, &drill, p.down, &err) == LN_OK);

    char text[128];
    cell(text, &drill, SQL_JOB, &id);
    assert_string_equal(text, "b");
    struct ln_digest a = digest(&p.t.comm, "330106005055/g01");
    struct ln_digest b = digest(&drill, "330106005055/g01");
    assert_memory_equal(a.b, b.b, sizeof a.b);
    box_end(&drill);
    pair_end(&p);
}

TEST(what_a_laptop_may_not_write_is_refused_and_named_in_the_receipt)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    struct ln_draft d = { .op = LN_OP_ADD,
                          .collection = "notice",
                          .audience = "public",
                          .fields = ln_span_of("{\"title\":\"x\"}") };

    assert_false(draft(&laptop, &d, &err));

    assert_int_equal(err.code, LN_DENIED);
    box_end(&laptop);
    tree_end(&t);
}

/* A parent that came back from an old image signs anew for what it had signed for; one that lies
 * signs for another time. */
TEST(of_two_receipts_for_one_segment_the_earlier_time_counts_in_either_order)
{
    for (int turn = 0; turn < 2; turn++) {
        struct tree t;
        struct ln_store_log log = { 0 };
        struct ln_store_receipt kept = { 0 };
        struct ln_buf evidence = ln_buf_new(64);
        struct ln_err err = { 0 };
        char text[128];
        char want[32];
        tree_new(&t);
        struct ln_id id = add(&t.comm, "notice", "public", "{\"title\":\"x\"}", NULL);
        seal(&t.comm);
        struct ln_store *s = t.comm.c.store;
        MUST(s->ops->log_get(s->ctx, &log, t.comm.c.id, &err));
        int64_t early = ln_clock_claimed(&id) - 1000;
        int64_t late = ln_clock_claimed(&id) + 1000;

        for (int i = 0; i < 2; i++) {
            bool first = i == turn;
            struct ln_receipt r = { .seq = log.head,
                                    .sha = log.head_sha,
                                    .t = first ? early : late,
                                    .no = ln_span_of("[]") };
            const char *why = NULL;
            (void)snprintf(r.log, sizeof r.log, "%s", t.comm.c.id);
            MUST(
                ln_replica_begin(t.comm.r, &err) &&
                ln_replica_settle(t.comm.r, &r, ln_span_of(first ? "early" : "late"), &why, &err) &&
                ln_replica_commit(t.comm.r, &err));
            assert_null(why);
        }

        (void)snprintf(want, sizeof want, "%" PRId64, early);
        cell(text, &t.comm, "SELECT eff FROM change WHERE id = ?", &id);
        assert_string_equal(text, want);
        MUST(s->ops->receipt_first(s->ctx, log.n, log.head, &kept, &evidence, &err));
        assert_true(kept.t == early);
        assert_string_equal(evidence.data, "early");
        ln_buf_free(&evidence);
        tree_end(&t);
    }
}

TEST(a_gap_a_fork_and_a_tampered_pack_are_refused_and_change_nothing)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    uint64_t last;
    tree_new(&t);
    for (int i = 0; i < 3; i++) {
        (void)add(&t.comm, "notice", "public", "{\"title\":\"x\"}", NULL);
        seal(&t.comm);
    }
    const struct ln_cert *dist = ln_authority_find(ln_replica_authority(t.comm.r), t.dist.c.id);

    MUST(ln_replica_slice(&pack, &last, t.comm.c.store, ln_replica_authority(t.comm.r), t.comm.c.id,
                          2, dist, LN_PACK_MAX, &err));
    MUST(ln_replica_begin(t.dist.r, &err));
    assert_false(ln_replica_receive(t.dist.r, &got, t.comm.c.id, pack.data, pack.len,
                                    ln_replica_self(t.comm.r), &err));
    ln_replica_rollback(t.dist.r);

    assert_int_equal(err.code, LN_MISSING);
    ln_buf_free(&got.receipt);
    ln_buf_clear(&pack);
    MUST(ln_replica_slice(&pack, &last, t.comm.c.store, ln_replica_authority(t.comm.r), t.comm.c.id,
                          1, dist, LN_PACK_MAX, &err));
    pack.data[pack.len / 2] ^= 1;
    MUST(ln_replica_begin(t.dist.r, &err));
    assert_false(ln_replica_receive(t.dist.r, &got, t.comm.c.id, pack.data, pack.len,
                                    ln_replica_self(t.comm.r), &err));
    ln_replica_rollback(t.dist.r);
    assert_int_equal(err.code, LN_INVALID);
    assert_int_equal(head(&t.dist, t.comm.c.id), 0);
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    tree_end(&t);
}

TEST(two_children_of_one_head_are_a_fork_and_the_other_one_is_kept)
{
    struct tree t;
    char copy[64];
    char command[256];
    struct ln_err err = { 0 };
    struct ln_store_counts counts;
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    seal(&t.comm);
    MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK);
    box_shut(&t.comm);
    test_mkdir(copy);
    (void)snprintf(command, sizeof command, "cp %s/*.db %s/", t.comm.dir, copy);
    assert_int_equal(system(command), 0);
    struct box twin = t.comm;
    memcpy(twin.dir, copy, sizeof copy);
    box_open(&t.comm);
    box_open(&twin);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"left\"}", NULL);
    (void)add(&twin, "notice", "public", "{\"title\":\"right\"}", NULL);
    seal(&t.comm);
    seal(&twin);
    MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK);
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    uint64_t last;
    MUST(ln_replica_slice(&pack, &last, twin.c.store, ln_replica_authority(twin.r), twin.c.id, 1,
                          ln_authority_find(ln_replica_authority(twin.r), t.dist.c.id), LN_PACK_MAX,
                          &err));
    MUST(ln_replica_begin(t.dist.r, &err));
    MUST(ln_replica_savepoint(t.dist.r, &err));

    assert_false(ln_replica_receive(t.dist.r, &got, twin.c.id, pack.data, pack.len,
                                    ln_replica_self(twin.r), &err));

    assert_int_equal(err.code, LN_CONFLICT);
    ln_replica_savepoint_end(t.dist.r, false);
    MUST(ln_replica_commit(t.dist.r, &err));
    MUST(t.dist.c.store->ops->counts(t.dist.c.store->ctx, &counts, &err));
    assert_int_equal(counts.forks, 1);
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    box_end(&twin);
    tree_end(&t);
}

TEST(a_record_that_is_published_among_other_lines_arrives_with_its_fields)
{
    struct tree t;
    char text[128];
    struct ln_err err = { 0 };
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"first\"}", NULL);
    struct ln_id id = add(&t.comm, "notice", "330106005055/c", "{\"title\":\"draft\"}", NULL);
    struct ln_draft d = { .op = LN_OP_SET,
                          .collection = "notice",
                          .record = id,
                          .audience = "public",
                          .fields = ln_span_of("{\"title\":\"published\"}") };
    MUST(draft(&t.comm, &d, &err));

    sync_all(&t);

    cell(text, &t.dist, SQL_TITLE, &id);
    assert_string_equal(text, "published");
    tree_end(&t);
}

TEST(if_match_refuses_a_record_that_changed_meanwhile)
{
    struct tree t;
    struct ln_err err = { 0 };
    tree_new(&t);
    struct ln_id id = add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    struct ln_draft d = { .op = LN_OP_SET,
                          .collection = "notice",
                          .record = id,
                          .fields = ln_span_of("{\"title\":\"two\"}"),
                          .if_match = true,
                          .etag = 12345 };

    assert_false(draft(&t.comm, &d, &err));

    assert_int_equal(err.code, LN_CONFLICT);
    tree_end(&t);
}

TEST(a_restart_keeps_everything_and_never_repeats_a_time)
{
    struct tree t;
    char text[128];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    box_shut(&t.comm);
    clock_ms = 1000; /* no clock chip */
    box_open(&t.comm);

    struct ln_id next = add(&t.comm, "notice", "public", "{\"title\":\"two\"}", NULL);

    assert_true(ln_clock_compare(&next, &id) > 0);
    cell(text, &t.comm, SQL_TITLE, &id);
    assert_string_equal(text, "one");
    tree_end(&t);
}

TEST(verify_finds_nothing_wrong_and_rebuild_reaches_the_same_digests)
{
    struct tree t;
    char text[128];
    struct ln_err err = { 0 };
    struct ln_verify_report report;
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", "330106005055/330000000000", "{\"job\":\"2-01\"}",
                          "{\"name\":\"李邻里\"}");
    for (int i = 0; i < 20; i++)
        set(&t.comm, "person", &id, i % 2 == 0 ? "{\"job\":\"even\"}" : "{\"job\":\"odd\"}", NULL);
    sync_all(&t);
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };

    for (size_t i = 0; i < 3; i++) {
        MUST(ln_replica_verify(all[i]->r, &report, NULL, NULL, &err));
        assert_int_equal(report.bad, 0);
        assert_true(report.changes > 20);
        MUST(ln_replica_begin(all[i]->r, &err));
        MUST(ln_replica_rebuild(all[i]->r, NULL, NULL, &err));
        MUST(ln_replica_commit(all[i]->r, &err));
        cell(text, all[i], SQL_JOB, &id);
        assert_string_equal(text, "odd");
        cell(text, all[i], SQL_NAME, &id);
        assert_string_equal(text, "李邻里");
    }
    tree_end(&t);
}

TEST(verify_tells_a_changed_file_and_a_change_that_the_database_lost)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_verify_report report;
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
    seal(&t.comm);
    MUST(ln_db_exec(ln_sqlstore_db(t.comm.store),
                    "DELETE FROM change WHERE n = (SELECT max(n) FROM change)", &err));

    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_true(report.bad > 0);

    MUST(ln_db_exec(ln_sqlstore_db(t.comm.store), "UPDATE file SET bytes = CAST('{}' AS BLOB)",
                    &err));
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_true(report.bad > 0);
    tree_end(&t);
}

TEST(sensitive_fields_stand_in_no_file_in_clear)
{
    struct tree t;
    char command[256];
    tree_new(&t);
    (void)add(&t.comm, "person", "330106005055/c", NULL,
              "{\"id_no\":\"330106199001011234\",\"name\":\"李邻里\"}");
    seal(&t.comm);

    box_shut(&t.comm);
    (void)snprintf(command, sizeof command, "grep -qa 330106199001011234 %s/linli.db %s/keys.db",
                   t.comm.dir, t.comm.dir);

    assert_int_not_equal(system(command), 0);
    box_open(&t.comm);
    tree_end(&t);
}

static void answer(struct tree *t, const struct ln_id *ticket)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_STEP,
                          .collection = "ticket",
                          .record = *ticket,
                          .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };

    MUST(draft(&t->dist, &d, &err));
    seal(&t->dist);
}

static void read_view(struct ln_view *out, struct box *b, const struct tree *t)
{
    struct ln_err err = { 0 };

    MUST(ln_view_read(out, b->c.store, ln_replica_authority(b->r), t->comm.c.id, t->dist.c.id,
                      &err));
}

/* The province closes the district's logs; *after as ln_replica_revoke has it. */
static void revoke_dist(struct tree *t, uint64_t *after)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(t->prov.r, &err));
    MUST(ln_replica_revoke(t->prov.r, t->dist.c.id, after, &err));
    MUST(ln_replica_commit(t->prov.r, &err));
    seal(&t->prov);
}

/* The district was stolen: what its down-log to the community held when that was noticed stays,
 * what the thief writes into it is void, however few segments that log has beside its own. */
TEST(what_a_thief_writes_into_a_down_log_is_void_and_what_stood_there_before_is_not)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    uint64_t after = UINT64_MAX;
    struct ln_view was = { 0 };
    struct ln_view now = { 0 };
    tree_new(&t);
    struct ln_id before =
        add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"一\"}");
    struct ln_id behind =
        add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"二\"}");
    sync_all(&t);
    answer(&t, &before);
    sync_all(&t);
    for (int i = 0; i < 4; i++) { /* its own log becomes longer than the other */
        (void)add(&t.dist, "notice", "public", "{\"title\":\"区\"}", NULL);
        sync_all(&t);
    }
    uint64_t good = head(&t.prov, t.down);
    assert_true(good > 0 && good < head(&t.prov, t.dist.c.id));
    read_view(&was, &t.comm, &t);
    assert_string_not_equal(was.sum, "");

    revoke_dist(&t, &after);
    answer(&t, &behind); /* by the thief */
    assert_true(head(&t.dist, t.down) > good && head(&t.dist, t.down) < after);
    MUST(carry(&t.dist, &t.comm, t.down, &err) == LN_OK); /* which has not heard of it */
    cell(text, &t.comm, SQL_STATE, &behind);
    assert_string_equal(text, "done");
    MUST(carry(&t.prov, &t.comm, t.prov.c.id, &err) == LN_OK);

    cell(text, &t.comm, SQL_STATE, &behind);
    assert_string_not_equal(text, "done");
    cell(text, &t.comm, SQL_STATE, &before);
    assert_string_equal(text, "done");
    assert_int_equal(carry(&t.dist, &t.prov, t.down, &err), LN_DENIED);
    assert_int_equal(head(&t.prov, t.down), good);
    answer(&t, &behind); /* kept by its child, and void from the first look on */
    err = (struct ln_err){ 0 };
    MUST(carry(&t.dist, &t.comm, t.down, &err) == LN_OK);
    cell(text, &t.comm, SQL_STATE, &behind);
    assert_string_not_equal(text, "done");

    /* Who holds what is void, and who does not, are level and of one mind. */
    read_view(&now, &t.comm, &t);
    for (size_t i = 0; i < now.n; i++)
        if (strcmp(now.logs[i].log, t.down) == 0)
            assert_true(now.logs[i].closed && now.logs[i].seq == good);
    assert_true(head(&t.comm, t.down) > good + 1);
    assert_string_equal(now.sum, was.sum);
    ln_view_free(&was);
    ln_view_free(&now);
    tree_end(&t);
}

/* And one that is longer than its own log comes whole to who is behind. */
TEST(a_down_log_that_is_longer_than_the_closed_log_is_still_passed_on)
{
    struct tree t;
    struct box other;
    struct ln_err err = { 0 };
    uint64_t after = UINT64_MAX;
    tree_new(&t);
    for (int i = 0; i < 9; i++) {
        (void)add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"一\"}");
        sync_all(&t);
    }
    uint64_t all = head(&t.prov, t.down);
    assert_true(all > head(&t.prov, t.dist.c.id));
    revoke_dist(&t, &after);
    box_new(&other, "330106000000"); /* the new district */
    enrol(&t.prov, &other, "330106000000", LN_ROLE_DISTRICT, NULL);
    seal(&t.prov);
    MUST(carry(&t.prov, &other, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.prov, &t.comm, t.prov.c.id, &err) == LN_OK);

    MUST(carry(&t.comm, &other, t.down, &err) == LN_OK); /* not from its parent */

    assert_int_equal(head(&other, t.down), all);
    box_end(&other);
    tree_end(&t);
}

/* What is named as the last good segment is an earlier one than that held: down-logs hold as far
 * as they had come then. */
TEST(an_earlier_end_is_that_of_the_down_logs_at_the_same_time)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    tree_new(&t);
    struct ln_id first =
        add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"一\"}");
    struct ln_id second =
        add(&t.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"二\"}");
    sync_all(&t);
    answer(&t, &first);
    sync_all(&t);
    (void)add(&t.dist, "notice", "public", "{\"title\":\"区\"}", NULL);
    sync_all(&t);
    uint64_t after = head(&t.prov, t.dist.c.id);
    answer(&t, &second); /* by the thief */
    (void)add(&t.dist, "notice", "public", "{\"title\":\"贼\"}", NULL);
    sync_all(&t);
    assert_true(head(&t.prov, t.dist.c.id) > after);
    cell(text, &t.comm, SQL_STATE, &second);
    assert_string_equal(text, "done");

    revoke_dist(&t, &after);
    MUST(carry(&t.prov, &t.comm, t.prov.c.id, &err) == LN_OK);

    cell(text, &t.comm, SQL_STATE, &first);
    assert_string_equal(text, "done");
    cell(text, &t.comm, SQL_STATE, &second);
    assert_string_not_equal(text, "done");
    tree_end(&t);
}

TEST(a_node_with_more_down_logs_than_a_line_names_is_revoked_with_several)
{
    enum { LOGS = 2 * LN_AUTHORITY_DOWN_MAX + 1 };
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_store_log l = { 0 };
    uint64_t after = UINT64_MAX;
    tree_new(&t);
    sync_all(&t);
    const struct ln_store *s = t.prov.c.store;
    MUST(ln_replica_begin(t.prov.r, &err));
    for (unsigned i = 0; i < LOGS; i++) {
        l.n = 0;
        l.head = i + 1;
        (void)snprintf(l.id, sizeof l.id, "%s.%012u", t.dist.c.id, 2 * i);
        MUST(s->ops->log_put(s->ctx, &l, &err));
    }

    MUST(ln_replica_revoke(t.prov.r, t.dist.c.id, &after, &err));

    const struct ln_authority *a = ln_replica_authority(t.prov.r);
    for (unsigned i = 0; i < LOGS; i++) {
        (void)snprintf(l.id, sizeof l.id, "%s.%012u", t.dist.c.id, 2 * i);
        assert_int_equal(ln_authority_void_in(a, l.id), i + 2);
        (void)snprintf(l.id, sizeof l.id, "%s.%012u", t.dist.c.id, 2 * i + 1);
        assert_int_equal(ln_authority_void_in(a, l.id), 1); /* one that nobody had seen */
    }
    assert_int_equal(ln_authority_void_in(a, t.down), head(&t.prov, t.down) + 1);
    MUST(ln_replica_commit(t.prov.r, &err));
    seal(&t.prov);
    tree_end(&t);
}

/* A set that is refused and a step that is not, on a record whose own lines are still below. */
TEST(a_set_that_is_refused_names_neither_region_nor_collection_of_a_record)
{
    struct tree t;
    struct box other;
    struct ln_err err = { 0 };
    struct ln_cert want = { .role = LN_ROLE_COMMUNITY, .n_collections = 1 };
    struct ln_segment first = { .seq = 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    char lines[512];
    char text[128];
    char id[LN_ID_TEXT + 1];
    char change[2][LN_ID_TEXT + 1];
    tree_new(&t);
    (void)snprintf(want.collections[0], sizeof want.collections[0], "ticket");
    box_new(&other, "330106005056");
    enrol_as(&t.dist, &other, "330106005056", &want);
    struct ln_id rec = add(&t.comm, "ticket", "330106005055/c", NULL, "{\"subject\":\"a\"}");
    sync_all(&t); /* the district knows nothing of it */
    ln_clock_id_write(id, &rec);
    for (size_t i = 0; i < 2; i++) {
        struct ln_id mine = ln_replica_id(other.r);
        ln_clock_id_write(change[i], &mine);
    }
    (void)snprintf(
        lines, sizeof lines,
        "{\"f\":{\"job\":\"x\"},\"i\":\"%s\",\"o\":\"set\",\"r\":\"%s\",\"t\":\"person@1\"}\n"
        "{\"f\":{\"action\":\"close\",\"to\":\"done\"},\"i\":\"%s\",\"o\":\"step\",\"r\":\"%s\","
        "\"t\":\"ticket@1\"}\n",
        change[0], id, change[1], id);
    assert_true(forge_pack(&pack, &first, other.c.id, &other.c.key, ln_span_of(lines), NULL,
                           clock_ms / 60000 * 60));
    MUST(ln_replica_begin(t.dist.r, &err));
    MUST(ln_replica_receive(t.dist.r, &got, other.c.id, pack.data, pack.len,
                            ln_replica_self(other.r), &err));
    MUST(ln_replica_commit(t.dist.r, &err));
    assert_int_equal(got.refused, 1); /* collection */
    cell(text, &t.dist, "SELECT region FROM record WHERE id = ?", &rec);
    assert_string_equal(text, "");

    struct ln_draft shown = { .op = LN_OP_SET,
                              .collection = "ticket",
                              .record = rec,
                              .audience = "public",
                              .fields = ln_span_of("{\"subject\":\"b\"}") };
    MUST(draft(&t.comm, &shown, &err));
    sync_all(&t);

    cell(text, &t.dist, "SELECT region FROM record WHERE id = ?", &rec);
    assert_string_equal(text, "330106005055");
    cell(text, &t.dist, SQL_SUBJECT, &rec);
    assert_string_equal(text, "b");
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    box_end(&other);
    tree_end(&t);
}

RUN_TESTS(T(a_set_that_is_refused_names_neither_region_nor_collection_of_a_record),
          T(what_a_thief_writes_into_a_down_log_is_void_and_what_stood_there_before_is_not),
          T(a_down_log_that_is_longer_than_the_closed_log_is_still_passed_on),
          T(an_earlier_end_is_that_of_the_down_logs_at_the_same_time),
          T(a_node_with_more_down_logs_than_a_line_names_is_revoked_with_several),
          T(a_save_in_the_community_is_read_in_district_and_province),
          T(after_a_sync_all_levels_have_the_same_digests), T(a_notice_of_the_district_comes_down),
          T(the_district_answers_a_ticket_and_the_answer_is_read_below),
          T(edits_of_one_field_on_two_nodes_are_a_conflict_and_neither_is_lost),
          T(two_nodes_that_merge_in_both_directions_at_once_keep_the_same_record),
          T(chains_made_on_two_nodes_end_in_one_record_and_come_apart_again),
          T(an_alias_that_comes_before_the_records_counts_once_they_are_here),
          T(a_record_hides_behind_none_that_was_deleted),
          T(an_edit_of_a_record_that_was_merged_meanwhile_is_a_conflict),
          T(the_district_follows_a_merge_and_a_rebuild_finds_it_again),
          T(a_laptop_that_joins_late_reads_what_its_grid_had_before),
          T(a_laptop_living_in_2031_wins_nothing),
          T(a_drill_signs_for_no_laptop_and_comes_to_the_same_in_any_order),
          T(what_a_laptop_may_not_write_is_refused_and_named_in_the_receipt),
          T(of_two_receipts_for_one_segment_the_earlier_time_counts_in_either_order),
          T(a_gap_a_fork_and_a_tampered_pack_are_refused_and_change_nothing),
          T(two_children_of_one_head_are_a_fork_and_the_other_one_is_kept),
          T(a_record_that_is_published_among_other_lines_arrives_with_its_fields),
          T(if_match_refuses_a_record_that_changed_meanwhile),
          T(a_restart_keeps_everything_and_never_repeats_a_time),
          T(verify_finds_nothing_wrong_and_rebuild_reaches_the_same_digests),
          T(verify_tells_a_changed_file_and_a_change_that_the_database_lost),
          T(sensitive_fields_stand_in_no_file_in_clear))
