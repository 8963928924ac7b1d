/* What must hold: while it runs, and when all is whole again. */
#include <malloc.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "sync/segment.h"
#include "tests/sim/sim.h"

/* ---- while it runs */

struct watch {
    struct sim_node *n;
};
static bool watch_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct sim_node *n = ((struct watch *)ctx)->n;
    size_t i = (size_t)l->n;

    (void)err;
    if (i >= sizeof n->heads / sizeof n->heads[0])
        return true;
    for (; n->n_heads <= i; n->n_heads++)
        n->heads[n->n_heads] = 0;
    if (l->head < n->heads[i])
        sim_wrong("%s: the head of %s fell from %" PRIu64 " to %" PRIu64, n->c.id, l->id,
                  n->heads[i], l->head);
    n->heads[i] = l->head;
    if (l->receipt > l->head && strcmp(l->id, n->c.id) == 0 && n->image[0] == '\0' &&
        (n->parent == NULL || !n->parent->hostile) && !n->cloned && n->original == NULL)
        sim_wrong("%s: a receipt for %s above its head", n->c.id, l->id);
    if (strcmp(l->id, n->c.id) == 0 && l->head > n->most)
        n->most = l->head;
    return true;
}

/* 已同步 is said only when the parent holds it durably. */
static void receipt_honest(struct sim_node *n, bool end)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store *p = ln_sqlstore_handle(n->parent->store);
    struct ln_store_log mine;
    struct ln_store_log theirs;
    struct ln_err err = { 0 };

    if (n->parent->late && !end) /* it may not have brought back yet what the dead one signed for */
        return;
    if (n->parent->hostile || n->parent->stuck || n->parent->image[0] != '\0' || n->parent->dead)
        return;
    SIM_DO(s->ops->log_get(s->ctx, &mine, n->c.id, &err) &&
           p->ops->log_get(p->ctx, &theirs, n->c.id, &err));
    if (mine.n > 0 && mine.receipt > 0 && (theirs.n == 0 || theirs.head < mine.receipt))
        sim_wrong("%s believes in a receipt for %" PRIu64 ", its parent holds %" PRIu64, n->c.id,
                  mine.receipt, theirs.n == 0 ? 0 : theirs.head);
}

void sim_watch(struct sim_node *n)
{
    struct watch w = { n };
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };

    if (n->dead)
        return;
    int64_t here = ln_db_written(ln_sqlstore_db(n->store));
    int64_t above = n->parent != NULL ? ln_db_written(ln_sqlstore_db(n->parent->store)) : 0;
    if (here != n->watched)
        SIM_DO(s->ops->log_each(s->ctx, watch_log, &w, &err));
    if (n->parent != NULL && (here != n->watched || above != n->watched_above))
        receipt_honest(n, false);
    n->watched = here;
    n->watched_above = above;
    if (sim->events % 512 == 0) {
        size_t all =
            mallinfo2().uordblks; /* 0 where another allocator stands in, as under valgrind */
        size_t disk = sim_disk_memory();
        if (all > disk && all - disk > sim->memory)
            sim->memory = all - disk;
    }
}

/* ---- at the end */

bool sim_cut_off(const struct sim_node *n)
{
    for (; n != NULL; n = n->parent)
        if (n->hostile || n->stuck || n->revoked || n->cloned || n->original != NULL ||
            n->heir != NULL)
            return true;
    return false;
}

static bool holds(struct sim_node *n, const struct ln_id *id, bool *good)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(n->store), "SELECT state FROM change WHERE id = ?");
    struct ln_err err = { 0 };
    bool row = false;

    ln_db_blob(q, id->b, sizeof id->b);
    SIM_DO(ln_db_row(q, &row, &err));
    *good = row && ln_db_col_int(q, 0) != LN_STORE_VOID;
    (void)ln_db_end(q);
    return row;
}

/* Given up for another one: it has no row. */
static bool hidden(struct sim_node *n, const struct ln_id *record, struct ln_id *root)
{
    struct ln_err err = { 0 };

    SIM_DO(ln_alias_root(root, ln_sqlstore_handle(n->store), record, &err));
    return ln_clock_compare(root, record) != 0;
}

static bool name_there(struct sim_node *n, const struct ln_id *record)
{
    struct ln_id root;
    if (hidden(n, record, &root))
        return true;
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(n->store),
                  "SELECT r.deleted OR p.name IS NOT NULL FROM record r LEFT JOIN c_person p"
                  " ON p.rec = r.n WHERE r.id = ?");
    struct ln_err err = { 0 };
    bool row = false;

    ln_db_blob(q, record->b, sizeof record->b);
    SIM_DO(ln_db_row(q, &row, &err));
    bool there = row && ln_db_col_int(q, 0) != 0;
    (void)ln_db_end(q);
    return there;
}

static bool title_there(struct sim_node *n, const struct ln_id *record)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(n->store),
                  "SELECT 1 FROM record r JOIN c_survey p ON p.rec = r.n WHERE r.id = ?");
    struct ln_err err = { 0 };
    bool row = false;

    ln_db_blob(q, record->b, sizeof record->b);
    SIM_DO(ln_db_row(q, &row, &err));
    (void)ln_db_end(q);
    return row;
}

/* Every acknowledged save is at its author, and with every node above that may read it; and
 * readable. */
static void judge_kept(void)
{
    for (size_t i = 0; i < sim->n_saves; i++) {
        struct sim_save *s = &sim->saves[i];
        bool good;
        if (s->by->hostile)
            continue;
        if (s->deleted && sim->on[SIM_PRUNE]) /* of what was deleted a checkpoint keeps only that */
            continue;
        if (!s->gone && !holds(s->by, &s->id, &good))
            sim_wrong("save %zu, acknowledged by %s, is not there", i, s->by->c.id);
        if (!s->gone && s->sealed && s->erasure == 0 && s->by->role != LN_ROLE_LAPTOP &&
            !name_there(s->by, &s->record))
            sim_wrong("save %zu of %s cannot be read by its author", i, s->by->c.id);
        if (s->cut || (s->gone && !s->sent) || (sim_cut_off(s->by) && !s->gone))
            continue;
        for (struct sim_node *u = s->by->parent; u != NULL && !u->hostile; u = u->parent) {
            if (sim_cut_off(u))
                break;
            if (!oracle_member(u, s->audience))
                continue;
            if (!holds(u, &s->id, &good))
                sim_wrong("save %zu of %s did not reach %s (%s)", i, s->by->c.id, u->c.id,
                          s->audience);
            else if (!good)
                sim_wrong("save %zu of %s counts for nothing at %s", i, s->by->c.id, u->c.id);
            else if (s->sealed && s->erasure == 0 && !name_there(u, &s->record))
                sim_wrong("save %zu of %s cannot be read at %s, which may (%s)", i, s->by->c.id,
                          u->c.id, s->audience);
        }
    }
}

/* What is saved for everyone above comes down to all. */
static void judge_down(void)
{
    for (size_t i = 0; i < sim->n_saves; i++) {
        struct sim_save *s = &sim->saves[i];
        bool good;
        if (strcmp(s->audience, "public") != 0 || s->gone || s->cut || sim_cut_off(s->by))
            continue;
        for (size_t k = 0; k < sim->n_real; k++)
            if (oracle_above(s->by, sim->nodes[k]) && !sim_cut_off(sim->nodes[k]) &&
                !holds(sim->nodes[k], &s->id, &good))
                sim_wrong("what %s told everyone is not known to %s", s->by->c.id,
                          sim->nodes[k]->c.id);
    }
}

/* Changes held, epochs held: only of audiences whose member the node is. */
static void judge_private(void)
{
    for (size_t i = 0; i < sim->n_saves; i++) {
        struct sim_save *s = &sim->saves[i];
        bool good;
        if (strcmp(s->audience, "public") == 0)
            continue;
        for (size_t k = 0; k < sim->n; k++)
            if (!oracle_member(sim->nodes[k], s->audience) && holds(sim->nodes[k], &s->id, &good))
                sim_wrong("%s holds a change of %s, of which it is no member", sim->nodes[k]->c.id,
                          s->audience);
    }
}
static bool take_epoch(void *ctx, const struct ln_epoch *e, struct ln_err *err)
{
    struct sim_node *n = ctx;

    (void)err;
    if (!oracle_member(n, e->audience))
        sim_wrong("%s holds an epoch of %s, of which it is no member", n->c.id, e->audience);
    return true;
}
static void judge_epochs(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };

    SIM_DO(s->ops->epoch_each(s->ctx, take_epoch, n, &err));
}

/* Every epoch that a node wrote is wrapped for members only, and after a revocation no longer for
 * the revoked: read from the segments as anybody could. */
struct wraps {
    struct sim_node *owner;
    const char *log;
};
static bool is_revoked(const struct sim_node *owner, struct ln_span node)
{
    for (size_t i = 0; i < sim->n_real; i++)
        if (ln_span_is(node, sim->nodes[i]->c.id) && sim->nodes[i]->parent == owner)
            return sim->nodes[i]->revoked;
    return false;
}
static void judge_wraps(const struct wraps *w, struct ln_span line, bool *revoked_before)
{
    struct ln_change c;
    struct ln_err err = { 0 };
    struct ln_span item;
    struct ln_span audience;
    struct ln_span wraps;
    char name[LN_AUDIENCE_MAX];
    size_t at = 0;

    if (!ln_change_read(&c, line.p, line.len, &err))
        return;
    if (ln_span_is(c.collection, "revoke"))
        *revoked_before = true;
    if (!ln_span_is(c.collection, "epoch") || !ln_canon_get(c.fields, "audience", &item) ||
        !ln_canon_plain(item, &audience) || !ln_canon_get(c.fields, "wraps", &wraps))
        return;
    (void)snprintf(name, sizeof name, "%.*s", (int)audience.len, audience.p);
    while (ln_canon_next(wraps, &at, NULL, &item)) {
        struct ln_span to;
        struct ln_span id;
        if (!ln_canon_get(item, "to", &to) || !ln_canon_plain(to, &id) ||
            ln_span_is(id, "recovery"))
            continue;
        for (size_t i = 0; i < sim->n_real; i++)
            if (ln_span_is(id, sim->nodes[i]->c.id) && !oracle_member(sim->nodes[i], name))
                sim_wrong("%s wrapped an epoch of %s for %s, which is no member", w->owner->c.id,
                          name, sim->nodes[i]->c.id);
        if (*revoked_before && is_revoked(w->owner, id))
            sim_wrong("%s wrapped an epoch of %s for %.*s after revoking it", w->owner->c.id, name,
                      (int)id.len, id.p);
    }
}
struct reading {
    struct wraps w;
    bool revoked;
};
static bool read_public(void *ctx, const struct ln_store_segment *g, struct ln_err *err)
{
    struct reading *x = ctx;

    err->code = LN_OK;
    for (size_t i = 0; i < g->n_files; i++) {
        if (strcmp(g->files[i].name, "public.jsonl") != 0 || g->files[i].bytes.p == NULL)
            continue;
        const char *p = g->files[i].bytes.p;
        const char *end = p + g->files[i].bytes.len;
        while (p < end) {
            const char *stop = memchr(p, '\n', (size_t)(end - p));
            stop = stop != NULL ? stop : end;
            judge_wraps(&x->w, (struct ln_span){ p, (size_t)(stop - p) }, &x->revoked);
            p = stop + 1;
        }
    }
    return true;
}
static void judge_readers(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store_log l;
    struct reading x = { { n, n->c.id }, false };
    struct ln_err err = { 0 };

    SIM_DO(s->ops->log_get(s->ctx, &l, n->c.id, &err));
    if (l.n > 0)
        SIM_DO(s->ops->segment_each(s->ctx, l.n, 1, true, read_public, &x, &err));
}

/* Child and parent have the same digest of every audience that both belong to. */
/* For whoever looks for the reason (SIM_LOG=1): the changes of which the two think differently. */
static void explain(struct sim_node *n, struct sim_node *up, const char *audience)
{
    static const char all[] = "SELECT c.id, coalesce(c.eff, -1), c.state, coalesce(c.seq, 0), l.id "
                              "FROM change c JOIN audience a ON"
                              " a.n = c.audience JOIN log l ON l.n = c.log WHERE a.name = ?";
    static const char one[] =
        "SELECT coalesce(eff, -1), state, coalesce(seq, 0) FROM change WHERE id = ?";
    struct ln_query *q;
    struct ln_err err = { 0 };
    bool row;

    if (!sim->log)
        return;
    q = ln_db_use(ln_sqlstore_db(n->store), all);
    ln_db_text(q, audience);
    while (ln_db_row(q, &row, &err) && row) {
        struct ln_query *p = ln_db_use(ln_sqlstore_db(up->store), one);
        char id[LN_ID_TEXT + 1];
        struct ln_id raw;
        bool there = false;
        ln_db_col_bytes(q, 0, raw.b, sizeof raw.b);
        ln_clock_id_write(id, &raw);
        ln_db_blob(p, raw.b, sizeof raw.b);
        SIM_DO(ln_db_row(p, &there, &err));
        if (!there || ln_db_col_int(p, 0) != ln_db_col_int(q, 1) ||
            ln_db_col_int(p, 1) != ln_db_col_int(q, 2))
            sim_say("%s: %s eff %" PRId64 " state %" PRId64 " in %s %" PRId64
                    "; at %s %s eff %" PRId64 " state %" PRId64,
                    n->c.id, id, ln_db_col_int(q, 1), ln_db_col_int(q, 2), ln_db_col_text(q, 4),
                    ln_db_col_int(q, 3), up->c.id, there ? "" : "not there",
                    there ? ln_db_col_int(p, 0) : 0, there ? ln_db_col_int(p, 1) : 0);
        (void)ln_db_end(p);
    }
}
struct sums {
    struct sim_node *n;
};
static bool compare(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct sim_node *n = ((struct sums *)ctx)->n;
    struct ln_store_audience up;
    struct ln_store *s = ln_sqlstore_handle(n->parent->store);

    if (strcmp(a->name, "public") == 0 || !oracle_member(n->parent, a->name) ||
        !oracle_member(n, a->name))
        return true;
    if (!s->ops->audience_get(s->ctx, &up, a->name, err))
        return false;
    sim_trace(a->digest.b, sizeof a->digest.b);
    if (memcmp(up.digest.b, a->digest.b, sizeof a->digest.b) != 0) {
        explain(n, n->parent, a->name);
        explain(n->parent, n, a->name);
        sim_wrong("%s and its parent have different digests of %s", n->c.id, a->name);
    }
    return true;
}
struct pair {
    struct sim_node *here, *there;
};
static bool explain_one(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct pair *p = ctx;
    struct ln_store_audience other;
    struct ln_store *s = ln_sqlstore_handle(p->there->store);

    if (strcmp(a->name, "public") == 0 || !oracle_member(p->here, a->name) ||
        !oracle_member(p->there, a->name))
        return true;
    if (!s->ops->audience_get(s->ctx, &other, a->name, err))
        return false;
    if (memcmp(other.digest.b, a->digest.b, sizeof a->digest.b) != 0) {
        sim_say("%s and %s: %s differs", p->here->c.id, p->there->c.id, a->name);
        explain(p->here, p->there, a->name);
    }
    return true;
}
void sim_explain(struct sim_node *n)
{
    struct pair up = { n, n->parent };
    struct pair down = { n->parent, n };
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store *p = ln_sqlstore_handle(n->parent->store);
    struct ln_err err = { 0 };

    if (!sim->log)
        return;
    (void)!s->ops->audience_each(s->ctx, explain_one, &up, &err);
    (void)!p->ops->audience_each(p->ctx, explain_one, &down, &err);
}
static bool below_cut(const struct sim_node *n)
{
    for (size_t i = 0; i < sim->n; i++) /* a thief's or lost node's lines end where they ended */
        if (oracle_above(n, sim->nodes[i]) && sim_cut_off(sim->nodes[i]) && !sim_cut_off(n))
            return true;
    return false;
}
static void judge_same(struct sim_node *n)
{
    struct sums x = { n };
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };

    if (n->parent == NULL || sim_cut_off(n))
        return;
    SIM_DO(s->ops->audience_each(s->ctx, compare, &x, &err));
    struct ln_store_log l;
    SIM_DO(s->ops->log_get(s->ctx, &l, n->c.id, &err));
    if (l.n > 0 && l.receipt != l.head)
        sim_wrong("%s has no receipt for all it wrote", n->c.id);
    (void)below_cut;
}

/* Rows and conflicts are what the lines come to, by the oracle's own merging. */
static void judge_merged(struct sim_node *n)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(n->store),
                  "SELECT r.id, r.conflicts, coalesce(p.job, ''), r.deleted FROM record r"
                  " LEFT JOIN c_person p ON p.rec = r.n WHERE r.coll = 'person'"
                  " AND (SELECT count(*) FROM change c WHERE c.rec = r.n) > 1 LIMIT 40");
    struct ln_err err = { 0 };
    struct row {
        struct ln_id id;
        int64_t conflicts;
        bool deleted, plain; /* plain: nobody deleted, restored or merged it */
        char job[64];
    } rows[40];
    size_t k = 0;
    bool row;

    for (;;) {
        SIM_DO(ln_db_row(q, &row, &err));
        if (!row)
            break;
        ln_db_col_bytes(q, 0, rows[k].id.b, sizeof rows[k].id.b);
        rows[k].conflicts = ln_db_col_int(q, 1);
        ln_db_col_copy(q, 2, rows[k].job, sizeof rows[k].job);
        rows[k++].deleted = ln_db_col_int(q, 3) != 0;
    }
    (void)ln_db_end(q);
    for (size_t i = 0; i < k; i++) {
        unsigned heads;
        char job[64];
        bool whole;
        rows[i].plain = oracle_field(n, &rows[i].id, "job", &heads, job, &whole);
        if (!whole && sim->on[SIM_PRUNE]) /* left out by a checkpoint: judge_like_above compares */
            continue;
        if (heads > 1 && rows[i].conflicts == 0)
            sim_wrong("%s: %u values of one field and no conflict", n->c.id, heads);
        if (heads <= 1 && rows[i].conflicts > 0 && rows[i].plain)
            sim_wrong("%s: a conflict where there is one value", n->c.id);
        struct ln_id root;
        if (!rows[i].deleted && !hidden(n, &rows[i].id, &root) && strcmp(job, rows[i].job) != 0)
            sim_wrong("%s shows \"%s\" where the lines come to \"%s\"", n->c.id, rows[i].job, job);
    }
}

struct shown {
    int64_t conflicts, deleted;
    char job[64];
};
static bool shown(struct shown *out, struct sim_node *n, const struct ln_id *record)
{
    struct ln_query *q = ln_db_use(
        ln_sqlstore_db(n->store), "SELECT r.conflicts, r.deleted, coalesce(p.job, '') FROM record r"
                                  " LEFT JOIN c_person p ON p.rec = r.n WHERE r.id = ?");
    struct ln_err err = { 0 };
    bool row;

    *out = (struct shown){ .conflicts = 0 };
    ln_db_blob(q, record->b, sizeof record->b);
    SIM_DO(ln_db_row(q, &row, &err));
    if (row) {
        out->conflicts = ln_db_col_int(q, 0);
        out->deleted = ln_db_col_int(q, 1);
        ln_db_col_copy(q, 2, out->job, sizeof out->job);
    }
    (void)ln_db_end(q);
    return row;
}

/* Whoever dropped what is old, began behind a checkpoint or still has all shows the same. */
static void judge_like(struct sim_node *n, struct sim_node *other)
{
    for (size_t i = 0; i < sim->n_saves; i++) {
        const struct sim_save *s = &sim->saves[i];
        struct shown a;
        struct shown b;
        if (!s->sealed || !oracle_member(n, s->audience) || !oracle_member(other, s->audience) ||
            !shown(&a, n, &s->record) || !shown(&b, other, &s->record))
            continue;
        if (a.conflicts != b.conflicts || a.deleted != b.deleted || strcmp(a.job, b.job) != 0)
            sim_wrong("%s shows save %zu with %" PRId64 " conflicts and \"%s\"%s, %s with %" PRId64
                      " and \"%s\"%s",
                      n->c.id, i, a.conflicts, a.job, a.deleted ? ", deleted" : "", other->c.id,
                      b.conflicts, b.job, b.deleted ? ", deleted" : "");
    }
}
static void judge_like_above(struct sim_node *n)
{
    if (n->parent != NULL && !sim_cut_off(n))
        judge_like(n, n->parent);
}

/* Every record that child and parent both hold stands for itself, or behind the same other one, and
 * has a row only in the first case. */
static void judge_aliases(struct sim_node *n)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(n->store),
                  "SELECT r.id, c.rec IS NULL, r.deleted FROM record r LEFT JOIN c_person c ON"
                  " c.rec = r.n WHERE r.coll = 'person' AND r.region IS NOT NULL");
    struct ln_err err = { 0 };
    bool row;

    if (n->parent == NULL || sim_cut_off(n))
        return;
    for (;;) {
        struct ln_id id;
        struct ln_id mine;
        struct ln_id theirs;
        bool good;
        SIM_DO(ln_db_row(q, &row, &err));
        if (!row)
            return;
        ln_db_col_bytes(q, 0, id.b, sizeof id.b);
        if (hidden(n, &id, &mine) != (ln_db_col_int(q, 1) != 0) && ln_db_col_int(q, 2) == 0)
            sim_wrong("%s shows a record that was given up, or hides one that was not", n->c.id);
        if (!holds(n->parent, &id, &good) || !holds(n->parent, &mine, &good))
            continue;
        (void)hidden(n->parent, &id, &theirs);
        if (ln_clock_compare(&mine, &theirs) != 0)
            sim_wrong("%s and its parent know another record for one and the same", n->c.id);
    }
}

static uint64_t ledger_sum(struct sim_node *at, const struct sim_node *of)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(at->store), "SELECT coalesce(sum(l.amount), 0) FROM c_ledger l"
                                             " JOIN record r ON r.n = l.rec WHERE r.region = ?");
    struct ln_err err = { 0 };
    bool row;

    ln_db_text(q, of->region);
    SIM_DO(ln_db_row(q, &row, &err));
    uint64_t sum = row ? (uint64_t)ln_db_col_int(q, 0) : 0;
    (void)ln_db_end(q);
    return sum;
}

/* Entries of a ledger are only added: at every level they come to the same sum, and no entry that
 * was acknowledged is missing in it. */
static void judge_ledger(struct sim_node *n)
{
    uint64_t sum = ledger_sum(n, n);
    uint64_t saved = 0;
    char audience[LN_AUDIENCE_MAX];

    if (n->role != LN_ROLE_COMMUNITY || sim_cut_off(n))
        return;
    for (size_t i = 0; i < sim->n_saves; i++)
        if (sim->saves[i].by == n && !sim->saves[i].gone)
            saved += sim->saves[i].amount;
    if (sum < saved)
        sim_wrong("the ledger of %s comes to %" PRIu64 ", saved was %" PRIu64, n->c.id, sum, saved);
    ln_audience_name(audience, 'V', n->region, "", "");
    for (struct sim_node *u = n->parent; u != NULL && !u->hostile; u = u->parent)
        if (oracle_member(u, audience) && ledger_sum(u, n) != sum)
            sim_wrong("the ledger of %s comes to %" PRIu64 " there and to %" PRIu64 " at %s",
                      n->c.id, sum, ledger_sum(u, n), u->c.id);
}

/* Nobody's rights have changed by what thieves wrote. */
static void judge_rights(struct sim_node *n)
{
    const struct ln_authority *a = ln_replica_authority(n->r);

    if (n->heir != NULL)
        return;
    for (size_t i = 0; i < sim->n_real; i++) {
        const struct sim_node *o = sim->nodes[i];
        const struct ln_cert *c = ln_authority_find(a, o->c.id);
        if (c == NULL)
            continue;
        bool same = o->parent == NULL || strcmp(c->parent, o->parent->c.id) == 0;
        /* who takes a box's place certifies none that was revoked */
        for (size_t k = 0; k < sim->n_real && !same && o->revoked; k++)
            same = sim->nodes[k]->heir == o->parent && strcmp(sim->nodes[k]->c.id, c->parent) == 0;
        if (c->role != o->role || strcmp(c->region, o->region) != 0 || !same)
            sim_wrong("%s believes another certificate of %s", n->c.id, o->c.id);
        if (ln_authority_void_from(a, o->c.id) != 0 && !o->revoked && o->heir == NULL)
            sim_wrong("%s holds %s for revoked", n->c.id, o->c.id);
        if (ln_authority_void_from(a, o->c.id) == 0 && o->revoked && !o->unsure &&
            (o->parent == n || (oracle_above(o->parent, n) && !sim_cut_off(n))))
            sim_wrong("%s does not know that %s is revoked", n->c.id, o->c.id);
    }
}

/* A fork leaves its evidence, or its author was told; it is never merged in silence. */
static void judge_forks(void)
{
    for (size_t i = sim->n_real; i < sim->n; i++) {
        struct sim_node *clone = sim->nodes[i];
        struct ln_store *s = ln_sqlstore_handle(clone->parent->store);
        struct ln_store_counts counts;
        struct ln_err err = { 0 };
        SIM_DO(s->ops->counts(s->ctx, &counts, &err));
        bool apart = clone->most > 0 && clone->original->most > 0;
        for (int turn = 0; turn < 2; turn++) { /* one may only learn that its box has an heir */
            sim_sync(clone);
            sim_sync(clone->original);
        }
        sim_sync(clone); /* what the other added after it is no fork */
        struct ln_store *a = ln_sqlstore_handle(clone->store);
        struct ln_store *b = ln_sqlstore_handle(clone->original->store);
        struct ln_store_log la;
        struct ln_store_log lb;
        SIM_DO(a->ops->log_get(a->ctx, &la, clone->c.id, &err) &&
               b->ops->log_get(b->ctx, &lb, clone->c.id, &err));
        if ((clone->refused_fork || clone->original->refused_fork) && counts.forks == 0 &&
            !sim->on[SIM_IMAGE] && !sim_cut_off(clone->parent))
            sim_wrong("%s refused a fork of %s and kept no evidence", clone->parent->c.id,
                      clone->c.id);
        bool same = la.head == lb.head && ln_encode_sha256_same(&la.head_sha, &lb.head_sha);
        if (apart && !same && counts.forks == 0 && !clone->told && !clone->original->told &&
            !sim_cut_off(clone->parent))
            sim_wrong("%s has two logs and nobody was told", clone->c.id);
    }
}

/* For whoever looks for the reason. */
static void explain_record(struct sim_node *n, const struct ln_id *record)
{
    struct ln_query *q = ln_db_use(
        ln_sqlstore_db(n->store),
        "SELECT c.id, c.state, c.seq, l.id, c.n, r.region, c.rec FROM record r JOIN change c"
        " ON c.rec = r.n JOIN log l ON l.n = c.log WHERE r.id = ?");
    struct ln_err err = { 0 };
    bool row;

    ln_db_blob(q, record->b, sizeof record->b);
    while (ln_db_row(q, &row, &err) && row) {
        struct ln_id raw;
        char id[LN_ID_TEXT + 1];
        ln_db_col_bytes(q, 0, raw.b, sizeof raw.b);
        ln_clock_id_write(id, &raw);
        sim_say("%s: %s state %" PRId64 " in %s %" PRId64 ", number %" PRId64 " of a record of %s",
                n->c.id, id, ln_db_col_int(q, 1), ln_db_col_text(q, 3), ln_db_col_int(q, 2),
                ln_db_col_int(q, 4), ln_db_col_text(q, 5));
    }
}

/* In whatever order they came. */
static void judge_foreign(struct sim_node *n)
{
    for (size_t i = 0; i < sim->n_foreign; i++) {
        const struct sim_foreign *f = &sim->foreign[i];
        bool good;
        bool ignored;
        if (!holds(n, &f->record, &ignored) || !holds(n, &f->id, &good) || !good)
            continue;
        explain_record(n, &f->record);
        sim_wrong("%s let a thief change what another region published", n->c.id);
    }
}

static bool say_verify(void *ctx, const char *line)
{
    sim_say("%s: %s", ((struct sim_node *)ctx)->c.id, line);
    return true;
}

static void judge_logs(struct sim_node *n)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    SIM_DO(ln_replica_verify(n->r, &report, say_verify, n, &err));
    if (report.bad > 0)
        sim_wrong("verify finds %" PRIu64 " wrong at %s", report.bad, n->c.id);
}

/* What a rebuild thinks otherwise, for whoever looks for the reason. */
static bool say_line(void *ctx, const char *line)
{
    struct sim_node *n = ctx;
    struct ln_query *q;
    struct ln_err err = { 0 };
    bool row;

    if (!sim->log)
        return true;
    sim_say("%s", line);
    q = ln_db_use(
        ln_sqlstore_db(n->store),
        "SELECT b.id, b.state, c.state, l.id, b.seq FROM temp.before b JOIN log l ON l.n = b.log "
        "JOIN"
        " change c ON c.id = b.id WHERE (c.state = 1) != (b.state = 1) OR c.eff IS NOT b.eff");
    while (ln_db_row(q, &row, &err) && row) {
        struct ln_id raw;
        char id[LN_ID_TEXT + 1];
        ln_db_col_bytes(q, 0, raw.b, sizeof raw.b);
        ln_clock_id_write(id, &raw);
        sim_say("  now otherwise: %s state %" PRId64 " to %" PRId64 " in %s %" PRId64, id,
                ln_db_col_int(q, 1), ln_db_col_int(q, 2), ln_db_col_text(q, 3),
                ln_db_col_int(q, 4));
    }
    return true;
}

static bool rebuild(struct sim_node *n)
{
    struct ln_err err = { 0 };
    SIM_DO(ln_db_exec(ln_sqlstore_db(n->store),
                      "DROP TABLE IF EXISTS temp.before; CREATE TEMP TABLE before AS"
                      " SELECT id, state, eff, log, seq FROM change",
                      &err));
    bool ok = ln_replica_begin(n->r, &err) && ln_replica_rebuild(n->r, say_line, n, &err);

    if (ok)
        SIM_DO(ln_replica_commit(n->r, &err));
    else {
        ln_replica_rollback(n->r);
        if (!sim_cut_off(n))
            sim_wrong("%s: %s", n->c.id, err.text);
    }
    return ok;
}

static void judge_shown(struct sim_node *n, const char *when)
{
    bool good;

    for (size_t i = 0; i < sim->n_saves; i++) {
        struct sim_save *s = &sim->saves[i];
        if (s->survey && holds(n, &s->id, &good) && good && !title_there(n, &s->record))
            sim_wrong("%s does not show after %s what it relayed before", n->c.id, when);
    }
}

/* ---- what is past */

struct bytes {
    char *data[4];
    size_t len[4];
};
static void read_disk(struct bytes *b, const struct sim_node *n)
{
    for (size_t i = 0; i < 4; i++)
        b->len[i] = sim_disk_read(n->dir, i, &b->data[i]);
}
static bool in_bytes(const char *data, size_t n, const void *what, size_t len)
{
    const char *at = data;
    const char *end = data + n;

    while (n >= len && (at = memchr(at, *(const char *)what, (size_t)(end - at))) != NULL &&
           (size_t)(end - at) >= len)
        if (memcmp(at++, what, len) == 0)
            return true;
    return false;
}
static bool in_disk(const struct bytes *b, const void *what, size_t len)
{
    for (size_t i = 0; i < 4; i++)
        if (b->data[i] != NULL && in_bytes(b->data[i], b->len[i], what, len))
            return true;
    return false;
}

/* 'p' asked, 'b' blanked, 'd' signed for; 0 not heard of. */
static char erasure_state(struct sim_node *n, const struct sim_erasure *e)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX + 256);
    struct ln_err err = { 0 };
    char key[64];
    bool found = false;

    (void)snprintf(key, sizeof key, "erase/%s", e->id);
    SIM_DO(s->ops->meta_get(s->ctx, key, &text, &found, &err));
    char state = found && text.len > 0 ? text.data[0] : 0;
    ln_buf_free(&text);
    return state;
}

/* No file of whoever signed for an erasure has the value, or a key that would open it, in clear. */
void sim_judge_erased(struct sim_node *n)
{
    bool done[SIM_ERASURES];
    bool any = false;
    struct bytes disk;

    for (size_t i = 0; i < sim->n_erasures; i++) {
        done[i] = erasure_state(n, &sim->erasures[i]) == 'd';
        any = any || done[i];
    }
    if (!any)
        return;
    read_disk(&disk, n);
    for (size_t i = 0; i < sim->n_saves; i++) {
        const struct sim_save *s = &sim->saves[i];
        if (s->erasure == 0 || !done[s->erasure - 1])
            continue;
        if (in_disk(&disk, s->name, strlen(s->name)))
            sim_wrong("%s signed to have erased %s, and has it", n->c.id, s->name);
        if (in_disk(&disk, s->secret, sizeof s->secret))
            sim_wrong("%s signed to have erased key %s, and has it", n->c.id, s->kid);
    }
    for (size_t i = 0; i < 4; i++)
        ln_free(disk.data[i]);
}

static bool is_holder(const struct sim_erasure *e, const struct sim_node *n)
{
    if (n == e->by || n == e->by->parent)
        return true;
    for (size_t i = 0; i < sim->n_saves; i++)
        if (sim->saves[i].erasure == (size_t)(e - sim->erasures) + 1 &&
            oracle_member(n, sim->saves[i].audience))
            return true;
    return false;
}

/* Everyone who may have held it has signed by now, and whoever is told to have signed did. */
static void judge_erasures(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };
    char key[128];

    for (size_t i = 0; i < sim->n_erasures && !sim_cut_off(n); i++) {
        const struct sim_erasure *e = &sim->erasures[i];
        if (sim_cut_off(e->by))
            continue;
        if (erasure_state(n, e) != 'd' && is_holder(e, n) && !e->gone &&
            (n == e->by || oracle_above(n, e->by) || oracle_above(e->by, n)))
            sim_wrong("%s has not signed for erasure %s of %s", n->c.id, e->id, e->by->c.id);
        struct ln_buf at = ln_buf_new(64);
        bool told = false;
        (void)snprintf(key, sizeof key, "erased/%s/%s", e->id, n->c.id);
        SIM_DO(ln_sqlstore_handle(e->by->store)
                   ->ops->meta_get(ln_sqlstore_handle(e->by->store)->ctx, key, &at, &told, &err));
        ln_buf_free(&at);
        if (told && erasure_state(n, e) != 'd')
            sim_wrong("%s is told to have erased %s and has not", n->c.id, e->id);
        if (!told && is_holder(e, n) && n != e->by && !e->gone &&
            (oracle_above(n, e->by) || oracle_above(e->by, n)))
            sim_wrong("%s does not know that %s has erased %s", e->by->c.id, n->c.id, e->id);
    }
    (void)s;
}

/* Commits and trees of every log are here from the first on, each on top of the one before and
 * signed by its author; public files, too: whatever was dropped. */
struct chain {
    struct sim_node *n;
    const char *log;
    struct ln_pubkey key;
    struct ln_sha256 last; /* of the one before */
    uint64_t seq;
};
/* A commit that was good at one node is at the next, as far as bytes and key are the same ones. */
struct seen {
    struct seen *next;
    struct ln_pubkey key;
    struct ln_sha256 prev, sha;
    size_t len;
    char commit[];
};
static struct seen *seen[4096];

static const struct seen *read_commit(const struct chain *x, uint64_t seq, struct ln_span commit,
                                      struct ln_err *err)
{
    struct ln_segment s;
    uint64_t h = seq * 0x100000001b3u;

    for (const char *p = x->log; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    struct seen **at = &seen[h % (sizeof seen / sizeof seen[0])];
    for (struct seen *k = *at; k != NULL; k = k->next)
        if (k->len == commit.len && memcmp(k->commit, commit.p, commit.len) == 0 &&
            ln_key_same(&k->key, &x->key))
            return k;
    if (!ln_segment_read(&s, commit.p, commit.len, &x->key, err))
        return NULL;
    struct seen *k = ln_alloc(sizeof *k + commit.len);
    *k = (struct seen){ .next = *at, .key = x->key, .prev = s.prev, .sha = s.sha };
    k->len = commit.len;
    memcpy(k->commit, commit.p, commit.len);
    *at = k;
    return k;
}
static bool next_link(void *ctx, const struct ln_store_segment *g, struct ln_err *err)
{
    struct chain *x = ctx;
    const struct seen *s = NULL;

    err->code = LN_OK;
    if (g->seq != x->seq + 1)
        sim_wrong("%s: segment %" PRIu64 " of %s follows %" PRIu64, x->n->c.id, g->seq, x->log,
                  x->seq);
    else if (g->commit.len == 0 || g->tree.len == 0 ||
             (s = read_commit(x, g->seq, g->commit, err)) == NULL)
        sim_wrong("%s: commit %" PRIu64 " of %s cannot be checked any more: %s", x->n->c.id, g->seq,
                  x->log, err->text);
    else if (g->seq > 1 && !ln_encode_sha256_same(&s->prev, &x->last))
        sim_wrong("%s: commit %" PRIu64 " of %s does not follow the one before", x->n->c.id, g->seq,
                  x->log);
    for (size_t i = 0; i < g->n_files; i++)
        if (strcmp(g->files[i].name, "public.jsonl") == 0 && g->files[i].bytes.p == NULL)
            sim_wrong("%s: public file of segment %" PRIu64 " of %s is gone", x->n->c.id, g->seq,
                      x->log);
    err->code = LN_OK;
    if (s != NULL)
        x->last = s->sha;
    x->seq = g->seq;
    return sim->violations == 0;
}
static bool each_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct chain x = { .n = ctx, .log = l->id };
    struct ln_store *s = ln_sqlstore_handle(x.n->store);
    char author[LN_NODE_ID_MAX];

    (void)snprintf(author, sizeof author, "%.*s", (int)strcspn(l->id, "."), l->id);
    for (size_t i = 0; i < sim->n_real; i++)
        if (strcmp(sim->nodes[i]->c.id, author) == 0)
            ln_key_public(&x.key, &sim->nodes[i]->c.key);
    if (!s->ops->segment_each(s->ctx, l->n, 1, true, next_link, &x, err) && err->code != LN_OK)
        return false;
    if (sim->violations == 0 && x.seq != l->head)
        sim_wrong("%s: %s ends at %" PRIu64 " and not at %" PRIu64, x.n->c.id, l->id, x.seq,
                  l->head);
    return true;
}
static void judge_chain(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_err err = { 0 };

    SIM_DO(s->ops->log_each(s->ctx, each_log, n, &err));
}

/* Who began with checkpoints holds what counts, reads it, shows the same, and so again after a
 * rebuild; a new box in a dead one's place comes to the dead one's digest. */
static void judge_late(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct sim_node *box = n->role == LN_ROLE_LAPTOP ? n->parent : n;
    struct ln_store_audience a;
    char audience[LN_AUDIENCE_MAX];
    struct ln_err err = { 0 };
    bool good;

    for (size_t i = 0; i < sim->n && n->role != LN_ROLE_LAPTOP; i++)
        if (sim->nodes[i]->heir == n)
            box = sim->nodes[i]; /* its disk is not gone from the simulator */
    ln_audience_name(audience, 'C', n->region, "", "");
    SIM_DO(s->ops->audience_get(s->ctx, &a, audience, &err));
    if (box->heir == n && memcmp(a.digest.b, n->left.b, sizeof a.digest.b) != 0)
        sim_wrong("%s took the place of %s and has another digest of %s", n->c.id, box->c.id,
                  audience);
    judge_like(n, box);
    for (size_t i = 0; i < sim->n_saves; i++) {
        struct sim_save *v = &sim->saves[i];
        if (strcmp(v->by->region, n->region) != 0 || !oracle_member(n, v->audience) || v->deleted ||
            !holds(box, &v->id, &good) || !good)
            continue;
        if (!holds(n, &v->id, &good) || !good)
            sim_wrong("%s began late and lacks save %zu of %s", n->c.id, i, v->audience);
        if (v->sealed && v->erasure == 0 && !name_there(n, &v->record) &&
            name_there(box, &v->record))
            sim_wrong("%s began late and cannot read save %zu of %s", n->c.id, i, v->audience);
    }
}

/* Nobody's clock, however wild for a while, dates anything past what a lease could reach. */
static void judge_dates(struct sim_node *n)
{
    const int64_t far = LN_HLC_AT(sim->now_ms + INT64_C(800 * 86400000));
    struct ln_err err = { 0 };
    int64_t late = 0;
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM receipt r JOIN log l ON l.n = r.log WHERE r.t > %" PRId64
                   " AND l.id = '%s'",
                   far, n->c.id);
    SIM_DO(ln_db_value(ln_sqlstore_db(n->store), sql, &late, &err));
    if (late > 0 && n->parent != NULL && !n->parent->hostile)
        sim_wrong("%s was given %" PRId64 " receipts of a time to come", n->c.id, late);
    struct ln_id next = ln_replica_id(n->r);
    if (ln_clock_claimed(&next) > far)
        sim_wrong("the clock of %s stays in a time to come", n->c.id);
}

/* The upgrade: what was relayed unread now has rows, as a replay of the logs would give it. */
static void judge_upgrade(struct sim_node *n)
{
    if (!n->old_schema || n->hostile)
        return;
    n->old_schema = false;
    sim_reopen(n);
    judge_shown(n, "its upgrade");
    if (rebuild(n))
        judge_shown(n, "a rebuild");
}

void sim_judge(void)
{
    judge_kept();
    judge_down();
    judge_private();
    for (size_t i = 0; i < sim->n_real; i++) {
        struct sim_node *n = sim->nodes[i];
        sim_watch(n);
        if (n->parent != NULL && n->heir == NULL && !n->dead)
            receipt_honest(n, true);
        if (n->hostile)
            continue;
        judge_epochs(n);
        judge_readers(n);
        judge_same(n);
        judge_merged(n);
        judge_like_above(n);
        judge_aliases(n);
        judge_ledger(n);
        judge_rights(n);
        judge_foreign(n);
        judge_logs(n);
        judge_chain(n);
        sim_judge_erased(n);
        judge_erasures(n);
        for (int turn = 0; turn < 2 && n->late; turn++) {
            judge_late(n);
            if (turn == 0 && !rebuild(n))
                break;
        }
        judge_upgrade(n);
        judge_dates(n);
        if (sim->violations > 0)
            break;
    }
    judge_forks(); /* last: its syncs move things */
    size_t each = sim->memory / sim->n;
    if (each > 12u << 20)
        sim_wrong("%zu bytes of memory a node", each);
}
