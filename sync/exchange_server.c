/* The parent's side of the exchange: see exchange.h and README "Exchange". */
#include <inttypes.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "sync/exchange.h"
#include "sync/heir.h"
#include "sync/join.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "sync/taken.h"
#include "sync/view.h"

#define BASE "/sync/v1/"
#define NONCES 16384          /* used ones remembered: ten minutes of thirty requests a second */
#define HEAVY_BYTES (1 << 18) /* from here on a pack counts against HEAVY_MAX */
#define LARGE_BYTES (1 << 14) /* and from here on it is a commit of its own: some 400 changes */
#define HEAVY_MAX 4           /* packs in memory at once: 4 of 8 MiB stay under the node's 40 MB */
#define SLICE_MIN 4096
#define RATES 4096 /* callers that are told apart; two in one place share their limit */

struct ln_exchange_server {
    struct ln_exchange_config c;
    struct ln_nonces *nonces;
    atomic_int heavy;
    atomic_uint_least64_t rate[RATES]; /* by hash of the caller: minute << 32 | requests in it */
};

/* One request with its reply. */
struct call {
    struct ln_exchange_server *s;
    const struct ln_message *request;
    struct ln_message *reply;
    const char *rest; /* of the path, behind the route's name */
    struct ln_cert caller;
    char nonce[LN_HTTPSIG_NONCE_MAX];
    struct ln_exchange_contact contact;
};

static int64_t now_s(const struct ln_exchange_server *s)
{
    return s->c.env->now_ms(s->c.env->ctx) / 1000;
}

/* Full jitter: callers sent away together must not come back together. */
static int wait_s(const struct ln_exchange_server *s, unsigned most)
{
    uint32_t r;

    s->c.env->random(s->c.env->ctx, &r, sizeof r);
    return 1 + (int)(r % most);
}

static void problem(struct call *c, enum ln_problem p, const char *detail)
{
    int wait = p == LN_PROBLEM_MANY || p == LN_PROBLEM_BUSY ? wait_s(c->s, 8) : 0;

    ln_message_problem(c->reply, p, detail, 0, wait);
}

/* For failures that say nothing about the request itself. */
static void fail_with(struct call *c, const struct ln_err *err)
{
    static const enum ln_problem of[] = {
        [LN_OK] = LN_PROBLEM_BROKEN,       [LN_MISSING] = LN_PROBLEM_MISSING,
        [LN_INVALID] = LN_PROBLEM_INVALID, [LN_DENIED] = LN_PROBLEM_DENIED,
        [LN_CONFLICT] = LN_PROBLEM_FORK,   [LN_BUSY] = LN_PROBLEM_BUSY,
        [LN_FULL] = LN_PROBLEM_DISK,       [LN_BROKEN] = LN_PROBLEM_BROKEN
    };
    problem(c, of[err->code], err->text);
}

/* ---- hello */

static void hello(struct ln_exchange_server *s, struct ln_message *reply)
{
    char nonce[LN_HTTPSIG_NONCE_MAX];

    ln_nonces_mint(nonce, s->nonces, now_s(s));
    reply->status = 200;
    ln_buf_addf(
        &reply->body,
        "{\"limit\":%d,\"node\":\"%s\",\"nonce\":\"%s\",\"time\":%" PRId64 ",\"version\":%d}",
        LN_PACK_MAX, s->c.self, nonce, s->c.env->now_ms(s->c.env->ctx), LN_EXCHANGE_VERSION);
}

/* ---- heads */

#define WAITING_LOOK 1024 /* unsealed lines looked at before each answer */

struct heads_job {
    const char *child, *self;
    struct ln_view view;
    struct ln_damages lacks;
    struct ln_taken taken;
};

static bool read_heads(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct heads_job *j = arg;

    return ln_replica_damages(&j->lacks, reader, a, j->child, j->self, err) &&
           ln_view_read(&j->view, reader, a, j->child, j->self, err) &&
           ln_taken_read(&j->taken, reader, j->child, err);
}

/* Damaged segments of logs that the child may have, too. */
static void write_lacks(struct ln_buf *out, const struct ln_damages *x)
{
    for (size_t i = 0; i < x->n; i++)
        ln_buf_addf(out, "%s[\"%s\",%" PRIu64 "]", i == 0 ? ",\"mend\":[" : ",", x->list[i].log,
                    x->list[i].seq);
    if (x->n > 0)
        ln_buf_addc(out, ']');
}

static void write_taken(struct ln_buf *out, const struct ln_taken *t)
{
    ln_buf_addf(out, ",\"taken\":[%" PRIu64 ",%" PRIu64 "]", t->n, t->forgot);
}

struct taken_job {
    const char *child;
    uint64_t known;
    unsigned more;
    struct ln_taken taken;
};

static bool count_taken(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct taken_job *j = arg;

    return ln_taken_add(&j->taken, r, j->child, j->known, j->more, err);
}

/* A child that was told of more than is counted here, or that comes for the first time: it gets a
 * number at once, so that what was given before is counted in. */
static bool note_forgotten(struct ln_taken *taken, struct call *c, struct ln_span body,
                           struct ln_err *err)
{
    bool ours = strcmp(c->caller.parent, c->s->c.self) == 0;
    struct taken_job j = { .child = c->caller.node, .more = ours && taken->n == 0 };
    struct ln_span item;

    if (ln_canon_get(body, "taken", &item) && ln_canon_type(item) == LN_CANON_INT &&
        ln_canon_int(item) > 0 && ln_canon_int(item) <= LN_TAKEN_MAX)
        j.known = (uint64_t)ln_canon_int(item);
    if (j.known <= taken->n && j.more == 0)
        return true;
    if (!c->s->c.access->write(c->s->c.access->ctx, count_taken, &j, err))
        return false;
    *taken = j.taken;
    return true;
}

static bool member_is(struct ln_span body, const char *key, const char *text)
{
    struct ln_span value;
    struct ln_span word;

    return ln_canon_get(body, key, &value) && ln_canon_type(value) == LN_CANON_STRING &&
           ln_canon_plain(value, &word) && ln_span_is(word, text);
}

/* Whether something waits that a child may want. Receipts alone do not: they leave with the next
 * segment. */
static bool take_waiting(void *ctx, const struct ln_store_change *c, struct ln_err *err)
{
    static const char receipt[] = "\"t\":\"receipt@1\"}";
    size_t n = sizeof receipt - 1;

    (void)err;
    if (c->line.len < n || memcmp(c->line.p + c->line.len - n, receipt, n) != 0)
        *(bool *)ctx = true;
    return true;
}

static bool read_waiting(void *arg, struct ln_store *reader, const struct ln_authority *a,
                         struct ln_err *err)
{
    (void)a;
    return reader->ops->unsealed(reader->ctx, WAITING_LOOK, take_waiting, arg, err);
}

static bool seal_waiting(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_seal(r, true, arg, err);
}

/* What was saved here since is sealed before a child is told what there is. */
static void seal_first(struct call *c)
{
    const struct ln_access *access = c->s->c.access;
    struct ln_err err = { 0 };
    unsigned segments;
    bool waiting = false;

    if (access->read(access->ctx, read_waiting, &waiting, &err) && waiting &&
        !access->write(access->ctx, seal_waiting, &segments, &err) && err.code != LN_CONFLICT)
        ln_log_err(LN_LOG_WARN, &err, "not sealed for a child");
}

static bool renew(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct ln_renewal same = { .days = 0 };

    return ln_replica_renew(r, arg, &same, err);
}

/* A child that comes with less than a third of its lease left gets a new one: only one that stays
 * away, or is revoked, runs out. */
static void renew_first(struct call *c)
{
    const struct ln_access *access = c->s->c.access;
    struct ln_err err = { 0 };
    int64_t left = c->caller.until_s - now_s(c->s);

    if (strcmp(c->caller.parent, c->s->c.self) == 0 && left > 0 &&
        c->s->c.env->clock_trusted(c->s->c.env->ctx) &&
        left < (c->caller.until_s - c->caller.from_s) / 3 &&
        !access->write(access->ctx, renew, c->caller.node, &err))
        ln_log_err(LN_LOG_WARN, &err, "lease not renewed");
}

struct rekeying {
    const char *node;
    bool laptop;
    struct ln_recipient age;
};

static bool rekey(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct rekeying *x = arg;
    const struct ln_renewal want = { .days = 0, .age = &x->age };
    unsigned minted;

    /* What a laptop reads from now on is not for its former key. */
    return ln_replica_renew(r, x->node, &want, err) &&
           (!x->laptop || ln_replica_rotate(r, true, &minted, err));
}

/* A child asks for a certificate with another reading key: its signature is proof enough. */
static void rekey_first(struct call *c, struct ln_span body)
{
    const struct ln_access *access = c->s->c.access;
    struct rekeying x = { .node = c->caller.node, .laptop = c->caller.role == LN_ROLE_LAPTOP };
    struct ln_span item;
    struct ln_span word;
    struct ln_err err = { 0 };

    if (!ln_canon_get(body, "age", &item) || ln_canon_type(item) != LN_CANON_STRING ||
        !ln_canon_plain(item, &word) || !ln_key_recipient_read(&x.age, word.p, word.len, &err) ||
        ln_key_recipient_same(&x.age, &c->caller.age) ||
        strcmp(c->caller.parent, c->s->c.self) != 0)
        return;
    if (!access->write(access->ctx, rekey, &x, &err))
        ln_log_err(LN_LOG_WARN, &err, "reading key not taken");
}

/* What a child says of itself: kept for people to read, believed in nothing. */
static void note_state(struct call *c, struct ln_span body)
{
    struct ln_span item;

    if (ln_canon_get(body, "t", &item) && ln_canon_type(item) == LN_CANON_INT)
        c->contact.offset_ms = ln_canon_int(item) - c->s->c.env->now_ms(c->s->c.env->ctx);
    if (!ln_canon_get(body, "state", &item) || ln_canon_type(item) != LN_CANON_OBJECT ||
        item.len >= sizeof c->contact.state)
        return;
    memcpy(c->contact.state, item.p, item.len);
    c->contact.state[item.len] = '\0';
}

/* {"all":hash,"sum":hash?,"taken":n} -> {"level":true} or {"have":[...]}, "mend", "taken". Where
 * heads agree and both sides have settled, "same" tells whether the digests do. */
static void heads(struct call *c)
{
    struct heads_job j = { .child = c->caller.node, .self = c->s->c.self };
    struct ln_span body = { c->request->body.data, c->request->body.len };
    struct ln_buf *out = &c->reply->body;
    struct ln_span sum;
    struct ln_err err = { 0 };

    if (body.len > LN_MESSAGE_NOTE_MAX) {
        problem(c, LN_PROBLEM_LIMIT, "the body is too large");
        return;
    }
    if (!ln_canon_check(body.p, body.len, &err) || ln_canon_type(body) != LN_CANON_OBJECT) {
        problem(c, LN_PROBLEM_BAD, "the body is not a canonical object");
        return;
    }
    note_state(c, body);
    renew_first(c);
    rekey_first(c, body);
    seal_first(c);
    if (!c->s->c.access->read(c->s->c.access->ctx, read_heads, &j, &err) ||
        !note_forgotten(&j.taken, c, body, &err)) {
        ln_view_free(&j.view);
        fail_with(c, &err);
        return;
    }
    c->reply->status = 200;
    c->contact.level = member_is(body, "all", j.view.all);
    if (c->contact.level) {
        ln_buf_adds(out, "{\"level\":true");
        write_lacks(out, &j.lacks);
        if (j.view.sum[0] != '\0' && ln_canon_get(body, "sum", &sum)) {
            c->contact.same = member_is(body, "sum", j.view.sum) ? 1 : -1;
            ln_buf_addf(out, ",\"same\":%s", c->contact.same > 0 ? "true" : "false");
        }
    } else {
        ln_buf_adds(out, "{\"have\":");
        ln_view_write(out, &j.view);
        write_lacks(out, &j.lacks);
    }
    write_taken(out, &j.taken);
    ln_buf_addc(out, '}');
    ln_view_free(&j.view);
    if (!ln_buf_done(out, "heads", &err))
        problem(c, LN_PROBLEM_BROKEN, err.text);
}

/* ---- log, downward */

struct slice_job {
    const struct call *call;
    struct ln_buf *pack;
    uint64_t from, last;
    size_t max;
};

/* A laptop's log that came past its box is on its way there: whole, whoever carries it. */
static const struct ln_cert *reader_of(const struct ln_authority *a, const struct call *c,
                                       const struct ln_view_log *place)
{
    const struct ln_cert *author = ln_authority_find(a, c->rest);
    const struct ln_cert *box = author != NULL ? ln_authority_find(a, author->parent) : NULL;

    return place->up && !place->own && box != NULL && author->role == LN_ROLE_LAPTOP ? box
                                                                                     : &c->caller;
}

static bool read_slice(void *arg, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct slice_job *j = arg;
    const struct call *c = j->call;
    struct ln_view_log place = { .seq = 0 };

    if (!ln_view_holds(&place, a, c->caller.node, c->s->c.self, c->rest))
        return ln_fail(err, LN_MISSING, "no log %s for you here", c->rest);
    return ln_replica_slice(j->pack, &j->last, reader, a, c->rest, j->from, reader_of(a, c, &place),
                            j->max, err);
}

/* A number of the query; `none` when it is not there. */
static bool number(uint64_t *out, const struct ln_message *m, const char *name, uint64_t none)
{
    char text[20];
    uint64_t v = 0;

    *out = none;
    if (!ln_message_query(m, name, text, sizeof text))
        return true;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *out = v;
    return text[0] != '\0' && v <= (uint64_t)LN_CANON_INT_MAX;
}

/* True when one more heavy request may run; ended by heavy_end. */
static bool heavy_begin(struct call *c, bool heavy)
{
    if (!heavy || atomic_fetch_add(&c->s->heavy, 1) < HEAVY_MAX)
        return true;
    atomic_fetch_sub(&c->s->heavy, 1);
    problem(c, LN_PROBLEM_MANY, "too many large transfers at once");
    return false;
}

static void heavy_end(struct call *c, bool heavy)
{
    if (heavy)
        atomic_fetch_sub(&c->s->heavy, 1);
}

static void log_get(struct call *c)
{
    struct slice_job j = { .call = c, .pack = &c->reply->body };
    struct ln_err err = { 0 };
    uint64_t max;
    bool heavy;

    if (!number(&j.from, c->request, "from", 1) || j.from == 0 ||
        !number(&max, c->request, "max", LN_PACK_MAX)) {
        problem(c, LN_PROBLEM_BAD, "from and max are numbers");
        return;
    }
    j.max = max > LN_PACK_MAX ? LN_PACK_MAX : max < SLICE_MIN ? SLICE_MIN : (size_t)max;
    heavy = j.max >= HEAVY_BYTES;
    if (!heavy_begin(c, heavy))
        return;
    c->reply->status = 200;
    if (!c->s->c.access->read(c->s->c.access->ctx, read_slice, &j, &err))
        fail_with(c, &err);
    else if (j.last == 0)
        ln_buf_clear(&c->reply->body); /* nothing from there on */
    heavy_end(c, heavy);
}

/* ---- log, upward */

struct receive_job {
    struct call *call;
    struct ln_receive got;
    struct ln_view view;
    uint64_t head; /* held of that log */
    struct ln_err fork;
};

static bool receive_log(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct receive_job *j = arg;
    struct call *c = j->call;
    const struct ln_message *m = c->request;
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log log;
    struct ln_view_log place;

    if (!ln_view_holds(&place, ln_replica_authority(r), c->caller.node, c->s->c.self, c->rest) ||
        !place.up)
        return ln_fail(err, LN_DENIED, "%s is not yours to bring", c->rest);
    if (!s->ops->log_get(s->ctx, &log, c->rest, err))
        return false;
    j->head = log.n != 0 ? log.head : 0;
    if (!ln_replica_receive(r, &j->got, c->rest, m->body.data, m->body.len, &c->caller, err)) {
        /* The other child of the head stays as evidence: so this job is kept, and fails outside. */
        j->fork = *err;
        return err->code == LN_CONFLICT;
    }
    return ln_view_read(&j->view, s, ln_replica_authority(r), c->caller.node, c->s->c.self, err);
}

static void answer_receive(struct call *c, const struct receive_job *j)
{
    struct ln_buf *out = &c->reply->body;

    c->reply->status = 200;
    ln_buf_addf(out, "{\"all\":\"%s\",\"head\":[%" PRIu64 ",\"", j->view.all, j->got.seq);
    ln_encode_base64url(out, j->got.sha.b, sizeof j->got.sha.b);
    ln_buf_adds(out, "\"]");
    if (j->got.receipted) {
        ln_buf_adds(out, ",\"receipt\":");
        ln_buf_add(out, j->got.receipt.data, j->got.receipt.len);
    }
    ln_buf_addc(out, '}');
}

/* What a refused pack means to its sender; the detail names the segment. */
static void refuse_receive(struct call *c, const struct receive_job *j, const struct ln_err *err)
{
    switch (err->code) {
    case LN_CONFLICT:
        ln_message_problem(c->reply, LN_PROBLEM_FORK, err->text, j->head, 0);
        break;
    case LN_MISSING:
        ln_message_problem(c->reply, LN_PROBLEM_GAP, err->text, j->head + 1, 0);
        break;
    case LN_OK:
    case LN_INVALID:
    case LN_DENIED:
    case LN_BUSY:
    case LN_FULL:
    case LN_BROKEN:
        fail_with(c, err);
    }
}

struct mend_job {
    const struct call *call;
    struct ln_damage d;
    bool mended;
};

static bool mend(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct mend_job *j = arg;
    const struct call *c = j->call;
    struct ln_span pack = { c->request->body.data, c->request->body.len };

    if (!ln_view_holds(NULL, ln_replica_authority(r), c->caller.node, c->s->c.self, c->rest))
        return ln_fail(err, LN_MISSING, "no log %s for you here", c->rest);
    return ln_replica_mend_pack(r, &j->d, pack, &j->mended, err);
}

/* ?mend=<seq>: a segment that heads asked for; whose signatures say whether it is that. */
static void mend_post(struct call *c, uint64_t seq)
{
    struct mend_job j = { .call = c, .d = { .seq = seq } };
    struct ln_err err = { 0 };

    (void)snprintf(j.d.log, sizeof j.d.log, "%s", c->rest);
    if (!c->s->c.access->write(c->s->c.access->ctx, mend, &j, &err)) {
        fail_with(c, &err);
        return;
    }
    c->reply->status = 200;
    ln_buf_addf(&c->reply->body, "{\"mended\":%s}", j.mended ? "true" : "false");
}

static void receive_post(struct call *c)
{
    struct receive_job j = { .call = c };
    struct ln_err err = { 0 };
    bool large = c->request->body.len >= LARGE_BYTES;
    bool done = large ? ln_access_write_large(c->s->c.access, receive_log, &j, &err)
                      : c->s->c.access->write(c->s->c.access->ctx, receive_log, &j, &err);

    if (!done) {
        refuse_receive(c, &j, &err);
    } else if (j.fork.code != LN_OK) {
        refuse_receive(c, &j, &j.fork);
    } else {
        answer_receive(c, &j);
        c->contact.seq = strcmp(c->rest, c->caller.node) == 0 ? j.got.seq : 0;
    }
    ln_buf_free(&j.got.receipt);
    ln_view_free(&j.view);
}

static void log_post(struct call *c)
{
    bool heavy = c->request->body.len >= HEAVY_BYTES;
    uint64_t seq;

    if (c->request->body.len > LN_PACK_MAX) {
        problem(c, LN_PROBLEM_LIMIT, "a pack holds at most 8 MiB");
        return;
    }
    if (!number(&seq, c->request, "mend", 0)) {
        problem(c, LN_PROBLEM_BAD, "mend is a number");
        return;
    }
    if (!heavy_begin(c, heavy))
        return;
    if (seq > 0)
        mend_post(c, seq);
    else
        receive_post(c);
    heavy_end(c, heavy);
}

/* ---- keys */

struct keys_job {
    struct call *call;
    unsigned n;
    struct taken_job taken;
};

static bool put_keys(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct keys_job *j = arg;
    const struct ln_buf *b = &j->call->request->body;

    return ln_keys_take(&j->n, r, (struct ln_span){ b->data, b->len }, &j->call->caller, err) &&
           count_taken(&j->taken, r, err);
}

static void keys_post(struct call *c)
{
    struct keys_job j = { .call = c, .taken = { .child = c->caller.node, .more = 1 } };
    struct ln_err err = { 0 };

    if (c->request->body.len > LN_MESSAGE_NOTE_MAX) {
        problem(c, LN_PROBLEM_LIMIT, "the body is too large");
        return;
    }
    if (!number(&j.taken.known, c->request, "taken", 0) || j.taken.known > LN_TAKEN_MAX) {
        problem(c, LN_PROBLEM_BAD, "taken is a number");
        return;
    }
    if (!c->s->c.access->write(c->s->c.access->ctx, put_keys, &j, &err)) {
        fail_with(c, &err);
        return;
    }
    c->reply->status = 200;
    ln_buf_addf(&c->reply->body, "{\"n\":%u", j.n);
    write_taken(&c->reply->body, &j.taken.taken);
    ln_buf_addc(&c->reply->body, '}');
}

struct escrow_job {
    struct call *call;
    char node[LN_NODE_ID_MAX], place[LN_KEYS_PLACE_MAX];
    unsigned n;
};

static bool give_escrow(void *arg, struct ln_store *reader, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct escrow_job *j = arg;
    const struct call *c = j->call;

    if (strcmp(j->node, c->caller.node) != 0 && !ln_authority_continues(a, c->caller.node, j->node))
        return ln_fail(err, LN_DENIED, "the keys of %s are not yours", j->node);
    return ln_keys_escrow(&j->call->reply->body, &j->n, j->place, reader, j->node, err);
}

/* ?node=&after=: a page of what that node gave into escrow, or nothing; where it ends stands in the
 * keys themselves, and goes back in `place`. */
static void keys_get(struct call *c)
{
    struct escrow_job j = { .call = c };
    struct ln_err err = { 0 };

    if (!ln_message_query(c->request, "node", j.node, sizeof j.node))
        memcpy(j.node, c->caller.node, sizeof j.node);
    if (!ln_message_query(c->request, "after", j.place, sizeof j.place))
        j.place[0] = '\0';
    c->reply->status = 200;
    if (!c->s->c.access->read(c->s->c.access->ctx, give_escrow, &j, &err)) {
        ln_buf_clear(&c->reply->body);
        fail_with(c, &err);
    }
}

struct want_job {
    struct call *call;
};

static bool give_keys(void *arg, struct ln_store *reader, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct call *c = ((struct want_job *)arg)->call;
    const struct ln_buf *b = &c->request->body;

    (void)a;
    return ln_keys_give(&c->reply->body, reader, (struct ln_span){ b->data, b->len }, &c->caller,
                        err);
}

/* {"want":[kid,...]} -> a body as of POST keys, or none. */
static void keys_want(struct call *c)
{
    struct want_job j = { c };
    struct ln_err err = { 0 };

    if (c->request->body.len > LN_MESSAGE_NOTE_MAX) {
        problem(c, LN_PROBLEM_LIMIT, "the body is too large");
        return;
    }
    c->reply->status = 200;
    if (!c->s->c.access->read(c->s->c.access->ctx, give_keys, &j, &err)) {
        ln_buf_clear(&c->reply->body);
        fail_with(c, &err);
    }
}

/* ---- attachments */

static bool file_name(struct ln_sha256 *out, struct call *c)
{
    if (c->s->c.files != NULL && ln_encode_unhex(out->b, sizeof out->b, ln_span_of(c->rest)))
        return true;
    problem(c, LN_PROBLEM_MISSING, "no such attachment");
    return false;
}

static void file_get(struct call *c)
{
    const struct ln_files *f = c->s->c.files;
    struct ln_sha256 name;
    struct ln_err err = { 0 };
    uint64_t from;
    uint64_t held;
    size_t got = 0;
    bool whole;

    if (!file_name(&name, c))
        return;
    if (!number(&from, c->request, "from", 0)) {
        problem(c, LN_PROBLEM_BAD, "from is a number");
        return;
    }
    if (!f->have(f->ctx, &name, &held, &whole, &err)) {
        fail_with(c, &err);
        return;
    }
    if (!whole || from > held) {
        problem(c, LN_PROBLEM_MISSING, "no such attachment, or not that much of it");
        return;
    }
    uint64_t max;
    if (!number(&max, c->request, "max", LN_FILES_PART) || max == 0 || max > LN_FILES_PART)
        max = LN_FILES_PART;
    size_t cap = (size_t)(held - from < max ? held - from : max);
    void *to = ln_buf_grow(&c->reply->body, cap);
    if (!f->read(f->ctx, &name, from, to, cap, &got, &err)) {
        ln_buf_clear(&c->reply->body);
        fail_with(c, &err);
        return;
    }
    ln_buf_cut(&c->reply->body, got);
    c->reply->status = 200;
}

/* An empty PUT asks how much is here: {"held":n}, and "taken" when that is all of it. */
static void file_put(struct call *c)
{
    const struct ln_files *f = c->s->c.files;
    const struct ln_buf *b = &c->request->body;
    struct ln_sha256 name;
    struct ln_err err = { 0 };
    uint64_t at;
    uint64_t size;
    uint64_t held = 0;
    bool whole = false;
    struct taken_job j = { .child = c->caller.node, .more = 1 };

    if (!file_name(&name, c))
        return;
    if (!number(&at, c->request, "at", 0) || !number(&size, c->request, "size", 0) ||
        !number(&j.known, c->request, "taken", 0) || j.known > LN_TAKEN_MAX) {
        problem(c, LN_PROBLEM_BAD, "at, size and taken are numbers");
        return;
    }
    if (b->len > LN_FILES_PART || size > LN_FILES_MAX || at > size || b->len > size - at) {
        problem(c, LN_PROBLEM_LIMIT, "an attachment of that size is not taken");
        return;
    }
    if (!f->have(f->ctx, &name, &held, &whole, &err) ||
        (!whole && b->len > 0 && held == at &&
         (!f->write(f->ctx, &name, c->caller.node, at, size, b->data, b->len, &err) ||
          !f->have(f->ctx, &name, &held, &whole, &err)))) {
        fail_with(c, &err);
        return;
    }
    if (whole && !c->s->c.access->write(c->s->c.access->ctx, count_taken, &j, &err)) {
        fail_with(c, &err);
        return;
    }
    c->reply->status = 200;
    ln_buf_addf(&c->reply->body, "{\"held\":%" PRIu64, held);
    if (whole)
        write_taken(&c->reply->body, &j.taken);
    ln_buf_addc(&c->reply->body, '}');
}

/* ---- who asks */

struct caller_job {
    struct call *call;
    char keyid[LN_NODE_ID_MAX];
    const char *why; /* NULL = may ask */
};

/* A laptop whose box is away, where that is allowed. */
static bool carried(const struct ln_exchange_server *s, const struct ln_authority *a,
                    const struct ln_cert *cert)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(a, cert->node, path, sizeof path / sizeof path[0]);

    for (size_t i = 1; s->c.carry && cert->role == LN_ROLE_LAPTOP && i < n; i++)
        if (strcmp(path[i]->node, s->c.self) == 0)
            return true;
    return false;
}

/* Whether this node's own clock can be right: else nobody's lease has run out by it. */
static bool believed(const struct ln_exchange_server *s, const struct ln_authority *a)
{
    int64_t from_s;
    int64_t until_s;

    ln_authority_span(&from_s, &until_s, a, s->c.self);
    return until_s == 0 || now_s(s) <= until_s;
}

static bool read_caller(void *arg, struct ln_store *reader, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct caller_job *j = arg;
    const struct ln_exchange_server *s = j->call->s;
    const struct ln_cert *cert = ln_authority_find(a, j->keyid);

    (void)reader;
    (void)err;
    if (cert == NULL)
        j->why = "no certificate for that node is known here";
    else if (strcmp(cert->parent, s->c.self) != 0 && !carried(s, a, cert))
        j->why = "not a child of this node";
    else if (ln_authority_void_from(a, j->keyid) != 0)
        j->why = "the node is revoked";
    else if (s->c.env->clock_trusted(s->c.env->ctx) && cert->until_s <= now_s(s) && believed(s, a))
        j->why = "the certificate has run out";
    else
        j->call->caller = *cert;
    return true;
}

/* True when the request comes from a child of ours, unchanged and for the first time. */
static bool admit(struct call *c)
{
    struct caller_job j = { .call = c };
    const struct ln_message *m = c->request;
    struct ln_err err = { 0 };

    if (!ln_message_claim(m, j.keyid, c->nonce, &err)) {
        problem(c, LN_PROBLEM_UNSIGNED, err.text);
        return false;
    }
    if (strcmp(m->to, c->s->c.self) != 0) {
        problem(c, LN_PROBLEM_DENIED, "the request is addressed to another node");
        return false;
    }
    if (!c->s->c.access->read(c->s->c.access->ctx, read_caller, &j, &err)) {
        fail_with(c, &err);
        return false;
    }
    if (j.why != NULL) {
        problem(c, LN_PROBLEM_DENIED, j.why);
        return false;
    }
    if (!ln_message_check(m, &c->caller.key, &err)) {
        problem(c, LN_PROBLEM_UNSIGNED, err.text);
        return false;
    }
    /* After the signature, so that a stranger can spend no nonce. */
    if (!ln_nonces_use(c->s->nonces, c->nonce, now_s(c->s), &err)) {
        problem(c, LN_PROBLEM_NONCE, err.text);
        return false;
    }
    return true;
}

/* ---- routes */

struct route {
    const char *method, *name; /* a name that ends in '/' takes the rest of the path */
    void (*serve)(struct call *c);
};
static const struct route routes[] = {
    { "POST", "heads", heads },    { "GET", "log/", log_get },   { "POST", "log/", log_post },
    { "POST", "keys", keys_post }, { "GET", "keys", keys_get },  { "POST", "keys/want", keys_want },
    { "GET", "file/", file_get },  { "PUT", "file/", file_put },
};
#define N_ROUTES (sizeof routes / sizeof routes[0])

/* The route; NULL with *known when only the method does not fit. */
static const struct route *find(const char *method, const char *path, const char **rest,
                                bool *known)
{
    *known = false;
    for (size_t i = 0; i < N_ROUTES; i++) {
        size_t len = strlen(routes[i].name);
        bool fits = routes[i].name[len - 1] == '/'
                        ? strncmp(path, routes[i].name, len) == 0 && path[len] != '\0'
                        : strcmp(path, routes[i].name) == 0;
        if (!fits)
            continue;
        *known = true;
        *rest = path + len;
        if (strcmp(method, routes[i].method) == 0)
            return &routes[i];
    }
    return NULL;
}

/* Every answer to a request that carried a signature is signed and brings the next nonce, refusals
 * too: else anyone on the way could refuse in our name. */
static void sign(struct call *c)
{
    struct ln_err err = { 0 };

    if (c->request->signature[0] == '\0' || c->request->digest[0] == '\0')
        return;
    ln_nonces_mint(c->reply->nonce, c->s->nonces, now_s(c->s));
    if (!ln_message_answer(c->reply, c->request, c->s->c.self, now_s(c->s), &c->s->c.key, &err))
        c->reply->nonce[0] = '\0'; /* headers that cannot be covered: the caller gets it unsigned */
}

/* Counts the request; false when the caller has made too many in this minute. */
static bool in_limit(struct call *c)
{
    uint64_t minute = (uint64_t)(c->s->c.env->now_ms(c->s->c.env->ctx) / 60000) & UINT32_MAX;
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    uint64_t old;
    uint64_t now;

    for (const char *p = c->caller.node; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    atomic_uint_least64_t *rate = &c->s->rate[hash % RATES];
    old = atomic_load(rate);
    do
        now = old >> 32 == minute ? old + 1 : (minute << 32) + 1;
    while (!atomic_compare_exchange_weak(rate, &old, now));
    if (c->s->c.per_minute == 0 || (now & UINT32_MAX) <= c->s->c.per_minute)
        return true;
    ln_message_problem(c->reply, LN_PROBLEM_MANY, "too many requests in this minute", 0,
                       wait_s(c->s, 60));
    return false;
}

static void serve_signed(struct call *c, const struct route *route)
{
    if (admit(c) && in_limit(c)) {
        memcpy(c->contact.node, c->caller.node, sizeof c->contact.node);
        c->contact.at_ms = c->s->c.env->now_ms(c->s->c.env->ctx);
        route->serve(c);
        if (c->s->c.seen != NULL)
            c->s->c.seen(c->s->c.seen_ctx, &c->contact);
    }
    sign(c);
}

void ln_exchange_serve(struct ln_exchange_server *s, const struct ln_message *request,
                       struct ln_message *reply)
{
    struct call c = { .s = s, .request = request, .reply = reply };
    size_t base = strlen(BASE);
    const char *path = request->path + base;
    const struct route *route;
    bool known;

    ln_message_init(reply, LN_MESSAGE_BODY_MAX);
    if (strncmp(request->path, BASE, base) != 0) {
        problem(&c, LN_PROBLEM_MISSING, "no such path");
    } else if (strcmp(path, "hello") == 0 && strcmp(request->method, "GET") == 0) {
        hello(s, reply);
    } else if (strcmp(path, "join") == 0 && strcmp(request->method, "POST") == 0) {
        ln_join_serve(&s->c, request, reply);
    } else if (strcmp(path, "heir") == 0 && strcmp(request->method, "GET") == 0) {
        ln_heir_serve(&s->c, request, reply);
    } else {
        route = find(request->method, path, &c.rest, &known);
        if (route != NULL)
            serve_signed(&c, route);
        else
            problem(&c, known ? LN_PROBLEM_METHOD : LN_PROBLEM_MISSING, "no such path");
    }
}

struct ln_exchange_server *ln_exchange_server_new(const struct ln_exchange_config *config)
{
    struct ln_exchange_server *s = ln_alloc(sizeof *s);

    s->c = *config;
    s->nonces = ln_nonces_new(NONCES);
    atomic_init(&s->heavy, 0);
    for (size_t i = 0; i < RATES; i++)
        atomic_init(&s->rate[i], 0);
    return s;
}

void ln_exchange_server_free(struct ln_exchange_server *s)
{
    if (s == NULL)
        return;
    ln_nonces_free(s->nonces);
    sodium_memzero(&s->c.key, sizeof s->c.key);
    sodium_memzero(&s->c.ident, sizeof s->c.ident);
    ln_free(s);
}
