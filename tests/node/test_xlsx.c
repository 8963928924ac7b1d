/* Spreadsheets out, read back with the reader of spreadsheets in. */
#include "tests/lib/test.h"

#include <string.h>
#include <unistd.h>

#include "node/module/sheet.h"
#include "node/xlsx.h"

static struct ln_sheet written(void (*fill)(struct ln_xlsx *x))
{
    struct ln_buf bytes = ln_buf_new(1 << 20);
    struct ln_sheet s = { 0 };
    struct ln_err err = { 0 };
    struct ln_xlsx *x;
    char dir[64];
    test_mkdir(dir);

    MUST(ln_xlsx_open(&x, dir, "居民", &err));
    fill(x);
    MUST(ln_xlsx_close(x, &bytes, &err));
    MUST(ln_sheet_read(&s, bytes.data, bytes.len, &err));
    ln_buf_free(&bytes);
    test_rmdir(dir);
    return s;
}

static const char *cell(const struct ln_sheet *s, size_t row, size_t col)
{
    const char *text = ln_sheet_cell(s, row, col)->text;

    return text != NULL ? text : "";
}

static void texts(struct ln_xlsx *x)
{
    static const char *const ALL[] = { "=1+1",
                                       "http://a.b/",
                                       "0012",
                                       "11010519491231002X",
                                       "甲\n乙",
                                       "a\x01"
                                       "b\x0b"
                                       "c",
                                       "x\xef\xbf\xbey\xef\xbf\xbfz",
                                       "<&\">" };

    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++)
        ln_xlsx_text(x, i, 0, ln_span_of(ALL[i]));
}

TEST(text_stays_text_and_holds_nothing_that_xml_does_not_know)
{
    struct ln_sheet s = written(texts);

    assert_string_equal(cell(&s, 0, 0), "=1+1");
    assert_string_equal(cell(&s, 1, 0), "http://a.b/");
    assert_string_equal(cell(&s, 2, 0), "0012");
    assert_string_equal(cell(&s, 3, 0), "11010519491231002X");
    assert_false(ln_sheet_cell(&s, 2, 0)->number);
    assert_string_equal(cell(&s, 4, 0), "甲\n乙");
    assert_string_equal(cell(&s, 5, 0), "abc");
    assert_string_equal(cell(&s, 6, 0), "xyz"); /* U+FFFE and U+FFFF are no characters of XML */
    assert_string_equal(cell(&s, 7, 0), "<&\">");
    ln_sheet_free(&s);
}

static void numbers(struct ln_xlsx *x)
{
    ln_xlsx_int(x, 0, 0, 42);
    ln_xlsx_fen(x, 0, 1, 123450);
    ln_xlsx_fen(x, 0, 2, -5);
}

TEST(numbers_are_numbers_and_money_is_in_yuan)
{
    struct ln_sheet s = written(numbers);

    assert_true(ln_sheet_cell(&s, 0, 0)->number);
    assert_string_equal(cell(&s, 0, 0), "42");
    assert_string_equal(cell(&s, 0, 1), "1234.5");
    assert_string_equal(cell(&s, 0, 2), "-0.05");
    ln_sheet_free(&s);
}

static void long_text(struct ln_xlsx *x)
{
    struct ln_buf text = ln_buf_new(1 << 20);

    for (size_t i = 0; i < LN_XLSX_CHARS + 100; i++)
        ln_buf_adds(&text, "字");
    ln_xlsx_text(x, 0, 0, (struct ln_span){ text.data, text.len });
    ln_buf_free(&text);
}

TEST(text_that_no_cell_holds_is_cut_between_characters)
{
    struct ln_sheet s = written(long_text);

    assert_int_equal(strlen(cell(&s, 0, 0)), 3 * LN_XLSX_CHARS);
    ln_sheet_free(&s);
}

static void nothing(struct ln_xlsx *x)
{
    ln_xlsx_text(x, 0, 0, ln_span_of("a"));
}

TEST(one_that_is_too_large_is_refused_and_nothing_stays_behind)
{
    struct ln_buf small = ln_buf_new(100);
    struct ln_err err = { 0 };
    struct ln_xlsx *x;
    char dir[64];
    test_mkdir(dir);
    MUST(ln_xlsx_open(&x, dir, "a", &err));
    nothing(x);

    assert_false(ln_xlsx_close(x, &small, &err));

    assert_int_equal(err.code, LN_FULL);
    assert_int_equal(rmdir(dir), 0); /* empty: no temporary file is left */
    ln_buf_free(&small);
}

TEST(a_folder_that_is_not_there_is_an_error_and_no_crash)
{
    struct ln_err err = { 0 };
    struct ln_xlsx *x = NULL;

    assert_false(ln_xlsx_open(&x, "/nonexistent", "a", &err));

    assert_int_equal(err.code, LN_BROKEN);
    assert_null(x);
}

RUN_TESTS(T(text_stays_text_and_holds_nothing_that_xml_does_not_know),
          T(numbers_are_numbers_and_money_is_in_yuan),
          T(text_that_no_cell_holds_is_cut_between_characters),
          T(one_that_is_too_large_is_refused_and_nothing_stays_behind),
          T(a_folder_that_is_not_there_is_an_error_and_no_crash))
