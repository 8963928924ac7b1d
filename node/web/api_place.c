/* Regions by name, for forms: whoever writes to a community or moves there types two characters of
 * it, not its code. Own surroundings come first. */
#include <stdio.h>
#include <string.h>

#include "node/region/region.h"
#include "node/web/routes.h"

#define HITS_MAX 12

struct finding {
    const char *words; /* "" anything */
    json_t *items;
    const char *skip; /* a county that was looked through already; "" none */
};

/* "翠苑街道 翠苑二区社区" of a community, else the name alone. */
static json_t *place_of(const char *code, struct ln_span name)
{
    struct ln_buf title = ln_buf_new(512);
    char street[LN_REGION_LEN + 1];

    if (strcmp(code + 9, "000") != 0) {
        (void)snprintf(street, sizeof street, "%.9s000", code);
        if (ln_region_name(&title, street))
            ln_buf_addc(&title, ' ');
    }
    ln_buf_add(&title, name.p, name.len);
    json_t *o = json_pack("{s:s,s:s}", "id", code, "title", title.data);
    ln_buf_free(&title);
    return o;
}

static bool says(struct ln_span name, const char *words)
{
    size_t len = strlen(words);

    for (size_t i = 0; i + len <= name.len; i++)
        if (memcmp(name.p + i, words, len) == 0)
            return true;
    return false;
}

static void look(void *ctx, const char code[LN_REGION_LEN + 1], struct ln_span name);

/* Cities and counties are looked through, what stands below a county is found. */
static void look(void *ctx, const char code[LN_REGION_LEN + 1], struct ln_span name)
{
    struct finding *f = ctx;

    if (json_array_size(f->items) >= HITS_MAX || strncmp(code, f->skip, 6) == 0)
        return;
    if (says(name, f->words))
        json_array_append_new(f->items, place_of(code, name));
    if (strcmp(code + 9, "000") == 0)
        (void)ln_region_children(code, look, f);
}

static void list(void *ctx, const char code[LN_REGION_LEN + 1], struct ln_span name)
{
    json_t *items = ctx;

    if (json_array_size(items) < HITS_MAX)
        json_array_append_new(items, place_of(code, name));
}

/* Without words: what stands below this node, or beside it. */
static void nearby(json_t *items, const char *region)
{
    char above[LN_REGION_LEN + 1];

    if (ln_region_children(region, list, items) > 0)
        return;
    (void)snprintf(above, sizeof above, "%.9s000", region);
    (void)ln_region_children(above, list, items);
}

bool ln_api_place_list(struct ln_call *c, struct ln_err *err)
{
    const char *words = ln_http_query(c->q, "q");
    const char *region = c->n->config.region;
    char county[LN_REGION_LEN + 1];
    char province[LN_REGION_LEN + 1];
    struct finding f = { .words = words != NULL ? words : "", .items = json_array(), .skip = "-" };

    if (strlen(f.words) > 64) {
        json_decref(f.items);
        return ln_fail(err, LN_INVALID, "q: at most 64 bytes");
    }
    (void)snprintf(county, sizeof county, "%.6s000000", region);
    (void)snprintf(province, sizeof province, "%.2s0000000000", region);
    struct ln_buf name = ln_buf_new(256);
    if (f.words[0] == '\0')
        nearby(f.items, region);
    else if (ln_region_valid(f.words) && ln_region_name(&name, f.words))
        json_array_append_new(f.items, place_of(f.words, (struct ln_span){ name.data, name.len }));
    else {
        bool below = strcmp(county, province) != 0;
        if (below)
            (void)ln_region_children(county, look, &f);
        f.skip = below ? county : "-";
        (void)ln_region_children(province, look, &f);
    }
    ln_buf_free(&name);
    return ln_web_json(c, 200, json_pack("{s:o}", "items", f.items));
}

bool ln_api_place_get(struct ln_call *c, struct ln_err *err)
{
    struct ln_buf name = ln_buf_new(256);
    const char *code = c->q->arg[0];
    bool ok = ln_region_name(&name, code) || ln_fail(err, LN_MISSING, "no region of that code");

    if (ok)
        ok = ln_web_json(c, 200, place_of(code, (struct ln_span){ name.data, name.len }));
    ln_buf_free(&name);
    return ok;
}
