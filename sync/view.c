/* What two neighbours exchange: see view.h. */
#include "sync/view.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

#define TIERS (LN_ROLE_LAPTOP + 1) /* roles rise strictly on the way up */
#define HASH_LEN 16

void ln_view_free(struct ln_view *v)
{
    ln_free(v->logs);
    *v = (struct ln_view){ 0 };
}

static void add(struct ln_view *v, const struct ln_view_log *l)
{
    v->logs = ln_grow(v->logs, v->n, &v->cap, sizeof *v->logs);
    v->logs[v->n++] = *l;
}

/* The author's node id, and for a down-log the region it is for. */
static bool split(char author[LN_NODE_ID_MAX], const char **region, const char *log)
{
    const char *dot = strchr(log, '.');
    size_t len = dot != NULL ? (size_t)(dot - log) : strlen(log);

    if (len == 0 || len >= LN_NODE_ID_MAX)
        return false;
    memcpy(author, log, len);
    author[len] = '\0';
    *region = dot != NULL ? dot + 1 : NULL;
    return true;
}

/* Logs of the nodes above, as far as `at` and beyond. */
static bool from_above(const struct ln_authority *a, const struct ln_cert *self, const char *at,
                       const char *author, const char *region)
{
    const struct ln_cert *path[TIERS];
    size_t n = ln_authority_path(a, self->node, path, TIERS);
    bool below = true; /* still under `at` */

    for (size_t i = 0; i < n; i++) {
        below = below && strcmp(path[i]->node, at) != 0;
        if (strcmp(path[i]->node, author) == 0)
            return region == NULL ? !below
                                  : strcmp(region, i > 0 ? path[i - 1]->region : self->region) == 0;
    }
    return false;
}

/* Two laptops of one box share grids: each gets what the other wrote there. */
static bool sibling(const struct ln_authority *a, const struct ln_cert *self, const char *at,
                    const char *author, const char *region)
{
    const struct ln_cert *other = ln_authority_find(a, author);

    return self->role == LN_ROLE_LAPTOP && other != NULL && other->role == LN_ROLE_LAPTOP &&
           region == NULL && strcmp(self->parent, at) == 0 && strcmp(other->parent, at) == 0;
}

bool ln_view_holds(struct ln_view_log *out, const struct ln_authority *a, const char *child,
                   const char *at, const char *log)
{
    const struct ln_cert *path[TIERS];
    const struct ln_cert *self = ln_authority_find(a, child);
    struct ln_view_log found = { 0 };
    char author[LN_NODE_ID_MAX];
    const char *region;
    size_t n;

    if (out == NULL)
        out = &found;
    if (self == NULL || strlen(log) >= LN_LOG_MAX || !split(author, &region, log))
        return false;
    out->own = strcmp(author, child) == 0;
    n = ln_authority_path(a, author, path, TIERS);
    out->depth = (unsigned)n;
    out->up = out->own;
    for (size_t i = 0; i < n && !out->up; i++)
        out->up = strcmp(path[i]->node, child) == 0;
    /* Of the box that it continues also the logs of laptops that were revoked: nobody certifies
     * those anew. */
    if (out->up || ln_authority_continues(a, child, author) ||
        (n > 0 && ln_authority_continues(a, child, path[0]->node)) ||
        from_above(a, self, at, author, region) || sibling(a, self, at, author, region))
        return true;
    out->up = region != NULL && strcmp(region, self->region) == 0 &&
              strcmp(author, self->parent) != 0 && ln_authority_was_parent(a, author, child);
    return out->up;
}

/* ---- reading */

struct walk {
    struct ln_view *view;
    struct ln_store *store;
    const struct ln_authority *a;
    const char *child, *at;
    const struct ln_cert *self, *parent;
    struct owner {
        char region[LN_REGION_LEN + 1];
    } * owners; /* of boxes on the child's side whose logs are in the view */
    size_t n_owners, cap_owners;
    struct void_line {
        int64_t audience;
        struct ln_id id;
        int64_t eff;
        enum ln_store_state state;
    } * voids; /* held, and counted in digests, behind the ends of closed logs */
    size_t n_voids, cap_voids;
    bool settled;
};

/* By a region alone one cannot tell: a community may stand right below the district though its
 * code lies inside a subdistrict's that stands beside it. */
static void note_owner(struct walk *w, const char *log)
{
    char author[LN_NODE_ID_MAX];
    const char *region;
    const struct ln_cert *c = split(author, &region, log) ? ln_authority_find(w->a, author) : NULL;

    if (c == NULL || c->role == LN_ROLE_LAPTOP)
        return;
    w->owners = ln_grow(w->owners, w->n_owners, &w->cap_owners, sizeof *w->owners);
    memcpy(w->owners[w->n_owners++].region, c->region, sizeof c->region);
}

static int by_region(const void *a, const void *b)
{
    return strcmp(((const struct owner *)a)->region, ((const struct owner *)b)->region);
}

static bool owned(const struct walk *w, const char *region)
{
    struct owner key = { "" };

    (void)snprintf(key.region, sizeof key.region, "%s", region);
    return w->n_owners > 0 && bsearch(&key, w->owners, w->n_owners, sizeof key, by_region) != NULL;
}

static bool take_sha(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    *(struct ln_sha256 *)ctx = s->sha;
    err->code = LN_OK;
    return false;
}

static bool take_void(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct walk *w = ctx;

    (void)err;
    w->voids = ln_grow(w->voids, w->n_voids, &w->cap_voids, sizeof *w->voids);
    w->voids[w->n_voids++] = (struct void_line){
        .audience = c->audience, .id = c->id, .eff = c->eff, .state = c->state
    };
    return true;
}

/* What a revoked node wrote behind its end is held by whoever took it before he heard of that, and
 * by nobody else: neither heads nor digests tell of it. */
static bool close_log(struct walk *w, struct ln_view_log *v, const struct ln_store_log *l,
                      uint64_t from, struct ln_err *err)
{
    struct ln_store *s = w->store;

    if (from == 0 || from > l->head)
        return true;
    v->closed = true;
    v->seq = from - 1;
    err->code = LN_OK;
    return (v->seq == 0 ||
            s->ops->segment_each(s->ctx, l->n, v->seq, false, take_sha, &v->sha, err) ||
            err->code == LN_OK) &&
           s->ops->changes_in(s->ctx, l->n, from, l->head, take_void, w, err);
}

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct walk *w = ctx;
    struct ln_view_log v = { .seq = l->head, .sha = l->head_sha };

    if (l->head == 0 || !ln_view_holds(&v, w->a, w->child, w->at, l->id))
        return true;
    if (w->view->n == LN_VIEW_LOGS_MAX)
        return ln_fail(err, LN_FULL, "more than %d logs", LN_VIEW_LOGS_MAX);
    memcpy(v.log, l->id, sizeof v.log);
    uint64_t from = ln_authority_void_in(w->a, l->id);
    if (!close_log(w, &v, l, from, err))
        return false;
    if (v.seq == 0)
        return true;
    /* The root's own logs (depth 0) get no receipts. What a receipt covers that was given behind an
     * end, for late work that somebody looked at, never comes here. */
    bool ended = from > 0 && v.seq + 1 >= from;
    if (l->applied < v.seq ||
        (v.depth > 0 && (l->receipt < v.seq || (!ended && l->receipt > v.seq))))
        w->settled = false;
    if (v.up)
        note_owner(w, l->id);
    add(w->view, &v);
    return true;
}

/* An audience of the child's side that both read: all who may write into it stand in the view. */
static bool shared(const struct walk *w, const char *name)
{
    struct ln_audience aud;

    if (!ln_audience_read(&aud, ln_span_of(name)))
        return false;
    if (w->self->role == LN_ROLE_LAPTOP)
        return aud.kind == LN_AUD_GRID && strcmp(w->self->parent, w->at) == 0 &&
               ln_audience_member(&aud, w->self);
    return aud.kind == LN_AUD_UP && owned(w, aud.owner) && ln_audience_member(&aud, w->self) &&
           ln_audience_member(&aud, w->parent);
}

struct named_digest {
    char name[LN_AUDIENCE_MAX];
    struct ln_digest digest;
};
struct digests {
    const struct walk *walk;
    size_t n, cap;
    struct named_digest *list;
};

static bool take_digest(void *ctx, const struct ln_store_audience *aud, struct ln_err *err)
{
    static const struct ln_digest none;
    struct digests *d = ctx;
    struct ln_digest digest = aud->digest;

    (void)err;
    for (size_t i = 0; i < d->walk->n_voids; i++) {
        const struct void_line *v = &d->walk->voids[i];
        if (v->audience == aud->n)
            ln_digest_take(&digest, &v->id, v->eff, v->state == LN_STORE_VOID);
    }
    /* An audience known by name only, with nothing in it, may be known on one side alone. */
    if (!shared(d->walk, aud->name) || memcmp(&digest, &none, sizeof none) == 0)
        return true;
    d->list = ln_grow(d->list, d->n, &d->cap, sizeof *d->list);
    memcpy(d->list[d->n].name, aud->name, sizeof aud->name);
    d->list[d->n++].digest = digest;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named_digest *)a)->name, ((const struct named_digest *)b)->name);
}

static int by_depth(const void *a, const void *b)
{
    const struct ln_view_log *x = a;
    const struct ln_view_log *y = b;

    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return strcmp(x->log, y->log);
}

static void finish(char out[LN_VIEW_HASH], crypto_generichash_state *state)
{
    struct ln_buf text = ln_buf_new(LN_VIEW_HASH - 1);
    uint8_t raw[HASH_LEN];

    (void)crypto_generichash_final(state, raw, sizeof raw);
    ln_encode_base64url(&text, raw, sizeof raw);
    memcpy(out, text.data, text.len + 1);
    ln_buf_free(&text);
}

static void hash_heads(struct ln_view *v)
{
    crypto_generichash_state state;
    char line[LN_LOG_MAX + 24];

    (void)crypto_generichash_init(&state, NULL, 0, HASH_LEN);
    for (size_t i = 0; i < v->n; i++) {
        const struct ln_view_log *l = &v->logs[i];
        (void)snprintf(line, sizeof line, "%s %" PRIu64 " ", l->log, l->seq);
        (void)crypto_generichash_update(&state, (const uint8_t *)line, strlen(line));
        (void)crypto_generichash_update(&state, l->sha.b, sizeof l->sha.b);
    }
    finish(v->all, &state);
}

static bool hash_digests(struct walk *w, struct ln_err *err)
{
    struct digests d = { .walk = w };
    struct ln_store *s = w->store;
    crypto_generichash_state state;
    uint64_t unsealed = 0;
    uint64_t bytes = 0;
    bool ok = false;

    if (!s->ops->unsealed_sum(s->ctx, &unsealed, &bytes, err))
        goto out;
    if (unsealed == 0 && w->settled) {
        if (!s->ops->audience_each(s->ctx, take_digest, &d, err))
            goto out;
        if (d.n > 0)
            qsort(d.list, d.n, sizeof *d.list, by_name);
        (void)crypto_generichash_init(&state, NULL, 0, HASH_LEN);
        for (size_t i = 0; i < d.n; i++) {
            (void)crypto_generichash_update(&state, (const uint8_t *)d.list[i].name,
                                            strlen(d.list[i].name) + 1);
            (void)crypto_generichash_update(&state, d.list[i].digest.b, sizeof d.list[i].digest.b);
        }
        finish(w->view->sum, &state);
    }
    ok = true;
out:
    ln_free(d.list);
    return ok;
}

bool ln_view_read(struct ln_view *out, struct ln_store *s, const struct ln_authority *a,
                  const char *child, const char *at, struct ln_err *err)
{
    struct ln_view v = { 0 };
    struct walk w = { .view = &v, .store = s, .a = a, .child = child, .at = at, .settled = true };
    bool ok = false;

    w.self = ln_authority_find(a, child);
    w.parent = w.self != NULL ? ln_authority_find(a, at) : NULL;
    if (w.parent == NULL) {
        (void)ln_fail(err, LN_MISSING, "no certificate of %s and its parent", child);
        goto out;
    }
    if (!s->ops->log_each(s->ctx, take_log, &w, err))
        goto out;
    if (v.n > 0)
        qsort(v.logs, v.n, sizeof *v.logs, by_depth);
    if (w.n_owners > 0)
        qsort(w.owners, w.n_owners, sizeof *w.owners, by_region);
    hash_heads(&v);
    if (!hash_digests(&w, err))
        goto out;
    *out = v;
    v = (struct ln_view){ 0 };
    ok = true;
out:
    ln_free(w.voids);
    ln_free(w.owners);
    ln_view_free(&v);
    return ok;
}

static int by_log(const void *a, const void *b)
{
    return strcmp(((const struct ln_view_log *)a)->log, ((const struct ln_view_log *)b)->log);
}

struct ln_view_log *ln_view_find(struct ln_view *parsed, const char *log)
{
    struct ln_view_log want = { 0 };

    if (parsed->n == 0 || strlen(log) >= sizeof want.log)
        return NULL;
    memcpy(want.log, log, strlen(log));
    return bsearch(&want, parsed->logs, parsed->n, sizeof *parsed->logs, by_log);
}

struct ln_view_log *ln_view_note(struct ln_view *parsed, const char *log, uint64_t seq,
                                 const struct ln_sha256 *sha)
{
    struct ln_view_log *l = ln_view_find(parsed, log);
    struct ln_view_log new_log = { 0 };

    if (l == NULL) {
        memcpy(new_log.log, log, strlen(log));
        add(parsed, &new_log);
        qsort(parsed->logs, parsed->n, sizeof *parsed->logs, by_log);
        l = ln_view_find(parsed, log);
    }
    l->seq = seq;
    l->sha = *sha;
    return l;
}

/* ---- as JSON */

void ln_view_write(struct ln_buf *out, const struct ln_view *v)
{
    ln_buf_addc(out, '[');
    for (size_t i = 0; i < v->n; i++) {
        ln_buf_addf(out, "%s[\"%s\",%" PRIu64 ",\"", i > 0 ? "," : "", v->logs[i].log,
                    v->logs[i].seq);
        ln_encode_base64url(out, v->logs[i].sha.b, sizeof v->logs[i].sha.b);
        ln_buf_adds(out, "\"]");
    }
    ln_buf_addc(out, ']');
}

/* The next item of an array, a plain string. */
static bool next_word(struct ln_span *word, struct ln_span array, size_t *at)
{
    struct ln_span item;

    return ln_canon_next(array, at, NULL, &item) && ln_canon_type(item) == LN_CANON_STRING &&
           ln_canon_plain(item, word);
}

static bool read_sha(struct ln_sha256 *out, struct ln_span text)
{
    struct ln_buf raw = ln_buf_new(sizeof out->b);
    bool ok = ln_encode_unbase64url(&raw, text) && raw.len == sizeof out->b;

    if (ok)
        memcpy(out->b, raw.data, sizeof out->b);
    ln_buf_free(&raw);
    return ok;
}

static bool read_item(struct ln_view_log *l, struct ln_span item)
{
    struct ln_span log;
    struct ln_span seq;
    struct ln_span sha;
    struct ln_span more;
    size_t at = 0;

    if (ln_canon_type(item) != LN_CANON_ARRAY || !next_word(&log, item, &at) ||
        log.len >= sizeof l->log || !ln_canon_next(item, &at, NULL, &seq) ||
        ln_canon_type(seq) != LN_CANON_INT || ln_canon_int(seq) < 1 ||
        !next_word(&sha, item, &at) || ln_canon_next(item, &at, NULL, &more))
        return false;
    memcpy(l->log, log.p, log.len);
    l->seq = (uint64_t)ln_canon_int(seq);
    return read_sha(&l->sha, sha);
}

bool ln_view_parse(struct ln_view *out, struct ln_span array, struct ln_err *err)
{
    struct ln_view v = { 0 };
    struct ln_span item;
    size_t at = 0;

    if (ln_canon_type(array) != LN_CANON_ARRAY)
        return ln_fail(err, LN_INVALID, "heads are not an array");
    while (ln_canon_next(array, &at, NULL, &item)) {
        struct ln_view_log l = { 0 };
        if (v.n == LN_VIEW_LOGS_MAX || !read_item(&l, item)) {
            ln_view_free(&v);
            return ln_fail(err, LN_INVALID, "heads are not [log, seq, sha]");
        }
        add(&v, &l);
    }
    if (v.n > 0)
        qsort(v.logs, v.n, sizeof *v.logs, by_log);
    *out = v;
    return true;
}
