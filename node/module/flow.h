/* What a step asks for and sets beside the state: clocks, stamps, needs, counts (README "Steps").
 * Writer thread; `row` is the record as ln_query_record gave it, NULL when it is being added. */
#ifndef LN_FLOW_H
#define LN_FLOW_H

#include "node/module/engine.h"

/* Sets `due` in `set`. `s` NULL: the record is being added with the fields `set`, and the clock
 * "accept" or else "done" of its workflow begins. Terms may be set anew by the community
 * (module_setting.config, "clock.<value>.<name>": "5w"). */
void ln_flow_clock(json_t *set, const struct ln_engine *e, const struct ln_def_coll *c,
                   const struct ln_def_step *s, const json_t *row, int64_t now_ms);
/* Sets what `stamps` and `counts` of the step name. */
void ln_flow_stamp(json_t *set, const struct ln_def_step *s, const json_t *row, int64_t now_ms);
/* LN_INVALID when a field that the step needs is neither in `set` nor in the record; the sentence
 * goes into *problems (refusal.h). */
bool ln_flow_needs(json_t **problems, const struct ln_def_coll *c, const struct ln_def_step *s,
                   const json_t *set, const json_t *row, struct ln_err *err) LN_MUST;
/* LN_CONFLICT when a ref leads to a record that takes nothing more (field key `to_states`). */
bool ln_flow_refs(json_t **problems, const struct ln_engine *e, const struct ln_def_coll *c,
                  const json_t *f, struct ln_err *err) LN_MUST;
/* How often each action was taken: {"reopen": 2}. The caller frees. */
bool ln_flow_taken(json_t **out, struct ln_store *s, const char *id, struct ln_err *err) LN_MUST;
/* Whether `max` and `after` of the step leave it possible. */
bool ln_flow_possible(const struct ln_def_step *s, const json_t *taken);

#endif
