/* Who may see and do what: the rights words of the definitions (README "Definition file"). */
#include <stdio.h>
#include <string.h>

#include "node/module/check.h"
#include "node/module/engine.h"

bool ln_engine_has_role(const struct ln_user *u, const char *role)
{
    if (u->system || strcmp(role, "guest") == 0)
        return true;
    for (size_t i = 0; i < u->n_roles; i++)
        if (strcmp(u->roles[i], role) == 0)
            return true;
    return false;
}

void ln_engine_name_me(struct ln_user *u)
{
    size_t at = 0;

    u->me[0] = '\0';
    for (size_t i = 0; i < u->n_roles + 2; i++) {
        const char *id = i == 0 ? u->account : i == 1 ? u->person : u->homes[i - 2];
        if (i > 1 && strcmp(u->roles[i - 2], "resident") == 0)
            continue; /* lives there, does not speak for it */
        if (id[0] != '\0' && strstr(u->me, id) == NULL)
            at += (size_t)snprintf(u->me + at, sizeof u->me - at, "%s%s", at > 0 ? "," : "", id);
    }
}

static const char *field(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(row, "f"), name));

    return text != NULL ? text : "";
}

static bool owns(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    const char *id = json_string_value(json_object_get(row, "id"));
    const char *value = c->own != NULL && strcmp(c->own, "self") != 0 ? field(row, c->own)
                        : id != NULL                                  ? id
                                                                      : "";

    if (c->own == NULL || value[0] == '\0')
        return false;
    return strcmp(value, u->account) == 0 || strcmp(value, u->person) == 0;
}

static bool home_of(const struct ln_user *u, const char *home)
{
    for (size_t i = 0; home[0] != '\0' && i < u->n_roles; i++)
        if (strcmp(u->homes[i], home) == 0 && strcmp(u->roles[i], "resident") != 0)
            return true; /* who lives in a community does not speak for its home */
    return false;
}

static bool is_me(const struct ln_user *u, const char *value)
{
    return value[0] != '\0' &&
           (strcmp(value, u->account) == 0 || strcmp(value, u->person) == 0 || home_of(u, value));
}

/* A field that names one, or a list that holds one: account, person or home of the reader. */
static bool names_me(const struct ln_user *u, const json_t *row, const char *name)
{
    const json_t *v = json_object_get(json_object_get(row, "f"), name);

    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *one = json_string_value(json_array_get(v, i));
        if (one != NULL && is_me(u, one))
            return true;
    }
    return is_me(u, field(row, name));
}

/* One word: "worker", "resident:own", "property:handler", "author", "reporter", "handler", and
 * "resident:FIELD" for a field that names the reader. */
static bool word_holds(const char *word, const struct ln_def_coll *c, const struct ln_user *u,
                       const json_t *row)
{
    const char *colon = strchr(word, ':');
    char role[24];

    if (u->system)
        return true;
    if (strcmp(word, "author") == 0)
        return u->account[0] != '\0' && strcmp(field(row, "author"), u->account) == 0;
    if (strcmp(word, "reporter") == 0)
        return u->person[0] != '\0' && strcmp(field(row, "reporter"), u->person) == 0;
    if (strcmp(word, "handler") == 0)
        return home_of(u, field(row, "handler"));
    if (colon == NULL)
        return ln_engine_has_role(u, word);
    (void)snprintf(role, sizeof role, "%.*s", (int)(colon - word), word);
    if (!ln_engine_has_role(u, role))
        return false;
    if (strcmp(colon, ":own") == 0)
        return owns(c, u, row) ||
               (u->account[0] != '\0' && strcmp(field(row, "author"), u->account) == 0);
    if (strcmp(colon, ":handler") == 0)
        return home_of(u, field(row, "handler"));
    return strcmp(colon, ":grid") == 0 ||
           (ln_def_field(c, colon + 1) != NULL && names_me(u, row, colon + 1));
}

static bool any_holds(const char *const *words, const struct ln_def_coll *c,
                      const struct ln_user *u, const json_t *row)
{
    for (; words != NULL && *words != NULL; words++)
        if (word_holds(*words, c, u, row))
            return true;
    return u->system;
}

bool ln_engine_may_read(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    const char *state = json_string_value(json_object_get(row, "state"));

    if (any_holds(c->read, c, u, row))
        return true;
    return state != NULL && ln_def_has(c->read_states, state) &&
           (c->read_if == NULL ||
            json_is_true(json_object_get(json_object_get(row, "f"), c->read_if))) &&
           any_holds(c->read_states_roles, c, u, row);
}

static void add_any(struct ln_where any[4], size_t *n, const char *name, const char *value)
{
    if (*n < 4 && value[0] != '\0')
        any[(*n)++] = (struct ln_where){ name, LN_WHERE_IS, value };
}

/* Rows whose field names the reader; once, however many words of a right say so. */
static void add_me(struct ln_where any[4], size_t *n, const struct ln_def_field *f,
                   const struct ln_user *u)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(any[i].field, f->name) == 0)
            return;
    if (*n < 4 && u->me[0] != '\0')
        any[(*n)++] =
            (struct ln_where){ f->name, f->type == LN_TYPE_LIST ? LN_WHERE_HAS : LN_WHERE_IS,
                               u->me };
}

bool ln_engine_may_list(const struct ln_def_coll *c, const struct ln_user *u,
                        struct ln_where any[4], size_t *n_any)
{
    bool some = false;

    *n_any = 0;
    for (const char *const *w = c->read; w != NULL && *w != NULL; w++) {
        bool narrow =
            strchr(*w, ':') != NULL || strcmp(*w, "author") == 0 || strcmp(*w, "handler") == 0;
        if (!narrow && ln_engine_has_role(u, *w)) {
            *n_any = 0;
            return true; /* all of it */
        }
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*w, ":"), *w);
        if (strcmp(*w, "author") != 0 && strcmp(*w, "handler") != 0 && !ln_engine_has_role(u, role))
            continue;
        if (strstr(*w, ":own") != NULL && c->own != NULL) {
            const char *own = strcmp(c->own, "self") == 0 ? "id" : c->own;
            bool account = strcmp(c->name, "account") == 0 || strcmp(c->own, "author") == 0 ||
                           strcmp(c->own, "account") == 0;
            add_any(any, n_any, own, account ? u->account : u->person);
            add_any(any, n_any, "author", u->account);
        } else if (strcmp(*w, "author") == 0)
            add_any(any, n_any, "author", u->account);
        else if (strchr(*w, ':') != NULL && ln_def_field(c, strchr(*w, ':') + 1) != NULL &&
                 strcmp(strchr(*w, ':') + 1, "handler") != 0)
            add_me(any, n_any, ln_def_field(c, strchr(*w, ':') + 1), u);
        else if (strstr(*w, "handler") != NULL && ln_def_field(c, "handler") != NULL)
            for (size_t i = 0; i < u->n_roles; i++)
                add_any(any, n_any, "handler", u->homes[i]);
        some = some || *n_any > 0;
    }
    for (const char *const *w = c->read_states_roles; w != NULL && *w != NULL; w++) {
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*w, ":"), *w);
        if (ln_engine_has_role(u, role) && c->read_states_text[0] != '\0') {
            add_any(any, n_any, "state", c->read_states_text);
            return true; /* what else it asks for is judged row by row */
        }
    }
    return some && *n_any > 0;
}

bool ln_engine_may_create(const struct ln_def_coll *c, const struct ln_user *u)
{
    for (const char *const *w = c->create; w != NULL && *w != NULL; w++) {
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*w, ":"), *w);
        if (ln_engine_has_role(u, role) && strcmp(role, "guest") != 0)
            return true;
    }
    return u->system;
}

bool ln_engine_may_create_it(const struct ln_def_coll *c, const struct ln_user *u, json_t *f)
{
    json_t *claimed = json_copy(f);
    json_t *row = json_pack("{s:o}", "f", claimed);

    if (c->own == NULL || strcmp(c->own, "author") != 0)
        json_object_del(claimed, "author"); /* that one enters it does not make it one's own */
    bool may = ln_engine_may_create(c, u) && any_holds(c->create, c, u, row);

    json_decref(row);
    return may;
}

bool ln_engine_may_change(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return !c->coll->log && any_holds(c->update, c, u, row);
}

bool ln_engine_may_delete(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return !c->coll->log && any_holds(c->remove, c, u, row);
}

bool ln_engine_may_step(const struct ln_def_step *s, const struct ln_def_coll *c,
                        const struct ln_user *u, const json_t *row)
{
    if (u->system)
        return true;
    if (s->not_author && u->account[0] != '\0' && strcmp(field(row, "author"), u->account) == 0)
        return false;
    return any_holds(s->roles, c, u, row);
}

void ln_engine_hide_keys(const struct ln_def_field *d, json_t *value)
{
    if (d->type == LN_TYPE_FILE)
        json_object_del(value, "key");
    for (size_t i = 0; d->type == LN_TYPE_FILES && i < json_array_size(value); i++)
        json_object_del(json_array_get(value, i), "key");
}

void ln_engine_mask(const struct ln_def_coll *c, const struct ln_user *u, json_t *row)
{
    json_t *f = json_object_get(row, "f");
    json_t *masked = json_array();
    bool mine = owns(c, u, row);
    bool staff = ln_engine_has_role(u, "worker") || ln_engine_has_role(u, "committee") ||
                 ln_engine_has_role(u, "clerk") || ln_engine_has_role(u, "party") ||
                 ln_engine_has_role(u, "admin");

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *d = &c->fields[i];
        json_t *v = json_object_get(f, d->name);
        if (v == NULL)
            continue;
        ln_engine_hide_keys(d, v);
        /* Who stands behind a chosen name is for those who answer for it. */
        if ((strcmp(d->name, "author") == 0 || strcmp(d->name, "reporter") == 0) && !mine &&
            !staff && !u->system) {
            json_object_del(f, d->name);
            continue;
        }
        if (d->mark != LN_MARK_SENSITIVE || mine || u->system)
            continue;
        char text[128];
        ln_check_mask(text, sizeof text, json_is_string(v) ? json_string_value(v) : "****");
        json_object_set_new(f, d->name, json_string(text));
        json_array_append_new(masked, json_string(d->name));
    }
    json_object_set_new(row, "masked", masked);
}
