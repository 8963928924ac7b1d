/* The writer thread: see queue.h. */
#include "node/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/say.h"

#define GROUP 64 /* jobs that share a commit */

struct job {
    struct job *next;
    ln_write_job *fn;
    void *arg;
    struct ln_err *err;
    locale_t language; /* of who waits: what fails is said in it (say.h) */
    bool large, ok, done;
};
struct hold {
    struct ln_authority *a;
    size_t refs; /* of readers, and one while it is the latest */
};
struct ln_queue {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    struct job *first, *last;
    size_t n;
    bool stop;
    struct ln_replica *r;
    void (*tick)(void *ctx, struct ln_replica *r);
    void *ctx;
    int tick_ms;
    struct hold *hold;
    uint64_t version;
};

/* ---- the authority for readers */

static void let_go(struct hold *h)
{
    if (h != NULL && --h->refs == 0) {
        ln_authority_free(h->a);
        ln_free(h);
    }
}

/* Writer thread, or before it starts. */
static void show_authority(struct ln_queue *q)
{
    if (q->hold != NULL && q->version == ln_replica_version(q->r))
        return;
    struct hold *h = ln_alloc(sizeof *h);
    h->a = ln_authority_copy(ln_replica_authority(q->r));
    h->refs = 1;
    (void)pthread_mutex_lock(&q->mutex);
    let_go(q->hold);
    q->hold = h;
    q->version = ln_replica_version(q->r);
    (void)pthread_mutex_unlock(&q->mutex);
}

const struct ln_authority *ln_queue_authority(struct ln_queue *q, void **hold)
{
    (void)pthread_mutex_lock(&q->mutex);
    struct hold *h = q->hold;
    h->refs++;
    (void)pthread_mutex_unlock(&q->mutex);
    *hold = h;
    return h->a;
}

void ln_queue_authority_done(struct ln_queue *q, void *hold)
{
    (void)pthread_mutex_lock(&q->mutex);
    let_go(hold);
    (void)pthread_mutex_unlock(&q->mutex);
}

/* ---- jobs */

static void fail_all(struct job *group, const struct ln_err *err)
{
    for (struct job *j = group; j != NULL; j = j->next) {
        if (j->ok || err->code != LN_OK)
            *j->err = *err;
        j->ok = false;
    }
}

static bool run(struct ln_queue *q, struct job *j)
{
    locale_t mine = uselocale(j->language);

    j->ok = j->fn(j->arg, q->r, j->err);
    (void)uselocale(mine);
    return j->ok;
}

static void run_one(struct ln_queue *q, struct job *j)
{
    if (!ln_replica_savepoint(q->r, j->err))
        return;
    (void)run(q, j);
    ln_replica_savepoint_end(q->r, j->ok);
}

/* Undone with its transaction: a savepoint would hold the old image of each page that a large slice
 * touches, in memory. False: no transaction is open. */
static bool run_alone(struct ln_queue *q, struct job *j)
{
    struct ln_err err = { 0 };

    if (run(q, j))
        return true;
    ln_replica_rollback(q->r);
    return ln_replica_begin(q->r, &err); /* for the forks and doubts that it found */
}

/* One commit for all of them; one's failure leaves the others. */
static void run_group(struct ln_queue *q, struct job *group)
{
    struct ln_err err = { 0 };

    if (!ln_replica_begin(q->r, &err)) {
        fail_all(group, &err);
        return;
    }
    if (group->next == NULL) {
        if (!run_alone(q, group))
            return;
    } else
        for (struct job *j = group; j != NULL; j = j->next)
            run_one(q, j);
    if (!ln_replica_commit(q->r, &err))
        for (struct job *j = group; j != NULL; j = j->next)
            if (j->ok) {
                j->ok = false;
                *j->err = err;
            }
    if (err.code == LN_BROKEN) {
        /* A disk that failed once is not asked again: the supervisor starts us anew on what is
         * durable. */
        ln_log_err(LN_LOG_ERR, &err, "writer stopped");
        abort();
    }
    show_authority(q);
}

static struct job *take_group(struct ln_queue *q)
{
    struct job *group = q->first;
    struct job *last = group;

    if (last == NULL)
        return NULL;
    for (size_t i = 1; i < GROUP && !last->large && last->next != NULL && !last->next->large; i++)
        last = last->next;
    q->first = last->next;
    if (q->first == NULL)
        q->last = NULL;
    last->next = NULL;
    return group;
}

static void after(struct timespec *t, int ms)
{
    (void)clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_nsec += (long)(ms % 1000) * 1000000;
    t->tv_sec += ms / 1000 + t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
}

static bool past(const struct timespec *t)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

static void answer(struct ln_queue *q, struct job *group)
{
    (void)pthread_mutex_lock(&q->mutex);
    for (struct job *j = group; j != NULL;) {
        struct job *next = j->next; /* once done, the job belongs to its caller again */
        j->done = true;
        q->n--;
        j = next;
    }
    (void)pthread_cond_broadcast(&q->done);
    (void)pthread_mutex_unlock(&q->mutex);
}

static void *work(void *arg)
{
    struct ln_queue *q = arg;
    struct timespec next;

    after(&next, q->tick_ms);
    for (;;) {
        (void)pthread_mutex_lock(&q->mutex);
        while (q->first == NULL && !q->stop && !past(&next))
            (void)pthread_cond_timedwait(&q->wake, &q->mutex, &next);
        struct job *group = take_group(q);
        bool stop = q->stop;
        (void)pthread_mutex_unlock(&q->mutex);
        if (group != NULL) {
            run_group(q, group);
            answer(q, group);
        } else if (stop)
            return NULL;
        if (past(&next)) {
            if (q->tick != NULL)
                q->tick(q->ctx, q->r);
            show_authority(q);
            after(&next, q->tick_ms);
        }
    }
}

bool ln_queue_start(struct ln_queue **out, struct ln_replica *r,
                    void (*tick)(void *ctx, struct ln_replica *r), void *ctx, int tick_ms,
                    struct ln_err *err)
{
    struct ln_queue *q = ln_alloc(sizeof *q);
    pthread_condattr_t attr;

    q->r = r;
    q->tick = tick;
    q->ctx = ctx;
    q->tick_ms = tick_ms;
    (void)pthread_mutex_init(&q->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->wake, &attr);
    (void)pthread_cond_init(&q->done, NULL);
    (void)pthread_condattr_destroy(&attr);
    show_authority(q);
    if (pthread_create(&q->thread, NULL, work, q) != 0) {
        let_go(q->hold);
        ln_free(q);
        return ln_fail(err, LN_BROKEN, LN_SAY("无法为写入建立线程", "no thread for the writer"));
    }
    *out = q;
    return true;
}

void ln_queue_stop(struct ln_queue *q)
{
    if (q == NULL)
        return;
    (void)pthread_mutex_lock(&q->mutex);
    q->stop = true;
    (void)pthread_cond_broadcast(&q->wake);
    (void)pthread_mutex_unlock(&q->mutex);
    (void)pthread_join(q->thread, NULL);
    (void)pthread_cond_destroy(&q->wake);
    (void)pthread_cond_destroy(&q->done);
    (void)pthread_mutex_destroy(&q->mutex);
    let_go(q->hold);
    ln_free(q);
}

static bool enqueue(struct ln_queue *q, struct job *j)
{
    j->language = uselocale((locale_t)0);
    (void)pthread_mutex_lock(&q->mutex);
    if (q->stop || q->n >= LN_QUEUE_MAX) {
        (void)pthread_mutex_unlock(&q->mutex);
        return ln_fail(
            j->err, LN_BUSY,
            q->stop ? LN_SAY("节点正在停止", "the node is stopping")
                    : LN_SAY("等待保存的太多，请稍后再试", "too many saves wait: try again soon"));
    }
    if (q->last != NULL)
        q->last->next = j;
    else
        q->first = j;
    q->last = j;
    q->n++;
    (void)pthread_cond_signal(&q->wake);
    while (!j->done)
        (void)pthread_cond_wait(&q->done, &q->mutex);
    (void)pthread_mutex_unlock(&q->mutex);
    return j->ok;
}

bool ln_queue_write(struct ln_queue *q, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct job j = { .fn = job, .arg = arg, .err = err };

    return enqueue(q, &j);
}

bool ln_queue_write_large(struct ln_queue *q, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct job j = { .fn = job, .arg = arg, .err = err, .large = true };

    return enqueue(q, &j);
}

size_t ln_queue_waiting(struct ln_queue *q)
{
    (void)pthread_mutex_lock(&q->mutex);
    size_t n = q->n;
    (void)pthread_mutex_unlock(&q->mutex);
    return n;
}
