/* What a revoked node wrote behind its end, brought by a person: see stick.h. */
#include "node/stick.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/sshsig.h"
#include "node/bundle.h"
#include "node/disk.h"
#include "node/say.h"
#include "sync/keys.h"

#define FILES_MAX 16384 /* of a folder */
#define KEYS_MAX 65536  /* that late work of one node lacks */
#define SIG_MAX 1024

struct bringing {
    struct ln_bundle b;
    struct ln_receive got;
};

/* Whether it is the node's own log, or one of its down-logs. */
static bool is_of(const char *log, const char *node)
{
    size_t n = strlen(node);

    return strncmp(log, node, n) == 0 && (log[n] == '\0' || log[n] == '.');
}

static bool late_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct bringing *x = arg_;

    return ln_replica_receive_late(r, &x->got, x->b.log, x->b.pack, x->b.len, err);
}

static bool late_file(struct ln_stick_report *r, struct ln_node *n, const char *node,
                      const char *path, struct ln_err *err)
{
    struct bringing x = { .got = { .seq = 0 } };
    struct ln_buf file = ln_buf_new(LN_BUNDLE_MAX);
    bool ok = ln_disk_plain(path, err) && ln_disk_read(&file, "", path + 1, err) &&
              ln_bundle_read(&x.b, &file, err);

    if (ok && is_of(x.b.log, node)) {
        ok = ln_queue_write(n->queue, late_job, &x, err);
        r->segments += x.got.segments;
        ln_buf_free(&x.got.receipt);
    }
    ln_buf_free(&file);
    return ok || ln_wrap(err, "%s", path);
}

/* Keys of sealed fields that it made for them and nobody has yet. */
struct lacking {
    struct ln_node *n;
    const char *node;
    char (*kids)[16];
    size_t count;
    struct ln_span body;
    unsigned taken;
};

static bool note_lacking(void *ctx, const struct ln_late *l, struct ln_err *err)
{
    struct lacking *x = ctx;

    (void)err;
    if (l->c->kid.len > 0 && l->c->kid.len < sizeof x->kids[0] && l->clear.len == 0 &&
        x->count < KEYS_MAX) {
        x->kids = ln_realloc(x->kids, (x->count + 1) * sizeof *x->kids);
        (void)snprintf(x->kids[x->count++], sizeof *x->kids, "%.*s", (int)l->c->kid.len,
                       l->c->kid.p);
    }
    return true;
}

static bool lacking_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct lacking *x = arg_;
    unsigned lines;
    unsigned unreadable;

    return ln_replica_late(r, x->node, 0, false, &lines, &unreadable, note_lacking, x, err);
}

static bool is_lacking(void *ctx, const char *kid)
{
    const struct lacking *x = ctx;

    for (size_t i = 0; i < x->count; i++)
        if (strcmp(x->kids[i], kid) == 0)
            return true;
    return false;
}

static bool late_keys_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    struct lacking *x = arg_;
    const struct ln_cert *from = ln_authority_find(ln_replica_authority(r), x->node);
    unsigned n = 0;
    bool ok = from == NULL || ln_keys_take_some(&n, r, x->body, from, is_lacking, x, err);

    x->taken += n;
    return ok;
}

static bool read_plain(struct ln_buf *out, const char *folder, const char *name, struct ln_err *err)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%.800s/%s", folder, name);
    return (ln_disk_plain(path, err) && ln_disk_read(out, folder, name, err)) ||
           ln_wrap(err, "%s", name);
}

static bool late_keys_file(struct lacking *x, const char *letter, const struct ln_letter_file *f,
                           struct ln_err *err)
{
    struct ln_buf body = ln_buf_new((size_t)f->size);
    bool ok = read_plain(&body, letter, f->name, err);

    if (ok) {
        struct ln_sha256 sha = ln_encode_sha256(body.data, body.len);
        x->body = (struct ln_span){ body.data, body.len };
        ok = ln_encode_sha256_same(&sha, &f->sha)
                 ? ln_queue_write(x->n->queue, late_keys_job, x, err)
                 : ln_fail(
                       err, LN_INVALID,
                       LN_SAY("%s 不是目录所写的那个文件", "%s is another one than the index says"),
                       f->name);
    }
    ln_buf_free(&body);
    return ok;
}

struct signer_job {
    const struct ln_letter *l;
    const struct ln_buf *sig;
};

static bool signer_job(void *arg_, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct signer_job *j = arg_;
    const struct ln_cert *from = ln_authority_find(a, j->l->from);
    struct ln_pubkey by;

    (void)s;
    if (from == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("不认识节点 %s", "no node %s is known"), j->l->from);
    return ln_sshsig_verify(&by, LN_LETTER_SPACE, j->l->text.data, j->l->text.len, j->sig->data,
                            j->sig->len, err) &&
           (memcmp(&by, &from->key, sizeof by) == 0 ||
            ln_fail(err, LN_DENIED, LN_SAY("目录不是由 %s 签名的", "the index is not signed by %s"),
                    j->l->from));
}

/* The keys that a letter of the node holds, as far as its late lines need them. */
static bool late_keys(struct ln_stick_report *r, struct ln_node *n, const char *node,
                      const char *letter, struct ln_err *err)
{
    struct lacking x = { .n = n, .node = node };
    struct ln_buf text = ln_buf_new(LN_LETTER_INDEX_MAX);
    struct ln_buf sig = ln_buf_new(SIG_MAX);
    struct ln_letter l = { .n = 0 };
    struct signer_job signer = { &l, &sig };
    bool ok = ln_queue_write(n->queue, lacking_job, &x, err);

    if (!ok || x.count == 0 || !ln_disk_there(letter, LN_LETTER_SIG))
        goto out;
    ok =
        read_plain(&text, letter, LN_LETTER_INDEX, err) &&
        read_plain(&sig, letter, LN_LETTER_SIG, err) &&
        ln_letter_read(&l, text.data, text.len, err) &&
        (strcmp(l.from, node) == 0 ||
         ln_fail(err, LN_INVALID, LN_SAY("目录来自 %s，而不是 %s", "the index is of %s, not of %s"),
                 l.from, node)) &&
        n->access.read(n->access.ctx, signer_job, &signer, err);
    for (size_t i = 0; ok && i < l.n; i++)
        if (l.files[i].kind == LN_LETTER_KEYS)
            ok = late_keys_file(&x, letter, &l.files[i], err);
    r->keys += x.taken;
out:
    ln_letter_free(&l);
    ln_buf_free(&text);
    ln_buf_free(&sig);
    ln_free(x.kids);
    return ok;
}

/* By log, a node's own before its down-logs; of one log shorter numbers are earlier. */
static int by_place(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;
    size_t n = (size_t)(strrchr(x, '-') - x);
    size_t m = (size_t)(strrchr(y, '-') - y);
    int log = n == m ? strncmp(x, y, n) : n < m ? -1 : 1;

    if (log != 0)
        return log;
    return strlen(x) != strlen(y) ? (strlen(x) < strlen(y) ? -1 : 1) : strcmp(x, y);
}

bool ln_stick_late(struct ln_stick_report *r, struct ln_node *n, const char *node, const char *path,
                   struct ln_err *err)
{
    char full[1024];
    char letter[768];
    char folder[LN_LETTER_FOLDER_MAX];
    char **names = NULL;
    size_t count = 0;
    struct dirent *e;
    bool ok = true;

    ln_letter_folder(folder, node, n->id); /* its letter to us, on a stick with those of others */
    (void)snprintf(letter, sizeof letter, "%.600s/%s", path, folder);
    DIR *d = opendir(letter);
    path = d != NULL ? letter : path;
    if (d == NULL)
        d = opendir(path);
    if (d == NULL)
        return late_file(r, n, node, path, err);
    while ((e = readdir(d)) != NULL && count < FILES_MAX) {
        size_t id = strlen(node);
        if (strncmp(e->d_name, node, id) != 0 || strstr(e->d_name, ".bundle") == NULL ||
            (e->d_name[id] != '-' && e->d_name[id] != '.') || strchr(e->d_name + id, '-') == NULL)
            continue;
        names = ln_realloc(names, (count + 1) * sizeof *names);
        names[count++] = ln_strdup(e->d_name);
    }
    (void)closedir(d);
    if (count > 0)
        qsort(names, count, sizeof *names, by_place);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(full, sizeof full, "%s/%s", path, names[i]);
        ok = ok && late_file(r, n, node, full, err);
        ln_free(names[i]);
    }
    ln_free(names);
    return ok &&
           (count > 0 ||
            ln_fail(err, LN_MISSING, LN_SAY("%s 里没有 %s 的日志", "%s holds no log of %s"), path,
                    node)) &&
           late_keys(r, n, node, path, err);
}
