/* Quoting: lines of a log that holds no longer are carried, byte for byte, in the log of a node
 * that may: README "Quote". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/replica_apply.h"

/* ---- late work */

struct late {
    struct ln_replica *r;
    const struct ln_cert *author;
    struct ln_store_log log;
    uint64_t seq;
    bool take;
    unsigned *n;
    ln_late_fn *fn;
    void *ctx;
};
struct known {
    bool counts;
};

static bool take_known(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    (void)err;
    ((struct known *)ctx)->counts = c->state != LN_STORE_VOID;
    return true;
}

/* Why a line is not taken over; NULL it can be. */
static bool judge(const char **why, struct late *x, const struct ln_change *c, const char *audience,
                  struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_batch_record rec = { 0 };
    struct known k = { false };

    *why = NULL;
    if (ln_replica_protocol(c->collection)) {
        *why = "protocol";
        return true;
    }
    if (!s->ops->changes_get(s->ctx, &c->id, 1, take_known, &k, err) ||
        !ln_batch_record(&rec, s, &c->record, err))
        return false;
    *why = k.counts ? "known" : ln_replica_may(x->r, x->author, c, audience, &rec);
    ln_merge_free(&rec.merged);
    return true;
}

/* One line into this node's own log, as quoted. `text` is kept. */
static bool quote_line(struct ln_replica *r, const struct ln_cert *author, int64_t from_log,
                       uint64_t from_seq, const char *audience, const char *text, size_t len,
                       struct ln_err *err)
{
    struct ln_batch_line line = {
        .audience = audience, .region = author->region, .from_log = from_log, .from_seq = from_seq
    };
    struct ln_store_log own = { 0 };
    struct ln_audience aud;
    char log[LN_LOG_MAX];

    if (!ln_audience_read(&aud, ln_span_of(audience)) || !ln_replica_route(log, r, &aud, err) ||
        !ln_replica_log(&own, r, log, err) ||
        !ln_change_read(&line.c, ln_batch_keep(r->batch, text, len), len, err))
        return false;
    line.log = own.n;
    line.eff = ln_clock_claimed(&line.c.id);
    ln_batch_add(r->batch, &line);
    return true;
}

static bool late_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                      const char *text, size_t len, struct ln_err *err)
{
    struct late *x = ctx;
    struct ln_late l = { .log = x->log.id, .seq = x->seq, .audience = audience };
    struct ln_buf clear = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_change c;
    struct ln_err bad = { 0 };
    bool ok = false;

    (void)quote;
    /* No line, or one of the receipts that a down-log is full of: nothing to show or to take. */
    if (!ln_change_read(&c, text, len, &bad) || ln_span_is(c.collection, "receipt")) {
        ok = true;
        goto out;
    }
    if (!judge(&l.why, x, &c, audience, err) || !ln_batch_open(&clear, x->r->c.store, &c, err))
        goto out;
    l.c = &c;
    l.clear = (struct ln_span){ clear.data, clear.len };
    *x->n += l.why == NULL;
    if (x->fn != NULL && !x->fn(x->ctx, &l, err))
        goto out;
    ok = !x->take || l.why != NULL ||
         quote_line(x->r, x->author, x->log.n, x->seq, audience, text, len, err);
out:
    ln_buf_free(&clear);
    return ok;
}

struct late_walk {
    struct late *late;
    unsigned *unreadable;
};

static bool late_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct late_walk *w = ctx;
    struct late *x = w->late;

    x->seq = seg->seq;
    return ln_batch_lines(x->r->c.store, x->log.id, seg, late_line, x, w->unreadable, err) &&
           ln_batch_flush(x->r->batch, NULL, err);
}

/* Logs of the revoked node that are held behind their ends. */
struct closed {
    const struct ln_authority *a;
    const char *node;
    bool own; /* the node's own log alone */
    struct ln_store_log *list;
    size_t n;
};

static bool take_closed(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct closed *x = ctx;
    char author[LN_NODE_ID_MAX];
    uint64_t end = ln_authority_void_in(x->a, l->id);

    (void)err;
    ln_replica_author(author, l->id);
    if (strcmp(author, x->node) != 0 || end == 0 || l->head < end ||
        (x->own && strcmp(l->id, x->node) != 0))
        return true;
    x->list = ln_realloc(x->list, (x->n + 1) * sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct ln_store_log *)a)->id, ((const struct ln_store_log *)b)->id);
}

/* The node's own log first, as its down-logs' names begin with its own. */
static bool late_logs(struct late *x, struct closed *logs, uint64_t from, unsigned *unreadable,
                      struct ln_err *err)
{
    struct late_walk w = { x, unreadable };
    bool any = false;
    bool ok = true;

    if (logs->n > 0)
        qsort(logs->list, logs->n, sizeof *logs->list, by_id);
    for (size_t i = 0; ok && i < logs->n; i++) {
        uint64_t end = ln_authority_void_in(logs->a, logs->list[i].id);
        uint64_t first = from > end ? from : end;
        x->log = logs->list[i];
        any = any || first <= x->log.head;
        ok = first > x->log.head ||
             ln_replica_held(x->r->c.store, x->log.n, first, x->log.head, late_segment, &w, err);
    }
    return ok && (any || ln_fail(err, LN_MISSING,
                                 "nothing that %s wrote behind its end is here: bring its stick",
                                 logs->node));
}

bool ln_replica_late(struct ln_replica *r, const char *node, uint64_t from, bool take, unsigned *n,
                     unsigned *unreadable, ln_late_fn *fn, void *ctx, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct late x = { .r = r, .take = take, .n = n, .fn = fn, .ctx = ctx };
    struct closed logs = { .a = r->authority, .node = node, .own = from > 0 };

    *n = 0;
    *unreadable = 0;
    x.author = ln_authority_find(r->authority, node);
    if (x.author == NULL)
        return ln_fail(err, LN_MISSING, "no node %s is known", node);
    if (strcmp(node, r->c.id) == 0 || !ln_authority_may_quote(r->authority, r->c.id, node))
        return ln_fail(err, LN_DENIED, "%s is neither below this node nor continued by it", node);
    if (ln_authority_void_from(r->authority, node) == 0)
        return ln_fail(err, LN_INVALID, "%s is not revoked: what it writes holds by itself", node);
    bool ok = s->ops->log_each(s->ctx, take_closed, &logs, err) &&
              late_logs(&x, &logs, from, unreadable, err);
    ln_free(logs.list);
    return ok;
}

/* ---- a fork: our branch leaves the log of the node that we continue */

struct branch {
    struct ln_replica *r;
    struct ln_store_log log;
    uint64_t seq;
    char **texts;
    size_t *lens;
    char (*audiences)[LN_AUDIENCE_MAX];
    size_t n, cap;
    unsigned *lines;
};

static void forget(struct branch *x)
{
    for (size_t i = 0; i < x->n; i++)
        ln_free(x->texts[i]);
    x->n = 0;
}

static bool branch_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                        const char *text, size_t len, struct ln_err *err)
{
    struct branch *x = ctx;

    (void)quote;
    (void)err;
    if (x->n == x->cap) {
        x->cap = x->cap > 0 ? 2 * x->cap : 64;
        x->texts = ln_realloc(x->texts, x->cap * sizeof *x->texts);
        x->lens = ln_realloc(x->lens, x->cap * sizeof *x->lens);
        x->audiences = ln_realloc(x->audiences, x->cap * sizeof *x->audiences);
    }
    (void)snprintf(x->audiences[x->n], LN_AUDIENCE_MAX, "%s", audience);
    x->lens[x->n] = len;
    x->texts[x->n++] = ln_strndup(text, len);
    return true;
}

struct row {
    struct ln_store_change c;
    bool found;
};

static bool take_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct row *row = ctx;

    (void)err;
    row->c = ln_store_change_bare(c);
    row->found = true;
    return true;
}

/* A line of the protocol was of use in that branch only: it goes, and the digest forgets it. */
static bool drop_row(struct ln_store *s, const struct ln_store_change *c, struct ln_err *err)
{
    struct ln_store_audience a = { 0 };

    if (!s->ops->audience_by(s->ctx, &a, c->audience, err))
        return false;
    ln_digest_take(&a.digest, &c->id, c->eff, c->state == LN_STORE_VOID);
    return s->ops->audience_put(s->ctx, &a, err) && s->ops->changes_drop(s->ctx, c, 1, err);
}

static bool requeue(struct branch *x, size_t i, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_log own = { 0 };
    struct ln_audience aud;
    struct ln_change c;
    struct row row = { .found = false };
    char log[LN_LOG_MAX];
    struct ln_err bad = { 0 };

    if (!ln_change_read(&c, x->texts[i], x->lens[i], &bad))
        return true;
    if (!s->ops->changes_get(s->ctx, &c.id, 1, take_row, &row, err))
        return false;
    if (!row.found || row.c.log != x->log.n || row.c.seq != x->seq)
        return true; /* it counts elsewhere */
    if (row.c.rec == 0)
        return drop_row(s, &row.c, err);
    if (!ln_audience_read(&aud, ln_span_of(x->audiences[i])) ||
        !ln_replica_route(log, x->r, &aud, err) || !ln_replica_log(&own, x->r, log, err))
        return false;
    row.c.log = own.n;
    row.c.seq = 0;
    row.c.from_log = x->log.n;
    row.c.from_seq = x->seq;
    row.c.line = (struct ln_span){ x->texts[i], x->lens[i] };
    ++*x->lines;
    return s->ops->changes_set(s->ctx, &row.c, 1, err);
}

static bool branch_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct branch *x = ctx;
    struct ln_store *s = x->r->c.store;
    unsigned unreadable = 0;
    bool ok;

    x->seq = seg->seq;
    ok = ln_batch_lines(s, x->log.id, seg, branch_line, x, &unreadable, err) &&
         (seg->commit.p == NULL ||
          s->ops->fork_put(s->ctx, x->log.n, seg->seq, &seg->sha, seg->commit, err));
    for (size_t i = 0; ok && i < x->n; i++)
        ok = requeue(x, i, err);
    forget(x);
    return ok;
}

static bool take_head(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct ln_store_log *log = ctx;

    log->head = s->seq;
    log->head_sha = s->sha;
    log->head_commit = ln_segment_sha1("commit", s->commit.p, s->commit.len);
    err->code = LN_OK;
    return false;
}

static bool cut_back(struct branch *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_log l = x->log;
    uint64_t at = l.receipt;

    if (!ln_replica_held(s, l.n, at + 1, l.head, branch_segment, x, err) ||
        !s->ops->segment_cut(s->ctx, l.n, at + 1, err))
        return false;
    l.head = 0;
    l.head_sha = (struct ln_sha256){ { 0 } };
    l.head_commit = (struct ln_sha1){ { 0 } };
    err->code = LN_OK;
    if (at > 0 && !s->ops->segment_each(s->ctx, l.n, at, false, take_head, &l, err) &&
        err->code != LN_OK)
        return false;
    l.applied = l.applied < at ? l.applied : at;
    l.volume = l.volume < at ? l.volume : at;
    x->r->heads_known = false;
    return s->ops->log_put(s->ctx, &l, err);
}

struct logs {
    struct ln_replica *r;
    struct ln_store_log *list;
    size_t n, cap;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct logs *x = ctx;
    char node[LN_NODE_ID_MAX];

    (void)err;
    ln_replica_author(node, l->id);
    if (l->head <= l->receipt || !ln_authority_continues(x->r->authority, x->r->c.id, node))
        return true;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

/* ---- lines that were saved and not sealed yet go into our own log as they are */

struct unsealed {
    struct ln_store_change *rows;
    size_t n, cap;
};

static bool take_unsealed(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct unsealed *x = ctx;

    (void)err;
    x->rows = ln_grow(x->rows, x->n, &x->cap, sizeof *x->rows);
    x->rows[x->n] = ln_store_change_bare(c);
    x->rows[x->n++].line = (struct ln_span){ ln_strndup(c->line.p, c->line.len), c->line.len };
    return true;
}

static bool move_unsealed(struct ln_replica *r, struct ln_store_change *c, unsigned *n,
                          struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log log = { 0 };
    struct ln_store_audience a = { 0 };
    struct ln_audience aud;
    char node[LN_NODE_ID_MAX];
    char own[LN_LOG_MAX];

    if (!s->ops->log_by(s->ctx, &log, c->log, err))
        return false;
    ln_replica_author(node, log.id);
    if (!ln_authority_continues(r->authority, r->c.id, node))
        return true;
    if (c->rec == 0)
        return drop_row(s, c, err);
    if (!s->ops->audience_by(s->ctx, &a, c->audience, err) ||
        !ln_audience_read(&aud, ln_span_of(a.name)) || !ln_replica_route(own, r, &aud, err) ||
        !ln_replica_log(&log, r, own, err))
        return false;
    c->log = log.n;
    ++*n;
    return s->ops->changes_set(s->ctx, c, 1, err);
}

static bool move_all_unsealed(struct ln_replica *r, unsigned *n, struct ln_err *err)
{
    struct unsealed x = { .n = 0 };
    bool ok = r->c.store->ops->unsealed(r->c.store->ctx, SIZE_MAX, take_unsealed, &x, err);

    for (size_t i = 0; i < x.n; i++) {
        ok = ok && move_unsealed(r, &x.rows[i], n, err);
        ln_free((void *)(uintptr_t)x.rows[i].line.p);
    }
    ln_free(x.rows);
    return ok;
}

bool ln_replica_unfork(struct ln_replica *r, unsigned *n, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct logs logs = { .r = r };
    struct branch x = { .r = r, .lines = n };
    bool ok;

    *n = 0;
    ok = move_all_unsealed(r, n, err) && s->ops->log_each(s->ctx, take_log, &logs, err);
    for (size_t i = 0; ok && i < logs.n; i++) {
        x.log = logs.list[i];
        ok = cut_back(&x, err);
    }
    forget(&x);
    ln_free(x.texts);
    ln_free(x.lens);
    ln_free(x.audiences);
    ln_free(logs.list);
    if (ok)
        ln_replica_confirm(r);
    return ok;
}
