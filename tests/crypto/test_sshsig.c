/* Tests of crypto/sshsig.c against the stock ssh-keygen, both ways. */
#include "crypto/sshsig.h"

#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/tool.h"

static const char message[] = "{\"name\":\"翠苑一区社区\"}";

TEST(ssh_keygen_accepts_our_signature_in_its_namespace_only)
{
    char dir[64];
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);
    struct ln_buf who = ln_buf_new(300);

    test_mkdir(dir);
    ln_key_make(&sec, &pub);
    ln_sshsig_sign(&sig, "linli-cert", message, strlen(message), &sec);
    ln_buf_adds(&who, "node ");
    ln_key_public_write(&who, &pub);
    tool_write(dir, "who", who.data, who.len);
    tool_write(dir, "sig", sig.data, sig.len);
    tool_write(dir, "m", message, strlen(message));
    tool_write(dir, "m2", message, strlen(message) - 1);

    assert_int_equal(tool_run(dir, "ssh-keygen -Y verify -f who -I node -n linli-cert -s sig <m"),
                     0);
    assert_int_not_equal(tool_run(dir, "ssh-keygen -Y verify -f who -I node -n git -s sig <m"), 0);
    assert_int_not_equal(
        tool_run(dir, "ssh-keygen -Y verify -f who -I node -n linli-cert -s sig <m2"), 0);
    ln_buf_free(&sig);
    ln_buf_free(&who);
    test_rmdir(dir);
}

TEST(we_accept_what_ssh_keygen_signs_and_know_its_key)
{
    char dir[64];
    struct ln_pubkey by;
    struct ln_pubkey pub;
    struct ln_err err = { 0 };

    test_mkdir(dir);
    tool_write(dir, "m", message, strlen(message));
    assert_int_equal(
        tool_run(dir, "ssh-keygen -q -t ed25519 -N '' -f k && ssh-keygen -Y sign -n git -f k m &&"
                      " cp m m2 && ssh-keygen -Y sign -n git -O hashalg=sha256 -f k m2"),
        0);
    struct ln_buf sig = tool_read(dir, "m.sig");
    struct ln_buf other = tool_read(dir, "m2.sig");
    struct ln_buf line = tool_read(dir, "k.pub");
    MUST(ln_key_public_read(&pub, line.data, line.len, &err));

    MUST(ln_sshsig_verify(&by, "git", message, strlen(message), sig.data, sig.len, &err));
    assert_true(ln_key_same(&by, &pub));
    assert_false(
        ln_sshsig_verify(&by, "git", message, strlen(message), other.data, other.len, &err));
    assert_int_equal(err.code, LN_INVALID);
    ln_buf_free(&sig);
    ln_buf_free(&other);
    ln_buf_free(&line);
    test_rmdir(dir);
}

TEST(every_changed_bit_and_every_cut_is_refused)
{
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_pubkey by;
    struct ln_err err = { 0 };
    struct ln_buf sig = ln_buf_new(LN_SSHSIG_MAX);

    ln_key_make(&sec, &pub);
    ln_sshsig_sign(&sig, "git", message, strlen(message), &sec);
    MUST(ln_sshsig_verify(&by, "git", message, strlen(message), sig.data, sig.len, &err));
    for (size_t bit = 0; bit < sig.len * 8; bit++) {
        sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ (1 << bit % 8));
        assert_false(
            ln_sshsig_verify(&by, "git", message, strlen(message), sig.data, sig.len, &err) &&
            ln_key_same(&by, &pub) && sig.data[bit / 8] != '\n' && sig.data[bit / 8] != '\r');
        sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len + 1 < sig.len; len++)
        assert_false(ln_sshsig_verify(&by, "git", message, strlen(message), sig.data, len, &err));
    assert_false(
        ln_sshsig_verify(&by, "linli-cert", message, strlen(message), sig.data, sig.len, &err));
    assert_int_equal(err.code, LN_DENIED);
    assert_false(ln_sshsig_verify(&by, "git", message, 3, sig.data, sig.len, &err));
    assert_int_equal(err.code, LN_DENIED);
    ln_buf_free(&sig);
}

RUN_TESTS(T(ssh_keygen_accepts_our_signature_in_its_namespace_only),
          T(we_accept_what_ssh_keygen_signs_and_know_its_key),
          T(every_changed_bit_and_every_cut_is_refused))
