/* Contact lists: see recipient.h. */
#include "node/module/recipient.h"

#include <stdlib.h>
#include <string.h>

#include "node/module/special.h"

/* ---- words */

static const char *rule_word(const json_t *rule, const char *key)
{
    return ln_special_word(rule, key);
}

/* Whether `word` is one of those that commas separate. */
static bool among(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; len > 0 && *at != '\0'; at += at[0] == ',') {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, word, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static bool for_residents(const json_t *rule)
{
    static const char *const keys[] = { "building", "grid", "care", "age", "all" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (rule_word(rule, keys[i])[0] != '\0')
            return true;
    return false;
}

static bool for_offices(const json_t *rule)
{
    return rule_word(rule, "role")[0] != '\0' || rule_word(rule, "home_kind")[0] != '\0';
}

bool ln_recipient_all(const json_t *rule)
{
    return for_residents(rule) && rule_word(rule, "building")[0] == '\0' &&
           rule_word(rule, "grid")[0] == '\0' && rule_word(rule, "care")[0] == '\0';
}

static int years(const char *birth, const char *today)
{
    int n = (int)strtol(today, NULL, 10) - (int)strtol(birth, NULL, 10);

    return n - (strcmp(today + 5, birth + 5) < 0);
}

bool ln_recipient_aged(const char *range, const char *birth, const char *today)
{
    const char *dash = strchr(range, '-');
    char *end;

    if (dash == NULL)
        return true;
    if (strlen(birth) != 10)
        return false;
    int age = years(birth, today);
    long low = strtol(range, &end, 10);
    if (range[0] != '-' && end == dash && age < low)
        return false;
    return dash[1] == '\0' || age <= strtol(dash + 1, NULL, 10);
}

static bool in_force(const json_t *row, const char *today)
{
    const char *ends = ln_special_text(row, "ends");

    return ends[0] == '\0' || strcmp(today, ends) <= 0;
}

/* ---- rows */

bool ln_recipient_each(const struct ln_recipient_place *p, const char *collection,
                       const struct ln_where *where, size_t n,
                       bool (*each)(void *ctx, json_t *row, struct ln_err *err), void *ctx,
                       struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(p->def, collection);
    bool more = c != NULL;
    bool ok = true;

    for (unsigned offset = 0; ok && more; offset += LN_QUERY_LIMIT) {
        struct ln_list l = {
            .coll = c->coll, .where = where, .n = n, .limit = LN_QUERY_LIMIT, .offset = offset
        };
        json_t *rows = json_array();
        ok = ln_query_list(rows, NULL, p->s, &l, err);
        for (size_t i = 0; ok && i < json_array_size(rows); i++)
            ok = each(ctx, json_array_get(rows, i), err);
        more = json_array_size(rows) == LN_QUERY_LIMIT;
        json_decref(rows);
    }
    return ok;
}

/* Rows by their id. */
static bool take_by_id(void *ctx, json_t *row, struct ln_err *err)
{
    (void)err;
    json_object_set(ctx, ln_special_word(row, "id"), row);
    return true;
}

static const json_t *by_id(const json_t *rows, const char *id)
{
    return id[0] != '\0' ? json_object_get(rows, id) : NULL;
}

/* ---- residents */

struct finding {
    const struct ln_recipient_place *p;
    const json_t *rule;
    bool whole;
    json_t *buildings;  /* all, by id */
    json_t *dwellings;  /* those that are meant, by id */
    json_t *households; /* when the whole is asked for */
    json_t *persons;    /* by id */
    json_t *care;       /* person: [kinds] */
    json_t *grid;       /* ids of the buildings of the grids that are meant; NULL any */
    json_t *out, *had;  /* persons in the list already */
};

static bool take_grid(void *ctx, json_t *row, struct ln_err *err)
{
    struct finding *x = ctx;
    const json_t *list = json_object_get(json_object_get(row, "f"), "buildings");

    (void)err;
    if (!among(rule_word(x->rule, "grid"), ln_special_text(row, "code")))
        return true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        if (id != NULL)
            json_object_set_new(x->grid, id, json_true());
    }
    return true;
}

static bool take_dwelling(void *ctx, json_t *row, struct ln_err *err)
{
    struct finding *x = ctx;
    const char *building = ln_special_text(row, "building");
    const char *wanted = rule_word(x->rule, "building");

    (void)err;
    if ((wanted[0] == '\0' || among(wanted, building)) &&
        (x->grid == NULL || json_object_get(x->grid, building) != NULL))
        json_object_set(x->dwellings, ln_special_word(row, "id"), row);
    return true;
}

static bool take_care(void *ctx, json_t *row, struct ln_err *err)
{
    struct finding *x = ctx;
    const char *person = ln_special_text(row, "person");

    (void)err;
    if (!in_force(row, x->p->today))
        return true;
    if (json_object_get(x->care, person) == NULL)
        json_object_set_new(x->care, person, json_array());
    json_array_append(json_object_get(x->care, person),
                      json_object_get(json_object_get(row, "f"), "kind"));
    return true;
}

static bool cared(const struct finding *x, const char *person)
{
    const char *wanted = rule_word(x->rule, "care");
    const json_t *kinds = json_object_get(x->care, person);

    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (among(wanted, json_string_value(json_array_get(kinds, i))))
            return true;
    return wanted[0] == '\0';
}

static void add_resident(struct finding *x, const json_t *residence, const json_t *person)
{
    const char *id = ln_special_word(person, "id");
    const json_t *dwelling = by_id(x->dwellings, ln_special_text(residence, "dwelling"));
    const json_t *building = by_id(x->buildings, ln_special_text(dwelling, "building"));
    json_t *o = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "id", id, "collection", "person", "name",
        ln_special_text(person, "name"), "phone", ln_special_text(person, "phone"), "building",
        ln_special_text(dwelling, "building"), "building_name", ln_special_text(building, "name"),
        "unit", ln_special_text(dwelling, "unit"), "room", ln_special_text(dwelling, "room"));

    if (x->whole) {
        const json_t *house = by_id(x->households, ln_special_text(residence, "household"));
        json_object_set(o, "f", json_object_get(person, "f"));
        json_object_set(o, "residence", json_object_get(residence, "f"));
        if (dwelling != NULL)
            json_object_set(o, "dwelling", json_object_get(dwelling, "f"));
        if (building != NULL)
            json_object_set(o, "building_f", json_object_get(building, "f"));
        if (house != NULL)
            json_object_set(o, "household", json_object_get(house, "f"));
        if (json_object_get(x->care, id) != NULL)
            json_object_set(o, "care", json_object_get(x->care, id));
    }
    json_object_set_new(x->had, id, json_true());
    json_array_append_new(x->out, o);
}

static bool take_residence(void *ctx, json_t *row, struct ln_err *err)
{
    struct finding *x = ctx;
    const char *id = ln_special_text(row, "person");
    const json_t *person = by_id(x->persons, id);

    if (person == NULL || strcmp(ln_special_text(row, "kind"), "hukou") == 0 ||
        !in_force(row, x->p->today) || json_object_get(x->had, id) != NULL ||
        by_id(x->dwellings, ln_special_text(row, "dwelling")) == NULL)
        return true;
    const char *status = ln_special_text(person, "status");
    if ((status[0] != '\0' && strcmp(status, "living") != 0) || !cared(x, id) ||
        !ln_recipient_aged(rule_word(x->rule, "age"), ln_special_text(person, "birth"),
                           x->p->today))
        return true;
    if (json_array_size(x->out) == LN_RECIPIENT_MAX)
        return ln_fail(err, LN_FULL, "more than %d recipients", LN_RECIPIENT_MAX);
    add_resident(x, row, person);
    return true;
}

static bool find_residents(struct finding *x, struct ln_err *err)
{
    const struct ln_recipient_place *p = x->p;
    bool care = x->whole || rule_word(x->rule, "care")[0] != '\0';

    if (rule_word(x->rule, "grid")[0] != '\0') {
        x->grid = json_object();
        if (!ln_recipient_each(p, "grid", NULL, 0, take_grid, x, err))
            return false;
    }
    return (!care || ln_recipient_each(p, "care_tag", NULL, 0, take_care, x, err)) &&
           ln_recipient_each(p, "building", NULL, 0, take_by_id, x->buildings, err) &&
           ln_recipient_each(p, "dwelling", NULL, 0, take_dwelling, x, err) &&
           (!x->whole ||
            ln_recipient_each(p, "household", NULL, 0, take_by_id, x->households, err)) &&
           ln_recipient_each(p, "person", NULL, 0, take_by_id, x->persons, err) &&
           ln_recipient_each(p, "residence", NULL, 0, take_residence, x, err);
}

static void begin(struct finding *x)
{
    x->buildings = json_object();
    x->dwellings = json_object();
    x->households = json_object();
    x->persons = json_object();
    x->care = json_object();
    x->had = json_object();
    x->out = json_array();
}

static void done(struct finding *x)
{
    json_decref(x->buildings);
    json_decref(x->dwellings);
    json_decref(x->households);
    json_decref(x->persons);
    json_decref(x->care);
    json_decref(x->had);
    json_decref(x->grid);
}

bool ln_recipient_persons(json_t **out, const struct ln_recipient_place *p, const json_t *rule,
                          bool whole, struct ln_err *err)
{
    struct finding x = { .p = p, .rule = rule, .whole = whole };

    begin(&x);
    bool ok = !for_residents(rule) || find_residents(&x, err);
    done(&x);
    *out = ok ? x.out : NULL;
    if (!ok)
        json_decref(x.out);
    return ok;
}

/* ---- offices */

static bool record(json_t **out, const struct ln_recipient_place *p, const char *id,
                   struct ln_err *err)
{
    struct ln_id key;

    *out = NULL;
    return !ln_clock_id_read(&key, ln_span_of(id)) || ln_query_record(out, p->s, &key, err);
}

static bool office_is(bool *is, const struct ln_recipient_place *p, const json_t *rule,
                      const char *role, const char *home, struct ln_err *err)
{
    const char *roles = rule_word(rule, "role");
    const char *kinds = rule_word(rule, "home_kind");
    json_t *row = NULL;

    *is = roles[0] == '\0' ? strcmp(role, "resident") != 0 : among(roles, role);
    if (!*is || kinds[0] == '\0')
        return true;
    bool ok = record(&row, p, home, err);
    *is = ok && row != NULL && among(kinds, ln_special_text(row, "kind"));
    json_decref(row);
    return ok;
}

static bool take_account(struct finding *x, const char *id, struct ln_err *err)
{
    json_t *row = NULL;

    if (json_object_get(x->had, id) != NULL)
        return true;
    if (!record(&row, x->p, id, err))
        return false;
    if (row != NULL) {
        json_object_set_new(x->had, id, json_true());
        json_array_append_new(
            x->out, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "id", id, "collection",
                              ln_special_word(row, "collection"), "name",
                              ln_special_text(row, ln_special_text(row, "shown_name")[0] != '\0'
                                                       ? "shown_name"
                                                       : "name"),
                              "phone", ln_special_text(row, "phone"), "building", "",
                              "building_name", "", "unit", "", "room", ""));
    }
    json_decref(row);
    return true;
}

static bool take_membership(void *ctx, json_t *row, struct ln_err *err)
{
    struct finding *x = ctx;
    bool is = false;

    if (!in_force(row, x->p->today))
        return true;
    return office_is(&is, x->p, x->rule, ln_special_text(row, "role"), ln_special_text(row, "home"),
                     err) &&
           (!is || take_account(x, ln_special_text(row, "account"), err));
}

bool ln_recipient_list(json_t **out, const struct ln_recipient_place *p, const json_t *list,
                       struct ln_err *err)
{
    static const struct ln_where active = { "state", LN_WHERE_IS, "active" };
    const json_t *f = json_object_get(list, "f");
    const json_t *members = json_object_get(f, "members");
    struct finding x = { .p = p, .rule = json_object_get(f, "rule") };

    begin(&x);
    bool ok = !for_residents(x.rule) || find_residents(&x, err);
    ok = ok && (!for_offices(x.rule) ||
                ln_recipient_each(p, "membership", &active, 1, take_membership, &x, err));
    for (size_t i = 0; ok && i < json_array_size(members); i++) {
        const char *id = json_string_value(json_array_get(members, i));
        ok = id == NULL || take_account(&x, id, err);
    }
    done(&x);
    *out = ok ? x.out : NULL;
    if (!ok)
        json_decref(x.out);
    return ok;
}

/* ---- one user */

struct asking {
    const struct ln_recipient_place *p;
    const json_t *rule;
    bool is;
};

static bool in_grid(bool *in, const struct asking *a, const char *building, struct ln_err *err)
{
    struct finding x = { .p = a->p, .rule = a->rule };

    *in = true;
    if (rule_word(a->rule, "grid")[0] == '\0')
        return true;
    x.grid = json_object();
    bool ok = ln_recipient_each(a->p, "grid", NULL, 0, take_grid, &x, err);
    *in = json_object_get(x.grid, building) != NULL;
    json_decref(x.grid);
    return ok;
}

/* Whether one of the person's homes is meant. */
static bool ask_residence(void *ctx, json_t *row, struct ln_err *err)
{
    struct asking *a = ctx;
    const char *wanted = rule_word(a->rule, "building");
    json_t *dwelling = NULL;
    bool in = false;

    if (a->is || strcmp(ln_special_text(row, "kind"), "hukou") == 0 || !in_force(row, a->p->today))
        return true;
    bool ok = record(&dwelling, a->p, ln_special_text(row, "dwelling"), err);
    const char *building = ln_special_text(dwelling, "building");
    ok = ok && in_grid(&in, a, building, err);
    a->is = ok && dwelling != NULL && in && (wanted[0] == '\0' || among(wanted, building));
    json_decref(dwelling);
    return ok;
}

static bool ask_care(void *ctx, json_t *row, struct ln_err *err)
{
    struct asking *a = ctx;

    (void)err;
    a->is = a->is || (in_force(row, a->p->today) &&
                      among(rule_word(a->rule, "care"), ln_special_text(row, "kind")));
    return true;
}

static bool resident_is(bool *is, const struct ln_recipient_place *p, const json_t *rule,
                        const char *id, struct ln_err *err)
{
    const struct ln_where where = { "person", LN_WHERE_IS, id };
    struct asking lives = { .p = p, .rule = rule };
    struct asking tagged = { .p = p, .rule = rule };
    json_t *person = NULL;

    *is = false;
    if (id[0] == '\0')
        return true;
    bool ok = record(&person, p, id, err) &&
              ln_recipient_each(p, "residence", &where, 1, ask_residence, &lives, err);
    if (ok && rule_word(rule, "care")[0] != '\0')
        ok = ln_recipient_each(p, "care_tag", &where, 1, ask_care, &tagged, err);
    else
        tagged.is = true;
    *is = ok && lives.is && tagged.is &&
          ln_recipient_aged(rule_word(rule, "age"), ln_special_text(person, "birth"), p->today);
    json_decref(person);
    return ok;
}

bool ln_recipient_is(bool *is, const struct ln_recipient_place *p, const json_t *list,
                     const struct ln_user *u, struct ln_err *err)
{
    const json_t *f = json_object_get(list, "f");
    const json_t *rule = json_object_get(f, "rule");
    const json_t *members = json_object_get(f, "members");

    *is = false;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *id = json_string_value(json_array_get(members, i));
        *is = *is || (id != NULL && among(u->me, id));
    }
    for (size_t i = 0; !*is && for_offices(rule) && i < u->n_roles; i++)
        if (u->homes[i][0] != '\0' && !office_is(is, p, rule, u->roles[i], u->homes[i], err))
            return false;
    return *is || !for_residents(rule) || resident_is(is, p, rule, u->person, err);
}
