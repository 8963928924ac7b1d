/* Restricted git packs: see pack.h. */
#include "sync/pack.h"

#include <string.h>
#define ZLIB_CONST /* zlib does not write to its input; say so in its types */
#include <zlib.h>

#include "crypto/base/alloc.h"

#define HEAD_LEN 12
#define VERSION 2
#define STORED_MAX 65535 /* RFC 1951 3.2.4: a stored block's length has 16 bits */
#define DEFLATE_LEVEL 6
/* zlib's own: a match lies at least this much less than the window behind (deflate.h). */
#define LOOKAHEAD 262

static const char *kind_word(enum ln_pack_kind kind)
{
    static const char *const words[] = { "", "commit", "tree", "blob" };

    return words[kind];
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void ln_pack_begin(struct ln_buf *out)
{
    uint8_t head[HEAD_LEN] = { 'P', 'A', 'C', 'K' };

    put32(head + 4, VERSION);
    ln_buf_clear(out);
    ln_buf_add(out, head, sizeof head); /* the count comes in ln_pack_end */
}

/* gitformat-pack: type in bits 4-6 of the first byte, size in 4 and then 7 bits a byte. */
static void add_head(struct ln_buf *out, enum ln_pack_kind kind, size_t len)
{
    unsigned first = (unsigned)kind << 4 | (unsigned)(len & 15);

    len >>= 4;
    ln_buf_addc(out, (char)(len > 0 ? first | 0x80 : first));
    while (len > 0) {
        ln_buf_addc(out, (char)(len > 0x7F ? (len & 0x7F) | 0x80 : len));
        len >>= 7;
    }
}

/* A zlib stream of stored blocks: what age made does not compress. */
static void add_stored(struct ln_buf *out, const uint8_t *p, size_t len)
{
    uint8_t sum[4];

    put32(sum, (uint32_t)adler32(adler32(0, NULL, 0), p, (uInt)len));
    ln_buf_add(out, "\x78\x01", 2);
    do {
        size_t n = len < STORED_MAX ? len : STORED_MAX;
        uint8_t head[5] = { len == n ? 1 : 0, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n,
                            (uint8_t)(~n >> 8) };
        ln_buf_add(out, head, sizeof head);
        ln_buf_add(out, p, n);
        p += n;
        len -= n;
    } while (len > 0);
    ln_buf_add(out, sum, sizeof sum);
}

/* What zlib would make with the largest window and tables, which it clears first: 128 KiB for a
 * commit of 700 bytes. A window that holds the whole object finds the same. */
static bool deflate_all(void *to, size_t *room, const void *data, size_t len)
{
    z_stream z = { .next_in = data, .next_out = to };
    int bits = 9;

    while (bits < MAX_WBITS && ((size_t)1 << bits) < len + LOOKAHEAD)
        bits++;
    int tables = bits - 6 < 8 ? bits - 6 : 8; /* 8 is zlib's default */
    if (deflateInit2(&z, DEFLATE_LEVEL, Z_DEFLATED, bits, tables, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    z.avail_in = (uInt)len;
    z.avail_out = (uInt)*room;
    int rc = deflate(&z, Z_FINISH);
    *room = z.total_out;
    return deflateEnd(&z) == Z_OK && rc == Z_STREAM_END;
}

bool ln_pack_add(struct ln_buf *out, enum ln_pack_kind kind, const void *data, size_t len,
                 bool stored, struct ln_err *err)
{
    if (len > LN_PACK_OBJECT_MAX)
        return ln_fail(err, LN_FULL, "object is larger than %d bytes", LN_PACK_OBJECT_MAX);
    add_head(out, kind, len);
    if (stored) {
        add_stored(out, data, len);
        return ln_buf_done(out, "pack", err);
    }
    size_t bound = compressBound((uLong)len);
    size_t at = out->len;
    void *to = ln_buf_grow(out, bound);
    if (to == NULL)
        return ln_buf_done(out, "pack", err);
    if (!deflate_all(to, &bound, data, len))
        return ln_fail(err, LN_BROKEN, "zlib cannot compress");
    ln_buf_cut(out, at + bound);
    return ln_buf_done(out, "pack", err);
}

static struct ln_sha1 checksum(const void *data, size_t len)
{
    struct ln_sha1_state s;

    ln_sha1_start(&s);
    ln_sha1_add(&s, data, len);
    return ln_sha1_end(&s);
}

bool ln_pack_end(struct ln_buf *out, uint32_t objects, struct ln_err *err)
{
    if (!ln_buf_done(out, "pack", err))
        return false;
    put32((uint8_t *)out->data + 8, objects);
    struct ln_sha1 sum = checksum(out->data, out->len);
    ln_buf_add(out, sum.b, LN_SHA1_LEN);
    return ln_buf_done(out, "pack", err);
}

struct reader {
    const uint8_t *p, *end;
    z_stream z;
    uint8_t *room; /* grows to the largest object seen */
    size_t cap;
    size_t inflated; /* of all objects so far */
};

static bool read_head(struct reader *r, enum ln_pack_kind *kind, size_t *len, struct ln_err *err)
{
    unsigned shift = 4;

    if (r->p == r->end)
        return ln_fail(err, LN_INVALID, "pack ends early");
    uint8_t b = *r->p++;
    unsigned type = b >> 4 & 7;
    uint64_t size = b & 15;
    while ((b & 0x80) != 0) {
        if (r->p == r->end || shift > 25)
            return ln_fail(err, LN_INVALID, "size is damaged");
        b = *r->p++;
        size |= (uint64_t)(b & 0x7F) << shift;
        shift += 7;
    }
    if (type < LN_PACK_COMMIT || type > LN_PACK_BLOB)
        return ln_fail(err, LN_INVALID, "type %u is not allowed", type); /* tags and deltas */
    if (size > LN_PACK_OBJECT_MAX)
        return ln_fail(err, LN_INVALID, "larger than %d bytes", LN_PACK_OBJECT_MAX);
    r->inflated += (size_t)size;
    if (r->inflated > LN_PACK_INFLATED_MAX)
        return ln_fail(err, LN_INVALID, "pack inflates to more than %d bytes",
                       LN_PACK_INFLATED_MAX);
    *kind = (enum ln_pack_kind)type;
    *len = (size_t)size;
    return true;
}

/* The room is one byte larger than announced, so that a longer stream shows. */
static bool read_data(struct reader *r, size_t len, struct ln_err *err)
{
    if (len + 1 > r->cap) {
        r->cap = len + 1;
        r->room = ln_realloc(r->room, r->cap);
    }
    if (inflateReset(&r->z) != Z_OK)
        return ln_fail(err, LN_BROKEN, "zlib cannot start");
    r->z.next_in = r->p;
    r->z.avail_in = (uInt)(r->end - r->p);
    r->z.next_out = r->room;
    r->z.avail_out = (uInt)(len + 1);
    int rc = inflate(&r->z, Z_FINISH);
    if (rc != Z_STREAM_END || r->z.total_out != len)
        return ln_fail(err, LN_INVALID, "does not inflate to its size");
    r->p = r->end - r->z.avail_in;
    return true;
}

static bool frame(struct reader *r, const void *pack, size_t len, uint32_t *count,
                  struct ln_err *err)
{
    const uint8_t *p = pack;

    if (len > LN_PACK_MAX)
        return ln_fail(err, LN_INVALID, "pack is larger than %d bytes", LN_PACK_MAX);
    if (len < HEAD_LEN + LN_SHA1_LEN || memcmp(p, "PACK", 4) != 0 || get32(p + 4) != VERSION)
        return ln_fail(err, LN_INVALID, "no pack of version %d", VERSION);
    struct ln_sha1 sum = checksum(p, len - LN_SHA1_LEN);
    if (memcmp(sum.b, p + len - LN_SHA1_LEN, LN_SHA1_LEN) != 0)
        return ln_fail(err, LN_INVALID, "pack has another checksum");
    *count = get32(p + 8);
    if (*count > LN_PACK_OBJECTS)
        return ln_fail(err, LN_INVALID, "pack has more than %d objects", LN_PACK_OBJECTS);
    r->p = p + HEAD_LEN;
    r->end = p + len - LN_SHA1_LEN;
    return true;
}

static bool read_object(struct reader *r, ln_pack_fn *fn, void *ctx, struct ln_err *err)
{
    enum ln_pack_kind kind = LN_PACK_BLOB;
    size_t len = 0;

    if (!read_head(r, &kind, &len, err) || !read_data(r, len, err))
        return false;
    struct ln_sha1 name = ln_segment_sha1(kind_word(kind), r->room, len);
    return fn(ctx, kind, &name, r->room, len, err);
}

bool ln_pack_read(const void *pack, size_t len, ln_pack_fn *fn, void *ctx, struct ln_err *err)
{
    struct reader r = { 0 };
    uint32_t count = 0;
    bool ok = false;

    if (inflateInit(&r.z) != Z_OK)
        return ln_fail(err, LN_BROKEN, "zlib cannot start");
    if (!frame(&r, pack, len, &count, err))
        goto out;
    for (uint32_t i = 0; i < count; i++)
        if (!read_object(&r, fn, ctx, err)) {
            (void)ln_wrap(err, "object %u", i);
            goto out;
        }
    if (r.p != r.end) {
        (void)ln_fail(err, LN_INVALID, "pack goes on behind its objects");
        goto out;
    }
    ok = true;
out:
    (void)inflateEnd(&r.z);
    ln_free(r.room);
    return ok;
}

/* ---- all objects by name */

static bool take_object(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name,
                        const void *data, size_t len, struct ln_err *err)
{
    struct ln_pack_list *x = ctx;

    (void)err;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    struct ln_pack_object *o = &x->list[x->n++];
    *o = (struct ln_pack_object){
        .kind = kind, .name = *name, .len = len, .data = ln_alloc(len + 1)
    };
    if (len > 0)
        memcpy(o->data, data, len);
    return true;
}

/* A heap sort over indices needs no context that qsort could not carry. */

static int compare(const struct ln_pack_list *x, size_t a, size_t b)
{
    return memcmp(x->list[a].name.b, x->list[b].name.b, LN_SHA1_LEN);
}

static void sift(struct ln_pack_list *x, size_t root, size_t n)
{
    for (size_t child = 2 * root + 1; child < n; root = child, child = 2 * root + 1) {
        if (child + 1 < n && compare(x, x->by_name[child], x->by_name[child + 1]) < 0)
            child++;
        if (compare(x, x->by_name[root], x->by_name[child]) >= 0)
            return;
        size_t swap = x->by_name[root];
        x->by_name[root] = x->by_name[child];
        x->by_name[child] = swap;
    }
}

static void sort_names(struct ln_pack_list *x)
{
    x->by_name = ln_alloc_array(x->n + 1, sizeof *x->by_name);
    for (size_t i = 0; i < x->n; i++)
        x->by_name[i] = i;
    for (size_t i = x->n / 2; i-- > 0;)
        sift(x, i, x->n);
    for (size_t end = x->n; end > 1;) {
        end--;
        size_t swap = x->by_name[0];
        x->by_name[0] = x->by_name[end];
        x->by_name[end] = swap;
        sift(x, 0, end);
    }
}

bool ln_pack_list_read(struct ln_pack_list *out, const void *pack, size_t len, struct ln_err *err)
{
    if (!ln_pack_read(pack, len, take_object, out, err))
        return false;
    sort_names(out);
    return true;
}

const struct ln_pack_object *ln_pack_find(const struct ln_pack_list *x, enum ln_pack_kind kind,
                                          const struct ln_sha1 *name)
{
    size_t low = 0;
    size_t high = x->by_name != NULL ? x->n : 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct ln_pack_object *o = &x->list[x->by_name[mid]];
        int cmp = memcmp(o->name.b, name->b, LN_SHA1_LEN);
        if (cmp == 0)
            return o->kind == kind ? o : NULL;
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

void ln_pack_list_free(struct ln_pack_list *x)
{
    for (size_t i = 0; i < x->n; i++)
        ln_free(x->list[i].data);
    ln_free(x->list);
    ln_free(x->by_name);
    *x = (struct ln_pack_list){ 0 };
}
