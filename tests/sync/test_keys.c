/* Subject keys between nodes: bodies that are none, escrow given back to a new box, wishes. */
#include "tests/lib/mutate.h"
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "sync/keys.h"

#define UP "330106005055/330106000000"

struct world {
    int64_t clock;
    struct peer dist, comm;
};

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->dist, &w->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
}

static void world_end(struct world *w)
{
    peer_end(&w->comm);
    peer_end(&w->dist);
}

struct body {
    struct ln_buf *out;
    unsigned n;
};

static bool pending_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct body *b = arg;

    return ln_keys_pending(b->out, &b->n, r, err);
}

static void unpack(struct ln_buf *json, const struct ln_buf *body)
{
    unsigned long long size = ZSTD_getFrameContentSize(body->data, body->len);

    assert_true(size < LN_KEYS_JSON_MAX);
    assert_int_equal(
        ZSTD_decompress(ln_buf_grow(json, (size_t)size), (size_t)size, body->data, body->len),
        size);
}

struct taking {
    struct world *w;
    bool escrow; /* as a page of escrow at the child, else as keys at the parent */
    unsigned tried, taken;
};

static bool take_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    void **x = arg;
    struct taking *t = x[0];
    char place[LN_KEYS_PLACE_MAX];
    unsigned n;

    return t->escrow
               ? ln_keys_restore(&n, place, r, *(struct ln_span *)x[1], err)
               : ln_keys_take(&n, r, *(struct ln_span *)x[1], ln_replica_self(t->w->comm.r), err);
}

static void take_packed(struct taking *t, const void *data, size_t len)
{
    struct ln_span body = { data, len };
    void *x[] = { t, &body };
    struct ln_err err = { 0 };

    t->tried++;
    if (peer_write(t->escrow ? &t->w->comm : &t->w->dist, take_job, x, &err))
        t->taken++;
    else
        assert_true(err.code == LN_INVALID || err.code == LN_DENIED);
}

static void try_json(void *ctx, const char *text, size_t len)
{
    char packed[16384];
    size_t n = ZSTD_compress(packed, sizeof packed, text, len, 1);

    assert_false(ZSTD_isError(n));
    take_packed(ctx, packed, n);
}

static void try_bytes(void *ctx, const char *text, size_t len)
{
    take_packed(ctx, text, len);
}

TEST(a_list_of_keys_with_anything_changed_is_refused_or_gives_no_key_twice)
{
    struct world w;
    struct ln_buf body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct body b = { &body, 0 };
    struct ln_err err = { 0 };
    world_new(&w);
    struct taking t = { .w = &w };
    struct ln_id id = peer_add(&w.comm, "person", UP, NULL, "{\"name\":\"李一\"}");
    MUST(peer_write(&w.comm, pending_job, &b, &err));
    assert_int_equal(b.n, 2);
    unpack(&json, &body);

    mutate_json((struct ln_span){ json.data, json.len }, try_json, &t);
    struct ln_buf head = ln_buf_new(64);
    ln_buf_add(&head, body.data, body.len < 24 ? body.len : 24);
    mutate_bytes(head.data, head.len, try_bytes, &t);
    assert_true(t.tried > 200);

    peer_sync(&w.comm, NULL);
    assert_string_equal(peer_cell(&w.dist, "person", "name", &id), "李一");
    ln_buf_free(&head);
    ln_buf_free(&json);
    ln_buf_free(&body);
    world_end(&w);
}

TEST(escrow_opens_with_the_paper_key_alone_page_by_page)
{
    struct world w;
    struct ln_ident paper;
    struct ln_ident wrong;
    struct ln_err err = { 0 };
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    unsigned n = 0;
    char place[LN_KEYS_PLACE_MAX] = "";
    world_new(&w);
    ln_key_ident_make(&paper);
    ln_key_ident_make(&wrong);
    ln_key_ident_public(&w.comm.c.recovery, &paper);
    peer_reopen(&w.comm, w.comm.schema);
    for (int i = 0; i < 3; i++) { /* a wrap each */
        (void)peer_add(&w.comm, "person", UP, NULL, "{\"name\":\"李一\"}");
        peer_sync(&w.comm, NULL);
    }

    assert_false(ln_exchange_escrow(w.comm.client, w.comm.c.id, &n, &err));
    assert_int_equal(err.code, LN_DENIED); /* no paper */
    peer_paper(&w.comm, &wrong);
    assert_false(ln_exchange_escrow(w.comm.client, w.comm.c.id, &n, &err));
    assert_int_equal(err.code, LN_DENIED);
    peer_paper(&w.comm, &paper);
    MUST(ln_exchange_escrow(w.comm.client, w.comm.c.id, &n, &err));
    assert_int_equal(n, 3);
    assert_false(ln_exchange_escrow(w.comm.client, w.dist.c.id, &n, &err));
    assert_int_equal(err.code, LN_DENIED); /* another's */

    struct ln_buf page = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    MUST(ln_keys_escrow(&page, &n, place, w.dist.c.store, w.comm.c.id, &err));
    assert_int_equal(n, 1);
    unpack(&json, &page);
    struct taking t = { .w = &w, .escrow = true };
    mutate_json((struct ln_span){ json.data, json.len }, try_json, &t);
    assert_true(t.tried > 100);
    peer_paper(&w.comm, NULL);
    ln_buf_free(&page);
    ln_buf_free(&json);
    world_end(&w);
}

TEST(what_a_laptop_seals_lies_in_escrow_above_its_box)
{
    struct world w;
    struct peer laptop;
    struct ln_ident paper;
    struct ln_err err = { 0 };
    unsigned n = 0;
    world_new(&w);
    ln_key_ident_make(&paper);
    ln_key_ident_public(&w.comm.c.recovery, &paper);
    peer_reopen(&w.comm, w.comm.schema);
    peer_new(&laptop, &w.clock, &w.comm, "330106005055", LN_ROLE_LAPTOP, "01");
    (void)peer_add(&laptop, "person", "330106005055/g01", NULL, "{\"name\":\"李一\"}");

    peer_sync(&laptop, NULL);
    peer_sync(&w.comm, NULL);

    peer_paper(&w.comm, &paper);
    MUST(ln_exchange_escrow(w.comm.client, w.comm.c.id, &n, &err));
    assert_int_equal(n, 1);
    peer_paper(&w.comm, NULL);
    peer_end(&laptop);
    world_end(&w);
}

TEST(a_key_of_an_audience_that_both_do_not_share_and_a_second_one_of_a_name_are_refused)
{
    struct world w;
    struct peer a;
    struct ln_buf body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    struct body b = { &body, 0 };
    struct ln_err err = { 0 };
    char sql[256];
    world_new(&w);
    peer_new(&a, &w.clock, &w.comm, "330106005055", LN_ROLE_LAPTOP, "01");
    (void)peer_add(&a, "person", "330106005055/g01", NULL, "{\"name\":\"李一\"}");
    MUST(peer_write(&a, pending_job, &b, &err));

    struct taking t = { .w = &w };
    take_packed(&t, body.data, body.len); /* the district is in no grid */
    assert_int_equal(t.taken, 0);
    peer_sync(&a, NULL);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s/keys.db' AS k; UPDATE k.key SET secret = zeroblob(32); DETACH k",
                   w.comm.dir);
    MUST(ln_db_exec(ln_sqlstore_db(w.comm.store), sql, &err));
    struct ln_span again = { body.data, body.len };
    struct taking box = { .w = &w };
    struct world other = w; /* as if the box were the receiver */
    other.dist = w.comm;
    other.comm = a;
    box.w = &other;
    take_packed(&box, again.p, again.len);
    assert_int_equal(box.taken, 0);
    ln_buf_free(&body);
    peer_end(&a);
    world_end(&w);
}

struct bodies {
    unsigned calls, n, least, most, fail_at;
};

static bool take_body(void *ctx, struct ln_span body, unsigned n, struct ln_err *err)
{
    struct bodies *b = ctx;

    b->calls++;
    b->n += n;
    b->most = n > b->most ? n : b->most;
    if (body.len == 0 || n == 0)
        fail_msg("an empty body");
    return b->calls != b->fail_at || ln_fail(err, LN_FULL, "the stick is full");
}

static bool each_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_keys_pending_each(r, take_body, arg, err);
}

#define MANY 1100 /* each is given twice: to the parent, and into escrow */

static bool save_many(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_draft d = { .op = LN_OP_ADD,
                          .collection = "person",
                          .audience = UP,
                          .sealed = ln_span_of("{\"name\":\"李一\"}") };

    (void)arg;
    for (unsigned i = 0; i < MANY; i++) {
        struct ln_draft one = d;
        if (!ln_replica_save(r, &one, 1, err))
            return false;
    }
    return true;
}

TEST(all_keys_that_the_parent_lacks_go_onto_a_stick_in_bodies_that_it_can_take)
{
    struct world w;
    struct ln_err err = { 0 };
    struct bodies b = { .n = 0 };
    world_new(&w);
    MUST(peer_write(&w.comm, each_job, &b, &err)); /* nothing to bring: no body */
    assert_int_equal(b.calls, 0);
    MUST(peer_write(&w.comm, save_many, NULL, &err));

    MUST(peer_write(&w.comm, each_job, &b, &err));

    assert_int_equal(b.n, 2 * MANY);
    assert_int_equal(b.calls, 2);
    assert_int_equal(b.most, LN_KEYS_BATCH);
    for (unsigned at = 1; at <= 2; at++) {
        struct bodies full = { .fail_at = at };
        err = (struct ln_err){ 0 };
        assert_false(peer_write(&w.comm, each_job, &full, &err));
        assert_int_equal(err.code, LN_FULL);
        assert_int_equal(full.calls, at);
    }
    world_end(&w);
}

static bool want_one(void *ctx, const char *kid)
{
    return strcmp(ctx, kid) == 0;
}

struct some {
    struct ln_span body;
    const struct ln_cert *from;
    const char *kid;
    unsigned n;
};

static bool some_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct some *x = arg;

    return ln_keys_take_some(&x->n, r, x->body, x->from, want_one, (void *)(uintptr_t)x->kid, err);
}

TEST(of_a_stick_that_is_not_trusted_only_the_keys_asked_for_are_taken)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_buf body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct body b = { &body, 0 };
    char kid[16] = "";
    world_new(&w);
    (void)peer_add(&w.comm, "person", UP, NULL, "{\"name\":\"李一\"}");
    (void)peer_add(&w.comm, "person", UP, NULL, "{\"name\":\"李二\"}");
    MUST(peer_write(&w.comm, pending_job, &b, &err));
    unpack(&json, &body);
    assert_int_equal(sscanf(strstr(json.data, "\"kid\":\"") + 7, "%8[a-z0-9]", kid), 1);
    struct some x = { { body.data, body.len }, ln_replica_self(w.comm.r), "none", 0 };

    MUST(peer_write(&w.dist, some_job, &x, &err));
    assert_int_equal(x.n, 0);
    x.kid = kid;
    MUST(peer_write(&w.dist, some_job, &x, &err));
    assert_int_equal(x.n, 1); /* and not what is for escrow */

    ln_buf_free(&json);
    ln_buf_free(&body);
    world_end(&w);
}

RUN_TESTS(T(all_keys_that_the_parent_lacks_go_onto_a_stick_in_bodies_that_it_can_take),
          T(of_a_stick_that_is_not_trusted_only_the_keys_asked_for_are_taken),
          T(a_list_of_keys_with_anything_changed_is_refused_or_gives_no_key_twice),
          T(escrow_opens_with_the_paper_key_alone_page_by_page),
          T(what_a_laptop_seals_lies_in_escrow_above_its_box),
          T(a_key_of_an_audience_that_both_do_not_share_and_a_second_one_of_a_name_are_refused))
