/* A resident moves from one community (A) to another (B), each with a box of its own (README
 * "Moves"). A's record is `move_out`, B's is `move_in`; what they tell each other travels in
 * parcels. A's residence stays open until B's add is under a receipt and B has said so: at no time
 * is the resident without a home, and both residences meet on one day. The summary is sealed to a
 * key that B makes for this move alone and destroys with all of the summary when it is over, so
 * that each community keeps, and erases, its own record. */
#ifndef LN_RELOCATION_H
#define LN_RELOCATION_H

#include "node/module/parcel.h"

/* A parcel of a move has come, for this node. LN_INVALID, LN_DENIED, LN_MISSING: it is not taken.
 */
bool ln_relocation_take(struct ln_special_call *x, const struct ln_parcel *p,
                        struct ln_err *err) LN_MUST;

extern const struct ln_special ln_relocation_special[];

#endif
