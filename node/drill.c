/* The restore drill on a thread of its own: see drill.h. */
#include "node/drill.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/say.h"

struct ln_drill {
    struct ln_node *n;
    pthread_mutex_t mutex;
    pthread_t thread;
    bool started; /* the thread is to be joined */
    struct ln_ident paper;
    struct ln_drill_status s;
};

struct ln_drill *ln_drill_new(struct ln_node *n)
{
    struct ln_drill *d = ln_alloc(sizeof *d);

    d->n = n;
    (void)pthread_mutex_init(&d->mutex, NULL);
    return d;
}

static void join(struct ln_drill *d)
{
    if (d->started)
        (void)pthread_join(d->thread, NULL);
    d->started = false;
}

void ln_drill_free(struct ln_drill *d)
{
    if (d == NULL)
        return;
    join(d);
    (void)pthread_mutex_destroy(&d->mutex);
    sodium_memzero(d, sizeof *d);
    ln_free(d);
}

static bool note(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct ln_drill_status *s = arg;
    struct ln_store *st = ln_replica_store(r);
    char text[160];

    (void)snprintf(text, sizeof text,
                   "{\"at\":%" PRId64 ",\"differing\":%u,\"missing\":%" PRIu64 ",\"ok\":%s"
                   ",\"records\":%" PRIu64 "}",
                   s->ended_ms, s->report.differing, s->report.sealed,
                   s->state == LN_DRILL_DONE && s->report.sealed == 0 &&
                           (s->report.differing == 0 || s->report.waiting > 0)
                       ? "true"
                       : "false",
                   s->report.records);
    return st->ops->meta_put(st->ctx, "drill", ln_span_of(text), err);
}

static void *work(void *arg)
{
    struct ln_drill *d = arg;
    struct ln_drill_status s = { .state = LN_DRILL_DONE, .began_ms = d->s.began_ms };
    struct ln_err why = { 0 };

    if (!ln_restore_drill(&s.report, d->n, &d->paper, &s.why)) {
        s.state = LN_DRILL_FAILED;
        ln_log_err(LN_LOG_WARN, &s.why, "drill failed");
    }
    sodium_memzero(&d->paper, sizeof d->paper);
    s.ended_ms = d->n->env.now_ms(d->n->env.ctx);
    if (!ln_queue_write(d->n->queue, note, &s, &why))
        ln_log_err(LN_LOG_WARN, &why, "drill not noted");
    (void)pthread_mutex_lock(&d->mutex);
    d->s = s;
    (void)pthread_mutex_unlock(&d->mutex);
    return NULL;
}

bool ln_drill_begin(struct ln_drill *d, const struct ln_ident *paper, struct ln_err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&d->mutex);
    ok = d->s.state != LN_DRILL_RUNS;
    if (ok) {
        join(d); /* the last one has ended */
        d->paper = *paper;
        d->s = (struct ln_drill_status){ .state = LN_DRILL_RUNS,
                                         .began_ms = d->n->env.now_ms(d->n->env.ctx) };
        d->started = pthread_create(&d->thread, NULL, work, d) == 0;
        if (!d->started) {
            d->s.state = LN_DRILL_NONE;
            ok = ln_fail(err, LN_BROKEN, LN_SAY("无法为演练建立线程", "no thread for the drill"));
        }
    } else
        (void)ln_fail(err, LN_BUSY, LN_SAY("演练正在进行", "a drill is going on"));
    (void)pthread_mutex_unlock(&d->mutex);
    return ok;
}

void ln_drill_status(struct ln_drill *d, struct ln_drill_status *out)
{
    (void)pthread_mutex_lock(&d->mutex);
    *out = d->s;
    (void)pthread_mutex_unlock(&d->mutex);
}
