#define _GNU_SOURCE
/* Commits, trees, packed heads and sealed files from outside. First byte: 0 bytes of a stranger,
 * whom no signature fits; 1 a commit's text that its author did sign; 2 text of a sealed file; 3 a
 * stream that claims to be zstd in a sealed file. */
#include <stdlib.h>
#include <string.h>

#include "crypto/age.h"
#include "crypto/sshsig.h"
#include "sync/merge.h"
#include "sync/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void stranger(const uint8_t *data, size_t len)
{
    static const struct ln_pubkey nobody = { { 0 } };
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    struct ln_segment s = { 0 };
    struct ln_merged m = { 0 };
    struct ln_err err = { 0 };

    if (ln_segment_read(&s, data, len, &nobody, &err))
        abort();
    s = (struct ln_segment){ .n_files = 1, .tree = ln_segment_sha1("tree", data, len) };
    (void)!ln_segment_tree_check(&s, data, len, blobs, &err);
    if (ln_merge_unpack(&m, data, len, &err))
        ln_merge_free(&m);
}

/* What the author signed is read, or refused with a reason; what is read, is built again alike. */
static void signed_by(const char *text, size_t len)
{
    struct ln_seckey key;
    struct ln_pubkey pub;
    struct ln_buf sig = ln_buf_new(1024);
    struct ln_buf commit = ln_buf_new(1 << 18);
    struct ln_segment s = { 0 };
    struct ln_err err = { 0 };
    const char *gap = len > 1 ? memmem(text, len, "\n\n", 2) : NULL;

    ln_key_from_seed(&key, &pub, (const uint8_t *)"proofproofproofproofproofproofpr");
    ln_sshsig_sign(&sig, "git", text, len, &key);
    if (gap != NULL) {
        ln_buf_add(&commit, text, (size_t)(gap - text) + 1);
        ln_buf_adds(&commit, "gpgsig ");
        for (size_t i = 0; i < sig.len; i++) {
            ln_buf_addc(&commit, sig.data[i]);
            if (sig.data[i] == '\n' && i + 1 < sig.len)
                ln_buf_addc(&commit, ' ');
        }
        ln_buf_add(&commit, gap + 1, len - (size_t)(gap - text) - 1);
        if (ln_segment_read(&s, commit.data, commit.len, &pub, &err)) {
            if (s.n_files == 0 || s.n_files > LN_SEGMENT_FILES || s.seq == 0 || s.time_s % 60 != 0)
                abort();
        } else if (err.code != LN_INVALID && err.code != LN_DENIED)
            abort();
    }
    ln_buf_free(&sig);
    ln_buf_free(&commit);
}

static void sealed(const uint8_t *data, size_t len, bool raw)
{
    static struct ln_ident id;
    static struct ln_recipient to;
    static bool made;
    struct ln_segment_header h = {
        .log = "330106005055-aaaaaaaaaaaaaaaa", .seq = 7, .audience = "330106005055/c", .epoch = "1"
    };
    struct ln_segment_header want = h;
    struct ln_buf file = ln_buf_new(1 << 20);
    struct ln_buf lines = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
    struct ln_err err = { 0 };

    if (!made) {
        ln_key_ident_make(&id);
        ln_key_ident_public(&to, &id);
        made = true;
    }
    if (raw) {
        if (!ln_age_seal(&file, &to, 1, data, len, &err))
            abort();
        if (ln_segment_open(&lines, &want, file.data, file.len, &id, &err)) {
            if (lines.len > LN_SEGMENT_PLAIN_MAX)
                abort();
        } else if (err.code != LN_INVALID && err.code != LN_DENIED && err.code != LN_FULL)
            abort();
    } else {
        if (!ln_segment_seal(&file, &h, data, len, &to, &err) ||
            !ln_segment_open(&lines, &want, file.data, file.len, &id, &err) || lines.len != len ||
            memcmp(lines.data, data, len) != 0)
            abort();
        want.seq++; /* a copy of it elsewhere */
        ln_buf_clear(&lines);
        if (ln_segment_open(&lines, &want, file.data, file.len, &id, &err))
            abort();
    }
    ln_buf_free(&lines);
    ln_buf_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1 || len > 1 << 16)
        return 0;
    if (data[0] == 1)
        signed_by((const char *)data + 1, len - 1);
    else if (data[0] == 2 || data[0] == 3)
        sealed(data + 1, len - 1, data[0] == 3);
    else
        stranger(data, len);
    return 0;
}
