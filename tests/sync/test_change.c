/* Reading and writing change lines. */
#include <string.h>

#include "sync/change.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

#define ADD                                                                                        \
    "{\"c\":\"counter\",\"f\":{\"employer\":\"翠苑小学\",\"job\":\"2-01\"},\"i\":"             \
    "\"06h0cbs55s000nco66ag\",\"k\":\"iheu5q41\",\"n\":[\"name\",\"phone\"],\"o\":\"add\",\"s\":"  \
    "\"zHX2NthQ\",\"t\":\"person@1\",\"u\":\"06ghi1hmg0000t84r470\"}"
#define SET                                                                                        \
    "{\"b\":[\"06gvgc0gmc001u69jleg\",\"06gvgc0gmc001u69jlf0\"],\"f\":{\"job\":\"2-02\"},\"i\":"   \
    "\"06h0cbs55s000nco66ag\",\"o\":\"set\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"person@12\"}"

static bool reads(const char *line)
{
    struct ln_change c;
    struct ln_err err = { 0 };
    bool ok = ln_change_read(&c, line, strlen(line), &err);

    assert_true(ok || err.code == LN_INVALID);
    return ok;
}

TEST(an_add_gives_all_its_parts)
{
    struct ln_change c;
    struct ln_err err = { 0 };
    char id[LN_ID_TEXT + 1];

    MUST(ln_change_read(&c, ADD, strlen(ADD), &err));

    assert_int_equal(c.op, LN_OP_ADD);
    ln_clock_id_write(id, &c.record);
    assert_string_equal(id, "06h0cbs55s000nco66ag");
    assert_true(ln_span_is(c.collection, "person"));
    assert_int_equal(c.version, 1);
    assert_true(ln_span_is(c.names, "[\"name\",\"phone\"]"));
    assert_true(ln_span_is(c.kid, "iheu5q41"));
    assert_true(ln_span_is(c.channel, "counter"));
    assert_int_equal(c.n_base, 0);
    assert_int_equal(c.line.len, strlen(ADD));
}

TEST(a_set_names_what_it_replaces)
{
    struct ln_change c;
    struct ln_err err = { 0 };

    MUST(ln_change_read(&c, SET, strlen(SET), &err));

    assert_int_equal(c.n_base, 2);
    assert_int_equal(c.version, 12);
    assert_true(ln_clock_compare(&c.base[0], &c.base[1]) < 0);
    assert_true(c.user.len == 0 && c.tx.len == 0);
}

TEST(what_was_read_is_written_byte_for_byte)
{
    static const char *const lines[] = {
        ADD, SET,
        "{\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"transmute\",\"t\":\"p@1\"}" /* found by fuzzing */
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct ln_buf out = ln_buf_new(LN_CHANGE_MAX);
        struct ln_change c;
        struct ln_err err = { 0 };
        MUST(ln_change_read(&c, lines[i], strlen(lines[i]), &err));
        MUST(ln_change_write(&out, &c, &err));
        assert_string_equal(out.data, lines[i]);
        ln_buf_free(&out);
    }
}

TEST(bases_in_any_order_are_written_sorted_and_once)
{
    struct ln_buf out = ln_buf_new(LN_CHANGE_MAX);
    struct ln_change c;
    struct ln_err err = { 0 };

    MUST(ln_change_read(&c, SET, strlen(SET), &err));
    struct ln_id first = c.base[0];
    c.base[0] = c.base[1];
    c.base[1] = first;
    c.base[c.n_base++] = first;
    MUST(ln_change_write(&out, &c, &err));

    assert_string_equal(out.data, SET);
    ln_buf_free(&out);
}

TEST(a_line_no_reader_would_take_is_not_written)
{
    struct ln_buf out = ln_buf_new(LN_CHANGE_MAX);
    struct ln_change c;
    struct ln_err err = { 0 };

    MUST(ln_change_read(&c, SET, strlen(SET), &err));
    c.fields = ln_span_of("{\"b\":1,\"a\":2}");
    ln_buf_adds(&out, "before");

    assert_false(ln_change_write(&out, &c, &err));
    assert_int_equal(err.code, LN_INVALID);
    assert_string_equal(out.data, "before");
    ln_buf_free(&out);
}

TEST(the_associated_data_names_collection_record_and_change)
{
    struct ln_change c;
    struct ln_err err = { 0 };
    char ad[128];

    MUST(ln_change_read(&c, SET, strlen(SET), &err));
    ln_change_ad(ad, &c);

    assert_string_equal(ad, "person|06gpji7g000004f830c0|06h0cbs55s000nco66ag");
}

#define I "\"i\":\"06h0cbs55s000nco66ag\""
#define R "\"r\":\"06gpji7g000004f830c0\""
#define B "\"b\":[\"06gvgc0gmc001u69jleg\"],"
#define S "\"k\":\"iheu5q41\",\"n\":[\"x\"],"

TEST(each_op_has_its_own_grammar)
{
    static const char *const good[] = {
        "{" I ",\"o\":\"add\",\"t\":\"home@1\"}",
        "{\"f\":{\"m\":[\"k1\",\"k2\"]}," I ",\"o\":\"remove\"," R ",\"t\":\"p@1\"}",
        "{" B I ",\"o\":\"delete\"," R ",\"t\":\"p@1\"}",
        "{" B I ",\"o\":\"restore\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"action\":\"file\",\"to\":\"filed\"}," I ",\"o\":\"step\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"to\":\"06gvgc0gmc001u69jleg\"}," I ",\"o\":\"alias\"," R ",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"transmute\",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@1\",\"x\":\"06gvgc0gmc001u69jleg\"}",
        "{" I "," S "\"o\":\"set\"," R ",\"s\":\"ab-_\",\"t\":\"p@1\"}",
    };
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "1",
        "{" I ",\"o\":\"add\",\"t\":\"home@1\"} ",
        "{" I ",\"o\":\"add\"," R ",\"t\":\"home@1\"}",        /* an add with a record */
        "{" B I ",\"o\":\"add\",\"t\":\"home@1\"}",            /* or a base */
        "{" I ",\"o\":\"set\"," R ",\"t\":\"p@1\"}",           /* sets nothing */
        "{\"f\":{\"a\":1}," I ",\"o\":\"set\",\"t\":\"p@1\"}", /* of no record */
        "{\"f\":{}," I ",\"o\":\"set\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"a\":1}," I ",\"o\":\"delete\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"m\":\"k\"}," I ",\"o\":\"remove\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"m\":[]}," I ",\"o\":\"remove\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"m\":[\"键\"]}," I ",\"o\":\"remove\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"to\":\"filed\"}," I ",\"o\":\"step\"," R ",\"t\":\"p@1\"}",
        "{\"b\":[\"06gvgc0gmc001u69jleg\",\"06gvgc0gmc001u69jlf0\"],\"f\":{\"action\":\"a\",\"to\":"
        "\"b\"}," I ",\"o\":\"step\"," R ",\"t\":\"p@1\"}", /* after two steps at once */
        "{\"f\":{\"to\":\"06gpji7g000004f830c0\"}," I ",\"o\":\"alias\"," R ",\"t\":\"p@1\"}",
        "{\"f\":{\"a\":1,\"to\":\"06gvgc0gmc001u69jleg\"}," I ",\"o\":\"alias\"," R
        ",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@0\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@01\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@99999999\"}",
        "{" I ",\"o\":\"add\",\"t\":\"P@1\"}",
        "{" I ",\"o\":\"Add\",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@1\",\"z\":1}", /* an unknown key */
        "{" I "," S "\"o\":\"add\",\"t\":\"p@1\"}",    /* k and n without s */
        "{\"f\":{\"x\":1}," I "," S "\"o\":\"add\",\"s\":\"ab\",\"t\":\"p@1\"}", /* x twice */
        "{" I ",\"k\":\"iheu5q4\",\"n\":[\"x\"],\"o\":\"add\",\"s\":\"ab\",\"t\":\"p@1\"}",
        "{" I ",\"k\":\"iheu5q41\",\"n\":[\"y\",\"x\"],\"o\":\"add\",\"s\":\"ab\",\"t\":\"p@1\"}",
        "{" I ",\"k\":\"iheu5q41\",\"n\":[\"x\"],\"o\":\"add\",\"s\":\"a b\",\"t\":\"p@1\"}",
        "{\"b\":[]," I ",\"o\":\"delete\"," R ",\"t\":\"p@1\"}",
        "{\"b\":[\"06gvgc0gmc001u69jlf0\",\"06gvgc0gmc001u69jleg\"]," I ",\"o\":\"delete\"," R
        ",\"t\":\"p@1\"}",
        "{\"b\":[\"06h0cbs55s000nco66ag\"]," I ",\"o\":\"delete\"," R ",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"delete\",\"r\":\"06h0cbs55s000nco66ag\",\"t\":\"p@1\"}",
        "{\"f\":{\"A\":1}," I ",\"o\":\"add\",\"t\":\"p@1\"}",
        "{" I ",\"o\":\"add\",\"t\":\"p@1\",\"u\":\"someone\"}",
        "{\"c\":\"\"," I ",\"o\":\"add\",\"t\":\"p@1\"}",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!reads(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (reads(bad[i]))
            fail_msg("accepted: %s", bad[i]);
}

TEST(every_byte_that_is_changed_is_noticed_or_gives_another_valid_line)
{
    char line[sizeof SET];
    struct ln_change c;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < strlen(SET); i++)
        for (int flip = 1; flip < 256; flip <<= 1) {
            memcpy(line, SET, sizeof line);
            line[i] = (char)(line[i] ^ flip);
            if (ln_change_read(&c, line, strlen(SET), &err)) {
                struct ln_buf out = ln_buf_new(LN_CHANGE_MAX);
                MUST(ln_change_write(&out, &c, &err));
                assert_memory_equal(out.data, line, strlen(SET));
                ln_buf_free(&out);
            }
        }
}

TEST(limits_are_kept)
{
    struct ln_buf line = ln_buf_new(4 * LN_CHANGE_MAX);
    struct ln_change c;
    struct ln_err err = { 0 };

    ln_buf_adds(&line, "{\"f\":{");
    for (int i = 0; i <= LN_CHANGE_FIELDS; i++)
        ln_buf_addf(&line, "%s\"f%03d\":1", i == 0 ? "" : ",", i);
    ln_buf_adds(&line, "}," I ",\"o\":\"add\",\"t\":\"p@1\"}");
    assert_false(ln_change_read(&c, line.data, line.len, &err));
    ln_buf_clear(&line);
    ln_buf_adds(&line, "{\"f\":{\"a\":\"");
    while (line.len < LN_CHANGE_MAX)
        ln_buf_addc(&line, 'a');
    ln_buf_adds(&line, "\"}," I ",\"o\":\"add\",\"t\":\"p@1\"}");
    assert_false(ln_change_read(&c, line.data, line.len, &err));
    ln_buf_free(&line);
}

static void try_line(void *ctx, const char *text, size_t len)
{
    struct ln_change c;
    struct ln_err err = { 0 };

    ++*(unsigned *)ctx;
    if (!ln_change_read(&c, text, len, &err)) {
        assert_int_equal(err.code, LN_INVALID);
        return;
    }
    struct ln_buf again = ln_buf_new(LN_CHANGE_MAX);
    MUST(ln_change_write(&again, &c, &err));
    assert_int_equal(again.len, len);
    assert_memory_equal(again.data, text, len);
    ln_buf_free(&again);
}

TEST(a_line_with_anything_changed_is_none_or_says_just_what_it_says)
{
    static const char *const lines[] = {
        ADD,
        SET,
        "{\"f\":{\"action\":\"close\",\"settles\":[\"06gvgc0gmc001u69jleg\"],\"to\":\"done\"},"
        "\"i\":"
        "\"06h0cbs55s000nco66ag\",\"o\":\"step\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"ticket@"
        "1\"}",
        "{\"f\":{\"to\":\"06gvgc0gmc001u69jleg\"},\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"alias\","
        "\"r\":"
        "\"06gpji7g000004f830c0\",\"t\":\"person@1\",\"x\":\"06h0cbs55s000nco66a0\"}",
        "{\"f\":{\"tags\":[\"a\",\"b\"]},\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"remove\",\"r\":"
        "\"06gpji7g000004f830c0\",\"t\":\"person@1\"}",
        "{\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"delete\",\"r\":\"06gpji7g000004f830c0\",\"t\":"
        "\"person@1\"}",
        "{\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"later_op\",\"r\":\"06gpji7g000004f830c0\",\"t\":"
        "\"person@1\"}",
    };
    unsigned tried = 0;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct ln_change c;
        struct ln_err err = { 0 };
        MUST(ln_change_read(&c, lines[i], strlen(lines[i]), &err));
        mutate_json(ln_span_of(lines[i]), try_line, &tried);
        mutate_bytes(lines[i], strlen(lines[i]), try_line, &tried);
    }
    assert_true(tried > 5000);
}

RUN_TESTS(T(an_add_gives_all_its_parts), T(a_set_names_what_it_replaces),
          T(what_was_read_is_written_byte_for_byte),
          T(bases_in_any_order_are_written_sorted_and_once),
          T(a_line_no_reader_would_take_is_not_written),
          T(the_associated_data_names_collection_record_and_change), T(each_op_has_its_own_grammar),
          T(every_byte_that_is_changed_is_noticed_or_gives_another_valid_line), T(limits_are_kept),
          T(a_line_with_anything_changed_is_none_or_says_just_what_it_says))
