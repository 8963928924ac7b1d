/* One connection to one SQLite file, and what keeps query functions short: a cache of prepared
 * statements keyed by their static text, typed binds and columns, errors that say what to do.
 *
 *     bool ln_change_unsent(int64_t *out, struct ln_db *db, const char *node, struct ln_err *err)
 *     {
 *         static const char sql[] = "SELECT count(*) FROM change WHERE node = :node";
 *         struct ln_query *q = ln_db_use(db, sql);
 *         bool row;
 *
 *         ln_db_text(q, node);
 *         if (!ln_db_row(q, &row, err))
 *             return false;
 *         *out = ln_db_col_int(q, 0);
 *         ln_db_end(q);
 *         return true;
 *     }
 *
 * A connection and its queries belong to one thread. After a disk error (failed read, write or
 * fsync, damaged file) the connection is broken: every later call fails with LN_BROKEN, nothing is
 * tried again; close it and let the program start anew (a failed fsync tried again lies).
 * Errors everywhere: LN_BUSY another process or thread holds the lock for longer than the time-out;
 * LN_FULL the disk is full; LN_INVALID the value does not fit the table; LN_BROKEN disk, file or
 * library. */
#ifndef LN_DB_H
#define LN_DB_H

#include "crypto/base/buf.h"

#define LN_DB_BUSY_MS 5000
#define LN_DB_TRUNCATE_MS 100 /* the writer waits no longer for readers of the write-ahead log */
#define LN_DB_FULL "the disk is full" /* how such an error begins */
/* Connections of web workers are many and their queries small; the writer's is one. */
#define LN_DB_CACHE_WRITER_KIB 4096
#define LN_DB_CACHE_READER_KIB 512

struct ln_db;
struct ln_query;

enum ln_db_mode {
    LN_DB_READ,  /* must be there; nothing can be written */
    LN_DB_WRITE, /* made when it is not there, 0600; WAL, synchronous=FULL */
};

/* Opens `path`. secure_delete is on: what is deleted is overwritten. The full text tokenizer
 * "linli" (token.h) is known to every connection. */
bool ln_db_open(struct ln_db **out, const char *path, enum ln_db_mode mode,
                struct ln_err *err) LN_MUST;
/* Accepts NULL. Rolls an open transaction back. */
void ln_db_close(struct ln_db *db);
/* Brings the schema to the newest of the numbered files in `folder` ("store/sql"), each in its own
 * transaction; PRAGMA user_version holds the number of the last one. LN_INVALID when the file was
 * made by a newer program. */
bool ln_db_migrate(struct ln_db *db, const char *folder, struct ln_err *err) LN_MUST;
/* The number of the last file in `folder`, 0 when there is none; and of the schema that the file
 * has. */
int64_t ln_db_newest(const char *folder);
bool ln_db_schema(struct ln_db *db, int64_t *out, struct ln_err *err) LN_MUST;
/* Writes the whole database, as it is now, into a new file `path` (0600, fsynced; no name of the
 * folder is). The connection is in no transaction. LN_FULL. */
bool ln_db_copy(struct ln_db *db, const char *path, struct ln_err *err) LN_MUST;
/* Moves everything from the write-ahead log into the database file and empties the log: what was
 * overwritten there stands in no file any more. Outside a transaction. LN_BUSY a reader still looks
 * at it: later. */
bool ln_db_truncate(struct ln_db *db, struct ln_err *err) LN_MUST;
/* LN_INVALID unless the schema is at that newest number: for readers. */
bool ln_db_current(struct ln_db *db, const char *folder, struct ln_err *err) LN_MUST;

/* ---- transactions. commit: durable when true; on failure everything is rolled back. */
bool ln_db_begin(struct ln_db *db, struct ln_err *err) LN_MUST;      /* writing */
bool ln_db_read_begin(struct ln_db *db, struct ln_err *err) LN_MUST; /* one snapshot */
bool ln_db_commit(struct ln_db *db, struct ln_err *err) LN_MUST;
void ln_db_rollback(struct ln_db *db); /* nothing to do is no error */
bool ln_db_savepoint(struct ln_db *db, struct ln_err *err) LN_MUST;
void ln_db_savepoint_end(struct ln_db *db, bool keep);
bool ln_db_in_transaction(const struct ln_db *db);

/* ---- queries. `sql` is one statement and must live as long as the connection: a static text, or
 * one from ln_db_keep; it is the key of the cache. Never NULL: what goes wrong here or while
 * binding comes out of the next row or run. Used again inside its own loop it is a second query. */
struct ln_query *ln_db_use(struct ln_db *db, const char *sql);
/* A text of this connection's own that equals `sql` (`len` bytes): for statements made at run time.
 * The same text gives the same pointer. Bounded by what the schema can ask for. */
const char *ln_db_keep(struct ln_db *db, const char *sql, size_t len);

/* Binds, in the order in which the parameters first stand in the text. Bytes are borrowed until
 * the query ends. */
void ln_db_int(struct ln_query *q, int64_t value);
void ln_db_text(struct ln_query *q, const char *text);             /* NULL = NULL */
void ln_db_span(struct ln_query *q, struct ln_span text);          /* .p NULL = NULL */
void ln_db_blob(struct ln_query *q, const void *data, size_t len); /* NULL = NULL */
void ln_db_null(struct ln_query *q);

/* The next row: *row false at the end, and then, as after a failure, the query has ended. */
bool ln_db_row(struct ln_query *q, bool *row, struct ln_err *err) LN_MUST;
/* Runs a statement without rows to its end (rows are passed over) and ends it. */
bool ln_db_run(struct ln_query *q, struct ln_err *err) LN_MUST;
/* Ends a query before its last row; ended ones may be ended again. Returns false, so that
 * `return ln_db_end(q)` can close a failing loop. */
bool ln_db_end(struct ln_query *q);
/* How many rows the last statement that ran to its end wrote. */
int64_t ln_db_changed(const struct ln_db *db);
/* How many rows this connection has written since it was opened. */
int64_t ln_db_written(const struct ln_db *db);

/* Columns of the present row, from 0. Spans are borrowed until the next row or the end, never with
 * .p NULL unless the column is NULL; text ends in '\0'. */
enum ln_db_type { LN_DB_NULL, LN_DB_INT, LN_DB_REAL, LN_DB_TEXT, LN_DB_BLOB };
enum ln_db_type ln_db_col_type(struct ln_query *q, int i);
int ln_db_cols(struct ln_query *q);
const char *ln_db_col_name(struct ln_query *q, int i);
int64_t ln_db_col_int(struct ln_query *q, int i);
struct ln_span ln_db_col_span(struct ln_query *q, int i); /* text or blob */
/* "" for NULL */
const char *ln_db_col_text(struct ln_query *q, int i);
/* Copies text into a sized array, '\0' behind; cut when it does not fit. */
void ln_db_col_copy(struct ln_query *q, int i, char *out, size_t room);
/* Exactly `len` bytes, else zeros (NULL, or another length). */
void ln_db_col_bytes(struct ln_query *q, int i, void *out, size_t len);

/* One statement without parameters and rows, or several, not cached: DDL and pragmas. */
bool ln_db_exec(struct ln_db *db, const char *sql, struct ln_err *err) LN_MUST;
/* One integer from a text that is not cached (pragmas). */
bool ln_db_value(struct ln_db *db, const char *sql, int64_t *out, struct ln_err *err) LN_MUST;
/* What `sql` would fail with when prepared: for the test of all texts. */
bool ln_db_check(struct ln_db *db, const char *sql, struct ln_err *err) LN_MUST;

#endif
