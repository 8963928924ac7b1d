/* The first start of a program that knows more than the one before: what that one only kept and
 * relayed gets its rows. */
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/replica_core.h"

#define LEARN_AT_ONCE 256
/* More records than that are sooner replayed from the logs, segment by segment. */
#define LEARN_SINGLY 20000
#define NOTE "schema/"
#define LOST_MAX 256

struct learn {
    struct ln_replica *r;
    struct ln_id *list;
    size_t n, cap;
};

static bool take_record(void *ctx, const struct ln_store_record *rec, struct ln_err *err)
{
    struct learn *x = ctx;

    (void)err;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = rec->id;
    return true;
}

/* What was noted of collections, and those of them that this program does not know: it is an older
 * one, and a newer one to come has to learn them again. */
struct noted {
    const struct ln_schema *schema;
    bool any;
    char lost[LOST_MAX][32];
    size_t n_lost;
};

static bool take_noted(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct noted *x = ctx;
    const char *name = key + sizeof NOTE - 1;

    (void)value;
    (void)err;
    x->any = true;
    if (ln_schema_find(x->schema, ln_span_of(name)) == NULL && x->n_lost < LOST_MAX)
        (void)snprintf(x->lost[x->n_lost++], sizeof x->lost[0], "%.31s", name);
    return true;
}

static bool forget(struct noted *x, struct ln_store *s, struct ln_err *err)
{
    char key[48];
    bool ok = true;

    for (size_t i = 0; ok && i < x->n_lost; i++) {
        (void)snprintf(key, sizeof key, NOTE "%s", x->lost[i]);
        ok = s->ops->meta_put(s->ctx, key, (struct ln_span){ NULL, 0 }, err);
    }
    return ok;
}

/* The records of one collection that are to be derived again: all of them, or those that may have
 * fields which are new. */
static bool look(struct learn *x, const struct ln_coll *c, struct ln_span before,
                 struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    enum ln_schema_news news = ln_schema_compare(before, c);

    if (news == LN_SCHEMA_ALL)
        return s->ops->records_of(s->ctx, c->name, NULL, 0, take_record, x, err);
    for (size_t i = 0; news == LN_SCHEMA_FIELDS && i < c->n_fields; i++)
        if (!ln_schema_knew(before, &c->fields[i]) &&
            !s->ops->records_of(s->ctx, c->name, c->fields[i].name, 0, take_record, x, err))
            return false;
    return true;
}

/* Compares one collection with what was noted of it, and notes it as it is now. */
static bool look_at(struct learn *x, const struct ln_coll *c, bool described, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;
    struct ln_buf before = ln_buf_new(LN_SCHEMA_TEXT_MAX);
    struct ln_buf now = ln_buf_new(LN_SCHEMA_TEXT_MAX);
    char key[48];
    bool found = false;

    (void)snprintf(key, sizeof key, NOTE "%s", c->name);
    ln_schema_write(&now, c);
    bool ok = ln_buf_done(&now, "description", err) &&
              s->ops->meta_get(s->ctx, key, &before, &found, err);
    if (ok && described)
        ok = look(x, c, (struct ln_span){ before.data, before.len }, err);
    if (ok && (before.len != now.len || memcmp(before.data, now.data, now.len) != 0))
        ok = s->ops->meta_put(s->ctx, key, (struct ln_span){ now.data, now.len }, err);
    ln_buf_free(&before);
    ln_buf_free(&now);
    return ok;
}

static bool learn_all(struct learn *x, struct ln_err *err)
{
    /* What is in doubt cannot be replayed: it might not be the newest. */
    if (x->n > LEARN_SINGLY && x->r->doubt[0] == '\0')
        return ln_replica_rebuild(x->r, NULL, NULL, err);
    for (size_t i = 0; i < x->n; i += LEARN_AT_ONCE)
        if (!ln_batch_learn(x->r->batch, x->list + i,
                            x->n - i < LEARN_AT_ONCE ? x->n - i : LEARN_AT_ONCE, err))
            return false;
    return true;
}

bool ln_replica_learn(struct ln_replica *r, unsigned *records, struct ln_err *err)
{
    struct learn x = { .r = r };
    struct ln_store *s = r->c.store;
    struct noted *noted = ln_alloc(sizeof *noted);

    noted->schema = r->c.schema;
    bool ok = s->ops->meta_each(s->ctx, NOTE, take_noted, noted, err) && forget(noted, s, err);

    /* A database from before descriptions were kept: only what it did not know at all. */
    if (ok && !noted->any)
        ok = s->ops->records_unknown(s->ctx, take_record, &x, err);
    for (size_t i = 0; ok && i < r->c.schema->n_colls; i++)
        ok = look_at(&x, &r->c.schema->colls[i], noted->any, err);
    ok = ok && learn_all(&x, err);
    *records = (unsigned)x.n;
    ln_free(x.list);
    ln_free(noted);
    return ok || ln_wrap(err, "what is new in this version");
}
