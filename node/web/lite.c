/* Pages without script, for captive portals and very old phones: what everybody may read, nothing
 * else. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/asset.h"
#include "node/web/feed.h"
#include "node/web/routes.h"

#define LITE_ITEMS 30
#define CHINA_S 28800 /* UTC+8, where all communities are */

enum form { DAY, MINUTE };

static void add_time(struct ln_buf *out, int64_t ms, enum form form)
{
    time_t t = (time_t)(ms / 1000 + CHINA_S);
    struct tm tm = { 0 };
    char text[40];

    (void)gmtime_r(&t, &tm);
    if (form == DAY)
        (void)strftime(text, sizeof text, "%m-%d", &tm);
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

static void add_phones(struct ln_buf *b, const json_t *homes)
{
    ln_buf_adds(b, "<section class=\"card\"><h2>电话 Telephone</h2><ul class=\"plain\">");
    for (size_t i = 0; i < json_array_size(homes); i++) {
        const json_t *f = json_object_get(json_array_get(homes, i), "f");
        if (ln_web_text(f, "phone")[0] != '\0')
            add_phone(b, ln_web_text(f, "name"), ln_web_text(f, "phone"));
    }
    add_phone(b, "报警 Police", "110");
    add_phone(b, "火警 Fire", "119");
    add_phone(b, "急救 Ambulance", "120");
    ln_buf_adds(b, "</ul></section>");
}

bool ln_lite_home(struct ln_call *c, struct ln_err *err)
{
    json_t *notices = ln_feed_rows(c, "notice", LITE_ITEMS, err);
    json_t *news = notices != NULL ? ln_feed_rows(c, "news", LITE_ITEMS, err) : NULL;
    json_t *homes = news != NULL ? ln_feed_rows(c, "home", LITE_ITEMS, err) : NULL;

    if (homes != NULL) {
        begin(c, c->n->config.name);
        add_list(c, "notice", "布告 Notices", notices);
        add_list(c, "news", "新闻 News", news);
        add_phones(&c->out->body, homes);
        ln_buf_adds(
            &c->out->body,
            "<p><a class=\"button\" href=\"/\">完整页面 Full pages</a></p></main></body></html>");
    }
    json_decref(notices);
    json_decref(news);
    json_decref(homes);
    return homes != NULL;
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
