/* Going from one schema of the database to the next and back. Before the first migration of an
 * upgrade a copy of linli.db is laid beside it, <dir>/linli.db.before-<schema>; ln_upgrade_back
 * puts it in the place of the newer one. keys.db is never copied and never goes back. */
#ifndef LN_UPGRADE_H
#define LN_UPGRADE_H

#include "node/store/db.h"

#define LN_UPGRADE_KEEP_DAYS 30

/* Before ln_db_migrate: copies a database that has an older schema than this program (a new one is
 * not copied), and removes the copies of earlier upgrades. A copy that is there already stays: the
 * upgrade was cut. Without an upgrade: removes copies older than LN_UPGRADE_KEEP_DAYS. LN_FULL
 * there is no room: nothing was changed. */
bool ln_upgrade_copy(const char *dir, struct ln_db *db, struct ln_err *err) LN_MUST;
/* Removes all copies and what was set aside: what they hold was erased since, or is too old. *any =
 * there was one. */
bool ln_upgrade_forget(const char *dir, bool *any, struct ln_err *err) LN_MUST;

struct ln_upgrade_back {
    int64_t from, to; /* schemas */
    int64_t unsent;   /* changes that have no receipt: they stay in what was set aside */
    char aside[64];   /* file name of the newer database */
};
/* Puts the copy back; the folder is locked by the caller. The newer database stays as `aside`.
 * LN_MISSING there is no copy; LN_CONFLICT changes were not sent (out->unsent) and `lose` is false:
 * nothing was done. */
bool ln_upgrade_back(struct ln_upgrade_back *out, const char *dir, bool lose,
                     struct ln_err *err) LN_MUST;

#endif
