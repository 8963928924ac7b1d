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

/* What both hold of the subdistrict's side, until nothing more moves. */
static void level(struct tree *t, struct box *street, struct box *second)
{
    struct ln_err err = { 0 };
    char down[LN_LOG_MAX];
    char further[LN_LOG_MAX];

    (void)snprintf(down, sizeof down, "%s.330106005000", t->dist.c.id);
    (void)snprintf(further, sizeof further, "%s.330106005056", street->c.id);
    for (int i = 0; i < 3; i++) {
        sync_all(t);
        seal(second);
        MUST(carry(second, street, second->c.id, &err) == LN_OK);
        seal(street);
        MUST(carry(street, &t->dist, street->c.id, &err) == LN_OK);
        MUST(carry(street, &t->dist, further, &err) == LN_OK);
        MUST(carry(street, &t->dist, second->c.id, &err) == LN_OK);
        if (i < 2) /* the last time receipts alone go down */
            seal(&t->dist);
        MUST(carry(&t->dist, &t->prov, t->dist.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, &t->prov, down, &err) == LN_OK);
        seal(&t->prov);
        MUST(carry(&t->prov, &t->dist, t->down2, &err) == LN_OK);
        MUST(carry(&t->dist, street, t->prov.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, street, t->down2, &err) == LN_OK);
        MUST(carry(&t->dist, street, t->dist.c.id, &err) == LN_OK);
        MUST(carry(&t->dist, street, down, &err) == LN_OK);
    }
}

static void read_view(struct ln_view *out, struct box *b, struct tree *t, struct box *street)
{
    struct ln_err err = { 0 };

    MUST(ln_view_read(out, b->c.store, ln_replica_authority(b->r), street->c.id, t->dist.c.id,
                      &err));
}

TEST(a_community_beside_a_subdistrict_whose_code_encloses_its_own_is_none_of_its_digests)
{
    struct tree t;
    struct box street;
    struct box second;
    struct ln_view above = { 0 };
    struct ln_view own = { 0 };

    tree_new(&t); /* the community 330106005055 stands right below the district */
    box_new(&street, "330106005000");
    box_new(&second, "330106005056");
    enrol(&t.dist, &street, "330106005000", LN_ROLE_SUBDISTRICT, NULL);
    enrol(&street, &second, "330106005056", LN_ROLE_COMMUNITY, NULL);
    (void)add(&t.comm, "notice", "330106005055/330106000000", "{\"title\":\"a\"}", NULL);
    (void)add(&second, "notice", "330106005056/330106000000", "{\"title\":\"b\"}", NULL);
    level(&t, &street, &second);

    read_view(&above, &t.dist, &t, &street);
    read_view(&own, &street, &t, &street);

    assert_string_equal(above.all, own.all);
    assert_string_not_equal(above.sum, "");
    assert_string_equal(above.sum, own.sum);

    ln_view_free(&above);
    ln_view_free(&own);
    box_end(&second);
    box_end(&street);
    tree_end(&t);
}

/* It has no certificate of the new box, and what it wrote before its end is the community's. */
TEST(a_new_box_gets_what_a_revoked_laptop_of_the_dead_one_had_written)
{
    struct tree t;
    struct box laptop;
    struct box heir;
    struct ln_cert as = { .role = LN_ROLE_COMMUNITY };
    struct ln_view_log l;
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    box_new(&heir, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "201");
    sync_all(&t);
    (void)add(&laptop, "person", "330106005055/g201", "{\"job\":\"1-01\"}", NULL);
    seal(&laptop);
    MUST(carry(&laptop, &t.comm, laptop.c.id, &err) == LN_OK);
    MUST(carry(&t.comm, &t.dist, laptop.c.id, &err) == LN_OK);
    uint64_t end = head(&t.comm, laptop.c.id);
    MUST(ln_replica_begin(t.comm.r, &err) && ln_replica_revoke(t.comm.r, laptop.c.id, &end, &err) &&
         ln_replica_commit(t.comm.r, &err));
    sync_all(&t);
    (void)snprintf(as.continues, sizeof as.continues, "%s", t.comm.c.id);
    enrol_as(&t.dist, &heir, "330106005055", &as);
    sync_all(&t);
    const struct ln_authority *a = ln_replica_authority(t.dist.r);

    assert_true(ln_view_holds(&l, a, heir.c.id, t.dist.c.id, laptop.c.id) && !l.up);

    MUST(carry(&t.dist, &heir, laptop.c.id, &err) == LN_OK);
    assert_int_equal(head(&heir, laptop.c.id), end);
    box_end(&heir);
    box_end(&laptop);
    tree_end(&t);
}

RUN_TESTS(T(heads_with_anything_changed_are_refused_or_read_as_they_stand),
          T(a_view_holds_what_concerns_the_child_and_nothing_else),
          T(a_new_box_gets_what_a_revoked_laptop_of_the_dead_one_had_written),
          T(a_community_beside_a_subdistrict_whose_code_encloses_its_own_is_none_of_its_digests))
