/* Corrections (change_request, MODULES R7): residents ask for their own data, in fields that say
 * so; values are judged when they are filed; the worker of the grid checks and applies. */
#ifndef LN_CORRECTION_H
#define LN_CORRECTION_H

#include "node/module/special.h"

extern const struct ln_special ln_correction_special[];

/* The grid that a record of the registry lies in: a building's own, a dwelling's building's, a
 * person's present residence's. *out (the grid's row) NULL when it is in none. */
bool ln_correction_grid(json_t **out, struct ln_special_call *x, const json_t *row,
                        struct ln_err *err) LN_MUST;

#endif
