/* Surveys and votes (MODULES M9): the roll, ballots, the two-person count. A ballot is taken only
 * by the box that owns the vote (R3). Secret and anonymous ballots wait in a local table and are
 * sealed shuffled, LN_SURVEY_BATCH at a time or at closing, without user and with one time. */
#ifndef LN_SURVEY_H
#define LN_SURVEY_H

#include "node/module/special.h"

#define LN_SURVEY_BATCH 20
#define LN_SURVEY_ROLL 20000    /* voters of one survey */
#define LN_SURVEY_PAPERS 500    /* printed at a time */
#define LN_SURVEY_OBJECT_DAYS 7 /* a result is open to objections */

struct ln_survey_ballot {
    const struct ln_engine *e;
    const struct ln_user *u;
    const char *survey;
    const char *person;  /* who votes: the asker, or whom they stand for */
    const char *roll;    /* which of the person's votes; "" the only one */
    const char *token;   /* of a paper ballot that is keyed; "" none */
    const char *witness; /* account of who saw it keyed; "" none */
    const char *channel;
    const json_t *answers;
    json_t *problems; /* out, as of ln_check_fields; the caller frees */
};
/* An ln_write_job over struct ln_survey_ballot: takes a ballot. The last of a voter counts. */
bool ln_survey_vote(void *ballot, struct ln_replica *r, struct ln_err *err);

struct ln_survey_papers {
    const struct ln_engine *e;
    const struct ln_user *u;
    const char *survey;
    const json_t *rolls; /* ids; NULL: whoever has neither voted nor a paper */
    json_t *out;         /* array, gets {"roll","name","area","token"}; tokens are shown only now */
    json_t *problems;
};
/* An ln_write_job: one-time tokens for ballot papers. A new paper ends the voter's former one. */
bool ln_survey_papers(void *papers, struct ln_replica *r, struct ln_err *err);

/* The turnout as it stands: as ln_tally_turnout, without "paper" and "ballots", and "quorum". */
bool ln_survey_turnout(json_t **out, struct ln_sqlstore *s, const struct ln_def *def,
                       const json_t *survey, struct ln_err *err) LN_MUST;

extern const struct ln_special ln_survey_special[];

#endif
