/* Attachments: a small copy goes wherever its file goes, and before all that is large. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "node/attach.h"
#include "node/store/attachment.h"

struct scene {
    struct place p;
    struct ln_user worker;
    struct ln_id account;
};

static void scene_open(struct scene *s)
{
    place_open(&s->p);
    place_user(&s->worker, &s->p, "worker", "committee");
    assert_true(ln_clock_id_read(&s->account, ln_span_of(s->worker.account)));
}

static size_t picture(unsigned char *out, size_t len, unsigned char fill)
{
    memset(out, fill, len);
    memcpy(out, "\xff\xd8\xff\xe0", 4);
    return len;
}

static json_t *upload(struct scene *s, size_t len, unsigned char fill)
{
    static unsigned char bytes[300000];
    struct ln_err err = { 0 };
    json_t *value;

    MUST(ln_attach_upload(&value, s->p.n, &s->account, "a.jpg", bytes, picture(bytes, len, fill),
                          &err));
    return value;
}

static bool small(json_t **value, struct scene *s, const char *of, const void *data, size_t len,
                  char said[256], struct ln_err *err)
{
    json_t *problems = json_array();
    bool ok = ln_attach_small(value, s->p.n, &s->account, of, data, len, problems, err);

    (void)snprintf(said, 256, "%s", ln_special_word(json_array_get(problems, 0), "en"));
    json_decref(problems);
    return ok;
}

static json_t *with_small(struct scene *s, json_t *whole)
{
    unsigned char bytes[9000];
    char said[256];
    struct ln_err err = { 0 };
    json_t *value;

    MUST(small(&value, s, ln_special_word(whole, "sha"), bytes, picture(bytes, sizeof bytes, 7),
               said, &err));
    json_decref(whole);
    return value;
}

static const char *small_sha(const json_t *value)
{
    return ln_special_word(json_object_get(value, "small"), "sha");
}

static bool on_disk(struct scene *s, const char *sha)
{
    char path[640];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/files/%.2s/%s", s->p.n->dir, sha, sha + 2);
    return stat(path, &st) == 0;
}

TEST(a_small_copy_goes_with_its_file_into_the_record_and_opens_with_its_key)
{
    struct scene s;
    char id[LN_ID_TEXT + 1];
    char said[256];
    unsigned char want[9000];
    struct ln_buf got = ln_buf_new(LN_ATTACH_UPLOAD_MAX);
    struct ln_err err = { 0 };
    scene_open(&s);
    json_t *value = with_small(&s, upload(&s, 40000, 1));

    assert_null(json_object_get(value, "key"));
    MUST(place_create(id, &s.p, &s.worker, "asset",
                      json_pack("{s:s,s:s,s:i,s:s,s:{s:s}}", "name", "抽湿机", "class", "2",
                                "quantity", 1, "keeper", s.worker.account, "photo", "sha",
                                ln_special_word(value, "sha")),
                      said, &err));
    json_t *row = place_get(&s.p, "asset", id);
    const json_t *held = json_object_get(json_object_get(row, "f"), "photo");

    assert_string_equal(small_sha(held), small_sha(value));
    MUST(ln_attach_open(&got, s.p.n, held, small_sha(held), &err));
    assert_int_equal(got.len, sizeof want);
    (void)picture(want, sizeof want, 7);
    assert_memory_equal(got.data, want, sizeof want);
    ln_buf_clear(&got);
    MUST(ln_attach_open(&got, s.p.n, held, ln_special_word(held, "sha"), &err));
    assert_int_equal(got.len, 40000);
    assert_null(ln_attach_blob(held, "another"));
    assert_false(ln_attach_open(&got, s.p.n, held, "another", &err));
    assert_int_equal(err.code, LN_MISSING);
    ln_buf_free(&got);
    json_decref(row);
    json_decref(value);
    place_close(&s.p);
}

TEST(a_small_copy_that_is_none_is_refused_in_words_and_leaves_the_file_as_it_was)
{
    struct scene s;
    static unsigned char large[LN_ATTACH_SMALL_MAX + 1];
    unsigned char bytes[400];
    char said[256];
    json_t *none;
    scene_open(&s);
    json_t *value = upload(&s, 40000, 1);
    const char *sha = ln_special_word(value, "sha");
    (void)picture(bytes, sizeof bytes, 2);
    (void)picture(large, sizeof large, 2);
    const struct {
        const char *of;
        const void *data;
        size_t len;
        const char *says;
    } bad[] = {
        { sha, "%PDF-1.4 no picture", 19, "takes a picture" },
        { sha, "", 0, "takes a picture" },
        { sha, large, sizeof large, "at most 24 KiB" },
        { "zz", bytes, sizeof bytes, "is the `sha` of a file" },
        { "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", bytes, sizeof bytes,
          "bring that first" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ln_err err = { 0 };
        assert_false(small(&none, &s, bad[i].of, bad[i].data, bad[i].len, said, &err));
        assert_int_equal(err.code, LN_INVALID);
        if (strstr(said, bad[i].says) == NULL)
            fail_msg("%zu: %s", i, said);
    }
    struct ln_err err = { 0 };
    struct scene other = s;
    other.account.b[0] ^= 1;
    assert_false(small(&none, &other, sha, bytes, sizeof bytes, said, &err));
    assert_non_null(strstr(said, "no file of yours"));
    err = (struct ln_err){ 0 };
    MUST(small(&none, &s, sha, bytes, sizeof bytes, said, &err));
    json_decref(none);
    assert_false(small(&none, &s, sha, bytes, sizeof bytes, said, &err));
    assert_non_null(strstr(said, "has a small copy already"));
    json_decref(value);
    place_close(&s.p);
}

TEST(small_copies_are_sent_before_what_is_larger_and_older)
{
    struct scene s;
    struct ln_attachment list[8];
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    size_t n;
    scene_open(&s);
    json_t *large = upload(&s, 200000, 1);
    json_t *middle = upload(&s, 40000, 2);
    json_t *last = with_small(&s, upload(&s, 250000, 3));
    const char *order[] = { small_sha(last), ln_special_word(middle, "sha"),
                            ln_special_word(large, "sha"), ln_special_word(last, "sha") };

    MUST(ln_node_read(s.p.n, &r, &err));
    MUST(ln_attachment_next(list, 8, &n, ln_sqlstore_db(r->store), false, LN_FILES_MAX, INT64_MAX,
                            &err));
    ln_node_read_done(s.p.n, r);

    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        struct ln_buf hex = ln_buf_new(64);
        ln_encode_hex(&hex, list[i].sha.b, sizeof list[i].sha.b);
        assert_string_equal(hex.data, order[i]);
        ln_buf_free(&hex);
    }
    assert_true(list[0].size <= LN_FILES_THUMB);
    json_decref(large);
    json_decref(middle);
    json_decref(last);
    place_close(&s.p);
}

static bool stale_job(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    struct ln_query *q = ln_db_use(ln_sqlstore_db(x->e->writer), "UPDATE upload SET at = 0");

    return ln_db_run(q, err) && ln_attach_sweep(arg, err);
}

TEST(an_upload_that_nobody_used_goes_with_its_small_copy)
{
    struct scene s;
    struct ln_err err = { 0 };
    scene_open(&s);
    json_t *value = with_small(&s, upload(&s, 40000, 1));
    assert_true(on_disk(&s, ln_special_word(value, "sha")));
    assert_true(on_disk(&s, small_sha(value)));

    MUST(place_run(&s.p, stale_job, s.p.n, 0, &err));

    assert_false(on_disk(&s, ln_special_word(value, "sha")));
    assert_false(on_disk(&s, small_sha(value)));
    json_decref(value);
    place_close(&s.p);
}

TEST(a_record_that_came_wants_the_small_copy_of_a_sane_size_with_the_file)
{
    static const char TEXT[] =
        "{\"sha\":\"%064d\",\"stored\":300000,\"small\":{\"sha\":\"%064d\",\"stored\":%d}}";
    struct scene s;
    struct ln_err err = { 0 };
    struct ln_attachment list[8];
    struct ln_node_reader *r;
    char text[512];
    size_t n;
    scene_open(&s);

    for (int i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof text, TEXT, 10 + i, 20 + i, i == 0 ? 9000 : LN_FILES_THUMB + 1);
        json_t *value = json_loads(text, 0, NULL);
        MUST(ln_replica_begin(s.p.n->replica, &err));
        MUST(ln_attach_named(s.p.n, "public", value, &err));
        MUST(ln_replica_commit(s.p.n->replica, &err));
        json_decref(value);
    }
    MUST(ln_node_read(s.p.n, &r, &err));
    MUST(ln_attachment_next(list, 8, &n, ln_sqlstore_db(r->store), true, LN_FILES_MAX, INT64_MAX,
                            &err));
    ln_node_read_done(s.p.n, r);

    assert_int_equal(n, 3);
    assert_int_equal(list[0].sha.b[31], 0x20);
    assert_int_equal(list[0].size, 9000);
    place_close(&s.p);
}

RUN_TESTS(T(a_small_copy_goes_with_its_file_into_the_record_and_opens_with_its_key),
          T(a_small_copy_that_is_none_is_refused_in_words_and_leaves_the_file_as_it_was),
          T(small_copies_are_sent_before_what_is_larger_and_older),
          T(an_upload_that_nobody_used_goes_with_its_small_copy),
          T(a_record_that_came_wants_the_small_copy_of_a_sane_size_with_the_file))
