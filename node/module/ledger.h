/* Ledgers that fill themselves: templates whose columns are bound to the registry, rows made for
 * each period, returns with what they add up to. Hooks of ledger_template, ledger_row and
 * ledger_return.
 *
 * bound_to of a column: "person.<field>", "person.age", "dwelling.<field>", "dwelling.address",
 * "building.<field>", "household.<field>", "residence.<field>", or "ledger.<template>.<key>": what
 * another ledger held last of the same person. Fields that are masked on screen are never bound.
 * Periods: 2026-11, 2026-Q4, 2026-H2, 2026. */
#ifndef LN_LEDGER_H
#define LN_LEDGER_H

#include "node/module/recipient.h"
#include "node/module/special.h"

#define LN_LEDGER_ROWS 2000  /* of one return */
#define LN_LEDGER_COLUMNS 60 /* of a template */

extern const struct ln_special ln_ledger_special[];

/* The period of `period` ("month" quarter half year once) in which a day lies, and its last day. */
void ln_ledger_period(char out[12], char last[11], const char *period, const char *today);
/* Whether a column may be bound to that. */
bool ln_ledger_bindable(const struct ln_def *def, const char *bound_to);

#endif
