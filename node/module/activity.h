/* Activities with places by role, and help between neighbours (MODULES M11). A place, and a claim,
 * is given by the owning box (R3); children and the elderly are never matched by the system alone.
 */
#ifndef LN_ACTIVITY_H
#define LN_ACTIVITY_H

#include "node/module/special.h"

extern const struct ln_special ln_activity_special[];

#endif
