/* Grids: whose a record is. */
#include "tests/lib/test.h"

#include "node/module/grid.h"

TEST(an_audience_names_its_grid_and_others_name_none)
{
    char grid[LN_GRID_MAX];

    ln_grid_of_audience(grid, "330106005055/g03");
    assert_string_equal(grid, "03");

    ln_grid_of_audience(grid, "330106005055/c");
    assert_string_equal(grid, "");
    ln_grid_of_audience(grid, "330106005055/330106000000");
    assert_string_equal(grid, "");
    ln_grid_of_audience(grid, "public");
    assert_string_equal(grid, "");
    ln_grid_of_audience(grid, NULL);
    assert_string_equal(grid, "");
}

TEST(a_worker_with_grids_has_those_records_and_what_stands_in_none)
{
    struct ln_user u = { .grids = "01,031" };

    assert_true(ln_grid_mine(&u, "330106005055/g01"));
    assert_true(ln_grid_mine(&u, "330106005055/g031"));
    assert_true(ln_grid_mine(&u, "330106005055/c"));
    assert_false(ln_grid_mine(&u, "330106005055/g03"));
    assert_false(ln_grid_mine(&u, "330106005055/g0"));
    assert_false(ln_grid_mine(&u, "330106005055/g0311"));
}

TEST(a_worker_for_whom_no_grid_is_named_is_not_limited)
{
    struct ln_user u = { .grids = "" };

    assert_true(ln_grid_mine(&u, "330106005055/g01"));
    assert_true(ln_grid_mine(&u, NULL));
}

RUN_TESTS(T(an_audience_names_its_grid_and_others_name_none),
          T(a_worker_with_grids_has_those_records_and_what_stands_in_none),
          T(a_worker_for_whom_no_grid_is_named_is_not_limited))
