/* The business side of the government interface (MODULES M12): bills that add up and are paid only
 * after an evaluation, and one row a month of what a node was used for. */
#ifndef LN_GOV_H
#define LN_GOV_H

#include "node/module/special.h"

extern const struct ln_special ln_gov_special[];

/* Whether text is a month "2026-11" or a year "2026". */
bool ln_gov_period(const char *text);
/* The month before the one of `today` (YYYY-MM-DD). */
void ln_gov_last_month(char out[8], const char *today);

#endif
