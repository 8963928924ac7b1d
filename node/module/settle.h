/* What goes with a row of a spreadsheet: the definition's "import" (README "Spreadsheets in") says
 * which other records a row tells of, by which fields each is found, and what one that is not there
 * begins with. A resident's row finds or makes the dwelling, the household and the residence.
 *
 * The same code judges (with a reader, nothing is written: what would be made stands in a cache
 * under an id that begins with '#') and saves (on the writer thread, with its store). */
#ifndef LN_SETTLE_H
#define LN_SETTLE_H

#include "node/module/def.h"
#include "node/store/query.h"

#define LN_SETTLE_PARTS 6
#define LN_SETTLE_KEY 4      /* fields of one key */
#define LN_SETTLE_LOOSE 5000 /* records of a collection that is found by how people call it */

struct ln_settle_part {
    const struct ln_def_coll *c;
    const json_t *json;
};
struct ln_settle {
    const struct ln_def *def;
    const struct ln_def_coll *self;
    struct ln_settle_part parts[LN_SETTLE_PARTS];
    size_t n;
    const char *today;
    json_t *cache; /* key -> {"id","f"} */
    json_t *refs;  /* what a ref was called -> id, or why it was not found */
    json_t *loose; /* collection -> its rows */
    size_t made;   /* ids that begin with '#' */
};

/* One row. */
struct ln_settle_row {
    const char *self;                /* id of the record itself; "" it is new (judging) */
    const json_t *f;                 /* its fields */
    json_t *parts[LN_SETTLE_PARTS];  /* of each other record, as far as the sheet tells; or NULL */
    json_t *called[LN_SETTLE_PARTS]; /* the refs among them as they were typed */
    /* out */
    size_t added[LN_SETTLE_PARTS], changed[LN_SETTLE_PARTS];
};

/* Saves fields of a record of `c`, new when `id` is ""; `out` gets its id. */
typedef bool ln_settle_save(void *ctx, char out[LN_ID_TEXT + 1], const struct ln_def_coll *c,
                            const char *id, json_t *f, struct ln_err *err);

/* `today` is borrowed. A definition without "import" has no parts. */
void ln_settle_open(struct ln_settle *s, const struct ln_def *def, const struct ln_def_coll *self,
                    const char *today);
void ln_settle_close(struct ln_settle *s);
/* Forgets what was found: before saving, and when a group of rows was undone. */
void ln_settle_forget(struct ln_settle *s);

/* The record that a text means in a ref field: its id, the value of a field that names one record
 * alone (a code, a number, a name), or for collections whose "import" says "loose" the end of a
 * name or its number (7幢 for 翠苑一区7幢). *id borrowed until ln_settle_close, "" none; then
 * *several tells whether more than one is meant. */
bool ln_settle_ref(const char **id, bool *several, struct ln_settle *s, struct ln_sqlstore *store,
                   const struct ln_def_field *f, const char *text, struct ln_err *err) LN_MUST;

/* Finds or makes the records of a row. `save` NULL: judging. */
bool ln_settle_run(struct ln_settle *s, struct ln_sqlstore *store, struct ln_settle_row *row,
                   ln_settle_save *save, void *ctx, struct ln_err *err) LN_MUST;

/* At start: whether "import" of a definition names what there is; else what is wrong. */
const char *ln_settle_check(const struct ln_def *def, const struct ln_def_coll *c);

#endif
