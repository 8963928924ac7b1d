/* The guard: a file beside the database that no backup holds (<dir>/guard, or `guard` in the
 * configuration), so that a node notices when its data are an older copy or run in two places.
 *
 *     linli-guard 1
 *     life <16 hex digits, made with the database, which holds them too>
 *     place <16 hex digits: hash over what the machine and the folder are known by>
 *     heads <heads of the node's own log and down-logs, added up>
 *     end
 *
 * padded with blanks to 256 bytes and written in place, in one sector. The first time the disk has
 * it before the database tells a life, and again once a doubt is settled: a power cut makes nobody
 * an older copy. Otherwise nothing waits for the disk: the guard may then know less than the
 * database, never more. */
#ifndef LN_GUARD_H
#define LN_GUARD_H

#include "sync/replica.h"

struct ln_guard;
/* Reads the guard and compares: *heads and *strange as struct ln_replica_config wants them. A
 * database that never had a guard (of an older version, or new) is given one without doubt; one
 * whose guard is missing or cannot be read is strange. The store is read, and written when the
 * guard is new. */
bool ln_guard_open(struct ln_guard **out, const char *dir, const char *path, struct ln_store *store,
                   uint64_t *heads, bool *strange, struct ln_err *err) LN_MUST;
void ln_guard_close(struct ln_guard *g); /* accepts NULL */
/* What ln_replica_config.moved wants: notes the heads, and that they are at home here (after a
 * settled doubt). Logs when it cannot. Writer thread. */
void ln_guard_moved(void *guard, uint64_t heads);

#endif
