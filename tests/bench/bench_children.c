/* Many boxes (CHILDREN=, ten thousand by itself) come back at once: each, with a key and a
 * certificate of its own, opens its exchange with one real district node (`linli serve`) and hands
 * in what it wrote meanwhile, signed; the answers' signatures and receipts are checked. Who is
 * refused (503, 429) or not heard comes again with full jitter, as the program does. One JSON line
 * a figure; exit 1 when one of them was refused otherwise, or not done within the bound. CHILDREN=
 * LINLI= PORT=; packs are made beforehand. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/node.h"
#include "sync/message.h"
#include "sync/pack.h"
#include "sync/volume.h"
#include "tests/lib/forge.h"

#define BATCH 250
#define REPLY_MAX 65536
#define FIRST_MS 1000
#define BOUND_MS 60000   /* of the back-off */
#define UNHEARD_MS 30000 /* without an answer: gone again */
#define ALL_MS 900000    /* TARGETS: level within a quarter of an hour */
#define HEADERS_MAX 4096

enum step { HELLO, PUSH, DONE };
struct child {
    struct ln_seckey key;
    struct ln_cert cert;
    struct ln_buf pack;
    char nonce[LN_HTTPSIG_NONCE_MAX];
    enum step step;
    int fd;
    int64_t due_ms, sent_ms, until_ms;
    unsigned failures;
    struct ln_message request;
    struct ln_buf out, in;
    size_t written;
};
struct bench {
    struct child *list;
    size_t n, done, open;
    char district[LN_NODE_ID_MAX];
    struct ln_pubkey key;
    int port, epoll;
    double *took;
    size_t n_took;
    unsigned busy, unheard, wrong;
    char why[512];
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void figure(const char *name, double value, const char *unit)
{
    (void)printf("{\"figure\":\"children.%s\",\"unit\":\"%s\",\"value\":%.1f}\n", name, unit,
                 value);
}

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_children: %s: %s\n", what, why);
    exit(1);
}

/* ---- beforehand: certificates at the district, packs of the children */

struct issuing {
    struct bench *b;
    size_t from;
};

static bool issue(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct issuing *x = arg;

    for (size_t i = x->from; i < x->b->n && i < x->from + BATCH; i++) {
        struct child *c = &x->b->list[i];
        struct ln_buf f = ln_buf_new(65536);
        struct ln_pubkey pub;
        struct ln_ident ident;
        ln_key_make(&c->key, &pub);
        ln_key_ident_make(&ident);
        c->cert.role = LN_ROLE_COMMUNITY;
        c->cert.key = pub;
        ln_key_ident_public(&c->cert.age, &ident);
        (void)snprintf(c->cert.region, sizeof c->cert.region, "330106%06zu", (i + 1) % 1000000);
        ln_key_node_id(c->cert.node, c->cert.region, &pub);
        (void)snprintf(c->cert.name, sizeof c->cert.name, "child");
        bool ok = ln_replica_issue(r, &f, &c->cert, err);
        ln_buf_free(&f);
        if (!ok)
            return false;
    }
    return true;
}

static void make_pack(struct child *c, int64_t wall_ms)
{
    struct ln_segment head = { .seq = 0 };
    struct ln_buf line = ln_buf_new(1024);
    struct ln_id id;
    char text[LN_ID_TEXT + 1];
    int64_t hlc = LN_HLC_AT(wall_ms);

    for (int i = 0; i < 8; i++)
        id.b[i] = (uint8_t)(hlc >> (56 - 8 * i));
    randombytes_buf(id.b + 8, 4);
    ln_clock_id_write(text, &id);
    ln_buf_addf(&line,
                "{\"f\":{\"body\":\"水管已修好\",\"level\":\"community\",\"section\":\"community\","
                "\"title\":\"停水结束\"},\"i\":\"%s\",\"o\":\"add\",\"t\":\"news@1\"}\n",
                text);
    c->pack = ln_buf_new(REPLY_MAX);
    if (!forge_pack(&c->pack, &head, c->cert.node, &c->key, (struct ln_span){ line.data, line.len },
                    NULL, wall_ms / 1000))
        die("pack", "too large");
    ln_buf_free(&line);
}

static void prepare(struct bench *b, const char *dir)
{
    struct ln_node_new want = {
        .region = "330106000000", .name = "district", .role = LN_ROLE_DISTRICT, .root = true
    };
    struct ln_buf paper = ln_buf_secret(256);
    struct ln_node *n = NULL;
    struct ln_err err = { 0 };

    if (!ln_node_init(dir, &want, &paper, b->district, &err) || !ln_node_open(&n, dir, &err))
        die("district", err.text);
    ln_key_public(&b->key, &n->key);
    for (struct issuing x = { b, 0 }; x.from < b->n; x.from += BATCH)
        if (!ln_queue_write(n->queue, issue, &x, &err))
            die("certificates", err.text);
    if (!ln_node_seal(n, &err))
        die("seal", err.text);
    int64_t wall = n->env.now_ms(n->env.ctx);
    for (size_t i = 0; i < b->n; i++)
        make_pack(&b->list[i], wall);
    ln_node_close(n);
    ln_buf_free(&paper);
}

/* ---- one request of a child */

static void add_header(void *ctx, const char *name, const char *value)
{
    ln_buf_addf(ctx, "%s: %s\r\n", name, value);
}

static void come_again(struct bench *b, struct child *c, int64_t after_ms)
{
    int64_t bound = FIRST_MS;

    if (c->fd >= 0) {
        (void)close(c->fd);
        c->fd = -1;
        b->open--;
    }
    for (unsigned i = 0; i < c->failures && bound < BOUND_MS; i++)
        bound *= 2;
    c->failures++;
    int64_t wait =
        (int64_t)randombytes_uniform((uint32_t)(bound < BOUND_MS ? bound : BOUND_MS) + 1);
    c->due_ms = now_ms() + after_ms + wait;
    c->step = HELLO;
    ln_message_free(&c->request);
    ln_message_init(&c->request, REPLY_MAX);
}

static void write_request(struct bench *b, struct child *c)
{
    struct ln_err err = { 0 };

    ln_message_free(&c->request);
    ln_message_init(&c->request, REPLY_MAX);
    ln_buf_clear(&c->out);
    ln_buf_clear(&c->in);
    c->written = 0;
    if (c->step == HELLO) {
        ln_buf_addf(&c->out, "GET /sync/v1/hello HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", b->port);
        return;
    }
    struct ln_message *m = &c->request;
    (void)snprintf(m->method, sizeof m->method, "POST");
    (void)snprintf(m->path, sizeof m->path, "/sync/v1/log/%s", c->cert.node);
    ln_buf_add(&m->body, c->pack.data, c->pack.len);
    memcpy(m->to, b->district, sizeof m->to);
    if (!ln_message_sign(m, c->cert.node, c->nonce, (int64_t)time(NULL), &c->key, &err))
        die("sign", err.text);
    ln_buf_addf(&c->out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %zu\r\n",
                m->method, m->path, b->port, m->body.len);
    ln_message_headers(m, add_header, &c->out);
    ln_buf_adds(&c->out, "\r\n");
    ln_buf_add(&c->out, m->body.data, m->body.len);
}

static void watch(struct bench *b, struct child *c, bool add)
{
    struct epoll_event e = { .events = c->written < c->out.len ? EPOLLOUT : EPOLLIN,
                             .data.ptr = c };

    if (epoll_ctl(b->epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &e) != 0)
        die("epoll", strerror(errno));
}

static void begin(struct bench *b, struct child *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)b->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    /* Each box has an address of its own: a node takes few bodies at once from one. */
    struct sockaddr_in from = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(0x7F010001U + (uint32_t)(c - b->list)) };
    int on = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket", strerror(errno));
    b->open++;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("bind", strerror(errno));
    write_request(b, c);
    c->sent_ms = now_ms();
    c->until_ms = c->sent_ms + UNHEARD_MS;
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        b->unheard++;
        come_again(b, c, 0);
        return;
    }
    watch(b, c, true);
}

/* ---- its answer */

/* The whole answer is in c->in: into `m`; false: not yet. */
static bool whole_answer(struct ln_message *m, struct child *c)
{
    const char *end = strstr(c->in.data, "\r\n\r\n");
    size_t len = 0;

    if (end == NULL)
        return false;
    for (const char *at = strstr(c->in.data, "\r\n") + 2; at < end + 2;
         at = strstr(at, "\r\n") + 2) {
        const char *colon = strchr(at, ':');
        const char *stop = strstr(at, "\r\n");
        char name[64];
        if (colon == NULL || colon > stop || (size_t)(colon - at) >= sizeof name)
            continue;
        memcpy(name, at, (size_t)(colon - at));
        name[colon - at] = '\0';
        const char *value = colon + 1 + strspn(colon + 1, " ");
        if (strcasecmp(name, "content-length") == 0)
            len = strtoul(value, NULL, 10);
        if (!ln_message_header(m, name, value, (size_t)(stop - value)))
            die("answer", "a header that is too long");
    }
    if (c->in.len < (size_t)(end + 4 - c->in.data) + len)
        return false;
    m->status = (int)strtol(c->in.data + sizeof "HTTP/1.1", NULL, 10);
    ln_buf_add(&m->body, end + 4, len);
    return true;
}

static bool word_of(struct ln_span object, const char *key, char *out, size_t room)
{
    struct ln_span item;
    struct ln_span word;

    if (!ln_canon_get(object, key, &item) || !ln_canon_plain(item, &word) || word.len >= room)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

static void wrong(struct bench *b, struct child *c, const struct ln_message *m, const char *why)
{
    if (b->wrong++ == 0)
        (void)snprintf(b->why, sizeof b->why, "%d %s %.150s", m->status, why, m->body.data);
    come_again(b, c, 0);
}

static bool good_receipt(struct bench *b, struct child *c, const struct ln_message *m,
                         struct ln_err *err)
{
    struct ln_span body = { m->body.data, m->body.len };
    struct ln_span receipt;
    char log[LN_LOG_MAX];
    int64_t created;

    return ln_message_check_answer(m, &c->request, &b->key, &created, err) &&
           ln_canon_check(body.p, body.len, err) && ln_canon_get(body, "receipt", &receipt) &&
           word_of(receipt, "log", log, sizeof log) && strcmp(log, c->cert.node) == 0;
}

static void answered(struct bench *b, struct child *c, const struct ln_message *m)
{
    struct ln_span body = { m->body.data, m->body.len };
    struct ln_err err = { 0 };

    if (m->status == 503 || m->status == 429 || m->status == 425) {
        b->busy++;
        come_again(b, c, (int64_t)m->retry_after_s * 1000);
        return;
    }
    if (m->status != 200) {
        wrong(b, c, m, "refused");
        return;
    }
    if (b->n_took < 4 * b->n)
        b->took[b->n_took++] = (double)(now_ms() - c->sent_ms);
    if (c->step == HELLO) {
        if (!ln_canon_check(body.p, body.len, &err) ||
            !word_of(body, "nonce", c->nonce, sizeof c->nonce)) {
            wrong(b, c, m, "no nonce");
            return;
        }
        c->step = PUSH;
    } else if (good_receipt(b, c, m, &err)) {
        c->step = DONE;
        b->done++;
    } else {
        wrong(b, c, m, err.text);
        return;
    }
    /* A connection that is kept may be closed just now: the next request has its own. */
    (void)close(c->fd);
    c->fd = -1;
    b->open--;
    c->due_ms = 0;
}

static void move(struct bench *b, struct child *c)
{
    char part[8192];

    if (c->written < c->out.len) {
        ssize_t n = write(c->fd, c->out.data + c->written, c->out.len - c->written);
        if (n < 0 && errno != EAGAIN) {
            b->unheard++;
            come_again(b, c, 0);
            return;
        }
        c->written += n > 0 ? (size_t)n : 0;
        watch(b, c, false);
        return;
    }
    ssize_t n = read(c->fd, part, sizeof part);
    if (n > 0)
        ln_buf_add(&c->in, part, (size_t)n);
    if (n > 0 || (n < 0 && errno == EAGAIN)) {
        struct ln_message m;
        ln_message_init(&m, REPLY_MAX);
        if (whole_answer(&m, c))
            answered(b, c, &m);
        ln_message_free(&m);
        return;
    }
    b->unheard++;
    come_again(b, c, 0);
}

static void run(struct bench *b, int64_t end_ms)
{
    struct epoll_event events[256];

    while (b->done < b->n && now_ms() < end_ms) {
        int64_t now = now_ms();
        for (size_t i = 0; i < b->n; i++) {
            struct child *c = &b->list[i];
            if (c->step == DONE)
                continue;
            if (c->fd < 0 && c->due_ms <= now)
                begin(b, c);
            else if (c->fd >= 0 && c->until_ms < now) {
                b->unheard++;
                come_again(b, c, 0);
            }
        }
        int n = epoll_wait(b->epoll, events, 256, 20);
        for (int i = 0; i < n; i++) {
            struct child *c = events[i].data.ptr;
            if (c->fd >= 0)
                move(b, c);
        }
    }
}

/* ---- the district, and figures */

static pid_t serve(const char *dir, int port)
{
    const char *linli = getenv("LINLI") != NULL ? getenv("LINLI") : "build/linli";
    char listen[32];
    pid_t pid = fork();

    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    if (pid == 0) {
        int log = open("/dev/null", O_WRONLY);
        (void)dup2(log, 2);
        (void)execl(linli, linli, "serve", "--dir", dir, "--listen", listen, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static long peak_kb(pid_t pid)
{
    char path[64];
    char line[256];
    long kb = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f != NULL)
        (void)fclose(f);
    return kb;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return *x < *y ? -1 : *x > *y;
}

static bool up(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

int main(void)
{
    const char *many = getenv("CHILDREN");
    const char *port = getenv("PORT");
    struct bench b = { .n = many != NULL ? strtoul(many, NULL, 10) : 10000,
                       .port = port != NULL ? (int)strtol(port, NULL, 10) : 18790 };
    struct rlimit files;
    char dir[] = "/tmp/linli-children.XXXXXX";
    char remove[128];
    struct ln_err err = { 0 };

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0 || mkdtemp(dir) == NULL || b.n == 0)
        die("start", strerror(errno));
    if (!ln_volume_start(&err)) /* a node that lives some seconds exports its log */
        die("start", err.text);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < b.n + 64)
        die("files", "ulimit -n is below the number of children");
    b.list = ln_alloc_array(b.n, sizeof *b.list);
    b.took = ln_alloc_array(4 * b.n, sizeof *b.took);
    b.epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t began = now_ms();
    prepare(&b, dir);
    figure("prepared", (double)(now_ms() - began) / 1000, "s");
    for (size_t i = 0; i < b.n; i++) {
        struct child *c = &b.list[i];
        c->fd = -1;
        c->out = ln_buf_new(REPLY_MAX + HEADERS_MAX);
        c->in = ln_buf_new(REPLY_MAX + HEADERS_MAX);
        ln_message_init(&c->request, REPLY_MAX);
    }
    pid_t pid = serve(dir, b.port);
    for (int i = 0; i < 600 && !up(b.port); i++)
        (void)usleep(100000);
    int64_t from = now_ms();
    run(&b, from + ALL_MS);
    double wall = (double)(now_ms() - from) / 1000;
    qsort(b.took, b.n_took, sizeof *b.took, by_size);
    figure("done", (double)b.done, "children");
    figure("wall", wall, "s");
    figure("p50", b.n_took > 0 ? b.took[b.n_took / 2] : 0, "ms");
    figure("p99", b.n_took > 0 ? b.took[b.n_took * 99 / 100] : 0, "ms");
    figure("asked_to_wait", b.busy, "answers");
    figure("unheard", b.unheard, "tries");
    figure("wrong", b.wrong, "answers");
    figure("district_peak", (double)peak_kb(pid), "kB");
    struct rusage used = { 0 };
    (void)kill(pid, SIGKILL); /* its folder goes, too */
    (void)wait4(pid, NULL, 0, &used);
    double ms = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
    figure("district_cpu", b.done > 0 ? ms / (double)b.done : 0, "ms a child");
    (void)snprintf(remove, sizeof remove, "rm -rf %s", dir);
    if (system(remove) != 0)
        return 1;
    if (b.wrong > 0)
        (void)fprintf(stderr, "first wrong answer: %s\n", b.why);
    return b.done == b.n && b.wrong == 0 ? 0 : 1;
}
