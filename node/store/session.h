/* Logins with their password hashes, and sessions: local to the node (002-local.sql). */
#ifndef LN_SESSION_H
#define LN_SESSION_H

#include "crypto/password.h"
#include "node/store/sqlstore.h"

#define LN_SESSION_TOKEN 32
#define LN_SESSION_TRIES 5
#define LN_SESSION_LOCK_MS INT64_C(900000)

struct ln_login {
    bool found;
    struct ln_id account;
    char hash[LN_PASSWORD_HASH_MAX];
    unsigned failed;
    int64_t locked_until; /* ms */
};
bool ln_session_login(struct ln_login *out, struct ln_db *db, const char *login,
                      struct ln_err *err) LN_MUST;
/* Sets or replaces the password of a login. [writer] */
bool ln_session_password(struct ln_db *db, const char *login, const struct ln_id *account,
                         const char *hash, struct ln_err *err) LN_MUST;
/* A try failed, or succeeded: counts, locks after LN_SESSION_TRIES. [writer] */
bool ln_session_tried(struct ln_db *db, const char *login, bool good, int64_t now_ms,
                      struct ln_err *err) LN_MUST;

struct ln_session_row {
    bool found;
    struct ln_id account;
    char role[24];
    int64_t expires;
};
bool ln_session_find(struct ln_session_row *out, struct ln_db *db,
                     const uint8_t token[LN_SESSION_TOKEN], int64_t now_ms,
                     struct ln_err *err) LN_MUST;
/* Also forgets all that are over. [writer] */
bool ln_session_start(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN],
                      const struct ln_id *account, int64_t now_ms, int64_t expires,
                      struct ln_err *err) LN_MUST;
bool ln_session_role(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN], const char *role,
                     struct ln_err *err) LN_MUST;
bool ln_session_end(struct ln_db *db, const uint8_t token[LN_SESSION_TOKEN],
                    struct ln_err *err) LN_MUST;
/* All sessions of an account but one. [writer] */
bool ln_session_end_others(struct ln_db *db, const struct ln_id *account,
                           const uint8_t keep[LN_SESSION_TOKEN], struct ln_err *err) LN_MUST;

#endif
