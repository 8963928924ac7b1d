/* Local stamps: who read what, which accounts are in use. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/store/reading.h"

struct stamp {
    struct ln_id record, account;
    int64_t at_ms;
    const char *day;
};

static bool note(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    const struct stamp *s = arg;

    return ln_reading_note(ln_sqlstore_db(x->e->writer), &s->record, &s->account, s->at_ms, err);
}

static bool in_use(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    const struct stamp *s = arg;

    return ln_reading_active(ln_sqlstore_db(x->e->writer), &s->account, s->day, err);
}

static struct ln_id account(unsigned char n)
{
    struct ln_id id = { { 0 } };

    id.b[LN_ID_LEN - 1] = n;
    return id;
}

static struct ln_id facility(struct place *p, char text[LN_ID_TEXT + 1])
{
    struct ln_id id;

    place_add(text, p, "facility", json_pack("{s:s,s:s}", "kind", "other", "place", "3幢"));
    assert_true(ln_clock_id_read(&id, ln_span_of(text)));
    return id;
}

static json_t *listed(struct place *p, const char *collection, int64_t since_ms)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *out = json_array();

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_reading_list(out, ln_sqlstore_db(r->store), collection, since_ms, &err));
    ln_node_read_done(p->n, r);
    return out;
}

TEST(somebody_who_reads_twice_counts_once)
{
    struct place p;
    char text[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };
    struct ln_node_reader *r;
    int64_t n;
    bool has;
    bool other;
    place_open(&p);
    struct stamp s = { .record = facility(&p, text), .account = account(1), .at_ms = 1000 };

    MUST(place_run(&p, note, &s, 0, &err));
    MUST(place_run(&p, note, &s, 0, &err));
    s.account = account(2);
    MUST(place_run(&p, note, &s, 0, &err));

    s.account = account(3);
    MUST(ln_node_read(p.n, &r, &err));
    MUST(ln_reading_count(&n, ln_sqlstore_db(r->store), &s.record, &err));
    MUST(ln_reading_has(&other, ln_sqlstore_db(r->store), &s.record, &s.account, &err));
    s.account = account(2);
    MUST(ln_reading_has(&has, ln_sqlstore_db(r->store), &s.record, &s.account, &err));
    ln_node_read_done(p.n, r);
    assert_int_equal(n, 2);
    assert_true(has);
    assert_false(other);
    place_close(&p);
}

TEST(the_list_has_what_was_read_since_a_moment_and_is_still_there)
{
    struct place p;
    char old[LN_ID_TEXT + 1];
    char new[LN_ID_TEXT + 1];
    struct ln_err err = { 0 };
    place_open(&p);
    struct stamp a = { .record = facility(&p, old), .account = account(1), .at_ms = 1000 };
    struct stamp b = { .record = facility(&p, new), .account = account(1), .at_ms = 5000 };
    MUST(place_run(&p, note, &a, 0, &err));
    MUST(place_run(&p, note, &b, 0, &err));

    json_t *since = listed(&p, "facility", 2000);
    json_t *all = listed(&p, "facility", 0);
    json_t *others = listed(&p, "notice", 0);

    assert_int_equal(json_array_size(since), 1);
    assert_string_equal(json_string_value(json_array_get(json_array_get(since, 0), 0)), new);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(since, 0), 1)), 1);
    assert_int_equal(json_array_size(all), 2);
    assert_int_equal(json_array_size(others), 0);
    json_decref(since);
    json_decref(all);
    json_decref(others);
    place_close(&p);
}

TEST(an_account_is_in_use_since_its_last_day)
{
    struct place p;
    struct ln_err err = { 0 };
    struct ln_node_reader *r;
    int64_t late;
    int64_t all;
    place_open(&p);
    struct stamp s = { .account = account(1), .day = "2026-11-01" };
    MUST(place_run(&p, in_use, &s, 0, &err));
    s.day = "2026-11-20";
    MUST(place_run(&p, in_use, &s, 0, &err));
    s = (struct stamp){ .account = account(2), .day = "2026-10-01" };
    MUST(place_run(&p, in_use, &s, 0, &err));

    MUST(ln_node_read(p.n, &r, &err));
    MUST(ln_reading_active_since(&late, ln_sqlstore_db(r->store), "2026-11-20", &err));
    MUST(ln_reading_active_since(&all, ln_sqlstore_db(r->store), "2026-01-01", &err));
    ln_node_read_done(p.n, r);

    assert_int_equal(late, 1);
    assert_int_equal(all, 2);
    place_close(&p);
}

RUN_TESTS(T(somebody_who_reads_twice_counts_once),
          T(the_list_has_what_was_read_since_a_moment_and_is_still_there),
          T(an_account_is_in_use_since_its_last_day))
