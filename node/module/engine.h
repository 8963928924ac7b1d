/* What people may do with records, by the definitions: rights, checks, saving, steps. The web, the
 * command line and the importer save through here; nothing else writes records. */
#ifndef LN_ENGINE_H
#define LN_ENGINE_H

#include "node/module/def.h"
#include "node/store/query.h"
#include "sync/access.h"

#define LN_USER_ROLES 16
#define LN_USER_ESTATES (64 * (LN_ID_TEXT + 1)) /* as many as one filter takes */
#define LN_USER_GRIDS 512
#define LN_USER_OPENED 8 /* emergency readings at a time, newest first */
#define LN_USER_ME ((LN_USER_ROLES + 2) * (LN_ID_TEXT + 1))

/* Who asks. An empty account is a guest; `system` is the node itself. */
struct ln_user {
    char account[LN_ID_TEXT + 1], person[LN_ID_TEXT + 1], login[65], shown[201];
    char roles[LN_USER_ROLES][24];
    char homes[LN_USER_ROLES][LN_ID_TEXT + 1]; /* of the role at the same place, "" none */
    size_t n_roles;
    char me[LN_USER_ME];           /* account, person and homes by commas: ln_engine_name_me */
    char estates[LN_USER_ESTATES]; /* buildings that the homes manage, by commas */
    char grids[LN_USER_GRIDS];     /* of a worker, by commas; "" not limited (README "Grids") */
    char opened[2 * LN_USER_OPENED * (LN_ID_TEXT + 1)]; /* by emergency reading, by commas */
    bool system;
};
/* Fills `me` from the others. */
void ln_engine_name_me(struct ln_user *u);
bool ln_engine_has_role(const struct ln_user *u, const char *role);

/* ---- reading. `row` is what ln_query_record gave. */
bool ln_engine_may_read(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row);
/* Whether the record is of audience N (README "named"), and whether this user reads all of such a
 * one: others who may know of it read its outline only. */
bool ln_engine_named(const struct ln_def_coll *c, const json_t *row);
bool ln_engine_may_read_all(const struct ln_def_coll *c, const struct ln_user *u,
                            const json_t *row);
/* Whether the title of a record is shown where one that this user reads refers to it: a worker sees
 * who filed a ticket, though not the register's entry of another grid. */
bool ln_engine_may_name(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row);
bool ln_engine_may_unmask(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row);
/* The record that an emergency reading opened and by which alone this user reads `row` (itself, or
 * what belongs to it, as messages to their conversation); "" none. Each reading is written down. */
void ln_engine_opened(char out[LN_ID_TEXT + 1], const struct ln_def_coll *c,
                      const struct ln_user *u, const json_t *row);
/* Whether a record with the fields `f` goes to the wider audience of its definition, as far as its
 * "if" says. */
bool ln_engine_opens(const struct ln_def_coll *c, const json_t *f);
/* For a list that is searched or filtered: leaves out records of audience N that this user does not
 * read whole, so that not even their number tells of them. `room` holds LN_ENGINE_UNLESS. */
#define LN_ENGINE_UNLESS 40
void ln_engine_spare(struct ln_list *l, struct ln_where *room, const struct ln_def_coll *c,
                     const struct ln_user *u);
/* Whether anybody like this user may read some of the collection; `any` gets the filters (at most
 * 4) that leave only what this one may, *n_any 0 = all. */
bool ln_engine_may_list(const struct ln_def_coll *c, const struct ln_user *u,
                        struct ln_where any[4], size_t *n_any);
bool ln_engine_may_create(const struct ln_def_coll *c, const struct ln_user *u);
/* The same for a record with these fields: "resident:own" adds for oneself alone, "worker:grid" in
 * her grids; `audience` NULL while it is not known. */
bool ln_engine_may_create_it(const struct ln_def_coll *c, const struct ln_user *u, json_t *f,
                             const char *audience);
/* *yes: the keys of this person, or of a record that is about nobody else, were destroyed. What is
 * typed into it would be readable on this node alone, so nothing is taken. */
bool ln_engine_erased(bool *yes, struct ln_store *s, const char *id, struct ln_err *err) LN_MUST;
bool ln_engine_may_change(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row);
bool ln_engine_may_delete(const struct ln_def_coll *c, const struct ln_user *u, const json_t *row);
bool ln_engine_may_step(const struct ln_def_step *s, const struct ln_def_coll *c,
                        const struct ln_user *u, const json_t *row);
/* Takes out of the row's fields what this user does not see, masks `^` ones and lists them in
 * "masked". */
void ln_engine_mask(const struct ln_def_coll *c, const struct ln_user *u, json_t *row);

/* ---- acting for another (代办) */
/* Staff enter for whoever stands at the counter, and say through which channel it came. */
bool ln_engine_staff(const struct ln_user *u);
/* Whom this user's confirmed delegations let them act for on the day `today`: appends {"person",
 * "scope"} to `out`. */
bool ln_engine_principals(json_t *out, struct ln_sqlstore *s, const struct ln_def *def,
                          const struct ln_user *u, const char *today, struct ln_err *err) LN_MUST;
/* *may: staff, the person, or whoever holds a delegation over `module`. */
bool ln_engine_stands_for(bool *may, struct ln_sqlstore *s, const struct ln_def *def,
                          const struct ln_user *u, const char *person, const char *module,
                          const char *today, struct ln_err *err) LN_MUST;

/* ---- writing: jobs for the writer thread. */
struct ln_special;
struct ln_engine {
    const struct ln_def *def;
    struct ln_sqlstore *writer; /* the replica's store */
    const struct ln_env *env;
    const struct ln_special *const *special; /* tables of hooks, ended by NULL; NULL none */
};
enum ln_engine_kind { LN_ENGINE_CREATE, LN_ENGINE_UPDATE, LN_ENGINE_DELETE, LN_ENGINE_STEP };
struct ln_engine_job {
    const struct ln_engine *e;
    const struct ln_user *u;
    enum ln_engine_kind kind;
    const struct ln_def_coll *c;
    const char *id;      /* of the record; NULL on create */
    json_t *f;           /* fields; of a step: "action", "note", "to_home", "set", "add" */
    const json_t *keep;  /* warnings accepted with a reason, NULL none */
    const char *channel; /* web counter import ... */
    bool if_match;
    uint64_t etag;
    bool enters; /* update: goes into the grid it leads to, though no field differs */
    /* out */
    char out_id[LN_ID_TEXT + 1];
    json_t *problems; /* array as of ln_check_fields; an entry with field "" is about the whole; the
                         caller frees */
};
/* An ln_write_job over struct ln_engine_job. LN_INVALID with `problems`, LN_DENIED, LN_MISSING,
 * LN_CONFLICT (changed meanwhile, or no such step from here). */
bool ln_engine_run(void *job, struct ln_replica *r, struct ln_err *err);

/* Takes the keys out of a value with attachments, for whoever is outside. */
void ln_engine_hide_keys(const struct ln_def_field *d, json_t *value);
/* Canonical JSON of a value. */
void ln_engine_canon(struct ln_buf *out, const json_t *v);
/* YYYY-MM-DD in China (UTC+8), where all communities are. */
void ln_engine_today(char out[11], int64_t now_ms);
/* The day since which a record of `d` has to be `checked`; "" when the collection has no such rule.
 */
void ln_engine_fresh_since(char out[11], const struct ln_def_coll *d, int64_t now_ms);

#endif
