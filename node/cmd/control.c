/* Commands to a serving node over a UNIX socket that only its user can open: one JSON line there,
 * one back. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "node/cmd/cmd.h"

#define ASK_MAX (1 << 20)

struct ln_control {
    struct ln_node *n;
    int fd, wake[2];
    pthread_t thread;
    char path[600];
};

/* A socket's path has at most 107 characters: long folders are entered through /proc/self/fd. */
static bool address(struct sockaddr_un *a, const char *dir, int *folder, struct ln_err *err)
{
    *folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return ln_fail(err, LN_MISSING, "%s: %s", dir, strerror(errno));
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    (void)snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/control", *folder);
    return true;
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Up to the newline, or the end. */
static bool read_line(int fd, struct ln_buf *out)
{
    char part[4096];

    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return out->len > 0 && !out->over;
        ln_buf_add(out, part, (size_t)n);
        if (out->over || memchr(part, '\n', (size_t)n) != NULL)
            return !out->over;
    }
}

/* ---- the serving side */

static void answer(struct ln_control *c, int fd)
{
    struct ln_buf line = ln_buf_secret(ASK_MAX); /* may hold a password */
    struct ln_buf out = ln_buf_new(LN_CMD_OUT_MAX);
    struct ln_err err = { 0 };
    json_t *args = NULL;
    json_t *reply = json_object();
    bool ok;

    if (read_line(fd, &line))
        args =
            json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
    const char *lang = json_string_value(json_object_get(args, "lang"));
    locale_t theirs = ln_say_in(lang != NULL && strcmp(lang, "zh") == 0);
    ok = args != NULL ? ln_cmd_run(c->n, args, &out, &err)
                      : ln_fail(&err, LN_INVALID, LN_SAY("不是命令", "not a command"));
    ln_say_done(theirs);
    json_object_set_new(reply, "ok", json_boolean(ok));
    json_object_set_new(reply, "code", json_integer(err.code));
    json_object_set_new(reply, "text", json_string(err.text));
    json_object_set_new(reply, "out", json_stringn(out.data, out.len));
    char *text = json_dumps(reply, JSON_COMPACT);
    if (text != NULL && send_all(fd, text, strlen(text)))
        (void)send_all(fd, "\n", 1);
    free(text);
    json_decref(reply);
    json_decref(args);
    ln_buf_free(&out);
    ln_buf_free(&line);
}

static void *listen_on(void *arg)
{
    struct ln_control *c = arg;
    struct pollfd p[] = { { .fd = c->fd, .events = POLLIN },
                          { .fd = c->wake[0], .events = POLLIN } };

    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (p[1].revents != 0)
            return NULL;
        if ((p[0].revents & POLLIN) == 0)
            continue;
        int fd = accept(c->fd, NULL, NULL);
        if (fd < 0)
            continue;
        answer(c, fd);
        (void)close(fd);
    }
}

bool ln_control_start(struct ln_control **out, struct ln_node *n, struct ln_err *err)
{
    struct ln_control *c = ln_alloc(sizeof *c);
    struct sockaddr_un a;
    int folder = -1;
    bool ok = false;

    c->n = n;
    (void)snprintf(c->path, sizeof c->path, "%s/control", n->dir);
    (void)unlink(c->path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t old = umask(0177);
    if (c->fd >= 0 && address(&a, n->dir, &folder, err) &&
        bind(c->fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(c->fd, 16) == 0 &&
        pipe(c->wake) == 0)
        ok = pthread_create(&c->thread, NULL, listen_on, c) == 0;
    (void)umask(old);
    if (folder >= 0)
        (void)close(folder);
    if (!ok) {
        if (c->fd >= 0)
            (void)close(c->fd);
        ln_free(c);
        return ln_fail(err, LN_BROKEN, LN_SAY("控制套接字：%s", "control socket: %s"),
                       strerror(errno));
    }
    *out = c;
    return true;
}

void ln_control_stop(struct ln_control *c)
{
    if (c == NULL)
        return;
    (void)!write(c->wake[1], "x", 1);
    (void)pthread_join(c->thread, NULL);
    (void)unlink(c->path);
    (void)close(c->fd);
    (void)close(c->wake[0]);
    (void)close(c->wake[1]);
    ln_free(c);
}

/* ---- the asking side */

static bool read_reply(const struct ln_buf *line, struct ln_buf *out, struct ln_err *err)
{
    json_t *reply = json_loadb(line->data, line->len, JSON_DISABLE_EOF_CHECK, NULL);
    const char *text = json_string_value(json_object_get(reply, "text"));
    const json_t *body = json_object_get(reply, "out");
    bool ok = json_is_true(json_object_get(reply, "ok"));

    if (json_is_string(body))
        ln_buf_add(out, json_string_value(body), json_string_length(body));
    if (!ok)
        (void)ln_fail(err, (enum ln_code)json_integer_value(json_object_get(reply, "code")), "%s",
                      text != NULL ? text : LN_SAY("节点没有答复", "the node gave no answer"));
    json_decref(reply);
    return ok;
}

bool ln_control_ask(const char *dir, const json_t *args, struct ln_buf *out, bool *served,
                    struct ln_err *err)
{
    struct ln_buf line = ln_buf_new(LN_CMD_OUT_MAX);
    struct sockaddr_un a;
    int folder;
    bool ok = false;
    char *text;

    *served = false;
    if (!address(&a, dir, &folder, err))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        (void)ln_fail(err, LN_MISSING, LN_SAY("没有程序在服务 %s", "nobody serves %s"), dir);
        goto out;
    }
    *served = true;
    text = json_dumps(args, JSON_COMPACT);
    if (text == NULL || !send_all(fd, text, strlen(text)) || !send_all(fd, "\n", 1) ||
        !read_line(fd, &line))
        (void)ln_fail(err, LN_BUSY,
                      LN_SAY("正在运行的节点没有答复", "the serving node did not answer"));
    else
        ok = read_reply(&line, out, err);
    free(text);
out:
    if (fd >= 0)
        (void)close(fd);
    (void)close(folder);
    ln_buf_free(&line);
    return ok;
}
