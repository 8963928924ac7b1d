/* Modules that a node has beside the built-in ones: files in the folder `module` of its own folder.
 */
#ifndef LN_ADDED_H
#define LN_ADDED_H

#include "node/module/def.h"

#define LN_ADDED_MAX 16 /* files: a community has a need or two of its own */
#define LN_ADDED_FILE_MAX                                                                          \
    262144 /* bytes of one: the largest built-in module has a quarter of that */

/* All definitions of the node in `dir`: the built-in ones, then <dir>/module/<name>.json by name.
 * They are checked together and alike; a folder that is not there holds none.
 *
 * out      released by ln_def_close
 * errors   LN_INVALID  a file is no definition, names a module or collection that is there, or
 * breaks a rule: the text names file and place LN_FULL     more files than LN_ADDED_MAX, or one
 * larger than LN_ADDED_FILE_MAX LN_BROKEN   a file cannot be read threads  any source
 * node/module/README.md "Modules of a node's own" */
bool ln_added_open(struct ln_def **out, const char *dir, struct ln_err *err) LN_MUST;

#endif
