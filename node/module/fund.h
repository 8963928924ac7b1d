/* The mutual-aid fund (MODULES M11): an entry counts once two keepers signed it and the owning box
 * numbered it; a posting never changes, carries the balance, and is chained to the one before.
 *
 * hash = SHA-256, as hex, of the text  no,date,in|out,amount,balance,entry,previous
 * (amounts in fen, `previous` the hash of the posting before, 64 zeros in the first). */
#ifndef LN_FUND_H
#define LN_FUND_H

#include "node/module/special.h"

#define LN_FUND_KEEPERS 3 /* votes that decide about aid */
#define LN_FUND_ANNOUNCE_DAYS 5
#define LN_FUND_POSTINGS 20000

/* The text that is hashed, of a posting's f object. */
void ln_fund_line(struct ln_buf *out, const json_t *posting);

extern const struct ln_special ln_fund_special[];

#endif
