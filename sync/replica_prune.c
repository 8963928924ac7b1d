/* Dropping the contents of segments that a checkpoint covers: README "Checkpoint". */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/replica_checkpoint.h"

#define DROPPED "dropped/" /* <log> -> up to where files were dropped here */

struct last {
    uint64_t seq;
    int64_t time_s;
};

static bool take_last(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct last *x = ctx;

    if (s->seq == x->seq)
        x->time_s = ln_replica_commit_time(s->commit);
    err->code = LN_OK;
    return false;
}

struct looking {
    struct ln_store *s;
    const struct ln_checkpoint *c;
    struct ln_prune_item *item;
    bool blind;   /* a file that cannot be opened here */
    bool foreign; /* one whose audience the checkpoint does not name */
    uint64_t lacking;
};

static bool look_at(void *ctx, const struct ln_store_files *f, struct ln_err *err)
{
    struct looking *x = ctx;
    struct ln_epoch e = { 0 };
    bool named = false;
    bool ok = x->s->ops->epoch_find(x->s->ctx, &e, f->name, err);

    x->lacking += f->lacking;
    if (ok && f->held > 0) {
        for (size_t i = 0; i < x->c->n; i++)
            named = named || strcmp(x->c->parts[i].audience, e.audience) == 0;
        x->blind = x->blind || e.label[0] == '\0';
        x->foreign = x->foreign || (e.label[0] != '\0' && !named);
        x->item->files += f->held;
        x->item->bytes += f->bytes;
    }
    sodium_memzero(&e, sizeof e);
    return ok;
}

struct marker {
    uint64_t seq;
};

static bool take_marker(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    (void)err;
    ((struct marker *)ctx)->seq = c->state == LN_STORE_VOID ? 0 : c->seq;
    return true;
}

/* The checkpoint itself is safe: somebody above has signed for it, or its author is the root, or
 * it came down from above. */
static bool is_safe(bool *safe, struct ln_replica *r, const struct ln_checkpoint *c,
                    struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_store_log by = { 0 };
    struct marker m = { 0 };
    struct ln_id id;
    char node[LN_NODE_ID_MAX];

    *safe = false;
    ln_replica_author(node, c->by);
    const struct ln_cert *author = ln_authority_find(r->authority, node);
    if (author == NULL || !ln_clock_id_read(&id, ln_span_of(c->id)))
        return true;
    if (!s->ops->changes_get(s->ctx, &id, 1, take_marker, &m, err) ||
        !s->ops->log_get(s->ctx, &by, c->by, err))
        return false;
    bool signed_for = author->parent[0] == '\0' || strchr(c->by, '.') != NULL;
    *safe = m.seq > 0 && (signed_for || by.receipt >= m.seq);
    return true;
}

static bool look(struct looking *x, struct ln_replica *r, int64_t before_s, struct ln_store_log *l,
                 struct ln_err *err)
{
    struct ln_store *s = x->s;
    const struct ln_checkpoint *c = x->c;
    struct last last = { .seq = c->upto };
    struct ln_store_log by = { 0 };
    struct looking parts = { .s = s, .c = c, .item = &(struct ln_prune_item){ .files = 0 } };
    bool safe = false;

    err->code = LN_OK;
    if (!s->ops->log_get(s->ctx, l, c->log, err))
        return false;
    if (l->n == 0 || l->head < c->upto)
        return true;
    if ((!s->ops->segment_each(s->ctx, l->n, c->upto, false, take_last, &last, err) &&
         err->code != LN_OK) ||
        !s->ops->files_in(s->ctx, l->n, 1, c->upto, look_at, x, err) || x->item->files == 0)
        return err->code == LN_OK;
    if (!is_safe(&safe, r, c, err) || !s->ops->log_get(s->ctx, &by, c->by, err) ||
        (c->to > 0 && !s->ops->files_in(s->ctx, by.n, c->from, c->to, look_at, &parts, err)))
        return false;
    if (last.time_s >= before_s)
        x->item->why = "young";
    else if (!safe)
        x->item->why = "unsigned";
    else if (l->volume < c->upto || by.head < c->to)
        x->item->why = "waiting";
    else if (x->foreign || (x->blind && parts.lacking > 0))
        x->item->why = "uncovered";
    return true;
}

/* Whether files of that audience are here, to be read. */
struct reading {
    struct ln_store *s;
    const char *audience;
    bool any;
};

static bool read_at(void *ctx, const struct ln_store_files *f, struct ln_err *err)
{
    struct reading *x = ctx;
    struct ln_epoch e = { 0 };
    bool ok = x->s->ops->epoch_find(x->s->ctx, &e, f->name, err);

    x->any = x->any || (f->held > 0 && e.label[0] != '\0' && strcmp(e.audience, x->audience) == 0);
    sodium_memzero(&e, sizeof e);
    return ok;
}

static bool adopt(struct ln_replica *r, const struct ln_checkpoint *c, const struct ln_store_log *l,
                  const struct ln_pruned *part, struct ln_prune_item *item, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct reading x = { .s = s, .audience = part->audience };
    struct ln_pruned old;
    bool same = false;

    if (!s->ops->files_in(s->ctx, l->n, 1, c->upto, read_at, &x, err) ||
        !ln_replica_pruned(&old, s, c->log, part->audience, err))
        return false;
    if (!x.any || old.upto >= c->upto)
        return true;
    if (!ln_replica_checkpoint_adopt(r, c->log, part, false, &same, err))
        return false;
    item->kept += part->kept;
    item->dropped += part->dropped;
    return same || ln_fail(err, LN_CONFLICT,
                           "the checkpoint leaves out other lines of %s than those here: nothing "
                           "was dropped",
                           part->audience);
}

static bool drop(struct ln_replica *r, const struct ln_checkpoint *c, const struct ln_store_log *l,
                 struct ln_prune_item *item, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    char key[sizeof DROPPED + LN_LOG_MAX];
    char text[32];

    for (size_t i = 0; i < c->n; i++)
        if (!adopt(r, c, l, &c->parts[i], item, err))
            return false;
    (void)snprintf(key, sizeof key, DROPPED "%s", c->log);
    (void)snprintf(text, sizeof text, "%" PRIu64, c->upto);
    return s->ops->files_drop(s->ctx, l->n, c->upto, err) &&
           s->ops->meta_put(s->ctx, key, ln_span_of(text), err);
}

bool ln_replica_prune(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                      struct ln_prune_item *out, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_checkpoint c;
    struct looking x = { .s = s, .c = &c, .item = out };
    struct ln_store_log l = { 0 };

    *out = (struct ln_prune_item){ .upto = 0 };
    bool ok = ln_replica_checkpoint_noted(&c, s, log, err);
    if (ok && c.upto > 0 && !r->c.drill) {
        out->upto = c.upto;
        ok = look(&x, r, before_s, &l, err);
        out->done = ok && out->files > 0 && out->why == NULL;
        if (out->done && !dry)
            ok = drop(r, &c, &l, out, err);
    }
    ln_checkpoint_free(&c);
    return ok || ln_wrap(err, "prune of %s", log);
}

bool ln_replica_dropped(uint64_t *upto, struct ln_store *s, const char *log, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(32);
    char key[sizeof DROPPED + LN_LOG_MAX];
    bool found = false;

    (void)snprintf(key, sizeof key, DROPPED "%s", log);
    bool ok = s->ops->meta_get(s->ctx, key, &text, &found, err);
    *upto = ok && found ? strtoull(text.data, NULL, 10) : 0;
    ln_buf_free(&text);
    return ok;
}
