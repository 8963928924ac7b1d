/* Programs: see program.h. A token is 256 random bits, so its plain SHA-256 is all that is kept. */
#include "node/module/program.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/encode.h"

#define PREFIX "lp_"

static void hash_of(char out[LN_PROGRAM_HASH], const char *token)
{
    uint8_t sha[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(sha, (const uint8_t *)token, strlen(token));
    (void)sodium_bin2hex(out, LN_PROGRAM_HASH, sha, sizeof sha);
}

void ln_program_token(char token[LN_PROGRAM_TOKEN], char hash[LN_PROGRAM_HASH])
{
    uint8_t secret[32];
    char text[LN_ENCODE_BASE32_LEN(sizeof secret) + 1];

    randombytes_buf(secret, sizeof secret);
    ln_encode_base32hex(text, secret, sizeof secret);
    (void)snprintf(token, LN_PROGRAM_TOKEN, PREFIX "%s", text);
    hash_of(hash, token);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
}

bool ln_program_find(struct ln_program *out, struct ln_user *u, struct ln_sqlstore *s,
                     const struct ln_def *def, const char *token, const char *today,
                     struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(def, "program");
    char hash[LN_PROGRAM_HASH];
    const struct ln_where where[] = { { "hash", LN_WHERE_IS, hash },
                                      { "state", LN_WHERE_IS, "active" } };
    struct ln_list l = { .where = where, .n = 2, .limit = 1 };
    json_t *rows = json_array();

    *out = (struct ln_program){ .scopes = NULL };
    if (d == NULL || strlen(token) >= LN_PROGRAM_TOKEN) {
        json_decref(rows);
        return true;
    }
    hash_of(hash, token);
    l.coll = d->coll;
    bool ok = ln_query_list(rows, NULL, s, &l, err);
    const json_t *row = json_array_get(rows, 0);
    if (ok && row != NULL && strcmp(ln_special_text(row, "expires"), today) >= 0) {
        (void)snprintf(out->id, sizeof out->id, "%s", ln_special_word(row, "id"));
        out->scopes = json_deep_copy(json_object_get(json_object_get(row, "f"), "scopes"));
        *u = (struct ln_user){ .n_roles = 1 };
        (void)snprintf(u->roles[0], sizeof u->roles[0], "%s", ln_special_text(row, "role"));
    }
    json_decref(rows);
    return ok;
}

bool ln_program_may(const struct ln_program *p, const char *scope)
{
    size_t i;
    json_t *one;

    json_array_foreach(p->scopes, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), scope) == 0)
            return true;
    }
    return false;
}

/* Nobody lets a program in as more than they are, or to what is not there. */
static bool program_before(struct ln_special_call *x, struct ln_err *err)
{
    size_t i;
    json_t *scope;

    if (x->kind != LN_ENGINE_CREATE || x->u->system)
        return true;
    if (!ln_engine_has_role(x->u, ln_special_word(x->f, "role")))
        return ln_special_problem(x, "role", "只能给出自己的身份", "must be one of your own roles",
                                  err);
    json_array_foreach(json_object_get(x->f, "scopes"), i, scope)
    {
        const char *name = json_string_value(scope) != NULL ? json_string_value(scope) : "";
        if (strcmp(name, "open311") != 0 && strcmp(name, "stats") != 0 &&
            ln_def_find(x->e->def, name) == NULL)
            return ln_special_problem(x, "scopes", "没有这种数据", "names no collection", err);
    }
    return true;
}

const struct ln_special ln_program_special[] = {
    { .collection = "program", .before = program_before },
    { .collection = NULL },
};
