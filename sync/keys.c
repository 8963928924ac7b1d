/* Subject keys between nodes: see keys.h. */
#include "sync/keys.h"

#include <string.h>

#include "crypto/canon.h"

#define AGE_MAX 4096 /* one wrapped key */

/* ---- writing */

struct writing {
    struct ln_buf *body;
    unsigned n;
};

/* {"age":base64,"audience":...,"escrow":bool,"kid":...,"person":id} */
static bool add_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct writing *w = ctx;
    char person[LN_ID_TEXT + 1];

    ln_clock_id_write(person, &k->person);
    ln_buf_adds(w->body, w->n++ > 0 ? ",{\"age\":\"" : "{\"age\":\"");
    ln_encode_base64(w->body, k->age.p, k->age.len, false);
    ln_buf_addf(w->body, "\",\"audience\":\"%s\",\"escrow\":%s,\"kid\":\"%s\",\"person\":\"%s\"}",
                k->audience, k->escrow ? "true" : "false", k->kid, person);
    return ln_buf_done(w->body, "keys", err);
}

bool ln_keys_pending(struct ln_buf *body, unsigned *n, struct ln_replica *r, struct ln_err *err)
{
    struct writing w = { .body = body };

    ln_buf_adds(body, "{\"keys\":[");
    if (!ln_replica_keys_pending(r, LN_KEYS_BATCH / 2, /* escrow and copy */ add_item, &w, err))
        return false;
    ln_buf_adds(body, "]}");
    *n = w.n;
    return ln_buf_done(body, "keys", err);
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

static bool read_item(struct ln_key_item *k, struct ln_buf *age, struct ln_span item)
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
    if (!ln_canon_get(item, "age", &value) || ln_canon_type(value) != LN_CANON_STRING ||
        !ln_canon_plain(value, &word) || !ln_encode_unbase64(age, word, false))
        return false;
    k->age = (struct ln_span){ age->data, age->len };
    return true;
}

typedef bool item_fn(void *ctx, const struct ln_key_item *k, struct ln_err *err);

static bool each(struct ln_span body, item_fn *fn, void *ctx, struct ln_err *err)
{
    struct ln_buf age = ln_buf_new(AGE_MAX);
    struct ln_span list;
    struct ln_span item;
    size_t at = 0;
    unsigned n = 0;
    bool ok = false;

    if (!ln_canon_check(body.p, body.len, err))
        goto out;
    if (ln_canon_type(body) != LN_CANON_OBJECT || !ln_canon_get(body, "keys", &list) ||
        ln_canon_type(list) != LN_CANON_ARRAY) {
        (void)ln_fail(err, LN_INVALID, "no list of keys");
        goto out;
    }
    while (ln_canon_next(list, &at, NULL, &item)) {
        struct ln_key_item k = { 0 };
        ln_buf_clear(&age);
        if (++n > LN_KEYS_BATCH || !read_item(&k, &age, item)) {
            (void)ln_fail(err, LN_INVALID, "key %u of the list is not one", n);
            goto out;
        }
        if (!fn(ctx, &k, err))
            goto out;
    }
    ok = true;
out:
    ln_buf_free(&age);
    return ok;
}

struct taking {
    struct ln_replica *r;
    const struct ln_cert *from;
    unsigned n;
};

static bool take_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    struct taking *t = ctx;

    t->n++;
    return ln_replica_key_put(t->r, t->from, k, err) || ln_wrap(err, "key %s", k->kid);
}

bool ln_keys_take(unsigned *n, struct ln_replica *r, struct ln_span body,
                  const struct ln_cert *from, struct ln_err *err)
{
    struct taking t = { .r = r, .from = from };

    if (!each(body, take_item, &t, err))
        return false;
    *n = t.n;
    return true;
}

static bool sent_item(void *ctx, const struct ln_key_item *k, struct ln_err *err)
{
    return ln_replica_keys_sent(ctx, k, 1, err);
}

bool ln_keys_sent(struct ln_replica *r, struct ln_span body, struct ln_err *err)
{
    return each(body, sent_item, r, err);
}
