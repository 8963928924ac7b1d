/* One HTTP message between two nodes: see message.h. */
#include "sync/message.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/canon.h"

#define DETAIL_MAX 400
#define EVIDENCE_LINE "< status "

void ln_message_init(struct ln_message *m, size_t body_max)
{
    *m = (struct ln_message){ .body = ln_buf_new(body_max) };
}

void ln_message_free(struct ln_message *m)
{
    ln_buf_free(&m->body);
}

/* --- headers */

struct header {
    const char *name;
    size_t at, cap;
};
#define HEADER(name, field)                                                                        \
    {                                                                                              \
        name, offsetof(struct ln_message, field), sizeof(((struct ln_message *)NULL)->field)       \
    }
static const struct header headers[] = {
    HEADER("linli-to", to),
    HEADER("content-digest", digest),
    HEADER("signature-input", signature_input),
    HEADER("signature", signature),
    HEADER("linli-nonce", nonce),
    HEADER("content-type", content_type),
};
#define N_HEADERS (sizeof headers / sizeof headers[0])

void ln_message_headers(const struct ln_message *m,
                        void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
    char number[16];

    for (size_t i = 0; i < N_HEADERS; i++) {
        const char *value = (const char *)m + headers[i].at;
        if (value[0] != '\0')
            fn(ctx, headers[i].name, value);
    }
    if (m->retry_after_s > 0) {
        (void)snprintf(number, sizeof number, "%d", m->retry_after_s);
        fn(ctx, "retry-after", number);
    }
}

static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' || *b != '\0'; a++, b++) {
        char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + ('a' - 'A')) : *a;
        if (x != *b)
            return false;
    }
    return true;
}

/* Seconds only: a date would need a clock, and means nothing to a box without one. */
static void read_retry_after(struct ln_message *m, const char *value, size_t len)
{
    int s = 0;

    for (size_t i = 0; i < len && i < 6 && value[i] >= '0' && value[i] <= '9'; i++)
        s = s * 10 + (value[i] - '0');
    m->retry_after_s = s;
}

bool ln_message_header(struct ln_message *m, const char *name, const char *value, size_t len)
{
    if (same_word(name, "retry-after")) {
        read_retry_after(m, value, len);
        return true;
    }
    for (size_t i = 0; i < N_HEADERS; i++) {
        char *to = (char *)m + headers[i].at;
        if (!same_word(name, headers[i].name))
            continue;
        if (len >= headers[i].cap || memchr(value, '\0', len) != NULL || to[0] != '\0')
            return false;
        memcpy(to, value, len);
        to[len] = '\0';
        return true;
    }
    return true;
}

bool ln_message_query(const struct ln_message *m, const char *name, char *out, size_t cap)
{
    size_t name_len = strlen(name);

    for (const char *p = m->query; *p != '\0';) {
        size_t len = strcspn(p, "&");
        if (len > name_len && memcmp(p, name, name_len) == 0 && p[name_len] == '=') {
            size_t n = len - name_len - 1;
            if (n >= cap)
                return false;
            memcpy(out, p + name_len + 1, n);
            out[n] = '\0';
            return true;
        }
        p += len + (p[len] == '&' ? 1 : 0);
    }
    return false;
}

/* --- signatures */

static struct ln_httpsig_headers sig_headers(const struct ln_message *m)
{
    return (struct ln_httpsig_headers){ m->digest, m->signature_input, m->signature };
}

static struct ln_sha256 body_sha(const struct ln_message *m)
{
    return ln_encode_sha256(m->body.data, m->body.len);
}

/* The three values, as made, into the message's arrays. */
static bool put_signature(struct ln_message *m, const struct ln_buf *digest,
                          const struct ln_buf *input, const struct ln_buf *sig, struct ln_err *err)
{
    if (digest->len >= sizeof m->digest || input->len >= sizeof m->signature_input ||
        sig->len >= sizeof m->signature)
        return ln_fail(err, LN_FULL, "a signature header is larger than a message holds");
    memcpy(m->digest, digest->data, digest->len + 1);
    memcpy(m->signature_input, input->data, input->len + 1);
    memcpy(m->signature, sig->data, sig->len + 1);
    return true;
}

static void query_text(char out[sizeof((struct ln_message *)NULL)->query + 1],
                       const struct ln_message *m)
{
    (void)snprintf(out, sizeof m->query + 1, "?%s", m->query);
}

bool ln_message_sign(struct ln_message *m, const char *self, const char *nonce, int64_t now_s,
                     const struct ln_seckey *key, struct ln_err *err)
{
    struct ln_buf digest = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf input = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf sig = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_sha256 sha = body_sha(m);
    char query[sizeof m->query + 1];

    query_text(query, m);
    struct ln_httpsig_request r = { .method = m->method,
                                    .path = m->path,
                                    .query = query,
                                    .to = m->to,
                                    .nonce = nonce,
                                    .keyid = self,
                                    .created_s = now_s > 0 ? now_s : 0 };
    bool ok = ln_httpsig_sign_request(&digest, &input, &sig, &r, &sha, key, err) &&
              put_signature(m, &digest, &input, &sig, err);
    ln_buf_free(&digest);
    ln_buf_free(&input);
    ln_buf_free(&sig);
    return ok;
}

bool ln_message_claim(const struct ln_message *m, char keyid[LN_NODE_ID_MAX],
                      char nonce[LN_HTTPSIG_NONCE_MAX], struct ln_err *err)
{
    struct ln_httpsig_headers h = sig_headers(m);
    int64_t created_s;

    if (m->digest[0] == '\0' || m->signature_input[0] == '\0' || m->signature[0] == '\0')
        return ln_fail(err, LN_INVALID, "not signed: signature headers are missing");
    return ln_httpsig_peek(keyid, nonce, &created_s, &h, err);
}

bool ln_message_check(const struct ln_message *m, const struct ln_pubkey *key, struct ln_err *err)
{
    struct ln_httpsig_headers h = sig_headers(m);
    struct ln_sha256 sha = body_sha(m);
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    char query[sizeof m->query + 1];
    int64_t created_s;

    if (!ln_httpsig_peek(keyid, nonce, &created_s, &h, err))
        return false;
    query_text(query, m);
    struct ln_httpsig_request r = { .method = m->method,
                                    .path = m->path,
                                    .query = query,
                                    .to = m->to,
                                    .nonce = nonce,
                                    .keyid = keyid,
                                    .created_s = created_s };
    return ln_httpsig_verify_request(&r, &h, &sha, key, err);
}

bool ln_message_answer(struct ln_message *m, const struct ln_message *request, const char *self,
                       int64_t now_s, const struct ln_seckey *key, struct ln_err *err)
{
    struct ln_buf digest = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf input = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_buf sig = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_httpsig_headers asked = sig_headers(request);
    struct ln_sha256 sha = body_sha(m);

    bool ok = ln_httpsig_sign_response(&digest, &input, &sig, m->status, m->nonce, self,
                                       now_s > 0 ? now_s : 0, &sha, &asked, key, err) &&
              put_signature(m, &digest, &input, &sig, err);
    ln_buf_free(&digest);
    ln_buf_free(&input);
    ln_buf_free(&sig);
    return ok;
}

bool ln_message_check_answer(const struct ln_message *m, const struct ln_message *request,
                             const struct ln_pubkey *key, int64_t *created_s, struct ln_err *err)
{
    struct ln_httpsig_headers h = sig_headers(m);
    struct ln_httpsig_headers asked = sig_headers(request);
    struct ln_sha256 sha = body_sha(m);

    if (m->signature[0] == '\0')
        return ln_fail(err, LN_DENIED, "the answer is not signed (status %d)", m->status);
    return ln_httpsig_verify_response(m->status, m->nonce, &h, &sha, &asked, key, created_s, err);
}

/* --- evidence */

void ln_message_evidence(struct ln_buf *out, const struct ln_message *request,
                         const struct ln_message *response)
{
    ln_buf_addf(out, "> content-digest: %s\n> signature: %s\n", request->digest,
                request->signature);
    ln_buf_addf(out, EVIDENCE_LINE "%d\n< linli-nonce: %s\n< content-digest: %s\n",
                response->status, response->nonce, response->digest);
    ln_buf_addf(out, "< signature-input: %s\n< signature: %s\n\n", response->signature_input,
                response->signature);
    ln_buf_add(out, response->body.data, response->body.len);
}

/* The next line, without its newline; false at the empty line, which is taken too. */
static bool next_line(struct ln_span *line, struct ln_span *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->p, '\n', rest->len);

    if (end == NULL)
        return false;
    *line = (struct ln_span){ rest->p, (size_t)(end - rest->p) };
    rest->p = end + 1;
    rest->len -= line->len + 1;
    return line->len > 0;
}

/* "> name: value" into the request, "< name: value" into the response. */
static bool evidence_line(struct ln_message *request, struct ln_message *response,
                          struct ln_span line)
{
    size_t status_len = strlen(EVIDENCE_LINE);
    const char *colon = memchr(line.p, ':', line.len);
    char name[32];

    if (line.len == status_len + 3 && memcmp(line.p, EVIDENCE_LINE, status_len) == 0 &&
        response->status == 0) {
        for (size_t i = status_len; i < line.len; i++)
            response->status = response->status * 10 + (line.p[i] - '0');
        return response->status >= 100 && response->status <= 999;
    }
    if (colon == NULL || (line.p[0] != '<' && line.p[0] != '>') || line.p[1] != ' ' ||
        (size_t)(colon - line.p) - 2 >= sizeof name || colon + 2 > line.p + line.len ||
        colon[1] != ' ')
        return false;
    size_t n = (size_t)(colon - line.p) - 2;
    memcpy(name, line.p + 2, n);
    name[n] = '\0';
    return ln_message_header(line.p[0] == '>' ? request : response, name, colon + 2,
                             (size_t)(line.p + line.len - colon) - 2);
}

bool ln_message_evidence_check(struct ln_span *body, int64_t *created_s, struct ln_span evidence,
                               const struct ln_pubkey *key, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_span rest = evidence;
    struct ln_span line;
    bool ok = false;

    ln_message_init(&request, 1);
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    while (next_line(&line, &rest))
        if (!evidence_line(&request, &response, line)) {
            (void)ln_fail(err, LN_INVALID, "a line of the evidence is not ours");
            goto out;
        }
    ln_buf_add(&response.body, rest.p, rest.len);
    if (!ln_buf_done(&response.body, "the evidence", err) ||
        !ln_message_check_answer(&response, &request, key, created_s, err))
        goto out;
    *body = rest;
    ok = true;
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok;
}

/* --- problems */

struct problem {
    int status;
    const char *word;
    enum ln_code code; /* for the caller */
    const char *zh, *en;
};
static const struct problem problems[] = {
    [LN_PROBLEM_BAD] = { 400, "bad", LN_INVALID, "请求格式不对", "not a request of this protocol" },
    [LN_PROBLEM_UNSIGNED] = { 401, "unsigned", LN_DENIED, "签名缺失或无效",
                              "the signature is missing or not good" },
    [LN_PROBLEM_DENIED] = { 403, "denied", LN_DENIED, "无权访问", "not allowed" },
    [LN_PROBLEM_MISSING] = { 404, "missing", LN_MISSING, "不存在", "not here" },
    [LN_PROBLEM_METHOD] = { 405, "method", LN_INVALID, "方法不支持", "not that way" },
    [LN_PROBLEM_FORK] = { 409, "fork", LN_CONFLICT, "日志分叉：同一序号有两份不同的内容",
                          "fork: two different segments have one number" },
    [LN_PROBLEM_GAP] = { 409, "gap", LN_MISSING, "缺少前面的日志段",
                         "segments before these are missing" },
    [LN_PROBLEM_LIMIT] = { 413, "limit", LN_FULL, "超过大小上限", "larger than allowed" },
    [LN_PROBLEM_INVALID] = { 422, "invalid", LN_INVALID, "日志段无效", "a segment is not valid" },
    [LN_PROBLEM_NONCE] = { 425, "nonce", LN_BUSY, "一次性随机数已失效，请重试",
                           "the nonce is no longer good, try again" },
    [LN_PROBLEM_MANY] = { 429, "many", LN_BUSY, "请求太多，请稍后再试", "too many, try later" },
    [LN_PROBLEM_BROKEN] = { 500, "broken", LN_BROKEN, "上级节点出错", "the node failed" },
    [LN_PROBLEM_BUSY] = { 503, "busy", LN_BUSY, "上级节点忙，请稍后再试", "busy, try later" },
    [LN_PROBLEM_DISK] = { 507, "full", LN_FULL, "上级节点存储已满", "the node's disk is full" },
};
#define N_PROBLEMS (sizeof problems / sizeof problems[0])

void ln_message_problem(struct ln_message *m, enum ln_problem p, const char *detail, uint64_t seq,
                        int retry_after_s)
{
    const struct problem *t = &problems[p];
    size_t len = strlen(detail);
    struct ln_buf *b = &m->body;

    if (len > DETAIL_MAX || !ln_canon_utf8(detail, len)) {
        detail = t->en;
        len = strlen(detail);
    }
    m->status = t->status;
    (void)snprintf(m->content_type, sizeof m->content_type, "application/problem+json");
    m->retry_after_s = retry_after_s;
    if (retry_after_s < 1 && (p == LN_PROBLEM_MANY || p == LN_PROBLEM_BUSY))
        m->retry_after_s = 1;
    ln_buf_clear(b);
    ln_buf_addf(b, "{\"code\":\"%s\",\"detail\":", t->word);
    ln_canon_add_string(b, detail, len);
    ln_buf_addf(b, ",\"en\":\"%s\"", t->en);
    if (seq > 0)
        ln_buf_addf(b, ",\"seq\":%" PRIu64, seq);
    ln_buf_addf(b, ",\"status\":%d,\"title\":\"%s\",\"type\":\"urn:linli:%s\",\"zh\":\"%s\"}",
                t->status, t->en, t->word, t->zh);
}

static const struct problem *find_problem(const struct ln_message *m, struct ln_span *detail,
                                          uint64_t *seq)
{
    struct ln_span body = { m->body.data, m->body.len };
    struct ln_span value;
    struct ln_span word;
    struct ln_err ignored;

    if (body.len == 0 || !ln_canon_check(body.p, body.len, &ignored) ||
        ln_canon_type(body) != LN_CANON_OBJECT || !ln_canon_get(body, "code", &value) ||
        ln_canon_type(value) != LN_CANON_STRING || !ln_canon_plain(value, &word))
        return NULL;
    if (ln_canon_get(body, "detail", &value) && ln_canon_type(value) == LN_CANON_STRING)
        (void)ln_canon_plain(value, detail);
    if (seq != NULL && ln_canon_get(body, "seq", &value) && ln_canon_type(value) == LN_CANON_INT &&
        ln_canon_int(value) > 0)
        *seq = (uint64_t)ln_canon_int(value);
    for (size_t i = 0; i < N_PROBLEMS; i++)
        if (ln_span_is(word, problems[i].word))
            return &problems[i];
    return NULL;
}

/* A proxy between us answers without a body of ours. */
static enum ln_problem by_status(int status)
{
    switch (status) {
    case 404:
        return LN_PROBLEM_MISSING;
    case 413:
        return LN_PROBLEM_LIMIT;
    case 429:
        return LN_PROBLEM_MANY;
    case 502:
    case 503:
    case 504:
        return LN_PROBLEM_BUSY;
    default:
        return status >= 500 ? LN_PROBLEM_BROKEN : LN_PROBLEM_BAD;
    }
}

bool ln_message_problem_read(const struct ln_message *m, enum ln_problem *p, uint64_t *seq,
                             struct ln_err *err)
{
    struct ln_span detail = { "", 0 };
    const struct problem *t;

    if (seq != NULL)
        *seq = 0;
    t = find_problem(m, &detail, seq);
    if (t == NULL)
        t = &problems[by_status(m->status)];
    if (p != NULL)
        *p = (enum ln_problem)(t - problems);
    return ln_fail(err, t->code, "status %d %s: %s%s%.*s", m->status, t->word, t->zh,
                   detail.len > 0 ? ": " : "", (int)detail.len, detail.p);
}
