/* How code that serves or calls other nodes reaches the replica: the program runs `write` on the
 * writer thread and waits, the simulator calls straight through. */
#ifndef LN_ACCESS_H
#define LN_ACCESS_H

#include "sync/replica.h"

/* Runs inside an open transaction and a savepoint; false rolls the job back. */
typedef bool ln_write_job(void *arg, struct ln_replica *r, struct ln_err *err);
/* One consistent read snapshot. `a` is the authority as of now, borrowed during the job. */
typedef bool ln_read_job(void *arg, struct ln_store *reader, const struct ln_authority *a,
                         struct ln_err *err);

struct ln_access {
    void *ctx;
    bool (*write)(void *ctx, ln_write_job *job, void *arg,
                  struct ln_err *err); /* returns after commit */
    bool (*read)(void *ctx, ln_read_job *job, void *arg, struct ln_err *err);
};

#endif
