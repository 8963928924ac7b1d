/* Tests of crypto/httpsig.c. Known answer: RFC 9421 B.2.6 (key of B.1.4). */
#include "crypto/httpsig.h"

#include <string.h>

#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

#define NODE "330106005055-aaaaaaaaaaaaaaaa"
#define SERVER "330106000000-bbbbbbbbbbbbbbbb"

static const uint8_t seed[32] = { 0x9f, 0x83, 0x62, 0xf8, 0x7a, 0x48, 0x4a, 0x95, 0x4e, 0x6e, 0x74,
                                  0x0c, 0x5b, 0x4c, 0x0e, 0x84, 0x22, 0x91, 0x39, 0xa2, 0x0a, 0xa8,
                                  0xab, 0x56, 0xff, 0x66, 0x58, 0x6f, 0x6a, 0x7d, 0x29, 0xc5 };

TEST(the_base_and_signature_of_rfc_9421_b_2_6)
{
    static const struct ln_httpsig_part parts[] = {
        { "\"date\"", "Tue, 20 Apr 2021 02:07:55 GMT" },
        { "\"@method\"", "POST" },
        { "\"@path\"", "/foo" },
        { "\"@authority\"", "example.com" },
        { "\"content-type\"", "application/json" },
        { "\"content-length\"", "18" },
    };
    static const char params[] =
        "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
        ";created=1618884473;keyid=\"test-key-ed25519\"";
    struct ln_buf base = ln_buf_new(4096);
    struct ln_buf text = ln_buf_new(200);
    struct ln_seckey key;
    struct ln_pubkey pub;
    struct ln_err err = { 0 };
    uint8_t sig[64];

    ln_key_from_seed(&key, &pub, seed);
    MUST(ln_httpsig_base(&base, parts, 6, ln_span_of(params), &err));
    ln_key_sign(sig, base.data, base.len, &key);
    ln_encode_base64(&text, sig, sizeof sig, true);

    assert_string_equal(text.data, "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPi"
                                   "u4A0w6vuQv5lIp5WPpBKRCw==");
    ln_buf_free(&base);
    ln_buf_free(&text);
}

TEST(a_value_that_would_break_its_line_is_refused)
{
    static const struct ln_httpsig_part parts[] = { { "\"@path\"", "/foo\n\"@method\": GET" } };
    struct ln_buf base = ln_buf_new(4096);
    struct ln_err err = { 0 };

    assert_false(ln_httpsig_base(&base, parts, 1, ln_span_of("(\"@path\")"), &err));
    assert_int_equal(err.code, LN_INVALID);
    ln_buf_free(&base);
}

/* ---- a signed request, and everything that can be wrong with it */

struct signed_one {
    struct ln_seckey key;
    struct ln_pubkey pub;
    struct ln_httpsig_request r;
    struct ln_buf digest, input, sig;
    struct ln_httpsig_headers h;
    struct ln_sha256 body;
};

static void sign_one(struct signed_one *s)
{
    struct ln_err err = { 0 };

    ln_key_from_seed(&s->key, &s->pub, seed);
    s->r = (struct ln_httpsig_request){ "POST", "/sync/v1/heads", "?a=1", SERVER, "bm9uY2U",
                                        NODE,   1795392000 };
    s->body = ln_encode_sha256("{}", 2);
    s->digest = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    s->input = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    s->sig = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    MUST(ln_httpsig_sign_request(&s->digest, &s->input, &s->sig, &s->r, &s->body, &s->key, &err));
    s->h = (struct ln_httpsig_headers){ s->digest.data, s->input.data, s->sig.data };
}

static void free_one(struct signed_one *s)
{
    ln_buf_free(&s->digest);
    ln_buf_free(&s->input);
    ln_buf_free(&s->sig);
}

static bool good(const struct signed_one *s)
{
    struct ln_err err = { 0 };
    bool ok = ln_httpsig_verify_request(&s->r, &s->h, &s->body, &s->pub, &err);

    if (!ok)
        assert_true(err.code == LN_DENIED || err.code == LN_INVALID);
    return ok;
}

TEST(a_request_verifies_as_it_was_signed)
{
    struct signed_one s;
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    int64_t created;
    struct ln_err err = { 0 };

    sign_one(&s);
    assert_true(good(&s));
    MUST(ln_httpsig_peek(keyid, nonce, &created, &s.h, &err));
    assert_string_equal(keyid, NODE);
    assert_string_equal(nonce, "bm9uY2U");
    assert_int_equal(created, 1795392000);
    free_one(&s);
}

TEST(each_covered_part_counts)
{
    struct signed_one s;
    struct ln_httpsig_request was;

    sign_one(&s);
    was = s.r;
    s.r.method = "GET";
    assert_false(good(&s));
    s.r = was;
    s.r.path = "/sync/v1/keys";
    assert_false(good(&s));
    s.r = was;
    s.r.query = "?a=2";
    assert_false(good(&s));
    s.r = was;
    s.r.to = NODE;
    assert_false(good(&s));
    s.r = was;
    s.body = ln_encode_sha256("{ }", 3);
    assert_false(good(&s));
    s.body = ln_encode_sha256("{}", 2);
    assert_true(good(&s));
    s.pub.b[3] ^= 1;
    assert_false(good(&s));
    free_one(&s);
}

/* What stands in place of a header: refused, with a reason, never a crash. */
static void refuse_header(struct signed_one *s, const char **place, const char *text)
{
    const char *was = *place;

    *place = text;
    if (good(s))
        fail_msg("accepted: %s", text);
    *place = was;
    assert_true(good(s));
}

TEST(tampered_headers_are_refused)
{
    struct signed_one s;
    struct ln_buf two = ln_buf_new(4096);
    struct ln_buf more = ln_buf_new(4096);

    sign_one(&s);
    ln_buf_addf(&two, "%s, %s", s.sig.data, s.sig.data);
    ln_buf_addf(&more, "%s;tag=\"linli1\"", s.input.data);
    refuse_header(&s, &s.h.signature, two.data);
    refuse_header(&s, &s.h.signature, "");
    refuse_header(&s, &s.h.signature, "s=::");
    refuse_header(&s, &s.h.signature, "s=:AAAA:");
    refuse_header(&s, &s.h.signature_input, more.data);
    refuse_header(&s, &s.h.signature_input, "");
    refuse_header(&s, &s.h.signature_input, "s=()");
    refuse_header(&s, &s.h.signature_input,
                  "s=(\"@method\");created=1795392000;keyid=\"" NODE
                  "\";nonce=\"bm9uY2U\";tag=\"linli1\"");
    refuse_header(&s, &s.h.content_digest, "");
    refuse_header(&s, &s.h.content_digest, "sha-256=:AAAA:");
    refuse_header(&s, &s.h.content_digest,
                  "sha-512=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    ln_buf_free(&two);
    ln_buf_free(&more);
    free_one(&s);
}

TEST(each_changed_bit_of_a_signature_is_refused)
{
    struct signed_one s;

    sign_one(&s);
    for (size_t i = 0; i < s.sig.len * 8; i++) {
        s.sig.data[i / 8] = (char)(s.sig.data[i / 8] ^ (1 << i % 8));
        if (s.sig.data[i / 8] != '\0' && good(&s))
            fail_msg("bit %zu of the header does not count", i);
        s.sig.data[i / 8] = (char)(s.sig.data[i / 8] ^ (1 << i % 8));
    }
    assert_true(good(&s));
    free_one(&s);
}

TEST(a_response_answers_one_request)
{
    struct signed_one s;
    struct ln_buf d = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf i = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf g = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_err err = { 0 };
    int64_t created = 0;

    sign_one(&s);
    struct ln_httpsig_headers other = s.h;
    other.signature = "s=:AAAA:";
    MUST(ln_httpsig_sign_response(&d, &i, &g, 200, "bmV4dA", SERVER, 1795392001, &s.body, &s.h,
                                  &s.key, &err));
    struct ln_httpsig_headers h = { d.data, i.data, g.data };
    MUST(ln_httpsig_verify_response(200, "bmV4dA", &h, &s.body, &s.h, &s.pub, &created, &err));
    assert_int_equal(created, 1795392001);
    assert_false(
        ln_httpsig_verify_response(201, "bmV4dA", &h, &s.body, &s.h, &s.pub, &created, &err));
    assert_false(
        ln_httpsig_verify_response(200, "bmV4dB", &h, &s.body, &s.h, &s.pub, &created, &err));
    assert_false(
        ln_httpsig_verify_response(200, "bmV4dA", &h, &s.body, &other, &s.pub, &created, &err));
    ln_buf_free(&d);
    ln_buf_free(&i);
    ln_buf_free(&g);
    free_one(&s);
}

/* ---- nonces */

TEST(a_nonce_is_good_once_and_for_ten_minutes)
{
    struct ln_nonces *n = ln_nonces_new(8);
    struct ln_nonces *other = ln_nonces_new(8);
    char a[LN_HTTPSIG_NONCE_MAX];
    char b[LN_HTTPSIG_NONCE_MAX];
    struct ln_err err = { 0 };

    ln_nonces_mint(a, n, 1000);
    ln_nonces_mint(b, n, 1000);
    assert_string_not_equal(a, b);
    assert_false(ln_nonces_use(other, a, 1000, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(ln_nonces_use(n, a, 1000 + LN_HTTPSIG_NONCE_S + 1, &err));
    assert_false(ln_nonces_use(n, a, 900, &err));
    MUST(ln_nonces_use(n, a, 1001, &err));
    assert_false(ln_nonces_use(n, a, 1002, &err));
    MUST(ln_nonces_use(n, b, 1000 + LN_HTTPSIG_NONCE_S, &err));
    assert_false(ln_nonces_use(n, "", 1000, &err));
    assert_false(ln_nonces_use(n, "xxxx", 1000, &err));
    ln_nonces_free(n);
    ln_nonces_free(other);
}

TEST(a_full_memory_never_lets_a_replay_through)
{
    struct ln_nonces *n = ln_nonces_new(4);
    char kept[32][LN_HTTPSIG_NONCE_MAX];
    struct ln_err err = { 0 };

    for (int i = 0; i < 32; i++) {
        ln_nonces_mint(kept[i], n, 1000 + i);
        (void)!ln_nonces_use(n, kept[i], 1000 + i, &err);
        for (int k = 0; k <= i; k++)
            assert_false(ln_nonces_use(n, kept[k], 1000 + i, &err));
    }
    ln_nonces_free(n);
}

TEST(a_memory_that_grows_forgets_nothing)
{
    enum { MANY = 300 };
    struct ln_nonces *n = ln_nonces_new(MANY);
    char kept[MANY][LN_HTTPSIG_NONCE_MAX];
    struct ln_err err = { 0 };

    for (int i = 0; i < MANY; i++) {
        ln_nonces_mint(kept[i], n, 1000);
        assert_true(ln_nonces_use(n, kept[i], 1000, &err));
    }

    for (int i = 0; i < MANY; i++)
        assert_false(ln_nonces_use(n, kept[i], 1000, &err));
    ln_nonces_free(n);
}

/* ---- every small change */

struct place {
    struct signed_one *s;
    const char **header;
    char *was;
    bool response;
    int64_t created_s;
};

static void try_header(void *ctx, const char *text, size_t len)
{
    struct place *p = ctx;
    struct ln_err err = { 0 };
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    int64_t created_s;

    if (memchr(text, '\0', len) != NULL)
        return; /* headers are texts */
    struct ln_buf copy = ln_buf_new(LN_HTTPSIG_HEADER_MAX + 16);
    ln_buf_add(&copy, text, len);
    *p->header = copy.len > 0 ? copy.data : "";
    if (good(p->s))
        fail_msg("verifies: %s", *p->header);
    (void)!ln_httpsig_peek(keyid, nonce, &created_s, &p->s->h, &err);
    ln_buf_free(&copy);
}

TEST(no_small_change_of_a_header_passes)
{
    struct signed_one s;
    sign_one(&s);
    const char **const headers[] = { &s.h.content_digest, &s.h.signature_input, &s.h.signature };

    for (size_t i = 0; i < 3; i++) {
        const char *was = *headers[i];
        struct place p = { &s, headers[i], NULL, false, 0 };
        mutate_bytes(was, strlen(was), try_header, &p);
        *headers[i] = was;
    }
    assert_true(good(&s));
    free_one(&s);
}

TEST(headers_beyond_their_ceiling_are_refused)
{
    struct signed_one s;
    char text[LN_HTTPSIG_HEADER_MAX + 2];
    sign_one(&s);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    const char **const headers[] = { &s.h.content_digest, &s.h.signature_input, &s.h.signature };

    for (size_t i = 0; i < 3; i++) {
        const char *was = *headers[i];
        *headers[i] = text;
        assert_false(good(&s));
        *headers[i] = was;
    }
    free_one(&s);
}

TEST(what_cannot_stand_in_a_signature_is_not_signed)
{
    static const struct ln_httpsig_request bad[] = {
        { "", "/p", "?", SERVER, "n", NODE, 1 },      { "P T", "/p", "?", SERVER, "n", NODE, 1 },
        { "GET", "p", "?", SERVER, "n", NODE, 1 },    { "GET", "/p ", "?", SERVER, "n", NODE, 1 },
        { "GET", "/p\n", "?", SERVER, "n", NODE, 1 }, { "GET", "/p", "a", SERVER, "n", NODE, 1 },
        { "GET", "/p", "? ", SERVER, "n", NODE, 1 },  { "GET", "/p", "?", "a\"b", "n", NODE, 1 },
        { "GET", "/p", "?", SERVER, "n\\", NODE, 1 }, { "GET", "/p", "?", SERVER, "n", "\xe4", 1 },
        { "GET", "/p", "?", SERVER, "n\t", NODE, 1 }, { "GET", "/p", "?", SERVER, "n", NODE, -1 },
    };
    struct signed_one s;
    struct ln_err err = { 0 };
    sign_one(&s);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ln_buf d = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        struct ln_buf n = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        struct ln_buf g = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        assert_false(ln_httpsig_sign_request(&d, &n, &g, &bad[i], &s.body, &s.key, &err));
        assert_int_equal(err.code, LN_INVALID);
        assert_false(ln_httpsig_verify_request(&bad[i], &s.h, &s.body, &s.pub, &err));
        ln_buf_free(&d);
        ln_buf_free(&n);
        ln_buf_free(&g);
    }
    static const struct {
        int status;
        const char *next, *keyid;
        int64_t created_s;
    } answers[] = { { 99, "n", NODE, 1 },
                    { 600, "n", NODE, 1 },
                    { 200, "a\nb", NODE, 1 },
                    { 200, "n", "a\\b", 1 },
                    { 200, "n", NODE, -1 } };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct ln_buf d = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        struct ln_buf n = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        struct ln_buf g = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
        assert_false(ln_httpsig_sign_response(&d, &n, &g, answers[i].status, answers[i].next,
                                              answers[i].keyid, answers[i].created_s, &s.body, &s.h,
                                              &s.key, &err));
        ln_buf_free(&d);
        ln_buf_free(&n);
        ln_buf_free(&g);
    }
    for (int which = 0; which < 3; which++) { /* no room for what is made */
        struct ln_buf d = ln_buf_new(which == 0 ? 8 : LN_HTTPSIG_HEADER_MAX);
        struct ln_buf n = ln_buf_new(which == 1 ? 8 : LN_HTTPSIG_HEADER_MAX);
        struct ln_buf g = ln_buf_new(which == 2 ? 8 : LN_HTTPSIG_HEADER_MAX);
        assert_false(ln_httpsig_sign_request(&d, &n, &g, &s.r, &s.body, &s.key, &err));
        assert_int_equal(err.code, LN_FULL);
        ln_buf_free(&d);
        ln_buf_free(&n);
        ln_buf_free(&g);
    }
    ln_nonces_free(NULL);
    free_one(&s);
}

RUN_TESTS(T(the_base_and_signature_of_rfc_9421_b_2_6),
          T(a_value_that_would_break_its_line_is_refused), T(a_request_verifies_as_it_was_signed),
          T(each_covered_part_counts), T(tampered_headers_are_refused),
          T(each_changed_bit_of_a_signature_is_refused), T(a_response_answers_one_request),
          T(a_nonce_is_good_once_and_for_ten_minutes), T(a_full_memory_never_lets_a_replay_through),
          T(a_memory_that_grows_forgets_nothing), T(no_small_change_of_a_header_passes),
          T(headers_beyond_their_ceiling_are_refused),
          T(what_cannot_stand_in_a_signature_is_not_signed))
