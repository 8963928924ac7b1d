/* Restricted packs. */
#include <stdio.h>
#include <string.h>

#include "sync/pack.h"
#include "tests/lib/test.h"

struct seen {
    size_t n;
    enum ln_pack_kind kind[8];
    size_t len[8];
    char first[8];
};

static bool note(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name, const void *data,
                 size_t len, struct ln_err *err)
{
    struct seen *s = ctx;

    (void)name;
    (void)err;
    if (s->n < 8) {
        s->kind[s->n] = kind;
        s->len[s->n] = len;
        s->first[s->n] = len > 0 ? *(const char *)data : '\0';
    }
    s->n++;
    return true;
}

static struct ln_buf three(void)
{
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_err err = { 0 };
    static char big[200000];

    memset(big, 'z', sizeof big);
    ln_pack_begin(&p);
    MUST(ln_pack_add(&p, LN_PACK_BLOB, "hello\n", 6, false, &err));
    MUST(ln_pack_add(&p, LN_PACK_BLOB, big, sizeof big, true, &err));
    MUST(ln_pack_add(&p, LN_PACK_BLOB, "", 0, true, &err));
    MUST(ln_pack_end(&p, 3, &err));
    return p;
}

/* A pack of our own making with this count, body and a right checksum. */
static struct ln_buf raw(uint32_t count, const char *body, size_t len)
{
    struct ln_buf p = ln_buf_new(2 * LN_PACK_MAX);
    struct ln_err err = { 0 };

    ln_pack_begin(&p);
    ln_buf_add(&p, body, len);
    MUST(ln_pack_end(&p, count, &err));
    return p;
}

static void refused(struct ln_buf p, const char *why)
{
    struct seen s = { 0 };
    struct ln_err err = { 0 };

    assert_false(ln_pack_read(p.data, p.len, note, &s, &err));
    assert_int_equal(err.code, LN_INVALID);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", err.text, why);
    ln_buf_free(&p);
}

TEST(what_was_written_reads_back)
{
    struct ln_buf p = three();
    struct seen s = { 0 };
    struct ln_err err = { 0 };

    MUST(ln_pack_read(p.data, p.len, note, &s, &err));

    assert_int_equal(s.n, 3);
    assert_int_equal(s.len[0], 6);
    assert_int_equal(s.len[1], 200000);
    assert_int_equal(s.len[2], 0);
    assert_int_equal(s.first[1], 'z');
    ln_buf_free(&p);
}

TEST(stock_git_takes_the_pack_and_finds_nothing_wrong)
{
    struct ln_buf p = three();
    char dir[64];
    char cmd[400];

    test_mkdir(dir);
    (void)snprintf(cmd, sizeof cmd,
                   "git init -q --bare -b main %s/r && git -C %s/r index-pack "
                   "--stdin --strict >/dev/null",
                   dir, dir);
    FILE *f = popen(cmd, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p.data, 1, p.len, f), p.len);
    assert_int_equal(pclose(f), 0);
    (void)snprintf(cmd, sizeof cmd,
                   "test \"$(git -C %s/r cat-file -p "
                   "ce013625030ba8dba906f756967f9e9ca394464a)\" = hello",
                   dir);
    assert_int_equal(system(cmd), 0); /* printf 'hello\n' | git hash-object --stdin */
    test_rmdir(dir);
    ln_buf_free(&p);
}

TEST(each_damaged_byte_is_noticed)
{
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_err err = { 0 };

    ln_pack_begin(&p);
    MUST(ln_pack_add(&p, LN_PACK_BLOB, "hello\n", 6, false, &err));
    MUST(ln_pack_end(&p, 1, &err));
    for (size_t i = 0; i < p.len; i++) {
        struct seen s = { 0 };
        p.data[i] = (char)(p.data[i] ^ 4);
        assert_false(ln_pack_read(p.data, p.len, note, &s, &err));
        assert_false(ln_pack_read(p.data, i, note, &s, &err));
        assert_int_equal(s.n, 0);
        p.data[i] = (char)(p.data[i] ^ 4);
    }
    ln_buf_free(&p);
}

TEST(deltas_and_tags_are_refused)
{
    refused(raw(1, "\x45hello", 6), "type 4");
    refused(raw(1, "\x65hello", 6), "type 6");
    refused(raw(1, "\x75hello", 6), "type 7");
    refused(raw(1, "\x05hello", 6), "type 0");
}

TEST(sizes_are_judged_before_anything_is_inflated)
{
    refused(raw(1, "\xbf\xff\xff\xff\x7f", 5), "larger"); /* 4 GiB announced */
    refused(raw(1, "\xbf\xff\xff\xff\xff\x7f", 6), "size is damaged");
    refused(raw(1, "\xbf\xff", 2), "size is damaged");
    refused(raw(LN_PACK_OBJECTS + 1, "", 0), "more than");
    refused(raw(1, "", 0), "ends early");
    refused(raw(0, "x", 1), "goes on");
}

TEST(a_small_pack_that_inflates_to_more_than_its_ceiling_is_refused)
{
    static const char zeros[LN_PACK_OBJECT_MAX];
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_err err = { 0 };
    struct seen s = { 0 };
    const uint32_t fit = LN_PACK_INFLATED_MAX / LN_PACK_OBJECT_MAX;

    ln_pack_begin(&p);
    for (uint32_t i = 0; i < fit; i++)
        MUST(ln_pack_add(&p, LN_PACK_BLOB, zeros, sizeof zeros, false, &err));
    size_t full = p.len;
    MUST(ln_pack_end(&p, fit, &err));
    MUST(ln_pack_read(p.data, p.len, note, &s, &err));
    ln_buf_cut(&p, full);
    MUST(ln_pack_add(&p, LN_PACK_BLOB, "", 0, false, &err));
    MUST(ln_pack_add(&p, LN_PACK_BLOB, "0", 1, false, &err));
    MUST(ln_pack_end(&p, fit + 2, &err));

    assert_true(p.len < 65536);
    refused(p, "inflates to more");
}

TEST(an_object_longer_or_shorter_than_announced_is_refused)
{
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_err err = { 0 };

    for (int announced = 5; announced <= 7; announced += 2) {
        ln_pack_begin(&p);
        MUST(ln_pack_add(&p, LN_PACK_BLOB, "hello\n", 6, true, &err));
        p.data[12] = (char)(LN_PACK_BLOB << 4 | announced);
        refused(raw(1, p.data + 12, p.len - 12), "inflate");
    }
    ln_buf_free(&p);
}

TEST(what_is_too_large_to_be_read_is_not_written)
{
    struct ln_buf p = ln_buf_new(100);
    struct ln_err err = { 0 };
    static char big[1000];

    ln_pack_begin(&p);
    assert_false(ln_pack_add(&p, LN_PACK_BLOB, big, LN_PACK_OBJECT_MAX + 1, true, &err));
    assert_int_equal(err.code, LN_FULL);
    assert_false(ln_pack_add(&p, LN_PACK_BLOB, big, sizeof big, true, &err));
    assert_int_equal(err.code, LN_FULL);
    assert_false(ln_pack_add(&p, LN_PACK_BLOB, big, sizeof big, false, &err));
    assert_false(ln_pack_end(&p, 1, &err));
    ln_buf_free(&p);
}

TEST(a_pack_over_its_ceiling_is_refused_unread)
{
    struct ln_buf p = ln_buf_new(2 * LN_PACK_MAX);
    struct ln_err err = { 0 };

    ln_pack_begin(&p);
    assert_non_null(ln_buf_grow(&p, LN_PACK_MAX));
    MUST(ln_pack_end(&p, 1, &err));
    refused(p, "larger than");
}

static bool stop(void *ctx, enum ln_pack_kind kind, const struct ln_sha1 *name, const void *data,
                 size_t len, struct ln_err *err)
{
    (void)ctx;
    (void)kind;
    (void)name;
    (void)data;
    (void)len;
    return ln_fail(err, LN_DENIED, "enough");
}

TEST(a_caller_that_refuses_ends_the_reading_and_the_object_is_named)
{
    struct ln_buf p = three();
    struct ln_err err = { 0 };

    assert_false(ln_pack_read(p.data, p.len, stop, NULL, &err));

    assert_int_equal(err.code, LN_DENIED);
    assert_string_equal(err.text, "object 0: enough");
    ln_buf_free(&p);
}

TEST(each_of_many_objects_is_found_by_its_kind_and_name_and_no_other)
{
    enum { OBJECTS = 300 };
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_pack_list list = { .n = 0 };
    struct ln_pack_list none = { .n = 0 };
    struct ln_err err = { 0 };
    char text[16];
    ln_pack_begin(&p);
    for (int i = 0; i < OBJECTS; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        MUST(ln_pack_add(&p, LN_PACK_BLOB, text, strlen(text), false, &err));
    }
    MUST(ln_pack_end(&p, OBJECTS, &err));

    MUST(ln_pack_list_read(&list, p.data, p.len, &err));

    assert_int_equal(list.n, OBJECTS);
    for (int i = 0; i < 2 * OBJECTS; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        struct ln_sha1 name = ln_segment_sha1("blob", text, strlen(text));
        const struct ln_pack_object *o = ln_pack_find(&list, LN_PACK_BLOB, &name);
        assert_int_equal(o != NULL, i < OBJECTS);
        assert_null(ln_pack_find(&list, LN_PACK_TREE, &name));
        if (o != NULL)
            assert_string_equal(o->data, text);
    }
    p.data[p.len - 1] ^= 1;
    assert_false(ln_pack_list_read(&none, p.data, p.len, &err));
    struct ln_sha1 name = ln_segment_sha1("blob", "1", 1);
    assert_null(ln_pack_find(&none, LN_PACK_BLOB, &name));
    ln_pack_list_free(&none);
    ln_pack_list_free(&list);
    ln_buf_free(&p);
}

RUN_TESTS(T(what_was_written_reads_back),
          T(each_of_many_objects_is_found_by_its_kind_and_name_and_no_other),
          T(stock_git_takes_the_pack_and_finds_nothing_wrong), T(each_damaged_byte_is_noticed),
          T(deltas_and_tags_are_refused), T(sizes_are_judged_before_anything_is_inflated),
          T(a_small_pack_that_inflates_to_more_than_its_ceiling_is_refused),
          T(an_object_longer_or_shorter_than_announced_is_refused),
          T(what_is_too_large_to_be_read_is_not_written),
          T(a_pack_over_its_ceiling_is_refused_unread),
          T(a_caller_that_refuses_ends_the_reading_and_the_object_is_named))
