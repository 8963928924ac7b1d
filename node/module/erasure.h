/* A granted request to delete, or a consent withdrawn, erases the person: sync/README.md "Erasure".
 */
#ifndef LN_ERASURE_H
#define LN_ERASURE_H

#include "node/module/special.h"

extern const struct ln_special ln_erasure_special[];

#endif
