/* Restricted git packs: version 2, whole objects only (no deltas), per segment commit, tree, blobs,
 * segments ascending. Blobs of files not meant for the receiver are left out. Our own reader takes
 * packs from outside. */
#ifndef LN_PACK_H
#define LN_PACK_H

#include "sync/segment.h"

#define LN_PACK_MAX (8 << 20)
#define LN_PACK_OBJECTS 65536
#define LN_PACK_OBJECT_MAX (4 << 20)
/* All objects together: what is sealed does not deflate, and of a segment only public.jsonl is not,
 * so a pack of one segment stays below; of several the writer takes no more than fit. */
#define LN_PACK_INFLATED_MAX (2 * LN_PACK_MAX)

enum ln_pack_kind { LN_PACK_COMMIT = 1, LN_PACK_TREE = 2, LN_PACK_BLOB = 3 };

/* Writing into `out` (its ceiling is the pack's): begin, add.., end. Deflate level 1 for sealed
 * blobs is wasted: `stored` writes them uncompressed. */
void ln_pack_begin(struct ln_buf *out);
bool ln_pack_add(struct ln_buf *out, enum ln_pack_kind kind, const void *data, size_t len,
                 bool stored, struct ln_err *err) LN_MUST;
bool ln_pack_end(struct ln_buf *out, uint32_t objects, struct ln_err *err) LN_MUST;

/* Calls back for each object in order; data is borrowed during the call. Checks header, count,
 * sizes, also of all together, before inflating, checksum. LN_INVALID names the object. */
typedef bool ln_pack_fn(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name,
                        const void *data, size_t len, struct ln_err *err);
bool ln_pack_read(const void *pack, size_t len, ln_pack_fn *fn, void *ctx,
                  struct ln_err *err) LN_MUST;

/* All objects of a pack, read once; found by kind and name. */
struct ln_pack_list {
    size_t n, cap;
    struct ln_pack_object {
        enum ln_pack_kind kind;
        struct ln_sha1 name;
        size_t len;
        char *data;
    } * list;        /* in the pack's order */
    size_t *by_name; /* places in it */
};
/* As ln_pack_read; `out` is zeroed by the caller and freed by it, also on failure. */
bool ln_pack_list_read(struct ln_pack_list *out, const void *pack, size_t len,
                       struct ln_err *err) LN_MUST;
/* NULL: there is none. */
const struct ln_pack_object *ln_pack_find(const struct ln_pack_list *x, enum ln_pack_kind kind,
                                          const struct ln_sha1 *name);
void ln_pack_list_free(struct ln_pack_list *x);

#endif
