/* Nodes for tests: real replicas on real SQLite files that exchange over an in-process link, with
 * one clock that the test turns. */
#ifndef LN_TEST_PEER_H
#define LN_TEST_PEER_H

#include "node/store/sqlstore.h"
#include "sync/exchange.h"
#include "sync/join.h"
#include "tests/lib/schema.h"
#include "tests/lib/test.h"

struct peer {
    char dir[64], region[LN_REGION_LEN + 1];
    enum ln_role role;
    struct peer *up; /* who answers its calls; NULL: out of reach */
    int64_t *clock;  /* ms, shared by a test's peers */
    const struct ln_schema *schema;
    struct ln_env env;
    struct ln_sqlstore *store;
    struct ln_replica *r;
    struct ln_replica_config c;
    struct ln_access access;
    struct ln_exchange_config x;
    struct ln_exchange_server *server;
    struct ln_exchange_client *client;
    struct ln_link link;
    unsigned calls;
};

/* A root (parent NULL), or a node enrolled by invitation; grids by comma, "" none. */
void peer_new(struct peer *p, int64_t *clock, struct peer *parent, const char *region,
              enum ln_role role, const char *grids);
/* An empty box in the place of `old`, enrolled as the one that continues it. */
void peer_heir(struct peer *p, struct peer *old, const struct ln_ident *paper);
void peer_paper(struct peer *p, struct ln_ident *paper); /* at hand from now on; NULL: not */
unsigned peer_inherit(struct peer *p); /* how many nodes below it certified anew */
/* A node that has a certificate joins another parent. */
void peer_move(struct peer *p, struct peer *parent);
void peer_end(struct peer *p);
/* Closed and opened again, as by a restart; with another schema, as by an upgrade. */
void peer_reopen(struct peer *p, const struct ln_schema *schema);
/* Puts an image of its databases aside, or back in its place, as from a copied card. */
void peer_image(struct peer *p, bool back);
/* One sync; the test fails unless it ends so. */
void peer_sync(struct peer *p, struct ln_exchange_report *out);
bool peer_try(struct peer *p, struct ln_exchange_report *out, struct ln_err *err);
/* A sync through a node above the parent. */
bool peer_past(struct peer *p, struct peer *upper, struct ln_exchange_report *out,
               struct ln_err *err);
bool peer_write(struct peer *p, ln_write_job *job, void *arg, struct ln_err *err);
void peer_seal(struct peer *p);

struct ln_id peer_add(struct peer *p, const char *coll, const char *audience, const char *fields,
                      const char *sealed);
bool peer_set(struct peer *p, const char *coll, const struct ln_id *rec, const char *fields,
              struct ln_err *err);
/* A field of a record as text, "" when there is none. */
const char *peer_cell(struct peer *p, const char *coll, const char *field, const struct ln_id *rec);
uint64_t peer_head(struct peer *p); /* of its own log */
void peer_rebuild(struct peer *p);
struct ln_digest peer_digest(struct peer *p, const char *audience);
/* How many changes stand in an audience here. */
unsigned peer_changes(struct peer *p, const char *audience);

#endif
