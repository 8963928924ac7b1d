/* What is exchanged with whom: the "exchanges" of a module (README "Exchanges"), a template each,
 * with the columns of its file and who is master of each field. */
#ifndef LN_PARTNER_H
#define LN_PARTNER_H

#include "node/module/def.h"

#define LN_PARTNER_COLUMNS 64

struct ln_partner_column {
    const struct ln_def_field *field;
    struct ln_def_label header;
    bool pairs;     /* ext_id: the partner's number */
    bool community; /* who is master of the field: the community, else the partner */
};
struct ln_partner {
    const char *partner, *template;
    const struct ln_def_coll *coll;
    const json_t *where; /* {field: value}: which records are given; NULL all */
    bool adds;           /* what only the partner has is added here, not only told */
    struct ln_partner_column columns[LN_PARTNER_COLUMNS];
    size_t n;
};
/* False: there is no such template. `out` points into the definitions. */
bool ln_partner_find(struct ln_partner *out, const struct ln_def *def, const char *partner,
                     const char *template);
/* [{"partner","template","collection","adds","columns":[{"field","zh","en","master"}]}] of all
 * modules. */
json_t *ln_partner_list(const struct ln_def *def);
/* At start, for one module: what its exchanges name that is not there, NULL nothing. */
const char *ln_partner_check(const struct ln_def *def, const json_t *module);

#endif
