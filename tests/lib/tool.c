/* Other people's programs in tests: see tool.h. */
#include "tests/lib/tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)

void tool_write(const char *dir, const char *name, const void *data, size_t len)
{
    char path[512];
    const char *p = data;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, p + done, len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
    assert_int_equal(close(fd), 0);
}

struct ln_buf tool_read(const char *dir, const char *name)
{
    struct ln_buf out = ln_buf_new(FILE_MAX_BYTES);
    char path[512];
    char part[65536];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("cannot open %s", path);
    for (ssize_t n = read(fd, part, sizeof part); n > 0; n = read(fd, part, sizeof part))
        ln_buf_add(&out, part, (size_t)n);
    (void)close(fd);
    assert_false(out.over);
    return out;
}

int tool_run(const char *dir, const char *fmt, ...)
{
    struct ln_buf line = ln_buf_new(8192);
    va_list args;

    ln_buf_addf(&line, "cd '%s' && { ", dir);
    va_start(args, fmt);
    ln_buf_addv(&line, fmt, args);
    va_end(args);
    ln_buf_adds(&line, "; } >tool.out 2>&1 </dev/null");
    assert_false(line.over);
    int status = system(line.data);
    ln_buf_free(&line);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}
