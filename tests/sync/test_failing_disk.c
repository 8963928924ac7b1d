/* Every statement of everything a replica does fails once: what was begun fails with the disk's own
 * words and leaves nothing behind, the same done again succeeds, and what is held then is sound. */
#include "tests/lib/disk.h"
#include "tests/lib/peer.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "sync/keys.h"
#include "sync/pack.h"
#include "sync/view.h"

#define UP "330106005055/330000000000"
#define G01 "330106005055/g01"
#define MOST 20000 /* statements of one deed */

/* Each of the first statements, then ever fewer: epochs minted in vain are kept (replica_keys.c),
 * so what mints has more of them each time. */
static unsigned next_of(unsigned n)
{
    return n + 1 + n / 100;
}

typedef bool deed(void *ctx, struct ln_replica *r, struct ln_err *err);

static bool count_cert(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    (void)err;
    *(int64_t *)ctx += c->from_s;
    return true;
}

/* What is in the files: counts that any write would move, and heads; and what is in memory. */
static void contents(char out[256], struct ln_sqlstore *store, struct ln_replica *r)
{
    struct ln_query *q = ln_db_use(
        ln_sqlstore_db(store),
        "SELECT (SELECT count(*) || ' ' || coalesce(sum(state), 0) || ' ' || coalesce(sum(seq), 0)"
        " FROM change) || ' ' || (SELECT count(*) || ' ' || coalesce(sum(conflicts), 0) FROM "
        "record)"
        " || ' ' || (SELECT count(*) FROM segment) || ' ' || (SELECT coalesce(sum(head), 0) || ' ' "
        "||"
        " coalesce(sum(applied), 0) FROM log) || ' ' || (SELECT count(*) FROM cert) || ' ' ||"
        " (SELECT count(*) FROM receipt) || ' ' || (SELECT count(*) FROM refused) || ' ' ||"
        " (SELECT count(*) FROM fork) || ' ' || (SELECT count(*) FROM meta) || ' ' ||"
        " (SELECT count(*) FROM alias)");
    struct ln_err err = { 0 };
    bool row;

    MUST(ln_db_row(q, &row, &err));
    ln_db_col_copy(q, 0, out, 256);
    (void)ln_db_end(q);
    int64_t certs = 0;
    MUST(ln_authority_each(ln_replica_authority(r), count_cert, &certs, &err));
    size_t used = strlen(out);
    (void)snprintf(out + used, 256 - used, " %lld %s", (long long)certs, ln_replica_doubted(r));
}

static bool once(struct ln_replica *r, deed *what, void *ctx, struct ln_err *err)
{
    if (!ln_replica_begin(r, err))
        return false;
    if (what(ctx, r, err))
        return ln_replica_commit(r, err);
    ln_replica_rollback(r);
    return false;
}

/* One deed in one transaction, until it comes through; returns how many statements it has. */
static unsigned sweep(struct ln_sqlstore *store, struct ln_replica *r, deed *what, void *ctx)
{
    char before[256];
    char after[256];

    contents(before, store, r);
    for (unsigned n = 1; n < MOST; n = next_of(n)) {
        struct ln_err err = { 0 };
        disk_fail(n, false);
        bool ok = once(r, what, ctx, &err);
        bool failed = disk_failed();
        disk_fail(0, false);
        if (!failed) {
            MUST(ok);
            return n;
        }
        if (ok)
            fail_msg("statement %u failed and nobody said so", n);
        if (err.code != LN_BUSY)
            fail_msg("statement %u failed, and what came out was: %s", n, err.text);
        contents(after, store, r);
        assert_string_equal(after, before);
    }
    fail_msg("no end after %d statements", MOST);
    return 0;
}

static void sound(struct ln_replica *r)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    MUST(ln_replica_begin(r, &err));
    MUST(ln_replica_rebuild(r, NULL, NULL, &err));
    MUST(ln_replica_commit(r, &err));
}

static bool save(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct ln_draft d = *(struct ln_draft *)ctx;
    bool ok = ln_replica_save(r, &d, 1, err);

    if (ok)
        *(struct ln_draft *)ctx = d;
    return ok;
}

static bool seal_all(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    unsigned n;
    bool due;

    (void)ctx;
    return ln_replica_seal_due(r, &due, err) && ln_replica_seal(r, true, &n, err);
}

TEST(a_save_of_each_kind_is_whole_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    char to[64];
    char id[LN_ID_TEXT + 1];
    tree_new(&t);
    struct ln_id kept = add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    struct ln_id twin = add(&t.comm, "person", UP, "{\"job\":\"b\"}", "{\"name\":\"李二\"}");
    struct ln_id ticket = add(&t.comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    ln_clock_id_write(id, &kept);
    (void)snprintf(to, sizeof to, "{\"to\":\"%s\"}", id);
    struct ln_draft drafts[] = {
        { .op = LN_OP_ADD,
          .collection = "person",
          .audience = UP,
          .fields = ln_span_of("{\"job\":\"c\"}"),
          .sealed = ln_span_of("{\"id_no\":\"1\",\"name\":\"王三\"}") },
        { .op = LN_OP_SET,
          .collection = "person",
          .record = kept,
          .fields = ln_span_of("{\"job\":\"d\"}"),
          .sealed = ln_span_of("{\"name\":\"李四\"}"),
          .user = "0000000000000000000g",
          .channel = "counter" },
        { .op = LN_OP_SET,
          .collection = "person",
          .record = kept,
          .audience = "public",
          .fields = ln_span_of("{\"job\":\"shown\"}") },
        { .op = LN_OP_DELETE, .collection = "person", .record = twin },
        { .op = LN_OP_RESTORE, .collection = "person", .record = twin },
        { .op = LN_OP_ALIAS, .collection = "person", .record = twin, .fields = ln_span_of(to) },
        { .op = LN_OP_UNALIAS, .collection = "person", .record = twin },
        { .op = LN_OP_STEP,
          .collection = "ticket",
          .record = ticket,
          .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") },
    };

    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++)
        assert_true(sweep(t.comm.store, t.comm.r, save, &drafts[i]) > 3);
    assert_true(sweep(t.comm.store, t.comm.r, seal_all, NULL) > 3);

    MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK);
    cell(text, &t.dist, SQL_STATE, &ticket);
    assert_string_equal(text, "done");
    cell(text, &t.dist, SQL_JOB, &twin);
    assert_string_equal(text, "b");
    sound(t.comm.r);
    sound(t.dist.r);
    tree_end(&t);
}

struct bringing {
    struct box *from;
    const char *log;
    struct ln_buf pack;
    bool late;
};

static void pack_of(struct bringing *b, struct box *from, struct box *to, const char *log)
{
    struct ln_err err = { 0 };
    uint64_t last;

    b->from = from;
    b->log = log;
    ln_buf_clear(&b->pack);
    MUST(ln_replica_slice(
        &b->pack, &last, from->c.store, ln_replica_authority(from->r), log, head(to, log) + 1,
        ln_authority_find(ln_replica_authority(from->r), to->c.id), LN_PACK_MAX, &err));
    assert_true(last > 0);
}

static bool receive(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct bringing *b = ctx;
    struct ln_receive got = { 0 };
    bool ok = b->late ? ln_replica_receive_late(r, &got, b->log, b->pack.data, b->pack.len, err)
                      : ln_replica_receive(r, &got, b->log, b->pack.data, b->pack.len,
                                           ln_replica_self(b->from->r), err);

    ln_buf_free(&got.receipt);
    return ok;
}

TEST(a_pack_is_taken_whole_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct bringing b = { .pack = ln_buf_new(LN_PACK_MAX) };
    char text[128];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"b\"}", NULL);
    set(&t.dist, "person", &id, "{\"job\":\"c\"}", NULL); /* a conflict */
    struct ln_id ticket = add(&t.comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    struct ln_draft step = { .op = LN_OP_STEP,
                             .collection = "ticket",
                             .record = ticket,
                             .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };
    MUST(draft(&t.comm, &step, &err));
    struct ln_draft gone = { .op = LN_OP_DELETE, .collection = "person", .record = id };
    MUST(draft(&t.comm, &gone, &err));
    seal(&t.comm);
    seal(&t.dist);

    pack_of(&b, &t.comm, &t.dist, t.comm.c.id);
    assert_true(sweep(t.dist.store, t.dist.r, receive, &b) > 10);
    seal(&t.dist);
    pack_of(&b, &t.dist, &t.comm, t.down);
    assert_true(sweep(t.comm.store, t.comm.r, receive, &b) > 10);
    pack_of(&b, &t.dist, &t.prov, t.down);
    assert_true(sweep(t.prov.store, t.prov.r, receive, &b) > 10);

    sync_all(&t);
    cell(text, &t.dist, SQL_CONFLICTS, &id);
    assert_string_not_equal(text, "0");
    struct ln_digest x = digest(&t.comm, UP);
    struct ln_digest y = digest(&t.prov, UP);
    assert_memory_equal(x.b, y.b, sizeof x.b);
    sound(t.comm.r);
    sound(t.dist.r);
    sound(t.prov.r);
    ln_buf_free(&b.pack);
    tree_end(&t);
}

static bool end_log(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    uint64_t after = UINT64_MAX;

    return ln_replica_revoke(r, ctx, &after, err);
}

static bool rotate(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rotate(r, false, ctx, err);
}

static bool take_late(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    unsigned n;
    unsigned unreadable;

    return ln_replica_late(r, ctx, 0, true, &n, &unreadable, NULL, NULL, err) &&
           (n > 0 || ln_fail(err, LN_MISSING, "nothing to take"));
}

TEST(a_revocation_and_what_is_taken_over_after_it_are_whole_or_not_at_all)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    struct bringing b = { .pack = ln_buf_new(LN_PACK_MAX), .late = true };
    char text[128];
    unsigned minted = 0;
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    (void)add(&laptop, "person", G01, "{\"job\":\"early\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    struct ln_id id = add(&laptop, "person", G01, "{\"job\":\"late\"}", "{\"name\":\"李晚到\"}");
    keys(&laptop, &t.comm);
    seal(&laptop);

    assert_true(sweep(t.comm.store, t.comm.r, end_log, laptop.c.id) > 10);
    assert_true(sweep(t.comm.store, t.comm.r, rotate, &minted) > 10);
    assert_true(minted > 0);
    pack_of(&b, &laptop, &t.comm, laptop.c.id);
    assert_true(sweep(t.comm.store, t.comm.r, receive, &b) > 10);
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "");
    assert_true(sweep(t.comm.store, t.comm.r, take_late, laptop.c.id) > 10);
    assert_true(sweep(t.comm.store, t.comm.r, seal_all, NULL) > 10);

    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "late");
    sync_all(&t);
    sound(t.comm.r);
    ln_buf_free(&b.pack);
    box_end(&laptop);
    tree_end(&t);
}

static bool unfork(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_unfork(r, ctx, err);
}

static bool doubt(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    (void)ctx;
    (void)err;
    ln_replica_doubt(r, "fork");
    return true;
}

TEST(two_branches_of_a_fork_are_put_together_wholly_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_cert want = { .role = LN_ROLE_COMMUNITY };
    struct ln_pubkey pub;
    char old[LN_NODE_ID_MAX];
    char text[128];
    unsigned lines;
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"1\"}", "{\"name\":\"李邻里\"}");
    sync_all(&t);
    memcpy(old, t.comm.c.id, sizeof old);
    set(&t.comm, "person", &id, "{\"job\":\"2\"}", NULL);
    struct box laptop; /* whose certificate is a line that stays behind */
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "07");
    seal(&t.comm); /* no receipt for it ever */
    box_end(&laptop);
    struct ln_id waiting = add(&t.comm, "notice", "public", "{\"title\":\"未封\"}", NULL);
    MUST(once(t.dist.r, end_log, old, &err));
    memcpy(want.continues, old, sizeof old);
    box_shut(&t.comm);
    ln_key_make(&t.comm.c.key, &pub);
    ln_key_ident_make(&t.comm.c.ident);
    ln_key_node_id(t.comm.c.id, "330106005055", &pub);
    box_open(&t.comm);
    enrol_as(&t.dist, &t.comm, "330106005055", &want);
    MUST(once(t.comm.r, doubt, NULL, &err));

    assert_true(sweep(t.comm.store, t.comm.r, unfork, &lines) > 10);
    assert_string_equal(ln_replica_doubted(t.comm.r), "");

    assert_int_equal(lines, 2);
    sync_all(&t);
    sync_all(&t);
    cell(text, &t.dist, SQL_JOB, &id);
    assert_string_equal(text, "2");
    cell(text, &t.dist, SQL_TITLE, &waiting);
    assert_string_equal(text, "未封");
    sound(t.comm.r);
    sound(t.dist.r);
    tree_end(&t);
}

static bool ask_erasure(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_erase(r, ctx, 1, "request", err);
}

static bool heed_erasure(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_erase_due(r, ctx, err);
}

static bool sign_erasure(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    (void)ctx;
    return ln_replica_erase_done(r, err);
}

static bool count_holder(void *ctx, const struct ln_erasure *e, struct ln_err *err)
{
    (void)err;
    *(unsigned *)ctx += e->done > 0;
    return true;
}

static bool board(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    *(unsigned *)ctx = 0;
    return ln_replica_erasures(ln_replica_store(r), ln_replica_authority(r), count_holder, ctx,
                               err);
}

TEST(an_erasure_is_asked_done_and_signed_for_wholly_or_not_at_all)
{
    struct tree t;
    char text[128];
    char to[64];
    char root[LN_ID_TEXT + 1];
    unsigned n;
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"赵删除\"}");
    struct ln_id twin = add(&t.comm, "person", UP, NULL, "{\"name\":\"赵又名\"}");
    ln_clock_id_write(root, &id);
    (void)snprintf(to, sizeof to, "{\"to\":\"%s\"}", root);
    struct ln_draft same = {
        .op = LN_OP_ALIAS, .collection = "person", .record = twin, .fields = ln_span_of(to)
    };
    struct ln_err err = { 0 };
    MUST(draft(&t.comm, &same, &err));
    sync_all(&t);

    assert_true(sweep(t.comm.store, t.comm.r, ask_erasure, &id) > 3);
    assert_true(sweep(t.comm.store, t.comm.r, heed_erasure, &n) > 3);
    assert_int_equal(n, 1);
    assert_true(sweep(t.comm.store, t.comm.r, sign_erasure, NULL) > 3);
    assert_true(sweep(t.comm.store, t.comm.r, board, &n) > 3);

    assert_int_equal(n, 1);
    cell(text, &t.comm, SQL_NAME, &id);
    assert_string_equal(text, "");
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "a");
    sound(t.comm.r);
    tree_end(&t);
}

static bool verify(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_verify(r, ctx, NULL, NULL, err);
}

static bool rebuild(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    (void)ctx;
    return ln_replica_rebuild(r, NULL, NULL, err);
}

static bool take_item(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    (void)i;
    (void)err;
    ++*(unsigned *)ctx;
    return true;
}

struct story {
    struct ln_id record, line;
    unsigned n;
};

static bool tell(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct story *s = ctx;

    s->n = 0;
    return ln_replica_history(ln_replica_store(r), &s->record, take_item, &s->n, err) &&
           ln_replica_line(ln_replica_store(r), &s->line, take_item, &s->n, err);
}

TEST(a_scrub_and_a_rebuild_that_the_disk_stops_change_nothing_and_work_again)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_verify_report report;
    struct story story = { .n = 0 };
    tree_new(&t);
    story.record = add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    set(&t.comm, "person", &story.record, "{\"job\":\"b\"}", NULL);
    struct ln_draft d = { .op = LN_OP_SET,
                          .collection = "person",
                          .record = story.record,
                          .fields = ln_span_of("{\"job\":\"c\"}") };
    sync_all(&t);
    MUST(draft(&t.dist, &d, &err));
    story.line = d.id;
    sync_all(&t);

    assert_true(sweep(t.dist.store, t.dist.r, verify, &report) > 10);
    assert_int_equal(report.bad, 0);
    assert_true(sweep(t.dist.store, t.dist.r, tell, &story) > 5);
    assert_int_equal(story.n, 4);
    assert_true(sweep(t.dist.store, t.dist.r, rebuild, NULL) > 10);

    sound(t.dist.r);
    tree_end(&t);
}

/* ---- old contents */

#define C "330106005055/c"
#define NEVER INT64_C(99999999999) /* seconds: everything is older */

static bool checkpoint(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct ln_checkpoint_item item;

    return ln_replica_checkpoint(r, ctx, NEVER, false, &item, err) &&
           (item.made || ln_fail(err, LN_INVALID, "not made: %s", item.why));
}

static bool drop(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct ln_prune_item item;
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log l;

    if (!s->ops->log_get(s->ctx, &l, ctx, err))
        return false;
    l.volume = l.head; /* as if the git export had been there */
    return s->ops->log_put(s->ctx, &l, err) && ln_replica_prune(r, ctx, NEVER, false, &item, err) &&
           (item.done || ln_fail(err, LN_INVALID, "not dropped: %s", item.why));
}

TEST(a_checkpoint_is_made_taken_and_followed_wholly_or_not_at_all)
{
    struct tree t;
    struct box laptop;
    struct ln_verify_report report;
    struct ln_err err = { 0 };
    struct bringing b = { .pack = ln_buf_new(LN_PACK_MAX) };
    char text[128];
    tree_new(&t);
    struct ln_buf large = ln_buf_new(65536);
    ln_buf_adds(&large, "{\"job\":\"");
    for (int i = 0; i < 5000; i++)
        ln_buf_adds(&large, "很长的");
    ln_buf_adds(&large, "\"}");
    struct ln_id id = add(&t.comm, "person", G01, "{\"job\":\"1-01\"}", "{\"name\":\"李一\"}");
    (void)add(&t.comm, "person", G01, large.data, NULL); /* carried in pieces */
    struct ln_id ticket = add(&t.comm, "ticket", C, NULL, "{\"subject\":\"路灯\"}");
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"1-02\"}", NULL);
    struct ln_draft step = { .op = LN_OP_STEP,
                             .collection = "ticket",
                             .record = ticket,
                             .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };
    MUST(draft(&t.comm, &step, &err));
    sync_all(&t);
    set(&t.comm, "person", &id, "{\"job\":\"1-03\"}", NULL);
    sync_all(&t);

    assert_true(sweep(t.comm.store, t.comm.r, checkpoint, t.comm.c.id) > 20);
    seal(&t.comm);
    pack_of(&b, &t.comm, &t.dist, t.comm.c.id);
    assert_true(sweep(t.dist.store, t.dist.r, receive, &b) > 10);
    sync_all(&t);
    assert_true(sweep(t.comm.store, t.comm.r, drop, t.comm.c.id) > 20);
    assert_true(sweep(t.dist.store, t.dist.r, drop, t.comm.c.id) > 5);
    assert_true(sweep(t.comm.store, t.comm.r, verify, &report) > 10);
    assert_int_equal(report.bad, 0);
    assert_true(report.carried > 0);
    assert_true(sweep(t.comm.store, t.comm.r, rebuild, NULL) > 10);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &laptop, t.dist.c.id, &err) == LN_OK);
    pack_of(&b, &t.comm, &laptop, t.comm.c.id);
    assert_true(sweep(laptop.store, laptop.r, receive, &b) > 10); /* which begins with it */

    cell(text, &laptop, SQL_JOB, &id);
    assert_string_equal(text, "1-03");
    struct ln_digest x = digest(&t.comm, G01);
    struct ln_digest y = digest(&laptop, G01);
    assert_memory_equal(x.b, y.b, sizeof x.b);
    sound(laptop.r);
    sound(t.comm.r);
    sound(t.dist.r);
    ln_buf_free(&b.pack);
    ln_buf_free(&large);
    box_end(&laptop);
    tree_end(&t);
}

/* ---- whole exchanges: several transactions on two nodes; what was reached stays reached */

struct world {
    int64_t clock;
    struct peer dist, comm, a;
};

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->dist, &w->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    peer_new(&w->a, &w->clock, &w->comm, "330106005055", LN_ROLE_LAPTOP, "01");
}

static void world_end(struct world *w)
{
    peer_end(&w->a);
    peer_end(&w->comm);
    peer_end(&w->dist);
}

/* One sync after the other, the next statement of the next one failing, until one runs through. */
static void sync_sweep(struct peer *p, bool on)
{
    for (unsigned n = 1; n < MOST; n = next_of(n)) {
        struct ln_err err = { 0 };
        disk_fail(n, on);
        bool ok = peer_try(p, NULL, &err);
        bool failed = disk_failed();
        disk_fail(0, false);
        if (!failed) {
            MUST(ok);
            return;
        }
        *p->clock += 1000;
    }
    fail_msg("no end after %d statements", MOST);
}

static bool same(struct ln_digest x, struct ln_digest y)
{
    return memcmp(x.b, y.b, sizeof x.b) == 0;
}

static bool give_grid(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct ln_renewal want = { .regrid = true, .n_grids = 1, .grids = { "02" } };

    return ln_replica_renew(r, ctx, &want, err);
}

static void exchange(bool on)
{
    struct world w;
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    world_new(&w);
    struct ln_id id = peer_add(&w.a, "person", G01, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    sync_sweep(&w.a, on);
    struct ln_id up =
        peer_add(&w.comm, "ticket", "330106005055/330106000000", NULL, "{\"subject\":\"路灯\"}");
    struct ln_id down = peer_add(&w.dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
    sync_sweep(&w.comm, on);
    sync_sweep(&w.comm, on);
    assert_string_equal(peer_cell(&w.comm, "person", "name", &id), "李一");
    assert_string_equal(peer_cell(&w.dist, "ticket", "subject", &up), "路灯");
    assert_string_equal(peer_cell(&w.comm, "notice", "title", &down), "停水");

    struct ln_id other =
        peer_add(&w.comm, "person", "330106005055/g02", "{\"job\":\"b\"}", "{\"name\":\"王二\"}");
    w.clock += 60000;
    MUST(peer_write(&w.comm, give_grid, w.a.c.id, &err));
    for (int i = 0; i < 3; i++)
        sync_sweep(&w.a, on);

    assert_int_equal(peer_changes(&w.a, G01), 0);
    assert_string_equal(peer_cell(&w.a, "person", "name", &other), "王二");
    assert_true(
        same(peer_digest(&w.a, "330106005055/g02"), peer_digest(&w.comm, "330106005055/g02")));
    peer_sync(&w.a, &report);
    assert_true(report.level && !report.alarm);
    peer_sync(&w.comm, NULL);
    peer_sync(&w.comm, &report);
    assert_true(report.level && !report.alarm);
    sound(w.a.r);
    sound(w.comm.r);
    sound(w.dist.r);
    world_end(&w);
}

TEST(a_sync_that_fails_at_any_statement_is_taken_up_by_the_next_one)
{
    exchange(false);
}

TEST(a_sync_whose_disk_fails_from_some_statement_on_is_taken_up_once_it_is_mended)
{
    exchange(true);
}

/* ---- enrolment and the dead box */

static bool root(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    (void)ctx;
    return ln_replica_found(r, "330000000000", LN_ROLE_PROVINCE, "root", err);
}

TEST(a_root_that_could_not_be_written_is_none)
{
    struct box b;
    clock_ms = INT64_C(1795400000000);
    box_new(&b, "330000000000");

    assert_true(sweep(b.store, b.r, root, NULL) > 3);

    assert_string_equal(ln_replica_self(b.r)->name, "root");
    box_end(&b);
}

struct joining {
    struct ln_invite want;
    char code[LN_CODE_TEXT_MAX], up[LN_NODE_ID_MAX];
};

TEST(an_invitation_that_the_disk_broke_off_can_be_tried_again)
{
    struct world w;
    struct ln_err err = { 0 };
    struct joining j = { .want = { .role = LN_ROLE_LAPTOP, .n_grids = 1, .grids = { "01" } } };
    bool ok = false;
    world_new(&w);
    memcpy(j.want.region, "330106005055", sizeof j.want.region);

    for (unsigned n = 1; n < MOST && !ok; n = next_of(n)) {
        disk_fail(n, false);
        ok = ln_join_invite(&w.comm.x, &j.want, j.code, &err) && !disk_failed();
        disk_fail(0, false);
    }
    assert_true(ok);
    ok = false;
    for (unsigned n = 1; n < MOST && !ok; n = next_of(n)) {
        err = (struct ln_err){ 0 };
        disk_fail(n, false);
        bool failed;
        ok = ln_join_ask(&w.a.x, "330106005055", LN_ROLE_LAPTOP, "node", j.code, &w.a.link, j.up,
                         &err);
        failed = disk_failed();
        disk_fail(0, false);
        if (!ok && err.code == LN_DENIED) { /* the parent kept it, the child did not: a new code */
            MUST(ln_join_invite(&w.comm.x, &j.want, j.code, &err));
        }
        ok = ok && !failed;
    }

    assert_true(ok);
    assert_string_equal(j.up, w.comm.c.id);
    peer_sync(&w.a, NULL);
    world_end(&w);
}

static bool issue(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct ln_buf f = ln_buf_new(65536);
    bool ok = ln_replica_issue(r, &f, ctx, err);

    ln_buf_free(&f);
    return ok;
}

struct renewing {
    const char *node;
    struct ln_renewal want;
};

static bool renew(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct renewing *x = ctx;

    return ln_replica_renew(r, x->node, &x->want, err);
}

static bool own_age(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_own_age(r, ctx, err);
}

TEST(a_certificate_is_given_and_renewed_wholly_or_not_at_all)
{
    struct tree t;
    struct box laptop;
    struct ln_cert want = { .role = LN_ROLE_LAPTOP, .n_grids = 1, .grids = { "01" } };
    struct ln_recipient age;
    struct ln_ident id;
    tree_new(&t);
    sync_all(&t);
    box_new(&laptop, "330106005055");
    ln_key_public(&want.key, &laptop.c.key);
    ln_key_ident_public(&want.age, &laptop.c.ident);
    (void)snprintf(want.region, sizeof want.region, "330106005055");
    (void)snprintf(want.node, sizeof want.node, "%s", laptop.c.id);
    (void)snprintf(want.name, sizeof want.name, "child");
    struct renewing grids = { laptop.c.id,
                              { .regrid = true, .n_grids = 2, .grids = { "02", "03" } } };
    ln_key_ident_make(&id);
    ln_key_ident_public(&age, &id);

    assert_true(sweep(t.comm.store, t.comm.r, issue, &want) > 5);
    assert_true(sweep(t.comm.store, t.comm.r, renew, &grids) > 10);
    assert_true(sweep(t.prov.store, t.prov.r, own_age, &age) > 3);

    const struct ln_cert *c = ln_authority_find(ln_replica_authority(t.comm.r), laptop.c.id);
    assert_int_equal(c->n_grids, 2);
    assert_true(ln_key_recipient_same(&ln_replica_self(t.prov.r)->age, &age));
    sync_all(&t);
    sound(t.comm.r);
    sound(t.prov.r);
    box_end(&laptop);
    tree_end(&t);
}

/* ---- what is only read */

struct asking {
    struct tree *t;
    struct ln_buf pack;
    uint64_t last;
    char all[LN_VIEW_HASH];
};

static bool slice(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct asking *x = ctx;
    const struct ln_authority *a = ln_replica_authority(r);

    ln_buf_clear(&x->pack);
    return ln_replica_slice(&x->pack, &x->last, ln_replica_store(r), a, x->t->dist.c.id, 1,
                            ln_authority_find(a, x->t->comm.c.id), LN_PACK_MAX, err);
}

static bool view(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct asking *x = ctx;
    struct ln_view v = { 0 };
    bool ok = ln_view_read(&v, ln_replica_store(r), ln_replica_authority(r), x->t->comm.c.id,
                           x->t->dist.c.id, err);

    memcpy(x->all, v.all, sizeof x->all);
    ln_view_free(&v);
    return ok;
}

TEST(what_is_given_to_others_is_read_whole_or_not_at_all)
{
    struct tree t;
    struct asking x = { .t = &t, .pack = ln_buf_new(LN_PACK_MAX) };
    char all[LN_VIEW_HASH];
    tree_new(&t);
    (void)add(&t.comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    (void)add(&t.dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
    (void)add(&t.dist, "notice", "330106000000/330000000000", "{\"title\":\"上报\"}", NULL);
    (void)add(&t.dist, "notice", "330106000000/c", "{\"title\":\"内部\"}", NULL);
    sync_all(&t);

    assert_true(sweep(t.dist.store, t.dist.r, slice, &x) > 3);
    assert_int_equal(x.last, head(&t.dist, t.dist.c.id));
    assert_true(sweep(t.dist.store, t.dist.r, view, &x) > 3);
    memcpy(all, x.all, sizeof all);
    assert_true(sweep(t.comm.store, t.comm.r, view, &x) > 3);

    assert_string_equal(all, x.all); /* both are level */
    ln_buf_free(&x.pack);
    tree_end(&t);
}

/* ---- damage */

struct mending {
    struct ln_damage d;
    struct ln_span pack;
};

static bool note_damage(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct mending *m = ctx;
    bool again;

    return ln_replica_damage_note(r, &again, m->d.log, m->d.seq, err) &&
           (!again || ln_fail(err, LN_CONFLICT, "noted before"));
}

static bool mend(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct mending *m = ctx;
    bool mended;

    return ln_replica_mend_pack(r, &m->d, m->pack, &mended, err) &&
           (mended || ln_fail(err, LN_INVALID, "not mended"));
}

TEST(a_damage_is_noted_and_mended_wholly_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_verify_report report;
    struct mending m = { .d = { .seq = 2 } };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    char text[128];
    uint64_t last;
    tree_new(&t);
    for (int i = 0; i < 3; i++) {
        (void)add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
        sync_all(&t);
    }
    memcpy(m.d.log, t.comm.c.id, strlen(t.comm.c.id) + 1);
    MUST(ln_db_exec(ln_sqlstore_db(t.comm.store),
                    "UPDATE file SET bytes = randomblob(length(bytes)) WHERE seq = 2 AND log ="
                    " (SELECT n FROM log WHERE mine = 1 AND instr(id, '.') = 0)",
                    &err));
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_true(report.bad > 0);
    MUST(ln_replica_slice(&pack, &last, t.dist.c.store, ln_replica_authority(t.dist.r), t.comm.c.id,
                          2, ln_replica_self(t.comm.r), LN_PACK_MAX, &err));
    m.pack = (struct ln_span){ pack.data, pack.len };

    assert_true(sweep(t.comm.store, t.comm.r, note_damage, &m) > 1);
    assert_true(sweep(t.comm.store, t.comm.r, mend, &m) > 5);

    cell(text, &t.comm, "SELECT count(*) FROM meta WHERE key LIKE 'mend/%' AND ? IS NOT NULL",
         &(struct ln_id){ { 0 } });
    assert_string_equal(text, "0");
    sound(t.comm.r);
    ln_buf_free(&pack);
    tree_end(&t);
}

/* ---- upgrades, keys that come late */

static const struct ln_field MORE[] = { { "name", "name", LN_TYPE_STR, LN_MARK_IDENT },
                                        { "id_no", "id_no", LN_TYPE_STR, LN_MARK_SENSITIVE },
                                        { "job", "job", LN_TYPE_STR, LN_MARK_PLAIN },
                                        { "shift", "shift", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_coll MORE_COLLS[] = {
    { .name = "person", .version = 2, .fields = MORE, .n_fields = 4 },
};
static const struct ln_schema MORE_SCHEMA = { MORE_COLLS, 1 };

static bool learn_new(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_learn(r, ctx, err);
}

static void open_with(struct box *b, const struct ln_schema *schema)
{
    struct ln_err err = { 0 };

    box_shut(b);
    b->c.schema = schema;
    MUST(ln_sqlstore_open(&b->store, b->dir, schema, LN_DB_WRITE, &err));
    b->c.store = ln_sqlstore_handle(b->store);
    MUST(ln_replica_open(&b->r, &b->c, &err));
}

TEST(what_a_new_version_knows_is_learnt_wholly_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    unsigned n = 0;
    tree_new(&t);
    MUST(once(t.comm.r, learn_new, &n, &err));
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"a\",\"shift\":\"夜\"}", NULL);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
    seal(&t.comm);
    open_with(&t.comm, &MORE_SCHEMA);

    assert_true(sweep(t.comm.store, t.comm.r, learn_new, &n) > 5);

    assert_int_equal(n, 1);
    cell(text, &t.comm, "SELECT shift FROM c_person JOIN record ON n = rec WHERE id = ?", &id);
    assert_string_equal(text, "夜");
    open_with(&t.comm,
              &test_schema); /* and back: what it does not know is forgotten, nothing lost */
    assert_true(sweep(t.comm.store, t.comm.r, learn_new, &n) > 3);
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "a");
    sound(t.comm.r);
    tree_end(&t);
}

struct giving {
    struct ln_buf body;
    struct ln_replica *from;
    unsigned n;
};

static bool pending(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct giving *g = ctx;

    ln_buf_clear(&g->body);
    return ln_keys_pending(&g->body, &g->n, r, err);
}

static bool take_keys(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct giving *g = ctx;
    struct ln_span body = { g->body.data, g->body.len };

    return ln_keys_take(&g->n, r, body, ln_replica_self(g->from), err);
}

static bool sent_keys(void *ctx, struct ln_replica *r, struct ln_err *err)
{
    struct giving *g = ctx;

    return ln_keys_sent(r, (struct ln_span){ g->body.data, g->body.len }, err);
}

TEST(keys_that_come_behind_their_lines_open_them_wholly_or_not_at_all)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct giving g = { .body = ln_buf_new(LN_KEYS_JSON_MAX) };
    char text[128];
    tree_new(&t);
    sync_all(&t);
    g.from = t.comm.r;
    struct ln_id id =
        add(&t.comm, "person", "330106005055/330106000000", NULL, "{\"name\":\"李一\"}");
    seal(&t.comm);
    MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK);
    cell(text, &t.dist, SQL_NAME, &id);
    assert_string_equal(text, "");

    assert_true(sweep(t.comm.store, t.comm.r, pending, &g) > 1);
    assert_true(sweep(t.dist.store, t.dist.r, take_keys, &g) > 3);
    assert_true(sweep(t.comm.store, t.comm.r, sent_keys, &g) > 1);

    cell(text, &t.dist, SQL_NAME, &id);
    assert_string_equal(text, "李一");
    MUST(once(t.comm.r, pending, &g, &err));
    assert_int_equal(g.n, 0);
    sound(t.dist.r);
    ln_buf_free(&g.body);
    tree_end(&t);
}

RUN_TESTS(T(a_certificate_is_given_and_renewed_wholly_or_not_at_all),
          T(what_is_given_to_others_is_read_whole_or_not_at_all),
          T(a_damage_is_noted_and_mended_wholly_or_not_at_all),
          T(what_a_new_version_knows_is_learnt_wholly_or_not_at_all),
          T(keys_that_come_behind_their_lines_open_them_wholly_or_not_at_all),
          T(a_save_of_each_kind_is_whole_or_not_at_all), T(a_pack_is_taken_whole_or_not_at_all),
          T(a_revocation_and_what_is_taken_over_after_it_are_whole_or_not_at_all),
          T(two_branches_of_a_fork_are_put_together_wholly_or_not_at_all),
          T(an_erasure_is_asked_done_and_signed_for_wholly_or_not_at_all),
          T(a_scrub_and_a_rebuild_that_the_disk_stops_change_nothing_and_work_again),
          T(a_checkpoint_is_made_taken_and_followed_wholly_or_not_at_all),
          T(a_sync_that_fails_at_any_statement_is_taken_up_by_the_next_one),
          T(a_sync_whose_disk_fails_from_some_statement_on_is_taken_up_once_it_is_mended),
          T(a_root_that_could_not_be_written_is_none),
          T(an_invitation_that_the_disk_broke_off_can_be_tried_again))
