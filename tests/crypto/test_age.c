/* Tests of crypto/age.c against the stock age, both ways. */
#include "crypto/age.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/lib/test.h"
#include "tests/lib/tool.h"

#define BIG ((size_t)20 << 20)
static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, 131073, (size_t)10 << 20 };

TEST(age_opens_what_we_seal_and_we_open_what_age_seals)
{
    char dir[64];
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(200);

    test_mkdir(dir);
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    ln_key_ident_write(&text, &id);
    tool_write(dir, "id", text.data, text.len);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ln_buf plain = ln_buf_new(BIG);
        struct ln_buf sealed = ln_buf_new(BIG);
        struct ln_buf back = ln_buf_new(BIG);
        randombytes_buf(ln_buf_grow(&plain, sizes[i]), sizes[i]);
        MUST(ln_age_seal(&sealed, &to, 1, plain.data, plain.len, &err));
        tool_write(dir, "ours", sealed.data, sealed.len);
        tool_write(dir, "plain", plain.data, plain.len);
        assert_int_equal(tool_run(dir, "age -d -i id ours >got && cmp got plain &&"
                                       " age -r $(age-keygen -y id) <plain >theirs"),
                         0);
        struct ln_buf theirs = tool_read(dir, "theirs");
        MUST(ln_age_open(&back, theirs.data, theirs.len, &id, &err));
        assert_int_equal(back.len, plain.len);
        assert_memory_equal(back.data, plain.data, plain.len);
        ln_buf_free(&theirs);
        ln_buf_free(&plain);
        ln_buf_free(&sealed);
        ln_buf_free(&back);
    }
    ln_buf_free(&text);
    test_rmdir(dir);
}

TEST(each_of_eight_recipients_opens_it_and_nobody_else)
{
    struct ln_ident ids[LN_AGE_STANZAS + 1];
    struct ln_recipient to[LN_AGE_STANZAS + 1];
    struct ln_buf sealed = ln_buf_new(10000);
    struct ln_buf back = ln_buf_new(100);
    struct ln_err err = { 0 };

    for (size_t i = 0; i <= LN_AGE_STANZAS; i++) {
        ln_key_ident_make(&ids[i]);
        ln_key_ident_public(&to[i], &ids[i]);
    }
    MUST(ln_age_seal(&sealed, to, LN_AGE_STANZAS, "abc", 3, &err));
    for (size_t i = 0; i < LN_AGE_STANZAS; i++) {
        ln_buf_clear(&back);
        MUST(ln_age_open(&back, sealed.data, sealed.len, &ids[i], &err));
        assert_string_equal(back.data, "abc");
    }
    assert_false(ln_age_open(&back, sealed.data, sealed.len, &ids[LN_AGE_STANZAS], &err));
    assert_int_equal(err.code, LN_DENIED);
    ln_buf_free(&sealed);
    ln_buf_free(&back);
}

TEST(every_changed_bit_every_cut_and_anything_behind_is_refused)
{
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_buf sealed = ln_buf_new(10000);
    struct ln_buf back = ln_buf_new(100);
    struct ln_err err = { 0 };

    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    MUST(ln_age_seal(&sealed, &to, 1, "abc", 3, &err));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
        assert_false(ln_age_open(&back, sealed.data, sealed.len, &id, &err));
        assert_int_equal(back.len, 0);
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_false(ln_age_open(&back, sealed.data, len, &id, &err));
    ln_buf_addc(&sealed, 'x');
    assert_false(ln_age_open(&back, sealed.data, sealed.len, &id, &err));
    ln_buf_free(&sealed);
    ln_buf_free(&back);
}

/* ---- published vectors: C2SP CCTV, npm cctv-age. Each begins with lines "key: value" and an empty
 * line. */

static bool line_of(char out[200], const char *head, const char *key)
{
    size_t len = strlen(key);

    for (const char *p = head; p != NULL && *p != '\n';
         p = strchr(p, '\n'), p = p != NULL ? p + 1 : NULL)
        if (strncmp(p, key, len) == 0 && p[len] == ':') {
            (void)snprintf(out, 200, "%.*s", (int)strcspn(p + len + 2, "\n"), p + len + 2);
            return true;
        }
    return false;
}

/* What this program leaves out on purpose (README): passwords, armour, the key of tomorrow, and
 * files that also carry stanzas of kinds it does not know. */
static bool left_out(const char *name)
{
    static const char *const kinds[] = { "scrypt", "armor",   "hybrid",
                                         "grease", "stanza_", "x25519_identity" };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(name, kinds[i]) != NULL)
            return true;
    return false;
}

static struct ln_buf body_of(const char *head, const char *file, size_t len)
{
    struct ln_buf out = ln_buf_new(BIG);
    char word[200];
    uLongf room = BIG - 4096;

    if (!line_of(word, head, "compressed")) {
        ln_buf_add(&out, file, len);
        return out;
    }
    void *to = ln_buf_grow(&out, room);
    assert_int_equal(uncompress(to, &room, (const Bytef *)file, (uLong)len), Z_OK);
    ln_buf_cut(&out, room);
    return out;
}

/* 1 opened, 0 refused, -1 not for a program that knows X25519 alone */
static int judge_vector(const char *name, const struct ln_buf *v)
{
    const char *gap = strstr(v->data, "\n\n");
    char expect[200];
    char payload[200] = "";
    char word[200];
    struct ln_ident id;
    struct ln_buf plain = ln_buf_new(BIG);
    struct ln_buf hex = ln_buf_new(64);
    struct ln_err err = { 0 };

    assert_non_null(gap);
    assert_true(line_of(expect, v->data, "expect"));
    (void)line_of(payload, v->data, "payload");
    if (!line_of(word, v->data, "identity") || !ln_key_ident_read(&id, word, strlen(word), &err))
        return -1;
    struct ln_buf file = body_of(v->data, gap + 2, v->len - (size_t)(gap + 2 - v->data));
    bool ok = ln_age_open(&plain, file.data, file.len, &id, &err);
    bool good = strcmp(expect, "success") == 0;
    if (ok) {
        struct ln_sha256 sha = ln_encode_sha256(plain.data, plain.len);
        ln_encode_hex(&hex, sha.b, sizeof sha.b);
        if (!good || strcmp(hex.data, payload) != 0)
            fail_msg("%s (%s) was opened", name, expect);
    } else if (good && !left_out(name))
        fail_msg("%s was refused: %s", name, err.text);
    else if (err.code != LN_INVALID && err.code != LN_DENIED)
        fail_msg("%s: %s", name, err.text);
    ln_buf_free(&file);
    ln_buf_free(&plain);
    ln_buf_free(&hex);
    return ok;
}

TEST(the_published_vectors_open_or_are_refused_as_they_say)
{
    char dir[64];
    char cwd[1024];
    unsigned opened = 0;
    unsigned refused = 0;

    assert_non_null(getcwd(cwd, sizeof cwd));
    test_mkdir(dir);
    assert_int_equal(
        tool_run(dir,
                 "node --input-type=module -e 'import * as v from "
                 "\"%s/tests/node_modules/cctv-age/index.js\";"
                 "import fs from \"fs\"; for (const k in v) fs.writeFileSync(k, v[k])'",
                 cwd),
        0);
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        struct ln_buf v = tool_read(dir, e->d_name);
        bool vector = strncmp(v.data, "expect: ", 8) == 0;
        int got = vector ? judge_vector(e->d_name, &v) : -1;
        opened += got == 1;
        refused += got == 0;
        ln_buf_free(&v);
    }
    (void)closedir(d);
    test_rmdir(dir);
    assert_true(opened >= 10 && refused >= 80);
}

/* ---- a source or a sink that fails */

struct pipe {
    const char *from;
    size_t len, at;
    struct ln_buf *to;
    unsigned calls, fails; /* the nth call does */
};

static bool piece(void *ctx, void *out, size_t cap, size_t *got, struct ln_err *err)
{
    struct pipe *p = ctx;

    if (++p->calls == p->fails)
        return ln_fail(err, LN_BROKEN, "the source");
    *got = p->len - p->at < cap ? p->len - p->at : cap;
    if (*got > 1000)
        *got = 1000; /* in pieces of any size */
    memcpy(out, p->from + p->at, *got);
    p->at += *got;
    return true;
}

static bool put(void *ctx, const void *data, size_t len, struct ln_err *err)
{
    struct pipe *p = ctx;

    if (++p->calls == p->fails)
        return ln_fail(err, LN_FULL, "the sink");
    ln_buf_add(p->to, data, len);
    return true;
}

TEST(a_stream_that_fails_at_any_call_fails_with_its_reason)
{
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_buf plain = ln_buf_new(BIG);
    struct ln_buf sealed = ln_buf_new(BIG);
    struct ln_buf out = ln_buf_new(BIG);
    struct ln_err err = { 0 };
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    randombytes_buf(ln_buf_grow(&plain, 70000), 70000);
    MUST(ln_age_seal(&sealed, &to, 1, plain.data, plain.len, &err));

    for (int way = 0; way < 4; way++) { /* seal and open; source and sink */
        bool ok = false;
        for (unsigned n = 1; !ok && n < 500; n++) {
            struct ln_buf *in = way < 2 ? &plain : &sealed;
            struct pipe from = { in->data, in->len, 0, NULL, 0, way % 2 == 0 ? n : 0 };
            struct pipe sink = { NULL, 0, 0, &out, 0, way % 2 == 1 ? n : 0 };
            err = (struct ln_err){ 0 };
            ln_buf_clear(&out);
            ok = way < 2 ? ln_age_seal_stream(&to, 1, piece, &from, put, &sink, &err)
                         : ln_age_open_stream(&id, piece, &from, put, &sink, &err);
            assert_int_equal(err.code, ok ? LN_OK : way % 2 == 0 ? LN_BROKEN : LN_FULL);
        }
        assert_true(ok);
        if (way >= 2)
            assert_memory_equal(out.data, plain.data, plain.len);
    }
    struct ln_buf small = ln_buf_new(100);
    assert_false(ln_age_seal(&small, &to, 1, plain.data, plain.len, &err));
    assert_int_equal(err.code, LN_FULL);
    struct ln_buf tiny = ln_buf_new(100);
    assert_false(ln_age_open(&tiny, sealed.data, sealed.len, &id, &err));
    ln_buf_free(&small);
    ln_buf_free(&tiny);
    ln_buf_free(&plain);
    ln_buf_free(&sealed);
    ln_buf_free(&out);
}

RUN_TESTS(T(age_opens_what_we_seal_and_we_open_what_age_seals),
          T(each_of_eight_recipients_opens_it_and_nobody_else),
          T(every_changed_bit_every_cut_and_anything_behind_is_refused),
          T(the_published_vectors_open_or_are_refused_as_they_say),
          T(a_stream_that_fails_at_any_call_fails_with_its_reason))
