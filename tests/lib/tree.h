/* Whole replicas on real SQLite files in one process, and steps that tests take with them: a
 * province, a district, a community box; more are made with box_new and enrol. Failures end the
 * test. */
#ifndef LN_TEST_TREE_H
#define LN_TEST_TREE_H

#include "tests/lib/schema.h"
#include "tests/lib/test.h"

#include "node/store/sqlstore.h"
#include "sync/pack.h"
#include "sync/replica.h"

extern int64_t clock_ms; /* wall clock of all boxes; moves 3 ms each time it is read */

struct box {
    char dir[64];
    struct ln_sqlstore *store;
    struct ln_replica *r;
    struct ln_replica_config c;
};

void box_open(struct box *b);
void box_new(struct box *b, const char *region); /* new keys in a new folder */
void box_shut(struct box *b);
void box_end(struct box *b); /* shuts and removes the folder */
void found(struct box *b, const char *region, enum ln_role role);
void adopt(struct box *from, struct box *to); /* all certificates that are there */
/* What /join does, without the code: certificate, and the chain to the child. `grid` may be NULL.
 */
void enrol_as(struct box *parent, struct box *child, const char *region,
              const struct ln_cert *as); /* with the role, grids, `continues` given */
void enrol(struct box *parent, struct box *child, const char *region, enum ln_role role,
           const char *grid);
void seal(struct box *b);
uint64_t head(struct box *b, const char *log); /* of a log as the box holds it, 0 none */
/* Carries what `to` lacks of a log; gives its receipt back when there is one. */
enum ln_code carry(struct box *from, struct box *to, const char *log, struct ln_err *err);
/* `fields` and `sealed` are canonical objects or NULL. */
struct ln_id add(struct box *b, const char *coll, const char *audience, const char *fields,
                 const char *sealed);
bool draft(struct box *b, struct ln_draft *d, struct ln_err *err);
void set(struct box *b, const char *coll, const struct ln_id *rec, const char *fields,
         const char *sealed);
/* One cell as text, "" when there is none; `sql` takes the record's id. */
void cell(char out[128], struct box *b, const char *sql, const struct ln_id *rec);
struct ln_digest digest(struct box *b, const char *audience);
void keys(struct box *from, struct box *to); /* subject keys that wait, to the parent */

struct tree {
    struct box prov, dist, comm;
    char down[LN_LOG_MAX], down2[LN_LOG_MAX];
};

void tree_new(struct tree *t);
void tree_end(struct tree *t);
/* Everything up, then everything down, as two syncs would. */
void sync_all(struct tree *t);

#define SQL_NAME "SELECT name FROM c_person JOIN record ON n = rec WHERE id = ?"
#define SQL_JOB "SELECT job FROM c_person JOIN record ON n = rec WHERE id = ?"
#define SQL_TITLE "SELECT title FROM c_notice JOIN record ON n = rec WHERE id = ?"
#define SQL_STATE "SELECT _state FROM c_ticket JOIN record ON n = rec WHERE id = ?"
#define SQL_SUBJECT "SELECT subject FROM c_ticket JOIN record ON n = rec WHERE id = ?"
#define SQL_CONFLICTS "SELECT conflicts FROM record WHERE id = ?"

#endif
