/* Modules of a node's own: read beside the built-in ones, or refused with file and place. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/added.h"
#include "node/disk.h"

#define HEAD                                                                                       \
    "{\"module\":\"library\",\"rank\":13,\"label\":{\"zh\":\"图书角\",\"en\":\"Library\"},"     \
    "\"collections\":["
#define BOOK                                                                                         \
    "{\"name\":\"book\",\"version\":1,\"label\":{\"zh\":\"图书\",\"en\":\"Book\"},\"audience\":"   \
    "\"P\",\"title\":[\"name\"],"                                                                    \
    "\"fields\":[{\"name\":\"name\",\"type\":\"str\",\"label\":{\"zh\":\"书名\",\"en\":\"Title\"}" \
    "}],"                                                                                            \
    "\"rights\":{\"read\":[\"guest\"],\"create\":[\"worker\"],\"update\":[],\"delete\":[]}}"

static void put(const char *dir, const char *name, const char *text)
{
    char folder[80];
    struct ln_err err = { 0 };

    (void)snprintf(folder, sizeof folder, "%s/module", dir);
    (void)mkdir(folder, 0700);
    MUST(ln_disk_write(folder, name, text, strlen(text), &err));
}

static struct ln_err refusal(const char *name, const char *text)
{
    char dir[64];
    struct ln_def *d = NULL;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    put(dir, name, text);
    assert_false(ln_added_open(&d, dir, &err));
    assert_null(d);
    return err;
}

TEST(a_folder_that_is_not_there_holds_none)
{
    char dir[64];
    struct ln_def *d;
    struct ln_def *built_in;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    MUST(ln_added_open(&d, dir, &err));
    MUST(ln_def_open(&built_in, &err));

    assert_int_equal(d->n_modules, built_in->n_modules);
    ln_def_close(d);
    ln_def_close(built_in);
}

TEST(a_module_of_its_own_stands_beside_the_built_in_ones)
{
    char dir[64];
    struct ln_def *d;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    put(dir, "library.json", HEAD BOOK "]}");
    put(dir, "library.json~", "what an editor left");
    MUST(ln_added_open(&d, dir, &err));

    assert_non_null(ln_def_find(d, "book"));
    assert_non_null(ln_def_find(d, "ticket"));
    ln_def_close(d);
}

TEST(a_module_of_its_own_is_switched_by_the_same_setting)
{
    char dir[64];
    struct ln_def *d;
    struct ln_err err = { 0 };
    const struct ln_def_codes *set;
    size_t named = 0;

    test_mkdir(dir);
    put(dir, "library.json", HEAD BOOK "]}");
    MUST(ln_added_open(&d, dir, &err));

    set = ln_def_field(ln_def_find(d, "module_setting"), "module")->codes;
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, "library") == 0) {
            named++;
            assert_string_equal(set->list[i].label.zh, "图书角");
        }
    assert_int_equal(named, 1);
    ln_def_close(d);
}

TEST(a_mistake_names_the_file_and_the_place)
{
    struct ln_err err = refusal("library.json", "{\"module\":\"library\"");
    assert_int_equal(err.code, LN_INVALID);
    assert_non_null(strstr(err.text, "module/library.json: line 1"));

    err = refusal("library.json", HEAD
                  "{\"name\":\"ticket\",\"version\":1,\"label\":{\"zh\":\"x\",\"en\":\"x\"}}]}");
    assert_non_null(strstr(err.text, "a second collection of this name \"ticket\""));

    err = refusal("library.json", HEAD "{\"name\":\"Book; drop\",\"version\":1}]}");
    assert_non_null(strstr(err.text, "lower case"));

    err = refusal("a.json", "{\"module\":\"ticket\",\"rank\":13,\"label\":{\"zh\":\"x\",\"en\":"
                            "\"x\"},\"collections\":[]}");
    assert_non_null(strstr(err.text, "a second module of this name \"ticket\""));

    err =
        refusal("library.json", HEAD BOOK
                "],\"statistics\":[{\"code\":\"books\",\"label\":{\"zh\":\"书\",\"en\":\"Books\"},"
                "\"collection\":\"book\",\"dims\":[\"shelf\"]}]}");
    assert_non_null(
        strstr(err.text, "library: statistics: a statistic by an unknown field \"books\""));
}

TEST(too_much_is_refused_by_its_ceiling)
{
    char *large = calloc(1, LN_ADDED_FILE_MAX + 2);

    assert_non_null(large);
    memset(large, ' ', LN_ADDED_FILE_MAX + 1);
    assert_int_equal(refusal("library.json", large).code, LN_FULL);
    free(large);
}

RUN_TESTS(T(a_folder_that_is_not_there_holds_none), T(a_mistake_names_the_file_and_the_place),
          T(a_module_of_its_own_stands_beside_the_built_in_ones),
          T(a_module_of_its_own_is_switched_by_the_same_setting),
          T(too_much_is_refused_by_its_ceiling))
