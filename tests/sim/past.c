/* What is past: old contents dropped behind checkpoints, persons erased, and boxes that begin when
 * others have dropped what was. */
#include "tests/sim/sim.h"

#define DAY_S INT64_C(86400)
#define LOGS 512

/* ---- checkpoints and drops */

struct dropping {
    struct sim_node *n;
    char log[LN_LOG_MAX];
    int64_t before_s;
    struct ln_checkpoint_item checkpoint;
    struct ln_prune_item prune;
};

static bool drop_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct dropping *d = arg;
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log l;

    if (!s->ops->log_get(s->ctx, &l, d->log, err))
        return false;
    l.volume = l.head; /* the git export is the node's matter (tests/e2e/prune.sh): it is done */
    return s->ops->log_put(s->ctx, &l, err) &&
           ln_replica_checkpoint(r, d->log, d->before_s, false, &d->checkpoint, err) &&
           ln_replica_prune(r, d->log, d->before_s, false, &d->prune, err);
}

struct logs {
    char ids[LOGS][LN_LOG_MAX];
    size_t n;
};
static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct logs *x = ctx;

    (void)err;
    if (x->n < LOGS)
        (void)snprintf(x->ids[x->n++], sizeof x->ids[0], "%s", l->id);
    return true;
}

/* Thieves, forks and lies make logs of which two nodes rightly know different things. */
static bool may_differ(const struct sim_node *n)
{
    return sim->on[SIM_CLONE] || sim->on[SIM_IMAGE] || sim->on[SIM_PARENT] || sim_cut_off(n);
}

static void drop_one(struct sim_node *n, const char *log)
{
    int64_t young_s = sim->healing ? 0 : sim_below(3 * (unsigned)DAY_S);
    struct dropping d = { .n = n, .before_s = sim_node_ms(n) / 1000 + 1 - young_s };
    struct ln_err err = { 0 };

    (void)snprintf(d.log, sizeof d.log, "%s", log);
    bool ok = n->access.write(n, drop_job, &d, &err);
    sim_trace(&err.code, sizeof err.code);
    sim->checkpoints += ok && d.checkpoint.made;
    sim->drops += ok && d.prune.done;
    if (ok && (d.checkpoint.made || d.prune.done))
        sim_say("%s: of %s %s up to %" PRIu64 ", %s", n->c.id, log,
                d.checkpoint.made ? "a checkpoint" : "none", d.checkpoint.upto,
                d.prune.done ? "dropped" : "not dropped");
    if (ok || n->dead || err.code == LN_FULL || err.code == LN_BUSY)
        return;
    sim_say("%s: nothing is dropped of %s: %s", n->c.id, log, err.text);
    if (!may_differ(n))
        sim_wrong("%s cannot drop what is old of %s: %s", n->c.id, log, err.text);
}

/* As the rule does, one log after the other; while it lives only some of them. */
void sim_prune(struct sim_node *n, bool all)
{
    struct logs *x;
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };

    if (sim_out(n) || n->hostile || n->revoked || n->heir != NULL)
        return;
    x = calloc(1, sizeof *x);
    if (x == NULL)
        abort();
    SIM_DO(s->ops->log_each(s->ctx, take_log, x, &err));
    if (all)
        for (size_t i = 0; i < x->n; i++)
            drop_one(n, x->ids[i]);
    else {
        drop_one(n, n->c.id);
        for (int i = 0; i < 3 && x->n > 0 && !sim_out(n); i++)
            drop_one(n, x->ids[sim_below((unsigned)x->n)]);
    }
    free(x);
    sim_watch(n);
}

/* ---- erasure */

struct asking {
    struct ln_id person;
    bool asked;
    char line[LN_ID_TEXT + 1];
};

static bool latest(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct asking *x = ctx;
    const char *id = strchr(key, '/') + 1;

    (void)err;
    if (value.len > 0 && value.p[0] == 'p' && strcmp(id, x->line) > 0)
        (void)snprintf(x->line, sizeof x->line, "%s", id);
    return true;
}
static bool ask_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct asking *x = arg;
    struct ln_store *s = ln_replica_store(r);

    x->asked = ln_replica_erase(r, &x->person, 1, "request", err) &&
               s->ops->meta_each(s->ctx, "erase/", latest, x, err);
    return x->asked;
}

/* Of its own region, a laptop's too, as far as it came. */
static struct sim_save *whom(struct sim_node *n)
{
    struct ln_query *q;
    struct ln_err err = { 0 };

    for (int i = 0; i < 200 && sim->n_saves > 0; i++) {
        struct sim_save *v = &sim->saves[sim_below((unsigned)sim->n_saves)];
        bool row = false;
        if (!v->sealed || v->erasure > 0 || v->kid[0] == '\0' ||
            strcmp(v->by->region, n->region) != 0)
            continue;
        q = ln_db_use(ln_sqlstore_db(n->store), "SELECT 1 FROM change WHERE id = ?");
        ln_db_blob(q, v->id.b, sizeof v->id.b);
        SIM_DO(ln_db_row(q, &row, &err));
        (void)ln_db_end(q);
        if (row)
            return v;
    }
    return NULL;
}

static bool again_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);

    (void)arg;
    return s->ops->given_again(s->ctx, err);
}

/* Its laptops give all their keys again, as if they came to it anew, and have not heard of what it
 * erases. */
static void give_again(struct sim_node *n)
{
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sim->n_real; i++) {
        struct sim_node *l = sim->nodes[i];
        if (l->parent == n && l->role == LN_ROLE_LAPTOP && !sim_out(l) && !l->hostile)
            (void)!l->access.write(l, again_job, NULL, &err);
    }
}

void sim_erase(struct sim_node *n)
{
    struct sim_save *v = n->role == LN_ROLE_COMMUNITY && !n->hostile ? whom(n) : NULL;
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct asking x = { .line = "" };
    struct ln_err err = { 0 };
    struct ln_id root;
    struct ln_id other;

    if (v == NULL || sim_out(n) || sim->n_erasures == SIM_ERASURES)
        return;
    x.person = v->record;
    SIM_DO(ln_alias_root(&root, s, &v->record, &err));
    bool ok = n->access.write(n, ask_job, &x, &err);
    sim_trace(&err.code, sizeof err.code);
    /* Whose power went just after the commit has said it. */
    if (!ok && !(x.asked && n->dead && n->disk == DISK_COMMIT_KEPT))
        return;
    sim->erasures[sim->n_erasures++] = (struct sim_erasure){ .by = n, .at_ms = sim->now_ms };
    memcpy(sim->erasures[sim->n_erasures - 1].id, x.line, sizeof x.line);
    for (size_t i = 0; i < sim->n_saves; i++) { /* all records of one person */
        struct sim_save *o = &sim->saves[i];
        if (!o->sealed || strcmp(o->by->region, n->region) != 0 || o->erasure > 0)
            continue;
        SIM_DO(ln_alias_root(&other, s, &o->record, &err));
        if (ln_clock_compare(&o->record, &v->record) == 0 || ln_clock_compare(&other, &root) == 0)
            o->erasure = (unsigned)sim->n_erasures;
    }
    sim_say("%s: erases, %s", n->c.id, x.line);
    give_again(n);
}

static bool due_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_erase_due(r, arg, err);
}
static bool done_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    return ln_replica_erase_done(r, err);
}

void sim_care(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };
    unsigned due = 0;

    if ((!sim->on[SIM_ERASE] && !sim->on[SIM_CHILD]) || sim_out(n) || n->heir != NULL ||
        ln_replica_self(n->r) == NULL)
        return;
    if (ln_db_written(ln_sqlstore_db(n->store)) == n->cared) /* a node looks then, too */
        return;
    if (!n->access.write(n, due_job, &due, &err))
        return;
    if (due == 0) {
        n->cared = ln_db_written(ln_sqlstore_db(n->store));
        return;
    }
    if (!s->ops->shred(s->ctx, &err) || !n->access.write(n, done_job, NULL, &err))
        return;
    sim->erased++;
    sim_judge_erased(n);
}

/* ---- boxes that begin now */

static struct sim_node *whole_box(void)
{
    for (int i = 0; i < 64; i++) {
        struct sim_node *n = sim->nodes[sim_below((unsigned)sim->n_real)];
        if (n->role == LN_ROLE_COMMUNITY && !sim_cut_off(n) && n->heir == NULL && !n->old_schema &&
            n->image[0] == '\0' && !n->told)
            return n;
    }
    return NULL;
}

struct coming {
    struct ln_replica *r;
    const struct ln_ident *paper;
    unsigned n;
};
static bool paper_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)err;
    ln_replica_paper(r, ((struct coming *)arg)->paper);
    return true;
}
static bool settle_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct coming *x = arg;

    return ln_replica_rotate(r, true, &x->n, err) && ln_replica_inherit(r, &x->n, err);
}

static bool level(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store_log l;
    struct ln_err err = { 0 };

    SIM_DO(s->ops->log_get(s->ctx, &l, n->c.id, &err));
    return l.n > 0 && l.receipt == l.head;
}

/* A box dies when all it wrote is signed for; another takes its place, by its paper key, from the
 * parent's copy alone (as node/restore.c does). */
static void dies(struct sim_node *old)
{
    char audience[LN_AUDIENCE_MAX];
    struct ln_store *s = ln_sqlstore_handle(old->store);
    struct ln_store_audience a;
    struct coming x = { .paper = &old->paper };
    struct ln_err err = { 0 };
    unsigned keys;

    if (!level(old))
        return;
    ln_audience_name(audience, 'C', old->region, "", "");
    SIM_DO(s->ops->audience_get(s->ctx, &a, audience, &err));
    struct sim_node *n = sim_replace(old);
    n->left = a.digest;
    sim_say("%s: takes the place of %s", n->c.id, old->c.id);
    SIM_DO(n->access.write(n, paper_job, &x, &err));
    SIM_DO(ln_exchange_escrow(n->client, old->c.id, &keys, &err));
    sim_sync(n);
    SIM_DO(n->access.write(n, settle_job, &x, &err));
    sim_sync(n);
    x.paper = NULL;
    SIM_DO(n->access.write(n, paper_job, &x, &err));
}

void sim_late_laptop(void)
{
    struct sim_node *box = whole_box();

    if (box != NULL)
        sim_add(box, box->region, LN_ROLE_LAPTOP, "01")->late = true;
}

void sim_late_box(void)
{
    struct sim_node *box = whole_box();

    if (box != NULL)
        dies(box);
}
