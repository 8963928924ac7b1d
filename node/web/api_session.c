/* Logging in and out. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "node/say.h"
#include "node/store/reading.h"
#include "node/store/session.h"
#include "node/web/routes.h"
#include "sync/clock.h"

static int add(const char *text, size_t len, void *out)
{
    ln_buf_add(out, text, len);
    return 0;
}

bool ln_web_json(struct ln_call *c, int status, json_t *body)
{
    c->out->status = status;
    c->out->content_type = "application/json";
    if (body != NULL)
        (void)json_dump_callback(body, add, &c->out->body, JSON_COMPACT);
    json_decref(body);
    return true;
}

bool ln_web_object(struct ln_call *c, struct ln_err *err)
{
    if (json_is_object(c->body))
        return true;
    c->out->status = 400;
    return ln_fail(err, LN_INVALID, "a JSON object is needed");
}

const char *ln_web_text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));

    return t != NULL ? t : "";
}

void ln_web_said(const struct ln_call *c, json_t *o)
{
    const char *key;
    json_t *v;

    json_object_foreach(o, key, v)
    {
        if (!json_is_string(v) || strstr(json_string_value(v), LN_SAY_BETWEEN) == NULL)
            continue;
        struct ln_span part = ln_say_part(json_string_value(v), c->q->zh);
        json_object_set_new(o, key, json_stringn(part.p, part.len));
    }
}

/* ---- who is here */

static json_t *account_json(struct ln_call *c)
{
    struct ln_id id;
    json_t *row = NULL;
    struct ln_err why = { 0 };
    json_t *o;

    if (!c->known || !ln_clock_id_read(&id, ln_span_of(c->user.account)) ||
        !ln_query_record(&row, c->r->store, &id, &why))
        return json_null();
    const json_t *f = json_object_get(row, "f");
    o = json_pack("{s:s,s:s,s:s,s:s,s:b}", "id", c->user.account, "login", c->user.login,
                  "shown_name", c->user.shown, "level", ln_web_text(f, "level"), "elder_mode",
                  (int)json_is_true(json_object_get(f, "elder_mode")));
    json_object_set_new(o, "person",
                        c->user.person[0] != '\0' ? json_string(c->user.person) : json_null());
    json_decref(row);
    return o;
}

static json_t *memberships(struct ln_call *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->user.n_roles; i++) {
        struct ln_id id;
        json_t *home = NULL;
        struct ln_err why = { 0 };
        if (!ln_clock_id_read(&id, ln_span_of(c->user.homes[i])) ||
            !ln_query_record(&home, c->r->store, &id, &why))
            continue;
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s}", "home", c->user.homes[i], "home_name",
                                        ln_web_text(json_object_get(home, "f"), "name"), "role",
                                        c->user.roles[i]));
        json_decref(home);
    }
    return list;
}

/* Whom one may act for, by name. */
static json_t *principals(struct ln_call *c, const char *today)
{
    json_t *list = json_array();
    struct ln_err why = { 0 };
    size_t i;
    json_t *one;

    if (!ln_engine_principals(list, c->r->store, c->n->def, &c->user, today, &why))
        ln_log_err(LN_LOG_WARN, &why, "delegations");
    json_array_foreach(list, i, one)
    {
        struct ln_id id;
        json_t *row = NULL;
        if (ln_clock_id_read(&id, ln_span_of(ln_web_text(one, "person"))) &&
            ln_query_record(&row, c->r->store, &id, &why))
            json_object_set_new(one, "name",
                                json_string(ln_web_text(json_object_get(row, "f"), "name")));
        json_decref(row);
    }
    return list;
}

/* A worker's grids; empty: not limited. */
static json_t *grids_of(const struct ln_user *u)
{
    json_t *list = json_array();

    for (const char *at = u->grids; *at != '\0';) {
        size_t len = strcspn(at, ",");
        json_array_append_new(list, json_stringn(at, len));
        at += len + (at[len] == ',');
    }
    return list;
}

bool ln_api_session_get(struct ln_call *c, struct ln_err *err)
{
    json_t *roles = json_array();
    json_t *modules = json_array();
    char today[11];

    (void)err;
    for (size_t i = 0; i < c->user.n_roles; i++)
        json_array_append_new(roles, json_string(c->user.roles[i]));
    json_array_append_new(roles, json_string("guest"));
    for (size_t i = 0; i < c->n->def->n_modules; i++)
        json_array_append_new(modules, json_string(c->n->def->modules[i].name));
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    json_t *o =
        json_pack("{s:o,s:o,s:o,s:o,s:s,s:n}", "account", account_json(c), "roles", roles,
                  "memberships", memberships(c), "modules", modules, "today", today, "csrf");
    json_object_set_new(o, "staff", json_boolean(ln_engine_staff(&c->user)));
    json_object_set_new(o, "grids", grids_of(&c->user));
    json_object_set_new(o, "principals", principals(c, today));
    json_object_set_new(o, "role", json_string(c->user.n_roles > 0 ? c->user.roles[0] : "guest"));
    json_object_set_new(o, "region", json_string(c->n->config.region));
    json_object_set_new(o, "node",
                        json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", c->n->id, "role",
                                  c->n->config.role, "region", c->n->config.region, "name",
                                  c->n->config.name, "version", LN_VERSION));
    return ln_web_json(c, 200, o);
}

/* ---- logging in */

struct login_job {
    struct ln_node *n;
    const char *login;
    bool good;
    int64_t now, expires;
    struct ln_id account;
    uint8_t token[LN_SESSION_TOKEN];
};

static bool note_try(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct login_job *j = arg;
    struct ln_db *db = ln_sqlstore_db(j->n->writer);
    char today[11];

    (void)r;
    ln_engine_today(today, j->now);
    return ln_session_tried(db, j->login, j->good, j->now, err) &&
           (!j->good || (ln_session_start(db, j->token, &j->account, j->now, j->expires, err) &&
                         ln_reading_active(db, &j->account, today, err)));
}

static void set_cookie(struct ln_call *c, const uint8_t token[LN_SESSION_TOKEN], int64_t hours)
{
    char text[LN_ENCODE_BASE32_LEN(LN_SESSION_TOKEN) + 1];

    ln_encode_base32hex(text, token, LN_SESSION_TOKEN);
    (void)snprintf(c->out->cookie, sizeof c->out->cookie,
                   "linli=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld",
                   hours > 0 ? text : "", (long long)hours * 3600);
}

static bool wrong_login(struct ln_call *c, struct ln_err *err)
{
    c->out->status = 401;
    c->word = "login";
    return ln_fail(err, LN_DENIED, "login or password is wrong");
}

bool ln_api_session_login(struct ln_call *c, struct ln_err *err)
{
    struct ln_login l;
    struct login_job j = { .n = c->n };

    if (!ln_web_object(c, err))
        return false;
    const char *password = ln_web_text(c->body, "password");
    j.login = ln_web_text(c->body, "login");
    j.now = c->n->env.now_ms(c->n->env.ctx);
    j.expires = j.now + c->n->config.session_hours * 3600000;
    if (!ln_session_login(&l, ln_sqlstore_db(c->r->store), j.login, err))
        return false;
    if (l.found && l.locked_until > j.now) {
        c->out->status = 429;
        c->out->retry_after_s = (int)((l.locked_until - j.now) / 1000) + 1;
        c->word = "locked";
        return ln_fail(err, LN_BUSY, "too many wrong passwords: try again later");
    }
    (void)pthread_mutex_lock(&c->w->password);
    j.good = ln_password_check(l.found ? l.hash : NULL, password, strlen(password));
    (void)pthread_mutex_unlock(&c->w->password);
    j.account = l.account;
    randombytes_buf(j.token, sizeof j.token);
    if (l.found && !ln_queue_write(c->n->queue, note_try, &j, err))
        return false;
    if (!j.good)
        return wrong_login(c, err);
    struct ln_err why = { 0 };
    c->known = ln_node_user(&c->user, c->n, c->r->store, &j.account, &why);
    if (!c->known)
        return wrong_login(c, err);
    set_cookie(c, j.token, c->n->config.session_hours);
    return ln_api_session_get(c, err);
}

static bool end_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_call *c = arg;

    (void)r;
    return ln_session_end(ln_sqlstore_db(c->n->writer), c->token, err);
}

bool ln_api_session_logout(struct ln_call *c, struct ln_err *err)
{
    if (c->known && !ln_queue_write(c->n->queue, end_job, c, err))
        return false;
    ln_web_forget(c->w);
    set_cookie(c, c->token, 0);
    c->out->status = 204;
    return true;
}

bool ln_api_session_role(struct ln_call *c, struct ln_err *err)
{
    if (!ln_web_object(c, err))
        return false;
    const char *role = ln_web_text(c->body, "role");
    if (!ln_engine_has_role(&c->user, role))
        return ln_fail(err, LN_DENIED, "not one of your roles");
    /* The chosen role stands first: the pages begin with it. */
    for (size_t i = 1; i < c->user.n_roles; i++)
        if (strcmp(c->user.roles[i], role) == 0) {
            char swap[sizeof c->user.roles[0]];
            char home[sizeof c->user.homes[0]];
            memcpy(swap, c->user.roles[0], sizeof swap);
            memcpy(c->user.roles[0], c->user.roles[i], sizeof swap);
            memcpy(c->user.roles[i], swap, sizeof swap);
            memcpy(home, c->user.homes[0], sizeof home);
            memcpy(c->user.homes[0], c->user.homes[i], sizeof home);
            memcpy(c->user.homes[i], home, sizeof home);
        }
    return ln_api_session_get(c, err);
}

struct password_job {
    struct ln_call *c;
    struct ln_id account;
    char hash[LN_PASSWORD_HASH_MAX];
};

static bool change_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct password_job *j = arg;
    struct ln_db *db = ln_sqlstore_db(j->c->n->writer);

    (void)r;
    return ln_session_password(db, j->c->user.login, &j->account, j->hash, err) &&
           ln_session_end_others(db, &j->account, j->c->token, err);
}

bool ln_api_session_password(struct ln_call *c, struct ln_err *err)
{
    struct password_job j = { .c = c };
    struct ln_login l;
    bool ok;

    if (!c->known)
        return ln_fail(err, LN_DENIED, "not logged in");
    if (!ln_web_object(c, err) ||
        !ln_session_login(&l, ln_sqlstore_db(c->r->store), c->user.login, err))
        return false;
    const char *old = ln_web_text(c->body, "old");
    const char *fresh = ln_web_text(c->body, "new");
    if (strlen(fresh) < 8)
        return ln_fail(err, LN_INVALID, "a password has at least 8 characters");
    (void)pthread_mutex_lock(&c->w->password);
    ok = ln_password_check(l.found ? l.hash : NULL, old, strlen(old));
    bool made = ok && ln_password_hash(j.hash, fresh, strlen(fresh), err);
    (void)pthread_mutex_unlock(&c->w->password);
    if (!ok)
        return wrong_login(c, err);
    j.account = l.account;
    if (!made || !ln_queue_write(c->n->queue, change_job, &j, err))
        return false;
    ln_web_forget(c->w);
    c->out->status = 204;
    return true;
}
