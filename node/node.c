/* A node put together: see node.h. */
#include "node/node.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/added.h"
#include "node/attach.h"
#include "node/disk.h"
#include "node/export.h"
#include "node/module/emergency.h"
#include "node/module/grid.h"
#include "node/module/special.h"
#include "node/prune.h"
#include "node/region/region.h"
#include "node/say.h"
#include "node/sms.h"
#include "node/stat.h"
#include "node/store/upgrade.h"
#include "node/syncer.h"
#include "node/tree.h"
#include "node/watch.h"

#define TICK_MS 1000
#define ROOT_SEAL_S 2
#define DUE_EVERY_MS 3000 /* what fell due, and what came from elsewhere and waits */
#define DUE_SOON_MS 900   /* the same, when something was written meanwhile */
#define WORDS_A_TICK 200
#define WORDS_AT_ONCE 2000
#define ERASE_AGAIN_MS 2000            /* after a look that met readers */
#define ERASE_LOOKS 100                /* rounds of full text before files are overwritten */
#define SANE_MS INT64_C(1735689600000) /* 2025-01-01: before that the clock was never set */

/* ---- the world */

struct world {
    pthread_mutex_t mutex;
    int64_t offset_ms; /* from a signed response, while the clock is not set */
};
static int64_t real_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t now_ms(void *ctx)
{
    struct world *w = ctx;
    int64_t now = real_ms();

    (void)pthread_mutex_lock(&w->mutex);
    now += w->offset_ms;
    (void)pthread_mutex_unlock(&w->mutex);
    return now;
}

static bool clock_trusted(void *ctx)
{
    return now_ms(ctx) > SANE_MS;
}

static void clock_seen(void *ctx, int64_t ms)
{
    struct world *w = ctx;

    (void)pthread_mutex_lock(&w->mutex);
    if (real_ms() <= SANE_MS)
        w->offset_ms = ms - real_ms();
    (void)pthread_mutex_unlock(&w->mutex);
}

static void random_bytes(void *ctx, void *out, size_t len)
{
    (void)ctx;
    randombytes_buf(out, len);
}

/* ---- readers */

struct pool {
    pthread_mutex_t mutex;
    struct ln_node_reader *free;
    struct world world;
};

bool ln_node_read(struct ln_node *n, struct ln_node_reader **out, struct ln_err *err)
{
    struct pool *p = n->pool;
    struct ln_node_reader *r;

    (void)pthread_mutex_lock(&p->mutex);
    r = p->free;
    if (r != NULL)
        p->free = r->next;
    (void)pthread_mutex_unlock(&p->mutex);
    if (r == NULL) {
        r = ln_alloc(sizeof *r);
        if (!ln_sqlstore_open(&r->store, n->dir, &n->def->schema, LN_DB_READ, err)) {
            ln_free(r);
            return false;
        }
    }
    struct ln_store *s = ln_sqlstore_handle(r->store);
    if (!s->ops->read_begin(s->ctx, err)) {
        ln_sqlstore_close(r->store);
        ln_free(r);
        return false;
    }
    *out = r;
    return true;
}

void ln_node_read_done(struct ln_node *n, struct ln_node_reader *r)
{
    struct pool *p = n->pool;
    struct ln_store *s = ln_sqlstore_handle(r->store);

    s->ops->read_end(s->ctx);
    (void)pthread_mutex_lock(&p->mutex);
    r->next = p->free;
    p->free = r;
    (void)pthread_mutex_unlock(&p->mutex);
}

/* ---- access for exchange and syncer */

static bool access_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    return ln_queue_write(((struct ln_node *)ctx)->queue, job, arg, err);
}

static bool access_write_large(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    return ln_queue_write_large(((struct ln_node *)ctx)->queue, job, arg, err);
}

static bool access_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct ln_node *n = ctx;
    struct ln_node_reader *r;
    void *hold;

    if (!ln_node_read(n, &r, err))
        return false;
    const struct ln_authority *a = ln_queue_authority(n->queue, &hold);
    bool ok = job(arg, ln_sqlstore_handle(r->store), a, err);
    ln_queue_authority_done(n->queue, hold);
    ln_node_read_done(n, r);
    return ok;
}

/* ---- work between jobs: sealing what waits too long; full text and attachments */

struct ticking {
    int64_t sealed_ms, counted_ms, due_ms, watched_ms, aged_ms;
    int64_t erase_ms;    /* not before: somebody was reading what is to be overwritten */
    int64_t exported;    /* number of the log done last */
    int64_t due_written; /* rows, when it was last looked what is due */
};

static const char *const *searched(void *ctx, const char *collection)
{
    const struct ln_def_coll *c = ln_def_find(((struct ln_node *)ctx)->def, collection);

    return c != NULL ? c->search : NULL;
}

static const json_t *twins(void *ctx, const char *collection)
{
    const struct ln_def_coll *c = ln_def_find(((struct ln_node *)ctx)->def, collection);

    return c != NULL ? json_object_get(c->json, "duplicates") : NULL;
}

static bool named(void *ctx, const char *audience, const json_t *value, struct ln_err *err)
{
    return ln_attach_named(ctx, audience, value, err);
}

static bool after_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_node *n = arg;
    const struct ln_query_after after = { n, searched, named, twins };
    bool left;

    (void)r;
    return ln_query_after(n->writer, &after, WORDS_AT_ONCE, &left, err);
}

bool ln_node_look(struct ln_node *n, struct ln_err *err)
{
    return ln_queue_write(n->queue, after_job, n, err);
}

static void tick_after(struct ln_node *n, struct ln_replica *r)
{
    const struct ln_query_after after = { n, searched, named, twins };
    struct ln_err err = { 0 };
    bool left = true;

    for (int round = 0; left && round < 5; round++) {
        if (!ln_replica_begin(r, &err))
            return;
        if (!ln_query_after(n->writer, &after, WORDS_A_TICK, &left, &err) ||
            !ln_attach_sweep(n, &err)) {
            ln_log_err(LN_LOG_WARN, &err, "full text and attachments");
            ln_replica_rollback(r);
            return;
        }
        if (!ln_replica_commit(r, &err))
            return;
    }
}

/* Keys of erased persons go, rows are blank, full text follows, files are overwritten; then it is
 * signed. */
static void tick_erase(struct ln_node *n, struct ln_replica *r)
{
    const struct ln_query_after after = { n, searched, named, twins };
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    struct ln_store *s = ln_replica_store(r);
    struct ln_err err = { 0 };
    unsigned due = 0;
    bool left = true;
    int64_t wait_ms = t->erase_ms - real_ms(); /* more than it was made: the clock was set back */

    if (ln_replica_self(r) == NULL || (wait_ms > 0 && wait_ms <= ERASE_AGAIN_MS) ||
        !ln_replica_begin(r, &err))
        return;
    if (!ln_replica_erase_due(r, &due, &err) || due == 0) {
        ln_replica_rollback(r);
        if (err.code != LN_OK)
            ln_log_err(LN_LOG_WARN, &err, "erasure");
        return;
    }
    bool ok = ln_replica_commit(r, &err);
    for (int round = 0; ok && left && round < ERASE_LOOKS; round++)
        ok = ln_replica_begin(r, &err) &&
             ln_query_after(n->writer, &after, WORDS_AT_ONCE, &left, &err) &&
             ln_replica_commit(r, &err);
    bool copies;
    ok = ok && !left && s->ops->shred(s->ctx, &err) && ln_upgrade_forget(n->dir, &copies, &err) &&
         ln_replica_begin(r, &err) && ln_replica_erase_done(r, &err) && ln_replica_commit(r, &err);
    if (!ok && err.code != LN_OK) {
        ln_replica_rollback(r);
        ln_log_err(err.code == LN_BUSY ? LN_LOG_INFO : LN_LOG_WARN, &err, "erasure");
        t->erase_ms = err.code == LN_BUSY ? real_ms() + ERASE_AGAIN_MS : 0;
        return;
    }
    ln_log(LN_LOG_NOTE, "erased requests=%u", due);
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
}

static void tick_seal(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    struct ln_err err = { 0 };
    bool due = false;
    unsigned segments;
    int64_t now = real_ms();

    if (ln_replica_self(r) == NULL || ln_replica_doubted(r)[0] != '\0' ||
        !ln_replica_seal_due(r, &due, &err))
        return;
    /* The root seals by itself what its children come for; all others seal when they sync. */
    int64_t every_s = n->config.parent[0] == '\0' ? ROOT_SEAL_S : n->config.seal_every_s;
    bool late = now - t->sealed_ms > every_s * 1000;
    if (!due && !late)
        return;
    t->sealed_ms = now;
    if (!ln_replica_begin(r, &err))
        return;
    if (ln_replica_seal(r, late, &segments, &err))
        (void)!ln_replica_commit(r, &err);
    else {
        ln_replica_rollback(r);
        ln_log_err(LN_LOG_WARN, &err, "not sealed");
    }
}

static void tick_stat(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    struct ln_err err = { 0 };
    int64_t now = real_ms();

    if (n->syncer == NULL || strcmp(n->config.role, "community") != 0 ||
        ln_replica_self(r) == NULL || now - t->counted_ms < n->config.stats_every_s * 1000)
        return;
    t->counted_ms = now;
    if (!ln_replica_begin(r, &err))
        return;
    if (ln_stat_publish(n, r, &err) && ln_replica_commit(r, &err)) {
        ln_syncer_poke(n->syncer);
        return;
    }
    ln_replica_rollback(r);
    ln_log_err(LN_LOG_WARN, &err, "statistics not counted");
}

static bool somebody_waits(void *ctx)
{
    return ln_queue_waiting(((struct ln_node *)ctx)->queue) > 0;
}

/* What is exported is a copy: those who save, and children with their logs, go before it. */
static void tick_export(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    struct ln_export_turn turn = { somebody_waits, n, t->exported };
    struct ln_err err = { 0 };
    bool more = true;
    bool ok = true;

    for (int round = 0; ok && more && round < 4 && (round == 0 || !somebody_waits(n)); round++)
        ok = ln_export_run(n->dir, r, &turn, &more, &err);
    t->exported = turn.at;
    if (!ok)
        ln_log_err(LN_LOG_WARN, &err, "git export");
}

static uint64_t unsealed(struct ln_replica *r)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_err err = { 0 };
    uint64_t n = 0;
    uint64_t bytes = 0;

    return s->ops->unsealed_sum(s->ctx, &n, &bytes, &err) ? n : 0;
}

/* What the node itself has written goes up as soon as what people save. */
static void tick_special(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    const struct ln_db *db = ln_sqlstore_db(n->writer);
    int64_t now = real_ms();
    uint64_t before;

    if (now - t->due_ms < (ln_db_written(db) != t->due_written ? DUE_SOON_MS : DUE_EVERY_MS))
        return;
    t->due_ms = now;
    before = unsealed(r);
    ln_special_tick(&n->engine, r);
    ln_sms_tick(n, r);
    t->due_written = ln_db_written(db);
    if (n->syncer != NULL && unsealed(r) > before)
        ln_syncer_poke(n->syncer);
}

static void tick_watch(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    int64_t now = real_ms();

    if (now - t->watched_ms < n->config.alarm_every_s * 1000 && now >= t->watched_ms)
        return;
    t->watched_ms = now;
    ln_watch_tick(n, r);
}

static void tick_age(struct ln_node *n, struct ln_replica *r);

static void tick(void *ctx, struct ln_replica *r)
{
    tick_special(ctx, r);
    tick_export(ctx, r);
    ln_prune_tick(ctx, r);
    tick_seal(ctx, r);
    tick_after(ctx, r);
    tick_erase(ctx, r);
    tick_stat(ctx, r);
    tick_watch(ctx, r);
    tick_age(ctx, r);
}

/* ---- keys */

static bool read_keys(struct ln_node *n, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_pubkey pub;
    bool ok = ln_disk_read(&text, n->dir, "node.key", err) &&
              ln_key_read(&n->key, text.data, text.len, err);

    ln_buf_clear(&text);
    ok = ok && ln_disk_read(&text, n->dir, "age.key", err) &&
         ln_key_ident_read(&n->ident, text.data, text.len, err);
    ln_buf_clear(&text);
    ok = ok && ln_disk_read(&text, n->dir, "recovery.pub", err) &&
         ln_key_recipient_read(&n->recovery, text.data, strcspn(text.data, "\n"), err);
    ln_buf_free(&text);
    if (ok) {
        ln_key_public(&pub, &n->key);
        ln_key_node_id(n->id, n->config.region, &pub);
    }
    return ok || ln_wrap(err, LN_SAY("密钥", "keys"));
}

static bool put_text(const char *dir, const char *name, struct ln_buf *text, struct ln_err *err)
{
    bool ok = ln_disk_write(dir, name, text->data, text->len, err);

    ln_buf_clear(text);
    return ok;
}

static bool make_keys(const char *dir, struct ln_buf *recovery, const struct ln_ident *given,
                      const char *region, char id[LN_NODE_ID_MAX], struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_seckey key;
    struct ln_pubkey pub;
    struct ln_ident ident;
    struct ln_ident paper;
    struct ln_recipient to;
    bool ok;

    ln_key_make(&key, &pub);
    ln_key_node_id(id, region, &pub);
    ln_key_write(&text, &key, id);
    ok = put_text(dir, "node.key", &text, err);
    ln_key_public_write(&text, &pub);
    ln_buf_addf(&text, " %s\n", id);
    ok = ok && put_text(dir, "node.pub", &text, err);
    ln_key_ident_make(&ident);
    ln_key_ident_write(&text, &ident);
    ln_buf_addc(&text, '\n');
    ok = ok && put_text(dir, "age.key", &text, err);
    if (recovery != NULL) { /* else the paper stays as it is */
        if (given != NULL)
            paper = *given;
        else
            ln_key_ident_make(&paper);
        ln_key_ident_write(recovery, &paper);
        ln_key_ident_public(&to, &paper);
        ln_key_recipient_write(&text, &to);
        ln_buf_addc(&text, '\n');
        ok = ok && put_text(dir, "recovery.pub", &text, err);
    }
    sodium_memzero(&key, sizeof key);
    sodium_memzero(&ident, sizeof ident);
    sodium_memzero(&paper, sizeof paper);
    ln_buf_free(&text);
    return ok;
}

/* ---- reading keys */

#define AGE_LOOK_MS 3600000
#define AGE_FILE_MAX (LN_REPLICA_SPARES * 256)

/* Former keys, a line each, the latest first. */
static bool read_former(struct ln_node *n, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(AGE_FILE_MAX);
    bool ok = !ln_disk_there(n->dir, "age.old") || ln_disk_read(&text, n->dir, "age.old", err);

    for (const char *at = text.data; ok && text.len > 0 && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (len > 0 && n->n_spare < LN_REPLICA_SPARES)
            ok = ln_key_ident_read(&n->spare[n->n_spare++], at, len, err);
        at += len + (at[len] == '\n');
    }
    ln_buf_free(&text);
    return ok;
}

static bool read_next(struct ln_node *n, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);
    bool ok = true;

    if (ln_disk_there(n->dir, "age.next")) {
        ok = ln_disk_read(&text, n->dir, "age.next", err) &&
             ln_key_ident_read(&n->age_next, text.data, text.len, err);
        n->has_next = ok;
    }
    ln_buf_free(&text);
    return ok;
}

static void add_ident(struct ln_buf *out, const struct ln_ident *ident)
{
    ln_key_ident_write(out, ident);
    ln_buf_addc(out, '\n');
}

static bool make_next(struct ln_node *n, struct ln_replica *r, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_ident next;

    if (n->has_next)
        return ln_fail(err, LN_CONFLICT,
                       "the next reading key waits for the parent already (新密钥正等待上级签发)");
    ln_key_ident_make(&next);
    add_ident(&text, &next);
    bool ok = ln_disk_write(n->dir, "age.next", text.data, text.len, err);
    ln_buf_free(&text);
    if (ok) {
        n->age_next = next;
        n->has_next = true;
        ln_replica_spare(r, &next);
    }
    sodium_memzero(&next, sizeof next);
    return ok;
}

static bool next_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return make_next(arg, r, err);
}

bool ln_node_rotate_age(struct ln_node *n, struct ln_err *err)
{
    return ln_queue_write(n->queue, next_job, n, err);
}

static bool age_next(void *ctx, struct ln_recipient *out)
{
    struct ln_node *n = ctx;

    if (!n->has_next)
        return false;
    ln_key_ident_public(out, &n->age_next);
    return true;
}

/* The certificate with it has come: the former one is kept first, then the name changes hands. */
static bool promote(struct ln_node *n, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(AGE_FILE_MAX);
    char from[1024];
    char to[1024];

    add_ident(&text, &n->ident);
    for (size_t i = 0; i < n->n_spare && i + 1 < LN_REPLICA_SPARES; i++)
        add_ident(&text, &n->spare[i]);
    bool ok = ln_buf_done(&text, "former keys", err) &&
              ln_disk_write(n->dir, "age.old", text.data, text.len, err);
    ln_buf_free(&text);
    (void)snprintf(from, sizeof from, "%s/age.next", n->dir);
    (void)snprintf(to, sizeof to, "%s/age.key", n->dir);
    if (!ok || (rename(from, to) != 0 &&
                !ln_fail(err, LN_BROKEN, LN_SAY("无法改名 %s", "cannot rename %s"), from)))
        return false;
    size_t keep = n->n_spare < LN_REPLICA_SPARES ? n->n_spare : LN_REPLICA_SPARES - 1;
    memmove(n->spare + 1, n->spare, keep * sizeof *n->spare);
    n->spare[0] = n->ident;
    n->n_spare = keep + 1;
    n->ident = n->age_next;
    return true;
}

static bool is_certified(const struct ln_node *n, const struct ln_replica *r)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_recipient next;

    ln_key_ident_public(&next, &n->age_next);
    return self != NULL && ln_key_recipient_same(&self->age, &next);
}

/* Nobody stands above a root: it certifies its next key itself. */
static void certify_next(struct ln_node *n, struct ln_replica *r)
{
    struct ln_recipient next;
    struct ln_err err = { 0 };

    ln_key_ident_public(&next, &n->age_next);
    if (!ln_replica_begin(r, &err))
        return;
    if (!ln_replica_own_age(r, &next, &err) || !ln_replica_commit(r, &err)) {
        ln_replica_rollback(r);
        ln_log_err(LN_LOG_WARN, &err, "reading key");
    }
}

static void tick_age(struct ln_node *n, struct ln_replica *r)
{
    struct ticking *t = (void *)((char *)n->pool + sizeof(struct pool));
    struct ln_err err = { 0 };
    unsigned minted = 0;
    struct stat st;
    char path[1024];
    int64_t now = real_ms();

    if (n->has_next && n->config.parent[0] == '\0' && !is_certified(n, r))
        certify_next(n, r);
    if (n->has_next && is_certified(n, r)) {
        if (!promote(n, &err)) {
            ln_log_err(LN_LOG_WARN, &err, "reading key");
            return;
        }
        n->has_next = false;
        ln_log(LN_LOG_NOTE, "reading key rotated");
        if (!ln_replica_begin(r, &err))
            return;
        if (!ln_replica_rotate(r, true, &minted, &err) || !ln_replica_commit(r, &err)) {
            ln_replica_rollback(r);
            ln_log_err(LN_LOG_WARN, &err, "epochs after a reading key");
        }
        return;
    }
    if (n->has_next || n->config.age_days == 0 || now - t->aged_ms < AGE_LOOK_MS)
        return;
    t->aged_ms = now;
    (void)snprintf(path, sizeof path, "%s/age.key", n->dir);
    if (stat(path, &st) != 0 || now / 1000 - st.st_mtime <= n->config.age_days * 86400)
        return;
    if (!make_next(n, r, &err))
        ln_log_err(LN_LOG_WARN, &err, "reading key");
}

/* ---- opening */

/* What this version knows and the one before did not. */
static bool learn(struct ln_replica *r, struct ln_err *err)
{
    unsigned records = 0;

    if (!ln_replica_begin(r, err))
        return false;
    if (!ln_replica_learn(r, &records, err)) {
        ln_replica_rollback(r);
        return false;
    }
    if (records > 0)
        ln_log(LN_LOG_NOTE, "learnt records=%u", records);
    return ln_replica_commit(r, err);
}

static bool open_replica(struct ln_node *n, bool drill, struct ln_err *err)
{
    struct ln_replica_config c = { .env = &n->env,
                                   .store = ln_sqlstore_handle(n->writer),
                                   .schema = &n->def->schema,
                                   .key = n->key,
                                   .ident = n->ident,
                                   .recovery = n->recovery,
                                   .drill = drill,
                                   .moved = ln_guard_moved };

    memcpy(c.id, n->id, sizeof c.id);
    if (!ln_guard_open(&n->guard, n->dir, n->config.guard, c.store, &c.guard, &c.strange, err))
        return false;
    c.moved_ctx = n->guard;
    memcpy(c.spare, n->spare, sizeof c.spare);
    c.n_spare = n->n_spare;
    bool ok = ln_replica_open(&n->replica, &c, err);
    sodium_memzero(&c, sizeof c);
    if (ok && n->has_next)
        ln_replica_spare(n->replica, &n->age_next);
    if (!ok || !learn(n->replica, err))
        return false;
    /* A doubt stands in the database from the start, for whoever reads the node's state. */
    return ln_replica_doubted(n->replica)[0] == '\0' ||
           (ln_replica_begin(n->replica, err) && ln_replica_commit(n->replica, err));
}

static bool open_node(struct ln_node **out, const char *dir, bool drill, struct ln_err *err)
{
    struct ln_node *n = ln_alloc(sizeof *n);
    struct pool *p = ln_alloc(sizeof *p + sizeof(struct ticking));

    (void)snprintf(n->dir, sizeof n->dir, "%s", dir);
    n->lock = -1;
    n->pool = p;
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)pthread_mutex_init(&p->world.mutex, NULL);
    n->env = (struct ln_env){ &p->world, now_ms, clock_trusted, clock_seen, random_bytes };
    n->started_ms = real_ms();
    ((struct ticking *)(void *)((char *)n->pool + sizeof(struct pool)))->sealed_ms = n->started_ms;
    if (!ln_config_read(&n->config, dir, err) || !ln_disk_lock(&n->lock, dir, err) ||
        !read_keys(n, err) || !read_former(n, err) || !read_next(n, err) ||
        !ln_added_open(&n->def, dir, err) ||
        !ln_sqlstore_open(&n->writer, dir, &n->def->schema, LN_DB_WRITE, err) ||
        !open_replica(n, drill, err)) {
        ln_node_close(n);
        return false;
    }
    n->access = (struct ln_access){ n, access_write, access_read, access_write_large };
    n->engine = (struct ln_engine){ n->def, n->writer, &n->env, ln_specials };
    n->exchange = (struct ln_exchange_config){
        .access = &n->access, .env = &n->env, .self = n->id, .key = n->key, .ident = n->ident
    };
    n->exchange.state = ln_tree_state;
    n->exchange.state_ctx = n;
    n->exchange.age_next = age_next;
    n->exchange.carry = n->config.carry != 0;
    n->exchange.per_minute = (unsigned)n->config.child_per_minute;
    ln_attach_files(&n->files, n);
    n->exchange.files = drill ? NULL : &n->files;
    /* last: the writer ticks from now on, and looks at all of the above */
    if (!ln_queue_start(&n->queue, n->replica, drill ? NULL : tick, n, TICK_MS, err)) {
        ln_node_close(n);
        return false;
    }
    *out = n;
    return true;
}

bool ln_node_open(struct ln_node **out, const char *dir, struct ln_err *err)
{
    return open_node(out, dir, false, err);
}

bool ln_node_open_drill(struct ln_node **out, const char *dir, struct ln_err *err)
{
    return open_node(out, dir, true, err);
}

bool ln_node_rekey(const char *dir, bool back, struct ln_err *err)
{
    static const char *const names[] = { "node.key", "node.pub", "age.key" };
    struct ln_config c;
    char from[1024];
    char to[1024];
    char id[LN_NODE_ID_MAX];
    bool ok = ln_config_read(&c, dir, err);

    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(from, sizeof from, "%s/%s%s", dir, names[i], back ? ".old" : "");
        (void)snprintf(to, sizeof to, "%s/%s%s", dir, names[i], back ? "" : ".old");
        ok = rename(from, to) == 0 ||
             ln_fail(err, LN_BROKEN, LN_SAY("无法改名 %s", "cannot rename %s"), from);
    }
    ok = ok && (back || make_keys(dir, NULL, NULL, c.region, id, err));
    return ok || ln_wrap(err, LN_SAY("新密钥", "new key"));
}

void ln_node_close(struct ln_node *n)
{
    if (n == NULL)
        return;
    struct pool *p = n->pool;
    ln_queue_stop(n->queue);
    ln_replica_close(n->replica);
    ln_guard_close(n->guard);
    while (p->free != NULL) {
        struct ln_node_reader *next = p->free->next;
        ln_sqlstore_close(p->free->store);
        ln_free(p->free);
        p->free = next;
    }
    ln_sqlstore_close(n->writer);
    ln_def_close(n->def);
    if (n->lock >= 0)
        (void)close(n->lock);
    (void)pthread_mutex_destroy(&p->mutex);
    (void)pthread_mutex_destroy(&p->world.mutex);
    ln_free(p);
    sodium_memzero(n, sizeof *n);
    ln_free(n);
}

static bool seal_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_self(r) == NULL || ln_replica_seal(r, true, arg, err);
}

bool ln_node_seal(struct ln_node *n, struct ln_err *err)
{
    unsigned segments;

    return ln_queue_write(n->queue, seal_job, &segments, err);
}

struct founding {
    const struct ln_node_new *want;
};

static bool found_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct ln_node_new *w = ((struct founding *)arg)->want;

    return ln_replica_found(r, w->region, w->role, w->name, err);
}

bool ln_node_init(const char *dir, const struct ln_node_new *want, struct ln_buf *recovery,
                  char id[LN_NODE_ID_MAX], struct ln_err *err)
{
    struct ln_config c;
    struct founding f = { want };
    struct ln_node *n = NULL;
    bool ok;

    if (!ln_region_valid(want->region))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("--region 须为 12 位统计用区划代码",
                              "--region takes the 12 digits of a region"));
    ln_config_init(&c);
    (void)snprintf(c.region, sizeof c.region, "%s", want->region);
    (void)snprintf(c.role, sizeof c.role, "%s", ln_cert_role_word(want->role));
    (void)snprintf(c.name, sizeof c.name, "%s", want->name);
    if (!ln_disk_make(dir, err) || !make_keys(dir, recovery, want->paper, want->region, id, err) ||
        !ln_config_write(&c, dir, err))
        return false;
    ln_disk_made(dir);
    if (!ln_node_open(&n, dir, err))
        return false;
    ok = !want->root || ln_queue_write(n->queue, found_job, &f, err);
    ln_node_close(n);
    return ok;
}

/* ---- saving, and who somebody is */

bool ln_node_save(struct ln_node *n, struct ln_engine_job *job, struct ln_err *err)
{
    job->e = &n->engine;
    if (!ln_queue_write(n->queue, ln_engine_run, job, err))
        return false;
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    return true;
}

static void add_role(struct ln_user *u, const char *role, const char *home)
{
    if (u->n_roles == LN_USER_ROLES || role[0] == '\0')
        return;
    (void)snprintf(u->roles[u->n_roles], sizeof u->roles[0], "%s", role);
    (void)snprintf(u->homes[u->n_roles++], sizeof u->homes[0], "%s", home);
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *t = json_string_value(json_object_get(json_object_get(row, "f"), name));

    return t != NULL ? t : "";
}

/* The day as far as this node knows: its log never runs backwards, whatever the clock of the
 * machine says (a box without a clock chip boots in 1970). */
static bool day_known(char out[11], struct ln_node *n, struct ln_sqlstore *reader,
                      struct ln_err *err)
{
    struct ln_store *s = ln_sqlstore_handle(reader);
    struct ln_buf text = ln_buf_new(64);
    int64_t now = n->env.now_ms(n->env.ctx);
    int64_t hlc = 0;
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, "clock", &text, &found, err);

    if (ok && found && ln_clock_hlc_read(&hlc, (struct ln_span){ text.data, text.len }) &&
        LN_HLC_MS(hlc) > now)
        now = LN_HLC_MS(hlc);
    ln_buf_free(&text);
    ln_engine_today(out, now);
    return ok;
}

static bool add_memberships(struct ln_user *u, struct ln_node *n, struct ln_sqlstore *s,
                            struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(n->def, "membership");
    /* A role is held where it was given: no node grants one over its neighbour or from below. */
    struct ln_where where[] = { { "account", LN_WHERE_IS, u->account },
                                { "state", LN_WHERE_IS, "active" },
                                { "region", LN_WHERE_IS, n->config.region } };
    struct ln_list l = { .coll = c->coll, .where = where, .n = 3, .limit = LN_USER_ROLES };
    json_t *rows = json_array();
    json_t *worker = json_array(); /* memberships that are about grids */
    char today[11];
    bool ok = day_known(today, n, s, err) && ln_query_list(rows, NULL, s, &l, err);

    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *m = json_array_get(rows, i);
        const char *ends = text_of(m, "ends");
        if ((ends[0] == '\0' || strcmp(ends, today) >= 0) &&
            strcmp(text_of(m, "starts"), today) <= 0) {
            add_role(u, text_of(m, "role"), text_of(m, "home"));
            if (strcmp(text_of(m, "role"), "worker") == 0)
                json_array_append(worker, (json_t *)(uintptr_t)m);
        }
    }
    if (ok && json_array_size(worker) > 0)
        ok = ln_grid_user(u, s, n->def, worker, err);
    json_decref(worker);
    json_decref(rows);
    return ok;
}

/* On a laptop logins are its own: accounts and their offices stay on the box. meta "user/<id>" =
 * {"login","person","role","shown"}. */
static bool laptop_user(struct ln_user *u, struct ln_sqlstore *reader, struct ln_err *err)
{
    struct ln_store *s = ln_sqlstore_handle(reader);
    struct ln_buf text = ln_buf_new(LN_NODE_USER_MAX);
    char key[LN_ID_TEXT + 8];
    bool found = false;

    (void)snprintf(key, sizeof key, "user/%s", u->account);
    bool ok = s->ops->meta_get(s->ctx, key, &text, &found, err);
    json_t *o = ok && found ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    json_t *row = json_pack("{s:o}", "f", o != NULL ? o : json_object());
    if (ok && !found)
        ok = ln_fail(err, LN_DENIED,
                     LN_SAY("这台笔记本上没有这个账号", "this login is not known on this laptop"));
    (void)snprintf(u->person, sizeof u->person, "%s", text_of(row, "person"));
    (void)snprintf(u->login, sizeof u->login, "%s", text_of(row, "login"));
    (void)snprintf(u->shown, sizeof u->shown, "%s", text_of(row, "shown"));
    add_role(u, text_of(row, "role"), "");
    json_decref(row);
    ln_buf_free(&text);
    return ok;
}

/* The buildings whose `property` is a home that this user speaks for. */
static bool add_estates(struct ln_user *u, struct ln_node *n, struct ln_sqlstore *s,
                        struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(n->def, "building");
    json_t *rows = json_array();
    size_t at = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < u->n_roles; i++) {
        struct ln_where where[] = { { "property", LN_WHERE_IS, u->homes[i] } };
        struct ln_list l = { .coll = c->coll, .where = where, .n = 1, .limit = LN_QUERY_LIMIT };
        bool manages = strcmp(u->roles[i], "property") == 0 || strcmp(u->roles[i], "owners") == 0;
        if (manages && u->homes[i][0] != '\0')
            ok = ln_query_list(rows, NULL, s, &l, err);
    }
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const char *id = json_string_value(json_object_get(json_array_get(rows, i), "id"));
        if (at + LN_ID_TEXT + 2 < sizeof u->estates)
            at += (size_t)snprintf(u->estates + at, sizeof u->estates - at, "%s%s",
                                   at > 0 ? "," : "", id);
    }
    json_decref(rows);
    return ok;
}

bool ln_node_user(struct ln_user *out, struct ln_node *n, struct ln_sqlstore *reader,
                  const struct ln_id *account, struct ln_err *err)
{
    struct ln_user u = { 0 };
    json_t *row = NULL;
    const char *state;
    bool ok = false;

    ln_clock_id_write(u.account, account);
    if (strcmp(n->config.role, "laptop") == 0) {
        ok = laptop_user(&u, reader, err);
        if (ok)
            *out = u;
        goto out;
    }
    if (!ln_query_record(&row, reader, account, err))
        goto out;
    state = json_string_value(json_object_get(row, "state"));
    if (row == NULL ||
        (state != NULL && (strcmp(state, "suspended") == 0 || strcmp(state, "closed") == 0))) {
        (void)ln_fail(err, LN_DENIED, LN_SAY("这个账号已停用", "this account is closed"));
        goto out;
    }
    ln_clock_id_write(u.account, account);
    (void)snprintf(u.person, sizeof u.person, "%s", text_of(row, "person"));
    (void)snprintf(u.login, sizeof u.login, "%s", text_of(row, "login"));
    (void)snprintf(u.shown, sizeof u.shown, "%s", text_of(row, "shown_name"));
    if (!add_memberships(&u, n, reader, err) || !add_estates(&u, n, reader, err) ||
        !ln_emergency_user(&u, reader, n->def, n->env.now_ms(n->env.ctx), err))
        goto out;
    if (strcmp(n->config.role, "community") == 0)
        add_role(&u, "resident", "");
    ln_engine_name_me(&u);
    *out = u;
    ok = true;
out:
    json_decref(row);
    return ok;
}

void ln_node_region(struct ln_buf *out, const char *region)
{
    if (!ln_region_name(out, region))
        ln_buf_adds(out, region);
}
