/* Small files: see disk.h. */
#include "node/disk.h"
#include "node/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 1024

static bool fail_errno(struct ln_err *err, const char *what, const char *path)
{
    enum ln_code code = errno == ENOENT                      ? LN_MISSING
                        : errno == ENOSPC || errno == EDQUOT ? LN_FULL
                                                             : LN_BROKEN;

    return ln_fail(err, code, "%s %s: %s", what, path, strerror(errno));
}

bool ln_disk_read(struct ln_buf *out, const char *dir, const char *name, struct ln_err *err)
{
    char path[PATH_ROOM];
    char part[4096];
    ssize_t n;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, LN_SAY("无法读取", "cannot read"), path);
    while ((n = read(fd, part, sizeof part)) > 0)
        ln_buf_add(out, part, (size_t)n);
    (void)close(fd);
    if (n < 0)
        return fail_errno(err, LN_SAY("无法读取", "cannot read"), path);
    return ln_buf_done(out, path, err);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0;
}

bool ln_disk_write(const char *dir, const char *name, const void *data, size_t len,
                   struct ln_err *err)
{
    char path[PATH_ROOM];
    char beside[PATH_ROOM + 8];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, LN_SAY("无法写入", "cannot write"), beside);
    bool ok = write_all(fd, data, len);
    if (!ok)
        (void)fail_errno(err, LN_SAY("无法写入", "cannot write"), beside);
    (void)close(fd);
    if (ok && rename(beside, path) != 0)
        ok = fail_errno(err, LN_SAY("无法改名为", "cannot rename to"), path);
    if (!ok)
        (void)unlink(beside);
    return ok && ln_disk_sync(dir, err);
}

bool ln_disk_sync(const char *folder, struct ln_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        (void)fail_errno(err, LN_SAY("无法写入", "cannot write"), folder);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

bool ln_disk_there(const char *dir, const char *name)
{
    char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

bool ln_disk_plain(const char *path, struct ln_err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return ln_fail(err, errno == ENOENT ? LN_MISSING : LN_BROKEN,
                       LN_SAY("无法读取：%s", "cannot read it: %s"), strerror(errno));
    return S_ISREG(st.st_mode) ||
           ln_fail(err, LN_INVALID, "%s", LN_SAY("不是普通文件", "it is no plain file"));
}

static bool is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    bool empty = true;

    if (d == NULL)
        return false;
    while ((e = readdir(d)) != NULL)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    (void)closedir(d);
    return empty;
}

#define BEGUN "begun" /* stands in a folder until it is made */

bool ln_disk_make(const char *dir, struct ln_err *err)
{
    char path[PATH_ROOM];
    char begun[PATH_ROOM + 8];

    (void)snprintf(path, sizeof path, "%s", dir);
    for (char *p = path + 1; *p != '\0'; p++)
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(path, 0755);
            *p = '/';
        }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail_errno(err, LN_SAY("无法建立", "cannot make"), path);
    if (!is_empty(path) && (!ln_disk_there(dir, BEGUN) || ln_disk_there(dir, "config")))
        return ln_fail(
            err, LN_CONFLICT,
            LN_SAY("目录 %s 已被使用：请另选一个空目录", "%s is in use: choose an empty folder"),
            dir);
    (void)snprintf(begun, sizeof begun, "%s/" BEGUN, path);
    int fd = open(begun, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, LN_SAY("无法写入", "cannot write"), begun);
    (void)close(fd);
    return true;
}

void ln_disk_made(const char *dir)
{
    char path[PATH_ROOM + 8];

    (void)snprintf(path, sizeof path, "%s/" BEGUN, dir);
    (void)unlink(path); /* beside a config it says nothing */
}

bool ln_disk_lock(int *fd, const char *dir, struct ln_err *err)
{
    char path[PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/lock", dir);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return fail_errno(err, LN_SAY("无法打开", "cannot open"), path);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    (void)close(*fd);
    *fd = -1;
    return ln_fail(err, LN_BUSY, LN_SAY("另一个 linli 正在使用 %s", "another linli works in %s"),
                   dir);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

bool ln_disk_remove(const char *dir, struct ln_err *err)
{
    return access(dir, F_OK) != 0 || nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
           fail_errno(err, LN_SAY("无法删除", "cannot remove"), dir);
}

bool ln_disk_replace(const char *dir, const char *made, struct ln_err *err)
{
    char old[PATH_ROOM + 8];
    char above[PATH_ROOM];

    (void)snprintf(old, sizeof old, "%s.old", dir);
    (void)snprintf(above, sizeof above, "%s", dir);
    char *slash = strrchr(above, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!ln_disk_remove(old, err))
        return false;
    if (access(dir, F_OK) == 0 && rename(dir, old) != 0)
        return fail_errno(err, LN_SAY("无法改名", "cannot rename"), dir);
    if (rename(made, dir) != 0)
        return fail_errno(err, LN_SAY("无法改名为", "cannot rename to"), dir);
    return ln_disk_sync(slash != NULL ? above : ".", err) && ln_disk_remove(old, err);
}
