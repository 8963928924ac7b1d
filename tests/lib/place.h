/* A whole node in a folder of its own, the root of a tree of one, for tests of the application:
 * its records are written as the program writes them. Failures end the test unless an `err` is
 * asked for. */
#ifndef LN_TEST_PLACE_H
#define LN_TEST_PLACE_H

#include "node/module/special.h"
#include "node/node.h"
#include "tests/lib/test.h"

struct place {
    char dir[64], node[128];
    struct ln_node *n;
};

void place_open(struct place *p); /* 翠苑一区社区, 330106005055 */
void place_open_as(struct place *p, const char *region, enum ln_role role);
void place_close(struct place *p);
int64_t place_now(struct place *p); /* its clock, ms */

/* By the node itself. `f` is taken over. */
void place_add(char id[LN_ID_TEXT + 1], struct place *p, const char *collection, json_t *f);
void place_set(struct place *p, const char *collection, const char *id, json_t *f);
/* As it stands now; NULL when it is not there. The caller's. */
json_t *place_get(struct place *p, const char *collection, const char *id);
/* Text of a field, or "state"; "" none. Until the next call. */
const char *place_text(struct place *p, const char *collection, const char *id, const char *field);

/* Somebody with an account, and this office in a home of the kind (NULL: a resident). */
void place_user(struct ln_user *u, struct place *p, const char *role, const char *home);

/* Through the engine, by the node itself: what a record must be is checked. `f` is taken over. */
void place_put(struct place *p, const char *collection, json_t *f);

/* What a user does through the engine. `f` is taken over. On failure `said` (unless NULL) holds the
 * first problem's field and English sentence, "field: sentence". */
bool place_create(char id[LN_ID_TEXT + 1], struct place *p, const struct ln_user *u,
                  const char *collection, json_t *f, char said[256], struct ln_err *err);
bool place_update(struct place *p, const struct ln_user *u, const char *collection, const char *id,
                  json_t *f, char said[256], struct ln_err *err);
bool place_step(struct place *p, const struct ln_user *u, const char *collection, const char *id,
                const char *action, json_t *more, char said[256], struct ln_err *err);

/* Runs `fn` on the writer thread as the node itself would, at its time and `later_ms`. */
typedef bool place_fn(struct ln_special_call *x, void *arg, struct ln_err *err);
bool place_run(struct place *p, place_fn *fn, void *arg, int64_t later_ms, struct ln_err *err);

/* A list, as many as `limit`. The caller's. */
json_t *place_list(struct place *p, const struct ln_list *l, int64_t *total);
size_t place_count(struct place *p, const char *collection);

#endif
