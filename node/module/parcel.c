/* Parcels between boxes: see parcel.h. */
#include "node/module/parcel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/module/dispatch.h"
#include "node/module/relocation.h"

/* ---- who comes next */

struct search {
    const struct ln_authority *a;
    const struct ln_cert *self, *hop;
    const char *region;
};

/* The child of this node below which `c` stands, or which it is; NULL none. */
static const struct ln_cert *child_towards(const struct search *s, const struct ln_cert *c)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(s->a, c->node, path, sizeof path / sizeof path[0]);
    const struct ln_cert *last = c;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(path[i]->node, s->self->node) == 0)
            return last;
        last = path[i];
    }
    return NULL;
}

static bool living_box(const struct ln_authority *a, const struct ln_cert *c)
{
    return c->role != LN_ROLE_LAPTOP && ln_authority_void_from(a, c->node) == 0;
}

static bool look_below(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct search *s = ctx;

    (void)err;
    if (strcmp(c->region, s->region) == 0 && living_box(s->a, c)) {
        const struct ln_cert *hop = child_towards(s, c);
        if (hop != NULL && living_box(s->a, hop))
            s->hop = hop;
    }
    return true;
}

static bool below(const struct ln_cert **hop, struct ln_special_call *x, const char *region,
                  struct ln_err *err)
{
    struct search s = { .a = ln_replica_authority(x->r),
                        .self = ln_replica_self(x->r),
                        .region = region };
    bool ok = ln_authority_each(s.a, look_below, &s, err);

    *hop = s.hop;
    return ok;
}

static bool next_hop(const struct ln_cert **hop, struct ln_special_call *x, const char *region,
                     struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);

    if (!below(hop, x, region, err))
        return false;
    if (*hop == NULL && self->parent[0] != '\0')
        *hop = ln_authority_find(ln_replica_authority(x->r), self->parent);
    return true;
}

struct boxes {
    struct search s;
    ln_parcel_box_fn *fn;
    void *ctx;
};

static bool take_box(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct boxes *b = ctx;

    return !living_box(b->s.a, c) || strcmp(c->node, b->s.self->node) == 0 ||
           !ln_cert_region_holds(b->s.region, c->region) || child_towards(&b->s, c) == NULL ||
           b->fn(b->ctx, c, err);
}

bool ln_parcel_boxes(struct ln_special_call *x, const char *region, ln_parcel_box_fn *fn, void *ctx,
                     struct ln_err *err)
{
    struct boxes b = {
        { .a = ln_replica_authority(x->r), .self = ln_replica_self(x->r), .region = region },
        fn,
        ctx
    };

    return ln_authority_each(b.s.a, take_box, &b, err);
}

/* ---- sending */

static void set_word(json_t *f, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        json_object_set_new(f, name, json_string(value));
}

static bool put(struct ln_special_call *x, const struct ln_parcel *p, const char *origin,
                json_int_t hops, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    const struct ln_cert *hop;
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    struct ln_draft d = { .op = LN_OP_ADD, .collection = "parcel", .channel = "" };
    char audience[LN_AUDIENCE_MAX];
    char id[LN_ID_TEXT + 1];
    bool ok = false;

    if (!next_hop(&hop, x, p->dest, err))
        return false;
    if (hop == NULL)
        return ln_fail(err, LN_MISSING, "no box answers for region %s", p->dest);
    d.record = ln_replica_id(x->r);
    ln_clock_id_write(id, &d.record);
    json_t *f = json_pack("{s:s,s:s,s:s,s:s,s:I}", "sender",
                          p->sender != NULL ? p->sender : self->region, "dest", p->dest, "kind",
                          p->kind, "origin", origin != NULL ? origin : id, "hops", hops);
    set_word(f, "about", p->about);
    set_word(f, "key", p->key);
    set_word(f, "day", p->day);
    set_word(f, "body", p->body);
    if (json_array_size(p->carries) > 0)
        json_object_set_new(f, "carries", json_deep_copy(p->carries));
    ln_engine_canon(&text, f);
    json_decref(f);
    if (!ln_buf_done(&text, "parcel", err))
        goto out;
    ln_audience_name(audience, 'N', self->region, "", hop->node);
    d.audience = audience;
    d.fields = (struct ln_span){ text.data, text.len };
    ok = ln_replica_save(x->r, &d, 1, err);
out:
    ln_buf_free(&text);
    return ok;
}

bool ln_parcel_send(struct ln_special_call *x, const struct ln_parcel *p, struct ln_err *err)
{
    if (p->body != NULL && strlen(p->body) > LN_PARCEL_BODY_MAX)
        return ln_fail(err, LN_FULL, "a parcel holds at most %d bytes", LN_PARCEL_BODY_MAX);
    return put(x, p, NULL, 0, err);
}

/* ---- what has come */

static struct ln_parcel of_row(const json_t *row)
{
    return (struct ln_parcel){ .sender = ln_special_text(row, "sender"),
                               .dest = ln_special_text(row, "dest"),
                               .kind = ln_special_text(row, "kind"),
                               .about = ln_special_text(row, "about"),
                               .key = ln_special_text(row, "key"),
                               .day = ln_special_text(row, "day"),
                               .body = ln_special_text(row, "body"),
                               .carries = json_object_get(json_object_get(row, "f"), "carries") };
}

static bool step(struct ln_special_call *x, const json_t *row, const char *action,
                 struct ln_err *err)
{
    return ln_special_step(x, "parcel", ln_special_word(row, "id"), action, NULL, NULL, err);
}

static bool forward(struct ln_special_call *x, const json_t *row, json_int_t more,
                    struct ln_err *err)
{
    const struct ln_parcel p = of_row(row);
    json_int_t hops = json_integer_value(json_object_get(json_object_get(row, "f"), "hops")) + more;

    if (hops > LN_PARCEL_HOPS)
        return ln_fail(err, LN_MISSING, "a parcel for %s goes in a ring", p.dest);
    return put(x, &p, ln_special_text(row, "origin"), hops, err);
}

/* Nobody answers for that region: its sender is told, once. */
static bool give_back(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    struct ln_parcel p = of_row(row);
    const struct ln_parcel back = {
        .sender = p.dest, .dest = p.sender, .kind = "dead", .about = p.about
    };

    return strcmp(p.kind, "dead") == 0 || put(x, &back, NULL, 0, err);
}

static bool pass_on(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    struct ln_err why = { 0 };

    if (forward(x, row, 1, &why))
        return step(x, row, "pass", err);
    if (why.code != LN_MISSING) {
        *err = why;
        return false;
    }
    return give_back(x, row, err) && step(x, row, "spoil", err);
}

/* One that this node itself gave away comes back unchanged: whom it was for stands elsewhere now.
 */
static bool came_back(bool *yes, struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    static const char *const SAME[] = { "sender", "dest", "kind", "about",
                                        "key",    "day",  "body", NULL };
    const struct ln_where where[] = { { "origin", LN_WHERE_IS, ln_special_text(row, "origin") },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "parcel", where, 2, 0, err);
    const json_t *own = json_array_get(rows, 0);

    *yes = own != NULL;
    for (const char *const *f = SAME; *f != NULL; f++)
        *yes = *yes && strcmp(ln_special_text(own, *f), ln_special_text(row, *f)) == 0;
    json_decref(rows);
    return ok;
}

/* What comes from below names a sender below: whoever stands there speaks for no other place. */
static bool believed(bool *yes, struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    const struct ln_authority *a = ln_replica_authority(x->r);
    const struct ln_cert *parent =
        self->parent[0] != '\0' ? ln_authority_find(a, self->parent) : NULL;
    const char *from = ln_special_word(row, "region");
    const char *sender = ln_special_text(row, "sender");
    const struct ln_cert *hop;

    *yes = parent != NULL && strcmp(parent->region, from) == 0;
    if (*yes)
        return true;
    if (!below(&hop, x, sender, err))
        return false;
    *yes = ln_cert_region_holds(from, sender) || (hop != NULL && strcmp(hop->region, from) == 0);
    return *yes || came_back(yes, x, row, err);
}

static bool taken_before(bool *yes, struct ln_special_call *x, const json_t *row,
                         struct ln_err *err)
{
    const struct ln_where where[] = { { "origin", LN_WHERE_IS, ln_special_text(row, "origin") },
                                      { "state", LN_WHERE_IS, "taken" } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "parcel", where, 2, 0, err);

    *yes = json_array_size(rows) > 0;
    json_decref(rows);
    return ok;
}

static bool take(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const struct ln_parcel p = of_row(row);
    bool again = false;

    if (!taken_before(&again, x, row, err))
        return false;
    bool circular = strcmp(p.kind, "circular") == 0;
    return (again || (circular ? ln_dispatch_take(x, &p, err) : ln_relocation_take(x, &p, err))) &&
           step(x, row, "take", err);
}

/* Who it was given to is no neighbour any more: it goes another way. */
static bool reroute(struct ln_special_call *x, const json_t *row, const char *who,
                    struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    const struct ln_authority *a = ln_replica_authority(x->r);
    const struct ln_cert *c = ln_authority_find(a, who);

    if (c != NULL && living_box(a, c) &&
        (strcmp(self->parent, who) == 0 || strcmp(c->parent, self->node) == 0))
        return true;
    struct ln_err why = { 0 };
    if (!forward(x, row, 0, &why)) {
        *err = why;
        return why.code == LN_MISSING; /* nobody yet: it waits */
    }
    return step(x, row, "again", err);
}

static bool one(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    struct ln_audience aud;
    bool yes = false;

    if (!ln_audience_read(&aud, ln_span_of(ln_special_word(row, "audience"))) ||
        aud.kind != LN_AUD_NODE)
        return true; /* not written by this program: it lies where it is */
    if (strcmp(ln_special_word(row, "region"), self->region) == 0)
        return reroute(x, row, aud.who, err);
    if (strcmp(aud.who, self->node) != 0)
        return true;
    if (!believed(&yes, x, row, err))
        return false;
    if (!yes)
        return ln_fail(err, LN_DENIED, "a parcel in the name of another place");
    return strcmp(ln_special_text(row, "dest"), self->region) == 0 ? take(x, row, err)
                                                                   : pass_on(x, row, err);
}

/* One that cannot be taken is kept, marked and no longer tried, unless the fault is ours. */
static void handle(struct ln_special_call *x, const json_t *row, bool *stays)
{
    struct ln_err why = { 0 };
    struct ln_err err = { 0 };

    *stays = false;
    if (!ln_replica_savepoint(x->r, &err))
        return;
    bool good = one(x, row, &why);
    ln_replica_savepoint_end(x->r, good);
    if (good)
        return;
    ln_log_err(LN_LOG_WARN, &why, "a parcel was not taken");
    *stays = why.code == LN_BUSY || why.code == LN_BROKEN;
    if (*stays || !ln_replica_savepoint(x->r, &err))
        return;
    good = step(x, row, "spoil", &err);
    ln_replica_savepoint_end(x->r, good);
    *stays = !good;
}

static bool waits(struct ln_special_call *x, const json_t *row)
{
    json_t *now = NULL;
    struct ln_err err = { 0 };
    bool yes = ln_special_get(&now, x, "parcel", ln_special_word(row, "id"), &err) &&
               strcmp(ln_special_word(now, "state"), "queued") == 0;

    json_decref(now);
    return yes;
}

static bool parcel_tick(struct ln_special_call *x, struct ln_err *err)
{
    static const struct ln_where queued = { "state", LN_WHERE_IS, "queued" };
    unsigned left = 0;
    size_t got = LN_QUERY_LIMIT;
    bool ok = true;

    /* Those that were dealt with leave the list, so that the next page begins behind the rest. */
    while (ok && got == LN_QUERY_LIMIT) {
        json_t *rows = NULL;
        size_t i;
        json_t *row;
        ok = ln_special_find(&rows, x, "parcel", &queued, 1, left, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            bool stays;
            handle(x, row, &stays);
            left += stays || waits(x, row);
        }
        json_decref(rows);
    }
    return ok;
}

const struct ln_special ln_parcel_special[] = {
    { .collection = "parcel", .tick = parcel_tick },
    { .collection = NULL },
};
