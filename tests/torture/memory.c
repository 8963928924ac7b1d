/* Memory that runs out: the nth allocation of the process fails, whoever asks for it (ours, which
 * stops the process there; SQLite's, zstd's, libgit2's, which say so), once or from then on, in
 * each deed of a node. What happens then happens to a process of its own; afterwards the files are
 * opened again. Nothing that was acknowledged is missing, everything verifies, the deed is done
 * again, and digests are those of a world where memory never ran out.
 *
 *   memory STRIDE [DEED]    each STRIDE-th allocation of each deed (0: six of each); ends with
 *                           `N passed, N failed` */
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/export.h"
#include "sync/volume.h"

/* ---- an allocator in front of glibc's: libraries come here, too */

void *__libc_malloc(size_t len);           /* NOLINT: glibc's own names */
void *__libc_calloc(size_t n, size_t len); /* NOLINT */
void *__libc_realloc(void *p, size_t len); /* NOLINT */

static struct {
    bool on, for_ever, failed;
    unsigned long calls, nth;
} memory;

static bool none(void)
{
    if (!memory.on)
        return false;
    memory.calls++;
    if (memory.nth == 0 || memory.calls < memory.nth ||
        (memory.calls > memory.nth && !memory.for_ever))
        return false;
    memory.failed = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t len)
{
    return none() ? NULL : __libc_malloc(len);
}

void *calloc(size_t n, size_t len)
{
    return none() ? NULL : __libc_calloc(n, len);
}

void *realloc(void *p, size_t len)
{
    return none() ? NULL : __libc_realloc(p, len);
}

/* ---- deeds: what a child process does with boxes whose files are its own */

struct world {
    struct box *boxes[2]; /* at work, and the other side */
    const char *log;      /* that is carried */
    int say;              /* where acknowledged records go */
};

#define UP "330106005055/330000000000"
#define SAVES 4

static bool do_save(struct world *w, struct ln_err *err)
{
    struct ln_replica *r = w->boxes[0]->r;

    for (int i = 0; i < SAVES; i++) {
        struct ln_draft d = { .op = LN_OP_ADD,
                              .collection = "person",
                              .audience = UP,
                              .fields = ln_span_of("{\"job\":\"a\"}"),
                              .sealed = ln_span_of("{\"name\":\"李一\"}") };
        if (!ln_replica_begin(r, err))
            return false;
        if (!ln_replica_save(r, &d, 1, err)) {
            ln_replica_rollback(r);
            return false;
        }
        if (!ln_replica_commit(r, err))
            return false;
        if (write(w->say, d.record.b, sizeof d.record.b) != (ssize_t)sizeof d.record.b)
            return ln_fail(err, LN_BROKEN, "cannot tell");
    }
    return true;
}

static bool do_seal(struct world *w, struct ln_err *err)
{
    struct ln_replica *r = w->boxes[0]->r;
    unsigned n;

    if (!ln_replica_begin(r, err))
        return false;
    if (ln_replica_seal(r, true, &n, err))
        return ln_replica_commit(r, err);
    ln_replica_rollback(r);
    return false;
}

/* What the other side has, in one pack. */
static bool do_apply(struct world *w, struct ln_err *err)
{
    struct box *to = w->boxes[0];
    struct box *from = w->boxes[1];
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    struct ln_store_log l = { 0 };
    struct ln_store *s = to->c.store;
    uint64_t last;
    bool ok = s->ops->log_get(s->ctx, &l, w->log, err) &&
              ln_replica_slice(&pack, &last, from->c.store, ln_replica_authority(from->r), w->log,
                               (l.n > 0 ? l.head : 0) + 1,
                               ln_authority_find(ln_replica_authority(from->r), to->c.id),
                               LN_PACK_MAX, err) &&
              ln_replica_begin(to->r, err);

    if (ok &&
        ln_replica_receive(to->r, &got, w->log, pack.data, pack.len, ln_replica_self(from->r), err))
        ok = ln_replica_commit(to->r, err);
    else if (ok) {
        ln_replica_rollback(to->r);
        ok = false;
    }
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    return ok;
}

static bool do_export(struct world *w, struct ln_err *err)
{
    struct ln_export_turn turn = { NULL, NULL, 0 };
    bool more;

    return ln_export_run(w->boxes[0]->dir, w->boxes[0]->r, &turn, &more, err);
}

static bool do_rebuild(struct world *w, struct ln_err *err)
{
    struct ln_replica *r = w->boxes[0]->r;

    if (!ln_replica_begin(r, err))
        return false;
    if (ln_replica_rebuild(r, NULL, NULL, err))
        return ln_replica_commit(r, err);
    ln_replica_rollback(r);
    return false;
}

static const struct deed {
    const char *name;
    bool (*run)(struct world *w, struct ln_err *err);
    bool above; /* it is the district that works */
} deeds[] = {
    { "save", do_save, false },     { "seal", do_seal, false },       { "apply", do_apply, true },
    { "export", do_export, false }, { "rebuild", do_rebuild, false },
};
#define N_DEEDS (sizeof deeds / sizeof deeds[0])

/* ---- one world for each try */

static void copy(struct box *to, const struct box *from)
{
    char cmd[256];

    *to = *from;
    to->store = NULL;
    to->r = NULL;
    test_mkdir(to->dir);
    (void)snprintf(cmd, sizeof cmd, "cp -r '%s/.' '%s/'", from->dir, to->dir);
    assert_int_equal(system(cmd), 0); /* NOLINT: a test's own folders */
}

static _Noreturn void child(const struct deed *d, struct world *w, unsigned long nth, bool for_ever,
                            unsigned long *calls)
{
    struct rlimit no_core = { 0, 0 };
    struct ln_err err = { 0 };

    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(4);
    box_open(w->boxes[0]);
    box_open(w->boxes[1]);
    memory.nth = nth;
    memory.for_ever = for_ever;
    memory.on = true;
    bool ok = d->run(w, &err);
    memory.on = false;
    if (calls != NULL)
        (void)!write(w->say, &memory.calls, sizeof memory.calls);
    _exit(ok ? 0 : memory.failed ? 3 : 4); /* as a process that is stopped: nothing is closed */
}

struct outcome {
    int status;
    unsigned long calls;
    struct ln_id acked[SAVES];
    size_t n;
};

static void live(struct outcome *out, const struct deed *d, struct world *w, unsigned long nth,
                 bool for_ever, bool count)
{
    int ends[2];
    ssize_t got;

    memset(out, 0, sizeof *out);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        w->say = ends[1];
        child(d, w, nth, for_ever, count ? &out->calls : NULL);
    }
    (void)close(ends[1]);
    if (count) {
        char all[sizeof out->acked + sizeof out->calls];
        size_t len = 0;
        while ((got = read(ends[0], all + len, sizeof all - len)) > 0)
            len += (size_t)got;
        assert_true(len >= sizeof out->calls);
        memcpy(&out->calls, all + len - sizeof out->calls, sizeof out->calls);
    } else {
        while (out->n < SAVES &&
               (got = read(ends[0], &out->acked[out->n], sizeof out->acked[0])) > 0)
            out->n += got == (ssize_t)sizeof out->acked[0];
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &out->status, 0), pid);
}

static const char *unsound(struct box *b)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    if (!ln_replica_verify(b->r, &report, NULL, NULL, &err) || report.bad > 0)
        return "it does not verify";
    return NULL;
}

static bool same(struct box *a, struct box *b, const char *audience)
{
    struct ln_digest x = digest(a, audience);
    struct ln_digest y = digest(b, audience);

    return memcmp(x.b, y.b, sizeof x.b) == 0;
}

/* What is wrong after the process ended, or NULL. */
static const char *judge(const struct deed *d, struct world *w, const struct outcome *o)
{
    struct box *b = w->boxes[0];
    struct box *comm = d->above ? w->boxes[1] : b;
    struct box *dist = d->above ? b : w->boxes[1];
    struct ln_err err = { 0 };
    char text[128];

    /* libgit2 1.5 follows pointers that it did not get: that stops us as abort does. */
    bool stopped =
        WIFSIGNALED(o->status) &&
        (WTERMSIG(o->status) == SIGABRT || (WTERMSIG(o->status) == SIGSEGV && d->run == do_export));
    if (!stopped &&
        !(WIFEXITED(o->status) && (WEXITSTATUS(o->status) == 3 || WEXITSTATUS(o->status) == 0)))
        return "it ended otherwise than by abort or by saying no";
    box_open(w->boxes[0]);
    box_open(w->boxes[1]);
    const char *why = unsound(b);
    for (size_t i = 0; why == NULL && i < o->n; i++) {
        cell(text, b, SQL_NAME, &o->acked[i]);
        if (strcmp(text, "李一") != 0)
            why = "an acknowledged save is gone";
    }
    w->say = open("/dev/null", 1);
    if (why == NULL && !d->run(w, &err))
        why = "the deed cannot be done again";
    if (err.code != LN_OK)
        printf("  %s\n", err.text);
    (void)close(w->say);
    seal(comm);
    keys(comm, dist);
    if (why == NULL && carry(comm, dist, comm->c.id, &err) != LN_OK)
        why = "what it wrote is not taken above";
    if (why == NULL && !same(comm, dist, UP))
        why = "digests differ";
    for (size_t i = 0; why == NULL && i < o->n; i++) {
        cell(text, dist, SQL_NAME, &o->acked[i]);
        if (strcmp(text, "李一") != 0)
            why = "an acknowledged save does not arrive";
    }
    if (why == NULL)
        why = unsound(comm);
    if (why == NULL)
        why = unsound(dist);
    box_shut(w->boxes[0]);
    box_shut(w->boxes[1]);
    return why;
}

/* False: it came to no failure any more. */
static const char *attempt(const struct deed *d, struct tree *t, unsigned long nth, bool for_ever)
{
    struct box a;
    struct box b;
    struct outcome o;
    struct world w = { { &a, &b }, t->comm.c.id, -1 };

    copy(&a, d->above ? &t->dist : &t->comm);
    copy(&b, d->above ? &t->comm : &t->dist);
    live(&o, d, &w, nth, for_ever, false);
    const char *why = judge(d, &w, &o);
    test_rmdir(a.dir);
    test_rmdir(b.dir);
    return why;
}

static unsigned long calls_of(const struct deed *d, struct tree *t)
{
    struct box a;
    struct box b;
    struct outcome o;
    struct world w = { { &a, &b }, t->comm.c.id, -1 };

    copy(&a, d->above ? &t->dist : &t->comm);
    copy(&b, d->above ? &t->comm : &t->dist);
    live(&o, d, &w, 0, false, true);
    test_rmdir(a.dir);
    test_rmdir(b.dir);
    assert_true(WIFEXITED(o.status) && WEXITSTATUS(o.status) == 0 && o.calls > 20);
    return o.calls;
}

/* A community with segments its district has, more it has not, and lines that wait. */
static void begin(struct tree *t)
{
    tree_new(t);
    for (int i = 0; i < 3; i++)
        (void)add(&t->comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    sync_all(t);
    for (int i = 0; i < 3; i++)
        (void)add(&t->comm, "notice", "public", "{\"title\":\"通知\"}", NULL);
    seal(&t->comm);
    (void)add(&t->comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    box_shut(&t->comm);
    box_shut(&t->dist);
}

int main(int argc, char **argv)
{
    unsigned long stride = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    struct tree t;
    unsigned passed = 0;
    unsigned failed = 0;
    struct ln_err err = { 0 };

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    test_start();
    MUST(ln_volume_start(&err));
    begin(&t);
    for (size_t i = 0; i < N_DEEDS; i++) {
        if (argc > 2 && strcmp(argv[2], deeds[i].name) != 0)
            continue;
        unsigned long calls = calls_of(&deeds[i], &t);
        unsigned long step = stride > 0 ? stride : calls / 6 + 1;
        unsigned bad = 0;
        unsigned long tries = 0;
        for (unsigned long n = 1; n <= calls && bad < 5; n += step, tries++) {
            const char *why = attempt(&deeds[i], &t, n, tries % 2 == 1);
            if (why != NULL) {
                printf("not ok %s: allocation %lu%s: %s\n", deeds[i].name, n,
                       tries % 2 == 1 ? " and all later ones" : "", why);
                bad++;
            }
        }
        printf("%s %s: %lu of %lu allocations failed, once or for ever\n",
               bad > 0 ? "not ok" : "ok", deeds[i].name, tries, calls);
        passed += bad == 0;
        failed += bad > 0;
    }
    box_end(&t.prov);
    test_rmdir(t.dist.dir);
    test_rmdir(t.comm.dir);
    ln_volume_stop();
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0 ? 1 : 0;
}
