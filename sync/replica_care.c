/* Verifying every log from its first segment and the database against the logs; rebuilding what is
 * derived. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/replica_checkpoint.h"

#define SAY_MAX 400

struct tally {
    int64_t audience;
    char name[LN_AUDIENCE_MAX];
    struct ln_digest digest;
};
struct care {
    struct ln_store *store;
    const struct ln_authority *authority;
    struct ln_replica *r; /* NULL: it only reads */
    struct ln_verify_report *out;
    ln_report_fn *say;
    void *ctx;
    bool stopped;
    struct ln_store_log *logs;
    size_t n_logs, cap_logs;
    struct tally *sums;
    size_t n_sums, cap_sums;
    /* the segment at hand */
    const struct ln_store_log *log;
    const struct ln_cert *author;
    size_t lost; /* segments with lines that the database lacks */
    bool begun;  /* the one before was looked at here, too */
    struct ln_sha256 prev;
    struct ln_sha1 prev_commit;
    uint64_t next;
    struct ln_id *ids;
    size_t n_ids, cap_ids, found;
    uint64_t seq, pruned; /* up to where lines count by checkpoints */
    const struct ln_pruned *part;
    int64_t part_audience;
};

static void bad(struct care *x, const char *fmt, ...) LN_PRINTF(2, 3);
static void bad(struct care *x, const char *fmt, ...)
{
    char text[SAY_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x->out->bad++;
    if (x->say != NULL && !x->stopped && !x->say(x->ctx, text))
        x->stopped = true;
}

static void care_free(struct care *x)
{
    ln_free(x->logs);
    ln_free(x->sums);
    ln_free(x->ids);
}

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct care *x = ctx;

    (void)err;
    x->logs = ln_grow(x->logs, x->n_logs, &x->cap_logs, sizeof *x->logs);
    x->logs[x->n_logs++] = *l;
    return true;
}

static struct tally *sum_of(struct care *x, int64_t audience)
{
    for (size_t i = 0; i < x->n_sums; i++)
        if (x->sums[i].audience == audience)
            return &x->sums[i];
    x->sums = ln_grow(x->sums, x->n_sums, &x->cap_sums, sizeof *x->sums);
    x->sums[x->n_sums] = (struct tally){ .audience = audience };
    return &x->sums[x->n_sums++];
}

/* ---- lines against change rows */

static bool take_id(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                    const char *line, size_t len, struct ln_err *err)
{
    struct care *x = ctx;
    struct ln_change c;
    struct ln_err why = { 0 };

    (void)quote;
    if (x->seq <= x->pruned) {
        struct ln_pruned p;
        if (!ln_replica_pruned(&p, x->store, x->log->id, audience, err))
            return false;
        if (x->seq <= p.upto)
            return true; /* checked against the checkpoint */
    }
    if (!ln_change_read(&c, line, len, &why))
        return true; /* counted as refused when it was applied */
    x->ids = ln_grow(x->ids, x->n_ids, &x->cap_ids, sizeof *x->ids);
    x->ids[x->n_ids++] = c.id;
    return true;
}

static bool take_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct care *x = ctx;

    (void)err;
    /* The same line may have come by another log first; then it counts there. */
    x->found++;
    if (c->log == x->log->n && c->seq == x->seq)
        ln_digest_add(&sum_of(x, c->audience)->digest, &c->id, c->eff, c->state == LN_STORE_VOID);
    return true;
}

static bool check_lines(struct care *x, const struct ln_store_segment *s, struct ln_err *err)
{
    struct ln_store *st = x->store;
    struct ln_err why = { 0 };

    x->n_ids = 0;
    x->found = 0;
    x->seq = s->seq;
    if (!ln_batch_lines(st, x->log->id, s, take_id, x, NULL, &why)) {
        if (why.code == LN_BUSY || why.code == LN_BROKEN) { /* the store, not the segment */
            *err = why;
            return false;
        }
        bad(x, "%s %" PRIu64 ": %s", x->log->id, s->seq, why.text);
        return true;
    }
    if (!st->ops->changes_get(st->ctx, x->ids, x->n_ids, take_row, x, err))
        return false;
    x->out->changes += x->n_ids;
    if (x->found < x->n_ids) {
        x->lost++;
        bad(x, "%s %" PRIu64 ": %zu of %zu changes are not in the database", x->log->id, s->seq,
            x->n_ids - x->found, x->n_ids);
    }
    return true;
}

/* ---- segments */

static bool check_objects(struct care *x, const struct ln_store_segment *row, struct ln_segment *s,
                          struct ln_err *why)
{
    struct ln_sha1 blobs[LN_SEGMENT_FILES];

    if (row->commit.p == NULL || row->tree.p == NULL)
        return ln_fail(why, LN_MISSING, "its commit is not held");
    if (!ln_segment_read(s, row->commit.p, row->commit.len, &x->author->key, why) ||
        !ln_segment_tree_check(s, row->tree.p, row->tree.len, blobs, why))
        return false;
    if (s->seq != row->seq || strcmp(s->log, x->log->id) != 0 ||
        !ln_encode_sha256_same(&s->sha, &row->sha))
        return ln_fail(why, LN_INVALID, "it is another segment than the one noted");
    if (s->seq > 1 && (!ln_encode_sha256_same(&s->prev, &x->prev) ||
                       (x->begun && memcmp(s->prev_commit.b, x->prev_commit.b, LN_SHA1_LEN) != 0)))
        return ln_fail(why, LN_INVALID, "it does not follow the one before");
    if (s->n_files != row->n_files)
        return ln_fail(why, LN_INVALID, "it has other files than those noted");
    for (size_t i = 0; i < row->n_files; i++) {
        const struct ln_store_file *f = &row->files[i];
        if (f->bytes.p == NULL)
            continue;
        struct ln_sha256 sha = ln_encode_sha256(f->bytes.p, f->bytes.len);
        if (strcmp(f->name, s->files[i].name) != 0 ||
            !ln_encode_sha256_same(&sha, &s->files[i].sha))
            return ln_fail(why, LN_INVALID, "%s is not what was signed", f->name);
    }
    return true;
}

static bool check_segment(void *ctx, const struct ln_store_segment *row, struct ln_err *err)
{
    struct care *x = ctx;
    struct ln_segment *s = ln_alloc(sizeof *s);
    struct ln_err why = { 0 };
    bool ok = true;

    x->out->segments++;
    if (row->seq != x->next)
        bad(x, "%s: segment %" PRIu64 " is missing", x->log->id, x->next);
    x->next = row->seq + 1;
    if (!check_objects(x, row, s, &why))
        bad(x, "%s %" PRIu64 ": %s", x->log->id, row->seq, why.text);
    else if (row->seq <= x->log->applied)
        ok = check_lines(x, row, err);
    x->prev = row->sha;
    x->prev_commit = s->commit;
    x->begun = why.code == LN_OK;
    ln_free(s);
    if (x->stopped) {
        err->code = LN_OK;
        return false;
    }
    return ok;
}

/* ---- what counts by checkpoints */

static bool count_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct care *x = ctx;

    (void)err;
    if (c->audience != x->part_audience)
        return true;
    x->n_ids++;
    ln_digest_add(&sum_of(x, c->audience)->digest, &c->id, c->eff, c->state == LN_STORE_VOID);
    return true;
}

struct same_line {
    struct care *x;
    struct ln_span line;
    bool found, differs;
};

static bool compare_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct same_line *l = ctx;

    (void)err;
    l->found = true;
    if (c->log != l->x->log->n)
        l->x->found--; /* it counts elsewhere */
    else
        l->differs = c->line.len > 0 && !ln_span_same(c->line, l->line);
    return true;
}

static bool check_carried(void *ctx, const struct ln_carried *c, struct ln_err *err)
{
    struct care *x = ctx;
    struct ln_store *s = x->r->c.store;
    struct same_line l = { .x = x, .line = c->line };
    struct ln_change line;
    struct ln_err why = { 0 };

    if (!ln_change_read(&line, c->line.p, c->line.len, &why))
        return true;
    x->found++;
    if (!s->ops->changes_get(s->ctx, &line.id, 1, compare_row, &l, err))
        return false;
    if (!l.found)
        bad(x, "%s %" PRIu64 ": a change of its checkpoint is not in the database", x->log->id,
            c->seq);
    if (l.differs)
        bad(x, "%s %" PRIu64 ": a change is not what its checkpoint says", x->log->id, c->seq);
    return true;
}

static bool check_part(struct care *x, const struct ln_pruned *p, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_audience a = { 0 };
    char text[SAY_MAX];

    if (!s->ops->audience_get(s->ctx, &a, p->audience, err))
        return false;
    x->part_audience = a.n;
    x->n_ids = 0;
    x->found = 0;
    if (!s->ops->changes_in(s->ctx, x->log->n, 1, p->upto, count_row, x, err) ||
        !ln_replica_carried(x->r, x->log->id, p, check_carried, x, err))
        return false;
    struct tally *t = sum_of(x, a.n);
    sodium_add(t->digest.b, p->sum.b, sizeof t->digest.b);
    if (x->found != x->n_ids)
        bad(x, "%s: of %s the database has %zu changes behind its checkpoint, which has %zu",
            x->log->id, p->audience, x->n_ids, x->found);
    x->out->carried += x->n_ids;
    (void)snprintf(text, sizeof text,
                   "%s 1-%" PRIu64 ": %s by the checkpoint in segments %" PRIu64 "-%" PRIu64
                   ", %" PRIu64 " changes kept, %" PRIu64 " dropped; the rest by the segments",
                   x->log->id, p->upto, p->audience, p->from, p->to, p->kept, p->dropped);
    x->stopped = x->stopped || (x->say != NULL && !x->say(x->ctx, text));
    return true;
}

static bool check_parts(struct care *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_checkpoint c;
    bool ok = x->pruned == 0 || ln_replica_checkpoint_noted(&c, s, x->log->id, err);

    if (!ok || x->pruned == 0)
        return ok;
    for (size_t i = 0; ok && !x->stopped && i < c.n; i++) {
        struct ln_pruned p;
        ok = ln_replica_pruned(&p, s, x->log->id, c.parts[i].audience, err) &&
             (p.upto == 0 || check_part(x, &p, err));
    }
    ln_checkpoint_free(&c);
    return ok;
}

static bool check_log(struct care *x, const struct ln_store_log *log, struct ln_err *err)
{
    struct ln_store *st = x->store;
    char node[LN_NODE_ID_MAX];

    ln_replica_author(node, log->id);
    x->log = log;
    x->author = ln_authority_find(x->authority, node);
    x->next = 1;
    x->begun = true;
    x->out->logs++;
    if (log->head == 0)
        return true;
    if (x->author == NULL) {
        bad(x, "%s: nobody certified its node", log->id);
        return true;
    }
    if (!ln_replica_pruned_any(&x->pruned, st, log->id, err))
        return false;
    err->code = LN_OK;
    if (!st->ops->segment_each(st->ctx, log->n, 1, true, check_segment, x, err) &&
        err->code != LN_OK)
        return ln_wrap(err, "%s", log->id);
    if (!x->stopped &&
        (x->next != log->head + 1 || !ln_encode_sha256_same(&x->prev, &log->head_sha)))
        bad(x, "%s: its last segment is not its head", log->id);
    return x->stopped || check_parts(x, err);
}

/* ---- some segments at a time, beside the writer */

struct looking {
    struct care care;
    struct ln_look *out;
    unsigned left;
};

static void note_seq(struct ln_look *out, uint64_t seq)
{
    if (out->n_bad < LN_LOOK_BAD && (out->n_bad == 0 || out->bad[out->n_bad - 1] != seq))
        out->bad[out->n_bad++] = seq;
}

static bool look_segment(void *ctx, const struct ln_store_segment *row, struct ln_err *err)
{
    struct looking *x = ctx;
    uint64_t before = x->care.out->bad;

    for (uint64_t seq = x->care.next; seq < row->seq && x->out->n_bad < LN_LOOK_BAD; seq++)
        note_seq(x->out, seq);
    if (!check_segment(&x->care, row, err))
        return false;
    if (x->care.out->bad > before)
        note_seq(x->out, row->seq);
    x->out->segments++;
    x->out->bytes += row->commit.len + row->tree.len;
    for (size_t i = 0; i < row->n_files; i++)
        x->out->bytes += row->files[i].bytes.len;
    x->left--;
    return x->left > 0;
}

static bool take_prev(void *ctx, const struct ln_store_segment *row, struct ln_err *err)
{
    ((struct care *)ctx)->prev = row->sha;
    err->code = LN_OK;
    return false;
}

bool ln_replica_look(struct ln_look *out, struct ln_store *reader, const struct ln_authority *a,
                     const char *log, uint64_t from, unsigned max, ln_report_fn *say_fn, void *ctx,
                     struct ln_err *err)
{
    struct ln_verify_report report = { 0 };
    struct ln_store_log l = { 0 };
    char node[LN_NODE_ID_MAX];
    struct looking x = { .out = out, .left = max };
    bool ok = reader->ops->log_get(reader->ctx, &l, log, err);

    *out = (struct ln_look){ 0 };
    x.care = (struct care){
        .store = reader, .authority = a, .out = &report, .say = say_fn, .ctx = ctx, .log = &l
    };
    ln_replica_author(node, log);
    x.care.author = ln_authority_find(a, node);
    x.care.next = from;
    if (!ok || l.head == 0 || from > l.head || x.care.author == NULL)
        return ok;
    if (!ln_replica_pruned_any(&x.care.pruned, reader, log, err))
        return false;
    err->code = LN_OK;
    if (from > 1)
        ok =
            reader->ops->segment_each(reader->ctx, l.n, from - 1, false, take_prev, &x.care, err) ||
            err->code == LN_OK;
    ok = ok && (reader->ops->segment_each(reader->ctx, l.n, from, true, look_segment, &x, err) ||
                err->code == LN_OK);
    if (ok && x.left > 0) /* the end: what is missing there */
        for (uint64_t seq = x.care.next; seq <= l.head && out->n_bad < LN_LOOK_BAD; seq++) {
            bad(&x.care, "%s: segment %" PRIu64 " is missing", log, seq);
            note_seq(out, seq);
        }
    else
        out->next = x.care.next;
    out->n_lost = x.care.lost;
    care_free(&x.care);
    return ok;
}

/* ---- digests */

static bool take_unsealed(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct care *x = ctx;

    (void)err;
    ln_digest_add(&sum_of(x, c->audience)->digest, &c->id, c->eff, c->state == LN_STORE_VOID);
    return true;
}

static bool check_digest(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct care *x = ctx;
    const struct tally *t = sum_of(x, a->n);

    (void)err;
    if (memcmp(t->digest.b, a->digest.b, sizeof t->digest.b) != 0)
        bad(x, "%s: the database has other changes than the logs (rebuild mends that)", a->name);
    return true;
}

bool ln_replica_verify(struct ln_replica *r, struct ln_verify_report *out, ln_report_fn *say,
                       void *ctx, struct ln_err *err)
{
    struct care x = {
        .r = r, .store = r->c.store, .authority = r->authority, .out = out, .say = say, .ctx = ctx
    };
    struct ln_store *s = r->c.store;
    bool ok = s->ops->log_each(s->ctx, take_log, &x, err);

    *out = (struct ln_verify_report){ 0 };
    for (size_t i = 0; ok && !x.stopped && i < x.n_logs; i++)
        ok = check_log(&x, &x.logs[i], err);
    if (ok && !x.stopped)
        ok = s->ops->unsealed(s->ctx, SIZE_MAX, take_unsealed, &x, err) &&
             s->ops->audience_each(s->ctx, check_digest, &x, err);
    care_free(&x);
    return ok;
}

static bool take_change(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    return take_unsealed(ctx, c, err);
}

/* What a log's checkpoints left out still stands in the digests. */
static bool add_pruned(struct care *x, const char *log, struct ln_err *err)
{
    struct ln_checkpoint c;
    uint64_t upto = 0;

    if (!ln_replica_pruned_any(&upto, x->store, log, err))
        return false;
    if (upto == 0)
        return true;
    if (!ln_replica_checkpoint_noted(&c, x->store, log, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < c.n; i++) {
        struct ln_store_audience a = { 0 };
        struct ln_pruned p;
        ok = ln_replica_pruned(&p, x->store, log, c.parts[i].audience, err) &&
             (p.upto == 0 || x->store->ops->audience_get(x->store->ctx, &a, p.audience, err));
        if (ok && p.upto > 0 && a.n > 0)
            sodium_add(sum_of(x, a.n)->digest.b, p.sum.b, sizeof p.sum.b);
    }
    ln_checkpoint_free(&c);
    return ok;
}

static bool sum_all(struct care *x, struct ln_err *err)
{
    bool ok = x->store->ops->changes_each(x->store->ctx, take_change, x, err) &&
              x->store->ops->log_each(x->store->ctx, take_log, x, err);

    for (size_t i = 0; ok && i < x->n_logs; i++)
        ok = add_pruned(x, x->logs[i].id, err);
    return ok;
}

bool ln_replica_sums(uint64_t *wrong, struct ln_store *reader, ln_report_fn *say_fn, void *ctx,
                     struct ln_err *err)
{
    struct ln_verify_report report = { 0 };
    struct care x = { .store = reader, .out = &report, .say = say_fn, .ctx = ctx };
    bool ok = sum_all(&x, err) && reader->ops->audience_each(reader->ctx, check_digest, &x, err);

    *wrong = report.bad;
    care_free(&x);
    return ok;
}

struct resum {
    struct care care;
    struct ln_store_audience *list;
    size_t n, cap;
};

static bool take_wrong(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct resum *x = ctx;
    const struct tally *t = sum_of(&x->care, a->n);

    (void)err;
    if (memcmp(t->digest.b, a->digest.b, sizeof t->digest.b) == 0)
        return true;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n] = *a;
    x->list[x->n++].digest = t->digest;
    return true;
}

/* The changes may be right and the digests not: whether that is so, the replay tells. */
static bool resum(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct resum x = { .care = { .store = s } };
    bool ok = sum_all(&x.care, err) && s->ops->audience_each(s->ctx, take_wrong, &x, err);

    for (size_t i = 0; ok && i < x.n; i++)
        ok = s->ops->audience_put(s->ctx, &x.list[i], err);
    ln_free(x.list);
    care_free(&x.care);
    return ok;
}

bool ln_replica_redo(struct ln_replica *r, bool digests, struct ln_err *err)
{
    return (!digests || resum(r, err)) && ln_replica_rebuild(r, NULL, NULL, err);
}

/* ---- rebuild */

static bool keep_digest(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct tally *t = sum_of(ctx, a->n);

    (void)err;
    t->digest = a->digest;
    memcpy(t->name, a->name, sizeof t->name);
    return true;
}

static bool say(struct care *x, const char *fmt, ...) LN_PRINTF(2, 3);
static bool say(struct care *x, const char *fmt, ...)
{
    char text[SAY_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return x->say == NULL || x->say(x->ctx, text);
}

static bool replay(struct care *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;

    if (!s->ops->derived_drop(s->ctx, err) || !s->ops->log_each(s->ctx, take_log, x, err))
        return false;
    for (size_t i = 0; i < x->n_logs; i++) {
        struct ln_apply sum = { 0 };
        if (!ln_replica_apply_ready(x->r, x->logs[i].id, &sum, err))
            return false;
        if (!say(x, "%s: %u changes", x->logs[i].id, sum.changes))
            return ln_fail(err, LN_BUSY, "stopped: nothing was changed");
    }
    return true;
}

bool ln_replica_rebuild(struct ln_replica *r, ln_report_fn *say_fn, void *ctx, struct ln_err *err)
{
    struct ln_verify_report differ = { 0 };
    struct care x = { .r = r,
                      .store = r->c.store,
                      .authority = r->authority,
                      .out = &differ,
                      .say = say_fn,
                      .ctx = ctx };
    struct ln_store *s = r->c.store;
    unsigned segments;
    bool ok;

    /* What is not sealed stands in no log: it is sealed first. */
    ok = ln_replica_seal(r, true, &segments, err) &&
         s->ops->audience_each(s->ctx, keep_digest, &x, err) && replay(&x, err) &&
         s->ops->audience_each(s->ctx, check_digest, &x, err);
    if (ok && differ.bad > 0)
        ok = ln_fail(err, LN_BROKEN,
                     "%" PRIu64 " audiences have another digest than before: nothing was changed",
                     differ.bad);
    care_free(&x);
    return ok || ln_wrap(err, "rebuild");
}
