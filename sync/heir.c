/* Following a box that was replaced: see heir.h. */
#include "sync/heir.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"

#define CHAIN_MAX (LN_ROLE_LAPTOP + 2)
#define BODY_MAX 65536

/* ---- the new box's side */

struct telling {
    const char *child;
    struct ln_buf *out;
    const char *node; /* looked for in this pass */
    struct ln_buf found;
    bool known;
};

/* The last certificate line of one node; later lines are renewals. */
static bool find_cert(void *ctx, const char *author, bool revoke, struct ln_span f,
                      struct ln_err *err)
{
    struct telling *t = ctx;
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_cert cert;
    struct ln_span value;
    struct ln_err ignored = { 0 };

    (void)err;
    if (!revoke && ln_canon_get(f, "cert", &value) && ln_canon_type(value) == LN_CANON_STRING) {
        ln_canon_text(&text, value);
        if (ln_cert_read(&cert, text.data, text.len, &ignored) && strcmp(cert.node, t->node) == 0) {
            ln_buf_clear(&t->found);
            ln_buf_addf(&t->found, "{\"author\":\"%s\",\"f\":", author);
            ln_buf_add(&t->found, f.p, f.len);
            ln_buf_addc(&t->found, '}');
        }
    }
    ln_buf_free(&text);
    return true;
}

static bool tell(void *arg, struct ln_store *reader, const struct ln_authority *a,
                 struct ln_err *err)
{
    struct telling *t = arg;
    const struct ln_cert *path[CHAIN_MAX];
    size_t n = ln_authority_path(a, t->child, path, CHAIN_MAX);
    bool ok = true;

    t->known = n > 0;
    t->found = ln_buf_new(BODY_MAX);
    ln_buf_adds(t->out, "{\"chain\":[");
    for (size_t i = n + 1; ok && t->known && i-- > 0;) {
        t->node = i == 0 ? t->child : path[i - 1]->node;
        ln_buf_clear(&t->found);
        ok = reader->ops->cert_each(reader->ctx, find_cert, t, err);
        t->known = t->found.len > 0;
        ln_buf_adds(t->out, i < n ? "," : "");
        ln_buf_add(t->out, t->found.data, t->found.len);
    }
    ln_buf_adds(t->out, "]}");
    ln_buf_free(&t->found);
    return ok;
}

void ln_heir_serve(const struct ln_exchange_config *config, const struct ln_message *request,
                   struct ln_message *reply)
{
    char child[LN_NODE_ID_MAX];
    struct telling t = { .child = child, .out = &reply->body };
    struct ln_err err = { 0 };

    if (ln_message_query(request, "node", child, sizeof child) &&
        config->access->read(config->access->ctx, tell, &t, &err) && t.known) {
        reply->status = 200;
        return;
    }
    ln_buf_clear(&reply->body);
    ln_message_problem(reply, LN_PROBLEM_MISSING, "no such node is known here", 0, 0);
}

/* ---- the child's side */

struct learning {
    const char *self, *old;
    size_t n;
    struct ln_span f[CHAIN_MAX];
    char author[CHAIN_MAX][LN_NODE_ID_MAX];
    bool heir;
};

static bool learn(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct learning *l = arg;
    const char *authors[CHAIN_MAX];

    for (size_t i = 0; i < l->n; i++)
        authors[i] = l->author[i];
    if (!ln_replica_adopt(r, l->f, authors, l->n, err))
        return false;
    const struct ln_cert *self = ln_replica_self(r);
    l->heir = strcmp(self->parent, l->old) != 0 &&
              ln_authority_continues(ln_replica_authority(r), self->parent, l->old);
    return true;
}

static bool read_chain(struct learning *l, struct ln_span body, struct ln_err *err)
{
    struct ln_span chain;
    struct ln_span item;
    struct ln_span value;
    struct ln_span word;
    size_t at = 0;

    if (!ln_canon_check(body.p, body.len, err))
        return false;
    if (ln_canon_type(body) == LN_CANON_OBJECT && ln_canon_get(body, "chain", &chain) &&
        ln_canon_type(chain) == LN_CANON_ARRAY)
        while (l->n < CHAIN_MAX && ln_canon_next(chain, &at, NULL, &item)) {
            if (ln_canon_type(item) != LN_CANON_OBJECT || !ln_canon_get(item, "author", &value) ||
                ln_canon_type(value) != LN_CANON_STRING || !ln_canon_plain(value, &word) ||
                word.len >= LN_NODE_ID_MAX || !ln_canon_get(item, "f", &l->f[l->n]))
                return ln_fail(err, LN_INVALID, "the chain holds no certificate");
            memcpy(l->author[l->n], word.p, word.len);
            l->author[l->n++][word.len] = '\0';
        }
    return l->n > 0 || ln_fail(err, LN_INVALID, "no chain");
}

bool ln_heir_ask(const struct ln_exchange_config *config, const struct ln_link *link,
                 const char *old, bool *heir, struct ln_err *err)
{
    struct ln_message request;
    struct ln_message response;
    struct learning l = { .self = config->self, .old = old };
    bool ok = false;

    *heir = false;
    ln_message_init(&request, 0);
    ln_message_init(&response, BODY_MAX);
    memcpy(request.method, "GET", 4);
    (void)snprintf(request.path, sizeof request.path, "/sync/v1/heir");
    (void)snprintf(request.query, sizeof request.query, "node=%s", config->self);
    if (!link->call(link->ctx, &request, &response, err))
        goto out;
    if (response.status == 200) {
        ok = read_chain(&l, (struct ln_span){ response.body.data, response.body.len }, err) &&
             config->access->write(config->access->ctx, learn, &l, err);
        *heir = ok && l.heir;
    } else
        ok = true; /* an older one, or a stranger */
out:
    ln_message_free(&request);
    ln_message_free(&response);
    return ok || ln_wrap(err, "heir");
}
