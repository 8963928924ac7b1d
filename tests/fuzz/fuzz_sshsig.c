/* SSH signatures: one key signed one text; no other bytes may verify as its signature. */
#include <stdlib.h>
#include <string.h>

#include "crypto/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define TEXT "{\"a\":1}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ln_seckey key = { { 0 } };
    struct ln_pubkey pub;
    struct ln_pubkey by;
    struct ln_buf good = ln_buf_new(1024);
    struct ln_err err = { 0 };

    ln_key_from_seed(&key, &pub, (const uint8_t *)"proofproofproofproofproofproofpr");
    ln_sshsig_sign(&good, "linli-cert", TEXT, sizeof TEXT - 1, &key);
    if (ln_sshsig_verify(&by, "linli-cert", TEXT, sizeof TEXT - 1, (const char *)data, len, &err)) {
        if (memcmp(by.b, pub.b, sizeof by.b) == 0 &&
            (len != good.len || memcmp(good.data, data, len) != 0))
            abort();
    } else if (err.code != LN_INVALID && err.code != LN_DENIED)
        abort();
    if (ln_sshsig_verify(&by, "git", TEXT, sizeof TEXT - 1, (const char *)data, len, &err) &&
        memcmp(by.b, pub.b, sizeof by.b) == 0)
        abort();
    ln_buf_free(&good);
    return 0;
}
