/* The spool of gammu-smsd: see sms.h. */
#include "node/sms.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/canon.h"
#include "node/module/texting.h"
#include "node/say.h"

#define NAMES_MAX 4000 /* files of a folder that are looked at */

struct folder {
    char **names;
    size_t n;
};

static void folder_free(struct folder *f)
{
    for (size_t i = 0; i < f->n; i++)
        ln_free(f->names[i]);
    ln_free(f->names);
    *f = (struct folder){ NULL, 0 };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void folder_read(struct folder *f, const char *dir, const char *name)
{
    char path[600];
    struct dirent *e;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    DIR *d = opendir(path);
    f->names = ln_alloc_array(NAMES_MAX, sizeof *f->names);
    while (d != NULL && f->n < NAMES_MAX && (e = readdir(d)) != NULL)
        if (e->d_name[0] != '.' && strlen(e->d_name) < 200)
            f->names[f->n++] = ln_strndup(e->d_name, strlen(e->d_name));
    if (d != NULL)
        (void)closedir(d);
    qsort(f->names, f->n, sizeof *f->names, by_name);
}

/* Whether a file of that message lies there. */
static bool holds(const struct folder *f, const char *id)
{
    for (size_t i = 0; i < f->n; i++)
        if (strstr(f->names[i], id) != NULL)
            return true;
    return false;
}

/* ---- UTF-8 and UTF-16 */

static uint32_t next_char(const unsigned char **p)
{
    uint32_t c = *(*p)++;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

    c = more == 3 ? c & 7 : more == 2 ? c & 15 : more == 1 ? c & 31 : c;
    while (more-- > 0 && (**p & 0xc0) == 0x80)
        c = c << 6 | (*(*p)++ & 63u);
    return c;
}

static void add_unit(struct ln_buf *out, uint32_t u)
{
    ln_buf_addc(out, (char)(u & 255));
    ln_buf_addc(out, (char)(u >> 8 & 255));
}

static void to_utf16(struct ln_buf *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    add_unit(out, 0xfeff);
    while (*p != '\0') {
        uint32_t c = next_char(&p);
        if (c >= 0x10000) {
            add_unit(out, 0xd800 + ((c - 0x10000) >> 10));
            add_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else
            add_unit(out, c);
    }
}

static void add_utf8(struct ln_buf *out, uint32_t c)
{
    if (c == 0 || (c < 0x20 && c != '\n') || c == 0xfeff)
        return;
    if (c < 0x80)
        ln_buf_addc(out, (char)c);
    else if (c < 0x800) {
        ln_buf_addc(out, (char)(0xc0 | c >> 6));
        ln_buf_addc(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        ln_buf_addc(out, (char)(0xe0 | c >> 12));
        ln_buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
        ln_buf_addc(out, (char)(0x80 | (c & 63)));
    } else {
        ln_buf_addc(out, (char)(0xf0 | c >> 18));
        ln_buf_addc(out, (char)(0x80 | (c >> 12 & 63)));
        ln_buf_addc(out, (char)(0x80 | (c >> 6 & 63)));
        ln_buf_addc(out, (char)(0x80 | (c & 63)));
    }
}

/* Appends the text of a file as UTF-8: UTF-16 with its mark, else UTF-8 as it is when it is. */
static void from_file(struct ln_buf *out, const unsigned char *p, size_t len)
{
    bool big = len >= 2 && p[0] == 0xfe && p[1] == 0xff;
    bool little = len >= 2 && p[0] == 0xff && p[1] == 0xfe;

    if (!big && !little) {
        struct ln_buf text = ln_buf_new(LN_SMS_FILE + 1);
        ln_buf_add(&text, p, len);
        if (ln_canon_utf8(text.data, text.len))
            for (const unsigned char *at = (const unsigned char *)text.data; *at != '\0';)
                add_utf8(out, next_char(&at));
        ln_buf_free(&text);
        return;
    }
    for (size_t i = 2; i + 1 < len; i += 2) {
        uint32_t c = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];
        if (c == 0) /* behind it gammu-smsd leaves what an earlier message held */
            break;
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < len) {
            uint32_t low =
                big ? (uint32_t)p[i + 2] << 8 | p[i + 3] : (uint32_t)p[i + 3] << 8 | p[i + 2];
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        if (c < 0xd800 || c > 0xdfff)
            add_utf8(out, c);
    }
}

/* ---- out */

/* Written beside and renamed: gammu-smsd never sees half a message. */
static bool spool(const char *dir, const char *name, const struct ln_buf *text, struct ln_err *err)
{
    char beside[700];
    char path[700];

    (void)snprintf(beside, sizeof beside, "%s/outbox/.%s", dir, name);
    (void)snprintf(path, sizeof path, "%s/outbox/%s", dir, name);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
    if (fd < 0)
        return ln_fail(err, LN_BUSY, LN_SAY("短信发件箱：%s", "sms outbox: %s"), strerror(errno));
    bool ok = write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;
    (void)close(fd);
    if (!ok || rename(beside, path) != 0) {
        (void)unlink(beside);
        return ln_fail(err, LN_BUSY, LN_SAY("短信发件箱：%s", "sms outbox: %s"), strerror(errno));
    }
    return true;
}

/* A number as file names may hold it. */
static bool number_of(char out[24], const char *phone)
{
    size_t n = 0;

    for (; *phone != '\0' && n < 20; phone++)
        if ((*phone >= '0' && *phone <= '9') || (*phone == '+' && n == 0))
            out[n++] = *phone;
    out[n] = '\0';
    return n >= 3 && *phone == '\0';
}

static bool send_one(struct ln_special_call *x, struct ln_node *n, const json_t *row,
                     struct ln_err *err)
{
    const char *id = ln_special_word(row, "id");
    struct ln_buf text = ln_buf_new(4 * LN_TEXTING_TEXT);
    struct ln_buf wide = ln_buf_new(8 * LN_TEXTING_TEXT);
    char phone[24];
    char name[128];
    bool ok;

    if (!number_of(phone, ln_special_text(row, "phone")))
        ok = ln_special_step(x, "sms_out", id, "fail",
                             LN_SAY_BOTH("不是电话号码", "not a telephone number"), NULL, err);
    else {
        ln_texting_text(&text, row, n->config.name);
        to_utf16(&wide, text.data);
        (void)snprintf(name, sizeof name, "OUTC%.4s%.2s%.2s_%02d0000_00_%s_%s.txt", x->today,
                       x->today + 5, x->today + 8, (int)(x->now_ms / 3600000 % 24), phone, id);
        ok = ln_buf_done(&wide, "sms", err) && spool(n->config.sms_dir, name, &wide, err);
    }
    ln_buf_free(&text);
    ln_buf_free(&wide);
    return ok;
}

/* What is queued and lies nowhere yet is spooled; what was found in sent or error moves on. */
static bool send_queued(struct ln_special_call *x, struct ln_node *n, struct ln_err *err)
{
    static const struct ln_where queued = { "state", LN_WHERE_IS, "queued" };
    struct folder out = { NULL, 0 };
    struct folder sent = { NULL, 0 };
    struct folder failed = { NULL, 0 };
    json_t *rows = NULL;
    size_t spooled = 0;
    bool ok = ln_special_find(&rows, x, "sms_out", &queued, 1, 0, err);

    if (!ok || json_array_size(rows) == 0)
        goto done;
    folder_read(&out, n->config.sms_dir, "outbox");
    folder_read(&sent, n->config.sms_dir, "sent");
    folder_read(&failed, n->config.sms_dir, "error");
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = ln_special_word(row, "id");
        if (holds(&sent, id))
            ok = ln_special_step(x, "sms_out", id, "send", NULL, NULL, err);
        else if (holds(&failed, id))
            ok = ln_special_step(x, "sms_out", id, "fail",
                                 LN_SAY_BOTH("短信未能发出", "the text message was not sent"), NULL,
                                 err);
        else if (!holds(&out, id) && spooled++ < LN_SMS_AT_ONCE)
            ok = send_one(x, n, row, err);
    }
done:
    folder_free(&out);
    folder_free(&sent);
    folder_free(&failed);
    json_decref(rows);
    return ok;
}

/* ---- in */

/* IN<date>_<time>_<serial>_<phone>_<part>.txt: the phone, and how long the name is without part. */
static bool name_parts(char phone[24], size_t *stem, const char *name)
{
    const char *last = strrchr(name, '_');
    const char *before = last;

    if (strncmp(name, "IN", 2) != 0 || last == NULL || strstr(last, ".txt") == NULL)
        return false;
    while (before > name && before[-1] != '_')
        before--;
    if (before == name || (size_t)(last - before) >= 24)
        return false;
    char raw[24];
    (void)snprintf(raw, sizeof raw, "%.*s", (int)(last - before), before);
    *stem = (size_t)(last - name);
    return number_of(phone, raw);
}

static bool read_file(struct ln_buf *out, const char *dir, const char *name)
{
    unsigned char *bytes = ln_alloc(LN_SMS_FILE);
    char path[700];
    ssize_t n = -1;

    (void)snprintf(path, sizeof path, "%s/inbox/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        n = read(fd, bytes, LN_SMS_FILE);
        (void)close(fd);
    }
    if (n > 0)
        from_file(out, bytes, (size_t)n);
    ln_free(bytes);
    return n >= 0;
}

static void remove_files(const char *dir, const struct folder *f, size_t from, size_t to)
{
    char path[700];

    for (size_t i = from; i < to; i++) {
        (void)snprintf(path, sizeof path, "%s/inbox/%s", dir, f->names[i]);
        (void)unlink(path);
    }
}

static void trim(struct ln_buf *text)
{
    while (text->len > 0 && strchr(" \n\t", text->data[text->len - 1]) != NULL)
        ln_buf_cut(text, text->len - 1);
}

static bool take_message(struct ln_special_call *x, const char *phone, const char *text,
                         const char *file, struct ln_err *err)
{
    bool again;

    if (!ln_replica_begin(x->r, err))
        return false;
    if (ln_texting_received(&again, x, phone, text, file, err) && ln_replica_commit(x->r, err))
        return true;
    ln_replica_rollback(x->r);
    return false;
}

static void take_inbox(struct ln_special_call *x, struct ln_node *n)
{
    struct folder in = { NULL, 0 };
    const char *dir = n->config.sms_dir;
    size_t taken = 0;

    folder_read(&in, dir, "inbox");
    for (size_t i = 0; i < in.n && taken < LN_SMS_AT_ONCE; taken++) {
        struct ln_buf text = ln_buf_secret(4 * LN_SMS_FILE);
        struct ln_err err = { 0 };
        char phone[24];
        size_t stem = 0;
        size_t to = i + 1;
        bool whole = name_parts(phone, &stem, in.names[i]);
        while (whole && to < in.n && strncmp(in.names[to], in.names[i], stem + 1) == 0)
            to++;
        for (size_t k = i; whole && k < to; k++)
            whole = read_file(&text, dir, in.names[k]);
        trim(&text);
        if (!whole || text.len == 0 || !ln_buf_done(&text, "sms", &err))
            ln_log(LN_LOG_WARN, "sms unreadable file=%s", in.names[i]);
        else if (take_message(x, phone, text.data + strspn(text.data, " \n\t"), in.names[i], &err))
            remove_files(dir, &in, i, to);
        else
            ln_log_err(LN_LOG_WARN, &err, "sms not taken");
        ln_buf_free(&text);
        i = to;
    }
    folder_free(&in);
}

void ln_sms_tick(struct ln_node *n, struct ln_replica *r)
{
    static const struct ln_user node = { .system = true };
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_err err = { 0 };
    char today[11];
    struct ln_special_call x = { .e = &n->engine,
                                 .r = r,
                                 .u = &node,
                                 .channel = "sms",
                                 .today = today,
                                 .now_ms = n->env.now_ms(n->env.ctx) };

    if (n->config.sms_dir[0] == '\0' || self == NULL || self->role == LN_ROLE_LAPTOP)
        return;
    ln_engine_today(today, x.now_ms);
    take_inbox(&x, n);
    if (!ln_replica_begin(r, &err))
        return;
    if (send_queued(&x, n, &err) && ln_replica_commit(r, &err))
        return;
    ln_replica_rollback(r);
    ln_log_err(LN_LOG_WARN, &err, "sms not sent");
}
