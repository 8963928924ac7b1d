/* The API described (OpenAPI 3.1), from the same definitions that run it: what the caller may see.
 */
#include <stdio.h>
#include <string.h>

#include "node/web/public_paths.h"
#include "node/web/routes.h"

static json_t *type_of(const struct ln_def_field *f)
{
    switch (f->type) {
    case LN_TYPE_INT:
    case LN_TYPE_FEN:
    case LN_TYPE_TS:
        return json_pack("{s:s}", "type", "integer");
    case LN_TYPE_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case LN_TYPE_LIST:
        return json_pack("{s:s,s:{}}", "type", "array", "items");
    case LN_TYPE_FILES:
        return json_pack("{s:s,s:i,s:{s:s}}", "type", "array", "maxItems", 12, "items", "$ref",
                         "#/components/schemas/File");
    case LN_TYPE_FILE:
        return json_pack("{s:s}", "$ref", "#/components/schemas/File");
    case LN_TYPE_MAP:
    case LN_TYPE_GEO:
        return json_pack("{s:s}", "type", "object");
    case LN_TYPE_DATE:
        return json_pack("{s:s,s:s}", "type", "string", "format", "date");
    case LN_TYPE_STR:
    case LN_TYPE_TEXT:
    case LN_TYPE_DEC:
    case LN_TYPE_CODE:
    case LN_TYPE_REF:
    case LN_TYPE_REGION:
        break;
    }
    return json_pack("{s:s}", "type", "string");
}

static json_t *field_schema(const struct ln_def_field *f);

static json_t *items_schema(const struct ln_def_field *f)
{
    json_t *all = json_object();
    json_t *needed = json_array();

    for (size_t i = 0; i < f->n_items; i++) {
        json_object_set_new(all, f->items[i].name, field_schema(&f->items[i]));
        if (f->items[i].required)
            json_array_append_new(needed, json_string(f->items[i].name));
    }
    json_t *o = json_pack("{s:s,s:o}", "type", "object", "properties", all);
    if (json_array_size(needed) > 0)
        json_object_set(o, "required", needed);
    json_decref(needed);
    return o;
}

static json_t *field_schema(const struct ln_def_field *f)
{
    json_t *o = type_of(f);

    if (json_object_get(o, "$ref") != NULL)
        return o;
    json_t *codes = json_array();
    if (f->n_items > 0)
        json_object_set_new(o, "items", items_schema(f));
    json_object_set_new(o, "title", json_string(f->label.zh));
    json_object_set_new(o, "description",
                        json_sprintf("%s%s%s%s", f->label.en,
                                     f->type == LN_TYPE_FEN  ? "; 分"
                                     : f->type == LN_TYPE_TS ? "; ms since 1970"
                                                             : "",
                                     f->to != NULL ? "; id of " : "", f->to != NULL ? f->to : ""));
    for (size_t i = 0; f->codes != NULL && f->type == LN_TYPE_CODE && i < f->codes->n; i++)
        json_array_append_new(codes, json_string(f->codes->list[i].code));
    if (json_array_size(codes) > 0)
        json_object_set(o, "enum", codes);
    json_decref(codes);
    if (f->has_min)
        json_object_set_new(o, "minimum", json_integer(f->min));
    if (f->has_max)
        json_object_set_new(o, "maximum", json_integer(f->max));
    if (f->readonly || f->internal)
        json_object_set_new(o, "readOnly", json_true());
    return o;
}

static json_t *fields_schema(const struct ln_def_coll *d)
{
    json_t *props = json_object();
    json_t *required = json_array();

    for (size_t i = 0; i < d->n_fields; i++) {
        json_object_set_new(props, d->fields[i].name, field_schema(&d->fields[i]));
        if (d->fields[i].required)
            json_array_append_new(required, json_string(d->fields[i].name));
    }
    return json_pack("{s:s,s:s,s:o,s:o}", "type", "object", "title", d->label.zh, "properties",
                     props, "required", required);
}

/* One operation; `body` and `answer` are schemas taken over, NULL none. */
static json_t *operation(const char *tag, const char *id, const char *summary, json_t *params,
                         json_t *body, const char *status, json_t *answer)
{
    json_t *ok = json_pack("{s:s}", "description", summary);
    json_t *op = json_pack("{s:[s],s:s,s:s}", "tags", tag, "operationId", id, "summary", summary);

    if (answer != NULL)
        json_object_set_new(ok, "content",
                            json_pack("{s:{s:o}}", "application/json", "schema", answer));
    json_object_set_new(op, "responses",
                        json_pack("{s:o,s:{s:s}}", status, ok, "default", "$ref",
                                  "#/components/responses/Problem"));
    if (params != NULL)
        json_object_set_new(op, "parameters", params);
    if (body != NULL)
        json_object_set_new(op, "requestBody",
                            json_pack("{s:b,s:{s:{s:o}}}", "required", 1, "content",
                                      "application/json", "schema", body));
    return op;
}

static json_t *param(const char *in, const char *name, const char *what)
{
    return json_pack("{s:s,s:s,s:s,s:b,s:{s:s}}", "name", name, "in", in, "description", what,
                     "required", (int)(strcmp(in, "path") == 0), "schema", "type", "string");
}

static json_t *ref(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *list_params(const struct ln_def_coll *d)
{
    json_t *p = json_pack("[o,o,o,o,o]", param("query", "limit", "1 to 200, default 50"),
                          param("query", "cursor", "next of the page before"),
                          param("query", "sort", "a field or id, '-' before it for descending"),
                          param("query", "q", "full text, two characters of Chinese or more"),
                          param("query", "count", "1: with the total; 'least': that many or more"));

    for (const char *const *f = d->filters; f != NULL && *f != NULL; f++)
        json_array_append_new(p, param("query", *f, "one value, or several by comma"));
    return p;
}

static void add_paths(json_t *paths, struct ln_call *c, const struct ln_def_coll *d)
{
    char id[96];
    char path[96];
    json_t *all = json_object();
    json_t *one = json_object();
#define ID(verb) (void)snprintf(id, sizeof id, verb "_%s", d->name)

    ID("list");
    json_object_set_new(
        all, "get",
        operation(d->name, id, "List", list_params(d), NULL, "200",
                  json_pack("{s:s,s:{s:{s:s,s:o},s:{s:[s,s]}}}", "type", "object", "properties",
                            "items", "type", "array", "items", ref("schemas", d->name), "next",
                            "type", "string", "null")));
    if (ln_engine_may_create(d, &c->user)) {
        ID("add");
        json_object_set_new(all, "post",
                            operation(d->name, id, "Add",
                                      json_pack("[o]", param("header", "Idempotency-Key",
                                                             "makes a repeated request harmless")),
                                      fields_schema(d), "201", ref("schemas", d->name)));
    }
    ID("get");
    json_object_set_new(one, "get",
                        operation(d->name, id, "Read", NULL, NULL, "200", ref("schemas", d->name)));
    if (!d->coll->log) {
        ID("change");
        json_object_set_new(
            one, "patch",
            operation(d->name, id, "Correct",
                      json_pack("[o]", param("header", "If-Match", "version_etag of the record")),
                      json_pack("{s:s}", "type", "object"), "200", ref("schemas", d->name)));
        ID("delete");
        json_object_set_new(one, "delete",
                            operation(d->name, id, "Delete", NULL, NULL, "204", NULL));
    }
    json_object_set_new(one, "parameters", json_pack("[o]", param("path", "id", "of the record")));
    (void)snprintf(path, sizeof path, "/api/v1/%s", d->name);
    json_object_set_new(paths, path, all);
    (void)snprintf(path, sizeof path, "/api/v1/%s/{id}", d->name);
    json_object_set_new(paths, path, one);
    ID("history");
    (void)snprintf(path, sizeof path, "/api/v1/%s/{id}/history", d->name);
    json_object_set_new(paths, path,
                        json_pack("{s:[o],s:o}", "parameters", param("path", "id", "of the record"),
                                  "get",
                                  operation(d->name, id, "Every change of it", NULL, NULL, "200",
                                            json_pack("{s:s}", "type", "object"))));
    if (d->n_steps == 0)
        return;
    json_t *actions = json_array();
    for (size_t i = 0; i < d->n_steps; i++)
        json_array_append_new(actions, json_string(d->steps[i].action));
    ID("step");
    (void)snprintf(path, sizeof path, "/api/v1/%s/{id}/steps", d->name);
    json_object_set_new(
        paths, path,
        json_pack("{s:[o],s:o}", "parameters", param("path", "id", "of the record"), "post",
                  operation(d->name, id, "Take a step of its workflow", NULL,
                            json_pack("{s:s,s:[s],s:{s:{s:s,s:o},s:{s:s},s:{s:s},s:{s:s},s:{s:s}}}",
                                      "type", "object", "required", "action", "properties",
                                      "action", "type", "string", "enum", actions, "note", "type",
                                      "string", "to_home", "type", "string", "set", "type",
                                      "object", "add", "type", "object"),
                            "200", ref("schemas", d->name))));
#undef ID
}

static json_t *record_schema(const struct ln_def_coll *d)
{
    json_t *states = json_array();
    json_t *props = json_pack("{s:{s:s,s:b},s:{s:s,s:b},s:{s:s,s:b},s:{s:s,s:b},s:o}", "id", "type",
                              "string", "readOnly", 1, "version_etag", "type", "string", "readOnly",
                              1, "region", "type", "string", "readOnly", 1, "created_at", "type",
                              "integer", "readOnly", 1, "f", fields_schema(d));

    for (size_t i = 0; i < d->n_states; i++)
        json_array_append_new(states, json_string(d->states[i].name));
    if (d->n_states > 0)
        json_object_set_new(
            props, "state",
            json_pack("{s:s,s:O,s:b}", "type", "string", "enum", states, "readOnly", 1));
    json_decref(states);
    return json_pack("{s:s,s:s,s:o}", "type", "object", "title", d->label.zh, "properties", props);
}

/* What is no collection. Names in braces are parts of the path, those after ? must be asked with;
 * tests/e2e/api.mjs compares it with routes.c. */
static const struct {
    const char *path, *method, *id, *what, *status;
} FIXED[] = {
    { "/api/openapi.json", "get", "openapi", "This description", "200" },
    { "/api/v1/session", "get", "session", "Who is logged in", "200" },
    { "/api/v1/session", "post", "login", "Log in: {login, password}", "200" },
    { "/api/v1/session", "patch", "role", "Act in another of one's roles: {role}", "200" },
    { "/api/v1/session", "delete", "logout", "Log out", "204" },
    { "/api/v1/session/password", "post", "password", "Change one's password: {old, new}", "200" },
    { "/api/v1/account/{id}/card", "post", "card",
      "A first password for a verified account, shown once", "201" },
    { "/api/v1/schema", "get", "schema", "Modules and collections as the pages use them", "200" },
    { "/api/v1/screen", "get", "screen", "The first screen of a role (?role=)", "200" },
    { "/api/v1/status", "get", "status", "State of the sync", "200" },
    { "/api/v1/sync", "post", "sync", "Sync at once", "200" },
    { "/api/v1/nodes", "get", "nodes", "Nodes below with last contact and open work", "200" },
    { "/api/v1/nodes", "post", "invite", "Invite a node below: a code, shown once", "201" },
    { "/api/v1/nodes/rotate", "post", "rotate", "Change this node's key for reading", "200" },
    { "/api/v1/nodes/{id}/renew", "post", "renew", "Renew a certificate", "200" },
    { "/api/v1/nodes/{id}/late", "get", "late", "Late work of a replaced box", "200" },
    { "/api/v1/nodes/{id}/adopt", "post", "adopt", "Take over late work", "200" },
    { "/api/v1/drill", "get", "drill", "The last drill of a restore", "200" },
    { "/api/v1/drill", "post", "drill_start", "Start a drill of a restore", "202" },
    { "/api/v1/nodes/{id}/revoke", "post", "revoke", "Revoke a node", "200" },
    { "/api/v1/sticks", "get", "sticks", "What was written to and read from sticks", "200" },
    { "/api/v1/sticks", "post", "stick_write", "Write a stick", "201" },
    { "/api/v1/sticks/look", "post", "stick_look", "Look at what a stick holds", "200" },
    { "/api/v1/sticks/in", "post", "stick_begin", "Begin to take in a stick", "201" },
    { "/api/v1/sticks/in/{id}", "post", "stick_take", "Take in what was brought", "200" },
    { "/api/v1/sticks/in/{id}/{name}", "post", "stick_file", "Bring a file of a stick", "200" },
    { "/api/v1/sticks/{id}", "get", "stick_get", "Download a stick that was written", "200" },
    { "/api/v1/uplink", "get", "uplink", "How this node syncs with its parent", "200" },
    { "/api/v1/uplink", "patch", "uplink_set", "How this node syncs: rate, hours, proxy", "200" },
    { "/api/v1/places", "get", "places", "Collections with places on a map", "200" },
    { "/api/v1/places/{collection}", "get", "places_of",
      "Records of a collection with their coordinates", "200" },
    { "/api/v1/alarms", "get", "alarms", "What the node warns of", "200" },
    { "/api/v1/alarms/{id}/ack", "post", "alarm_ack", "Note an alarm", "200" },
    { "/api/v1/erasures", "get", "erasures", "Who has destroyed what an erasure names", "200" },
    { "/api/v1/stats", "get", "stats", "Statistics", "200" },
    { "/api/v1/stats/{code}", "get", "stat_regions", "One statistic, region by region", "200" },
    { "/api/v1/search", "get", "search", "Full text over all collections", "200" },
    { "/api/v1/conflicts", "get", "conflicts", "Records in conflict", "200" },
    { "/api/v1/duplicates", "get", "duplicates", "Pairs that may be one", "200" },
    { "/api/v1/duplicates", "post", "duplicates_decide", "Merge them, or say that they differ",
      "200" },
    { "/api/v1/refused", "get", "refused", "What was refused and not decided about", "200" },
    { "/api/v1/refused", "post", "refused_settle", "Save it again, or drop it with a reason",
      "200" },
    { "/api/v1/person/{id}/copy", "get", "copy", "A person's data copy", "200" },
    { "/api/v1/files", "post", "upload",
      "Bring an attachment (?name=), or the small picture of one (?small_of=)", "201" },
    { "/api/v1/import?key", "get", "import_progress", "How far a running import is", "200" },
    { "/api/v1/import", "post", "import", "Preview or save a spreadsheet (?collection=&commit=)",
      "200" },
    { "/api/v1/import/{id}/undo", "post", "import_undo", "Undo what an import added and changed",
      "200" },
    { "/api/v1/exchange/templates", "get", "exchange_templates",
      "Templates of the exchange with a platform", "200" },
    { "/api/v1/exchange/in", "post", "exchange_in", "Compare and take in a platform's file",
      "200" },
    { "/api/v1/exchange/out", "post", "exchange_out", "A file for a platform", "200" },
    { "/api/v1/retention", "get", "retention", "What will be erased or deleted next (?days=)",
      "200" },
    { "/api/v1/export/{file}", "get", "export",
      "A list as <collection>.xlsx or .csv, with the list's own query", "200" },
    { "/api/v1/qr?text", "get", "qr", "A QR code as SVG", "200" },
    { "/api/v1/fund/{id}/postings", "get", "postings", "The public list of a fund as CSV", "200" },
    { "/api/v1/survey/{id}/ballot", "get", "ballot",
      "The questions, and for which voter one may answer", "200" },
    { "/api/v1/survey/{id}/ballot", "post", "vote", "Cast or change a ballot", "200" },
    { "/api/v1/survey/{id}/papers", "post", "papers", "Make paper ballots with one-time tokens",
      "200" },
    { "/api/v1/progress?no&phone", "get", "progress",
      "How far a matter is, by number and last four of the telephone", "200" },
    { "/api/v1/paper?serial&code", "get", "paper", "Whether an issued paper is genuine", "200" },
    { "/api/v1/service_item/{id}/bound?person", "get", "bound",
      "What the registry already knows of a form", "200" },
    { "/api/v1/held", "get", "held", "What a ledger's columns can be filled from", "200" },
    { "/api/v1/talk", "get", "talk", "One's conversations", "200" },
    { "/api/v1/talk/people", "get", "talk_people", "Whom one can write to (?q=)", "200" },
    { "/api/v1/talk/{id}", "get", "talk_get", "One conversation", "200" },
    { "/api/v1/talk/{id}/seen", "post", "talk_seen", "Stamp messages as delivered or read", "200" },
    { "/api/v1/talk/{id}/reading", "get", "talk_reading", "Who has read a broadcast", "200" },
    { "/api/v1/talk/{id}/doors", "post", "talk_doors",
      "The unread with telephone, for knocking at doors", "200" },
    { "/api/v1/talk/{id}/files/{message}/{sha}", "get", "talk_file", "A file of a message", "200" },
    { "/api/v1/{collection}/{id}/files/{sha}", "get", "file", "A file of a record", "200" },
    { "/api/v1/{collection}/{id}/related", "get", "related", "What refers to a record", "200" },
    { "/api/v1/{collection}/{id}/unmask", "post", "unmask",
      "Sensitive fields in clear, with a purpose, on record", "200" },
    { "/api/v1/{collection}/{id}/resolve", "post", "resolve", "Settle a conflict", "200" },
    { "/lite", "get", "lite", "Pages without script", "200" },
    { "/lite/{collection}/{id}", "get", "lite_record", "One record without script", "200" },
    { "/feed/{name}", "get", "feed", "news.atom, notice.atom, calendar.ics, homes.vcf", "200" },
    { "/metrics", "get", "metrics", "Figures for a monitor", "200" },
};

/* The parameters that the path names; NULL none. */
static json_t *path_params(const char *path)
{
    json_t *list = json_array();
    const char *query = strchr(path, '?');
    char name[32];

    for (const char *at = strchr(path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        json_array_append_new(list, param("path", name, name));
    }
    while (query != NULL) {
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(query + 1, "&"), query + 1);
        json_t *p = param("query", name, name);
        json_object_set_new(p, "required", json_true());
        json_array_append_new(list, p);
        query = strchr(query + 1, '&');
    }
    if (json_array_size(list) == 0) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

static void add_fixed(json_t *paths)
{
    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++) {
        char where[80];
        (void)snprintf(where, sizeof where, "%.*s", (int)strcspn(FIXED[i].path, "?"),
                       FIXED[i].path);
        json_t *path = json_object_get(paths, where);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, where, path);
        }
        json_object_set_new(path, FIXED[i].method,
                            operation("node", FIXED[i].id, FIXED[i].what,
                                      path_params(FIXED[i].path), NULL, FIXED[i].status, NULL));
    }
}

bool ln_api_openapi_get(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def *def = c->n->def;
    json_t *paths = json_object();
    json_t *schemas =
        json_pack("{s:{s:s,s:[s],s:{s:{s:s},s:{s:s},s:{s:s},s:{s:s},"
                  "s:{s:s,s:{s:{s:s},s:{s:s},s:{s:s}}}}}}",
                  "File", "type", "object", "required", "sha", "properties", "sha", "type",
                  "string", "name", "type", "string", "type", "type", "string", "size", "type",
                  "integer", "small", "type", "object", "properties", "sha", "type", "string",
                  "type", "type", "string", "size", "type", "integer");

    (void)err;
    add_fixed(paths);
    ln_public_paths_add(paths);
    for (size_t i = 0; i < def->n_colls; i++) {
        struct ln_where any[4];
        size_t n;
        if (!ln_engine_may_list(&def->colls[i], &c->user, any, &n) &&
            !ln_engine_may_create(&def->colls[i], &c->user))
            continue;
        json_object_set_new(schemas, def->colls[i].name, record_schema(&def->colls[i]));
        add_paths(paths, c, &def->colls[i]);
    }
    json_t *problem =
        json_pack("{s:s,s:{s:{s:{s:s,s:{s:{s:s},s:{s:s},s:{s:s},s:{s:s}}}}}}", "description",
                  "RFC 9457 problem, in Chinese and English", "content", "application/problem+json",
                  "schema", "type", "object", "properties", "type", "type", "string", "status",
                  "type", "integer", "zh", "type", "string", "en", "type", "string");
    c->out->zip = true;
    return ln_web_json(c, 200,
                       json_pack("{s:s,s:{s:s,s:s},s:o,s:{s:o,s:{s:o}}}", "openapi", "3.1.0",
                                 "info", "title", "Linli", "version", LN_VERSION, "paths", paths,
                                 "components", "schemas", schemas, "responses", "Problem",
                                 problem));
}
