/* The nodes below: how fresh they are, and inviting, renewing, revoking them (admin pages). */
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "node/say.h"
#include "node/store/pending.h"
#include "node/syncer.h"
#include "node/tree.h"
#include "node/web/routes.h"

#define ROWS_MAX 32768 /* more regions than a province has communities */

/* ---- the board */

/* Whether time runs in a state: `running` holds those by commas. */
static bool runs(const char *running, const char *state)
{
    const char *at = running != NULL ? strstr(running, state) : NULL;
    size_t len = strlen(state);

    for (; at != NULL && len > 0; at = strstr(at + 1, state))
        if ((at == running || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* Adds what one community counted (statistic tickets_open) to its region and those around it. */
static void add_counted(json_t *sums, const struct ln_def_coll *d, const json_t *row)
{
    static const int digits[] = { 2, 4, 6, 9, LN_REGION_LEN };
    const char *region = ln_web_text(row, "region");
    json_int_t open = 0;
    json_int_t overdue = 0;
    size_t i;
    json_t *cell;

    json_array_foreach(json_object_get(json_object_get(row, "f"), "cells"), i, cell)
    {
        json_int_t n = json_integer_value(json_array_get(cell, 2));
        const char *state = json_string_value(json_array_get(cell, 0));
        open += n;
        if (json_is_true(json_array_get(cell, 1)) && state != NULL && runs(d->running, state))
            overdue += n;
    }
    for (i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        char key[LN_REGION_LEN + 1];
        (void)snprintf(key, sizeof key, "%.*s%s", digits[i], region, &"000000000000"[digits[i]]);
        const json_t *sum = json_object_get(sums, key);
        if (i > 0 && strcmp(key + digits[i - 1], &"000000000000"[digits[i - 1]]) == 0)
            break; /* the region itself was the last */
        json_object_set_new(sums, key,
                            json_pack("[I,I]", open + json_integer_value(json_array_get(sum, 0)),
                                      overdue + json_integer_value(json_array_get(sum, 1))));
    }
}

/* Adds what one node counted (statistic queues) to its region and those around it. */
static void add_queues(json_t *queues, const json_t *row)
{
    static const int digits[] = { 2, 4, 6, 9, LN_REGION_LEN };
    const char *region = ln_web_text(row, "region");

    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        char key[LN_REGION_LEN + 1];
        size_t k;
        json_t *cell;
        (void)snprintf(key, sizeof key, "%.*s%s", digits[i], region, &"000000000000"[digits[i]]);
        if (i > 0 && strcmp(key + digits[i - 1], &"000000000000"[digits[i - 1]]) == 0)
            break; /* the region itself was the last */
        if (json_object_get(queues, key) == NULL)
            json_object_set_new(queues, key, json_object());
        json_t *sum = json_object_get(queues, key);
        json_array_foreach(json_object_get(json_object_get(row, "f"), "cells"), k, cell)
        {
            const char *name = json_string_value(json_array_get(cell, 0));
            if (name != NULL)
                json_object_set_new(sum, name,
                                    json_integer(json_integer_value(json_array_get(cell, 1)) +
                                                 json_integer_value(json_object_get(sum, name))));
        }
    }
}

/* From what the nodes below gave upward: {"<region>": [open, overdue]}, or of `queues`
 * {"<region>": {"conflicts": n, ...}}. */
static bool given(json_t *sums, struct ln_call *c, bool queues, struct ln_err *err)
{
    const struct ln_where where[] = { { "code", LN_WHERE_IS, queues ? "queues" : "tickets_open" } };
    bool province = strcmp(c->n->config.role, "province") == 0;
    const struct ln_def_coll *from = ln_def_find(c->n->def, province ? "stat_open" : "stat_value");
    const struct ln_def_coll *d = ln_def_find(c->n->def, "ticket");
    struct ln_list l = { .n = 1, .where = where, .limit = LN_QUERY_LIMIT };
    size_t got = LN_QUERY_LIMIT;
    bool ok = true;

    if (from == NULL || d == NULL)
        return true;
    l.coll = from->coll;
    for (; ok && got == LN_QUERY_LIMIT && l.offset < ROWS_MAX; l.offset += LN_QUERY_LIMIT) {
        json_t *rows = json_array();
        int64_t total;
        size_t i;
        json_t *row;
        ok = ln_query_list(rows, &total, c->r->store, &l, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            if (queues)
                add_queues(sums, row);
            else
                add_counted(sums, d, row);
        }
        json_decref(rows);
    }
    return ok;
}

/* "open" and "overdue" as the communities count them, and "late_here": how many of the overdue were
 * passed up to this node, so that a list can show them. */
static void add_sums(struct ln_call *c, json_t *o, const json_t *sums, const char *region)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "ticket");
    const json_t *sum = json_object_get(sums, region);
    json_t *all = NULL;
    json_t *late = NULL;
    struct ln_err why = { 0 };
    json_int_t open = 0;
    json_int_t here = 0;
    const char *state;
    json_t *n;

    if (d == NULL || !ln_query_states(&all, c->r->store, d->coll, region, 0, &why) ||
        !ln_query_states(&late, c->r->store, d->coll, region, c->n->env.now_ms(c->n->env.ctx),
                         &why))
        goto out;
    json_object_foreach(all, state, n)
    {
        if (!ln_def_has(d->coll->final_states, state))
            open += json_integer_value(n);
    }
    json_object_foreach(late, state, n)
    {
        if (runs(d->running, state))
            here += json_integer_value(n);
    }
out:
    json_object_set_new(o, "open",
                        sum != NULL ? json_incref(json_array_get(sum, 0)) : json_integer(open));
    json_object_set_new(o, "overdue",
                        sum != NULL ? json_incref(json_array_get(sum, 1)) : json_integer(here));
    json_object_set_new(o, "late_here", json_integer(here));
    json_decref(all);
    json_decref(late);
}

static bool may_see(const struct ln_call *c)
{
    static const char *const roles[] = { "clerk", "province", "committee", "admin", "supervisor" };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (ln_engine_has_role(&c->user, roles[i]))
            return true;
    return false;
}

bool ln_api_node_list(struct ln_call *c, struct ln_err *err)
{
    json_t *board = NULL;
    json_t *sums = json_object();
    json_t *queues = json_object();
    json_t *waiting = json_object(); /* what is held here of a region and waits for a decision */
    void *hold;
    size_t i;
    json_t *o;

    if (!may_see(c) || !ln_pending_regions(waiting, c->r->store, err) ||
        !given(sums, c, false, err) || !given(queues, c, true, err)) {
        json_decref(sums);
        json_decref(queues);
        json_decref(waiting);
        return may_see(c)
                   ? false
                   : ln_fail(err, LN_DENIED,
                             LN_SAY("您的身份不能查看节点", "your role may not see the nodes"));
    }
    const struct ln_authority *a = ln_queue_authority(c->n->queue, &hold);
    bool ok = ln_tree_board(&board, c->n, ln_sqlstore_handle(c->r->store), a, err);
    ln_queue_authority_done(c->n->queue, hold);
    json_array_foreach(json_object_get(board, "items"), i, o)
    {
        add_sums(c, o, sums, ln_web_text(o, "region"));
        if (json_object_get(queues, ln_web_text(o, "region")) != NULL)
            json_object_set(o, "queues", json_object_get(queues, ln_web_text(o, "region")));
        (void)json_object_update(o, json_object_get(waiting, ln_web_text(o, "region")));
    }
    json_decref(sums);
    json_decref(queues);
    json_decref(waiting);
    if (!ok)
        return false;
    json_object_set_new(board, "manage",
                        json_boolean(ln_engine_has_role(&c->user, "admin") ||
                                     ln_engine_has_role(&c->user, "committee") ||
                                     ln_engine_has_role(&c->user, "clerk") ||
                                     ln_engine_has_role(&c->user, "province")));
    return ln_web_json(c, 200, board);
}

/* ---- changing the tree */

static bool may_manage(struct ln_call *c, struct ln_err *err)
{
    return (c->known &&
            (ln_engine_has_role(&c->user, "admin") || ln_engine_has_role(&c->user, "committee") ||
             ln_engine_has_role(&c->user, "clerk") || ln_engine_has_role(&c->user, "province"))) ||
           ln_fail(err, LN_DENIED,
                   LN_SAY("您的身份不能管理节点", "your role may not manage nodes"));
}

/* ["01","02"] as "01,02". */
static void grids_text(struct ln_buf *out, const json_t *list)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one) ln_buf_addf(
        out, "%s%s", i > 0 ? "," : "", json_is_string(one) ? json_string_value(one) : "?");
}

/* Rows of '0' and '1'. */
static json_t *qr_rows(const char *text)
{
    QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    json_t *rows = json_array();
    char row[178];

    for (int y = 0; q != NULL && y < q->width; y++) {
        for (int x = 0; x < q->width; x++)
            row[x] = (q->data[y * q->width + x] & 1) != 0 ? '1' : '0';
        row[q->width] = '\0';
        json_array_append_new(rows, json_string(row));
    }
    QRcode_free(q);
    return rows;
}

bool ln_api_node_invite(struct ln_call *c, struct ln_err *err)
{
    struct ln_invite want = { .role = LN_ROLE_COMMUNITY };
    struct ln_buf grids = ln_buf_new(512);
    char code[LN_CODE_TEXT_MAX];
    char card[LN_TREE_CARD_MAX];
    char address[300] = "";
    const char *region;
    bool ok = false;

    if (!may_manage(c, err) || !ln_web_object(c, err))
        goto out;
    region = ln_web_text(c->body, "region")[0] != '\0' ? ln_web_text(c->body, "region")
                                                       : c->n->config.region;
    if (!ln_cert_role_read(&want.role, ln_span_of(ln_web_text(c->body, "role")))) {
        (void)ln_fail(err, LN_INVALID, LN_SAY("没有这种节点角色", "no such role of a node"));
        goto out;
    }
    (void)snprintf(want.region, sizeof want.region, "%.12s", region);
    (void)snprintf(want.continues, sizeof want.continues, "%.*s", LN_NODE_ID_MAX - 1,
                   ln_web_text(c->body, "continues"));
    grids_text(&grids, json_object_get(c->body, "grids"));
    /* The browser got here by this name; a laptop on the same network will, too. */
    if (c->q->host != NULL && strncmp(c->q->host, "127.", 4) != 0 &&
        strncmp(c->q->host, "localhost", 9) != 0)
        (void)snprintf(address, sizeof address, "http://%.250s", c->q->host);
    ok = ln_tree_grids(want.grids, &want.n_grids, grids.data, err) &&
         ln_tree_invite(c->n, &want, address, code, card, err);
    if (ok)
        ok = ln_web_json(c, 201,
                         json_pack("{s:s,s:s,s:s,s:i,s:s,s:o}", "code", code, "card", card,
                                   "address", address, "hours", LN_JOIN_HOURS, "region",
                                   want.region, "qr", qr_rows(card)));
out:
    ln_buf_free(&grids);
    return ok;
}

bool ln_api_node_renew(struct ln_call *c, struct ln_err *err)
{
    struct ln_renewal want = { .days = 0 };
    struct ln_buf grids = ln_buf_new(512);
    bool ok = may_manage(c, err) && ln_web_object(c, err);

    if (ok && json_object_get(c->body, "grids") != NULL) {
        want.regrid = true;
        grids_text(&grids, json_object_get(c->body, "grids"));
        ok = ln_tree_grids(want.grids, &want.n_grids, grids.data, err);
    }
    ok = ok && ln_tree_renew(c->n, c->q->arg[0], &want, err) &&
         ln_web_json(c, 200, json_pack("{s:b}", "ok", 1));
    ln_buf_free(&grids);
    return ok;
}

/* The last four characters of its id are typed again: it cannot be undone. */
bool ln_api_node_revoke(struct ln_call *c, struct ln_err *err)
{
    const char *node = c->q->arg[0];
    size_t len = strlen(node);
    uint64_t after = UINT64_MAX;
    const json_t *given;

    if (!may_manage(c, err) || !ln_web_object(c, err))
        return false;
    if (len < 4 || strcmp(ln_web_text(c->body, "confirm"), node + len - 4) != 0)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("请输入节点编号的末四位以确认",
                              "type the last four characters of the node's id to confirm"));
    given = json_object_get(c->body, "after");
    if (given != NULL) {
        if (!json_is_integer(given) || json_integer_value(given) < 0)
            return ln_fail(err, LN_INVALID,
                           LN_SAY("请填写最后一个可信日志段的序号",
                                  "after is the number of the last good segment"));
        after = (uint64_t)json_integer_value(given);
    }
    return ln_tree_revoke(c->n, node, &after, err) &&
           ln_web_json(c, 200, json_pack("{s:I}", "after", (json_int_t)after));
}

static bool rotate_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rotate(r, true, arg, err);
}

/* New epochs now for every audience of this node; with `own` its own reading key instead. */
bool ln_api_node_rotate(struct ln_call *c, struct ln_err *err)
{
    unsigned minted = 0;

    if (!may_manage(c, err) || !ln_web_object(c, err))
        return false;
    bool own = json_is_true(json_object_get(c->body, "own"));
    if (own ? !ln_node_rotate_age(c->n, err)
            : !ln_queue_write(c->n->queue, rotate_job, &minted, err))
        return false;
    if (c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
    return ln_web_json(c, 200, json_pack("{s:i}", "minted", (int)minted));
}
