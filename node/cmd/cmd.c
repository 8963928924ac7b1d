/* The command line: parsing, help, and where a command runs. */
#include "node/cmd/cmd.h"

#include <limits.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/base/alloc.h"

#define OPTIONS 12
#define STDIN_MAX 4096

struct option {
    const char *name; /* "--dir"; a flag has no value */
    bool flag, needed;
};
struct command {
    const char *name;
    const char *use, *zh, *en;
    struct option options[OPTIONS];
    const char *words[2]; /* of what stands alone, in order */
};

static const struct command COMMANDS[] = {
    { "init",
      "linli init --dir D --region CODE --role ROLE --name NAME [--root]",
      "在新目录中建立节点:密钥、恢复密钥(只显示一次)、数据库。--root 使它成为根节点。",
      "Make a node in a new folder: keys, recovery key (shown once), database. --root makes it the "
      "root.",
      { { "--dir", false, true },
        { "--region", false, true },
        { "--role", false, true },
        { "--name", false, true },
        { "--root", true, false } },
      { NULL, NULL } },
    { "serve",
      "linli serve --dir D [--listen 127.0.0.1:8080]",
      "运行节点:网页、接口和同步,直到 SIGTERM。",
      "Run the node: pages, API and syncing, until SIGTERM.",
      { { "--dir", false, true }, { "--listen", false, false } },
      { NULL, NULL } },
    { "invite",
      "linli invite --dir D --role ROLE [--region CODE] [--grid 01,02] [--continues NODE]",
      "为下级节点生成一次性邀请码。",
      "Print a one-time code for a node below.",
      { { "--dir", false, true },
        { "--role", false, true },
        { "--region", false, false },
        { "--grid", false, false },
        { "--continues", false, false } },
      { NULL, NULL } },
    { "revoke",
      "linli revoke --dir D NODE [--after SEQ] --yes",
      "吊销下级节点(设备遗失或被盗):其日志在第 SEQ "
      "段(默认:已收到的最后一段)之后的内容一律无效,不可撤销。",
      "Revoke a node below (lost or stolen): what its log holds after segment SEQ (default: the "
      "last "
      "one received) is void. It cannot be undone.",
      { { "--dir", false, true }, { "--after", false, false }, { "--yes", true, false } },
      { "node", NULL } },
    { "join",
      "linli join --dir D --parent URL --code CODE",
      "用邀请码加入上级节点。",
      "Join a parent with its code.",
      { { "--dir", false, true }, { "--parent", false, true }, { "--code", false, true } },
      { NULL, NULL } },
    { "sync",
      "linli sync --dir D [--json]",
      "立即同步一次,并说明传送了什么。",
      "Sync once and tell what moved.",
      { { "--dir", false, true }, { "--json", true, false } },
      { NULL, NULL } },
    { "status",
      "linli status --dir D [--json]",
      "节点状态:日志、待传、签收、冲突、磁盘、时钟。",
      "State of the node: heads, unsent, receipts, conflicts, disk, clock.",
      { { "--dir", false, true }, { "--json", true, false } },
      { NULL, NULL } },
    { "load",
      "linli load --dir D [--collection C] FILE.jsonl|FILE.csv|FILE.xlsx [--dry-run] [--keep "
      "REASON]",
      "载入记录:JSON Lines(规范变更行,或字段对象)或表格;--dry-run 只检查,--keep "
      "说明保留校验警告的理由。",
      "Load records: JSON Lines (canonical changes, or objects of fields) or a spreadsheet; "
      "--dry-run only checks, --keep says why warnings are kept.",
      { { "--dir", false, true },
        { "--collection", false, false },
        { "--dry-run", true, false },
        { "--keep", false, false } },
      { "file", NULL } },
    { "export",
      "linli export --dir D [--to NODE] FOLDER",
      "把日志写成 git bundle 文件(给上级,或给 --to 指定的下级),供 U 盘传递。",
      "Write the logs as git bundle files, for the parent or the child named by --to, to be "
      "carried by hand.",
      { { "--dir", false, true }, { "--to", false, false } },
      { "file", NULL } },
    { "import",
      "linli import --dir D FOLDER|FILE",
      "读入 git bundle 文件;不改动介质上的文件。",
      "Take git bundle files in; the medium is never written to.",
      { { "--dir", false, true } },
      { "file", NULL } },
    { "verify",
      "linli verify --dir D",
      "从头检查每个日志(签名、链、清单、证书)以及数据库。",
      "Check every log from its first segment, and the database against them.",
      { { "--dir", false, true } },
      { NULL, NULL } },
    { "rebuild",
      "linli rebuild --dir D",
      "删除派生表并重放日志;摘要必须与之前一致。",
      "Drop derived tables and replay the logs; digests must come out as before.",
      { { "--dir", false, true } },
      { NULL, NULL } },
    { "user",
      "linli user add --dir D --login NAME --role ROLE [--name SHOWN] [--person ID] < PASSWORD",
      "建立账号;密码从标准输入读入。",
      "Add a login; the password is read from stdin.",
      { { "--dir", false, true },
        { "--login", false, true },
        { "--role", false, true },
        { "--name", false, false },
        { "--person", false, false } },
      { "verb", NULL } },
    { "show",
      "linli show --dir D [LOG [SEQ]] [--signers]",
      "列出日志,或显示某段中可读的变更;--signers 输出 allowed_signers。",
      "List logs, or print the readable changes of a segment; --signers prints allowed_signers.",
      { { "--dir", false, true }, { "--signers", true, false } },
      { "log", "seq" } },
};
#define N_COMMANDS (sizeof COMMANDS / sizeof COMMANDS[0])

bool ln_cmd_zh(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *v = getenv(names[i]);
        if (v != NULL && v[0] != '\0')
            return strncmp(v, "zh", 2) == 0;
    }
    return false;
}

#define TELL(zh, en) (ln_cmd_zh() ? (zh) : (en))

static int usage(const struct command *c, FILE *to)
{
    if (c != NULL) {
        (void)fprintf(to, "%s\n\n%s\n", c->use, TELL(c->zh, c->en));
        return to == stdout ? 0 : 2;
    }
    (void)fprintf(to, "%s\n\n",
                  TELL("linli 邻里:离线优先的社区同步节点",
                       "linli: an offline-first sync node for neighbourhoods"));
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)fprintf(to, "  %-8s %s\n", COMMANDS[i].name, TELL(COMMANDS[i].zh, COMMANDS[i].en));
    (void)fprintf(to, "  %-8s %s\n  %-8s %s\n\n%s\n", "version", TELL("版本", "the version"),
                  "help", TELL("本帮助", "this help"),
                  TELL("linli <命令> --help 显示用法。退出码:0 完成,1 失败,2 用法错误。",
                       "linli <command> --help shows how to use it. Exit codes: 0 done, 1 failed, "
                       "2 used wrongly."));
    return to == stdout ? 0 : 2;
}

/* ---- parsing */

static const struct option *option_of(const struct command *c, const char *word)
{
    for (size_t i = 0; i < OPTIONS && c->options[i].name != NULL; i++)
        if (strcmp(c->options[i].name, word) == 0)
            return &c->options[i];
    return NULL;
}

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

static json_t *parse(const struct command *c, int argc, char **argv)
{
    json_t *args = json_pack("{s:s}", "command", c->name);
    size_t words = 0;
    char key[32];

    for (int i = 2; i < argc; i++) {
        const struct option *o = option_of(c, argv[i]);
        if (o == NULL && strncmp(argv[i], "--", 2) != 0 && words < 2 && c->words[words] != NULL &&
            utf8(argv[i])) {
            json_object_set_new(args, c->words[words++], json_string(argv[i]));
            continue;
        }
        if (o == NULL || (!o->flag && (i + 1 == argc || !utf8(argv[i + 1])))) {
            (void)fprintf(stderr,
                          TELL("linli %s:看不懂 %s\n", "linli %s: cannot make sense of %s\n"),
                          c->name, argv[i]);
            json_decref(args);
            return NULL;
        }
        key_of(key, o->name);
        json_object_set_new(args, key, o->flag ? json_true() : json_string(argv[++i]));
    }
    for (size_t i = 0; i < OPTIONS && c->options[i].name != NULL; i++) {
        key_of(key, c->options[i].name);
        if (c->options[i].needed && json_object_get(args, key) == NULL) {
            (void)fprintf(stderr, TELL("linli %s:缺少 %s\n", "linli %s: %s is needed\n"), c->name,
                          c->options[i].name);
            json_decref(args);
            return NULL;
        }
    }
    return args;
}

static const char *arg(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL ? text : "";
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

static bool init(const json_t *args, struct ln_err *err)
{
    struct ln_node_new want = { .region = arg(args, "region"),
                                .name = arg(args, "name"),
                                .root = json_is_true(json_object_get(args, "root")) };
    struct ln_buf recovery = ln_buf_secret(256);
    char id[LN_NODE_ID_MAX];
    bool ok;

    if (!ln_cert_role_read(&want.role, ln_span_of(arg(args, "role"))))
        return ln_fail(err, LN_INVALID, TELL("没有这种角色:%s", "no role \"%s\""),
                       arg(args, "role"));
    ok = ln_node_init(arg(args, "dir"), &want, &recovery, id, err);
    if (ok) {
        (void)printf("%s %s\n\n%s\n\n%s\n\n", TELL("节点", "node"), id,
                     TELL("恢复密钥(只显示这一次,请抄写或打印后妥善保管;没有它,"
                          "坏掉的节点无法恢复受保护的内容):",
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
    memset(line, 0, sizeof line);
}

static bool takes_file(const struct command *c)
{
    return strcmp(c->name, "load") == 0 || strcmp(c->name, "import") == 0 ||
           strcmp(c->name, "export") == 0;
}

/* The serving process has another working folder. */
static bool absolute(const struct command *c, json_t *args, struct ln_err *err)
{
    char path[PATH_MAX];
    const char *file = arg(args, "file");

    if (strcmp(c->name, "export") == 0) {
        if (file[0] == '/')
            return true;
        if (getcwd(path, sizeof path) == NULL)
            return ln_fail(err, LN_BROKEN, "no working folder");
        json_object_set_new(args, "file", json_sprintf("%s/%s", path, file));
        return true;
    }
    if (realpath(file, path) == NULL)
        return ln_fail(err, LN_MISSING, TELL("没有文件 %s", "no file %s"), file);
    json_object_set_new(args, "file", json_string(path));
    return true;
}

static bool on_node(const json_t *args, struct ln_err *err)
{
    struct ln_buf out = ln_buf_new(LN_CMD_OUT_MAX);
    struct ln_node *n = NULL;
    bool served;
    bool ok = ln_control_ask(arg(args, "dir"), args, &out, &served, err);

    if (!served) {
        struct ln_err alone = { 0 };
        ok = ln_node_open(&n, arg(args, "dir"), &alone);
        if (ok)
            ok = ln_cmd_run(n, args, &out, &alone);
        *err = alone;
        ln_node_close(n);
    }
    (void)fwrite(out.data, 1, out.len, stdout);
    ln_buf_free(&out);
    return ok;
}

static bool run(const struct command *c, json_t *args, struct ln_err *err)
{
    if (strcmp(c->name, "init") == 0)
        return init(args, err);
    if (strcmp(c->name, "serve") == 0)
        return ln_cmd_serve(arg(args, "dir"), arg(args, "listen"), err);
    if (strcmp(c->name, "user") == 0)
        read_password(args);
    if (takes_file(c) && !absolute(c, args, err))
        return false;
    return on_node(args, err);
}

int ln_cmd_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *c = NULL;
    struct ln_err err = { 0 };
    json_t *args;
    bool ok;

    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        return printf("linli %s\n", LN_VERSION) < 0;
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0)
        return usage(NULL, stdout);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            c = &COMMANDS[i];
    if (c == NULL) {
        if (name[0] != '\0')
            (void)fprintf(stderr, TELL("linli:没有命令 %s\n", "linli: no command %s\n"), name);
        return usage(NULL, stderr);
    }
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return usage(c, stdout);
    args = parse(c, argc, argv);
    if (args == NULL || (takes_file(c) && arg(args, "file")[0] == '\0') ||
        (strcmp(c->name, "user") == 0 && strcmp(arg(args, "verb"), "add") != 0)) {
        json_decref(args);
        return usage(c, stderr);
    }
    ok = run(c, args, &err);
    json_decref(args);
    if (!ok)
        (void)fprintf(stderr, "linli %s: %s\n", c->name, err.text);
    return ok ? 0 : 1;
}
