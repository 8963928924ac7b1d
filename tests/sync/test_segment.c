/* Segments: built, read, tampered with, and judged by stock git, age and zstd.
 */
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "crypto/age.h"
#include "crypto/base/alloc.h"
#include "sync/pack.h"
#include "sync/segment.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"

#define LINE "{\"i\":\"06h0cbs55s000nco66ag\",\"o\":\"add\",\"t\":\"home@1\"}\n"

struct author {
    struct ln_seckey sec;
    struct ln_pubkey pub;
    char node[LN_NODE_ID_MAX];
};

static struct author author(uint8_t n)
{
    struct author a;
    uint8_t seed[32];

    memset(seed, n, sizeof seed);
    ln_key_from_seed(&a.sec, &a.pub, seed);
    ln_key_node_id(a.node, "330106005055", &a.pub);
    return a;
}

/* A segment of one public file with its objects; `prev` NULL = the first. */
struct built {
    struct ln_segment s;
    struct ln_buf commit, tree;
    struct ln_sha1 blob;
    const char *lines;
};

static struct built build(const struct author *a, const struct built *prev)
{
    struct built b = { .commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX),
                       .tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX) };
    struct ln_err err = { 0 };

    (void)snprintf(b.s.log, sizeof b.s.log, "%s", a->node);
    b.s.seq = prev == NULL ? 1 : prev->s.seq + 1;
    if (prev != NULL) {
        b.s.prev = prev->s.sha;
        b.s.prev_commit = prev->s.commit;
    }
    b.s.time_s = 1795392000;
    b.s.suite = 1;
    b.s.n_files = 1;
    (void)snprintf(b.s.files[0].name, sizeof b.s.files[0].name, "public.jsonl");
    b.lines = prev == NULL ? LINE : LINE LINE;
    b.s.files[0].sha = ln_encode_sha256(b.lines, strlen(b.lines));
    b.blob = ln_segment_sha1("blob", b.lines, strlen(b.lines));
    MUST(ln_segment_build(&b.commit, &b.tree, &b.s, &b.blob, &a->sec, &err));
    return b;
}

static void built_free(struct built *b)
{
    ln_buf_free(&b->commit);
    ln_buf_free(&b->tree);
}

TEST(what_was_built_reads_back_the_same)
{
    struct author a = author(1);
    struct built first = build(&a, NULL);
    struct built second = build(&a, &first);
    struct ln_segment s;
    struct ln_sha1 blob;
    struct ln_err err = { 0 };

    MUST(ln_segment_read(&s, second.commit.data, second.commit.len, &a.pub, &err));

    assert_string_equal(s.log, a.node);
    assert_int_equal(s.seq, 2);
    assert_memory_equal(&s.prev, &first.s.sha, sizeof s.prev);
    assert_memory_equal(&s.prev_commit, &first.s.commit, sizeof s.commit);
    assert_memory_equal(&s.sha, &second.s.sha, sizeof s.sha);
    assert_memory_equal(&s.commit, &second.s.commit, sizeof s.commit);
    assert_int_equal(s.time_s, 1795392000);
    assert_int_equal(s.n_files, 1);
    assert_string_equal(s.files[0].name, "public.jsonl");
    MUST(ln_segment_tree_check(&s, second.tree.data, second.tree.len, &blob, &err));
    assert_memory_equal(&blob, &second.blob, sizeof blob);
    built_free(&first);
    built_free(&second);
}

TEST(no_byte_of_a_commit_or_tree_can_be_changed_added_or_taken)
{
    struct author a = author(1);
    struct built b = build(&a, NULL);
    struct ln_segment s;
    struct ln_sha1 blob;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < b.commit.len; i++) {
        b.commit.data[i] = (char)(b.commit.data[i] ^ 1);
        assert_false(ln_segment_read(&s, b.commit.data, b.commit.len, &a.pub, &err));
        b.commit.data[i] = (char)(b.commit.data[i] ^ 1);
        assert_false(ln_segment_read(&s, b.commit.data, i, &a.pub, &err));
    }
    ln_buf_addc(&b.commit, '\n');
    assert_false(ln_segment_read(&s, b.commit.data, b.commit.len, &a.pub, &err));
    for (size_t i = 0; i < b.tree.len; i++) {
        b.tree.data[i] = (char)(b.tree.data[i] ^ 1);
        assert_false(ln_segment_tree_check(&b.s, b.tree.data, b.tree.len, &blob, &err));
        b.tree.data[i] = (char)(b.tree.data[i] ^ 1);
    }
    built_free(&b);
}

TEST(another_key_is_refused_though_its_signature_is_good)
{
    struct author a = author(1);
    struct author other = author(2);
    struct built b = build(&a, NULL);
    struct ln_segment s;
    struct ln_err err = { 0 };

    assert_false(ln_segment_read(&s, b.commit.data, b.commit.len, &other.pub, &err));

    assert_int_equal(err.code, LN_DENIED);
    built_free(&b);
}

TEST(a_tree_of_other_files_is_refused_though_its_name_fits)
{
    struct author a = author(1);
    struct built b = build(&a, NULL);
    struct ln_sha1 blobs[2];
    struct ln_err err = { 0 };

    ln_buf_add(&b.tree, "100644 x\0", 9);
    ln_buf_add(&b.tree, blobs[0].b, 0);
    b.s.tree = ln_segment_sha1("tree", b.tree.data, b.tree.len);
    assert_false(ln_segment_tree_check(&b.s, b.tree.data, b.tree.len, blobs, &err));
    b.tree.data[5] = '5'; /* mode 100645 */
    b.s.tree = ln_segment_sha1("tree", b.tree.data, b.tree.len);
    assert_false(ln_segment_tree_check(&b.s, b.tree.data, b.tree.len, blobs, &err));
    built_free(&b);
}

TEST(what_breaks_the_form_is_not_built)
{
    struct author a = author(1);
    struct ln_err err = { 0 };

    for (int wrong = 0; wrong < 7; wrong++) {
        struct built b = build(&a, NULL);
        struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
        struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
        if (wrong == 0)
            b.s.log[3] = 'x';
        else if (wrong == 1)
            b.s.seq = 0;
        else if (wrong == 2)
            b.s.time_s++;
        else if (wrong == 3)
            b.s.n_files = 0;
        else if (wrong == 4)
            b.s.files[0].name[0] = '.';
        else if (wrong == 5)
            b.s.suite = 2;
        else
            b.s.log[5] = '\0';
        assert_false(ln_segment_build(&commit, &tree, &b.s, &b.blob, &a.sec, &err));
        assert_int_equal(err.code, LN_INVALID);
        ln_buf_free(&commit);
        ln_buf_free(&tree);
        built_free(&b);
    }
}

TEST(files_times_and_names_of_logs_that_break_the_form_are_not_built)
{
    static const struct {
        const char *name[2]; /* of files; NULL: as many as the form allows, and one more */
        int64_t time_s;
        const char *log; /* NULL: a good one */
        bool built;
    } table[] = {
        { { "0123456789abcdef.age", "public.jsonl" }, 60, NULL, true },
        { { "public.jsonl", "0123456789abcdef.age" }, 60, NULL, false }, /* not ascending */
        { { "public.jsonl", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcdeF.age", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcde/.age", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcde:.age", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcde`.age", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcdef.txt", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcdef0.age", "public.jsonl" }, 60, NULL, false },
        { { "../../etc/passwd", "public.jsonl" }, 60, NULL, false },
        { { "0123456789abcdef.age", "public.jsonl" }, 61, NULL, false },
        { { "0123456789abcdef.age", "public.jsonl" }, -60, NULL, false },
        { { "0123456789abcdef.age", "public.jsonl" }, INT64_C(253402300860), NULL, false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "", false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "330106005055", false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "330106005055.aaaaaaaaaaaaaaaa", false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "33010600505a-aaaaaaaaaaaaaaaa", false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "330106005055-aaaaaaaaaaaaaaa1", false },
        { { "0123456789abcdef.age", "public.jsonl" }, 60, "330106005055-Aaaaaaaaaaaaaaaa", false },
        { { NULL, NULL }, 60, NULL, false },
    };
    struct author a = author(1);
    struct ln_sha1 blobs[LN_SEGMENT_FILES + 1] = { { { 0 } } };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct built b = build(&a, NULL);
        struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
        struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
        struct ln_err err = { 0 };
        struct ln_segment s = b.s;
        s.time_s = table[i].time_s;
        s.n_files = table[i].name[0] != NULL ? 2 : LN_SEGMENT_FILES + 1;
        for (size_t k = 0; k < 2 && table[i].name[0] != NULL; k++) {
            (void)snprintf(s.files[k].name, sizeof s.files[k].name, "%s", table[i].name[k]);
            s.files[k].sha = b.s.files[0].sha;
        }
        if (table[i].log != NULL)
            (void)snprintf(s.log, sizeof s.log, "%s", table[i].log);

        bool ok = ln_segment_build(&commit, &tree, &s, blobs, &a.sec, &err);

        if (ok != table[i].built || (!ok && err.code != LN_INVALID))
            fail_msg("case %zu: %s", i, ok ? "built" : err.text);
        ln_buf_free(&commit);
        ln_buf_free(&tree);
        built_free(&b);
    }
}

static void pack_add(struct ln_buf *p, const struct built *b)
{
    struct ln_err err = { 0 };

    MUST(ln_pack_add(p, LN_PACK_COMMIT, b->commit.data, b->commit.len, false, &err));
    MUST(ln_pack_add(p, LN_PACK_TREE, b->tree.data, b->tree.len, false, &err));
    MUST(ln_pack_add(p, LN_PACK_BLOB, b->lines, strlen(b->lines), true, &err));
}

static void hex_of(char out[41], const struct ln_sha1 *name)
{
    for (int i = 0; i < LN_SHA1_LEN; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", name->b[i]);
}

TEST(stock_git_verifies_the_commit_and_finds_the_repository_clean)
{
    struct author a = author(1);
    struct built first = build(&a, NULL);
    struct built second = build(&a, &first);
    struct ln_buf p = ln_buf_new(LN_PACK_MAX);
    struct ln_buf key = ln_buf_new(200);
    struct ln_err err = { 0 };
    char dir[64];
    char cmd[900];
    char head[41];

    ln_pack_begin(&p);
    pack_add(&p, &first);
    pack_add(&p, &second);
    MUST(ln_pack_end(&p, 6, &err));
    test_mkdir(dir);
    (void)snprintf(cmd, sizeof cmd,
                   "git init -q --bare -b main %s/r && git -C %s/r index-pack "
                   "--stdin --strict > /dev/null",
                   dir, dir);
    FILE *f = popen(cmd, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p.data, 1, p.len, f), p.len);
    assert_int_equal(pclose(f), 0);
    ln_key_public_write(&key, &a.pub);
    hex_of(head, &second.s.commit);
    (void)snprintf(cmd, sizeof cmd,
                   "cd %s && echo '%s@linli namespaces=\"git\" %s' > signers && cd r && "
                   "git update-ref refs/heads/main %s && "
                   "test -z \"$(git fsck --strict --full 2>&1)\" && "
                   "git -c gpg.format=ssh -c gpg.ssh.allowedSignersFile=../signers "
                   "verify-commit %s~1 %s "
                   "2> /dev/null && test \"$(git show %s:public.jsonl | wc -l)\" = 2 && "
                   "git log -1 --format='%%(trailers:key=Linli-Seq,valueonly)' | grep -qx 2",
                   dir, a.node, key.data, head, head, head, head);
    assert_int_equal(system(cmd), 0);
    test_rmdir(dir);
    ln_buf_free(&key);
    ln_buf_free(&p);
    built_free(&first);
    built_free(&second);
}

/* ---- sealed files */

static struct ln_segment_header header(void)
{
    struct ln_segment_header h = { .seq = 42 };

    (void)snprintf(h.log, sizeof h.log, "330106005055-hc2omuxejwt7fhrg");
    (void)snprintf(h.audience, sizeof h.audience, "330106005055/c");
    (void)snprintf(h.epoch, sizeof h.epoch, "2026-11.1");
    return h;
}

static struct ln_buf seal(const struct ln_segment_header *h, const struct ln_ident *id,
                          const char *lines)
{
    struct ln_buf out = ln_buf_new(LN_SEGMENT_FILE_MAX);
    struct ln_recipient to;
    struct ln_err err = { 0 };

    ln_key_ident_public(&to, id);
    MUST(ln_segment_seal(&out, h, lines, strlen(lines), &to, &err));
    return out;
}

TEST(a_sealed_file_opens_in_its_own_place_only)
{
    struct ln_segment_header h = header();
    struct ln_ident id;
    struct ln_err err = { 0 };

    ln_key_ident_make(&id);
    struct ln_buf file = seal(&h, &id, LINE LINE);
    for (int wrong = 0; wrong < 5; wrong++) {
        struct ln_buf lines = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
        struct ln_segment_header want = h;
        if (wrong == 1)
            want.seq++;
        else if (wrong == 2)
            want.log[0] = '4';
        else if (wrong == 3)
            want.audience[13] = 'd';
        else if (wrong == 4)
            want.epoch[8] = '2';
        assert_int_equal(ln_segment_open(&lines, &want, file.data, file.len, &id, &err),
                         wrong == 0);
        assert_string_equal(lines.data, wrong == 0 ? LINE LINE : "");
        ln_buf_free(&lines);
    }
    ln_buf_free(&file);
}

TEST(a_quote_is_carried_in_the_header)
{
    struct ln_segment_header h = header();
    struct ln_segment_header want = header();
    struct ln_buf lines = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
    struct ln_ident id;
    struct ln_err err = { 0 };

    ln_key_ident_make(&id);
    h.quoted = true;
    h.quote_seq = 7;
    (void)snprintf(h.quote_log, sizeof h.quote_log, "330106000000-bytrgzkqusr2mxam.330106005055");
    struct ln_buf file = seal(&h, &id, LINE);
    MUST(ln_segment_open(&lines, &want, file.data, file.len, &id, &err));

    assert_true(want.quoted);
    assert_int_equal(want.quote_seq, 7);
    assert_string_equal(want.quote_log, h.quote_log);
    ln_buf_free(&lines);
    ln_buf_free(&file);
}

TEST(a_stranger_and_a_damaged_file_are_refused)
{
    struct ln_segment_header h = header();
    struct ln_buf lines = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
    struct ln_ident id;
    struct ln_ident stranger;
    struct ln_err err = { 0 };

    ln_key_ident_make(&id);
    ln_key_ident_make(&stranger);
    struct ln_buf file = seal(&h, &id, LINE);
    assert_false(ln_segment_open(&lines, &h, file.data, file.len, &stranger, &err));
    for (size_t i = 0; i < file.len; i++) {
        file.data[i] = (char)(file.data[i] ^ 1);
        assert_false(ln_segment_open(&lines, &h, file.data, file.len, &id, &err));
        file.data[i] = (char)(file.data[i] ^ 1);
    }
    assert_int_equal(lines.len, 0);
    ln_buf_free(&lines);
    ln_buf_free(&file);
}

TEST(sizes_follow_padme)
{
    /* "Reducing Metadata Leakage from Encrypted Files", Nikitin and others 2019,
     * figure 5 */
    static const size_t pairs[][2] = { { 0, 0 },       { 1, 1 },
                                       { 8, 8 },       { 9, 10 },
                                       { 100, 104 },   { 1000, 1024 },
                                       { 1025, 1088 }, { 1000000, 1015808 } };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(ln_segment_padded(pairs[i][0]), pairs[i][1]);
    for (size_t n = 64; n < 100000; n += 7)
        assert_true(ln_segment_padded(n) >= n && ln_segment_padded(n) <= n + n * 12 / 100);
}

TEST(stock_age_and_zstd_open_the_file)
{
    struct ln_segment_header h = header();
    struct ln_buf key = ln_buf_secret(200);
    struct ln_ident id;
    char dir[64];
    char path[100];
    char cmd[500];

    ln_key_ident_make(&id);
    struct ln_buf file = seal(&h, &id, LINE LINE);
    ln_key_ident_write(&key, &id);
    ln_buf_addc(&key, '\n');
    test_mkdir(dir);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, i == 0 ? "key" : "file");
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        const struct ln_buf *b = i == 0 ? &key : &file;
        assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
        assert_int_equal(fclose(f), 0);
    }
    (void)snprintf(cmd, sizeof cmd,
                   "cd %s && age -d -i key -o packed file && zstd -q -t < packed "
                   "&& zstd -q -d < packed "
                   "| tail -n 2 | grep -cF '\"home@1\"' | grep -qx 2",
                   dir);
    assert_int_equal(system(cmd), 0);
    test_rmdir(dir);
    ln_buf_free(&key);
    ln_buf_free(&file);
}

static void try_commit(void *ctx, const char *text, size_t len)
{
    const struct author *a = ctx;
    struct ln_segment s;
    struct ln_err err = { 0 };

    assert_false(ln_segment_read(&s, text, len, &a->pub, &err));
    assert_true(err.code == LN_INVALID || err.code == LN_DENIED);
}

static void try_tree(void *ctx, const char *text, size_t len)
{
    const struct ln_segment *s = ctx;
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    struct ln_err err = { 0 };

    assert_false(ln_segment_tree_check(s, text, len, blobs, &err));
}

TEST(no_small_change_of_a_commit_or_tree_passes)
{
    struct author a = author(1);
    struct built first = build(&a, NULL);
    struct built second = build(&a, &first);

    mutate_bytes(second.commit.data, second.commit.len, try_commit, &a);
    mutate_bytes(second.tree.data, second.tree.len, try_tree, &second.s);

    built_free(&first);
    built_free(&second);
}

/* ---- files that a member of the audience sealed himself, whatever is in them */

struct inside {
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_segment_header h;
    unsigned n, opened;
};

/* Seals these bytes as they are, and opens the file. */
static bool opens(struct inside *x, const void *packed, size_t len, struct ln_err *err)
{
    struct ln_buf file = ln_buf_new(LN_SEGMENT_FILE_MAX + 4096);
    struct ln_buf lines = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
    struct ln_segment_header h = x->h;

    if (!ln_age_seal(&file, &x->to, 1, packed, len, err))
        fail_msg("%s", err->text);
    bool ok = ln_segment_open(&lines, &h, file.data, file.len, &x->id, err);
    if (!ok)
        assert_int_equal(lines.len, 0);
    if (!ok && err->code != LN_INVALID)
        fail_msg("%s", err->text);
    ln_buf_free(&lines);
    ln_buf_free(&file);
    return ok;
}

static size_t packed_of(char *out, size_t cap, const char *text, size_t len)
{
    size_t n = ZSTD_compress(out, cap, text, len, 1);

    assert_false(ZSTD_isError(n));
    return n;
}

static void inside_new(struct inside *x)
{
    *x = (struct inside){ .h = header() };
    ln_key_ident_make(&x->id);
    ln_key_ident_public(&x->to, &x->id);
}

#define HEAD                                                                                       \
    "{\"audience\":\"330106005055/c\",\"epoch\":\"2026-11.1\",\"log\":\"330106005055-"             \
    "hc2omuxejwt7fhrg\",\"seq\":42}"

TEST(what_a_member_sealed_that_is_no_frame_of_known_size_is_refused)
{
    static const char text[] = HEAD "\n" LINE;
    struct inside x;
    struct ln_err err = { 0 };
    char packed[1024];
    char other[1024];
    inside_new(&x);
    size_t n = packed_of(packed, sizeof packed, text, sizeof text - 1);

    MUST(opens(&x, packed, n, &err));
    assert_false(opens(&x, "", 0, &err));
    assert_false(opens(&x, "abc", 3, &err));
    for (size_t cut = 1; cut < n; cut++)
        assert_false(opens(&x, packed, cut, &err));
    /* what may stand behind it: one skippable frame that ends with the file */
    static const struct {
        const char *bytes;
        size_t len;
        bool good;
    } tails[] = {
        { "x", 1, false },
        { "\x50\x2a\x4d\x18\0\0\0", 7, false },
        { "\x50\x2a\x4d\x18\0\0\0\0", 8, true },
        { "\x50\x2a\x4d\x18\3\0\0\0\0\0\0", 11, true },
        { "\x50\x2a\x4d\x18\4\0\0\0\0\0\0", 11, false },
        { "\x50\x2a\x4d\x18\2\0\0\0\0\0\0", 11, false },
        { "\x51\x2a\x4d\x18\0\0\0\0", 8, false },
        { "\x50\x2a\x4d\x18\0\0\0\0\x50\x2a\x4d\x18\0\0\0\0", 16, false },
    };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        memcpy(other, packed, n);
        memcpy(other + n, tails[i].bytes, tails[i].len);
        assert_int_equal(opens(&x, other, n + tails[i].len, &err), tails[i].good);
    }
    memcpy(other, "\x50\x2a\x4d\x18\0\0\0\0", 8); /* or before it */
    memcpy(other + 8, packed, n);
    assert_false(opens(&x, other, n + 8, &err));
    ZSTD_CCtx *c = ZSTD_createCCtx(); /* a frame that does not tell its size */
    (void)ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    n = ZSTD_compress2(c, other, sizeof other, text, sizeof text - 1);
    assert_false(opens(&x, other, n, &err));
    ZSTD_freeCCtx(c);
    c = ZSTD_createCCtx(); /* with a dictionary */
    assert_false(ZSTD_isError(ZSTD_CCtx_loadDictionary(c, text, sizeof text - 1)));
    n = ZSTD_compress2(c, other, sizeof other, text, sizeof text - 1);
    assert_false(opens(&x, other, n, &err));
    ZSTD_freeCCtx(c);
}

TEST(what_a_member_sealed_that_is_larger_than_a_file_may_be_is_refused_before_it_is_inflated)
{
    struct inside x;
    struct ln_err err = { 0 };
    size_t len = (size_t)LN_SEGMENT_PLAIN_MAX + 1;
    size_t cap = ZSTD_compressBound(len);
    char *text = ln_alloc(len);
    char *packed = ln_alloc(cap);
    inside_new(&x);
    memset(text, ' ', len);
    memcpy(text, HEAD "\n", sizeof HEAD);

    size_t n = packed_of(packed, cap, text, len);
    assert_true(n < 100000);
    assert_false(opens(&x, packed, n, &err));
    assert_non_null(strstr(err.text, "holds more than"));
    n = packed_of(packed, cap, text, len - 1);
    MUST(opens(&x, packed, n, &err));

    ln_free(packed);
    ln_free(text);
}

static void try_header(void *ctx, const char *text, size_t len)
{
    struct inside *x = ctx;
    struct ln_err err = { 0 };
    char plain[8192];
    char packed[8192];

    memcpy(plain, text, len);
    memcpy(plain + len, "\n" LINE, sizeof LINE);
    size_t n = packed_of(packed, sizeof packed, plain, len + sizeof LINE);
    x->n++;
    x->opened += opens(x, packed, n, &err);
}

TEST(no_other_header_line_than_that_of_its_place_opens)
{
    static const char quoted[] = "{\"audience\":\"330106005055/c\",\"epoch\":\"2026-11.1\",\"log\":"
                                 "\"330106005055-hc2omuxejwt7fhrg\",\"quote\":[\"330106005055-"
                                 "hc2omuxejwt7fhrg\",7],\"seq\":42}";
    struct inside x;
    inside_new(&x);

    try_header(&x, HEAD, sizeof HEAD - 1);
    assert_int_equal(x.opened, 1);
    mutate_json(ln_span_of(HEAD), try_header, &x);
    assert_int_equal(x.opened, 1);
    try_header(&x, quoted, sizeof quoted - 1);
    assert_int_equal(x.opened, 2);
    mutate_json(ln_span_of(quoted), try_header, &x);
    assert_int_equal(x.opened,
                     2 + 3); /* without the quote, or one of another segment (0 is none) */
    char longer[600];
    memset(longer, 'x', sizeof longer);
    try_header(&x, longer, sizeof longer);
    try_header(&x, "[]", 2);
    try_header(&x, "", 0);
    assert_int_equal(x.opened, 5);
    assert_true(x.n > 150);
}

RUN_TESTS(
    T(files_times_and_names_of_logs_that_break_the_form_are_not_built),

    T(what_was_built_reads_back_the_same),
    T(no_byte_of_a_commit_or_tree_can_be_changed_added_or_taken),
    T(another_key_is_refused_though_its_signature_is_good),
    T(a_tree_of_other_files_is_refused_though_its_name_fits), T(what_breaks_the_form_is_not_built),
    T(stock_git_verifies_the_commit_and_finds_the_repository_clean),
    T(a_sealed_file_opens_in_its_own_place_only), T(a_quote_is_carried_in_the_header),
    T(a_stranger_and_a_damaged_file_are_refused), T(sizes_follow_padme),
    T(stock_age_and_zstd_open_the_file), T(no_small_change_of_a_commit_or_tree_passes),
    T(what_a_member_sealed_that_is_no_frame_of_known_size_is_refused),
    T(what_a_member_sealed_that_is_larger_than_a_file_may_be_is_refused_before_it_is_inflated),
    T(no_other_header_line_than_that_of_its_place_opens))
