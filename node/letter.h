/* A letter: what one node writes for one other onto a stick, a folder <from>-for-<to> with
 *   index.json        canonical JSON, the list of the files and what the writer holds (README
 * "Sticks") index.json.sig    SSH signature over it, namespace linli-stick; written last and the
 * files     bundles of logs, keys, escrow, attachments This file knows the index: its form, its
 * limits, and what a node should think of it. */
#ifndef LN_LETTER_H
#define LN_LETTER_H

#include "sync/clock.h"
#include "sync/replica.h"

#define LN_LETTER_SPACE "linli-stick"
#define LN_LETTER_INDEX "index.json"
#define LN_LETTER_SIG "index.json.sig"
#define LN_LETTER_INDEX_MAX (8 << 20)
#define LN_LETTER_FILES 16384   /* files of a letter */
#define LN_LETTER_NAME_MAX 100  /* what a tar header holds */
#define LN_LETTER_FOLDER_MAX 80 /* two node ids and "-for-" */
#define LN_LETTER_TOOK 256      /* bodies acknowledged in one letter */

enum ln_letter_kind { LN_LETTER_LOG, LN_LETTER_KEYS, LN_LETTER_ESCROW, LN_LETTER_FILE };
struct ln_letter_file {
    char name[LN_LETTER_NAME_MAX];
    enum ln_letter_kind kind;
    uint64_t size;
    struct ln_sha256 sha;
    char log[LN_LOG_MAX]; /* of a log: segments first..last */
    uint64_t first, last;
};
struct ln_letter {
    char id[LN_ID_TEXT + 1]; /* rises with every letter of its writer */
    char from[LN_NODE_ID_MAX], to[LN_NODE_ID_MAX];
    int64_t at_ms;
    bool restore; /* for a new box in the place of `to` */
    size_t n;
    struct ln_letter_file *files;
    struct ln_buf text;  /* the index; the spans below point into it */
    struct ln_span have; /* heads that the writer holds, as in /heads */
    struct ln_span took; /* SHA-256 of keys and attachments of the reader's that it has taken */
    struct ln_span want; /* subject keys that it waits for */
};
/* LN_INVALID names what is wrong: form, a name that is no plain file name of its kind, a size past
 * its ceiling, a name that comes twice. */
bool ln_letter_read(struct ln_letter *out, const void *text, size_t len,
                    struct ln_err *err) LN_MUST;
void ln_letter_free(struct ln_letter *l);
/* Makes l->text from all the rest; `have`, `took`, `want` are canonical arrays, borrowed. */
bool ln_letter_write(struct ln_letter *l, struct ln_err *err) LN_MUST;
/* <from>-for-<to>; reading: false for any other name. */
void ln_letter_folder(char out[LN_LETTER_FOLDER_MAX], const char *from, const char *to);
bool ln_letter_folder_read(char from[LN_NODE_ID_MAX], char to[LN_NODE_ID_MAX], const char *name);
const char *ln_letter_kind_word(enum ln_letter_kind kind);

/* What a node thinks of a letter before it takes anything; words for people in `zh`, `en`. */
enum ln_verdict {
    LN_VERDICT_GOOD,
    LN_VERDICT_KNOWN,      /* taken already: no harm, nothing to do */
    LN_VERDICT_OLDER,      /* a later one of the same writer was taken */
    LN_VERDICT_OTHER,      /* for another node */
    LN_VERDICT_OWN,        /* written here, for others: not ours to take */
    LN_VERDICT_UNFINISHED, /* no signature: the stick was pulled while it was written */
    LN_VERDICT_FORGED,     /* the signature is not by who is named, or of another text */
    LN_VERDICT_UNKNOWN,    /* nobody here knows the writer */
    LN_VERDICT_STRANGER,   /* known, but neither parent nor child */
    LN_VERDICT_REVOKED,
    LN_VERDICT_BAD,     /* the index breaks its form */
    LN_VERDICT_CUT,     /* a file is missing or too short */
    LN_VERDICT_CHANGED, /* a file is another one than the index says */
    LN_VERDICT_GAP,     /* begins later than what is here */
    LN_VERDICTS
};
struct ln_judged {
    enum ln_verdict verdict;
    char detail[300]; /* a name, a number; "" none */
};
const char *ln_verdict_word(enum ln_verdict v);
/* The sentence, in one language, with the detail. */
void ln_verdict_text(struct ln_buf *out, const struct ln_judged *j, bool zh);

/* What is remembered of the other node's letters: in meta "stick/<node>". */
struct ln_letter_memory {
    char id[LN_ID_TEXT + 1]; /* last one taken, "" none */
    struct ln_buf text;      /* spans point into it */
    struct ln_span have, took, want;
};
bool ln_letter_memory_read(struct ln_letter_memory *out, struct ln_store *reader, const char *node,
                           struct ln_err *err) LN_MUST;
void ln_letter_memory_free(struct ln_letter_memory *m);
/* After a letter was taken; `took` is what it brought of keys and attachments. Writer, [w]. */
bool ln_letter_remember(struct ln_store *s, const struct ln_letter *l, struct ln_err *err) LN_MUST;

/* Judges all but the files: signature, writer, reader, order, gaps. Reader handle. */
bool ln_letter_judge(struct ln_judged *out, const struct ln_letter *l, const char *sig,
                     size_t sig_len, const char *self, struct ln_store *reader,
                     const struct ln_authority *a, struct ln_err *err) LN_MUST;

#endif
