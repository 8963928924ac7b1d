/* Parcels: what one box has to tell another that is neither its parent nor its child. Each goes
 * from neighbour to neighbour, as a record of audience `<region>/@<neighbour>`, and every node on
 * the way looks up the next one in the tree as it is then: a node that got another parent meanwhile
 * is found. Nobody else holds anything of it. The carriers read who, whither and what kind; what
 * only the two ends may know is an age file in `body`. A parcel taken twice counts once. */
#ifndef LN_PARCEL_H
#define LN_PARCEL_H

#include "node/module/special.h"

#define LN_PARCEL_BODY_MAX 48000 /* a change line holds 65,536 bytes */
#define LN_PARCEL_HOPS 12        /* more than twice the levels of the tree: it goes in a ring */

struct ln_parcel {
    const char *sender,
        *dest;         /* regions of both ends; of one to be sent `sender` may be NULL: us */
    const char *kind;  /* a word of the code set parcel_kind */
    const char *about; /* record id of the sender's matter */
    const char *key, *day, *body; /* as the kind has it; NULL or "" none */
    const json_t *carries; /* attachments that travel along, without their keys: [{"sha","stored"}],
                              which the boxes on the way hand on; NULL none */
};
/* Sends one, inside the job's transaction. LN_MISSING nobody answers for that region, as far as
 * this node knows; LN_FULL the body is too long. */
bool ln_parcel_send(struct ln_special_call *x, const struct ln_parcel *p,
                    struct ln_err *err) LN_MUST;
/* The boxes that answer for `region` or places inside it, this node's own aside, below this node:
 * calls `fn` for each, in order of id. */
typedef bool ln_parcel_box_fn(void *ctx, const struct ln_cert *box, struct ln_err *err);
bool ln_parcel_boxes(struct ln_special_call *x, const char *region, ln_parcel_box_fn *fn, void *ctx,
                     struct ln_err *err) LN_MUST;

extern const struct ln_special ln_parcel_special[];

#endif
