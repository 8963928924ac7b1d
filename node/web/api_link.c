/* The link to the parent as staff see and set it: proxy, rate, hours, paid by volume. What is set
 * holds at once, and after the next start. */
#include <stdio.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/config.h"
#include "node/say.h"
#include "node/syncer.h"
#include "node/web/routes.h"

#define RATE_MAX 10000000

static bool may(struct ln_call *c, struct ln_err *err)
{
    static const char *const roles[] = { "clerk", "province", "committee", "admin" };

    for (size_t i = 0; c->known && i < sizeof roles / sizeof roles[0]; i++)
        if (ln_engine_has_role(&c->user, roles[i]))
            return true;
    return ln_fail(err, LN_DENIED,
                   LN_SAY("您的身份不能设置线路", "your role may not set the link"));
}

static bool answer(struct ln_call *c)
{
    struct ln_syncer_state s = { .alone = true };
    const struct ln_exchange_report *r = &s.report;

    if (c->n->syncer != NULL)
        ln_syncer_state(c->n->syncer, &s);
    return ln_web_json(
        c, 200,
        json_pack("{s:s,s:s,s:s,s:s,s:I,s:b,s:{s:b,s:b,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b}}",
                  "parent", c->n->config.parent, "past", c->n->config.past, "proxy", s.link.proxy,
                  "window", s.link.window, "rate_kbit", (json_int_t)s.link.rate_kbit, "metered",
                  (int)s.link.metered, "last", "alone", (int)s.alone, "running", (int)s.running,
                  "error", s.last.text, "failures", (json_int_t)s.failures, "tried_ms",
                  (json_int_t)s.tried_ms, "done_ms", (json_int_t)s.done_ms, "next_ms",
                  (json_int_t)s.next_ms, "opens_ms", (json_int_t)s.opens_ms, "sent_bytes",
                  (json_int_t)r->sent_bytes, "got_bytes", (json_int_t)r->got_bytes, "past",
                  (int)s.past));
}

bool ln_api_link_get(struct ln_call *c, struct ln_err *err)
{
    return may(c, err) && answer(c);
}

/* A text of the body, or what stands there now. */
static bool text_of(char *out, size_t room, const json_t *body, const char *name,
                    struct ln_err *err)
{
    const json_t *v = json_object_get(body, name);

    if (v == NULL)
        return true;
    if (!json_is_string(v) || json_string_length(v) >= room ||
        strpbrk(json_string_value(v), "\r\n") != NULL)
        return ln_fail(err, LN_INVALID, LN_SAY("%s 有误", "%s is wrong"), name);
    (void)snprintf(out, room, "%s", json_string_value(v));
    return true;
}

static bool read_body(struct ln_syncer_link *l, const json_t *body, struct ln_err *err)
{
    const json_t *rate = json_object_get(body, "rate_kbit");
    const json_t *metered = json_object_get(body, "metered");

    if (!text_of(l->proxy, sizeof l->proxy, body, "proxy", err) ||
        !text_of(l->window, sizeof l->window, body, "window", err))
        return false;
    if (rate != NULL && (!json_is_integer(rate) || json_integer_value(rate) < 0 ||
                         json_integer_value(rate) > RATE_MAX))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("限速须为 0 到 %d 的整数", "the rate is a number from 0 to %d"),
                       RATE_MAX);
    if (metered != NULL && !json_is_boolean(metered))
        return ln_fail(err, LN_INVALID, LN_SAY("按流量计费须为是或否", "metered is true or false"));
    l->rate_kbit = rate != NULL ? json_integer_value(rate) : l->rate_kbit;
    l->metered = metered != NULL ? json_is_true(metered) : l->metered;
    return true;
}

/* Into the file, for the next start; the configuration in memory stays as it was read. */
static bool keep(const struct ln_node *n, const struct ln_syncer_link *l, struct ln_err *err)
{
    struct ln_config c;

    if (!ln_config_read(&c, n->dir, err))
        return false;
    memcpy(c.proxy, l->proxy, sizeof c.proxy);
    memcpy(c.window, l->window, sizeof c.window);
    c.rate_kbit = l->rate_kbit;
    c.metered = l->metered;
    return ln_config_write(&c, n->dir, err);
}

bool ln_api_link_set(struct ln_call *c, struct ln_err *err)
{
    struct ln_syncer_state s;
    struct ln_syncer_link before;

    if (!may(c, err) || !ln_web_object(c, err))
        return false;
    if (c->n->syncer == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("本节点没有上级线路", "this node has no link"));
    ln_syncer_state(c->n->syncer, &s);
    before = s.link;
    if (!read_body(&s.link, c->body, err) || !ln_syncer_set(c->n->syncer, &s.link, err))
        return false;
    if (!keep(c->n, &s.link, err)) {
        struct ln_err undone = { 0 };
        (void)!ln_syncer_set(c->n->syncer, &before, &undone);
        return false;
    }
    ln_log(LN_LOG_NOTE, "link set window=%s rate_kbit=%d metered=%d proxy=%d", s.link.window,
           (int)s.link.rate_kbit, (int)s.link.metered, (int)(s.link.proxy[0] != '\0'));
    return answer(c);
}
