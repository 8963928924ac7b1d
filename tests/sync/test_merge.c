/* Merging by heads: examples, then random graphs against a plain reading of the rules. */
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "sync/merge.h"
#include "tests/lib/test.h"

#define MOST 40

static const struct ln_field fields[] = {
    { "name", "name", LN_TYPE_STR, LN_MARK_PLAIN },
    { "road", "address", LN_TYPE_STR, LN_MARK_PLAIN },
    { "number", "address", LN_TYPE_STR, LN_MARK_PLAIN },
    { "labels", "labels", LN_TYPE_MAP, LN_MARK_PLAIN },
};
static const struct ln_coll home = {
    .name = "home", .version = 1, .fields = fields, .n_fields = 4
};

/* A set of changes of one record; lines live as long as it does. */
struct world {
    struct ln_buf line[MOST];
    struct ln_merge_in in[MOST];
    size_t n;
};

static void world_free(struct world *w)
{
    for (size_t i = 0; i < w->n; i++)
        ln_buf_free(&w->line[i]);
    w->n = 0;
}

static struct ln_id id(unsigned n)
{
    struct ln_id i = { { 0 } };

    i.b[6] = (uint8_t)(n >> 8);
    i.b[7] = (uint8_t)n;
    return i;
}

/* Change number n (from 1, which is the add) replacing the listed numbers, which end with 0. */
static void put(struct world *w, enum ln_op op, const char *f, const unsigned *base, int64_t eff)
{
    struct ln_change c = { .id = id((unsigned)w->n + 1), .record = id(1), .op = op, .version = 1 };
    struct ln_err err = { 0 };
    struct ln_merge_in *in = &w->in[w->n];

    c.collection = ln_span_of("home");
    c.fields = ln_span_of(f);
    for (; base != NULL && *base != 0; base++)
        c.base[c.n_base++] = id(*base);
    w->line[w->n] = ln_buf_new(LN_CHANGE_MAX);
    MUST(ln_change_write(&w->line[w->n], &c, &err));
    MUST(ln_change_read(&in->c, w->line[w->n].data, w->line[w->n].len, &err));
    w->n++;
    in->n = (int64_t)w->n;
    in->eff = eff;
}
#define ON(...) ((const unsigned[]){ __VA_ARGS__, 0 })

static struct ln_merged derive(const struct world *w)
{
    struct ln_merged m;
    struct ln_err err = { 0 };

    MUST(ln_merge_derive(&m, &home, w->in, w->n, &err));
    return m;
}

static int64_t value(const struct ln_merged *m, const char *unit)
{
    const struct ln_merge_unit *u = ln_merge_find(m, unit);

    return u == NULL ? 0 : u->heads[0].n;
}

static void same(const struct ln_merged *a, const struct ln_merged *b)
{
    assert_int_equal(a->n_units, b->n_units);
    for (size_t i = 0; i < a->n_units; i++) {
        assert_string_equal(a->units[i].name, b->units[i].name);
        assert_int_equal(a->units[i].n_heads, b->units[i].n_heads);
        for (size_t j = 0; j < a->units[i].n_heads; j++) {
            assert_int_equal(a->units[i].heads[j].n, b->units[i].heads[j].n);
            assert_int_equal(a->units[i].heads[j].eff, b->units[i].heads[j].eff);
            assert_int_equal(ln_clock_compare(&a->units[i].heads[j].id, &b->units[i].heads[j].id),
                             0);
        }
    }
    assert_int_equal(a->deleted, b->deleted);
    assert_int_equal(a->conflicts, b->conflicts);
    assert_int_equal(a->aliased, b->aliased);
    assert_memory_equal(a->alias.b, b->alias.b, a->aliased ? LN_ID_LEN : 0);
}

TEST(edits_apart_of_one_unit_are_a_conflict_and_of_two_units_are_none)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\",\"number\":\"1\",\"road\":\"x\"}", NULL, 1);
    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(1), 2);
    put(&w, LN_OP_SET, "{\"road\":\"y\"}", ON(1), 3);
    struct ln_merged m = derive(&w);
    assert_int_equal(m.conflicts, 0);
    assert_int_equal(value(&m, "name"), 2);
    assert_int_equal(value(&m, "address"), 3);
    ln_merge_free(&m);

    put(&w, LN_OP_SET, "{\"number\":\"2\"}", ON(1), 9); /* the other half of the address */
    m = derive(&w);
    assert_int_equal(m.conflicts, 1);
    assert_int_equal(value(&m, "address"), 4);
    assert_int_equal(ln_merge_find(&m, "address")->n_heads, 2);
    ln_merge_free(&m);

    put(&w, LN_OP_SET, "{\"road\":\"z\"}", ON(3, 4), 10); /* a decision */
    m = derive(&w);
    assert_int_equal(m.conflicts, 0);
    assert_int_equal(value(&m, "address"), 5);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(a_base_counts_only_for_the_units_both_wrote)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\",\"road\":\"x\"}", NULL, 1);
    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(1), 2);
    struct ln_merged m = derive(&w);

    assert_int_equal(value(&m, "address"), 1);
    assert_int_equal(value(&m, ""), 1);
    assert_int_equal(value(&m, "name"), 2);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(a_line_is_no_head_of_units_in_which_it_is_gone)
{
    struct world w = { .n = 0 };
    struct ln_err err = { 0 };

    put(&w, LN_OP_ADD, "{\"labels\":{\"a\":1,\"b\":1},\"name\":\"a\",\"road\":\"x\"}", NULL, 9);
    put(&w, LN_OP_SET, "{\"labels\":{\"a\":2},\"name\":\"b\"}", ON(1), 2);
    put(&w, LN_OP_SET, "{\"labels\":{\"a\":3},\"name\":\"c\"}", ON(2), 3);
    struct ln_merged m = derive(&w);
    w.in[0].c.gone = ln_span_of("[\"labels/a\",\"name\"]");
    struct ln_merge_in left[2] = { w.in[0], w.in[2] }; /* what is between is left out */
    struct ln_merged again;
    struct ln_merged one = { .n_units = 0 };
    MUST(ln_merge_derive(&again, &home, left, 2, &err));
    MUST(ln_merge_add(&one, &home, &left[0], &err) && ln_merge_add(&one, &home, &left[1], &err));

    assert_int_equal(m.conflicts, 0);
    assert_int_equal(again.conflicts, 0);
    assert_int_equal(one.conflicts, 0);
    for (size_t i = 0; i < m.n_units; i++) {
        assert_int_equal(value(&again, m.units[i].name), value(&m, m.units[i].name));
        assert_int_equal(value(&one, m.units[i].name), value(&m, m.units[i].name));
    }
    assert_int_equal(value(&again, "labels/b"), 1);
    ln_merge_free(&m);
    ln_merge_free(&again);
    ln_merge_free(&one);
    world_free(&w);
}

TEST(maps_merge_key_by_key)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"labels\":{\"a\":1,\"b\":1}}", NULL, 1);
    put(&w, LN_OP_SET, "{\"labels\":{\"a\":2}}", ON(1), 2);
    put(&w, LN_OP_SET, "{\"labels\":{\"c\":2}}", ON(1), 3);
    put(&w, LN_OP_REMOVE, "{\"labels\":[\"b\"]}", ON(1), 4);
    struct ln_merged m = derive(&w);

    assert_int_equal(m.conflicts, 0);
    assert_int_equal(value(&m, "labels/a"), 2);
    assert_int_equal(value(&m, "labels/b"), 4);
    assert_int_equal(value(&m, "labels/c"), 3);
    assert_null(ln_merge_find(&m, "labels"));
    ln_merge_free(&m);
    world_free(&w);
}

TEST(the_greatest_effective_time_wins_whatever_the_id_claims)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\"}", NULL, 1);
    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(1), 8);
    put(&w, LN_OP_SET, "{\"name\":\"c\"}", ON(1), 5); /* greater id, earlier in effect */
    struct ln_merged m = derive(&w);

    assert_int_equal(value(&m, "name"), 2);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(delete_against_edit_stays_deleted_and_is_a_conflict_and_only_restore_revives)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\"}", NULL, 1);
    put(&w, LN_OP_DELETE, "", ON(1), 2);
    struct ln_merged m = derive(&w);
    assert_true(m.deleted);
    assert_int_equal(m.conflicts, 0);
    ln_merge_free(&m);

    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(1), 9);
    m = derive(&w);
    assert_true(m.deleted);
    assert_int_equal(m.conflicts, 1);
    ln_merge_free(&m);

    put(&w, LN_OP_DELETE, "", ON(2, 3), 10); /* decided: it stays deleted */
    m = derive(&w);
    assert_true(m.deleted);
    assert_int_equal(m.conflicts, 0);
    ln_merge_free(&m);

    put(&w, LN_OP_RESTORE, "", ON(4), 11);
    m = derive(&w);
    assert_false(m.deleted);
    assert_int_equal(m.conflicts, 0);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(changes_that_replace_each_other_in_a_ring_all_stay)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"road\":\"x\"}", NULL, 1);
    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(3), 2);
    put(&w, LN_OP_SET, "{\"name\":\"c\"}", ON(2), 3);
    struct ln_merged m = derive(&w);

    assert_int_equal(ln_merge_find(&m, "name")->n_heads, 2);
    assert_int_equal(m.conflicts, 1);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(steps_and_unknown_ops_write_no_unit_and_an_alias_its_own)
{
    struct world w = { .n = 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\"}", NULL, 1);
    put(&w, LN_OP_STEP, "{\"action\":\"file\",\"to\":\"filed\"}", NULL, 2);
    put(&w, LN_OP_ALIAS, "{\"to\":\"06gvgc0gmc001u69jleg\"}", NULL, 3);
    struct ln_merged m = derive(&w);

    assert_int_equal(m.n_units, 3);
    assert_int_equal(value(&m, "@alias"), 3);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(an_alias_says_into_which_until_a_later_decision_undoes_it)
{
    struct world w = { .n = 0 };
    put(&w, LN_OP_ADD, "{\"name\":\"a\"}", NULL, 1);
    put(&w, LN_OP_ALIAS, "{\"to\":\"06gvgc0gmc001u69jleg\"}", ON(1), 2);
    struct ln_merged merged = derive(&w);
    assert_true(merged.aliased);
    assert_int_equal(merged.conflicts, 0);

    put(&w, LN_OP_UNALIAS, "", ON(2), 3);
    struct ln_merged apart = derive(&w);

    assert_false(apart.aliased);
    assert_int_equal(apart.conflicts, 0);
    ln_merge_free(&merged);
    ln_merge_free(&apart);
    world_free(&w);
}

TEST(an_edit_that_the_alias_did_not_know_is_a_conflict)
{
    struct world w = { .n = 0 };
    put(&w, LN_OP_ADD, "{\"name\":\"a\"}", NULL, 1);
    put(&w, LN_OP_ALIAS, "{\"to\":\"06gvgc0gmc001u69jleg\"}", ON(1), 2);
    put(&w, LN_OP_SET, "{\"name\":\"b\"}", ON(1), 3);

    struct ln_merged m = derive(&w);

    assert_true(m.aliased);
    assert_int_equal(m.conflicts, 1);
    ln_merge_free(&m);
    world_free(&w);
}

TEST(long_map_keys_stay_apart)
{
    struct world w = { .n = 0 };
    char f[400];
    char key[129];

    memset(key, 'k', 128);
    key[128] = '\0';
    (void)snprintf(f, sizeof f, "{\"labels\":{\"%s1\":1,\"%s2\":1}}", key, key);
    put(&w, LN_OP_ADD, f, NULL, 1);
    struct ln_merged m = derive(&w);

    assert_int_equal(m.n_units, 3);
    ln_merge_free(&m);
    world_free(&w);
}

/* ---- random graphs */

static uint32_t chance(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

/* A record as several writers leave it who each know only some of the others' changes. */
static void grow(struct world *w, uint32_t *seed, size_t n, bool deletes)
{
    static const char *const sets[] = { "{\"name\":\"b\"}",
                                        "{\"road\":\"y\"}",
                                        "{\"name\":\"c\",\"number\":\"3\"}",
                                        "{\"labels\":{\"a\":2}}",
                                        "{\"labels\":{\"a\":1,\"b\":3}}",
                                        "{\"unknown\":1}" };

    put(w, LN_OP_ADD, "{\"labels\":{\"a\":1},\"name\":\"a\",\"road\":\"x\"}", NULL, 1);
    while (w->n < n) {
        unsigned base[MOST];
        size_t bases = 0;
        for (unsigned i = 1; i <= w->n; i++)
            if (bases < 6 && chance(seed, 3) == 0)
                base[bases++] = i;
        base[bases] = 0;
        int64_t eff = 1 + chance(seed, 50);
        uint32_t kind = chance(seed, 10);
        if (kind == 0 && deletes)
            put(w, LN_OP_DELETE, "", base, eff);
        else if (kind == 1 && deletes)
            put(w, LN_OP_RESTORE, "", base, eff);
        else if (kind == 3 && deletes)
            put(w, LN_OP_ALIAS,
                chance(seed, 2) == 0 ? "{\"to\":\"06gvgc0gmc001u69jleg\"}"
                                     : "{\"to\":\"06gvgc0gmc001u69jlf0\"}",
                base, eff);
        else if (kind == 4 && deletes)
            put(w, LN_OP_UNALIAS, "", base, eff);
        else if (kind == 2)
            put(w, LN_OP_REMOVE, "{\"labels\":[\"a\"]}", base, eff);
        else
            put(w, LN_OP_SET, sets[chance(seed, 6)], base, eff);
    }
}

static void shuffle(struct world *w, uint32_t *seed)
{
    for (size_t i = w->n; i > 1; i--) {
        size_t j = chance(seed, (uint32_t)i);
        struct ln_merge_in t = w->in[i - 1];
        w->in[i - 1] = w->in[j];
        w->in[j] = t;
    }
}

TEST(deriving_gives_the_same_in_every_order)
{
    for (uint32_t s = 1; s <= 300; s++) {
        struct world w = { .n = 0 };
        uint32_t seed = s;
        grow(&w, &seed, 2 + s % 30, true);
        struct ln_merged want = derive(&w);
        for (int turn = 0; turn < 4; turn++) {
            shuffle(&w, &seed);
            struct ln_merged got = derive(&w);
            same(&got, &want);
            ln_merge_free(&got);
        }
        ln_merge_free(&want);
        world_free(&w);
    }
}

/* Any order in which each change comes after those it replaces. */
static void put_bases_first(struct world *w, uint32_t *seed)
{
    struct ln_merge_in out[MOST];
    bool used[MOST] = { false };

    shuffle(w, seed);
    for (size_t k = 0; k < w->n; k++) {
        for (size_t i = 0; i < w->n; i++) {
            bool ready = !used[i];
            for (size_t b = 0; ready && b < w->in[i].c.n_base; b++)
                for (size_t j = 0; j < w->n; j++)
                    ready = ready &&
                            (used[j] || ln_clock_compare(&w->in[j].c.id, &w->in[i].c.base[b]) != 0);
            if (ready) {
                out[k] = w->in[i];
                used[i] = true;
                break;
            }
        }
    }
    memcpy(w->in, out, w->n * sizeof out[0]);
}

TEST(adding_one_by_one_gives_what_deriving_gives)
{
    size_t exact = 0;

    for (uint32_t s = 1; s <= 600; s++) {
        struct world w = { .n = 0 };
        struct ln_merged m = { 0 };
        struct ln_err err = { 0 };
        uint32_t seed = s * 77;
        grow(&w, &seed, 2 + s % 30, s % 2 == 0);
        struct ln_merged want = derive(&w);
        put_bases_first(&w, &seed);
        for (size_t i = 0; i < w.n; i++) {
            MUST(ln_merge_add(&m, &home, &w.in[i], &err));
            if (m.again) { /* as a caller does */
                ln_merge_free(&m);
                MUST(ln_merge_derive(&m, &home, w.in, i + 1, &err));
            } else {
                exact++;
            }
        }
        same(&m, &want);
        ln_merge_free(&m);
        ln_merge_free(&want);
        world_free(&w);
    }
    assert_true(exact > 5000); /* the fast path was really taken */
}

static bool is_head(const struct ln_merged *m, const char *unit, int64_t n)
{
    const struct ln_merge_unit *u = ln_merge_find(m, unit);

    for (size_t h = 0; u != NULL && h < u->n_heads; h++)
        if (u->heads[h].n == n)
            return true;
    return false;
}

struct leaving {
    const struct ln_merged *m;
    int64_t n;
    bool head;
    struct ln_buf gone;
};

static bool leave_unit(void *ctx, struct ln_span field, struct ln_span key, const char *unit,
                       struct ln_err *err)
{
    struct leaving *x = ctx;

    (void)field;
    (void)key;
    (void)err;
    if (is_head(x->m, unit, x->n))
        x->head = true;
    else
        ln_buf_addf(&x->gone, "%s\"%s\"", x->gone.len > 0 ? "," : "[", unit);
    return true;
}

TEST(what_is_left_out_with_all_that_it_replaced_changes_nothing)
{
    size_t left_out = 0;

    for (uint32_t s = 1; s <= 600; s++) {
        struct world w = { .n = 0 };
        struct ln_merge_in left[MOST];
        struct ln_buf gone[MOST];
        struct ln_merged one = { 0 };
        struct ln_merged all;
        struct ln_err err = { 0 };
        uint32_t seed = s * 31;
        bool mine[MOST]; /* of the log that is thinned out */
        size_t n = 0;
        grow(&w, &seed, 2 + s % 30, s % 2 == 0);
        struct ln_merged want = derive(&w);
        for (size_t i = 0; i < w.n; i++) {
            struct leaving x = { .m = &want, .n = w.in[i].n, .gone = ln_buf_new(4096) };
            bool beside = true;
            mine[i] = chance(&seed, 3) > 0;
            for (size_t b = 0; b < w.in[i].c.n_base; b++)
                beside = beside && mine[w.in[i].c.base[b].b[7] - 1];
            MUST(ln_merge_units(&w.in[i].c, &home, leave_unit, &x, &err));
            gone[i] = x.gone;
            if (gone[i].len > 0)
                ln_buf_addc(&gone[i], ']');
            left_out += mine[i] && beside && !x.head;
            if (mine[i] && beside && !x.head)
                continue;
            left[n] = w.in[i];
            if (mine[i])
                left[n].c.gone = (struct ln_span){ gone[i].data, gone[i].len };
            n++;
        }
        MUST(ln_merge_derive(&all, &home, left, n, &err));
        for (size_t i = 0; i < n; i++) {
            MUST(ln_merge_add(&one, &home, &left[i], &err));
            if (one.again) {
                ln_merge_free(&one);
                MUST(ln_merge_derive(&one, &home, left, i + 1, &err));
            }
        }
        same(&all, &want);
        same(&one, &want);
        ln_merge_free(&one);
        ln_merge_free(&all);
        ln_merge_free(&want);
        for (size_t i = 0; i < w.n; i++)
            ln_buf_free(&gone[i]);
        world_free(&w);
    }
    assert_true(left_out > 500);
}

TEST(packed_heads_unpack_to_the_same_and_no_damage_crashes)
{
    for (uint32_t s = 1; s <= 60; s++) {
        struct world w = { .n = 0 };
        struct ln_buf packed = ln_buf_new(1 << 20);
        struct ln_merged back;
        struct ln_err err = { 0 };
        uint32_t seed = s * 13;
        grow(&w, &seed, 1 + s % 30, true);
        struct ln_merged m = derive(&w);
        MUST(ln_merge_pack(&packed, &m, &err));
        MUST(ln_merge_unpack(&back, packed.data, packed.len, &err));
        same(&m, &back);
        ln_merge_free(&back);
        for (size_t cut = 0; cut < packed.len; cut++)
            assert_false(ln_merge_unpack(&back, packed.data, cut, &err));
        for (size_t at = 0; at < packed.len; at++) {
            packed.data[at] = (char)(packed.data[at] ^ (1 << s % 8));
            if (ln_merge_unpack(&back, packed.data, packed.len, &err))
                ln_merge_free(&back);
            packed.data[at] = (char)(packed.data[at] ^ (1 << s % 8));
        }
        ln_merge_free(&m);
        ln_buf_free(&packed);
        world_free(&w);
    }
}

TEST(one_change_that_wrote_everything_packs_into_one_run)
{
    struct world w = { .n = 0 };
    struct ln_buf packed = ln_buf_new(1000);
    struct ln_err err = { 0 };

    put(&w, LN_OP_ADD, "{\"name\":\"a\",\"road\":\"x\"}", NULL, 1);
    struct ln_merged m = derive(&w);
    MUST(ln_merge_pack(&packed, &m, &err));

    /* form, flags, conflicts, 1 change of 1 + 12 + up to 9, 3 names */
    assert_true(packed.len <= 4 + 22 + 1 + 1 + 8 + 5);
    ln_merge_free(&m);
    ln_buf_free(&packed);
    world_free(&w);
}

RUN_TESTS(T(edits_apart_of_one_unit_are_a_conflict_and_of_two_units_are_none),
          T(a_base_counts_only_for_the_units_both_wrote),
          T(a_line_is_no_head_of_units_in_which_it_is_gone), T(maps_merge_key_by_key),
          T(the_greatest_effective_time_wins_whatever_the_id_claims),
          T(delete_against_edit_stays_deleted_and_is_a_conflict_and_only_restore_revives),
          T(changes_that_replace_each_other_in_a_ring_all_stay),
          T(steps_and_unknown_ops_write_no_unit_and_an_alias_its_own),
          T(an_alias_says_into_which_until_a_later_decision_undoes_it),
          T(an_edit_that_the_alias_did_not_know_is_a_conflict), T(long_map_keys_stay_apart),
          T(deriving_gives_the_same_in_every_order), T(adding_one_by_one_gives_what_deriving_gives),
          T(what_is_left_out_with_all_that_it_replaced_changes_nothing),
          T(packed_heads_unpack_to_the_same_and_no_damage_crashes),
          T(one_change_that_wrote_everything_packs_into_one_run))
