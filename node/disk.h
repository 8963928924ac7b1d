/* Small files of the node's folder: read whole, written durably in one piece, 0600; and the lock on
 * the folder. */
#ifndef LN_DISK_H
#define LN_DISK_H

#include "crypto/base/buf.h"

/* LN_MISSING when it is not there. */
bool ln_disk_read(struct ln_buf *out, const char *dir, const char *name,
                  struct ln_err *err) LN_MUST;
/* Written beside, fsynced, renamed: the old or the new one is there after a power cut, never half.
 * LN_FULL. */
bool ln_disk_write(const char *dir, const char *name, const void *data, size_t len,
                   struct ln_err *err) LN_MUST;
/* What was made or renamed in the folder is there after a power cut, too. LN_FULL. */
bool ln_disk_sync(const char *folder, struct ln_err *err) LN_MUST;
bool ln_disk_there(const char *dir, const char *name);
/* No device and no link: whoever filled a stick does not choose what is opened here. LN_MISSING. */
bool ln_disk_plain(const char *path, struct ln_err *err) LN_MUST;
/* Makes the folder (0700), parents too, and marks it as begun until ln_disk_made: whoever was
 * stopped between begins again. LN_CONFLICT it is there and neither empty nor begun, or has a
 * config. */
bool ln_disk_make(const char *dir, struct ln_err *err) LN_MUST;
void ln_disk_made(const char *dir);
/* Holds <dir>/lock until the file is closed: one process a folder. *fd -1 and LN_BUSY when somebody
 * else does. */
bool ln_disk_lock(int *fd, const char *dir, struct ln_err *err) LN_MUST;

/* Removes a folder and everything in it; one that is not there is removed already. */
bool ln_disk_remove(const char *dir, struct ln_err *err) LN_MUST;
/* `made` takes the place of the folder `dir`, which is removed: after a cut one of both is there,
 * and doing it again ends it. */
bool ln_disk_replace(const char *dir, const char *made, struct ln_err *err) LN_MUST;

#endif
