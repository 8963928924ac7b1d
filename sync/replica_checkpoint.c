/* Checkpoints: what still counts of a log's old segments is carried over, line by line, into new
 * ones, so that the old contents can go: README "Checkpoint". */
#include "sync/replica_checkpoint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

#define NOTE "checkpoint/" /* <log> -> "<log it stands in> <id> <f of the public line>" */
#define PART "pruned/"     /* <audience> <log> -> a part, as put_part writes it */
#define ANY "pruned/="     /* <log> -> the greatest upto of its parts */
#define NOTE_MAX (LN_CHANGE_MAX + 128)
#define LINES_BYTES 45000 /* of lines carried over in one line */
#define LINE_BYTES 40000  /* a longer one, */
#define LINE_DEPTH 11     /* or one nested more deeply, is carried in pieces */
#define PIECE_BYTES 20000
#define GONE_MAX (16 * LN_CHANGE_MAX) /* units of one line: its names and map keys, escaped */
#define STUCK_MS (INT64_C(30) * 86400000)
#define APART "@base" /* among `gone`: see find_apart */
#define SEAL_EVERY 32 /* lines of up to 64 KiB that wait in memory to be sealed */

int64_t ln_replica_commit_time(struct ln_span commit)
{
    char line[256];
    const char *at = commit.p != NULL ? strstr(commit.p, "\ncommitter ") : NULL;

    if (at == NULL)
        return 0;
    (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    char *zone = strrchr(line, ' ');
    if (zone == NULL)
        return 0;
    *zone = '\0';
    const char *time = strrchr(line, ' ');
    return time != NULL ? strtoll(time + 1, NULL, 10) : 0;
}

/* ---- members of an object */

static bool word_of(char *out, size_t cap, struct ln_span item)
{
    struct ln_span word;

    if (ln_canon_type(item) != LN_CANON_STRING || !ln_canon_plain(item, &word) || word.len >= cap)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

static bool word_in(char *out, size_t cap, struct ln_span f, const char *name)
{
    struct ln_span item;

    return f.len > 0 && ln_canon_get(f, name, &item) && word_of(out, cap, item);
}

static bool count_of(uint64_t *out, struct ln_span item)
{
    if (ln_canon_type(item) != LN_CANON_INT || ln_canon_int(item) < 0)
        return false;
    *out = (uint64_t)ln_canon_int(item);
    return true;
}

static bool count_in(uint64_t *out, struct ln_span f, const char *name)
{
    struct ln_span item;

    return f.len > 0 && ln_canon_get(f, name, &item) && count_of(out, item);
}

/* ---- what is noted */

static bool get_text(struct ln_buf *out, bool *found, struct ln_store *s, const char *key,
                     struct ln_err *err)
{
    *found = false;
    return s->ops->meta_get(s->ctx, key, out, found, err);
}

bool ln_replica_pruned_any(uint64_t *upto, struct ln_store *s, const char *log, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(32);
    char key[sizeof ANY + LN_LOG_MAX];
    bool found;

    (void)snprintf(key, sizeof key, ANY "%s", log);
    bool ok = get_text(&text, &found, s, key, err);
    *upto = ok && found ? strtoull(text.data, NULL, 10) : 0;
    ln_buf_free(&text);
    return ok;
}

static void part_key(char out[160], const char *audience, const char *log)
{
    (void)snprintf(out, 160, PART "%s %s", audience, log);
}

static bool read_noted(struct ln_pruned *out, struct ln_span f)
{
    char hex[33];

    return word_in(out->at, sizeof out->at, f, "at") && count_in(&out->from, f, "from") &&
           count_in(&out->kept, f, "kept") && count_in(&out->dropped, f, "left") &&
           word_in(out->log, sizeof out->log, f, "log") && word_in(hex, sizeof hex, f, "sum") &&
           ln_encode_unhex(out->sum.b, sizeof out->sum.b, ln_span_of(hex)) &&
           count_in(&out->to, f, "to") && count_in(&out->upto, f, "upto");
}

bool ln_replica_pruned(struct ln_pruned *out, struct ln_store *s, const char *log,
                       const char *audience, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(512);
    char key[160];
    bool found;

    *out = (struct ln_pruned){ .upto = 0 };
    part_key(key, audience, log);
    bool ok = get_text(&text, &found, s, key, err);
    if (ok && found && !read_noted(out, (struct ln_span){ text.data, text.len }))
        ok = ln_fail(err, LN_BROKEN, "the note of what was dropped of %s is damaged", log);
    (void)snprintf(out->audience, sizeof out->audience, "%s", audience);
    ln_buf_free(&text);
    return ok;
}

static bool put_part(struct ln_store *s, const char *log, const struct ln_pruned *p,
                     struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(512);
    char key[160];
    char any[32];
    uint64_t before = 0;
    bool ok;

    ln_buf_addf(&text,
                "{\"at\":\"%s\",\"from\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"left\":%" PRIu64
                ",\"log\":\"%s\",\"sum\":\"",
                p->at, p->from, p->kept, p->dropped, p->log);
    ln_encode_hex(&text, p->sum.b, sizeof p->sum.b);
    ln_buf_addf(&text, "\",\"to\":%" PRIu64 ",\"upto\":%" PRIu64 "}", p->to, p->upto);
    part_key(key, p->audience, log);
    ok = ln_buf_done(&text, "note", err) &&
         s->ops->meta_put(s->ctx, key, (struct ln_span){ text.data, text.len }, err) &&
         ln_replica_pruned_any(&before, s, log, err);
    if (ok && before < p->upto) {
        (void)snprintf(key, sizeof key, ANY "%s", log);
        (void)snprintf(any, sizeof any, "%" PRIu64, p->upto);
        ok = s->ops->meta_put(s->ctx, key, ln_span_of(any), err);
    }
    ln_buf_free(&text);
    return ok;
}

/* ---- the public line */

void ln_checkpoint_free(struct ln_checkpoint *c)
{
    ln_free(c->parts);
    c->parts = NULL;
    c->n = 0;
}

/* ["<audience>", "<hex>", dropped, kept] */
static bool read_part(struct ln_pruned *out, struct ln_span item)
{
    struct ln_span v[4];
    char hex[33];
    size_t at = 0;

    if (ln_canon_type(item) != LN_CANON_ARRAY)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!ln_canon_next(item, &at, NULL, &v[i]))
            return false;
    return word_of(out->audience, sizeof out->audience, v[0]) && word_of(hex, sizeof hex, v[1]) &&
           ln_encode_unhex(out->sum.b, sizeof out->sum.b, ln_span_of(hex)) &&
           count_of(&out->dropped, v[2]) && count_of(&out->kept, v[3]);
}

static bool read_public(struct ln_checkpoint *out, struct ln_span f, const char *by)
{
    struct ln_span sums;
    struct ln_span item;
    size_t at = 0;
    char id[LN_ID_TEXT + 1];

    *out = (struct ln_checkpoint){ .n = 0 };
    (void)snprintf(out->by, sizeof out->by, "%s", by);
    if (!word_in(id, sizeof id, f, "at") || !word_in(out->log, sizeof out->log, f, "log") ||
        !count_in(&out->upto, f, "upto") || !count_in(&out->from, f, "from") ||
        !count_in(&out->to, f, "to") || out->upto == 0 || out->from > out->to ||
        !ln_canon_get(f, "sums", &sums) || ln_canon_type(sums) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(sums, &at, NULL, &item)) {
        struct ln_pruned p = { .upto = out->upto, .from = out->from, .to = out->to };
        memcpy(p.log, out->by, sizeof p.log);
        memcpy(p.at, id, sizeof p.at);
        if (out->n == LN_CHECKPOINT_AUDIENCES || !read_part(&p, item))
            return false;
        out->parts = ln_realloc(out->parts, (out->n + 1) * sizeof *out->parts);
        out->parts[out->n++] = p;
    }
    return true;
}

bool ln_replica_checkpoint_noted(struct ln_checkpoint *out, struct ln_store *s, const char *log,
                                 struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(NOTE_MAX);
    char key[sizeof NOTE + LN_LOG_MAX];
    char by[LN_LOG_MAX];
    bool found;

    *out = (struct ln_checkpoint){ .n = 0 };
    (void)snprintf(key, sizeof key, NOTE "%s", log);
    bool ok = get_text(&text, &found, s, key, err);
    if (ok && found) {
        const char *id = memchr(text.data, ' ', text.len);
        const char *f = id != NULL ? strchr(id + 1, ' ') : NULL;
        size_t len = id != NULL ? (size_t)(id - text.data) : sizeof by;
        if (f == NULL || len >= sizeof by || f - id - 1 != LN_ID_TEXT)
            ok = ln_fail(err, LN_BROKEN, "the note of a checkpoint of %s is damaged", log);
        else {
            memcpy(by, text.data, len);
            by[len] = '\0';
            ok = read_public(out, ln_span_of(f + 1), by) ||
                 ln_fail(err, LN_BROKEN, "the note of a checkpoint of %s is damaged", log);
            memcpy(out->id, id + 1, LN_ID_TEXT);
            out->id[LN_ID_TEXT] = '\0';
        }
    }
    ln_buf_free(&text);
    return ok;
}

/* A node says what is left of its own logs, of one that it continues, and a box of its laptops',
 * also of those that another box has by now: who comes late, or replays, knows that from the first
 * line on. */
static bool may_check(const struct ln_replica *r, const char *by, const char *log)
{
    char author[LN_NODE_ID_MAX];
    char node[LN_NODE_ID_MAX];

    ln_replica_author(author, by);
    ln_replica_author(node, log);
    const struct ln_cert *c = ln_authority_find(r->authority, node);
    if (strcmp(author, node) == 0 || ln_authority_continues(r->authority, author, node))
        return true;
    return c != NULL && c->role == LN_ROLE_LAPTOP &&
           ln_authority_was_parent(r->authority, author, node);
}

bool ln_replica_heed_checkpoint(struct ln_replica *r, const char *by, const struct ln_change *c,
                                const char **why, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_checkpoint new = { .n = 0 };
    struct ln_checkpoint old = { .n = 0 };
    struct ln_buf text = ln_buf_new(NOTE_MAX);
    char key[sizeof NOTE + LN_LOG_MAX];
    char id[LN_ID_TEXT + 1];
    bool ok = true;

    ln_clock_id_write(id, &c->id);
    if (!read_public(&new, c->fields, by) || !may_check(r, by, new.log)) {
        *why = "checkpoint";
        goto out;
    }
    ok = ln_replica_checkpoint_noted(&old, s, new.log, err);
    if (!ok || new.upto < old.upto)
        goto out;
    ln_buf_addf(&text, "%s %s ", by, id);
    ln_buf_add(&text, c->fields.p, c->fields.len);
    (void)snprintf(key, sizeof key, NOTE "%s", new.log);
    ok = ln_buf_done(&text, "note", err) &&
         s->ops->meta_put(s->ctx, key, (struct ln_span){ text.data, text.len }, err) &&
         ln_replica_checkpoint_take(r, new.log, err);
out:
    ln_checkpoint_free(&new);
    ln_checkpoint_free(&old);
    ln_buf_free(&text);
    return ok;
}

/* ---- reading what is carried over */

struct carrying {
    struct ln_replica *r;
    const char *log;
    const struct ln_pruned *p;
    ln_carried_fn *fn;
    void *ctx;
    struct ln_buf whole, gone; /* a line in pieces */
    struct ln_id *seen;        /* its lines found in files */
    size_t n_seen, cap_seen;
};

static bool read_quote(struct ln_batch_quote *q, struct ln_span item)
{
    struct ln_span log;
    struct ln_span seq;
    size_t at = 0;

    return ln_canon_type(item) == LN_CANON_ARRAY && ln_canon_next(item, &at, NULL, &log) &&
           word_of(q->log, sizeof q->log, log) && ln_canon_next(item, &at, NULL, &seq) &&
           count_of(&q->seq, seq) && q->seq > 0;
}

/* [seq, line], then [log, seq] if it was quoted, then {"gone": [...]} if there are any */
static bool give_entry(struct carrying *x, struct ln_span entry, struct ln_err *err)
{
    struct ln_carried c = { .seq = 0 };
    struct ln_batch_quote q;
    struct ln_span item;
    size_t at = 0;

    if (ln_canon_type(entry) != LN_CANON_ARRAY || !ln_canon_next(entry, &at, NULL, &item) ||
        !count_of(&c.seq, item) || !ln_canon_next(entry, &at, NULL, &c.line) || c.seq == 0 ||
        c.seq > x->p->upto)
        return true;
    while (ln_canon_next(entry, &at, NULL, &item))
        if (ln_canon_type(item) == LN_CANON_OBJECT) {
            if (!ln_canon_get(item, "gone", &c.gone) || ln_canon_type(c.gone) != LN_CANON_ARRAY)
                return true;
        } else if (!read_quote(&q, item))
            return true;
        else
            c.quote = &q;
    return x->fn(x->ctx, &c, err);
}

/* `unit` is a canonical string. */
static void add_gone(struct ln_buf *units, struct ln_span unit)
{
    if (units->len > 0)
        ln_buf_cut(units, units->len - 1);
    ln_buf_addc(units, units->len > 0 ? ',' : '[');
    ln_buf_add(units, unit.p, unit.len);
    ln_buf_addc(units, ']');
}

static bool give_piece(struct carrying *x, struct ln_span f, struct ln_span piece,
                       struct ln_err *err)
{
    struct ln_carried c = { .seq = 0 };
    struct ln_batch_quote q;
    struct ln_span units;
    struct ln_span item;
    size_t at = 0;
    bool ok = true;

    if (ln_canon_type(piece) != LN_CANON_STRING)
        return true;
    ln_canon_text(&x->whole, piece);
    if (ln_canon_get(f, "gone", &units) && ln_canon_type(units) == LN_CANON_ARRAY)
        while (ln_canon_next(units, &at, NULL, &item))
            add_gone(&x->gone, item);
    if (!ln_canon_get(f, "end", &item) || ln_canon_type(item) != LN_CANON_BOOL ||
        !ln_canon_bool(item))
        return true;
    if (ln_canon_get(f, "quote", &item) && read_quote(&q, item))
        c.quote = &q;
    c.line = (struct ln_span){ x->whole.data, x->whole.len };
    c.gone = (struct ln_span){ x->gone.data, x->gone.len };
    if (!x->whole.over && !x->gone.over && count_in(&c.seq, f, "seq") && c.seq > 0 &&
        c.seq <= x->p->upto)
        ok = x->fn(x->ctx, &c, err);
    ln_buf_clear(&x->whole);
    ln_buf_clear(&x->gone);
    return ok;
}

static bool carry_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *text, size_t len, struct ln_err *err)
{
    struct carrying *x = ctx;
    struct ln_change c;
    struct ln_span list;
    struct ln_span item;
    struct ln_err bad = { 0 };
    char word[LN_LOG_MAX];
    size_t at = 0;

    if (quote != NULL || strcmp(audience, x->p->audience) != 0 ||
        !ln_change_read(&c, text, len, &bad) || !ln_span_is(c.collection, "checkpoint") ||
        !word_in(word, sizeof word, c.fields, "at") || strcmp(word, x->p->at) != 0 ||
        !word_in(word, sizeof word, c.fields, "log") || strcmp(word, x->log) != 0)
        return true;
    for (size_t i = 0; i < x->n_seen; i++)
        if (ln_clock_compare(&x->seen[i], &c.id) == 0)
            return true;
    x->seen = ln_grow(x->seen, x->n_seen, &x->cap_seen, sizeof *x->seen);
    x->seen[x->n_seen++] = c.id;
    if (ln_canon_get(c.fields, "piece", &item))
        return give_piece(x, c.fields, item, err);
    if (!ln_canon_get(c.fields, "lines", &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return true;
    while (ln_canon_next(list, &at, NULL, &item))
        if (!give_entry(x, item, err))
            return false;
    return true;
}

static bool carry_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct carrying *x = ctx;

    return ln_batch_lines(x->r->c.store, x->p->log, seg, carry_line, x, NULL, err);
}

/* Lines of it that a later checkpoint, of the log they stand in, carried over in its turn. */
struct kept {
    char **lines;
    size_t *lens;
    size_t n, cap;
};

static bool take_kept(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct kept *x = ctx;

    (void)err;
    if (c->rec > 0 || c->line.len == 0 || c->state == LN_STORE_VOID)
        return true;
    if (x->n == x->cap) {
        x->cap = x->cap > 0 ? 2 * x->cap : 16;
        x->lines = ln_realloc(x->lines, x->cap * sizeof *x->lines);
        x->lens = ln_realloc(x->lens, x->cap * sizeof *x->lens);
    }
    x->lines[x->n] = ln_strndup(c->line.p, c->line.len);
    x->lens[x->n++] = c->line.len;
    return true;
}

static bool carry_kept(struct carrying *x, int64_t log, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct kept kept = { .n = 0 };
    bool ok = s->ops->changes_in(s->ctx, log, x->p->from, x->p->to, take_kept, &kept, err);

    for (size_t i = 0; i < kept.n; i++) {
        ok = ok && carry_line(x, x->p->audience, NULL, kept.lines[i], kept.lens[i], err);
        ln_free(kept.lines[i]);
    }
    ln_free(kept.lines);
    ln_free(kept.lens);
    return ok;
}

bool ln_replica_carried(struct ln_replica *r, const char *log, const struct ln_pruned *p,
                        ln_carried_fn *fn, void *ctx, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct carrying x = { .r = r,
                          .log = log,
                          .p = p,
                          .fn = fn,
                          .ctx = ctx,
                          .whole = ln_buf_new(LN_CHANGE_MAX),
                          .gone = ln_buf_new(GONE_MAX) };
    struct ln_store_log l = { 0 };
    bool ok = s->ops->log_get(s->ctx, &l, p->log, err) &&
              (l.n == 0 || p->kept == 0 ||
               (ln_replica_held(s, l.n, p->from, p->to, carry_segment, &x, err) &&
                carry_kept(&x, l.n, err)));

    ln_buf_free(&x.whole);
    ln_buf_free(&x.gone);
    ln_free(x.seen);
    return ok || ln_wrap(err, "checkpoint of %s", log);
}

/* ---- adopting it */

struct adopting {
    struct ln_replica *r;
    struct ln_store_log log;
    const struct ln_pruned *p;
    int64_t audience;
    struct ln_id *ids; /* carried over, sorted */
    size_t n, cap;
    struct ln_store_change *rows; /* here, and not carried over */
    size_t n_rows, cap_rows;
    struct ln_apply apply;
};

static bool note_id(void *ctx, const struct ln_carried *c, struct ln_err *err)
{
    struct adopting *x = ctx;
    struct ln_change line;
    struct ln_err bad = { 0 };

    (void)err;
    if (!ln_change_read(&line, c->line.p, c->line.len, &bad))
        return true;
    x->ids = ln_grow(x->ids, x->n, &x->cap, sizeof *x->ids);
    x->ids[x->n++] = line.id;
    return true;
}

static int by_id(const void *a, const void *b)
{
    return ln_clock_compare(a, b);
}

static bool is_carried(const struct adopting *x, const struct ln_id *id)
{
    return x->n > 0 && bsearch(id, x->ids, x->n, sizeof *x->ids, by_id) != NULL;
}

static void push_row(struct adopting *x, const struct ln_store_change *c)
{
    x->rows = ln_grow(x->rows, x->n_rows, &x->cap_rows, sizeof *x->rows);
    x->rows[x->n_rows++] = ln_store_change_bare(c);
}

static bool take_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct adopting *x = ctx;

    (void)err;
    if (c->audience != x->audience || is_carried(x, &c->id))
        return true;
    push_row(x, c);
    return true;
}

struct row_at {
    struct ln_store_change row;
    bool found, has_line, gone;
};

static bool take_at(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct row_at *at = ctx;

    (void)err;
    at->row = ln_store_change_bare(c);
    at->found = true;
    at->has_line = c->line.len > 0;
    at->gone = c->gone.len > 0;
    return true;
}

/* Kept beside its change when that is here, applied when it is not. */
static bool carry_over(void *ctx, const struct ln_carried *c, struct ln_err *err)
{
    struct adopting *x = ctx;
    struct ln_store *s = x->r->c.store;
    struct row_at at = { .found = false };
    struct ln_change line;
    struct ln_err bad = { 0 };

    if (!ln_change_read(&line, c->line.p, c->line.len, &bad))
        return true;
    if (!s->ops->changes_get(s->ctx, &line.id, 1, take_at, &at, err))
        return false;
    if (!at.found || at.row.log != x->log.n)
        return ln_replica_apply_one(&x->apply, c, x->p->audience, err);
    if (at.row.seq != c->seq || (at.has_line && c->gone.len == 0))
        return true;
    at.row.line = c->line;
    at.row.gone = c->gone;
    if (c->gone.len > 0 && !at.gone) /* it may count here where it should not any more */
        push_row(x, &at.row);
    return s->ops->changes_set(s->ctx, &at.row, 1, err);
}

static bool take_record(void *ctx, const struct ln_store_record *rec, struct ln_err *err)
{
    struct adopting *x = ctx;

    (void)err;
    x->ids = ln_grow(x->ids, x->n, &x->cap, sizeof *x->ids);
    x->ids[x->n++] = rec->id;
    return true;
}

/* Records that lost lines, or units of lines, which this node still counted: only where it had part
 * of the files. */
static bool derive_again(struct adopting *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    bool ok = true;

    x->n = 0;
    for (size_t i = 0; ok && i < x->n_rows; i++)
        if (x->rows[i].rec > 0)
            ok = s->ops->records_by(s->ctx, &x->rows[i].rec, 1, take_record, x, err);
    return ok && (x->n == 0 || ln_batch_derive(x->r->batch, x->ids, x->n, err));
}

static bool move_digest(struct adopting *x, const struct ln_digest *here,
                        const struct ln_digest *old, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_audience a = { 0 };

    if (!s->ops->audience_by(s->ctx, &a, x->audience, err))
        return false;
    sodium_sub(a.digest.b, here->b, sizeof a.digest.b);
    sodium_sub(a.digest.b, old->b, sizeof a.digest.b);
    sodium_add(a.digest.b, x->p->sum.b, sizeof a.digest.b);
    return s->ops->audience_put(s->ctx, &a, err);
}

static bool drop_rows(struct adopting *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    bool ok = s->ops->changes_drop(s->ctx, x->rows, x->n_rows, err);

    for (size_t i = 0; ok && i < x->n_rows; i++)
        if (x->rows[i].state == LN_STORE_VOID)
            ok = s->ops->refused_drop(s->ctx, &x->rows[i].id, err);
    return ok;
}

bool ln_replica_checkpoint_adopt(struct ln_replica *r, const char *log, const struct ln_pruned *p,
                                 bool lacking, bool *same, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct adopting x = { .r = r, .p = p };
    struct ln_store_audience a = { 0 };
    struct ln_pruned old;
    struct ln_digest here = { { 0 } };
    struct ln_digest sum;
    char node[LN_NODE_ID_MAX];
    bool ok = false;

    *same = false;
    ln_replica_author(node, log);
    x.apply = (struct ln_apply){
        .r = r, .log = &x.log, .author = ln_authority_find(r->authority, node), .keep = true
    };
    if (!ln_batch_flush(r->batch, NULL, err) || !ln_replica_log(&x.log, r, log, err) ||
        !s->ops->audience_get(s->ctx, &a, p->audience, err) ||
        !ln_replica_pruned(&old, s, log, p->audience, err) ||
        !ln_replica_carried(r, log, p, note_id, &x, err))
        goto out;
    x.audience = a.n;
    if (x.apply.author == NULL || x.n != p->kept) {
        ok = true; /* not all of it is here yet */
        goto out;
    }
    if (x.n > 0)
        qsort(x.ids, x.n, sizeof *x.ids, by_id);
    if (!s->ops->changes_in(s->ctx, x.log.n, 1, p->upto, take_row, &x, err))
        goto out;
    for (size_t i = 0; i < x.n_rows; i++)
        ln_digest_add(&here, &x.rows[i].id, x.rows[i].eff, x.rows[i].state == LN_STORE_VOID);
    sum = old.sum;
    sodium_add(sum.b, here.b, sizeof sum.b);
    if (!lacking && memcmp(sum.b, p->sum.b, sizeof sum.b) != 0) {
        ok = true;
        goto out;
    }
    *same = true;
    ok = drop_rows(&x, err) && move_digest(&x, &here, &old.sum, err) &&
         ln_replica_carried(r, log, p, carry_over, &x, err) &&
         ln_batch_flush(r->batch, NULL, err) && (!lacking || derive_again(&x, err)) &&
         put_part(s, log, p, err);
out:
    ln_replica_apply_one_free(&x.apply);
    ln_free(x.ids);
    ln_free(x.rows);
    return ok || ln_wrap(err, "checkpoint of %s", log);
}

struct lacking {
    struct ln_store *s;
    const char *audience;
    bool any;
};

static bool take_files(void *ctx, const struct ln_store_files *f, struct ln_err *err)
{
    struct lacking *x = ctx;
    struct ln_epoch e = { 0 };
    bool ok = x->s->ops->epoch_find(x->s->ctx, &e, f->name, err);

    x->any =
        x->any || (e.label[0] != '\0' && strcmp(e.audience, x->audience) == 0 && f->lacking > 0);
    sodium_memzero(&e, sizeof e);
    return ok;
}

bool ln_replica_checkpoint_take(struct ln_replica *r, const char *log, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_checkpoint c;
    struct ln_store_log l = { 0 };
    bool same;
    bool ok = ln_replica_checkpoint_noted(&c, s, log, err) && s->ops->log_get(s->ctx, &l, log, err);

    for (size_t i = 0; ok && l.n > 0 && i < c.n; i++) {
        struct lacking x = { .s = s, .audience = c.parts[i].audience };
        struct ln_pruned old;
        ok = ln_replica_pruned(&old, s, log, x.audience, err);
        if (!ok || old.upto >= c.upto)
            continue;
        ok = s->ops->files_in(s->ctx, l.n, old.upto + 1, c.upto, take_files, &x, err) &&
             (!x.any || ln_replica_checkpoint_adopt(r, log, &c.parts[i], true, &same, err));
    }
    ln_checkpoint_free(&c);
    return ok;
}

/* ---- making one */

struct row {
    struct ln_store_change c;
    char *line;
    size_t len;
    bool keep;
    bool apart;         /* of what it replaces not all goes with it: it stays, for that alone */
    struct ln_buf gone; /* units in which it is no head, as in struct ln_change */
};
struct part {
    struct ln_pruned p;
    int64_t audience;
    uint64_t before; /* up to where the checkpoint before reaches */
    struct ln_buf lines;
};
struct making {
    struct ln_replica *r;
    struct ln_store_log log;
    const char *by; /* the log it will stand in */
    uint64_t upto;
    char at[LN_ID_TEXT + 1];
    struct part *parts;
    size_t n_parts;
    struct row *rows; /* of the segment at hand */
    size_t n_rows, cap_rows;
    struct ln_id *later; /* what lines behind `upto` name as replaced, sorted */
    size_t n_later, cap_later;
    struct ln_id *said;
    size_t n_said;
    unsigned waiting; /* said and not sealed */
};

static struct part *part_of(struct making *x, int64_t audience, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_audience a = { 0 };
    struct ln_pruned old;

    for (size_t i = 0; i < x->n_parts; i++)
        if (x->parts[i].audience == audience)
            return &x->parts[i];
    if (!s->ops->audience_by(s->ctx, &a, audience, err) ||
        !ln_replica_pruned(&old, s, x->log.id, a.name, err))
        return NULL;
    if (x->n_parts == LN_CHECKPOINT_AUDIENCES) {
        (void)ln_fail(err, LN_FULL, "more than %d audiences", LN_CHECKPOINT_AUDIENCES);
        return NULL;
    }
    x->parts = ln_realloc(x->parts, (x->n_parts + 1) * sizeof *x->parts);
    struct part *p = &x->parts[x->n_parts++];
    *p = (struct part){ .audience = audience,
                        .before = old.upto,
                        .lines = ln_buf_secret(LN_CHANGE_MAX) };
    p->p = (struct ln_pruned){ .sum = old.sum, .dropped = old.dropped };
    memcpy(p->p.audience, a.name, sizeof p->p.audience);
    return p;
}

static bool say(struct making *x, const struct part *p, struct ln_span f, struct ln_err *err)
{
    unsigned segments;

    x->said = ln_realloc(x->said, (x->n_said + 1) * sizeof *x->said);
    if (!ln_replica_say_in(x->r, x->by, p->p.audience, "checkpoint", f, &x->said[x->n_said], err))
        return false;
    x->n_said++;
    if (++x->waiting < SEAL_EVERY)
        return true;
    x->waiting = 0;
    return ln_replica_seal(x->r, true, &segments, err);
}

static bool say_lines(struct making *x, struct part *p, struct ln_err *err)
{
    struct ln_buf f = ln_buf_secret(LN_CHANGE_MAX);
    bool ok = true;

    if (p->lines.len > 0) {
        ln_buf_addf(&f, "{\"at\":\"%s\",\"lines\":[", x->at);
        ln_buf_add(&f, p->lines.data, p->lines.len);
        ln_buf_addf(&f, "],\"log\":\"%s\"}", x->log.id);
        ok =
            ln_buf_done(&f, "checkpoint", err) && say(x, p, (struct ln_span){ f.data, f.len }, err);
    }
    ln_buf_clear(&p->lines);
    ln_buf_free(&f);
    return ok;
}

static unsigned depth_of(const char *text, size_t len)
{
    unsigned depth = 0;
    unsigned most = 0;
    bool inside = false;

    for (size_t i = 0; i < len; i++) {
        if (inside && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            inside = !inside;
        else if (!inside && (text[i] == '{' || text[i] == '['))
            most = ++depth > most ? depth : most;
        else if (!inside && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return most;
}

static bool say_units(struct making *x, struct part *p, const struct row *row,
                      const struct ln_buf *units, struct ln_err *err)
{
    struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);

    ln_buf_addf(&f, "{\"at\":\"%s\",\"end\":false,\"gone\":", x->at);
    ln_buf_add(&f, units->data, units->len);
    ln_buf_addf(&f, ",\"log\":\"%s\",\"piece\":\"\",\"seq\":%" PRIu64 "}", x->log.id, row->c.seq);
    bool ok =
        ln_buf_done(&f, "checkpoint", err) && say(x, p, (struct ln_span){ f.data, f.len }, err);
    ln_buf_free(&f);
    return ok;
}

/* Ahead of its text, as pieces without any. */
static bool say_gone(struct making *x, struct part *p, const struct row *row, struct ln_err *err)
{
    struct ln_span all = { row->gone.data, row->gone.len };
    struct ln_buf units = ln_buf_new(LN_CHANGE_MAX);
    struct ln_span unit;
    size_t at = 0;
    bool ok = true;

    while (ok && all.len > 0 && ln_canon_next(all, &at, NULL, &unit)) {
        if (units.len > 0 && units.len + unit.len > PIECE_BYTES) {
            ok = say_units(x, p, row, &units, err);
            ln_buf_clear(&units);
        }
        add_gone(&units, unit);
    }
    ok = ok && (units.len == 0 || say_units(x, p, row, &units, err));
    ln_buf_free(&units);
    return ok;
}

static bool say_pieces(struct making *x, struct part *p, const struct row *row, const char *quote,
                       struct ln_err *err)
{
    bool ok = say_lines(x, p, err) /* what came before stands before it */
              && say_gone(x, p, row, err);

    for (size_t at = 0, len; ok && at < row->len; at += len) {
        struct ln_buf f = ln_buf_secret(LN_CHANGE_MAX);
        len = row->len - at < PIECE_BYTES ? row->len - at : PIECE_BYTES;
        while (at + len < row->len && ((unsigned char)row->line[at + len] & 0xC0) == 0x80)
            len--;
        ln_buf_addf(&f, "{\"at\":\"%s\",\"end\":%s,\"log\":\"%s\",\"piece\":", x->at,
                    at + len == row->len ? "true" : "false", x->log.id);
        ln_canon_add_string(&f, row->line + at, len);
        ln_buf_addf(&f, "%s%s,\"seq\":%" PRIu64 "}", quote[0] != '\0' ? ",\"quote\":" : "", quote,
                    row->c.seq);
        ok =
            ln_buf_done(&f, "checkpoint", err) && say(x, p, (struct ln_span){ f.data, f.len }, err);
        ln_buf_free(&f);
    }
    return ok;
}

static bool keep_row(struct making *x, struct part *p, const struct row *row, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_log from = { 0 };
    char quote[LN_LOG_MAX + 32] = "";

    p->p.kept++;
    if (row->c.from_log != 0) {
        if (!s->ops->log_by(s->ctx, &from, row->c.from_log, err))
            return false;
        (void)snprintf(quote, sizeof quote, "[\"%s\",%" PRIu64 "]", from.id, row->c.from_seq);
    }
    size_t len = row->len + row->gone.len;
    if (len > LINE_BYTES || depth_of(row->line, row->len) > LINE_DEPTH)
        return say_pieces(x, p, row, quote, err);
    if (p->lines.len > 0 && p->lines.len + len > LINES_BYTES && !say_lines(x, p, err))
        return false;
    ln_buf_addf(&p->lines, "%s[%" PRIu64 ",", p->lines.len > 0 ? "," : "", row->c.seq);
    ln_buf_add(&p->lines, row->line, row->len);
    ln_buf_addf(&p->lines, "%s%s", quote[0] != '\0' ? "," : "", quote);
    if (row->gone.len > 0)
        ln_buf_addf(&p->lines, ",{\"gone\":%s}", row->gone.data);
    ln_buf_addc(&p->lines, ']');
    return ln_buf_done(&p->lines, "checkpoint", err);
}

static bool gather_row(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct making *x = ctx;
    struct ln_change line;
    struct ln_err bad = { 0 };

    (void)err;
    x->rows = ln_grow(x->rows, x->n_rows, &x->cap_rows, sizeof *x->rows);
    struct row *row = &x->rows[x->n_rows++];
    *row = (struct row){ .c = ln_store_change_bare(c),
                         .len = c->line.len,
                         .gone = ln_buf_new(GONE_MAX) };
    row->apart = ln_merge_gone(c->gone, APART);
    row->line = c->line.len > 0 ? ln_strndup(c->line.p, c->line.len) : NULL;
    /* What is void stays as evidence, steps make the state, what is not understood stays whole.
     * Lines of an older checkpoint of this log go: what they carried over stands in this one again.
     */
    row->keep =
        c->rec > 0 && (c->state != LN_STORE_GOOD ||
                       (row->line != NULL && ln_change_read(&line, row->line, row->len, &bad) &&
                        line.op == LN_OP_STEP));
    return true;
}

/* ---- what is replaced stays replaced: where a line is left out, those it replaced have to be left
 * out, or marked as gone, with it. One whose predecessors do not all stand in this part of the log,
 * but in another log or audience, or are not here yet, is kept for that alone, and so is what a
 * younger line names: when that one's time comes, it finds its predecessor beside it. */

struct bases {
    const struct making *x;
    int64_t audience;
    size_t beside;
};

static bool take_base(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct bases *b = ctx;

    (void)err;
    /* What is void, or quoted, may come to count somewhere else. */
    b->beside += c->log == b->x->log.n && c->audience == b->audience && c->from_log == 0 &&
                 c->state != LN_STORE_VOID && c->seq > 0 && c->seq <= b->x->upto;
    return true;
}

/* Lines that the checkpoint before carried over were looked at then, when all of this part that
 * they replaced was here. */
static bool find_apart(struct making *x, const struct part *p, struct row *row, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct bases b = { .x = x, .audience = row->c.audience };
    struct ln_change line;
    struct ln_err bad = { 0 };

    if (row->c.seq <= p->before || row->c.rec == 0 || row->c.state == LN_STORE_VOID ||
        row->line == NULL || !ln_change_read(&line, row->line, row->len, &bad) ||
        line.op == LN_OP_STEP || line.n_base == 0)
        return true;
    if (!s->ops->changes_get(s->ctx, line.base, line.n_base, take_base, &b, err))
        return false;
    row->apart = b.beside < line.n_base;
    return true;
}

static bool note_bases(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *text, size_t len, struct ln_err *err)
{
    struct making *x = ctx;
    struct ln_change c;
    struct ln_err bad = { 0 };

    (void)audience;
    (void)quote;
    (void)err;
    if (!ln_change_read(&c, text, len, &bad) || c.op == LN_OP_STEP)
        return true;
    for (size_t i = 0; i < c.n_base; i++) {
        x->later = ln_grow(x->later, x->n_later, &x->cap_later, sizeof *x->later);
        x->later[x->n_later++] = c.base[i];
    }
    return true;
}

static bool note_later(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct making *x = ctx;

    return ln_batch_lines(x->r->c.store, x->log.id, seg, note_bases, x, NULL, err);
}

static bool find_later(struct making *x, struct ln_err *err)
{
    if (!ln_replica_held(x->r->c.store, x->log.n, x->upto + 1, x->log.applied, note_later, x, err))
        return false;
    if (x->n_later > 0)
        qsort(x->later, x->n_later, sizeof *x->later, by_id);
    return true;
}

static bool named_later(const struct making *x, const struct ln_id *id)
{
    return x->n_later > 0 && bsearch(id, x->later, x->n_later, sizeof *x->later, by_id) != NULL;
}

/* What stays of a deleted record: that it is, and which one stands for it, as the way of others may
 * lead through it. */
static bool outlives(const char *unit)
{
    return unit[0] == '\0' || strcmp(unit, "@alias") == 0;
}

struct marking {
    const struct ln_schema *schema;
    struct row *row;
    bool named, ended;
    struct ln_merged m;
};

static bool is_head(const struct ln_merge_unit *u, const struct ln_id *id)
{
    for (size_t h = 0; u != NULL && h < u->n_heads; h++)
        if (ln_clock_compare(&u->heads[h].id, id) == 0)
            return true;
    return false;
}

static bool mark_unit(void *ctx, struct ln_span field, struct ln_span key, const char *unit,
                      struct ln_err *err)
{
    struct marking *x = ctx;
    struct ln_buf word = ln_buf_new(8 * LN_MERGE_UNIT_MAX);

    (void)field;
    (void)key;
    (void)err;
    /* two fields of one group write one unit */
    bool counts =
        (!x->ended || outlives(unit)) && is_head(ln_merge_find(&x->m, unit), &x->row->c.id);
    if (!counts && !ln_merge_gone((struct ln_span){ x->row->gone.data, x->row->gone.len }, unit)) {
        ln_canon_add_string(&word, unit, strlen(unit));
        add_gone(&x->row->gone, (struct ln_span){ word.data, word.len });
    }
    ln_buf_free(&word);
    return true;
}

/* What the line still counts in keeps it, and what it does not count in any more goes with it. */
static bool mark_heads(void *ctx, const struct ln_store_record *rec, struct ln_err *err)
{
    struct marking *x = ctx;
    struct row *row = x->row;
    struct ln_change line;
    struct ln_err bad = { 0 };
    bool ok = ln_merge_unpack(&x->m, rec->heads.p, rec->heads.len, err);

    x->ended = rec->deleted && rec->conflicts == 0;
    if (x->ended)
        row->keep = false;
    for (size_t u = 0; ok && u < x->m.n_units; u++)
        row->keep = row->keep || ((!x->ended || outlives(x->m.units[u].name)) &&
                                  is_head(&x->m.units[u], &row->c.id));
    row->keep = row->keep || row->apart || x->named;
    if (ok && row->keep && row->line != NULL && ln_change_read(&line, row->line, row->len, &bad))
        ok = ln_merge_units(&line, ln_schema_find(x->schema, line.collection), mark_unit, x, err);
    ln_merge_free(&x->m);
    return ok;
}

static bool match_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *text, size_t len, struct ln_err *err)
{
    struct making *x = ctx;
    struct ln_change c;
    struct ln_err bad = { 0 };

    (void)audience;
    (void)quote;
    (void)err;
    if (!ln_change_read(&c, text, len, &bad))
        return true;
    for (size_t i = 0; i < x->n_rows; i++)
        if (x->rows[i].line == NULL && ln_clock_compare(&x->rows[i].c.id, &c.id) == 0) {
            x->rows[i].line = ln_strndup(text, len);
            x->rows[i].len = len;
        }
    return true;
}

static void forget_rows(struct making *x)
{
    for (size_t i = 0; i < x->n_rows; i++) {
        ln_free(x->rows[i].line);
        ln_buf_free(&x->rows[i].gone);
    }
    x->n_rows = 0;
}

/* A line of the latest checkpoint of another log, of a laptop's: that stands nowhere else. */
static bool keep_other(bool *keep, struct making *x, const struct row *row, struct ln_err *err)
{
    struct ln_checkpoint noted = { .n = 0 };
    struct ln_change line;
    struct ln_err bad = { 0 };
    char log[LN_LOG_MAX];
    char at[LN_ID_TEXT + 1];

    *keep = false;
    if (row->c.state != LN_STORE_GOOD || row->line == NULL ||
        !ln_change_read(&line, row->line, row->len, &bad) ||
        !ln_span_is(line.collection, "checkpoint") ||
        !word_in(log, sizeof log, line.fields, "log") || strcmp(log, x->log.id) == 0 ||
        !word_in(at, sizeof at, line.fields, "at"))
        return true;
    if (!ln_replica_checkpoint_noted(&noted, x->r->c.store, log, err))
        return false;
    *keep = noted.n > 0 && strcmp(noted.by, x->log.id) == 0 && strcmp(noted.parts[0].at, at) == 0;
    ln_checkpoint_free(&noted);
    return true;
}

static bool check_row(struct making *x, struct row *row, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct part *p = part_of(x, row->c.audience, err);
    struct marking marking = { .schema = x->r->c.schema,
                               .row = row,
                               .named = named_later(x, &row->c.id) };

    if (p == NULL)
        return false;
    if (strcmp(p->p.audience, "public") == 0)
        return true;
    if (!find_apart(x, p, row, err))
        return false;
    if (row->c.state == LN_STORE_GOOD && row->c.rec > 0 &&
        !s->ops->records_by(s->ctx, &row->c.rec, 1, mark_heads, &marking, err))
        return false;
    if (row->c.rec == 0 && !keep_other(&row->keep, x, row, err))
        return false;
    if (!row->keep) {
        ln_digest_add(&p->p.sum, &row->c.id, row->c.eff, row->c.state == LN_STORE_VOID);
        p->p.dropped++;
        return true;
    }
    if (row->line == NULL)
        return ln_fail(err, LN_MISSING, "segment %" PRIu64 ": a line of it cannot be read",
                       row->c.seq);
    if (row->apart)
        add_gone(&row->gone, ln_span_of("\"" APART "\""));
    return ln_buf_done(&row->gone, "units of a line", err) && keep_row(x, p, row, err);
}

static bool make_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct making *x = ctx;
    struct ln_store *s = x->r->c.store;
    bool ok;

    forget_rows(x);
    ok = s->ops->changes_in(s->ctx, x->log.n, seg->seq, seg->seq, gather_row, x, err) &&
         (x->n_rows == 0 || ln_batch_lines(s, x->log.id, seg, match_line, x, NULL, err));
    for (size_t i = 0; ok && i < x->n_rows; i++)
        ok = check_row(x, &x->rows[i], err);
    return ok;
}

struct place {
    uint64_t from, to;
    size_t n;
};

static bool take_place(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct place *p = ctx;

    (void)err;
    p->n += c->seq > 0;
    p->from = p->n == 1 || c->seq < p->from ? c->seq : p->from;
    p->to = c->seq > p->to ? c->seq : p->to;
    return true;
}

static bool say_public(struct making *x, uint64_t upto, const struct place *place,
                       struct ln_err *err)
{
    struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);
    const char *comma = "";
    unsigned segments;

    ln_buf_addf(&f, "{\"at\":\"%s\",\"from\":%" PRIu64 ",\"log\":\"%s\",\"sums\":[", x->at,
                place->from, x->log.id);
    for (size_t i = 0; i < x->n_parts; i++) {
        const struct ln_pruned *p = &x->parts[i].p;
        if (strcmp(p->audience, "public") == 0)
            continue;
        ln_buf_addf(&f, "%s[\"%s\",\"", comma, p->audience);
        ln_encode_hex(&f, p->sum.b, sizeof p->sum.b);
        ln_buf_addf(&f, "\",%" PRIu64 ",%" PRIu64 "]", p->dropped, p->kept);
        comma = ",";
    }
    ln_buf_addf(&f, "],\"to\":%" PRIu64 ",\"upto\":%" PRIu64 "}", place->to, upto);
    bool ok = ln_buf_done(&f, "checkpoint", err) &&
              ln_replica_say(x->r, x->by, "checkpoint", (struct ln_span){ f.data, f.len }, err) &&
              ln_replica_seal(x->r, true, &segments, err);
    ln_buf_free(&f);
    return ok;
}

static bool make(struct making *x, uint64_t upto, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_id id = ln_replica_id(x->r);
    struct place place = { 0 };
    unsigned segments;
    bool ok;

    ln_clock_id_write(x->at, &id);
    x->upto = upto;
    ok = find_later(x, err) && ln_replica_held(s, x->log.n, 1, upto, make_segment, x, err);
    for (size_t i = 0; ok && i < x->n_parts; i++)
        ok = say_lines(x, &x->parts[i], err);
    ok = ok && ln_replica_seal(x->r, true, &segments, err) &&
         s->ops->changes_get(s->ctx, x->said, x->n_said, take_place, &place, err);
    if (ok && place.n < x->n_said)
        ok = ln_fail(err, LN_BUSY, "a key of an audience is not here yet: later");
    return ok && say_public(x, upto, &place, err);
}

/* ---- which logs, and how far */

struct reach {
    int64_t before_s;
    uint64_t limit, upto;
};

static bool reach_segment(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct reach *x = ctx;

    if (s->seq > x->limit || ln_replica_commit_time(s->commit) >= x->before_s) {
        err->code = LN_OK;
        return false;
    }
    x->upto = s->seq;
    return true;
}

struct sealed_files {
    struct ln_store *s;
    uint64_t held, unread;
};

static bool look_at_files(void *ctx, const struct ln_store_files *f, struct ln_err *err)
{
    struct sealed_files *x = ctx;
    struct ln_epoch e = { 0 };
    bool ok = x->s->ops->epoch_find(x->s->ctx, &e, f->name, err);

    x->held += f->held;
    x->unread += e.label[0] == '\0' || f->lacking > 0;
    sodium_memzero(&e, sizeof e);
    return ok;
}

static bool is_root(const struct ln_replica *r)
{
    const struct ln_cert *self = ln_replica_self(r);

    return self != NULL && self->parent[0] == '\0';
}

/* One whose contents are still to be dropped is not overtaken by the next, or nothing would ever be
 * dropped; one that got stuck is, after a while. */
static bool is_pending(bool *yes, struct ln_replica *r, const struct ln_checkpoint *old,
                       struct ln_err *err)
{
    struct ln_id id;
    uint64_t dropped = 0;

    if (!ln_replica_dropped(&dropped, r->c.store, old->log, err))
        return false;
    *yes = old->upto > dropped && ln_clock_id_read(&id, ln_span_of(old->id)) &&
           r->c.env->now_ms(r->c.env->ctx) - LN_HLC_MS(ln_clock_claimed(&id)) < STUCK_MS;
    return true;
}

bool ln_replica_checkpoint(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                           struct ln_checkpoint_item *out, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    const struct ln_cert *self = ln_replica_self(r);
    struct making x = { .r = r };
    struct ln_checkpoint old = { .n = 0 };
    struct reach reach = { .before_s = before_s };
    struct sealed_files files = { .s = s };
    char node[LN_NODE_ID_MAX];
    bool pending = false;
    bool ok = false;

    *out = (struct ln_checkpoint_item){ .made = false };
    if (self == NULL || self->role == LN_ROLE_LAPTOP || r->c.drill || !may_check(r, r->c.id, log))
        return true;
    if (!s->ops->log_get(s->ctx, &x.log, log, err))
        return false;
    ln_replica_author(node, log);
    x.by = strcmp(node, r->c.id) == 0 ? log : r->c.id;
    reach.limit = x.log.applied;
    /* Down-logs have no receipts: nobody refuses what comes from above. */
    bool signed_for = strchr(log, '.') == NULL && !(is_root(r) && strcmp(node, r->c.id) == 0);
    if (signed_for && x.log.receipt < reach.limit)
        reach.limit = x.log.receipt;
    err->code = LN_OK;
    if ((!s->ops->segment_each(s->ctx, x.log.n, 1, false, reach_segment, &reach, err) &&
         err->code != LN_OK) ||
        !ln_replica_checkpoint_noted(&old, s, log, err))
        goto out;
    ok = true;
    out->upto = reach.upto;
    if (reach.upto <= old.upto)
        goto out;
    ok = is_pending(&pending, r, &old, err);
    if (!ok || pending)
        goto out;
    ok = s->ops->files_in(s->ctx, x.log.n, old.upto + 1, reach.upto, look_at_files, &files, err);
    if (!ok || files.held == 0)
        goto out;
    if (files.unread > 0) {
        out->why = "unreadable";
        goto out;
    }
    ok = dry || make(&x, reach.upto, err);
    out->made = ok;
    for (size_t i = 0; i < x.n_parts; i++) {
        out->kept += x.parts[i].p.kept;
        out->dropped += x.parts[i].p.dropped;
    }
out:
    forget_rows(&x);
    for (size_t i = 0; i < x.n_parts; i++)
        ln_buf_free(&x.parts[i].lines);
    ln_free(x.parts);
    ln_free(x.rows);
    ln_free(x.later);
    ln_free(x.said);
    ln_checkpoint_free(&old);
    return ok || ln_wrap(err, "checkpoint of %s", log);
}
