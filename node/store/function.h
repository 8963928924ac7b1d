/* SQL functions of our own. linli_ms(id): the time an id claims, in ms since 1970. */
#ifndef LN_FUNCTION_H
#define LN_FUNCTION_H

#include "crypto/base/err.h"

struct sqlite3;
/* For one connection. LN_BROKEN when SQLite refuses. */
bool ln_function_register(struct sqlite3 *db, struct ln_err *err) LN_MUST;

#endif
