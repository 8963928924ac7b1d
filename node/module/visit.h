/* Who is looked after, and when they are to be visited next (MODULES M2 `care_tag`, M7 `work_log`);
 * when somebody was in a household last (`household.visited`, from which the share of households
 * reached is counted). */
#ifndef LN_VISIT_H
#define LN_VISIT_H

#include "node/module/special.h"

extern const struct ln_special ln_visit_special[];

#endif
