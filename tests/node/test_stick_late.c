/* What a revoked district wrote behind its ends, in its own log and in one down to a community,
 * brought on a stick to the province above it. */
#include "node/stick.h"

#include <stdio.h>
#include <string.h>

#include "node/bundle.h"
#include "node/disk.h"
#include "tests/lib/place.h"
#include "tests/lib/tree.h"

#define UP "330106005055/330000000000"
#define LATE 11 /* segments of each log: names of two lengths */

struct world {
    struct place p;
    struct box dist, comm;
    char down[LN_LOG_MAX], folder[128];
};

struct issuing {
    struct ln_cert want;
    struct ln_buf f;
};

static bool issue_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct issuing *x = arg;

    return ln_replica_issue(r, &x->f, &x->want, err);
}

struct chain {
    char f[4][8192], author[4][LN_NODE_ID_MAX];
    size_t len[4], n;
};

static bool take_cert(void *ctx, const char *author, bool revoke, struct ln_span f,
                      struct ln_err *err)
{
    struct chain *c = ctx;

    (void)err;
    if (revoke)
        return true;
    assert_true(c->n < 4 && f.len < sizeof c->f[0]);
    memcpy(c->f[c->n], f.p, f.len);
    c->len[c->n] = f.len;
    (void)snprintf(c->author[c->n++], LN_NODE_ID_MAX, "%s", author);
    return true;
}

static bool chain_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);

    return s->ops->cert_each(s->ctx, take_cert, arg, err);
}

/* The district under the place's node. */
static void enrol_under(struct world *w)
{
    struct issuing x = { .want = { .role = LN_ROLE_DISTRICT }, .f = ln_buf_new(65536) };
    struct chain *c = calloc(1, sizeof *c);
    struct ln_span f[4];
    const char *author[4];
    struct ln_err err = { 0 };

    ln_key_public(&x.want.key, &w->dist.c.key);
    ln_key_ident_public(&x.want.age, &w->dist.c.ident);
    (void)snprintf(x.want.region, sizeof x.want.region, "330106000000");
    (void)snprintf(x.want.node, sizeof x.want.node, "%s", w->dist.c.id);
    (void)snprintf(x.want.name, sizeof x.want.name, "district");
    MUST(ln_queue_write(w->p.n->queue, issue_job, &x, &err));
    MUST(ln_queue_write(w->p.n->queue, chain_job, c, &err));
    for (size_t i = 0; i < c->n; i++) {
        f[i] = (struct ln_span){ c->f[i], c->len[i] };
        author[i] = c->author[i];
    }
    MUST(ln_replica_begin(w->dist.r, &err));
    MUST(ln_replica_adopt(w->dist.r, f, author, c->n, &err));
    MUST(ln_replica_commit(w->dist.r, &err));
    ln_buf_free(&x.f);
    free(c);
}

struct bringing {
    const char *log;
    struct ln_buf pack;
};

static bool receive_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct bringing *x = arg;
    struct ln_receive got = { 0 };
    bool ok = ln_replica_receive(r, &got, x->log, x->pack.data, x->pack.len, NULL, err);

    ln_buf_free(&got.receipt);
    return ok;
}

static void up(struct world *w, const char *log)
{
    struct bringing x = { log, ln_buf_new(LN_PACK_MAX) };
    struct ln_err err = { 0 };
    uint64_t last;
    const struct ln_authority *a = ln_replica_authority(w->dist.r);

    MUST(ln_replica_slice(&x.pack, &last, w->dist.c.store, a, log, 1,
                          ln_authority_find(a, w->p.n->id), LN_PACK_MAX, &err));
    MUST(ln_queue_write(w->p.n->queue, receive_job, &x, &err));
    ln_buf_free(&x.pack);
}

static bool revoke_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    uint64_t after = UINT64_MAX;

    return ln_replica_revoke(r, arg, &after, err);
}

/* The last segment of a log as a file of its own. */
static void bundle(struct world *w, const char *log)
{
    struct ln_buf file = ln_buf_new(LN_BUNDLE_MAX);
    struct ln_store_log l;
    struct ln_err err = { 0 };
    char name[LN_LOG_MAX + 32];
    uint64_t last;
    const struct ln_authority *a = ln_replica_authority(w->dist.r);

    MUST(w->dist.c.store->ops->log_get(w->dist.c.store->ctx, &l, log, &err));
    MUST(ln_bundle_write(&file, &last, w->dist.c.store, a, &l, l.head,
                         ln_authority_find(a, w->p.n->id), &err));
    (void)snprintf(name, sizeof name, "%s-%u.bundle", log, (unsigned)l.head);
    MUST(ln_disk_write(w->folder, name, file.data, file.len, &err));
    ln_buf_free(&file);
}

static void world_new(struct world *w)
{
    struct ln_err err = { 0 };

    place_open_as(&w->p, "330000000000", LN_ROLE_PROVINCE);
    clock_ms = place_now(&w->p);
    box_new(&w->dist, "330106000000");
    box_new(&w->comm, "330106005055");
    enrol_under(w);
    enrol(&w->dist, &w->comm, "330106005055", LN_ROLE_COMMUNITY, NULL);
    (void)snprintf(w->down, sizeof w->down, "%s.330106005055", w->dist.c.id);
    (void)add(&w->comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}"); /* mints the epoch */
    seal(&w->comm);
    seal(&w->dist);
    MUST(carry(&w->comm, &w->dist, w->comm.c.id, &err) == LN_OK);
    (void)add(&w->dist, "notice", UP, "{\"title\":\"early\"}", NULL);
    seal(&w->dist);
    up(w, w->dist.c.id);
    up(w, w->down);
    up(w, w->comm.c.id);
    MUST(ln_queue_write(w->p.n->queue, revoke_job, w->dist.c.id, &err));
    test_mkdir(w->folder);
    for (int i = 0; i < LATE; i++) {
        (void)add(&w->dist, "notice", "public", "{\"title\":\"late\"}", NULL);
        (void)add(&w->dist, "notice", UP, "{\"title\":\"late below\"}", NULL);
        seal(&w->dist);
        bundle(w, w->dist.c.id);
        bundle(w, w->down);
    }
}

static void world_end(struct world *w)
{
    test_rmdir(w->folder);
    box_end(&w->comm);
    box_end(&w->dist);
    place_close(&w->p);
}

struct looking {
    const char *node;
    unsigned own, below, n, unreadable;
    bool mixed; /* a line of its own log behind one of the down-log */
};

static bool look(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    struct looking *x = ctx;
    bool own = strcmp(l->log, x->node) == 0;

    (void)err;
    assert_true(l->why == NULL);
    x->mixed = x->mixed || (own && x->below > 0);
    x->own += own;
    x->below += !own;
    return true;
}

static bool look_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct looking *x = arg;

    return ln_replica_late(r, x->node, 0, false, &x->n, &x->unreadable, look, x, err);
}

TEST(a_stick_of_a_revoked_district_brings_its_down_logs_too_each_in_order)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_stick_report r = { .failed = 0 };
    world_new(&w);
    struct looking x = { .node = w.dist.c.id };
    assert_false(ln_queue_write(w.p.n->queue, look_job, &x, &err));
    assert_int_equal(err.code, LN_MISSING);

    MUST(ln_stick_late(&r, w.p.n, w.dist.c.id, w.folder, &err));

    assert_int_equal(r.segments, 2 * LATE);
    MUST(ln_queue_write(w.p.n->queue, look_job, &x, &err));
    assert_int_equal(x.own, LATE);
    assert_int_equal(x.below, LATE);
    assert_int_equal(x.n, 2 * LATE);
    assert_int_equal(x.unreadable, 0);
    assert_false(x.mixed);
    world_end(&w);
}

TEST(a_folder_that_holds_nothing_of_the_node_is_said_to)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_stick_report r = { .failed = 0 };
    world_new(&w);

    assert_false(ln_stick_late(&r, w.p.n, w.comm.c.id, w.folder, &err));

    assert_int_equal(err.code, LN_MISSING);
    assert_int_equal(r.segments, 0);
    world_end(&w);
}

RUN_TESTS(T(a_stick_of_a_revoked_district_brings_its_down_logs_too_each_in_order),
          T(a_folder_that_holds_nothing_of_the_node_is_said_to))
