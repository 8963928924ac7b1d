/* What happens: people save, nodes sync, power goes, clocks run wild, thieves write. */
#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "sync/pack.h"
#include "tests/lib/forge.h"
#include "tests/sim/sim.h"

#define DAY INT64_C(86400000)

static struct sim_node *any(void)
{
    return sim->nodes[sim_below((unsigned)sim->n)];
}

/* ---- honest writers */

static bool id_rises(struct sim_node *n, const struct ln_id *id)
{
    bool good = memcmp(n->last_id.b, id->b, sizeof id->b) < 0;

    n->last_id = *id;
    return good;
}

static void note_delete(const struct ln_id *record)
{
    for (size_t i = 0; i < sim->n_saves; i++)
        if (ln_clock_compare(&sim->saves[i].record, record) == 0)
            sim->saves[i].deleted = true;
}

static void note_key(struct sim_save *s, struct sim_node *n, const char *name)
{
    struct ln_store *store = ln_sqlstore_handle(n->store);
    struct ln_store_key key;
    struct ln_err err = { 0 };

    SIM_DO(store->ops->key_for(store->ctx, &key, &s->record, s->audience, &err));
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    memcpy(s->kid, key.kid, sizeof s->kid);
    memcpy(s->secret, key.secret, sizeof s->secret);
}

static void note_save(struct sim_node *n, const struct ln_draft *d, unsigned amount,
                      const char *name)
{
    struct sim_save *s;

    sim->saves = ln_grow(sim->saves, sim->n_saves, &sim->cap_saves, sizeof *sim->saves);
    s = &sim->saves[sim->n_saves++];
    *s =
        (struct sim_save){ .by = n, .id = d->id, .record = d->record, .sealed = d->sealed.len > 0 };
    (void)snprintf(s->audience, sizeof s->audience, "%s", d->audience);
    s->survey = strcmp(d->collection, "survey") == 0;
    s->amount = strcmp(d->collection, "ledger") == 0 ? amount : 0;
    s->cut = n->revoked || n->cloned || n->original != NULL;
    if (s->sealed)
        note_key(s, n, name);
}

static bool write_draft(struct sim_node *n, struct ln_draft *d, struct ln_err *err)
{
    return ln_replica_save(n->r, d, 1, err);
}
struct save_job {
    struct sim_node *n;
    struct ln_draft *d;
};
static bool save_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct save_job *j = arg;

    (void)r;
    return write_draft(j->n, j->d, err);
}

static void save(struct sim_node *n)
{
    struct ln_draft d = { .op = LN_OP_ADD, .collection = "person" };
    struct save_job j = { n, &d };
    char audience[LN_AUDIENCE_MAX];
    char fields[128];
    char sealed[128];
    char name[64];
    struct ln_err err = { 0 };
    unsigned kind = sim_below(n->role == LN_ROLE_LAPTOP ? 2 : 8);
    unsigned amount = 0;

    (void)snprintf(fields, sizeof fields, "{\"job\":\"%u\"}", sim_below(1000));
    ln_audience_name(audience, sim_one_in(3) && n->role == LN_ROLE_COMMUNITY ? 'V' : 'C', n->region,
                     n->grid, "");
    if (n->role == LN_ROLE_COMMUNITY &&
        sim_one_in(3)) /* of a grid: its laptops read and write it too */
        ln_audience_name(audience, 'C', n->region, "01", "");
    d.audience = audience;
    if (kind == 0 && n->role != LN_ROLE_LAPTOP) {
        d.collection = "notice";
        d.audience = "public";
        (void)snprintf(fields, sizeof fields, "{\"title\":\"notice %u\"}", sim_below(100000));
    } else if (kind == 6 && n->role == LN_ROLE_COMMUNITY) {
        d.collection = "ledger";
        ln_audience_name(audience, 'V', n->region, "", "");
        amount = 1 + sim_below(1000);
        (void)snprintf(fields, sizeof fields, "{\"amount\":%u}", amount);
    } else if (kind == 7 && !n->old_schema) {
        d.collection = "survey";
        d.audience = "public";
        (void)snprintf(fields, sizeof fields, "{\"title\":\"survey %u\"}", sim_below(100000));
    } else if (n->n_mine > 0 && kind % 2 == 1) {
        d.op = sim_one_in(12) ? LN_OP_DELETE : LN_OP_SET;
        d.record = n->mine[sim_below((unsigned)n->n_mine)];
        d.audience = NULL;
    } else {
        (void)snprintf(name, sizeof name, "secret-of-%s-%zu-%u", n->region, sim->n_saves,
                       sim_below(100000));
        (void)snprintf(sealed, sizeof sealed, "{\"name\":\"%s\"}", name);
        d.sealed = ln_span_of(sealed);
    }
    if (d.op != LN_OP_DELETE)
        d.fields = ln_span_of(fields);
    if (!n->access.write(n, save_job, &j, &err)) {
        sim_trace(&err.code, sizeof err.code);
        if (err.code == LN_BROKEN && !n->dead)
            sim_wrong("a save broke: %s", err.text);
        if (d.op == LN_OP_DELETE && n->dead) /* it may be durable all the same */
            note_delete(&d.record);
        return;
    }
    if (d.op == LN_OP_DELETE)
        note_delete(&d.record);
    sim_trace(d.id.b, sizeof d.id.b);
    if (!id_rises(n, &d.id))
        sim_wrong("%s gave a change an id that is not above its last", n->c.id);
    if (d.op == LN_OP_ADD && strcmp(d.collection, "person") == 0) {
        n->mine[sim_below(8)] = d.record;
        n->n_mine = n->n_mine < 8 ? n->n_mine + 1 : 8;
        for (size_t i = 0; i < n->n_mine; i++)
            if (ln_clock_id_zero(&n->mine[i]))
                n->mine[i] = d.record;
    }
    bool all_read_it =
        n->role == LN_ROLE_LAPTOP || strcmp(audience + LN_REGION_LEN, "/330000000000") == 0;
    if (d.op == LN_OP_ADD && strcmp(d.collection, "person") == 0 && all_read_it && n->n_alike < 8)
        n->alike[n->n_alike++] = d.record;
    if (d.audience != NULL)
        note_save(n, &d, amount, name);
}

/* A record that somebody else wrote too: laptop and box of one grid, at the same time, cut off. */
static void contest(struct sim_node *n)
{
    struct sim_node *box = n->parent;

    if (n->role == LN_ROLE_LAPTOP && n->n_mine > 0 && box->n_mine < 8)
        box->mine[box->n_mine++] = n->mine[sim_below((unsigned)n->n_mine)];
    else if (n->role == LN_ROLE_LAPTOP && box->n_mine > 0)
        n->mine[sim_below(8)] = box->mine[sim_below((unsigned)box->n_mine)];
    for (size_t i = 0; i < 8 && n->n_mine < 8; i++)
        if (!ln_clock_id_zero(&n->mine[i]) && i >= n->n_mine)
            n->n_mine = i + 1;
    while (n->n_mine > 0 && ln_clock_id_zero(&n->mine[n->n_mine - 1]))
        n->n_mine--;
}

/* Two records turn out to be one, or do not after all; laptops and their box do it in all
 * directions. */
static void merge_two(struct sim_node *n)
{
    struct ln_draft d = { .op = LN_OP_ALIAS, .collection = "person" };
    struct save_job j = { n, &d };
    char fields[64];
    char to[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };

    if (n->n_alike < 2)
        return;
    size_t a = sim_below((unsigned)n->n_alike);
    size_t b = sim_below((unsigned)n->n_alike);
    d.record = n->alike[a];
    ln_clock_id_write(to, &n->alike[b]);
    (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\"}", to);
    if (ln_clock_compare(&n->alike[a], &n->alike[b]) == 0)
        d.op = LN_OP_UNALIAS;
    else
        d.fields = ln_span_of(fields);
    if (n->access.write(n, save_job, &j, &err)) {
        sim_trace(d.id.b, sizeof d.id.b);
        if (!id_rises(n, &d.id))
            sim_wrong("%s gave a change an id that is not above its last", n->c.id);
        sim->merges++;
    }
}

static bool seal_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_seal(r, true, arg, err);
}
void sim_seal(struct sim_node *n)
{
    unsigned segments = 0;
    struct ln_err err = { 0 };

    (void)!n->access.write(n, seal_job, &segments, &err);
    sim->moved += segments;
    sim_watch(n);
}

/* Whether this sync did anything, or failed in another way than the one before it. */
static bool moved(const struct sim_node *n, const struct ln_exchange_report *r, enum ln_code code)
{
    return code != n->last_code || code == LN_BUSY || r->alarm ||
           r->sent_segments + r->got_segments + r->keys + r->got_keys + r->files > 0;
}

void sim_sync(struct sim_node *n)
{
    struct ln_exchange_report report;
    struct ln_err err = { 0 };

    if (n->client == NULL || n->heir != NULL || (n->hostile && n->role >= LN_ROLE_COMMUNITY))
        return;
    sim->syncs++;
    n->cut_answer = false;
    bool ok = ln_exchange_sync(n->client, &report, &err);
    if (ok && n->cut_answer)
        sim_wrong("%s believed an answer that was cut on the way", n->c.id);
    sim_say("%s: sync %s, sent %" PRIu64 " got %" PRIu64, n->c.id, ok ? "well" : err.text,
            report.sent_segments, report.got_segments);
    sim_trace(&err.code, sizeof err.code);
    sim->moved += moved(n, &report, err.code);
    n->last_code = err.code;
    if (!ok) {
        sim->failed++;
        n->told = n->told || err.code == LN_CONFLICT;
        n->refused_fork = n->refused_fork || strstr(err.text, "status 409 fork") != NULL;
        bool lied_to = n->parent->hostile || sim->on[SIM_CUT] || sim->on[SIM_CLONE] ||
                       sim->on[SIM_IMAGE] || sim->on[SIM_CLOCK];
        if (err.code == LN_BROKEN && !n->dead && !n->parent->dead && !lied_to)
            sim_wrong("a sync broke: %s", err.text);
    } else if (report.alarm) {
        n->alarmed = true;
        sim_say("%s: alarm", n->c.id);
        sim_explain(n);
        if (!n->parent->hostile && !n->stuck)
            sim_wrong("heads agree and digests do not, at %s", n->c.id);
    }
    sim_watch(n);
    sim_watch(n->parent);
}

/* ---- thieves */

static bool last_epoch(struct ln_epoch *e, struct sim_node *n, const char *audience)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };
    int64_t from;

    SIM_DO(s->ops->epoch_last(s->ctx, e, &from, audience, &err));
    return e->label[0] != '\0';
}

static struct sim_node *other(const struct sim_node *n)
{
    for (int i = 0; i < 64; i++) {
        struct sim_node *o = sim->nodes[sim_below((unsigned)sim->n_real)];
        if (o != n && strcmp(o->region, n->region) != 0)
            return o;
    }
    return sim->nodes[0];
}

/* A public record of another region that the thief's parent knows. */
static bool public_record(struct ln_id *id, const struct sim_node *o)
{
    for (int i = 0; i < 32 && sim->n_saves > 0; i++) {
        struct sim_save *s = &sim->saves[sim_below((unsigned)sim->n_saves)];
        /* Of two thieves the first would be taken for its owner where its add never comes (README).
         */
        if (s->by == o && strcmp(s->audience, "public") == 0 && !s->survey && !s->targeted) {
            s->targeted = true;
            *id = s->record;
            return true;
        }
    }
    return false;
}

struct forged {
    struct sim_claim claim;
    char region[LN_REGION_LEN + 1], audience[LN_AUDIENCE_MAX], names[LN_AUDIENCE_MAX],
        target[LN_REGION_LEN + 1];
    char line[1024];
};

/* Somebody of another region, by all that the thief could know. */
static void erase_others(char *line, size_t room, const struct sim_node *n, const char *id)
{
    const struct sim_save *s = NULL;
    char person[LN_ID_TEXT + 1] = "00000000000000000000";

    for (int i = 0; i < 32 && sim->n_saves > 0; i++) {
        s = &sim->saves[sim_below((unsigned)sim->n_saves)];
        if (s->sealed && strcmp(s->by->region, n->region) != 0)
            break;
        s = NULL;
    }
    if (s != NULL)
        ln_clock_id_write(person, &s->record);
    (void)snprintf(line, room,
                   "{\"f\":{\"audiences\":[\"%s\"],\"cause\":\"request\",\"kids\":[\"%s\"],"
                   "\"persons\":[\"%s\"]},\"i\":\"%s\",\"o\":\"add\",\"t\":\"erase@1\"}",
                   s != NULL ? s->audience : "330000000000/c", s != NULL ? s->kid : "aaaaaaaa",
                   person, id);
}

/* A line of the protocol that n has no right to. */
static void thought_up_system(struct forged *f, struct sim_node *n, struct sim_node *o,
                              const char *id)
{
    static const char *const systems[] = { "cert",    "revoke",     "epoch",
                                           "receipt", "checkpoint", "erase" };

    f->claim.collection = systems[sim_below(6)];
    if (strcmp(f->claim.collection, "receipt") == 0) {
        (void)snprintf(f->names, sizeof f->names, "%s", o->c.id);
        (void)snprintf(f->line, sizeof f->line,
                       "{\"f\":{\"log\":\"%s\",\"no\":[],\"seq\":1,\"sha\":\"%064d\",\"t\":\"%"
                       "013d\"},\"i\":\"%s\",\"o\":\"add\",\"t\":\"receipt@1\"}",
                       o->c.id, 0, 1, id);
    } else if (strcmp(f->claim.collection, "epoch") == 0) {
        ln_audience_name(f->names, 'C', o->region, "", "");
        (void)snprintf(f->line, sizeof f->line,
                       "{\"f\":{\"audience\":\"%s\",\"label\":\"2030-01.1\",\"recipient\":"
                       "\"age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg\","
                       "\"wraps\":[]},\"i\":\"%s\",\"o\":\"add\",\"t\":\"epoch@1\"}",
                       f->names, id);
    } else if (strcmp(f->claim.collection, "checkpoint") == 0) {
        (void)snprintf(f->names, sizeof f->names, "%s", o->c.id);
        (void)snprintf(f->line, sizeof f->line,
                       "{\"f\":{\"at\":\"%s\",\"from\":1,\"log\":\"%s\",\"sums\":[[\"%s/"
                       "330000000000\",\"%032d\",9,0]],\"to\":1,\"upto\":1000},\"i\":\"%s\","
                       "\"o\":\"add\",\"t\":\"checkpoint@1\"}",
                       id, o->c.id, o->region, 7, id);
    } else if (strcmp(f->claim.collection, "erase") == 0)
        erase_others(f->line, sizeof f->line, n, id);
    else if (strcmp(f->claim.collection, "revoke") == 0)
        (void)snprintf(f->line, sizeof f->line,
                       "{\"f\":{\"node\":\"%s\",\"seq\":0,\"sha\":\"%064d\"},\"i\":\"%s\","
                       "\"o\":\"add\",\"t\":\"revoke@1\"}",
                       o->c.id, 0, id);
    else
        (void)snprintf(f->line, sizeof f->line,
                       "{\"f\":{\"cert\":\"{}\",\"sig\":\"x\"},\"i\":\"%s\",\"o\":\"add\","
                       "\"t\":\"cert@1\"}",
                       id);
}

static void thought_up(struct forged *f, struct sim_node *n)
{
    struct sim_node *o = other(n);
    struct ln_clock clock = { 0 };
    struct ln_id target;
    char id[LN_ID_TEXT + 1];
    char rec[LN_ID_TEXT + 1];

    f->claim = (struct sim_claim){ .by = n,
                                   .op = "add",
                                   .collection = "person",
                                   .audience = f->audience,
                                   .region = f->region,
                                   .target_region = f->target,
                                   .names = f->names };
    f->claim.id = ln_clock_id(&clock, &n->env);
    ln_clock_id_write(id, &f->claim.id);
    switch (sim_below(4)) {
    case 0:
        (void)snprintf(f->audience, sizeof f->audience, "public");
        break;
    case 1:
        ln_audience_name(f->audience, 'V', n->region, "", "");
        break;
    case 2:
        ln_audience_name(f->audience, 'C', n->region, n->grid, "");
        break;
    default:
        ln_audience_name(f->audience, 'C', o->region, o->grid, "");
    }
    bool open = strcmp(f->audience, "public") == 0;
    if (open && sim_one_in(2)) {
        thought_up_system(f, n, o, id);
        return;
    }
    unsigned what = sim_below(4);
    f->claim.collection = open ? "notice" : "person";
    const char *field = open ? "title" : "job";
    if (what == 0 && open && public_record(&target, o)) { /* another region's public record */
        f->claim.op = sim_one_in(2) ? "set" : "delete";
        (void)snprintf(f->target, sizeof f->target, "%s", o->region);
    } else if (what == 1) { /* nobody's record */
        f->claim.op = sim_one_in(2) ? "set" : "delete";
        target = ln_clock_id(&clock, &n->env);
    } else {
        if (sim_one_in(2))
            (void)snprintf(f->region, sizeof f->region, "%s",
                           sim_one_in(2) ? o->region : n->region);
        /* members in ascending order: job, region, title */
        char *p = f->line;
        size_t room = sizeof f->line;
        int used = snprintf(p, room, "{\"f\":{");
        if (!open)
            used += snprintf(p + used, room - (size_t)used, "\"job\":\"forged\"%s",
                             f->region[0] != '\0' ? "," : "");
        if (f->region[0] != '\0')
            used += snprintf(p + used, room - (size_t)used, "\"region\":\"%s\"%s", f->region,
                             open ? "," : "");
        if (open)
            used += snprintf(p + used, room - (size_t)used, "\"title\":\"forged\"");
        (void)snprintf(p + used, room - (size_t)used,
                       "},\"i\":\"%s\",\"o\":\"add\",\"t\":\"%s@1\"}", id, f->claim.collection);
        return;
    }
    f->claim.record = target;
    ln_clock_id_write(rec, &target);
    if (strcmp(f->claim.op, "set") == 0)
        (void)snprintf(
            f->line, sizeof f->line,
            "{\"f\":{\"%s\":\"forged\"},\"i\":\"%s\",\"o\":\"set\",\"r\":\"%s\",\"t\":\"%s@1\"}",
            field, id, rec, f->claim.collection);
    else
        (void)snprintf(f->line, sizeof f->line,
                       "{\"i\":\"%s\",\"o\":\"delete\",\"r\":\"%s\",\"t\":\"%s@1\"}", id, rec,
                       f->claim.collection);
}

struct found {
    bool there, good;
};
static bool take_state(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    struct found *f = ctx;

    (void)err;
    f->there = true;
    f->good = c->state == LN_STORE_GOOD;
    return true;
}

static bool push(struct sim_node *n, const char *log, const struct ln_buf *pack,
                 const struct ln_seckey *key)
{
    struct ln_message q;
    struct ln_message a;
    struct ln_span item;
    struct ln_span word;
    char nonce[LN_HTTPSIG_NONCE_MAX];
    struct ln_err err = { 0 };

    ln_message_init(&q, LN_MESSAGE_BODY_MAX);
    (void)snprintf(q.method, sizeof q.method, "GET");
    (void)snprintf(q.path, sizeof q.path, "/sync/v1/hello");
    ln_exchange_serve(n->parent->server, &q, &a);
    if (!ln_canon_get((struct ln_span){ a.body.data, a.body.len }, "nonce", &item) ||
        !ln_canon_plain(item, &word))
        abort();
    (void)snprintf(nonce, sizeof nonce, "%.*s", (int)word.len, word.p);
    ln_message_free(&a);
    (void)snprintf(q.method, sizeof q.method, "POST");
    (void)snprintf(q.path, sizeof q.path, "/sync/v1/log/%s", log);
    (void)snprintf(q.to, sizeof q.to, "%s", n->parent->c.id);
    ln_buf_add(&q.body, pack->data, pack->len);
    SIM_DO(ln_message_sign(&q, n->c.id, nonce, sim_node_ms(n) / 1000, key, &err));
    ln_exchange_serve(n->parent->server, &q, &a);
    bool taken = a.status == 200;
    sim_say("%s pushes to %s: %d %.200s", n->c.id, log, a.status,
            a.body.len > 0 ? a.body.data : "");
    ln_message_free(&a);
    ln_message_free(&q);
    return taken;
}

/* What the thief signed is judged twice: by the parent's replica, and by the oracle. */
static void compare_verdicts(struct sim_node *n, const struct forged *f)
{
    struct ln_store *s = ln_sqlstore_handle(n->parent->store);
    const char *rule = oracle_may(&f->claim);
    struct found found = { false, false };
    struct ln_err err = { 0 };

    SIM_DO(s->ops->changes_get(s->ctx, &f->claim.id, 1, take_state, &found, &err));
    sim->claims++;
    bool system =
        strcmp(f->claim.collection, "person") != 0 && strcmp(f->claim.collection, "notice") != 0;
    /* Another region's record that has not come here yet: judged when it comes, and at the end. */
    if (f->target[0] != '\0' && sim->n_foreign < sizeof sim->foreign / sizeof sim->foreign[0])
        sim->foreign[sim->n_foreign++] = (struct sim_foreign){ f->claim.id, f->claim.record };
    struct found record = { false, false };
    if (f->target[0] != '\0')
        SIM_DO(s->ops->changes_get(s->ctx, &f->claim.record, 1, take_state, &record, &err));
    if (f->target[0] != '\0' && !record.there)
        return;
    if (found.good && rule != NULL)
        sim_wrong("%s let %s write %s (%s)", n->parent->c.id, n->c.id, f->line, rule);
    else if (!found.good && rule == NULL && !system && found.there && !n->revoked)
        sim_wrong("%s refused %s what it may write: %s", n->parent->c.id, n->c.id, f->line);
}

/* A segment for the log of a node below, that the thief itself signed. */
static void speak_for(struct sim_node *n)
{
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_segment head;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sim->n_real; i++) {
        struct sim_node *o = sim->nodes[sim_below((unsigned)sim->n_real)];
        if (o->parent != n || sim_out(n->parent) || n->parent->disk != DISK_GOOD)
            continue;
        SIM_DO(forge_head(&head, ln_sqlstore_handle(n->parent->store), o->c.id, &err));
        if (forge_pack(&pack, &head, o->c.id, &n->c.key, ln_span_of("{}"), NULL,
                       sim->now_ms / 1000) &&
            push(n, o->c.id, &pack, &n->c.key))
            sim_wrong("%s took a segment of %s that %s signed", n->parent->c.id, o->c.id, n->c.id);
        sim->forged++;
        break;
    }
    ln_buf_free(&pack);
}

static void steal(struct sim_node *n)
{
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_epoch epoch = { .label = "" };
    struct forged f = { .line = "" };
    struct ln_segment head;
    struct ln_err err = { 0 };

    if (n->parent == NULL || sim_out(n->parent) || n->parent->disk != DISK_GOOD)
        goto out;
    struct ln_store *s = ln_sqlstore_handle(n->parent->store);
    sim->forged++;
    if (sim_one_in(6)) { /* a segment for somebody else's log, signed with the thief's key */
        struct sim_node *o = other(n);
        SIM_DO(forge_head(&head, ln_sqlstore_handle(n->parent->store), o->c.id, &err));
        uint64_t before = head.seq;
        (void)snprintf(f.line, sizeof f.line, "{}");
        if (forge_pack(&pack, &head, o->c.id, &n->c.key, ln_span_of(f.line), NULL,
                       sim->now_ms / 1000) &&
            push(n, o->c.id, &pack, &n->c.key))
            sim_wrong("%s took a segment of %s that %s signed (after %" PRIu64 ")", n->parent->c.id,
                      o->c.id, n->c.id, before);
        goto out;
    }
    if (sim_one_in(8)) { /* somebody else's request, signed with the thief's key */
        struct ln_pubkey nobody;
        struct ln_seckey made;
        ln_key_make(&made, &nobody);
        SIM_DO(forge_head(&head, s, n->c.id, &err));
        (void)snprintf(f.line, sizeof f.line, "{}");
        if (forge_pack(&pack, &head, n->c.id, &n->c.key, ln_span_of(f.line), NULL,
                       sim->now_ms / 1000) &&
            push(n, n->c.id, &pack, &made))
            sim_wrong("%s obeyed a request that %s did not sign", n->parent->c.id, n->c.id);
        goto out;
    }
    thought_up(&f, n);
    sim_say("%s forges %s", n->c.id, f.line);
    bool open = strcmp(f.audience, "public") == 0;
    if (!open && !last_epoch(&epoch, n, f.audience))
        goto out; /* no key: nobody could read it */
    SIM_DO(forge_head(&head, s, n->c.id, &err));
    ln_buf_clear(&pack);
    if (forge_pack(&pack, &head, n->c.id, &n->c.key, ln_span_of(f.line), open ? NULL : &epoch,
                   sim->now_ms / 1000)) {
        bool taken = push(n, n->c.id, &pack, &n->c.key);
        sim_trace(&taken, sizeof taken);
        if (taken && n->revoked && !n->unsure)
            sim_wrong("%s took a segment of %s, which is revoked", n->parent->c.id, n->c.id);
        if (taken)
            compare_verdicts(n, &f);
        sim_watch(n->parent);
    }
out:
    ln_buf_free(&pack);
}

struct revoke_job {
    const char *node;
    uint64_t after;
};
static bool revoke_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct revoke_job *j = arg;

    return ln_replica_revoke(r, j->node, &j->after, err);
}

/* Laptops and leaves only: whoever stands below a revoked box needs a new parent first. */
static void revoke(void)
{
    struct sim_node *n = any();
    struct revoke_job j = { n->c.id, UINT64_MAX };
    struct ln_err err = { 0 };

    if (n->parent == NULL || n->revoked || n->cloned || n->original != NULL || sim_out(n->parent) ||
        n->parent->hostile)
        return;
    for (size_t i = 0; i < sim->n; i++)
        if (sim->nodes[i]->parent == n)
            return;
    /* where the power goes just after the commit it is done, and nobody is told so */
    if (!n->parent->access.write(n->parent, revoke_job, &j, &err) &&
        !(n->parent->dead && n->parent->disk == DISK_COMMIT_KEPT))
        return;
    n->revoked = true;
    n->revoked_ms = sim->now_ms;
    for (size_t i = 0; i < sim->n_saves; i++) /* what had not come by then counts for nothing */
        sim->saves[i].cut = sim->saves[i].cut || sim->saves[i].by == n;
}

/* ---- one thing happens */

static void wild_clock(struct sim_node *n)
{
    static const int64_t jumps[] = { -2 * 3600000, 3600000, 5 * DAY, -30 * DAY };

    switch (sim_below(6)) {
    case 0:
        n->offset_ms = -sim->now_ms + 5000; /* never set */
        break;
    case 1:
        n->offset_ms = INT64_C(2303000000000); /* 2099 */
        break;
    case 2:
        n->drift = ((double)sim_below(2001) - 1000) / 1e5; /* a percent */
        break;
    case 3:
        n->offset_ms = 0;
        n->given_ms = 0;
        n->drift = 0;
        break;
    default:
        n->offset_ms += jumps[sim_below(4)];
    }
}

static void arm_disk(struct sim_node *n)
{
    static const enum sim_disk kinds[] = { DISK_FULL_ONCE, DISK_FULL, DISK_COMMIT_LOST,
                                           DISK_COMMIT_KEPT };

    n->disk = kinds[sim_below(4)];
    n->disk_after = 1 + sim_below(60);
}

static void mend(struct sim_node *n)
{
    if (n->dead) {
        sim->crashes++;
        if (sim_one_in(3))
            n->back_ms = sim->now_ms + sim_below(8 * 3600000);
        sim_reopen(n);
    } else if (n->disk == DISK_FULL && sim_one_in(3))
        n->disk = DISK_GOOD;
}

static bool leaf(const struct sim_node *n)
{
    return n->role == LN_ROLE_COMMUNITY || n->role == LN_ROLE_LAPTOP;
}

static void misfortune(struct sim_node *n)
{
    if (sim->on[SIM_CLOCK] && sim_one_in(30))
        wild_clock(n);
    if (sim->on[SIM_DISK] && sim_one_in(25) && n->disk == DISK_GOOD)
        arm_disk(n);
    if (sim->on[SIM_CRASH] && sim_one_in(20) && n->disk == DISK_GOOD) {
        n->disk = DISK_DIES;
        n->disk_after = 1 + sim_below(200);
    }
    if (sim->on[SIM_PART] && sim_one_in(40)) {
        int64_t until = sim->now_ms + sim_below(3 * 86400000);
        unsigned way = sim_below(3);
        if (way != 0)
            n->up_cut_ms = until;
        if (way != 1)
            n->down_cut_ms = until;
    }
    if (sim->on[SIM_IMAGE] && leaf(n) && !n->hostile && n->original == NULL && !n->cloned &&
        !n->dead) {
        if (sim_one_in(60))
            sim_image_take(n);
        else if (n->image[0] != '\0' && sim_one_in(300) && sim->images < 3)
            sim_image_back(n);
    }
    if (sim->on[SIM_CLONE] && leaf(n) && sim->n - sim->n_real < 2 && n->original == NULL &&
        !n->hostile && !n->revoked && !n->stuck && !n->dead && sim_one_in(400))
        (void)sim_clone(n);
    if (sim->on[SIM_REVOKE] && sim_one_in(500))
        revoke();
}

void sim_event(void)
{
    struct sim_node *n = any();

    sim->events++;
    sim->now_ms +=
        1 + sim_below(2 * 86400000 / 7 / (unsigned)sim->n); /* seven things a day for each node */
    sim_arrivals();
    if (n->back_ms > sim->now_ms)
        return;
    misfortune(n);
    unsigned what = sim_below(14);
    if (n->hostile && n->parent != NULL && sim_one_in(4))
        speak_for(n);
    else if (n->hostile && leaf(n))
        steal(n);
    else if (what == 0) {
        sim_reopen(n);
        sim->restarts++;
    } else if (what <= 4)
        sim_sync(n);
    else if (what == 5)
        contest(n);
    else if (what == 7 && sim->on[SIM_PRUNE] && sim_one_in(3))
        sim_prune(n, false);
    else if (what == 8 && sim->on[SIM_ERASE] && sim_one_in(3))
        sim_erase(n);
    else if (what == 6 && sim_one_in(2))
        merge_two(n);
    else {
        save(n);
        sim_watch(n);
    }
    sim_care(n);
    if (n->parent != NULL)
        sim_care(n->parent);
    mend(n);
    if (n->parent != NULL)
        mend(n->parent);
}

/* ---- the second phase: links whole, clocks set, disks replaced; everything goes up, then down */

/* As many turns, up and down again, or until a pass in which nothing moves: none behind it would
 * move anything. */
static void all_sync(int turns)
{
    for (int pass = 0; pass < 2 * turns; pass++) {
        unsigned before = sim->moved + sim->erased;
        bool up = pass % 2 == 0;
        sim->now_ms += up ? 60000 : 0;
        for (size_t i = 0; i < sim->n_real; i++) {
            struct sim_node *n = sim->nodes[up ? sim->n_real - 1 - i : i];
            sim_sync(n);
            sim_care(n);
        }
        if (up)
            sim_seal(sim->nodes[0]);
        if (sim->moved + sim->erased == before)
            return;
    }
}

void sim_heal(void)
{
    sim->healing = true;
    for (size_t i = 0; i < SIM_LATE; i++)
        if (sim->late[i].used) {
            ln_message_free(&sim->late[i].m);
            sim->late[i].used = false;
        }
    for (size_t i = 0; i < sim->n; i++) {
        struct sim_node *n = sim->nodes[i];
        n->offset_ms = 0;
        n->given_ms = 0;
        n->drift = 0;
        n->back_ms = 0;
        n->up_cut_ms = 0;
        n->down_cut_ms = 0;
        sim_reopen(n);
    }
    all_sync(8);
    if (!sim->on[SIM_PRUNE])
        return;
    for (int turn = 0; turn < 2; turn++) { /* what a first one says is signed for, then dropped */
        for (size_t i = 0; i < sim->n_real; i++)
            sim_prune(sim->nodes[i], true);
        all_sync(1);
    }
    sim_late_laptop();
    all_sync(1);
    sim_late_box();
    all_sync(3);
}
