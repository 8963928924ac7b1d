/* Canonical JSON: what is accepted has exactly one text, so that writing it anew gives the same
 * bytes. */
#include <stdlib.h>
#include <string.h>

#include "crypto/canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void rewrite(struct ln_buf *out, struct ln_span v)
{
    enum ln_canon_type type = ln_canon_type(v);
    struct ln_buf text = ln_buf_new(v.len + 1);
    struct ln_span key;
    struct ln_span item;
    size_t at = 0;

    if (type == LN_CANON_STRING) {
        ln_canon_text(&text, v);
        ln_canon_add_string(out, text.data, text.len);
    } else if (type == LN_CANON_INT) {
        ln_canon_add_int(out, ln_canon_int(v));
    } else if (type == LN_CANON_ARRAY || type == LN_CANON_OBJECT) {
        ln_buf_addc(out, type == LN_CANON_ARRAY ? '[' : '{');
        for (bool more = false; ln_canon_next(v, &at, &key, &item); more = true) {
            if (more)
                ln_buf_addc(out, ',');
            if (type == LN_CANON_OBJECT) {
                ln_canon_add_string(out, key.p, key.len);
                ln_buf_addc(out, ':');
            }
            rewrite(out, item);
        }
        ln_buf_addc(out, type == LN_CANON_ARRAY ? ']' : '}');
    } else
        ln_buf_adds(out, type == LN_CANON_NULL ? "null" : ln_canon_bool(v) ? "true" : "false");
    ln_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ln_buf again = ln_buf_new(len + 1);
    struct ln_err err = { 0 };

    if (ln_canon_check((const char *)data, len, &err)) {
        rewrite(&again, (struct ln_span){ (const char *)data, len });
        if (again.len != len || memcmp(again.data, data, len) != 0)
            abort();
    } else if (err.code != LN_INVALID)
        abort();
    ln_buf_free(&again);
    return 0;
}
