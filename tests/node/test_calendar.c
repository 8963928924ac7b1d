/* Working days: what the program carries, what records say over it, which years are arranged. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "node/module/calendar.h"
#include "node/module/term.h"
#include "node/node.h"

struct place {
    char dir[64];
    struct ln_node *n;
    struct ln_node_reader *r;
};

static void open_place(struct place *p)
{
    struct ln_node_new want = {
        .region = "330106005055", .name = "翠苑", .role = LN_ROLE_COMMUNITY, .root = true
    };
    struct ln_buf recovery = ln_buf_secret(4096);
    char at[128];
    char id[LN_NODE_ID_MAX];
    struct ln_err err = { 0 };

    test_mkdir(p->dir);
    (void)snprintf(at, sizeof at, "%s/n", p->dir);
    MUST(ln_node_init(at, &want, &recovery, id, &err));
    MUST(ln_node_open(&p->n, at, &err));
    ln_buf_free(&recovery);
}

static void add(struct place *p, const char *collection, json_t *f)
{
    static const struct ln_user system = { .system = true };
    struct ln_err err = { 0 };
    struct ln_engine_job j = { .u = &system,
                               .kind = LN_ENGINE_CREATE,
                               .c = ln_def_find(p->n->def, collection),
                               .f = f,
                               .channel = "web" };

    MUST(ln_node_save(p->n, &j, &err));
    json_decref(j.problems);
    json_decref(f);
}

static struct ln_sqlstore *look(struct place *p)
{
    struct ln_err err = { 0 };

    MUST(ln_node_read(p->n, &p->r, &err));
    return p->r->store;
}

static void close_place(struct place *p)
{
    ln_node_read_done(p->n, p->r);
    ln_node_close(p->n);
    test_rmdir(p->dir);
}

TEST(days_that_are_records_stand_over_those_the_program_carries)
{
    struct place p;
    open_place(&p);
    add(&p, "calendar_day", json_pack("{s:s,s:s}", "date", "2026-10-02", "kind", "work"));
    add(&p, "holiday",
        json_pack("{s:s,s:b,s:s}", "date", "2026-11-25", "working", 0, "name", "停电"));

    json_t *days = ln_calendar_days(look(&p), p.n->def, "2026-01-01");

    assert_false(ln_term_works(days, "2026-10-01"));
    assert_true(ln_term_works(days, "2026-10-02"));
    assert_true(ln_term_works(days, "2026-10-10"));
    assert_false(ln_term_works(days, "2026-11-25"));
    assert_true(ln_term_works(days, "2026-11-26"));
    assert_false(ln_term_works(days, "2027-02-08")); /* set by law */
    json_decref(days);
    close_place(&p);
}

TEST(a_year_is_arranged_when_it_was_published_or_entered)
{
    struct place p;
    open_place(&p);
    add(&p, "calendar_year", json_pack("{s:i,s:s}", "year", 2028, "source", "通知"));

    struct ln_sqlstore *s = look(&p);

    assert_true(ln_calendar_arranged(s, p.n->def, 2026));
    assert_false(ln_calendar_arranged(s, p.n->def, 2027));
    assert_true(ln_calendar_arranged(s, p.n->def, 2028));
    assert_false(ln_calendar_arranged(s, p.n->def, 2029));
    close_place(&p);
}

TEST(a_term_counts_in_working_days_where_the_definition_says_so)
{
    struct ln_def *def = NULL;
    struct ln_err err = { 0 };
    json_t *inquiry = json_pack("{s:s}", "kind", "inquiry");
    json_t *petition = json_pack("{s:s}", "kind", "petition");
    MUST(ln_def_open(&def, &err));

    assert_true(ln_calendar_counts(ln_def_find(def, "ticket"), inquiry));
    assert_false(ln_calendar_counts(ln_def_find(def, "ticket"), petition));
    assert_true(ln_calendar_counts(ln_def_find(def, "application"), petition));
    assert_false(ln_calendar_counts(ln_def_find(def, "task"), petition));
    json_decref(inquiry);
    json_decref(petition);
    ln_def_close(def);
}

RUN_TESTS(T(days_that_are_records_stand_over_those_the_program_carries),
          T(a_year_is_arranged_when_it_was_published_or_entered),
          T(a_term_counts_in_working_days_where_the_definition_says_so))
