/* Commands on an open node. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "node/cmd/cmd.h"
#include "node/link/link.h"
#include "node/scrub.h"
#include "node/store/db.h"
#include "node/store/session.h"
#include "node/syncer.h"
#include "node/tree.h"
#include "sync/batch.h"
#include "sync/join.h"

#define CARD "linli:"

void ln_cmd_json(struct ln_buf *out, json_t *v)
{
    char *text = json_dumps(v, JSON_INDENT(2) | JSON_SORT_KEYS);

    ln_buf_addf(out, "%s\n", text != NULL ? text : "null");
    free(text);
    json_decref(v);
}

/* ---- join */

static bool unfork_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_unfork(r, arg_, err);
}

bool ln_cmd_join(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_link_http *http = NULL;
    struct ln_link link;
    enum ln_role role;
    char parent[LN_NODE_ID_MAX];
    char address[sizeof n->config.parent];
    const char *code = ln_cmd_arg(args, "code");
    const char *hash = strrchr(code, '#');
    bool ok;

    if (n->syncer != NULL)
        return ln_fail(err, LN_BUSY,
                       "stop `linli serve` first: a node joins while it is not served");
    (void)snprintf(address, sizeof address, "%s", ln_cmd_arg(args, "parent"));
    if (strncmp(code, CARD, sizeof CARD - 1) == 0 && hash != NULL) { /* what a QR code held */
        code += sizeof CARD - 1;
        if (address[0] == '\0')
            (void)snprintf(address, sizeof address, "%.*s", (int)(hash - code), code);
        code = hash + 1;
    }
    if (address[0] == '\0')
        return ln_fail(
            err, LN_INVALID,
            LN_SAY("缺少上级地址：--parent http://…", "its address is missing: --parent http://…"));
    if (!ln_cert_role_read(&role, ln_span_of(n->config.role)) ||
        !ln_link_open(&http, &link, address, err))
        return false;
    ok =
        ln_link_proxy(http, n->config.proxy, err) &&
        ln_join_ask(&n->exchange, n->config.region, role, n->config.name, code, &link, parent, err);
    ln_link_close(http);
    if (!ok)
        return false;
    unsigned lines = 0;
    if (!ln_queue_write(n->queue, unfork_job, &lines, err))
        return false;
    if (lines > 0)
        ln_buf_addf(out,
                    LN_SAY("%u 条未被签收的变更转入新日志\n", "%u changes go on in the new log\n"),
                    lines);
    (void)snprintf(n->config.parent, sizeof n->config.parent, "%s", address);
    if (!ln_config_write(&n->config, n->dir, err))
        return false;
    ln_buf_addf(out, LN_SAY("已加入上级 %s\n", "joined %s\n"), parent);
    return true;
}

/* ---- doubt */

/* In words: what the node believes of its own data, NULL when there is nothing to say. */
static const char *doubt_text(const char *why)
{
    static const struct {
        const char *why, *zh, *en;
    } texts[] = {
        { "guard", "数据比卫士文件所记的旧（可能从旧备份恢复）",
          "these data are older than the guard knows (an old backup?)" },
        { "copy", "数据来自另一台机器或目录（可能是复制的卡）",
          "these data come from another machine or folder (a cloned card?)" },
        { "receipt", "上级签收过本机没有的段", "the parent signed for segments that are not here" },
        { "parent", "上级保存着本机没有的段，正在取回",
          "the parent holds segments that are not here: they are being fetched" },
        { "fork", "日志已分叉：同一节点有两份数据各自续写，请由上级关闭旧日志，用新密钥继续",
          "the log forked: two copies of this node went on. Close it at the parent, continue under "
          "a "
          "new key" },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].why, why) == 0)
            return LN_SAY(texts[i].zh, texts[i].en);
    return NULL;
}

static bool confirm_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    char *why = arg_;

    (void)snprintf(why, 16, "%s", ln_replica_doubted(r));
    if (strcmp(why, "fork") == 0)
        return ln_fail(err, LN_CONFLICT, "%s", doubt_text(why));
    ln_replica_confirm(r);
    return true;
}

static bool believe_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)arg;
    return ln_replica_believe(r, err);
}

static bool confirm(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    char why[16] = "";

    if (ln_cmd_on(args, "clock")) {
        if (!ln_queue_write(n->queue, believe_job, NULL, err))
            return false;
        ln_buf_adds(out, LN_SAY("已确认时钟无误\n", "the clock is taken for right\n"));
        return true;
    }

    if (!ln_cmd_on(args, "yes"))
        return ln_fail(
            err, LN_INVALID,
            LN_SAY("确认后无法撤销：请先确定没有别的副本或更新的备份，再加 --yes",
                   "this cannot be undone: make sure that there is no other copy and no newer "
                   "backup, then add --yes"));
    if (!ln_queue_write(n->queue, confirm_job, why, err))
        return false;
    ln_buf_adds(out, why[0] != '\0' ? LN_SAY("已确认，恢复封存\n", "confirmed: sealing goes on\n")
                                    : LN_SAY("本来就没有疑问\n", "there was no doubt\n"));
    return true;
}

/* ---- sync */

static bool sync_once(struct ln_node *n, struct ln_exchange_report *r, struct ln_err *err)
{
    struct ln_link_http *http = NULL;
    struct ln_link link;
    struct ln_exchange_client *c;
    bool ok;

    if (n->syncer != NULL)
        return ln_syncer_now(n->syncer, r, err);
    if (n->config.parent[0] == '\0')
        return ln_fail(err, LN_MISSING, LN_SAY("本节点没有上级", "this node has no parent"));
    if (!ln_link_open(&http, &link, n->config.parent, err) ||
        !ln_link_proxy(http, n->config.proxy, err)) {
        ln_link_close(http);
        return false;
    }
    ln_link_rate(http, n->config.rate_kbit * 125);
    c = ln_exchange_client_new(&n->exchange, &link);
    ln_exchange_client_lean(c, n->config.metered != 0);
    ok = ln_exchange_sync(c, r, err);
    ln_exchange_client_free(c);
    ln_link_close(http);
    return ok;
}

static bool sync_now(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_exchange_report r = { 0 };
    bool ok = sync_once(n, &r, err);

    if (ln_cmd_on(args, "json")) {
        json_t *o = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:I,s:b,s:b}", "sent_segments",
                              (json_int_t)r.sent_segments, "sent_bytes", (json_int_t)r.sent_bytes,
                              "got_segments", (json_int_t)r.got_segments, "got_changes",
                              (json_int_t)r.got_changes, "got_bytes", (json_int_t)r.got_bytes,
                              "requests", (json_int_t)r.requests, "keys", (json_int_t)r.keys,
                              "files", (int)r.files, "receipt_seq", (json_int_t)r.receipt_seq,
                              "level", (int)r.level, "alarm", (int)r.alarm);
        ln_cmd_json(out, o);
    } else if (ok)
        ln_buf_addf(out,
                    LN_SAY("发送 %" PRIu64 " 段（%" PRIu64 " 字节），收到 %" PRIu64 " 段（%" PRIu64
                           " 字节）；上级已签收到第 %" PRIu64 " 段；%s\n",
                           "sent %" PRIu64 " segments (%" PRIu64 " bytes), got %" PRIu64
                           " (%" PRIu64 " bytes); receipt up to segment %" PRIu64 "; %s\n"),
                    r.sent_segments, r.sent_bytes, r.got_segments, r.got_bytes, r.receipt_seq,
                    r.level ? LN_SAY("两边一致", "both sides are level")
                            : LN_SAY("尚未一致", "not level yet"));
    return ok;
}

/* ---- status */

struct reading {
    json_t *heads;
    uint64_t receipt, head;
    const char *id;
    struct ln_buf doubt;
    struct ln_store_counts counts;
    const struct ln_node *n;
    bool wild;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct reading *x = ctx;

    (void)err;
    json_object_set_new(x->heads, l->id,
                        json_pack("{s:I,s:I,s:I}", "seq", (json_int_t)l->head, "receipt",
                                  (json_int_t)l->receipt, "applied", (json_int_t)l->applied));
    if (strcmp(l->id, x->id) == 0) {
        x->receipt = l->receipt;
        x->head = l->head;
    }
    return true;
}

static bool read_status(void *arg_, struct ln_store *s, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct reading *x = arg_;

    bool found;

    x->wild = ln_tree_wild(x->n, s, a);
    return s->ops->log_each(s->ctx, take_log, x, err) && s->ops->counts(s->ctx, &x->counts, err) &&
           s->ops->meta_get(s->ctx, "doubt", &x->doubt, &found, err);
}

bool ln_cmd_status(json_t **out, struct ln_node *n, struct ln_err *err)
{
    struct reading x = { .heads = json_object(), .id = n->id, .n = n, .doubt = ln_buf_new(64) };
    struct ln_syncer_state state = { .alone = n->config.parent[0] == '\0' };
    json_t *o;

    if (!n->access.read(n->access.ctx, read_status, &x, err)) {
        ln_buf_free(&x.doubt);
        json_decref(x.heads);
        return false;
    }
    if (n->syncer != NULL)
        ln_syncer_state(n->syncer, &state);
    o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "node", n->id, "role", n->config.role, "region",
                  n->config.region, "name", n->config.name, "parent", n->config.parent, "version",
                  LN_VERSION, "heads", x.heads);
    json_object_set_new(o, "schema", json_integer(ln_db_newest("store/sql")));
    json_object_set_new(o, "exchange", json_integer(LN_EXCHANGE_VERSION));
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        { "records", x.counts.records },     { "changes", x.counts.changes },
        { "unsealed", x.counts.unsealed },   { "unsent", x.counts.unreceipted + x.counts.unsealed },
        { "conflicts", x.counts.conflicts }, { "refused", x.counts.refused },
        { "not_taken", x.counts.lost },      { "duplicates", x.counts.twins },
        { "forks", x.counts.forks },         { "disk_bytes", x.counts.bytes },
        { "last_receipt", x.receipt },       { "head", x.head }
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_object_set_new(o, numbers[i].name, json_integer((json_int_t)numbers[i].value));
    if (n->config.parent[0] == '\0')
        json_object_set_new(o, "unsent", json_integer(0)); /* nobody above waits for anything */
    json_object_set_new(o, "clock",
                        json_string(!n->env.clock_trusted(n->env.ctx) ? "unset"
                                    : x.wild                          ? "wild"
                                                                      : "ok"));
    json_object_set_new(o, "doubt", json_string(x.doubt.data));
    if (x.doubt.len > 0 && doubt_text(x.doubt.data) != NULL)
        json_object_set_new(o, "doubt_text", json_string(doubt_text(x.doubt.data)));
    ln_buf_free(&x.doubt);
    json_object_set_new(o, "serving", json_boolean(n->syncer != NULL));
    json_object_set_new(o, "alone", json_boolean(state.alone));
    json_object_set_new(o, "level", json_boolean(state.level));
    json_object_set_new(o, "parent_seen_ms", json_integer(state.parent_ms));
    json_object_set_new(o, "next_sync_ms", json_integer(state.next_ms));
    json_object_set_new(o, "opens_ms", json_integer(state.opens_ms));
    json_object_set_new(o, "metered", json_boolean(state.link.metered));
    json_object_set_new(o, "sync_failures", json_integer(state.failures));
    json_object_set_new(o, "sync_error", json_string(state.last.text));
    *out = o;
    return true;
}

/* A time as people read it, of the place where the node stands. */
static void add_time(struct ln_buf *out, json_int_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char text[32] = "";

    if (ms > 0 && localtime_r(&s, &tm) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) > 0)
        ln_buf_adds(out, text);
    else
        ln_buf_adds(out, "–");
}

static void add_value(struct ln_buf *out, const char *key, const json_t *v)
{
    size_t len = strlen(key);
    const char *text = json_string_value(v);

    if (json_is_boolean(v))
        ln_buf_adds(out, json_is_true(v) ? LN_SAY("是", "yes") : LN_SAY("否", "no"));
    else if (json_is_integer(v) && len > 3 && strcmp(key + len - 3, "_ms") == 0)
        add_time(out, json_integer_value(v));
    else if (json_is_integer(v))
        ln_buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else
        ln_buf_adds(out, text != NULL && text[0] != '\0' ? text : "–");
    ln_buf_addc(out, '\n');
}

static void say_heads(struct ln_buf *out, json_t *heads)
{
    const char *log;
    json_t *h;

    json_object_foreach(heads, log, h) ln_buf_addf(
        out,
        LN_SAY("日志 %s：共 %" JSON_INTEGER_FORMAT " 段，已签收 %" JSON_INTEGER_FORMAT
               "，已生效 %" JSON_INTEGER_FORMAT "\n",
               "log %s: %" JSON_INTEGER_FORMAT " segments, receipt up to %" JSON_INTEGER_FORMAT
               ", applied up to %" JSON_INTEGER_FORMAT "\n"),
        log, json_integer_value(json_object_get(h, "seq")),
        json_integer_value(json_object_get(h, "receipt")),
        json_integer_value(json_object_get(h, "applied")));
}

/* In words; `--json` has the same under the names on the left. */
static void say_status(struct ln_buf *out, const json_t *o)
{
    static const struct {
        const char *key, *zh, *en;
    } LINES[] = {
        { "node", "节点", "node" },
        { "name", "名称", "name" },
        { "role", "角色", "role" },
        { "region", "区划", "region" },
        { "version", "程序版本", "program version" },
        { "schema", "数据库架构", "database schema" },
        { "exchange", "交换版本", "exchange version" },
        { "parent", "上级", "parent" },
        { "serving", "正在运行", "serving" },
        { "level", "与上级一致", "level with the parent" },
        { "parent_seen_ms", "上级最后应答", "parent last answered" },
        { "next_sync_ms", "下次同步", "next sync" },
        { "opens_ms", "允许同步的时间", "link opens" },
        { "metered", "按流量计费", "metered link" },
        { "sync_failures", "连续失败", "failures in a row" },
        { "sync_error", "最近的失败", "last failure" },
        { "head", "本机日志到第", "own log up to segment" },
        { "last_receipt", "上级签收到第", "receipt up to segment" },
        { "unsealed", "待封存", "unsealed changes" },
        { "unsent", "待上传", "changes without a receipt" },
        { "records", "记录", "records" },
        { "changes", "变更", "changes" },
        { "conflicts", "冲突", "conflicts" },
        { "refused", "拒收", "refused" },
        { "not_taken", "未采用的办理步骤", "steps not taken" },
        { "duplicates", "疑似重复", "possible duplicates" },
        { "forks", "日志分叉", "forks" },
        { "disk_bytes", "占用磁盘（字节）", "bytes on disk" },
        { "clock", "时钟", "clock" },
        { "doubt", "数据疑问", "doubt about its data" },
        { "doubt_text", "说明", "in words" },
    };

    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const json_t *v = json_object_get(o, LINES[i].key);
        if (v == NULL)
            continue;
        ln_buf_addf(out, LN_SAY("%s：", "%s: "), LN_SAY(LINES[i].zh, LINES[i].en));
        add_value(out, LINES[i].key, v);
    }
    say_heads(out, json_object_get(o, "heads"));
}

static bool status(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    json_t *o = NULL;

    if (!ln_cmd_status(&o, n, err))
        return false;
    if (ln_cmd_on(args, "json")) {
        ln_cmd_json(out, o);
        return true;
    }
    say_status(out, o);
    json_decref(o);
    return true;
}

/* ---- verify and rebuild */

static bool say(void *ctx, const char *line)
{
    ln_buf_addf(ctx, "%s\n", line);
    return true;
}

static bool note(void *ctx, const char *line)
{
    json_array_append_new(ctx, json_string(line));
    return true;
}

struct caring {
    struct ln_buf *out;
    json_t *said; /* lines, when a program asks; else NULL */
    struct ln_verify_report report;
};

static bool verify_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct caring *c = arg_;

    return c->said != NULL ? ln_replica_verify(r, &c->report, note, c->said, err)
                           : ln_replica_verify(r, &c->report, say, c->out, err);
}

static bool verify(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct caring c = { .out = out, .said = ln_cmd_on(args, "json") ? json_array() : NULL };

    if (!ln_queue_write(n->queue, verify_job, &c, err)) {
        json_decref(c.said);
        return false;
    }
    if (c.said != NULL)
        ln_cmd_json(out, json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "logs", (json_int_t)c.report.logs,
                                   "segments", (json_int_t)c.report.segments, "changes",
                                   (json_int_t)c.report.changes, "by_checkpoint",
                                   (json_int_t)c.report.carried, "wrong", (json_int_t)c.report.bad,
                                   "said", c.said));
    else
        ln_buf_addf(out,
                    LN_SAY("%" PRIu64 " 个日志、%" PRIu64 " 段、%" PRIu64 " 条变更（另 %" PRIu64
                           " 条按检查点核对），问题 %" PRIu64 " 处\n",
                           "%" PRIu64 " logs, %" PRIu64 " segments, %" PRIu64
                           " changes (and %" PRIu64 " by checkpoints), %" PRIu64 " wrong\n"),
                    c.report.logs, c.report.segments, c.report.changes, c.report.carried,
                    c.report.bad);
    return c.report.bad == 0 || ln_fail(err, LN_BROKEN,
                                        LN_SAY("上面列出了 %" PRIu64 " 处问题",
                                               "%" PRIu64 " things are wrong, named above"),
                                        c.report.bad);
}

static bool scrub(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_scrub_report r;
    bool as_json = ln_cmd_on(args, "json");

    if (!ln_scrub_run(n, &r, as_json ? NULL : say, out, err))
        return false;
    uint64_t left = r.found - r.mended - r.asked;
    if (as_json)
        ln_cmd_json(out, json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "segments",
                                   (json_int_t)r.segments, "records", (json_int_t)r.records,
                                   "volumes", (json_int_t)r.volumes, "files", (json_int_t)r.files,
                                   "found", (json_int_t)r.found, "mended", (json_int_t)r.mended,
                                   "asked", (json_int_t)r.asked, "left", (json_int_t)left));
    else
        ln_buf_addf(out,
                    LN_SAY("%" PRIu64 " 段、%" PRIu64 " 条记录、%" PRIu64 " 个卷、%" PRIu64
                           " 个附件；损坏 %" PRIu64 " 处，已修复 %" PRIu64 "，已向上级索取 %" PRIu64
                           "\n",
                           "%" PRIu64 " segments, %" PRIu64 " records, %" PRIu64
                           " volumes, %" PRIu64 " attachments; %" PRIu64 " damaged, %" PRIu64
                           " mended, the parent asked for %" PRIu64 "\n"),
                    r.segments, r.records, r.volumes, r.files, r.found, r.mended, r.asked);
    return left == 0 ||
           ln_fail(err, LN_BROKEN,
                   LN_SAY("%" PRIu64 " 处未能修复，见上", "%" PRIu64 " things could not be mended, "
                                                          "named above"),
                   left);
}

static bool rebuild_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rebuild(r, say, ((struct caring *)arg_)->out, err);
}

static bool rebuild(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct caring c = { .out = out };

    (void)args;
    if (!ln_queue_write(n->queue, rebuild_job, &c, err))
        return false;
    ln_buf_adds(out, LN_SAY("重建完成，摘要一致\n", "rebuilt: all digests as before\n"));
    return true;
}

/* ---- users */

static bool create(struct ln_node *n, const char *coll, json_t *f, char id[LN_ID_TEXT + 1],
                   struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    struct ln_engine_job job = { .u = &system,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(n->def, coll),
                                 .f = f,
                                 .channel = "counter" };
    bool ok = ln_node_save(n, &job, err);

    if (!ok && json_array_size(job.problems) > 0)
        (void)ln_fail(err, LN_INVALID, "%s",
                      json_string_value(
                          json_object_get(json_array_get(job.problems, 0), LN_SAY("zh", "en"))));
    json_decref(job.problems);
    (void)snprintf(id, LN_ID_TEXT + 1, "%s", job.out_id);
    return ok;
}

static bool step(struct ln_node *n, const char *coll, const char *id, const char *action,
                 struct ln_err *err)
{
    static const struct ln_user system = { .system = true };
    json_t *f = json_pack("{s:s}", "action", action);
    struct ln_engine_job job = { .u = &system,
                                 .kind = LN_ENGINE_STEP,
                                 .c = ln_def_find(n->def, coll),
                                 .id = id,
                                 .f = f,
                                 .channel = "counter" };
    bool ok = ln_node_save(n, &job, err);

    json_decref(job.problems);
    json_decref(f);
    return ok;
}

/* The home that a first membership belongs to: any of the node's own region, for those of regions
 * below are here, too; else one is made. */
static bool first_home(char id[LN_ID_TEXT + 1], struct ln_node *n, struct ln_err *err)
{
    struct ln_node_reader *r;
    const struct ln_where own = { "region", LN_WHERE_IS, n->config.region };
    struct ln_list l = {
        .coll = ln_def_find(n->def, "home")->coll, .n = 1, .where = &own, .limit = 1
    };
    json_t *rows = json_array();
    bool ok = ln_node_read(n, &r, err);

    if (ok) {
        ok = ln_query_list(rows, NULL, r->store, &l, err);
        ln_node_read_done(n, r);
    }
    const char *first = json_string_value(json_object_get(json_array_get(rows, 0), "id"));
    if (ok && first != NULL)
        (void)snprintf(id, LN_ID_TEXT + 1, "%s", first);
    else if (ok) {
        const char *kind = strcmp(n->config.role, "community") == 0 ? "committee" : "government";
        const struct ln_def_field *f = ln_def_field(ln_def_find(n->def, "home"), "kind");
        bool known = false;
        for (size_t i = 0; f != NULL && f->codes != NULL && i < f->codes->n; i++)
            known = known || strcmp(f->codes->list[i].code, kind) == 0;
        if (!known && f != NULL && f->codes != NULL)
            kind = f->codes->list[0].code;
        json_t *h = json_pack("{s:s,s:s,s:b}", "kind", kind, "name", n->config.name, "listed", 1);
        ok = create(n, "home", h, id, err) && step(n, "home", id, "approve", err);
        json_decref(h);
    }
    json_decref(rows);
    return ok;
}

static bool home_of(char id[LN_ID_TEXT + 1], struct ln_node *n, const char *given,
                    struct ln_err *err)
{
    struct ln_node_reader *r;
    json_t *row = NULL;
    struct ln_id key;

    if (given[0] == '\0')
        return first_home(id, n, err);
    if (!ln_clock_id_read(&key, ln_span_of(given)))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("--home 需要组织记录的编号", "--home takes a record id"));
    if (!ln_node_read(n, &r, err))
        return false;
    bool ok = ln_query_record(&row, r->store, &key, err);
    ln_node_read_done(n, r);
    const char *coll = json_string_value(json_object_get(row, "collection"));
    if (ok && (coll == NULL || strcmp(coll, "home") != 0))
        ok = ln_fail(err, LN_MISSING, LN_SAY("没有组织 %s", "no home %s"), given);
    json_decref(row);
    (void)snprintf(id, LN_ID_TEXT + 1, "%s", given);
    return ok;
}

struct secret_job {
    struct ln_node *n;
    const char *login;
    struct ln_id account;
    char hash[LN_PASSWORD_HASH_MAX];
};

static bool put_secret(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct secret_job *j = arg_;

    (void)r;
    return ln_session_password(ln_sqlstore_db(j->n->writer), j->login, &j->account, j->hash, err);
}

static bool login_free(struct ln_node *n, const char *login, struct ln_err *err)
{
    struct ln_node_reader *r;
    struct ln_login l;
    bool ok;

    if (login[0] == '\0' || strlen(login) > 64 || strpbrk(login, " \t\n\"\\") != NULL)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("登录名须为 1–64 个字符，不含空白和引号",
                              "a login has 1 to 64 characters, no blanks and quotes"));
    if (!ln_node_read(n, &r, err))
        return false;
    ok = ln_session_login(&l, ln_sqlstore_db(r->store), login, err);
    ln_node_read_done(n, r);
    return ok &&
           (!l.found || ln_fail(err, LN_CONFLICT,
                                LN_SAY("登录名 %s 已被使用", "the login %s is taken"), login));
}

struct local_job {
    char key[LN_ID_TEXT + 8];
    char *text;
};

static bool put_local(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct local_job *j = arg_;
    struct ln_store *s = ln_replica_store(r);

    return s->ops->meta_put(s->ctx, j->key, ln_span_of(j->text), err);
}

/* A laptop's login is its own: it may not make accounts. `--account` names the worker's account at
 * the box, so that what is written here bears the worker's name there. */
static bool local_user(struct ln_node *n, const json_t *args, struct secret_job *secret,
                       struct ln_err *err)
{
    const char *shown =
        ln_cmd_arg(args, "name")[0] != '\0' ? ln_cmd_arg(args, "name") : ln_cmd_arg(args, "login");
    struct local_job j = { .text = NULL };
    char id[LN_ID_TEXT + 1];
    bool ok;

    if (ln_cmd_arg(args, "account")[0] == '\0') {
        n->env.random(n->env.ctx, secret->account.b, sizeof secret->account.b);
        secret->account.b[0] &= 0x7f; /* a time's first bit is 0 */
    } else if (!ln_clock_id_read(&secret->account, ln_span_of(ln_cmd_arg(args, "account"))))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("--account 应为账号的编号（20 个字符）",
                              "--account takes the id of an account, 20 characters"));
    ln_clock_id_write(id, &secret->account);
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:s}", "login", ln_cmd_arg(args, "login"), "person",
                  ln_cmd_arg(args, "person"), "role", ln_cmd_arg(args, "role"), "shown", shown);
    j.text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    (void)snprintf(j.key, sizeof j.key, "user/%s", id);
    ok = j.text != NULL && strlen(j.text) < LN_NODE_USER_MAX
             ? ln_queue_write(n->queue, put_local, &j, err) &&
                   ln_queue_write(n->queue, put_secret, secret, err)
             : ln_fail(err, LN_INVALID, LN_SAY("名称太长", "the name is too long"));
    free(j.text);
    json_decref(o);
    return ok;
}

static bool user_add(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *login = ln_cmd_arg(args, "login");
    const char *role = ln_cmd_arg(args, "role");
    const char *password = ln_cmd_arg(args, "password");
    const char *name = ln_cmd_arg(args, "name")[0] != '\0' ? ln_cmd_arg(args, "name") : login;
    struct secret_job secret = { .n = n, .login = login };
    char account[LN_ID_TEXT + 1];
    char home[LN_ID_TEXT + 1];
    char membership[LN_ID_TEXT + 1];
    char today[11];
    json_t *f;
    bool ok;

    if (role[0] == '\0')
        return ln_fail(err, LN_INVALID, LN_SAY("缺少 --role", "--role is needed"));
    if (strlen(password) < 8)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("密码至少 8 个字符，从标准输入读入",
                              "the password, read from stdin, has at least 8 characters"));
    if (!login_free(n, login, err) ||
        !ln_password_hash(secret.hash, password, strlen(password), err))
        return false;
    if (strcmp(n->config.role, "laptop") == 0) {
        if (!local_user(n, args, &secret, err))
            return false;
        ln_buf_addf(out, LN_SAY("已建立账号 %s（%s）\n", "added login %s (%s)\n"), login, role);
        return true;
    }
    if (!home_of(home, n, ln_cmd_arg(args, "home"), err))
        return false;
    f = json_pack("{s:s,s:s,s:s}", "login", login, "shown_name", name, "level", "2");
    if (ln_cmd_arg(args, "person")[0] != '\0')
        json_object_set_new(f, "person", json_string(ln_cmd_arg(args, "person")));
    ok = create(n, "account", f, account, err) && step(n, "account", account, "verify", err);
    json_decref(f);
    if (ok && strcmp(role, "resident") != 0) {
        ln_engine_today(today, n->env.now_ms(n->env.ctx));
        f = json_pack("{s:s,s:s,s:s,s:s}", "account", account, "home", home, "role", role, "starts",
                      today);
        ok = create(n, "membership", f, membership, err) &&
             step(n, "membership", membership, "grant", err);
        json_decref(f);
    }
    if (!ok || !ln_clock_id_read(&secret.account, ln_span_of(account)) ||
        !ln_queue_write(n->queue, put_secret, &secret, err))
        return false;
    ln_buf_addf(out, LN_SAY("已建立账号 %s（%s）\n", "added login %s (%s)\n"), login, role);
    return true;
}

/* A login whose password is gone (after a restore): a first one, printed, to be changed. */
static bool user_card(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    struct secret_job secret = { .n = n, .login = ln_cmd_arg(args, "login") };
    struct ln_where where = { "login", LN_WHERE_IS, secret.login };
    struct ln_list l = {
        .coll = ln_def_find(n->def, "account")->coll, .where = &where, .n = 1, .limit = 2
    };
    struct ln_node_reader *r;
    json_t *rows = json_array();
    char password[12];
    bool ok = ln_node_read(n, &r, err);

    if (ok) {
        ok = ln_query_list(rows, NULL, r->store, &l, err);
        ln_node_read_done(n, r);
    }
    const char *id = json_string_value(json_object_get(json_array_get(rows, 0), "id"));
    if (ok && (id == NULL || !ln_clock_id_read(&secret.account, ln_span_of(id))))
        ok = ln_fail(err, LN_MISSING, LN_SAY("没有账号 %s", "no account %s"), secret.login);
    for (size_t i = 0; i < sizeof password - 1; i++)
        password[i] = i == 5 ? '-' : letters[randombytes_uniform((uint32_t)sizeof letters - 1)];
    password[sizeof password - 1] = '\0';
    ok = ok && ln_password_hash(secret.hash, password, strlen(password), err) &&
         ln_queue_write(n->queue, put_secret, &secret, err);
    if (ok)
        ln_buf_addf(out,
                    LN_SAY("登录名 %s，新密码 %s（请登录后修改）\n",
                           "login %s, new password %s (change it after signing in)\n"),
                    secret.login, password);
    sodium_memzero(password, sizeof password);
    json_decref(rows);
    return ok;
}

static bool user(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    return strcmp(ln_cmd_arg(args, "verb"), "card") == 0 ? user_card(n, args, out, err)
                                                         : user_add(n, args, out, err);
}

/* ---- the table */

bool ln_cmd_run(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    static const struct {
        const char *name;
        bool (*run)(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err);
    } commands[] = { { "invite", ln_cmd_invite },
                     { "confirm", confirm },
                     { "revoke", ln_cmd_revoke },
                     { "join", ln_cmd_join },
                     { "renew", ln_cmd_renew },
                     { "rotate", ln_cmd_rotate },
                     { "nodes", ln_cmd_nodes },
                     { "sync", sync_now },
                     { "status", status },
                     { "verify", verify },
                     { "scrub", scrub },
                     { "rebuild", rebuild },
                     { "user", user },
                     { "adopt", ln_cmd_adopt },
                     { "restore", ln_cmd_drill },
                     { "load", ln_cmd_load },
                     { "show", ln_cmd_show },
                     { "export", ln_cmd_export },
                     { "import", ln_cmd_import },
                     { "prune", ln_cmd_prune } };
    const char *name = ln_cmd_arg(args, "command");

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(n, args, out, err);
    return ln_fail(err, LN_INVALID, LN_SAY("没有命令 %s", "no command %s"), name);
}
