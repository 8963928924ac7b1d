/* Bugs on purpose, each in the place of a function that ships (the linker's --wrap: the shipping
 * objects know nothing of it). SIM_PLANT=<number> chooses. Each must be found. */
#include "crypto/base/alloc.h"
#include "node/store/sqlstore_core.h"
#include "sync/batch.h"
#include "sync/keys.h"
#include "sync/replica_checkpoint.h"
#include "sync/replica_core.h"
#include "tests/sim/sim.h"

void sim_plant(unsigned n);
static unsigned planted;
void sim_plant(unsigned n)
{
    planted = n;
}

/* 1 anybody may write anything */
bool __real_ln_authority_may(const struct ln_authority *a, const struct ln_cert *c,
                             const struct ln_change *line, const struct ln_audience *aud,
                             const char **why);
bool __wrap_ln_authority_may(const struct ln_authority *a, const struct ln_cert *c,
                             const struct ln_change *line, const struct ln_audience *aud,
                             const char **why);
bool __wrap_ln_authority_may(const struct ln_authority *a, const struct ln_cert *c,
                             const struct ln_change *line, const struct ln_audience *aud,
                             const char **why)
{
    return planted == 1 || __real_ln_authority_may(a, c, line, aud, why);
}

/* 2 a revocation is taken and not heeded */
bool __real_ln_authority_revoke(struct ln_authority *a, const char *author, struct ln_span f,
                                struct ln_err *err);
bool __wrap_ln_authority_revoke(struct ln_authority *a, const char *author, struct ln_span f,
                                struct ln_err *err);
bool __wrap_ln_authority_revoke(struct ln_authority *a, const char *author, struct ln_span f,
                                struct ln_err *err)
{
    return planted == 2 || __real_ln_authority_revoke(a, author, f, err);
}

/* 3 ids follow the wall clock, wherever it jumps */
int64_t __real_ln_clock_next(struct ln_clock *c, int64_t now_ms);
int64_t __wrap_ln_clock_next(struct ln_clock *c, int64_t now_ms);
int64_t __wrap_ln_clock_next(struct ln_clock *c, int64_t now_ms)
{
    if (planted == 3)
        c->last = 0;
    return __real_ln_clock_next(c, now_ms);
}
struct ln_id __real_ln_clock_id(struct ln_clock *c, const struct ln_env *env);
struct ln_id __wrap_ln_clock_id(struct ln_clock *c, const struct ln_env *env);
struct ln_id __wrap_ln_clock_id(struct ln_clock *c, const struct ln_env *env)
{
    if (planted == 3)
        c->last = 0;
    return __real_ln_clock_id(c, env);
}

/* 4 every box belongs to every audience */
bool __real_ln_audience_member(const struct ln_audience *a, const struct ln_cert *c);
bool __wrap_ln_audience_member(const struct ln_audience *a, const struct ln_cert *c);
bool __wrap_ln_audience_member(const struct ln_audience *a, const struct ln_cert *c)
{
    return (planted == 4 && c->role != LN_ROLE_LAPTOP) || __real_ln_audience_member(a, c);
}

/* 5 a segment may be signed by anybody who has a key at all */
bool __real_ln_segment_read(struct ln_segment *out, const void *commit, size_t len,
                            const struct ln_pubkey *key, struct ln_err *err);
bool __wrap_ln_segment_read(struct ln_segment *out, const void *commit, size_t len,
                            const struct ln_pubkey *key, struct ln_err *err);
bool __wrap_ln_segment_read(struct ln_segment *out, const void *commit, size_t len,
                            const struct ln_pubkey *key, struct ln_err *err)
{
    bool ok = __real_ln_segment_read(out, commit, len, key, err);

    for (size_t i = 0; planted == 5 && !ok && i < sim->n; i++) {
        struct ln_pubkey other;
        ln_key_public(&other, &sim->nodes[i]->c.key);
        ok = __real_ln_segment_read(out, commit, len, &other, err);
    }
    return ok;
}

/* 6 a nonce is good for ever */
bool __real_ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s,
                          struct ln_err *err);
bool __wrap_ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s,
                          struct ln_err *err);
bool __wrap_ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s, struct ln_err *err)
{
    return planted == 6 || __real_ln_nonces_use(n, nonce, now_s, err);
}

/* 7 a commit that failed is told to be done */
bool __real_ln_replica_commit(struct ln_replica *r, struct ln_err *err);
bool __wrap_ln_replica_commit(struct ln_replica *r, struct ln_err *err);
bool __wrap_ln_replica_commit(struct ln_replica *r, struct ln_err *err)
{
    bool ok = __real_ln_replica_commit(r, err);

    return ok || (planted == 7 && err->code == LN_FULL);
}

/* 8 a second value of a field is dropped in silence */
bool __real_ln_merge_derive(struct ln_merged *out, const struct ln_coll *coll,
                            const struct ln_merge_in *in, size_t n, struct ln_err *err);
bool __wrap_ln_merge_derive(struct ln_merged *out, const struct ln_coll *coll,
                            const struct ln_merge_in *in, size_t n, struct ln_err *err);
bool __wrap_ln_merge_derive(struct ln_merged *out, const struct ln_coll *coll,
                            const struct ln_merge_in *in, size_t n, struct ln_err *err)
{
    bool ok = __real_ln_merge_derive(out, coll, in, n, err);

    if (planted == 8)
        out->conflicts = 0;
    return ok;
}
bool __real_ln_merge_add(struct ln_merged *m, const struct ln_coll *coll,
                         const struct ln_merge_in *in, struct ln_err *err);
bool __wrap_ln_merge_add(struct ln_merged *m, const struct ln_coll *coll,
                         const struct ln_merge_in *in, struct ln_err *err);
bool __wrap_ln_merge_add(struct ln_merged *m, const struct ln_coll *coll,
                         const struct ln_merge_in *in, struct ln_err *err)
{
    bool ok = __real_ln_merge_add(m, coll, in, err);

    if (planted == 8)
        m->conflicts = 0;
    return ok;
}

/* 9 a digest leaves out one change in fifty */
void __real_ln_digest_add(struct ln_digest *d, const struct ln_id *id, int64_t effective,
                          bool refused);
void __wrap_ln_digest_add(struct ln_digest *d, const struct ln_id *id, int64_t effective,
                          bool refused);
void __wrap_ln_digest_add(struct ln_digest *d, const struct ln_id *id, int64_t effective,
                          bool refused)
{
    static unsigned count;

    if (planted != 9 || ++count % 50 != 0)
        __real_ln_digest_add(d, id, effective, refused);
}

/* 20 a key that was erased is taken again when it comes once more */
static void forget_gone(const char *kid)
{
    struct ln_sqlstore *s = sim->at[sim->depth - 1]->store;
    struct ln_err err = { 0 };

    (void)!ln_sqlstore_keys_begin(s, &err);
    struct ln_query *q = ln_db_use(s->keys, "DELETE FROM gone WHERE kid = ?");
    ln_db_text(q, kid);
    (void)!ln_db_run(q, &err);
    q = ln_db_use(s->db, "DELETE FROM meta WHERE key LIKE 'gone/%'"); /* of the person, too */
    (void)!ln_db_run(q, &err);
}

/* 10 keys are thanked for and thrown away */
bool __real_ln_replica_key_put(struct ln_replica *r, const struct ln_cert *from,
                               const struct ln_key_item *k, struct ln_err *err);
bool __wrap_ln_replica_key_put(struct ln_replica *r, const struct ln_cert *from,
                               const struct ln_key_item *k, struct ln_err *err);
bool __wrap_ln_replica_key_put(struct ln_replica *r, const struct ln_cert *from,
                               const struct ln_key_item *k, struct ln_err *err)
{
    static unsigned count;

    if (planted == 20)
        forget_gone(k->kid);
    return (planted == 10 && ++count % 8 == 0) || __real_ln_replica_key_put(r, from, k, err);
}

/* 11 one line in two hundred is lost on its way into a record */
void __real_ln_batch_add(struct ln_batch *b, const struct ln_batch_line *l);
void __wrap_ln_batch_add(struct ln_batch *b, const struct ln_batch_line *l);
void __wrap_ln_batch_add(struct ln_batch *b, const struct ln_batch_line *l)
{
    static unsigned count;

    if (planted != 11 || ++count % 200 != 0)
        __real_ln_batch_add(b, l);
}

/* 12 a record that was given up is shown beside the one that stands for it */
bool __real_ln_alias_root(struct ln_id *root, struct ln_store *s, const struct ln_id *id,
                          struct ln_err *err);
bool __wrap_ln_alias_root(struct ln_id *root, struct ln_store *s, const struct ln_id *id,
                          struct ln_err *err);
bool __wrap_ln_alias_root(struct ln_id *root, struct ln_store *s, const struct ln_id *id,
                          struct ln_err *err)
{
    static unsigned count;

    if (planted == 12 && ++count % 3 == 0) {
        *root = *id;
        return true;
    }
    return __real_ln_alias_root(root, s, id, err);
}

/* 13 the answer of a parent is believed without its signature */
bool __real_ln_message_check_answer(const struct ln_message *m, const struct ln_message *request,
                                    const struct ln_pubkey *key, int64_t *created_s,
                                    struct ln_err *err);
bool __wrap_ln_message_check_answer(const struct ln_message *m, const struct ln_message *request,
                                    const struct ln_pubkey *key, int64_t *created_s,
                                    struct ln_err *err);
bool __wrap_ln_message_check_answer(const struct ln_message *m, const struct ln_message *request,
                                    const struct ln_pubkey *key, int64_t *created_s,
                                    struct ln_err *err)
{
    if (__real_ln_message_check_answer(m, request, key, created_s, err))
        return true;
    *created_s = sim->now_ms / 1000;
    return planted == 13;
}

/* 14 a request is obeyed though its signature is not good */
bool __real_ln_message_check(const struct ln_message *m, const struct ln_pubkey *key,
                             struct ln_err *err);
bool __wrap_ln_message_check(const struct ln_message *m, const struct ln_pubkey *key,
                             struct ln_err *err);
bool __wrap_ln_message_check(const struct ln_message *m, const struct ln_pubkey *key,
                             struct ln_err *err)
{
    return planted == 14 || __real_ln_message_check(m, key, err);
}

/* 15 one receipt in forty is not written down for the others */
bool __real_ln_replica_say(struct ln_replica *r, const char *log, const char *collection,
                           struct ln_span f, struct ln_err *err);
bool __wrap_ln_replica_say(struct ln_replica *r, const char *log, const char *collection,
                           struct ln_span f, struct ln_err *err);
bool __wrap_ln_replica_say(struct ln_replica *r, const char *log, const char *collection,
                           struct ln_span f, struct ln_err *err)
{
    static unsigned count;

    if (planted == 15 && strcmp(collection, "receipt") == 0 && ++count % 40 == 0)
        return true;
    return __real_ln_replica_say(r, log, collection, f, err);
}

/* 16 a fork is refused, and its evidence thrown away */
bool __real_ln_replica_receive(struct ln_replica *r, struct ln_receive *out, const char *log,
                               const void *pack, size_t len, const struct ln_cert *from,
                               struct ln_err *err);
bool __wrap_ln_replica_receive(struct ln_replica *r, struct ln_receive *out, const char *log,
                               const void *pack, size_t len, const struct ln_cert *from,
                               struct ln_err *err);
bool __wrap_ln_replica_receive(struct ln_replica *r, struct ln_receive *out, const char *log,
                               const void *pack, size_t len, const struct ln_cert *from,
                               struct ln_err *err)
{
    bool ok = __real_ln_replica_receive(r, out, log, pack, len, from, err);

    while (planted == 16 && r->forks != NULL) {
        struct ln_fork *f = r->forks;
        r->forks = f->next;
        ln_free(f);
    }
    return ok;
}

/* 17 a checkpoint leaves out one head in twelve */
static unsigned making;
bool __real_ln_replica_checkpoint(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                                  struct ln_checkpoint_item *out, struct ln_err *err);
bool __wrap_ln_replica_checkpoint(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                                  struct ln_checkpoint_item *out, struct ln_err *err);
bool __wrap_ln_replica_checkpoint(struct ln_replica *r, const char *log, int64_t before_s, bool dry,
                                  struct ln_checkpoint_item *out, struct ln_err *err)
{
    making++;
    bool ok = __real_ln_replica_checkpoint(r, log, before_s, dry, out, err);
    making--;
    return ok;
}
bool __real_ln_merge_unpack(struct ln_merged *out, const void *data, size_t len,
                            struct ln_err *err);
bool __wrap_ln_merge_unpack(struct ln_merged *out, const void *data, size_t len,
                            struct ln_err *err);
bool __wrap_ln_merge_unpack(struct ln_merged *out, const void *data, size_t len, struct ln_err *err)
{
    static unsigned count;
    bool ok = __real_ln_merge_unpack(out, data, len, err);

    if (planted == 17 && making > 0 && ++count % 12 == 0)
        ln_merge_free(out);
    return ok;
}

/* 18 a box that begins with a checkpoint misses one line in ten of it */
bool __real_ln_replica_apply_one(struct ln_apply *x, const struct ln_carried *c,
                                 const char *audience, struct ln_err *err);
bool __wrap_ln_replica_apply_one(struct ln_apply *x, const struct ln_carried *c,
                                 const char *audience, struct ln_err *err);
bool __wrap_ln_replica_apply_one(struct ln_apply *x, const struct ln_carried *c,
                                 const char *audience, struct ln_err *err)
{
    static unsigned count;

    return (planted == 18 && ++count % 10 == 0) || __real_ln_replica_apply_one(x, c, audience, err);
}

/* 19 what was replaced behind a checkpoint counts again */
bool __real_ln_merge_units(const struct ln_change *c, const struct ln_coll *coll,
                           ln_merge_unit_fn *fn, void *ctx, struct ln_err *err);
bool __wrap_ln_merge_units(const struct ln_change *c, const struct ln_coll *coll,
                           ln_merge_unit_fn *fn, void *ctx, struct ln_err *err);
bool __wrap_ln_merge_units(const struct ln_change *c, const struct ln_coll *coll,
                           ln_merge_unit_fn *fn, void *ctx, struct ln_err *err)
{
    return (planted == 19 && making > 0) || __real_ln_merge_units(c, coll, fn, ctx, err);
}

/* 21 an erasure is signed for and rows stay as they were */
static unsigned erasing;
bool __real_ln_replica_erase_due(struct ln_replica *r, unsigned *n, struct ln_err *err);
bool __wrap_ln_replica_erase_due(struct ln_replica *r, unsigned *n, struct ln_err *err);
bool __wrap_ln_replica_erase_due(struct ln_replica *r, unsigned *n, struct ln_err *err)
{
    erasing++;
    bool ok = __real_ln_replica_erase_due(r, n, err);
    erasing--;
    return ok;
}
bool __real_ln_batch_derive(struct ln_batch *b, const struct ln_id *records, size_t n,
                            struct ln_err *err);
bool __wrap_ln_batch_derive(struct ln_batch *b, const struct ln_id *records, size_t n,
                            struct ln_err *err);
bool __wrap_ln_batch_derive(struct ln_batch *b, const struct ln_id *records, size_t n,
                            struct ln_err *err)
{
    return (planted == 21 && erasing > 0) || __real_ln_batch_derive(b, records, n, err);
}
