/* Everything a stranger, a resident or a social worker can send to the web server: request line,
 * headers and body as bytes, handled by the real server code on a real node. CivetWeb stands aside:
 * the few calls of it that are used are answered here from the input. First byte: 0 guest, else a
 * logged in worker; then "METHOD path[?query]", header lines, an empty line, the body. Nothing may
 * end in a fault (500), and what was written is undone. */
#define _GNU_SOURCE
#include <civetweb.h>
#include <ctype.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/cmd/cmd.h"
#include "node/store/session.h"
#include "node/web/web.h"
#include "tests/fuzz/undone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct mg_connection {
    struct mg_request_info info;
    char text[1 << 17];
    char path[1 << 17];
    const char *body;
    size_t left;
    char reply[512];
    size_t got;
};
struct mg_context {
    struct mg_callbacks calls;
    void *user;
};
static struct mg_context server;
static struct mg_connection conn;
static char cookie[128];

/* ---- CivetWeb, as far as it is used */

unsigned mg_init_library(unsigned features)
{
    return features;
}
unsigned mg_exit_library(void)
{
    return 0;
}
struct mg_context *mg_start(const struct mg_callbacks *callbacks, void *user_data,
                            const char **options)
{
    (void)options;
    server = (struct mg_context){ *callbacks, user_data };
    return &server;
}
void mg_stop(struct mg_context *c)
{
    (void)c;
}
struct mg_context *mg_get_context(const struct mg_connection *c)
{
    (void)c;
    return &server;
}
void *mg_get_user_data(const struct mg_context *c)
{
    return c->user;
}
const struct mg_request_info *mg_get_request_info(const struct mg_connection *c)
{
    return &c->info;
}
int mg_read(struct mg_connection *c, void *to, size_t len)
{
    size_t n = len < c->left ? len : c->left;

    memcpy(to, c->body, n);
    c->body += n;
    c->left -= n;
    return (int)n;
}
int mg_write(struct mg_connection *c, const void *p, size_t len)
{
    size_t room = sizeof c->reply - 1 - c->got;
    size_t n = len < room ? len : room;

    memcpy(c->reply + c->got, p, n);
    c->got += n;
    return (int)len;
}
const char *mg_get_header(const struct mg_connection *c, const char *name)
{
    for (int i = 0; i < c->info.num_headers; i++)
        if (strcasecmp(c->info.http_headers[i].name, name) == 0)
            return c->info.http_headers[i].value;
    return NULL;
}
int mg_strcasecmp(const char *a, const char *b)
{
    return strcasecmp(a, b);
}
int mg_strncasecmp(const char *a, const char *b, size_t len)
{
    return strncasecmp(a, b, len);
}
static int digit(int c)
{
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}
int mg_url_decode(const char *src, int src_len, char *dst, int dst_len, int form)
{
    int n = 0;

    for (int i = 0; i < src_len && n < dst_len - 1; i++, n++)
        if (src[i] == '%' && i + 2 < src_len && isxdigit((unsigned char)src[i + 1]) &&
            isxdigit((unsigned char)src[i + 2])) {
            dst[n] =
                (char)(digit((unsigned char)src[i + 1]) * 16 + digit((unsigned char)src[i + 2]));
            i += 2;
        } else
            dst[n] = form && src[i] == '+' ? ' ' : src[i];
    dst[n] = '\0';
    return n;
}

/* ---- the node */

static uint8_t token[LN_SESSION_TOKEN];

static bool give_session(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_node *n = arg;
    struct ln_login login;

    (void)r;
    return ln_session_login(&login, ln_sqlstore_db(n->writer), "worker", err) &&
           ln_session_start(ln_sqlstore_db(n->writer), token, &login.account, 0, INT64_MAX, err);
}
static void make(void)
{
    static struct ln_node *n;
    static struct ln_web *web;
    struct ln_node_new want = { "330106005055", "fuzz", LN_ROLE_COMMUNITY, true };
    struct ln_buf out = ln_buf_new(65536);
    char dir[] = "/tmp/linli-fuzz-XXXXXX";
    char id[LN_NODE_ID_MAX];
    char text[80];
    struct ln_err err = { 0 };

    if (sodium_init() < 0 || mkdtemp(dir) == NULL || freopen("/dev/null", "w", stdout) == NULL)
        abort();
    keep = true;
    DO(ln_node_init(dir, &want, &out, id, &err));
    DO(ln_node_open(&n, dir, &err));
    json_t *args = json_pack("{s:s,s:s,s:s,s:s}", "command", "user", "login", "worker", "role",
                             "worker", "password", "linli-worker");
    DO(ln_cmd_run(n, args, &out, &err));
    json_decref(args);
    randombytes_buf(token, sizeof token);
    DO(n->access.write(n->access.ctx, give_session, n, &err));
    ln_encode_base32hex(text, token, sizeof token);
    (void)snprintf(cookie, sizeof cookie, "linli=%s", text);
    DO(ln_web_start(&web, n, "127.0.0.1:1", &err));
    ln_buf_free(&out);
    keep = false;
}

static char *line(char **at)
{
    char *p = *at;
    char *end = p != NULL ? strchr(p, '\n') : NULL;

    if (end != NULL) {
        *end = '\0';
        if (end > p && end[-1] == '\r')
            end[-1] = '\0';
    }
    *at = end != NULL ? end + 1 : NULL;
    return p;
}

static void header(const char *name, const char *value)
{
    if (conn.info.num_headers < MG_MAX_HEADERS)
        conn.info.http_headers[conn.info.num_headers++] = (struct mg_header){ name, value };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (server.user == NULL)
        make();
    if (len < 2 || len > sizeof conn.text - 1)
        return 0;
    memset(&conn.info, 0, sizeof conn.info);
    conn.got = 0;
    memcpy(conn.text, data + 1, len - 1);
    conn.text[len - 1] = '\0';
    char *end = memmem(conn.text, len - 1, "\n\n", 2);
    conn.body = end != NULL ? end + 2 : conn.text + len - 1;
    conn.left = (size_t)(conn.text + len - 1 - conn.body);
    if (end != NULL)
        *end = '\0';
    char *at = conn.text;
    char *method = line(&at);
    char *uri = strchr(method, ' ');
    if (uri == NULL)
        return 0;
    *uri++ = '\0';
    char *query = strchr(uri, '?');
    if (query != NULL)
        *query++ = '\0';
    (void)mg_url_decode(uri, (int)strlen(uri), conn.path, sizeof conn.path, 0);
    conn.info.request_method = method;
    conn.info.local_uri_raw = uri;
    conn.info.local_uri = conn.path;
    conn.info.query_string = query;
    (void)snprintf(conn.info.remote_addr, sizeof conn.info.remote_addr, "127.0.0.1");
    conn.info.content_length = (long long)conn.left;
    header("Host", "127.0.0.1");
    header("Origin", "http://127.0.0.1");
    if (data[0] != 0)
        header("Cookie", cookie);
    for (char *h = line(&at); h != NULL; h = line(&at)) {
        char *colon = strchr(h, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        header(h, colon + 1 + strspn(colon + 1, " "));
    }
    int status = server.calls.begin_request(&conn);
    if (status < 200 || status > 599 || status == 500 || conn.got < 20) {
        conn.reply[conn.got] = '\0';
        (void)fprintf(stderr, "status %d: %s\n", status, conn.reply);
        abort();
    }
    return 0;
}
