/* What data cannot say: one table of hooks by collection (README "Special"). A hook stands in a C
 * file of its own, named by a noun, whose header exports a table `ln_<noun>_special`, ended by an
 * entry without collection; special.c lists the tables.
 *
 * Writing hooks run on the writer thread inside the job's transaction and savepoint: false undoes
 * everything that the job and its hooks wrote. */
#ifndef LN_SPECIAL_H
#define LN_SPECIAL_H

#include "node/module/engine.h"

/* One save, change, deletion or step at work. */
struct ln_special_call {
    const struct ln_engine *e;
    struct ln_replica *r;
    const struct ln_user *u; /* who asked */
    enum ln_engine_kind kind;
    const struct ln_def_coll *c;
    const struct ln_def_step *step; /* NULL unless a step */
    const char *id;    /* of the record; of an add: the id it will have, from `before` on */
    const json_t *row; /* the record as it stood before; NULL on create */
    json_t *f;         /* create: all fields; update: those that differ; step: those it sets beside
                          the state. A `before` hook may set and delete some, readonly ones, too;
                          what it sets is not checked again */
    const json_t *given;         /* a step's body as it came: note, to_home, set, add; else NULL */
    const char *channel, *today; /* YYYY-MM-DD in China */
    int64_t now_ms;
    json_t *problems; /* of single fields: ln_special_problem */
};

struct ln_special_read {
    const struct ln_engine *e; /* its `writer` is not touched: this is another thread */
    struct ln_sqlstore *s;     /* the reader's snapshot */
    const struct ln_user *u;
    const char *today;
    int64_t now_ms;
    const char *region; /* this node's */
};

struct ln_special {
    const char *collection;
    /* After rights and field checks, before anything is written. */
    bool (*before)(struct ln_special_call *x, struct ln_err *err);
    /* After it was written: what else follows, by ln_special_add, _set and _step. */
    bool (*after)(struct ln_special_call *x, struct ln_err *err);
    /* Adds computed values to a record that is shown: into row["f"], under names that are no
     * fields, or takes some away; from row["actions"], too. Called with fields masked already. */
    void (*show)(const struct ln_special_read *x, json_t *row);
    /* Every few seconds on the box that owns its region's records: what has become due, or came
     * from elsewhere and waits. A transaction of its own; `id`, `row`, `f` and `c` are NULL. */
    bool (*tick)(struct ln_special_call *x, struct ln_err *err);
};

/* All hooks of a collection run, in the order of the table. */
bool ln_special_before(struct ln_special_call *x, struct ln_err *err) LN_MUST;
bool ln_special_after(struct ln_special_call *x, struct ln_err *err) LN_MUST;
void ln_special_show(const struct ln_special_read *x, const struct ln_def_coll *c, json_t *row);
/* Steps that fell due (a step's `at`), then all ticks. A failure is logged and leaves the others.
 * Opens and commits transactions of its own: between jobs only. */
void ln_special_tick(const struct ln_engine *e, struct ln_replica *r);

/* ---- for hooks */
/* A sentence beside a field; a `before` hook then returns false with LN_INVALID. Always false. */
bool ln_special_problem(struct ln_special_call *x, const char *field, const char *zh,
                        const char *en, struct ln_err *err);
/* A refusal in words of both languages, for what concerns no single field. Always false; `code`
 * chooses the status. */
bool ln_special_refuse(struct ln_special_call *x, enum ln_code code, const char *zh, const char *en,
                       struct ln_err *err);
/* In the same transaction, by the node itself and without the asker's name. `f` is taken over;
 * `out` (may be NULL) gets the new id. */
bool ln_special_add(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *collection,
                    json_t *f, struct ln_err *err) LN_MUST;
bool ln_special_set(struct ln_special_call *x, const char *collection, const char *id, json_t *f,
                    struct ln_err *err) LN_MUST;
bool ln_special_step(struct ln_special_call *x, const char *collection, const char *id,
                     const char *action, const char *note, json_t *set, struct ln_err *err) LN_MUST;
bool ln_special_delete(struct ln_special_call *x, const char *collection, const char *id,
                       struct ln_err *err) LN_MUST;
/* A record of any collection as it stands now, inside the transaction; NULL (and true) when it is
 * not here, deleted, or of another collection. */
bool ln_special_get(json_t **out, struct ln_special_call *x, const char *collection, const char *id,
                    struct ln_err *err) LN_MUST;
/* The records with these values, oldest first, at most LN_QUERY_LIMIT a page from `offset`; a new
 * array. */
bool ln_special_find(json_t **out, struct ln_special_call *x, const char *collection,
                     const struct ln_where *where, size_t n, unsigned offset,
                     struct ln_err *err) LN_MUST;
/* All rows of a collection with one value of a field, as f objects with "id" and "state" added, in
 * order of id; LN_FULL past `max`. For readers and the writer. A new array. */
bool ln_special_rows(json_t **out, struct ln_sqlstore *s, const struct ln_def *def,
                     const char *collection, const char *field, const char *value, size_t max,
                     struct ln_err *err) LN_MUST;
/* The next serial of a kind of paper in this year, "Z330106005055-2026-00001"; those of a laptop
 * have two characters of its id before the number. */
bool ln_special_serial(char out[48], struct ln_special_call *x, char letter,
                       struct ln_err *err) LN_MUST;
/* Whether `every` ms have passed since this last said yes; `key` is the meta entry that keeps it. A
 * clock that was set back does not make it wait. */
bool ln_special_due(bool *yes, struct ln_special_call *x, const char *key, int64_t every,
                    struct ln_err *err) LN_MUST;
/* A random check code of 8 characters (39 bits; guesses are counted where it is asked for). */
void ln_special_code(char out[9]);
/* MODULES R3: this node decides over scarce things of the region: the box, or upper node, certified
 * for it; never a laptop. */
bool ln_special_owns(const struct ln_special_call *x, const char *region);
/* Text of a field of a row or of an object; "" when it is absent or no text. */
const char *ln_special_text(const json_t *row, const char *field);
const char *ln_special_word(const json_t *object, const char *name);

/* The tables, one a file, ended by NULL. */
extern const struct ln_special *const ln_specials[];

#endif
