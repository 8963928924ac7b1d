/* Memory sticks from a browser: writing one as a download, taking one in by upload after a look at
 * what it holds. The bytes go through folders of the node's own (stick/out, stick/in), so that any
 * size passes with little memory, and the same code as on the command line judges them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "node/disk.h"
#include "node/say.h"
#include "node/stick.h"
#include "node/syncer.h"
#include "node/web/routes.h"

#define PATH_ROOM 1024
#define RECEIVERS_MAX 4096
#define TAR_BLOCK 512
#define PART (1 << 18)

static bool may(struct ln_call *c, struct ln_err *err)
{
    static const char *const roles[] = { "clerk", "province", "committee", "admin" };

    for (size_t i = 0; c->known && i < sizeof roles / sizeof roles[0]; i++)
        if (ln_engine_has_role(&c->user, roles[i]))
            return true;
    return ln_fail(err, LN_DENIED,
                   LN_SAY("您的身份不能收发存储盘", "your role may not carry sticks"));
}

/* <dir>/stick/<what>[/<name>], made with its parents. */
static bool place(char out[PATH_ROOM], const struct ln_node *n, const char *what, const char *name,
                  struct ln_err *err)
{
    const char *const parts[] = { LN_STICK_FOLDER, what, name };
    size_t len = (size_t)snprintf(out, PATH_ROOM, "%s", n->dir);

    for (size_t i = 0; i < 3 && parts[i][0] != '\0'; i++) {
        len += (size_t)snprintf(out + len, PATH_ROOM - len, "/%s", parts[i]);
        if (len >= PATH_ROOM - LN_LETTER_NAME_MAX - 2)
            return ln_fail(err, LN_INVALID,
                           LN_SAY("节点文件夹的名称过长", "the node's folder has too long a name"));
        if (mkdir(out, 0700) != 0 && errno != EEXIST)
            return ln_fail(err, LN_BROKEN, "cannot make %s: %s", out, strerror(errno));
    }
    return true;
}

/* Empties a folder of plain files and folders of plain files. */
static void empty(const char *path, const char *but)
{
    struct dirent *e;
    DIR *d = opendir(path);
    char inside[PATH_ROOM];

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, but) == 0 || unlinkat(dirfd(d), e->d_name, 0) == 0 ||
            snprintf(inside, sizeof inside, "%s/%s", path, e->d_name) >= (int)sizeof inside)
            continue;
        empty(inside, "");
        (void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
    }
    if (d != NULL)
        (void)closedir(d);
}

/* ---- whom one can write for */

static bool add_receiver(void *arg, struct ln_store *s, const struct ln_authority *a,
                         struct ln_err *err)
{
    json_t *list = arg;
    size_t i;
    json_t *o;

    (void)s;
    (void)err;
    json_array_foreach(list, i, o)
    {
        const struct ln_cert *cert = ln_authority_find(a, ln_web_text(o, "node"));
        if (cert == NULL)
            continue;
        json_object_set_new(o, "name", json_string(cert->name));
        json_object_set_new(o, "region", json_string(cert->region));
    }
    return true;
}

bool ln_api_stick_list(struct ln_call *c, struct ln_err *err)
{
    char(*to)[LN_NODE_ID_MAX] = ln_alloc_array(RECEIVERS_MAX, sizeof *to);
    json_t *list = json_array();
    size_t above = 0;
    size_t below = 0;
    bool ok =
        may(c, err) && ln_stick_receivers(to, RECEIVERS_MAX, &above, c->n, "/nowhere", false, err);

    for (size_t i = 0; ok && i < above; i++)
        json_array_append_new(list, json_pack("{s:s,s:s}", "node", to[i], "kind", "parent"));
    ok = ok && ln_stick_receivers(to, RECEIVERS_MAX, &below, c->n, "/nowhere", true, err);
    for (size_t i = 0; ok && i < below; i++)
        json_array_append_new(list, json_pack("{s:s,s:s}", "node", to[i], "kind", "child"));
    ok = ok && c->n->access.read(c->n->access.ctx, add_receiver, list, err);
    ln_free(to);
    if (!ok) {
        json_decref(list);
        return false;
    }
    return ln_web_json(c, 200, json_pack("{s:s,s:o}", "node", c->n->id, "receivers", list));
}

/* ---- writing */

static bool write_each(struct ln_call *c, const char *folder, json_t *letters, struct ln_err *err)
{
    const json_t *list = json_object_get(c->body, "to");
    size_t i;
    json_t *to;

    if (json_array_size(list) == 0 || json_array_size(list) > RECEIVERS_MAX)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("请至少选择一个收件节点", "to: at least one node is needed"));
    json_array_foreach(list, i, to)
    {
        struct ln_stick_written w;
        struct ln_stick_want want = { .to = json_is_string(to) ? json_string_value(to) : "",
                                      .all = json_is_true(json_object_get(c->body, "all")) };
        if (strlen(want.to) >= LN_NODE_ID_MAX || !ln_stick_write(&w, c->n, folder, &want, err))
            return err->code != LN_OK ||
                   ln_fail(err, LN_MISSING, LN_SAY("没有这个节点", "no such node"));
        json_array_append_new(letters, json_pack("{s:s,s:s,s:i,s:I,s:I,s:I,s:I}", "to", want.to,
                                                 "name", w.name, "files", (int)w.files, "segments",
                                                 (json_int_t)w.segments, "keys", (json_int_t)w.keys,
                                                 "attachments", (json_int_t)w.attachments, "bytes",
                                                 (json_int_t)w.bytes));
    }
    return true;
}

bool ln_api_stick_write(struct ln_call *c, struct ln_err *err)
{
    char folder[PATH_ROOM];
    char name[LN_ID_TEXT + 1];
    json_t *letters = json_array();
    uint8_t raw[LN_ID_LEN];
    struct ln_id id;
    bool ok = may(c, err) && ln_web_object(c, err) && place(folder, c->n, "out", "", err);

    c->n->env.random(c->n->env.ctx, raw, sizeof raw);
    raw[0] &= 0x7f;
    memcpy(id.b, raw, sizeof id.b);
    ln_clock_id_write(name, &id);
    if (ok)
        empty(folder, "");
    ok = ok && place(folder, c->n, "out", name, err) && write_each(c, folder, letters, err);
    if (!ok) {
        json_decref(letters);
        return false;
    }
    return ln_web_json(c, 201, json_pack("{s:s,s:o}", "id", name, "letters", letters));
}

/* ---- the download: a tar (ustar) of the folder, made while it is sent */

struct tar_file {
    char folder[LN_LETTER_FOLDER_MAX];
    char name[LN_LETTER_NAME_MAX];
    uint64_t size;
};
struct tar {
    char path[PATH_ROOM];
    struct tar_file *files;
    size_t n, at;
    int fd;        /* of files[at], -1 before its header */
    uint64_t left; /* of it */
    bool ended;
};

static void tar_end(void *ctx)
{
    struct tar *t = ctx;

    if (t->fd >= 0)
        (void)close(t->fd);
    ln_free(t->files);
    ln_free(t);
}

static const char MAGIC[8] = { 'u', 's', 't', 'a', 'r', '\0', '0', '0' };

static void tar_header(struct ln_buf *out, const struct tar_file *f)
{
    char h[TAR_BLOCK] = { 0 };
    unsigned sum = 0;

    (void)snprintf(h, 100, "%s", f->name);
    (void)snprintf(h + 100, 8, "0000600"); /* mode, then owner and group */
    (void)snprintf(h + 108, 8, "0000000");
    (void)snprintf(h + 116, 8, "0000000");
    (void)snprintf(h + 124, 12, "%011" PRIo64, f->size);
    (void)snprintf(h + 136, 12, "00000000000");
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, MAGIC, sizeof MAGIC);
    (void)snprintf(h + 345, 155, "%s", f->folder);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    (void)snprintf(h + 148, 8, "%06o", sum);
    ln_buf_add(out, h, sizeof h);
}

static uint64_t padded(uint64_t size)
{
    return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static bool tar_open(struct tar *t, struct ln_buf *out)
{
    const struct tar_file *f = &t->files[t->at];
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s/%s", t->path, f->folder, f->name);
    t->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    t->left = f->size;
    tar_header(out, f);
    return t->fd >= 0;
}

/* The next part; nothing at the end, false when a file has gone. */
static bool tar_next(void *ctx, struct ln_buf *out)
{
    static const char zeros[2 * TAR_BLOCK];
    struct tar *t = ctx;

    if (t->at == t->n) {
        if (!t->ended)
            ln_buf_add(out, zeros, sizeof zeros);
        t->ended = true;
        return true;
    }
    if (t->fd < 0)
        return tar_open(t, out);
    size_t want = t->left < PART ? (size_t)t->left : PART;
    char *to = ln_buf_grow(out, want);
    ssize_t got = to != NULL ? read(t->fd, to, want) : -1;
    if (got < 0 || (got == 0 && want > 0))
        return false;
    ln_buf_cut(out, out->len - want + (size_t)got);
    t->left -= (uint64_t)got;
    if (t->left > 0)
        return true;
    ln_buf_add(out, zeros, (size_t)(padded(t->files[t->at].size) - t->files[t->at].size));
    (void)close(t->fd);
    t->fd = -1;
    t->at++;
    return true;
}

static void tar_add(struct tar *t, const char *folder, const char *name, uint64_t size)
{
    struct tar_file *f;

    t->files = ln_realloc(t->files, (t->n + 1) * sizeof *t->files);
    f = &t->files[t->n++];
    (void)snprintf(f->folder, sizeof f->folder, "%s", folder);
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    f->size = size;
}

static void tar_folder(struct tar *t, const char *folder)
{
    char path[2 * PATH_ROOM];
    struct dirent *e;
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", t->path, folder);
    DIR *d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL)
        if (strlen(e->d_name) < LN_LETTER_NAME_MAX &&
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            tar_add(t, folder, e->d_name, (uint64_t)st.st_size);
    if (d != NULL)
        (void)closedir(d);
}

bool ln_api_stick_get(struct ln_call *c, struct ln_err *err)
{
    char from[LN_NODE_ID_MAX];
    char to[LN_NODE_ID_MAX];
    struct ln_id id;
    struct dirent *e;

    if (!may(c, err))
        return false;
    if (!ln_clock_id_read(&id, ln_span_of(c->q->arg[0])))
        return ln_fail(err, LN_MISSING,
                       LN_SAY("没有这个存储盘，请重新写出", "no such stick: write it again"));
    struct tar *t = ln_alloc(sizeof *t);
    t->fd = -1;
    (void)snprintf(t->path, sizeof t->path, "%.900s/" LN_STICK_FOLDER "/out/%s", c->n->dir,
                   c->q->arg[0]);
    DIR *d = opendir(t->path);
    while (d != NULL && (e = readdir(d)) != NULL)
        if (strlen(e->d_name) < LN_LETTER_FOLDER_MAX && ln_letter_folder_read(from, to, e->d_name))
            tar_folder(t, e->d_name);
    if (d != NULL)
        (void)closedir(d);
    if (t->n == 0) {
        tar_end(t);
        return ln_fail(err, LN_MISSING,
                       LN_SAY("没有这个存储盘，请重新写出", "no such stick: write it again"));
    }
    c->out->next_len = 2 * TAR_BLOCK;
    for (size_t i = 0; i < t->n; i++)
        c->out->next_len += TAR_BLOCK + padded(t->files[i].size);
    c->out->next = tar_next;
    c->out->next_end = tar_end;
    c->out->next_ctx = t;
    c->out->status = 200;
    c->out->content_type = "application/x-tar";
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"linli-%s.tar\"", c->n->id);
    return true;
}

/* ---- taking in */

static json_t *letter_json(const struct ln_stick_letter *l)
{
    struct ln_buf zh = ln_buf_new(1024);
    struct ln_buf en = ln_buf_new(1024);
    json_t *files = json_array();

    ln_verdict_text(&zh, &l->judged, true);
    ln_verdict_text(&en, &l->judged, false);
    for (size_t i = 0; i < l->letter.n; i++) {
        const struct ln_letter_file *f = &l->letter.files[i];
        json_array_append_new(files,
                              json_pack("{s:s,s:s,s:I}", "name", f->name, "kind",
                                        ln_letter_kind_word(f->kind), "size", (json_int_t)f->size));
    }
    json_t *o = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:I,s:I,s:I,s:i,s:i,s:o}", "id", l->letter.id,
        "folder", l->folder, "from", l->letter.from, "from_name", l->from_name, "to", l->letter.to,
        "to_name", l->to_name, "at", (json_int_t)l->letter.at_ms, "verdict",
        ln_verdict_word(l->judged.verdict), "zh", zh.data, "en", en.data, "segments",
        (json_int_t)l->segments, "new", (json_int_t)l->new_segments, "bytes", (json_int_t)l->bytes,
        "keys", (int)l->keys, "attachments", (int)l->files, "files", files);
    ln_buf_free(&zh);
    ln_buf_free(&en);
    return o;
}

static bool look(struct ln_stick_letter *l, struct ln_call *c, struct ln_err *err)
{
    const char *index = ln_web_text(c->body, "index");
    const char *sig = ln_web_text(c->body, "sig");

    return ln_stick_look_index(l, c->n, index, strlen(index), sig, strlen(sig), err);
}

/* Says what a letter holds, before anything else of it is here. */
bool ln_api_stick_look(struct ln_call *c, struct ln_err *err)
{
    struct ln_stick_letter l = { .folder = "" };
    bool ok = may(c, err) && ln_web_object(c, err) && look(&l, c, err);

    ok = ok && ln_web_json(c, 200, letter_json(&l));
    ln_stick_letter_free(&l);
    return ok;
}

/* A good one, or one whose writer signed it and was revoked: its late work is looked through. */
static bool may_come(const struct ln_stick_letter *l)
{
    return l->judged.verdict == LN_VERDICT_GOOD || l->judged.verdict == LN_VERDICT_REVOKED;
}

/* Begins to take one: its index, into which the files are sent. */
bool ln_api_stick_begin(struct ln_call *c, struct ln_err *err)
{
    struct ln_stick_letter l = { .folder = "" };
    const char *index = ln_web_text(c->body, "index");
    const char *sig = ln_web_text(c->body, "sig");
    char folder[PATH_ROOM];
    bool ok = may(c, err) && ln_web_object(c, err) && look(&l, c, err);

    if (ok && !may_come(&l)) {
        struct ln_buf text = ln_buf_new(512);
        ln_verdict_text(&text, &l.judged, c->q->zh);
        ok = ln_fail(err, LN_INVALID, "%s", text.data);
        ln_buf_free(&text);
    }
    ok = ok && place(folder, c->n, "in", l.folder, err);
    if (ok)
        empty(folder, "");
    ok = ok && ln_disk_write(folder, LN_LETTER_INDEX, index, strlen(index), err) &&
         ln_disk_write(folder, LN_LETTER_SIG, sig, strlen(sig), err) &&
         ln_web_json(c, 201, letter_json(&l));
    ln_stick_letter_free(&l);
    return ok;
}

/* Letter <folder> of those that are coming in, LN_MISSING when it was not begun. */
static bool coming(struct ln_stick **s, struct ln_stick_letter *l, struct ln_call *c, bool deep,
                   struct ln_err *err)
{
    char from[LN_NODE_ID_MAX];
    char to[LN_NODE_ID_MAX];
    char path[PATH_ROOM];

    if (!ln_letter_folder_read(from, to, c->q->arg[0]))
        return ln_fail(err, LN_INVALID, LN_SAY("不是信件的名称", "no name of a letter"));
    (void)snprintf(path, sizeof path, "%.800s/" LN_STICK_FOLDER "/in/%s", c->n->dir, c->q->arg[0]);
    return ln_stick_open(s, path, err) &&
           (ln_stick_count(*s) == 1 ||
            ln_fail(err, LN_MISSING, LN_SAY("还没有开始读入", "it was not begun"))) &&
           ln_stick_look(l, *s, 0, c->n, deep, err);
}

bool ln_api_stick_file(struct ln_call *c, struct ln_err *err)
{
    struct ln_stick_letter l = { .folder = "" };
    struct ln_stick *s = NULL;
    const char *name = c->q->arg[1];
    const struct ln_letter_file *f = NULL;
    char folder[PATH_ROOM];
    bool ok = may(c, err) && coming(&s, &l, c, false, err);

    for (size_t i = 0; ok && f == NULL && i < l.letter.n; i++)
        if (strcmp(l.letter.files[i].name, name) == 0)
            f = &l.letter.files[i];
    if (ok && f == NULL)
        ok = ln_fail(err, LN_INVALID, LN_SAY("目录里没有这个文件", "the index knows no such file"));
    if (ok && f != NULL && (c->q->body_len != f->size || c->q->body == NULL))
        ok = ln_fail(err, LN_INVALID,
                     LN_SAY("文件缺失或不完整", "the file is missing or cut short"));
    if (ok && f != NULL) {
        struct ln_sha256 sha = ln_encode_sha256(c->q->body, c->q->body_len);
        ok = ln_encode_sha256_same(&sha, &f->sha) ||
             ln_fail(err, LN_INVALID,
                     LN_SAY("文件与目录所记不符", "the file is not what the index says"));
    }
    ok = ok && place(folder, c->n, "in", c->q->arg[0], err) &&
         ln_disk_write(folder, name, c->q->body, c->q->body_len, err) &&
         ln_web_json(c, 200, json_pack("{s:s}", "name", name));
    ln_stick_letter_free(&l);
    ln_stick_close(s);
    return ok;
}

bool ln_api_stick_take(struct ln_call *c, struct ln_err *err)
{
    struct ln_stick_letter l = { .folder = "" };
    struct ln_stick_report r = { .failed = 0 };
    struct ln_stick *s = NULL;
    char folder[PATH_ROOM];
    bool ok = may(c, err) && coming(&s, &l, c, true, err);

    if (ok && l.judged.verdict == LN_VERDICT_GOOD)
        ok = ln_stick_take(&r, s, &l, c->n, err);
    else if (ok && l.judged.verdict == LN_VERDICT_REVOKED)
        ok = place(folder, c->n, "in", c->q->arg[0], err) &&
             ln_stick_late(&r, c->n, l.letter.from, folder, err);
    if (ok && c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
    if (ok) {
        json_t *o = letter_json(&l);
        json_object_set_new(o, "taken",
                            json_pack("{s:I,s:I,s:I,s:I,s:I,s:i,s:s}", "segments",
                                      (json_int_t)r.segments, "changes", (json_int_t)r.changes,
                                      "refused", (json_int_t)r.refused, "keys", (json_int_t)r.keys,
                                      "attachments", (json_int_t)r.files, "failed", (int)r.failed,
                                      "why", r.why.text));
        ok = ln_web_json(c, 200, o);
    }
    ln_stick_letter_free(&l);
    ln_stick_close(s);
    if (ok && place(folder, c->n, "in", c->q->arg[0], err)) {
        empty(folder, "");
        (void)rmdir(folder);
    }
    return ok;
}
