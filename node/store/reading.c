/* Local stamps: see reading.h. */
#include "node/store/reading.h"

#include "node/store/sqlstore_core.h"

static bool number(int64_t *out, struct ln_query *q, struct ln_err *err)
{
    bool row;

    if (!ln_db_row(q, &row, err))
        return false;
    *out = row ? ln_db_col_int(q, 0) : 0;
    if (row)
        (void)ln_db_end(q);
    return true;
}

bool ln_reading_has(bool *out, struct ln_db *db, const struct ln_id *record,
                    const struct ln_id *account, struct ln_err *err)
{
    static const char sql[] = "SELECT count(*) FROM reading WHERE record = ? AND account = ?";
    struct ln_query *q = ln_db_use(db, sql);
    int64_t n = 0;

    ln_db_blob(q, record->b, sizeof record->b);
    ln_db_blob(q, account->b, sizeof account->b);
    bool ok = number(&n, q, err);
    *out = n > 0;
    return ok;
}

bool ln_reading_count(int64_t *out, struct ln_db *db, const struct ln_id *record,
                      struct ln_err *err)
{
    static const char sql[] = "SELECT count(*) FROM reading WHERE record = ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, record->b, sizeof record->b);
    return number(out, q, err);
}

bool ln_reading_note(struct ln_db *db, const struct ln_id *record, const struct ln_id *account,
                     int64_t now_ms, struct ln_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO reading(record, account, at) VALUES(?,?,?)";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, record->b, sizeof record->b);
    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_int(q, now_ms);
    return ln_db_run(q, err);
}

bool ln_reading_list(json_t *out, struct ln_db *db, const char *collection, int64_t since_ms,
                     struct ln_err *err)
{
    static const char sql[] =
        "SELECT g.record, count(*) FROM reading g JOIN record r ON r.id = g.record"
        " WHERE r.coll = ? AND r.deleted = 0 GROUP BY g.record HAVING max(g.at) >= ?"
        " ORDER BY g.record DESC LIMIT ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_text(q, collection);
    ln_db_int(q, since_ms);
    ln_db_int(q, LN_READING_MAX);
    for (bool row = true;;) {
        char text[LN_ID_TEXT + 1];
        struct ln_id id;
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_sqlstore_id(&id, q, 0);
        ln_clock_id_write(text, &id);
        json_array_append_new(out, json_pack("[s,I]", text, (json_int_t)ln_db_col_int(q, 1)));
    }
}

bool ln_reading_active(struct ln_db *db, const struct ln_id *account, const char *day,
                       struct ln_err *err)
{
    static const char sql[] = "INSERT INTO active(account, day) VALUES(?,?)"
                              " ON CONFLICT(account) DO UPDATE SET day = excluded.day";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_blob(q, account->b, sizeof account->b);
    ln_db_text(q, day);
    return ln_db_run(q, err);
}

bool ln_reading_active_since(int64_t *out, struct ln_db *db, const char *day, struct ln_err *err)
{
    static const char sql[] = "SELECT count(*) FROM active WHERE day >= ?";
    struct ln_query *q = ln_db_use(db, sql);

    ln_db_text(q, day);
    return number(out, q, err);
}
