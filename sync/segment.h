/* A segment: a batch of changes = one git commit in its author's log, signed (DESIGN "Segment").
 * Pure functions over bytes. */
#ifndef LN_SEGMENT_H
#define LN_SEGMENT_H

#include "crypto/key.h"
#include "sync/change.h"
#include "sync/sha1.h"

#define LN_LOG_MAX 44 /* node id, and for a down-log '.', 12 digits; '\0' */
#define LN_SEGMENT_FILES 32
#define LN_SEGMENT_LINES 256 /* sealed when that many changes wait ... */
#define LN_SEGMENT_BYTES                                                                           \
    65536 /* ... or that many bytes; a transaction is never split, so a file may be larger */
#define LN_SEGMENT_FILE_MAX (4 << 20) /* stored bytes of one file */
#define LN_SEGMENT_PLAIN_MAX                                                                       \
    (24 << 20) /* text of one file: 256 lines of 64 KiB and the header; stops zip bombs */
#define LN_SEGMENT_MESSAGE_MAX 16384

struct ln_segment_file {
    char name[24]; /* "public.jsonl" or 16 hex digits and ".age" */
    struct ln_sha256 sha;
    size_t size; /* stored bytes; not in the commit: 0 after ln_segment_read */
};
struct ln_segment {
    char log[LN_LOG_MAX];
    uint64_t seq;                /* from 1, no gaps */
    struct ln_sha256 prev;       /* SHA-256 of the previous commit's bytes; zero for the first */
    struct ln_sha1 prev_commit;  /* its git name; zero for the first */
    struct ln_sha256 sha;        /* of this commit's bytes */
    struct ln_sha1 commit, tree; /* git names */
    int64_t time_s;              /* rounded to the minute */
    unsigned suite;
    size_t n_files;
    struct ln_segment_file files[LN_SEGMENT_FILES]; /* sorted by name */
};

/* git object names, computed here (SHA-1 is an address only, never trusted). kind: "commit",
 * "tree", "blob". */
struct ln_sha1 ln_segment_sha1(const char *kind, const void *data, size_t len);

/* Builds the tree and the signed commit for files whose names, sizes, SHA-256 and blob names are
 * given; fills sha, commit, tree of `s`. `email` part of the author is "<node id>@linli". */
bool ln_segment_build(struct ln_buf *commit, struct ln_buf *tree, struct ln_segment *s,
                      const struct ln_sha1 *blobs, const struct ln_seckey *key,
                      struct ln_err *err) LN_MUST;
/* Reads a commit's bytes: form, trailers, signature by `key`. That it follows its predecessor is
 * for the caller: s->prev and s->prev_commit. */
bool ln_segment_read(struct ln_segment *out, const void *commit, size_t len,
                     const struct ln_pubkey *key, struct ln_err *err) LN_MUST;
/* True when `tree` lists exactly the segment's files (mode 100644) with these blob names. */
bool ln_segment_tree_check(const struct ln_segment *s, const void *tree, size_t len,
                           struct ln_sha1 *blobs, struct ln_err *err) LN_MUST;

/* A sealed file: age(one recipient, zstd(header line + lines) + skippable frame to a Padmé size).
 */
struct ln_segment_header {
    char log[LN_LOG_MAX];
    uint64_t seq;
    char audience[48];
    char epoch[24];
    bool quoted;
    char quote_log[LN_LOG_MAX];
    uint64_t quote_seq;
};
bool ln_segment_seal(struct ln_buf *out, const struct ln_segment_header *h, const void *lines,
                     size_t len, const struct ln_recipient *to, struct ln_err *err) LN_MUST;
/* `h` holds what is expected and gets what the header adds (the quote).
 * Opens and checks the header against what is expected: log, seq, audience, epoch. `lines` gets
 * what follows it. */
bool ln_segment_open(struct ln_buf *lines, struct ln_segment_header *h, const void *file,
                     size_t len, const struct ln_ident *id, struct ln_err *err) LN_MUST;
/* Padmé: the size that `len` is padded to, at most 12 % more, so that sizes tell little. */
size_t ln_segment_padded(size_t len);
/* public.jsonl: lines as they are; a quote is announced by a header line {"log","quote","seq"} at
 * its start. */
#endif
