/* linli export and import: sticks for couriers (node/stick.h). A folder of loose bundle and key
 * files, as other tools and earlier versions left them, is taken file by file. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/base/alloc.h"
#include "node/bundle.h"
#include "node/cmd/cmd.h"
#include "node/disk.h"
#include "node/stick.h"
#include "node/syncer.h"
#include "sync/keys.h"

#define FILES_MAX 16384 /* files of a folder that one import takes */
#define RECEIVERS_MAX 4096

/* ---- export */

static bool write_one(struct ln_node *n, const char *folder, const struct ln_stick_want *want,
                      struct ln_buf *out, struct ln_err *err)
{
    struct ln_stick_written w;

    if (!ln_stick_write(&w, n, folder, want, err))
        return ln_wrap(err, "%s", want->to);
    ln_buf_addf(out,
                LN_SAY("给 %s %s：%u 个文件（%u 个早已在），%" PRIu64 " 段，%" PRIu64
                       " 个密钥，%" PRIu64 " 个附件，%" PRIu64 " 字节\n",
                       "for %s %s: %u files (%u were there), %" PRIu64 " segments, %" PRIu64
                       " keys, %" PRIu64 " attachments, %" PRIu64 " bytes\n"),
                w.name, want->to, w.files, w.kept, w.segments, w.keys, w.attachments, w.bytes);
    return true;
}

/* Nobody named: the parent, and every child that has a letter for us on the stick. */
static bool write_all(struct ln_node *n, const char *folder, const json_t *args, bool children,
                      struct ln_buf *out, struct ln_err *err)
{
    char(*to)[LN_NODE_ID_MAX] = ln_alloc_array(RECEIVERS_MAX, sizeof *to);
    size_t count = 0;
    bool ok = ln_stick_receivers(to, RECEIVERS_MAX, &count, n, folder, children, err);

    if (ok && count == 0)
        ok = ln_fail(
            err, LN_INVALID, "%s",
            LN_SAY("不知道写给谁：用 --to 指定下级节点，或 --to children 写给全部下级",
                   "for whom? name a node below with --to, or all of them with --to children"));
    for (size_t i = 0; ok && i < count; i++) {
        struct ln_stick_want want = { .to = to[i], .all = ln_cmd_on(args, "all") };
        ok = write_one(n, folder, &want, out, err);
    }
    ln_free(to);
    return ok;
}

static bool write_named(struct ln_node *n, const char *folder, const json_t *args,
                        struct ln_buf *out, struct ln_err *err)
{
    char node[LN_NODE_ID_MAX];
    bool ok = true;

    for (const char *at = ln_cmd_arg(args, "to"); ok && *at != '\0'; at += *at == ',') {
        size_t len = strcspn(at, ",");
        (void)snprintf(node, sizeof node, "%.*s", (int)len, at);
        at += len;
        struct ln_stick_want want = { .to = node, .all = ln_cmd_on(args, "all") };
        ok = len < sizeof node
                 ? write_one(n, folder, &want, out, err)
                 : ln_fail(err, LN_MISSING, LN_SAY("没有节点 %.60s", "no node %.60s"), node);
    }
    return ok;
}

bool ln_cmd_export(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *folder = ln_cmd_arg(args, "file");
    struct ln_stick_want restore = { .to = ln_cmd_arg(args, "restore"), .restore = true };

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return ln_fail(err, LN_BROKEN, LN_SAY("无法建立 %s：%s", "cannot make %s: %s"), folder,
                       strerror(errno));
    if (restore.to[0] != '\0')
        return write_one(n, folder, &restore, out, err);
    if (strcmp(ln_cmd_arg(args, "to"), "children") == 0)
        return write_all(n, folder, args, true, out, err);
    if (ln_cmd_arg(args, "to")[0] != '\0')
        return write_named(n, folder, args, out, err);
    return write_all(n, folder, args, false, out, err);
}

/* ---- import of letters */

static void tell_letter(struct ln_buf *out, const struct ln_stick_letter *l)
{
    ln_buf_addf(out, LN_SAY("%s %s 写给 %s %s：", "%s %s for %s %s: "), l->from_name,
                l->letter.from, l->to_name, l->letter.to);
    ln_verdict_text(out, &l->judged, ln_say_zh());
    if (l->judged.verdict == LN_VERDICT_GOOD)
        ln_buf_addf(out,
                    LN_SAY("；%" PRIu64 " 段，其中 %" PRIu64
                           " 段是新的，%u 个密钥文件，%u 个附件，%" PRIu64 " 字节",
                           "; %" PRIu64 " segments, %" PRIu64 " of them new, %u files of keys, %u "
                           "attachments, %" PRIu64 " bytes"),
                    l->segments, l->new_segments, l->keys, l->files, l->bytes);
    ln_buf_addc(out, '\n');
}

struct letters {
    struct ln_node *n;
    struct ln_stick *s;
    struct ln_buf *out;
    struct ln_stick_report r;
    unsigned good, known, others, bad;
    struct ln_err why; /* of the first that is bad */
};

static bool one_letter(struct letters *x, size_t i, bool look, struct ln_err *err)
{
    struct ln_stick_letter l;
    bool ok = ln_stick_look(&l, x->s, i, x->n, true, err);

    if (ok) {
        struct ln_buf said = ln_buf_new(512);
        tell_letter(x->out, &l);
        switch (l.judged.verdict) {
        case LN_VERDICT_GOOD:
            x->good++;
            ok = look || ln_stick_take(&x->r, x->s, &l, x->n, err);
            break;
        case LN_VERDICT_KNOWN:
            x->known++;
            break;
        case LN_VERDICT_OTHER:
        case LN_VERDICT_OWN:
            x->others++;
            break;
        case LN_VERDICT_OLDER:
        case LN_VERDICT_UNFINISHED:
        case LN_VERDICT_FORGED:
        case LN_VERDICT_UNKNOWN:
        case LN_VERDICT_STRANGER:
        case LN_VERDICT_REVOKED:
        case LN_VERDICT_BAD:
        case LN_VERDICT_CUT:
        case LN_VERDICT_CHANGED:
        case LN_VERDICT_GAP:
        case LN_VERDICTS:
            ln_verdict_text(&said, &l.judged, ln_say_zh());
            if (x->bad++ == 0)
                (void)ln_fail(&x->why, LN_INVALID, "%s: %s",
                              l.letter.from[0] != '\0' ? l.letter.from : l.folder, said.data);
            break;
        }
        ln_buf_free(&said);
    }
    ln_stick_letter_free(&l);
    return ok;
}

static bool import_letters(struct ln_node *n, struct ln_stick *s, bool look, struct ln_buf *out,
                           struct ln_err *err)
{
    struct letters x = { .n = n, .s = s, .out = out };
    bool ok = true;

    for (size_t i = 0; ok && i < ln_stick_count(s); i++)
        ok = one_letter(&x, i, look, err);
    if (ok && !look && x.good > 0)
        ln_buf_addf(out,
                    LN_SAY("已读入：%" PRIu64 " 段，%" PRIu64 " 条变更，%" PRIu64
                           " 条未被接受，%" PRIu64 " 个密钥，%" PRIu64 " 个附件\n",
                           "taken in: %" PRIu64 " segments, %" PRIu64 " changes, %" PRIu64
                           " refused, %" PRIu64 " keys, %" PRIu64 " attachments\n"),
                    x.r.segments, x.r.changes, x.r.refused, x.r.keys, x.r.files);
    if (!ok)
        return false;
    if (x.r.failed > 0) {
        *err = x.r.why;
        return ln_wrap(err, LN_SAY("%u 个文件未能读入", "%u files could not be taken in"),
                       x.r.failed);
    }
    if (x.bad > 0) {
        *err = x.why;
        return false;
    }
    return x.good + x.known > 0 ||
           ln_fail(err, LN_MISSING, "%s",
                   LN_SAY("介质上没有写给本节点的内容", "nothing on it is for this node"));
}

/* ---- import of loose files */

struct importing {
    struct ln_bundle b;
    struct ln_receive got;
    struct ln_span keys;
    bool escrow; /* of a dead box, for the new one: opened with the paper key */
    char from[LN_NODE_ID_MAX];
    unsigned n_keys;
};

static bool receive_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct importing *x = arg_;
    char place[LN_KEYS_PLACE_MAX];
    const struct ln_cert *from =
        x->from[0] != '\0' ? ln_authority_find(ln_replica_authority(r), x->from) : NULL;

    if (x->escrow)
        return ln_keys_restore(&x->n_keys, place, r, x->keys, err);
    if (x->keys.p == NULL)
        return ln_replica_receive(r, &x->got, x->b.log, x->b.pack, x->b.len, ln_replica_self(r),
                                  err);
    if (from == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("这里不认识 %s", "%s is unknown here"), x->from);
    return ln_keys_take(&x->n_keys, r, x->keys, from, err);
}

static bool import_file(struct ln_node *n, const char *path, struct ln_buf *out, struct ln_err *err)
{
    struct importing x = { .escrow = false };
    struct ln_buf file = ln_buf_new(LN_BUNDLE_MAX);
    const char *name = strrchr(path, '/');
    bool ok = ln_disk_plain(path, err) && ln_disk_read(&file, "", path + 1, err);

    name = name != NULL ? name + 1 : path;
    if (ok && strncmp(name, "escrow-", 7) == 0) {
        x.escrow = true;
        x.keys = (struct ln_span){ file.data, file.len };
    } else if (ok && strncmp(name, "keys-", 5) == 0) {
        (void)snprintf(x.from, sizeof x.from, "%.*s", (int)strcspn(name + 5, "."), name + 5);
        x.keys = (struct ln_span){ file.data, file.len };
    } else
        ok = ok && ln_bundle_read(&x.b, &file, err);
    ok = ok && ln_queue_write_large(n->queue, receive_job, &x, err);
    if (ok)
        ln_buf_addf(out,
                    ln_say_zh() ? "%s：%u 段，%u 条变更，%u 条未被接受，%u 个密钥\n"
                                : "%s: %u segments, %u changes, %u refused, %u keys\n",
                    name, x.got.segments, x.got.changes, x.got.refused, x.n_keys);
    ln_buf_free(&x.got.receipt);
    ln_buf_free(&file);
    return ok || ln_wrap(err, "%s", name);
}

static int by_kind(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;
    /* Escrow before the lines it opens, other keys behind those that certify their sender. */
    int kx = strncmp(x, "keys-", 5) == 0 ? 1 : strncmp(x, "escrow-", 7) == 0 ? -1 : 0;
    int ky = strncmp(y, "keys-", 5) == 0 ? 1 : strncmp(y, "escrow-", 7) == 0 ? -1 : 0;

    return kx != ky ? kx - ky : strcmp(x, y);
}

/* A folder: logs of upper nodes first (their names sort so, as their regions end in zeros), first
 * segments before later ones; what waits for another file is tried again. */
static bool import_loose(struct ln_node *n, const char *path, struct ln_buf *out,
                         struct ln_err *err)
{
    char full[1024];
    char **names = NULL;
    size_t count = 0, cap = 0;
    DIR *d = opendir(path);
    struct dirent *e;
    bool ok = true;

    if (d == NULL)
        return import_file(n, path, out, err);
    while ((e = readdir(d)) != NULL && count < FILES_MAX) {
        if (strstr(e->d_name, ".bundle") == NULL && strncmp(e->d_name, "keys-", 5) != 0 &&
            strncmp(e->d_name, "escrow-", 7) != 0)
            continue;
        names = ln_grow(names, count, &cap, sizeof *names);
        names[count++] = ln_strdup(e->d_name);
    }
    bool all = e == NULL;
    (void)closedir(d);
    if (count > 0)
        qsort(names, count, sizeof *names, by_kind);
    for (int turn = 0; turn < 3; turn++) {
        bool waits = false;
        ok = true;
        for (size_t i = 0; ok && i < count; i++) {
            struct ln_err why = { 0 };
            (void)snprintf(full, sizeof full, "%s/%s", path, names[i]);
            if (import_file(n, full, out, &why))
                continue;
            waits = waits || why.code == LN_MISSING;
            if (why.code != LN_MISSING || turn == 2) {
                *err = why;
                ok = false;
            }
        }
        if (!ok || !waits)
            break;
    }
    for (size_t i = 0; i < count; i++)
        ln_free(names[i]);
    ln_free(names);
    if (count == 0)
        return ln_fail(err, LN_MISSING, "%s",
                       LN_SAY("介质上没有邻里的文件", "nothing of Linli is on it"));
    return ok && (all ||
                  ln_fail(err, LN_FULL,
                          LN_SAY("文件夹中超过 %d 个文件：前面的已导入，其余请放到另一文件夹再导入",
                                 "the folder holds more than %d files: those before are in; import "
                                 "the rest from another folder"),
                          FILES_MAX));
}

static bool is_bundle(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL &&
           (strcmp(dot, ".bundle") == 0 || strcmp(dot, ".json") == 0 || strcmp(dot, ".keys") == 0);
}

static bool import_any(struct ln_node *n, const json_t *args, struct ln_buf *out,
                       struct ln_err *err)
{
    const char *path = ln_cmd_arg(args, "file");
    struct ln_stick *s = NULL;
    bool ok;

    if (is_bundle(path))
        return import_file(n, path, out, err);
    if (!ln_stick_open(&s, path, err))
        return false;
    ok = ln_stick_count(s) > 0 ? import_letters(n, s, ln_cmd_on(args, "look"), out, err)
                               : import_loose(n, path, out, err);
    ln_stick_close(s);
    return ok;
}

bool ln_cmd_import(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    bool ok = import_any(n, args, out, err);

    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    return ok && (!ln_cmd_on(args, "answer") ||
                  write_all(n, ln_cmd_arg(args, "file"), args, false, out, err));
}
