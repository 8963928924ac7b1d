/* Secret ballots that wait to be sealed, and tokens of printed ballot papers (008-ballot.sql):
 * local to the box that owns the vote. Errors as in db.h. */
#ifndef LN_BALLOT_H
#define LN_BALLOT_H

#include "crypto/cert.h"
#include "node/store/db.h"
#include "sync/clock.h"

#define LN_BALLOT_TOKEN 17 /* 16 characters and the end */

/* Keeps the voter's latest answers; a voter who voted before keeps the token, so that the last
 * counts. [writer] */
bool ln_ballot_put(struct ln_db *db, const struct ln_id *survey, const struct ln_id *roll,
                   const char *fresh_token, const char *how, const char *answers,
                   struct ln_err *err) LN_MUST;
/* *how "" when this voter has not voted secretly. */
bool ln_ballot_find(char how[16], struct ln_db *db, const struct ln_id *survey,
                    const struct ln_id *roll, struct ln_err *err) LN_MUST;
bool ln_ballot_waiting(int64_t *n, struct ln_db *db, const struct ln_id *survey,
                       struct ln_err *err) LN_MUST;
struct ln_ballot {
    struct ln_id roll;
    const char *token, *how, *answers; /* borrowed; answers NULL once sealed */
};
typedef bool ln_ballot_fn(void *ctx, const struct ln_ballot *b, struct ln_err *err);
/* Those that wait, or all. */
bool ln_ballot_each(struct ln_db *db, const struct ln_id *survey, bool waiting, ln_ballot_fn *fn,
                    void *ctx, struct ln_err *err) LN_MUST;
bool ln_ballot_sealed(struct ln_db *db, const struct ln_id *survey,
                      struct ln_err *err) LN_MUST; /* [writer] all that wait */
/* Forgets who is behind which ballot, and all papers. [writer] */
bool ln_ballot_forget(struct ln_db *db, const struct ln_id *survey, struct ln_err *err) LN_MUST;

/* ---- papers */
bool ln_ballot_paper_put(struct ln_db *db, const struct ln_id *survey, const struct ln_sha256 *hash,
                         const struct ln_id *roll, struct ln_err *err) LN_MUST; /* [writer] */
/* *found false: no such token. */
bool ln_ballot_paper_find(bool *found, bool *used, struct ln_id *roll, struct ln_db *db,
                          const struct ln_id *survey, const struct ln_sha256 *hash,
                          struct ln_err *err) LN_MUST;
bool ln_ballot_paper_used(struct ln_db *db, const struct ln_id *survey,
                          const struct ln_sha256 *hash, struct ln_err *err) LN_MUST; /* [writer] */
/* A voter has one paper at a time: a newly printed one ends the former. [writer] */
bool ln_ballot_paper_end(struct ln_db *db, const struct ln_id *survey, const struct ln_id *roll,
                         struct ln_err *err) LN_MUST;

#endif
