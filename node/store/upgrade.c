/* Copies of the database before an upgrade: see upgrade.h. */
#include "node/store/upgrade.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/log.h"
#include "node/disk.h"
#include "node/say.h"

#define BEFORE "linli.db.before-"
#define AFTER "linli.db.after-"
#define PATH_ROOM 640
#define DAY_S 86400

/* Removes copies last written before `before_s`. With `but` only those made before upgrades, and
 * not that one. */
static bool sweep(const char *dir, const char *but, int64_t before_s, bool *any, struct ln_err *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[PATH_ROOM];
    struct stat st;

    *any = false;
    if (d == NULL)
        return ln_fail(err, LN_BROKEN, "cannot read %s: %s", dir, strerror(errno));
    while ((e = readdir(d)) != NULL) {
        bool made = strncmp(e->d_name, BEFORE, sizeof BEFORE - 1) == 0;
        bool aside = strncmp(e->d_name, AFTER, sizeof AFTER - 1) == 0;
        if (but != NULL ? !made || strcmp(e->d_name, but) == 0 : !made && !aside)
            continue;
        (void)snprintf(path, sizeof path, "%s/%.200s", dir, e->d_name);
        if (stat(path, &st) == 0 && st.st_mtime < before_s && unlink(path) == 0)
            *any = true;
    }
    (void)closedir(d);
    return !*any || ln_disk_sync(dir, err);
}

static bool copy(const char *dir, struct ln_db *db, int64_t have, struct ln_err *err)
{
    char path[PATH_ROOM];
    char part[PATH_ROOM + 8];

    (void)snprintf(path, sizeof path, "%s/" BEFORE "%" PRId64, dir, have);
    (void)snprintf(part, sizeof part, "%s.part", path);
    if (access(path, F_OK) == 0)
        return true; /* an upgrade was cut after its copy */
    (void)unlink(part);
    bool ok = ln_db_copy(db, part, err);
    if (ok && rename(part, path) != 0)
        ok = ln_fail(err, LN_BROKEN, "cannot rename to %s: %s", path, strerror(errno));
    if (!ok)
        (void)unlink(part);
    ok = ok && ln_disk_sync(dir, err);
    if (ok)
        ln_log(LN_LOG_NOTE, "upgrading schema=%" PRId64 " to=%" PRId64 " copy=" BEFORE "%" PRId64,
               have, ln_db_newest("store/sql"), have);
    return ok || ln_wrap(err, LN_SAY("升级前的备份", "copy before the upgrade"));
}

bool ln_upgrade_copy(const char *dir, struct ln_db *db, struct ln_err *err)
{
    char name[64];
    int64_t have;
    bool any;

    if (!ln_db_schema(db, &have, err))
        return false;
    if (have == 0 || have >= ln_db_newest("store/sql"))
        return sweep(dir, NULL, (int64_t)time(NULL) - LN_UPGRADE_KEEP_DAYS * DAY_S, &any, err);
    (void)snprintf(name, sizeof name, BEFORE "%" PRId64, have);
    return copy(dir, db, have, err) && sweep(dir, name, INT64_MAX, &any, err);
}

bool ln_upgrade_forget(const char *dir, bool *any, struct ln_err *err)
{
    return sweep(dir, NULL, INT64_MAX, any, err);
}

/* ---- back */

/* The copy that this program can read and that is older than `than`: the latest of them. */
static bool find_copy(const char *dir, int64_t than, int64_t *found, struct ln_err *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    *found = 0;
    if (d == NULL)
        return ln_fail(err, LN_BROKEN, "cannot read %s: %s", dir, strerror(errno));
    while ((e = readdir(d)) != NULL) {
        char *end;
        if (strncmp(e->d_name, BEFORE, sizeof BEFORE - 1) != 0)
            continue;
        int64_t n = strtoll(e->d_name + sizeof BEFORE - 1, &end, 10);
        if (*end == '\0' && n > *found && n < than)
            *found = n;
    }
    (void)closedir(d);
    return *found > 0 ||
           ln_fail(err, LN_MISSING,
                   LN_SAY("%s 里没有升级前的备份", "there is no copy from before an upgrade in %s"),
                   dir);
}

/* What nobody else has yet. The newer schema has these columns, too: schemas only grow. */
static bool count_unsent(struct ln_db *db, int64_t *out, struct ln_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM change c JOIN log l ON l.n = c.log WHERE l.mine = 1 AND (c.seq IS"
        " NULL OR c.seq > l.receipt)";

    return ln_db_value(db, sql, out, err);
}

/* Everything of the newer database goes into its one file. */
static bool look_at(struct ln_upgrade_back *out, const char *dir, struct ln_err *err)
{
    struct ln_db *db = NULL;
    char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/linli.db", dir);
    bool ok = ln_db_open(&db, path, LN_DB_WRITE, err) && ln_db_schema(db, &out->from, err) &&
              count_unsent(db, &out->unsent, err) &&
              ln_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
    ln_db_close(db);
    return ok;
}

/* At no moment is there no database: the name changes its file at once. */
static bool swap(struct ln_upgrade_back *out, const char *dir, struct ln_err *err)
{
    char now[PATH_ROOM];
    char aside[PATH_ROOM];
    char before[PATH_ROOM];

    (void)snprintf(out->aside, sizeof out->aside, AFTER "%" PRId64, out->from);
    (void)snprintf(now, sizeof now, "%s/linli.db", dir);
    (void)snprintf(aside, sizeof aside, "%s/%s", dir, out->aside);
    (void)snprintf(before, sizeof before, "%s/" BEFORE "%" PRId64, dir, out->to);
    (void)unlink(aside);
    if (link(now, aside) != 0)
        return ln_fail(err, LN_BROKEN, "cannot set %s aside: %s", now, strerror(errno));
    if (rename(before, now) != 0)
        return ln_fail(err, LN_BROKEN, "cannot rename %s: %s", before, strerror(errno));
    return ln_disk_sync(dir, err);
}

bool ln_upgrade_back(struct ln_upgrade_back *out, const char *dir, bool lose, struct ln_err *err)
{
    *out = (struct ln_upgrade_back){ 0 };
    if (!look_at(out, dir, err) || !find_copy(dir, out->from, &out->to, err))
        return false;
    if (out->to > ln_db_newest("store/sql"))
        return ln_fail(err, LN_INVALID,
                       "the copy has schema %" PRId64 ", this linli knows %" PRId64, out->to,
                       ln_db_newest("store/sql"));
    if (out->unsent > 0 && !lose)
        return ln_fail(err, LN_CONFLICT, "%" PRId64 " changes were not sent yet", out->unsent);
    return swap(out, dir, err);
}
