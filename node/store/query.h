/* Reading rows of a collection as JSON: lists with filters, one record, full text. Values as in
 * module/README. */
#ifndef LN_QUERY_H
#define LN_QUERY_H

#include <jansson.h>

#include "node/store/sqlstore.h"

#define LN_QUERY_LIMIT 200
#define LN_QUERY_WHERE 32
#define LN_QUERY_VALUES 64 /* of one filter */
#define LN_QUERY_HITS 5000 /* of a full text: as many are put in order, and counted exactly */

/* STALE: empty, or before the value, and not erased; HAS: a list that holds one of the values; KEY:
 * a map with this key; SAYS: as IS, and `field` may go on behind an "="; REACHES: a list of regions
 * that is empty or holds the region `value` or one above it; GRID: of `audience`, none of the grids
 * but those that `value` names. */
enum ln_where_op {
    LN_WHERE_IS,
    LN_WHERE_FROM,
    LN_WHERE_TO,
    LN_WHERE_STALE,
    LN_WHERE_HAS,
    LN_WHERE_KEY,
    LN_WHERE_SAYS,
    LN_WHERE_REACHES,
    LN_WHERE_GRID
};
struct ln_where {
    const char *field; /* of the collection, or state region id audience created changed (ms) after
                          (an id) kept (its keys were not erased); a
                          `^` field is found by its tag */
    enum ln_where_op op;
    const char *value; /* IS: several separated by commas; "" = empty */
};
#define LN_QUERY_NAME 64
/* "ends", "ends.gte" (FROM), "ends.lte" (TO), "ends.stale" (STALE: before it, or empty), as
 * requests and definitions write a filter: the field to `name`, cut when it is too long for one. */
enum ln_where_op ln_query_op(char name[LN_QUERY_NAME], const char *key);

struct ln_list {
    const struct ln_coll *coll;
    size_t n, n_any;
    const struct ln_where *where;  /* all of them hold */
    const struct ln_where *any;    /* and one of these, when there are some */
    struct ln_where spared;        /* those are left out, field NULL none, */
    const struct ln_where *unless; /* but for these */
    size_t n_unless;
    const char *text; /* full text, as typed; NULL none */
    const char *sort; /* a field or id; NULL: id */
    bool descending;
    unsigned limit, offset;
    /* The page behind this record in that order, or with `back` the one before it (in the same
     * order); NULL the first. A long list is walked so: an offset has to pass over all before it.
     * LN_CONFLICT when the order is by a field and the record is no longer there. */
    const struct ln_id *after;
    bool back;
    bool total;     /* count them all */
    bool *least;    /* NULL; else a full text with more than LN_QUERY_HITS hits is counted among so
                       many of them, and *least says that there are that many or more */
    bool conflicts; /* only those with open conflicts */
};
/* Appends {"id","region","etag","audience","conflicts","created","eff","state"?,"f":{...}} for each
 * to the array `out`. LN_INVALID an unknown field. Inside a read transaction. */
bool ln_query_list(json_t *out, int64_t *total, struct ln_sqlstore *s, const struct ln_list *l,
                   struct ln_err *err) LN_MUST;
/* One record of any collection of the schema, with "collection" and "deleted"; *out NULL when it is
 * not there. One that was given up for another gives that one, under its own id: references in
 * rows, filters and dimensions follow likewise. */
bool ln_query_record(json_t **out, struct ln_sqlstore *s, const struct ln_id *id,
                     struct ln_err *err) LN_MUST;

/* Records in whose searched words `text` stands as it is, at most `max`: {"id","collection"} each,
 * appended to `out`. Looks at all of them: for rare questions. */
bool ln_query_naming(json_t *out, struct ln_sqlstore *s, const char *text, unsigned max,
                     struct ln_err *err) LN_MUST;

/* Ids of the records that have a change between two ids (exclusive), latest first; those of the
 * protocol's own lines have none. Appended to the array `out`. */
bool ln_query_touched(json_t *out, struct ln_sqlstore *s, const struct ln_id *from,
                      const struct ln_id *to, struct ln_err *err) LN_MUST;

/* How many records of each state a collection has, as {"state": n}; `before` > 0 only those with
 * `due` before that ms. */
bool ln_query_states(json_t **out, struct ln_sqlstore *s, const struct ln_coll *coll,
                     const char *region, int64_t before, struct ln_err *err) LN_MUST;

/* Counts records by up to LN_QUERY_DIMS dimensions, on the day `today` (YYYY-MM-DD):
 *   a field, `state`, or `id` (of the record)
 *   age5:F      five-year group of the date F
 *   month:F week:F day:F   (a week is its Monday) of a date or ts F, or of `created`; China's time
 *   has:F       true when F is there (and no zero)
 *   fresh:F:N   true when the date F is at most N days ago
 *   met:F:C:D:N:K=V  true when a row of the collection C names the same F, has V in K, and
 *               its date D is at most N (an int of the record) days ago
 *   hours:F     from the record's creation until the ts F: the least of LN_QUERY_HOURS that it
 *               stays under, 0 for more than all of them
 * Appends [dim, ..., n] to `out`, "" for an empty one; with `sum` n is the sum of that int field;
 * `^` fields are opened for it. `region` "" = all. LN_INVALID an unknown field. */
#define LN_QUERY_DIMS 5
#define LN_QUERY_HOURS                                                                             \
    {                                                                                              \
        1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 360, 720, 1440, 2160                            \
    }
struct ln_count {
    const struct ln_coll *coll;
    size_t n, n_dims;
    const struct ln_where *where;
    const char *const *dims;
    const char *region, *today;
    int64_t now_ms;
    const char *sum; /* NULL: how many */
};
bool ln_query_count(json_t *out, struct ln_sqlstore *s, const struct ln_count *c,
                    struct ln_err *err) LN_MUST;

/* What follows a commit, for up to `max` records that came or changed: their full text is brought
 * up to date, `file` is told of the value of each field with attachments, and pairs
 * that may be one are found. *left tells whether
 * more wait. `searched` names what is searched in a collection (NULL-ended, NULL none). In a write
 * transaction. */
struct ln_query_after {
    void *ctx;
    const char *const *(*searched)(void *ctx, const char *collection);
    bool (*file)(void *ctx, const char *audience, const json_t *value, struct ln_err *err);
    /* lists of fields that together make two records suspicious (pending.h); NULL none */
    const json_t *(*twins)(void *ctx, const char *collection);
};
bool ln_query_after(struct ln_sqlstore *s, const struct ln_query_after *a, size_t max, bool *left,
                    struct ln_err *err) LN_MUST;

#endif
