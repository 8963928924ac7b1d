/* Looking up what was compiled in. */
#include "node/asset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_path(const void *key, const void *row)
{
    const struct ln_asset *a = row;

    return strcmp(key, a->path);
}

const struct ln_asset *ln_asset_find(const char *path)
{
    size_t n;
    const struct ln_asset *all = ln_asset_all(&n);

    return bsearch(path, all, n, sizeof all[0], by_path);
}

static bool lies_in(const char *name, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(name, folder, len) == 0 && name[len] == '/' &&
           strchr(name + len + 1, '/') == NULL;
}

const struct ln_embed *ln_embed_list(const char *folder, size_t *n)
{
    size_t total;
    const struct ln_embed *all = ln_embed_all(&total);
    size_t first = 0;

    while (first < total && !lies_in(all[first].name, folder))
        first++;
    size_t end = first;
    while (end < total && lies_in(all[end].name, folder))
        end++;
    *n = end - first;
    return all + first;
}
