/* The disk under the stores of a test: the calls of node/store/db.h that the store makes are met
 * here first (the linker's --wrap), and one of them fails. */
#ifndef LN_TEST_DISK_H
#define LN_TEST_DISK_H

#include "crypto/base/err.h"

/* From now on the nth call that reads or writes fails as a locked database does (LN_BUSY), and with
 * `on` every later one, too. 0: none does, and counting starts anew. */
void disk_fail(unsigned nth, bool on);
bool disk_failed(void); /* whether it came to that since */

#endif
