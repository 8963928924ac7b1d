/* Moving between communities: see relocation.h. */
#include "node/module/relocation.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/subject.h"
#include "node/module/correction.h"
#include "node/region/region.h"

#define TEXT_MAX 32000 /* of a summary, before it is sealed and written as base64 */
#define AT_ONCE 50     /* moves looked at in one tick, of each state */

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

static bool send(struct ln_special_call *x, const char *dest, const char *kind, const char *move,
                 const char *key, const char *day, const char *body, struct ln_err *err)
{
    const struct ln_parcel p = {
        .dest = dest, .kind = kind, .about = move, .key = key, .day = day, .body = body
    };

    return ln_parcel_send(x, &p, err);
}

static bool moving_already(bool *yes, struct ln_special_call *x, const char *person,
                           struct ln_err *err)
{
    const struct ln_where where[] = { { "person", LN_WHERE_IS, person },
                                      { "state", LN_WHERE_IS, "filed,asked,sent,withdrawing" } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "move_out", where, 2, 0, err);

    *yes = json_array_size(rows) > 0;
    json_decref(rows);
    return ok;
}

static bool out_before(struct ln_special_call *x, struct ln_err *err)
{
    const char *person = ln_special_word(x->f, "person");
    const char *region = ln_special_word(x->f, "to_region");
    json_t *row = NULL;
    bool twice = false;

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (strcmp(region, ln_replica_self(x->r)->region) == 0)
        return ln_special_problem(x, "to_region", "就是本社区；本社区内搬家请改居住登记",
                                  "that is this community: change the residence instead", err);
    if (strcmp(region + 9, "000") == 0)
        return ln_special_problem(x, "to_region", "请填到社区一级",
                                  "name a community, not a wider region", err);
    if (!ln_special_get(&row, x, "person", person, err))
        return false;
    bool lives = row != NULL && strcmp(ln_special_text(row, "status"), "moved") != 0 &&
                 strcmp(ln_special_text(row, "status"), "dead") != 0;
    json_decref(row);
    if (!lives)
        return ln_special_problem(x, "person", "没有这位在册居民，或已迁出、已故",
                                  "is not registered here, has moved or died", err);
    return moving_already(&twice, x, person, err) &&
           (!twice ||
            ln_special_problem(x, "person", "已有在办的迁出，请先办结或撤回",
                               "is being moved already: settle or withdraw that first", err));
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

#define NOBODY_THERE                                                                                                     \
    "对方社区还没有接入，请开具书面材料由本人带去。 Nobody answers for that community yet: give " \
    "the "                                                                                                               \
    "person a letter to take along."

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

static bool summary_of(json_t **out, struct ln_special_call *x, const json_t *row,
                       struct ln_err *err)
{
    const char *id = ln_special_text(row, "person");
    const json_t *more = json_object_get(row, "f");
    json_t *person = NULL;
    json_t *care = NULL;

    *out = NULL;
    if (!ln_special_get(&person, x, "person", id, err))
        return false;
    if (person == NULL)
        return ln_fail(err, LN_MISSING, "the person who moves is not here any more");
    json_t *f = json_object();
    for (const char *const *name = CARRIED; *name != NULL; name++) {
        json_t *v = json_object_get(json_object_get(person, "f"), *name);
        if (v != NULL)
            json_object_set(f, *name, v);
    }
    json_decref(person);
    *out = json_pack("{s:o}", "person", f);
    if (json_object_get(more, "address") != NULL)
        json_object_set(*out, "address", json_object_get(more, "address"));
    if (json_object_get(more, "note") != NULL)
        json_object_set(*out, "note", json_object_get(more, "note"));
    if (!json_is_true(json_object_get(more, "pass_care")))
        return true;
    bool ok = care_of(&care, x, id, err);
    json_object_set_new(*out, "care", care);
    return ok;
}

/* Personal data leave the community: on record. */
static bool note_release(struct ln_special_call *x, const json_t *row, struct ln_err *err)
{
    json_t *f = json_pack("{s:s,s:s,s:s,s:s,s:I}", "node", ln_replica_self(x->r)->node, "action",
                          "export", "object", ln_special_text(row, "person"), "purpose", "request",
                          "at", (json_int_t)x->now_ms);
    const char *author = ln_special_text(row, "author");

    if (author[0] != '\0')
        json_object_set_new(f, "actor", json_string(author));
    return ln_special_add(NULL, x, "audit", f, err);
}

/* B has a key for this move: what it is to know goes there. */
static bool give_summary(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                         struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_PARCEL_BODY_MAX);
    json_t *summary = NULL;

    /* Called back meanwhile, or told the same key twice. */
    if (!in_state(row, "asked", "sent", NULL) ||
        strcmp(ln_special_text(row, "peer_key"), p->key) == 0)
        return true;
    bool ok = summary_of(&summary, x, row, err) && seal(&body, p->key, summary, err) &&
              send(x, p->sender, "summary", p->about, NULL, NULL, body.data, err) &&
              note_release(x, row, err) &&
              out_step(x, row, "send", json_pack("{s:s}", "peer_key", p->key), err);
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

/* B's record stands under a receipt: the residence here ends on the day that the one there begins.
 */
static bool let_go(struct ln_special_call *x, const json_t *row, const struct ln_parcel *p,
                   struct ln_err *err)
{
    const char *id = ln_special_text(row, "person");
    json_t *person = NULL;
    bool ok = true;

    if (strlen(p->day) != 10)
        return ln_fail(err, LN_INVALID, "a move without its day");
    if (!in_state(row, "moved", NULL, NULL)) {
        ok = ln_special_get(&person, x, "person", id, err) &&
             out_step(x, row, "close", json_pack("{s:s}", "moved_on", p->day), err) &&
             end_rows(x, "residence", id, p->day, err) &&
             end_rows(x, "care_tag", id, p->day, err) &&
             (person == NULL || strcmp(ln_special_text(person, "status"), "dead") == 0 ||
              ln_special_set(x, "person", id, json_pack("{s:s}", "status", "moved"), err)) &&
             drop_key(x, ln_special_word(row, "id"), err);
        json_decref(person);
    }
    return ok && send(x, p->sender, "closed", p->about, NULL, NULL, NULL, err);
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
    bool ok =
        out_step(
            x, row, "refuse",
            says(text[0] != '\0'
                     ? text
                     : "理由打不开：密钥已随旧设备丢失。 The reason cannot be opened any more."),
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

/* What is shown before it is taken in; the whole stays in `summary`. */
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
    json_object_set_new(f, "summary", json_stringn(text.data, text.len));
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

static bool accept(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const OF_RESIDENCE[] = { "dwelling", "household", "relation",
                                                "kind",     "starts",    NULL };
    json_t *summary = json_loads(ln_special_text(x->row, "summary"), JSON_REJECT_DUPLICATES, NULL);
    char person[LN_ID_TEXT + 1];
    json_t *f = json_object();

    for (const char *const *n = OF_RESIDENCE; *n != NULL; n++)
        copy(f, x->f, *n);
    bool ok =
        summary != NULL || ln_special_refuse(x, LN_CONFLICT, "迁移资料读不出，请对方重新办理",
                                             "the summary cannot be read: ask for it again", err);
    ok = ok && add_person(person, x, summary, ln_special_word(x->f, "known"),
                          ln_special_word(x->f, "dwelling"), err);
    if (ok) {
        json_object_set_new(f, "person", json_string(person));
        ok = ln_special_add(NULL, x, "residence", json_incref(f), err) &&
             add_care(x, summary, person, err) &&
             ln_special_set(x, "move_in", x->id, json_pack("{s:s}", "person", person), err);
    }
    json_decref(f);
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
