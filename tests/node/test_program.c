/* Programs that read with a token: what opens, what does not, and what is kept of it. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "node/module/program.h"

static struct ln_program found(struct place *p, struct ln_user *u, const char *token,
                               const char *today)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    struct ln_program out;

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_program_find(&out, u, r->store, p->n->def, token, today, &err));
    ln_node_read_done(p->n, r);
    return out;
}

static void program(char id[LN_ID_TEXT + 1], struct place *p, const char *hash)
{
    place_add(id, p, "program",
              json_pack("{s:s,s:s,s:[s],s:s,s:s}", "name", "看板", "role", "guest", "scopes",
                        "notice", "expires", "2026-12-31", "hash", hash));
}

TEST(a_token_opens_until_its_last_day_and_reads_in_its_role)
{
    struct place p;
    char id[LN_ID_TEXT + 1];
    char token[LN_PROGRAM_TOKEN];
    char hash[LN_PROGRAM_HASH];
    struct ln_user u = { 0 };
    place_open(&p);
    ln_program_token(token, hash);
    program(id, &p, hash);

    struct ln_program last = found(&p, &u, token, "2026-12-31");
    struct ln_program over = found(&p, &u, token, "2027-01-01");
    struct ln_program wrong = found(&p, &u, "lp_0000", "2026-12-31");

    assert_string_equal(last.id, id);
    assert_string_equal(u.roles[0], "guest");
    assert_true(ln_program_may(&last, "notice"));
    assert_false(ln_program_may(&last, "person"));
    assert_string_equal(over.id, "");
    assert_string_equal(wrong.id, "");
    json_decref(last.scopes);
    place_close(&p);
}

TEST(a_token_is_long_never_the_same_and_its_digest_is_what_sha256_says)
{
    char one[LN_PROGRAM_TOKEN];
    char two[LN_PROGRAM_TOKEN];
    char hash[LN_PROGRAM_HASH];
    char other[LN_PROGRAM_HASH];

    ln_program_token(one, hash);
    ln_program_token(two, other);

    assert_int_equal(strlen(one), 3 + 52);
    assert_int_equal(strncmp(one, "lp_", 3), 0);
    assert_string_not_equal(one, two);
    assert_int_equal(strlen(hash), 64);
    assert_null(strstr(hash, one + 3));
}

TEST(nobody_lets_a_program_in_as_more_than_they_are_or_to_what_is_not_there)
{
    struct place p;
    struct ln_user admin;
    char said[256];
    struct ln_err err = { 0 };
    place_open(&p);
    place_user(&admin, &p, "admin", NULL);

    assert_false(place_create(NULL, &p, &admin, "program",
                              json_pack("{s:s,s:s,s:[s],s:s}", "name", "a", "role", "worker",
                                        "scopes", "notice", "expires", "2027-12-31"),
                              said, &err));
    assert_non_null(strstr(said, "one of your own roles"));

    place_close(&p);
}

RUN_TESTS(T(a_token_opens_until_its_last_day_and_reads_in_its_role),
          T(a_token_is_long_never_the_same_and_its_digest_is_what_sha256_says),
          T(nobody_lets_a_program_in_as_more_than_they_are_or_to_what_is_not_there))
