/* CivetWeb turned into requests and replies of ours; limits, Host and Origin, security headers. */
#include <arpa/inet.h>
#include <civetweb.h>
#include <ctype.h>
#include <inttypes.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "node/asset.h"
#include "node/attach.h"
#include "node/say.h"
#include "node/store/session.h"
#include "node/web/limit.h"
#include "node/web/sync_http.h"
#include "node/web/web.h"
#include "sync/clock.h"

#define QUERY_MAX 64
#define QUERY_BYTES 8192
#define REPLY_MAX (64 << 20)
#define SYNC_PATH "/sync/v1/"
#define API_PATH "/api/"
#define STICK_PATH "/api/v1/sticks/"

static const char SECURITY[] = "Content-Security-Policy: default-src 'none'; script-src 'self'; "
                               "style-src 'self'; img-src 'self' data: blob:; connect-src "
                               "'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
                               "frame-ancestors 'none'; require-trusted-types-for 'script'\r\n"
                               "X-Content-Type-Options: nosniff\r\nReferrer-Policy: "
                               "no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n";

/* ---- replies */

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    default:
        return status < 400 ? "OK" : status < 500 ? "Refused" : "Failed";
    }
}

#define SEND_PART (1 << 20)
/* What is made while it is sent. A part that fails leaves it short of its announced length, which
 * tells the other side. */
static void send_parts(struct mg_connection *conn, const struct ln_http_reply *r)
{
    struct ln_buf part = ln_buf_new(SEND_PART);
    uint64_t sent = 0;

    while (sent < r->next_len) {
        ln_buf_clear(&part);
        if (!r->next(r->next_ctx, &part) || part.over || part.len == 0 ||
            mg_write(conn, part.data, part.len) != (int)part.len)
            break;
        sent += part.len;
    }
    ln_buf_free(&part);
}

static void send_reply(struct mg_connection *conn, const struct ln_http_reply *r, bool head)
{
    struct ln_buf h = ln_buf_new(16384);
    const void *body = r->fixed != NULL ? (const void *)r->fixed : r->body.data;
    size_t len = r->fixed != NULL ? r->fixed_len : r->body.len;

    if (r->next != NULL)
        len = (size_t)r->next_len;
    if (r->status == 304 || r->status == 204)
        len = 0;
    ln_buf_addf(&h, "HTTP/1.1 %d %s\r\n", r->status, reason(r->status));
    if (r->status != 304 && r->status != 204)
        ln_buf_addf(&h, "Content-Length: %zu\r\n", len);
    if (r->content_type != NULL && r->content_type[0] != '\0')
        ln_buf_addf(&h, "Content-Type: %s%s\r\n", r->content_type,
                    strncmp(r->content_type, "text/", 5) == 0 &&
                            strchr(r->content_type, ';') == NULL
                        ? "; charset=utf-8"
                        : "");
    if (!r->bare) {
        ln_buf_adds(&h, SECURITY);
        ln_buf_addf(&h, "Cache-Control: %s\r\n", r->cache[0] != '\0' ? r->cache : "no-store");
        if (r->etag[0] != '\0')
            ln_buf_addf(&h, "ETag: \"%s\"\r\n", r->etag);
        if (r->location[0] != '\0')
            ln_buf_addf(&h, "Location: %s\r\n", r->location);
        if (r->cookie[0] != '\0')
            ln_buf_addf(&h, "Set-Cookie: %s\r\n", r->cookie);
        if (r->disposition[0] != '\0')
            ln_buf_addf(&h, "Content-Disposition: %s\r\n", r->disposition);
        if (r->gzip)
            ln_buf_adds(&h, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
    }
    if (r->retry_after_s > 0)
        ln_buf_addf(&h, "Retry-After: %d\r\n", r->retry_after_s);
    ln_buf_addf(&h, "%s\r\n", r->headers);
    /* One write for small replies: head and body in one packet. */
    if (!head && len > 0 && len < 8192 && r->next == NULL) {
        ln_buf_add(&h, body, len);
        (void)mg_write(conn, h.data, h.len);
    } else {
        (void)mg_write(conn, h.data, h.len);
        if (!head && len > 0 && r->next != NULL)
            send_parts(conn, r);
        else if (!head && len > 0)
            (void)mg_write(conn, body, len);
    }
    ln_buf_free(&h);
}

static void refuse(struct ln_http_reply *out, int status, const char *word, const char *zh,
                   const char *en)
{
    struct ln_err err = { .code = LN_INVALID };

    (void)snprintf(err.text, sizeof err.text, "%s", en);
    out->status = status;
    (void)ln_http_problem(out, &err, word, zh, en);
}

/* ---- requests */

struct incoming {
    struct ln_http_request q;
    struct ln_http_pair pairs[QUERY_MAX];
    char query[QUERY_BYTES];
    struct ln_buf body;
    struct ln_call call;
    const char *segments[8];
    char path[1024];
};

static const char *header_of(const struct ln_http_request *q, const char *name)
{
    return mg_get_header(q->conn, name);
}

static int count_header(const struct mg_request_info *i, const char *name)
{
    int n = 0;

    for (int k = 0; k < i->num_headers; k++)
        n += mg_strcasecmp(i->http_headers[k].name, name) == 0;
    return n;
}

static bool read_query(struct incoming *in, const char *raw)
{
    char *at = in->query;
    char *end = in->query + sizeof in->query;

    for (const char *p = raw; p != NULL && *p != '\0';) {
        size_t len = strcspn(p, "&");
        const char *equals = memchr(p, '=', len);
        size_t name = equals != NULL ? (size_t)(equals - p) : len;
        if (in->q.n_query == QUERY_MAX)
            return false;
        struct ln_http_pair *pair = &in->pairs[in->q.n_query++];
        pair->name = at;
        int n = mg_url_decode(p, (int)name, at, (int)(end - at), 1);
        if (n < 0)
            return false;
        at += n + 1;
        pair->value = at;
        n = mg_url_decode(equals != NULL ? equals + 1 : "",
                          equals != NULL ? (int)(len - name - 1) : 0, at, (int)(end - at), 1);
        if (n < 0)
            return false;
        at += n + 1;
        if (!ln_canon_utf8(pair->value, strlen(pair->value)))
            return false;
        p += len + (p[len] == '&');
    }
    in->q.query = in->pairs;
    return true;
}

static int64_t steady_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A sender that drips would hold a worker for as long as it likes (mg_read gives nothing back
 * before its buffer is full). A link that people use brings more than this in such a while. A node
 * may have 9.6 kbit/s that lose 40 % each way: nothing for half a minute, when TCP waits longer
 * after each loss, then 4 kB. */
struct pace {
    int64_t while_ms;
    size_t bytes;
};
static const struct pace PEOPLE = { 20000, 4096 };
static const struct pace NODES = { 90000, 1024 };
#define BODY_PART 512
#define BODY_CUT_MS 1000 /* nothing, sooner: the sender has gone; later: mg_read has waited */

static bool receive(struct incoming *in, struct mg_connection *conn, size_t len,
                    const struct pace *pace, struct ln_http_reply *out)
{
    int64_t since = steady_ms();
    size_t had = 0;
    char part[BODY_PART];

    while (in->body.len < len) {
        size_t want = len - in->body.len;
        int64_t asked = steady_ms();
        int n = mg_read(conn, part, want < sizeof part ? want : sizeof part);
        if (n < 0 || (n == 0 && steady_ms() - asked < BODY_CUT_MS)) {
            refuse(out, 400, "invalid", "内容不完整", "The contents were cut off");
            return false;
        }
        ln_buf_add(&in->body, part, (size_t)n);
        if (steady_ms() - since < pace->while_ms)
            continue;
        if (in->body.len - had < pace->bytes) {
            refuse(out, 408, "slow", "内容传得太慢，请换个网络再试",
                   "The contents arrive too slowly: try again on a better link");
            return false;
        }
        since = steady_ms();
        had = in->body.len;
    }
    return true;
}

/* A whole body below its ceiling, or a refusal. */
static bool read_body(struct incoming *in, struct mg_connection *conn,
                      const struct mg_request_info *i, size_t max, struct ln_http_reply *out)
{
    bool takes = strcmp(in->q.method, "POST") == 0 || strcmp(in->q.method, "PUT") == 0 ||
                 strcmp(in->q.method, "PATCH") == 0;

    if (count_header(i, "content-length") > 1 || count_header(i, "transfer-encoding") > 0) {
        refuse(out, 400, "invalid", "请求长度不明确", "The length of the request is ambiguous");
        return false;
    }
    in->body = ln_buf_new(max);
    if (i->content_length <= 0)
        return true;
    if (!takes || i->content_length > (long long)max) {
        refuse(out, 413, "too_large", "内容太大", "The contents are too large");
        return false;
    }
    bool node = strncmp(in->path, SYNC_PATH, sizeof SYNC_PATH - 1) == 0;
    if (!receive(in, conn, (size_t)i->content_length, node ? &NODES : &PEOPLE, out))
        return false;
    in->q.body = in->body.data;
    in->q.body_len = in->body.len;
    return true;
}

/* ---- Host and Origin: against DNS rebinding and requests that another site's page sends */

static bool host_allowed(const struct ln_web *w, const char *host)
{
    char name[256];
    unsigned char any[16];
    size_t len;

    if (host[0] == '[')
        return true; /* an address */
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(host, ":"), host);
    if (inet_pton(AF_INET, name, any) == 1 || mg_strcasecmp(name, "localhost") == 0)
        return true;
    len = strlen(name);
    if (len > 6 && mg_strcasecmp(name + len - 6, ".local") == 0)
        return true;
    for (const char *p = w->hosts; *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n == len && mg_strncasecmp(p, name, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static bool origin_allowed(const struct ln_http_request *q)
{
    const char *origin = q->origin;

    if (origin == NULL)
        return false;
    const char *host = strstr(origin, "://");
    return host != NULL && q->host != NULL && mg_strcasecmp(host + 3, q->host) == 0;
}

static bool safe_method(const char *m)
{
    return strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0;
}

/* ---- the pages */

static bool serve_page(struct incoming *in, struct ln_http_reply *out)
{
    const struct ln_asset *a = ln_asset_find(strcmp(in->path, "/") == 0 ? "/index.html" : in->path);
    const char *accepts = mg_get_header(in->q.conn, "accept-encoding");

    if (!safe_method(in->q.method)) {
        refuse(out, 405, "invalid", "不支持的方法", "Method not supported");
        return true;
    }
    if (a == NULL && strncmp(in->path, "/assets/", 8) != 0 && strncmp(in->path, API_PATH, 5) != 0)
        a = ln_asset_find("/page.html"); /* the app finds its own way */
    if (a == NULL)
        return false;
    (void)accepts; /* every browser since 2000 reads gzip */
    out->status = 200;
    out->content_type = a->type;
    (void)snprintf(out->etag, sizeof out->etag, "%.32s", a->etag);
    (void)snprintf(out->cache, sizeof out->cache, "%s",
                   strncmp(a->path, "/assets/", 8) == 0 ? "public, max-age=31536000, immutable"
                                                        : "no-cache");
    if (in->q.if_none_match != NULL && strstr(in->q.if_none_match, out->etag) != NULL) {
        out->status = 304;
        return true;
    }
    out->fixed = a->gz;
    out->fixed_len = a->gz_len;
    out->gzip = true;
    return true;
}

/* ---- the API */

static void zip_body(struct ln_http_reply *out, const char *accepts)
{
    z_stream z = { 0 };

    if (accepts == NULL || strstr(accepts, "gzip") == NULL || out->body.len > UINT32_MAX / 2 ||
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    struct ln_buf zipped = ln_buf_new(deflateBound(&z, out->body.len) + 1);
    z.next_in = (Bytef *)out->body.data;
    z.avail_in = (uInt)out->body.len;
    z.avail_out = (uInt)zipped.max - 1;
    z.next_out = ln_buf_grow(&zipped, z.avail_out);
    if (z.next_out != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END) {
        ln_buf_cut(&zipped, z.total_out);
        ln_buf_free(&out->body);
        out->body = zipped;
        out->gzip = true;
    } else
        ln_buf_free(&zipped);
    (void)deflateEnd(&z);
}

static bool match(struct incoming *in, const char *pattern)
{
    const char *p = in->path;
    size_t args = 0;

    for (; *pattern != '\0'; pattern++) {
        if (*pattern == ':') {
            size_t len = strcspn(p, "/");
            if (len == 0 || args == 4)
                return false;
            in->segments[args] = p;
            in->segments[args++ + 4] = p + len;
            p += len;
        } else if (*p++ != *pattern)
            return false;
    }
    return *p == '\0';
}

static const struct ln_route *route_of(struct incoming *in, bool *path_known)
{
    const char *method = strcmp(in->q.method, "HEAD") == 0 ? "GET" : in->q.method;

    *path_known = false;
    for (size_t i = 0; i < ln_routes_n; i++) {
        if (!match(in, ln_routes[i].path))
            continue;
        *path_known = true;
        if (strcmp(ln_routes[i].method, method) == 0)
            return &ln_routes[i];
    }
    return NULL;
}

static struct ln_web_known *known_slot(struct ln_web *w, const uint8_t token[32])
{
    return &w->known[(token[0] | token[1] << 8) % LN_WEB_KNOWN];
}

static bool recall(struct ln_call *c, int64_t now)
{
    struct ln_web_known *k = known_slot(c->w, c->token);

    (void)pthread_mutex_lock(&c->w->known_mutex);
    c->known = k->until_ms > now && sodium_memcmp(k->token, c->token, sizeof k->token) == 0;
    if (c->known)
        c->user = k->user;
    (void)pthread_mutex_unlock(&c->w->known_mutex);
    return c->known;
}

static void remember(struct ln_call *c, int64_t now)
{
    struct ln_web_known *k = known_slot(c->w, c->token);

    (void)pthread_mutex_lock(&c->w->known_mutex);
    memcpy(k->token, c->token, sizeof k->token);
    k->user = c->user;
    k->until_ms = now + LN_WEB_KNOWN_MS;
    (void)pthread_mutex_unlock(&c->w->known_mutex);
}

void ln_web_forget(struct ln_web *w)
{
    (void)pthread_mutex_lock(&w->known_mutex);
    memset(w->known, 0, sizeof w->known);
    (void)pthread_mutex_unlock(&w->known_mutex);
}

static bool find_session(struct ln_call *c, struct ln_err *err)
{
    const char *cookie = mg_get_header(c->q->conn, "cookie");
    const char *at = cookie != NULL ? strstr(cookie, "linli=") : NULL;
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    struct ln_session_row s;
    struct ln_err why = { 0 };

    if (at == NULL || (at != cookie && at[-1] != ' ' && at[-1] != ';'))
        return true;
    struct ln_span text = { at + 6, strcspn(at + 6, "; ") };
    if (!ln_encode_unbase32hex(c->token, sizeof c->token, text) || recall(c, now))
        return true;
    if (!ln_session_find(&s, ln_sqlstore_db(c->r->store), c->token, now, err))
        return false;
    if (!s.found)
        return true;
    c->known = ln_node_user(&c->user, c->n, c->r->store, &s.account, &why);
    if (c->known)
        remember(c, now);
    else
        c->user = (struct ln_user){ .n_roles = 0 };
    return true;
}

#define PROGRAM_PER_MINUTE 600

/* "Authorization: Bearer ...": a program instead of a session. */
static bool find_program(struct ln_call *c, const struct ln_route *route, struct ln_err *err)
{
    const char *header = mg_get_header(c->q->conn, "authorization");
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    char today[11];

    if (header == NULL || strncmp(header, "Bearer ", 7) != 0)
        return find_session(c, err);
    ln_engine_today(today, now);
    if (!ln_program_find(&c->program, &c->user, c->r->store, c->n->def, header + 7, today, err))
        return false;
    if (c->program.id[0] == '\0') {
        c->out->status = 401;
        c->word = "token";
        return ln_fail(err, LN_DENIED, "no such token, or it has expired or was withdrawn");
    }
    if (!ln_limit_take(c->w->limit, c->program.id, PROGRAM_PER_MINUTE, 60000, now)) {
        c->out->status = 429;
        c->out->retry_after_s = 60;
        return ln_fail(err, LN_BUSY, "more than %d requests a minute", PROGRAM_PER_MINUTE);
    }
    c->word = "scope";
    if (!ln_api_program_allowed(c, route))
        return ln_fail(err, LN_DENIED, "the token is for reading other data");
    c->word = NULL;
    return true;
}

static bool run_route(struct incoming *in, const struct ln_route *route, struct ln_err *err)
{
    struct ln_call *c = &in->call;

    for (size_t i = 0; i < 4; i++)
        if (in->segments[i] != NULL && in->segments[i + 4] != NULL) {
            char *end = in->path + (in->segments[i + 4] - in->path);
            *end = '\0';
            in->q.arg[i] = in->segments[i];
        }
    if (!find_program(c, route, err))
        return false;
    if (in->body.len > 0 && in->q.content_type != NULL &&
        strstr(in->q.content_type, "json") != NULL) {
        if (!ln_http_shallow(in->body.data, in->body.len)) {
            c->out->status = 400;
            return ln_fail(err, LN_INVALID, "the body nests deeper than %d", LN_HTTP_DEPTH);
        }
        c->body = json_loadb(in->body.data, in->body.len, JSON_REJECT_DUPLICATES, NULL);
        if (c->body == NULL) {
            c->out->status = 400;
            return ln_fail(err, LN_INVALID, "the body is no JSON");
        }
    }
    return route->run(c, err);
}

/* Puts the problems of single fields into the body of an error. */
static void add_fields(struct ln_call *c)
{
    char *list = c->fields != NULL ? json_dumps(c->fields, JSON_COMPACT) : NULL;

    if (list != NULL && c->out->body.len > 1) {
        ln_buf_cut(&c->out->body, c->out->body.len - 1);
        ln_buf_addf(&c->out->body, ",\"fields\":%s}", list);
    }
    free(list);
    json_decref(c->fields);
}

static void serve_api(struct ln_web *w, struct incoming *in, struct ln_http_reply *out)
{
    bool path_known;
    const struct ln_route *route = route_of(in, &path_known);
    struct ln_err err = { 0 };
    struct ln_call *c = &in->call;

    if (route == NULL) {
        if (path_known)
            refuse(out, 405, "invalid", "不支持的方法", "Method not supported");
        else
            refuse(out, 404, "missing", "没有这个地址", "No such address");
        return;
    }
    (void)match(in, route->path); /* segments of this one */
    /* What needs a key in its body is no use to another site's page. */
    bool keyed = strncmp(in->path, "/open311/", 9) == 0;
    if (!safe_method(in->q.method) && !keyed && !origin_allowed(&in->q)) {
        refuse(out, 403, "origin", "请求来自别的网站", "The request comes from another site");
        return;
    }
    *c = (struct ln_call){ .w = w, .n = w->n, .q = &in->q, .out = out };
    out->status = 200;
    (void)uselocale(w->languages[in->q.zh]);
    bool ok = ln_node_read(w->n, &c->r, &err);
    if (ok) {
        ok = run_route(in, route, &err);
        ln_node_read_done(w->n, c->r);
        json_decref(c->program.scopes);
        json_decref(c->body);
        json_decref(c->titles);
    }
    (void)uselocale(LC_GLOBAL_LOCALE);
    if (!ok) {
        if (err.code == LN_BROKEN || err.code == LN_FULL)
            ln_log_err(LN_LOG_ERR, &err, "request method=%s path=%s", in->q.method, route->path);
        const char *zh =
            c->word != NULL && strcmp(c->word, "login") == 0 ? "登录名或密码不对" : NULL;
        const char *en = zh != NULL ? "Login or password is wrong" : NULL;
        if (!c->known && c->program.id[0] == '\0' && err.code == LN_DENIED && c->word == NULL) {
            out->status = 401;
            c->word = "login";
            zh = "请先登录";
            en = "Please log in";
        }
        const json_t *first = json_array_get(c->fields, 0);
        bool login = c->word != NULL && strcmp(c->word, "login") == 0;
        if (first != NULL && !login &&
            ln_web_text(first, "field")[0] == '\0') { /* about the whole */
            zh = ln_web_text(first, "zh");
            en = ln_web_text(first, "en");
        }
        (void)ln_http_problem(out, &err, c->word, zh, en);
        add_fields(c);
        out->etag[0] = '\0';
        return;
    }
    json_decref(c->fields); /* noted, and then there was none */
    /* What did not change is not sent again. */
    if (safe_method(in->q.method) && out->status == 200 && out->fixed == NULL &&
        out->next == NULL) {
        size_t n = strlen(out->etag);
        if (n <= LN_ETAG_VERSION) { /* what this reader sees: names of others, steps, masks */
            uint8_t hash[16];
            if (n > 0)
                out->etag[n++] = '-';
            (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)out->body.data,
                                     out->body.len, NULL, 0);
            (void)sodium_bin2hex(out->etag + n, sizeof out->etag - n, hash, sizeof hash);
        }
        if (in->q.if_none_match != NULL && strstr(in->q.if_none_match, out->etag) != NULL)
            out->status = 304;
        else if (out->zip)
            zip_body(out, mg_get_header(in->q.conn, "accept-encoding"));
        if (out->cache[0] == '\0')
            (void)snprintf(out->cache, sizeof out->cache, "private, no-cache");
    }
}

static void fill_request(struct incoming *in, struct mg_connection *conn,
                         const struct mg_request_info *i)
{
    struct ln_http_request *q = &in->q;

    q->method = i->request_method;
    q->path = in->path;
    q->raw_path = i->local_uri_raw != NULL ? i->local_uri_raw : "";
    q->raw_query = i->query_string != NULL ? i->query_string : "";
    q->remote = i->remote_addr;
    q->conn = conn;
    q->header = header_of;
    q->if_match = mg_get_header(conn, "if-match");
    q->if_none_match = mg_get_header(conn, "if-none-match");
    q->content_type = mg_get_header(conn, "content-type");
    q->idempotency_key = mg_get_header(conn, "idempotency-key");
    q->accept_language = mg_get_header(conn, "accept-language");
    q->origin = mg_get_header(conn, "origin");
    q->host = mg_get_header(conn, "host");
    q->zh = q->accept_language == NULL || strncmp(q->accept_language, "en", 2) != 0;
}

static void busy(struct ln_http_reply *out, const char *zh, const char *en)
{
    out->retry_after_s = 2;
    refuse(out, 503, "busy", zh, en);
}

static atomic_int *sender_slot(struct ln_web *w, const char *address)
{
    unsigned h = 5381;

    for (; *address != '\0'; address++)
        h = h * 33 + (unsigned char)*address;
    return &w->senders[h % LN_WEB_SENDERS];
}

/* Whoever sends slowly holds a worker: one address gets so many, all together not every one. The
 * few large bodies take turns, so that they cannot fill the memory. */
static bool read_in_turn(struct ln_web *w, struct incoming *in, struct mg_connection *conn,
                         const struct mg_request_info *i, size_t max, struct ln_http_reply *out)
{
    bool large = i->content_length > LN_WEB_BODY_MAX;
    bool ok = true;

    if (i->content_length <= 0)
        return read_body(in, conn, i, max, out);
    atomic_int *sender = sender_slot(w, i->remote_addr);
    bool turn = atomic_fetch_add(&w->bodies, 1) < (int)(w->n->config.threads * 3 / 4);
    turn &= atomic_fetch_add(sender, 1) < LN_WEB_SENDER_BODIES;
    if (large)
        turn &= atomic_fetch_add(&w->large, 1) < LN_WEB_LARGE;
    if (!turn) {
        busy(out, "正在接收别的内容，请稍后再试",
             "Others are sending just now: try again in a moment");
        ok = false;
    }
    ok = ok && read_body(in, conn, i, max, out);
    if (large)
        (void)atomic_fetch_sub(&w->large, 1);
    (void)atomic_fetch_sub(sender, 1);
    (void)atomic_fetch_sub(&w->bodies, 1);
    return ok;
}

/* When all children come back at once, most are told at once to come later, each at another time:
 * whoever waits for an answer until it gives up has cost as much as one that was served. */
#define SYNCING_MAX 48
#define SYNC_AGAIN_S 5
static void serve_sync(struct ln_web *w, struct incoming *in, struct ln_http_reply *out)
{
    bool turn = atomic_fetch_add(&w->syncing, 1) < SYNCING_MAX;

    if (turn || strcmp(in->path, SYNC_PATH "hello") == 0)
        ln_sync_http(w->exchange, &in->q, out);
    else {
        busy(out, "下级节点太多，请稍后再来", "Too many nodes at once: come again in a while");
        out->retry_after_s = SYNC_AGAIN_S + (int)randombytes_uniform(6 * SYNC_AGAIN_S);
    }
    (void)atomic_fetch_sub(&w->syncing, 1);
}

static size_t body_max(const char *path)
{
    if (strncmp(path, SYNC_PATH, sizeof SYNC_PATH - 1) == 0 ||
        strcmp(path, "/api/v1/import") == 0 || strcmp(path, "/api/v1/exchange/in") == 0)
        return LN_MESSAGE_BODY_MAX;
    if (strncmp(path, STICK_PATH, sizeof STICK_PATH - 1) == 0)
        return LN_ATTACH_UPLOAD_MAX + LN_WEB_BODY_MAX; /* an attachment in its envelope */
    return strcmp(path, "/api/v1/files") == 0 ? LN_ATTACH_UPLOAD_MAX : LN_WEB_BODY_MAX;
}

static void dispatch(struct ln_web *w, struct incoming *in, struct mg_connection *conn,
                     const struct mg_request_info *i, struct ln_http_reply *out)
{
    if (in->q.host == NULL || count_header(i, "host") != 1 || !host_allowed(w, in->q.host)) {
        refuse(out, 421, "invalid", "不认识的主机名", "Unknown host name");
        return;
    }
    if (!read_in_turn(w, in, conn, i, body_max(in->path), out))
        return;
    if (strncmp(in->path, SYNC_PATH, sizeof SYNC_PATH - 1) == 0) {
        serve_sync(w, in, out);
        return;
    }
    if (!read_query(in, in->q.raw_query)) {
        refuse(out, 400, "invalid", "地址参数有误", "The query is wrong");
        return;
    }
    const char *lang = ln_http_query(&in->q, "lang"); /* goes before what the browser says */
    if (lang != NULL)
        in->q.zh = strcmp(lang, "en") != 0;
    bool path_known;
    if (strncmp(in->path, API_PATH, sizeof API_PATH - 1) == 0 || route_of(in, &path_known) != NULL)
        serve_api(w, in, out);
    else if (!serve_page(in, out))
        refuse(out, 404, "missing", "没有这个页面", "No such page");
}

static int handle(struct mg_connection *conn)
{
    const struct mg_request_info *i = mg_get_request_info(conn);
    struct ln_web *w = mg_get_user_data(mg_get_context(conn));
    struct incoming *in = ln_alloc(sizeof *in); /* worker stacks are small */
    struct ln_http_reply *out = ln_alloc(sizeof *out);

    out->body = ln_buf_new(REPLY_MAX);
    const char *path = i->local_uri != NULL ? i->local_uri : "";
    if (strlen(path) >= sizeof in->path || !ln_canon_utf8(path, strlen(path)) ||
        strstr(path, "/..") != NULL || strstr(path, "//") != NULL || path[0] != '/') {
        out->status = 400;
        refuse(out, 400, "invalid", "地址有误", "The address is wrong");
    } else {
        (void)snprintf(in->path, sizeof in->path, "%s", path);
        fill_request(in, conn, i);
        dispatch(w, in, conn, i, out);
    }
    send_reply(conn, out, strcmp(i->request_method, "HEAD") == 0);
    int status = out->status;
    if (out->next_end != NULL)
        out->next_end(out->next_ctx);
    ln_buf_free(&in->body);
    ln_buf_free(&out->body);
    ln_free(in);
    ln_free(out);
    return status;
}

/* ---- start and stop */

static int log_message(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    ln_log(LN_LOG_WARN, "web %s", message);
    return 1;
}

/* [address:]port, several with commas between. */
static bool is_listen(const char *text)
{
    for (const char *p = text; *p != '\0';) {
        size_t len = strcspn(p, ",");
        size_t digits = 0;
        while (digits < len && isdigit((unsigned char)p[len - 1 - digits]))
            digits++;
        long port = strtol(p + len - digits, NULL, 10);
        if (digits == 0 || digits > 5 || port < 1 || port > 65535 ||
            (digits < len && strchr(":+", p[len - 1 - digits]) == NULL))
            return false;
        p += len;
        p += *p == ',';
    }
    return *text != '\0';
}

/* The first of them as the system calls it. */
static void find_door(struct ln_web *w, const char *listen)
{
    struct addrinfo want = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char first[128];
    char *port, *host = NULL;

    (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(listen, ","), listen);
    port = first + strlen(first);
    while (port > first && isdigit((unsigned char)port[-1]))
        port--;
    if (port - first >= 2) { /* an address before it */
        port[-1] = '\0';
        host = first;
    }
    if (getaddrinfo(host != NULL ? host : "127.0.0.1", port, &want, &found) != 0)
        return;
    memcpy(&w->door, found->ai_addr, found->ai_addrlen);
    w->door_len = found->ai_addrlen;
    freeaddrinfo(found);
}

/* CivetWeb 1.15 sees that it shall stop when somebody comes, or after two seconds (its issue 1163):
 * somebody comes. */
static void *knock(void *w_)
{
    struct ln_web *w = w_;

    for (int i = 0; i < 500 && !w->stopped; i++) {
        int fd = socket(w->door.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            (void)connect(fd, (const struct sockaddr *)&w->door, w->door_len);
            (void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
            (void)close(fd);
        }
    }
    return NULL;
}

static void stop_server(struct ln_web *w)
{
    pthread_t t;
    bool knocks = w->door_len > 0 && pthread_create(&t, NULL, knock, w) == 0;

    mg_stop(w->server);
    w->stopped = true;
    if (knocks)
        (void)pthread_join(t, NULL);
}

bool ln_web_start(struct ln_web **out, struct ln_node *n, const char *listen, struct ln_err *err)
{
    struct ln_web *w = ln_alloc(sizeof *w);
    struct mg_callbacks callbacks = { .begin_request = handle, .log_message = log_message };
    char threads[16];
    /* DESIGN section 10: keep-alive holds a worker, so it is short; without nodelay a request takes
     * 44 ms. */
    const char *options[] = { "listening_ports",
                              listen,
                              "num_threads",
                              threads,
                              "enable_keep_alive",
                              "yes",
                              "keep_alive_timeout_ms",
                              "50",
                              "tcp_nodelay",
                              "1",
                              "request_timeout_ms",
                              "15000",
                              "connection_queue",
                              "1000",
                              "listen_backlog",
                              "1000",
                              "max_request_size",
                              "16384",
                              "access_control_allow_origin",
                              "",
                              "decode_url",
                              "yes",
                              NULL };

    if (!is_listen(listen)) {
        ln_free(w);
        return ln_fail(err, LN_INVALID,
                       LN_SAY("监听地址“%s”有误：应为 地址:端口，如 127.0.0.1:8080",
                              "no address to listen on: \"%s\"; give address:port, as in "
                              "127.0.0.1:8080"),
                       listen);
    }
    w->n = n;
    (void)pthread_mutex_init(&w->password, NULL);
    (void)pthread_mutex_init(&w->known_mutex, NULL);
    (void)pthread_mutex_init(&w->status_mutex, NULL);
    (void)pthread_mutex_init(&w->task_mutex, NULL);
    (void)snprintf(w->hosts, sizeof w->hosts, "%s", n->config.hosts);
    (void)snprintf(threads, sizeof threads, "%" PRId64, n->config.threads);
    find_door(w, listen);
    for (int zh = 0; zh < 2; zh++)
        w->languages[zh] = ln_say_locale(zh != 0);
    w->limit = ln_limit_new();
    w->exchange = ln_exchange_server_new(&n->exchange);
    (void)mg_init_library(0);
    w->server = mg_start(&callbacks, w, options);
    if (w->server == NULL) {
        ln_web_stop(w);
        return ln_fail(
            err, LN_BUSY,
            LN_SAY("不能在 %s 上监听：端口可能已被占用，或本机没有这个地址",
                   "cannot listen on %s: is the port taken, or the address not this machine's?"),
            listen);
    }
    *out = w;
    return true;
}

void ln_web_stop(struct ln_web *w)
{
    if (w == NULL)
        return;
    if (w->server != NULL)
        stop_server(w);
    ln_exchange_server_free(w->exchange);
    (void)pthread_mutex_destroy(&w->password);
    (void)pthread_mutex_destroy(&w->known_mutex);
    (void)pthread_mutex_destroy(&w->status_mutex);
    (void)pthread_mutex_destroy(&w->task_mutex);
    json_decref(w->status);
    ln_limit_free(w->limit);
    for (int zh = 0; zh < 2; zh++)
        if (w->languages[zh] != (locale_t)0)
            freelocale(w->languages[zh]);
    (void)mg_exit_library();
    ln_free(w);
}
