/* Public services without a login (MODULES M6): how far an application, appointment or report is,
 * by number and the last four digits of the telephone; whether a paper is genuine, by serial and
 * check code. Whoever guesses learns nothing: every wrong pair has one answer, and tries are
 * counted. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "node/module/application.h"
#include "node/web/limit.h"
#include "node/web/routes.h"

#define WINDOW_MS (15 * 60000)
#define TRIES_A_NUMBER 5
#define TRIES_AN_ADDRESS 60
#define TRIES_ALL 2000 /* of everybody: guessing from many addresses is slow, too */

static const char *query(const struct ln_call *c, const char *name)
{
    const char *v = ln_http_query(c->q, name);

    return v != NULL ? v : "";
}

static bool try_once(struct ln_call *c, const char *what, const char *number, struct ln_err *err)
{
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    char a[128];
    char b[96];

    (void)snprintf(a, sizeof a, "%s/%.64s", what, number);
    (void)snprintf(b, sizeof b, "%s@%.64s", what, c->q->remote != NULL ? c->q->remote : "");
    if (ln_limit_take(c->w->limit, what, TRIES_ALL, WINDOW_MS, now) &&
        ln_limit_take(c->w->limit, b, TRIES_AN_ADDRESS, WINDOW_MS, now) &&
        ln_limit_take(c->w->limit, a, TRIES_A_NUMBER, WINDOW_MS, now))
        return true;
    c->out->status = 429;
    c->out->retry_after_s = WINDOW_MS / 1000;
    c->word = "locked";
    c->fields = json_pack("[{s:s,s:s,s:s}]", "field", "", "zh", "查询太多，请十五分钟后再试", "en",
                          "Too many tries: please wait a quarter of an hour");
    return ln_fail(err, LN_BUSY, "too many tries");
}

static bool not_found(struct ln_call *c, struct ln_err *err)
{
    c->fields = json_pack("[{s:s,s:s,s:s}]", "field", "", "zh",
                          "没有查到：请核对编号和号码，或向社区服务窗口询问", "en",
                          "Nothing found: check both, or ask at the community's desk");
    return ln_fail(err, LN_MISSING, "nothing found");
}

/* ---- progress */

static bool last_four(const char *phone, const char *given)
{
    char digits[64] = "";
    size_t n = 0;

    for (const char *p = phone; *p != '\0' && n + 1 < sizeof digits; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    digits[n] = '\0';
    return n >= 4 && strlen(given) == 4 && sodium_memcmp(digits + n - 4, given, 4) == 0;
}

static bool by_number(json_t **row, struct ln_call *c, const struct ln_def_coll *d, const char *no,
                      struct ln_err *err)
{
    const struct ln_where where[] = { { "no", LN_WHERE_IS, no } };
    struct ln_list l = { .coll = d->coll, .where = where, .n = 1, .limit = 1 };
    json_t *rows = json_array();
    bool ok = ln_query_list(rows, NULL, c->r->store, &l, err);

    *row = ok && json_array_size(rows) > 0 ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

static void title_of(json_t *to, struct ln_call *c, const char *key, const char *id)
{
    struct ln_id x;
    json_t *row = NULL;
    struct ln_err why = { 0 };

    if (ln_clock_id_read(&x, ln_span_of(id)) && ln_query_record(&row, c->r->store, &x, &why) &&
        row != NULL)
        json_object_set_new(to, key, json_string(ln_web_text(json_object_get(row, "f"), "name")));
    json_decref(row);
}

struct telling {
    const struct ln_def_coll *d;
    json_t *steps;
};

/* When, and what: neither who nor why, for that is between the applicant and the desk. */
static bool tell(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct telling *x = ctx;
    struct ln_span value;
    struct ln_span word;
    char action[48];

    (void)err;
    if (i->c->op != LN_OP_STEP || i->state != LN_STORE_GOOD ||
        !ln_canon_get(i->c->fields, "action", &value) || !ln_canon_plain(value, &word))
        return true;
    (void)snprintf(action, sizeof action, "%.*s", (int)word.len, word.p);
    for (size_t k = 0; k < x->d->n_steps; k++)
        if (strcmp(x->d->steps[k].action, action) == 0) {
            const struct ln_def_label *l = &x->d->steps[k].label;
            json_array_append_new(x->steps, json_pack("{s:I,s:s,s:{s:s,s:s}}", "at",
                                                      (json_int_t)LN_HLC_MS(i->eff), "action",
                                                      action, "label", "zh", l->zh, "en", l->en));
            break;
        }
    return true;
}

static json_t *state_of(const struct ln_def_coll *d, const char *state)
{
    for (size_t i = 0; i < d->n_states; i++)
        if (strcmp(d->states[i].name, state) == 0)
            return json_pack("{s:s,s:s,s:s}", "code", state, "zh", d->states[i].label.zh, "en",
                             d->states[i].label.en);
    return json_null();
}

static bool progress(struct ln_call *c, const struct ln_def_coll *d, json_t *row,
                     struct ln_err *err)
{
    static const char *const shown[] = { "due",    "missing", "starts", "ends",
                                         "pickup", "granted", NULL };
    const json_t *f = json_object_get(row, "f");
    struct telling x = { d, json_array() };
    const char *at = ln_web_text(f, "now_at");
    struct ln_id id;
    json_t *o;

    if (!ln_clock_id_read(&id, ln_span_of(ln_web_text(row, "id"))) ||
        !ln_replica_history(ln_sqlstore_handle(c->r->store), &id, tell, &x, err)) {
        json_decref(x.steps);
        return false;
    }
    o = json_pack("{s:s,s:{s:s,s:s},s:O,s:o,s:o}", "no", ln_web_text(f, "no"), "kind", "zh",
                  d->label.zh, "en", d->label.en, "created_at", json_object_get(row, "created"),
                  "state", state_of(d, ln_web_text(row, "state")), "steps", x.steps);
    for (const char *const *s = shown; *s != NULL; s++)
        if (json_object_get(f, *s) != NULL)
            json_object_set(o, *s, json_object_get(f, *s));
    title_of(o, c, "item", ln_web_text(f, "item"));
    title_of(o, c, "with", at[0] != '\0' ? at : ln_web_text(f, "handler"));
    return ln_web_json(c, 200, o);
}

bool ln_api_service_progress(struct ln_call *c, struct ln_err *err)
{
    static const struct {
        const char *collection, *phone;
    } from[] = { { "application", "phone" }, { "appointment", "phone" }, { "ticket", "contact" } };
    const char *no = query(c, "no");
    json_t *found = NULL;
    const struct ln_def_coll *d = NULL;
    const char *phone = "";

    if (!try_once(c, "progress", no, err))
        return false;
    for (size_t i = 0; i < sizeof from / sizeof from[0] && no[0] != '\0' && found == NULL; i++) {
        d = ln_def_find(c->n->def, from[i].collection);
        phone = from[i].phone;
        if (d != NULL && !by_number(&found, c, d, no, err))
            return false;
    }
    bool right = found != NULL &&
                 last_four(ln_web_text(json_object_get(found, "f"), phone), query(c, "phone"));
    bool ok = right ? progress(c, d, found, err) : not_found(c, err);
    json_decref(found);
    return ok;
}

/* ---- papers */

/* 张*三: enough for whoever holds the paper to compare, not enough to learn a name from it. */
static void half_name(char out[64], const char *name)
{
    size_t first = (unsigned char)name[0] >= 0xe0 ? 3 : (unsigned char)name[0] >= 0xc0 ? 2 : 1;
    size_t len = strlen(name);
    size_t last = len;

    while (last > 0 && ((unsigned char)name[last - 1] & 0xc0) == 0x80)
        last--;
    last -= last > 0;
    if (len == 0 || last <= first)
        (void)snprintf(out, 64, "%.*s*", (int)(len < first ? len : first), name);
    else
        (void)snprintf(out, 64, "%.*s*%.8s", (int)first, name, name + last);
}

static json_t *kind_of(const struct ln_def_coll *d, const json_t *f)
{
    const struct ln_def_field *kind = ln_def_field(d, "template");

    for (size_t i = 0; kind != NULL && kind->codes != NULL && i < kind->codes->n; i++)
        if (strcmp(kind->codes->list[i].code, ln_web_text(f, "template")) == 0)
            return json_pack("{s:s,s:s}", "zh", kind->codes->list[i].label.zh, "en",
                             kind->codes->list[i].label.en);
    return json_pack("{s:s,s:s}", "zh", d->label.zh, "en", d->label.en);
}

static bool paper_found(struct ln_call *c, const struct ln_def_coll *d, const json_t *row,
                        struct ln_err *err)
{
    const json_t *f = json_object_get(row, "f");
    json_t *person = NULL;
    struct ln_id id;
    char name[64] = "";

    if (ln_clock_id_read(&id, ln_span_of(ln_web_text(f, "person"))) &&
        !ln_query_record(&person, c->r->store, &id, err))
        return false;
    half_name(name, ln_web_text(json_object_get(person, "f"), "name"));
    json_decref(person);
    json_t *o = json_pack("{s:s,s:o,s:s,s:s,s:s}", "serial", ln_web_text(f, "serial"), "kind",
                          kind_of(d, f), "date", ln_web_text(f, "date"), "holder", name,
                          "community", c->n->config.name);
    if (json_object_get(f, "minutes") != NULL)
        json_object_set(o, "minutes", json_object_get(f, "minutes"));
    return ln_web_json(c, 200, o);
}

bool ln_api_service_paper(struct ln_call *c, struct ln_err *err)
{
    static const char *const kept_in[] = { "issued_paper", "service_certificate" };
    const char *serial = query(c, "serial");
    const char *code = query(c, "code");
    const struct ln_where where[] = { { "serial", LN_WHERE_IS, serial } };
    const struct ln_def_coll *d = NULL;
    json_t *rows = json_array();
    bool ok = try_once(c, "paper", serial, err);

    for (size_t i = 0; ok && i < 2 && serial[0] != '\0' && json_array_size(rows) == 0; i++) {
        d = ln_def_find(c->n->def, kept_in[i]);
        struct ln_list l = { .coll = d->coll, .where = where, .n = 1, .limit = 1 };
        ok = ln_query_list(rows, NULL, c->r->store, &l, err);
    }
    const json_t *row = json_array_get(rows, 0);
    const char *held = ln_web_text(json_object_get(row, "f"), "check_code");
    bool right = ok && row != NULL && held[0] != '\0' && strlen(held) == strlen(code) &&
                 sodium_memcmp(held, code, strlen(held)) == 0;
    ok = ok && (right ? paper_found(c, d, row, err) : not_found(c, err));
    json_decref(rows);
    return ok;
}

/* ---- what a form takes from the registry */

static bool read_row(json_t **out, struct ln_call *c, const char *id, const char *collection,
                     struct ln_err *err)
{
    struct ln_id x;

    *out = NULL;
    if (ln_clock_id_read(&x, ln_span_of(id)) && !ln_query_record(out, c->r->store, &x, err))
        return false;
    if (*out == NULL || strcmp(ln_web_text(*out, "collection"), collection) != 0) {
        json_decref(*out);
        *out = NULL;
        return ln_fail(err, LN_MISSING, "no such %s", collection);
    }
    return true;
}

bool ln_api_service_bound(struct ln_call *c, struct ln_err *err)
{
    const char *person = query(c, "person");
    char today[11];
    json_t *item = NULL;
    json_t *row = NULL;
    bool may = false;

    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    if (person[0] == '\0')
        person = c->user.person;
    bool ok = ln_engine_stands_for(&may, c->r->store, c->n->def, &c->user, person, "service", today,
                                   err) &&
              ((c->known && may) || ln_fail(err, LN_DENIED, "you do not stand for this person")) &&
              read_row(&item, c, c->q->arg[0], "service_item", err) &&
              read_row(&row, c, person, "person", err);
    bool mine = strcmp(person, c->user.person) == 0;
    ok = ok && ln_web_json(c, 200,
                           json_pack("{s:o,s:b}", "fields",
                                     ln_application_bound(c->n->def, item, row, !mine), "masked",
                                     (int)!mine));
    json_decref(item);
    json_decref(row);
    return ok;
}
