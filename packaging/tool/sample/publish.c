/* News and notices (M4). */
#include "sample.h"

void sample_publish(struct sample *s)
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
        happened(s, 12 - 3 * i, 10);
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
        happened(s, 9 - 2 * i, 9);
        struct row r = { 0 };
        puts_(&r, "title", notice[i][0]);
        puts_(&r, "body", notice[i][1]);
        puts_(&r, "kind", "service");
        put_day(s, &r, "expire", -40);
        struct id id = add(s, &r);
        struct id at = step(s, id, id, "submit", "submitted");
        if (i == 3) /* one waits for review */
            continue;
        at = step(s, id, at, "approve", "approved");
        (void)step(s, id, at, "publish", "published");
    }
}
