/* A request and its reply as handlers see them; server.c turns CivetWeb's into these, tests build
 * them by hand. */
#ifndef LN_HTTP_H
#define LN_HTTP_H

#include "crypto/base/buf.h"
#include "sync/access.h"

struct ln_http_pair {
    char *name, *value; /* decoded */
};
struct ln_http_request {
    const char *method, *path; /* decoded path, checked UTF-8, no "..", no NUL */
    struct ln_http_pair *query;
    size_t n_query;
    const char *if_match, *if_none_match, *content_type, *idempotency_key, *accept_language,
        *origin, *host, *range, *bearer;
    const char *remote; /* address */
    const char *body;   /* whole body, below the route's ceiling */
    size_t body_len;
    const char *arg[4]; /* the path's variable parts in order: "/api/v1/:/:/steps" has two */
    const struct ln_session *session; /* NULL = guest */
    bool zh;                          /* language of messages */
    /* node to node (/sync/v1/) signs the request line as it was sent: path and query (without '?')
     * undecoded, and any header by its lower-case name, NULL = absent. */
    const char *raw_path, *raw_query;
    const char *(*header)(const struct ln_http_request *q, const char *name);
    void *conn; /* for `header` */
};
#define LN_ETAG_VERSION 16 /* digits of a record's version, with which its ETag begins */
struct ln_http_reply {
    int status;
    const char *content_type; /* static text */
    char etag[80], location[128], cookie[256], cache[64], disposition[512];
    int retry_after_s;
    const unsigned char *fixed; /* an embedded, gzipped body instead of `body` */
    size_t fixed_len;
    bool gzip;
    bool zip; /* compress the body for those who accept it: only what holds nothing of a person,
                 since the length of what is compressed together tells of it */
    struct ln_buf body;
    /* A body that is made while it is sent, next_len bytes in all, instead of `body`: each call
     * adds a part, false ends the connection. next_end frees. */
    bool (*next)(void *ctx, struct ln_buf *part);
    void (*next_end)(void *ctx);
    void *next_ctx;
    uint64_t next_len;
    char headers[1400]; /* further header lines, each ended by \r\n */
    bool bare; /* status, content-length and `headers` only: no date, no security headers (node to
                  node) */
};

const char *ln_http_query(const struct ln_http_request *q, const char *name); /* NULL = absent */
/* False when brackets nest deeper than LN_HTTP_DEPTH: parsers of JSON recurse, and the stacks of
 * workers are small. */
bool ln_http_shallow(const char *json, size_t len) LN_MUST;
#define LN_HTTP_DEPTH 32
/* Text between tags or quotes of HTML and XML; control characters but tab and newline are dropped.
 */
void ln_http_markup(struct ln_buf *out, const char *text);
/* RFC 9457 body from an error: status by code. `zh`/`en` may be NULL: then err->text serves both.
 */
bool ln_http_problem(struct ln_http_reply *out, const struct ln_err *err, const char *word,
                     const char *zh, const char *en);

#endif
