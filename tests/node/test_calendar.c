/* Working days: what the program carries, what records say over it, which years are arranged. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/calendar.h"
#include "node/module/term.h"
#include "node/node.h"

struct looking {
    struct place p;
    struct ln_node_reader *r;
};

static struct ln_sqlstore *look(struct looking *l)
{
    struct ln_err err = { 0 };

    MUST(ln_node_read(l->p.n, &l->r, &err));
    return l->r->store;
}

static void done(struct looking *l)
{
    ln_node_read_done(l->p.n, l->r);
    place_close(&l->p);
}

TEST(days_that_are_records_stand_over_those_the_program_carries)
{
    struct looking l;
    place_open(&l.p);
    place_put(&l.p, "calendar_day", json_pack("{s:s,s:s}", "date", "2026-10-02", "kind", "work"));
    place_put(&l.p, "holiday",
              json_pack("{s:s,s:b,s:s}", "date", "2026-11-25", "working", 0, "name", "停电"));

    json_t *days = ln_calendar_days(look(&l), l.p.n->def, "2026-01-01");

    assert_false(ln_term_works(days, "2026-10-01"));
    assert_true(ln_term_works(days, "2026-10-02"));
    assert_true(ln_term_works(days, "2026-10-10"));
    assert_false(ln_term_works(days, "2026-11-25"));
    assert_true(ln_term_works(days, "2026-11-26"));
    assert_false(ln_term_works(days, "2027-02-08")); /* set by law */
    json_decref(days);
    done(&l);
}

TEST(a_year_is_arranged_when_it_was_published_or_entered)
{
    struct looking l;
    place_open(&l.p);
    place_put(&l.p, "calendar_year", json_pack("{s:i,s:s}", "year", 2028, "source", "通知"));

    struct ln_sqlstore *s = look(&l);

    assert_true(ln_calendar_arranged(s, l.p.n->def, 2026));
    assert_false(ln_calendar_arranged(s, l.p.n->def, 2027));
    assert_true(ln_calendar_arranged(s, l.p.n->def, 2028));
    assert_false(ln_calendar_arranged(s, l.p.n->def, 2029));
    done(&l);
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
