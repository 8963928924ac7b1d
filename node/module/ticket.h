/* Tickets, where data does not say it: who handles a new one, what goes up with an escalation, and
 * a public answer without its personal parts. */
#ifndef LN_TICKET_H
#define LN_TICKET_H

#include "node/module/special.h"

extern const struct ln_special ln_ticket_special[];

#endif
