/* Audiences and their epochs: see audience.h. */
#include "sync/audience.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/canon.h"

#define GRID_MAX 15
#define WRAP_MAX 1024
#define F_MAX 65000 /* leaves room for the rest of the line */
#define FILE_NAME_TEXT "linli file name"

static bool digits(struct ln_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.len == LN_REGION_LEN;
}

static bool label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool grid(struct ln_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!label_char(s.p[i]))
            return false;
    return s.len > 0 && s.len <= GRID_MAX;
}

static bool node(struct ln_span s)
{
    if (s.len != LN_NODE_ID_MAX - 1 || s.p[LN_REGION_LEN] != '-' ||
        !digits((struct ln_span){ s.p, LN_REGION_LEN }))
        return false;
    for (size_t i = LN_REGION_LEN + 1; i < s.len; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '2' && s.p[i] <= '7'))
            return false;
    return true;
}

static void copy(char *out, struct ln_span s)
{
    memcpy(out, s.p, s.len);
    out[s.len] = '\0';
}

/* What stands behind the slash. */
static bool read_who(struct ln_audience *a, struct ln_span who)
{
    struct ln_span rest = { who.p + 1, who.len - 1 };

    if (ln_span_is(who, "c")) {
        a->kind = LN_AUD_C;
        return true;
    }
    if (who.p[0] == 'g' && grid(rest)) {
        a->kind = LN_AUD_GRID;
        copy(a->who, rest);
        return true;
    }
    if (who.p[0] == '@' && node(rest)) {
        a->kind = LN_AUD_NODE;
        copy(a->who, rest);
        return true;
    }
    if (!digits(who))
        return false;
    a->kind = LN_AUD_UP;
    copy(a->who, who);
    return ln_cert_region_holds(a->who, a->owner);
}

bool ln_audience_read(struct ln_audience *out, struct ln_span name)
{
    struct ln_audience a = { .kind = LN_AUD_PUBLIC };

    if (!ln_span_is(name, "public")) {
        struct ln_span owner = { name.p, LN_REGION_LEN };
        if (name.len < LN_REGION_LEN + 2 || name.len >= LN_AUDIENCE_MAX ||
            name.p[LN_REGION_LEN] != '/' || !digits(owner))
            return false;
        copy(a.owner, owner);
        struct ln_span who = { name.p + LN_REGION_LEN + 1, name.len - LN_REGION_LEN - 1 };
        if (!read_who(&a, who))
            return false;
    }
    *out = a;
    return true;
}

void ln_audience_name(char out[LN_AUDIENCE_MAX], char code, const char *region,
                      const char *grid_name, const char *node_id)
{
    if (code == 'P')
        (void)snprintf(out, LN_AUDIENCE_MAX, "public");
    else if (code == 'V')
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s/%.2s0000000000", region, region);
    else if (code == 'D')
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s/%.6s000000", region, region);
    else if (node_id[0] != '\0')
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s/@%s", region, node_id);
    else if (grid_name[0] != '\0')
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s/g%s", region, grid_name);
    else
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s/c", region);
}

static bool has_grid(const struct ln_cert *c, const char *name)
{
    for (size_t i = 0; i < c->n_grids; i++)
        if (strcmp(c->grids[i], name) == 0)
            return true;
    return false;
}

bool ln_audience_member(const struct ln_audience *a, const struct ln_cert *c)
{
    bool laptop = c->role == LN_ROLE_LAPTOP;
    bool box = !laptop && strcmp(c->region, a->owner) == 0;

    switch (a->kind) {
    case LN_AUD_PUBLIC:
        return true;
    case LN_AUD_UP: /* the owner's box and each ancestor up to `who` */
        return !laptop && ln_cert_region_holds(c->region, a->owner) &&
               ln_cert_region_holds(a->who, c->region);
    case LN_AUD_C:
        return box;
    case LN_AUD_GRID:
        return box || (laptop && strcmp(c->region, a->owner) == 0 && has_grid(c, a->who));
    case LN_AUD_NODE:
        return box || strcmp(c->node, a->who) == 0;
    }
    return false;
}

void ln_audience_file_name(char out[24], const struct ln_ident *secret)
{
    uint8_t hash[16];
    char hex[17];

    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)FILE_NAME_TEXT,
                             sizeof FILE_NAME_TEXT - 1, secret->b, sizeof secret->b);
    (void)sodium_bin2hex(hex, sizeof hex, hash, 8);
    (void)snprintf(out, 24, "%s.age", hex);
}

void ln_audience_mint(struct ln_epoch *out, const char *audience, const char *label,
                      const struct ln_env *env)
{
    memset(out, 0, sizeof *out);
    (void)snprintf(out->audience, sizeof out->audience, "%s", audience);
    (void)snprintf(out->label, sizeof out->label, "%s", label);
    env->random(env->ctx, out->secret.b, sizeof out->secret.b);
    ln_key_ident_public(&out->recipient, &out->secret);
    ln_audience_file_name(out->file_name, &out->secret);
}

static void add_member(struct ln_buf *f, const char *key, const char *text)
{
    ln_buf_addf(f, "\"%s\":", key);
    ln_canon_add_string(f, text, strlen(text));
}

/* One wrap: the secret as the text age itself keeps in a key file, so that stock age can use it. */
static bool add_wrap(struct ln_buf *f, const struct ln_buf *secret, const char *to,
                     const struct ln_recipient *member, struct ln_err *err)
{
    struct ln_buf sealed = ln_buf_new(WRAP_MAX);
    bool ok = false;

    if (!ln_age_seal(&sealed, member, 1, secret->data, secret->len, err))
        goto out;
    ln_buf_adds(f, "{\"age\":\"");
    ln_encode_base64(f, sealed.data, sealed.len, false);
    ln_buf_adds(f, "\",");
    add_member(f, "to", to);
    ln_buf_addc(f, '}');
    ok = true;
out:
    ln_buf_free(&sealed);
    return ok;
}

bool ln_audience_epoch_write(struct ln_buf *f, const struct ln_epoch *e,
                             const char *const *member_ids, const struct ln_recipient *members,
                             size_t n, struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(F_MAX);
    struct ln_buf recipient = ln_buf_new(128);
    struct ln_buf secret = ln_buf_secret(128);
    bool ok = false;

    ln_key_recipient_write(&recipient, &e->recipient);
    ln_key_ident_write(&secret, &e->secret);
    ln_buf_addc(&secret, '\n');
    ln_buf_addc(&body, '{');
    add_member(&body, "audience", e->audience);
    ln_buf_addc(&body, ',');
    add_member(&body, "label", e->label);
    ln_buf_addc(&body, ',');
    add_member(&body, "recipient", recipient.data);
    ln_buf_adds(&body, ",\"wraps\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            ln_buf_addc(&body, ',');
        if (!add_wrap(&body, &secret, member_ids[i], &members[i], err))
            goto out;
    }
    ln_buf_adds(&body, "]}");
    if (!ln_buf_done(&body, "epoch", err))
        goto out;
    ln_buf_add(f, body.data, body.len);
    ok = ln_buf_done(f, "epoch", err);
out:
    ln_buf_free(&secret);
    ln_buf_free(&recipient);
    ln_buf_free(&body);
    return ok;
}

static bool member_text(struct ln_span object, const char *key, struct ln_span *text)
{
    struct ln_span item;

    return ln_canon_get(object, key, &item) && ln_canon_plain(item, text);
}

/* "2026-11.1": digits, '-' and '.'. */
static bool label(struct ln_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-' && s.p[i] != '.')
            return false;
    return s.len > 0 && s.len < LN_EPOCH_LABEL_MAX;
}

static bool read_head(struct ln_epoch *e, struct ln_span f, struct ln_err *err)
{
    struct ln_audience a;
    struct ln_span text;

    if (f.len == 0 || ln_canon_type(f) != LN_CANON_OBJECT)
        return ln_fail(err, LN_INVALID, "epoch: no object");
    if (!member_text(f, "audience", &text) || !ln_audience_read(&a, text) ||
        a.kind == LN_AUD_PUBLIC)
        return ln_fail(err, LN_INVALID, "epoch: no audience");
    copy(e->audience, text);
    if (!member_text(f, "label", &text) || !label(text))
        return ln_fail(err, LN_INVALID, "epoch: no label");
    copy(e->label, text);
    if (!member_text(f, "recipient", &text))
        return ln_fail(err, LN_INVALID, "epoch: no recipient");
    return ln_key_recipient_read(&e->recipient, text.p, text.len, err) || ln_wrap(err, "epoch");
}

/* Our own wrap among `wraps`; false when there is none. */
static bool find_wrap(struct ln_span f, const char *my_id, struct ln_span *age)
{
    struct ln_span wraps;
    struct ln_span wrap;
    struct ln_span to;
    size_t at = 0;

    if (!ln_canon_get(f, "wraps", &wraps) || ln_canon_type(wraps) != LN_CANON_ARRAY)
        return false;
    while (ln_canon_next(wraps, &at, NULL, &wrap))
        if (ln_canon_type(wrap) == LN_CANON_OBJECT && member_text(wrap, "to", &to) &&
            ln_span_is(to, my_id))
            return member_text(wrap, "age", age);
    return false;
}

static bool open_wrap(struct ln_epoch *e, struct ln_span age, const struct ln_ident *my_key,
                      struct ln_err *err)
{
    struct ln_buf sealed = ln_buf_new(WRAP_MAX);
    struct ln_buf text = ln_buf_secret(128);
    struct ln_recipient public;
    bool ok = false;

    if (!ln_encode_unbase64(&sealed, age, false)) {
        (void)ln_fail(err, LN_INVALID, "epoch: wrap is no base64");
        goto out;
    }
    if (!ln_age_open(&text, sealed.data, sealed.len, my_key, err))
        goto out;
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        ln_buf_cut(&text, text.len - 1);
    if (!ln_key_ident_read(&e->secret, text.data, text.len, err))
        goto out;
    ln_key_ident_public(&public, &e->secret);
    if (memcmp(&public, &e->recipient, sizeof public) != 0) {
        (void)ln_fail(err, LN_INVALID, "epoch: the secret is not the recipient's");
        goto out;
    }
    ln_audience_file_name(e->file_name, &e->secret);
    ok = true;
out:
    ln_buf_free(&text);
    ln_buf_free(&sealed);
    return ok;
}

bool ln_audience_epoch_read(struct ln_epoch *out, bool *mine, struct ln_span f, const char *my_id,
                            const struct ln_ident *my_key, struct ln_err *err)
{
    struct ln_epoch e = { 0 };
    struct ln_span age;
    bool ok = false;

    if (!read_head(&e, f, err))
        goto out;
    bool found = find_wrap(f, my_id, &age);
    if (found && !open_wrap(&e, age, my_key, err))
        goto out;
    *out = e;
    *mine = found;
    ok = true;
out:
    sodium_memzero(&e.secret, sizeof e.secret);
    return ok;
}
