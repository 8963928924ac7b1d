/* Volunteers, their hours and certificates (MODULES M11): minutes count once somebody else
 * confirmed them; the public card shows no more than the volunteer chose. */
#ifndef LN_VOLUNTEER_H
#define LN_VOLUNTEER_H

#include "node/module/special.h"

/* The active volunteer behind a person; *out NULL when there is none. */
bool ln_volunteer_of(json_t **out, struct ln_special_call *x, const char *person,
                     struct ln_err *err) LN_MUST;
/* Whether the volunteer may take on this role: child care and elder companion need a worker's
 * clearance. */
bool ln_volunteer_cleared(const json_t *volunteer, const char *role);
/* The name as its owner wants it shown: whole, the surname alone, or "". */
void ln_volunteer_shown(char out[64], const char *name, const char *shown_as);

extern const struct ln_special ln_volunteer_special[];

#endif
