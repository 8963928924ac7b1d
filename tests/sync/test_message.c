/* Messages between nodes: headers, queries, signatures, evidence, problems. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "crypto/key.h"
#include "sync/message.h"

#define NODE "330106005055-aaaaaaaaaaaaaaaa"
#define PARENT "330106000000-bbbbbbbbbbbbbbbb"
#define NOW INT64_C(1795400000)

struct pair {
    struct ln_seckey key;
    struct ln_pubkey pub;
    struct ln_message q, a;
};

static void pair_new(struct pair *p)
{
    struct ln_err err = { 0 };

    ln_key_make(&p->key, &p->pub);
    ln_message_init(&p->q, LN_MESSAGE_NOTE_MAX);
    ln_message_init(&p->a, LN_MESSAGE_NOTE_MAX);
    (void)snprintf(p->q.method, sizeof p->q.method, "POST");
    (void)snprintf(p->q.path, sizeof p->q.path, "/sync/v1/heads");
    (void)snprintf(p->q.query, sizeof p->q.query, "from=1&max=2");
    (void)snprintf(p->q.to, sizeof p->q.to, PARENT);
    ln_buf_adds(&p->q.body, "{\"all\":\"x\"}");
    MUST(ln_message_sign(&p->q, NODE, "nonce-1", NOW, &p->key, &err));
    p->a.status = 200;
    (void)snprintf(p->a.nonce, sizeof p->a.nonce, "nonce-2");
    ln_buf_adds(&p->a.body, "{\"level\":true}");
    MUST(ln_message_answer(&p->a, &p->q, PARENT, NOW + 1, &p->key, &err));
}

static void pair_end(struct pair *p)
{
    ln_message_free(&p->q);
    ln_message_free(&p->a);
}

static void carry_header(void *ctx, const char *name, const char *value)
{
    assert_true(ln_message_header(ctx, name, value, strlen(value)));
}

TEST(a_message_carried_by_its_headers_is_the_same_message)
{
    struct pair p;
    struct ln_message q;
    struct ln_err err = { 0 };
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    pair_new(&p);
    ln_message_init(&q, 64);
    memcpy(q.method, p.q.method, sizeof q.method);
    memcpy(q.path, p.q.path, sizeof q.path);
    memcpy(q.query, p.q.query, sizeof q.query);
    ln_buf_add(&q.body, p.q.body.data, p.q.body.len);
    p.q.retry_after_s = 7;

    ln_message_headers(&p.q, carry_header, &q);

    assert_int_equal(q.retry_after_s, 7);
    MUST(ln_message_claim(&q, keyid, nonce, &err));
    assert_string_equal(keyid, NODE);
    assert_string_equal(nonce, "nonce-1");
    MUST(ln_message_check(&q, &p.pub, &err));
    ln_message_free(&q);
    pair_end(&p);
}

TEST(a_header_is_taken_in_any_case_once_and_only_when_it_fits)
{
    struct ln_message m;
    char text[200];
    ln_message_init(&m, 0);
    memset(text, 'a', sizeof text);

    assert_true(ln_message_header(&m, "LINLI-To", NODE, strlen(NODE)));
    assert_string_equal(m.to, NODE);
    assert_false(ln_message_header(&m, "linli-to", NODE, strlen(NODE)));
    assert_false(ln_message_header(&m, "linli-nonce", text, sizeof m.nonce));
    assert_false(ln_message_header(&m, "content-type", "a\0b", 3));
    assert_true(ln_message_header(&m, "x-of-somebody-else", text, sizeof text));
    assert_true(ln_message_header(&m, "linli-t", text, sizeof text));
    assert_true(ln_message_header(&m, "linli-too", text, sizeof text));

    assert_string_equal(m.nonce, "");
    assert_string_equal(m.content_type, "");
    ln_message_free(&m);
}

TEST(retry_after_counts_as_seconds_and_a_date_as_none)
{
    static const struct {
        const char *text;
        int s;
    } cases[] = { { "120", 120 },
                  { "0", 0 },
                  { "", 0 },
                  { "Wed, 21 Oct 2026", 0 },
                  { "99999999999", 999999 },
                  { "12x", 12 },
                  { "-5", 0 },
                  { "/5", 0 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ln_message m;
        ln_message_init(&m, 0);
        assert_true(ln_message_header(&m, "Retry-After", cases[i].text, strlen(cases[i].text)));
        assert_int_equal(m.retry_after_s, cases[i].s);
        ln_message_free(&m);
    }
}

TEST(a_query_gives_a_whole_parameter_or_nothing)
{
    struct ln_message m;
    char out[8];
    ln_message_init(&m, 0);
    (void)snprintf(m.query, sizeof m.query,
                   "afrom=9&from=12&fro=1&empty=&long=12345678&flag&last=z");

    assert_true(ln_message_query(&m, "from", out, sizeof out));
    assert_string_equal(out, "12");
    assert_true(ln_message_query(&m, "empty", out, sizeof out));
    assert_string_equal(out, "");
    assert_true(ln_message_query(&m, "last", out, sizeof out));
    assert_string_equal(out, "z");
    assert_false(ln_message_query(&m, "long", out, sizeof out));
    assert_false(ln_message_query(&m, "flag", out, sizeof out));
    assert_false(ln_message_query(&m, "none", out, sizeof out));
    ln_message_free(&m);
}

TEST(a_request_changed_anywhere_on_the_way_is_not_the_signers)
{
    struct pair p;
    struct ln_err err = { 0 };
    struct ln_seckey other;
    struct ln_pubkey others;
    pair_new(&p);
    ln_key_make(&other, &others);

    MUST(ln_message_check(&p.q, &p.pub, &err));
    assert_false(ln_message_check(&p.q, &others, &err));
    char *const places[] = { p.q.method, p.q.path,      p.q.query,    p.q.to,
                             p.q.digest, p.q.signature, p.q.body.data };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t at = i >= 4 && i < 6 ? strlen(places[i]) / 2 : 0;
        char kept = places[i][at];
        places[i][at] = kept == 'A' ? 'B' : 'A';
        assert_false(ln_message_check(&p.q, &p.pub, &err));
        places[i][at] = kept;
    }
    MUST(ln_message_check(&p.q, &p.pub, &err));
    pair_end(&p);
}

TEST(a_request_without_its_signature_headers_claims_nothing)
{
    struct pair p;
    struct ln_err err = { 0 };
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    pair_new(&p);
    char *const headers[] = { p.q.digest, p.q.signature_input, p.q.signature };

    for (size_t i = 0; i < 3; i++) {
        char kept = headers[i][0];
        headers[i][0] = '\0';
        assert_false(ln_message_claim(&p.q, keyid, nonce, &err));
        assert_int_equal(err.code, LN_INVALID);
        headers[i][0] = kept;
    }
    (void)snprintf(p.q.signature_input, sizeof p.q.signature_input, "sig1=nothing");
    assert_false(ln_message_claim(&p.q, keyid, nonce, &err));
    assert_false(ln_message_check(&p.q, &p.pub, &err));
    pair_end(&p);
}

TEST(a_message_of_a_node_whose_clock_stands_before_1970_is_dated_1970)
{
    struct pair p;
    struct ln_err err = { 0 };
    int64_t created_s = -1;
    pair_new(&p);
    p.q.digest[0] = p.q.signature_input[0] = p.q.signature[0] = '\0';
    MUST(ln_message_sign(&p.q, NODE, "nonce-1", -5, &p.key, &err));
    MUST(ln_message_check(&p.q, &p.pub, &err));

    MUST(ln_message_answer(&p.a, &p.q, PARENT, -5, &p.key, &err));
    MUST(ln_message_check_answer(&p.a, &p.q, &p.pub, &created_s, &err));

    assert_int_equal(created_s, 0);
    pair_end(&p);
}

TEST(an_answer_belongs_to_its_request_its_status_and_its_nonce)
{
    struct pair p;
    struct pair other;
    struct ln_err err = { 0 };
    int64_t created_s;
    pair_new(&p);
    pair_new(&other);

    MUST(ln_message_check_answer(&p.a, &p.q, &p.pub, &created_s, &err));
    assert_int_equal(created_s, NOW + 1);
    assert_false(ln_message_check_answer(&p.a, &other.q, &p.pub, &created_s, &err));
    p.a.status = 403;
    assert_false(ln_message_check_answer(&p.a, &p.q, &p.pub, &created_s, &err));
    p.a.status = 200;
    p.a.nonce[0] = 'N';
    assert_false(ln_message_check_answer(&p.a, &p.q, &p.pub, &created_s, &err));
    p.a.nonce[0] = 'n';
    p.a.signature[0] = '\0';
    assert_false(ln_message_check_answer(&p.a, &p.q, &p.pub, &created_s, &err));
    assert_int_equal(err.code, LN_DENIED);
    pair_end(&other);
    pair_end(&p);
}

TEST(kept_evidence_proves_years_later_what_was_answered)
{
    struct pair p;
    struct ln_buf evidence = ln_buf_new(1 << 16);
    struct ln_span body;
    struct ln_err err = { 0 };
    int64_t created_s = 0;
    pair_new(&p);

    ln_message_evidence(&evidence, &p.q, &p.a);
    MUST(ln_message_evidence_check(&body, &created_s,
                                   (struct ln_span){ evidence.data, evidence.len }, &p.pub, &err));

    assert_int_equal(created_s, NOW + 1);
    assert_true(ln_span_is(body, "{\"level\":true}"));
    for (size_t i = 0; i < evidence.len; i++) { /* every byte counts */
        char kept = evidence.data[i];
        evidence.data[i] = (char)(kept ^ 1);
        if (ln_message_evidence_check(
                &body, &created_s, (struct ln_span){ evidence.data, evidence.len }, &p.pub, &err))
            fail_msg("byte %zu of the evidence can be another", i);
        evidence.data[i] = kept;
    }
    for (size_t len = 0; len < evidence.len; len++)
        assert_false(ln_message_evidence_check(
            &body, &created_s, (struct ln_span){ evidence.data, len }, &p.pub, &err));
    ln_buf_free(&evidence);
    pair_end(&p);
}

TEST(evidence_with_lines_that_are_not_ours_is_refused)
{
    static const char *const texts[] = {
        "no colon\n\nbody",
        "< : \n\nbody",
        "? signature: x\n\nbody",
        "<signature: x\n\nbody",
        "< status 2x0\n\nbody",
        "< status 200\n< status 200\n\nbody",
        "< signature:\n\nbody",
        "< a-header-with-a-name-that-is-far-too-long: x\n\nbody",
        "<:\n\n",
        "\n",
        "",
    };
    struct pair p;
    struct ln_span body;
    struct ln_err err = { 0 };
    int64_t created_s;
    pair_new(&p);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(
            ln_message_evidence_check(&body, &created_s, ln_span_of(texts[i]), &p.pub, &err));
    pair_end(&p);
}

TEST(a_problem_comes_out_at_the_other_end_with_its_code_words_and_number)
{
    for (enum ln_problem p = LN_PROBLEM_BAD; p <= LN_PROBLEM_DISK; p++) {
        struct ln_message m;
        struct ln_err err = { 0 };
        enum ln_problem got = LN_PROBLEM_BAD;
        uint64_t seq = 0;
        ln_message_init(&m, 4096);

        ln_message_problem(&m, p, "a \"reason\"", 12, 0);

        assert_string_equal(m.content_type, "application/problem+json");
        assert_int_equal(m.retry_after_s, p == LN_PROBLEM_MANY || p == LN_PROBLEM_BUSY);
        assert_false(ln_message_problem_read(&m, &got, &seq, &err));
        assert_int_equal(got, p);
        assert_int_equal(seq, 12);
        assert_int_not_equal(err.code, LN_OK);
        assert_non_null(strstr(err.text, p == LN_PROBLEM_DENIED ? "无权访问" : "status"));
        assert_false(ln_message_problem_read(&m, NULL, NULL, &err));
        ln_message_free(&m);
    }
}

TEST(a_detail_that_is_too_long_or_no_text_is_left_out_of_a_problem)
{
    struct ln_message m;
    struct ln_err err = { 0 };
    char text[600];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    ln_message_init(&m, 4096);

    ln_message_problem(&m, LN_PROBLEM_MANY, text, 0, 30);
    assert_null(strstr(m.body.data, "xxxx"));
    assert_int_equal(m.retry_after_s, 30);
    ln_message_problem(&m, LN_PROBLEM_BAD, "\xff\xfe", 0, 0);
    assert_false(ln_message_problem_read(&m, NULL, NULL, &err));

    assert_int_equal(err.code, LN_INVALID);
    ln_message_free(&m);
}

TEST(what_a_proxy_answers_is_understood_by_its_status)
{
    static const struct {
        int status;
        enum ln_code code;
    } cases[] = { { 404, LN_MISSING }, { 413, LN_FULL },   { 429, LN_BUSY },
                  { 502, LN_BUSY },    { 503, LN_BUSY },   { 504, LN_BUSY },
                  { 500, LN_BROKEN },  { 599, LN_BROKEN }, { 418, LN_INVALID } };
    static const char *const bodies[] = {
        "",
        "<html>bad gateway</html>",
        "[]",
        "{\"code\":7}",
        "{\"code\":\"of somebody else\",\"detail\":1,\"seq\":-1}",
        "{\"detail\":\"no code\"}",
        "{\"code\":\"a\\n\"}",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t b = 0; b < sizeof bodies / sizeof bodies[0]; b++) {
            struct ln_message m;
            struct ln_err err = { 0 };
            uint64_t seq = 9;
            ln_message_init(&m, 4096);
            m.status = cases[i].status;
            ln_buf_adds(&m.body, bodies[b]);

            assert_false(ln_message_problem_read(&m, NULL, &seq, &err));

            assert_int_equal(err.code, cases[i].code);
            assert_int_equal(seq, 0);
            ln_message_free(&m);
        }
}

RUN_TESTS(T(a_message_carried_by_its_headers_is_the_same_message),
          T(a_header_is_taken_in_any_case_once_and_only_when_it_fits),
          T(retry_after_counts_as_seconds_and_a_date_as_none),
          T(a_query_gives_a_whole_parameter_or_nothing),
          T(a_request_changed_anywhere_on_the_way_is_not_the_signers),
          T(a_request_without_its_signature_headers_claims_nothing),
          T(a_message_of_a_node_whose_clock_stands_before_1970_is_dated_1970),
          T(an_answer_belongs_to_its_request_its_status_and_its_nonce),
          T(kept_evidence_proves_years_later_what_was_answered),
          T(evidence_with_lines_that_are_not_ours_is_refused),
          T(a_problem_comes_out_at_the_other_end_with_its_code_words_and_number),
          T(a_detail_that_is_too_long_or_no_text_is_left_out_of_a_problem),
          T(what_a_proxy_answers_is_understood_by_its_status))
