/* The simulator: a province, districts, communities and laptops in one process, the shipping sync/
 * objects on real stores, over a virtual clock, a hostile network, failing disks and hostile nodes,
 * all from one seed. world.c: nodes, clocks, disks that fail. disk.c: disks. net.c: links. act.c:
 * what happens. past.c: what is dropped by rule and erased, and boxes that begin behind it.
 * oracle.c: who may, and what merges to, written from the README anew. judge.c: what must hold. */
#ifndef LN_SIM_H
#define LN_SIM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/sqlstore.h"
#include "sync/alias.h"
#include "sync/exchange.h"
#include "sync/join.h"

#define SIM_NODES 4096
#define SIM_LATE 64
#define SIM_ERASURES 512

/* What a seed's world suffers from; each is on in about half of the seeds. */
enum sim_fault {
    SIM_LOSS,      /* requests and answers lost */
    SIM_CUT,       /* requests and answers cut at any byte, and delivered so */
    SIM_TWICE,     /* requests that arrive twice */
    SIM_LATE_COPY, /* requests that arrive hours later, out of order */
    SIM_PART,      /* one-way and two-way partitions for days */
    SIM_CLOCK,     /* clocks at 1970, in 2099, drifting, jumping */
    SIM_DISK,      /* full disks, failing commits */
    SIM_CRASH,     /* the power goes at any statement of any transaction */
    SIM_IMAGE,     /* an old image of the disk comes back */
    SIM_CLONE,     /* two boxes with one key */
    SIM_CHILD,     /* a node below with a good key that keeps no rule */
    SIM_PARENT,    /* a node above that answers anything, well signed */
    SIM_VERSION,   /* nodes that do not know a collection, upgraded at the end */
    SIM_REVOKE,    /* laptops and boxes stolen and revoked */
    SIM_PRUNE,     /* checkpoints, old contents dropped, boxes that begin behind them */
    SIM_ERASE,     /* persons erased */
    SIM_FAULTS
};
extern const char *const sim_fault_names[SIM_FAULTS];

enum sim_disk {
    DISK_GOOD,
    DISK_FULL_ONCE,
    DISK_FULL,
    DISK_DIES,
    DISK_COMMIT_LOST,
    DISK_COMMIT_KEPT
};

struct sim_node {
    char dir[80], region[LN_REGION_LEN + 1], grid[16];
    size_t index;
    enum ln_role role;
    struct sim_node *parent;
    /* its fate */
    bool hostile, revoked, old_schema;
    int64_t revoked_ms;
    bool unsure; /* it is revoked, and its parent went back to a disk that may not know */
    struct sim_node *original; /* this one is a clone of that */
    bool cloned;               /* it has a clone */
    bool stuck;                /* holds an older image of its own log: works, cannot sync */
    bool alarmed;              /* saw digests differ below a hostile parent */
    bool refused_fork;         /* its parent refused a segment of it as a fork */
    bool told;                 /* was told that its log forks, or that it is an older copy */
    struct sim_node *heir;     /* it died, and this one took its place */
    bool late;                 /* began when others had dropped what was old */
    struct ln_digest left;     /* of the region's own audience when it died */
    int64_t back_ms;           /* out of power until then */
    int64_t up_cut_ms, down_cut_ms;
    enum ln_code last_code; /* of its last sync */
    bool cut_answer; /* in this sync it was given a signed answer cut on the way, and did not */
    uint64_t cut_of; /* ask the same (this fingerprint) again */
    /* clock */
    int64_t offset_ms, given_ms;
    double drift;
    /* disk */
    enum sim_disk disk;
    unsigned disk_after; /* statements until it happens */
    bool dead;           /* it happened: everything fails until the node starts anew */
    char image[100];     /* an old copy, "" none */
    size_t image_saves;
    uint64_t image_head;
    int64_t image_ms;
    /* the node */
    struct ln_env env;
    struct ln_sqlstore *store;
    struct ln_replica *r;
    struct ln_replica_config c;
    struct ln_ident paper;
    struct ln_access access;
    struct ln_exchange_config x;
    struct ln_exchange_server *server;
    struct ln_exchange_client *client;
    struct ln_link link;
    /* what it saw */
    struct ln_id last_id; /* of its own changes: ids only rise */
    struct ln_id mine[8]; /* records to change */
    size_t n_mine;
    struct ln_id alike[8]; /* records of one audience, to be found one and the same */
    size_t n_alike;
    uint64_t heads[SIM_NODES / 8]; /* by number of the log */
    size_t n_heads;
    uint64_t most;                  /* longest its own log has been, durable */
    int64_t watched, watched_above; /* rows written, by it and by its parent, when last looked at */
    int64_t cared;                  /* rows written when it had nothing to erase */
};

struct sim_save {
    struct sim_node *by;
    struct ln_id id, record;
    char audience[LN_AUDIENCE_MAX];
    bool sealed;     /* with a name */
    bool gone;       /* the disk that held it is: only what was sent counts */
    bool sent;       /* a receipt covered it then */
    bool targeted;   /* a thief wrote about it: no second one does */
    unsigned amount; /* of the ledger, else 0 */
    bool survey;     /* of the collection that old programs do not know */
    bool cut;        /* after its author was revoked, or on a fork */
    bool deleted;    /* somebody deleted the record */
    /* what must not be found any more once it is erased */
    unsigned erasure; /* number of it from 1, 0 none */
    char name[64], kid[16];
    uint8_t secret[32];
};

struct sim_erasure {
    struct sim_node *by;
    char id[LN_ID_TEXT + 1]; /* of its line */
    int64_t at_ms;
    bool gone; /* the disk that asked for it is, and maybe nobody heard of it */
};

struct sim_claim { /* what a hostile line says, for the oracle */
    struct sim_node *by;
    const char *op, *collection, *audience; /* `audience`: where it really stands */
    const char *region;                     /* named in the line, "" none */
    const char *target_region;              /* of the record it changes, "" none or unknown */
    const char *names; /* node or audience an epoch, receipt or revocation is about */
    struct ln_id id, record;
};

struct sim_foreign { /* a thief's line about another region's public record */
    struct ln_id id, record;
};
struct sim_late {
    int64_t at_ms;
    struct sim_node *from;
    struct ln_message m;
    bool used;
};

struct sim {
    uint64_t seed, state;
    int64_t start_ms, now_ms;
    bool on[SIM_FAULTS];
    bool healing, quiet;
    bool log; /* SIM_LOG=1: what happens is told on stderr */
    struct sim_node *nodes[SIM_NODES];
    size_t n, n_real;        /* clones come behind the real ones */
    struct sim_node *at[16]; /* whose transaction runs, innermost last */
    size_t depth;
    struct sim_save *saves;
    size_t n_saves, cap_saves;
    struct sim_erasure erasures[SIM_ERASURES];
    size_t n_erasures;
    struct sim_late late[SIM_LATE];
    struct sim_foreign foreign[1024];
    size_t n_foreign;
    struct ln_digest trace; /* of all that happened */
    unsigned moved;         /* by syncs and seals */
    unsigned events, syncs, failed, lost, crashes, restarts, images, forged, merges, replays,
        claims, cut_messages, checkpoints, drops, erased;
    unsigned violations;
    size_t memory; /* most bytes in use */
    char why[512]; /* the first violation */
};
extern struct sim *sim;

/* world.c */
uint64_t sim_chance(void);
unsigned sim_below(unsigned n);
bool sim_one_in(unsigned n);
void sim_rng(void);
void sim_stop(const char *what, const struct ln_err *err) __attribute__((noreturn));
void sim_wrong(const char *fmt, ...) LN_PRINTF(1, 2); /* an invariant does not hold */
void sim_trace(const void *data, size_t len);
void sim_say(const char *fmt, ...) LN_PRINTF(1, 2); /* what happens, on stderr with SIM_LOG=1 */
struct sim_node *sim_add(struct sim_node *parent, const char *region, enum ln_role role,
                         const char *grid);
struct sim_node *sim_clone(struct sim_node *n);
struct sim_node *sim_replace(struct sim_node *n); /* by a new box that continues it */
void sim_open(struct sim_node *n);
void sim_close(struct sim_node *n);
void sim_reopen(struct sim_node *n); /* after a crash, or just so */
void sim_image_take(struct sim_node *n);
void sim_image_back(struct sim_node *n);
void sim_end(const struct sim_node *n); /* nothing of it stays outside the process */
int64_t sim_node_ms(void *node);
bool sim_out(const struct sim_node *n); /* crashed or out of power */
#define SIM_DO(ok)                                                                                 \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            sim_stop(#ok, &err);                                                                   \
    } while (0)

/* disk.c: the files of a node, by the name of its folder; `i` 0 to 3 is each of them */
void sim_disk_use(void);                                      /* SQLite does, from here on */
void sim_disk_copy(const char *from_dir, const char *to_dir); /* as it is; nobody has `to` open */
void sim_disk_drop(const char *dir);
void sim_disk_make(const char *dir); /* databases without a table */
bool sim_disk_has(const char *dir);  /* whether anything is there */
void sim_disk_add(const char *dir, const char *name, const void *data, size_t len); /* behind */
size_t sim_disk_read(const char *dir, size_t i, char **out); /* the caller's; NULL none */
size_t sim_disk_memory(void);                                /* bytes, of all */

/* net.c */
bool sim_call(void *node, const struct ln_message *request, struct ln_message *response,
              struct ln_err *err);
void sim_arrivals(void); /* of late copies */

/* act.c */
void sim_event(void);
void sim_sync(struct sim_node *n);
void sim_seal(struct sim_node *n);
void sim_heal(void);

/* past.c */
void sim_prune(struct sim_node *n, bool all);
void sim_erase(struct sim_node *n);
void sim_care(struct sim_node *n); /* does what was asked to be erased, and signs for it */
void sim_late_laptop(void);        /* they begin when others have dropped: one more laptop, */
void sim_late_box(void);           /* and a box in the place of one that dies */

/* oracle.c */
bool oracle_member(const struct sim_node *n, const char *audience);
const char *oracle_may(const struct sim_claim *c); /* NULL = may, else the rule */
bool oracle_above(const struct sim_node *upper, const struct sim_node *n);
/* What one text field of a record comes to, from its lines alone: heads and value. False when lines
 * stand among them that change more than fields. *whole false: lines that others name are not here.
 */
bool oracle_field(struct sim_node *n, const struct ln_id *record, const char *field,
                  unsigned *heads, char value[64], bool *whole);

/* judge.c */
void sim_watch(struct sim_node *n);   /* after each thing a node did */
void sim_explain(struct sim_node *n); /* what it and its parent think differently of */
/* That nothing is left of what the node signed to have erased. */
void sim_judge_erased(struct sim_node *n);
/* Whose data a hostile or lost node has in its hands, or had: nothing is promised of them. */
bool sim_cut_off(const struct sim_node *n);
void sim_judge(void); /* at the end */

#endif
