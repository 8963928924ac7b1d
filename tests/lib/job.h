/* A job of the engine from its parts to what came of it, for place.h and four.h. */
#ifndef LN_TEST_JOB_H
#define LN_TEST_JOB_H

#include "node/module/engine.h"
#include "tests/lib/test.h"

/* `j` has what is to be done; its `f` must be there. */
void job_begin(struct ln_engine_job *j, const struct ln_def *def, const char *collection,
               const char *channel);
/* Gives `ok` back and frees the job's json. `said` (unless NULL): the first problem as
 * "field: English sentence"; `id` (unless NULL): of the record. */
bool job_end(struct ln_engine_job *j, bool ok, char id[LN_ID_TEXT + 1], char said[256]);

#endif
