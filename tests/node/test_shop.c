/* The score of shops. What hooks allow and follow is shown with a real node in
 * tests/e2e/merchant.mjs. */
#include "node/module/shop.h"

#include "tests/lib/test.h"

static void is(const char *want, int64_t sum, int64_t n)
{
    char got[24];

    ln_shop_score(got, sum, n);

    assert_string_equal(got, want);
}

TEST(without_reviews_the_score_is_the_prior)
{
    is("3.5", 0, 0);
}

TEST(a_few_reviews_move_the_score_a_little)
{
    is("3.8", 5, 1);  /* (17.5 + 5) / 6 = 3.75 */
    is("3.1", 1, 1);  /* (17.5 + 1) / 6 = 3.083 */
    is("4.3", 25, 5); /* (17.5 + 25) / 10 = 4.25 */
}

TEST(many_reviews_outweigh_the_prior)
{
    is("5.0", 5000, 1000);
    is("1.0", 1000, 1000);
}

RUN_TESTS(T(without_reviews_the_score_is_the_prior), T(a_few_reviews_move_the_score_a_little),
          T(many_reviews_outweigh_the_prior))
