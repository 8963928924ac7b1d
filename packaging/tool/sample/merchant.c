/* Shops, their price lists, a year of orders with reviews, and what is asked for just now (M10). */
#include "sample.h"

#define N_SHOP 25
#define N_ORDER 260
#define OFFERS 3

static const struct {
    const char *category, *name, *offer[OFFERS];
    int fen[OFFERS];
} KINDS[] = {
    { "appliance", "家电维修", { "空调加氟", "洗衣机清洗", "燃气灶检修" }, { 18000, 12000, 8000 } },
    { "catering", "小饭馆", { "老人套餐", "片儿川", "家常菜四样" }, { 1500, 1800, 8800 } },
    { "housekeeping", "家政服务", { "钟点保洁", "擦玻璃", "月嫂" }, { 4500, 9000, 980000 } },
    { "shopping", "便民超市", { "送米送油", "送桶装水", "代买菜" }, { 500, 2200, 600 } },
    { "other", "开锁修鞋", { "开锁", "修鞋", "配钥匙" }, { 8000, 1500, 500 } },
};

struct shop {
    struct id id, home, offer[OFFERS];
    int kind, n, sum;
};

static void write_shop_homes(struct sample *s, struct shop *shops)
{
    static const char *const who[] = { "小李", "老王", "翠苑", "文一", "西溪" };

    open_file(s, "home");
    for (int i = 0; i < N_SHOP; i++) {
        struct row r = { 0 };
        shops[i].kind = i % COUNT(KINDS);
        puts_(&r, "kind", "merchant");
        put(&r, "name", "\"%s%s\"", who[i / COUNT(KINDS)], KINDS[shops[i].kind].name);
        put(&r, "phone", "\"0571-0000%04d\"", 2000 + i);
        put(&r, "listed", "true");
        shops[i].home = add(s, &r);
        (void)step(s, shops[i].home, shops[i].home, "approve", "active");
    }
}

static void write_shops(struct sample *s, struct shop *shops)
{
    static const char *const who[] = { "小李", "老王", "翠苑", "文一", "西溪" };

    open_file(s, "shop");
    for (int i = 0; i < N_SHOP; i++) {
        struct shop *x = &shops[i];
        struct row r = { 0 };
        int tenths = (175 + 10 * x->sum + (5 + x->n) / 2) / (5 + x->n); /* prior 5 of 3.5 stars */
        happened(s, 350 - i, 10);
        put_ref(&r, "home", x->home);
        puts_(&r, "category", KINDS[x->kind].category);
        put(&r, "name", "\"%s%s\"", who[i / COUNT(KINDS)], KINDS[x->kind].name);
        put(&r, "licence_no", "\"92330106MA%08d\"", 10000000 + i * 37);
        put_day(s, &r, "licence_until", -30 - below(s, 900));
        puts_(&r, "hours", "8:00–20:00");
        put(&r, "phone", "\"0571-0000%04d\"", 2000 + i);
        put(&r, "address", "\"翠苑路%d号\"", 20 + i);
        put(&r, "geo", "{\"lat\":\"30.28330\",\"lng\":\"120.%05d\"}", 12200 + i * 20);
        puts_(&r, "promise", "上门准时，明码标价，不满意返工。");
        if (x->n > 0) {
            put(&r, "score", "\"%d.%d\"", tenths / 10, tenths % 10);
            put(&r, "stars_n", "%d", x->n);
            put(&r, "stars_sum", "%d", x->sum);
        }
        struct id at = x->id = add(s, &r);
        at = step(s, x->id, at, "check", "checked");
        (void)step(s, x->id, at, "list", "listed");
    }
}

static void write_offers(struct sample *s, struct shop *shops)
{
    open_file(s, "offer");
    for (int i = 0; i < N_SHOP; i++)
        for (int k = 0; k < OFFERS; k++) {
            struct row r = { 0 };
            put_ref(&r, "shop", shops[i].id);
            put_ref(&r, "shop_home", shops[i].home);
            puts_(&r, "name", KINDS[shops[i].kind].offer[k]);
            puts_(&r, "unit", "次");
            put(&r, "price", "%d", KINDS[shops[i].kind].fen[k] + 500 * below(s, 4));
            put_day(s, &r, "valid_to", -60 - below(s, 300));
            shops[i].offer[k] = add(s, &r);
        }
}

struct order {
    struct id id;
    int shop, stars, days_ago;
};

static void write_orders(struct sample *s, const struct shop *shops, struct order *list)
{
    static const char *const way[][2] = { { "accept", "accepted" },
                                          { "done", "done" },
                                          { "confirm", "confirmed" },
                                          { "review", "reviewed" } };

    open_file(s, "shop_order");
    for (int i = 0; i < N_ORDER; i++) {
        struct order *o = &list[i];
        const struct shop *x = &shops[o->shop];
        const struct person *p = i % 60 == 5 ? &s->person[0] : grown_up(s);
        int k = below(s, OFFERS);
        int reached = o->days_ago < 3 ? below(s, 3) : o->stars > 0 ? 4 : 3;
        struct row r = { 0 };
        happened(s, o->days_ago, 8 + below(s, 11));
        put_number(s, &r, 'O', i + 1);
        put_ref(&r, "shop", x->id);
        put_ref(&r, "shop_home", x->home);
        put_ref(&r, "offer", x->offer[k]);
        put_ref(&r, "person", p->id);
        puts_(&r, "phone", p->phone);
        put_ref(&r, "place", s->building[s->dwelling[p->dwelling].building]);
        put(&r, "price", "%d", KINDS[x->kind].fen[k]);
        put(&r, "at", "%lld", (long long)(s->now_ms + DAY_MS));
        o->id = add(s, &r);
        struct id at = o->id;
        for (int n = 0; n < reached; n++) {
            later(s, 4 + below(s, 12));
            at = step(s, o->id, at, way[n][0], way[n][1]);
        }
    }
}

static void write_reviews(struct sample *s, const struct shop *shops, const struct order *list)
{
    static const char *const said[] = { "",       "没有来", "来晚了",
                                        "还可以", "很好",   "又快又好，价钱公道" };

    open_file(s, "shop_review");
    for (int i = 0; i < N_ORDER; i++) {
        const struct order *o = &list[i];
        struct row r = { 0 };
        if (o->stars == 0)
            continue;
        happened(s, o->days_ago > 2 ? o->days_ago - 2 : 0, 12);
        put_ref(&r, "shop_order", o->id);
        put_ref(&r, "shop", shops[o->shop].id);
        put_ref(&r, "shop_home", shops[o->shop].home);
        puts_(&r, "kind", "review");
        put(&r, "stars", "%d", o->stars);
        put(&r, "price_kept", o->stars > 2 ? "true" : "false");
        put(&r, "on_time", o->stars > 2 ? "true" : "false");
        puts_(&r, "text", said[o->stars]);
        (void)add(s, &r);
    }
}

static void write_demands(struct sample *s, const struct shop *shops)
{
    static const char *const said[] = { "空调不制冷", "想找钟点工，每周两次", "门锁坏了打不开",
                                        "水管漏水" };
    static const char *const kind[] = { "appliance", "housekeeping", "other", "appliance" };
    static const int shop_of[] = { 0, 2, 4, 5 };
    struct id demand[COUNT(said)];
    const struct person *who[COUNT(said)];

    open_file(s, "demand");
    for (int i = 0; i < COUNT(said); i++) {
        const struct person *p = who[i] = i == 1 ? &s->person[0] : grown_up(s);
        struct row r = { 0 };
        happened(s, 1 + i, 9 + i);
        put_number(s, &r, 'N', i + 1);
        puts_(&r, "category", kind[i]);
        puts_(&r, "body", said[i]);
        put_ref(&r, "place", s->building[s->dwelling[p->dwelling].building]);
        puts_(&r, "wanted", "周末上午");
        put_ref(&r, "person", p->id);
        puts_(&r, "phone", p->phone);
        demand[i] = add(s, &r);
        if (i == 0) /* nobody has quoted yet */
            continue;
        struct row q = { 0 };
        put(&q, "quotes", "%d", 1);
        puts_(&q, "quick", "60");
        set(s, demand[i], &q);
        (void)step(s, demand[i], demand[i], "quoted", "quoted");
    }
    open_file(s, "quote");
    for (int i = 1; i < COUNT(said); i++) {
        struct row r = { 0 };
        happened(s, 1 + i, 10 + i);
        put_ref(&r, "demand", demand[i]);
        put_ref(&r, "shop", shops[shop_of[i]].id);
        put_ref(&r, "shop_home", shops[shop_of[i]].home);
        put_ref(&r, "demander", who[i]->id);
        put(&r, "price", "%d", 6000 + 1000 * i);
        puts_(&r, "score", "3.9");
        puts_(&r, "wanted", "明天上午");
        (void)add(s, &r);
    }
}

void sample_merchant(struct sample *s)
{
    static struct shop shops[N_SHOP];
    static struct order orders[N_ORDER];

    for (int i = 0; i < N_ORDER; i++) { /* chosen first: the shops carry their scores */
        struct order *o = &orders[i];
        o->shop = below(s, N_SHOP);
        o->days_ago = below(s, 340);
        o->stars = o->days_ago > 4 && below(s, 10) < 7 ? 2 + below(s, 4) : 0;
        shops[o->shop].n += o->stars > 0;
        shops[o->shop].sum += o->stars;
    }
    happened(s, 352, 9);
    write_shop_homes(s, shops);
    write_shops(s, shops);
    write_offers(s, shops);
    write_orders(s, shops, orders);
    write_reviews(s, shops, orders);
    write_demands(s, shops);
}
