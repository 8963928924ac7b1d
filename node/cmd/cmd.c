/* The command line: parsing, help, and where a command runs. */
#include "node/cmd/cmd.h"

#include <limits.h>
#include <locale.h>
#include <qrencode.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "node/cmd/command.h"
#include "node/disk.h"
#include "node/region/region.h"
#include "node/store/db.h"
#include "node/store/upgrade.h"
#include "sync/exchange.h"

#define STDIN_MAX 4096

static int usage(const struct ln_command *c, FILE *to)
{
    if (c != NULL)
        ln_command_help(to, c, ln_say_zh());
    else
        ln_command_list(to, ln_say_zh());
    return to == stdout ? 0 : 2;
}

/* ---- parsing */

static void key_of(char out[32], const char *option)
{
    (void)snprintf(out, 32, "%s", option + 2);
    for (char *p = out; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
}

static bool utf8(const char *text)
{
    json_t *s = json_string(text);
    bool ok = s != NULL;

    json_decref(s);
    return ok;
}

static bool lacks(const struct ln_command *c, const char *what)
{
    (void)fprintf(stderr, LN_SAY("linli %s：缺少 %s\n", "linli %s: %s is needed\n"), c->name, what);
    return true;
}

/* Whether something that the command needs is not there; says what. */
static bool wanting(const struct ln_command *c, const json_t *args)
{
    char key[32];

    for (size_t i = 0; i < LN_COMMAND_OPTIONS && c->options[i].name != NULL; i++) {
        key_of(key, c->options[i].name);
        if (c->options[i].needed && json_object_get(args, key) == NULL)
            return lacks(c, c->options[i].name);
    }
    for (size_t i = 0; i < LN_COMMAND_WORDS && c->words[i].name != NULL; i++)
        if (c->words[i].needed && json_object_get(args, c->words[i].name) == NULL)
            return lacks(c, c->words[i].shown);
    return false;
}

static json_t *parse(const struct ln_command *c, int argc, char **argv)
{
    json_t *args = json_pack("{s:s,s:s}", "command", c->name, "lang", LN_SAY("zh", "en"));
    size_t words = 0;
    char key[32];
    bool ok = true;

    for (int i = 2; ok && i < argc; i++) {
        const struct ln_command_option *o = ln_command_option(c, argv[i]);
        if (o == NULL && strncmp(argv[i], "--", 2) != 0 && words < LN_COMMAND_WORDS &&
            c->words[words].name != NULL && utf8(argv[i])) {
            json_object_set_new(args, c->words[words++].name, json_string(argv[i]));
            continue;
        }
        ok = o != NULL && (o->value == NULL || (i + 1 < argc && utf8(argv[i + 1])));
        if (!ok) {
            (void)fprintf(stderr,
                          LN_SAY("linli %s：看不懂 %s\n", "linli %s: cannot make sense of %s\n"),
                          c->name, argv[i]);
            break;
        }
        key_of(key, o->name);
        json_object_set_new(args, key, o->value == NULL ? json_true() : json_string(argv[++i]));
    }
    if (!ok || wanting(c, args)) {
        json_decref(args);
        return NULL;
    }
    return args;
}

/* ---- what was parsed */

const char *ln_cmd_arg(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
}

bool ln_cmd_on(const json_t *args, const char *name)
{
    return json_is_true(json_object_get(args, name));
}

/* ---- init */

static void print_qr(const char *text)
{
    QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (q == NULL)
        return;
    for (int y = -2; y < q->width + 2; y += 2) { /* two rows a line of text, with a quiet zone */
        for (int x = -2; x < q->width + 2; x++) {
            bool in = x >= 0 && x < q->width;
            bool up = in && y >= 0 && y < q->width && (q->data[y * q->width + x] & 1) != 0;
            bool low =
                in && y + 1 >= 0 && y + 1 < q->width && (q->data[(y + 1) * q->width + x] & 1) != 0;
            (void)fputs(up && low ? " " : up ? "▄" : low ? "▀" : "█", stdout);
        }
        (void)fputc('\n', stdout);
    }
    QRcode_free(q);
}

/* Typed wrong, a region stays wrong: a node keeps it for life. One that is newer than our list is
 * right all the same. */
static void print_region(const char *code)
{
    struct ln_buf path = ln_buf_new(1024);

    if (ln_region_path(&path, code))
        (void)printf("%s %s %s\n", LN_SAY("区划", "region"), code, path.data);
    else
        (void)fprintf(
            stderr,
            LN_SAY("注意：区划代码 %s 不在统计用区划代码表中，请核对；节点的区划不能更改，"
                   "有误请删除目录重新 init\n",
                   "careful: region %s is not in the list of statistical codes. A node "
                   "keeps its region: if it is wrong, remove the folder and init "
                   "again\n"),
            code);
    ln_buf_free(&path);
}

static bool init(const json_t *args, struct ln_err *err)
{
    struct ln_node_new want = { .region = ln_cmd_arg(args, "region"),
                                .name = ln_cmd_arg(args, "name"),
                                .root = ln_cmd_on(args, "root") };
    struct ln_buf recovery = ln_buf_secret(256);
    char id[LN_NODE_ID_MAX];
    bool ok;

    if (!ln_cert_role_read(&want.role, ln_span_of(ln_cmd_arg(args, "role"))))
        return ln_fail(err, LN_INVALID, LN_SAY("没有这种角色：%s", "no role \"%s\""),
                       ln_cmd_arg(args, "role"));
    ok = ln_node_init(ln_cmd_arg(args, "dir"), &want, &recovery, id, err);
    if (ok) {
        (void)printf("%s %s\n", LN_SAY("节点", "node"), id);
        print_region(want.region);
        (void)printf("\n%s\n\n%s\n\n",
                     LN_SAY("恢复密钥（只显示这一次，请抄写或打印后妥善保管；没有它，"
                            "坏掉的节点无法恢复受保护的内容）：",
                            "Recovery key (shown only now: write it down or print it and keep it "
                            "safe; without it the protected\n"
                            "contents of a broken node cannot be recovered):"),
                     recovery.data);
        print_qr(recovery.data);
    }
    ln_buf_free(&recovery);
    return ok;
}

/* ---- running */

static void read_password(json_t *args)
{
    char line[STDIN_MAX];

    if (fgets(line, sizeof line, stdin) == NULL)
        return;
    line[strcspn(line, "\r\n")] = '\0';
    if (utf8(line))
        json_object_set_new(args, "password", json_string(line));
    sodium_memzero(line, sizeof line);
}

/* The serving process has another working folder. */
static bool absolute(const struct ln_command *c, json_t *args, struct ln_err *err)
{
    char path[PATH_MAX];
    const char *file = ln_cmd_arg(args, "file");

    if (strcmp(c->name, "export") == 0) {
        if (file[0] == '/')
            return true;
        if (getcwd(path, sizeof path) == NULL)
            return ln_fail(err, LN_BROKEN, LN_SAY("没有当前目录", "no working folder"));
        json_object_set_new(args, "file", json_sprintf("%s/%s", path, file));
        return true;
    }
    if (realpath(file, path) == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("没有文件 %s", "no file %s"), file);
    json_object_set_new(args, "file", json_string(path));
    return true;
}

static bool on_node(const json_t *args, struct ln_err *err)
{
    struct ln_buf out = ln_buf_new(LN_CMD_OUT_MAX);
    struct ln_node *n = NULL;
    bool served;
    bool ok = ln_control_ask(ln_cmd_arg(args, "dir"), args, &out, &served, err);

    if (!served) {
        struct ln_err alone = { 0 };
        ok = ln_node_open(&n, ln_cmd_arg(args, "dir"), &alone);
        if (ok)
            ok = ln_cmd_run(n, args, &out, &alone);
        *err = alone;
        ln_node_close(n);
    }
    (void)fwrite(out.data, 1, out.len, stdout);
    ln_buf_free(&out);
    return ok;
}

/* The recovery key, from a file or all of stdin. */
static bool read_paper(json_t *args, struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(STDIN_MAX);
    const char *path = ln_cmd_arg(args, "recovery");
    FILE *f = path[0] != '\0' ? fopen(path, "r") : stdin;
    int c;

    if (f == NULL)
        return ln_fail(err, LN_MISSING, LN_SAY("打不开 %s", "cannot open %s"), path);
    while ((c = fgetc(f)) != EOF)
        ln_buf_addc(&text, (char)c);
    if (f != stdin)
        (void)fclose(f);
    bool ok =
        ln_buf_done(&text, "recovery key", err) &&
        (utf8(text.data) || ln_fail(err, LN_INVALID, LN_SAY("恢复密钥有误", "no recovery key")));
    if (ok)
        json_object_set_new(args, "password", json_string(text.data));
    ln_buf_free(&text);
    return ok;
}

static bool restore(json_t *args, struct ln_err *err)
{
    struct ln_buf out = ln_buf_new(LN_CMD_OUT_MAX);
    char path[PATH_MAX];
    bool ok = read_paper(args, err);

    if (ok && ln_cmd_on(args, "drill")) {
        ln_buf_free(&out);
        return on_node(args, err);
    }
    if (ok && ln_cmd_arg(args, "from")[0] != '\0') {
        ok = realpath(ln_cmd_arg(args, "from"), path) != NULL ||
             ln_fail(err, LN_MISSING, LN_SAY("没有文件夹 %s", "no folder %s"),
                     ln_cmd_arg(args, "from"));
        if (ok)
            json_object_set_new(args, "from", json_string(path));
    }
    ok = ok && ln_cmd_restore(args, &out, err);
    (void)fwrite(out.data, 1, out.len, stdout);
    ln_buf_free(&out);
    return ok;
}

/* Under a new key: the old one stays beside until the parent has taken the new. */
static bool join_anew(const json_t *args, struct ln_err *err)
{
    struct ln_buf out = ln_buf_new(LN_CMD_OUT_MAX);
    struct ln_err undone = { 0 };
    struct ln_node *n = NULL;
    bool rekeyed = false;
    bool ok = ln_node_open(&n, ln_cmd_arg(args, "dir"), err); /* nobody else has it */

    ln_node_close(n);
    n = NULL;
    if (ok)
        ok = rekeyed = ln_node_rekey(ln_cmd_arg(args, "dir"), false, err);
    ok = ok && ln_node_open(&n, ln_cmd_arg(args, "dir"), err) && ln_cmd_join(n, args, &out, err);
    ln_node_close(n);
    if (!ok && rekeyed && !ln_node_rekey(ln_cmd_arg(args, "dir"), true, &undone))
        (void)fprintf(stderr, "linli: %s\n", undone.text);
    (void)fwrite(out.data, 1, out.len, stdout);
    ln_buf_free(&out);
    return ok;
}

/* The node cannot be open: neither by another process, nor perhaps by this program at all. */
static bool back(const json_t *args, struct ln_err *err)
{
    struct ln_upgrade_back b;
    int lock = -1;
    bool ok = ln_disk_lock(&lock, ln_cmd_arg(args, "dir"), err) &&
              ln_upgrade_back(&b, ln_cmd_arg(args, "dir"), ln_cmd_on(args, "yes"), err);

    if (ok)
        (void)printf(
            LN_SAY("已退回到架构 %d；更新的数据库留在 %s。未签收的变更 %d 条留在其中。请装回"
                   "旧版程序再启动\n",
                   "back at schema %d; the newer database stays as %s, with %d changes that "
                   "have no receipt. Now install the older program and start it\n"),
            (int)b.to, b.aside, (int)b.unsent);
    else if (err->code == LN_CONFLICT)
        (void)ln_wrap(err, "%s",
                      LN_SAY("请先启动并同步，或加 --yes 放弃它们",
                             "start and sync first, or say --yes to leave them behind"));
    if (lock >= 0)
        (void)close(lock);
    return ok;
}

static bool run(const struct ln_command *c, json_t *args, struct ln_err *err)
{
    char stick[PATH_MAX];

    if (strcmp(c->name, "init") == 0)
        return init(args, err);
    if (strcmp(c->name, "serve") == 0)
        return ln_cmd_serve(ln_cmd_arg(args, "dir"), ln_cmd_arg(args, "listen"), err);
    if (strcmp(c->name, "back") == 0)
        return back(args, err);
    if (strcmp(c->name, "user") == 0 && strcmp(ln_cmd_arg(args, "verb"), "add") == 0)
        read_password(args);
    if (strcmp(c->name, "restore") == 0)
        return restore(args, err);
    if (strcmp(c->name, "join") == 0 && ln_cmd_on(args, "new_key"))
        return join_anew(args, err);
    if (ln_cmd_arg(args, "stick")[0] != '\0' && realpath(ln_cmd_arg(args, "stick"), stick) != NULL)
        json_object_set_new(args, "stick", json_string(stick));
    if (c->path && !absolute(c, args, err))
        return false;
    return on_node(args, err);
}

/* Of the program, of the schema of its database, and of its exchange with other nodes. */
static int version(int argc, char **argv)
{
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;

    if (argc > 2 && !json)
        return usage(NULL, strcmp(argv[2], "--help") == 0 ? stdout : stderr);
    if (json)
        (void)printf("{\"exchange\":%d,\"schema\":%d,\"version\":\"%s\"}\n", LN_EXCHANGE_VERSION,
                     (int)ln_db_newest("store/sql"), LN_VERSION);
    else
        (void)printf("linli %s\n", LN_VERSION);
    return 0;
}

/* What lies deep speaks English: a Chinese word for the kind of failure stands before it. */
static void tell_failed(const char *command, const struct ln_err *err)
{
    static const char *const kinds[] = {
        [LN_OK] = "失败",           [LN_MISSING] = "没有找到",
        [LN_INVALID] = "内容有误",  [LN_DENIED] = "没有权限",
        [LN_CONFLICT] = "已有变化", [LN_BUSY] = "正忙或连不上，可稍后再试",
        [LN_FULL] = "已到上限",     [LN_BROKEN] = "磁盘或程序故障",
    };
    bool ascii = true;

    for (const char *p = err->text; *p != '\0'; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    if (ln_say_zh() && ascii)
        (void)fprintf(stderr, "linli %s：%s（%s）\n", command, kinds[err->code], err->text);
    else
        (void)fprintf(stderr, LN_SAY("linli %s：%s\n", "linli %s: %s\n"), command, err->text);
}

int ln_cmd_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct ln_command *c;
    struct ln_err err = { 0 };
    json_t *args;
    bool ok;

    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        return version(argc, argv);
    if (strcmp(name, "help") == 0 && argc == 3 && strcmp(argv[2], "--roff") == 0) {
        ln_command_roff(stdout, ln_say_zh());
        return 0;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0) {
        c = argc > 2 ? ln_command_find(argv[2]) : NULL;
        return usage(c, c == NULL && argc > 2 ? stderr : stdout);
    }
    c = ln_command_find(name);
    if (c == NULL) {
        if (name[0] != '\0')
            (void)fprintf(stderr, LN_SAY("linli：没有命令 %s\n", "linli: no command %s\n"), name);
        return usage(NULL, stderr);
    }
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return usage(c, stdout);
    args = parse(c, argc, argv);
    if (args == NULL ||
        (strcmp(c->name, "user") == 0 && strcmp(ln_cmd_arg(args, "verb"), "add") != 0 &&
         strcmp(ln_cmd_arg(args, "verb"), "card") != 0)) {
        json_decref(args);
        return usage(c, stderr);
    }
    ok = run(c, args, &err);
    json_decref(args);
    if (!ok)
        tell_failed(c->name, &err);
    return ok ? 0 : 1;
}
