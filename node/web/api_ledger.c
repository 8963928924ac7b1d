/* What the registry already holds, for whoever makes a new ledger template: names of fields alone,
 * never a value, so that a district that may not read residents can still bind to them. */
#include <stdio.h>
#include <string.h>

#include "node/module/ledger.h"
#include "node/web/routes.h"

static void add_held(json_t *items, const char *bound_to, const struct ln_def_label *label,
                     const struct ln_def_label *where, const char *type)
{
    json_array_append_new(items,
                          json_pack("{s:s,s:{s:s,s:s},s:{s:s,s:s},s:s}", "bound_to", bound_to,
                                    "label", "zh", label->zh, "en", label->en, "where", "zh",
                                    where->zh, "en", where->en, "type", type));
}

static const char *type_word(enum ln_type type)
{
    return type == LN_TYPE_INT    ? "int"
           : type == LN_TYPE_DEC  ? "dec"
           : type == LN_TYPE_DATE ? "date"
           : type == LN_TYPE_BOOL ? "bool"
                                  : "str";
}

static void add_fields(json_t *items, const struct ln_def *def, const struct ln_def_coll *c)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *f = &c->fields[i];
        char bound[96];
        bool plain = f->type != LN_TYPE_REF && f->type != LN_TYPE_MAP && f->type != LN_TYPE_GEO &&
                     f->type != LN_TYPE_LIST && !f->internal;
        (void)snprintf(bound, sizeof bound, "%.40s.%.40s", c->name, f->name);
        if (plain && ln_ledger_bindable(def, bound))
            add_held(items, bound, &f->label, &c->label, type_word(f->type));
    }
}

bool ln_api_ledger_held(struct ln_call *c, struct ln_err *err)
{
    static const char *const known[] = { "person", "dwelling", "building", "household",
                                         "residence" };
    static const struct ln_def_label age = { "年龄", "Age" };
    static const struct ln_def_label address = { "住址", "Address" };
    const struct ln_def *def = c->n->def;
    const struct ln_def_coll *tag = ln_def_find(def, "care_tag");
    const struct ln_def_field *kind = tag != NULL ? ln_def_field(tag, "kind") : NULL;

    if (!ln_engine_may_create(ln_def_find(def, "ledger_template"), &c->user))
        return ln_fail(err, LN_DENIED, "your role makes no ledger templates");
    json_t *items = json_array();
    json_t *care = json_array();
    add_held(items, "person.age", &age, &ln_def_find(def, "person")->label, "int");
    add_held(items, "dwelling.address", &address, &ln_def_find(def, "dwelling")->label, "str");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        add_fields(items, def, ln_def_find(def, known[i]));
    for (size_t i = 0; kind != NULL && kind->codes != NULL && i < kind->codes->n; i++)
        json_array_append_new(care, json_pack("{s:s,s:s,s:s}", "code", kind->codes->list[i].code,
                                              "zh", kind->codes->list[i].label.zh, "en",
                                              kind->codes->list[i].label.en));
    return ln_web_json(c, 200, json_pack("{s:o,s:o}", "items", items, "care", care));
}
