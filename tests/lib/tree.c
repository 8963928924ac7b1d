/* Replicas for tests: see tree.h. */
#include "tests/lib/tree.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"

int64_t clock_ms;
static int64_t now(void *ctx)
{
    (void)ctx;
    return clock_ms += 3;
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
static const struct ln_env ENV = { NULL, now, trusted, NULL, fill };

void box_open(struct box *b)
{
    struct ln_err err = { 0 };

    MUST(ln_sqlstore_open(&b->store, b->dir, &test_schema, LN_DB_WRITE, &err));
    MUST(ln_db_exec(ln_sqlstore_db(b->store), "PRAGMA synchronous=OFF", &err));
    b->c.store = ln_sqlstore_handle(b->store);
    MUST(ln_replica_open(&b->r, &b->c, &err));
}

void box_new(struct box *b, const char *region)
{
    struct ln_pubkey pub;
    struct ln_ident recovery;

    *b = (struct box){ .c = { .env = &ENV, .schema = &test_schema } };
    test_mkdir(b->dir);
    ln_key_make(&b->c.key, &pub);
    ln_key_ident_make(&b->c.ident);
    ln_key_ident_make(&recovery);
    ln_key_ident_public(&b->c.recovery, &recovery);
    ln_key_node_id(b->c.id, region, &pub);
    box_open(b);
}

void box_shut(struct box *b)
{
    ln_replica_close(b->r);
    ln_sqlstore_close(b->store);
}

void box_end(struct box *b)
{
    box_shut(b);
    test_rmdir(b->dir);
}

void found(struct box *b, const char *region, enum ln_role role)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_found(b->r, region, role, "root", &err));
    MUST(ln_replica_commit(b->r, &err));
}

struct chain {
    struct ln_span f[32];
    char *author[32];
    size_t n;
};
static bool take_chain(void *ctx, const char *author, bool revoke, struct ln_span f,
                       struct ln_err *err)
{
    struct chain *c = ctx;

    (void)err;
    if (revoke)
        return true;
    c->f[c->n] = (struct ln_span){ ln_strndup(f.p, f.len), f.len };
    c->author[c->n++] = ln_strdup(author);
    return true;
}

void adopt(struct box *from, struct box *to)
{
    struct ln_err err = { 0 };
    struct chain chain = { .n = 0 };
    struct ln_store *s = from->c.store;

    MUST(s->ops->cert_each(s->ctx, take_chain, &chain, &err));
    MUST(ln_replica_begin(to->r, &err));
    MUST(ln_replica_adopt(to->r, chain.f, (const char *const *)chain.author, chain.n, &err));
    MUST(ln_replica_commit(to->r, &err));
    for (size_t i = 0; i < chain.n; i++) {
        ln_free((void *)(uintptr_t)chain.f[i].p);
        ln_free(chain.author[i]);
    }
}

void enrol_as(struct box *parent, struct box *child, const char *region, const struct ln_cert *as)
{
    struct ln_err err = { 0 };
    struct ln_cert want = *as;
    struct ln_buf f = ln_buf_new(65536);

    ln_key_public(&want.key, &child->c.key);
    ln_key_ident_public(&want.age, &child->c.ident);
    (void)snprintf(want.region, sizeof want.region, "%s", region);
    (void)snprintf(want.node, sizeof want.node, "%s", child->c.id);
    (void)snprintf(want.name, sizeof want.name, "child");
    MUST(ln_replica_begin(parent->r, &err));
    MUST(ln_replica_issue(parent->r, &f, &want, &err));
    MUST(ln_replica_commit(parent->r, &err));
    adopt(parent, child);
    ln_buf_free(&f);
}

void enrol(struct box *parent, struct box *child, const char *region, enum ln_role role,
           const char *grid)
{
    struct ln_cert want = { .role = role };

    if (grid != NULL)
        (void)snprintf(want.grids[want.n_grids++], 16, "%s", grid);
    enrol_as(parent, child, region, &want);
}

void seal(struct box *b)
{
    struct ln_err err = { 0 };
    unsigned n;

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_seal(b->r, true, &n, &err));
    MUST(ln_replica_commit(b->r, &err));
}

uint64_t head(struct box *b, const char *log)
{
    struct ln_store_log l;
    struct ln_err err = { 0 };

    MUST(b->c.store->ops->log_get(b->c.store->ctx, &l, log, &err));
    return l.n > 0 ? l.head : 0;
}

#define WELL(ok)                                                                                   \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            fail_msg("%s: %s", #ok, err->text);                                                    \
    } while (0)

enum ln_code carry(struct box *from, struct box *to, const char *log, struct ln_err *err)
{
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    uint64_t last;
    bool ok;

    WELL(ln_replica_slice(
        &pack, &last, from->c.store, ln_replica_authority(from->r), log, head(to, log) + 1,
        ln_authority_find(ln_replica_authority(from->r), to->c.id), LN_PACK_MAX, err));
    WELL(ln_replica_begin(to->r, err));
    ok = ln_replica_receive(to->r, &got, log, pack.data, pack.len, ln_replica_self(from->r), err);
    if (ok)
        WELL(ln_replica_commit(to->r, err));
    else
        ln_replica_rollback(to->r);
    if (ok && got.receipted && strcmp(log, from->c.id) == 0) {
        WELL(ln_replica_begin(from->r, err));
        WELL(ln_replica_receipt(from->r, (struct ln_span){ got.receipt.data, got.receipt.len },
                                got.receipt.data, got.receipt.len, err));
        WELL(ln_replica_commit(from->r, err));
    }
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    return ok ? LN_OK : err->code;
}

struct ln_id add(struct box *b, const char *coll, const char *audience, const char *fields,
                 const char *sealed)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_ADD, .collection = coll, .audience = audience };

    if (fields != NULL)
        d.fields = ln_span_of(fields);
    if (sealed != NULL)
        d.sealed = ln_span_of(sealed);
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_save(b->r, &d, 1, &err));
    MUST(ln_replica_commit(b->r, &err));
    return d.record;
}

bool draft(struct box *b, struct ln_draft *d, struct ln_err *err)
{
    bool ok = ln_replica_begin(b->r, err) && ln_replica_save(b->r, d, 1, err);

    if (ok)
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

void set(struct box *b, const char *coll, const struct ln_id *rec, const char *fields,
         const char *sealed)
{
    struct ln_err err = { 0 };
    struct ln_draft d = { .op = LN_OP_SET, .collection = coll, .record = *rec };

    if (fields != NULL)
        d.fields = ln_span_of(fields);
    if (sealed != NULL)
        d.sealed = ln_span_of(sealed);
    MUST(draft(b, &d, &err));
}

void cell(char out[128], struct box *b, const char *sql, const struct ln_id *rec)
{
    struct ln_db *db = ln_sqlstore_db(b->store);
    struct ln_query *q = ln_db_use(db, sql);
    struct ln_err err = { 0 };
    bool row;

    out[0] = '\0';
    ln_db_blob(q, rec->b, sizeof rec->b);
    MUST(ln_db_row(q, &row, &err));
    if (row)
        ln_db_col_copy(q, 0, out, 128);
    (void)ln_db_end(q);
}

struct ln_digest digest(struct box *b, const char *audience)
{
    struct ln_store_audience a;
    struct ln_err err = { 0 };

    MUST(b->c.store->ops->audience_get(b->c.store->ctx, &a, audience, &err));
    return a.digest;
}

static bool take_key(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct box **pair = ctx;
    struct ln_key_item copy = *k;

    return ln_replica_key_put(pair[1]->r, ln_replica_self(pair[0]->r), &copy, err) &&
           ln_replica_keys_sent(pair[0]->r, &copy, 1, err);
}

void keys(struct box *from, struct box *to)
{
    struct ln_err err = { 0 };
    struct box *pair[] = { from, to };

    MUST(ln_replica_begin(from->r, &err));
    MUST(ln_replica_begin(to->r, &err));
    MUST(ln_replica_keys_pending(from->r, 512, take_key, pair, &err));
    MUST(ln_replica_commit(from->r, &err));
    MUST(ln_replica_commit(to->r, &err));
}

void tree_new(struct tree *t)
{
    clock_ms = INT64_C(1795400000000);
    box_new(&t->prov, "330000000000");
    box_new(&t->dist, "330106000000");
    box_new(&t->comm, "330106005055");
    found(&t->prov, "330000000000", LN_ROLE_PROVINCE);
    enrol(&t->prov, &t->dist, "330106000000", LN_ROLE_DISTRICT, NULL);
    enrol(&t->dist, &t->comm, "330106005055", LN_ROLE_COMMUNITY, NULL);
    (void)snprintf(t->down, sizeof t->down, "%s.330106005055", t->dist.c.id);
    (void)snprintf(t->down2, sizeof t->down2, "%s.330106000000", t->prov.c.id);
}

void tree_end(struct tree *t)
{
    box_end(&t->comm);
    box_end(&t->dist);
    box_end(&t->prov);
}

void sync_all(struct tree *t)
{
    struct ln_err err = { 0 };

    for (int turn = 0; turn < 2; turn++) {
        seal(&t->comm);
        keys(&t->comm, &t->dist);
        MUST(carry(&t->comm, &t->dist, t->comm.c.id, &err) == LN_OK);
        seal(&t->dist);
        keys(&t->dist, &t->prov);
        MUST(carry(&t->dist, &t->prov, t->dist.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, &t->prov, t->down, &err) == LN_OK);
        MUST(carry(&t->dist, &t->prov, t->comm.c.id, &err) == LN_OK);
        seal(&t->prov);
        MUST(carry(&t->prov, &t->dist, t->prov.c.id, &err) == LN_OK);
        MUST(carry(&t->prov, &t->dist, t->down2, &err) == LN_OK);
        MUST(carry(&t->dist, &t->comm, t->prov.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, &t->comm, t->down2, &err) == LN_OK);
        MUST(carry(&t->dist, &t->comm, t->dist.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, &t->comm, t->down, &err) == LN_OK);
    }
}
