/* SSH signatures: see sshsig.h. */
#include "crypto/sshsig.h"

#include <sodium.h>
#include <string.h>

#include "crypto/wire.h"

#define LABEL "SSH SIGNATURE"
#define MAGIC "SSHSIG" /* without '\0' */
#define MAGIC_LEN 6
#define KIND "ssh-ed25519"
#define HASH "sha512"
#define VERSION 1
#define WIDTH 70 /* as ssh-keygen breaks its lines */

/* What is signed: never the message itself, always its hash under the namespace. */
static void add_signed(struct ln_buf *out, const char *space, const void *data, size_t len)
{
    uint8_t sum[crypto_hash_sha512_BYTES];

    (void)crypto_hash_sha512(sum, data, len);
    ln_buf_add(out, MAGIC, MAGIC_LEN);
    ln_wire_add_text(out, space);
    ln_wire_add_text(out, ""); /* reserved */
    ln_wire_add_text(out, HASH);
    ln_wire_add_string(out, sum, sizeof sum);
}

static void add_blobs(struct ln_buf *out, const struct ln_pubkey *pub, const char *space,
                      const uint8_t sig[64])
{
    struct ln_buf blob = ln_buf_new(LN_SSHSIG_MAX);

    ln_buf_add(out, MAGIC, MAGIC_LEN);
    ln_wire_add_u32(out, VERSION);
    ln_wire_add_text(&blob, KIND);
    ln_wire_add_string(&blob, pub->b, sizeof pub->b);
    ln_wire_add_string(out, blob.data, blob.len);
    ln_wire_add_text(out, space);
    ln_wire_add_text(out, "");
    ln_wire_add_text(out, HASH);
    ln_buf_clear(&blob);
    ln_wire_add_text(&blob, KIND);
    ln_wire_add_string(&blob, sig, 64);
    ln_wire_add_string(out, blob.data, blob.len);
    ln_buf_free(&blob);
}

void ln_sshsig_sign(struct ln_buf *out, const char *space, const void *data, size_t len,
                    const struct ln_seckey *key)
{
    struct ln_buf text = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_pubkey pub;
    uint8_t sig[64];

    add_signed(&text, space, data, len);
    ln_key_sign(sig, text.data, text.len, key);
    ln_buf_clear(&text);
    ln_key_public(&pub, key);
    add_blobs(&text, &pub, space, sig);
    ln_wire_armour(out, LABEL, text.data, text.len, WIDTH);
    ln_buf_free(&text);
}

/* Reads `blob`, the bytes inside the armour; every one of them must be as expected. */
static bool read_blob(struct ln_pubkey *by, uint8_t sig[64], struct ln_span *space,
                      struct ln_span blob)
{
    struct ln_span pub;
    struct ln_span sig_blob;
    uint32_t version;

    if (blob.len < MAGIC_LEN || memcmp(blob.p, MAGIC, MAGIC_LEN) != 0)
        return false;
    blob.p += MAGIC_LEN;
    blob.len -= MAGIC_LEN;
    if (!ln_wire_u32(&version, &blob) || version != VERSION || !ln_wire_string(&pub, &blob) ||
        !ln_wire_string(space, &blob) || !ln_wire_expect(&blob, "") ||
        !ln_wire_expect(&blob, HASH) || !ln_wire_string(&sig_blob, &blob) || blob.len != 0)
        return false;
    return ln_wire_expect(&pub, KIND) && ln_wire_bytes(by->b, sizeof by->b, &pub) && pub.len == 0 &&
           ln_wire_expect(&sig_blob, KIND) && ln_wire_bytes(sig, 64, &sig_blob) &&
           sig_blob.len == 0;
}

bool ln_sshsig_verify(struct ln_pubkey *by, const char *space, const void *data, size_t len,
                      const char *sig, size_t sig_len, struct ln_err *err)
{
    struct ln_buf blob = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_buf text = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_pubkey pub;
    struct ln_span in;
    uint8_t raw[64];
    bool ok = false;

    if (sig_len > LN_SSHSIG_MAX || !ln_wire_unarmour(&blob, LABEL, sig, sig_len) ||
        !read_blob(&pub, raw, &in, (struct ln_span){ blob.data, blob.len })) {
        (void)ln_fail(err, LN_INVALID, "not an Ed25519 SSH signature");
        goto out;
    }
    add_signed(&text, space, data, len);
    if (!ln_buf_done(&text, "signed namespace", err))
        goto out;
    if (!ln_span_is(in, space) || !ln_key_verify(raw, text.data, text.len, &pub)) {
        (void)ln_fail(err, LN_DENIED, "the SSH signature does not fit these bytes");
        goto out;
    }
    *by = pub;
    ok = true;
out:
    ln_buf_free(&text);
    ln_buf_free(&blob);
    return ok;
}
