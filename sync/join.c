/* Enrolment: see join.h and README "Join". */
#include "sync/join.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/message.h"

#define INVITE "invite/"
#define JOINED "joined/" /* used: of these an older program knows nothing */
#define INVITE_MAX 4096
#define CHAIN_MAX 8 /* certificates from the root to a child: one a tier and room */
#define BODY_MAX (64 << 10)
#define SWEEP_MAX 64
#define DAY_S INT64_C(86400)
#define LAPTOP_DAYS 90
#define BOX_DAYS 400
#define BACK_S 3600 /* certificates begin a little earlier, for clocks that run behind */

/* ---- invitations in the store: canonical JSON under "invite/<id of the code>", and once used
 * under "joined/<id>" */

struct kept {
    struct ln_invite want;
    struct ln_code_key key;
    int64_t until_ms;
    int tries;
    /* By this node, which may ask again: its answer may have been lost. "" open. */
    char used[LN_NODE_ID_MAX];
};

static void meta_name(char out[40], const char *id, bool used)
{
    (void)snprintf(out, 40, "%s%s", used ? JOINED : INVITE, id);
}

static void write_kept(struct ln_buf *out, const struct kept *k)
{
    ln_buf_adds(out, "{");
    for (size_t i = 0; i < k->want.n_collections; i++)
        ln_buf_addf(out, "%s\"%s\"%s", i == 0 ? "\"collections\":[" : ",", k->want.collections[i],
                    i + 1 == k->want.n_collections ? "]," : "");
    ln_buf_addf(out, "\"continues\":\"%s\",\"grids\":[", k->want.continues);
    for (size_t i = 0; i < k->want.n_grids; i++)
        ln_buf_addf(out, "%s\"%s\"", i > 0 ? "," : "", k->want.grids[i]);
    ln_buf_adds(out, "],\"key\":\"");
    ln_encode_base64url(out, k->key.b, sizeof k->key.b);
    ln_buf_addf(out,
                "\",\"region\":\"%s\",\"role\":\"%s\",\"tries\":%d,\"until\":%" PRId64
                ",\"used\":\"%s\"}",
                k->want.region, ln_cert_role_word(k->want.role), k->tries, k->until_ms, k->used);
}

static bool copy_word(char *out, size_t cap, struct ln_span object, const char *key)
{
    struct ln_span value;
    struct ln_span word;

    if (!ln_canon_get(object, key, &value) || ln_canon_type(value) != LN_CANON_STRING ||
        !ln_canon_plain(value, &word) || word.len >= cap)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

static bool copy_bytes(void *out, size_t len, struct ln_span object, const char *key)
{
    struct ln_buf raw = ln_buf_secret(len);
    struct ln_span value;
    struct ln_span word;
    bool ok = ln_canon_get(object, key, &value) && ln_canon_type(value) == LN_CANON_STRING &&
              ln_canon_plain(value, &word) && ln_encode_unbase64url(&raw, word) && raw.len == len;

    if (ok)
        memcpy(out, raw.data, len);
    ln_buf_free(&raw);
    return ok;
}

static bool read_grids(struct ln_invite *want, struct ln_span object)
{
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;

    if (!ln_canon_get(object, "grids", &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(list, &at, NULL, &item)) {
        if (want->n_grids == 16 || ln_canon_type(item) != LN_CANON_STRING ||
            !ln_canon_plain(item, &word) || word.len >= sizeof want->grids[0])
            return false;
        memcpy(want->grids[want->n_grids], word.p, word.len);
        want->grids[want->n_grids++][word.len] = '\0';
    }
    return true;
}

/* Absent: all. */
static bool read_collections(struct ln_invite *want, struct ln_span object)
{
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;

    if (!ln_canon_get(object, "collections", &list))
        return true;
    if (ln_canon_type(list) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(list, &at, NULL, &item)) {
        if (want->n_collections == LN_CERT_COLLECTIONS || ln_canon_type(item) != LN_CANON_STRING ||
            !ln_canon_plain(item, &word) || word.len >= sizeof want->collections[0])
            return false;
        memcpy(want->collections[want->n_collections], word.p, word.len);
        want->collections[want->n_collections++][word.len] = '\0';
    }
    return true;
}

/* Our own text, so only damage makes it fail. */
static bool read_kept(struct kept *k, struct ln_span text, struct ln_err *err)
{
    char role[16];
    struct ln_span value;

    *k = (struct kept){ 0 };
    if (!ln_canon_check(text.p, text.len, err))
        return false;
    if (!copy_word(k->want.continues, sizeof k->want.continues, text, "continues") ||
        !read_grids(&k->want, text) || !read_collections(&k->want, text) ||
        !copy_bytes(k->key.b, sizeof k->key.b, text, "key") ||
        !copy_word(k->want.region, sizeof k->want.region, text, "region") ||
        !copy_word(role, sizeof role, text, "role") ||
        !ln_cert_role_read(&k->want.role, ln_span_of(role)) ||
        !ln_canon_get(text, "tries", &value) || ln_canon_type(value) != LN_CANON_INT)
        return ln_fail(err, LN_BROKEN, "the invitation kept here is damaged");
    k->tries = (int)ln_canon_int(value);
    if (!ln_canon_get(text, "until", &value) || ln_canon_type(value) != LN_CANON_INT)
        return ln_fail(err, LN_BROKEN, "the invitation kept here is damaged");
    k->until_ms = ln_canon_int(value);
    (void)copy_word(k->used, sizeof k->used, text, "used"); /* an older program's has none */
    return true;
}

static bool put_kept(struct ln_store *s, const char *id, const struct kept *k, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(INVITE_MAX);
    char name[40];
    bool ok = false;

    meta_name(name, id, k->used[0] != '\0');
    write_kept(&text, k);
    if (ln_buf_done(&text, "the invitation", err))
        ok = s->ops->meta_put(s->ctx, name, (struct ln_span){ text.data, text.len }, err);
    ln_buf_free(&text);
    return ok;
}

static bool burn(struct ln_store *s, const char *id, bool used, struct ln_err *err)
{
    char name[40];

    meta_name(name, id, used);
    return s->ops->meta_put(s->ctx, name, (struct ln_span){ NULL, 0 }, err);
}

/* Old ones go with the next: their keys lie here no longer than they must. */
struct sweeping {
    int64_t now_ms;
    size_t n;
    char ids[SWEEP_MAX][LN_CODE_ID_MAX];
};

static bool take_old(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct sweeping *x = ctx;
    const char *id = strchr(key, '/') + 1;
    struct kept k;
    struct ln_err damaged = { 0 };

    (void)err;
    if (x->n < SWEEP_MAX && strlen(id) < LN_CODE_ID_MAX && read_kept(&k, value, &damaged) &&
        k.until_ms < x->now_ms)
        (void)snprintf(x->ids[x->n++], LN_CODE_ID_MAX, "%s", id);
    sodium_memzero(&k, sizeof k);
    return true;
}

static bool sweep(struct ln_store *s, int64_t now_ms, struct ln_err *err)
{
    bool ok = true;

    for (int used = 0; ok && used < 2; used++) {
        struct sweeping x = { .now_ms = now_ms };
        ok = s->ops->meta_each(s->ctx, used ? JOINED : INVITE, take_old, &x, err);
        for (size_t i = 0; ok && i < x.n; i++)
            ok = burn(s, x.ids[i], used, err);
    }
    return ok;
}

/* ---- inviting */

struct invite_job {
    const char *id;
    int64_t now_ms;
    struct kept kept;
};

static bool keep_invite(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct invite_job *j = arg;
    const struct ln_invite *want = &j->kept.want;
    const struct ln_cert *self = ln_replica_self(r);
    const struct ln_cert *old;

    if (self == NULL)
        return ln_fail(err, LN_MISSING, "no certificate yet: nobody can be invited");
    if (strlen(want->region) != LN_REGION_LEN || !ln_cert_region_holds(self->region, want->region))
        return ln_fail(err, LN_DENIED, "region %s is not inside ours, %s", want->region,
                       self->region);
    if (want->role <= self->role)
        return ln_fail(err, LN_DENIED, "a %s cannot stand below a %s",
                       ln_cert_role_word(want->role), ln_cert_role_word(self->role));
    if (want->continues[0] != '\0') {
        old = ln_authority_find(ln_replica_authority(r), want->continues);
        if (old == NULL || strcmp(old->region, want->region) != 0)
            return ln_fail(err, LN_DENIED, "%s is no node of region %s", want->continues,
                           want->region);
    }
    return sweep(ln_replica_store(r), j->now_ms, err) &&
           put_kept(ln_replica_store(r), j->id, &j->kept, err);
}

bool ln_join_invite(const struct ln_exchange_config *config, const struct ln_invite *want,
                    char code[LN_CODE_TEXT_MAX], struct ln_err *err)
{
    struct invite_job j = { .kept.want = *want };
    struct ln_code_words words;
    char id[LN_CODE_ID_MAX];
    bool ok;

    ln_code_make(&words);
    ln_code_id(id, &words);
    ln_code_key(&j.kept.key, &words, want->region, ln_cert_role_word(want->role));
    j.id = id;
    j.now_ms = config->env->now_ms(config->env->ctx);
    j.kept.until_ms = j.now_ms + (int64_t)LN_JOIN_HOURS * 3600 * 1000;
    ok = config->access->write(config->access->ctx, keep_invite, &j, err);
    if (ok)
        ln_code_write(code, &words);
    sodium_memzero(&words, sizeof words);
    sodium_memzero(&j, sizeof j);
    return ok || ln_wrap(err, "invite");
}

/* ---- bodies: {"body":"<canonical text>","mac":"<base64url>"}; the MAC is over the text */

static void seal_body(struct ln_buf *out, const struct ln_buf *text, const struct ln_code_key *key,
                      const char *purpose)
{
    uint8_t mac[LN_CODE_MAC_LEN];

    ln_code_mac(mac, key, purpose, text->data, text->len);
    ln_buf_adds(out, "{\"body\":");
    ln_canon_add_string(out, text->data, text->len);
    ln_buf_adds(out, ",\"mac\":\"");
    ln_encode_base64url(out, mac, sizeof mac);
    ln_buf_adds(out, "\"}");
}

/* The text and its MAC, nothing checked but the form; `text` is canonical and an object. */
static bool open_body(struct ln_buf *text, uint8_t mac[LN_CODE_MAC_LEN], const struct ln_buf *body,
                      struct ln_err *err)
{
    struct ln_span whole = { body->data, body->len };
    struct ln_span value;

    if (!ln_canon_check(whole.p, whole.len, err))
        return false;
    if (ln_canon_type(whole) != LN_CANON_OBJECT ||
        !copy_bytes(mac, LN_CODE_MAC_LEN, whole, "mac") || !ln_canon_get(whole, "body", &value) ||
        ln_canon_type(value) != LN_CANON_STRING)
        return ln_fail(err, LN_INVALID, "no body with its code's mark");
    ln_canon_text(text, value);
    if (!ln_buf_done(text, "the body", err) || !ln_canon_check(text->data, text->len, err))
        return false;
    return ln_canon_type((struct ln_span){ text->data, text->len }) == LN_CANON_OBJECT ||
           ln_fail(err, LN_INVALID, "the body is no object");
}

/* ---- the parent's side */

struct asked {
    char id[LN_CODE_ID_MAX];
    char name[LN_CERT_NAME_MAX + 1];
    char region[LN_REGION_LEN + 1];
    enum ln_role role;
    struct ln_pubkey key;
    struct ln_recipient age;
};

static bool copy_text(char *out, size_t cap, struct ln_span object, const char *key)
{
    struct ln_buf text = ln_buf_new(cap - 1);
    struct ln_span value;
    bool ok = ln_canon_get(object, key, &value) && ln_canon_type(value) == LN_CANON_STRING;

    if (ok) {
        ln_canon_text(&text, value);
        ok = !text.over;
        memcpy(out, text.data, text.len + 1);
    }
    ln_buf_free(&text);
    return ok;
}

static bool read_asked(struct asked *a, struct ln_span text, struct ln_err *err)
{
    char role[16];
    char key[128];
    char age[128];

    *a = (struct asked){ 0 };
    if (!copy_word(a->id, sizeof a->id, text, "id") ||
        !copy_text(a->name, sizeof a->name, text, "name") ||
        !copy_word(a->region, sizeof a->region, text, "region") ||
        !copy_word(role, sizeof role, text, "role") ||
        !ln_cert_role_read(&a->role, ln_span_of(role)) ||
        !copy_word(key, sizeof key, text, "key") || !copy_word(age, sizeof age, text, "age"))
        return ln_fail(err, LN_INVALID, "the request lacks something");
    return ln_key_public_read(&a->key, key, strlen(key), err) &&
           ln_key_recipient_read(&a->age, age, strlen(age), err);
}

static void fill_cert(struct ln_cert *c, const struct asked *a, const struct ln_invite *want,
                      const char *self, int64_t now_s)
{
    int64_t days = want->role == LN_ROLE_LAPTOP ? LAPTOP_DAYS : BOX_DAYS;

    *c = (struct ln_cert){ .suite = 1,
                           .role = want->role,
                           .key = a->key,
                           .age = a->age,
                           .from_s = now_s > BACK_S ? now_s - BACK_S : 0,
                           .until_s = now_s + days * DAY_S,
                           .all_collections = want->n_collections == 0,
                           .n_collections = want->n_collections,
                           .n_grids = want->n_grids };
    ln_key_node_id(c->node, want->region, &a->key);
    memcpy(c->region, want->region, sizeof c->region);
    (void)snprintf(c->parent, sizeof c->parent, "%s", self);
    (void)snprintf(c->issuer, sizeof c->issuer, "%s", self);
    memcpy(c->continues, want->continues, sizeof c->continues);
    memcpy(c->name, a->name, sizeof c->name);
    memcpy(c->grids, want->grids, sizeof c->grids);
    memcpy(c->collections, want->collections, sizeof c->collections);
}

struct serve_job {
    const struct ln_exchange_config *config;
    struct asked asked;
    const struct ln_buf *text;
    const uint8_t *mac;
    struct ln_code_key key;
    struct ln_buf answer;
    enum ln_problem problem;
    const char *why; /* NULL = done */
};

static bool refuse(struct serve_job *j, enum ln_problem p, const char *why)
{
    j->problem = p;
    j->why = why;
    return true; /* the job is kept: a counted try must last */
}

struct chain {
    struct ln_buf *out;
    const char *path[CHAIN_MAX];
    size_t n;
    const char *node; /* looked for in this pass */
    struct ln_buf found;
    struct ln_cert best; /* what it says */
};

/* The certificate of one node that holds: lines come in any order (README "Certificates"). */
static bool find_cert(void *ctx, const char *author, bool revoke, struct ln_span f,
                      struct ln_err *err)
{
    struct chain *ch = ctx;
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_cert cert;
    struct ln_span value;
    struct ln_err ignored;

    (void)err;
    if (!revoke && ln_canon_get(f, "cert", &value) && ln_canon_type(value) == LN_CANON_STRING) {
        ln_canon_text(&text, value);
        if (ln_cert_read(&cert, text.data, text.len, &ignored) &&
            strcmp(cert.node, ch->node) == 0 &&
            (ch->found.len == 0 || cert.from_s > ch->best.from_s ||
             (cert.from_s == ch->best.from_s && cert.until_s >= ch->best.until_s))) {
            ch->best = cert;
            ln_buf_clear(&ch->found);
            ln_buf_addf(&ch->found, "{\"author\":\"%s\",\"f\":", author);
            ln_buf_add(&ch->found, f.p, f.len);
            ln_buf_addc(&ch->found, '}');
        }
    }
    ln_buf_free(&text);
    return true;
}

/* ["{author,f}",...] from the root down to this node. */
static bool add_chain(struct ln_buf *out, struct ln_replica *r, const char *self,
                      struct ln_err *err)
{
    const struct ln_cert *path[CHAIN_MAX];
    struct ln_store *s = ln_replica_store(r);
    struct chain ch = { .out = out, .found = ln_buf_new(BODY_MAX) };
    size_t n = ln_authority_path(ln_replica_authority(r), self, path, CHAIN_MAX);
    bool ok = false;

    for (size_t i = n + 1; i-- > 0;) {
        ch.node = i == 0 ? self : path[i - 1]->node;
        ln_buf_clear(&ch.found);
        if (!s->ops->cert_each(s->ctx, find_cert, &ch, err))
            goto out;
        if (ch.found.len == 0) {
            (void)ln_fail(err, LN_BROKEN, "the certificate of %s is not kept", ch.node);
            goto out;
        }
        ln_buf_addf(out, "%s", i < n ? "," : "");
        ln_buf_add(out, ch.found.data, ch.found.len);
    }
    ok = true;
out:
    ln_buf_free(&ch.found);
    return ok;
}

/* The log of the box that is replaced ends here: nobody writes on in it. */
static bool close_old(struct ln_replica *r, const char *old, struct ln_err *err)
{
    uint64_t after = UINT64_MAX;

    return old[0] == '\0' || ln_authority_void_from(ln_replica_authority(r), old) > 0 ||
           ln_replica_revoke(r, old, &after, err);
}

/* {"chain":[{"author","f"},...],"key":ours,"node":ours}; the last of the chain is the child's. */
static bool write_answer(struct serve_job *j, struct ln_replica *r, const char *child,
                         struct ln_err *err)
{
    const struct ln_exchange_config *config = j->config;
    struct ln_pubkey ours;

    ln_buf_adds(&j->answer, "{\"chain\":[");
    if (!add_chain(&j->answer, r, child, err))
        return false;
    ln_buf_adds(&j->answer, "],\"key\":\"");
    ln_key_public(&ours, &config->key);
    ln_key_public_write(&j->answer, &ours);
    ln_buf_addf(&j->answer, "\",\"node\":\"%s\"}", config->self);
    return ln_buf_done(&j->answer, "the chain", err);
}

/* Whoever used the code asks again: the power or the line went before it had its answer. */
static bool repeat(struct serve_job *j, struct ln_replica *r, const struct kept *k,
                   struct ln_err *err)
{
    const struct ln_authority *a = ln_replica_authority(r);
    const struct ln_cert *c = ln_authority_find(a, k->used);
    char node[LN_NODE_ID_MAX];

    ln_key_node_id(node, k->want.region, &j->asked.key);
    if (c == NULL || strcmp(node, k->used) != 0 || strcmp(c->parent, j->config->self) != 0 ||
        ln_authority_void_from(a, node) > 0)
        return refuse(j, LN_PROBLEM_DENIED, "no such code, or it was used");
    return write_answer(j, r, node, err);
}

static bool enrol(struct serve_job *j, struct ln_replica *r, struct kept *k, struct ln_err *err)
{
    const struct ln_exchange_config *config = j->config;
    struct ln_cert cert;
    struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);
    bool ok = false;

    fill_cert(&cert, &j->asked, &k->want, config->self,
              config->env->now_ms(config->env->ctx) / 1000);
    /* A node that was somebody else's child before: this certificate is the later one. */
    const struct ln_cert *old = ln_authority_find(ln_replica_authority(r), cert.node);
    if (old != NULL && old->from_s >= cert.from_s)
        cert.from_s = old->from_s + 1;
    if (ln_authority_void_from(ln_replica_authority(r), cert.node) > 0) {
        ok = refuse(j, LN_PROBLEM_DENIED, "the node is revoked: it needs new keys");
        goto out;
    }
    memcpy(k->used, cert.node, sizeof k->used);
    ok = ln_replica_issue(r, &f, &cert, err) && write_answer(j, r, cert.node, err) &&
         close_old(r, cert.continues, err) && burn(ln_replica_store(r), j->asked.id, false, err) &&
         put_kept(ln_replica_store(r), j->asked.id, k, err);
out:
    ln_buf_free(&f);
    return ok;
}

static bool serve(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct serve_job *j = arg;
    struct ln_store *s = ln_replica_store(r);
    struct ln_buf text = ln_buf_secret(INVITE_MAX);
    struct kept k = { 0 };
    char name[40];
    bool found = false;
    bool ok = false;

    meta_name(name, j->asked.id, false);
    if (!s->ops->meta_get(s->ctx, name, &text, &found, err))
        goto out;
    meta_name(name, j->asked.id, true);
    if (!found && !s->ops->meta_get(s->ctx, name, &text, &found, err))
        goto out;
    if (!found) {
        ok = refuse(j, LN_PROBLEM_DENIED, "no such code, or it was used");
        goto out;
    }
    if (!read_kept(&k, (struct ln_span){ text.data, text.len }, err))
        goto out;
    if (k.until_ms < j->config->env->now_ms(j->config->env->ctx)) {
        ok = burn(s, j->asked.id, k.used[0] != '\0', err) &&
             refuse(j, LN_PROBLEM_DENIED, "the code is older than 72 hours");
        goto out;
    }
    if (!ln_code_verify(j->mac, &k.key, "request", j->text->data, j->text->len) ||
        strcmp(k.want.region, j->asked.region) != 0 || k.want.role != j->asked.role) {
        k.tries += k.used[0] == '\0'; /* a used one gives nothing to guess for */
        ok = (k.tries >= LN_JOIN_TRIES ? burn(s, j->asked.id, false, err)
                                       : put_kept(s, j->asked.id, &k, err)) &&
             refuse(j, LN_PROBLEM_DENIED, "the code does not fit this region, role and key");
        goto out;
    }
    j->key = k.key;
    ok = k.used[0] != '\0' ? repeat(j, r, &k, err) : enrol(j, r, &k, err);
out:
    sodium_memzero(&k, sizeof k);
    ln_buf_free(&text);
    return ok;
}

void ln_join_serve(const struct ln_exchange_config *config, const struct ln_message *request,
                   struct ln_message *reply)
{
    struct ln_buf text = ln_buf_new(BODY_MAX);
    uint8_t mac[LN_CODE_MAC_LEN];
    struct serve_job j = {
        .config = config, .text = &text, .mac = mac, .answer = ln_buf_new(BODY_MAX)
    };
    struct ln_err err = { 0 };

    if (request->body.len > BODY_MAX)
        ln_message_problem(reply, LN_PROBLEM_LIMIT, "the body is too large", 0, 0);
    else if (!open_body(&text, mac, &request->body, &err) ||
             !read_asked(&j.asked, (struct ln_span){ text.data, text.len }, &err))
        ln_message_problem(reply, LN_PROBLEM_BAD, err.text, 0, 0);
    else if (!config->access->write(config->access->ctx, serve, &j, &err))
        ln_message_problem(reply,
                           err.code == LN_BUSY     ? LN_PROBLEM_BUSY
                           : err.code == LN_DENIED ? LN_PROBLEM_DENIED
                                                   : LN_PROBLEM_BROKEN,
                           err.text, 0, 0);
    else if (j.why != NULL)
        ln_message_problem(reply, j.problem, j.why, 0, 0);
    else {
        reply->status = 200;
        seal_body(&reply->body, &j.answer, &j.key, "response");
    }
    sodium_memzero(&j.key, sizeof j.key);
    ln_buf_free(&j.answer);
    ln_buf_free(&text);
}

/* ---- the child's side */

static void write_ask(struct ln_buf *out, const struct ln_exchange_config *config, const char *id,
                      const char *region, enum ln_role role, const char *name)
{
    struct ln_pubkey key;
    struct ln_recipient age;

    ln_key_public(&key, &config->key);
    ln_key_ident_public(&age, &config->ident);
    ln_buf_adds(out, "{\"age\":\"");
    ln_key_recipient_write(out, &age);
    ln_buf_addf(out, "\",\"id\":\"%s\",\"key\":\"", id);
    ln_key_public_write(out, &key);
    ln_buf_adds(out, "\",\"name\":");
    ln_canon_add_string(out, name, strlen(name));
    ln_buf_addf(out, ",\"region\":\"%s\",\"role\":\"%s\"}", region, ln_cert_role_word(role));
}

struct adopt_job {
    size_t n;
    char authors[CHAIN_MAX + 1][LN_NODE_ID_MAX];
    const char *author[CHAIN_MAX + 1];
    struct ln_span f[CHAIN_MAX + 1];
};

static bool adopt(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct adopt_job *j = arg;

    return ln_replica_adopt(r, j->f, j->author, j->n, err);
}

static bool read_chain(struct adopt_job *j, struct ln_span text, struct ln_err *err)
{
    struct ln_span list;
    struct ln_span item;
    size_t at = 0;

    if (!ln_canon_get(text, "chain", &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return ln_fail(err, LN_INVALID, "the answer has no chain");
    while (ln_canon_next(list, &at, NULL, &item)) {
        if (j->n > CHAIN_MAX || ln_canon_type(item) != LN_CANON_OBJECT ||
            !copy_word(j->authors[j->n], LN_NODE_ID_MAX, item, "author") ||
            !ln_canon_get(item, "f", &j->f[j->n]) || ln_canon_type(j->f[j->n]) != LN_CANON_OBJECT)
            return ln_fail(err, LN_INVALID, "the answer's chain is no chain");
        j->author[j->n] = j->authors[j->n];
        j->n++;
    }
    return j->n >= 2 || ln_fail(err, LN_INVALID, "the answer's chain is too short");
}

/* What the answer says, under the code's MAC: whoever has not seen the code could not say it. */
static bool take_answer(const struct ln_exchange_config *config, const struct ln_message *response,
                        const struct ln_code_key *key, char parent[LN_NODE_ID_MAX],
                        struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(BODY_MAX);
    uint8_t mac[LN_CODE_MAC_LEN];
    struct adopt_job j = { 0 };
    bool ok = false;

    if (response->status != 200) {
        (void)ln_message_problem_read(response, NULL, NULL, err);
        goto out;
    }
    if (!open_body(&text, mac, &response->body, err))
        goto out;
    struct ln_span body = { text.data, text.len };
    if (!ln_code_verify(mac, key, "response", text.data, text.len)) {
        (void)ln_fail(err, LN_DENIED, "who answers there does not know the code");
        goto out;
    }
    if (!copy_word(parent, LN_NODE_ID_MAX, body, "node")) {
        (void)ln_fail(err, LN_INVALID, "the answer names no node");
        goto out;
    }
    ok = read_chain(&j, body, err) && config->access->write(config->access->ctx, adopt, &j, err);
out:
    ln_buf_free(&text);
    return ok;
}

bool ln_join_ask(const struct ln_exchange_config *config, const char *region, enum ln_role role,
                 const char *name, const char *code, const struct ln_link *link,
                 char parent[LN_NODE_ID_MAX], struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(BODY_MAX);
    struct ln_message request;
    struct ln_message response;
    struct ln_code_words words;
    struct ln_code_key key;
    char id[LN_CODE_ID_MAX];
    bool ok = false;

    ln_message_init(&request, 2 * BODY_MAX);
    ln_message_init(&response, 2 * BODY_MAX);
    if (!ln_code_read(&words, code, strlen(code), err))
        goto out;
    ln_code_id(id, &words);
    ln_code_key(&key, &words, region, ln_cert_role_word(role));
    write_ask(&text, config, id, region, role, name);
    (void)snprintf(request.method, sizeof request.method, "POST");
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/join");
    seal_body(&request.body, &text, &key, "request");
    ok = ln_buf_done(&request.body, "the request", err) &&
         link->call(link->ctx, &request, &response, err) &&
         take_answer(config, &response, &key, parent, err);
out:
    sodium_memzero(&words, sizeof words);
    sodium_memzero(&key, sizeof key);
    ln_buf_free(&text);
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "join");
}
