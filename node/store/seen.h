/* Local stamps of messages: handed to an account's device, and read (007-seen.sql). */
#ifndef LN_SEEN_H
#define LN_SEEN_H

#include "node/store/sqlstore.h"

/* Stamps all messages of `thread` up to `upto` for an account: delivered, and read when `read`.
 * Earlier stamps stay. [writer] */
bool ln_seen_stamp(struct ln_db *db, const struct ln_id *account, const char *thread,
                   const struct ln_id *upto, bool read, int64_t now_ms, struct ln_err *err) LN_MUST;

struct ln_seen_unread {
    int64_t unread, undelivered;
    bool urgent; /* one of the unread */
};
/* What waits for an account in a thread: messages of others since `since` (an id; zeros = ever). */
bool ln_seen_count(struct ln_seen_unread *out, struct ln_db *db, const struct ln_id *account,
                   const char *thread, const struct ln_id *since, struct ln_err *err) LN_MUST;

struct ln_seen_stamps {
    char who[LN_ID_TEXT + 1]; /* account */
    int64_t delivered, read;
};
/* Everybody's stamps of one message. */
bool ln_seen_each(struct ln_db *db, const struct ln_id *message,
                  void (*each)(void *ctx, const struct ln_seen_stamps *s), void *ctx,
                  struct ln_err *err) LN_MUST;
/* Forgets the stamps of messages older than `before`. [writer] */
bool ln_seen_prune(struct ln_db *db, const struct ln_id *before, struct ln_err *err) LN_MUST;

#endif
