/* The nodes below as people manage them: inviting, renewing, revoking; and the freshness board,
 * which tells of each node when it was last heard of and what is wrong with it. */
#ifndef LN_TREE_H
#define LN_TREE_H

#include "node/node.h"
#include "sync/join.h"

#define LN_TREE_CARD_MAX 640 /* "linli:<address>#<code>" */

/* Grids by comma into `want`; LN_INVALID names the one that is none, or more than 16. */
bool ln_tree_grids(char grids[16][16], size_t *n, const char *text, struct ln_err *err) LN_MUST;
/* An invitation: `code` to be read out, `card` what a QR code holds (`linli join --code` takes it
 * whole). A laptop may write what stands in grids, and nothing else. `address` is how the new node
 * reaches this one; "" = not known. */
bool ln_tree_invite(struct ln_node *n, struct ln_invite *want, const char *address,
                    char code[LN_CODE_TEXT_MAX], char card[LN_TREE_CARD_MAX],
                    struct ln_err *err) LN_MUST;
/* As ln_replica_renew and ln_replica_revoke, on the writer thread; wakes the sync. */
bool ln_tree_renew(struct ln_node *n, const char *node, const struct ln_renewal *want,
                   struct ln_err *err) LN_MUST;
bool ln_tree_revoke(struct ln_node *n, const char *node, uint64_t *after,
                    struct ln_err *err) LN_MUST;

/* Whether the clock of this node says a time that no certificate reaches, and nobody said that it
 * is right (ln_replica_wild, for readers). */
bool ln_tree_wild(const struct ln_node *n, struct ln_store *s, const struct ln_authority *a);

/* What this node tells its parent of itself (ln_exchange_config.state); `node` is a struct ln_node.
 * Counted anew every ten minutes. The sync thread's. */
void ln_tree_state(void *node, char out[LN_EXCHANGE_STATE_MAX]);
/* {"items":[{"node","region","name","role","parent","child","self","until_ms","revoked","grids",
 * "last_contact_ms","last_receipt_ms","lag_s","seq","receipt","waiting","digest","offset_ms",
 * "state":{},"alarms":[{"code","zh","en"}]}],"alarms":n}: this node first. The caller frees. */
bool ln_tree_board(json_t **out, struct ln_node *n, struct ln_store *reader,
                   const struct ln_authority *a, struct ln_err *err) LN_MUST;

#endif
