/* Full text in Chinese and Latin, through FTS5 itself. */
#include "tests/lib/test.h"

#include "node/store/db.h"
#include "node/store/token.h"

#include <string.h>

static struct ln_db *open_text(const char *dir)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/a.db", dir);
    MUST(ln_db_open(&db, path, LN_DB_WRITE, &err));
    MUST(ln_db_exec(db, "CREATE VIRTUAL TABLE text USING fts5(body, tokenize='linli')", &err));
    MUST(ln_db_exec(db,
                    "INSERT INTO text(rowid, body) VALUES"
                    "(1, '翠苑一区3幢2单元501室停水通知，明天早上八点恢复'),"
                    "(2, '王小明 13800138000 Wang XiaoMing'),"
                    "(3, '水管坏了'), (4, '水，管'), (5, 'ＡＢＣ１２３ Émile'),"
                    "(6, '𠮷野家 \xff\xfe bad')",
                    &err));
    return db;
}
static bool next(struct ln_query *q)
{
    struct ln_err err = { 0 };
    bool row;

    MUST(ln_db_row(q, &row, &err));
    return row;
}
/* The same by asking each text at hand. */
static void must_say(struct ln_db *db, const char *typed, const char *rows)
{
    struct ln_token_query *asked = ln_token_query_new(ln_span_of(typed));
    struct ln_query *q = ln_db_use(db, "SELECT rowid, body FROM text ORDER BY rowid");
    char got[16];
    size_t n = 0;

    while (next(q))
        if (asked != NULL && ln_token_says(asked, ln_db_col_span(q, 1)))
            got[n++] = (char)('0' + ln_db_col_int(q, 0));
    got[n] = '\0';
    ln_token_query_free(asked);
    assert_string_equal(got, rows);
}
/* The rows found, as digits. */
static const char *found(const char *typed)
{
    static char rows[16];
    struct ln_buf match = ln_buf_new(1024);
    char dir[64];
    size_t n = 0;
    test_mkdir(dir);
    struct ln_db *db = open_text(dir);

    if (ln_token_match(&match, ln_span_of(typed))) {
        struct ln_query *q =
            ln_db_use(db, "SELECT rowid FROM text WHERE text MATCH :match ORDER BY rowid");
        ln_db_span(q, (struct ln_span){ match.data, match.len });
        while (next(q))
            rows[n++] = (char)('0' + ln_db_col_int(q, 0));
    }
    rows[n] = '\0';
    must_say(db, typed, rows);
    ln_buf_free(&match);
    ln_db_close(db);
    test_rmdir(dir);
    return rows;
}

TEST(chinese_words_of_one_two_and_more_characters_are_found)
{
    assert_string_equal(found("水"), "134");
    assert_string_equal(found("停水"), "1");
    assert_string_equal(found("水管"), "3");
    assert_string_equal(found("停水通知"), "1");
    assert_string_equal(found("停通"), "");
    assert_string_equal(found("𠮷野"), "6");
}

TEST(a_phrase_may_mix_characters_numbers_and_signs)
{
    assert_string_equal(found("3幢2单元501"), "1");
    assert_string_equal(found("2单元501室"), "1");
    assert_string_equal(found("停水通知,明天"), "1");
    assert_string_equal(found("3幢501"), "");
}

TEST(latin_words_are_found_whatever_their_case_and_width_and_from_their_beginning)
{
    assert_string_equal(found("wang"), "2");
    assert_string_equal(found("xiao"), "2");
    assert_string_equal(found("abc123"), "5");
    assert_string_equal(found("éMILE"), "5");
    assert_string_equal(found("138001"), "2");
    assert_string_equal(found("8000"), "");
    assert_string_equal(found("bad"), "6");
}

TEST(words_between_blanks_must_all_be_there)
{
    assert_string_equal(found("通知 翠苑"), "1");
    assert_string_equal(found("通知　翠苑"), "1");
    assert_string_equal(found("通知 王小明"), "");
}

TEST(nothing_typed_has_a_meaning_of_its_own)
{
    assert_string_equal(found("\"水\" OR 王"), "");
    assert_string_equal(found("水*"), "134");
    assert_string_equal(found("NEAR(水 管)"), "");
    assert_string_equal(found("body:水管"), "");
    assert_string_equal(found("，。 -- \"\""), "");
    assert_string_equal(found(""), "");
    assert_string_equal(found("水管 \" ^"), "3");
}

/* Texts and questions of a few letters that meet often. */
static void scribble(char out[64], unsigned *seed, unsigned letters)
{
    static const char *const ALL[] = { "水", "管", "停", "a", "b", "A", "1", " ", "，", "\"", "*" };

    size_t at = 0;

    for (unsigned i = 0; i < letters; i++) {
        *seed = *seed * 1103515245 + 12345;
        at += (size_t)snprintf(out + at, 64 - at, "%s",
                               ALL[(*seed >> 16) % (sizeof ALL / sizeof ALL[0])]);
    }
}

TEST(a_text_at_hand_says_what_the_index_finds)
{
    struct ln_buf match = ln_buf_new(1024);
    struct ln_err err = { 0 };
    unsigned seed = 7;
    unsigned agreed = 0;
    char dir[64];
    test_mkdir(dir);
    struct ln_db *db = open_text(dir);

    for (int i = 0; i < 4000; i++) {
        char body[64];
        char typed[64];
        scribble(body, &seed, 8);
        scribble(typed, &seed, 1 + (unsigned)i % 4);
        struct ln_query *q = ln_db_use(db, "REPLACE INTO text(rowid, body) VALUES(7, ?)");
        ln_db_text(q, body);
        MUST(ln_db_run(q, &err));
        ln_buf_clear(&match);
        struct ln_token_query *asked = ln_token_query_new(ln_span_of(typed));
        bool any = ln_token_match(&match, ln_span_of(typed));
        assert_int_equal(asked != NULL, any);
        if (!any)
            continue;
        q = ln_db_use(db, "SELECT 1 FROM text WHERE text MATCH ? AND rowid = 7");
        ln_db_span(q, (struct ln_span){ match.data, match.len });
        bool there = next(q);
        (void)ln_db_end(q);
        if (ln_token_says(asked, ln_span_of(body)) != there)
            fail_msg("'%s' in '%s': the index says %d", typed, body, there);
        agreed += there;
        ln_token_query_free(asked);
    }

    assert_in_range(agreed, 500, 3500); /* both answers came often */
    ln_buf_free(&match);
    ln_db_close(db);
    test_rmdir(dir);
}

RUN_TESTS(T(chinese_words_of_one_two_and_more_characters_are_found),
          T(a_phrase_may_mix_characters_numbers_and_signs),
          T(latin_words_are_found_whatever_their_case_and_width_and_from_their_beginning),
          T(words_between_blanks_must_all_be_there), T(nothing_typed_has_a_meaning_of_its_own),
          T(a_text_at_hand_says_what_the_index_finds))
