/* Records given up for others, on a store of a few arrays. */
#include "sync/alias.h"

#include <string.h>

#include "tests/lib/test.h"

#define MOST 12

static struct fake {
    struct ln_store_alias alias[MOST];
    bool there[MOST], deleted[MOST], broken;
} fake;

static struct ln_id id_of(size_t i)
{
    struct ln_id id = { { 0 } };

    id.b[11] = (uint8_t)(i + 1);
    return id;
}
static size_t at(const struct ln_id *id)
{
    return (size_t)id->b[11] - 1;
}
static bool get(void *ctx, struct ln_store_alias *out, const struct ln_id *id, struct ln_err *err)
{
    (void)ctx;
    if (fake.broken)
        return ln_fail(err, LN_BUSY, "the store of this test");
    *out = fake.alias[at(id)];
    return true;
}
static bool put(void *ctx, const struct ln_store_alias *a, struct ln_err *err)
{
    (void)ctx;
    (void)err;
    fake.alias[at(&a->id)] = *a;
    return true;
}
static bool into(void *ctx, const struct ln_id *to, ln_store_id_fn *fn, void *fctx,
                 struct ln_err *err)
{
    (void)ctx;
    for (size_t i = 0; i < MOST; i++)
        if (ln_clock_compare(&fake.alias[i].to, to) == 0 && !fn(fctx, &fake.alias[i].id, err))
            return false;
    return true;
}
static bool records(void *ctx, const struct ln_id *ids, size_t n, ln_store_record_fn *fn,
                    void *fctx, struct ln_err *err)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        struct ln_store_record r = { .id = ids[i],
                                     .collection = ln_span_of("person"),
                                     .region = "330106005055",
                                     .deleted = fake.deleted[at(&ids[i])] };
        if (fake.there[at(&ids[i])] && !fn(fctx, &r, err))
            return false;
    }
    return true;
}
static bool rooted(void *ctx, const struct ln_id *root, ln_store_id_fn *fn, void *fctx,
                   struct ln_err *err)
{
    (void)ctx;
    for (size_t i = 0; i < MOST; i++)
        if (!ln_clock_id_zero(&fake.alias[i].to) &&
            ln_clock_compare(&fake.alias[i].root, root) == 0 && !fn(fctx, &fake.alias[i].id, err))
            return false;
    return true;
}
static const struct ln_store_ops OPS = { .alias_get = get,
                                         .alias_put = put,
                                         .alias_into = into,
                                         .alias_rooted = rooted,
                                         .records_get = records };
static struct ln_store store = { &OPS, NULL };

static void fresh(void)
{
    for (size_t i = 0; i < MOST; i++) {
        fake.alias[i] = (struct ln_store_alias){ .id = id_of(i), .root = id_of(i) };
        fake.there[i] = true;
        fake.deleted[i] = false;
    }
}

static void relink(size_t i)
{
    struct ln_alias_list moved = { 0 };
    struct ln_id id = id_of(i);
    struct ln_err err = { 0 };

    MUST(ln_alias_relink(&moved, &store, &id, 1, &err));
    ln_alias_list_free(&moved);
}

static void merge(size_t from, size_t to)
{
    fake.alias[from].to = id_of(to);
    relink(from);
}

static size_t root(size_t i)
{
    struct ln_id id = id_of(i);
    struct ln_id out;
    struct ln_err err = { 0 };

    MUST(ln_alias_root(&out, &store, &id, &err));
    return at(&out);
}

TEST(a_ring_leaves_its_smallest_and_what_leads_into_it_follows)
{
    fresh();

    merge(5, 7);
    merge(7, 3);
    merge(3, 5);
    merge(9, 7);

    assert_int_equal(root(5), 3);
    assert_int_equal(root(7), 3);
    assert_int_equal(root(3), 3);
    assert_int_equal(root(9), 3);
}

TEST(what_is_not_here_or_deleted_stands_for_nobody)
{
    fresh();
    fake.there[2] = false;
    fake.deleted[1] = true;

    merge(4, 3);
    merge(3, 2);
    merge(6, 1);

    assert_int_equal(root(4), 3);
    assert_int_equal(root(3), 3);
    assert_int_equal(root(6), 6);
    fake.there[2] = true;
    relink(2);
    assert_int_equal(root(4), 2);
}

TEST(the_same_aliases_give_the_same_in_every_order)
{
    unsigned seed = 7;

    for (int world = 0; world < 300; world++) {
        size_t to[MOST];
        size_t want[MOST];
        size_t order[MOST];
        bool dead[MOST];
        for (size_t i = 0; i < MOST; i++) {
            seed = seed * 1664525u + 1013904223u;
            to[i] = (seed >> 8) % (2 * MOST); /* half of them into none */
            dead[i] = (seed >> 20) % 5 == 0;
            order[i] = i;
        }
        for (int turn = 0; turn < 4; turn++) {
            fresh();
            for (size_t k = 0; k < MOST; k++) {
                seed = seed * 1664525u + 1013904223u;
                size_t other = (seed >> 8) % MOST;
                size_t swap = order[k];
                order[k] = order[other];
                order[other] = swap;
            }
            for (size_t k = 0; k < MOST; k++) {
                size_t i = order[k];
                if (to[i] < MOST && to[i] != i)
                    merge(i, to[i]);
                fake.deleted[i] = dead[i];
                relink(i);
            }
            for (size_t i = 0; i < MOST; i++) {
                if (turn == 0)
                    want[i] = root(i);
                assert_int_equal(root(i), want[i]);
                assert_int_equal(root(root(i)), root(i)); /* one look-up is enough */
            }
        }
    }
}

struct ids {
    size_t at[MOST], n, most;
};

static bool take_one(void *ctx, const struct ln_id *id, struct ln_err *err)
{
    struct ids *x = ctx;

    if (x->n == x->most)
        return ln_fail(err, LN_FULL, "enough");
    x->at[x->n++] = at(id);
    return true;
}

TEST(all_ids_that_are_one_are_told_from_any_of_them_the_standing_one_first)
{
    struct ln_err err = { 0 };
    fresh();
    merge(1, 3);
    merge(3, 5);
    merge(7, 5);
    for (size_t i = 0; i < 8; i++) {
        struct ids x = { .most = MOST };
        struct ln_id id = id_of(i);
        bool one = i == 1 || i == 3 || i == 5 || i == 7;

        MUST(ln_alias_set(&store, &id, take_one, &x, &err));

        assert_int_equal(x.n, one ? 4 : 1);
        assert_int_equal(x.at[0], one ? 5 : i);
        for (size_t k = 0; one && k < 3; k++)
            assert_int_equal(x.at[k + 1], k == 0 ? 1 : k == 1 ? 3 : 7);
    }

    struct ln_id id = id_of(1);
    for (size_t most = 0; most < 4; most++) { /* whoever asks may stop it anywhere */
        struct ids x = { .most = most };
        err = (struct ln_err){ 0 };
        assert_false(ln_alias_set(&store, &id, take_one, &x, &err));
        assert_int_equal(err.code, LN_FULL);
        assert_int_equal(x.n, most);
    }
    struct ids x = { .most = MOST };
    fake.broken = true;
    err = (struct ln_err){ 0 };
    assert_false(ln_alias_set(&store, &id, take_one, &x, &err));
    fake.broken = false;
    assert_int_equal(err.code, LN_BUSY);
    assert_int_equal(x.n, 0);
}

RUN_TESTS(T(all_ids_that_are_one_are_told_from_any_of_them_the_standing_one_first),
          T(a_ring_leaves_its_smallest_and_what_leads_into_it_follows),
          T(what_is_not_here_or_deleted_stands_for_nobody),
          T(the_same_aliases_give_the_same_in_every_order))
