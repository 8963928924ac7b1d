/* What answers come to: counted by heads and by area, the last of a voter, the rules of a vote. */
#include "tests/lib/test.h"

#include <string.h>

#include "node/module/tally.h"

static json_t *read(const char *text)
{
    json_t *v = json_loads(text, 0, NULL);

    assert_non_null(v);
    return v;
}

static json_t *questions(void)
{
    return read(
        "[{\"no\":1,\"kind\":\"single\",\"required\":true,\"options\":[{\"label\":\"同意\"},"
        "{\"label\":\"不同意\"},{\"label\":\"弃权\"}]},"
        "{\"no\":2,\"kind\":\"multi\",\"most\":2,\"options\":[{\"label\":\"a\"},{\"label\":\"b\"},"
        "{\"label\":\"c\"}],\"show_if\":{\"no\":\"1\",\"is\":\"同意\"}},"
        "{\"no\":3,\"kind\":\"scale\"}]");
}

static size_t problems(const char *answers)
{
    json_t *q = questions();
    json_t *a = read(answers);
    json_t *out = json_array();
    size_t n = ln_tally_check(out, q, a);

    assert_int_equal(n, json_array_size(out));
    json_decref(q);
    json_decref(a);
    json_decref(out);
    return n;
}

TEST(answers_must_fit_their_questions)
{
    assert_int_equal(problems("{\"1\":\"同意\",\"2\":[\"a\",\"c\"],\"3\":7}"), 0);
    assert_int_equal(problems("{\"3\":7}"), 1);
    assert_int_equal(problems("{\"1\":\"maybe\"}"), 1);
    assert_int_equal(problems("{\"1\":\"同意\",\"2\":[\"a\",\"b\",\"c\"]}"), 1);
    assert_int_equal(problems("{\"1\":\"同意\",\"2\":[\"a\",\"a\"]}"), 1);
    assert_int_equal(problems("{\"1\":\"同意\",\"3\":11}"), 1);
    assert_int_equal(problems("{\"1\":\"同意\",\"9\":\"x\"}"), 1);
}

TEST(a_question_that_is_not_shown_is_not_answered)
{
    assert_int_equal(problems("{\"1\":\"弃权\",\"2\":[\"a\"]}"), 1);
    assert_int_equal(problems("{\"1\":\"弃权\"}"), 0);
}

TEST(areas_are_exact)
{
    int64_t a;
    char text[24];

    assert_true(ln_tally_area(&a, "89.5"));
    assert_int_equal(a, 8950);
    assert_true(ln_tally_area(&a, "120"));
    assert_int_equal(a, 12000);
    ln_tally_area_text(text, 8953);
    assert_string_equal(text, "89.53");
    assert_false(ln_tally_area(&a, "89.555"));
    assert_false(ln_tally_area(&a, "-1"));
    assert_false(ln_tally_area(&a, "1."));
    assert_false(ln_tally_area(&a, ""));
}

TEST(the_last_ballot_of_a_voter_counts_by_heads_and_area)
{
    json_t *q = questions();
    json_t *b = read(
        "[{\"token\":\"x\",\"weight\":\"80.10\",\"heads\":1,\"answers\":{\"1\":\"不同意\"}},"
        "{\"token\":\"y\",\"weight\":\"19.90\",\"heads\":0,\"how\":\"paper\",\"answers\":{\"1\":"
        "\"同意\",\"3\":4}},"
        "{\"token\":\"x\",\"weight\":\"80.10\",\"heads\":1,\"answers\":{\"1\":\"同意\",\"3\":9}}]");
    json_t *roll = read("[{\"heads\":1,\"area\":\"80.10\"},{\"heads\":0,\"area\":\"19.90\"},{"
                        "\"heads\":1,\"area\":\"50\"}]");

    json_t *last = ln_tally_last(b);
    json_t *counts = ln_tally_count(q, last);
    json_t *turnout = ln_tally_turnout(roll, last);

    json_t *want = read(
        "{\"1\":[{\"option\":\"同意\",\"heads\":1,\"area\":\"100.00\"},{\"option\":\"不同意\","
        "\"heads\":0,\"area\":\"0.00\"},{\"option\":\"弃权\",\"heads\":0,\"area\":\"0.00\"}],"
        "\"2\":[{\"option\":\"a\",\"heads\":0,\"area\":\"0.00\"},{\"option\":\"b\",\"heads\":0,"
        "\"area\":\"0.00\"},{\"option\":\"c\",\"heads\":0,\"area\":\"0.00\"}],\"3\":{\"n\":2,"
        "\"sum\":13}}");
    assert_true(json_equal(counts, want));
    json_t *part = read("{\"heads\":1,\"heads_all\":2,\"area\":\"100.00\",\"area_all\":\"150.00\","
                        "\"ballots\":2,\"paper\":1}");
    assert_true(json_equal(turnout, part));
    json_decref(part);
    json_decref(want);
    json_decref(turnout);
    json_decref(counts);
    json_decref(last);
    json_decref(roll);
    json_decref(b);
    json_decref(q);
}

static bool passes(int heads, const char *area, int for_heads, const char *for_area,
                   const char *pass)
{
    json_t *q = questions();
    json_t *turnout = json_pack("{s:i,s:i,s:s,s:s}", "heads", heads, "heads_all", 90, "area", area,
                                "area_all", "9000.00");
    json_t *counts = json_pack("{s:[{s:s,s:i,s:s}]}", "1", "option", "同意", "heads", for_heads,
                               "area", for_area);
    json_t *out = ln_tally_passed(q, counts, turnout, "2/3", pass);
    bool good = json_is_true(json_object_get(out, "1"));

    json_decref(out);
    json_decref(counts);
    json_decref(turnout);
    json_decref(q);
    return good;
}

TEST(two_thirds_take_part_and_more_than_half_or_three_quarters_agree_by_both)
{
    assert_true(passes(60, "6000.00", 31, "3000.01", "1/2"));
    assert_false(passes(60, "6000.00", 30, "3000.01", "1/2"));
    assert_false(passes(60, "6000.00", 31, "3000.00", "1/2"));
    assert_false(passes(59, "6000.00", 59, "6000.00", "1/2"));
    assert_false(passes(60, "5999.99", 60, "5999.99", "1/2"));
    assert_true(passes(60, "6000.00", 45, "4500.00", "3/4"));
    assert_false(passes(60, "6000.00", 44, "4500.00", "3/4"));
}

RUN_TESTS(T(answers_must_fit_their_questions), T(a_question_that_is_not_shown_is_not_answered),
          T(areas_are_exact), T(the_last_ballot_of_a_voter_counts_by_heads_and_area),
          T(two_thirds_take_part_and_more_than_half_or_three_quarters_agree_by_both))
