/* Attachments: brought first, then named by a record; read through the record that names them. */
#include <stdio.h>
#include <string.h>

#include "node/attach.h"
#include "node/web/routes.h"

static bool bring_small(struct ln_call *c, const struct ln_id *account, const char *of,
                        struct ln_err *err)
{
    json_t *value;

    c->fields = json_array();
    return ln_attach_small(&value, c->n, account, of, c->q->body, c->q->body_len, c->fields, err) &&
           ln_web_json(c, 201, value);
}

bool ln_api_file_upload(struct ln_call *c, struct ln_err *err)
{
    const char *small_of = ln_http_query(c->q, "small_of");
    const char *name = ln_http_query(c->q, "name");
    struct ln_id account;
    json_t *value;

    if (!c->known || !ln_clock_id_read(&account, ln_span_of(c->user.account)))
        return ln_fail(err, LN_DENIED, "attachments need a login");
    if (small_of != NULL)
        return bring_small(c, &account, small_of, err);
    if (name == NULL || name[0] == '\0' || strlen(name) > LN_ATTACH_NAME_MAX ||
        strpbrk(name, "/\\\"\r\n") != NULL)
        return ln_fail(err, LN_INVALID, "name=... is needed: at most %d bytes, no path",
                       LN_ATTACH_NAME_MAX);
    return ln_attach_upload(&value, c->n, &account, name, c->q->body, c->q->body_len, err) &&
           ln_web_json(c, 201, value);
}

static const json_t *value_in(const struct ln_def_coll *d, const json_t *row, const char *sha)
{
    const json_t *f = json_object_get(row, "f");

    for (size_t i = 0; i < d->n_fields; i++) {
        const json_t *v = json_object_get(f, d->fields[i].name);
        size_t n = d->fields[i].type == LN_TYPE_FILE    ? v != NULL
                   : d->fields[i].type == LN_TYPE_FILES ? json_array_size(v)
                                                        : 0;
        for (size_t k = 0; k < n; k++) {
            const json_t *one = json_is_array(v) ? json_array_get(v, k) : v;
            if (ln_attach_blob(one, sha) != NULL)
                return one;
        }
    }
    return NULL;
}

/* Pictures are shown; everything else is saved, whatever it says it is. */
static void name_it(struct ln_http_reply *out, const json_t *value, const char *sha)
{
    static const char *const shown[] = { "image/jpeg", "image/png", "image/webp", NULL };
    const char *type = ln_web_text(ln_attach_blob(value, sha), "type");
    char escaped[3 * LN_ATTACH_NAME_MAX + 1];
    size_t at = 0;

    out->content_type = "application/octet-stream";
    for (const char *const *s = shown; *s != NULL; s++)
        if (strcmp(type, *s) == 0)
            out->content_type = *s;
    for (const char *p = ln_web_text(value, "name"); *p != '\0' && at + 3 < sizeof escaped; p++)
        at += (size_t)snprintf(escaped + at, sizeof escaped - at, "%%%02X", (unsigned char)*p);
    escaped[at] = '\0';
    (void)snprintf(out->disposition, sizeof out->disposition, "%s; filename*=UTF-8''%s",
                   strcmp(out->content_type, "application/octet-stream") == 0 ? "attachment"
                                                                              : "inline",
                   escaped);
}

bool ln_api_file_send(struct ln_call *c, const json_t *value, const char *sha, struct ln_err *err)
{
    (void)snprintf(c->out->etag, sizeof c->out->etag, "%.64s", sha);
    if (c->q->if_none_match != NULL && strstr(c->q->if_none_match, c->out->etag) != NULL) {
        c->out->status = 304;
        return true;
    }
    if (ln_attach_open(&c->out->body, c->n, value, sha, err)) {
        name_it(c->out, value, sha);
        return true;
    }
    if (err->code == LN_MISSING)
        c->word = "not_here";
    return false;
}

bool ln_api_file_get(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, c->q->arg[0]);
    json_t *row = NULL;
    struct ln_id id;
    bool ok = false;

    if (d == NULL || !ln_clock_id_read(&id, ln_span_of(c->q->arg[1])))
        return ln_fail(err, LN_MISSING, "no such record");
    if (!ln_query_record(&row, c->r->store, &id, err))
        return false;
    const json_t *value = row != NULL && strcmp(ln_web_text(row, "collection"), d->name) == 0 &&
                                  ln_engine_may_read_all(d, &c->user, row)
                              ? value_in(d, row, c->q->arg[2])
                              : NULL;
    if (value == NULL) {
        json_decref(row);
        return ln_fail(err, LN_MISSING, "no such attachment");
    }
    ok = ln_api_file_send(c, value, c->q->arg[2], err);
    json_decref(row);
    return ok;
}
