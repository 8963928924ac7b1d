/* Shops (MODULES M10): who may offer, quote and review; orders that follow a chosen quote; the
 * score, a mean with a prior of five reviews of 3.5 stars. */
#ifndef LN_SHOP_H
#define LN_SHOP_H

#include "node/module/special.h"

extern const struct ln_special ln_shop_special[];

/* The score as people see it, "4.2": `sum` stars in `n` reviews. */
void ln_shop_score(char out[24], int64_t sum, int64_t n);

#endif
