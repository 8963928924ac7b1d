/* Small cells: what the province must not be able to tell. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/node.h"
#include "node/stat.h"

static json_t *cells(const char *text)
{
    json_t *v = json_loads(text, 0, NULL);

    assert_non_null(v);
    return v;
}

static void check(const char *given, const char *want)
{
    json_t *v = cells(given);
    json_t *w = cells(want);

    ln_stat_suppress(v, LN_STAT_MIN);
    assert_true(json_equal(v, w));
    json_decref(v);
    json_decref(w);
}

TEST(a_small_cell_takes_the_next_smallest_of_its_row_along)
{
    check("[[\"a\",1,4],[\"a\",2,9],[\"a\",3,7],[\"b\",1,8]]",
          "[[\"a\",1,null],[\"a\",2,9],[\"a\",3,null],[\"b\",1,8]]");
}

TEST(two_small_cells_of_a_row_hide_each_other)
{
    check("[[\"a\",1,4],[\"a\",2,2],[\"a\",3,7]]", "[[\"a\",1,null],[\"a\",2,null],[\"a\",3,7]]");
}

TEST(one_dimension_is_one_row)
{
    check("[[\"x\",1],[\"y\",50],[\"z\",60]]", "[[\"x\",null],[\"y\",null],[\"z\",60]]");
}

TEST(nothing_small_nothing_hidden)
{
    check("[[\"x\",5],[\"y\",50]]", "[[\"x\",5],[\"y\",50]]");
    check("[]", "[]");
}

TEST(a_sum_with_a_hidden_part_is_hidden)
{
    json_t *to = cells("[[\"x\",5],[\"y\",50]]");
    json_t *from = cells("[[\"y\",null],[\"x\",6],[\"z\",7]]");
    json_t *want = cells("[[\"x\",11],[\"y\",null],[\"z\",7]]");

    ln_stat_add(to, from);

    assert_true(json_equal(to, want));
    json_decref(to);
    json_decref(from);
    json_decref(want);
}

static void means(json_t *got, const char *want)
{
    json_t *w = cells(want);

    assert_true(json_equal(got, w));
    json_decref(got);
    json_decref(w);
}

TEST(a_share_is_in_thousandths_of_all_that_are_known)
{
    json_t *v = cells("[[\"a\",true,7],[\"a\",false,1],[\"b\",false,3]]");

    means(ln_stat_shares(v), "[[\"a\",875,8],[\"b\",0,3]]");
    json_decref(v);
}

TEST(a_share_with_a_hidden_part_is_not_told)
{
    json_t *v = cells("[[\"a\",true,null],[\"a\",false,null]]");

    means(ln_stat_shares(v), "[[\"a\",null,null]]");
    json_decref(v);
}

TEST(the_median_of_scores_is_one_of_them)
{
    json_t *v = cells("[[5,2],[1,1],[4,2]]");

    means(ln_stat_medians(v, false), "[[40,5]]");
    json_decref(v);
}

TEST(the_median_of_hours_lies_on_a_straight_line_in_its_bucket)
{
    json_t *v = cells("[[\"a\",48,4],[\"a\",24,2],[\"a\",0,2]]");

    /* the 4th of 8 lies at half of the bucket from 24 to 48 */
    means(ln_stat_medians(v, true), "[[\"a\",360,8]]");
    json_decref(v);
}

static bool publish_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    return ln_stat_publish(arg, r, err);
}

static bool has_code(const json_t *rows, const char *code)
{
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        const char *text = json_string_value(json_object_get(json_object_get(row, "f"), "code"));
        if (text != NULL && strcmp(text, code) == 0)
            return true;
    }
    return false;
}

TEST(a_statistic_that_fails_leaves_the_others_of_the_run)
{
    struct place p;
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *rows = json_array();
    place_open(&p);
    struct ln_node *n = p.n;
    json_t *first = json_object_get(n->def->modules[0].json, "statistics");
    json_array_insert_new(first, 0,
                          json_pack("{s:s,s:s,s:s,s:[s]}", "code", "broken", "kind", "count",
                                    "collection", "home", "dims", "no_such_field"));

    MUST(ln_queue_write(n->queue, publish_job, n, &err));

    struct ln_list l = { .coll = ln_def_find(n->def, "stat_value")->coll, .limit = 200 };
    MUST(ln_node_read(n, &r, &err));
    MUST(ln_query_list(rows, NULL, r->store, &l, &err));
    ln_node_read_done(n, r);
    assert_false(has_code(rows, "broken"));
    assert_true(has_code(rows, "queues"));
    json_decref(rows);
    place_close(&p);
}

/* ---- counted on a node */

static void open_place(struct place *p)
{
    place_open(p);
    p->n->engine.special = NULL;
}

static void counts(struct place *p, const char *stat, const char *want)
{
    json_t *def = cells(stat);
    json_t *got = NULL;
    struct ln_node_reader *r;
    struct ln_err err = { 0 };

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_stat_count(&got, p->n, r->store, def, "330106005055", &err));
    ln_node_read_done(p->n, r);
    means(got, want);
    json_decref(def);
}

TEST(each_statistic_that_ships_can_be_counted_and_is_told_in_one_way)
{
    struct place p;
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *seen = json_object();
    place_open(&p);
    MUST(ln_node_read(p.n, &r, &err));

    for (size_t m = 0; m < p.n->def->n_modules; m++) {
        size_t i;
        json_t *stat;
        json_array_foreach(json_object_get(p.n->def->modules[m].json, "statistics"), i, stat)
        {
            json_t *got = NULL;
            const char *code = json_string_value(json_object_get(stat, "code"));
            char *same = NULL;
            MUST(ln_stat_count(&got, p.n, r->store, stat, "330106005055", &err));
            json_decref(got);
            assert_null(json_object_get(seen, code));
            json_object_set_new(seen, code, json_true());
            stat = json_deep_copy(stat);
            json_object_del(stat, "code");
            json_object_del(stat, "label");
            same = json_dumps(stat, JSON_SORT_KEYS);
            json_decref(stat);
            if (json_object_get(seen, same) != NULL)
                fail_msg("%s counts what another does", code);
            json_object_set_new(seen, same, json_true());
            free(same);
        }
    }

    ln_node_read_done(p.n, r);
    json_decref(seen);
    place_close(&p);
}

TEST(a_list_counts_once_for_each_of_its_entries)
{
    struct place p;
    open_place(&p);
    place_put(&p, "contact_list", cells("{\"name\":\"a\",\"members\":[\"x\",\"y\"]}"));
    place_put(&p, "contact_list", cells("{\"name\":\"b\",\"members\":[\"y\"]}"));

    counts(&p, "{\"kind\":\"count\",\"collection\":\"contact_list\",\"dims\":[\"members\"]}",
           "[[\"x\",1],[\"y\",2]]");
    place_close(&p);
}

TEST(a_visit_within_its_days_is_done_and_an_older_one_is_not)
{
    struct place p;
    char near[160];
    char today[11];
    open_place(&p);
    ln_engine_today(today, p.n->env.now_ms(p.n->env.ctx));
    (void)snprintf(near, sizeof near,
                   "{\"person\":\"000000000000000000m0\",\"worker\":\"000000000000000000a0\","
                   "\"kind\":\"visit\","
                   "\"body\":\"x\",\"date\":\"%s\"}",
                   today);
    place_put(&p, "work_log", cells(near));
    place_put(
        &p, "work_log",
        cells("{\"person\":\"000000000000000000n0\",\"worker\":\"000000000000000000a0\",\"kind\":"
              "\"visit\",\"body\":"
              "\"x\",\"date\":"
              "\"2020-01-01\"}"));
    place_put(&p, "care_tag",
              cells("{\"person\":\"000000000000000000m0\",\"kind\":\"alone\",\"visit_days\":7}"));
    place_put(&p, "care_tag",
              cells("{\"person\":\"000000000000000000n0\",\"kind\":\"alone\",\"visit_days\":7}"));
    place_put(&p, "care_tag", cells("{\"person\":\"000000000000000000m0\",\"kind\":\"alone\"}"));

    counts(&p,
           "{\"kind\":\"share\",\"collection\":\"care_tag\",\"filter\":{\"visit_days.gte\":\"1\"},"
           "\"dims\":[\"met:person:work_log:date:visit_days:kind=visit\"]}",
           "[[false,1],[true,1]]");
    counts(&p,
           "{\"kind\":\"share\",\"collection\":\"care_tag\",\"filter\":{\"visit_days.gte\":\"1\"},"
           "\"dims\":[\"met:person:work_log:date:visit_days:kind=patrol\"]}",
           "[[false,2]]");
    place_close(&p);
}

TEST(a_part_of_a_sum_is_told_beside_the_rest_of_it)
{
    struct place p;
    open_place(&p);
    place_put(&p, "reading",
              cells("{\"message\":\"000000000000000000m0\",\"homes\":10,\"homes_read\":4}"));
    place_put(&p, "reading",
              cells("{\"message\":\"000000000000000000m0\",\"homes\":5,\"homes_read\":5}"));

    counts(&p,
           "{\"kind\":\"share\",\"collection\":\"reading\",\"dims\":[\"part:homes_read:homes\"]}",
           "[[true,9],[false,6]]");
    place_close(&p);
}

RUN_TESTS(T(a_statistic_that_fails_leaves_the_others_of_the_run),
          T(a_small_cell_takes_the_next_smallest_of_its_row_along),
          T(two_small_cells_of_a_row_hide_each_other), T(one_dimension_is_one_row),
          T(nothing_small_nothing_hidden), T(a_sum_with_a_hidden_part_is_hidden),
          T(a_share_is_in_thousandths_of_all_that_are_known),
          T(a_share_with_a_hidden_part_is_not_told), T(the_median_of_scores_is_one_of_them),
          T(the_median_of_hours_lies_on_a_straight_line_in_its_bucket),
          T(each_statistic_that_ships_can_be_counted_and_is_told_in_one_way),
          T(a_list_counts_once_for_each_of_its_entries),
          T(a_visit_within_its_days_is_done_and_an_older_one_is_not),
          T(a_part_of_a_sum_is_told_beside_the_rest_of_it))
