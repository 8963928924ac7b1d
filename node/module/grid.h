/* Grids (网格): in which one a record stands, and which are whose (README "Grids"). */
#ifndef LN_GRID_H
#define LN_GRID_H

#include "node/module/special.h"

#define LN_GRID_MAX 16 /* bytes of a code with its end, as in the name of an audience */

/* The grid that a record of `c` with the fields `f` leads to, by the paths of the definition's key
 * `grid`; "" none. `id` of the record, NULL while it has none. `s` the writer's or a reader's. */
bool ln_grid_find(char out[LN_GRID_MAX], struct ln_sqlstore *s, const struct ln_def *def,
                  const struct ln_def_coll *c, const char *id, const json_t *f, const char *today,
                  struct ln_err *err) LN_MUST;
/* The grid of an audience by its name; "" when it is none. */
void ln_grid_of_audience(char out[LN_GRID_MAX], const char *audience);
/* Fills u->grids: those that the memberships `rows` (in force, of a worker) name, and those whose
 * record names the account or login in `workers`. None at all: she is not limited. */
bool ln_grid_user(struct ln_user *u, struct ln_sqlstore *s, const struct ln_def *def,
                  const json_t *rows, struct ln_err *err) LN_MUST;
/* Whether a record of this audience is hers: it stands in no grid, in one of hers, or she is not
 * limited. */
bool ln_grid_mine(const struct ln_user *u, const char *audience);

/* Records that came before their grid, or whose home changed, go into it page by page: a hook of
 * grid, building, dwelling and residence marks that there is something to do, the tick does it. */
extern const struct ln_special ln_grid_special[];

#endif
