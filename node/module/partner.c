/* Templates of exchanges: see partner.h. */
#include "node/module/partner.h"

#include <string.h>

static const char *word(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));

    return t != NULL ? t : "";
}

static void read_columns(struct ln_partner *out, const json_t *list)
{
    size_t i;
    json_t *j;

    json_array_foreach(list, i, j)
    {
        struct ln_partner_column *c = &out->columns[out->n];
        const json_t *header = json_object_get(j, "header");
        c->field = ln_def_field(out->coll, word(j, "field"));
        if (c->field == NULL || out->n == LN_PARTNER_COLUMNS)
            continue; /* refused at start */
        c->header = c->field->label;
        if (header != NULL)
            c->header = (struct ln_def_label){ word(header, "zh"), word(header, "en") };
        c->pairs = strcmp(c->field->name, "ext_id") == 0;
        c->community = strcmp(word(j, "master"), "community") == 0;
        out->n++;
    }
}

static bool read_one(struct ln_partner *out, const struct ln_def *def, const json_t *j)
{
    *out = (struct ln_partner){ .partner = word(j, "partner"),
                                .template = word(j, "template"),
                                .coll = ln_def_find(def, word(j, "collection")),
                                .where = json_object_get(j, "where"),
                                .adds = json_is_true(json_object_get(j, "adds")) };
    if (out->coll == NULL)
        return false;
    read_columns(out, json_object_get(j, "columns"));
    return true;
}

bool ln_partner_find(struct ln_partner *out, const struct ln_def *def, const char *partner,
                     const char *template)
{
    for (size_t m = 0; m < def->n_modules; m++) {
        const json_t *list = json_object_get(def->modules[m].json, "exchanges");
        size_t i;
        json_t *j;
        json_array_foreach(list, i, j)
        {
            if (strcmp(word(j, "partner"), partner) == 0 &&
                strcmp(word(j, "template"), template) == 0)
                return read_one(out, def, j);
        }
    }
    return false;
}

static json_t *columns_json(const struct ln_partner *p)
{
    json_t *columns = json_array();

    for (size_t i = 0; i < p->n; i++)
        json_array_append_new(
            columns, json_pack("{s:s,s:s,s:s,s:s}", "field", p->columns[i].field->name, "zh",
                               p->columns[i].header.zh, "en", p->columns[i].header.en, "master",
                               p->columns[i].community ? "community" : "partner"));
    return columns;
}

json_t *ln_partner_list(const struct ln_def *def)
{
    json_t *out = json_array();
    struct ln_partner p;

    for (size_t m = 0; m < def->n_modules; m++) {
        size_t i;
        json_t *j;
        json_array_foreach(json_object_get(def->modules[m].json, "exchanges"), i, j)
        {
            if (read_one(&p, def, j))
                json_array_append_new(out,
                                      json_pack("{s:s,s:s,s:s,s:b,s:o}", "partner", p.partner,
                                                "template", p.template, "collection", p.coll->name,
                                                "adds", (int)p.adds, "columns", columns_json(&p)));
        }
    }
    return out;
}

static const char *check_columns(const struct ln_def_coll *c, const json_t *list)
{
    bool pairs = false;
    size_t i;
    json_t *j;

    json_array_foreach(list, i, j)
    {
        const struct ln_def_field *f = ln_def_field(c, word(j, "field"));
        const char *master = word(j, "master");
        bool is_id = f != NULL && strcmp(f->name, "ext_id") == 0;
        pairs = pairs || is_id;
        if (f == NULL || f->type == LN_TYPE_FILE || f->type == LN_TYPE_FILES || f->n_items > 0)
            return word(j, "field");
        if (!is_id && strcmp(master, "community") != 0 && strcmp(master, "partner") != 0)
            return "master";
    }
    return !pairs ? "ext_id" : json_array_size(list) > LN_PARTNER_COLUMNS ? "columns" : NULL;
}

const char *ln_partner_check(const struct ln_def *def, const json_t *module)
{
    static const char *const KEYS[] = { "partner", "template", "collection", "where",
                                        "columns", "adds",     NULL };
    const char *bad = NULL;
    const char *key;
    size_t i;
    json_t *j;
    json_t *v;

    json_array_foreach(json_object_get(module, "exchanges"), i, j)
    {
        const struct ln_def_coll *c = ln_def_find(def, word(j, "collection"));
        json_object_foreach(j, key, v)
        {
            bad = ln_def_has(KEYS, key) ? bad : key;
        }
        json_object_foreach(json_object_get(j, "where"), key, v)
        {
            bad = c != NULL && ln_def_field(c, key) != NULL ? bad : key;
        }
        if (c == NULL)
            return word(j, "collection");
        bad = bad != NULL ? bad : check_columns(c, json_object_get(j, "columns"));
    }
    return bad;
}
