/* The roll of a survey: see roll.h. */
#include "node/module/roll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/survey.h"
#include "node/module/tally.h"

struct making {
    struct ln_special_call *x;
    const json_t *survey;
    json_t *have;      /* {"<voter>": true} */
    json_t *buildings; /* {"<id>": "code"}: those asked, all when `who` names none */
    json_t *people;    /* {"<dwelling>": [{"person","head"}]} */
    int min_age;
    size_t n;
};

/* Every row of a collection, page by page. */
static bool each(struct making *m, const char *collection,
                 bool (*fn)(struct making *, json_t *, struct ln_err *), struct ln_err *err)
{
    size_t got = LN_QUERY_LIMIT;

    for (unsigned at = 0; got == LN_QUERY_LIMIT; at += LN_QUERY_LIMIT) {
        json_t *rows = NULL;
        size_t i;
        json_t *row;
        bool ok = ln_special_find(&rows, m->x, collection, NULL, 0, at, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            ok = ok && fn(m, row, err);
        }
        json_decref(rows);
        if (!ok)
            return false;
    }
    return true;
}

static bool take_building(struct making *m, json_t *row, struct ln_err *err)
{
    const char *wanted =
        ln_special_word(json_object_get(json_object_get(m->survey, "f"), "who"), "building");
    const char *code = ln_special_text(row, "code");
    size_t len = strlen(code);
    bool in = wanted[0] == '\0';

    (void)err;
    for (const char *p = wanted; *p != '\0' && !in;) {
        size_t n = strcspn(p, ",，、 ");
        in = n == len && memcmp(p, code, n) == 0;
        p += n;
        p += strspn(p, ",，、 ");
    }
    if (in)
        json_object_set_new(m->buildings, ln_special_word(row, "id"), json_string(code));
    return true;
}

static bool take_residence(struct making *m, json_t *row, struct ln_err *err)
{
    const char *dwelling = ln_special_text(row, "dwelling");
    const char *ends = ln_special_text(row, "ends");
    json_t *list = json_object_get(m->people, dwelling);

    (void)err;
    if (ends[0] != '\0' && strcmp(ends, m->x->today) < 0)
        return true;
    if (list == NULL) {
        list = json_array();
        json_object_set_new(m->people, dwelling, list);
    }
    json_array_append_new(list, json_string(ln_special_text(row, "person")));
    return true;
}

static bool add(struct making *m, const char *voter, const char *name, const char *holder,
                const char *area, struct ln_err *err)
{
    if (json_object_get(m->have, voter) != NULL)
        return true;
    if (++m->n > LN_SURVEY_ROLL)
        return ln_fail(err, LN_FULL, "more than %d voters", LN_SURVEY_ROLL);
    json_t *f = json_pack("{s:O,s:s,s:i}", "survey", json_object_get(m->survey, "id"), "voter",
                          voter, "heads", 1);
    if (name[0] != '\0')
        json_object_set_new(f, "name", json_string(name));
    if (holder[0] != '\0')
        json_object_set_new(f, "holder", json_string(holder));
    if (area[0] != '\0')
        json_object_set_new(f, "area", json_string(area));
    json_object_set_new(m->have, voter, json_true());
    return ln_special_add(NULL, m->x, "roll", f, err);
}

/* Of those who live in the dwelling, the one whose name stands in the title. */
static bool owner_of(char out[LN_ID_TEXT + 1], struct making *m, const json_t *dwelling,
                     struct ln_err *err)
{
    const char *owner = ln_special_text(dwelling, "owner");
    size_t i;
    json_t *id;

    out[0] = '\0';
    json_array_foreach(json_object_get(m->people, ln_special_word(dwelling, "id")), i, id)
    {
        json_t *person = NULL;
        if (owner[0] == '\0' || out[0] != '\0')
            break;
        if (!ln_special_get(&person, m->x, "person", json_string_value(id), err))
            return false;
        if (strcmp(ln_special_text(person, "name"), owner) == 0)
            (void)snprintf(out, LN_ID_TEXT + 1, "%s", json_string_value(id));
        json_decref(person);
    }
    return true;
}

static bool take_dwelling(struct making *m, json_t *row, struct ln_err *err)
{
    const char *code =
        json_string_value(json_object_get(m->buildings, ln_special_text(row, "building")));
    const char *use = ln_special_text(row, "use");
    char owner[LN_ID_TEXT + 1];
    char name[128];
    int64_t area;

    if (code == NULL || (use[0] != '\0' && strcmp(use, "home") != 0 && strcmp(use, "shop") != 0))
        return true;
    (void)snprintf(name, sizeof name, "%.30s-%.20s-%.20s", code, ln_special_text(row, "unit"),
                   ln_special_text(row, "room"));
    bool sized = ln_tally_area(&area, ln_special_text(row, "area"));
    return owner_of(owner, m, row, err) && add(m, ln_special_word(row, "id"), name, owner,
                                               sized ? ln_special_text(row, "area") : "", err);
}

static bool in_buildings(struct making *m, const char *dwelling_id, struct ln_err *err, bool *in)
{
    json_t *dwelling = NULL;

    *in = false;
    if (!ln_special_get(&dwelling, m->x, "dwelling", dwelling_id, err))
        return false;
    *in = json_object_get(m->buildings, ln_special_text(dwelling, "building")) != NULL;
    json_decref(dwelling);
    return true;
}

static bool take_household(struct making *m, json_t *row, struct ln_err *err)
{
    bool in;

    return in_buildings(m, ln_special_text(row, "dwelling"), err, &in) &&
           (!in || add(m, ln_special_word(row, "id"), ln_special_text(row, "no"),
                       ln_special_text(row, "head"), "", err));
}

static bool take_person(struct making *m, json_t *row, struct ln_err *err)
{
    const char *status = ln_special_text(row, "status");
    const char *birth = ln_special_text(row, "birth");
    char of_age[11];

    if (status[0] != '\0' && strcmp(status, "living") != 0)
        return true;
    (void)snprintf(of_age, sizeof of_age, "%04u%s",
                   ((unsigned)strtoul(m->x->today, NULL, 10) - (unsigned)m->min_age) % 10000,
                   m->x->today + 4);
    if (birth[0] != '\0' && strcmp(birth, of_age) > 0)
        return true;
    return add(m, ln_special_word(row, "id"), ln_special_text(row, "name"),
               ln_special_word(row, "id"), "", err);
}

/* When buildings are named, only who lives there is asked. */
static bool take_resident(struct making *m, json_t *row, struct ln_err *err)
{
    bool in;
    json_t *person = NULL;

    if (!in_buildings(m, ln_special_text(row, "dwelling"), err, &in) || !in)
        return in || err->code == LN_OK;
    bool ok = ln_special_get(&person, m->x, "person", ln_special_text(row, "person"), err) &&
              (person == NULL || take_person(m, person, err));
    json_decref(person);
    return ok;
}

static bool know(struct making *m, struct ln_err *err)
{
    json_t *rows;
    size_t i;
    json_t *f;

    if (!ln_special_rows(&rows, m->x->e->writer, m->x->e->def, "roll", "survey",
                         ln_special_word(m->survey, "id"), LN_SURVEY_ROLL, err))
        return false;
    json_array_foreach(rows, i, f)
    {
        json_object_set_new(m->have, ln_special_word(f, "voter"), json_true());
    }
    m->n = json_array_size(rows);
    json_decref(rows);
    return true;
}

bool ln_roll_make(struct ln_special_call *x, const json_t *survey, struct ln_err *err)
{
    const json_t *who = json_object_get(json_object_get(survey, "f"), "who");
    const char *unit = ln_special_text(survey, "one_per");
    const char *age = ln_special_word(who, "min_age");
    struct making m = { .x = x,
                        .survey = survey,
                        .have = json_object(),
                        .buildings = json_object(),
                        .people = json_object(),
                        .min_age = age[0] != '\0' ? (int)strtol(age, NULL, 10) : 18 };
    bool ok = know(&m, err) && each(&m, "building", take_building, err);

    if (ok && strcmp(unit, "dwelling") == 0)
        ok = each(&m, "residence", take_residence, err) && each(&m, "dwelling", take_dwelling, err);
    else if (ok && strcmp(unit, "household") == 0)
        ok = each(&m, "household", take_household, err);
    else if (ok && ln_special_word(who, "building")[0] != '\0')
        ok = each(&m, "residence", take_resident, err);
    else if (ok)
        ok = each(&m, "person", take_person, err);
    json_decref(m.have);
    json_decref(m.buildings);
    json_decref(m.people);
    return ok;
}

bool ln_roll_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *area = ln_special_word(x->f, "area");
    const char *id =
        x->row != NULL ? ln_special_text(x->row, "survey") : ln_special_word(x->f, "survey");
    json_t *survey = NULL;
    int64_t unused;

    if (area[0] != '\0' && !ln_tally_area(&unused, area))
        return ln_special_problem(x, "area", "应为最多两位小数的面积，如 89.5",
                                  "must be an area such as 89.5", err);
    if (x->u->system)
        return true;
    bool ok = ln_special_get(&survey, x, "survey", id, err);
    const char *state = ln_special_word(survey, "state");
    if (ok && strcmp(state, "draft") != 0 && strcmp(state, "approved") != 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "投票已开始，名册不能再改",
                               "the vote has begun: its roll stands", err);
    json_decref(survey);
    return ok;
}
