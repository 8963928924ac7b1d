/* Guides of services, times to book for the next days, a year of applications and papers (M6). */
#include "sample.h"

#define N_ITEM 10
#define N_APPLICATION 160
#define SLOT_DAYS 8

static const struct {
    const char *code, *name, *group, *online, *office;
    int days;
} ITEMS[N_ITEM] = {
    { "GL-01", "高龄津贴申领", "elder", "full", NULL, 5 },
    { "GL-02", "居家养老服务评估", "elder", "apply", NULL, 10 },
    { "JZ-01", "最低生活保障申请", "social", "appoint", NULL, 15 },
    { "JZ-02", "临时救助申请", "social", "apply", NULL, 7 },
    { "CL-01", "残疾人两项补贴申请", "disabled", "full", NULL, 10 },
    { "JS-01", "生育登记", "family", "full", NULL, 1 },
    { "SB-01", "灵活就业参保登记", "labour", "appoint", NULL, 3 },
    { "ZM-01", "无犯罪记录证明", "proof", "info", "翠苑派出所户籍窗口", 0 },
    { "ZM-02", "亲属关系证明", "proof", "info", "公证处；户口簿能证明的不用开", 0 },
    { "HJ-01", "居住证办理", "hukou", "info", "翠苑街道便民服务中心公安窗口", 0 },
};

static void write_items(struct sample *s, struct id item[N_ITEM])
{
    open_file(s, "service_item");
    for (int i = 0; i < N_ITEM; i++) {
        struct row r = { 0 };
        happened(s, 355, 9);
        puts_(&r, "code", ITEMS[i].code);
        puts_(&r, "name", ITEMS[i].name);
        puts_(&r, "grouping", ITEMS[i].group);
        puts_(&r, "level", ITEMS[i].office != NULL ? "district" : "community");
        put_ref(&r, "provider", s->home[CENTRE]);
        puts_(&r, "online", ITEMS[i].online);
        put(&r, "promise_days", "%d", ITEMS[i].days);
        puts_(&r, "place", "社区公共服务中心 1 号窗");
        puts_(&r, "hours", "周一至周六 8:30–17:00");
        if (ITEMS[i].office != NULL) {
            put(&r, "not_ours", "true");
            puts_(&r, "office", ITEMS[i].office);
        } else {
            puts_(&r, "for_whom", "本社区居民，含外来人口");
            put(&r, "materials",
                "[{\"kind\":\"copy\",\"name\":\"身份证\",\"required\":true,\"reusable\":true},"
                "{\"kind\":\"copy\",\"name\":\"银行卡\",\"required\":true,\"sample\":\"本人名下\"}"
                "]");
            put(&r, "form",
                "[{\"bound_to\":\"person.name\",\"key\":\"name\",\"label\":\"姓名\",\"required\":"
                "true,\"type\":\"str\"},{\"bound_to\":\"person.id_no\",\"key\":\"id_no\",\"label\":"
                "\"证件号码\",\"required\":true,\"type\":\"str\"},{\"key\":\"why\",\"label\":"
                "\"申请理由\",\"required\":true,\"type\":\"text\"}]");
        }
        item[i] = add(s, &r);
        (void)step(s, item[i], item[i], "publish", "published");
    }
}

static void write_holidays(struct sample *s)
{
    static const char *const days[] = { "2026-10-01", "2026-10-02", "2026-10-05",
                                        "2026-10-06", "2026-10-07", "2027-01-01" };

    open_file(s, "holiday");
    for (int i = 0; i < COUNT(days); i++) {
        struct row r = { 0 };
        puts_(&r, "date", days[i]);
        put(&r, "working", "false");
        puts_(&r, "name", i < 5 ? "国庆节" : "元旦");
        (void)add(s, &r);
    }
}

/* The morning and the afternoon of each of the next days; some of the places are taken. */
static void write_slots(struct sample *s, const struct id item[N_ITEM])
{
    struct id slot[SLOT_DAYS * 2];
    int taken[SLOT_DAYS * 2];
    int no = 0;

    open_file(s, "slot");
    happened(s, 6, 9);
    for (int i = 0; i < SLOT_DAYS * 2; i++) {
        struct row r = { 0 };
        int day = 1 + i / 2;
        long long starts =
            (long long)s->today_ms + (long long)day * DAY_MS + (i % 2 == 0 ? 9 : 14) * 3600000LL;
        taken[i] = below(s, 5);
        put_ref(&r, "item", item[i % 2 == 0 ? 2 : 6]);
        put_day(s, &r, "date", -day);
        put(&r, "starts", "%lld", starts);
        put(&r, "ends", "%lld", starts + 7200000);
        put(&r, "places", "%d", 6);
        put(&r, "taken", "%d", taken[i]);
        put(&r, "counter", "\"%d 号窗\"", 1 + i % 2);
        slot[i] = add(s, &r);
    }
    open_file(s, "appointment");
    for (int i = 0; i < SLOT_DAYS * 2; i++)
        for (int k = 0; k < taken[i]; k++) {
            struct row r = { 0 };
            const struct person *p = grown_up(s);
            long long starts = (long long)s->today_ms + (1 + i / 2) * (long long)DAY_MS +
                               (i % 2 == 0 ? 9 : 14) * 3600000LL;
            happened(s, 5, 10);
            put_number(s, &r, 'S', 500 + ++no);
            put_ref(&r, "slot", slot[i]);
            put_ref(&r, "person", p->id);
            put_ref(&r, "item", item[i % 2 == 0 ? 2 : 6]);
            puts_(&r, "phone", p->phone);
            put(&r, "starts", "%lld", starts);
            put(&r, "ends", "%lld", starts + 7200000);
            struct id id = add(s, &r);
            (void)step(s, id, id, "confirm", "confirmed");
        }
}

/* The newest are still under way; older ones are decided, nearly all in time. */
static void write_applications(struct sample *s, const struct id item[N_ITEM])
{
    static const char *const how[] = { "web", "counter", "counter", "phone", "paper" };

    open_file(s, "application");
    for (int i = 0; i < N_APPLICATION; i++) {
        struct row r = { 0 };
        const struct person *p = grown_up(s);
        int day = 350 - i * 350 / N_APPLICATION;
        int of = below(s, 7);
        if (i >= N_APPLICATION - 14) /* under way since a few days */
            day = (N_APPLICATION - 1 - i) / 3;
        bool done = i < N_APPLICATION - 14;
        bool late = i % 19 == 3;
        happened(s, day, 10);
        put_number(s, &r, 'S', i + 1);
        put_ref(&r, "item", item[of]);
        put_ref(&r, "person", p->id);
        puts_(&r, "phone", p->phone);
        put(&r, "form", "{\"id_no\":\"%s\",\"name\":\"%s\",\"why\":\"生活需要\"}", p->id_no,
            p->name);
        puts_(&r, "how", how[below(s, COUNT(how))]);
        puts_(&r, "pickup", "counter");
        put_ref(&r, "now_at", s->home[CENTRE]);
        put(&r, "returned", i % 8 == 5 ? "true" : "false");
        if (i < N_APPLICATION - 6) {
            put_day(s, &r, "accepted_on", day);
            put_day(s, &r, "due", day - ITEMS[of].days * 7 / 5 - 1);
        }
        if (done) {
            put(&r, "granted", i % 11 == 7 ? "false" : "true");
            puts_(&r, "result", i % 11 == 7 ? "不符合条件，已说明理由" : "符合条件，准予办理");
            put(&r, "days", "%d", late ? ITEMS[of].days + 2 : 1 + below(s, ITEMS[of].days + 1));
            put(&r, "on_time", late ? "false" : "true");
            put(&r, "score", "%d", late ? 3 : 4 + below(s, 2));
        }
        struct id id = add(s, &r);
        struct id at = step(s, id, id, "submit", "submitted");
        if (i >= N_APPLICATION - 6)
            continue;
        later(s, 4);
        at = step(s, id, at, "accept", "accepted");
        at = step(s, id, at, "handle", "handling");
        if (!done)
            continue;
        later(s, 24);
        at = step(s, id, at, "decide", "decided");
        at = step(s, id, at, "deliver", "delivered");
        (void)step(s, id, at, "rate", "rated");
    }
}

static void write_papers(struct sample *s)
{
    static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    open_file(s, "issued_paper");
    for (int i = 0; i < 30; i++) {
        struct row r = { 0 };
        char code[9] = "";
        const struct person *p = grown_up(s);
        for (int k = 0; k < 8; k++)
            code[k] = letters[below(s, COUNT(letters) - 1)];
        happened(s, 300 - 10 * i, 11);
        put(&r, "serial", "\"Z330106005055-2026-S%04d\"", i + 1);
        put_ref(&r, "person", p->id);
        puts_(&r, "template", i % 3 == 0 ? "hardship" : "residence");
        put(&r, "body", "\"兹证明%s系本社区居民。\"", p->name);
        puts_(&r, "basis", "居民委员会组织法；社区证明事项保留清单");
        put_day(s, &r, "date", 300 - 10 * i);
        puts_(&r, "check_code", code);
        (void)add(s, &r);
    }
}

void sample_service(struct sample *s)
{
    struct id item[N_ITEM];

    write_holidays(s);
    write_items(s, item);
    write_slots(s, item);
    write_applications(s, item);
    write_papers(s);
}
