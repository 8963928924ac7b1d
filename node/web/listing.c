/* What a list is asked for: see listing.h. */
#include "node/web/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/store/order.h"

static bool reserved(const char *name)
{
    static const char *const words[] = { "limit", "cursor", "sort",    "q",    "count",
                                         "mine",  "stale",  "overdue", "here", NULL };

    return ln_def_has(words, name);
}

static bool add_filter(struct ln_listing *x, const struct ln_http_pair *p, struct ln_err *err)
{
    if (x->l.n >= LN_QUERY_WHERE - 9)
        return ln_fail(err, LN_FULL, "too many filters");
    enum ln_where_op op = ln_query_op(x->names[x->l.n], p->name);
    x->where[x->l.n] = (struct ln_where){ x->names[x->l.n], op, p->value };
    x->l.n++;
    return true;
}

void ln_listing_regions(char out[80], const char *region)
{
    static const int digits[] = { 2, 4, 6, 9, 12 };
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
        at += (size_t)snprintf(out + at, 80 - at, "%s%.*s%.*s", i > 0 ? "," : "", digits[i], region,
                               12 - digits[i], "000000000000");
}

/* overdue=1: what is past its term; here=1: what was published for this region. */
static void add_views(struct ln_listing *x, struct ln_call *c, const struct ln_def_coll *d)
{
    if (ln_http_query(c->q, "overdue") != NULL && ln_def_field(d, "due") != NULL) {
        (void)snprintf(x->now, sizeof x->now, "%" PRId64, c->n->env.now_ms(c->n->env.ctx));
        x->where[x->l.n++] = (struct ln_where){ "due", LN_WHERE_TO, x->now };
        if (d->running != NULL)
            x->where[x->l.n++] = (struct ln_where){ "state", LN_WHERE_IS, d->running };
    }
    if (ln_http_query(c->q, "here") != NULL) {
        ln_listing_regions(x->here, c->n->config.region);
        x->where[x->l.n++] = (struct ln_where){ "region", LN_WHERE_IS, x->here };
        if (ln_def_field(d, "targets") != NULL)
            x->where[x->l.n++] =
                (struct ln_where){ "targets", LN_WHERE_REACHES, c->n->config.region };
    }
}

/* Who reads the outline only may list by it, and search in nothing else. */
static bool in_outline(const struct ln_def_coll *d, const struct ln_list *l)
{
    static const char *const OF_ALL[] = { "state", "region", "created", NULL };
    const json_t *fields = json_object_get(json_object_get(d->named, "outline"), "fields");

    for (size_t i = 0; i < l->n; i++) {
        bool known = ln_def_has(OF_ALL, l->where[i].field);
        for (size_t k = 0; k < json_array_size(fields); k++)
            known = known ||
                    strcmp(json_string_value(json_array_get(fields, k)), l->where[i].field) == 0;
        if (!known)
            return false;
    }
    return l->text == NULL;
}

void ln_listing_spare(struct ln_list *l, struct ln_where *room, struct ln_call *c,
                      const struct ln_def_coll *d)
{
    bool outline = false;
    size_t i;
    json_t *role;

    json_array_foreach(json_object_get(json_object_get(d->named, "outline"), "roles"), i, role)
    {
        outline = outline || ln_engine_has_role(&c->user, json_string_value(role));
    }
    if (!outline || !in_outline(d, l))
        ln_engine_spare(l, room, d, &c->user);
}

void ln_listing_cursor(char out[LN_LISTING_CURSOR], bool back, const char *id, unsigned at)
{
    (void)snprintf(out, LN_LISTING_CURSOR, "%s%.*s.%u", back ? "-" : "", LN_ID_TEXT, id, at);
}

static bool read_cursor(struct ln_listing *x, const char *cursor, struct ln_err *err)
{
    size_t len = strlen(cursor);
    bool back = cursor[0] == '-';
    const char *id = cursor + back;

    if (len <= 9 && strspn(cursor, "0123456789") == len) {
        x->at = (unsigned)strtoul(cursor, NULL, 10);
        x->l.offset = x->at;
        return true;
    }
    if (len >= LN_LISTING_CURSOR || strlen(id) < LN_ID_TEXT + 2 || id[LN_ID_TEXT] != '.' ||
        !ln_clock_id_read(&x->place, (struct ln_span){ id, LN_ID_TEXT }))
        return ln_fail(err, LN_INVALID, "cursor is none that a page of this list gave");
    x->at = (unsigned)strtoul(id + LN_ID_TEXT + 1, NULL, 10);
    x->l.after = &x->place;
    x->l.back = back;
    return true;
}

bool ln_listing_read(struct ln_listing *x, struct ln_call *c, const struct ln_def_coll *d,
                     struct ln_err *err)
{
    const char *limit = ln_http_query(c->q, "limit");
    const char *cursor = ln_http_query(c->q, "cursor");
    const char *sort = ln_http_query(c->q, "sort");

    x->l.coll = d->coll;
    x->l.where = x->where;
    x->l.any = x->any;
    x->l.text = ln_http_query(c->q, "q");
    x->l.limit = limit != NULL ? (unsigned)strtoul(limit, NULL, 10) : 50;
    if (x->l.limit == 0 || x->l.limit > LN_QUERY_LIMIT)
        x->l.limit = LN_QUERY_LIMIT;
    if (cursor != NULL && cursor[0] != '\0' && !read_cursor(x, cursor, err))
        return false;
    x->l.total = ln_http_query(c->q, "count") != NULL;
    if (sort == NULL)
        sort = d->sort != NULL ? d->sort : "-id";
    x->l.descending = sort[0] == '-';
    x->l.sort = sort + x->l.descending;
    for (size_t i = 0; i < c->q->n_query; i++)
        if (!reserved(c->q->query[i].name) && !add_filter(x, &c->q->query[i], err))
            return false;
    if (ln_http_query(c->q, "mine") != NULL && c->known) {
        x->where[x->l.n++] = (struct ln_where){ "author", LN_WHERE_IS, c->user.account };
    }
    ln_engine_fresh_since(x->stale, d, c->n->env.now_ms(c->n->env.ctx));
    if (ln_http_query(c->q, "stale") != NULL && x->stale[0] != '\0') {
        x->where[x->l.n++] = (struct ln_where){ "checked", LN_WHERE_STALE, x->stale };
    }
    add_views(x, c, d);
    ln_listing_spare(&x->l, x->unless, c, d);
    return ln_engine_may_list(d, &c->user, x->any, &x->l.n_any) ||
           ln_fail(err, LN_DENIED, "%s: your role may not read it", d->name);
}

/* ---- an index for what people sort and filter by */

struct order {
    struct ln_node *n;
    const struct ln_coll *coll;
    const char *field;
    int64_t now_ms;
};

static bool order_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct order *o = arg;

    (void)r;
    return ln_order_make(o->n->writer, o->coll, o->field, o->now_ms, err);
}

/* True when that was one to make: one a request is enough. */
static bool order_by(struct ln_call *c, const struct ln_list *l, const char *field)
{
    struct order o = { c->n, l->coll, field, c->n->env.now_ms(c->n->env.ctx) };
    struct ln_err why = { 0 };
    bool wanted;

    if (ln_order_wanted(&wanted, c->r->store, l->coll, field, o.now_ms, &why) &&
        (!wanted || ln_queue_write(c->n->queue, order_job, &o, &why)))
        return wanted;
    ln_log_err(LN_LOG_WARN, &why, "order of a list");
    return true;
}

void ln_listing_order(struct ln_call *c, const struct ln_list *l)
{
    if (l->sort != NULL && order_by(c, l, l->sort))
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->where[i].op <= LN_WHERE_TO && order_by(c, l, l->where[i].field))
            return;
}
