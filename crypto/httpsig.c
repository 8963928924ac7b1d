/* HTTP message signatures: see httpsig.h. */
#include "crypto/httpsig.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "crypto/base/alloc.h"

#define TAG "linli1"
#define LABEL "s" /* ours; any other is read as well */
#define BASE_MAX (8 * LN_HTTPSIG_HEADER_MAX)
#define REQUEST_LIST "(\"@method\" \"@path\" \"@query\" \"content-digest\" \"linli-to\")"
#define RESPONSE_LIST                                                                              \
    "(\"@status\" \"content-digest\" \"linli-nonce\" \"signature\";req \"content-digest\";req)"
#define REQUEST_PARTS 5
#define RESPONSE_PARTS 5
#define INTEGER_DIGITS 15 /* RFC 8941 3.3.1 */

/* What one pair of Signature-Input and Signature says. */
struct claim {
    struct ln_span params; /* the inner list and its parameters: what is signed */
    struct ln_span list;   /* the inner list alone */
    struct ln_span keyid, nonce;
    bool keyed, nonced, dated, algorithm, tagged;
    int64_t created_s;
    uint8_t sig[64];
};

/* --- values */

/* Printable ASCII: nothing that ends a line of the signature base or a header. */
static bool is_plain(const char *text, char first)
{
    for (const char *p = text; *p != '\0'; p++)
        if (*p < first || *p > '~')
            return false;
    return true;
}

/* What may stand between quotes without escapes. */
static bool is_quotable(const char *text)
{
    return is_plain(text, ' ') && strpbrk(text, "\"\\") == NULL;
}

bool ln_httpsig_base(struct ln_buf *out, const struct ln_httpsig_part *parts, size_t n,
                     struct ln_span params, struct ln_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_plain(parts[i].value, ' '))
            return ln_fail(err, LN_INVALID, "%s cannot be signed: it is not plain ASCII",
                           parts[i].id);
        ln_buf_addf(out, "%s: %s\n", parts[i].id, parts[i].value);
    }
    /* RFC 9421 2.5: always last, and no newline behind it. */
    ln_buf_adds(out, "\"@signature-params\": ");
    ln_buf_add(out, params.p, params.len);
    return ln_buf_done(out, "the signature base", err);
}

static void add_digest(struct ln_buf *out, const struct ln_sha256 *body)
{
    ln_buf_adds(out, "sha-256=:");
    ln_encode_base64(out, body->b, sizeof body->b, true);
    ln_buf_addc(out, ':');
}

static bool digest_fits(const char *header, const struct ln_sha256 *body, struct ln_err *err)
{
    struct ln_buf want = ln_buf_new(LN_HTTPSIG_HEADER_MAX);

    add_digest(&want, body);
    bool same = strcmp(header, want.data) == 0;
    ln_buf_free(&want);
    return same || ln_fail(err, LN_DENIED, "the body is not the one of its content-digest");
}

/* --- signing */

static bool sign(struct ln_buf *input, struct ln_buf *sig, const struct ln_httpsig_part *parts,
                 size_t n, const struct ln_buf *params, const struct ln_seckey *key,
                 struct ln_err *err)
{
    struct ln_buf base = ln_buf_new(BASE_MAX);
    uint8_t raw[64];
    bool ok = false;

    if (!ln_buf_done(params, "the signature parameters", err) ||
        !ln_httpsig_base(&base, parts, n, (struct ln_span){ params->data, params->len }, err))
        goto out;
    ln_key_sign(raw, base.data, base.len, key);
    ln_buf_addf(input, LABEL "=%s", params->data);
    ln_buf_adds(sig, LABEL "=:");
    ln_encode_base64(sig, raw, sizeof raw, true);
    ln_buf_addc(sig, ':');
    ok = ln_buf_done(input, "signature-input", err) && ln_buf_done(sig, "signature", err);
out:
    ln_buf_free(&base);
    return ok;
}

static void request_parts(struct ln_httpsig_part parts[REQUEST_PARTS],
                          const struct ln_httpsig_request *r, const char *digest)
{
    parts[0] = (struct ln_httpsig_part){ "\"@method\"", r->method };
    parts[1] = (struct ln_httpsig_part){ "\"@path\"", r->path };
    parts[2] = (struct ln_httpsig_part){ "\"@query\"", r->query };
    parts[3] = (struct ln_httpsig_part){ "\"content-digest\"", digest };
    parts[4] = (struct ln_httpsig_part){ "\"linli-to\"", r->to };
}

static bool request_is_fit(const struct ln_httpsig_request *r, struct ln_err *err)
{
    if (r->method[0] == '\0' || !is_plain(r->method, '!') || r->path[0] != '/' ||
        !is_plain(r->path, '!') || r->query[0] != '?' || !is_plain(r->query, '!'))
        return ln_fail(err, LN_INVALID, "a request line that cannot be signed");
    if (!is_quotable(r->to) || !is_quotable(r->nonce) || !is_quotable(r->keyid) || r->created_s < 0)
        return ln_fail(err, LN_INVALID, "signature parameters that cannot be signed");
    return true;
}

bool ln_httpsig_sign_request(struct ln_buf *digest, struct ln_buf *input, struct ln_buf *sig,
                             const struct ln_httpsig_request *r, const struct ln_sha256 *body,
                             const struct ln_seckey *key, struct ln_err *err)
{
    struct ln_buf params = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_httpsig_part parts[REQUEST_PARTS] = { { NULL, NULL } };
    size_t at = digest->len;
    bool ok = false;

    if (!request_is_fit(r, err))
        goto out;
    add_digest(digest, body);
    if (!ln_buf_done(digest, "content-digest", err))
        goto out;
    request_parts(parts, r, digest->data + at);
    ln_buf_addf(&params,
                REQUEST_LIST ";created=%" PRId64 ";nonce=\"%s\";keyid=\"%s\""
                             ";tag=\"" TAG "\"",
                r->created_s, r->nonce, r->keyid);
    ok = sign(input, sig, parts, REQUEST_PARTS, &params, key, err);
out:
    ln_buf_free(&params);
    return ok;
}

/* `status_text` holds the number while the parts are used. */
static bool response_parts(struct ln_httpsig_part parts[RESPONSE_PARTS], char status_text[8],
                           int status, const char *next_nonce, const char *digest,
                           const struct ln_httpsig_headers *request, struct ln_err *err)
{
    if (status < 100 || status > 599)
        return ln_fail(err, LN_INVALID, "status %d", status);
    (void)snprintf(status_text, 8, "%d", status);
    parts[0] = (struct ln_httpsig_part){ "\"@status\"", status_text };
    parts[1] = (struct ln_httpsig_part){ "\"content-digest\"", digest };
    parts[2] = (struct ln_httpsig_part){ "\"linli-nonce\"", next_nonce };
    parts[3] = (struct ln_httpsig_part){ "\"signature\";req", request->signature };
    parts[4] = (struct ln_httpsig_part){ "\"content-digest\";req", request->content_digest };
    return true;
}

bool ln_httpsig_sign_response(struct ln_buf *digest, struct ln_buf *input, struct ln_buf *sig,
                              int status, const char *next_nonce, const char *keyid,
                              int64_t created_s, const struct ln_sha256 *body,
                              const struct ln_httpsig_headers *request, const struct ln_seckey *key,
                              struct ln_err *err)
{
    struct ln_buf params = ln_buf_new(LN_HTTPSIG_HEADER_MAX);
    struct ln_httpsig_part parts[RESPONSE_PARTS] = { { NULL, NULL } };
    char status_text[8];
    size_t at = digest->len;
    bool ok = false;

    if (!is_quotable(keyid) || created_s < 0) {
        (void)ln_fail(err, LN_INVALID, "signature parameters that cannot be signed");
        goto out;
    }
    add_digest(digest, body);
    if (!ln_buf_done(digest, "content-digest", err) ||
        !response_parts(parts, status_text, status, next_nonce, digest->data + at, request, err))
        goto out;
    ln_buf_addf(&params, RESPONSE_LIST ";created=%" PRId64 ";keyid=\"%s\";tag=\"" TAG "\"",
                created_s, keyid);
    ok = sign(input, sig, parts, RESPONSE_PARTS, &params, key, err);
out:
    ln_buf_free(&params);
    return ok;
}

/* --- reading. The grammar is RFC 8941 in its one canonical form (no optional blanks), so the text
 * that came is the text that was signed. */

static bool take(struct ln_span *in, const char *text)
{
    size_t len = strlen(text);

    if (in->len < len || memcmp(in->p, text, len) != 0)
        return false;
    in->p += len;
    in->len -= len;
    return true;
}

/* A dictionary key and its "="; the key is returned. RFC 8941 3.1.2. */
static bool take_label(struct ln_span *out, struct ln_span *in)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz*";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.*";
    size_t n = 0;

    while (n < in->len && in->p[n] != '\0' && strchr(n == 0 ? first : rest, in->p[n]) != NULL)
        n++;
    if (n == 0 || n == in->len || in->p[n] != '=')
        return false;
    *out = (struct ln_span){ in->p, n };
    in->p += n + 1;
    in->len -= n + 1;
    return true;
}

/* A string without escapes: none of our values needs one. */
static bool take_string(struct ln_span *out, struct ln_span *in)
{
    size_t n = 1;

    if (in->len == 0 || in->p[0] != '"')
        return false;
    while (n < in->len && in->p[n] >= ' ' && in->p[n] <= '~' && in->p[n] != '"' && in->p[n] != '\\')
        n++;
    if (n == in->len || in->p[n] != '"')
        return false;
    *out = (struct ln_span){ in->p + 1, n - 1 };
    in->p += n + 1;
    in->len -= n + 1;
    return true;
}

/* A whole number from 0 on, without leading zeros. */
static bool take_number(int64_t *out, struct ln_span *in)
{
    int64_t value = 0;
    size_t n = 0;

    for (; n < in->len && n < INTEGER_DIGITS && in->p[n] >= '0' && in->p[n] <= '9'; n++)
        value = value * 10 + (in->p[n] - '0');
    if (n == 0 || (n > 1 && in->p[0] == '0'))
        return false;
    *out = value;
    in->p += n;
    in->len -= n;
    return true;
}

/* Takes a string parameter that may come once. */
static bool take_once(struct ln_span *out, bool *seen, struct ln_span *in)
{
    bool first = !*seen;

    *seen = true;
    return first && take_string(out, in);
}

static bool take_param(struct claim *c, struct ln_span *in)
{
    struct ln_span word;

    if (take(in, "created=")) {
        bool first = !c->dated;
        c->dated = true;
        return first && take_number(&c->created_s, in);
    }
    if (take(in, "keyid="))
        return take_once(&c->keyid, &c->keyed, in);
    if (take(in, "nonce="))
        return take_once(&c->nonce, &c->nonced, in);
    if (take(in, "alg="))
        return take_once(&word, &c->algorithm, in) && ln_span_is(word, "ed25519");
    if (take(in, "tag="))
        return take_once(&word, &c->tagged, in) && ln_span_is(word, TAG);
    return false;
}

/* The inner list: everything up to its ")", which no component of ours contains. */
static bool take_list(struct ln_span *out, struct ln_span *in)
{
    const char *end = in->len == 0 ? NULL : memchr(in->p, ')', in->len);

    if (end == NULL || in->p[0] != '(')
        return false;
    out->p = in->p;
    out->len = (size_t)(end - in->p) + 1;
    in->p += out->len;
    in->len -= out->len;
    return true;
}

static bool read_signature(uint8_t sig[64], struct ln_span label, const char *header)
{
    struct ln_buf raw = ln_buf_new(64);
    struct ln_span in = ln_span_of(header);
    struct ln_span own;
    bool ok = take_label(&own, &in) && ln_span_same(own, label) && take(&in, ":") && in.len > 0 &&
              in.p[in.len - 1] == ':' &&
              ln_encode_unbase64(&raw, (struct ln_span){ in.p, in.len - 1 }, true) && raw.len == 64;

    if (ok)
        memcpy(sig, raw.data, 64);
    ln_buf_free(&raw);
    return ok;
}

static bool read_claim(struct claim *c, const struct ln_httpsig_headers *h, struct ln_err *err)
{
    struct ln_span in = ln_span_of(h->signature_input);
    struct ln_span label;
    struct ln_span start;

    *c = (struct claim){ 0 };
    if (in.len > LN_HTTPSIG_HEADER_MAX || strlen(h->signature) > LN_HTTPSIG_HEADER_MAX ||
        strlen(h->content_digest) > LN_HTTPSIG_HEADER_MAX)
        return ln_fail(err, LN_INVALID, "a signature header is longer than %d bytes",
                       LN_HTTPSIG_HEADER_MAX);
    if (!take_label(&label, &in))
        return ln_fail(err, LN_INVALID, "signature-input is not one signature");
    start = in;
    if (!take_list(&c->list, &in))
        return ln_fail(err, LN_INVALID, "signature-input does not start with a list");
    while (in.len > 0)
        if (!take(&in, ";") || !take_param(c, &in))
            return ln_fail(err, LN_INVALID, "signature-input has parameters that are not ours");
    c->params = start;
    if (!c->dated || !c->keyed || !c->tagged || c->keyid.len >= LN_NODE_ID_MAX ||
        c->nonce.len >= LN_HTTPSIG_NONCE_MAX)
        return ln_fail(err, LN_INVALID, "signature-input lacks created, keyid or tag");
    if (!read_signature(c->sig, label, h->signature))
        return ln_fail(err, LN_INVALID, "signature is not one Ed25519 signature");
    return true;
}

static void copy_span(char *out, struct ln_span s)
{
    if (s.len > 0)
        memcpy(out, s.p, s.len);
    out[s.len] = '\0';
}

bool ln_httpsig_peek(char keyid[LN_NODE_ID_MAX], char nonce[LN_HTTPSIG_NONCE_MAX],
                     int64_t *created_s, const struct ln_httpsig_headers *h, struct ln_err *err)
{
    struct claim c;

    if (!read_claim(&c, h, err))
        return false;
    copy_span(keyid, c.keyid);
    copy_span(nonce, c.nonce);
    *created_s = c.created_s;
    return true;
}

/* --- checking */

static bool verify(const struct claim *c, const struct ln_httpsig_part *parts, size_t n,
                   const struct ln_pubkey *key, struct ln_err *err)
{
    struct ln_buf base = ln_buf_new(BASE_MAX);
    bool ok = ln_httpsig_base(&base, parts, n, c->params, err);

    if (ok && !ln_key_verify(c->sig, base.data, base.len, key))
        ok = ln_fail(err, LN_DENIED, "the signature does not fit this message");
    ln_buf_free(&base);
    return ok;
}

bool ln_httpsig_verify_request(const struct ln_httpsig_request *r,
                               const struct ln_httpsig_headers *h, const struct ln_sha256 *body,
                               const struct ln_pubkey *key, struct ln_err *err)
{
    struct ln_httpsig_part parts[REQUEST_PARTS] = { { NULL, NULL } };
    struct claim c;

    if (!request_is_fit(r, err) || !read_claim(&c, h, err))
        return false;
    if (!ln_span_is(c.list, REQUEST_LIST) || !c.nonced)
        return ln_fail(err, LN_INVALID, "the signature does not cover what a request must");
    if (!ln_span_is(c.keyid, r->keyid) || !ln_span_is(c.nonce, r->nonce) ||
        c.created_s != r->created_s)
        return ln_fail(err, LN_DENIED, "the signature names another signer, nonce or time");
    if (!digest_fits(h->content_digest, body, err))
        return false;
    request_parts(parts, r, h->content_digest);
    return verify(&c, parts, REQUEST_PARTS, key, err);
}

bool ln_httpsig_verify_response(int status, const char *next_nonce,
                                const struct ln_httpsig_headers *h, const struct ln_sha256 *body,
                                const struct ln_httpsig_headers *request,
                                const struct ln_pubkey *key, int64_t *created_s, struct ln_err *err)
{
    struct ln_httpsig_part parts[RESPONSE_PARTS] = { { NULL, NULL } };
    char status_text[8];
    struct claim c;

    if (!read_claim(&c, h, err) ||
        !response_parts(parts, status_text, status, next_nonce, h->content_digest, request, err))
        return false;
    if (!ln_span_is(c.list, RESPONSE_LIST))
        return ln_fail(err, LN_INVALID, "the signature does not cover what a response must");
    if (!digest_fits(h->content_digest, body, err) || !verify(&c, parts, RESPONSE_PARTS, key, err))
        return false;
    *created_s = c.created_s;
    return true;
}

/* --- nonces */

#define RANDOM_LEN 16
#define MAC_LEN 16
#define NONCE_LEN (8 + RANDOM_LEN + MAC_LEN)
#define NONE UINT32_MAX
#define ROOM_FIRST 64

struct used {
    uint8_t random[RANDOM_LEN];
    int64_t minted_s;
    uint32_t next; /* in its bucket */
};

struct ln_nonces {
    pthread_mutex_t lock;
    uint8_t key[crypto_generichash_KEYBYTES];
    size_t remember;
    size_t room;       /* doubles up to `remember`: most nodes are asked by few */
    size_t n, first;   /* used[] is a ring of `room`: `n` entries from `first` on */
    int64_t refuse_to; /* minted up to this second: no longer known whether used */
    struct used *used;
    uint32_t *bucket; /* `room` of them; the random part is ours, so it hashes itself */
};

struct ln_nonces *ln_nonces_new(size_t remember)
{
    assert(remember > 0 && remember < NONE);
    struct ln_nonces *n = ln_alloc(sizeof *n);

    assert(pthread_mutex_init(&n->lock, NULL) == 0);
    crypto_generichash_keygen(n->key);
    n->remember = remember;
    n->refuse_to = INT64_MIN;
    return n;
}

void ln_nonces_free(struct ln_nonces *n)
{
    if (n == NULL)
        return;
    (void)pthread_mutex_destroy(&n->lock);
    sodium_memzero(n->key, sizeof n->key);
    ln_free(n->used);
    ln_free(n->bucket);
    ln_free(n);
}

static void put_time(uint8_t out[8], int64_t t)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)t >> (56 - 8 * i));
}

static int64_t get_time(const uint8_t in[8])
{
    uint64_t t = 0;

    for (int i = 0; i < 8; i++)
        t = t << 8 | in[i];
    return (int64_t)t;
}

static void nonce_mac(uint8_t out[MAC_LEN], const struct ln_nonces *n,
                      const uint8_t head[8 + RANDOM_LEN])
{
    (void)crypto_generichash(out, MAC_LEN, head, 8 + RANDOM_LEN, n->key, sizeof n->key);
}

void ln_nonces_mint(char out[LN_HTTPSIG_NONCE_MAX], struct ln_nonces *n, int64_t now_s)
{
    struct ln_buf text = ln_buf_new(LN_HTTPSIG_NONCE_MAX - 1);
    uint8_t raw[NONCE_LEN];

    put_time(raw, now_s);
    randombytes_buf(raw + 8, RANDOM_LEN);
    nonce_mac(raw + 8 + RANDOM_LEN, n, raw);
    ln_encode_base64url(&text, raw, sizeof raw);
    memcpy(out, text.data, text.len + 1);
    ln_buf_free(&text);
}

static uint32_t *bucket_of(struct ln_nonces *n, const uint8_t random[RANDOM_LEN])
{
    uint64_t h;

    assert(n->room > 0);
    memcpy(&h, random, sizeof h);
    return &n->bucket[h % n->room];
}

static void put_in_bucket(struct ln_nonces *n, uint32_t slot)
{
    uint32_t *bucket = bucket_of(n, n->used[slot].random);

    n->used[slot].next = *bucket;
    *bucket = slot;
}

/* Only while it was never full, so that the ring begins at 0. */
static void make_room(struct ln_nonces *n)
{
    n->room = n->room > 0 ? 2 * n->room : ROOM_FIRST;
    if (n->room > n->remember)
        n->room = n->remember;
    n->used = ln_realloc(n->used, n->room * sizeof *n->used);
    n->bucket = ln_realloc(n->bucket, n->room * sizeof *n->bucket);
    for (size_t i = 0; i < n->room; i++)
        n->bucket[i] = NONE;
    for (uint32_t i = 0; i < n->n; i++)
        put_in_bucket(n, i);
}

static void forget_oldest(struct ln_nonces *n)
{
    uint32_t gone = (uint32_t)n->first;
    uint32_t *at = bucket_of(n, n->used[gone].random);

    while (*at != gone)
        at = &n->used[*at].next;
    *at = n->used[gone].next;
    if (n->used[gone].minted_s > n->refuse_to)
        n->refuse_to = n->used[gone].minted_s;
    n->first = (n->first + 1) % n->room;
    n->n--;
}

/* Notes a nonce as used; false when it was already. The lock is held. */
static bool spend(struct ln_nonces *n, const uint8_t raw[NONCE_LEN])
{
    const uint8_t *random = raw + 8;

    if (n->n == n->room && n->room < n->remember)
        make_room(n);
    for (uint32_t i = *bucket_of(n, random); i != NONE; i = n->used[i].next)
        if (memcmp(n->used[i].random, random, RANDOM_LEN) == 0)
            return false;
    if (get_time(raw) <= n->refuse_to)
        return false;
    if (n->n == n->remember)
        forget_oldest(n);
    uint32_t slot = (uint32_t)((n->first + n->n++) % n->room);
    struct used *u = &n->used[slot];
    memcpy(u->random, random, RANDOM_LEN);
    u->minted_s = get_time(raw);
    put_in_bucket(n, slot);
    return true;
}

bool ln_nonces_use(struct ln_nonces *n, const char *nonce, int64_t now_s, struct ln_err *err)
{
    struct ln_buf raw = ln_buf_new(NONCE_LEN);
    uint8_t mac[MAC_LEN];
    bool ok = false;

    if (!ln_encode_unbase64url(&raw, ln_span_of(nonce)) || raw.len != NONCE_LEN) {
        (void)ln_fail(err, LN_DENIED, "not a nonce");
        goto out;
    }
    const uint8_t *bytes = (const uint8_t *)raw.data;
    int64_t minted_s = get_time(bytes);
    nonce_mac(mac, n, bytes);
    if (sodium_memcmp(mac, bytes + 8 + RANDOM_LEN, MAC_LEN) != 0) {
        (void)ln_fail(err, LN_DENIED, "the nonce is not one of ours");
        goto out;
    }
    /* Ours, so the time is sane; from the future when the clock was set back. */
    if (minted_s > now_s || now_s - minted_s > LN_HTTPSIG_NONCE_S) {
        (void)ln_fail(err, LN_DENIED, "the nonce is no longer good");
        goto out;
    }
    assert(pthread_mutex_lock(&n->lock) == 0);
    ok = spend(n, bytes);
    assert(pthread_mutex_unlock(&n->lock) == 0);
    if (!ok)
        (void)ln_fail(err, LN_DENIED, "the nonce was used");
out:
    ln_buf_free(&raw);
    return ok;
}
