/* Receiving: a pack is taken apart and checked as a whole, then stored, then applied. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "sync/pack.h"
#include "sync/replica_apply.h"

#define LEASE_GRACE_S 0

struct intake {
    struct ln_replica *r;
    const struct ln_cert *author;
    struct ln_store_log log;
    struct ln_pack_list pack;
    struct ln_segment *fresh; /* checked, not held yet, ascending */
    size_t n_fresh, cap_fresh;
    size_t *commits; /* their objects */
    bool from_parent, from_author;
    struct late {
        uint64_t seq;
        size_t object;
    } * late; /* held, and now they come with files that were not for us before */
    size_t n_late;
    uint64_t last;
    bool behind; /* also what comes after a revocation: a person brought it to be looked at */
};

static void intake_free(struct intake *x)
{
    ln_pack_list_free(&x->pack);
    ln_free(x->fresh);
    ln_free(x->commits);
    ln_free(x->late);
}

/* ---- checking */

static void keep_fork(struct intake *x, const struct ln_segment *s, const struct ln_pack_object *o)
{
    struct ln_fork *f = ln_alloc(sizeof *f + o->len + 1);

    memcpy(f->log, x->log.id, sizeof f->log);
    f->seq = s->seq;
    f->sha = s->sha;
    f->len = o->len;
    memcpy(f->commit, o->data, o->len);
    f->next = x->r->forks;
    x->r->forks = f;
}

struct same {
    struct ln_sha256 sha;
    bool found;
    bool lacks; /* a file that was never held */
};

static bool take_sha(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct same *x = ctx;

    x->sha = s->sha;
    x->found = true;
    for (size_t i = 0; i < s->n_files; i++)
        x->lacks = x->lacks || s->files[i].size == 0;
    err->code = LN_OK;
    return false;
}

static void note_late(struct intake *x, const struct ln_segment *s, const struct ln_pack_object *o)
{
    x->late = ln_realloc(x->late, (x->n_late + 1) * sizeof *x->late);
    x->late[x->n_late++] = (struct late){ .seq = s->seq, .object = (size_t)(o - x->pack.list) };
}

/* A segment that is held already must be the very same. */
static bool check_held(struct intake *x, const struct ln_segment *s, const struct ln_pack_object *o,
                       struct ln_err *err)
{
    struct ln_store *st = x->r->c.store;
    struct same held = { 0 };

    err->code = LN_OK;
    if (!st->ops->segment_each(st->ctx, x->log.n, s->seq, false, take_sha, &held, err) &&
        err->code != LN_OK)
        return false;
    if (held.found && ln_encode_sha256_same(&held.sha, &s->sha)) {
        if (held.lacks && (x->from_parent || x->from_author))
            note_late(x, s, o);
        return true;
    }
    keep_fork(x, s, o);
    return ln_fail(err, LN_CONFLICT, "segment %" PRIu64 " has another one beside it: the log forks",
                   s->seq);
}

static bool check_files(struct intake *x, const struct ln_segment *s, struct ln_err *err)
{
    const struct ln_pack_object *tree = ln_pack_find(&x->pack, LN_PACK_TREE, &s->tree);
    struct ln_sha1 blobs[LN_SEGMENT_FILES];

    if (tree == NULL)
        return ln_fail(err, LN_INVALID, "the tree is missing");
    if (!ln_segment_tree_check(s, tree->data, tree->len, blobs, err))
        return false;
    for (size_t i = 0; i < s->n_files; i++) {
        const struct ln_pack_object *blob = ln_pack_find(&x->pack, LN_PACK_BLOB, &blobs[i]);
        struct ln_sha256 sha;
        if (blob == NULL && strcmp(s->files[i].name, "public.jsonl") == 0)
            return ln_fail(err, LN_INVALID, "public.jsonl is missing");
        if (blob == NULL)
            continue; /* not for us */
        sha = ln_encode_sha256(blob->data, blob->len);
        if (!ln_encode_sha256_same(&sha, &s->files[i].sha))
            return ln_fail(err, LN_INVALID, "%s is not what was signed", s->files[i].name);
    }
    return true;
}

static void take_fresh(struct intake *x, const struct ln_segment *s, size_t object)
{
    if (x->n_fresh == x->cap_fresh) {
        x->cap_fresh = x->cap_fresh > 0 ? 2 * x->cap_fresh : 64;
        x->fresh = ln_realloc(x->fresh, x->cap_fresh * sizeof *x->fresh);
        x->commits = ln_realloc(x->commits, x->cap_fresh * sizeof *x->commits);
    }
    x->fresh[x->n_fresh] = *s;
    x->commits[x->n_fresh++] = object;
}

static bool check_commit(struct intake *x, size_t object, struct ln_segment *s, struct ln_err *err)
{
    const struct ln_pack_object *o = &x->pack.list[object];
    const struct ln_segment *last = x->n_fresh > 0 ? &x->fresh[x->n_fresh - 1] : NULL;
    uint64_t head = last != NULL ? last->seq : x->log.head;
    const struct ln_sha256 *sha = last != NULL ? &last->sha : &x->log.head_sha;
    const struct ln_sha1 *name = last != NULL ? &last->commit : &x->log.head_commit;

    if (!ln_segment_read(s, o->data, o->len, &x->author->key, err))
        return false;
    if (strcmp(s->log, x->log.id) != 0)
        return ln_fail(err, LN_INVALID, "a segment of %s", s->log);
    if (s->seq <= x->log.head && last == NULL)
        return check_held(x, s, o, err);
    if (s->seq > head + 1)
        return ln_fail(err, LN_MISSING, "segment %" PRIu64 " is wanted first", head + 1);
    if (s->seq != head + 1)
        return ln_fail(err, LN_INVALID, "segment %" PRIu64 " is out of order", s->seq);
    if (head > 0 && (!ln_encode_sha256_same(&s->prev, sha) ||
                     memcmp(s->prev_commit.b, name->b, LN_SHA1_LEN) != 0)) {
        keep_fork(x, s, o);
        return ln_fail(err, LN_CONFLICT,
                       "segment %" PRIu64 " follows another one than the one held: the log forks",
                       s->seq);
    }
    uint64_t void_from = ln_authority_void_in(x->r->authority, x->log.id);
    /* What a parent gave before it heard of the loss stays in its log, and counts for nothing. */
    if (void_from > 0 && s->seq >= void_from && !x->from_parent && !x->behind)
        return ln_fail(err, LN_DENIED, "segment %" PRIu64 " comes after its node was revoked",
                       s->seq);
    if (!check_files(x, s, err))
        return false;
    take_fresh(x, s, object);
    return true;
}

static bool check(struct intake *x, struct ln_err *err)
{
    struct ln_segment *s = ln_alloc(sizeof *s);
    bool ok = true;

    for (size_t i = 0; ok && i < x->pack.n; i++) {
        if (x->pack.list[i].kind != LN_PACK_COMMIT)
            continue;
        s->seq = 0;
        ok = check_commit(x, i, s, err);
        x->last = s->seq;
        ok = ok || (s->seq > 0 ? ln_wrap(err, "segment %" PRIu64, s->seq)
                               : ln_wrap(err, "object %zu", i));
    }
    ln_free(s);
    return ok;
}

/* ---- storing */

static bool store_segment(struct intake *x, size_t i, struct ln_err *err)
{
    const struct ln_segment *s = &x->fresh[i];
    const struct ln_pack_object *commit = &x->pack.list[x->commits[i]];
    const struct ln_pack_object *tree = ln_pack_find(&x->pack, LN_PACK_TREE, &s->tree);
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    struct ln_store *st = x->r->c.store;
    struct ln_store_segment row = {
        .log = x->log.n, .seq = s->seq, .sha = s->sha, .n_files = s->n_files
    };

    if (!ln_segment_tree_check(s, tree->data, tree->len, blobs, err))
        return false;
    row.commit = (struct ln_span){ commit->data, commit->len };
    row.tree = (struct ln_span){ tree->data, tree->len };
    for (size_t k = 0; k < s->n_files; k++) {
        const struct ln_pack_object *blob = ln_pack_find(&x->pack, LN_PACK_BLOB, &blobs[k]);
        struct ln_store_file *f = &row.files[k];
        memcpy(f->name, s->files[k].name, sizeof f->name);
        f->sha = s->files[k].sha;
        f->size = blob != NULL ? blob->len : 0;
        if (blob != NULL)
            f->bytes = (struct ln_span){ blob->data, blob->len };
    }
    return st->ops->segment_put(st->ctx, &row, err);
}

static bool store_all(struct intake *x, struct ln_err *err)
{
    struct ln_store *st = x->r->c.store;
    const struct ln_segment *last = &x->fresh[x->n_fresh - 1];
    char id[LN_LOG_MAX];

    memcpy(id, x->log.id, sizeof id);
    if (!ln_replica_log(&x->log, x->r, id, err))
        return false;
    for (size_t i = 0; i < x->n_fresh; i++)
        if (!store_segment(x, i, err))
            return false;
    if (x->log.mine)
        ln_replica_grown(x->r, last->seq - x->log.head);
    x->log.head = last->seq;
    x->log.head_sha = last->sha;
    x->log.head_commit = last->commit;
    return st->ops->log_put(st->ctx, &x->log, err);
}

/* ---- files that come later: a grid was added to a laptop; a node got another parent */

struct held_files {
    struct ln_store_segment row;
    bool found;
};

static bool take_files(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct held_files *h = ctx;

    h->row = *s;
    h->found = true;
    err->code = LN_OK;
    return false;
}

static bool store_late(struct intake *x, const struct late *l, bool *any, struct ln_err *err)
{
    const struct ln_pack_object *o = &x->pack.list[l->object];
    struct ln_segment *s = ln_alloc(sizeof *s);
    struct held_files *h = ln_alloc(sizeof *h);
    struct ln_store *st = x->r->c.store;
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    bool ok = false;

    err->code = LN_OK;
    if (!ln_segment_read(s, o->data, o->len, &x->author->key, err) || !check_files(x, s, err) ||
        (!st->ops->segment_each(st->ctx, x->log.n, l->seq, false, take_files, h, err) &&
         err->code != LN_OK))
        goto out;
    const struct ln_pack_object *tree = ln_pack_find(&x->pack, LN_PACK_TREE, &s->tree);
    if (!ln_segment_tree_check(s, tree->data, tree->len, blobs, err))
        goto out;
    ok = true;
    for (size_t i = 0; ok && h->found && i < s->n_files; i++) {
        const struct ln_pack_object *blob = ln_pack_find(&x->pack, LN_PACK_BLOB, &blobs[i]);
        struct ln_store_file f = { .sha = s->files[i].sha };
        if (blob == NULL || h->row.files[i].size > 0)
            continue;
        memcpy(f.name, s->files[i].name, sizeof f.name);
        f.size = blob->len;
        f.bytes = (struct ln_span){ blob->data, blob->len };
        ok = st->ops->file_put(st->ctx, x->log.n, l->seq, &f, err);
        *any = true;
    }
out:
    ln_free(s);
    ln_free(h);
    return ok;
}

/* Lines that are held already are passed over when a segment is applied again. */
static bool take_late(struct intake *x, struct ln_receive *out, struct ln_err *err)
{
    for (size_t i = 0; i < x->n_late; i++) {
        struct ln_store_log log = x->log;
        struct ln_apply a = { .r = x->r, .log = &log, .until = x->late[i].seq };
        bool any = false;
        if (!store_late(x, &x->late[i], &any, err))
            return false;
        if (any && x->late[i].seq <= log.applied && !ln_replica_apply(&a, x->late[i].seq, err))
            return false;
        out->changes += a.changes;
    }
    return true;
}

/* ---- the parent's receipt */

static bool lease_over(const struct intake *x)
{
    const struct ln_env *env = x->r->c.env;

    return env->clock_trusted(env->ctx) && !ln_replica_wild(x->r) &&
           env->now_ms(env->ctx) / 1000 > x->author->until_s + LEASE_GRACE_S;
}

static void write_receipt(struct ln_buf *f, const struct ln_store_log *log, const struct ln_buf *no,
                          int64_t t)
{
    char time[LN_HLC_TEXT + 1];

    ln_clock_hlc_write(time, t);
    ln_buf_adds(f, "{\"log\":");
    ln_canon_add_string(f, log->id, strlen(log->id));
    ln_buf_addf(f, ",\"no\":[%s],\"seq\":%" PRIu64 ",\"sha\":\"", no->len > 0 ? no->data : "",
                log->head);
    ln_encode_hex(f, log->head_sha.b, sizeof log->head_sha.b);
    ln_buf_addf(f, "\",\"t\":\"%s\"}", time);
}

/* Applies what came and signs for it: a line of our down-log towards the author. */
static bool accept(struct intake *x, struct ln_receive *out, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_buf no = ln_buf_new(LN_CHANGE_MAX);
    struct ln_apply a = { .r = x->r, .log = &x->log, .until = x->log.head, .no = &no };
    struct ln_store_receipt row = { .seq = x->log.head };
    char down[LN_LOG_MAX];
    bool ok = false;

    a.given.seq = x->log.head;
    a.given.t = ln_clock_next(&x->r->clock, x->r->c.env->now_ms(x->r->c.env->ctx));
    if (!ln_replica_apply(&a, x->log.applied + 1, err))
        goto out;
    out->changes += a.changes;
    out->refused += a.refused;
    out->unreadable += a.unreadable;
    write_receipt(&out->receipt, &x->log, &no, a.given.t);
    if (!ln_buf_done(&out->receipt, "receipt", err))
        goto out;
    row.t = a.given.t;
    row.evidence = (struct ln_span){ out->receipt.data, out->receipt.len };
    x->log.receipt = x->log.head;
    (void)snprintf(down, sizeof down, "%s.%s", x->r->c.id, x->author->region);
    ok = s->ops->receipt_put(s->ctx, x->log.n, &row, err) &&
         s->ops->log_put(s->ctx, &x->log, err) &&
         ln_replica_say(x->r, down, "receipt", row.evidence, err);
    out->receipted = ok;
out:
    ln_buf_free(&no);
    return ok;
}

/* A child whose response was lost asks again: the same receipt. */
static bool repeat_receipt(struct intake *x, struct ln_receive *out, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_store_receipt row = { 0 };

    if (x->log.n == 0 || x->log.receipt == 0)
        return true;
    if (!s->ops->receipt_first(s->ctx, x->log.n, x->log.receipt, &row, &out->receipt, err))
        return false;
    out->receipted = row.seq > 0 && out->receipt.len > 0 && out->receipt.data[0] == '{';
    return true;
}

/* Whether this node signs for the author. A drill plays the box that the author has, but signs for
 * nobody: what the box signed for comes back with its down-log, in whatever order. */
static bool is_ours(const struct intake *x)
{
    return !x->r->c.drill && strcmp(x->author->parent, x->r->c.id) == 0;
}

static bool settle_all(struct intake *x, struct ln_receive *out, struct ln_err *err)
{
    struct ln_apply sum = { 0 };
    struct ln_store *s = x->r->c.store;
    bool child = is_ours(x);

    /* Also of a child: a restored node may have given receipts, which came back with its own
     * down-log, for what it only gets again now. */
    if (x->log.n > 0 && (!child || x->log.applied < x->log.receipt)) {
        if (!ln_replica_apply_ready(x->r, x->log.id, &sum, err) ||
            !s->ops->log_by(s->ctx, &x->log, x->log.n, err))
            return false;
        out->changes += sum.changes;
        out->refused += sum.refused;
        out->unreadable += sum.unreadable;
    }
    if (!child)
        return true;
    return x->log.head > x->log.receipt ? accept(x, out, err) : repeat_receipt(x, out, err);
}

static bool receive(struct ln_replica *r, struct ln_receive *out, const char *log, const void *pack,
                    size_t len, const struct ln_cert *from, bool behind, struct ln_err *err)
{
    struct intake x = { .r = r, .behind = behind };
    struct ln_store *s = r->c.store;
    char node[LN_NODE_ID_MAX];
    bool ok = false;

    const struct ln_cert *self = ln_replica_self(r);
    x.from_parent = from != NULL && self != NULL && strcmp(self->parent, from->node) == 0;
    *out = (struct ln_receive){ .receipt = ln_buf_new(LN_CHANGE_MAX) };
    (void)snprintf(out->log, sizeof out->log, "%s", log);
    ln_replica_author(node, log);
    x.author = ln_authority_find(r->authority, node);
    x.from_author = from != NULL && strcmp(from->node, node) == 0;
    if (x.author == NULL) {
        (void)ln_fail(err, LN_MISSING, "the certificate of %s has not come yet", node);
        goto out;
    }
    if (is_ours(&x) && lease_over(&x)) {
        (void)ln_fail(err, LN_DENIED, "the lease of %s is over: renew its certificate", node);
        goto out;
    }
    if (!s->ops->log_get(s->ctx, &x.log, log, err) || !ln_pack_list_read(&x.pack, pack, len, err))
        goto out;
    (void)snprintf(x.log.id, sizeof x.log.id, "%s", log);
    if (!check(&x, err))
        goto out;
    if (!take_late(&x, out, err) || (x.n_fresh > 0 && !store_all(&x, err)))
        goto out;
    ok = settle_all(&x, out, err);
    out->segments = (unsigned)x.n_fresh;
    out->seq = x.log.head;
    out->last = x.last;
    out->sha = x.log.head_sha;
out:
    intake_free(&x);
    return ok || ln_wrap(err, "%s", log);
}

bool ln_replica_receive(struct ln_replica *r, struct ln_receive *out, const char *log,
                        const void *pack, size_t len, const struct ln_cert *from,
                        struct ln_err *err)
{
    return receive(r, out, log, pack, len, from, false, err);
}

bool ln_replica_receive_late(struct ln_replica *r, struct ln_receive *out, const char *log,
                             const void *pack, size_t len, struct ln_err *err)
{
    return receive(r, out, log, pack, len, NULL, true, err);
}

bool ln_replica_receipt(struct ln_replica *r, struct ln_span f, const void *evidence, size_t len,
                        struct ln_err *err)
{
    struct ln_receipt receipt;
    const char *why = NULL;
    char node[LN_NODE_ID_MAX];

    if (!ln_replica_receipt_read(&receipt, f, err))
        return false;
    ln_replica_author(node, receipt.log);
    if (strcmp(node, r->c.id) != 0)
        return ln_fail(err, LN_INVALID, "receipt: for a log that is not ours");
    if (!ln_replica_settle(r, &receipt, (struct ln_span){ evidence, len }, &why, err))
        return false;
    return why == NULL ||
           ln_fail(err, LN_CONFLICT,
                   "receipt: the parent holds another segment %" PRIu64 " of our log", receipt.seq);
}
