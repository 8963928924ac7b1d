/* Distinct readers: see read.h. */
#include "node/web/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/store/reading.h"

#define NEW "_read"
#define PAGES 16 /* of LN_QUERY_LIMIT rows: one row a node below */

struct stamp {
    struct ln_node *n;
    struct ln_id record, account;
};

static bool stamp_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct stamp *s = arg;

    (void)r;
    return ln_reading_note(ln_sqlstore_db(s->n->writer), &s->record, &s->account,
                           s->n->env.now_ms(s->n->env.ctx), err);
}

void ln_read_stamp(struct ln_call *c, const struct ln_def_coll *d, json_t *row)
{
    struct stamp s = { .n = c->n };
    struct ln_err why = { 0 };
    bool has = true;

    if (!ln_def_has(d->read_states, ln_web_text(row, "state")) ||
        !ln_clock_id_read(&s.record, ln_span_of(ln_web_text(row, "id"))) ||
        !ln_clock_id_read(&s.account, ln_span_of(c->user.account)))
        return;
    if (!ln_reading_has(&has, ln_sqlstore_db(c->r->store), &s.record, &s.account, &why) ||
        (!has && !ln_queue_write(c->n->queue, stamp_job, &s, &why)))
        ln_log_err(LN_LOG_WARN, &why, "a reading was not stamped");
    else if (!has)
        json_object_set_new(row, NEW, json_true()); /* the request's snapshot is older */
}

static int64_t readers_of(struct ln_call *c, const char *id_text)
{
    struct ln_err why = { 0 };
    struct ln_id id;
    int64_t n = 0;

    if (!ln_clock_id_read(&id, ln_span_of(id_text)) ||
        !ln_reading_count(&n, ln_sqlstore_db(c->r->store), &id, &why))
        return 0;
    return n;
}

/* What one node below told of this record; -1 nothing. */
static int64_t told(const json_t *row, const char *id)
{
    size_t i;
    json_t *cell;

    json_array_foreach(json_object_get(json_object_get(row, "f"), "cells"), i, cell)
    {
        const char *of = json_string_value(json_array_get(cell, 0));
        if (of != NULL && strcmp(of, id) == 0)
            return json_integer_value(json_array_get(cell, 1));
    }
    return -1;
}

static void add_below(struct ln_call *c, json_t *below, int64_t *total, const json_t *row,
                      const char *id)
{
    int64_t n = told(row, id);
    struct ln_buf name = ln_buf_new(256);

    if (n >= 0) {
        ln_node_region(&name, ln_web_text(row, "region"));
        json_array_append_new(below,
                              json_pack("{s:s,s:s,s:I,s:O}", "region", ln_web_text(row, "region"),
                                        "name", name.data, "readers", (json_int_t)n, "as_of",
                                        json_object_get(json_object_get(row, "f"), "as_of")));
        *total += n;
    }
    (void)c;
    ln_buf_free(&name);
}

static json_t *reading_below(struct ln_call *c, const struct ln_def_coll *d, const char *id)
{
    const struct ln_def_coll *stat = ln_def_find(
        c->n->def, strcmp(c->n->config.role, "province") == 0 ? "stat_open" : "stat_value");
    char code[64];
    const struct ln_where where[] = { { "code", LN_WHERE_IS, code } };
    struct ln_list l = { .where = where, .n = 1, .limit = LN_QUERY_LIMIT };
    json_t *below = json_array();
    int64_t total = 0;
    size_t got = LN_QUERY_LIMIT;

    (void)snprintf(code, sizeof code, "%.40s_readers", d->name);
    if (stat != NULL)
        l.coll = stat->coll;
    for (int page = 0; stat != NULL && page < PAGES && got == LN_QUERY_LIMIT; page++) {
        json_t *rows = json_array();
        struct ln_err why = { 0 };
        size_t i;
        json_t *row;
        if (!ln_query_list(rows, NULL, c->r->store, &l, &why))
            json_array_clear(rows);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            add_below(c, below, &total, row, id);
        }
        json_decref(rows);
        l.offset += LN_QUERY_LIMIT;
    }
    return json_pack("{s:I,s:o}", "total", (json_int_t)total, "below", below);
}

void ln_read_show(struct ln_call *c, const struct ln_def_coll *d, json_t *row, bool whole)
{
    const char *id = ln_web_text(row, "id");

    bool fresh = json_is_true(json_object_get(row, NEW));
    json_object_del(row, NEW);
    json_object_set_new(row, "readers", json_integer(readers_of(c, id) + fresh));
    if (whole && c->known && strcmp(c->n->config.role, "community") != 0)
        json_object_set_new(row, "reading", reading_below(c, d, id));
}

void ln_read_tell(struct ln_call *c, const json_t *row, json_t *item)
{
    int64_t n = readers_of(c, ln_web_text(row, "id"));
    const char *sub = ln_web_text(item, "sub");

    json_object_set_new(item, "readers", json_integer(n));
    if (n > 0)
        json_object_set_new(item, "sub",
                            json_sprintf(c->q->zh ? "%s%s%lld 人已读" : "%s%sread by %lld", sub,
                                         sub[0] != '\0' ? " · " : "", (long long)n));
}
