/* Before something is filed: what stands open already at the same place, to be joined instead
 * (definition key "similar"). Whoever is logged in sees title, state, distance and photos of those;
 * records of audience N are never offered. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/attach.h"
#include "node/web/routes.h"

#define SIMILAR_MAX 10
#define SCAN_PAGES 5                      /* of LN_QUERY_LIMIT open records, newest first */
#define SINCE_MS (90 * INT64_C(86400000)) /* what is older is no news to join */
#define EARTH_M 6371000.0
#define RADIANS (3.14159265358979323846 / 180.0)

struct similar {
    struct ln_call *c;
    const struct ln_def_coll *d;
    const json_t *rule;
    const char *place;
    double lat, lng;
    bool has_geo;
};

static const char *rule_of(const struct similar *x, const char *name)
{
    return ln_web_text(x->rule, name);
}

static bool start(struct similar *x, struct ln_call *c, const char *coll, struct ln_err *err)
{
    *x = (struct similar){ .c = c, .d = ln_def_find(c->n->def, coll) };
    if (x->d != NULL)
        x->rule = json_object_get(x->d->json, "similar");
    if (x->rule == NULL)
        return ln_fail(err, LN_MISSING, "%.60s has nothing to join", coll);
    return c->known || ln_fail(err, LN_DENIED, "not logged in");
}

/* Open, of no closed circle, and not too old. */
static bool offered(const struct similar *x, const json_t *row)
{
    const char *state = ln_web_text(row, "state");

    return !ln_engine_named(x->d, row) && !json_is_true(json_object_get(row, "deleted")) &&
           !ln_def_has(x->d->coll->final_states, state);
}

/* Great-circle distance (haversine). */
static double metres(double lat1, double lng1, double lat2, double lng2)
{
    double a = sin((lat2 - lat1) * RADIANS / 2);
    double b = sin((lng2 - lng1) * RADIANS / 2);
    double h = a * a + cos(lat1 * RADIANS) * cos(lat2 * RADIANS) * b * b;

    return 2 * EARTH_M * asin(sqrt(h < 1 ? h : 1));
}

/* Within the metres of the rule, or in the same building; *m gets the distance, -1 unknown. */
static bool is_near(const struct similar *x, const json_t *f, double *m)
{
    const json_t *geo = json_object_get(f, rule_of(x, "geo"));
    bool same = x->place[0] != '\0' && strcmp(ln_web_text(f, rule_of(x, "place")), x->place) == 0;

    *m = -1;
    if (x->has_geo && ln_web_text(geo, "lat")[0] != '\0')
        *m = metres(x->lat, x->lng, strtod(ln_web_text(geo, "lat"), NULL),
                    strtod(ln_web_text(geo, "lng"), NULL));
    return same ||
           (*m >= 0 && *m <= (double)json_integer_value(json_object_get(x->rule, "metres")));
}

static json_t *offer(const struct similar *x, const json_t *row, double m)
{
    const json_t *f = json_object_get(row, "f");
    const json_t *joined = json_object_get(f, rule_of(x, "joined"));
    json_t *photos = json_array();
    json_t *o = json_object();
    size_t i;
    json_t *file;

    json_array_foreach(json_object_get(f, rule_of(x, "files")), i, file)
    {
        const json_t *small = json_object_get(file, "small");
        if (strncmp(ln_web_text(file, "type"), "image/", 6) == 0)
            json_array_append(photos, json_object_get(small != NULL ? small : file, "sha"));
    }
    json_object_set(o, "id", json_object_get(row, "id"));
    json_object_set(o, "title", json_object_get(f, "title"));
    json_object_set(o, "state", json_object_get(row, "state"));
    json_object_set(o, "created_at", json_object_get(row, "created"));
    json_object_set(o, "category", json_object_get(f, "category"));
    json_object_set_new(o, "joined", json_integer((json_int_t)json_object_size(joined)));
    json_object_set_new(o, "mine",
                        json_boolean(json_object_get(joined, x->c->user.account) != NULL ||
                                     strcmp(ln_web_text(f, "author"), x->c->user.account) == 0));
    json_object_set_new(o, "photos", photos);
    if (m >= 0)
        json_object_set_new(o, "metres", json_integer((json_int_t)(m + 0.5)));
    return o;
}

static bool scan(json_t *items, const struct similar *x, struct ln_err *err)
{
    char since[24];
    const struct ln_where where[] = { { "state", LN_WHERE_IS, x->d->open_states },
                                      { "created", LN_WHERE_FROM, since } };
    struct ln_list l = {
        .coll = x->d->coll, .where = where, .n = 2, .descending = true, .limit = LN_QUERY_LIMIT
    };
    size_t got = LN_QUERY_LIMIT;

    (void)snprintf(since, sizeof since, "%lld",
                   (long long)(x->c->n->env.now_ms(x->c->n->env.ctx) - SINCE_MS));
    for (int page = 0; page < SCAN_PAGES && got == LN_QUERY_LIMIT; page++) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        if (!ln_query_list(rows, NULL, x->c->r->store, &l, err)) {
            json_decref(rows);
            return false;
        }
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            double m;
            if (json_array_size(items) < SIMILAR_MAX && offered(x, row) &&
                is_near(x, json_object_get(row, "f"), &m))
                json_array_append_new(items, offer(x, row, m));
        }
        json_decref(rows);
        l.offset += LN_QUERY_LIMIT;
    }
    return true;
}

/* GET /api/v1/similar/<collection>?place=ID&lat=&lng= */
bool ln_api_similar_list(struct ln_call *c, struct ln_err *err)
{
    struct similar x;
    const char *place = ln_http_query(c->q, "place");
    const char *lat = ln_http_query(c->q, "lat");
    const char *lng = ln_http_query(c->q, "lng");
    json_t *items = json_array();

    if (!start(&x, c, c->q->arg[0], err))
        goto fail;
    x.place = place != NULL ? place : "";
    x.has_geo = lat != NULL && lng != NULL && lat[0] != '\0' && lng[0] != '\0';
    if (x.has_geo) {
        x.lat = strtod(lat, NULL);
        x.lng = strtod(lng, NULL);
    }
    if ((x.has_geo || x.place[0] != '\0') && !scan(items, &x, err))
        goto fail;
    return ln_web_json(c, 200, json_pack("{s:o}", "items", items));
fail:
    json_decref(items);
    return false;
}

static json_t *offered_row(struct similar *x, struct ln_call *c, const char *coll, const char *id,
                           struct ln_err *err)
{
    json_t *row = NULL;
    struct ln_id key;

    if (!start(x, c, coll, err))
        return NULL;
    if (ln_clock_id_read(&key, ln_span_of(id)) && !ln_query_record(&row, c->r->store, &key, err))
        return NULL;
    if (row != NULL && strcmp(ln_web_text(row, "collection"), x->d->name) == 0 && offered(x, row))
        return row;
    json_decref(row);
    (void)ln_fail(err, LN_MISSING, "nothing to join there");
    return NULL;
}

/* GET /api/v1/similar/<collection>/<id>/<sha>: a photo of what is offered. */
bool ln_api_similar_photo(struct ln_call *c, struct ln_err *err)
{
    struct similar x;
    json_t *row = offered_row(&x, c, c->q->arg[0], c->q->arg[1], err);
    size_t i;
    json_t *file;
    bool ok = false;

    json_array_foreach(json_object_get(json_object_get(row, "f"), rule_of(&x, "files")), i, file)
    {
        const json_t *blob = ln_attach_blob(file, c->q->arg[2]);
        const char *type = ln_web_text(blob, "type");
        if (ok || blob == NULL)
            continue;
        ok = ln_attach_open(&c->out->body, c->n, file, c->q->arg[2], err);
        c->out->content_type = strcmp(type, "image/png") == 0    ? "image/png"
                               : strcmp(type, "image/webp") == 0 ? "image/webp"
                                                                 : "image/jpeg";
    }
    if (row != NULL && !ok && err->code == LN_OK)
        (void)ln_fail(err, LN_MISSING, "no such photo");
    json_decref(row);
    return ok;
}

/* POST /api/v1/similar/<collection>/<id>: joins it. */
bool ln_api_similar_join(struct ln_call *c, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct similar x;
    char today[11];
    json_t *row = offered_row(&x, c, c->q->arg[0], c->q->arg[1], err);

    if (row == NULL)
        return false;
    json_decref(row);
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    struct ln_engine_job job = {
        .u = &system, .kind = LN_ENGINE_UPDATE, .c = x.d, .id = c->q->arg[1], .channel = "web"
    };
    job.f = json_pack("{s:{s:s}}", rule_of(&x, "joined"), c->user.account, today);
    bool ok = ln_node_save(c->n, &job, err);
    json_decref(job.problems);
    json_decref(job.f);
    return ok && ln_web_json(c, 200,
                             json_pack("{s:s,s:s,s:b}", "id", c->q->arg[1], "collection", x.d->name,
                                       "joined", 1));
}
