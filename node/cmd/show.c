/* linli show: what stands in a log, and who may sign for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/cmd.h"
#include "sync/batch.h"

struct showing {
    struct ln_buf *out;
    struct ln_store *s;
    const char *log;
    uint64_t seq; /* 0: all */
    bool signers;
    bool found; /* the one segment */
    int64_t n;
};

static bool print_line(void *ctx, const char *audience, const struct ln_batch_quote *quote,
                       const char *line, size_t len, struct ln_err *err)
{
    struct showing *x = ctx;

    (void)quote;
    (void)err;
    ln_buf_addf(x->out, "%s\t%.*s\n", audience, (int)len, line);
    return true;
}

static bool print_segment(void *ctx, const struct ln_store_segment *g, struct ln_err *err)
{
    struct showing *x = ctx;
    unsigned unreadable = 0;

    if (x->seq > 0 && g->seq != x->seq) {
        err->code = LN_OK;
        return false;
    }
    x->found = true;
    ln_buf_addf(x->out, "# %s %" PRIu64 " ", x->log, g->seq);
    ln_encode_hex(x->out, g->sha.b, sizeof g->sha.b);
    ln_buf_addc(x->out, '\n');
    if (!ln_batch_lines(x->s, x->log, g, print_line, x, &unreadable, err))
        return false;
    if (unreadable > 0)
        ln_buf_addf(x->out, LN_SAY("# %u 个文件在此不可读\n", "# %u files cannot be read here\n"),
                    unreadable);
    return true;
}

static bool list_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct showing *x = ctx;

    (void)err;
    ln_buf_addf(x->out, "%s\t%" PRIu64 "\t%" PRIu64 "\n", l->id, l->head, l->receipt);
    return true;
}

/* OpenSSH allowed_signers: principal, namespaces, key. git signs as "<node>@linli". */
static bool print_signer(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct showing *x = ctx;

    (void)err;
    ln_buf_addf(x->out, "%s@linli namespaces=\"git,linli-cert,linli-stick\" ", c->node);
    ln_key_public_write(x->out, &c->key);
    ln_buf_addc(x->out, '\n');
    return true;
}

static bool show(void *arg, struct ln_store *s, const struct ln_authority *a, struct ln_err *err)
{
    struct showing *x = arg;
    struct ln_store_log l = { 0 };

    x->s = s;
    if (x->signers)
        return ln_authority_each(a, print_signer, x, err);
    if (x->log[0] == '\0')
        return s->ops->log_each(s->ctx, list_log, x, err);
    if (!s->ops->log_get(s->ctx, &l, x->log, err))
        return false;
    if (l.n == 0)
        return ln_fail(err, LN_MISSING, LN_SAY("这里没有日志 %s", "no log %s here"), x->log);
    err->code = LN_OK;
    return s->ops->segment_each(s->ctx, l.n, x->seq > 0 ? x->seq : 1, true, print_segment, x,
                                err) ||
           err->code == LN_OK;
}

bool ln_cmd_show(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *log = json_string_value(json_object_get(args, "log"));
    const char *seq = json_string_value(json_object_get(args, "seq"));
    struct showing x = { .out = out,
                         .log = log != NULL ? log : "",
                         .seq = seq != NULL ? strtoull(seq, NULL, 10) : 0,
                         .signers = ln_cmd_on(args, "signers") };

    if (seq != NULL && (x.seq == 0 || strspn(seq, "0123456789") != strlen(seq)))
        return ln_fail(err, LN_INVALID, LN_SAY("段号从 1 起：%s", "segments count from 1: %s"),
                       seq);
    return n->access.read(n->access.ctx, show, &x, err) &&
           (x.seq == 0 || x.found ||
            ln_fail(err, LN_MISSING, LN_SAY("没有第 %s 段", "no segment %s here"), seq)) &&
           ln_buf_done(out, "output", err);
}
