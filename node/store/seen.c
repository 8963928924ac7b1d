/* Stamps of messages: see seen.h. */
#include "node/store/seen.h"

#include "sync/clock.h"

bool ln_seen_stamp(struct ln_db *db, const struct ln_id *account, const char *thread,
                   const struct ln_id *upto, bool read, int64_t now_ms, struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO seen(message, who, delivered, read)"
        " SELECT r.id, ?, ?, ? FROM c_message m JOIN record r ON r.n = m.rec"
        " WHERE m.thread = ? AND r.id <= ? ON CONFLICT(message, who) DO UPDATE SET"
        " read = excluded.read WHERE seen.read = 0 AND excluded.read > 0";
    char who[LN_ID_TEXT + 1];
    struct ln_query *q = ln_db_use(db, sql);

    ln_clock_id_write(who, account);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_int(q, now_ms);
    ln_db_int(q, read ? now_ms : 0);
    ln_db_text(q, thread);
    ln_db_blob(q, upto->b, sizeof upto->b);
    return ln_db_run(q, err);
}

bool ln_seen_count(struct ln_seen_unread *out, struct ln_db *db, const struct ln_id *account,
                   const char *thread, const struct ln_id *since, struct ln_err *err)
{
    static const char sql[] =
        "SELECT count(*), count(*) - count(s.who), max(coalesce(m.urgent, 0))"
        " FROM c_message m JOIN record r ON r.n = m.rec"
        " LEFT JOIN seen s ON s.message = r.id AND s.who = ?"
        " WHERE m.thread = ? AND r.deleted = 0 AND r.id >= ? AND m.recalls IS NULL"
        " AND coalesce(m.author, '') <> ? AND coalesce(s.read, 0) = 0";
    char who[LN_ID_TEXT + 1];
    struct ln_query *q = ln_db_use(db, sql);
    bool row;

    ln_clock_id_write(who, account);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_text(q, thread);
    ln_db_blob(q, since->b, sizeof since->b);
    ln_db_text(q, who);
    if (!ln_db_row(q, &row, err))
        return false;
    *out = (struct ln_seen_unread){ 0 };
    if (row)
        *out = (struct ln_seen_unread){ ln_db_col_int(q, 0), ln_db_col_int(q, 1),
                                        ln_db_col_int(q, 2) != 0 };
    (void)ln_db_end(q);
    return true;
}

bool ln_seen_each(struct ln_db *db, const struct ln_id *message,
                  void (*each)(void *ctx, const struct ln_seen_stamps *s), void *ctx,
                  struct ln_err *err)
{
    static const char sql[] = "SELECT who, delivered, read FROM seen WHERE message = ?";
    struct ln_query *q = ln_db_use(db, sql);
    bool row;

    ln_db_blob(q, message->b, sizeof message->b);
    while (ln_db_row(q, &row, err)) {
        struct ln_seen_stamps s;
        struct ln_id who;
        if (!row)
            return true;
        ln_db_col_bytes(q, 0, who.b, sizeof who.b);
        ln_clock_id_write(s.who, &who);
        s.delivered = ln_db_col_int(q, 1);
        s.read = ln_db_col_int(q, 2);
        each(ctx, &s);
    }
    return false;
}

bool ln_seen_prune(struct ln_db *db, const struct ln_id *before, struct ln_err *err)
{
    static const char sql[] = "DELETE FROM seen WHERE message < ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, before->b, sizeof before->b);
    return ln_db_run(q, err);
}
