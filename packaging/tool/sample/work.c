/* Workers and a year of their log, tasks, meetings, ledgers (M7). */
#include "sample.h"

#include <stdio.h>
#include <string.h>

#define N_WORKER 6
#define ROUND_DAYS 25

static void write_workers(struct sample *s, struct id worker[N_WORKER])
{
    static const char *const names[N_WORKER] = { "社工小吴", "社工小周", "社工老沈",
                                                 "社工小陈", "社工小何", "社工小金" };

    open_file(s, "account");
    for (int i = 0; i < N_WORKER; i++) {
        struct row r = { 0 };
        happened(s, 360, 9);
        if (i == 0) /* whom make run knows by name */
            puts_(&r, "login", "worker");
        else
            put(&r, "login", "\"worker%d\"", i + 1);
        puts_(&r, "shown_name", names[i]);
        puts_(&r, "level", "2");
        worker[i] = add(s, &r);
        (void)step(s, worker[i], worker[i], "verify", "verified");
    }
    open_file(s, "membership");
    for (int i = 0; i < N_WORKER; i++) {
        struct row r = { 0 };
        put_ref(&r, "account", worker[i]);
        put_ref(&r, "home", s->home[WORKERS]);
        puts_(&r, "role", "worker");
        put_day(s, &r, "starts", 360);
        struct id m = add(s, &r);
        (void)step(s, m, m, "grant", "active");
    }
}

static void write_log(struct sample *s, const struct id worker[N_WORKER])
{
    static const char *const what[][2] = {
        { "visit", "上门看望，身体和精神都好，药还够半个月。" },
        { "visit", "家中无人，邻居说去女儿家，下周再来。" },
        { "patrol", "巡查楼道和消防通道，两处堆物已劝离。" },
        { "mediation", "楼上漏水纠纷，双方同意由楼上修好管道。" },
        { "service", "帮忙在手机上预约体检。" },
        { "meeting", "网格例会，安排冬季走访。" },
        { "form", "填报季度台账。" },
    };

    open_file(s, "work_log");
    for (int i = 0; i < 900; i++) {
        const char *const *w = what[below(s, COUNT(what))];
        struct row r = { 0 };
        int day = 359 - i * 360 / 900;
        happened(s, day, 9 + below(s, 8));
        put_day(s, &r, "date", day);
        put_ref(&r, "worker", worker[i % N_WORKER]);
        puts_(&r, "kind", w[0]);
        puts_(&r, "body", w[1]);
        put(&r, "minutes", "%d", 10 + 5 * below(s, 16));
        if (w[0][0] == 'v')
            put_ref(&r, "person", grown_up(s)->id);
        (void)add(s, &r);
    }
    for (int day = ROUND_DAYS - 1; day >= 0;
         day--) /* the last round of those who are looked after */
        for (int i = 0; i < s->n_person; i++) {
            struct row r = { 0 };
            if (!s->person[i].cared_for || i % ROUND_DAYS != day)
                continue;
            happened(s, day, 9 + i % 8);
            put_day(s, &r, "date", day);
            put_ref(&r, "worker", worker[i % N_WORKER]);
            puts_(&r, "kind", what[0][0]);
            puts_(&r, "body", what[0][1]);
            put(&r, "minutes", "%d", 10 + i % 30);
            put_ref(&r, "person", s->person[i].id);
            (void)add(s, &r);
        }
}

static void write_tasks(struct sample *s, const struct id worker[N_WORKER])
{
    static const char *const titles[] = { "清点消防栓", "核对独居老人名单", "张贴停水通知",
                                          "收集电梯公示意见", "整理志愿者台账" };

    open_file(s, "task");
    for (int i = 0; i < 40; i++) {
        struct row r = { 0 };
        int day = 120 - 3 * i - below(s, 3);
        happened(s, day > 0 ? day : 0, 10);
        puts_(&r, "title", titles[i % COUNT(titles)]);
        puts_(&r, "source", i % 3 == 0 ? "superior" : i % 3 == 1 ? "plan" : "own");
        put_ref(&r, "assignee", worker[i % N_WORKER]);
        put_day(s, &r, "due", day - 7);
        puts_(&r, "priority", i % 7 == 0 ? "urgent" : "normal");
        if (i < 34)
            puts_(&r, "result", "已完成，照片在附件。");
        struct id id = add(s, &r);
        if (i >= 37)
            continue;
        struct id at = step(s, id, id, "take", "taken");
        if (i >= 34)
            continue;
        at = step(s, id, at, "finish", "done");
        if (i < 32)
            (void)step(s, id, at, "check", "checked");
    }
}

static void write_meetings(struct sample *s)
{
    static const char *const titles[] = { "居民议事会", "网格例会", "物业联席会" };

    open_file(s, "meeting");
    for (int i = 0; i < 18; i++) {
        struct row r = { 0 };
        bool open = i % 3 == 0;
        int day = 340 - 20 * i;
        happened(s, day > 0 ? day : 0, 14);
        puts_(&r, "title", titles[i % COUNT(titles)]);
        put(&r, "starts", "%lld", (long long)s->now_ms + (day > 0 ? 0 : 5 * (long long)DAY_MS));
        put(&r, "public", open ? "true" : "false");
        if (day > 0)
            puts_(&r, "minutes", "到会二十人，议定三件事，下次会上报告办理情况。");
        struct id id = add(s, &r);
        (void)step(s, id, id, day > 0 ? "hold" : "call", day > 0 ? "held" : "called");
    }
}

static void write_ledger(struct sample *s)
{
    struct row r = { 0 };

    open_file(s, "ledger_template");
    happened(s, 200, 10);
    puts_(&r, "name", "独居老人季度表");
    put_ref(&r, "issuer", s->home[COMMITTEE]);
    puts_(&r, "period", "quarter");
    put(&r, "columns",
        "[{\"bound_to\":\"person.name\",\"key\":\"c1\",\"label\":\"姓名\",\"type\":\"str\"},"
        "{\"bound_to\":\"person.age\",\"key\":\"c2\",\"label\":\"年龄\",\"type\":\"int\"},"
        "{\"bound_to\":\"dwelling.address\",\"key\":\"c3\",\"label\":\"住址\",\"type\":\"str\"},"
        "{\"bound_to\":\"person.employer\",\"key\":\"c4\",\"label\":\"工作单位\",\"type\":\"str\"},"
        "{\"key\":\"c5\",\"label\":\"本季走访次数\",\"required\":true,\"type\":\"int\"}]");
    put(&r, "rule", "{\"care\":\"alone\"}");
    put(&r, "version", "1");
    struct id id = add(s, &r);
    (void)step(s, id, id, "issue", "open");
}

/* ---- the workers, assessed each quarter */

#define N_INDICATOR 4
static const struct {
    const char *name, *source, *rule;
    int weight;
} indicators[N_INDICATOR] = { { "走访", "visits", "40", 30 },
                              { "任务按时", "tasks", "", 30 },
                              { "居民满意", "manual", "回访和来信", 25 },
                              { "团队协作", "manual", "同事互评", 15 } };

static struct id write_scheme(struct sample *s, const char *name, int from, int until)
{
    struct row r = { 0 };
    char list[900] = "[";

    for (int i = 0; i < N_INDICATOR; i++) {
        size_t at = strlen(list);
        (void)snprintf(list + at, sizeof list - at, "%s{\"name\":\"%s\",", i > 0 ? "," : "",
                       indicators[i].name);
        at = strlen(list);
        if (indicators[i].rule[0] != '\0')
            (void)snprintf(list + at, sizeof list - at, "\"rule\":\"%s\",", indicators[i].rule);
        at = strlen(list);
        (void)snprintf(list + at, sizeof list - at, "\"source\":\"%s\",\"weight\":%d}",
                       indicators[i].source, indicators[i].weight);
    }
    happened(s, until > 0 ? until - 1 : 6, 9);
    puts_(&r, "name", name);
    puts_(&r, "period", "quarter");
    put_day(s, &r, "starts", from);
    put_day(s, &r, "ends", until);
    puts_(&r, "subject", "person");
    put(&r, "indicators", "%s]", list);
    struct id id = add(s, &r);
    struct id at = step(s, id, id, "open", "open");
    if (until > 0) {
        later(s, 8 * 24);
        (void)step(s, id, at, "close", "closed");
    }
    return id;
}

/* In tenths, of each indicator; the same as its scores in their file. */
static int score(int quarter, int worker, int indicator)
{
    return 800 + (worker * 37 + indicator * 53 + quarter * 29) % 195;
}

static void write_scores(struct sample *s, struct id scheme, int quarter, int day,
                         const struct id worker[N_WORKER])
{
    for (int w = 0; w < N_WORKER; w++)
        for (int i = 0; i < N_INDICATOR; i++) {
            bool counted = strcmp(indicators[i].source, "manual") != 0;
            struct row r = { 0 };
            if (quarter > 0 && !counted && w >= N_WORKER / 2)
                continue; /* under way: the raters have not come to them yet */
            happened(s, day, 10 + i);
            put_ref(&r, "scheme", scheme);
            put_ref(&r, "subject", worker[w]);
            puts_(&r, "indicator", indicators[i].name);
            put(&r, "value", "\"%d.%d\"", score(quarter, w, i) / 10, score(quarter, w, i) % 10);
            if (counted)
                put(&r, "auto", "true");
            else
                puts_(&r, "comment", i % 2 == 0 ? "居民说得多，事情有回音。" : "遇事肯搭把手。");
            (void)add(s, &r);
        }
}

/* The last quarter's are final but one, which was shown; of this one's some have reviewed
 * themselves. */
static void write_results(struct sample *s, struct id scheme, int quarter, int day,
                          const struct id worker[N_WORKER])
{
    static const char *const steps[][2] = { { "self", "self" },
                                            { "rate", "raters" },
                                            { "decide", "committee" },
                                            { "show", "shown" },
                                            { "accept", "final" } };

    for (int w = 0; w < N_WORKER; w++) {
        struct row r = { 0 };
        char parts[600] = "[";
        int total = 0;
        int n = quarter == 0 ? (w < N_WORKER - 1 ? 5 : 4) : w % 3 == 0 ? 0 : 1;
        for (int i = 0; i < N_INDICATOR; i++) {
            size_t at = strlen(parts);
            (void)snprintf(parts + at, sizeof parts - at, "%s{\"name\":\"%s\",\"value\":\"%d.%d\"}",
                           i > 0 ? "," : "", indicators[i].name, score(quarter, w, i) / 10,
                           score(quarter, w, i) % 10);
            total += score(quarter, w, i) * indicators[i].weight;
        }
        happened(s, day, 14);
        put_ref(&r, "scheme", scheme);
        put_ref(&r, "subject", worker[w]);
        if (n > 0)
            puts_(&r, "self", "走访都做到了，表格还填得慢。");
        if (n > 1) {
            put(&r, "total", "\"%d.%d\"", total / 1000, total / 100 % 10);
            puts_(&r, "grade", total >= 90000 ? "A" : "B");
            put(&r, "parts", "%s]", parts);
        }
        struct id id = add(s, &r);
        struct id at = id;
        for (int i = 0; i < n; i++) {
            later(s, 20);
            at = step(s, id, at, steps[i][0], steps[i][1]);
        }
    }
}

static void write_assessment(struct sample *s, const struct id worker[N_WORKER])
{
    open_file(s, "assess_scheme");
    struct id before = write_scheme(s, "上季度社工考核", 182, 91);
    struct id now = write_scheme(s, "本季度社工考核", 90, 0);
    open_file(s, "assess_score");
    write_scores(s, before, 0, 88, worker);
    write_scores(s, now, 1, 4, worker);
    open_file(s, "assess_result");
    write_results(s, before, 0, 86, worker);
    write_results(s, now, 1, 3, worker);
}

void sample_work(struct sample *s)
{
    struct id worker[N_WORKER];

    write_workers(s, worker);
    write_log(s, worker);
    write_tasks(s, worker);
    write_meetings(s);
    write_ledger(s);
    write_assessment(s, worker);
}
