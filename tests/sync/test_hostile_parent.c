/* A parent that holds a good key and answers anything: each answer of a whole sync is changed in
 * each way and signed again. Nothing of it ends the program, is believed against a signature of
 * somebody else's, or keeps the next sync with an honest parent from being level. */
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/pack.h"
#include "sync/view.h"

#define G01 "330106005055/g01"
#define UP "330106005055/330106000000"

struct shelf { /* one attachment on each side */
    char bytes[64];
    uint64_t held, total;
    bool wanted, sent;
};

static bool shelf_have(void *ctx, const struct ln_sha256 *name, uint64_t *held, bool *whole,
                       struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    (void)err;
    *held = s->held;
    *whole = s->total > 0 && s->held == s->total;
    return true;
}

static bool shelf_read(void *ctx, const struct ln_sha256 *name, uint64_t at, void *out, size_t cap,
                       size_t *got, struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    if (at > s->held)
        return ln_fail(err, LN_MISSING, "not that much");
    *got = s->held - at < cap ? (size_t)(s->held - at) : cap;
    memcpy(out, s->bytes + at, *got);
    return true;
}

static bool shelf_write(void *ctx, const struct ln_sha256 *name, const char *from, uint64_t at,
                        uint64_t total, const void *data, size_t len, struct ln_err *err)
{
    struct shelf *s = ctx;

    (void)name;
    (void)from;
    if (at != s->held || total > sizeof s->bytes || len > total - at)
        return ln_fail(err, LN_INVALID, "not the next part");
    memcpy(s->bytes + at, data, len);
    s->held = at + len;
    s->total = total;
    if (s->held == s->total && memchr(s->bytes, '?', (size_t)s->total) != NULL) {
        s->held = s->total = 0;
        return ln_fail(err, LN_INVALID, "not what its name says");
    }
    return true;
}

static bool shelf_each(void *ctx, bool wanted, uint64_t max,
                       bool (*fn)(void *fctx, const struct ln_sha256 *name, uint64_t size,
                                  struct ln_err *err),
                       void *fctx, struct ln_err *err)
{
    struct shelf *s = ctx;
    struct ln_sha256 name = { { 1 } };

    (void)max;
    if (wanted ? !s->wanted || (s->total > 0 && s->held == s->total) : s->wanted || s->sent)
        return true;
    return fn(fctx, &name, wanted ? 12 : s->total, err);
}

static bool shelf_sent(void *ctx, const struct ln_sha256 *name, struct ln_err *err)
{
    (void)name;
    (void)err;
    ((struct shelf *)ctx)->sent = true;
    return true;
}

/* ---- lies */

struct lie {
    unsigned answer; /* the nth answer of the sync */
    unsigned way;    /* how it is changed */
    unsigned seen;
    bool told, more; /* it came to that; there are further ways for this answer */
};

struct world {
    int64_t clock;
    struct peer dist, comm, a;
    struct lie lie;
    struct shelf above, below;
    struct ln_files files_above, files_below;
};

static const char *const VALUES[] = { "7",
                                      "-1",
                                      "\"x\"",
                                      "[]",
                                      "{}",
                                      "null",
                                      "true",
                                      "9007199254740991",
                                      "[[\"x\",1,\"y\"]]",
                                      "[7,\"AAAA\"]" };
#define N_VALUES ((unsigned)(sizeof VALUES / sizeof VALUES[0]))
static const char *const BODIES[] = {
    "", "{}", "[]", "no canonical text", "{\"level\":true}", "{\"level\":true,\"same\":false}"
};
#define N_BODIES ((unsigned)(sizeof BODIES / sizeof BODIES[0]))
static const int STATUSES[] = { 400, 403, 404, 405, 409, 413, 422, 425, 429, 500, 503, 507 };
#define N_STATUSES ((unsigned)(sizeof STATUSES / sizeof STATUSES[0]))

/* One member of an object left out (way 0) or with another value. */
static bool other_member(struct ln_buf *out, struct ln_span body, unsigned member, unsigned value)
{
    struct ln_span key;
    struct ln_span item;
    size_t at = 0;
    bool first = true;
    bool done = false;

    ln_buf_addc(out, '{');
    for (unsigned i = 0; ln_canon_next(body, &at, &key, &item); i++) {
        if (i == member)
            done = true;
        if (i == member && value == 0)
            continue;
        if (!first)
            ln_buf_addc(out, ',');
        ln_canon_add_string(out, key.p, key.len);
        ln_buf_addc(out, ':');
        first = false;
        if (i == member)
            ln_buf_adds(out, VALUES[value - 1]);
        else
            ln_buf_add(out, item.p, item.len);
    }
    ln_buf_addc(out, '}');
    return done;
}

static unsigned members(struct ln_span body)
{
    struct ln_span key;
    struct ln_span item;
    struct ln_err err;
    size_t at = 0;
    unsigned n = 0;

    if (body.len == 0 || !ln_canon_check(body.p, body.len, &err) ||
        ln_canon_type(body) != LN_CANON_OBJECT)
        return 0;
    while (ln_canon_next(body, &at, &key, &item))
        n++;
    return n;
}

/* False when there is no such way. */
static bool change(struct ln_message *m, unsigned way)
{
    struct ln_buf copy = ln_buf_new(LN_MESSAGE_BODY_MAX);
    struct ln_span body = { m->body.data, m->body.len };
    unsigned n = members(body);
    bool ok = true;

    ln_buf_add(&copy, m->body.data, m->body.len);
    body.p = copy.data;
    if (way < N_STATUSES) {
        m->status = STATUSES[way];
        ln_buf_clear(&m->body);
    } else if ((way -= N_STATUSES) < LN_PROBLEM_DISK + 1) {
        ln_message_problem(m, (enum ln_problem)way, "a lie", 1, 0);
    } else if ((way -= LN_PROBLEM_DISK + 1) < N_BODIES) {
        ln_buf_clear(&m->body);
        ln_buf_adds(&m->body, BODIES[way]);
    } else if ((way -= N_BODIES) < n * (N_VALUES + 1)) {
        ln_buf_clear(&m->body);
        ok = other_member(&m->body, body, way / (N_VALUES + 1), way % (N_VALUES + 1));
    } else if ((way -= n * (N_VALUES + 1)) < 6 && copy.len > 0) {
        size_t at = way < 5 ? copy.len * way / 5 : copy.len - 1; /* a byte, anywhere */
        m->body.data[at] = (char)(m->body.data[at] ^ 0x15);
    } else {
        ok = way == 6 && copy.len > 1; /* half of it */
        if (ok)
            ln_buf_cut(&m->body, copy.len / 2);
    }
    ln_buf_free(&copy);
    return ok;
}

static bool call(void *ctx, const struct ln_message *request, struct ln_message *response,
                 struct ln_err *err)
{
    struct world *w = ctx;
    struct lie *l = &w->lie;

    ln_message_free(response);
    ln_exchange_serve(w->dist.server, request, response);
    if (l->answer == 0 || ++l->seen != l->answer)
        return true;
    l->told = true;
    l->more = change(response, l->way);
    return request->signature[0] == '\0' ||
           ln_message_answer(response, request, w->dist.c.id, w->clock / 1000, &w->dist.c.key, err);
}

static void world_new(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->clock = INT64_C(1795400000000);
    peer_new(&w->dist, &w->clock, NULL, "330106000000", LN_ROLE_DISTRICT, "");
    peer_new(&w->comm, &w->clock, &w->dist, "330106005055", LN_ROLE_COMMUNITY, "");
    w->above = (struct shelf){ .bytes = "from above..", .held = 12, .total = 12 };
    w->below = (struct shelf){ .wanted = true };
    w->files_above =
        (struct ln_files){ &w->above, shelf_have, shelf_read, shelf_write, shelf_each, shelf_sent };
    w->files_below =
        (struct ln_files){ &w->below, shelf_have, shelf_read, shelf_write, shelf_each, shelf_sent };
    ln_exchange_server_free(w->dist.server);
    w->dist.x.files = &w->files_above;
    w->dist.server = ln_exchange_server_new(&w->dist.x);
    w->comm.x.files = &w->files_below;
    w->comm.link = (struct ln_link){ w, call };
    ln_exchange_client_free(w->comm.client);
    w->comm.client = ln_exchange_client_new(&w->comm.x, &w->comm.link);
}

static void world_end(struct world *w)
{
    peer_end(&w->comm);
    peer_end(&w->dist);
}

/* A new program over the same store: nothing is remembered but what it wrote. */
static void again(struct world *w)
{
    ln_exchange_client_free(w->comm.client);
    w->comm.client = ln_exchange_client_new(&w->comm.x, &w->comm.link);
}

static unsigned lies(struct world *w, unsigned answer)
{
    unsigned told = 0;
    unsigned missed = 0; /* syncs have more answers or fewer */

    for (unsigned way = 0; way < 120; way++) {
        struct ln_exchange_report report;
        struct ln_err err = { 0 };
        unsigned turn = way + answer;
        (void)peer_add(&w->dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
        (void)peer_add(&w->dist, "ticket", UP, NULL, "{\"subject\":\"回访\"}");
        struct ln_id mine = peer_add(&w->comm, "person", UP, NULL, "{\"name\":\"李一\"}");
        w->below = (struct shelf){
            .wanted = turn % 2 == 0, .bytes = "from below..", .held = 12, .total = 12
        };
        if (w->below.wanted)
            w->below.held = w->below.total = 0;
        else
            w->above.held = w->above.total = 0;
        if (turn % 3 == 0)
            again(w);
        w->lie = (struct lie){ .answer = answer, .way = way };
        (void)!peer_try(&w->comm, &report, &err);
        bool came = w->lie.told;
        bool more = w->lie.more;
        w->lie.answer = 0;
        w->above = (struct shelf){ .bytes = "from above..", .held = 12, .total = 12 };
        w->clock += 4000000;
        for (int i = 0; i < 3; i++)
            if (!peer_try(&w->comm, &report, &err))
                fail_msg("answer %u way %u: an honest sync after it: %s", answer, way, err.text);
        assert_true(report.level);
        assert_false(report.alarm);
        assert_string_equal(ln_replica_doubted(w->comm.r), "");
        assert_string_equal(peer_cell(&w->dist, "person", "name", &mine), "李一");
        told += came;
        missed += !came;
        if (missed > 30 || (came && !more))
            return told;
    }
    return told;
}

TEST(no_answer_of_a_hostile_parent_does_harm_that_an_honest_one_does_not_mend)
{
    struct world w;
    unsigned told = 0;
    world_new(&w);
    peer_sync(&w.comm, NULL);

    for (unsigned answer = 1; answer < 9; answer++)
        told += lies(&w, answer);

    assert_true(told > 150);
    struct ln_verify_report report;
    struct ln_err err = { 0 };
    MUST(ln_replica_verify(w.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    peer_rebuild(&w.comm);
    peer_rebuild(&w.dist);
    world_end(&w);
}

/* Whoever has no key of the parent's can only be ignored. */
static bool stranger(void *ctx, const struct ln_message *request, struct ln_message *response,
                     struct ln_err *err)
{
    struct world *w = ctx;

    ln_message_free(response);
    ln_exchange_serve(w->dist.server, request, response);
    if (request->signature[0] == '\0')
        return true;
    if (w->lie.way == 0)
        response->signature[0] = '\0';
    else if (w->lie.way == 1)
        return ln_message_answer(response, request, w->dist.c.id, w->clock / 1000, &w->comm.c.key,
                                 err);
    else if (w->lie.way == 2)
        ln_buf_addc(&response->body, ' ');
    else { /* a proxy's page */
        response->signature[0] = '\0';
        response->status = 502;
    }
    return true;
}

TEST(answers_that_the_parent_did_not_sign_are_not_taken)
{
    struct world w;
    world_new(&w);
    peer_sync(&w.comm, NULL);
    w.comm.link = (struct ln_link){ &w, stranger };

    for (w.lie.way = 0; w.lie.way < 4; w.lie.way++) {
        struct ln_err err = { 0 };
        again(&w);
        (void)peer_add(&w.dist, "notice", "public", "{\"title\":\"停水\"}", NULL);
        assert_false(peer_try(&w.comm, NULL, &err));
        assert_true(w.lie.way == 3 ? err.code == LN_BUSY
                                   : err.code == LN_DENIED || err.code == LN_INVALID);
    }
    world_end(&w);
}

/* ---- one answer that is none, and the words it is refused with */

struct twist {
    const char *method, *path; /* which answer, by how its path begins behind /sync/v1/ */
    const char *body;          /* instead; %s is the parent's id; NULL: status 500 without one */
    enum ln_code code;
    const char *words;
};
struct twisted {
    struct world *w;
    const struct twist *t;
    unsigned told;
};

static bool twist(void *ctx, const struct ln_message *request, struct ln_message *response,
                  struct ln_err *err)
{
    static const char root[] = "/sync/v1/";
    struct twisted *x = ctx;
    struct peer *dist = &x->w->dist;

    ln_message_free(response);
    ln_exchange_serve(dist->server, request, response);
    if (x->t == NULL || strcmp(request->method, x->t->method) != 0 ||
        strncmp(request->path + strlen(root), x->t->path, strlen(x->t->path)) != 0)
        return true;
    x->told++;
    ln_buf_clear(&response->body);
    response->status = x->t->body != NULL ? 200 : 500;
    for (const char *at = x->t->body; at != NULL && *at != '\0'; at++)
        if (at[0] == '%' && at[1] == 's') {
            ln_buf_adds(&response->body, dist->c.id);
            at++;
        } else
            ln_buf_addc(&response->body, *at);
    return request->signature[0] == '\0' ||
           ln_message_answer(response, request, dist->c.id, x->w->clock / 1000, &dist->c.key, err);
}

static bool forget_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);

    (void)arg;
    return s->ops->meta_put(s->ctx, "exchange", (struct ln_span){ NULL, 0 }, err);
}

#define ALL "\"all\":\"AAAAAAAAAAAAAAAAAAAAAA\""
#define SHA "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
#define NO_PUSH "the answer to a push is not one"

TEST(an_answer_that_is_none_is_refused_with_its_reason_and_the_next_one_is_taken)
{
    static const struct twist table[] = {
        { "GET", "hello", NULL, LN_BUSY, "hello" },
        { "GET", "hello", "no text", LN_INVALID, "hello" },
        { "GET", "hello", "[]", LN_INVALID, "the answer is no object" },
        { "GET", "hello", "{}", LN_INVALID, "the answer names no node" },
        { "GET", "hello", "{\"node\":7}", LN_INVALID, "the answer names no node" },
        { "GET", "hello", "{\"node\":\"a\\nb\"}", LN_INVALID, "the answer names no node" },
        { "GET", "hello", "{\"node\":\"330106005056-x\"}", LN_DENIED, "another node answers" },
        { "GET", "hello", "{\"node\":\"%s\"}", LN_INVALID, "no nonce" },
        { "GET", "hello", "{\"node\":\"%s\",\"nonce\":7}", LN_INVALID, "no nonce" },
        { "GET", "hello", "{\"node\":\"%s\",\"nonce\":\"" LONG LONG LONG "\"}", LN_INVALID,
          "no nonce" },
        { "POST", "heads", "7", LN_INVALID, "the answer is no object" },
        { "POST", "heads", "{}", LN_INVALID, "the answer tells no heads" },
        { "POST", "heads", "{\"have\":7}", LN_INVALID, "heads are not an array" },
        { "POST", "heads", "{\"have\":[7]}", LN_INVALID, "heads are not [log, seq, sha]" },
        { "POST", "log/", "[]", LN_INVALID, "the answer is no object" },
        { "POST", "log/", "{}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{\"all\":\"AAAA\",\"head\":[1,\"" SHA "\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL "}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":7}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[\"1\",\"" SHA "\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[-1,\"" SHA "\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[1]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[1,7]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[1,\"a\\nb\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[1,\"!\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[1,\"AAAA\"]}", LN_INVALID, NO_PUSH },
        { "POST", "log/", "{" ALL ",\"head\":[0,\"" SHA "\"]}", LN_INVALID,
          "the parent took segments and holds only 0" },
        { "POST", "log/", "{" ALL ",\"head\":[1,\"" SHA "\"],\"receipt\":7}", LN_INVALID,
          "the receipt is no object" },
        { "POST", "log/", "{" ALL ",\"head\":[1,\"" SHA "\"],\"receipt\":{}}", LN_INVALID,
          "receipt: no log" },
    };
    struct world w;
    struct twisted x = { .w = &w };
    world_new(&w);
    peer_sync(&w.comm, NULL);
    w.comm.link = (struct ln_link){ &x, twist };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ln_exchange_report report = { 0 };
        struct ln_err err = { 0 };
        again(&w);
        MUST(peer_write(&w.comm, forget_job, NULL, &err));
        struct ln_id mine = peer_add(&w.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
        x = (struct twisted){ .w = &w, .t = &table[i] };

        bool ok = peer_try(&w.comm, &report, &err);

        if (ok || x.told == 0 || err.code != table[i].code ||
            strstr(err.text, table[i].words) == NULL)
            fail_msg("answer %zu (told %u): %d %s", i, x.told, ok ? 0 : (int)err.code, err.text);
        x.t = NULL;
        err = (struct ln_err){ 0 };
        MUST(peer_try(&w.comm, &report, &err));
        assert_true(report.level);
        assert_string_equal(peer_cell(&w.dist, "notice", "title", &mine), "停水");
    }
    world_end(&w);
}

struct asking {
    struct world *w;
    const char *mend;
    unsigned brought;
};

static bool ask_for(void *ctx, const struct ln_message *request, struct ln_message *response,
                    struct ln_err *err)
{
    struct asking *x = ctx;
    struct peer *dist = &x->w->dist;

    ln_message_free(response);
    ln_exchange_serve(dist->server, request, response);
    x->brought += strncmp(request->query, "mend=", 5) == 0;
    if (strcmp(request->path, "/sync/v1/heads") != 0)
        return true;
    ln_buf_clear(&response->body);
    ln_buf_addf(&response->body, "{\"level\":true,\"mend\":%s}", x->mend);
    return ln_message_answer(response, request, dist->c.id, x->w->clock / 1000, &dist->c.key, err);
}

/* An attachment that the parent takes nothing of, or gives nothing of. */
TEST(an_attachment_whose_answer_is_none_waits_and_goes_with_the_next_sync)
{
    static const struct {
        bool down;
        struct twist t;
    } table[] = {
        { false, { "PUT", "file/", "[]", LN_INVALID, "no object" } },
        { false, { "PUT", "file/", "{}", LN_INVALID, "does not tell how much is held" } },
        { false, { "PUT", "file/", "{\"held\":\"1\"}", LN_INVALID, "does not tell how much" } },
        { false, { "PUT", "file/", "{\"held\":-1}", LN_INVALID, "does not tell how much" } },
        { false,
          { "PUT", "file/", "{\"held\":0}", LN_CONFLICT, "the parent keeps nothing of it" } },
        { true, { "GET", "file/", "", LN_OK, "" } },
    };
    struct world w;
    struct twisted x = { .w = &w };
    world_new(&w);
    peer_sync(&w.comm, NULL);
    w.comm.link = (struct ln_link){ &x, twist };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ln_exchange_report report = { 0 };
        struct ln_err err = { 0 };
        bool down = table[i].down;
        w.below = (struct shelf){ .wanted = down, .bytes = "from below..", .total = down ? 0 : 12 };
        w.below.held = w.below.total;
        w.above = (struct shelf){ .bytes = "from above..", .total = down ? 12 : 0 };
        w.above.held = w.above.total;
        again(&w);
        x = (struct twisted){ .w = &w, .t = &table[i].t };

        bool ok = peer_try(&w.comm, &report, &err);

        if (x.told == 0 || err.code != table[i].t.code || ok != (table[i].t.code == LN_OK) ||
            strstr(err.text, table[i].t.words) == NULL)
            fail_msg("attachment %zu (told %u): %d %s", i, x.told, (int)err.code, err.text);
        assert_false(w.below.sent);
        assert_int_equal(w.below.held, down ? 0 : 12);
        x.t = NULL;
        err = (struct ln_err){ 0 };
        MUST(peer_try(&w.comm, &report, &err));
        assert_int_equal(report.files, 1);
        assert_int_equal(w.below.held, 12);
        assert_int_equal(w.above.held, 12);
    }
    world_end(&w);
}

struct level_call {
    struct world *w;
    const char *same; /* as the answer tells it */
    bool have;        /* names the very heads instead of saying level */
};

static bool answer_heads(void *ctx, const struct ln_message *request, struct ln_message *response,
                         struct ln_err *err)
{
    struct level_call *x = ctx;
    struct peer *dist = &x->w->dist;

    ln_message_free(response);
    ln_exchange_serve(dist->server, request, response);
    if (strcmp(request->path, "/sync/v1/heads") != 0)
        return true;
    ln_buf_clear(&response->body);
    if (x->have) {
        struct ln_view v = { 0 };
        assert_true(ln_view_read(&v, dist->c.store, ln_replica_authority(dist->r), x->w->comm.c.id,
                                 dist->c.id, err));
        ln_buf_adds(&response->body, "{\"have\":");
        ln_view_write(&response->body, &v);
        ln_buf_addc(&response->body, '}');
        ln_view_free(&v);
    } else
        ln_buf_addf(&response->body, "{\"level\":true%s}", x->same);
    return ln_message_answer(response, request, dist->c.id, x->w->clock / 1000, &dist->c.key, err);
}

TEST(digests_that_differ_are_an_alarm_and_nothing_else_is)
{
    static const struct {
        const char *same;
        bool alarm;
    } table[] = { { "", false },
                  { ",\"same\":true", false },
                  { ",\"same\":false", true },
                  { ",\"same\":0", false },
                  { ",\"same\":\"false\"", false } };
    struct world w;
    struct ln_err err = { 0 };
    struct ln_exchange_report report;
    struct level_call x = { .w = &w };
    world_new(&w);
    peer_sync(&w.comm, NULL);
    peer_sync(&w.comm, NULL);
    w.comm.link = (struct ln_link){ &x, answer_heads };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        x.same = table[i].same;
        again(&w);
        peer_sync(&w.comm, &report);
        assert_true(report.level);
        assert_int_equal(report.alarm, table[i].alarm);
    }
    x.have = true; /* a parent that calls the same heads different never comes to an end */
    again(&w);
    assert_false(peer_try(&w.comm, &report, &err));
    assert_int_equal(err.code, LN_CONFLICT);
    assert_non_null(strstr(err.text, "heads differ and names none"));
    world_end(&w);
}

/* Segments that the parent says it lacks: what of it makes sense is brought, the rest passed
 * over. */
TEST(a_list_of_damages_is_followed_as_far_as_it_makes_sense)
{
    struct world w;
    char good[LN_LOG_MAX + 32];
    world_new(&w);
    (void)peer_add(&w.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
    peer_sync(&w.comm, NULL);
    peer_sync(&w.comm, NULL);
    (void)snprintf(good, sizeof good, "[[\"%s\",1]]", w.comm.c.id);
    const struct {
        const char *mend;
        unsigned brought;
    } table[] = {
        { "7", 0 },
        { "[]", 0 },
        { "[7]", 0 },
        { "[[]]", 0 },
        { "[[\"x\"]]", 0 },
        { "[[7,1]]", 0 },
        { "[[\"a\\nb\",1]]", 0 },
        { "[[\"" LONG LONG "\",1]]", 0 },
        { "[[\"x\",\"1\"]]", 0 },
        { "[[\"x\",0]]", 0 },
        { "[[\"330106005056-x\",1]]", 0 }, /* which is not here */
        { good, 1 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct asking x = { &w, table[i].mend, 0 };
        struct ln_exchange_report report = { 0 };
        w.comm.link = (struct ln_link){ &x, ask_for };
        again(&w);

        peer_sync(&w.comm, &report);

        assert_true(report.level);
        if (x.brought != table[i].brought)
            fail_msg("list %zu: %u brought", i, x.brought);
    }
    world_end(&w);
}

RUN_TESTS(T(an_attachment_whose_answer_is_none_waits_and_goes_with_the_next_sync),
          T(digests_that_differ_are_an_alarm_and_nothing_else_is),
          T(an_answer_that_is_none_is_refused_with_its_reason_and_the_next_one_is_taken),
          T(a_list_of_damages_is_followed_as_far_as_it_makes_sense),
          T(no_answer_of_a_hostile_parent_does_harm_that_an_honest_one_does_not_mend),
          T(answers_that_the_parent_did_not_sign_are_not_taken))
