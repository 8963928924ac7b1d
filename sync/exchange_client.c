/* The child's side of the exchange: see exchange.h and README "Exchange". */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "sync/exchange.h"
#include "sync/heir.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "sync/taken.h"
#include "sync/view.h"

#define META "exchange"
#define META_MAX (1 << 20)
#define ROUNDS 16 /* heads asked in one sync: each round but the last must move something */
#define KEY_ROUNDS 64
#define SLICE_START (1 << 16)
#define SLICE_MIN (1 << 13)
#define SLICE_MAX (1 << 18)  /* one transaction of the receiver, whose memory grows with it */
#define SLOW_S 86400         /* a parent a little behind is no stranger */
#define PART_START (1 << 15) /* of an attachment */
#define SLOW_MS 15000        /* a slice should take less, so that a cut costs little */
#define FAST_MS 4000
#define WANT_AGAIN_MS INT64_C(3600000)
#define STATE_AGAIN_MS INT64_C(3600000)
#define ROTATE_LOOK_MS INT64_C(3600000)

struct ln_exchange_client {
    struct ln_exchange_config c;
    struct ln_link link;
    struct ln_cert parent;   /* of this sync; .node "" before the first */
    struct ln_cert home;     /* past the parent: whom our log is for */
    int64_t from_s, until_s; /* of our own lease: a time before or after is no parent's */
    char nonce[LN_HTTPSIG_NONCE_MAX];
    struct ln_view theirs; /* what the parent held when last seen (parsed) */
    bool known, asked;     /* theirs is worth something; and was told in this sync */
    bool loaded, changed;  /* the remembered state was read; differs from the store's */
    size_t slice, part;    /* bytes a request: of a log, of an attachment */
    unsigned parts;        /* of attachments moved in this sync */
    bool hurried;          /* attachments were left for later, as something else waits */
    bool lean;
    bool left_out;          /* of this round: a log that is not taken, or not yet there */
    bool stop;              /* of this sync: so it will not become level */
    struct ln_view refused; /* of this sync: logs that the parent does not take (parsed) */
    bool past;              /* another node above than the parent, told by hello */
    struct ln_exchange_report *out;
    uint64_t rotated;
    int64_t rotated_ms;
    char state[LN_EXCHANGE_STATE_MAX]; /* as the parent was told last, and when */
    int64_t state_ms;
    int64_t wanted_ms;       /* when the parent was last asked for keys */
    bool want;               /* segments came since, in this sync or one that broke off */
    unsigned sealed;         /* segments sealed by this client */
    bool fetched;            /* some of them came back: the doubt that this raised ends with it */
    struct ln_damages lacks; /* segments that the parent asks us for */
    bool checked; /* the parent has named the heads of our own logs since this client was made */
    uint64_t reminded; /* our heads, added up, when the parent was last asked for lost receipts */
    struct ln_taken taken; /* as the parent told last */
    bool forgot;           /* it said in this sync that it has: what it lacks waits to be given */
};

static int64_t now_ms(const struct ln_exchange_client *c)
{
    return c->c.env->now_ms(c->c.env->ctx);
}

static bool do_write(struct ln_exchange_client *c, ln_write_job *job, void *arg, struct ln_err *err)
{
    return c->c.access->write(c->c.access->ctx, job, arg, err);
}

static bool do_write_large(struct ln_exchange_client *c, ln_write_job *job, void *arg,
                           struct ln_err *err)
{
    return ln_access_write_large(c->c.access, job, arg, err);
}

static bool do_read(struct ln_exchange_client *c, ln_read_job *job, void *arg, struct ln_err *err)
{
    return c->c.access->read(c->c.access->ctx, job, arg, err);
}

/* A member of a JSON body that is a plain string. */
static bool word_of(struct ln_span *word, struct ln_span body, const char *key)
{
    struct ln_span value;

    return ln_canon_get(body, key, &value) && ln_canon_type(value) == LN_CANON_STRING &&
           ln_canon_plain(value, word);
}

static bool is_object(struct ln_span body, struct ln_err *err)
{
    return ln_canon_check(body.p, body.len, err) &&
           (ln_canon_type(body) == LN_CANON_OBJECT ||
            ln_fail(err, LN_INVALID, "the answer is no object"));
}

/* ---- what is remembered between starts */

static void forget(struct ln_exchange_client *c)
{
    ln_view_free(&c->theirs);
    c->known = false;
}

static bool read_meta(void *arg, struct ln_store *reader, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct ln_exchange_client *c = arg;
    struct ln_buf text = ln_buf_new(META_MAX);
    struct ln_span have;
    struct ln_span word;
    struct ln_err ignored;
    bool found = false;
    bool ok = reader->ops->meta_get(reader->ctx, META, &text, &found, err);
    struct ln_span body = { text.data, text.len };

    (void)a;
    /* Only a saving of requests: what cannot be read is asked for again. */
    if (ok && found && is_object(body, &ignored) && word_of(&word, body, "parent") &&
        ln_span_is(word, c->parent.node)) {
        if (word_of(&word, body, "nonce") && word.len < sizeof c->nonce) {
            memcpy(c->nonce, word.p, word.len);
            c->nonce[word.len] = '\0';
        }
        if (ln_canon_get(body, "have", &have))
            c->known = ln_view_parse(&c->theirs, have, &ignored);
    }
    ln_buf_free(&text);
    return ok && ln_taken_known(&c->taken, reader, c->parent.node, err);
}

static bool write_meta(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_exchange_client *c = arg;
    struct ln_store *s = ln_replica_store(r);
    struct ln_buf text = ln_buf_new(META_MAX);
    bool ok = true;

    ln_buf_adds(&text, "{");
    if (c->known) {
        ln_buf_adds(&text, "\"have\":");
        ln_view_write(&text, &c->theirs);
        ln_buf_addc(&text, ',');
    }
    ln_buf_addf(&text, "\"nonce\":\"%s\",\"parent\":\"%s\"}", c->nonce, c->parent.node);
    if (!text.over)
        ok = s->ops->meta_put(s->ctx, META, (struct ln_span){ text.data, text.len }, err);
    ln_buf_free(&text);
    return ok;
}

/* ---- one request */

struct upper_job {
    struct ln_exchange_client *c;
    struct ln_span node;
    bool found;
};

/* The node that answers, when it stands above our parent. */
static bool find_upper(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct upper_job *j = arg;
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(a, j->c->c.self, path, sizeof path / sizeof path[0]);

    (void)reader;
    (void)err;
    for (size_t i = 1; i < n && !j->found; i++)
        if (ln_span_is(j->node, path[i]->node)) {
            j->c->parent = *path[i];
            j->found = true;
        }
    return true;
}

/* Whoever answers may have taken our parent's place: then the next sync goes on with it. */
static bool is_parent(struct ln_exchange_client *c, struct ln_span node, struct ln_err *err)
{
    struct ln_err ignored = { 0 };
    bool heir = false;

    if (ln_span_is(node, c->parent.node))
        return true;
    if (ln_heir_ask(&c->c, &c->link, c->parent.node, &heir, &ignored) && heir)
        return ln_fail(err, LN_BUSY, "another box has taken the place of %s: on with that",
                       c->parent.node);
    return ln_fail(err, LN_DENIED, "another node answers there, not our parent %s", c->parent.node);
}

static bool is_whom_we_want(struct ln_exchange_client *c, struct ln_span node, struct ln_err *err)
{
    struct upper_job j = { .c = c, .node = node };

    if (!c->past)
        return is_parent(c, node, err);
    return do_read(c, find_upper, &j, err) &&
           (j.found ||
            ln_fail(err, LN_DENIED, "who answers there does not stand above our parent"));
}

static bool hello(struct ln_exchange_client *c, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_span word;
    bool ok = false;

    ln_message_init(&request, 0);
    ln_message_init(&response, 4096);
    memcpy(request.method, "GET", 4);
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/hello");
    c->out->requests++;
    if (!c->link.call(c->link.ctx, &request, &response, err))
        goto out;
    if (response.status != 200) { /* unsigned: whatever it says, the parent was not reached */
        (void)ln_message_problem_read(&response, NULL, NULL, err);
        err->code = LN_BUSY;
        goto out;
    }
    struct ln_span body = { response.body.data, response.body.len };
    if (!is_object(body, err))
        goto out;
    if (!word_of(&word, body, "node")) {
        (void)ln_fail(err, LN_INVALID, "the answer names no node");
        goto out;
    }
    if (!is_whom_we_want(c, word, err))
        goto out;
    if (!word_of(&word, body, "nonce") || word.len >= sizeof c->nonce) {
        (void)ln_fail(err, LN_INVALID, "no nonce");
        goto out;
    }
    memcpy(c->nonce, word.p, word.len);
    c->nonce[word.len] = '\0';
    ok = true;
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "hello");
}

/* The answer's signature, and what every answer brings: the next nonce and the time. */
static bool accept(struct ln_exchange_client *c, const struct ln_message *request,
                   const struct ln_message *response, struct ln_err *err)
{
    int64_t created_s;

    if (response->signature[0] == '\0' && response->status != 200) {
        /* A proxy's, or that of a server that is full or got half of it: nothing that our parent
         * has said, so nothing to act upon but to come again. */
        (void)ln_message_problem_read(response, NULL, NULL, err);
        err->code = LN_BUSY;
        return false;
    }
    if (!ln_message_check_answer(response, request, &c->parent.key, &created_s, err))
        return ln_wrap(err, "the answer is not our parent's");
    memcpy(c->nonce, response->nonce, sizeof c->nonce);
    c->changed = true;
    c->out->parent_ms = created_s * 1000;
    /* A parent that lives in 2099 sets nobody's clock: our lease would be over. */
    if (c->c.env->clock_seen != NULL && !c->c.env->clock_trusted(c->c.env->ctx) &&
        created_s >= c->from_s - SLOW_S && created_s <= c->until_s)
        c->c.env->clock_seen(c->c.env->ctx, created_s * 1000);
    return true;
}

/* Sends a request whose method, path, query and body are set; `response` is the parent's signed
 * answer with status 200. `*p` (may be NULL) tells a signed refusal, `*seq` the segment it names.
 */
static bool ask(struct ln_exchange_client *c, struct ln_message *request,
                struct ln_message *response, enum ln_problem *p, uint64_t *seq, struct ln_err *err)
{
    enum ln_problem which = LN_PROBLEM_BROKEN;
    size_t max = response->body.max;

    for (int attempt = 0;; attempt++) {
        if (c->nonce[0] == '\0' && !hello(c, err))
            return false;
        memcpy(request->to, c->parent.node, sizeof request->to);
        if (!ln_message_sign(request, c->c.self, c->nonce, now_ms(c) / 1000, &c->c.key, err))
            return false;
        ln_message_free(response);
        ln_message_init(response, max);
        c->out->requests++;
        if (!c->link.call(c->link.ctx, request, response, err))
            return false;
        if (response->retry_after_s > 0)
            c->out->retry_after_ms = (int64_t)response->retry_after_s * 1000;
        if (!accept(c, request, response, err)) {
            if (err->code != LN_DENIED || attempt > 0)
                return false;
            c->nonce[0] = '\0'; /* somebody else's answer: who is there? */
            *err = (struct ln_err){ 0 };
            continue;
        }
        if (response->status == 200)
            return true;
        (void)ln_message_problem_read(response, &which, seq, err);
        /* The nonce was too old, or the answer that brought its successor got lost. */
        if (which == LN_PROBLEM_NONCE && attempt == 0)
            continue;
        if (p != NULL)
            *p = which;
        return false;
    }
}

static void start(struct ln_message *m, const char *method, const char *name, const char *rest)
{
    ln_message_init(m, LN_MESSAGE_BODY_MAX);
    (void)snprintf(m->method, sizeof m->method, "%s", method);
    (void)snprintf(m->path, sizeof m->path, "/sync/v1/%s%s", name, rest);
}

/* ---- what the parent took beside the logs */

struct heard_job {
    struct ln_exchange_client *c;
    struct ln_span keys; /* a body that it has taken, or empty */
    bool told, again;
    struct ln_taken taken;
};

static bool heard(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct heard_job *j = arg;

    return (j->keys.len == 0 || ln_keys_sent(r, j->keys, err)) &&
           (!j->told || ln_taken_heard(&j->again, r, j->c->parent.node, &j->taken, err));
}

/* [n,forgot] */
static bool taken_of(struct ln_taken *out, struct ln_span body)
{
    uint64_t *const numbers[] = { &out->n, &out->forgot };
    struct ln_span list;
    struct ln_span item;
    size_t at = 0;

    if (!ln_canon_get(body, "taken", &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!ln_canon_next(list, &at, NULL, &item) || ln_canon_type(item) != LN_CANON_INT ||
            ln_canon_int(item) < 0 || ln_canon_int(item) > LN_TAKEN_MAX)
            return false;
        *numbers[i] = (uint64_t)ln_canon_int(item);
    }
    return true;
}

/* Notes the "taken" of an answer, and that `keys` were taken. An older parent tells none. */
static bool hear(struct ln_exchange_client *c, struct ln_span body, struct ln_span keys,
                 struct ln_err *err)
{
    struct heard_job j = { .c = c, .keys = keys };

    j.told = !c->past && taken_of(&j.taken, body);
    if (c->forgot) /* once a sync: else one that says so each time would get it all each time */
        j.taken.forgot = c->taken.forgot;
    j.told = j.told && (j.taken.n != c->taken.n || j.taken.forgot != c->taken.forgot);
    if (!j.told && keys.len == 0)
        return true;
    if (!do_write(c, heard, &j, err))
        return false;
    if (j.told)
        c->taken = j.taken;
    if (j.again) {
        ln_log(LN_LOG_WARN,
               "parent forgot keys and attachments, which it gets again parent=%s "
               "n=%" PRIu64,
               c->parent.node, c->taken.n);
        c->forgot = true;
    }
    return true;
}

/* ---- before: seal, keys, who the parent is */

struct prepare_job {
    struct ln_cert parent;
    int64_t from_s, until_s; /* of our own lease */
    struct ln_buf keys;
    unsigned n_keys, sealed, dropped;
    bool past;
    uint64_t rotated; /* version of the authority, and the hour, when epochs were last looked at */
    int64_t rotated_ms, now_ms;
    char doubt[16]; /* out, by learn */
    uint64_t heads;
};

/* Who the parent is, and whether we doubt ourselves. */
static bool learn(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct prepare_job *j = arg;
    const struct ln_cert *self = ln_replica_self(r);
    const struct ln_cert *parent;

    if (self == NULL)
        return ln_fail(err, LN_MISSING, "no certificate yet: join a parent first");
    if (self->parent[0] == '\0')
        return ln_fail(err, LN_MISSING, "this node is the root: it has no parent");
    parent = ln_authority_find(ln_replica_authority(r), self->parent);
    if (parent == NULL)
        return ln_fail(err, LN_MISSING, "the parent's certificate is not known");
    j->parent = *parent;
    j->from_s = self->from_s;
    j->until_s = self->until_s;
    (void)snprintf(j->doubt, sizeof j->doubt, "%s", ln_replica_doubted(r));
    return ln_replica_heads(r, &j->heads, err);
}

/* New certificates may bring or take members; a month may be over. Nothing is said in doubt. */
static bool rotate_due(struct prepare_job *j, struct ln_replica *r, struct ln_err *err)
{
    unsigned minted;

    if (j->doubt[0] != '\0' ||
        (j->rotated == ln_replica_version(r) && j->now_ms - j->rotated_ms < ROTATE_LOOK_MS))
        return true;
    if (!ln_replica_rotate(r, false, &minted, err))
        return false;
    j->rotated = ln_replica_version(r);
    j->rotated_ms = j->now_ms;
    return true;
}

static bool prepare(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct prepare_job *j = arg;
    unsigned segments = 0;

    if (!learn(j, r, err) || !ln_replica_leave(r, &j->dropped, err) || !rotate_due(j, r, err))
        return false;
    /* Sealing may be stopped until the parent has confirmed our head: which is what follows. */
    if (!ln_replica_seal(r, true, &segments, err) && err->code != LN_CONFLICT)
        return false;
    j->sealed = segments;
    /* Keys are for the parent alone: past it nobody reads them. */
    return j->past || ln_keys_pending(&j->keys, &j->n_keys, r, err);
}

/* Keys go before the lines they open: then the parent can show what it receives. */
static bool send_keys(struct ln_exchange_client *c, struct prepare_job *j, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    bool ok = false;

    start(&request, "POST", "keys", "");
    (void)snprintf(request.query, sizeof request.query, "taken=%" PRIu64, c->taken.n);
    ln_message_init(&response, LN_MESSAGE_NOTE_MAX);
    ln_buf_add(&request.body, j->keys.data, j->keys.len);
    struct ln_span sent = { request.body.data, request.body.len };
    if (!ask(c, &request, &response, NULL, NULL, err))
        goto out;
    struct ln_span body = { response.body.data, response.body.len };
    if (!is_object(body, err) || !hear(c, body, sent, err))
        goto out;
    c->out->keys += j->n_keys;
    ok = true;
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "keys");
}

static bool use_parent(struct ln_exchange_client *c, const struct prepare_job *j,
                       struct ln_err *err)
{
    if (c->past) {
        c->home = j->parent;
        return c->parent.node[0] != '\0' || hello(c, err);
    }
    if (strcmp(c->parent.node, j->parent.node) != 0 && c->parent.node[0] != '\0') {
        forget(c); /* moved to another parent */
        c->nonce[0] = '\0';
        c->taken = (struct ln_taken){ 0 };
    }
    c->parent = j->parent;
    if (!c->loaded && !do_read(c, read_meta, c, err))
        return false;
    c->loaded = true;
    return true;
}

/* Seals, learns the parent and sends all keys that wait. */
static bool begin(struct ln_exchange_client *c, struct ln_err *err)
{
    struct prepare_job j = { .keys = ln_buf_new(LN_MESSAGE_NOTE_MAX),
                             .past = c->past,
                             .rotated = c->rotated,
                             .rotated_ms = c->rotated_ms,
                             .now_ms = now_ms(c) };
    bool ok = false;

    for (int round = 0; round < KEY_ROUNDS; round++) {
        ln_buf_clear(&j.keys);
        j.n_keys = 0;
        if (!do_write(c, prepare, &j, err))
            goto out;
        if (j.dropped > 0)
            ln_log(LN_LOG_NOTE, "left grids=%u: what was held of them is gone", j.dropped);
        c->rotated = j.rotated;
        c->rotated_ms = j.rotated_ms;
        c->from_s = j.from_s;
        c->until_s = j.until_s;
        if (!use_parent(c, &j, err))
            goto out;
        c->sealed += j.sealed;
        if (j.n_keys == 0)
            break;
        if (!send_keys(c, &j, err))
            goto out;
    }
    ok = true;
out:
    ln_buf_free(&j.keys);
    return ok;
}

struct want_job {
    struct ln_buf *body;
    unsigned n;
};

static bool read_want(void *arg, struct ln_store *reader, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct want_job *j = arg;

    (void)a;
    return ln_keys_want(j->body, &j->n, reader, err);
}

struct take_job {
    struct ln_exchange_client *c;
    struct ln_span body;
    unsigned n;
};

static bool take_keys(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct take_job *j = arg;

    return ln_keys_take(&j->n, r, j->body, &j->c->parent, err);
}

/* Keys that lines wait for here: the parent has them, or will have. What it lacked is asked for
 * again when something came, or after a while. */
static bool get_keys(struct ln_exchange_client *c, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct want_job want = { .body = &request.body };
    struct take_job take = { .c = c };
    enum ln_problem p = LN_PROBLEM_BROKEN;
    bool ok = false;

    if (c->past || (!c->want && now_ms(c) - c->wanted_ms < WANT_AGAIN_MS))
        return true;
    start(&request, "POST", "keys/want", "");
    ln_message_init(&response, LN_MESSAGE_NOTE_MAX);
    if (!do_read(c, read_want, &want, err))
        goto out;
    c->wanted_ms = now_ms(c);
    if (want.n == 0) {
        ok = true;
        goto out;
    }
    if (!ask(c, &request, &response, &p, NULL, err)) {
        /* An older parent does not know this path. */
        ok = p == LN_PROBLEM_MISSING || p == LN_PROBLEM_METHOD;
        if (ok)
            *err = (struct ln_err){ 0 };
        goto out;
    }
    take.body = (struct ln_span){ response.body.data, response.body.len };
    ok = response.body.len == 0 || do_write(c, take_keys, &take, err);
    c->out->got_keys += take.n;
out:
    c->want = !ok && err->code != LN_INVALID && err->code != LN_DENIED; /* link or disk */
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "wanted keys");
}

/* ---- push */

struct slice_job {
    struct ln_exchange_client *c;
    const char *log;
    struct ln_buf *pack;
    uint64_t from, last;
    size_t max;
};

static bool read_slice(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct slice_job *j = arg;

    return ln_replica_slice(j->pack, &j->last, reader, a, j->log, j->from,
                            j->c->past ? &j->c->home : &j->c->parent, j->max, err);
}

struct receipt_job {
    struct ln_span f;
    struct ln_buf evidence;
};

static bool note_receipt(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct receipt_job *j = arg;

    return ln_replica_receipt(r, j->f, j->evidence.data, j->evidence.len, err);
}

static unsigned count_refused(struct ln_span f)
{
    struct ln_span no;
    struct ln_span item;
    size_t at = 0;
    unsigned n = 0;

    if (ln_canon_get(f, "no", &no) && ln_canon_type(no) == LN_CANON_ARRAY)
        while (ln_canon_next(no, &at, NULL, &item))
            n++;
    return n;
}

/* The receipt in the parent's answer, kept with the whole answer as evidence. */
static bool take_receipt(struct ln_exchange_client *c, const struct ln_message *request,
                         const struct ln_message *response, const char *log, struct ln_span body,
                         struct ln_err *err)
{
    struct receipt_job j = { .evidence = ln_buf_new(LN_MESSAGE_BODY_MAX) };
    struct ln_span item;
    bool ok = true;

    if (!ln_canon_get(body, "receipt", &j.f))
        return true; /* not our parent's to receipt: a grandchild's log */
    if (ln_canon_type(j.f) != LN_CANON_OBJECT)
        return ln_fail(err, LN_INVALID, "the receipt is no object");
    ln_message_evidence(&j.evidence, request, response);
    ok = do_write(c, note_receipt, &j, err);
    if (ok) {
        c->out->refused += count_refused(j.f);
        if (strcmp(log, c->c.self) == 0 && ln_canon_get(j.f, "seq", &item) &&
            ln_canon_type(item) == LN_CANON_INT)
            c->out->receipt_seq = (uint64_t)ln_canon_int(item);
    }
    ln_buf_free(&j.evidence);
    return ok;
}

/* {"all":hash,"head":[seq,sha],"receipt":{...}?} */
static bool read_push_answer(struct ln_exchange_client *c, struct ln_view_log *head,
                             char all[LN_VIEW_HASH], struct ln_span body, struct ln_err *err)
{
    struct ln_buf raw = ln_buf_new(sizeof head->sha.b);
    struct ln_span word;
    struct ln_span item;
    struct ln_span list;
    size_t at = 0;
    bool ok = is_object(body, err);

    (void)c;
    if (!ok)
        return false;
    ok = word_of(&word, body, "all") && word.len == LN_VIEW_HASH - 1 &&
         ln_canon_get(body, "head", &list) && ln_canon_type(list) == LN_CANON_ARRAY &&
         ln_canon_next(list, &at, NULL, &item) && ln_canon_type(item) == LN_CANON_INT &&
         ln_canon_int(item) >= 0;
    if (ok) {
        memcpy(all, word.p, word.len);
        all[word.len] = '\0';
        head->seq = (uint64_t)ln_canon_int(item);
        ok = ln_canon_next(list, &at, NULL, &item) && ln_canon_type(item) == LN_CANON_STRING &&
             ln_canon_plain(item, &word) && ln_encode_unbase64url(&raw, word) &&
             raw.len == sizeof head->sha.b;
    }
    if (ok)
        memcpy(head->sha.b, raw.data, sizeof head->sha.b);
    ln_buf_free(&raw);
    return ok || ln_fail(err, LN_INVALID, "the answer to a push is not one");
}

/* Slices should neither take ages nor be many. */
static void adapt(size_t *size, size_t max, size_t len, int64_t took_ms)
{
    if (took_ms > SLOW_MS && *size / 2 >= SLICE_MIN)
        *size /= 2;
    else if (took_ms < FAST_MS && len >= *size / 2 && *size * 2 <= max)
        *size *= 2;
}

/* A slice that did not get through is tried smaller the next time. */
static void shrink(size_t *size, const struct ln_err *err)
{
    if (err->code == LN_BUSY && *size / 2 >= SLICE_MIN)
        *size /= 2;
}

/* One slice from *from on; *from becomes what the parent wants next. */
static bool push_slice(struct ln_exchange_client *c, const char *log, uint64_t *from,
                       char all[LN_VIEW_HASH], struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct slice_job j = {
        .c = c, .log = log, .pack = &request.body, .from = *from, .max = c->slice
    };
    struct ln_view_log head = { 0 };
    enum ln_problem p = LN_PROBLEM_BROKEN;
    uint64_t wanted = 0;
    int64_t start_ms = now_ms(c);
    bool ok = false;

    start(&request, "POST", "log/", log);
    ln_message_init(&response, LN_MESSAGE_NOTE_MAX);
    if (!do_read(c, read_slice, &j, err))
        goto out;
    if (j.last < *from) {
        (void)ln_fail(err, LN_BROKEN, "segment %" PRIu64 " is not here to send", *from);
        goto out;
    }
    if (!ask(c, &request, &response, &p, &wanted, err)) {
        /* It holds less than we thought (restored from a backup): begin where it says. */
        if (p == LN_PROBLEM_GAP && wanted > 0 && wanted < *from) {
            *from = wanted;
            ok = true;
        }
        shrink(&c->slice, err);
        goto out;
    }
    struct ln_span body = { response.body.data, response.body.len };
    if (!read_push_answer(c, &head, all, body, err) ||
        !take_receipt(c, &request, &response, log, body, err))
        goto out;
    if (head.seq < j.last) {
        (void)ln_fail(err, LN_INVALID, "the parent took segments and holds only %" PRIu64,
                      head.seq);
        goto out;
    }
    adapt(&c->slice, SLICE_MAX, request.body.len, now_ms(c) - start_ms);
    c->out->sent_segments += j.last - *from + 1;
    c->out->sent_bytes += request.body.len;
    ln_view_note(&c->theirs, log, head.seq, &head.sha)->seen = true;
    *from = head.seq + 1;
    ok = true;
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "push %s from %" PRIu64, log, *from);
}

/* ---- pull */

struct receive_job {
    struct ln_exchange_client *c;
    const char *log;
    const struct ln_message *response;
    struct ln_receive got;
};

static bool receive_log(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct receive_job *j = arg;

    return ln_replica_receive(r, &j->got, j->log, j->response->body.data, j->response->body.len,
                              &j->c->parent, err);
}

/* One slice; *from becomes what comes next, *end that there is no more. */
static bool pull_slice(struct ln_exchange_client *c, const char *log, uint64_t *from, bool *end,
                       struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct receive_job j = { .c = c, .log = log, .response = &response };
    int64_t start_ms = now_ms(c);
    bool ok = false;

    start(&request, "GET", "log/", log);
    (void)snprintf(request.query, sizeof request.query, "from=%" PRIu64 "&max=%zu", *from,
                   c->slice);
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    if (!ask(c, &request, &response, NULL, NULL, err)) {
        shrink(&c->slice, err);
        goto out;
    }
    *end = response.body.len == 0;
    if (!*end) {
        if (!do_write_large(c, receive_log, &j, err))
            goto out;
        if (j.got.seq < *from) {
            (void)ln_fail(err, LN_INVALID, "the parent sent segments before those asked for");
            goto out;
        }
        adapt(&c->slice, SLICE_MAX, response.body.len, now_ms(c) - start_ms);
        c->out->got_segments += j.got.segments;
        c->want = c->want || j.got.segments > 0;
        c->out->got_changes += j.got.changes;
        c->out->got_bytes += response.body.len;
        *from = j.got.seq + 1;
    }
    ok = true;
out:
    ln_buf_free(&j.got.receipt);
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "pull %s from %" PRIu64, log, *from);
}

static bool pull_log(struct ln_exchange_client *c, const char *log, uint64_t from, uint64_t to,
                     struct ln_err *err)
{
    bool end = false;

    while (from <= to && !end)
        if (!pull_slice(c, log, &from, &end, err))
            return false;
    return true;
}

/* ---- one round */

struct view_job {
    const char *self, *at;
    struct ln_view mine;
};

static bool read_view(void *arg, struct ln_store *reader, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct view_job *j = arg;

    return ln_view_read(&j->mine, reader, a, j->self, j->at, err);
}

/* What both sides hold of one log, compared. */
static bool compare(struct ln_exchange_client *c, const struct ln_view_log *mine,
                    const struct ln_view_log *theirs, struct ln_err *err)
{
    if (mine->own && theirs->seq > mine->seq)
        return ln_fail(err, LN_CONFLICT,
                       "the parent holds %" PRIu64 " segments of our log %s and we hold %" PRIu64
                       ": these data are an older copy",
                       theirs->seq, mine->log, mine->seq);
    size_t id = strlen(c->parent.node);
    bool parents = strncmp(mine->log, c->parent.node, id) == 0;
    if (mine->closed && theirs->seq > mine->seq)
        c->left_out = true; /* it has not heard of the revocation yet */
    if (!mine->up && theirs->seq < mine->seq && !parents)
        c->left_out = true; /* it has not got so far itself yet, as one that has only just joined */
    else if (!mine->up && theirs->seq < mine->seq)
        return ln_fail(err, LN_CONFLICT,
                       "the parent holds %" PRIu64 " segments of %s, we have %" PRIu64
                       " of them: its data are an older copy",
                       theirs->seq, mine->log, mine->seq);
    if (theirs->seq == mine->seq && !ln_encode_sha256_same(&theirs->sha, &mine->sha))
        return ln_fail(err, LN_CONFLICT, "fork: segment %" PRIu64 " of %s differs at the parent",
                       mine->seq, mine->log);
    return true;
}

/* A child's log that came to the parent past us and that we may not take (its lease is over); a
 * former parent's receipts, whose certificates the new one does not know yet: all others go on. */
static bool left_out(struct ln_exchange_client *c, const struct ln_view_log *m, struct ln_err *err)
{
    if (!m->up || m->own || err->code != LN_DENIED)
        return false;
    ln_log_err(LN_LOG_WARN, err, "left out");
    *err = (struct ln_err){ 0 };
    c->left_out = true;
    (void)ln_view_note(&c->refused, m->log, m->seq, &m->sha);
    return true;
}

/* One direction: logs of `mine` in order of depth, so that certificates come first, a slice a turn.
 */
struct lane {
    const struct ln_view *mine;
    bool push;
    size_t at;         /* the log at work */
    uint64_t from, to; /* of it; from > to: the next one */
    bool back;         /* the parent has asked for earlier segments of it */
};

/* Finds the next log with something to move; false: there is none. */
static bool lane_next(struct ln_exchange_client *c, struct lane *l)
{
    while (l->from > l->to) {
        if (l->at + 1 > l->mine->n)
            return false;
        const struct ln_view_log *m = &l->mine->logs[l->at++];
        const struct ln_view_log *t = ln_view_find(&c->theirs, m->log);
        uint64_t theirs = t != NULL ? t->seq : 0;
        l->from = (l->push ? theirs : m->seq) + 1;
        l->to = l->push ? (m->up ? m->seq : 0) : m->closed ? 0 : theirs;
        l->back = false;
        if (l->push && l->from <= l->to && ln_view_find(&c->refused, m->log) != NULL) {
            c->left_out = true; /* asked once a sync is enough */
            l->from = l->to + 1;
        }
    }
    return true;
}

static bool lane_move(struct ln_exchange_client *c, struct lane *l, char theirs_all[LN_VIEW_HASH],
                      struct ln_err *err)
{
    const struct ln_view_log *m = &l->mine->logs[l->at - 1];
    uint64_t before = l->from;
    bool end = false;
    bool ok = l->push ? push_slice(c, m->log, &l->from, theirs_all, err)
                      : pull_slice(c, m->log, &l->from, &end, err);

    if (ok && l->push && l->from <= before && l->back)
        ok = ln_fail(err, LN_CONFLICT, "%s: the parent asks for the same again", m->log);
    l->back = l->back || l->from <= before;
    if (!ok && !left_out(c, m, err))
        return false;
    if (!ok || end)
        l->from = l->to + 1;
    return true;
}

/* Moves everything that differs. Both directions take turns, slice by slice: what is urgent in one
 * waits for no more than a slice of the other, however much has gathered there. *moved tells
 * whether there was anything. `theirs_all` is the parent's hash after the last push. */
static bool level_logs(struct ln_exchange_client *c, const struct ln_view *mine, bool *moved,
                       char theirs_all[LN_VIEW_HASH], struct ln_err *err)
{
    static const struct ln_view_log none;
    struct lane down = { .mine = mine, .from = 1 };
    struct lane up = { .mine = mine, .push = true, .from = 1 };

    *moved = false;
    for (size_t i = 0; i < c->theirs.n; i++)
        c->theirs.logs[i].seen = false;
    for (size_t i = 0; i < mine->n; i++) {
        struct ln_view_log *found = ln_view_find(&c->theirs, mine->logs[i].log);
        if (found != NULL)
            found->seen = true;
        if (!compare(c, &mine->logs[i], found != NULL ? found : &none, err))
            return false;
    }
    for (bool more = true; more;) {
        bool pull = lane_next(c, &down);
        bool push = lane_next(c, &up);
        if ((pull && !lane_move(c, &down, theirs_all, err)) ||
            (push && !lane_move(c, &up, theirs_all, err)))
            return false;
        more = pull || push;
        *moved = *moved || more;
    }
    return true;
}

/* Logs that only the parent has; ancestors' names do not tell their order, so what lacks its
 * certificates now is asked for again in the next round. */
static bool pull_new(struct ln_exchange_client *c, bool *moved, struct ln_err *err)
{
    struct ln_err first = { 0 };
    const char *failed = ""; /* its down-logs speak of those it certified: not without it */
    bool any = false;

    for (size_t i = 0; i < c->theirs.n; i++) {
        const struct ln_view_log *t = &c->theirs.logs[i];
        size_t id = strlen(failed);
        struct ln_err one = { 0 };
        if (t->seen || (id > 0 && strncmp(t->log, failed, id) == 0 && t->log[id] == '.'))
            continue;
        if (pull_log(c, t->log, 1, t->seq, &one)) {
            any = true;
        } else if (one.code == LN_BUSY || one.code == LN_BROKEN || one.code == LN_FULL) {
            *err = one;
            return false;
        } else {
            failed = t->log;
            if (first.code == LN_OK || first.code == LN_MISSING)
                first = one; /* what waits for a certificate may wait for what failed otherwise */
        }
    }
    *moved = *moved || any;
    if (!any && first.code == LN_MISSING) { /* a certificate is on its way: another time */
        ln_log_err(LN_LOG_INFO, &first, "left out");
        c->left_out = true;
        return true;
    }
    if (!any && first.code != LN_OK) {
        *err = first;
        return false;
    }
    return true;
}

/* All of ours is the parent's too. */
static void note_level(struct ln_exchange_client *c, const struct ln_view *mine)
{
    for (size_t i = 0; i < mine->n; i++) {
        const struct ln_view_log *t = ln_view_find(&c->theirs, mine->logs[i].log);
        if (t == NULL || t->seq != mine->logs[i].seq)
            ln_view_note(&c->theirs, mine->logs[i].log, mine->logs[i].seq, &mine->logs[i].sha)
                ->seen = true;
    }
    c->known = true;
    c->out->level = true;
}

/* Whether the parent is told (again) how this node is. */
static bool tell_state(struct ln_exchange_client *c, char state[LN_EXCHANGE_STATE_MAX])
{
    state[0] = '\0';
    if (c->c.state == NULL || c->past)
        return false;
    c->c.state(c->c.state_ctx, state);
    if (state[0] == '\0' ||
        (strcmp(state, c->state) == 0 && now_ms(c) - c->state_ms < STATE_AGAIN_MS))
        return false;
    memcpy(c->state, state, sizeof c->state);
    c->state_ms = now_ms(c);
    return true;
}

/* [["<log>",seq],...]: what of it makes sense. */
static void note_lacks(struct ln_damages *out, struct ln_span list)
{
    struct ln_span item;
    struct ln_span part[2];
    struct ln_span word;
    size_t at = 0;

    out->n = 0;
    while (ln_canon_type(list) == LN_CANON_ARRAY && out->n < LN_DAMAGES_MAX &&
           ln_canon_next(list, &at, NULL, &item)) {
        struct ln_damage *d = &out->list[out->n];
        size_t in = 0;
        if (ln_canon_type(item) != LN_CANON_ARRAY || !ln_canon_next(item, &in, NULL, &part[0]) ||
            !ln_canon_next(item, &in, NULL, &part[1]) ||
            ln_canon_type(part[0]) != LN_CANON_STRING || !ln_canon_plain(part[0], &word) ||
            word.len >= sizeof d->log || ln_canon_type(part[1]) != LN_CANON_INT ||
            ln_canon_int(part[1]) < 1)
            continue;
        (void)snprintf(d->log, sizeof d->log, "%.*s", (int)word.len, word.p);
        d->seq = (uint64_t)ln_canon_int(part[1]);
        out->n++;
    }
}

/* Asks for heads; out->level, or `theirs` is what the parent holds now. */
static bool ask_heads(struct ln_exchange_client *c, const struct ln_view *mine, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_span item;
    char state[LN_EXCHANGE_STATE_MAX];
    bool ok = false;

    start(&request, "POST", "heads", "");
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    ln_buf_addc(&request.body, '{');
    struct ln_recipient next;
    if (c->c.age_next != NULL && !c->past && c->c.age_next(c->c.state_ctx, &next)) {
        ln_buf_adds(&request.body, "\"age\":\"");
        ln_key_recipient_write(&request.body, &next);
        ln_buf_adds(&request.body, "\",");
    }
    ln_buf_addf(&request.body, "\"all\":\"%s\"", mine->all);
    bool told = tell_state(c, state);
    if (told)
        ln_buf_addf(&request.body, ",\"state\":%s", state);
    if (mine->sum[0] != '\0')
        ln_buf_addf(&request.body, ",\"sum\":\"%s\"", mine->sum);
    if (told)
        ln_buf_addf(&request.body, ",\"t\":%" PRId64, now_ms(c));
    if (c->taken.n > 0 && !c->past)
        ln_buf_addf(&request.body, ",\"taken\":%" PRIu64, c->taken.n);
    ln_buf_addc(&request.body, '}');
    if (!ask(c, &request, &response, NULL, NULL, err))
        goto out;
    struct ln_span body = { response.body.data, response.body.len };
    if (!is_object(body, err))
        goto out;
    if (ln_canon_get(body, "level", &item)) {
        note_level(c, mine);
        c->out->alarm = ln_canon_get(body, "same", &item) && ln_canon_type(item) == LN_CANON_BOOL &&
                        !ln_canon_bool(item);
    } else if (ln_canon_get(body, "have", &item)) {
        forget(c);
        if (!ln_view_parse(&c->theirs, item, err))
            goto out;
        c->known = true;
        c->asked = true;
    } else {
        (void)ln_fail(err, LN_INVALID, "the answer tells no heads");
        goto out;
    }
    if (ln_canon_get(body, "mend", &item))
        note_lacks(&c->lacks, item);
    ok = hear(c, body, (struct ln_span){ NULL, 0 }, err);
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "heads");
}

/* True when something of ours is not among what the parent is known to hold. */
static bool to_push(struct ln_exchange_client *c, const struct ln_view *mine)
{
    for (size_t i = 0; i < mine->n; i++) {
        const struct ln_view_log *t = ln_view_find(&c->theirs, mine->logs[i].log);
        if (mine->logs[i].up && (t == NULL || t->seq < mine->logs[i].seq))
            return true;
    }
    return false;
}

/* True when what we hold is just what the parent said it holds. */
static bool same_heads(struct ln_exchange_client *c, const struct ln_view *mine)
{
    if (mine->n != c->theirs.n)
        return false;
    for (size_t i = 0; i < mine->n; i++) {
        const struct ln_view_log *t = ln_view_find(&c->theirs, mine->logs[i].log);
        if (t == NULL || t->seq != mine->logs[i].seq ||
            !ln_encode_sha256_same(&t->sha, &mine->logs[i].sha))
            return false;
    }
    return true;
}

/* What is remembered of the parent may be older than what it has given us since: an answer may have
 * been lost after it did its work. Then its heads are asked for again. */
static bool is_outdated(struct ln_exchange_client *c, const struct ln_view *mine)
{
    for (size_t i = 0; i < mine->n; i++) {
        const struct ln_view_log *t = ln_view_find(&c->theirs, mine->logs[i].log);
        if (!mine->logs[i].up && (t == NULL || t->seq < mine->logs[i].seq))
            return true;
    }
    return false;
}

/* One round. A push whose place is known needs no question first, and its answer tells whether
 * both sides are level then. What is left out may be so for something that the parent has and we
 * have not heard of, as a revocation: it ends the sync when heads were asked for and nothing else
 * moves any more. */
static bool round_of(struct ln_exchange_client *c, bool again, struct ln_err *err)
{
    struct view_job j = { .self = c->c.self, .at = c->parent.node };
    char theirs_all[LN_VIEW_HASH] = "";
    uint64_t before = c->out->sent_segments + c->out->got_segments;
    bool moved = false;
    bool ok = false;

    c->left_out = false;
    if (!do_read(c, read_view, &j, err))
        goto out;
    if (c->known && is_outdated(c, &j.mine))
        forget(c);
    if (again && c->asked && c->known && same_heads(c, &j.mine)) {
        note_level(c, &j.mine); /* all that it told of in this sync has been moved */
    } else if ((again || !c->known || !to_push(c, &j.mine)) && !ask_heads(c, &j.mine, err)) {
        goto out;
    }
    if (!c->out->level) {
        if (!level_logs(c, &j.mine, &moved, theirs_all, err) || !pull_new(c, &moved, err))
            goto out;
        if (strcmp(theirs_all, j.mine.all) == 0)
            note_level(c, &j.mine);
        else if (c->left_out)
            c->stop = c->asked && c->out->sent_segments + c->out->got_segments == before;
        else if (!moved) {
            (void)ln_fail(err, LN_CONFLICT, "the parent says heads differ and names none");
            goto out;
        }
    }
    ok = true;
out:
    ln_view_free(&j.mine);
    return ok;
}

/* ---- our own logs, before anything is sealed: an older copy of the node (a restored image, a
 * cloned card) is found here, and gets back what it has forgotten */

static bool doubt_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)err;
    ln_replica_doubt(r, arg);
    return true;
}

static bool confirm_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    (void)err;
    if (strcmp(ln_replica_doubted(r), "fork") != 0)
        ln_replica_confirm(r);
    return true;
}

static bool doubt(struct ln_exchange_client *c, const char *why, struct ln_err *err)
{
    char word[16];

    (void)snprintf(word, sizeof word, "%s", why);
    return do_write(c, doubt_job, word, err);
}

struct place_job {
    const char *log;
    uint64_t seq;
    struct ln_sha256 sha;
    bool found;
};

static bool take_place(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct place_job *j = ctx;

    j->sha = s->sha;
    j->found = s->seq == j->seq;
    err->code = LN_OK;
    return false;
}

static bool read_place(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct place_job *j = arg;
    struct ln_store_log log = { 0 };

    (void)a;
    if (!reader->ops->log_get(reader->ctx, &log, j->log, err))
        return false;
    err->code = LN_OK;
    return reader->ops->segment_each(reader->ctx, log.n, j->seq, false, take_place, j, err) ||
           err->code == LN_OK;
}

static bool fork_met(struct ln_exchange_client *c, const char *log, uint64_t seq,
                     struct ln_err *err)
{
    return doubt(c, "fork", err) &&
           ln_fail(err, LN_CONFLICT,
                   "fork: segment %" PRIu64
                   " of our log %s is another one at the parent: this node works on, and seals "
                   "nothing until its log is closed and continued under a new key",
                   seq, log);
}

/* One of our own logs as the parent holds it: the same as far as it goes, or it brings what we
 * lack. */
static bool check_own(struct ln_exchange_client *c, const struct ln_view_log *theirs, uint64_t mine,
                      struct ln_err *err)
{
    struct place_job place = { .log = theirs->log, .seq = theirs->seq < mine ? theirs->seq : mine };
    struct ln_err bad = { 0 };

    if (theirs->seq <= mine) {
        if (!do_read(c, read_place, &place, err))
            return false;
        if (place.found && !ln_encode_sha256_same(&place.sha, &theirs->sha))
            return fork_met(c, theirs->log, theirs->seq, err);
        return true;
    }
    if (!doubt(c, "parent", err))
        return false;
    c->fetched = true;
    if (pull_log(c, theirs->log, mine + 1, theirs->seq, &bad))
        return true;
    if (bad.code == LN_CONFLICT)
        return fork_met(c, theirs->log, mine + 1, err);
    *err = bad;
    return false;
}

static bool is_own(const struct ln_exchange_client *c, const char *log)
{
    size_t n = strlen(c->c.self);

    return strncmp(log, c->c.self, n) == 0 && (log[n] == '\0' || log[n] == '.');
}

static bool check_heads(struct ln_exchange_client *c, struct ln_err *err)
{
    struct view_job j = { .self = c->c.self, .at = c->parent.node };
    bool ok = do_read(c, read_view, &j, err) && ask_heads(c, &j.mine, err);

    for (size_t i = 0; ok && !c->out->level && i < c->theirs.n; i++) {
        struct ln_view_log theirs = c->theirs.logs[i];
        uint64_t mine = 0;
        if (!is_own(c, theirs.log))
            continue;
        for (size_t k = 0; k < j.mine.n; k++)
            if (strcmp(j.mine.logs[k].log, theirs.log) == 0)
                mine = j.mine.logs[k].seq;
        ok = check_own(c, &theirs, mine, err);
    }
    ln_view_free(&j.mine);
    return ok;
}

static bool check_self(struct ln_exchange_client *c, struct ln_err *err)
{
    struct prepare_job j = { .n_keys = 0 };

    if (!do_write(c, learn, &j, err) || !use_parent(c, &j, err))
        return false;
    if (c->past && j.doubt[0] != '\0')
        return ln_fail(err, LN_BUSY, "these may be older data: only the parent itself can confirm");
    if (j.doubt[0] == '\0' && (c->past || c->checked || j.heads == 0)) {
        c->checked = true;
        return true;
    }
    if (!check_heads(c, err))
        return false;
    if ((j.doubt[0] != '\0' || c->fetched) && !do_write(c, confirm_job, NULL, err))
        return false;
    c->fetched = false;
    c->checked = true;
    return true;
}

/* ---- attachments */

/* {"held":n} */
/* Text first: what was saved while attachments are on their way does not wait for them. */
static bool hurries(struct ln_exchange_client *c, struct ln_err *err)
{
    /* One part at least a sync, so that they arrive in the end. */
    c->hurried = c->parts > 0 && c->c.hurry != NULL && c->c.hurry(c->c.hurry_ctx);
    return c->hurried && !ln_fail(err, LN_BUSY, "attachments wait for what is more urgent");
}

static bool put_part(struct ln_exchange_client *c, const char *hex, uint64_t at, uint64_t size,
                     const void *data, size_t len, uint64_t *held, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct ln_span item;
    bool ok = false;

    start(&request, "PUT", "file/", hex);
    (void)snprintf(request.query, sizeof request.query,
                   "at=%" PRIu64 "&size=%" PRIu64 "&taken=%" PRIu64, at, size,
                   c->past ? 0 : c->taken.n);
    ln_buf_add(&request.body, data, len);
    ln_message_init(&response, 4096);
    int64_t start_ms = now_ms(c);
    if (!ask(c, &request, &response, NULL, NULL, err)) {
        shrink(&c->part, err);
        goto out;
    }
    adapt(&c->part, LN_FILES_PART, len, now_ms(c) - start_ms);
    c->parts += len > 0;
    struct ln_span body = { response.body.data, response.body.len };
    if (!is_object(body, err))
        goto out;
    if (!ln_canon_get(body, "held", &item) || ln_canon_type(item) != LN_CANON_INT ||
        ln_canon_int(item) < 0) {
        (void)ln_fail(err, LN_INVALID, "the answer does not tell how much is held");
        goto out;
    }
    *held = (uint64_t)ln_canon_int(item);
    c->out->sent_bytes += len;
    ok = hear(c, body, (struct ln_span){ NULL, 0 }, err);
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok;
}

static void hex_of(char out[65], const struct ln_sha256 *name)
{
    struct ln_buf b = ln_buf_new(64);

    ln_encode_hex(&b, name->b, sizeof name->b);
    memcpy(out, b.data, 65);
    ln_buf_free(&b);
}

static bool send_file(void *ctx, const struct ln_sha256 *name, uint64_t size, struct ln_err *err)
{
    struct ln_exchange_client *c = ctx;
    const struct ln_files *f = c->c.files;
    struct ln_buf part = ln_buf_new(LN_FILES_PART);
    void *bytes = ln_buf_grow(&part, LN_FILES_PART);
    uint64_t held = 0;
    char hex[65];
    bool ok = false;

    hex_of(hex, name);
    if (!put_part(c, hex, 0, size, "", 0, &held, err))
        goto out;
    while (held < size) {
        uint64_t before = held;
        size_t got = 0;
        if (hurries(c, err) || !f->read(f->ctx, name, held, bytes, c->part, &got, err) ||
            !put_part(c, hex, held, size, bytes, got, &held, err))
            goto out;
        if (held <= before) {
            (void)ln_fail(err, LN_CONFLICT, "the parent keeps nothing of it");
            goto out;
        }
    }
    if (!f->sent(f->ctx, name, err))
        goto out;
    c->out->files++;
    ok = true;
out:
    ln_buf_free(&part);
    return ok || ln_wrap(err, "attachment %s", hex);
}

static bool get_part(struct ln_exchange_client *c, const struct ln_sha256 *name, uint64_t at,
                     uint64_t size, uint64_t *got, struct ln_err *err)
{
    const struct ln_files *f = c->c.files;
    struct ln_message request;
    struct ln_message response;
    char hex[65];
    bool ok = false;

    hex_of(hex, name);
    start(&request, "GET", "file/", hex);
    (void)snprintf(request.query, sizeof request.query, "from=%" PRIu64 "&max=%zu", at, c->part);
    ln_message_init(&response, LN_FILES_PART);
    int64_t start_ms = now_ms(c);
    if (!ask(c, &request, &response, NULL, NULL, err)) {
        shrink(&c->part, err);
        goto out;
    }
    adapt(&c->part, LN_FILES_PART, response.body.len, now_ms(c) - start_ms);
    c->parts++;
    if (!f->write(f->ctx, name, c->parent.node, at, size, response.body.data, response.body.len,
                  err))
        goto out;
    *got = response.body.len;
    c->out->got_bytes += response.body.len;
    ok = true;
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "attachment %s", hex);
}

/* The parent has not got it yet either, or has something else under its name: another time, and the
 * next ones now. */
static bool passed_over(struct ln_err *err)
{
    if (err->code != LN_MISSING && err->code != LN_INVALID)
        return false;
    if (err->code == LN_INVALID)
        ln_log_err(LN_LOG_WARN, err, "passed over");
    *err = (struct ln_err){ 0 };
    return true;
}

static bool fetch_file(void *ctx, const struct ln_sha256 *name, uint64_t size, struct ln_err *err)
{
    struct ln_exchange_client *c = ctx;
    const struct ln_files *f = c->c.files;
    uint64_t held = 0;
    bool whole = false;

    if (!f->have(f->ctx, name, &held, &whole, err))
        return false;
    while (!whole && held < size) {
        uint64_t got = 0;
        if (hurries(c, err))
            return false;
        if (!get_part(c, name, held, size, &got, err) ||
            (got == 0 && !ln_fail(err, LN_INVALID, "the parent's attachment ends early")))
            return passed_over(err);
        held += got;
    }
    c->out->files++;
    return true;
}

static bool both_ways(struct ln_exchange_client *c, uint64_t max, struct ln_err *err)
{
    const struct ln_files *f = c->c.files;

    return f->each(f->ctx, false, max, send_file, c, err) &&
           f->each(f->ctx, true, max, fetch_file, c, err);
}

/* After all text: what people wait for comes first. The small copies of both ends go before the
 * first large picture of either: one of those may fill a slow link for an hour. */
static bool sync_files(struct ln_exchange_client *c, struct ln_err *err)
{
    c->hurried = false;
    c->parts = 0;
    if (c->c.files == NULL || (both_ways(c, LN_FILES_THUMB, err) &&
                               both_ways(c, c->lean ? LN_FILES_SMALL : LN_FILES_MAX, err)))
        return true;
    if (c->hurried)
        *err = (struct ln_err){ 0 };
    return c->hurried;
}

/* ---- a grid more: what was held without its files is asked for again */

#define META_GRIDS "grids"
#define GRIDS_MAX 512
#define AGAIN_MAX 256 /* logs: of the box, and its laptops */

struct again_job {
    const char *self;
    struct ln_buf now, before; /* "01,02," */
    bool more, differ;
    size_t n;
    struct {
        char log[LN_LOG_MAX];
        uint64_t head;
    } list[AGAIN_MAX];
    struct ln_view mine;
};

static bool listed(const struct ln_buf *list, const char *grid)
{
    char item[20];

    (void)snprintf(item, sizeof item, "%s,", grid);
    for (const char *at = list->data; (at = strstr(at, item)) != NULL; at++)
        if (at == list->data || at[-1] == ',')
            return true;
    return false;
}

static bool read_again(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct again_job *j = arg;
    const struct ln_cert *self = ln_authority_find(a, j->self);
    bool found = false;

    if (self == NULL || self->role != LN_ROLE_LAPTOP)
        return true;
    if (!reader->ops->meta_get(reader->ctx, META_GRIDS, &j->before, &found, err))
        return false;
    for (size_t i = 0; i < self->n_grids; i++) {
        ln_buf_addf(&j->now, "%s,", self->grids[i]);
        j->more = j->more || (found && !listed(&j->before, self->grids[i]));
    }
    j->differ = !found || strcmp(j->now.data, j->before.data) != 0;
    if (!j->more)
        return true;
    if (!ln_view_read(&j->mine, reader, a, j->self, self->parent, err))
        return false;
    for (size_t i = 0; i < j->mine.n && j->n < AGAIN_MAX; i++) {
        const struct ln_view_log *l = &j->mine.logs[i];
        const struct ln_cert *author = ln_authority_find(a, l->log); /* none for a down-log */
        if (l->up || author == NULL || strcmp(author->region, self->region) != 0)
            continue;
        memcpy(j->list[j->n].log, l->log, sizeof l->log);
        j->list[j->n++].head = l->seq;
    }
    return true;
}

static bool note_grids(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct again_job *j = arg;
    struct ln_store *s = ln_replica_store(r);

    return s->ops->meta_put(s->ctx, META_GRIDS, (struct ln_span){ j->now.data, j->now.len }, err);
}

static bool pull_again(struct ln_exchange_client *c, const char *log, uint64_t head,
                       struct ln_err *err)
{
    bool ok = true;

    for (uint64_t from = 1; ok && from <= head;) {
        struct ln_message request;
        struct ln_message response;
        struct receive_job j = { .c = c, .log = log, .response = &response };
        start(&request, "GET", "log/", log);
        (void)snprintf(request.query, sizeof request.query, "from=%" PRIu64 "&max=%zu", from,
                       c->slice);
        ln_message_init(&response, LN_MESSAGE_BODY_MAX);
        ok = ask(c, &request, &response, NULL, NULL, err) &&
             (response.body.len == 0 || do_write_large(c, receive_log, &j, err));
        c->out->got_changes += j.got.changes;
        c->out->got_bytes += response.body.len;
        from = j.got.last >= from ? j.got.last + 1 : head + 1;
        ln_buf_free(&j.got.receipt);
        ln_message_free(&request);
        ln_message_free(&response);
    }
    return ok || ln_wrap(err, "pull %s again", log);
}

/* A laptop's certificate may have come with another grid: its files lie in segments that are held
 * without them. */
static bool fetch_grids(struct ln_exchange_client *c, struct ln_err *err)
{
    struct again_job *j = ln_alloc(sizeof *j);
    bool ok;

    j->self = c->c.self;
    j->now = ln_buf_new(GRIDS_MAX);
    j->before = ln_buf_new(GRIDS_MAX);
    ok = c->past || do_read(c, read_again, j, err);
    for (size_t i = 0; ok && i < j->n; i++)
        ok = pull_again(c, j->list[i].log, j->list[i].head, err);
    ok = ok && (!j->differ || do_write(c, note_grids, j, err));
    ln_view_free(&j->mine);
    ln_buf_free(&j->now);
    ln_buf_free(&j->before);
    ln_free(j);
    return ok;
}

/* ---- another parent: it may hold our log without the files that were none of its business then
 * (a laptop's, whose box died; a box's, whose subdistrict went), so the log is given again from its
 * first segment on */

#define META_GIVEN "given" /* "<parent>", or "<parent> <next segment>" while it goes on */

struct given_job {
    struct ln_exchange_client *c;
    bool told;      /* the store says whose this log is */
    uint64_t from;  /* to be given from here on, 0 nothing */
    uint64_t until; /* what is newer goes its usual way */
};

static bool read_given(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct given_job *j = arg;
    struct ln_buf text = ln_buf_new(LN_NODE_ID_MAX + 24);
    struct ln_store_log own = { 0 };
    size_t id = strlen(j->c->parent.node);
    bool ok = reader->ops->meta_get(reader->ctx, META_GIVEN, &text, &j->told, err) &&
              reader->ops->log_get(reader->ctx, &own, j->c->c.self, err);

    (void)a;
    j->until = own.head;
    if (ok && j->told) {
        bool same = text.len >= id && memcmp(text.data, j->c->parent.node, id) == 0;
        j->from = !same ? 1 : text.len > id ? strtoull(text.data + id, NULL, 10) : 0;
    }
    ln_buf_free(&text);
    return ok;
}

static bool note_given(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct given_job *j = arg;
    struct ln_store *s = ln_replica_store(r);
    char text[LN_NODE_ID_MAX + 24];

    if (j->from > 0 && j->from <= j->until)
        (void)snprintf(text, sizeof text, "%s %" PRIu64, j->c->parent.node, j->from);
    else
        (void)snprintf(text, sizeof text, "%s", j->c->parent.node);
    return s->ops->meta_put(s->ctx, META_GIVEN, ln_span_of(text), err);
}

static bool give_slice(struct ln_exchange_client *c, uint64_t *from, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct slice_job j = { .c = c, .log = c->c.self, .pack = &request.body, .from = *from };
    bool ok;

    start(&request, "POST", "log/", c->c.self);
    ln_message_init(&response, LN_MESSAGE_NOTE_MAX);
    ok = do_read(c, read_slice, &j, err) &&
         (j.last < *from || ask(c, &request, &response, NULL, NULL, err));
    if (ok && j.last >= *from)
        c->out->sent_bytes += request.body.len;
    *from = ok && j.last >= *from ? j.last + 1 : UINT64_MAX;
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "give %s again", c->c.self);
}

/* ---- the parent holds all of ours and has signed for it, and its answer got lost, as did what we
 * remembered: the last segment once more brings the same receipt, which its down-log would bring
 * only with its next segment */

#define REMINDERS_MAX 64 /* of our own log and down-logs, a sync */

struct remind_job {
    const struct ln_exchange_client *c;
    uint64_t heads;
    size_t n;
    struct {
        char log[LN_LOG_MAX];
        uint64_t head;
    } list[REMINDERS_MAX];
};

static bool take_unsigned(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct remind_job *j = ctx;

    (void)err;
    if (!is_own(j->c, l->id))
        return true;
    j->heads += l->head;
    if (l->receipt < l->head && j->n < REMINDERS_MAX) {
        memcpy(j->list[j->n].log, l->id, sizeof l->id);
        j->list[j->n++].head = l->head;
    }
    return true;
}

static bool read_unsigned(void *arg, struct ln_store *reader, const struct ln_authority *a,
                          struct ln_err *err)
{
    (void)a;
    return reader->ops->log_each(reader->ctx, take_unsigned, arg, err);
}

/* Once for the same heads: a parent that has no receipt to give is not asked in every sync. */
static bool remind(struct ln_exchange_client *c, struct ln_err *err)
{
    struct remind_job *j = ln_alloc(sizeof *j);
    char all[LN_VIEW_HASH];
    bool ok = true;

    j->c = c;
    if (c->past || !c->out->level)
        goto out;
    ok = do_read(c, read_unsigned, j, err);
    if (!ok || j->n == 0 || j->heads == c->reminded)
        goto out;
    for (size_t i = 0; ok && i < j->n; i++) {
        uint64_t from = j->list[i].head;
        ok = push_slice(c, j->list[i].log, &from, all, err);
    }
    if (ok)
        c->reminded = j->heads;
out:
    ln_free(j);
    return ok;
}

static bool give_again(struct ln_exchange_client *c, struct ln_err *err)
{
    struct given_job j = { .c = c };

    if (c->past)
        return true;
    if (!do_read(c, read_given, &j, err))
        return false;
    if (j.told && j.from == 0)
        return true;
    while (j.from > 0 && j.from <= j.until) /* taken up where it broke off */
        if (!give_slice(c, &j.from, err) || !do_write(c, note_given, &j, err))
            return false;
    return do_write(c, note_given, &j, err);
}

/* ---- a new box gets the keys of the dead one back */

struct restore_job {
    struct ln_span body;
    char place[LN_KEYS_PLACE_MAX];
    unsigned n;
};

static bool restore_keys(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct restore_job *j = arg;

    return ln_keys_restore(&j->n, j->place, r, j->body, err);
}

static bool escrow_page(struct ln_exchange_client *c, const char *node, struct restore_job *j,
                        struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    bool ok;

    start(&request, "GET", "keys", "");
    (void)snprintf(request.query, sizeof request.query, "node=%s&after=%s", node, j->place);
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    j->n = 0;
    ok = ask(c, &request, &response, NULL, NULL, err);
    j->body = (struct ln_span){ response.body.data, response.body.len };
    if (ok && response.body.len > 0) {
        ok = do_write(c, restore_keys, j, err);
        c->out->got_bytes += response.body.len;
    }
    ln_message_free(&request);
    ln_message_free(&response);
    return ok;
}

bool ln_exchange_escrow(struct ln_exchange_client *c, const char *node, unsigned *n,
                        struct ln_err *err)
{
    struct ln_exchange_report report = { 0 };
    struct prepare_job who = { .n_keys = 0 };
    struct restore_job j = { .n = 0 };
    bool ok;

    *n = 0;
    c->out = &report;
    ok = do_write(c, learn, &who, err) && use_parent(c, &who, err);
    do {
        ok = ok && escrow_page(c, node, &j, err);
        *n += ok ? j.n : 0;
    } while (ok && j.n > 0);
    c->out = NULL;
    return ok || ln_wrap(err, "keys of %s", node);
}

/* ---- the whole */

/* ---- segments that a disk has damaged: here, and at the parent */

struct damages_job {
    const struct ln_exchange_client *c;
    struct ln_damages list;
};

static bool read_damages(void *arg, struct ln_store *s, const struct ln_authority *a,
                         struct ln_err *err)
{
    struct damages_job *j = arg;

    return ln_replica_damages(&j->list, s, a, j->c->c.self, j->c->parent.node, err);
}

struct mend_job {
    const struct ln_damage *d;
    struct ln_span pack;
};

static bool mend_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct mend_job *j = arg;
    bool mended;

    return ln_replica_mend_pack(r, j->d, j->pack, &mended, err);
}

static bool fetch_damage(struct ln_exchange_client *c, const struct ln_damage *d,
                         struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct mend_job j = { .d = d };

    start(&request, "GET", "log/", d->log);
    (void)snprintf(request.query, sizeof request.query, "from=%" PRIu64 "&max=%d", d->seq,
                   SLICE_MIN);
    ln_message_init(&response, LN_MESSAGE_BODY_MAX);
    bool ok = ask(c, &request, &response, NULL, NULL, err);
    if (ok) {
        j.pack = (struct ln_span){ response.body.data, response.body.len };
    } else if (err->code == LN_MISSING) { /* a log that it does not have for us */
        *err = (struct ln_err){ 0 };
        ok = true;
    }
    ok = ok && do_write(c, mend_job, &j, err);
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "mending %s %" PRIu64, d->log, d->seq);
}

static bool fetch_damaged(struct ln_exchange_client *c, struct ln_err *err)
{
    struct damages_job j = { .c = c };

    if (c->past)
        return true;
    if (!do_read(c, read_damages, &j, err))
        return false;
    for (size_t i = 0; i < j.list.n; i++)
        if (!fetch_damage(c, &j.list.list[i], err))
            return false;
    return true;
}

static bool give_damage(struct ln_exchange_client *c, const struct ln_damage *d, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct slice_job j = {
        .c = c, .log = d->log, .pack = &request.body, .from = d->seq, .max = SLICE_MIN
    };
    enum ln_problem p = LN_PROBLEM_BROKEN;

    start(&request, "POST", "log/", d->log);
    (void)snprintf(request.query, sizeof request.query, "mend=%" PRIu64, d->seq);
    ln_message_init(&response, LN_MESSAGE_NOTE_MAX);
    bool ok = do_read(c, read_slice, &j, err);
    if (ok && j.last > 0 && !ask(c, &request, &response, &p, NULL, err)) {
        ok = p == LN_PROBLEM_MISSING; /* it is whole again, or was not ours to bring */
        if (ok)
            *err = (struct ln_err){ 0 };
    }
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "%s %" PRIu64 " for the parent", d->log, d->seq);
}

/* What the parent has told that it lacks. */
static bool give_damaged(struct ln_exchange_client *c, struct ln_err *err)
{
    for (size_t i = 0; i < c->lacks.n; i++)
        if (!give_damage(c, &c->lacks.list[i], err))
            return false;
    c->lacks.n = 0;
    return true;
}

bool ln_exchange_sync(struct ln_exchange_client *c, struct ln_exchange_report *out,
                      struct ln_err *err)
{
    *out = (struct ln_exchange_report){ 0 };
    c->out = out;
    c->asked = false;
    c->stop = false;
    c->forgot = false;
    ln_view_free(&c->refused);
    c->lacks.n = 0;
    unsigned before = c->sealed;
    if (!check_self(c, err) || !begin(c, err))
        goto failed;
    if (c->sealed != before)
        out->level = false; /* what the parent agreed to before is not all any more */
    uint64_t got = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (int round = 0; round < ROUNDS && !out->level && !c->stop; round++)
            if (!round_of(c, round > 0, err))
                goto failed;
        /* What came may hold the epoch that our own lines waited for, and the parent may have said
         * that it lacks keys: all goes in the same sync. */
        if ((out->got_segments == got && !c->forgot) || turn > 0)
            break;
        got = out->got_segments;
        unsigned sealed = c->sealed;
        if (!begin(c, err))
            goto failed;
        if (c->sealed == sealed)
            break;
        out->level = false;
    }
    if (!remind(c, err) || !give_again(c, err) || !fetch_grids(c, err) || !fetch_damaged(c, err) ||
        !give_damaged(c, err) || !get_keys(c, err) || !sync_files(c, err))
        goto failed;
    c->out = NULL;
    return true;
failed:
    if (err->code != LN_BUSY)
        forget(c); /* what we believed of the parent may be what went wrong */
    if (err->code == LN_CONFLICT)
        c->checked = false;
    c->out = NULL;
    return ln_wrap(err, "sync with %s", c->parent.node[0] != '\0' ? c->parent.node : "the parent");
}

struct ln_exchange_client *ln_exchange_client_new(const struct ln_exchange_config *config,
                                                  const struct ln_link *link)
{
    struct ln_exchange_client *c = ln_alloc(sizeof *c);

    c->c = *config;
    c->link = *link;
    c->slice = SLICE_START;
    c->part = PART_START;
    return c;
}

void ln_exchange_client_lean(struct ln_exchange_client *c, bool lean)
{
    c->lean = lean;
}

void ln_exchange_client_past(struct ln_exchange_client *c)
{
    c->past = true;
}

void ln_exchange_client_free(struct ln_exchange_client *c)
{
    struct ln_err err = { 0 };

    if (c == NULL)
        return;
    if (c->changed && !c->past && !do_write(c, write_meta, c, &err))
        ln_log_err(LN_LOG_WARN, &err, "sync state not kept");
    ln_view_free(&c->theirs);
    ln_view_free(&c->refused);
    sodium_memzero(&c->c.key, sizeof c->c.key);
    sodium_memzero(&c->c.ident, sizeof c->c.ident);
    ln_free(c);
}
