/* Older copies of a node: noticed, harmless, brought up to date. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

static bool try_seal(struct box *b, struct ln_err *err)
{
    unsigned n;

    if (ln_replica_begin(b->r, err) && ln_replica_seal(b->r, true, &n, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

static void confirm(struct box *b)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    ln_replica_confirm(b->r);
    MUST(ln_replica_commit(b->r, &err));
}

/* The database as it is now, put aside; and back in its place. */
static void keep_copy(struct box *b, bool back)
{
    char command[256];

    box_shut(b);
    if (back)
        (void)snprintf(command, sizeof command, "rm %s/linli.db*; cp %s/kept %s/linli.db", b->dir,
                       b->dir, b->dir);
    else
        (void)snprintf(command, sizeof command, "cp %s/linli.db %s/kept", b->dir, b->dir);
    assert_int_equal(system(command), 0);
    box_open(b);
}

static void sound(struct box *b)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(b->r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
}

TEST(a_database_older_than_its_guard_saves_and_seals_nothing_until_confirmed)
{
    struct tree t;
    struct ln_err err = { 0 };
    uint64_t heads = 0;
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    seal(&t.comm);
    MUST(ln_replica_heads(t.comm.r, &heads, &err));
    box_shut(&t.comm);
    t.comm.c.guard = heads + 1;
    box_open(&t.comm);

    assert_string_equal(ln_replica_doubted(t.comm.r), "guard");
    (void)add(&t.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
    assert_false(try_seal(&t.comm, &err));

    assert_int_equal(err.code, LN_CONFLICT);
    confirm(&t.comm);
    assert_string_equal(ln_replica_doubted(t.comm.r), "");
    MUST(try_seal(&t.comm, &err));
    tree_end(&t);
}

TEST(a_doubt_outlives_a_restart)
{
    struct tree t;
    tree_new(&t);
    t.comm.c.strange = true;
    box_shut(&t.comm);
    box_open(&t.comm);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    t.comm.c.strange = false;

    box_shut(&t.comm);
    box_open(&t.comm);

    assert_string_equal(ln_replica_doubted(t.comm.r), "copy");
    tree_end(&t);
}

TEST(an_older_copy_gets_its_segments_back_and_seals_no_line_twice)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    uint64_t heads;
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", "330106005055/330000000000", "{\"job\":\"1-01\"}",
                          "{\"name\":\"李邻里\"}");
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"2-01\"}", NULL); /* not sealed when the copy is made */
    keep_copy(&t.comm, false);
    seal(&t.comm);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"后来\"}", NULL);
    sync_all(&t);
    uint64_t then = head(&t.comm, t.comm.c.id);
    keep_copy(&t.comm, true);

    MUST(carry(&t.dist, &t.comm, t.down, &err) == LN_OK); /* its receipts tell of later segments */
    assert_string_equal(ln_replica_doubted(t.comm.r), "receipt");
    struct ln_id late = add(&t.comm, "notice", "public", "{\"title\":\"旧卡所写\"}", NULL);
    assert_false(try_seal(&t.comm, &err));
    MUST(carry(&t.dist, &t.comm, t.comm.c.id, &err) == LN_OK);
    assert_int_equal(head(&t.comm, t.comm.c.id), then);
    confirm(&t.comm);
    sync_all(&t);

    cell(text, &t.dist, SQL_TITLE, &late);
    assert_string_equal(text, "旧卡所写");
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "2-01");
    assert_int_equal(head(&t.comm, t.comm.c.id), then + 1);
    MUST(ln_replica_heads(t.comm.r, &heads, &err));
    assert_int_equal(heads, then + 1);
    struct ln_digest a = digest(&t.comm, "330106005055/330000000000");
    struct ln_digest b = digest(&t.dist, "330106005055/330000000000");
    assert_memory_equal(a.b, b.b, sizeof a.b);
    sound(&t.comm);
    sound(&t.dist);
    tree_end(&t);
}

/* The district's database is put back: its own down-log, fetched first, holds receipts for segments
 * of the community that come after it. */
TEST(a_restored_parent_gives_no_second_receipt_for_what_it_signed_for)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_store_log l;
    char text[128];
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"one\"}", NULL);
    sync_all(&t);
    keep_copy(&t.dist, false);
    struct ln_id two = add(&t.comm, "notice", "public", "{\"title\":\"two\"}", NULL);
    sync_all(&t);
    uint64_t before = head(&t.dist, t.down);
    keep_copy(&t.dist, true);

    MUST(carry(&t.prov, &t.dist, t.dist.c.id, &err) == LN_OK);
    MUST(carry(&t.prov, &t.dist, t.down, &err) == LN_OK);
    MUST(carry(&t.prov, &t.dist, t.comm.c.id, &err) == LN_OK);
    confirm(&t.dist);
    sync_all(&t);

    MUST(t.dist.c.store->ops->log_get(t.dist.c.store->ctx, &l, t.comm.c.id, &err));
    assert_int_equal(l.applied, l.head);
    assert_int_equal(l.receipt, l.head);
    assert_int_equal(head(&t.dist, t.down), before);
    cell(text, &t.dist, SQL_TITLE, &two);
    assert_string_equal(text, "two");
    sound(&t.dist);
    tree_end(&t);
}

RUN_TESTS(T(a_database_older_than_its_guard_saves_and_seals_nothing_until_confirmed),
          T(a_doubt_outlives_a_restart),
          T(an_older_copy_gets_its_segments_back_and_seals_no_line_twice),
          T(a_restored_parent_gives_no_second_receipt_for_what_it_signed_for))
