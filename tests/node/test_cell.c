/* Tests of node/module/cell.c: what clerks type becomes a value, or a sentence that says what to
 * do. */
#include "node/module/cell.h"

#include <string.h>

#include "tests/lib/test.h"

static struct ln_def *def;

static int open_def(void **state)
{
    struct ln_err err = { 0 };

    (void)state;
    return ln_def_open(&def, &err) ? 0 : 1;
}

static int close_def(void **state)
{
    (void)state;
    ln_def_close(def);
    return 0;
}

static const struct ln_def_field *field(const char *coll, const char *name)
{
    return ln_def_field(ln_def_find(def, coll), name);
}

static json_t *value(const struct ln_def_field *f, const char *text, bool number)
{
    struct ln_sheet_cell cell = { .text = (char *)(uintptr_t)text, .number = number };
    struct ln_cell_words why = { "", "" };
    json_t *v = NULL;

    bool ok = ln_cell_value(&v, f, NULL, NULL, &cell, &why);
    assert_true(ok == (v != NULL) && ok == (why.zh[0] == '\0'));
    return v;
}

static void reads(const char *coll, const char *name, const char *text, const char *want)
{
    json_t *v = value(field(coll, name), text, false);

    assert_non_null(v);
    assert_string_equal(json_string_value(v), want);
    json_decref(v);
}

static void refuses(const char *coll, const char *name, const char *text, bool number,
                    const char *says)
{
    struct ln_sheet_cell cell = { .text = (char *)(uintptr_t)text, .number = number };
    struct ln_cell_words why = { "", "" };
    json_t *v = NULL;

    assert_false(ln_cell_value(&v, field(coll, name), NULL, NULL, &cell, &why));
    assert_null(v);
    assert_non_null(strstr(why.zh, says));
    assert_true(why.en[0] != '\0');
}

TEST(dates_are_read_as_people_and_spreadsheets_write_them)
{
    reads("person", "birth", "1990-01-31", "1990-01-31");
    reads("person", "birth", "1990/1/3", "1990-01-03");
    reads("person", "birth", "1990.01.31", "1990-01-31");
    reads("person", "birth", "1990年1月31日", "1990-01-31");
    reads("person", "birth", "１９９０－１－３", "1990-01-03");
    reads("person", "birth", "19900131", "1990-01-31");
    json_t *v = value(field("person", "birth"), "32904", true);
    assert_string_equal(json_string_value(v), "1990-01-31");
    json_decref(v);
    refuses("person", "birth", "1990-02-30", false, "请改为如 1990-01-31");
    refuses("person", "birth", "不详", false, "“不详”");
}

TEST(numbers_that_a_spreadsheet_has_rounded_are_known)
{
    refuses("person", "id_no", "3.30106E+17", false, "四舍五入");
    refuses("person", "id_no", "3.3010619900101E17", true, "四舍五入");
    refuses("person", "id_no", "330106199001011000", false, "四舍五入");
    refuses("person", "id_no", "330106199001011234", true, "四舍五入");
    refuses("person", "phone", "1.38E+10", false, "四舍五入");
    reads("person", "id_no", "330106 19900101 123x", "33010619900101123X");
    reads("person", "id_no", "３３０１０６１９９００１０１１２３７", "330106199001011237");
}

TEST(a_true_number_that_ends_in_000_is_asked_about)
{
    struct ln_sheet_cell cell = { .text = (char[]){ "330106199001031000" } };
    char head[19] = "330106199001010000";
    int found = 0;

    for (int day = 1; day <= 28; day++) {
        (void)snprintf(head, sizeof head, "3301061990%02d%02d1000", 1 + day % 12, day);
        cell.text = head;
        found += ln_cell_rounding(field("person", "id_no"), &cell) == LN_CELL_MAYBE;
    }

    assert_true(found > 0 && found < 28);
}

TEST(phones_lose_their_blanks_and_words_become_codes)
{
    reads("person", "phone", "138 1234 5678", "13812345678");
    reads("person", "phone", "+86 138-1234-5678", "13812345678");
    reads("person", "phone", "0571-8888 0000", "0571-88880000");
    reads("person", "ethnic", "汉", "01");
    reads("person", "sex", "女", "2");
    refuses("person", "kind", "户藉居民", false, "本地户籍 / ");
}

TEST(amounts_are_yuan_and_what_is_no_number_is_refused)
{
    json_t *v = value(field("offer", "price"), "12.5", false);

    assert_int_equal(json_integer_value(v), 1250);
    json_decref(v);
    refuses("offer", "price", "十二元", false, "请填元");
    refuses("building", "floors", "六层", false, "只填数字");
}

TEST(headers_are_known_with_stars_blanks_and_remarks)
{
    json_t *more = json_pack("[s]", "身份证号码");

    assert_true(ln_cell_header(field("person", "name"), NULL, " 姓 名*"));
    assert_true(ln_cell_header(field("person", "phone"), NULL, "联系电话（必填）"));
    assert_true(ln_cell_header(field("person", "id_no"), more, "身份证号码"));
    assert_false(ln_cell_header(field("person", "id_no"), more, "身份证"));
    json_decref(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(dates_are_read_as_people_and_spreadsheets_write_them),
        T(numbers_that_a_spreadsheet_has_rounded_are_known),
        T(a_true_number_that_ends_in_000_is_asked_about),
        T(phones_lose_their_blanks_and_words_become_codes),
        T(amounts_are_yuan_and_what_is_no_number_is_refused),
        T(headers_are_known_with_stars_blanks_and_remarks),
    };

    return cmocka_run_group_tests(tests, open_def, close_def);
}
