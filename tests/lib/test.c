/* Helpers of the unit tests: see test.h. */
#include "tests/lib/test.h"

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define VECTOR_MAX (16 << 20)

void test_start(void)
{
    if (sodium_init() < 0)
        abort();
}

struct ln_buf test_vector(const char *name)
{
    struct ln_buf out = ln_buf_new(VECTOR_MAX);
    char path[512];
    char part[4096];

    (void)snprintf(path, sizeof path, "tests/vectors/%s", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s", path);
    for (size_t n = fread(part, 1, sizeof part, f); n > 0; n = fread(part, 1, sizeof part, f))
        ln_buf_add(&out, part, n);
    (void)fclose(f);
    assert_false(out.over);
    return out;
}

void test_mkdir(char out[64])
{
    (void)snprintf(out, 64, "/tmp/linli-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void test_rmdir(const char *dir)
{
    assert_int_equal(nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS), 0);
}
