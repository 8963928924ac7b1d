/* Logins and sessions: see session.h. */
#include "node/store/session.h"

#include <string.h>

#include "crypto/encode.h"

bool ln_session_login(struct ln_login *out, struct ln_db *db, const char *login, struct ln_err *err)
{
    static const char sql[] =
        "SELECT account, hash, failed, locked_until FROM login WHERE login = ?";
    struct ln_query *q = ln_db_use(db, sql);

    *out = (struct ln_login){ 0 };
    ln_db_text(q, login);
    if (!ln_db_row(q, &out->found, err))
        return false;
    if (!out->found)
        return true;
    ln_db_col_bytes(q, 0, out->account.b, sizeof out->account.b);
    ln_db_col_copy(q, 1, out->hash, sizeof out->hash);
    out->failed = (unsigned)ln_db_col_int(q, 2);
    out->locked_until = ln_db_col_int(q, 3);
    (void)ln_db_end(q);
    return true;
}

bool ln_session_password(struct ln_db *db, const char *login, const struct ln_id *account,
                         const char *hash, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO login(login, account, hash) VALUES(?,?,?) ON CONFLICT(login) DO UPDATE SET"
        " account = excluded.account, hash = excluded.hash, failed = 0, locked_until = 0";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_text(q, login);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_text(q, hash);
    return ln_db_run(q, err);
}

bool ln_session_tried(struct ln_db *db, const char *login, bool good, int64_t now_ms,
                      struct ln_err *err)
{
    static const char well[] =
        "UPDATE login SET failed = 0, locked_until = 0 WHERE login = ?1 AND ?2 = ?2 AND ?3 = ?3";
    static const char bad[] =
        "UPDATE login SET failed = failed + 1,"
        " locked_until = CASE WHEN failed + 1 >= ?2 THEN ?3 ELSE locked_until END WHERE login = ?1";
    struct ln_query *q = ln_db_use(db, good ? well : bad);

    ln_db_text(q, login);
    ln_db_int(q, LN_SESSION_TRIES);
    ln_db_int(q, now_ms + LN_SESSION_LOCK_MS);
    return ln_db_run(q, err);
}

static struct ln_sha256 hashed(const uint8_t token[LN_SESSION_TOKEN])
{
    return ln_encode_sha256(token, LN_SESSION_TOKEN);
}

bool ln_session_find(struct ln_session_row *out, struct ln_db *db,
                     const uint8_t token[LN_SESSION_TOKEN], int64_t now_ms, struct ln_err *err)
{
    static const char sql[] =
        "SELECT account, role, expires FROM session WHERE token = ? AND expires > ?";
    struct ln_query *q = ln_db_use(db, sql);
    struct ln_sha256 h = hashed(token);

    *out = (struct ln_session_row){ 0 };
    ln_db_blob(q, h.b, sizeof h.b);
    ln_db_int(q, now_ms);
    if (!ln_db_row(q, &out->found, err))
        return false;
    if (!out->found)
        return true;
    ln_db_col_bytes(q, 0, out->account.b, sizeof out->account.b);
    ln_db_col_copy(q, 1, out->role, sizeof out->role);
    out->expires = ln_db_col_int(q, 2);
    (void)ln_db_end(q);
    return true;
}

bool ln_session_start(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN],
                      const struct ln_id *account, int64_t now_ms, int64_t expires,
                      struct ln_err *err)
{
    static const char sweep[] = "DELETE FROM session WHERE expires <= ?";
    static const char sql[] =
        "INSERT INTO session(token, account, role, created, expires) VALUES(?,?,'',?,?)";
    struct ln_query *q = ln_db_use(db, sweep);
    struct ln_sha256 h = hashed(token);

    ln_db_int(q, now_ms);
    if (!ln_db_run(q, err))
        return false;
    q = ln_db_use(db, sql);
    ln_db_blob(q, h.b, sizeof h.b);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_int(q, now_ms);
    ln_db_int(q, expires);
    return ln_db_run(q, err);
}

bool ln_session_role(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN], const char *role,
                     struct ln_err *err)
{
    static const char sql[] = "UPDATE session SET role = ? WHERE token = ?";
    struct ln_query *q = ln_db_use(db, sql);
    struct ln_sha256 h = hashed(token);

    ln_db_text(q, role);
    ln_db_blob(q, h.b, sizeof h.b);
    return ln_db_run(q, err);
}

bool ln_session_end(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN], struct ln_err *err)
{
    static const char sql[] = "DELETE FROM session WHERE token = ?";
    struct ln_query *q = ln_db_use(db, sql);
    struct ln_sha256 h = hashed(token);

    ln_db_blob(q, h.b, sizeof h.b);
    return ln_db_run(q, err);
}

bool ln_session_end_others(struct ln_db *db, const struct ln_id *account,
                           const uint8_t keep[LN_SESSION_TOKEN], struct ln_err *err)
{
    static const char sql[] = "DELETE FROM session WHERE account = ? AND token <> ?";
    struct ln_query *q = ln_db_use(db, sql);
    struct ln_sha256 h = hashed(keep);

    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_blob(q, h.b, sizeof h.b);
    return ln_db_run(q, err);
}
