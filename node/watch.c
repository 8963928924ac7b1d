/* Alarms as notices: see watch.h. */
#include "node/watch.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/store/alarm.h"
#include "node/tree.h"

#define DAY_MS INT64_C(86400000)
#define OPEN_MAX 4096 /* alarms open at one time that are looked at */

struct watching {
    struct ln_node *n;
    struct ln_replica *r;
    const json_t *items;
    int64_t now;
    int64_t gone[OPEN_MAX]; /* raised, and not found any more */
    size_t n_gone;
};

static const char *word(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));

    return t != NULL ? t : "";
}

/* What people settle in their own queues is no matter for a message at night. */
static bool urgent(const char *code)
{
    return strcmp(code, "conflicts") != 0 && strcmp(code, "refused") != 0;
}

static bool send_one(struct watching *x, const char *phone, const char *text, struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    json_t *f = json_pack("{s:s,s:s,s:s,s:{s:s}}", "phone", phone, "template", "notice", "purpose",
                          "notice", "params", "text", text);
    struct ln_engine_job job = { .u = &system,
                                 .e = &x->n->engine,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(x->n->def, "sms_out"),
                                 .f = f,
                                 .channel = "sms" };
    bool ok = job.c == NULL || ln_engine_run(&job, x->r, err);

    json_decref(job.problems);
    json_decref(f);
    return ok;
}

static bool send_all(struct watching *x, const json_t *item, const json_t *alarm,
                     struct ln_err *err)
{
    char text[400];
    char phone[24];
    const char *at = x->n->config.alarm_phones;

    if (x->n->config.sms_dir[0] == '\0' || !urgent(word(alarm, "code")))
        return true;
    (void)snprintf(text, sizeof text, "%s：%s", word(item, "name"), word(alarm, "zh"));
    while (*at != '\0') {
        size_t len = strcspn(at, ", ");
        (void)snprintf(phone, sizeof phone, "%.*s", (int)(len < 20 ? len : 20), at);
        if (len > 0 && !send_one(x, phone, text, err))
            return false;
        at += len + (at[len] != '\0');
    }
    return true;
}

static bool raise_one(struct watching *x, const json_t *item, const json_t *alarm,
                      struct ln_err *err)
{
    struct ln_alarm a = { 0 };
    bool fresh;

    (void)snprintf(a.node, sizeof a.node, "%s", word(item, "node"));
    (void)snprintf(a.code, sizeof a.code, "%s", word(alarm, "code"));
    (void)snprintf(a.zh, sizeof a.zh, "%s", word(alarm, "zh"));
    (void)snprintf(a.en, sizeof a.en, "%s", word(alarm, "en"));
    if (!ln_alarm_raise(ln_sqlstore_db(x->n->writer), &a, x->now, &fresh, err))
        return false;
    if (!fresh)
        return true;
    ln_log(LN_LOG_WARN, "alarm raised node=%s code=%s", a.node, a.code);
    return send_all(x, item, alarm, err);
}

static bool raise_all(struct watching *x, struct ln_err *err)
{
    size_t i;
    size_t k;
    json_t *item;
    json_t *alarm;

    json_array_foreach(x->items, i, item)
    {
        json_array_foreach(json_object_get(item, "alarms"), k, alarm)
        {
            if (!raise_one(x, item, alarm, err))
                return false;
        }
    }
    return true;
}

/* ---- what is over */

static bool still(const struct watching *x, const struct ln_alarm *a)
{
    size_t i;
    size_t k;
    json_t *item;
    json_t *alarm;

    json_array_foreach(x->items, i, item)
    {
        if (strcmp(word(item, "node"), a->node) != 0)
            continue;
        json_array_foreach(json_object_get(item, "alarms"), k, alarm)
        {
            if (strcmp(word(alarm, "code"), a->code) == 0)
                return true;
        }
    }
    return false;
}

static bool take_open(void *ctx, const struct ln_alarm *a, struct ln_err *err)
{
    struct watching *x = ctx;

    (void)err;
    if (a->cleared_ms == 0 && x->n_gone < OPEN_MAX && !still(x, a)) {
        x->gone[x->n_gone++] = a->n;
        ln_log(LN_LOG_NOTE, "alarm cleared node=%s code=%s", a->node, a->code);
    }
    return true;
}

static bool look(struct watching *x, struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(x->n->writer);

    if (!raise_all(x, err) || !ln_alarm_each(db, 0, take_open, x, err))
        return false;
    for (size_t i = 0; i < x->n_gone; i++)
        if (!ln_alarm_clear(db, x->gone[i], x->now, err))
            return false;
    return ln_alarm_prune(db, x->now - LN_WATCH_KEEP_DAYS * DAY_MS, err);
}

void ln_watch_tick(struct ln_node *n, struct ln_replica *r)
{
    struct watching *x;
    struct ln_err err = { 0 };
    json_t *board = NULL;

    if (n->syncer == NULL || ln_replica_self(r) == NULL || strcmp(n->config.role, "laptop") == 0)
        return;
    x = ln_alloc(sizeof *x);
    x->n = n;
    x->r = r;
    x->now = n->env.now_ms(n->env.ctx);
    if (!ln_replica_begin(r, &err))
        goto out;
    if (!ln_tree_board(&board, n, ln_replica_store(r), ln_replica_authority(r), &err)) {
        ln_replica_rollback(r);
        goto out;
    }
    x->items = json_object_get(board, "items");
    if (look(x, &err))
        (void)!ln_replica_commit(r, &err);
    else
        ln_replica_rollback(r);
out:
    if (err.code != LN_OK)
        ln_log_err(LN_LOG_WARN, &err, "alarms");
    json_decref(board);
    ln_free(x);
}
