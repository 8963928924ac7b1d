/* Packs. The checksum is set right first, so that the fuzzer gets behind it. */
#include <stdlib.h>
#include <string.h>

#include "sync/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool take(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name, const void *data,
                 size_t len, struct ln_err *err)
{
    const uint8_t *p = data;
    unsigned *sum = ctx;

    (void)name;
    (void)err;
    for (size_t i = 0; i < len; i++)
        *sum += p[i]; /* reads every byte that was promised */
    if (kind < LN_PACK_COMMIT || kind > LN_PACK_BLOB || len > LN_PACK_OBJECT_MAX)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ln_err err = { 0 };
    struct ln_sha1_state s;
    unsigned sum = 0;

    if (len < LN_SHA1_LEN || len > LN_PACK_MAX)
        return 0;
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    ln_buf_add(&pack, data, len - LN_SHA1_LEN);
    ln_sha1_start(&s);
    ln_sha1_add(&s, pack.data, pack.len);
    struct ln_sha1 right = ln_sha1_end(&s);
    ln_buf_add(&pack, right.b, LN_SHA1_LEN);
    if (!ln_pack_read(pack.data, pack.len, take, &sum, &err) && err.code == LN_OK)
        abort();
    ln_buf_free(&pack);
    return 0;
}
