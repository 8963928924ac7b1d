/* A clerk's spreadsheet into records: every row is judged first, and only what was shown is
 * written. */
#ifndef LN_IMPORT_H
#define LN_IMPORT_H

#include "node/node.h"

#define LN_IMPORT_SHOWN 500 /* rows a preview lists: those that need a look come first */

struct ln_import {
    const struct ln_user *user;
    const struct ln_def_coll *coll;
    const void *data;
    size_t len;
    bool commit; /* write what is ok or changed (and warnings, when there is a reason to keep them)
                  */
    const char *keep; /* why warnings are kept; "" they are left out */
};
/* {"columns":[{"header","field"}],"counts":{"ok","same","changed","warning","error","duplicate"},"rows":[{"no","status",
 * "messages":[{"field","zh","en"}],"f"}],"saved","total"}. A second import of the same file has
 * only `same` rows. The caller frees *out. LN_DENIED the role may not add such records; otherwise
 * as ln_sheet_read. */
bool ln_import_run(json_t **out, struct ln_node *n, const struct ln_import *i,
                   struct ln_err *err) LN_MUST;

#endif
