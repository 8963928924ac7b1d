/* Pages without script, for captive portals and very old phones: what everybody may read, and
 * which desk is on duty; nothing else. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/asset.h"
#include "node/module/fund.h"
#include "node/web/feed.h"
#include "node/web/routes.h"
#include "node/web/title.h"

#define LITE_ITEMS 30
#define LITE_POSTINGS 50
#define CHINA_S 28800 /* UTC+8, where all communities are */

enum form { DAY, MINUTE, CLOCK };

static void add_time(struct ln_buf *out, int64_t ms, enum form form)
{
    time_t t = (time_t)(ms / 1000 + CHINA_S);
    struct tm tm = { 0 };
    char text[40];

    (void)gmtime_r(&t, &tm);
    if (form == DAY)
        (void)strftime(text, sizeof text, "%m-%d", &tm);
    else if (form == CLOCK)
        (void)strftime(text, sizeof text, "%H:%M", &tm);
    else
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
    ln_buf_adds(out, text);
}

/* ---- pages */

static const char *style_path(void)
{
    size_t n;
    const struct ln_asset *a = ln_asset_all(&n);

    for (size_t i = 0; i < n; i++)
        if (strncmp(a[i].type, "text/css", 8) == 0)
            return a[i].path;
    return "/";
}

static void begin(struct ln_call *c, const char *title)
{
    struct ln_buf *b = &c->out->body;

    c->out->content_type = "text/html";
    ln_buf_adds(
        b, "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width\"><title>");
    ln_http_markup(b, title);
    ln_buf_addf(b,
                "</title><link rel=\"stylesheet\" href=\"%s\"><body class=\"lite\"><header "
                "class=\"top\"><a class=\"brand\" href=\"/lite\">",
                style_path());
    ln_http_markup(b, c->n->config.name);
    ln_buf_adds(b, "</a></header><main><h1>");
    ln_http_markup(b, title);
    ln_buf_adds(b, "</h1>");
}

static void add_list(struct ln_call *c, const char *coll, const char *heading, const json_t *rows)
{
    struct ln_buf *b = &c->out->body;

    ln_buf_addf(b, "<section class=\"card\"><h2>%s</h2>", heading);
    if (json_array_size(rows) == 0)
        ln_buf_adds(b, "<p class=\"quiet\">暂无 None</p>");
    ln_buf_adds(b, "<ul class=\"plain\">");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        ln_buf_addf(b, "<li><a class=\"item\" href=\"/lite/%s/%s\"><span class=\"item-main\">",
                    coll, ln_web_text(row, "id"));
        ln_http_markup(b, ln_web_text(json_object_get(row, "f"), "title"));
        ln_buf_adds(b, "</span><span class=\"item-side quiet\">");
        add_time(b, json_integer_value(json_object_get(row, "created")), DAY);
        ln_buf_adds(b, "</span></a></li>");
    }
    ln_buf_adds(b, "</ul></section>");
}

static void add_phone(struct ln_buf *b, const char *who, const char *number)
{
    ln_buf_adds(b, "<li><a class=\"item\" href=\"tel:");
    ln_http_markup(b, number);
    ln_buf_adds(b, "\"><span class=\"item-main\">");
    ln_http_markup(b, who);
    ln_buf_adds(b, "</span><b class=\"item-side\">");
    ln_http_markup(b, number);
    ln_buf_adds(b, "</b></a></li>");
}

/* What one needs in an emergency first, then the community's own, then its shops; of each the one
 * that was there first. */
static void add_phones(struct ln_buf *b, const json_t *homes)
{
    ln_buf_adds(b, "<section class=\"card\"><h2>电话 Telephone</h2><ul class=\"plain\">");
    add_phone(b, "报警 Police", "110");
    add_phone(b, "火警 Fire", "119");
    add_phone(b, "急救 Ambulance", "120");
    for (int shops = 0; shops < 2; shops++)
        for (size_t i = json_array_size(homes); i-- > 0;) {
            const json_t *f = json_object_get(json_array_get(homes, i), "f");
            if (ln_web_text(f, "phone")[0] != '\0' &&
                (strcmp(ln_web_text(f, "kind"), "merchant") == 0) == (shops == 1))
                add_phone(b, ln_web_text(f, "name"), ln_web_text(f, "phone"));
        }
    ln_buf_adds(b, "</ul></section>");
}

/* The home that a shift's desk is; NULL when it is not (or no longer) one that everybody may see.
 */
static const json_t *desk_of(const json_t *homes, const json_t *shift)
{
    const char *desk = ln_web_text(json_object_get(shift, "f"), "desk");

    for (size_t i = 0; i < json_array_size(homes); i++)
        if (strcmp(ln_web_text(json_array_get(homes, i), "id"), desk) == 0)
            return json_object_get(json_array_get(homes, i), "f");
    return NULL;
}

/* Which desk is on duty, until when, its number. Shifts are no public records: who sits there and
 * what was handed over stays inside, that a desk is open is told to everybody (MODULES 3). */
static void add_desks(struct ln_call *c, const json_t *shifts, const json_t *homes)
{
    struct ln_buf *b = &c->out->body;
    int64_t now = c->n->env.now_ms(c->n->env.ctx);
    size_t told = 0;

    ln_buf_adds(b, "<section class=\"card\"><h2>正在值班 On duty</h2><ul class=\"plain\">");
    for (size_t i = 0; i < json_array_size(shifts); i++) {
        const json_t *shift = json_array_get(shifts, i);
        const json_t *home = desk_of(homes, shift);
        int64_t ends = json_integer_value(json_object_get(json_object_get(shift, "f"), "ends"));
        if (home == NULL || ends <= now)
            continue;
        ln_buf_adds(b, "<li class=\"item\"><span class=\"item-main\">");
        ln_http_markup(b, ln_web_text(home, "name"));
        ln_buf_adds(b, "<br><span class=\"quiet\">值班到 until ");
        add_time(b, ends, CLOCK);
        ln_buf_adds(b, "</span></span>");
        if (ln_web_text(home, "phone")[0] != '\0') {
            ln_buf_adds(b, "<a class=\"button\" href=\"tel:");
            ln_http_markup(b, ln_web_text(home, "phone"));
            ln_buf_adds(b, "\">");
            ln_http_markup(b, ln_web_text(home, "phone"));
            ln_buf_adds(b, "</a>");
        }
        ln_buf_adds(b, "</li>");
        told++;
    }
    ln_buf_adds(b, "</ul>");
    if (told == 0)
        ln_buf_adds(b, "<p class=\"quiet\">现在没有人值班 Nobody is on duty now</p>");
    ln_buf_adds(b, "</section>");
}

static json_t *shifts_now(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "duty_shift");
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "on" },
                                      { "region", LN_WHERE_IS, c->n->config.region } };
    json_t *rows = json_array();

    if (d == NULL)
        return rows;
    struct ln_list l = { .coll = d->coll, .where = where, .n = 2, .limit = LITE_ITEMS };
    if (ln_query_list(rows, NULL, c->r->store, &l, err))
        return rows;
    json_decref(rows);
    return NULL;
}

static int64_t whole(const json_t *f, const char *name)
{
    return json_integer_value(json_object_get(f, name));
}

static void add_funds(struct ln_call *c, const json_t *funds)
{
    struct ln_buf *b = &c->out->body;

    if (json_array_size(funds) == 0)
        return;
    ln_buf_adds(b, "<section class=\"card\"><h2>互助基金 Mutual-aid fund</h2><ul class=\"plain\">");
    for (size_t i = 0; i < json_array_size(funds); i++) {
        const json_t *row = json_array_get(funds, i);
        const json_t *f = json_object_get(row, "f");
        ln_buf_addf(b, "<li><a class=\"item\" href=\"/lite/fund/%s\"><span class=\"item-main\">",
                    ln_web_text(row, "id"));
        ln_http_markup(b, ln_web_text(f, "name"));
        ln_buf_adds(b, "</span><b class=\"item-side\">");
        ln_title_money(b, whole(f, "balance"));
        ln_buf_adds(b, "</b></a></li>");
    }
    ln_buf_adds(b, "</ul></section>");
}

/* One posting of the list: what for stands in its entry. */
static bool add_posting(struct ln_call *c, const json_t *posting, struct ln_err *err)
{
    struct ln_buf *b = &c->out->body;
    bool in = strcmp(ln_web_text(posting, "direction"), "in") == 0;
    json_t *entry = NULL;
    struct ln_id id;

    if (ln_clock_id_read(&id, ln_span_of(ln_web_text(posting, "entry"))) &&
        !ln_query_record(&entry, c->r->store, &id, err))
        return false;
    const json_t *f = json_object_get(entry, "f");
    ln_buf_addf(b, "<tr><td>%" PRId64 "</td><td>%s</td><td class=\"num\">", whole(posting, "no"),
                ln_web_text(posting, "date"));
    ln_buf_adds(b, in ? "+" : "−");
    ln_title_money(b, whole(posting, "amount"));
    ln_buf_adds(b, "</td><td class=\"num\">");
    ln_title_money(b, whole(posting, "balance"));
    ln_buf_adds(b, "</td><td class=\"said\">");
    ln_http_markup(b, ln_web_text(f, "party_shown"));
    ln_buf_adds(b, " ");
    ln_http_markup(b, ln_web_text(f, "purpose"));
    ln_buf_adds(b, "</td></tr>");
    json_decref(entry);
    return true;
}

/* A fund as its public page has it: balance, rules, the latest postings; all of them as a table to
 * add up. */
static bool fund_page(struct ln_call *c, const json_t *row, struct ln_err *err)
{
    struct ln_buf *b = &c->out->body;
    const json_t *f = json_object_get(row, "f");
    json_t *rows = NULL;

    if (!ln_special_rows(&rows, c->r->store, c->n->def, "fund_posting", "fund",
                         ln_web_text(row, "id"), LN_FUND_POSTINGS, err))
        return false;
    begin(c, ln_web_text(f, "name"));
    ln_buf_adds(b, "<p>余额 Balance <b>");
    ln_title_money(b, whole(f, "balance"));
    ln_buf_adds(b,
                "</b></p><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                "aria-label=\"收支 Postings\"><table><thead><tr><th>序号 No.</th><th>日期 Day</th>"
                "<th class=\"num\">金额 Amount</th><th class=\"num\">余额 Balance</th>"
                "<th>对方与用途 Party, purpose</th></tr></thead><tbody>");
    size_t n = json_array_size(rows);
    bool ok = true;
    for (size_t i = n; ok && i > 0 && i + LITE_POSTINGS > n; i--) /* the latest first */
        ok = add_posting(c, json_array_get(rows, i - 1), err);
    ln_buf_addf(b,
                "</tbody></table></div><p><a href=\"/api/v1/fund/%s/postings\">全部 %zu 笔 "
                "All %zu postings (CSV)</a></p><div class=\"card plain-text\">",
                ln_web_text(row, "id"), n, n);
    ln_http_markup(b, ln_web_text(f, "rules"));
    ln_buf_adds(
        b, "</div><p><a class=\"button\" href=\"/lite\">返回 Back</a></p></main></body></html>");
    json_decref(rows);
    return ok;
}

bool ln_lite_home(struct ln_call *c, struct ln_err *err)
{
    json_t *notices = ln_feed_rows(c, "notice", LITE_ITEMS, err);
    json_t *news = notices != NULL ? ln_feed_rows(c, "news", LITE_ITEMS, err) : NULL;
    json_t *homes = news != NULL ? ln_feed_rows(c, "home", LN_QUERY_LIMIT, err) : NULL;
    json_t *funds = homes != NULL ? ln_feed_rows(c, "fund", LITE_ITEMS, err) : NULL;
    json_t *shifts = funds != NULL ? shifts_now(c, err) : NULL;

    if (shifts != NULL) {
        begin(c, c->n->config.name);
        add_desks(c, shifts, homes);
        add_list(c, "notice", "布告 Notices", notices);
        add_list(c, "news", "新闻 News", news);
        add_funds(c, funds);
        add_phones(&c->out->body, homes);
        ln_buf_adds(
            &c->out->body,
            "<p><a class=\"button\" href=\"/\">完整页面 Full pages</a></p></main></body></html>");
    }
    json_decref(notices);
    json_decref(news);
    json_decref(homes);
    json_decref(funds);
    json_decref(shifts);
    return shifts != NULL;
}

bool ln_lite_record(struct ln_call *c, struct ln_err *err)
{
    static const struct ln_user guest = { .n_roles = 0 };
    const struct ln_def_coll *d = ln_def_find(c->n->def, c->q->arg[0]);
    struct ln_buf *b = &c->out->body;
    json_t *row = NULL;
    struct ln_id id;

    if (d == NULL || !ln_clock_id_read(&id, ln_span_of(c->q->arg[1])) ||
        !ln_query_record(&row, c->r->store, &id, err) || row == NULL ||
        strcmp(ln_web_text(row, "collection"), d->name) != 0 ||
        !ln_engine_may_read(d, &guest, row)) {
        json_decref(row);
        return err->code == LN_OK ? ln_fail(err, LN_MISSING, "no such page") : false;
    }
    ln_engine_mask(d, &guest, row);
    if (strcmp(d->name, "fund") == 0) {
        bool ok = fund_page(c, row, err);
        json_decref(row);
        return ok;
    }
    begin(c, ln_web_text(json_object_get(row, "f"), "title"));
    ln_buf_adds(b, "<p class=\"quiet\">");
    add_time(b, json_integer_value(json_object_get(row, "created")), MINUTE);
    ln_buf_adds(b, "</p><div class=\"card plain-text\">");
    ln_http_markup(b, ln_web_text(json_object_get(row, "f"), "body"));
    ln_buf_adds(
        b, "</div><p><a class=\"button\" href=\"/lite\">返回 Back</a></p></main></body></html>");
    json_decref(row);
    return true;
}
