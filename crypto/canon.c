/* Canonical JSON: see canon.h. On the hot path of every change, so the check goes over the bytes
 * once and looks at eight at a time inside strings. */
#include "crypto/canon.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* Where we are in a text; `p` never passes `end`. */
struct cursor {
    const char *p, *end;
};

/* One open array or object, with the last key seen in it. */
struct level {
    bool object;
    struct ln_span key;
};

/* The byte at `p`, or '\0', which is wrong everywhere, at the end. */
static char peek(const struct cursor *c)
{
    return c->p < c->end ? *c->p : '\0';
}

/* Marks the bytes of `w` that equal `c`. It may also mark a byte above a true hit, never without
 * one. */
static uint64_t equal(uint64_t w, char c)
{
    uint64_t x = w ^ (ONES * (uint8_t)c);

    return (x - ONES) & ~x & TOPS;
}

/* Steps over characters that stand for themselves: printable ASCII without quote and backslash. */
static void skip_plain(struct cursor *c)
{
    uint64_t w;

    while (c->end - c->p >= 8) {
        memcpy(&w, c->p, 8);
        uint64_t control = (w - ONES * 0x20) & ~w & TOPS;
        if ((control | equal(w, '"') | equal(w, '\\') | (w & TOPS)) != 0)
            break;
        c->p += 8;
    }
    while (c->p < c->end) {
        unsigned char b = (unsigned char)*c->p;
        if (b < 0x20 || b >= 0x80 || b == '"' || b == '\\')
            return;
        c->p++;
    }
}

static bool tail(const struct cursor *c, int i)
{
    return ((unsigned char)c->p[i] & 0xC0) == 0x80;
}

/* One character above ASCII, by the table of well-formed sequences (Unicode 3.9, table 3-7). */
static bool skip_utf8(struct cursor *c)
{
    unsigned char b = (unsigned char)*c->p;
    ptrdiff_t left = c->end - c->p;

    if (b >= 0xE1 && b <= 0xEF && b != 0xED && left >= 3) { /* first, as most Chinese is here */
        if (!tail(c, 1) || !tail(c, 2))
            return false;
        c->p += 3;
        return true;
    }
    if (b >= 0xC2 && b <= 0xDF && left >= 2 && tail(c, 1)) {
        c->p += 2;
        return true;
    }
    if (b == 0xE0 && left >= 3 && tail(c, 1) && (unsigned char)c->p[1] >= 0xA0 && tail(c, 2)) {
        c->p += 3;
        return true;
    }
    if (b == 0xED && left >= 3 && tail(c, 1) && (unsigned char)c->p[1] < 0xA0 && tail(c, 2)) {
        c->p += 3; /* ED A0 and above would be a surrogate */
        return true;
    }
    if (b < 0xF0 || b > 0xF4 || left < 4 || !tail(c, 1) || !tail(c, 2) || !tail(c, 3))
        return false;
    if ((b == 0xF0 && (unsigned char)c->p[1] < 0x90) ||
        (b == 0xF4 && (unsigned char)c->p[1] >= 0x90))
        return false;
    c->p += 4;
    return true;
}

/* The value of a lower-case hex digit, or -1. */
static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The letter of the two-character escape of a control character, or '\0' when it has none. */
static char short_escape(int control)
{
    static const char letters[] = "\0\0\0\0\0\0\0\0btn\0fr";

    return control < 14 ? letters[control] : '\0';
}

/* RFC 8785 3.2.2.2: each character has one spelling; \u is left for controls without a letter. */
static bool skip_escape(struct cursor *c)
{
    if (c->end - c->p < 2)
        return false;
    if (c->p[1] != '\0' && strchr("\"\\btnfr", c->p[1]) != NULL) {
        c->p += 2;
        return true;
    }
    if (c->end - c->p < 6 || memcmp(c->p, "\\u00", 4) != 0)
        return false;
    int high = hex(c->p[4]);
    int low = hex(c->p[5]);
    if (high < 0 || high > 1 || low < 0 || (high == 0 && low == 0))
        return false;
    if (short_escape(high * 16 + low) != '\0')
        return false;
    c->p += 6;
    return true;
}

static bool skip_string(struct cursor *c)
{
    c->p++;
    for (;;) {
        skip_plain(c);
        char b = peek(c);
        if (b == '"') {
            c->p++;
            return true;
        }
        if (b == '\\' ? !skip_escape(c) : (((unsigned char)b & 0x80) == 0 || !skip_utf8(c)))
            return false;
        while (((unsigned char)peek(c) & 0x80) != 0) /* Chinese seldom comes alone */
            if (!skip_utf8(c))
                return false;
    }
}

static bool skip_int(struct cursor *c)
{
    int64_t n = 0;
    int digits = 0;
    bool minus = *c->p == '-';
    const char *start = c->p;

    if (minus)
        c->p++;
    const char *first = c->p;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9' && digits < 17) {
        n = n * 10 + (*c->p - '0');
        c->p++;
        digits++;
    }
    bool ok = digits > 0 && n <= LN_CANON_INT_MAX && digits < 17;
    if (!ok || (*first == '0' && (digits > 1 || minus))) {
        c->p = start;
        return false;
    }
    return true;
}

static bool skip_word(struct cursor *c, const char *word, size_t len)
{
    if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
        return false;
    c->p += len;
    return true;
}

static bool skip_scalar(struct cursor *c)
{
    switch (peek(c)) {
    case '"':
        return skip_string(c);
    case 't':
        return skip_word(c, "true", 4);
    case 'f':
        return skip_word(c, "false", 5);
    case 'n':
        return skip_word(c, "null", 4);
    default:
        return c->p < c->end && skip_int(c);
    }
}

static bool ascends(struct ln_span before, struct ln_span now)
{
    size_t len = before.len < now.len ? before.len : now.len;
    int order = memcmp(before.p, now.p, len);

    return order < 0 || (order == 0 && before.len < now.len);
}

/* A key with its quotes and colon; greater than the one before, which also bars a second of the
 * same name. */
static bool skip_key(struct cursor *c, struct level *in, bool first)
{
    if (peek(c) != '"')
        return false;
    struct cursor start = { c->p + 1, c->end };
    struct cursor key = start;
    while (key.p < key.end && *key.p >= ' ' && *key.p <= '~' && *key.p != '"' && *key.p != '\\')
        key.p++;
    if (peek(&key) != '"') {
        c->p = key.p;
        return false;
    }
    struct ln_span now = { start.p, (size_t)(key.p - start.p) };
    if (!first && !ascends(in->key, now))
        return false;
    in->key = now;
    c->p = key.p + 1;
    if (peek(c) != ':')
        return false;
    c->p++;
    return true;
}

/* After a value: closes what ends here, up to a comma. False when something else stands there. */
static bool close_levels(struct cursor *c, struct level *levels, int *depth)
{
    while (*depth > 0) {
        struct level *in = &levels[*depth - 1];
        char b = peek(c);
        if (b == ',') {
            c->p++;
            return !in->object || skip_key(c, in, false);
        }
        if (b != (in->object ? '}' : ']'))
            return false;
        c->p++;
        (*depth)--;
    }
    return true;
}

/* At '{' or '['. An empty one is closed at once; otherwise the cursor stands at its first value. */
static bool open_level(struct cursor *c, struct level *levels, int *depth, bool *empty)
{
    bool object = *c->p == '{';

    if (*depth == LN_CANON_DEPTH)
        return false;
    c->p++;
    *empty = peek(c) == (object ? '}' : ']');
    if (*empty) {
        c->p++;
        return true;
    }
    levels[*depth] = (struct level){ .object = object };
    (*depth)++;
    return !object || skip_key(c, &levels[*depth - 1], true);
}

static bool walk(struct cursor *c)
{
    struct level levels[LN_CANON_DEPTH];
    int depth = 0;

    do {
        char b = peek(c);
        if (b == '{' || b == '[') {
            bool empty;
            if (!open_level(c, levels, &depth, &empty))
                return false;
            if (!empty)
                continue;
        } else if (!skip_scalar(c)) {
            return false;
        }
        if (!close_levels(c, levels, &depth))
            return false;
    } while (depth > 0);
    return c->p == c->end;
}

bool ln_canon_check(const char *text, size_t len, struct ln_err *err)
{
    struct cursor c = { text, text + len };

    if (!walk(&c))
        return ln_fail(err, LN_INVALID, "not canonical JSON at byte %zu", (size_t)(c.p - text));
    return true;
}

enum ln_canon_type ln_canon_type(struct ln_span value)
{
    switch (value.p[0]) {
    case '{':
        return LN_CANON_OBJECT;
    case '[':
        return LN_CANON_ARRAY;
    case '"':
        return LN_CANON_STRING;
    case 't':
    case 'f':
        return LN_CANON_BOOL;
    case 'n':
        return LN_CANON_NULL;
    default:
        return LN_CANON_INT;
    }
}

/* From behind an opening quote to the closing one; text is checked, so only a backslash can hide a
 * quote. */
static const char *quote(const char *p, const char *end)
{
    uint64_t w;

    for (;;) {
        while (end - p >= 8) {
            memcpy(&w, p, 8);
            if ((equal(w, '"') | equal(w, '\\')) != 0)
                break;
            p += 8;
        }
        while (*p != '"' && *p != '\\')
            p++;
        if (*p == '"')
            return p;
        p += 2;
    }
}

/* Behind the value that starts at `p`. */
static const char *behind(const char *p, const char *end)
{
    size_t depth = 0;

    do {
        char b = *p;
        if (b == '"')
            p = quote(p + 1, end);
        else if (b == '{' || b == '[')
            depth++;
        else if (b == '}' || b == ']')
            depth--;
        p++;
    } while (depth > 0);
    while (p < end && *p != ',' && *p != '}' && *p != ']') /* the rest of a number or word */
        p++;
    return p;
}

bool ln_canon_next(struct ln_span value, size_t *at, struct ln_span *key, struct ln_span *item)
{
    const char *end = value.p + value.len - 1; /* the closing bracket */
    const char *p = value.p + (*at > 0 ? *at : 1);

    if (p >= end)
        return false;
    if (*p == ',')
        p++;
    struct ln_span name = { p, 0 };
    if (value.p[0] == '{') {
        name.p = p + 1;
        p = quote(p + 1, end); /* keys hold no escape */
        name.len = (size_t)(p - name.p);
        p += 2;
    }
    const char *stop = behind(p, end);
    *item = (struct ln_span){ p, (size_t)(stop - p) };
    if (key != NULL)
        *key = name;
    *at = (size_t)(stop - value.p);
    return true;
}

bool ln_canon_get(struct ln_span object, const char *key, struct ln_span *item)
{
    struct ln_span name;
    size_t at = 0;

    size_t len = strlen(key);

    while (ln_canon_next(object, &at, &name, item))
        if (name.len == len && memcmp(name.p, key, len) == 0)
            return true;
    return false;
}

int64_t ln_canon_int(struct ln_span value)
{
    int64_t n = 0;
    bool minus = value.p[0] == '-';

    for (size_t i = minus ? 1 : 0; i < value.len; i++)
        n = n * 10 + (value.p[i] - '0');
    return minus ? -n : n;
}

bool ln_canon_bool(struct ln_span value)
{
    return value.p[0] == 't';
}

bool ln_canon_plain(struct ln_span value, struct ln_span *text)
{
    if (value.len < 2 || value.p[0] != '"' || memchr(value.p, '\\', value.len) != NULL)
        return false;
    *text = (struct ln_span){ value.p + 1, value.len - 2 };
    return true;
}

/* The character an escape stands for; `p` is at the backslash and moves behind the escape. */
static char unescape(const char **p)
{
    static const char letters[] = "btnfr";
    static const char controls[] = "\b\t\n\f\r";
    char kind = (*p)[1];

    if (kind == 'u') {
        int value = hex((*p)[4]) * 16 + hex((*p)[5]);
        *p += 6;
        return (char)value;
    }
    *p += 2;
    const char *found = strchr(letters, kind);
    return found != NULL ? controls[found - letters] : kind;
}

void ln_canon_text(struct ln_buf *out, struct ln_span value)
{
    const char *p = value.p + 1;
    const char *end = value.p + value.len - 1;

    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        if (stop == NULL)
            stop = end;
        ln_buf_add(out, p, (size_t)(stop - p));
        p = stop;
        if (p < end)
            ln_buf_addc(out, unescape(&p));
    }
}

static void add_escape(struct ln_buf *out, unsigned char b)
{
    if (b == '"' || b == '\\')
        ln_buf_addf(out, "\\%c", b);
    else if (short_escape(b) != '\0')
        ln_buf_addf(out, "\\%c", short_escape(b));
    else
        ln_buf_addf(out, "\\u%04x", b);
}

void ln_canon_add_string(struct ln_buf *out, const char *text, size_t len)
{
    struct cursor c = { text, text + len };

    ln_buf_addc(out, '"');
    while (c.p < c.end) {
        const char *start = c.p;
        skip_plain(&c);
        while (c.p < c.end && ((unsigned char)*c.p & 0x80) != 0) {
            bool valid = skip_utf8(&c);
            assert(valid);
        }
        ln_buf_add(out, start, (size_t)(c.p - start));
        unsigned char b = (unsigned char)peek(&c);
        if (c.p < c.end && (b < 0x20 || b == '"' || b == '\\')) {
            assert(b != '\0');
            add_escape(out, b);
            c.p++;
        }
    }
    ln_buf_addc(out, '"');
}

void ln_canon_add_int(struct ln_buf *out, int64_t n)
{
    assert(n >= -LN_CANON_INT_MAX && n <= LN_CANON_INT_MAX);
    ln_buf_addf(out, "%" PRId64, n);
}

bool ln_canon_utf8(const char *text, size_t len)
{
    struct cursor c = { text, text + len };

    while (c.p < c.end) {
        skip_plain(&c);
        char b = peek(&c);
        if (((unsigned char)b & 0x80) != 0) {
            if (!skip_utf8(&c))
                return false;
        } else if (c.p < c.end) {
            if (b == '\0')
                return false;
            c.p++;
        }
    }
    return true;
}
