/* Sentences of refusals: names of what is meant, in both languages. */
#include "tests/lib/test.h"

#include <string.h>

#include "node/module/refusal.h"

static const char *said(const json_t *problems, const char *language)
{
    return json_string_value(json_object_get(json_array_get(problems, 0), language));
}

TEST(placeholders_stand_for_the_names_in_each_language)
{
    const struct ln_def_label say = { "「{0}」要先有「{1}」，{0}", "“{0}” needs “{1}” {9} {x}" };
    json_t *problems = NULL;
    struct ln_err err = { 0 };

    assert_false(ln_refusal(&problems, LN_CONFLICT, "", &say,
                            LN_REFUSAL_ARGS({ "办结", "Close" }, { "照片", "Photo" }), &err));

    assert_int_equal(err.code, LN_CONFLICT);
    assert_string_equal(err.text, "“Close” needs “Photo” {9} {x}");
    assert_string_equal(said(problems, "zh"), "「办结」要先有「照片」，办结");
    assert_string_equal(said(problems, "en"), "“Close” needs “Photo” {9} {x}");
    json_decref(problems);
}

TEST(who_may_is_said_in_words_and_each_once)
{
    static const char *const words[] = { "worker:grid", "committee",    "worker",
                                         "reporter",    "resident:own", NULL };
    struct ln_refusal_list l = ln_refusal_list();
    struct ln_def *def = NULL;
    struct ln_err err = { 0 };

    assert_true(ln_def_open(&def, &err));
    ln_refusal_roles(&l, def, words);

    assert_string_equal(ln_refusal_said(&l).zh, "责任社工、居委会、反映人、本人");
    assert_string_equal(ln_refusal_said(&l).en,
                        "Social worker, Committee, who reported it, whom it is about");
    ln_refusal_free(&l);
    ln_def_close(def);
}

TEST(a_list_of_nobody_says_that_the_node_does_it)
{
    struct ln_refusal_list l = ln_refusal_list();

    ln_refusal_roles(&l, NULL, NULL);

    assert_string_equal(ln_refusal_said(&l).zh, "系统自动");
    ln_refusal_free(&l);
}

TEST(names_come_from_the_definition_and_unknown_ones_stay)
{
    struct ln_def *def = NULL;
    struct ln_err err = { 0 };

    assert_true(ln_def_open(&def, &err));
    const struct ln_def_coll *ticket = ln_def_find(def, "ticket");

    assert_string_equal(ln_refusal_field(ticket, "contact").zh, "联系方式");
    assert_string_equal(ln_refusal_state(ticket, "bound").en, "Bound");
    assert_string_equal(ln_refusal_step(ticket, "self_solve").zh, "自办自结");
    assert_string_equal(ln_refusal_step(ticket, "fly").en, "fly");
    ln_def_close(def);
}

RUN_TESTS(T(placeholders_stand_for_the_names_in_each_language),
          T(who_may_is_said_in_words_and_each_once), T(a_list_of_nobody_says_that_the_node_does_it),
          T(names_come_from_the_definition_and_unknown_ones_stay))
