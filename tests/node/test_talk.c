/* Conversations with a home of another node: the answer stands in the same thread, and nobody else
 * holds it. */
#include "tests/lib/four.h"

#include <stdio.h>
#include <string.h>

struct talking {
    struct four t;
    char office[LN_ID_TEXT + 1]; /* a home above */
    char account[LN_ID_TEXT + 1], clerk[LN_ID_TEXT + 1];
    char thread[LN_ID_TEXT + 1];
};

/* Somebody with an account, in the name of a home or of none. */
static bool write_as(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *account,
                     const char *role, const char *home, const char *shown, const char *collection,
                     json_t *f, struct ln_err *err)
{
    struct ln_engine e = four_engine(t, p);
    struct ln_user u = { .n_roles = 1 };
    struct ln_engine_job j = { .e = &e,
                               .u = &u,
                               .kind = LN_ENGINE_CREATE,
                               .c = ln_def_find(t->def, collection),
                               .f = f,
                               .channel = "web" };

    (void)snprintf(u.account, sizeof u.account, "%s", account);
    (void)snprintf(u.shown, sizeof u.shown, "%s", shown);
    (void)snprintf(u.roles[0], sizeof u.roles[0], "%s", role);
    (void)snprintf(u.homes[0], sizeof u.homes[0], "%s", home);
    ln_engine_name_me(&u);
    bool ok = peer_write(p, ln_engine_run, &j, err);
    (void)snprintf(id, LN_ID_TEXT + 1, "%s", j.out_id);
    json_decref(j.problems);
    json_decref(f);
    return ok;
}

static void begin(struct talking *x, struct peer *above)
{
    struct ln_err err = { 0 };
    char id[LN_ID_TEXT + 1];
    struct four *t = &x->t;

    four_add(x->office, t, above, "home",
             json_pack("{s:s,s:s}", "kind", "government", "name", "住建局"));
    four_add(x->clerk, t, above, "account",
             json_pack("{s:s,s:s,s:s}", "login", "clerk", "shown_name", "李科", "level", "3"));
    four_add(x->account, t, &t->one, "account",
             json_pack("{s:s,s:s,s:s}", "login", "zhang", "shown_name", "老张", "level", "2"));
    four_round(t);
    MUST(write_as(
        x->thread, t, &t->one, x->account, "resident", "", "老张", "thread",
        json_pack("{s:s,s:s,s:[s]}", "kind", "direct", "subject", "危房", "members", x->office),
        &err));
    MUST(write_as(id, t, &t->one, x->account, "resident", "", "老张", "message",
                  json_pack("{s:s,s:s}", "thread", x->thread, "body", "墙裂了，请来看看"), &err));
    four_round(t);
}

static void answer(struct talking *x, struct peer *above)
{
    struct ln_err err = { 0 };
    char id[LN_ID_TEXT + 1];
    char body[64];

    json_t *asked = four_rows(&x->t, above, "message", "thread", x->thread);
    assert_int_equal(json_array_size(asked), 1);
    (void)snprintf(body, sizeof body, "%s", ln_special_text(json_array_get(asked, 0), "body"));
    assert_string_equal(body, "墙裂了，请来看看");
    assert_non_null(strstr(ln_special_text(json_array_get(asked, 0), "by"), "老张"));
    json_decref(asked);

    MUST(write_as(id, &x->t, above, x->clerk, "clerk", x->office, "李科", "message",
                  json_pack("{s:s,s:s}", "thread", x->thread, "body", "周三上门"), &err));
    four_round(&x->t);

    json_t *rows = four_rows(&x->t, &x->t.one, "message", "thread", x->thread);
    const json_t *last = json_array_get(rows, 1);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(ln_special_text(last, "body"), "周三上门");
    assert_string_equal(ln_special_text(last, "by"), "住建局 李科");
    json_decref(rows);
}

TEST(a_resident_writes_to_the_district_and_gets_the_answer_in_the_same_thread)
{
    struct talking x;
    four_new(&x.t);

    begin(&x, &x.t.dist);
    answer(&x, &x.t.dist);

    assert_int_equal(four_count(&x.t, &x.t.two, "message", NULL, NULL), 0);
    four_end(&x.t);
}

TEST(what_is_written_to_the_street_goes_no_further)
{
    struct talking x;
    struct ln_err err = { 0 };
    char id[LN_ID_TEXT + 1];
    four_new(&x.t);

    begin(&x, &x.t.street);
    answer(&x, &x.t.street);

    assert_int_equal(four_count(&x.t, &x.t.dist, "message", NULL, NULL), 0);
    /* and between neighbours of one community nothing leaves it, nor says who by another name */
    four_add(id, &x.t, &x.t.one, "account",
             json_pack("{s:s,s:s,s:s}", "login", "wang", "shown_name", "老王", "level", "2"));
    MUST(write_as(x.thread, &x.t, &x.t.one, x.account, "resident", "", "老张", "thread",
                  json_pack("{s:s,s:[s]}", "kind", "direct", "members", id), &err));
    assert_string_equal(four_text(&x.t, &x.t.one, "thread", x.thread, "by"), "");
    four_round(&x.t);
    assert_int_equal(four_count(&x.t, &x.t.street, "thread", NULL, NULL), 1);
    four_end(&x.t);
}

RUN_TESTS(T(a_resident_writes_to_the_district_and_gets_the_answer_in_the_same_thread),
          T(what_is_written_to_the_street_goes_no_further))
