/* Open311 and others in the description: see public_paths.h. */
#include "node/web/public_paths.h"

#include <stdbool.h>
#include <string.h>

enum form { IN_NONE, IN_FORM, IN_JSON };
enum answer { OUT_NONE, OUT_BOTH, OUT_JSON, OUT_FILE };

/* A parameter: its name, where it stands, what it means. */
struct given {
    const char *name, *in, *what;
};
#define FORMAT                                                                                     \
    {                                                                                              \
        "format", "path", "json or xml"                                                            \
    }
#define PLACE                                                                                      \
    {                                                                                              \
        "jurisdiction_id", "query", "the region of the node, 12 digits; may be left out"           \
    }

struct op {
    const char *path, *method, *id, *tag, *what, *status;
    enum form form;
    enum answer answer;
    const char *of; /* schema of an answer: properties by comma; an array of them for Open311 */
    struct given given[10]; /* ended by a NULL name; of a form those in "form" */
};

#define REQUEST                                                                                    \
    "service_request_id,status,status_notes,service_name,service_code,description,"                \
    "agency_responsible,requested_datetime,updated_datetime,expected_datetime,address,lat,long"

static const struct op OPS[] = {
    { "/open311/v2/services.{format}",
      "get",
      "open311_services",
      "open311",
      "GeoReport v2: public categories",
      "200",
      IN_NONE,
      OUT_BOTH,
      "service_code,service_name,description,metadata,type,keywords,group",
      { FORMAT, PLACE } },
    { "/open311/v2/services/{code}.{format}",
      "get",
      "open311_service",
      "open311",
      "GeoReport v2: attributes of a category (none)",
      "200",
      IN_NONE,
      OUT_BOTH,
      "service_code,attributes",
      { { "code", "path", "service_code" }, FORMAT, PLACE } },
    { "/open311/v2/requests.{format}",
      "get",
      "open311_requests",
      "open311",
      "GeoReport v2: open reports, without personal parts",
      "200",
      IN_NONE,
      OUT_BOTH,
      REQUEST,
      { FORMAT,
        PLACE,
        { "service_request_id", "query", "several by comma" },
        { "service_code", "query", "of one category" },
        { "status", "query", "open, closed, or both by comma" },
        { "start_date", "query", "W3C date; 90 days before end_date unless given" },
        { "end_date", "query", "W3C date; now unless given" },
        { "page", "query", "from 1" },
        { "page_size", "query", "50 unless given" } } },
    { "/open311/v2/requests.{format}",
      "post",
      "open311_file",
      "open311",
      "GeoReport v2: files a report; 60 an hour with one key",
      "201",
      IN_FORM,
      OUT_BOTH,
      "service_request_id,service_notice,account_id",
      { FORMAT,
        { "api_key", "form!", "token of a program with the scope open311" },
        { "service_code", "form!", "of a public category" },
        { "description", "form!", "what is to be done" },
        { "lat", "form", "with long, or address_string" },
        { "long", "form", "" },
        { "address_string", "form", "" },
        { "phone", "form", "kept from everybody but the handler" },
        { "media_url", "form", "" } } },
    { "/open311/v2/requests/{id}.{format}",
      "get",
      "open311_request",
      "open311",
      "GeoReport v2: one report, or several by comma",
      "200",
      IN_NONE,
      OUT_BOTH,
      REQUEST,
      { { "id", "path", "service_request_id" }, FORMAT, PLACE } },
    { "/open311/v2/tokens/{token}.{format}",
      "get",
      "open311_token",
      "open311",
      "GeoReport v2: the report of a token, which is its id or its human number",
      "200",
      IN_NONE,
      OUT_BOTH,
      "service_request_id,token",
      { { "token", "path", "" }, FORMAT, PLACE } },
    { "/api/v1/similar/{collection}",
      "get",
      "similar",
      "similar",
      "What stands open in the same building or nearby",
      "200",
      IN_NONE,
      OUT_JSON,
      "items",
      { { "collection", "path", "one with `similar`, such as ticket" },
        { "place", "query", "id of a building" },
        { "lat", "query", "" },
        { "lng", "query", "" } } },
    { "/api/v1/similar/{collection}/{id}",
      "post",
      "similar_join",
      "similar",
      "Joins it instead of filing another",
      "200",
      IN_JSON,
      OUT_JSON,
      "id,joined",
      { { "collection", "path", "" }, { "id", "path", "of what stands open" } } },
    { "/api/v1/similar/{collection}/{id}/{sha}",
      "get",
      "similar_photo",
      "similar",
      "A photo of it",
      "200",
      IN_NONE,
      OUT_FILE,
      "",
      { { "collection", "path", "" }, { "id", "path", "" }, { "sha", "path", "of the photo" } } },
    { "/api/v1/program/{id}/token",
      "post",
      "program_token",
      "program",
      "Another token for a program, shown once; the one before is void",
      "200",
      IN_JSON,
      OUT_JSON,
      "token",
      { { "id", "path", "of the program" } } },
};

/* {"a": {}, ...} of names by commas: any JSON value, for texts, numbers and lists alike. */
static json_t *properties(const char *names)
{
    json_t *out = json_object();

    while (*names != '\0') {
        size_t n = strcspn(names, ",");
        char name[64];
        if (n < sizeof name) {
            memcpy(name, names, n);
            name[n] = '\0';
            json_object_set_new(out, name, json_object());
        }
        names += n + (names[n] == ',');
    }
    return json_pack("{s:s,s:o}", "type", "object", "properties", out);
}

static json_t *answer_of(const struct op *op)
{
    json_t *ok = json_pack("{s:s}", "description", op->what);

    if (op->answer == OUT_BOTH)
        json_object_set_new(ok, "content",
                            json_pack("{s:{s:{s:s,s:o}},s:{s:{s:s}}}", "application/json", "schema",
                                      "type", "array", "items", properties(op->of),
                                      "application/xml", "schema", "type", "string"));
    else if (op->answer == OUT_JSON)
        json_object_set_new(
            ok, "content",
            json_pack("{s:{s:o}}", "application/json", "schema", properties(op->of)));
    else if (op->answer == OUT_FILE)
        json_object_set_new(ok, "content",
                            json_pack("{s:{s:{s:s}}}", "image/*", "schema", "type", "string"));
    return ok;
}

static json_t *parameter(const struct given *g)
{
    bool path = strcmp(g->in, "path") == 0;
    json_t *schema = strcmp(g->name, "format") == 0
                         ? json_pack("{s:s,s:[s,s]}", "type", "string", "enum", "json", "xml")
                         : json_pack("{s:s}", "type", "string");

    return json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", g->name, "in", g->in, "required", (int)path,
                     "description", g->what, "schema", schema);
}

static json_t *body_of(const struct op *op)
{
    json_t *props = json_object();
    json_t *needed = json_array();

    for (const struct given *g = op->given; g->name != NULL; g++) {
        if (strncmp(g->in, "form", 4) != 0)
            continue;
        json_object_set_new(props, g->name,
                            json_pack("{s:s,s:s}", "type", "string", "description", g->what));
        if (g->in[4] == '!')
            json_array_append_new(needed, json_string(g->name));
    }
    json_t *schema = json_pack("{s:s,s:o}", "type", "object", "properties", props);
    if (json_array_size(needed) > 0)
        json_object_set(schema, "required", needed);
    json_decref(needed);
    return json_pack("{s:b,s:{s:{s:o}}}", "required", 1, "content",
                     op->form == IN_FORM ? "application/x-www-form-urlencoded" : "application/json",
                     "schema", schema);
}

void ln_public_paths_add(json_t *paths)
{
    for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
        const struct op *op = &OPS[i];
        json_t *params = json_array();
        json_t *o = json_pack("{s:[s],s:s,s:s}", "tags", op->tag, "operationId", op->id, "summary",
                              op->what);
        for (const struct given *g = op->given; g->name != NULL; g++)
            if (strncmp(g->in, "form", 4) != 0)
                json_array_append_new(params, parameter(g));
        json_object_set_new(o, "parameters", params);
        if (op->form != IN_NONE)
            json_object_set_new(o, "requestBody", body_of(op));
        json_object_set_new(o, "responses",
                            json_pack("{s:o,s:{s:s}}", op->status, answer_of(op), "default", "$ref",
                                      "#/components/responses/Problem"));
        if (json_object_get(paths, op->path) == NULL)
            json_object_set_new(paths, op->path, json_object());
        json_object_set_new(json_object_get(paths, op->path), op->method, o);
    }
}
