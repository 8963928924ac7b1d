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

TEST(an_object_of_a_volume_is_read_by_kind_and_name_and_not_when_it_is_damaged)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_buf out = ln_buf_new(LN_PACK_MAX);
    char path[128];
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"停水\"}", NULL);
    seal(&t.comm);
    (void)snprintf(path, sizeof path, "%s/volume.git", t.comm.dir);
    MUST(ln_volume_start(&err));
    struct ln_sha1 at = slice(&pack, &t.comm, 1);
    struct ln_sha1 other = at;
    other.b[0] ^= 1;
    MUST(ln_volume_add(path, pack.data, pack.len, &at, &err));
    const struct {
        const char *path, *kind;
        const struct ln_sha1 *name;
        bool read;
    } table[] = {
        { path, "commit", &at, true },        { path, "tree", &at, false }, /* which it is not */
        { path, "nothing", &at, false },      { path, "commit", &other, false },
        { t.comm.dir, "commit", &at, false }, /* no repository */
        { "/nowhere", "commit", &at, false },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ln_buf_clear(&out);
        if (ln_volume_read(&out, table[i].path, table[i].kind, table[i].name) != table[i].read)
            fail_msg("object %zu", i);
        assert_int_equal(out.len > 0, table[i].read);
        if (table[i].read) {
            struct ln_sha1 sha = ln_segment_sha1("commit", out.data, out.len);
            assert_memory_equal(sha.b, at.b, sizeof at.b);
        }
    }
    assert_int_equal(tool_run(t.comm.dir, "chmod u+w volume.git/objects/pack/*.pack && "
                                          "truncate -s 40 volume.git/objects/pack/*.pack"),
                     0);
    ln_buf_clear(&out);
    assert_false(ln_volume_read(&out, path, "commit", &at));
    assert_int_equal(out.len, 0);
    assert_false(ln_volume_promise("/dev/null/volume", &err));
    assert_non_null(strstr(err.text, "/dev/null/volume"));
    ln_volume_stop();
    ln_buf_free(&out);
    ln_buf_free(&pack);
    tree_end(&t);
}

RUN_TESTS(T(an_object_of_a_volume_is_read_by_kind_and_name_and_not_when_it_is_damaged),
          T(a_log_kept_as_a_volume_is_cloned_and_found_clean_by_stock_git),
          T(what_is_no_pack_or_has_no_place_is_refused_and_the_volume_stays_as_it_was))
