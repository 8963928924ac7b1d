/* A whole import taken back: what it added is deleted, what it changed is put back by a correction.
 * Nothing is lost: history keeps both, and what somebody else changed or uses since stays. */
#ifndef LN_UNDO_H
#define LN_UNDO_H

#include "node/import.h"

struct ln_undo {
    const struct ln_user *user;   /* whoever imported it, or the committee */
    const char *run;              /* id of the record of `import_run` */
    ln_import_progress *progress; /* phase "undo"; NULL none */
    void *ctx;
};
/* {"removed","restored","kept"} in records. Cut off, it goes on when it is called again. LN_MISSING
 * no such import here; LN_DENIED not theirs to take back; LN_CONFLICT taken back already; LN_BUSY
 * a spreadsheet is being saved. The caller frees *out. */
bool ln_undo_run(json_t **out, struct ln_node *n, const struct ln_undo *u,
                 struct ln_err *err) LN_MUST;

#endif
