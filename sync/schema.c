/* Look-ups in a schema: see schema.h. Lists are short, so a walk beats a table. */
#include "sync/schema.h"

#include <string.h>

const struct ln_coll *ln_schema_find(const struct ln_schema *s, struct ln_span name)
{
    for (size_t i = 0; i < s->n_colls; i++)
        if (ln_span_is(name, s->colls[i].name))
            return &s->colls[i];
    return NULL;
}

int ln_schema_field(const struct ln_coll *c, struct ln_span name)
{
    for (size_t i = 0; i < c->n_fields; i++)
        if (ln_span_is(name, c->fields[i].name))
            return (int)i;
    return -1;
}

/* ---- descriptions */

/* Raised when this program derives rows from the same definition in another way than before. */
#define DERIVED_AS 1

static void add_words(struct ln_buf *out, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        ln_buf_addf(out, ",%s", *list);
}

static void write_head(struct ln_buf *out, const struct ln_coll *c)
{
    ln_buf_addf(out, "=%d %d %s %s", DERIVED_AS, c->log ? 1 : 0,
                c->subject != NULL ? c->subject : "-",
                c->first_state != NULL ? c->first_state : "-");
    add_words(out, c->final_states);
    for (size_t i = 0; i < c->n_steps; i++) {
        ln_buf_addf(out, " %s>%s", c->steps[i].action, c->steps[i].to);
        add_words(out, c->steps[i].from);
    }
    ln_buf_addc(out, '\n');
}

static void write_field(struct ln_buf *out, const struct ln_field *f)
{
    ln_buf_addf(out, "+%s %s %d %d\n", f->name, f->unit, (int)f->type, (int)f->mark);
}

void ln_schema_write(struct ln_buf *out, const struct ln_coll *c)
{
    write_head(out, c);
    for (size_t i = 0; i < c->n_fields; i++)
        write_field(out, &c->fields[i]);
}

/* The line of `text` that begins with `start`; .p NULL: none. */
static struct ln_span line_of(struct ln_span text, const char *start)
{
    const size_t len = strlen(start);
    const char *at = text.p;
    const char *const end = text.p != NULL ? text.p + text.len : NULL;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop + 1 : end;
        if ((size_t)(stop - at) > len && memcmp(at, start, len) == 0)
            return (struct ln_span){ at, (size_t)(stop - at) };
        at = stop;
    }
    return (struct ln_span){ NULL, 0 };
}

static struct ln_span field_line(struct ln_span text, const char *name)
{
    char start[80];

    (void)snprintf(start, sizeof start, "+%.70s ", name);
    return line_of(text, start);
}

bool ln_schema_knew(struct ln_span before, const struct ln_field *f)
{
    return field_line(before, f->name).p != NULL;
}

static bool same(const struct ln_buf *now, struct ln_span before)
{
    return before.p != NULL && before.len == now->len && memcmp(before.p, now->data, now->len) == 0;
}

enum ln_schema_news ln_schema_compare(struct ln_span before, const struct ln_coll *c)
{
    struct ln_buf now = ln_buf_new(LN_SCHEMA_TEXT_MAX);
    enum ln_schema_news news = LN_SCHEMA_SAME;

    write_head(&now, c);
    if (!same(&now, line_of(before, "=")))
        news = LN_SCHEMA_ALL;
    for (size_t i = 0; i < c->n_fields && news != LN_SCHEMA_ALL; i++) {
        struct ln_span was = field_line(before, c->fields[i].name);
        ln_buf_clear(&now);
        write_field(&now, &c->fields[i]);
        if (was.p == NULL)
            news = LN_SCHEMA_FIELDS;
        else if (!same(&now, was))
            news = LN_SCHEMA_ALL;
    }
    ln_buf_free(&now);
    return news;
}
