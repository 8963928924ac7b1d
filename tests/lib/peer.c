/* Nodes for tests: see peer.h. */
#include "tests/lib/peer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the world of one node */

static int64_t now(void *ctx)
{
    struct peer *p = ctx;

    return *p->clock += 3;
}

static bool trusted(void *ctx)
{
    (void)ctx;
    return true;
}

static void fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    randombytes_buf(out, len);
}

bool peer_write(struct peer *p, ln_write_job *job, void *arg, struct ln_err *err)
{
    if (!ln_replica_begin(p->r, err))
        return false;
    if (job(arg, p->r, err))
        return ln_replica_commit(p->r, err);
    ln_replica_rollback(p->r);
    return false;
}

static bool do_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    return peer_write(ctx, job, arg, err);
}

static bool do_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct peer *p = ctx;

    return job(arg, ln_sqlstore_handle(p->store), ln_replica_authority(p->r), err);
}

static bool call(void *ctx, const struct ln_message *request, struct ln_message *response,
                 struct ln_err *err)
{
    struct peer *p = ctx;

    p->calls++;
    if (p->up == NULL)
        return ln_fail(err, LN_BUSY, "out of reach");
    ln_message_free(response);
    ln_exchange_serve(p->up->server, request, response);
    return true;
}

static void open_peer(struct peer *p)
{
    struct ln_err err = { 0 };

    MUST(ln_sqlstore_open(&p->store, p->dir, p->schema, LN_DB_WRITE, &err));
    MUST(ln_db_exec(ln_sqlstore_db(p->store), "PRAGMA synchronous=OFF", &err));
    p->c.store = ln_sqlstore_handle(p->store);
    p->c.schema = p->schema;
    unsigned learnt;
    MUST(ln_replica_open(&p->r, &p->c, &err));
    MUST(ln_replica_begin(p->r, &err) && ln_replica_learn(p->r, &learnt, &err) &&
         ln_replica_commit(p->r, &err));
    p->access = (struct ln_access){ .ctx = p, .write = do_write, .read = do_read };
    p->x = (struct ln_exchange_config){ .access = &p->access,
                                        .env = &p->env,
                                        .self = p->c.id,
                                        .key = p->c.key,
                                        .ident = p->c.ident,
                                        .carry = true };
    p->server = ln_exchange_server_new(&p->x);
    p->link = (struct ln_link){ p, call };
    p->client = ln_exchange_client_new(&p->x, &p->link);
}

static void close_peer(struct peer *p)
{
    ln_exchange_client_free(p->client);
    ln_exchange_server_free(p->server);
    ln_replica_close(p->r);
    ln_sqlstore_close(p->store);
}

static void make_peer(struct peer *p, int64_t *clock, struct peer *parent, const char *region,
                      enum ln_role role, const struct ln_ident *paper)
{
    struct ln_pubkey pub;

    *p = (struct peer){ .role = role, .up = parent, .clock = clock, .schema = &test_schema };
    (void)snprintf(p->region, sizeof p->region, "%s", region);
    p->env = (struct ln_env){ p, now, trusted, NULL, fill };
    p->c = (struct ln_replica_config){ .env = &p->env };
    test_mkdir(p->dir);
    ln_key_make(&p->c.key, &pub);
    ln_key_ident_make(&p->c.ident);
    ln_key_ident_public(&p->c.recovery, paper);
    ln_key_node_id(p->c.id, region, &pub);
    open_peer(p);
}

static void join(struct peer *p, struct ln_invite *want)
{
    struct ln_err err = { 0 };
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];

    memcpy(want->region, p->region, sizeof want->region);
    MUST(ln_join_invite(&p->up->x, want, code, &err));
    MUST(ln_join_ask(&p->x, p->region, p->role, "node", code, &p->link, up, &err));
}

void peer_new(struct peer *p, int64_t *clock, struct peer *parent, const char *region,
              enum ln_role role, const char *grids)
{
    struct ln_ident recovery;
    struct ln_invite want = { .role = role };
    struct ln_err err = { 0 };

    ln_key_ident_make(&recovery);
    make_peer(p, clock, parent, region, role, &recovery);
    if (parent == NULL) {
        MUST(ln_replica_begin(p->r, &err));
        MUST(ln_replica_found(p->r, region, role, "root", &err));
        MUST(ln_replica_commit(p->r, &err));
        return;
    }
    while (grids[0] != '\0') {
        size_t len = strcspn(grids, ",");
        (void)snprintf(want.grids[want.n_grids++], sizeof want.grids[0], "%.*s", (int)len, grids);
        grids += len + (grids[len] == ',');
    }
    join(p, &want);
}

void peer_heir(struct peer *p, struct peer *old, const struct ln_ident *paper)
{
    struct ln_invite want = { .role = old->role };

    memcpy(want.continues, old->c.id, sizeof want.continues);
    make_peer(p, old->clock, old->up, old->region, old->role, paper);
    join(p, &want);
}

static bool paper_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)err;
    ln_replica_paper(r, arg);
    return true;
}

void peer_paper(struct peer *p, struct ln_ident *paper)
{
    struct ln_err err = { 0 };

    MUST(peer_write(p, paper_job, paper, &err));
}

static bool inherit_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_inherit(r, arg, err);
}

unsigned peer_inherit(struct peer *p)
{
    struct ln_err err = { 0 };
    unsigned n = 0;

    MUST(peer_write(p, inherit_job, &n, &err));
    return n;
}

void peer_move(struct peer *p, struct peer *parent)
{
    struct ln_invite want = { .role = p->role };

    p->up = parent;
    join(p, &want);
}

void peer_end(struct peer *p)
{
    close_peer(p);
    test_rmdir(p->dir);
}

void peer_reopen(struct peer *p, const struct ln_schema *schema)
{
    close_peer(p);
    p->schema = schema;
    open_peer(p);
}

void peer_image(struct peer *p, bool back)
{
    char command[256];

    close_peer(p);
    if (back)
        (void)snprintf(command, sizeof command, "cd %s && rm linli.db* keys.db* && cp kept/*.db .",
                       p->dir);
    else
        (void)snprintf(command, sizeof command, "cd %s && mkdir -p kept && cp *.db kept", p->dir);
    assert_int_equal(system(command), 0);
    open_peer(p);
}

bool peer_try(struct peer *p, struct ln_exchange_report *out, struct ln_err *err)
{
    struct ln_exchange_report mine;

    return ln_exchange_sync(p->client, out != NULL ? out : &mine, err);
}

void peer_sync(struct peer *p, struct ln_exchange_report *out)
{
    struct ln_err err = { 0 };

    MUST(peer_try(p, out, &err));
}

bool peer_past(struct peer *p, struct peer *upper, struct ln_exchange_report *out,
               struct ln_err *err)
{
    struct peer *up = p->up;
    struct ln_exchange_client *c = ln_exchange_client_new(&p->x, &p->link);

    p->up = upper;
    ln_exchange_client_past(c);
    bool ok = ln_exchange_sync(c, out, err);
    ln_exchange_client_free(c);
    p->up = up;
    return ok;
}

static bool seal_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_seal(r, true, arg, err);
}

void peer_seal(struct peer *p)
{
    struct ln_err err = { 0 };
    unsigned n;

    MUST(peer_write(p, seal_job, &n, &err));
}

static bool save_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_save(r, arg, 1, err);
}

struct ln_id peer_add(struct peer *p, const char *coll, const char *audience, const char *fields,
                      const char *sealed)
{
    struct ln_draft d = { .op = LN_OP_ADD, .collection = coll, .audience = audience };
    struct ln_err err = { 0 };

    if (fields != NULL)
        d.fields = ln_span_of(fields);
    if (sealed != NULL)
        d.sealed = ln_span_of(sealed);
    MUST(peer_write(p, save_job, &d, &err));
    return d.record;
}

bool peer_set(struct peer *p, const char *coll, const struct ln_id *rec, const char *fields,
              struct ln_err *err)
{
    struct ln_draft d = {
        .op = LN_OP_SET, .collection = coll, .record = *rec, .fields = ln_span_of(fields)
    };

    return peer_write(p, save_job, &d, err);
}

const char *peer_cell(struct peer *p, const char *coll, const char *field, const struct ln_id *rec)
{
    static char text[256];
    char sql[256];
    struct ln_err err = { 0 };
    bool row;

    text[0] = '\0';
    (void)snprintf(sql, sizeof sql,
                   "SELECT \"%s\" FROM \"c_%s\" JOIN record ON n = rec WHERE id = ?", field, coll);
    struct ln_db *db = ln_sqlstore_db(p->store);
    struct ln_query *q = ln_db_use(db, ln_db_keep(db, sql, strlen(sql)));
    ln_db_blob(q, rec->b, sizeof rec->b);
    MUST(ln_db_row(q, &row, &err));
    if (row)
        ln_db_col_copy(q, 0, text, sizeof text);
    if (row)
        (void)ln_db_end(q);
    return text;
}

uint64_t peer_head(struct peer *p)
{
    struct ln_store_log l = { 0 };
    struct ln_err err = { 0 };

    MUST(p->c.store->ops->log_get(p->c.store->ctx, &l, p->c.id, &err));
    return l.head;
}

static bool rebuild_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rebuild(r, NULL, arg, err);
}

void peer_rebuild(struct peer *p)
{
    struct ln_err err = { 0 };

    MUST(peer_write(p, rebuild_job, NULL, &err));
}

struct ln_digest peer_digest(struct peer *p, const char *audience)
{
    struct ln_store_audience a = { 0 };
    struct ln_err err = { 0 };

    MUST(p->c.store->ops->audience_get(p->c.store->ctx, &a, audience, &err));
    return a.digest;
}

unsigned peer_changes(struct peer *p, const char *audience)
{
    struct ln_query *q =
        ln_db_use(ln_sqlstore_db(p->store), "SELECT count(*) FROM change c JOIN audience a ON a.n ="
                                            " c.audience WHERE a.name = ? AND c.state = 0");
    struct ln_err err = { 0 };
    unsigned n = 0;
    bool row;

    ln_db_text(q, audience);
    MUST(ln_db_row(q, &row, &err));
    if (row)
        n = (unsigned)ln_db_col_int(q, 0);
    (void)ln_db_end(q);
    return n;
}
