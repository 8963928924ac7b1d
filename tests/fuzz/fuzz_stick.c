/* What a courier's stick can hold. First byte: 'i' the index of a letter, which is then signed as a
 * child of this node signs and judged; 'b' a bundle, which a letter of that child names, with its
 * true SHA-256, and which is then taken in; anything else a tar, whose header checksums are set
 * right first. Whatever comes, names stay plain, sizes below their ceilings, and nothing is written
 * (the commit is taken back). */
#define _GNU_SOURCE
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/sshsig.h"
#include "node/bundle.h"
#include "node/stick.h"
#include "sync/files.h"
#include "sync/message.h"
#include "tests/fuzz/undone.h"

#define BLOCK 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct ln_node *node;
static struct ln_seckey child_key;
static char child[LN_NODE_ID_MAX];

static bool enrol_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct ln_buf f = ln_buf_new(65536);
    bool ok = ln_replica_issue(r, &f, arg, err);

    ln_buf_free(&f);
    return ok;
}

static void make(void)
{
    struct ln_node_new want = {
        .region = "330106005055", .name = "fuzz", .role = LN_ROLE_COMMUNITY, .root = true
    };
    struct ln_cert c = { .role = LN_ROLE_LAPTOP, .n_grids = 1 };
    struct ln_buf out = ln_buf_new(65536);
    struct ln_ident age;
    char dir[] = "/tmp/linli-fuzz-XXXXXX";
    char id[LN_NODE_ID_MAX];
    struct ln_err err = { 0 };

    if (sodium_init() < 0 || mkdtemp(dir) == NULL)
        abort();
    keep = true;
    DO(ln_node_init(dir, &want, &out, id, &err));
    DO(ln_node_open(&node, dir, &err));
    ln_key_make(&child_key, &c.key);
    ln_key_ident_make(&age);
    ln_key_ident_public(&c.age, &age);
    ln_key_node_id(child, want.region, &c.key);
    (void)snprintf(c.node, sizeof c.node, "%s", child);
    (void)snprintf(c.region, sizeof c.region, "%s", want.region);
    (void)snprintf(c.name, sizeof c.name, "child");
    (void)snprintf(c.grids[0], sizeof c.grids[0], "01");
    DO(ln_queue_write(node->queue, enrol_job, &c, &err));
    ln_buf_free(&out);
    keep = false;
}

static void check_letter(const struct ln_letter *l)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    static const uint64_t max[] = { [LN_LETTER_LOG] = LN_BUNDLE_MAX,
                                    [LN_LETTER_KEYS] = LN_MESSAGE_NOTE_MAX,
                                    [LN_LETTER_ESCROW] = LN_MESSAGE_NOTE_MAX,
                                    [LN_LETTER_FILE] = LN_FILES_MAX };

    if (l->n > LN_LETTER_FILES)
        abort();
    for (size_t i = 0; i < l->n; i++) {
        const struct ln_letter_file *f = &l->files[i];
        if (f->name[0] == '\0' || f->name[0] == '.' || f->name[strspn(f->name, plain)] != '\0' ||
            f->kind > LN_LETTER_FILE || f->size > max[f->kind] || f->first > f->last)
            abort();
    }
}

static void try_index(const char *text, size_t len)
{
    struct ln_buf sig = ln_buf_new(4096);
    struct ln_stick_letter l = { .folder = "" };
    struct ln_err err = { 0 };

    ln_sshsig_sign(&sig, LN_LETTER_SPACE, text, len, &child_key);
    DO(ln_stick_look_index(&l, node, text, len, sig.data, sig.len, &err));
    check_letter(&l.letter);
    ln_stick_letter_free(&l);
    ln_buf_free(&sig);
}

/* ---- tars, through a file that has no name */

static void octal(char *at, int width, uint64_t n)
{
    (void)snprintf(at, (size_t)width, "%0*llo", width - 1, (unsigned long long)n);
}

static void set_checksum(char *h)
{
    unsigned sum = 0;

    memset(h + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    octal(h + 148, 7, sum);
}

static void add_file(struct ln_buf *tar, const char *folder, const char *name, const void *data,
                     size_t len)
{
    char h[BLOCK] = "";
    static const char zeros[BLOCK];

    (void)snprintf(h, 100, "%.40s", name);
    (void)snprintf(h + 345, 155, "%s", folder);
    octal(h + 100, 8, 0600);
    octal(h + 124, 12, len);
    h[156] = '0';
    memcpy(h + 257, "ustar", 6);
    set_checksum(h);
    ln_buf_add(tar, h, sizeof h);
    ln_buf_add(tar, data, len);
    ln_buf_add(tar, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

/* Returns how many letters were found good. */
static unsigned try_tar(const void *data, size_t len)
{
    struct ln_stick *s = NULL;
    struct ln_stick_report report = { 0 };
    struct ln_err err = { 0 };
    char path[64];
    unsigned good = 0;
    int fd = memfd_create("stick", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (ln_stick_open(&s, path, &err)) {
        for (size_t i = 0; i < ln_stick_count(s); i++) {
            struct ln_stick_letter l = { .folder = "" };
            DO(ln_stick_look(&l, s, i, node, true, &err));
            check_letter(&l.letter);
            if (l.judged.verdict == LN_VERDICT_GOOD) {
                good++;
                DO(ln_stick_take(&report, s, &l, node, &err));
            }
            ln_stick_letter_free(&l);
        }
        ln_stick_close(s);
    } else if (err.code == LN_OK)
        abort();
    (void)close(fd);
    return good;
}

static void try_bundle(const void *data, size_t len)
{
    struct ln_buf tar = ln_buf_new(1 << 20);
    struct ln_buf sig = ln_buf_new(4096);
    struct ln_letter_file f = { .kind = LN_LETTER_LOG, .size = len, .first = 1, .last = 1 };
    struct ln_letter l = { .id = "06h2km8gtk001k9bcfp0", .n = 1, .files = &f };
    struct ln_bundle b;
    struct ln_buf file = ln_buf_new(LN_BUNDLE_MAX);
    struct ln_err err = { 0 };
    char folder[LN_LETTER_FOLDER_MAX];

    (void)snprintf(f.log, sizeof f.log, "%s", child);
    (void)snprintf(f.name, sizeof f.name, "%s-1.bundle", child);
    f.sha = ln_encode_sha256(data, len);
    (void)snprintf(l.from, sizeof l.from, "%s", child);
    (void)snprintf(l.to, sizeof l.to, "%s", node->id);
    l.have = l.took = l.want = ln_span_of("[]");
    DO(ln_letter_write(&l, &err));
    ln_sshsig_sign(&sig, LN_LETTER_SPACE, l.text.data, l.text.len, &child_key);
    ln_letter_folder(folder, l.from, l.to);
    add_file(&tar, folder, LN_LETTER_INDEX, l.text.data, l.text.len);
    add_file(&tar, folder, LN_LETTER_SIG, sig.data, sig.len);
    add_file(&tar, folder, f.name, data, len);
    if (try_tar(tar.data, tar.len) != (len > 0))
        abort(); /* it is whole, signed and for us */
    ln_buf_add(&file, data, len);
    if (ln_bundle_read(&b, &file, &err) &&
        (b.log[0] == '\0' || b.pack < file.data || b.pack + b.len != file.data + file.len))
        abort();
    ln_buf_free(&l.text);
    ln_buf_free(&file);
    ln_buf_free(&sig);
    ln_buf_free(&tar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (node == NULL)
        make();
    if (len < 1 || len > 1 << 17)
        return 0;
    if (data[0] == 'i') {
        try_index((const char *)data + 1, len - 1);
    } else if (data[0] == 'b') {
        try_bundle(data + 1, len - 1);
    } else {
        struct ln_buf tar = ln_buf_new(1 << 18);
        ln_buf_add(&tar, data + 1, len - 1);
        for (size_t at = 0; at + BLOCK <= tar.len; at += BLOCK)
            if (memcmp(tar.data + at + 257, "ustar", 5) == 0)
                set_checksum(tar.data + at);
        (void)try_tar(tar.data, tar.len);
        ln_buf_free(&tar);
    }
    return 0;
}
