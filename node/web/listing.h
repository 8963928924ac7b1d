/* A list as its query asks for it (README "Records"): the same for pages, exports and programs. */
#ifndef LN_LISTING_H
#define LN_LISTING_H

#include "node/web/web.h"

struct ln_listing {
    struct ln_where where[LN_QUERY_WHERE];
    struct ln_where any[4];
    char names[LN_QUERY_WHERE][LN_QUERY_NAME];
    char stale[11], now[24];
    char here[80];
    struct ln_where unless[LN_ENGINE_UNLESS];
    struct ln_id place; /* where the page goes on */
    unsigned at;        /* how many rows of the list lie before the page */
    struct ln_list l;
};

/* Reads the query of the request: filters, full text, order, page; and what this caller may list.
 * `x` holds what the list points into: it is not moved. LN_DENIED, LN_FULL, as ln_query_list. */
bool ln_listing_read(struct ln_listing *x, struct ln_call *c, const struct ln_def_coll *d,
                     struct ln_err *err) LN_MUST;

/* Leaves out records of audience N that this caller does not read whole, unless the outline is his
 * and the filters (set before) stay inside it: a list and its count are about the same records.
 * `room` holds LN_ENGINE_UNLESS. */
void ln_listing_spare(struct ln_list *l, struct ln_where *room, struct ln_call *c,
                      const struct ln_def_coll *d);

/* Has an index made for the field that a long list was sorted or filtered by (store/order.h): the
 * next page of it is quick. Waits for the writer; a failure is logged and nothing else. */
void ln_listing_order(struct ln_call *c, const struct ln_list *l);

/* "cursor" of a list (README "Records"): a number of rows to pass over; or a record and how many
 * rows lie before the page that begins behind it; with "-" in front, the page before that record.
 */
#define LN_LISTING_CURSOR (LN_ID_TEXT + 16)
void ln_listing_cursor(char out[LN_LISTING_CURSOR], bool back, const char *id, unsigned at);

/* A region and those above it, by commas: whose notices are read there. */
void ln_listing_regions(char out[80], const char *region);

#endif
