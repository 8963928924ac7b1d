/* Segments of those who keep no rule: see forge.h. */
#include "tests/lib/forge.h"

#include <stdio.h>
#include <string.h>

#include "sync/pack.h"

bool forge_segment(struct ln_buf *pack, struct ln_segment *head, const char *log,
                   const struct ln_seckey *key, struct ln_span lines, const struct ln_epoch *epoch,
                   int64_t time_s)
{
    struct ln_segment s = { .seq = head->seq + 1,
                            .prev = head->sha,
                            .prev_commit = head->commit,
                            .time_s = time_s / 60 * 60,
                            .suite = 1,
                            .n_files = 1 };
    struct ln_buf file = ln_buf_new(LN_SEGMENT_FILE_MAX);
    struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_err err = { 0 };
    bool ok = true;

    (void)snprintf(s.log, sizeof s.log, "%s", log);
    if (epoch == NULL) {
        (void)snprintf(s.files[0].name, sizeof s.files[0].name, "public.jsonl");
        ln_buf_add(&file, lines.p, lines.len);
    } else {
        struct ln_segment_header h = { .seq = s.seq };
        (void)snprintf(h.log, sizeof h.log, "%s", log);
        (void)snprintf(h.audience, sizeof h.audience, "%s", epoch->audience);
        (void)snprintf(h.epoch, sizeof h.epoch, "%s", epoch->label);
        (void)snprintf(s.files[0].name, sizeof s.files[0].name, "%s", epoch->file_name);
        struct ln_recipient to;
        ln_key_ident_public(&to, &epoch->secret);
        ok = ln_segment_seal(&file, &h, lines.p, lines.len, &to, &err);
    }
    s.files[0].sha = ln_encode_sha256(file.data, file.len);
    s.files[0].size = file.len;
    struct ln_sha1 blob = ln_segment_sha1("blob", file.data, file.len);
    ok = ok && ln_segment_build(&commit, &tree, &s, &blob, key, &err) &&
         ln_pack_add(pack, LN_PACK_COMMIT, commit.data, commit.len, false, &err) &&
         ln_pack_add(pack, LN_PACK_TREE, tree.data, tree.len, false, &err) &&
         ln_pack_add(pack, LN_PACK_BLOB, file.data, file.len, true, &err);
    if (ok)
        *head = s;
    ln_buf_free(&tree);
    ln_buf_free(&commit);
    ln_buf_free(&file);
    return ok;
}

bool forge_pack(struct ln_buf *pack, struct ln_segment *head, const char *log,
                const struct ln_seckey *key, struct ln_span lines, const struct ln_epoch *epoch,
                int64_t time_s)
{
    struct ln_err err = { 0 };

    ln_pack_begin(pack);
    return forge_segment(pack, head, log, key, lines, epoch, time_s) && ln_pack_end(pack, 3, &err);
}

bool forge_head(struct ln_segment *head, struct ln_store *s, const char *log, struct ln_err *err)
{
    struct ln_store_log l;

    *head = (struct ln_segment){ .seq = 0 };
    if (!s->ops->log_get(s->ctx, &l, log, err))
        return false;
    if (l.n > 0) {
        head->seq = l.head;
        head->sha = l.head_sha;
        head->commit = l.head_commit;
    }
    return true;
}
