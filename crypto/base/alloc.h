/* Memory that is there or the process stops: no code carries paths that cannot be tested. Sizes
 * from outside meet a named ceiling before they come here. */
#ifndef LN_BASE_ALLOC_H
#define LN_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed; aborts when there is none. `len` 0 gives a pointer that may be freed. */
void *ln_alloc(size_t len) __attribute__((returns_nonnull));
/* n * len, zeroed; aborts on overflow. */
void *ln_alloc_array(size_t n, size_t len) __attribute__((returns_nonnull));
/* Like realloc; what is new is not zeroed. */
void *ln_realloc(void *p, size_t len) __attribute__((returns_nonnull));
/* An array of *cap elements of `size` bytes whose first n are used, with room for one more: itself,
 * or where it was moved to, with twice the room. */
void *ln_grow(void *array, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));
char *ln_strdup(const char *text) __attribute__((returns_nonnull));
char *ln_strndup(const char *text, size_t len) __attribute__((returns_nonnull));
void ln_free(void *p); /* accepts NULL */

#endif
