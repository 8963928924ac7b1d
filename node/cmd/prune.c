/* linli prune: checkpoints, and what is dropped behind them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/cmd.h"
#include "node/prune.h"
#include "node/say.h"

struct telling {
    struct ln_buf *out;
    json_t *list; /* NULL: for people */
    bool dry;
    uint64_t files, bytes;
};

static const char *why_not(const char *why)
{
    static const struct {
        const char *why, *zh, *en;
    } words[] = {
        { "young", "其中有的段还在保留期内", "some of it is younger than the rule" },
        { "unsigned", "上级尚未签收检查点：同步后再试",
          "its checkpoint has no receipt yet: sync, then again" },
        { "waiting", "检查点或 git 导出尚未齐备：稍后再试",
          "the checkpoint or the git export is not complete here yet: later" },
        { "uncovered", "检查点未覆盖本机的全部内容",
          "the checkpoint does not cover all that is here" },
        { "unreadable", "有的文件在此无法解读：缺密钥或缺文件",
          "a file of it cannot be read here: its key or its bytes are missing" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].why, why) == 0)
            return LN_SAY(words[i].zh, words[i].en);
    return why;
}

static void tell_json(struct telling *t, const struct ln_prune_log *l)
{
    const char *why = l->prune.why != NULL ? l->prune.why : l->checkpoint.why;

    (void)json_array_append_new(
        t->list,
        json_pack("{s:s s:b s:I s:I s:I s:b s:I s:I s:s* s:s*}", "log", l->log, "checkpoint",
                  (int)l->checkpoint.made, "upto",
                  (json_int_t)(l->checkpoint.made ? l->checkpoint.upto : l->prune.upto), "kept",
                  (json_int_t)l->checkpoint.kept, "left", (json_int_t)l->checkpoint.dropped,
                  "dropped", (int)l->prune.done, "files", (json_int_t)l->prune.files, "bytes",
                  (json_int_t)l->prune.bytes, "why", why, "trouble", l->trouble));
}

static void tell(void *ctx, const struct ln_prune_log *l)
{
    struct telling *t = ctx;

    if (l->prune.done) {
        t->files += l->prune.files;
        t->bytes += l->prune.bytes;
    }
    if (t->list != NULL) {
        tell_json(t, l);
        return;
    }
    if (l->checkpoint.made && t->dry)
        ln_buf_addf(t->out,
                    LN_SAY("%s：将做检查点，覆盖至第 %" PRIu64 " 段\n",
                           "%s: a checkpoint would be made, up to segment %" PRIu64 "\n"),
                    l->log, l->checkpoint.upto);
    else if (l->checkpoint.made)
        ln_buf_addf(t->out,
                    LN_SAY("%s：检查点覆盖至第 %" PRIu64 " 段，保留 %" PRIu64
                           " 条变更，略去 %" PRIu64 " 条\n",
                           "%s: a checkpoint up to segment %" PRIu64 ", %" PRIu64
                           " changes carried over, %" PRIu64 " left out\n"),
                    l->log, l->checkpoint.upto, l->checkpoint.kept, l->checkpoint.dropped);
    if (l->prune.done)
        ln_buf_addf(
            t->out,
            t->dry
                ? LN_SAY("%s：可删去至第 %" PRIu64 " 段的 %" PRIu64 " 个文件，%" PRIu64 " 字节\n",
                         "%s: up to segment %" PRIu64 ", %" PRIu64 " files of %" PRIu64
                         " bytes would go\n")
                : LN_SAY("%s：已删去至第 %" PRIu64 " 段的 %" PRIu64 " 个文件，%" PRIu64 " 字节\n",
                         "%s: up to segment %" PRIu64 ", %" PRIu64 " files of %" PRIu64
                         " bytes are gone\n"),
            l->log, l->prune.upto, l->prune.files, l->prune.bytes);
    const char *why = l->prune.why != NULL ? l->prune.why : l->checkpoint.why;
    if (why != NULL)
        ln_buf_addf(t->out, LN_SAY("%s：保留：%s\n", "%s: stays: %s\n"), l->log, why_not(why));
    if (l->trouble != NULL)
        ln_buf_addf(t->out, LN_SAY("%s：未做：%s\n", "%s: not done: %s\n"), l->log, l->trouble);
}

bool ln_cmd_prune(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *before = json_string_value(json_object_get(args, "before"));
    struct telling t = { .out = out, .dry = ln_cmd_on(args, "dry_run") };
    int64_t before_s = ln_prune_before(n->env.now_ms(n->env.ctx), n->config.keep_quarters);

    if (before != NULL && before[0] != '\0') {
        if (!ln_prune_quarter(&before_s, before, err))
            return false;
    } else if (n->config.keep_quarters == 0)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("按规则全部保留（keep_quarters = 0）：请用 --before 指定季度",
                              "the rule keeps everything (keep_quarters = 0): name a quarter by "
                              "--before"));
    if (ln_cmd_on(args, "json"))
        t.list = json_array();
    bool ok = ln_prune_run(n, before_s, t.dry, tell, &t, err);
    if (ok && t.list != NULL) {
        char *text = json_dumps(t.list, JSON_COMPACT);
        ln_buf_addf(out, "%s\n", text);
        free(text);
    } else if (ok)
        ln_buf_addf(
            out,
            t.dry ? LN_SAY("共可删去 %" PRIu64 " 个文件，%" PRIu64 " 字节；未改动任何内容\n",
                           "%" PRIu64 " files of %" PRIu64 " bytes would go; nothing was changed\n")
                  : LN_SAY("共删去 %" PRIu64 " 个文件，%" PRIu64 " 字节\n",
                           "%" PRIu64 " files of %" PRIu64 " bytes are gone\n"),
            t.files, t.bytes);
    json_decref(t.list);
    return ok;
}
