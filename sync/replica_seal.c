/* Sealing: unsealed lines of one log become files of one segment, signed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/replica_core.h"

#define ROUND 2048 /* lines looked at in one go: several segments' worth */

struct waiting {
    struct ln_store_change row;
    struct ln_id tx; /* zero: alone */
    bool step;
    bool done;
    char *line;
    size_t len;
};
struct name {
    int64_t n;
    char name[LN_AUDIENCE_MAX];
};
struct outbox {
    struct ln_replica *r;
    struct waiting *list;
    size_t n, cap;
    struct name *names;
    size_t n_names, cap_names;
    int64_t *keyless; /* audiences of others whose epoch has not come: their lines wait */
    size_t n_keyless;
};
struct file {
    int64_t audience;
    struct ln_buf text, stored;
    struct ln_segment_file meta;
};
struct draft_segment {
    int64_t from_log; /* all its lines are quoted from there; 0 none is */
    uint64_t from_seq;
    struct file files[LN_SEGMENT_FILES];
    size_t n_files, lines, bytes;
    int64_t hlc;
};

static void clear(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        ln_free(o->list[i].line);
    o->n = 0;
}

static bool take_unsealed(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct outbox *o = ctx;
    struct ln_change line;

    if (!ln_change_read(&line, c->line.p, c->line.len, err))
        return ln_wrap(err, "unsealed change");
    o->list = ln_grow(o->list, o->n, &o->cap, sizeof *o->list);
    struct waiting *w = &o->list[o->n++];
    *w = (struct waiting){ .row = ln_store_change_bare(c),
                           .step = line.op == LN_OP_STEP,
                           .len = c->line.len };
    w->line = ln_strndup(c->line.p, c->line.len);
    if (line.tx.len > 0 && !ln_clock_id_read(&w->tx, line.tx))
        return ln_fail(err, LN_BROKEN, "unsealed change: its transaction has no id");
    return true;
}

static bool load(struct outbox *o, struct ln_err *err)
{
    struct ln_store *s = o->r->c.store;

    clear(o);
    return s->ops->unsealed(s->ctx, ROUND, take_unsealed, o, err);
}

static bool name_of(const char **out, struct outbox *o, int64_t n, struct ln_err *err)
{
    struct ln_store *s = o->r->c.store;
    struct ln_store_audience a = { 0 };

    for (size_t i = 0; i < o->n_names; i++)
        if (o->names[i].n == n) {
            *out = o->names[i].name;
            return true;
        }
    if (!s->ops->audience_by(s->ctx, &a, n, err))
        return false;
    o->names = ln_grow(o->names, o->n_names, &o->cap_names, sizeof *o->names);
    o->names[o->n_names].n = n;
    memcpy(o->names[o->n_names].name, a.name, sizeof a.name);
    *out = o->names[o->n_names++].name;
    return true;
}

/* Every audience that waits gets its epoch first: new epochs are lines of our own log, and go out
 * ahead. */
static bool mint_epochs(struct outbox *o, struct ln_err *err)
{
    struct ln_epoch e;
    const char *name;
    int64_t *seen = ln_alloc_array(o->n + 1, sizeof *seen);
    size_t n_seen = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < o->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n_seen; k++)
            known = known || seen[k] == o->list[i].row.audience;
        if (known)
            continue;
        seen[n_seen++] = o->list[i].row.audience;
        ok = name_of(&name, o, o->list[i].row.audience, err) &&
             (strcmp(name, "public") == 0 || ln_replica_epoch(&e, o->r, name, err));
        if (!ok && err->code == LN_MISSING) {
            *err = (struct ln_err){ 0 };
            o->keyless = ln_realloc(o->keyless, (o->n_keyless + 1) * sizeof *o->keyless);
            o->keyless[o->n_keyless++] = o->list[i].row.audience;
            ok = true;
        }
    }
    ln_free(seen);
    return ok;
}

static void pass_over_keyless(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        for (size_t k = 0; k < o->n_keyless; k++)
            if (o->list[i].row.audience == o->keyless[k])
                o->list[i].done = true;
}

/* ---- one segment */

static struct file *file_for(struct draft_segment *d, int64_t audience)
{
    for (size_t i = 0; i < d->n_files; i++)
        if (d->files[i].audience == audience)
            return &d->files[i];
    if (d->n_files == LN_SEGMENT_FILES)
        return NULL;
    struct file *f = &d->files[d->n_files++];
    *f = (struct file){ .audience = audience,
                        .text = ln_buf_new(LN_SEGMENT_PLAIN_MAX),
                        .stored = ln_buf_new(LN_SEGMENT_FILE_MAX + 1) };
    return f;
}

static void drop(struct draft_segment *d)
{
    for (size_t i = 0; i < d->n_files; i++) {
        ln_buf_free(&d->files[i].text);
        ln_buf_free(&d->files[i].stored);
    }
    *d = (struct draft_segment){ 0 };
}

static bool same_quote(const struct waiting *a, const struct waiting *b)
{
    return a->row.from_log == b->row.from_log && a->row.from_seq == b->row.from_seq;
}

/* Lines and bytes of the transaction that begins at `i`, as far as this log goes. */
static void measure(const struct outbox *o, size_t i, size_t *lines, size_t *bytes)
{
    const struct waiting *w = &o->list[i];

    *lines = 0;
    *bytes = 0;
    for (size_t k = i; k < o->n; k++) {
        const struct waiting *x = &o->list[k];
        bool same = k == i || (!ln_clock_id_zero(&w->tx) && ln_clock_compare(&x->tx, &w->tx) == 0);
        if (!same || x->done || x->row.log != w->row.log || !same_quote(x, w))
            continue;
        ++*lines;
        *bytes += x->len + 1;
    }
}

static bool put(struct draft_segment *d, struct waiting *w, uint64_t seq)
{
    struct file *f = file_for(d, w->row.audience);

    if (f == NULL)
        return false;
    ln_buf_add(&f->text, w->line, w->len);
    ln_buf_addc(&f->text, '\n');
    w->done = true;
    w->row.seq = seq;
    d->lines++;
    d->bytes += w->len + 1;
    if (ln_clock_claimed(&w->row.id) > d->hlc)
        d->hlc = ln_clock_claimed(&w->row.id);
    return true;
}

/* Fills the segment with lines of its log: those of the protocol (`first`), then the others. */
static void fill(struct draft_segment *d, struct outbox *o, int64_t log, uint64_t seq, bool first)
{
    for (size_t i = 0; i < o->n; i++) {
        struct waiting *w = &o->list[i];
        size_t lines;
        size_t bytes;
        if (w->done || w->row.log != log || (w->row.rec == 0) != first)
            continue;
        if (d->lines == 0) { /* a file says once where its lines are quoted from */
            d->from_log = w->row.from_log;
            d->from_seq = w->row.from_seq;
        } else if (w->row.from_log != d->from_log || w->row.from_seq != d->from_seq)
            continue;
        measure(o, i, &lines, &bytes);
        if (d->lines > 0 &&
            (d->lines + lines > LN_SEGMENT_LINES || d->bytes + bytes > LN_SEGMENT_BYTES))
            return;
        for (size_t k = i; k < o->n; k++) {
            struct waiting *x = &o->list[k];
            bool same =
                k == i || (!ln_clock_id_zero(&w->tx) && ln_clock_compare(&x->tx, &w->tx) == 0);
            if (same && !x->done && x->row.log == log && same_quote(x, w) && !put(d, x, seq))
                return; /* no room for another audience: the rest goes into the next segment */
        }
    }
}

static bool store_file(struct file *f, struct outbox *o, const char *log, uint64_t seq,
                       const struct ln_batch_quote *quote, struct ln_err *err)
{
    struct ln_segment_header h = { .seq = seq, .quoted = quote != NULL };
    struct ln_epoch e = { 0 };
    const char *name;

    if (!ln_buf_done(&f->text, "file", err) || !name_of(&name, o, f->audience, err))
        return false;
    if (strcmp(name, "public") == 0) {
        (void)snprintf(f->meta.name, sizeof f->meta.name, "public.jsonl");
        if (quote != NULL)
            ln_buf_addf(&f->stored,
                        "{\"log\":\"%s\",\"quote\":[\"%s\",%" PRIu64 "],\"seq\":%" PRIu64 "}\n",
                        log, quote->log, quote->seq, seq);
        ln_buf_add(&f->stored, f->text.data, f->text.len);
    } else {
        if (!ln_replica_epoch(&e, o->r, name, err))
            return false;
        (void)snprintf(h.log, sizeof h.log, "%s", log);
        if (quote != NULL) {
            memcpy(h.quote_log, quote->log, sizeof h.quote_log);
            h.quote_seq = quote->seq;
        }
        memcpy(h.audience, e.audience, sizeof h.audience);
        memcpy(h.epoch, e.label, sizeof h.epoch);
        memcpy(f->meta.name, e.file_name, sizeof f->meta.name);
        if (!ln_segment_seal(&f->stored, &h, f->text.data, f->text.len, &e.recipient, err))
            return false;
    }
    f->meta.sha = ln_encode_sha256(f->stored.data, f->stored.len);
    f->meta.size = f->stored.len;
    return ln_buf_done(&f->stored, "file", err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->meta.name, ((const struct file *)b)->meta.name);
}

static bool mark_sealed(struct outbox *o, int64_t log, uint64_t seq, struct ln_err *err)
{
    struct ln_store *s = o->r->c.store;
    struct ln_store_change *rows = ln_alloc_array(o->n + 1, sizeof *rows);
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++) {
        const struct waiting *w = &o->list[i];
        if (w->row.log != log || w->row.seq != seq)
            continue;
        rows[n] = w->row;
        bool keep = w->step || w->row.state == LN_STORE_UNKNOWN;
        rows[n].line = keep ? (struct ln_span){ w->line, w->len } : (struct ln_span){ NULL, 0 };
        n++;
    }
    bool ok = s->ops->changes_set(s->ctx, rows, n, err);
    ln_free(rows);
    return ok;
}

static bool write_segment(struct draft_segment *d, struct outbox *o, struct ln_store_log *log,
                          struct ln_err *err)
{
    struct ln_store *s = o->r->c.store;
    struct ln_segment seg = {
        .seq = log->head + 1, .prev = log->head_sha, .prev_commit = log->head_commit, .suite = 1
    };
    struct ln_store_segment row = { .log = log->n, .seq = seg.seq, .hlc = d->hlc };
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_store_log from = { 0 };
    struct ln_batch_quote quote = { .seq = d->from_seq };
    bool ok = false;

    if (d->from_log != 0 && !s->ops->log_by(s->ctx, &from, d->from_log, err))
        goto out;
    memcpy(quote.log, from.id, sizeof quote.log);
    memcpy(seg.log, log->id, sizeof seg.log);
    seg.time_s = LN_HLC_MS(d->hlc) / 60000 * 60;
    for (size_t i = 0; i < d->n_files; i++)
        if (!store_file(&d->files[i], o, log->id, seg.seq, d->from_log != 0 ? &quote : NULL, err))
            goto out;
    qsort(d->files, d->n_files, sizeof d->files[0], by_name);
    seg.n_files = d->n_files;
    row.n_files = d->n_files;
    for (size_t i = 0; i < d->n_files; i++) {
        struct file *f = &d->files[i];
        seg.files[i] = f->meta;
        blobs[i] = ln_segment_sha1("blob", f->stored.data, f->stored.len);
        row.files[i] = (struct ln_store_file){ .sha = f->meta.sha,
                                               .size = f->meta.size,
                                               .bytes = { f->stored.data, f->stored.len } };
        memcpy(row.files[i].name, f->meta.name, sizeof row.files[i].name);
    }
    if (!ln_segment_build(&commit, &tree, &seg, blobs, &o->r->c.key, err))
        goto out;
    row.sha = seg.sha;
    row.commit = (struct ln_span){ commit.data, commit.len };
    row.tree = (struct ln_span){ tree.data, tree.len };
    log->head = seg.seq;
    log->applied = seg.seq;
    log->head_sha = seg.sha;
    log->head_commit = seg.commit;
    ok = s->ops->segment_put(s->ctx, &row, err) && mark_sealed(o, log->n, seg.seq, err) &&
         s->ops->log_put(s->ctx, log, err);
    if (ok)
        ln_replica_grown(o->r, 1);
out:
    ln_buf_free(&tree);
    ln_buf_free(&commit);
    return ok || ln_wrap(err, "segment %s %llu", log->id, (unsigned long long)seg.seq);
}

/* One segment of the log of the first line that waits; *made false when there is none. */
static bool seal_next(struct outbox *o, bool all, bool *made, struct ln_err *err)
{
    struct ln_store *s = o->r->c.store;
    struct draft_segment d = { 0 };
    struct ln_store_log log = { 0 };
    size_t lines = 0;
    size_t bytes = 0;
    size_t i = 0;
    bool ok = false;

    *made = false;
    while (i < o->n && o->list[i].done)
        i++;
    if (i == o->n)
        return true;
    for (size_t k = i; k < o->n; k++) {
        lines += !o->list[k].done;
        bytes += o->list[k].done ? 0 : o->list[k].len + 1;
    }
    if (!all && lines < LN_SEGMENT_LINES && bytes < LN_SEGMENT_BYTES)
        return true;
    if (!s->ops->log_by(s->ctx, &log, o->list[i].row.log, err))
        return false;
    fill(&d, o, log.n, log.head + 1, true);
    fill(&d, o, log.n, log.head + 1, false);
    ok = write_segment(&d, o, &log, err);
    *made = ok;
    drop(&d);
    return ok;
}

bool ln_replica_seal(struct ln_replica *r, bool all, unsigned *segments, struct ln_err *err)
{
    struct outbox o = { .r = r };
    bool made = true;
    bool ok = false;
    size_t before;

    *segments = 0;
    if (r->c.drill)
        return true;
    if (r->doubt[0] != '\0')
        return ln_fail(
            err, LN_CONFLICT,
            "this may be an old copy of the node (%s): saving goes on, nothing is sealed "
            "until its parent confirms",
            r->doubt);
    do {
        if (!load(&o, err))
            goto out;
        before = o.n;
        o.n_keyless = 0;
        if (!mint_epochs(&o, err) || !load(&o, err)) /* again: epochs may have joined */
            goto out;
        pass_over_keyless(&o);
        unsigned so_far = *segments;
        for (made = true; made;) {
            if (!seal_next(&o, all, &made, err))
                goto out;
            *segments += made;
        }
        if (*segments == so_far)
            break;
    } while (before >= ROUND);
    ok = true;
out:
    clear(&o);
    ln_free(o.list);
    ln_free(o.names);
    ln_free(o.keyless);
    return ok;
}

bool ln_replica_seal_due(struct ln_replica *r, bool *due, struct ln_err *err)
{
    uint64_t count = 0;
    uint64_t bytes = 0;

    if (!r->c.store->ops->unsealed_sum(r->c.store->ctx, &count, &bytes, err))
        return false;
    *due = count >= LN_SEGMENT_LINES || bytes >= LN_SEGMENT_BYTES;
    return true;
}
