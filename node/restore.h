/* A dead box comes back: a new one, with new keys and a certificate that `continues` the old, takes
 * the old log and the logs above it from the parent, and the paper recovery key opens what was
 * sealed for the old box: its epochs and escrowed subject keys. And the drill, which proves beside
 * a living box that this would work. */
#ifndef LN_RESTORE_H
#define LN_RESTORE_H

#include "node/node.h"

struct ln_restore_report {
    char old[LN_NODE_ID_MAX];
    uint64_t keys, segments, changes, bytes, records, head, receipt;
    uint64_t sealed;    /* records with a line whose key did not come back */
    unsigned heirs;     /* nodes below that were certified anew */
    unsigned differing; /* drill: audiences whose digest is another one than the living box's */
    uint64_t waiting; /* drill: changes that only the living box has: nobody signed for them yet */
    bool level, alarm;
    int64_t keys_ms, logs_ms, words_ms;
};
/* The recovery key as typed, read from a code, or in a file: blanks, dashes between groups and case
 * do not matter. LN_INVALID says so. */
bool ln_restore_key(struct ln_ident *out, const char *text, struct ln_err *err) LN_MUST;
/* Until NULL, epochs and escrow are opened with the paper key. */
bool ln_restore_paper(struct ln_node *n, const struct ln_ident *paper, struct ln_err *err) LN_MUST;
/* `n` has joined its parent, continuing others. May be run again after a cut link. LN_DENIED
 * another paper; LN_MISSING its certificate continues nobody. */
bool ln_restore_run(struct ln_restore_report *out, struct ln_node *n, const struct ln_ident *paper,
                    struct ln_err *err) LN_MUST;
/* Into a folder of its own below the living node's, removed afterwards; changes nothing. */
bool ln_restore_drill(struct ln_restore_report *out, struct ln_node *living,
                      const struct ln_ident *paper, struct ln_err *err) LN_MUST;

#endif
