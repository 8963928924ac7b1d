/* States derived from steps. */
#include <stdio.h>
#include <string.h>

#include "sync/workflow.h"
#include "tests/lib/test.h"

static const char *const finals[] = { "closed", NULL };
static const struct ln_coll ticket = { .name = "ticket",
                                       .first_state = "new",
                                       .final_states = finals };

static struct ln_id id(uint8_t n)
{
    struct ln_id i = { { 0 } };

    i.b[11] = n;
    return i;
}

static struct ln_workflow_step step(uint8_t n, uint8_t prev, unsigned tier, int64_t eff,
                                    const char *to)
{
    struct ln_workflow_step s = { .n = n, .eff = eff, .id = id(n), .prev = id(prev), .tier = tier };

    (void)snprintf(s.to, sizeof s.to, "%s", to);
    return s;
}

TEST(without_steps_a_record_is_in_its_first_state)
{
    struct ln_workflow_state s;

    ln_workflow_derive(&s, &ticket, NULL, 0);

    assert_string_equal(s.state, "new");
    assert_int_equal(s.last_n, 0);
    assert_false(s.conflict);
}

TEST(at_a_fork_the_higher_tier_goes_on_then_the_earlier_then_the_smaller_id)
{
    struct ln_workflow_state s;
    struct ln_workflow_step a[] = { step(1, 0, 12, 10, "filed"), step(2, 1, 12, 11, "mine"),
                                    step(3, 1, 6, 99, "theirs"), step(4, 3, 12, 100, "a"),
                                    step(5, 3, 12, 50, "b"),     step(7, 5, 12, 60, "y"),
                                    step(6, 5, 12, 60, "x") };

    ln_workflow_derive(&s, &ticket, a, 7);

    assert_string_equal(s.state, "x");
    assert_int_equal(s.last_n, 6);
    assert_int_equal(s.since, 60);
    assert_int_equal(a[1].n, 3);
    assert_true(a[3].taken && !a[4].taken);
    assert_false(s.conflict);
}

TEST(a_final_step_on_a_branch_not_taken_opens_a_conflict)
{
    struct ln_workflow_state s;
    struct ln_workflow_step a[] = { step(1, 0, 12, 10, "filed"), step(2, 1, 12, 11, "doing"),
                                    step(3, 2, 12, 12, "closed"), step(4, 1, 6, 20, "moved") };

    ln_workflow_derive(&s, &ticket, a, 4);

    assert_string_equal(s.state, "moved");
    assert_true(s.conflict);
}

TEST(a_later_step_that_was_taken_settles_what_was_lost)
{
    struct ln_workflow_state s;
    struct ln_workflow_step a[] = { step(1, 0, 12, 10, "filed"), step(2, 1, 12, 11, "doing"),
                                    step(3, 2, 12, 12, "closed"), step(4, 1, 6, 20, "moved"),
                                    step(5, 4, 12, 30, "closed") };
    a[4].settles[a[4].n_settles++] = id(3);

    ln_workflow_derive(&s, &ticket, a, 5);

    assert_string_equal(s.state, "closed");
    assert_false(s.conflict);
}

TEST(a_step_whose_predecessor_is_missing_waits_without_conflict)
{
    struct ln_workflow_state s;
    struct ln_workflow_step a[] = { step(1, 0, 12, 10, "filed"), step(3, 2, 12, 12, "closed"),
                                    step(4, 4, 2, 1, "closed") /* after itself */ };

    ln_workflow_derive(&s, &ticket, a, 3);

    assert_string_equal(s.state, "filed");
    assert_false(s.conflict);
}

TEST(the_order_of_arrival_does_not_matter)
{
    struct ln_workflow_step base[6] = { step(1, 0, 12, 10, "filed"),  step(2, 1, 12, 11, "doing"),
                                        step(3, 2, 12, 12, "closed"), step(4, 1, 6, 20, "moved"),
                                        step(5, 9, 2, 1, "lost"),     step(6, 4, 6, 21, "again") };
    struct ln_workflow_state first;
    struct ln_workflow_step want[6];

    memcpy(want, base, sizeof base);
    ln_workflow_derive(&first, &ticket, want, 6);
    for (size_t turn = 1; turn < 720; turn++) {
        struct ln_workflow_step a[6];
        struct ln_workflow_state s;
        size_t left = turn;
        memcpy(a, base, sizeof base);
        for (size_t i = 6; i > 1; i--) { /* each of the 720 orders once */
            struct ln_workflow_step t = a[i - 1];
            a[i - 1] = a[left % i];
            a[left % i] = t;
            left /= i;
        }
        ln_workflow_derive(&s, &ticket, a, 6);
        assert_string_equal(s.state, first.state);
        assert_int_equal(s.last_n, first.last_n);
        assert_int_equal(s.conflict, first.conflict);
        for (size_t i = 0; i < 6; i++)
            assert_int_equal(a[i].n, want[i].n);
    }
}

/* Of a record that was widened late the first steps are not here; of steps that follow each other
 * in a ring none is first, and none is taken. */
TEST(steps_without_a_first_one_begin_where_their_predecessor_is_not_here_and_a_ring_nowhere)
{
    static const struct {
        struct {
            uint8_t n, prev;
            int64_t eff;
            const char *to;
        } steps[3];
        size_t n;
        const char *state;
        uint8_t last;
        bool conflict;
    } table[] = {
        { { { 2, 1, 10, "doing" } }, 1, "doing", 2, false },
        { { { 3, 2, 11, "closed" }, { 2, 1, 10, "doing" } }, 2, "closed", 3, false },
        { { { 2, 1, 10, "doing" }, { 4, 9, 5, "closed" } }, 2, "closed", 4, false },
        { { { 2, 1, 10, "closed" }, { 4, 9, 5, "doing" } }, 2, "doing", 4, true },
        { { { 2, 1, 10, "doing" }, { 4, 9, 10, "moved" } }, 2, "doing", 2, false },
        { { { 2, 3, 10, "doing" }, { 3, 2, 11, "closed" } }, 2, "new", 0, false },
        { { { 2, 2, 10, "closed" } }, 1, "new", 0, false },
        { { { 2, 3, 10, "a" }, { 3, 2, 10, "b" }, { 4, 9, 1, "doing" } }, 3, "doing", 4, false },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ln_workflow_state s;
        struct ln_workflow_step a[3];
        for (size_t k = 0; k < table[i].n; k++)
            a[k] = step(table[i].steps[k].n, table[i].steps[k].prev, 12, table[i].steps[k].eff,
                        table[i].steps[k].to);

        ln_workflow_derive(&s, &ticket, a, table[i].n);

        if (strcmp(s.state, table[i].state) != 0 || s.last_n != table[i].last ||
            s.conflict != table[i].conflict)
            fail_msg("case %zu: %s, last %d, conflict %d", i, s.state, (int)s.last_n, s.conflict);
    }
}

TEST(a_collection_without_states_has_those_its_steps_say_and_no_final_one)
{
    static const struct ln_coll plain = { .name = "plain" };
    struct ln_workflow_state s;
    struct ln_workflow_step a[] = { step(1, 0, 12, 10, "a"), step(2, 0, 12, 11, "closed") };

    ln_workflow_derive(&s, &plain, a, 0);
    assert_string_equal(s.state, "");
    ln_workflow_derive(&s, &plain, a, 2);
    assert_string_equal(s.state, "a");
    assert_false(s.conflict); /* none of its states is final */
    ln_workflow_derive(&s, NULL, a, 2);
    assert_string_equal(s.state, "a");
    assert_false(s.conflict);
}

RUN_TESTS(T(steps_without_a_first_one_begin_where_their_predecessor_is_not_here_and_a_ring_nowhere),
          T(a_collection_without_states_has_those_its_steps_say_and_no_final_one),
          T(without_steps_a_record_is_in_its_first_state),
          T(at_a_fork_the_higher_tier_goes_on_then_the_earlier_then_the_smaller_id),
          T(a_final_step_on_a_branch_not_taken_opens_a_conflict),
          T(a_later_step_that_was_taken_settles_what_was_lost),
          T(a_step_whose_predecessor_is_missing_waits_without_conflict),
          T(the_order_of_arrival_does_not_matter))
