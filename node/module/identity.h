/* Module home where data does not say it: who grants which role, three rights that one person
 * cannot hold together, consent for children, the term of a request about one's own data, modules
 * that may not be switched off. */
#ifndef LN_IDENTITY_H
#define LN_IDENTITY_H

#include "node/module/special.h"

#define LN_IDENTITY_REQUEST_DAYS 15 /* working days for a request about one's own data */
#define LN_IDENTITY_CHILD 14        /* years: below, a guardian consents */

extern const struct ln_special ln_identity_special[];

#endif
