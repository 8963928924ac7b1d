/* Signing keys and age identities: see key.h. */
#include "crypto/key.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "crypto/bech32.h"
#include "crypto/wire.h"

#define LABEL "OPENSSH PRIVATE KEY"
#define MAGIC "openssh-key-v1" /* with its '\0' */
#define KIND "ssh-ed25519"
#define BLOCK 8 /* PROTOCOL.key: the block size of cipher "none" */
#define SECRET_HRP "AGE-SECRET-KEY-"
#define PUBLIC_HRP "age"

_Static_assert(sizeof(struct ln_seckey) == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");
_Static_assert(sizeof(struct ln_ident) == crypto_scalarmult_SCALARBYTES, "an X25519 scalar");

void ln_key_make(struct ln_seckey *sec, struct ln_pubkey *pub)
{
    (void)crypto_sign_keypair(pub->b, sec->b);
}

void ln_key_from_seed(struct ln_seckey *sec, struct ln_pubkey *pub, const uint8_t seed[32])
{
    (void)crypto_sign_seed_keypair(pub->b, sec->b, seed);
}

void ln_key_public(struct ln_pubkey *out, const struct ln_seckey *sec)
{
    memcpy(out->b, sec->b + 32, sizeof out->b);
}

bool ln_key_same(const struct ln_pubkey *a, const struct ln_pubkey *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static void add_public_blob(struct ln_buf *out, const struct ln_pubkey *pub)
{
    ln_wire_add_text(out, KIND);
    ln_wire_add_string(out, pub->b, sizeof pub->b);
}

/* The part that a passphrase would encrypt: two equal numbers, the key, a comment, padding 1, 2, 3
 * ... */
static void add_private_part(struct ln_buf *out, const struct ln_seckey *sec,
                             const struct ln_pubkey *pub, const char *comment)
{
    uint32_t check = randombytes_random();

    ln_wire_add_u32(out, check);
    ln_wire_add_u32(out, check);
    add_public_blob(out, pub);
    ln_wire_add_string(out, sec->b, sizeof sec->b);
    ln_wire_add_text(out, comment);
    for (char pad = 1; out->len % BLOCK != 0; pad++)
        ln_buf_addc(out, pad);
}

void ln_key_write(struct ln_buf *out, const struct ln_seckey *sec, const char *comment)
{
    struct ln_buf file = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_buf inner = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_buf blob = ln_buf_new(LN_KEY_FILE_MAX);
    struct ln_pubkey pub;

    assert(strlen(comment) < LN_KEY_FILE_MAX / 4);
    ln_key_public(&pub, sec);
    add_public_blob(&blob, &pub);
    add_private_part(&inner, sec, &pub, comment);
    ln_buf_add(&file, MAGIC, sizeof MAGIC);
    ln_wire_add_text(&file, "none"); /* cipher */
    ln_wire_add_text(&file, "none"); /* key derivation */
    ln_wire_add_text(&file, "");
    ln_wire_add_u32(&file, 1); /* number of keys */
    ln_wire_add_string(&file, blob.data, blob.len);
    ln_wire_add_string(&file, inner.data, inner.len);
    ln_wire_armour(out, LABEL, file.data, file.len, 70);

    ln_buf_free(&blob);
    ln_buf_free(&inner);
    ln_buf_free(&file);
}

/* Reads "ssh-ed25519" and 32 bytes, and nothing behind them. */
static bool read_public_blob(struct ln_pubkey *out, struct ln_span blob)
{
    return ln_wire_expect(&blob, KIND) && ln_wire_bytes(out->b, sizeof out->b, &blob) &&
           blob.len == 0;
}

static bool read_private_part(struct ln_seckey *out, const struct ln_pubkey *pub,
                              struct ln_span inner)
{
    struct ln_pubkey again;
    struct ln_span comment;
    uint32_t check[2];

    if (inner.len % BLOCK != 0 || !ln_wire_u32(&check[0], &inner) ||
        !ln_wire_u32(&check[1], &inner) || check[0] != check[1])
        return false;
    if (!ln_wire_expect(&inner, KIND) || !ln_wire_bytes(again.b, sizeof again.b, &inner) ||
        !ln_wire_bytes(out->b, sizeof out->b, &inner) || !ln_wire_string(&comment, &inner))
        return false;
    if (inner.len >= BLOCK || !ln_key_same(pub, &again))
        return false;
    for (size_t i = 0; i < inner.len; i++)
        if (inner.p[i] != (char)(i + 1))
            return false;
    return true;
}

/* The stored public half must be the one the seed gives: signing with another would leak the key.
 */
static bool is_whole(const struct ln_seckey *sec, const struct ln_pubkey *pub)
{
    struct ln_seckey made;
    struct ln_pubkey its;

    ln_key_from_seed(&made, &its, sec->b);
    bool same = sodium_memcmp(made.b, sec->b, sizeof made.b) == 0 && ln_key_same(&its, pub);
    sodium_memzero(&made, sizeof made);
    return same;
}

static bool read_file(struct ln_seckey *out, struct ln_span file, struct ln_err *err)
{
    struct ln_pubkey pub;
    struct ln_span blob;
    struct ln_span inner;
    uint32_t count;

    if (file.len < sizeof MAGIC || memcmp(file.p, MAGIC, sizeof MAGIC) != 0)
        return ln_fail(err, LN_INVALID, "not an OpenSSH private key");
    file.p += sizeof MAGIC;
    file.len -= sizeof MAGIC;
    bool open = ln_wire_expect(&file, "none"); /* cipher, key derivation, its options */
    open = open && ln_wire_expect(&file, "none");
    if (!open || !ln_wire_expect(&file, ""))
        return ln_fail(err, LN_INVALID, "the key is locked by a passphrase");
    if (!ln_wire_u32(&count, &file) || count != 1 || !ln_wire_string(&blob, &file) ||
        !ln_wire_string(&inner, &file) || file.len != 0 || !read_public_blob(&pub, blob))
        return ln_fail(err, LN_INVALID, "not one Ed25519 key");
    if (!read_private_part(out, &pub, inner))
        return ln_fail(err, LN_INVALID, "the private part of the key is damaged");
    return is_whole(out, &pub) ||
           ln_fail(err, LN_INVALID, "the halves of the key do not belong together");
}

bool ln_key_read(struct ln_seckey *out, const char *text, size_t len, struct ln_err *err)
{
    struct ln_buf file = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_seckey key = { 0 };
    bool ok = false;

    if (len > LN_KEY_FILE_MAX || !ln_wire_unarmour(&file, LABEL, text, len)) {
        (void)ln_fail(err, LN_INVALID, "not an OpenSSH private key");
        goto out;
    }
    if (!read_file(&key, (struct ln_span){ file.data, file.len }, err))
        goto out;
    *out = key;
    ok = true;
out:
    sodium_memzero(&key, sizeof key);
    ln_buf_free(&file);
    return ok;
}

void ln_key_public_write(struct ln_buf *out, const struct ln_pubkey *pub)
{
    struct ln_buf blob = ln_buf_new(64);

    add_public_blob(&blob, pub);
    ln_buf_adds(out, KIND " ");
    ln_encode_base64(out, blob.data, blob.len, true);
    ln_buf_free(&blob);
}

bool ln_key_public_read(struct ln_pubkey *out, const char *text, size_t len, struct ln_err *err)
{
    struct ln_span rest = { text, len };
    struct ln_buf blob = ln_buf_new(64);
    struct ln_pubkey pub = { 0 };
    size_t prefix = sizeof KIND; /* a blank stands where its '\0' does */
    size_t n = 0;
    bool ok = false;

    if (len > LN_KEY_FILE_MAX || len < prefix || memcmp(text, KIND " ", prefix) != 0) {
        (void)ln_fail(err, LN_INVALID, "not an ssh-ed25519 key");
        goto out;
    }
    rest.p += prefix;
    rest.len -= prefix;
    while (n < rest.len && rest.p[n] != ' ' && rest.p[n] != '\n' && rest.p[n] != '\r')
        n++;
    struct ln_span word = { rest.p, n };
    if (memchr(text, '\n', len > 0 ? len - 1 : 0) != NULL ||
        !ln_encode_unbase64(&blob, word, true) ||
        !read_public_blob(&pub, (struct ln_span){ blob.data, blob.len })) {
        (void)ln_fail(err, LN_INVALID, "the ssh-ed25519 key is damaged");
        goto out;
    }
    if (crypto_core_ed25519_is_valid_point(pub.b) != 1) {
        (void)ln_fail(err, LN_INVALID, "nobody can hold this ssh-ed25519 key");
        goto out;
    }
    *out = pub;
    ok = true;
out:
    ln_buf_free(&blob);
    return ok;
}

void ln_key_sign(uint8_t sig[64], const void *data, size_t len, const struct ln_seckey *sec)
{
    (void)crypto_sign_detached(sig, NULL, data, len, sec->b);
}

bool ln_key_verify(const uint8_t sig[64], const void *data, size_t len, const struct ln_pubkey *pub)
{
    return crypto_sign_verify_detached(sig, data, len, pub->b) == 0;
}

void ln_key_ident_make(struct ln_ident *out)
{
    randombytes_buf(out->b, sizeof out->b);
}

void ln_key_ident_public(struct ln_recipient *out, const struct ln_ident *id)
{
    int failed = crypto_scalarmult_base(out->b, id->b);

    assert(failed == 0);
}

void ln_key_ident_write(struct ln_buf *out, const struct ln_ident *id)
{
    ln_bech32_write(out, SECRET_HRP, id->b, sizeof id->b);
}

static struct ln_span trim(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL && text[len - 1] != '\0')
        len--;
    while (len > 0 && strchr(" \t\r\n", text[0]) != NULL && text[0] != '\0') {
        text++;
        len--;
    }
    return (struct ln_span){ text, len };
}

bool ln_key_ident_read(struct ln_ident *out, const char *text, size_t len, struct ln_err *err)
{
    struct ln_ident id = { 0 };
    bool ok = ln_bech32_read(id.b, sizeof id.b, SECRET_HRP, trim(text, len));

    if (ok)
        *out = id;
    sodium_memzero(&id, sizeof id);
    return ok || ln_fail(err, LN_INVALID, "not an AGE-SECRET-KEY, or mistyped");
}

void ln_key_recipient_write(struct ln_buf *out, const struct ln_recipient *r)
{
    ln_bech32_write(out, PUBLIC_HRP, r->b, sizeof r->b);
}

/* A point of small order gives the same secret to everybody; libsodium says so for any scalar. */
static bool is_safe(const struct ln_recipient *r)
{
    static const uint8_t any[32] = { 8 };
    uint8_t secret[32];

    return crypto_scalarmult(secret, any, r->b) == 0;
}

bool ln_key_recipient_read(struct ln_recipient *out, const char *text, size_t len,
                           struct ln_err *err)
{
    struct ln_recipient r = { 0 };

    if (!ln_bech32_read(r.b, sizeof r.b, PUBLIC_HRP, trim(text, len)))
        return ln_fail(err, LN_INVALID, "not an age recipient, or mistyped");
    if (!is_safe(&r))
        return ln_fail(err, LN_INVALID, "nobody can hold this age recipient");
    *out = r;
    return true;
}

bool ln_key_recipient_same(const struct ln_recipient *a, const struct ln_recipient *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

void ln_key_node_id(char out[LN_NODE_ID_MAX], const char *region, const struct ln_pubkey *pub)
{
    struct ln_sha256 sum = ln_encode_sha256(pub->b, sizeof pub->b);
    char text[LN_ENCODE_BASE32_LEN(sizeof sum.b) + 1];

    ln_encode_base32(text, sum.b, sizeof sum.b);
    int n = snprintf(out, LN_NODE_ID_MAX, "%s-%.16s", region, text);
    assert(n > 0 && n < LN_NODE_ID_MAX);
}
