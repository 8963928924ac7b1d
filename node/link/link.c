/* libcurl as a link: see link.h. */
#include "node/link/link.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/base/alloc.h"
#include "node/say.h"

#define CONNECT_S 15L
#define SLOW_BYTES 30L /* fewer a second for SLOW_S: nobody is there any more */
#define SLOW_S 90L
#define UNSENT_BYTES 4096 /* that wait in the kernel: what libcurl has sent is on its way */
#define TOTAL_S 1800L     /* a slice of 1 MiB at 9.6 kbit/s takes 15 minutes */
#define AGAIN_MS 8000
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44 /* Linux 6.15 */
#endif
#define IDLE_S                                                                                     \
    1200L /* a kept connection is tried again up to here: longer than syncs are apart              \
           */
#define HEADER_LINE 1024

struct ln_link_http {
    CURL *curl;
    char base[LN_LINK_URL_MAX]; /* without a slash at its end */
    char why[CURL_ERROR_SIZE];
    atomic_bool stop;
    /* of the running call */
    struct ln_message *response;
    size_t header_bytes;
    bool too_large, bad_header;
};

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct ln_link_http *l = ctx;

    ln_buf_add(&l->response->body, data, size * n);
    l->too_large = l->response->body.over;
    return l->too_large ? 0 : size * n;
}

/* One header line, with its end; a status line starts a new response (after a 100). */
static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct ln_link_http *l = ctx;
    size_t len = size * n;
    const char *colon = memchr(data, ':', len);
    char name[64];

    l->header_bytes += len;
    if (l->header_bytes > LN_LINK_HEADERS_MAX) {
        l->too_large = true;
        return 0;
    }
    if (colon == NULL || (size_t)(colon - data) >= sizeof name)
        return len;
    memcpy(name, data, (size_t)(colon - data));
    name[colon - data] = '\0';
    const char *value = colon + 1;
    const char *end = data + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if (ln_message_header(l->response, name, value, (size_t)(end - value)))
        return len;
    l->bad_header = true;
    return 0;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct ln_link_http *l = ctx;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&l->stop) ? 1 : 0;
}

struct lines {
    struct curl_slist *list;
};

static void add_line(struct lines *l, const char *line)
{
    struct curl_slist *longer = curl_slist_append(l->list, line);

    if (longer == NULL)
        abort(); /* as ln_alloc: no memory */
    l->list = longer;
}

static void add_header(void *ctx, const char *name, const char *value)
{
    char line[HEADER_LINE];

    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    add_line(ctx, line);
}

/* What libcurl would add by itself and both sides know anyway. */
static void drop_defaults(struct lines *l, const struct ln_message *request)
{
    add_line(l, "Accept:");
    add_line(l, "Expect:");
    if (request->content_type[0] == '\0')
        add_line(l, "Content-Type:");
}

static void set_request(struct ln_link_http *l, const struct ln_message *m, const char *url,
                        struct lines *lines)
{
    CURL *c = l->curl;

    drop_defaults(lines, m);
    ln_message_headers(m, add_header, lines);
    (void)curl_easy_setopt(c, CURLOPT_URL, url);
    (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines->list);
    if (strcmp(m->method, "GET") == 0) {
        (void)curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
        (void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL);
    } else {
        (void)curl_easy_setopt(c, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, m->body.data);
        (void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)m->body.len);
        (void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, m->method);
    }
}

static bool judge(struct ln_link_http *l, CURLcode code, struct ln_err *err)
{
    long status = 0;

    if (l->too_large)
        return ln_fail(err, LN_FULL, "the answer of %s is too large", l->base);
    if (l->bad_header)
        return ln_fail(err, LN_INVALID, "a header of %s is too long or comes twice", l->base);
    if (code != CURLE_OK)
        return ln_fail(err, LN_BUSY, "%s cannot be reached: %s", l->base,
                       l->why[0] != '\0' ? l->why : curl_easy_strerror(code));
    (void)curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    l->response->status = (int)status;
    return true;
}

/* A web server gives a kept connection up when the rest of a header dawdles, as it does on a slow
 * link, and says so without having read the request: it goes again over a new one. */
static bool cut_short(struct ln_link_http *l)
{
    long status = 0;
    long made = 1;

    (void)curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(l->curl, CURLINFO_NUM_CONNECTS, &made);
    return (status == 400 || status == 408) && made == 0 && l->response->signature[0] == '\0' &&
           !l->too_large && !l->bad_header;
}

static bool call(void *ctx, const struct ln_message *request, struct ln_message *response,
                 struct ln_err *err)
{
    struct ln_link_http *l = ctx;
    struct lines lines = { NULL };
    char url[LN_LINK_URL_MAX + sizeof request->path + sizeof request->query];

    if (atomic_load(&l->stop))
        return ln_fail(err, LN_BUSY, "stopping");
    (void)snprintf(url, sizeof url, "%s%s%s%s", l->base, request->path,
                   request->query[0] != '\0' ? "?" : "", request->query);
    l->response = response;
    l->header_bytes = 0;
    l->too_large = false;
    l->bad_header = false;
    l->why[0] = '\0';
    set_request(l, request, url, &lines);
    CURLcode rc = curl_easy_perform(l->curl);
    bool unheard = rc == CURLE_SEND_ERROR || rc == CURLE_RECV_ERROR || rc == CURLE_GOT_NOTHING;
    if (unheard && l->header_bytes == 0) {
        /* The kept connection was closed just as it was used again: once more over a new one. A
         * request that was heard after all is refused by its nonce, and answered as every other
         * stale nonce is. */
        l->why[0] = '\0';
        (void)curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 1L);
        rc = curl_easy_perform(l->curl);
        (void)curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 0L);
    }
    if (rc == CURLE_OK && cut_short(l)) {
        size_t max = response->body.max;
        ln_message_free(response);
        ln_message_init(response, max);
        l->header_bytes = 0;
        (void)curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 1L);
        rc = curl_easy_perform(l->curl);
        (void)curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 0L);
    }
    bool ok = judge(l, rc, err);
    /* Borrowed things must not be touched by a later call's set-up. */
    (void)curl_easy_setopt(l->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(lines.list);
    l->response = NULL;
    return ok;
}

static bool is_address(const char *url)
{
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;

    return host != NULL && host[0] != '\0' && host[0] != '/' && strpbrk(host, "@?# \t\r\n") == NULL;
}

/* On a poor link. Without the first a whole slice lies in the kernel at once, and by the measure of
 * SLOW_S nothing moves for the minute that it takes to drain. With the others what got lost is sent
 * again in time: with 40 % lost each way TCP comes to wait 70 s by what it measured, and twice as
 * long after each further loss (tcp(7)). A kernel that knows one of them not does without. */
static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    unsigned again_ms = AGAIN_MS;
    int unsent = UNSENT_BYTES;
    int on = 1;

    (void)ctx;
    (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, &again_ms, sizeof again_ms);
    return CURL_SOCKOPT_OK;
}

static bool set_up(struct ln_link_http *l)
{
    CURL *c = l->curl;
    CURLcode bad = CURLE_OK;

    /* The options' order is that of curl_easy_setopt(3); a false one is a libcurl without it. */
    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, l);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, l);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, l);
    bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, l->why);
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_PROXY, ""); /* the environment does not decide where we go */
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* a signature names its receiver */
    bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_socket);
    bad |= curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, IDLE_S);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT, TOTAL_S);
    return bad == CURLE_OK;
}

bool ln_link_open(struct ln_link_http **out, struct ln_link *link, const char *url,
                  struct ln_err *err)
{
    size_t len = strlen(url);
    struct ln_link_http *l;

    while (len > 0 && url[len - 1] == '/')
        len--;
    if (len >= LN_LINK_URL_MAX || !is_address(url))
        return ln_fail(err, LN_INVALID, "not an address like http://host:8081: %.100s", url);
    l = ln_alloc(sizeof *l);
    memcpy(l->base, url, len);
    atomic_init(&l->stop, false);
    l->curl = curl_easy_init();
    if (l->curl == NULL || !set_up(l)) {
        ln_link_close(l);
        return ln_fail(err, LN_BROKEN, "libcurl lacks what is needed");
    }
    *out = l;
    *link = (struct ln_link){ .ctx = l, .call = call };
    return true;
}

bool ln_link_address(const char *proxy, struct ln_err *err)
{
    return proxy[0] == '\0' || (is_address(proxy) && strlen(proxy) < LN_LINK_URL_MAX) ||
           ln_fail(err, LN_INVALID,
                   LN_SAY("proxy：地址应如 http://host:3128：%.100s",
                          "proxy: not an address like http://host:3128: %.100s"),
                   proxy);
}

bool ln_link_proxy(struct ln_link_http *l, const char *proxy, struct ln_err *err)
{
    if (!ln_link_address(proxy, err))
        return false;
    return curl_easy_setopt(l->curl, CURLOPT_PROXY, proxy) == CURLE_OK ||
           ln_fail(err, LN_BROKEN, "libcurl takes no proxy");
}

void ln_link_rate(struct ln_link_http *l, int64_t bytes_s)
{
    (void)curl_easy_setopt(l->curl, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)bytes_s);
    (void)curl_easy_setopt(l->curl, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)bytes_s);
    /* What is held back on purpose is not slow. */
    (void)curl_easy_setopt(l->curl, CURLOPT_LOW_SPEED_LIMIT,
                           bytes_s > 0 && bytes_s < 2 * SLOW_BYTES ? 1L : SLOW_BYTES);
}

void ln_link_close(struct ln_link_http *l)
{
    if (l == NULL)
        return;
    if (l->curl != NULL)
        curl_easy_cleanup(l->curl);
    ln_free(l);
}

void ln_link_cancel(struct ln_link_http *l)
{
    atomic_store(&l->stop, true);
}
