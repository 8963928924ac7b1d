/* The card a resident takes home from the counter: a first password for a verified account. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/password.h"
#include "node/module/refusal.h"
#include "node/store/session.h"
#include "node/web/routes.h"
#include "sync/clock.h"

#define CARD_LETTERS 10 /* of 31: 49 bits, behind Argon2id and a lock after a few tries */
#define HOMES_MAX 50

struct card_job {
    struct ln_call *c;
    struct ln_id account;
    char login[65];
    char hash[LN_PASSWORD_HASH_MAX];
    json_t *problems; /* what the caller is told in words */
};

static const char *text_of(const json_t *row, const char *name)
{
    return ln_web_text(json_object_get(row, "f"), name);
}

/* An office is never got through a card: whoever holds one is given a password at the box. */
static bool only_resident(bool *member, struct card_job *j, const char *today, struct ln_err *err)
{
    static const struct ln_def_label say = {
        "这个账号有任职，登录卡只发给居民：请系统管理员在社区主机上设密码",
        "this account holds an office and cards are for residents: ask the administrator to set a "
        "password on the community's box"
    };
    struct ln_node *n = j->c->n;
    const struct ln_def_coll *d = ln_def_find(n->def, "membership");
    char id[LN_ID_TEXT + 1];
    const struct ln_where where = { "account", LN_WHERE_IS, id };
    struct ln_list l = { .coll = d->coll, .where = &where, .n = 1, .limit = HOMES_MAX };
    json_t *rows = json_array();
    size_t i;
    json_t *row;

    ln_clock_id_write(id, &j->account);
    bool ok = ln_query_list(rows, NULL, n->engine.writer, &l, err);
    *member = false;
    json_array_foreach(rows, i, row)
    {
        const char *ends = text_of(row, "ends");
        if (strcmp(ln_web_text(row, "state"), "active") != 0 ||
            (ends[0] != '\0' && strcmp(ends, today) < 0))
            continue;
        if (ok && strcmp(text_of(row, "role"), "resident") != 0)
            ok = ln_refusal(&j->problems, LN_DENIED, "", &say, NULL, 0, err);
        *member = true;
    }
    json_decref(rows);
    return ok;
}

static bool run_system(char id[LN_ID_TEXT + 1], struct card_job *j, struct ln_replica *r,
                       enum ln_engine_kind kind, const char *coll, const char *of, json_t *f,
                       struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = { .e = &j->c->n->engine,
                                 .u = &system,
                                 .kind = kind,
                                 .c = ln_def_find(j->c->n->def, coll),
                                 .id = of,
                                 .f = f,
                                 .channel = "counter" };
    bool ok = ln_engine_run(&job, r, err);

    (void)snprintf(id, LN_ID_TEXT + 1, "%s", job.out_id);
    json_decref(job.problems);
    json_decref(f);
    return ok;
}

/* A verified resident belongs to the community: that is the membership the login stands on. */
static bool make_member(struct card_job *j, struct ln_replica *r, const char *today,
                        struct ln_err *err)
{
    struct ln_node *n = j->c->n;
    struct ln_list l = { .coll = ln_def_find(n->def, "home")->coll, .limit = 1 };
    json_t *rows = json_array();
    char account[LN_ID_TEXT + 1];
    char id[LN_ID_TEXT + 1];
    bool ok = ln_query_list(rows, NULL, n->engine.writer, &l, err);
    const char *home = ln_web_text(json_array_get(rows, 0), "id");

    ln_clock_id_write(account, &j->account);
    if (ok && home[0] == '\0')
        ok = ln_fail(err, LN_MISSING, "this node has no home yet: add the committee first");
    ok = ok &&
         run_system(id, j, r, LN_ENGINE_CREATE, "membership", NULL,
                    json_pack("{s:s,s:s,s:s,s:s}", "account", account, "home", home, "role",
                              "resident", "starts", today),
                    err) &&
         run_system(id, j, r, LN_ENGINE_STEP, "membership", id,
                    json_pack("{s:s}", "action", "grant"), err);
    json_decref(rows);
    return ok;
}

static bool card_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct card_job *j = arg;
    struct ln_call *c = j->c;
    struct ln_db *db = ln_sqlstore_db(c->n->writer);
    const uint8_t none[LN_SESSION_TOKEN] = { 0 };
    struct ln_login held;
    char today[11];
    char id[LN_ID_TEXT + 1];
    bool member = false;

    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    if (!ln_session_login(&held, db, j->login, err) || !only_resident(&member, j, today, err))
        return false;
    if (held.found && memcmp(&held.account, &j->account, sizeof held.account) != 0)
        return ln_fail(err, LN_CONFLICT, "the login %s belongs to another account", j->login);
    return (member || make_member(j, r, today, err)) &&
           run_system(id, j, r, LN_ENGINE_CREATE, "audit", NULL,
                      json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "actor", c->user.account, "action",
                                "card", "object", c->q->arg[0], "purpose", "service", "at",
                                (json_int_t)c->n->env.now_ms(c->n->env.ctx), "node", c->n->id),
                      err) &&
           ln_session_password(db, j->login, &j->account, j->hash, err) &&
           ln_session_end_others(db, &j->account, none, err);
}

bool ln_api_card_make(struct ln_call *c, struct ln_err *err)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    const struct ln_def_coll *d = ln_def_find(c->n->def, "account");
    struct card_job j = { .c = c };
    char secret[CARD_LETTERS + 2];
    json_t *row = NULL;
    bool ok = false;

    if (!ln_clock_id_read(&j.account, ln_span_of(c->q->arg[0])) ||
        !ln_query_record(&row, c->r->store, &j.account, err) || row == NULL ||
        strcmp(ln_web_text(row, "collection"), "account") != 0 ||
        !ln_engine_may_read(d, &c->user, row)) {
        (void)ln_fail(err, LN_MISSING, "no such account");
        goto out;
    }
    if (!ln_engine_has_role(&c->user, "worker") && !ln_engine_has_role(&c->user, "committee")) {
        (void)ln_fail(err, LN_DENIED, "cards are given out at the counter");
        goto out;
    }
    if (strcmp(ln_web_text(row, "state"), "verified") != 0) {
        (void)ln_fail(err, LN_CONFLICT, "the account is not verified yet: see the document first");
        goto out;
    }
    (void)snprintf(j.login, sizeof j.login, "%s", text_of(row, "login"));
    for (size_t i = 0; i <= CARD_LETTERS; i++)
        secret[i] = i == CARD_LETTERS / 2
                        ? '-'
                        : letters[randombytes_uniform((uint32_t)sizeof letters - 1)];
    secret[CARD_LETTERS + 1] = '\0';
    (void)pthread_mutex_lock(&c->w->password);
    ok = ln_password_hash(j.hash, secret, strlen(secret), err);
    (void)pthread_mutex_unlock(&c->w->password);
    ok = ok && ln_queue_write(c->n->queue, card_job, &j, err);
    if (ok) {
        ln_web_forget(c->w);
        (void)ln_web_json(c, 201,
                          json_pack("{s:s,s:s,s:s,s:s}", "login", j.login, "password", secret,
                                    "shown_name", text_of(row, "shown_name"), "node",
                                    c->n->config.name));
    }
    sodium_memzero(secret, sizeof secret);
    c->fields = j.problems;
out:
    json_decref(row);
    return ok;
}
