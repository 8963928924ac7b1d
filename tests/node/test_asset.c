/* Files compiled into the program. */
#include "tests/lib/test.h"

#include "node/asset.h"

#include <string.h>

TEST(a_folder_lists_its_own_files_sorted_and_ended_by_nul)
{
    size_t total;
    size_t n;
    (void)ln_embed_all(&total);
    const struct ln_embed *list = ln_embed_list("module", &n);

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strncmp(list[i].name, "module/", 7), 0);
        assert_int_equal(list[i].text[list[i].len], 0);
        assert_int_equal(strlen(list[i].text), list[i].len);
        assert_true(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
    }

    (void)ln_embed_list("store/sq", &n);
    assert_int_equal(n, 0);
}

TEST(an_asset_is_found_by_its_whole_path_only)
{
    size_t n;
    const struct ln_asset *all = ln_asset_all(&n);

    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(ln_asset_find(all[i].path), &all[i]);
        assert_int_equal(strlen(all[i].etag), 64);
        assert_memory_equal(all[i].gz, "\x1f\x8b\x08", 3); /* RFC 1952 2.3.1 */
    }

    assert_null(ln_asset_find("/no such page"));
}

RUN_TESTS(T(a_folder_lists_its_own_files_sorted_and_ended_by_nul),
          T(an_asset_is_found_by_its_whole_path_only))
