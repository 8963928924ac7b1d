/* A change: one canonical JSON line (FORMATS "Change"). */
#ifndef LN_CHANGE_H
#define LN_CHANGE_H

#include "sync/clock.h"
#include "sync/schema.h"

#define LN_CHANGE_MAX 65536 /* bytes of a line without its newline: DESIGN section 3 */
#define LN_CHANGE_BASES                                                                            \
    64 /* a decision names all heads; more than that many writers of one unit is no accident */
#define LN_CHANGE_TX_MAX 256 /* lines of a transaction */
#define LN_CHANGE_FIELDS 128

enum ln_op {
    LN_OP_ADD,
    LN_OP_SET,
    LN_OP_REMOVE,
    LN_OP_DELETE,
    LN_OP_RESTORE,
    LN_OP_STEP,
    LN_OP_ALIAS,
    LN_OP_UNALIAS,
    LN_OP_OTHER
};

/* All spans point into the line it was read from. Keys of a line, sorted: b c f i k n o r s t u x.
 *   b  ascending, each once         k  8 characters of base32hex        s  base64url without
 * padding u  the account's record id      x  id of the transaction's first line (only when it has
 * several) c, o and the names of fields: [a-z][a-z0-9_]*, at most 16, 16 and 64 characters; t:
 * collection at most 31 n  names of the fields inside s, sorted: so merging never depends on
 * holding the key step: f = {"action","to", ...}, b = the step before (none for the first) alias: r
 * = the record given up, f = {"to": id}; unalias: r = that record again remove: f = {"<map field>":
 * ["key", ...]} */
struct ln_change {
    struct ln_id id, record; /* of an add, record == id */
    enum ln_op op;
    struct ln_span op_word, collection;
    unsigned version;
    size_t n_base;
    struct ln_id base[LN_CHANGE_BASES];
    struct ln_span fields; /* canonical object, empty span when absent */
    struct ln_span names;  /* canonical array of strings, empty span when absent */
    struct ln_span kid, sealed, user, channel, tx;
    struct ln_span line; /* the whole line, without newline */
    /* Not of the line: units, as a canonical array of strings, in which it is no head any more,
     * because a checkpoint leaves out what replaced it there; "@base" among them: what it replaced
     * may stand where that checkpoint does not reach. Empty span: none. */
    struct ln_span gone;
};

/* Reads one line strictly: canonical, known keys with the right types, grammar of the op.
 * LN_INVALID otherwise. */
bool ln_change_read(struct ln_change *out, const char *line, size_t len,
                    struct ln_err *err) LN_MUST;

/* Appends a new line, without newline; spans as above, `line` ignored, `op_word` only used for
 * LN_OP_OTHER, `base` in any order. The result is read back: LN_INVALID, with nothing appended,
 * when no reader would take it. */
bool ln_change_write(struct ln_buf *out, const struct ln_change *c, struct ln_err *err) LN_MUST;

/* The associated data of its sealed fields: "collection|record|change id". */
void ln_change_ad(char out[128], const struct ln_change *c);

#endif
