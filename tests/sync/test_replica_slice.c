/* What another node is given of a log: over four levels, each community what is for it alone. */
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#define DIST "330106000000"
#define STREET "330106005000"
#define ONE "330106005055"
#define TWO "330106005056"

struct four {
    struct box dist, street, one, two;
    char street_down[LN_LOG_MAX]; /* the district's towards the subdistrict */
};

static void must_carry(struct box *from, struct box *to, const char *log)
{
    struct ln_err err = { 0 };

    assert_int_equal(carry(from, to, log, &err), LN_OK);
}

static void four_new(struct four *t)
{
    memset(t, 0, sizeof *t);
    box_new(&t->dist, DIST);
    box_new(&t->street, STREET);
    box_new(&t->one, ONE);
    box_new(&t->two, TWO);
    found(&t->dist, DIST, LN_ROLE_DISTRICT);
    enrol(&t->dist, &t->street, STREET, LN_ROLE_SUBDISTRICT, NULL);
    enrol(&t->street, &t->one, ONE, LN_ROLE_COMMUNITY, NULL);
    enrol(&t->street, &t->two, TWO, LN_ROLE_COMMUNITY, NULL);
    (void)snprintf(t->street_down, sizeof t->street_down, "%s.%s", t->dist.c.id, STREET);
    seal(&t->dist);
    seal(&t->street);
    must_carry(&t->dist, &t->street, t->dist.c.id);
    must_carry(&t->street, &t->dist, t->street.c.id); /* the certificates of both */
}

static void four_end(struct four *t)
{
    box_end(&t->two);
    box_end(&t->one);
    box_end(&t->street);
    box_end(&t->dist);
}

/* From the district down to both. */
static void down(struct four *t)
{
    struct box *const below[] = { &t->one, &t->two };

    seal(&t->dist);
    must_carry(&t->dist, &t->street, t->dist.c.id);
    must_carry(&t->dist, &t->street, t->street_down);
    for (size_t i = 0; i < 2; i++) {
        must_carry(&t->street, below[i], t->dist.c.id);
        must_carry(&t->street, below[i], t->street_down);
    }
}

static bool count_sealed(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    size_t *n = ctx;

    (void)err;
    for (size_t i = 0; i < s->n_files; i++)
        *n += s->files[i].bytes.p != NULL && strcmp(s->files[i].name, "public.jsonl") != 0;
    return true;
}

/* Sealed files of that log that are held here. */
static size_t held(struct box *b, const char *log)
{
    struct ln_store *s = b->c.store;
    struct ln_store_log l;
    struct ln_err err = { 0 };
    size_t n = 0;

    MUST(s->ops->log_get(s->ctx, &l, log, &err));
    if (l.n > 0)
        MUST(s->ops->segment_each(s->ctx, l.n, 1, true, count_sealed, &n, &err));
    return n;
}

TEST(what_a_district_answers_one_community_is_not_given_to_its_neighbour)
{
    struct four t;
    char log[LN_LOG_MAX];
    four_new(&t);
    (void)add(&t.one, "ticket", ONE "/" DIST, NULL, "{\"subject\":\"请示\"}");
    seal(&t.one);
    keys(&t.one, &t.street);
    must_carry(&t.one, &t.street, t.one.c.id);
    must_carry(&t.street, &t.dist, t.one.c.id);
    seal(&t.street); /* its receipt, without which those above do not read on */
    (void)snprintf(log, sizeof log, "%s.%s", t.street.c.id, ONE);
    must_carry(&t.street, &t.dist, log);

    struct ln_id answer = add(&t.dist, "notice", ONE "/" DIST, "{\"title\":\"同意\"}", NULL);
    down(&t);

    char text[128];
    cell(text, &t.one, SQL_TITLE, &answer);
    assert_string_equal(text, "同意");
    cell(text, &t.two, SQL_TITLE, &answer);
    assert_string_equal(text, "");
    assert_int_equal(held(&t.street, t.street_down), 1);
    assert_int_equal(held(&t.one, t.street_down), 1);
    assert_int_equal(held(&t.two, t.street_down), 0);
    assert_int_equal(head(&t.two, t.street_down), head(&t.street, t.street_down));
    four_end(&t);
}

TEST(what_is_for_one_neighbour_alone_is_held_by_no_other)
{
    struct four t;
    char audience[LN_AUDIENCE_MAX];
    four_new(&t);

    (void)snprintf(audience, sizeof audience, STREET "/@%s", t.one.c.id);
    struct ln_id id = add(&t.street, "notice", audience, "{\"title\":\"来文\"}", NULL);
    seal(&t.street);
    must_carry(&t.street, &t.one, t.street.c.id);
    must_carry(&t.street, &t.two, t.street.c.id);

    char text[128];
    cell(text, &t.one, SQL_TITLE, &id);
    assert_string_equal(text, "来文");
    assert_int_equal(held(&t.one, t.street.c.id), 1);
    assert_int_equal(held(&t.two, t.street.c.id), 0);
    four_end(&t);
}

/* Public lines that say the same again and again: a slice is cut by what it inflates to, and the
 * receiver takes each. */
TEST(a_slice_of_lines_that_deflate_well_stays_below_what_a_reader_inflates)
{
    enum { BODY = 60000, LINES = 330 };
    struct four t;
    struct ln_err err = { 0 };
    static char fields[BODY + 64];
    uint64_t last = 0;
    unsigned slices = 0;

    four_new(&t);
    int n = snprintf(fields, sizeof fields, "{\"title\":\"");
    memset(fields + n, 'x', BODY);
    (void)snprintf(fields + n + BODY, sizeof fields - (size_t)n - BODY, "\"}");
    for (int i = 0; i < LINES; i++) {
        (void)add(&t.dist, "notice", "public", fields, NULL);
        seal(&t.dist);
    }

    for (; last < head(&t.dist, t.dist.c.id); slices++) {
        assert_int_equal(carry(&t.dist, &t.street, t.dist.c.id, &err), LN_OK);
        assert_true(head(&t.street, t.dist.c.id) > last);
        last = head(&t.street, t.dist.c.id);
    }
    assert_int_equal(slices, 2); /* 330 times 60,000 bytes */

    four_end(&t);
}

RUN_TESTS(T(what_a_district_answers_one_community_is_not_given_to_its_neighbour),
          T(what_is_for_one_neighbour_alone_is_held_by_no_other),
          T(a_slice_of_lines_that_deflate_well_stays_below_what_a_reader_inflates))
