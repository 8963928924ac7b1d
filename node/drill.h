/* The restore drill from the page of nodes: one at a time, on a thread of its own, in a folder of
 * its own (restore.h); how the last one ended stands in meta "drill". */
#ifndef LN_DRILL_H
#define LN_DRILL_H

#include "node/restore.h"

struct ln_drill;
struct ln_drill *ln_drill_new(struct ln_node *n);
void ln_drill_free(struct ln_drill *d); /* waits for the one that runs; accepts NULL */
/* Begins. `paper` is copied, and wiped at the end. LN_BUSY one is going on. */
bool ln_drill_begin(struct ln_drill *d, const struct ln_ident *paper, struct ln_err *err) LN_MUST;

enum ln_drill_state { LN_DRILL_NONE, LN_DRILL_RUNS, LN_DRILL_DONE, LN_DRILL_FAILED };
struct ln_drill_status {
    enum ln_drill_state state;
    int64_t began_ms, ended_ms;
    struct ln_restore_report report; /* when done */
    struct ln_err why;               /* when failed */
};
/* Since this process started. Any thread. */
void ln_drill_status(struct ln_drill *d, struct ln_drill_status *out);

#endif
