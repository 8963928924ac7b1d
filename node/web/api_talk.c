/* Conversations as the people in them see them: the list with what is unread, one with its
 * messages, stamps of reading, and for staff who has not read yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/attach.h"
#include "node/module/talk.h"
#include "node/store/seen.h"
#include "node/web/routes.h"

#define THREADS_MAX 200
#define PAGE 50
#define PEOPLE_MAX 12 /* of a kind that a search finds */
#define NAMES_MAX 20  /* members whose names are told in a list */
#define DAY_MS INT64_C(86400000)
#define EXCERPT 60 /* bytes of the last message, at most, in the list */

struct talk {
    struct ln_call *c;
    struct ln_recipient_place p;
    char today[11];
    int64_t now_ms;
    json_t *lists; /* contact list: whether it means this user */
    json_t *names; /* id: name */
    json_t *muted; /* account: "mute" | "block" */
};

static bool begin(struct talk *t, struct ln_call *c, struct ln_err *err)
{
    *t = (struct talk){ .c = c, .now_ms = c->n->env.now_ms(c->n->env.ctx) };
    ln_engine_today(t->today, t->now_ms);
    t->p = (struct ln_recipient_place){ c->r->store, c->n->def, t->today };
    if (!c->known)
        return ln_fail(err, LN_DENIED, "conversations need a login");
    t->lists = json_object();
    t->names = json_object();
    t->muted = json_object();
    return true;
}

static void end(struct talk *t)
{
    json_decref(t->lists);
    json_decref(t->names);
    json_decref(t->muted);
}

static json_t *record(struct talk *t, const char *collection, const char *id_text)
{
    struct ln_id id;
    json_t *row = NULL;
    struct ln_err why = { 0 };

    if (!ln_clock_id_read(&id, ln_span_of(id_text)) ||
        !ln_query_record(&row, t->c->r->store, &id, &why))
        return NULL;
    if (row != NULL &&
        (json_is_true(json_object_get(row, "deleted")) ||
         (collection != NULL && strcmp(ln_special_word(row, "collection"), collection) != 0))) {
        json_decref(row);
        return NULL;
    }
    return row;
}

/* The name under which somebody appears: the chosen one of an account, a home's own; a resident's
 * real name is for staff. */
static const char *name_of(struct talk *t, const char *id)
{
    const char *known = ln_special_word(t->names, id);

    if (known[0] != '\0')
        return known;
    json_t *row = record(t, NULL, id);
    const char *kind = ln_special_word(row, "collection");
    const char *name = strcmp(kind, "account") == 0 ? ln_special_text(row, "shown_name")
                       : strcmp(kind, "home") == 0  ? ln_special_text(row, "name")
                       : ln_engine_staff(&t->c->user) || strcmp(id, t->c->user.person) == 0
                           ? ln_special_text(row, "name")
                           : "居民";
    json_object_set_new(t->names, id, json_string(name[0] != '\0' ? name : "?"));
    json_decref(row);
    return ln_special_word(t->names, id);
}

/* What comes from another node names who wrote it: accounts of that place are not known here. */
static void learn_name(struct talk *t, const json_t *row)
{
    const char *author = ln_special_text(row, "author");
    const char *by = ln_special_text(row, "by");

    if (by[0] == '\0' || author[0] == '\0')
        return;
    json_t *account = record(t, "account", author);
    if (account == NULL)
        json_object_set_new(t->names, author, json_string(by));
    json_decref(account);
}

/* ---- which conversations are mine */

static bool is_member(bool *member, struct talk *t, const json_t *thread, struct ln_err *err)
{
    const char *list = ln_special_text(thread, "list");
    const json_t *known = list[0] != '\0' ? json_object_get(t->lists, list) : NULL;

    if (json_is_true(known)) {
        *member = true;
        return true;
    }
    if (!ln_talk_member(member, &t->p, thread, &t->c->user, err))
        return false;
    if (list[0] != '\0' && *member)
        json_object_set_new(t->lists, list, json_true());
    return true;
}

static bool add_threads(json_t *out, json_t *had, struct talk *t, struct ln_list *l,
                        struct ln_err *err)
{
    json_t *rows = json_array();
    bool ok = ln_query_list(rows, NULL, t->c->r->store, l, err);

    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *id = ln_special_word(row, "id");
        bool member = false;
        if (json_object_get(had, id) != NULL)
            continue;
        ok = is_member(&member, t, row, err);
        if (ok && member) {
            json_object_set_new(had, id, json_true());
            json_array_append(out, row);
        }
    }
    json_decref(rows);
    return ok;
}

static bool my_threads(json_t *out, struct talk *t, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(t->c->n->def, "thread");
    const struct ln_where any[] = { { "author", LN_WHERE_IS, t->c->user.account },
                                    { "members", LN_WHERE_HAS, t->c->user.me } };
    const struct ln_where listed = { "kind", LN_WHERE_IS, "broadcast,group" };
    struct ln_list l = { .coll = d->coll,
                         .any = any,
                         .n_any = 2,
                         .sort = "id",
                         .descending = true,
                         .limit = THREADS_MAX };
    json_t *had = json_object();
    bool ok = add_threads(out, had, t, &l, err);

    l.n_any = 0;
    l.where = &listed;
    l.n = 1;
    ok = ok && add_threads(out, had, t, &l, err);
    json_decref(had);
    return ok;
}

/* ---- one conversation, as the list shows it */

/* Messages older than the thread keeps them are not shown any more. */
static struct ln_id kept_since(const struct talk *t, const json_t *thread)
{
    const json_t *days = json_object_get(json_object_get(thread, "f"), "keep_days");
    int64_t keep = json_is_integer(days) ? json_integer_value(days) : 730;
    int64_t ms = t->now_ms - keep * DAY_MS;
    struct ln_id id = { { 0 } };

    for (int i = 0; ms > 0 && i < 6; i++)
        id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    return id;
}

static const char *thread_title(struct talk *t, const json_t *thread)
{
    ln_web_said(t->c, json_object_get(thread, "f"));
    const char *subject = ln_special_text(thread, "subject");
    const json_t *members = json_object_get(json_object_get(thread, "f"), "members");

    if (subject[0] != '\0')
        return subject;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *id = json_string_value(json_array_get(members, i));
        if (id != NULL && strstr(t->c->user.me, id) == NULL)
            return name_of(t, id);
    }
    const char *author = ln_special_text(thread, "author");
    return author[0] != '\0' ? name_of(t, author) : "";
}

static bool messages_of(json_t *out, struct talk *t, const char *thread, unsigned limit,
                        unsigned offset, struct ln_err *err)
{
    const struct ln_where of = { "thread", LN_WHERE_IS, thread };
    struct ln_list l = { .coll = ln_def_find(t->c->n->def, "message")->coll,
                         .where = &of,
                         .n = 1,
                         .sort = "id",
                         .descending = true,
                         .limit = limit,
                         .offset = offset };

    return ln_query_list(out, NULL, t->c->r->store, &l, err);
}

static bool is_muted(struct talk *t, const json_t *thread)
{
    const json_t *members = json_object_get(json_object_get(thread, "f"), "members");
    bool direct = strcmp(ln_special_text(thread, "kind"), "direct") == 0;

    for (size_t i = 0; direct && i < json_array_size(members); i++)
        if (json_object_get(t->muted, json_string_value(json_array_get(members, i))) != NULL)
            return true;
    return false;
}

static bool take_quiet(void *ctx, json_t *row, struct ln_err *err)
{
    struct talk *t = ctx;

    (void)err;
    json_object_set_new(t->muted, ln_special_text(row, "who"),
                        json_string(ln_special_text(row, "kind")));
    return true;
}

static size_t whole_characters(const char *text, size_t most)
{
    size_t n = strlen(text);

    if (n <= most)
        return n;
    for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
        n--;
    return n;
}

static json_t *thread_json(struct talk *t, const json_t *thread, struct ln_err *err)
{
    const char *id = ln_special_word(thread, "id");
    struct ln_id since = kept_since(t, thread);
    struct ln_seen_unread u = { 0 };
    struct ln_id account;
    json_t *rows = json_array();
    json_t *o = NULL;

    if (!ln_clock_id_read(&account, ln_span_of(t->c->user.account)) ||
        !ln_seen_count(&u, ln_sqlstore_db(t->c->r->store), &account, id, &since, err) ||
        !messages_of(rows, t, id, 1, 0, err))
        goto out;
    const json_t *last = json_array_get(rows, 0);
    ln_web_said(t->c, json_object_get(last, "f"));
    const char *body = ln_special_text(last, "body");
    learn_name(t, thread);
    bool muted = is_muted(t, thread);
    o = json_pack(
        "{s:s,s:s,s:s,s:I,s:b,s:b,s:b,s:I,s:b}", "id", id, "kind", ln_special_text(thread, "kind"),
        "title", thread_title(t, thread), "unread", (json_int_t)(muted ? 0 : u.unread),
        "undelivered", (int)(u.undelivered > 0), "urgent", (int)(u.urgent && !muted), "muted",
        (int)muted, "at",
        (json_int_t)json_integer_value(json_object_get(last != NULL ? last : thread, "created")),
        "closed", (int)json_is_true(json_object_get(json_object_get(thread, "f"), "closed")));
    if (last != NULL) {
        json_object_set_new(o, "last", json_stringn(body, whole_characters(body, EXCERPT)));
        json_object_set_new(o, "last_id", json_string(ln_special_word(last, "id")));
    }
out:
    json_decref(rows);
    return o;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = json_integer_value(json_object_get(*(json_t *const *)a, "at"));
    int64_t y = json_integer_value(json_object_get(*(json_t *const *)b, "at"));

    return x < y ? 1 : x > y ? -1 : 0;
}

bool ln_api_talk_list(struct ln_call *c, struct ln_err *err)
{
    const struct ln_where mine = { "author", LN_WHERE_IS, c->user.account };
    json_t *threads = json_array();
    json_t *items = json_array();
    json_t *list[2 * THREADS_MAX];
    size_t n = 0;
    json_int_t unread = 0;
    struct talk t;
    bool ok = false;

    if (!begin(&t, c, err) || !ln_recipient_each(&t.p, "quiet", &mine, 1, take_quiet, &t, err) ||
        !my_threads(threads, &t, err))
        goto out;
    for (size_t i = 0; i < json_array_size(threads) && n < sizeof list / sizeof list[0]; i++) {
        list[n] = thread_json(&t, json_array_get(threads, i), err);
        if (list[n] == NULL)
            goto out;
        unread += json_integer_value(json_object_get(list[n++], "unread"));
    }
    qsort(list, n, sizeof *list, newest_first);
    for (size_t i = 0; i < n; i++)
        json_array_append(items, list[i]);
    ok = ln_web_json(c, 200, json_pack("{s:O,s:I}", "items", items, "unread", unread));
out:
    for (size_t i = 0; i < n; i++)
        json_decref(list[i]);
    json_decref(threads);
    json_decref(items);
    end(&t);
    return ok;
}

/* ---- whom one can write to: homes, accounts by the name they chose; for staff residents, too */

static bool add_people(json_t *out, struct talk *t, const char *collection, const char *name,
                       const char *q, struct ln_err *err)
{
    static const struct ln_where verified = { "state", LN_WHERE_IS, "verified" };
    struct ln_list l = { .coll = ln_def_find(t->c->n->def, collection)->coll,
                         .text = q,
                         .limit = PEOPLE_MAX };
    json_t *rows = json_array();

    if (strcmp(collection, "account") == 0) {
        l.where = &verified;
        l.n = 1;
    }
    bool ok = ln_query_list(rows, NULL, t->c->r->store, &l, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = ln_special_word(row, "id");
        if (strstr(t->c->user.me, id) == NULL)
            json_array_append_new(out, json_pack("{s:s,s:s,s:s}", "id", id, "collection",
                                                 collection, "name", ln_special_text(row, name)));
    }
    json_decref(rows);
    return ok;
}

bool ln_api_talk_people(struct ln_call *c, struct ln_err *err)
{
    const char *q = ln_http_query(c->q, "q");
    json_t *items = json_array();
    struct talk t;
    bool ok = begin(&t, c, err);

    if (ok && (q == NULL || strlen(q) < 2)) /* nobody lists them all: a part of a name is needed */
        ok = add_people(items, &t, "home", "name", NULL, err);
    else if (ok)
        ok = add_people(items, &t, "home", "name", q, err) &&
             add_people(items, &t, "account", "shown_name", q, err) &&
             (!ln_engine_staff(&c->user) || add_people(items, &t, "person", "name", q, err));
    ok = ok && ln_web_json(c, 200, json_pack("{s:O}", "items", items));
    json_decref(items);
    end(&t);
    return ok;
}

/* ---- one conversation with its messages */

static json_t *mine_thread(struct talk *t, struct ln_err *err)
{
    json_t *thread = record(t, "thread", t->c->q->arg[0]);
    bool member = false;

    if (thread == NULL || !is_member(&member, t, thread, err) || !member) {
        json_decref(thread);
        if (err->code == LN_OK)
            (void)ln_fail(err, LN_MISSING, "no such conversation");
        return NULL;
    }
    return thread;
}

struct confirmed {
    struct talk *t;
    bool by_me;
};

static bool take_receipt(void *ctx, json_t *row, struct ln_err *err)
{
    struct confirmed *x = ctx;
    const char *who = ln_special_text(row, "who");

    (void)err;
    x->by_me = x->by_me || (who[0] != '\0' && strstr(x->t->c->user.me, who) != NULL);
    return true;
}

static bool add_message(json_t *items, struct talk *t, json_t *row, struct ln_err *err)
{
    static const char *const kept[] = { "body", "urgent", "confirm", "reply_to", "files" };
    const char *about = ln_special_text(row, "about");
    const struct ln_def_coll *d = ln_def_find(t->c->n->def, "message");
    json_t *f = json_object_get(row, "f");
    const char *author = ln_special_text(row, "author");
    learn_name(t, row);
    json_t *o = json_pack("{s:s,s:I,s:s,s:b}", "id", ln_special_word(row, "id"), "at",
                          (json_int_t)json_integer_value(json_object_get(row, "created")), "who",
                          author[0] != '\0' ? name_of(t, author) : "", "mine",
                          (int)(author[0] != '\0' && strcmp(author, t->c->user.account) == 0));

    ln_engine_hide_keys(ln_def_field(d, "files"), json_object_get(f, "files"));
    ln_web_said(t->c, f);
    if (about[0] != '\0') {
        json_t *of = record(t, NULL, about);
        if (of != NULL)
            json_object_set_new(o, "about",
                                json_sprintf("/%s/%s", ln_special_word(of, "collection"), about));
        json_decref(of);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (json_object_get(f, kept[i]) != NULL)
            json_object_set(o, kept[i], json_object_get(f, kept[i]));
    if (author[0] != '\0' && strcmp(author, t->c->user.account) != 0)
        json_object_set_new(o, "from", json_string(author));
    if (json_is_true(json_object_get(f, "confirm"))) {
        const struct ln_where of = { "message", LN_WHERE_IS, ln_special_word(row, "id") };
        struct confirmed x = { t, false };
        if (!ln_recipient_each(&t->p, "confirmation", &of, 1, take_receipt, &x, err)) {
            json_decref(o);
            return false;
        }
        json_object_set_new(o, "confirmed", json_boolean(x.by_me));
    }
    json_array_insert_new(items, 0, o);
    return true;
}

/* What its author took back shows that, and no text. */
static void take_back(json_t *items, const json_t *rows)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const char *gone = ln_special_text(row, "recalls");
        size_t k;
        json_t *o;
        if (gone[0] == '\0')
            continue;
        json_array_foreach(items, k, o)
        {
            if (strcmp(ln_special_word(o, "id"), gone) != 0)
                continue;
            json_object_del(o, "body");
            json_object_del(o, "files");
            json_object_del(o, "confirm");
            json_object_set_new(o, "recalled", json_true());
        }
    }
}

static json_t *members_json(struct talk *t, const json_t *thread)
{
    const json_t *members = json_object_get(json_object_get(thread, "f"), "members");
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(members) && i < NAMES_MAX; i++) {
        const char *id = json_string_value(json_array_get(members, i));
        if (id != NULL)
            json_array_append_new(out, json_pack("{s:s,s:s,s:b}", "id", id, "name", name_of(t, id),
                                                 "me", (int)(strstr(t->c->user.me, id) != NULL)));
    }
    return out;
}

static bool may_write(const struct talk *t, const json_t *thread)
{
    const struct ln_user *u = &t->c->user;
    bool own = strcmp(ln_special_text(thread, "author"), u->account) == 0;

    if (json_is_true(json_object_get(json_object_get(thread, "f"), "closed")))
        return false;
    if (strcmp(ln_special_text(thread, "kind"), "notice") == 0)
        return false; /* of the node's own: nobody reads an answer there */
    return own || strcmp(ln_special_text(thread, "kind"), "broadcast") != 0 ||
           ln_engine_has_role(u, "committee");
}

bool ln_api_talk_get(struct ln_call *c, struct ln_err *err)
{
    const char *cursor = ln_http_query(c->q, "cursor");
    unsigned offset = cursor != NULL ? (unsigned)strtoul(cursor, NULL, 10) : 0;
    json_t *rows = json_array();
    json_t *items = json_array();
    json_t *thread = NULL;
    struct talk t;
    bool ok = false;

    if (!begin(&t, c, err) || (thread = mine_thread(&t, err)) == NULL ||
        !messages_of(rows, &t, c->q->arg[0], PAGE + 1, offset, err))
        goto out;
    struct ln_id since = kept_since(&t, thread);
    learn_name(&t, thread);
    bool more = json_array_size(rows) > PAGE;
    for (size_t i = 0; i < json_array_size(rows) && i < PAGE; i++) {
        json_t *row = json_array_get(rows, i);
        struct ln_id id;
        if (ln_special_text(row, "recalls")[0] != '\0' ||
            !ln_clock_id_read(&id, ln_span_of(ln_special_word(row, "id"))) ||
            ln_clock_compare(&id, &since) < 0)
            continue;
        if (!add_message(items, &t, row, err))
            goto out;
    }
    take_back(items, rows);
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:b,s:b,s:b,s:o,s:O}", "id", c->q->arg[0], "kind",
                  ln_special_text(thread, "kind"), "title", thread_title(&t, thread), "closed",
                  (int)json_is_true(json_object_get(json_object_get(thread, "f"), "closed")),
                  "write", (int)may_write(&t, thread), "listed",
                  (int)(ln_special_text(thread, "list")[0] != '\0' && ln_engine_staff(&c->user)),
                  "members", members_json(&t, thread), "items", items);
    if (more)
        json_object_set_new(o, "next", json_sprintf("%u", offset + PAGE));
    ok = ln_web_json(c, 200, o);
out:
    json_decref(thread);
    json_decref(rows);
    json_decref(items);
    end(&t);
    return ok;
}

/* ---- stamps */

struct stamping {
    struct ln_call *c;
    struct ln_id account, upto;
    bool read;
    int64_t now_ms;
};

static bool stamp(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct stamping *s = arg;

    (void)r;
    return ln_seen_stamp(ln_sqlstore_db(s->c->n->writer), &s->account, s->c->q->arg[0], &s->upto,
                         s->read, s->now_ms, err);
}

bool ln_api_talk_seen(struct ln_call *c, struct ln_err *err)
{
    struct stamping s = { .c = c };
    json_t *thread = NULL;
    struct talk t;
    bool ok = false;

    if (!begin(&t, c, err) || !ln_web_object(c, err) || (thread = mine_thread(&t, err)) == NULL)
        goto out;
    s.now_ms = t.now_ms;
    s.read = json_is_true(json_object_get(c->body, "read"));
    if (!ln_clock_id_read(&s.account, ln_span_of(c->user.account)) ||
        !ln_clock_id_read(&s.upto, ln_span_of(ln_web_text(c->body, "upto")))) {
        (void)ln_fail(err, LN_INVALID, "upto names a message");
        goto out;
    }
    ok = ln_queue_write(c->n->queue, stamp, &s, err);
    c->out->status = 204;
out:
    json_decref(thread);
    end(&t);
    return ok;
}

/* ---- who has not read it */

static json_t *message_in(struct talk *t, const char *id)
{
    json_t *m = record(t, "message", id);

    if (m != NULL && strcmp(ln_special_text(m, "thread"), t->c->q->arg[0]) != 0) {
        json_decref(m);
        return NULL;
    }
    return m;
}

static bool reading(json_t **out, struct talk *t, const char *message, struct ln_err *err)
{
    json_t *thread = NULL;
    json_t *m = NULL;
    bool ok = false;

    if (!ln_engine_staff(&t->c->user)) {
        (void)ln_fail(err, LN_DENIED, "who has read what is for staff");
        goto out;
    }
    thread = record(t, "thread", t->c->q->arg[0]);
    m = message_in(t, message);
    bool member = false;
    if (thread != NULL && !is_member(&member, t, thread, err))
        goto out;
    if (thread == NULL || m == NULL ||
        (!member && !ln_engine_has_role(&t->c->user, "committee") &&
         !ln_engine_has_role(&t->c->user, "worker"))) {
        (void)ln_fail(err, LN_MISSING, "no such message");
        goto out;
    }
    ok = ln_talk_reading(out, &t->p, thread, m, err);
    if (ok)
        json_object_set_new(*out, "title", json_string(thread_title(t, thread)));
out:
    json_decref(thread);
    json_decref(m);
    return ok;
}

bool ln_api_talk_reading(struct ln_call *c, struct ln_err *err)
{
    const char *message = ln_http_query(c->q, "message");
    json_t *out = NULL;
    struct talk t;
    size_t i;
    json_t *one;
    bool ok = begin(&t, c, err) && reading(&out, &t, message != NULL ? message : "", err);

    json_array_foreach(json_object_get(out, "left"), i, one)
    {
        json_object_del(one, "phone"); /* POST .../doors tells them, on record */
    }
    ok = ok && ln_web_json(c, 200, json_incref(out));
    json_decref(out);
    end(&t);
    return ok;
}

/* The door-knock list: with telephone numbers, so it is written down who took it and what for. */
bool ln_api_talk_doors(struct ln_call *c, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    const char *message = ln_web_text(c->body, "message");
    const char *purpose = ln_web_text(c->body, "purpose");
    json_t *out = NULL;
    struct talk t;
    bool ok = begin(&t, c, err) && ln_web_object(c, err);

    if (ok && purpose[0] == '\0')
        ok = ln_fail(err, LN_INVALID, "a purpose is needed: it is written down");
    ok = ok && reading(&out, &t, message, err);
    if (ok) {
        json_t *f = json_pack("{s:s,s:s,s:s,s:[s],s:s,s:I,s:s}", "actor", c->user.account, "action",
                              "unmask", "object", message, "fields", "phone", "purpose", purpose,
                              "at", (json_int_t)t.now_ms, "node", c->n->id);
        struct ln_engine_job job = { .u = &system,
                                     .kind = LN_ENGINE_CREATE,
                                     .c = ln_def_find(c->n->def, "audit"),
                                     .f = f,
                                     .channel = "web" };
        ok = ln_node_save(c->n, &job, err); /* first on record, then shown */
        c->fields = ok ? NULL : json_incref(job.problems);
        json_decref(job.problems);
        json_decref(f);
    }
    ok = ok && ln_web_json(c, 200, json_incref(out));
    json_decref(out);
    end(&t);
    return ok;
}

/* ---- files of a message, for everybody in the conversation */

bool ln_api_talk_file(struct ln_call *c, struct ln_err *err)
{
    json_t *thread = NULL;
    json_t *m = NULL;
    struct talk t;
    bool ok = false;

    if (!begin(&t, c, err) || (thread = mine_thread(&t, err)) == NULL)
        goto out;
    m = message_in(&t, c->q->arg[1]);
    const json_t *files = json_object_get(json_object_get(m, "f"), "files");
    const json_t *value = NULL;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (ln_attach_blob(json_array_get(files, i), c->q->arg[2]) != NULL)
            value = json_array_get(files, i);
    ok = value != NULL ? ln_api_file_send(c, value, c->q->arg[2], err)
                       : ln_fail(err, LN_MISSING, "no such attachment");
out:
    json_decref(thread);
    json_decref(m);
    end(&t);
    return ok;
}
