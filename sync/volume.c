/* Packs into bare repositories: see volume.h. */
#include "sync/volume.h"

#include <git2.h>
#include <stdio.h>
#include <string.h>

static bool failed(struct ln_err *err, const char *what)
{
    const git_error *e = git_error_last();

    return ln_fail(err, LN_BROKEN, "git %s: %s", what,
                   e != NULL && e->message != NULL ? e->message : "unknown");
}

bool ln_volume_start(struct ln_err *err)
{
    /* Objects are written once and read by other programs: libgit2's cache of them would only grow.
     */
    if (git_libgit2_init() < 0 || git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) != 0 ||
        git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0) != 0)
        return failed(err, "start");
    return true;
}

void ln_volume_stop(void)
{
    (void)git_libgit2_shutdown();
}

const char *const ln_volume_locks[LN_VOLUME_LOCKS] = { "config.lock", "HEAD.lock",
                                                       "refs/heads/main.lock", "packed-refs.lock" };

static bool open_bare(git_repository **out, const char *path, struct ln_err *err)
{
    git_repository_init_options o;

    if (git_repository_open_bare(out, path) == 0)
        return true;
    (void)git_repository_init_options_init(&o, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    o.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    o.initial_head = "main";
    return git_repository_init_ext(out, path, &o) == 0 || failed(err, "init");
}

static bool index_pack(const char *path, const void *pack, size_t len, struct ln_err *err)
{
    git_indexer_options o;
    git_indexer_progress stats = { 0 };
    git_indexer *indexer = NULL;
    char folder[1024];
    bool ok;

    (void)git_indexer_options_init(&o, GIT_INDEXER_OPTIONS_VERSION);
    (void)snprintf(folder, sizeof folder, "%s/objects/pack", path);
    ok = git_indexer_new(&indexer, folder, 0444, NULL, &o) == 0 &&
         git_indexer_append(indexer, pack, len, &stats) == 0 &&
         git_indexer_commit(indexer, &stats) == 0;
    if (!ok)
        (void)failed(err, "index");
    git_indexer_free(indexer);
    return ok;
}

bool ln_volume_add(const char *path, const void *pack, size_t len, const struct ln_sha1 *head,
                   struct ln_err *err)
{
    git_repository *repo = NULL;
    git_reference *ref = NULL;
    git_oid oid;
    bool ok = false;

    if (!open_bare(&repo, path, err) || !index_pack(path, pack, len, err))
        goto out;
    git_repository_free(repo); /* opened anew, so that it sees the pack */
    repo = NULL;
    if (!open_bare(&repo, path, err))
        goto out;
    (void)git_oid_fromraw(&oid, head->b);
    if (git_reference_create(&ref, repo, "refs/heads/main", &oid, 1, "sealed") != 0) {
        (void)failed(err, "ref");
        goto out;
    }
    ok = true;
out:
    git_reference_free(ref);
    git_repository_free(repo);
    return ok || ln_wrap(err, "%s", path);
}

bool ln_volume_read(struct ln_buf *out, const char *path, const char *kind,
                    const struct ln_sha1 *name)
{
    git_repository *repo = NULL;
    git_odb *odb = NULL;
    git_odb_object *object = NULL;
    git_oid oid;

    (void)git_oid_fromraw(&oid, name->b);
    /* libgit2 checks the name of what it reads by itself. */
    bool ok = git_repository_open_bare(&repo, path) == 0 && git_repository_odb(&odb, repo) == 0 &&
              git_odb_read(&object, odb, &oid) == 0 &&
              git_odb_object_type(object) == git_object_string2type(kind);
    if (ok)
        ln_buf_add(out, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    git_odb_free(odb);
    git_repository_free(repo);
    return ok;
}

bool ln_volume_holds(const char *path, const struct ln_sha1 *names, size_t n)
{
    git_repository *repo = NULL;
    git_odb *odb = NULL;
    bool ok = git_repository_open_bare(&repo, path) == 0 && git_repository_odb(&odb, repo) == 0;

    for (size_t i = 0; ok && i < n; i++) {
        git_oid oid;
        (void)git_oid_fromraw(&oid, names[i].b);
        ok = git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    }
    git_odb_free(odb);
    git_repository_free(repo);
    return ok;
}

bool ln_volume_promise(const char *path, struct ln_err *err)
{
    git_repository *repo = NULL;
    git_config *config = NULL;
    bool ok = open_bare(&repo, path, err);

    ok = ok &&
         ((git_repository_config(&config, repo) == 0 &&
           git_config_set_bool(config, "remote.origin.promisor", 1) == 0 &&
           git_config_set_string(config, "remote.origin.partialclonefilter", "blob:none") == 0) ||
          failed(err, "config"));
    git_config_free(config);
    git_repository_free(repo);
    return ok || ln_wrap(err, "%s", path);
}
