/* Allocation that cannot fail: see alloc.h. */
#include "crypto/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GROW_FROM 8

void *ln_alloc(size_t len)
{
    void *p = calloc(1, len > 0 ? len : 1);
    if (p == NULL)
        abort();
    return p;
}

void *ln_alloc_array(size_t n, size_t len)
{
    if (len != 0 && n > SIZE_MAX / len)
        abort();
    return ln_alloc(n * len);
}

void *ln_realloc(void *p, size_t len)
{
    void *q = realloc(p, len > 0 ? len : 1);
    if (q == NULL)
        abort();
    return q;
}

void *ln_grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    *cap = *cap > 0 ? 2 * *cap : GROW_FROM;
    return ln_realloc(array, *cap * size);
}

char *ln_strndup(const char *text, size_t len)
{
    char *copy = ln_alloc(len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *ln_strdup(const char *text)
{
    return ln_strndup(text, strlen(text));
}

void ln_free(void *p)
{
    free(p);
}
