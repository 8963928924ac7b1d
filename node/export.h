/* The git export of all logs held: <dir>/log/<log>/<yyyyQn>.git, one bare repository a quarter. */
#ifndef LN_EXPORT_H
#define LN_EXPORT_H

#include "sync/replica.h"

/* "2026q4": from the volume of the segment before ("" none) on to that of this segment. Volumes
 * never go back, so that each holds its segments without a gap. */
void ln_export_quarter(char quarter[16], struct ln_span commit);

/* How a run goes on. A log may cost a new repository and a dozen fsyncs: a thousand children that
 * come back at once would hold up one another's receipts for half a minute. */
struct ln_export_turn {
    bool (*waits)(
        void *ctx); /* somebody waits for the writer: one log, then no more; NULL: never */
    void *ctx;
    int64_t at; /* number of the log done last; the run goes on behind it, then from the start */
};
/* Writes what is not exported yet, at most a pack a log; *more tells whether some is left. Writer
 * thread, outside a transaction. */
bool ln_export_run(const char *dir, struct ln_replica *r, struct ln_export_turn *turn, bool *more,
                   struct ln_err *err) LN_MUST;

/* Makes the volumes of a log anew that hold sealed files which the database dropped behind a
 * checkpoint: commits, trees and what is still held; git calls the rest promised. Nothing when they
 * are as they should be; else *any becomes true. Writer thread, outside a transaction; may be cut
 * anywhere and done again.
 */
bool ln_export_strip(const char *dir, struct ln_replica *r, const char *log, bool *any,
                     struct ln_err *err) LN_MUST;

#endif
