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

static void means(json_t *got, const char *want)
{
    json_t *w = cells(want);

    assert_true(json_equal(got, w));
    json_decref(got);
    json_decref(w);
}

TEST(a_share_is_in_thousandths_of_all_that_are_known)
{
    json_t *v = cells("[[\"a\",true,7],[\"a\",false,1],[\"b\",false,3]]");

    means(ln_stat_shares(v), "[[\"a\",875,8],[\"b\",0,3]]");
    json_decref(v);
}

TEST(a_share_with_a_hidden_part_is_not_told)
{
    json_t *v = cells("[[\"a\",true,null],[\"a\",false,null]]");

    means(ln_stat_shares(v), "[[\"a\",null,null]]");
    json_decref(v);
}

TEST(the_median_of_scores_is_one_of_them)
{
    json_t *v = cells("[[5,2],[1,1],[4,2]]");

    means(ln_stat_medians(v, false), "[[40,5]]");
    json_decref(v);
}

TEST(the_median_of_hours_lies_on_a_straight_line_in_its_bucket)
{
    json_t *v = cells("[[\"a\",48,4],[\"a\",24,2],[\"a\",0,2]]");

    /* the 4th of 8 lies at half of the bucket from 24 to 48 */
    means(ln_stat_medians(v, true), "[[\"a\",360,8]]");
    json_decref(v);
}

RUN_TESTS(T(a_small_cell_takes_the_next_smallest_of_its_row_along),
          T(two_small_cells_of_a_row_hide_each_other), T(one_dimension_is_one_row),
          T(nothing_small_nothing_hidden), T(a_sum_with_a_hidden_part_is_hidden),
          T(a_share_is_in_thousandths_of_all_that_are_known),
          T(a_share_with_a_hidden_part_is_not_told), T(the_median_of_scores_is_one_of_them),
          T(the_median_of_hours_lies_on_a_straight_line_in_its_bucket))
