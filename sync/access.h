/* How code that serves or calls other nodes reaches the replica: the program runs `write` on the
 * writer thread and waits, the simulator calls straight through. */
#ifndef LN_ACCESS_H
#define LN_ACCESS_H

#include "sync/replica.h"

/* Runs inside an open transaction; false undoes the job alone. */
typedef bool ln_write_job(void *arg, struct ln_replica *r, struct ln_err *err);
/* One consistent read snapshot. `a` is the authority as of now, borrowed during the job. */
typedef bool ln_read_job(void *arg, struct ln_store *reader, const struct ln_authority *a,
                         struct ln_err *err);

struct ln_access {
    void *ctx;
    bool (*write)(void *ctx, ln_write_job *job, void *arg,
                  struct ln_err *err); /* returns after commit */
    bool (*read)(void *ctx, ln_read_job *job, void *arg, struct ln_err *err);
    /* As `write`, and no other job shares its commit: what undoes one of several holds the old
     * image of each page in memory, and a pack touches most of them. NULL: as `write`. */
    bool (*write_large)(void *ctx, ln_write_job *job, void *arg, struct ln_err *err);
};

static inline bool ln_access_write_large(const struct ln_access *access, ln_write_job *job,
                                         void *arg, struct ln_err *err)
{
    return (access->write_large != NULL ? access->write_large : access->write)(access->ctx, job,
                                                                               arg, err);
}

#endif
