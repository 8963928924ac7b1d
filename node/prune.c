/* Old volumes by rule: see prune.h. */
#include "node/prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/export.h"
#include "node/module/workday.h"
#include "node/say.h"

#define EVERY_MS (INT64_C(6) * 3600000)
#define FIRST_MS 60000   /* after the start */
#define STRIP_WAITS 3000 /* of 20 ms: a minute; a served node goes on by itself */

/* ---- quarters */

static int64_t first_second(int64_t quarter)
{
    char date[16];

    (void)snprintf(date, sizeof date, "%04u-%02u-01", (unsigned)(quarter / 4) % 10000,
                   (unsigned)(quarter % 4 * 3 + 1) % 100);
    return ln_workday_number(date) * 86400;
}

int64_t ln_prune_before(int64_t now_ms, int64_t quarters)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm = { 0 };

    (void)gmtime_r(&now, &tm);
    return first_second(((int64_t)tm.tm_year + 1900) * 4 + tm.tm_mon / 3 - quarters);
}

bool ln_prune_quarter(int64_t *out, const char *text, struct ln_err *err)
{
    char *end;
    int64_t year = strtoll(text, &end, 10);

    if (end - text != 4 || end[0] != 'q' || end[1] < '1' || end[1] > '4' || end[2] != '\0' ||
        year < 1970)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("%s 不是季度，请写成 2026q4", "%s is no quarter: write 2026q4"),
                       text);
    *out = first_second(year * 4 + end[1] - '1');
    return true;
}

/* ---- one log */

static bool prune(struct ln_replica *r, struct ln_prune_log *l, int64_t before_s, bool dry,
                  struct ln_err *err)
{
    return ln_replica_checkpoint(r, l->log, before_s, dry, &l->checkpoint, err) &&
           ln_replica_prune(r, l->log, before_s, dry, &l->prune, err);
}

struct logs {
    struct ln_store_log *list;
    size_t n, cap;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct logs *x = ctx;

    (void)err;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

/* ---- by hand */

struct job {
    struct ln_node *n;
    struct ln_prune_log l;
    struct logs *logs;
    int64_t before_s;
    bool dry;
};

static bool list_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);

    return s->ops->log_each(s->ctx, take_log, ((struct job *)arg)->logs, err);
}

static bool prune_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct job *j = arg;

    return prune(r, &j->l, j->before_s, j->dry, err);
}

/* Export and volumes are work between jobs. */
static void wait_for_volumes(struct ln_node *n)
{
    const struct timespec moment = { 0, 20000000 };

    n->prune.strip = true;
    for (int i = 0; i < STRIP_WAITS && n->prune.strip; i++)
        (void)nanosleep(&moment, NULL);
}

bool ln_prune_run(struct ln_node *n, int64_t before_s, bool dry, ln_prune_fn *fn, void *ctx,
                  struct ln_err *err)
{
    struct logs logs = { .n = 0 };
    struct job j = { .n = n, .logs = &logs, .before_s = before_s, .dry = dry };
    wait_for_volumes(n); /* what is not exported yet stays */
    bool ok = ln_queue_write(n->queue, list_job, &j, err);

    for (size_t i = 0; ok && i < logs.n; i++) {
        struct ln_err bad = { 0 };
        j.l = (struct ln_prune_log){ .log = logs.list[i].id };
        if (!ln_queue_write(n->queue, prune_job, &j, &bad))
            j.l.trouble = bad.text;
        if (j.l.trouble != NULL || j.l.checkpoint.made || j.l.checkpoint.why != NULL ||
            j.l.prune.files > 0)
            fn(ctx, &j.l);
    }
    ln_free(logs.list);
    if (!dry)
        wait_for_volumes(n);
    return ok;
}

/* ---- by the rule */

static void strip(struct ln_node *n, struct ln_replica *r)
{
    struct ln_store *s = ln_replica_store(r);
    struct logs logs = { .n = 0 };
    struct ln_err err = { 0 };
    bool any = false;
    bool ok = s->ops->log_each(s->ctx, take_log, &logs, &err);

    for (size_t i = 0; ok && i < logs.n; i++)
        ok = ln_export_strip(n->dir, r, logs.list[i].id, &any, &err);
    n->prune.shred = n->prune.shred || any;
    if (n->prune.shred) { /* what was dropped leaves the database's files, too */
        bool shredded = s->ops->shred(s->ctx, &err);
        n->prune.shred = !shredded && err.code == LN_BUSY; /* it is still read: the next time */
        ok = ok && shredded;
    }
    if (!ok)
        ln_log_err(n->prune.shred ? LN_LOG_INFO : LN_LOG_WARN, &err, "old volumes");
    ln_free(logs.list);
    n->prune.strip = n->prune.shred;
}

static void look_at(struct ln_replica *r, struct ln_prune_log *l, int64_t before_s)
{
    struct ln_err err = { 0 };

    if (!ln_replica_begin(r, &err))
        return;
    if (!prune(r, l, before_s, false, &err) || !ln_replica_commit(r, &err)) {
        ln_replica_rollback(r);
        ln_log_err(err.code == LN_BUSY ? LN_LOG_INFO : LN_LOG_WARN, &err, "old volumes");
        return;
    }
    if (l->checkpoint.made)
        ln_log(LN_LOG_NOTE, "checkpoint log=%s upto=%" PRIu64 " kept=%" PRIu64 " left=%" PRIu64,
               l->log, l->checkpoint.upto, l->checkpoint.kept, l->checkpoint.dropped);
    if (l->prune.done)
        ln_log(LN_LOG_NOTE, "dropped log=%s upto=%" PRIu64 " files=%" PRIu64 " bytes=%" PRIu64,
               l->log, l->prune.upto, l->prune.files, l->prune.bytes);
}

static void look_next(struct ln_node *n, struct ln_replica *r, int64_t *at)
{
    struct ln_store *s = ln_replica_store(r);
    struct logs logs = { .n = 0 };
    struct ln_err err = { 0 };
    int64_t next = 0;
    int64_t found = -1;
    int64_t before_s = ln_prune_before(n->env.now_ms(n->env.ctx), n->config.keep_quarters);

    if (!s->ops->log_each(s->ctx, take_log, &logs, &err)) {
        ln_log_err(LN_LOG_WARN, &err, "old volumes");
        *at = 0;
        ln_free(logs.list);
        return;
    }
    for (size_t i = 0; i < logs.n; i++) /* the one behind *at, and whether there is a further one */
        if (logs.list[i].n > *at && (found < 0 || logs.list[i].n < logs.list[found].n))
            found = (int64_t)i;
    for (size_t i = 0; found >= 0 && i < logs.n; i++)
        next = logs.list[i].n > logs.list[found].n ? logs.list[found].n : next;
    if (found >= 0) {
        struct ln_prune_log l = { .log = logs.list[found].id };
        if (n->config.keep_quarters > 0)
            look_at(r, &l, before_s);
        n->prune.strip = n->prune.strip || l.prune.done;
    }
    *at = next;
    ln_free(logs.list);
}

void ln_prune_tick(struct ln_node *n, struct ln_replica *r)
{
    struct ln_prune_state *p = &n->prune;
    int64_t now = n->env.now_ms(n->env.ctx);

    if (p->looked_ms == 0) {
        p->looked_ms = now - EVERY_MS + FIRST_MS;
        p->strip = true;
    }
    if (p->strip)
        strip(n, r);
    /* By a clock that is set years ahead everything would be old, and what is dropped is dropped.
     * One that has been set back since the last look says nothing of when that was. */
    if (n->syncer == NULL || ln_replica_self(r) == NULL || ln_replica_doubted(r)[0] != '\0' ||
        !n->env.clock_trusted(n->env.ctx) || ln_replica_wild(r) ||
        (p->at == 0 && now >= p->looked_ms && now - p->looked_ms < EVERY_MS))
        return;
    look_next(n, r, &p->at);
    p->looked_ms = now;
}
