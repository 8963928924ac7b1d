/* A slow look at everything that is durable, beside the work of the node: segments against their
 * signatures, volumes against their checksums, attachments against their names, digests against the
 * changes, rows against the lines they follow from. What is damaged is put back: from the volume,
 * from the database, from the log, from the parent. What cannot be is an alarm.
 *
 * Once a day at `scrub_at`, at most `scrub_mb_s` of reading a second, at low priority; at once by
 * `linli scrub`. How the last one ended stands in meta "scrub". */
#ifndef LN_SCRUB_H
#define LN_SCRUB_H

#include "node/node.h"

struct ln_scrub_report {
    uint64_t segments, records, volumes, files, bytes; /* looked at */
    uint64_t found, mended;                            /* damages */
    uint64_t asked; /* of those not mended: other nodes are asked for them from now on */
};
/* One pass, as fast as it goes, on the caller's thread; `say` gets a line for each damage and may
 * be NULL. LN_BUSY one is going on. */
bool ln_scrub_run(struct ln_node *n, struct ln_scrub_report *out, ln_report_fn *say, void *ctx,
                  struct ln_err *err) LN_MUST;

/* "03:30" as minutes of the day; LN_INVALID. And how long, from now, until it is that time in
 * China: more than 0, at most a day. */
bool ln_scrub_hour(int *minute, const char *text, struct ln_err *err) LN_MUST;
int64_t ln_scrub_wait_s(int minute, int64_t now_s);

struct ln_scrub;
/* The thread that does it every day; NULL in *out when `scrub_at` is empty. LN_INVALID the hour is
 * none. */
bool ln_scrub_start(struct ln_scrub **out, struct ln_node *n, struct ln_err *err) LN_MUST;
void ln_scrub_stop(struct ln_scrub *s); /* accepts NULL; breaks off between two steps */

#endif
