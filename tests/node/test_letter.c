/* The index of a letter on a stick: what is read back, and what is refused before anything is
 * opened. */
#include "tests/lib/test.h"

#include "node/letter.h"

#define FROM "330106005055-hc2omuxejwt7fhrg"
#define TO "330106000000-bytrgzkqusr2mxam"
#define ID "06h0cbs55s000nco66ag"

static struct ln_letter_file bundle(const char *name, uint64_t first, uint64_t last)
{
    struct ln_letter_file f = { .kind = LN_LETTER_LOG, .size = 100, .first = first, .last = last };

    (void)snprintf(f.name, sizeof f.name, "%s", name);
    (void)snprintf(f.log, sizeof f.log, "%s", FROM);
    return f;
}

/* The index with one file, as its writer makes it. */
static void written(struct ln_buf *out, const struct ln_letter_file *f)
{
    struct ln_letter_file file = *f;
    struct ln_letter l = { .id = ID, .from = FROM, .to = TO, .at_ms = 5, .n = 1, .files = &file };
    struct ln_err err = { 0 };

    assert_true(ln_letter_write(&l, &err));
    *out = l.text;
}

static bool reads(const char *text)
{
    struct ln_letter l;
    struct ln_err err = { 0 };
    bool ok = ln_letter_read(&l, text, strlen(text), &err);

    if (ok)
        ln_letter_free(&l);
    else
        assert_true(err.code == LN_INVALID || err.code == LN_FULL);
    return ok;
}

TEST(what_is_written_is_read_back)
{
    struct ln_letter_file f = bundle(FROM "-8.bundle", 8, 12);
    struct ln_letter got;
    struct ln_err err = { 0 };
    struct ln_buf text;
    written(&text, &f);

    assert_true(ln_letter_read(&got, text.data, text.len, &err));

    assert_string_equal(got.from, FROM);
    assert_string_equal(got.to, TO);
    assert_string_equal(got.id, ID);
    assert_int_equal(got.at_ms, 5);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.files[0].kind, LN_LETTER_LOG);
    assert_int_equal(got.files[0].first, 8);
    assert_int_equal(got.files[0].last, 12);
    assert_string_equal(got.files[0].name, f.name);
    assert_false(got.restore);
    ln_letter_free(&got);
    ln_buf_free(&text);
}

TEST(names_that_are_no_plain_file_names_are_refused)
{
    static const char *const names[] = { "../x.bundle", "/etc/x.bundle", ".x.bundle",  "-x.bundle",
                                         "a/b.bundle",  "x.BUNDLE",      "x",          ".bundle",
                                         "a b.bundle",  "a.bundle.",     "keys-x.json" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ln_letter_file f = bundle(names[i], 1, 1);
        struct ln_buf text;
        written(&text, &f);
        if (reads(text.data))
            fail_msg("%s was taken", names[i]);
        ln_buf_free(&text);
    }
}

TEST(sizes_past_the_ceiling_of_their_kind_are_refused)
{
    struct ln_letter_file f = bundle(FROM "-1.bundle", 1, 1);
    struct ln_buf text;

    f.size = (uint64_t)9 << 20;
    written(&text, &f);
    assert_false(reads(text.data));
    ln_buf_free(&text);

    f.size = 0;
    written(&text, &f);
    assert_false(reads(text.data));
    ln_buf_free(&text);
}

TEST(segments_that_run_backwards_and_a_file_named_twice_are_refused)
{
    struct ln_letter_file f = bundle(FROM "-3.bundle", 3, 2);
    struct ln_letter_file two[2] = { bundle(FROM "-1.bundle", 1, 1),
                                     bundle(FROM "-1.bundle", 1, 1) };
    struct ln_letter l = { .id = ID, .from = FROM, .to = TO, .n = 2, .files = two };
    struct ln_err err = { 0 };
    struct ln_buf text;

    written(&text, &f);
    assert_false(reads(text.data));
    ln_buf_free(&text);

    assert_true(ln_letter_write(&l, &err));
    assert_false(reads(l.text.data));
    ln_buf_free(&l.text);
}

TEST(an_index_that_is_cut_anywhere_is_refused)
{
    struct ln_letter_file f = bundle(FROM "-1.bundle", 1, 1);
    struct ln_letter got;
    struct ln_err err = { 0 };
    struct ln_buf text;
    written(&text, &f);

    for (size_t n = 0; n < text.len; n++)
        assert_false(ln_letter_read(&got, text.data, n, &err));

    ln_buf_free(&text);
}

TEST(a_letter_s_folder_names_its_writer_and_its_reader)
{
    char folder[LN_LETTER_FOLDER_MAX];
    char from[LN_NODE_ID_MAX];
    char to[LN_NODE_ID_MAX];

    ln_letter_folder(folder, FROM, TO);

    assert_true(ln_letter_folder_read(from, to, folder));
    assert_string_equal(from, FROM);
    assert_string_equal(to, TO);
    assert_false(ln_letter_folder_read(from, to, "photos"));
    assert_false(ln_letter_folder_read(from, to, "-for-"));
    assert_false(ln_letter_folder_read(from, to, "../x-for-" TO));
    assert_false(ln_letter_folder_read(from, to, FROM "-for-" TO TO));
}

TEST(every_verdict_has_words_in_both_languages)
{
    for (int v = 0; v < LN_VERDICTS; v++) {
        struct ln_judged j = { .verdict = (enum ln_verdict)v, .detail = "7" };
        struct ln_buf zh = ln_buf_new(1024);
        struct ln_buf en = ln_buf_new(1024);

        ln_verdict_text(&zh, &j, true);
        ln_verdict_text(&en, &j, false);

        assert_true(strlen(ln_verdict_word(j.verdict)) > 2);
        assert_non_null(strstr(zh.data, "（7）"));
        assert_non_null(strstr(en.data, " (7)"));
        ln_buf_free(&zh);
        ln_buf_free(&en);
    }
}

RUN_TESTS(T(what_is_written_is_read_back), T(names_that_are_no_plain_file_names_are_refused),
          T(sizes_past_the_ceiling_of_their_kind_are_refused),
          T(segments_that_run_backwards_and_a_file_named_twice_are_refused),
          T(an_index_that_is_cut_anywhere_is_refused),
          T(a_letter_s_folder_names_its_writer_and_its_reader),
          T(every_verdict_has_words_in_both_languages))
