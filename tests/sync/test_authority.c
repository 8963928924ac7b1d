/* Who may write what: the table of sync/README.md. */
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "crypto/sshsig.h"
#include "sync/authority.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

#define BOX "330106005055-hc2omuxejwt7fhrg"
#define I "\"i\":\"06h0cbs55s000nco66ag\""
#define R "\"r\":\"06gpji7g000004f830c0\""
#define ADD(coll) "{" I ",\"o\":\"add\",\"t\":\"" coll "@1\"}"
#define SET "{\"f\":{\"a\":1}," I ",\"o\":\"set\"," R ",\"t\":\"ticket@1\"}"
#define STEP "{\"f\":{\"action\":\"a\",\"to\":\"b\"}," I ",\"o\":\"step\"," R ",\"t\":\"ticket@1\"}"
#define NAMED(region) "{\"f\":{\"region\":\"" region "\"}," I ",\"o\":\"add\",\"t\":\"ticket@1\"}"
#define EPOCH(audience)                                                                            \
    "{\"f\":{\"audience\":\"" audience "\"}," I ",\"o\":\"add\",\"t\":\"epoch@1\"}"

enum who { PROVINCE, DISTRICT, COMMUNITY, LAPTOP, LIMITED, NAMED_NODE };

static struct ln_cert cert(enum who who)
{
    static const struct {
        const char *node, *region;
        enum ln_role role;
    } of[] = { { "330000000000-aaaaaaaaaaaaaaaa", "330000000000", LN_ROLE_PROVINCE },
               { "330106000000-aaaaaaaaaaaaaaaa", "330106000000", LN_ROLE_DISTRICT },
               { BOX, "330106005055", LN_ROLE_COMMUNITY },
               { "330106005055-aaaaaaaaaaaaaaaa", "330106005055", LN_ROLE_LAPTOP },
               { "330106005055-bbbbbbbbbbbbbbbb", "330106005055", LN_ROLE_COMMUNITY },
               { "330105000000-aaaaaaaaaaaaaaaa", "330105000000", LN_ROLE_DISTRICT } };
    struct ln_cert c = { .role = of[who].role, .all_collections = who != LIMITED };

    (void)snprintf(c.node, sizeof c.node, "%s", of[who].node);
    (void)snprintf(c.region, sizeof c.region, "%s", of[who].region);
    c.n_collections = 1;
    (void)snprintf(c.collections[0], sizeof c.collections[0], "notice");
    c.n_grids = 1;
    (void)snprintf(c.grids[0], sizeof c.grids[0], "3");
    return c;
}

static const char *may(enum who who, const char *text, const char *audience)
{
    static const struct ln_pubkey key = { { 0 } };
    struct ln_authority *a = ln_authority_new("330000000000-aaaaaaaaaaaaaaaa", &key);
    struct ln_cert c = cert(who);
    struct ln_change line;
    struct ln_audience aud;
    struct ln_err err = { 0 };
    const char *why = "ok";

    MUST(ln_change_read(&line, text, strlen(text), &err));
    assert_true(ln_audience_read(&aud, ln_span_of(audience)));
    bool ok = ln_authority_may(a, &c, &line, &aud, &why);
    assert_int_equal(ok, strcmp(why, "ok") == 0);
    ln_authority_free(a);
    return why;
}

TEST(each_row_of_the_table_holds)
{
    static const struct {
        enum who who;
        const char *line, *audience, *want;
    } rows[] = {
        { COMMUNITY, SET, "330106005055/c", "ok" },
        { COMMUNITY, SET, "330106005055/g3", "ok" },
        { COMMUNITY, SET, "330106005055/330000000000", "ok" },
        { COMMUNITY, SET, "public", "ok" },
        { COMMUNITY, SET, "330106005056/c", "region" },
        { COMMUNITY, ADD("ticket"), "330106000000/330000000000", "ok" },
        { COMMUNITY, SET, "330106000000/330000000000", "op" },
        { COMMUNITY, NAMED("330106005055"), "public", "ok" },
        { COMMUNITY, NAMED("330106005056"), "public", "region" },
        { DISTRICT, NAMED("330106005056"), "public", "ok" },
        { DISTRICT, STEP, "330106005055/330106000000", "ok" },
        { DISTRICT, ADD("reply"), "330106005055/330106000000", "ok" },
        { DISTRICT, SET, "330106005055/330106000000", "ok" },
        { DISTRICT, SET, "330106005055/c", "audience" },
        { DISTRICT, STEP, "330106005055/c", "audience" },
        { DISTRICT, STEP, "330106005055/g3", "audience" },
        { PROVINCE, STEP, "330106005055/330106000000", "audience" },
        { PROVINCE, STEP, "330106005055/330000000000", "ok" },
        { NAMED_NODE, STEP, "330106005055/330106000000", "region" },
        { NAMED_NODE, STEP, "330106005055/@330105000000-aaaaaaaaaaaaaaaa", "ok" },
        { NAMED_NODE, SET, "330106005055/@330105000000-aaaaaaaaaaaaaaaa", "op" },
        { LAPTOP, SET, "330106005055/g3", "ok" },
        { LAPTOP, SET, "330106005055/g4", "grid" },
        { LAPTOP, SET, "330106005056/g3", "region" },
        { LAPTOP, SET, "330106005055/c", "audience" },
        { LAPTOP, SET, "public", "audience" },
        { LIMITED, ADD("notice"), "public", "ok" },
        { LIMITED, ADD("ticket"), "public", "collection" },
        { LAPTOP, ADD("cert"), "public", "role" },
        { LAPTOP, EPOCH("330106005055/c"), "public", "role" },
        { DISTRICT, ADD("cert"), "public", "ok" },
        { DISTRICT, ADD("cert"), "330106000000/c", "audience" },
        { DISTRICT, ADD("receipt"), "public", "role" },
        { LIMITED, EPOCH("330106005055/c"), "public", "ok" },
        { COMMUNITY, EPOCH("330106005056/c"), "public", "region" },
        { DISTRICT, EPOCH("330106005055/c"), "public", "region" },
        { DISTRICT, "{" I ",\"o\":\"delete\"," R ",\"t\":\"cert@1\"}", "public", "op" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = may(rows[i].who, rows[i].line, rows[i].audience);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: %s instead of %s", i, got, rows[i].want);
    }
}

/* ---- the tree */

struct node {
    struct ln_seckey sec;
    struct ln_cert c;
};

static struct node node(uint8_t seed_byte, const char *region, enum ln_role role,
                        const struct node *parent)
{
    struct node n = { .c = { .suite = 1, .role = role, .from_s = 1000, .until_s = 2000 } };
    struct ln_ident id;
    uint8_t seed[32];

    memset(seed, seed_byte, sizeof seed);
    ln_key_from_seed(&n.sec, &n.c.key, seed);
    ln_key_ident_make(&id);
    ln_key_ident_public(&n.c.age, &id);
    ln_key_node_id(n.c.node, region, &n.c.key);
    (void)snprintf(n.c.region, sizeof n.c.region, "%s", region);
    (void)snprintf(n.c.name, sizeof n.c.name, "node");
    n.c.all_collections = true;
    (void)snprintf(n.c.issuer, sizeof n.c.issuer, "%s", parent != NULL ? parent->c.node : n.c.node);
    if (parent != NULL)
        (void)snprintf(n.c.parent, sizeof n.c.parent, "%s", parent->c.node);
    return n;
}

/* Gives `c` signed by `by` to the tree, as written in the log of `author`. */
static bool give(struct ln_authority *a, const struct ln_cert *c, const struct node *by,
                 const char *writer, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(1000);
    struct ln_buf f = ln_buf_new(4 * LN_CERT_MAX);

    ln_cert_write(&text, c);
    ln_sshsig_sign(&sig, "linli-cert", text.data, text.len, &by->sec);
    ln_buf_adds(&f, "{\"cert\":");
    ln_canon_add_string(&f, text.data, text.len);
    ln_buf_adds(&f, ",\"sig\":");
    ln_canon_add_string(&f, sig.data, sig.len);
    ln_buf_addc(&f, '}');
    bool ok = ln_authority_cert(a, writer, (struct ln_span){ f.data, f.len }, err);
    ln_buf_free(&text);
    ln_buf_free(&sig);
    ln_buf_free(&f);
    return ok;
}

struct tree {
    struct ln_authority *a;
    struct node province, district, box;
};

static struct tree tree(void)
{
    struct tree t;
    struct ln_err err = { 0 };

    t.province = node(1, "330000000000", LN_ROLE_PROVINCE, NULL);
    t.district = node(2, "330106000000", LN_ROLE_DISTRICT, &t.province);
    t.box = node(3, "330106005055", LN_ROLE_COMMUNITY, &t.district);
    t.a = ln_authority_new(t.province.c.node, &t.province.c.key);
    MUST(give(t.a, &t.province.c, &t.province, t.province.c.node, &err));
    MUST(give(t.a, &t.district.c, &t.province, t.province.c.node, &err));
    MUST(give(t.a, &t.box.c, &t.district, t.district.c.node, &err));
    return t;
}

TEST(a_chain_is_found_and_walked_upward)
{
    struct tree t = tree();
    const struct ln_cert *path[4];

    assert_non_null(ln_authority_find(t.a, t.box.c.node));
    assert_null(ln_authority_find(t.a, BOX));
    assert_int_equal(ln_authority_path(t.a, t.box.c.node, path, 4), 2);
    assert_string_equal(path[0]->node, t.district.c.node);
    assert_string_equal(path[1]->node, t.province.c.node);
    assert_int_equal(ln_authority_path(t.a, t.box.c.node, path, 1), 1);
    ln_authority_free(t.a);
}

TEST(certificates_that_are_not_the_authors_to_give_are_refused)
{
    struct tree t = tree();
    struct node other = node(4, "330105000000", LN_ROLE_DISTRICT, &t.province);
    struct node stray = node(5, "330106005056", LN_ROLE_COMMUNITY, &other);
    struct node beside = node(6, "330105001001", LN_ROLE_COMMUNITY, &t.district);
    struct node upper = node(7, "330106000000", LN_ROLE_DISTRICT, &t.district);
    struct ln_err err = { 0 };

    /* written by another than the issuer; signed by another; issuer unknown;
     * outside the issuer's region; not below it */
    assert_false(give(t.a, &t.box.c, &t.district, t.province.c.node, &err));
    assert_false(give(t.a, &t.box.c, &t.province, t.district.c.node, &err));
    assert_false(give(t.a, &stray.c, &other, other.c.node, &err));
    assert_int_equal(err.code, LN_MISSING);
    assert_false(give(t.a, &beside.c, &t.district, t.district.c.node, &err));
    assert_false(give(t.a, &upper.c, &t.district, t.district.c.node, &err));
    assert_null(ln_authority_find(t.a, beside.c.node));
    /* an id that is not its key's */
    t.box.c.key = other.c.key;
    assert_false(give(t.a, &t.box.c, &t.district, t.district.c.node, &err));
    /* a second root */
    struct node root = node(8, "330000000000", LN_ROLE_PROVINCE, NULL);
    assert_false(give(t.a, &root.c, &root, root.c.node, &err));
    ln_authority_free(t.a);
}

TEST(of_two_renewals_the_later_holds_in_either_order)
{
    for (int turn = 0; turn < 2; turn++) {
        struct tree t = tree();
        struct ln_cert c[2] = { t.box.c, t.box.c };
        struct ln_err err = { 0 };
        c[0].from_s = 1100;
        c[1].from_s = 1200;
        c[1].until_s = 1500;
        MUST(give(t.a, &c[turn], &t.district, t.district.c.node, &err));
        MUST(give(t.a, &c[1 - turn], &t.district, t.district.c.node, &err));
        assert_int_equal(ln_authority_find(t.a, t.box.c.node)->until_s, 1500);
        ln_authority_free(t.a);
    }
}

static bool revoke(struct tree *t, const char *writer, const char *who, int seq, struct ln_err *err)
{
    char f[300];

    (void)snprintf(f, sizeof f, "{\"node\":\"%s\",\"seq\":%d,\"sha\":\"%064d\"}", who, seq, 0);
    return ln_authority_revoke(t->a, writer, ln_span_of(f), err);
}

TEST(only_those_above_revoke_and_the_earliest_position_holds)
{
    struct tree t = tree();
    struct ln_err err = { 0 };

    assert_false(revoke(&t, t.box.c.node, t.district.c.node, 3, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(revoke(&t, t.box.c.node, t.box.c.node, 3, &err));
    assert_false(revoke(&t, t.province.c.node, BOX, 3, &err));
    assert_int_equal(err.code, LN_MISSING);
    assert_false(ln_authority_revoke(t.a, t.province.c.node, ln_span_of("{\"node\":\"x\"}"), &err));
    assert_int_equal(ln_authority_void_from(t.a, t.box.c.node), 0);
    MUST(revoke(&t, t.district.c.node, t.box.c.node, 9, &err));
    MUST(revoke(&t, t.province.c.node, t.box.c.node, 4, &err));
    MUST(revoke(&t, t.district.c.node, t.box.c.node, 7, &err));
    assert_int_equal(ln_authority_void_from(t.a, t.box.c.node), 5);
    ln_authority_free(t.a);
}

static bool revoke_down(struct tree *t, const char *down, int seq, struct ln_err *err)
{
    char f[400];

    (void)snprintf(f, sizeof f, "{\"down\":%s,\"node\":\"%s\",\"seq\":%d,\"sha\":\"%064d\"}", down,
                   t->district.c.node, seq, 0);
    assert_true(ln_canon_check(f, strlen(f), err));
    return ln_authority_revoke(t->a, t->province.c.node, ln_span_of(f), err);
}

static uint64_t void_in(const struct ln_authority *a, const struct tree *t, const char *region)
{
    char log[LN_LOG_MAX];

    (void)snprintf(log, sizeof log, "%s%s%s", t->district.c.node, region[0] != '\0' ? "." : "",
                   region);
    return ln_authority_void_in(a, log);
}

TEST(each_down_log_of_a_revoked_node_has_a_position_of_its_own_and_the_earliest_holds)
{
    static const char *const positions[] = {
        "[[\"330106005055\",9],[\"330106005056\",2],[\"330106005057\",4]]",
        "[[\"330106005055\",7],[\"330106005056\",3]]",
        "[[\"330106005055\",8],[\"330106005056\",5],[\"330106005058\",1]]",
    };
    static const char *const none[] = {
        "7",
        "{}",
        "[7]",
        "[[]]",
        "[[\"330106005055\"]]",
        "[[\"330106005055\",-1]]",
        "[[\"330106005055\",\"1\"]]",
        "[[\"330106005055\",1,1]]",
        "[[7,1]]",
        "[[\"33010600505\",1]]",
        "[[\"33010600505x\",1]]",
        "[[\"330106005055\",1],[\"330106005055\",1]]",
        "[[\"330106005056\",1],[\"330106005055\",1]]",
        "[],\"first\":7",
        "[],\"next\":\"33\"",
    };

    for (size_t first = 0; first < 3; first++) { /* in whatever order they come */
        struct tree t = tree();
        struct ln_err err = { 0 };
        assert_int_equal(void_in(t.a, &t, ""), 0);
        assert_int_equal(void_in(t.a, &t, "330106005055"), 0);
        MUST(revoke(&t, t.province.c.node, t.district.c.node, 6, &err)); /* of an older program */
        assert_int_equal(void_in(t.a, &t, ""), 7);
        assert_int_equal(void_in(t.a, &t, "330106005055"), 0);
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
            assert_false(revoke_down(&t, none[i], 1, &err));
            assert_int_equal(err.code, LN_INVALID);
        }
        assert_int_equal(void_in(t.a, &t, ""), 7);

        for (size_t i = 0; i < 4; i++) /* the first one again at the end */
            MUST(revoke_down(&t, positions[(first + i) % 3], 8, &err));

        struct ln_authority *copy = ln_authority_copy(t.a);
        const struct ln_authority *both[] = { t.a, copy };
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(void_in(both[i], &t, ""), 7);
            assert_int_equal(void_in(both[i], &t, "330106005055"), 8);
            assert_int_equal(void_in(both[i], &t, "330106005056"), 3);
            assert_int_equal(void_in(both[i], &t, "330106005057"), 1); /* one knew of none */
            assert_int_equal(void_in(both[i], &t, "330106005058"), 1);
            assert_int_equal(void_in(both[i], &t, "330106005059"), 1);
        }
        assert_int_equal(ln_authority_void_in(t.a, t.box.c.node), 0);
        ln_authority_free(copy);
        ln_authority_free(t.a);
    }
}

TEST(several_lines_of_one_revocation_tell_of_regions_that_follow_each_other)
{
    struct tree t = tree();
    struct ln_err err = { 0 };

    MUST(revoke_down(&t, "[[\"330106005056\",3]],\"first\":\"330106005056\"", 6, &err));
    assert_int_equal(void_in(t.a, &t, "330106005055"), 0);
    assert_int_equal(void_in(t.a, &t, "330106005056"), 4);
    assert_int_equal(void_in(t.a, &t, "330106005057"), 1);
    MUST(revoke_down(&t, "[[\"330106005055\",2]],\"next\":\"330106005056\"", 6, &err));

    assert_int_equal(void_in(t.a, &t, "330106005054"), 1);
    assert_int_equal(void_in(t.a, &t, "330106005055"), 3);
    assert_int_equal(void_in(t.a, &t, "330106005056"), 4);
    ln_authority_free(t.a);
}

TEST(a_receipt_comes_from_the_parent_alone)
{
    struct tree t = tree();
    struct ln_change line;
    struct ln_audience aud;
    struct ln_err err = { 0 };
    char text[300];
    const char *why = "";

    (void)snprintf(text, sizeof text,
                   "{\"f\":{\"log\":\"%s\"}," I ",\"o\":\"add\",\"t\":\"receipt@1\"}",
                   t.box.c.node);
    MUST(ln_change_read(&line, text, strlen(text), &err));
    assert_true(ln_audience_read(&aud, ln_span_of("public")));

    assert_true(ln_authority_may(t.a, &t.district.c, &line, &aud, &why));
    assert_false(ln_authority_may(t.a, &t.province.c, &line, &aud, &why));
    assert_false(ln_authority_may(t.a, &t.box.c, &line, &aud, &why));
    assert_string_equal(why, "role");
    ln_authority_free(t.a);
}

/* ---- every small change */

struct asked {
    struct ln_authority *a;
    const char *author;
    bool revoke;
    unsigned tried, taken;
};

static void try_f(void *ctx, const char *text, size_t len)
{
    struct asked *x = ctx;
    struct ln_err err = { 0 };

    if (len == 0 || !ln_canon_check(text, len, &err) ||
        ln_canon_type((struct ln_span){ text, len }) != LN_CANON_OBJECT)
        return; /* lines with those are none */
    x->tried++;
    x->taken += x->revoke
                    ? ln_authority_revoke(x->a, x->author, (struct ln_span){ text, len }, &err)
                    : ln_authority_cert(x->a, x->author, (struct ln_span){ text, len }, &err);
}

TEST(a_certificate_or_revocation_with_anything_changed_is_not_heeded)
{
    struct tree t = tree();
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(1000);
    struct ln_buf f = ln_buf_new(4 * LN_CERT_MAX);
    char revoke[256];
    ln_cert_write(&text, &t.box.c);
    ln_sshsig_sign(&sig, "linli-cert", text.data, text.len, &t.district.sec);
    ln_buf_adds(&f, "{\"cert\":");
    ln_canon_add_string(&f, text.data, text.len);
    ln_buf_adds(&f, ",\"sig\":");
    ln_canon_add_string(&f, sig.data, sig.len);
    ln_buf_addc(&f, '}');
    struct asked cert = { t.a, t.district.c.node, false, 0, 0 };
    struct asked end = { t.a, t.province.c.node, true, 0, 0 };
    (void)snprintf(
        revoke, sizeof revoke,
        "{\"node\":\"%s\",\"seq\":5,\"sha\":\"00000000000000000000000000000000000000000000"
        "00000000000000000000\"}",
        t.box.c.node);

    mutate_json((struct ln_span){ f.data, f.len }, try_f, &cert);
    mutate_bytes(f.data, f.len, try_f, &cert);
    assert_true(cert.tried > 1000);
    assert_int_equal(cert.taken, 0);
    assert_string_equal(ln_authority_find(t.a, t.box.c.node)->parent, t.district.c.node);
    mutate_json(ln_span_of(revoke), try_f, &end);
    assert_true(end.tried > 20);
    uint64_t from = ln_authority_void_from(t.a, t.box.c.node); /* another number may stand there */
    assert_true(from == 1 || from == 0 || from == 8);
    assert_int_equal(ln_authority_void_from(t.a, t.district.c.node), 0);
    ln_buf_free(&f);
    ln_buf_free(&sig);
    ln_buf_free(&text);
    ln_authority_free(t.a);
}

TEST(what_a_node_had_before_is_remembered_for_a_while)
{
    struct tree t = tree();
    struct node laptop = node(9, "330106005055", LN_ROLE_LAPTOP, &t.box);
    struct ln_err err = { 0 };
    laptop.c.n_grids = 1;

    for (int i = 0; i < 40; i++) { /* more certificates than are kept */
        (void)snprintf(laptop.c.grids[0], sizeof laptop.c.grids[0], "%02d", i % 3);
        laptop.c.from_s = 1000 + 100 * i;
        laptop.c.until_s = laptop.c.from_s + 50;
        MUST(give(t.a, &laptop.c, &t.box, t.box.c.node, &err));
        MUST(give(t.a, &laptop.c, &t.box, t.box.c.node, &err)); /* twice is once */
    }
    int64_t last = 1000 + 3900;

    assert_string_equal(ln_authority_find(t.a, laptop.c.node)->grids[0], "00");
    assert_true(ln_authority_late(t.a, laptop.c.node, "02", last - 1, last + 1));
    assert_false(ln_authority_late(t.a, laptop.c.node, "02", last + 1, last + 2));
    assert_false(ln_authority_late(t.a, laptop.c.node, "02", last - 1, last + 31 * 86400));
    assert_false(ln_authority_late(t.a, laptop.c.node, "77", last - 1, last + 1));
    assert_false(ln_authority_late(t.a, "nobody", "02", last - 1, last + 1));
    struct ln_authority *copy = ln_authority_copy(t.a);
    assert_true(ln_authority_late(copy, laptop.c.node, "02", last - 1, last + 1));
    ln_authority_free(copy);
    ln_authority_free(NULL);
    ln_authority_free(t.a);
}

RUN_TESTS(T(each_row_of_the_table_holds), T(a_chain_is_found_and_walked_upward),
          T(certificates_that_are_not_the_authors_to_give_are_refused),
          T(of_two_renewals_the_later_holds_in_either_order),
          T(only_those_above_revoke_and_the_earliest_position_holds),
          T(each_down_log_of_a_revoked_node_has_a_position_of_its_own_and_the_earliest_holds),
          T(several_lines_of_one_revocation_tell_of_regions_that_follow_each_other),
          T(a_receipt_comes_from_the_parent_alone),
          T(a_certificate_or_revocation_with_anything_changed_is_not_heeded),
          T(what_a_node_had_before_is_remembered_for_a_while))
