/* The parts of the description (OpenAPI) that no collection brings: Open311, what stands open
 * nearby, tokens of programs. */
#ifndef LN_PUBLIC_PATHS_H
#define LN_PUBLIC_PATHS_H

#include <jansson.h>

/* Adds them to `paths`; other methods of a path that is there stay. */
void ln_public_paths_add(json_t *paths);

#endif
