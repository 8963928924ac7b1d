/* Lines carried on in another node's log: late work of a revoked node, branches of a fork. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"

#define UP "330106005055/330000000000"

static void revoke(struct box *b, const char *node)
{
    struct ln_err err = { 0 };
    uint64_t after = UINT64_MAX;

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_revoke(b->r, node, &after, &err));
    MUST(ln_replica_commit(b->r, &err));
}

static void bring_late(struct box *from, struct box *to, const char *log)
{
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    uint64_t last;

    MUST(ln_replica_slice(
        &pack, &last, from->c.store, ln_replica_authority(from->r), log, head(to, log) + 1,
        ln_authority_find(ln_replica_authority(from->r), to->c.id), LN_PACK_MAX, &err));
    MUST(ln_replica_begin(to->r, &err));
    MUST(ln_replica_receive_late(to->r, &got, log, pack.data, pack.len, &err));
    MUST(ln_replica_commit(to->r, &err));
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
}

struct seen {
    unsigned n;
    char log[LN_LOG_MAX];
    char why[16];
    char clear[128];
};

static bool see(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    struct seen *s = ctx;

    (void)err;
    s->n++;
    (void)snprintf(s->log, sizeof s->log, "%s", l->log);
    (void)snprintf(s->why, sizeof s->why, "%s", l->why != NULL ? l->why : "");
    (void)snprintf(s->clear, sizeof s->clear, "%.*s", (int)l->clear.len, l->clear.p);
    return true;
}

static bool late(struct box *b, const char *node, bool take, struct seen *s, unsigned *n,
                 struct ln_err *err)
{
    unsigned unreadable;

    *s = (struct seen){ 0 };
    if (!ln_replica_begin(b->r, err))
        return false;
    if (ln_replica_late(b->r, node, 0, take, n, &unreadable, see, s, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

static void sound(struct box *b)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(b->r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_rebuild(b->r, NULL, NULL, &err));
    MUST(ln_replica_commit(b->r, &err));
}

struct told {
    char log[LN_LOG_MAX], by[LN_LOG_MAX];
    bool provisional;
};

static bool tell(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct told *t = ctx;

    (void)err;
    memcpy(t->log, i->log, sizeof t->log);
    memcpy(t->by, i->by, sizeof t->by);
    t->provisional = i->provisional;
    return true;
}

TEST(honest_late_work_of_a_lost_laptop_is_looked_at_and_taken_over)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    struct seen s;
    struct told told = { "", "", false };
    char text[128];
    unsigned n;
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    (void)add(&laptop, "person", "330106005055/g01", "{\"job\":\"early\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    revoke(&t.comm, laptop.c.id);
    struct ln_id id =
        add(&laptop, "person", "330106005055/g01", "{\"job\":\"late\"}", "{\"name\":\"李晚到\"}");
    set(&laptop, "person", &id, "{\"job\":\"later\"}", NULL);
    keys(&laptop, &t.comm);
    seal(&laptop);
    assert_int_equal(carry(&laptop, &t.comm, laptop.c.id, &err), LN_DENIED);
    bring_late(&laptop, &t.comm, laptop.c.id);
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, ""); /* kept, and counts for nothing */

    MUST(late(&t.comm, laptop.c.id, false, &s, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(s.n, 2);
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "");
    MUST(late(&t.comm, laptop.c.id, true, &s, &n, &err));
    sync_all(&t);

    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "later");
    cell(text, &t.comm, SQL_NAME, &id);
    assert_string_equal(text, "李晚到");
    MUST(ln_replica_history(t.comm.c.store, &id, tell, &told, &err));
    assert_string_equal(told.log, laptop.c.id);
    assert_string_equal(told.by, t.comm.c.id);
    assert_false(told.provisional);
    MUST(late(&t.comm, laptop.c.id, true, &s, &n, &err)); /* a second time takes nothing */
    assert_int_equal(n, 0);
    assert_string_equal(s.why, "known");
    sound(&t.comm);
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "later");
    box_end(&laptop);
    tree_end(&t);
}

TEST(what_a_district_takes_over_of_a_stolen_box_counts_everywhere_as_the_boxs)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct seen s;
    struct told told = { "", "", true };
    char text[128];
    unsigned n;
    tree_new(&t);
    (void)add(&t.comm, "person", UP, "{\"job\":\"early\"}", NULL);
    sync_all(&t);
    revoke(&t.dist, t.comm.c.id);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"late\"}", NULL);
    (void)add(&t.comm, "person", "330106005055/c", "{\"job\":\"not for the district\"}", NULL);
    seal(&t.comm);
    bring_late(&t.comm, &t.dist, t.comm.c.id);
    struct box next;
    box_new(&next, "330106005055");
    enrol(&t.dist, &next, "330106005055", LN_ROLE_COMMUNITY, NULL);

    MUST(late(&t.dist, t.comm.c.id, true, &s, &n, &err));
    assert_int_equal(n, 1);
    seal(&t.dist);
    MUST(carry(&t.dist, &t.prov, t.dist.c.id, &err) == LN_OK);
    MUST(carry(&t.dist, &t.prov, t.down, &err) == LN_OK);

    cell(text, &t.prov, SQL_JOB, &id);
    assert_string_equal(text, "late");
    cell(text, &t.prov, "SELECT region FROM record WHERE id = ?", &id);
    assert_string_equal(text, "330106005055");
    MUST(ln_replica_history(t.prov.c.store, &id, tell, &told, &err));
    assert_string_equal(told.log, t.comm.c.id);
    assert_string_equal(told.by, t.down);
    struct ln_digest a = digest(&t.dist, UP);
    struct ln_digest b = digest(&t.prov, UP);
    assert_memory_equal(a.b, b.b, sizeof a.b); /* each line counts once */
    sound(&t.dist);
    sound(&t.prov);
    box_end(&next);
    tree_end(&t);
}

TEST(a_quote_by_a_node_that_may_not_is_refused)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    char sql[256];
    tree_new(&t);
    sync_all(&t);
    struct ln_id id = add(&t.comm, "notice", "public", "{\"title\":\"借省里之名\"}", NULL);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE change SET from_seq = 1, from_log = (SELECT n FROM log WHERE id = '%s')"
                   " WHERE seq IS NULL AND rec IS NOT NULL",
                   t.prov.c.id);
    MUST(ln_db_exec(ln_sqlstore_db(t.comm.store), sql, &err));

    sync_all(&t);

    cell(text, &t.dist, SQL_TITLE, &id);
    assert_string_equal(text, "");
    cell(text, &t.dist, "SELECT why FROM refused WHERE id = ?", &id);
    assert_string_equal(text, "quote");
    cell(text, &t.comm, "SELECT why FROM refused WHERE id = ?", &id);
    assert_string_equal(text, "parent");
    sound(&t.dist);
    tree_end(&t);
}

/* The certificate of a new key for the same box, and the store opened under it. */
static void rekey(struct box *parent, struct box *b, const char *region, enum ln_role role)
{
    struct ln_cert want = { .role = role };
    struct ln_pubkey pub;
    struct ln_err err = { 0 };

    (void)snprintf(want.continues, sizeof want.continues, "%s", b->c.id);
    box_shut(b);
    ln_key_make(&b->c.key, &pub);
    ln_key_ident_make(&b->c.ident);
    ln_key_node_id(b->c.id, region, &pub);
    box_open(b);
    enrol_as(parent, b, region, &want);
    unsigned n;
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_unfork(b->r, &n, &err));
    MUST(ln_replica_commit(b->r, &err));
}

TEST(both_branches_of_a_fork_end_up_in_the_new_log_and_clashes_are_conflicts)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    char command[256];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"1\"}", "{\"name\":\"李邻里\"}");
    sync_all(&t);
    box_shut(&t.comm);
    (void)snprintf(command, sizeof command, "cp %s/linli.db %s/kept", t.comm.dir, t.comm.dir);
    assert_int_equal(system(command), 0);
    box_open(&t.comm);
    set(&t.comm, "person", &id, "{\"job\":\"first card\"}", NULL);
    struct ln_id first = add(&t.comm, "notice", "public", "{\"title\":\"甲卡\"}", NULL);
    sync_all(&t);
    char old[LN_NODE_ID_MAX];
    memcpy(old, t.comm.c.id, sizeof old);

    box_shut(&t.comm); /* the second card goes on from where the first was copied */
    (void)snprintf(command, sizeof command, "rm %s/linli.db*; cp %s/kept %s/linli.db", t.comm.dir,
                   t.comm.dir, t.comm.dir);
    assert_int_equal(system(command), 0);
    box_open(&t.comm);
    set(&t.comm, "person", &id, "{\"job\":\"second card\"}", NULL);
    struct ln_id second = add(&t.comm, "notice", "public", "{\"title\":\"乙卡\"}", NULL);
    seal(&t.comm);
    struct ln_id third = add(&t.comm, "notice", "public", "{\"title\":\"未封\"}", NULL);
    revoke(&t.dist, old);
    rekey(&t.dist, &t.comm, "330106005055", LN_ROLE_COMMUNITY);
    MUST(carry(&t.dist, &t.comm, old, &err) == LN_OK);
    (void)snprintf(t.down, sizeof t.down, "%s.330106005055", t.dist.c.id);
    sync_all(&t);
    sync_all(&t);

    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++) {
        cell(text, all[i], SQL_TITLE, &first);
        assert_string_equal(text, "甲卡");
        cell(text, all[i], SQL_TITLE, &second);
        assert_string_equal(text, "乙卡");
        cell(text, all[i], SQL_TITLE, &third);
        assert_string_equal(text, "未封");
        cell(text, all[i], SQL_CONFLICTS, &id);
        assert_string_equal(text, "1");
        sound(all[i]);
    }
    cell(text, &t.comm, "SELECT count(*) FROM fork WHERE ? IS NOT NULL", &id);
    assert_string_not_equal(text, "0"); /* the evidence stays */
    struct told told = { "", "", false };
    MUST(ln_replica_history(t.dist.c.store, &second, tell, &told, &err));
    assert_string_equal(told.log, old);
    assert_string_equal(told.by, t.comm.c.id);
    tree_end(&t);
}

static bool stop(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    (void)ctx;
    (void)l;
    return ln_fail(err, LN_FULL, "enough");
}

TEST(late_work_is_shown_of_revoked_nodes_below_alone_as_far_as_it_is_here)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    struct seen s;
    unsigned n;
    unsigned unreadable;
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    (void)add(&laptop, "person", "330106005055/g01", "{\"job\":\"early\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    const struct {
        const char *node;
        enum ln_code code;
    } before[] = {
        { "330106005055-aaaaaaaaaaaaaaaa", LN_MISSING },
        { t.comm.c.id, LN_DENIED },  /* itself */
        { t.dist.c.id, LN_DENIED },  /* above it */
        { laptop.c.id, LN_INVALID }, /* not revoked */
    };
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        err = (struct ln_err){ 0 };
        assert_false(late(&t.comm, before[i].node, true, &s, &n, &err));
        if (err.code != before[i].code)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(n, 0);
    }
    revoke(&t.comm, laptop.c.id);
    err = (struct ln_err){ 0 };
    assert_false(late(&t.comm, laptop.c.id, true, &s, &n, &err)); /* its stick has not come */
    assert_int_equal(err.code, LN_MISSING);

    (void)add(&laptop, "person", "330106005055/g01", "{\"job\":\"late\"}", NULL);
    seal(&laptop);
    uint64_t first = head(&laptop, laptop.c.id);
    (void)add(&laptop, "person", "330106005055/g01", "{\"job\":\"later\"}", NULL);
    seal(&laptop);
    bring_late(&laptop, &t.comm, laptop.c.id);
    static const uint64_t from[] = { 0, 1 };
    for (size_t i = 0; i < 2; i++) { /* nothing before the end is late */
        s = (struct seen){ 0 };
        MUST(ln_replica_begin(t.comm.r, &err));
        MUST(
            ln_replica_late(t.comm.r, laptop.c.id, from[i], false, &n, &unreadable, see, &s, &err));
        ln_replica_rollback(t.comm.r);
        assert_int_equal(s.n, 2);
    }
    s = (struct seen){ 0 };
    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(ln_replica_late(t.comm.r, laptop.c.id, first + 1, false, &n, &unreadable, see, &s, &err));
    assert_int_equal(s.n, 1);
    assert_false(
        ln_replica_late(t.comm.r, laptop.c.id, first + 2, false, &n, &unreadable, see, &s, &err));
    assert_int_equal(err.code, LN_MISSING);
    err = (struct ln_err){ 0 };
    assert_false(
        ln_replica_late(t.comm.r, laptop.c.id, 0, true, &n, &unreadable, stop, NULL, &err));
    assert_int_equal(err.code, LN_FULL);
    ln_replica_rollback(t.comm.r);
    box_end(&laptop);
    tree_end(&t);
}

/* A branch that gave a certificate and minted epochs: those were of use there alone. */
TEST(lines_of_the_protocol_stay_behind_in_the_branch_that_is_given_up)
{
    struct tree t;
    struct box laptop[2];
    char text[128];
    tree_new(&t);
    sync_all(&t);
    for (int i = 0; i < 2; i++) {
        box_new(&laptop[i], "330106005055");
        enrol(&t.comm, &laptop[i], "330106005055", LN_ROLE_LAPTOP, i == 0 ? "07" : "08");
        if (i == 0)
            seal(&t.comm); /* the second one's are not sealed yet */
    }
    struct ln_id kept = add(&t.comm, "notice", "public", "{\"title\":\"留\"}", NULL);
    revoke(&t.dist, t.comm.c.id);

    rekey(&t.dist, &t.comm, "330106005055", LN_ROLE_COMMUNITY);
    sync_all(&t);
    sync_all(&t);

    cell(text, &t.dist, SQL_TITLE, &kept);
    assert_string_equal(text, "留");
    for (int i = 0; i < 2; i++) {
        assert_null(ln_authority_find(ln_replica_authority(t.dist.r), laptop[i].c.id));
        box_end(&laptop[i]);
    }
    struct ln_digest a = digest(&t.comm, "public");
    struct ln_digest b = digest(&t.dist, "public");
    assert_memory_equal(a.b, b.b, sizeof a.b);
    sound(&t.comm);
    sound(&t.dist);
    tree_end(&t);
}

static void close_ticket(struct box *b, const struct ln_id *ticket)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_STEP,
                          .collection = "ticket",
                          .record = *ticket,
                          .fields = ln_span_of("{\"action\":\"close\",\"to\":\"done\"}") };

    MUST(draft(b, &d, &err));
    seal(b);
}

/* The district was closed while it answered tickets of its community: what it wrote into its
 * down-log behind the end is taken over as well, in the order of its logs; receipts are not shown.
 */
TEST(honest_late_work_in_a_down_log_is_taken_over_too_and_counts_below)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct seen s;
    struct told told = { "", "", true };
    struct ln_id ticket[3];
    char text[128];
    unsigned n;
    unsigned unreadable;
    tree_new(&t);
    for (int i = 0; i < 3; i++)
        ticket[i] = add(&t.comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    sync_all(&t);
    close_ticket(&t.dist, &ticket[0]);
    sync_all(&t);
    revoke(&t.prov, t.dist.c.id);
    seal(&t.prov);
    close_ticket(&t.dist, &ticket[1]);
    MUST(carry(&t.dist, &t.comm, t.down, &err) == LN_OK); /* which has not heard of it */
    (void)add(&t.comm, "notice", "public", "{\"title\":\"x\"}", NULL);
    seal(&t.comm);
    MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK); /* a receipt behind the end */
    close_ticket(&t.dist, &ticket[2]);
    struct ln_id notice = add(&t.dist, "notice", "public", "{\"title\":\"晚\"}", NULL);
    seal(&t.dist);
    MUST(carry(&t.prov, &t.comm, t.prov.c.id, &err) == LN_OK);
    cell(text, &t.comm, SQL_STATE, &ticket[1]);
    assert_string_not_equal(text, "done");
    bring_late(&t.dist, &t.prov, t.dist.c.id);
    MUST(late(&t.prov, t.dist.c.id, false, &s, &n, &err)); /* the down-log's has not come */
    assert_int_equal(n, 1);
    bring_late(&t.dist, &t.prov, t.down);

    MUST(late(&t.prov, t.dist.c.id, true, &s, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(s.n, 3);
    assert_string_equal(s.log, t.down); /* behind its own */
    seal(&t.prov);
    MUST(carry(&t.prov, &t.comm, t.prov.c.id, &err) == LN_OK);
    MUST(carry(&t.prov, &t.comm, t.down2, &err) == LN_OK);

    struct box *const both[] = { &t.prov, &t.comm };
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++) {
            cell(text, both[i], SQL_STATE, &ticket[k]);
            assert_string_equal(text, "done");
        }
        cell(text, both[i], SQL_TITLE, &notice);
        assert_string_equal(text, "晚");
        MUST(ln_replica_history(both[i]->c.store, &ticket[2], tell, &told, &err));
        assert_string_equal(told.log, t.down);
        assert_string_equal(told.by, t.down2);
    }
    struct ln_digest a = digest(&t.prov, UP);
    struct ln_digest b = digest(&t.comm, UP);
    assert_memory_equal(a.b, b.b, sizeof a.b);
    MUST(late(&t.prov, t.dist.c.id, true, &s, &n, &err)); /* once is enough */
    assert_int_equal(n, 0);
    s = (struct seen){ 0 };
    MUST(ln_replica_begin(t.prov.r, &err));
    MUST(ln_replica_late(t.prov.r, t.dist.c.id, 1, false, &n, &unreadable, see, &s, &err));
    ln_replica_rollback(t.prov.r);
    assert_int_equal(s.n, 1); /* with a number its own log alone */
    assert_string_equal(s.log, t.dist.c.id);
    sound(&t.prov);
    sound(&t.comm);
    cell(text, &t.comm, SQL_STATE, &ticket[2]);
    assert_string_equal(text, "done");
    tree_end(&t);
}

RUN_TESTS(T(honest_late_work_in_a_down_log_is_taken_over_too_and_counts_below),
          T(late_work_is_shown_of_revoked_nodes_below_alone_as_far_as_it_is_here),
          T(lines_of_the_protocol_stay_behind_in_the_branch_that_is_given_up),
          T(honest_late_work_of_a_lost_laptop_is_looked_at_and_taken_over),
          T(what_a_district_takes_over_of_a_stolen_box_counts_everywhere_as_the_boxs),
          T(a_quote_by_a_node_that_may_not_is_refused),
          T(both_branches_of_a_fork_end_up_in_the_new_log_and_clashes_are_conflicts))
