/* Other people's programs as judges in tests: small files in a directory, and commands run there.
 */
#ifndef LN_TOOL_H
#define LN_TOOL_H

#include "crypto/base/buf.h"

/* Writes dir/name, readable by the owner alone (as ssh-keygen demands of keys). */
void tool_write(const char *dir, const char *name, const void *data, size_t len);
/* Reads dir/name; freed by the caller. */
struct ln_buf tool_read(const char *dir, const char *name);
/* Runs the shell command in `dir`, its output thrown away; returns its exit status. */
int tool_run(const char *dir, const char *fmt, ...) LN_PRINTF(2, 3);

#endif
