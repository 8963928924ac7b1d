/* Bringing a dead box back: see restore.h. */
#include "node/restore.h"

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "node/disk.h"
#include "node/link/link.h"
#include "node/say.h"

#define LOOKS 4096 /* rounds of full text: some eight million records */
#define OLD_MAX 64 /* boxes one after the other */
#define CERTS_MAX 4096
#define CATCH_UPS 5 /* rounds of the drill after a living box that goes on writing */
#define CATCH_UP_S 1

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool ln_restore_key(struct ln_ident *out, const char *text, struct ln_err *err)
{
    static const char prefix[] = "AGE-SECRET-KEY-1";
    char key[128];
    size_t n = 0;
    size_t letters = 0;
    bool ok;

    for (const char *p = text; *p != '\0' && n + 1 < sizeof key; p++) {
        char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        bool alnum = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        /* The prefix has dashes of its own; behind it they only group letters. */
        if (alnum || (c == '-' && n < sizeof prefix - 1 && prefix[n] == '-')) {
            key[n++] = c;
            letters += alnum;
        }
    }
    key[n] = '\0';
    ok = letters > 0 && ln_key_ident_read(out, key, n, err);
    sodium_memzero(key, sizeof key);
    return ok || ln_fail(err, LN_INVALID,
                         LN_SAY("恢复密钥有误，请照纸面重新输入或扫码",
                                "not the recovery key, or mistyped: type it again as it stands on "
                                "the paper, or scan it"));
}

/* ---- jobs on the node that comes back */

static bool paper_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    (void)err;
    ln_replica_paper(r, arg);
    return true;
}

bool ln_restore_paper(struct ln_node *n, const struct ln_ident *paper, struct ln_err *err)
{
    struct ln_ident key = { { 0 } };

    if (paper != NULL)
        key = *paper;
    bool ok = n->access.write(n->access.ctx, paper_job, paper != NULL ? &key : NULL, err);
    sodium_memzero(&key, sizeof key);
    return ok;
}

struct old_job {
    char list[OLD_MAX][LN_NODE_ID_MAX];
    size_t n;
};

static bool old_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct old_job *j = arg;
    const struct ln_cert *c = ln_replica_self(r);

    for (j->n = 0; c != NULL && c->continues[0] != '\0' && j->n < OLD_MAX; j->n++) {
        memcpy(j->list[j->n], c->continues, LN_NODE_ID_MAX);
        c = ln_authority_find(ln_replica_authority(r), c->continues);
    }
    return j->n > 0 ||
           ln_fail(err, LN_MISSING,
                   LN_SAY("证书未指明要接替的旧节点：请上级用 invite --continues 重新邀请",
                          "the certificate continues nobody: invite again with --continues"));
}

/* New epochs, which the old keys do not open, and the nodes below. */
static bool settle_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_restore_report *out = arg;
    unsigned minted;

    return ln_replica_rotate(r, true, &minted, err) && ln_replica_inherit(r, &out->heirs, err);
}

static bool take_waiting(void *ctx, const char *kid, struct ln_err *err)
{
    (void)kid;
    (void)err;
    ++*(uint64_t *)ctx;
    return true;
}

static bool count_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                      struct ln_err *err)
{
    struct ln_restore_report *out = arg;
    struct ln_store_counts c;
    struct ln_store_log log = { 0 };

    (void)a;
    if (!s->ops->counts(s->ctx, &c, err) || !s->ops->log_get(s->ctx, &log, out->old, err) ||
        !s->ops->key_wanted(s->ctx, SIZE_MAX, take_waiting, &out->sealed, err))
        return false;
    out->records = c.records;
    out->changes = c.changes;
    out->head = log.head;
    out->receipt = log.receipt;
    if (log.head < log.receipt)
        return ln_fail(err, LN_BROKEN,
                       "the parent signed for %llu segments of %s and has %llu: not all came back",
                       (unsigned long long)log.receipt, out->old, (unsigned long long)log.head);
    return true;
}

static bool todo_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                     struct ln_err *err)
{
    struct ln_store_counts c;

    (void)a;
    if (!s->ops->counts(s->ctx, &c, err))
        return false;
    *(uint64_t *)arg = c.todo;
    return true;
}

static bool find_words(struct ln_node *n, struct ln_err *err)
{
    uint64_t left = 1;
    uint64_t before = 0;

    for (int i = 0; i < LOOKS && left > 0 && left != before; i++) {
        before = left;
        if (!ln_node_look(n, err) || !n->access.read(n->access.ctx, todo_job, &left, err))
            return false;
    }
    return true;
}

static bool sync_once(struct ln_restore_report *out, struct ln_exchange_client *c,
                      struct ln_err *err)
{
    struct ln_exchange_report r = { 0 };
    bool ok = ln_exchange_sync(c, &r, err);

    out->segments += r.got_segments;
    out->bytes += r.got_bytes;
    out->level = r.level;
    out->alarm = out->alarm || r.alarm;
    return ok;
}

static bool fetch_keys(struct ln_restore_report *out, struct ln_exchange_client *c,
                       const struct old_job *old, size_t from, struct ln_err *err)
{
    for (size_t i = from; i < old->n; i++) {
        unsigned keys = 0;
        if (!ln_exchange_escrow(c, old->list[i], &keys, err))
            return false;
        out->keys += keys;
    }
    return true;
}

/* Keys first, so that lines open as they come; then the logs; then what follows from them. */
static bool bring_back(struct ln_restore_report *out, struct ln_node *n, const struct old_job *old,
                       bool drill, struct ln_err *err)
{
    struct ln_link_http *http = NULL;
    struct ln_link link;
    struct ln_exchange_client *c = NULL;
    struct old_job all = { .n = 0 };
    int64_t start = now_ms();
    bool ok = ln_link_open(&http, &link, n->config.parent, err);

    memcpy(out->old, old->list[0], sizeof out->old);
    if (ok)
        c = ln_exchange_client_new(&n->exchange, &link);
    ok = ok && fetch_keys(out, c, old, 0, err);
    out->keys_ms = now_ms() - start;
    start = now_ms();
    ok = ok && sync_once(out, c, err);
    if (ok && !drill) /* the logs tell whether the old box had come in the place of others */
        ok = n->access.write(n->access.ctx, old_job, &all, err) &&
             fetch_keys(out, c, &all, old->n, err);
    if (ok && !drill)
        ok = n->access.write(n->access.ctx, settle_job, out, err) && sync_once(out, c, err);
    out->logs_ms = now_ms() - start;
    start = now_ms();
    ok = ok && find_words(n, err) && n->access.read(n->access.ctx, count_job, out, err);
    out->words_ms = now_ms() - start;
    ln_exchange_client_free(c);
    ln_link_close(http);
    return ok;
}

/* It proved right: later epochs and escrow are for this paper. */
static bool keep_paper(struct ln_node *n, const struct ln_ident *paper, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(256);
    bool ok;

    ln_key_ident_public(&n->recovery, paper);
    ln_key_recipient_write(&text, &n->recovery);
    ln_buf_addc(&text, '\n');
    ok = ln_buf_done(&text, "recovery.pub", err) &&
         ln_disk_write(n->dir, "recovery.pub", text.data, text.len, err);
    ln_buf_free(&text);
    return ok;
}

bool ln_restore_run(struct ln_restore_report *out, struct ln_node *n, const struct ln_ident *paper,
                    struct ln_err *err)
{
    struct old_job old = { .n = 0 };
    struct ln_err why = { 0 };
    bool ok;

    *out = (struct ln_restore_report){ .old = "" };
    ok = n->access.write(n->access.ctx, old_job, &old, err) && ln_restore_paper(n, paper, err) &&
         bring_back(out, n, &old, false, err) && keep_paper(n, paper, err);
    (void)!ln_restore_paper(n, NULL, &why);
    return ok || ln_wrap(err, LN_SAY("恢复", "restore"));
}

/* ---- the drill */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static bool copy_file(const char *from, const char *to, const char *name, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(65536);
    bool ok =
        ln_disk_read(&text, from, name, err) && ln_disk_write(to, name, text.data, text.len, err);

    ln_buf_free(&text);
    return ok;
}

struct chain {
    struct ln_span f[CERTS_MAX];
    char *authors[CERTS_MAX];
    size_t n;
};

static bool take_cert(void *ctx, const char *author, bool revoke, struct ln_span f,
                      struct ln_err *err)
{
    struct chain *c = ctx;

    (void)err;
    if (revoke || c->n == CERTS_MAX)
        return true;
    c->f[c->n] = (struct ln_span){ ln_strndup(f.p, f.len), f.len };
    c->authors[c->n++] = ln_strdup(author);
    return true;
}

static bool read_chain(void *arg, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    (void)a;
    return s->ops->cert_each(s->ctx, take_cert, arg, err);
}

static bool adopt_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct chain *c = arg;

    return ln_replica_adopt(r, c->f, (const char *const *)c->authors, c->n, err);
}

static bool give_chain(struct ln_node *from, struct ln_node *to, struct ln_err *err)
{
    struct chain *c = ln_alloc(sizeof *c);
    bool ok = from->access.read(from->access.ctx, read_chain, c, err) &&
              to->access.write(to->access.ctx, adopt_job, c, err);

    for (size_t i = 0; i < c->n; i++) {
        ln_free((void *)(uintptr_t)c->f[i].p);
        ln_free(c->authors[i]);
    }
    ln_free(c);
    return ok;
}

struct digests {
    struct ln_store_audience *list;
    size_t n, cap;
    struct ln_store_counts counts;
};

static bool take_audience(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    static const struct ln_digest none;
    struct digests *d = ctx;

    (void)err;
    /* What everyone reads has lines of the nodes above, of which the drill may have newer ones; our
     * own public lines stand in our log, whose head is compared. */
    if (memcmp(&a->digest, &none, sizeof none) == 0 || strcmp(a->name, "public") == 0)
        return true;
    d->list = ln_grow(d->list, d->n, &d->cap, sizeof *d->list);
    d->list[d->n++] = *a;
    return true;
}

static bool read_digests(void *arg, struct ln_store *s, const struct ln_authority *a,
                         struct ln_err *err)
{
    struct digests *d = arg;

    (void)a;
    return s->ops->audience_each(s->ctx, take_audience, d, err) &&
           s->ops->counts(s->ctx, &d->counts, err);
}

static const struct ln_store_audience *find(const struct digests *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->list[i].name, name) == 0)
            return &d->list[i];
    return NULL;
}

static bool compare(struct ln_restore_report *out, struct ln_node *living, struct ln_node *back,
                    struct ln_err *err)
{
    struct digests a = { .n = 0 };
    struct digests b = { .n = 0 };
    bool ok = living->access.read(living->access.ctx, read_digests, &a, err) &&
              back->access.read(back->access.ctx, read_digests, &b, err);

    out->differing = 0;
    for (size_t i = 0; ok && i < a.n; i++) {
        const struct ln_store_audience *other = find(&b, a.list[i].name);
        out->differing +=
            other == NULL || memcmp(&other->digest, &a.list[i].digest, sizeof other->digest) != 0;
    }
    out->waiting = a.counts.unsealed + a.counts.unreceipted;
    ln_free(a.list);
    ln_free(b.list);
    return ok;
}

/* The living box writes on meanwhile: what it sent since is fetched, too, before anything is said
 * to differ. */
static bool catch_up(struct ln_restore_report *out, struct ln_node *living, struct ln_node *back,
                     struct ln_err *err)
{
    struct ln_link_http *http = NULL;
    struct ln_exchange_client *c = NULL;
    struct ln_link link;
    bool ok = compare(out, living, back, err);

    for (int i = 0; ok && out->differing > 0 && i < CATCH_UPS; i++) {
        (void)sleep(CATCH_UP_S);
        if (c == NULL && (ok = ln_link_open(&http, &link, back->config.parent, err)))
            c = ln_exchange_client_new(&back->exchange, &link);
        ok = ok && sync_once(out, c, err) && compare(out, living, back, err);
    }
    ln_exchange_client_free(c);
    ln_link_close(http);
    return ok;
}

static bool prepare(struct ln_node *living, const char *dir, struct ln_err *err)
{
    static const char *const files[] = { "node.key", "node.pub", "age.key", "recovery.pub" };
    struct ln_config c = living->config;
    bool ok = true;

    c.guard[0] = '\0';
    for (size_t i = 0; ok && i < sizeof files / sizeof files[0]; i++)
        ok = copy_file(living->dir, dir, files[i], err);
    return ok && ln_config_write(&c, dir, err);
}

bool ln_restore_drill(struct ln_restore_report *out, struct ln_node *living,
                      const struct ln_ident *paper, struct ln_err *err)
{
    struct old_job self = { .n = 1 };
    struct ln_node *n = NULL;
    char dir[600];
    bool ok;

    *out = (struct ln_restore_report){ .old = "" };
    if (living->config.parent[0] == '\0')
        return ln_fail(
            err, LN_MISSING,
            LN_SAY("本节点没有上级，无从恢复", "this node has no parent to come back from"));
    memcpy(self.list[0], living->id, sizeof self.list[0]);
    (void)snprintf(dir, sizeof dir, "%s/drill.XXXXXX", living->dir);
    if (mkdtemp(dir) == NULL)
        return ln_fail(err, LN_BROKEN, LN_SAY("无法建立 %s", "cannot make %s"), dir);
    ok = prepare(living, dir, err) && ln_node_open_drill(&n, dir, err) &&
         give_chain(living, n, err) && ln_restore_paper(n, paper, err) &&
         bring_back(out, n, &self, true, err) && catch_up(out, living, n, err);
    ln_node_close(n);
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return ok || ln_wrap(err, LN_SAY("演练", "drill"));
}
