/* See token.h. */
#include "node/store/token.h"

#include <sqlite3.h>
#include <string.h>

#include "crypto/base/alloc.h"

#define TOKEN_MAX 128 /* bytes of a Latin word or number; what is longer is cut */

enum kind { SPACE, WORD, HAN };

struct scan {
    const char *text;
    size_t len, at;
};
struct letter {
    uint32_t code;
    enum kind kind;
    size_t from, to; /* bytes in the text */
};

/* The next code point; a byte that is no UTF-8 counts as a space. */
static uint32_t decode(const char *text, size_t len, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t left = len - *at;
    size_t more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
    uint32_t code = more == 0 ? p[0] : p[0] & (0x3fu >> more);

    (*at)++;
    if (more >= left || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
        return more == 0 ? code : ' ';
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return ' ';
        code = code << 6 | (p[i] & 0x3f);
    }
    *at += more;
    return code;
}
static enum kind kind_of(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ? WORD : SPACE;
    if ((c >= 0x3400 && c <= 0x9fff) || (c >= 0x3041 && c <= 0x30ff) || c == 0x3005 ||
        c == 0x3007 || (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
        (c >= 0x20000 && c <= 0x3ffff))
        return HAN;
    if (c < 0xc0 || c == 0xd7 || c == 0xf7 || (c >= 0x2000 && c <= 0x2bff) ||
        (c >= 0x2e00 && c <= 0x33ff) || (c >= 0xe000 && c <= 0xf8ff) || c >= 0xfe00)
        return SPACE;
    return WORD;
}
/* Full width to narrow, upper to lower case: as far as ASCII, Latin-1, Greek and Cyrillic go. */
static uint32_t fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xfee0;
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 32;
    return c;
}
static bool next_letter(struct scan *s, struct letter *out)
{
    if (s->at >= s->len)
        return false;
    out->from = s->at;
    out->code = fold(decode(s->text, s->len, &s->at));
    out->kind = kind_of(out->code);
    out->to = s->at;
    return true;
}
static size_t encode(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* ---- FTS5 */

typedef int token_fn(void *ctx, int flags, const char *token, int len, int from, int to);
struct sink {
    void *ctx;
    token_fn *fn;
    bool query;
    struct letter left; /* the Han character before, still to be sent alone in a query */
    bool owed;
};

static int send(const struct sink *k, int flags, const char *token, size_t len,
                const struct letter *from, const struct letter *to)
{
    return k->fn(k->ctx, flags, token, (int)len, (int)from->from, (int)to->to);
}
static int send_han(const struct sink *k, const struct letter *a)
{
    char text[8];

    return send(k, 0, text, encode(text, a->code), a, a);
}
static int send_pair(const struct sink *k, int flags, const struct letter *a,
                     const struct letter *b)
{
    char text[8];
    size_t len = encode(text, a->code);

    len += encode(text + len, b->code);
    return send(k, flags, text, len, a, b);
}
/* In a query the last character of a run is sent alone only when something follows, to keep the
 * distance between the tokens of a phrase the same as in the document. */
static int pay(struct sink *k)
{
    bool owed = k->owed;

    k->owed = false;
    return owed ? send_han(k, &k->left) : SQLITE_OK;
}
/* Document: 甲, 甲乙 (same place), 乙, 乙丙, 丙. Query: 甲乙, 乙丙, and 丙 owed. */
static int han_run(struct sink *k, struct scan *s, struct letter a, struct letter *after,
                   bool *more)
{
    struct letter b = { 0 };
    bool pair = false;
    int rc = SQLITE_OK;

    for (;;) {
        *more = next_letter(s, &b);
        if (!*more || b.kind != HAN)
            break;
        if (!k->query)
            rc = send_han(k, &a);
        if (rc == SQLITE_OK)
            rc = send_pair(k, k->query ? 0 : FTS5_TOKEN_COLOCATED, &a, &b);
        if (rc != SQLITE_OK)
            return rc;
        pair = true;
        a = b;
    }
    *after = b;
    k->left = a;
    k->owed = k->query && pair;
    return k->owed ? SQLITE_OK : send_han(k, &a);
}
static int word_run(struct sink *k, struct scan *s, struct letter a, struct letter *after,
                    bool *more)
{
    char text[TOKEN_MAX + 4];
    size_t len = encode(text, a.code);
    struct letter last = a;

    while ((*more = next_letter(s, after)) && after->kind == WORD) {
        if (len < TOKEN_MAX)
            len += encode(text + len, after->code);
        last = *after;
    }
    return send(k, 0, text, len, &a, &last);
}
static int tokenize(Fts5Tokenizer *self, void *ctx, int flags, const char *text, int len,
                    token_fn *fn)
{
    struct scan s = { .text = text, .len = (size_t)len };
    struct sink k = { .ctx = ctx, .fn = fn, .query = (flags & FTS5_TOKENIZE_QUERY) != 0 };
    struct letter a;
    bool more = next_letter(&s, &a);
    int rc = SQLITE_OK;

    (void)self;
    while (more && rc == SQLITE_OK) {
        struct letter now = a;

        if (now.kind == SPACE) {
            more = next_letter(&s, &a);
            continue;
        }
        rc = pay(&k);
        if (rc == SQLITE_OK)
            rc = now.kind == HAN ? han_run(&k, &s, now, &a, &more)
                                 : word_run(&k, &s, now, &a, &more);
    }
    return rc;
}
static int make(void *ctx, const char **args, int n, Fts5Tokenizer **out)
{
    (void)args;
    (void)n;
    *out = ctx; /* it has no state: any address will do */
    return SQLITE_OK;
}
static void unmake(Fts5Tokenizer *self)
{
    (void)self;
}
bool ln_token_register(struct sqlite3 *db, struct ln_err *err)
{
    fts5_tokenizer t = { .xCreate = make, .xDelete = unmake, .xTokenize = tokenize };
    fts5_api *api = NULL;
    sqlite3_stmt *st = NULL;

    /* https://www.sqlite.org/fts5.html section 7, "Extending FTS5" */
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_pointer(st, 1, (void *)&api, "fts5_api_ptr", NULL);
        (void)sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    if (api == NULL || api->xCreateTokenizer(api, "linli", (void *)db, &t, NULL) != SQLITE_OK)
        return ln_fail(err, LN_BROKEN, "this SQLite has no full text search (FTS5)");
    return true;
}

/* ---- what people type */

struct word {
    size_t letters;
    bool latin; /* ends in a Latin word or number */
};
static struct word look(struct ln_span word)
{
    struct scan s = { .text = word.p, .len = word.len };
    struct word w = { 0 };
    struct letter a;

    while (next_letter(&s, &a)) {
        if (a.kind == SPACE)
            continue;
        w.letters++;
        w.latin = a.kind == WORD;
    }
    return w;
}
/* A word as the inside of an FTS5 string. */
static void add_phrase(struct ln_buf *out, struct ln_span word)
{
    for (size_t i = 0; i < word.len; i++)
        ln_buf_addc(out, word.p[i] == '"' || word.p[i] == '\0' ? ' ' : word.p[i]);
}
static void match_word(struct ln_buf *out, struct ln_span word)
{
    struct word w = look(word);

    if (w.letters == 0)
        return;
    ln_buf_adds(out, out->len > 0 ? " AND \"" : "\"");
    add_phrase(out, word);
    ln_buf_adds(out, w.latin && w.letters > 1 ? "\" *" : "\"");
}
/* Bytes of the blank at `at`, 0 when there is none; Chinese input methods give U+3000. */
static size_t blank(struct ln_span s, size_t at)
{
    if (at == s.len)
        return 1;
    if (s.p[at] == ' ' || s.p[at] == '\t' || s.p[at] == '\r' || s.p[at] == '\n')
        return 1;
    return s.len - at >= 3 && memcmp(s.p + at, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}
/* The next word between blanks, from *at on; false at the end. */
static bool next_word(struct ln_span *word, struct ln_span typed, size_t *at)
{
    size_t from = *at;

    if (from > typed.len)
        return false;
    for (size_t i = from;; i++) {
        size_t gap = blank(typed, i);
        if (gap == 0)
            continue;
        *word = (struct ln_span){ typed.p + from, i - from };
        *at = i + gap;
        return true;
    }
}
bool ln_token_match(struct ln_buf *out, struct ln_span typed)
{
    struct ln_span word;
    size_t at = 0;

    while (next_word(&word, typed, &at))
        match_word(out, word);
    return out->len > 0 && !out->over;
}

/* ---- the same, in a text at hand */

#define QUERY_WORDS 32 /* more are for the index alone */
#define TOKENS_MAX ((size_t)1024 * 1024)

struct token {
    size_t at, len; /* in `bytes` */
    size_t place;
};
struct tokens {
    struct ln_buf bytes;
    struct token *list;
    size_t n, cap;
};
struct phrase {
    struct tokens tokens;
    bool begins; /* the last one may be the beginning of a longer one */
};
struct ln_token_query {
    struct phrase phrases[QUERY_WORDS];
    size_t n;
    struct tokens body;
};

static int take(void *ctx, int flags, const char *token, int len, int from, int to)
{
    struct tokens *t = ctx;
    size_t place = t->n > 0 ? t->list[t->n - 1].place : 0;

    (void)from;
    (void)to;
    t->list = ln_grow(t->list, t->n, &t->cap, sizeof *t->list);
    if (t->n > 0 && (flags & FTS5_TOKEN_COLOCATED) == 0)
        place++;
    t->list[t->n++] = (struct token){ t->bytes.len, (size_t)len, place };
    ln_buf_add(&t->bytes, token, (size_t)len);
    return t->bytes.over ? SQLITE_FULL : SQLITE_OK;
}
static void cut(struct tokens *t, struct ln_span text, int flags)
{
    t->n = 0;
    ln_buf_clear(&t->bytes);
    if (text.len > 0)
        (void)tokenize(NULL, t, flags, text.p,
                       (int)(text.len < LN_TOKEN_TEXT_MAX ? text.len : LN_TOKEN_TEXT_MAX), take);
    if (t->bytes.over) /* nothing that was not kept is compared */
        t->n = 0;
}
struct ln_token_query *ln_token_query_new(struct ln_span typed)
{
    struct ln_token_query *q = ln_alloc(sizeof *q);
    struct ln_buf phrase = ln_buf_new(LN_TOKEN_TEXT_MAX);
    struct ln_span word;
    bool many = false;
    size_t at = 0;

    q->body.bytes = ln_buf_new(TOKENS_MAX);
    while (next_word(&word, typed, &at)) {
        struct word w = look(word);
        struct phrase *p = &q->phrases[q->n];
        if (w.letters == 0)
            continue;
        if (q->n == QUERY_WORDS) {
            many = true;
            break;
        }
        p->tokens.bytes = ln_buf_new(TOKENS_MAX);
        p->begins = w.latin && w.letters > 1;
        ln_buf_clear(&phrase);
        add_phrase(&phrase, word);
        cut(&p->tokens, (struct ln_span){ phrase.data, phrase.len }, FTS5_TOKENIZE_QUERY);
        q->n++;
    }
    ln_buf_free(&phrase);
    if (q->n > 0 && !many)
        return q;
    ln_token_query_free(q);
    return NULL;
}
static bool same(const struct tokens *a, size_t i, const struct phrase *p, size_t k)
{
    const struct token *x = &a->list[i];
    const struct token *y = &p->tokens.list[k];
    bool fits = p->begins && k + 1 == p->tokens.n ? x->len >= y->len : x->len == y->len;

    return fits && memcmp(a->bytes.data + x->at, p->tokens.bytes.data + y->at, y->len) == 0;
}
/* Whether the phrase goes on behind its first token, which stands at `i`. */
static bool goes_on(const struct tokens *a, size_t i, const struct phrase *p)
{
    size_t from = a->list[i].place;

    for (size_t k = 1; k < p->tokens.n; k++) {
        bool found = false;
        while (i < a->n && a->list[i].place < from + k)
            i++;
        for (size_t j = i; !found && j < a->n && a->list[j].place == from + k; j++)
            found = same(a, j, p, k);
        if (!found)
            return false;
    }
    return true;
}
static bool stands(const struct tokens *a, const struct phrase *p)
{
    for (size_t i = 0; p->tokens.n > 0 && i < a->n; i++)
        if (same(a, i, p, 0) && goes_on(a, i, p))
            return true;
    return false;
}
bool ln_token_says(struct ln_token_query *q, struct ln_span body)
{
    cut(&q->body, body, 0);
    for (size_t i = 0; i < q->n; i++)
        if (!stands(&q->body, &q->phrases[i]))
            return false;
    return true;
}
static void tokens_free(struct tokens *t)
{
    ln_buf_free(&t->bytes);
    ln_free(t->list);
}
void ln_token_query_free(struct ln_token_query *q)
{
    if (q == NULL)
        return;
    for (size_t i = 0; i < q->n; i++)
        tokens_free(&q->phrases[i].tokens);
    tokens_free(&q->body);
    ln_free(q);
}
