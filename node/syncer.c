/* The sync thread: see syncer.h. */
#include "node/syncer.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "node/link/link.h"
#include "node/say.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 900000
#define CONTACT_SPACE "contact/"
#define CONTACT_MAX (LN_EXCHANGE_STATE_MAX + 96)
#define CONTACT_EVERY_MS 60000 /* contacts are written at most that often a child */

#define DAY_MIN 1440
#define CHINA_MS INT64_C(28800000) /* UTC+8 */
#define WINDOW_JITTER_MS 300000

struct child {
    struct ln_exchange_contact c;
    int64_t kept_ms;
};
struct ln_syncer {
    struct ln_syncer_config c;
    struct ln_link_http *http;
    struct ln_link link;
    struct ln_exchange_client *client;
    struct ln_link_http *past_http;
    struct ln_link past_link;
    struct ln_exchange_client *past;
    int open_from, open_to; /* of the window, minutes of the day */
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    bool stop, poked, wanted;
    bool set, differs; /* terms of the link were set; are not yet in use */
    uint64_t finished; /* syncs that ended: whoever waits compares */
    bool last_ok;
    struct ln_syncer_state s;
    struct child *children;
    size_t n, cap;
};

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- contacts of children */

static struct child *child_of(struct ln_syncer *s, const char *node)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->children[i].c.node, node) == 0)
            return &s->children[i];
    s->children = ln_grow(s->children, s->n, &s->cap, sizeof *s->children);
    s->children[s->n] = (struct child){ .kept_ms = 0 };
    (void)snprintf(s->children[s->n].c.node, LN_NODE_ID_MAX, "%s", node);
    return &s->children[s->n++];
}

/* "<ms> <seq> <same> <offset ms> <state>"; older ones end after the second */
static bool take_contact(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct child *c = child_of(ctx, key + sizeof CONTACT_SPACE - 1);
    char text[CONTACT_MAX];
    char *end;

    (void)err;
    (void)snprintf(text, sizeof text, "%.*s", (int)value.len, value.p);
    c->c.at_ms = strtoll(text, &end, 10);
    c->c.seq = strtoull(end, &end, 10);
    c->c.same = (int)strtol(end, &end, 10);
    c->c.offset_ms = strtoll(end, &end, 10);
    (void)snprintf(c->c.state, sizeof c->c.state, "%s", *end == ' ' ? end + 1 : end);
    return true;
}

static bool read_contacts(void *arg, struct ln_store *reader, const struct ln_authority *a,
                          struct ln_err *err)
{
    (void)a;
    return reader->ops->meta_each(reader->ctx, CONTACT_SPACE, take_contact, arg, err);
}

struct keep_job {
    struct ln_exchange_contact *list;
    size_t n;
};

static bool keep_contacts(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct keep_job *j = arg;
    struct ln_store *s = ln_replica_store(r);
    char key[LN_NODE_ID_MAX + sizeof CONTACT_SPACE];
    char text[CONTACT_MAX];

    for (size_t i = 0; i < j->n; i++) {
        (void)snprintf(key, sizeof key, CONTACT_SPACE "%s", j->list[i].node);
        (void)snprintf(text, sizeof text, "%" PRId64 " %" PRIu64 " %d %" PRId64 " %s",
                       j->list[i].at_ms, j->list[i].seq, j->list[i].same, j->list[i].offset_ms,
                       j->list[i].state);
        if (!s->ops->meta_put(s->ctx, key, ln_span_of(text), err))
            return false;
    }
    return true;
}

static void write_contacts(struct ln_syncer *s, bool all)
{
    int64_t now = clock_ms(CLOCK_REALTIME);
    const struct ln_access *access = s->c.exchange->access;
    struct keep_job j = { 0 };
    struct ln_err err = { 0 };

    (void)pthread_mutex_lock(&s->mutex);
    j.list = ln_alloc_array(s->n + 1, sizeof *j.list);
    for (size_t i = 0; i < s->n; i++) {
        struct child *c = &s->children[i];
        if (c->c.at_ms > c->kept_ms && (all || now - c->kept_ms > CONTACT_EVERY_MS)) {
            c->kept_ms = c->c.at_ms;
            j.list[j.n++] = c->c;
        }
    }
    (void)pthread_mutex_unlock(&s->mutex);
    if (j.n > 0 && !access->write(access->ctx, keep_contacts, &j, &err))
        ln_log_err(LN_LOG_WARN, &err, "contacts not kept");
    ln_free(j.list);
}

void ln_syncer_seen(void *syncer, const struct ln_exchange_contact *c)
{
    struct ln_syncer *s = syncer;

    (void)pthread_mutex_lock(&s->mutex);
    struct child *k = child_of(s, c->node);
    bool news = c->seq > k->c.seq;
    struct ln_exchange_contact before = k->c;
    k->c = *c;
    k->c.seq = c->seq > 0 ? c->seq : before.seq;
    if (c->same == 0)
        k->c.same = before.same;
    if (c->state[0] == '\0') {
        k->c.offset_ms = before.offset_ms;
        memcpy(k->c.state, before.state, sizeof k->c.state);
    }
    if (news) {
        s->poked = true; /* what a child brought goes on upward */
        (void)pthread_cond_signal(&s->wake);
    }
    (void)pthread_mutex_unlock(&s->mutex);
}

bool ln_syncer_child(struct ln_syncer *s, const char *node, struct ln_exchange_contact *out)
{
    bool found = false;

    (void)pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < s->n && !found; i++)
        if (strcmp(s->children[i].c.node, node) == 0 && s->children[i].c.at_ms > 0) {
            *out = s->children[i].c;
            found = true;
        }
    (void)pthread_mutex_unlock(&s->mutex);
    return found;
}

/* ---- one sync */

static void note_result(struct ln_syncer *s, bool ok, const struct ln_exchange_report *r,
                        const struct ln_err *err)
{
    int64_t now = clock_ms(CLOCK_REALTIME);

    s->s.running = false;
    s->s.report = *r;
    s->s.level = ok && r->level;
    s->s.failures = ok ? 0 : s->s.failures + 1;
    s->s.last = ok ? (struct ln_err){ 0 } : *err;
    if (ok)
        s->s.done_ms = now;
    if (r->parent_ms > 0)
        s->s.parent_ms = now;
    if (r->receipt_seq > 0)
        s->s.receipt_seq = r->receipt_seq;
    s->last_ok = ok;
    s->finished++;
}

static void sync_once(struct ln_syncer *s)
{
    struct ln_exchange_report r = { 0 };
    struct ln_err err = { 0 };

    (void)pthread_mutex_lock(&s->mutex);
    s->s.running = true;
    s->s.tried_ms = clock_ms(CLOCK_REALTIME);
    s->poked = false;
    s->wanted = false;
    (void)pthread_mutex_unlock(&s->mutex);
    bool ok = ln_exchange_sync(s->client, &r, &err);
    bool past = false;
    if (!ok && err.code == LN_BUSY && s->past != NULL) {
        struct ln_exchange_report other = { 0 };
        struct ln_err why = { 0 };
        past = ln_exchange_sync(s->past, &other, &why);
        if (past)
            r = other;
        else
            ln_log_err(LN_LOG_INFO, &why, "sync past the parent failed");
    }
    if (past)
        ln_log(LN_LOG_INFO, "sync past the parent sent=%" PRIu64 " got=%" PRIu64, r.sent_segments,
               r.got_segments);
    else if (!ok)
        ln_log_err(s->s.failures > 0 ? LN_LOG_INFO : LN_LOG_WARN, &err, "sync failed");
    else if (r.sent_segments + r.got_segments > 0)
        ln_log(LN_LOG_INFO,
               "sync sent=%" PRIu64 " got=%" PRIu64 " bytes=%" PRIu64 " receipt=%" PRIu64,
               r.sent_segments, r.got_segments, r.sent_bytes + r.got_bytes, r.receipt_seq);
    if (r.alarm)
        ln_log(LN_LOG_ERR, "sync digests differ although heads agree: run linli verify");
    (void)pthread_mutex_lock(&s->mutex);
    note_result(s, ok || past, &r, &err);
    s->s.past = past;
    (void)pthread_cond_broadcast(&s->done);
    (void)pthread_mutex_unlock(&s->mutex);
}

/* Full jitter: anywhere between now and the growing bound, so that a thousand boxes do not come
 * back at once. */
static int64_t pause_ms(const struct ln_syncer *s)
{
    int64_t bound = BACKOFF_FIRST_MS;

    if (s->s.failures == 0) {
        int64_t every = (int64_t)s->c.every_s * 1000;
        return every - every / 10 + (int64_t)randombytes_uniform((uint32_t)(every / 10 + 1));
    }
    for (unsigned i = 1; i < s->s.failures && bound < BACKOFF_MAX_MS; i++)
        bound *= 2;
    if (bound > (int64_t)s->c.every_s * 1000)
        bound = (int64_t)s->c.every_s * 1000;
    int64_t wait = (int64_t)randombytes_uniform((uint32_t)bound + 1);
    int64_t asked = s->s.report.retry_after_ms;
    return (asked < BACKOFF_MAX_MS ? asked : BACKOFF_MAX_MS) + wait; /* not all at that moment */
}

/* When the next sync is due; the caller holds the mutex. *shut: until the window opens. */
static int64_t due_ms(struct ln_syncer *s, bool first, int64_t *shut)
{
    int64_t now = clock_ms(CLOCK_MONOTONIC);
    int64_t due = first ? now : now + pause_ms(s);

    *shut = ln_syncer_window_ms(s->open_from, s->open_to, clock_ms(CLOCK_REALTIME));
    if (due < now + *shut) /* all that wait for the hour come one after other */
        due = now + *shut + (int64_t)randombytes_uniform(WINDOW_JITTER_MS);
    s->s.next_ms = clock_ms(CLOCK_REALTIME) + due - now;
    s->s.opens_ms = *shut > 0 ? clock_ms(CLOCK_REALTIME) + *shut : 0;
    return due;
}

/* Waits until the next sync is due; false: stop. The first one is due at once, unless the window is
 * shut. */
static bool wait_turn(struct ln_syncer *s, bool first)
{
    int64_t shut;
    bool go;

    (void)pthread_mutex_lock(&s->mutex);
    int64_t due = due_ms(s, first, &shut);
    while (!s->stop && !s->wanted) {
        int64_t now = clock_ms(CLOCK_MONOTONIC);
        if (s->set) { /* other terms: the time is another one */
            s->set = false;
            s->differs = true;
            due = due_ms(s, first, &shut);
        }
        /* A save comes soon, but never pushes a back-off aside. */
        if (s->poked && s->s.failures == 0 && shut == 0 && !s->s.link.metered &&
            due > now + s->c.soon_ms)
            due = now + s->c.soon_ms;
        if (now >= due)
            break;
        struct timespec t = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 };
        (void)pthread_cond_timedwait(&s->wake, &s->mutex, &t);
    }
    go = !s->stop;
    (void)pthread_mutex_unlock(&s->mutex);
    return go;
}

/* The terms of the link, on the thread that uses it. */
static void use_terms(struct ln_syncer *s)
{
    struct ln_syncer_link terms;
    struct ln_err err = { 0 };

    (void)pthread_mutex_lock(&s->mutex);
    bool differs = s->differs || s->set;
    s->differs = false;
    s->set = false;
    terms = s->s.link;
    (void)pthread_mutex_unlock(&s->mutex);
    if (!differs)
        return;
    struct ln_link_http *const links[] = { s->http, s->past_http };
    struct ln_exchange_client *const clients[] = { s->client, s->past };
    for (size_t i = 0; i < 2; i++) {
        if (links[i] == NULL)
            continue;
        if (!ln_link_proxy(links[i], terms.proxy, &err))
            ln_log_err(LN_LOG_WARN, &err, "proxy not used");
        ln_link_rate(links[i], terms.rate_kbit * 125);
        ln_exchange_client_lean(clients[i], terms.metered);
    }
}

bool ln_syncer_set(struct ln_syncer *s, const struct ln_syncer_link *link, struct ln_err *err)
{
    int from;
    int to;

    if (!ln_syncer_window(&from, &to, link->window, err) || !ln_link_address(link->proxy, err))
        return false;
    if (link->rate_kbit < 0)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("rate_kbit：需要 0 以上的数字", "rate_kbit: a number from 0 on"));
    (void)pthread_mutex_lock(&s->mutex);
    s->s.link = *link;
    s->open_from = from;
    s->open_to = to;
    s->set = true;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->mutex);
    return true;
}

bool ln_syncer_window(int *from, int *to, const char *text, struct ln_err *err)
{
    long part[4]; /* hour, minute, hour, minute */
    static const char after[4] = { ':', '-', ':', '\0' };
    const char *at = text;
    char *end = NULL;
    bool ok = true;

    *from = 0;
    *to = DAY_MIN;
    if (text[0] == '\0')
        return true;
    for (int i = 0; ok && i < 4; i++, at = end + 1) {
        part[i] = at[0] >= '0' && at[0] <= '9' ? strtol(at, &end, 10) : -1;
        ok = part[i] >= 0 && *end == after[i] && part[i] <= (i % 2 == 0 ? 24 : 59);
    }
    if (!ok)
        return ln_fail(
            err, LN_INVALID,
            LN_SAY("window：时段应如 22:00-06:00", "window: hours like 22:00-06:00 are needed"));
    *from = (int)(part[0] * 60 + part[1]);
    *to = (int)(part[2] * 60 + part[3]);
    return true;
}

int64_t ln_syncer_window_ms(int from, int to, int64_t now_ms)
{
    int64_t day = (now_ms + CHINA_MS) % (DAY_MIN * INT64_C(60000));
    int64_t start = from * INT64_C(60000);
    int64_t end = to * INT64_C(60000);
    bool open = start <= end ? day >= start && day < end : day >= start || day < end;

    if (open || start == end)
        return 0;
    return day < start ? start - day : start - day + DAY_MIN * INT64_C(60000);
}

static void *work(void *arg)
{
    struct ln_syncer *s = arg;

    for (bool first = true; s->client != NULL; first = false) {
        if (!wait_turn(s, first))
            return NULL;
        use_terms(s);
        sync_once(s);
        write_contacts(s, false);
    }
    for (;;) { /* no parent: only the contacts are kept */
        (void)pthread_mutex_lock(&s->mutex);
        int64_t due = clock_ms(CLOCK_MONOTONIC) + CONTACT_EVERY_MS;
        struct timespec t = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 };
        if (!s->stop)
            (void)pthread_cond_timedwait(&s->wake, &s->mutex, &t);
        bool stop = s->stop;
        s->poked = false;
        (void)pthread_mutex_unlock(&s->mutex);
        if (stop)
            return NULL;
        write_contacts(s, false);
    }
}

/* ---- start and stop */

static bool open_links(struct ln_syncer *s, struct ln_err *err)
{
    const struct ln_syncer_config *c = &s->c;

    return ln_link_open(&s->http, &s->link, c->parent_url, err) &&
           (c->past_url == NULL || c->past_url[0] == '\0' ||
            ln_link_open(&s->past_http, &s->past_link, c->past_url, err));
}

bool ln_syncer_start(struct ln_syncer **out, const struct ln_syncer_config *config,
                     struct ln_err *err)
{
    struct ln_syncer *s = ln_alloc(sizeof *s);
    const struct ln_access *access = config->exchange->access;
    pthread_condattr_t attr;

    s->c = *config;
    s->s.alone = config->parent_url[0] == '\0';
    s->s.link = config->link;
    s->differs = true;
    if (!ln_syncer_window(&s->open_from, &s->open_to, config->link.window, err) ||
        !ln_link_address(config->link.proxy, err)) {
        ln_free(s);
        return false;
    }
    (void)pthread_mutex_init(&s->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->wake, &attr);
    (void)pthread_cond_init(&s->done, NULL);
    (void)pthread_condattr_destroy(&attr);
    if (!access->read(access->ctx, read_contacts, s, err))
        goto fail;
    if (!s->s.alone) {
        if (!open_links(s, err))
            goto fail;
        struct ln_exchange_config mine = *config->exchange;
        mine.hurry = ln_syncer_hurry;
        mine.hurry_ctx = s;
        s->client = ln_exchange_client_new(&mine, &s->link);
        if (s->past_http != NULL) {
            s->past = ln_exchange_client_new(&mine, &s->past_link);
            ln_exchange_client_past(s->past);
        }
    }
    if (pthread_create(&s->thread, NULL, work, s) != 0) {
        (void)ln_fail(err, LN_BROKEN, LN_SAY("无法为同步建立线程", "no thread for syncing"));
        goto fail;
    }
    s->started = true;
    *out = s;
    return true;
fail:
    ln_syncer_stop(s);
    ln_syncer_free(s);
    return false;
}

void ln_syncer_stop(struct ln_syncer *s)
{
    if (s == NULL)
        return;
    if (s->started) {
        (void)pthread_mutex_lock(&s->mutex);
        s->stop = true;
        (void)pthread_cond_broadcast(&s->wake);
        (void)pthread_cond_broadcast(&s->done);
        (void)pthread_mutex_unlock(&s->mutex);
        if (s->http != NULL)
            ln_link_cancel(s->http);
        if (s->past_http != NULL)
            ln_link_cancel(s->past_http);
        (void)pthread_join(s->thread, NULL);
        s->started = false;
        write_contacts(s, true);
    }
    ln_exchange_client_free(s->client);
    ln_exchange_client_free(s->past);
    ln_link_close(s->http);
    ln_link_close(s->past_http);
    s->past = NULL;
    s->past_http = NULL;
    s->client = NULL;
    s->http = NULL;
}

void ln_syncer_free(struct ln_syncer *s)
{
    if (s == NULL)
        return;
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_cond_destroy(&s->done);
    (void)pthread_mutex_destroy(&s->mutex);
    ln_free(s->children);
    ln_free(s);
}

bool ln_syncer_hurry(void *syncer)
{
    struct ln_syncer *s = syncer;

    (void)pthread_mutex_lock(&s->mutex);
    bool hurry = s->wanted || (s->poked && !s->s.link.metered);
    (void)pthread_mutex_unlock(&s->mutex);
    return hurry;
}

void ln_syncer_poke(struct ln_syncer *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->poked = true;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->mutex);
}

bool ln_syncer_now(struct ln_syncer *s, struct ln_exchange_report *out, struct ln_err *err)
{
    bool ok;

    if (s->s.alone)
        return ln_fail(err, LN_MISSING,
                       "this node is the root or has not joined: it has no parent");
    (void)pthread_mutex_lock(&s->mutex);
    /* A sync that runs already may have begun before the caller's save: it does not count. */
    uint64_t until = s->finished + (s->s.running ? 2 : 1);
    s->wanted = true;
    (void)pthread_cond_signal(&s->wake);
    while (!s->stop && s->finished < until) {
        (void)pthread_cond_wait(&s->done, &s->mutex);
        if (s->finished < until) {
            s->wanted = true;
            (void)pthread_cond_signal(&s->wake);
        }
    }
    ok = s->finished >= until && s->last_ok;
    *out = s->s.report;
    if (s->finished < until)
        (void)ln_fail(err, LN_BUSY, LN_SAY("节点正在停止", "the node is stopping"));
    else if (!ok)
        *err = s->s.last;
    (void)pthread_mutex_unlock(&s->mutex);
    return ok;
}

void ln_syncer_state(struct ln_syncer *s, struct ln_syncer_state *out)
{
    (void)pthread_mutex_lock(&s->mutex);
    *out = s->s;
    (void)pthread_mutex_unlock(&s->mutex);
}
