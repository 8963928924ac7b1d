/* The definitions that ship, and what is refused. */
#include "tests/lib/test.h"

#include <string.h>

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
    assert_int_equal(d->n_modules, 4);
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

RUN_TESTS(T(the_definitions_that_ship_are_read),
          T(an_unknown_key_an_unknown_type_and_a_ref_to_nowhere_are_refused))
