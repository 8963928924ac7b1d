/* A box that took the place of a dead one, and a laptop that finds it at the old address. */
#include "tests/lib/disk.h"
#include "tests/lib/mutate.h"
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

#include "sync/heir.h"

#define G01 "330106005055/g01"

struct family {
    int64_t clock;
    struct peer dist, box, laptop, next;
    struct ln_ident paper;
};

/* `next` continues `box` and has certified its laptop anew, which knows nothing of it yet. */
static void family_new(struct family *f)
{
    struct ln_err err = { 0 };
    unsigned n = 0;

    memset(f, 0, sizeof *f);
    f->clock = INT64_C(1795400000000);
    ln_key_ident_make(&f->paper);
    peer_new(&f->dist, &f->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&f->box, &f->clock, &f->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    ln_key_ident_public(&f->box.c.recovery, &f->paper);
    peer_reopen(&f->box, f->box.schema);
    peer_new(&f->laptop, &f->clock, &f->box, "330106005055", LN_ROLE_LAPTOP, "01");
    (void)peer_add(&f->laptop, "person", G01, "{\"job\":\"b\"}", NULL);
    peer_sync(&f->laptop, NULL);
    peer_sync(&f->box, NULL);
    peer_sync(&f->box, NULL);
    peer_heir(&f->next, &f->box, &f->paper);
    peer_paper(&f->next, &f->paper);
    MUST(ln_exchange_escrow(f->next.client, f->box.c.id, &n, &err));
    peer_sync(&f->next, NULL);
    assert_int_equal(peer_inherit(&f->next), 1);
    for (int i = 0; i < 3; i++)
        peer_sync(&f->next, NULL);
}

static void family_end(struct family *f)
{
    peer_end(&f->next);
    peer_end(&f->laptop);
    peer_end(&f->box);
    peer_end(&f->dist);
}

TEST(a_laptop_goes_on_with_the_box_that_took_its_boxes_place)
{
    struct family f;
    struct ln_exchange_report report;
    struct ln_err err = { 0 };
    family_new(&f);
    struct ln_id id = peer_add(&f.laptop, "person", G01, "{\"job\":\"neu\"}", NULL);
    f.laptop.up = &f.next;

    assert_false(peer_try(&f.laptop, NULL, &err));
    assert_int_equal(err.code, LN_BUSY); /* on with the new one */
    assert_non_null(strstr(err.text, "has taken the place"));
    for (int i = 0; i < 3; i++)
        peer_sync(&f.laptop, &report);

    assert_true(report.level);
    assert_string_equal(ln_replica_self(f.laptop.r)->parent, f.next.c.id);
    assert_string_equal(peer_cell(&f.next, "person", "job", &id), "neu");
    family_end(&f);
}

TEST(a_stranger_at_the_old_address_is_no_heir)
{
    struct family f;
    struct peer other;
    struct ln_err err = { 0 };
    bool heir = true;
    family_new(&f);
    peer_new(&other, &f.clock, &f.dist, "330106005056", LN_ROLE_COMMUNITY, "");

    f.laptop.up = &other; /* knows nothing of the laptop */
    assert_false(peer_try(&f.laptop, NULL, &err));
    assert_int_equal(err.code, LN_DENIED);
    err = (struct ln_err){ 0 };
    MUST(ln_heir_ask(&f.laptop.x, &f.laptop.link, f.box.c.id, &heir, &err));
    assert_false(heir);
    f.laptop.up = &f.dist; /* knows it, and did not take the box's place */
    MUST(ln_heir_ask(&f.laptop.x, &f.laptop.link, f.dist.c.id, &heir, &err));
    f.laptop.up = NULL;
    assert_false(ln_heir_ask(&f.laptop.x, &f.laptop.link, f.box.c.id, &heir, &err));
    assert_int_equal(err.code, LN_BUSY);
    assert_false(heir);

    peer_end(&other);
    family_end(&f);
}

/* ---- answers that are none */

struct lying {
    struct family *f;
    struct ln_link link;
    struct ln_span body;
    unsigned n, heirs;
};

static bool answer(void *ctx, const struct ln_message *request, struct ln_message *response,
                   struct ln_err *err)
{
    struct lying *x = ctx;

    (void)request;
    (void)err;
    response->status = 200;
    ln_buf_add(&response->body, x->body.p, x->body.len);
    return true;
}

static void lie(void *ctx, const char *text, size_t len)
{
    struct lying *x = ctx;
    struct ln_err err = { 0 };
    bool heir;

    x->body = (struct ln_span){ text, len };
    bool ok = ln_heir_ask(&x->f->laptop.x, &x->link, x->f->box.c.id, &heir, &err);
    assert_true(ok || err.code == LN_INVALID || err.code == LN_DENIED || err.code == LN_MISSING);
    assert_true(ok || !heir);
    x->n++;
    x->heirs += heir;
}

static void chain_of(struct ln_buf *out, struct family *f)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_err err = { 0 };

    ln_message_init(&request, 0);
    ln_message_init(&response, 1 << 16);
    memcpy(request.method, "GET", 4);
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/heir");
    (void)snprintf(request.query, sizeof request.query, "node=%s", f->laptop.c.id);
    ln_exchange_serve(f->next.server, &request, &response);
    assert_int_equal(response.status, 200);
    ln_buf_add(out, response.body.data, response.body.len);
    ln_message_free(&response);
    for (unsigned n = 1; n < 9; n++) { /* a disk that fails: nothing is known */
        ln_message_init(&response, 1 << 16);
        disk_fail(n, false);
        ln_exchange_serve(f->next.server, &request, &response);
        bool failed = disk_failed();
        disk_fail(0, false);
        assert_int_equal(response.status, failed ? 404 : 200);
        ln_message_free(&response);
    }
    request.query[0] = '\0';
    ln_message_init(&response, 1 << 16);
    ln_exchange_serve(f->next.server, &request, &response);
    assert_int_equal(response.status, 404);
    ln_message_free(&response);
    (void)snprintf(request.query, sizeof request.query, "node=330106005055-aaaaaaaaaaaaaaaa");
    ln_message_init(&response, 1 << 16);
    ln_exchange_serve(f->next.server, &request, &response);
    assert_int_equal(response.status, 404);
    ln_message_free(&response);
    ln_message_free(&request);
    (void)err;
}

TEST(a_chain_of_certificates_that_is_none_is_not_followed)
{
    static const char *const none[] = {
        "",
        "x",
        "[]",
        "7",
        "{}",
        "{\"chain\":7}",
        "{\"chain\":[]}",
        "null",
        "true",
        "{\"x\":[7]}",
        "{\"chain\":[7]}",
    };
    struct family f;
    struct ln_buf chain = ln_buf_new(1 << 16);
    family_new(&f);
    struct lying x = { .f = &f, .link = { &x, answer } };
    chain_of(&chain, &f);

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        lie(&x, none[i], strlen(none[i]));
    assert_int_equal(x.heirs, 0);
    assert_string_equal(ln_replica_self(f.laptop.r)->parent, f.box.c.id);
    struct lying before = x;
    mutate_json((struct ln_span){ chain.data, chain.len }, lie, &x);
    assert_true(x.n > before.n + 50);
    lie(&x, chain.data, chain.len);

    assert_true(x.heirs > 0);
    assert_string_equal(ln_replica_self(f.laptop.r)->parent, f.next.c.id);
    ln_buf_free(&chain);
    family_end(&f);
}

RUN_TESTS(T(a_laptop_goes_on_with_the_box_that_took_its_boxes_place),
          T(a_stranger_at_the_old_address_is_no_heir),
          T(a_chain_of_certificates_that_is_none_is_not_followed))
