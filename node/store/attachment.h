/* What this node knows of attachments (004-attachment.sql), and uploads that no record names yet.
 * The bytes: node/attach.h. Errors as in db.h. */
#ifndef LN_ATTACHMENT_H
#define LN_ATTACHMENT_H

#include "crypto/cert.h"
#include "crypto/encode.h"
#include "node/store/db.h"
#include "sync/clock.h"

#define LN_ATTACHMENT_UPLOADS 24 /* of one account that no record names yet */

enum ln_attachment_up { LN_ATTACHMENT_STAYS, LN_ATTACHMENT_TO_SEND, LN_ATTACHMENT_SENT };
struct ln_attachment {
    bool found, whole;
    struct ln_sha256 sha;
    uint64_t size; /* of the age file */
    char sender[LN_NODE_ID_MAX];
};
bool ln_attachment_find(struct ln_attachment *out, struct ln_db *db, const struct ln_sha256 *sha,
                        struct ln_err *err) LN_MUST;
/* New, or what is known gets more: whole stays whole, sent stays sent, a sender keeps its place.
 * [writer] */
bool ln_attachment_put(struct ln_db *db, const struct ln_attachment *a, enum ln_attachment_up up,
                       int64_t now_ms, struct ln_err *err) LN_MUST;
bool ln_attachment_sent(struct ln_db *db, const struct ln_sha256 *sha,
                        struct ln_err *err) LN_MUST; /* [writer] */
bool ln_attachment_tried(struct ln_db *db, const struct ln_sha256 *sha, int64_t now_ms,
                         struct ln_err *err) LN_MUST; /* [writer] */
/* The first whole one behind `after` in order of names; found false: no more. */
bool ln_attachment_behind(struct ln_attachment *out, struct ln_db *db,
                          const struct ln_sha256 *after, struct ln_err *err) LN_MUST;
/* Its bytes are gone: wanted from the parent, at once. [writer] */
bool ln_attachment_lost(struct ln_db *db, const struct ln_sha256 *sha, struct ln_err *err) LN_MUST;
bool ln_attachment_forget(struct ln_db *db, const struct ln_sha256 *sha,
                          struct ln_err *err) LN_MUST; /* [writer] */
/* Up to `room`, small ones before large ones (ln_files.each), then the oldest: those to be sent, or
 * (wanted) those to be asked for that were not asked for since `before_ms`. */
bool ln_attachment_next(struct ln_attachment *out, size_t room, size_t *n, struct ln_db *db,
                        bool wanted, uint64_t max, int64_t before_ms, struct ln_err *err) LN_MUST;
/* Bytes of what a node brought; of all when `sender` is NULL. */
bool ln_attachment_bytes(uint64_t *out, struct ln_db *db, const char *sender,
                         struct ln_err *err) LN_MUST;
/* How many wait to be sent, and how many are wanted. */
bool ln_attachment_waiting(uint64_t *unsent, uint64_t *wanted, struct ln_db *db,
                           struct ln_err *err) LN_MUST;

/* ---- uploads: `value` is what a record will hold. [writer] LN_FULL too many wait. */
bool ln_upload_put(struct ln_db *db, const struct ln_sha256 *sha, const struct ln_id *account,
                   const char *value, int64_t now_ms, struct ln_err *err) LN_MUST;
/* The value of an upload of this account is appended to `out`, nothing when there is none. */
bool ln_upload_find(struct ln_buf *out, struct ln_db *db, const struct ln_sha256 *sha,
                    const struct ln_id *account, struct ln_err *err) LN_MUST;
bool ln_upload_set(struct ln_db *db, const struct ln_sha256 *sha, const char *value,
                   struct ln_err *err) LN_MUST; /* [writer] */
/* Takes one for a record: as ln_upload_find, and it is an upload no more. [writer] */
bool ln_upload_take(struct ln_buf *out, struct ln_db *db, const struct ln_sha256 *sha,
                    const struct ln_id *account, struct ln_err *err) LN_MUST;
/* Forgets one that nobody used since `before_ms`, its value appended to `value`: *found false when
 * there is none. [writer] */
bool ln_upload_stale(struct ln_sha256 *sha, struct ln_buf *value, bool *found, struct ln_db *db,
                     int64_t before_ms, struct ln_err *err) LN_MUST;

#endif
