/* Who may see and do what: the rights words of the definitions (README "Definition file"). */
#include <stdio.h>
#include <string.h>

#include "node/module/check.h"
#include "node/module/engine.h"
#include "node/module/grid.h"

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

static bool any_home(const struct ln_user *u, const json_t *map)
{
    for (size_t i = 0; i < u->n_roles; i++)
        if (u->homes[i][0] != '\0' && json_object_get(map, u->homes[i]) != NULL)
            return true;
    return false;
}

/* "FIELD=a,b": the field has one of the values. */
static bool has_value(const char *condition, const json_t *row)
{
    const char *is = strchr(condition, '=');
    char name[64];
    const char *value;

    if (is == NULL)
        return false;
    (void)snprintf(name, sizeof name, "%.*s", (int)(is - condition), condition);
    value = field(row, name);
    for (const char *at = is + 1; value[0] != '\0';) {
        size_t len = strcspn(at, ",");
        if (strlen(value) == len && strncmp(value, at, len) == 0)
            return true;
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    return false;
}

static bool holds_text(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; list != NULL && len > 0;) {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, word, n) == 0)
            return true;
        if (at[n] == '\0')
            break;
        at += n + 1;
    }
    return false;
}

/* One word: "worker", "resident:own", "property:handler", "author", "reporter", "handler",
 * "handlers" (every home that had it), "resident:FIELD" for a field that names the reader or a map
 * with the reader as a key, "clerk?FIELD=a,b" for a role while the field has such a value. */
static bool word_holds(const char *word, const struct ln_def_coll *c, const struct ln_user *u,
                       const json_t *row)
{
    const char *colon = strchr(word, ':');
    const char *when = strchr(word, '?');
    char role[24];

    if (u->system)
        return true;
    if (when != NULL) {
        (void)snprintf(role, sizeof role, "%.*s", (int)(when - word), word);
        return ln_engine_has_role(u, role) && has_value(when + 1, row);
    }
    if (strcmp(word, "handlers") == 0)
        return any_home(u, json_object_get(json_object_get(row, "f"), "handlers"));
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
    if (strcmp(colon, ":estate") == 0)
        return c->estate != NULL && holds_text(u->estates, field(row, c->estate));
    const struct ln_def_field *names = ln_def_field(c, colon + 1);
    if (names != NULL && names->type == LN_TYPE_MAP)
        return u->account[0] != '\0' &&
               json_object_get(json_object_get(json_object_get(row, "f"), names->name),
                               u->account) != NULL;
    if (strcmp(colon, ":grid") == 0)
        return ln_grid_mine(u, json_string_value(json_object_get(row, "audience")));
    return names != NULL && names_me(u, row, colon + 1);
}

static bool any_holds(const char *const *words, const struct ln_def_coll *c,
                      const struct ln_user *u, const json_t *row)
{
    for (; words != NULL && *words != NULL; words++)
        if (word_holds(*words, c, u, row))
            return true;
    return u->system;
}

bool ln_engine_opens(const struct ln_def_coll *c, const json_t *f)
{
    const json_t *v = c->only_if != NULL ? json_object_get(f, c->only_if) : NULL;

    if (c->after == '\0' || c->only_if == NULL)
        return c->after != '\0';
    return c->only_values != NULL
               ? json_is_string(v) && holds_text(c->only_values, json_string_value(v))
               : json_is_true(v);
}

bool ln_engine_named(const struct ln_def_coll *c, const json_t *row)
{
    return c->named != NULL && holds_text(c->named_values, field(row, c->named_field));
}

static bool any_word(const json_t *words, const struct ln_def_coll *c, const struct ln_user *u,
                     const json_t *row)
{
    size_t i;
    json_t *word;

    json_array_foreach(words, i, word)
    {
        if (json_is_string(word) && word_holds(json_string_value(word), c, u, row))
            return true;
    }
    return u->system;
}

/* By the rights of the definition alone. */
static bool reads_by_right(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    const char *state = json_string_value(json_object_get(row, "state"));

    if (ln_engine_named(c, row))
        return any_word(json_object_get(c->named, "read"), c, u, row);
    if (any_holds(c->read, c, u, row))
        return true;
    return state != NULL && ln_def_has(c->read_states, state) &&
           (c->read_if == NULL ||
            json_is_true(json_object_get(json_object_get(row, "f"), c->read_if))) &&
           any_holds(c->read_states_roles, c, u, row);
}

static bool for_parties(const struct ln_def_coll *c, const json_t *row)
{
    return c->audience == 'N' || ln_engine_named(c, row);
}

static const char *opened_by(const struct ln_def_coll *c, const struct ln_user *u,
                             const json_t *row)
{
    const char *id = json_string_value(json_object_get(row, "id"));

    if (u->opened[0] == '\0' || !for_parties(c, row))
        return "";
    if (id != NULL && holds_text(u->opened, id))
        return id;
    for (size_t i = 0; c->audience == 'N' && i < c->n_fields; i++)
        if (c->fields[i].type == LN_TYPE_REF &&
            holds_text(u->opened, field(row, c->fields[i].name)))
            return field(row, c->fields[i].name);
    return "";
}

void ln_engine_opened(char out[LN_ID_TEXT + 1], const struct ln_def_coll *c,
                      const struct ln_user *u, const json_t *row)
{
    const char *by = reads_by_right(c, u, row) ? "" : opened_by(c, u, row);

    (void)snprintf(out, LN_ID_TEXT + 1, "%s", by);
}

bool ln_engine_may_read_all(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return reads_by_right(c, u, row) || opened_by(c, u, row)[0] != '\0';
}

static bool outline(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return ln_engine_named(c, row) &&
           any_word(json_object_get(json_object_get(c->named, "outline"), "roles"), c, u, row);
}

bool ln_engine_may_read(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return ln_engine_may_read_all(c, u, row) || outline(c, u, row);
}

bool ln_engine_may_name(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    if (ln_engine_may_read(c, u, row))
        return true;
    for (const char *const *w = c->read; !ln_engine_named(c, row) && w != NULL && *w != NULL; w++)
        if (strcmp(*w, "worker:grid") == 0 && ln_engine_has_role(u, "worker"))
            return true;
    return false;
}

bool ln_engine_may_unmask(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return ln_engine_may_read_all(c, u, row) && any_holds(c->unmask, c, u, row);
}

static void spare_word(struct ln_list *l, struct ln_where *room, const char *word,
                       const struct ln_user *u)
{
    const char *when = strchr(word, '?');
    char role[24];
    size_t *n = &l->n_unless;

    if (when != NULL) {
        (void)snprintf(role, sizeof role, "%.*s", (int)(when - word), word);
        if (ln_engine_has_role(u, role) && *n < LN_ENGINE_UNLESS && strchr(when, '=') != NULL)
            room[(*n)++] = (struct ln_where){ when + 1, LN_WHERE_SAYS, strchr(when, '=') + 1 };
        return;
    }
    if (strcmp(word, "author") == 0 && u->account[0] != '\0' && *n < LN_ENGINE_UNLESS)
        room[(*n)++] = (struct ln_where){ "author", LN_WHERE_IS, u->account };
    else if (strstr(word, ":own") != NULL && u->person[0] != '\0' && *n < LN_ENGINE_UNLESS)
        room[(*n)++] = (struct ln_where){ "reporter", LN_WHERE_IS, u->person };
    for (size_t i = 0; strncmp(word, "handler", 7) == 0 && i < u->n_roles; i++)
        if (u->homes[i][0] != '\0' && *n < LN_ENGINE_UNLESS)
            room[(*n)++] =
                (struct ln_where){ word, word[7] == 's' ? LN_WHERE_KEY : LN_WHERE_IS, u->homes[i] };
}

void ln_engine_spare(struct ln_list *l, struct ln_where *room, const struct ln_def_coll *c,
                     const struct ln_user *u)
{
    size_t i;
    json_t *word;

    if (c->named == NULL || u->system)
        return;
    l->spared = (struct ln_where){ c->named_field, LN_WHERE_IS, c->named_values };
    l->unless = room;
    l->n_unless = 0;
    json_array_foreach(json_object_get(c->named, "read"), i, word)
    {
        spare_word(l, room, json_string_value(word), u);
    }
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
    if (f->type == LN_TYPE_MAP && *n < 4 && u->account[0] != '\0')
        any[(*n)++] = (struct ln_where){ f->name, LN_WHERE_KEY, u->account };
    else if (*n < 4 && u->me[0] != '\0')
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
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*w, ":"), *w);
        bool grid = strstr(*w, ":grid") != NULL && ln_engine_has_role(u, role);
        if ((!narrow && ln_engine_has_role(u, *w)) || (grid && u->grids[0] == '\0')) {
            *n_any = 0;
            return true; /* all of it */
        }
        if (strcmp(*w, "author") != 0 && strcmp(*w, "handler") != 0 && !ln_engine_has_role(u, role))
            continue;
        if (strstr(*w, ":own") != NULL && c->own != NULL) {
            const char *own = strcmp(c->own, "self") == 0 ? "id" : c->own;
            bool account = strcmp(c->name, "account") == 0 || strcmp(c->own, "author") == 0 ||
                           strcmp(c->own, "account") == 0;
            add_any(any, n_any, own, account ? u->account : u->person);
            add_any(any, n_any, "author", u->account);
        } else if (grid && *n_any < 4)
            any[(*n_any)++] = (struct ln_where){ "audience", LN_WHERE_GRID, u->grids };
        else if (strstr(*w, ":estate") != NULL && c->estate != NULL)
            add_any(any, n_any, c->estate, u->estates);
        else if (strcmp(*w, "author") == 0)
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
        if (ln_engine_has_role(u, role) && c->read_states_text != NULL) {
            add_any(any, n_any, "state", c->read_states_text);
            return true; /* what else it asks for is judged row by row */
        }
    }
    /* What belongs to a record that an emergency reading opened. */
    for (size_t i = 0; c->audience == 'N' && u->opened[0] != '\0' && i < c->n_fields; i++)
        if (c->fields[i].type == LN_TYPE_REF && !c->fields[i].internal) {
            add_any(any, n_any, c->fields[i].name, u->opened);
            some = true;
        }
    return some && *n_any > 0;
}

bool ln_engine_may_create(const struct ln_def_coll *c, const struct ln_user *u)
{
    for (const char *const *w = c->create; w != NULL && *w != NULL; w++) {
        char role[24];
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*w, ":"), *w);
        if (ln_engine_has_role(u, role) && (strcmp(role, "guest") != 0 || c->guest != NULL))
            return true;
    }
    return u->system;
}

/* Guests add only what `guest` of the definition lets them: an emergency. */
static bool guest_may(const struct ln_def_coll *c, const json_t *f)
{
    const char *name;
    json_t *values;

    json_object_foreach((json_t *)(uintptr_t)c->guest, name, values)
    {
        size_t i;
        json_t *v;
        bool one = false;
        json_array_foreach(values, i, v)
        {
            one = one || json_equal(v, json_object_get(f, name));
        }
        if (!one)
            return false;
    }
    return c->guest != NULL;
}

bool ln_engine_may_create_it(const struct ln_def_coll *c, const struct ln_user *u, json_t *f,
                             const char *audience)
{
    json_t *claimed = json_copy(f);
    json_t *row = json_pack("{s:o,s:s?}", "f", claimed, "audience", audience);

    if (u->account[0] == '\0' && !u->system) {
        bool guest = ln_engine_may_create(c, u) && guest_may(c, f);
        json_decref(row);
        return guest;
    }
    if (c->own == NULL || strcmp(c->own, "author") != 0)
        json_object_del(claimed, "author"); /* that one enters it does not make it one's own */
    bool may = ln_engine_may_create(c, u) && any_holds(c->create, c, u, row);

    json_decref(row);
    return may;
}

bool ln_engine_may_change(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row)
{
    return !c->coll->log && any_holds(c->update, c, u, row) &&
           (!ln_engine_named(c, row) || ln_engine_may_read_all(c, u, row));
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
    return any_holds(s->roles, c, u, row) &&
           (!ln_engine_named(c, row) || ln_engine_may_read(c, u, row));
}

void ln_engine_hide_keys(const struct ln_def_field *d, json_t *value)
{
    if (d->type == LN_TYPE_FILE)
        json_object_del(value, "key");
    for (size_t i = 0; d->type == LN_TYPE_FILES && i < json_array_size(value); i++)
        json_object_del(json_array_get(value, i), "key");
}

/* Of a record of audience N, whoever is not named sees that it is there and how it stands. */
static void keep_outline(const struct ln_def_coll *c, json_t *f)
{
    const json_t *keep = json_object_get(json_object_get(c->named, "outline"), "fields");
    json_t *kept = json_object();
    size_t i;
    json_t *name;

    json_array_foreach(keep, i, name)
    {
        json_t *v = json_object_get(f, json_string_value(name));
        if (v != NULL)
            json_object_set(kept, json_string_value(name), v);
    }
    json_object_clear(f);
    json_object_update(f, kept);
    json_decref(kept);
}

void ln_engine_mask(const struct ln_def_coll *c, const struct ln_user *u, json_t *row)
{
    json_t *f = json_object_get(row, "f");
    bool part = ln_engine_named(c, row) && !ln_engine_may_read_all(c, u, row);
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
        if (d->internal && d->type == LN_TYPE_MAP && !staff && !u->system) {
            json_object_del(f, d->name); /* accounts as keys */
            continue;
        }
        if (d->audience == 'C' && c->audience != 'C' && !mine && !staff && !u->system) {
            json_object_del(f, d->name); /* not for all who read the record */
            continue;
        }
        if (d->mark != LN_MARK_SENSITIVE || mine || u->system)
            continue;
        char text[128];
        ln_check_mask(text, sizeof text, d, json_string_value(v));
        json_object_set_new(f, d->name, json_string(text));
        json_array_append_new(masked, json_string(d->name));
    }
    json_object_set_new(row, "masked", masked);
    if (part) { /* nothing in it can be unmasked */
        json_array_clear(masked);
        keep_outline(c, f);
        json_object_set_new(row, "outline", json_true());
    }
}
