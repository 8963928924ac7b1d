/* Old volumes by rule: checkpoints of this node's logs, and contents dropped behind them
 * (sync/README.md "Checkpoint"). */
#ifndef LN_PRUNE_H
#define LN_PRUNE_H

#include "node/node.h"

/* The second (UTC) before which contents may go when `quarters` full ones are kept beside the
 * present one. */
int64_t ln_prune_before(int64_t now_ms, int64_t quarters);
/* "2027q1": its first second. LN_INVALID */
bool ln_prune_quarter(int64_t *out, const char *text, struct ln_err *err) LN_MUST;

/* One log after the other, each in a transaction of its own: a checkpoint where one is due, then
 * contents dropped, then its volumes made anew. `dry` only tells. `fn` hears of each log where
 * there is something to say; an error of one log (LN_CONFLICT, LN_BUSY) is told there, in
 * `trouble`, and the next goes on. On any thread but the writer's. */
struct ln_prune_log {
    const char *log;
    struct ln_checkpoint_item checkpoint;
    struct ln_prune_item prune;
    const char *trouble; /* NULL none */
};
typedef void ln_prune_fn(void *ctx, const struct ln_prune_log *l);
bool ln_prune_run(struct ln_node *n, int64_t before_s, bool dry, ln_prune_fn *fn, void *ctx,
                  struct ln_err *err) LN_MUST;

/* Between jobs: volumes of which contents were dropped are made anew when node.prune.strip asks for
 * it (and once after a start: a cut may have left some), and, while the node serves, the rule: a
 * look at one log a call, all of them every six hours, by a clock that is believed. Failures are
 * logged. Writer thread, outside a transaction. */
void ln_prune_tick(struct ln_node *n, struct ln_replica *r);

#endif
