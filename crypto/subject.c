/* Subject keys: see subject.h. */
#include "crypto/subject.h"

#include <sodium.h>
#include <string.h>

#include "crypto/encode.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(TAG == LN_SUBJECT_OVERHEAD, "what sealing adds");
_Static_assert(sizeof(struct ln_subject_key) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

void ln_subject_make(struct ln_subject_key *key, char kid[LN_SUBJECT_KID_LEN + 1])
{
    uint8_t name[5];

    randombytes_buf(key->b, sizeof key->b);
    randombytes_buf(name, sizeof name);
    ln_encode_base32hex(kid, name, sizeof name);
}

static void nonce_of(uint8_t out[NONCE], const char *ad)
{
    (void)crypto_generichash(out, NONCE, (const uint8_t *)ad, strlen(ad), NULL, 0);
}

void ln_subject_seal(struct ln_buf *out, const struct ln_subject_key *key, const char *ad,
                     const void *data, size_t len)
{
    struct ln_buf box = ln_buf_new(out->max);
    uint8_t *at = ln_buf_grow(&box, len + TAG);
    uint8_t nonce[NONCE];

    if (at == NULL) {
        out->over = true;
        return;
    }
    nonce_of(nonce, ad);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at, NULL, data, len, (const uint8_t *)ad,
                                                     strlen(ad), NULL, nonce, key->b);
    ln_encode_base64url(out, box.data, box.len);
    ln_buf_free(&box);
}

bool ln_subject_open(struct ln_buf *out, const struct ln_subject_key *key, const char *ad,
                     struct ln_span sealed, struct ln_err *err)
{
    struct ln_buf box = ln_buf_new(sealed.len);
    size_t start = out->len;
    uint8_t nonce[NONCE];
    bool ok = false;

    if (!ln_encode_unbase64url(&box, sealed) || box.len < TAG) {
        (void)ln_fail(err, LN_INVALID, "not a sealed text");
        goto out;
    }
    uint8_t *to = ln_buf_grow(out, box.len - TAG);
    if (!ln_buf_done(out, "what was sealed", err))
        goto out;
    nonce_of(nonce, ad);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(to, NULL, NULL, (const uint8_t *)box.data,
                                                   box.len, (const uint8_t *)ad, strlen(ad), nonce,
                                                   key->b) != 0) {
        ln_buf_cut(out, start);
        (void)ln_fail(err, LN_DENIED, "sealed under another key or for another line");
        goto out;
    }
    ok = true;
out:
    ln_buf_free(&box);
    return ok;
}
