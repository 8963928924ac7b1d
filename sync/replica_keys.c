/* Epochs of this node's audiences, and subject keys with their escrow. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/subject.h"
#include "sync/replica_core.h"

#define MEMBERS_MAX 64 /* of one audience: the box, its laptops of a grid, the nodes above */
#define WRAP_TEXT_MAX 128
#define BOX_MAX 128
#define BOX_AD_MAX 128
#define AGE_MAX 1024
#define MONTH 7 /* characters of "2026-11" */

/* ---- members */

struct members {
    const struct ln_authority *a;
    struct ln_audience audience;
    size_t n;
    const char *ids[MEMBERS_MAX + 1];
    struct ln_recipient keys[MEMBERS_MAX + 1];
};

static bool take_member(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct members *m = ctx;

    if (!ln_audience_member(&m->audience, c) || ln_authority_void_from(m->a, c->node) > 0)
        return true;
    if (m->n == MEMBERS_MAX)
        return ln_fail(err, LN_FULL, "more than %d members", MEMBERS_MAX);
    m->ids[m->n] = c->node;
    m->keys[m->n++] = c->age;
    return true;
}

static bool find_members(struct members *m, const struct ln_replica *r, struct ln_err *err)
{
    m->a = r->authority;
    if (!ln_authority_each(r->authority, take_member, m, err))
        return false;
    m->ids[m->n] = "recovery"; /* sorts behind all node ids, which begin with a digit */
    m->keys[m->n++] = r->c.recovery;
    return true;
}

/* Whether `id` stands in "id,id,...,". */
static bool listed(const struct ln_buf *list, const char *id)
{
    const char *at = list->data;
    size_t len = strlen(id);

    while ((at = strstr(at, id)) != NULL) {
        if ((at == list->data || at[-1] == ',') && at[len] == ',')
            return true;
        at += len;
    }
    return false;
}

static bool one_left(const struct ln_buf *list, const struct members *m)
{
    size_t then = 0;
    size_t stayed = 0;

    for (size_t i = 0; i < list->len; i++)
        then += list->data[i] == ',';
    for (size_t i = 0; i < m->n; i++)
        stayed += listed(list, m->ids[i]);
    return stayed < then;
}

/* Those of `m` who are not in the list. */
static void only_new(struct members *out, const struct ln_buf *list, const struct members *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (!listed(list, m->ids[i])) {
            out->ids[out->n] = m->ids[i];
            out->keys[out->n++] = m->keys[i];
        }
}

/* ---- months: a label begins with the month, by the civil calendar (Howard Hinnant,
 * "chrono-compatible low-level date algorithms", days to civil) */

static void month_of(char out[MONTH + 1], int64_t ms)
{
    int64_t z = ms / 86400000 + 719468;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int year = (int)(yoe + era * 400) + (month <= 2);

    (void)snprintf(out, MONTH + 1, "%04u-%02u", (unsigned)year % 10000, (unsigned)month % 100);
}

static unsigned number_of(const char *label)
{
    return strlen(label) > MONTH + 1 ? (unsigned)strtoul(label + MONTH + 1, NULL, 10) : 0;
}

static int by_label(const void *a, const void *b)
{
    const struct ln_epoch *x = a;
    const struct ln_epoch *y = b;
    int cmp = strncmp(x->label, y->label, MONTH);

    if (cmp != 0)
        return cmp;
    return number_of(x->label) < number_of(y->label) ? -1
                                                     : number_of(x->label) > number_of(y->label);
}

/* ---- epochs of our own audiences */

static bool say_epoch(struct ln_replica *r, const struct ln_epoch *e, const struct members *m,
                      struct ln_err *err)
{
    struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);
    bool ok = ln_audience_epoch_write(&f, e, m->ids, m->keys, m->n, err) &&
              ln_replica_say(r, r->c.id, "epoch", (struct ln_span){ f.data, f.len }, err);

    ln_buf_free(&f);
    return ok;
}

struct rewrap {
    const char *audience;
    struct ln_epoch *list;
    size_t n, cap;
};

static bool take_epoch(void *ctx, const struct ln_epoch *e, struct ln_err *err)
{
    struct rewrap *w = ctx;

    (void)err;
    if (strcmp(e->audience, w->audience) != 0)
        return true;
    w->list = ln_grow(w->list, w->n, &w->cap, sizeof *w->list);
    w->list[w->n++] = *e;
    return true;
}

/* Who joins an audience may read what was written before: all its epochs, oldest first. */
static bool wrap_old(struct ln_replica *r, const char *audience, const struct members *m,
                     struct ln_err *err)
{
    struct rewrap w = { .audience = audience };
    bool ok = r->c.store->ops->epoch_each(r->c.store->ctx, take_epoch, &w, err);

    if (ok && w.n > 0)
        qsort(w.list, w.n, sizeof *w.list, by_label);
    for (size_t i = 0; ok && i < w.n; i++)
        ok = say_epoch(r, &w.list[i], m, err);
    if (w.n > 0)
        sodium_memzero(w.list, w.n * sizeof *w.list);
    ln_free(w.list);
    return ok;
}

static bool keep_members(struct ln_replica *r, const char *key, const struct members *m,
                         struct ln_err *err)
{
    struct ln_buf list = ln_buf_new((MEMBERS_MAX + 1) * (LN_NODE_ID_MAX + 1));

    for (size_t i = 0; i < m->n; i++)
        ln_buf_addf(&list, "%s,", m->ids[i]);
    bool ok = r->c.store->ops->meta_put(r->c.store->ctx, key,
                                        (struct ln_span){ list.data, list.len }, err);
    ln_buf_free(&list);
    return ok;
}

/* Keys are durable before the lines that tell of them: after a crash between the two the newest
 * epoch here may be one that nobody was told of. Its label stands in the main database with its
 * line, so that such a one is never sealed under. */
static bool was_said(bool *yes, struct ln_replica *r, const char *audience, const char *label,
                     bool members_known, struct ln_err *err)
{
    struct ln_buf said = ln_buf_new(LN_EPOCH_LABEL_MAX);
    char key[LN_AUDIENCE_MAX + 16];
    bool found = false;

    (void)snprintf(key, sizeof key, "said/%s", audience);
    bool ok = r->c.store->ops->meta_get(r->c.store->ctx, key, &said, &found, err);
    /* databases from before this note: the list of members was written with the line */
    *yes = found ? strcmp(said.data, label) == 0 : members_known;
    ln_buf_free(&said);
    return ok;
}

static bool note_said(struct ln_replica *r, const char *audience, const char *label,
                      struct ln_err *err)
{
    char key[LN_AUDIENCE_MAX + 16];

    (void)snprintf(key, sizeof key, "said/%s", audience);
    return r->c.store->ops->meta_put(r->c.store->ctx, key, ln_span_of(label), err);
}

static bool mint(struct ln_epoch *e, struct ln_replica *r, const char *audience,
                 const struct members *m, struct ln_err *err)
{
    char label[LN_EPOCH_LABEL_MAX];
    char month[MONTH + 1];

    month_of(month, LN_HLC_MS(r->clock.last));
    bool same =
        strncmp(e->label, month, MONTH) >= 0; /* a clock that went back opens no older month */
    unsigned n = same ? number_of(e->label) + 1 : 1;
    (void)snprintf(label, sizeof label, "%.7s.%u", same ? e->label : month, n);
    ln_audience_mint(e, audience, label, r->c.env);
    return say_epoch(r, e, m, err) && note_said(r, audience, label, err);
}

static bool own_epoch(struct ln_epoch *e, struct ln_replica *r, const char *audience,
                      struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct members m = { 0 };
    struct members fresh = { 0 };
    struct ln_buf list = ln_buf_new((MEMBERS_MAX + 1) * (LN_NODE_ID_MAX + 1));
    char key[LN_AUDIENCE_MAX + 16];
    char month[MONTH + 1];
    bool found = false;
    bool said = false;
    bool ok = false;

    (void)snprintf(key, sizeof key, "members/%s", audience);
    if (!ln_audience_read(&m.audience, ln_span_of(audience)) ||
        !s->ops->meta_get(s->ctx, key, &list, &found, err) || !find_members(&m, r, err) ||
        !was_said(&said, r, audience, e->label, found, err))
        goto out;
    (void)ln_clock_next(&r->clock, r->c.env->now_ms(r->c.env->ctx));
    month_of(month, LN_HLC_MS(r->clock.last));
    only_new(&fresh, &list, &m);
    if (!said || e->label[0] == '\0' || strncmp(e->label, month, MONTH) < 0 ||
        one_left(&list, &m)) {
        if (!mint(e, r, audience, &m, err))
            goto out;
    }
    if (found && fresh.n > 0 && !wrap_old(r, audience, &fresh, err))
        goto out;
    ok = (found && fresh.n == 0 && !one_left(&list, &m)) || keep_members(r, key, &m, err);
out:
    ln_buf_free(&list);
    return ok;
}

bool ln_replica_epoch(struct ln_epoch *out, struct ln_replica *r, const char *audience,
                      struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_audience a;
    int64_t from = 0;

    if (!ln_audience_read(&a, ln_span_of(audience)))
        return ln_fail(err, LN_INVALID, "%s is no audience", audience);
    if (!r->c.store->ops->epoch_last(r->c.store->ctx, out, &from, audience, err))
        return false;
    if (strcmp(a.owner, self->region) == 0 && self->role != LN_ROLE_LAPTOP)
        return own_epoch(out, r, audience, err) || ln_wrap(err, "epoch of %s", audience);
    return out->label[0] != '\0' ||
           ln_fail(err, LN_MISSING, "no key of audience %s has come yet", audience);
}

/* ---- all of them: by the month, after a loss, on demand */

struct rotating {
    const struct ln_cert *self;
    char (*names)[LN_AUDIENCE_MAX];
    size_t n, cap;
};

static void add_name(struct rotating *x, const char *name)
{
    for (size_t i = 0; i < x->n; i++)
        if (strcmp(x->names[i], name) == 0)
            return;
    x->names = ln_grow(x->names, x->n, &x->cap, sizeof *x->names);
    (void)snprintf(x->names[x->n++], LN_AUDIENCE_MAX, "%s", name);
}

static bool take_own(void *ctx, const struct ln_epoch *e, struct ln_err *err)
{
    struct rotating *x = ctx;
    struct ln_audience a;

    (void)err;
    if (ln_audience_read(&a, ln_span_of(e->audience)) && strcmp(a.owner, x->self->region) == 0)
        add_name(x, e->audience);
    return true;
}

/* Between this box and each node above that some record may be for. */
static void add_upward(struct rotating *x, const struct ln_authority *a)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(a, x->self->node, path, sizeof path / sizeof path[0]);
    char name[LN_AUDIENCE_MAX];

    for (size_t i = 0; i < n; i++)
        if (path[i]->role == LN_ROLE_PROVINCE || path[i]->role == LN_ROLE_DISTRICT) {
            ln_audience_name(name, path[i]->role == LN_ROLE_PROVINCE ? 'V' : 'D', x->self->region,
                             "", "");
            add_name(x, name);
        }
}

static bool force_mint(struct ln_replica *r, const char *audience, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct members m = { 0 };
    struct ln_epoch e = { 0 };
    int64_t from = 0;
    bool ok = ln_audience_read(&m.audience, ln_span_of(audience)) &&
              s->ops->epoch_last(s->ctx, &e, &from, audience, err) && find_members(&m, r, err) &&
              mint(&e, r, audience, &m, err);

    sodium_memzero(&e, sizeof e);
    return ok;
}

bool ln_replica_rotate(struct ln_replica *r, bool all, unsigned *minted, struct ln_err *err)
{
    *minted = 0;
    if (r->c.drill)
        return true;
    struct rotating x = { .self = ln_replica_self(r) };
    struct ln_store *s = r->c.store;
    bool ok = true;

    *minted = 0;
    if (x.self == NULL || x.self->role == LN_ROLE_LAPTOP)
        return true;
    add_upward(&x, r->authority);
    ok = s->ops->epoch_each(s->ctx, take_own, &x, err);
    for (size_t i = 0; ok && i < x.n; i++) {
        struct ln_epoch before = { 0 };
        struct ln_epoch e = { 0 };
        int64_t from;
        ok = s->ops->epoch_last(s->ctx, &before, &from, x.names[i], err) &&
             ln_replica_epoch(&e, r, x.names[i], err);
        bool fresh = strcmp(before.label, e.label) != 0;
        if (ok && all && !fresh)
            ok = fresh = force_mint(r, x.names[i], err);
        *minted += ok && fresh;
        sodium_memzero(&before, sizeof before);
        sodium_memzero(&e, sizeof e);
    }
    ln_free(x.names);
    return ok || ln_wrap(err, "rotate");
}

/* ---- subject keys */

static const struct ln_cert *parent_of(const struct ln_authority *a, const char *node)
{
    const struct ln_cert *self = ln_authority_find(a, node);

    return self != NULL && self->parent[0] != '\0' ? ln_authority_find(a, self->parent) : NULL;
}

static bool member(const struct ln_cert *c, const char *audience)
{
    struct ln_audience a;

    return c != NULL && ln_audience_read(&a, ln_span_of(audience)) && ln_audience_member(&a, c);
}

bool ln_replica_key(struct ln_store_key *out, struct ln_replica *r, const struct ln_id *person,
                    const char *audience, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    const struct ln_cert *parent = parent_of(r->authority, r->c.id);
    struct ln_subject_key secret;

    if (!s->ops->key_for(s->ctx, out, person, audience, err))
        return false;
    if (out->kid[0] != '\0')
        return true;
    *out = (struct ln_store_key){ .person = *person };
    ln_subject_make(&secret, out->kid);
    memcpy(out->secret, secret.b, sizeof out->secret);
    sodium_memzero(&secret, sizeof secret);
    (void)snprintf(out->audience, sizeof out->audience, "%s", audience);
    out->escrowed = parent == NULL;
    out->shared = !member(parent, audience);
    return s->ops->key_put(s->ctx, out, err);
}

static void box_ad(char out[BOX_AD_MAX], const char *audience, const char *kid,
                   const struct ln_id *person)
{
    char text[LN_ID_TEXT + 1];

    ln_clock_id_write(text, person);
    (void)snprintf(out, BOX_AD_MAX, "key|%s|%s|%s", audience, kid, text);
}

/* A batch key, and the age file that holds it as hex. */
struct wrap {
    bool made;
    struct ln_subject_key key;
    struct ln_buf age;
};

static bool wrap_make(struct wrap *w, const struct ln_recipient *to, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(WRAP_TEXT_MAX);
    char unused[LN_SUBJECT_KID_LEN + 1];

    if (w->made)
        return true;
    ln_subject_make(&w->key, unused);
    ln_encode_hex(&text, w->key.b, sizeof w->key.b);
    w->age = ln_buf_new(AGE_MAX);
    w->made = ln_age_seal(&w->age, to, 1, text.data, text.len, err);
    ln_buf_free(&text);
    return w->made;
}

static void wrap_free(struct wrap *w)
{
    sodium_memzero(&w->key, sizeof w->key);
    ln_buf_free(&w->age);
}

struct pending {
    const struct ln_recipient *recovery;
    const struct ln_cert *to; /* who gets the member's copy; NULL none */
    bool (*fn)(void *ctx, const struct ln_key_item *k, struct ln_err *err);
    void *ctx;
    struct wrap wraps[2];     /* for the member, for the recovery key */
    struct ln_key_item *done; /* nothing of them is for `to`, and nobody noted it yet */
    size_t n_done, cap_done;
};

static bool give(struct pending *p, const struct ln_store_key *k, bool escrow, struct ln_err *err)
{
    struct wrap *w = &p->wraps[escrow];
    struct ln_buf box = ln_buf_new(BOX_MAX);
    struct ln_key_item item = { .person = k->person, .escrow = escrow };
    char ad[BOX_AD_MAX];
    bool ok;

    if (!wrap_make(w, escrow ? p->recovery : &p->to->age, err))
        return false;
    (void)snprintf(item.kid, sizeof item.kid, "%s", k->kid);
    (void)snprintf(item.audience, sizeof item.audience, "%s", k->audience);
    box_ad(ad, k->audience, k->kid, &k->person);
    ln_subject_seal(&box, &w->key, ad, k->secret, sizeof k->secret);
    item.box = (struct ln_span){ box.data, box.len };
    item.wrap = (struct ln_span){ w->age.data, w->age.len };
    ok = ln_buf_done(&box, "key", err) && p->fn(p->ctx, &item, err);
    ln_buf_free(&box);
    return ok;
}

static bool take_pending(void *ctx, const struct ln_store_key *k, struct ln_err *err)
{
    struct pending *p = ctx;

    if (p->to == NULL)
        return true;
    if (k->escrowed && !member(p->to, k->audience)) {
        p->done = ln_grow(p->done, p->n_done, &p->cap_done, sizeof *p->done);
        p->done[p->n_done] = (struct ln_key_item){ .escrow = false };
        memcpy(p->done[p->n_done++].kid, k->kid, sizeof k->kid);
        return true;
    }
    return (k->escrowed || give(p, k, true, err)) &&
           (k->shared || !member(p->to, k->audience) || give(p, k, false, err));
}

bool ln_replica_keys_pending(struct ln_replica *r, size_t max,
                             bool (*fn)(void *ctx, const struct ln_key_item *k, struct ln_err *err),
                             void *ctx, struct ln_err *err)
{
    struct pending p = {
        .recovery = &r->c.recovery, .to = parent_of(r->authority, r->c.id), .fn = fn, .ctx = ctx
    };
    struct ln_store *s = r->c.store;
    bool ok = r->c.drill || s->ops->key_pending(s->ctx, max, take_pending, &p, err);

    /* Else they would stand in the way of those behind them. */
    ok = ok && ln_replica_keys_sent(r, p.done, p.n_done, err);
    ln_free(p.done);
    wrap_free(&p.wraps[0]);
    wrap_free(&p.wraps[1]);
    return ok;
}

bool ln_replica_keys_sent(struct ln_replica *r, const struct ln_key_item *items, size_t n,
                          struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    const struct ln_cert *parent = parent_of(r->authority, r->c.id);
    struct ln_store_key k;
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        ok = s->ops->key_get(s->ctx, &k, items[i].kid, err);
        if (!ok || k.kid[0] == '\0')
            continue;
        k.escrowed = k.escrowed || items[i].escrow;
        k.shared = k.shared || !items[i].escrow || !member(parent, k.audience);
        ok = s->ops->key_put(s->ctx, &k, err);
    }
    sodium_memzero(&k, sizeof k);
    return ok;
}

/* Opens an item sent to us: the box opens only as the key that was announced. */
/* The batch key of a wrap: all keys of a body share one, so the last is remembered. */
static bool open_wrap(struct ln_subject_key *batch, struct ln_replica *r, struct ln_span wrap,
                      const struct ln_ident *ident, struct ln_err *err)
{
    struct ln_sha256 sha = ln_encode_sha256(wrap.p, wrap.len);
    struct ln_buf text = ln_buf_secret(WRAP_TEXT_MAX);
    bool ok = true;

    if (!ln_encode_sha256_same(&sha, &r->wrap_seen)) {
        ok = ln_age_open(&text, wrap.p, wrap.len, ident, err) &&
             (ln_encode_unhex(r->wrap_key.b, sizeof r->wrap_key.b,
                              (struct ln_span){ text.data, text.len }) ||
              ln_fail(err, LN_INVALID, "the wrap holds no batch key"));
        r->wrap_seen = ok ? sha : (struct ln_sha256){ { 0 } };
    }
    *batch = r->wrap_key;
    ln_buf_free(&text);
    return ok;
}

static bool open_item(struct ln_store_key *out, struct ln_replica *r, const struct ln_key_item *k,
                      const struct ln_ident *ident, struct ln_err *err)
{
    struct ln_buf secret = ln_buf_secret(sizeof out->secret + 1);
    struct ln_subject_key batch;
    char ad[BOX_AD_MAX];
    bool ok = false;

    box_ad(ad, k->audience, k->kid, &k->person);
    if (!open_wrap(&batch, r, k->wrap, ident, err) ||
        !ln_subject_open(&secret, &batch, ad, k->box, err))
        goto out;
    if (secret.len != sizeof out->secret) {
        (void)ln_fail(err, LN_INVALID, "the key inside has another length");
        goto out;
    }
    memcpy(out->secret, secret.data, sizeof out->secret);
    memcpy(out->kid, k->kid, sizeof out->kid);
    memcpy(out->audience, k->audience, sizeof out->audience);
    out->person = k->person;
    ok = true;
out:
    sodium_memzero(&batch, sizeof batch);
    ln_buf_free(&secret);
    return ok;
}

struct waiting {
    struct ln_id *ids;
    size_t n, cap;
};

static bool take_waiting(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    struct waiting *w = ctx;

    (void)err;
    w->ids = ln_grow(w->ids, w->n, &w->cap, sizeof *w->ids);
    w->ids[w->n++] = *id;
    return true;
}

/* A laptop that has just lost a grid still brings the keys of what it wrote there. */
static bool had_grid(const struct ln_replica *r, const struct ln_cert *from, const char *audience)
{
    struct ln_audience a;

    return from->role == LN_ROLE_LAPTOP && strcmp(from->parent, r->c.id) == 0 &&
           ln_audience_read(&a, ln_span_of(audience)) && a.kind == LN_AUD_GRID &&
           strcmp(a.owner, from->region) == 0;
}

void ln_replica_spare(struct ln_replica *r, const struct ln_ident *ident)
{
    size_t n = r->c.n_spare < LN_REPLICA_SPARES ? r->c.n_spare : LN_REPLICA_SPARES - 1;

    memmove(r->c.spare + 1, r->c.spare, n * sizeof *r->c.spare);
    r->c.spare[0] = *ident;
    r->c.n_spare = n + 1;
}

const struct ln_ident *ln_replica_ident(const struct ln_replica *r, size_t i)
{
    if (i == 0)
        return &r->c.ident;
    return i <= r->c.n_spare ? &r->c.spare[i - 1] : NULL;
}

/* With the reading key it was wrapped for. */
static bool open_any(struct ln_store_key *out, struct ln_replica *r, const struct ln_key_item *k,
                     struct ln_err *err)
{
    const struct ln_ident *ident;

    for (size_t i = 0; (ident = ln_replica_ident(r, i)) != NULL; i++)
        if (open_item(out, r, k, ident, err))
            return true;
    return false;
}

static bool put_member_key(struct ln_replica *r, const struct ln_cert *from,
                           const struct ln_key_item *k, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    const struct ln_cert *parent = parent_of(r->authority, r->c.id);
    struct ln_store_key fresh = { 0 };
    struct ln_store_key old;
    struct waiting w = { 0 };
    bool ok = false;

    if ((!member(from, k->audience) && !had_grid(r, from, k->audience)) ||
        !member(ln_replica_self(r), k->audience))
        return ln_fail(err, LN_DENIED, "a key of an audience that %s and this node do not share",
                       from->node);
    if (!open_any(&fresh, r, k, err) || !s->ops->key_get(s->ctx, &old, k->kid, err))
        goto out;
    if (old.kid[0] != '\0' && sodium_memcmp(old.secret, fresh.secret, sizeof old.secret) != 0) {
        (void)ln_fail(err, LN_DENIED, "a second key of that name");
        goto out;
    }
    /* Its maker sees to that, but for a laptop: its escrow lies here, and would die with this box.
     */
    fresh.escrowed = parent == NULL || from->role != LN_ROLE_LAPTOP;
    fresh.shared =
        parent == NULL || strcmp(parent->node, from->node) == 0 || !member(parent, k->audience);
    /* Keys are durable before the rest: one that is here may still be waited for. */
    if ((old.kid[0] == '\0' && !s->ops->key_put(s->ctx, &fresh, err)) ||
        !s->ops->key_waiting(s->ctx, k->kid, take_waiting, &w, err))
        goto out;
    ok = w.n == 0 || ln_batch_derive(r->batch, w.ids, w.n, err);
out:
    sodium_memzero(&fresh, sizeof fresh);
    sodium_memzero(&old, sizeof old);
    ln_free(w.ids);
    return ok;
}

void ln_replica_paper(struct ln_replica *r, const struct ln_ident *paper)
{
    r->has_paper = paper != NULL;
    if (paper != NULL) {
        r->paper = *paper;
        ln_key_ident_public(&r->c.recovery, paper); /* what is made from now on opens with it too */
    } else
        sodium_memzero(&r->paper, sizeof r->paper);
}

bool ln_replica_key_restore(struct ln_replica *r, const struct ln_key_item *k, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_key fresh = { 0 };
    struct waiting w = { 0 };
    struct ln_err bad = { 0 };
    bool ok = false;

    if (!r->has_paper || !open_item(&fresh, r, k, &r->paper, &bad)) {
        (void)ln_fail(err, LN_DENIED, "this recovery key does not open it");
        goto out;
    }
    bool doomed;
    if (!ln_replica_key_doomed(&doomed, r, k, err))
        goto out;
    if (doomed) {
        ok = true;
        goto out;
    }
    fresh.escrowed = true; /* the parent has it: it came from there */
    fresh.shared = true;
    if (!s->ops->key_put(s->ctx, &fresh, err) ||
        !s->ops->key_waiting(s->ctx, k->kid, take_waiting, &w, err))
        goto out;
    ok = w.n == 0 || ln_batch_derive(r->batch, w.ids, w.n, err);
out:
    sodium_memzero(&fresh, sizeof fresh);
    ln_free(w.ids);
    return ok;
}

bool ln_replica_key_put(struct ln_replica *r, const struct ln_cert *from,
                        const struct ln_key_item *k, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_escrow e = { .person = k->person, .box = k->box, .wrap = k->wrap };
    bool doomed;

    if (!ln_replica_key_doomed(&doomed, r, k, err))
        return false;
    if (doomed)
        return true;
    if (!k->escrow)
        return put_member_key(r, from, k, err);
    memcpy(e.kid, k->kid, sizeof e.kid);
    memcpy(e.audience, k->audience, sizeof e.audience);
    (void)snprintf(e.node, sizeof e.node, "%s", from->node);
    return s->ops->escrow_put(s->ctx, &e, err);
}

bool ln_replica_keys_wanted(struct ln_store *reader, size_t max, ln_store_kid_fn *fn, void *ctx,
                            struct ln_err *err)
{
    return reader->ops->key_wanted(reader->ctx, max, fn, ctx, err);
}

bool ln_replica_keys_for(struct ln_store *reader, const struct ln_cert *to, const char (*kids)[16],
                         size_t n,
                         bool (*fn)(void *ctx, const struct ln_key_item *k, struct ln_err *err),
                         void *ctx, struct ln_err *err)
{
    struct pending p = { .to = to, .fn = fn, .ctx = ctx };
    struct ln_store_key k = { 0 };
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        ok = reader->ops->key_get(reader->ctx, &k, kids[i], err);
        if (ok && k.kid[0] != '\0' && member(to, k.audience))
            ok = give(&p, &k, false, err);
    }
    wrap_free(&p.wraps[0]);
    sodium_memzero(&k, sizeof k);
    return ok;
}
