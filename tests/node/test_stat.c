/* Small cells: what the province must not be able to tell. */
#include "tests/lib/test.h"

#include "node/stat.h"

static json_t *cells(const char *text)
{
    json_t *v = json_loads(text, 0, NULL);

    assert_non_null(v);
    return v;
}

static void check(const char *given, const char *want)
{
    json_t *v = cells(given);
    json_t *w = cells(want);

    ln_stat_suppress(v, LN_STAT_MIN);
    assert_true(json_equal(v, w));
    json_decref(v);
    json_decref(w);
}

TEST(a_small_cell_takes_the_next_smallest_of_its_row_along)
{
    check("[[\"a\",1,4],[\"a\",2,9],[\"a\",3,7],[\"b\",1,8]]",
          "[[\"a\",1,null],[\"a\",2,9],[\"a\",3,null],[\"b\",1,8]]");
}

TEST(two_small_cells_of_a_row_hide_each_other)
{
    check("[[\"a\",1,4],[\"a\",2,2],[\"a\",3,7]]", "[[\"a\",1,null],[\"a\",2,null],[\"a\",3,7]]");
}

TEST(one_dimension_is_one_row)
{
    check("[[\"x\",1],[\"y\",50],[\"z\",60]]", "[[\"x\",null],[\"y\",null],[\"z\",60]]");
}

TEST(nothing_small_nothing_hidden)
{
    check("[[\"x\",5],[\"y\",50]]", "[[\"x\",5],[\"y\",50]]");
    check("[]", "[]");
}

TEST(a_sum_with_a_hidden_part_is_hidden)
{
    json_t *to = cells("[[\"x\",5],[\"y\",50]]");
    json_t *from = cells("[[\"y\",null],[\"x\",6],[\"z\",7]]");
    json_t *want = cells("[[\"x\",11],[\"y\",null],[\"z\",7]]");

    ln_stat_add(to, from);

    assert_true(json_equal(to, want));
    json_decref(to);
    json_decref(from);
    json_decref(want);
}

RUN_TESTS(T(a_small_cell_takes_the_next_smallest_of_its_row_along),
          T(two_small_cells_of_a_row_hide_each_other), T(one_dimension_is_one_row),
          T(nothing_small_nothing_hidden), T(a_sum_with_a_hidden_part_is_hidden))
