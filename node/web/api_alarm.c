/* Alarms of this node and those below it, with who took note of them. */
#include <stdlib.h>
#include <string.h>

#include "node/say.h"
#include "node/store/alarm.h"
#include "node/web/routes.h"

#define PAST_SHOWN 50
#define OPEN_SHOWN 8 /* on the first screen */

static bool looks_after(const struct ln_call *c)
{
    static const char *const roles[] = { "admin", "committee", "clerk", "province" };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (ln_engine_has_role(&c->user, roles[i]))
            return true;
    return false;
}

static bool add(void *ctx, const struct ln_alarm *a, struct ln_err *err)
{
    (void)err;
    json_array_append_new(ctx, json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:s,s:s}", "n",
                                         (json_int_t)a->n, "node", a->node, "code", a->code, "zh",
                                         a->zh, "en", a->en, "raised_ms", (json_int_t)a->raised_ms,
                                         "cleared_ms", (json_int_t)a->cleared_ms, "acked_ms",
                                         (json_int_t)a->acked_ms, "acked_by", a->acked_by, "note",
                                         a->note));
    return true;
}

static void name_nodes(struct ln_call *c, json_t *items)
{
    struct ln_buf name = ln_buf_new(512);
    void *hold;
    const struct ln_authority *a = ln_queue_authority(c->n->queue, &hold);
    size_t i;
    json_t *o;

    json_array_foreach(items, i, o)
    {
        const struct ln_cert *cert = ln_authority_find(a, ln_web_text(o, "node"));
        ln_buf_clear(&name);
        if (cert != NULL && cert->role != LN_ROLE_LAPTOP)
            ln_node_region(&name, cert->region);
        else if (cert != NULL)
            ln_buf_adds(&name, cert->name);
        json_object_set_new(o, "name", json_string(name.data != NULL ? name.data : ""));
    }
    ln_queue_authority_done(c->n->queue, hold);
    ln_buf_free(&name);
}

static bool add_open(void *ctx, const struct ln_alarm *a, struct ln_err *err)
{
    return a->acked_ms != 0 || json_array_size(ctx) >= OPEN_SHOWN || add(ctx, a, err);
}

json_t *ln_api_alarm_open(struct ln_call *c)
{
    json_t *items = json_array();
    struct ln_err why = { 0 };

    if (!looks_after(c) || !ln_alarm_each(ln_sqlstore_db(c->r->store), 0, add_open, items, &why))
        json_array_clear(items);
    name_nodes(c, items);
    return items;
}

bool ln_api_alarm_list(struct ln_call *c, struct ln_err *err)
{
    json_t *items;
    json_int_t open = 0;
    size_t i;
    json_t *o;

    if (!looks_after(c) && !ln_engine_has_role(&c->user, "supervisor"))
        return ln_fail(err, LN_DENIED,
                       LN_SAY("您的身份不能查看节点", "your role may not see the nodes"));
    items = json_array();
    if (!ln_alarm_each(ln_sqlstore_db(c->r->store), PAST_SHOWN, add, items, err)) {
        json_decref(items);
        return false;
    }
    name_nodes(c, items);
    json_array_foreach(items, i, o)
    {
        open += json_integer_value(json_object_get(o, "cleared_ms")) == 0 &&
                json_integer_value(json_object_get(o, "acked_ms")) == 0;
    }
    return ln_web_json(
        c, 200, json_pack("{s:o,s:I,s:b}", "items", items, "open", open, "ack", looks_after(c)));
}

struct noting {
    struct ln_node *n;
    int64_t alarm, now;
    const char *by, *note;
};

static bool ack_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct noting *x = arg;

    (void)r;
    return ln_alarm_ack(ln_sqlstore_db(x->n->writer), x->alarm, x->now, x->by, x->note, err);
}

bool ln_api_alarm_ack(struct ln_call *c, struct ln_err *err)
{
    char *end;
    struct noting x = { .n = c->n, .now = c->n->env.now_ms(c->n->env.ctx) };

    if (!c->known || !looks_after(c))
        return ln_fail(err, LN_DENIED,
                       LN_SAY("您的身份不能处理告警", "your role may not take note of alarms"));
    if (!ln_web_object(c, err))
        return false;
    x.alarm = strtoll(c->q->arg[0], &end, 10);
    x.by = c->user.shown[0] != '\0' ? c->user.shown : c->user.login;
    x.note = ln_web_text(c->body, "note");
    if (*end != '\0' || strlen(x.note) > LN_ALARM_NOTE_MAX)
        return ln_fail(err, LN_INVALID, LN_SAY("备注最多 %d 字节", "a note has at most %d bytes"),
                       LN_ALARM_NOTE_MAX);
    return ln_queue_write(c->n->queue, ack_job, &x, err) &&
           ln_web_json(c, 200, json_pack("{s:b}", "ok", 1));
}
