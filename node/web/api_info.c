/* What pages need besides records: the sync strip, queues,
 * metrics. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/cmd/cmd.h"
#include "node/region/region.h"
#include "node/store/pending.h"
#include "node/syncer.h"
#include "node/web/routes.h"
#include "node/web/title.h"

/* ---- status: the sync strip, and the wish to sync at once */

/* Waits for the sync; how it went is told as by the command `sync`. */
bool ln_api_info_sync(struct ln_call *c, struct ln_err *err)
{
    struct ln_exchange_report r = { 0 };

    if (!c->known || c->user.n_roles == 0 ||
        (c->user.n_roles == 1 && ln_engine_has_role(&c->user, "resident")))
        return ln_fail(err, LN_DENIED, "your role may not start a sync");
    if (c->n->syncer == NULL)
        return ln_fail(err, LN_MISSING, "this node has no parent");
    return ln_syncer_now(c->n->syncer, &r, err) &&
           ln_web_json(c, 200,
                       json_pack("{s:I,s:I,s:b}", "sent", (json_int_t)r.sent_segments, "got",
                                 (json_int_t)r.got_changes, "level", (int)r.level));
}

static bool strip_of(json_t **out, struct ln_node *n, struct ln_err *err)
{
    json_t *s = NULL;
    json_t *strip;
    const char *state = "pending";

    if (!ln_cmd_status(&s, n, err))
        return false;
    json_int_t unsent = json_integer_value(json_object_get(s, "unsent"));
    if (json_is_true(json_object_get(s, "alone")))
        state = "alone";
    else if (ln_web_text(s, "doubt")[0] != '\0')
        state = strcmp(ln_web_text(s, "doubt"), "fork") == 0 ? "forked" : "doubt";
    else if (json_integer_value(json_object_get(s, "sync_failures")) > 0)
        state = "offline";
    else if (unsent == 0) /* the parent has signed for everything */
        state = "synced";
    strip = json_pack(
        "{s:s,s:I,s:O,s:O,s:s,s:O,s:O,s:O,s:O,s:O,s:O,s:O,s:O,s:O}", "state", state, "unsent",
        unsent, "unsealed", json_object_get(s, "unsealed"), "last_receipt",
        json_object_get(s, "last_receipt"), "parent", ln_web_text(s, "parent"), "parent_seen_ms",
        json_object_get(s, "parent_seen_ms"), "clock", json_object_get(s, "clock"), "conflicts",
        json_object_get(s, "conflicts"), "refused", json_object_get(s, "refused"), "not_taken",
        json_object_get(s, "not_taken"), "duplicates", json_object_get(s, "duplicates"), "next_ms",
        json_object_get(s, "next_sync_ms"), "opens_ms", json_object_get(s, "opens_ms"), "metered",
        json_object_get(s, "metered"));
    *out = json_pack("{s:o,s:O}", "sync", strip, "seq", json_object_get(s, "changes"));
    json_decref(s);
    return true;
}

/* A thousand pages ask, and counting costs as much as there is: one answer serves STRIP_MS. */
#define STRIP_MS 500
bool ln_api_info_status(struct ln_call *c, struct ln_err *err)
{
    struct ln_web *w = c->w;
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    bool ok = true;

    (void)pthread_mutex_lock(&w->status_mutex);
    if (w->status == NULL || now < w->status_ms || now >= w->status_ms + STRIP_MS) {
        json_t *fresh = NULL;
        ok = strip_of(&fresh, c->n, err);
        if (ok) {
            json_decref(w->status);
            w->status = fresh;
            w->status_ms = now;
        }
    }
    if (ok)
        (void)ln_web_json(c, 200, json_incref(w->status));
    (void)pthread_mutex_unlock(&w->status_mutex);
    return ok;
}

/* ---- metrics, in Prometheus' text format 0.0.4 */

bool ln_api_info_metrics(struct ln_call *c, struct ln_err *err)
{
    static const struct {
        const char *name, *key, *help;
    } numbers[] = {
        { "linli_records", "records", "records held" },
        { "linli_changes", "changes", "changes held" },
        { "linli_unsealed", "unsealed", "changes not sealed yet" },
        { "linli_unsent", "unsent", "changes without the parent's receipt" },
        { "linli_conflicts", "conflicts", "open conflicts" },
        { "linli_refused", "refused", "refused changes" },
        { "linli_not_taken", "not_taken", "steps that were not taken" },
        { "linli_duplicates", "duplicates", "pairs that may be one record" },
        { "linli_forks", "forks", "forked segments kept" },
        { "linli_disk_bytes", "disk_bytes", "size of the database" },
        { "linli_sync_failures", "sync_failures", "failed syncs in a row" },
    };
    json_t *s = NULL;

    if (!ln_cmd_status(&s, c->n, err))
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ln_buf_addf(&c->out->body, "# HELP %s %s\n# TYPE %s gauge\n%s %" JSON_INTEGER_FORMAT "\n",
                    numbers[i].name, numbers[i].help, numbers[i].name, numbers[i].name,
                    json_integer_value(json_object_get(s, numbers[i].key)));
    ln_buf_addf(&c->out->body,
                "# HELP linli_writes_waiting saves that wait for the disk\n"
                "# TYPE linli_writes_waiting gauge\nlinli_writes_waiting %zu\n",
                ln_queue_waiting(c->n->queue));
    json_decref(s);
    c->out->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return true;
}
