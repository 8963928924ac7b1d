/* age files. First byte even: foreign bytes as they are; odd: the rest replaces part of a good
 * file, so that header and stream are met behind a header that fits. */
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CEILING (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct ln_ident id;
    static struct ln_recipient to;
    static struct ln_buf good;
    struct ln_buf plain = ln_buf_new(CEILING);
    struct ln_err err = { 0 };

    if (good.len == 0) {
        ln_key_ident_make(&id);
        ln_key_ident_public(&to, &id);
        good = ln_buf_new(4096);
        if (!ln_age_seal(&good, &to, 1, "hello", 5, &err))
            abort();
    }
    if (len > 2 && data[0] % 2 == 1) {
        struct ln_buf file = ln_buf_new(CEILING);
        size_t at = data[1] < good.len ? data[1] : good.len;
        ln_buf_add(&file, good.data, at);
        ln_buf_add(&file, data + 2, len - 2);
        if (at + len - 2 < good.len)
            ln_buf_add(&file, good.data + at + len - 2, good.len - at - len + 2);
        bool same = file.len == good.len && memcmp(file.data, good.data, good.len) == 0;
        if (ln_age_open(&plain, file.data, file.len, &id, &err) != same)
            abort();
        ln_buf_free(&file);
    } else if (len > 0 && ln_age_open(&plain, data + 1, len - 1, &id, &err))
        abort();
    ln_buf_free(&plain);
    return 0;
}
