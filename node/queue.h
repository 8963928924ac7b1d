/* The writer thread and its queue: the only place with a mutex. Jobs that wait together share one
 * commit. */
#ifndef LN_QUEUE_H
#define LN_QUEUE_H

#include "sync/access.h"

struct ln_queue;
/* Starts the writer thread, which owns the replica until ln_queue_stop. `tick` runs every tick_ms
 * between jobs (sealing). */
bool ln_queue_start(struct ln_queue **out, struct ln_replica *r,
                    void (*tick)(void *ctx, struct ln_replica *r), void *ctx, int tick_ms,
                    struct ln_err *err) LN_MUST;
void ln_queue_stop(struct ln_queue *q); /* finishes what waits */
/* Runs `job` in a transaction on the writer thread; returns when it is durable. LN_BUSY when
 * LN_QUEUE_MAX jobs wait. */
bool ln_queue_write(struct ln_queue *q, ln_write_job *job, void *arg, struct ln_err *err) LN_MUST;
/* The same for a job that touches much: it gets a commit of its own (sync/access.h). */
bool ln_queue_write_large(struct ln_queue *q, ln_write_job *job, void *arg,
                          struct ln_err *err) LN_MUST;
size_t ln_queue_waiting(struct ln_queue *q); /* jobs that are not done yet */
#define LN_QUEUE_MAX 512
/* A snapshot of the authority for readers (swapped by the writer when certificates change). */
const struct ln_authority *ln_queue_authority(struct ln_queue *q, void **hold);
void ln_queue_authority_done(struct ln_queue *q, void *hold);

#endif
