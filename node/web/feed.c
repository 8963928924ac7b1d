/* Feeds: see feed.h. Atom is RFC 4287, iCalendar RFC 5545, vCard RFC 6350. */
#include "node/web/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/web/listing.h"
#include "node/web/routes.h"

#define ITEMS 50
#define EVENTS 200
#define LINE_OCTETS 75 /* RFC 5545 3.1, RFC 6350 3.2: longer content lines are folded */
#define LINE_MAX_BYTES 65536

json_t *ln_feed_rows(struct ln_call *c, const char *coll, unsigned max, struct ln_err *err)
{
    static const struct ln_user guest = { .n_roles = 0 };
    const struct ln_def_coll *d = ln_def_find(c->n->def, coll);
    struct ln_where any[4];
    struct ln_where where[2];
    char regions[80];
    char today[11];
    struct ln_list l = { .any = any, .where = where, .limit = max, .descending = true };
    json_t *rows = json_array();
    json_t *out = json_array();

    if (d == NULL || !ln_engine_may_list(d, &guest, any, &l.n_any)) {
        json_decref(rows);
        return out;
    }
    ln_listing_regions(regions, c->n->config.region);
    where[l.n++] = (struct ln_where){ "region", LN_WHERE_IS, regions };
    if (ln_def_field(d, "targets") != NULL)
        where[l.n++] = (struct ln_where){ "targets", LN_WHERE_REACHES, c->n->config.region };
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    l.coll = d->coll;
    bool ok = ln_query_list(rows, NULL, c->r->store, &l, err);
    for (size_t i = 0; ok && i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *expire = ln_web_text(json_object_get(row, "f"), "expire");
        if (!ln_engine_may_read(d, &guest, row) || (expire[0] != '\0' && strcmp(expire, today) < 0))
            continue;
        ln_engine_mask(d, &guest, row);
        json_array_append(out, row);
    }
    json_decref(rows);
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static const char *field(const json_t *row, const char *name)
{
    return ln_web_text(json_object_get(row, "f"), name);
}

/* ---- Atom */

/* RFC 3339, or the basic form of iCalendar. */
static void utc(struct ln_buf *out, int64_t ms, bool basic)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm = { 0 };
    char text[40];

    (void)gmtime_r(&t, &tm);
    if (basic)
        (void)strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
    else
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    ln_buf_adds(out, text);
}

static const char *label(const struct ln_call *c, const struct ln_def_field *f, const char *code)
{
    for (size_t i = 0; f != NULL && f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].code, code) == 0)
            return c->q->zh ? f->codes->list[i].label.zh : f->codes->list[i].label.en;
    return code;
}

static void add_entry(struct ln_buf *b, const struct ln_call *c, const struct ln_def_coll *d,
                      const json_t *row)
{
    const char *id = ln_web_text(row, "id");
    const char *kind = strcmp(d->name, "news") == 0 ? "section" : "kind";
    const char *code = field(row, kind);

    ln_buf_addf(b, "<entry><id>urn:linli:%s</id><title>", id);
    ln_http_markup(b, field(row, "title"));
    ln_buf_adds(b, "</title><link rel=\"alternate\" href=\"http://");
    ln_http_markup(b, c->q->host);
    ln_buf_addf(b, "/%s/%s\"/><updated>", d->name, id);
    utc(b, json_integer_value(json_object_get(row, "eff")), false);
    ln_buf_adds(b, "</updated><published>");
    utc(b, json_integer_value(json_object_get(row, "created")), false);
    ln_buf_adds(b, "</published>");
    if (code[0] != '\0') {
        ln_buf_adds(b, "<category term=\"");
        ln_http_markup(b, code);
        ln_buf_adds(b, "\" label=\"");
        ln_http_markup(b, label(c, ln_def_field(d, kind), code));
        ln_buf_adds(b, "\"/>");
    }
    ln_buf_adds(b, "<content type=\"text\">");
    ln_http_markup(b, field(row, "body"));
    ln_buf_adds(b, "</content></entry>");
}

static bool atom(struct ln_call *c, const char *coll, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, coll);
    struct ln_buf *b = &c->out->body;
    int64_t newest = 0;
    size_t i;
    json_t *row;
    json_t *rows = ln_feed_rows(c, coll, ITEMS, err);

    if (rows == NULL)
        return false;
    json_array_foreach(rows, i, row)
    {
        int64_t eff = json_integer_value(json_object_get(row, "eff"));
        newest = eff > newest ? eff : newest;
    }
    c->out->content_type = "application/atom+xml";
    ln_buf_addf(b,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed "
                "xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"zh-CN\"><id>urn:linli:%s:%s</id>"
                "<title>",
                c->n->id, coll);
    ln_http_markup(b, c->n->config.name);
    ln_buf_adds(b, strcmp(coll, "news") == 0 ? " 新闻</title><author><name>"
                                             : " 布告</title><author><name>");
    ln_http_markup(b, c->n->config.name);
    ln_buf_adds(b,
                "</name></author><link rel=\"self\" type=\"application/atom+xml\" href=\"http://");
    ln_http_markup(b, c->q->host);
    ln_buf_addf(b, "/feed/%s.atom\"/><link rel=\"alternate\" href=\"http://", coll);
    ln_http_markup(b, c->q->host);
    ln_buf_adds(b, "/\"/><updated>");
    utc(b, newest, false);
    ln_buf_adds(b, "</updated>");
    json_array_foreach(rows, i, row)
    {
        add_entry(b, c, d, row);
    }
    ln_buf_adds(b, "</feed>\n");
    json_decref(rows);
    return true;
}

/* ---- content lines of iCalendar and vCard */

/* TEXT: backslash, semicolon, comma and newline are escaped. */
static void add_text(struct ln_buf *line, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == ';' || *text == ',')
            ln_buf_addc(line, '\\');
        if (*text == '\n')
            ln_buf_adds(line, "\\n");
        else if ((unsigned char)*text >= 0x20 || *text == '\t')
            ln_buf_addc(line, *text);
    }
}

/* Folds at LINE_OCTETS, never inside a character, and empties the line. */
static void end_line(struct ln_buf *out, struct ln_buf *line)
{
    size_t at = 0;
    size_t room = LINE_OCTETS;

    while (line->len - at > room) {
        size_t cut = at + room;
        while (cut > at && ((unsigned char)line->data[cut] & 0xc0) == 0x80)
            cut--;
        ln_buf_add(out, line->data + at, cut - at);
        ln_buf_adds(out, "\r\n ");
        at = cut;
        room = LINE_OCTETS - 1; /* the blank counts */
    }
    ln_buf_add(out, line->data + at, line->len - at);
    ln_buf_adds(out, "\r\n");
    ln_buf_clear(line);
}

static void add_line(struct ln_buf *out, struct ln_buf *line, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    ln_buf_addf(line, "%s:", name);
    add_text(line, text);
    end_line(out, line);
}

/* ---- iCalendar */

static bool add_event(struct ln_call *c, struct ln_buf *line, const char *coll, const json_t *row)
{
    struct ln_buf *b = &c->out->body;
    const json_t *f = json_object_get(row, "f");
    int64_t starts = json_integer_value(json_object_get(f, "starts"));
    int64_t ends = json_integer_value(json_object_get(f, "ends"));

    if (starts <= 0)
        return false; /* not dated */
    ln_buf_addf(b, "BEGIN:VEVENT\r\nUID:%s@linli\r\nDTSTAMP:", ln_web_text(row, "id"));
    utc(b, json_integer_value(json_object_get(row, "eff")), true);
    ln_buf_adds(b, "\r\nDTSTART:");
    utc(b, starts, true);
    ln_buf_adds(b, "\r\nDTEND:");
    utc(b, ends > starts ? ends : starts + 3600000, true);
    ln_buf_adds(b, "\r\n");
    add_line(b, line, "SUMMARY", ln_web_text(f, "title"));
    add_line(b, line, "DESCRIPTION", ln_web_text(f, "body"));
    add_line(b, line, "LOCATION", ln_web_text(f, "place"));
    ln_buf_addf(line, "URL:http://%s/%s/%s", c->q->host, coll, ln_web_text(row, "id"));
    end_line(b, line);
    ln_buf_adds(b, "END:VEVENT\r\n");
    return true;
}

static bool calendar(struct ln_call *c, struct ln_err *err)
{
    static const char *const colls[] = { "notice", "activity" };
    struct ln_buf *b = &c->out->body;
    struct ln_buf line = ln_buf_new(LINE_MAX_BYTES);

    c->out->content_type = "text/calendar; charset=utf-8";
    ln_buf_adds(b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Linli//Linli " LN_VERSION
                   "//ZH\r\nCALSCALE:GREGORIAN\r\n");
    add_line(b, &line, "X-WR-CALNAME", c->n->config.name);
    for (size_t k = 0; k < sizeof colls / sizeof colls[0]; k++) {
        size_t i;
        json_t *row;
        json_t *rows = ln_feed_rows(c, colls[k], EVENTS, err);
        json_array_foreach(rows, i, row)
        {
            (void)add_event(c, &line, colls[k], row);
        }
        json_decref(rows);
        if (rows == NULL) {
            ln_buf_free(&line);
            return false;
        }
    }
    ln_buf_adds(b, "END:VCALENDAR\r\n");
    ln_buf_free(&line);
    return true;
}

/* ---- vCard */

static void add_card(struct ln_call *c, struct ln_buf *line, const json_t *row)
{
    struct ln_buf *b = &c->out->body;
    const char *phone = field(row, "phone");

    ln_buf_addf(b, "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:linli:%s\r\nKIND:org\r\n",
                ln_web_text(row, "id"));
    add_line(b, line, "FN", field(row, "name"));
    add_line(b, line, "ORG", field(row, "name"));
    if (phone[0] != '\0') {
        ln_buf_adds(line, "TEL;VALUE=uri;TYPE=\"voice,work\":tel:");
        for (const char *p = phone; *p != '\0'; p++)
            if (strchr("+-0123456789", *p) != NULL)
                ln_buf_addc(line, *p);
        end_line(b, line);
    }
    if (field(row, "address")[0] != '\0') {
        ln_buf_adds(line, "ADR;TYPE=work:;;");
        add_text(line, field(row, "address"));
        ln_buf_adds(line, ";;;;");
        end_line(b, line);
    }
    add_line(b, line, "NOTE", field(row, "intro"));
    ln_buf_addf(line, "URL:http://%s/home/%s", c->q->host, ln_web_text(row, "id"));
    end_line(b, line);
    ln_buf_adds(b, "REV:");
    utc(b, json_integer_value(json_object_get(row, "eff")), true);
    ln_buf_adds(b, "\r\nEND:VCARD\r\n");
}

static bool cards(struct ln_call *c, struct ln_err *err)
{
    struct ln_buf line = ln_buf_new(LINE_MAX_BYTES);
    size_t i;
    json_t *row;
    json_t *rows = ln_feed_rows(c, "home", LN_QUERY_LIMIT, err);

    c->out->content_type = "text/vcard; charset=utf-8";
    json_array_foreach(rows, i, row)
    {
        if (field(row, "name")[0] != '\0' &&
            !json_is_false(json_object_get(json_object_get(row, "f"), "listed")))
            add_card(c, &line, row);
    }
    ln_buf_free(&line);
    json_decref(rows);
    return rows != NULL;
}

/* GET /feed/<name> */
bool ln_feed_get(struct ln_call *c, struct ln_err *err)
{
    const char *name = c->q->arg[0];

    if (strcmp(name, "news.atom") == 0)
        return atom(c, "news", err);
    if (strcmp(name, "notice.atom") == 0)
        return atom(c, "notice", err);
    if (strcmp(name, "calendar.ics") == 0)
        return calendar(c, err);
    if (strcmp(name, "homes.vcf") == 0)
        return cards(c, err);
    return ln_fail(err, LN_MISSING, "there are news.atom, notice.atom, calendar.ics and homes.vcf");
}
