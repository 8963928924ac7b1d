/* What waits for the receipt of the node above. */
#ifndef LN_WAITING_H
#define LN_WAITING_H

#include "node/store/db.h"
#include "sync/clock.h"

/* Whether a change of this node to that record has no receipt yet: what it shows may still be
 * clamped or refused. Any connection. */
bool ln_waiting_is(bool *yes, struct ln_db *db, const struct ln_id *record,
                   struct ln_err *err) LN_MUST;

#endif
