/* Doubt that this is the newest and only image of the node: README "Guard". */
#include <stdio.h>
#include <string.h>

#include "sync/replica_core.h"

#define META "doubt"

struct summing {
    uint64_t heads;
    bool behind; /* a receipt for what is not here */
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct summing *x = ctx;

    (void)err;
    if (l->mine) {
        x->heads += l->head;
        x->behind = x->behind || l->receipt > l->head;
    }
    return true;
}

static bool sum_heads(struct summing *x, struct ln_replica *r, struct ln_err *err)
{
    *x = (struct summing){ 0 };
    if (!r->c.store->ops->log_each(r->c.store->ctx, take_log, x, err))
        return false;
    r->heads = x->heads;
    r->heads_known = true;
    return true;
}

bool ln_replica_heads(struct ln_replica *r, uint64_t *sum, struct ln_err *err)
{
    struct summing x;

    if (!r->heads_known && !sum_heads(&x, r, err))
        return false;
    *sum = r->heads;
    return true;
}

void ln_replica_grown(struct ln_replica *r, uint64_t by)
{
    r->heads += by;
    r->moved = true;
}

void ln_replica_doubt(struct ln_replica *r, const char *why)
{
    if (r->doubt[0] == '\0' || strcmp(why, "fork") == 0)
        (void)snprintf(r->doubt, sizeof r->doubt, "%s", why);
}

const char *ln_replica_doubted(const struct ln_replica *r)
{
    return r->doubt;
}

void ln_replica_confirm(struct ln_replica *r)
{
    r->doubt[0] = '\0';
    r->moved = true; /* the guard learns what holds now */
}

bool ln_replica_doubt_read(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(sizeof r->doubt - 1);
    struct summing x;
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, META, &text, &found, err) && sum_heads(&x, r, err);

    if (ok && found && text.len < sizeof r->doubt)
        memcpy(r->doubt, text.data, text.len + 1);
    memcpy(r->doubt_kept, r->doubt, sizeof r->doubt_kept);
    if (ok && x.heads < r->c.guard)
        ln_replica_doubt(r, "guard");
    if (ok && r->c.strange)
        ln_replica_doubt(r, "copy");
    if (ok && x.behind)
        ln_replica_doubt(r, "receipt");
    ln_buf_free(&text);
    return ok;
}

bool ln_replica_doubt_write(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_span value = { r->doubt[0] != '\0' ? r->doubt : NULL, strlen(r->doubt) };

    return strcmp(r->doubt, r->doubt_kept) == 0 || s->ops->meta_put(s->ctx, META, value, err);
}

void ln_replica_doubt_told(struct ln_replica *r)
{
    struct ln_err err = { 0 };
    uint64_t heads = 0;

    memcpy(r->doubt_kept, r->doubt, sizeof r->doubt_kept);
    if (!r->moved)
        return;
    r->moved = false;
    if (r->c.moved != NULL && ln_replica_heads(r, &heads, &err))
        r->c.moved(r->c.moved_ctx, heads);
}
