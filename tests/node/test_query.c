/* Lists: full text of rare and of frequent words, in any order, page by page. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#define MANY (LN_QUERY_HITS + 300)

/* Persons, each third 李 and the rest 王, all at one employer; i in the name, born on a day that is
 * not in their order. */
static bool add_many(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    const size_t *n = arg;

    for (size_t i = 0; i < *n; i++) {
        char name[32];
        char birth[16];
        (void)snprintf(name, sizeof name, "%s%04zu", i % 3 == 0 ? "李" : "王", i);
        (void)snprintf(birth, sizeof birth, "19%02zu-%02zu-%02zu", 20 + i * 7 % 79, 1 + i % 12,
                       1 + i % 28);
        json_t *f = json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", name, "kind", "local", "status",
                              "living", "id_type", "990", "employer", "文一路小学");
        if (i % 5 > 0)
            json_object_set_new(f, "birth", json_string(birth));
        if (!ln_special_add(NULL, x, "person", f, err))
            return false;
    }
    return true;
}

static void fill(struct place *p, size_t n)
{
    struct ln_err err = { 0 };

    place_open(p);
    MUST(place_run(p, add_many, &n, 0, &err));
    for (size_t i = 0; i < n / 1000 + 2; i++)
        MUST(ln_node_look(p->n, &err));
}

static struct ln_list persons(struct place *p, const char *text)
{
    return (struct ln_list){ .coll = ln_def_find(p->n->def, "person")->coll,
                             .text = text,
                             .limit = LN_QUERY_LIMIT };
}

/* All pages, one behind the other, as names and birthdays. */
static json_t *walk(struct place *p, struct ln_list l)
{
    json_t *all = json_array();
    struct ln_id last;

    for (;;) {
        json_t *rows = place_list(p, &l, NULL);
        size_t n = json_array_size(rows);
        if (n > 0)
            assert_true(ln_clock_id_read(
                &last, ln_span_of(ln_special_word(json_array_get(rows, n - 1), "id"))));
        json_array_extend(all, rows);
        json_decref(rows);
        l.after = &last;
        if (n < LN_QUERY_LIMIT)
            return all;
    }
}

/* Names of the rows that hold `what`, in their order. */
static void names(struct ln_buf *out, const json_t *rows, const char *what)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        if (strstr(ln_special_text(row, "name"), what) != NULL)
            ln_buf_addf(out, "%s\n", ln_special_text(row, "name"));
    }
}

static void same_as_filtered(struct place *p, const char *text, const char *what, const char *sort,
                             bool down)
{
    struct ln_list l = persons(p, NULL);
    struct ln_buf want = ln_buf_new(1 << 20);
    struct ln_buf got = ln_buf_new(1 << 20);

    l.sort = sort;
    l.descending = down;
    json_t *all = walk(p, l);
    l.text = text;
    json_t *found = walk(p, l);
    names(&want, all, what);
    names(&got, found, "");

    assert_true(want.len > 0);
    assert_string_equal(got.data, want.data);
    json_decref(all);
    json_decref(found);
    ln_buf_free(&want);
    ln_buf_free(&got);
}

TEST(pages_of_a_search_are_the_list_without_what_does_not_say_it_in_every_order)
{
    struct place p;
    fill(&p, MANY);

    same_as_filtered(&p, "小学", "", NULL, true);     /* more than are put in order */
    same_as_filtered(&p, "王", "王", "birth", false); /* fewer; empty birthdays stand together */
    same_as_filtered(&p, "王", "王", "birth", true);
    same_as_filtered(&p, "小学", "", "birth", true);
    same_as_filtered(&p, "李0123", "李0123", "name", false);

    place_close(&p);
}

/* The rows from a place on that a number tells are those that come there page by page. */
static void same_from(struct place *p, const char *sort, bool down)
{
    struct ln_list l = persons(p, NULL);

    l.sort = sort;
    l.descending = down;
    json_t *all = walk(p, l);
    for (size_t from = 0; from<json_array_size(all) + 3; from += from> 1200 ? 1 : 401) {
        int64_t total = 0;
        l.offset = (unsigned)from;
        l.limit = 7;
        l.total = true;
        json_t *rows = place_list(p, &l, &total);
        size_t left = from < json_array_size(all) ? json_array_size(all) - from : 0;
        assert_int_equal(json_array_size(rows), left < 7 ? left : 7);
        assert_int_equal(total, json_array_size(all));
        for (size_t i = 0; i < json_array_size(rows); i++)
            assert_string_equal(ln_special_word(json_array_get(rows, i), "id"),
                                ln_special_word(json_array_get(all, from + i), "id"));
        json_decref(rows);
    }
    json_decref(all);
}

TEST(a_list_goes_on_from_any_number_of_rows_in_every_order)
{
    struct place p;
    fill(&p, 1300);

    same_from(&p, NULL, false);
    same_from(&p, NULL, true);
    same_from(&p, "birth", false); /* a fifth has none: two stretches */
    same_from(&p, "birth", true);
    same_from(&p, "name", true);

    place_close(&p);
}

TEST(a_frequent_word_is_counted_as_far_as_it_is_looked_at_and_says_so)
{
    struct place p;
    int64_t total = 0;
    bool least = false;
    fill(&p, MANY);
    struct ln_list l = persons(&p, "小学");

    l.total = true;
    l.limit = 1;
    json_decref(place_list(&p, &l, &total));
    assert_int_equal(total, MANY); /* who asks for no less gets all */
    l.least = &least;
    json_decref(place_list(&p, &l, &total));
    assert_int_equal(total, LN_QUERY_HITS);
    assert_true(least);
    l.text = "李";
    json_decref(place_list(&p, &l, &total));
    assert_int_equal(total, (MANY + 2) / 3);
    assert_false(least);

    place_close(&p);
}

TEST(words_that_only_another_collection_holds_are_not_found_in_this_one)
{
    struct place p;
    char id[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };
    fill(&p, 3);
    place_add(
        id, &p, "unit",
        json_pack("{s:s,s:s,s:s}", "name", "文一路小学", "kind", "other", "address", "文一路"));
    MUST(ln_node_look(p.n, &err));
    struct ln_list l = { .coll = ln_def_find(p.n->def, "unit")->coll, .text = "小学" };

    json_t *rows = place_list(&p, &l, NULL);

    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(ln_special_word(json_array_get(rows, 0), "id"), id);
    json_decref(rows);
    place_close(&p);
}

TEST(a_record_is_found_by_its_new_words_and_not_by_its_former_ones)
{
    struct place p;
    char id[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };
    place_open(&p);
    place_add(id, &p, "person",
              json_pack("{s:s,s:s,s:s,s:s}", "name", "赵旧名", "kind", "local", "status", "living",
                        "id_type", "990"));
    MUST(ln_node_look(p.n, &err));
    place_set(&p, "person", id, json_pack("{s:s}", "name", "赵新名"));
    MUST(ln_node_look(p.n, &err));
    struct ln_list before = persons(&p, "旧名");
    struct ln_list now = persons(&p, "新名");

    json_t *none = place_list(&p, &before, NULL);
    json_t *one = place_list(&p, &now, NULL);

    assert_int_equal(json_array_size(none), 0);
    assert_int_equal(json_array_size(one), 1);
    json_decref(none);
    json_decref(one);
    place_close(&p);
}

RUN_TESTS(T(pages_of_a_search_are_the_list_without_what_does_not_say_it_in_every_order),
          T(a_list_goes_on_from_any_number_of_rows_in_every_order),
          T(a_frequent_word_is_counted_as_far_as_it_is_looked_at_and_says_so),
          T(words_that_only_another_collection_holds_are_not_found_in_this_one),
          T(a_record_is_found_by_its_new_words_and_not_by_its_former_ones))
