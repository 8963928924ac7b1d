/* The web server of a node: start, stop, and what its handlers share. */
#ifndef LN_WEB_H
#define LN_WEB_H

#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "node/module/program.h"
#include "node/node.h"
#include "node/web/http.h"

#define LN_WEB_BODY_MAX (1 << 20) /* of API requests */
#define LN_WEB_LARGE 8            /* larger ones (files, imports, slices) at a time */

#define LN_WEB_SENDERS 256
#define LN_WEB_SENDER_BODIES                                                                       \
    32 /* bodies of one address at a time: a household, not all workers                            \
        */

#define LN_WEB_TASKS 8 /* long requests whose progress is told at a time */
/* How far a long request has come: asked for under a key that its caller chose. */
struct ln_web_task {
    char key[65], account[LN_ID_TEXT + 1], phase[16];
    size_t done, total;
};

struct mg_context;
#define LN_WEB_KNOWN 256
#define LN_WEB_KNOWN_MS 2000 /* how long a role that was taken away may still be used */
/* Who a session belongs to, for the requests of the next moments. */
struct ln_web_known {
    uint8_t token[32];
    int64_t until_ms;
    struct ln_user user;
};
struct ln_web {
    struct ln_node *n;
    struct ln_exchange_server *exchange;
    struct mg_context *server;
    struct sockaddr_storage door; /* the first address it listens on */
    socklen_t door_len;           /* 0: unknown */
    atomic_bool stopped;
    atomic_int large;                   /* bodies above LN_WEB_BODY_MAX being read */
    atomic_int syncing;                 /* requests of other nodes at work */
    atomic_int bodies;                  /* all bodies being read */
    atomic_int senders[LN_WEB_SENDERS]; /* the same by address (hashed) */
    locale_t languages[2];              /* English, Chinese: of each answer (node/say.h) */
    pthread_mutex_t password;           /* one Argon2 at a time: it takes 16 MiB */
    char hosts[512];
    pthread_mutex_t known_mutex;
    /* What the sync strip of every page asks for every few seconds; NULL before the first. */
    pthread_mutex_t status_mutex;
    json_t *status;
    int64_t status_ms;
    struct ln_limit *limit; /* tries without a login */
    pthread_mutex_t task_mutex;
    struct ln_web_task tasks[LN_WEB_TASKS]; /* key "" free */
    struct ln_web_known known[LN_WEB_KNOWN];
};
/* Forgets all sessions kept in memory: after a login, a logout, a change of rights. */
void ln_web_forget(struct ln_web *w);
bool ln_web_start(struct ln_web **out, struct ln_node *n, const char *listen,
                  struct ln_err *err) LN_MUST;
void ln_web_stop(struct ln_web *w); /* accepts NULL */

/* ---- one request at work */
struct ln_call {
    struct ln_web *w;
    struct ln_node *n;
    struct ln_node_reader *r; /* one snapshot */
    const struct ln_http_request *q;
    struct ln_http_reply *out;
    struct ln_user user;
    bool known;                /* somebody is logged in */
    uint8_t token[32];         /* of the session */
    struct ln_program program; /* that reads with a token; id "" none */
    json_t *body;              /* parsed, NULL when there is none */
    json_t *fields;            /* problems of single fields for the error's body */
    json_t *titles;   /* what title.c has looked up: id to title, null for what is not to be read */
    const char *word; /* stable word of the error, NULL by code */
};
typedef bool ln_handler(struct ln_call *c, struct ln_err *err);
struct ln_route {
    const char *method, *path; /* ":" stands for one segment */
    ln_handler *run;
};
/* Whether the program of the call may use this route. */
bool ln_api_program_allowed(const struct ln_call *c, const struct ln_route *route);
extern const struct ln_route ln_routes[];
extern const size_t ln_routes_n;

/* Sets the JSON body (taken over) with this status. Always true. */
bool ln_web_json(struct ln_call *c, int status, json_t *body);
/* The body as an object, or LN_INVALID. */
bool ln_web_object(struct ln_call *c, struct ln_err *err) LN_MUST;
const char *ln_web_text(const json_t *o, const char *name); /* "" when absent */
/* Of the texts in `o` that the node wrote in both languages (LN_SAY_BOTH) stays the reader's. */
void ln_web_said(const struct ln_call *c, json_t *o);

#define LN_ROUTE(name) bool name(struct ln_call *c, struct ln_err *err)

#endif
