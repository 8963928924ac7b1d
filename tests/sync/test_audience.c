/* Audiences, who is in them, and their epochs. */
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/audience.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

#define BOX "330106005055-hc2omuxejwt7fhrg"
#define DESK "330106005055-gmxywereba75el4j"

static struct ln_cert cert(const char *node, const char *region, enum ln_role role)
{
    struct ln_cert c = { .role = role };

    (void)snprintf(c.node, sizeof c.node, "%s", node);
    (void)snprintf(c.region, sizeof c.region, "%s", region);
    return c;
}

static bool member(const char *name, const struct ln_cert *c)
{
    struct ln_audience a;

    assert_true(ln_audience_read(&a, ln_span_of(name)));
    return ln_audience_member(&a, c);
}

TEST(names_of_each_kind_are_read_and_all_others_refused)
{
    static const char *const good[] = { "public",
                                        "330106005055/c",
                                        "330106005055/g3a",
                                        "330106005055/@" DESK,
                                        "330106005055/330000000000",
                                        "330106005055/330106000000",
                                        "330000000000/330000000000" };
    static const char *const bad[] = { "",
                                       "Public",
                                       "330106005055",
                                       "330106005055/",
                                       "330106005055/d",
                                       "330106005055/g",
                                       "330106005055/gA",
                                       "330106005055/g0123456789abcdef",
                                       "330106005055/@nobody",
                                       "330106005055/@330106005055-HC2OMUXEJWT7FHRG",
                                       "33010600505x/c",
                                       "330106005055c",
                                       "330106005055/320000000000",
                                       "330106000000/330106005055" };
    struct ln_audience a;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!ln_audience_read(&a, ln_span_of(good[i])))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ln_audience_read(&a, ln_span_of(bad[i])))
            fail_msg("accepted %s", bad[i]);
}

TEST(module_codes_name_audiences_that_read_back)
{
    static const struct {
        char code;
        const char *grid, *node, *want;
    } cases[] = { { 'P', "", "", "public" },
                  { 'V', "", "", "330106005055/330000000000" },
                  { 'D', "", "", "330106005055/330106000000" },
                  { 'C', "", "", "330106005055/c" },
                  { 'C', "07", "", "330106005055/g07" },
                  { 'N', "", DESK, "330106005055/@" DESK } };
    char name[LN_AUDIENCE_MAX];
    struct ln_audience a;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ln_audience_name(name, cases[i].code, "330106005055", cases[i].grid, cases[i].node);
        assert_string_equal(name, cases[i].want);
        assert_true(ln_audience_read(&a, ln_span_of(name)));
    }
}

TEST(each_audience_holds_its_members_and_nobody_else)
{
    struct ln_cert province = cert("p", "330000000000", LN_ROLE_PROVINCE);
    struct ln_cert district = cert("d", "330106000000", LN_ROLE_DISTRICT);
    struct ln_cert beside = cert("e", "330105000000", LN_ROLE_DISTRICT);
    struct ln_cert box = cert(BOX, "330106005055", LN_ROLE_COMMUNITY);
    struct ln_cert next = cert("n", "330106005056", LN_ROLE_COMMUNITY);
    struct ln_cert laptop = cert("l", "330106005055", LN_ROLE_LAPTOP);
    struct ln_cert desk = cert(DESK, "330106000000", LN_ROLE_SUBDISTRICT);
    const struct ln_cert *all[] = { &province, &district, &beside, &box, &next, &laptop, &desk };
    static const struct {
        const char *name;
        const char *who; /* one letter each, in the order of `all` */
    } table[] = { { "public", "yyyyyyy" },
                  { "330106005055/330000000000", "yy-y--y" },
                  { "330106005055/330106000000", "-y-y--y" },
                  { "330106005055/c", "---y---" },
                  { "330106005055/g3", "---y-y-" },
                  { "330106005055/g4", "---y---" },
                  { "330106005055/@" DESK, "---y--y" } };

    laptop.n_grids = 1;
    (void)snprintf(laptop.grids[0], sizeof laptop.grids[0], "3");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++)
            if (member(table[i].name, all[j]) != (table[i].who[j] == 'y'))
                fail_msg("%s and %s", table[i].name, all[j]->node);
}

static void fill(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0x42, len);
}

static struct ln_epoch mint(void)
{
    static const struct ln_env env = { .random = fill };
    struct ln_epoch e;

    ln_audience_mint(&e, "330106005055/c", "2026-11.1", &env);
    return e;
}

/* Python 3.11: hashlib.blake2b(b"linli file name", digest_size=16,
 * key=b"\x42"*32).hexdigest()[:16]
 */
TEST(file_names_are_those_another_program_computes)
{
    struct ln_epoch e = mint();

    assert_string_equal(e.file_name, "8b78ed41e00301ea.age");
}

TEST(a_member_opens_the_epoch_and_a_stranger_learns_only_the_recipient)
{
    struct ln_buf f = ln_buf_new(LN_CERT_MAX * 4);
    struct ln_ident keys[2];
    struct ln_recipient to[2];
    static const char *const ids[] = { BOX, "recovery" };
    struct ln_epoch e = mint();
    struct ln_epoch got;
    struct ln_err err = { 0 };
    bool mine;

    for (int i = 0; i < 2; i++) {
        ln_key_ident_make(&keys[i]);
        ln_key_ident_public(&to[i], &keys[i]);
    }
    MUST(ln_audience_epoch_write(&f, &e, ids, to, 2, &err));
    MUST(ln_canon_check(f.data, f.len, &err));
    struct ln_span text = { f.data, f.len };
    for (int i = 0; i < 2; i++) {
        MUST(ln_audience_epoch_read(&got, &mine, text, ids[i], &keys[i], &err));
        assert_true(mine);
        assert_memory_equal(&got, &e, sizeof e);
    }
    MUST(ln_audience_epoch_read(&got, &mine, text, DESK, &keys[0], &err));
    assert_false(mine);
    assert_memory_equal(&got.recipient, &e.recipient, sizeof e.recipient);
    assert_string_equal(got.file_name, "");
    assert_false(ln_audience_epoch_read(&got, &mine, text, BOX, &keys[1], &err));
    ln_buf_free(&f);
}

TEST(epochs_of_another_form_are_refused)
{
    static const char *const bad[] = { "",
                                       "[]",
                                       "{\"audience\":\"public\",\"label\":\"1\"}",
                                       "{\"audience\":\"330106005055/c\",\"label\":\"x\"}",
                                       "{\"audience\":\"330106005055/c\",\"label\":\"1\"}",
                                       "{\"audience\":\"330106005055/c\",\"label\":\"1\","
                                       "\"recipient\":\"age1\"}" };
    struct ln_epoch got;
    struct ln_ident key;
    struct ln_err err = { 0 };
    bool mine;

    ln_key_ident_make(&key);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_audience_epoch_read(&got, &mine, ln_span_of(bad[i]), BOX, &key, &err));
        assert_int_equal(err.code, LN_INVALID);
    }
}

TEST(a_wrapped_secret_that_is_not_the_recipients_is_refused)
{
    struct ln_buf f = ln_buf_new(LN_CERT_MAX * 4);
    struct ln_ident key;
    struct ln_recipient to;
    static const char *const ids[] = { BOX };
    struct ln_epoch e = mint();
    struct ln_epoch got;
    struct ln_err err = { 0 };
    bool mine;

    ln_key_ident_make(&key);
    ln_key_ident_public(&to, &key);
    e.secret.b[5] ^= 1;
    MUST(ln_audience_epoch_write(&f, &e, ids, &to, 1, &err));

    struct ln_span text = { f.data, f.len };
    assert_false(ln_audience_epoch_read(&got, &mine, text, BOX, &key, &err));
    ln_buf_free(&f);
}

struct opening {
    struct ln_ident *key;
    unsigned tried;
};

static void try_epoch(void *ctx, const char *text, size_t len)
{
    struct opening *o = ctx;
    struct ln_epoch got = { 0 };
    struct ln_err err = { 0 };
    bool mine;

    o->tried++;
    if (len == 0 || !ln_canon_check(text, len, &err) ||
        ln_canon_type((struct ln_span){ text, len }) != LN_CANON_OBJECT)
        return;
    if (!ln_audience_epoch_read(&got, &mine, (struct ln_span){ text, len }, BOX, o->key, &err))
        assert_true(err.code == LN_INVALID || err.code == LN_DENIED);
}

static void env_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 7, len);
}

TEST(an_epoch_with_anything_changed_is_refused_or_not_ours_and_never_harmful)
{
    static const struct ln_env env = { .random = env_random };
    struct ln_epoch e = { 0 };
    struct ln_ident key;
    struct ln_recipient to;
    struct ln_buf f = ln_buf_new(65536);
    struct ln_err err = { 0 };
    const char *const ids[] = { BOX };
    ln_key_ident_make(&key);
    ln_key_ident_public(&to, &key);
    ln_audience_mint(&e, "330106005055/c", "2026-11.1", &env);
    MUST(ln_audience_epoch_write(&f, &e, ids, &to, 1, &err));
    struct opening o = { &key, 0 };

    mutate_json((struct ln_span){ f.data, f.len }, try_epoch, &o);
    mutate_bytes(f.data, f.len, try_epoch, &o);

    assert_true(o.tried > 1000);
    struct ln_buf small = ln_buf_new(64);
    assert_false(ln_audience_epoch_write(&small, &e, ids, &to, 1, &err));
    ln_buf_free(&small);
    ln_buf_free(&f);
}

static void try_name(void *ctx, const char *text, size_t len)
{
    struct ln_audience a;

    (void)ctx;
    if (!ln_audience_read(&a, (struct ln_span){ text, len }))
        return;
    assert_true(len == 6 || (len > LN_REGION_LEN && text[LN_REGION_LEN] == '/'));
}

TEST(no_small_change_of_an_audiences_name_gives_one_of_another_form)
{
    static const char *const names[] = { "public", "330106005055/c", "330106005055/g3a",
                                         "330106005055/@" DESK, "330106005055/330106000000" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        mutate_bytes(names[i], strlen(names[i]), try_name, NULL);
}

RUN_TESTS(T(names_of_each_kind_are_read_and_all_others_refused),
          T(module_codes_name_audiences_that_read_back),
          T(each_audience_holds_its_members_and_nobody_else),
          T(file_names_are_those_another_program_computes),
          T(a_member_opens_the_epoch_and_a_stranger_learns_only_the_recipient),
          T(epochs_of_another_form_are_refused),
          T(a_wrapped_secret_that_is_not_the_recipients_is_refused),
          T(an_epoch_with_anything_changed_is_refused_or_not_ours_and_never_harmful),
          T(no_small_change_of_an_audiences_name_gives_one_of_another_form))
