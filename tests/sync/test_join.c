/* Enrolment: who may be invited, how a code is spent, what neither side believes. */
#include "tests/lib/disk.h"
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"

#define HOUR_MS INT64_C(3600000)

struct world {
    int64_t clock;
    struct peer dist, comm, fresh; /* fresh: keys, no certificate */
};

static void fresh_new(struct world *w, const char *region)
{
    struct peer *p = &w->fresh;
    struct ln_err err = { 0 };

    /* A node as `linli init` leaves it: peer_new founds a root, which this one forgets. */
    peer_new(p, &w->clock, NULL, region, LN_ROLE_COMMUNITY, "");
    MUST(ln_db_exec(ln_sqlstore_db(p->store),
                    "DELETE FROM meta; DELETE FROM cert; DELETE FROM change; DELETE FROM log; "
                    "DELETE FROM audience",
                    &err));
    peer_reopen(p, p->schema);
    p->up = &w->dist;
}

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->dist, &w->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    fresh_new(w, "330106005056");
}

static void world_end(struct world *w)
{
    peer_end(&w->fresh);
    peer_end(&w->comm);
    peer_end(&w->dist);
}

static bool invite(struct world *w, char code[LN_CODE_TEXT_MAX], struct peer *by,
                   const char *region, enum ln_role role, const char *continues, struct ln_err *err)
{
    struct ln_invite want = { .role = role };

    (void)w;
    (void)snprintf(want.region, sizeof want.region, "%s", region);
    (void)snprintf(want.continues, sizeof want.continues, "%s", continues);
    return ln_join_invite(&by->x, &want, code, err);
}

static bool join(struct world *w, const char *code, const char *region, enum ln_role role,
                 struct ln_err *err)
{
    char up[LN_NODE_ID_MAX];

    *err = (struct ln_err){ 0 };
    return ln_join_ask(&w->fresh.x, region, role, "新居委会", code, &w->fresh.link, up, err);
}

TEST(a_node_invites_only_whom_it_may_stand_above)
{
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);

    assert_false(invite(&w, code, &w.dist, "330107005055", LN_ROLE_COMMUNITY, "", &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.dist, "3301", LN_ROLE_COMMUNITY, "", &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.dist, "330106000000", LN_ROLE_DISTRICT, "", &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.comm, "330106005055", LN_ROLE_PROVINCE, "", &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.dist, "330106005055", LN_ROLE_COMMUNITY, "nobody", &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, w.comm.c.id, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(invite(&w, code, &w.fresh, "330106005056", LN_ROLE_LAPTOP, "", &err));
    assert_int_equal(err.code, LN_MISSING);
    world_end(&w);
}

TEST(a_code_enrols_once_and_for_its_region_and_role_alone)
{
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));

    assert_false(join(&w, "not a code", "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_INVALID);
    assert_false(join(&w, "00000-00000-00000-00000", "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(join(&w, code, "330106005057", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(join(&w, code, "330106005056", LN_ROLE_LAPTOP, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_null(ln_replica_self(w.fresh.r));
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_string_equal(ln_replica_self(w.fresh.r)->name, "新居委会");
    char up[LN_NODE_ID_MAX];
    assert_false(ln_join_ask(&w.comm.x, "330106005056", LN_ROLE_COMMUNITY, "别人", code,
                             &w.comm.link, up, &err));
    assert_int_equal(err.code, LN_DENIED);
    peer_sync(&w.fresh, NULL);
    world_end(&w);
}

static bool revoke_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    uint64_t after = UINT64_MAX;

    return ln_replica_revoke(r, arg, &after, err);
}

/* A line that breaks when the parent has done its work and before the child hears of it. */
static bool lost_call(void *ctx, const struct ln_message *request, struct ln_message *response,
                      struct ln_err *err)
{
    const struct ln_link *inner = ctx;

    return inner->call(inner->ctx, request, response, err) &&
           ln_fail(err, LN_BUSY, "the line broke");
}

TEST(an_answer_that_was_lost_is_given_again_until_the_node_is_revoked)
{
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    char node[LN_NODE_ID_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    struct ln_link link = w.fresh.link;

    w.fresh.link = (struct ln_link){ .ctx = &link, .call = lost_call };
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_BUSY);
    assert_null(ln_replica_self(w.fresh.r));
    w.fresh.link = link;
    peer_reopen(&w.dist, w.dist.schema);
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_string_equal(ln_replica_self(w.fresh.r)->name, "新居委会");
    peer_sync(&w.fresh, NULL);

    memcpy(node, ln_replica_self(w.fresh.r)->node, sizeof node);
    MUST(peer_write(&w.dist, revoke_job, node, &err));
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_DENIED);
    world_end(&w);
}

TEST(a_code_is_burnt_by_five_wrong_guesses_or_after_72_hours)
{
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));

    for (int i = 0; i < LN_JOIN_TRIES; i++)
        assert_false(join(&w, code, "330106005056", LN_ROLE_LAPTOP, &err));
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_int_equal(err.code, LN_DENIED);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    w.clock += 73 * HOUR_MS;
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_non_null(strstr(err.text, "72 hours"));
    w.clock -= 73 * HOUR_MS;
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err)); /* burnt all the same */
    world_end(&w);
}

TEST(an_invitation_keeps_its_grids_and_collections)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_invite want = { .role = LN_ROLE_LAPTOP,
                              .n_grids = 2,
                              .grids = { "01", "02" },
                              .n_collections = 2,
                              .collections = { "notice", "person" } };
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    world_new(&w);
    peer_end(&w.fresh);
    fresh_new(&w, "330106005055");
    w.fresh.up = &w.comm;
    (void)snprintf(want.region, sizeof want.region, "330106005055");
    MUST(ln_join_invite(&w.comm.x, &want, code, &err));

    MUST(ln_join_ask(&w.fresh.x, "330106005055", LN_ROLE_LAPTOP, "laptop", code, &w.fresh.link, up,
                     &err));

    const struct ln_cert *c = ln_replica_self(w.fresh.r);
    assert_string_equal(up, w.comm.c.id);
    assert_int_equal(c->n_grids, 2);
    assert_string_equal(c->grids[1], "02");
    assert_int_equal(c->n_collections, 2);
    assert_string_equal(c->collections[0], "notice");
    assert_false(c->all_collections);
    world_end(&w);
}

TEST(a_revoked_node_comes_back_only_with_new_keys_and_a_box_that_is_continued_is_closed)
{
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    char old[LN_NODE_ID_MAX];
    memcpy(old, w.fresh.c.id, sizeof old);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err)); /* again with the same keys */

    MUST(peer_write(&w.dist, revoke_job, old, &err));
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    assert_non_null(strstr(err.text, "new keys"));

    peer_end(&w.fresh);
    fresh_new(&w, "330106005055");
    MUST(invite(&w, code, &w.dist, "330106005055", LN_ROLE_COMMUNITY, w.comm.c.id, &err));
    MUST(join(&w, code, "330106005055", LN_ROLE_COMMUNITY, &err));
    assert_true(ln_authority_void_from(ln_replica_authority(w.dist.r), w.comm.c.id) > 0);
    assert_string_equal(ln_replica_self(w.fresh.r)->continues, w.comm.c.id);
    world_end(&w);
}

/* ---- hostile requests */

static int serve(struct world *w, const char *body, size_t len)
{
    struct ln_message q;
    struct ln_message r;

    ln_message_init(&q, LN_MESSAGE_BODY_MAX);
    (void)snprintf(q.method, sizeof q.method, "POST");
    (void)snprintf(q.path, sizeof q.path, "/sync/v1/join");
    ln_buf_add(&q.body, body, len);
    ln_exchange_serve(w->dist.server, &q, &r);
    int status = r.status;
    ln_message_free(&q);
    ln_message_free(&r);
    return status;
}

#define MAC "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BODY(text) "{\"body\":\"" text "\",\"mac\":\"" MAC "\"}"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

TEST(a_request_that_is_none_is_refused_before_any_code_is_looked_at)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"mac\":\"" MAC "\"}",
        "{\"body\":\"{}\"}",
        "{\"body\":\"{}\",\"mac\":\"AAAA\"}",
        "{\"body\":\"{}\",\"mac\":7}",
        "{\"body\":\"{}\",\"mac\":\"!\"}",
        "{\"body\":7,\"mac\":\"" MAC "\"}",
        BODY("7"),
        BODY("not canonical"),
        BODY("{}"),
        BODY("{\\\"id\\\":\\\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\\"}"),
        BODY("{\\\"age\\\":\\\"a\\\",\\\"id\\\":\\\"a\\\",\\\"key\\\":\\\"k\\\",\\\"name\\\":"
             "\\\"n\\\","
             "\\\"region\\\":\\\"330106005056\\\",\\\"role\\\":\\\"king\\\"}"),
        BODY("{\\\"age\\\":\\\"a\\\",\\\"id\\\":\\\"a\\\",\\\"key\\\":\\\"k\\\",\\\"name\\\":"
             "\\\"n\\\","
             "\\\"region\\\":\\\"330106005056\\\",\\\"role\\\":\\\"community\\\"}"),
        BODY("{\\\"id\\\":\\\"a\\\",\\\"name\\\":\\\"n\\\"}"),
        BODY("{\\\"id\\\":\\\"a\\\",\\\"name\\\":\\\"n\\\",\\\"region\\\":\\\"330106005056\\\"}"),
        BODY("{\\\"id\\\":\\\"a\\\",\\\"name\\\":\\\"n\\\",\\\"region\\\":\\\"330106005056\\\","
             "\\\"role\\\":\\\"community\\\"}"),
        BODY("{\\\"id\\\":\\\"a\\\",\\\"key\\\":\\\"k\\\",\\\"name\\\":\\\"n\\\",\\\"region\\\":"
             "\\\"330106005056\\\",\\\"role\\\":\\\"community\\\"}"),
        BODY("{\\\"age\\\":\\\"a\\\",\\\"id\\\":\\\"a\\\",\\\"key\\\":\\\"k\\\",\\\"name\\\":7,"
             "\\\"region\\\":\\\"330106005056\\\",\\\"role\\\":\\\"community\\\"}"),
    };
    struct world w;
    world_new(&w);

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(serve(&w, bodies[i], strlen(bodies[i])), 400);
    struct ln_buf large = ln_buf_new(1 << 20);
    memset(ln_buf_grow(&large, (64 << 10) + 1), ' ', (64 << 10) + 1);
    assert_int_equal(serve(&w, large.data, large.len), 413);
    ln_buf_free(&large);
    world_end(&w);
}

TEST(a_damaged_invitation_is_told_as_damage_and_a_busy_parent_asks_to_come_again)
{
    static const char *const texts[] = {
        "7",
        "no canonical text",
        "{}",
        "{\"continues\":\"\",\"grids\":7}",
        "{\"continues\":\"\",\"grids\":[7]}",
        "{\"collections\":7,\"continues\":\"\",\"grids\":[]}",
        "{\"collections\":[7],\"continues\":\"\",\"grids\":[]}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"x\"}",
        "{\"continues\":7,\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"a\\nb\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"" LONG "\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[\"00\",\"01\",\"02\",\"03\",\"04\",\"05\",\"06\",\"07\","
        "\"08\",\"09\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\"],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[\"a\\nb\"],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[\"" LONG "\"],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"collections\":[\"a\\nb\"],\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"collections\":[\"" LONG "\"],\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"region\":\"330106005056\",\"role\":\"community\","
        "\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":7,\"region\":\"330106005056\",\"role\":"
        "\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"a\\nb\",\"region\":\"330106005056\",\"role\":"
        "\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":7,\"role\":\"community\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":7,\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"king\",\"tries\":0,\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC
        "\",\"region\":\"330106005056\",\"role\":\"community\",\"tries\":0}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC "\",\"region\":\"330106005056\",\"role\":"
        "\"community\",\"tries\":\"x\",\"until\":1}",
        "{\"continues\":\"\",\"grids\":[],\"key\":\"" MAC "\",\"region\":\"330106005056\",\"role\":"
        "\"community\",\"tries\":0,\"until\":\"x\"}",
    };
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char sql[1024];
        (void)snprintf(sql, sizeof sql,
                       "UPDATE meta SET value = CAST('%s' AS BLOB) WHERE key LIKE 'invite/%%'",
                       texts[i]);
        MUST(ln_db_exec(ln_sqlstore_db(w.dist.store), sql, &err));
        assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
        assert_int_equal(err.code, LN_BROKEN);
    }
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    disk_fail(1, true);
    assert_false(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    disk_fail(0, false);
    assert_int_equal(err.code, LN_BUSY);
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));
    world_end(&w);
}

/* ---- hostile answers, from somebody who knows the code */

struct liar {
    const char *code, *text; /* NULL text: `raw` as it is */
    const char *raw;
    int status;
    enum ln_code lost;
    bool wrong_mac;
};

static bool lie(void *ctx, const struct ln_message *request, struct ln_message *response,
                struct ln_err *err)
{
    struct liar *l = ctx;
    struct ln_code_words words;
    struct ln_code_key key;
    uint8_t mac[LN_CODE_MAC_LEN];
    struct ln_err ignored = { 0 };

    (void)request;
    if (l->lost != LN_OK)
        return ln_fail(err, l->lost, "the link");
    response->status = l->status;
    if (l->text == NULL) {
        ln_buf_adds(&response->body, l->raw);
        return true;
    }
    if (!ln_code_read(&words, l->code, strlen(l->code), &ignored))
        return false;
    ln_code_key(&key, &words, "330106005056", "community");
    ln_code_mac(mac, &key, l->wrong_mac ? "request" : "response", l->text, strlen(l->text));
    ln_buf_adds(&response->body, "{\"body\":");
    ln_canon_add_string(&response->body, l->text, strlen(l->text));
    ln_buf_adds(&response->body, ",\"mac\":\"");
    ln_encode_base64url(&response->body, mac, sizeof mac);
    ln_buf_adds(&response->body, "\"}");
    return true;
}

TEST(an_answer_without_the_codes_mark_or_without_a_good_chain_is_not_believed)
{
    static const struct {
        const char *text, *raw;
        int status;
        bool wrong_mac;
        enum ln_code lost, want;
    } cases[] = {
        { NULL, "", 200, false, LN_BUSY, LN_BUSY },
        { NULL, "", 502, false, LN_OK, LN_BUSY },
        { NULL, "<html>", 200, false, LN_OK, LN_INVALID },
        { NULL, "[]", 200, false, LN_OK, LN_INVALID },
        { "{}", NULL, 200, true, LN_OK, LN_DENIED },
        { "7", NULL, 200, false, LN_OK, LN_INVALID },
        { "{}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"node\":7}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":7,\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":[],\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":[7],\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":[{\"author\":7}],\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":[{\"author\":\"x\"}],\"node\":\"x\"}", NULL, 200, false, LN_OK, LN_INVALID },
        { "{\"chain\":[{\"author\":\"x\",\"f\":7}],\"node\":\"x\"}", NULL, 200, false, LN_OK,
          LN_INVALID },
        { "{\"chain\":[{\"author\":\"x\",\"f\":{}}],\"node\":\"x\"}", NULL, 200, false, LN_OK,
          LN_INVALID },
        { "{\"chain\":[{\"author\":\"x\",\"f\":{}},{\"author\":\"y\",\"f\":{}}],\"node\":\"x\"}",
          NULL, 200, false, LN_OK, LN_INVALID },
    };
    struct world w;
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    world_new(&w);
    MUST(invite(&w, code, &w.dist, "330106005056", LN_ROLE_COMMUNITY, "", &err));

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct liar l = { code,          cases[i].text,     cases[i].raw, cases[i].status,
                          cases[i].lost, cases[i].wrong_mac };
        struct ln_link link = { &l, lie };
        err = (struct ln_err){ 0 };
        assert_false(
            ln_join_ask(&w.fresh.x, "330106005056", LN_ROLE_COMMUNITY, "n", code, &link, up, &err));
        assert_int_equal(err.code, cases[i].want);
        assert_null(ln_replica_self(w.fresh.r));
    }
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err)); /* and the good one still is */
    world_end(&w);
}

/* The chain of another tree, well signed, but not ours: pinned by nobody once it was refused. */
TEST(after_a_refused_chain_the_right_parent_can_still_be_joined)
{
    struct world w;
    struct ln_err err = { 0 };
    struct ln_span f[2] = { { NULL, 0 } };
    char code[LN_CODE_TEXT_MAX];
    world_new(&w);
    struct ln_buf root = ln_buf_new(65536);
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(w.comm.store), "SELECT f FROM cert ORDER BY n LIMIT 1");
    bool row;
    MUST(ln_db_row(q, &row, &err));
    struct ln_span text = ln_db_col_span(q, 0);
    ln_buf_add(&root, text.p, text.len);
    (void)ln_db_end(q);
    f[0] = (struct ln_span){ root.data, root.len };
    const char *const authors[] = { w.dist.c.id };

    MUST(ln_replica_begin(w.fresh.r, &err));
    assert_false(ln_replica_adopt(w.fresh.r, f, authors, 0, &err));
    assert_false(ln_replica_adopt(w.fresh.r, f, authors, 1, &err)); /* not this node's */
    assert_int_equal(err.code, LN_INVALID);
    ln_replica_rollback(w.fresh.r);
    struct peer other;
    peer_new(&other, &w.clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    MUST(invite(&w, code, &other, "330106005056", LN_ROLE_COMMUNITY, "", &err));
    w.fresh.up = &other;
    MUST(join(&w, code, "330106005056", LN_ROLE_COMMUNITY, &err));

    assert_string_equal(ln_replica_self(w.fresh.r)->parent, other.c.id);
    ln_buf_free(&root);
    peer_end(&other);
    world_end(&w);
}

RUN_TESTS(T(an_answer_that_was_lost_is_given_again_until_the_node_is_revoked),
          T(a_node_invites_only_whom_it_may_stand_above),
          T(a_code_enrols_once_and_for_its_region_and_role_alone),
          T(a_code_is_burnt_by_five_wrong_guesses_or_after_72_hours),
          T(an_invitation_keeps_its_grids_and_collections),
          T(a_revoked_node_comes_back_only_with_new_keys_and_a_box_that_is_continued_is_closed),
          T(a_request_that_is_none_is_refused_before_any_code_is_looked_at),
          T(a_damaged_invitation_is_told_as_damage_and_a_busy_parent_asks_to_come_again),
          T(an_answer_without_the_codes_mark_or_without_a_good_chain_is_not_believed),
          T(after_a_refused_chain_the_right_parent_can_still_be_joined))
