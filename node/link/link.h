/* The way to the parent over libcurl: one connection, kept between syncs, bounded in time and
 * size. */
#ifndef LN_LINK_H
#define LN_LINK_H

#include "sync/exchange.h"

#define LN_LINK_URL_MAX 512
#define LN_LINK_HEADERS_MAX 16384 /* of one response, all lines */

struct ln_link_http;
/* `url` is http://host[:port][/prefix] or https://...; nothing is sent yet. *link borrows *out and
 * is used by one thread at a time. LN_INVALID another kind of address. curl_global_init was called
 * by main. */
bool ln_link_open(struct ln_link_http **out, struct ln_link *link, const char *url,
                  struct ln_err *err) LN_MUST;
/* Goes through an HTTP proxy from now on; "" none. LN_INVALID not an address like http://host:3128.
 */
bool ln_link_proxy(struct ln_link_http *l, const char *proxy, struct ln_err *err) LN_MUST;
/* LN_INVALID when such a proxy could not be used. */
bool ln_link_address(const char *proxy, struct ln_err *err) LN_MUST;
/* At most so many bytes a second each way from now on, 0 any. */
void ln_link_rate(struct ln_link_http *l, int64_t bytes_s);
void ln_link_close(struct ln_link_http *l); /* accepts NULL */
/* Makes a running call on another thread fail soon with LN_BUSY, and all later ones. */
void ln_link_cancel(struct ln_link_http *l);

#endif
