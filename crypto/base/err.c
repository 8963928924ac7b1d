/* Failures: see err.h. */
#include "crypto/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How many bytes the UTF-8 character at `p` has; 0 when there is none (RFC 3629). */
static size_t character(const unsigned char *p)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : (p[0] & 0xF0) == 0xE0       ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool wrong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
                 (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F);
    return wrong ? 0 : n;
}

/* The text is shown as JSON, and may hold what a stranger sent, cut by a %.60s: what is no UTF-8
 * becomes '?'. */
static void scrub(char *text)
{
    unsigned char *p = (unsigned char *)text;

    while (*p != '\0') {
        size_t n = character(p);
        if (n == 0)
            *p++ = '?';
        else
            p += n;
    }
}

/* Cuts `text` at `len` or just before, never inside a UTF-8 character. */
static void cut(char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    text[len] = '\0';
}

static void put(char *out, size_t cap, const char *fmt, va_list args)
{
    int n = vsnprintf(out, cap, fmt, args);
    assert(n >= 0);
    if ((size_t)n >= cap) {
        /* vsnprintf ended at cap-1; that byte may be half a character. */
        size_t len = cap - 1;
        size_t start = len;
        while (start > 0 && ((unsigned char)out[start - 1] & 0xC0) == 0x80)
            start--;
        if (start > 0 && ((unsigned char)out[start - 1] & 0x80) != 0)
            start--;
        cut(out, start);
    }
    scrub(out);
}

bool ln_fail(struct ln_err *err, enum ln_code code, const char *fmt, ...)
{
    va_list args;

    assert(code != LN_OK);
    err->code = code;
    va_start(args, fmt);
    put(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool ln_wrap(struct ln_err *err, const char *fmt, ...)
{
    char old[sizeof err->text];
    va_list args;

    assert(err->code != LN_OK);
    memcpy(old, err->text, sizeof old);
    va_start(args, fmt);
    put(err->text, sizeof err->text, fmt, args);
    va_end(args);
    size_t len = strlen(err->text);
    if (len + 3 < sizeof err->text) {
        memcpy(err->text + len, ": ", 3);
        len += 2;
        size_t room = sizeof err->text - 1 - len;
        size_t n = strlen(old);
        if (n > room) {
            cut(old, room);
            n = strlen(old);
        }
        memcpy(err->text + len, old, n + 1);
    }
    return false;
}

const char *ln_err_word(enum ln_code code)
{
    static const char *const words[] = { "ok",       "missing", "invalid", "denied",
                                         "conflict", "busy",    "full",    "broken" };
    assert((size_t)code < sizeof words / sizeof words[0]);
    return words[code];
}
