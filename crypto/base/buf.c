/* The growable buffer: see buf.h. */
#include "crypto/base/buf.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"

static char nothing[1] = ""; /* what data points at before the first add; never written to */

struct ln_buf ln_buf_new(size_t max)
{
    return (struct ln_buf){ .data = nothing, .max = max };
}

struct ln_buf ln_buf_secret(size_t max)
{
    return (struct ln_buf){ .data = nothing, .max = max, .secret = true };
}

void ln_buf_free(struct ln_buf *b)
{
    if (b->cap > 0) {
        if (b->secret)
            sodium_memzero(b->data, b->cap);
        ln_free(b->data);
    }
    *b = (struct ln_buf){ .data = nothing, .max = b->max, .secret = b->secret };
}

void ln_buf_clear(struct ln_buf *b)
{
    if (b->cap > 0) {
        if (b->secret)
            sodium_memzero(b->data, b->cap);
        b->data[0] = '\0';
    }
    b->len = 0;
    b->over = false;
}

static void enlarge(struct ln_buf *b, size_t need)
{
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    if (b->secret && b->cap > 0) {
        char *data = ln_realloc(NULL, cap);
        memcpy(data, b->data, b->len + 1);
        sodium_memzero(b->data, b->cap);
        ln_free(b->data);
        b->data = data;
    } else {
        b->data = ln_realloc(b->cap > 0 ? b->data : NULL, cap);
    }
    b->cap = cap;
}

void *ln_buf_grow(struct ln_buf *b, size_t len)
{
    if (b->over || len > b->max - b->len) {
        b->over = true;
        return NULL;
    }
    if (b->len + len + 1 > b->cap)
        enlarge(b, b->len + len + 1);
    char *at = b->data + b->len;
    b->len += len;
    b->data[b->len] = '\0';
    return at;
}

void ln_buf_add(struct ln_buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    char *at = ln_buf_grow(b, len);
    if (at != NULL)
        memcpy(at, data, len);
}

void ln_buf_adds(struct ln_buf *b, const char *text)
{
    ln_buf_add(b, text, strlen(text));
}

void ln_buf_addc(struct ln_buf *b, char c)
{
    ln_buf_add(b, &c, 1);
}

/* What is there of room is mostly enough: then it is printed once. */
void ln_buf_addv(struct ln_buf *b, const char *fmt, va_list args)
{
    size_t room = b->cap > 0 ? b->cap - b->len : 0;
    va_list again;

    va_copy(again, args);
    int n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, args);
    assert(n >= 0);
    if ((size_t)n < room && !b->over && (size_t)n <= b->max - b->len)
        b->len += (size_t)n;
    else {
        if (room > 0)
            b->data[b->len] = '\0';
        char *at = ln_buf_grow(b, (size_t)n);
        if (at != NULL)
            (void)vsnprintf(at, (size_t)n + 1, fmt, again);
    }
    va_end(again);
}

void ln_buf_addf(struct ln_buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    ln_buf_addv(b, fmt, args);
    va_end(args);
}

void ln_buf_cut(struct ln_buf *b, size_t len)
{
    assert(len <= b->len);
    if (b->cap == 0)
        return;
    if (b->secret)
        sodium_memzero(b->data + len, b->len - len);
    b->len = len;
    b->data[len] = '\0';
}

bool ln_buf_done(const struct ln_buf *b, const char *what, struct ln_err *err)
{
    if (b->over)
        return ln_fail(err, LN_FULL, "%s is larger than %zu bytes", what, b->max);
    return true;
}

struct ln_span ln_span_of(const char *text)
{
    return (struct ln_span){ text, strlen(text) };
}

bool ln_span_is(struct ln_span s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || memcmp(s.p, text, s.len) == 0);
}

bool ln_span_same(struct ln_span a, struct ln_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
