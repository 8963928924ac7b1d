/* Modules of a node's own: see added.h. */
#include "node/added.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/disk.h"
#include "node/say.h"

#define NAME_MAX_LEN 64
#define PATH_ROOM 4096
#define FOLDER "module"

struct names {
    char name[LN_ADDED_MAX][NAME_MAX_LEN];
    size_t n;
};

/* Lower case, digits, _ and -, ending in .json: what an editor left beside it is no module. */
static bool is_module(const char *name)
{
    size_t stem = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return stem > 0 && strcmp(name + stem, ".json") == 0 && strlen(name) < NAME_MAX_LEN;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool list(struct names *out, const char *folder, struct ln_err *err)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    bool ok = true;

    if (d == NULL)
        return errno == ENOENT ||
               ln_fail(err, LN_BROKEN, LN_SAY("无法读取 %s：%s", "%s cannot be read: %s"), folder,
                       strerror(errno));
    while (ok && (e = readdir(d)) != NULL) {
        if (!is_module(e->d_name))
            continue;
        if (out->n == LN_ADDED_MAX)
            ok = ln_fail(err, LN_FULL,
                         LN_SAY("%s 里的模块多于 %d 个", "%s holds more than %d modules"), folder,
                         LN_ADDED_MAX);
        else
            (void)snprintf(out->name[out->n++], NAME_MAX_LEN, "%s", e->d_name);
    }
    (void)closedir(d);
    qsort(out->name, out->n, sizeof out->name[0], by_name);
    return ok;
}

bool ln_added_open(struct ln_def **out, const char *dir, struct ln_err *err)
{
    struct names *names = ln_alloc(sizeof *names);
    struct ln_def_file files[LN_ADDED_MAX] = { 0 };
    struct ln_buf texts[LN_ADDED_MAX] = { 0 };
    char shown[LN_ADDED_MAX][sizeof FOLDER + NAME_MAX_LEN];
    char folder[PATH_ROOM];
    bool ok;

    (void)snprintf(folder, sizeof folder, "%s/" FOLDER, dir);
    ok = list(names, folder, err);
    for (size_t i = 0; ok && i < names->n; i++) {
        texts[i] = ln_buf_new(LN_ADDED_FILE_MAX);
        (void)snprintf(shown[i], sizeof shown[i], FOLDER "/%s", names->name[i]);
        ok = ln_disk_read(&texts[i], folder, names->name[i], err) || ln_wrap(err, "%s", shown[i]);
        files[i] = (struct ln_def_file){ shown[i], texts[i].data, texts[i].len };
    }
    ok = ok && ln_def_open_with(out, files, names->n, err);
    for (size_t i = 0; i < names->n; i++)
        ln_buf_free(&texts[i]);
    ln_free(names);
    return ok;
}
