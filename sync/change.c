/* Reading and writing one change line: see change.h. */
#include "sync/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"

#define NAME_MAX_LEN 64   /* of a field */
#define COLLECTION_MAX 31 /* as certificates list them */
#define OP_MAX 16
#define CHANNEL_MAX 16
#define MAP_KEY_MAX 128
#define KID_LEN 8
#define VERSION_MAX 999999

/* Which keys a line has: bit = letter. */
#define HAS(letter) (1U << ((letter) - 'a'))

struct parts {
    struct ln_change c;
    unsigned has;
};

static bool lower(char ch)
{
    return ch >= 'a' && ch <= 'z';
}

static bool digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* [a-z][a-z0-9_]*, at most `max`: names of collections, fields, ops and channels. */
static bool word(struct ln_span s, size_t max)
{
    if (s.len == 0 || s.len > max || !lower(s.p[0]))
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!lower(s.p[i]) && !digit(s.p[i]) && s.p[i] != '_')
            return false;
    return true;
}

static bool text_of(struct ln_span value, struct ln_span *text)
{
    return ln_canon_type(value) == LN_CANON_STRING && ln_canon_plain(value, text);
}

static bool id_of(struct ln_span value, struct ln_id *id)
{
    struct ln_span text;

    return text_of(value, &text) && ln_clock_id_read(id, text);
}

static bool order(struct ln_span before, struct ln_span now)
{
    size_t len = before.len < now.len ? before.len : now.len;
    int cmp = memcmp(before.p, now.p, len);

    return cmp < 0 || (cmp == 0 && before.len < now.len);
}

/* Ascending and thus without repetition, so that a set of bases has one spelling. */
static bool read_base(struct ln_change *c, struct ln_span value)
{
    struct ln_span item;
    size_t at = 0;

    if (ln_canon_type(value) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(value, &at, NULL, &item)) {
        if (c->n_base == LN_CHANGE_BASES || !id_of(item, &c->base[c->n_base]))
            return false;
        if (c->n_base > 0 && ln_clock_compare(&c->base[c->n_base - 1], &c->base[c->n_base]) >= 0)
            return false;
        c->n_base++;
    }
    return c->n_base > 0;
}

static bool read_names(struct ln_span value, size_t *n)
{
    struct ln_span item;
    struct ln_span name;
    struct ln_span before = { "", 0 };
    size_t at = 0;

    if (ln_canon_type(value) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(value, &at, NULL, &item)) {
        if (!text_of(item, &name) || !word(name, NAME_MAX_LEN) || !order(before, name))
            return false;
        before = name;
        (*n)++;
    }
    return *n > 0;
}

static bool read_fields(struct ln_span value, size_t *n)
{
    struct ln_span item;
    struct ln_span name;
    size_t at = 0;

    if (ln_canon_type(value) != LN_CANON_OBJECT)
        return false;
    while (ln_canon_next(value, &at, &name, &item)) {
        if (!word(name, NAME_MAX_LEN))
            return false;
        (*n)++;
    }
    return *n > 0;
}

/* "<collection>@<version>", version from 1 without leading zero. */
static bool read_kind(struct ln_change *c, struct ln_span value)
{
    struct ln_span text;

    if (!text_of(value, &text))
        return false;
    const char *sign = memchr(text.p, '@', text.len);
    if (sign == NULL)
        return false;
    c->collection = (struct ln_span){ text.p, (size_t)(sign - text.p) };
    const char *end = text.p + text.len;
    if (sign + 1 == end || sign[1] == '0')
        return false;
    for (const char *p = sign + 1; p < end; p++) {
        if (!digit(*p) || c->version > VERSION_MAX / 10)
            return false;
        c->version = c->version * 10 + (unsigned)(*p - '0');
    }
    return word(c->collection, COLLECTION_MAX);
}

static bool read_kid(struct ln_span value, struct ln_span *kid)
{
    if (!text_of(value, kid) || kid->len != KID_LEN)
        return false;
    for (size_t i = 0; i < kid->len; i++)
        if (!digit(kid->p[i]) && (kid->p[i] < 'a' || kid->p[i] > 'v'))
            return false;
    return true;
}

static bool read_sealed(struct ln_span value, struct ln_span *sealed)
{
    if (!text_of(value, sealed) || sealed->len == 0)
        return false;
    for (size_t i = 0; i < sealed->len; i++) {
        char ch = sealed->p[i];
        if (!lower(ch) && !digit(ch) && !(ch >= 'A' && ch <= 'Z') && ch != '-' && ch != '_')
            return false;
    }
    return true;
}

static bool read_id_text(struct ln_span value, struct ln_span *text)
{
    struct ln_id id;

    return text_of(value, text) && ln_clock_id_read(&id, *text);
}

/* In the order of enum ln_op; LN_OP_OTHER has no word. */
static const char *const op_words[] = { "add",     "set",  "remove", "delete",
                                        "restore", "step", "alias",  "unalias" };

static enum ln_op op_of(struct ln_span text)
{
    for (size_t i = 0; i < sizeof op_words / sizeof op_words[0]; i++)
        if (ln_span_is(text, op_words[i]))
            return (enum ln_op)i;
    return LN_OP_OTHER;
}

static bool read_op(struct ln_change *c, struct ln_span value)
{
    if (!text_of(value, &c->op_word) || !word(c->op_word, OP_MAX))
        return false;
    c->op = op_of(c->op_word);
    return true;
}

/* One key of the line. `n` counts fields in f and n together. */
static bool read_part(struct parts *p, char key, struct ln_span v, size_t *n)
{
    struct ln_change *c = &p->c;

    switch (key) {
    case 'b':
        return read_base(c, v);
    case 'c':
        return text_of(v, &c->channel) && word(c->channel, CHANNEL_MAX);
    case 'f':
        c->fields = v;
        return read_fields(v, n);
    case 'i':
        return id_of(v, &c->id);
    case 'k':
        return read_kid(v, &c->kid);
    case 'n':
        c->names = v;
        return read_names(v, n);
    case 'o':
        return read_op(c, v);
    case 'r':
        return id_of(v, &c->record);
    case 's':
        return read_sealed(v, &c->sealed);
    case 't':
        return read_kind(c, v);
    case 'u':
        return read_id_text(v, &c->user);
    case 'x':
        return read_id_text(v, &c->tx);
    default:
        return false;
    }
}

/* No name stands both in clear and sealed. Both lists ascend, so one pass tells. */
static bool apart(const struct ln_change *c)
{
    struct ln_span key;
    struct ln_span name;
    struct ln_span item;
    size_t at_f = 0;
    size_t at_n = 0;

    if (c->fields.len == 0 || c->names.len == 0)
        return true;
    bool more = ln_canon_next(c->fields, &at_f, &key, &item);
    while (more && ln_canon_next(c->names, &at_n, NULL, &name)) {
        name = (struct ln_span){ name.p + 1, name.len - 2 };
        while (more && order(key, name))
            more = ln_canon_next(c->fields, &at_f, &key, &item);
        if (more && ln_span_same(key, name))
            return false;
    }
    return true;
}

/* {"<map field>": ["key", ...]}: keys as canonical JSON can have them. */
static bool removal(struct ln_span fields)
{
    struct ln_span list;
    struct ln_span item;
    struct ln_span key;
    size_t at = 0;

    while (ln_canon_next(fields, &at, NULL, &list)) {
        size_t n = 0;
        size_t in = 0;
        if (ln_canon_type(list) != LN_CANON_ARRAY)
            return false;
        while (ln_canon_next(list, &in, NULL, &item)) {
            if (!text_of(item, &key) || key.len > MAP_KEY_MAX)
                return false;
            for (size_t i = 0; i < key.len; i++)
                if (key.p[i] < ' ' || key.p[i] > '~')
                    return false;
            n++;
        }
        if (n == 0)
            return false;
    }
    return true;
}

static bool step(const struct ln_change *c)
{
    struct ln_span item;
    struct ln_span text;

    return ln_canon_get(c->fields, "action", &item) && text_of(item, &text) && word(text, 47) &&
           ln_canon_get(c->fields, "to", &item) && text_of(item, &text) && word(text, 47) &&
           c->n_base <= 1;
}

static bool alias(const struct ln_change *c)
{
    struct ln_span item;
    struct ln_id to;
    size_t at = 0;

    if (!ln_canon_get(c->fields, "to", &item) || !id_of(item, &to))
        return false;
    (void)ln_canon_next(c->fields, &at, NULL, &item);
    bool more = ln_canon_next(c->fields, &at, NULL, &item);
    return !more && ln_clock_compare(&to, &c->record) != 0;
}

/* sync/README.md "Grammar of the operations". NULL when it is kept. */
static const char *grammar(const struct parts *p)
{
    const struct ln_change *c = &p->c;
    const unsigned sealed = HAS('k') | HAS('n') | HAS('s');
    unsigned must = HAS('r');
    unsigned never = 0;
    bool ok = true;

    switch (c->op) {
    case LN_OP_ADD:
        must = 0;
        never = HAS('r') | HAS('b');
        break;
    case LN_OP_SET:
        ok = (p->has & (HAS('f') | HAS('s'))) != 0;
        break;
    case LN_OP_REMOVE:
        must |= HAS('f');
        never = sealed;
        ok = (p->has & HAS('f')) != 0 && removal(c->fields);
        break;
    case LN_OP_DELETE:
    case LN_OP_RESTORE:
    case LN_OP_UNALIAS:
        never = sealed | HAS('f');
        break;
    case LN_OP_STEP:
        must |= HAS('f');
        ok = (p->has & HAS('f')) != 0 && step(c);
        break;
    case LN_OP_ALIAS:
        must |= HAS('f');
        never = sealed;
        ok = (p->has & HAS('f')) != 0 && alias(c);
        break;
    case LN_OP_OTHER:
        must = 0;
        break;
    }
    if ((p->has & must) != must)
        return "a key of its op is missing";
    if ((p->has & never) != 0)
        return "a key its op does not have";
    return ok ? NULL : "f does not fit its op";
}

static const char *whole(const struct parts *p)
{
    const struct ln_change *c = &p->c;
    const unsigned always = HAS('i') | HAS('o') | HAS('t');
    const unsigned sealed = HAS('k') | HAS('n') | HAS('s');

    if ((p->has & always) != always)
        return "i, o or t is missing";
    if ((p->has & sealed) != 0 && (p->has & sealed) != sealed)
        return "k, n and s go together";
    if (!apart(c))
        return "a field stands in clear and sealed";
    for (size_t i = 0; i < c->n_base; i++)
        if (ln_clock_compare(&c->base[i], &c->id) == 0)
            return "it replaces itself";
    if ((p->has & HAS('r')) != 0 && ln_clock_compare(&c->record, &c->id) == 0)
        return "r is its own id";
    return grammar(p);
}

bool ln_change_read(struct ln_change *out, const char *line, size_t len, struct ln_err *err)
{
    struct parts p;
    struct ln_span all = { line, len };
    struct ln_span key;
    struct ln_span item;
    size_t n = 0;
    size_t at = 0;

    memset(&p, 0, offsetof(struct parts, c.base)); /* bases past n_base need no clearing */
    memset((char *)&p + offsetof(struct parts, c.fields), 0,
           sizeof p - offsetof(struct parts, c.fields));
    if (len > LN_CHANGE_MAX)
        return ln_fail(err, LN_INVALID, "line is longer than %d bytes", LN_CHANGE_MAX);
    if (!ln_canon_check(line, len, err))
        return false;
    if (ln_canon_type(all) != LN_CANON_OBJECT)
        return ln_fail(err, LN_INVALID, "line is no object");
    while (ln_canon_next(all, &at, &key, &item)) {
        if (key.len != 1 || !lower(key.p[0]) || !read_part(&p, key.p[0], item, &n))
            return ln_fail(err, LN_INVALID, "key %.*s is unknown or wrong",
                           key.len < 20 ? (int)key.len : 20, key.p);
        p.has |= HAS(key.p[0]);
    }
    if (n > LN_CHANGE_FIELDS)
        return ln_fail(err, LN_INVALID, "more than %d fields", LN_CHANGE_FIELDS);
    const char *wrong = whole(&p);
    if (wrong != NULL)
        return ln_fail(err, LN_INVALID, "%s", wrong);
    if ((p.has & HAS('r')) == 0)
        p.c.record = p.c.id;
    p.c.line = all;
    *out = p.c;
    return true;
}

static void add_id(struct ln_buf *out, const char *before, const struct ln_id *id)
{
    char text[LN_ID_TEXT + 1];

    ln_clock_id_write(text, id);
    ln_buf_adds(out, before);
    ln_buf_add(out, text, LN_ID_TEXT);
    ln_buf_addc(out, '"');
}

static void add_part(struct ln_buf *out, const char *before, struct ln_span s, const char *after)
{
    if (s.len == 0)
        return;
    ln_buf_adds(out, before);
    ln_buf_add(out, s.p, s.len);
    ln_buf_adds(out, after);
}

/* Bases in order and once each, whatever order the caller has them in. */
static void add_base(struct ln_buf *out, const struct ln_change *c)
{
    struct ln_id sorted[LN_CHANGE_BASES];
    size_t n = 0;

    for (size_t i = 0; i < c->n_base; i++) {
        size_t at = n;
        while (at > 0 && ln_clock_compare(&sorted[at - 1], &c->base[i]) > 0)
            at--;
        if (at > 0 && ln_clock_compare(&sorted[at - 1], &c->base[i]) == 0)
            continue;
        memmove(&sorted[at + 1], &sorted[at], (n - at) * sizeof sorted[0]);
        sorted[at] = c->base[i];
        n++;
    }
    for (size_t i = 0; i < n; i++)
        add_id(out, i == 0 ? "\"b\":[\"" : ",\"", &sorted[i]);
    if (n > 0)
        ln_buf_adds(out, "],");
}

bool ln_change_write(struct ln_buf *out, const struct ln_change *c, struct ln_err *err)
{
    struct ln_change check;
    struct ln_err why = { 0 };
    size_t start = out->len;

    if (c->n_base > LN_CHANGE_BASES)
        return ln_fail(err, LN_FULL, "a change replaces at most %d others", LN_CHANGE_BASES);
    ln_buf_addc(out, '{');
    add_base(out, c);
    add_part(out, "\"c\":\"", c->channel, "\",");
    add_part(out, "\"f\":", c->fields, ",");
    add_id(out, "\"i\":\"", &c->id);
    add_part(out, ",\"k\":\"", c->kid, "\"");
    add_part(out, ",\"n\":", c->names, "");
    struct ln_span op = c->op == LN_OP_OTHER ? c->op_word : ln_span_of(op_words[c->op]);
    add_part(out, ",\"o\":\"", op, "\"");
    if (c->op != LN_OP_ADD && ln_clock_compare(&c->record, &c->id) != 0) /* read as none */
        add_id(out, ",\"r\":\"", &c->record);
    add_part(out, ",\"s\":\"", c->sealed, "\"");
    add_part(out, ",\"t\":\"", c->collection, "");
    ln_buf_addf(out, "@%u\"", c->version);
    add_part(out, ",\"u\":\"", c->user, "\"");
    add_part(out, ",\"x\":\"", c->tx, "\"");
    ln_buf_addc(out, '}');
    if (!ln_buf_done(out, "change", err))
        return false;
    /* What no reader would take must not be written: better refused here than by the parent. */
    if (!ln_change_read(&check, out->data + start, out->len - start, &why)) {
        ln_buf_cut(out, start);
        return ln_fail(err, LN_INVALID, "change: %s", why.text);
    }
    return true;
}

void ln_change_ad(char out[128], const struct ln_change *c)
{
    char record[LN_ID_TEXT + 1];
    char id[LN_ID_TEXT + 1];

    ln_clock_id_write(record, &c->record);
    ln_clock_id_write(id, &c->id);
    (void)snprintf(out, 128, "%.*s|%s|%s", (int)c->collection.len, c->collection.p, record, id);
}
