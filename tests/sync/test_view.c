/* Heads as neighbours tell them: written, read back, and everything that is none. */
#include "sync/view.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/mutate.h"
#include "tests/lib/tree.h"

#define SHA "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void try_heads(void *ctx, const char *text, size_t len)
{
    struct ln_view v = { 0 };
    struct ln_err err = { 0 };

    ++*(unsigned *)ctx;
    if (len == 0 || !ln_canon_check(text, len, &err))
        return;
    if (!ln_view_parse(&v, (struct ln_span){ text, len }, &err)) {
        assert_int_equal(err.code, LN_INVALID);
        return;
    }
    for (size_t i = 0; i < v.n; i++)
        assert_true(v.logs[i].seq > 0 && ln_view_find(&v, v.logs[i].log) != NULL);
    ln_view_free(&v);
}

TEST(heads_with_anything_changed_are_refused_or_read_as_they_stand)
{
    static const char heads[] =
        "[[\"330106005055-aaaaaaaaaaaaaaaa\",3,\"" SHA
        "\"],[\"330106000000-aaaaaaaaaaaaaaaa.330106005055\",1,\"" SHA "\"]]";
    struct ln_view v = { 0 };
    struct ln_err err = { 0 };
    unsigned tried = 0;
    struct ln_sha256 sha = { { 0 } };
    MUST(ln_view_parse(&v, ln_span_of(heads), &err));
    assert_int_equal(v.n, 2);
    assert_null(ln_view_find(&v, "330106005056-aaaaaaaaaaaaaaaa"));
    assert_null(
        ln_view_find(&v, "a-name-far-too-long-for-any-log-that-could-ever-be-written-here"));
    assert_int_equal(ln_view_note(&v, "330106005056-aaaaaaaaaaaaaaaa", 7, &sha)->seq, 7);
    assert_non_null(ln_view_find(&v, "330106005056-aaaaaaaaaaaaaaaa"));
    ln_view_free(&v);
    assert_null(ln_view_find(&v, "330106005056-aaaaaaaaaaaaaaaa"));

    mutate_json(ln_span_of(heads), try_heads, &tried);
    mutate_bytes(heads, strlen(heads), try_heads, &tried);

    assert_true(tried > 1000);
}

TEST(a_view_holds_what_concerns_the_child_and_nothing_else)
{
    struct tree t;
    struct box laptop;
    struct box other;
    struct ln_view_log l;
    struct ln_view v;
    struct ln_err err = { 0 };
    char log[LN_LOG_MAX];
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    box_new(&other, "330106005056");
    enrol(&t.dist, &other, "330106005056", LN_ROLE_COMMUNITY, NULL);
    sync_all(&t);
    const struct ln_authority *a = ln_replica_authority(t.dist.r);
    const char *child = t.comm.c.id;
    const char *at = t.dist.c.id;

    assert_true(ln_view_holds(&l, a, child, at, child) && l.own && l.up);
    assert_true(ln_view_holds(&l, a, child, at, laptop.c.id) && l.up && !l.own);
    assert_true(ln_view_holds(NULL, a, child, at, at));
    assert_true(ln_view_holds(&l, a, child, at, t.prov.c.id) && !l.up);
    assert_true(ln_view_holds(&l, a, child, at, t.down) && !l.up);
    (void)snprintf(log, sizeof log, "%s.330106005056", at);
    assert_false(ln_view_holds(&l, a, child, at, log));
    assert_false(ln_view_holds(&l, a, child, at, other.c.id));
    assert_false(ln_view_holds(&l, a, "nobody", at, child));
    assert_false(ln_view_holds(&l, a, child, at, ""));
    assert_false(ln_view_holds(&l, a, child, at, ".330106005055"));
    assert_false(ln_view_holds(&l, a, child, at,
                               "a-name-far-too-long-for-any-log-that-could-ever-be-written-here"));
    assert_false(ln_view_holds(&l, a, child, at, "330106005055-aaaaaaaaaaaaaaaa-and-more.x"));
    assert_false(ln_view_read(&v, t.dist.c.store, a, "nobody", at, &err));
    assert_int_equal(err.code, LN_MISSING);
    assert_false(ln_view_read(&v, t.dist.c.store, a, child, "nobody", &err));
    box_end(&other);
    box_end(&laptop);
    tree_end(&t);
}

RUN_TESTS(T(heads_with_anything_changed_are_refused_or_read_as_they_stand),
          T(a_view_holds_what_concerns_the_child_and_nothing_else))
