/* Subject keys between nodes: see keys.h. */
#include "sync/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

#define AGE_MAX 1024 /* a wrap */
#define WRAPS 2      /* of a body: for the receiver, for the recovery key */
#define ZSTD_LEVEL 3 /* names and ids repeat; boxes do not shrink */

/* ---- writing */

struct writing {
    struct ln_buf *json;
    struct ln_buf wraps[WRAPS]; /* by `escrow` */
    unsigned n;
};

/* {"audience":...,"box":...,"escrow":bool,"kid":...,"person":id} */
static bool add_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct writing *w = ctx;
    struct ln_buf *wrap = &w->wraps[k->escrow];
    char person[LN_ID_TEXT + 1];

    ln_clock_id_write(person, &k->person);
    ln_buf_addf(w->json, "%s{\"audience\":\"%s\",\"box\":\"", w->n++ > 0 ? "," : "", k->audience);
    ln_buf_add(w->json, k->box.p, k->box.len);
    ln_buf_addf(w->json, "\",\"escrow\":%s,\"kid\":\"%s\",\"person\":\"%s\"}",
                k->escrow ? "true" : "false", k->kid, person);
    if (wrap->len == 0)
        ln_encode_base64(wrap, k->wrap.p, k->wrap.len, false);
    return ln_buf_done(w->json, "keys", err) && ln_buf_done(wrap, "keys", err);
}

static bool compress(struct ln_buf *out, const struct ln_buf *json, struct ln_err *err)
{
    size_t room = ZSTD_compressBound(json->len);
    void *to = ln_buf_grow(out, room);

    if (to == NULL)
        return ln_fail(err, LN_FULL, "too many keys for one body");
    size_t n = ZSTD_compress(to, room, json->data, json->len, ZSTD_LEVEL);
    if (ZSTD_isError(n))
        return ln_fail(err, LN_BROKEN, "zstd: %s", ZSTD_getErrorName(n));
    ln_buf_cut(out, out->len - room + n);
    return true;
}

/* {"keys":[...],"wraps":[...]} of what `w` has gathered. */
static bool close_body(struct ln_buf *body, struct writing *w, const char *place,
                       struct ln_err *err)
{
    bool ok;

    ln_buf_adds(w->json, "]");
    if (place != NULL)
        ln_buf_addf(w->json, ",\"place\":\"%s\"", place);
    ln_buf_addf(w->json, ",\"wraps\":[\"%s\",\"%s\"]}", w->wraps[0].len > 0 ? w->wraps[0].data : "",
                w->wraps[1].len > 0 ? w->wraps[1].data : "");
    ok = w->n == 0 || (ln_buf_done(w->json, "keys", err) && compress(body, w->json, err));
    ln_buf_free(w->json);
    ln_buf_free(&w->wraps[0]);
    ln_buf_free(&w->wraps[1]);
    return ok;
}

bool ln_keys_pending(struct ln_buf *body, unsigned *n, struct ln_replica *r, struct ln_err *err)
{
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct writing w = { .json = &json,
                         .wraps = { ln_buf_new(2 * AGE_MAX), ln_buf_new(2 * AGE_MAX) } };

    ln_buf_adds(&json, "{\"keys\":[");
    bool ok =
        ln_replica_keys_pending(r, LN_KEYS_BATCH / 2, /* escrow and copy */ add_item, &w, err);
    *n = ok ? w.n : 0;
    ok = close_body(body, &w, NULL, err) && ok;
    return ok;
}

/* ---- all that wait, body after body */

struct bodies {
    struct writing w;
    struct ln_buf json;
    ln_keys_body_fn *fn;
    void *ctx;
};

static void begin_body(struct bodies *b)
{
    b->json = ln_buf_new(LN_KEYS_JSON_MAX);
    b->w = (struct writing){ .json = &b->json,
                             .wraps = { ln_buf_new(2 * AGE_MAX), ln_buf_new(2 * AGE_MAX) } };
    ln_buf_adds(&b->json, "{\"keys\":[");
}

static bool end_body(struct bodies *b, struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_KEYS_JSON_MAX);
    unsigned n = b->w.n;
    bool ok = close_body(&body, &b->w, NULL, err);

    ok = ok && (n == 0 || b->fn(b->ctx, (struct ln_span){ body.data, body.len }, n, err));
    ln_buf_free(&body);
    return ok;
}

static bool add_to_bodies(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct bodies *b = ctx;

    if (b->w.n == LN_KEYS_BATCH) {
        bool ok = end_body(b, err);
        begin_body(b);
        if (!ok)
            return false;
    }
    return add_item(&b->w, k, err);
}

bool ln_keys_pending_each(struct ln_replica *r, ln_keys_body_fn *fn, void *ctx, struct ln_err *err)
{
    struct bodies b = { .fn = fn, .ctx = ctx };

    begin_body(&b);
    bool ok = ln_replica_keys_pending(r, INT32_MAX, add_to_bodies, &b, err);
    if (ok)
        return end_body(&b, err);
    ln_buf_free(&b.json);
    ln_buf_free(&b.w.wraps[0]);
    ln_buf_free(&b.w.wraps[1]);
    return false;
}

/* ---- asking */

static bool add_kid(void *ctx, const char *kid, struct ln_err *err)
{
    struct writing *w = ctx;

    (void)err;
    ln_buf_addf(w->json, "%s\"%s\"", w->n++ > 0 ? "," : "", kid);
    return true;
}

bool ln_keys_want(struct ln_buf *body, unsigned *n, struct ln_store *reader, struct ln_err *err)
{
    struct writing w = { .json = body };

    ln_buf_adds(body, "{\"want\":[");
    bool ok = ln_replica_keys_wanted(reader, LN_KEYS_BATCH, add_kid, &w, err);
    ln_buf_adds(body, "]}");
    *n = ok ? w.n : 0;
    return ok && ln_buf_done(body, "wanted keys", err);
}

bool ln_keys_give(struct ln_buf *answer, struct ln_store *reader, struct ln_span body,
                  const struct ln_cert *to, struct ln_err *err)
{
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct writing w = { .json = &json,
                         .wraps = { ln_buf_new(2 * AGE_MAX), ln_buf_new(2 * AGE_MAX) } };
    char(*kids)[16] = ln_alloc_array(LN_KEYS_BATCH, sizeof *kids);
    struct ln_span list = { NULL, 0 };
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;
    size_t n = 0;
    bool ok = ln_canon_check(body.p, body.len, err);

    ln_buf_adds(&json, "{\"keys\":[");
    if (ok && (ln_canon_type(body) != LN_CANON_OBJECT || !ln_canon_get(body, "want", &list) ||
               ln_canon_type(list) != LN_CANON_ARRAY))
        ok = ln_fail(err, LN_INVALID, "no list of wanted keys");
    while (ok && ln_canon_next(list, &at, NULL, &item)) {
        if (n == LN_KEYS_BATCH || ln_canon_type(item) != LN_CANON_STRING ||
            !ln_canon_plain(item, &word) || word.len >= sizeof kids[0]) {
            ok = ln_fail(err, LN_INVALID, "a wanted key is no name, or there are too many");
            break;
        }
        memcpy(kids[n], word.p, word.len);
        kids[n++][word.len] = '\0';
    }
    ok = ok && ln_replica_keys_for(reader, to, (const char(*)[16])kids, n, add_item, &w, err);
    ok = close_body(answer, &w, NULL, err) && ok;
    ln_free(kids);
    return ok;
}

/* ---- reading */

static bool copy_word(char *out, size_t cap, struct ln_span object, const char *key)
{
    struct ln_span value;
    struct ln_span word;

    if (!ln_canon_get(object, key, &value) || ln_canon_type(value) != LN_CANON_STRING ||
        !ln_canon_plain(value, &word) || word.len >= cap)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

static bool read_item(struct ln_key_item *k, const struct ln_buf wraps[WRAPS], struct ln_span item)
{
    char person[LN_ID_TEXT + 1];
    struct ln_span value;
    struct ln_span word;

    if (ln_canon_type(item) != LN_CANON_OBJECT || !copy_word(k->kid, sizeof k->kid, item, "kid") ||
        !copy_word(k->audience, sizeof k->audience, item, "audience") ||
        !copy_word(person, sizeof person, item, "person") ||
        !ln_clock_id_read(&k->person, ln_span_of(person)) ||
        !ln_canon_get(item, "escrow", &value) || ln_canon_type(value) != LN_CANON_BOOL)
        return false;
    k->escrow = ln_canon_bool(value);
    if (!ln_canon_get(item, "box", &value) || ln_canon_type(value) != LN_CANON_STRING ||
        !ln_canon_plain(value, &word))
        return false;
    k->box = word;
    k->wrap = (struct ln_span){ wraps[k->escrow].data, wraps[k->escrow].len };
    return k->wrap.len > 0;
}

/* ["<age, base64, unpadded>" or "", the same for the recovery key] */
static bool read_wraps(struct ln_buf wraps[WRAPS], struct ln_span body)
{
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;
    size_t n = 0;

    if (!ln_canon_get(body, "wraps", &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(list, &at, NULL, &item))
        if (n == WRAPS || ln_canon_type(item) != LN_CANON_STRING || !ln_canon_plain(item, &word) ||
            !ln_encode_unbase64(&wraps[n++], word, false))
            return false;
    return n == WRAPS;
}

/* The JSON of a body; its size is bounded before anything is unpacked. */
static bool decompress(struct ln_buf *out, struct ln_span body, struct ln_err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(body.p, body.len);
    void *to = size <= LN_KEYS_JSON_MAX ? ln_buf_grow(out, (size_t)size) : NULL;

    if (to == NULL || ZSTD_decompress(to, (size_t)size, body.p, body.len) != size)
        return ln_fail(err, LN_INVALID, "no list of keys, or one of more than %d bytes",
                       LN_KEYS_JSON_MAX);
    return true;
}

typedef bool item_fn(void *ctx, const struct ln_key_item *k, struct ln_err *err);

/* `place` (may be NULL) gets where a page of escrow ends. */
static bool each(struct ln_span packed, char place[LN_KEYS_PLACE_MAX], item_fn *fn, void *ctx,
                 struct ln_err *err)
{
    struct ln_buf wraps[WRAPS] = { ln_buf_new(AGE_MAX), ln_buf_new(AGE_MAX) };
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct ln_span list;
    struct ln_span item;
    size_t at = 0;
    unsigned n = 0;
    bool ok = false;

    if (!decompress(&json, packed, err) || !ln_canon_check(json.data, json.len, err))
        goto out;
    struct ln_span body = { json.data, json.len };
    if (ln_canon_type(body) != LN_CANON_OBJECT || !ln_canon_get(body, "keys", &list) ||
        ln_canon_type(list) != LN_CANON_ARRAY || !read_wraps(wraps, body)) {
        (void)ln_fail(err, LN_INVALID, "no list of keys");
        goto out;
    }
    if (place != NULL && !copy_word(place, LN_KEYS_PLACE_MAX, body, "place"))
        place[0] = '\0';
    while (ln_canon_next(list, &at, NULL, &item)) {
        struct ln_key_item k = { 0 };
        if (++n > LN_KEYS_BATCH || !read_item(&k, wraps, item)) {
            (void)ln_fail(err, LN_INVALID, "key %u of the list is not one", n);
            goto out;
        }
        if (!fn(ctx, &k, err))
            goto out;
    }
    ok = true;
out:
    ln_buf_free(&wraps[0]);
    ln_buf_free(&wraps[1]);
    ln_buf_free(&json);
    return ok;
}

struct taking {
    struct ln_replica *r;
    const struct ln_cert *from;
    ln_keys_want_fn *want; /* NULL: all */
    void *ctx;
    unsigned n;
};

static bool take_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct taking *t = ctx;

    if (t->want != NULL && (k->escrow || !t->want(t->ctx, k->kid)))
        return true;
    t->n++;
    return ln_replica_key_put(t->r, t->from, k, err) || ln_wrap(err, "key %s", k->kid);
}

bool ln_keys_take_some(unsigned *n, struct ln_replica *r, struct ln_span body,
                       const struct ln_cert *from, ln_keys_want_fn *want, void *ctx,
                       struct ln_err *err)
{
    struct taking t = { .r = r, .from = from, .want = want, .ctx = ctx };

    if (!each(body, NULL, take_item, &t, err))
        return false;
    *n = t.n;
    return true;
}

bool ln_keys_take(unsigned *n, struct ln_replica *r, struct ln_span body,
                  const struct ln_cert *from, struct ln_err *err)
{
    return ln_keys_take_some(n, r, body, from, NULL, NULL, err);
}

static bool sent_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    return ln_replica_keys_sent(ctx, k, 1, err);
}

bool ln_keys_sent(struct ln_replica *r, struct ln_span body, struct ln_err *err)
{
    return each(body, NULL, sent_item, r, err);
}

/* ---- escrow back */

struct escrow_page {
    struct writing w;
    int64_t wrap;
    char place[LN_KEYS_PLACE_MAX];
};

static bool take_escrow(void *ctx, const struct ln_store_escrow *e, struct ln_err *err)
{
    struct escrow_page *p = ctx;
    struct ln_key_item k = { .person = e->person, .box = e->box, .wrap = e->wrap, .escrow = true };

    if (p->w.n == LN_KEYS_BATCH || (p->w.n > 0 && e->wrap_n != p->wrap)) {
        err->code = LN_OK;
        return false;
    }
    memcpy(k.kid, e->kid, sizeof k.kid);
    memcpy(k.audience, e->audience, sizeof k.audience);
    p->wrap = e->wrap_n;
    (void)snprintf(p->place, sizeof p->place, "%" PRId64 ".%s", e->wrap_n, e->kid);
    return add_item(&p->w, &k, err);
}

/* "<wrap>.<kid>" */
static bool read_place(int64_t *wrap, char kid[16], const char *place)
{
    char *end;

    *wrap = 0;
    kid[0] = '\0';
    if (place[0] == '\0')
        return true;
    *wrap = strtoll(place, &end, 10);
    return end != place && *end == '.' && strlen(end + 1) < 16 &&
           snprintf(kid, 16, "%s", end + 1) > 0;
}

bool ln_keys_escrow(struct ln_buf *body, unsigned *n, char place[LN_KEYS_PLACE_MAX],
                    struct ln_store *reader, const char *node, struct ln_err *err)
{
    struct ln_buf json = ln_buf_new(LN_KEYS_JSON_MAX);
    struct escrow_page p = {
        .w = { .json = &json, .wraps = { ln_buf_new(2 * AGE_MAX), ln_buf_new(2 * AGE_MAX) } }
    };
    int64_t wrap;
    char kid[16];
    bool ok = read_place(&wrap, kid, place) || ln_fail(err, LN_INVALID, "no place among the keys");

    ln_buf_adds(&json, "{\"keys\":[");
    err->code = ok ? LN_OK : err->code;
    ok = ok && (reader->ops->escrow_each(reader->ctx, node, wrap, kid, take_escrow, &p, err) ||
                err->code == LN_OK);
    memcpy(place, p.place, LN_KEYS_PLACE_MAX);
    *n = p.w.n;
    return close_body(body, &p.w, p.place, err) && ok;
}

struct restoring {
    struct ln_replica *r;
    unsigned n;
};

static bool restore_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct restoring *t = ctx;

    t->n++;
    return ln_replica_key_restore(t->r, k, err) || ln_wrap(err, "key %s", k->kid);
}

bool ln_keys_restore(unsigned *n, char place[LN_KEYS_PLACE_MAX], struct ln_replica *r,
                     struct ln_span body, struct ln_err *err)
{
    struct restoring t = { .r = r };

    if (!each(body, place, restore_item, &t, err))
        return false;
    *n = t.n;
    return true;
}
