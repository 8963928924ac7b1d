/* Certificates: what is read is written back byte for byte, and no signature that the fuzzer finds
 * makes one good. */
#include <stdlib.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/authority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct ln_pubkey nobody = { { 1 } };
    struct ln_buf again = ln_buf_new(LN_CERT_MAX);
    struct ln_authority *a = ln_authority_new("330000000000-aaaaaaaaaaaaaaaa", &nobody);
    struct ln_cert c = { 0 };
    struct ln_err err = { 0 };
    const char *text = (const char *)data;

    if (ln_cert_read(&c, text, len, &err)) {
        ln_cert_write(&again, &c);
        if (again.len != len || memcmp(again.data, data, len) != 0)
            abort();
        if (ln_cert_check(&c, text, len, text, len, &nobody, NULL, &err))
            abort();
    }
    if (ln_canon_check(text, len, &err) &&
        ln_canon_type((struct ln_span){ text, len }) == LN_CANON_OBJECT &&
        (ln_authority_cert(a, c.issuer, (struct ln_span){ text, len }, &err) ||
         ln_authority_revoke(a, "330000000000-aaaaaaaaaaaaaaaa", (struct ln_span){ text, len },
                             &err)))
        abort();
    ln_authority_free(a);
    ln_buf_free(&again);
    return 0;
}
