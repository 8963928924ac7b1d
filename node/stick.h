/* Memory sticks: a folder (or a tar of it, as browsers carry it) with letters of any number of
 * nodes beside one another (letter.h). Taking in never writes to the medium; nothing is taken of a
 * letter before all of its files were found whole. */
#ifndef LN_STICK_H
#define LN_STICK_H

#include "node/letter.h"
#include "node/node.h"

#define LN_STICK_LETTERS 4096   /* of one stick */
#define LN_STICK_FOLDER "stick" /* of a node: what waits there */
#define LN_STICK_SENT 256       /* bodies of keys that wait for word that they were taken */

/* ---- taking in */
struct ln_stick;
/* A folder with letters, the folder of one letter, or a .tar of either. LN_MISSING not there;
 * LN_INVALID no tar file that can be read. A folder without letters has ln_stick_count 0. */
bool ln_stick_open(struct ln_stick **out, const char *path, struct ln_err *err) LN_MUST;
void ln_stick_close(struct ln_stick *s);
size_t ln_stick_count(const struct ln_stick *s);

struct ln_stick_letter {
    char folder[LN_LETTER_FOLDER_MAX];
    struct ln_letter letter; /* n 0 when its index could not be read */
    struct ln_judged judged;
    char from_name[LN_CERT_NAME_MAX + 1], to_name[LN_CERT_NAME_MAX + 1]; /* "" not known */
    uint64_t segments, new_segments, bytes;
    unsigned keys, files; /* how many files of these */
    bool *skip;           /* by file: nothing new in it */
};
/* Reads and judges letter i; `deep` also reads every file. A letter that is not good is no failure:
 * `judged` says why. Free it. */
bool ln_stick_look(struct ln_stick_letter *out, struct ln_stick *s, size_t i, struct ln_node *n,
                   bool deep, struct ln_err *err) LN_MUST;
/* The same for an index alone, before its files are here. */
bool ln_stick_look_index(struct ln_stick_letter *out, struct ln_node *n, const char *text,
                         size_t len, const char *sig, size_t sig_len, struct ln_err *err) LN_MUST;
void ln_stick_letter_free(struct ln_stick_letter *l);

struct ln_stick_report {
    uint64_t segments, changes, refused, keys, files;
    unsigned failed; /* files that could not be taken; `why` is of the first */
    struct ln_err why;
};
/* Takes letter i, which ln_stick_look (deep) found good. Sums up in `r`. A file that is refused
 * leaves the others; the letter is then not noted as taken. */
bool ln_stick_take(struct ln_stick_report *r, struct ln_stick *s, struct ln_stick_letter *l,
                   struct ln_node *n, struct ln_err *err) LN_MUST;

/* What `node`, which was revoked, wrote behind its end, and behind those of its down-logs: `path`
 * is a stick, the folder of its letter, a folder of its bundles, or one of them. Kept, and void
 * until somebody takes it over (ln_replica_late); keys only as far as those lines need them. Adds
 * to `r`: segments and keys. LN_MISSING nothing of it there, or a gap. */
bool ln_stick_late(struct ln_stick_report *r, struct ln_node *n, const char *node, const char *path,
                   struct ln_err *err) LN_MUST;

/* ---- writing */
struct ln_stick_want {
    const char *to; /* node id of the parent or a child; with `restore` the dead child */
    bool restore;   /* all that a new box in the place of `to` needs */
    bool all;       /* whatever the other one is known to hold */
};
struct ln_stick_written {
    char folder[LN_LETTER_FOLDER_MAX], name[LN_CERT_NAME_MAX + 1];
    unsigned files, kept; /* kept: they were there already, from a write that was cut */
    uint64_t segments, keys, attachments, bytes;
};
/* Seals, and writes one letter below `folder`, which is there. What the receiver holds by its
 * receipts, its last letter or the last sync is left out. LN_FULL: the medium is; LN_DENIED neither
 * parent nor child. */
bool ln_stick_write(struct ln_stick_written *out, struct ln_node *n, const char *folder,
                    const struct ln_stick_want *want, struct ln_err *err) LN_MUST;
/* Whom to write for on this stick when nobody is named: the parent, and each child that has a
 * letter for us on it. At most cap; returns how many. */
bool ln_stick_receivers(char (*out)[LN_NODE_ID_MAX], size_t cap, size_t *count, struct ln_node *n,
                        const char *folder, bool children, struct ln_err *err) LN_MUST;
/* A letter of ours was taken by `from`: what it names is not sent again. */
bool ln_stick_acknowledge(struct ln_node *n, struct ln_span took, struct ln_err *err) LN_MUST;

#endif
