/* The state of a record from its steps: see workflow.h. */
#include "sync/workflow.h"

#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"

/* Which of two children of one step goes on: higher tier, then earlier, then the smaller id. */
static bool before(const struct ln_workflow_step *a, const struct ln_workflow_step *b)
{
    if (a->tier != b->tier)
        return a->tier < b->tier;
    if (a->eff != b->eff)
        return a->eff < b->eff;
    return ln_clock_compare(&a->id, &b->id) < 0;
}

static bool final_state(const struct ln_coll *coll, const char *state)
{
    if (coll == NULL || coll->final_states == NULL)
        return false;
    for (const char *const *s = coll->final_states; *s != NULL; s++)
        if (strcmp(*s, state) == 0)
            return true;
    return false;
}

/* Of a record that was widened only the later steps are known here: then those without a
 * predecessor begin. */
static void find_entry(struct ln_workflow_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ln_clock_id_zero(&steps[i].prev))
            return;
    for (size_t i = 0; i < n; i++) {
        bool there = false;
        for (size_t j = 0; j < n && !there; j++)
            there = ln_clock_compare(&steps[j].id, &steps[i].prev) == 0;
        steps[i].entry = !there;
    }
    for (size_t i = 0; i < n; i++)
        if (steps[i].entry)
            memset(&steps[i].prev, 0, sizeof steps[i].prev);
}

/* Best child of `prev` among steps[from..n); n when there is none. */
static size_t child(const struct ln_workflow_step *steps, size_t from, size_t n,
                    const struct ln_id *prev)
{
    size_t best = n;

    for (size_t i = from; i < n; i++)
        if (ln_clock_compare(&steps[i].prev, prev) == 0 &&
            (best == n || before(&steps[i], &steps[best])))
            best = i;
    return best;
}

static void swap(struct ln_workflow_step *a, struct ln_workflow_step *b)
{
    struct ln_workflow_step t = *a;

    *a = *b;
    *b = t;
}

/* The rest in order of time, so that the result does not depend on the order they came in. */
static void sort_rest(struct ln_workflow_step *steps, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0; j--) {
            const struct ln_workflow_step *a = &steps[j - 1];
            const struct ln_workflow_step *b = &steps[j];
            if (a->eff < b->eff || (a->eff == b->eff && ln_clock_compare(&a->id, &b->id) < 0))
                break;
            swap(&steps[j - 1], &steps[j]);
        }
}

/* Whether a branch not taken, connected to the first state, reached a final state. */
static bool lost_final(const struct ln_coll *coll, const struct ln_workflow_step *steps, size_t n)
{
    bool *there = ln_alloc_array(n, sizeof *there);
    bool found = false;
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < n; i++) {
            bool joins = steps[i].taken || ln_clock_id_zero(&steps[i].prev);
            for (size_t j = 0; j < n && !joins && !there[i]; j++)
                joins = there[j] && ln_clock_compare(&steps[j].id, &steps[i].prev) == 0;
            if (joins && !there[i]) {
                there[i] = true;
                more = true;
                found = found ||
                        (!steps[i].taken && !steps[i].settled && final_state(coll, steps[i].to));
            }
        }
    }
    ln_free(there);
    return found;
}

/* What a step that was taken decides about others. */
static void settle(struct ln_workflow_step *steps, size_t walked, size_t n)
{
    for (size_t i = 0; i < walked; i++)
        for (size_t k = 0; k < steps[i].n_settles; k++)
            for (size_t j = walked; j < n; j++)
                if (ln_clock_compare(&steps[j].id, &steps[i].settles[k]) == 0)
                    steps[j].settled = true;
}

void ln_workflow_derive(struct ln_workflow_state *out, const struct ln_coll *coll,
                        struct ln_workflow_step *steps, size_t n)
{
    struct ln_workflow_state s = { 0 };
    struct ln_id at = { 0 };
    size_t walked = 0;

    if (coll != NULL && coll->first_state != NULL)
        (void)snprintf(s.state, sizeof s.state, "%s", coll->first_state);
    for (size_t i = 0; i < n; i++)
        steps[i].taken = steps[i].settled = false;
    find_entry(steps, n);
    for (size_t next = child(steps, 0, n, &at); next < n; next = child(steps, walked, n, &at)) {
        swap(&steps[walked], &steps[next]);
        struct ln_workflow_step *step = &steps[walked++];
        step->taken = true;
        at = step->id;
        memcpy(s.state, step->to, sizeof s.state);
        s.last_n = step->n;
        s.last = step->id;
        s.since = step->eff;
    }
    sort_rest(steps + walked, n - walked);
    settle(steps, walked, n);
    s.conflict = walked < n && lost_final(coll, steps, n);
    *out = s;
}
