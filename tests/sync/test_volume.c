/* Volumes: packs in a bare repository that stock git clones and finds clean. */
#include "sync/volume.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/tool.h"
#include "tests/lib/tree.h"

#define UP "330106005055/330106000000"

static struct ln_sha1 slice(struct ln_buf *pack, struct box *b, uint64_t from)
{
    struct ln_err err = { 0 };
    struct ln_store_log l = { 0 };
    uint64_t last;

    ln_buf_clear(pack);
    MUST(ln_replica_slice(pack, &last, b->c.store, ln_replica_authority(b->r), b->c.id, from,
                          ln_replica_self(b->r), LN_PACK_MAX, &err));
    MUST(b->c.store->ops->log_get(b->c.store->ctx, &l, b->c.id, &err));
    assert_int_equal(last, l.head);
    return l.head_commit;
}

TEST(a_log_kept_as_a_volume_is_cloned_and_found_clean_by_stock_git)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    char path[128];
    tree_new(&t);
    (void)add(&t.comm, "person", UP, "{\"job\":\"a\"}", "{\"name\":\"李一\"}");
    seal(&t.comm);
    (void)snprintf(path, sizeof path, "%s/volume/2026q4.git", t.comm.dir);
    MUST(ln_volume_start(&err));

    struct ln_sha1 first = slice(&pack, &t.comm, 1);
    MUST(ln_volume_add(path, pack.data, pack.len, &first, &err));
    MUST(ln_volume_add(path, pack.data, pack.len, &first, &err)); /* again does no harm */
    uint64_t held = head(&t.comm, t.comm.c.id);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
    seal(&t.comm);
    struct ln_sha1 second = slice(&pack, &t.comm, held + 1);
    MUST(ln_volume_add(path, pack.data, pack.len, &second, &err));

    const struct ln_sha1 both[] = { first, second };
    const struct ln_sha1 none[] = { first, { { 1 } } };
    assert_true(ln_volume_holds(path, both, 2));
    assert_false(ln_volume_holds(path, none, 2));
    assert_false(ln_volume_holds(t.comm.dir, both, 1)); /* no repository */

    assert_int_equal(tool_run(t.comm.dir,
                              "git -C volume/2026q4.git fsck --strict --full 2>&1 | grep -v "
                              "notice; git clone -q volume/2026q4.git c && test \"$(git -C c log "
                              "--oneline | wc -l)\" = %u",
                              (unsigned)head(&t.comm, t.comm.c.id)),
                     0);
    ln_volume_stop();
    ln_buf_free(&pack);
    tree_end(&t);
}

TEST(what_is_no_pack_or_has_no_place_is_refused_and_the_volume_stays_as_it_was)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    char path[128];
    struct ln_sha1 none = { { 1 } };
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
    seal(&t.comm);
    (void)snprintf(path, sizeof path, "%s/volume.git", t.comm.dir);
    MUST(ln_volume_start(&err));
    struct ln_sha1 at = slice(&pack, &t.comm, 1);
    MUST(ln_volume_add(path, pack.data, pack.len, &at, &err));

    assert_false(ln_volume_add(path, "PACK and nothing", 16, &at, &err));
    assert_int_equal(err.code, LN_BROKEN);
    assert_false(ln_volume_add(path, pack.data, pack.len - 1, &at, &err));
    assert_false(ln_volume_add(path, pack.data, pack.len, &none, &err)); /* no such commit */
    assert_false(ln_volume_add("/dev/null/volume", pack.data, pack.len, &at, &err));
    assert_non_null(strstr(err.text, "/dev/null/volume"));

    assert_int_equal(tool_run(t.comm.dir, "git clone -q volume.git c && git -C c fsck --strict"),
                     0);
    ln_volume_stop();
    ln_buf_free(&pack);
    tree_end(&t);
}

RUN_TESTS(T(a_log_kept_as_a_volume_is_cloned_and_found_clean_by_stock_git),
          T(what_is_no_pack_or_has_no_place_is_refused_and_the_volume_stays_as_it_was))
