/* Publishing, where data does not say it: the level follows from the node, regions lie below it,
 * and what is decided about a flag happens to what was flagged. */
#ifndef LN_PUBLISH_H
#define LN_PUBLISH_H

#include "node/module/special.h"

extern const struct ln_special ln_publish_special[];

#endif
