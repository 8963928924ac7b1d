/* The only growable buffer. It has a ceiling; going past it sticks, so a run of adds is checked
 * once, by ln_buf_done. */
#ifndef LN_BASE_BUF_H
#define LN_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/base/err.h"

struct ln_buf {
    char *data; /* data[len] is '\0'; never NULL, also when nothing was added */
    size_t len;
    size_t cap;  /* allocated, 0 before the first add */
    size_t max;  /* ceiling for len */
    bool over;   /* an add did not fit: contents are a prefix */
    bool secret; /* wiped on free and on growth */
};

/* A part of somebody else's bytes: borrowed, not ended by '\0'. */
struct ln_span {
    const char *p;
    size_t len;
};

/* An empty buffer that will hold at most `max` bytes; nothing is allocated yet. */
struct ln_buf ln_buf_new(size_t max);
/* The same for secrets: wiped when it grows and when it is freed. */
struct ln_buf ln_buf_secret(size_t max);
void ln_buf_free(struct ln_buf *b);
/* Empties, keeps the memory (wiped if secret) and forgets an overrun. */
void ln_buf_clear(struct ln_buf *b);

void ln_buf_add(struct ln_buf *b, const void *data, size_t len);
void ln_buf_adds(struct ln_buf *b, const char *text);
void ln_buf_addc(struct ln_buf *b, char c);
void ln_buf_addf(struct ln_buf *b, const char *fmt, ...) LN_PRINTF(2, 3);
void ln_buf_addv(struct ln_buf *b, const char *fmt, va_list args);
/* Makes room for `len` more bytes and returns where they go, with len already counted;
 * NULL (and `over` set) when that passes the ceiling. */
void *ln_buf_grow(struct ln_buf *b, size_t len);
/* Cuts to `len`, which must not be more than there is. */
void ln_buf_cut(struct ln_buf *b, size_t len);

/* True when everything fitted; otherwise LN_FULL "<what> is larger than <max>". */
bool ln_buf_done(const struct ln_buf *b, const char *what, struct ln_err *err) LN_MUST;

struct ln_span ln_span_of(const char *text);
bool ln_span_is(struct ln_span s, const char *text);
bool ln_span_same(struct ln_span a, struct ln_span b);

#endif
