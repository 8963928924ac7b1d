/* A vote of owners that is over, with its count; a survey of households under way; proposals (M9).
 */
#include "sample.h"

#define N_VOTER 60
#define N_ASKED 300
#define N_ANSWERED 120

static struct id write_survey(struct sample *s, const char *title, const char *kind,
                              const char *unit, const char *secrecy, int opened, int closes)
{
    struct row r = { 0 };

    open_file(s, "survey");
    happened(s, opened + 10, 10);
    puts_(&r, "title", title);
    puts_(&r, "kind", kind);
    put_ref(&r, "home", s->home[kind[0] == 'o' ? OWNERS : COMMITTEE]);
    puts_(&r, "one_per", unit);
    puts_(&r, "secrecy", secrecy);
    put(&r, "starts", "%lld", (long long)s->today_ms - (long long)opened * DAY_MS);
    put(&r, "ends", "%lld", (long long)s->today_ms - (long long)closes * DAY_MS);
    put(&r, "paper", "true");
    if (kind[0] == 'o') {
        put(&r, "weighty", "true");
        put(&r, "rule", "{\"pass\":\"3/4\",\"quorum\":\"2/3\"}");
        put_day(s, &r, "objection_until", closes - 9);
    }
    struct id id = add(s, &r);
    struct id at = step(s, id, id, "approve", "approved");
    happened(s, opened, 8);
    at = step(s, id, at, "open", "open");
    if (closes < 0)
        return id;
    happened(s, closes, 18);
    at = step(s, id, at, "close", "closed");
    at = step(s, id, at, "count", "counting");
    at = step(s, id, at, "sign", "counted");
    at = step(s, id, at, "publish", "published");
    happened(s, closes - 10, 9);
    (void)step(s, id, at, "finish", "final");
    return id;
}

static void write_question(struct sample *s, struct id survey, int no, const char *kind,
                           const char *label, const char *options)
{
    struct row r = { 0 };

    put_ref(&r, "survey", survey);
    put(&r, "no", "%d", no);
    puts_(&r, "kind", kind);
    puts_(&r, "label", label);
    put(&r, "required", no == 1 ? "true" : "false");
    if (options != NULL)
        put(&r, "options", "%s", options);
    struct id id = add(s, &r);
    (void)step(s, id, id, "open", "open");
}

/* Sixty flats of one house: 48 voted, 40 of them for it. */
static void write_lift(struct sample *s, struct id survey)
{
    long long area = 0;
    long long voted = 0;
    long long yes = 0;

    open_file(s, "roll");
    happened(s, 90, 8);
    for (int i = 0; i < N_VOTER; i++) {
        const struct dwelling *d = &s->dwelling[i];
        long long a = 6000 + i * 37 % 4000;
        struct row r = { 0 };
        area += a;
        voted += i < 48 ? a : 0;
        yes += i < 40 ? a : 0;
        put_ref(&r, "survey", survey);
        put_ref(&r, "voter", d->id);
        put(&r, "name", "\"%d幢-%d-%s\"", d->building + 1, d->unit, d->room);
        if (d->n > 0)
            put_ref(&r, "holder", s->person[d->first].id);
        put(&r, "area", "\"%lld.%02lld\"", a / 100, a % 100);
        put(&r, "heads", "1");
        if (i < 48)
            puts_(&r, "voted", i % 4 == 0 ? "paper" : "web");
        (void)add(s, &r);
    }
    open_file(s, "result");
    happened(s, 60, 19);
    struct row r = { 0 };
    put_ref(&r, "survey", survey);
    puts_(&r, "title", "一幢加装电梯表决");
    put(&r, "counts",
        "{\"1\":[{\"area\":\"%lld.%02lld\",\"heads\":40,\"option\":\"同意\"},{\"area\":\"%lld.%"
        "02lld\","
        "\"heads\":8,\"option\":\"不同意\"}]}",
        yes / 100, yes % 100, (voted - yes) / 100, (voted - yes) % 100);
    put(&r, "passed", "{\"1\":%s}", 4 * yes >= 3 * voted ? "true" : "false");
    put(&r, "turnout",
        "{\"area\":\"%lld.%02lld\",\"area_all\":\"%lld.%02lld\",\"ballots\":48,\"heads\":48,"
        "\"heads_all\":%d,\"paper\":12,\"quorum\":true}",
        voted / 100, voted % 100, area / 100, area % 100, N_VOTER);
    put(&r, "turnout_pct", "80");
    put(&r, "paper_pct", "25");
    put(&r, "counted_by", "[\"业委会老周\",\"居委会小徐\"]");
    struct id id = add(s, &r);
    struct id at = step(s, id, id, "publish", "published");
    (void)step(s, id, at, "finish", "final");
}

static void write_households(struct sample *s, struct id survey)
{
    static const char *const wish[] = { "健身器材", "晾衣架", "停车位", "儿童滑梯" };
    struct id roll[N_ASKED] = { 0 };

    open_file(s, "roll");
    happened(s, 4, 8);
    for (int i = 0; i < N_ASKED && i < s->n_dwelling; i++) {
        const struct dwelling *d = &s->dwelling[i];
        struct row r = { 0 };
        if (d->n == 0)
            continue;
        put_ref(&r, "survey", survey);
        put_ref(&r, "voter", d->household);
        put(&r, "name", "\"%d幢%s室\"", d->building + 1, d->room);
        put_ref(&r, "holder", s->person[d->first].id);
        put(&r, "heads", "1");
        if (i < N_ANSWERED)
            puts_(&r, "voted", i % 5 == 0 ? "paper" : "web");
        roll[i] = add(s, &r);
    }
    open_file(s, "response");
    for (int i = 0; i < N_ANSWERED && i < s->n_dwelling; i++) {
        const struct dwelling *d = &s->dwelling[i];
        struct row r = { 0 };
        if (d->n == 0)
            continue;
        happened(s, 3 - i % 3, 9 + i % 9);
        put_ref(&r, "survey", survey);
        put_ref(&r, "token", roll[i]);
        put(&r, "answers", "{\"1\":\"%s\",\"2\":%d}", wish[below(s, COUNT(wish))], 5 + below(s, 6));
        put(&r, "heads", "1");
        puts_(&r, "how", i % 5 == 0 ? "paper" : "web");
        put_ref(&r, "voter", s->person[d->first].id);
        (void)add(s, &r);
    }
}

static void write_proposals(struct sample *s)
{
    static const char *const titles[] = { "楼道装扶手",       "河边步道加装路灯", "电动车集中充电",
                                          "周末亲子阅读角",   "垃圾房加顶棚",     "小广场铺塑胶",
                                          "老年食堂延长供餐", "雨水井盖更换" };

    open_file(s, "proposal");
    for (int i = 0; i < COUNT(titles); i++) {
        struct row r = { 0 };
        happened(s, 200 - 24 * i, 15);
        puts_(&r, "title", titles[i]);
        puts_(&r, "body", "邻居们都觉得需要，请社区和业委会研究。");
        put(&r, "supports", "%d", i < 6 ? 21 + below(s, 60) : below(s, 15));
        if (i < 5)
            puts_(&r, "answer", "已列入社区微实事项目。");
        if (i < 3) {
            put(&r, "budget", "%d", 300000 + 150000 * i);
            put(&r, "progress", "%d", i == 0 ? 100 : 40 * i);
        }
        struct id id = add(s, &r);
        struct id at = id;
        if (i < 6)
            at = step(s, id, at, "support", "supported");
        if (i < 5)
            at = step(s, id, at, "answer", "answered");
        if (i < 4)
            at = step(s, id, at, "adopt", "adopted");
        if (i < 3)
            at = step(s, id, at, "begin", "doing");
        if (i == 0)
            (void)step(s, id, at, "finish", "done");
    }
}

void sample_survey(struct sample *s)
{
    struct id lift =
        write_survey(s, "一幢加装电梯表决", "owners_vote", "dwelling", "secret", 90, 60);
    struct id wish =
        write_survey(s, "小区公共空间改造意见", "consultation", "household", "open", 4, -6);

    open_file(s, "question");
    happened(s, 100, 11);
    write_question(s, lift, 1, "single", "是否同意加装电梯",
                   "[{\"label\":\"同意\"},{\"label\":\"不同意\"}]");
    happened(s, 12, 11);
    write_question(
        s, wish, 1, "single", "最希望增加什么",
        "[{\"label\":\"健身器材\"},{\"label\":\"晾衣架\"},{\"label\":\"停车位\"},{\"label\":"
        "\"儿童滑梯\"}]");
    write_question(s, wish, 2, "scale", "对现在的公共空间打几分", NULL);
    write_question(s, wish, 3, "text", "还有什么建议", NULL);
    write_lift(s, lift);
    write_households(s, wish);
    write_proposals(s);
}
