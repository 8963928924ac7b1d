/* The definitions that ship, and what is refused. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "node/module/check.h"
#include "node/module/def.h"

TEST(the_definitions_that_ship_are_read)
{
    struct ln_def *d;
    struct ln_err err = { 0 };

    MUST(ln_def_open(&d, &err));

    const struct ln_def_coll *ticket = ln_def_find(d, "ticket");
    assert_non_null(ticket);
    assert_non_null(ln_def_step(ticket, "accept", "filed"));
    assert_null(ln_def_step(ticket, "close", "filed"));
    assert_int_equal(ln_def_field(ticket, "body")->mark, LN_MARK_IDENT);
    assert_int_equal(ln_def_field(ticket, "contact")->mark, LN_MARK_SENSITIVE);
    assert_non_null(ln_def_field(ln_def_find(d, "person"), "author"));
    assert_true(d->n_modules >= 7);
    assert_true(d->n_screens > 0);
    ln_def_close(d);
}

TEST(each_module_that_ships_can_be_switched_off_by_its_name)
{
    struct ln_def *d;
    struct ln_err err = { 0 };

    MUST(ln_def_open(&d, &err));

    const struct ln_def_codes *codes =
        ln_def_field(ln_def_find(d, "module_setting"), "module")->codes;
    for (size_t m = 0; m < d->n_modules; m++) {
        size_t i = 0;
        while (i < codes->n && strcmp(codes->list[i].code, d->modules[m].name) != 0)
            i++;
        if (i == codes->n)
            fail_msg("no code for %s", d->modules[m].name);
    }
    ln_def_close(d);
}

static enum ln_code refused(const char *text)
{
    struct ln_def *d;
    struct ln_err err = { 0 };

    assert_false(ln_def_read(&d, "test.json", text, strlen(text), &err));
    return err.code;
}

TEST(an_unknown_key_an_unknown_type_and_a_ref_to_nowhere_are_refused)
{
    assert_int_equal(
        refused("{\"module\":\"m\",\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"colections\":[]}"),
        LN_INVALID);
    assert_int_equal(refused("{\"module\":\"m\",\"label\":{\"zh\":\"a\",\"en\":\"b\"},"
                             "\"collections\":[{\"name\":\"c\",\"version\":1,"
                             "\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"audience\":\"P\",\"fields\":["
                             "{\"name\":\"f\",\"type\":\"strng\","
                             "\"label\":{\"zh\":\"a\",\"en\":\"b\"}}]}]}"),
                     LN_INVALID);
    assert_int_equal(refused("{\"module\":\"m\",\"label\":{\"zh\":\"a\",\"en\":\"b\"},"
                             "\"collections\":[{\"name\":\"c\",\"version\":1,"
                             "\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"audience\":\"P\",\"fields\":["
                             "{\"name\":\"f\",\"type\":\"ref\","
                             "\"to\":\"nothing\",\"label\":{\"zh\":\"a\",\"en\":\"b\"}}]}]}"),
                     LN_INVALID);
}

TEST(a_row_of_a_list_is_checked_by_its_own_fields_and_named_by_its_number)
{
    static const char text[] =
        "{\"module\":\"m\",\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"collections\":[{\"name\":\"c\","
        "\"version\":1,\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"audience\":\"P\",\"fields\":[{"
        "\"name\":"
        "\"l\",\"type\":\"list\",\"label\":{\"zh\":\"材料\",\"en\":\"Papers\"},\"items\":[{"
        "\"name\":"
        "\"name\",\"type\":\"str\",\"required\":true,\"label\":{\"zh\":\"名称\",\"en\":\"Name\"}},"
        "{\"name\":\"n\",\"type\":\"int\",\"label\":{\"zh\":\"份数\",\"en\":\"Copies\"}}]}]}]}";
    struct ln_def *d;
    struct ln_err err = { 0 };
    json_t *out = json_array();
    json_t *good = json_loads("{\"l\":[{\"name\":\"身份证\",\"n\":1}]}", 0, NULL);
    json_t *bad = json_loads("{\"l\":[{\"name\":\"x\"},{\"n\":\"two\"}]}", 0, NULL);
    MUST(ln_def_read(&d, "test.json", text, strlen(text), &err));

    assert_int_equal(ln_check_fields(out, d->colls, good, false, NULL, "2026-11-25"), 0);
    assert_int_equal(ln_check_fields(out, d->colls, bad, false, NULL, "2026-11-25"), 2);

    const char *zh = json_string_value(json_object_get(json_array_get(out, 0), "zh"));
    assert_non_null(strstr(zh, "第 2 行"));
    json_decref(good);
    json_decref(bad);
    json_decref(out);
    ln_def_close(d);
}

/* A module with one collection and this one screen. */
static enum ln_code screen(const char *block)
{
    struct ln_def *d = NULL;
    struct ln_err err = { 0 };
    char text[4096];

    (void)snprintf(
        text, sizeof text,
        "{\"module\":\"m\",\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"collections\":[{\"name\":\"c\","
        "\"version\":1,\"label\":{\"zh\":\"a\",\"en\":\"b\"},\"audience\":\"P\",\"fields\":["
        "{\"name\":\"f\",\"type\":\"ts\",\"label\":{\"zh\":\"a\",\"en\":\"b\"}}]}],"
        "\"screens\":[%s]}",
        block);
    bool ok = ln_def_read(&d, "test.json", text, strlen(text), &err);
    ln_def_close(d);
    return ok ? LN_OK : err.code;
}

#define LIST(rest)                                                                                 \
    "{\"for\":[\"worker\"],\"rank\":1,\"kind\":\"list\",\"title\":{\"zh\":\"a\",\"en\":\"b\"},"    \
    "\"collection\":\"c\"" rest "}"

TEST(a_first_screen_names_only_what_is_there_and_says_it_in_both_languages)
{
    assert_int_equal(screen(LIST(",\"where\":{\"f.lte\":\"@now+24h\"},\"by\":\"f\"")), LN_OK);
    assert_int_equal(screen(LIST(",\"where\":{\"g\":\"1\"}")), LN_INVALID);
    assert_int_equal(screen(LIST(",\"where\":{\"f\":\"@noon\"}")), LN_INVALID);
    assert_int_equal(screen(LIST(",\"open\":true")), LN_INVALID);
    assert_int_equal(screen(LIST(",\"colour\":\"red\"")), LN_INVALID);
    assert_int_equal(
        screen("{\"for\":[\"worker\"],\"rank\":1,\"kind\":\"tiles\",\"tiles\":[{\"label\":"
               "{\"zh\":\"a\"},\"icon\":\"x\",\"to\":\"/c\"}]}"),
        LN_INVALID);
    assert_int_equal(
        screen("{\"for\":[\"worker\"],\"rank\":1,\"kind\":\"tiles\",\"tiles\":[{\"label\":"
               "{\"zh\":\"a\",\"en\":\"b\"},\"icon\":\"x\",\"to\":\"//evil\"}]}"),
        LN_INVALID);
    assert_int_equal(screen("{\"for\":[],\"rank\":1,\"kind\":\"search\"}"), LN_INVALID);
}

RUN_TESTS(T(a_first_screen_names_only_what_is_there_and_says_it_in_both_languages),
          T(each_module_that_ships_can_be_switched_off_by_its_name),
          T(the_definitions_that_ship_are_read),
          T(a_row_of_a_list_is_checked_by_its_own_fields_and_named_by_its_number),
          T(an_unknown_key_an_unknown_type_and_a_ref_to_nowhere_are_refused))
