/* Tickets: see ticket.h. */
#include "node/module/ticket.h"

#include <stdio.h>
#include <string.h>

#include "node/module/redact.h"

#define TRAIL_MAX 12000 /* bytes of the steps before an escalation: the latest are kept */

/* ---- who handles it */

static void note_handler(struct ln_special_call *x)
{
    const char *handler = ln_special_word(x->f, "handler");

    if (handler[0] != '\0')
        json_object_set_new(x->f, "handlers", json_pack("{s:s}", handler, x->today));
}

static bool begin(struct ln_special_call *x, struct ln_err *err)
{
    json_t *category = NULL;

    if (!ln_special_get(&category, x, "category", ln_special_word(x->f, "category"), err))
        return false;
    const char *handler = ln_special_text(category, "handler");
    if (ln_special_word(x->f, "handler")[0] == '\0' && handler[0] != '\0')
        json_object_set_new(x->f, "handler", json_string(handler));
    json_object_set_new(x->f, "tier", json_string("community"));
    note_handler(x);
    json_decref(category);
    return true;
}

/* ---- up: the steps so far go along */

struct telling {
    struct ln_special_call *x;
    struct ln_buf text;
};

static void add_object(json_t *to, struct ln_span object)
{
    json_t *o = object.len > 0 ? json_loadb(object.p, object.len, 0, NULL) : NULL;

    json_object_update(to, o);
    json_decref(o);
}

static const char *label_of(const struct ln_def_coll *c, const char *action)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (strcmp(c->steps[i].action, action) == 0)
            return c->steps[i].label.zh;
    return action;
}

static bool tell(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct telling *t = ctx;
    char user[LN_ID_TEXT + 1];
    char day[11];
    json_t *account = NULL;
    struct ln_err why = { 0 };

    (void)err;
    if (i->c->op != LN_OP_STEP || i->state != LN_STORE_GOOD)
        return true;
    json_t *f = json_object();
    add_object(f, i->c->fields);
    add_object(f, i->clear);
    (void)snprintf(user, sizeof user, "%.*s", (int)i->c->user.len, i->c->user.p);
    if (i->c->user.len == 0 || !ln_special_get(&account, t->x, "account", user, &why))
        account = NULL;
    ln_engine_today(day, LN_HLC_MS(ln_clock_claimed(&i->c->id)));
    ln_buf_addf(&t->text, "%s %s %s", day, label_of(t->x->c, ln_special_word(f, "action")),
                ln_special_text(account, "shown_name"));
    if (ln_special_word(f, "note")[0] != '\0')
        ln_buf_addf(&t->text, "：%s", ln_special_word(f, "note"));
    ln_buf_addc(&t->text, '\n');
    json_decref(account);
    json_decref(f);
    return true;
}

static const char *tier_of(const char *node)
{
    if (strlen(node) < LN_REGION_LEN || strncmp(node + 2, "0000000000", 10) == 0)
        return "province";
    if (strncmp(node + 6, "000000", 6) == 0)
        return "district";
    return strncmp(node + 9, "000", 3) == 0 ? "subdistrict" : "community";
}

static bool escalate(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    struct telling t = { .x = x, .text = ln_buf_new(LN_CHANGE_MAX) };
    struct ln_id id;

    if (self->parent[0] == '\0')
        return ln_special_refuse(x, LN_MISSING, "本节点没有上级，无法上报",
                                 "this node has no parent to escalate to", err);
    if (!ln_special_owns(x, ln_special_word(x->row, "region")) && ln_engine_named(x->c, x->row))
        return ln_special_refuse(x, LN_DENIED, "信访和投诉只能由所在社区向上指定",
                                 "a petition or complaint is passed on by its community only", err);
    ln_buf_adds(&t.text, ln_special_text(x->row, "trail"));
    bool ok = ln_clock_id_read(&id, ln_span_of(x->id)) &&
              (t.text.len > 0 || ln_replica_history(ln_replica_store(x->r), &id, tell, &t, err));
    if (ok) {
        size_t from = t.text.len > TRAIL_MAX ? t.text.len - TRAIL_MAX : 0;
        while (from > 0 && t.text.data[from - 1] != '\n' && from < t.text.len)
            from++;
        json_object_set_new(x->f, "trail", json_string(t.text.data + from));
        json_object_set_new(x->f, "tier", json_string(tier_of(self->parent)));
    }
    ln_buf_free(&t.text);
    return ok;
}

/* ---- steps */

static bool published(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "ticket", LN_WHERE_IS, x->id } };
    json_t *rows = NULL;

    if (!ln_special_find(&rows, x, "answer", where, 1, 0, err))
        return false;
    if (json_array_size(rows) > 0)
        json_object_set(x->f, "answer", json_object_get(json_array_get(rows, 0), "id"));
    json_decref(rows);
    return true;
}

static bool ticket_before(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE)
        return begin(x, err);
    if (x->step == NULL)
        return true;
    note_handler(x);
    if (strcmp(x->step->action, "escalate") == 0)
        return escalate(x, err);
    if (strcmp(x->step->action, "publish") == 0)
        return published(x, err);
    const char *into = ln_special_word(x->f, "merged_into");
    if (strcmp(x->step->action, "merge") == 0 && strcmp(into, x->id) == 0)
        return ln_special_refuse(x, LN_INVALID, "不能并入自己", "it cannot be merged into itself",
                                 err);
    return true;
}

/* ---- the reporter's contact, above: released when the ticket goes up, for the home that takes it
 * there, taken back when it leaves (MODULES "Types", ^) */

static bool open_releases(json_t **out, struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "ticket", LN_WHERE_IS, x->id },
                                      { "state", LN_WHERE_IS, "released" } };

    return ln_special_find(out, x, "contact_release", where, 2, 0, err);
}

static bool put_audit(struct ln_special_call *x, const char *object, struct ln_err *err)
{
    const char *who = x->u->account[0] != '\0' ? x->u->account : ln_special_text(x->row, "author");
    json_t *f;

    if (who[0] == '\0')
        return true; /* a guest's, sent on by the node: the release itself is the record */
    f = json_pack("{s:s,s:s,s:s,s:[s],s:s,s:I,s:s}", "actor", who, "action", "release", "object",
                  object, "fields", "contact", "purpose", "ticket", "at", (json_int_t)x->now_ms,
                  "node", ln_replica_self(x->r)->node);
    return ln_special_add(NULL, x, "audit", f, err);
}

static bool release(struct ln_special_call *x, struct ln_err *err)
{
    char id[LN_ID_TEXT + 1];
    json_t *before = NULL;
    const char *contact = ln_special_text(x->row, "contact");
    const char *reporter = ln_special_text(x->row, "reporter");

    if (!open_releases(&before, x, err))
        return false;
    const struct ln_cert *self = ln_replica_self(x->r);
    bool again = false;
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(before); i++) {
        const json_t *row = json_array_get(before, i);
        if (ln_special_owns(x, ln_special_word(row, "region"))) {
            again = true;
            continue;
        }
        contact = ln_special_text(row, "contact"); /* further up it comes from below, */
        ok = ln_special_step(x, "contact_release", ln_special_word(row, "id"), "end", NULL, NULL,
                             err); /* and goes from here */
    }
    if (ok && contact[0] != '\0' && !again && self->parent[0] != '\0' &&
        self->role != LN_ROLE_LAPTOP) {
        json_t *f = json_pack("{s:s,s:s}", "ticket", x->id, "contact", contact);
        if (reporter[0] != '\0')
            json_object_set_new(f, "reporter", json_string(reporter));
        ok = ln_special_add(id, x, "contact_release", f, err) && put_audit(x, id, err);
    }
    json_decref(before);
    return ok;
}

/* The home above that has the ticket after this step; "" none, or still the one below. */
static bool home_above(char out[LN_ID_TEXT + 1], bool *below, struct ln_special_call *x,
                       struct ln_err *err)
{
    const char *region = ln_special_word(x->row, "region");
    const char *to = ln_special_word(x->f, "handler");
    json_t *home = NULL;

    *below = false;
    out[0] = '\0';
    if (to[0] == '\0') { /* taken by whoever works on it there */
        for (size_t i = 0; i < x->u->n_roles; i++)
            if (strcmp(x->u->roles[i], "clerk") == 0 && !ln_special_owns(x, region))
                (void)snprintf(out, LN_ID_TEXT + 1, "%s", x->u->homes[i]);
        return true;
    }
    if (!ln_special_get(&home, x, "home", to, err))
        return false;
    *below = home != NULL && strcmp(ln_special_word(home, "region"), region) == 0;
    if (!*below)
        (void)snprintf(out, LN_ID_TEXT + 1, "%s", to);
    json_decref(home);
    return true;
}

static bool follow(struct ln_special_call *x, struct ln_err *err)
{
    char home[LN_ID_TEXT + 1] = "";
    json_t *open = NULL;
    bool below = false;
    size_t i;
    json_t *row;
    bool ok = open_releases(&open, x, err) &&
              (json_array_size(open) == 0 || home_above(home, &below, x, err));
    bool over = below || ln_def_has(x->c->coll->final_states, x->step->to) ||
                strcmp(x->step->to, "replied") == 0 || strcmp(x->step->to, "rated") == 0;

    json_array_foreach(open, i, row)
    {
        const char *id = ln_special_word(row, "id");
        if (ok && over)
            ok = ln_special_step(x, "contact_release", id, "end", NULL, NULL, err);
        else if (ok && home[0] != '\0' && strcmp(home, ln_special_text(row, "handler")) != 0)
            ok = ln_special_set(x, "contact_release", id, json_pack("{s:s}", "handler", home), err);
    }
    json_decref(open);
    return ok;
}

/* Who wrote a ticket that was merged follows the other one. */
static bool ticket_after(struct ln_special_call *x, struct ln_err *err)
{
    const char *author = ln_special_text(x->row, "author");

    if (x->step != NULL &&
        !(strcmp(x->step->action, "escalate") == 0 ? release(x, err) : follow(x, err)))
        return false;
    if (x->step == NULL || strcmp(x->step->action, "merge") != 0 || author[0] == '\0')
        return true;
    return ln_special_set(x, "ticket", ln_special_word(x->f, "merged_into"),
                          json_pack("{s:{s:s}}", "joined", author, x->today), err);
}

/* Maps of ids are for the node; people read how many. */
static void ticket_show(const struct ln_special_read *x, json_t *row)
{
    json_t *f = json_object_get(row, "f");
    size_t joined = json_object_size(json_object_get(f, "joined"));

    (void)x;
    if (joined > 0)
        json_object_set_new(row, "joined", json_integer((json_int_t)joined));
    json_object_del(f, "joined");
    json_object_del(f, "handlers");
}

/* ---- public answers */

/* Who stands behind the ticket: names, contact, written into `words` as texts of the rows. */
static size_t who_is(json_t *rows[4], const char *words[16], struct ln_special_call *x,
                     const json_t *ticket)
{
    static const char *const coll[] = { "person", "person", "account" };
    static const char *const by[] = { "reporter", "on_behalf_of", "author" };
    static const char *const parts[] = {
        "name", "phone", "id_no", "hukou_addr", "shown_name", NULL
    };
    struct ln_err why = { 0 };
    size_t n = 0;
    size_t rows_n = 0;

    if (ln_special_text(ticket, "contact")[0] != '\0')
        words[n++] = ln_special_text(ticket, "contact");
    for (int i = 0; i < 3; i++) {
        json_t *row = NULL;
        if (!ln_special_get(&row, x, coll[i], ln_special_text(ticket, by[i]), &why) || row == NULL)
            continue;
        rows[rows_n++] = row;
        for (const char *const *p = parts; *p != NULL && n < 15; p++)
            if (ln_special_text(row, *p)[0] != '\0')
                words[n++] = ln_special_text(row, *p);
    }
    words[n] = NULL;
    return rows_n;
}

static bool answer_before(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const texts[] = { "title", "question", "body" };
    json_t *ticket = NULL;
    json_t *rows[4];
    const char *words[16];

    if (x->kind != LN_ENGINE_CREATE)
        return true;
    if (!ln_special_get(&ticket, x, "ticket", ln_special_word(x->f, "ticket"), err))
        return false;
    if (ticket == NULL)
        return ln_special_problem(x, "ticket", "没有这件来信", "there is no such ticket", err);
    size_t n = who_is(rows, words, x, ticket);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
        (void)ln_redact(&text, ln_special_word(x->f, texts[i]), words);
        json_object_set_new(x->f, texts[i], json_string(text.data));
        ln_buf_free(&text);
    }
    json_object_set(x->f, "category", json_object_get(json_object_get(ticket, "f"), "category"));
    if (json_object_get(x->f, "by_home") == NULL)
        json_object_set(x->f, "by_home", json_object_get(json_object_get(ticket, "f"), "handler"));
    for (size_t i = 0; i < n; i++)
        json_decref(rows[i]);
    json_decref(ticket);
    return true;
}

const struct ln_special ln_ticket_special[] = {
    { .collection = "ticket", .before = ticket_before, .after = ticket_after, .show = ticket_show },
    { .collection = "answer", .before = answer_before },
    { .collection = NULL },
};
