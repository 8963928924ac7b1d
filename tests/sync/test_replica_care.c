/* Verifying and rebuilding: each kind of damage is found by both ways of looking, by verify as a
 * whole and beside the writer a few segments at a time; a damage is told once and where it is; and
 * what is derived comes out of the logs again. */
#include "tests/lib/disk.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define UP "330106005055/330000000000"
#define C "330106005055/c"
#define NEVER INT64_C(99999999999) /* seconds: everything is older */
#define OWN " log = (SELECT n FROM log WHERE mine = 1 AND instr(id, '.') = 0)"

struct told {
    unsigned lines, stop; /* 0: never */
    char last[4000];      /* all of them */
};

static bool listen(void *ctx, const char *line)
{
    struct told *t = ctx;

    size_t used = strlen(t->last);
    (void)snprintf(t->last + used, sizeof t->last - used, "%s\n", line);
    return ++t->lines != t->stop;
}

static void sql(struct box *b, const char *text)
{
    struct ln_err err = { 0 };

    MUST(ln_db_exec(ln_sqlstore_db(b->store), text, &err));
}

static uint64_t bad_of(struct box *b, struct told *t)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    *t = (struct told){ .stop = t->stop };
    MUST(ln_replica_verify(b->r, &report, listen, t, &err));
    return report.bad;
}

/* All of a log, `max` segments at a time. */
static struct ln_look look(struct box *b, const char *log, unsigned max)
{
    struct ln_look all = { 0 };
    struct ln_look some;
    struct ln_err err = { 0 };
    uint64_t from = 1;

    do {
        MUST(ln_replica_look(&some, b->c.store, ln_replica_authority(b->r), log, from, max, NULL,
                             NULL, &err));
        for (size_t i = 0; i < some.n_bad; i++)
            all.bad[all.n_bad++] = some.bad[i];
        all.n_lost += some.n_lost;
        all.segments += some.segments;
        all.bytes += some.bytes;
        assert_true(some.next == 0 || some.next > from);
        from = some.next;
    } while (from != 0);
    return all;
}

static uint64_t wrong_sums(struct box *b, struct told *t)
{
    uint64_t wrong;
    struct ln_err err = { 0 };

    *t = (struct told){ 0 };
    MUST(ln_replica_sums(&wrong, b->c.store, listen, t, &err));
    return wrong;
}

static bool redo(struct box *b, bool digests, struct ln_err *err)
{
    if (!ln_replica_begin(b->r, err))
        return false;
    if (ln_replica_redo(b->r, digests, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

static void live(struct tree *t)
{
    tree_new(t);
    for (int i = 0; i < 4; i++) {
        (void)add(&t->comm, "notice", "public", "{\"title\":\"通知\"}", NULL);
        (void)add(&t->comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
        (void)add(&t->comm, "person", C, "{\"job\":\"b\"}", "{\"name\":\"王二\"}");
        sync_all(t);
    }
    (void)add(&t->comm, "person", C, "{\"job\":\"waits\"}", NULL);
}

static const struct {
    const char *sql, *says;
    unsigned seq; /* 0: not a segment's */
    bool lost;    /* its lines are not in the database: a replay mends it */
} damages[] = {
    { "UPDATE segment SET commit_object = zeroblob(300) WHERE seq = 2 AND" OWN, " 2: ", 2, false },
    { "UPDATE segment SET commit_object = NULL WHERE seq = 2 AND" OWN, "not held", 2, false },
    { "UPDATE segment SET tree_object = NULL WHERE seq = 3 AND" OWN, "not held", 3, false },
    { "UPDATE segment SET tree_object = zeroblob(9) WHERE seq = 3 AND" OWN, " 3: ", 3, false },
    { "UPDATE segment SET commit_object = (SELECT s.commit_object FROM segment s WHERE s.seq = 2 "
      "AND s.log = segment.log), tree_object = (SELECT s.tree_object FROM segment s WHERE s.seq = "
      "2 AND s.log = segment.log) WHERE seq = 3 AND" OWN,
      "another segment than the one noted", 3, false },
    { "UPDATE segment SET sha = zeroblob(32) WHERE seq = 3 AND" OWN,
      "another segment than the one noted", 3, false },
    { "UPDATE file SET bytes = zeroblob(9) WHERE seq = 2 AND name = 'public.jsonl' AND" OWN,
      "public.jsonl is not what was signed", 2, false },
    { "UPDATE file SET name = 'a' WHERE seq = 2 AND name = 'public.jsonl' AND" OWN,
      "is not what was signed", 2, false },
    { "DELETE FROM file WHERE seq = 2 AND name = 'public.jsonl' AND" OWN,
      "other files than those noted", 2, false },
    { "DELETE FROM segment WHERE seq = 2 AND" OWN, "missing", 2, false },
    { "DELETE FROM segment WHERE seq = 1 AND" OWN, "missing", 1, false },
    { "DELETE FROM segment WHERE seq = (SELECT max(seq) FROM segment s WHERE s.log = segment.log) "
      "AND" OWN,
      "missing", 4, false },
    { "DELETE FROM change WHERE seq = 2 AND rec IS NOT NULL AND" OWN, "are not in the database", 2,
      true },
};
#define N_DAMAGES (sizeof damages / sizeof damages[0])

TEST(each_damage_of_a_segment_is_found_where_it_is_by_both_ways_of_looking)
{
    struct tree t;
    live(&t);
    const char *log = t.comm.c.id;
    struct told told = { 0 };
    assert_int_equal(bad_of(&t.comm, &told), 0);
    struct ln_look whole = look(&t.comm, log, 3);
    assert_int_equal(whole.n_bad, 0);
    assert_int_equal(whole.segments, head(&t.comm, log));
    assert_true(whole.bytes > 2000);
    assert_int_equal(head(&t.comm, log), 4);

    for (size_t i = 0; i < N_DAMAGES; i++) {
        sql(&t.comm, "SAVEPOINT damage");
        sql(&t.comm, damages[i].sql);

        uint64_t bad = bad_of(&t.comm, &told);
        if (bad == 0)
            fail_msg("verify found nothing: %s", damages[i].sql);
        for (unsigned max = 1; max <= 3; max++) {
            struct ln_look got = look(&t.comm, log, max);
            bool there = false;
            for (size_t k = 0; k < got.n_bad; k++)
                there = there || got.bad[k] == damages[i].seq;
            if (!there)
                fail_msg("look (%u) did not name segment %u: %s", max, damages[i].seq,
                         damages[i].sql);
            assert_int_equal(got.n_lost, damages[i].lost);
        }
        struct ln_look one;
        struct ln_err err = { 0 };
        told = (struct told){ 0 };
        MUST(ln_replica_look(&one, t.comm.c.store, ln_replica_authority(t.comm.r), log,
                             damages[i].seq, 1, listen, &told, &err));
        if (strstr(told.last, damages[i].says) == NULL)
            fail_msg("it says \"%s\": %s", told.last, damages[i].sql);
        for (told.stop = 1; told.stop <= bad;
             told.stop++) { /* who has heard enough is told no more */
            (void)bad_of(&t.comm, &told);
            assert_int_equal(told.lines, told.stop);
        }
        told.stop = 0;
        sql(&t.comm, "ROLLBACK TO damage");
        sql(&t.comm, "RELEASE damage");
    }

    assert_int_equal(bad_of(&t.comm, &told), 0);
    tree_end(&t);
}

TEST(more_damages_than_one_look_can_name_are_looked_for_again)
{
    struct tree t;
    struct ln_look got;
    struct ln_err err = { 0 };
    struct told told = { 0 };
    tree_new(&t);
    for (int i = 0; i < LN_LOOK_BAD + 6; i++) {
        (void)add(&t.comm, "notice", "public", "{\"title\":\"通知\"}", NULL);
        seal(&t.comm);
    }
    sql(&t.comm, "DELETE FROM segment WHERE seq > 1 AND" OWN);

    MUST(ln_replica_look(&got, t.comm.c.store, ln_replica_authority(t.comm.r), t.comm.c.id, 1, 500,
                         NULL, NULL, &err));

    assert_int_equal(got.n_bad, LN_LOOK_BAD);
    assert_int_equal(got.bad[0], 2);
    assert_int_equal(got.bad[LN_LOOK_BAD - 1], LN_LOOK_BAD + 1);
    assert_true(bad_of(&t.comm, &told) > 0);
    /* What is not there to be looked at. */
    MUST(ln_replica_look(&got, t.comm.c.store, ln_replica_authority(t.comm.r), t.comm.c.id, 999,
                         500, NULL, NULL, &err));
    assert_int_equal(got.n_bad + got.segments + got.next, 0);
    MUST(ln_replica_look(&got, t.comm.c.store, ln_replica_authority(t.comm.r),
                         "330106005055-aaaaaaaaaaaaaaaa", 1, 500, NULL, NULL, &err));
    assert_int_equal(got.n_bad + got.segments + got.next, 0);
    tree_end(&t);
}

TEST(a_log_that_nobody_certified_is_told)
{
    struct tree t;
    struct told told = { 0 };
    live(&t);
    sql(&t.comm, "INSERT INTO log(id, mine, head, applied, receipt, volume, head_sha, head_commit) "
                 "VALUES('330106005055-aaaaaaaaaaaaaaaa', 0, 3, 0, 0, 0, zeroblob(32), "
                 "zeroblob(20))");

    assert_int_equal(bad_of(&t.comm, &told), 1);
    assert_non_null(strstr(told.last, "nobody certified"));
    told.stop = 1;
    (void)bad_of(&t.comm, &told);
    assert_int_equal(told.lines, 1);
    tree_end(&t);
}

TEST(changes_and_digests_that_differ_are_told_and_mended_by_a_replay)
{
    static const struct {
        const char *sql;
        bool digests; /* it is they that are wrong */
    } cases[] = {
        { "UPDATE audience SET digest = randomblob(16) WHERE name = '" C "'", true },
        { "UPDATE audience SET digest = randomblob(16)", true },
        { "UPDATE change SET state = 1 WHERE n = (SELECT max(n) FROM change WHERE seq IS NOT NULL "
          "AND rec IS NOT NULL)",
          false },
        { "UPDATE change SET eff = 7 WHERE n = (SELECT max(n) FROM change WHERE seq IS NOT NULL "
          "AND rec IS NOT NULL)",
          false },
        { "DELETE FROM change WHERE seq = 2", false },
    };
    struct tree t;
    live(&t);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct told told = { 0 };
        struct ln_err err = { 0 };
        assert_int_equal(wrong_sums(&t.comm, &told), 0);
        sql(&t.comm, cases[i].sql);
        assert_true(wrong_sums(&t.comm, &told) > 0);
        assert_non_null(strstr(told.last, "other changes than the logs"));
        assert_true(bad_of(&t.comm, &told) > 0);
        if (cases[i].digests) { /* a replay comes to another sum, and changes nothing */
            assert_false(redo(&t.comm, false, &err));
            assert_int_equal(err.code, LN_BROKEN);
            err = (struct ln_err){ 0 };
        }
        MUST(redo(&t.comm, cases[i].digests, &err));

        assert_int_equal(bad_of(&t.comm, &told), 0);
        assert_int_equal(wrong_sums(&t.comm, &told), 0);
    }

    tree_end(&t);
}

TEST(a_rebuild_that_somebody_stops_changes_nothing)
{
    struct tree t;
    struct told told = { .stop = 2 };
    struct ln_err err = { 0 };
    live(&t);
    struct ln_digest before = digest(&t.comm, C);

    MUST(ln_replica_begin(t.comm.r, &err));
    assert_false(ln_replica_rebuild(t.comm.r, listen, &told, &err));
    ln_replica_rollback(t.comm.r);

    assert_int_equal(err.code, LN_BUSY);
    assert_int_equal(told.lines, 2);
    struct ln_digest after = digest(&t.comm, C);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(bad_of(&t.comm, &told), 0);
    tree_end(&t);
}

/* A log whose old contents are dropped behind a checkpoint. */
static void pruned(struct tree *t)
{
    struct ln_checkpoint_item made;
    struct ln_prune_item item;
    struct ln_store_log l;
    struct ln_err err = { 0 };

    live(t);
    struct ln_store *s = t->comm.c.store;
    struct ln_id id = add(&t->comm, "person", C, "{\"job\":\"1\"}", NULL);
    sync_all(t);
    set(&t->comm, "person", &id, "{\"job\":\"2\"}", NULL);
    sync_all(t);
    MUST(ln_replica_begin(t->comm.r, &err));
    MUST(ln_replica_checkpoint(t->comm.r, t->comm.c.id, NEVER, false, &made, &err));
    MUST(ln_replica_commit(t->comm.r, &err));
    sync_all(t);
    MUST(ln_replica_begin(t->comm.r, &err));
    MUST(s->ops->log_get(s->ctx, &l, t->comm.c.id, &err));
    l.volume = l.head;
    MUST(s->ops->log_put(s->ctx, &l, &err));
    MUST(ln_replica_prune(t->comm.r, t->comm.c.id, NEVER, false, &item, &err));
    MUST(ln_replica_commit(t->comm.r, &err));
    assert_true(made.made && item.done);
}

TEST(what_counts_by_a_checkpoint_is_checked_against_it)
{
    static const struct {
        const char *sql, *says;
    } cases[] = {
        { "DELETE FROM change WHERE n = (SELECT min(n) FROM change WHERE line IS NOT NULL AND rec "
          "IS NOT NULL AND seq IS NOT NULL AND audience = (SELECT n FROM audience WHERE name = '" C
          "'))",
          "of its checkpoint is not in the database" },
        { "UPDATE change SET line = CAST(replace(CAST(line AS TEXT), '\"b\"', '\"c\"') AS BLOB) "
          "WHERE instr(CAST(line AS TEXT), '\"b\"') > 0 AND seq IS NOT NULL",
          "not what its checkpoint says" },
        { "UPDATE change SET audience = (SELECT n FROM audience WHERE name = '" C "') WHERE n = "
          "(SELECT min(n) FROM change WHERE rec IS NOT NULL AND seq IS NOT NULL AND audience = "
          "(SELECT n FROM audience WHERE name = '" UP "'))",
          "behind its checkpoint" },
    };
    struct tree t;
    struct told told = { 0 };
    pruned(&t);
    assert_int_equal(bad_of(&t.comm, &told), 0);
    assert_int_equal(wrong_sums(&t.comm, &told), 0);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ln_verify_report report;
        struct ln_err err = { 0 };
        sql(&t.comm, "SAVEPOINT damage");
        sql(&t.comm, cases[i].sql);
        bool said = false;
        uint64_t bad = bad_of(&t.comm, &told);
        unsigned all = told.lines;
        if (bad == 0)
            fail_msg("verify found nothing: %s", cases[i].sql);
        for (told.stop = 1; told.stop <= all; told.stop++) {
            told = (struct told){ .stop = told.stop };
            MUST(ln_replica_verify(t.comm.r, &report, listen, &told, &err));
            said = said || strstr(told.last, cases[i].says) != NULL;
        }
        told.stop = 0;
        if (!said)
            fail_msg("nobody says \"%s\"", cases[i].says);
        sql(&t.comm, "ROLLBACK TO damage");
        sql(&t.comm, "RELEASE damage");
    }

    assert_int_equal(look(&t.comm, t.comm.c.id, 2).n_bad, 0);
    sql(&t.comm, "UPDATE meta SET value = CAST('{}' AS BLOB) WHERE key LIKE 'pruned/3%'");
    struct ln_verify_report report;
    struct ln_err err = { 0 };
    uint64_t wrong;
    assert_false(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(err.code, LN_BROKEN);
    assert_false(ln_replica_sums(&wrong, t.comm.c.store, NULL, NULL, &err));
    sql(&t.comm, "UPDATE meta SET value = CAST('x' AS BLOB) WHERE key LIKE 'checkpoint/%'");
    assert_false(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(err.code, LN_BROKEN);
    assert_false(ln_replica_sums(&wrong, t.comm.c.store, NULL, NULL, &err));
    tree_end(&t);
}

/* Each statement of each way of looking fails once. */
TEST(a_disk_that_fails_is_no_damage)
{
    struct tree t;
    struct ln_verify_report report;
    struct ln_look got;
    uint64_t wrong;
    pruned(&t);

    for (int way = 0; way < 4; way++)
        for (unsigned n = 1;; n += 1 + n / 40) {
            struct ln_err err = { 0 };
            bool ok;
            disk_fail(n, false);
            if (way == 0)
                ok = ln_replica_verify(t.comm.r, &report, NULL, NULL, &err);
            else if (way == 1)
                ok = ln_replica_look(&got, t.comm.c.store, ln_replica_authority(t.comm.r),
                                     t.comm.c.id, 2, 500, NULL, NULL, &err);
            else if (way == 2)
                ok = ln_replica_sums(&wrong, t.comm.c.store, NULL, NULL, &err);
            else
                ok = redo(&t.comm, true, &err);
            bool failed = disk_failed();
            disk_fail(0, false);
            assert_int_equal(ok, !failed);
            if (!failed)
                break;
            assert_int_equal(err.code, LN_BUSY);
        }

    struct told told = { 0 };
    assert_int_equal(bad_of(&t.comm, &told), 0);
    tree_end(&t);
}

RUN_TESTS(T(each_damage_of_a_segment_is_found_where_it_is_by_both_ways_of_looking),
          T(more_damages_than_one_look_can_name_are_looked_for_again),
          T(a_log_that_nobody_certified_is_told),
          T(changes_and_digests_that_differ_are_told_and_mended_by_a_replay),
          T(a_rebuild_that_somebody_stops_changes_nothing),
          T(what_counts_by_a_checkpoint_is_checked_against_it), T(a_disk_that_fails_is_no_damage))
