/* Parcels from box to box, over four levels: who gets one, who is believed, what comes back. */
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

#include "node/module/parcel.h"

#define DIST "330106000000"
#define STREET "330106005000"
#define ONE "330106005055"
#define TWO "330106005056"
#define NOBODY "330106001051"
#define ABOUT "06h160f0m0000ct9cpjg"

static const struct ln_user NODE = { .system = true };

struct four {
    int64_t clock;
    struct ln_def *def;
    struct peer dist, street, one, two;
};

static struct ln_engine engine(struct four *t, struct peer *p)
{
    return (struct ln_engine){
        .def = t->def, .writer = p->store, .env = &p->env, .special = ln_specials
    };
}

/* Everybody looks at what has come and syncs, often enough for the longest way and back. */
static void go_round(struct four *t)
{
    struct peer *const all[] = { &t->one, &t->two, &t->street, &t->dist };

    for (int round = 0; round < 10; round++)
        for (size_t i = 0; i < 4; i++) {
            struct ln_engine e = engine(t, all[i]);
            struct ln_exchange_report report = { 0 };
            t->clock += 1000;
            ln_special_tick(&e, all[i]->r);
            if (all[i]->up != NULL)
                peer_sync(all[i], &report);
            else
                peer_seal(all[i]);
        }
}

static void four_new(struct four *t)
{
    struct ln_err err = { 0 };
    struct peer *const all[] = { &t->dist, &t->street, &t->one, &t->two };

    memset(t, 0, sizeof *t);
    t->clock = INT64_C(1795392000000);
    MUST(ln_def_open(&t->def, &err));
    peer_new(&t->dist, &t->clock, NULL, DIST, LN_ROLE_DISTRICT, "");
    peer_new(&t->street, &t->clock, &t->dist, STREET, LN_ROLE_SUBDISTRICT, "");
    peer_new(&t->one, &t->clock, &t->street, ONE, LN_ROLE_COMMUNITY, "");
    peer_new(&t->two, &t->clock, &t->street, TWO, LN_ROLE_COMMUNITY, "");
    for (size_t i = 0; i < 4; i++)
        peer_reopen(all[i], &t->def->schema);
    go_round(t); /* all know each other's certificates */
}

static void four_end(struct four *t)
{
    peer_end(&t->two);
    peer_end(&t->one);
    peer_end(&t->street);
    peer_end(&t->dist);
    ln_def_close(t->def);
}

struct sending {
    struct four *t;
    struct peer *p;
    struct ln_parcel parcel;
};

static bool send_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct sending *s = arg;
    struct ln_engine e = engine(s->t, s->p);
    struct ln_special_call x = {
        .e = &e, .r = r, .u = &NODE, .channel = "", .today = "2026-11-25", .now_ms = s->t->clock
    };

    return ln_parcel_send(&x, &s->parcel, err);
}

static bool send(struct four *t, struct peer *p, const char *kind, const char *sender,
                 const char *dest, struct ln_err *err)
{
    struct sending s = { t,
                         p,
                         { .sender = sender,
                           .dest = dest,
                           .kind = kind,
                           .about = ABOUT,
                           .body = "{\"title\":\"检查\"}" } };

    return peer_write(p, send_job, &s, err);
}

static size_t count(struct four *t, struct peer *p, const char *collection, const char *field,
                    const char *value)
{
    const struct ln_where where[] = { { field, LN_WHERE_IS, value } };
    struct ln_list l = { .coll = ln_def_find(t->def, collection)->coll,
                         .where = where,
                         .n = field != NULL,
                         .limit = LN_QUERY_LIMIT };
    struct ln_err err = { 0 };
    json_t *rows = json_array();

    MUST(ln_query_list(rows, NULL, p->store, &l, &err));
    size_t n = json_array_size(rows);
    json_decref(rows);
    return n;
}

TEST(a_circular_reaches_the_community_it_is_for_and_nobody_else_beside_it)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.dist, "circular", NULL, ONE, &err));
    go_round(&t);

    assert_int_equal(count(&t, &t.one, "dispatch", NULL, NULL), 1);
    assert_int_equal(count(&t, &t.two, "dispatch", NULL, NULL), 0);
    assert_int_equal(count(&t, &t.two, "parcel", NULL, NULL), 0);
    /* its own, that of the subdistrict, and that it was passed on and taken, are seen above */
    assert_int_equal(count(&t, &t.dist, "parcel", "state", "passed"), 1);
    assert_int_equal(count(&t, &t.street, "parcel", "state", "taken"), 1);
    assert_int_equal(count(&t, &t.dist, "dispatch", NULL, NULL), 1);
    four_end(&t);
}

TEST(a_community_does_not_write_in_the_name_of_the_district)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "circular", DIST, TWO, &err));
    go_round(&t);

    assert_int_equal(count(&t, &t.street, "parcel", "state", "spoilt"), 1);
    assert_int_equal(count(&t, &t.two, "dispatch", NULL, NULL), 0);
    four_end(&t);
}

TEST(a_circular_from_beside_is_none)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "circular", NULL, TWO, &err));
    go_round(&t);

    assert_int_equal(count(&t, &t.two, "dispatch", NULL, NULL), 0);
    assert_int_equal(count(&t, &t.two, "parcel", "state", "spoilt"), 1);
    four_end(&t);
}

TEST(one_for_a_region_where_nobody_answers_comes_back)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    MUST(send(&t, &t.one, "ask", NULL, NOBODY, &err));
    go_round(&t);

    assert_int_equal(count(&t, &t.one, "parcel", "kind", "dead"), 1);
    assert_int_equal(count(&t, &t.dist, "parcel", "state", "queued"), 0);
    four_end(&t);
}

TEST(a_root_says_at_once_that_nobody_answers_there)
{
    struct four t;
    struct ln_err err = { 0 };
    four_new(&t);

    assert_false(send(&t, &t.dist, "circular", NULL, NOBODY, &err));

    assert_int_equal(err.code, LN_MISSING);
    four_end(&t);
}

TEST(what_lies_with_a_former_parent_goes_the_new_way_once)
{
    struct four t;
    struct ln_err err = { 0 };
    struct ln_exchange_report report = { 0 };
    four_new(&t);
    MUST(send(&t, &t.dist, "circular", NULL, TWO, &err));
    peer_seal(&t.dist);
    peer_sync(&t.street, &report);
    struct ln_engine e = engine(&t, &t.street);
    ln_special_tick(&e, t.street.r);

    peer_move(&t.two, &t.dist);
    go_round(&t);

    assert_int_equal(count(&t, &t.two, "dispatch", NULL, NULL), 1);
    assert_int_equal(count(&t, &t.street, "parcel", "state", "again"), 1);
    four_end(&t);
}

RUN_TESTS(T(a_circular_reaches_the_community_it_is_for_and_nobody_else_beside_it),
          T(a_community_does_not_write_in_the_name_of_the_district),
          T(a_circular_from_beside_is_none), T(one_for_a_region_where_nobody_answers_comes_back),
          T(a_root_says_at_once_that_nobody_answers_there),
          T(what_lies_with_a_former_parent_goes_the_new_way_once))
