/* Attachments as the exchange sees them: bytes named by their SHA-256, kept outside git by the
 * program. Their contents are age files: whoever carries them cannot read them. */
#ifndef LN_FILES_H
#define LN_FILES_H

#include "crypto/encode.h"

#define LN_FILES_PART (1 << 20)   /* bytes a request */
#define LN_FILES_THUMB (25 << 10) /* a picture's small copy: before all others, both ways */
#define LN_FILES_SMALL (1 << 16)  /* goes on a link paid by volume, too */
#define LN_FILES_MAX (64 << 20)   /* bytes an attachment */

struct ln_files {
    void *ctx;
    /* Bytes held from the start, and whether that is all of it; 0 and false when unknown. */
    bool (*have)(void *ctx, const struct ln_sha256 *name, uint64_t *held, bool *whole,
                 struct ln_err *err);
    /* Up to `cap` bytes from `at`; *got 0 at the end. LN_MISSING. */
    bool (*read)(void *ctx, const struct ln_sha256 *name, uint64_t at, void *out, size_t cap,
                 size_t *got, struct ln_err *err);
    /* Adds bytes at `at`, which must be what is held (else LN_CONFLICT); `total` is the final size.
     * The part that completes it is checked against the name: LN_INVALID and all is dropped when it
     * differs. LN_FULL: `from` is over its quota. Durable when it returns true. */
    bool (*write)(void *ctx, const struct ln_sha256 *name, const char *from, uint64_t at,
                  uint64_t total, const void *data, size_t len, struct ln_err *err);
    /* Those to be sent to the parent, or wanted from it (`wanted`), of at most `max` bytes: those
     * up to LN_FILES_THUMB first, then up to LN_FILES_SMALL, each in order of age. */
    bool (*each)(void *ctx, bool wanted, uint64_t max,
                 bool (*fn)(void *fctx, const struct ln_sha256 *name, uint64_t size,
                            struct ln_err *err),
                 void *fctx, struct ln_err *err);
    /* The parent has the whole of it. */
    bool (*sent)(void *ctx, const struct ln_sha256 *name, struct ln_err *err);
};

#endif
