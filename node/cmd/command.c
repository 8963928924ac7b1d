#include "node/cmd/command.h"

#include <string.h>

#define DIR_OPTION                                                                                 \
    {                                                                                              \
        "--dir", "D", true,                                                                        \
        {                                                                                          \
            "节点的目录", "the node's folder"                                                      \
        }                                                                                          \
    }
#define JSON_OPTION                                                                                \
    {                                                                                              \
        "--json", NULL, false,                                                                     \
        {                                                                                          \
            "输出 JSON，供程序读取", "print JSON, for programs"                                    \
        }                                                                                          \
    }

const struct ln_command ln_commands[] = {
    { "init",
      { "在新目录中建立节点：签名密钥、恢复密钥（只显示一次）和数据库。",
        "Make a node in a new folder: keys, recovery key (shown once), database." },
      { { "--dir",
          "D",
          true,
          { "新目录；已在使用的目录会被拒绝", "a new folder; one in use is refused" } },
        { "--region", "CODE", true, { "12 位统计用区划代码", "12-digit code of the region" } },
        { "--role",
          "ROLE",
          true,
          { "province city district subdistrict community laptop 之一",
            "one of province city district subdistrict community laptop" } },
        { "--name", "NAME", true, { "人们看到的名称", "the name people see" } },
        { "--root",
          NULL,
          false,
          { "成为根节点：它没有上级，自己签发证书",
            "make it the root: it has no parent and certifies itself" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "恢复密钥请抄写或打印后妥善保管：没有它，坏掉的节点无法恢复受保护的内容。",
        "Keep the recovery key on paper: without it the protected contents of a broken node are "
        "lost." },
      "init --dir /var/lib/linli/home --region 330106005055 --role community --name 翠苑一区社区" },
    { "serve",
      { "运行节点：网页、接口和同步，直到 SIGTERM（结束手头的事，封存，停止）。",
        "Run the node: pages, API and syncing, until SIGTERM (finish, seal, stop)." },
      { DIR_OPTION,
        { "--listen",
          "ADDRESS:PORT",
          false,
          { "监听地址；默认取 config 中的 listen（127.0.0.1:8080）",
            "where to listen; default: listen in config (127.0.0.1:8080)" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "serve --dir /var/lib/linli/home --listen 0.0.0.0:8080" },
    { "invite",
      { "为下级节点生成一次性邀请码（72 小时内有效）。",
        "Print a one-time code for a node below, good for 72 hours." },
      { DIR_OPTION,
        { "--role",
          "ROLE",
          true,
          { "下级的角色：city district subdistrict community laptop",
            "its role: city district subdistrict community laptop" } },
        { "--region",
          "CODE",
          false,
          { "下级的区划代码；默认与本节点相同", "its region; default: this node's own" } },
        { "--grid",
          "01,02",
          false,
          { "移动终端可用的网格，以逗号分隔", "grids of a laptop, by comma" } },
        { "--address",
          "URL",
          false,
          { "下级到达本节点的地址；给出时同时显示二维码",
            "how the new node reaches this one; with it a QR code is shown, too" } },
        { "--continues",
          "NODE",
          false,
          { "新盒子接替的旧节点", "the node that a new box takes the place of" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "invite --dir /var/lib/linli/home --region 330106005055 --role community" },
    { "confirm",
      { "由人确认本节点的数据是最新且唯一的一份，恢复封存。有上级时不需要：下次同步时上级自会确认"
        "。",
        "Say that this is the newest and only copy of the node, so that it seals again. With a "
        "parent there is no need: it confirms at the next sync." },
      { DIR_OPTION,
        { "--yes", NULL, false, { "确认", "to confirm" } },
        { "--clock",
          NULL,
          false,
          { "只确认时钟无误：所有证书的租期确已过去很久",
            "say only that the clock is right: all leases have indeed ended long ago" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "如果同一节点的另一份数据仍在别处运行，或有更新的备份，请不要确认：日志会分叉，只能换新密钥"
        "重来。",
        "Do not, when another copy of this node runs elsewhere or there is a newer backup: its log "
        "would fork, and only a new key can mend that." },
      "confirm --dir /var/lib/linli/home --yes" },
    { "restore",
      { "旧节点损坏后，用新机器接替：取回上级保存的日志，用纸上的恢复密钥打开（从标准输入或文件读入"
        "）。",
        "A new box in the place of a dead one: takes its logs from the parent and opens them with "
        "the "
        "recovery key on paper, read from stdin or a file." },
      { DIR_OPTION,
        { "--parent", "URL", false, { "上级的地址", "address of the parent" } },
        { "--code",
          "CODE",
          false,
          { "上级 invite --continues 旧节点 给出的邀请码",
            "what its invite --continues OLD printed" } },
        { "--region", "CODE", false, { "12 位统计用区划代码", "12-digit code of the region" } },
        { "--role", "ROLE", false, { "默认 community", "default: community" } },
        { "--name", "NAME", false, { "默认为区划名称", "default: the name of the region" } },
        { "--from",
          "FOLDER",
          false,
          { "先读入 U 盘上的文件（上级 export --restore 写出）",
            "first take in a stick (written by export --restore at the parent)" } },
        { "--recovery",
          "FILE",
          false,
          { "恢复密钥所在的文件", "file that holds the recovery key" } },
        { "--drill",
          NULL,
          false,
          { "只演练：在活着的节点旁边证明可以恢复，不改动任何数据",
            "only prove, beside the living node, that a restore would work; changes nothing" } },
        JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "中断后可以再次运行，从断处继续。上级同时关闭旧节点的日志。",
        "Run it again after a cut: it goes on. The parent closes the old node's log." },
      "restore --dir /var/lib/linli/home --region 330106005055 --parent http://district.local:8080 "
      "--code 8H3K-…" },
    { "adopt",
      { "查看并采纳已吊销的下级节点迟到的工作：不加 --yes 只显示。",
        "Look at late work of a revoked node below, and with --yes take it over, as its "
        "author's." },
      { DIR_OPTION,
        { "--from",
          "SEQ",
          false,
          { "只看它自己的日志，从第几段起；默认其全部日志，各从吊销处",
            "its own log alone, from that segment on; default: all its logs, from their ends" } },
        { "--stick", "FOLDER", false, { "它的日志所在的文件夹", "folder with its log" } },
        { "--yes", NULL, false, { "采纳", "take it over" } } },
      { { "node", "NODE", true, { "已吊销的节点", "the revoked node" } } },
      false,
      { NULL, NULL },
      "adopt --dir /var/lib/linli/home 330106005055-gmxywereba75el4j --stick /media/stick" },
    { "revoke",
      { "吊销下级节点（设备遗失或被盗）。", "Revoke a node below that was lost or stolen." },
      { DIR_OPTION,
        { "--after",
          "SEQ",
          false,
          { "最后有效的段；默认为已收到的最后一段",
            "the last good segment; default: the last one received" } },
        { "--yes", NULL, false, { "确认：不可撤销", "confirm: it cannot be undone" } } },
      { { "node", "NODE", true, { "要吊销的节点", "the node to revoke" } } },
      false,
      { "SEQ 之后的内容在所有节点上无效，无论它写着什么时间；该节点不再得到任何新内容。",
        "What its log holds after SEQ is void at every node, whatever date it bears, and it is "
        "given nothing new." },
      "revoke --dir /var/lib/linli/home 330106005055-gmxywereba75el4j --yes" },
    { "renew",
      { "为下级节点签发新证书：续租，或更换移动终端的网格。",
        "Give a node below a new certificate: its lease again, or other grids for a laptop." },
      { DIR_OPTION,
        { "--grid",
          "01,02",
          false,
          { "此后的网格；移除的网格在其所写均被签收后从终端删除",
            "its grids from now on; one taken away is dropped there once all written is signed "
            "for" } },
        { "--days",
          "N",
          false,
          { "租期天数；默认终端 90，盒子 400", "default: laptop 90, box 400" } } },
      { { "node", "NODE", true, { "下级节点", "the node below" } } },
      false,
      { "下级联网时租期不足三分之一即自动续期。",
        "A node that comes with less than a third of its lease left is renewed by itself." },
      "renew --dir /var/lib/linli/home 330106005055-gmxywereba75el4j --grid 01,03" },
    { "rotate",
      { "立即为本节点的每个读者范围换新密钥（平时每月自动更换）。",
        "New keys now for every audience of this node (by itself each month)." },
      { DIR_OPTION,
        { "--own",
          NULL,
          false,
          { "更换本节点自己的解密密钥（平时每 age_days 天自动更换）",
            "this node's own reading key instead (by itself every age_days)" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "已吊销的节点得不到新密钥。", "A revoked node gets none of them." },
      "rotate --dir /var/lib/linli/home" },
    { "nodes",
      { "下级节点的新鲜度：最后联系、签收、租期、时钟、磁盘与告警。",
        "How fresh the nodes below are: last contact, receipts, lease, clock, disk, alarms." },
      { DIR_OPTION, JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "nodes --dir /var/lib/linli/home" },
    { "join",
      { "用邀请码加入上级节点。", "Join a parent with its code." },
      { DIR_OPTION,
        { "--parent",
          "URL",
          false,
          { "上级的地址，http:// 或 https://", "its address, http:// or https://" } },
        { "--code",
          "CODE",
          true,
          { "上级 invite 给出的邀请码，或二维码中的整段文字",
            "what its invite printed, or the whole text of the QR code" } },
        { "--new-key",
          NULL,
          false,
          { "换新密钥接替自己（日志分叉或密钥泄露后）；邀请码须由 invite --continues 给出",
            "go on under a new key (after a fork or a leak); the code comes from invite "
            "--continues" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "请在节点没有运行（serve）时加入。", "A node joins while it is not served." },
      "join --dir /var/lib/linli/home --parent http://district.local:8080 --code 8H3K-…" },
    { "sync",
      { "立即同步一次，并说明传送了什么。", "Sync once and tell what moved." },
      { DIR_OPTION, JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "sync --dir /var/lib/linli/home" },
    { "status",
      { "节点状态：日志、待传、签收、冲突、拒收、磁盘、时钟。",
        "State of the node: heads, unsent, receipts, conflicts, refusals, disk, clock." },
      { DIR_OPTION, JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "status --dir /var/lib/linli/home --json" },
    { "load",
      { "载入记录：表格（XLSX；CSV 可为 UTF-8 或 GB18030）或 JSON Lines。",
        "Load records from a spreadsheet (XLSX, CSV in UTF-8 or GB18030) or from JSON Lines." },
      { DIR_OPTION,
        { "--collection",
          "NAME",
          false,
          { "集合，如 person；规范变更行自带集合", "such as person; canonical change lines bring "
                                                   "their own" } },
        { "--dry-run", NULL, false, { "只逐行检查，不写入", "judge row by row, write nothing" } },
        { "--keep", "REASON", false, { "保留校验警告的理由", "why rows with warnings are kept" } },
        JSON_OPTION },
      { { "file", "FILE", true, { ".xlsx .csv .jsonl 文件", "an .xlsx, .csv or .jsonl file" } } },
      true,
      { NULL, NULL },
      "load --dir /var/lib/linli/home --collection person residents.xlsx --dry-run" },
    { "export",
      { "写一个 U 盘：给上级，以及盘上有来件的每个下级；只写对方还没有的内容，最后写签名目录。",
        "Write a stick: for the parent, and for each child that has a letter for us on it. Only "
        "what the other lacks; the signed index comes last." },
      { DIR_OPTION,
        { "--to",
          "NODE,…",
          false,
          { "收件节点（上级或下级，可用逗号分隔）；children 为全部下级",
            "for whom: parent or children, by comma; `children` for all of them" } },
        { "--all",
          NULL,
          false,
          { "全部写出，不管对方是否已有", "everything, whatever the other holds already" } },
        { "--restore",
          "NODE",
          false,
          { "写出恢复该下级节点所需的一切（日志与托管密钥）",
            "everything a new box in the place of that child needs: logs and escrowed keys" } } },
      { { "file", "FOLDER", true, { "目标文件夹", "where they go" } } },
      true,
      { "写到一半被拔出时，再写一次即可接着写。内部是 git bundle、age 文件和 SSH 签名的目录。",
        "Pulled out halfway, write again: it goes on. Inside: git bundles, age files, an index "
        "with "
        "an SSH signature." },
      "export --dir /var/lib/linli/home /media/stick" },
    { "import",
      { "读入 U 盘：写给本节点的每一份先全部核对，再读入；不改动介质。",
        "Take a stick in: each letter for this node is checked whole first. The medium is not "
        "written to." },
      { DIR_OPTION,
        { "--look",
          NULL,
          false,
          { "只看盘上有什么，不读入", "only tell what it holds; take nothing in" } },
        { "--answer",
          NULL,
          false,
          { "读入后把签收和回复写回同一介质",
            "then write receipts and replies onto the same one" } } },
      { { "file",
          "FOLDER|FILE",
          true,
          { "文件夹、.tar 或单个 .bundle", "a folder, a .tar or one .bundle" } } },
      true,
      { "换错、残缺、重复、过旧、伪造的内容会说明原因并拒绝，已有数据不受影响。",
        "What is swapped, cut, older, foreign or forged is refused with the reason; what is here "
        "stays as it is." },
      "import --dir /var/lib/linli/home /media/stick" },
    { "verify",
      { "从头检查每个日志（签名、链、清单、证书）以及数据库。",
        "Check every log from its first segment (signatures, chain, manifests, certificates), and "
        "the database against them." },
      { DIR_OPTION, JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "verify --dir /var/lib/linli/home" },
    { "scrub",
      { "立即自检并修复：段、数据库、git 卷和附件；每天也会自动进行（config 中的 scrub_at）。",
        "Look for damage now and mend it: segments, database, git volumes, attachments. Done by "
        "itself each day (scrub_at in config)." },
      { DIR_OPTION, JSON_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "修复来源：git 卷、数据库、日志，其次是上级；无法修复的会成为告警。",
        "It mends from the volume, the database, the log, then from the parent; what it cannot "
        "mend "
        "is an alarm." },
      "scrub --dir /var/lib/linli/home" },
    { "prune",
      { "按规则删去旧日志的内容：先做检查点，上级签收后删去；签名与提交保留，可永久核对。",
        "Drop the contents of old logs by rule: a checkpoint first, and once the parent has signed "
        "for it they go; commits and signatures stay and can be checked for ever." },
      { DIR_OPTION,
        { "--before",
          "QUARTER",
          false,
          { "删去此季度之前的内容，如 2026q1；默认按配置 keep_quarters",
            "drop what is older than that quarter, such as 2026q1; default: keep_quarters of the "
            "configuration" } },
        { "--dry-run", NULL, false, { "只列出，不改动", "only tell, change nothing" } },
        { "--json", NULL, false, { "以 JSON 输出", "print JSON" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "运行中的节点每 6 小时自动检查一次。首次运行会做检查点；同步之后再次运行才删去内容。",
        "A serving node looks every six hours by itself. The first run makes the checkpoint; a run "
        "after the next sync drops." },
      "prune --dir /var/lib/linli/home --dry-run" },
    { "rebuild",
      { "删除派生表并重放日志；摘要必须与之前一致。",
        "Drop derived tables and replay the logs; digests must come out as before." },
      { DIR_OPTION },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { NULL, NULL },
      "rebuild --dir /var/lib/linli/home" },
    { "back",
      { "退回升级前的数据库（之后请装回旧版程序）。",
        "Go back to the database from before the last upgrade (then install the older program)." },
      { DIR_OPTION,
        { "--yes",
          NULL,
          false,
          { "确认：升级后尚未上传的变更留在旁边的文件中",
            "confirm: changes that were not sent since stay in the file set aside" } } },
      { { NULL, NULL, false, { NULL, NULL } } },
      false,
      { "请先同步（linli sync），再停止节点。已上传的变更在下次同步时取回；副本在升级后保留 30 "
        "天，有人的资料被删除时随之删除。",
        "Sync first (linli sync), then stop the node. What was sent comes back at the next sync; "
        "the copy is kept for 30 days, and goes when a person's data are erased." },
      "back --dir /var/lib/linli/home" },
    { "user",
      { "建立账号；密码从标准输入读入。", "Add a login; the password is read from stdin." },
      { DIR_OPTION,
        { "--login", "NAME", true, { "登录名", "the login" } },
        { "--role",
          "ROLE",
          false,
          { "角色，如 resident worker committee clerk province admin（add 时必填）",
            "such as resident worker committee clerk province admin (needed by add)" } },
        { "--name",
          "SHOWN",
          false,
          { "显示的名称；默认为登录名", "the name shown; default: the "
                                        "login" } },
        { "--home",
          "ID",
          false,
          { "任职的组织；默认为本节点的第一个组织",
            "the home it holds the role in; default: the node's first" } },
        { "--person",
          "ID",
          false,
          { "本人在居民库中的记录", "the record of the person in the registry" } },
        { "--account",
          "ID",
          false,
          { "在移动终端上：此人在社区的账号，使其所写署其名",
            "on a laptop: the person's account at the box, whose name stands on what is "
            "written" } } },
      { { "verb",
          "add|card",
          true,
          { "add 建立；card 为已有账号发放新密码（恢复之后）",
            "add it; card: a new password for an account that is there (after a restore)" } } },
      false,
      { NULL, NULL },
      "user add --dir /var/lib/linli/home --login wang --role worker < password.txt" },
    { "show",
      { "列出日志，或显示某段中可读的变更。",
        "List logs, or print the readable changes of a segment." },
      { DIR_OPTION,
        { "--signers",
          NULL,
          false,
          { "输出 OpenSSH 的 allowed_signers，供 git verify-commit 使用",
            "print an OpenSSH allowed_signers file, for git verify-commit" } } },
      { { "log", "LOG", false, { "日志（节点编号）", "a log (node id)" } },
        { "seq", "SEQ", false, { "段号；默认为全部", "one segment; default: all" } } },
      false,
      { NULL, NULL },
      "show --dir /var/lib/linli/home --signers > signers" },
};
const size_t ln_commands_n = sizeof ln_commands / sizeof ln_commands[0];

const struct ln_command *ln_command_find(const char *name)
{
    for (size_t i = 0; i < ln_commands_n; i++)
        if (strcmp(ln_commands[i].name, name) == 0)
            return &ln_commands[i];
    return NULL;
}

const struct ln_command_option *ln_command_option(const struct ln_command *c, const char *name)
{
    for (size_t i = 0; i < LN_COMMAND_OPTIONS && c->options[i].name != NULL; i++)
        if (strcmp(c->options[i].name, name) == 0)
            return &c->options[i];
    return NULL;
}

static const char *in(struct ln_command_text text, bool zh)
{
    return zh ? text.zh : text.en;
}

static void use_line(FILE *to, const struct ln_command *c, bool zh)
{
    (void)fprintf(to, "%s: linli %s", zh ? "用法" : "usage", c->name);
    for (size_t i = 0; i < LN_COMMAND_WORDS && c->words[i].name != NULL; i++)
        (void)fprintf(to, c->words[i].needed ? " %s" : " [%s]", c->words[i].shown);
    for (size_t i = 0; i < LN_COMMAND_OPTIONS && c->options[i].name != NULL; i++) {
        const struct ln_command_option *o = &c->options[i];
        (void)fprintf(to, o->needed ? " %s%s%s" : " [%s%s%s]", o->name, o->value != NULL ? " " : "",
                      o->value != NULL ? o->value : "");
    }
    (void)fputs("\n", to);
}

void ln_command_help(FILE *to, const struct ln_command *c, bool zh)
{
    char left[64];

    use_line(to, c, zh);
    (void)fprintf(to, "\n%s\n\n", in(c->what, zh));
    for (size_t i = 0; i < LN_COMMAND_WORDS && c->words[i].name != NULL; i++)
        (void)fprintf(to, "  %-22s %s\n", c->words[i].shown, in(c->words[i].help, zh));
    for (size_t i = 0; i < LN_COMMAND_OPTIONS && c->options[i].name != NULL; i++) {
        const struct ln_command_option *o = &c->options[i];
        (void)snprintf(left, sizeof left, "%s%s%s", o->name, o->value != NULL ? " " : "",
                       o->value != NULL ? o->value : "");
        (void)fprintf(to, "  %-22s %s\n", left, in(o->help, zh));
    }
    if (c->notes.en != NULL)
        (void)fprintf(to, "\n%s\n", in(c->notes, zh));
    (void)fprintf(to, "\n%s: linli %s\n", zh ? "例" : "example", c->example);
}

void ln_command_list(FILE *to, bool zh)
{
    (void)fprintf(to, "%s\n\n",
                  zh ? "linli 邻里：断网可用的社区同步节点"
                     : "linli: an offline-first sync node for neighbourhoods");
    for (size_t i = 0; i < ln_commands_n; i++)
        (void)fprintf(to, "  %-10s %s\n", ln_commands[i].name, in(ln_commands[i].what, zh));
    (void)fprintf(to, "  %-10s %s\n  %-10s %s\n\n%s\n", "version", zh ? "版本" : "the version",
                  "help", zh ? "本帮助" : "this help",
                  zh ? "linli <命令> --help 显示用法。退出码：0 完成，1 失败，2 用法错误。"
                     : "linli <command> --help shows how to use it. Exit codes: 0 done, 1 failed, "
                       "2 used wrongly.");
}

/* ---- roff: a hyphen of an option is \\-, and no line begins with a dot or quote */

static void roff(FILE *to, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        (void)fputs("\\&", to);
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\')
            (void)fputc('\\', to);
        (void)fputc(*text, to);
    }
}

static void roff_item(FILE *to, const char *left, const char *value, const char *text)
{
    (void)fputs(".TP\n\\fB", to);
    roff(to, left);
    (void)fputs("\\fR", to);
    if (value != NULL) {
        (void)fputs(" \\fI", to);
        roff(to, value);
        (void)fputs("\\fR", to);
    }
    (void)fputs("\n", to);
    roff(to, text);
    (void)fputs("\n", to);
}

static void roff_command(FILE *to, const struct ln_command *c, bool zh)
{
    (void)fprintf(to, ".SS %s\n", c->name);
    roff(to, in(c->what, zh));
    if (c->notes.en != NULL) {
        (void)fputs("\n", to);
        roff(to, in(c->notes, zh));
    }
    (void)fputs("\n", to);
    for (size_t i = 0; i < LN_COMMAND_WORDS && c->words[i].name != NULL; i++)
        roff_item(to, c->words[i].shown, NULL, in(c->words[i].help, zh));
    for (size_t i = 0; i < LN_COMMAND_OPTIONS && c->options[i].name != NULL; i++)
        roff_item(to, c->options[i].name, c->options[i].value, in(c->options[i].help, zh));
    (void)fputs(".PP\n.nf\nlinli ", to);
    roff(to, c->example);
    (void)fputs("\n.fi\n", to);
}

void ln_command_roff(FILE *to, bool zh)
{
    for (size_t i = 0; i < ln_commands_n; i++)
        roff_command(to, &ln_commands[i], zh);
}
