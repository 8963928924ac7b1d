/* Generator of an invented community, for `make run`, import tests and benchmarks. Nobody in it is
 * real: names are drawn from common characters, telephone numbers use a prefix no operator has.
 *   sample --out DIR [--seed N] [--persons N] [--dwellings N]
 * Writes DIR/<nn>-<collection>.jsonl (changes in canonical form, in the order in which references
 * need them), DIR/residents.xlsx, .csv and -gb18030.csv (a clerk's table with a clerk's mistakes),
 * DIR/residents-2.csv (the same a month later) and DIR/expected.json (how many mistakes of each
 * kind). Same seed, same bytes. */
#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xlsxwriter.h>

#define START_MS 1793491200000 /* 2026-11-01 00:00 UTC: ids of the sample begin here */
#define ID_LEN 20
#define FIELDS_MAX 24
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct id {
    char text[ID_LEN + 1];
};
struct person {
    struct id id;
    char name[32], id_no[19], birth[11], phone[16];
    bool male;
    int dwelling, relation;
};
struct dwelling {
    struct id id, household;
    int building, unit, floor, first, n;
    char room[24];
};
struct field {
    const char *key;
    char value[640]; /* JSON */
};
struct row {
    struct field f[FIELDS_MAX];
    int n;
};
struct sample {
    const char *dir;
    uint64_t rng, ticks;
    int n_person, n_dwelling, n_file;
    struct person *person;
    struct dwelling *dwelling;
    FILE *out;
    const char *collection;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "sample: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(struct sample *s)
{
    uint64_t z = (s->rng += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static int below(struct sample *s, int n)
{
    return (int)(next(s) % (uint64_t)n);
}

/* 48 bits of ms, 16 of counter, 32 random: base32hex, as every change id */
static struct id new_id(struct sample *s)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    uint64_t ms = START_MS + s->ticks++ * 250;
    uint32_t low = (uint32_t)next(s);
    struct id id = { 0 };

    for (int i = 0; i < ID_LEN; i++) {
        unsigned v = 0;
        for (int bit = i * 5; bit < i * 5 + 5; bit++) {
            unsigned b = bit < 48   ? (unsigned)(ms >> (47 - bit)) & 1
                         : bit < 64 ? 0
                         : bit < 96 ? (low >> (95 - bit)) & 1
                                    : 0;
            v = v * 2 + b;
        }
        id.text[i] = digits[v];
    }
    return id;
}

static void put(struct row *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void put(struct row *r, const char *key, const char *fmt, ...)
{
    va_list args;

    if (r->n == FIELDS_MAX)
        die("too many fields");
    r->f[r->n].key = key;
    va_start(args, fmt);
    int n = vsnprintf(r->f[r->n].value, sizeof r->f[0].value, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof r->f[0].value)
        die("value too long");
    r->n++;
}
/* Texts of the sample hold neither quotes nor control characters. */
#define puts_(r, key, text) put(r, key, "\"%s\"", text)

static int by_key(const void *a, const void *b)
{
    const struct field *x = a;
    const struct field *y = b;

    return strcmp(x->key, y->key);
}

static void open_file(struct sample *s, const char *collection)
{
    char name[512];

    if (s->out != NULL && fclose(s->out) != 0)
        die("cannot write");
    (void)snprintf(name, sizeof name, "%s/%02d-%s.jsonl", s->dir, ++s->n_file, collection);
    s->out = fopen(name, "w");
    if (s->out == NULL)
        die(name);
    s->collection = collection;
}

static void fields(struct sample *s, struct row *r)
{
    qsort(r->f, (size_t)r->n, sizeof r->f[0], by_key);
    for (int i = 0; i < r->n; i++)
        (void)fprintf(s->out, "%s\"%s\":%s", i > 0 ? "," : "", r->f[i].key, r->f[i].value);
}

static struct id add(struct sample *s, struct row *r)
{
    struct id id = new_id(s);

    (void)fprintf(s->out, "{\"f\":{");
    fields(s, r);
    (void)fprintf(s->out, "},\"i\":\"%s\",\"o\":\"add\",\"t\":\"%s@1\"}\n", id.text, s->collection);
    return id;
}

static struct id step(struct sample *s, struct id record, struct id before, const char *action,
                      const char *to)
{
    struct id id = new_id(s);

    (void)fputc('{', s->out);
    if (strcmp(record.text, before.text) != 0)
        (void)fprintf(s->out, "\"b\":[\"%s\"],", before.text);
    (void)fprintf(s->out,
                  "\"f\":{\"action\":\"%s\",\"to\":\"%s\"},\"i\":\"%s\",\"o\":\"step\",\"r\":\"%"
                  "s\",\"t\":\"%s@1\"}\n",
                  action, to, id.text, record.text, s->collection);
    return id;
}

static const char *const surnames[] = { "王", "李", "张", "刘", "陈", "杨", "黄",   "赵",
                                        "吴", "周", "徐", "孙", "马", "朱", "胡",   "郭",
                                        "何", "林", "高", "罗", "郑", "梁", "谢",   "宋",
                                        "唐", "许", "邓", "冯", "韩", "曹", "沈",   "章",
                                        "钱", "俞", "方", "金", "陆", "潘", "欧阳", "诸葛" };
static const char *const given_m[] = { "伟", "强", "磊", "军", "勇", "杰", "涛", "超",
                                       "明", "刚", "平", "辉", "鹏", "华", "飞", "建",
                                       "国", "志", "文", "海", "宇", "浩" };
static const char *const given_f[] = { "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞",
                                       "秀", "燕", "玲", "桂", "英", "梅", "婷", "雪",
                                       "慧", "莉", "兰", "凤", "洁", "欣" };

static void name_of(struct sample *s, char out[32], bool male)
{
    const char *const *g = male ? given_m : given_f;
    const char *one = g[below(s, COUNT(given_m))];
    const char *two = below(s, 3) > 0 ? g[below(s, COUNT(given_m))] : "";

    (void)snprintf(out, 32, "%s%s%s", surnames[below(s, COUNT(surnames))], one, two);
}

/* GB 11643-1999: ISO 7064 MOD 11-2 over 17 digits */
static char check_digit(const char *id_no)
{
    static const int weight[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    for (int i = 0; i < 17; i++)
        sum += (id_no[i] - '0') * weight[i];
    return "10X98765432"[sum % 11];
}

static void make_person(struct sample *s, struct person *p, int relation)
{
    int age = relation <= 1 ? 24 + below(s, 65) : relation == 2 ? below(s, 28) : 50 + below(s, 45);
    int year = 2026 - age - 1;
    int month = 1 + below(s, 12);
    int day = 1 + below(s, 28);

    p->male = relation == 0   ? below(s, 10) < 6
              : relation == 1 ? below(s, 10) < 4
                              : below(s, 2) == 0;
    p->relation = relation;
    name_of(s, p->name, p->male);
    (void)snprintf(p->birth, sizeof p->birth, "%04d-%02d-%02d", year, month, day);
    (void)snprintf(p->id_no, sizeof p->id_no, "330106%04d%02d%02d%03dx", year, month, day,
                   (below(s, 490) * 2 + (p->male ? 1 : 2)) % 1000);
    p->id_no[17] = check_digit(p->id_no);
    if (age >= 12) /* 142 belongs to no operator */
        (void)snprintf(p->phone, sizeof p->phone, "142%08d", below(s, 100000000));
}

static void settle(struct sample *s)
{
    int at = 0;

    for (int i = 0; i < s->n_dwelling; i++) {
        int left = s->n_dwelling - i;
        int want = (s->n_person - at) / left + below(s, 5) - 2;
        if (left == 1 || want > s->n_person - at)
            want = s->n_person - at;
        s->dwelling[i].first = at;
        for (; want > 0; want--, s->dwelling[i].n++, at++) {
            make_person(s, &s->person[at], s->dwelling[i].n < 4 ? s->dwelling[i].n : 2);
            s->person[at].dwelling = i;
        }
    }
}

#define N_BUILDING 22
#define N_GRID 4

static void write_homes(struct sample *s, struct id home[8])
{
    static const char *const rows[][3] = {
        { "committee", "翠苑一区社区居民委员会",
          "社区居民委员会，办公时间周一至周六 8:30–17:30。" },
        { "party", "中共翠苑一区社区委员会", "社区党组织。" },
        { "centre", "翠苑一区社区公共服务中心", "一站式服务大厅，可代办、预约。" },
        { "worker", "翠苑一区社工服务台", "四个网格的责任社工。" },
        { "owners", "翠苑一区业主委员会", "第三届业主委员会。" },
        { "property", "翠苑物业服务站", "报修电话二十四小时有人接听。" },
        { "social", "翠苑为老服务社", "助餐、陪护与上门理发。" },
        { "volunteer", "翠苑志愿服务队", "助老、环保与平安巡逻。" },
    };

    open_file(s, "home");
    for (int i = 0; i < COUNT(rows); i++) {
        struct row r = { 0 };
        puts_(&r, "kind", rows[i][0]);
        puts_(&r, "name", rows[i][1]);
        puts_(&r, "intro", rows[i][2]);
        puts_(&r, "address", "翠苑一区文一路旁社区中心");
        put(&r, "phone", "\"0571-0000%04d\"", 1000 + i);
        put(&r, "listed", "true");
        home[i] = add(s, &r);
    }
}

static void write_buildings(struct sample *s, struct id building[N_BUILDING], struct id property)
{
    open_file(s, "building");
    for (int i = 0; i < N_BUILDING; i++) {
        struct row r = { 0 };
        put(&r, "code", "\"%02d\"", i + 1);
        put(&r, "name", "\"翠苑一区%d幢\"", i + 1);
        puts_(&r, "estate", i < 14 ? "翠苑一区" : "翠苑新村");
        put(&r, "address", "{\"number\":\"%d号\",\"road\":\"翠苑路\"}", 2 * i + 1);
        put(&r, "floors", "%d", i % 5 == 4 ? 11 : 6);
        put(&r, "units", "%d", 3);
        put(&r, "built", "%d", 1984 + i % 12);
        put(&r, "lifts", "%d", i % 5 == 4 ? 3 : 0);
        put(&r, "property", "\"%s\"", property.text);
        building[i] = add(s, &r);
    }
    open_file(s, "grid");
    for (int g = 0; g < N_GRID; g++) {
        char list[600] = "";
        struct row r = { 0 };
        for (int i = g; i < N_BUILDING; i += N_GRID) {
            size_t at = strlen(list);
            (void)snprintf(list + at, sizeof list - at, "%s\"%s\"", at > 0 ? "," : "",
                           building[i].text);
        }
        put(&r, "code", "\"g%d\"", g + 1);
        put(&r, "name", "\"第%d网格\"", g + 1);
        put(&r, "buildings", "[%s]", list);
        (void)add(s, &r);
    }
}

static void write_dwellings(struct sample *s, const struct id building[N_BUILDING])
{
    static const char *const tenure[] = { "owner", "owner", "owner", "owner",
                                          "rent",  "rent",  "mixed" };

    open_file(s, "dwelling");
    for (int i = 0; i < s->n_dwelling; i++) {
        struct dwelling *d = &s->dwelling[i];
        int k = i / N_BUILDING;
        struct row r = { 0 };
        d->building = i % N_BUILDING;
        d->unit = k % 3 + 1;
        d->floor = k / 9 + 1;
        (void)snprintf(d->room, sizeof d->room, "%d0%d", d->floor, k / 3 % 3 + 1);
        put(&r, "building", "\"%s\"", building[d->building].text);
        put(&r, "unit", "\"%d\"", d->unit);
        put(&r, "floor", "%d", d->floor);
        puts_(&r, "room", d->room);
        put(&r, "area", "\"%d.%d\"", 42 + below(s, 70), 1 + below(s, 9));
        puts_(&r, "tenure", d->n == 0 ? "vacant" : tenure[below(s, COUNT(tenure))]);
        if (d->n > 0)
            puts_(&r, "owner", s->person[d->first].name);
        put(&r, "cert_no", "\"杭西%08d\"", below(s, 100000000));
        put(&r, "checked", "\"2026-%02d-%02d\"", 3 + below(s, 8), 1 + below(s, 28));
        d->id = add(s, &r);
    }
}

static void write_persons(struct sample *s)
{
    static const char *const employer[] = { "翠苑小学",       "文一路菜市场", "社区卫生服务站",
                                            "西溪面馆",       "学院路书店",   "翠苑幼儿园",
                                            "文三路电子市场", "城西公交公司" };
    static const char *const kind[] = { "local",     "local",    "local",    "local",
                                        "elsewhere", "floating", "floating", "away" };

    open_file(s, "person");
    for (int i = 0; i < s->n_person; i++) {
        struct person *p = &s->person[i];
        struct row r = { 0 };
        int year = (int)strtol(p->birth, NULL, 10);
        puts_(&r, "name", p->name);
        puts_(&r, "id_type", "111"); /* GA/T 517: resident identity card */
        puts_(&r, "id_no", p->id_no);
        puts_(&r, "sex", p->male ? "1" : "2");
        puts_(&r, "birth", p->birth);
        puts_(&r, "ethnic", below(s, 40) == 0 ? "11" : "01");
        puts_(&r, "marital", 2026 - year < 24 ? "10" : "20");
        puts_(&r, "hukou_region", "330106005055");
        puts_(&r, "kind", kind[below(s, COUNT(kind))]);
        puts_(&r, "status", "living");
        if (p->phone[0] != '\0')
            puts_(&r, "phone", p->phone);
        if (year > 1966 && year < 2002)
            puts_(&r, "employer", employer[below(s, COUNT(employer))]);
        put(&r, "checked", "\"2026-%02d-%02d\"", 2 + below(s, 9), 1 + below(s, 28));
        p->id = add(s, &r);
    }
}

static void write_households(struct sample *s)
{
    static const char *const relation[] = { "01", "10", "20",
                                            "50" }; /* GB/T 4761: head, spouse, child, parent */

    open_file(s, "household");
    for (int i = 0; i < s->n_dwelling; i++) {
        struct row r = { 0 };
        if (s->dwelling[i].n == 0)
            continue;
        put(&r, "no", "\"%06d\"", i + 1);
        put(&r, "dwelling", "\"%s\"", s->dwelling[i].id.text);
        put(&r, "head", "\"%s\"", s->person[s->dwelling[i].first].id.text);
        puts_(&r, "kind", "family");
        s->dwelling[i].household = add(s, &r);
    }
    open_file(s, "residence");
    for (int i = 0; i < s->n_person; i++) {
        const struct dwelling *d = &s->dwelling[s->person[i].dwelling];
        struct row r = { 0 };
        put(&r, "person", "\"%s\"", s->person[i].id.text);
        put(&r, "dwelling", "\"%s\"", d->id.text);
        put(&r, "household", "\"%s\"", d->household.text);
        puts_(&r, "relation", relation[s->person[i].relation]);
        puts_(&r, "kind", "actual");
        put(&r, "starts", "\"%d-%02d-01\"", 1998 + below(s, 28), 1 + below(s, 12));
        (void)add(s, &r);
    }
    open_file(s, "care_tag");
    for (int i = 0; i < s->n_person; i++) {
        struct row r = { 0 };
        if (strtol(s->person[i].birth, NULL, 10) > 1946 || below(s, 3) > 0)
            continue;
        put(&r, "person", "\"%s\"", s->person[i].id.text);
        puts_(&r, "kind", s->dwelling[s->person[i].dwelling].n == 1 ? "alone" : "empty_nest");
        put(&r, "visit_days", "%d", 7 + 7 * below(s, 4));
        puts_(&r, "starts", "2026-01-01");
        (void)add(s, &r);
    }
}

static void write_places(struct sample *s)
{
    static const char *const unit[] = { "翠苑小学",           "翠苑幼儿园", "文一路菜市场",
                                        "翠苑社区卫生服务站", "西溪面馆",   "学院路书店" };
    static const char *const facility[] = { "路灯",         "健身器材", "消防栓", "垃圾投放点",
                                            "电动车充电桩", "门禁",     "监控",   "座椅" };
    static const char *const code[] = { "lamp",     "fitness", "hydrant", "waste",
                                        "charging", "gate",    "camera",  "bench" };

    open_file(s, "unit");
    for (int i = 0; i < COUNT(unit); i++) {
        struct row r = { 0 };
        puts_(&r, "name", unit[i]);
        puts_(&r, "kind", i < 2 ? "school" : i == 3 ? "institution" : "business");
        put(&r, "address", "\"翠苑路%d号\"", 50 + i);
        put(&r, "staff", "%d", 6 + below(s, 60));
        (void)add(s, &r);
    }
    open_file(s, "facility");
    for (int i = 0; i < 40; i++) {
        struct row r = { 0 };
        puts_(&r, "kind", code[i % COUNT(code)]);
        put(&r, "place", "\"%d幢旁%s\"", 1 + below(s, N_BUILDING), facility[i % COUNT(code)]);
        put(&r, "checked", "\"2026-%02d-15\"", 5 + below(s, 6));
        (void)add(s, &r);
    }
}

static void write_news(struct sample *s)
{
    static const char *const news[][2] = {
        { "重阳节为老服务周开始", "本周起，社区食堂为七十岁以上老人加送一道热菜。" },
        { "四号楼加装电梯通过公示", "公示期内没有收到异议，下周进场施工。" },
        { "社区图书角新到图书二百册", "周末全天开放，凭姓名登记借阅。" },
        { "垃圾分类积分可换日用品", "每月十五日在服务中心兑换。" },
    };
    static const char *const notice[][2] = {
        { "停水通知", "因管道检修，1 至 6 幢于周三 9:00–16:00 停水，请提前储水。" },
        { "流感疫苗接种", "六十岁以上居民可在社区卫生服务站免费接种，请带身份证。" },
        { "电动车集中充电点启用", "请勿在楼道内充电。" },
        { "业主大会议题征集", "截至本月底，可到业委会或在邻里上提交。" },
    };

    open_file(s, "news");
    for (int i = 0; i < COUNT(news); i++) {
        struct row r = { 0 };
        puts_(&r, "title", news[i][0]);
        puts_(&r, "body", news[i][1]);
        puts_(&r, "section", "community");
        puts_(&r, "level", "community");
        struct id id = add(s, &r);
        if (i + 1 < COUNT(news))
            (void)step(s, id, id, "publish", "published");
    }
    open_file(s, "notice");
    for (int i = 0; i < COUNT(notice); i++) {
        struct row r = { 0 };
        puts_(&r, "title", notice[i][0]);
        puts_(&r, "body", notice[i][1]);
        puts_(&r, "kind", "service");
        puts_(&r, "expire", "2027-06-30");
        struct id id = add(s, &r);
        struct id at = step(s, id, id, "submit", "submitted");
        if (i == 3) /* one waits for review */
            continue;
        at = step(s, id, at, "approve", "approved");
        (void)step(s, id, at, "publish", "published");
    }
}

static void write_tickets(struct sample *s, const struct id home[8],
                          const struct id building[N_BUILDING])
{
    static const char *const category[][3] = {
        { "lamp", "路灯楼道灯", "设施" }, { "water", "漏水停水", "设施" },
        { "noise", "噪音扰民", "秩序" },  { "waste", "垃圾清运", "环境" },
        { "park", "停车秩序", "秩序" },   { "fire", "消防通道", "安全" }
    };
    static const char *const said[] = { "楼道灯不亮",       "地下室渗水",     "夜间施工声音大",
                                        "垃圾桶满了没有清", "车停在消防通道", "通道堆放杂物" };
    static const char *const way[][2] = { { "accept", "accepted" }, { "assign", "assigned" },
                                          { "handle", "handling" }, { "reply", "replied" },
                                          { "rate", "rated" },      { "close", "closed" } };
    struct id kind[COUNT(category)];

    open_file(s, "category");
    for (int i = 0; i < COUNT(category); i++) {
        struct row r = { 0 };
        puts_(&r, "code", category[i][0]);
        puts_(&r, "name", category[i][1]);
        puts_(&r, "grouping", category[i][2]);
        put(&r, "handler", "\"%s\"", home[i == 2 ? 0 : 5].text);
        puts_(&r, "tier", "community");
        put(&r, "accept_hours", "%d", 4);
        put(&r, "done_hours", "%d", 24 * (1 + i));
        put(&r, "public", "true");
        kind[i] = add(s, &r);
    }
    open_file(s, "ticket");
    for (int i = 0; i < 72; i++) {
        struct row r = { 0 };
        int c = below(s, COUNT(category));
        int b = below(s, N_BUILDING);
        puts_(&r, "kind", i % 9 == 0 ? "advice" : "event");
        put(&r, "category", "\"%s\"", kind[c].text);
        put(&r, "title", "\"%d幢%s\"", b + 1, said[c]);
        put(&r, "body", "\"%d幢%d单元%s，请尽快处理。\"", b + 1, 1 + below(s, 3), said[c]);
        put(&r, "place", "\"%s\"", building[b].text);
        put(&r, "reporter", "\"%s\"", s->person[below(s, s->n_person)].id.text);
        struct id id = add(s, &r);
        struct id at = id;
        for (int k = 0; k < i % 7; k++)
            at = step(s, id, at, way[k][0], way[k][1]);
    }
}

/* ---- the clerk's table ---- */

enum defect { FINE, BAD_CHECK, ROUNDED, DOUBLE, NO_NAME, BAD_DATE, SHORT_PHONE, WIDE, N_DEFECT };
static const char *const defect_names[] = { "fine",        "wrong_check_digit", "rounded_number",
                                            "duplicate",   "name_missing",      "impossible_date",
                                            "short_phone", "full_width_digits" };
static const int defect_counts[] = { 0, 12, 9, 10, 4, 5, 7, 3 };
#define COLUMNS 13
static const char *const header[COLUMNS] = { "序号", "楼幢",       "单元",       "房号",
                                             "姓名", "性别",       "身份证号码", "出生日期",
                                             "民族", "与户主关系", "联系电话",   "人员类别",
                                             "备注" };

struct cells {
    char c[COLUMNS][96];
    bool number; /* the identity number was stored as a number and is rounded */
};

static void wide(char *out, size_t size, const char *digits)
{
    size_t at = 0;

    for (; *digits != '\0' && at + 4 < size; digits++) {
        if (*digits < '0' || *digits > '9') {
            out[at++] = *digits;
            continue;
        }
        out[at++] = (char)0xef; /* U+FF10 + digit */
        out[at++] = (char)0xbc;
        out[at++] = (char)(0x90 + *digits - '0');
    }
    out[at] = '\0';
}

static void fill(struct sample *s, struct cells *r, int no, const struct person *p,
                 enum defect what)
{
    static const char *const relation[] = { "户主", "配偶", "子女", "父母" };
    const struct dwelling *d = &s->dwelling[p->dwelling];

    *r = (struct cells){ 0 };
    (void)snprintf(r->c[0], 96, "%d", no);
    (void)snprintf(r->c[1], 96, "%d幢", d->building + 1);
    (void)snprintf(r->c[2], 96, "%d", d->unit);
    (void)snprintf(r->c[3], 96, "%s", d->room);
    (void)snprintf(r->c[4], 96, "%s", what == NO_NAME ? "" : p->name);
    (void)snprintf(r->c[5], 96, "%s", p->male ? "男" : "女");
    (void)snprintf(r->c[6], 96, "%s", p->id_no);
    (void)snprintf(r->c[7], 96,
                   no % 3 == 0   ? "%.4s.%.2s.%.2s"
                   : no % 3 == 1 ? "%.4s-%.2s-%.2s"
                                 : "%.4s/%.2s/%.2s",
                   p->birth, p->birth + 5, p->birth + 8);
    (void)snprintf(r->c[8], 96, "%s", no % 2 == 0 ? "汉族" : "汉");
    (void)snprintf(r->c[9], 96, "%s", relation[p->relation]);
    (void)snprintf(r->c[10], 96, "%s", p->phone);
    (void)snprintf(r->c[11], 96, "%s", "户籍居民");
    switch (what) {
    case BAD_CHECK:
        r->c[6][17] = r->c[6][17] == '3' ? '4' : '3';
        break;
    case ROUNDED: /* a spreadsheet keeps 15 digits */
        r->number = true;
        memcpy(r->c[6] + 15, "000", 3);
        break;
    case BAD_DATE:
        (void)snprintf(r->c[7], 96, "%.4s-02-30", p->birth);
        break;
    case SHORT_PHONE:
        (void)snprintf(r->c[10], 96, "14212345");
        break;
    case WIDE:
        wide(r->c[6], 96, p->id_no);
        break;
    case DOUBLE:
        (void)snprintf(r->c[12], 96, "重复登记");
        break;
    case FINE:
    case NO_NAME:
    case N_DEFECT:
        break;
    }
}

/* Which mistake row i of the table carries: spread evenly, the same for a seed. */
static enum defect *choose(struct sample *s)
{
    enum defect *d = calloc((size_t)s->n_person, sizeof *d);

    if (d == NULL)
        die("memory");
    for (int k = 1; k < N_DEFECT; k++) {
        for (int left = defect_counts[k]; left > 0;) {
            int at = 10 + below(s, s->n_person - 20);
            if (d[at] != FINE || (k == SHORT_PHONE && s->person[at].phone[0] == '\0'))
                continue;
            d[at] = (enum defect)k;
            left--;
        }
    }
    return d;
}

static void csv_row(FILE *f, const struct cells *r, bool same_house)
{
    for (int c = 0; c < COLUMNS; c++) {
        const char *v = r->c[c];
        char e[32];
        if (c > 0)
            (void)fputc(',', f);
        if (same_house && c >= 1 && c <= 3)
            continue; /* merged cells leave blanks in a CSV */
        if (c == 6 && r->number) {
            (void)snprintf(e, sizeof e, "%.5E", strtod(v, NULL));
            v = e;
        }
        (void)fputs(v, f);
    }
    (void)fputs("\r\n", f);
}

static void csv(struct sample *s, const enum defect *what, const char *name, bool second)
{
    char path[512];
    int no = 0;
    int house = -1;

    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        die(path);
    (void)fputs("\xef\xbb\xbf", f);
    for (int c = 0; c < COLUMNS; c++)
        (void)fprintf(f, "%s%s", c > 0 ? "," : "", header[c]);
    (void)fputs("\r\n", f);
    for (int i = 0; i < s->n_person; i++) {
        struct person p = s->person[i];
        struct cells r;
        if (second && what[i] == FINE &&
            i % 100 == 7) /* a month later every hundredth has a new number */
            (void)snprintf(p.phone, sizeof p.phone, "142%08d", 90000000 + i);
        fill(s, &r, ++no, &p, what[i]);
        csv_row(f, &r, p.dwelling == house);
        house = p.dwelling;
        if (what[i] == DOUBLE) {
            fill(s, &r, ++no, &p, what[i]);
            csv_row(f, &r, true);
        }
    }
    if (fclose(f) != 0)
        die(path);
}

static void gb18030(struct sample *s)
{
    char path[512];
    static char in[4 << 20];
    static char out[4 << 20];

    (void)snprintf(path, sizeof path, "%s/residents.csv", s->dir);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        die(path);
    size_t left = fread(in, 1, sizeof in, f);
    (void)fclose(f);
    char *from = in + 3; /* without the mark, which GB18030 files do not have */
    char *to = out;
    size_t room = sizeof out;
    left -= 3;
    iconv_t cd = iconv_open("GB18030", "UTF-8");
    if (iconv(cd, &from, &left, &to, &room) == (size_t)-1)
        die("iconv");
    (void)iconv_close(cd);
    (void)snprintf(path, sizeof path, "%s/residents-gb18030.csv", s->dir);
    f = fopen(path, "w");
    if (f == NULL || fwrite(out, 1, sizeof out - room, f) != sizeof out - room || fclose(f) != 0)
        die(path);
}

static void xlsx_house(lxw_worksheet *w, lxw_row_t first, lxw_row_t last, const struct cells *r)
{
    for (lxw_col_t c = 1; c <= 3; c++) {
        if (last > first)
            (void)worksheet_merge_range(w, first, c, last, c, r->c[c], NULL);
        else
            (void)worksheet_write_string(w, first, c, r->c[c], NULL);
    }
}

static void xlsx(struct sample *s, const enum defect *what)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/residents.xlsx", s->dir);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *w = workbook_add_worksheet(book, "居民花名册");
    lxw_doc_properties doc = { .created = 1793491200 };
    (void)workbook_set_properties(book, &doc);
    (void)worksheet_merge_range(w, 0, 0, 0, COLUMNS - 1, "翠苑一区社区居民花名册", NULL);
    for (lxw_col_t c = 0; c < COLUMNS; c++)
        (void)worksheet_write_string(w, 1, c, header[c], NULL);

    lxw_row_t row = 2;
    lxw_row_t first = 2;
    struct cells house = { 0 };
    int no = 0;
    for (int i = 0; i < s->n_person; i++) {
        for (int twice = 0; twice < (what[i] == DOUBLE ? 2 : 1); twice++, row++) {
            struct cells r;
            fill(s, &r, ++no, &s->person[i], what[i]);
            for (lxw_col_t c = 0; c < COLUMNS; c++) {
                if ((c >= 1 && c <= 3) || r.c[c][0] == '\0')
                    continue;
                if (c == 0 || (c == 6 && r.number))
                    (void)worksheet_write_number(w, row, c, strtod(r.c[c], NULL), NULL);
                else
                    (void)worksheet_write_string(w, row, c, r.c[c], NULL);
            }
            house = r;
        }
        if (i + 1 == s->n_person || s->person[i + 1].dwelling != s->person[i].dwelling) {
            xlsx_house(w, first, row - 1, &house);
            first = row;
        }
    }
    if (workbook_close(book) != LXW_NO_ERROR)
        die(path);
}

static void expected(struct sample *s, const enum defect *what)
{
    char path[512];
    int again = 0;
    for (int i = 0; i < s->n_person; i++)
        again += what[i] == FINE && i % 100 == 7;
    (void)snprintf(path, sizeof path, "%s/expected.json", s->dir);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        die(path);
    (void)fprintf(f, "{\"persons\":%d,\"rows\":%d,\"changed_in_second\":%d", s->n_person,
                  s->n_person + defect_counts[DOUBLE], again);
    for (int k = 1; k < N_DEFECT; k++)
        (void)fprintf(f, ",\"%s\":%d", defect_names[k], defect_counts[k]);
    (void)fputs("}\n", f);
    if (fclose(f) != 0)
        die(path);
}

int main(int argc, char **argv)
{
    struct sample s = { .rng = 1, .n_person = 3000, .n_dwelling = 1100 };
    struct id home[8];
    struct id building[N_BUILDING];

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            s.dir = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0)
            s.rng = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--persons") == 0)
            s.n_person = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--dwellings") == 0)
            s.n_dwelling = (int)strtol(argv[i + 1], NULL, 10);
        else
            s.dir = NULL, i = argc;
    }
    if (s.dir == NULL || s.n_person < 200 || s.n_person > 20000 || s.n_dwelling < 100 ||
        s.n_dwelling > 20000) {
        (void)fprintf(
            stderr,
            "sample --out DIR [--seed N] [--persons 200..20000] [--dwellings 100..20000]\n");
        return 2;
    }
    if (mkdir(s.dir, 0777) != 0 && errno != EEXIST)
        die(s.dir);
    s.person = calloc((size_t)s.n_person, sizeof *s.person);
    s.dwelling = calloc((size_t)s.n_dwelling, sizeof *s.dwelling);
    if (s.person == NULL || s.dwelling == NULL)
        die("memory");
    settle(&s);
    write_homes(&s, home);
    write_buildings(&s, building, home[5]);
    write_dwellings(&s, building);
    write_persons(&s);
    write_households(&s);
    write_places(&s);
    write_news(&s);
    write_tickets(&s, home, building);
    if (fclose(s.out) != 0)
        die("cannot write");
    enum defect *what = choose(&s);
    csv(&s, what, "residents.csv", false);
    csv(&s, what, "residents-2.csv", true);
    gb18030(&s);
    xlsx(&s, what);
    expected(&s, what);
    free(what);
    free(s.person);
    free(s.dwelling);
    return 0;
}
