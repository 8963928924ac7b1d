/* Node to node over the web server: see sync_http.h. */
#include "node/web/sync_http.h"

#include <string.h>

static const char *const carried[] = { "linli-to", "content-digest", "signature-input", "signature",
                                       "content-type" };
#define N_CARRIED (sizeof carried / sizeof carried[0])

/* False: something does not fit into a message of ours. */
static bool read_request(struct ln_message *m, const struct ln_http_request *q)
{
    const char *query = q->raw_query != NULL ? q->raw_query : "";

    if (strlen(q->method) >= sizeof m->method || strlen(q->raw_path) >= sizeof m->path ||
        strlen(query) >= sizeof m->query || q->body_len > LN_MESSAGE_BODY_MAX)
        return false;
    memcpy(m->method, q->method, strlen(q->method) + 1);
    memcpy(m->path, q->raw_path, strlen(q->raw_path) + 1);
    memcpy(m->query, query, strlen(query) + 1);
    for (size_t i = 0; i < N_CARRIED; i++) {
        const char *value = q->header(q, carried[i]);
        if (value != NULL && !ln_message_header(m, carried[i], value, strlen(value)))
            return false;
    }
    ln_buf_add(&m->body, q->body, q->body_len);
    return true;
}

static void add_header(void *ctx, const char *name, const char *value)
{
    struct ln_http_reply *out = ctx;
    size_t at = strlen(out->headers);

    if (strcmp(name, "content-type") == 0)
        return; /* the server writes that one */
    (void)snprintf(out->headers + at, sizeof out->headers - at, "%s: %s\r\n", name, value);
}

void ln_sync_http(struct ln_exchange_server *s, const struct ln_http_request *q,
                  struct ln_http_reply *out)
{
    struct ln_message request;
    struct ln_message reply;

    ln_message_init(&request, LN_MESSAGE_BODY_MAX);
    if (read_request(&request, q)) {
        ln_exchange_serve(s, &request, &reply);
    } else {
        ln_message_init(&reply, LN_MESSAGE_BODY_MAX);
        ln_message_problem(&reply, LN_PROBLEM_LIMIT, "the request or a header is too long", 0, 0);
    }
    out->status = reply.status;
    out->content_type = reply.content_type[0] != '\0' ? "application/problem+json" : NULL;
    out->bare = true;
    out->headers[0] = '\0';
    ln_message_headers(&reply, add_header, out);
    ln_buf_free(&out->body);
    out->body = reply.body; /* moved */
    ln_message_free(&request);
}
