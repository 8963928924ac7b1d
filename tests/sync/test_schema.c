/* Look-ups in a schema. */
#include "sync/schema.h"
#include "tests/lib/test.h"

TEST(collections_and_fields_are_found_by_their_whole_name)
{
    static const struct ln_field fields[] = { { .name = "name" }, { .name = "phone" } };
    static const struct ln_coll colls[] = { { .name = "person", .fields = fields, .n_fields = 2 },
                                            { .name = "home" } };
    static const struct ln_schema s = { colls, 2 };

    assert_ptr_equal(ln_schema_find(&s, ln_span_of("home")), &colls[1]);
    assert_null(ln_schema_find(&s, ln_span_of("hom")));
    assert_null(ln_schema_find(&s, ln_span_of("homes")));
    assert_int_equal(ln_schema_field(&colls[0], ln_span_of("phone")), 1);
    assert_int_equal(ln_schema_field(&colls[0], ln_span_of("phones")), -1);
    assert_int_equal(ln_schema_field(&colls[1], ln_span_of("name")), -1);
}

/* What a program noted of `was`, compared with `now`. */
static enum ln_schema_news news(const struct ln_coll *was, const struct ln_coll *now)
{
    struct ln_buf text = ln_buf_new(LN_SCHEMA_TEXT_MAX);

    ln_schema_write(&text, was);
    enum ln_schema_news got = ln_schema_compare((struct ln_span){ text.data, text.len }, now);
    ln_buf_free(&text);
    return got;
}

TEST(a_newer_definition_is_told_from_the_one_noted)
{
    static const struct ln_field fields[] = {
        { .name = "name", .unit = "name", .mark = LN_MARK_IDENT },
        { .name = "phone", .unit = "phone" },
        { .name = "phones", .unit = "phones", .type = LN_TYPE_LIST },
    };
    static const struct ln_field grouped[] = {
        { .name = "name", .unit = "name", .mark = LN_MARK_IDENT },
        { .name = "phone", .unit = "contact" },
    };
    static const char *const from[] = { "filed", NULL };
    static const struct ln_step_rule steps[] = { { "close", "done", from } };
    const struct ln_coll two = { .name = "person", .fields = fields, .n_fields = 2 };
    const struct ln_coll three = { .name = "person", .fields = fields, .n_fields = 3 };
    const struct ln_coll other = { .name = "person", .fields = grouped, .n_fields = 2 };
    const struct ln_coll walks = {
        .name = "person", .fields = fields, .n_fields = 2, .steps = steps, .n_steps = 1
    };
    struct ln_buf text = ln_buf_new(LN_SCHEMA_TEXT_MAX);
    ln_schema_write(&text, &two);
    struct ln_span noted = { text.data, text.len };

    assert_int_equal(news(&two, &two), LN_SCHEMA_SAME);
    assert_int_equal(news(&two, &three), LN_SCHEMA_FIELDS);
    assert_int_equal(news(&three, &two), LN_SCHEMA_SAME);
    assert_int_equal(news(&two, &other), LN_SCHEMA_ALL);
    assert_int_equal(news(&two, &walks), LN_SCHEMA_ALL);
    assert_int_equal(ln_schema_compare((struct ln_span){ NULL, 0 }, &two), LN_SCHEMA_ALL);
    assert_true(ln_schema_knew(noted, &fields[1]));
    assert_false(ln_schema_knew(noted, &fields[2]));
    ln_buf_free(&text);
}

RUN_TESTS(T(a_newer_definition_is_told_from_the_one_noted),
          T(collections_and_fields_are_found_by_their_whole_name))
