/* Which record stands for which: see alias.h. */
#include "sync/alias.h"

#include <string.h>

#include "crypto/base/alloc.h"

void ln_alias_list_free(struct ln_alias_list *l)
{
    ln_free(l->at);
    *l = (struct ln_alias_list){ 0 };
}

static size_t find(const struct ln_alias_list *l, const struct ln_id *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (ln_clock_compare(&l->at[i], id) == 0)
            return i;
    return SIZE_MAX;
}

bool ln_alias_list_add(struct ln_alias_list *l, const struct ln_id *id)
{
    if (find(l, id) != SIZE_MAX)
        return false;
    l->at = ln_grow(l->at, l->n, &l->cap, sizeof *l->at);
    l->at[l->n++] = *id;
    return true;
}

/* ---- asking */

bool ln_alias_root(struct ln_id *out, struct ln_store *s, const struct ln_id *id,
                   struct ln_err *err)
{
    struct ln_store_alias a = { 0 };

    if (!s->ops->alias_get(s->ctx, &a, id, err))
        return false;
    *out = ln_clock_id_zero(&a.to) ? *id : a.root;
    return true;
}

bool ln_alias_set(struct ln_store *s, const struct ln_id *id, ln_store_id_fn *fn, void *ctx,
                  struct ln_err *err)
{
    struct ln_id root;

    return ln_alias_root(&root, s, id, err) && fn(ctx, &root, err) &&
           s->ops->alias_rooted(s->ctx, &root, fn, ctx, err);
}

/* ---- finding out */

struct look {
    bool here, live;
    char collection[32];
};

static bool take_record(void *ctx, const struct ln_store_record *r, struct ln_err *err)
{
    struct look *l = ctx;
    size_t len = r->collection.len < sizeof l->collection ? r->collection.len : 0;

    (void)err;
    l->here = true;
    l->live = !r->deleted && r->region[0] != '\0';
    memcpy(l->collection, r->collection.p, len);
    l->collection[len] = '\0';
    return true;
}

/* Whether a record can be read, and is of the collection `like` (NULL = any). */
static bool readable(bool *yes, struct look *l, struct ln_store *s, const struct ln_id *id,
                     const char *like, struct ln_err *err)
{
    *l = (struct look){ 0 };
    if (!s->ops->records_get(s->ctx, id, 1, take_record, l, err))
        return false;
    *yes = l->live && (like == NULL || strcmp(like, l->collection) == 0);
    return true;
}

/* The last of way[from..] that can be read, or in a ring the smallest; `out` untouched when none
 * can. */
static bool choose(struct ln_id *out, bool *found, struct ln_store *s,
                   const struct ln_alias_list *way, size_t from, size_t until, bool ring,
                   const char *like, struct ln_err *err)
{
    struct look l;
    bool yes;

    *found = false;
    for (size_t i = from; i < until; i++) {
        if (!readable(&yes, &l, s, &way->at[i], like, err))
            return false;
        if (!yes || (ring && *found && ln_clock_compare(&way->at[i], out) > 0))
            continue;
        *out = way->at[i];
        *found = true;
    }
    return true;
}

/* The record that stands for way->at[0], by what the store has now. */
static bool survivor(struct ln_id *out, struct ln_store *s, const struct ln_id *id,
                     struct ln_err *err)
{
    struct ln_alias_list way = { 0 };
    struct ln_store_alias a = { 0 };
    size_t ring = SIZE_MAX;
    struct look self;
    bool found = false;
    bool ok = false;
    bool yes;

    *out = *id;
    (void)ln_alias_list_add(&way, id);
    if (!readable(&yes, &self, s, id, NULL, err))
        goto out;
    while (way.n <= LN_ALIAS_PATH) {
        if (!s->ops->alias_get(s->ctx, &a, &way.at[way.n - 1], err))
            goto out;
        if (ln_clock_id_zero(&a.to))
            break;
        ring = find(&way, &a.to);
        if (ring != SIZE_MAX)
            break;
        (void)ln_alias_list_add(&way, &a.to);
    }
    if (way.n > LN_ALIAS_PATH) {
        ok = true;
        goto out;
    }
    const char *like = self.here ? self.collection : NULL;
    ok = ring == SIZE_MAX || choose(out, &found, s, &way, ring, way.n, true, like, err);
    if (ok && !found)
        ok = choose(out, &found, s, &way, 0, ring == SIZE_MAX ? way.n : ring, false, like, err);
out:
    ln_alias_list_free(&way);
    return ok;
}

static bool collect(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    (void)err;
    (void)ln_alias_list_add(ctx, id);
    return true;
}

bool ln_alias_relink(struct ln_alias_list *moved, struct ln_store *s, const struct ln_id *ids,
                     size_t n, struct ln_err *err)
{
    struct ln_alias_list all = { 0 };
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        (void)ln_alias_list_add(&all, &ids[i]);
    for (size_t i = 0; ok && i < all.n; i++) { /* grows while it is walked: every way into it */
        struct ln_id from = all.at[i];
        ok = s->ops->alias_into(s->ctx, &from, collect, &all, err);
    }
    for (size_t i = 0; ok && i < all.n; i++) {
        struct ln_store_alias a = { 0 };
        struct ln_id root;
        ok = s->ops->alias_get(s->ctx, &a, &all.at[i], err);
        if (!ok || ln_clock_id_zero(&a.to))
            continue;
        ok = survivor(&root, s, &all.at[i], err);
        if (!ok || ln_clock_compare(&root, &a.root) == 0)
            continue;
        (void)ln_alias_list_add(moved, &all.at[i]);
        (void)ln_alias_list_add(moved,
                                &a.root);      /* what stood for it, and what does now: both are */
        (void)ln_alias_list_add(moved, &root); /* looked at again for duplicates */
        a.root = root;
        ok = s->ops->alias_put(s->ctx, &a, err);
    }
    ln_alias_list_free(&all);
    return ok;
}
