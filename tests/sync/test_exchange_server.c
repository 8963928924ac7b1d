/* The parent's door: who is let in, what each path refuses and how it says so. */
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "tests/lib/forge.h"

#define UP "330106005055/330106000000"
#define DAY_MS INT64_C(86400000)

struct world {
    int64_t clock;
    struct peer dist, comm, a;
    struct ln_message q, r; /* what is asked, and the answer */
};

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->dist, &w->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    peer_new(&w->a, &w->clock, &w->comm, "330106005055", LN_ROLE_LAPTOP, "01");
    ln_message_init(&w->q, LN_MESSAGE_BODY_MAX);
    ln_message_init(&w->r, 0);
}

static void world_end(struct world *w)
{
    ln_message_free(&w->q);
    ln_message_free(&w->r);
    peer_end(&w->a);
    peer_end(&w->comm);
    peer_end(&w->dist);
}

static void request(struct world *w, const char *method, const char *path, const char *query,
                    const char *body)
{
    ln_message_free(&w->q);
    ln_message_init(&w->q, LN_MESSAGE_BODY_MAX);
    (void)snprintf(w->q.method, sizeof w->q.method, "%s", method);
    (void)snprintf(w->q.path, sizeof w->q.path, "/sync/v1/%s", path);
    (void)snprintf(w->q.query, sizeof w->q.query, "%s", query);
    ln_buf_adds(&w->q.body, body);
}

static int serve(struct world *w, struct ln_exchange_server *s)
{
    ln_message_free(&w->r);
    ln_exchange_serve(s, &w->q, &w->r);
    return w->r.status;
}

static void nonce_of(char out[LN_HTTPSIG_NONCE_MAX], struct ln_exchange_server *s)
{
    struct ln_message hello;
    struct ln_message answer;
    struct ln_span item;
    struct ln_span word;

    ln_message_init(&hello, 0);
    (void)snprintf(hello.method, sizeof hello.method, "GET");
    (void)snprintf(hello.path, sizeof hello.path, "/sync/v1/hello");
    ln_exchange_serve(s, &hello, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(
        ln_canon_get((struct ln_span){ answer.body.data, answer.body.len }, "nonce", &item));
    assert_true(ln_canon_plain(item, &word));
    (void)snprintf(out, LN_HTTPSIG_NONCE_MAX, "%.*s", (int)word.len, word.p);
    ln_message_free(&answer);
    ln_message_free(&hello);
}

static void sign_as(struct world *w, const struct peer *from, const char *nonce)
{
    struct ln_err err = { 0 };

    w->q.digest[0] = w->q.signature_input[0] = w->q.signature[0] = '\0';
    MUST(ln_message_sign(&w->q, from->c.id, nonce, w->clock / 1000, &from->c.key, &err));
}

/* Asks `to` as `from`, well signed: the status. */
static int ask_server(struct world *w, const struct peer *from, const struct peer *to,
                      struct ln_exchange_server *s)
{
    char nonce[LN_HTTPSIG_NONCE_MAX];

    nonce_of(nonce, s);
    (void)snprintf(w->q.to, sizeof w->q.to, "%s", to->c.id);
    sign_as(w, from, nonce);
    return serve(w, s);
}

static int ask(struct world *w, const struct peer *from, struct peer *to)
{
    return ask_server(w, from, to, to->server);
}

static enum ln_problem problem(struct world *w, uint64_t *seq)
{
    enum ln_problem p = LN_PROBLEM_BAD;
    struct ln_err err = { 0 };

    assert_false(ln_message_problem_read(&w->r, &p, seq, &err));
    return p;
}

TEST(paths_and_methods_that_are_none_are_told_apart)
{
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = { { "GET", "/sync/v2/hello", 404 },  { "GET", "/sync/v1/nothing", 404 },
                  { "POST", "/sync/v1/hello", 404 }, { "GET", "/sync/v1/heads", 405 },
                  { "GET", "/sync/v1/join", 404 },   { "PUT", "/sync/v1/log/x", 405 },
                  { "GET", "/sync/v1/log/", 404 },   { "POST", "/sync/v1/keyso", 404 },
                  { "PUT", "/sync/v1/keys", 405 },   { "POST", "/sync/v1/file/x", 405 } };
    struct world w;
    world_new(&w);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request(&w, cases[i].method, "", "", "");
        (void)snprintf(w.q.path, sizeof w.q.path, "%s", cases[i].path);
        assert_int_equal(serve(&w, w.dist.server), cases[i].status);
        assert_string_equal(w.r.signature, "");
    }
    world_end(&w);
}

TEST(only_a_child_with_a_good_signature_and_a_fresh_nonce_is_let_in)
{
    struct world w;
    char nonce[LN_HTTPSIG_NONCE_MAX];
    struct peer stranger;
    world_new(&w);
    peer_new(&stranger, &w.clock, NULL, "330106005056", LN_ROLE_COMMUNITY, "");

    request(&w, "POST", "heads", "", "{\"all\":\"\"}");
    assert_int_equal(serve(&w, w.dist.server), 401);
    assert_string_equal(w.r.signature, "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_string_not_equal(w.r.signature, "");
    assert_int_equal(serve(&w, w.dist.server), 425); /* the same once more */
    assert_string_not_equal(w.r.nonce, "");
    sign_as(&w, &w.comm, "a nonce of nobody");
    assert_int_equal(serve(&w, w.dist.server), 425);
    assert_int_equal(ask(&w, &stranger, &w.dist), 403);
    assert_int_equal(ask(&w, &w.dist, &w.comm), 403); /* a parent is no child */
    assert_int_equal(ask(&w, &w.comm, &w.a), 403);
    nonce_of(nonce, w.dist.server);
    sign_as(&w, &w.comm, nonce);
    (void)snprintf(w.q.to, sizeof w.q.to, "%s", w.a.c.id);
    assert_int_equal(serve(&w, w.dist.server), 403); /* addressed to another */
    (void)snprintf(w.q.to, sizeof w.q.to, "%s", w.dist.c.id);
    sign_as(&w, &w.comm, nonce);
    w.q.body.data[1] = '\'';
    assert_int_equal(serve(&w, w.dist.server), 401); /* changed on the way: spends no nonce */
    w.q.body.data[1] = '"';
    assert_int_equal(serve(&w, w.dist.server), 200);

    peer_end(&stranger);
    world_end(&w);
}

TEST(a_child_whose_certificate_ran_out_is_refused_and_one_in_its_last_third_gets_a_new_one)
{
    struct world w;
    world_new(&w);
    request(&w, "POST", "heads", "", "{\"all\":\"\"}");
    int64_t until = ln_authority_find(ln_replica_authority(w.comm.r), w.a.c.id)->until_s;

    w.clock += 70 * DAY_MS;
    assert_int_equal(ask(&w, &w.a, &w.comm), 200);
    assert_true(ln_authority_find(ln_replica_authority(w.comm.r), w.a.c.id)->until_s > until);
    w.clock += 91 * DAY_MS;
    assert_int_equal(ask(&w, &w.a, &w.comm), 403);
    world_end(&w);
}

TEST(a_laptop_may_come_past_its_box_only_where_that_is_allowed)
{
    struct world w;
    world_new(&w);
    struct ln_exchange_config x = w.dist.x;
    x.carry = false;
    struct ln_exchange_server *strict = ln_exchange_server_new(&x);
    peer_sync(&w.comm, NULL); /* the district learns of the laptop */

    request(&w, "POST", "heads", "", "{\"all\":\"\"}");
    assert_int_equal(ask(&w, &w.a, &w.dist), 200);
    assert_int_equal(ask_server(&w, &w.a, &w.dist, strict), 403);

    ln_exchange_server_free(strict);
    ln_exchange_server_free(NULL);
    world_end(&w);
}

TEST(who_asks_too_often_waits_for_the_next_minute)
{
    struct world w;
    world_new(&w);
    struct ln_exchange_config x = w.dist.x;
    x.per_minute = 3;
    struct ln_exchange_server *s = ln_exchange_server_new(&x);
    w.clock -= w.clock % 60000;

    request(&w, "POST", "heads", "", "{\"all\":\"\"}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 429);
    assert_in_range(w.r.retry_after_s, 1, 60);
    w.clock += 60000;
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);

    ln_exchange_server_free(s);
    world_end(&w);
}

static void note_contact(void *ctx, const struct ln_exchange_contact *c)
{
    *(struct ln_exchange_contact *)ctx = *c;
}

TEST(what_a_child_says_of_itself_is_noted_as_far_as_it_is_an_object_that_fits)
{
    struct world w;
    struct ln_exchange_contact seen = { .at_ms = 0 };
    char text[1200];
    char pad[600];
    world_new(&w);
    struct ln_exchange_config x = w.dist.x;
    x.seen = note_contact;
    x.seen_ctx = &seen;
    struct ln_exchange_server *s = ln_exchange_server_new(&x);

    request(&w, "POST", "heads", "", "{\"all\":\"\",\"state\":{\"disk\":9},\"t\":1795400005000}");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    assert_string_equal(seen.state, "{\"disk\":9}");
    assert_string_equal(seen.node, w.comm.c.id);
    assert_in_range(seen.offset_ms, 1, 5000);
    memset(pad, 'x', sizeof pad);
    pad[sizeof pad - 1] = '\0';
    (void)snprintf(text, sizeof text, "{\"all\":\"\",\"state\":{\"disk\":\"%s\"},\"t\":\"now\"}",
                   pad);
    const char *const odd[] = { text, "{\"all\":1,\"state\":[]}", "{}" };
    for (size_t i = 0; i < 3; i++) {
        request(&w, "POST", "heads", "", odd[i]);
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
        assert_string_equal(seen.state, "");
        assert_int_equal(seen.offset_ms, 0);
    }

    ln_exchange_server_free(s);
    world_end(&w);
}

TEST(heads_are_a_canonical_object_of_bounded_size)
{
    static const char *const bodies[] = { "", "[]", "7", "{\"b\":1,\"a\":2}", "{ }", "nonsense" };
    struct world w;
    world_new(&w);

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        request(&w, "POST", "heads", "", bodies[i]);
        assert_int_equal(ask(&w, &w.comm, &w.dist), 400);
    }
    request(&w, "POST", "heads", "", "");
    memset(ln_buf_grow(&w.q.body, LN_MESSAGE_NOTE_MAX + 1), ' ', LN_MESSAGE_NOTE_MAX + 1);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 413);
    world_end(&w);
}

/* What a child wants to read with from now on: a key, from itself, to its own parent. */
TEST(a_reading_key_that_is_none_changes_no_certificate)
{
    struct world w;
    struct ln_ident id;
    struct ln_recipient next;
    struct ln_buf key = ln_buf_new(128);
    char body[4][256];
    world_new(&w);
    ln_key_ident_make(&id);
    ln_key_ident_public(&next, &id);
    ln_key_recipient_write(&key, &next);
    (void)snprintf(body[0], sizeof body[0], "{\"age\":7,\"all\":\"\"}");
    (void)snprintf(body[1], sizeof body[1], "{\"age\":\"a\\nb\",\"all\":\"\"}");
    (void)snprintf(body[2], sizeof body[2], "{\"age\":\"age1qqqq\",\"all\":\"\"}");
    (void)snprintf(body[3], sizeof body[3], "{\"age\":\"%s\",\"all\":\"\"}", key.data);
    const struct ln_authority *a = ln_replica_authority(w.dist.r);
    struct ln_cert before = *ln_authority_find(a, w.comm.c.id);

    for (size_t i = 0; i < 4; i++) {
        request(&w, "POST", "heads", "", body[i]);
        assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
        const struct ln_cert *now = ln_authority_find(a, w.comm.c.id);
        assert_int_equal(ln_key_recipient_same(&now->age, &before.age), i < 3);
    }
    before = *ln_authority_find(a, w.comm.c.id);
    request(&w, "POST", "heads", "", body[3]); /* once more: it has that already */
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_int_equal(ln_authority_find(a, w.comm.c.id)->from_s, before.from_s);
    peer_sync(&w.a, NULL);
    peer_sync(&w.comm, NULL);
    request(&w, "POST", "heads", "", body[3]); /* a laptop past its box, whose business it is */
    assert_int_equal(ask(&w, &w.a, &w.dist), 200);
    assert_false(ln_key_recipient_same(&ln_authority_find(a, w.a.c.id)->age, &next));
    ln_buf_free(&key);
    world_end(&w);
}

TEST(a_log_is_given_from_a_number_on_in_bounded_pieces_and_only_to_whom_it_may_concern)
{
    static const char *const bad[] = { "from=x", "from=0", "from=", "max=1e9", "from=-1", "max=" };
    struct world w;
    char path[128];
    world_new(&w);
    for (int i = 0; i < 4; i++) {
        (void)peer_add(&w.dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
        peer_seal(&w.dist);
    }
    (void)snprintf(path, sizeof path, "log/%s", w.dist.c.id);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        request(&w, "GET", path, bad[i], "");
        assert_int_equal(ask(&w, &w.comm, &w.dist), 400);
    }
    request(&w, "GET", path, "from=1&max=1", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    size_t little = w.r.body.len;
    request(&w, "GET", path, "from=1&max=9007199254740991", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_true(little > 0 && little <= w.r.body.len);
    request(&w, "GET", path, "from=5000", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_int_equal(w.r.body.len, 0);
    request(&w, "GET", "log/330106005056-aaaaaaaaaaaaaaaa", "", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 404);
    world_end(&w);
}

/* Each large transfer under way asks for the next one, as another thread would. */
struct crowd {
    struct world *w;
    struct ln_access inner, outer;
    struct ln_exchange_server *s;
    char path[128];
    int depth, many;
};

static bool crowd_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct crowd *c = ctx;

    if (c->depth > 0 && c->depth < 8) { /* inside a transfer */
        struct world *w = c->w;
        struct ln_message q = w->q;
        struct ln_message r = w->r;
        int depth = c->depth;
        memset(&w->q, 0, sizeof w->q);
        memset(&w->r, 0, sizeof w->r);
        c->depth = 0; /* who asks is read first */
        request(w, "GET", c->path, "", "");
        char nonce[LN_HTTPSIG_NONCE_MAX];
        nonce_of(nonce, c->s);
        (void)snprintf(w->q.to, sizeof w->q.to, "%s", w->dist.c.id);
        sign_as(w, &w->comm, nonce);
        c->depth = -depth;
        c->many += serve(w, c->s) == 429;
        ln_message_free(&w->q);
        ln_message_free(&w->r);
        w->q = q;
        w->r = r;
    } else if (c->depth < 0) {
        c->depth = -c->depth + 1;
    }
    return c->inner.read(c->inner.ctx, job, arg, err);
}

TEST(the_fifth_large_transfer_at_once_is_told_to_come_later)
{
    struct world w;
    struct crowd c = { .w = &w };
    world_new(&w);
    c.inner = w.dist.access;
    c.outer = (struct ln_access){ .ctx = &c, .write = w.dist.access.write, .read = crowd_read };
    struct ln_exchange_config x = w.dist.x;
    x.access = &c.outer;
    c.s = ln_exchange_server_new(&x);
    (void)snprintf(c.path, sizeof c.path, "log/%s", w.dist.c.id);

    c.depth = -1; /* of the first: who asks */
    request(&w, "GET", c.path, "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, c.s), 200);

    assert_true(c.many >= 1);
    c.depth = 9;
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, c.s), 200);
    ln_exchange_server_free(c.s);
    world_end(&w);
}

TEST(a_pack_that_is_none_not_yours_too_large_or_leaves_a_gap_is_refused_with_its_reason)
{
    struct world w;
    struct ln_segment head;
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_err err = { 0 };
    char path[128];
    uint64_t seq = 0;
    world_new(&w);
    peer_sync(&w.comm, NULL);
    (void)snprintf(path, sizeof path, "log/%s", w.comm.c.id);

    request(&w, "POST", path, "", "PACK and nothing behind it");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 422);
    request(&w, "POST", path, "", "");
    memset(ln_buf_grow(&w.q.body, LN_PACK_MAX + 1), 'x', LN_PACK_MAX + 1);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 413);
    (void)snprintf(path, sizeof path, "log/%s", w.dist.c.id);
    request(&w, "POST", path, "", "PACK");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 403);

    (void)snprintf(path, sizeof path, "log/%s", w.comm.c.id);
    MUST(forge_head(&head, w.comm.c.store, w.comm.c.id, &err));
    uint64_t held = head.seq;
    struct ln_segment far = head;
    far.seq += 5;
    assert_true(forge_pack(&pack, &far, w.comm.c.id, &w.comm.c.key, ln_span_of("{}\n"), NULL,
                           w.clock / 1000));
    request(&w, "POST", path, "", "");
    ln_buf_add(&w.q.body, pack.data, pack.len);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 409);
    assert_int_equal(problem(&w, &seq), LN_PROBLEM_GAP);
    assert_int_equal(seq, held + 1);

    struct ln_segment one = head;
    struct ln_segment two = head;
    ln_buf_clear(&pack);
    assert_true(forge_pack(&pack, &one, w.comm.c.id, &w.comm.c.key, ln_span_of("{}\n"), NULL,
                           w.clock / 1000));
    request(&w, "POST", path, "", "");
    ln_buf_add(&w.q.body, pack.data, pack.len);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    ln_buf_clear(&pack);
    assert_true(forge_pack(&pack, &two, w.comm.c.id, &w.comm.c.key, ln_span_of("{\"x\":1}\n"), NULL,
                           w.clock / 1000 + 60));
    request(&w, "POST", path, "", "");
    ln_buf_add(&w.q.body, pack.data, pack.len);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 409);
    assert_int_equal(problem(&w, &seq), LN_PROBLEM_FORK);
    ln_buf_free(&pack);
    world_end(&w);
}

TEST(keys_and_wishes_that_are_none_are_refused)
{
    static const char *const wishes[] = { "",
                                          "[]",
                                          "{}",
                                          "{\"want\":7}",
                                          "{\"want\":[7]}",
                                          "{\"want\":[\"12345678901234567\"]}",
                                          "{\"want\":[\"a\\nb\"]}" };
    struct world w;
    world_new(&w);

    request(&w, "POST", "keys", "", "no zstd");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 422);
    request(&w, "POST", "keys", "", "");
    memset(ln_buf_grow(&w.q.body, LN_MESSAGE_NOTE_MAX + 1), 'x', LN_MESSAGE_NOTE_MAX + 1);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 413);
    request(&w, "POST", "keys/want", "", "");
    memset(ln_buf_grow(&w.q.body, LN_MESSAGE_NOTE_MAX + 1), 'x', LN_MESSAGE_NOTE_MAX + 1);
    assert_int_equal(ask(&w, &w.comm, &w.dist), 413);
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        request(&w, "POST", "keys/want", "", wishes[i]);
        assert_int_equal(ask(&w, &w.comm, &w.dist), 422);
    }
    request(&w, "POST", "keys/want", "", "{\"want\":[]}");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_int_equal(w.r.body.len, 0);
    request(&w, "POST", "keys/want", "", "{\"want\":[");
    for (int i = 0; i < 2049; i++)
        ln_buf_adds(&w.q.body, i > 0 ? ",\"aaaaaaaa\"" : "\"aaaaaaaa\"");
    ln_buf_adds(&w.q.body, "]}");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 422);
    world_end(&w);
}

TEST(escrow_is_given_back_to_its_giver_page_by_page_and_to_nobody_else)
{
    static const char *const places[] = { "after=x", "after=1", "after=1.",
                                          "after=1.12345678901234567" };
    struct world w;
    char query[128];
    world_new(&w);
    (void)peer_add(&w.comm, "person", UP, NULL, "{\"name\":\"李一\"}");
    peer_sync(&w.comm, NULL);

    request(&w, "GET", "keys", "", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_true(w.r.body.len > 0);
    (void)snprintf(query, sizeof query, "node=%s", w.dist.c.id);
    request(&w, "GET", "keys", query, "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 403);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        request(&w, "GET", "keys", places[i], "");
        assert_int_equal(ask(&w, &w.comm, &w.dist), 422);
    }
    request(&w, "GET", "keys", "after=9999.zzzzzzzz", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 200);
    assert_int_equal(w.r.body.len, 0);
    world_end(&w);
}

/* ---- attachments: one file in memory */

struct shelf {
    char bytes[64];
    uint64_t held, total;
    enum ln_code fails; /* of have */
    enum ln_code stops; /* of read and write */
};

static bool shelf_have(void *ctx, const struct ln_sha256 *name, uint64_t *held, bool *whole,
                       struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    *held = s->held;
    *whole = s->total > 0 && s->held == s->total;
    return s->fails == LN_OK || ln_fail(err, s->fails, "shelf");
}

static bool shelf_read(void *ctx, const struct ln_sha256 *name, uint64_t at, void *out, size_t cap,
                       size_t *got, struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    *got = s->held - at < cap ? (size_t)(s->held - at) : cap;
    memcpy(out, s->bytes + at, *got);
    return s->stops == LN_OK || ln_fail(err, s->stops, "shelf");
}

static bool shelf_write(void *ctx, const struct ln_sha256 *name, const char *from, uint64_t at,
                        uint64_t total, const void *data, size_t len, struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    (void)from;
    if (s->stops != LN_OK)
        return ln_fail(err, s->stops, "shelf");
    memcpy(s->bytes + at, data, len);
    s->held = at + len;
    s->total = total;
    return true;
}

TEST(an_attachment_is_brought_in_pieces_taken_up_where_it_broke_off_and_given_by_range)
{
    static const char name[] =
        "file/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct world w;
    struct shelf shelf = { .held = 0 };
    struct ln_files files = { &shelf, shelf_have, shelf_read, shelf_write, NULL, NULL };
    world_new(&w);
    struct ln_exchange_config x = w.dist.x;
    request(&w, "GET", name, "", "");
    assert_int_equal(ask(&w, &w.comm, &w.dist), 404); /* no attachments here */
    x.files = &files;
    struct ln_exchange_server *s = ln_exchange_server_new(&x);

    request(&w, "GET", "file/xyz", "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 404);
    request(&w, "PUT", "file/xyz", "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 404);
    request(&w, "PUT", name, "at=0&size=10", "01234");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    assert_string_equal(w.r.body.data, "{\"held\":5}");
    request(&w, "GET", name, "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 404); /* not whole yet */
    request(&w, "PUT", name, "at=0&size=10", "01234");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200); /* twice does no harm */
    assert_string_equal(w.r.body.data, "{\"held\":5}");
    request(&w, "PUT", name, "at=5&size=10", "56789");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    request(&w, "PUT", name, "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    assert_string_equal(w.r.body.data, "{\"held\":10,\"taken\":[2,0]}");
    request(&w, "GET", name, "from=7", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 200);
    assert_string_equal(w.r.body.data, "789");
    request(&w, "GET", name, "from=11", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 404);
    request(&w, "GET", name, "from=x", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 400);

    static const struct {
        const char *query;
        int status;
    } bad[] = { { "at=x&size=10", 400 },
                { "at=0&size=x", 400 },
                { "at=0&size=4", 413 },
                { "at=11&size=10", 413 },
                { "at=0&size=67108865", 413 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        request(&w, "PUT", name, bad[i].query, "01234");
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), bad[i].status);
    }
    request(&w, "PUT", name, "at=0&size=67108864", "");
    memset(ln_buf_grow(&w.q.body, LN_FILES_PART + 1), 'x', LN_FILES_PART + 1);
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 413);

    shelf.stops = LN_FULL; /* its quota */
    request(&w, "GET", name, "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 507);
    shelf.held = 0;
    request(&w, "PUT", name, "at=0&size=10", "01234");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 507);
    shelf.fails = LN_BROKEN;
    request(&w, "GET", name, "", "");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 500);
    request(&w, "PUT", name, "at=0&size=10", "01234");
    assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), 500);
    ln_exchange_server_free(s);
    world_end(&w);
}

/* ---- a node in trouble */

struct trouble {
    struct ln_access inner;
    enum ln_code code;
    unsigned reads; /* that still work */
};

static bool trouble_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct trouble *t = ctx;

    if (t->reads > 0) {
        t->reads--;
        return t->inner.read(t->inner.ctx, job, arg, err);
    }
    return ln_fail(err, t->code, "in trouble");
}

static bool trouble_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct trouble *t = ctx;

    (void)job;
    (void)arg;
    return ln_fail(err, t->code, "in trouble");
}

TEST(a_node_in_trouble_says_what_kind_and_signs_even_that)
{
    static const struct {
        enum ln_code code;
        int status;
    } kinds[] = { { LN_BUSY, 503 },    { LN_FULL, 507 },    { LN_BROKEN, 500 },  { LN_DENIED, 403 },
                  { LN_INVALID, 422 }, { LN_MISSING, 404 }, { LN_CONFLICT, 409 } };
    struct world w;
    struct trouble t = { .code = LN_BUSY };
    char log[128];
    world_new(&w);
    t.inner = w.dist.access;
    struct ln_access access = { .ctx = &t, .write = trouble_write, .read = trouble_read };
    struct ln_exchange_config x = w.dist.x;
    x.access = &access;
    struct ln_exchange_server *s = ln_exchange_server_new(&x);
    (void)snprintf(log, sizeof log, "log/%s", w.comm.c.id);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        static const char *const reads[] = { "keys", "heads" };
        t.code = kinds[i].code;
        for (unsigned good = 0; good < 2; good++)
            for (size_t p = 0; p < 2; p++) {
                request(&w, p == 0 ? "GET" : "POST", reads[p], "", "{\"all\":\"\"}");
                t.reads = good;
                assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), kinds[i].status);
                assert_string_not_equal(w.r.signature, "");
            }
        request(&w, "POST", "keys/want", "", "{\"want\":[]}");
        t.reads = 1;
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), kinds[i].status);
        request(&w, "GET", log, "", "");
        t.reads = 1;
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), kinds[i].status);
        request(&w, "POST", "keys", "", "x");
        t.reads = 1;
        assert_int_equal(ask_server(&w, &w.comm, &w.dist, s), kinds[i].status);
        request(&w, "POST", log, "", "x");
        t.reads = 1;
        int status = ask_server(&w, &w.comm, &w.dist, s);
        assert_int_equal(status, kinds[i].code == LN_MISSING ? 409 : kinds[i].status);
    }
    ln_exchange_server_free(s);
    world_end(&w);
}

RUN_TESTS(T(a_reading_key_that_is_none_changes_no_certificate),
          T(paths_and_methods_that_are_none_are_told_apart),
          T(only_a_child_with_a_good_signature_and_a_fresh_nonce_is_let_in),
          T(a_child_whose_certificate_ran_out_is_refused_and_one_in_its_last_third_gets_a_new_one),
          T(a_laptop_may_come_past_its_box_only_where_that_is_allowed),
          T(who_asks_too_often_waits_for_the_next_minute),
          T(what_a_child_says_of_itself_is_noted_as_far_as_it_is_an_object_that_fits),
          T(heads_are_a_canonical_object_of_bounded_size),
          T(a_log_is_given_from_a_number_on_in_bounded_pieces_and_only_to_whom_it_may_concern),
          T(the_fifth_large_transfer_at_once_is_told_to_come_later),
          T(a_pack_that_is_none_not_yours_too_large_or_leaves_a_gap_is_refused_with_its_reason),
          T(keys_and_wishes_that_are_none_are_refused),
          T(escrow_is_given_back_to_its_giver_page_by_page_and_to_nobody_else),
          T(an_attachment_is_brought_in_pieces_taken_up_where_it_broke_off_and_given_by_range),
          T(a_node_in_trouble_says_what_kind_and_signs_even_that))
