/* age v1 files: see age.h. The whole-buffer functions are the streaming ones with memory at both
 * ends, so there is one reader and one writer of the format. */
#include "crypto/age.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/hkdf.h"

#define MAGIC "age-encryption.org/v1\n"
#define STANZA "-> X25519 "
#define WRAP_INFO "age-encryption.org/v1/X25519"
#define FILE_KEY 16
#define TAG crypto_aead_chacha20poly1305_ietf_ABYTES
#define NONCE crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define SEALED (LN_AGE_CHUNK + TAG)
#define PAYLOAD_NONCE 16
#define LINE 64 /* a body line of fewer characters is its stanza's last */

static const uint8_t zero_nonce[NONCE];

/* ---- header ---- */

/* The key that wraps the file key between an ephemeral share and a recipient. */
static bool wrap_key(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32],
                     const uint8_t share[32], const uint8_t recipient[32])
{
    uint8_t shared[32];
    uint8_t salt[64];

    if (crypto_scalarmult(shared, scalar, point) != 0) /* small order: everybody's secret */
        return false;
    memcpy(salt, share, 32);
    memcpy(salt + 32, recipient, 32);
    ln_hkdf_derive(out, shared, sizeof shared, salt, sizeof salt, WRAP_INFO);
    sodium_memzero(shared, sizeof shared);
    return true;
}

static bool add_stanza(struct ln_buf *out, const struct ln_recipient *to,
                       const uint8_t file_key[FILE_KEY], struct ln_err *err)
{
    struct ln_ident once;
    struct ln_recipient share;
    uint8_t key[32];
    uint8_t wrapped[FILE_KEY + TAG];

    ln_key_ident_make(&once);
    ln_key_ident_public(&share, &once);
    bool ok = wrap_key(key, once.b, to->b, share.b, to->b);
    if (ok) {
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(wrapped, NULL, file_key, FILE_KEY, NULL, 0,
                                                        NULL, zero_nonce, key);
        ln_buf_adds(out, STANZA);
        ln_encode_base64(out, share.b, sizeof share.b, false);
        ln_buf_addc(out, '\n');
        ln_encode_base64(out, wrapped, sizeof wrapped, false);
        ln_buf_addc(out, '\n');
    }
    sodium_memzero(&once, sizeof once);
    sodium_memzero(key, sizeof key);
    return ok || ln_fail(err, LN_INVALID, "nobody can hold this age recipient");
}

static void header_mac(uint8_t out[32], const uint8_t file_key[FILE_KEY], const char *header,
                       size_t len)
{
    uint8_t key[32];

    ln_hkdf_derive(key, file_key, FILE_KEY, "", 0, "header"); /* never NULL: memcpy(x, NULL, 0) */
    (void)crypto_auth_hmacsha256(out, (const uint8_t *)header, len, key);
    sodium_memzero(key, sizeof key);
}

static bool write_header(struct ln_buf *out, const struct ln_recipient *to, size_t n,
                         const uint8_t file_key[FILE_KEY], struct ln_err *err)
{
    uint8_t mac[32];

    assert(n >= 1 && n <= LN_AGE_STANZAS);
    ln_buf_adds(out, MAGIC);
    for (size_t i = 0; i < n; i++)
        if (!add_stanza(out, &to[i], file_key, err))
            return false;
    ln_buf_adds(out, "---");
    header_mac(mac, file_key, out->data, out->len);
    ln_buf_addc(out, ' ');
    ln_encode_base64(out, mac, sizeof mac, false);
    ln_buf_addc(out, '\n');
    return ln_buf_done(out, "age header", err);
}

/* Takes a line ended by '\n' from the front. */
static bool take_line(struct ln_span *line, struct ln_span *in)
{
    const char *stop = in->len > 0 ? memchr(in->p, '\n', in->len) : NULL;

    if (stop == NULL)
        return false;
    *line = (struct ln_span){ in->p, (size_t)(stop - in->p) };
    in->len -= line->len + 1;
    in->p = stop + 1;
    return true;
}

static bool begins(struct ln_span s, const char *text)
{
    size_t len = strlen(text);

    return s.len >= len && memcmp(s.p, text, len) == 0;
}

/* Exactly 32 bytes of strict base64. */
static bool read32(uint8_t out[32], struct ln_span text)
{
    struct ln_buf b = ln_buf_new(32);
    bool ok = text.len == 43 && ln_encode_unbase64(&b, text, false) && b.len == 32;

    if (ok)
        memcpy(out, b.data, 32);
    ln_buf_free(&b);
    return ok;
}

/* "-> " and arguments of visible ASCII, one blank between two. */
static bool is_stanza_line(struct ln_span line)
{
    char before = ' ';

    if (!begins(line, "-> "))
        return false;
    for (size_t i = 3; i < line.len; i++) {
        char c = line.p[i];
        if (c < ' ' || c > '~' || (c == ' ' && before == ' '))
            return false;
        before = c;
    }
    return before != ' ';
}

/* The body of a stanza we do not know: lines of 64 characters and a shorter one, all strict base64.
 */
static bool skip_body(struct ln_span *in)
{
    struct ln_buf scratch = ln_buf_new(LINE);
    struct ln_span line = { 0 };
    bool ok = true;

    do {
        ok = take_line(&line, in) && line.len <= LINE;
        ln_buf_clear(&scratch);
        ok = ok && ln_encode_unbase64(&scratch, line, false);
    } while (ok && line.len == LINE);
    ln_buf_free(&scratch);
    return ok;
}

/* Tries one X25519 stanza. False: malformed. `*mine` is set, and `file_key`, when it was for `id`.
 */
static bool try_stanza(uint8_t file_key[FILE_KEY], bool *mine, struct ln_span line,
                       struct ln_span *in, const struct ln_ident *id, const struct ln_recipient *me)
{
    struct ln_span body;
    uint8_t share[32];
    uint8_t wrapped[FILE_KEY + TAG];
    uint8_t key[32];

    line.p += sizeof STANZA - 1;
    line.len -= sizeof STANZA - 1;
    if (!read32(share, line) || !take_line(&body, in) || !read32(wrapped, body))
        return false;
    if (!wrap_key(key, id->b, share, share, me->b))
        return false;
    if (!*mine && crypto_aead_chacha20poly1305_ietf_decrypt(
                      file_key, NULL, NULL, wrapped, sizeof wrapped, NULL, 0, zero_nonce, key) == 0)
        *mine = true;
    sodium_memzero(key, sizeof key);
    return true;
}

/* All stanzas up to the line of the MAC, which is left in `*last`. */
static bool read_stanzas(uint8_t file_key[FILE_KEY], bool *mine, struct ln_span *last,
                         struct ln_span *in, const struct ln_ident *id)
{
    struct ln_recipient me;
    size_t n = 0;

    ln_key_ident_public(&me, id);
    while (take_line(last, in)) {
        if (begins(*last, "---"))
            return n > 0;
        if (++n > LN_AGE_STANZAS || !is_stanza_line(*last))
            return false;
        if (begins(*last, "-> scrypt ") || begins(*last, "-> ssh-"))
            return false; /* a CPU bomb, and a second use of a signing key */
        bool known = begins(*last, STANZA);
        if (!known && ln_span_is(*last, "-> X25519"))
            return false;
        if (known ? !try_stanza(file_key, mine, *last, in, id, &me) : !skip_body(in))
            return false;
    }
    return false;
}

/* Reads the header at the start of `text`; *used is its length. */
static bool read_header(uint8_t file_key[FILE_KEY], size_t *used, struct ln_span text,
                        const struct ln_ident *id, struct ln_err *err)
{
    struct ln_span in = text;
    struct ln_span last;
    uint8_t mac[32];
    uint8_t want[32];
    bool mine = false;

    if (!begins(text, MAGIC))
        return ln_fail(err, LN_INVALID, "not an age file");
    in.p += sizeof MAGIC - 1;
    in.len -= sizeof MAGIC - 1;
    if (!read_stanzas(file_key, &mine, &last, &in, id) || !begins(last, "--- ") ||
        !read32(mac, (struct ln_span){ last.p + 4, last.len - 4 }))
        return ln_fail(err, LN_INVALID, "the age header is malformed");
    if (!mine)
        return ln_fail(err, LN_DENIED, "the age file is sealed for somebody else");
    header_mac(want, file_key, text.p, (size_t)(last.p + 3 - text.p));
    if (sodium_memcmp(mac, want, sizeof mac) != 0)
        return ln_fail(err, LN_INVALID, "the age header was changed");
    *used = text.len - in.len;
    return true;
}

/* ---- payload: STREAM, a chunk counter and a flag on the last chunk as nonce ---- */

struct stream {
    uint8_t key[32];
    uint8_t nonce[NONCE];
};

static void stream_begin(struct stream *s, const uint8_t file_key[FILE_KEY],
                         const uint8_t nonce[PAYLOAD_NONCE])
{
    ln_hkdf_derive(s->key, file_key, FILE_KEY, nonce, PAYLOAD_NONCE, "payload");
    memset(s->nonce, 0, sizeof s->nonce);
}

static void stream_count(struct stream *s)
{
    for (size_t i = NONCE - 1; i-- > 0;)
        if (++s->nonce[i] != 0)
            return;
}

/* Reads until `want` bytes stand in buf or the end is reached. */
static bool fill(char *buf, size_t *have, size_t want, ln_age_read *read, void *rctx,
                 struct ln_err *err)
{
    while (*have < want) {
        size_t got = 0;
        if (!read(rctx, buf + *have, want - *have, &got, err))
            return false;
        assert(got <= want - *have);
        if (got == 0)
            break;
        *have += got;
    }
    return true;
}

static bool seal_chunks(struct stream *s, ln_age_read *read, void *rctx, ln_age_write *write,
                        void *wctx, struct ln_err *err)
{
    char *buf = ln_realloc(NULL, LN_AGE_CHUNK + 1 + SEALED); /* most files are far smaller */
    uint8_t *sealed = (uint8_t *)buf + LN_AGE_CHUNK + 1;
    size_t have = 0;
    size_t most = 0;
    bool last = false;
    bool ok = false;

    while (!last) { /* one byte ahead tells whether this chunk is the last */
        bool filled = fill(buf, &have, LN_AGE_CHUNK + 1, read, rctx, err);
        most = most > have ? most : have;
        if (!filled)
            goto out;
        last = have <= LN_AGE_CHUNK;
        size_t len = last ? have : LN_AGE_CHUNK;
        s->nonce[NONCE - 1] = last ? 1 : 0;
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, (const uint8_t *)buf, len,
                                                        NULL, 0, NULL, s->nonce, s->key);
        if (!write(wctx, sealed, len + TAG, err))
            goto out;
        buf[0] = buf[LN_AGE_CHUNK];
        have -= len;
        stream_count(s);
    }
    ok = true;
out:
    sodium_memzero(buf, most);
    ln_free(buf);
    return ok;
}

bool ln_age_seal_stream(const struct ln_recipient *to, size_t n, ln_age_read *read, void *rctx,
                        ln_age_write *write, void *wctx, struct ln_err *err)
{
    struct ln_buf head = ln_buf_new(LN_AGE_HEADER_MAX);
    struct stream s = { 0 };
    uint8_t file_key[FILE_KEY];
    uint8_t nonce[PAYLOAD_NONCE];
    bool ok = false;

    randombytes_buf(file_key, sizeof file_key);
    randombytes_buf(nonce, sizeof nonce);
    if (!write_header(&head, to, n, file_key, err))
        goto out;
    ln_buf_add(&head, nonce, sizeof nonce);
    stream_begin(&s, file_key, nonce);
    ok = write(wctx, head.data, head.len, err) && seal_chunks(&s, read, rctx, write, wctx, err);
out:
    sodium_memzero(file_key, sizeof file_key);
    sodium_memzero(&s, sizeof s);
    ln_buf_free(&head);
    return ok;
}

/* `buf` holds `have` bytes behind the header and has room for SEALED + 1. */
static bool open_chunks(struct stream *s, char *buf, size_t have, ln_age_read *read, void *rctx,
                        ln_age_write *write, void *wctx, struct ln_err *err)
{
    uint8_t *plain = ln_realloc(NULL, LN_AGE_CHUNK);
    size_t most = 0;
    bool last = false;
    bool first = true;
    bool ok = false;

    while (!last) {
        if (!fill(buf, &have, SEALED + 1, read, rctx, err))
            goto out;
        last = have <= SEALED;
        size_t len = last ? have : SEALED;
        most = most > len ? most : len;
        s->nonce[NONCE - 1] = last ? 1 : 0;
        /* An empty last chunk is the whole of an empty file and stands nowhere else. */
        if (len < TAG || (len == TAG && !first) ||
            crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, (const uint8_t *)buf, len,
                                                      NULL, 0, s->nonce, s->key) != 0) {
            (void)ln_fail(err, LN_INVALID, "the age file is damaged or cut");
            goto out;
        }
        if (len > TAG && !write(wctx, plain, len - TAG, err))
            goto out;
        memmove(buf, buf + len, have - len);
        have -= len;
        first = false;
        stream_count(s);
    }
    ok = true;
out:
    sodium_memzero(plain, most < LN_AGE_CHUNK ? most : LN_AGE_CHUNK);
    ln_free(plain);
    return ok;
}

bool ln_age_open_stream(const struct ln_ident *id, ln_age_read *read, void *rctx,
                        ln_age_write *write, void *wctx, struct ln_err *err)
{
    char *buf = ln_realloc(NULL, LN_AGE_HEADER_MAX + SEALED + 1);
    struct stream s = { 0 };
    uint8_t file_key[FILE_KEY];
    size_t have = 0;
    size_t used = 0;
    bool ok = false;

    if (!fill(buf, &have, LN_AGE_HEADER_MAX, read, rctx, err) ||
        !read_header(file_key, &used, (struct ln_span){ buf, have }, id, err) ||
        !fill(buf, &have, used + PAYLOAD_NONCE, read, rctx, err))
        goto out;
    if (have < used + PAYLOAD_NONCE) {
        (void)ln_fail(err, LN_INVALID, "the age file ends before its contents");
        goto out;
    }
    stream_begin(&s, file_key, (const uint8_t *)buf + used);
    used += PAYLOAD_NONCE;
    memmove(buf, buf + used, have - used);
    ok = open_chunks(&s, buf, have - used, read, rctx, write, wctx, err);
out:
    sodium_memzero(file_key, sizeof file_key);
    sodium_memzero(&s, sizeof s);
    ln_free(buf);
    return ok;
}

/* ---- memory at both ends ---- */

static bool read_span(void *ctx, void *out, size_t cap, size_t *got, struct ln_err *err)
{
    struct ln_span *in = ctx;

    (void)err;
    *got = in->len < cap ? in->len : cap;
    if (*got > 0)
        memcpy(out, in->p, *got);
    in->p += *got;
    in->len -= *got;
    return true;
}

static bool write_buf(void *ctx, const void *data, size_t len, struct ln_err *err)
{
    struct ln_buf *out = ctx;

    ln_buf_add(out, data, len);
    return ln_buf_done(out, "age file", err);
}

bool ln_age_seal(struct ln_buf *out, const struct ln_recipient *to, size_t n, const void *data,
                 size_t len, struct ln_err *err)
{
    struct ln_span in = { data, len };

    return ln_age_seal_stream(to, n, read_span, &in, write_buf, out, err);
}

bool ln_age_open(struct ln_buf *out, const void *data, size_t len, const struct ln_ident *id,
                 struct ln_err *err)
{
    struct ln_span in = { data, len };
    size_t start = out->len;
    bool ok = ln_age_open_stream(id, read_span, &in, write_buf, out, err);

    if (!ok && out->len > start)
        ln_buf_cut(out, start);
    return ok;
}
