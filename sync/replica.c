/* A replica as such: opening, transactions, certificates of its own and of its children. */
#include "sync/replica.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/sshsig.h"
#include "sync/replica_core.h"

#define ROOT_MAX 256
#define DAY_S INT64_C(86400)
#define LEASE_BOX_DAYS 400 /* DESIGN section 3 */
#define LEASE_LAPTOP_DAYS 90
#define ROOT_YEARS 30
#define CERT_SPACE "linli-cert"

/* ---- what the store remembers of the authority */

static bool take_cert(void *ctx, const char *author, bool revoke, struct ln_span f,
                      struct ln_err *err)
{
    struct ln_authority *a = ctx;

    return revoke ? ln_authority_revoke(a, author, f, err) : ln_authority_cert(a, author, f, err);
}

/* "<node id> <public key>" */
static bool read_root(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(ROOT_MAX);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, "root", &text, &found, err);

    if (ok && !found) { /* one pinned in a transaction that was undone is none */
        memcpy(r->c.root_id, r->given_root, sizeof r->c.root_id);
        r->c.root_key = r->given_key;
    }
    if (ok && found) {
        const char *blank = memchr(text.data, ' ', text.len);
        size_t id = blank != NULL ? (size_t)(blank - text.data) : sizeof r->c.root_id;
        if (id >= sizeof r->c.root_id)
            ok = ln_fail(err, LN_BROKEN, "the pinned root is damaged");
        else {
            memset(r->c.root_id, 0, sizeof r->c.root_id);
            memcpy(r->c.root_id, text.data, id);
            ok = ln_key_public_read(&r->c.root_key, blank + 1, text.len - id - 1, err);
        }
    }
    ln_buf_free(&text);
    return ok;
}

static bool pin_root(struct ln_replica *r, const char *id, const struct ln_pubkey *key,
                     struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(ROOT_MAX);
    bool ok;

    ln_buf_addf(&text, "%s ", id);
    ln_key_public_write(&text, key);
    ok = ln_buf_done(&text, "root", err) &&
         s->ops->meta_put(s->ctx, "root", (struct ln_span){ text.data, text.len }, err);
    if (ok) {
        (void)snprintf(r->c.root_id, sizeof r->c.root_id, "%s", id);
        r->c.root_key = *key;
        ln_authority_free(r->authority);
        r->authority = ln_authority_new(r->c.root_id, &r->c.root_key);
        r->touched = true;
        r->version++;
    }
    ln_buf_free(&text);
    return ok;
}

static bool read_authority(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_authority *a;

    if (!read_root(r, err))
        return false;
    a = ln_authority_new(r->c.root_id, &r->c.root_key);
    if (!s->ops->cert_each(s->ctx, take_cert, a, err)) {
        ln_authority_free(a);
        return false;
    }
    ln_authority_free(r->authority);
    r->authority = a;
    r->stale = false;
    r->version++;
    return true;
}

static bool read_clock(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(64);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, "clock", &text, &found, err);

    if (ok && found)
        ok = ln_clock_hlc_read(&r->clock.last, (struct ln_span){ text.data, text.len }) ||
             ln_fail(err, LN_BROKEN, "the kept clock is damaged");
    r->clock_kept = r->clock.last;
    ln_buf_free(&text);
    return ok;
}

/* ---- how far the wall clock is believed */

static bool read_said(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(64);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, "clock/said", &text, &found, err);

    r->said_ms = ok && found ? strtoll(text.data, NULL, 10) : 0;
    ln_buf_free(&text);
    return ok;
}

/* A time kept from days when nothing judged the clock goes back with it: nobody would be clamped by
 * this node's receipts any more. */
static void judge_clock(struct ln_replica *r)
{
    int64_t from_s;
    int64_t until_s;

    if (r->believed == r->version)
        return;
    r->believed = r->version;
    ln_authority_span(&from_s, &until_s, r->authority, r->c.id);
    r->clock.from_ms = from_s * 1000;
    r->clock.until_ms = until_s * 1000;
    if (until_s > 0 && r->clock.until_ms < r->said_ms)
        r->clock.until_ms = r->said_ms;
    if (ln_clock_wild(&r->clock, LN_HLC_MS(r->clock.last)))
        r->clock.last = LN_HLC_AT(r->clock.from_ms);
}

bool ln_replica_wild(const struct ln_replica *r)
{
    return ln_clock_wild(&r->clock, r->c.env->now_ms(r->c.env->ctx));
}

bool ln_replica_believe(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    char text[24];

    r->said_ms = r->c.env->now_ms(r->c.env->ctx) + LN_AUTHORITY_BELIEVED_S * 1000;
    r->believed = 0;
    (void)snprintf(text, sizeof text, "%" PRId64, r->said_ms);
    bool ok = s->ops->meta_put(s->ctx, "clock/said", ln_span_of(text), err);
    judge_clock(r);
    return ok;
}

bool ln_replica_open(struct ln_replica **out, const struct ln_replica_config *config,
                     struct ln_err *err)
{
    struct ln_replica *r = ln_alloc(sizeof *r);

    r->c = *config;
    memcpy(r->given_root, config->root_id, sizeof r->given_root);
    r->given_key = config->root_key;
    r->batch = ln_batch_new(r->c.store, r->c.schema);
    if (!read_authority(r, err) || !read_clock(r, err) || !read_said(r, err) ||
        !ln_replica_doubt_read(r, err)) {
        ln_replica_close(r);
        return ln_wrap(err, "replica");
    }
    *out = r;
    return true;
}

static void drop_forks(struct ln_replica *r)
{
    while (r->forks != NULL) {
        struct ln_fork *next = r->forks->next;
        ln_free(r->forks);
        r->forks = next;
    }
}

void ln_replica_close(struct ln_replica *r)
{
    if (r == NULL)
        return;
    drop_forks(r);
    ln_batch_free(r->batch);
    ln_authority_free(r->authority);
    sodium_memzero(r, sizeof *r);
    ln_free(r);
}

const struct ln_cert *ln_replica_self(const struct ln_replica *r)
{
    return ln_authority_find(r->authority, r->c.id);
}

const struct ln_authority *ln_replica_authority(const struct ln_replica *r)
{
    return r->authority;
}

uint64_t ln_replica_version(const struct ln_replica *r)
{
    return r->version;
}

struct ln_store *ln_replica_store(struct ln_replica *r)
{
    return r->c.store;
}

struct ln_id ln_replica_id(struct ln_replica *r)
{
    return ln_clock_id(&r->clock, r->c.env);
}

/* ---- transactions */

bool ln_replica_begin(struct ln_replica *r, struct ln_err *err)
{
    const struct ln_cert *self;

    if (r->stale && !read_authority(r, err))
        return false;
    judge_clock(r);
    self = ln_replica_self(r);
    r->touched = false;
    memcpy(r->doubt_begin, r->doubt, sizeof r->doubt_begin);
    return r->c.store->ops->begin(r->c.store->ctx, self != NULL ? self->region : "", err);
}

static bool put_forks(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log log = { 0 };

    for (const struct ln_fork *f = r->forks; f != NULL; f = f->next)
        if (!s->ops->log_get(s->ctx, &log, f->log, err) ||
            !s->ops->fork_put(s->ctx, log.n, f->seq, &f->sha, (struct ln_span){ f->commit, f->len },
                              err))
            return false;
    return true;
}

bool ln_replica_commit(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    char text[LN_HLC_TEXT + 1];

    /* A restart must not give a time twice, however wrong the wall clock is then. */
    if (r->clock.last != r->clock_kept) {
        ln_clock_hlc_write(text, r->clock.last);
        if (!s->ops->meta_put(s->ctx, "clock", (struct ln_span){ text, LN_HLC_TEXT }, err)) {
            ln_replica_rollback(r);
            return false;
        }
    }
    if (!put_forks(r, err) || !ln_replica_doubt_write(r, err) || !s->ops->commit(s->ctx, err)) {
        ln_replica_rollback(r);
        return false;
    }
    r->clock_kept = r->clock.last;
    r->touched = false;
    drop_forks(r);
    ln_replica_doubt_told(r);
    return true;
}

/* What this transaction, or a job of it, left in memory goes with what it wrote. `touched` stays:
 * the rest of the transaction may be undone, too. */
static void undo(struct ln_replica *r, const char *doubt)
{
    struct ln_err err = { 0 };

    ln_batch_drop(r->batch);
    r->heads_known = false;
    if (r->doubt[0] == '\0')
        memcpy(r->doubt, doubt, sizeof r->doubt);
    r->stale = r->touched && !read_authority(r, &err); /* then the next one reads it first */
}

void ln_replica_rollback(struct ln_replica *r)
{
    r->c.store->ops->rollback(r->c.store->ctx);
    undo(r, r->doubt_begin);
}

bool ln_replica_savepoint(struct ln_replica *r, struct ln_err *err)
{
    if (r->stale && !read_authority(r, err))
        return false;
    memcpy(r->doubt_job, r->doubt, sizeof r->doubt_job);
    return r->c.store->ops->savepoint(r->c.store->ctx, err);
}

void ln_replica_savepoint_end(struct ln_replica *r, bool keep)
{
    r->c.store->ops->savepoint_end(r->c.store->ctx, keep);
    if (!keep)
        undo(r, r->doubt_job);
}

/* ---- logs */

bool ln_replica_log(struct ln_store_log *out, struct ln_replica *r, const char *id,
                    struct ln_err *err)
{
    struct ln_store *s = r->c.store;

    if (!s->ops->log_get(s->ctx, out, id, err))
        return false;
    if (out->n > 0)
        return true;
    *out = (struct ln_store_log){ .mine = strncmp(id, r->c.id, strlen(r->c.id)) == 0 };
    (void)snprintf(out->id, sizeof out->id, "%s", id);
    return s->ops->log_put(s->ctx, out, err);
}

void ln_replica_author(char node[LN_NODE_ID_MAX], const char *log)
{
    const char *dot = strchr(log, '.');
    size_t len = dot != NULL ? (size_t)(dot - log) : strlen(log);

    if (len >= LN_NODE_ID_MAX)
        len = LN_NODE_ID_MAX - 1;
    memcpy(node, log, len);
    node[len] = '\0';
}

struct below {
    const struct ln_cert *self;
    const char *owner;
    const struct ln_cert *child;
};

static bool find_below(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct below *b = ctx;

    (void)err;
    if (strcmp(c->parent, b->self->node) == 0 && c->role != LN_ROLE_LAPTOP &&
        ln_cert_region_holds(c->region, b->owner))
        b->child = c;
    return true;
}

bool ln_replica_route(char log[LN_LOG_MAX], const struct ln_replica *r,
                      const struct ln_audience *audience, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct below b = { .self = self, .owner = audience->owner };

    if (self == NULL)
        return ln_fail(err, LN_MISSING, "this node has not joined yet");
    (void)snprintf(log, LN_LOG_MAX, "%s", self->node);
    if (audience->kind == LN_AUD_PUBLIC || strcmp(audience->owner, self->region) == 0 ||
        !ln_cert_region_holds(self->region, audience->owner))
        return true;
    if (!ln_authority_each(r->authority, find_below, &b, err))
        return false;
    if (b.child == NULL)
        return ln_fail(err, LN_MISSING, "no node below answers for region %s", audience->owner);
    (void)snprintf(log, LN_LOG_MAX, "%s.%s", self->node, b.child->region);
    return true;
}

/* ---- certificates */

static int64_t now_s(const struct ln_replica *r)
{
    return r->c.env->now_ms(r->c.env->ctx) / 1000;
}

/* What would be given would begin in a time to come, and no later one could take its place. */
static bool wild(struct ln_err *err)
{
    return ln_fail(
        err, LN_BUSY,
        "the clock of this node is far ahead: set it first, or say that it is right with "
        "`linli confirm --clock` (本节点时钟远超证书期限，请先校时)");
}

/* Appends {"cert","sig"} for `c`, signed here. */
static bool sign_cert(struct ln_buf *f, const struct ln_replica *r, const struct ln_cert *c,
                      struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    bool ok = false;

    ln_cert_write(&text, c);
    if (!ln_buf_done(&text, "certificate", err))
        goto out;
    ln_sshsig_sign(&sig, CERT_SPACE, text.data, text.len, &r->c.key);
    ln_buf_adds(f, "{\"cert\":");
    ln_canon_add_string(f, text.data, text.len);
    ln_buf_adds(f, ",\"sig\":");
    ln_canon_add_string(f, sig.data, sig.len);
    ln_buf_addc(f, '}');
    ok = ln_buf_done(f, "certificate", err);
out:
    ln_buf_free(&sig);
    ln_buf_free(&text);
    return ok;
}

/* Into the authority, the store's list, and a public line of our own log. */
static bool publish_cert(struct ln_replica *r, struct ln_span f, struct ln_err *err)
{
    return ln_replica_say(r, r->c.id, "cert", f, err);
}

/* Mints what a laptop's new certificate calls for: without it where a grid was taken from it, its
 * wraps where one was given. */
static bool mint_grids(struct ln_replica *r, const struct ln_cert *c, struct ln_err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && c->role == LN_ROLE_LAPTOP && i < c->n_grids; i++) {
        struct ln_epoch e;
        char audience[LN_AUDIENCE_MAX];
        ln_audience_name(audience, 'C', c->region, c->grids[i], "");
        ok = ln_replica_epoch(&e, r, audience, err);
        sodium_memzero(&e, sizeof e);
    }
    return ok;
}

bool ln_replica_issue(struct ln_replica *r, struct ln_buf *cert_f, const struct ln_cert *want,
                      struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_cert c = *want;
    struct ln_store_log down;
    char log[LN_LOG_MAX];

    if (self == NULL)
        return ln_fail(err, LN_MISSING, "this node has not joined yet");
    if (ln_replica_wild(r))
        return wild(err);
    c.suite = 1;
    (void)snprintf(c.issuer, sizeof c.issuer, "%s", self->node);
    (void)snprintf(c.parent, sizeof c.parent, "%s", self->node);
    if (c.from_s == 0)
        c.from_s = now_s(r);
    if (c.until_s == 0)
        c.until_s =
            c.from_s + DAY_S * (c.role == LN_ROLE_LAPTOP ? LEASE_LAPTOP_DAYS : LEASE_BOX_DAYS);
    if (!c.all_collections && c.n_collections == 0)
        c.all_collections = true;
    (void)snprintf(log, sizeof log, "%s.%s", self->node, c.region);
    size_t at = cert_f->len;
    bool ok = sign_cert(cert_f, r, &c, err) &&
              publish_cert(r, (struct ln_span){ cert_f->data + at, cert_f->len - at }, err) &&
              ln_replica_log(&down, r, log, err);

    /* A laptop can seal nothing before it has its grids' epochs: they leave with its certificate.
     */
    ok = ok && mint_grids(r, &c, err);
    return ok;
}

bool ln_replica_renew(struct ln_replica *r, const char *node, const struct ln_renewal *want,
                      struct ln_err *err)
{
    const struct ln_cert *old = ln_authority_find(r->authority, node);
    struct ln_buf f = ln_buf_new(2 * LN_CERT_MAX);
    struct ln_cert c;
    struct ln_cert before;
    bool ok = false;

    if (old == NULL) {
        (void)ln_fail(err, LN_MISSING, "renewal: %s is unknown", node);
        goto out;
    }
    if (ln_replica_wild(r)) {
        (void)wild(err);
        goto out;
    }
    before = *old; /* publishing moves what `old` points to */
    c = *old;
    if (ln_authority_void_from(r->authority, node) > 0) {
        (void)ln_fail(err, LN_DENIED, "renewal: %s is revoked", node);
        goto out;
    }
    if (strcmp(node, r->c.id) == 0 || !ln_authority_may_revoke(r->authority, r->c.id, node, err)) {
        (void)ln_fail(err, LN_DENIED, "renewal: %s does not stand below this node", node);
        goto out;
    }
    int64_t days = want->days > 0             ? want->days
                   : c.role == LN_ROLE_LAPTOP ? LEASE_LAPTOP_DAYS
                                              : LEASE_BOX_DAYS;
    (void)snprintf(c.issuer, sizeof c.issuer, "%s", r->c.id);
    c.from_s = now_s(r) > before.from_s ? now_s(r) : before.from_s + 1;
    c.until_s = c.from_s + days * DAY_S;
    if (want->regrid) {
        c.n_grids = want->n_grids;
        memcpy(c.grids, want->grids, sizeof c.grids);
    }
    if (want->age != NULL)
        c.age = *want->age;
    ok = sign_cert(&f, r, &c, err) && publish_cert(r, (struct ln_span){ f.data, f.len }, err) &&
         mint_grids(r, &before, err) && mint_grids(r, &c, err);
out:
    ln_buf_free(&f);
    return ok;
}

bool ln_replica_own_age(struct ln_replica *r, const struct ln_recipient *age, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_buf f = ln_buf_new(2 * LN_CERT_MAX);
    struct ln_cert c;
    bool ok = false;

    if (self == NULL || strcmp(r->c.id, r->c.root_id) != 0) {
        (void)ln_fail(err, LN_DENIED, "only a root certifies itself");
        goto out;
    }
    if (ln_replica_wild(r)) {
        (void)wild(err);
        goto out;
    }
    c = *self;
    c.age = *age;
    c.from_s = now_s(r) > c.from_s ? now_s(r) : c.from_s + 1;
    ok = sign_cert(&f, r, &c, err) && publish_cert(r, (struct ln_span){ f.data, f.len }, err);
out:
    ln_buf_free(&f);
    return ok;
}

bool ln_replica_renew_due(const struct ln_replica *r, const struct ln_cert *c)
{
    return r->c.env->clock_trusted(r->c.env->ctx) && !ln_replica_wild(r) && c->parent[0] != '\0' &&
           c->until_s - now_s(r) < (c->until_s - c->from_s) / 3;
}

struct leaving {
    struct ln_replica *r;
    struct ln_store_audience list[64];
    size_t n;
};

static bool take_foreign(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct leaving *x = ctx;
    struct ln_audience aud;

    (void)err;
    if (x->n < sizeof x->list / sizeof x->list[0] && ln_audience_read(&aud, ln_span_of(a->name)) &&
        aud.kind == LN_AUD_GRID && !ln_audience_member(&aud, ln_replica_self(x->r)))
        x->list[x->n++] = *a;
    return true;
}

bool ln_replica_leave(struct ln_replica *r, unsigned *dropped, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_store *s = r->c.store;
    struct leaving x = { .r = r };

    *dropped = 0;
    if (self == NULL || self->role != LN_ROLE_LAPTOP)
        return true;
    if (!s->ops->audience_each(s->ctx, take_foreign, &x, err))
        return false;
    for (size_t i = 0; i < x.n; i++) {
        bool gone = false;
        if (!s->ops->audience_drop(s->ctx, &x.list[i], &gone, err))
            return ln_wrap(err, "leaving %s", x.list[i].name);
        *dropped += gone;
    }
    return true;
}

struct position {
    uint64_t seq;
    struct ln_sha256 sha;
    bool there;
};

static bool take_position(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct position *p = ctx;

    p->there = s->seq == p->seq;
    p->sha = s->sha;
    err->code = LN_OK;
    return false; /* the first is enough */
}

/* The down-logs of a node to be revoked, and how far each holds. */
struct ends {
    const char *node;
    struct ln_store_log *list;
    size_t n;
};

static bool take_down(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct ends *x = ctx;
    size_t len = strlen(x->node);

    (void)err;
    if (strncmp(l->id, x->node, len) != 0 || l->id[len] != '.' || l->head == 0)
        return true;
    x->list = ln_realloc(x->list, (x->n + 1) * sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

static int by_log(const void *a, const void *b)
{
    return strcmp(((const struct ln_store_log *)a)->id, ((const struct ln_store_log *)b)->id);
}

/* The last segment of `l` with a receipt of at most that time: receipts rise with both. */
static bool end_at(uint64_t *end, struct ln_store *s, const struct ln_store_log *l, int64_t t,
                   struct ln_err *err)
{
    uint64_t low = 0;
    uint64_t high = l->head;

    while (low < high) {
        uint64_t mid = low + (high - low + 1) / 2;
        struct ln_store_receipt first = { 0 };
        if (!s->ops->receipt_first(s->ctx, l->n, mid, &first, NULL, err))
            return false;
        if (first.seq > 0 && first.t <= t)
            low = mid;
        else
            high = mid - 1;
    }
    *end = low;
    return true;
}

/* Down-logs have numbers of their own: a segment of the node's own log that is not the last one
 * held stands for a time, that of its receipt. Without a receipt (the root's) they end where they
 * are held. */
static bool find_ends(struct ends *x, struct ln_store *s, const struct ln_store_log *own,
                      uint64_t after, struct ln_err *err)
{
    struct ln_store_receipt first = { 0 };
    bool ok = s->ops->log_each(s->ctx, take_down, x, err) &&
              (after == 0 || after >= own->head ||
               s->ops->receipt_first(s->ctx, own->n, after, &first, NULL, err));

    if (x->n > 0)
        qsort(x->list, x->n, sizeof *x->list, by_log);
    for (size_t i = 0; ok && i < x->n; i++)
        if (after == 0)
            x->list[i].head = 0;
        else if (first.seq > 0)
            ok = end_at(&x->list[i].head, s, &x->list[i], first.t, err);
    return ok;
}

/* One line of the revocation: the down-logs from `at` on, as many as a line takes. */
static void write_ends(struct ln_buf *f, const struct ends *x, size_t at)
{
    size_t until = x->n - at > LN_AUTHORITY_DOWN_MAX ? at + LN_AUTHORITY_DOWN_MAX : x->n;
    size_t dot = strlen(x->node) + 1;

    ln_buf_adds(f, "{\"down\":[");
    for (size_t i = at; i < until; i++)
        ln_buf_addf(f, "%s[\"%s\",%" PRIu64 "]", i > at ? "," : "", x->list[i].id + dot,
                    x->list[i].head);
    ln_buf_addc(f, ']');
    if (at > 0)
        ln_buf_addf(f, ",\"first\":\"%s\"", x->list[at].id + dot);
    if (until < x->n)
        ln_buf_addf(f, ",\"next\":\"%s\"", x->list[until].id + dot);
}

static bool say_revoked(struct ln_replica *r, const struct ends *x, const struct position *p,
                        struct ln_err *err)
{
    bool ok = true;

    for (size_t at = 0; ok && (at == 0 || at < x->n); at += LN_AUTHORITY_DOWN_MAX) {
        struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);
        write_ends(&f, x, at);
        ln_buf_addf(&f, ",\"node\":\"%s\",\"seq\":%" PRIu64 ",\"sha\":\"", x->node, p->seq);
        ln_encode_hex(&f, p->sha.b, sizeof p->sha.b);
        ln_buf_adds(&f, "\"}");
        ok = ln_buf_done(&f, "revocation", err) &&
             ln_replica_say(r, r->c.id, "revoke", (struct ln_span){ f.data, f.len }, err);
        ln_buf_free(&f);
    }
    return ok;
}

bool ln_replica_revoke(struct ln_replica *r, const char *node, uint64_t *after, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log log = { 0 };
    struct position p = { .there = true }; /* after 0: not one segment holds */
    struct ends ends = { .node = node };
    bool ok = false;

    if (!s->ops->log_get(s->ctx, &log, node, err))
        goto out;
    if (*after == UINT64_MAX)
        *after = log.head;
    p.seq = *after;
    if (p.seq > 0) {
        p.there = false;
        if (!s->ops->segment_each(s->ctx, log.n, p.seq, false, take_position, &p, err) &&
            err->code != LN_OK)
            goto out;
    }
    if (!p.there) {
        (void)ln_fail(err, LN_MISSING, "%s: segment %" PRIu64 " is not held here", node, p.seq);
        goto out;
    }
    ok = ln_authority_may_revoke(r->authority, r->c.id, node, err) &&
         find_ends(&ends, s, &log, p.seq, err) && say_revoked(r, &ends, &p, err);
out:
    ln_free(ends.list);
    return ok;
}

struct heirs {
    const struct ln_replica *r;
    struct ln_cert *list;
    size_t n, cap;
};

static bool take_heir(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct heirs *h = ctx;

    (void)err;
    if (!ln_authority_continues(h->r->authority, h->r->c.id, c->parent) ||
        strcmp(c->node, h->r->c.id) == 0 || ln_authority_void_from(h->r->authority, c->node) > 0)
        return true;
    h->list = ln_grow(h->list, h->n, &h->cap, sizeof *h->list);
    h->list[h->n++] = *c;
    return true;
}

bool ln_replica_inherit(struct ln_replica *r, unsigned *n, struct ln_err *err)
{
    struct heirs h = { .r = r };
    struct ln_buf f = ln_buf_new(2 * LN_CERT_MAX);
    bool ok = ln_authority_each(r->authority, take_heir, &h, err);

    *n = 0;
    for (size_t i = 0; ok && i < h.n; i++) {
        struct ln_cert want = h.list[i];
        want.from_s = 0;
        want.until_s = 0;
        ln_buf_clear(&f);
        ok = ln_replica_issue(r, &f, &want, err);
        *n += ok;
    }
    ln_buf_free(&f);
    ln_free(h.list);
    return ok;
}

bool ln_replica_found(struct ln_replica *r, const char *region, enum ln_role role, const char *name,
                      struct ln_err *err)
{
    struct ln_cert c = { .suite = 1, .role = role, .all_collections = true, .from_s = now_s(r) };
    struct ln_buf f = ln_buf_new(2 * LN_CERT_MAX);
    struct ln_pubkey key;
    bool ok = false;

    if (r->c.root_id[0] != '\0') {
        (void)ln_fail(err, LN_CONFLICT, "this node has a root already");
        goto out;
    }
    ln_key_public(&key, &r->c.key);
    c.key = key;
    c.until_s = c.from_s + ROOT_YEARS * 365 * DAY_S;
    ln_key_ident_public(&c.age, &r->c.ident);
    (void)snprintf(c.region, sizeof c.region, "%s", region);
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    (void)snprintf(c.node, sizeof c.node, "%s", r->c.id);
    (void)snprintf(c.issuer, sizeof c.issuer, "%s", r->c.id);
    ok = pin_root(r, r->c.id, &key, err) && sign_cert(&f, r, &c, err) &&
         publish_cert(r, (struct ln_span){ f.data, f.len }, err);
out:
    ln_buf_free(&f);
    return ok;
}

/* The first of a chain certifies itself: that is the root this node trusts from now on. */
static bool trust_root(struct ln_replica *r, struct ln_span f, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_cert c;
    struct ln_span item;
    bool ok = false;

    if (ln_canon_get(f, "cert", &item) && ln_canon_type(item) == LN_CANON_STRING)
        ln_canon_text(&text, item);
    if (!ln_buf_done(&text, "certificate", err) || !ln_cert_read(&c, text.data, text.len, err))
        goto out;
    ok = pin_root(r, c.node, &c.key, err);
out:
    ln_buf_free(&text);
    return ok;
}

bool ln_replica_take_cert(struct ln_replica *r, const char *author, struct ln_span f, bool *taken,
                          struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_store *s = r->c.store;
    char before[LN_NODE_ID_MAX] = "";

    if (self != NULL)
        memcpy(before, self->parent, sizeof before);
    *taken = ln_authority_cert(r->authority, author, f, err);
    if (!*taken)
        return false;
    r->touched = true;
    r->version++;
    self = ln_replica_self(r);
    bool moved = self != NULL && before[0] != '\0' && strcmp(self->parent, before) != 0;
    return s->ops->cert_put(s->ctx, author, false, f, err) &&
           (!moved || s->ops->given_again(s->ctx, err));
}

bool ln_replica_adopt(struct ln_replica *r, const struct ln_span *cert_f,
                      const char *const *authors, size_t n, struct ln_err *err)
{
    bool taken;

    for (size_t i = 0; i < n; i++)
        if (!ln_canon_check(cert_f[i].p, cert_f[i].len, err) ||
            (ln_canon_type(cert_f[i]) != LN_CANON_OBJECT &&
             !ln_fail(err, LN_INVALID, "certificate: no object")))
            return ln_wrap(err, "chain");
    if (n == 0)
        return ln_fail(err, LN_INVALID, "chain: empty");
    if (r->c.root_id[0] == '\0' && !trust_root(r, cert_f[0], err))
        return ln_wrap(err, "chain");
    for (size_t i = 0; i < n; i++)
        if (!ln_replica_take_cert(r, authors[i], cert_f[i], &taken, err))
            return ln_wrap(err, "chain");
    return ln_replica_self(r) != NULL ||
           ln_fail(err, LN_INVALID, "chain: does not end with this node's certificate");
}
