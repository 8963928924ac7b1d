/* Lines of held segments on their way into records, and what lines of the protocol bring about. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "sync/replica_checkpoint.h"

#define FLUSH_LINES 2048
#define SHELF 32
#define SHELF_BYTES (1 << 20)
#define REREAD_MAX 16384     /* segments of one log under one epoch */
#define UNREAD_MAX (1 << 20) /* of a note which segments wait for one epoch */

/* ---- receipts */

bool ln_replica_receipt_read(struct ln_receipt *out, struct ln_span f, struct ln_err *err)
{
    struct ln_span item;
    struct ln_span text;

    *out = (struct ln_receipt){ 0 };
    if (f.len == 0 || !ln_canon_get(f, "log", &item) || !ln_canon_plain(item, &text) ||
        text.len >= sizeof out->log)
        return ln_fail(err, LN_INVALID, "receipt: no log");
    memcpy(out->log, text.p, text.len);
    if (!ln_canon_get(f, "seq", &item) || ln_canon_type(item) != LN_CANON_INT ||
        ln_canon_int(item) <= 0)
        return ln_fail(err, LN_INVALID, "receipt: no sequence");
    out->seq = (uint64_t)ln_canon_int(item);
    if (!ln_canon_get(f, "sha", &item) || !ln_canon_plain(item, &text) ||
        !ln_encode_unhex(out->sha.b, sizeof out->sha.b, text))
        return ln_fail(err, LN_INVALID, "receipt: no hash");
    if (!ln_canon_get(f, "t", &item) || !ln_canon_plain(item, &text) ||
        !ln_clock_hlc_read(&out->t, text))
        return ln_fail(err, LN_INVALID, "receipt: no time");
    if (!ln_canon_get(f, "no", &out->no) || ln_canon_type(out->no) != LN_CANON_ARRAY)
        return ln_fail(err, LN_INVALID, "receipt: no list of what it refuses");
    return true;
}

/* Whether the receipt names this change among the refused. */
static bool in_no(struct ln_span no, const struct ln_id *id)
{
    char text[LN_ID_TEXT + 1];
    struct ln_span pair;
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;

    if (no.len == 0)
        return false;
    ln_clock_id_write(text, id);
    while (ln_canon_next(no, &at, NULL, &pair)) {
        size_t first = 0;
        if (ln_canon_type(pair) == LN_CANON_ARRAY && ln_canon_next(pair, &first, NULL, &item) &&
            ln_canon_plain(item, &word) && ln_span_is(word, text))
            return true;
    }
    return false;
}

/* ---- applying a segment */

bool ln_replica_protocol(struct ln_span collection)
{
    static const char *const names[] = {
        "cert", "revoke", "epoch", "receipt", "erase", "checkpoint"
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ln_span_is(collection, names[i]))
            return true;
    return false;
}

static bool flush(struct ln_apply *x, struct ln_err *err)
{
    return ln_batch_flush(x->r->batch, NULL, err);
}

static void note_refused(struct ln_apply *x, const struct ln_id *id, const char *why)
{
    char text[LN_ID_TEXT + 1];

    x->refused++;
    if (x->no == NULL || x->refused > LN_RECEIPT_NO_MAX)
        return;
    ln_clock_id_write(text, id);
    ln_buf_addf(x->no, "%s[\"%s\",\"%s\"]", x->no->len > 0 ? "," : "", text, why);
}

/* A laptop that has lost a grid: what it wrote before is judged as if it still had it. */
static const char *judge_late(struct ln_apply *x, const struct ln_cert *author,
                              const struct ln_change *c, const char *audience)
{
    struct ln_cert then = *author;
    struct ln_audience aud;
    int64_t receipt_s = x->receipt.seq > 0 ? LN_HLC_MS(x->receipt.t) / 1000 : 0;

    if (!ln_audience_read(&aud, ln_span_of(audience)) ||
        !ln_authority_late(x->r->authority, then.node, aud.who,
                           LN_HLC_MS(ln_clock_claimed(&c->id)) / 1000, receipt_s))
        return "grid";
    if (then.n_grids == sizeof then.grids / sizeof then.grids[0])
        then.n_grids--;
    (void)snprintf(then.grids[then.n_grids++], sizeof then.grids[0], "%.15s", aud.who);
    return ln_replica_may(x->r, &then, c, audience, NULL);
}

static const char *judge(struct ln_apply *x, const struct ln_change *c, const char *audience,
                         const struct ln_cert *author, struct ln_err *err, bool *failed)
{
    struct ln_batch_record rec = { 0 };
    bool lookup = strcmp(audience, "public") == 0 && c->op != LN_OP_ADD && c->op != LN_OP_STEP;
    const char *why;

    *failed = false;
    uint64_t void_from = ln_authority_void_in(x->r->authority, x->log->id);
    if (void_from > 0 && x->seq >= void_from)
        return "revoked";
    if (x->receipt.seq > 0 && in_no(x->receipt.no, &c->id))
        return "parent";
    if (lookup && (!flush(x, err) || !ln_batch_record(&rec, x->r->c.store, &c->record, err))) {
        *failed = true;
        return NULL;
    }
    why = ln_replica_may(x->r, author, c, audience, lookup ? &rec : NULL);
    if (why != NULL && strcmp(why, "grid") == 0)
        why = judge_late(x, author, c, audience);
    ln_merge_free(&rec.merged);
    return why;
}

/* ---- our own segments fetched back: lines that an older copy of the database still has as
 * unsealed stand in a segment already, and are not sealed twice */

static bool begin_claim(struct ln_apply *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    uint64_t count = 0;
    uint64_t bytes = 0;

    if (!x->log->mine && !ln_authority_continues(x->r->authority, x->r->c.id, x->author->node))
        return true;
    if (!s->ops->unsealed_sum(s->ctx, &count, &bytes, err))
        return false;
    x->claim = count > 0;
    return true;
}

static void note_mine(struct ln_apply *x, const struct ln_batch_line *line)
{
    x->own = ln_grow(x->own, x->n_own, &x->cap_own, sizeof *x->own);
    x->own[x->n_own++] =
        (struct ln_batch_fate){ .id = line->c.id, .eff = line->eff, .why = line->why };
}

struct claiming {
    struct ln_apply *x;
    struct ln_store_change *rows;
    size_t n;
};

static bool take_claim(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct claiming *m = ctx;
    struct ln_change line;
    struct ln_err bad = { 0 };

    (void)err;
    if (c->seq != 0)
        return true;
    struct ln_store_change *row = &m->rows[m->n++];
    *row = ln_store_change_bare(c);
    row->log = m->x->log->n;
    row->seq = m->x->seq;
    bool keep = c->state == LN_STORE_UNKNOWN ||
                (ln_change_read(&line, c->line.p, c->line.len, &bad) && line.op == LN_OP_STEP);
    if (keep)
        row->line = (struct ln_span){ ln_strndup(c->line.p, c->line.len), c->line.len };
    return true;
}

static bool claim(struct ln_apply *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct claiming m = { .x = x };
    struct ln_id *ids;
    bool ok = true;

    if (x->n_own == 0)
        return true;
    ids = ln_alloc_array(x->n_own, sizeof *ids);
    m.rows = ln_alloc_array(x->n_own, sizeof *m.rows);
    for (size_t i = 0; i < x->n_own; i++)
        ids[i] = x->own[i].id;
    ok = s->ops->changes_get(s->ctx, ids, x->n_own, take_claim, &m, err) &&
         s->ops->changes_set(s->ctx, m.rows, m.n, err);
    /* What the receipt says of them holds now too. */
    if (ok && m.n > 0)
        ok = ln_batch_change(x->r->batch, x->own, x->n_own, err);
    for (size_t i = 0; i < m.n; i++)
        ln_free((void *)(uintptr_t)m.rows[i].line.p);
    ln_free(m.rows);
    ln_free(ids);
    x->n_own = 0;
    return ok;
}

/* Lines that the author of this segment took over from another one: it must be entitled to, they
 * are judged by what their first author was allowed, and count as his. */
static const char *read_quote(struct ln_apply *x, struct ln_batch_line *line,
                              const struct ln_batch_quote *quote, const struct ln_cert **author,
                              struct ln_err *err, bool *failed)
{
    struct ln_store_log from = { 0 };
    char node[LN_NODE_ID_MAX];

    ln_replica_author(node, quote->log);
    if (line->protocol || quote->seq == 0 ||
        !ln_authority_may_quote(x->r->authority, x->author->node, node))
        return "quote";
    *author = ln_authority_find(x->r->authority, node);
    line->region = (*author)->region;
    *failed = !ln_replica_log(&from, x->r, quote->log, err);
    line->from_log = from.n;
    line->from_seq = quote->seq;
    return NULL;
}

/* ---- what everyone reads is changed only by the region that published it, in whatever order the
 * lines come: those of others that came before the record itself count for nothing from then on */

struct foreign {
    struct ln_apply *x;
    const char *region;
    struct ln_store_change *rows;
    size_t n, cap;
};
struct early {
    struct ln_apply *x;
    const char *region;
    bool add;
};

static bool take_early(void *ctx, const struct ln_store_record *rec, struct ln_err *err)
{
    const struct early *e = ctx;
    struct ln_apply *x = e->x;

    (void)err;
    if (!e->add && rec->region[0] != '\0')
        return true;
    x->early = ln_grow(x->early, x->n_early, &x->cap_early, sizeof *x->early);
    x->early[x->n_early].rec = rec->n;
    memcpy(x->early[x->n_early++].region, e->region, LN_REGION_LEN + 1);
    return true;
}

/* A record that others' lines named before its own came: its add, or above, where that does not
 * come, its first set. Asked before its own is written. */
static bool note_early(struct ln_apply *x, const struct ln_batch_line *l, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct early e = { x, l->region, l->c.op == LN_OP_ADD };

    return l->why != NULL || l->protocol || (l->c.op != LN_OP_ADD && l->c.op != LN_OP_SET) ||
           strcmp(l->audience, "public") != 0 ||
           s->ops->records_get(s->ctx, &l->c.record, 1, take_early, &e, err);
}

/* Steps and what this program does not know keep their line: they change no record. */
static bool take_foreign(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct foreign *f = ctx;

    (void)err;
    if (c->state != LN_STORE_GOOD || c->seq == 0 || c->line.len > 0)
        return true;
    f->rows = ln_grow(f->rows, f->n, &f->cap, sizeof *f->rows);
    f->rows[f->n++] = *c;
    return true;
}

static bool is_foreign(bool *yes, const struct foreign *f, const struct ln_store_change *c,
                       struct ln_err *err)
{
    struct ln_store *s = f->x->r->c.store;
    struct ln_store_log l;
    char node[LN_NODE_ID_MAX];

    *yes = false;
    if (!s->ops->log_by(s->ctx, &l, c->from_log != 0 ? c->from_log : c->log, err))
        return false;
    ln_replica_author(node, l.id);
    const struct ln_cert *cert = ln_authority_find(f->x->r->authority, node);
    *yes = cert != NULL && strcmp(cert->region, f->region) != 0;
    return true;
}

static bool void_foreign(struct ln_apply *x, int64_t rec, const char *region, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct foreign f = { .x = x, .region = region };
    bool ok = s->ops->changes_of(s->ctx, &rec, 1, take_foreign, &f, err);
    struct ln_batch_fate *fates = ln_alloc_array(f.n + 1, sizeof *fates);
    size_t n = 0;

    for (size_t i = 0; ok && i < f.n; i++) {
        bool yes = false;
        ok = is_foreign(&yes, &f, &f.rows[i], err);
        if (yes)
            fates[n++] = (struct ln_batch_fate){ .id = f.rows[i].id, .why = "region" };
    }
    ok = ok && (n == 0 || ln_batch_change(x->r->batch, fates, n, err));
    ln_free(fates);
    ln_free(f.rows);
    return ok;
}

static bool void_early(struct ln_apply *x, struct ln_err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < x->n_early; i++)
        ok = void_foreign(x, x->early[i].rec, x->early[i].region, err);
    x->n_early = 0;
    return ok;
}

static bool is_pruned(const struct ln_apply *x, const char *audience, bool *failed,
                      struct ln_err *err)
{
    struct ln_pruned p;

    *failed = !ln_replica_pruned(&p, x->r->c.store, x->log->id, audience, err);
    return !*failed && x->seq <= p.upto;
}

/* A line of the protocol does what it says. Parts of a checkpoint stand in sealed audiences, and
 * come into force by its public line; those that come after it (a key that was late) by themselves.
 */
static bool heed(struct ln_apply *x, const struct ln_change *c, const char *audience, int64_t eff,
                 const char **no, struct ln_err *err)
{
    struct ln_checkpoint noted;
    struct ln_span value;
    struct ln_span log;
    char name[LN_LOG_MAX];

    if (!ln_span_is(c->collection, "checkpoint"))
        return ln_replica_heed(x->r, x->author->node, c, eff, no, err);
    if (strcmp(audience, "public") == 0)
        return ln_replica_heed_checkpoint(x->r, x->log->id, c, no, err);
    if (c->fields.len == 0 || !ln_canon_get(c->fields, "log", &value) ||
        !ln_canon_plain(value, &log) || log.len >= sizeof name)
        return true;
    memcpy(name, log.p, log.len);
    name[log.len] = '\0';
    bool ok = ln_replica_checkpoint_noted(&noted, x->r->c.store, name, err);
    if (ok && noted.upto > 0 && strcmp(noted.by, x->log->id) == 0 && x->seq >= noted.from &&
        x->seq <= noted.to)
        ok = ln_replica_checkpoint_take(x->r, name, err);
    ln_checkpoint_free(&noted);
    return ok;
}

static bool apply_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *text, size_t len, struct ln_err *err)
{
    struct ln_apply *x = ctx;
    struct ln_batch_line line = {
        .audience = audience, .log = x->log->n, .seq = x->seq, .region = x->author->region
    };
    const struct ln_cert *author = x->author;
    struct ln_err why = { 0 };
    bool failed = false;

    if (!x->keep && x->seq <= x->pruned && is_pruned(x, audience, &failed, err))
        return true; /* what counts of that place stands in a checkpoint */
    if (failed)
        return false;
    if (!ln_change_read(&line.c, text, len, &why)) {
        x->refused++; /* no line at all: nothing that could be named */
        return true;
    }
    line.eff = ln_clock_claimed(&line.c.id);
    if (x->receipt.seq > 0 && x->receipt.t < line.eff)
        line.eff = x->receipt.t;
    line.protocol = ln_replica_protocol(line.c.collection);
    line.keep = x->keep;
    if (quote != NULL)
        line.why = read_quote(x, &line, quote, &author, err, &failed);
    if (!failed && line.why == NULL)
        line.why = judge(x, &line.c, audience, author, err, &failed);
    if (failed)
        return false;
    /* Kept only now: judging may flush the batch, and a flush forgets what was kept. */
    if (!ln_change_read(&line.c, ln_batch_keep(x->r->batch, text, len), len, err))
        return false;
    if (x->gone.len > 0)
        line.c.gone =
            (struct ln_span){ ln_batch_keep(x->r->batch, x->gone.p, x->gone.len), x->gone.len };
    if (line.why != NULL)
        note_refused(x, &line.c.id, line.why);
    else if (x->receipt.seq > 0)
        ln_clock_seen(&x->r->clock, line.eff);
    x->changes++;
    if (x->claim)
        note_mine(x, &line);
    if (!note_early(x, &line, err))
        return false;
    ln_batch_add(x->r->batch, &line);
    if (line.protocol && line.why == NULL) {
        /* The batch forgets its texts when flushed: heed works on a copy. */
        char *copy = ln_strndup(text, len);
        struct ln_change c;
        const char *no = NULL;
        bool ok = flush(x, err) && ln_change_read(&c, copy, len, err) &&
                  heed(x, &c, audience, line.eff, &no, err);
        if (ok && no != NULL) { /* said in the receipt, so it is void wherever that is read */
            struct ln_batch_fate fate = { .id = c.id, .why = no };
            note_refused(x, &c.id, no);
            ok = ln_batch_change(x->r->batch, &fate, 1, err);
        }
        ln_free(copy);
        return ok;
    }
    return ln_batch_count(x->r->batch) < FLUSH_LINES || flush(x, err);
}

/* A laptop may hold files whose epoch is only wrapped for it further on: noted, and read again
 * then. */
static bool note_unread(struct ln_apply *x, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    const struct ln_cert *self = ln_replica_self(x->r);
    bool ok = true;

    if (self == NULL || self->role != LN_ROLE_LAPTOP)
        return true;
    for (size_t i = 0; ok && i < seg->n_files; i++) {
        struct ln_buf list = ln_buf_new(UNREAD_MAX);
        struct ln_epoch e = { 0 };
        char key[48];
        bool found = false;
        (void)snprintf(key, sizeof key, "unread/%s", seg->files[i].name);
        ok = s->ops->epoch_find(s->ctx, &e, seg->files[i].name, err);
        if (ok && e.label[0] == '\0' && seg->files[i].bytes.p != NULL &&
            strcmp(seg->files[i].name, "public.jsonl") != 0) {
            ok = s->ops->meta_get(s->ctx, key, &list, &found, err);
            ln_buf_addf(&list, "%s %" PRIu64 "\n", x->log->id, seg->seq);
            ok =
                ok && (list.over ||
                       s->ops->meta_put(s->ctx, key, (struct ln_span){ list.data, list.len }, err));
        }
        memset(&e, 0, sizeof e);
        ln_buf_free(&list);
    }
    return ok;
}

/* ---- a shelf of segments taken from the store: what is done with them writes, which a walk
 * through the store may not */

struct shelf {
    struct ln_store_segment list[SHELF];
    size_t n, bytes;
    uint64_t until;
};

static struct ln_span copy_span(struct ln_span s)
{
    struct ln_span out = { NULL, s.len };

    if (s.p != NULL) {
        char *p = ln_alloc(s.len + 1);
        if (s.len > 0)
            memcpy(p, s.p, s.len);
        out.p = p;
    }
    return out;
}

static bool shelve(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct shelf *h = ctx;

    err->code = LN_OK;
    if (seg->seq > h->until || h->n == SHELF || h->bytes > SHELF_BYTES)
        return false;
    struct ln_store_segment *to = &h->list[h->n++];
    *to = *seg;
    to->commit = copy_span(seg->commit);
    to->tree = (struct ln_span){ NULL, 0 };
    for (size_t i = 0; i < to->n_files; i++) {
        to->files[i].bytes = copy_span(seg->files[i].bytes);
        h->bytes += seg->files[i].bytes.len;
    }
    return true;
}

static void clear(struct shelf *h)
{
    for (size_t i = 0; i < h->n; i++)
        ln_free((void *)(uintptr_t)h->list[i].commit.p);
    for (size_t i = 0; i < h->n; i++)
        for (size_t k = 0; k < h->list[i].n_files; k++)
            ln_free((void *)(uintptr_t)h->list[i].files[k].bytes.p);
    h->n = 0;
    h->bytes = 0;
}

bool ln_replica_held(struct ln_store *s, int64_t log, uint64_t from, uint64_t until,
                     ln_replica_held_fn *fn, void *ctx, struct ln_err *err)
{
    struct shelf *h = ln_realloc(NULL, sizeof *h); /* large, and mostly empty */
    bool ok = true;

    h->n = 0;
    h->bytes = 0;
    h->until = until;
    while (ok && from <= until) {
        err->code = LN_OK;
        ok = s->ops->segment_each(s->ctx, log, from, true, shelve, h, err) || err->code == LN_OK;
        if (h->n == 0)
            break;
        for (size_t i = 0; ok && i < h->n; i++)
            ok = fn(ctx, &h->list[i], err) || ln_wrap(err, "segment %" PRIu64, h->list[i].seq);
        from = h->list[h->n - 1].seq + 1;
        clear(h);
    }
    clear(h);
    ln_free(h);
    return ok;
}

/* The receipt in force for a segment: the first that covers it. */
static bool find_receipt(struct ln_apply *x, struct ln_buf *evidence, uint64_t seq,
                         struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_receipt first = { 0 };
    struct ln_receipt r;
    struct ln_err why = { 0 };

    x->receipt = x->given;
    if (!s->ops->receipt_first(s->ctx, x->log->n, seq, &first, evidence, err))
        return false;
    if (x->given.seq > 0 && (first.seq == 0 || first.seq >= x->given.seq))
        return true; /* else a former parent's was earlier */
    x->receipt = (struct ln_receipt){ 0 };
    x->receipt.seq = first.seq;
    x->receipt.t = first.t;
    /* A kept response is somebody's evidence in another form; a bare f object tells what it
     * refused. */
    if (first.seq > 0 && evidence->len > 0 && evidence->data[0] == '{' &&
        ln_canon_check(evidence->data, evidence->len, &why) &&
        ln_replica_receipt_read(&r, (struct ln_span){ evidence->data, evidence->len }, &why))
        x->receipt.no = r.no;
    return true;
}

static bool apply_held(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct ln_apply *x = ctx;
    struct ln_buf evidence = ln_buf_new(LN_EVIDENCE_MAX);
    bool ok;

    struct ln_apply *before = x->r->at;
    x->seq = seg->seq;
    x->r->at = x;
    ok = find_receipt(x, &evidence, seg->seq, err) && note_unread(x, seg, err) &&
         ln_batch_lines(x->r->c.store, x->log->id, seg, apply_line, x, &x->unreadable, err) &&
         flush(x, err) && void_early(x, err);
    ok = ok && claim(x, err);
    x->r->at = before;
    if (ok && seg->seq > x->log->applied)
        x->log->applied = seg->seq;
    ln_buf_free(&evidence);
    return ok;
}

bool ln_replica_apply_one(struct ln_apply *x, const struct ln_carried *c, const char *audience,
                          struct ln_err *err)
{
    if (x->seq != c->seq) {
        ln_buf_free(&x->evidence);
        x->evidence = ln_buf_new(LN_EVIDENCE_MAX);
        x->seq = c->seq;
        if (!find_receipt(x, &x->evidence, c->seq, err))
            return false;
    }
    x->gone = c->gone;
    return apply_line(x, audience, c->quote, c->line.p, c->line.len, err);
}

void ln_replica_apply_one_free(struct ln_apply *x)
{
    ln_buf_free(&x->evidence);
    ln_free(x->own);
    ln_free(x->early);
}

/* A checkpoint that came before the log it is of, which now came without its old files. */
static bool take_checkpoint(struct ln_apply *x, uint64_t from, struct ln_err *err)
{
    struct ln_checkpoint noted;
    bool ok = ln_replica_checkpoint_noted(&noted, x->r->c.store, x->log->id, err);
    bool due = ok && noted.upto > 0 && from <= noted.upto;

    ln_checkpoint_free(&noted);
    return ok && (!due || ln_replica_checkpoint_take(x->r, x->log->id, err));
}

bool ln_replica_apply(struct ln_apply *x, uint64_t from, struct ln_err *err)
{
    char node[LN_NODE_ID_MAX];

    ln_replica_author(node, x->log->id);
    x->author = ln_authority_find(x->r->authority, node);
    if (x->author == NULL || from > x->until)
        return true; /* its certificate has not come: later */
    bool ok = ln_replica_pruned_any(&x->pruned, x->r->c.store, x->log->id, err) &&
              begin_claim(x, err) &&
              ln_replica_held(x->r->c.store, x->log->n, from, x->until, apply_held, x, err) &&
              take_checkpoint(x, from, err);
    ln_free(x->own);
    ln_free(x->early);
    x->own = NULL;
    x->early = NULL;
    return ok || ln_wrap(err, "%s", x->log->id);
}

static bool is_ancestor(const struct ln_replica *r, const char *node)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(r->authority, r->c.id, path, sizeof path / sizeof path[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(path[i]->node, node) == 0)
            return true;
    return false;
}

uint64_t ln_replica_ready(const struct ln_replica *r, const struct ln_store_log *log)
{
    char node[LN_NODE_ID_MAX];

    ln_replica_author(node, log->id);
    if (strcmp(node, r->c.id) == 0 || is_ancestor(r, node))
        return log->head;
    return log->receipt < log->head ? log->receipt : log->head;
}

bool ln_replica_apply_ready(struct ln_replica *r, const char *log, struct ln_apply *sum,
                            struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log l = { 0 };

    if (!s->ops->log_get(s->ctx, &l, log, err))
        return false;
    struct ln_apply x = { .r = r, .log = &l, .until = l.n > 0 ? ln_replica_ready(r, &l) : 0 };
    if (l.n == 0 || x.until <= l.applied)
        return true;
    if (!ln_replica_apply(&x, l.applied + 1, err))
        return false;
    if (sum != NULL) {
        sum->changes += x.changes;
        sum->refused += x.refused;
        sum->unreadable += x.unreadable;
    }
    /* What was applied may have brought a receipt for this very log. */
    struct ln_store_log now = { 0 };
    if (!s->ops->log_get(s->ctx, &now, log, err))
        return false;
    now.applied = l.applied;
    return s->ops->log_put(s->ctx, &now, err);
}

/* ---- second thoughts about lines that stand in records already */

struct rethink {
    struct ln_replica *r;
    const struct ln_receipt *receipt; /* NULL: a revocation */
    const char *log;
    int64_t n_log;
    uint64_t seq, pruned; /* the segment at hand; up to where lines count by checkpoints */
    bool rows;
    struct ln_batch_fate *list;
    size_t n, cap;
};

static bool rethink_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                         const char *text, size_t len, struct ln_err *err)
{
    struct rethink *x = ctx;
    struct ln_batch_fate f = { 0 };
    struct ln_change c;
    struct ln_err why = { 0 };

    (void)quote;
    if (x->seq <= x->pruned && !x->rows) { /* these are looked at by their rows */
        struct ln_pruned p;
        if (!ln_replica_pruned(&p, x->r->c.store, x->log, audience, err))
            return false;
        if (x->seq <= p.upto)
            return true;
    }
    if (!ln_change_read(&c, text, len, &why))
        return true;
    f.id = c.id;
    f.log = x->n_log;
    if (x->receipt == NULL)
        f.why = "revoked";
    else {
        if (ln_clock_claimed(&c.id) > x->receipt->t)
            f.eff = x->receipt->t;
        if (in_no(x->receipt->no, &c.id))
            f.why = "parent";
    }
    if (f.why == NULL && f.eff == 0)
        return true;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = f;
    return true;
}

static bool rethink_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct rethink *x = ctx;
    bool late = x->receipt == NULL || seg->hlc == 0 || seg->hlc > x->receipt->t;
    size_t at = 0;
    struct ln_span one;

    x->seq = seg->seq;
    if (!late && (x->receipt->no.len == 0 || !ln_canon_next(x->receipt->no, &at, NULL, &one)))
        return true; /* every line claims an earlier time and none is refused */
    return ln_batch_lines(x->r->c.store, x->log, seg, rethink_line, x, NULL, err);
}

/* What counts by a checkpoint has its line beside it. */
static bool rethink_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct rethink *x = ctx;
    struct ln_store_audience a = { 0 };
    struct ln_pruned p;

    if (c->line.len == 0)
        return true;
    if (!x->r->c.store->ops->audience_by(x->r->c.store->ctx, &a, c->audience, err) ||
        !ln_replica_pruned(&p, x->r->c.store, x->log, a.name, err))
        return false;
    return c->seq > p.upto || rethink_line(x, a.name, NULL, c->line.p, c->line.len, err);
}

static bool rethink_rows(struct rethink *x, uint64_t from, uint64_t until, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;

    if (from > x->pruned)
        return true;
    x->rows = true;
    return s->ops->changes_in(s->ctx, x->n_log, from, until < x->pruned ? until : x->pruned,
                              rethink_row, x, err);
}

static bool rethink(struct ln_replica *r, const struct ln_store_log *log,
                    const struct ln_receipt *receipt, uint64_t from, uint64_t until,
                    struct ln_err *err)
{
    struct rethink x = { .r = r, .receipt = receipt, .log = log->id, .n_log = log->n };
    if (until > log->applied)
        until = log->applied;
    bool ok = ln_replica_pruned_any(&x.pruned, r->c.store, log->id, err) &&
              ln_replica_held(r->c.store, log->n, from, until, rethink_segment, &x, err) &&
              rethink_rows(&x, from, until, err);

    ok = ok && (x.n == 0 || ln_batch_change(r->batch, x.list, x.n, err));
    ln_free(x.list);
    return ok;
}

/* ---- lines of the protocol */

bool ln_replica_settle(struct ln_replica *r, const struct ln_receipt *receipt,
                       struct ln_span evidence, const char **why, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log log = { 0 };
    struct ln_store_receipt row = { .seq = receipt->seq, .t = receipt->t, .evidence = evidence };

    if (!ln_replica_log(&log, r, receipt->log, err))
        return false;
    /* What a parent signed of a log that this one only continues says nothing of its own head. */
    bool mine = log.mine && strcmp(receipt->log, r->c.id) == 0;
    if (receipt->seq == log.head && !ln_encode_sha256_same(&receipt->sha, &log.head_sha)) {
        *why = "fork"; /* signed for another segment than the one held */
        if (mine)
            ln_replica_doubt(r, "fork");
        return true;
    }
    uint64_t before = log.receipt;
    struct ln_store_receipt held = { 0 };
    if (mine && receipt->seq > log.head)
        ln_replica_doubt(r, "receipt");
    if (!s->ops->receipt_first(s->ctx, log.n, receipt->seq, &held, NULL, err) ||
        !s->ops->receipt_put(s->ctx, log.n, &row, err))
        return false;
    if (receipt->seq <= before)
        /* One whose first copy was lost on its way: it may cover lines earlier than the one that
         * came after it. So may one for the same segment with another time: of what a parent signed
         * twice, as after its restore or to deceive, both count, in whatever order they come. */
        return (held.seq == receipt->seq && held.t == receipt->t) ||
               rethink(r, &log, receipt, 1, receipt->seq, err);
    log.receipt = receipt->seq;
    return s->ops->log_put(s->ctx, &log, err) &&
           rethink(r, &log, receipt, before + 1, receipt->seq, err) &&
           ln_replica_apply_ready(r, receipt->log, NULL, err);
}

static bool heed_receipt(struct ln_replica *r, const struct ln_change *c, const char **why,
                         struct ln_err *err)
{
    struct ln_receipt receipt;
    struct ln_err bad = { 0 };

    if (!ln_replica_receipt_read(&receipt, c->fields, &bad)) {
        *why = "receipt";
        return true;
    }
    return ln_replica_settle(r, &receipt, c->fields, why, err);
}

/* Segments that were held before their epoch was. */
static bool reread(struct ln_replica *r, const struct ln_epoch *e, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf list = ln_buf_new(UNREAD_MAX);
    char key[48];
    bool found = false;
    bool ok;

    (void)snprintf(key, sizeof key, "unread/%s", e->file_name);
    ok = s->ops->meta_get(s->ctx, key, &list, &found, err);
    if (ok && found)
        ok = s->ops->meta_put(s->ctx, key, (struct ln_span){ NULL, 0 }, err);
    for (char *at = list.data, *end; ok && at < list.data + list.len; at = end + 1) {
        struct ln_store_log l = { 0 };
        end = memchr(at, '\n', list.len - (size_t)(at - list.data));
        char *blank = end != NULL ? memchr(at, ' ', (size_t)(end - at)) : NULL;
        if (blank == NULL)
            break;
        *blank = '\0';
        *end = '\0';
        ok = s->ops->log_get(s->ctx, &l, at, err);
        uint64_t seq = strtoull(blank + 1, NULL, 10);
        struct ln_apply x = { .r = r, .log = &l, .until = seq };
        if (ok && l.n > 0)
            ok = ln_replica_apply(&x, seq, err);
    }
    ln_buf_free(&list);
    return ok;
}

/* An epoch of this box's own region, as its predecessor made it: the paper key opens it. */
static bool paper_epoch(const struct ln_replica *r, struct ln_span f)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_audience a;
    struct ln_span value;
    struct ln_span name;

    return self != NULL && f.len > 0 && ln_canon_get(f, "audience", &value) &&
           ln_canon_plain(value, &name) && ln_audience_read(&a, name) &&
           strcmp(a.owner, self->region) == 0;
}

struct first {
    struct ln_store *s;
    const struct ln_store_log *log;
    const char *audience;
    bool asked, there;
};

static bool see_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    (void)c;
    (void)err;
    ((struct first *)ctx)->there = true;
    return true;
}

static bool see_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                     const char *line, size_t len, struct ln_err *err)
{
    struct first *x = ctx;
    struct ln_change c;
    struct ln_err bad = { 0 };

    (void)quote;
    if (x->asked || strcmp(audience, x->audience) != 0 || !ln_change_read(&c, line, len, &bad))
        return true;
    x->asked = true;
    return x->s->ops->changes_get(x->s->ctx, &c.id, 1, see_row, x, err);
}

static bool see_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct first *x = ctx;

    return ln_batch_lines(x->s, x->log->id, seg, see_line, x, NULL, err);
}

/* Its author's segments that were held before the epoch was for us: we have only just become the
 * parent of that box. An epoch that is here already was either read with then, or put into a
 * transaction that failed (keys are durable before the rest): the first line under it tells. */
static bool reread_author(struct ln_replica *r, const char *author, const struct ln_epoch *e,
                          bool held, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log l = { 0 };
    struct first first = { .s = s, .log = &l, .audience = e->audience };
    size_t n = 0;

    if (strcmp(author, r->c.id) == 0)
        return true;
    if (!s->ops->log_get(s->ctx, &l, author, err))
        return false;
    /* The very log that is being applied: as far as it has got, under the same receipt. */
    bool same = r->at != NULL && r->at->log->n == l.n;
    uint64_t until = same ? r->at->seq - 1 : l.applied;
    size_t max = until < REREAD_MAX ? (size_t)until : REREAD_MAX;
    uint64_t *seqs = ln_alloc_array(max + 1, sizeof *seqs);
    bool ok = l.n == 0 || s->ops->segments_with(s->ctx, l.n, e->file_name, seqs, max, &n, err);
    if (ok && held && n > 0 && seqs[0] <= until)
        ok = ln_replica_held(s, l.n, seqs[0], seqs[0], see_segment, &first, err);
    if (held && !(first.asked && !first.there))
        n = 0;
    for (size_t i = 0; ok && i < n && seqs[i] <= until; i++) {
        struct ln_store_log log = l;
        struct ln_apply x = { .r = r, .log = &log, .until = seqs[i] };
        if (same)
            x.given = r->at->given;
        ok = ln_replica_apply(&x, seqs[i], err);
    }
    ln_free(seqs);
    return ok;
}

/* A laptop takes no key of a grid that was taken from it, though the wraps stay in the log. */
static bool left_grid(const struct ln_replica *r, const char *audience)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_audience a;

    return self != NULL && self->role == LN_ROLE_LAPTOP &&
           ln_audience_read(&a, ln_span_of(audience)) && a.kind == LN_AUD_GRID &&
           !ln_audience_member(&a, self);
}

/* With the reading key it was wrapped for: the present one, one to come, one before. */
static bool read_epoch(struct ln_epoch *e, bool *mine, const struct ln_replica *r, struct ln_span f)
{
    const struct ln_ident *ident;
    struct ln_err bad = { 0 };

    for (size_t i = 0; (ident = ln_replica_ident(r, i)) != NULL; i++)
        if (ln_audience_epoch_read(e, mine, f, r->c.id, ident, &bad))
            return true;
    return false;
}

static bool heed_epoch(struct ln_replica *r, const char *author, const struct ln_change *c,
                       const char **why, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_epoch e = { 0 };
    struct ln_epoch held = { 0 };
    struct ln_err bad = { 0 };
    bool mine = false;
    bool ok = true;

    if (r->has_paper && paper_epoch(r, c->fields)) {
        if (!ln_audience_epoch_read(&e, &mine, c->fields, "recovery", &r->paper, &bad))
            return ln_fail(err, LN_DENIED,
                           "this recovery key does not open the epochs of the log: "
                           "恢复密钥不符，请核对");
    } else if (!read_epoch(&e, &mine, r, c->fields)) {
        *why = "epoch";
        return true;
    }
    if (mine && !left_grid(r, e.audience)) {
        ok = s->ops->epoch_find(s->ctx, &held, e.file_name, err);
        bool here = held.label[0] != '\0';
        ok = ok && (here || s->ops->epoch_put(s->ctx, &e, ln_clock_claimed(&c->id), err)) &&
             reread(r, &e, err) && reread_author(r, author, &e, here, err);
    }
    memset(&held, 0, sizeof held);
    memset(&e, 0, sizeof e);
    return ok;
}

static bool heed_cert(struct ln_replica *r, const char *author, const struct ln_change *c,
                      const char **why, struct ln_err *err)
{
    struct ln_err bad = { 0 };
    bool taken = false;

    if (ln_replica_take_cert(r, author, c->fields, &taken, &bad))
        return true;
    if (taken) {
        *err = bad;
        return false;
    }
    *why = "cert";
    return true;
}

struct closing {
    const struct ln_authority *a;
    const char *node;
    struct ln_store_log *list;
    size_t n;
};

/* A log of the node that was applied behind its end. */
static bool take_closed(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct closing *x = ctx;
    char author[LN_NODE_ID_MAX];
    uint64_t from = ln_authority_void_in(x->a, l->id);

    (void)err;
    ln_replica_author(author, l->id);
    if (strcmp(author, x->node) != 0 || from == 0 || from > l->applied)
        return true;
    x->list = ln_realloc(x->list, (x->n + 1) * sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

static bool heed_revoke(struct ln_replica *r, const char *author, const struct ln_change *c,
                        const char **why, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_span value;
    struct ln_span text;
    struct ln_err bad = { 0 };
    char node[LN_NODE_ID_MAX] = "";
    struct closing x = { .a = r->authority, .node = node };

    if (!ln_authority_revoke(r->authority, author, c->fields, &bad)) {
        *why = "revoke";
        return true;
    }
    r->touched = true;
    r->version++;
    if (!ln_canon_get(c->fields, "node", &value) || !ln_canon_plain(value, &text) ||
        text.len >= sizeof node)
        return true;
    memcpy(node, text.p, text.len);
    bool ok = s->ops->cert_put(s->ctx, author, true, c->fields, err) &&
              s->ops->log_each(s->ctx, take_closed, &x, err);
    for (size_t i = 0; ok && i < x.n; i++)
        ok = rethink(r, &x.list[i], NULL, ln_authority_void_in(r->authority, x.list[i].id),
                     x.list[i].applied, err);
    ln_free(x.list);
    return ok;
}

bool ln_replica_heed(struct ln_replica *r, const char *author, const struct ln_change *c,
                     int64_t eff, const char **why, struct ln_err *err)
{
    if (ln_span_is(c->collection, "cert"))
        return heed_cert(r, author, c, why, err);
    if (ln_span_is(c->collection, "revoke"))
        return heed_revoke(r, author, c, why, err);
    if (ln_span_is(c->collection, "epoch"))
        return heed_epoch(r, author, c, why, err);
    if (ln_span_is(c->collection, "receipt"))
        return heed_receipt(r, c, why, err);
    return ln_replica_heed_erase(r, author, c, eff, why, err);
}
