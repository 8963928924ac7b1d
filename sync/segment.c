/* Segments as signed git commits, and their sealed files: see segment.h. */
#include "sync/segment.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "crypto/age.h"
#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/sshsig.h"

#define SUITE 1
/* Of 250 lines: 37 B a change in 80 us; level 3 takes 41 B and 76 us, level 16 34 B and 127 us. */
#define ZSTD_LEVEL 9
#define SKIPPABLE 0x184D2A50U /* RFC 8878 3.1.2 */
#define SKIP_HEAD 8
#define HEADER_MAX 512
#define SIG_SPACE "git"
#define SIG_HEAD "gpgsig "
#define MODE "100644 "

/* Reads a commit's text forward; `bad` sticks. */
struct cursor {
    const char *p, *end;
    bool bad;
};

struct ln_sha1 ln_segment_sha1(const char *kind, const void *data, size_t len)
{
    struct ln_sha1_state s;
    char head[48];
    int n = snprintf(head, sizeof head, "%s %zu", kind, len);

    ln_sha1_start(&s);
    ln_sha1_add(&s, head, (size_t)n + 1);
    ln_sha1_add(&s, data, len);
    return ln_sha1_end(&s);
}

/* ---- commit */

static bool hex_digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'f'))
            return false;
    return true;
}

/* "public.jsonl" or 16 hex digits and ".age". */
static bool file_name(const char *name)
{
    return strcmp(name, "public.jsonl") == 0 ||
           (strlen(name) == 20 && hex_digits(name, 16) && strcmp(name + 16, ".age") == 0);
}

/* A node id, and for a down-log '.' and a region. */
static bool log_name(const char *log)
{
    size_t len = strlen(log);

    if (len != LN_NODE_ID_MAX - 1 && len != LN_LOG_MAX - 2)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool digit = log[i] >= '0' && log[i] <= '9';
        bool letter = (log[i] >= 'a' && log[i] <= 'z') || (log[i] >= '2' && log[i] <= '7');
        char sign = i == 12 ? '-' : '.';
        bool mark = i == 12 || i == LN_NODE_ID_MAX - 1;
        bool in_key = i > 12 && i < LN_NODE_ID_MAX - 1;
        if (mark ? log[i] != sign : (in_key ? !letter : !digit))
            return false;
    }
    return true;
}

static bool form(const struct ln_segment *s, struct ln_err *err)
{
    if (!log_name(s->log) || s->seq == 0 || s->seq > INT64_MAX || s->suite != SUITE)
        return ln_fail(err, LN_INVALID, "segment: log, sequence or suite is wrong");
    if (s->time_s < 0 || s->time_s % 60 != 0 || s->time_s > INT64_C(253402300799))
        return ln_fail(err, LN_INVALID, "segment: time is no whole minute");
    if (s->n_files == 0 || s->n_files > LN_SEGMENT_FILES)
        return ln_fail(err, LN_INVALID, "segment: %zu files", s->n_files);
    for (size_t i = 0; i < s->n_files; i++)
        if (!file_name(s->files[i].name) ||
            (i > 0 && strcmp(s->files[i - 1].name, s->files[i].name) >= 0))
            return ln_fail(err, LN_INVALID, "segment: files are not in order");
    return true;
}

static void add_header(struct ln_buf *out, const struct ln_segment *s)
{
    const int id = LN_NODE_ID_MAX - 1; /* a down-log is written by the node before the dot */

    ln_buf_adds(out, "tree ");
    ln_encode_hex(out, s->tree.b, LN_SHA1_LEN);
    if (s->seq > 1) {
        ln_buf_adds(out, "\nparent ");
        ln_encode_hex(out, s->prev_commit.b, LN_SHA1_LEN);
    }
    for (int i = 0; i < 2; i++)
        ln_buf_addf(out, "\n%s %.*s <%.*s@linli> %" PRId64 " +0000",
                    i == 0 ? "author" : "committer", id, s->log, id, s->log, s->time_s);
    ln_buf_addc(out, '\n');
}

static void add_message(struct ln_buf *out, const struct ln_segment *s)
{
    ln_buf_addf(out,
                "\nseg %" PRIu64 "\n\nLinli-Log: %s\nLinli-Seq: %" PRIu64 "\nLinli-Prev: ", s->seq,
                s->log, s->seq);
    ln_encode_hex(out, s->prev.b, sizeof s->prev.b);
    ln_buf_addf(out, "\nLinli-Suite: %u\n", s->suite);
    for (size_t i = 0; i < s->n_files; i++) {
        ln_buf_addf(out, "Linli-File: %s ", s->files[i].name);
        ln_encode_hex(out, s->files[i].sha.b, sizeof s->files[i].sha.b);
        ln_buf_addc(out, '\n');
    }
}

/* As git stores it: each further line of the signature begins with a blank. */
static void add_signature(struct ln_buf *out, const struct ln_buf *sig)
{
    ln_buf_adds(out, SIG_HEAD);
    for (size_t i = 0; i < sig->len; i++) {
        ln_buf_addc(out, sig->data[i]);
        if (sig->data[i] == '\n' && i + 1 < sig->len)
            ln_buf_addc(out, ' ');
    }
}

static void add_tree(struct ln_buf *out, const struct ln_segment *s, const struct ln_sha1 *blobs)
{
    for (size_t i = 0; i < s->n_files; i++) {
        ln_buf_adds(out, MODE);
        ln_buf_add(out, s->files[i].name, strlen(s->files[i].name) + 1);
        ln_buf_add(out, blobs[i].b, LN_SHA1_LEN);
    }
}

bool ln_segment_build(struct ln_buf *commit, struct ln_buf *tree, struct ln_segment *s,
                      const struct ln_sha1 *blobs, const struct ln_seckey *key, struct ln_err *err)
{
    struct ln_buf head = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf message = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf text = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    size_t at_tree = tree->len;
    size_t at = commit->len;
    bool ok = false;

    if (!form(s, err))
        goto out;
    add_tree(tree, s, blobs);
    if (!ln_buf_done(tree, "tree", err))
        goto out;
    s->tree = ln_segment_sha1("tree", tree->data + at_tree, tree->len - at_tree);
    add_header(&head, s);
    add_message(&message, s);
    ln_buf_add(&text, head.data, head.len);
    ln_buf_add(&text, message.data, message.len);
    if (!ln_buf_done(&text, "commit", err))
        goto out;
    ln_sshsig_sign(&sig, SIG_SPACE, text.data, text.len, key);
    ln_buf_add(commit, head.data, head.len);
    add_signature(commit, &sig);
    ln_buf_add(commit, message.data, message.len);
    if (!ln_buf_done(commit, "commit", err))
        goto out;
    s->sha = ln_encode_sha256(commit->data + at, commit->len - at);
    s->commit = ln_segment_sha1("commit", commit->data + at, commit->len - at);
    ok = true;
out:
    ln_buf_free(&sig);
    ln_buf_free(&text);
    ln_buf_free(&message);
    ln_buf_free(&head);
    return ok;
}

/* ---- reading: take what varies, then render the whole again and compare */

static void expect(struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    if (c->bad || (size_t)(c->end - c->p) < len || memcmp(c->p, text, len) != 0)
        c->bad = true;
    else
        c->p += len;
}

/* Up to `stop`, which is taken too. */
static struct ln_span until(struct cursor *c, char stop)
{
    const char *at = c->bad ? NULL : memchr(c->p, stop, (size_t)(c->end - c->p));

    if (at == NULL) {
        c->bad = true;
        return (struct ln_span){ c->p, 0 };
    }
    struct ln_span s = { c->p, (size_t)(at - c->p) };
    c->p = at + 1;
    return s;
}

static void take_hex(struct cursor *c, void *out, size_t len, char stop)
{
    if (!ln_encode_unhex(out, len, until(c, stop)))
        c->bad = true;
}

static uint64_t take_number(struct cursor *c, char stop)
{
    struct ln_span s = until(c, stop);
    uint64_t v = 0;

    if (s.len == 0 || s.len > 18)
        c->bad = true;
    for (size_t i = 0; i < s.len && !c->bad; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            c->bad = true;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    return c->bad ? 0 : v;
}

static void take_text(struct cursor *c, char *out, size_t cap, char stop)
{
    struct ln_span s = until(c, stop);

    if (c->bad || s.len >= cap || memchr(s.p, '\0', s.len) != NULL) {
        c->bad = true;
        return;
    }
    memcpy(out, s.p, s.len);
    out[s.len] = '\0';
}

static bool next_is(const struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    return !c->bad && (size_t)(c->end - c->p) >= len && memcmp(c->p, text, len) == 0;
}

static void take_header(struct cursor *c, struct ln_segment *s)
{
    expect(c, "tree ");
    take_hex(c, s->tree.b, LN_SHA1_LEN, '\n');
    if (next_is(c, "parent ")) {
        expect(c, "parent ");
        take_hex(c, s->prev_commit.b, LN_SHA1_LEN, '\n');
    }
    expect(c, "author ");
    (void)until(c, '>');
    expect(c, " ");
    s->time_s = (int64_t)take_number(c, ' ');
    (void)until(c, '\n');
    (void)until(c, '\n'); /* committer: compared when the header is rendered again */
}

static void take_signature(struct cursor *c, struct ln_buf *sig)
{
    expect(c, SIG_HEAD);
    do {
        struct ln_span line = until(c, '\n');
        ln_buf_add(sig, line.p, line.len);
        ln_buf_addc(sig, '\n');
        if (!next_is(c, " "))
            return;
        c->p++;
    } while (!c->bad);
}

static void take_message(struct cursor *c, struct ln_segment *s)
{
    expect(c, "\nseg ");
    s->seq = take_number(c, '\n');
    expect(c, "\nLinli-Log: ");
    take_text(c, s->log, sizeof s->log, '\n');
    expect(c, "Linli-Seq: ");
    (void)until(c, '\n');
    expect(c, "Linli-Prev: ");
    take_hex(c, s->prev.b, sizeof s->prev.b, '\n');
    expect(c, "Linli-Suite: ");
    s->suite = (unsigned)(take_number(c, '\n') & 0xFFFF);
    while (!c->bad && c->p < c->end && s->n_files < LN_SEGMENT_FILES) {
        struct ln_segment_file *f = &s->files[s->n_files++];
        expect(c, "Linli-File: ");
        take_text(c, f->name, sizeof f->name, ' ');
        take_hex(c, f->sha.b, sizeof f->sha.b, '\n');
    }
}

/* The first segment has no predecessor, each other one has. */
static bool first_is_first(const struct ln_segment *s)
{
    return sodium_is_zero(s->prev.b, sizeof s->prev.b) == (s->seq == 1) &&
           sodium_is_zero(s->prev_commit.b, LN_SHA1_LEN) == (s->seq == 1);
}

static bool check_text(const struct ln_segment *s, const void *commit, size_t len,
                       const struct ln_buf *sig, const struct ln_pubkey *key, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf full = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_pubkey by;
    bool ok = false;

    add_header(&text, s);
    ln_buf_add(&full, text.data, text.len);
    add_signature(&full, sig);
    add_message(&text, s);
    add_message(&full, s);
    if (full.over || full.len != len || memcmp(full.data, commit, len) != 0) {
        (void)ln_fail(err, LN_INVALID, "segment: commit has another form");
        goto out;
    }
    if (!ln_sshsig_verify(&by, SIG_SPACE, text.data, text.len, sig->data, sig->len, err))
        goto out;
    if (sodium_memcmp(by.b, key->b, sizeof by.b) != 0) {
        (void)ln_fail(err, LN_DENIED, "segment: signed by another key");
        goto out;
    }
    ok = true;
out:
    ln_buf_free(&full);
    ln_buf_free(&text);
    return ok;
}

bool ln_segment_read(struct ln_segment *out, const void *commit, size_t len,
                     const struct ln_pubkey *key, struct ln_err *err)
{
    struct cursor c = { commit, (const char *)commit + len, false };
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_segment s = { 0 };
    bool ok = false;

    take_header(&c, &s);
    take_signature(&c, &sig);
    take_message(&c, &s);
    if (c.bad || c.p != c.end || sig.over || len > LN_SEGMENT_MESSAGE_MAX) {
        (void)ln_fail(err, LN_INVALID, "segment: commit breaks its form at byte %zu",
                      (size_t)(c.p - (const char *)commit));
        goto out;
    }
    if (!form(&s, err))
        goto out;
    if (!first_is_first(&s)) {
        (void)ln_fail(err, LN_INVALID, "segment: predecessor does not fit its number");
        goto out;
    }
    if (!check_text(&s, commit, len, &sig, key, err))
        goto out;
    s.sha = ln_encode_sha256(commit, len);
    s.commit = ln_segment_sha1("commit", commit, len);
    *out = s;
    ok = true;
out:
    ln_buf_free(&sig);
    return ok;
}

bool ln_segment_tree_check(const struct ln_segment *s, const void *tree, size_t len,
                           struct ln_sha1 *blobs, struct ln_err *err)
{
    struct ln_sha1 name = ln_segment_sha1("tree", tree, len);
    const char *p = tree;
    const char *end = p + len;

    if (memcmp(name.b, s->tree.b, LN_SHA1_LEN) != 0)
        return ln_fail(err, LN_INVALID, "segment: another tree");
    for (size_t i = 0; i < s->n_files; i++) {
        size_t name_len = strlen(s->files[i].name) + 1;
        size_t entry = sizeof MODE - 1 + name_len + LN_SHA1_LEN;
        if ((size_t)(end - p) < entry || memcmp(p, MODE, sizeof MODE - 1) != 0 ||
            memcmp(p + sizeof MODE - 1, s->files[i].name, name_len) != 0)
            return ln_fail(err, LN_INVALID, "segment: tree does not list its files");
        memcpy(blobs[i].b, p + entry - LN_SHA1_LEN, LN_SHA1_LEN);
        p += entry;
    }
    return p == end || ln_fail(err, LN_INVALID, "segment: tree lists more than its files");
}

/* ---- sealed files */

size_t ln_segment_padded(size_t len)
{
    unsigned bits = 0;
    unsigned keep = 0;

    if (len < 4)
        return len;
    for (size_t v = len; v > 1; v >>= 1)
        bits++;
    for (unsigned v = bits; v > 0; v >>= 1)
        keep++;
    size_t low = ((size_t)1 << (bits - keep)) - 1; /* bits that may not tell anything */
    return (len + low) & ~low;
}

static void put32(struct ln_buf *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        ln_buf_addc(out, (char)(v >> 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void add_line(struct ln_buf *out, const struct ln_segment_header *h)
{
    ln_buf_adds(out, "{\"audience\":");
    ln_canon_add_string(out, h->audience, strlen(h->audience));
    ln_buf_adds(out, ",\"epoch\":");
    ln_canon_add_string(out, h->epoch, strlen(h->epoch));
    ln_buf_adds(out, ",\"log\":");
    ln_canon_add_string(out, h->log, strlen(h->log));
    if (h->quoted)
        ln_buf_addf(out, ",\"quote\":[\"%s\",%" PRIu64 "]", h->quote_log, h->quote_seq);
    ln_buf_addf(out, ",\"seq\":%" PRIu64 "}\n", h->seq);
}

/* A skippable frame up to the Padmé size; its head takes 8 bytes itself. */
static void pad(struct ln_buf *out)
{
    static const char zeros[1024];
    size_t to = ln_segment_padded(out->len);

    if (to == out->len)
        return;
    if (to - out->len < SKIP_HEAD)
        to = ln_segment_padded(out->len + SKIP_HEAD);
    size_t n = to - out->len - SKIP_HEAD;
    put32(out, SKIPPABLE);
    put32(out, (uint32_t)n);
    for (; n > sizeof zeros; n -= sizeof zeros)
        ln_buf_add(out, zeros, sizeof zeros);
    ln_buf_add(out, zeros, n);
}

static bool compress(struct ln_buf *out, const struct ln_buf *plain, struct ln_err *err)
{
    size_t bound = ZSTD_compressBound(plain->len);
    size_t at = out->len;
    void *to = ln_buf_grow(out, bound);

    if (to == NULL)
        return ln_buf_done(out, "file", err);
    size_t n = ZSTD_compress(to, bound, plain->data, plain->len, ZSTD_LEVEL);
    if (ZSTD_isError(n))
        return ln_fail(err, LN_BROKEN, "zstd: %s", ZSTD_getErrorName(n));
    ln_buf_cut(out, at + n);
    pad(out);
    return ln_buf_done(out, "file", err);
}

bool ln_segment_seal(struct ln_buf *out, const struct ln_segment_header *h, const void *lines,
                     size_t len, const struct ln_recipient *to, struct ln_err *err)
{
    struct ln_buf plain = ln_buf_secret(LN_SEGMENT_PLAIN_MAX);
    struct ln_buf packed = ln_buf_secret(2 * LN_SEGMENT_PLAIN_MAX);
    size_t before = out->len;
    bool ok = false;

    add_line(&plain, h);
    ln_buf_add(&plain, lines, len);
    if (!ln_buf_done(&plain, "file", err) || !compress(&packed, &plain, err) ||
        !ln_age_seal(out, to, 1, packed.data, packed.len, err))
        goto out;
    if (out->len - before > LN_SEGMENT_FILE_MAX) {
        ln_buf_cut(out, before);
        (void)ln_fail(err, LN_FULL, "file is larger than %d bytes", LN_SEGMENT_FILE_MAX);
        goto out;
    }
    ok = true;
out:
    ln_buf_free(&packed);
    ln_buf_free(&plain);
    return ok;
}

/* One frame that tells its size, without dictionary, and behind it at most one skippable frame that
 * ends with the file. */
static bool frame(const struct ln_buf *in, size_t *frame_len, size_t *plain_len, struct ln_err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(in->data, in->len);
    size_t n = ZSTD_findFrameCompressedSize(in->data, in->len);

    if (ZSTD_isError(n) || size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        get32((const uint8_t *)in->data) != ZSTD_MAGICNUMBER ||
        ZSTD_getDictID_fromFrame(in->data, in->len) != 0)
        return ln_fail(err, LN_INVALID, "file is no zstd frame of known size");
    if (size > LN_SEGMENT_PLAIN_MAX)
        return ln_fail(err, LN_INVALID, "file holds more than %d bytes", LN_SEGMENT_PLAIN_MAX);
    size_t rest = in->len - n;
    const uint8_t *p = (const uint8_t *)in->data + n;
    if (rest > 0 && (rest < SKIP_HEAD || get32(p) != SKIPPABLE || get32(p + 4) != rest - SKIP_HEAD))
        return ln_fail(err, LN_INVALID, "file goes on behind its padding");
    *frame_len = n;
    *plain_len = (size_t)size;
    return true;
}

static bool expand(struct ln_buf *plain, const struct ln_buf *packed, struct ln_err *err)
{
    size_t n = 0;
    size_t size = 0;

    if (!frame(packed, &n, &size, err))
        return false;
    void *to = ln_buf_grow(plain, size);
    if (to == NULL)
        return ln_buf_done(plain, "file", err);
    size_t got = ZSTD_decompress(to, size, packed->data, n);
    if (ZSTD_isError(got) || got != size)
        return ln_fail(err, LN_INVALID, "file does not decompress");
    return true;
}

static bool member_is(struct ln_span line, const char *key, const char *want)
{
    struct ln_span item;
    struct ln_span text;

    return ln_canon_get(line, key, &item) && ln_canon_plain(item, &text) && ln_span_is(text, want);
}

static bool read_quote(struct ln_segment_header *h, struct ln_span quote)
{
    struct ln_span log;
    struct ln_span seq;
    struct ln_span text;
    size_t at = 0;

    if (ln_canon_type(quote) != LN_CANON_ARRAY || !ln_canon_next(quote, &at, NULL, &log) ||
        !ln_canon_plain(log, &text) || text.len >= sizeof h->quote_log ||
        !ln_canon_next(quote, &at, NULL, &seq) || ln_canon_type(seq) != LN_CANON_INT ||
        ln_canon_int(seq) <= 0)
        return false;
    memcpy(h->quote_log, text.p, text.len);
    h->quote_log[text.len] = '\0';
    h->quote_seq = (uint64_t)ln_canon_int(seq);
    h->quoted = true;
    return log_name(h->quote_log) && !ln_canon_next(quote, &at, NULL, &seq);
}

/* Reads what a header line may add, then writes it again: it must come out the same. */
static bool header(struct ln_segment_header *h, struct ln_span line, struct ln_err *err)
{
    struct ln_segment_header got = *h;
    struct ln_buf again = ln_buf_new(HEADER_MAX);
    struct ln_span quote;
    bool ok = false;

    if (!ln_canon_check(line.p, line.len, err) || ln_canon_type(line) != LN_CANON_OBJECT) {
        (void)ln_fail(err, LN_INVALID, "file has no header line");
        goto out;
    }
    if (!member_is(line, "log", h->log) || !member_is(line, "audience", h->audience) ||
        !member_is(line, "epoch", h->epoch)) {
        (void)ln_fail(err, LN_INVALID, "file was wrapped for another place");
        goto out;
    }
    got.quoted = false;
    if (ln_canon_get(line, "quote", &quote) && !read_quote(&got, quote)) {
        (void)ln_fail(err, LN_INVALID, "file quotes nothing");
        goto out;
    }
    add_line(&again, &got);
    if (again.over || again.len != line.len + 1 || memcmp(again.data, line.p, line.len) != 0) {
        (void)ln_fail(err, LN_INVALID, "file was wrapped for another place");
        goto out;
    }
    *h = got;
    ok = true;
out:
    ln_buf_free(&again);
    return ok;
}

bool ln_segment_open(struct ln_buf *lines, struct ln_segment_header *h, const void *file,
                     size_t len, const struct ln_ident *id, struct ln_err *err)
{
    struct ln_buf packed = ln_buf_secret(LN_SEGMENT_FILE_MAX);
    struct ln_buf plain = ln_buf_secret(LN_SEGMENT_PLAIN_MAX);
    bool ok = false;

    if (len > LN_SEGMENT_FILE_MAX) {
        (void)ln_fail(err, LN_INVALID, "file is larger than %d bytes", LN_SEGMENT_FILE_MAX);
        goto out;
    }
    if (!ln_age_open(&packed, file, len, id, err) || !expand(&plain, &packed, err))
        goto out;
    const char *end = memchr(plain.data, '\n', plain.len < HEADER_MAX ? plain.len : HEADER_MAX);
    if (end == NULL) {
        (void)ln_fail(err, LN_INVALID, "file has no header line");
        goto out;
    }
    struct ln_span line = { plain.data, (size_t)(end - plain.data) };
    if (!header(h, line, err))
        goto out;
    ln_buf_add(lines, end + 1, plain.len - line.len - 1);
    ok = ln_buf_done(lines, "file", err);
out:
    ln_buf_free(&plain);
    ln_buf_free(&packed);
    return ok;
}
