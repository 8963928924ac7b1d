/* Writing a letter onto a stick: see stick.h. The files come first, the index with its signature
 * last: what was pulled out before is known as unfinished, and is gone on with. */
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
#include "crypto/canon.h"
#include "crypto/sshsig.h"
#include "node/bundle.h"
#include "node/disk.h"
#include "node/say.h"
#include "node/stick.h"
#include "sync/keys.h"
#include "sync/view.h"

#define PATH_ROOM 1024
#define SENT "sent"
#define META_EXCHANGE "exchange"
#define META_MAX (1 << 20)
#define LISTS_MAX (4 << 20)

struct writing {
    struct ln_node *n;
    const struct ln_stick_want *want;
    struct ln_stick_written *out;
    char path[PATH_ROOM]; /* of the letter's folder */
    bool up;              /* to the parent */
    struct ln_letter letter;
    size_t cap;
    struct ln_store_log *logs;
    size_t n_logs, cap_logs;
    struct ln_view theirs; /* what the receiver is known to hold */
    struct ln_buf have, took, ask;
    struct ln_buf keys; /* the answer to the keys it asked for */
};

/* ---- one file */

static bool same_there(const char *folder, const char *name, const void *data, size_t len)
{
    struct ln_buf there = ln_buf_new(len + 1);
    struct ln_err ignored = { 0 };
    bool same = ln_disk_read(&there, folder, name, &ignored) && there.len == len &&
                memcmp(there.data, data, len) == 0;

    ln_buf_free(&there);
    return same;
}

static struct ln_letter_file *put(struct writing *w, enum ln_letter_kind kind, const char *name,
                                  const void *data, size_t len, struct ln_err *err)
{
    struct ln_letter *l = &w->letter;
    bool there = same_there(w->path, name, data, len);

    if (l->n == LN_LETTER_FILES) {
        (void)ln_fail(err, LN_FULL,
                      LN_SAY("一封信的文件多于 %d 个", "more than %d files for one letter"),
                      LN_LETTER_FILES);
        return NULL;
    }
    if (!there && !ln_disk_write(w->path, name, data, len, err))
        return NULL;
    l->files = ln_grow(l->files, l->n, &w->cap, sizeof *l->files);
    struct ln_letter_file *f = &l->files[l->n++];
    *f = (struct ln_letter_file){ .kind = kind, .size = len, .sha = ln_encode_sha256(data, len) };
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    w->out->files++;
    w->out->kept += there;
    w->out->bytes += len;
    return f;
}

/* ---- what the receiver holds: from its last letter, the last sync, its receipts */

static void merge(struct ln_view *into, const struct ln_view *more)
{
    for (size_t i = 0; i < more->n; i++) {
        const struct ln_view_log *m = &more->logs[i];
        const struct ln_view_log *known = ln_view_find(into, m->log);
        if (known == NULL || known->seq < m->seq)
            (void)ln_view_note(into, m->log, m->seq, &m->sha);
    }
}

static void merge_text(struct ln_view *into, struct ln_span array)
{
    struct ln_view more = { 0 };
    struct ln_err ignored = { 0 };

    if (array.p != NULL && ln_view_parse(&more, array, &ignored))
        merge(into, &more);
    ln_view_free(&more);
}

static bool from_sync(struct writing *w, struct ln_store *s, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(META_MAX);
    struct ln_err ignored = { 0 };
    struct ln_span item;
    struct ln_span word;
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, META_EXCHANGE, &text, &found, err);
    struct ln_span o = { text.data, text.len };

    if (ok && found && ln_canon_check(o.p, o.len, &ignored) &&
        ln_canon_type(o) == LN_CANON_OBJECT && ln_canon_get(o, "parent", &item) &&
        ln_canon_type(item) == LN_CANON_STRING && ln_canon_plain(item, &word) &&
        ln_span_is(word, w->want->to) && ln_canon_get(o, "have", &item))
        merge_text(&w->theirs, item);
    ln_buf_free(&text);
    return ok;
}

static bool learn_theirs(struct writing *w, struct ln_store *s, const struct ln_authority *a,
                         struct ln_err *err)
{
    struct ln_letter_memory m;
    const struct ln_cert *to = ln_authority_find(a, w->want->to);
    bool ok = ln_letter_memory_read(&m, s, w->want->to, err);

    if (ok && !w->want->restore) {
        if (!w->want->all)
            merge_text(&w->theirs, m.have);
        if (m.took.p != NULL)
            ln_buf_add(&w->took, m.took.p, m.took.len);
        struct ln_buf body = ln_buf_new(META_MAX);
        if (m.want.p != NULL && m.want.len > 2 && !w->up) {
            ln_buf_addf(&body, "{\"want\":%.*s}", (int)m.want.len, m.want.p);
            ok = ln_buf_done(&body, "wanted keys", err) &&
                 ln_keys_give(&w->keys, s, (struct ln_span){ body.data, body.len }, to, err);
        }
        ln_buf_free(&body);
        if (ok && w->up && !w->want->all)
            ok = from_sync(w, s, err);
    }
    ln_letter_memory_free(&m);
    return ok;
}

static uint64_t known_of(struct writing *w, const struct ln_store_log *l, const char *self)
{
    const struct ln_view_log *t = ln_view_find(&w->theirs, l->id);
    uint64_t known = t != NULL ? t->seq : 0;

    /* The parent's receipt for a log of ours says that it holds that much. */
    if (w->up && !w->want->all && strncmp(l->id, self, strlen(self)) == 0 && l->receipt > known)
        known = l->receipt;
    return known < l->head ? known : l->head;
}

/* ---- logs */

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct writing *w = ctx;

    (void)err;
    if (l->head == 0)
        return true;
    w->logs = ln_grow(w->logs, w->n_logs, &w->cap_logs, sizeof *w->logs);
    w->logs[w->n_logs++] = *l;
    return true;
}

static int by_log(const void *a, const void *b)
{
    return strcmp(((const struct ln_store_log *)a)->id, ((const struct ln_store_log *)b)->id);
}

static bool write_log(struct writing *w, struct ln_store *s, const struct ln_authority *a,
                      const struct ln_store_log *log, struct ln_err *err)
{
    const struct ln_cert *to = ln_authority_find(a, w->want->to);
    bool ok = true;

    for (uint64_t from = known_of(w, log, w->n->id) + 1, last = 0; ok && from <= log->head;
         from = last + 1) {
        struct ln_buf file = ln_buf_new(LN_BUNDLE_MAX);
        char name[LN_LETTER_NAME_MAX];
        ok = ln_bundle_write(&file, &last, s, a, log, from, to, err);
        if (!ok || last == 0) {
            ln_buf_free(&file);
            break;
        }
        (void)snprintf(name, sizeof name, "%s-%" PRIu64 ".bundle", log->id, from);
        struct ln_letter_file *f = put(w, LN_LETTER_LOG, name, file.data, file.len, err);
        ok = f != NULL;
        if (ok) {
            (void)snprintf(f->log, sizeof f->log, "%s", log->id);
            f->first = from;
            f->last = last;
            w->out->segments += last - from + 1;
        }
        ln_buf_free(&file);
    }
    return ok || ln_wrap(err, "%s", log->id);
}

static bool ask_keys(struct writing *w, struct ln_store *s, struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(META_MAX);
    struct ln_span list;
    unsigned n = 0;
    bool ok = ln_keys_want(&body, &n, s, err);

    if (ok && n > 0 && ln_canon_get((struct ln_span){ body.data, body.len }, "want", &list))
        ln_buf_add(&w->ask, list.p, list.len);
    ln_buf_free(&body);
    return ok;
}

static bool write_logs(void *arg, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct writing *w = arg;
    const char *child = w->up ? w->n->id : w->want->to;
    const char *at = w->up ? w->want->to : w->n->id;
    struct ln_view mine = { 0 };
    bool ok = learn_theirs(w, s, a, err) && s->ops->log_each(s->ctx, take_log, w, err);

    /* Logs of upper nodes first: their regions end in zeros. */
    if (w->n_logs > 1)
        qsort(w->logs, w->n_logs, sizeof *w->logs, by_log);
    for (size_t i = 0; ok && i < w->n_logs; i++) {
        struct ln_view_log place = { .seq = 0 };
        if (ln_view_holds(&place, a, child, at, w->logs[i].id) &&
            (w->want->restore || place.up == w->up))
            ok = write_log(w, s, a, &w->logs[i], err);
    }
    ok = ok && ln_view_read(&mine, s, a, child, at, err);
    if (ok)
        ln_view_write(&w->have, &mine);
    ln_view_free(&mine);
    return ok && (!w->up || ask_keys(w, s, err));
}

/* Whom it is for, and whether it may be. */
static bool check_to(void *arg, struct ln_store *s, const struct ln_authority *a,
                     struct ln_err *err)
{
    struct writing *w = arg;
    const struct ln_cert *self = ln_authority_find(a, w->n->id);
    const struct ln_cert *to = ln_authority_find(a, w->want->to);

    (void)s;
    if (self == NULL)
        return ln_fail(err, LN_MISSING,
                       LN_SAY("本节点还没有加入上级", "this node has not joined yet"));
    if (to == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("没有节点 %s", "no node %s is known here"),
                       w->want->to);
    w->up = strcmp(self->parent, to->node) == 0;
    if (!w->up && strcmp(to->parent, self->node) != 0)
        return ln_fail(
            err, LN_DENIED,
            LN_SAY("%s 既不是上级也不是下级", "%s is neither parent nor child of this node"),
            to->node);
    (void)snprintf(w->out->name, sizeof w->out->name, "%s", to->name);
    return true;
}

/* ---- keys */

struct key_bodies {
    struct ln_buf *list;
    size_t n;
    uint64_t keys;
};

static bool take_body(void *ctx, struct ln_span body, unsigned n, struct ln_err *err)
{
    struct key_bodies *k = ctx;

    (void)err;
    k->list = ln_realloc(k->list, (k->n + 1) * sizeof *k->list);
    k->list[k->n] = ln_buf_new(body.len);
    ln_buf_add(&k->list[k->n++], body.p, body.len);
    k->keys += n;
    return true;
}

static bool pending_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_keys_pending_each(r, take_body, arg, err);
}

static bool sent_folder(char out[PATH_ROOM], const struct ln_node *n, struct ln_err *err)
{
    (void)snprintf(out, PATH_ROOM, "%s/" LN_STICK_FOLDER, n->dir);
    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        return ln_fail(err, LN_BROKEN, LN_SAY("无法建立 %s：%s", "cannot make %s: %s"), out,
                       strerror(errno));
    (void)snprintf(out, PATH_ROOM, "%s/" LN_STICK_FOLDER "/" SENT, n->dir);
    return mkdir(out, 0700) == 0 || errno == EEXIST ||
           ln_fail(err, LN_BROKEN, LN_SAY("无法建立 %s：%s", "cannot make %s: %s"), out,
                   strerror(errno));
}

/* Bodies nobody spoke of any more; their keys go again, which does no harm. */
static void sweep_sent(const char *folder)
{
    unsigned n = 0;
    struct dirent *e;
    DIR *d = opendir(folder);

    while (d != NULL && (e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    if (d != NULL && n >= LN_STICK_SENT) {
        rewinddir(d);
        while ((e = readdir(d)) != NULL)
            if (e->d_name[0] != '.')
                (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d != NULL)
        (void)closedir(d);
}

static bool write_keys(struct writing *w, struct ln_err *err)
{
    struct key_bodies k = { .n = 0 };
    struct ln_buf hex = ln_buf_new(64);
    char folder[PATH_ROOM];
    char name[LN_LETTER_NAME_MAX];
    bool ok = sent_folder(folder, w->n, err) && ln_queue_write(w->n->queue, pending_job, &k, err);

    if (ok)
        sweep_sent(folder);
    for (size_t i = 0; i < k.n; i++) {
        (void)snprintf(name, sizeof name, "keys-%s-%zu.json", w->n->id, i + 1);
        struct ln_letter_file *f =
            ok ? put(w, LN_LETTER_KEYS, name, k.list[i].data, k.list[i].len, err) : NULL;
        ok = f != NULL;
        ln_buf_clear(&hex);
        if (ok) {
            ln_encode_hex(&hex, f->sha.b, sizeof f->sha.b);
            ok = ln_disk_write(folder, hex.data, k.list[i].data, k.list[i].len, err);
        }
        ln_buf_free(&k.list[i]);
    }
    w->out->keys += k.keys;
    ln_free(k.list);
    ln_buf_free(&hex);
    return ok;
}

/* What the dead box gave into escrow, a file a page. */
struct escrow_job {
    const char *node;
    char place[LN_KEYS_PLACE_MAX];
    struct ln_buf body;
    unsigned n;
};

static bool escrow_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct escrow_job *j = arg;

    (void)a;
    return ln_keys_escrow(&j->body, &j->n, j->place, s, j->node, err);
}

static bool write_escrow(struct writing *w, struct ln_err *err)
{
    struct escrow_job j = { .node = w->want->to, .n = 1 };
    char name[LN_LETTER_NAME_MAX];
    bool ok = true;

    for (unsigned page = 1; ok && j.n > 0; page++) {
        j.body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
        (void)snprintf(name, sizeof name, "escrow-%s-%05u.keys", w->want->to, page);
        ok = w->n->access.read(w->n->access.ctx, escrow_job, &j, err) &&
             (j.n == 0 || put(w, LN_LETTER_ESCROW, name, j.body.data, j.body.len, err) != NULL);
        w->out->keys += ok ? j.n : 0;
        ln_buf_free(&j.body);
    }
    return ok;
}

static bool write_secrets(struct writing *w, struct ln_err *err)
{
    char name[LN_LETTER_NAME_MAX];

    if (w->want->restore)
        return write_escrow(w, err);
    if (w->up)
        return write_keys(w, err);
    (void)snprintf(name, sizeof name, "keys-%s-1.json", w->n->id);
    return w->keys.len == 0 || put(w, LN_LETTER_KEYS, name, w->keys.data, w->keys.len, err) != NULL;
}

/* ---- attachments that wait for the parent */

static bool write_attachment(void *ctx, const struct ln_sha256 *sha, uint64_t size,
                             struct ln_err *err)
{
    struct writing *w = ctx;
    const struct ln_files *f = &w->n->files;
    struct ln_buf bytes = ln_buf_new(LN_FILES_MAX);
    struct ln_buf name = ln_buf_new(LN_LETTER_NAME_MAX);
    size_t got = 0;
    void *to = size <= LN_FILES_MAX ? ln_buf_grow(&bytes, (size_t)size) : NULL;
    bool ok =
        to != NULL || ln_fail(err, LN_FULL, LN_SAY("有一个附件太大", "an attachment is too large"));

    ln_encode_hex(&name, sha->b, sizeof sha->b);
    ln_buf_adds(&name, ".age");
    ok = ok && f->read(f->ctx, sha, 0, to, (size_t)size, &got, err);
    /* Not whole here: it is for another time, and not for this stick. */
    if (ok && got == size)
        ok = put(w, LN_LETTER_FILE, name.data, bytes.data, got, err) != NULL;
    w->out->attachments += ok && got == size;
    ln_buf_free(&bytes);
    ln_buf_free(&name);
    if (!ok && err->code == LN_FULL)
        err->code = LN_BROKEN; /* a full stick ends it, whatever the caller would make of it */
    return ok;
}

static bool write_attachments(struct writing *w, struct ln_err *err)
{
    const struct ln_files *f = &w->n->files;

    return w->want->restore || !w->up || f->each == NULL ||
           f->each(f->ctx, false, LN_FILES_MAX, write_attachment, w, err);
}

/* ---- the index, and the end */

static bool id_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_id id = ln_replica_id(r);

    (void)err;
    ln_clock_id_write(arg, &id);
    return true;
}

static bool write_index(struct writing *w, struct ln_err *err)
{
    struct ln_letter *l = &w->letter;
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    bool ok;

    memcpy(l->from, w->n->id, sizeof l->from);
    (void)snprintf(l->to, sizeof l->to, "%s", w->want->to);
    l->restore = w->want->restore;
    l->at_ms = w->n->env.now_ms(w->n->env.ctx);
    l->have = (struct ln_span){ w->have.len > 0 ? w->have.data : NULL, w->have.len };
    l->took = (struct ln_span){ w->took.len > 0 ? w->took.data : NULL, w->took.len };
    l->want = (struct ln_span){ w->ask.len > 0 ? w->ask.data : NULL, w->ask.len };
    ok = ln_queue_write(w->n->queue, id_job, l->id, err) && ln_letter_write(l, err);
    if (ok)
        ln_sshsig_sign(&sig, LN_LETTER_SPACE, l->text.data, l->text.len, &w->n->key);
    ok = ok && ln_buf_done(&sig, "signature", err) &&
         ln_disk_write(w->path, LN_LETTER_INDEX, l->text.data, l->text.len, err) &&
         ln_disk_write(w->path, LN_LETTER_SIG, sig.data, sig.len, err);
    ln_buf_free(&sig);
    return ok;
}

/* Files of an earlier letter that this one does not have, and halves of a write that was cut. */
static void sweep(const struct writing *w)
{
    struct dirent *e;
    DIR *d = opendir(w->path);

    while (d != NULL && (e = readdir(d)) != NULL) {
        bool ours = e->d_name[0] == '.' || strcmp(e->d_name, LN_LETTER_INDEX) == 0 ||
                    strcmp(e->d_name, LN_LETTER_SIG) == 0;
        for (size_t i = 0; !ours && i < w->letter.n; i++)
            ours = strcmp(w->letter.files[i].name, e->d_name) == 0;
        if (!ours)
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d != NULL)
        (void)closedir(d);
}

static bool begin(struct writing *w, const char *folder, struct ln_err *err)
{
    ln_letter_folder(w->out->folder, w->n->id, w->want->to);
    if (snprintf(w->path, sizeof w->path, "%s/%s", folder, w->out->folder) >=
        (int)sizeof w->path - LN_LETTER_NAME_MAX)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("文件夹的名称太长", "the folder's name is too long"));
    if (mkdir(w->path, 0700) != 0 && errno != EEXIST)
        return ln_fail(err, errno == ENOSPC ? LN_FULL : LN_BROKEN,
                       LN_SAY("无法建立 %s：%s", "cannot make %s: %s"), w->path, strerror(errno));
    struct stat st;
    if (lstat(w->path, &st) != 0 || !S_ISDIR(st.st_mode))
        return ln_fail(err, LN_INVALID, LN_SAY("%s 不是文件夹", "%s is no folder"), w->path);
    char sig[PATH_ROOM + 32];
    (void)snprintf(sig, sizeof sig, "%s/" LN_LETTER_SIG, w->path);
    return unlink(sig) == 0 || errno == ENOENT ||
           ln_fail(err, LN_BROKEN, LN_SAY("无法写入 %s：%s", "cannot write to %s: %s"), w->path,
                   strerror(errno));
}

bool ln_stick_write(struct ln_stick_written *out, struct ln_node *n, const char *folder,
                    const struct ln_stick_want *want, struct ln_err *err)
{
    struct writing w = { .n = n,
                         .want = want,
                         .out = out,
                         .have = ln_buf_new(LISTS_MAX),
                         .took = ln_buf_new(META_MAX),
                         .ask = ln_buf_new(META_MAX),
                         .keys = ln_buf_new(LN_MESSAGE_NOTE_MAX) };
    bool ok;

    *out = (struct ln_stick_written){ .files = 0 };
    ok = n->access.read(n->access.ctx, check_to, &w, err) && ln_node_seal(n, err) &&
         begin(&w, folder, err) && n->access.read(n->access.ctx, write_logs, &w, err) &&
         write_secrets(&w, err) && write_attachments(&w, err) && write_index(&w, err);
    if (ok) {
        sweep(&w);
        ln_log(LN_LOG_NOTE, "stick written to=%s files=%u segments=%" PRIu64 " bytes=%" PRIu64,
               want->to, out->files, out->segments, out->bytes);
    } else if (err->code == LN_FULL) {
        (void)ln_wrap(
            err, "%s",
            LN_SAY("介质已满，请换更大的介质再写一次", "the medium is full: take a larger one"));
    }
    w.letter.have = w.letter.took = w.letter.want = (struct ln_span){ NULL, 0 };
    ln_letter_free(&w.letter);
    ln_view_free(&w.theirs);
    ln_free(w.logs);
    ln_buf_free(&w.have);
    ln_buf_free(&w.took);
    ln_buf_free(&w.ask);
    ln_buf_free(&w.keys);
    return ok;
}

/* ---- word of what was taken */

static bool note_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct ln_buf *body = arg;

    return ln_keys_sent(r, (struct ln_span){ body->data, body->len }, err);
}

static bool acknowledge_one(struct ln_node *n, const char *folder, struct ln_span hex,
                            struct ln_err *err)
{
    struct ln_buf body = ln_buf_new(LN_MESSAGE_NOTE_MAX);
    struct ln_err why = { 0 };
    struct ln_sha256 sha;
    char name[65];
    char path[PATH_ROOM + 80];
    uint64_t held = 0;
    bool whole = false;
    bool ok = true;

    if (!ln_encode_unhex(sha.b, sizeof sha.b, hex))
        return true;
    memcpy(name, hex.p, hex.len);
    name[hex.len] = '\0';
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (ln_disk_read(&body, folder, name, &why)) {
        ok = ln_queue_write(n->queue, note_job, &body, err);
        if (ok)
            (void)unlink(path);
    } else if (n->files.have != NULL && n->files.have(n->files.ctx, &sha, &held, &whole, &why) &&
               whole) {
        ok = n->files.sent(n->files.ctx, &sha, err);
    }
    ln_buf_free(&body);
    return ok;
}

bool ln_stick_acknowledge(struct ln_node *n, struct ln_span took, struct ln_err *err)
{
    char folder[PATH_ROOM];
    struct ln_span item;
    struct ln_span hex;
    size_t at = 0;
    unsigned i = 0;
    bool ok = sent_folder(folder, n, err);

    while (ok && i++ < LN_LETTER_TOOK && ln_canon_next(took, &at, NULL, &item))
        if (ln_canon_type(item) == LN_CANON_STRING && ln_canon_plain(item, &hex))
            ok = acknowledge_one(n, folder, hex, err);
    return ok;
}

/* ---- for whom */

struct receivers {
    const char *self;
    const char *folder;
    char (*out)[LN_NODE_ID_MAX];
    size_t cap, n;
    bool children;
};

static void add_receiver(struct receivers *r, const char *node)
{
    if (r->n < r->cap)
        (void)snprintf(r->out[r->n++], LN_NODE_ID_MAX, "%s", node);
}

static bool on_stick(const struct receivers *r, const char *node)
{
    char path[PATH_ROOM];
    char name[LN_LETTER_FOLDER_MAX];

    ln_letter_folder(name, node, r->self);
    (void)snprintf(path, sizeof path, "%s/%s/" LN_LETTER_INDEX, r->folder, name);
    return access(path, F_OK) == 0;
}

struct receiver_walk {
    struct receivers *r;
    const struct ln_authority *a;
};

static bool take_child(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct receiver_walk *w = ctx;

    (void)err;
    if (strcmp(c->parent, w->r->self) == 0 && ln_authority_void_from(w->a, c->node) == 0 &&
        (w->r->children || on_stick(w->r, c->node)))
        add_receiver(w->r, c->node);
    return true;
}

static bool find_receivers(void *arg, struct ln_store *s, const struct ln_authority *a,
                           struct ln_err *err)
{
    struct receivers *r = arg;
    struct receiver_walk w = { r, a };
    const struct ln_cert *self = ln_authority_find(a, r->self);

    (void)s;
    if (self == NULL)
        return ln_fail(err, LN_MISSING,
                       LN_SAY("本节点还没有加入上级", "this node has not joined yet"));
    if (self->parent[0] != '\0' && !r->children)
        add_receiver(r, self->parent);
    return ln_authority_each(a, take_child, &w, err);
}

bool ln_stick_receivers(char (*out)[LN_NODE_ID_MAX], size_t cap, size_t *count, struct ln_node *n,
                        const char *folder, bool children, struct ln_err *err)
{
    struct receivers r = { n->id, folder, out, cap, 0, children };

    if (!n->access.read(n->access.ctx, find_receivers, &r, err))
        return false;
    *count = r.n;
    return true;
}
