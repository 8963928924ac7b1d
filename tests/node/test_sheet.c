/* Tests of node/module/sheet.c: what is no spreadsheet is refused, whatever was cut off. */
#include "node/module/sheet.h"

#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/tool.h"

#define SHEET                                                                                      \
    "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>name</t></is></c></row>"      \
    "<row r='2'><c r='A2'><v>7</v></c></row></sheetData></worksheet>"

static struct ln_buf xlsx(void)
{
    char dir[64];

    test_mkdir(dir);
    assert_int_equal(tool_run(dir, "mkdir -p xl/worksheets"), 0);
    tool_write(dir, "xl/worksheets/sheet1.xml", SHEET, sizeof SHEET - 1);
    assert_int_equal(tool_run(dir, "zip -q -r book.xlsx xl"), 0);
    struct ln_buf file = tool_read(dir, "book.xlsx");
    test_rmdir(dir);
    return file;
}

TEST(a_spreadsheet_is_read_as_rows_of_text)
{
    struct ln_buf file = xlsx();
    struct ln_sheet s = { 0 };
    struct ln_err err = { 0 };

    MUST(ln_sheet_read(&s, file.data, file.len, &err));

    assert_string_equal(ln_sheet_cell(&s, 0, 0)->text, "name");
    assert_string_equal(ln_sheet_cell(&s, 1, 0)->text, "7");
    assert_true(ln_sheet_cell(&s, 1, 0)->number);
    ln_sheet_free(&s);
    ln_buf_free(&file);
}

/* The zip's last bytes tell nothing that is needed. */
TEST(a_spreadsheet_cut_at_any_byte_is_read_whole_or_refused)
{
    struct ln_buf file = xlsx();
    size_t read = 0;

    for (size_t len = 4; len < file.len; len++) {
        struct ln_sheet s = { 0 };
        struct ln_err err = { 0 };
        if (ln_sheet_read(&s, file.data, len, &err)) {
            assert_string_equal(ln_sheet_cell(&s, 1, 0)->text, "7");
            ln_sheet_free(&s);
            read++;
        } else
            assert_int_equal(err.code, LN_INVALID);
    }
    assert_true(read < 22); /* the end record */
    ln_buf_free(&file);
}

TEST(what_was_exported_so_that_it_is_no_formula_is_read_as_it_was)
{
    static const char csv[] = "a,b,c\r\n'=1+1,'abc,'\r\n";
    struct ln_sheet s = { 0 };
    struct ln_err err = { 0 };

    MUST(ln_sheet_read(&s, csv, sizeof csv - 1, &err));

    assert_string_equal(ln_sheet_cell(&s, 1, 0)->text, "=1+1");
    assert_string_equal(ln_sheet_cell(&s, 1, 1)->text, "'abc");
    assert_string_equal(ln_sheet_cell(&s, 1, 2)->text, "'");
    assert_true(s.csv);
    ln_sheet_free(&s);
}

RUN_TESTS(T(what_was_exported_so_that_it_is_no_formula_is_read_as_it_was),
          T(a_spreadsheet_is_read_as_rows_of_text),
          T(a_spreadsheet_cut_at_any_byte_is_read_whole_or_refused))
