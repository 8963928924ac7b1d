/* Alarms and their trace: see alarm.h. */
#include "node/store/alarm.h"

#include <inttypes.h>

#include "node/say.h"

bool ln_alarm_raise(struct ln_db *db, const struct ln_alarm *a, int64_t now_ms, bool *fresh,
                    struct ln_err *err)
{
    static const char sql[] = "INSERT INTO alarm(node, code, zh, en, raised) VALUES(?, ?, ?, ?, ?)"
                              " ON CONFLICT(node, code) WHERE cleared IS NULL DO NOTHING";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_text(q, a->node);
    ln_db_text(q, a->code);
    ln_db_text(q, a->zh);
    ln_db_text(q, a->en);
    ln_db_int(q, now_ms);
    if (!ln_db_run(q, err))
        return false;
    *fresh = ln_db_changed(db) > 0;
    return true;
}

bool ln_alarm_clear(struct ln_db *db, int64_t n, int64_t now_ms, struct ln_err *err)
{
    static const char sql[] = "UPDATE alarm SET cleared = ? WHERE n = ? AND cleared IS NULL";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, now_ms);
    ln_db_int(q, n);
    return ln_db_run(q, err);
}

bool ln_alarm_over(struct ln_db *db, const char *node, const char *code, int64_t now_ms,
                   struct ln_err *err)
{
    static const char sql[] =
        "UPDATE alarm SET cleared = ? WHERE node = ? AND code = ? AND cleared IS NULL";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, now_ms);
    ln_db_text(q, node);
    ln_db_text(q, code);
    return ln_db_run(q, err);
}

bool ln_alarm_ack(struct ln_db *db, int64_t n, int64_t now_ms, const char *by, const char *note,
                  struct ln_err *err)
{
    static const char sql[] = "UPDATE alarm SET acked = ?, acked_by = ?, note = ?"
                              " WHERE n = ? AND cleared IS NULL";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, now_ms);
    ln_db_text(q, by);
    ln_db_text(q, note);
    ln_db_int(q, n);
    if (!ln_db_run(q, err))
        return false;
    return ln_db_changed(db) > 0 ||
           ln_fail(err, LN_MISSING, LN_SAY("告警 %" PRId64 " 已解除", "no open alarm %" PRId64), n);
}

static void read_alarm(struct ln_alarm *a, struct ln_query *q)
{
    a->n = ln_db_col_int(q, 0);
    ln_db_col_copy(q, 1, a->node, sizeof a->node);
    ln_db_col_copy(q, 2, a->code, sizeof a->code);
    ln_db_col_copy(q, 3, a->zh, sizeof a->zh);
    ln_db_col_copy(q, 4, a->en, sizeof a->en);
    a->raised_ms = ln_db_col_int(q, 5);
    a->cleared_ms = ln_db_col_int(q, 6);
    a->acked_ms = ln_db_col_int(q, 7);
    ln_db_col_copy(q, 8, a->acked_by, sizeof a->acked_by);
    ln_db_col_copy(q, 9, a->note, sizeof a->note);
}

bool ln_alarm_each(struct ln_db *db, unsigned past,
                   bool (*fn)(void *ctx, const struct ln_alarm *a, struct ln_err *err), void *ctx,
                   struct ln_err *err)
{
    static const char *const sql[] = {
        "SELECT n, node, code, zh, en, raised, cleared, acked, acked_by, note FROM alarm"
        " WHERE cleared IS NULL ORDER BY raised DESC, n DESC LIMIT ?",
        "SELECT n, node, code, zh, en, raised, cleared, acked, acked_by, note FROM alarm"
        " WHERE cleared IS NOT NULL ORDER BY cleared DESC, n DESC LIMIT ?"
    };

    for (int i = 0; i < 2; i++) {
        struct ln_query *q = ln_db_use(db, sql[i]);
        bool row = true;
        ln_db_int(q, i == 0 ? INT64_MAX : (int64_t)past);
        while (row) {
            struct ln_alarm a;
            if (!ln_db_row(q, &row, err))
                return false;
            if (!row)
                break;
            read_alarm(&a, q);
            if (!fn(ctx, &a, err))
                return ln_db_end(q);
        }
    }
    return true;
}

bool ln_alarm_prune(struct ln_db *db, int64_t before_ms, struct ln_err *err)
{
    static const char sql[] = "DELETE FROM alarm WHERE cleared < ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_int(q, before_ms);
    return ln_db_run(q, err);
}
