/* Secret ballots and ballot papers: see ballot.h. */
#include "node/store/ballot.h"

#include <stdio.h>
#include <string.h>

static void bind_id(struct ln_query *q, const struct ln_id *id)
{
    ln_db_blob(q, id->b, sizeof id->b);
}

bool ln_ballot_put(struct ln_db *db, const struct ln_id *survey, const struct ln_id *roll,
                   const char *fresh_token, const char *how, const char *answers,
                   struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO ballot(survey, roll, token, how, answers) VALUES(?,?,?,?,?)"
        " ON CONFLICT(survey, roll) DO UPDATE SET how = excluded.how, answers = excluded.answers";
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    bind_id(q, roll);
    ln_db_text(q, fresh_token);
    ln_db_text(q, how);
    ln_db_text(q, answers);
    return ln_db_run(q, err);
}

bool ln_ballot_find(char how[16], struct ln_db *db, const struct ln_id *survey,
                    const struct ln_id *roll, struct ln_err *err)
{
    static const char sql[] = "SELECT how FROM ballot WHERE survey = ? AND roll = ?";
    struct ln_query *q = ln_db_use(db, sql);
    bool found;

    how[0] = '\0';
    bind_id(q, survey);
    bind_id(q, roll);
    if (!ln_db_row(q, &found, err))
        return false;
    if (found)
        ln_db_col_copy(q, 0, how, 16);
    (void)ln_db_end(q);
    return true;
}

bool ln_ballot_waiting(int64_t *n, struct ln_db *db, const struct ln_id *survey, struct ln_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM ballot WHERE survey = ? AND answers IS NOT NULL";
    struct ln_query *q = ln_db_use(db, sql);
    bool found;

    bind_id(q, survey);
    if (!ln_db_row(q, &found, err))
        return false;
    *n = found ? ln_db_col_int(q, 0) : 0;
    (void)ln_db_end(q);
    return true;
}

bool ln_ballot_each(struct ln_db *db, const struct ln_id *survey, bool waiting, ln_ballot_fn *fn,
                    void *ctx, struct ln_err *err)
{
    static const char sql[] = "SELECT roll, token, how, answers FROM ballot"
                              " WHERE survey = ? AND (?2 = 0 OR answers IS NOT NULL)";
    struct ln_query *q = ln_db_use(db, sql);
    bool found;

    bind_id(q, survey);
    ln_db_int(q, waiting);
    for (;;) {
        struct ln_ballot b;
        if (!ln_db_row(q, &found, err))
            return false;
        if (!found)
            return true;
        ln_db_col_bytes(q, 0, b.roll.b, sizeof b.roll.b);
        b.token = ln_db_col_text(q, 1);
        b.how = ln_db_col_text(q, 2);
        b.answers = ln_db_col_type(q, 3) == LN_DB_NULL ? NULL : ln_db_col_text(q, 3);
        if (!fn(ctx, &b, err))
            return ln_db_end(q);
    }
}

static bool run_for(struct ln_db *db, const char *sql, const struct ln_id *survey,
                    struct ln_err *err)
{
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    return ln_db_run(q, err);
}

bool ln_ballot_sealed(struct ln_db *db, const struct ln_id *survey, struct ln_err *err)
{
    static const char sql[] =
        "UPDATE ballot SET answers = NULL WHERE survey = ? AND answers IS NOT NULL";

    return run_for(db, sql, survey, err);
}

bool ln_ballot_forget(struct ln_db *db, const struct ln_id *survey, struct ln_err *err)
{
    static const char ballots[] = "DELETE FROM ballot WHERE survey = ?";
    static const char papers[] = "DELETE FROM ballot_paper WHERE survey = ?";

    return run_for(db, ballots, survey, err) && run_for(db, papers, survey, err);
}

/* ---- papers */

bool ln_ballot_paper_put(struct ln_db *db, const struct ln_id *survey, const struct ln_sha256 *hash,
                         const struct ln_id *roll, struct ln_err *err)
{
    static const char sql[] = "INSERT INTO ballot_paper(survey, hash, roll) VALUES(?,?,?)";
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    ln_db_blob(q, hash->b, sizeof hash->b);
    bind_id(q, roll);
    return ln_db_run(q, err);
}

bool ln_ballot_paper_find(bool *found, bool *used, struct ln_id *roll, struct ln_db *db,
                          const struct ln_id *survey, const struct ln_sha256 *hash,
                          struct ln_err *err)
{
    static const char sql[] = "SELECT roll, used FROM ballot_paper WHERE survey = ? AND hash = ?";
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    ln_db_blob(q, hash->b, sizeof hash->b);
    if (!ln_db_row(q, found, err))
        return false;
    if (*found) {
        ln_db_col_bytes(q, 0, roll->b, sizeof roll->b);
        *used = ln_db_col_int(q, 1) != 0;
    }
    (void)ln_db_end(q);
    return true;
}

bool ln_ballot_paper_used(struct ln_db *db, const struct ln_id *survey,
                          const struct ln_sha256 *hash, struct ln_err *err)
{
    static const char sql[] = "UPDATE ballot_paper SET used = 1 WHERE survey = ? AND hash = ?";
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    ln_db_blob(q, hash->b, sizeof hash->b);
    return ln_db_run(q, err);
}

bool ln_ballot_paper_end(struct ln_db *db, const struct ln_id *survey, const struct ln_id *roll,
                         struct ln_err *err)
{
    static const char sql[] = "DELETE FROM ballot_paper WHERE survey = ? AND roll = ? AND used = 0";
    struct ln_query *q = ln_db_use(db, sql);

    bind_id(q, survey);
    bind_id(q, roll);
    return ln_db_run(q, err);
}
