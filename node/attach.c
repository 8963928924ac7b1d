/* Attachments: see attach.h. */
#include "node/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/age.h"
#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/disk.h"
#include "node/say.h"
#include "node/store/attachment.h"

#define PATH_ROOM 640
#define ROUND 64             /* of one sync */
#define AGAIN_MS 3600000     /* until the parent is asked for a missing one again */
#define STALE_MS 86400000    /* an upload that nobody used */
#define VALUE_MAX 4096       /* bytes of a value as text */
#define MIB INT64_C(1048576) /* the configuration counts in these */

/* ---- places: files/<first two hex>/<the rest>, and files/part/<hex> while bytes are missing */

static void hex_of(char out[65], const struct ln_sha256 *sha)
{
    sodium_bin2hex(out, 65, sha->b, sizeof sha->b);
}

static void place_of(char out[PATH_ROOM], const struct ln_node *n, const struct ln_sha256 *sha,
                     bool whole)
{
    char hex[65];

    hex_of(hex, sha);
    if (whole)
        (void)snprintf(out, PATH_ROOM, "%s/files/%.2s/%s", n->dir, hex, hex + 2);
    else
        (void)snprintf(out, PATH_ROOM, "%s/files/part/%s", n->dir, hex);
}

static bool make_folder(const char *path, struct ln_err *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ||
           ln_fail(err, LN_BROKEN, LN_SAY("无法建立 %s：%s", "cannot make %s: %s"), path,
                   strerror(errno));
}

static bool make_folders(const struct ln_node *n, const struct ln_sha256 *sha, struct ln_err *err)
{
    char path[PATH_ROOM];
    char hex[65];

    hex_of(hex, sha);
    (void)snprintf(path, sizeof path, "%s/files", n->dir);
    if (!make_folder(path, err))
        return false;
    (void)snprintf(path, sizeof path, "%s/files/part", n->dir);
    if (!make_folder(path, err))
        return false;
    (void)snprintf(path, sizeof path, "%s/files/%.2s", n->dir, hex);
    return make_folder(path, err);
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static bool fail_file(struct ln_err *err, const char *what, const char *path)
{
    return ln_fail(err, errno == ENOSPC || errno == EDQUOT ? LN_FULL : LN_BROKEN, "%s %s: %s", what,
                   path, strerror(errno));
}

/* Adds bytes at `at`, and has them on the disk. */
static bool add_bytes(const char *path, uint64_t at, const void *data, size_t len,
                      struct ln_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ftruncate(fd, (off_t)at) == 0;

    for (size_t done = 0; ok && done < len;) {
        ssize_t n = pwrite(fd, (const char *)data + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0;
        if (ok)
            done += (size_t)n;
    }
    ok = ok && fsync(fd) == 0;
    if (!ok)
        (void)fail_file(err, LN_SAY("无法写入", "cannot write"), path);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool sync_folder_of(const char *path, struct ln_err *err)
{
    char folder[PATH_ROOM];

    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return ln_disk_sync(folder, err);
}

static bool read_bytes(const char *path, uint64_t at, void *out, size_t cap, size_t *got,
                       struct ln_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *got = 0;
    if (fd < 0)
        return ln_fail(err, LN_MISSING, LN_SAY("这里没有这个附件", "the attachment is not here"));
    while (*got < cap) {
        ssize_t n = pread(fd, (char *)out + *got, cap - *got, (off_t)(at + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            (void)close(fd);
            return fail_file(err, LN_SAY("无法读取", "cannot read"), path);
        }
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    (void)close(fd);
    return true;
}

static bool digest_of(struct ln_sha256 *out, const char *path, struct ln_err *err)
{
    crypto_hash_sha256_state state;
    unsigned char *part = ln_alloc(LN_AGE_CHUNK);
    uint64_t at = 0;
    size_t got = 1;
    bool ok = true;

    (void)crypto_hash_sha256_init(&state);
    while (ok && got > 0) {
        ok = read_bytes(path, at, part, LN_AGE_CHUNK, &got, err);
        (void)crypto_hash_sha256_update(&state, part, got);
        at += got;
    }
    (void)crypto_hash_sha256_final(&state, out->b);
    ln_free(part);
    return ok;
}

/* ---- jobs of the writer */

struct putting {
    struct ln_node *n;
    struct ln_attachment a;
    enum ln_attachment_up up;
    const struct ln_id *account; /* of an upload, else NULL */
    const char *value;
};

static int64_t now_of(const struct ln_node *n)
{
    return n->env.now_ms(n->env.ctx);
}

static bool put_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct putting *p = arg;
    struct ln_db *db = ln_sqlstore_db(p->n->writer);
    int64_t now = now_of(p->n);

    (void)r;
    return ln_attachment_put(db, &p->a, p->up, now, err) &&
           (p->account == NULL || ln_upload_put(db, &p->a.sha, p->account, p->value, now, err));
}

static bool sent_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct putting *p = arg;

    (void)r;
    return ln_attachment_sent(ln_sqlstore_db(p->n->writer), &p->a.sha, err);
}

static bool tried_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct putting *p = arg;

    (void)r;
    return ln_attachment_tried(ln_sqlstore_db(p->n->writer), &p->a.sha, now_of(p->n), err);
}

static bool lost_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct putting *p = arg;

    (void)r;
    return ln_attachment_lost(ln_sqlstore_db(p->n->writer), &p->a.sha, err);
}

static bool forget_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct putting *p = arg;

    (void)r;
    return ln_attachment_forget(ln_sqlstore_db(p->n->writer), &p->a.sha, err);
}

static bool find(struct ln_attachment *out, struct ln_node *n, const struct ln_sha256 *sha,
                 struct ln_err *err)
{
    struct ln_node_reader *r;

    if (!ln_node_read(n, &r, err))
        return false;
    bool ok = ln_attachment_find(out, ln_sqlstore_db(r->store), sha, err);
    ln_node_read_done(n, r);
    return ok;
}

/* ---- what the exchange sees */

static bool files_read(void *ctx, const struct ln_sha256 *name, uint64_t at, void *out, size_t cap,
                       size_t *got, struct ln_err *err)
{
    char path[PATH_ROOM];

    place_of(path, ctx, name, true);
    return read_bytes(path, at, out, cap, got, err);
}

/* Room for what a node brings: its own quota, and that of the whole box. */
static bool has_room(struct ln_node *n, const char *sender, uint64_t size, struct ln_err *err)
{
    struct ln_node_reader *r;
    uint64_t by_sender = 0;
    uint64_t all = 0;

    if (!ln_node_read(n, &r, err))
        return false;
    struct ln_db *db = ln_sqlstore_db(r->store);
    bool ok = (sender[0] == '\0' || ln_attachment_bytes(&by_sender, db, sender, err)) &&
              ln_attachment_bytes(&all, db, NULL, err);
    ln_node_read_done(n, r);
    if (!ok)
        return false;
    if (sender[0] != '\0' && by_sender + size > (uint64_t)(n->config.files_child_mb * MIB))
        return ln_fail(err, LN_FULL,
                       LN_SAY("%s 的附件空间 %" PRId64 " MiB 已用完",
                              "%s has used its %" PRId64 " MiB for attachments"),
                       sender, n->config.files_child_mb);
    if (all + size > (uint64_t)(n->config.files_mb * MIB))
        return ln_fail(err, LN_FULL,
                       LN_SAY("附件空间 %" PRId64 " MiB 已用完（files_mb）",
                              "the %" PRId64 " MiB for attachments are used up (files_mb)"),
                       n->config.files_mb);
    return true;
}

/* All bytes are there: they become the attachment if they hash to its name, or are thrown away. */
static bool complete(struct putting *p, const char *part, struct ln_err *err)
{
    char path[PATH_ROOM];
    struct ln_sha256 sha;

    if (!digest_of(&sha, part, err))
        return false;
    if (memcmp(sha.b, p->a.sha.b, sizeof sha.b) != 0) {
        (void)unlink(part);
        if (p->a.sender[0] != '\0')
            (void)!ln_queue_write(p->n->queue, forget_job, p, err);
        *err = (struct ln_err){ 0 };
        return ln_fail(err, LN_INVALID,
                       LN_SAY("内容与附件的名称不符", "the bytes are not those of that name"));
    }
    place_of(path, p->n, &p->a.sha, true);
    if (rename(part, path) != 0)
        return fail_file(err, LN_SAY("无法保存", "cannot keep"), path);
    p->a.whole = true;
    return sync_folder_of(path, err) && ln_queue_write(p->n->queue, put_job, p, err);
}

/* All bytes may have come just before a crash, and only their last step is missing. */
static bool files_have(void *ctx, const struct ln_sha256 *name, uint64_t *held, bool *whole,
                       struct ln_err *err)
{
    struct ln_node *n = ctx;
    struct putting p = { .n = n, .up = LN_ATTACHMENT_STAYS };
    struct ln_err why = { 0 };
    char path[PATH_ROOM];

    if (!find(&p.a, n, name, err))
        return false;
    bool done = p.a.found && p.a.whole;
    place_of(path, n, name, done);
    if (p.a.found && !done && size_of(path) >= p.a.size && p.a.size > 0) {
        done = complete(&p, path, &why);
        if (!done && why.code != LN_INVALID) {
            *err = why;
            return false;
        }
        place_of(path, n, name, done);
    }
    *whole = done && size_of(path) == p.a.size;
    *held = *whole ? p.a.size : done ? 0 : size_of(path);
    return true;
}

static bool files_write(void *ctx, const struct ln_sha256 *name, const char *from, uint64_t at,
                        uint64_t total, const void *data, size_t len, struct ln_err *err)
{
    struct ln_node *n = ctx;
    struct putting p = { .n = n, .up = LN_ATTACHMENT_STAYS };
    char part[PATH_ROOM];

    if (!find(&p.a, n, name, err))
        return false;
    if (p.a.found && p.a.whole) {
        place_of(part, n, name, true);
        if (size_of(part) == p.a.size)
            return true;
        if (!ln_queue_write(n->queue, lost_job, &p, err)) /* its row outlived it */
            return false;
    }
    if (!p.a.found) {
        /* Nobody here named it: a child brings it, for us to keep. */
        p.a.size = total;
        (void)snprintf(p.a.sender, sizeof p.a.sender, "%s", from);
        if (!has_room(n, from, total, err) || !ln_queue_write(n->queue, put_job, &p, err))
            return false;
    } else if (at == 0 && !has_room(n, p.a.sender, 0, err)) {
        return false;
    }
    place_of(part, n, name, false);
    if (total != p.a.size || at != size_of(part) || len > total - at)
        return ln_fail(err, LN_CONFLICT,
                       LN_SAY("已有 %" PRIu64 " 字节，共 %" PRIu64,
                              "%" PRIu64 " of %" PRIu64 " bytes are here"),
                       size_of(part), p.a.size);
    return make_folders(n, name, err) && add_bytes(part, at, data, len, err) &&
           (at + len < total || complete(&p, part, err));
}

static bool files_each(void *ctx, bool wanted, uint64_t max,
                       bool (*fn)(void *fctx, const struct ln_sha256 *name, uint64_t size,
                                  struct ln_err *err),
                       void *fctx, struct ln_err *err)
{
    struct ln_node *n = ctx;
    struct ln_attachment list[ROUND];
    struct ln_node_reader *r;
    size_t count;

    /* What this sync brought may name some. */
    if ((wanted && !ln_node_look(n, err)) || !ln_node_read(n, &r, err))
        return false;
    bool ok = ln_attachment_next(list, ROUND, &count, ln_sqlstore_db(r->store), wanted, max,
                                 now_of(n) - AGAIN_MS, err);
    ln_node_read_done(n, r);
    for (size_t i = 0; ok && i < count; i++) {
        struct putting p = { .n = n, .a = list[i] };
        uint64_t held;
        bool whole = false;
        ok = fn(fctx, &list[i].sha, list[i].size, err);
        if (!ok && err->code != LN_FULL && err->code != LN_INVALID && err->code != LN_CONFLICT)
            return false;
        if (!ok)
            ln_log_err(LN_LOG_WARN, err, "attachment left for later");
        if (ok && (!wanted || (files_have(n, &list[i].sha, &held, &whole, err) && whole)))
            continue;
        *err = (struct ln_err){ 0 };
        ok = ln_queue_write(n->queue, tried_job, &p, err);
    }
    return ok;
}

static bool files_sent(void *ctx, const struct ln_sha256 *name, struct ln_err *err)
{
    struct ln_node *n = ctx;
    struct putting p = { .n = n, .a = { .sha = *name } };

    return ln_queue_write(n->queue, sent_job, &p, err);
}

void ln_attach_files(struct ln_files *out, struct ln_node *n)
{
    *out = (struct ln_files){ n, files_have, files_read, files_write, files_each, files_sent };
}

/* ---- uploads */

const char *ln_attach_type(const char *name, const void *data, size_t len)
{
    static const struct {
        const char *magic;
        size_t n, at;
        const char *type;
    } KINDS[] = { { "\xff\xd8\xff", 3, 0, "image/jpeg" },
                  { "\x89PNG\r\n\x1a\n", 8, 0, "image/png" },
                  { "WEBP", 4, 8, "image/webp" },
                  { "%PDF-", 5, 0, "application/pdf" } };
    static const char *const OFFICE[][2] = {
        { ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        { ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
        { ".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (len >= KINDS[i].at + KINDS[i].n &&
            memcmp((const char *)data + KINDS[i].at, KINDS[i].magic, KINDS[i].n) == 0)
            return KINDS[i].type;
    for (size_t i = 0; i < sizeof OFFICE / sizeof OFFICE[0]; i++)
        if (dot != NULL && strcasecmp(dot, OFFICE[i][0]) == 0 && len > 4 &&
            memcmp(data, "PK\x03\x04", 4) == 0)
            return OFFICE[i][1];
    return "application/octet-stream";
}

/* Of a small copy: no name. */
static json_t *value_of(const struct ln_attachment *a, const char *name, const char *type,
                        size_t size)
{
    char hex[65];

    hex_of(hex, &a->sha);
    return json_pack("{s:s*,s:s,s:I,s:I,s:s}", "name", name, "sha", hex, "size", (json_int_t)size,
                     "stored", (json_int_t)a->size, "type", type);
}

/* The age file on the disk, before any row speaks of it. */
static bool keep(struct ln_node *n, struct ln_attachment *a, const struct ln_buf *sealed,
                 struct ln_err *err)
{
    char part[PATH_ROOM];
    char path[PATH_ROOM];

    a->sha = ln_encode_sha256(sealed->data, sealed->len);
    a->size = sealed->len;
    a->whole = true;
    place_of(part, n, &a->sha, false);
    place_of(path, n, &a->sha, true);
    if (!make_folders(n, &a->sha, err) || !add_bytes(part, 0, sealed->data, sealed->len, err))
        return false;
    if (rename(part, path) != 0)
        return fail_file(err, LN_SAY("无法保存", "cannot keep"), path);
    return sync_folder_of(path, err);
}

/* Room, sealed, on the disk. */
static bool seal(struct ln_node *n, struct ln_attachment *a, const struct ln_ident *ident,
                 const void *data, size_t len, struct ln_err *err)
{
    struct ln_buf sealed = ln_buf_new(LN_ATTACH_UPLOAD_MAX + LN_AGE_CHUNK);
    struct ln_recipient to;

    ln_key_ident_public(&to, ident);
    bool ok = has_room(n, "", len, err) && ln_age_seal(&sealed, &to, 1, data, len, err) &&
              keep(n, a, &sealed, err);
    ln_buf_free(&sealed);
    return ok;
}

bool ln_attach_upload(json_t **value, struct ln_node *n, const struct ln_id *account,
                      const char *name, const void *data, size_t len, struct ln_err *err)
{
    struct putting p = { .n = n, .up = LN_ATTACHMENT_TO_SEND, .account = account };
    struct ln_buf text = ln_buf_secret(VALUE_MAX);
    struct ln_buf key = ln_buf_secret(LN_KEY_FILE_MAX);
    struct ln_ident ident = { 0 };
    bool ok = false;

    *value = NULL;
    if (len == 0) {
        (void)ln_fail(err, LN_INVALID, LN_SAY("文件是空的", "the file is empty"));
        goto out;
    }
    ln_key_ident_make(&ident);
    if (!seal(n, &p.a, &ident, data, len, err))
        goto out;
    *value = value_of(&p.a, name, ln_attach_type(name, data, len), len);
    json_t *with_key = json_copy(*value);
    ln_key_ident_write(&key, &ident);
    json_object_set_new(with_key, "key", json_stringn(key.data, strcspn(key.data, "\n")));
    ln_engine_canon(&text, with_key);
    json_decref(with_key);
    p.value = text.data;
    ok = ln_buf_done(&text, "attachment", err) && ln_queue_write(n->queue, put_job, &p, err);
out:
    if (!ok) {
        json_decref(*value);
        *value = NULL;
    }
    sodium_memzero(&ident, sizeof ident);
    ln_buf_free(&key);
    ln_buf_free(&text);
    return ok;
}

static bool sha_of(struct ln_sha256 *out, const json_t *value)
{
    const char *hex = json_string_value(json_object_get(value, "sha"));

    return hex != NULL && ln_encode_unhex(out->b, sizeof out->b, ln_span_of(hex));
}

const json_t *ln_attach_blob(const json_t *value, const char *sha)
{
    const json_t *each[] = { value, json_object_get(value, "small") };

    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const char *hex = json_string_value(json_object_get(each[i], "sha"));
        if (hex != NULL && strcmp(hex, sha) == 0)
            return each[i];
    }
    return NULL;
}

static bool open_ident(struct ln_ident *out, const json_t *value, struct ln_err *err)
{
    const char *key = json_string_value(json_object_get(value, "key"));

    return key != NULL ? ln_key_ident_read(out, key, strlen(key), err)
                       : ln_fail(err, LN_MISSING, LN_SAY("没有这个附件", "no such attachment"));
}

bool ln_attach_open(struct ln_buf *out, struct ln_node *n, const json_t *value, const char *hex,
                    struct ln_err *err)
{
    struct ln_buf sealed = ln_buf_new(LN_FILES_MAX);
    struct ln_attachment a;
    struct ln_ident ident = { 0 };
    struct ln_sha256 sha;
    char path[PATH_ROOM];
    size_t got = 0;
    bool ok = false;

    if (!sha_of(&sha, ln_attach_blob(value, hex))) {
        (void)ln_fail(err, LN_MISSING, LN_SAY("没有这个附件", "no such attachment"));
        goto out;
    }
    if (!open_ident(&ident, value, err) || !find(&a, n, &sha, err))
        goto out;
    if (!a.found || !a.whole) {
        (void)ln_fail(err, LN_MISSING,
                      LN_SAY("附件还没有传到这里", "the attachment has not arrived here yet"));
        goto out;
    }
    place_of(path, n, &sha, true);
    void *to = ln_buf_grow(&sealed, a.size);
    ok = read_bytes(path, 0, to, a.size, &got, err) &&
         ln_age_open(out, sealed.data, got, &ident, err);
out:
    sodium_memzero(&ident, sizeof ident);
    ln_buf_free(&sealed);
    return ok;
}

/* ---- small copies of uploads */

static bool wrong_small(json_t *problems, const char *zh, const char *en, struct ln_err *err)
{
    json_array_append_new(problems,
                          json_pack("{s:s,s:s,s:s}", "field", "small_of", "zh", zh, "en", en));
    return ln_fail(err, LN_INVALID, "small_of: %s", en);
}

/* The upload as it stands: NULL `problems` say why not. The caller's to free. */
static json_t *upload_of(struct ln_db *db, const struct ln_sha256 *sha, const struct ln_id *account,
                         json_t *problems, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(VALUE_MAX);
    json_t *value = NULL;

    if (ln_upload_find(&text, db, sha, account, err))
        value = json_loadb(text.data, text.len, 0, NULL);
    if (value == NULL && err->code == LN_OK)
        (void)wrong_small(problems, "没有这个待用的文件，请先上传原图",
                          "names no file of yours that waits to be used: bring that first", err);
    else if (json_object_get(value, "small") != NULL) {
        (void)wrong_small(problems, "这个文件已经有小图", "has a small copy already", err);
        json_decref(value);
        value = NULL;
    }
    ln_buf_free(&text);
    return value;
}

struct smalling {
    struct putting p;
    struct ln_sha256 of;
    json_t *small, *problems;
    json_t *value; /* the whole, with the small copy */
};

/* A record may have taken the upload meanwhile. */
static bool small_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct smalling *s = arg;
    struct ln_db *db = ln_sqlstore_db(s->p.n->writer);
    struct ln_buf text = ln_buf_secret(VALUE_MAX);
    bool ok = false;

    (void)r;
    s->value = upload_of(db, &s->of, s->p.account, s->problems, err);
    if (s->value != NULL) {
        json_object_set(s->value, "small", s->small);
        ln_engine_canon(&text, s->value);
        ok = ln_buf_done(&text, "attachment", err) &&
             ln_attachment_put(db, &s->p.a, s->p.up, now_of(s->p.n), err) &&
             ln_upload_set(db, &s->of, text.data, err);
        json_object_del(s->value, "key");
    }
    ln_buf_free(&text);
    return ok;
}

bool ln_attach_small(json_t **value, struct ln_node *n, const struct ln_id *account,
                     const char *sha, const void *data, size_t len, json_t *problems,
                     struct ln_err *err)
{
    struct smalling s = { .p = { .n = n, .up = LN_ATTACHMENT_TO_SEND, .account = account },
                          .problems = problems };
    const char *type = ln_attach_type("", data, len);
    struct ln_node_reader *r;
    struct ln_ident ident = { 0 };
    json_t *whole = NULL;
    bool ok = false;

    *value = NULL;
    if (len > LN_ATTACH_SMALL_MAX)
        return wrong_small(problems, "小图最多 24 KB", "takes at most 24 KiB", err);
    if (strncmp(type, "image/", 6) != 0)
        return wrong_small(problems, "小图应为 JPEG、PNG 或 WebP 图片",
                           "takes a picture: JPEG, PNG or WebP", err);
    if (!ln_encode_unhex(s.of.b, sizeof s.of.b, ln_span_of(sha)))
        return wrong_small(problems, "文件编号不对", "is the `sha` of a file", err);
    if (!ln_node_read(n, &r, err))
        return false;
    whole = upload_of(ln_sqlstore_db(r->store), &s.of, account, problems, err);
    ln_node_read_done(n, r);
    if (whole == NULL || !open_ident(&ident, whole, err) ||
        !seal(n, &s.p.a, &ident, data, len, err))
        goto out;
    s.small = value_of(&s.p.a, NULL, type, len);
    ok = ln_queue_write(n->queue, small_job, &s, err);
out:
    if (ok)
        *value = json_incref(s.value);
    json_decref(s.value);
    json_decref(s.small);
    json_decref(whole);
    sodium_memzero(&ident, sizeof ident);
    return ok;
}

/* ---- from records */

/* The audience reaches somebody above this node; a parcel goes by its parent. */
static bool goes_up(const struct ln_node *n, const char *audience)
{
    const struct ln_cert *self = ln_replica_self(n->replica);
    const char *who = strchr(audience, '/');

    if (who != NULL && who[1] == '@')
        return self != NULL && self->parent[0] != '\0' && strcmp(who + 2, self->parent) == 0;
    return strcmp(audience, "public") == 0 || (who != NULL && strlen(who + 1) == LN_REGION_LEN &&
                                               strcmp(who + 1, n->config.region) != 0 &&
                                               ln_cert_region_holds(who + 1, n->config.region));
}

static bool named_blob(struct ln_node *n, bool up, const json_t *value, json_int_t max,
                       struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(n->writer);
    json_int_t stored = json_integer_value(json_object_get(value, "stored"));
    struct ln_attachment a;
    struct ln_sha256 sha;

    if (!sha_of(&sha, value) || stored <= 0 || stored > max)
        return true; /* another version's, or no attachment of ours */
    if (!ln_attachment_find(&a, db, &sha, err))
        return false;
    a.size = a.found ? a.size : (uint64_t)stored;
    return ln_attachment_put(db, &a, up ? LN_ATTACHMENT_TO_SEND : LN_ATTACHMENT_STAYS, now_of(n),
                             err);
}

static bool named_one(struct ln_node *n, bool up, const json_t *value, struct ln_err *err)
{
    return named_blob(n, up, json_object_get(value, "small"), LN_FILES_THUMB, err) &&
           named_blob(n, up, value, LN_FILES_MAX, err);
}

bool ln_attach_named(struct ln_node *n, const char *audience, const json_t *value,
                     struct ln_err *err)
{
    bool up = n->config.parent[0] != '\0' && goes_up(n, audience);

    if (json_is_object(value))
        return named_one(n, up, value, err);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!named_one(n, up, json_array_get(value, i), err))
            return false;
    return true;
}

/* A file that nobody needs, and the small copy that its value names. */
static bool sweep_one(struct ln_node *n, const struct ln_sha256 *sha, const struct ln_buf *text,
                      struct ln_err *err)
{
    json_t *value = json_loadb(text->data, text->len, 0, NULL);
    struct ln_sha256 small;
    char path[PATH_ROOM];
    bool ok = true;

    place_of(path, n, sha, true);
    (void)unlink(path);
    if (sha_of(&small, json_object_get(value, "small"))) {
        ok = ln_attachment_forget(ln_sqlstore_db(n->writer), &small, err);
        place_of(path, n, &small, true);
        if (ok)
            (void)unlink(path);
    }
    json_decref(value);
    return ok;
}

bool ln_attach_sweep(struct ln_node *n, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(VALUE_MAX);
    struct ln_sha256 sha;
    bool found = true;
    bool ok = true;

    for (int i = 0; ok && found && i < ROUND; i++) {
        ln_buf_clear(&text);
        ok = ln_upload_stale(&sha, &text, &found, ln_sqlstore_db(n->writer), now_of(n) - STALE_MS,
                             err) &&
             (!found || sweep_one(n, &sha, &text, err));
    }
    ln_buf_free(&text);
    return ok;
}

/* ---- care */

bool ln_attach_check(struct ln_node *n, struct ln_sha256 *at, bool *there, bool *good,
                     uint64_t *bytes, struct ln_err *err)
{
    struct ln_attachment a;
    struct ln_node_reader *r;
    struct ln_sha256 got = { { 0 } };
    struct ln_err why = { 0 };
    char path[PATH_ROOM];

    if (!ln_node_read(n, &r, err))
        return false;
    bool ok = ln_attachment_behind(&a, ln_sqlstore_db(r->store), at, err);
    ln_node_read_done(n, r);
    *there = ok && a.found;
    if (!*there)
        return ok;
    *at = a.sha;
    *bytes = a.size;
    place_of(path, n, &a.sha, true);
    *good = size_of(path) == a.size && digest_of(&got, path, &why) &&
            memcmp(got.b, a.sha.b, sizeof got.b) == 0;
    return true;
}

bool ln_attach_lost(struct ln_node *n, const struct ln_sha256 *sha, struct ln_err *err)
{
    struct putting p = { .n = n, .a = { .sha = *sha } };
    char path[PATH_ROOM];

    place_of(path, n, sha, true);
    (void)unlink(path);
    return ln_queue_write(n->queue, lost_job, &p, err);
}
