/* Files the program carries inside itself: the pages of ui/, module definitions and SQL. The tables
 * are made at build time by packaging/tool/embed.c; everything returned is constant and lives for
 * ever. */
#ifndef LN_ASSET_H
#define LN_ASSET_H

#include <stddef.h>

/* One page, script or picture of ui/, already gzipped. */
struct ln_asset {
    const char *path; /* as in the URL: "/index.html", "/assets/app-1a2b3c.js" */
    const char *type; /* Content-Type */
    const char *etag; /* SHA-256 of the unpacked bytes, 64 hex digits without quotes */
    const unsigned char *gz;
    size_t gz_len;
};

/* One text file of node/, unpacked, followed by a '\0' that is not counted. */
struct ln_embed {
    const char *name; /* path below node/: "module/home.json", "store/sql/001-log.sql" */
    const char *text;
    size_t len;
};

/* All of them, sorted by path (bytes). `*n` may be 0: a build without ui/. */
const struct ln_asset *ln_asset_all(size_t *n);
/* The one with exactly this path, or NULL. */
const struct ln_asset *ln_asset_find(const char *path);

const struct ln_embed *ln_embed_all(size_t *n);
/* Those directly in `folder` ("module", "store/sql"), sorted by name; `*n` of them, 0 when there is
 * no such folder (then the result is not NULL but must not be read). */
const struct ln_embed *ln_embed_list(const char *folder, size_t *n);

#endif
