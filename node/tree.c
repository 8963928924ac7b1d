/* The nodes below as people manage them: see tree.h. */
#include "node/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "crypto/canon.h"
#include "node/region/region.h"
#include "node/say.h"
#include "node/syncer.h"

#define COUNT_EVERY_MS INT64_C(600000)
#define DAY_MS INT64_C(86400000)
#define SILENT_BOX_MS (3 * DAY_MS)
#define SILENT_LAPTOP_MS (8 * DAY_MS) /* one works a week offline */
#define CLOCK_MS INT64_C(300000)
#define FREE_MIN_MB 1024
#define DISK_STEP_MB 64 /* sizes are told in such steps, so that they change seldom */

/* ---- invitations */

/* Certificates list names ascending, each once. */
static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool ln_tree_grids(char grids[16][16], size_t *n, const char *text, struct ln_err *err)
{
    *n = 0;
    while (text[0] != '\0') {
        size_t len = strcspn(text, ",");
        size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");
        if (len == 0 || len > 15 || good != len)
            return ln_fail(err, LN_INVALID,
                           "\"%.*s\" is no grid: 1 to 15 small letters and digits "
                           "(网格编号为 1 至 15 个小写字母或数字)",
                           (int)(len > 40 ? 40 : len), text);
        if (*n == 16)
            return ln_fail(err, LN_FULL, LN_SAY("最多 16 个网格", "at most 16 grids"));
        (void)snprintf(grids[(*n)++], 16, "%.*s", (int)len, text);
        text += len + (text[len] == ',');
    }
    qsort(grids, *n, sizeof grids[0], by_name);
    for (size_t i = 1; i < *n; i++)
        if (strcmp(grids[i - 1], grids[i]) == 0)
            return ln_fail(err, LN_INVALID, LN_SAY("网格 %s 重复", "grid %s stands twice"),
                           grids[i]);
    return true;
}

bool ln_tree_invite(struct ln_node *n, struct ln_invite *want, const char *address,
                    char code[LN_CODE_TEXT_MAX], char card[LN_TREE_CARD_MAX], struct ln_err *err)
{
    if (want->role == LN_ROLE_LAPTOP) {
        if (want->n_grids == 0)
            return ln_fail(err, LN_INVALID,
                           LN_SAY("移动终端须指明网格，如 --grid 01,02",
                                  "a laptop needs the grids it works in: --grid 01,02"));
        for (size_t i = 0; i < n->def->n_colls && want->n_collections < LN_CERT_COLLECTIONS; i++)
            if (n->def->colls[i].grid != NULL)
                (void)snprintf(want->collections[want->n_collections++],
                               sizeof want->collections[0], "%s", n->def->colls[i].name);
        qsort(want->collections, want->n_collections, sizeof want->collections[0], by_name);
    }
    if (!ln_join_invite(&n->exchange, want, code, err))
        return false;
    (void)snprintf(card, LN_TREE_CARD_MAX, "linli:%.500s#%s", address, code);
    return true;
}

struct renewing {
    const char *node;
    const struct ln_renewal *want;
    uint64_t *after;
};

static bool renew_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct renewing *x = arg;

    return ln_replica_renew(r, x->node, x->want, err);
}

static bool revoke_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct renewing *x = arg;
    unsigned minted;

    /* What it was a member of gets new epochs at once: nothing more is sealed for it. */
    return ln_replica_revoke(r, x->node, x->after, err) &&
           ln_replica_rotate(r, false, &minted, err);
}

static void wake(struct ln_node *n)
{
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
}

bool ln_tree_renew(struct ln_node *n, const char *node, const struct ln_renewal *want,
                   struct ln_err *err)
{
    struct renewing x = { .node = node, .want = want };

    if (!ln_queue_write(n->queue, renew_job, &x, err))
        return false;
    wake(n);
    return true;
}

bool ln_tree_revoke(struct ln_node *n, const char *node, uint64_t *after, struct ln_err *err)
{
    struct renewing x = { .node = node, .after = after };

    if (!ln_queue_write(n->queue, revoke_job, &x, err))
        return false;
    wake(n);
    return true;
}

/* ---- this node's own state */

static bool read_counts(void *arg, struct ln_store *s, const struct ln_authority *a,
                        struct ln_err *err)
{
    (void)a;
    return s->ops->counts(s->ctx, arg, err);
}

static uint64_t free_mb(const char *dir)
{
    struct statvfs v;

    return statvfs(dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize >> 20 : 0;
}

/* Canonical: names ascending, integers and plain words. */
static void write_state(char out[LN_EXCHANGE_STATE_MAX], const struct ln_node *n,
                        const struct ln_store_counts *c)
{
    uint64_t left = free_mb(n->dir);

    (void)snprintf(out, LN_EXCHANGE_STATE_MAX,
                   "{\"conflicts\":%" PRIu64 ",\"disk_mb\":%" PRIu64 ",\"forks\":%" PRIu64
                   ",\"free_mb\":%" PRIu64 ",\"records\":%" PRIu64 ",\"refused\":%" PRIu64
                   ",\"version\":\"%s\"}",
                   c->conflicts, (c->bytes >> 20) / DISK_STEP_MB * DISK_STEP_MB, c->forks,
                   left / DISK_STEP_MB * DISK_STEP_MB, c->records / 100 * 100, c->refused,
                   LN_VERSION);
}

void ln_tree_state(void *node, char out[LN_EXCHANGE_STATE_MAX])
{
    struct ln_node *n = node;
    struct ln_store_counts c = { 0 };
    struct ln_err err = { 0 };
    int64_t now = n->env.now_ms(n->env.ctx);

    if ((n->state[0] == '\0' || now - n->state_ms > COUNT_EVERY_MS || now < n->state_ms) &&
        n->access.read(n->access.ctx, read_counts, &c, &err)) {
        write_state(n->state, n, &c);
        n->state_ms = now;
    }
    memcpy(out, n->state, LN_EXCHANGE_STATE_MAX);
}

bool ln_tree_wild(const struct ln_node *n, struct ln_store *s, const struct ln_authority *a)
{
    struct ln_buf said = ln_buf_new(64);
    struct ln_err why = { 0 };
    int64_t now = n->env.now_ms(n->env.ctx);
    int64_t from_s;
    int64_t until_s;
    bool found = false;

    ln_authority_span(&from_s, &until_s, a, n->id);
    bool wild = until_s > 0 && now > until_s * 1000 &&
                !(s->ops->meta_get(s->ctx, "clock/said", &said, &found, &why) && found &&
                  now <= strtoll(said.data, NULL, 10));
    ln_buf_free(&said);
    return wild;
}

/* ---- the board */

struct board {
    struct ln_node *n;
    struct ln_store *s;
    const struct ln_authority *a;
    json_t *items;
    int64_t now;
    int alarms;
};

static void alarm(struct board *b, json_t *o, const char *code, const char *zh, const char *en)
{
    json_array_append_new(json_object_get(o, "alarms"),
                          json_pack("{s:s,s:s,s:s}", "code", code, "zh", zh, "en", en));
    b->alarms++;
}

static json_int_t number(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static void judge_state(struct board *b, json_t *o, const json_t *state)
{
    if (json_object_get(state, "free_mb") != NULL && number(state, "free_mb") < FREE_MIN_MB)
        alarm(b, o, "disk", "磁盘将满：请清理或更换", "the disk is nearly full: make room");
    if (number(state, "forks") > 0)
        alarm(b, o, "fork", "日志分叉：同一节点有两份数据在运行",
              "the log forks: two copies of this node are at work");
    if (number(state, "refused") > 0)
        alarm(b, o, "refused", "有未被接受的变更，请查看",
              "some changes were refused: look at them");
    if (number(state, "conflicts") > 0)
        alarm(b, o, "conflicts", "有冲突待处理", "conflicts wait to be settled");
}

static void judge(struct board *b, json_t *o, const struct ln_cert *c,
                  const struct ln_exchange_contact *seen, bool child)
{
    int64_t silent = c->role == LN_ROLE_LAPTOP ? SILENT_LAPTOP_MS : SILENT_BOX_MS;
    int64_t left = c->until_s * 1000 - b->now;
    int64_t lease = (c->until_s - c->from_s) * 1000;

    if (left < 0)
        alarm(b, o, "lease_over", "租期已过：续期前不再接受它的数据",
              "its lease is over: nothing is taken from it until it is renewed");
    else if (c->parent[0] != '\0' && left < lease / 6)
        alarm(b, o, "lease", "租期将到：请让它联网，或手动续期",
              "its lease ends soon: let it connect, or renew it");
    if (!child)
        return;
    if (seen->at_ms > 0 && b->now - seen->at_ms > silent)
        alarm(b, o, "silent", "久未联系", "not heard of for long");
    if (seen->same < 0)
        alarm(b, o, "digest", "两边数据摘要不同：请运行自检", "digests differ: run a scrub");
    if (seen->offset_ms > CLOCK_MS || seen->offset_ms < -CLOCK_MS)
        alarm(b, o, "clock", "时钟不准", "its clock is wrong");
}

static bool last_receipt(json_int_t *ms, struct board *b, const struct ln_store_log *log,
                         struct ln_err *err)
{
    struct ln_store_receipt r = { 0 };

    *ms = 0;
    if (log->n == 0 || log->receipt == 0)
        return true;
    if (!b->s->ops->receipt_first(b->s->ctx, log->n, log->receipt, &r, NULL, err))
        return false;
    *ms = r.seq > 0 ? LN_HLC_MS(r.t) : 0;
    return true;
}

static json_t *grids_of(const struct ln_cert *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->n_grids; i++)
        json_array_append_new(list, json_string(c->grids[i]));
    return list;
}

static json_t *state_of(struct board *b, const struct ln_exchange_contact *seen, bool self)
{
    char text[LN_EXCHANGE_STATE_MAX];
    struct ln_store_counts c = { 0 };
    struct ln_err why = { 0 };

    if (!self)
        (void)snprintf(text, sizeof text, "%s", seen->state);
    else if (b->s->ops->counts(b->s->ctx, &c, &why))
        write_state(text, b->n, &c);
    else
        text[0] = '\0';
    json_t *o = json_loads(text, 0, NULL);
    if (o != NULL && self)
        json_object_set_new(
            o, "unsent",
            json_integer(
                (json_int_t)(b->n->config.parent[0] != '\0' ? c.unreceipted + c.unsealed : 0)));
    return json_is_object(o) ? o : (json_decref(o), json_object());
}

/* How the last scrub of this node ended. */
static void add_scrub(struct board *b, json_t *o)
{
    struct ln_buf text = ln_buf_new(512);
    struct ln_err why = { 0 };
    bool found = false;

    if (b->s->ops->meta_get(b->s->ctx, "scrub", &text, &found, &why) && found) {
        json_t *last = json_loadb(text.data, text.len, 0, NULL);
        if (number(last, "left") > 0)
            alarm(b, o, "damage", "自检发现损坏且未能修复：请查看，必要时从上级恢复",
                  "the scrub found damage that it could not mend: look at it, restore if need be");
        if (last != NULL)
            json_object_set_new(o, "scrub", last);
    }
    ln_buf_free(&text);
}

static bool add_node(struct board *b, const struct ln_cert *c, struct ln_err *err)
{
    bool self = strcmp(c->node, b->n->id) == 0;
    bool child = strcmp(c->parent, b->n->id) == 0;
    struct ln_exchange_contact seen = { .at_ms = 0 };
    struct ln_store_log log = { 0 };
    struct ln_buf name = ln_buf_new(512);
    json_int_t receipt_ms;
    uint64_t void_from = ln_authority_void_from(b->a, c->node);

    if (b->n->syncer != NULL)
        (void)ln_syncer_child(b->n->syncer, c->node, &seen);
    if (!b->s->ops->log_get(b->s->ctx, &log, c->node, err) ||
        !last_receipt(&receipt_ms, b, &log, err))
        return false;
    if (c->role == LN_ROLE_LAPTOP || !ln_region_name(&name, c->region)) {
        ln_buf_clear(&name);
        ln_buf_adds(&name, c->name);
    }
    json_t *o = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:I,s:[],s:o,s:o}", "node",
        c->node, "region", c->region, "name", name.data, "role", ln_cert_role_word(c->role),
        "parent", c->parent, "child", (int)child, "self", (int)self, "until_ms",
        (json_int_t)c->until_s * 1000, "last_contact_ms", (json_int_t)seen.at_ms, "last_receipt_ms",
        receipt_ms, "seq", (json_int_t)log.head, "receipt", (json_int_t)log.receipt, "waiting",
        (json_int_t)(log.head - log.applied), "digest", seen.same, "offset_ms",
        (json_int_t)seen.offset_ms, "alarms", "grids", grids_of(c), "state",
        state_of(b, &seen, self));
    json_object_set_new(o, "revoked", json_integer((json_int_t)void_from));
    json_object_set_new(o, "lag_s",
                        seen.at_ms > 0 ? json_integer((b->now - seen.at_ms) / 1000) : json_null());
    if (self)
        add_scrub(b, o);
    if (self && ln_tree_wild(b->n, b->s, b->a))
        alarm(b, o, "clock_wild", "本节点时钟远超所有证书的期限：请先校时",
              "the clock of this node is past every lease: set it");
    if (void_from == 0) {
        judge(b, o, c, &seen, child);
        judge_state(b, o, json_object_get(o, "state"));
    }
    if (self)
        json_array_insert_new(b->items, 0, o);
    else
        json_array_append_new(b->items, o);
    ln_buf_free(&name);
    return true;
}

static bool take_node(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct board *b = ctx;

    return (strcmp(c->node, b->n->id) != 0 &&
            !ln_cert_region_holds(b->n->config.region, c->region)) ||
           add_node(b, c, err);
}

bool ln_tree_board(json_t **out, struct ln_node *n, struct ln_store *reader,
                   const struct ln_authority *a, struct ln_err *err)
{
    struct board b = {
        .n = n, .s = reader, .a = a, .items = json_array(), .now = n->env.now_ms(n->env.ctx)
    };

    if (!ln_authority_each(a, take_node, &b, err)) {
        json_decref(b.items);
        return false;
    }
    *out = json_pack("{s:o,s:i}", "items", b.items, "alarms", b.alarms);
    return true;
}
