/* What a parent took of a child without any log telling of it: subject keys, attachments. Neither
 * is given twice, so a parent that was put back to an older state would lack them for good. It
 * counts them for each child and tells the number in its answers; one that tells less than before
 * has forgotten (README "Exchange"). Kept in meta `tally/<child>` there, `tally` here. */
#ifndef LN_TALLY_H
#define LN_TALLY_H

#include "sync/replica.h"

/* The parent's side: one more of `child`; *n how many that makes. Inside the transaction that takes
 * it, or one after it. */
bool ln_tally_add(uint64_t *n, struct ln_replica *r, const char *child, struct ln_err *err) LN_MUST;
bool ln_tally_read(uint64_t *n, struct ln_store *reader, const char *child,
                   struct ln_err *err) LN_MUST;
/* The child's side: `parent` told `n`. When that is less than it told before, all subject keys and
 * attachments wait to be given to it again. Inside a transaction. */
bool ln_tally_heard(bool *forgot, struct ln_replica *r, const char *parent, uint64_t n,
                    struct ln_err *err) LN_MUST;

#endif
