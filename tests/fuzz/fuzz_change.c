/* Change lines: what is accepted is written back byte for byte and merges without complaint. */
#include <stdlib.h>
#include <string.h>

#include "sync/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ln_buf again = ln_buf_new(LN_CHANGE_MAX);
    struct ln_merge_in in = { .n = 1, .eff = 1 };
    struct ln_merged m = { 0 };
    struct ln_err err = { 0 };

    if (ln_change_read(&in.c, (const char *)data, len, &err)) {
        if (!ln_change_write(&again, &in.c, &err) || again.len != len ||
            memcmp(again.data, data, len) != 0)
            abort();
        if (!ln_merge_add(&m, NULL, &in, &err))
            abort();
    }
    ln_merge_free(&m);
    ln_buf_free(&again);
    return 0;
}
