/* Indices for long lists, made when somebody asks for an order. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/store/order.h"

static bool add_many(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    const size_t *n = arg;

    for (size_t i = 0; i < *n; i++)
        if (!ln_special_add(
                NULL, x, "facility",
                json_pack("{s:s,s:s}", "kind", i % 2 ? "lamp" : "other", "place", "3幢"), err))
            return false;
    return true;
}

static void fill(struct place *p, size_t n)
{
    struct ln_err err = { 0 };

    place_open(p);
    MUST(place_run(p, add_many, &n, 0, &err));
}

static bool wanted(struct place *p, const char *collection, const char *field, int64_t later_ms)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    bool yes;

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_order_wanted(&yes, r->store, ln_def_find(p->n->def, collection)->coll, field,
                         place_now(p) + later_ms, &err));
    ln_node_read_done(p->n, r);
    return yes;
}

static bool make_fn(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    return ln_order_make(x->e->writer, ln_def_find(x->e->def, "facility")->coll, arg, x->now_ms,
                         err);
}

static void make(struct place *p, const char *field, int64_t later_ms)
{
    char name[32];
    struct ln_err err = { 0 };

    (void)snprintf(name, sizeof name, "%s", field);
    MUST(place_run(p, make_fn, name, later_ms, &err));
}

TEST(a_long_list_wants_an_index_by_what_it_is_sorted_by_and_then_no_more)
{
    struct place p;
    fill(&p, LN_ORDER_ROWS + 1);

    assert_true(wanted(&p, "facility", "place", 0));
    make(&p, "place", 0);
    assert_false(wanted(&p, "facility", "place", 0));
    assert_true(wanted(&p, "facility", "checked", 0));

    place_close(&p);
}

TEST(a_short_list_a_veiled_field_and_a_list_of_values_want_none)
{
    struct place p;
    fill(&p, LN_ORDER_ROWS);

    assert_false(wanted(&p, "facility", "place", 0));
    assert_false(wanted(&p, "person", "phone", 0));
    assert_false(wanted(&p, "grid", "workers", 0));
    assert_false(wanted(&p, "facility", "nonsense", 0));

    place_close(&p);
}

TEST(the_oldest_of_four_gives_way_to_a_fifth_but_not_every_minute)
{
    struct place p;
    fill(&p, LN_ORDER_ROWS + 1);
    make(&p, "place", 0);
    make(&p, "kind", 1000);
    make(&p, "checked", 2000);
    make(&p, "owner", 3000);

    make(&p, "state", 4000);
    assert_false(wanted(&p, "facility", "state", 4000)); /* nobody waits for the writer in vain */
    assert_true(wanted(&p, "facility", "state", 3000 + LN_ORDER_REST_MS));
    make(&p, "state", 3000 + LN_ORDER_REST_MS);
    assert_false(wanted(&p, "facility", "state", 3000 + 2 * LN_ORDER_REST_MS));
    assert_true(wanted(&p, "facility", "place", 3000 + 2 * LN_ORDER_REST_MS));
    assert_false(wanted(&p, "facility", "kind", 3000 + 2 * LN_ORDER_REST_MS));

    place_close(&p);
}

RUN_TESTS(T(a_long_list_wants_an_index_by_what_it_is_sorted_by_and_then_no_more),
          T(a_short_list_a_veiled_field_and_a_list_of_values_want_none),
          T(the_oldest_of_four_gives_way_to_a_fifth_but_not_every_minute))
