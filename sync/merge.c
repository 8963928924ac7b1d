/* Merging by heads: see merge.h. */
#include "sync/merge.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

#define PACK_FORMAT 1
#define PACK_DELETED 1
#define PACK_AGAIN 2
#define PACK_ALIASED 4 /* 12 bytes of the id follow */
#define PACK_FORKED 8
#define ALIAS_UNIT "@alias"
#define PACK_COUNT_MAX 1000000 /* of changes, units or heads in a row of our own database */

/* One change's writing of one unit, while deriving. */
struct write {
    char unit[LN_MERGE_UNIT_MAX];
    const struct ln_merge_in *in;
    bool gone; /* no head of it any more, whatever is here */
};
struct writes {
    struct write *at;
    size_t n, cap;
    const struct ln_merge_in *in; /* the change whose units are being listed */
};

/* ---- units of a change */

static void unit_name(char out[LN_MERGE_UNIT_MAX], struct ln_span field, struct ln_span key)
{
    uint8_t hash[16];
    char hex[33];
    size_t len = field.len + (key.p != NULL ? key.len + 1 : 0);

    if (len < LN_MERGE_UNIT_MAX) {
        memcpy(out, field.p, field.len);
        if (key.p != NULL) {
            out[field.len] = '/';
            memcpy(out + field.len + 1, key.p, key.len);
        }
        out[len] = '\0';
        return;
    }
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)key.p, key.len, NULL, 0);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)snprintf(out, LN_MERGE_UNIT_MAX, "%.*s/%.32s~%s", (int)field.len, field.p, key.p, hex);
}

struct list {
    const struct ln_coll *coll;
    ln_merge_unit_fn *fn;
    void *ctx;
};

/* Whether the field merges key by key, and the unit it belongs to. */
static bool unit_of(const struct ln_coll *coll, struct ln_span field, struct ln_span *unit)
{
    int at = coll != NULL ? ln_schema_field(coll, field) : -1;

    *unit = field;
    if (at < 0)
        return false;
    if (coll->fields[at].unit != NULL)
        *unit = ln_span_of(coll->fields[at].unit);
    return coll->fields[at].type == LN_TYPE_MAP;
}

static bool give(const struct list *l, struct ln_span field, struct ln_span unit,
                 struct ln_span key, struct ln_err *err)
{
    char name[LN_MERGE_UNIT_MAX];

    unit_name(name, unit, key);
    return l->fn(l->ctx, field, key, name, err);
}

static bool give_field(const struct list *l, struct ln_span field, struct ln_span value,
                       struct ln_err *err)
{
    const struct ln_span none = { NULL, 0 };
    struct ln_span unit;
    struct ln_span key;
    struct ln_span item;
    size_t at = 0;

    if (!unit_of(l->coll, field, &unit) || ln_canon_type(value) != LN_CANON_OBJECT)
        return give(l, field, unit, none, err);
    while (ln_canon_next(value, &at, &key, &item))
        if (!give(l, field, unit, key, err))
            return false;
    return true;
}

static bool give_fields(const struct list *l, const struct ln_change *c, struct ln_err *err)
{
    const struct ln_span none = { NULL, 0 };
    struct ln_span name;
    struct ln_span item;
    struct ln_span unit;
    size_t at = 0;

    while (c->fields.len > 0 && ln_canon_next(c->fields, &at, &name, &item))
        if (!give_field(l, name, item, err))
            return false;
    at = 0;
    while (c->names.len > 0 && ln_canon_next(c->names, &at, NULL, &item)) {
        name = (struct ln_span){ item.p + 1, item.len - 2 };
        (void)unit_of(l->coll, name, &unit);
        if (!give(l, name, unit, none, err))
            return false;
    }
    return true;
}

static bool give_removed(const struct list *l, const struct ln_change *c, struct ln_err *err)
{
    struct ln_span name;
    struct ln_span keys;
    struct ln_span item;
    struct ln_span unit;
    size_t at = 0;

    while (ln_canon_next(c->fields, &at, &name, &keys)) {
        size_t in = 0;
        (void)unit_of(l->coll, name, &unit);
        while (ln_canon_next(keys, &in, NULL, &item)) {
            struct ln_span key = { item.p + 1, item.len - 2 };
            if (!give(l, name, unit, key, err))
                return false;
        }
    }
    return true;
}

bool ln_merge_units(const struct ln_change *c, const struct ln_coll *coll, ln_merge_unit_fn *fn,
                    void *ctx, struct ln_err *err)
{
    const struct ln_span none = { NULL, 0 };
    const struct list l = { coll, fn, ctx };

    switch (c->op) {
    case LN_OP_ADD:
        return fn(ctx, none, none, "", err) && give_fields(&l, c, err);
    case LN_OP_SET:
        return give_fields(&l, c, err);
    case LN_OP_REMOVE:
        return give_removed(&l, c, err);
    case LN_OP_DELETE:
    case LN_OP_RESTORE:
        return fn(ctx, none, none, "", err);
    case LN_OP_ALIAS:
    case LN_OP_UNALIAS:
        return fn(ctx, ln_span_of("to"), none, ALIAS_UNIT, err);
    case LN_OP_STEP:
    case LN_OP_OTHER:
        break;
    }
    return true;
}

bool ln_merge_gone(struct ln_span units, const char *unit)
{
    struct ln_buf word = ln_buf_new(8 * LN_MERGE_UNIT_MAX);
    struct ln_span item;
    size_t at = 0;
    bool gone = false;

    if (units.len == 0)
        return false;
    ln_canon_add_string(&word, unit, strlen(unit));
    while (!gone && ln_canon_next(units, &at, NULL, &item))
        gone = item.len == word.len && memcmp(item.p, word.data, word.len) == 0;
    ln_buf_free(&word);
    return gone;
}

/* ---- heads */

static int compare_heads(const struct ln_head *a, const struct ln_head *b)
{
    if (a->eff != b->eff)
        return a->eff < b->eff ? -1 : 1;
    return ln_clock_compare(&a->id, &b->id);
}

static bool names_base(const struct ln_change *c, const struct ln_id *id)
{
    for (size_t i = 0; i < c->n_base; i++)
        if (ln_clock_compare(&c->base[i], id) == 0)
            return true;
    return false;
}

/* Where `unit` stands, or where it belongs. */
static size_t place(const struct ln_merged *m, const char *unit, bool *found)
{
    size_t low = 0;
    size_t high = m->n_units;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = strcmp(m->units[mid].name, unit);
        if (cmp == 0) {
            *found = true;
            return mid;
        }
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *found = false;
    return low;
}

const struct ln_merge_unit *ln_merge_find(const struct ln_merged *m, const char *unit)
{
    bool found;
    size_t at = place(m, unit, &found);

    return found ? &m->units[at] : NULL;
}

/* Room for one more unit at `at`; the array doubles at each power of two. */
static struct ln_merge_unit *open_unit(struct ln_merged *m, size_t at, const char *name)
{
    size_t n = m->n_units;

    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0))
        m->units = ln_realloc(m->units, (n == 0 ? 16 : 2 * n) * sizeof m->units[0]);
    memmove(&m->units[at + 1], &m->units[at], (n - at) * sizeof m->units[0]);
    m->n_units++;
    struct ln_merge_unit *u = &m->units[at];
    u->n_heads = 0;
    u->heads = NULL;
    memcpy(u->name, name, strlen(name) + 1);
    return u;
}

/* Keeps the greatest first. */
static void add_head(struct ln_merge_unit *u, const struct ln_merge_in *in)
{
    const struct ln_head h = { in->n, in->eff, in->c.id };
    size_t at = 0;

    u->heads = ln_realloc(u->heads, (u->n_heads + 1) * sizeof u->heads[0]);
    while (at < u->n_heads && compare_heads(&u->heads[at], &h) > 0)
        at++;
    memmove(&u->heads[at + 1], &u->heads[at], (u->n_heads - at) * sizeof u->heads[0]);
    u->heads[at] = h;
    u->n_heads++;
}

/* Takes out what `c` replaces. An add in "" gives way to any delete or restore, named or not. */
static void replace(struct ln_merge_unit *u, const struct ln_change *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < u->n_heads; i++) {
        bool birth = u->name[0] == '\0' && ln_clock_compare(&u->heads[i].id, &c->record) == 0;
        if (!names_base(c, &u->heads[i].id) && !birth)
            u->heads[kept++] = u->heads[i];
    }
    u->n_heads = kept;
}

struct adding {
    struct ln_merged *m;
    const struct ln_merge_in *in;
};

static bool add_unit(void *ctx, struct ln_span field, struct ln_span key, const char *unit,
                     struct ln_err *err)
{
    const struct adding *a = ctx;
    const struct ln_change *c = &a->in->c;
    bool found;

    (void)field;
    (void)key;
    (void)err;
    if (ln_merge_gone(c->gone, unit)) {
        const struct ln_merge_unit *held = ln_merge_find(a->m, unit);
        for (size_t h = 0; held != NULL && h < held->n_heads; h++)
            if (names_base(c, &held->heads[h].id))
                a->m->again = true;
        return true;
    }
    size_t at = place(a->m, unit, &found);
    struct ln_merge_unit *u = found ? &a->m->units[at] : open_unit(a->m, at, unit);
    for (size_t i = 0; i < u->n_heads; i++)
        if (u->heads[i].n == a->in->n)
            return true; /* two fields of one group */
    if (unit[0] == '\0' && c->op == LN_OP_ADD && u->n_heads > 0)
        return true; /* deleted before its add came */
    if (u->n_heads > 1)
        a->m->conflicts--;
    replace(u, c);
    add_head(u, a->in);
    if (u->n_heads > 1)
        a->m->conflicts++;
    return true;
}

bool ln_merge_add(struct ln_merged *m, const struct ln_coll *coll, const struct ln_merge_in *in,
                  struct ln_err *err)
{
    struct adding a = { m, in };

    if (m->deleted || m->aliased || in->c.op == LN_OP_DELETE || in->c.op == LN_OP_RESTORE ||
        in->c.op == LN_OP_ALIAS || in->c.op == LN_OP_UNALIAS)
        m->again = true;
    if (!ln_merge_units(&in->c, coll, add_unit, &a, err))
        return false;
    if (in->c.op == LN_OP_DELETE || in->c.op == LN_OP_RESTORE) {
        const struct ln_merge_unit *u = ln_merge_find(m, "");
        if (u != NULL && u->heads[0].n == in->n)
            m->deleted = in->c.op == LN_OP_DELETE;
    }
    return true;
}

void ln_merge_free(struct ln_merged *m)
{
    for (size_t i = 0; i < m->n_units; i++)
        ln_free(m->units[i].heads);
    ln_free(m->units);
    *m = (struct ln_merged){ 0 };
}

/* ---- from scratch */

static bool note_write(void *ctx, struct ln_span field, struct ln_span key, const char *unit,
                       struct ln_err *err)
{
    struct writes *w = ctx;

    (void)field;
    (void)key;
    (void)err;
    w->at = ln_grow(w->at, w->n, &w->cap, sizeof *w->at);
    memcpy(w->at[w->n].unit, unit, strlen(unit) + 1);
    w->at[w->n].gone = ln_merge_gone(w->in->c.gone, unit);
    w->at[w->n++].in = w->in;
    return true;
}

static int compare_writes(const void *a, const void *b)
{
    const struct write *x = a;
    const struct write *y = b;
    int cmp = strcmp(x->unit, y->unit);

    return cmp != 0 ? cmp : ln_clock_compare(&x->in->c.id, &y->in->c.id);
}

static int compare_ids(const void *a, const void *b)
{
    return ln_clock_compare(a, b);
}

/* The ids that the writers w[0..n) of one unit replace, sorted. */
static struct ln_id *replaced(const struct write *w, size_t n, size_t *count)
{
    size_t total = 0;
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        total += w[i].in->c.n_base;
    struct ln_id *ids = ln_alloc_array(total, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < w[i].in->c.n_base; j++)
            ids[at++] = w[i].in->c.base[j];
    qsort(ids, total, sizeof *ids, compare_ids);
    *count = total;
    return ids;
}

/* Those of w[0..n) that are not gone and not among `ids`; the same change may stand there twice,
 * side by side. */
static void add_heads(struct ln_merge_unit *u, const struct write *w, size_t n,
                      const struct ln_id *ids, size_t count)
{
    bool ended = false;

    for (size_t i = 0; i < n && u->name[0] == '\0'; i++)
        ended = ended || w[i].in->c.op != LN_OP_ADD;
    for (size_t i = 0; i < n; i++) {
        const struct ln_change *c = &w[i].in->c;
        bool twice = i > 0 && w[i - 1].in == w[i].in;
        if (!twice && !w[i].gone && !(ended && c->op == LN_OP_ADD) &&
            bsearch(&c->id, ids, count, sizeof *ids, compare_ids) == NULL)
            add_head(u, w[i].in);
    }
}

static int compare_writer(const void *id, const void *write)
{
    return ln_clock_compare(id, &((const struct write *)write)->in->c.id);
}

/* What one that is gone replaced is gone as well, and what that replaced. True while there may be
 * more of it: mostly it is older, and one turn finds all. */
static bool pass_on(struct write *w, size_t n)
{
    bool more = false;

    for (size_t i = n; i-- > 0;)
        for (size_t j = 0; w[i].gone && j < w[i].in->c.n_base; j++) {
            struct write *at = bsearch(&w[i].in->c.base[j], w, n, sizeof *w, compare_writer);
            if (at == NULL || at->gone)
                continue;
            const struct ln_merge_in *in = at->in;
            while (at > w && at[-1].in == in)
                at--;
            for (; at < w + n && at->in == in; at++)
                at->gone = true;
            more = more || in->c.n_base > 0;
        }
    return more;
}

/* The unit that w[0..n) wrote, sorted by id. */
static void derive_unit(struct ln_merged *m, struct write *w, size_t n)
{
    struct ln_merge_unit *u = open_unit(m, m->n_units, w[0].unit);
    size_t count;
    struct ln_id *ids = replaced(w, n, &count);

    add_heads(u, w, n, ids, count);
    bool ring = u->n_heads == 0; /* nothing may vanish, but what was replaced once and for all */
    for (bool more = ring; more;)
        more = pass_on(w, n);
    if (ring)
        add_heads(u, w, n, ids, 0);
    ln_free(ids);
    if (u->n_heads == 0) /* all are gone, and what replaced them is not here */
        m->n_units--;
    else if (u->n_heads > 1)
        m->conflicts++;
}

static const struct ln_merge_in *find_in(const struct ln_merge_in *in, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (in[i].n == number)
            return &in[i];
    return NULL;
}

/* An edit that neither knew of the delete (or alias) nor was known to it. */
static bool edit_beside(const struct ln_merged *m, const struct ln_change *del,
                        const struct ln_merge_in *in, size_t n)
{
    for (size_t i = 0; i < m->n_units; i++) {
        const struct ln_merge_unit *u = &m->units[i];
        bool edited = u->name[0] != '\0' && strcmp(u->name, ALIAS_UNIT) != 0;
        for (size_t j = 0; j < u->n_heads && edited; j++) {
            const struct ln_id *id = &u->heads[j].id;
            if (ln_clock_compare(id, &del->record) == 0 || names_base(del, id))
                continue; /* the add itself, or an edit the deleter saw */
            const struct ln_merge_in *edit = find_in(in, n, u->heads[j].n);
            if (edit != NULL && !names_base(&edit->c, &del->id))
                return true;
        }
    }
    return false;
}

static void judge_delete(struct ln_merged *m, const struct ln_merge_in *in, size_t n)
{
    const struct ln_merge_unit *u = ln_merge_find(m, "");
    const struct ln_merge_in *value = u != NULL ? find_in(in, n, u->heads[0].n) : NULL;

    m->deleted = value != NULL && value->c.op == LN_OP_DELETE;
    if (m->deleted && edit_beside(m, &value->c, in, n))
        m->conflicts++;
}

/* Which record this one was merged into, unless that was undone. */
static void judge_alias(struct ln_merged *m, const struct ln_merge_in *in, size_t n)
{
    const struct ln_merge_unit *u = ln_merge_find(m, ALIAS_UNIT);
    const struct ln_merge_in *value = u != NULL ? find_in(in, n, u->heads[0].n) : NULL;
    struct ln_span item;
    struct ln_span text;

    m->aliased = value != NULL && value->c.op == LN_OP_ALIAS &&
                 ln_canon_get(value->c.fields, "to", &item) && ln_canon_plain(item, &text) &&
                 ln_clock_id_read(&m->alias, text);
    if (m->aliased && !m->deleted && edit_beside(m, &value->c, in, n))
        m->conflicts++;
}

bool ln_merge_derive(struct ln_merged *out, const struct ln_coll *coll,
                     const struct ln_merge_in *in, size_t n, struct ln_err *err)
{
    struct ln_merged m = { 0 };
    struct writes w = { 0 };
    bool ok = false;

    for (size_t i = 0; i < n; i++) {
        w.in = &in[i];
        if (!ln_merge_units(&in[i].c, coll, note_write, &w, err))
            goto out;
    }
    if (w.n > 0)
        qsort(w.at, w.n, sizeof w.at[0], compare_writes);
    for (size_t i = 0; i < w.n;) {
        size_t end = i + 1;
        while (end < w.n && strcmp(w.at[i].unit, w.at[end].unit) == 0)
            end++;
        derive_unit(&m, &w.at[i], end - i);
        i = end;
    }
    judge_delete(&m, in, n);
    judge_alias(&m, in, n);
    *out = m;
    m = (struct ln_merged){ 0 };
    ok = true;
out:
    ln_free(w.at);
    ln_merge_free(&m);
    return ok;
}

/* ---- packed form: sync/README.md "Packed heads" */

static void put_varint(struct ln_buf *out, uint64_t v)
{
    while (v >= 0x80) {
        ln_buf_addc(out, (char)(v | 0x80));
        v >>= 7;
    }
    ln_buf_addc(out, (char)v);
}

struct reader {
    const uint8_t *p, *end;
    bool bad;
};

static uint64_t get_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->p == r->end)
            break;
        uint8_t b = *r->p++;
        v |= (uint64_t)(b & 0x7F) << shift;
        if (b < 0x80)
            return v;
    }
    r->bad = true;
    return 0;
}

static size_t get_count(struct reader *r)
{
    uint64_t v = get_varint(r);

    if (v > PACK_COUNT_MAX)
        r->bad = true;
    return r->bad ? 0 : (size_t)v;
}

static const void *get_bytes(struct reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->p) < len) {
        r->bad = true;
        return NULL;
    }
    const void *at = r->p;
    r->p += len;
    return at;
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

/* The different heads in order of first appearance; `total` is how many there are with repeats. */
static struct ln_head *distinct(const struct ln_merged *m, size_t *n)
{
    size_t total = 0;

    for (size_t i = 0; i < m->n_units; i++)
        total += m->units[i].n_heads;
    struct ln_head *table = ln_alloc_array(total, sizeof *table);
    *n = 0;
    for (size_t i = 0; i < m->n_units; i++)
        for (size_t j = 0; j < m->units[i].n_heads; j++) {
            size_t k = 0;
            while (k < *n && table[k].n != m->units[i].heads[j].n)
                k++;
            if (k == *n)
                table[(*n)++] = m->units[i].heads[j];
        }
    return table;
}

static void put_heads(struct ln_buf *out, const struct ln_merge_unit *u,
                      const struct ln_head *table)
{
    put_varint(out, u->n_heads);
    for (size_t j = 0; j < u->n_heads; j++) {
        size_t k = 0;
        while (table[k].n != u->heads[j].n)
            k++;
        put_varint(out, k);
    }
}

bool ln_merge_pack(struct ln_buf *out, const struct ln_merged *m, struct ln_err *err)
{
    size_t n;
    struct ln_head *table = distinct(m, &n);

    ln_buf_addc(out, PACK_FORMAT);
    ln_buf_addc(out, (char)((m->deleted ? PACK_DELETED : 0) | (m->again ? PACK_AGAIN : 0) |
                            (m->aliased ? PACK_ALIASED : 0) | (m->forked ? PACK_FORKED : 0)));
    if (m->aliased)
        ln_buf_add(out, m->alias.b, LN_ID_LEN);
    put_varint(out, m->conflicts);
    put_varint(out, n);
    for (size_t i = 0; i < n; i++) {
        put_varint(out, zigzag(table[i].n));
        ln_buf_add(out, table[i].id.b, LN_ID_LEN);
        put_varint(out, zigzag(ln_clock_claimed(&table[i].id) - table[i].eff));
    }
    put_varint(out, m->n_units);
    for (size_t i = 0; i < m->n_units; i++) {
        size_t len = strlen(m->units[i].name);
        put_varint(out, len);
        ln_buf_add(out, m->units[i].name, len);
        if (n != 1)
            put_heads(out, &m->units[i], table);
    }
    ln_free(table);
    return ln_buf_done(out, "heads", err);
}

static void get_heads(struct reader *r, struct ln_merge_unit *u, const struct ln_head *table,
                      size_t n)
{
    size_t count = n == 1 ? 1 : get_count(r);

    if (count == 0 || count > n) {
        r->bad = true;
        return;
    }
    u->heads = ln_alloc_array(count, sizeof u->heads[0]);
    for (size_t j = 0; j < count; j++) {
        size_t k = n == 1 ? 0 : get_count(r);
        if (k >= n) {
            r->bad = true;
            return;
        }
        u->heads[u->n_heads++] = table[k];
    }
}

static void get_table(struct reader *r, struct ln_head *table, size_t n)
{
    for (size_t i = 0; i < n && !r->bad; i++) {
        table[i].n = unzigzag(get_varint(r));
        const void *id = get_bytes(r, LN_ID_LEN);
        if (id != NULL)
            memcpy(table[i].id.b, id, LN_ID_LEN);
        uint64_t late = (uint64_t)unzigzag(get_varint(r));
        table[i].eff = (int64_t)((uint64_t)ln_clock_claimed(&table[i].id) - late);
    }
}

static void get_units(struct reader *r, struct ln_merged *m, const struct ln_head *table, size_t n)
{
    char name[LN_MERGE_UNIT_MAX];
    size_t units = get_count(r);

    for (size_t i = 0; i < units && !r->bad; i++) {
        size_t len = get_count(r);
        const char *text = len < sizeof name ? get_bytes(r, len) : NULL;
        if (text == NULL || memchr(text, '\0', len) != NULL) {
            r->bad = true;
            return;
        }
        memcpy(name, text, len);
        name[len] = '\0';
        if (i > 0 && strcmp(m->units[i - 1].name, name) >= 0)
            r->bad = true;
        get_heads(r, open_unit(m, m->n_units, name), table, n);
    }
}

bool ln_merge_unpack(struct ln_merged *out, const void *data, size_t len, struct ln_err *err)
{
    struct reader r = { data, (const uint8_t *)data + len, false };
    struct ln_merged m = { 0 };
    const uint8_t *head = get_bytes(&r, 2);

    if (head == NULL || head[0] != PACK_FORMAT || head[1] > 15)
        return ln_fail(err, LN_INVALID, "packed heads have an unknown form");
    m.deleted = (head[1] & PACK_DELETED) != 0;
    m.again = (head[1] & PACK_AGAIN) != 0;
    m.aliased = (head[1] & PACK_ALIASED) != 0;
    m.forked = (head[1] & PACK_FORKED) != 0;
    const void *alias = m.aliased ? get_bytes(&r, LN_ID_LEN) : NULL;
    if (alias != NULL)
        memcpy(m.alias.b, alias, LN_ID_LEN);
    m.conflicts = (unsigned)get_count(&r);
    size_t n = get_count(&r);
    if (n > (size_t)(r.end - r.p) / (LN_ID_LEN + 2)) /* before allocating */
        r.bad = true;
    struct ln_head *table = ln_alloc_array(r.bad ? 0 : n, sizeof *table);
    get_table(&r, table, r.bad ? 0 : n);
    get_units(&r, &m, table, n);
    ln_free(table);
    if (r.bad || r.p != r.end) {
        ln_merge_free(&m);
        return ln_fail(err, LN_INVALID, "packed heads are damaged");
    }
    *out = m;
    return true;
}
