/* What merging must know of a collection; the module engine fills it from its definitions. All
 * texts live as long as the schema. Unknown collections and fields are legal everywhere: they are
 * stored raw and relayed. */
#ifndef LN_SCHEMA_H
#define LN_SCHEMA_H

#include "crypto/base/buf.h"

enum ln_mark { LN_MARK_PLAIN, LN_MARK_IDENT /* ~ */, LN_MARK_SENSITIVE /* ^ */ };
enum ln_type {
    LN_TYPE_STR,
    LN_TYPE_TEXT,
    LN_TYPE_INT,
    LN_TYPE_DEC,
    LN_TYPE_FEN,
    LN_TYPE_DATE,
    LN_TYPE_TS,
    LN_TYPE_BOOL,
    LN_TYPE_CODE,
    LN_TYPE_REF,
    LN_TYPE_FILE,
    LN_TYPE_FILES, /* a list of them, one value */
    LN_TYPE_LIST,
    LN_TYPE_MAP,
    LN_TYPE_GEO,
    LN_TYPE_REGION
};

struct ln_field {
    const char *name;
    const char *unit;  /* fields of one unit merge together; the field's own name unless it belongs
                          to a group */
    enum ln_type type; /* LN_TYPE_MAP merges key by key */
    enum ln_mark mark;
};
struct ln_step_rule {
    const char *action, *to;
    const char *const *from; /* NULL-ended */
};
struct ln_coll {
    const char *name;
    unsigned version;
    bool log;            /* rows only; set and delete are refused by grammar */
    const char *subject; /* field naming the person whose key seals; NULL = the record itself */
    const struct ln_field *fields;
    size_t n_fields;
    const char *const
        *find; /* fields by which rows are looked up, NULL-ended: a store indexes them */
    const char *first_state; /* NULL: no workflow */
    const struct ln_step_rule *steps;
    size_t n_steps;
    const char *const *final_states; /* NULL-ended */
};
struct ln_schema {
    const struct ln_coll *colls;
    size_t n_colls;
};

const struct ln_coll *ln_schema_find(const struct ln_schema *s,
                                     struct ln_span name); /* NULL = unknown */
/* Index into c->fields, or -1. */
int ln_schema_field(const struct ln_coll *c, struct ln_span name);

/* What rows of a collection depend on, as text: a line for the collection ("=", what its states
 * follow from), then one a field ("+", name, unit, type, mark). At most LN_SCHEMA_TEXT_MAX. */
#define LN_SCHEMA_TEXT_MAX 65536
void ln_schema_write(struct ln_buf *out, const struct ln_coll *c);
/* What a program that described the collection as `before` did not know of it. */
enum ln_schema_news {
    LN_SCHEMA_SAME,
    LN_SCHEMA_FIELDS, /* some fields: those for which ln_schema_knew is false */
    LN_SCHEMA_ALL,    /* how a field merges, or what states follow from, changed meanwhile */
};
enum ln_schema_news ln_schema_compare(struct ln_span before, const struct ln_coll *c);
bool ln_schema_knew(struct ln_span before, const struct ln_field *f);

#endif
