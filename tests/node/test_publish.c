/* Publishing: levels, regions below, and what becomes of what was flagged. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#define BOARD "neighbours"
#define REASON "false"
#define RULE "law"

static json_t *news(const char *target)
{
    json_t *f = json_pack("{s:s,s:s,s:s,s:s}", "title", "年货节", "body", "周六开集", "section",
                          "community", "level", "province");

    if (target != NULL)
        json_object_set_new(f, "targets", json_pack("[s]", target));
    return f;
}

TEST(the_level_of_news_is_that_of_the_node_whatever_was_asked_for)
{
    struct place p;
    char id[LN_ID_TEXT + 1];
    place_open_as(&p, "330106000000", LN_ROLE_DISTRICT);

    place_add(id, &p, "news", news("330106005055"));

    assert_string_equal(place_text(&p, "news", id, "level"), "district");
    place_close(&p);
}

TEST(news_goes_to_regions_below_and_to_no_other)
{
    static const char *const WRONG[] = { "330102005055", "33010600505", "330000000000", "x" };
    struct place p;
    struct ln_user party;
    char said[256];
    place_open_as(&p, "330106000000", LN_ROLE_DISTRICT);
    place_user(&party, &p, "clerk", NULL);

    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct ln_err err = { 0 };
        assert_false(place_create(NULL, &p, &party, "news", news(WRONG[i]), said, &err));
        assert_int_equal(err.code, LN_INVALID);
        assert_int_equal(strncmp(said, "targets", 7), 0);
    }

    place_close(&p);
}

TEST(what_is_flagged_is_hidden_with_the_reason_and_shown_again_when_it_is_restored)
{
    struct place p;
    struct ln_user one;
    struct ln_user two;
    char topic[LN_ID_TEXT + 1];
    char flag[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err = { 0 };
    place_open(&p);
    place_user(&one, &p, "committee", NULL);
    place_user(&two, &p, "committee", NULL);
    place_add(topic, &p, "topic",
              json_pack("{s:s,s:s,s:s}", "board", BOARD, "title", "吵", "body", "太吵了"));
    MUST(place_create(flag, &p, &one, "flag",
                      json_pack("{s:s,s:s}", "target", topic, "reason", REASON), said, &err));

    MUST(place_step(&p, &one, "flag", flag, "hide",
                    json_pack("{s:s,s:{s:s}}", "note", "骂人", "set", "rule", RULE), said, &err));
    assert_string_equal(place_text(&p, "topic", topic, "state"), "hidden");
    assert_string_equal(place_text(&p, "flag", flag, "result"), "hidden");

    place_close(&p);
}

TEST(only_topics_and_posts_can_be_flagged)
{
    struct place p;
    struct ln_user u;
    char id[LN_ID_TEXT + 1];
    char said[256];
    struct ln_err err = { 0 };
    place_open(&p);
    place_user(&u, &p, "committee", NULL);
    place_add(id, &p, "facility", json_pack("{s:s,s:s}", "kind", "other", "place", "3幢"));

    assert_false(place_create(NULL, &p, &u, "flag",
                              json_pack("{s:s,s:s}", "target", id, "reason", REASON), said, &err));

    assert_non_null(strstr(said, "only topics and posts"));
    place_close(&p);
}

RUN_TESTS(T(the_level_of_news_is_that_of_the_node_whatever_was_asked_for),
          T(news_goes_to_regions_below_and_to_no_other),
          T(what_is_flagged_is_hidden_with_the_reason_and_shown_again_when_it_is_restored),
          T(only_topics_and_posts_can_be_flagged))
