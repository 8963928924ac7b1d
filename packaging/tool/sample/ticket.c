/* Letters and events of a year (M5): most are closed, what came last is still at work. */
#include "sample.h"

#define N_TICKET 900
#define HOUR_MS 3600000
#define ANSWERED (N_TICKET - 15) /* last week's of the sample resident: answered, to be rated */

static const char *const category[N_CATEGORY][3] = {
    { "lamp", "路灯楼道灯", "设施" }, { "water", "漏水停水", "设施" },
    { "noise", "噪音扰民", "秩序" },  { "waste", "垃圾清运", "环境" },
    { "park", "停车秩序", "秩序" },   { "fire", "消防通道", "安全" }
};
static const int done_hours[N_CATEGORY] = { 24, 48, 72, 24, 96, 24 };

struct ticket {
    struct id id, place;
    int category, reached; /* steps of `way` taken */
    int64_t done_ms;
    bool solved;
    int score;
};

static void write_categories(struct sample *s)
{
    static const char *const words[N_CATEGORY] = { "\"灯\",\"不亮\"", "\"水\",\"漏\"",
                                                   "\"吵\",\"噪音\"", "\"垃圾\"",
                                                   "\"车\",\"停车\"", "\"消防\"" };

    open_file(s, "category");
    for (int i = 0; i < N_CATEGORY; i++) {
        struct row r = { 0 };
        puts_(&r, "code", category[i][0]);
        puts_(&r, "name", category[i][1]);
        puts_(&r, "grouping", category[i][2]);
        put_ref(&r, "handler", s->home[i == 2 ? COMMITTEE : PROPERTY]);
        puts_(&r, "tier", "community");
        put(&r, "accept_hours", "%d", 4);
        put(&r, "done_hours", "%d", done_hours[i]);
        put(&r, "keywords", "[%s]", words[i]);
        put(&r, "public", "true");
        s->category[i] = add(s, &r);
    }
}

/* Old ones ran through to the end; of the last two weeks some wait at each step. */
static int reach(struct sample *s, int days_ago)
{
    if (days_ago > 14)
        return 6;
    return days_ago > 3 ? 2 + below(s, 5) : below(s, 4);
}

static void accepted(struct sample *s, struct id ticket, int64_t filed_ms)
{
    struct row r = { 0 };

    put(&r, "accepted_at", "%lld", (long long)s->now_ms);
    put(&r, "accepted_on_time", s->now_ms - filed_ms <= 4 * (int64_t)HOUR_MS ? "true" : "false");
    set(s, ticket, &r);
}

static void done(struct sample *s, struct ticket *t, int64_t due_ms)
{
    struct row r = { 0 };

    t->done_ms = s->now_ms;
    put(&r, "done_at", "%lld", (long long)s->now_ms);
    put(&r, "done_on_time", s->now_ms <= due_ms ? "true" : "false");
    set(s, t->id, &r);
}

static void rated(struct sample *s, struct ticket *t)
{
    struct row r = { 0 };

    t->solved = below(s, 12) > 0;
    t->score = t->solved ? 3 + below(s, 3) : 1 + below(s, 2);
    put(&r, "solved", t->solved ? "true" : "false");
    put(&r, "score", "%d", t->score);
    set(s, t->id, &r);
}

static void live(struct sample *s, struct ticket *t, int reached, int64_t due_ms)
{
    static const char *const way[][2] = { { "accept", "accepted" }, { "assign", "assigned" },
                                          { "handle", "handling" }, { "reply", "replied" },
                                          { "rate", "rated" },      { "close", "closed" } };
    int64_t filed = s->now_ms;
    struct id at = t->id;

    t->reached = reached;
    for (int k = 0; k < t->reached; k++) {
        later(s, k == 0   ? below(s, 6)
                 : k == 3 ? below(s, done_hours[t->category])
                          : 1 + below(s, 8));
        at = step(s, t->id, at, way[k][0], way[k][1]);
        if (k == 0)
            accepted(s, t->id, filed);
        else if (k == 3)
            done(s, t, due_ms);
        else if (k == 4)
            rated(s, t);
    }
}

static void write_ticket(struct sample *s, struct ticket *t, int i)
{
    static const char *const said[N_CATEGORY] = { "楼道灯不亮",     "地下室渗水",
                                                  "夜间施工声音大", "垃圾桶满了没有清",
                                                  "车停在消防通道", "通道堆放杂物" };
    static const char *const kind[] = { "event", "event", "event", "event", "advice", "inquiry" };
    static const char *const channel[] = {
        "web", "web", "web", "phone", "counter", "visit", "sms"
    };
    struct row r = { 0 };
    int days_ago = (N_TICKET - 1 - i) * 364 / N_TICKET;
    int b = below(s, N_BUILDING);

    happened(s, days_ago, 7 + below(s, 14));
    t->category = below(s, N_CATEGORY);
    t->place = s->building[b];
    int64_t due = s->now_ms + (int64_t)done_hours[t->category] * HOUR_MS;
    put_number(s, &r, 'T', i + 1);
    puts_(&r, "kind", kind[below(s, COUNT(kind))]);
    put_ref(&r, "category", s->category[t->category]);
    put(&r, "title", "\"%d幢%s\"", b + 1, said[t->category]);
    put(&r, "body", "\"%d幢%d单元%s，请尽快处理。\"", b + 1, 1 + below(s, 3), said[t->category]);
    put_ref(&r, "place", t->place);
    put_ref(&r, "reporter",
            i + 4 > N_TICKET || i == ANSWERED || i % 200 == 7 ? s->person[0].id : grown_up(s)->id);
    puts_(&r, "priority", t->category == 5 ? "high" : "normal");
    puts_(&r, "channel", channel[below(s, COUNT(channel))]);
    put_ref(&r, "handler", s->home[t->category == 2 ? COMMITTEE : PROPERTY]);
    puts_(&r, "tier", "community");
    put(&r, "due", "%lld", (long long)due);
    t->id = add(s, &r);
    live(s, t, i == ANSWERED ? 4 : reach(s, days_ago), due);
}

static void write_replies(struct sample *s, const struct ticket *list)
{
    static const char *const text[N_CATEGORY] = {
        "灯已换好，请再看一下。", "管道已修复。",   "已上门劝阻，施工改到白天。",
        "已清运，今后每天两次。", "已劝离并划线。", "杂物已清，通道畅通。"
    };

    open_file(s, "reply");
    for (int i = 0; i < N_TICKET; i++) {
        const struct ticket *t = &list[i];
        struct row r = { 0 };
        if (t->reached < 4)
            continue;
        s->now_ms = t->done_ms;
        put_ref(&r, "ticket", t->id);
        puts_(&r, "body", text[t->category]);
        put_ref(&r, "by_home", s->home[t->category == 2 ? COMMITTEE : PROPERTY]);
        (void)add(s, &r);
    }
    open_file(s, "rating");
    for (int i = 0; i < N_TICKET; i++) {
        const struct ticket *t = &list[i];
        struct row r = { 0 };
        if (t->reached < 5)
            continue;
        s->now_ms = t->done_ms + HOUR_MS;
        put_ref(&r, "ticket", t->id);
        put(&r, "solved", t->solved ? "true" : "false");
        put(&r, "score", "%d", t->score);
        (void)add(s, &r);
    }
}

void sample_ticket(struct sample *s)
{
    static struct ticket list[N_TICKET];

    happened(s, 366, 9);
    write_categories(s);
    open_file(s, "ticket");
    for (int i = 0; i < N_TICKET; i++)
        write_ticket(s, &list[i], i);
    write_replies(s, list);
}
