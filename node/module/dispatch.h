/* Circulars of a district or province to chosen regions, and what is written about them (README
 * "Circulars to chosen regions"). Issuing one sends a parcel to each box concerned; there it
 * becomes a `dispatch`, a record of that community that those above it read: signing, replies and
 * reminders are its steps and rows, and stay between the community and those above it. */
#ifndef LN_DISPATCH_H
#define LN_DISPATCH_H

#include "node/module/parcel.h"

#define LN_DISPATCH_BOXES 1000 /* one circular goes to at most so many */

/* A circular from above has come. LN_INVALID, LN_DENIED: it is not taken. */
bool ln_dispatch_take(struct ln_special_call *x, const struct ln_parcel *p,
                      struct ln_err *err) LN_MUST;

/* Attachments as another node's record has them: names, hashes, and the key each opens with. */
bool ln_dispatch_good_files(const json_t *files);
/* Sets those as the `files` of a record, as they came: their bytes are wanted from the parent.
 * `files` is taken over. */
bool ln_dispatch_keep_files(struct ln_special_call *x, const char *collection, const char *id,
                            json_t *files, struct ln_err *err) LN_MUST;

extern const struct ln_special ln_dispatch_special[];

#endif
