/* A node whose key is good and whose messages are not, towards a real replica on either side. First
 * byte, modulo 8: 0 heads, 1 keys, 2 a log asked for, 3 join, 4 a child's segment with any lines
 * for everyone, 5 the same sealed, 6 a parent that answers anything, 7 a parent's segment with any
 * lines. Whatever happens is a refusal with a reason, and is undone after each run. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "crypto/canon.h"
#include "node/store/sqlstore.h"
#include "sync/exchange.h"
#include "sync/join.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "tests/lib/forge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct ln_field NOTE[] = { { "name", "name", LN_TYPE_STR, LN_MARK_IDENT },
                                        { "title", "title", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_coll COLLS[] = {
    { .name = "note", .version = 1, .fields = NOTE, .n_fields = 2 }
};
static const struct ln_schema SCHEMA = { COLLS, 1 };
#define REGION "330106005055"

struct side {
    struct ln_env env;
    struct ln_sqlstore *store;
    struct ln_replica *r;
    struct ln_replica_config c;
    struct ln_access access;
    struct ln_exchange_config x;
    struct ln_exchange_server *server;
};
static struct {
    bool made, kept; /* kept: what is written stays (while the two enrol) */
    struct side parent, child;
    char down[LN_LOG_MAX];
    struct ln_span input; /* of the run */
    unsigned kind;
} w;

/* The same keys in every process, so that inputs can name them. */
static uint64_t state;
static uint32_t rng_word(void)
{
    state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    uint64_t z = state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(z ^ z >> 31);
}
static void rng_fill(void *const out, const size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)rng_word();
}
static const char *rng_name(void)
{
    return "fuzz";
}
static randombytes_implementation rng = { rng_name, rng_word, NULL, NULL, rng_fill, NULL };

static int64_t now(void *ctx)
{
    (void)ctx;
    return INT64_C(1795400000000);
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
static bool do_write(void *ctx, ln_write_job *job, void *arg, struct ln_err *err)
{
    struct side *s = ctx;
    bool ok = ln_replica_begin(s->r, err) && job(arg, s->r, err);

    if (ok && w.kept)
        return ln_replica_commit(s->r, err);
    ln_replica_rollback(s->r);
    return ok;
}
static bool do_read(void *ctx, ln_read_job *job, void *arg, struct ln_err *err)
{
    struct side *s = ctx;

    return job(arg, ln_sqlstore_handle(s->store), ln_replica_authority(s->r), err);
}
#define DO(ok)                                                                                     \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            (void)fprintf(stderr, "%s: %s\n", #ok, err.text);                                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A fault of ours, not of the input. */
static void judge(const struct ln_err *err)
{
    if (err->code == LN_OK || err->code == LN_BROKEN) {
        (void)fprintf(stderr, "code %d: %s\n", (int)err->code, err->text);
        abort();
    }
}

static void side_make(struct side *s, const char *region)
{
    char dir[] = "/tmp/linli-fuzz-XXXXXX";
    struct ln_pubkey pub;
    struct ln_ident recovery;
    struct ln_err err = { 0 };

    *s = (struct side){ .env = { s, now, trusted, NULL, fill },
                        .c = { .env = &s->env, .schema = &SCHEMA } };
    if (mkdtemp(dir) == NULL)
        abort();
    ln_key_make(&s->c.key, &pub);
    ln_key_ident_make(&s->c.ident);
    ln_key_ident_make(&recovery);
    ln_key_ident_public(&s->c.recovery, &recovery);
    ln_key_node_id(s->c.id, region, &pub);
    DO(ln_sqlstore_open(&s->store, dir, &SCHEMA, LN_DB_WRITE, &err));
    DO(ln_db_exec(ln_sqlstore_db(s->store), "PRAGMA synchronous=OFF", &err));
    s->c.store = ln_sqlstore_handle(s->store);
    DO(ln_replica_open(&s->r, &s->c, &err));
    s->access = (struct ln_access){ .ctx = s, .write = do_write, .read = do_read };
    s->x = (struct ln_exchange_config){
        .access = &s->access, .env = &s->env, .self = s->c.id, .key = s->c.key, .ident = s->c.ident
    };
    s->server = ln_exchange_server_new(&s->x);
    for (const char *f[] = { "linli.db", "linli.db-wal", "linli.db-shm", "keys.db", "keys.db-wal",
                             "keys.db-shm", NULL },
                    **p = f;
         *p != NULL; p++) {
        char path[128]; /* open files stay until the process ends */
        (void)snprintf(path, sizeof path, "%s/%s", dir, *p);
        (void)remove(path);
    }
    (void)remove(dir);
}

static bool honest(void *ctx, const struct ln_message *request, struct ln_message *response,
                   struct ln_err *err)
{
    (void)ctx;
    (void)err;
    ln_message_free(response);
    ln_exchange_serve(w.parent.server, request, response);
    return true;
}

static void save(struct side *s, const char *audience)
{
    struct ln_draft d = { .op = LN_OP_ADD,
                          .collection = "note",
                          .audience = audience,
                          .fields = ln_span_of("{\"title\":\"x\"}") };
    struct ln_err err = { 0 };
    unsigned n;

    if (strcmp(audience, "public") != 0)
        d.sealed = ln_span_of("{\"name\":\"y\"}");
    DO(ln_replica_begin(s->r, &err) && ln_replica_save(s->r, &d, 1, &err) &&
       ln_replica_seal(s->r, true, &n, &err) && ln_replica_commit(s->r, &err));
}

static void make(void)
{
    struct ln_link link = { NULL, honest };
    struct ln_invite want = { .region = REGION, .role = LN_ROLE_COMMUNITY };
    struct ln_exchange_report report;
    char code[LN_CODE_TEXT_MAX];
    char up[LN_NODE_ID_MAX];
    struct ln_err err = { 0 };

    if (randombytes_set_implementation(&rng) != 0 || sodium_init() < 0)
        abort();
    w.kept = true;
    side_make(&w.parent, "330106000000");
    side_make(&w.child, REGION);
    DO(ln_replica_begin(w.parent.r, &err) &&
       ln_replica_found(w.parent.r, "330106000000", LN_ROLE_DISTRICT, "root", &err) &&
       ln_replica_commit(w.parent.r, &err));
    DO(ln_join_invite(&w.parent.x, &want, code, &err));
    DO(ln_join_ask(&w.child.x, REGION, LN_ROLE_COMMUNITY, "node", code, &link, up, &err));
    save(&w.child, REGION "/330106000000");
    save(&w.child, "public");
    save(&w.parent, "public");
    struct ln_exchange_client *c = ln_exchange_client_new(&w.child.x, &link);
    DO(ln_exchange_sync(c, &report, &err));
    ln_exchange_client_free(c);
    (void)snprintf(w.down, sizeof w.down, "%s.%s", w.parent.c.id, REGION);
    w.kept = false;
    w.made = true;
}

/* ---- towards the parent */

static void nonce(char out[LN_HTTPSIG_NONCE_MAX])
{
    struct ln_message q;
    struct ln_message a;
    struct ln_span item;
    struct ln_span word;

    ln_message_init(&q, 0);
    memcpy(q.method, "GET", 4);
    (void)snprintf(q.path, sizeof q.path, "/sync/v1/hello");
    ln_exchange_serve(w.parent.server, &q, &a);
    if (!ln_canon_get((struct ln_span){ a.body.data, a.body.len }, "nonce", &item) ||
        !ln_canon_plain(item, &word))
        abort();
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    ln_message_free(&a);
}

static void post(const char *method, const char *path, const char *query, size_t query_len,
                 const void *body, size_t len)
{
    struct ln_message q;
    struct ln_message a;
    char n[LN_HTTPSIG_NONCE_MAX];
    struct ln_err err = { 0 };

    ln_message_init(&q, LN_MESSAGE_BODY_MAX);
    (void)snprintf(q.method, sizeof q.method, "%s", method);
    (void)snprintf(q.path, sizeof q.path, "/sync/v1/%s", path);
    if (query_len < sizeof q.query)
        memcpy(q.query, query, query_len);
    (void)snprintf(q.to, sizeof q.to, "%s", w.parent.c.id);
    ln_buf_add(&q.body, body, len);
    nonce(n);
    if (ln_message_sign(&q, w.child.c.id, n, now(NULL) / 1000, &w.child.c.key, &err)) {
        ln_exchange_serve(w.parent.server, &q, &a);
        if (a.status == 500 || a.status < 200) {
            (void)fprintf(stderr, "%s\n", a.body.data);
            abort();
        }
        ln_message_free(&a);
    }
    ln_message_free(&q);
}

static bool any_epoch(void *ctx, const struct ln_epoch *e, struct ln_err *err)
{
    (void)err;
    if (strcmp(e->audience, REGION "/330106000000") == 0)
        *(struct ln_epoch *)ctx = *e;
    return true;
}

static void push(struct ln_span lines, bool sealed)
{
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_epoch epoch = { .label = "" };
    struct ln_segment head;
    struct ln_store *s = w.child.c.store;
    struct ln_err err = { 0 };
    char path[80];

    if (sealed)
        DO(s->ops->epoch_each(s->ctx, any_epoch, &epoch, &err) && epoch.label[0] != '\0');
    DO(forge_head(&head, s, w.child.c.id, &err));
    (void)snprintf(path, sizeof path, "log/%s", w.child.c.id);
    if (forge_pack(&pack, &head, w.child.c.id, &w.child.c.key, lines, sealed ? &epoch : NULL,
                   now(NULL) / 1000))
        post("POST", path, "", 0, pack.data, pack.len);
    ln_buf_free(&pack);
}

static void keys(struct ln_span json)
{
    struct ln_buf z = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    size_t room = ZSTD_compressBound(json.len);
    size_t n = ZSTD_compress(ln_buf_grow(&z, room), room, json.p, json.len, 1);

    ln_buf_cut(&z, n);
    post("POST", "keys", "", 0, z.data, z.len);
    ln_buf_free(&z);
}

/* ---- towards the child */

static void answer(const struct ln_message *request, struct ln_message *response,
                   struct ln_span body)
{
    struct ln_err err = { 0 };

    ln_message_free(response);
    ln_message_init(response, LN_MESSAGE_BODY_MAX);
    response->status = 200;
    ln_buf_add(&response->body, body.p, body.len);
    (void)snprintf(response->nonce, sizeof response->nonce, "AAAA");
    DO(ln_message_answer(response, request, w.parent.c.id, now(NULL) / 1000, &w.parent.c.key,
                         &err));
}

static bool hostile(void *ctx, const struct ln_message *request, struct ln_message *response,
                    struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_MESSAGE_BODY_MAX);
    struct ln_segment head;
    const char *log = strncmp(request->path, "/sync/v1/log/", 13) == 0 ? request->path + 13 : "";

    if (request->signature[0] == '\0' ||
        (w.kind == 7 && strcmp(request->path, "/sync/v1/keys") == 0))
        return honest(ctx, request, response, err);
    if (w.kind == 6)
        answer(request, response, w.input);
    else if (strcmp(request->method, "GET") == 0 && strcmp(log, w.parent.c.id) == 0) {
        if (!forge_head(&head, w.child.c.store, w.parent.c.id, err))
            abort();
        if (!forge_pack(&body, &head, log, &w.parent.c.key, w.input, NULL, now(NULL) / 1000))
            ln_buf_clear(&body);
        answer(request, response, (struct ln_span){ body.data, body.len });
    } else {
        if (!forge_head(&head, w.child.c.store, w.parent.c.id, err))
            abort();
        ln_buf_addf(&body,
                    "{\"have\":[[\"%s\",%llu,\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]]}",
                    w.parent.c.id, (unsigned long long)head.seq + 1);
        answer(request, response, (struct ln_span){ body.data, body.len });
    }
    ln_buf_free(&body);
    return true;
}

static void pull(void)
{
    struct ln_link link = { NULL, hostile };
    struct ln_exchange_client *c = ln_exchange_client_new(&w.child.x, &link);
    struct ln_exchange_report report;
    struct ln_err err = { 0 };

    if (!ln_exchange_sync(c, &report, &err))
        judge(&err);
    ln_exchange_client_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!w.made)
        make();
    if (len < 1 || len > 1 << 16)
        return 0;
    w.kind = data[0] % 8;
    w.input = (struct ln_span){ (const char *)data + 1, len - 1 };
    const char *cut = memchr(w.input.p, '\n', w.input.len);
    char path[200];
    size_t first = cut != NULL ? (size_t)(cut - w.input.p) : w.input.len;
    switch (w.kind) {
    case 0:
        post("POST", "heads", "", 0, w.input.p, w.input.len);
        break;
    case 1:
        keys(w.input);
        break;
    case 2:
        (void)snprintf(path, sizeof path, "log/%.*s", (int)(first < 100 ? first : 100), w.input.p);
        if (memchr(w.input.p, '\0', w.input.len) == NULL)
            post("GET", path, w.input.p + first + (cut != NULL),
                 w.input.len - first - (cut != NULL), "", 0);
        break;
    case 3:
        post("POST", "join", "", 0, w.input.p, w.input.len);
        break;
    case 4:
    case 5:
        push(w.input, w.kind == 5);
        break;
    default:
        pull();
    }
    return 0;
}
