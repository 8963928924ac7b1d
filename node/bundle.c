/* git bundle files: see bundle.h. */
#include "node/bundle.h"
#include "node/say.h"

#include <inttypes.h>
#include <string.h>

#define HEADER_MAX 4096
static const char MAGIC[] = "# v2 git bundle\n";

bool ln_bundle_read(struct ln_bundle *out, const struct ln_buf *file, struct ln_err *err)
{
    const char *end = strstr(file->data, "\n\n");
    const char *ref = strstr(file->data, " refs/heads/");

    if (strncmp(file->data, MAGIC, sizeof MAGIC - 1) != 0 || end == NULL || ref == NULL ||
        ref > end || (size_t)(end - file->data) > HEADER_MAX)
        return ln_fail(err, LN_INVALID, LN_SAY("不是日志的 git bundle", "no git bundle of a log"));
    ref += sizeof " refs/heads/" - 1;
    size_t n = strcspn(ref, "\n");
    if (n == 0 || n >= sizeof out->log)
        return ln_fail(err, LN_INVALID, LN_SAY("不是日志的 git bundle", "no git bundle of a log"));
    memcpy(out->log, ref, n);
    out->log[n] = '\0';
    out->pack = end + 2;
    out->len = file->len - (size_t)(out->pack - file->data);
    return true;
}

static bool take_commit(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct ln_sha1 name = ln_segment_sha1("commit", s->commit.p, s->commit.len);

    ln_encode_hex(ctx, name.b, LN_SHA1_LEN);
    err->code = LN_OK;
    return false;
}

static bool add_commit(struct ln_buf *out, struct ln_store *s, int64_t log, uint64_t seq,
                       struct ln_err *err)
{
    err->code = LN_OK;
    return s->ops->segment_each(s->ctx, log, seq, false, take_commit, out, err) ||
           err->code == LN_OK;
}

bool ln_bundle_write(struct ln_buf *out, uint64_t *last, struct ln_store *s,
                     const struct ln_authority *a, const struct ln_store_log *log, uint64_t from,
                     const struct ln_cert *to, struct ln_err *err)
{
    struct ln_buf pack = ln_buf_new(LN_BUNDLE_MAX);
    bool ok = ln_replica_slice(&pack, last, s, a, log->id, from, to, LN_PACK_MAX, err);

    if (ok && *last > 0) {
        ln_buf_adds(out, MAGIC);
        if (from > 1) {
            ln_buf_addc(out, '-');
            ok = add_commit(out, s, log->n, from - 1, err);
            ln_buf_adds(out, " \n");
        }
        ok = ok && add_commit(out, s, log->n, *last, err);
        ln_buf_addf(out, " refs/heads/%s\n\n", log->id);
        ln_buf_add(out, pack.data, pack.len);
        ok = ok && ln_buf_done(out, "bundle", err);
    }
    ln_buf_free(&pack);
    return ok;
}
