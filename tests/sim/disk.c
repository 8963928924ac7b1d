/* The disks of all nodes: SQLite's own file system (sqlite.org/vfs.html), in memory, in pieces that
 * copies share until one of them is written to. A database has one connection, so locks have nobody
 * to keep out. What a disk does badly is world.c's: it cuts in above the store. */
#include <assert.h>
#include <sqlite3.h>

#include "crypto/base/alloc.h"
#include "tests/sim/sim.h"

#define PIECE 4096
/* A box has pages of 4096 bytes; with these its trees are as deep as after years, and a world takes
 * two thirds of the memory. */
#define PAGE "1024"
#define BUCKETS 1024
#define MALLOC_HEAD 16 /* of what malloc keeps beside each piece */
#define JULIAN_MS INT64_C(210866760000000)

struct piece {
    unsigned refs;
    uint8_t b[PIECE];
};
struct file {
    struct file *next; /* in its bucket */
    size_t len, n, room;
    struct piece **pieces;
    unsigned open;
    char path[];
};
struct handle {
    sqlite3_file base;
    struct file *f;
    bool gone;  /* when it is closed */
    void **shm; /* the index of the write-ahead log, shared with nobody */
    int n_shm;
};

static struct file *files[BUCKETS];
static size_t n_pieces;
static uint64_t salt;

/* ---- files */

static struct file **place(const char *path)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

    for (const char *p = path; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    struct file **at = &files[h % BUCKETS];
    while (*at != NULL && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    return at;
}

static struct file *file_new(const char *path)
{
    size_t len = strlen(path);
    struct file *f = ln_alloc(sizeof *f + len + 1);

    memcpy(f->path, path, len);
    return f;
}

static struct file *file_at(const char *path, bool make)
{
    struct file **at = place(path);

    if (*at == NULL && make)
        *at = file_new(path);
    return *at;
}

static void give_up(struct piece *p)
{
    if (--p->refs == 0) {
        ln_free(p);
        n_pieces--;
    }
}

static void cut(struct file *f, size_t len)
{
    size_t n = (len + PIECE - 1) / PIECE;

    while (f->n > n)
        give_up(f->pieces[--f->n]);
    f->len = f->len < len ? f->len : len;
}

static void file_free(struct file *f)
{
    cut(f, 0);
    ln_free(f->pieces);
    ln_free(f);
}

static void drop(const char *path)
{
    struct file **at = place(path);
    struct file *f = *at;

    if (f == NULL)
        return;
    assert(f->open == 0);
    *at = f->next;
    file_free(f);
}

static void add_piece(struct file *f, struct piece *p)
{
    if (f->n == f->room) {
        f->room = f->room > 0 ? 2 * f->room : 16;
        f->pieces = ln_realloc(f->pieces, f->room * sizeof(struct piece *));
    }
    f->pieces[f->n++] = p;
    p->refs++;
}

static struct piece *piece_new(void)
{
    struct piece *p = malloc(sizeof *p); /* what is not written is not read */

    if (p == NULL)
        abort();
    p->refs = 0;
    n_pieces++;
    return p;
}

/* The piece as this file's own. */
static struct piece *own(struct file *f, size_t i)
{
    while (f->n <= i)
        add_piece(f, piece_new());
    if (f->pieces[i]->refs > 1) {
        struct piece *p = piece_new();
        memcpy(p->b, f->pieces[i]->b, PIECE);
        give_up(f->pieces[i]);
        f->pieces[i] = p;
        p->refs = 1;
    }
    return f->pieces[i];
}

static void put(struct file *f, const void *data, size_t len, size_t at)
{
    const uint8_t *p = data;

    for (size_t part; len > 0; at += part, len -= part) {
        part = PIECE - at % PIECE < len ? PIECE - at % PIECE : len;
        uint8_t *to = own(f, at / PIECE)->b + at % PIECE;
        if (p != NULL)
            memcpy(to, p, part);
        else
            memset(to, 0, part);
        p = p != NULL ? p + part : NULL;
    }
    f->len = f->len > at ? f->len : at;
}

static void write_at(struct file *f, const void *data, size_t len, size_t at)
{
    if (f->len < at)
        put(f, NULL, at - f->len, f->len);
    put(f, data, len, at);
}

static void read_at(const struct file *f, void *out, size_t len, size_t at)
{
    uint8_t *p = out;

    for (size_t part; len > 0; p += part, at += part, len -= part) {
        part = PIECE - at % PIECE < len ? PIECE - at % PIECE : len;
        memcpy(p, f->pieces[at / PIECE]->b + at % PIECE, part);
    }
}

/* ---- what SQLite asks of a file */

static struct file *of(sqlite3_file *h)
{
    return ((struct handle *)h)->f;
}
static int shm_unmap(sqlite3_file *h, int gone)
{
    struct handle *x = (struct handle *)h;

    (void)gone;
    for (int i = 0; i < x->n_shm; i++)
        ln_free(x->shm[i]);
    ln_free(x->shm);
    x->shm = NULL;
    x->n_shm = 0;
    return SQLITE_OK;
}
static int close_file(sqlite3_file *h)
{
    struct handle *x = (struct handle *)h;

    (void)shm_unmap(h, 0);
    x->f->open--;
    if (x->gone)
        file_free(x->f);
    return SQLITE_OK;
}
static int read_file(sqlite3_file *h, void *out, int n, sqlite3_int64 at)
{
    const struct file *f = of(h);
    size_t from = (size_t)at;
    size_t want = (size_t)n;
    size_t there = from >= f->len ? 0 : f->len - from < want ? f->len - from : want;

    read_at(f, out, there, from);
    memset((uint8_t *)out + there, 0, want - there);
    return there < want ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}
static int write_file(sqlite3_file *h, const void *data, int n, sqlite3_int64 at)
{
    write_at(of(h), data, (size_t)n, (size_t)at);
    return SQLITE_OK;
}
static int truncate_file(sqlite3_file *h, sqlite3_int64 len)
{
    cut(of(h), (size_t)len);
    return SQLITE_OK;
}
static int sync_file(sqlite3_file *h, int flags)
{
    (void)h;
    (void)flags;
    return SQLITE_OK;
}
static int size_file(sqlite3_file *h, sqlite3_int64 *len)
{
    *len = (sqlite3_int64)of(h)->len;
    return SQLITE_OK;
}
static int lock_file(sqlite3_file *h, int level)
{
    (void)h;
    (void)level;
    return SQLITE_OK;
}
static int locked_file(sqlite3_file *h, int *yes)
{
    (void)h;
    *yes = 0;
    return SQLITE_OK;
}
static int control_file(sqlite3_file *h, int what, void *arg)
{
    (void)h;
    (void)what;
    (void)arg;
    return SQLITE_NOTFOUND;
}
static int sector_size(sqlite3_file *h)
{
    (void)h;
    return 4096;
}
static int traits(sqlite3_file *h)
{
    (void)h;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}
static int shm_map(sqlite3_file *h, int i, int len, int extend, void volatile **out)
{
    struct handle *x = (struct handle *)h;

    *out = NULL;
    if (i >= x->n_shm && !extend)
        return SQLITE_OK;
    if (i >= x->n_shm) {
        x->shm = ln_realloc(x->shm, (size_t)(i + 1) * sizeof(void *));
        while (x->n_shm <= i)
            x->shm[x->n_shm++] = ln_alloc((size_t)len);
    }
    *out = x->shm[i];
    return SQLITE_OK;
}
static int shm_lock(sqlite3_file *h, int offset, int n, int flags)
{
    (void)h;
    (void)offset;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}
static void shm_barrier(sqlite3_file *h)
{
    (void)h;
}

static const sqlite3_io_methods methods = { .iVersion = 2,
                                            .xClose = close_file,
                                            .xRead = read_file,
                                            .xWrite = write_file,
                                            .xTruncate = truncate_file,
                                            .xSync = sync_file,
                                            .xFileSize = size_file,
                                            .xLock = lock_file,
                                            .xUnlock = lock_file,
                                            .xCheckReservedLock = locked_file,
                                            .xFileControl = control_file,
                                            .xSectorSize = sector_size,
                                            .xDeviceCharacteristics = traits,
                                            .xShmMap = shm_map,
                                            .xShmLock = shm_lock,
                                            .xShmBarrier = shm_barrier,
                                            .xShmUnmap = shm_unmap };

/* ---- what SQLite asks of the file system */

static int open_file(sqlite3_vfs *v, const char *path, sqlite3_file *h, int flags, int *out)
{
    struct handle *x = (struct handle *)h;

    (void)v;
    *x = (struct handle){ .base = { NULL } };
    x->f = path != NULL ? file_at(path, true) : file_new(""); /* no name: of its own */
    x->gone = path == NULL;
    if (x->f->open > 0)
        return SQLITE_CANTOPEN;
    x->f->open++;
    x->base.pMethods = &methods;
    if (out != NULL)
        *out = flags;
    return SQLITE_OK;
}
static int delete_file(sqlite3_vfs *v, const char *path, int dir)
{
    (void)v;
    (void)dir;
    if (file_at(path, false) == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    drop(path);
    return SQLITE_OK;
}
static int access_file(sqlite3_vfs *v, const char *path, int flags, int *yes)
{
    const struct file *f = file_at(path, false);

    (void)v;
    *yes = f != NULL && (f->len > 0 || flags != SQLITE_ACCESS_EXISTS);
    return SQLITE_OK;
}
static int full_path(sqlite3_vfs *v, const char *path, int room, char *out)
{
    (void)v;
    return snprintf(out, (size_t)room, "%s", path) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}
/* Not of the world's chance, so that what SQLite draws moves nothing. */
static int random_bytes(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    for (int i = 0; i < n; i++) {
        salt = salt * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth */
        out[i] = (char)(salt >> 56);
    }
    return n;
}
static int wait_us(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}
static int now_julian(sqlite3_vfs *v, sqlite3_int64 *out)
{
    (void)v;
    *out = sim->now_ms + JULIAN_MS;
    return SQLITE_OK;
}
static int now_days(sqlite3_vfs *v, double *out)
{
    sqlite3_int64 ms;

    (void)now_julian(v, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

void sim_disk_use(void)
{
    static sqlite3_vfs vfs = { .iVersion = 2,
                               .szOsFile = sizeof(struct handle),
                               .mxPathname = 512,
                               .zName = "sim",
                               .xOpen = open_file,
                               .xDelete = delete_file,
                               .xAccess = access_file,
                               .xFullPathname = full_path,
                               .xRandomness = random_bytes,
                               .xSleep = wait_us,
                               .xCurrentTime = now_days,
                               .xCurrentTimeInt64 = now_julian };

    salt = sim->seed;
    /* one thread; no pages ahead of use, twenty for each file */
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0) != SQLITE_OK)
        abort();
    if (sqlite3_initialize() != SQLITE_OK || sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

/* ---- what the world does with disks */

static const char *const names[] = { "linli.db", "linli.db-wal", "keys.db", "keys.db-wal" };
#define NAMES (sizeof names / sizeof names[0])

static void path_of(char path[200], const char *dir, const char *name)
{
    (void)snprintf(path, 200, "%s/%s", dir, name);
}

void sim_disk_make(const char *dir)
{
    char path[200];
    sqlite3 *h;

    for (size_t i = 0; i < NAMES; i += 2) {
        path_of(path, dir, names[i]);
        if (sqlite3_open(path, &h) != SQLITE_OK ||
            sqlite3_exec(h, "PRAGMA page_size=" PAGE "; VACUUM", NULL, NULL, NULL) != SQLITE_OK)
            abort();
        (void)sqlite3_close(h);
    }
}

void sim_disk_copy(const char *from_dir, const char *to_dir)
{
    char path[200];

    for (size_t i = 0; i < NAMES; i++) {
        path_of(path, to_dir, names[i]);
        drop(path);
        path_of(path, from_dir, names[i]);
        const struct file *from = file_at(path, false);
        if (from == NULL)
            continue;
        path_of(path, to_dir, names[i]);
        struct file *to = file_at(path, true);
        to->len = from->len;
        for (size_t k = 0; k < from->n; k++)
            add_piece(to, from->pieces[k]);
    }
}

bool sim_disk_has(const char *dir)
{
    char path[200];
    bool any = false;

    for (size_t i = 0; i < NAMES; i++) {
        path_of(path, dir, names[i]);
        any = any || file_at(path, false) != NULL;
    }
    return any;
}

void sim_disk_drop(const char *dir)
{
    char path[200];

    for (size_t i = 0; i < NAMES; i++) {
        path_of(path, dir, names[i]);
        drop(path);
    }
}

void sim_disk_add(const char *dir, const char *name, const void *data, size_t len)
{
    char path[200];

    path_of(path, dir, name);
    struct file *f = file_at(path, false);
    if (f != NULL)
        write_at(f, data, len, f->len);
}

size_t sim_disk_read(const char *dir, size_t i, char **out)
{
    char path[200];

    *out = NULL;
    path_of(path, dir, names[i]);
    const struct file *f = file_at(path, false);
    if (f == NULL)
        return 0;
    *out = ln_alloc(f->len + 1);
    read_at(f, *out, f->len, 0);
    return f->len;
}

size_t sim_disk_memory(void)
{
    return n_pieces * (sizeof(struct piece) + MALLOC_HEAD);
}
