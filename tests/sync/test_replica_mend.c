/* What a disk has damaged of a segment comes back from whoever has it, parent or child, and from
 * nobody who gives anything else. */
#include "tests/lib/disk.h"
#include "tests/lib/peer.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"

#define UP "330106005055/330000000000"
#define HERE "330106005055/c"
#define OWN " log = (SELECT n FROM log WHERE mine = 1 AND instr(id, '.') = 0)"

static void sql(struct ln_sqlstore *store, const char *text)
{
    struct ln_err err = { 0 };

    MUST(ln_db_exec(ln_sqlstore_db(store), text, &err));
}

static uint64_t bad_of(struct ln_replica *r)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(r, &report, NULL, NULL, &err));
    return report.bad;
}

/* Gives objects out of a pack, and lies about the nth. */
struct giver {
    struct ln_buf pack;
    unsigned asked, lie; /* 0: honest */
    bool nothing;
    const char *kind; /* while one is looked for */
    const struct ln_sha1 *name;
    struct ln_buf *out;
};

static bool take_object(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name,
                        const void *data, size_t len, struct ln_err *err)
{
    static const char *const words[] = { "", "commit", "tree", "blob" };
    struct giver *g = ctx;

    (void)err;
    if (strcmp(words[kind], g->kind) == 0 && memcmp(name, g->name, sizeof *name) == 0)
        ln_buf_add(g->out, data, len);
    return true;
}

static bool give(void *ctx, struct ln_buf *out, const char *kind, const struct ln_sha1 *name)
{
    struct giver *g = ctx;
    struct ln_err err = { 0 };

    if (g->nothing)
        return false;
    if (++g->asked == g->lie) {
        ln_buf_adds(out, "something else");
        return true;
    }
    g->kind = kind;
    g->name = name;
    g->out = out;
    MUST(ln_pack_read(g->pack.data, g->pack.len, take_object, g, &err));
    return out->len > 0;
}

static void pack_of(struct giver *g, struct box *from, struct box *to, const char *log,
                    uint64_t seq)
{
    struct ln_err err = { 0 };
    uint64_t last;

    ln_buf_clear(&g->pack);
    MUST(ln_replica_slice(&g->pack, &last, from->c.store, ln_replica_authority(from->r), log, seq,
                          ln_authority_find(ln_replica_authority(from->r), to->c.id), 1, &err));
}

static bool mend(struct box *b, const char *log, uint64_t seq, struct giver *g)
{
    struct ln_err err = { 0 };
    bool mended;

    g->asked = 0;
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_mend(b->r, log, seq, give, g, &mended, &err));
    MUST(ln_replica_commit(b->r, &err));
    return mended;
}

/* Four segments of the community, each with a public file and sealed ones, at all levels. */
static void four(struct tree *t)
{
    tree_new(t);
    for (int i = 0; i < 4; i++) {
        (void)add(&t->comm, "notice", "public", "{\"title\":\"通知\"}", NULL);
        (void)add(&t->comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
        (void)add(&t->comm, "person", HERE, "{\"job\":\"b\"}", "{\"name\":\"王二\"}");
        sync_all(t);
    }
    assert_true(head(&t->comm, t->comm.c.id) > 3);
    assert_int_equal(bad_of(t->comm.r), 0);
}

static const char *const DAMAGES[] = {
    "UPDATE segment SET commit_object = zeroblob(300)",
    "UPDATE segment SET commit_object = NULL",
    "UPDATE segment SET tree_object = zeroblob(30)",
    "UPDATE segment SET tree_object = NULL",
    "UPDATE segment SET sha = zeroblob(32)",
    "UPDATE file SET bytes = randomblob(length(bytes))",
    "UPDATE file SET bytes = zeroblob(0), sha = zeroblob(32)",
    "DELETE FROM file",
    "DELETE FROM segment",
};
#define N_DAMAGES (sizeof DAMAGES / sizeof DAMAGES[0])

static void damage(struct ln_sqlstore *store, size_t which, unsigned seq)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s WHERE seq = %u AND" OWN, DAMAGES[which], seq);
    sql(store, text);
}

TEST(whatever_is_damaged_of_a_segment_comes_back_from_who_has_it)
{
    struct tree t;
    struct giver g = { .pack = ln_buf_new(LN_PACK_MAX) };
    four(&t);
    unsigned last = (unsigned)head(&t.comm, t.comm.c.id);
    const unsigned seqs[] = { 1, 2, last };

    for (size_t i = 0; i < sizeof seqs / sizeof seqs[0]; i++) {
        pack_of(&g, &t.dist, &t.comm, t.comm.c.id, seqs[i]);
        for (size_t k = 0; k < N_DAMAGES; k++) {
            damage(t.comm.store, k, seqs[i]);
            assert_true(bad_of(t.comm.r) > 0);

            bool mended = mend(&t.comm, t.comm.c.id, seqs[i], &g);

            if (!mended || bad_of(t.comm.r) != 0)
                fail_msg("segment %u: %s", seqs[i], DAMAGES[k]);
        }
        assert_false(mend(&t.comm, t.comm.c.id, seqs[i], &g)); /* nothing is damaged any more */
    }

    ln_buf_free(&g.pack);
    tree_end(&t);
}

TEST(what_nobody_has_or_is_not_what_was_signed_changes_nothing)
{
    struct tree t;
    struct giver g = { .pack = ln_buf_new(LN_PACK_MAX) };
    four(&t);
    pack_of(&g, &t.dist, &t.comm, t.comm.c.id, 2);

    for (size_t k = 0; k < N_DAMAGES; k++) {
        damage(t.comm.store, k, 2);
        uint64_t bad = bad_of(t.comm.r);
        g.nothing = true;
        bool needs = !mend(&t.comm, t.comm.c.id, 2, &g);
        g.nothing = false;
        if (needs) { /* all but a name that the segment behind it tells */
            assert_int_equal(bad_of(t.comm.r), bad);
            for (g.lie = 1;; g.lie++) {
                bool mended = mend(&t.comm, t.comm.c.id, 2, &g);
                if (g.asked < g.lie) {
                    assert_true(mended);
                    break;
                }
                assert_false(mended);
                assert_int_equal(bad_of(t.comm.r), bad);
            }
            g.lie = 0;
        }
        assert_int_equal(bad_of(t.comm.r), 0);
    }

    ln_buf_free(&g.pack);
    tree_end(&t);
}

TEST(a_copy_gets_back_what_it_had_and_not_what_was_never_for_it)
{
    struct tree t;
    struct giver g = { .pack = ln_buf_new(LN_PACK_MAX) };
    char text[256];
    char before[128];
    char after[128];
    static const char count[] =
        "SELECT count(*) || ' ' || count(bytes) || ' ' || sum(length(bytes)) FROM file WHERE seq = "
        "3 AND log = (SELECT n FROM log WHERE id NOT LIKE '%.%' AND id LIKE '330106005055-%')"
        " AND ? IS NOT NULL";
    four(&t);
    struct ln_id none = { { 0 } };
    cell(before, &t.prov, count, &none);

    for (int whole = 0; whole < 2; whole++) {
        (void)snprintf(text, sizeof text,
                       whole ? "DELETE FROM segment WHERE seq = 3 AND log = (SELECT n FROM log "
                               "WHERE id = '%s')"
                             : "UPDATE segment SET tree_object = NULL WHERE seq = 3 AND log = "
                               "(SELECT n FROM log WHERE id = '%s')",
                       t.comm.c.id);
        sql(t.prov.store, text);
        if (whole) {
            (void)snprintf(text, sizeof text,
                           "DELETE FROM file WHERE seq = 3 AND log = (SELECT n FROM log WHERE id = "
                           "'%s')",
                           t.comm.c.id);
            sql(t.prov.store, text);
        }
        pack_of(&g, &t.dist, &t.prov, t.comm.c.id, 3);
        assert_true(mend(&t.prov, t.comm.c.id, 3, &g));
        cell(after, &t.prov, count, &none);
        assert_string_equal(after, before);
    }

    assert_int_equal(bad_of(t.prov.r), 0);
    ln_buf_free(&g.pack);
    tree_end(&t);
}

TEST(of_two_neighbours_the_later_one_comes_first)
{
    struct tree t;
    struct giver second = { .pack = ln_buf_new(LN_PACK_MAX) };
    struct giver third = { .pack = ln_buf_new(LN_PACK_MAX) };
    four(&t);
    damage(t.comm.store, 0, 2);
    damage(t.comm.store, N_DAMAGES - 1, 3); /* nothing names the second now */
    pack_of(&second, &t.dist, &t.comm, t.comm.c.id, 2);
    pack_of(&third, &t.dist, &t.comm, t.comm.c.id, 3);

    assert_false(mend(&t.comm, t.comm.c.id, 2, &second));
    assert_true(mend(&t.comm, t.comm.c.id, 3, &third));
    assert_true(mend(&t.comm, t.comm.c.id, 2, &second));

    assert_int_equal(bad_of(t.comm.r), 0);
    ln_buf_free(&second.pack);
    ln_buf_free(&third.pack);
    tree_end(&t);
}

TEST(what_is_no_segment_here_is_not_mended)
{
    struct tree t;
    struct giver g = { .pack = ln_buf_new(LN_PACK_MAX) };
    four(&t);
    pack_of(&g, &t.dist, &t.comm, t.comm.c.id, 2);

    assert_false(mend(&t.comm, t.comm.c.id, 0, &g));
    assert_false(mend(&t.comm, t.comm.c.id, head(&t.comm, t.comm.c.id) + 1, &g));
    assert_false(mend(&t.comm, "330106005055-aaaaaaaaaaaaaaaa", 1, &g));
    assert_false(mend(&t.comm, "", 1, &g));
    assert_int_equal(g.asked, 0);
    sql(t.comm.store, "UPDATE file SET name = 'zzzz' WHERE seq = 2 AND name = 'public.jsonl' "
                      "AND" OWN); /* one more than was signed: nothing tells which */
    assert_false(mend(&t.comm, t.comm.c.id, 2, &g));

    ln_buf_free(&g.pack);
    tree_end(&t);
}

TEST(a_mending_that_the_disk_stops_is_done_again)
{
    struct tree t;
    struct giver g = { .pack = ln_buf_new(LN_PACK_MAX) };
    four(&t);
    pack_of(&g, &t.dist, &t.comm, t.comm.c.id, 2);

    for (unsigned n = 1;; n++) {
        struct ln_err err = { 0 };
        bool mended;
        damage(t.comm.store, 2, 2);
        damage(t.comm.store, 5, 2);
        disk_fail(n, false);
        bool ok = ln_replica_begin(t.comm.r, &err);
        ok = ok && ln_replica_mend(t.comm.r, t.comm.c.id, 2, give, &g, &mended, &err);
        ok = ok ? ln_replica_commit(t.comm.r, &err) : (ln_replica_rollback(t.comm.r), false);
        bool failed = disk_failed();
        disk_fail(0, false);
        assert_int_equal(ok, !failed);
        if (failed) {
            assert_int_equal(err.code, LN_BUSY);
            assert_true(bad_of(t.comm.r) > 0);
            continue;
        }
        assert_true(mended && n > 5);
        break;
    }

    assert_int_equal(bad_of(t.comm.r), 0);
    ln_buf_free(&g.pack);
    tree_end(&t);
}

/* ---- between nodes */

struct world {
    int64_t clock;
    struct peer prov, dist, comm;
    struct ln_id person;
};

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->prov, &w->clock, NULL, "330000000000", LN_ROLE_PROVINCE, "");
    peer_new(&w->dist, &w->clock, &w->prov, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    for (int i = 0; i < 3; i++) {
        (void)peer_add(&w->dist, "notice", "public", "{\"title\":\"区\"}", NULL);
        w->person = peer_add(&w->comm, "person", HERE, "{\"job\":\"b\"}", "{\"name\":\"王二\"}");
        peer_sync(&w->comm, NULL);
        peer_sync(&w->dist, NULL);
        peer_sync(&w->comm, NULL);
    }
}

static void world_end(struct world *w)
{
    peer_end(&w->comm);
    peer_end(&w->dist);
    peer_end(&w->prov);
}

struct note {
    const char *log;
    uint64_t seq;
    bool again;
};

static bool note_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct note *n = arg;

    return ln_replica_damage_note(r, &n->again, n->log, n->seq, err);
}

static bool note(struct peer *p, const char *log, uint64_t seq)
{
    struct note n = { .log = log, .seq = seq };
    struct ln_err err = { 0 };

    MUST(peer_write(p, note_job, &n, &err));
    return n.again;
}

static size_t noted(struct peer *p, struct ln_damages *x)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_damages(x, p->c.store, NULL, NULL, NULL, &err));
    return x->n;
}

/* Damages a segment of a log and notes it. */
static void ruin(struct peer *p, const char *log, unsigned seq)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "UPDATE file SET bytes = randomblob(length(bytes)) WHERE seq = %u AND log = "
                   "(SELECT n FROM log WHERE id = '%s')",
                   seq, log);
    sql(p->store, text);
    assert_true(bad_of(p->r) > 0);
    assert_false(note(p, log, seq));
}

TEST(a_child_gets_from_its_parent_what_its_disk_damaged)
{
    struct world w;
    struct ln_damages x;
    struct ln_exchange_report report;
    world_new(&w);
    ruin(&w.comm, w.comm.c.id, 2);
    ruin(&w.comm, w.comm.c.id, 3);
    ruin(&w.comm, w.dist.c.id, 1);
    assert_true(note(&w.comm, w.comm.c.id, 3)); /* it waits already */
    assert_int_equal(noted(&w.comm, &x), 2);

    peer_sync(&w.comm, NULL);
    assert_int_equal(noted(&w.comm, &x), 1);
    assert_int_equal(x.list[0].seq, 3);
    peer_sync(&w.comm, NULL);

    assert_int_equal(noted(&w.comm, &x), 0);
    assert_int_equal(bad_of(w.comm.r), 0);
    peer_sync(&w.comm, &report);
    assert_true(report.level && report.requests == 1);
    world_end(&w);
}

TEST(a_parent_gets_from_its_child_what_its_disk_damaged)
{
    struct world w;
    struct ln_damages x;
    struct ln_exchange_report report;
    world_new(&w);
    ruin(&w.dist, w.comm.c.id, 2); /* the child's own, which it alone has whole */
    ruin(&w.dist, w.dist.c.id, 2); /* its own, which the child holds as well */

    peer_sync(&w.comm, NULL);

    assert_int_equal(noted(&w.dist, &x), 0);
    assert_int_equal(bad_of(w.dist.r), 0);
    peer_sync(&w.comm, &report);
    assert_true(report.level && report.requests == 1);
    peer_rebuild(&w.dist);
    world_end(&w);
}

TEST(what_the_neighbours_do_not_have_waits_and_keeps_nothing_else_back)
{
    struct world w;
    struct ln_damages x;
    struct ln_exchange_report report;
    char other[LN_LOG_MAX];
    world_new(&w);
    (void)snprintf(other, sizeof other, "%s.330106005055", w.prov.c.id);
    (void)note(&w.comm, other, 7);        /* a log that the parent has not for us */
    (void)note(&w.comm, w.comm.c.id, 99); /* a segment that it has not */
    (void)note(&w.dist, w.comm.c.id, 99);
    (void)note(&w.dist, other, 7); /* nothing that the child may have: it is not told */

    (void)peer_add(&w.comm, "person", HERE, "{\"job\":\"neu\"}", NULL);
    for (int i = 0; i < 3; i++) {
        peer_sync(&w.comm, &report);
        assert_true(report.level);
    }

    assert_int_equal(noted(&w.comm, &x), 2);
    assert_int_equal(noted(&w.dist, &x), 2);
    world_end(&w);
}

TEST(logs_that_the_neighbour_does_not_have_stand_in_nobody_s_way)
{
    struct world w;
    struct ln_damages x;
    char log[LN_LOG_MAX];
    world_new(&w);
    ruin(&w.comm, w.comm.c.id, 2);
    ruin(&w.dist, w.comm.c.id, 3);
    for (unsigned i = 0; i < LN_DAMAGES_MAX; i++) { /* ahead of it in the list */
        (void)snprintf(log, sizeof log, "110101001001-aaaaaaaaaaaaaaa%c", 'a' + (char)i);
        (void)note(&w.comm, log, 1);
        (void)note(&w.dist, log, 1);
    }

    peer_sync(&w.comm, NULL);

    assert_int_equal(bad_of(w.comm.r), 0);
    assert_int_equal(bad_of(w.dist.r), 0);
    assert_int_equal(noted(&w.comm, &x), LN_DAMAGES_MAX);
    world_end(&w);
}

TEST(segments_of_one_log_take_turns_and_a_full_list_takes_no_more)
{
    struct world w;
    struct ln_damages x;
    char log[LN_LOG_MAX];
    world_new(&w);
    ruin(&w.comm, w.comm.c.id, 3);
    sql(w.dist.store, "DELETE FROM meta WHERE key LIKE 'mend/%'");
    (void)note(&w.comm, w.comm.c.id, 97);
    (void)note(&w.comm, w.comm.c.id, 13); /* ends in a number that is there, too */
    assert_int_equal(noted(&w.comm, &x), 1);
    assert_int_equal(x.list[0].seq, 3);

    peer_sync(&w.comm, NULL);
    assert_int_equal(noted(&w.comm, &x), 1);
    assert_int_equal(x.list[0].seq, 97);
    peer_sync(&w.comm, NULL);
    assert_int_equal(noted(&w.comm, &x), 1);
    assert_int_equal(x.list[0].seq, 13);

    for (unsigned i = 0; i < 200; i++)
        (void)note(&w.comm, w.comm.c.id, UINT64_C(9007199254740991) - i);
    assert_false(note(&w.comm, w.comm.c.id, 5000000000000));
    assert_false(note(&w.comm, w.comm.c.id, 5000000000000)); /* was not taken: asked again later */
    for (unsigned i = 0; i < 9; i++) {
        (void)snprintf(log, sizeof log, "330106005055-aaaaaaaaaaaaaaa%u", i);
        (void)note(&w.comm, log, 1);
    }
    assert_int_equal(noted(&w.comm, &x), LN_DAMAGES_MAX);
    peer_sync(&w.comm, NULL);
    world_end(&w);
}

/* A request of the child's, signed by it. */
static int post(struct world *w, const char *log, const char *query, const char *body)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_err err = { 0 };
    struct ln_span nonce;
    struct ln_span value;

    ln_message_init(&request, 0);
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    memcpy(request.method, "GET", 4);
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/hello");
    ln_exchange_serve(w->dist.server, &request, &response);
    assert_true(
        ln_canon_get((struct ln_span){ response.body.data, response.body.len }, "nonce", &value) &&
        ln_canon_plain(value, &nonce));
    char text[LN_HTTPSIG_NONCE_MAX];
    (void)snprintf(text, sizeof text, "%.*s", (int)nonce.len, nonce.p);
    ln_message_free(&request);
    ln_message_free(&response);
    ln_message_init(&request, LN_MESSAGE_BODY_MAX);
    memcpy(request.method, "POST", 5);
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/log/%s", log);
    (void)snprintf(request.query, sizeof request.query, "%s", query);
    memcpy(request.to, w->dist.c.id, sizeof request.to);
    ln_buf_adds(&request.body, body);
    MUST(ln_message_sign(&request, w->comm.c.id, text, w->clock / 1000, &w->comm.c.key, &err));
    ln_exchange_serve(w->dist.server, &request, &response);
    int status = response.status;
    ln_message_free(&request);
    ln_message_free(&response);
    return status;
}

TEST(a_child_that_brings_something_else_than_was_asked_for_mends_nothing)
{
    struct world w;
    struct ln_damages x;
    char other[LN_LOG_MAX];
    world_new(&w);
    (void)snprintf(other, sizeof other, "%s.330106005055", w.prov.c.id);
    ruin(&w.dist, w.comm.c.id, 2);
    uint64_t bad = bad_of(w.dist.r);

    assert_int_equal(post(&w, w.comm.c.id, "mend=2", "no pack"), 200);
    assert_int_equal(post(&w, w.comm.c.id, "mend=3", "no pack"), 200); /* not asked for */
    assert_int_equal(post(&w, w.comm.c.id, "mend=x", ""), 400);
    assert_int_equal(post(&w, w.comm.c.id, "mend=", ""), 400);
    assert_int_equal(post(&w, other, "mend=1", ""), 404);

    assert_int_equal(bad_of(w.dist.r), bad);
    assert_int_equal(noted(&w.dist, &x), 1);
    peer_sync(&w.comm, NULL);
    assert_int_equal(noted(&w.dist, &x), 0);
    assert_int_equal(bad_of(w.dist.r), 0);
    world_end(&w);
}

RUN_TESTS(T(whatever_is_damaged_of_a_segment_comes_back_from_who_has_it),
          T(what_nobody_has_or_is_not_what_was_signed_changes_nothing),
          T(a_copy_gets_back_what_it_had_and_not_what_was_never_for_it),
          T(of_two_neighbours_the_later_one_comes_first), T(what_is_no_segment_here_is_not_mended),
          T(a_mending_that_the_disk_stops_is_done_again),
          T(a_child_gets_from_its_parent_what_its_disk_damaged),
          T(a_parent_gets_from_its_child_what_its_disk_damaged),
          T(what_the_neighbours_do_not_have_waits_and_keeps_nothing_else_back),
          T(logs_that_the_neighbour_does_not_have_stand_in_nobody_s_way),
          T(segments_of_one_log_take_turns_and_a_full_list_takes_no_more),
          T(a_child_that_brings_something_else_than_was_asked_for_mends_nothing))
