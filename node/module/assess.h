/* Assessment: scores that count themselves from the work done, and the weighted total. Hooks of
 * assess_scheme, assess_score and assess_result.
 *
 * indicators of a scheme: [{"name","weight","source":"manual"|measure,"rule"}]. A measure of a
 * number (visits logs minutes mediations) is worth 100 at the target in `rule`; one of a share
 * (tasks returns tickets) is the share in percent. */
#ifndef LN_ASSESS_H
#define LN_ASSESS_H

#include "node/module/special.h"

#define LN_ASSESS_SUBJECTS 100 /* of one scheme */

extern const struct ln_special ln_assess_special[];

#endif
