/* The guard file: see guard.h. */
#include "node/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "crypto/encode.h"
#include "node/disk.h"
#include "node/say.h"

#define SIZE 256
#define WORD 17 /* 16 hex digits */
#define META "life"

struct ln_guard {
    char path[1024];
    char life[WORD], place[WORD];
    int fd;
    bool durable; /* it tells this life and this place, and the disk has it */
};

/* ---- where we are */

/* What cannot be read because the machine has no room for it just now is not what it does not tell.
 */
static bool add_file(crypto_generichash_state *h, const char *path, struct ln_err *err)
{
    char text[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        return ln_fail(err, LN_BROKEN, LN_SAY("无法打开 %s：%s", "cannot open %s: %s"), path,
                       strerror(errno));
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;
    if (n > 0)
        (void)crypto_generichash_update(h, (const uint8_t *)text, (size_t)n);
    if (fd >= 0)
        (void)close(fd);
    (void)crypto_generichash_update(h, (const uint8_t *)"|", 1);
    return true;
}

static void hex16(char out[WORD], const uint8_t raw[8])
{
    (void)sodium_bin2hex(out, WORD, raw, 8);
}

/* The installed system, the board, the card, and the folder: its lock file is made once and stays.
 * What a machine does not tell counts for nothing. */
static bool find_place(char out[WORD], const char *dir, struct ln_err *err)
{
    static const char *const known_by[] = { "/etc/machine-id",
                                            "/sys/firmware/devicetree/base/serial-number",
                                            "/sys/block/mmcblk0/device/cid" };
    crypto_generichash_state h;
    uint8_t raw[16];
    char path[1024];
    struct stat st = { 0 };

    (void)crypto_generichash_init(&h, NULL, 0, sizeof raw);
    for (size_t i = 0; i < sizeof known_by / sizeof known_by[0]; i++)
        if (!add_file(&h, known_by[i], err))
            return false;
    (void)snprintf(path, sizeof path, "%s/lock", dir);
    if (stat(path, &st) == 0) {
        (void)snprintf(path, sizeof path, "%" PRIu64, (uint64_t)st.st_ino);
        (void)crypto_generichash_update(&h, (const uint8_t *)path, strlen(path));
    }
    (void)crypto_generichash_final(&h, raw, sizeof raw);
    hex16(out, raw);
    return true;
}

/* ---- the file */

static bool on_disk(const struct ln_guard *g, struct ln_err *err)
{
    char folder[1024];
    const char *slash = strrchr(g->path, '/');

    (void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - g->path) + 1 : 1,
                   slash != NULL ? g->path : ".");
    return (fsync(g->fd) == 0 ||
            ln_fail(err, LN_BROKEN, LN_SAY("无法写入 %s", "cannot write %s"), g->path)) &&
           ln_disk_sync(folder, err);
}

static bool put(struct ln_guard *g, uint64_t heads, struct ln_err *err)
{
    char text[SIZE + 1];
    int n =
        snprintf(text, sizeof text, "linli-guard 1\nlife %s\nplace %s\nheads %" PRIu64 "\nend\n",
                 g->life, g->place, heads);

    memset(text + n, ' ', (size_t)(SIZE - n));
    text[SIZE - 1] = '\n';
    if (g->fd < 0 || pwrite(g->fd, text, SIZE, 0) != SIZE)
        return ln_fail(err, LN_BROKEN, LN_SAY("无法写入 %s", "cannot write %s"), g->path);
    g->durable = g->durable || on_disk(g, err);
    return g->durable;
}

/* The word behind `name`, which begins a line; *at moves on. */
static bool word(char *out, size_t room, const char **at, const char *name)
{
    size_t n = strlen(name);
    size_t len = strncmp(*at, name, n) == 0 ? strcspn(*at + n, " \n") : room;

    if (len >= room)
        return false;
    memcpy(out, *at + n, len);
    out[len] = '\0';
    *at += n + len;
    *at += **at == '\n';
    return true;
}

static bool get(const struct ln_guard *g, char life[WORD], char place[WORD], uint64_t *heads)
{
    char text[SIZE + 1];
    char number[24];
    char *end = number;
    const char *at = text;
    ssize_t n = pread(g->fd, text, SIZE, 0);

    if (n <= 0)
        return false;
    text[n] = '\0';
    if (!word(number, sizeof number, &at, "linli-guard ") || strcmp(number, "1") != 0 ||
        !word(life, WORD, &at, "life ") || !word(place, WORD, &at, "place ") ||
        !word(number, sizeof number, &at, "heads "))
        return false;
    *heads = strtoull(number, &end, 10);
    return end != number && *end == '\0' && strncmp(at, "end\n", 4) == 0;
}

static bool open_file(struct ln_guard *g, struct ln_err *err)
{
    g->fd = open(g->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return g->fd >= 0 || ln_fail(err, LN_BROKEN, LN_SAY("无法打开 %s", "cannot open %s"), g->path);
}

static bool read_life(char out[WORD], struct ln_store *s, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(WORD - 1);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, META, &text, &found, err);

    out[0] = '\0';
    if (ok && found)
        memcpy(out, text.data, text.len + 1);
    ln_buf_free(&text);
    return ok;
}

static bool write_life(const char *life, struct ln_store *s, struct ln_err *err)
{
    if (!s->ops->begin(s->ctx, "", err))
        return false;
    if (s->ops->meta_put(s->ctx, META, ln_span_of(life), err))
        return s->ops->commit(s->ctx, err);
    s->ops->rollback(s->ctx);
    return false;
}

static void new_life(char out[WORD])
{
    uint8_t raw[8];

    randombytes_buf(raw, sizeof raw);
    hex16(out, raw);
}

struct heads {
    uint64_t sum;
};

static bool take_log(void *ctx, const struct ln_store_log *l, struct ln_err *err)
{
    (void)err;
    ((struct heads *)ctx)->sum += l->mine ? l->head : 0;
    return true;
}

bool ln_guard_open(struct ln_guard **out, const char *dir, const char *path, struct ln_store *store,
                   uint64_t *heads, bool *strange, struct ln_err *err)
{
    struct ln_guard *g = ln_alloc(sizeof *g);
    char life[WORD] = "";
    char place[WORD] = "";
    struct heads held = { 0 };

    *heads = 0;
    *strange = false;
    if (path[0] != '\0')
        (void)snprintf(g->path, sizeof g->path, "%s", path);
    else
        (void)snprintf(g->path, sizeof g->path, "%s/guard", dir);
    if (!open_file(g, err) || !find_place(g->place, dir, err) || !read_life(g->life, store, err) ||
        !store->ops->log_each(store->ctx, take_log, &held, err)) {
        ln_guard_close(g);
        return ln_wrap(err, LN_SAY("防克隆的记号", "guard"));
    }
    if (g->life[0] == '\0') {
        new_life(g->life); /* the database never has a life that its guard has not */
        if (!put(g, held.sum, err) || !write_life(g->life, store, err)) {
            ln_guard_close(g);
            return ln_wrap(err, LN_SAY("防克隆的记号", "guard"));
        }
    } else if (!get(g, life, place, heads))
        *strange = true;
    else
        *strange = strcmp(life, g->life) != 0 || strcmp(place, g->place) != 0;
    g->durable = !*strange;
    *out = g;
    return true;
}

void ln_guard_close(struct ln_guard *g)
{
    if (g == NULL)
        return;
    if (g->fd >= 0)
        (void)close(g->fd);
    ln_free(g);
}

void ln_guard_moved(void *guard, uint64_t heads)
{
    struct ln_guard *g = guard;
    struct ln_err err = { 0 };

    if (!put(g, heads, &err))
        ln_log(LN_LOG_WARN, "guard not written why=%s", err.text);
}
