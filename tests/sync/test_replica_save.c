/* Saving: what is refused and leaves nothing behind, several lines as one, lines loaded in bulk. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define UP "330106005055/330106000000"
#define ID(n) "06h0cbs55s000nco66" n

static bool save_all(struct box *b, struct ln_draft *d, size_t n, struct ln_err *err)
{
    *err = (struct ln_err){ 0 };
    if (!ln_replica_begin(b->r, err))
        return false;
    if (ln_replica_save(b->r, d, n, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

TEST(a_draft_that_cannot_be_a_line_is_refused_with_its_reason)
{
    struct tree t;
    struct ln_err err = { 0 };
    tree_new(&t);
    struct ln_id person = add(&t.comm, "person", UP, "{\"job\":\"a\"}", NULL);
    struct ln_id nobody = { { 9 } };
    const struct {
        struct ln_draft d;
        enum ln_code code;
    } cases[] = {
        { { .op = LN_OP_ADD, .collection = "nothing", .audience = UP }, LN_MISSING },
        { { .op = LN_OP_ADD, .collection = "person" }, LN_INVALID },
        { { .op = LN_OP_ADD, .collection = "person", .audience = "no audience" }, LN_DENIED },
        { { .op = LN_OP_SET,
            .collection = "person",
            .record = nobody,
            .fields = ln_span_of("{\"job\":\"a\"}") },
          LN_MISSING },
        { { .op = LN_OP_SET,
            .collection = "notice",
            .record = person,
            .fields = ln_span_of("{\"title\":\"a\"}") },
          LN_MISSING },
        { { .op = LN_OP_SET, .collection = "person", .record = person }, LN_INVALID },
        { { .op = LN_OP_SET,
            .collection = "person",
            .record = person,
            .fields = ln_span_of("{\"job\":\"b\"}"),
            .if_match = true,
            .etag = 1 },
          LN_CONFLICT },
        { { .op = LN_OP_ADD,
            .collection = "person",
            .audience = "public",
            .sealed = ln_span_of("{\"name\":\"李一\"}") },
          LN_INVALID },
        { { .op = LN_OP_ADD,
            .collection = "notice",
            .audience = "330106005056/c",
            .fields = ln_span_of("{\"title\":\"of others\"}") },
          LN_DENIED },
        { { .op = LN_OP_ADD,
            .collection = "notice",
            .audience = "public",
            .fields = ln_span_of("{\"b\":1,\"a\":2}") },
          LN_INVALID },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ln_draft d = cases[i].d;
        if (save_all(&t.comm, &d, 1, &err))
            fail_msg("case %zu was saved", i);
        if (err.code != cases[i].code)
            fail_msg("case %zu: %s", i, err.text);
    }
    struct ln_draft none = { .op = LN_OP_ADD };
    assert_false(save_all(&t.comm, &none, 0, &err));
    assert_int_equal(err.code, LN_FULL);
    assert_false(save_all(&t.comm, &none, LN_CHANGE_TX_MAX + 1, &err));
    assert_int_equal(err.code, LN_FULL);
    struct box fresh;
    box_new(&fresh, "330106005056");
    assert_false(save_all(&fresh, &none, 1, &err));
    assert_int_equal(err.code, LN_MISSING);
    MUST(ln_replica_begin(fresh.r, &err));
    assert_false(ln_replica_save_lines(fresh.r, NULL, NULL, 0, &err));
    ln_replica_rollback(fresh.r);
    box_end(&fresh);
    tree_end(&t);
}

TEST(several_drafts_are_one_transaction_and_may_speak_of_each_other)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    tree_new(&t);
    struct ln_id first = ln_replica_id(t.comm.r);
    struct ln_draft d[] = {
        { .op = LN_OP_ADD,
          .collection = "person",
          .audience = UP,
          .record = first,
          .fields = ln_span_of("{\"job\":\"a\"}") },
        { .op = LN_OP_SET,
          .collection = "person",
          .record = first,
          .fields = ln_span_of("{\"job\":\"b\"}") },
    };
    struct ln_draft broken[] = { d[1], d[1] };
    broken[1].collection = "nothing";

    MUST(save_all(&t.comm, d, 2, &err));
    broken[0].record = broken[1].record = first;
    broken[0].fields = ln_span_of("{\"job\":\"never\"}");
    assert_false(save_all(&t.comm, broken, 2, &err));

    cell(text, &t.comm, SQL_JOB, &first);
    assert_string_equal(text, "b");
    sync_all(&t);
    cell(text, &t.dist, SQL_JOB, &first);
    assert_string_equal(text, "b");
    tree_end(&t);
}

static bool load(struct box *b, const char *const *lines, const char *const *audiences, size_t n,
                 struct ln_err *err)
{
    struct ln_span spans[16];

    *err = (struct ln_err){ 0 };
    for (size_t i = 0; i < n; i++)
        spans[i] = ln_span_of(lines[i]);
    assert_true(ln_replica_begin(b->r, err));
    if (ln_replica_save_lines(b->r, spans, audiences, n, err))
        return ln_replica_commit(b->r, err);
    ln_replica_rollback(b->r);
    return false;
}

TEST(lines_loaded_in_bulk_keep_their_ids_and_are_sealed_here)
{
    static const char *const lines[] = {
        "{\"f\":{\"id_no\":\"1\",\"job\":\"a\",\"name\":\"李一\"},\"i\":\"" ID(
            "ag") "\",\"o\":\"add\",\"t\":\"person@1\"}",
        "{\"b\":[\"" ID("ag") "\"],\"f\":{\"name\":\"李二\"},\"i\":\"" ID(
            "b0") "\",\"o\":\"set\",\"r\":\"" ID("ag") "\",\"t\":\"person@1\"}",
        "{\"f\":{\"title\":\"停水\"},\"i\":\"" ID("c0") "\",\"o\":\"add\",\"t\":\"notice@1\"}",
        "{\"f\":{\"title\":\"停电\"},\"i\":\"" ID("d0") "\",\"o\":\"set\",\"r\":\"" ID(
            "c0") "\",\"t\":\"notice@1\"}",
        "{\"i\":\"" ID("e0") "\",\"o\":\"delete\",\"r\":\"" ID("c0") "\",\"t\":\"notice@1\"}",
        "{\"f\":{\"x\":1},\"i\":\"" ID("f0") "\",\"o\":\"add\",\"t\":\"newer@3\"}",
    };
    static const char *const audiences[] = { UP, UP, "public", "public", "public", UP };
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_id id;
    char text[128];
    tree_new(&t);
    assert_true(ln_clock_id_read(&id, ln_span_of(ID("ag"))));

    MUST(load(&t.comm, lines, audiences, 6, &err));

    cell(text, &t.comm, SQL_NAME, &id);
    assert_string_equal(text, "李二");
    sync_all(&t);
    cell(text, &t.dist, SQL_NAME, &id);
    assert_string_equal(text, "李二");
    cell(text, &t.dist, SQL_JOB, &id);
    assert_string_equal(text, "a");
    tree_end(&t);
}

TEST(one_line_that_cannot_be_loaded_refuses_all_of_them)
{
    static const char good[] =
        "{\"f\":{\"job\":\"a\"},\"i\":\"" ID("ag") "\",\"o\":\"add\",\"t\":\"person@1\"}";
    static const struct {
        const char *line, *audience;
        enum ln_code code;
    } bad[] = {
        { "no line", UP, LN_INVALID },
        { "{\"f\":{},\"i\":\"" ID("b0") "\",\"o\":\"add\",\"t\":\"cert@1\"}", "public",
          LN_INVALID },
        { "{\"f\":{\"node\":\"x\"},\"i\":\"" ID("b0") "\",\"o\":\"add\",\"t\":\"revoke@1\"}",
          "public", LN_DENIED },
        { "{\"f\":{\"job\":\"a\"},\"i\":\"" ID("b0") "\",\"o\":\"add\",\"t\":\"person@1\"}",
          "330106005056/c", LN_DENIED },
        { "{\"f\":{\"job\":\"a\"},\"i\":\"" ID("b0") "\",\"o\":\"add\",\"t\":\"person@1\"}",
          "nowhere", LN_DENIED },
    };
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_id id;
    char text[128];
    tree_new(&t);
    assert_true(ln_clock_id_read(&id, ln_span_of(ID("ag"))));

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const lines[] = { good, bad[i].line };
        const char *const audiences[] = { UP, bad[i].audience };
        if (load(&t.comm, lines, audiences, 2, &err))
            fail_msg("case %zu was loaded", i);
        if (err.code != bad[i].code)
            fail_msg("case %zu: %s", i, err.text);
        cell(text, &t.comm, SQL_JOB, &id);
        assert_string_equal(text, "");
    }
    tree_end(&t);
}

/* What everyone reads is changed only by the region that published it; others may add steps. */
TEST(a_published_record_of_another_region_is_not_changed_from_here)
{
    static const struct {
        enum ln_op op;
        const char *fields;
    } table[] = {
        { LN_OP_SET, "{\"title\":\"x\"}" },
        { LN_OP_REMOVE, "{\"labels\":[\"a\"]}" },
        { LN_OP_DELETE, NULL },
        { LN_OP_RESTORE, NULL },
        { LN_OP_ALIAS, "{\"to\":\"06h0cbs55s000nco66ag\"}" },
        { LN_OP_UNALIAS, NULL },
    };
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    tree_new(&t);
    struct ln_id id =
        add(&t.comm, "notice", "public", "{\"labels\":{\"a\":1},\"title\":\"停水\"}", NULL);
    sync_all(&t);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ln_draft d = { .op = table[i].op, .collection = "notice", .record = id };
        if (table[i].fields != NULL)
            d.fields = ln_span_of(table[i].fields);
        assert_false(save_all(&t.dist, &d, 1, &err));
        if (err.code != LN_DENIED || strstr(err.text, "region") == NULL)
            fail_msg("case %zu: %s", i, err.text);
    }

    cell(text, &t.dist, SQL_TITLE, &id);
    assert_string_equal(text, "停水");
    tree_end(&t);
}

/* A decision names what it decided between: what it does not name stays beside it. */
TEST(a_draft_replaces_the_heads_that_it_names_and_no_others)
{
    struct tree t;
    struct ln_err err = { 0 };
    char text[128];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"a\"}", NULL);
    struct ln_draft one = { .op = LN_OP_SET,
                            .collection = "person",
                            .record = id,
                            .fields = ln_span_of("{\"job\":\"b\"}") };
    MUST(save_all(&t.comm, &one, 1, &err));
    struct ln_draft two = one;
    two.id = (struct ln_id){ { 0 } };
    two.fields = ln_span_of("{\"job\":\"c\"}");
    const struct ln_id twice[] = { id, id }; /* what `one` replaced: it counts once */
    two.base = twice;
    two.n_base = 2;
    MUST(save_all(&t.comm, &two, 1, &err));
    cell(text, &t.comm, SQL_CONFLICTS, &id);
    assert_string_equal(text, "1");

    struct ln_draft both = one;
    both.id = (struct ln_id){ { 0 } };
    both.fields = ln_span_of("{\"job\":\"d\"}");
    const struct ln_id heads[] = { one.id, two.id };
    both.base = heads;
    both.n_base = 2;
    MUST(save_all(&t.comm, &both, 1, &err));

    cell(text, &t.comm, SQL_CONFLICTS, &id);
    assert_string_equal(text, "0");
    cell(text, &t.comm, SQL_JOB, &id);
    assert_string_equal(text, "d");
    sync_all(&t);
    cell(text, &t.dist, SQL_JOB, &id);
    assert_string_equal(text, "d");
    tree_end(&t);
}

RUN_TESTS(T(a_published_record_of_another_region_is_not_changed_from_here),
          T(a_draft_replaces_the_heads_that_it_names_and_no_others),
          T(a_draft_that_cannot_be_a_line_is_refused_with_its_reason),
          T(several_drafts_are_one_transaction_and_may_speak_of_each_other),
          T(lines_loaded_in_bulk_keep_their_ids_and_are_sealed_here),
          T(one_line_that_cannot_be_loaded_refuses_all_of_them))
