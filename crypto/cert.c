/* Certificates: see cert.h. */
#include "crypto/cert.h"

#include <assert.h>
#include <string.h>

#include "crypto/canon.h"
#include "crypto/sshsig.h"

#define SPACE "linli-cert"
#define SUITE 1
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct {
    const char *word;
    size_t digits;
} tiers[] = {
    [LN_ROLE_PROVINCE] = { "province", 2 },    [LN_ROLE_CITY] = { "city", 4 },
    [LN_ROLE_DISTRICT] = { "district", 6 },    [LN_ROLE_SUBDISTRICT] = { "subdistrict", 9 },
    [LN_ROLE_COMMUNITY] = { "community", 12 }, [LN_ROLE_LAPTOP] = { "laptop", 12 },
};

const char *ln_cert_role_word(enum ln_role role)
{
    assert((size_t)role < COUNT(tiers));
    return tiers[role].word;
}

bool ln_cert_role_read(enum ln_role *out, struct ln_span word)
{
    for (size_t i = 0; i < COUNT(tiers); i++)
        if (ln_span_is(word, tiers[i].word)) {
            *out = (enum ln_role)i;
            return true;
        }
    return false;
}

size_t ln_cert_role_digits(enum ln_role role)
{
    assert((size_t)role < COUNT(tiers));
    return tiers[role].digits;
}

/* Only zeros from digit `from` on. */
static bool zeros(const char *region, size_t from)
{
    return strspn(region + from, "0") == LN_REGION_LEN - from;
}

bool ln_cert_region_holds(const char *outer, const char *inner)
{
    size_t i = 0;

    if (strlen(outer) != LN_REGION_LEN || strlen(inner) != LN_REGION_LEN)
        return false;
    while (!zeros(outer, tiers[i].digits)) /* ends at 12: nothing is left to be zero */
        i++;
    return memcmp(outer, inner, tiers[i].digits) == 0;
}

/* ---- writing ---- */

static void add_member(struct ln_buf *out, const char *key)
{
    ln_buf_addf(out, "%c\"%s\":", out->len > 0 && out->data[out->len - 1] != '{' ? ',' : '{', key);
}

static void add_text(struct ln_buf *out, const char *key, const char *text)
{
    add_member(out, key);
    ln_canon_add_string(out, text, strlen(text));
}

static void add_list(struct ln_buf *out, const char *key, const char *first, size_t width, size_t n)
{
    add_member(out, key);
    ln_buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            ln_buf_addc(out, ',');
        ln_canon_add_string(out, first + i * width, strlen(first + i * width));
    }
    ln_buf_addc(out, ']');
}

static void write_members(struct ln_buf *text, const struct ln_cert *c)
{
    struct ln_buf age = ln_buf_new(100);
    struct ln_buf key = ln_buf_new(200);

    ln_key_recipient_write(&age, &c->age);
    ln_key_public_write(&key, &c->key);
    add_text(text, "age", age.data);
    if (c->all_collections)
        add_list(text, "collections", "*", 0, 1);
    else
        add_list(text, "collections", c->collections[0], sizeof c->collections[0],
                 c->n_collections);
    add_text(text, "continues", c->continues);
    add_member(text, "from");
    ln_canon_add_int(text, c->from_s);
    if (c->role == LN_ROLE_LAPTOP)
        add_list(text, "grids", c->grids[0], sizeof c->grids[0], c->n_grids);
    add_text(text, "issuer", c->issuer);
    add_text(text, "key", key.data);
    add_text(text, "name", c->name);
    add_text(text, "node", c->node);
    add_text(text, "parent", c->parent);
    add_text(text, "region", c->region);
    add_text(text, "role", ln_cert_role_word(c->role));
    add_member(text, "suite");
    ln_canon_add_int(text, c->suite);
    add_member(text, "until");
    ln_canon_add_int(text, c->until_s);
    ln_buf_free(&key);
    ln_buf_free(&age);
}

void ln_cert_write(struct ln_buf *text, const struct ln_cert *c)
{
    struct ln_buf members = ln_buf_new(LN_CERT_MAX);

    write_members(&members, c);
    ln_buf_add(text, members.data, members.len);
    ln_buf_addc(text, '}');
    text->over = text->over || members.over;
    ln_buf_free(&members);
}

/* ---- reading ---- */

/* A member that is a string of fewer than `cap` bytes without control characters. */
static bool get_text(char *out, size_t cap, struct ln_span object, const char *key)
{
    struct ln_buf text = ln_buf_new(cap - 1);
    struct ln_span item;
    bool ok = false;

    if (ln_canon_get(object, key, &item) && ln_canon_type(item) == LN_CANON_STRING) {
        ln_canon_text(&text, item);
        ok = !text.over;
    }
    for (size_t i = 0; ok && i < text.len; i++)
        ok = (unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7F;
    if (ok)
        memcpy(out, text.data, text.len + 1);
    ln_buf_free(&text);
    return ok;
}

static bool get_int(int64_t *out, struct ln_span object, const char *key)
{
    struct ln_span item;

    if (!ln_canon_get(object, key, &item) || ln_canon_type(item) != LN_CANON_INT)
        return false;
    *out = ln_canon_int(item);
    return true;
}

/* Words of letters, digits, '_', '-' and '.', ascending, so that a list has one spelling too. */
static bool get_list(char *first, size_t width, size_t max, size_t *n, struct ln_span object,
                     const char *key)
{
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    size_t at = 0;

    *n = 0;
    if (!ln_canon_get(object, key, &list) || ln_canon_type(list) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(list, &at, NULL, &item)) {
        char *to = first + *n * width;
        if (*n == max || !ln_canon_plain(item, &word) || word.len == 0 || word.len >= width)
            return false;
        memcpy(to, word.p, word.len);
        to[word.len] = '\0';
        bool star = word.len == 1 && word.p[0] == '*';
        if (!star &&
            strspn(to, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
                word.len)
            return false;
        if (*n > 0 && strcmp(to - width, to) >= 0)
            return false;
        (*n)++;
    }
    return true;
}

static bool get_keys(struct ln_cert *c, struct ln_span object, struct ln_err *err)
{
    char key[200];
    char age[100];

    if (!get_text(key, sizeof key, object, "key") || !get_text(age, sizeof age, object, "age"))
        return ln_fail(err, LN_INVALID, "certificate without keys");
    if (!ln_key_public_read(&c->key, key, strlen(key), err) ||
        !ln_key_recipient_read(&c->age, age, strlen(age), err))
        return false;
    struct ln_buf again = ln_buf_new(300); /* one spelling: no comment, no blanks */
    ln_key_public_write(&again, &c->key);
    bool same = strcmp(again.data, key) == 0;
    ln_buf_clear(&again);
    ln_key_recipient_write(&again, &c->age);
    same = same && strcmp(again.data, age) == 0;
    ln_buf_free(&again);
    return same || ln_fail(err, LN_INVALID, "certificate with a comment in a key");
}

static bool is_node_id(const char *id)
{
    return strlen(id) == LN_NODE_ID_MAX - 1 && strspn(id, "0123456789") == LN_REGION_LEN &&
           id[LN_REGION_LEN] == '-' &&
           strspn(id + LN_REGION_LEN + 1, "abcdefghijklmnopqrstuvwxyz234567") == 16;
}

static bool get_place(struct ln_cert *c, struct ln_span object, struct ln_err *err)
{
    char role[16];
    char want[LN_NODE_ID_MAX];

    if (!get_text(role, sizeof role, object, "role") ||
        !ln_cert_role_read(&c->role, ln_span_of(role)))
        return ln_fail(err, LN_INVALID, "certificate for an unknown role");
    if (!get_text(c->region, sizeof c->region, object, "region") ||
        strspn(c->region, "0123456789") != LN_REGION_LEN ||
        !zeros(c->region, ln_cert_role_digits(c->role)))
        return ln_fail(err, LN_INVALID, "certificate with a region that is none of a %s", role);
    ln_key_node_id(want, c->region, &c->key);
    if (!get_text(c->node, sizeof c->node, object, "node") || strcmp(c->node, want) != 0)
        return ln_fail(err, LN_INVALID, "certificate whose node is not that of its key");
    return true;
}

static bool get_ties(struct ln_cert *c, struct ln_span object, struct ln_err *err)
{
    if (!get_text(c->issuer, sizeof c->issuer, object, "issuer") || !is_node_id(c->issuer) ||
        !get_text(c->parent, sizeof c->parent, object, "parent") ||
        !get_text(c->continues, sizeof c->continues, object, "continues") ||
        (c->parent[0] != '\0' && !is_node_id(c->parent)) ||
        (c->continues[0] != '\0' && !is_node_id(c->continues)))
        return ln_fail(err, LN_INVALID, "certificate with a malformed node id");
    if (strcmp(c->parent, c->node) == 0 || strcmp(c->continues, c->node) == 0)
        return ln_fail(err, LN_INVALID, "certificate of a node tied to itself");
    if (!get_text(c->name, sizeof c->name, object, "name") || c->name[0] == '\0')
        return ln_fail(err, LN_INVALID, "certificate without a name");
    if (!get_int(&c->from_s, object, "from") || !get_int(&c->until_s, object, "until") ||
        c->from_s < 0 || c->from_s >= c->until_s)
        return ln_fail(err, LN_INVALID, "certificate with an impossible time");
    return true;
}

static bool get_rights(struct ln_cert *c, struct ln_span object, struct ln_err *err)
{
    struct ln_span grids;

    if (!get_list(c->collections[0], sizeof c->collections[0], LN_CERT_COLLECTIONS,
                  &c->n_collections, object, "collections") ||
        c->n_collections == 0)
        return ln_fail(err, LN_INVALID, "certificate with malformed collections");
    c->all_collections = strcmp(c->collections[0], "*") == 0;
    if (c->all_collections && c->n_collections != 1)
        return ln_fail(err, LN_INVALID, "certificate for all collections and more");
    if (c->all_collections) {
        c->n_collections = 0;
        c->collections[0][0] = '\0';
    }
    bool has = ln_canon_get(object, "grids", &grids);
    if (has != (c->role == LN_ROLE_LAPTOP))
        return ln_fail(err, LN_INVALID, "certificate with grids where none belong, or without");
    if (has && (!get_list(c->grids[0], sizeof c->grids[0], COUNT(c->grids), &c->n_grids, object,
                          "grids") ||
                (c->n_grids > 0 && strcmp(c->grids[0], "*") == 0)))
        return ln_fail(err, LN_INVALID, "certificate with malformed grids");
    return true;
}

/* 13 members, 14 with grids: as each is asked for by name, the count bars any other. */
static bool is_complete(struct ln_span object)
{
    struct ln_span item;
    size_t at = 0;
    size_t n = 0;

    while (ln_canon_next(object, &at, NULL, &item))
        n++;
    return n == (ln_canon_get(object, "grids", &item) ? 14 : 13);
}

bool ln_cert_read(struct ln_cert *out, const char *text, size_t len, struct ln_err *err)
{
    struct ln_span object = { text, len };
    struct ln_cert c = { 0 };
    int64_t suite;

    if (len > LN_CERT_MAX)
        return ln_fail(err, LN_INVALID, "certificate longer than %d bytes", LN_CERT_MAX);
    if (!ln_canon_check(text, len, err))
        return ln_wrap(err, "certificate");
    if (ln_canon_type(object) != LN_CANON_OBJECT || !get_int(&suite, object, "suite"))
        return ln_fail(err, LN_INVALID, "not a certificate");
    if (suite != SUITE) /* before all else: another suite may have other members */
        return ln_fail(err, LN_INVALID, "certificate of an unknown suite");
    c.suite = SUITE;
    if (!is_complete(object))
        return ln_fail(err, LN_INVALID, "certificate with other members than suite 1 has");
    if (!get_keys(&c, object, err) || !get_place(&c, object, err) || !get_ties(&c, object, err) ||
        !get_rights(&c, object, err))
        return false;
    *out = c;
    return true;
}

/* ---- judging ---- */

static bool may_write(const struct ln_cert *c, const char *collection)
{
    if (c->all_collections)
        return true;
    for (size_t i = 0; i < c->n_collections; i++)
        if (strcmp(c->collections[i], collection) == 0)
            return true;
    return false;
}

/* Rights only narrow on the way down. */
static bool narrows(const struct ln_cert *c, const struct ln_cert *issuer, struct ln_err *err)
{
    if (strcmp(c->issuer, issuer->node) != 0)
        return ln_fail(err, LN_DENIED, "certificate names another issuer");
    if (c->parent[0] == '\0')
        return ln_fail(err, LN_DENIED, "certificate without a parent, yet not the root's");
    if (c->role <= issuer->role)
        return ln_fail(err, LN_DENIED, "a %s cannot certify a %s", ln_cert_role_word(issuer->role),
                       ln_cert_role_word(c->role));
    if (!ln_cert_region_holds(issuer->region, c->region))
        return ln_fail(err, LN_DENIED, "certificate for a region outside its issuer's");
    if (c->role == LN_ROLE_LAPTOP && issuer->role != LN_ROLE_COMMUNITY)
        return ln_fail(err, LN_DENIED, "only a community certifies laptops");
    if (c->all_collections && !issuer->all_collections)
        return ln_fail(err, LN_DENIED, "certificate for more collections than its issuer has");
    for (size_t i = 0; i < c->n_collections; i++)
        if (!may_write(issuer, c->collections[i]))
            return ln_fail(err, LN_DENIED, "certificate for more collections than its issuer has");
    return true;
}

static bool is_root(const struct ln_cert *c, const struct ln_pubkey *pinned, struct ln_err *err)
{
    if (!ln_key_same(&c->key, pinned) || strcmp(c->issuer, c->node) != 0 || c->parent[0] != '\0')
        return ln_fail(err, LN_DENIED, "not the certificate of the pinned root");
    return true;
}

bool ln_cert_signed(const struct ln_cert *c, const char *text, size_t len, const char *sig,
                    size_t sig_len, const struct ln_pubkey *issuer_key,
                    const struct ln_cert *issuer, struct ln_err *err)
{
    struct ln_pubkey by;

    if (!ln_sshsig_verify(&by, SPACE, text, len, sig, sig_len, err))
        return ln_wrap(err, "certificate");
    if (!ln_key_same(&by, issuer_key) || (issuer != NULL && !ln_key_same(&by, &issuer->key)))
        return ln_fail(err, LN_DENIED, "certificate signed by another key");
    return issuer != NULL ? narrows(c, issuer, err) : is_root(c, issuer_key, err);
}

bool ln_cert_check(struct ln_cert *out, const char *text, size_t len, const char *sig,
                   size_t sig_len, const struct ln_pubkey *issuer_key, const struct ln_cert *issuer,
                   struct ln_err *err)
{
    struct ln_cert c = { 0 };

    if (!ln_cert_read(&c, text, len, err) ||
        !ln_cert_signed(&c, text, len, sig, sig_len, issuer_key, issuer, err))
        return false;
    *out = c;
    return true;
}
