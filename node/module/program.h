/* Programs that read with a token (README of node/web "Programs"): who may be let in as what. */
#ifndef LN_PROGRAM_H
#define LN_PROGRAM_H

#include "node/module/special.h"

extern const struct ln_special ln_program_special[];

/* A program as a request sees it. */
struct ln_program {
    char id[LN_ID_TEXT + 1]; /* "" none */
    json_t *scopes;          /* the caller frees */
};
/* The active program with this token ("lp_" and 52 letters), and as whom it reads; out->id "" when
 * there is none. */
bool ln_program_find(struct ln_program *out, struct ln_user *u, struct ln_sqlstore *s,
                     const struct ln_def *def, const char *token, const char *today,
                     struct ln_err *err) LN_MUST;
bool ln_program_may(const struct ln_program *p, const char *scope);
/* A new token, and what is kept of it. */
#define LN_PROGRAM_TOKEN 64
#define LN_PROGRAM_HASH 65
void ln_program_token(char token[LN_PROGRAM_TOKEN], char hash[LN_PROGRAM_HASH]);

#endif
