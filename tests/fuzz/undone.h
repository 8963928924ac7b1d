/* For targets with a node behind them: what it writes is taken back instead of committed, so that
 * each input meets the same node. run.sh links those that include this with --wrap. */
#ifndef LN_FUZZ_UNDONE_H
#define LN_FUZZ_UNDONE_H

#include <stdio.h>
#include <stdlib.h>

#include "sync/replica.h"

#define DO(ok)                                                                                     \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            (void)fprintf(stderr, "%s: %s\n", #ok, err.text);                                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static bool keep; /* what is written stays */

bool __real_ln_replica_commit(struct ln_replica *r, struct ln_err *err);
bool __wrap_ln_replica_commit(struct ln_replica *r, struct ln_err *err);
bool __wrap_ln_replica_commit(struct ln_replica *r, struct ln_err *err)
{
    if (keep)
        return __real_ln_replica_commit(r, err);
    ln_replica_rollback(r);
    return true;
}

#endif
