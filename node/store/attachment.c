/* Rows of attachments and uploads: see attachment.h. */
#include "node/store/attachment.h"

#include "sync/files.h"

#include <string.h>

static void read_row(struct ln_attachment *out, struct ln_query *q)
{
    out->found = true;
    ln_db_col_bytes(q, 0, out->sha.b, sizeof out->sha.b);
    out->size = (uint64_t)ln_db_col_int(q, 1);
    out->whole = ln_db_col_int(q, 2) != 0;
    ln_db_col_copy(q, 3, out->sender, sizeof out->sender);
}

bool ln_attachment_find(struct ln_attachment *out, struct ln_db *db, const struct ln_sha256 *sha,
                        struct ln_err *err)
{
    static const char sql[] = "SELECT sha, size, whole, sender FROM attachment WHERE sha = ?";
    struct ln_query *q = ln_db_use(db, sql);
    bool row;

    *out = (struct ln_attachment){ .sha = *sha };
    ln_db_blob(q, sha->b, sizeof sha->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row)
        read_row(out, q);
    (void)ln_db_end(q);
    return true;
}

bool ln_attachment_put(struct ln_db *db, const struct ln_attachment *a, enum ln_attachment_up up,
                       int64_t now_ms, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO attachment(sha, size, whole, sender, up, tried, at) VALUES(?,?,?,?,?,0,?)"
        " ON CONFLICT(sha) DO UPDATE SET whole = max(whole, excluded.whole),"
        " up = max(up, excluded.up)";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, a->sha.b, sizeof a->sha.b);
    ln_db_int(q, (int64_t)a->size);
    ln_db_int(q, a->whole);
    ln_db_text(q, a->sender);
    ln_db_int(q, up);
    ln_db_int(q, now_ms);
    return ln_db_run(q, err);
}

static bool run_on(struct ln_db *db, const char *sql, const struct ln_sha256 *sha,
                   struct ln_err *err)
{
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, sha->b, sizeof sha->b);
    return ln_db_run(q, err);
}

bool ln_attachment_behind(struct ln_attachment *out, struct ln_db *db,
                          const struct ln_sha256 *after, struct ln_err *err)
{
    static const char sql[] = "SELECT sha, size, whole, sender FROM attachment WHERE sha > ? AND"
                              " whole = 1 ORDER BY sha LIMIT 1";
    struct ln_query *q = ln_db_use(db, sql);
    bool row;

    *out = (struct ln_attachment){ .found = false };
    ln_db_blob(q, after->b, sizeof after->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (row)
        read_row(out, q);
    (void)ln_db_end(q);
    return true;
}

bool ln_attachment_lost(struct ln_db *db, const struct ln_sha256 *sha, struct ln_err *err)
{
    return run_on(db, "UPDATE attachment SET whole = 0, sender = '', tried = 0 WHERE sha = ?", sha,
                  err);
}

bool ln_attachment_sent(struct ln_db *db, const struct ln_sha256 *sha, struct ln_err *err)
{
    static const char sql[] = "UPDATE attachment SET up = 2 WHERE sha = ?";

    return run_on(db, sql, sha, err);
}

bool ln_attachment_forget(struct ln_db *db, const struct ln_sha256 *sha, struct ln_err *err)
{
    static const char sql[] = "DELETE FROM attachment WHERE sha = ?";

    return run_on(db, sql, sha, err);
}

bool ln_attachment_tried(struct ln_db *db, const struct ln_sha256 *sha, int64_t now_ms,
                         struct ln_err *err)
{
    static const char sql[] = "UPDATE attachment SET tried = ? WHERE sha = ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, now_ms);
    ln_db_blob(q, sha->b, sizeof sha->b);
    return ln_db_run(q, err);
}

bool ln_attachment_next(struct ln_attachment *out, size_t room, size_t *n, struct ln_db *db,
                        bool wanted, uint64_t max, int64_t before_ms, struct ln_err *err)
{
    static const char up[] = "SELECT sha, size, whole, sender FROM attachment WHERE up = 1 AND"
                             " whole = 1 AND tried < ? AND size <= ?"
                             " ORDER BY size > ?, size > ?, at LIMIT ?";
    static const char down[] = "SELECT sha, size, whole, sender FROM attachment WHERE whole = 0 AND"
                               " sender = '' AND tried < ? AND size <= ?"
                               " ORDER BY size > ?, size > ?, at LIMIT ?";
    struct ln_query *q = ln_db_use(db, wanted ? down : up);

    *n = 0;
    ln_db_int(q, before_ms);
    ln_db_int(q, (int64_t)max);
    ln_db_int(q, LN_FILES_THUMB);
    ln_db_int(q, LN_FILES_SMALL);
    ln_db_int(q, (int64_t)room);
    for (bool row = true; *n < room;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        out[*n] = (struct ln_attachment){ .found = true };
        read_row(&out[(*n)++], q);
    }
    (void)ln_db_end(q);
    return true;
}

/* One row of up to two counts. */
static bool numbers(struct ln_query *q, uint64_t *a, uint64_t *b, struct ln_err *err)
{
    bool row;

    *a = 0;
    if (!ln_db_row(q, &row, err))
        return false;
    if (row) {
        *a = (uint64_t)ln_db_col_int(q, 0);
        if (b != NULL)
            *b = (uint64_t)ln_db_col_int(q, 1);
    }
    (void)ln_db_end(q);
    return true;
}

bool ln_attachment_bytes(uint64_t *out, struct ln_db *db, const char *sender, struct ln_err *err)
{
    static const char one[] =
        "SELECT coalesce(sum(size), 0) FROM attachment WHERE sender <> '' AND sender = ?";
    static const char all[] = "SELECT coalesce(sum(size), 0) FROM attachment WHERE whole = 1";
    struct ln_query *q = ln_db_use(db, sender != NULL ? one : all);

    if (sender != NULL)
        ln_db_text(q, sender);
    return numbers(q, out, NULL, err);
}

bool ln_attachment_waiting(uint64_t *unsent, uint64_t *wanted, struct ln_db *db, struct ln_err *err)
{
    static const char sql[] = "SELECT (SELECT count(*) FROM attachment WHERE up = 1 AND whole = 1),"
                              " (SELECT count(*) FROM attachment WHERE whole = 0 AND sender = '')";

    *wanted = 0;
    return numbers(ln_db_use(db, sql), unsent, wanted, err);
}

/* ---- uploads */

bool ln_upload_put(struct ln_db *db, const struct ln_sha256 *sha, const struct ln_id *account,
                   const char *value, int64_t now_ms, struct ln_err *err)
{
    static const char count[] = "SELECT count(*) FROM upload WHERE account = ?";
    static const char put[] = "INSERT INTO upload(sha, account, value, at) VALUES(?,?,?,?)";
    struct ln_query *q = ln_db_use(db, count);
    uint64_t n;

    ln_db_blob(q, account->b, sizeof account->b);
    if (!numbers(q, &n, NULL, err))
        return false;
    if (n >= LN_ATTACHMENT_UPLOADS)
        return ln_fail(err, LN_FULL, "%d files of yours already wait to be used",
                       LN_ATTACHMENT_UPLOADS);
    q = ln_db_use(db, put);
    ln_db_blob(q, sha->b, sizeof sha->b);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_text(q, value);
    ln_db_int(q, now_ms);
    return ln_db_run(q, err);
}

bool ln_upload_find(struct ln_buf *out, struct ln_db *db, const struct ln_sha256 *sha,
                    const struct ln_id *account, struct ln_err *err)
{
    static const char sql[] = "SELECT value FROM upload WHERE sha = ? AND account = ?";
    struct ln_query *q = ln_db_use(db, sql);
    bool row;

    ln_db_blob(q, sha->b, sizeof sha->b);
    ln_db_blob(q, account->b, sizeof account->b);
    if (!ln_db_row(q, &row, err))
        return false;
    if (!row)
        return true;
    ln_buf_adds(out, ln_db_col_text(q, 0));
    (void)ln_db_end(q);
    return true;
}

bool ln_upload_set(struct ln_db *db, const struct ln_sha256 *sha, const char *value,
                   struct ln_err *err)
{
    static const char sql[] = "UPDATE upload SET value = ? WHERE sha = ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_text(q, value);
    ln_db_blob(q, sha->b, sizeof sha->b);
    return ln_db_run(q, err);
}

bool ln_upload_take(struct ln_buf *out, struct ln_db *db, const struct ln_sha256 *sha,
                    const struct ln_id *account, struct ln_err *err)
{
    static const char drop[] = "DELETE FROM upload WHERE sha = ? AND account = ?";
    struct ln_query *q;

    if (!ln_upload_find(out, db, sha, account, err))
        return false;
    q = ln_db_use(db, drop);
    ln_db_blob(q, sha->b, sizeof sha->b);
    ln_db_blob(q, account->b, sizeof account->b);
    return ln_db_run(q, err);
}

bool ln_upload_stale(struct ln_sha256 *sha, struct ln_buf *value, bool *found, struct ln_db *db,
                     int64_t before_ms, struct ln_err *err)
{
    static const char sql[] = "SELECT sha, value FROM upload WHERE at < ? ORDER BY at LIMIT 1";
    static const char drop[] = "DELETE FROM upload WHERE sha = ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, before_ms);
    if (!ln_db_row(q, found, err))
        return false;
    if (!*found)
        return true;
    ln_db_col_bytes(q, 0, sha->b, sizeof sha->b);
    ln_buf_adds(value, ln_db_col_text(q, 1));
    (void)ln_db_end(q);
    return run_on(db, drop, sha, err) && ln_attachment_forget(db, sha, err);
}
