/* What waits for a receipt: see waiting.h. */
#include "node/store/waiting.h"

bool ln_waiting_is(bool *yes, struct ln_db *db, const struct ln_id *record, struct ln_err *err)
{
    static const char sql[] =
        "SELECT 1 FROM record r JOIN change c ON c.rec = r.n JOIN log l ON l.n = c.log WHERE r.id ="
        " ? AND l.mine = 1 AND c.state <> 1 AND (c.seq IS NULL OR c.seq > l.receipt) LIMIT 1";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, record->b, sizeof record->b);
    if (!ln_db_row(q, yes, err))
        return false;
    if (*yes)
        (void)ln_db_end(q);
    return true;
}
