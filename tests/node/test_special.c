/* Hooks: what they may refuse, complete and add, and that all of it stands or falls together. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/special.h"
#include "node/node.h"

static bool before_building(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE && strcmp(ln_special_word(x->f, "code"), "4") == 0)
        return ln_special_problem(x, "code", "没有四号楼", "there is no building 4", err);
    if (x->kind == LN_ENGINE_CREATE && json_object_get(x->f, "built") == NULL)
        json_object_set_new(x->f, "built", json_integer(1998));
    return true;
}

static bool after_building(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind != LN_ENGINE_CREATE)
        return true;
    const char *room = strcmp(ln_special_word(x->f, "code"), "5") == 0 ? "" : "101";
    return ln_special_add(
        NULL, x, "dwelling",
        json_pack("{s:s,s:s,s:s}", "building", x->id, "room", room, "tenure", "vacant"), err);
}

static const struct ln_special BUILDING[] = {
    { .collection = "building", .before = before_building, .after = after_building },
    { .collection = NULL },
};
static const struct ln_special *const TABLES[] = { BUILDING, NULL };
static const struct ln_user SYSTEM = { .system = true };

static void open_place(struct place *p)
{
    place_open(p);
    p->n->engine.special = TABLES;
}

static bool add_building(struct place *p, const char *code, struct ln_engine_job *j,
                         struct ln_err *err)
{
    *j = (struct ln_engine_job){ .u = &SYSTEM,
                                 .kind = LN_ENGINE_CREATE,
                                 .c = ln_def_find(p->n->def, "building"),
                                 .channel = "web" };
    j->f = json_pack("{s:s,s:s,s:{s:s,s:s}}", "code", code, "name", "一号楼", "address", "road",
                     "文一路", "number", "1");
    bool ok = ln_node_save(p->n, j, err);
    json_decref(j->f);
    return ok;
}

TEST(a_hook_completes_a_record_and_adds_another_in_the_same_transaction)
{
    struct place p;
    struct ln_engine_job j;
    struct ln_err err = { 0 };
    struct ln_node_reader *r;
    json_t *row = NULL;
    struct ln_id id;
    open_place(&p);

    MUST(add_building(&p, "1", &j, &err));

    assert_true(ln_clock_id_read(&id, ln_span_of(j.out_id)));
    MUST(ln_node_read(p.n, &r, &err));
    MUST(ln_query_record(&row, r->store, &id, &err));
    ln_node_read_done(p.n, r);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(row, "f"), "built")), 1998);
    assert_int_equal(place_count(&p, "dwelling"), 1);
    json_decref(row);
    json_decref(j.problems);
    place_close(&p);
}

TEST(a_hook_refuses_with_a_sentence_in_both_languages)
{
    struct place p;
    struct ln_engine_job j;
    struct ln_err err = { 0 };
    open_place(&p);

    assert_false(add_building(&p, "4", &j, &err));

    assert_int_equal(err.code, LN_INVALID);
    assert_string_equal(ln_special_word(json_array_get(j.problems, 0), "field"), "code");
    assert_non_null(strstr(ln_special_word(json_array_get(j.problems, 0), "zh"), "没有四号楼"));
    assert_int_equal(place_count(&p, "building"), 0);
    json_decref(j.problems);
    place_close(&p);
}

TEST(what_a_hook_cannot_add_undoes_the_record_itself)
{
    struct place p;
    struct ln_engine_job j;
    struct ln_err err = { 0 };
    open_place(&p);

    assert_false(add_building(&p, "5", &j, &err));

    assert_int_equal(err.code, LN_INVALID);
    assert_true(json_array_size(j.problems) > 0);
    assert_int_equal(place_count(&p, "building"), 0);
    assert_int_equal(place_count(&p, "dwelling"), 0);
    json_decref(j.problems);
    place_close(&p);
}

RUN_TESTS(T(a_hook_completes_a_record_and_adds_another_in_the_same_transaction),
          T(a_hook_refuses_with_a_sentence_in_both_languages),
          T(what_a_hook_cannot_add_undoes_the_record_itself))
