/* What waits for a decision of people: pairs of records that may be one, changes that were refused
 * or not taken, conflicts; and what was decided (records of the collection `ruling`). All of it
 * follows from records and is kept up to date from the `todo` table.
 *
 * A pair shares a keyed tag of fields that together make two records suspicious (BLAKE2b-128 under
 * the database's own key, `^` fields by their column's tag: never in clear). Each record is paired
 * with at most LN_PENDING_PAIRS others of a tag, so that a wrong import cannot make millions. */
#ifndef LN_PENDING_H
#define LN_PENDING_H

#include <jansson.h>

#include "node/store/sqlstore.h"

#define LN_PENDING_PAIRS 20
#define LN_PENDING_RULES 8

/* A record that came, changed or went: its tags and pairs; `rules` is the definition's list of
 * lists of fields, NULL none. Writer, inside a transaction. */
bool ln_pending_look(struct ln_sqlstore *s, int64_t rec, const struct ln_coll *c,
                     const json_t *rules, struct ln_err *err) LN_MUST;
/* The same for a record of the collection `ruling`: the latest decision on a thing counts. */
bool ln_pending_ruling(struct ln_sqlstore *s, int64_t rec, struct ln_err *err) LN_MUST;

/* Appends {"a","b","collection","rule"} for up to `limit` pairs, newest first. */
bool ln_pending_twins(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                      struct ln_err *err) LN_MUST;
/* Appends {"change","why","log","seq","record","collection"} for what was refused or not taken and
 * not decided about; lines of the protocol have no record. */
bool ln_pending_refused(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                        struct ln_err *err) LN_MUST;
/* Appends {"record","collection","deleted"} for records with open conflicts, deleted ones and those
 * given up for others too. */
bool ln_pending_conflicts(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                          struct ln_err *err) LN_MUST;
/* Ids of the steps of a record that were not taken: {"<id>": true}. */
bool ln_pending_lost(json_t *out, struct ln_sqlstore *s, const struct ln_id *record,
                     struct ln_err *err) LN_MUST;
/* The record that took the place of a refused one when it was saved again; *found false: none. */
bool ln_pending_again(struct ln_id *out, bool *found, struct ln_sqlstore *s,
                      const struct ln_id *change, struct ln_err *err) LN_MUST;
/* How much waits on this node: {"conflicts","duplicates","refused","void","not_taken"}; void is
 * what was written behind a revocation. */
bool ln_pending_queues(json_t *out, struct ln_sqlstore *s, struct ln_err *err) LN_MUST;
/* {"<region>": {"conflicts": n, "twins": n}} of the records held here, by owner. */
bool ln_pending_regions(json_t *out, struct ln_sqlstore *s, struct ln_err *err) LN_MUST;

#endif
