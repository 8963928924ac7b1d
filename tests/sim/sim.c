/* Many nodes in one process: a province, districts, communities and laptops over a virtual clock
 * and a network that loses requests and answers, all from a seed. Real replicas, real stores, the
 * exchange that ships. sim SEED ROUNDS */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/store/sqlstore.h"
#include "sync/alias.h"
#include "sync/exchange.h"
#include "sync/join.h"
#include "tests/lib/test.h"

#define DISTRICTS 4
#define COMMUNITIES 11 /* of each district */
#define LAPTOPS 6
#define NODES (1 + DISTRICTS + DISTRICTS * COMMUNITIES + LAPTOPS)
#define SAVES 20000
#define SOME 8

static const struct ln_field PERSON[] = { { "name", "name", LN_TYPE_STR, LN_MARK_IDENT },
                                          { "job", "job", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_field NOTICE[] = { { "title", "title", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_coll COLLS[] = {
    { .name = "person", .version = 1, .fields = PERSON, .n_fields = 2 },
    { .name = "notice", .version = 1, .fields = NOTICE, .n_fields = 1 }
};
static const struct ln_schema SCHEMA = { COLLS, 2 };

struct sim_node {
    char dir[64], region[LN_REGION_LEN + 1], grid[16];
    enum ln_role role;
    struct sim_node *parent;
    int64_t skew_ms; /* of its clock */
    struct ln_env env;
    struct ln_sqlstore *store;
    struct ln_replica *r;
    struct ln_replica_config c;
    struct ln_access access;
    struct ln_exchange_config x;
    struct ln_exchange_server *server;
    struct ln_exchange_client *client;
    struct ln_link link;
    struct ln_id last;       /* a person of its own to change */
    struct ln_id some[SOME]; /* persons of its own that all who may read it know, to merge */
    size_t n_some;
};
struct save {
    struct sim_node *by;
    struct ln_id id;
    char audience[LN_AUDIENCE_MAX];
};
static struct {
    uint64_t state;
    int64_t now_ms;
    bool lossy;
    struct sim_node nodes[NODES];
    size_t n;
    struct save saves[SAVES];
    size_t n_saves;
    unsigned lost, syncs, failed_syncs, restarts, merges;
} sim; /* the whole world: this program has but one */

/* ---- chance: one seed gives one run, keys included */

static uint64_t chance(void)
{
    sim.state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    uint64_t z = sim.state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}
static unsigned below(unsigned n)
{
    return (unsigned)(chance() % n);
}
static const char *rng_name(void)
{
    return "seed";
}
static uint32_t rng_random(void)
{
    return (uint32_t)chance();
}
static void rng_buf(void *const out, const size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)chance();
}
static randombytes_implementation rng = { rng_name, rng_random, NULL, NULL, rng_buf, NULL };

/* ---- the world of one node */

static int64_t node_now(void *ctx)
{
    return sim.now_ms + ((struct sim_node *)ctx)->skew_ms;
}
static bool node_trusted(void *ctx)
{
    return node_now(ctx) > INT64_C(1735689600000);
}
static void node_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    rng_buf(out, len);
}
static bool do_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct sim_node *n = ctx;

    if (!ln_replica_begin(n->r, err))
        return false;
    if (job(arg, n->r, err))
        return ln_replica_commit(n->r, err);
    ln_replica_rollback(n->r);
    return false;
}
static bool do_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct sim_node *n = ctx;

    return job(arg, ln_sqlstore_handle(n->store), ln_replica_authority(n->r), err);
}

static void stop_all(const char *what, const struct ln_err *err)
{
    printf("FAILED %s: %s\n0 passed, 1 failed\n", what, err->text);
    exit(1);
}
#define DO(ok)                                                                                     \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            stop_all(#ok, &err);                                                                   \
    } while (0)

/* A request may be lost, and so may its answer, after it did its work. */
static bool call(void *ctx, const struct ln_message *request, struct ln_message *response,
                 struct ln_err *err)
{
    struct sim_node *n = ctx;

    if (sim.lossy && below(8) == 0) {
        sim.lost++;
        return ln_fail(err, LN_BUSY, "the request was lost");
    }
    ln_message_free(response);
    ln_exchange_serve(n->parent->server, request, response);
    if (sim.lossy && below(8) == 0) {
        sim.lost++;
        return ln_fail(err, LN_BUSY, "the answer was lost");
    }
    return true;
}

static void open_node(struct sim_node *n)
{
    struct ln_err err = { 0 };

    DO(ln_sqlstore_open(&n->store, n->dir, &SCHEMA, LN_DB_WRITE, &err));
    /* A power cut is the torture test's matter: here the disk need not wait. */
    DO(ln_db_exec(ln_sqlstore_db(n->store), "PRAGMA synchronous=OFF", &err));
    n->c.store = ln_sqlstore_handle(n->store);
    DO(ln_replica_open(&n->r, &n->c, &err));
    n->access = (struct ln_access){ n, do_write, do_read };
    n->x = (struct ln_exchange_config){
        .access = &n->access, .env = &n->env, .self = n->c.id, .key = n->c.key, .ident = n->c.ident
    };
    n->server = ln_exchange_server_new(&n->x);
    n->link = (struct ln_link){ n, call };
    n->client = n->parent != NULL ? ln_exchange_client_new(&n->x, &n->link) : NULL;
}

static void close_node(struct sim_node *n)
{
    ln_exchange_client_free(n->client);
    ln_exchange_server_free(n->server);
    ln_replica_close(n->r);
    ln_sqlstore_close(n->store);
}

static struct sim_node *add_node(struct sim_node *parent, const char *region, enum ln_role role,
                                 const char *grid)
{
    struct sim_node *n = &sim.nodes[sim.n++];
    struct ln_pubkey pub;
    struct ln_ident recovery;
    struct ln_err err = { 0 };

    *n = (struct sim_node){ .role = role, .parent = parent };
    (void)snprintf(n->region, sizeof n->region, "%s", region);
    (void)snprintf(n->grid, sizeof n->grid, "%s", grid);
    n->env = (struct ln_env){ n, node_now, node_trusted, NULL, node_random };
    n->c = (struct ln_replica_config){ .env = &n->env, .schema = &SCHEMA };
    test_mkdir(n->dir);
    ln_key_make(&n->c.key, &pub);
    ln_key_ident_make(&n->c.ident);
    ln_key_ident_make(&recovery);
    ln_key_ident_public(&n->c.recovery, &recovery);
    ln_key_node_id(n->c.id, region, &pub);
    open_node(n);
    if (parent == NULL) {
        DO(ln_replica_begin(n->r, &err) && ln_replica_found(n->r, region, role, "root", &err) &&
           ln_replica_commit(n->r, &err));
        return n;
    }
    struct ln_invite want = { .role = role };
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    memcpy(want.region, n->region, sizeof want.region);
    if (grid[0] != '\0')
        (void)snprintf(want.grids[want.n_grids++], sizeof want.grids[0], "%s", grid);
    DO(ln_join_invite(&parent->x, &want, code, &err));
    DO(ln_join_ask(&n->x, region, role, "node", code, &n->link, up, &err));
    return n;
}

/* ---- what happens */

static const char *grid_audience(char out[LN_AUDIENCE_MAX], const struct sim_node *n, char code)
{
    ln_audience_name(out, code, n->region, n->grid, "");
    return out;
}

static void save(struct sim_node *n)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_ADD, .collection = "person" };
    char audience[LN_AUDIENCE_MAX];
    char fields[128];
    char sealed[128];
    unsigned kind = n->role == LN_ROLE_LAPTOP ? 2 : below(4);

    if (sim.n_saves == SAVES)
        return;
    (void)snprintf(fields, sizeof fields, "{\"job\":\"%u\"}", below(1000));
    d.fields = ln_span_of(fields);
    if (kind == 0) { /* for everyone */
        d.collection = "notice";
        d.audience = "public";
        (void)snprintf(fields, sizeof fields, "{\"title\":\"notice %u of %s\"}", below(100000),
                       n->region);
        d.fields = ln_span_of(fields);
    } else if (kind == 1 && n->role == LN_ROLE_COMMUNITY) /* for all above */
        d.audience = grid_audience(audience, n, 'V');
    else
        d.audience = grid_audience(audience, n, 'C');
    if (kind == 3 && !ln_clock_id_zero(&n->last)) { /* a change, maybe beside somebody else's */
        d.op = LN_OP_SET;
        d.record = n->last;
        d.audience = NULL;
    } else if (kind != 0) { /* named so that it can be looked for where it must not be */
        (void)snprintf(sealed, sizeof sealed, "{\"name\":\"secret-of-%s-%u\"}", n->region,
                       below(100000));
        d.sealed = ln_span_of(sealed);
    }
    if (!ln_replica_begin(n->r, &err))
        stop_all("begin", &err);
    if (!ln_replica_save(n->r, &d, 1, &err)) {
        ln_replica_rollback(n->r);
        if (err.code != LN_MISSING && err.code != LN_DENIED)
            stop_all("save", &err);
        return;
    }
    DO(ln_replica_commit(n->r, &err));
    if (d.op == LN_OP_ADD && strcmp(d.collection, "person") == 0) {
        n->last = d.record;
        if (kind == 2 && n->n_some < SOME)
            n->some[n->n_some++] = d.record;
    }
    struct save *s = &sim.saves[sim.n_saves];
    if (d.audience != NULL) {
        *s = (struct save){ .by = n, .id = d.id };
        (void)snprintf(s->audience, sizeof s->audience, "%s", d.audience);
        sim.n_saves++;
    }
}

/* Two records turn out to be one, or do not after all; laptops and their box do it in all
 * directions. */
static void merge_two(struct sim_node *n)
{
    struct sim_node *of = n->role == LN_ROLE_LAPTOP || below(2) == 0 ? n : &sim.nodes[below(NODES)];
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_ALIAS, .collection = "person" };
    char fields[64];
    char to[LN_ID_TEXT + 1];

    if (strcmp(of->region, n->region) != 0 || of->n_some < 2)
        return;
    size_t a = below((unsigned)of->n_some);
    size_t b = below((unsigned)of->n_some);
    d.record = of->some[a];
    ln_clock_id_write(to, &of->some[b]);
    (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\"}", to);
    if (a == b)
        d.op = LN_OP_UNALIAS;
    else
        d.fields = ln_span_of(fields);
    DO(ln_replica_begin(n->r, &err));
    if (!ln_replica_save(n->r, &d, 1, &err)) {
        ln_replica_rollback(n->r);
        if (err.code != LN_MISSING && err.code != LN_DENIED)
            stop_all("merge", &err);
        return;
    }
    DO(ln_replica_commit(n->r, &err));
    sim.merges++;
}

static void sync_node(struct sim_node *n)
{
    struct ln_exchange_report report;
    struct ln_err err = { 0 };

    if (n->client == NULL)
        return;
    sim.syncs++;
    if (!ln_exchange_sync(n->client, &report, &err)) {
        sim.failed_syncs++;
        if (err.code != LN_BUSY && err.code != LN_MISSING)
            stop_all("sync", &err);
    } else if (report.alarm) {
        (void)ln_fail(&err, LN_BROKEN, "heads agree and digests do not, at %s", n->c.id);
        stop_all("sync", &err);
    }
}

static void happen(void)
{
    struct sim_node *n = &sim.nodes[below(NODES)];

    sim.now_ms += below(600000);
    switch (below(12)) {
    case 0:
        close_node(n);
        open_node(n);
        sim.restarts++;
        break;
    case 1:
    case 2:
    case 3:
    case 4:
        sync_node(n);
        break;
    case 5:
        merge_two(n);
        break;
    default:
        save(n);
    }
}

static void seal_root(void)
{
    struct ln_err err = { 0 };
    unsigned segments;
    struct sim_node *root = &sim.nodes[0];

    DO(ln_replica_begin(root->r, &err) && ln_replica_seal(root->r, true, &segments, &err) &&
       ln_replica_commit(root->r, &err));
}

/* The network whole again: everything goes up, then everything down. */
static void settle(void)
{
    sim.lossy = false;
    for (int turn = 0; turn < 8; turn++) {
        sim.now_ms += 60000;
        for (size_t i = NODES; i-- > 0;)
            sync_node(&sim.nodes[i]);
        seal_root();
        for (size_t i = 0; i < NODES; i++)
            sync_node(&sim.nodes[i]);
    }
}

/* ---- what must hold */

static unsigned passed;
static unsigned failed;
static void verdict(bool good, const char *what, unsigned bad)
{
    printf("%s %s", good ? "ok    " : "FAILED", what);
    printf(good ? "\n" : " (%u)\n", bad);
    passed += good;
    failed += !good;
}

static bool is_above(const struct sim_node *upper, const struct sim_node *n)
{
    for (n = n->parent; n != NULL; n = n->parent)
        if (n == upper)
            return true;
    return false;
}

static bool holds(struct sim_node *n, const struct ln_id *id)
{
    struct ln_query *q = ln_db_use(ln_sqlstore_db(n->store), "SELECT 1 FROM change WHERE id = ?");
    struct ln_err err = { 0 };
    bool row = false;

    ln_db_blob(q, id->b, sizeof id->b);
    DO(ln_db_row(q, &row, &err));
    (void)ln_db_end(q);
    return row;
}

static bool member(const struct sim_node *n, const char *audience)
{
    struct ln_audience a;
    const struct ln_cert *c = ln_replica_self(n->r);

    return ln_audience_read(&a, ln_span_of(audience)) &&
           (a.kind == LN_AUD_PUBLIC || ln_audience_member(&a, c));
}

static void check_kept(void)
{
    unsigned missing = 0;

    for (size_t i = 0; i < sim.n_saves; i++) {
        struct save *s = &sim.saves[i];
        missing += !holds(s->by, &s->id);
        for (size_t k = 0; k < NODES; k++)
            if (is_above(&sim.nodes[k], s->by) && member(&sim.nodes[k], s->audience))
                missing += !holds(&sim.nodes[k], &s->id);
    }
    verdict(missing == 0, "every acknowledged change is where it belongs", missing);
}

static void check_private(void)
{
    unsigned leaks = 0;

    for (size_t i = 0; i < sim.n_saves; i++) {
        struct save *s = &sim.saves[i];
        if (strcmp(s->audience, "public") == 0)
            continue;
        for (size_t k = 0; k < NODES; k++)
            if (!member(&sim.nodes[k], s->audience))
                leaks += holds(&sim.nodes[k], &s->id);
    }
    verdict(leaks == 0, "nobody holds a change of an audience he is no member of", leaks);
}

struct sums {
    struct sim_node *n;
    unsigned *differ;
};

static bool compare(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    struct sums *x = ctx;
    struct ln_store_audience other;
    struct ln_store *s = ln_sqlstore_handle(x->n->parent->store);

    if (strcmp(a->name, "public") == 0 || !member(x->n->parent, a->name) || !member(x->n, a->name))
        return true;
    if (!s->ops->audience_get(s->ctx, &other, a->name, err))
        return false;
    *x->differ += memcmp(other.digest.b, a->digest.b, sizeof a->digest.b) != 0;
    return true;
}

static void check_same(void)
{
    unsigned differ = 0;
    struct ln_err err = { 0 };

    for (size_t i = 1; i < NODES; i++) {
        struct sums x = { &sim.nodes[i], &differ };
        struct ln_store *s = ln_sqlstore_handle(sim.nodes[i].store);
        DO(s->ops->audience_each(s->ctx, compare, &x, &err));
    }
    verdict(differ == 0, "child and parent have the same digests", differ);
}

/* Every record that child and parent both hold stands for itself, or behind the same other one, and
 * has a row only in the first case. */
static void check_merged(void)
{
    static const char sql[] = "SELECT r.id, c.rec IS NULL FROM record r LEFT JOIN c_person c ON "
                              "c.rec = r.n WHERE r.coll = 'person' AND r.region IS NOT NULL";
    unsigned differ = 0;
    unsigned merged = 0;
    struct ln_err err = { 0 };

    for (size_t i = 1; i < NODES; i++) {
        struct sim_node *n = &sim.nodes[i];
        struct ln_query *q = ln_db_use(ln_sqlstore_db(n->store), sql);
        for (bool row = true; row;) {
            struct ln_id id;
            struct ln_id mine;
            struct ln_id theirs;
            DO(ln_db_row(q, &row, &err));
            if (!row)
                break;
            ln_db_col_bytes(q, 0, id.b, sizeof id.b);
            DO(ln_alias_root(&mine, ln_sqlstore_handle(n->store), &id, &err));
            merged += ln_clock_compare(&mine, &id) != 0;
            differ += (ln_clock_compare(&mine, &id) != 0) != (ln_db_col_int(q, 1) != 0);
            if (!holds(n->parent, &id))
                continue;
            DO(ln_alias_root(&theirs, ln_sqlstore_handle(n->parent->store), &id, &err));
            differ += ln_clock_compare(&mine, &theirs) != 0;
        }
    }
    printf("%u merges, %u records behind others\n", sim.merges, merged);
    verdict(differ == 0, "child and parent know the same records as one", differ);
}

static void check_logs(void)
{
    unsigned bad = 0;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < NODES; i++) {
        struct ln_verify_report report;
        DO(ln_replica_verify(sim.nodes[i].r, &report, NULL, NULL, &err));
        bad += (unsigned)report.bad;
    }
    verdict(bad == 0, "verify finds nothing wrong on any node", bad);
}

static void check_sent(void)
{
    unsigned waiting = 0;
    struct ln_err err = { 0 };

    for (size_t i = 1; i < NODES; i++) {
        struct ln_store_log l;
        struct ln_store *s = ln_sqlstore_handle(sim.nodes[i].store);
        DO(s->ops->log_get(s->ctx, &l, sim.nodes[i].c.id, &err));
        waiting += l.n > 0 && l.receipt != l.head;
    }
    verdict(waiting == 0, "every node has its parent's receipt for all it wrote", waiting);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 4000;
    char region[16];

    randombytes_set_implementation(&rng);
    sim.state = seed;
    sim.now_ms = INT64_C(1795400000000);
    test_start();
    struct sim_node *root = add_node(NULL, "330000000000", LN_ROLE_PROVINCE, "");
    for (unsigned d = 0; d < DISTRICTS; d++) {
        (void)snprintf(region, sizeof region, "3301%02u000000", 2 + d);
        struct sim_node *district = add_node(root, region, LN_ROLE_DISTRICT, "");
        for (unsigned c = 0; c < COMMUNITIES; c++) {
            (void)snprintf(region, sizeof region, "3301%02u0050%02u", 2 + d, 10 + c);
            struct sim_node *box = add_node(district, region, LN_ROLE_COMMUNITY, "");
            if (d == 0 && c < LAPTOPS)
                (void)add_node(box, region, LN_ROLE_LAPTOP, "01");
        }
    }
    for (size_t i = 5; i < NODES;
         i += 9) /* clocks that were never set, that run late, that live in 2031 */
        sim.nodes[i].skew_ms = i % 2 == 0   ? INT64_C(141912000000)
                               : i % 3 == 0 ? -sim.now_ms + 5000
                                            : -INT64_C(7200000);
    sim.lossy = true;
    for (unsigned i = 0; i < rounds; i++)
        happen();
    settle();
    printf("seed %" PRIu64
           ": %d nodes, %zu saves, %u syncs (%u failed), %u messages lost, %u restarts\n",
           seed, NODES, sim.n_saves, sim.syncs, sim.failed_syncs, sim.lost, sim.restarts);
    check_kept();
    check_private();
    check_same();
    check_sent();
    check_merged();
    check_logs();
    for (size_t i = 0; i < NODES; i++) {
        close_node(&sim.nodes[i]);
        test_rmdir(sim.nodes[i].dir);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
