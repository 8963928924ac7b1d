/* People, homes, buildings, grids, dwellings, households, units and facilities (M1, M2). */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

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
char check_digit(const char *id_no)
{
    static const int weight[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    for (int i = 0; i < 17; i++)
        sum += (id_no[i] - '0') * weight[i];
    return "10X98765432"[sum % 11];
}

static int this_year(const struct sample *s)
{
    char day[11];

    day_text(s, day, 0);
    return (int)strtol(day, NULL, 10);
}

static void make_person(struct sample *s, struct person *p, int relation)
{
    int age = relation <= 1 ? 24 + below(s, 65) : relation == 2 ? below(s, 28) : 50 + below(s, 45);
    unsigned year = (unsigned)(this_year(s) - age - 1) % 10000;
    unsigned month = 1 + (unsigned)below(s, 12) % 12;
    unsigned day = 1 + (unsigned)below(s, 28) % 28;

    p->male = relation == 0   ? below(s, 10) < 6
              : relation == 1 ? below(s, 10) < 4
                              : below(s, 2) == 0;
    p->relation = relation;
    name_of(s, p->name, p->male);
    (void)snprintf(p->birth, sizeof p->birth, "%04u-%02u-%02u", year, month, day);
    (void)snprintf(p->id_no, sizeof p->id_no, "330106%04u%02u%02u%03ux", year, month, day,
                   ((unsigned)below(s, 490) * 2 + (p->male ? 1 : 2)) % 1000);
    p->id_no[17] = check_digit(p->id_no);
    if (age >= 12) /* 142 belongs to no operator */
        (void)snprintf(p->phone, sizeof p->phone, "142%08d", below(s, 100000000));
}

void sample_settle(struct sample *s)
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

#define N_UNIT 40

static void write_homes(struct sample *s)
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
        s->home[i] = add(s, &r);
        (void)step(s, s->home[i], s->home[i], "approve", "active");
    }
}

/* Rows of six along the road, some 65 by 85 metres apart; `aside` in a hundred-thousandth of a
 * degree. */
static void put_place(struct row *r, int building, int aside)
{
    put(r, "geo", "{\"lat\":\"30.%05d\",\"lng\":\"120.%05d\"}", 28600 - building / 6 * 60 - aside,
        12200 + building % 6 * 90 + aside);
}

static void write_buildings(struct sample *s)
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
        put_ref(&r, "property", s->home[PROPERTY]);
        put_place(&r, i, 0);
        s->building[i] = add(s, &r);
    }
    open_file(s, "grid");
    for (int g = 0; g < N_GRID; g++) {
        char list[600] = "";
        struct row r = { 0 };
        for (int i = g; i < N_BUILDING; i += N_GRID) {
            size_t at = strlen(list);
            (void)snprintf(list + at, sizeof list - at, "%s\"%s\"", at > 0 ? "," : "",
                           s->building[i].text);
        }
        put(&r, "code", "\"g%d\"", g + 1);
        put(&r, "name", "\"第%d网格\"", g + 1);
        put(&r, "buildings", "[%s]", list);
        s->grid[g] = add(s, &r);
    }
}

static void write_dwellings(struct sample *s)
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
        put(&r, "building", "\"%s\"", s->building[d->building].text);
        put(&r, "unit", "\"%d\"", d->unit);
        put(&r, "floor", "%d", d->floor);
        puts_(&r, "room", d->room);
        put(&r, "area", "\"%d.%d\"", 42 + below(s, 70), 1 + below(s, 9));
        puts_(&r, "tenure", d->n == 0 ? "vacant" : tenure[below(s, COUNT(tenure))]);
        if (d->n > 0)
            puts_(&r, "owner", s->person[d->first].name);
        put(&r, "cert_no", "\"杭西%08d\"", below(s, 100000000));
        put_day(s, &r, "checked", 5 + below(s, 260));
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
        puts_(&r, "marital", this_year(s) - year < 24 ? "10" : "20");
        puts_(&r, "hukou_region", "330106005055");
        puts_(&r, "kind", kind[below(s, COUNT(kind))]);
        puts_(&r, "status", "living");
        if (p->phone[0] != '\0')
            puts_(&r, "phone", p->phone);
        if (year > this_year(s) - 60 && year < this_year(s) - 24)
            puts_(&r, "employer", employer[below(s, COUNT(employer))]);
        put_day(s, &r, "checked", 5 + below(s, 260));
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
        put(&r, "starts", "\"%d-%02d-01\"", this_year(s) - 28 + below(s, 28), 1 + below(s, 12));
        (void)add(s, &r);
    }
    open_file(s, "care_tag");
    for (int i = 0; i < s->n_person; i++) {
        struct row r = { 0 };
        if (strtol(s->person[i].birth, NULL, 10) > this_year(s) - 80 || below(s, 3) > 0)
            continue;
        s->person[i].cared_for = true;
        put(&r, "person", "\"%s\"", s->person[i].id.text);
        puts_(&r, "kind", s->dwelling[s->person[i].dwelling].n == 1 ? "alone" : "empty_nest");
        put(&r, "visit_days", "%d", 7 + 7 * below(s, 4));
        put_day(s, &r, "starts", 300);
        (void)add(s, &r);
    }
}

static void write_places(struct sample *s)
{
    static const char *const unit[] = { "翠苑小学",           "翠苑幼儿园", "文一路菜市场",
                                        "翠苑社区卫生服务站", "西溪面馆",   "学院路书店" };
    static const char *const trade[] = { "理发", "水果", "干洗", "文印",
                                         "药房", "早餐", "快递", "五金" };
    static const char *const facility[] = { "路灯",         "健身器材", "消防栓", "垃圾投放点",
                                            "电动车充电桩", "门禁",     "监控",   "座椅" };
    static const char *const code[] = { "lamp",     "fitness", "hydrant", "waste",
                                        "charging", "gate",    "camera",  "bench" };

    open_file(s, "unit");
    for (int i = 0; i < N_UNIT; i++) {
        struct row r = { 0 };
        if (i < COUNT(unit))
            puts_(&r, "name", unit[i]);
        else
            put(&r, "name", "\"%s%d号店\"", trade[i % COUNT(trade)], i);
        puts_(&r, "kind", i < 2 ? "school" : i == 3 ? "institution" : "business");
        put(&r, "address", "\"翠苑路%d号\"", 50 + i);
        put(&r, "staff", "%d", 6 + below(s, 60));
        (void)add(s, &r);
    }
    open_file(s, "facility");
    for (int i = 0; i < 40; i++) {
        struct row r = { 0 };
        puts_(&r, "kind", code[i % COUNT(code)]);
        int by = below(s, N_BUILDING);
        put(&r, "place", "\"%d幢旁%s\"", 1 + by, facility[i % COUNT(code)]);
        put_place(&r, by, 12 + i % 5 * 3);
        put_day(s, &r, "checked", 10 + below(s, 200));
        (void)add(s, &r);
    }
}

void sample_registry(struct sample *s)
{
    happened(s, 370, 9);
    write_homes(s);
    write_buildings(s);
    write_dwellings(s);
    write_persons(s);
    write_households(s);
    write_places(s);
}
