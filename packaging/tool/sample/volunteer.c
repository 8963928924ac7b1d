/* Volunteers and their confirmed hours, help between neighbours, activities, the mutual-aid fund
 * with its chain of postings (M11). */
#include "sample.h"

#include <sodium.h>
#include <string.h>

#define N_VOLUNTEER 180
#define N_RECORD 620
#define N_HELP 90
#define N_KEEPER 3
#define N_ENTRY 40

struct record {
    int volunteer, minutes, day, role;
    bool confirmed;
};
struct volunteer {
    struct id id;
    int minutes, waiting, last; /* days ago */
    int role;
};

static void plan(struct sample *s, struct record *record, struct volunteer *v)
{
    for (int i = 0; i < N_VOLUNTEER; i++)
        v[i] = (struct volunteer){ .last = -1, .role = 1 + below(s, 12) };
    for (int i = 0; i < N_RECORD; i++) {
        struct record *r = &record[i];
        r->volunteer = below(s, N_VOLUNTEER * 3 / 4);
        r->minutes = 30 + 15 * below(s, 12);
        r->day = 358 - i * 356 / N_RECORD;
        r->role = v[r->volunteer].role;
        r->confirmed = i < N_RECORD - 25;
        *(r->confirmed ? &v[r->volunteer].minutes : &v[r->volunteer].waiting) += r->minutes;
        v[r->volunteer].last = r->day;
    }
}

static const char *surname_of(char out[16], const char *name)
{
    (void)snprintf(out, 16, "%.3s**", name);
    return out;
}

static void write_volunteers(struct sample *s, struct volunteer *v)
{
    char names[N_VOLUNTEER][16];

    open_file(s, "volunteer");
    for (int i = 0; i < N_VOLUNTEER; i++) {
        const struct person *p = grown_up(s);
        struct row r = { 0 };
        happened(s, 359, 9);
        (void)surname_of(names[i], p->name);
        put_ref(&r, "person", p->id);
        puts_(&r, "name", p->name);
        put(&r, "roles", "[\"%d\"]", v[i].role);
        puts_(&r, "shown_as", "surname");
        put_day(s, &r, "since", 359);
        if (v[i].role == 3 || v[i].role == 10)
            put(&r, "cleared", "[\"%d\"]", v[i].role);
        put(&r, "minutes", "%d", v[i].minutes);
        put(&r, "waiting_minutes", "%d", v[i].waiting);
        if (v[i].last >= 0)
            put_day(s, &r, "active", v[i].last);
        v[i].id = add(s, &r);
        (void)step(s, v[i].id, v[i].id, "admit", "active");
    }
    open_file(s, "volunteer_card");
    for (int i = 0; i < N_VOLUNTEER; i++) {
        struct row r = { 0 };
        put_ref(&r, "volunteer", v[i].id);
        puts_(&r, "name", names[i]);
        put(&r, "roles", "[\"%d\"]", v[i].role);
        put(&r, "hours", "%d", v[i].minutes / 60);
        put(&r, "active", "true");
        (void)add(s, &r);
    }
}

static struct id write_activities(struct sample *s)
{
    static const char *const titles[] = { "河道清洁日", "义诊进小区", "老年书画班", "消防演练",
                                          "旧衣回收",   "端午包粽子", "亲子运动会", "重阳敬老" };
    static const char *const kinds[] = { "environment", "health", "culture", "safety" };
    struct id last = { "" };

    open_file(s, "activity");
    for (int i = 0; i < 24; i++) {
        struct row r = { 0 };
        int day = 340 - 15 * i; /* the last ones lie ahead */
        bool over = day > 0;
        long long starts = (long long)s->today_ms - (long long)day * DAY_MS + 9 * 3600000LL;
        happened(s, over ? day + 8 : 2, 10);
        puts_(&r, "title", titles[i % COUNT(titles)]);
        put_ref(&r, "home", s->home[i % 2 == 0 ? VOLUNTEERS : COMMITTEE]);
        puts_(&r, "kind", kinds[i % COUNT(kinds)]);
        put(&r, "starts", "%lld", starts);
        put(&r, "ends", "%lld", starts + 10800000);
        puts_(&r, "place", i % 3 == 0 ? "社区小广场" : i % 3 == 1 ? "沿山河步道" : "活动室");
        put(&r, "needs", "{\"1\":10,\"any\":30}");
        puts_(&r, "body", "欢迎邻居参加，志愿者请提前半小时到。");
        if (over)
            puts_(&r, "summary", "三十多位邻居参加，顺利结束。");
        struct id id = add(s, &r);
        struct id at = step(s, id, id, "review", "reviewed");
        at = step(s, id, at, "open", "open");
        last = id;
        if (!over)
            continue;
        happened(s, day, 13);
        at = step(s, id, at, "hold", "held");
        (void)step(s, id, at, "sum_up", "summed_up");
    }
    return last;
}

static void write_records(struct sample *s, const struct record *record, const struct volunteer *v,
                          struct id source)
{
    static struct id id[N_RECORD];

    open_file(s, "service_record");
    for (int i = 0; i < N_RECORD; i++) {
        struct row r = { 0 };
        happened(s, record[i].day, 18);
        put(&r, "serial", "\"V330106005055-2026-S%04d\"", i + 1);
        put_ref(&r, "volunteer", v[record[i].volunteer].id);
        put_ref(&r, "source", source);
        put(&r, "role", "\"%d\"", record[i].role);
        put_day(s, &r, "date", record[i].day);
        put(&r, "minutes", "%d", record[i].minutes);
        puts_(&r, "content", "按活动安排参加志愿服务。");
        put(&r, "served", "%d", 1 + below(s, 20));
        id[i] = add(s, &r);
    }
    open_file(s, "service_check");
    for (int i = 0; i < N_RECORD; i++) {
        struct row r = { 0 };
        if (!record[i].confirmed)
            continue;
        happened(s, record[i].day, 20);
        put_ref(&r, "record", id[i]);
        puts_(&r, "kind", "organiser");
        puts_(&r, "decision", "confirm");
        put(&r, "role", "\"%d\"", record[i].role);
        put(&r, "minutes", "%d", record[i].minutes);
        put(&r, "score", "%d", 4 + below(s, 2));
        (void)add(s, &r);
    }
}

static void write_help(struct sample *s, const struct volunteer *v)
{
    static const char *const what[][3] = {
        { "errand", "买米和油，腿脚不便", "这两天" }, { "company", "陪老人下楼走走", "周末上午" },
        { "repair", "水龙头滴水", "都可以" },         { "digital", "手机上怎么预约挂号", "晚上" },
        { "medical", "陪同去医院复查", "周三上午" },
    };

    open_file(s, "help_request");
    for (int i = 0; i < N_HELP; i++) {
        const char *const *w = what[below(s, COUNT(what))];
        struct row r = { 0 };
        int day = 350 - i * 350 / N_HELP;
        bool done = i < N_HELP - 12;
        happened(s, day, 9);
        puts_(&r, "kind", w[0]);
        puts_(&r, "body", w[1]);
        puts_(&r, "wanted", w[2]);
        puts_(&r, "urgency", i % 9 == 0 ? "urgent" : "normal");
        put_ref(&r, "person", grown_up(s)->id);
        put_ref(&r, "place", s->building[below(s, N_BUILDING)]);
        puts_(&r, "shown_as", "surname");
        if (done) {
            put_ref(&r, "claimed_by", v[below(s, N_VOLUNTEER)].id);
            put(&r, "met_hours", "%d", 2 + below(s, 40));
            put(&r, "met", "true");
        }
        struct id id = add(s, &r);
        if (i >= N_HELP - 3)
            continue;
        struct id at = step(s, id, id, "check", "checked");
        at = step(s, id, at, "open", "open");
        if (!done)
            continue;
        later(s, 3);
        at = step(s, id, at, "claim", "claimed");
        at = step(s, id, at, "begin", "doing");
        at = step(s, id, at, "finish", "done");
        (void)step(s, id, at, "thank", "thanked");
    }
}

/* ---- the fund */

static const char *const KEEPERS[N_KEEPER] = { "老会计金师傅", "退休教师吴老师", "党员志愿者小韩" };

struct entry {
    int day, amount;
    bool in;
    const char *kind, *party, *purpose;
};

static void plan_fund(struct sample *s, struct entry *e, long long *balance)
{
    *balance = 0;
    for (int i = 0; i < N_ENTRY; i++) {
        bool in = i % 4 != 3;
        e[i] = (struct entry){ .day = 350 - 8 * i, .in = in };
        e[i].amount = in ? 20000 + 10000 * below(s, 15) : 15000 + 5000 * below(s, 10);
        e[i].kind = in ? (i % 12 == 0 ? "interest" : "gift") : i % 8 == 7 ? "cost" : "aid";
        e[i].party = in ? (i % 12 == 0 ? "银行" : "热心邻居") : i % 8 == 7 ? "文具店" : "困难家庭";
        e[i].purpose = in ? (i % 12 == 0 ? "季度利息" : "爱心捐款") : i % 8 == 7 ? "账册" : "帮困";
        *balance += in ? e[i].amount : -e[i].amount;
    }
}

static void write_keepers(struct sample *s, struct id keeper[N_KEEPER])
{
    open_file(s, "account");
    for (int i = 0; i < N_KEEPER; i++) {
        struct row r = { 0 };
        happened(s, 358, 9);
        put(&r, "login", "\"keeper%d\"", i + 1);
        puts_(&r, "shown_name", KEEPERS[i]);
        puts_(&r, "level", "2");
        keeper[i] = add(s, &r);
        (void)step(s, keeper[i], keeper[i], "verify", "verified");
    }
}

/* node/module/fund.h says what is hashed. */
static void post(struct sample *s, const struct entry *e, struct id fund, struct id entry, int no,
                 long long balance, char hash[65])
{
    char line[512];
    char day[11];
    unsigned char sum[crypto_hash_sha256_BYTES];
    struct row r = { 0 };

    day_text(s, day, e->day);
    (void)snprintf(line, sizeof line, "%d,%s,%s,%d,%lld,%s,%s", no, day, e->in ? "in" : "out",
                   e->amount, balance, entry.text, hash);
    put_ref(&r, "fund", fund);
    put_ref(&r, "entry", entry);
    put(&r, "no", "%d", no);
    puts_(&r, "date", day);
    puts_(&r, "direction", e->in ? "in" : "out");
    puts_(&r, "kind", e->kind);
    put(&r, "amount", "%d", e->amount);
    put(&r, "balance", "%lld", balance);
    put(&r, "signed_by", "[\"%s\",\"%s\"]", KEEPERS[no % N_KEEPER], KEEPERS[(no + 1) % N_KEEPER]);
    puts_(&r, "previous", hash);
    (void)crypto_hash_sha256(sum, (const unsigned char *)line, strlen(line));
    (void)sodium_bin2hex(hash, 65, sum, sizeof sum);
    puts_(&r, "hash", hash);
    (void)add(s, &r);
}

static void write_fund(struct sample *s)
{
    static struct entry e[N_ENTRY];
    struct id keeper[N_KEEPER];
    struct id id[N_ENTRY];
    struct row r = { 0 };
    long long balance;
    char hash[65];

    plan_fund(s, e, &balance);
    write_keepers(s, keeper);
    open_file(s, "fund");
    happened(s, 357, 9);
    puts_(&r, "name", "翠苑一区邻里互助金");
    put(&r, "keepers", "[\"%s\",\"%s\",\"%s\"]", keeper[0].text, keeper[1].text, keeper[2].text);
    puts_(&r, "rules", "三位管理员管账，每笔两人签字，帮困须三人表决并公示五天。");
    put_day(s, &r, "opened", 357);
    put(&r, "balance", "%lld", balance);
    put(&r, "posted", "%d", N_ENTRY);
    struct id fund = add(s, &r);
    open_file(s, "fund_entry");
    for (int i = 0; i < N_ENTRY; i++) {
        struct row x = { 0 };
        happened(s, e[i].day, 10);
        put_ref(&x, "fund", fund);
        put_day(s, &x, "date", e[i].day);
        puts_(&x, "direction", e[i].in ? "in" : "out");
        puts_(&x, "kind", e[i].kind);
        put(&x, "amount", "%d", e[i].amount);
        puts_(&x, "party_shown", e[i].party);
        puts_(&x, "purpose", e[i].purpose);
        id[i] = add(s, &x);
    }
    open_file(s, "fund_signature");
    for (int i = 0; i < 2 * N_ENTRY; i++) {
        struct row x = { 0 };
        happened(s, e[i / 2].day, 11);
        put_ref(&x, "entry", id[i / 2]);
        put_ref(&x, "by", keeper[(i / 2 + 1 + i % 2) % N_KEEPER]);
        (void)add(s, &x);
    }
    open_file(s, "fund_posting");
    balance = 0;
    memset(hash, '0', 64);
    hash[64] = '\0';
    for (int i = 0; i < N_ENTRY; i++) {
        happened(s, e[i].day, 12);
        balance += e[i].in ? e[i].amount : -e[i].amount;
        post(s, &e[i], fund, id[i], i + 1, balance, hash);
    }
}

void sample_volunteer(struct sample *s)
{
    static struct record record[N_RECORD];
    static struct volunteer v[N_VOLUNTEER];

    plan(s, record, v);
    write_volunteers(s, v);
    write_records(s, record, v, write_activities(s));
    write_help(s, v);
    write_fund(s);
}
