/* The scrub: see scrub.h. */
#include "node/scrub.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/attach.h"
#include "node/export.h"
#include "node/say.h"
#include "node/store/alarm.h"
#include "node/syncer.h"
#include "sync/sha1.h"
#include "sync/view.h"
#include "sync/volume.h"

#define PATH_ROOM 1024
#define SEGMENTS_AT_ONCE 32
#define ROWS_AT_ONCE 16 /* one job of the writer */
#define ROW_BYTES 4096  /* what a row counts for, when reading is paced */
#define LOGS_MAX 65536
#define VOLUMES_MAX 64 /* of a log: sixteen years */
#define EXPORT_WAIT_S 120
#define COMMITS_AT_ONCE 1024 /* looked up in a volume at once */
#define NICE 10
#define DAY_MIN 1440
#define CHINA_MIN 480

struct ln_scrub {
    struct ln_node *n;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop;
    int at; /* minute of the day, China */
};
struct pass {
    struct ln_node *n;
    struct ln_scrub *s; /* NULL: as fast as it goes */
    struct ln_scrub_report *out;
    ln_report_fn *say;
    void *ctx;
    bool replay;       /* rows or digests are not what the logs say */
    uint64_t replayed; /* damages that a replay mends */
    bool pruned;       /* contents of a log were dropped */
    bool waits;        /* a segment is not whole yet: what follows from it cannot be told */
    bool stop;
};

static void tell(struct pass *p, const char *fmt, ...) LN_PRINTF(2, 3);
static void tell(struct pass *p, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ln_log(LN_LOG_WARN, "scrub %s", text);
    if (p->say != NULL)
        (void)p->say(p->ctx, text);
}

static bool say_line(void *ctx, const char *line)
{
    tell(ctx, "%s", line);
    return true;
}

/* After reading so much: waits as long as the rate asks for. False: the node stops. */
static bool pace(struct pass *p, uint64_t bytes)
{
    struct ln_scrub *s = p->s;
    struct timespec t;

    p->out->bytes += bytes;
    if (s == NULL)
        return true;
    uint64_t ns = bytes * 1000 / (uint64_t)p->n->config.scrub_mb_s; /* a MiB a ms is 1000 MiB/s */
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)((ns + (uint64_t)t.tv_nsec) / 1000000000);
    t.tv_nsec = (long)((ns + (uint64_t)t.tv_nsec) % 1000000000);
    (void)pthread_mutex_lock(&s->mutex);
    while (!s->stop && pthread_cond_timedwait(&s->wake, &s->mutex, &t) != ETIMEDOUT) {
    }
    p->stop = s->stop;
    (void)pthread_mutex_unlock(&s->mutex);
    return !p->stop;
}

/* ---- segments */

struct names {
    char (*list)[LN_LOG_MAX];
    bool *waits; /* a segment of it is not whole yet: its volume cannot be made anew */
    size_t n, cap;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    struct names *x = ctx;

    (void)err;
    if (l->head == 0 || x->n == LOGS_MAX)
        return true;
    if (x->n == x->cap) {
        x->cap = x->cap > 0 ? 2 * x->cap : 16;
        x->list = ln_realloc(x->list, x->cap * sizeof *x->list);
        x->waits = ln_realloc(x->waits, x->cap * sizeof *x->waits);
    }
    x->waits[x->n] = false;
    memcpy(x->list[x->n++], l->id, LN_LOG_MAX);
    return true;
}

static bool read_logs(void *arg, struct ln_store *s, const struct ln_authority *a,
                      struct ln_err *err)
{
    (void)a;
    return s->ops->log_each(s->ctx, take_log, arg, err);
}

struct look_job {
    struct ln_look look;
    const char *log;
    uint64_t from;
    unsigned max;
    struct pass *say; /* NULL: nothing is said */
};

static bool look_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                     struct ln_err *err)
{
    struct look_job *j = arg;

    return ln_replica_look(&j->look, s, a, j->log, j->from, j->max,
                           j->say != NULL ? say_line : NULL, j->say, err);
}

struct mend_job {
    const char *dir, *log;
    uint64_t seq;
    bool parent; /* there is one */
    bool mended, ask;
};

/* In any volume of the log. */
static bool from_volume(void *ctx, struct ln_buf *out, const char *kind, const struct ln_sha1 *name)
{
    const struct mend_job *j = ctx;
    char path[PATH_ROOM];
    struct dirent *e;
    bool got = false;

    (void)snprintf(path, sizeof path, "%s/log/%s", j->dir, j->log);
    DIR *d = opendir(path);
    while (d != NULL && !got && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (len < 5 || len > 40 || strcmp(e->d_name + len - 4, ".git") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/log/%s/%.40s", j->dir, j->log, e->d_name);
        ln_buf_clear(out);
        got = ln_volume_read(out, path, kind, name);
    }
    if (d != NULL)
        (void)closedir(d);
    return got;
}

struct neighbours {
    const struct ln_authority *a;
    const char *self, *log;
    bool any;
};

static bool take_neighbour(void *ctx, const struct ln_cert *c, struct ln_err *err)
{
    struct neighbours *x = ctx;

    (void)err;
    x->any =
        x->any || (strcmp(c->parent, x->self) == 0 && ln_authority_void_from(x->a, c->node) == 0 &&
                   ln_view_holds(NULL, x->a, c->node, x->self, x->log));
    return true;
}

/* The parent, or a child that has the log, too, is asked; who was asked before and has not given it
 * does not have it. */
static bool ask_neighbours(struct mend_job *j, struct ln_replica *r, struct ln_err *err)
{
    struct neighbours x = { .a = ln_replica_authority(r),
                            .self = ln_replica_self(r)->node,
                            .log = j->log,
                            .any = j->parent };
    bool again;

    if (!ln_authority_each(x.a, take_neighbour, &x, err))
        return false;
    if (!x.any)
        return true;
    if (!ln_replica_damage_note(r, &again, j->log, j->seq, err))
        return false;
    j->ask = !again;
    return true;
}

static bool mend_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct mend_job *j = arg;

    if (!ln_replica_mend(r, j->log, j->seq, from_volume, j, &j->mended, err))
        return false;
    return j->mended || ask_neighbours(j, r, err);
}

/* Whether the segment is whole now; `lines`: all but its lines in the database. */
static bool is_whole(struct pass *p, const char *log, uint64_t seq, bool *lines)
{
    struct look_job again = { .log = log, .from = seq, .max = 1 };
    struct ln_err why = { 0 };
    bool ok = p->n->access.read(p->n->access.ctx, look_job, &again, &why) && again.look.n_bad == 0;

    *lines = !ok && again.look.n_bad > 0 && again.look.n_lost == again.look.n_bad;
    return ok;
}

static bool mend(struct pass *p, const char *log, uint64_t seq, bool *waits, struct ln_err *err)
{
    struct mend_job j = { .dir = p->n->dir, .log = log, .seq = seq };
    bool lines;

    p->out->found++;
    if (is_whole(p, log, seq, &lines)) { /* it was: somebody wrote meanwhile */
        p->out->found--;
        return true;
    }
    if (lines) {
        p->replay = true;
        p->replayed++;
        return true;
    }
    j.parent = p->n->config.parent[0] != '\0';
    if (!ln_queue_write(p->n->queue, mend_job, &j, err))
        return false;
    if (j.mended && is_whole(p, log, seq, &lines)) {
        p->out->mended++;
        tell(p, "%s %" PRIu64 ": put back from the volume", log, seq);
        return true;
    }
    *waits = true;
    p->waits = true;
    p->out->asked += j.ask;
    if (j.ask)
        tell(p, "%s %" PRIu64 ": other nodes are asked for it", log, seq);
    return true;
}

struct pruned_job {
    const char *log;
    uint64_t upto;
};

static bool read_pruned(void *arg, struct ln_store *s, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct pruned_job *j = arg;

    (void)a;
    return ln_replica_pruned_any(&j->upto, s, j->log, err);
}

static bool scrub_log(struct pass *p, const char *log, bool *waits, struct ln_err *err)
{
    struct look_job j = { .log = log, .from = 1, .max = SEGMENTS_AT_ONCE, .say = p };

    struct pruned_job pruned = { .log = log };

    if (!p->n->access.read(p->n->access.ctx, read_pruned, &pruned, err))
        return false;
    p->pruned = p->pruned || pruned.upto > 0;
    while (j.from != 0 && !p->stop) {
        if (!p->n->access.read(p->n->access.ctx, look_job, &j, err))
            return false;
        p->out->segments += j.look.segments;
        for (size_t i = 0; i < j.look.n_bad; i++)
            if (!mend(p, log, j.look.bad[i], waits, err))
                return false;
        j.from = j.look.next;
        (void)pace(p, j.look.bytes);
    }
    return true;
}

/* ---- digests, and the replay that mends what hangs on the logs */

static bool sums_job(void *arg, struct ln_store *s, const struct ln_authority *a,
                     struct ln_err *err)
{
    struct pass *p = arg;
    uint64_t wrong = 0;

    (void)a;
    if (!ln_replica_sums(&wrong, s, say_line, p, err))
        return false;
    p->out->found += wrong;
    p->replayed += wrong;
    p->replay = p->replay || wrong > 0;
    return true;
}

static bool redo_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_redo(r, *(const bool *)arg, err);
}

static bool replay(struct pass *p)
{
    struct ln_err why = { 0 };
    bool digests = false;

    if (!ln_queue_write(p->n->queue, redo_job, &digests, &why)) {
        digests = true;
        why = (struct ln_err){ 0 };
        if (!ln_queue_write(p->n->queue, redo_job, &digests, &why)) {
            tell(p, "the logs cannot be replayed: %s", why.text);
            return false;
        }
    }
    p->out->mended += p->replayed;
    tell(p, "replayed the logs: %s as they say", digests ? "digests are" : "the database is");
    return true;
}

static bool scrub_digests(struct pass *p, struct ln_err *err)
{
    if (!p->n->access.read(p->n->access.ctx, sums_job, p, err))
        return false;
    if (p->replay)
        (void)replay(p);
    return true;
}

/* ---- rows: derived again, and compared */

struct rows_job {
    struct ln_node *n;
    struct ln_id ids[ROWS_AT_ONCE];
    int64_t last;
    size_t count, differ;
    char first[LN_ID_TEXT + 1];
};

static bool take_id(void *ctx, const struct ln_store_record *r, struct ln_err *err)
{
    struct rows_job *j = ctx;

    j->ids[j->count++] = r->id;
    j->last = r->n;
    err->code = LN_OK;
    return j->count < ROWS_AT_ONCE;
}

static bool read_ids(void *arg, struct ln_store *s, const struct ln_authority *a,
                     struct ln_err *err)
{
    struct rows_job *j = arg;

    (void)a;
    j->count = 0;
    err->code = LN_OK;
    return s->ops->records_of(s->ctx, NULL, NULL, j->last, take_id, j, err) || err->code == LN_OK;
}

/* NULL: it cannot be read, or is not there. */
static char *row_text(struct ln_node *n, const struct ln_id *id)
{
    json_t *row = NULL;
    struct ln_err why = { 0 };
    char *text = NULL;

    if (ln_query_record(&row, n->writer, id, &why) && row != NULL) {
        text = json_dumps(row, JSON_SORT_KEYS | JSON_COMPACT);
    }
    json_decref(row);
    return text;
}

static bool rows_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct rows_job *j = arg;
    char *before[ROWS_AT_ONCE];

    j->differ = 0;
    for (size_t i = 0; i < j->count; i++)
        before[i] = row_text(j->n, &j->ids[i]);
    bool ok = ln_replica_derive(r, j->ids, j->count, err);
    for (size_t i = 0; i < j->count; i++) {
        char *now = ok ? row_text(j->n, &j->ids[i]) : NULL;
        if (ok &&
            ((before[i] == NULL) != (now == NULL) ||
             (now != NULL && strcmp(before[i], now) != 0)) &&
            j->differ++ == 0)
            ln_clock_id_write(j->first, &j->ids[i]);
        free(now);
        free(before[i]);
    }
    /* Nothing to write: undone. */
    return ok && (j->differ > 0 || ln_fail(err, LN_CONFLICT, "as it was"));
}

static bool scrub_rows(struct pass *p, struct ln_err *err)
{
    struct rows_job j = { .n = p->n };

    /* Of lines that were dropped only what was carried over could be derived. */
    if (p->pruned)
        return true;

    for (;;) {
        if (!p->n->access.read(p->n->access.ctx, read_ids, &j, err))
            return false;
        if (j.count == 0 || p->stop)
            return true;
        if (!ln_queue_write(p->n->queue, rows_job, &j, err) && err->code != LN_CONFLICT) {
            if (!p->waits)
                return false;
            j.differ = 0;
        }
        *err = (struct ln_err){ 0 };
        p->out->records += j.count;
        p->out->found += j.differ;
        p->out->mended += j.differ;
        if (j.differ > 0)
            tell(p, "%zu rows were not what their lines say: derived again (%s)", j.differ,
                 j.first);
        (void)pace(p, j.count * ROW_BYTES);
    }
}

/* ---- volumes: each pack and index ends in the checksum of what stands before */

static bool checksum_good(struct pass *p, const char *path)
{
    struct ln_sha1_state sum;
    uint8_t part[8192 + LN_SHA1_LEN];
    size_t held = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    ln_sha1_start(&sum);
    while ((got = read(fd, part + held, sizeof part - held)) > 0) {
        held += (size_t)got;
        if (held > LN_SHA1_LEN) { /* the last twenty bytes may be the checksum */
            ln_sha1_add(&sum, part, held - LN_SHA1_LEN);
            memmove(part, part + held - LN_SHA1_LEN, LN_SHA1_LEN);
            held = LN_SHA1_LEN;
        }
        if (!pace(p, (uint64_t)got))
            break;
    }
    (void)close(fd);
    struct ln_sha1 want = ln_sha1_end(&sum);
    return p->stop || (got == 0 && held == LN_SHA1_LEN && memcmp(want.b, part, LN_SHA1_LEN) == 0);
}

static bool volume_good(struct pass *p, const char *path)
{
    char folder[PATH_ROOM];
    char file[PATH_ROOM + 300];
    struct dirent *e;
    bool good = true;

    (void)snprintf(folder, sizeof folder, "%s/objects/pack", path);
    DIR *d = opendir(folder);
    while (d != NULL && good && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (len < 6 ||
            (strcmp(e->d_name + len - 5, ".pack") != 0 && strcmp(e->d_name + len - 4, ".idx") != 0))
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", folder, e->d_name);
        good = checksum_good(p, file);
        if (!good)
            tell(p, "%s is damaged", file + strlen(p->n->dir) + 1);
    }
    if (d != NULL)
        (void)closedir(d);
    return good && d != NULL;
}

struct export_job {
    const char *log;
    bool whole, done; /* all of it stands in the database; has been exported */
    bool reset;
};

static bool take_commit(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    (void)err;
    return s->commit.p != NULL && s->tree.p != NULL ? true : (*(bool *)ctx = false);
}

static bool read_export(void *arg, struct ln_store *s, const struct ln_authority *a,
                        struct ln_err *err)
{
    struct export_job *j = arg;
    struct ln_store_log l = { 0 };

    (void)a;
    if (!s->ops->log_get(s->ctx, &l, j->log, err))
        return false;
    j->done = l.n > 0 && l.volume >= l.head;
    j->whole = l.n > 0;
    if (!j->reset)
        return true;
    err->code = LN_OK;
    return s->ops->segment_each(s->ctx, l.n, 1, false, take_commit, &j->whole, err) ||
           err->code == LN_OK;
}

static bool reset_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_store_log l = { 0 };

    if (!s->ops->log_get(s->ctx, &l, ((struct export_job *)arg)->log, err) || l.n == 0)
        return err->code == LN_OK;
    l.volume = 0;
    return s->ops->log_put(s->ctx, &l, err);
}

static void remove_tree(const char *path, int depth)
{
    char inside[PATH_ROOM + 300];
    struct dirent *e;
    struct stat st;
    DIR *d = opendir(path);

    while (d != NULL && depth < 8 && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(inside, sizeof inside, "%.1000s/%s", path, e->d_name);
        if (lstat(inside, &st) == 0 && S_ISDIR(st.st_mode))
            remove_tree(inside, depth + 1);
        else
            (void)unlink(inside);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}

/* The export between jobs makes it again. */
static bool wait_export(struct pass *p, struct export_job *j, struct ln_err *err)
{
    const struct timespec little = { .tv_nsec = 200000000 };

    j->reset = false;
    for (int i = 0; i < EXPORT_WAIT_S * 5 && !p->stop; i++) {
        if (!p->n->access.read(p->n->access.ctx, read_export, j, err))
            return false;
        if (j->done)
            return true;
        (void)nanosleep(&little, NULL);
    }
    return true;
}

/* The commits of one volume, as far as one look goes. */
struct holds_job {
    const char *log;
    uint64_t from; /* next segment to look at; 0 no more */
    char quarter[16];
    struct ln_sha1 commits[COMMITS_AT_ONCE];
    size_t n;
    uint64_t upto;
};

static bool take_name(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct holds_job *j = ctx;
    char quarter[16];

    err->code = LN_OK;
    if (s->seq > j->upto || s->commit.p == NULL || j->n == COMMITS_AT_ONCE)
        return false;
    memcpy(quarter, j->quarter, sizeof quarter);
    ln_export_quarter(quarter, s->commit);
    if (j->n > 0 && strcmp(quarter, j->quarter) != 0)
        return false;
    memcpy(j->quarter, quarter, sizeof quarter);
    j->commits[j->n++] = ln_segment_sha1("commit", s->commit.p, s->commit.len);
    j->from = s->seq + 1;
    return true;
}

static bool read_names(void *arg, struct ln_store *s, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct holds_job *j = arg;
    struct ln_store_log l = { 0 };

    (void)a;
    j->n = 0;
    if (!s->ops->log_get(s->ctx, &l, j->log, err))
        return false;
    j->upto = l.n > 0 ? l.volume : 0;
    err->code = LN_OK;
    return s->ops->segment_each(s->ctx, l.n, j->from, false, take_name, j, err) ||
           err->code == LN_OK;
}

/* Whether every segment that was exported lies in its volume. "" in `lacking`: they do; else the
 * first volume that does not have them all, or is not there. */
static bool find_lacking(struct pass *p, const char *log, char lacking[16], struct ln_err *err)
{
    struct holds_job *j = ln_alloc(sizeof *j);
    char path[PATH_ROOM];
    bool ok = true;

    j->log = log;
    j->from = 1;
    lacking[0] = '\0';
    while (ok && !p->stop && lacking[0] == '\0') {
        ok = p->n->access.read(p->n->access.ctx, read_names, j, err);
        if (!ok || j->n == 0)
            break;
        (void)snprintf(path, sizeof path, "%s/log/%s/%s.git", p->n->dir, log, j->quarter);
        if (!ln_volume_holds(path, j->commits, j->n))
            memcpy(lacking, j->quarter, sizeof j->quarter);
        (void)pace(p, j->n * sizeof j->commits[0]);
    }
    ln_free(j);
    return ok;
}

/* Set aside, made anew from the database, and only then thrown away. */
static bool mend_volume(struct pass *p, const char *log, bool waits, const char *path,
                        struct ln_err *err)
{
    struct export_job j = { .log = log, .reset = true };
    char aside[PATH_ROOM];

    p->out->found++;
    if (waits) {
        p->out->asked += p->n->config.parent[0] != '\0';
        tell(p, "%s: the volume is made anew once its segments are whole", log);
        return true;
    }
    if (!p->n->access.read(p->n->access.ctx, read_export, &j, err))
        return false;
    if (!j.whole) {
        tell(p, "%s: not all of it stands in the database", log);
        return true;
    }
    (void)snprintf(aside, sizeof aside, "%.1000s.damaged", path);
    remove_tree(aside, 0);
    if (rename(path, aside) != 0 && errno != ENOENT)
        return ln_fail(err, LN_BROKEN, LN_SAY("无法把 %s 移到一旁：%s", "cannot set %s aside: %s"),
                       path, strerror(errno));
    if (!ln_queue_write(p->n->queue, reset_job, &j, err) || !wait_export(p, &j, err))
        return false;
    if (j.done && volume_good(p, path)) {
        remove_tree(aside, 0);
        p->out->mended++;
        tell(p, "%s: volume made anew from the database", log);
    }
    return true;
}

/* What is there may be whole: that all of it is there, the database says. */
static bool scrub_lacking(struct pass *p, const char *log, struct ln_err *err)
{
    char before[16] = "";
    bool ok = true;

    for (int i = 0; ok && i < VOLUMES_MAX && !p->stop; i++) {
        char lacking[16];
        char path[PATH_ROOM];
        ok = find_lacking(p, log, lacking, err);
        if (!ok || lacking[0] == '\0' || strcmp(lacking, before) == 0)
            break; /* the second time: it cannot be mended */
        memcpy(before, lacking, sizeof before);
        (void)snprintf(path, sizeof path, "%s/log/%s/%s.git", p->n->dir, log, lacking);
        tell(p, "log/%s/%s.git is not all there", log, lacking);
        ok = mend_volume(p, log, false, path, err);
    }
    return ok;
}

static bool scrub_volumes(struct pass *p, const char *log, bool waits, struct ln_err *err)
{
    char folder[PATH_ROOM];
    char names[VOLUMES_MAX][24];
    size_t n = 0;
    struct dirent *e;
    bool ok = true;

    (void)snprintf(folder, sizeof folder, "%s/log/%s", p->n->dir, log);
    DIR *d = opendir(folder);
    while (d != NULL && n < VOLUMES_MAX && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (len > 4 && len < 24 && strcmp(e->d_name + len - 4, ".git") == 0)
            memcpy(names[n++], e->d_name, len + 1);
    }
    if (d != NULL)
        (void)closedir(d);
    for (size_t i = 0; ok && i < n && !p->stop; i++) {
        char path[PATH_ROOM];
        (void)snprintf(path, sizeof path, "%.900s/%.23s", folder, names[i]);
        p->out->volumes++;
        ok = volume_good(p, path) || p->stop || mend_volume(p, log, waits, path, err);
    }
    return ok && (waits || scrub_lacking(p, log, err));
}

/* ---- attachments */

static bool scrub_files(struct pass *p, struct ln_err *err)
{
    struct ln_sha256 after = { { 0 } };
    bool there = true;

    while (!p->stop) {
        uint64_t bytes = 0;
        bool good = true;
        if (!ln_attach_check(p->n, &after, &there, &good, &bytes, err))
            return false;
        if (!there)
            return true;
        p->out->files++;
        if (!good) {
            bool ask = p->n->config.parent[0] != '\0';
            p->out->found++;
            if (!ln_attach_lost(p->n, &after, err))
                return false;
            p->out->asked += ask;
            tell(p, "an attachment is damaged%s", ask ? ": the parent is asked for it" : "");
        }
        (void)pace(p, bytes);
    }
    return true;
}

/* ---- a pass */

struct end_job {
    struct ln_node *n;
    const struct ln_scrub_report *r;
};

/* What was mended stands among the alarms that are over. */
static bool note_mended(const struct end_job *j, int64_t now, struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(j->n->writer);
    struct ln_alarm a = { .code = "mended" };
    bool fresh;

    if (j->r->mended == 0)
        return true;
    memcpy(a.node, j->n->id, sizeof a.node);
    (void)snprintf(a.zh, sizeof a.zh, "自检发现 %" PRIu64 " 处损坏，已修复 %" PRIu64 " 处",
                   j->r->found, j->r->mended);
    (void)snprintf(a.en, sizeof a.en, "the scrub found %" PRIu64 " damages and mended %" PRIu64,
                   j->r->found, j->r->mended);
    return ln_alarm_raise(db, &a, now, &fresh, err) && ln_alarm_over(db, a.node, a.code, now, err);
}

static bool end_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    const struct end_job *j = arg;
    struct ln_store *s = ln_replica_store(r);
    int64_t now = j->n->env.now_ms(j->n->env.ctx);
    char text[256];

    (void)snprintf(text, sizeof text,
                   "{\"asked\":%" PRIu64 ",\"at\":%" PRId64 ",\"files\":%" PRIu64
                   ",\"found\":%" PRIu64 ",\"left\":%" PRIu64 ",\"mended\":%" PRIu64
                   ",\"records\":%" PRIu64 ",\"segments\":%" PRIu64 ",\"volumes\":%" PRIu64 "}",
                   j->r->asked, now, j->r->files, j->r->found,
                   j->r->found - j->r->mended - j->r->asked, j->r->mended, j->r->records,
                   j->r->segments, j->r->volumes);
    return s->ops->meta_put(s->ctx, "scrub", ln_span_of(text), err) && note_mended(j, now, err);
}

static bool all_of_it(struct pass *p, struct ln_err *err)
{
    struct names logs = { .n = 0 };
    bool ok = p->n->access.read(p->n->access.ctx, read_logs, &logs, err);

    for (size_t i = 0; ok && i < logs.n && !p->stop; i++)
        ok = scrub_log(p, logs.list[i], &logs.waits[i], err);
    ok = ok && (p->stop || scrub_digests(p, err)) && scrub_rows(p, err);
    for (size_t i = 0; ok && i < logs.n && !p->stop; i++)
        ok = scrub_volumes(p, logs.list[i], logs.waits[i], err);
    ok = ok && scrub_files(p, err);
    ln_free(logs.list);
    ln_free(logs.waits);
    return ok;
}

static bool run(struct ln_node *n, struct ln_scrub *s, struct ln_scrub_report *out,
                ln_report_fn *say, void *ctx, struct ln_err *err)
{
    struct pass p = { .n = n, .s = s, .out = out, .say = say, .ctx = ctx };
    struct end_job end = { n, out };

    *out = (struct ln_scrub_report){ 0 };
    if (atomic_exchange(&n->scrubbing, true))
        return ln_fail(err, LN_BUSY, LN_SAY("自检正在进行", "a scrub is going on"));
    bool ok = all_of_it(&p, err) && (p.stop || ln_queue_write(n->queue, end_job, &end, err));
    atomic_store(&n->scrubbing, false);
    if (ok && out->asked > 0 && n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    if (ok && !p.stop)
        ln_log(LN_LOG_NOTE,
               "scrubbed segments=%" PRIu64 " records=%" PRIu64 " volumes=%" PRIu64
               " files=%" PRIu64 " found=%" PRIu64 " mended=%" PRIu64 " asked=%" PRIu64,
               out->segments, out->records, out->volumes, out->files, out->found, out->mended,
               out->asked);
    return ok || ln_wrap(err, LN_SAY("自检", "scrub"));
}

bool ln_scrub_run(struct ln_node *n, struct ln_scrub_report *out, ln_report_fn *say, void *ctx,
                  struct ln_err *err)
{
    return run(n, NULL, out, say, ctx, err);
}

/* ---- every day */

bool ln_scrub_hour(int *minute, const char *text, struct ln_err *err)
{
    static const char digits[] = "0123456789";

    *minute = 0;
    if (strlen(text) == 5 && strspn(text, digits) == 2 && text[2] == ':' &&
        strspn(text + 3, digits) == 2) {
        int h = (text[0] - '0') * 10 + text[1] - '0';
        int m = (text[3] - '0') * 10 + text[4] - '0';
        *minute = h * 60 + m;
        if (h < 24 && m < 60)
            return true;
    }
    return ln_fail(err, LN_INVALID,
                   LN_SAY("scrub_at：时刻应如 03:30", "scrub_at: an hour like 03:30 is needed"));
}

int64_t ln_scrub_wait_s(int minute, int64_t now_s)
{
    int64_t left = minute * INT64_C(60) - (now_s + CHINA_MIN * 60) % (DAY_MIN * 60);

    return left > 0 ? left : left + DAY_MIN * 60;
}

static bool wait_hour(struct ln_scrub *s)
{
    struct timespec now;
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)ln_scrub_wait_s(s->at, now.tv_sec);
    (void)pthread_mutex_lock(&s->mutex);
    while (!s->stop && pthread_cond_timedwait(&s->wake, &s->mutex, &t) != ETIMEDOUT) {
    }
    bool stop = s->stop;
    (void)pthread_mutex_unlock(&s->mutex);
    return !stop;
}

static void *work(void *arg)
{
    struct ln_scrub *s = arg;
    struct ln_scrub_report report;

    /* Where the service may not, it is only the rate that keeps the node quick. */
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
    while (wait_hour(s)) {
        struct ln_err err = { 0 };
        if (!run(s->n, s, &report, NULL, NULL, &err))
            ln_log_err(LN_LOG_WARN, &err, "scrub broken off");
    }
    return NULL;
}

bool ln_scrub_start(struct ln_scrub **out, struct ln_node *n, struct ln_err *err)
{
    struct ln_scrub *s;
    pthread_condattr_t attr;
    int minute;

    *out = NULL;
    if (n->config.scrub_at[0] == '\0')
        return true;
    if (!ln_scrub_hour(&minute, n->config.scrub_at, err))
        return false;
    s = ln_alloc(sizeof *s);
    s->n = n;
    s->at = minute;
    (void)pthread_mutex_init(&s->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&s->thread, NULL, work, s) != 0) {
        ln_free(s);
        return ln_fail(err, LN_BROKEN, LN_SAY("无法为自检建立线程", "no thread for the scrub"));
    }
    *out = s;
    return true;
}

void ln_scrub_stop(struct ln_scrub *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->mutex);
    s->stop = true;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->mutex);
    ln_free(s);
}
