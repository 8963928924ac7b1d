/* Look-ups in a schema: see schema.h. Lists are short, so a walk beats a table. */
#include "sync/schema.h"

const struct ln_coll *ln_schema_find(const struct ln_schema *s, struct ln_span name)
{
    for (size_t i = 0; i < s->n_colls; i++)
        if (ln_span_is(name, s->colls[i].name))
            return &s->colls[i];
    return NULL;
}

int ln_schema_field(const struct ln_coll *c, struct ln_span name)
{
    for (size_t i = 0; i < c->n_fields; i++)
        if (ln_span_is(name, c->fields[i].name))
            return (int)i;
    return -1;
}
