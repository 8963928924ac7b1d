/* A clerk's spreadsheet into records: every row is judged first, and only what was shown is
 * written. What columns and words mean, and which other records go with a row, is said by the
 * definition's "import" (node/module/README.md "Spreadsheets in"). What was written stands as a
 * record of `import_run`, by which all of it can be taken back (node/undo.h). */
#ifndef LN_IMPORT_H
#define LN_IMPORT_H

#include "node/node.h"

#define LN_IMPORT_SHOWN 5000 /* rows a preview lists: those that need a look come first */

/* Told now and then while it works: `phase` is "check" or "save". */
typedef void ln_import_progress(void *ctx, const char *phase, size_t done, size_t total);

struct ln_import {
    const struct ln_user *user;
    const struct ln_def_coll *coll;
    const void *data;
    size_t len;
    bool commit;      /* write what is new or changed (and warnings, when there is a reason) */
    const char *keep; /* why warnings are kept; "" they are left out */
    const char *file; /* what the file is called, for the record of the import */
    ln_import_progress *progress; /* NULL none */
    void *ctx;
};
/* {"columns":[{"header","field"}],"foreign":[headers],"missing":[{"field","zh","en"}],
 * "counts":{"ok","same","changed","warning","error","duplicate"},"others":[{"collection","zh","en",
 * "added","changed"}],"rows":[{"no","status","messages":[{"field","zh","en","info"?}],"cells"}],
 * "saved","total","run"?}. `cells` are texts in order of `columns`; "info" tells what changes;
 * "run" is the record of what was saved. A second import of the same file has only `same` rows. The
 * caller frees *out. LN_DENIED the role may not add such records; LN_BUSY another one is being
 * saved; otherwise as ln_sheet_read. */
bool ln_import_run(json_t **out, struct ln_node *n, const struct ln_import *i,
                   struct ln_err *err) LN_MUST;
/* The rows that would be left out, as a spreadsheet with all their columns as they were typed and
 * one that says why: to be mended and given in again. LN_MISSING there are none. */
bool ln_import_refused(struct ln_buf *xlsx, struct ln_node *n, const struct ln_import *i, bool zh,
                       struct ln_err *err) LN_MUST;

#endif
