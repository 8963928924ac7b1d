/* Attachments of a node: their bytes under <dir>/files, as age files named by their SHA-256, each
 * to an identity of its own that stands in the record's value:
 *   {"key":"AGE-SECRET-KEY-1...","name":"a.jpg","sha":"<64 hex>","size":n,
 *    "small":{"sha":"<64 hex>","size":n,"stored":n,"type":"image/jpeg"},"stored":n,
 *    "type":"image/jpeg"}
 * size is that of the contents, stored that of the age file. `small`, where who brought it gave
 * one, is a small picture of it: an age file of its own to the same identity, so that whatever
 * befalls the key befalls both. It is carried before all that is large. `key` never leaves through
 * the API. */
#ifndef LN_ATTACH_H
#define LN_ATTACH_H

#include "node/node.h"
#include "sync/files.h"

#define LN_ATTACH_UPLOAD_MAX (16 << 20) /* bytes of contents from a browser */
#define LN_ATTACH_SMALL_MAX (24 << 10)  /* bytes of a small copy: 24 s at 9.6 kbit/s */
#define LN_ATTACH_NAME_MAX 120

/* The exchange's view of them. `n` is borrowed. */
void ln_attach_files(struct ln_files *out, struct ln_node *n);

/* Keeps an upload of `account`: *value is what the browser is told (without the key). LN_FULL no
 * room left, or too many uploads that no record names; LN_INVALID nothing in it. */
bool ln_attach_upload(json_t **value, struct ln_node *n, const struct ln_id *account,
                      const char *name, const void *data, size_t len, struct ln_err *err) LN_MUST;
/* Gives an upload of `account` that no record names yet its small copy: *value is what the browser
 * is told of the whole. What is wrong with it (LN_INVALID) is appended to `problems` as
 * {"field","zh","en"}. LN_FULL no room left. */
bool ln_attach_small(json_t **value, struct ln_node *n, const struct ln_id *account,
                     const char *sha, const void *data, size_t len, json_t *problems,
                     struct ln_err *err) LN_MUST;
/* What of a record's value has this name: itself, its small copy, or NULL. Borrowed of `value`. */
const json_t *ln_attach_blob(const json_t *value, const char *sha);
/* Appends the contents of a record's value, or of its small copy, by name. LN_MISSING its bytes are
 * not here yet. */
bool ln_attach_open(struct ln_buf *out, struct ln_node *n, const json_t *value, const char *sha,
                    struct ln_err *err) LN_MUST;
/* What kind of file it is, from its first bytes: a static text. */
const char *ln_attach_type(const char *name, const void *data, size_t len);

/* A record with attachments came or changed: those that are not here are wanted, those that people
 * above may read go up. Called by the writer between jobs, in a transaction. */
bool ln_attach_named(struct ln_node *n, const char *audience, const json_t *value,
                     struct ln_err *err) LN_MUST;
/* The first attachment behind *at whose bytes are here (*there false: no more): *good = they are
 * those of its name. Reads all of it, on the caller's thread. */
bool ln_attach_check(struct ln_node *n, struct ln_sha256 *at, bool *there, bool *good,
                     uint64_t *bytes, struct ln_err *err) LN_MUST;
/* Its bytes are damaged: they go, and it is wanted from the parent again. */
bool ln_attach_lost(struct ln_node *n, const struct ln_sha256 *sha, struct ln_err *err) LN_MUST;
/* Throws away uploads that nobody used for a day. Called by the writer, in a transaction. */
bool ln_attach_sweep(struct ln_node *n, struct ln_err *err) LN_MUST;

#endif
