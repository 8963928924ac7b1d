/* A volume: one bare git repository for a quarter of a log, an export in packs that anybody can
 * clone and check. The only file that knows libgit2, which only ever sees packs we wrote ourselves.
 * Any thread, one at a time a volume. */
#ifndef LN_VOLUME_H
#define LN_VOLUME_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "sync/sha1.h"

/* libgit2's start and end; fsync of everything is switched on, as it is off by default. */
bool ln_volume_start(struct ln_err *err) LN_MUST;
void ln_volume_stop(void);

/* Files that a writer which is killed leaves in a volume, and that keep everybody out for ever: who
 * is its only writer removes them before it adds. */
#define LN_VOLUME_LOCKS 4
extern const char *const ln_volume_locks[LN_VOLUME_LOCKS];

/* Adds a pack of whole segments to the repository at `path`, which is made when it is not there,
 * and moves refs/heads/main to `head`. Durable when it returns true. Adding the same again does no
 * harm. */
bool ln_volume_add(const char *path, const void *pack, size_t len, const struct ln_sha1 *head,
                   struct ln_err *err) LN_MUST;

/* One object ("commit", "tree", "blob") of the repository at `path`, appended. False: it is not
 * there, or damaged. */
bool ln_volume_read(struct ln_buf *out, const char *path, const char *kind,
                    const struct ln_sha1 *name);

/* Whether the repository at `path` has all `n` objects by its indices; their bytes are not read.
 * False also when it is not there. */
bool ln_volume_holds(const char *path, const struct ln_sha1 *names, size_t n);

/* Says in the repository's configuration that missing blobs are promised (git's partial clone):
 * commits, trees and what is there can be checked, and `git fsck` asks for nothing that is missing
 * of packs which have an empty file `.promisor` beside them. */
bool ln_volume_promise(const char *path, struct ln_err *err) LN_MUST;

#endif
