/* linli restore and linli adopt: what comes back. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/cmd/cmd.h"
#include "node/disk.h"
#include "node/restore.h"
#include "node/stick.h"
#include "node/syncer.h"

/* ---- what came back, in words or as JSON */

static json_t *as_json(const struct ln_restore_report *r, const char *node)
{
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:i,s:I,s:b,s:b,s:I,s:I,s:I}",
                     "node", node, "continues", r->old, "keys", (json_int_t)r->keys, "segments",
                     (json_int_t)r->segments, "changes", (json_int_t)r->changes, "bytes",
                     (json_int_t)r->bytes, "records", (json_int_t)r->records, "head",
                     (json_int_t)r->head, "receipt", (json_int_t)r->receipt, "keys_missing",
                     (json_int_t)r->sealed, "heirs", (int)r->heirs, "differing", (int)r->differing,
                     "waiting", (json_int_t)r->waiting, "level", (int)r->level, "alarm",
                     (int)r->alarm, "keys_ms", (json_int_t)r->keys_ms, "logs_ms",
                     (json_int_t)r->logs_ms, "words_ms", (json_int_t)r->words_ms);
}

static void tell(struct ln_buf *out, const struct ln_restore_report *r)
{
    ln_buf_addf(out,
                LN_SAY("%s 的日志取回 %" PRIu64 " 段（上级签收到第 %" PRIu64 " 段），%" PRIu64
                       " 条变更，%" PRIu64 " 条记录，%" PRIu64 " 个密钥\n",
                       "%s: %" PRIu64 " segments back (receipt up to %" PRIu64 "), %" PRIu64
                       " changes, %" PRIu64 " records, %" PRIu64 " keys\n"),
                r->old, r->head, r->receipt, r->changes, r->records, r->keys);
    ln_buf_addf(out,
                LN_SAY("用时：密钥 %" PRId64 " 毫秒，日志 %" PRId64 " 毫秒，检索 %" PRId64
                       " 毫秒\n",
                       "took: keys %" PRId64 " ms, logs %" PRId64 " ms, search %" PRId64 " ms\n"),
                r->keys_ms, r->logs_ms, r->words_ms);
    if (r->sealed > 0)
        ln_buf_addf(out,
                    LN_SAY("有 %" PRIu64 " 个密钥没有找回，相应内容读不出\n",
                           "%" PRIu64 " keys did not come back: what they seal cannot be read\n"),
                    r->sealed);
}

static void add_report(struct ln_buf *out, const struct ln_restore_report *r, const char *node,
                       bool json)
{
    if (!json) {
        tell(out, r);
        return;
    }
    ln_cmd_json(out, as_json(r, node));
}

/* ---- the drill, on an open node */

bool ln_cmd_drill(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_restore_report r;
    struct ln_ident paper;
    bool ok = ln_restore_key(&paper, ln_cmd_arg(args, "password"), err) &&
              ln_restore_drill(&r, n, &paper, err);

    sodium_memzero(&paper, sizeof paper);
    if (!ok)
        return false;
    add_report(out, &r, n->id, ln_cmd_on(args, "json"));
    if (ln_cmd_on(args, "json"))
        return true;
    if (r.differing > 0 && r.waiting == 0)
        return ln_fail(err, LN_BROKEN,
                       LN_SAY("%u 个受众的摘要与本机不同：请运行 linli verify",
                              "%u audiences came back with another digest: run linli verify"),
                       r.differing);
    ln_buf_addf(out,
                r.waiting > 0
                    ? LN_SAY("演练成功；%" PRIu64 " 条变更上级尚未签收，丢失本机就会失去它们\n",
                             "a restore would work; %" PRIu64
                             " changes are not signed for yet and would be lost with this box\n")
                    : LN_SAY("演练成功：摘要全部一致，没有改动任何数据\n",
                             "a restore would work: all digests are equal; nothing was changed\n"),
                r.waiting);
    return true;
}

/* ---- the restore itself: makes the node, joins, brings back; goes on where it was cut */

static bool make(const json_t *args, const struct ln_ident *paper, struct ln_err *err)
{
    struct ln_node_new want = { .region = ln_cmd_arg(args, "region"),
                                .name = ln_cmd_arg(args, "name"),
                                .role = LN_ROLE_COMMUNITY,
                                .paper = paper };
    struct ln_buf unused = ln_buf_secret(256);
    struct ln_buf name = ln_buf_new(LN_CERT_NAME_MAX);
    char id[LN_NODE_ID_MAX];
    bool ok = ln_cmd_arg(args, "role")[0] == '\0' ||
              ln_cert_role_read(&want.role, ln_span_of(ln_cmd_arg(args, "role"))) ||
              ln_fail(err, LN_INVALID, LN_SAY("没有角色“%s”", "no role \"%s\""),
                      ln_cmd_arg(args, "role"));

    if (want.name[0] == '\0') {
        ln_node_region(&name, want.region);
        want.name = name.data;
    }
    ok = ok && ln_node_init(ln_cmd_arg(args, "dir"), &want, &unused, id, err);
    ln_buf_free(&name);
    ln_buf_free(&unused);
    return ok;
}

static bool wanting(const json_t *args, struct ln_err *err)
{
    static const char *const needed[] = { "region", "parent", "code" };

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (ln_cmd_arg(args, needed[i])[0] == '\0')
            return !ln_fail(err, LN_INVALID, LN_SAY("缺少 --%s", "--%s is needed"), needed[i]);
    return false;
}

static bool joined(void *out, struct ln_store *s, const struct ln_authority *a, struct ln_err *err)
{
    struct ln_cmd_joined *j = out;

    (void)s;
    (void)err;
    j->yes = ln_authority_find(a, j->id) != NULL;
    return true;
}

/* What a stick holds already need not come over the link. */
static bool from_folder(struct ln_node *n, const struct ln_ident *paper, const char *folder,
                        struct ln_buf *said, struct ln_err *err)
{
    json_t *args = json_pack("{s:s}", "file", folder);
    bool ok = ln_restore_paper(n, paper, err) && ln_cmd_import(n, args, said, err);

    json_decref(args);
    return ok;
}

static bool bring(struct ln_node *n, const json_t *args, const struct ln_ident *paper,
                  struct ln_restore_report *r, struct ln_buf *out, struct ln_err *err)
{
    struct ln_cmd_joined j = { .id = n->id };
    const char *folder = ln_cmd_arg(args, "from");
    struct ln_buf said = ln_buf_new(LN_CMD_OUT_MAX);
    bool ok = n->access.read(n->access.ctx, joined, &j, err);

    /* Cut behind the certificate and before the address: the same code is answered again. */
    if (ok && (!j.yes || n->config.parent[0] == '\0'))
        ok = !wanting(args, err) && ln_cmd_join(n, args, out, err);
    if (ok && folder[0] != '\0')
        ok = from_folder(n, paper, folder, &said, err);
    ln_buf_free(&said);
    return ok && ln_restore_run(r, n, paper, err);
}

bool ln_cmd_restore(const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_restore_report r = { .old = "" };
    struct ln_node *n = NULL;
    struct ln_ident paper;
    bool ok = ln_restore_key(&paper, ln_cmd_arg(args, "password"), err);

    if (ok && !ln_disk_there(ln_cmd_arg(args, "dir"), "config"))
        ok = !wanting(args, err) && make(args, &paper, err);
    ok = ok && ln_node_open(&n, ln_cmd_arg(args, "dir"), err) &&
         bring(n, args, &paper, &r, out, err);
    sodium_memzero(&paper, sizeof paper);
    if (ok) {
        add_report(out, &r, n->id, ln_cmd_on(args, "json"));
        if (!ln_cmd_on(args, "json"))
            ln_buf_addf(
                out,
                LN_SAY("新节点 %s 已接替旧节点；账号都在，密码须重设：linli user card --dir %s "
                       "--login 登录名；%u 个下级节点已换发证书\n",
                       "%s stands in its place. Accounts are back, passwords are not: linli user "
                       "card --dir %s --login NAME. %u nodes below have new certificates\n"),
                n->id, n->dir, r.heirs);
    }
    ln_node_close(n);
    return ok;
}

/* ---- late work of a revoked node */

struct showing {
    struct ln_buf *out;
    unsigned n;
};

static bool show_late(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    struct showing *x = ctx;

    (void)err;
    x->n++;
    const char *down = strchr(l->log, '.'); /* of a down-log: its region, and the number there */
    if (down != NULL)
        ln_buf_addf(x->out, "%s/", down + 1);
    ln_buf_addf(x->out, "%" PRIu64 "\t%s\t%s\t%.*s", l->seq, l->why != NULL ? l->why : "ok",
                l->audience, (int)l->c->line.len, l->c->line.p);
    if (l->clear.len > 0)
        ln_buf_addf(x->out, "\t%.*s", (int)l->clear.len, l->clear.p);
    ln_buf_addc(x->out, '\n');
    return true;
}

struct late_job {
    const char *node;
    uint64_t from;
    bool take;
    unsigned n, unreadable;
    struct showing show;
};

static bool late_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct late_job *j = arg_;

    return ln_replica_late(r, j->node, j->from, j->take, &j->n, &j->unreadable, show_late, &j->show,
                           err);
}

bool ln_cmd_adopt(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct late_job j = { .node = ln_cmd_arg(args, "node"),
                          .take = ln_cmd_on(args, "yes"),
                          .show = { out, 0 } };
    const char *from = ln_cmd_arg(args, "from");
    char *end = NULL;

    if (from[0] != '\0') {
        j.from = strtoull(from, &end, 10);
        if (*end != '\0' || from[0] == '-')
            return ln_fail(err, LN_INVALID, LN_SAY("--from 需要段号", "--from takes a number"));
    }
    if (ln_cmd_arg(args, "stick")[0] != '\0') {
        struct ln_stick_report r = { .failed = 0 };
        if (!ln_stick_late(&r, n, j.node, ln_cmd_arg(args, "stick"), err))
            return false;
        ln_buf_addf(out,
                    LN_SAY("%s：%" PRIu64 " 段，%" PRIu64 " 个密钥\n",
                           "%s: %" PRIu64 " segments, %" PRIu64 " keys\n"),
                    j.node, r.segments, r.keys);
    }
    if (!ln_queue_write(n->queue, late_job, &j, err))
        return false;
    if (j.unreadable > 0)
        ln_buf_addf(out, LN_SAY("%u 个文件在此不可读\n", "%u files cannot be read here\n"),
                    j.unreadable);
    ln_buf_addf(
        out,
        j.take ? LN_SAY("已采纳 %u 条，保留原作者\n", "%u lines taken over, as their author's\n")
               : LN_SAY("以上 %u 条可以采纳：核对后加 --yes\n",
                        "%u lines can be taken over: look at them, then add --yes\n"),
        j.n);
    if (j.take && n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    return true;
}
