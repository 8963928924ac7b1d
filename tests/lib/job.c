/* One job of the engine: see job.h. */
#include "tests/lib/job.h"

#include <stdio.h>

#include "node/module/special.h"

void job_begin(struct ln_engine_job *j, const struct ln_def *def, const char *collection,
               const char *channel)
{
    j->c = ln_def_find(def, collection);
    j->channel = channel;
    assert_non_null(j->c);
    assert_non_null(j->f);
}

bool job_end(struct ln_engine_job *j, bool ok, char id[LN_ID_TEXT + 1], char said[256])
{
    const json_t *first = json_array_get(j->problems, 0);

    if (said != NULL)
        (void)snprintf(said, 256, "%s: %s", ln_special_word(first, "field"),
                       ln_special_word(first, "en"));
    if (id != NULL)
        (void)snprintf(id, LN_ID_TEXT + 1, "%s", j->out_id);
    json_decref(j->problems);
    json_decref(j->f);
    return ok;
}
