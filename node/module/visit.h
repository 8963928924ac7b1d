/* Who is looked after, and when they are to be visited next (MODULES M2 `care_tag`, M7 `work_log`).
 */
#ifndef LN_VISIT_H
#define LN_VISIT_H

#include "node/module/special.h"

extern const struct ln_special ln_visit_special[];

#endif
