/* One table holds name, unit, default, range and help of every key. */
#include "node/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/disk.h"
#include "node/say.h"

#define CONFIG_MAX 65536

struct key {
    const char *name;
    size_t at, room; /* room 0: a number */
    const char *initial;
    int64_t low, high;
    const char *help;
};
#define TEXT(field, initial, help)                                                                 \
    {                                                                                              \
#field, offsetof(struct ln_config, field), sizeof((struct ln_config *)0)->field, initial,  \
            0, 0, help                                                                             \
    }
#define NUMBER(field, initial, low, high, help)                                                    \
    {                                                                                              \
#field, offsetof(struct ln_config, field), 0, initial, low, high, help                     \
    }
static const struct key KEYS[] = {
    TEXT(region, "", "统计用区划代码, 12 digits; set by init"),
    TEXT(role, "community", "province city district subdistrict community laptop; set by init"),
    TEXT(name, "", "名称 name, as people see it"),
    TEXT(parent, "", "上级地址 address of the parent, http(s)://host:port; set by join"),
    TEXT(past, "",
         "移动终端：够不到社区时改连的上级地址 a laptop: address of a node above its box, for when "
         "the "
         "box is out of reach"),
    TEXT(proxy, "", "代理 HTTP proxy on the way to the parent, http://host:port"),
    TEXT(window, "",
         "自动同步的时段 hours (China) of syncs of its own accord, such as 22:00-06:00; empty: "
         "always"),
    TEXT(listen, "127.0.0.1:8080", "监听地址 address and port of the web pages"),
    TEXT(hosts, "",
         "可用的主机名 host names that browsers may use, by comma; addresses and localhost always "
         "may"),
    TEXT(guard, "",
         "防旧卫士文件 guard file against older copies, outside the folder and its backups; empty: "
         "`guard` in the folder, to be left out of backups"),
    TEXT(sms_dir, "",
         "短信目录 folder with outbox, inbox, sent and error of gammu-smsd; empty: no SMS"),
    TEXT(alarm_phones, "",
         "告警短信的号码 telephone numbers that get an SMS of a fresh alarm, by comma; needs "
         "sms_dir"),
    NUMBER(age_days, "180", 0, 3650,
           "更换解密密钥的间隔(天) the reading key is rotated after that many days; 0: never"),
    TEXT(scrub_at, "03:30",
         "自检时刻 hour (China) of the daily scrub, which looks for damage and mends it; empty: "
         "never"),
    NUMBER(scrub_mb_s, "8", 1, 10000, "自检速率(MiB/秒) how fast the scrub reads"),
    NUMBER(alarm_every_s, "60", 1, 3600, "检查告警间隔(秒) how often alarms are looked for"),
    NUMBER(sync_every_s, "900", 1, 86400,
           "最迟同步间隔(秒) a sync at the latest after that many seconds"),
    NUMBER(sync_soon_ms, "200", 0, 600000, "保存后多久同步(毫秒) a sync that many ms after a save"),
    NUMBER(seal_every_s, "900", 1, 86400,
           "最迟封存间隔(秒) changes are sealed at the latest after that many seconds"),
    NUMBER(stats_every_s, "21600", 5, 604800,
           "统计上报间隔(秒) statistics go up, when they changed, after that many seconds"),
    NUMBER(
        keep_quarters, "20", 0, 400,
        "日志内容保留的季度数 quarters for which the contents of logs are kept; older ones live on "
        "in "
        "checkpoints, their signatures in the volumes; 0: all"),
    NUMBER(session_hours, "12", 1, 720, "登录有效时间(小时) how long a login holds"),
    NUMBER(rate_kbit, "0", 0, 10000000,
           "限速(千比特/秒，每个方向) kbit/s each way on the link to the parent; 0: no limit"),
    NUMBER(metered, "0", 0, 1,
           "按流量计费 1: the link is paid by volume: no sync after each save, of "
           "attachments only small pictures"),
    NUMBER(carry, "0", 0, 1,
           "代收 1: laptops of the communities below may come here while their box is away"),
    NUMBER(child_per_minute, "600", 10, 100000,
           "每个下级每分钟的请求数 requests a minute of each node below"),
    NUMBER(threads, "128", 4, 1024, "网页工作线程 threads that serve pages"),
    NUMBER(files_mb, "8192", 16, 4194304, "附件总容量(MiB) room for all attachments"),
    NUMBER(files_child_mb, "2048", 1, 4194304,
           "每个下级节点的附件容量(MiB) room for the attachments of each node below"),
};
#define N_KEYS (sizeof KEYS / sizeof KEYS[0])

static bool set(struct ln_config *c, const struct key *k, const char *value, struct ln_err *err)
{
    char *end;

    if (k->room > 0) {
        if (strlen(value) >= k->room)
            return ln_fail(err, LN_INVALID, LN_SAY("%s 长于 %zu", "%s is longer than %zu"), k->name,
                           k->room - 1);
        memcpy((char *)c + k->at, value, strlen(value) + 1);
        return true;
    }
    int64_t n = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || n < k->low || n > k->high)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("%s 应为 %" PRId64 " 到 %" PRId64 " 的数字",
                              "%s must be a number from %" PRId64 " to %" PRId64),
                       k->name, k->low, k->high);
    memcpy((char *)c + k->at, &n, sizeof n);
    return true;
}

static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    for (n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]) != NULL; n--)
        text[n - 1] = '\0';
    return text;
}

static bool read_line(struct ln_config *c, char *line, struct ln_err *err)
{
    char *equals;

    line = trim(line);
    if (line[0] == '\0' || line[0] == '#')
        return true;
    equals = strchr(line, '=');
    if (equals == NULL)
        return ln_fail(err, LN_INVALID, LN_SAY("“%.60s”里没有等号", "no '=' in \"%.60s\""), line);
    *equals = '\0';
    const char *name = trim(line);
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(KEYS[i].name, name) == 0)
            return set(c, &KEYS[i], trim(equals + 1), err);
    return ln_fail(err, LN_INVALID, LN_SAY("没有设置项“%.60s”", "unknown key \"%.60s\""), name);
}

void ln_config_init(struct ln_config *out)
{
    struct ln_err why = { 0 };

    *out = (struct ln_config){ 0 };
    for (size_t i = 0; i < N_KEYS; i++)
        (void)!set(out, &KEYS[i], KEYS[i].initial, &why);
}

bool ln_config_read(struct ln_config *out, const char *dir, struct ln_err *err)
{
    struct ln_config c;
    struct ln_buf text = ln_buf_new(CONFIG_MAX);
    bool ok = ln_disk_read(&text, dir, "config", err);
    unsigned line = 0;

    ln_config_init(&c);
    for (char *at = text.data, *next; ok && at != NULL; at = next) {
        next = strchr(at, '\n');
        if (next != NULL)
            *next++ = '\0';
        line++;
        ok = read_line(&c, at, err) || ln_wrap(err, LN_SAY("配置第 %u 行", "config line %u"), line);
    }
    ln_buf_free(&text);
    if (ok)
        *out = c;
    return ok;
}

bool ln_config_write(const struct ln_config *c, const char *dir, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(CONFIG_MAX);
    int64_t n;

    for (size_t i = 0; i < N_KEYS; i++) {
        const char *at = (const char *)c + KEYS[i].at;
        ln_buf_addf(&text, "# %s\n%s = ", KEYS[i].help, KEYS[i].name);
        if (KEYS[i].room > 0)
            ln_buf_addf(&text, "%s\n", at);
        else {
            memcpy(&n, at, sizeof n);
            ln_buf_addf(&text, "%" PRId64 "\n", n);
        }
    }
    bool ok =
        ln_buf_done(&text, "config", err) && ln_disk_write(dir, "config", text.data, text.len, err);
    ln_buf_free(&text);
    return ok;
}
