/* SQL functions: see function.h. */
#include "node/store/function.h"

#include <sqlite3.h>
#include <string.h>

#include "sync/clock.h"

static void ms_of(sqlite3_context *x, int n, sqlite3_value **v)
{
    struct ln_id id;

    (void)n;
    if (sqlite3_value_type(v[0]) != SQLITE_BLOB || sqlite3_value_bytes(v[0]) != (int)sizeof id.b) {
        sqlite3_result_null(x);
        return;
    }
    memcpy(id.b, sqlite3_value_blob(v[0]), sizeof id.b);
    sqlite3_result_int64(x, (sqlite3_int64)LN_HLC_MS(ln_clock_claimed(&id)));
}

bool ln_function_register(struct sqlite3 *db, struct ln_err *err)
{
    return sqlite3_create_function_v2(db, "linli_ms", 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      ms_of, NULL, NULL, NULL) == SQLITE_OK ||
           ln_fail(err, LN_BROKEN, "%s", sqlite3_errmsg(db));
}
