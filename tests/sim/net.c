/* The link between a node and its parent, and all that can happen to a message on it. */
#include "crypto/canon.h"
#include "tests/sim/sim.h"

static bool lost(struct ln_err *err)
{
    sim->lost++;
    return ln_fail(err, LN_BUSY, "lost on the way");
}

static void copy(struct ln_message *to, const struct ln_message *m)
{
    *to = *m;
    to->body = ln_buf_new(LN_MESSAGE_BODY_MAX);
    ln_buf_add(&to->body, m->body.data, m->body.len);
}

/* Cuts the body, or one of the headers, at any byte. */
static void cut(struct ln_message *m)
{
    if (m->body.len > 0 && !sim_one_in(4))
        ln_buf_cut(&m->body, sim_below((unsigned)m->body.len));
    else {
        char *headers[] = { m->signature, m->signature_input, m->digest, m->nonce, m->to };
        char *h = headers[sim_below(5)];
        if (h[0] != '\0')
            h[sim_below((unsigned)strlen(h))] = '\0';
    }
    sim->cut_messages++;
}

static bool same(const struct ln_message *a, const struct ln_message *b)
{
    return a->body.len == b->body.len &&
           (a->body.len == 0 || memcmp(a->body.data, b->body.data, a->body.len) == 0) &&
           strcmp(a->signature, b->signature) == 0 &&
           strcmp(a->signature_input, b->signature_input) == 0 &&
           strcmp(a->digest, b->digest) == 0 && strcmp(a->to, b->to) == 0;
}

/* A parent without rules: any byte of its answer may be another, and its signature is good. */
static void lie(struct sim_node *parent, const struct ln_message *request, struct ln_message *m)
{
    struct ln_err err = { 0 };

    if (m->body.len > 0)
        for (unsigned i = 0; i <= sim_below(3); i++) {
            size_t at = sim_below((unsigned)m->body.len);
            if (sim_one_in(2))
                m->body.data[at] = (char)sim_below(256);
            else if (m->body.data[at] >= '0' && m->body.data[at] <= '9')
                m->body.data[at] = (char)('0' + sim_below(10));
            else if (sim_one_in(3))
                ln_buf_cut(&m->body, at);
            if (m->body.len == 0)
                break;
        }
    if (request->signature[0] != '\0')
        (void)!ln_message_answer(m, request, parent->c.id, sim_node_ms(parent) / 1000,
                                 &parent->c.key, &err);
}

/* The other end, if it is there. */
static void serve(struct sim_node *parent, const struct ln_message *request,
                  struct ln_message *response)
{
    ln_message_free(response);
    ln_exchange_serve(parent->server, request, response);
    if (parent->hostile && parent->role == LN_ROLE_DISTRICT && !sim->healing && sim_one_in(3))
        lie(parent, request, response);
}

static bool twice(struct sim_node *parent, const struct ln_message *request)
{
    struct ln_message again;

    if (request->signature[0] == '\0')
        return true;
    ln_message_init(&again, LN_MESSAGE_BODY_MAX);
    ln_message_free(&again);
    ln_exchange_serve(parent->server, request, &again);
    bool refused = again.status != 200;
    ln_message_free(&again);
    sim->replays++;
    return refused;
}

static void keep_late(struct sim_node *n, const struct ln_message *request)
{
    for (size_t i = 0; i < SIM_LATE; i++)
        if (!sim->late[i].used) {
            copy(&sim->late[i].m, request);
            sim->late[i].used = true;
            sim->late[i].from = n;
            sim->late[i].at_ms = sim->now_ms + sim_below(sim_one_in(2) ? 300000 : 7200000);
            return;
        }
}

void sim_arrivals(void)
{
    for (size_t i = 0; i < SIM_LATE; i++) {
        struct sim_late *l = &sim->late[i];
        if (!l->used || l->at_ms > sim->now_ms)
            continue;
        struct ln_message answer;
        ln_message_init(&answer, 0);
        if (!sim_out(l->from->parent)) {
            serve(l->from->parent, &l->m, &answer);
            ln_message_free(&answer);
            sim_watch(l->from->parent);
        }
        ln_message_free(&l->m);
        l->used = false;
    }
}

/* What a request asks, whoever signed it when (FNV-1a). */
static uint64_t asked(const struct ln_message *m)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (const char *p = m->path; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    for (size_t i = 0; i < m->body.len; i++)
        h = (h ^ (unsigned char)m->body.data[i]) * 0x100000001b3u;
    return h;
}

bool sim_call(void *ctx, const struct ln_message *request, struct ln_message *response,
              struct ln_err *err)
{
    struct sim_node *n = ctx;
    struct sim_node *parent = n->parent;
    bool faults = !sim->healing && !sim->quiet;

    if (n->cut_answer && asked(request) == n->cut_of)
        n->cut_answer = false; /* not believed: asked once more */
    if (sim_out(parent) || sim_out(n))
        return lost(err);
    if (faults) {
        sim->now_ms += sim_below(300);
        if (n->up_cut_ms > sim->now_ms || (sim->on[SIM_LOSS] && sim_one_in(8)))
            return lost(err);
        if (sim->on[SIM_LATE_COPY] && sim_one_in(12)) {
            keep_late(n, request);
            if (sim_one_in(2))
                return lost(err);
        }
        if (sim->on[SIM_CUT] && sim_one_in(12)) {
            struct ln_message part;
            copy(&part, request);
            cut(&part);
            if (sim_one_in(2) && part.signature[0] != '\0' && !same(&part, request)) {
                ln_message_free(response);
                ln_exchange_serve(parent->server, &part, response);
                if (response->status == 200 && request->signature[0] != '\0')
                    sim_wrong("a request cut on the way was obeyed: %s %s", request->method,
                              request->path);
            }
            ln_message_free(&part);
            return lost(err);
        }
    }
    serve(parent, request, response);
    if (parent->dead)
        return lost(err);
    if (!faults)
        return true;
    if (sim->on[SIM_TWICE] && sim_one_in(6) && response->status == 200 && !twice(parent, request))
        sim_wrong("a request was obeyed twice: %s %s", request->method, request->path);
    if (n->down_cut_ms > sim->now_ms || (sim->on[SIM_LOSS] && sim_one_in(8)) || sim_out(parent))
        return lost(err);
    if (sim->on[SIM_CUT] && sim_one_in(12)) {
        /* of others' logs some may fail, and the sync goes on with the rest */
        bool covered = response->signature[0] != '\0' && response->status == 200 &&
                       strcmp(request->method, "POST") == 0 &&
                       (strncmp(request->path, "/sync/v1/log/", 13) != 0 ||
                        strcmp(request->path + 13, n->c.id) == 0);
        struct ln_message whole;
        copy(&whole, response);
        cut(response);
        bool told = sim_one_in(2); /* some links tell, some do not */
        if (!n->cut_answer && covered && !told && !same(&whole, response)) {
            n->cut_answer = true;
            n->cut_of = asked(request);
        }
        ln_message_free(&whole);
        return told ? lost(err) : true;
    }
    return true;
}
