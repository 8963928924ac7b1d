/* Assets, stocktakes, contracts and booked rooms: what data cannot say. Hooks of asset, stocktake,
 * stocktake_row, contract, contract_payment, asset_summary and booking.
 *
 * Above the community's limit a disposal or a contract needs a decision (a meeting that was held)
 * and the supervisor's look; the limits stand in module_setting of "asset", config {"asset_limit":
 * "<fen>","contract_limit":"<fen>"}. A contract in force reminds once on each of some days before
 * its end: `remind_days` of its own first, then those of "contract_reminders" ("60,30,7") that are
 * nearer. With each the keeper gets a message (talk.h ln_talk_tell). */
#ifndef LN_STOCK_H
#define LN_STOCK_H

#include "node/module/special.h"

#define LN_STOCK_ASSET_LIMIT INT64_C(500000)     /* fen: 5,000 yuan, unless set */
#define LN_STOCK_CONTRACT_LIMIT INT64_C(1000000) /* fen: 10,000 yuan, unless set */
#define LN_STOCK_REMINDERS "60,30,7"             /* days before the end (MODULES M8), unless set */
#define LN_STOCK_REMIND_FIRST 60
#define LN_STOCK_TOLD 2048       /* bytes of what the keeper is told */
#define LN_STOCK_BOOKING_DAYS 30 /* a room is not booked for longer at once */

extern const struct ln_special ln_stock_special[];

#endif
