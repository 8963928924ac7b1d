/* A district, a street and two communities below it, with the application's definitions, in one
 * process with one clock: for tests of what boxes say to each other. Failures end the test unless
 * an `err` is asked for. */
#ifndef LN_TEST_FOUR_H
#define LN_TEST_FOUR_H

#include "node/module/special.h"
#include "tests/lib/peer.h"

#define FOUR_DIST "330106000000"
#define FOUR_STREET "330106005000"
#define FOUR_ONE "330106005055"
#define FOUR_TWO "330106005056"

struct four {
    int64_t clock;
    struct ln_def *def;
    struct peer dist, street, one, two;
    /* called after each turn of each node; NULL nothing */
    void (*seen)(struct four *t, void *ctx);
    void *ctx;
};

void four_new(struct four *t); /* all know each other's certificates */
void four_end(struct four *t);
struct ln_engine four_engine(struct four *t, struct peer *p);
/* Everybody looks at what has come and syncs, often enough for the longest way and back. */
void four_round(struct four *t);

/* Runs `fn` on a node as the node itself. */
typedef bool four_fn(struct ln_special_call *x, void *arg, struct ln_err *err);
bool four_run(struct four *t, struct peer *p, four_fn *fn, void *arg, struct ln_err *err);
/* By the node itself; `f` is taken over. */
void four_add(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *collection,
              json_t *f);
/* By somebody with this role alone. `f` is taken over; `said` (unless NULL) as in place.h. */
bool four_save(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *role,
               struct ln_engine_job *j, const char *collection, char said[256], struct ln_err *err);
bool four_create(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *role,
                 const char *collection, json_t *f, char said[256], struct ln_err *err);
bool four_step(struct four *t, struct peer *p, const char *role, const char *collection,
               const char *id, const char *action, json_t *more, char said[256],
               struct ln_err *err);
/* Rows with this value of a field (NULL: all), in order of id. The caller's. */
json_t *four_rows(struct four *t, struct peer *p, const char *collection, const char *field,
                  const char *value);
size_t four_count(struct four *t, struct peer *p, const char *collection, const char *field,
                  const char *value);
/* Text of a field, or "state"; "" none. Until the next call. */
const char *four_text(struct four *t, struct peer *p, const char *collection, const char *id,
                      const char *field);

#endif
