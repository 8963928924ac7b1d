/* linli export and import: logs as git bundle files (version 2) for couriers and memory sticks; any
 * git can read them. <log>-<first>.bundle holds segments from <first> on, keys-<node>.json the
 * subject keys that the addressee lacks. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/base/alloc.h"
#include "node/cmd/cmd.h"
#include "node/disk.h"
#include "node/syncer.h"
#include "sync/keys.h"
#include "sync/pack.h"
#include "sync/view.h"

#define BUNDLE_MAX (LN_PACK_MAX + (1 << 16))
#define HEADER_MAX 4096
#define FILES_MAX 16384 /* files of a folder that one import takes */
static const char MAGIC[] = "# v2 git bundle\n";

static const char *arg(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

/* ---- export */

struct exporting {
    struct ln_node *n;
    const char *folder;
    char to[LN_NODE_ID_MAX];
    bool up;      /* to the parent */
    bool restore; /* all that a new box in the place of `to` needs */
    struct ln_store_log *logs;
    size_t n_logs, cap;
    unsigned files;
    uint64_t segments;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct exporting *x = ctx;

    (void)err;
    if (l->head == 0)
        return true;
    if (x->n_logs == x->cap) {
        x->cap = x->cap > 0 ? 2 * x->cap : 16;
        x->logs = ln_realloc(x->logs, x->cap * sizeof *x->logs);
    }
    x->logs[x->n_logs++] = *l;
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

static bool export_log(struct exporting *x, struct ln_store *s, const struct ln_authority *a,
                       const struct ln_store_log *log, struct ln_err *err)
{
    const struct ln_cert *to = ln_authority_find(a, x->to);
    bool ok = true;

    for (uint64_t from = 1, last = 0; ok && from <= log->head; from = last + 1) {
        struct ln_buf file = ln_buf_new(BUNDLE_MAX);
        struct ln_buf pack = ln_buf_new(BUNDLE_MAX);
        char name[96];
        ok = ln_replica_slice(&pack, &last, s, a, log->id, from, to, LN_PACK_MAX, err);
        if (ok && last == 0)
            break;
        ln_buf_adds(&file, MAGIC);
        if (ok && from > 1) {
            ln_buf_addc(&file, '-');
            ok = add_commit(&file, s, log->n, from - 1, err);
            ln_buf_adds(&file, " \n");
        }
        ok = ok && add_commit(&file, s, log->n, last, err);
        ln_buf_addf(&file, " refs/heads/%s\n\n", log->id);
        ln_buf_add(&file, pack.data, pack.len);
        (void)snprintf(name, sizeof name, "%s-%" PRIu64 ".bundle", log->id, from);
        ok = ok && ln_buf_done(&file, "bundle", err) &&
             ln_disk_write(x->folder, name, file.data, file.len, err);
        x->files += ok;
        x->segments += ok ? last - from + 1 : 0;
        ln_buf_free(&pack);
        ln_buf_free(&file);
    }
    return ok || ln_wrap(err, "%s", log->id);
}

static bool export_read(void *arg_, struct ln_store *s, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct exporting *x = arg_;
    const struct ln_cert *self = ln_authority_find(a, x->n->id);

    if (self == NULL)
        return ln_fail(err, LN_MISSING, "this node has not joined yet");
    if (x->to[0] == '\0')
        memcpy(x->to, self->parent, sizeof x->to);
    const struct ln_cert *to = ln_authority_find(a, x->to);
    if (to == NULL)
        return ln_fail(err, LN_MISSING, "no node \"%s\" is known: name a child with --to", x->to);
    x->up = strcmp(self->parent, x->to) == 0;
    if (!x->up && strcmp(to->parent, self->node) != 0)
        return ln_fail(err, LN_DENIED, "%s is neither parent nor child of this node", x->to);
    if (!s->ops->log_each(s->ctx, take_log, x, err))
        return false;
    for (size_t i = 0; i < x->n_logs; i++) {
        struct ln_view_log place = { .seq = 0 };
        if (ln_view_holds(&place, a, x->up ? x->n->id : x->to, x->up ? x->to : x->n->id,
                          x->logs[i].id) &&
            (x->restore || place.up == x->up) && !export_log(x, s, a, &x->logs[i], err))
            return false;
    }
    return true;
}

struct key_job {
    struct ln_buf body;
    unsigned n;
};

static bool keys_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct key_job *j = arg_;

    return ln_keys_pending(&j->body, &j->n, r, err);
}

/* What the dead box gave into escrow, a file a page: escrow-<node>-<n>.keys */
struct escrow_job {
    const char *node;
    char place[LN_KEYS_PLACE_MAX];
    struct ln_buf body;
    unsigned n;
};

static bool escrow_job(void *arg_, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct escrow_job *j = arg_;

    (void)a;
    return ln_keys_escrow(&j->body, &j->n, j->place, s, j->node, err);
}

static bool export_escrow(struct exporting *x, unsigned *keys, struct ln_err *err)
{
    struct escrow_job j = { .node = x->to, .n = 1 };
    char name[96];
    bool ok = true;

    for (unsigned page = 1; ok && j.n > 0; page++) {
        j.body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
        (void)snprintf(name, sizeof name, "escrow-%s-%05u.keys", x->to, page);
        ok = x->n->access.read(x->n->access.ctx, escrow_job, &j, err) &&
             (j.n == 0 || ln_disk_write(x->folder, name, j.body.data, j.body.len, err));
        x->files += ok && j.n > 0;
        *keys += ok ? j.n : 0;
        ln_buf_free(&j.body);
    }
    return ok;
}

bool ln_cmd_export(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct exporting x = { .n = n, .folder = arg(args, "file") };
    struct key_job keys = { .body = ln_buf_new(LN_MESSAGE_NOTE_MAX) };
    unsigned restored = 0;
    char name[64];
    bool ok;

    (void)snprintf(x.to, sizeof x.to, "%s", arg(args, "to"));
    if (arg(args, "restore")[0] != '\0') {
        (void)snprintf(x.to, sizeof x.to, "%s", arg(args, "restore"));
        x.restore = true;
    }
    if (mkdir(x.folder, 0700) != 0 && errno != EEXIST)
        return ln_fail(err, LN_BROKEN, "cannot make %s: %s", x.folder, strerror(errno));
    ok = ln_node_seal(n, err) && n->access.read(n->access.ctx, export_read, &x, err);
    if (ok && x.restore)
        ok = export_escrow(&x, &restored, err);
    else if (ok && x.up)
        ok = ln_queue_write(n->queue, keys_job, &keys, err);
    if (ok && keys.n > 0) {
        (void)snprintf(name, sizeof name, "keys-%s.json", n->id);
        ok = ln_disk_write(x.folder, name, keys.body.data, keys.body.len, err);
    }
    if (ok)
        ln_buf_addf(out,
                    ln_say_zh() ? "已写出 %u 个文件，%" PRIu64 " 段，%u 个密钥\n"
                                : "wrote %u files, %" PRIu64 " segments, %u keys\n",
                    x.files, x.segments, keys.n + restored);
    ln_free(x.logs);
    ln_buf_free(&keys.body);
    return ok;
}

/* ---- import */

struct importing {
    char log[LN_LOG_MAX];
    const char *pack;
    size_t len;
    struct ln_receive got;
    struct ln_span keys;
    bool escrow; /* of a dead box, for the new one: opened with the paper key */
    char from[LN_NODE_ID_MAX];
    unsigned n_keys;
};

/* The one ref of the header names the log. */
static bool read_header(struct importing *x, const struct ln_buf *file, struct ln_err *err)
{
    const char *end = strstr(file->data, "\n\n");
    const char *ref = strstr(file->data, " refs/heads/");

    if (strncmp(file->data, MAGIC, sizeof MAGIC - 1) != 0 || end == NULL || ref == NULL ||
        ref > end || (size_t)(end - file->data) > HEADER_MAX)
        return ln_fail(err, LN_INVALID, "no git bundle of a log");
    ref += sizeof " refs/heads/" - 1;
    size_t n = strcspn(ref, "\n");
    if (n >= sizeof x->log)
        return ln_fail(err, LN_INVALID, "no git bundle of a log");
    memcpy(x->log, ref, n);
    x->log[n] = '\0';
    x->pack = end + 2;
    x->len = file->len - (size_t)(x->pack - file->data);
    return true;
}

static bool receive_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct importing *x = arg_;
    char place[LN_KEYS_PLACE_MAX];
    const struct ln_cert *from =
        x->from[0] != '\0' ? ln_authority_find(ln_replica_authority(r), x->from) : NULL;

    if (x->escrow)
        return ln_keys_restore(&x->n_keys, place, r, x->keys, err);
    if (x->keys.p == NULL)
        return ln_replica_receive(r, &x->got, x->log, x->pack, x->len, ln_replica_self(r), err);
    if (from == NULL)
        return ln_fail(err, LN_MISSING, "%s is unknown here", x->from);
    return ln_keys_take(&x->n_keys, r, x->keys, from, err);
}

static bool import_file(struct ln_node *n, const char *path, struct ln_buf *out, struct ln_err *err)
{
    struct importing x = { .pack = NULL };
    struct ln_buf file = ln_buf_new(BUNDLE_MAX);
    const char *name = strrchr(path, '/');
    bool ok = ln_disk_read(&file, "", path + 1, err);

    name = name != NULL ? name + 1 : path;
    if (ok && strncmp(name, "escrow-", 7) == 0) {
        x.escrow = true;
        x.keys = (struct ln_span){ file.data, file.len };
    } else if (ok && strncmp(name, "keys-", 5) == 0) {
        (void)snprintf(x.from, sizeof x.from, "%.*s", (int)strcspn(name + 5, "."), name + 5);
        x.keys = (struct ln_span){ file.data, file.len };
    } else
        ok = ok && read_header(&x, &file, err);
    ok = ok && ln_queue_write(n->queue, receive_job, &x, err);
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
bool ln_cmd_import(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *path = arg(args, "file");
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
        if (count == cap) {
            cap = cap == 0 ? 64 : 2 * cap;
            names = ln_realloc(names, cap * sizeof *names);
        }
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
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    return ok && (all ||
                  ln_fail(err, LN_FULL,
                          LN_SAY("文件夹中超过 %d 个文件：前面的已导入，其余请放到另一文件夹再导入",
                                 "the folder holds more than %d files: those before are in; import "
                                 "the rest from another folder"),
                          FILES_MAX));
}

/* ---- what a revoked node wrote behind its end */

static bool late_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct importing *x = arg_;

    return ln_replica_receive_late(r, &x->got, x->log, x->pack, x->len, err);
}

static bool late_file(struct ln_node *n, const char *node, const char *path, struct ln_buf *out,
                      struct ln_err *err)
{
    struct importing x = { .pack = NULL };
    struct ln_buf file = ln_buf_new(BUNDLE_MAX);
    bool ok = ln_disk_read(&file, "", path + 1, err) && read_header(&x, &file, err);

    if (ok && strcmp(x.log, node) == 0) {
        ok = ln_queue_write(n->queue, late_job, &x, err);
        if (ok)
            ln_buf_addf(out, ln_say_zh() ? "%s：%u 段\n" : "%s: %u segments\n", x.log,
                        x.got.segments);
        ln_buf_free(&x.got.receipt);
    }
    ln_buf_free(&file);
    return ok || ln_wrap(err, "%s", path);
}

static int by_length(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;

    return strlen(x) != strlen(y) ? (strlen(x) < strlen(y) ? -1 : 1) : strcmp(x, y);
}

bool ln_cmd_late(struct ln_node *n, const char *node, const char *path, struct ln_buf *out,
                 struct ln_err *err)
{
    char full[1024];
    char **names = NULL;
    size_t count = 0;
    DIR *d = opendir(path);
    struct dirent *e;
    bool ok = true;

    if (d == NULL)
        return late_file(n, node, path, out, err);
    while ((e = readdir(d)) != NULL && count < FILES_MAX) {
        if (strncmp(e->d_name, node, strlen(node)) != 0 || e->d_name[strlen(node)] != '-')
            continue;
        names = ln_realloc(names, (count + 1) * sizeof *names);
        names[count++] = ln_strdup(e->d_name);
    }
    (void)closedir(d);
    if (count > 0) /* of one log: shorter numbers are earlier */
        qsort(names, count, sizeof *names, by_length);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(full, sizeof full, "%s/%s", path, names[i]);
        ok = ok && late_file(n, node, full, out, err);
        ln_free(names[i]);
    }
    ln_free(names);
    return ok &&
           (count > 0 ||
            ln_fail(err, LN_MISSING, ln_say_zh() ? "%s 中没有 %s 的日志" : "%s holds no log of %s",
                    path, node));
}
