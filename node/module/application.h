/* Applications and issued papers (MODULES M6): forms that fill themselves from the registry (R7),
 * the one list of what is missing, working-day due dates; papers with serial and check code. */
#ifndef LN_APPLICATION_H
#define LN_APPLICATION_H

#include "node/module/special.h"

#define LN_APPLICATION_FORM 100 /* fields of a form */

/* {key: text} for the fields of the item's form that are bound to the registry, as person `f` has
 * them; `^` fields masked when `mask`. A new object. */
json_t *ln_application_bound(const struct ln_def *def, const json_t *item, const json_t *person,
                             bool mask);

extern const struct ln_special ln_application_special[];

#endif
