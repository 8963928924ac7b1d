/* Nodes, their clocks and their disks. Disks fail below the store: the calls of node/store/db.h
 * that the store makes are met here first (--wrap). */
#include <dirent.h>
#include <malloc.h>
#include <sodium.h>
#include <stdarg.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "tests/sim/sim.h"

const char *const sim_fault_names[SIM_FAULTS] = { "loss",    "cut",    "twice", "late",
                                                  "part",    "clock",  "disk",  "crash",
                                                  "image",   "clone",  "child", "parent",
                                                  "version", "revoke", "prune", "erase" };

/* What all programs of today know, and what only newer ones do. */
static const struct ln_field PERSON[] = {
    { .name = "name", .unit = "name", .type = LN_TYPE_STR, .mark = LN_MARK_IDENT },
    { .name = "job", .unit = "job", .type = LN_TYPE_STR, .mark = LN_MARK_PLAIN }
};
static const struct ln_field NOTICE[] = {
    { .name = "title", .unit = "title", .type = LN_TYPE_STR, .mark = LN_MARK_PLAIN }
};
static const struct ln_field SURVEY[] = {
    { .name = "title", .unit = "title", .type = LN_TYPE_STR, .mark = LN_MARK_PLAIN }
};
static const struct ln_field LEDGER[] = {
    { .name = "amount", .unit = "amount", .type = LN_TYPE_INT, .mark = LN_MARK_PLAIN }
};
static const struct ln_coll COLLS[] = {
    { .name = "person", .version = 1, .fields = PERSON, .n_fields = 2 },
    { .name = "notice", .version = 1, .fields = NOTICE, .n_fields = 1 },
    { .name = "ledger", .version = 1, .fields = LEDGER, .n_fields = 1 },
    { .name = "survey", .version = 1, .fields = SURVEY, .n_fields = 1 }
};
static const struct ln_schema NEW = { COLLS, 4 };
static const struct ln_schema OLD = { COLLS, 3 };

struct sim *sim;

/* ---- chance */

uint64_t sim_chance(void)
{
    sim->state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    uint64_t z = sim->state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}
unsigned sim_below(unsigned n)
{
    return (unsigned)(sim_chance() % n);
}
bool sim_one_in(unsigned n)
{
    return sim_below(n) == 0;
}
static const char *rng_name(void)
{
    return "seed";
}
static uint32_t rng_random(void)
{
    return (uint32_t)sim_chance();
}
static void rng_buf(void *const out, const size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i += 8) {
        uint64_t v = sim_chance();
        memcpy(p + i, &v, len - i < 8 ? len - i : 8);
    }
}
static randombytes_implementation rng = { rng_name, rng_random, NULL, NULL, rng_buf, NULL };
void sim_rng(void)
{
    if (randombytes_set_implementation(&rng) != 0 || sodium_init() < 0)
        abort();
}

/* ---- verdicts */

void sim_stop(const char *what, const struct ln_err *err)
{
    sim_wrong("%s: %s", what, err->text);
    printf("seed %" PRIu64 ": FAILED %s\n0 passed, 1 failed\n", sim->seed, sim->why);
    exit(1);
}

void sim_wrong(const char *fmt, ...)
{
    va_list args;

    if (sim->violations++ > 0)
        return;
    va_start(args, fmt);
    (void)vsnprintf(sim->why, sizeof sim->why, fmt, args);
    va_end(args);
}

void sim_say(const char *fmt, ...)
{
    va_list args;

    if (!sim->log)
        return;
    (void)fprintf(stderr, "%8.3f ", (double)(sim->now_ms - sim->start_ms) / 86400000.0);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

void sim_trace(const void *data, size_t len)
{
    crypto_generichash_state s;

    (void)crypto_generichash_init(&s, NULL, 0, sizeof sim->trace.b);
    (void)crypto_generichash_update(&s, sim->trace.b, sizeof sim->trace.b);
    (void)crypto_generichash_update(&s, data, len);
    (void)crypto_generichash_final(&s, sim->trace.b, sizeof sim->trace.b);
}

/* ---- clocks */

int64_t sim_node_ms(void *ctx)
{
    const struct sim_node *n = ctx;
    int64_t passed = sim->now_ms - sim->start_ms;
    int64_t own = sim->now_ms + n->offset_ms + (int64_t)(n->drift * (double)passed);

    if (own < 0)
        own = 1000;
    return own + n->given_ms;
}
#define SANE INT64_C(1735689600000)
static bool node_trusted(void *ctx)
{
    return sim_node_ms(ctx) > SANE;
}
static void node_seen(void *ctx, int64_t ms)
{
    struct sim_node *n = ctx;

    n->given_ms += ms - sim_node_ms(n);
}
static void node_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    rng_buf(out, len);
}
bool sim_out(const struct sim_node *n)
{
    return n->dead || n->back_ms > sim->now_ms;
}

/* ---- disks: which node's statement it is, and whether it fails */

static bool trip(struct ln_err *err)
{
    struct sim_node *n = sim->depth > 0 ? sim->at[sim->depth - 1] : NULL;

    if (n == NULL || n->disk == DISK_GOOD)
        return false;
    if (n->dead) {
        (void)ln_fail(err, LN_BROKEN, "no power");
        return true;
    }
    if (n->disk == DISK_COMMIT_LOST || n->disk == DISK_COMMIT_KEPT ||
        (n->disk_after > 0 && n->disk_after-- > 1))
        return false;
    if (n->disk == DISK_DIES) {
        n->dead = true;
        (void)ln_fail(err, LN_BROKEN, "no power");
        sim_say("%s: no power", n->c.id);
    } else {
        (void)ln_fail(err, LN_FULL, LN_DB_FULL);
        sim_say("%s: the disk is full", n->c.id);
        if (n->disk == DISK_FULL_ONCE)
            n->disk = DISK_GOOD;
    }
    return true;
}

bool __real_ln_db_run(struct ln_query *q, struct ln_err *err);
bool __wrap_ln_db_run(struct ln_query *q, struct ln_err *err);
bool __wrap_ln_db_run(struct ln_query *q, struct ln_err *err)
{
    return trip(err) ? ln_db_end(q) : __real_ln_db_run(q, err);
}
bool __real_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err);
bool __wrap_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err);
bool __wrap_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err)
{
    struct sim_node *n = sim->depth > 0 ? sim->at[sim->depth - 1] : NULL;

    /* a full disk does not keep from reading */
    if (n != NULL && (n->disk == DISK_DIES || n->dead) && trip(err)) {
        *row = false;
        return ln_db_end(q);
    }
    return __real_ln_db_row(q, row, err);
}
bool __real_ln_db_commit(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_commit(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_commit(struct ln_db *db, struct ln_err *err)
{
    struct sim_node *n = sim->depth > 0 ? sim->at[sim->depth - 1] : NULL;

    if (n != NULL && !n->dead && n->disk == DISK_COMMIT_KEPT) {
        n->dead = true;
        sim_say("%s: no power just after the commit", n->c.id);
        (void)!__real_ln_db_commit(db, err);
        return ln_fail(err, LN_BROKEN, "no power just after the commit");
    }
    if (n != NULL && !n->dead && n->disk == DISK_COMMIT_LOST) {
        n->dead = true;
        sim_say("%s: no power just before the commit", n->c.id);
        ln_db_rollback(db);
        return ln_fail(err, LN_BROKEN, "no power just before the commit");
    }
    if (trip(err)) {
        ln_db_rollback(db);
        return false;
    }
    return __real_ln_db_commit(db, err);
}

/* ---- transactions */

static void enter(struct sim_node *n)
{
    if (sim->depth == sizeof sim->at / sizeof sim->at[0])
        abort();
    sim->at[sim->depth++] = n;
}
static void leave(void)
{
    sim->depth--;
}

static bool do_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct sim_node *n = ctx;
    bool ok = false;

    enter(n);
    if (n->dead)
        (void)ln_fail(err, LN_BROKEN, "no power");
    else if (ln_replica_begin(n->r, err)) {
        if (job(arg, n->r, err))
            ok = ln_replica_commit(n->r, err);
        else
            ln_replica_rollback(n->r);
    }
    leave();
    return ok;
}
static bool do_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct sim_node *n = ctx;

    enter(n);
    bool ok = n->dead ? ln_fail(err, LN_BROKEN, "no power")
                      : job(arg, ln_sqlstore_handle(n->store), ln_replica_authority(n->r), err);
    leave();
    return ok;
}

/* ---- opening and closing */

/* A box moves its log into the database file every 8 MB: nobody here lives to see that. */
#define LOG_PAGES 128

bool __real_ln_db_open(struct ln_db **out, const char *path, enum ln_db_mode mode,
                       struct ln_err *err);
bool __wrap_ln_db_open(struct ln_db **out, const char *path, enum ln_db_mode mode,
                       struct ln_err *err);
bool __wrap_ln_db_open(struct ln_db **out, const char *path, enum ln_db_mode mode,
                       struct ln_err *err)
{
    char pages[64];

    (void)snprintf(pages, sizeof pages, "PRAGMA wal_autocheckpoint=%d", LOG_PAGES);
    return __real_ln_db_open(out, path, mode, err) && ln_db_exec(*out, pages, err);
}

void sim_open(struct sim_node *n)
{
    struct ln_err err = { 0 };

    n->c.schema = n->old_schema ? &OLD : &NEW;
    SIM_DO(ln_sqlstore_open(&n->store, n->dir, n->c.schema, LN_DB_WRITE, &err));
    n->watched = -1;
    n->cared = -1;
    n->c.store = ln_sqlstore_handle(n->store);
    SIM_DO(ln_replica_open(&n->r, &n->c, &err));
    unsigned learnt;
    SIM_DO(ln_replica_begin(n->r, &err) && ln_replica_learn(n->r, &learnt, &err) &&
           ln_replica_commit(n->r, &err));
    n->access = (struct ln_access){ .ctx = n, .write = do_write, .read = do_read };
    n->x = (struct ln_exchange_config){
        .access = &n->access, .env = &n->env, .self = n->c.id, .key = n->c.key, .ident = n->c.ident
    };
    n->server = ln_exchange_server_new(&n->x);
    n->link = (struct ln_link){ n, sim_call };
    n->client = n->parent != NULL ? ln_exchange_client_new(&n->x, &n->link) : NULL;
}

void sim_close(struct sim_node *n)
{
    ln_exchange_client_free(n->client);
    ln_exchange_server_free(n->server);
    enter(n);
    ln_replica_close(n->r);
    ln_sqlstore_close(n->store);
    leave();
    n->client = NULL;
    n->server = NULL;
}

static void make_dir(struct sim_node *n)
{
    (void)snprintf(n->dir, sizeof n->dir, "%s/linli-sim-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(n->dir) == NULL) {
        perror(n->dir);
        exit(1);
    }
}

/* What people and the web keep: no replica touches it (of attachments but what they are given by),
 * and each start would read its schema. */
static const char others[] =
    "DROP TABLE login; DROP TABLE session; DROP INDEX attachment_up;"
    "DROP INDEX attachment_wanted; DROP INDEX attachment_sender; DROP TABLE upload;"
    "DROP TABLE reading; DROP TABLE active; DROP TABLE seen; DROP TABLE ballot;"
    "DROP TABLE ballot_paper; DROP TABLE alarm";

static void change_file(const char *dir, const char *name, const char *sql)
{
    struct ln_db *db;
    char path[200];
    struct ln_err err = { 0 };

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    SIM_DO(ln_db_open(&db, path, LN_DB_WRITE, &err) && ln_db_exec(db, sql, &err));
    ln_db_close(db);
}

/* The files of a node that was never started, for the program it has: to make them takes as long as
 * a day of its life. What is secret in them it draws itself. */
static void fresh_disk(const char *dir, const struct ln_schema *schema)
{
    const char *fresh = schema == &OLD ? "fresh-old" : "fresh-new";
    const uint64_t state = sim->state;
    struct ln_sqlstore *store;
    struct ln_err err = { 0 };

    if (!sim_disk_has(fresh)) {
        sim_disk_make(dir);
        SIM_DO(ln_sqlstore_open(&store, dir, schema, LN_DB_WRITE, &err));
        ln_sqlstore_close(store);
        change_file(dir, "linli.db", others);
        change_file(dir, "keys.db", "DELETE FROM own");
        sim_disk_copy(dir, fresh);
        sim->state = state;
    } else
        sim_disk_copy(fresh, dir);
}

static struct sim_node *new_node(void)
{
    struct sim_node *n = ln_alloc(sizeof *n);

    if (sim->n == SIM_NODES)
        abort();
    n->index = sim->n;
    sim->nodes[sim->n++] = n;
    return n;
}

/* Enrols; `continues` "" or the dead box's id. */
static void join(struct sim_node *n, const char *continues)
{
    struct ln_invite want = { .role = n->role };
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    struct ln_err err = { 0 };

    memcpy(want.region, n->region, sizeof want.region);
    (void)snprintf(want.continues, sizeof want.continues, "%s", continues);
    if (n->grid[0] != '\0')
        (void)snprintf(want.grids[want.n_grids++], sizeof want.grids[0], "%s", n->grid);
    SIM_DO(ln_join_invite(&n->parent->x, &want, code, &err));
    SIM_DO(ln_join_ask(&n->x, n->region, n->role, "node", code, &n->link, up, &err));
}

static struct sim_node *add(struct sim_node *parent, const char *region, enum ln_role role,
                            const char *grid, const char *continues)
{
    struct sim_node *n = new_node();
    struct ln_pubkey pub;
    struct ln_err err = { 0 };

    n->role = role;
    n->parent = parent;
    (void)snprintf(n->region, sizeof n->region, "%s", region);
    (void)snprintf(n->grid, sizeof n->grid, "%s", grid);
    n->env = (struct ln_env){ n, sim_node_ms, node_trusted, node_seen, node_random };
    n->c.env = &n->env;
    n->old_schema = sim->on[SIM_VERSION] && sim_one_in(3);
    make_dir(n);
    n->c.schema = n->old_schema ? &OLD : &NEW;
    fresh_disk(n->dir, n->c.schema);
    ln_key_make(&n->c.key, &pub);
    ln_key_ident_make(&n->c.ident);
    ln_key_ident_make(&n->paper);
    ln_key_ident_public(&n->c.recovery, &n->paper);
    ln_key_node_id(n->c.id, region, &pub);
    sim_open(n);
    if (parent != NULL)
        join(n, continues);
    else
        SIM_DO(ln_replica_begin(n->r, &err) && ln_replica_found(n->r, region, role, "root", &err) &&
               ln_replica_commit(n->r, &err));
    return n;
}

/* Clones stay behind the real ones. */
static void make_real(struct sim_node *n)
{
    struct sim_node *clone = sim->nodes[sim->n_real];

    sim->nodes[n->index] = clone;
    clone->index = n->index;
    sim->nodes[sim->n_real] = n;
    n->index = sim->n_real++;
}

struct sim_node *sim_add(struct sim_node *parent, const char *region, enum ln_role role,
                         const char *grid)
{
    struct sim_node *n = add(parent, region, role, grid, "");

    make_real(n);
    return n;
}

struct sim_node *sim_replace(struct sim_node *old)
{
    struct sim_node *n = add(old->parent, old->region, old->role, old->grid, old->c.id);

    make_real(n);
    n->late = true;
    old->heir = n;
    for (size_t i = 0; i < sim->n; i++)
        if (sim->nodes[i]->parent == old)
            sim->nodes[i]->parent = n;
    for (size_t i = 0; i < sim->n_saves; i++) /* it answers for what that one saved */
        if (sim->saves[i].by == old)
            sim->saves[i].by = n;
    for (size_t i = 0; i < sim->n_erasures; i++)
        if (sim->erasures[i].by == old)
            sim->erasures[i].by = n;
    return n;
}

/* ---- copies of the disk; the node is closed meanwhile */

static void drop_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[400];

    while (d != NULL && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(dir);
}

/* What was being written when the power went: some bytes of it, behind what is durable. */
static void tear(const char *dir, const char *name)
{
    uint8_t torn[8192];
    size_t len = sim_below(sizeof torn);

    rng_buf(torn, sizeof torn);
    sim_disk_add(dir, name, torn, len);
}

/* Closing a database tidies it up; a node without power did not: its files are put back as they lay
 * then. */
static void close_without_power(struct sim_node *n)
{
    char kept[100];

    (void)snprintf(kept, sizeof kept, "%s.cut", n->dir);
    sim_disk_copy(n->dir, kept);
    sim_close(n);
    sim_disk_copy(kept, n->dir);
    sim_disk_drop(kept);
    tear(n->dir, "linli.db-wal");
    tear(n->dir, "keys.db-wal");
}

void sim_reopen(struct sim_node *n)
{
    if (n->dead)
        close_without_power(n);
    else
        sim_close(n);
    n->dead = false;
    n->disk = DISK_GOOD;
    sim_open(n);
}

static uint64_t own_head(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store_log l;
    struct ln_err err = { 0 };

    SIM_DO(s->ops->log_get(s->ctx, &l, n->c.id, &err));
    return l.n > 0 ? l.head : 0;
}

void sim_image_take(struct sim_node *n)
{
    (void)snprintf(n->image, sizeof n->image, "%s.image", n->dir);
    n->image_head = own_head(n);
    n->image_saves = sim->n_saves;
    n->image_ms = sim->now_ms;
    sim_close(n);
    sim_disk_copy(n->dir, n->image);
    sim_open(n);
}

void sim_image_back(struct sim_node *n)
{
    struct ln_store *s = ln_sqlstore_handle(n->store);
    struct ln_store_log l;
    struct ln_err err = { 0 };

    SIM_DO(s->ops->log_get(s->ctx, &l, n->c.id, &err));
    for (size_t i = n->image_saves; i < sim->n_saves; i++) {
        struct sim_save *v = &sim->saves[i];
        struct ln_query *q;
        bool row = false;
        if (v->by != n || v->gone)
            continue;
        q = ln_db_use(ln_sqlstore_db(n->store), "SELECT coalesce(seq, 0) FROM change WHERE id = ?");
        ln_db_blob(q, v->id.b, sizeof v->id.b);
        SIM_DO(__real_ln_db_row(q, &row, &err));
        v->gone = true;
        v->sent = row && ln_db_col_int(q, 0) > 0 && (uint64_t)ln_db_col_int(q, 0) <= l.receipt;
        (void)ln_db_end(q);
    }
    n->stuck = n->stuck || l.head != n->image_head;
    for (size_t i = 0; i < sim->n; i++) {
        struct sim_node *o = sim->nodes[i];
        o->unsure = o->unsure || (o->parent == n && o->revoked && o->revoked_ms >= n->image_ms);
    }
    for (size_t i = 0; i < sim->n_erasures; i++) {
        struct sim_erasure *e = &sim->erasures[i];
        e->gone = e->gone || (e->by == n && e->at_ms >= n->image_ms);
    }
    sim_close(n);
    n->dead = false;
    n->disk = DISK_GOOD;
    sim_disk_copy(n->image, n->dir);
    n->n_heads = 0;
    memset(&n->last_id, 0, sizeof n->last_id);
    n->n_mine = 0;
    n->n_alike = 0;
    sim_open(n);
    sim->images++;
}

struct sim_node *sim_clone(struct sim_node *n)
{
    struct sim_node *c = new_node();
    size_t index = c->index;

    sim_close(n);
    *c = *n;
    c->index = index;
    c->image[0] = '\0';
    c->original = n;
    n->cloned = true;
    make_dir(c);
    sim_disk_copy(n->dir, c->dir);
    c->env.ctx = c;
    c->c.env = &c->env;
    sim_open(n);
    sim_open(c);
    return c;
}

void sim_end(const struct sim_node *n)
{
    drop_dir(n->dir);
}
