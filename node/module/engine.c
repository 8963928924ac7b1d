/* Saving by the definitions: see engine.h. */
#include "node/module/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/module/check.h"
#include "node/module/flow.h"
#include "node/module/grid.h"
#include "node/module/refusal.h"
#include "node/module/setting.h"
#include "node/module/special.h"
#include "node/store/attachment.h"

#define CHINA_MS INT64_C(28800000) /* UTC+8 */
#define DAY_MS INT64_C(86400000)
#define DRAFTS 4

/* ---- canonical JSON */

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void canon_object(struct ln_buf *out, const json_t *v)
{
    size_t n = json_object_size(v);
    const char **keys = ln_alloc_array(n + 1, sizeof *keys);
    const char *key;
    json_t *value;
    size_t i = 0;

    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        (void)value;
        keys[i++] = key;
    }
    qsort(keys, n, sizeof *keys, by_key);
    ln_buf_addc(out, '{');
    for (i = 0; i < n; i++) {
        if (i > 0)
            ln_buf_addc(out, ',');
        ln_canon_add_string(out, keys[i], strlen(keys[i]));
        ln_buf_addc(out, ':');
        ln_engine_canon(out, json_object_get(v, keys[i]));
    }
    ln_buf_addc(out, '}');
    ln_free(keys);
}

void ln_engine_canon(struct ln_buf *out, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        canon_object(out, v);
        break;
    case JSON_ARRAY:
        ln_buf_addc(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i > 0)
                ln_buf_addc(out, ',');
            ln_engine_canon(out, json_array_get(v, i));
        }
        ln_buf_addc(out, ']');
        break;
    case JSON_STRING:
        ln_canon_add_string(out, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        ln_canon_add_int(out, json_integer_value(v));
        break;
    case JSON_REAL: /* no field has that type: the check refused it */
    case JSON_NULL:
        ln_buf_adds(out, "null");
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        ln_buf_adds(out, json_is_true(v) ? "true" : "false");
        break;
    }
}

void ln_engine_today(char out[11], int64_t now_ms)
{
    time_t t = (time_t)((now_ms + CHINA_MS) / 1000);
    struct tm tm = { 0 };

    (void)gmtime_r(&t, &tm);
    (void)strftime(out, 11, "%Y-%m-%d", &tm);
}

void ln_engine_fresh_since(char out[11], const struct ln_def_coll *d, int64_t now_ms)
{
    out[0] = '\0';
    if (d->fresh_days > 0)
        ln_engine_today(out, now_ms - d->fresh_days * INT64_C(86400000));
}

/* ---- one job at work */

struct work {
    struct ln_engine_job *j;
    struct ln_replica *r;
    json_t *row; /* the record as it stands; NULL on create */
    struct ln_draft drafts[DRAFTS];
    struct ln_buf plain[DRAFTS], sealed[DRAFTS];
    size_t n;
    char audience[LN_AUDIENCE_MAX];
    char narrow[LN_AUDIENCE_MAX]; /* of fields for fewer readers */
    char today[11];
    int64_t now_ms;
};

/* No, in words of both languages: {0} is the collection, the others `a` and `b`. */
static bool refuse(const struct work *w, enum ln_code code, const char *zh, const char *en,
                   struct ln_def_label a, struct ln_def_label b, struct ln_err *err)
{
    const struct ln_def_label say = { zh, en };

    return ln_refusal(&w->j->problems, code, "", &say, LN_REFUSAL_ARGS(w->j->c->label, a, b), err);
}

static const struct ln_def_label NOTHING = { "", "" };

/* The same, {1} being who may. */
static bool refuse_role(const struct work *w, const char *const *who, const char *zh,
                        const char *en, struct ln_def_label what, struct ln_err *err)
{
    struct ln_refusal_list l = ln_refusal_list();

    ln_refusal_roles(&l, w->j->e->def, who);
    (void)refuse(w, LN_DENIED, zh, en, ln_refusal_said(&l), what, err);
    ln_refusal_free(&l);
    return false;
}

static const char *row_text(const struct work *w, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(w->row, "f"), name));

    return text != NULL ? text : "";
}

static bool is_public(const char *audience)
{
    return strcmp(audience, "public") == 0;
}

/* What a line of `f` says in the clear, and what is sealed. Into public nothing is sealed, and
 * nothing goes that names who stands behind. */
static void split(const struct work *w, struct ln_buf *plain, struct ln_buf *sealed,
                  const json_t *f, bool widen)
{
    const struct ln_def_coll *c = w->j->c;
    bool open = is_public(w->audience);
    json_t *a = json_object();
    json_t *b = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)f, key, value)
    {
        const struct ln_def_field *d = ln_def_field(c, key);
        bool names = strcmp(key, "author") == 0 || strcmp(key, "on_behalf_of") == 0 ||
                     strcmp(key, "reporter") == 0;
        if (d != NULL && (open || widen) && (d->mark == LN_MARK_SENSITIVE || d->audience == 'C'))
            continue;
        if (open && names && !w->j->u->system)
            continue;
        json_object_set(d != NULL && !open && d->mark != LN_MARK_PLAIN ? b : a, key, value);
    }
    if (json_object_size(a) > 0)
        ln_engine_canon(plain, a);
    if (json_object_size(b) > 0)
        ln_engine_canon(sealed, b);
    json_decref(a);
    json_decref(b);
}

/* ---- who was erased */

bool ln_engine_erased(bool *yes, struct ln_store *s, const char *id, struct ln_err *err)
{
    struct ln_id person;

    *yes = false;
    return !ln_clock_id_read(&person, ln_span_of(id)) || s->ops->erased(s->ctx, &person, yes, err);
}

/* Whom a record is about, as `f` has it or as it stands: its own id when it is about nobody else,
 * "" when it names nobody. */
static const char *about(const struct work *w, const json_t *f)
{
    const char *subject = w->j->c->coll->subject;

    if (subject == NULL || strcmp(subject, "self") == 0)
        return w->j->id != NULL ? w->j->id : "";
    const char *person = json_string_value(json_object_get(f, subject));
    return person != NULL ? person : row_text(w, subject);
}

static bool refuse_erased(const struct work *w, struct ln_err *err)
{
    bool self = w->j->id != NULL && strcmp(about(w, NULL), w->j->id) == 0;

    if (self && strcmp(w->j->c->name, "person") != 0)
        return refuse(w, LN_DENIED, "这条「{0}」的内容已经销毁，不能再填写：请另行登记",
                      "the contents of this record ({0}) were erased, nothing is written into it "
                      "any more: add another one",
                      NOTHING, NOTHING, err);
    return refuse(w, LN_DENIED,
                  "此人的信息已经删除，「{0}」不能再填写：如此人再来办事，请重新登记为新的居民",
                  "this person's data were erased, nothing is written here ({0}) any more: who "
                  "comes again is registered anew",
                  NOTHING, NOTHING, err);
}

/* Nothing new is written about somebody who was erased, nor into the record itself. Days and states
 * of what is about them go on: a residence still ends. */
static bool still_kept(struct work *w, const json_t *f, struct ln_err *err)
{
    const char *who = about(w, f);
    bool gone = false;

    if (w->j->u->system || !ln_engine_erased(&gone, ln_replica_store(w->r), who, err))
        return w->j->u->system;
    if (!gone)
        return true;
    bool writes = w->j->kind == LN_ENGINE_CREATE ||
                  (w->j->kind == LN_ENGINE_UPDATE && strcmp(who, w->j->id) == 0);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)f, key, value)
    {
        const struct ln_def_field *d = ln_def_field(w->j->c, key);
        writes = writes || (d != NULL && d->mark != LN_MARK_PLAIN && !json_is_null(value));
    }
    return !writes || refuse_erased(w, err);
}

static struct ln_draft *draft(struct work *w, enum ln_op op, const json_t *f, bool widen)
{
    struct ln_draft *d = &w->drafts[w->n];
    struct ln_buf *plain = &w->plain[w->n];
    struct ln_buf *sealed = &w->sealed[w->n];

    w->n++;
    *plain = ln_buf_new(LN_CHANGE_MAX);
    *sealed = ln_buf_secret(LN_CHANGE_MAX);
    *d = (struct ln_draft){
        .op = op, .collection = w->j->c->name, .audience = w->audience, .channel = w->j->channel
    };
    if (w->j->id != NULL)
        (void)!ln_clock_id_read(&d->record, ln_span_of(w->j->id));
    if (!is_public(w->audience) && w->j->u->account[0] != '\0')
        d->user = w->j->u->account;
    if (f != NULL)
        split(w, plain, sealed, f, widen);
    d->fields = (struct ln_span){ plain->data, plain->len };
    d->sealed = (struct ln_span){ sealed->data, sealed->len };
    const char *subject = w->j->c->coll->subject;
    const char *person = subject != NULL ? json_string_value(json_object_get(f, subject)) : NULL;
    if (person == NULL && subject != NULL)
        person = row_text(w, subject);
    struct ln_err why = { 0 };
    bool gone = false; /* then what is said of a step goes with the record's own key */
    if (person != NULL && person[0] != '\0' &&
        (!ln_engine_erased(&gone, ln_replica_store(w->r), person, &why) || !gone))
        (void)!ln_clock_id_read(&d->subject, ln_span_of(person));
    return d;
}

static bool save(struct work *w, struct ln_err *err)
{
    for (size_t i = 0; i < w->n; i++)
        if (!ln_buf_done(&w->plain[i], "record", err) || !ln_buf_done(&w->sealed[i], "record", err))
            return false;
    return ln_replica_save(w->r, w->drafts, w->n, err);
}

/* ---- hooks */

static struct ln_special_call hook(const struct work *w, const struct ln_def_step *s, json_t *f)
{
    struct ln_engine_job *j = w->j;

    if (j->problems == NULL)
        j->problems = json_array();
    return (struct ln_special_call){ .e = j->e,
                                     .r = w->r,
                                     .u = j->u,
                                     .kind = j->kind,
                                     .c = j->c,
                                     .step = s,
                                     .id = j->out_id,
                                     .row = w->row,
                                     .f = f,
                                     .given = s != NULL ? j->f : NULL,
                                     .channel = j->channel,
                                     .today = w->today,
                                     .now_ms = w->now_ms,
                                     .problems = j->problems };
}

static bool before(struct work *w, const struct ln_def_step *s, json_t *f, struct ln_err *err)
{
    struct ln_special_call x = hook(w, s, f);

    return ln_special_before(&x, err);
}

static bool after(struct work *w, const struct ln_def_step *s, json_t *f, struct ln_err *err)
{
    struct ln_special_call x = hook(w, s, f);

    return ln_special_after(&x, err);
}

/* ---- attachments: who writes names them by `sha`; what the record holds is what the upload made,
 * or what the field held before */

static const json_t *held_value(const json_t *old, const char *sha)
{
    size_t n = json_is_array(old) ? json_array_size(old) : old != NULL;

    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_is_array(old) ? json_array_get(old, i) : old;
        const char *s = json_string_value(json_object_get(v, "sha"));
        if (s != NULL && strcmp(s, sha) == 0)
            return v;
    }
    return NULL;
}

/* A new reference to the value to be kept; NULL and `err` untouched when there is none. */
static json_t *settle_one(struct work *w, const json_t *old, const json_t *given, bool *ok,
                          struct ln_err *err)
{
    const char *hex = json_string_value(json_object_get(given, "sha"));
    struct ln_buf text = ln_buf_secret(4096);
    struct ln_sha256 sha;
    struct ln_id account;
    json_t *out = NULL;

    if (hex == NULL || !ln_encode_unhex(sha.b, sizeof sha.b, ln_span_of(hex)))
        goto out;
    const json_t *held = held_value(old, hex);
    if (held != NULL) {
        out = json_deep_copy(held);
        goto out;
    }
    if (!ln_clock_id_read(&account, ln_span_of(w->j->u->account)))
        goto out;
    *ok = ln_upload_take(&text, ln_sqlstore_db(w->j->e->writer), &sha, &account, err);
    if (*ok && text.len > 0)
        out = json_loadb(text.data, text.len, 0, NULL);
out:
    ln_buf_free(&text);
    return out;
}

static bool settle_files(struct work *w, json_t *f, struct ln_err *err)
{
    const json_t *now = json_object_get(w->row, "f");
    bool ok = true;

    for (size_t i = 0; ok && i < w->j->c->n_fields; i++) {
        const struct ln_def_field *d = &w->j->c->fields[i];
        const json_t *v = json_object_get(f, d->name);
        const json_t *old = json_object_get(now, d->name);
        if (d->type == LN_TYPE_FILE && json_is_object(v)) {
            json_t *one = settle_one(w, old, v, &ok, err);
            if (one != NULL) /* else the check says what is wrong */
                json_object_set_new(f, d->name, one);
        } else if (d->type == LN_TYPE_FILES && json_is_array(v)) {
            json_t *list = json_array();
            for (size_t k = 0; ok && k < json_array_size(v) && k <= LN_CHECK_FILES; k++) {
                json_t *one = settle_one(w, old, json_array_get(v, k), &ok, err);
                json_array_append_new(list, one != NULL ? one : json_null());
            }
            json_object_set_new(f, d->name, list);
        }
    }
    return ok;
}

/* ---- audiences */

static bool find_grid(char grid[LN_GRID_MAX], const struct work *w, const json_t *f,
                      struct ln_err *err)
{
    return ln_grid_find(grid, w->j->e->writer, w->j->e->def, w->j->c, w->j->id, f, w->today, err);
}

/* A row that goes with another record stands where that one stands, whoever of those who read it
 * writes: an answer from above reaches the community that is concerned, and no other. */
static bool audience_of(bool *placed, struct work *w, const json_t *f, struct ln_err *err)
{
    const char *text = json_string_value(json_object_get(f, w->j->c->follows));
    json_t *row = NULL;
    struct ln_id id;

    *placed = false;
    if (text == NULL || !ln_clock_id_read(&id, ln_span_of(text)))
        return true;
    if (!ln_query_record(&row, w->j->e->writer, &id, err))
        return false;
    const char *audience = json_string_value(json_object_get(row, "audience"));
    *placed = audience != NULL;
    if (*placed)
        (void)snprintf(w->audience, sizeof w->audience, "%s", audience);
    json_decref(row);
    return true;
}

/* The widest region of a home above this node among the parties; "" all are of this place. */
static bool farthest(char out[LN_REGION_LEN + 1], struct work *w, const json_t *parties,
                     struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(w->r);

    out[0] = '\0';
    for (size_t i = 0; self != NULL && i < json_array_size(parties); i++) {
        const char *text = json_string_value(json_array_get(parties, i));
        json_t *row = NULL;
        struct ln_id id;
        if (text == NULL || !ln_clock_id_read(&id, ln_span_of(text)))
            continue;
        if (!ln_query_record(&row, w->j->e->writer, &id, err))
            return false;
        const char *region = json_string_value(json_object_get(row, "region"));
        if (region != NULL && strcmp(region, self->region) != 0 &&
            ln_cert_region_holds(region, self->region) &&
            (out[0] == '\0' || ln_cert_region_holds(region, out)))
            (void)snprintf(out, LN_REGION_LEN + 1, "%s", region);
        json_decref(row);
    }
    return true;
}

/* Parties above: for this node and its parent alone where that is who is written to, else for the
 * nodes up to the district or the province. */
static bool reach_up(bool *placed, struct work *w, const char *region, const json_t *f,
                     struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(w->r);
    const struct ln_cert *parent = self != NULL && self->parent[0] != '\0'
                                       ? ln_authority_find(ln_replica_authority(w->r), self->parent)
                                       : NULL;
    char far[LN_REGION_LEN + 1];

    *placed = false;
    if (!farthest(far, w, json_object_get(f, w->j->c->reach), err))
        return false;
    if (far[0] == '\0')
        return true;
    if (parent != NULL && strcmp(parent->region, far) == 0)
        ln_audience_name(w->audience, 'N', region, "", self->parent);
    else
        ln_audience_name(w->audience, strcmp(far + 2, "0000000000") == 0 ? 'V' : 'D', region, "",
                         "");
    *placed = true;
    return true;
}

static bool name_audience(struct work *w, char code, const char *region, const json_t *f,
                          struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(w->r);
    char grid[LN_GRID_MAX] = "";
    bool placed = false;

    if (w->j->c->follows != NULL && !audience_of(&placed, w, f, err))
        return false;
    if (!placed && w->j->c->reach != NULL && !reach_up(&placed, w, region, f, err))
        return false;
    if (placed)
        return true;
    if (w->j->c->to_parent && self != NULL && self->parent[0] != '\0') {
        ln_audience_name(w->audience, 'N', region, "", self->parent);
        return true;
    }
    if (code == 'N') /* the parties' own: inside the community, and in its grid when it has one */
        code = 'C';
    if (code == 'C' && !find_grid(grid, w, f, err))
        return false;
    if (self != NULL && self->role == LN_ROLE_LAPTOP && code == 'C' && grid[0] == '\0' &&
        self->n_grids > 0)
        (void)snprintf(grid, sizeof grid, "%s", self->grids[0]);
    ln_audience_name(w->audience, code, region, grid, "");
    return true;
}

/* ---- numbers people can say: <module letter><12 digits>-<yymmdd>-<node letter><serial> */

static bool next_number(char out[48], struct work *w, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(w->r);
    struct ln_store *s = ln_replica_store(w->r);
    struct ln_buf kept = ln_buf_new(32);
    char key[40];
    char text[24];
    bool found = false;

    (void)snprintf(key, sizeof key, "number/%c/%s", w->j->c->number, w->today);
    if (!s->ops->meta_get(s->ctx, key, &kept, &found, err))
        return false;
    unsigned long n = (found ? strtoul(kept.data, NULL, 10) : 0) + 1;
    ln_buf_free(&kept);
    (void)snprintf(text, sizeof text, "%lu", n);
    /* The letter tells boxes and laptops of one community apart; their ids are random. */
    char letter = self->role == LN_ROLE_LAPTOP ? self->node[13] : 'A';
    if (letter >= 'a' && letter <= 'z')
        letter = (char)(letter - 'a' + 'A');
    (void)snprintf(out, 48, "%c%s-%.2s%.2s%.2s-%c%lu", w->j->c->number, self->region, w->today + 2,
                   w->today + 5, w->today + 8, letter, n);
    return s->ops->meta_put(s->ctx, key, ln_span_of(text), err);
}

/* ---- create */

/* `days` from today on, as a default says it: "", "+30", "-365". */
static void set_day(json_t *f, const char *name, int64_t now_ms, const char *days)
{
    char day[11];

    ln_engine_today(day, now_ms + strtol(days, NULL, 10) * INT64_C(86400000));
    json_object_set_new(f, name, json_string(day));
}

static void fill_in(struct work *w, json_t *f)
{
    const struct ln_def_coll *c = w->j->c;
    const struct ln_user *u = w->j->u;

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_def_field *d = &c->fields[i];
        json_t *v = json_object_get(f, d->name);
        if (json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0))
            json_object_del(f, d->name); /* an empty field is no field */
        if (json_object_get(f, d->name) != NULL || d->initial == NULL)
            continue;
        const char *word = json_string_value(d->initial);
        if (d->type == LN_TYPE_REF && word != NULL && strcmp(word, "me") == 0) {
            if (u->account[0] != '\0')
                json_object_set_new(f, d->name, json_string(u->account));
        } else if (d->type == LN_TYPE_REF && word != NULL && strcmp(word, "mine") == 0)
            continue; /* pages fill it in: it is a choice where there are two */
        else if (d->type == LN_TYPE_REF && word != NULL && strcmp(word, "person") == 0) {
            if (u->person[0] != '\0' && !ln_engine_staff(u))
                json_object_set_new(f, d->name, json_string(u->person));
        } else if (d->type == LN_TYPE_DATE && word != NULL && strncmp(word, "today", 5) == 0)
            set_day(f, d->name, w->now_ms, word + 5);
        else if (d->type == LN_TYPE_CODE && json_is_integer(d->initial))
            json_object_set_new(f, d->name,
                                json_sprintf("%d", (int)json_integer_value(d->initial)));
        else
            json_object_set(f, d->name, (json_t *)(uintptr_t)d->initial);
    }
    if (u->account[0] != '\0')
        json_object_set_new(f, "author", json_string(u->account));
    if (ln_def_field(c, "reporter") != NULL && json_object_get(f, "reporter") == NULL) {
        const char *behalf = json_string_value(json_object_get(f, "on_behalf_of"));
        const char *person = behalf != NULL ? behalf : u->person;
        if (person[0] != '\0')
            json_object_set_new(f, "reporter", json_string(person));
    }
}

/* What people may not write themselves. */
static bool refuse_fixed(struct work *w, const json_t *f, struct ln_err *err)
{
    const struct ln_def_coll *c = w->j->c;

    for (size_t i = 0; i < c->n_fields && !w->j->u->system; i++) {
        const struct ln_def_field *d = &c->fields[i];
        bool behalf = strcmp(d->name, "on_behalf_of") == 0 || strcmp(d->name, "tags") == 0 ||
                      strcmp(d->name, "channel") == 0 || strcmp(d->name, "ext_id") == 0 ||
                      strcmp(d->name, "home") == 0;
        bool later = d->once && w->row != NULL;
        if (d->staff && !ln_engine_staff(w->j->u) && !ln_engine_has_role(w->j->u, "admin") &&
            json_object_get(f, d->name) != NULL)
            return refuse(w, LN_DENIED, "「{1}」由工作人员在窗口填写：请留空，或到社区办理",
                          "“{1}” is filled in at the counter: leave it empty, or come to the desk",
                          d->label, NOTHING, err);
        if ((d->readonly || d->internal || later) && !behalf && json_object_get(f, d->name) != NULL)
            return refuse(w, LN_DENIED, "「{1}」由系统填写，不能自行填写或改动：请去掉这一项再提交",
                          "“{1}” is filled by the node: leave it out and send again", d->label,
                          NOTHING, err);
    }
    return true;
}

static bool check(struct work *w, const json_t *f, bool partial, struct ln_err *err)
{
    if (w->j->problems == NULL)
        w->j->problems = json_array();
    size_t n = ln_check_fields(w->j->problems, w->j->c, f, partial, w->j->keep, w->today);

    return n == 0 || ln_fail(err, LN_INVALID, "%s: %zu fields are not right", w->j->c->name, n);
}

/* Staff say how it came in; everybody else came by the web, or by a program. A collection may keep
 * it as a field of its own. */
static bool take_channel(struct work *w, struct ln_err *err)
{
    static const char *const known[] = { "web", "counter", "phone", "sms", "paper", "visit" };
    const char *word = json_string_value(json_object_get(w->j->f, "channel"));
    bool kept = ln_def_field(w->j->c, "channel") != NULL;

    if (word == NULL || (kept && w->j->u->system)) {
        if (kept && word == NULL)
            json_object_set_new(w->j->f, "channel", json_string(w->j->channel));
        return true;
    }
    if (!ln_engine_staff(w->j->u))
        return refuse(w, LN_DENIED, "受理渠道由系统填写：请去掉 channel 再提交",
                      "the channel is filled by the node: leave it out and send again", NOTHING,
                      NOTHING, err);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], word) == 0) {
            w->j->channel = known[i];
            if (!kept)
                json_object_del(w->j->f, "channel");
            return true;
        }
    return refuse(w, LN_INVALID,
                  "没有“{1}”这种受理渠道，请从这些里选：web、counter、phone、sms、paper、visit",
                  "there is no channel “{1}”: choose web, counter, phone, sms, paper or visit",
                  ln_refusal_text(word), NOTHING, err);
}

static bool take_behalf(struct work *w, const json_t *f, struct ln_err *err)
{
    const char *person = json_string_value(json_object_get(f, "on_behalf_of"));
    bool may;

    if (person == NULL || person[0] == '\0')
        return true;
    return ln_engine_stands_for(&may, w->j->e->writer, w->j->e->def, w->j->u, person,
                                w->j->c->module, w->today, err) &&
           (may ||
            refuse(
                w, LN_DENIED,
                "您没有为这位居民办理「{0}」的有效代办：请先登记代办，由本人到场或在窗口确认",
                "you hold no delegation to act for that person here ({0}): register one and have "
                "it confirmed at the counter first",
                NOTHING, NOTHING, err));
}

/* What residents may add for themselves alone, they and those who stand for them add. */
static bool for_oneself(struct work *w, struct ln_err *err)
{
    const struct ln_def_coll *c = w->j->c;
    const char *person =
        c->own != NULL ? json_string_value(json_object_get(w->j->f, c->own)) : NULL;
    bool may = ln_engine_may_create_it(c, w->j->u, w->j->f, NULL);

    if (!may && person != NULL &&
        !ln_engine_stands_for(&may, w->j->e->writer, w->j->e->def, w->j->u, person, c->module,
                              w->today, err))
        return false;
    return may ||
           refuse(w, LN_DENIED, "「{0}」只能为本人登记：为别人登记请先办代办，或请窗口工作人员录入",
                  "{0}: you may add one for yourself only; for somebody else register a "
                  "delegation first, or ask at the counter",
                  NOTHING, NOTHING, err);
}

/* A worker adds to her own grids, and puts nothing into another's. */
static bool in_own_grid(struct work *w, bool may, struct ln_err *err)
{
    char grid[LN_GRID_MAX];
    char zh[400];
    char en[400];

    ln_grid_of_audience(grid, w->audience);
    if (may || grid[0] == '\0' || w->j->u->grids[0] == '\0')
        return true;
    (void)snprintf(zh, sizeof zh,
                   "这条记录属于网格 %s，您负责的是 %.200s：请由该网格的社工或居委会办理", grid,
                   w->j->u->grids);
    (void)snprintf(en, sizeof en,
                   "The record belongs to grid %s and yours are %.200s: a worker of that grid or "
                   "the committee has to do it",
                   grid, w->j->u->grids);
    struct ln_special_call x = hook(w, NULL, NULL);
    return ln_special_refuse(&x, LN_DENIED, zh, en, err);
}

/* MODULES R11: a module that is switched off takes nothing new. */
static bool switched_on(struct work *w, struct ln_err *err)
{
    const struct ln_def_coll *c = w->j->c;
    struct ln_setting s;

    if (w->j->u->system || strcmp(c->module, "home") == 0)
        return true;
    if (!ln_setting_of(&s, w->j->e->writer, w->j->e->def, ln_replica_self(w->r)->region, c->module,
                       w->today, err))
        return false;
    if (s.on)
        return true;
    if (w->j->problems == NULL)
        w->j->problems = json_array();
    json_array_append_new(
        w->j->problems,
        json_pack(
            "{s:s,s:o,s:o}", "field", "", "zh",
            json_sprintf("本社区自 %s 起停用这个模块，不再接受新的登记；未办完的可以继续办理",
                         s.since),
            "en",
            json_sprintf("This community has switched the module off since %s: nothing new is "
                         "taken, what is open goes on",
                         s.since)));
    return ln_fail(err, LN_DENIED, "%s: the module is switched off", c->name);
}

/* Fields for fewer readers than the record go into a line of their own, for the community alone. */
static void narrow(struct work *w, const json_t *f, const char *region, const struct ln_id *record)
{
    char wide[LN_AUDIENCE_MAX];
    json_t *few = json_object();

    for (size_t i = 0; is_public(w->audience) && i < w->j->c->n_fields; i++) {
        const struct ln_def_field *d = &w->j->c->fields[i];
        json_t *v = d->audience == 'C' ? json_object_get(f, d->name) : NULL;
        if (v != NULL)
            json_object_set(few, d->name, v);
    }
    if (json_object_size(few) > 0) {
        memcpy(wide, w->audience, sizeof wide);
        ln_audience_name(w->audience, 'C', region, "", "");
        struct ln_draft *d = draft(w, LN_OP_SET, few, false);
        memcpy(w->narrow, w->audience, sizeof w->narrow);
        d->audience = w->narrow;
        d->record = *record;
        memcpy(w->audience, wide, sizeof wide);
    }
    json_decref(few);
}

/* Takes the last draft back when nothing is left in it. */
static void drop_empty(struct work *w)
{
    const struct ln_draft *d = &w->drafts[w->n - 1];

    if (d->fields.len > 0 || d->sealed.len > 0)
        return;
    w->n--;
    ln_buf_free(&w->plain[w->n]);
    ln_buf_free(&w->sealed[w->n]);
}

static bool create(struct work *w, struct ln_err *err)
{
    struct ln_engine_job *j = w->j;
    const struct ln_cert *self = ln_replica_self(w->r);
    char no[48];

    if (!ln_engine_may_create(j->c, j->u))
        return refuse_role(w, j->c->create, "您的角色不能新增「{0}」：请由{1}登记",
                           "your role may not add here ({0}): this is done by {1}", NOTHING, err);
    if (!switched_on(w, err))
        return false;
    if (!take_channel(w, err) || !refuse_fixed(w, j->f, err) || !take_behalf(w, j->f, err))
        return false;
    fill_in(w, j->f);
    if (!for_oneself(w, err) || !still_kept(w, j->f, err))
        return false;
    if (!settle_files(w, j->f, err) || !check(w, j->f, false, err) ||
        !ln_flow_refs(&j->problems, j->e, j->c, j->f, err))
        return false;
    ln_flow_clock(j->f, j->e, j->c, NULL, NULL, w->now_ms);
    if (j->c->number != '\0' && ln_def_field(j->c, "no") != NULL) {
        if (!next_number(no, w, err))
            return false;
        json_object_set_new(j->f, "no", json_string(no));
    }
    struct ln_id id = ln_replica_id(w->r);
    ln_clock_id_write(j->out_id, &id);
    if (!before(w, NULL, j->f, err))
        return false;
    bool wide = ln_def_has(j->c->when, j->c->coll->first_state) && ln_engine_opens(j->c, j->f);
    if (!name_audience(w, wide ? j->c->after : j->c->audience, self->region, j->f, err) ||
        !in_own_grid(w, ln_engine_may_create_it(j->c, j->u, j->f, w->audience), err))
        return false;
    draft(w, LN_OP_ADD, j->f, false)->record = id;
    narrow(w, j->f, self->region, &id);
    return save(w, err) && after(w, NULL, j->f, err);
}

/* ---- change and delete */

static bool load(struct work *w, struct ln_err *err)
{
    struct ln_id id;
    const char *coll;

    if (w->j->id == NULL || !ln_clock_id_read(&id, ln_span_of(w->j->id)))
        return ln_fail(err, LN_MISSING, "no such record");
    if (!ln_query_record(&w->row, w->j->e->writer, &id, err))
        return false;
    coll = json_string_value(json_object_get(w->row, "collection"));
    if (w->row == NULL || coll == NULL || strcmp(coll, w->j->c->name) != 0 ||
        !ln_engine_may_read(w->j->c, w->j->u, w->row))
        return refuse(w, LN_MISSING, "没有这条「{0}」，或者它不归您看：请核对地址或编号",
                      "there is no such record ({0}), or it is not for you to see: check its "
                      "address or number",
                      NOTHING, NOTHING, err);
    (void)snprintf(w->audience, sizeof w->audience, "%s",
                   json_string_value(json_object_get(w->row, "audience")));
    /* A record given up for another: what is meant is the one that stands for it. */
    (void)snprintf(w->j->out_id, sizeof w->j->out_id, "%s",
                   json_string_value(json_object_get(w->row, "id")));
    w->j->id = w->j->out_id;
    uint64_t etag = strtoull(json_string_value(json_object_get(w->row, "etag")), NULL, 16);
    return !w->j->if_match || etag == w->j->etag ||
           refuse(w, LN_CONFLICT, "这条「{0}」刚被别人改过：请看过现在的内容再改一次",
                  "the record ({0}) was changed meanwhile: look at it as it is now, then change it "
                  "again",
                  NOTHING, NOTHING, err);
}

/* Only what differs is written: an import a second time changes nothing. */
static json_t *differing(const struct work *w)
{
    const json_t *now = json_object_get(w->row, "f");
    json_t *out = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(w->j->f, key, value)
    {
        const json_t *old = json_object_get(now, key);
        bool empty =
            json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
        if (empty && old == NULL)
            continue;
        if (empty)
            json_object_set_new(out, key, json_null());
        else if (old == NULL || !json_equal(old, value))
            json_object_set(out, key, value);
    }
    return out;
}

static json_t *present(const struct work *w, const json_t *set);

/* A record of the community that is given a grid goes on there with all it has; there is no way
 * from one grid into another, since the first one's laptops keep what they had. */
static bool enter_grid(bool *enters, struct work *w, const json_t *changed, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(w->r);
    struct ln_audience aud;
    char grid[LN_GRID_MAX];

    *enters = false;
    if (w->j->c->grid == NULL || self->role == LN_ROLE_LAPTOP ||
        !ln_audience_read(&aud, ln_span_of(w->audience)) ||
        (aud.kind != LN_AUD_C && aud.kind != LN_AUD_GRID) || strcmp(aud.owner, self->region) != 0)
        return true;
    json_t *all = present(w, changed);
    bool ok = find_grid(grid, w, all, err);
    json_decref(all);
    if (!ok || grid[0] == '\0')
        return ok;
    if (aud.kind == LN_AUD_GRID)
        return strcmp(aud.who, grid) == 0 ||
               refuse(
                   w, LN_INVALID,
                   "这条「{0}」在网格 {1}，不能改到网格 {2}：请保留原记录，在新住处另行登记居住",
                   "the record ({0}) stands in grid {1} and cannot be put into grid {2}: keep it "
                   "and register the new residence",
                   ln_refusal_text(aud.who), ln_refusal_text(grid), err);
    ln_audience_name(w->audience, 'C', aud.owner, grid, "");
    *enters = true;
    return true;
}

static bool into_own_grid(struct work *w, struct ln_err *err)
{
    json_t *row = json_copy(w->row);

    json_object_set_new(row, "audience", json_string(w->audience));
    bool may = ln_engine_may_change(w->j->c, w->j->u, row);
    json_decref(row);
    return in_own_grid(w, may, err);
}

static bool update(struct work *w, struct ln_err *err)
{
    bool enters = false;
    json_t *changed;
    bool ok = true;

    if (ln_def_field(w->j->c, "channel") != NULL && !w->j->u->system)
        json_object_del(w->j->f, "channel"); /* how it came in does not change */

    if (!ln_engine_may_change(w->j->c, w->j->u, w->row))
        return refuse_role(w, w->j->c->update, "您的角色不能修改这条「{0}」：请由{1}修改",
                           "your role may not change this one ({0}): that is done by {1}", NOTHING,
                           err);
    if (!settle_files(w, w->j->f, err))
        return false;
    changed = differing(w);
    ok = still_kept(w, changed, err) && refuse_fixed(w, changed, err) &&
         take_behalf(w, changed, err) && check(w, changed, true, err);
    if (ok && (json_object_size(changed) > 0 || w->j->enters)) {
        ok = before(w, NULL, changed, err) && enter_grid(&enters, w, changed, err) &&
             (!enters || into_own_grid(w, err));
        if (ok && (enters || !w->j->enters)) {
            json_t *all = enters ? present(w, changed) : json_incref(changed);
            struct ln_id id = draft(w, LN_OP_SET, all, enters)->record;
            drop_empty(w);
            narrow(w, all, json_string_value(json_object_get(w->row, "region")), &id);
            ok = (w->n == 0 || save(w, err)) && after(w, NULL, changed, err);
            json_decref(all);
        }
    }
    json_decref(changed);
    return ok;
}

static bool erase(struct work *w, struct ln_err *err)
{
    if (!ln_engine_may_delete(w->j->c, w->j->u, w->row))
        return refuse_role(w, w->j->c->remove, "您的角色不能删除这条「{0}」：请由{1}删除",
                           "your role may not delete this one ({0}): that is done by {1}", NOTHING,
                           err);
    if (!before(w, NULL, NULL, err))
        return false;
    (void)draft(w, LN_OP_DELETE, NULL, false);
    return save(w, err) && after(w, NULL, NULL, err);
}

/* ---- steps */

/* Who took the step before, "" nobody or the node. */
struct last {
    char user[LN_ID_TEXT + 1];
};

static bool note_last(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct last *x = ctx;

    (void)err;
    if (i->c->op == LN_OP_STEP && i->state == LN_STORE_GOOD)
        (void)snprintf(x->user, sizeof x->user, "%.*s", (int)i->c->user.len,
                       i->c->user.p != NULL ? i->c->user.p : "");
    return true;
}

/* Two people sign: whoever took the step before does not take this one, too. */
static bool by_another(const struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    struct last x = { "" };
    struct ln_id id;

    if (!s->other || w->j->u->system)
        return true;
    if (!ln_clock_id_read(&id, ln_span_of(w->j->id)) ||
        !ln_replica_history(ln_replica_store(w->r), &id, note_last, &x, err))
        return false;
    const char *first = x.user[0] != '\0' ? x.user : row_text(w, "author");
    if (first[0] == '\0' || strcmp(first, w->j->u->account) != 0)
        return true;
    struct ln_special_call h = hook(w, s, NULL);
    return ln_special_refuse(&h, LN_DENIED, "需由另一人办理：上一步是您办的",
                             "somebody else has to do this: you took the step before", err);
}

static bool often_enough(const struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    json_t *taken = NULL;

    if (s->max == 0 && s->after == NULL)
        return true;
    if (!ln_flow_taken(&taken, ln_replica_store(w->r), w->j->id, err))
        return false;
    bool possible = ln_flow_possible(s, taken);
    json_int_t had = s->after != NULL ? json_integer_value(json_object_get(taken, s->after)) : 0;
    bool early = s->after != NULL && had < s->after_times;
    char times[64];
    json_decref(taken);
    if (possible)
        return true;
    if (early) {
        const struct ln_def_label say = {
            "「{0}」要在「{1}」办过 {2} 次之后才能办，现在是 {3} 次：请先办「{1}」",
            "“{0}” is possible after “{1}” was taken {2} times, which was taken {3} times so far: "
            "take “{1}” first"
        };
        char so_far[32];
        (void)snprintf(times, sizeof times, "%u", s->after_times);
        (void)snprintf(so_far, sizeof so_far, "%" JSON_INTEGER_FORMAT, had);
        return ln_refusal(&w->j->problems, LN_CONFLICT, "", &say,
                          LN_REFUSAL_ARGS(s->label, ln_refusal_step(w->j->c, s->after),
                                          ln_refusal_text(times), ln_refusal_text(so_far)),
                          err);
    }
    (void)snprintf(times, sizeof times, "%u", s->max);
    return refuse(w, LN_CONFLICT, "「{1}」最多办 {2} 次，已经办过了：请看下面还能办的步骤",
                  "“{1}” can be taken {2} times and was: take one of the other steps", s->label,
                  ln_refusal_text(times), err);
}

/* The fields that were given with a step: only those that its definition names. */
static bool check_given(struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    json_t *given = json_object_get(w->j->f, "set");
    const char *key;
    json_t *value;

    if (given == NULL)
        return true;
    if (!json_is_object(given))
        return refuse(w, LN_INVALID, "set 应当是一个对象：{\"字段\": 值}",
                      "set is an object: {\"field\": value}", NOTHING, NOTHING, err);
    json_object_foreach(given, key, value)
    {
        (void)value;
        if (!ln_def_has(s->sets, key))
            return refuse(w, LN_DENIED, "办理「{1}」时不能填写「{2}」：请去掉这一项再提交",
                          "the step “{1}” does not set “{2}”: leave it out and send again",
                          s->label, ln_refusal_field(w->j->c, key), err);
    }
    return settle_files(w, given, err) && check(w, given, true, err);
}

static bool in_time(const struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    int64_t since = json_integer_value(json_object_get(w->row, "eff"));
    const json_t *from = s->within_from != NULL
                             ? json_object_get(json_object_get(w->row, "f"), s->within_from)
                             : NULL;

    if (json_is_integer(from))
        since = json_integer_value(from);
    if (s->within_days == 0 || w->now_ms - since <= (int64_t)s->within_days * DAY_MS)
        return true;
    char days[16];
    (void)snprintf(days, sizeof days, "%u", s->within_days);
    return refuse(w, LN_CONFLICT, "「{1}」只能在 {2} 天内办理，期限已过：请另外登记一件",
                  "“{1}” is possible for {2} days only, which are over: file a new one", s->label,
                  ln_refusal_text(days), err);
}

/* Fields that a step sets beside the state: those it was given, handler, due, and its effect's. */
static json_t *step_sets(struct work *w, const struct ln_def_step *s)
{
    const json_t *given = json_object_get(w->j->f, "set");
    const char *home = json_string_value(json_object_get(w->j->f, "to_home"));
    json_t *set = json_is_object(given) ? json_copy((json_t *)(uintptr_t)given) : json_object();

    if (s->home && home != NULL && ln_def_field(w->j->c, "handler") != NULL)
        json_object_set_new(set, "handler", json_string(home));
    for (const char *const *k = s->copies; k != NULL && *k != NULL; k++) {
        json_t *v = json_object_get(json_object_get(w->j->f, "add"), *k);
        if (v != NULL)
            json_object_set(set, *k, v);
    }
    ln_flow_stamp(set, s, w->row, w->now_ms);
    ln_flow_clock(set, w->j->e, w->j->c, s, w->row, w->now_ms);
    if (s->effect != NULL && strcmp(s->effect, "verify") == 0) {
        json_object_set_new(set, "level", json_string("2"));
        if (w->j->u->account[0] != '\0')
            json_object_set_new(set, "verified_by", json_string(w->j->u->account));
    }
    return set;
}

/* All present values, for the wider audience. */
static json_t *present(const struct work *w, const json_t *set)
{
    json_t *all = json_deep_copy(json_object_get(w->row, "f"));

    json_object_update_recursive(all, (json_t *)(uintptr_t)set); /* a map keeps its other keys */
    return all;
}

static bool apply_patch(struct work *w, struct ln_err *err)
{
    const json_t *f = json_object_get(w->row, "f");
    const char *target = json_string_value(json_object_get(f, "target"));
    json_t *patch = json_object_get(f, "patch");
    json_t *row = NULL;
    struct ln_id id;

    if (target == NULL || !ln_clock_id_read(&id, ln_span_of(target)) ||
        !ln_query_record(&row, w->j->e->writer, &id, err))
        return refuse(w, LN_MISSING, "要更正的记录不在本节点，可能已经删除：请核对后重新申请",
                      "the record to correct is not here, it may have been deleted: ask anew",
                      NOTHING, NOTHING, err);
    const char *coll = json_string_value(json_object_get(row, "collection"));
    struct ln_engine_job sub = {
        .e = w->j->e, .u = w->j->u, .kind = LN_ENGINE_UPDATE, .id = target, .channel = w->j->channel
    };
    sub.c = coll != NULL ? ln_def_find(w->j->e->def, coll) : NULL;
    sub.f = json_is_object(patch) ? json_copy(patch) : json_object();
    bool ok = sub.c != NULL
                  ? ln_engine_run(&sub, w->r, err)
                  : refuse(w, LN_MISSING, "要更正的记录不在本节点，可能已经删除：请核对后重新申请",
                           "the record to correct is not here, it may have been deleted: "
                           "ask anew",
                           NOTHING, NOTHING, err);
    if (!ok && json_array_size(sub.problems) > 0) {
        if (w->j->problems == NULL)
            w->j->problems = json_array();
        (void)json_array_extend(w->j->problems, sub.problems);
    }
    json_decref(sub.problems);
    json_decref(sub.f);
    json_decref(row);
    return ok;
}

/* The row that goes with a step: a rating with the score. */
static bool add_row(struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    const json_t *given = json_object_get(w->j->f, "add");
    struct ln_engine_job sub = {
        .e = w->j->e, .u = w->j->u, .kind = LN_ENGINE_CREATE, .channel = w->j->channel
    };

    sub.c = ln_def_find(w->j->e->def, s->adds);
    sub.f = json_is_object(given) ? json_copy((json_t *)(uintptr_t)given) : json_object();
    json_object_set_new(sub.f, s->adds_ref, json_string(w->j->id));
    json_object_update(sub.f, (json_t *)(uintptr_t)s->adds_with);
    bool ok = ln_engine_run(&sub, w->r, err);
    json_decref(w->j->problems);
    w->j->problems = sub.problems;
    json_decref(sub.f);
    return ok;
}

/* Whether the record goes to the wider audience with this step. */
static bool widens(const struct work *w, const struct ln_def_step *s, const json_t *set)
{
    const struct ln_def_coll *c = w->j->c;

    if (c->after == '\0' || !ln_def_has(c->when, s->to))
        return false;
    return ln_engine_opens(c, set) ||
           (json_object_get(set, c->only_if != NULL ? c->only_if : "") == NULL &&
            ln_engine_opens(c, json_object_get(w->row, "f")));
}

/* Who reads it from here on: the audience of the definition, or of audience N the one node above.
 */
static void widen_to(char wider[LN_AUDIENCE_MAX], const struct work *w)
{
    const char *region = json_string_value(json_object_get(w->row, "region"));
    const struct ln_cert *self = ln_replica_self(w->r);

    if (strcmp(region, self->region) != 0)
        return; /* above, a record goes on in the audience that brought it */
    if (!ln_engine_named(w->j->c, w->row))
        ln_audience_name(wider, w->j->c->after, region, "", "");
    else if (self->parent[0] != '\0')
        ln_audience_name(wider, 'N', region, "", self->parent);
}

/* What can be done instead, as far as this one may. */
static bool no_step(const struct work *w, const char *action, const char *state, struct ln_err *err)
{
    const struct ln_def_coll *c = w->j->c;
    const struct ln_def_label say = { "现在的状态是「{0}」，不能办「{1}」。现在可以办：{2}",
                                      "the state is “{0}” now, from which “{1}” is not possible; "
                                      "possible now: {2}" };
    struct ln_refusal_list l = ln_refusal_list();

    for (size_t i = 0; i < c->n_steps; i++)
        if (ln_def_has(c->steps[i].from, state) &&
            ln_engine_may_step(&c->steps[i], c, w->j->u, w->row))
            ln_refusal_add(&l, c->steps[i].label);
    if (l.zh.len == 0)
        ln_refusal_add(&l, (struct ln_def_label){ "没有您能办的步骤", "nothing that you may do" });
    (void)ln_refusal(&w->j->problems, LN_CONFLICT, "", &say,
                     LN_REFUSAL_ARGS(ln_refusal_state(c, state), ln_refusal_step(c, action),
                                     ln_refusal_said(&l)),
                     err);
    ln_refusal_free(&l);
    return false;
}

static bool not_yours(const struct work *w, const struct ln_def_step *s, struct ln_err *err)
{
    if (s->not_author && w->j->u->account[0] != '\0' &&
        strcmp(row_text(w, "author"), w->j->u->account) == 0)
        return refuse(w, LN_DENIED, "「{1}」不能由登记的人自己办：请另一人办理",
                      "“{1}” is not for who entered it: somebody else has to do this", s->label,
                      NOTHING, err);
    return refuse_role(w, s->roles, "您的角色不能办「{2}」：请由{1}办理",
                       "your role may not take the step “{2}”: that is done by {1}", s->label, err);
}

static bool step(struct work *w, struct ln_err *err)
{
    const struct ln_def_coll *c = w->j->c;
    const char *action = json_string_value(json_object_get(w->j->f, "action"));
    const char *note = json_string_value(json_object_get(w->j->f, "note"));
    const char *home = json_string_value(json_object_get(w->j->f, "to_home"));
    const char *state = json_string_value(json_object_get(w->row, "state"));
    const struct ln_def_step *s =
        action != NULL && state != NULL ? ln_def_step(c, action, state) : NULL;
    bool ok;

    if (s == NULL)
        return no_step(w, action != NULL ? action : "?", state != NULL ? state : "", err);
    if (!ln_engine_may_step(s, c, w->j->u, w->row))
        return not_yours(w, s, err);
    if (s->note == LN_NOTE_REQUIRED && (note == NULL || note[0] == '\0'))
        return refuse(w, LN_INVALID, "办理「{1}」要写明原因或情况：请填写说明",
                      "the step “{1}” needs a note: say why, or what was done", s->label, NOTHING,
                      err);
    if (s->home && (home == NULL || home[0] == '\0'))
        return refuse(w, LN_INVALID, "办理「{1}」要选定由谁接着办：请选一个组织",
                      "the step “{1}” names who goes on: choose a home", s->label, NOTHING, err);
    if (!by_another(w, s, err) || !often_enough(w, s, err) || !in_time(w, s, err) ||
        !check_given(w, s, err) ||
        !ln_flow_needs(&w->j->problems, c, s, json_object_get(w->j->f, "set"), w->row, err))
        return false;
    if (s->effect != NULL && strcmp(s->effect, "apply_patch") == 0 && !apply_patch(w, err))
        return false;
    if (s->adds != NULL && !add_row(w, s, err))
        return false;
    json_t *set = step_sets(w, s);
    if (!still_kept(w, set, err) || !before(w, s, set, err)) {
        json_decref(set);
        return false;
    }
    json_t *line = json_object();
    char wider[LN_AUDIENCE_MAX];
    json_object_set_new(line, "action", json_string(action));
    json_object_set_new(line, "to", json_string(s->to));
    memcpy(wider, w->audience, sizeof wider);
    if (widens(w, s, set))
        widen_to(wider, w);
    bool widen = strcmp(wider, w->audience) != 0;
    memcpy(w->audience, wider, sizeof wider);
    json_t *all = widen ? present(w, set) : json_incref(set);
    if (json_object_size(all) > 0)
        (void)draft(w, LN_OP_SET, all, widen);
    struct ln_draft *d = draft(w, LN_OP_STEP, line, false);
    if (note != NULL && note[0] != '\0' && !is_public(w->audience)) {
        json_t *n = json_object(); /* free text: sealed */
        json_object_set_new(n, "note", json_string(note));
        ln_engine_canon(&w->sealed[w->n - 1], n);
        d->sealed = (struct ln_span){ w->sealed[w->n - 1].data, w->sealed[w->n - 1].len };
        json_decref(n);
    }
    ok = save(w, err) && after(w, s, set, err);
    json_decref(all);
    json_decref(set);
    json_decref(line);
    return ok;
}

bool ln_engine_run(void *job, struct ln_replica *r, struct ln_err *err)
{
    struct work w = { .j = job, .r = r };
    const struct ln_env *env = w.j->e->env;
    bool ok = false;

    w.now_ms = env->now_ms(env->ctx);
    ln_engine_today(w.today, w.now_ms);
    if (ln_replica_self(r) == NULL) {
        (void)refuse(&w, LN_MISSING, "本节点还没有加入网络，不能保存：请管理员先运行 linli join",
                     "this node has not joined yet: its administrator has to run linli join first",
                     NOTHING, NOTHING, err);
        return false;
    }
    if (w.j->kind != LN_ENGINE_CREATE && !load(&w, err))
        goto out;
    switch (w.j->kind) {
    case LN_ENGINE_CREATE:
        ok = create(&w, err);
        break;
    case LN_ENGINE_UPDATE:
        ok = update(&w, err);
        break;
    case LN_ENGINE_DELETE:
        ok = erase(&w, err);
        break;
    case LN_ENGINE_STEP:
        ok = step(&w, err);
        break;
    }
out:
    for (size_t i = 0; i < w.n; i++) {
        ln_buf_free(&w.plain[i]);
        ln_buf_free(&w.sealed[i]);
    }
    json_decref(w.row);
    return ok;
}
