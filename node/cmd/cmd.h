/* The commands. Each is parsed into a JSON object; those that work on an open node run in this
 * process, or, while `linli serve` has the folder, in that one through the socket <dir>/control. */
#ifndef LN_CMD_H
#define LN_CMD_H

#include <jansson.h>

#include "node/node.h"
#include "node/say.h"

/* Runs argv[1]. Exit code: 0 done, 1 failed, 2 used wrongly. */
int ln_cmd_main(int argc, char **argv);

/* ---- between the files of cmd/ */
/* An option or argument of a command: "" when it was not given; borrowed from `args`. */
const char *ln_cmd_arg(const json_t *args, const char *name);
/* Whether an option without a value was given. */
bool ln_cmd_on(const json_t *args, const char *name);
/* One command on an open node. `args` = {"command","json",...}. What people read goes to `out`. */
bool ln_cmd_run(struct ln_node *n, const json_t *args, struct ln_buf *out,
                struct ln_err *err) LN_MUST;
bool ln_cmd_load(struct ln_node *n, const json_t *args, struct ln_buf *out,
                 struct ln_err *err) LN_MUST;
/* Adds `v` and a newline to what a program reads; takes the reference to `v`. */
void ln_cmd_json(struct ln_buf *out, json_t *v);
/* {"node","role",...} as `status --json` and the API give it. The caller frees. */
bool ln_cmd_status(json_t **out, struct ln_node *n, struct ln_err *err) LN_MUST;
bool ln_cmd_export(struct ln_node *n, const json_t *args, struct ln_buf *out,
                   struct ln_err *err) LN_MUST;
bool ln_cmd_import(struct ln_node *n, const json_t *args, struct ln_buf *out,
                   struct ln_err *err) LN_MUST;
/* join: as the command; the node is not served. */
bool ln_cmd_join(struct ln_node *n, const json_t *args, struct ln_buf *out,
                 struct ln_err *err) LN_MUST;
struct ln_cmd_joined {
    const char *id;
    bool yes;
};
bool ln_cmd_adopt(struct ln_node *n, const json_t *args, struct ln_buf *out,
                  struct ln_err *err) LN_MUST;
bool ln_cmd_drill(struct ln_node *n, const json_t *args, struct ln_buf *out,
                  struct ln_err *err) LN_MUST;
/* linli restore: makes the node, or goes on with one that was cut. */
bool ln_cmd_restore(const json_t *args, struct ln_buf *out, struct ln_err *err) LN_MUST;
bool ln_cmd_prune(struct ln_node *n, const json_t *args, struct ln_buf *out,
                  struct ln_err *err) LN_MUST;
bool ln_cmd_show(struct ln_node *n, const json_t *args, struct ln_buf *out,
                 struct ln_err *err) LN_MUST;
/* The nodes below. */
bool ln_cmd_invite(struct ln_node *n, const json_t *args, struct ln_buf *out,
                   struct ln_err *err) LN_MUST;
bool ln_cmd_renew(struct ln_node *n, const json_t *args, struct ln_buf *out,
                  struct ln_err *err) LN_MUST;
bool ln_cmd_revoke(struct ln_node *n, const json_t *args, struct ln_buf *out,
                   struct ln_err *err) LN_MUST;
bool ln_cmd_rotate(struct ln_node *n, const json_t *args, struct ln_buf *out,
                   struct ln_err *err) LN_MUST;
bool ln_cmd_nodes(struct ln_node *n, const json_t *args, struct ln_buf *out,
                  struct ln_err *err) LN_MUST;
/* linli serve: until SIGTERM or SIGINT. */
bool ln_cmd_serve(const char *dir, const char *listen, struct ln_err *err) LN_MUST;

#define LN_CMD_OUT_MAX (64 << 20)
/* The socket of a serving node. */
struct ln_control;
bool ln_control_start(struct ln_control **out, struct ln_node *n, struct ln_err *err) LN_MUST;
void ln_control_stop(struct ln_control *c);
/* Asks the serving node; `served` false: nobody serves there, and the error is no answer. */
bool ln_control_ask(const char *dir, const json_t *args, struct ln_buf *out, bool *served,
                    struct ln_err *err) LN_MUST;

#endif
