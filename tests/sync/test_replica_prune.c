/* When old contents are not dropped. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define C "330106005055/c"
#define NEVER INT64_C(99999999999) /* seconds: everything is older */

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

static void live(struct tree *t)
{
    struct ln_checkpoint_item made;
    struct ln_err err = { 0 };

    tree_new(t);
    struct ln_id id = add(&t->comm, "person", C, "{\"job\":\"1-01\"}", NULL);
    sync_all(t);
    set(&t->comm, "person", &id, "{\"job\":\"1-02\"}", NULL);
    sync_all(t);
    set(&t->comm, "person", &id, "{\"job\":\"1-03\"}", NULL);
    sync_all(t);
    MUST(ln_replica_begin(t->comm.r, &err));
    MUST(ln_replica_checkpoint(t->comm.r, t->comm.c.id, NEVER, false, &made, &err));
    MUST(ln_replica_commit(t->comm.r, &err));
    assert_true(made.made);
    sync_all(t);
}

static bool prune(struct box *b, const char *log, int64_t before_s, bool dry,
                  struct ln_prune_item *out, struct ln_err *err)
{
    assert_true(ln_replica_begin(b->r, err));
    bool ok = ln_replica_prune(b->r, log, before_s, dry, out, err);
    if (ok)
        assert_true(ln_replica_commit(b->r, err));
    else
        ln_replica_rollback(b->r);
    return ok;
}

TEST(young_contents_and_those_not_exported_stay)
{
    struct tree t;
    struct ln_prune_item item;
    struct ln_err err = { 0 };
    live(&t);

    MUST(prune(&t.comm, t.comm.c.id, NEVER, false, &item, &err));
    assert_string_equal(item.why, "waiting");
    exported(&t.comm, t.comm.c.id);
    MUST(prune(&t.comm, t.comm.c.id, clock_ms / 1000 - 86400, false, &item, &err));
    assert_string_equal(item.why, "young");
    MUST(prune(&t.comm, t.comm.c.id, NEVER, true, &item, &err)); /* dry */
    assert_true(item.done);
    MUST(prune(&t.comm, t.comm.c.id, NEVER, true, &item, &err));
    assert_true(item.done);

    assert_true(item.files > 0);
    tree_end(&t);
}

TEST(a_parent_that_cannot_read_them_drops_them_when_it_holds_the_whole_checkpoint)
{
    struct tree t;
    struct ln_prune_item item;
    struct ln_err err = { 0 };
    live(&t);
    exported(&t.dist, t.comm.c.id);

    MUST(prune(&t.dist, t.comm.c.id, NEVER, false, &item, &err));

    assert_true(item.done);
    assert_true(item.bytes > 0);
    tree_end(&t);
}

TEST(a_checkpoint_that_leaves_out_other_lines_than_are_here_is_not_followed)
{
    struct tree t;
    struct ln_prune_item item;
    struct ln_err err = { 0 };
    struct ln_buf note = ln_buf_new(65536);
    char key[64];
    bool found;
    live(&t);
    exported(&t.comm, t.comm.c.id);
    struct ln_store *s = t.comm.c.store;
    (void)snprintf(key, sizeof key, "checkpoint/%s", t.comm.c.id);
    MUST(s->ops->meta_get(s->ctx, key, &note, &found, &err));
    char *sum = strstr(note.data, "/c\",\"");
    assert_non_null(sum);
    sum[5] = sum[5] == '0' ? '1' : '0';
    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(s->ops->meta_put(s->ctx, key, (struct ln_span){ note.data, note.len }, &err));
    MUST(ln_replica_commit(t.comm.r, &err));

    assert_false(prune(&t.comm, t.comm.c.id, NEVER, false, &item, &err));

    assert_int_equal(err.code, LN_CONFLICT);
    err = (struct ln_err){ 0 };
    struct ln_verify_report report;
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.carried, 0);
    ln_buf_free(&note);
    tree_end(&t);
}

RUN_TESTS(T(young_contents_and_those_not_exported_stay),
          T(a_parent_that_cannot_read_them_drops_them_when_it_holds_the_whole_checkpoint),
          T(a_checkpoint_that_leaves_out_other_lines_than_are_here_is_not_followed))
