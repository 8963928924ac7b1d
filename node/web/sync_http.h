/* The exchange's paths under /sync/v1/ on the web server: turns a request into a message and the
 * answer back. */
#ifndef LN_SYNC_HTTP_H
#define LN_SYNC_HTTP_H

#include "node/web/http.h"
#include "sync/exchange.h"

/* Every method and path under /sync/v1/. Body ceiling LN_MESSAGE_BODY_MAX; no session, no Origin
 * check: each request is signed by its node. Fills `out` (bare); any thread. */
void ln_sync_http(struct ln_exchange_server *s, const struct ln_http_request *q,
                  struct ln_http_reply *out);

#endif
