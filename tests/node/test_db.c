/* Connections, the statement cache, migrations, and bad disks. */
#include "tests/lib/test.h"

#include "node/asset.h"
#include "node/store/db.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ln_db *open_in(const char *dir, enum ln_db_mode mode)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/a.db", dir);
    MUST(ln_db_open(&db, path, mode, &err));
    return db;
}
static bool next(struct ln_query *q)
{
    struct ln_err err = { 0 };
    bool row;

    MUST(ln_db_row(q, &row, &err));
    return row;
}
static void add(struct ln_db *db, int64_t n, const char *text)
{
    struct ln_err err = { 0 };
    struct ln_query *q = ln_db_use(db, "INSERT INTO t(n, text) VALUES(:n, :text)");

    ln_db_int(q, n);
    ln_db_text(q, text);
    MUST(ln_db_run(q, &err));
}
static int64_t count(struct ln_db *db)
{
    struct ln_err err = { 0 };
    int64_t n = -1;

    MUST(ln_db_value(db, "SELECT count(*) FROM t", &n, &err));
    return n;
}
static struct ln_db *with_table(const char *dir)
{
    struct ln_err err = { 0 };
    struct ln_db *db = open_in(dir, LN_DB_WRITE);

    MUST(ln_db_exec(db, "CREATE TABLE t(n INTEGER PRIMARY KEY, text TEXT) STRICT", &err));
    return db;
}

TEST(a_database_is_durable_on_every_commit_private_and_overwrites_what_is_deleted)
{
    struct ln_err err = { 0 };
    char dir[64], path[128];
    struct stat st;
    int64_t full, secure;
    test_mkdir(dir);

    struct ln_db *db = with_table(dir);
    MUST(ln_db_value(db, "PRAGMA synchronous", &full, &err));
    MUST(ln_db_value(db, "PRAGMA secure_delete", &secure, &err));

    assert_int_equal(full, 2);
    assert_int_equal(secure, 1);
    (void)snprintf(path, sizeof path, "%s/a.db-wal", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_write_ahead_log_that_is_still_read_is_not_said_to_be_empty)
{
    struct ln_err err = { 0 };
    char dir[64];
    char path[128];
    struct stat st;
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);
    add(db, 1, "一");
    struct ln_db *reader = open_in(dir, LN_DB_READ);
    MUST(ln_db_read_begin(reader, &err));
    assert_int_equal(count(reader), 1);
    add(db, 2, "二");

    assert_false(ln_db_truncate(db, &err));

    assert_int_equal(err.code, LN_BUSY);
    add(db, 3, "三"); /* and goes on */
    ln_db_rollback(reader);
    MUST(ln_db_truncate(db, &err));
    (void)snprintf(path, sizeof path, "%s/a.db-wal", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(count(db), 3);
    ln_db_close(reader);
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_query_used_inside_its_own_loop_is_a_second_one)
{
    static const char sql[] = "SELECT n, text FROM t ORDER BY n";
    char dir[64];
    int seen = 0;
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);
    add(db, 1, "一");
    add(db, 2, NULL);

    struct ln_query *q = ln_db_use(db, sql);
    for (; next(q); seen++) {
        struct ln_query *again = ln_db_use(db, sql);
        assert_true(next(again));
        assert_int_equal(ln_db_col_int(again, 0), 1);
        assert_string_equal(ln_db_col_text(again, 1), "一");
        (void)ln_db_end(again);
    }

    assert_int_equal(seen, 2);
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_text_that_does_not_fit_the_schema_fails_at_its_first_row)
{
    struct ln_err err = { 0 };
    char dir[64];
    bool row;
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);
    struct ln_query *q = ln_db_use(db, "SELECT nothing FROM nowhere");
    ln_db_int(q, 1);

    assert_false(ln_db_row(q, &row, &err));

    assert_int_equal(err.code, LN_BROKEN);
    assert_non_null(strstr(err.text, "nowhere"));
    add(db, 1, "still works");
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_failed_savepoint_takes_back_its_own_work_only)
{
    struct ln_err err = { 0 };
    char dir[64];
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);

    MUST(ln_db_begin(db, &err));
    MUST(ln_db_savepoint(db, &err));
    add(db, 1, "kept");
    ln_db_savepoint_end(db, true);
    MUST(ln_db_savepoint(db, &err));
    add(db, 2, "undone");
    ln_db_savepoint_end(db, false);
    MUST(ln_db_commit(db, &err));

    assert_int_equal(count(db), 1);
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_reader_sees_one_snapshot_and_writes_nothing)
{
    struct ln_err err = { 0 };
    char dir[64];
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);
    struct ln_db *reader = open_in(dir, LN_DB_READ);

    MUST(ln_db_read_begin(reader, &err));
    add(db, 1, "later");
    assert_int_equal(count(reader), 0);
    MUST(ln_db_commit(reader, &err));

    assert_int_equal(count(reader), 1);
    assert_false(ln_db_exec(reader, "DELETE FROM t", &err));
    assert_int_equal(err.code, LN_BROKEN);
    assert_int_equal(count(reader), 1);
    ln_db_close(reader);
    ln_db_close(db);
    test_rmdir(dir);
}

/* A database that stopped between two files of one number would never run the second. */
TEST(every_migration_has_a_number_of_its_own)
{
    static const char *const folders[] = { "store/sql", "store/keys" };

    for (size_t k = 0; k < 2; k++) {
        size_t n;
        const struct ln_embed *list = ln_embed_list(folders[k], &n);
        size_t at = strlen(folders[k]) + 1;

        for (size_t i = 0; i < n; i++)
            assert_int_equal(strtol(list[i].name + at, NULL, 10), i + 1);
        assert_true(n > 0);
    }
}

TEST(migrations_run_once_and_a_newer_file_is_refused)
{
    struct ln_err err = { 0 };
    char dir[64];
    test_mkdir(dir);
    struct ln_db *db = open_in(dir, LN_DB_WRITE);

    assert_false(ln_db_current(db, "store/sql", &err));
    MUST(ln_db_migrate(db, "store/sql", &err));
    MUST(ln_db_migrate(db, "store/sql", &err));
    MUST(ln_db_current(db, "store/sql", &err));

    MUST(ln_db_exec(db, "PRAGMA user_version=9999", &err));
    assert_false(ln_db_migrate(db, "store/sql", &err));
    assert_int_equal(err.code, LN_INVALID);
    assert_non_null(strstr(err.text, "newer"));
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_full_disk_says_so_and_what_was_committed_stays)
{
    struct ln_err err = { 0 };
    static char big[65536];
    char dir[64];
    bool ok = true;
    test_mkdir(dir);
    struct ln_db *db = with_table(dir);
    add(db, 1, "kept");
    memset(big, 'x', sizeof big - 1);
    /* SQLite answers a full disk and a full file with the same code. */
    MUST(ln_db_exec(db, "PRAGMA max_page_count=30", &err));

    for (int64_t i = 2; i < 20 && ok; i++) {
        struct ln_query *q = ln_db_use(db, "INSERT INTO t(n, text) VALUES(:n, :text)");
        ln_db_int(q, i);
        ln_db_text(q, big);
        ok = ln_db_run(q, &err);
    }

    assert_false(ok);
    assert_int_equal(err.code, LN_FULL);
    MUST(ln_db_exec(db, "PRAGMA max_page_count=1000000", &err));
    assert_true(count(db) >= 1);
    add(db, 100, "there is room again");
    ln_db_close(db);
    db = open_in(dir, LN_DB_WRITE);
    assert_true(count(db) >= 2);
    ln_db_close(db);
    test_rmdir(dir);
}

TEST(a_file_that_is_no_database_is_named_and_left_alone)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;
    char dir[64], path[128];
    test_mkdir(dir);
    (void)snprintf(path, sizeof path, "%s/a.db", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is not a database\n", f);
    (void)fclose(f);

    assert_false(ln_db_open(&db, path, LN_DB_WRITE, &err));

    assert_null(db);
    assert_int_equal(err.code, LN_BROKEN);
    assert_non_null(strstr(err.text, "a.db"));
    assert_non_null(strstr(err.text, "damaged"));
    test_rmdir(dir);
}

TEST(a_folder_that_is_not_there_is_refused)
{
    struct ln_err err = { 0 };
    struct ln_db *db = NULL;

    assert_false(ln_db_open(&db, "/proc/nowhere/a.db", LN_DB_WRITE, &err));

    assert_null(db);
    assert_int_equal(err.code, LN_BROKEN);
}

TEST(the_image_of_a_running_database_opens_with_all_that_was_committed)
{
    struct ln_err err = { 0 };
    char dir[64], copy[64], command[256];
    test_mkdir(dir);
    test_mkdir(copy);
    struct ln_db *db = with_table(dir);
    add(db, 1, "committed");
    MUST(ln_db_begin(db, &err));
    add(db, 2, "under way");

    (void)snprintf(command, sizeof command, "cp %s/a.db %s/a.db-wal %s/", dir, dir, copy);
    assert_int_equal(system(command), 0);
    struct ln_db *image = open_in(copy, LN_DB_WRITE);

    assert_int_equal(count(image), 1);
    ln_db_close(image);
    ln_db_close(db);
    test_rmdir(dir);
    test_rmdir(copy);
}

RUN_TESTS(T(a_database_is_durable_on_every_commit_private_and_overwrites_what_is_deleted),
          T(a_write_ahead_log_that_is_still_read_is_not_said_to_be_empty),
          T(a_query_used_inside_its_own_loop_is_a_second_one),
          T(a_text_that_does_not_fit_the_schema_fails_at_its_first_row),
          T(a_failed_savepoint_takes_back_its_own_work_only),
          T(a_reader_sees_one_snapshot_and_writes_nothing),
          T(every_migration_has_a_number_of_its_own),
          T(migrations_run_once_and_a_newer_file_is_refused),
          T(a_full_disk_says_so_and_what_was_committed_stays),
          T(a_file_that_is_no_database_is_named_and_left_alone),
          T(a_folder_that_is_not_there_is_refused),
          T(the_image_of_a_running_database_opens_with_all_that_was_committed))
