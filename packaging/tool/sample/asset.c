/* Assets with their numbers, a stocktake, contracts that end soon or are open to all, rooms (M8).
 */
#include "sample.h"

#define N_ASSET 120

static void write_assets(struct sample *s, struct id asset[N_ASSET])
{
    static const struct {
        const char *class, *name, *unit;
        int fen;
    } kinds[] = { { "2", "电脑", "台", 450000 },   { "2", "打印机", "台", 180000 },
                  { "5", "折叠椅", "把", 6000 },   { "5", "办公桌", "张", 68000 },
                  { "2", "投影仪", "台", 680000 }, { "2", "血压计", "台", 32000 },
                  { "4", "图书", "册", 3500 },     { "7", "应急沙袋", "个", 800 } };

    open_file(s, "asset");
    for (int i = 0; i < N_ASSET; i++) {
        int k = below(s, COUNT(kinds));
        int n = kinds[k].fen < 10000 ? 10 + below(s, 60) : 1;
        struct row r = { 0 };
        happened(s, 350 - 2 * i, 10);
        put_number(s, &r, 'A', i + 1);
        puts_(&r, "name", kinds[k].name);
        puts_(&r, "class", kinds[k].class);
        put(&r, "quantity", "%d", n);
        puts_(&r, "unit", kinds[k].unit);
        put(&r, "price", "%d", kinds[k].fen * n);
        puts_(&r, "fund_source", i % 5 == 0 ? "gift" : "subsidy");
        put_day(s, &r, "bought", 350 - 2 * i);
        put(&r, "life_months", "%d", 60);
        asset[i] = add(s, &r);
        if (i % 17 == 0)
            (void)step(s, asset[i], asset[i], "repair", "repair");
        else if (i % 23 == 0)
            (void)step(s, asset[i], asset[i], "ask", "asked");
    }
}

static void write_stocktake(struct sample *s, const struct id asset[N_ASSET])
{
    struct row r = { 0 };

    open_file(s, "stocktake");
    happened(s, 3, 9);
    puts_(&r, "scope", "年终盘点");
    put_day(s, &r, "date", 3);
    put(&r, "asked", "%d", N_ASSET);
    put(&r, "found", "0");
    put(&r, "missing", "0");
    struct id take = add(s, &r);
    open_file(s, "stocktake_row");
    for (int i = 0; i < N_ASSET * 2 / 3; i++) {
        struct row e = { 0 };
        put_ref(&e, "stocktake", take);
        put_ref(&e, "asset", asset[i]);
        puts_(&e, "found", i % 31 == 5 ? "missing" : i % 29 == 7 ? "damaged" : "yes");
        (void)add(s, &e);
    }
}

static void write_contracts(struct sample *s)
{
    static const struct {
        const char *kind, *title, *with;
        int fen, ends;
        bool open;
    } list[] = {
        { "service", "保洁服务", "西溪保洁公司", 4800000, -25, true },
        { "service", "电梯维保", "安达电梯公司", 3600000, -55, true },
        { "lease", "沿街用房出租", "便民超市", 9600000, -6, true },
        { "purchase", "活动室桌椅采购", "文一家具店", 820000, -180, true },
        { "cooperation", "老年食堂合作", "和睦餐饮", 12000000, -300, true },
        { "labour", "保安劳务", "平安物业服务", 7200000, -90, false },
        { "service", "监控维护", "联通电子", 960000, 40, false },
    };
    struct id contract[COUNT(list)];

    open_file(s, "contract");
    for (int i = 0; i < COUNT(list); i++) {
        struct row r = { 0 };
        char remind[11];
        happened(s, 340 - 10 * i, 10);
        day_text(s, remind, list[i].ends + 60);
        put(&r, "no", "\"翠合%03d\"", i + 1);
        puts_(&r, "title", list[i].title);
        puts_(&r, "kind", list[i].kind);
        puts_(&r, "party_a", "翠苑一区社区居民委员会");
        puts_(&r, "party_b", list[i].with);
        put(&r, "amount", "%d", list[i].fen);
        put_day(s, &r, "signed", 340 - 10 * i);
        put_day(s, &r, "starts", 330 - 10 * i);
        put_day(s, &r, "ends", list[i].ends);
        puts_(&r, "remind_on", remind);
        put(&r, "remind_days", "60");
        put(&r, "open", list[i].open ? "true" : "false");
        contract[i] = add(s, &r);
        struct id at = step(s, contract[i], contract[i], "check", "checked");
        at = step(s, contract[i], at, "sign", "signed");
        at = step(s, contract[i], at, "start", "active");
        if (list[i].ends > 0)
            (void)step(s, contract[i], at, "end", "ended");
    }
    open_file(s, "contract_payment");
    for (int i = 0; i < COUNT(list); i++)
        for (int q = 0; q < 4; q++) {
            struct row r = { 0 };
            happened(s, 300 - 80 * q > 0 ? 300 - 80 * q : 0, 11);
            put_ref(&r, "contract", contract[i]);
            puts_(&r, "kind", "paid");
            puts_(&r, "direction", list[i].kind[0] == 'l' ? "in" : "out");
            put_day(s, &r, "date", 300 - 80 * q > 0 ? 300 - 80 * q : 0);
            put(&r, "amount", "%d", list[i].fen / 4);
            (void)add(s, &r);
        }
}

void sample_asset(struct sample *s)
{
    struct id asset[N_ASSET];

    write_assets(s, asset);
    write_stocktake(s, asset);
    write_contracts(s);
}
