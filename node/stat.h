/* Statistics of the module definitions (module/README "Statistics"): counted on the node whose
 * records they are, given upward as ordinary signed records: exact to the district (stat_value),
 * with small cells taken out to the province (stat_open), before anything is sealed. */
#ifndef LN_STAT_H
#define LN_STAT_H

#include "node/node.h"

#define LN_STAT_MIN 5 /* people: smaller cells never reach the province */

/* Counts one statistic of a module's definition over the records of `region` ("" = all): *cells is
 * [[dim, ..., n], ...], a ref as the title of its record. */
/* Kinds: count and share (the last dimension is true or false), histogram (the last one is a number
 * or an upper bound of hours), sum, complete (true or false for each of `fields`), readers and
 * active (local stamps). "period":"month" puts the month in front, the last LN_STAT_MONTHS. */
#define LN_STAT_MONTHS 24
#define LN_STAT_WEEKS 26 /* as many weeks are kept of a statistic by week */
bool ln_stat_count(json_t **cells, const struct ln_node *n, struct ln_sqlstore *s,
                   const json_t *stat, const char *region, struct ln_err *err) LN_MUST;
/* Cells under `min`, and with them the next smallest of the same row (cells that differ in the last
 * dimension only), lose their number: null stands in its place. */
void ln_stat_suppress(json_t *cells, int64_t min);
/* What cells mean, computed from them wherever they were summed: [[dim..., permille, n]] of a
 * share; [[dim..., median, n]] of a histogram, in tenths, within buckets of hours by straight line.
 * A row that lacks a number has null. The caller frees. */
json_t *ln_stat_shares(const json_t *cells);
json_t *ln_stat_medians(const json_t *cells, bool hours);
/* Adds the cells of `from` to those of `to`; a cell without number stays without. */
void ln_stat_add(json_t *to, const json_t *from);
/* Writes what changed since it was last written. Called by the writer, in a transaction. */
bool ln_stat_publish(struct ln_node *n, struct ln_replica *r, struct ln_err *err) LN_MUST;

#endif
