/* A disk that fails: see disk.h. */
#include "tests/lib/disk.h"

#include <stdatomic.h>

#include "node/store/db.h"

static struct {
    unsigned nth;
    bool on;
    atomic_uint calls; /* a node's threads come here, too */
    atomic_bool failed;
} disk;

void disk_fail(unsigned nth, bool on)
{
    disk.nth = nth;
    disk.on = on;
    disk.calls = 0;
    disk.failed = false;
}

bool disk_failed(void)
{
    return disk.failed;
}

static bool fails(struct ln_err *err)
{
    unsigned call = ++disk.calls;

    if (disk.nth == 0 || call < disk.nth || (call > disk.nth && !disk.on))
        return false;
    disk.failed = true;
    (void)ln_fail(err, LN_BUSY, "the disk of this test fails");
    return true;
}

bool __real_ln_db_run(struct ln_query *q, struct ln_err *err);
bool __wrap_ln_db_run(struct ln_query *q, struct ln_err *err);
bool __wrap_ln_db_run(struct ln_query *q, struct ln_err *err)
{
    return fails(err) ? ln_db_end(q) : __real_ln_db_run(q, err);
}

bool __real_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err);
bool __wrap_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err);
bool __wrap_ln_db_row(struct ln_query *q, bool *row, struct ln_err *err)
{
    if (!fails(err))
        return __real_ln_db_row(q, row, err);
    *row = false;
    return ln_db_end(q);
}

bool __real_ln_db_begin(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_begin(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_begin(struct ln_db *db, struct ln_err *err)
{
    return !fails(err) && __real_ln_db_begin(db, err);
}

bool __real_ln_db_savepoint(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_savepoint(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_savepoint(struct ln_db *db, struct ln_err *err)
{
    return !fails(err) && __real_ln_db_savepoint(db, err);
}

bool __real_ln_db_commit(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_commit(struct ln_db *db, struct ln_err *err);
bool __wrap_ln_db_commit(struct ln_db *db, struct ln_err *err)
{
    if (!fails(err))
        return __real_ln_db_commit(db, err);
    ln_db_rollback(db);
    return false;
}
