/* Segments into git volumes: see export.h. */
#include "node/export.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "node/disk.h"
#include "node/say.h"
#include "sync/pack.h"
#include "sync/volume.h"

struct logs {
    struct ln_store_log *list;
    size_t n, cap;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct logs *x = ctx;

    (void)err;
    if (l->volume >= l->head)
        return true;
    x->list = ln_grow(x->list, x->n, &x->cap, sizeof *x->list);
    x->list[x->n++] = *l;
    return true;
}

struct packing {
    struct ln_buf pack;
    uint32_t objects;
    uint64_t last;
    char quarter[16]; /* at first of the volume before, "" none */
    char shallow[2 * LN_SHA1_LEN + 2];
    struct ln_sha1 head;
    bool lacks; /* a file that is not for this node, or was dropped */
};

/* By the commit's own time; loaded history that lies before stays with its neighbours. */
void ln_export_quarter(char quarter[16], struct ln_span commit)
{
    char line[256];
    char own[16];
    const char *at = strstr(commit.p, "\ncommitter ");
    time_t t = 0;
    struct tm tm = { 0 };

    if (at != NULL) {
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
        const char *zone = strrchr(line, ' ');
        const char *start = zone;
        while (start != NULL && start > line && start[-1] != ' ')
            start--;
        t = start != NULL ? (time_t)strtoll(start, NULL, 10) : 0;
    }
    (void)gmtime_r(&t, &tm);
    (void)snprintf(own, sizeof own, "%04uq%u", (unsigned)(tm.tm_year + 1900) % 10000,
                   (unsigned)tm.tm_mon / 3 % 4 + 1);
    if (strcmp(own, quarter) > 0)
        memcpy(quarter, own, sizeof own);
}

static bool add_segment(struct packing *p, const struct ln_store_segment *s, struct ln_err *err)
{
    if (!ln_pack_add(&p->pack, LN_PACK_COMMIT, s->commit.p, s->commit.len, false, err) ||
        !ln_pack_add(&p->pack, LN_PACK_TREE, s->tree.p, s->tree.len, true, err))
        return false;
    p->objects += 2;
    for (size_t i = 0; i < s->n_files; i++) {
        if (s->files[i].bytes.p == NULL) {
            p->lacks = true;
            continue;
        }
        bool open = strcmp(s->files[i].name, "public.jsonl") == 0;
        if (!ln_pack_add(&p->pack, LN_PACK_BLOB, s->files[i].bytes.p, s->files[i].bytes.len, !open,
                         err))
            return false;
        p->objects++;
    }
    return true;
}

static bool take_segment(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct packing *p = ctx;
    char quarter[16];

    if (s->commit.p == NULL || s->tree.p == NULL)
        return ln_fail(
            err, LN_BROKEN,
            LN_SAY("数据库里没有第 %" PRIu64 " 段", "segment %" PRIu64 " is not in the database"),
            s->seq);
    memcpy(quarter, p->quarter, sizeof quarter);
    ln_export_quarter(quarter, s->commit);
    size_t size = s->commit.len + s->tree.len;
    for (size_t i = 0; i < s->n_files; i++)
        size += s->files[i].bytes.len;
    if (p->last > 0 &&
        (strcmp(quarter, p->quarter) != 0 || p->pack.len + size + 4096 > LN_PACK_MAX)) {
        err->code = LN_OK;
        return false;
    }
    memcpy(p->quarter, quarter, sizeof quarter);
    p->head = ln_segment_sha1("commit", s->commit.p, s->commit.len);
    if (p->last == 0 && s->seq > 1) { /* its parent may lie in the volume before */
        struct ln_buf hex = ln_buf_new(64);
        ln_encode_hex(&hex, p->head.b, LN_SHA1_LEN);
        (void)snprintf(p->shallow, sizeof p->shallow, "%s\n", hex.data);
        ln_buf_free(&hex);
    }
    p->last = s->seq;
    return add_segment(p, s, err);
}

#define PLACE "volume/" /* <log> -> the quarter of the segment exported last */

static bool keep_place(struct ln_replica *r, const struct ln_store_log *log,
                       const struct packing *p, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log now = { 0 };
    char key[sizeof PLACE + LN_LOG_MAX];

    (void)snprintf(key, sizeof key, PLACE "%s", log->id);
    if (!ln_replica_begin(r, err))
        return false;
    if (s->ops->log_by(s->ctx, &now, log->n, err)) {
        now.volume = p->last;
        if (s->ops->log_put(s->ctx, &now, err) &&
            s->ops->meta_put(s->ctx, key, ln_span_of(p->quarter), err))
            return ln_replica_commit(r, err);
    }
    ln_replica_rollback(r);
    return false;
}

/* An empty pack-<hash>.promisor beside each pack. */
static bool promise(const char *path, struct ln_err *err)
{
    char folder[1100];
    char name[320];
    struct dirent *e;
    bool ok = ln_volume_promise(path, err);

    (void)snprintf(folder, sizeof folder, "%s/objects/pack", path);
    DIR *d = opendir(folder);
    while (ok && d != NULL && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (len <= 5 || strcmp(e->d_name + len - 5, ".pack") != 0)
            continue;
        (void)snprintf(name, sizeof name, "%.*s.promisor", (int)(len - 5), e->d_name);
        ok = ln_disk_there(folder, name) || ln_disk_write(folder, name, "", 0, err);
    }
    if (d != NULL)
        (void)closedir(d);
    return ok;
}

/* "" when nothing was exported yet, or all is to be anew. */
static bool last_quarter(char out[16], struct ln_store *s, const struct ln_store_log *log,
                         struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(15);
    char key[sizeof PLACE + LN_LOG_MAX];
    bool found = false;
    bool ok;

    (void)snprintf(key, sizeof key, PLACE "%s", log->id);
    ok = log->volume == 0 || s->ops->meta_get(s->ctx, key, &text, &found, err);
    (void)snprintf(out, 16, "%s", found ? text.data : "");
    ln_buf_free(&text);
    return ok;
}

/* Whether this pack begins a volume, also when one that was killed got some way with it. */
static bool begins(const char *path, const struct ln_store_log *log, const char *before,
                   const struct packing *p)
{
    if (log->volume == 0)
        return true;
    return before[0] != '\0' ? strcmp(before, p->quarter) != 0 : !ln_disk_there(path, "HEAD");
}

/* The node is the only one that writes here. */
static void unlock(const char *path)
{
    char lock[1100];

    for (int i = 0; i < LN_VOLUME_LOCKS; i++) {
        (void)snprintf(lock, sizeof lock, "%s/%s", path, ln_volume_locks[i]);
        (void)unlink(lock);
    }
}

static bool export_log(const char *dir, struct ln_replica *r, const struct ln_store_log *log,
                       bool *more, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct packing p = { .pack = ln_buf_new(LN_PACK_MAX + (1 << 20)) };
    char path[1024];
    char before[16];
    bool ok;

    if (!last_quarter(before, s, log, err))
        return false;
    memcpy(p.quarter, before, sizeof p.quarter);
    ln_pack_begin(&p.pack);
    err->code = LN_OK;
    ok = s->ops->segment_each(s->ctx, log->n, log->volume + 1, true, take_segment, &p, err) ||
         err->code == LN_OK;
    ok = ok && (p.last == 0 || ln_pack_end(&p.pack, p.objects, err));
    (void)snprintf(path, sizeof path, "%s/log/%s/%s.git", dir, log->id, p.quarter);
    if (ok && p.last > 0) {
        bool first = begins(path, log, before, &p);
        unlock(path);
        ok = ln_volume_add(path, p.pack.data, p.pack.len, &p.head, err);
        if (ok && first && p.shallow[0] != '\0')
            ok = ln_disk_write(path, "shallow", p.shallow, strlen(p.shallow), err);
        if (ok && p.lacks)
            ok = promise(path, err);
        ok = ok && keep_place(r, log, &p, err);
    }
    *more = *more || p.last < log->head;
    ln_buf_free(&p.pack);
    return ok || ln_wrap(err, LN_SAY("导出 %s", "export of %s"), log->id);
}

static int by_number(const void *a, const void *b)
{
    const struct ln_store_log *x = a;
    const struct ln_store_log *y = b;

    return x->n < y->n ? -1 : x->n > y->n;
}

bool ln_export_run(const char *dir, struct ln_replica *r, struct ln_export_turn *turn, bool *more,
                   struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct logs x = { .n = 0 };
    bool ok = s->ops->log_each(s->ctx, take_log, &x, err);
    size_t first = 0;
    size_t done = 0;

    *more = false;
    if (x.n > 1)
        qsort(x.list, x.n, sizeof *x.list, by_number);
    while (first < x.n && x.list[first].n <= turn->at)
        first++;
    while (ok && done < x.n && (done == 0 || turn->waits == NULL || !turn->waits(turn->ctx))) {
        const struct ln_store_log *log = &x.list[(first + done++) % x.n];
        ok = export_log(dir, r, log, more, err);
        turn->at = log->n;
    }
    *more = *more || done < x.n;
    ln_free(x.list);
    return ok;
}

/* ---- volumes without what was dropped */

/* One volume from segment `first` on; *next = the first of the one after it. `before` is the
 * quarter of the volume before it, "" none, and then its own. */
static bool strip_volume(const char *dir, struct ln_replica *r, const struct ln_store_log *log,
                         uint64_t first, uint64_t *next, char before[16], struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    char path[1024] = "";
    char made[1040] = "";
    char quarter[16] = "";
    bool ok = true;

    *next = first;
    while (ok && *next <= log->volume) {
        struct packing p = { .pack = ln_buf_new(LN_PACK_MAX + (1 << 20)) };
        memcpy(p.quarter, before, sizeof p.quarter);
        ln_pack_begin(&p.pack);
        err->code = LN_OK;
        ok = s->ops->segment_each(s->ctx, log->n, *next, true, take_segment, &p, err) ||
             err->code == LN_OK;
        bool other = quarter[0] != '\0' && strcmp(quarter, p.quarter) != 0;
        if (ok && !other && p.last > 0) {
            memcpy(quarter, p.quarter, sizeof quarter);
            memcpy(before, p.quarter, sizeof quarter);
            (void)snprintf(path, sizeof path, "%s/log/%s/%s.git", dir, log->id, quarter);
            (void)snprintf(made, sizeof made, "%s.new", path);
            ok = (*next > first || ln_disk_remove(made, err)) &&
                 ln_pack_end(&p.pack, p.objects, err) &&
                 ln_volume_add(made, p.pack.data, p.pack.len, &p.head, err) &&
                 (*next > first || p.shallow[0] == '\0' ||
                  ln_disk_write(made, "shallow", p.shallow, strlen(p.shallow), err));
            *next = p.last + 1;
        }
        ln_buf_free(&p.pack);
        if (other || p.last == 0)
            break;
    }
    return ok && (quarter[0] == '\0' || (promise(made, err) && ln_disk_replace(path, made, err)));
}

#define STRIPPED "stripped/" /* <log> -> up to where its volumes are without what was dropped */

static bool get_stripped(uint64_t *upto, struct ln_store *s, const char *key, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(32);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, key, &text, &found, err);

    *upto = ok && found ? strtoull(text.data, NULL, 10) : 0;
    ln_buf_free(&text);
    return ok;
}

static bool put_stripped(struct ln_replica *r, const char *key, uint64_t upto, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRIu64, upto);
    if (!ln_replica_begin(r, err))
        return false;
    if (s->ops->meta_put(s->ctx, key, ln_span_of(text), err))
        return ln_replica_commit(r, err);
    ln_replica_rollback(r);
    return false;
}

bool ln_export_strip(const char *dir, struct ln_replica *r, const char *log, bool *any,
                     struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log l = { 0 };
    char key[sizeof STRIPPED + LN_LOG_MAX];
    uint64_t dropped = 0;
    uint64_t done = 0;
    uint64_t from = 1;
    char quarter[16] = "";

    (void)snprintf(key, sizeof key, STRIPPED "%s", log);
    if (!ln_replica_dropped(&dropped, s, log, err) || !get_stripped(&done, s, key, err) ||
        !s->ops->log_get(s->ctx, &l, log, err))
        return false;
    if (dropped <= done || l.n == 0)
        return true;
    *any = true;
    for (uint64_t next; from <= dropped; from = next)
        if (!strip_volume(dir, r, &l, from, &next, quarter, err))
            return ln_wrap(err, LN_SAY("%s 的卷", "volumes of %s"), log);
        else if (next == from)
            break;
    return put_stripped(r, key, dropped, err);
}
