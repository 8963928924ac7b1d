/* The definitions of node/module/ (README "Definition file") as tables: read once at start,
 * constant afterwards. */
#ifndef LN_DEF_H
#define LN_DEF_H

#include <jansson.h>

#include "sync/schema.h"

struct ln_def_label {
    const char *zh, *en;
};
struct ln_def_code {
    const char *code;
    struct ln_def_label label;
};
struct ln_def_codes {
    const char *name;
    const struct ln_def_code *list;
    size_t n;
};
struct ln_def_field {
    const char *name;
    struct ln_def_label label;
    enum ln_type type;
    enum ln_mark mark; /* also where it follows from type and audience (README) */
    bool required, readonly, internal, correct;
    bool once;                        /* set when the record is added, never after */
    bool workdays;                    /* a `due` that is counted in working days */
    bool staff;                       /* only staff write it, whoever else may change the record */
    char audience;                    /* narrower than the collection's, or '\0' */
    const struct ln_def_codes *codes; /* NULL: free */
    const char *to, *check;           /* NULL none */
    bool has_min, has_max;
    int64_t min, max;
    const json_t *initial;            /* "default", NULL none */
    const struct ln_def_field *items; /* of a list whose entries are objects; NULL: plain values */
    size_t n_items;
    const char *const *to_states; /* of the record a ref names, when this one is added; NULL any */
};
enum ln_def_note { LN_NOTE_NONE, LN_NOTE_OPTIONAL, LN_NOTE_REQUIRED };
struct ln_def_step {
    const char *action, *to;
    const char *const *from; /* NULL-ended, as all lists of words here */
    const char *const *roles;
    const char *const *sets; /* fields that who takes it may set; NULL none */
    struct ln_def_label label;
    enum ln_def_note note;
    bool not_author;             /* not by who added the record */
    bool other;                  /* not by who took the step before: two people sign */
    bool home;                   /* names the home that goes on */
    const char *adds, *adds_ref; /* a row of this collection goes with it, its ref to the record;
                                    NULL none */
    const char *effect;          /* verify grant apply_patch, NULL none */
    const char *const *copies;   /* fields of that row that the record takes over; NULL none */
    const json_t *adds_with;     /* values that row has whatever was given; NULL none */
    const char *clock; /* "none", a term (term.h), one of the workflow's clocks, or the field of the
                          category that gives the hours until `due`; NULL none */
    const char *clock_from;   /* created, due or now; NULL: created for the workflow's clocks */
    const char *const *needs; /* fields that are not empty afterwards; NULL none */
    const json_t *stamps;     /* [{"at","on_time"}]: set to now, and whether before `due` */
    const char *counts;       /* int field that grows by one, NULL none */
    const char *after;        /* an action that was taken `after_times` before; NULL none */
    unsigned after_times;
    const char
        *at; /* date or ts field: the owning node takes the step when it has passed; NULL none */
    const char *at_after;      /* so long after `at`, "15d"; NULL at once */
    unsigned max, within_days; /* 0 no limit */
    const char *within_from;   /* ts field from which those days count, NULL the last change */
};
struct ln_def_state {
    const char *name;
    struct ln_def_label label;
};
struct ln_def_coll {
    const char *module, *name;
    int fresh_days; /* after which a record not `checked` is 待核实; 0 never */
    struct ln_def_label label;
    const struct ln_coll *coll; /* what merging knows of it */
    char audience, after;       /* after '\0': never widens */
    const char *const *when;    /* states that widen it */
    /* A field that has to be true for that, or to have one of the values, by commas; NULL none. */
    const char *only_if, *only_values;
    const char *follows; /* a ref: a row stands where the record stands that it names; NULL none */
    bool to_parent;      /* of audience N: for this node and its parent alone */
    const char *reach; /* NULL, or a list of parties: with a home of a region above among them, the
                          record is for the nodes up to that one */
    const char *own, *estate;
    /* States that are not final, and those in which time runs until `due`; by commas, NULL none. */
    const char *open_states, *running;
    const char *const *grid; /* fields from which its grid follows, the first that tells one; NULL:
                                it stands in no grid */
    char number;             /* '\0' none */
    const struct ln_def_field *fields; /* same order as coll->fields */
    size_t n_fields;
    const struct ln_def_state *states;
    size_t n_states;
    const struct ln_def_step *steps;
    size_t n_steps;
    const char *const *read, *const *create, *const *update, *const *remove, *const *unmask;
    const char *const *read_states, *const *read_states_roles;
    const char *read_states_text,
        *read_if;         /* the states, by commas, NULL none; a field that has to be true */
    const json_t *clocks; /* of the workflow: {"by":field, value or "*": {name: term}}; NULL none */
    const json_t *named;  /* records of audience N (README); NULL none */
    const char *named_field, *named_values; /* which they are; values separated by commas */
    const json_t *guest; /* {field: [values]} of what guests may add; NULL none */
    bool counted;        /* distinct readers are counted on each node */
    const char *const *title, *const *search, *const *list, *const *filters;
    const char *sort;
    const json_t *json; /* as written */
};
struct ln_def_module {
    const char *name;
    int rank;
    struct ln_def_label label;
    const json_t *json;
};
/* One block of the first screens, or part of one: README "First screens". */
struct ln_def_screen {
    const char *module, *kind, *slot; /* slot NULL: a block of its own */
    int rank;
    const char *const *roles;
    const struct ln_def_coll *coll; /* of a list; NULL none */
    const json_t *json;
};
struct ln_def {
    struct ln_schema schema;
    const struct ln_def_coll *colls; /* same order as schema.colls */
    size_t n_colls;
    const struct ln_def_module *modules; /* by rank */
    size_t n_modules;
    const struct ln_def_screen *screens; /* of all modules, by rank */
    size_t n_screens;
    void *arena;
};

/* Reads all embedded definitions. LN_INVALID names file and place of the mistake. */
bool ln_def_open(struct ln_def **out, struct ln_err *err) LN_MUST;
/* A definition beside the built-in ones; `name` is what a mistake in it is told by. Borrowed. */
struct ln_def_file {
    const char *name, *text;
    size_t len;
};
/* Those, too, after the built-in ones and by the same rules; none of them may name a module, a
 * collection or a set of codes that is there. */
bool ln_def_open_with(struct ln_def **out, const struct ln_def_file *more, size_t n,
                      struct ln_err *err) LN_MUST;
/* The same from one text, for tests. */
bool ln_def_read(struct ln_def **out, const char *name, const char *text, size_t len,
                 struct ln_err *err) LN_MUST;
void ln_def_close(struct ln_def *d); /* accepts NULL */
const struct ln_def_coll *ln_def_find(const struct ln_def *d,
                                      const char *name); /* NULL = unknown */
const struct ln_def_field *ln_def_field(const struct ln_def_coll *c, const char *name);
const struct ln_def_step *ln_def_step(const struct ln_def_coll *c, const char *action,
                                      const char *state);
bool ln_def_has(const char *const *list, const char *word); /* NULL list: false */

#endif
