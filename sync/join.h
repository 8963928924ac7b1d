/* Enrolment with a one-time code that is never sent (crypto/code.h): both bodies, with both public
 * keys, carry a MAC under a key derived from it. It enrols one node, which may ask again while the
 * code is good: the answer may have been lost when the parent had done its work. */
#ifndef LN_JOIN_H
#define LN_JOIN_H

#include "crypto/code.h"
#include "sync/exchange.h"

#define LN_JOIN_HOURS 72
#define LN_JOIN_TRIES 5 /* wrong MACs, then the invitation is burnt */

struct ln_invite {
    char region[LN_REGION_LEN + 1];
    enum ln_role role;
    char continues[LN_NODE_ID_MAX]; /* the dead box's id, or "" */
    size_t n_grids;                 /* laptops */
    char grids[16][16];
    size_t n_collections; /* 0 = all */
    char collections[LN_CERT_COLLECTIONS][32];
};
/* Notes an invitation in the store and gives its code, shown once, with dashes. LN_DENIED when the
 * region is not inside ours or the role not below ours; LN_MISSING before we have a certificate. */
bool ln_join_invite(const struct ln_exchange_config *config, const struct ln_invite *want,
                    char code[LN_CODE_TEXT_MAX], struct ln_err *err) LN_MUST;

/* The child's side: asks, checks the answer's MAC, takes the chain of certificates. `name` is what
 * the certificate shall call it. `parent` gets the parent's node id. LN_DENIED wrong, used or old
 * code. */
bool ln_join_ask(const struct ln_exchange_config *config, const char *region, enum ln_role role,
                 const char *name, const char *code, const struct ln_link *link,
                 char parent[LN_NODE_ID_MAX], struct ln_err *err) LN_MUST;

/* The parent's side of POST /sync/v1/join, called by ln_exchange_serve. */
void ln_join_serve(const struct ln_exchange_config *config, const struct ln_message *request,
                   struct ln_message *reply);

#endif
