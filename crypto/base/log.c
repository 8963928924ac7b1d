/* Log lines: see log.h. */
#include "crypto/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/buf.h"

#define LINE_MAX_BYTES 2048 /* a line longer than that is a mistake; it is cut */

static void emit(struct ln_buf *line)
{
    for (size_t i = 0; i < line->len; i++)
        if ((unsigned char)line->data[i] < 0x20 || line->data[i] == 0x7F)
            line->data[i] = '?';
    char *end = ln_buf_grow(line, 1);
    if (end != NULL)
        *end = '\n';
    else
        line->data[line->len - 1] = '\n';
    ssize_t n = write(STDERR_FILENO, line->data, line->len);
    (void)n; /* nowhere left to say that logging failed */
    ln_buf_free(line);
}

void ln_log(enum ln_prio prio, const char *fmt, ...)
{
    struct ln_buf line = ln_buf_new(LINE_MAX_BYTES);
    va_list args;

    ln_buf_addf(&line, "<%d>", (int)prio);
    va_start(args, fmt);
    ln_buf_addv(&line, fmt, args);
    va_end(args);
    emit(&line);
}

void ln_log_err(enum ln_prio prio, const struct ln_err *err, const char *fmt, ...)
{
    struct ln_buf line = ln_buf_new(LINE_MAX_BYTES);
    va_list args;

    ln_buf_addf(&line, "<%d>", (int)prio);
    va_start(args, fmt);
    ln_buf_addv(&line, fmt, args);
    va_end(args);
    ln_buf_addf(&line, " code=%s why=\"%s\"", ln_err_word(err->code), err->text);
    emit(&line);
}
