/* The writer's queue: what shares a commit, and what a failure undoes. */
#include "tests/lib/place.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/say.h"
#include "sync/store.h"

#define JOBS 3 /* named k0, k1, k2 */

/* A job that writes its key, and fails then when told to. */
struct job {
    struct place *p;
    unsigned k;
    bool fail, large, ok;
    unsigned durable; /* bit k: readers saw that key while this ran */
    struct ln_err err;
    pthread_t thread;
};

static atomic_bool gate, blocked;

static const char *key(char out[8], unsigned k)
{
    (void)snprintf(out, 8, "k%u", k);
    return out;
}

static bool look(void *arg, struct ln_store *reader, const struct ln_authority *a,
                 struct ln_err *err)
{
    unsigned *bits = arg;
    struct ln_buf value = ln_buf_new(64);
    char name[8];
    bool ok = true;

    (void)a;
    *bits = 0;
    for (unsigned k = 0; ok && k < JOBS; k++) {
        bool found = false;
        ok = reader->ops->meta_get(reader->ctx, key(name, k), &value, &found, err);
        ln_buf_clear(&value);
        *bits |= (unsigned)found << k;
    }
    ln_buf_free(&value);
    return ok;
}

static unsigned durable(struct place *p)
{
    struct ln_err err = { 0 };
    unsigned bits = 0;

    MUST(p->n->access.read(p->n->access.ctx, look, &bits, &err));
    return bits;
}

static bool put(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct job *j = arg;
    struct ln_store *s = ln_replica_store(r);
    struct ln_access *access = &j->p->n->access;
    char name[8];

    return s->ops->meta_put(s->ctx, key(name, j->k), (struct ln_span){ "x", 1 }, err) &&
           access->read(access->ctx, look, &j->durable, err) &&
           (!j->fail || ln_fail(err, LN_INVALID, "as told"));
}

static bool wait_for_gate(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    (void)r;
    (void)err;
    atomic_store(&blocked, true);
    while (!atomic_load(&gate))
        (void)usleep(1000);
    return true;
}

static void *send(void *arg)
{
    struct job *j = arg;
    struct ln_access *access = &j->p->n->access;

    j->ok = j->large ? ln_access_write_large(access, put, j, &j->err)
                     : access->write(access->ctx, put, j, &j->err);
    return NULL;
}

static void *block(void *arg)
{
    struct place *p = arg;
    struct ln_err err = { 0 };

    MUST(ln_queue_write(p->n->queue, wait_for_gate, NULL, &err));
    return NULL;
}

static void until_waiting(struct place *p, size_t n)
{
    while (ln_queue_waiting(p->n->queue) < n)
        (void)usleep(1000);
}

/* All of them wait, in this order, behind a job that runs until then. */
static void together(struct place *p, struct job *list)
{
    pthread_t first;

    atomic_store(&gate, false);
    atomic_store(&blocked, false);
    assert_int_equal(pthread_create(&first, NULL, block, p), 0);
    while (!atomic_load(&blocked))
        (void)usleep(1000);
    for (unsigned k = 0; k < JOBS; k++) {
        list[k].p = p;
        list[k].k = k;
        assert_int_equal(pthread_create(&list[k].thread, NULL, send, &list[k]), 0);
        until_waiting(p, k + 2);
    }
    atomic_store(&gate, true);
    (void)pthread_join(first, NULL);
    for (unsigned k = 0; k < JOBS; k++)
        (void)pthread_join(list[k].thread, NULL);
}

TEST(a_job_that_fails_alone_leaves_nothing_and_the_next_one_is_kept)
{
    struct place p;
    struct job bad = { .p = &p, .k = 0, .fail = true };
    struct job good = { .p = &p, .k = 1 };

    place_open(&p);
    (void)send(&bad);
    assert_false(bad.ok);
    assert_int_equal(bad.err.code, LN_INVALID);
    assert_int_equal(durable(&p), 0);
    (void)send(&good);
    assert_true(good.ok);
    assert_int_equal(durable(&p), 1 << 1);
    place_close(&p);
}

TEST(one_of_several_that_fails_leaves_the_others)
{
    struct place p;
    struct job list[JOBS] = { [1] = { .fail = true } };

    place_open(&p);
    together(&p, list);
    assert_true(list[0].ok && !list[1].ok && list[2].ok);
    assert_int_equal(durable(&p), 1 << 0 | 1 << 2);
    assert_int_equal(list[2].durable, 0); /* the three shared a commit */
    place_close(&p);
}

TEST(a_large_job_shares_no_commit)
{
    struct place p;
    struct job list[JOBS] = { [1] = { .large = true } };

    place_open(&p);
    together(&p, list);
    assert_true(list[0].ok && list[1].ok && list[2].ok);
    assert_int_equal(list[1].durable, 1 << 0);
    assert_int_equal(list[2].durable, 1 << 0 | 1 << 1);
    place_close(&p);
}

static bool refuse(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    (void)r;
    return ln_fail(err, LN_INVALID, LN_SAY("不行", "no"));
}

static const char *refused(struct place *p, struct ln_err *err)
{
    assert_false(ln_queue_write(p->n->queue, refuse, NULL, err));
    return err->text;
}

TEST(the_writer_refuses_in_the_language_of_who_asked)
{
    struct place p;
    struct ln_err err = { 0 };

    place_open(&p);
    locale_t asker = ln_say_in(true);
    assert_string_equal(refused(&p, &err), "不行");
    ln_say_done(asker);
    asker = ln_say_in(false);
    assert_string_equal(refused(&p, &err), "no");
    ln_say_done(asker);
    place_close(&p);
}

RUN_TESTS(T(a_job_that_fails_alone_leaves_nothing_and_the_next_one_is_kept),
          T(one_of_several_that_fails_leaves_the_others), T(a_large_job_shares_no_commit),
          T(the_writer_refuses_in_the_language_of_who_asked))
