/* Tests of crypto/cert.c. */
#include "crypto/cert.h"

#include <string.h>

#include "crypto/sshsig.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

struct party {
    struct ln_seckey sec;
    struct ln_cert c;
};

static void make(struct party *p, enum ln_role role, const char *region, const struct party *issuer)
{
    struct ln_ident id;

    memset(p, 0, sizeof *p);
    p->c = (struct ln_cert){ .suite = 1,
                             .role = role,
                             .from_s = 1795392000,
                             .until_s = 1829952000,
                             .all_collections = true };
    ln_key_make(&p->sec, &p->c.key);
    ln_key_ident_make(&id);
    ln_key_ident_public(&p->c.age, &id);
    (void)snprintf(p->c.region, sizeof p->c.region, "%s", region);
    ln_key_node_id(p->c.node, region, &p->c.key);
    (void)snprintf(p->c.name, sizeof p->c.name, "翠苑一区社区");
    (void)snprintf(p->c.issuer, sizeof p->c.issuer, "%s",
                   issuer != NULL ? issuer->c.node : p->c.node);
    (void)snprintf(p->c.parent, sizeof p->c.parent, "%s", issuer != NULL ? issuer->c.node : "");
}

static enum ln_code check(const struct party *p, const struct party *issuer)
{
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_cert got;
    struct ln_err err = { 0 };
    const struct party *by = issuer != NULL ? issuer : p;

    ln_cert_write(&text, &p->c);
    ln_sshsig_sign(&sig, "linli-cert", text.data, text.len, &by->sec);
    bool ok = ln_cert_check(&got, text.data, text.len, sig.data, sig.len, &by->c.key,
                            issuer != NULL ? &issuer->c : NULL, &err);
    if (ok)
        assert_memory_equal(&got, &p->c, sizeof got);
    ln_buf_free(&text);
    ln_buf_free(&sig);
    return ok ? LN_OK : err.code;
}

TEST(a_chain_from_province_to_laptop_holds)
{
    struct party province, district, community, laptop;

    make(&province, LN_ROLE_PROVINCE, "330000000000", NULL);
    make(&district, LN_ROLE_DISTRICT, "330106000000", &province);
    make(&community, LN_ROLE_COMMUNITY, "330106005055", &district);
    make(&laptop, LN_ROLE_LAPTOP, "330106005055", &community);
    laptop.c.n_grids = 2;
    memcpy(laptop.c.grids[0], "g01", 4);
    memcpy(laptop.c.grids[1], "g02", 4);

    assert_int_equal(check(&province, NULL), LN_OK);
    assert_int_equal(check(&district, &province), LN_OK);
    assert_int_equal(check(&community, &district), LN_OK);
    assert_int_equal(check(&laptop, &community), LN_OK);
    assert_int_equal(check(&laptop, &district), LN_DENIED);
    assert_int_equal(check(&district, NULL), LN_DENIED);
}

TEST(rights_only_narrow)
{
    struct party province, district, other, community;

    make(&province, LN_ROLE_PROVINCE, "330000000000", NULL);
    make(&district, LN_ROLE_DISTRICT, "330106000000", &province);
    make(&other, LN_ROLE_COMMUNITY, "330105005055", &district);
    assert_int_equal(check(&other, &district), LN_DENIED);
    make(&other, LN_ROLE_DISTRICT, "330106000000", &district);
    assert_int_equal(check(&other, &district), LN_DENIED);
    district.c.all_collections = false;
    district.c.n_collections = 1;
    memcpy(district.c.collections[0], "news", 5);
    make(&community, LN_ROLE_COMMUNITY, "330106005055", &district);
    assert_int_equal(check(&community, &district), LN_DENIED);
    community.c.all_collections = false;
    community.c.n_collections = 1;
    memcpy(community.c.collections[0], "person", 7);
    assert_int_equal(check(&community, &district), LN_DENIED);
    memcpy(community.c.collections[0], "news\0\0", 7);
    assert_int_equal(check(&community, &district), LN_OK);
}

TEST(impossible_certificates_are_invalid)
{
    struct party p;

    make(&p, LN_ROLE_PROVINCE, "330000000000", NULL);
    p.c.suite = 2;
    assert_int_equal(check(&p, NULL), LN_INVALID);
    p.c.suite = 1;
    p.c.until_s = p.c.from_s;
    assert_int_equal(check(&p, NULL), LN_INVALID);
    make(&p, LN_ROLE_PROVINCE, "330106000000", NULL);
    assert_int_equal(check(&p, NULL), LN_INVALID);
    make(&p, LN_ROLE_PROVINCE, "330000000000", NULL);
    p.c.node[20] = p.c.node[20] == 'a' ? 'b' : 'a';
    assert_int_equal(check(&p, NULL), LN_INVALID);
    make(&p, LN_ROLE_PROVINCE, "330000000000", NULL);
    p.c.name[0] = '\0';
    assert_int_equal(check(&p, NULL), LN_INVALID);
}

TEST(no_changed_byte_of_a_certificate_passes)
{
    struct party p;
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_cert got;
    struct ln_err err = { 0 };

    make(&p, LN_ROLE_PROVINCE, "330000000000", NULL);
    ln_cert_write(&text, &p.c);
    ln_sshsig_sign(&sig, "linli-cert", text.data, text.len, &p.sec);
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] = (char)(text.data[i] ^ 1);
        assert_false(
            ln_cert_check(&got, text.data, text.len, sig.data, sig.len, &p.c.key, NULL, &err));
        text.data[i] = (char)(text.data[i] ^ 1);
    }
    MUST(ln_cert_check(&got, text.data, text.len, sig.data, sig.len, &p.c.key, NULL, &err));
    ln_buf_free(&text);
    ln_buf_free(&sig);
}

TEST(regions_hold_what_starts_with_their_tier)
{
    assert_true(ln_cert_region_holds("330000000000", "330106005055"));
    assert_true(ln_cert_region_holds("330106000000", "330106005055"));
    assert_true(ln_cert_region_holds("330106005055", "330106005055"));
    assert_false(ln_cert_region_holds("330106005055", "330106005056"));
    assert_false(ln_cert_region_holds("330106000000", "330000000000"));
    assert_false(ln_cert_region_holds("33", "330106005055"));
}

/* What is taken is what would be written. */
static void try_cert(void *ctx, const char *text, size_t len)
{
    struct ln_cert c;
    struct ln_err err = { 0 };

    ++*(unsigned *)ctx;
    if (!ln_cert_read(&c, text, len, &err)) {
        assert_int_equal(err.code, LN_INVALID);
        return;
    }
    struct ln_buf again = ln_buf_new(LN_CERT_MAX);
    ln_cert_write(&again, &c);
    assert_int_equal(again.len, len);
    assert_memory_equal(again.data, text, len);
    ln_buf_free(&again);
}

TEST(a_certificate_with_anything_changed_is_none_or_says_just_what_it_says)
{
    struct party province, district, community, laptop;
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_cert got;
    struct ln_err err = { 0 };
    unsigned tried = 0;
    make(&province, LN_ROLE_PROVINCE, "330000000000", NULL);
    make(&district, LN_ROLE_DISTRICT, "330106000000", &province);
    make(&community, LN_ROLE_COMMUNITY, "330106005055", &district);
    make(&laptop, LN_ROLE_LAPTOP, "330106005055", &community);
    laptop.c.n_grids = 2;
    memcpy(laptop.c.grids[0], "g01", 4);
    memcpy(laptop.c.grids[1], "g02", 4);
    laptop.c.all_collections = false;
    laptop.c.n_collections = 2;
    memcpy(laptop.c.collections[0], "notice", 7);
    memcpy(laptop.c.collections[1], "person", 7);
    memcpy(laptop.c.continues, district.c.node, sizeof laptop.c.continues);
    ln_cert_write(&text, &laptop.c);
    MUST(ln_cert_read(&got, text.data, text.len, &err));

    mutate_json((struct ln_span){ text.data, text.len }, try_cert, &tried);
    mutate_bytes(text.data, text.len, try_cert, &tried);

    assert_true(tried > 1000);
    struct ln_buf large = ln_buf_new(2 * LN_CERT_MAX);
    memset(ln_buf_grow(&large, LN_CERT_MAX + 1), ' ', LN_CERT_MAX + 1);
    assert_false(ln_cert_read(&got, large.data, large.len, &err));
    ln_buf_free(&large);
    ln_buf_free(&text);
}

/* Each is well signed by who stands above, and says something that cannot be. */
TEST(ties_and_rights_that_cannot_be_are_refused_however_well_signed)
{
    struct party province, district, community, laptop;

    make(&province, LN_ROLE_PROVINCE, "330000000000", NULL);
    make(&district, LN_ROLE_DISTRICT, "330106000000", &province);
    make(&community, LN_ROLE_COMMUNITY, "330106005055", &district);
    make(&laptop, LN_ROLE_LAPTOP, "330106005055", &district);
    assert_int_equal(check(&laptop, &district), LN_DENIED); /* only a community certifies those */
    make(&laptop, LN_ROLE_LAPTOP, "330106005055", &community);
    laptop.c.n_grids = 1;
    memcpy(laptop.c.grids[0], "*", 2);
    assert_int_equal(check(&laptop, &community), LN_INVALID);
    laptop.c.grids[0][0] = '\0';
    assert_int_equal(check(&laptop, &community), LN_INVALID);

    struct party c = community;
    memcpy(c.c.parent, c.c.node, sizeof c.c.parent);
    assert_int_equal(check(&c, &district), LN_INVALID);
    c = community;
    memcpy(c.c.continues, c.c.node, sizeof c.c.continues);
    assert_int_equal(check(&c, &district), LN_INVALID);
    c = community;
    (void)snprintf(c.c.continues, sizeof c.c.continues, "nobody");
    assert_int_equal(check(&c, &district), LN_INVALID);
    c = community;
    c.c.parent[0] = '\0';
    assert_int_equal(check(&c, &district), LN_DENIED);
    c = community;
    memcpy(c.c.issuer, province.c.node, sizeof c.c.issuer);
    assert_int_equal(check(&c, &district), LN_DENIED);
    c = community;
    c.c.all_collections = false;
    c.c.n_collections = 2; /* "*" and one more */
    memcpy(c.c.collections[0], "*", 2);
    memcpy(c.c.collections[1], "person", 7);
    assert_int_equal(check(&c, &district), LN_INVALID);
    c = province; /* a root is its own issuer, and has no parent */
    memcpy(c.c.parent, district.c.node, sizeof c.c.parent);
    assert_int_equal(check(&c, NULL), LN_DENIED);
    c = province;
    memcpy(c.c.issuer, district.c.node, sizeof c.c.issuer);
    assert_int_equal(check(&c, NULL), LN_DENIED);

    assert_int_equal(check(&community, &district), LN_OK);
    assert_false(ln_cert_region_holds("330106000000", "3301"));
    assert_false(ln_cert_region_holds("3301", "330106000000"));
}

RUN_TESTS(T(ties_and_rights_that_cannot_be_are_refused_however_well_signed),
          T(a_chain_from_province_to_laptop_holds), T(rights_only_narrow),
          T(impossible_certificates_are_invalid), T(no_changed_byte_of_a_certificate_passes),
          T(regions_hold_what_starts_with_their_tier),
          T(a_certificate_with_anything_changed_is_none_or_says_just_what_it_says))
