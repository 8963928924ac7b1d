/* See schema.h. */
#include "tests/lib/schema.h"

static const char *const DONE[] = { "done", NULL };
static const char *const FILED[] = { "filed", NULL };
static const struct ln_step_rule STEPS[] = { { "close", "done", FILED } };
static const struct ln_field PERSON[] = { { "name", "name", LN_TYPE_STR, LN_MARK_IDENT },
                                          { "id_no", "id_no", LN_TYPE_STR, LN_MARK_SENSITIVE },
                                          { "job", "job", LN_TYPE_STR, LN_MARK_PLAIN } };
static const struct ln_field NOTICE[] = { { "title", "title", LN_TYPE_STR, LN_MARK_PLAIN },
                                          { "labels", "labels", LN_TYPE_MAP, LN_MARK_PLAIN } };
static const struct ln_field TICKET[] = { { "subject", "subject", LN_TYPE_STR, LN_MARK_IDENT } };
static const struct ln_coll COLLS[] = {
    { .name = "person", .version = 1, .fields = PERSON, .n_fields = 3 },
    { .name = "notice", .version = 1, .fields = NOTICE, .n_fields = 2 },
    { .name = "ticket",
      .version = 1,
      .fields = TICKET,
      .n_fields = 1,
      .first_state = "filed",
      .steps = STEPS,
      .n_steps = 1,
      .final_states = DONE },
};
const struct ln_schema test_schema = { COLLS, 3 };
