/* Why the engine says no, in whole sentences of both languages: what is wrong, with the names of
 * fields, steps and states as people read them, and what to do. */
#ifndef LN_REFUSAL_H
#define LN_REFUSAL_H

#include "node/module/engine.h"

/* Adds {"field","zh","en"} to *problems (made when NULL). {0} to {9} in both sentences stand for
 * `args`, in that language. `field` "" is about the whole. Always false, with `code` and the
 * English sentence in `err`. */
bool ln_refusal(json_t **problems, enum ln_code code, const char *field,
                const struct ln_def_label *say, const struct ln_def_label *args, size_t n,
                struct ln_err *err);
#define LN_REFUSAL_ARGS(...)                                                                       \
    (const struct ln_def_label[]){ __VA_ARGS__ },                                                  \
        sizeof((const struct ln_def_label[]){ __VA_ARGS__ }) / sizeof(struct ln_def_label)

/* The same text in both languages. */
struct ln_def_label ln_refusal_text(const char *text);
/* A field, state or step by its name; the name itself when it is not known. */
struct ln_def_label ln_refusal_field(const struct ln_def_coll *c, const char *name);
struct ln_def_label ln_refusal_state(const struct ln_def_coll *c, const char *name);
struct ln_def_label ln_refusal_step(const struct ln_def_coll *c, const char *action);

/* A list in words, e.g. of the roles that rights words name ("居委会、部门经办"), of fields or
 * states; both languages in buffers that the caller frees. */
struct ln_refusal_list {
    struct ln_buf zh, en;
};
struct ln_refusal_list ln_refusal_list(void);
void ln_refusal_add(struct ln_refusal_list *l, struct ln_def_label label);
/* Each once. */
void ln_refusal_roles(struct ln_refusal_list *l, const struct ln_def *def,
                      const char *const *words);
struct ln_def_label ln_refusal_said(const struct ln_refusal_list *l); /* borrowed from `l` */
void ln_refusal_free(struct ln_refusal_list *l);

#endif
