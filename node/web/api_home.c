/* The first screen of a role in one answer: the blocks of all modules by rank (module/README
 * "First screens"), filled for whoever asks; and the short lists of search and conflicts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/module/calendar.h"
#include "node/module/screen.h"
#include "node/store/pending.h"
#include "node/web/listing.h"
#include "node/web/read.h"
#include "node/web/routes.h"
#include "node/web/title.h"

#define WHERE_MAX 12
#define VALUE_MAX (LN_USER_ROLES * (LN_ID_TEXT + 1) + 1)
#define ITEMS_MAX 50
#define MINE_MAX 8 /* records of one person that a filter names: one, or two of a mistake */
#define DAY_MS 86400000LL

/* ---- a short list: what a block, a search or a queue shows of a record */

struct wanted {
    const struct ln_def_coll *d;
    const struct ln_where *where;
    size_t n;
    const struct ln_where *mine; /* only what is the caller's own; NULL all */
    size_t n_mine;
    const char *text, *sort, *by; /* NULL none */
    const json_t *show;
    unsigned limit;
    bool conflicts;
};

static void add_sub(struct ln_call *c, const struct wanted *w, const json_t *f, json_t *o)
{
    struct ln_buf sub = ln_buf_new(1 << 20);
    size_t i;
    json_t *name;

    json_array_foreach(w->show, i, name)
    {
        const struct ln_def_field *d = ln_def_field(w->d, json_string_value(name));
        const json_t *v = d != NULL ? json_object_get(f, d->name) : NULL;
        size_t before = sub.len;
        if (v == NULL || ln_def_has(w->d->title, d->name))
            continue;
        ln_buf_adds(&sub, before > 0 ? " · " : "");
        if (d->type == LN_TYPE_INT || d->type == LN_TYPE_DATE) /* alone they say nothing */
            ln_buf_addf(&sub, "%s ", c->q->zh ? d->label.zh : d->label.en);
        size_t start = sub.len;
        if (d->type == LN_TYPE_REGION)
            ln_node_region(&sub, ln_web_text(f, d->name));
        else
            ln_title_value(&sub, c, d, v);
        if (sub.len == start)
            ln_buf_cut(&sub, before);
    }
    if (sub.len > 0)
        json_object_set_new(o, "sub", json_string(sub.data));
    ln_buf_free(&sub);
}

/* "at": the time the list is about, in ms; a date ends with its day in China. */
static void add_at(const struct wanted *w, const json_t *row, int64_t now, json_t *o)
{
    const json_t *v = json_object_get(json_object_get(row, "f"), w->by);
    struct ln_def_field const *d = ln_def_field(w->d, w->by);
    int64_t at = json_integer_value(v);
    char today[11];

    if (v == NULL || d == NULL)
        return;
    ln_engine_today(today, now);
    if (d->type == LN_TYPE_TS) {
        json_object_set_new(o, "at", json_integer(at));
        json_object_set_new(o, "late", json_boolean(at < now));
    } else if (json_is_string(v)) {
        json_object_set(o, "day", (json_t *)(uintptr_t)v);
        json_object_set_new(o, "late", json_boolean(strcmp(json_string_value(v), today) < 0));
    }
}

/* Whether `one` stands in `all`, a list by commas. */
static bool listed(const char *all, const char *one)
{
    size_t len = strlen(one);

    for (const char *at = strstr(all, one); at != NULL; at = strstr(at + 1, one))
        if ((at == all || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* A step back, or one for when something went wrong, is nothing to be reminded of. */
static bool undoes(const char *action)
{
    static const char *const no[] = { "withdraw", "reopen", "cancel", "dispute" };

    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcmp(action, no[i]) == 0)
            return true;
    return false;
}

static void add_state(json_t *o, const struct ln_call *c, const struct ln_def_coll *d,
                      const char *state)
{
    for (size_t i = 0; i < d->n_states; i++)
        if (strcmp(d->states[i].name, state) == 0)
            json_object_set_new(
                o, "state_text",
                json_string(c->q->zh ? d->states[i].label.zh : d->states[i].label.en));
}

/* "thumb": the small picture of the first photo that has one, of those the caller sees. */
static void add_thumb(const struct ln_def_coll *d, const json_t *f, json_t *o)
{
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct ln_def_field *field = &d->fields[i];
        const json_t *v = json_object_get(f, field->name);
        size_t n = field->type == LN_TYPE_FILES ? json_array_size(v) : 1;
        for (size_t k = 0; k < n; k++) {
            const json_t *one = field->type == LN_TYPE_FILES ? json_array_get(v, k) : v;
            json_t *sha = json_object_get(json_object_get(one, "small"), "sha");
            if ((field->type == LN_TYPE_FILES || field->type == LN_TYPE_FILE) && sha != NULL) {
                json_object_set(o, "thumb", sha);
                return;
            }
        }
    }
}

static json_t *item_of(struct ln_call *c, const struct wanted *w, json_t *row)
{
    char title[LN_TITLE_MAX + 1];
    const char *state = json_string_value(json_object_get(row, "state"));
    const struct ln_def_step *next = NULL;

    for (size_t i = 0; state != NULL && next == NULL && i < w->d->n_steps; i++)
        if (ln_def_has(w->d->steps[i].from, state) && !undoes(w->d->steps[i].action) &&
            ln_engine_may_step(&w->d->steps[i], w->d, &c->user, row))
            next = &w->d->steps[i];
    ln_engine_mask(w->d, &c->user, row);
    ln_title_write(title, c, w->d, row);
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:O}", "id", ln_web_text(row, "id"), "collection", w->d->name,
                  "title", title, "created_at", json_object_get(row, "created"));
    if (next != NULL) {
        json_object_set_new(o, "next", json_string(c->q->zh ? next->label.zh : next->label.en));
        json_object_set_new(o, "next_action", json_string(next->action));
    }
    if (state != NULL) {
        json_object_set_new(o, "state", json_string(state));
        add_state(o, c, w->d, state);
    }
    if (json_integer_value(json_object_get(row, "conflicts")) > 0)
        json_object_set(o, "conflicts", json_object_get(row, "conflicts"));
    add_sub(c, w, json_object_get(row, "f"), o);
    add_thumb(w->d, json_object_get(row, "f"), o);
    if (w->d->counted)
        ln_read_tell(c, row, o);
    if (w->by != NULL)
        add_at(w, row, c->n->env.now_ms(c->n->env.ctx), o);
    if (state != NULL && w->d->running != NULL && !listed(w->d->running, state))
        json_object_set_new(o, "late", json_false()); /* its clock stands */
    return o;
}

/* Appends to `out`; *total counts all that fit. What the caller may not list is empty. */
static void short_list(json_t *out, int64_t *total, struct ln_call *c, const struct wanted *w)
{
    struct ln_where any[4];
    struct ln_where unless[LN_ENGINE_UNLESS];
    struct ln_list l = { .coll = w->d->coll,
                         .where = w->where,
                         .n = w->n,
                         .any = any,
                         .text = w->text,
                         .sort = w->sort != NULL ? w->sort + (w->sort[0] == '-') : NULL,
                         .descending = w->sort == NULL || w->sort[0] == '-',
                         .limit = w->limit,
                         .total = total != NULL,
                         .conflicts = w->conflicts };
    json_t *rows = json_array();
    struct ln_err why = { 0 };
    int64_t n = 0;
    size_t i;
    json_t *row;

    if (ln_engine_may_list(w->d, &c->user, any, &l.n_any)) {
        if (l.n_any == 0 && w->mine != NULL) { /* those who read all see their own here */
            l.any = w->mine;
            l.n_any = w->n_mine;
        }
        ln_listing_spare(&l, unless, c, w->d);
        if (!ln_query_list(rows, &n, c->r->store, &l, &why))
            json_array_clear(rows);
        else if (total != NULL)
            *total += n;
    }
    json_array_foreach(rows, i, row)
    {
        if (ln_engine_may_read(w->d, &c->user, row))
            json_array_append_new(out, item_of(c, w, row));
    }
    json_decref(rows);
}

/* ---- filters of the definitions, for this caller and this moment */

struct filters {
    struct ln_where where[WHERE_MAX];
    char names[WHERE_MAX][LN_QUERY_NAME];
    char values[WHERE_MAX][VALUE_MAX];
    size_t n;
    bool overdue; /* the first two are what the list page calls overdue=1 */
    struct ln_where mine[2];
    size_t n_mine;
};

/* "@mine": records of the caller's own that the ref can lead to, such as a volunteer's. */
static void resolve_mine(char out[VALUE_MAX], struct ln_call *c, const struct ln_def_field *f)
{
    const struct ln_def_coll *to =
        f != NULL && f->to != NULL ? ln_def_find(c->n->def, f->to) : NULL;
    struct ln_err why = { 0 };
    json_t *rows = json_array();
    size_t at = 0;
    size_t i;
    json_t *row;

    out[0] = '\0';
    if (to != NULL && to->own != NULL && ln_def_field(to, to->own) != NULL &&
        c->user.person[0] != '\0') {
        const struct ln_where own = { to->own, LN_WHERE_IS, c->user.person };
        const struct ln_list l = { .coll = to->coll, .where = &own, .n = 1, .limit = MINE_MAX };
        if (!ln_query_list(rows, NULL, c->r->store, &l, &why))
            json_array_clear(rows);
    }
    json_array_foreach(rows, i, row)
    {
        at += (size_t)snprintf(out + at, VALUE_MAX - at, "%s%s", at > 0 ? "," : "",
                               ln_web_text(row, "id"));
    }
    json_decref(rows);
}

static void resolve(char out[VALUE_MAX], struct ln_call *c, const struct ln_def_field *f,
                    const char *value)
{
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    size_t at = 0;
    int64_t n;
    bool days;

    if (strcmp(value, "@me") == 0)
        (void)snprintf(out, VALUE_MAX, "%s", c->user.account);
    else if (strcmp(value, "@person") == 0)
        (void)snprintf(out, VALUE_MAX, "%s", c->user.person);
    else if (strcmp(value, "@mine") == 0)
        resolve_mine(out, c, f);
    else if (strcmp(value, "@homes") == 0) {
        out[0] = '\0';
        for (size_t i = 0; i < c->user.n_roles; i++)
            if (c->user.homes[i][0] != '\0')
                at += (size_t)snprintf(out + at, VALUE_MAX - at, "%s%s", at > 0 ? "," : "",
                                       c->user.homes[i]);
    } else if (ln_screen_time(&n, &days, value)) {
        int64_t ms = days ? now + n * DAY_MS : now + n;
        if (f != NULL && f->type == LN_TYPE_DATE)
            ln_engine_today(out, ms);
        else
            (void)snprintf(out, VALUE_MAX, "%" PRId64, ms);
    } else
        (void)snprintf(out, VALUE_MAX, "%s", value);
    if (out[0] == '\0' && value[0] == '@')
        (void)snprintf(out, VALUE_MAX, "-"); /* nobody: fits no record, where "" would fit many */
}

static void add_filter(struct filters *x, struct ln_call *c, const struct ln_def_coll *d,
                       const char *name, const char *value)
{
    if (x->n == WHERE_MAX)
        return;
    enum ln_where_op op = ln_query_op(x->names[x->n], name);
    resolve(x->values[x->n], c, ln_def_field(d, x->names[x->n]), value);
    x->where[x->n] = (struct ln_where){ x->names[x->n], op, x->values[x->n] };
    x->n++;
}

static void add_open(struct filters *x, struct ln_call *c, const struct ln_def_coll *d)
{
    char states[VALUE_MAX];
    size_t at = 0;

    for (size_t i = 0; i < d->n_states; i++)
        if (!ln_def_has(d->coll->final_states, d->states[i].name) && at < sizeof states - 64)
            at += (size_t)snprintf(states + at, sizeof states - at, "%s%s", at > 0 ? "," : "",
                                   d->states[i].name);
    add_filter(x, c, d, "state", at > 0 ? states : "-");
}

/* `where`, `open` and `own` of a list or figure. */
static struct filters *read_filters(struct ln_call *c, const struct ln_def_coll *d, const json_t *o)
{
    struct filters *x = ln_alloc(sizeof *x);
    const char *key;
    json_t *v;
    char here[80];

    x->n = 0;
    x->n_mine = 0;
    x->overdue = json_is_true(json_object_get(o, "overdue"));
    if (x->overdue) {
        add_filter(x, c, d, "due.lte", "@now");
        x->where[x->n++] = (struct ln_where){ "state", LN_WHERE_IS, d->running };
    }
    if (ln_def_field(d, "targets") != NULL) { /* what was published for this region */
        ln_listing_regions(here, c->n->config.region);
        add_filter(x, c, d, "region", here);
        if (x->n < WHERE_MAX)
            x->where[x->n++] =
                (struct ln_where){ "targets", LN_WHERE_REACHES, c->n->config.region };
    }
    json_object_foreach(json_object_get(o, "where"), key, v)
        add_filter(x, c, d, key, json_string_value(v));
    if (json_is_true(json_object_get(o, "open")) &&
        json_object_get(json_object_get(o, "where"), "state") == NULL)
        add_open(x, c, d);
    if (json_is_true(json_object_get(o, "own"))) {
        if (d->own != NULL && strcmp(d->own, "self") != 0 && c->user.person[0] != '\0')
            x->mine[x->n_mine++] = (struct ln_where){ d->own, LN_WHERE_IS, c->user.person };
        x->mine[x->n_mine++] =
            (struct ln_where){ "author", LN_WHERE_IS,
                               c->user.account[0] != '\0' ? c->user.account : "-" };
    }
    return x;
}

/* The same as a query of the list page: "state=a,b&due.lte=…". */
static json_t *query_of(const struct filters *x, bool own)
{
    struct ln_buf q = ln_buf_new(1 << 16);

    if (x->overdue)
        ln_buf_adds(&q, "overdue=1");
    for (size_t i = x->overdue ? 2 : 0; i < x->n; i++) {
        if (x->where[i].op == LN_WHERE_REACHES || strcmp(x->where[i].field, "region") == 0) {
            if (x->where[i].op == LN_WHERE_REACHES)
                ln_buf_addf(&q, "%shere=1", q.len > 0 ? "&" : "");
            continue;
        }
        ln_buf_addf(&q, "%s%s%s=%s", q.len > 0 ? "&" : "", x->names[i],
                    x->where[i].op == LN_WHERE_IS      ? ""
                    : x->where[i].op == LN_WHERE_FROM  ? ".gte"
                    : x->where[i].op == LN_WHERE_STALE ? ".stale"
                                                       : ".lte",
                    x->values[i]);
    }
    if (own)
        ln_buf_addf(&q, "%smine=1", q.len > 0 ? "&" : "");
    json_t *out = json_string(q.data);
    ln_buf_free(&q);
    return out;
}

/* ---- blocks */

/* Modules that are switched off (R11), by name. */
static json_t *modules_off(struct ln_call *c)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "module_setting");
    struct ln_where off[] = { { "enabled", LN_WHERE_IS, "false" } };
    json_t *rows = json_array();
    json_t *out = json_object();
    struct ln_err why = { 0 };
    size_t i;
    json_t *row;

    if (d != NULL) {
        struct ln_list l = { .coll = d->coll, .where = off, .n = 1, .limit = LN_QUERY_LIMIT };
        if (!ln_query_list(rows, NULL, c->r->store, &l, &why))
            json_array_clear(rows);
    }
    json_array_foreach(rows, i, row)
        json_object_set_new(out, ln_web_text(json_object_get(row, "f"), "module"), json_true());
    json_decref(rows);
    return out;
}

struct home {
    struct ln_call *c;
    const char *role;
    json_t *blocks, *off;
};

static void copy_keys(json_t *to, const json_t *from, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (json_object_get(from, *keys) != NULL && json_object_get(to, *keys) == NULL)
            json_object_set(to, *keys, json_object_get(from, *keys));
}

/* The block that this part belongs to: an own one, or that of its slot. */
static json_t *block_for(struct home *h, const struct ln_def_screen *s)
{
    static const char *const KEYS[] = { "title", "hint",       "empty",     "more",
                                        "limit", "collection", "statistic", NULL };
    json_t *b;
    size_t i;

    json_array_foreach(h->blocks, i, b)
    {
        if (s->slot != NULL && strcmp(ln_web_text(b, "slot"), s->slot) == 0) {
            if (s->coll != NULL && strcmp(ln_web_text(b, "collection"), s->coll->name) != 0) {
                json_object_del(b, "collection"); /* several: no list page shows them all */
                json_object_del(b, "query");
            }
            copy_keys(b, s->json, (const char *const[]){ "title", "hint", "empty", NULL });
            return b;
        }
    }
    b = json_pack("{s:s}", "kind", s->kind);
    if (s->slot != NULL)
        json_object_set_new(b, "slot", json_string(s->slot));
    copy_keys(b, s->json, KEYS);
    json_array_append_new(h->blocks, b);
    return b;
}

static json_t *array_of(json_t *block, const char *key)
{
    json_t *list = json_object_get(block, key);

    if (list == NULL) {
        list = json_array();
        json_object_set_new(block, key, list);
    }
    return list;
}

static unsigned limit_of(const json_t *o, unsigned standard)
{
    json_int_t n = json_integer_value(json_object_get(o, "limit"));

    return n > 0 && n <= ITEMS_MAX ? (unsigned)n : standard;
}

static void add_list(struct home *h, const struct ln_def_screen *s)
{
    struct ln_call *c = h->c;
    struct ln_where any[4];
    size_t n_any;

    if (!ln_engine_may_list(s->coll, &c->user, any, &n_any))
        return;
    struct filters *x = read_filters(c, s->coll, s->json);
    const char *sort = json_string_value(json_object_get(s->json, "sort"));
    struct wanted w = { .d = s->coll,
                        .where = x->where,
                        .n = x->n,
                        .mine = x->n_mine > 0 ? x->mine : NULL,
                        .n_mine = x->n_mine,
                        .sort = sort != NULL ? sort : s->coll->sort,
                        .by = json_string_value(json_object_get(s->json, "by")),
                        .show = json_object_get(s->json, "show"),
                        .limit = limit_of(s->json, 6) };
    json_t *b = block_for(h, s);
    int64_t before = json_integer_value(json_object_get(b, "total"));
    int64_t total = before;

    if (w.by != NULL && w.sort != NULL && strcmp(w.by, w.sort) == 0 && x->n < WHERE_MAX) {
        x->where[x->n] = (struct ln_where){ w.by, LN_WHERE_FROM, "0" }; /* with a time, first */
        w.n = x->n + 1;
        short_list(array_of(b, "items"), &total, c, &w);
        x->where[x->n].op = LN_WHERE_IS;
        x->where[x->n].value = ""; /* then without */
    }
    short_list(array_of(b, "items"), &total, c, &w);
    w.n = x->n; /* the list page takes all of it */
    json_object_set_new(b, "total", json_integer(total));
    if (total > before) /* where the rest of each part is */
        json_array_append_new(array_of(b, "parts"),
                              json_pack("{s:s,s:o,s:I}", "collection", s->coll->name, "query",
                                        query_of(x, x->n_mine > 0), "total",
                                        (json_int_t)(total - before)));
    if (json_object_get(b, "collection") != NULL)
        json_object_set_new(b, "query", query_of(x, x->n_mine > 0));
    ln_free(x);
}

static int64_t count_of(struct ln_call *c, const struct ln_def_coll *d, const struct filters *x)
{
    struct wanted w = { .d = d,
                        .where = x->where,
                        .n = x->n,
                        .mine = x->n_mine > 0 ? x->mine : NULL,
                        .n_mine = x->n_mine,
                        .limit = 1 };
    json_t *none = json_array();
    int64_t n = 0;

    short_list(none, &n, c, &w);
    json_decref(none);
    return n;
}

/* `days`: what was added in so many days, and before that in as many. */
static void add_figure(struct home *h, json_t *list, const json_t *o)
{
    static const char *const KEYS[] = { "label", "tone", "collection", "days", NULL };
    struct ln_call *c = h->c;
    const struct ln_def_coll *d = ln_def_find(c->n->def, ln_web_text(o, "collection"));
    json_int_t days = json_integer_value(json_object_get(o, "days"));
    struct ln_where any[4];
    size_t n_any;
    char word[LN_SCREEN_TOKEN];

    if (d == NULL || !ln_engine_may_list(d, &c->user, any, &n_any))
        return;
    struct filters *x = read_filters(c, d, o);
    json_t *out = json_object();
    copy_keys(out, o, KEYS);
    if (days > 0 && x->n + 2 <= WHERE_MAX) {
        (void)snprintf(word, sizeof word, "@now-%" JSON_INTEGER_FORMAT "d", 2 * days);
        add_filter(x, c, d, "created.gte", word);
        (void)snprintf(word, sizeof word, "@now-%" JSON_INTEGER_FORMAT "d", days);
        add_filter(x, c, d, "created.lte", word);
        json_object_set_new(out, "before", json_integer(count_of(c, d, x)));
        x->n -= 2;
        add_filter(x, c, d, "created.gte", word);
    }
    json_object_set_new(out, "n", json_integer(count_of(c, d, x)));
    json_object_set_new(out, "query", query_of(x, x->n_mine > 0));
    json_array_append_new(list, out);
    ln_free(x);
}

/* A tile is shown when its module is there and what it needs is allowed; of those with one key
 * only the first by rank. */
static void add_tile(struct home *h, json_t *list, const json_t *o)
{
    struct ln_call *c = h->c;
    const char *coll = ln_web_text(o, "collection");
    const struct ln_def_coll *d = coll[0] != '\0' ? ln_def_find(c->n->def, coll) : NULL;
    const char *needs = ln_web_text(o, "needs");
    struct ln_where any[4];
    size_t n_any;
    size_t i;
    json_t *other;

    if (d != NULL && json_object_get(h->off, d->module) != NULL)
        return;
    if (strcmp(needs, "create") == 0 && c->known && !ln_engine_may_create(d, &c->user))
        return;
    if (strcmp(needs, "read") == 0 && !ln_engine_may_list(d, &c->user, any, &n_any))
        return;
    json_array_foreach(list, i, other)
    {
        if (ln_web_text(o, "key")[0] != '\0' &&
            strcmp(ln_web_text(other, "key"), ln_web_text(o, "key")) == 0)
            return;
    }
    json_array_append(list, (json_t *)(uintptr_t)o);
}

/* What has not been checked for long, collection by collection. */
static void add_stale(struct home *h, const struct ln_def_screen *s)
{
    struct ln_call *c = h->c;

    for (size_t i = 0; i < c->n->def->n_colls; i++) {
        const struct ln_def_coll *d = &c->n->def->colls[i];
        char before[11];
        struct ln_where stale[] = { { "checked", LN_WHERE_STALE, before } };
        struct wanted w = { .d = d,
                            .where = stale,
                            .n = 1,
                            .sort = "checked",
                            .by = "checked",
                            .limit = limit_of(s->json, 4) };
        int64_t total = 0;
        json_t *items = json_array();
        ln_engine_fresh_since(before, d, c->n->env.now_ms(c->n->env.ctx));
        if (before[0] != '\0')
            short_list(items, &total, c, &w);
        if (total > 0) {
            json_t *b = json_pack("{s:s,s:s,s:I,s:O,s:s}", "kind", "stale", "collection", d->name,
                                  "total", (json_int_t)total, "items", items, "query", "stale=1");
            json_object_set_new(b, "title",
                                json_pack("{s:o,s:o}", "zh",
                                          json_sprintf("待核实：%s", d->label.zh), "en",
                                          json_sprintf("To be checked: %s", d->label.en)));
            json_array_append_new(h->blocks, b);
        }
        json_decref(items);
    }
}

static json_t *conflict_items(struct ln_call *c, unsigned limit)
{
    json_t *items = json_array();

    for (size_t i = 0; i < c->n->def->n_colls && json_array_size(items) < limit; i++) {
        struct wanted w = { .d = &c->n->def->colls[i], .limit = limit, .conflicts = true };
        short_list(items, NULL, c, &w);
    }
    return items;
}

/* ---- what waits for a decision: README "First screens", kind `queues` */

static const struct {
    const char *name, *page;
    struct ln_def_label label;
} QUEUES[] = {
    { "conflicts", "queues/conflicts", { "有冲突", "In conflict" } },
    { "duplicates", "queues/twins", { "可能重复", "Possible duplicates" } },
    { "refused", "queues/refused", { "未被接受", "Not accepted" } },
    { "void", "queues/refused?of=void", { "设备停用后作废", "Void after a revocation" } },
    { "not_taken", "queues/refused?of=not_taken", { "未采用的步骤", "Steps not taken" } },
    { "stale", "", { "待核实", "To be checked" } },
};

json_t *ln_api_home_queue_names(void)
{
    json_t *out = json_object();

    for (size_t i = 0; i < sizeof QUEUES / sizeof QUEUES[0]; i++)
        json_object_set_new(
            out, QUEUES[i].name,
            json_pack("{s:s,s:s}", "zh", QUEUES[i].label.zh, "en", QUEUES[i].label.en));
    return out;
}

static void add_waiting(json_t *list, const struct ln_def_label *label, int64_t n, const char *page,
                        const char *query)
{
    if (n > 0)
        json_array_append_new(list, json_pack("{s:{s:s,s:s},s:I,s:s,s:s,s:s}", "label", "zh",
                                              label->zh, "en", label->en, "n", (json_int_t)n,
                                              "tone", "bad", "collection", page, "query", query));
}

/* Figures that lead to the queue; of what was not checked for long, one a collection, as far as the
 * caller reads it. */
static void add_queues(struct home *h, const struct ln_def_screen *s)
{
    struct ln_call *c = h->c;
    json_t *queues = json_object();
    json_t *b = block_for(h, s);
    json_t *list = array_of(b, "figures");
    struct ln_err why = { 0 };

    json_object_set_new(b, "kind", json_string("figures"));
    if (!ln_pending_queues(queues, c->r->store, &why))
        ln_log_err(LN_LOG_WARN, &why, "queues");
    for (size_t i = 0; i < sizeof QUEUES / sizeof QUEUES[0]; i++)
        add_waiting(list, &QUEUES[i].label,
                    json_integer_value(json_object_get(queues, QUEUES[i].name)), QUEUES[i].page,
                    "");
    for (size_t i = 0; i < c->n->def->n_colls; i++) {
        const struct ln_def_coll *d = &c->n->def->colls[i];
        char before[11];
        char zh[200];
        char en[200];
        struct ln_where stale[] = { { "checked", LN_WHERE_STALE, before } };
        struct wanted w = { .d = d, .where = stale, .n = 1, .limit = 1 };
        const struct ln_def_label label = { zh, en };
        int64_t total = 0;
        json_t *items = json_array();
        ln_engine_fresh_since(before, d, c->n->env.now_ms(c->n->env.ctx));
        if (before[0] != '\0')
            short_list(items, &total, c, &w);
        (void)snprintf(zh, sizeof zh, "待核实：%s", d->label.zh);
        (void)snprintf(en, sizeof en, "To be checked: %s", d->label.en);
        add_waiting(list, &label, total, d->name, "stale=1");
        json_decref(items);
    }
    json_decref(queues);
}

/* Kind `calendar`: a year whose days off are not known yet, this one or, from November on, the
 * next. */
static void add_calendar(struct home *h, const struct ln_def_screen *s)
{
    struct ln_call *c = h->c;
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    char today[11];

    ln_engine_today(today, now);
    long year = strtol(today, NULL, 10);
    bool late = strtol(today + 5, NULL, 10) >= 11;
    json_t *b = block_for(h, s);
    json_t *items = array_of(b, "items");
    json_object_set_new(b, "kind", json_string("urgent"));
    for (long y = year; y <= year + late; y++)
        if (!ln_calendar_arranged(c->r->store, c->n->def, y))
            json_array_append_new(
                items,
                json_pack(
                    "{s:s,s:s,s:o,s:s,s:I}", "id", "new", "collection", "calendar_year", "title",
                    json_sprintf(c->q->zh ? "%ld 年放假安排还没有录入"
                                          : "The days off of %ld are not entered",
                                 y),
                    "sub",
                    c->q->zh ? "期限暂按周末和法定节日计算；国务院公布后请录入或导入“工作日历”"
                             : "Terms follow the week and the days set by law; once the State "
                               "Council published them, enter or import the working days",
                    "created_at", (json_int_t)now));
}

static void add_plain(struct home *h, const struct ln_def_screen *s)
{
    json_t *b = block_for(h, s);

    if (strcmp(s->kind, "conflicts") == 0) {
        json_t *items = conflict_items(h->c, limit_of(s->json, 6));
        json_object_set_new(b, "total", json_integer((json_int_t)json_array_size(items)));
        json_object_set_new(b, "items", items);
    }
    if (strcmp(s->kind, "alarms") == 0)
        json_object_set_new(b, "items", ln_api_alarm_open(h->c));
}

static void add_screen(struct home *h, const struct ln_def_screen *s)
{
    const char *many = strcmp(s->kind, "figures") == 0 ? "figures" : "tiles";
    size_t i;
    json_t *o;

    if (strcmp(s->kind, "list") == 0 || strcmp(s->kind, "urgent") == 0)
        add_list(h, s);
    else if (strcmp(s->kind, "stale") == 0)
        add_stale(h, s);
    else if (strcmp(s->kind, "calendar") == 0)
        add_calendar(h, s);
    else if (strcmp(s->kind, "queues") == 0)
        add_queues(h, s);
    else if (json_object_get(s->json, many) != NULL) {
        json_t *list = array_of(block_for(h, s), many);
        json_array_foreach(json_object_get(s->json, many), i, o)
        {
            if (many[0] == 'f')
                add_figure(h, list, o);
            else
                add_tile(h, list, o);
        }
    } else
        add_plain(h, s);
}

/* Several modules in one list: by time, what has none after that, newest first. */
static int by_time(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a;
    const json_t *y = *(json_t *const *)b;
    const char *dx = json_string_value(json_object_get(x, "day"));
    const char *dy = json_string_value(json_object_get(y, "day"));
    json_int_t tx = json_integer_value(json_object_get(x, "at"));
    json_int_t ty = json_integer_value(json_object_get(y, "at"));
    char bx[11];
    char by[11];

    if (tx != 0 && ty != 0)
        return (tx > ty) - (tx < ty);
    if ((tx != 0 || dx != NULL) && (ty != 0 || dy != NULL)) {
        if (dx == NULL)
            ln_engine_today(bx, tx);
        if (dy == NULL)
            ln_engine_today(by, ty);
        return strcmp(dx != NULL ? dx : bx, dy != NULL ? dy : by);
    }
    if (tx != 0 || dx != NULL || ty != 0 || dy != NULL)
        return tx != 0 || dx != NULL ? -1 : 1;
    tx = json_integer_value(json_object_get(x, "created_at"));
    ty = json_integer_value(json_object_get(y, "created_at"));
    return (ty > tx) - (ty < tx);
}

/* Whether none before it in the list is of the same collection. */
static bool first_of_its_kind(json_t *const *list, size_t i)
{
    const char *coll = ln_web_text(list[i], "collection");

    for (size_t k = 0; k < i; k++)
        if (strcmp(ln_web_text(list[k], "collection"), coll) == 0)
            return false;
    return true;
}

/* The first of them by time, and of each collection at least one: what has no term is not crowded
 * out by what is late. */
static void sort_items(json_t *block)
{
    json_t *items = json_object_get(block, "items");
    size_t n = json_array_size(items);
    size_t limit = limit_of(block, 8);
    json_t **list;

    if (n < 2 || json_object_get(block, "slot") == NULL)
        return;
    list = ln_alloc_array(n, sizeof(json_t *));
    for (size_t i = 0; i < n; i++)
        list[i] = json_incref(json_array_get(items, i));
    qsort(list, n, sizeof *list, by_time);
    json_array_clear(items);
    for (size_t i = 0; i < n; i++) {
        if (i < limit || first_of_its_kind(list, i))
            json_array_append(items, list[i]);
    }
    for (size_t i = 0; i < n; i++)
        json_decref(list[i]);
    ln_free(list);
}

/* Blocks that say nothing are not there: no tile allowed, nothing urgent. */
static bool says_nothing(const json_t *b)
{
    const char *kind = ln_web_text(b, "kind");

    if (strcmp(kind, "urgent") == 0 || strcmp(kind, "conflicts") == 0 ||
        strcmp(kind, "alarms") == 0)
        return json_array_size(json_object_get(b, "items")) == 0;
    if (strcmp(kind, "tiles") == 0 || strcmp(kind, "actions") == 0)
        return json_array_size(json_object_get(b, "tiles")) == 0;
    return strcmp(kind, "figures") == 0 && json_array_size(json_object_get(b, "figures")) == 0;
}

bool ln_api_home_get(struct ln_call *c, struct ln_err *err)
{
    struct home h = { .c = c, .role = ln_http_query(c->q, "role"), .blocks = json_array() };

    (void)err;
    if (h.role == NULL || !ln_engine_has_role(&c->user, h.role))
        h.role = c->user.n_roles > 0 ? c->user.roles[0] : "guest";
    h.off = modules_off(c);
    for (size_t i = 0; i < c->n->def->n_screens; i++) {
        const struct ln_def_screen *s = &c->n->def->screens[i];
        if (ln_def_has(s->roles, h.role) && json_object_get(h.off, s->module) == NULL)
            add_screen(&h, s);
    }
    for (size_t i = json_array_size(h.blocks); i-- > 0;) {
        if (says_nothing(json_array_get(h.blocks, i)))
            json_array_remove(h.blocks, i);
        else
            sort_items(json_array_get(h.blocks, i));
    }
    json_decref(h.off);
    return ln_web_json(c, 200, json_pack("{s:s,s:o}", "role", h.role, "blocks", h.blocks));
}

/* ---- search over all that has a full text, as far as the caller reads it */

#define SEARCH_EACH 8
#define SEARCH_ALL 60

bool ln_api_home_search(struct ln_call *c, struct ln_err *err)
{
    const char *q = ln_http_query(c->q, "q");
    json_t *items = json_array();

    (void)err;
    for (size_t m = 0; q != NULL && q[0] != '\0' && m < c->n->def->n_colls; m++) {
        struct wanted w = { .d = &c->n->def->colls[m], .text = q, .limit = SEARCH_EACH };
        size_t from = json_array_size(items);
        if (w.d->search == NULL || from >= SEARCH_ALL)
            continue;
        w.show = json_object_get(w.d->json, "list");
        short_list(items, NULL, c, &w);
        for (size_t i = from; i < json_array_size(items); i++)
            json_object_set_new(json_array_get(items, i), "what",
                                json_pack("{s:s,s:s}", "zh", w.d->label.zh, "en", w.d->label.en));
    }
    return ln_web_json(c, 200, json_pack("{s:o}", "items", items));
}

/* ---- what refers to a record */

#define RELATED_EACH 5

static void add_related(json_t *groups, struct ln_call *c, const struct ln_def_coll *of,
                        const struct ln_def_coll *d, const struct ln_def_field *f, const char *id)
{
    struct ln_where where[] = { { f->name, LN_WHERE_IS, id } };
    struct wanted w = { .d = d, .where = where, .n = 1, .limit = RELATED_EACH };
    struct ln_where any[4];
    size_t n_any;
    int64_t total = 0;

    if (f->type != LN_TYPE_REF || f->internal || f->to == NULL || strcmp(f->to, of->name) != 0 ||
        !ln_engine_may_list(d, &c->user, any, &n_any))
        return;
    json_t *items = json_array();
    w.sort = d->sort;
    w.show = json_object_get(d->json, "list");
    short_list(items, &total, c, &w);
    json_array_append_new(groups, json_pack("{s:s,s:s,s:I,s:o}", "collection", d->name, "field",
                                            f->name, "total", (json_int_t)total, "items", items));
}

bool ln_api_home_related(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *of = ln_def_find(c->n->def, c->q->arg[0]);
    struct ln_id id;
    json_t *row = NULL;

    if (of == NULL || !ln_clock_id_read(&id, ln_span_of(c->q->arg[1])))
        return ln_fail(err, LN_MISSING, "no such record");
    if (!ln_query_record(&row, c->r->store, &id, err))
        return false;
    bool may = row != NULL && strcmp(ln_web_text(row, "collection"), of->name) == 0 &&
               ln_engine_may_read(of, &c->user, row);
    json_decref(row);
    if (!may)
        return ln_fail(err, LN_MISSING, "no such record");
    json_t *groups = json_array();
    for (size_t i = 0; i < c->n->def->n_colls; i++)
        for (size_t k = 0; k < c->n->def->colls[i].n_fields; k++)
            add_related(groups, c, of, &c->n->def->colls[i], &c->n->def->colls[i].fields[k],
                        c->q->arg[1]);
    return ln_web_json(c, 200, json_pack("{s:o}", "groups", groups));
}
