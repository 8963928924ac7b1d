/* Tests of crypto/key.c, against RFC 8032, BIP-173, and the stock ssh-keygen and age-keygen. */
#include "crypto/key.h"

#include <string.h>

#include "crypto/bech32.h"
#include "tests/lib/mutate.h"
#include "tests/lib/test.h"
#include "tests/lib/tool.h"

/* RFC 8032 section 7.1: TEST 1, 2, 3 and TEST SHA(abc). */
static const struct {
    const char *seed, *pub, *message, *sig;
} rfc8032[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
    { "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};

TEST(ed25519_gives_the_signatures_of_rfc_8032)
{
    for (size_t i = 0; i < sizeof rfc8032 / sizeof rfc8032[0]; i++) {
        uint8_t seed[32];
        uint8_t message[64];
        uint8_t want[64];
        uint8_t sig[64];
        struct ln_seckey sec;
        struct ln_pubkey pub;
        struct ln_pubkey want_pub;
        size_t len = strlen(rfc8032[i].message) / 2;

        assert_true(ln_encode_unhex(seed, 32, ln_span_of(rfc8032[i].seed)));
        assert_true(ln_encode_unhex(want_pub.b, 32, ln_span_of(rfc8032[i].pub)));
        assert_true(ln_encode_unhex(message, len, ln_span_of(rfc8032[i].message)));
        assert_true(ln_encode_unhex(want, 64, ln_span_of(rfc8032[i].sig)));
        ln_key_from_seed(&sec, &pub, seed);
        ln_key_sign(sig, message, len, &sec);

        assert_true(ln_key_same(&pub, &want_pub));
        assert_memory_equal(sig, want, 64);
        assert_true(ln_key_verify(sig, message, len, &pub));
        for (size_t bit = 0; bit < 512; bit++) {
            sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(ln_key_verify(sig, message, len, &pub));
            sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_false(ln_key_verify(sig, message, len + 1 > 64 ? 63 : len + 1, &pub));
    }
}

TEST(a_key_written_by_us_is_read_by_ssh_keygen)
{
    char dir[64];
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_buf line = ln_buf_new(200);

    test_mkdir(dir);
    ln_key_make(&sec, &pub);
    ln_key_write(&text, &sec, "330106005055 翠苑一区社区");
    tool_write(dir, "key", text.data, text.len);

    assert_int_equal(tool_run(dir, "ssh-keygen -y -f key >key.pub"), 0);

    struct ln_buf got = tool_read(dir, "key.pub");
    ln_key_public_write(&line, &pub);
    ln_buf_adds(&line, " 330106005055 翠苑一区社区\n");
    assert_string_equal(got.data, line.data);
    ln_buf_free(&got);
    ln_buf_free(&text);
    ln_buf_free(&line);
    test_rmdir(dir);
}

TEST(a_key_made_by_ssh_keygen_is_read_and_its_public_half_matches)
{
    char dir[64];
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_pubkey pub_file;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    for (int i = 0; i < 8; i++) { /* comments of each length: each padding once */
        assert_int_equal(tool_run(dir,
                                  "rm -f k k.pub; ssh-keygen -q -t ed25519 -N '' -C '%.*s' -f k", i,
                                  "abcdefgh"),
                         0);
        struct ln_buf text = tool_read(dir, "k");
        struct ln_buf line = tool_read(dir, "k.pub");
        MUST(ln_key_read(&sec, text.data, text.len, &err));
        MUST(ln_key_public_read(&pub_file, line.data, line.len, &err));
        ln_key_public(&pub, &sec);
        assert_true(ln_key_same(&pub, &pub_file));
        ln_buf_free(&text);
        ln_buf_free(&line);
    }
    test_rmdir(dir);
}

TEST(keys_of_other_kinds_and_locked_keys_are_refused_in_words)
{
    char dir[64];
    struct ln_seckey sec;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    assert_int_equal(tool_run(dir, "ssh-keygen -q -t ed25519 -N secret -f locked &&"
                                   " ssh-keygen -q -t ecdsa -N '' -f other"),
                     0);
    struct ln_buf locked = tool_read(dir, "locked");
    struct ln_buf other = tool_read(dir, "other");

    assert_false(ln_key_read(&sec, locked.data, locked.len, &err));
    assert_int_equal(err.code, LN_INVALID);
    assert_non_null(strstr(err.text, "passphrase"));
    assert_false(ln_key_read(&sec, other.data, other.len, &err));
    assert_non_null(strstr(err.text, "Ed25519"));
    ln_buf_free(&locked);
    ln_buf_free(&other);
    test_rmdir(dir);
}

TEST(no_single_changed_bit_of_a_key_file_gives_another_key)
{
    struct ln_seckey sec;
    struct ln_seckey got;
    struct ln_pubkey pub;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(LN_KEY_FILE_MAX);

    ln_key_make(&sec, &pub);
    ln_key_write(&text, &sec, "c");
    size_t accepted = 0;
    for (size_t bit = 0; bit < text.len * 8; bit++) {
        text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
        if (ln_key_read(&got, text.data, text.len, &err)) {
            /* only the free comment may differ */
            assert_memory_equal(got.b, sec.b, sizeof sec.b);
            accepted++;
        }
        text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
    }
    assert_true(accepted < 16);
    for (size_t len = 0; len + 1 < text.len; len++) /* the last newline may be missing */
        assert_false(ln_key_read(&got, text.data, len, &err));
    MUST(ln_key_read(&got, text.data, text.len - 1, &err));
    ln_buf_free(&text);
}

TEST(a_key_file_too_long_or_with_more_behind_it_is_refused)
{
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(2 * LN_KEY_FILE_MAX);

    ln_key_make(&sec, &pub);
    ln_key_write(&text, &sec, "");
    MUST(ln_key_read(&sec, text.data, text.len, &err));
    ln_buf_adds(&text, "x\n");
    assert_false(ln_key_read(&sec, text.data, text.len, &err));
    while (text.len <= LN_KEY_FILE_MAX)
        ln_buf_addc(&text, '\n');
    assert_false(ln_key_read(&sec, text.data, text.len, &err));
    ln_buf_free(&text);
}

TEST(a_public_key_is_one_line_of_the_right_kind)
{
    struct ln_pubkey pub;
    struct ln_pubkey got;
    struct ln_seckey sec;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_new(300);
    static const char *const bad[] = {
        "",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",
        /* kind inside is ssh-ed25518 */
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE4AAAAIHVPYnR0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        /* the neutral element and the point of order 2: nobody holds these */
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };

    ln_key_make(&sec, &pub);
    ln_key_public_write(&text, &pub);
    MUST(ln_key_public_read(&got, text.data, text.len, &err));
    assert_true(ln_key_same(&pub, &got));
    ln_buf_adds(&text, " 王 comment\n");
    MUST(ln_key_public_read(&got, text.data, text.len, &err));
    ln_buf_adds(&text, "second line");
    assert_false(ln_key_public_read(&got, text.data, text.len, &err));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ln_key_public_read(&got, bad[i], strlen(bad[i]), &err));
        assert_int_equal(err.code, LN_INVALID);
    }
    ln_buf_free(&text);
}

TEST(age_keygen_reads_our_identity_and_we_read_its)
{
    char dir[64];
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_recipient again;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(200);

    test_mkdir(dir);
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    ln_key_ident_write(&text, &id);
    tool_write(dir, "id", text.data, text.len);
    assert_int_equal(tool_run(dir, "age-keygen -y id >pub"), 0);
    struct ln_buf pub = tool_read(dir, "pub");
    MUST(ln_key_recipient_read(&again, pub.data, pub.len, &err));
    assert_true(ln_key_recipient_same(&to, &again));
    ln_buf_free(&pub);

    assert_int_equal(tool_run(dir, "age-keygen -o full && grep AGE full >id2 &&"
                                   " age-keygen -y full >pub2"),
                     0);
    struct ln_buf id2 = tool_read(dir, "id2");
    struct ln_buf pub2 = tool_read(dir, "pub2");
    MUST(ln_key_ident_read(&id, id2.data, id2.len, &err));
    ln_key_ident_public(&to, &id);
    ln_buf_clear(&text);
    ln_key_recipient_write(&text, &to);
    ln_buf_addc(&text, '\n');
    assert_string_equal(text.data, pub2.data);
    ln_buf_free(&id2);
    ln_buf_free(&pub2);
    ln_buf_free(&text);
    test_rmdir(dir);
}

TEST(a_mistyped_recovery_key_is_noticed_at_every_place)
{
    struct ln_ident id;
    struct ln_ident got;
    struct ln_err err = { 0 };
    struct ln_buf text = ln_buf_secret(200);
    static const char others[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1BIOq -";

    ln_key_ident_make(&id);
    ln_key_ident_write(&text, &id);
    for (size_t i = 0; i < text.len; i++) {
        char right = text.data[i];
        for (const char *p = others; *p != '\0'; p++) {
            text.data[i] = *p;
            bool same = *p == right || (i == 0 && *p == ' ');
            assert_true(same || !ln_key_ident_read(&got, text.data, text.len, &err));
        }
        text.data[i] = right;
    }
    for (size_t len = 0; len < text.len; len++)
        assert_false(ln_key_ident_read(&got, text.data, len, &err));
    ln_buf_adds(&text, " \r\n");
    MUST(ln_key_ident_read(&got, text.data, text.len, &err));
    assert_memory_equal(got.b, id.b, sizeof id.b);
    ln_buf_free(&text);
}

TEST(a_recipient_of_small_order_is_refused)
{
    static const uint8_t points[][32] = {
        { 0 },
        { 1 },
        /* of order 8: RFC 7748 section 6.1 and Langley's list */
        { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
          0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
          0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
    };
    struct ln_recipient r;
    struct ln_err err = { 0 };

    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct ln_buf text = ln_buf_new(100);
        ln_bech32_write(&text, "age", points[i], 32);
        assert_false(ln_key_recipient_read(&r, text.data, text.len, &err));
        assert_int_equal(err.code, LN_INVALID);
        ln_buf_free(&text);
    }
    assert_false(ln_key_recipient_read(&r, "age1", 4, &err));
    assert_false(ln_key_recipient_read(&r, "", 0, &err));
}

/* BIP-173, test vectors: valid checksums, of whole bytes (the empty payload). */
TEST(bech32_knows_the_examples_of_bip_173)
{
    uint8_t none[1];
    uint8_t program[20];

    assert_true(ln_bech32_read(none, 0, "A", ln_span_of("A12UEL5L")));
    assert_true(ln_bech32_read(none, 0, "a", ln_span_of("a12uel5l")));
    assert_true(ln_bech32_read(
        none, 0,
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
        ln_span_of(
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersb"
            "io1tt5tgs")));
    assert_false(ln_bech32_read(none, 0, "a", ln_span_of("A12UEL5L")));
    assert_false(
        ln_bech32_read(none, 0, "A", ln_span_of("A1G7SGD8"))); /* checksum of lower case hrp */
    assert_false(ln_bech32_read(none, 0, "pzry", ln_span_of("pzry9x0s0muk")));
    assert_false(ln_bech32_read(none, 0, "li", ln_span_of("li1dgmt3"))); /* short checksum */
    /* abcdef with the values 0..31: 160 bits are 20 whole bytes */
    assert_true(ln_bech32_read(program, 20, "abcdef",
                               ln_span_of("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw")));
    struct ln_buf text = ln_buf_new(90);
    ln_bech32_write(&text, "abcdef", program, 20);
    assert_string_equal(text.data, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
    ln_buf_free(&text);
}

TEST(a_node_id_is_region_and_key)
{
    char id[LN_NODE_ID_MAX];
    struct ln_pubkey pub = { { 0 } };

    /* head -c32 /dev/zero | sha256sum -> 66687aadf862bd77..., base32 of which starts mzuhvlpymk6xo
     */
    ln_key_node_id(id, "330106005055", &pub);

    assert_string_equal(id, "330106005055-mzuhvlpymk6xo3ep");
}

struct half {
    struct ln_seckey sec;
    struct ln_pubkey pub;
    unsigned taken;
};

static void try_file(void *ctx, const char *text, size_t len)
{
    struct half *h = ctx;
    struct ln_seckey got;
    struct ln_pubkey pub;
    struct ln_err err = { 0 };

    if (!ln_key_read(&got, text, len, &err)) {
        assert_int_equal(err.code, LN_INVALID);
        return;
    }
    h->taken++; /* a comment or blanks may differ: the key may not */
    ln_key_public(&pub, &got);
    assert_true(ln_key_same(&pub, &h->pub));
}

static void try_line(void *ctx, const char *text, size_t len)
{
    struct half *h = ctx;
    struct ln_pubkey got;
    struct ln_err err = { 0 };

    if (ln_key_public_read(&got, text, len, &err) && ln_key_same(&got, &h->pub))
        h->taken++;
}

static void try_ident(void *ctx, const char *text, size_t len)
{
    struct ln_ident got;
    struct ln_recipient to;
    struct ln_err err = { 0 };

    if (ln_key_ident_read(&got, text, len, &err)) {
        struct ln_recipient *want = ctx;
        ln_key_ident_public(&to, &got);
        assert_true(ln_key_recipient_same(&to, want));
    }
}

TEST(no_small_change_of_a_key_text_gives_another_secret)
{
    struct half h = { .taken = 0 };
    struct ln_buf file = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_buf line = ln_buf_new(200);
    struct ln_buf word = ln_buf_secret(200);
    struct ln_ident id;
    struct ln_recipient to;
    ln_key_make(&h.sec, &h.pub);
    ln_key_write(&file, &h.sec, "c");
    ln_key_public_write(&line, &h.pub);
    ln_buf_adds(&line, " c\n");
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    ln_key_ident_write(&word, &id);
    ln_buf_adds(&word, "\n");

    mutate_bytes(file.data, file.len, try_file, &h);
    mutate_bytes(line.data, line.len, try_line, &h);
    mutate_bytes(word.data, word.len, try_ident, &to);

    assert_true(h.taken > 0);
    ln_buf_free(&file);
    ln_buf_free(&line);
    ln_buf_free(&word);
}

RUN_TESTS(T(ed25519_gives_the_signatures_of_rfc_8032), T(a_key_written_by_us_is_read_by_ssh_keygen),
          T(a_key_made_by_ssh_keygen_is_read_and_its_public_half_matches),
          T(keys_of_other_kinds_and_locked_keys_are_refused_in_words),
          T(no_single_changed_bit_of_a_key_file_gives_another_key),
          T(a_key_file_too_long_or_with_more_behind_it_is_refused),
          T(a_public_key_is_one_line_of_the_right_kind),
          T(age_keygen_reads_our_identity_and_we_read_its),
          T(a_mistyped_recovery_key_is_noticed_at_every_place),
          T(a_recipient_of_small_order_is_refused), T(bech32_knows_the_examples_of_bip_173),
          T(a_node_id_is_region_and_key), T(no_small_change_of_a_key_text_gives_another_secret))
