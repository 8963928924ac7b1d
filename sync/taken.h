/* What a parent took of a child without any log telling of it: subject keys, attachments. Neither
 * is given twice, so a parent that was put back to an older state would lack them for good. It
 * counts them for each child and tells the number; the child says with each request what it was
 * told last. Who counts less than that has forgotten, notes it before anything else, and says so
 * until the child has heard (README "Exchange"). Kept in meta `taken/<child>` there, `taken` here.
 */
#ifndef LN_TAKEN_H
#define LN_TAKEN_H

#include "sync/replica.h"

#define LN_TAKEN_MAX (INT64_C(1) << 52) /* numbers from outside */

struct ln_taken {
    uint64_t n;      /* taken so far; goes on behind what the child knew when it was found less */
    uint64_t forgot; /* n when it was last found less, 0 never */
};

/* The parent's side: that of `child`; zero when there is none. */
bool ln_taken_read(struct ln_taken *out, struct ln_store *reader, const char *child,
                   struct ln_err *err) LN_MUST;
/* `child` was told `known` before (0 nothing), and `more` of it are taken now. Inside the
 * transaction that takes them, or one after it. */
bool ln_taken_add(struct ln_taken *out, struct ln_replica *r, const char *child, uint64_t known,
                  unsigned more, struct ln_err *err) LN_MUST;

/* The child's side: what `parent` told last; zero when it told nothing yet. */
bool ln_taken_known(struct ln_taken *out, struct ln_store *reader, const char *parent,
                    struct ln_err *err) LN_MUST;
/* What it tells now. *again: it has forgotten, and all subject keys and attachments wait to be
 * given to it again. Inside a transaction. */
bool ln_taken_heard(bool *again, struct ln_replica *r, const char *parent,
                    const struct ln_taken *told, struct ln_err *err) LN_MUST;

#endif
