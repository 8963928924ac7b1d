/* Opening, transactions, small values, logs with their segments and receipts, certificates,
 * audiences. */
#include "node/store/sqlstore.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/store/sqlstore_core.h"
#include "node/store/upgrade.h"

/* ---- opening */

static bool read_veil(struct ln_sqlstore *s, struct ln_err *err)
{
    static const char get[] = "SELECT secret FROM own WHERE name = 'veil'";
    static const char put[] = "INSERT INTO own(name, secret) VALUES('veil', ?)";
    struct ln_query *q = ln_db_use(s->keys, get);
    bool row;

    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        ln_db_col_bytes(q, 0, s->veil, sizeof s->veil);
        (void)ln_db_end(q);
        return true;
    }
    if (s->mode == LN_DB_READ)
        return ln_fail(err, LN_INVALID, "keys.db is not ready");
    randombytes_buf(s->veil, sizeof s->veil);
    q = ln_db_use(s->keys, put);
    ln_db_blob(q, s->veil, sizeof s->veil);
    /* Beside a database that is older than these keys: what was taken of children is not here. */
    return ln_db_run(q, err) &&
           ln_db_exec(s->db, "DELETE FROM meta WHERE key >= 'taken/' AND key < 'taken0'", err);
}

/* Schema files of keys.db only add, so that a program which went back a version goes on with the
 * keys of the newer one: an older copy would lack those made since. */
static bool keys_newer(struct ln_sqlstore *s, bool *yes, struct ln_err *err)
{
    int64_t have;

    if (!ln_db_schema(s->keys, &have, err))
        return false;
    *yes = have > ln_db_newest("store/keys");
    return true;
}

static bool keys_current(struct ln_sqlstore *s, struct ln_err *err)
{
    bool newer;

    return keys_newer(s, &newer, err) && (newer || ln_db_current(s->keys, "store/keys", err));
}

static bool keys_ready(struct ln_sqlstore *s, struct ln_err *err)
{
    bool newer;

    return keys_newer(s, &newer, err) && (newer || ln_db_migrate(s->keys, "store/keys", err));
}

static bool open_files(struct ln_sqlstore *s, const char *dir, struct ln_err *err)
{
    char keys[512];

    (void)snprintf(s->path, sizeof s->path, "%s/linli.db", dir);
    (void)snprintf(keys, sizeof keys, "%s/keys.db", dir);
    if (!ln_db_open(&s->keys, keys, s->mode, err) || !ln_db_open(&s->db, s->path, s->mode, err))
        return false;
    if (s->mode == LN_DB_READ)
        return ln_db_current(s->db, "store/sql", err) && keys_current(s, err);
    return keys_ready(s, err) && ln_upgrade_copy(dir, s->db, err) &&
           ln_db_migrate(s->db, "store/sql", err) && ln_sqlstore_tables(s, err);
}

bool ln_sqlstore_open(struct ln_sqlstore **out, const char *dir, const struct ln_schema *schema,
                      enum ln_db_mode mode, struct ln_err *err)
{
    struct ln_sqlstore *s = ln_alloc(sizeof *s);

    s->schema = schema;
    s->mode = mode;
    s->handle = (struct ln_store){ &ln_sqlstore_ops, s };
    if (!open_files(s, dir, err) || !read_veil(s, err)) {
        ln_sqlstore_close(s);
        return ln_wrap(err, "database");
    }
    *out = s;
    return true;
}

void ln_sqlstore_close(struct ln_sqlstore *s)
{
    if (s == NULL)
        return;
    ln_db_close(s->db);
    ln_db_close(s->keys);
    sodium_memzero(s->veil, sizeof s->veil);
    ln_free(s);
}

struct ln_store *ln_sqlstore_handle(struct ln_sqlstore *s)
{
    return &s->handle;
}

struct ln_db *ln_sqlstore_db(struct ln_sqlstore *s)
{
    return s->db;
}

const struct ln_schema *ln_sqlstore_schema(const struct ln_sqlstore *s)
{
    return s->schema;
}

/* ---- transactions */

bool ln_sqlstore_keys_begin(struct ln_sqlstore *s, struct ln_err *err)
{
    if (s->keys_open)
        return true;
    s->keys_open = ln_db_begin(s->keys, err);
    return s->keys_open;
}

static bool keys_commit(struct ln_sqlstore *s, struct ln_err *err)
{
    if (!s->keys_open)
        return true;
    s->keys_open = false;
    return ln_db_commit(s->keys, err);
}

static bool begin(void *ctx, const char *community, struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;

    (void)community;
    return ln_db_begin(s->db, err);
}

static bool commit(void *ctx, struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;

    return keys_commit(s, err) && ln_db_commit(s->db, err);
}

static void rollback(void *ctx)
{
    struct ln_sqlstore *s = ctx;
    struct ln_err err = { 0 };

    (void)!keys_commit(s, &err); /* a key too many does no harm */
    ln_db_rollback(s->db);
    s->next_record = 0;
    s->next_change = 0;
}

static bool savepoint(void *ctx, struct ln_err *err)
{
    return ln_db_savepoint(((struct ln_sqlstore *)ctx)->db, err);
}

static void savepoint_end(void *ctx, bool keep)
{
    ln_db_savepoint_end(((struct ln_sqlstore *)ctx)->db, keep);
}

static bool read_begin(void *ctx, struct ln_err *err)
{
    return ln_db_read_begin(((struct ln_sqlstore *)ctx)->db, err);
}

static void read_end(void *ctx)
{
    ln_db_rollback(((struct ln_sqlstore *)ctx)->db);
}

/* ---- small values */

static bool meta_get(void *ctx, const char *key, struct ln_buf *out, bool *found,
                     struct ln_err *err)
{
    static const char sql[] = "SELECT value FROM meta WHERE key = ?";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_text(q, key);
    if (!ln_db_row(q, found, err))
        return false;
    if (*found) {
        struct ln_span v = ln_db_col_span(q, 0);
        ln_buf_add(out, v.p, v.len);
        (void)ln_db_end(q);
    }
    return ln_buf_done(out, key, err);
}

static bool meta_put(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    static const char put[] = "INSERT INTO meta(key, value) VALUES(?, ?)"
                              " ON CONFLICT(key) DO UPDATE SET value = excluded.value";
    static const char drop[] = "DELETE FROM meta WHERE key = ?";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, value.p != NULL ? put : drop);

    ln_db_text(q, key);
    if (value.p != NULL)
        ln_db_blob(q, value.p, value.len);
    return ln_db_run(q, err);
}

static bool meta_each(void *ctx, const char *prefix, ln_store_meta_fn *fn, void *fctx,
                      struct ln_err *err)
{
    static const char sql[] =
        "SELECT key, value FROM meta WHERE key >= ?1 AND key < ?1 || char(0x10ffff) ORDER BY key";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    ln_db_text(q, prefix);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!fn(fctx, ln_db_col_text(q, 0), ln_db_col_span(q, 1), err))
            return ln_db_end(q);
    }
}

/* ---- logs */

#define LOG_COLUMNS "n, id, mine, head, applied, receipt, volume, head_sha, head_commit"

static void read_log(struct ln_store_log *l, struct ln_query *q)
{
    *l = (struct ln_store_log){ .n = ln_db_col_int(q, 0),
                                .mine = ln_db_col_int(q, 2) != 0,
                                .head = (uint64_t)ln_db_col_int(q, 3),
                                .applied = (uint64_t)ln_db_col_int(q, 4),
                                .receipt = (uint64_t)ln_db_col_int(q, 5),
                                .volume = (uint64_t)ln_db_col_int(q, 6) };
    ln_db_col_copy(q, 1, l->id, sizeof l->id);
    ln_db_col_bytes(q, 7, l->head_sha.b, sizeof l->head_sha.b);
    ln_db_col_bytes(q, 8, l->head_commit.b, sizeof l->head_commit.b);
}

static bool one_log(struct ln_query *q, struct ln_store_log *out, struct ln_err *err)
{
    bool row;

    *out = (struct ln_store_log){ 0 };
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        read_log(out, q);
        (void)ln_db_end(q);
    }
    return true;
}

static bool log_get(void *ctx, struct ln_store_log *out, const char *id, struct ln_err *err)
{
    static const char sql[] = "SELECT " LOG_COLUMNS " FROM log WHERE id = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_text(q, id);
    return one_log(q, out, err);
}

static bool log_by(void *ctx, struct ln_store_log *out, int64_t n, struct ln_err *err)
{
    static const char sql[] = "SELECT " LOG_COLUMNS " FROM log WHERE n = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, n);
    return one_log(q, out, err);
}

static void bind_log(struct ln_query *q, const struct ln_store_log *l)
{
    ln_db_int(q, l->mine);
    ln_db_int(q, (int64_t)l->head);
    ln_db_int(q, (int64_t)l->applied);
    ln_db_int(q, (int64_t)l->receipt);
    ln_db_int(q, (int64_t)l->volume);
    ln_db_blob(q, l->head_sha.b, sizeof l->head_sha.b);
    ln_db_blob(q, l->head_commit.b, sizeof l->head_commit.b);
}

/* Mostly the log is here: an update costs a third of an upsert that returns. */
static bool log_put(void *ctx, struct ln_store_log *l, struct ln_err *err)
{
    static const char set[] = "UPDATE log SET mine = ?, head = ?, applied = ?, receipt = ?,"
                              " volume = ?, head_sha = ?, head_commit = ? WHERE n = ?";
    static const char add[] =
        "INSERT INTO log(mine, head, applied, receipt, volume, head_sha, head_commit, id) "
        "VALUES(?,?,?,?,?,?,?,?)"
        " ON CONFLICT(id) DO UPDATE SET mine = excluded.mine, head = excluded.head, applied = "
        "excluded.applied,"
        " receipt = excluded.receipt, volume = excluded.volume, head_sha = excluded.head_sha,"
        " head_commit = excluded.head_commit RETURNING n";
    struct ln_db *db = ((struct ln_sqlstore *)ctx)->db;
    struct ln_query *q;
    bool row;

    if (l->n > 0) {
        q = ln_db_use(db, set);
        bind_log(q, l);
        ln_db_int(q, l->n);
        if (!ln_db_run(q, err))
            return false;
        if (ln_db_changed(db) > 0)
            return true;
    }
    q = ln_db_use(db, add);
    bind_log(q, l);
    ln_db_text(q, l->id);
    if (!ln_db_row(q, &row, err))
        return false;
    l->n = row ? ln_db_col_int(q, 0) : l->n;
    return !row || ln_db_run(q, err);
}

static bool log_each(void *ctx, ln_store_log_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT " LOG_COLUMNS " FROM log ORDER BY n";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    struct ln_store_log l;
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        read_log(&l, q);
        if (!fn(fctx, &l, err))
            return ln_db_end(q);
    }
}

/* ---- segments and files */

static bool file_put(void *ctx, int64_t log, uint64_t seq, const struct ln_store_file *f,
                     struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO file(log, seq, name, sha, size, bytes) VALUES(?,?,?,?,?,?) ON CONFLICT(log, "
        "seq, name)"
        " DO UPDATE SET sha = excluded.sha, size = excluded.size, bytes = excluded.bytes";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)seq);
    ln_db_text(q, f->name);
    ln_db_blob(q, f->sha.b, sizeof f->sha.b);
    ln_db_int(q, (int64_t)f->size);
    ln_db_blob(q, f->bytes.p, f->bytes.len);
    return ln_db_run(q, err);
}

static bool segment_put(void *ctx, const struct ln_store_segment *g, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO segment(log, seq, sha, hlc, commit_object, tree_object, volume) "
        "VALUES(?,?,?,?,?,?,?)"
        " ON CONFLICT(log, seq) DO UPDATE SET sha = excluded.sha, hlc = excluded.hlc,"
        " commit_object = excluded.commit_object, tree_object = excluded.tree_object, volume = "
        "excluded.volume";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, g->log);
    ln_db_int(q, (int64_t)g->seq);
    ln_db_blob(q, g->sha.b, sizeof g->sha.b);
    ln_db_int(q, g->hlc);
    ln_db_blob(q, g->commit.p, g->commit.len);
    ln_db_blob(q, g->tree.p, g->tree.len);
    ln_db_text(q, g->volume[0] != '\0' ? g->volume : NULL);
    if (!ln_db_run(q, err))
        return false;
    for (size_t i = 0; i < g->n_files; i++)
        if (!file_put(ctx, g->log, g->seq, &g->files[i], err))
            return false;
    return true;
}

/* The files of one segment, each with whether another one follows; the query stays open while their
 * bytes are in use, and comes back to be ended. */
static bool read_files(struct ln_sqlstore *s, struct ln_store_segment *g, bool bytes,
                       struct ln_query **open, size_t *n_open, struct ln_err *err)
{
#define READ_FILE(bytes)                                                                           \
    "SELECT name, sha, size, EXISTS (SELECT 1 FROM file n WHERE n.log = ?1 AND n.seq = ?2"         \
    " AND n.name > f.name), " bytes " FROM file f WHERE log = ?1 AND seq = ?2 AND name > ?3"       \
    " ORDER BY name LIMIT 1"
    static const char with[] = READ_FILE("bytes");
    static const char without[] = READ_FILE("NULL");
    char after[24] = "";
    bool more = true;
    bool row;

    while (more && g->n_files < LN_SEGMENT_FILES) {
        struct ln_query *q = ln_db_use(s->db, bytes ? with : without);
        ln_db_int(q, g->log);
        ln_db_int(q, (int64_t)g->seq);
        ln_db_text(q, after);
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        struct ln_store_file *f = &g->files[g->n_files++];
        *f = (struct ln_store_file){ .size = (size_t)ln_db_col_int(q, 2) };
        ln_db_col_copy(q, 0, f->name, sizeof f->name);
        ln_db_col_bytes(q, 1, f->sha.b, sizeof f->sha.b);
        memcpy(after, f->name, sizeof after);
        more = ln_db_col_int(q, 3) != 0;
        if (ln_db_col_type(q, 4) != LN_DB_NULL) {
            f->bytes = ln_db_col_span(q, 4);
            open[(*n_open)++] = q;
        } else
            (void)ln_db_end(q);
    }
    return true;
}

static bool give_segment(struct ln_sqlstore *s, struct ln_query *q, int64_t log, bool bytes,
                         ln_store_segment_fn *fn, void *fctx, struct ln_err *err)
{
    struct ln_store_segment g = { .log = log,
                                  .seq = (uint64_t)ln_db_col_int(q, 0),
                                  .hlc = ln_db_col_int(q, 2) };
    struct ln_query *open[LN_SEGMENT_FILES];
    size_t n_open = 0;
    bool ok;

    ln_db_col_bytes(q, 1, g.sha.b, sizeof g.sha.b);
    if (ln_db_col_type(q, 3) != LN_DB_NULL)
        g.commit = ln_db_col_span(q, 3);
    if (ln_db_col_type(q, 4) != LN_DB_NULL)
        g.tree = ln_db_col_span(q, 4);
    ln_db_col_copy(q, 5, g.volume, sizeof g.volume);
    ok = read_files(s, &g, bytes, open, &n_open, err) && fn(fctx, &g, err);
    for (size_t i = 0; i < n_open; i++)
        (void)ln_db_end(open[i]);
    return ok;
}

static bool segment_each(void *ctx, int64_t log, uint64_t from, bool bytes, ln_store_segment_fn *fn,
                         void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT seq, sha, hlc, commit_object, tree_object, volume FROM segment"
        " WHERE log = ? AND seq >= ? ORDER BY seq";
    struct ln_sqlstore *s = ctx;
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)from);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!give_segment(s, q, log, bytes, fn, fctx, err))
            return ln_db_end(q);
    }
}

static bool segment_cut(void *ctx, int64_t log, uint64_t from, struct ln_err *err)
{
    static const char *const sql[] = { "DELETE FROM segment WHERE log = ? AND seq >= ?",
                                       "DELETE FROM file WHERE log = ? AND seq >= ?" };
    struct ln_sqlstore *s = ctx;

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct ln_query *q = ln_db_use(s->db, sql[i]);
        ln_db_int(q, log);
        ln_db_int(q, (int64_t)from);
        if (!ln_db_run(q, err))
            return false;
    }
    return true;
}

static bool segments_with(void *ctx, int64_t log, const char *name, uint64_t *seqs, size_t max,
                          size_t *n, struct ln_err *err)
{
    static const char sql[] =
        "SELECT seq FROM file WHERE log = ? AND name = ? AND size > 0 ORDER BY seq LIMIT ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    ln_db_int(q, log);
    ln_db_text(q, name);
    ln_db_int(q, (int64_t)max);
    for (*n = 0;; ++*n) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        seqs[*n] = (uint64_t)ln_db_col_int(q, 0);
    }
}

static bool files_in(void *ctx, int64_t log, uint64_t from, uint64_t to, ln_store_files_fn *fn,
                     void *fctx, struct ln_err *err)
{
    static const char sql[] =
        "SELECT name, count(bytes), count(*) - count(bytes), sum(iif(bytes IS NULL, 0, size))"
        " FROM file WHERE log = ? AND seq BETWEEN ? AND ? AND name <> 'public.jsonl' GROUP BY name";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)from);
    ln_db_int(q, (int64_t)to);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        struct ln_store_files f = { .name = ln_db_col_text(q, 0),
                                    .held = (uint64_t)ln_db_col_int(q, 1),
                                    .lacking = (uint64_t)ln_db_col_int(q, 2),
                                    .bytes = (uint64_t)ln_db_col_int(q, 3) };
        if (!fn(fctx, &f, err))
            return ln_db_end(q);
    }
}

static bool files_drop(void *ctx, int64_t log, uint64_t to, struct ln_err *err)
{
    static const char sql[] = "UPDATE file SET bytes = NULL WHERE log = ? AND seq <= ? AND name <>"
                              " 'public.jsonl' AND bytes IS NOT NULL";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)to);
    return ln_db_run(q, err);
}

static bool fork_put(void *ctx, int64_t log, uint64_t seq, const struct ln_sha256 *sha,
                     struct ln_span object, struct ln_err *err)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO fork(log, seq, sha, commit_object) VALUES(?,?,?,?)";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)seq);
    ln_db_blob(q, sha->b, sizeof sha->b);
    ln_db_blob(q, object.p, object.len);
    return ln_db_run(q, err);
}

/* ---- receipts */

static bool receipt_put(void *ctx, int64_t log, const struct ln_store_receipt *r,
                        struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO receipt(log, seq, t, evidence) VALUES(?,?,?,?) ON CONFLICT(log, seq)"
        " DO UPDATE SET t = excluded.t, evidence = excluded.evidence WHERE excluded.t <= t";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_int(q, log);
    ln_db_int(q, (int64_t)r->seq);
    ln_db_int(q, r->t);
    ln_db_blob(q, r->evidence.p, r->evidence.len);
    return ln_db_run(q, err);
}

static bool receipt_first(void *ctx, int64_t log, uint64_t seq, struct ln_store_receipt *out,
                          struct ln_buf *evidence, struct ln_err *err)
{
    static const char sql[] =
        "SELECT seq, t, evidence FROM receipt WHERE log = ? AND seq >= ? ORDER BY seq LIMIT 1";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    *out = (struct ln_store_receipt){ 0 };
    ln_db_int(q, log);
    ln_db_int(q, (int64_t)seq);
    if (!ln_db_row(q, &row, err))
        return false;
    if (!row)
        return true;
    out->seq = (uint64_t)ln_db_col_int(q, 0);
    out->t = ln_db_col_int(q, 1);
    if (evidence != NULL) {
        struct ln_span v = ln_db_col_span(q, 2);
        ln_buf_add(evidence, v.p, v.len);
    }
    (void)ln_db_end(q);
    return evidence == NULL || ln_buf_done(evidence, "evidence", err);
}

/* ---- certificates */

static bool cert_put(void *ctx, const char *author, bool revoke, struct ln_span f,
                     struct ln_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO cert(sha, author, revoke, f) VALUES(?,?,?,?)";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    struct ln_sha256 sha = ln_encode_sha256(f.p, f.len);

    ln_db_blob(q, sha.b, sizeof sha.b);
    ln_db_text(q, author);
    ln_db_int(q, revoke);
    ln_db_span(q, f);
    return ln_db_run(q, err);
}

static bool cert_each(void *ctx, ln_store_cert_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT author, revoke, f FROM cert ORDER BY n";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        if (!fn(fctx, ln_db_col_text(q, 0), ln_db_col_int(q, 1) != 0, ln_db_col_span(q, 2), err))
            return ln_db_end(q);
    }
}

/* ---- audiences */

static void read_audience(struct ln_store_audience *a, struct ln_query *q)
{
    *a = (struct ln_store_audience){ .n = ln_db_col_int(q, 0) };
    ln_db_col_copy(q, 1, a->name, sizeof a->name);
    ln_db_col_bytes(q, 2, a->digest.b, sizeof a->digest.b);
}

static bool audience_get(void *ctx, struct ln_store_audience *out, const char *name,
                         struct ln_err *err)
{
    static const char get[] = "SELECT n, name, digest FROM audience WHERE name = ?";
    static const char put[] = "INSERT INTO audience(name, digest) VALUES(?, zeroblob(16))";
    struct ln_sqlstore *s = ctx;
    bool row = false;

    *out = (struct ln_store_audience){ 0 };
    for (int turn = 0; turn < 2; turn++) {
        struct ln_query *q = ln_db_use(s->db, get);
        ln_db_text(q, name);
        if (!ln_db_row(q, &row, err))
            return false;
        if (row) {
            read_audience(out, q);
            (void)ln_db_end(q);
            return true;
        }
        if (s->mode == LN_DB_READ)
            return true;
        q = ln_db_use(s->db, put);
        ln_db_text(q, name);
        if (turn == 0 && !ln_db_run(q, err))
            return false;
    }
    return ln_fail(err, LN_BROKEN, "audience %s cannot be made", name);
}

static bool audience_by(void *ctx, struct ln_store_audience *out, int64_t n, struct ln_err *err)
{
    static const char sql[] = "SELECT n, name, digest FROM audience WHERE n = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    bool row;

    *out = (struct ln_store_audience){ 0 };
    ln_db_int(q, n);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        read_audience(out, q);
        (void)ln_db_end(q);
    }
    return true;
}

static bool audience_put(void *ctx, const struct ln_store_audience *a, struct ln_err *err)
{
    static const char sql[] = "UPDATE audience SET digest = ? WHERE n = ?";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);

    ln_db_blob(q, a->digest.b, sizeof a->digest.b);
    ln_db_int(q, a->n);
    return ln_db_run(q, err);
}

static bool audience_each(void *ctx, ln_store_audience_fn *fn, void *fctx, struct ln_err *err)
{
    static const char sql[] = "SELECT n, name, digest FROM audience ORDER BY n";
    struct ln_query *q = ln_db_use(((struct ln_sqlstore *)ctx)->db, sql);
    struct ln_store_audience a;
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        read_audience(&a, q);
        if (!fn(fctx, &a, err))
            return ln_db_end(q);
    }
}

const struct ln_store_ops ln_sqlstore_ops = {
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .savepoint = savepoint,
    .savepoint_end = savepoint_end,
    .read_begin = read_begin,
    .read_end = read_end,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .meta_each = meta_each,
    .log_get = log_get,
    .log_by = log_by,
    .log_put = log_put,
    .log_each = log_each,
    .segment_put = segment_put,
    .segment_each = segment_each,
    .segment_cut = segment_cut,
    .file_put = file_put,
    .segments_with = segments_with,
    .files_in = files_in,
    .files_drop = files_drop,
    .fork_put = fork_put,
    .receipt_put = receipt_put,
    .receipt_first = receipt_first,
    .cert_put = cert_put,
    .cert_each = cert_each,
    .audience_get = audience_get,
    .audience_by = audience_by,
    .audience_put = audience_put,
    .audience_each = audience_each,
    .audience_drop = ln_sqlstore_audience_drop,
    .epoch_put = ln_sqlstore_epoch_put,
    .epoch_find = ln_sqlstore_epoch_find,
    .epoch_last = ln_sqlstore_epoch_last,
    .epoch_each = ln_sqlstore_epoch_each,
    .reserve = ln_sqlstore_reserve,
    .records_get = ln_sqlstore_records_get,
    .records_by = ln_sqlstore_records_by,
    .records_put = ln_sqlstore_records_put,
    .records_of = ln_sqlstore_records_of,
    .records_unknown = ln_sqlstore_records_unknown,
    .changes_of = ln_sqlstore_changes_of,
    .changes_get = ln_sqlstore_changes_get,
    .changes_each = ln_sqlstore_changes_each,
    .changes_in = ln_sqlstore_changes_in,
    .changes_put = ln_sqlstore_changes_put,
    .changes_set = ln_sqlstore_changes_set,
    .changes_drop = ln_sqlstore_changes_drop,
    .unsealed = ln_sqlstore_unsealed,
    .unsealed_sum = ln_sqlstore_unsealed_sum,
    .rows_put = ln_sqlstore_rows_put,
    .todo_put = ln_sqlstore_todo_put,
    .refused_put = ln_sqlstore_refused_put,
    .refused_drop = ln_sqlstore_refused_drop,
    .refused_each = ln_sqlstore_refused_each,
    .alias_get = ln_sqlstore_alias_get,
    .alias_put = ln_sqlstore_alias_put,
    .alias_into = ln_sqlstore_alias_into,
    .alias_rooted = ln_sqlstore_alias_rooted,
    .alias_any = ln_sqlstore_alias_any,
    .lost_put = ln_sqlstore_lost_put,
    .key_get = ln_sqlstore_key_get,
    .key_for = ln_sqlstore_key_for,
    .key_put = ln_sqlstore_key_put,
    .key_pending = ln_sqlstore_key_pending,
    .given_again = ln_sqlstore_given_again,
    .escrow_put = ln_sqlstore_escrow_put,
    .escrow_each = ln_sqlstore_escrow_each,
    .key_wait = ln_sqlstore_key_wait,
    .key_waiting = ln_sqlstore_key_waiting,
    .key_wanted = ln_sqlstore_key_wanted,
    .kids_of = ln_sqlstore_kids_of,
    .kid_audience = ln_sqlstore_kid_audience,
    .key_erase = ln_sqlstore_key_erase,
    .erase = ln_sqlstore_erase,
    .erased = ln_sqlstore_erased,
    .subject_records = ln_sqlstore_subject_records,
    .shred = ln_sqlstore_shred,
    .counts = ln_sqlstore_counts,
    .derived_drop = ln_sqlstore_derived_drop,
};
