/* What another node may have of a log, as a restricted pack. */
#include <stdio.h>
#include <string.h>

#include "sync/pack.h"
#include "sync/replica_core.h"

enum share { ALL, DOWN, MEMBERS, PUBLIC_ONLY };

struct slice {
    struct ln_store *s;
    struct ln_buf *pack;
    const struct ln_authority *a;
    const struct ln_cert *to;
    enum share share;
    size_t max;
    size_t inflated;
    uint32_t objects;
    uint64_t last;
    char known[24]; /* the file name asked about last, and the answer: one segment after the other
                       has the same */
    bool known_may;
};

static bool above(const struct ln_authority *a, const char *upper, const char *node)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(a, node, path, sizeof path / sizeof path[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(path[i]->node, upper) == 0)
            return true;
    return false;
}

/* README "Who gets what". */
static enum share share_of(const struct ln_authority *a, const char *log, const struct ln_cert *to)
{
    char node[LN_NODE_ID_MAX];

    ln_replica_author(node, log);
    const struct ln_cert *author = ln_authority_find(a, node);
    if (author == NULL)
        return PUBLIC_ONLY;
    /* What a box's laptops wrote belongs to what its parent keeps of it, and to what comes back. */
    const struct ln_cert *box =
        author->role == LN_ROLE_LAPTOP ? ln_authority_find(a, author->parent) : author;
    if (strcmp(node, to->node) == 0 || strcmp(author->parent, to->node) == 0 ||
        ln_authority_continues(a, to->node, node))
        return ALL;
    if (box != NULL && box != author &&
        (strcmp(box->parent, to->node) == 0 || ln_authority_continues(a, to->node, box->node)))
        return ALL;
    if (above(a, node, to->node))
        return strchr(log, '.') != NULL ? DOWN : MEMBERS;
    bool sibling = to->role == LN_ROLE_LAPTOP && author->role == LN_ROLE_LAPTOP &&
                   strcmp(to->parent, author->parent) == 0;
    return sibling || above(a, to->node, node) ? MEMBERS : PUBLIC_ONLY;
}

struct carrying {
    const struct slice *x;
    const char *owner;
    bool yes;
};

static bool take_owner(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct carrying *w = ctx;

    (void)err;
    w->yes = w->yes || (c->role != LN_ROLE_LAPTOP && strcmp(c->region, w->owner) == 0 &&
                        above(w->x->a, w->x->to->node, c->node));
    return true;
}

/* Down goes what is for the receiver, or for somebody below it; what nobody here can tell goes
 * along unread. */
static bool for_them(bool *may, struct slice *x, const struct ln_audience *audience,
                     struct ln_err *err)
{
    struct carrying w = { .x = x, .owner = audience->owner };

    *may = ln_audience_member(audience, x->to);
    if (*may || x->share != DOWN)
        return true;
    if (!ln_authority_each(x->a, take_owner, &w, err))
        return false;
    *may = w.yes;
    return true;
}

static bool may_have(struct slice *x, const char *name, bool *may, struct ln_err *err)
{
    struct ln_epoch e = { 0 };
    struct ln_audience audience;

    *may = x->share == ALL || strcmp(name, "public.jsonl") == 0;
    if (*may || x->share == PUBLIC_ONLY)
        return true;
    if (strcmp(x->known, name) != 0) {
        if (!x->s->ops->epoch_find(x->s->ctx, &e, name, err))
            return false;
        bool told = e.label[0] != '\0' && ln_audience_read(&audience, ln_span_of(e.audience));
        memset(&e, 0, sizeof e);
        *may = !told && x->share == DOWN; /* nobody here can tell whose it is */
        (void)snprintf(x->known, sizeof x->known, "%s", told ? name : "");
        if (!told)
            return true;
        if (!for_them(&x->known_may, x, &audience, err))
            return false;
    }
    *may = x->known_may;
    return true;
}

static size_t size_of(const struct ln_store_segment *s)
{
    size_t size = s->commit.len + s->tree.len + 64;

    for (size_t i = 0; i < s->n_files; i++)
        size += s->files[i].bytes.len + 32;
    return size;
}

static bool take_segment(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct slice *x = ctx;

    if (s->commit.p == NULL || s->tree.p == NULL)
        return ln_fail(err, LN_MISSING, "segment %llu is not in the database",
                       (unsigned long long)s->seq);
    if (x->last > 0 &&
        (x->pack->len + size_of(s) > x->max || x->inflated + size_of(s) > LN_PACK_INFLATED_MAX ||
         x->objects + LN_SEGMENT_FILES + 2 > LN_PACK_OBJECTS)) {
        err->code = LN_OK;
        return false;
    }
    if (!ln_pack_add(x->pack, LN_PACK_COMMIT, s->commit.p, s->commit.len, false, err) ||
        !ln_pack_add(x->pack, LN_PACK_TREE, s->tree.p, s->tree.len, true, err))
        return false;
    x->objects += 2;
    for (size_t i = 0; i < s->n_files; i++) {
        const struct ln_store_file *f = &s->files[i];
        bool may = false;
        if (!may_have(x, f->name, &may, err))
            return false;
        if (!may || f->bytes.p == NULL)
            continue;
        bool open = strcmp(f->name, "public.jsonl") == 0;
        if (!ln_pack_add(x->pack, LN_PACK_BLOB, f->bytes.p, f->bytes.len, !open, err))
            return false;
        x->objects++;
    }
    x->inflated += size_of(s);
    x->last = s->seq;
    return true;
}

bool ln_replica_slice(struct ln_buf *pack, uint64_t *last, struct ln_store *reader,
                      const struct ln_authority *a, const char *log, uint64_t from,
                      const struct ln_cert *to, size_t max, struct ln_err *err)
{
    struct slice x = {
        .s = reader, .pack = pack, .a = a, .to = to, .share = share_of(a, log, to), .max = max
    };
    struct ln_store_log l = { 0 };

    *last = 0;
    if (!reader->ops->log_get(reader->ctx, &l, log, err))
        return false;
    ln_pack_begin(pack);
    err->code = LN_OK;
    if (l.n > 0 && from <= l.head &&
        !reader->ops->segment_each(reader->ctx, l.n, from, true, take_segment, &x, err) &&
        err->code != LN_OK)
        return ln_wrap(err, "slice of %s", log);
    *last = x.last;
    return ln_pack_end(pack, x.objects, err);
}
