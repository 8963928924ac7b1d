/* The state of a record is derived from its steps: walk from the first; at a fork the child with
 * (higher tier, earlier effective, smaller id) goes on, the others are not taken; a branch not
 * taken that ends in a final state opens a conflict, until a later step settles it. */
#ifndef LN_WORKFLOW_H
#define LN_WORKFLOW_H

#include "sync/change.h"

/* A decision names the lost steps that it settles (`f.settles`, a list of ids); more are not read.
 */
#define LN_WORKFLOW_SETTLES 4

struct ln_workflow_step {
    int64_t n, eff;
    struct ln_id id, prev; /* prev zero = first */
    unsigned tier; /* digits of the author's tier: 2 province .. 12 community; smaller is higher */
    char action[48], to[48];
    size_t n_settles;
    struct ln_id settles[LN_WORKFLOW_SETTLES]; /* steps not taken that this one decides about */
    bool taken;                                /* out */
    bool settled; /* out: not taken, and a later step that was taken says so */
    bool entry;   /* out: its predecessor is not here, nor is any first step; `prev` is zero then */
};
struct ln_workflow_state {
    char state[48];
    int64_t last_n; /* the step that led there, 0 = still the first state */
    struct ln_id last;
    int64_t since; /* its effective time */
    bool conflict;
};
/* Sorts `steps` into walking order, marks `taken`. Steps whose prev is not there wait: not taken,
 * no conflict; but where no first step is there at all, as above a record that was widened, they
 * begin. A step whose action the rules do not allow from its predecessor's state is walked all the
 * same (older rules elsewhere). */
void ln_workflow_derive(struct ln_workflow_state *out, const struct ln_coll *coll,
                        struct ln_workflow_step *steps, size_t n);

#endif
