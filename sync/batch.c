/* Lines into records: see batch.h. */
#include "sync/batch.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/subject.h"
#include "sync/alias.h"
#include "sync/workflow.h"

struct cell {
    int field;
    struct ln_span value;
};
struct entry {
    struct ln_id id;
    int64_t n; /* 0 = new, numbered at the flush */
    char collection[32];
    char region[LN_REGION_LEN + 1];
    int64_t audience;
    const struct ln_coll *coll;
    struct ln_merged merged;
    bool exists, derive, stepped, fresh;
    bool was_live, was_aliased; /* as the store had it */
    struct ln_id was_alias;
    unsigned refused_only; /* nothing accepted yet in this flush */
    int64_t eff;
    struct cell *cells;
    size_t n_cells, cap_cells;
    struct ln_buf heads;
    char state[48];
};
struct line {
    struct ln_batch_line l;
    char audience_name[LN_AUDIENCE_MAX];
    char author_region[LN_REGION_LEN + 1];
    int64_t audience;
    size_t entry; /* index, SIZE_MAX for the protocol's own */
    int64_t n;
};
struct audience {
    struct ln_store_audience row;
    bool changed;
};
struct piece {
    struct piece *next;
    char data[];
};
struct ln_batch {
    struct ln_store *s;
    const struct ln_schema *schema;
    struct line *lines;
    size_t n, cap;
    struct entry *entries;
    size_t n_entries, cap_entries;
    size_t *slots; /* open addressing over entries, SIZE_MAX free */
    size_t n_slots;
    struct audience *audiences;
    size_t n_audiences, cap_audiences;
    struct piece *kept;
};

struct ln_batch *ln_batch_new(struct ln_store *store, const struct ln_schema *schema)
{
    struct ln_batch *b = ln_alloc(sizeof *b);

    b->s = store;
    b->schema = schema;
    return b;
}

static void entry_free(struct entry *e)
{
    ln_merge_free(&e->merged);
    ln_buf_free(&e->heads);
    ln_free(e->cells);
}

static void forget(struct ln_batch *b)
{
    for (size_t i = 0; i < b->n_entries; i++)
        entry_free(&b->entries[i]);
    while (b->kept != NULL) {
        struct piece *next = b->kept->next;
        ln_free(b->kept);
        b->kept = next;
    }
    b->n = 0;
    b->n_entries = 0;
    b->n_audiences = 0;
    for (size_t i = 0; i < b->n_slots; i++)
        b->slots[i] = SIZE_MAX;
}

void ln_batch_free(struct ln_batch *b)
{
    if (b == NULL)
        return;
    forget(b);
    ln_free(b->lines);
    ln_free(b->entries);
    ln_free(b->slots);
    ln_free(b->audiences);
    ln_free(b);
}

char *ln_batch_keep(struct ln_batch *b, const void *data, size_t len)
{
    struct piece *p = ln_alloc(sizeof *p + len + 1);

    if (len > 0)
        memcpy(p->data, data, len);
    p->next = b->kept;
    b->kept = p;
    return p->data;
}

void ln_batch_drop(struct ln_batch *b)
{
    forget(b);
}

size_t ln_batch_count(const struct ln_batch *b)
{
    return b->n;
}

/* ---- entries by id */

static size_t slot_of(const struct ln_batch *b, const struct ln_id *id)
{
    uint64_t h = 0;
    size_t at;

    memcpy(&h, id->b + 4, sizeof h);
    h *= UINT64_C(0x9E3779B97F4A7C15);
    for (at = (size_t)(h >> 20) & (b->n_slots - 1); b->slots[at] != SIZE_MAX;
         at = (at + 1) & (b->n_slots - 1))
        if (ln_clock_compare(&b->entries[b->slots[at]].id, id) == 0)
            break;
    return at;
}

static void make_slots(struct ln_batch *b, size_t n)
{
    ln_free(b->slots);
    b->slots = ln_alloc_array(n, sizeof *b->slots);
    b->n_slots = n;
    for (size_t i = 0; i < n; i++)
        b->slots[i] = SIZE_MAX;
    for (size_t i = 0; i < b->n_entries; i++)
        b->slots[slot_of(b, &b->entries[i].id)] = i;
}

static size_t entry_of(struct ln_batch *b, const struct ln_id *id)
{
    if (2 * (b->n_entries + 1) > b->n_slots)
        make_slots(b, b->n_slots > 0 ? 2 * b->n_slots : 64);

    size_t at = slot_of(b, id);
    if (b->slots[at] != SIZE_MAX)
        return b->slots[at];
    b->entries = ln_grow(b->entries, b->n_entries, &b->cap_entries, sizeof *b->entries);
    b->entries[b->n_entries] = (struct entry){ .id = *id, .heads = ln_buf_new(16 << 20) };
    b->slots[at] = b->n_entries;
    return b->n_entries++;
}

/* ---- audiences */

static bool audience_of(struct ln_batch *b, int64_t *n, const char *name, struct ln_err *err)
{
    for (size_t i = 0; i < b->n_audiences; i++)
        if (strcmp(b->audiences[i].row.name, name) == 0) {
            *n = b->audiences[i].row.n;
            return true;
        }
    b->audiences = ln_grow(b->audiences, b->n_audiences, &b->cap_audiences, sizeof *b->audiences);

    struct audience a = { 0 };
    if (!b->s->ops->audience_get(b->s->ctx, &a.row, name, err))
        return false;
    b->audiences[b->n_audiences++] = a;
    *n = a.row.n;
    return true;
}

static struct audience *audience_by(struct ln_batch *b, int64_t n, struct ln_err *err)
{
    for (size_t i = 0; i < b->n_audiences; i++)
        if (b->audiences[i].row.n == n)
            return &b->audiences[i];
    b->audiences = ln_grow(b->audiences, b->n_audiences, &b->cap_audiences, sizeof *b->audiences);

    struct audience a = { 0 };
    if (!b->s->ops->audience_by(b->s->ctx, &a.row, n, err))
        return NULL;
    b->audiences[b->n_audiences] = a;
    return &b->audiences[b->n_audiences++];
}

/* 0 nobody else … 3 everyone: a record moves up, never down. */
static int width(const char *name)
{
    struct ln_audience a;

    if (!ln_audience_read(&a, ln_span_of(name)))
        return 0;
    if (a.kind == LN_AUD_PUBLIC)
        return 1000;
    if (a.kind == LN_AUD_UP) /* fewer own digits stand higher */
        return 100 + (int)strspn(a.who + 2, "0") + (int)(12 - strlen(a.who)) +
               (strcmp(a.who + 2, "0000000000") == 0 ? 50 : 0);
    /* A grid's readers are those of `c` and its laptops. */
    return a.kind == LN_AUD_GRID ? 3 : a.kind == LN_AUD_C ? 2 : 1;
}

void ln_batch_add(struct ln_batch *b, const struct ln_batch_line *l)
{
    b->lines = ln_grow(b->lines, b->n, &b->cap, sizeof *b->lines);

    struct line *k = &b->lines[b->n++];
    *k = (struct line){ .l = *l, .entry = SIZE_MAX };
    (void)snprintf(k->audience_name, sizeof k->audience_name, "%s", l->audience);
    (void)snprintf(k->author_region, sizeof k->author_region, "%s", l->region);
    if (!l->protocol)
        k->entry = entry_of(b, &l->c.record);
}

/* ---- reading what the store has */

static bool take_record(void *ctx, const struct ln_store_record *r, struct ln_err *err)
{
    struct ln_batch *b = ctx;
    struct entry *e = &b->entries[entry_of(b, &r->id)];

    e->n = r->n;
    e->exists = true;
    e->audience = r->audience;
    memcpy(e->region, r->region, sizeof e->region);
    (void)snprintf(e->collection, sizeof e->collection, "%.*s", (int)r->collection.len,
                   r->collection.p);
    if (!ln_merge_unpack(&e->merged, r->heads.p, r->heads.len, err))
        return false;
    e->was_live = !r->deleted && r->region[0] != '\0';
    e->was_aliased = e->merged.aliased;
    e->was_alias = e->merged.alias;
    return true;
}

static bool load_entries(struct ln_batch *b, size_t from, struct ln_err *err)
{
    struct ln_id *ids = ln_alloc_array(b->n_entries + 1, sizeof *ids);

    for (size_t i = from; i < b->n_entries; i++)
        ids[i - from] = b->entries[i].id;
    bool ok = b->s->ops->records_get(b->s->ctx, ids, b->n_entries - from, take_record, b, err);
    ln_free(ids);
    return ok;
}

static bool number_entries(struct ln_batch *b, struct ln_err *err)
{
    size_t fresh = 0;
    int64_t first = 0;

    for (size_t i = 0; i < b->n_entries; i++)
        fresh += b->entries[i].n == 0;
    if (fresh == 0)
        return true;
    if (!b->s->ops->reserve(b->s->ctx, LN_STORE_RECORDS, fresh, &first, err))
        return false;
    for (size_t i = 0; i < b->n_entries; i++)
        if (b->entries[i].n == 0) {
            b->entries[i].n = first++;
            b->entries[i].fresh = true;
        }
    return true;
}

static void name_entry(struct ln_batch *b, struct entry *e, const struct line *k)
{
    const struct ln_change *c = &k->l.c;

    if (e->collection[0] == '\0')
        (void)snprintf(e->collection, sizeof e->collection, "%.*s", (int)c->collection.len,
                       c->collection.p);
    /* A widened record is known above by its first full set: its add stays below. Where the add
     * comes, it tells, whoever wrote about the record before. What is refused tells nothing. */
    if (k->l.why == NULL && (c->op == LN_OP_ADD || (c->op == LN_OP_SET && e->region[0] == '\0')))
        memcpy(e->region, k->author_region, sizeof e->region);
    if (e->coll == NULL)
        e->coll = ln_schema_find(b->schema, ln_span_of(e->collection));
}

/* Writes the change rows; known ones come back marked. */
static bool put_changes(struct ln_batch *b, unsigned *known, struct ln_err *err)
{
    struct ln_store_change *rows = ln_alloc_array(b->n + 1, sizeof *rows);
    int64_t first = 0;
    bool ok = false;

    if (!b->s->ops->reserve(b->s->ctx, LN_STORE_CHANGES, b->n, &first, err))
        goto out;
    for (size_t i = 0; i < b->n; i++) {
        struct line *k = &b->lines[i];
        const struct ln_change *c = &k->l.c;
        const struct entry *e = k->entry != SIZE_MAX ? &b->entries[k->entry] : NULL;
        bool foreign = e != NULL && (e->coll == NULL || c->op == LN_OP_OTHER);

        if (!audience_of(b, &k->audience, k->audience_name, err))
            goto out;
        k->n = first + (int64_t)i;
        rows[i] = (struct ln_store_change){
            .n = k->n,
            .id = c->id,
            .rec = e != NULL ? e->n : 0,
            .log = k->l.log,
            .seq = k->l.seq,
            .audience = k->audience,
            .eff = k->l.eff,
            .state = k->l.why != NULL ? LN_STORE_VOID
                     : foreign        ? LN_STORE_UNKNOWN
                                      : LN_STORE_GOOD,
            .from_log = k->l.from_log,
            .from_seq = k->l.from_seq,
            .gone = c->gone,
        };
        if (k->l.seq == 0 || k->l.keep || foreign || c->op == LN_OP_STEP)
            rows[i].line = c->line;
    }
    if (!b->s->ops->changes_put(b->s->ctx, rows, b->n, err))
        goto out;
    for (size_t i = 0; i < b->n; i++)
        if (rows[i].known) {
            b->lines[i].n = 0;
            if (known != NULL)
                (*known)++;
        }
    ok = true;
out:
    ln_free(rows);
    return ok;
}

/* ---- sealed fields */

/* Names (as they stand in the line) and opened values as one object: nothing when they do not fit.
 */
static void put_together(struct ln_buf *out, struct ln_span names, const struct ln_buf *values)
{
    struct ln_err why = { 0 };
    struct ln_span list = { values->data, values->len };
    struct ln_span name;
    struct ln_span value;
    size_t at = 0;
    size_t from = 0;

    if (!ln_canon_check(values->data, values->len, &why) || ln_canon_type(list) != LN_CANON_ARRAY)
        return;
    ln_buf_addc(out, '{');
    while (ln_canon_next(names, &at, NULL, &name)) {
        if (!ln_canon_next(list, &from, NULL, &value)) {
            ln_buf_clear(out);
            return;
        }
        if (out->len > 1)
            ln_buf_addc(out, ',');
        ln_buf_add(out, name.p, name.len);
        ln_buf_addc(out, ':');
        ln_buf_add(out, value.p, value.len);
    }
    ln_buf_addc(out, '}');
    if (ln_canon_next(list, &from, NULL, &value) || !ln_canon_check(out->data, out->len, &why))
        ln_buf_clear(out);
}

bool ln_batch_open(struct ln_buf *out, struct ln_store *s, const struct ln_change *c,
                   struct ln_err *err)
{
    struct ln_buf values = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_store_key key = { 0 };
    char kid[16];
    char ad[128];
    struct ln_err why = { 0 };

    if (c->sealed.len == 0)
        return true;
    (void)snprintf(kid, sizeof kid, "%.*s", (int)c->kid.len, c->kid.p);
    if (!s->ops->key_get(s->ctx, &key, kid, err))
        return false;
    if (key.kid[0] == '\0')
        return true;

    struct ln_subject_key secret;
    memcpy(secret.b, key.secret, sizeof secret.b);
    ln_change_ad(ad, c);
    /* What does not open, or does not fit its names, is the author's mistake: the line stands, its
     * fields do not. */
    if (ln_subject_open(&values, &secret, ad, c->sealed, &why))
        put_together(out, c->names, &values);
    ln_buf_free(&values);
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(&key, sizeof key);
    return true;
}

/* The clear object of a line: what the caller had, or opened and kept; empty when the key is not
 * here. */
static bool clear_of(struct ln_batch *b, struct ln_span *out, const struct ln_change *c,
                     struct ln_span given, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_CHANGE_MAX);
    bool ok;

    *out = given;
    if (given.len > 0 || c->sealed.len == 0)
        return true;
    ok = ln_batch_open(&text, b->s, c, err);
    if (ok && text.len > 0) {
        out->p = ln_batch_keep(b, text.data, text.len);
        out->len = text.len;
    } else if (ok) {
        char kid[16];
        (void)snprintf(kid, sizeof kid, "%.*s", (int)c->kid.len, c->kid.p);
        ok = b->s->ops->key_wait(b->s->ctx, kid, &c->record, err);
    }
    ln_buf_free(&text);
    return ok;
}

/* ---- cells */

static void set_cell(struct entry *e, int field, struct ln_span value)
{
    for (size_t i = 0; i < e->n_cells; i++)
        if (e->cells[i].field == field) {
            e->cells[i].value = value;
            return;
        }
    e->cells = ln_grow(e->cells, e->n_cells, &e->cap_cells, sizeof *e->cells);
    e->cells[e->n_cells++] = (struct cell){ field, value };
}

/* Fields of an object whose unit's value this change holds. */
static void cells_from(struct entry *e, const struct ln_id *id, struct ln_span object)
{
    struct ln_span key;
    struct ln_span value;
    size_t at = 0;

    if (object.len == 0)
        return;
    while (ln_canon_next(object, &at, &key, &value)) {
        int field = ln_schema_field(e->coll, key);
        if (field < 0)
            continue;
        const struct ln_merge_unit *u = ln_merge_find(&e->merged, e->coll->fields[field].unit);
        if (u != NULL && u->n_heads > 0 && ln_clock_compare(&u->heads[0].id, id) == 0)
            set_cell(e, field,
                     ln_canon_type(value) == LN_CANON_NULL ? (struct ln_span){ NULL, 0 } : value);
    }
}

static bool writes_map(const struct entry *e, struct ln_span object)
{
    struct ln_span key;
    struct ln_span value;
    size_t at = 0;

    if (object.len == 0)
        return false;
    while (ln_canon_next(object, &at, &key, &value)) {
        int field = ln_schema_field(e->coll, key);
        if (field >= 0 && e->coll->fields[field].type == LN_TYPE_MAP)
            return true;
    }
    return false;
}

static bool base_is_head(const struct ln_merged *m, const struct ln_id *base)
{
    for (size_t u = 0; u < m->n_units; u++)
        for (size_t h = 0; h < m->units[u].n_heads; h++)
            if (ln_clock_compare(&m->units[u].heads[h].id, base) == 0)
                return true;
    return false;
}

/* ---- merging one line the fast way, or marking its record to be derived from all its lines */

static bool merge_line(struct ln_batch *b, struct line *k, struct ln_err *err)
{
    struct entry *e = &b->entries[k->entry];
    const struct ln_change *c = &k->l.c;
    struct ln_merge_in in = { .n = k->n, .eff = k->l.eff };

    if (k->l.eff > e->eff)
        e->eff = k->l.eff;
    if (c->op == LN_OP_STEP)
        e->stepped = true;
    if ((c->op == LN_OP_ADD || c->op == LN_OP_SET) && e->audience != k->audience) {
        const struct audience *old = e->audience != 0 ? audience_by(b, e->audience, err) : NULL;
        if (e->audience != 0 && old == NULL)
            return false;
        if (old == NULL || c->op == LN_OP_ADD || width(k->audience_name) > width(old->row.name))
            e->audience = k->audience;
    }
    if (e->audience == 0)
        e->audience = k->audience;
    if (e->coll != NULL &&
        (c->op == LN_OP_REMOVE || c->op == LN_OP_DELETE || c->op == LN_OP_RESTORE ||
         c->op == LN_OP_ALIAS || c->op == LN_OP_UNALIAS ||
         (c->op != LN_OP_STEP && writes_map(e, c->fields))))
        e->derive = true;
    if (c->op != LN_OP_STEP)
        for (size_t i = 0; i < c->n_base && !e->derive; i++)
            e->derive = !base_is_head(&e->merged, &c->base[i]);
    if (c->op != LN_OP_ADD && !e->exists && e->fresh && e->merged.n_units == 0)
        e->derive = true; /* its add is not here yet */
    if (e->derive || e->merged.again) {
        e->derive = true;
        return true;
    }
    in.c = *c;
    if (!ln_merge_add(&e->merged, e->coll, &in, err))
        return false;
    if (e->merged.again) {
        e->derive = true;
        return true;
    }
    if (e->coll == NULL || c->op == LN_OP_STEP)
        return true;

    struct ln_span clear;
    if (!clear_of(b, &clear, c, k->l.clear, err))
        return false;
    cells_from(e, &c->id, c->fields);
    cells_from(e, &c->id, clear);
    return true;
}

/* ---- lines from segments */

static bool each_line(const char *audience, const struct ln_batch_quote *quote, const char *text,
                      size_t len, ln_batch_text_fn *fn, void *ctx, struct ln_err *err)
{
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end != NULL ? (size_t)(end - text) : len;
        if (line > 0 && !fn(ctx, audience, quote, text, line, err))
            return false;
        text += line + (end != NULL);
        len -= line + (end != NULL);
    }
    return true;
}

/* [log, seq] */
static bool read_quote(struct ln_batch_quote *q, struct ln_span quote)
{
    struct ln_span log;
    struct ln_span seq;
    struct ln_span text;
    size_t at = 0;

    if (ln_canon_type(quote) != LN_CANON_ARRAY || !ln_canon_next(quote, &at, NULL, &log) ||
        ln_canon_type(log) != LN_CANON_STRING || !ln_canon_plain(log, &text) ||
        text.len >= sizeof q->log || !ln_canon_next(quote, &at, NULL, &seq) ||
        ln_canon_type(seq) != LN_CANON_INT || ln_canon_int(seq) < 1)
        return false;
    memcpy(q->log, text.p, text.len);
    q->log[text.len] = '\0';
    q->seq = (uint64_t)ln_canon_int(seq);
    return true;
}

/* public.jsonl may begin with a line {"log","quote","seq"}: then what follows is quoted. */
static bool public_lines(const struct ln_store_file *f, ln_batch_text_fn *fn, void *ctx,
                         struct ln_err *err)
{
    const char *end = memchr(f->bytes.p, '\n', f->bytes.len);
    struct ln_span first = { f->bytes.p, end != NULL ? (size_t)(end - f->bytes.p) : f->bytes.len };
    struct ln_batch_quote q = { .seq = 0 }; /* one that says nothing: whoever reads it refuses */
    struct ln_span quote;
    bool quoted = false;
    size_t skip = 0;
    struct ln_err why = { 0 };

    if (first.len > 0 && ln_canon_check(first.p, first.len, &why) &&
        ln_canon_type(first) == LN_CANON_OBJECT && ln_canon_get(first, "quote", &quote)) {
        quoted = true;
        if (!read_quote(&q, quote))
            q = (struct ln_batch_quote){ .seq = 0 };
        skip = first.len + (end != NULL);
    }
    return each_line("public", quoted ? &q : NULL, f->bytes.p + skip, f->bytes.len - skip, fn, ctx,
                     err);
}

static bool sealed_lines(struct ln_store *s, const char *log, const struct ln_store_segment *seg,
                         const struct ln_store_file *f, ln_batch_text_fn *fn, void *ctx,
                         bool *readable, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_SEGMENT_PLAIN_MAX + 4096);
    struct ln_epoch e = { 0 };
    struct ln_segment_header h = { .seq = seg->seq };
    struct ln_batch_quote q;
    bool ok = false;

    *readable = false;
    if (!s->ops->epoch_find(s->ctx, &e, f->name, err))
        goto out;
    if (e.label[0] == '\0') {
        ok = true;
        goto out;
    }
    (void)snprintf(h.log, sizeof h.log, "%s", log);
    (void)snprintf(h.audience, sizeof h.audience, "%s", e.audience);
    (void)snprintf(h.epoch, sizeof h.epoch, "%s", e.label);
    if (!ln_segment_open(&text, &h, f->bytes.p, f->bytes.len, &e.secret, err))
        goto out;
    *readable = true;
    (void)snprintf(q.log, sizeof q.log, "%s", h.quote_log);
    q.seq = h.quote_seq;
    ok = each_line(e.audience, h.quoted ? &q : NULL, text.data, text.len, fn, ctx, err);
out:
    sodium_memzero(&e, sizeof e);
    ln_buf_free(&text);
    return ok || ln_wrap(err, "file %s", f->name);
}

bool ln_batch_lines(struct ln_store *s, const char *log, const struct ln_store_segment *seg,
                    ln_batch_text_fn *fn, void *ctx, unsigned *unreadable, struct ln_err *err)
{
    for (int pass = 0; pass < 2; pass++) /* public first: it brings epochs and certificates */
        for (size_t i = 0; i < seg->n_files; i++) {
            const struct ln_store_file *f = &seg->files[i];
            bool open = strcmp(f->name, "public.jsonl") == 0;
            bool readable = true;
            if (open != (pass == 0))
                continue;
            if (f->bytes.p == NULL)
                readable = false;
            else if (open ? !public_lines(f, fn, ctx, err)
                          : !sealed_lines(s, log, seg, f, fn, ctx, &readable, err))
                return false;
            if (!readable && unreadable != NULL)
                (*unreadable)++;
        }
    return true;
}

/* ---- deriving a record from all its lines */

struct piece_of {
    struct ln_store_change row;
    const char *line;
    size_t len;
    struct ln_span gone;
};
struct gather {
    struct ln_batch *b;
    struct ln_store *s;
    struct piece_of *list;
    size_t n, cap;
    int64_t log; /* segment being read */
    uint64_t seq;
};

static char *gather_keep(struct gather *g, const void *data, size_t len)
{
    return ln_batch_keep(g->b, data, len);
}

static bool take_change(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct gather *g = ctx;

    (void)err;
    g->list = ln_grow(g->list, g->n, &g->cap, sizeof *g->list);
    struct piece_of *p = &g->list[g->n++];
    *p = (struct piece_of){ .row = ln_store_change_bare(c) };
    if (c->gone.len > 0)
        p->gone = (struct ln_span){ gather_keep(g, c->gone.p, c->gone.len), c->gone.len };
    if (c->line.len > 0) {
        p->line = gather_keep(g, c->line.p, c->line.len);
        p->len = c->line.len;
    }
    return true;
}

static bool match_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *line, size_t len, struct ln_err *err)
{
    struct gather *g = ctx;
    struct ln_span text = { line, len };
    struct ln_span value;
    struct ln_span id;
    struct ln_id got;
    struct ln_err why = { 0 };

    (void)audience;
    (void)quote;
    (void)err;
    /* A segment may hold anything its author signed: what is no line was passed over when applied.
     */
    if (!ln_canon_check(line, len, &why) || ln_canon_type(text) != LN_CANON_OBJECT ||
        !ln_canon_get(text, "i", &value) || ln_canon_type(value) != LN_CANON_STRING ||
        !ln_canon_plain(value, &id) || !ln_clock_id_read(&got, id))
        return true;
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i].line == NULL && ln_clock_compare(&g->list[i].row.id, &got) == 0) {
            g->list[i].line = gather_keep(g, line, len);
            g->list[i].len = len;
        }
    return true;
}

static bool read_segment(void *ctx, const struct ln_store_segment *seg, struct ln_err *err)
{
    struct gather *g = ctx;
    struct ln_store_log log = { 0 };

    if (seg->seq != g->seq) {
        err->code = LN_OK;
        return false;
    }
    if (!g->s->ops->log_by(g->s->ctx, &log, g->log, err))
        return false;
    if (!ln_batch_lines(g->s, log.id, seg, match_line, g, NULL, err))
        return false;
    err->code = LN_OK;
    return false; /* that one was enough */
}

/* The lines that stand in segments, each segment opened once. */
static bool fetch_lines(struct gather *g, struct ln_err *err)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->list[i].line != NULL || g->list[i].row.seq == 0)
            continue;
        g->log = g->list[i].row.log;
        g->seq = g->list[i].row.seq;
        err->code = LN_OK;
        if (!g->s->ops->segment_each(g->s->ctx, g->log, g->seq, true, read_segment, g, err) &&
            err->code != LN_OK)
            return false;
        err->code = LN_OK;
    }
    return true;
}

/* Lines of this batch need no reading. */
static void lend_lines(struct gather *g, const struct ln_batch *b)
{
    for (size_t k = 0; k < b->n; k++)
        for (size_t i = 0; i < g->n && b->lines[k].entry != SIZE_MAX; i++)
            if (g->list[i].line == NULL &&
                ln_clock_compare(&g->list[i].row.id, &b->lines[k].l.c.id) == 0) {
                g->list[i].line = b->lines[k].l.c.line.p;
                g->list[i].len = b->lines[k].l.c.line.len;
            }
}

static bool base_there(const struct ln_merge_in *in, size_t n, const struct ln_id *base)
{
    for (size_t i = 0; i < n; i++)
        if (ln_clock_compare(&in[i].c.id, base) == 0)
            return true;
    return false;
}

/* A map field is put together from its keys' values. */
static bool map_cell(struct ln_batch *b, struct entry *e, int field, const struct ln_merge_in *in,
                     size_t n, struct ln_err *err)
{
    const struct ln_field *f = &e->coll->fields[field];
    size_t prefix = strlen(f->unit);
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    size_t members = 0;

    ln_buf_addc(&text, '{');
    for (size_t u = 0; u < e->merged.n_units; u++) {
        const struct ln_merge_unit *m = &e->merged.units[u];
        if (strncmp(m->name, f->unit, prefix) != 0 || m->name[prefix] != '/' || m->n_heads == 0)
            continue;
        for (size_t i = 0; i < n; i++) {
            struct ln_span map;
            struct ln_span value;
            if (ln_clock_compare(&in[i].c.id, &m->heads[0].id) != 0 || in[i].c.op == LN_OP_REMOVE ||
                in[i].c.fields.len == 0 || !ln_canon_get(in[i].c.fields, f->name, &map) ||
                ln_canon_type(map) != LN_CANON_OBJECT ||
                !ln_canon_get(map, m->name + prefix + 1, &value))
                continue;
            if (members++ > 0)
                ln_buf_addc(&text, ',');
            ln_canon_add_string(&text, m->name + prefix + 1, strlen(m->name + prefix + 1));
            ln_buf_addc(&text, ':');
            ln_buf_add(&text, value.p, value.len);
        }
    }
    ln_buf_addc(&text, '}');
    bool ok = ln_buf_done(&text, f->name, err);
    if (ok && members > 0)
        set_cell(e, field, (struct ln_span){ ln_batch_keep(b, text.data, text.len), text.len });
    ln_buf_free(&text);
    return ok;
}

static bool derive_cells(struct ln_batch *b, struct entry *e, const struct ln_merge_in *in,
                         size_t n, struct ln_err *err)
{
    e->n_cells = 0;
    for (size_t i = 0; i < n; i++) {
        struct ln_span clear;
        if (in[i].c.op != LN_OP_ADD && in[i].c.op != LN_OP_SET)
            continue;
        if (!clear_of(b, &clear, &in[i].c, (struct ln_span){ NULL, 0 }, err))
            return false;
        cells_from(e, &in[i].c.id, in[i].c.fields);
        cells_from(e, &in[i].c.id, clear);
    }
    for (size_t f = 0; f < e->coll->n_fields; f++)
        if (e->coll->fields[f].type == LN_TYPE_MAP && !map_cell(b, e, (int)f, in, n, err))
            return false;
    return true;
}

static bool derive(struct ln_batch *b, struct entry *e, struct ln_err *err)
{
    struct gather g = { .b = b, .s = b->s };
    struct ln_merge_in *in = NULL;
    size_t n = 0;
    bool ok = false;

    if (!b->s->ops->changes_of(b->s->ctx, &e->n, 1, take_change, &g, err))
        goto out;
    lend_lines(&g, b);
    if (!fetch_lines(&g, err))
        goto out;
    in = ln_alloc_array(g.n + 1, sizeof *in);
    for (size_t i = 0; i < g.n; i++) {
        const struct ln_store_change *row = &g.list[i].row;
        struct ln_err why = { 0 };
        if (row->state == LN_STORE_VOID || g.list[i].line == NULL ||
            !ln_change_read(&in[n].c, g.list[i].line, g.list[i].len, &why))
            continue;
        in[n].n = row->n;
        in[n].eff = row->eff;
        in[n].c.gone = g.list[i].gone;
        if (row->eff > e->eff)
            e->eff = row->eff;
        n++;
    }
    ln_merge_free(&e->merged);
    if (!ln_merge_derive(&e->merged, e->coll, in, n, err))
        goto out;
    for (size_t i = 0; i < n; i++) /* a base not here yet: derive again when something comes */
        for (size_t k = 0; k < in[i].c.n_base && !e->merged.again; k++)
            e->merged.again = !base_there(in, n, &in[i].c.base[k]);
    if (e->coll != NULL && !derive_cells(b, e, in, n, err))
        goto out;
    ok = true;
out:
    ln_free(in);
    ln_free(g.list);
    return ok;
}

/* ---- workflow */

struct steps {
    struct ln_store *s;
    struct ln_workflow_step *list;
    size_t n, cap;
    struct ln_err *err;
};

/* `tier` holds the log's number, and gets how many digits of its node's region count. */
static bool find_tier(unsigned *tier, struct ln_store *s, struct ln_err *err)
{
    struct ln_store_log l = { 0 };
    unsigned digits = LN_REGION_LEN;

    if (!s->ops->log_by(s->ctx, &l, (int64_t)*tier, err))
        return false;
    while (digits > 2 && l.id[digits - 1] == '0')
        digits--;
    *tier = digits <= 2 ? 2 : digits <= 4 ? 4 : digits <= 6 ? 6 : digits <= 9 ? 9 : 12;
    return true;
}

static bool take_step(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct steps *st = ctx;
    struct ln_change line;
    struct ln_err why = { 0 };
    struct ln_span value;
    struct ln_span word;

    (void)err;
    if (c->line.len == 0 || c->state == LN_STORE_VOID ||
        !ln_change_read(&line, c->line.p, c->line.len, &why) || line.op != LN_OP_STEP)
        return true;
    st->list = ln_grow(st->list, st->n, &st->cap, sizeof *st->list);
    struct ln_workflow_step *x = &st->list[st->n++];
    *x = (struct ln_workflow_step){ .n = c->n,
                                    .eff = c->eff,
                                    .id = c->id,
                                    .tier = (unsigned)(c->from_log != 0 ? c->from_log : c->log) };
    if (line.n_base > 0)
        x->prev = line.base[0];
    if (ln_canon_get(line.fields, "action", &value) && ln_canon_plain(value, &word))
        (void)snprintf(x->action, sizeof x->action, "%.*s", (int)word.len, word.p);
    if (ln_canon_get(line.fields, "to", &value) && ln_canon_plain(value, &word))
        (void)snprintf(x->to, sizeof x->to, "%.*s", (int)word.len, word.p);
    size_t at = 0;
    struct ln_span item;
    if (ln_canon_get(line.fields, "settles", &value) && ln_canon_type(value) == LN_CANON_ARRAY)
        while (x->n_settles < LN_WORKFLOW_SETTLES && ln_canon_next(value, &at, NULL, &item) &&
               ln_canon_plain(item, &word) && ln_clock_id_read(&x->settles[x->n_settles], word))
            x->n_settles++;
    return true;
}

/* Steps not taken that follow something: those that wait for their predecessor are not lost. */
static size_t find_lost(struct ln_id *out, const struct ln_workflow_step *steps, size_t n)
{
    size_t lost = 0;

    for (size_t i = 0; i < n; i++) {
        bool joins = ln_clock_id_zero(&steps[i].prev);
        for (size_t j = 0; j < n && !joins; j++)
            joins = ln_clock_compare(&steps[j].id, &steps[i].prev) == 0;
        if (joins && !steps[i].taken && !steps[i].settled)
            out[lost++] = steps[i].id;
    }
    return lost;
}

/* `note`: the lost steps are written down. */
static bool state_of(struct ln_workflow_state *out, struct ln_store *s, const struct ln_coll *coll,
                     int64_t rec, bool note, struct ln_err *err)
{
    struct steps st = { .s = s };
    bool ok = s->ops->changes_of(s->ctx, &rec, 1, take_step, &st, err);

    for (size_t i = 0; ok && i < st.n; i++) /* not inside the walk: that makes no calls */
        ok = find_tier(&st.list[i].tier, s, err);
    if (ok)
        ln_workflow_derive(out, coll, st.list, st.n);
    if (ok && note) {
        struct ln_id *lost = ln_alloc_array(st.n + 1, sizeof *lost);
        ok = s->ops->lost_put(s->ctx, rec, lost, find_lost(lost, st.list, st.n), err);
        ln_free(lost);
    }
    ln_free(st.list);
    return ok;
}

bool ln_batch_state(struct ln_id *last, char state[48], struct ln_store *s,
                    const struct ln_coll *coll, int64_t rec, struct ln_err *err)
{
    struct ln_workflow_state w = { 0 };

    if (!state_of(&w, s, coll, rec, false, err))
        return false;
    *last = w.last;
    memcpy(state, w.state, 48);
    return true;
}

/* ---- the flush */

/* The state that the steps lead to, and whether they are at odds. */
static bool find_state(struct ln_batch *b, struct entry *e, struct ln_err *err)
{
    struct ln_workflow_state w = { 0 };

    if (e->coll == NULL || e->coll->first_state == NULL || !(e->stepped || e->fresh || e->derive))
        return true;
    if (!e->stepped && e->fresh && !e->derive)
        (void)snprintf(w.state, sizeof w.state, "%s", e->coll->first_state);
    else if (!state_of(&w, b->s, e->coll, e->n, true, err))
        return false;
    memcpy(e->state, w.state, sizeof e->state);
    e->merged.forked = w.conflict;
    return true;
}

/* Deleted, or nothing of it holds: all refused or void, or not here but for a step. */
static bool is_gone(const struct entry *e)
{
    return e->merged.deleted || e->merged.n_units == 0;
}

/* Records of entries[from..], and that they are to be looked at. */
static bool put_records(struct ln_batch *b, size_t from, struct ln_err *err)
{
    struct ln_store_record *recs = ln_alloc_array(b->n_entries + 1, sizeof *recs);
    int64_t *todo = ln_alloc_array(b->n_entries + 1, sizeof *todo);
    size_t n = 0;
    bool ok = false;

    for (size_t i = from; i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        if (e->refused_only)
            continue;
        if (!find_state(b, e, err) || !ln_merge_pack(&e->heads, &e->merged, err))
            goto out;
        recs[n] = (struct ln_store_record){ .n = e->n,
                                            .id = e->id,
                                            .collection = ln_span_of(e->collection),
                                            .audience = e->audience,
                                            .deleted = is_gone(e),
                                            .conflicts = e->merged.conflicts + e->merged.forked,
                                            .heads = { e->heads.data, e->heads.len } };
        memcpy(recs[n].region, e->region, sizeof e->region);
        todo[n++] = e->n;
    }
    ok = b->s->ops->records_put(b->s->ctx, recs, n, err) &&
         b->s->ops->todo_put(b->s->ctx, todo, n, err);
out:
    ln_free(recs);
    ln_free(todo);
    return ok;
}

/* A record that was given up has no row while another one stands for it. */
static bool is_hidden(struct ln_batch *b, const struct entry *e, bool *hidden, struct ln_err *err)
{
    struct ln_id root;

    *hidden = false;
    if (!e->merged.aliased)
        return true;
    if (!ln_alias_root(&root, b->s, &e->id, err))
        return false;
    *hidden = ln_clock_compare(&root, &e->id) != 0;
    return true;
}

static bool put_rows(struct ln_batch *b, struct ln_err *err)
{
    struct ln_store_row *rows = ln_alloc_array(b->n_entries + 1, sizeof *rows);
    size_t n = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        bool hidden;
        if (e->refused_only || e->coll == NULL)
            continue;
        ok = is_hidden(b, e, &hidden, err);
        rows[n++] =
            (struct ln_store_row){ .coll = e->coll,
                                   .rec = e->n,
                                   .drop = is_gone(e) || hidden,
                                   .whole = e->derive,
                                   .eff = e->eff,
                                   .n = e->n_cells,
                                   .cells = (const struct ln_store_cell *)(const void *)e->cells,
                                   .state = { e->state[0] != '\0' ? e->state : NULL,
                                              strlen(e->state) } };
    }
    ok = ok && b->s->ops->rows_put(b->s->ctx, rows, n, err);
    ln_free(rows);
    return ok;
}

/* ---- records given up for others */

static bool some_id(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    (void)id;
    (void)err;
    *(bool *)ctx = true;
    return true;
}

/* Writes an alias that came, went or leads elsewhere. One that went needs looking at at once. */
static bool put_alias(struct ln_batch *b, const struct entry *e, struct ln_alias_list *moved,
                      struct ln_err *err)
{
    struct ln_store_alias a = { 0 };

    if (!b->s->ops->alias_get(b->s->ctx, &a, &e->id, err))
        return false;
    if (ln_clock_id_zero(&a.to) || !e->merged.aliased) {
        if (!ln_clock_id_zero(&a.to) && ln_alias_list_add(moved, &e->id))
            (void)ln_alias_list_add(moved, &a.root);
        a.id = a.root = e->id;
    }
    a.to = e->merged.aliased ? e->merged.alias : (struct ln_id){ 0 };
    return b->s->ops->alias_put(b->s->ctx, &a, err);
}

/* Whose alias changed, and those that came or went with others given up for them. */
static bool find_touched(struct ln_batch *b, struct ln_alias_list *touched,
                         struct ln_alias_list *moved, struct ln_err *err)
{
    bool asked = false;
    bool any = false;

    for (size_t i = 0; i < b->n_entries; i++) {
        const struct entry *e = &b->entries[i];
        bool live = !is_gone(e) && e->region[0] != '\0';
        bool other = e->merged.aliased != e->was_aliased ||
                     (e->merged.aliased && ln_clock_compare(&e->merged.alias, &e->was_alias) != 0);
        bool into = e->merged.aliased;
        if (e->refused_only || (!other && live == e->was_live))
            continue;
        if (other && !put_alias(b, e, moved, err))
            return false;
        if (!other && !asked && !b->s->ops->alias_any(b->s->ctx, &any, err))
            return false;
        asked = asked || !other;
        if (!other && any && !into &&
            !b->s->ops->alias_into(b->s->ctx, &e->id, some_id, &into, err))
            return false;
        if (other || (any && into))
            (void)ln_alias_list_add(touched, &e->id);
    }
    return true;
}

static bool link_aliases(struct ln_batch *b, struct ln_err *err)
{
    struct ln_alias_list touched = { 0 };
    struct ln_alias_list moved = { 0 };
    size_t from = b->n_entries;
    bool ok = find_touched(b, &touched, &moved, err) &&
              (touched.n == 0 || ln_alias_relink(&moved, b->s, touched.at, touched.n, err));

    for (size_t i = 0; ok && i < moved.n; i++)
        (void)entry_of(b, &moved.at[i]);
    ok = ok && (b->n_entries == from || load_entries(b, from, err));
    for (size_t i = from; ok && i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        e->refused_only = !e->exists;
        e->derive = e->exists;
        e->coll = ln_schema_find(b->schema, ln_span_of(e->collection));
        ok = !e->exists || derive(b, e, err);
    }
    ok = ok && (b->n_entries == from || put_records(b, from, err));
    ln_alias_list_free(&touched);
    ln_alias_list_free(&moved);
    return ok;
}

static bool put_audiences(struct ln_batch *b, struct ln_err *err)
{
    for (size_t i = 0; i < b->n_audiences; i++)
        if (b->audiences[i].changed &&
            !b->s->ops->audience_put(b->s->ctx, &b->audiences[i].row, err))
            return false;
    return true;
}

static bool count_line(struct ln_batch *b, const struct line *k, struct ln_err *err)
{
    struct audience *a = audience_by(b, k->audience, err);

    if (a == NULL)
        return false;
    ln_digest_add(&a->row.digest, &k->l.c.id, k->l.eff, k->l.why != NULL);
    a->changed = true;
    return k->l.why == NULL ||
           b->s->ops->refused_put(b->s->ctx, &k->l.c.id, k->l.log, k->l.seq, k->l.why, err);
}

/* What is marked to be derived, and then everything out. */
static bool finish(struct ln_batch *b, struct ln_err *err)
{
    for (size_t i = 0; i < b->n_entries; i++)
        if (b->entries[i].derive && !derive(b, &b->entries[i], err))
            return false;
    return put_records(b, 0, err) && link_aliases(b, err) && put_rows(b, err) &&
           put_audiences(b, err);
}

/* ---- lines that are here already, but count for nothing there: what was void and is quoted by a
 * node that may, or quoted and now comes in its own place */

struct takeover {
    struct ln_batch *b;
    struct ln_store_change *rows;
    size_t n, cap;
};

static bool is_known(const struct line *k)
{
    return k->n == 0 && k->l.why == NULL && k->entry != SIZE_MAX;
}

static struct line *line_by_id(struct ln_batch *b, const struct ln_id *id)
{
    for (size_t i = 0; i < b->n; i++)
        if (is_known(&b->lines[i]) && ln_clock_compare(&b->lines[i].l.c.id, id) == 0)
            return &b->lines[i];
    return NULL;
}

static bool take_known(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct takeover *t = ctx;
    const struct line *k = line_by_id(t->b, &c->id);

    (void)err;
    if (k == NULL || (c->state != LN_STORE_VOID && (c->from_log == 0 || k->l.from_log != 0)))
        return true;
    t->rows = ln_grow(t->rows, t->n, &t->cap, sizeof *t->rows);
    t->rows[t->n++] = ln_store_change_bare(c);
    return true;
}

static bool take_row_over(struct ln_batch *b, struct ln_store_change *row, struct ln_err *err)
{
    struct line *k = line_by_id(b, &row->id);
    struct audience *old = audience_by(b, row->audience, err);

    if (old == NULL)
        return false;
    if (k == NULL) /* the same line twice in one batch */
        return true;
    struct entry *e = &b->entries[k->entry];
    bool foreign = e->coll == NULL || k->l.c.op == LN_OP_OTHER;
    ln_digest_take(&old->row.digest, &row->id, row->eff, row->state == LN_STORE_VOID);
    old->changed = true;
    row->rec = e->n;
    row->log = k->l.log;
    row->seq = k->l.seq;
    row->audience = k->audience;
    row->eff = k->l.eff;
    row->state = foreign ? LN_STORE_UNKNOWN : LN_STORE_GOOD;
    row->from_log = k->l.from_log;
    row->from_seq = k->l.from_seq;
    row->gone = k->l.c.gone;
    if (k->l.seq == 0 || k->l.keep || foreign || k->l.c.op == LN_OP_STEP)
        row->line = k->l.c.line;
    k->n = row->n;
    e->derive = true;
    return b->s->ops->refused_drop(b->s->ctx, &row->id, err);
}

static bool take_over(struct ln_batch *b, struct ln_err *err)
{
    struct takeover t = { .b = b };
    struct ln_id *ids;
    size_t n = 0;
    bool ok = true;

    for (size_t i = 0; i < b->n; i++)
        n += is_known(&b->lines[i]);
    if (n == 0)
        return true;
    ids = ln_alloc_array(n, sizeof *ids);
    n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (is_known(&b->lines[i]))
            ids[n++] = b->lines[i].l.c.id;
    ok = b->s->ops->changes_get(b->s->ctx, ids, n, take_known, &t, err);
    for (size_t i = 0; ok && i < t.n; i++)
        ok = take_row_over(b, &t.rows[i], err);
    ok = ok && b->s->ops->changes_set(b->s->ctx, t.rows, t.n, err);
    ln_free(t.rows);
    ln_free(ids);
    return ok;
}

bool ln_batch_flush(struct ln_batch *b, unsigned *known, struct ln_err *err)
{
    bool ok = false;

    if (b->n == 0 && b->n_entries == 0)
        return true;
    if (!load_entries(b, 0, err) || !number_entries(b, err))
        goto out;
    for (int refused = 0; refused < 2; refused++) /* those that count first */
        for (size_t i = 0; i < b->n; i++)
            if (b->lines[i].entry != SIZE_MAX && (b->lines[i].l.why != NULL) == refused)
                name_entry(b, &b->entries[b->lines[i].entry], &b->lines[i]);
    for (size_t i = 0; i < b->n_entries; i++)
        b->entries[i].refused_only = 1;
    if (!put_changes(b, known, err) || !take_over(b, err))
        goto out;
    for (size_t i = 0; i < b->n; i++) {
        struct line *k = &b->lines[i];
        if (k->n == 0) /* known before */
            continue;
        if (!count_line(b, k, err))
            goto out;
        if (k->l.why != NULL || k->entry == SIZE_MAX)
            continue;
        b->entries[k->entry].refused_only = 0;
        if (!merge_line(b, k, err))
            goto out;
    }
    ok = finish(b, err);
out:
    forget(b);
    return ok;
}

/* ---- second thoughts */

struct fates {
    struct ln_batch *b;
    const struct ln_batch_fate *f;
    size_t n;
    struct ln_store_change *rows;
    size_t n_rows, cap_rows;
};

static bool take_fate(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct fates *x = ctx;

    (void)err;
    x->rows = ln_grow(x->rows, x->n_rows, &x->cap_rows, sizeof *x->rows);
    x->rows[x->n_rows] = ln_store_change_bare(c);
    if (c->line.len > 0)
        x->rows[x->n_rows].line =
            (struct ln_span){ ln_batch_keep(x->b, c->line.p, c->line.len), c->line.len };
    x->n_rows++;
    return true;
}

static const struct ln_batch_fate *fate_of(const struct fates *x, const struct ln_id *id)
{
    for (size_t i = 0; i < x->n; i++)
        if (ln_clock_compare(&x->f[i].id, id) == 0)
            return &x->f[i];
    return NULL;
}

static bool apply_fate(struct fates *x, struct ln_store_change *row, struct ln_err *err)
{
    const struct ln_batch_fate *f = fate_of(x, &row->id);
    struct audience *a = audience_by(x->b, row->audience, err);
    bool was_void = row->state == LN_STORE_VOID;

    if (a == NULL || f == NULL || (f->log != 0 && f->log != row->log))
        return a != NULL;
    ln_digest_take(&a->row.digest, &row->id, row->eff, was_void);
    if (f->eff != 0 && f->eff < row->eff) /* of several receipts the first one counts */
        row->eff = f->eff;
    if (f->why != NULL) {
        row->state = LN_STORE_VOID;
        if (!x->b->s->ops->refused_put(x->b->s->ctx, &row->id, row->log, row->seq, f->why, err))
            return false;
    }
    ln_digest_add(&a->row.digest, &row->id, row->eff, row->state == LN_STORE_VOID);
    a->changed = true;
    return true;
}

bool ln_batch_change(struct ln_batch *b, const struct ln_batch_fate *f, size_t n,
                     struct ln_err *err)
{
    struct fates x = { .b = b, .f = f, .n = n };
    struct gather g = { .b = b, .s = b->s };
    struct ln_id *ids = ln_alloc_array(n + 1, sizeof *ids);
    struct ln_id *records = ln_alloc_array(n + 1, sizeof *records);
    size_t n_records = 0;
    bool ok = false;

    for (size_t i = 0; i < n; i++)
        ids[i] = f[i].id;
    if (!b->s->ops->changes_get(b->s->ctx, ids, n, take_fate, &x, err))
        goto out;
    for (size_t i = 0; i < x.n_rows; i++) {
        if (!apply_fate(&x, &x.rows[i], err))
            goto out;
        if (x.rows[i].rec > 0 && !take_change(&g, &x.rows[i], err))
            goto out;
    }
    if (!b->s->ops->changes_set(b->s->ctx, x.rows, x.n_rows, err) || !fetch_lines(&g, err))
        goto out;
    for (size_t i = 0; i < g.n; i++) {
        struct ln_change c;
        struct ln_err why = { 0 };
        if (g.list[i].line != NULL && ln_change_read(&c, g.list[i].line, g.list[i].len, &why))
            records[n_records++] = c.record;
    }
    if (!put_audiences(b, err))
        goto out;
    ok = ln_batch_derive(b, records, n_records, err);
out:
    ln_free(x.rows);
    ln_free(g.list);
    ln_free(ids);
    ln_free(records);
    forget(b);
    return ok;
}

bool ln_batch_derive(struct ln_batch *b, const struct ln_id *records, size_t n, struct ln_err *err)
{
    bool ok = false;

    b->n_audiences = 0;
    for (size_t i = 0; i < n; i++)
        (void)entry_of(b, &records[i]);
    if (!load_entries(b, 0, err))
        goto out;
    for (size_t i = 0; i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        e->refused_only = !e->exists;
        e->derive = e->exists;
        e->coll = ln_schema_find(b->schema, ln_span_of(e->collection));
    }
    ok = finish(b, err);
out:
    forget(b);
    return ok;
}

/* ---- what an earlier program did not know */

struct learning {
    struct ln_batch *b;
    struct ln_store_change *rows;
    size_t n, cap;
};

static bool take_unknown(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct learning *x = ctx;
    struct ln_change line;
    struct ln_err why = { 0 };

    (void)err;
    if (c->state != LN_STORE_UNKNOWN || !ln_change_read(&line, c->line.p, c->line.len, &why) ||
        line.op == LN_OP_OTHER || ln_schema_find(x->b->schema, line.collection) == NULL)
        return true;
    x->rows = ln_grow(x->rows, x->n, &x->cap, sizeof *x->rows);
    struct ln_store_change *row = &x->rows[x->n++];
    *row = ln_store_change_bare(c);
    row->state = LN_STORE_GOOD;
    if (c->seq == 0 || line.op == LN_OP_STEP)
        row->line = (struct ln_span){ ln_batch_keep(x->b, c->line.p, c->line.len), c->line.len };
    return true;
}

bool ln_batch_learn(struct ln_batch *b, const struct ln_id *records, size_t n, struct ln_err *err)
{
    struct learning x = { .b = b };
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        struct ln_batch_record rec = { 0 };
        ok = ln_batch_record(&rec, b->s, &records[i], err) &&
             (!rec.found || b->s->ops->changes_of(b->s->ctx, &rec.n, 1, take_unknown, &x, err));
        ln_merge_free(&rec.merged);
    }
    ok = ok && b->s->ops->changes_set(b->s->ctx, x.rows, x.n, err) &&
         ln_batch_derive(b, records, n, err);
    ln_free(x.rows);
    return ok;
}

/* ---- one record */

static bool take_one(void *ctx, const struct ln_store_record *r, struct ln_err *err)
{
    struct ln_batch_record *out = ctx;

    out->found = true;
    out->n = r->n;
    out->deleted = r->deleted;
    out->audience = r->audience;
    out->etag = ln_replica_etag(r->heads);
    memcpy(out->region, r->region, sizeof out->region);
    (void)snprintf(out->collection, sizeof out->collection, "%.*s", (int)r->collection.len,
                   r->collection.p);
    return ln_merge_unpack(&out->merged, r->heads.p, r->heads.len, err);
}

bool ln_batch_record(struct ln_batch_record *out, struct ln_store *s, const struct ln_id *id,
                     struct ln_err *err)
{
    *out = (struct ln_batch_record){ 0 };
    return s->ops->records_get(s->ctx, id, 1, take_one, out, err);
}

uint64_t ln_replica_etag(struct ln_span heads)
{
    uint8_t hash[16];
    uint64_t tag = 0;

    if (heads.len == 0)
        return 0;
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)heads.p, heads.len, NULL, 0);
    memcpy(&tag, hash, sizeof tag);
    return tag;
}

/* ---- history */

struct history {
    struct gather g;
    struct ln_store *s;
};

static int by_id(const void *a, const void *b)
{
    return ln_clock_compare(&((const struct piece_of *)a)->row.id,
                            &((const struct piece_of *)b)->row.id);
}

static bool tell(struct ln_store *s, const struct piece_of *p, ln_history_fn *fn, void *ctx,
                 struct ln_err *err)
{
    struct ln_history_item item = { .eff = p->row.eff, .seq = p->row.seq, .state = p->row.state };
    struct ln_buf clear = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_store_log log = { 0 };
    struct ln_store_receipt receipt = { 0 };
    struct ln_change c;
    struct ln_err why = { 0 };
    bool ok = false;

    if (p->line == NULL || !ln_change_read(&c, p->line, p->len, &why)) {
        ok = true;
        goto out;
    }
    if (!ln_batch_open(&clear, s, &c, err) || !s->ops->log_by(s->ctx, &log, p->row.log, err))
        goto out;
    if (p->row.seq > 0 &&
        !s->ops->receipt_first(s->ctx, p->row.log, p->row.seq, &receipt, NULL, err))
        goto out;
    if (p->row.from_log != 0) { /* the author is he who wrote it first */
        memcpy(item.by, log.id, sizeof item.by);
        if (!s->ops->log_by(s->ctx, &log, p->row.from_log, err))
            goto out;
        item.seq = p->row.from_seq;
    }
    item.c = &c;
    item.clear = (struct ln_span){ clear.data, clear.len };
    memcpy(item.log, log.id, sizeof item.log);
    item.provisional = receipt.seq == 0;
    item.receipt_t = receipt.t;
    ok = fn(ctx, &item, err);
out:
    ln_buf_free(&clear);
    return ok;
}

bool ln_replica_history(struct ln_store *reader, const struct ln_id *record, ln_history_fn *fn,
                        void *ctx, struct ln_err *err)
{
    static const struct ln_schema none;
    struct ln_batch *b = ln_batch_new(reader, &none);
    struct gather g = { .b = b, .s = reader };
    struct ln_batch_record r;
    bool ok = false;

    if (!ln_batch_record(&r, reader, record, err))
        goto out;
    if (r.found && (!reader->ops->changes_of(reader->ctx, &r.n, 1, take_change, &g, err) ||
                    !fetch_lines(&g, err)))
        goto out;
    if (g.n > 0)
        qsort(g.list, g.n, sizeof *g.list, by_id);
    for (size_t i = 0; i < g.n; i++)
        if (!tell(reader, &g.list[i], fn, ctx, err))
            goto out;
    ok = true;
out:
    ln_merge_free(&r.merged);
    ln_free(g.list);
    ln_batch_free(b);
    return ok;
}

bool ln_replica_line(struct ln_store *reader, const struct ln_id *change, ln_history_fn *fn,
                     void *ctx, struct ln_err *err)
{
    static const struct ln_schema none;
    struct ln_batch *b = ln_batch_new(reader, &none);
    struct gather g = { .b = b, .s = reader };
    bool ok = reader->ops->changes_get(reader->ctx, change, 1, take_change, &g, err) &&
              fetch_lines(&g, err) && (g.n == 0 || tell(reader, &g.list[0], fn, ctx, err));

    ln_free(g.list);
    ln_batch_free(b);
    return ok;
}
