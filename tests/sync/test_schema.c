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

RUN_TESTS(T(collections_and_fields_are_found_by_their_whole_name))
