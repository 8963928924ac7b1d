/* See db.h. */
#include "node/store/db.h"

#include "crypto/base/alloc.h"
#include "node/asset.h"
#include "node/say.h"
#include "node/store/function.h"
#include "node/store/token.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#define DB_BUCKETS 256

struct ln_query {
    struct ln_query *next; /* in its bucket */
    struct ln_db *db;
    const char *sql;
    sqlite3_stmt *st;
    int bound;
    int rc; /* first failure of prepare or bind */
    bool used;
};
struct kept {
    struct kept *next;
    size_t len;
    char text[];
};
struct ln_db {
    sqlite3 *h;
    bool broken;
    struct ln_query *queries[DB_BUCKETS];
    struct kept *kept[DB_BUCKETS];
};

/* ---- errors */

static bool disk_full(struct ln_db *db, int rc)
{
    int sys = sqlite3_system_errno(db->h);

    if ((rc & 0xff) == SQLITE_FULL)
        return true;
    return (rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_FSYNC &&
           rc != SQLITE_IOERR_DIR_FSYNC && (sys == ENOSPC || sys == EFBIG || sys == EDQUOT);
}
/* Every failure of SQLite comes through here. */
static bool db_fail(struct ln_db *db, int rc, const char *what, struct ln_err *err)
{
    const char *why = db->h != NULL ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc);

    if (disk_full(db, rc))
        return ln_fail(err, LN_FULL, LN_DB_FULL ": %s", what);
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ln_fail(err, LN_BUSY, "the database is locked: %s", what);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return ln_fail(err, LN_INVALID, "%s: %s", why, what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        db->broken = true;
        return ln_fail(err, LN_BROKEN, "the database file is damaged (%s): %s", why, what);
    case SQLITE_IOERR:
        db->broken = true;
        return ln_fail(err, LN_BROKEN, "the disk failed (%s, error %d, system %d): %s", why, rc,
                       sqlite3_system_errno(db->h), what);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return ln_fail(err, LN_BROKEN, "no access (%s): %s", why, what);
    default:
        return ln_fail(err, LN_BROKEN, "%s (%d): %s", why, rc, what);
    }
}
static bool db_usable(struct ln_db *db, struct ln_err *err)
{
    return !db->broken ||
           ln_fail(err, LN_BROKEN, "the database was closed after a disk error; start again");
}

/* ---- opening */

/* Made before SQLite does it, so that nobody else can read residents' data; the WAL follows suit.
 */
static bool db_touch(const char *path, struct ln_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        if (errno == ENOSPC || errno == EDQUOT)
            return ln_fail(err, LN_FULL, LN_DB_FULL ": %s", path);
        return ln_fail(err, LN_BROKEN, "%s cannot be written: %s", path, strerror(errno));
    }
    (void)close(fd);
    return true;
}
static bool db_setup(struct ln_db *db, enum ln_db_mode mode, struct ln_err *err)
{
    /* A reader's memory counts a hundred times; 64 slots of 256 bytes are what a query needs. */
    if (mode == LN_DB_READ)
        (void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_LOOKASIDE, NULL, 256, 64);
    (void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_extended_result_codes(db->h, 1);
    (void)sqlite3_busy_timeout(db->h, LN_DB_BUSY_MS);
    if (mode == LN_DB_READ)
        return ln_db_exec(db, "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF", err);
    /* journal_size_limit: a large slice must not leave a large file behind for ever. */
    return ln_db_exec(db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                      "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;"
                      "PRAGMA journal_size_limit=16777216; PRAGMA wal_autocheckpoint=2000",
                      err);
}
static bool db_cache(struct ln_db *db, enum ln_db_mode mode, struct ln_err *err)
{
    char sql[64];

    (void)snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d",
                   mode == LN_DB_WRITE ? LN_DB_CACHE_WRITER_KIB : LN_DB_CACHE_READER_KIB);
    return ln_db_exec(db, sql, err);
}
bool ln_db_open(struct ln_db **out, const char *path, enum ln_db_mode mode, struct ln_err *err)
{
    int flags = mode == LN_DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    struct ln_db *db;
    int rc;

    if (mode == LN_DB_WRITE && !db_touch(path, err))
        return false;
    db = ln_alloc(sizeof *db);
    rc =
        sqlite3_open_v2(path, &db->h, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc != SQLITE_OK)
        (void)db_fail(db, rc, "opening", err);
    else if (db_setup(db, mode, err) && db_cache(db, mode, err) && ln_token_register(db->h, err) &&
             ln_function_register(db->h, err)) {
        *out = db;
        return true;
    }
    ln_db_close(db);
    return ln_wrap(err, "%s", path);
}
static void db_free_queries(struct ln_db *db)
{
    for (size_t i = 0; i < DB_BUCKETS; i++) {
        for (struct ln_query *q = db->queries[i], *next; q != NULL; q = next) {
            next = q->next;
            (void)sqlite3_finalize(q->st);
            ln_free(q);
        }
        db->queries[i] = NULL;
    }
}
void ln_db_close(struct ln_db *db)
{
    if (db == NULL)
        return;
    db_free_queries(db);
    for (size_t i = 0; i < DB_BUCKETS; i++) {
        for (struct kept *k = db->kept[i], *next; k != NULL; k = next) {
            next = k->next;
            ln_free(k);
        }
    }
    (void)sqlite3_close(db->h);
    ln_free(db);
}

/* ---- migrations */

/* "store/sql/001-core.sql" in "store/sql" is number 1. */
static int64_t migration_number(const struct ln_embed *e, const char *folder)
{
    return strtol(e->name + strlen(folder) + 1, NULL, 10);
}
static bool migrate_one(struct ln_db *db, const struct ln_embed *e, int64_t number,
                        struct ln_err *err)
{
    char set[64];

    (void)snprintf(set, sizeof set, "PRAGMA user_version=%d", (int)number);
    if (ln_db_begin(db, err) && ln_db_exec(db, e->text, err) && ln_db_exec(db, set, err) &&
        ln_db_commit(db, err))
        return true;
    ln_db_rollback(db);
    return ln_wrap(err, "%s", e->name);
}
int64_t ln_db_newest(const char *folder)
{
    size_t n;
    const struct ln_embed *list = ln_embed_list(folder, &n);

    return n > 0 ? migration_number(&list[n - 1], folder) : 0;
}
bool ln_db_schema(struct ln_db *db, int64_t *out, struct ln_err *err)
{
    return ln_db_value(db, "PRAGMA user_version", out, err);
}
bool ln_db_copy(struct ln_db *db, const char *path, struct ln_err *err)
{
    sqlite3_stmt *st = NULL;
    int rc;

    /* VACUUM INTO takes an empty file as it is: nobody else may read it even for a moment. */
    if (!db_usable(db, err) || !db_touch(path, err))
        return false;
    rc = sqlite3_prepare_v2(db->h, "VACUUM INTO ?", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc != SQLITE_DONE)
        (void)db_fail(db, rc, "copying", err);
    (void)sqlite3_finalize(st);
    if (rc != SQLITE_DONE)
        return ln_wrap(err, "%s", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok || ln_fail(err, LN_BROKEN, "%s: %s", path, strerror(errno));
}
bool ln_db_migrate(struct ln_db *db, const char *folder, struct ln_err *err)
{
    size_t n;
    const struct ln_embed *list = ln_embed_list(folder, &n);
    int64_t have;

    if (!ln_db_schema(db, &have, err))
        return false;
    if (have > ln_db_newest(folder))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("数据库由更新版本的程序建立（结构 %d，本程序到 "
                              "%d）：请装回新版，或用 linli back 退回",
                              "made by a newer linli (schema %d, this one knows %d): install that "
                              "one again, or go back with `linli back`"),
                       (int)have, (int)ln_db_newest(folder));
    for (size_t i = 0; i < n; i++) {
        int64_t number = migration_number(&list[i], folder);

        if (number > have && !migrate_one(db, &list[i], number, err))
            return false;
    }
    return true;
}
bool ln_db_current(struct ln_db *db, const char *folder, struct ln_err *err)
{
    int64_t want = ln_db_newest(folder);
    int64_t have;

    if (!ln_db_schema(db, &have, err))
        return false;
    return have == want ||
           ln_fail(err, LN_INVALID, "the database has schema %d, not %d", (int)have, (int)want);
}

/* ---- transactions */

bool ln_db_begin(struct ln_db *db, struct ln_err *err)
{
    return ln_db_run(ln_db_use(db, "BEGIN IMMEDIATE"), err);
}
bool ln_db_read_begin(struct ln_db *db, struct ln_err *err)
{
    /* BEGIN alone takes no snapshot; the first read does. */
    return ln_db_run(ln_db_use(db, "BEGIN"), err) &&
           ln_db_run(ln_db_use(db, "SELECT 1 FROM sqlite_schema LIMIT 1"), err);
}
bool ln_db_commit(struct ln_db *db, struct ln_err *err)
{
    if (ln_db_run(ln_db_use(db, "COMMIT"), err))
        return true;
    ln_db_rollback(db);
    return false;
}
void ln_db_rollback(struct ln_db *db)
{
    struct ln_err err = { 0 };

    if (!sqlite3_get_autocommit(db->h) && !ln_db_run(ln_db_use(db, "ROLLBACK"), &err))
        db->broken = true; /* cannot happen short of a broken disk: then nothing more is written */
}
bool ln_db_savepoint(struct ln_db *db, struct ln_err *err)
{
    return ln_db_run(ln_db_use(db, "SAVEPOINT job"), err);
}
void ln_db_savepoint_end(struct ln_db *db, bool keep)
{
    struct ln_err err = { 0 };

    /* A full disk may have rolled the whole transaction back already. */
    if (sqlite3_get_autocommit(db->h))
        return;
    if (!keep && !ln_db_run(ln_db_use(db, "ROLLBACK TO job"), &err))
        db->broken = true;
    if (!ln_db_run(ln_db_use(db, "RELEASE job"), &err))
        db->broken = true;
}
bool ln_db_in_transaction(const struct ln_db *db)
{
    return sqlite3_get_autocommit(db->h) == 0;
}

/* ---- queries */

static size_t bucket_of(const char *sql)
{
    return ((uintptr_t)sql >> 3) * 0x9e3779b1u / 65536 % DB_BUCKETS;
}
static struct ln_query *query_new(struct ln_db *db, const char *sql)
{
    struct ln_query *q = ln_alloc(sizeof *q);
    size_t at = bucket_of(sql);

    *q = (struct ln_query){ .next = db->queries[at], .db = db, .sql = sql };
    db->queries[at] = q;
    return q;
}
struct ln_query *ln_db_use(struct ln_db *db, const char *sql)
{
    struct ln_query *q = db->queries[bucket_of(sql)];

    while (q != NULL && (q->sql != sql || q->used))
        q = q->next;
    if (q == NULL)
        q = query_new(db, sql);
    q->used = true;
    q->bound = 0;
    q->rc = SQLITE_OK;
    if (q->st == NULL)
        q->rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->st, NULL);
    return q;
}
const char *ln_db_keep(struct ln_db *db, const char *sql, size_t len)
{
    size_t hash = 5381;
    struct kept *k;

    for (size_t i = 0; i < len; i++)
        hash = hash * 33 + (unsigned char)sql[i];
    for (k = db->kept[hash % DB_BUCKETS]; k != NULL; k = k->next)
        if (k->len == len && memcmp(k->text, sql, len) == 0)
            return k->text;
    k = ln_alloc(sizeof *k + len + 1);
    k->len = len;
    memcpy(k->text, sql, len);
    k->next = db->kept[hash % DB_BUCKETS];
    db->kept[hash % DB_BUCKETS] = k;
    return k->text;
}
static void bound(struct ln_query *q, int rc)
{
    if (q->rc == SQLITE_OK)
        q->rc = rc;
}
void ln_db_int(struct ln_query *q, int64_t value)
{
    if (q->rc == SQLITE_OK)
        bound(q, sqlite3_bind_int64(q->st, ++q->bound, value));
}
void ln_db_text(struct ln_query *q, const char *text)
{
    ln_db_span(q, (struct ln_span){ text, text != NULL ? strlen(text) : 0 });
}
void ln_db_span(struct ln_query *q, struct ln_span text)
{
    if (q->rc == SQLITE_OK)
        bound(q,
              sqlite3_bind_text64(q->st, ++q->bound, text.p, text.len, SQLITE_STATIC, SQLITE_UTF8));
}
void ln_db_blob(struct ln_query *q, const void *data, size_t len)
{
    if (q->rc == SQLITE_OK)
        bound(q, sqlite3_bind_blob64(q->st, ++q->bound, data, len, SQLITE_STATIC));
}
void ln_db_null(struct ln_query *q)
{
    if (q->rc == SQLITE_OK)
        bound(q, sqlite3_bind_null(q->st, ++q->bound));
}
bool ln_db_end(struct ln_query *q)
{
    if (q->used && q->st != NULL) {
        (void)sqlite3_reset(q->st);
        (void)sqlite3_clear_bindings(q->st);
    }
    q->used = false;
    return false;
}
bool ln_db_row(struct ln_query *q, bool *row, struct ln_err *err)
{
    int rc = q->rc;

    *row = false;
    if (!db_usable(q->db, err))
        return ln_db_end(q);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q->st);
    if (rc == SQLITE_ROW) {
        *row = true;
        return true;
    }
    if (rc != SQLITE_DONE)
        (void)db_fail(q->db, rc, q->sql, err);
    (void)ln_db_end(q);
    return rc == SQLITE_DONE;
}
bool ln_db_run(struct ln_query *q, struct ln_err *err)
{
    bool row = true;

    while (row)
        if (!ln_db_row(q, &row, err))
            return false;
    return true;
}
int64_t ln_db_changed(const struct ln_db *db)
{
    return sqlite3_changes64(db->h);
}

int64_t ln_db_written(const struct ln_db *db)
{
    return sqlite3_total_changes64(db->h);
}

/* ---- columns */

enum ln_db_type ln_db_col_type(struct ln_query *q, int i)
{
    switch (sqlite3_column_type(q->st, i)) {
    case SQLITE_INTEGER:
        return LN_DB_INT;
    case SQLITE_FLOAT:
        return LN_DB_REAL;
    case SQLITE_TEXT:
        return LN_DB_TEXT;
    case SQLITE_BLOB:
        return LN_DB_BLOB;
    default:
        return LN_DB_NULL;
    }
}
int ln_db_cols(struct ln_query *q)
{
    return sqlite3_column_count(q->st);
}
const char *ln_db_col_name(struct ln_query *q, int i)
{
    return sqlite3_column_name(q->st, i);
}
int64_t ln_db_col_int(struct ln_query *q, int i)
{
    return sqlite3_column_int64(q->st, i);
}
struct ln_span ln_db_col_span(struct ln_query *q, int i)
{
    const void *p = sqlite3_column_blob(q->st, i);
    size_t len = (size_t)sqlite3_column_bytes(q->st, i);

    if (p == NULL && sqlite3_column_type(q->st, i) != SQLITE_NULL)
        p = "";
    return (struct ln_span){ p, len };
}
const char *ln_db_col_text(struct ln_query *q, int i)
{
    const unsigned char *text = sqlite3_column_text(q->st, i);

    return text != NULL ? (const char *)text : "";
}
void ln_db_col_copy(struct ln_query *q, int i, char *out, size_t room)
{
    (void)snprintf(out, room, "%s", ln_db_col_text(q, i));
}
void ln_db_col_bytes(struct ln_query *q, int i, void *out, size_t len)
{
    struct ln_span s = ln_db_col_span(q, i);

    if (s.p != NULL && s.len == len)
        memcpy(out, s.p, len);
    else
        memset(out, 0, len);
}

/* ---- statements that are not kept */

bool ln_db_exec(struct ln_db *db, const char *sql, struct ln_err *err)
{
    int rc;

    if (!db_usable(db, err))
        return false;
    rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || db_fail(db, rc, sql, err);
}
bool ln_db_truncate(struct ln_db *db, struct ln_err *err)
{
    if (!db_usable(db, err))
        return false;
    /* As a PRAGMA it succeeds and says in a row that it could not. */
    (void)sqlite3_busy_timeout(db->h, LN_DB_TRUNCATE_MS);
    int rc = sqlite3_wal_checkpoint_v2(db->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(db->h, LN_DB_BUSY_MS);
    return rc == SQLITE_OK || db_fail(db, rc, "emptying the write-ahead log", err);
}
bool ln_db_value(struct ln_db *db, const char *sql, int64_t *out, struct ln_err *err)
{
    sqlite3_stmt *st = NULL;
    int rc;

    if (!db_usable(db, err))
        return false;
    rc = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        (void)db_fail(db, rc, sql, err);
    (void)sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}
bool ln_db_check(struct ln_db *db, const char *sql, struct ln_err *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);

    (void)sqlite3_finalize(st);
    return rc == SQLITE_OK || db_fail(db, rc, sql, err);
}
