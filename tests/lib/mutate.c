/* Texts with one thing changed: see mutate.h. */
#include "tests/lib/mutate.h"

#include "crypto/base/buf.h"

#define MUTATE_MAX (1 << 20)

void mutate_bytes(const char *text, size_t len, mutate_fn *fn, void *ctx)
{
    static const char others[] = "\0\t\n\r \"\\(),-./09:;=?@AFZ[]_`afz{}~\x7f\x80\xe4\xff";

    for (size_t at = 0; at <= len; at++) {
        struct ln_buf b = ln_buf_new(MUTATE_MAX);
        ln_buf_add(&b, text, at);
        if (at < len)
            fn(ctx, b.data, b.len);
        for (size_t i = 0; i < sizeof others - 1; i++) {
            if (at < len && others[i] == text[at])
                continue;
            ln_buf_cut(&b, at);
            ln_buf_addc(&b, others[i]);
            if (at < len)
                ln_buf_add(&b, text + at + 1, len - at - 1);
            fn(ctx, b.data, b.len);
        }
        for (size_t times = 0; at < len && times <= 2; times += 2) {
            ln_buf_cut(&b, at);
            for (size_t i = 0; i < times; i++)
                ln_buf_addc(&b, text[at]);
            ln_buf_add(&b, text + at + 1, len - at - 1);
            fn(ctx, b.data, b.len);
        }
        ln_buf_free(&b);
    }
}

static const char *const values[] = {
    "",
    "0",
    "7",
    "-1",
    "9007199254740991",
    "true",
    "null",
    "\"\"",
    "[]",
    "{}",
    "\"x\"",
    "\"a\\nb\"",
    "[7]",
    "[\"x\"]",
    "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""
};

struct walk {
    size_t at, target; /* values passed; the one to change */
    size_t other;
    struct ln_buf *out;
};

/* False: the value is left out. */
static bool emit(struct walk *w, struct ln_span value)
{
    enum ln_canon_type type = ln_canon_type(value);
    struct ln_span key;
    struct ln_span item;
    size_t at = 0;
    bool first = true;

    if (w->at++ == w->target) {
        ln_buf_adds(w->out, values[w->other]);
        return w->other > 0;
    }
    if (type != LN_CANON_OBJECT && type != LN_CANON_ARRAY) {
        ln_buf_add(w->out, value.p, value.len);
        return true;
    }
    ln_buf_addc(w->out, type == LN_CANON_OBJECT ? '{' : '[');
    while (ln_canon_next(value, &at, type == LN_CANON_OBJECT ? &key : NULL, &item)) {
        size_t before = w->out->len;
        if (!first)
            ln_buf_addc(w->out, ',');
        if (type == LN_CANON_OBJECT) {
            ln_canon_add_string(w->out, key.p, key.len);
            ln_buf_addc(w->out, ':');
        }
        if (emit(w, item))
            first = false;
        else
            ln_buf_cut(w->out, before);
    }
    ln_buf_addc(w->out, type == LN_CANON_OBJECT ? '}' : ']');
    return true;
}

void mutate_json(struct ln_span value, mutate_fn *fn, void *ctx)
{
    struct ln_buf out = ln_buf_new(MUTATE_MAX);
    struct walk w = { .out = &out };

    for (w.target = 0;; w.target++)
        for (w.other = 0; w.other < sizeof values / sizeof values[0]; w.other++) {
            ln_buf_clear(&out);
            w.at = 0;
            (void)emit(&w, value);
            if (w.at <= w.target) {
                ln_buf_free(&out);
                return;
            }
            fn(ctx, out.len > 0 ? out.data : "", out.len);
        }
}
