/* Commits, trees and packed heads from outside. No signature fits, so what must hold is: no crash,
 * and no acceptance. */
#include <stdlib.h>

#include "sync/merge.h"
#include "sync/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct ln_pubkey nobody = { { 0 } };
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    struct ln_segment s = { 0 };
    struct ln_merged m = { 0 };
    struct ln_err err = { 0 };

    if (ln_segment_read(&s, data, len, &nobody, &err))
        abort();
    s = (struct ln_segment){ .n_files = 1, .tree = ln_segment_sha1("tree", data, len) };
    (void)ln_segment_tree_check(&s, data, len, blobs, &err);
    if (ln_merge_unpack(&m, data, len, &err))
        ln_merge_free(&m);
    return 0;
}
