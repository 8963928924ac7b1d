/* One node in one process: its folder, keys, store, replica, writer thread and what reads beside
 * it. */
#ifndef LN_NODE_H
#define LN_NODE_H

#include <stdatomic.h>

#include "node/config.h"
#include "node/guard.h"
#include "node/module/engine.h"
#include "node/queue.h"
#include "node/store/sqlstore.h"
#include "sync/exchange.h"
#include "sync/files.h"

#define LN_VERSION "0.1.0"
#define LN_NODE_USER_MAX 2048 /* a laptop's own login, as JSON */

struct ln_node;
struct ln_drill;
struct ln_node_reader {
    struct ln_sqlstore *store;
    struct ln_node_reader *next;
};
struct ln_node {
    char dir[512];
    struct ln_config config;
    int lock;
    struct ln_guard *guard;
    struct ln_seckey key;
    struct ln_ident ident;
    struct ln_ident age_next; /* asked for; the parent's certificate makes it the present one */
    _Atomic bool has_next;
    struct ln_ident spare[LN_REPLICA_SPARES]; /* former reading keys */
    size_t n_spare;
    struct ln_recipient recovery;
    char id[LN_NODE_ID_MAX];
    struct ln_def *def;
    struct ln_env env;
    struct ln_sqlstore *writer;
    struct ln_replica *replica; /* the writer thread's, once the queue runs */
    struct ln_queue *queue;
    struct ln_access access;
    struct ln_engine engine;
    struct ln_exchange_config exchange;
    struct ln_files files;
    struct ln_syncer *_Atomic syncer; /* NULL unless served; the writer thread pokes it */
    void *pool;                       /* readers */
    _Atomic bool scrubbing;
    struct ln_prune_state {
        _Atomic bool strip;    /* volumes are to be made anew */
        bool shred;            /* and the database's files overwritten */
        int64_t looked_ms, at; /* the last look at old ones, 0 none; where it goes on */
    } prune;                   /* prune.h; but for strip the writer thread's */
    struct ln_drill *drill;    /* NULL unless served */
    int64_t started_ms;
    char state[LN_EXCHANGE_STATE_MAX]; /* as told to the parent (tree.h); the sync thread's */
    int64_t state_ms;
    atomic_bool importing; /* one spreadsheet is saved, or taken back, at a time */
};

struct ln_node_new {
    const char *region, *name;
    enum ln_role role;
    bool root;
    const struct ln_ident *paper; /* the recovery key there is already; NULL: one is made */
};
/* Makes a node in an empty or new folder: keys, configuration, database. `recovery` gets the
 * recovery key's text, kept nowhere. LN_CONFLICT the folder is in use. */
bool ln_node_init(const char *dir, const struct ln_node_new *want, struct ln_buf *recovery,
                  char id[LN_NODE_ID_MAX], struct ln_err *err) LN_MUST;
/* Opens the folder, locks it, starts the writer thread. LN_BUSY somebody else has it. */
bool ln_node_open(struct ln_node **out, const char *dir, struct ln_err *err) LN_MUST;
/* The same for a drill: it only reads, has no attachments and does nothing between jobs. */
bool ln_node_open_drill(struct ln_node **out, const char *dir, struct ln_err *err) LN_MUST;
/* New keys in the place of the present ones, which stay beside as *.old: the node is another one,
 * and has to join anew, continuing the old. `back` undoes that. The node is not open. */
bool ln_node_rekey(const char *dir, bool back, struct ln_err *err) LN_MUST;
/* Makes the next reading key (age.next), which the parent certifies at the next sync, a root itself
 * at once; it is used from then on. Any thread but the writer's. LN_CONFLICT one is asked for
 * already. */
bool ln_node_rotate_age(struct ln_node *n, struct ln_err *err) LN_MUST;
void ln_node_close(struct ln_node *n); /* accepts NULL; seals nothing */
/* Seals everything that waits (at the end, or before a sync). */
bool ln_node_seal(struct ln_node *n, struct ln_err *err) LN_MUST;

/* A reader of the database with a snapshot open, for one request on any thread. Given back by the
 * other. */
bool ln_node_read(struct ln_node *n, struct ln_node_reader **out, struct ln_err *err) LN_MUST;
void ln_node_read_done(struct ln_node *n, struct ln_node_reader *r);
/* Full text and attachments of what came or changed, now instead of between jobs. */
bool ln_node_look(struct ln_node *n, struct ln_err *err) LN_MUST;
/* Saves, and wakes the sync thread. */
bool ln_node_save(struct ln_node *n, struct ln_engine_job *job, struct ln_err *err) LN_MUST;
/* Who an account is: roles from its active memberships. False also when it is suspended or closed
 * (LN_DENIED). */
bool ln_node_user(struct ln_user *out, struct ln_node *n, struct ln_sqlstore *reader,
                  const struct ln_id *account, struct ln_err *err) LN_MUST;
/* Name of the region in Chinese, or the code. */
void ln_node_region(struct ln_buf *out, const char *region);

#endif
