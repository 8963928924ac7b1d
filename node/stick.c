/* Taking a stick in: see stick.h. */
#include "node/stick.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/bundle.h"
#include "node/say.h"
#include "sync/keys.h"

#define TAR_BLOCK 512
#define TAR_ENTRIES (1 << 17)
#define SIG_MAX 1024

struct entry { /* of a tar */
    char folder[LN_LETTER_FOLDER_MAX];
    char name[LN_LETTER_NAME_MAX];
    uint64_t at, size;
};
struct ln_stick {
    int fd;           /* the folder, or the tar */
    bool tar, single; /* single: the folder is that of one letter */
    char (*folders)[LN_LETTER_FOLDER_MAX];
    size_t n;
    struct entry *entries;
    size_t n_entries, cap;
};

/* ---- what is on it */

static void add_folder(struct ln_stick *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->folders[i], name) == 0)
            return;
    if (s->n == LN_STICK_LETTERS)
        return;
    s->folders = ln_realloc(s->folders, (s->n + 1) * sizeof *s->folders);
    (void)snprintf(s->folders[s->n++], sizeof *s->folders, "%s", name);
}

static int by_folder(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool scan(struct ln_stick *s, struct ln_err *err)
{
    char from[LN_NODE_ID_MAX];
    char to[LN_NODE_ID_MAX];
    struct stat st;
    struct dirent *e;
    int again = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;

    if (d == NULL) {
        if (again >= 0)
            (void)close(again);
        return ln_fail(err, LN_BROKEN, LN_SAY("无法读取文件夹：%s", "cannot read the folder: %s"),
                       strerror(errno));
    }
    while ((e = readdir(d)) != NULL)
        if (strlen(e->d_name) < LN_LETTER_FOLDER_MAX && ln_letter_folder_read(from, to, e->d_name))
            add_folder(s, e->d_name);
    (void)closedir(d);
    if (s->n == 0 && fstatat(s->fd, LN_LETTER_INDEX, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        s->single = true;
        add_folder(s, ".");
    }
    if (s->n > 1)
        qsort(s->folders, s->n, sizeof *s->folders, by_folder);
    return true;
}

/* Octal digits of a tar header, as POSIX ustar has them. */
static bool octal(uint64_t *out, const char *p, size_t len)
{
    size_t i = 0;

    *out = 0;
    for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
        *out = *out * 8 + (uint64_t)(p[i] - '0');
    return i > 0 && (i == len || p[i] == '\0' || p[i] == ' ');
}

static bool sums_up(const char *h)
{
    uint64_t said;
    uint64_t sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)h[i];
    return octal(&said, h + 148, 8) && said == sum;
}

/* "<folder>/<name>" of a header's prefix and name; anything else is not for us. */
static bool split_name(struct entry *e, const char *h)
{
    char path[260];
    char from[LN_NODE_ID_MAX];
    char to[LN_NODE_ID_MAX];

    (void)snprintf(path, sizeof path, "%.155s%s%.100s", h + 345, h[345] != '\0' ? "/" : "", h);
    char *name = strrchr(path, '/');
    if (name == NULL || strlen(name + 1) >= sizeof e->name)
        return false;
    *name++ = '\0';
    char *folder = strrchr(path, '/');
    folder = folder != NULL ? folder + 1 : path;
    if (!ln_letter_folder_read(from, to, folder) || strlen(folder) >= sizeof e->folder)
        return false;
    (void)snprintf(e->folder, sizeof e->folder, "%s", folder);
    (void)snprintf(e->name, sizeof e->name, "%s", name);
    return true;
}

static void add_entry(struct ln_stick *s, const struct entry *e)
{
    s->entries = ln_grow(s->entries, s->n_entries, &s->cap, sizeof *s->entries);
    s->entries[s->n_entries++] = *e;
    add_folder(s, e->folder);
}

static bool scan_tar(struct ln_stick *s, struct ln_err *err)
{
    char h[TAR_BLOCK];
    uint64_t at = 0;
    unsigned n = 0;

    s->tar = true;
    while (pread(s->fd, h, sizeof h, (off_t)at) == (ssize_t)sizeof h && h[0] != '\0') {
        struct entry e = { .at = at + TAR_BLOCK };
        if (memcmp(h + 257, "ustar", 5) != 0 || !sums_up(h) || !octal(&e.size, h + 124, 12) ||
            e.size > INT64_MAX / 2)
            return ln_fail(err, LN_INVALID,
                           LN_SAY("不是 tar 文件（ustar）", "no tar file (ustar)"));
        if (++n > TAR_ENTRIES)
            return ln_fail(err, LN_FULL, LN_SAY("文件多于 %d 个", "more than %d files"),
                           TAR_ENTRIES);
        if ((h[156] == '0' || h[156] == '\0') && split_name(&e, h))
            add_entry(s, &e);
        at = e.at + (e.size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    }
    return n > 0 ||
           ln_fail(err, LN_INVALID, LN_SAY("不是 tar 文件（ustar）", "no tar file (ustar)"));
}

bool ln_stick_open(struct ln_stick **out, const char *path, struct ln_err *err)
{
    struct ln_stick *s = ln_alloc(sizeof *s);
    struct stat st;
    bool ok;

    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (s->fd < 0 || fstat(s->fd, &st) != 0) {
        ok = ln_fail(err, errno == ENOENT ? LN_MISSING : LN_BROKEN,
                     LN_SAY("无法读取 %s：%s", "cannot read %s: %s"), path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        ok = scan(s, err);
    } else {
        ok = S_ISREG(st.st_mode)
                 ? scan_tar(s, err)
                 : ln_fail(err, LN_INVALID,
                           LN_SAY("既不是文件夹也不是文件", "neither a folder nor a file"));
    }
    if (!ok) {
        ln_stick_close(s);
        return false;
    }
    *out = s;
    return true;
}

void ln_stick_close(struct ln_stick *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        (void)close(s->fd);
    ln_free(s->folders);
    ln_free(s->entries);
    ln_free(s);
}

size_t ln_stick_count(const struct ln_stick *s)
{
    return s->n;
}

/* ---- one file of it: no link is followed, nothing but a plain file is opened */

static bool read_at(struct ln_buf *out, int fd, uint64_t at, uint64_t size, struct ln_err *err)
{
    char *to = ln_buf_grow(out, (size_t)size);

    if (to == NULL)
        return ln_buf_done(out, "file", err);
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pread(fd, to + done, (size_t)(size - done), (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ln_fail(err, n == 0 ? LN_MISSING : LN_BROKEN,
                           LN_SAY("无法读到末尾", "cannot be read to its end"));
        done += (uint64_t)n;
    }
    return true;
}

static bool read_tar(struct ln_buf *out, struct ln_stick *s, const char *folder, const char *name,
                     struct ln_err *err)
{
    for (size_t i = 0; i < s->n_entries; i++) {
        const struct entry *e = &s->entries[i];
        if (strcmp(e->name, name) != 0 || strcmp(e->folder, folder) != 0)
            continue;
        if (e->size > out->max)
            return ln_fail(err, LN_FULL, LN_SAY("%s 大于 %zu 字节", "%s is larger than %zu"), name,
                           out->max);
        return read_at(out, s->fd, e->at, e->size, err);
    }
    return ln_fail(err, LN_MISSING, LN_SAY("缺少 %s", "%s is missing"), name);
}

/* Up to the ceiling of `out`. LN_MISSING not there, LN_INVALID a link or a device. */
static bool read_file(struct ln_buf *out, struct ln_stick *s, const char *folder, const char *name,
                      struct ln_err *err)
{
    struct stat st;

    if (s->tar)
        return read_tar(out, s, folder, name, err);
    int dir = openat(s->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = dir >= 0 ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    int why = errno;
    bool ok = false;
    if (dir >= 0)
        (void)close(dir);
    if (fd < 0)
        return ln_fail(err, why == ENOENT ? LN_MISSING : LN_INVALID, "%s: %s", name,
                       why == ELOOP || why == ENOTDIR
                           ? LN_SAY("是链接，不是文件", "a link, not a file")
                           : strerror(why));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        (void)ln_fail(err, LN_INVALID, LN_SAY("%s 不是普通文件", "%s is no plain file"), name);
    else if ((uint64_t)st.st_size > out->max)
        (void)ln_fail(err, LN_FULL, LN_SAY("%s 大于 %zu 字节", "%s is larger than %zu"), name,
                      out->max);
    else
        ok = read_at(out, fd, 0, (uint64_t)st.st_size, err);
    (void)close(fd);
    return ok;
}

/* ---- looking */

void ln_stick_letter_free(struct ln_stick_letter *l)
{
    ln_letter_free(&l->letter);
    ln_free(l->skip);
    l->skip = NULL;
}

struct judging {
    struct ln_stick_letter *l;
    const char *sig;
    size_t sig_len;
    const char *self;
};

static void name_of(char out[LN_CERT_NAME_MAX + 1], const struct ln_authority *a, const char *node)
{
    const struct ln_cert *c = ln_authority_find(a, node);

    (void)snprintf(out, LN_CERT_NAME_MAX + 1, "%s", c != NULL ? c->name : "");
}

static bool count_new(struct ln_stick_letter *l, struct ln_store *s, struct ln_err *err)
{
    for (size_t i = 0; i < l->letter.n; i++) {
        const struct ln_letter_file *f = &l->letter.files[i];
        struct ln_store_log held = { 0 };
        l->bytes += f->size;
        l->keys += f->kind == LN_LETTER_KEYS || f->kind == LN_LETTER_ESCROW;
        l->files += f->kind == LN_LETTER_FILE;
        if (f->kind != LN_LETTER_LOG)
            continue;
        if (!s->ops->log_get(s->ctx, &held, f->log, err))
            return false;
        uint64_t head = held.n != 0 ? held.head : 0;
        l->segments += f->last - f->first + 1;
        if (f->last > head)
            l->new_segments += f->last - (head >= f->first ? head : f->first - 1);
        else
            l->skip[i] = !l->letter.restore;
    }
    return true;
}

static bool judge_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct judging *j = arg;
    struct ln_stick_letter *l = j->l;

    name_of(l->from_name, a, l->letter.from);
    name_of(l->to_name, a, l->letter.to);
    return ln_letter_judge(&l->judged, &l->letter, j->sig, j->sig_len, j->self, s, a, err) &&
           count_new(l, s, err);
}

static bool say(struct ln_stick_letter *l, enum ln_verdict v, const char *detail)
{
    l->judged.verdict = v;
    (void)snprintf(l->judged.detail, sizeof l->judged.detail, "%s", detail);
    return true;
}

bool ln_stick_look_index(struct ln_stick_letter *out, struct ln_node *n, const char *text,
                         size_t len, const char *sig, size_t sig_len, struct ln_err *err)
{
    struct judging j = { .l = out, .sig = sig, .sig_len = sig_len, .self = n->id };
    struct ln_err why = { 0 };

    *out = (struct ln_stick_letter){ .folder = "" };
    if (!ln_letter_read(&out->letter, text, len, &why))
        return say(out, LN_VERDICT_BAD, why.text);
    ln_letter_folder(out->folder, out->letter.from, out->letter.to);
    out->skip = ln_alloc_array(out->letter.n + 1, sizeof *out->skip);
    return n->access.read(n->access.ctx, judge_job, &j, err);
}

/* Whether a file is what the index says; when not, the verdict tells. */
static bool whole(struct ln_buf *bytes, struct ln_stick_letter *l, struct ln_stick *s,
                  const struct ln_letter_file *f)
{
    struct ln_err why = { 0 };
    bool ok;

    *bytes = ln_buf_new((size_t)f->size);
    ok = read_file(bytes, s, l->folder, f->name, &why);
    if (!ok)
        (void)say(l, why.code == LN_MISSING ? LN_VERDICT_CUT : LN_VERDICT_CHANGED, why.text);
    else if (bytes->len < f->size)
        ok = !say(l, LN_VERDICT_CUT, f->name);
    else {
        struct ln_sha256 sha = ln_encode_sha256(bytes->data, bytes->len);
        ok = ln_encode_sha256_same(&sha, &f->sha) || !say(l, LN_VERDICT_CHANGED, f->name);
    }
    return ok;
}

static bool is_open(const struct ln_stick_letter *l)
{
    return l->judged.verdict == LN_VERDICT_GOOD || l->judged.verdict == LN_VERDICT_KNOWN;
}

bool ln_stick_look(struct ln_stick_letter *out, struct ln_stick *s, size_t i, struct ln_node *n,
                   bool deep, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_LETTER_INDEX_MAX);
    struct ln_buf sig = ln_buf_new(SIG_MAX);
    char folder[LN_LETTER_FOLDER_MAX];
    char due[LN_LETTER_FOLDER_MAX];
    struct ln_err why = { 0 };
    bool ok = true;

    *out = (struct ln_stick_letter){ .folder = "" };
    memcpy(folder, s->folders[i], sizeof folder);
    memcpy(out->folder, folder, sizeof folder);
    if (!read_file(&text, s, folder, LN_LETTER_INDEX, &why) ||
        (!read_file(&sig, s, folder, LN_LETTER_SIG, &why) && why.code != LN_MISSING)) {
        (void)say(out, why.code == LN_MISSING ? LN_VERDICT_UNFINISHED : LN_VERDICT_BAD, why.text);
        goto out;
    }
    ok = ln_stick_look_index(out, n, text.data, text.len, sig.data, sig.len, err);
    memcpy(due, out->folder, sizeof due);
    memcpy(out->folder, folder, sizeof folder);
    if (ok && is_open(out) && !s->single && strcmp(due, folder) != 0)
        (void)say(out, LN_VERDICT_CHANGED, folder); /* the folder of another letter */
    for (size_t k = 0; ok && deep && out->judged.verdict == LN_VERDICT_GOOD && k < out->letter.n;
         k++) {
        struct ln_buf bytes;
        (void)!whole(&bytes, out, s, &out->letter.files[k]);
        ln_buf_free(&bytes);
    }
out:
    ln_buf_free(&text);
    ln_buf_free(&sig);
    return ok;
}

/* ---- taking */

struct taking {
    struct ln_node *n;
    struct ln_stick_letter *l;
    struct ln_stick_report *r;
    const struct ln_letter_file *f;
    const struct ln_buf *bytes;
    struct ln_receive got;
    unsigned n_keys;
};

static bool log_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct taking *t = arg;
    struct ln_bundle b;

    return ln_bundle_read(&b, t->bytes, err) &&
           (strcmp(b.log, t->f->log) == 0 ||
            ln_fail(err, LN_INVALID,
                    LN_SAY("里面的日志不是目录所写的那个",
                           "it holds another log than the index says"))) &&
           ln_replica_receive(r, &t->got, b.log, b.pack, b.len, ln_replica_self(r), err);
}

static bool keys_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct taking *t = arg;
    struct ln_span body = { t->bytes->data, t->bytes->len };
    char place[LN_KEYS_PLACE_MAX];
    const struct ln_cert *from = ln_authority_find(ln_replica_authority(r), t->l->letter.from);

    if (t->f->kind == LN_LETTER_ESCROW)
        return ln_keys_restore(&t->n_keys, place, r, body, err);
    return from != NULL ? ln_keys_take(&t->n_keys, r, body, from, err)
                        : ln_fail(err, LN_MISSING, LN_SAY("这里不认识 %s", "%s is unknown here"),
                                  t->l->letter.from);
}

static bool take_attachment(struct taking *t, struct ln_err *err)
{
    const struct ln_files *f = &t->n->files;
    uint64_t held = 0;
    bool there = false;

    if (!f->have(f->ctx, &t->f->sha, &held, &there, err))
        return false;
    while (!there && held < t->f->size) {
        uint64_t part = t->f->size - held < LN_FILES_PART ? t->f->size - held : LN_FILES_PART;
        if (!f->write(f->ctx, &t->f->sha, t->l->letter.from, held, t->f->size,
                      t->bytes->data + held, (size_t)part, err))
            return false;
        held += part;
    }
    t->r->files += !there;
    return true;
}

static bool take_file(struct taking *t, struct ln_err *err)
{
    bool ok;

    t->got = (struct ln_receive){ .seq = 0 };
    t->n_keys = 0;
    if (t->f->kind == LN_LETTER_FILE)
        return take_attachment(t, err) || ln_wrap(err, "%s", t->f->name);
    ok = t->f->kind == LN_LETTER_LOG ? ln_queue_write_large(t->n->queue, log_job, t, err)
                                     : ln_queue_write(t->n->queue, keys_job, t, err);
    t->r->segments += t->got.segments;
    t->r->changes += t->got.changes;
    t->r->refused += t->got.refused;
    t->r->keys += t->n_keys;
    ln_buf_free(&t->got.receipt);
    return ok || ln_wrap(err, "%s", t->f->name);
}

enum progress { WAITS, TAKEN, FAILED };

/* One turn over all files of these kinds; true when one that waited was taken. */
static bool turn(struct taking *t, struct ln_stick *s, enum progress *state, unsigned kinds,
                 bool last)
{
    bool moved = false;

    for (size_t i = 0; i < t->l->letter.n; i++) {
        struct ln_buf bytes = ln_buf_new(0);
        struct ln_err why = { 0 };
        t->f = &t->l->letter.files[i];
        if (state[i] != WAITS || (kinds >> t->f->kind & 1) == 0)
            continue;
        if (t->l->skip[i]) {
            state[i] = TAKEN;
            continue;
        }
        t->bytes = &bytes;
        if (!whole(&bytes, t->l, s, t->f)) { /* changed under our eyes */
            (void)ln_fail(&why, LN_INVALID, "%s: %s", t->f->name, t->l->judged.detail);
            state[i] = FAILED;
        } else if (take_file(t, &why)) {
            state[i] = TAKEN;
            moved = true;
        } else if (why.code != LN_MISSING || last) {
            state[i] = FAILED;
        }
        if (state[i] == FAILED) {
            ln_log_err(LN_LOG_WARN, &why, "stick");
            t->r->why = t->r->failed++ == 0 ? why : t->r->why;
        }
        t->bytes = NULL;
        ln_buf_free(&bytes);
    }
    return moved;
}

static bool remember_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_letter_remember(ln_replica_store(r), arg, err);
}

bool ln_stick_take(struct ln_stick_report *r, struct ln_stick *s, struct ln_stick_letter *l,
                   struct ln_node *n, struct ln_err *err)
{
    struct taking t = { .n = n, .l = l, .r = r };
    enum progress *state = ln_alloc_array(l->letter.n + 1, sizeof *state);
    unsigned failed = r->failed;
    bool ok = true;

    /* Escrow before the lines it opens; logs, whose certificates may stand in one another; other
     * keys behind those that certify their sender. */
    (void)turn(&t, s, state, 1u << LN_LETTER_ESCROW, true);
    while (turn(&t, s, state, 1u << LN_LETTER_LOG, false))
        ;
    (void)turn(&t, s, state, 1u << LN_LETTER_LOG, true);
    (void)turn(&t, s, state, 1u << LN_LETTER_KEYS | 1u << LN_LETTER_FILE, true);
    ln_free(state);
    if (r->failed == failed && !l->letter.restore)
        ok = ln_stick_acknowledge(n, l->letter.took, err) &&
             ln_queue_write(n->queue, remember_job, &l->letter, err);
    ln_log(LN_LOG_NOTE, "stick taken from=%s segments=%" PRIu64 " keys=%" PRIu64 " failed=%u",
           l->letter.from, r->segments, r->keys, r->failed - failed);
    return ok;
}
