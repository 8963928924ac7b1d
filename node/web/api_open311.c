/* Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): other people's programs read public reports
 * and file new ones. Services are the public categories; requests are open tickets of no closed
 * circle, their texts without personal parts. XML and JSON as the standard says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "node/module/redact.h"
#include "node/web/limit.h"
#include "node/web/routes.h"

#define FILE_PER_HOUR 60    /* by one key */
#define READ_PER_MINUTE 120 /* by one address */
#define PAGE_MAX 100
#define SPAN_MS (90 * INT64_C(86400000)) /* the standard's default */
#define TITLE_CHARS 30
#define PAIRS_MAX 32

/* ---- answers: one list of objects, in either form */

static bool is_xml(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL || strcmp(dot, ".xml") == 0;
}

static bool is_called(const char *name, const char *word)
{
    size_t n = strcspn(name, ".");

    return n == strlen(word) && strncmp(name, word, n) == 0;
}

static void xml_value(struct ln_buf *b, const json_t *v)
{
    if (json_is_string(v))
        ln_http_markup(b, json_string_value(v));
    else if (json_is_integer(v))
        ln_buf_addf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v))
        ln_buf_adds(b, json_is_true(v) ? "true" : "false");
    else if (json_is_real(v))
        ln_buf_addf(b, "%.7f", json_real_value(v));
}

/* <many><one>...</one></many>, or the array itself. Takes `list`. Always true. */
static bool say(struct ln_call *c, const char *name, int status, const char *many, const char *one,
                json_t *list)
{
    struct ln_buf *b = &c->out->body;
    size_t i;
    json_t *o;

    if (!is_xml(name))
        return ln_web_json(c, status, list);
    c->out->status = status;
    c->out->content_type = "text/xml; charset=utf-8";
    ln_buf_addf(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<%s>", many);
    json_array_foreach(list, i, o)
    {
        const char *key;
        json_t *v;
        ln_buf_addf(b, "<%s>", one);
        json_object_foreach(o, key, v)
        {
            ln_buf_addf(b, "<%s>", key);
            xml_value(b, v);
            ln_buf_addf(b, "</%s>", key);
        }
        ln_buf_addf(b, "</%s>", one);
    }
    ln_buf_addf(b, "</%s>\n", many);
    json_decref(list);
    return true;
}

static bool wrong(struct ln_call *c, const char *name, int status, const char *what)
{
    return say(c, name, status, "errors", "error",
               json_pack("[{s:i,s:s}]", "code", status, "description", what));
}

static bool too_often(struct ln_call *c, const char *what, const char *who, unsigned max,
                      int64_t window_ms)
{
    char key[160];

    (void)snprintf(key, sizeof key, "open311/%s/%.100s", what, who);
    if (ln_limit_take(c->w->limit, key, max, window_ms, c->n->env.now_ms(c->n->env.ctx)))
        return false;
    c->out->retry_after_s = (int)(window_ms / 1000);
    return true;
}

/* ---- services */

static json_t *rows_of(struct ln_call *c, const char *coll, const struct ln_where *where, size_t n)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, coll);
    struct ln_list l = { .where = where, .n = n, .limit = LN_QUERY_LIMIT, .sort = "id" };
    struct ln_err why = { 0 };
    json_t *rows = json_array();

    if (d != NULL) {
        l.coll = d->coll;
        if (!ln_query_list(rows, NULL, c->r->store, &l, &why))
            json_array_clear(rows);
    }
    return rows;
}

static const char *text(const json_t *row, const char *field)
{
    return ln_web_text(json_object_get(row, "f"), field);
}

static json_t *service_of(const json_t *row)
{
    return json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s}", "service_code", text(row, "code"),
                     "service_name", text(row, "name"), "description", text(row, "name"),
                     "metadata", 0, "type", "realtime", "keywords", "", "group",
                     text(row, "grouping"));
}

static bool services(struct ln_call *c, const char *name)
{
    const struct ln_where where[] = { { "public", LN_WHERE_IS, "true" } };
    json_t *rows = rows_of(c, "category", where, 1);
    json_t *list = json_array();
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        json_array_append_new(list, service_of(row));
    }
    json_decref(rows);
    return say(c, name, 200, "services", "service", list);
}

/* The public category of a code, NULL none. */
static json_t *category_of(struct ln_call *c, const char *code)
{
    const struct ln_where where[] = { { "public", LN_WHERE_IS, "true" },
                                      { "code", LN_WHERE_IS, code } };
    json_t *rows = rows_of(c, "category", where, 2);
    json_t *row = strchr(code, ',') == NULL ? json_incref(json_array_get(rows, 0)) : NULL;

    json_decref(rows);
    return row;
}

/* ---- requests */

static void add_time(json_t *o, const char *key, int64_t ms)
{
    time_t t = (time_t)(ms / 1000 + 28800);
    struct tm tm = { 0 };
    char out[32];

    (void)gmtime_r(&t, &tm);
    (void)strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S+08:00", &tm);
    json_object_set_new(o, key, json_string(out));
}

static json_t *record(struct ln_call *c, const char *id_text)
{
    struct ln_err why = { 0 };
    struct ln_id id;
    json_t *row = NULL;

    if (!ln_clock_id_read(&id, ln_span_of(id_text)) ||
        !ln_query_record(&row, c->r->store, &id, &why))
        return NULL;
    return row;
}

static void add_redacted(json_t *o, const char *key, const char *body, const char *contact)
{
    const char *words[] = { contact[0] != '\0' ? contact : NULL, NULL };
    struct ln_buf out = ln_buf_new(1 << 18);

    (void)ln_redact(&out, body, words);
    json_object_set_new(o, key, json_string(out.data != NULL ? out.data : ""));
    ln_buf_free(&out);
}

static bool is_open(const char *state)
{
    static const char *const done[] = { "replied", "rated",     "closed", "refused",
                                        "merged",  "withdrawn", NULL };

    return !ln_def_has(done, state);
}

static bool is_public(struct ln_call *c, const json_t *row)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "ticket");
    json_t *category = record(c, text(row, "category"));
    bool yes = json_is_true(json_object_get(json_object_get(category, "f"), "public"));

    json_decref(category);
    return yes && d != NULL && !ln_engine_named(d, row) &&
           json_is_true(json_object_get(json_object_get(row, "f"), "open"));
}

static json_t *request_of(struct ln_call *c, const json_t *row)
{
    const json_t *f = json_object_get(row, "f");
    const json_t *geo = json_object_get(f, "geo");
    json_t *category = record(c, text(row, "category"));
    json_t *place = record(c, text(row, "place"));
    json_t *handler = record(c, text(row, "handler"));
    json_t *answer = record(c, text(row, "answer"));
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:s}", "service_request_id", ln_web_text(row, "id"), "status",
                  is_open(ln_web_text(row, "state")) ? "open" : "closed", "service_name",
                  text(category, "name"), "service_code", text(category, "code"));

    json_object_set_new(o, "status_notes", json_string(text(answer, "body")));
    add_redacted(o, "description", text(row, "body"), text(row, "contact"));
    json_object_set_new(o, "agency_responsible", json_string(text(handler, "name")));
    json_object_set_new(o, "service_notice", json_string(""));
    add_time(o, "requested_datetime", json_integer_value(json_object_get(row, "created")));
    add_time(o, "updated_datetime", json_integer_value(json_object_get(row, "eff")));
    if (json_is_integer(json_object_get(f, "due")))
        add_time(o, "expected_datetime", json_integer_value(json_object_get(f, "due")));
    json_object_set_new(o, "address", json_string(text(place, "name")));
    if (ln_web_text(geo, "lat")[0] != '\0') {
        json_object_set_new(o, "lat", json_real(strtod(ln_web_text(geo, "lat"), NULL)));
        json_object_set_new(o, "long", json_real(strtod(ln_web_text(geo, "lng"), NULL)));
    }
    json_decref(category);
    json_decref(place);
    json_decref(handler);
    json_decref(answer);
    return o;
}

/* "2026-11-25T10:00:00Z" or +08:00; -1 none. */
static int64_t time_of(const char *given, int64_t otherwise)
{
    struct tm tm = { 0 };

    if (given == NULL)
        return otherwise;
    const char *zone = strptime(given, "%Y-%m-%dT%H:%M:%S", &tm);
    if (zone == NULL)
        return -1;
    long hours = zone[0] == '+' || zone[0] == '-' ? strtol(zone, NULL, 10) : 0;
    return ((int64_t)timegm(&tm) - hours * 3600) * 1000;
}

static unsigned number_of(const struct ln_call *c, const char *name, unsigned otherwise,
                          unsigned max)
{
    const char *given = ln_http_query(c->q, name);
    unsigned long n = given != NULL ? strtoul(given, NULL, 10) : otherwise;

    return n == 0 ? otherwise : n > max ? max : (unsigned)n;
}

static bool wanted_status(const struct ln_call *c, const json_t *row)
{
    const char *status = ln_http_query(c->q, "status");
    bool open = is_open(ln_web_text(row, "state"));

    return status == NULL || strstr(status, open ? "open" : "closed") != NULL;
}

static bool requests(struct ln_call *c, const char *name, struct ln_err *err)
{
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    int64_t to_ms = time_of(ln_http_query(c->q, "end_date"), now);
    int64_t from_ms = time_of(ln_http_query(c->q, "start_date"), to_ms - SPAN_MS);
    const char *code = ln_http_query(c->q, "service_code");
    const struct ln_def_coll *d = ln_def_find(c->n->def, "ticket");
    char from[24];
    char to[24];
    json_t *category = code != NULL ? category_of(c, code) : NULL;
    struct ln_where where[4] = { { "open", LN_WHERE_IS, "true" },
                                 { "created", LN_WHERE_FROM, from },
                                 { "created", LN_WHERE_TO, to } };
    struct ln_list l = { .where = where, .n = 3, .descending = true, .limit = LN_QUERY_LIMIT };
    unsigned size = number_of(c, "page_size", 50, PAGE_MAX);
    unsigned skip = (number_of(c, "page", 1, 10000) - 1) * size;
    json_t *list = json_array();
    size_t got = LN_QUERY_LIMIT;
    bool ok = true;

    if (from_ms < 0 || to_ms < 0 || (code != NULL && category == NULL)) {
        json_decref(list);
        json_decref(category);
        return wrong(c, name, code != NULL && category == NULL ? 404 : 400,
                     code != NULL && category == NULL ? "service_code was not found"
                                                      : "start_date or end_date is no W3C date");
    }
    (void)snprintf(from, sizeof from, "%lld", (long long)from_ms);
    (void)snprintf(to, sizeof to, "%lld", (long long)to_ms);
    if (category != NULL)
        where[l.n++] = (struct ln_where){ "category", LN_WHERE_IS, ln_web_text(category, "id") };
    l.coll = d->coll;
    while (ok && got == LN_QUERY_LIMIT && json_array_size(list) < size && l.offset < 20000) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        ok = ln_query_list(rows, NULL, c->r->store, &l, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            if (!is_public(c, row) || !wanted_status(c, row) || json_array_size(list) == size)
                continue;
            if (skip > 0)
                skip--;
            else
                json_array_append_new(list, request_of(c, row));
        }
        json_decref(rows);
        l.offset += LN_QUERY_LIMIT;
    }
    json_decref(category);
    if (!ok) {
        json_decref(list);
        return false;
    }
    return say(c, name, 200, "service_requests", "request", list);
}

static bool requests_by_id(struct ln_call *c, const char *name, const char *ids)
{
    json_t *list = json_array();

    for (const char *at = ids; json_array_size(list) < PAGE_MAX;) {
        size_t n = strcspn(at, ",.");
        char id[LN_ID_TEXT + 1];
        (void)snprintf(id, sizeof id, "%.*s", n > LN_ID_TEXT ? 0 : (int)n, at);
        json_t *row = record(c, id);
        if (row != NULL && strcmp(ln_web_text(row, "collection"), "ticket") == 0 &&
            !json_is_true(json_object_get(row, "deleted")) && is_public(c, row))
            json_array_append_new(list, request_of(c, row));
        json_decref(row);
        if (at[n] != ',')
            break;
        at += n + 1;
    }
    if (json_array_size(list) > 0)
        return say(c, name, 200, "service_requests", "request", list);
    json_decref(list);
    return wrong(c, name, 404, "service_request_id was not found");
}

/* A report that was filed is there at once, so its id is a token that holds; the human number that
 * people were given is one, too. */
static bool by_token(struct ln_call *c, const char *name, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "ticket");
    char token[64];
    const struct ln_where where[] = { { "no", LN_WHERE_IS, token },
                                      { "open", LN_WHERE_IS, "true" } };
    struct ln_list l = { .coll = d->coll, .where = where, .n = 2, .limit = 1 };
    json_t *rows = json_array();

    (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(name, "."), name);
    json_t *row = record(c, token);
    if (row == NULL) {
        if (strchr(token, ',') == NULL && !ln_query_list(rows, NULL, c->r->store, &l, err)) {
            json_decref(rows);
            return false;
        }
        row = json_incref(json_array_get(rows, 0));
        if (row != NULL)
            json_object_set_new(row, "collection", json_string("ticket"));
    }
    bool found = row != NULL && strcmp(ln_web_text(row, "collection"), "ticket") == 0 &&
                 !json_is_true(json_object_get(row, "deleted")) && is_public(c, row);
    bool ok = found ? say(c, name, 200, "service_requests", "request",
                          json_pack("[{s:s,s:s}]", "service_request_id", ln_web_text(row, "id"),
                                    "token", token))
                    : wrong(c, name, 404, "token was not found");
    json_decref(row);
    json_decref(rows);
    return ok;
}

/* ---- the paths */

static bool right_place(const struct ln_call *c)
{
    const char *where = ln_http_query(c->q, "jurisdiction_id");

    return where == NULL || where[0] == '\0' || strcmp(where, c->n->config.region) == 0;
}

bool ln_api_open311_list(struct ln_call *c, struct ln_err *err)
{
    const char *name = c->q->arg[0];
    const char *ids = ln_http_query(c->q, "service_request_id");

    if (too_often(c, "read", c->q->remote != NULL ? c->q->remote : "", READ_PER_MINUTE, 60000))
        return wrong(c, name, 429, "too many requests: try again in a minute");
    if (!right_place(c))
        return wrong(c, name, 404, "jurisdiction_id was not found");
    if (is_called(name, "services"))
        return services(c, name);
    if (is_called(name, "requests"))
        return ids != NULL ? requests_by_id(c, name, ids) : requests(c, name, err);
    return wrong(c, name, 404, "there are services and requests, as .xml and .json");
}

bool ln_api_open311_one(struct ln_call *c, struct ln_err *err)
{
    const char *name = c->q->arg[1];
    char code[64];

    if (too_often(c, "read", c->q->remote != NULL ? c->q->remote : "", READ_PER_MINUTE, 60000))
        return wrong(c, name, 429, "too many requests: try again in a minute");
    if (!right_place(c))
        return wrong(c, name, 404, "jurisdiction_id was not found");
    if (strcmp(c->q->arg[0], "requests") == 0)
        return requests_by_id(c, name, name);
    if (strcmp(c->q->arg[0], "tokens") == 0)
        return by_token(c, name, err);
    (void)snprintf(code, sizeof code, "%.*s", (int)strcspn(name, "."), name);
    json_t *category = strcmp(c->q->arg[0], "services") == 0 ? category_of(c, code) : NULL;
    if (category == NULL)
        return wrong(c, name, 404, "service_code was not found");
    json_decref(category); /* metadata is false: a service has no attributes of its own */
    return say(c, name, 200, "service_definition", "attributes", json_array());
}

/* ---- filing */

struct form {
    char *names[PAIRS_MAX], *values[PAIRS_MAX];
    size_t n;
};

static int hex_at(const char *p)
{
    char two[3] = { p[0], p[0] != '\0' ? p[1] : '\0', '\0' };

    return strspn(two, "0123456789abcdefABCDEF") == 2 ? (int)strtol(two, NULL, 16) : 0;
}

static char *decoded(const char *p, size_t len)
{
    char *out = ln_alloc(len + 1);
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        int hex = p[i] == '%' && i + 3 <= len ? hex_at(p + i + 1) : 0;
        if (hex > 0) {
            out[at++] = (char)hex;
            i += 2;
        } else
            out[at++] = p[i] == '+' ? ' ' : p[i];
    }
    out[at] = '\0';
    return out;
}

static void read_form(struct form *f, const char *body, size_t len)
{
    const char *end = body + len;

    for (const char *p = body; p < end && f->n < PAIRS_MAX;) {
        const char *amp = memchr(p, '&', (size_t)(end - p));
        const char *stop = amp != NULL ? amp : end;
        const char *is = memchr(p, '=', (size_t)(stop - p));
        if (is != NULL) {
            f->names[f->n] = decoded(p, (size_t)(is - p));
            f->values[f->n++] = decoded(is + 1, (size_t)(stop - is - 1));
        }
        p = stop + 1;
    }
}

static void free_form(struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        ln_free(f->names[i]);
        ln_free(f->values[i]);
    }
}

static const char *given(const struct form *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->names[i], name) == 0)
            return f->values[i];
    return "";
}

/* The first characters of what was said, as a title. */
static json_t *title_of(const char *body)
{
    size_t at = 0;
    size_t chars = 0;

    while (body[at] != '\0' && body[at] != '\n') {
        if (((unsigned char)body[at] & 0xc0) != 0x80 && ++chars > TITLE_CHARS)
            break;
        at++;
    }
    return json_stringn(body, at);
}

static json_t *ticket_of(const struct form *f, const json_t *category)
{
    const char *body = given(f, "description");
    json_t *o = json_pack("{s:s,s:s,s:b,s:s}", "kind", "event", "category",
                          ln_web_text(category, "id"), "open", 1, "channel", "open311");
    struct ln_buf all = ln_buf_new(1 << 18);

    ln_buf_adds(&all, body);
    if (given(f, "address_string")[0] != '\0')
        ln_buf_addf(&all, "\n%s", given(f, "address_string"));
    if (given(f, "media_url")[0] != '\0')
        ln_buf_addf(&all, "\n%s", given(f, "media_url"));
    json_object_set_new(o, "title", title_of(body));
    json_object_set_new(o, "body", json_string(all.data));
    if (given(f, "lat")[0] != '\0' && given(f, "long")[0] != '\0')
        json_object_set_new(
            o, "geo", json_pack("{s:s,s:s}", "lat", given(f, "lat"), "lng", given(f, "long")));
    const char *contact = given(f, "phone")[0] != '\0' ? given(f, "phone") : given(f, "email");
    if (contact[0] != '\0')
        json_object_set_new(o, "contact", json_string(contact));
    ln_buf_free(&all);
    return o;
}

static bool file_it(struct ln_call *c, const char *name, const struct form *f,
                    const json_t *category, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = { .u = &system, .kind = LN_ENGINE_CREATE, .channel = "open311" };

    job.c = ln_def_find(c->n->def, "ticket");
    job.f = ticket_of(f, category);
    bool ok = ln_node_save(c->n, &job, err);
    json_decref(job.f);
    if (!ok && err->code == LN_INVALID) {
        const json_t *first = json_array_get(job.problems, 0);
        const char *what = ln_web_text(first, "en");
        ok = wrong(c, name, 400, what[0] != '\0' ? what : err->text);
        json_decref(job.problems);
        *err = (struct ln_err){ 0 };
        return ok;
    }
    json_decref(job.problems);
    return ok && say(c, name, 201, "service_requests", "request",
                     json_pack("[{s:s,s:s,s:s}]", "service_request_id", job.out_id,
                               "service_notice", "", "account_id", ""));
}

bool ln_api_open311_file(struct ln_call *c, struct ln_err *err)
{
    const char *name = c->q->arg[0];
    struct form f = { .n = 0 };
    struct ln_program key = { .scopes = NULL };
    struct ln_user as = { 0 };
    json_t *category = NULL;
    char today[11];
    bool ok = false;

    if (!is_called(name, "requests"))
        return wrong(c, name, 404, "reports are filed at requests.xml and requests.json");
    if (c->q->content_type == NULL ||
        strncasecmp(c->q->content_type, "application/x-www-form-urlencoded", 33) != 0)
        return wrong(c, name, 400, "the body is application/x-www-form-urlencoded");
    read_form(&f, c->q->body, c->q->body_len);
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    if (!ln_program_find(&key, &as, c->r->store, c->n->def, given(&f, "api_key"), today, err))
        goto out;
    if (given(&f, "api_key")[0] == '\0' || key.id[0] == '\0' || !ln_program_may(&key, "open311"))
        ok = wrong(c, name, 403, "api_key is missing, unknown, withdrawn, or not for open311");
    else if (too_often(c, "file", key.id, FILE_PER_HOUR, 3600000))
        ok = wrong(c, name, 429, "more than 60 reports an hour with this api_key");
    else if (given(&f, "service_code")[0] == '\0')
        ok = wrong(c, name, 400, "service_code was not provided");
    else if ((category = category_of(c, given(&f, "service_code"))) == NULL)
        ok = wrong(c, name, 404, "service_code was not found");
    else if (given(&f, "description")[0] == '\0')
        ok = wrong(c, name, 400, "description was not provided");
    else if ((given(&f, "lat")[0] == '\0' || given(&f, "long")[0] == '\0') &&
             given(&f, "address_string")[0] == '\0' && given(&f, "address_id")[0] == '\0')
        ok = wrong(c, name, 400, "lat and long, or address_string, must be provided");
    else
        ok = file_it(c, name, &f, category, err);
out:
    json_decref(category);
    json_decref(key.scopes);
    free_form(&f);
    return ok;
}
