/* Lists, a flood warning, the desk with its shifts, circulars (M3). */
#include "sample.h"

#define N_SHIFT 14
#define N_ITEM 40

static struct id write_list(struct sample *s, const char *name, const char *key, const char *value)
{
    struct row r = { 0 };

    puts_(&r, "name", name);
    put(&r, "rule", "{\"%s\":\"%s\"}", key, value);
    return add(s, &r);
}

static void write_broadcast(struct sample *s, struct id list)
{
    struct row r = { 0 };

    open_file(s, "thread");
    happened(s, 6, 17);
    puts_(&r, "kind", "broadcast");
    puts_(&r, "subject", "强降雨预警");
    put_ref(&r, "list", list);
    put(&r, "keep_days", "730");
    struct id thread = add(s, &r);
    open_file(s, "message");
    struct row m = { 0 };
    put_ref(&m, "thread", thread);
    puts_(&m, "body", "今晚八点起有强降雨，请把阳台和楼道低处的物品搬走，独居老人由社工上门告知。");
    put(&m, "urgent", "true");
    put(&m, "confirm", "true");
    struct id message = add(s, &m);
    open_file(s, "confirmation");
    for (int i = 0; i < 120; i++) {
        struct row c = { 0 };
        later(s, 1 + i / 60);
        put_ref(&c, "message", message);
        put_ref(&c, "who", grown_up(s)->id);
        puts_(&c, "how", i % 4 == 0 ? "visit" : i % 4 == 1 ? "phone" : "web");
        put(&c, "confirmed", "%lld", (long long)s->now_ms);
        (void)add(s, &c);
    }
}

static void write_desk(struct sample *s)
{
    static const char *const questions[][2] = {
        { "老年卡丢了怎么补办？", "带身份证到社区窗口，当场补。" },
        { "居住证到期怎么续？", "提前三十天带租房合同到窗口，或在网上申请。" },
        { "三楼活动室本周末还能借吗？", "周六上午空着，可以在网上申请借用。" },
        { "高龄津贴什么时候发？", "每月十五日前到账，没到请告诉我们。" },
    };
    struct id shift[N_SHIFT];

    open_file(s, "duty_shift");
    for (int i = 0; i < N_SHIFT; i++) {
        struct row r = { 0 };
        happened(s, N_SHIFT - 1 - i, 8);
        put_ref(&r, "desk", s->home[WORKERS]);
        put_day(s, &r, "date", N_SHIFT - 1 - i);
        put(&r, "starts", "%lld", (long long)s->now_ms);
        /* the last one sits through the day on which the sample is looked at */
        put(&r, "ends", "%lld", (long long)s->now_ms + (i + 1 < N_SHIFT ? 9 : 33) * 3600000LL);
        shift[i] = add(s, &r);
        struct id at = step(s, shift[i], shift[i], "begin", "on");
        if (i + 1 < N_SHIFT)
            (void)step(s, shift[i], at, "end", "ended");
    }
    open_file(s, "duty_item");
    for (int i = 0; i < N_ITEM; i++) {
        const char *const *q = questions[i % COUNT(questions)];
        struct row r = { 0 };
        int day = N_SHIFT - 1 - i * N_SHIFT / N_ITEM;
        happened(s, day, 9 + i % 8);
        put_ref(&r, "shift", shift[N_SHIFT - 1 - day]);
        put_ref(&r, "asker", grown_up(s)->id);
        puts_(&r, "question", q[0]);
        bool waits = i + 3 >= N_ITEM;
        if (!waits) {
            put(&r, "first_reply", "%lld", (long long)s->now_ms + (2 + below(s, 40)) * 60000LL);
            puts_(&r, "answer", q[1]);
        }
        struct id item = add(s, &r);
        if (!waits) {
            struct id at = step(s, item, item, "answer", "answered");
            (void)step(s, item, at, "close", "closed");
        }
    }
}

void sample_message(struct sample *s)
{
    open_file(s, "contact_list");
    happened(s, 300, 10);
    (void)write_list(s, "全体居民", "all", "yes");
    struct id low = write_list(s, "一号楼", "building", s->building[0].text);
    (void)write_list(s, "独居老人", "care", "alone");
    (void)write_list(s, "八十岁以上", "age", "80-");
    (void)write_list(s, "物业和业委会", "role", "property,owners");
    write_broadcast(s, low);
    write_desk(s);
    open_file(s, "circular");
    for (int i = 0; i < 6; i++) {
        static const char *const titles[] = { "冬季安全检查安排", "垃圾分类督导", "春节值班表" };
        struct row r = { 0 };
        happened(s, 60 - 10 * i, 10);
        put(&r, "no", "\"翠一〔2026〕%d号\"", 12 + i);
        puts_(&r, "title", titles[i % COUNT(titles)]);
        puts_(&r, "level", i == 5 ? "urgent" : "normal");
        put(&r, "receivers", "[\"%s\",\"%s\"]", s->home[PROPERTY].text, s->home[OWNERS].text);
        put_day(s, &r, "due", 50 - 11 * i);
        struct id id = add(s, &r);
        struct id at = step(s, id, id, "issue", "issued");
        if (i < 4) {
            at = step(s, id, at, "finish", "done");
            (void)step(s, id, at, "file", "filed");
        }
    }
}
