/* Copies before upgrades, and going back to them. */
#include "node/store/upgrade.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "node/asset.h"
#include "node/store/sqlstore.h"
#include "tests/lib/test.h"

static const struct ln_schema none = { NULL, 0 };
static char copy[32]; /* its name */

/* A database whose schema is one file behind, with a value in it. */
static int64_t behind(const char *dir)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;
    char text[160];
    size_t n;
    const struct ln_embed *files = ln_embed_list("store/sql", &n);

    (void)snprintf(text, sizeof text, "%s/linli.db", dir);
    MUST(ln_db_open(&db, text, LN_DB_WRITE, &err));
    for (size_t i = 0; i + 1 < n; i++)
        MUST(ln_db_exec(db, files[i].text, &err));
    (void)snprintf(text, sizeof text, "PRAGMA user_version=%d", (int)n - 1);
    MUST(ln_db_exec(db, text, &err));
    MUST(ln_db_exec(db, "INSERT INTO meta(key, value) VALUES('mark', x'01')", &err));
    ln_db_close(db);
    (void)snprintf(copy, sizeof copy, "linli.db.before-%d", (int)n - 1);
    return (int64_t)n - 1;
}
static void upgrade(const char *dir)
{
    struct ln_err err = { 0 };
    struct ln_sqlstore *s = NULL;

    MUST(ln_sqlstore_open(&s, dir, &none, LN_DB_WRITE, &err));
    ln_sqlstore_close(s);
}
static int64_t value(const char *dir, const char *name, const char *sql)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;
    char path[160];
    int64_t n = -1;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    MUST(ln_db_open(&db, path, LN_DB_READ, &err));
    MUST(ln_db_value(db, sql, &n, &err));
    ln_db_close(db);
    return n;
}
static bool there(const char *dir, const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}
#define SCHEMA "PRAGMA user_version"

TEST(before_an_upgrade_a_private_copy_of_the_whole_database_is_laid_beside)
{
    char dir[64];
    char path[160];
    struct stat st;
    test_mkdir(dir);
    int64_t before = behind(dir);

    upgrade(dir);

    assert_int_equal(value(dir, "linli.db", SCHEMA), ln_db_newest("store/sql"));
    assert_int_equal(value(dir, copy, SCHEMA), before);
    assert_int_equal(value(dir, copy, "SELECT count(*) FROM meta WHERE key = 'mark'"), 1);
    (void)snprintf(path, sizeof path, "%s/%s", dir, copy);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    test_rmdir(dir);
}

TEST(a_new_database_has_nothing_to_go_back_to)
{
    struct ln_err err = { 0 };
    struct ln_upgrade_back b;
    char dir[64];
    test_mkdir(dir);
    upgrade(dir);

    assert_false(ln_upgrade_back(&b, dir, false, &err));

    assert_int_equal(err.code, LN_MISSING);
    test_rmdir(dir);
}

TEST(going_back_puts_the_copy_in_its_place_and_keeps_the_newer_one)
{
    struct ln_err err = { 0 };
    struct ln_upgrade_back b;
    char dir[64];
    test_mkdir(dir);
    int64_t before = behind(dir);
    upgrade(dir);

    MUST(ln_upgrade_back(&b, dir, false, &err));

    assert_int_equal(b.to, before);
    assert_int_equal(value(dir, "linli.db", SCHEMA), before);
    assert_int_equal(value(dir, b.aside, SCHEMA), ln_db_newest("store/sql"));
    assert_false(there(dir, copy));
    upgrade(dir); /* and forth again */
    assert_true(there(dir, b.aside));
    test_rmdir(dir);
}

TEST(what_was_not_sent_yet_is_left_behind_only_when_told_so)
{
    struct ln_err err = { 0 };
    struct ln_upgrade_back b;
    struct ln_sqlstore *s = NULL;
    char dir[64];
    test_mkdir(dir);
    (void)behind(dir);
    MUST(ln_sqlstore_open(&s, dir, &none, LN_DB_WRITE, &err));
    MUST(ln_db_exec(ln_sqlstore_db(s),
                    "INSERT INTO log(n, id, mine, head, applied, receipt, volume, head_sha,"
                    " head_commit) VALUES(1, 'me', 1, 1, 1, 0, 0, x'', x'');"
                    "INSERT INTO change(n, id, log, seq, audience, state) VALUES(1, x'01', 1, 1, 1,"
                    " 0), (2, x'02', 1, NULL, 1, 0)",
                    &err));
    ln_sqlstore_close(s);

    assert_false(ln_upgrade_back(&b, dir, false, &err));
    assert_int_equal(err.code, LN_CONFLICT);
    assert_int_equal(b.unsent, 2);
    assert_true(there(dir, copy));
    MUST(ln_upgrade_back(&b, dir, true, &err));

    assert_int_equal(value(dir, "linli.db", "SELECT count(*) FROM change"), 0);
    assert_int_equal(value(dir, b.aside, "SELECT count(*) FROM change"), 2);
    test_rmdir(dir);
}

TEST(a_copy_goes_after_its_time_and_with_an_erasure)
{
    struct ln_err err = { 0 };
    char dir[64];
    char path[160];
    const struct timeval old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    bool any;
    test_mkdir(dir);
    (void)behind(dir);
    upgrade(dir);
    upgrade(dir);
    assert_true(there(dir, copy));
    (void)snprintf(path, sizeof path, "%s/%s", dir, copy);
    assert_int_equal(utimes(path, old), 0);

    upgrade(dir);

    assert_false(there(dir, copy));
    (void)fclose(fopen(path, "w"));
    MUST(ln_upgrade_forget(dir, &any, &err));
    assert_true(any);
    assert_false(there(dir, copy));
    assert_true(there(dir, "linli.db"));
    test_rmdir(dir);
}

TEST(a_field_that_came_later_has_its_column_and_one_to_be_found_by_its_index)
{
    static const struct ln_field fields[] = { { .name = "title", .type = LN_TYPE_STR },
                                              { .name = "place", .type = LN_TYPE_STR } };
    static const char *const find[] = { "title", NULL };
    const struct ln_coll first = { .name = "thing", .version = 1, .fields = fields, .n_fields = 1 };
    struct ln_coll later = first;
    const struct ln_schema schemas[] = { { &first, 1 }, { &later, 1 } };
    struct ln_err err = { 0 };
    struct ln_sqlstore *s = NULL;
    char dir[64];
    test_mkdir(dir);
    later.n_fields = 2;
    later.find = find;

    for (int i = 0; i < 4; i++) { /* there, back, and there again */
        MUST(ln_sqlstore_open(&s, dir, &schemas[i % 2], LN_DB_WRITE, &err));
        ln_sqlstore_close(s);
        assert_int_equal(value(dir, "linli.db",
                               "SELECT count(*) FROM pragma_table_info('c_thing') WHERE name IN"
                               " ('title', 'place')"),
                         i == 0 ? 1 : 2);
    }

    assert_int_equal(
        value(dir, "linli.db", "SELECT count(*) FROM sqlite_schema WHERE name = 'o_thing_title'"),
        1);
    test_rmdir(dir);
}

TEST(keys_of_a_newer_program_are_used_as_they_are)
{
    struct ln_err err = { 0 };
    struct ln_sqlstore *s = NULL;
    struct ln_db *keys = NULL;
    char dir[64];
    char path[160];
    test_mkdir(dir);
    upgrade(dir);
    (void)snprintf(path, sizeof path, "%s/keys.db", dir);
    MUST(ln_db_open(&keys, path, LN_DB_WRITE, &err));
    MUST(ln_db_exec(keys, "CREATE TABLE later(n INTEGER) STRICT; PRAGMA user_version=9999", &err));
    ln_db_close(keys);

    MUST(ln_sqlstore_open(&s, dir, &none, LN_DB_WRITE, &err));
    ln_sqlstore_close(s);
    MUST(ln_sqlstore_open(&s, dir, &none, LN_DB_READ, &err));
    ln_sqlstore_close(s);

    assert_int_equal(value(dir, "keys.db", SCHEMA), 9999);
    test_rmdir(dir);
}

RUN_TESTS(T(before_an_upgrade_a_private_copy_of_the_whole_database_is_laid_beside),
          T(a_new_database_has_nothing_to_go_back_to),
          T(going_back_puts_the_copy_in_its_place_and_keeps_the_newer_one),
          T(what_was_not_sent_yet_is_left_behind_only_when_told_so),
          T(a_copy_goes_after_its_time_and_with_an_erasure),
          T(a_field_that_came_later_has_its_column_and_one_to_be_found_by_its_index),
          T(keys_of_a_newer_program_are_used_as_they_are))
