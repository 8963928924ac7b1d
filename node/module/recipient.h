/* Whom a contact list means, worked out on the node from its own records.
 *
 * `rule` of a contact list: {"building":"<id>,<id>","grid":"<code>","care":"<kind>","age":"60-",
 * "all":"yes"} choose residents who live here, and all that are named must hold; {"role":"worker",
 * "home_kind":"property"} choose who holds such an office. Both may stand together: then either is
 * meant. `members` adds persons, accounts and homes by hand. */
#ifndef LN_RECIPIENT_H
#define LN_RECIPIENT_H

#include "node/module/engine.h"

#define LN_RECIPIENT_MAX 20000

struct ln_recipient_place {
    struct ln_sqlstore *s;
    const struct ln_def *def;
    const char *today; /* YYYY-MM-DD */
};
/* Whether the rule means everybody who lives here: only the committee writes to all. */
bool ln_recipient_all(const json_t *rule);
/* Whether this user is meant by the list, a row of contact_list. */
bool ln_recipient_is(bool *is, const struct ln_recipient_place *p, const json_t *list,
                     const struct ln_user *u, struct ln_err *err) LN_MUST;
/* All of them, a new array of {"id","collection":"person"|"account","name","phone","building",
 * "building_name","unit","room"}; what is not known is "". One entry a person. LN_FULL above
 * LN_RECIPIENT_MAX. */
bool ln_recipient_list(json_t **out, const struct ln_recipient_place *p, const json_t *list,
                       struct ln_err *err) LN_MUST;
/* Persons alone by such a rule, as above, with all of the person's fields under "f" and those of
 * the dwelling, building, household and residence under "dwelling", "building_f", "household",
 * "residence", and under "care" the kinds of care tags. */
bool ln_recipient_persons(json_t **out, const struct ln_recipient_place *p, const json_t *rule,
                          bool whole, struct ln_err *err) LN_MUST;
/* "60-", "-17", "18-59" in years on the day `today`; an empty or wrong range holds everybody. */
bool ln_recipient_aged(const char *range, const char *birth, const char *today);
/* Calls `each` for all rows of a collection with these values. */
bool ln_recipient_each(const struct ln_recipient_place *p, const char *collection,
                       const struct ln_where *where, size_t n,
                       bool (*each)(void *ctx, json_t *row, struct ln_err *err), void *ctx,
                       struct ln_err *err) LN_MUST;

#endif
