/* A box that takes the place of another has a key of its own; those below it know the dead one.
 * What they need to know is public: the certificates from the root down to the child, the new box's
 * (`continues` the old) and the child's new one (README "A dead box"). */
#ifndef LN_HEIR_H
#define LN_HEIR_H

#include "sync/exchange.h"

/* The child's side: somebody else answers where our parent `old` did. Asks for certificates and
 * takes them when they hold, whoever gives them. *heir: our parent is now a node that continues
 * `old`. */
bool ln_heir_ask(const struct ln_exchange_config *config, const struct ln_link *link,
                 const char *old, bool *heir, struct ln_err *err) LN_MUST;
/* GET /sync/v1/heir?node=<child>: {"chain":[{"author","f"},...]}, unsigned. */
void ln_heir_serve(const struct ln_exchange_config *config, const struct ln_message *request,
                   struct ln_message *reply);

#endif
