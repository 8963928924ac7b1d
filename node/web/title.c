/* Titles of records: see title.h. */
#include "node/web/title.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/say.h"

#define DEPTH 3 /* a residence names a dwelling, which names a building */

static void add_title(struct ln_buf *out, struct ln_call *c, const struct ln_def_coll *d,
                      const json_t *row, unsigned depth);

static const char *find_title(struct ln_call *c, const char *id_text, unsigned depth)
{
    struct ln_id id;
    json_t *row = NULL;
    struct ln_err why = { 0 };
    struct ln_buf title = ln_buf_new(4096);
    const json_t *kept = json_object_get(c->titles, id_text);

    if (kept != NULL || depth == 0)
        return json_string_value(kept);
    if (c->titles == NULL)
        c->titles = json_object();
    json_object_set_new(c->titles, id_text, json_null()); /* a ring of refs ends here */
    if (ln_clock_id_read(&id, ln_span_of(id_text)) &&
        ln_query_record(&row, c->r->store, &id, &why) && row != NULL) {
        const struct ln_def_coll *d = ln_def_find(c->n->def, ln_web_text(row, "collection"));
        if (d != NULL && ln_engine_may_name(d, &c->user, row)) {
            ln_engine_mask(d, &c->user, row);
            add_title(&title, c, d, row, depth - 1);
            json_object_set_new(c->titles, id_text, json_string(title.data));
        }
    }
    json_decref(row);
    ln_buf_free(&title);
    return json_string_value(json_object_get(c->titles, id_text));
}

static void add_code(struct ln_buf *out, const struct ln_call *c, const struct ln_def_codes *set,
                     const char *code)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, code) == 0) {
            ln_buf_adds(out, c->q->zh ? set->list[i].label.zh : set->list[i].label.en);
            return;
        }
    if (strchr(code, '*') == NULL) /* masked: says nothing */
        ln_buf_adds(out, code);
}

static void add_time(struct ln_buf *out, int64_t ms)
{
    char day[11];
    int64_t minute = (ms / 60000 + 8 * 60) % (24 * 60); /* China, where all communities are */

    ln_engine_today(day, ms);
    ln_buf_addf(out, "%s %02" PRId64 ":%02" PRId64, day, minute / 60, minute % 60);
}

void ln_title_money(struct ln_buf *out, int64_t fen)
{
    char digits[24];
    uint64_t all = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
    int len = snprintf(digits, sizeof digits, "%" PRIu64, all / 100);

    ln_buf_adds(out, fen < 0 ? "-¥" : "¥");
    for (int i = 0; i < len; i++)
        ln_buf_addf(out, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
    ln_buf_addf(out, ".%02d", (int)(all % 100));
}

static void add_number(struct ln_buf *out, const struct ln_def_field *f, json_int_t n)
{
    if (f->type == LN_TYPE_TS)
        add_time(out, n);
    else if (f->type == LN_TYPE_FEN)
        ln_title_money(out, n);
    else
        ln_buf_addf(out, "%" JSON_INTEGER_FORMAT, n);
}

static void add_value(struct ln_buf *out, struct ln_call *c, const struct ln_def_field *f,
                      const json_t *v, unsigned depth)
{
    const char *text = json_string_value(v);
    const char *title;

    if (json_is_array(v) && f->type == LN_TYPE_LIST) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            ln_buf_adds(out, i == 0 ? "" : c->q->zh ? "、" : ", ");
            add_value(out, c, f, json_array_get(v, i), depth);
        }
    } else if (json_is_boolean(v))
        ln_buf_adds(out, json_is_true(v) ? (c->q->zh ? "是" : "Yes") : (c->q->zh ? "否" : "No"));
    else if (json_is_integer(v))
        add_number(out, f, json_integer_value(v));
    else if (text != NULL && f->codes != NULL)
        add_code(out, c, f->codes, text);
    else if (text != NULL &&
             (f->type == LN_TYPE_REF || (f->type == LN_TYPE_LIST && f->to != NULL))) {
        title = find_title(c, text, depth);
        ln_buf_adds(out, title != NULL ? title : "");
    } else if (text != NULL) {
        struct ln_span part = ln_say_part(text, c->q->zh);
        ln_buf_add(out, part.p, part.len);
    }
}

static void add_title(struct ln_buf *out, struct ln_call *c, const struct ln_def_coll *d,
                      const json_t *row, unsigned depth)
{
    const json_t *f = json_object_get(row, "f");

    for (const char *const *t = d->title; t != NULL && *t != NULL; t++) {
        const struct ln_def_field *field = ln_def_field(d, *t);
        size_t before = out->len;
        if (field == NULL || json_object_get(f, *t) == NULL)
            continue;
        if (before > 0)
            ln_buf_addc(out, ' ');
        if (field->type == LN_TYPE_REGION)
            ln_node_region(out, ln_web_text(f, *t));
        else
            add_value(out, c, field, json_object_get(f, *t), depth);
        if (out->len == before + 1 && before > 0)
            ln_buf_cut(out, before);
    }
}

/* Cuts at a character's beginning. */
static void copy(char *out, size_t max, const struct ln_buf *text)
{
    size_t n = text->len < max ? text->len : max;

    while (n < text->len && n > 0 && ((unsigned char)text->data[n] & 0xc0) == 0x80)
        n--;
    memcpy(out, text->data, n);
    out[n] = '\0';
    for (char *p = out; *p != '\0'; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
}

void ln_title_write(char out[LN_TITLE_MAX + 1], struct ln_call *c, const struct ln_def_coll *d,
                    const json_t *row)
{
    struct ln_buf title = ln_buf_new(1 << 20);

    add_title(&title, c, d, row, DEPTH);
    copy(out, LN_TITLE_MAX, &title);
    ln_buf_free(&title);
}

void ln_title_value(struct ln_buf *out, struct ln_call *c, const struct ln_def_field *f,
                    const json_t *value)
{
    add_value(out, c, f, value, DEPTH);
}

const char *ln_title_of(struct ln_call *c, const char *id)
{
    return find_title(c, id, DEPTH);
}
