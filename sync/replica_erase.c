/* Erasure of persons: README "Erasure". What is asked is noted when the line comes; keys are
 * destroyed and rows blanked by the next look, files overwritten after that, and only then a
 * receipt is signed. Each part may be repeated: a crash anywhere leads back to it. */
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "sync/alias.h"
#include "sync/replica_core.h"

#define NOTE "erase/"  /* <id of the line> -> "<p pending, b blanked, d done> <author> <f>" */
#define HAVE "erased/" /* <id of the line>/<node> -> time of its receipt */
/* <key or person>/<region of who erases it>: a key that was not here when that was asked */
#define GONE "gone/"
#define NOTE_MAX (LN_CHANGE_MAX + 128)
#define DERIVE_AT_ONCE 256

/* ---- asking */

struct ids {
    struct ln_id *list;
    size_t n, cap;
};

static void add_id(struct ids *x, const struct ln_id *id)
{
    for (size_t i = 0; i < x->n; i++)
        if (ln_clock_compare(&x->list[i], id) == 0)
            return;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = *id;
}

static bool take_id(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    (void)err;
    add_id(ctx, id);
    return true;
}

/* The person and all records that stand for the same one. */
static bool alias_set(struct ids *x, struct ln_store *s, const struct ln_id *person,
                      struct ln_err *err)
{
    struct ln_id root;

    if (!ln_alias_root(&root, s, person, err))
        return false;
    add_id(x, person);
    add_id(x, &root);
    return s->ops->alias_rooted(s->ctx, &root, take_id, x, err);
}

struct asking {
    struct ln_buf kids, audiences;
};

static void add_word(struct ln_buf *list, const char *word)
{
    char quoted[64];

    (void)snprintf(quoted, sizeof quoted, "\"%s\"", word);
    if (strstr(list->data != NULL ? list->data : "", quoted) == NULL)
        ln_buf_addf(list, "%s%s", list->len > 0 ? "," : "", quoted);
}

static bool take_key(void *ctx, const char *kid, const char *audience, struct ln_err *err)
{
    struct asking *x = ctx;

    (void)err;
    add_word(&x->kids, kid);
    add_word(&x->audiences, audience);
    return true;
}

bool ln_replica_erase(struct ln_replica *r, const struct ln_id *asked, size_t n, const char *cause,
                      struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct asking x = { ln_buf_new(LN_CHANGE_MAX / 2), ln_buf_new(LN_CHANGE_MAX / 4) };
    struct ln_buf f = ln_buf_new(LN_CHANGE_MAX);
    struct ids persons = { .n = 0 };
    char text[LN_ID_TEXT + 1];
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++)
        ok = alias_set(&persons, s, &asked[i], err);
    for (size_t i = 0; ok && i < persons.n; i++)
        ok = s->ops->kids_of(s->ctx, &persons.list[i], take_key, &x, err);
    ln_buf_addf(&f, "{\"audiences\":[%s],\"cause\":\"%s\",\"kids\":[%s],\"persons\":[",
                x.audiences.len > 0 ? x.audiences.data : "", cause,
                x.kids.len > 0 ? x.kids.data : "");
    for (size_t i = 0; i < persons.n; i++) {
        ln_clock_id_write(text, &persons.list[i]);
        ln_buf_addf(&f, "%s\"%s\"", i > 0 ? "," : "", text);
    }
    ln_buf_adds(&f, "]}");
    ok = ok && ln_buf_done(&x.kids, "keys to erase", err) && ln_buf_done(&f, "erasure", err) &&
         ln_replica_say(r, r->c.id, "erase", (struct ln_span){ f.data, f.len }, err);
    ln_buf_free(&f);
    ln_buf_free(&x.kids);
    ln_buf_free(&x.audiences);
    ln_free(persons.list);
    return ok || ln_wrap(err, "erase");
}

/* ---- heeding */

static bool put_note(struct ln_replica *r, const char *id, char state, const char *author,
                     struct ln_span f, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf text = ln_buf_new(NOTE_MAX);
    char key[64];
    bool ok;

    (void)snprintf(key, sizeof key, NOTE "%s", id);
    ln_buf_addf(&text, "%c %s ", state, author);
    ln_buf_add(&text, f.p, f.len);
    ok = ln_buf_done(&text, "erasure", err) &&
         s->ops->meta_put(s->ctx, key, (struct ln_span){ text.data, text.len }, err);
    ln_buf_free(&text);
    return ok;
}

static bool word_of(char *out, size_t cap, struct ln_span f, const char *name)
{
    struct ln_span value;
    struct ln_span word;

    if (f.len == 0 || !ln_canon_get(f, name, &value) || !ln_canon_plain(value, &word) ||
        word.len >= cap)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

bool ln_replica_heed_erase(struct ln_replica *r, const char *author, const struct ln_change *c,
                           int64_t eff, const char **why, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_buf old = ln_buf_new(NOTE_MAX);
    char id[LN_ID_TEXT + 1];
    char done[LN_ID_TEXT + 1];
    char key[sizeof HAVE + LN_ID_TEXT + LN_NODE_ID_MAX + 2];
    char time[LN_HLC_TEXT + 1];
    struct ln_span list;
    bool found = false;
    bool ok = true;

    if (word_of(done, sizeof done, c->fields, "done")) {
        (void)snprintf(key, sizeof key, HAVE "%s/%s", done, author);
        ln_clock_hlc_write(time, eff);
        ok = s->ops->meta_put(s->ctx, key, ln_span_of(time), err);
        goto out;
    }
    if (c->fields.len == 0 || !ln_canon_get(c->fields, "kids", &list) ||
        ln_canon_type(list) != LN_CANON_ARRAY || !ln_canon_get(c->fields, "persons", &list) ||
        ln_canon_type(list) != LN_CANON_ARRAY) {
        *why = "erase";
        goto out;
    }
    ln_clock_id_write(id, &c->id);
    (void)snprintf(key, sizeof key, NOTE "%s", id);
    /* Replayed by a rebuild: rows were made anew, and are blank because the keys are gone. */
    ok = s->ops->meta_get(s->ctx, key, &old, &found, err) &&
         (found || put_note(r, id, 'p', author, c->fields, err));
out:
    ln_buf_free(&old);
    return ok;
}

/* ---- doing it */

struct note {
    char id[LN_ID_TEXT + 1];
    char state;
    char author[LN_NODE_ID_MAX];
    struct ln_buf f;
};
struct notes {
    struct note *list;
    size_t n;
    char state; /* wanted */
};

static bool read_note(struct note *out, const char *key, struct ln_span value)
{
    const char *blank = value.len > 2 ? memchr(value.p + 2, ' ', value.len - 2) : NULL;

    *out = (struct note){ .state = value.len > 0 ? value.p[0] : 'd' };
    if (blank == NULL || (size_t)(blank - value.p) - 2 >= sizeof out->author)
        return false;
    (void)snprintf(out->id, sizeof out->id, "%s", key + sizeof NOTE - 1);
    memcpy(out->author, value.p + 2, (size_t)(blank - value.p) - 2);
    out->f = ln_buf_new(LN_CHANGE_MAX);
    ln_buf_add(&out->f, blank + 1, value.len - (size_t)(blank + 1 - value.p));
    return true;
}

static bool take_note(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct notes *x = ctx;
    struct note n;

    (void)err;
    if (!read_note(&n, key, value))
        return true;
    if (n.state != x->state) {
        ln_buf_free(&n.f);
        return true;
    }
    x->list = ln_realloc(x->list, (x->n + 1) * sizeof *x->list);
    x->list[x->n++] = n;
    return true;
}

static void notes_free(struct notes *x)
{
    for (size_t i = 0; i < x->n; i++)
        ln_buf_free(&x->list[i].f);
    ln_free(x->list);
}

/* Whose erasure is it? A node erases what belongs to its own region or one inside it. */
static bool may_erase(const char *region, const char *audience)
{
    struct ln_audience a;

    return ln_audience_read(&a, ln_span_of(audience)) && a.kind != LN_AUD_PUBLIC &&
           ln_cert_region_holds(region, a.owner);
}

struct doomed {
    const struct ln_cert *author;
    char (*kids)[16];
    size_t n;
    bool here; /* the key that was asked for */
};

static bool take_doomed(void *ctx, const char *kid, const char *audience, struct ln_err *err)
{
    struct doomed *x = ctx;

    (void)err;
    x->here = true;
    if (!may_erase(x->author->region, audience))
        return true;
    x->kids = ln_realloc(x->kids, (x->n + 1) * sizeof *x->kids);
    (void)snprintf(x->kids[x->n++], sizeof x->kids[0], "%s", kid);
    return true;
}

/* Of a key that is not here nobody can tell yet whether it is the author's to erase: its audience
 * comes with it. What comes of a person who was erased may even have a name that its eraser never
 * heard: a laptop's, under way, or one of a box whose older image asked. */
static bool note_gone(const struct ln_replica *r, const char *what, const struct ln_cert *author,
                      struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    char key[sizeof GONE + LN_ID_TEXT + LN_REGION_LEN + 1];

    (void)snprintf(key, sizeof key, GONE "%s/%s", what, author->region);
    return s->ops->meta_put(s->ctx, key, ln_span_of("1"), err);
}

struct arriving {
    const struct ln_key_item *item;
    bool doomed;
};

static bool take_gone(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    struct arriving *x = ctx;
    const char *region = strrchr(key, '/') + 1;

    (void)value;
    (void)err;
    x->doomed = x->doomed || may_erase(region, x->item->audience);
    return true;
}

bool ln_replica_key_doomed(bool *yes, struct ln_replica *r, const struct ln_key_item *k,
                           struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct arriving x = { .item = k };
    char prefix[sizeof GONE + LN_ID_TEXT + 1];
    char person[LN_ID_TEXT + 1];

    ln_clock_id_write(person, &k->person);
    (void)snprintf(prefix, sizeof prefix, GONE "%s/", k->kid);
    bool ok = s->ops->meta_each(s->ctx, prefix, take_gone, &x, err);
    (void)snprintf(prefix, sizeof prefix, GONE "%s/", person);
    ok = ok && s->ops->meta_each(s->ctx, prefix, take_gone, &x, err);
    *yes = x.doomed;
    return ok && (!x.doomed || s->ops->key_erase(s->ctx, k->kid, err));
}

/* The keys named, and all others of the persons, here or to come: one may have been made while the
 * line was under way. */
static bool destroy(struct ln_replica *r, const struct ln_cert *author, struct ln_span f,
                    const struct ids *persons, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct doomed x = { .author = author };
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    char kid[16];
    char person[LN_ID_TEXT + 1];
    size_t at = 0;
    bool ok = true;

    if (author == NULL)
        return true;
    if (ln_canon_get(f, "kids", &list))
        while (ok && ln_canon_next(list, &at, NULL, &item))
            if (ln_canon_type(item) == LN_CANON_STRING && ln_canon_plain(item, &word) &&
                word.len < sizeof kid) {
                memcpy(kid, word.p, word.len);
                kid[word.len] = '\0';
                x.here = false;
                ok = s->ops->kid_audience(s->ctx, kid, take_doomed, &x, err) &&
                     (x.here || note_gone(r, kid, author, err));
            }
    for (size_t i = 0; ok && i < persons->n; i++) {
        ln_clock_id_write(person, &persons->list[i]);
        ok = s->ops->kids_of(s->ctx, &persons->list[i], take_doomed, &x, err) &&
             note_gone(r, person, author, err);
    }
    for (size_t i = 0; ok && i < x.n; i++)
        ok = s->ops->key_erase(s->ctx, x.kids[i], err);
    ln_free(x.kids);
    return ok;
}

static bool blank(struct ln_replica *r, const struct ids *persons, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ids records = { .n = 0 };
    bool ok = true;

    for (size_t i = 0; ok && i < persons->n; i++) {
        add_id(&records, &persons->list[i]);
        for (size_t c = 0; ok && c < r->c.schema->n_colls; c++)
            ok = s->ops->subject_records(s->ctx, &r->c.schema->colls[c], &persons->list[i], take_id,
                                         &records, err);
    }
    for (size_t at = 0; ok && at < records.n; at += DERIVE_AT_ONCE) {
        size_t n = records.n - at < DERIVE_AT_ONCE ? records.n - at : DERIVE_AT_ONCE;
        ok = ln_batch_derive(r->batch, records.list + at, n, err);
    }
    ln_free(records.list);
    return ok;
}

static bool do_note(struct ln_replica *r, const struct note *n, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct ln_span f = { n->f.data, n->f.len };
    struct ids persons = { .n = 0 };
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    struct ln_id id;
    size_t at = 0;
    bool ok = true;

    if (ln_canon_get(f, "persons", &list))
        while (ok && ln_canon_next(list, &at, NULL, &item))
            if (ln_canon_plain(item, &word) && ln_clock_id_read(&id, word)) {
                add_id(&persons, &id);
                ok = s->ops->erase(s->ctx, &id, r->clock.last, err);
            }
    ok = ok && destroy(r, ln_authority_find(r->authority, n->author), f, &persons, err) &&
         blank(r, &persons, err) && put_note(r, n->id, 'b', n->author, f, err);
    ln_free(persons.list);
    return ok;
}

bool ln_replica_erase_due(struct ln_replica *r, unsigned *n, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct notes x = { .state = 'p' };
    bool ok = s->ops->meta_each(s->ctx, NOTE, take_note, &x, err);

    for (size_t i = 0; ok && i < x.n; i++)
        ok = do_note(r, &x.list[i], err);
    *n = (unsigned)x.n;
    notes_free(&x);
    if (!ok)
        return false;
    x = (struct notes){ .state = 'b' };
    ok = s->ops->meta_each(s->ctx, NOTE, take_note, &x, err);
    *n = (unsigned)x.n;
    notes_free(&x);
    return ok;
}

bool ln_replica_erase_done(struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = r->c.store;
    struct notes x = { .state = 'b' };
    char f[64];
    bool ok = s->ops->meta_each(s->ctx, NOTE, take_note, &x, err);

    for (size_t i = 0; ok && i < x.n; i++) {
        struct note *n = &x.list[i];
        (void)snprintf(f, sizeof f, "{\"done\":\"%s\"}", n->id);
        ok = put_note(r, n->id, 'd', n->author, (struct ln_span){ n->f.data, n->f.len }, err) &&
             (r->c.drill || ln_replica_say(r, r->c.id, "erase", ln_span_of(f), err));
    }
    notes_free(&x);
    return ok;
}

/* ---- the board */

struct board {
    struct ln_store *s;
    const struct ln_authority *a;
    const struct note *note;
    const struct ln_cert *author;
    ln_erasure_fn *fn;
    void *ctx;
};

/* Holders: members of the audiences named, who were there when it was asked, and the parent of the
 * author, who keeps escrow. */
static bool is_holder(const struct board *b, const struct ln_cert *c)
{
    struct ln_span f = { b->note->f.data, b->note->f.len };
    struct ln_span list;
    struct ln_span item;
    struct ln_span word;
    struct ln_audience a;
    size_t at = 0;

    if (b->author != NULL && strcmp(c->node, b->author->parent) == 0)
        return true;
    if (ln_canon_get(f, "audiences", &list))
        while (ln_canon_next(list, &at, NULL, &item))
            if (ln_canon_plain(item, &word) && ln_audience_read(&a, word) &&
                ln_audience_member(&a, c))
                return true;
    return false;
}

static bool take_holder(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct board *b = ctx;
    struct ln_buf time = ln_buf_new(LN_HLC_TEXT);
    struct ln_erasure e = { .id = b->note->id, .author = b->note->author, .node = c };
    char key[sizeof HAVE + LN_ID_TEXT + LN_NODE_ID_MAX + 2];
    bool found = false;
    bool ok;

    if (ln_authority_void_from(b->a, c->node) > 0 || !is_holder(b, c))
        return true;
    (void)snprintf(key, sizeof key, HAVE "%s/%s", b->note->id, c->node);
    ok = b->s->ops->meta_get(b->s->ctx, key, &time, &found, err);
    if (ok && found)
        (void)!ln_clock_hlc_read(&e.done, (struct ln_span){ time.data, time.len });
    (void)word_of(e.cause, sizeof e.cause, (struct ln_span){ b->note->f.data, b->note->f.len },
                  "cause");
    ln_buf_free(&time);
    return ok && b->fn(b->ctx, &e, err);
}

bool ln_replica_erasures(struct ln_store *reader, const struct ln_authority *a, ln_erasure_fn *fn,
                         void *ctx, struct ln_err *err)
{
    bool ok = true;

    for (const char *state = "pbd"; ok && *state != '\0'; state++) {
        struct notes x = { .state = *state };
        ok = reader->ops->meta_each(reader->ctx, NOTE, take_note, &x, err);
        for (size_t i = 0; ok && i < x.n; i++) {
            struct board b = { reader, a,  &x.list[i], ln_authority_find(a, x.list[i].author),
                               fn,     ctx };
            ok = ln_authority_each(a, take_holder, &b, err);
        }
        notes_free(&x);
    }
    return ok;
}
