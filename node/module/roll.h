/* The roll of a survey: who may vote, for how many square metres, and who casts it. */
#ifndef LN_ROLL_H
#define LN_ROLL_H

#include "node/module/special.h"

/* Adds everybody whom the survey (a row) asks and who is not on its roll yet. LN_FULL past
 * LN_SURVEY_ROLL. */
bool ln_roll_make(struct ln_special_call *x, const json_t *survey, struct ln_err *err) LN_MUST;
/* Hook: by hand until the survey opens, and areas that are numbers. */
bool ln_roll_before(struct ln_special_call *x, struct ln_err *err);

#endif
