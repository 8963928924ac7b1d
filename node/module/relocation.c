/* Moving between communities: see relocation.h. */
#include "node/module/relocation.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/subject.h"
#include "node/module/correction.h"
#include "node/module/dispatch.h"
#include "node/region/region.h"
#include "node/say.h"

#define TEXT_MAX 32000 /* of a summary, before it is sealed and written as base64 */
#define AT_ONCE 50     /* moves looked at in one tick, of each state */
#define OTHERS_MAX 11  /* who move along with somebody: a large household in one transaction */
#define TICKETS_MAX 20 /* letters that go along; the others stay, as those that do not fit */

/* What goes along of a person; the rest is for the new community to find out. */
static const char *const CARRIED[] = { "name",      "id_type",  "id_no",        "sex",
                                       "birth",     "ethnic",   "marital",      "education",
                                       "political", "phone",    "hukou_region", "hukou_addr",
                                       "job",       "employer", "kind",         NULL };

static const struct ln_user NODE = { .system = true };

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && x->step != NULL && strcmp(x->step->action, action) == 0;
}

static bool in_state(const json_t *row, const char *a, const char *b, const char *c)
{
    const char *state = ln_special_word(row, "state");

    return strcmp(state, a) == 0 || (b != NULL && strcmp(state, b) == 0) ||
           (c != NULL && strcmp(state, c) == 0);
}

/* ---- the key of one move: kept with the keys, sent to nobody, under the record's id */

static void key_place(char out[LN_AUDIENCE_MAX], const struct ln_special_call *x)
{
    const struct ln_cert *self = ln_replica_self(x->r);

    ln_audience_name(out, 'N', self->region, "", self->node);
}

static bool own_key(struct ln_ident *out, bool *found, struct ln_special_call *x,
                    const char *record, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_store_key k = { 0 };
    char place[LN_AUDIENCE_MAX];
    struct ln_id id;

    *found = false;
    key_place(place, x);
    if (!ln_clock_id_read(&id, ln_span_of(record)) || !s->ops->key_for(s->ctx, &k, &id, place, err))
        return err->code == LN_OK;
    *found = k.kid[0] != '\0';
    memcpy(out->b, k.secret, sizeof out->b);
    sodium_memzero(&k, sizeof k);
    return true;
}

static bool make_key(struct ln_ident *out, struct ln_special_call *x, const char *record,
                     struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_store_key k = { .escrowed = true, .shared = true };
    struct ln_subject_key unused;
    bool found = false;

    if (!own_key(out, &found, x, record, err) || found)
        return found;
    if (!ln_clock_id_read(&k.person, ln_span_of(record)))
        return ln_fail(err, LN_INVALID, "no record to make a key for");
    ln_subject_make(&unused, k.kid);
    sodium_memzero(&unused, sizeof unused);
    ln_key_ident_make(out);
    key_place(k.audience, x);
    memcpy(k.secret, out->b, sizeof k.secret);
    bool ok = s->ops->key_put(s->ctx, &k, err);
    sodium_memzero(&k, sizeof k);
    return ok;
}

static bool drop_key(struct ln_special_call *x, const char *record, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_store_key k = { 0 };
    char place[LN_AUDIENCE_MAX];
    struct ln_id id;
    bool ok;

    key_place(place, x);
    ok = ln_clock_id_read(&id, ln_span_of(record)) &&
         s->ops->key_for(s->ctx, &k, &id, place, err) &&
         (k.kid[0] == '\0' || s->ops->key_erase(s->ctx, k.kid, err));
    sodium_memzero(&k, sizeof k);
    return ok;
}

/* The public half as age writes it; a new one when there is none. */
static bool public_key(struct ln_buf *out, struct ln_special_call *x, const char *record,
                       struct ln_err *err)
{
    struct ln_ident id;
    struct ln_recipient public;
    bool ok = make_key(&id, x, record, err);

    if (ok) {
        ln_key_ident_public(&public, &id);
        ln_key_recipient_write(out, &public);
    }
    sodium_memzero(&id, sizeof id);
    return ok;
}

/* `v` as base64 of an age file to `key`. */
static bool seal(struct ln_buf *out, const char *key, const json_t *v, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(TEXT_MAX);
    struct ln_buf age = ln_buf_new(TEXT_MAX + 4096);
    struct ln_recipient to;
    bool ok = false;

    ln_engine_canon(&text, v);
    if (!ln_buf_done(&text, "summary", err) || !ln_key_recipient_read(&to, key, strlen(key), err) ||
        !ln_age_seal(&age, &to, 1, text.data, text.len, err))
        goto out;
    ln_encode_base64(out, age.data, age.len, false);
    ok = ln_buf_done(out, "summary", err);
out:
    ln_buf_free(&age);
    ln_buf_free(&text);
    return ok;
}

/* What was sealed to the key of this record; *out NULL when it does not open here: the key went
 * with an older box. */
static bool unseal(json_t **out, struct ln_special_call *x, const char *record, const char *body,
                   struct ln_err *err)
{
    struct ln_buf age = ln_buf_new(TEXT_MAX + 4096);
    struct ln_buf text = ln_buf_secret(TEXT_MAX);
    struct ln_ident id;
    struct ln_err bad = { 0 };
    bool found = false;
    bool ok = own_key(&id, &found, x, record, err);

    *out = NULL;
    if (ok && found && ln_encode_unbase64(&age, ln_span_of(body), false) &&
        ln_age_open(&text, age.data, age.len, &id, &bad))
        *out = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    sodium_memzero(&id, sizeof id);
    ln_buf_free(&text);
    ln_buf_free(&age);
    return ok;
}

/* ---- A: out of here */

/* All who move, the one it is about first. The caller frees. */
static json_t *ids_of(const json_t *row)
{
    json_t *ids = json_pack("[s]", ln_special_text(row, "person"));

    (void)json_array_extend(ids, json_object_get(json_object_get(row, "f"), "others"));
    return ids;
}

static bool send(struct ln_special_call *x, const char *dest, const char *kind, const char *move,
                 const char *key, const char *day, const char *body, struct ln_err *err)
{
    const struct ln_parcel p = {
        .dest = dest, .kind = kind, .about = move, .key = key, .day = day, .body = body
    };

    return ln_parcel_send(x, &p, err);
}

/* Alone, or along with somebody else. */
static bool moving_already(bool *yes, struct ln_special_call *x, const char *person,
                           struct ln_err *err)
{
    static const struct ln_where OPEN = { "state", LN_WHERE_IS, "filed,asked,sent,withdrawing" };
    const struct ln_where alone[] = { { "person", LN_WHERE_IS, person }, OPEN };
    const struct ln_where along[] = { { "others", LN_WHERE_HAS, person }, OPEN };
    json_t *rows = NULL;
    json_t *more = NULL;
    bool ok = ln_special_find(&rows, x, "move_out", alone, 2, 0, err) &&
              ln_special_find(&more, x, "move_out", along, 2, 0, err);

    *yes = json_array_size(rows) + json_array_size(more) > 0;
    json_decref(rows);
    json_decref(more);
    return ok;
}

/* Whoever is named by `field` lives here and is not on the way out. */
static bool may_leave(struct ln_special_call *x, const char *field, const char *person,
                      struct ln_err *err)
{
    json_t *row = NULL;
    bool twice = false;

    if (!ln_special_get(&row, x, "person", person, err))
        return false;
    bool lives = row != NULL && strcmp(ln_special_text(row, "status"), "moved") != 0 &&
                 strcmp(ln_special_text(row, "status"), "dead") != 0;
    json_decref(row);
    if (!lives)
        return ln_special_problem(x, field, "没有这位在册居民，或已迁出、已故",
                                  "is not registered here, has moved or died", err);
    return moving_already(&twice, x, person, err) &&
           (!twice ||
            ln_special_problem(x, field, "已有在办的迁出，请先办结或撤回",
                               "is being moved already: settle or withdraw that first", err));
}

/* The latest residence of somebody that has not ended; *out NULL none. */
static bool residence_of(json_t **out, struct ln_special_call *x, const char *person,
                         struct ln_err *err)
{
    const struct ln_where where = { "person", LN_WHERE_IS, person };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "residence", &where, 1, 0, err);
    size_t i;
    json_t *row;

    *out = NULL;
    json_array_foreach(rows, i, row)
    {
        const char *ends = ln_special_text(row, "ends");
        if (ends[0] == '\0' || strcmp(ends, x->today) > 0)
            *out = row;
    }
    json_incref(*out);
    json_decref(rows);
    return ok;
}

static bool same_home(bool *yes, struct ln_special_call *x, const json_t *first, const char *person,
                      struct ln_err *err)
{
    json_t *home = NULL;

    if (!residence_of(&home, x, person, err))
        return false;
    const char *household = ln_special_text(home, "household");
    *yes = first != NULL && home != NULL &&
           (strcmp(ln_special_text(first, "dwelling"), ln_special_text(home, "dwelling")) == 0 ||
            (household[0] != '\0' && strcmp(ln_special_text(first, "household"), household) == 0));
    json_decref(home);
    return true;
}

/* Everybody named is a different person of the first one's household. */
static bool others_fit(struct ln_special_call *x, const char *person, const json_t *others,
                       struct ln_err *err)
{
    json_t *home = NULL;
    bool ok = true;

    if (json_array_size(others) > OTHERS_MAX)
        return ln_special_problem(x, "others", "一次最多带 11 人，请分两次登记",
                                  "at most 11 go along: register the others in a second move", err);
    if (json_array_size(others) > 0)
        ok = residence_of(&home, x, person, err);
    for (size_t i = 0; ok && i < json_array_size(others); i++) {
        const char *one = json_string_value(json_array_get(others, i));
        bool twice = one == NULL || strcmp(one, person) == 0;
        bool fits = false;
        for (size_t k = 0; !twice && k < i; k++)
            twice = strcmp(one, json_string_value(json_array_get(others, k))) == 0;
        ok = twice
                 ? ln_special_problem(x, "others", "同一人写了两次", "somebody is named twice", err)
                 : may_leave(x, "others", one, err) && same_home(&fits, x, home, one, err);
        if (ok && !fits)
            ok = ln_special_problem(x, "others", "不与该居民同住，请单独登记",
                                    "does not live with that person: register a move of their own",
                                    err);
    }
    json_decref(home);
    return ok;
}

static bool out_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *person = ln_special_word(x->f, "person");
    const char *region = ln_special_word(x->f, "to_region");

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (strcmp(region, ln_replica_self(x->r)->region) == 0)
        return ln_special_problem(x, "to_region", "就是本社区；本社区内搬家请改居住登记",
                                  "that is this community: change the residence instead", err);
    if (strcmp(region + 9, "000") == 0)
        return ln_special_problem(x, "to_region", "请填到社区一级",
                                  "name a community, not a wider region", err);
    return may_leave(x, "person", person, err) &&
           others_fit(x, person, json_object_get(x->f, "others"), err);
}

static bool out_step(struct ln_special_call *x, const json_t *row, const char *action, json_t *set,
                     struct ln_err *err)
{
    return ln_special_step(x, "move_out", ln_special_word(row, "id"), action, NULL, set, err);
}

static json_t *says(const char *text)
{
    return json_pack("{s:s}", "answer", text);
}

#define NOBODY_THERE                                                                               \
    LN_SAY_BOTH("对方社区还没有接入，请开具书面材料由本人带去。",                                  \
                "Nobody answers for that community yet: give the person a letter to take along.")
#define NOBODY_LEFT                                                                                \
    LN_SAY_BOTH("要迁出的人已不在册，自动撤回。", "Who was to move is not on record any more.")

/* Nobody answers for that region: said, and the resident stays. */
static bool or_fail(struct ln_special_call *x, const json_t *row, bool sent, struct ln_err *why,
                    struct ln_err *err)
{
    if (sent)
        return true;
    *err = *why;
    if (why->code != LN_MISSING)
        return false;
    *err = (struct ln_err){ 0 };
    return out_step(x, row, "fail", says(NOBODY_THERE), err);
}

static bool ask(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");
    struct ln_buf key = ln_buf_new(128);
    struct ln_err why = { 0 };
    bool ok = public_key(&key, x, id, err);

    if (ok) {
        bool sent =
            send(x, ln_special_text(row, "to_region"), "ask", id, key.data, NULL, NULL, &why);
        ok = or_fail(x, row, sent, &why, err) && (!sent || out_step(x, row, "ask", NULL, err));
    }
    ln_buf_free(&key);
    return ok;
}

static bool call_back(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    struct ln_err why = { 0 };
    bool sent;

    if (json_is_true(json_object_get(json_object_get(row, "f"), "told")))
        return true;
    sent = send(x, ln_special_text(row, "to_region"), "withdraw", ln_special_word(row, "id"), NULL,
                NULL, NULL, &why);
    return or_fail(x, row, sent, &why, err) &&
           (!sent || ln_special_set(x, "move_out", ln_special_word(row, "id"),
                                    json_pack("{s:b}", "told", 1), err));
}

/* Each move on its own: one that cannot go on leaves the others. */
static bool for_each(struct ln_special_call *x, const char *collection, const char *state,
                     bool (*fn)(struct ln_special_call *x, const json_t *row, struct ln_err *err),
                     struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, state },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, collection, where, 2, 0, err);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        if (ok && i < AT_ONCE)
            ok = fn(x, row, err);
    }
    json_decref(rows);
    return ok;
}

static bool out_tick(struct ln_special_call *x, struct ln_err *err)
{
    return for_each(x, "move_out", "filed", ask, err) &&
           for_each(x, "move_out", "withdrawing", call_back, err);
}

static bool care_of(json_t **out, struct ln_special_call *x, const char *person, struct ln_err *err)
{
    const struct ln_where where = { "person", LN_WHERE_IS, person };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "care_tag", &where, 1, 0, err);
    size_t i;
    json_t *row;

    *out = json_array();
    json_array_foreach(rows, i, row)
    {
        const char *ends = ln_special_text(row, "ends");
        if (ends[0] == '\0' || strcmp(ends, x->today) >= 0)
            json_array_append(*out, json_object_get(json_object_get(row, "f"), "kind"));
    }
    json_decref(rows);
    return ok;
}

/* One of those who move: {"person", "care"?, "relation"?}; *out NULL when the record is gone or the
 * person has died. */
static bool mover_of(json_t **out, struct ln_special_call *x, const json_t *row, const char *id,
                     struct ln_err *err)
{
    json_t *person = NULL;
    json_t *home = NULL;
    json_t *care = NULL;

    *out = NULL;
    if (!ln_special_get(&person, x, "person", id, err))
        return false;
    if (person == NULL || strcmp(ln_special_text(person, "status"), "dead") == 0) {
        json_decref(person);
        return true;
    }
    json_t *f = json_object();
    for (const char *const *name = CARRIED; *name != NULL; name++) {
        json_t *v = json_object_get(json_object_get(person, "f"), *name);
        if (v != NULL)
            json_object_set(f, *name, v);
    }
    json_decref(person);
    *out = json_pack("{s:o}", "person", f);
    bool ok = residence_of(&home, x, id, err);
    if (ln_special_text(home, "relation")[0] != '\0')
        json_object_set_new(*out, "relation", json_string(ln_special_text(home, "relation")));
    json_decref(home);
    if (ok && json_is_true(json_object_get(json_object_get(row, "f"), "pass_care"))) {
        ok = care_of(&care, x, id, err);
        json_object_set_new(*out, "care", care);
    }
    return ok;
}

/* A letter as it goes along: what was written, not what was done about it. */
static bool letter_of(json_t **out, struct ln_special_call *x, const json_t *ticket, size_t who,
                      struct ln_err *err)
{
    static const char *const WORDS[] = { "kind", "title", "body", "files", "priority", NULL };
    json_t *category = NULL;

    *out = NULL;
    if (!ln_special_get(&category, x, "category", ln_special_text(ticket, "category"), err))
        return false;
    json_t *o = json_pack("{s:s,s:I,s:s}", "category", ln_special_text(category, "code"), "who",
                          (json_int_t)who, "no", ln_special_text(ticket, "no"));
    for (const char *const *w = WORDS; *w != NULL; w++) {
        json_t *v = json_object_get(json_object_get(ticket, "f"), *w);
        if (v != NULL)
            json_object_set(o, *w, v);
    }
    json_decref(category);
    *out = o;
    return true;
}

#define GO_ALONG "filed,accepted,assigned,reassigned,returned,handling"

static size_t written_len(const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT);
    size_t len = text != NULL ? strlen(text) : 0;

    free(text);
    return len;
}

/* Open letters of one who moves, as far as they fit: into the summary, their ids into `gone`. */
static bool add_letters(json_t *summary, json_t *gone, struct ln_special_call *x,
                        const char *person, size_t who, struct ln_err *err)
{
    const struct ln_where where[] = { { "reporter", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS, GO_ALONG },
                                      { "kind", LN_WHERE_IS, "inquiry,advice,complaint" } };
    json_t *letters = json_object_get(summary, "tickets");
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "ticket", where, 3, 0, err);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        json_t *one = NULL;
        if (!ok || json_array_size(gone) == TICKETS_MAX)
            break;
        ok = letter_of(&one, x, row, who, err);
        if (ok && written_len(summary) + written_len(one) < TEXT_MAX - 1024) {
            json_array_append(letters, one);
            json_array_append_new(gone, json_string(ln_special_word(row, "id")));
        }
        json_decref(one);
    }
    json_decref(rows);
    return ok;
}

/* {"person", "care", "relation", "others":[...], "tickets":[...], "address", "note"}; `gone` gets
 * the ids of the letters. Who has died meanwhile stays out, the next one is the first then; *out
 * NULL when nobody is left. */
static bool summary_of(json_t **out, json_t *gone, struct ln_special_call *x, const json_t *row,
                       struct ln_err *err)
{
    const json_t *more = json_object_get(row, "f");
    json_t *ids = ids_of(row);
    json_t *list = json_array();
    bool ok = true;

    for (size_t i = 0; ok && i < json_array_size(ids);) {
        json_t *one = NULL;
        ok = mover_of(&one, x, row, json_string_value(json_array_get(ids, i)), err);
        if (one != NULL) {
            json_array_append_new(list, one);
            i++;
        } else
            (void)json_array_remove(ids, i);
    }
    *out = ok ? json_incref(json_array_get(list, 0)) : NULL;
    if (*out == NULL) {
        json_decref(list);
        json_decref(ids);
        return ok;
    }
    (void)json_array_remove(list, 0);
    json_object_set_new(*out, "others", list);
    json_object_set_new(*out, "tickets", json_array());
    if (json_object_get(more, "address") != NULL)
        json_object_set(*out, "address", json_object_get(more, "address"));
    if (json_object_get(more, "note") != NULL)
        json_object_set(*out, "note", json_object_get(more, "note"));
    if (json_is_true(json_object_get(more, "pass_tickets")))
        for (size_t who = 0; ok && who < json_array_size(ids); who++)
            ok = add_letters(*out, gone, x, json_string_value(json_array_get(ids, who)), who, err);
    json_decref(ids);
    return ok;
}

static void carry(json_t *out, const json_t *file)
{
    json_array_append_new(out, json_pack("{s:s,s:I}", "sha", ln_special_word(file, "sha"), "stored",
                                         json_integer_value(json_object_get(file, "stored"))));
}

/* What the boxes on the way hand on: hashes, nothing that opens them. */
static json_t *attachments_of(const json_t *summary)
{
    json_t *out = json_array();
    size_t i;
    size_t k;
    json_t *letter;
    json_t *file;

    json_array_foreach(json_object_get(summary, "tickets"), i, letter)
    {
        json_array_foreach(json_object_get(letter, "files"), k, file)
        {
            if (json_object_get(file, "small") != NULL)
                carry(out, json_object_get(file, "small"));
            carry(out, file);
        }
    }
    return out;
}

/* Personal data leave the community: on record. */
static bool note_release(struct ln_special_call *x, const json_t *row, const char *person,
                         struct ln_err *err)
{
    json_t *f =
        json_pack("{s:s,s:s,s:s,s:s,s:I}", "node", ln_replica_self(x->r)->node, "action", "export",
                  "object", person, "purpose", "request", "at", (json_int_t)x->now_ms);
    const char *author = ln_special_text(row, "author");

    if (author[0] != '\0')
        json_object_set_new(f, "actor", json_string(author));
    return ln_special_add(NULL, x, "audit", f, err);
}

static bool note_releases(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    json_t *ids = ids_of(row);
    bool ok = true;

    for (size_t i = 0; ok && i < json_array_size(ids); i++)
        ok = note_release(x, row, json_string_value(json_array_get(ids, i)), err);
    json_decref(ids);
    return ok;
}

/* B has a key for this move: what it is to know goes there. */
static bool give_summary(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                         struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_PARCEL_BODY_MAX);
    json_t *summary = NULL;
    json_t *gone = json_array();
    json_t *files = NULL;
    bool ok = true;

    /* Called back meanwhile, or told the same key twice. */
    if (!in_state(row, "asked", "sent", NULL) ||
        strcmp(ln_special_text(row, "peer_key"), p->key) == 0)
        goto out;
    ok = summary_of(&summary, gone, x, row, err);
    if (ok && summary == NULL)
        ok = ln_special_step(x, "move_out", ln_special_word(row, "id"), "withdraw", NOBODY_LEFT,
                             NULL, err);
    else
        ok = ok && seal(&body, p->key, summary, err);
    if (!ok || summary == NULL)
        goto out;
    files = attachments_of(summary);
    const struct ln_parcel answer = {
        .dest = p->sender, .kind = "summary", .about = p->about, .body = body.data, .carries = files
    };
    ok = ln_parcel_send(x, &answer, err) && note_releases(x, row, err) &&
         out_step(x, row, "send", json_pack("{s:s,s:O}", "peer_key", p->key, "tickets", gone), err);
out:
    json_decref(files);
    json_decref(gone);
    json_decref(summary);
    ln_buf_free(&body);
    return ok;
}

static bool end_rows(struct ln_special_call *x, const char *collection, const char *person,
                     const char *day, struct ln_err *err)
{
    const struct ln_where where = { "person", LN_WHERE_IS, person };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, collection, &where, 1, 0, err);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const char *ends = ln_special_text(row, "ends");
        const char *starts = ln_special_text(row, "starts");
        const char *last = strcmp(starts, day) > 0 ? starts : day;
        if (ok && (ends[0] == '\0' || strcmp(ends, last) > 0))
            ok = ln_special_set(x, collection, ln_special_word(row, "id"),
                                json_pack("{s:s}", "ends", last), err);
    }
    json_decref(rows);
    return ok;
}

static bool one_leaves(struct ln_special_call *x, const char *id, const char *day,
                       struct ln_err *err)
{
    json_t *person = NULL;
    bool ok = ln_special_get(&person, x, "person", id, err) &&
              end_rows(x, "residence", id, day, err) && end_rows(x, "care_tag", id, day, err) &&
              (person == NULL || strcmp(ln_special_text(person, "status"), "dead") == 0 ||
               ln_special_set(x, "person", id, json_pack("{s:s}", "status", "moved"), err));

    json_decref(person);
    return ok;
}

/* A letter that went along is B's now; what was done about it here meanwhile stands. */
static bool letter_leaves(struct ln_special_call *x, const char *id, struct ln_err *err)
{
    json_t *ticket = NULL;
    bool ok = ln_special_get(&ticket, x, "ticket", id, err);
    bool open =
        ticket != NULL && strstr("," GO_ALONG ",", ln_special_word(ticket, "state")) != NULL;

    json_decref(ticket);
    return ok && (!open || ln_special_step(x, "ticket", id, "move_along", NULL, NULL, err));
}

static bool all_leave(struct ln_special_call *x, const json_t *row, const char *day,
                      struct ln_err *err)
{
    const json_t *letters = json_object_get(json_object_get(row, "f"), "tickets");
    json_t *ids = ids_of(row);
    bool ok = out_step(x, row, "close", json_pack("{s:s}", "moved_on", day), err);

    for (size_t i = 0; ok && i < json_array_size(ids); i++)
        ok = one_leaves(x, json_string_value(json_array_get(ids, i)), day, err);
    for (size_t i = 0; ok && i < json_array_size(letters); i++)
        ok = letter_leaves(x, json_string_value(json_array_get(letters, i)), err);
    json_decref(ids);
    return ok && drop_key(x, ln_special_word(row, "id"), err);
}

/* B's records stand under a receipt: the residences here end on the day that those there begin,
 * all of them or none. */
static bool let_go(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                   struct ln_err *err)
{
    if (strlen(p->day) != 10)
        return ln_fail(err, LN_INVALID, "a move without its day");
    return (in_state(row, "moved", NULL, NULL) || all_leave(x, row, p->day, err)) &&
           send(x, p->sender, "closed", p->about, NULL, NULL, NULL, err);
}

static bool hear_no(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                    struct ln_err *err)
{
    json_t *reason = NULL;

    if (!in_state(row, "asked", "sent", "withdrawing"))
        return true;
    if (!unseal(&reason, x, ln_special_word(row, "id"), p->body, err))
        return false;
    const char *text = ln_special_word(reason, "reason");
    bool ok = out_step(x, row, "refuse",
                       says(text[0] != '\0' ? text
                                            : LN_SAY_BOTH("理由打不开：密钥已随旧设备丢失。",
                                                          "The reason cannot be opened any more.")),
                       err) &&
              drop_key(x, ln_special_word(row, "id"), err);
    json_decref(reason);
    return ok;
}

static bool take_here(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                      struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");

    if (strcmp(p->sender, ln_special_text(row, "to_region")) != 0)
        return ln_fail(err, LN_DENIED, "a move that is none of the sender's");
    if (strcmp(p->kind, "key") == 0)
        return give_summary(x, row, p, err);
    if (strcmp(p->kind, "taken") == 0)
        return let_go(x, row, p, err);
    if (strcmp(p->kind, "refused") == 0)
        return hear_no(x, row, p, err);
    if (strcmp(p->kind, "withdrawn") == 0)
        return !in_state(row, "withdrawing", NULL, NULL) ||
               (out_step(x, row, "undo", NULL, err) && drop_key(x, id, err));
    if (strcmp(p->kind, "dead") == 0)
        return !in_state(row, "asked", "sent", "withdrawing") ||
               (out_step(x, row, "fail", says(NOBODY_THERE), err) && drop_key(x, id, err));
    return ln_fail(err, LN_INVALID, "%s is no word to whom somebody leaves", p->kind);
}

/* ---- B: into here */

static bool find_in(json_t **out, struct ln_special_call *x, const struct ln_parcel *p,
                    struct ln_err *err)
{
    const struct ln_where where[] = { { "move", LN_WHERE_IS, p->about },
                                      { "from_region", LN_WHERE_IS, p->sender } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "move_in", where, 2, 0, err);

    *out = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    return ok;
}

static bool answer_key(struct ln_special_call *x, const char *record, const struct ln_parcel *p,
                       struct ln_err *err)
{
    struct ln_buf key = ln_buf_new(128);
    bool ok = public_key(&key, x, record, err) &&
              send(x, p->sender, "key", p->about, key.data, NULL, NULL, err);

    ln_buf_free(&key);
    return ok;
}

static bool be_asked(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                     struct ln_err *err)
{
    char id[LN_ID_TEXT + 1];
    struct ln_recipient key;

    if (row != NULL)
        return !in_state(row, "asked", NULL, NULL) ||
               answer_key(x, ln_special_word(row, "id"), p, err);
    return ln_key_recipient_read(&key, p->key, strlen(p->key), err) &&
           ln_special_add(id, x, "move_in",
                          json_pack("{s:s,s:s,s:s}", "from_region", p->sender, "move", p->about,
                                    "peer_key", p->key),
                          err) &&
           answer_key(x, id, p, err);
}

/* "李四 1980-01-02、李小五 2015-03-04" */
static void add_family(json_t *f, const json_t *others)
{
    struct ln_buf text = ln_buf_new(4096);
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)(uintptr_t)others, i, one)
    {
        const json_t *person = json_object_get(one, "person");
        const char *birth = ln_special_word(person, "birth");
        ln_buf_addf(&text, "%s%s%s%s", i > 0 ? "、" : "", ln_special_word(person, "name"),
                    birth[0] != '\0' ? " " : "", birth);
    }
    if (text.len > 0)
        json_object_set_new(f, "family", json_string(text.data));
    ln_buf_free(&text);
}

/* What is shown before it is taken in; the whole stays in `papers`. */
static json_t *shown_of(const json_t *summary)
{
    static const char *const PERSON[] = { "name", "sex", "birth", "id_no", "phone", NULL };
    static const char *const ELSE[] = { "care", "address", "note", NULL };
    json_t *f = json_object();

    for (const char *const *n = PERSON; *n != NULL; n++)
        if (json_object_get(json_object_get(summary, "person"), *n) != NULL)
            json_object_set(f, *n, json_object_get(json_object_get(summary, "person"), *n));
    for (const char *const *n = ELSE; *n != NULL; n++)
        if (json_object_get(summary, *n) != NULL)
            json_object_set(f, *n, json_object_get(summary, *n));
    add_family(f, json_object_get(summary, "others"));
    size_t letters = json_array_size(json_object_get(summary, "tickets"));
    if (letters > 0)
        json_object_set_new(f, "letters", json_integer((json_int_t)letters));
    return f;
}

/* Written by the node itself; numbers that were kept with a reason there are kept here. */
static bool write_kept(char id[LN_ID_TEXT + 1], struct ln_special_call *x, const char *collection,
                       const char *record, json_t *f, struct ln_err *err)
{
    json_t *keep = json_object();
    const char *key;
    json_t *v;

    json_object_foreach(f, key, v)
    {
        json_object_set_new(keep, key, json_string("as it was where the person lived before"));
    }
    struct ln_engine_job job = { .e = x->e,
                                 .u = &NODE,
                                 .kind = record != NULL ? LN_ENGINE_UPDATE : LN_ENGINE_CREATE,
                                 .c = ln_def_find(x->e->def, collection),
                                 .id = record,
                                 .f = f,
                                 .keep = keep,
                                 .channel = x->channel };
    bool ok = ln_engine_run(&job, x->r, err);
    if (ok)
        (void)snprintf(id, LN_ID_TEXT + 1, "%s", job.out_id);
    json_decref(job.problems);
    json_decref(keep);
    json_decref(f);
    return ok;
}

static bool get_summary(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                        struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");
    char same[LN_ID_TEXT + 1];
    json_t *summary = NULL;

    if (!in_state(row, "asked", NULL, NULL))
        return true;
    if (!unseal(&summary, x, id, p->body, err))
        return false;
    if (summary == NULL) /* sealed to a key that is gone: another one, and they send it again */
        return answer_key(x, id, p, err);
    json_t *f = shown_of(summary);
    struct ln_buf text = ln_buf_secret(TEXT_MAX);
    ln_engine_canon(&text, summary);
    json_object_set_new(f, "papers", json_stringn(text.data, text.len));
    ln_buf_free(&text);
    json_decref(summary);
    return write_kept(same, x, "move_in", id, f, err) &&
           ln_special_step(x, "move_in", id, "offer", NULL, NULL, err);
}

/* Destroys what came of the person, and the key it came under. */
static bool forget(struct ln_special_call *x, const char *record, struct ln_err *err)
{
    struct ln_id id;

    return ln_clock_id_read(&id, ln_span_of(record)) &&
           ln_replica_erase(x->r, &id, 1, "retention", err);
}

static bool be_called_back(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                           struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");
    bool open = row != NULL && in_state(row, "asked", "offered", NULL);

    if (row != NULL && !open && !in_state(row, "withdrawn", NULL, NULL))
        return true; /* taken in or refused already: that answer is on its way */
    return (!open || (ln_special_step(x, "move_in", id, "withdraw", NULL, NULL, err) &&
                      forget(x, id, err))) &&
           send(x, p->sender, "withdrawn", p->about, NULL, NULL, NULL, err);
}

static bool take_there(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                       struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");

    if (strcmp(p->kind, "ask") == 0)
        return be_asked(x, row, p, err);
    if (strcmp(p->kind, "withdraw") == 0)
        return be_called_back(x, row, p, err);
    if (row == NULL)
        return ln_fail(err, LN_MISSING, "a move that was never asked for");
    if (strcmp(p->kind, "summary") == 0)
        return get_summary(x, row, p, err);
    if (strcmp(p->kind, "closed") == 0)
        return !in_state(row, "accepted", "told", NULL) ||
               (ln_special_step(x, "move_in", id, "finish", NULL, NULL, err) && forget(x, id, err));
    if (strcmp(p->kind, "dead") == 0)
        return !in_state(row, "asked", NULL, NULL) ||
               ln_special_step(x, "move_in", id, "withdraw", NULL, NULL, err);
    return ln_fail(err, LN_INVALID, "%s is no word of a move", p->kind);
}

bool ln_relocation_take(struct ln_special_call *x, const struct ln_parcel *p, struct ln_err *err)
{
    json_t *row = NULL;
    bool ok;

    if (!ln_special_get(&row, x, "move_out", p->about, err))
        return false;
    if (row != NULL)
        ok = take_here(x, row, p, err);
    else
        ok = find_in(&row, x, p, err) && take_there(x, row, p, err);
    json_decref(row);
    return ok;
}

/* ---- B's worker decides */

static bool grid_of(char out[16], struct ln_special_call *x, const char *dwelling,
                    struct ln_err *err)
{
    json_t *row = NULL;
    json_t *grid = NULL;
    bool ok = ln_special_get(&row, x, "dwelling", dwelling, err) &&
              (row == NULL || ln_correction_grid(&grid, x, row, err));

    (void)snprintf(out, 16, "%s", ln_special_text(grid, "code"));
    json_decref(grid);
    json_decref(row);
    return ok;
}

/* The community's own record of the person: a new one, or the one it has. */
static bool add_person(char id[LN_ID_TEXT + 1], struct ln_special_call *x, const json_t *summary,
                       const char *known, const char *dwelling, struct ln_err *err)
{
    json_t *f = json_object();
    char grid[16] = "";

    if (known[0] == '\0') {
        for (const char *const *n = CARRIED; *n != NULL; n++) {
            json_t *v = json_object_get(json_object_get(summary, "person"), *n);
            if (v != NULL)
                json_object_set(f, *n, v);
        }
        if (!grid_of(grid, x, dwelling, err)) {
            json_decref(f);
            return false;
        }
        if (grid[0] != '\0')
            json_object_set_new(f, "grid", json_string(grid));
    }
    json_object_set_new(f, "status", json_string("living"));
    json_object_set_new(f, "checked", json_string(x->today));
    return write_kept(id, x, "person", known[0] != '\0' ? known : NULL, f, err);
}

static bool add_care(struct ln_special_call *x, const json_t *summary, const char *person,
                     struct ln_err *err)
{
    const json_t *care = json_object_get(summary, "care");
    bool ok = true;

    for (size_t i = 0; ok && i < json_array_size(care); i++)
        ok = ln_special_add(NULL, x, "care_tag",
                            json_pack("{s:s,s:O,s:s}", "person", person, "kind",
                                      json_array_get(care, i), "starts", x->today),
                            err);
    return ok;
}

static void copy(json_t *to, const json_t *from, const char *name)
{
    json_t *v = json_object_get(from, name);

    if (v != NULL && (!json_is_string(v) || json_string_length(v) > 0))
        json_object_set(to, name, v);
}

/* Somebody of this number has a record here already; "" nobody, or no number. */
static bool known_by_number(char out[LN_ID_TEXT + 1], struct ln_special_call *x,
                            const json_t *mover, struct ln_err *err)
{
    const char *number = ln_special_word(json_object_get(mover, "person"), "id_no");
    const struct ln_where where = { "id_no", LN_WHERE_IS, number };
    json_t *rows = NULL;

    out[0] = '\0';
    if (number[0] == '\0')
        return true;
    bool ok = ln_special_find(&rows, x, "person", &where, 1, 0, err);
    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(rows, 0), "id"));
    json_decref(rows);
    return ok;
}

/* Record, residence and care tags of one of them. `home` is what all their residences have. */
static bool settle_one(char person[LN_ID_TEXT + 1], struct ln_special_call *x, const json_t *mover,
                       const char *known, const json_t *home, struct ln_err *err)
{
    json_t *f = json_deep_copy(home);
    bool ok = add_person(person, x, mover, known, ln_special_word(home, "dwelling"), err);

    if (ok) {
        json_object_set_new(f, "person", json_string(person));
        ok = ln_special_add(NULL, x, "residence", json_incref(f), err) &&
             add_care(x, mover, person, err);
    }
    json_decref(f);
    return ok;
}

/* Several who come together are one household, that of the first. */
static bool make_household(json_t *home, struct ln_special_call *x, struct ln_err *err)
{
    const char *dwelling = ln_special_word(home, "dwelling");
    json_t *row = NULL;
    json_t *building = NULL;
    char no[200];
    char id[LN_ID_TEXT + 1];
    bool ok = ln_special_get(&row, x, "dwelling", dwelling, err) &&
              ln_special_get(&building, x, "building", ln_special_text(row, "building"), err);

    const char *unit = ln_special_text(row, "unit");
    (void)snprintf(no, sizeof no, "%.60s-%.60s%s%.60s", ln_special_text(building, "code"), unit,
                   unit[0] != '\0' ? "-" : "", ln_special_text(row, "room"));
    ok = ok &&
         ln_special_add(
             id, x, "household",
             json_pack("{s:s,s:s,s:s}", "no", no, "dwelling", dwelling, "kind", "family"), err);
    if (ok)
        json_object_set_new(home, "household", json_string(id));
    json_decref(building);
    json_decref(row);
    return ok;
}

/* The category of this code here, else the first there is; "" none. */
static bool category_here(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *code,
                          struct ln_err *err)
{
    const struct ln_where where = { "code", LN_WHERE_IS, code };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "category", &where, code[0] != '\0', 0, err);

    if (ok && json_array_size(rows) == 0) {
        json_decref(rows);
        rows = NULL;
        ok = ln_special_find(&rows, x, "category", &where, 0, 0, err);
    }
    (void)snprintf(out, LN_ID_TEXT + 1, "%s", ln_special_word(json_array_get(rows, 0), "id"));
    json_decref(rows);
    return ok;
}

/* A letter becomes one of this community: its clock begins anew, with those who work here. */
static bool add_letter(struct ln_special_call *x, const json_t *letter, const json_t *people,
                       struct ln_err *err)
{
    static const char *const WORDS[] = { "kind", "title", "priority", NULL };
    size_t who = (size_t)json_integer_value(json_object_get(letter, "who"));
    const char *reporter = json_string_value(json_array_get(people, who));
    json_t *files = json_object_get(letter, "files");
    struct ln_buf body = ln_buf_new(LN_CHANGE_MAX);
    char category[LN_ID_TEXT + 1];
    char id[LN_ID_TEXT + 1];
    bool ok = category_here(category, x, ln_special_word(letter, "category"), err);

    if (ok && category[0] != '\0' && reporter != NULL) {
        json_t *f = json_pack("{s:s,s:s}", "category", category, "reporter", reporter);
        for (const char *const *w = WORDS; *w != NULL; w++)
            copy(f, letter, *w);
        ln_buf_addf(&body, "%s\n（随迁自 moved along from %s %s）", ln_special_word(letter, "body"),
                    ln_special_text(x->row, "from_region"), ln_special_word(letter, "no"));
        json_object_set_new(f, "body", json_string(body.data));
        ok = ln_special_add(id, x, "ticket", f, err) &&
             (!ln_dispatch_good_files(files) ||
              ln_dispatch_keep_files(x, "ticket", id, json_incref(files), err));
    }
    ln_buf_free(&body);
    return ok;
}

/* All of them, in one transaction: person, home, care, letters. */
static bool settle(struct ln_special_call *x, const json_t *summary, json_t *home,
                   struct ln_err *err)
{
    const json_t *others = json_object_get(summary, "others");
    const json_t *letters = json_object_get(summary, "tickets");
    json_t *people = json_array();
    char person[LN_ID_TEXT + 1];
    char one[LN_ID_TEXT + 1];
    bool family = json_array_size(others) > 0;
    bool fresh = family && json_object_get(home, "household") == NULL;
    bool ok = (!fresh || make_household(home, x, err)) &&
              settle_one(person, x, summary, ln_special_word(x->f, "known"), home, err);

    if (ok && fresh)
        ok = ln_special_set(x, "household", ln_special_word(home, "household"),
                            json_pack("{s:s}", "head", person), err);
    json_array_append_new(people, json_string(ok ? person : ""));
    for (size_t i = 0; ok && i < json_array_size(others); i++) {
        const json_t *mover = json_array_get(others, i);
        char known[LN_ID_TEXT + 1];
        json_object_del(home, "relation");
        copy(home, mover, "relation");
        ok = known_by_number(known, x, mover, err) && settle_one(one, x, mover, known, home, err);
        json_array_append_new(people, json_string(ok ? one : ""));
    }
    for (size_t i = 0; ok && i < json_array_size(letters); i++)
        ok = add_letter(x, json_array_get(letters, i), people, err);
    if (ok) { /* last: a receipt for this covers all of it */
        json_t *f = json_pack("{s:s}", "person", person);
        (void)json_array_remove(people, 0);
        if (family)
            json_object_set(f, "others", people);
        ok = ln_special_set(x, "move_in", x->id, f, err);
    }
    json_decref(people);
    return ok;
}

static bool accept(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const OF_RESIDENCE[] = { "dwelling", "household", "relation",
                                                "kind",     "starts",    NULL };
    bool sealed = json_object_get(json_object_get(x->row, "f"), "papers") != NULL;
    json_t *summary = json_loads(ln_special_text(x->row, sealed ? "papers" : "summary"),
                                 JSON_REJECT_DUPLICATES, NULL);
    json_t *home = json_object();

    copy(home, summary, "relation");
    for (const char *const *n = OF_RESIDENCE; *n != NULL; n++)
        copy(home, x->f, *n);
    bool ok =
        summary != NULL || ln_special_refuse(x, LN_CONFLICT, "迁移资料读不出，请对方重新办理",
                                             "the summary cannot be read: ask for it again", err);
    ok = ok && settle(x, summary, home, err);
    json_decref(home);
    json_decref(summary);
    return ok;
}

static bool refuse(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_PARCEL_BODY_MAX);
    json_t *reason = json_pack("{s:s}", "reason", ln_special_word(x->given, "note"));
    bool ok = seal(&body, ln_special_text(x->row, "peer_key"), reason, err) &&
              send(x, ln_special_text(x->row, "from_region"), "refused",
                   ln_special_text(x->row, "move"), NULL, NULL, body.data, err) &&
              forget(x, x->id, err);

    json_decref(reason);
    ln_buf_free(&body);
    return ok;
}

static bool in_before(struct ln_special_call *x, struct ln_err *err)
{
    if (!is_step(x, "accept"))
        return true;
    if (strcmp(ln_special_word(x->f, "starts"), x->today) > 0)
        return ln_special_problem(x, "starts", "入住日期不能晚于今天", "is not later than today",
                                  err);
    return true;
}

static bool in_after(struct ln_special_call *x, struct ln_err *err)
{
    if (is_step(x, "accept"))
        return accept(x, err);
    return !is_step(x, "refuse") || refuse(x, err);
}

/* ---- B tells A, once its parent has signed for the new record */

/* What was written last when the person was taken in names the new record: a receipt that covers
 * it covers all of it. */
struct signing {
    bool signed_for;
};

static bool look_receipt(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct signing *s = ctx;

    (void)err;
    s->signed_for = i->receipt_t != 0;
    return true;
}

static bool tell(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    const char *id = ln_special_word(row, "id");
    struct signing s = { .signed_for = self->parent[0] == '\0' };
    struct ln_id key;

    if (!ln_clock_id_read(&key, ln_span_of(id)) ||
        (!s.signed_for && !ln_replica_history(ln_replica_store(x->r), &key, look_receipt, &s, err)))
        return false;
    return !s.signed_for ||
           (send(x, ln_special_text(row, "from_region"), "taken", ln_special_text(row, "move"),
                 NULL, ln_special_text(row, "starts"), NULL, err) &&
            ln_special_step(x, "move_in", id, "tell", NULL, NULL, err));
}

static bool in_tick(struct ln_special_call *x, struct ln_err *err)
{
    return for_each(x, "move_in", "accepted", tell, err);
}

const struct ln_special ln_relocation_special[] = {
    { .collection = "move_out", .before = out_before, .tick = out_tick },
    { .collection = "move_in", .before = in_before, .after = in_after, .tick = in_tick },
    { .collection = NULL },
};
