/* Values of fields against their definitions, with a sentence in both languages for each that does
 * not fit. */
#ifndef LN_CHECK_H
#define LN_CHECK_H

#include "node/module/def.h"

#define LN_CHECK_FILES 12 /* attachments of one field */

/* Appends {"field","zh","en","warning"?} to `out` (an array) for everything wrong with `f`, the
 * fields as given. `partial`: required fields may be absent (a correction). `keep` names fields
 * whose warnings were accepted with a reason; NULL none. `today` is YYYY-MM-DD. Returns how many
 * are errors, warnings that are kept not counted. */
size_t ln_check_fields(json_t *out, const struct ln_def_coll *c, const json_t *f, bool partial,
                       const json_t *keep, const char *today);

/* A value of a file as a record holds it, with its key (node/attach.h). */
bool ln_check_file(const json_t *v);
/* GB 11643-1999: 18 characters, ISO 7064 MOD 11-2. */
bool ln_check_id_no(const char *text);
/* GB 32100-2015: 18 characters, MOD 31. */
bool ln_check_credit_code(const char *text);
bool ln_check_phone(const char *text);
/* A day of the calendar as YYYY-MM-DD. */
bool ln_check_date(const char *text);
/* A value of `f` masked as on screen: of a long text the first three and last four characters, of a
 * short one the first; of a code, whose letters would tell it, and of what is no text (NULL),
 * nothing. */
void ln_check_mask(char *out, size_t room, const struct ln_def_field *f, const char *text);

#endif
