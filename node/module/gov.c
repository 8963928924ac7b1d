#include "node/module/gov.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/store/attachment.h"
#include "node/store/reading.h"

#define MIB (INT64_C(1) << 20)
#define CHINA_S 28800    /* UTC+8 */
#define MARK "gov/usage" /* the last month that was written down */

static bool is(const struct ln_special_call *x, enum ln_engine_kind kind, const char *action)
{
    return x->kind == kind &&
           (action == NULL || (x->step != NULL && strcmp(x->step->action, action) == 0));
}

static bool digits(const char *text, size_t n)
{
    return strspn(text, "0123456789") >= n;
}

bool ln_gov_period(const char *text)
{
    size_t len = strlen(text);

    if (len == 4)
        return digits(text, 4);
    if (len != 7 || !digits(text, 4) || text[4] != '-' || !digits(text + 5, 2))
        return false;
    return strcmp(text + 5, "01") >= 0 && strcmp(text + 5, "12") <= 0;
}

void ln_gov_last_month(char out[8], const char *today)
{
    unsigned long months = strtoul(today, NULL, 10) * 12 + strtoul(today + 5, NULL, 10) - 2;

    (void)snprintf(out, 8, "%04u-%02u", (unsigned)(months / 12 % 10000),
                   (unsigned)(months % 12) + 1);
}

/* ---- bills and evaluations */

static bool period_and_purchase(struct ln_special_call *x, struct ln_err *err)
{
    json_t *purchase = NULL;
    bool ok;

    if (!ln_gov_period(ln_special_word(x->f, "period")))
        return ln_special_problem(x, "period", "请写 2026-11 或 2026", "write 2026-11 or 2026",
                                  err);
    ok = ln_special_get(&purchase, x, "purchase", ln_special_word(x->f, "purchase"), err);
    if (ok && purchase == NULL)
        ok = ln_special_problem(x, "purchase", "没有这项购买", "there is no such purchase", err);
    json_decref(purchase);
    return ok;
}

/* The rows of a collection for the same purchase and period. */
static bool same_period(json_t **out, struct ln_special_call *x, const char *collection,
                        const char *purchase, const char *period, struct ln_err *err)
{
    const struct ln_where where[] = { { "purchase", LN_WHERE_IS, purchase },
                                      { "period", LN_WHERE_IS, period } };

    return ln_special_find(out, x, collection, where, 2, 0, err);
}

/* Households, or active accounts in the months of a period, of the communities in `regions`. */
static bool used(json_int_t *out, struct ln_special_call *x, const json_t *regions,
                 const char *period, bool households, struct ln_err *err)
{
    char until[16];
    const struct ln_where where[] = { { "period", LN_WHERE_FROM, period },
                                      { "period", LN_WHERE_TO, until } };
    struct ln_count c = { .coll = ln_def_find(x->e->def, households ? "household" : "usage")->coll,
                          .today = x->today,
                          .where = where,
                          .n = households ? 0 : 2,
                          .sum = households ? NULL : "active" };
    bool ok = true;

    (void)snprintf(until, sizeof until, "%s~", period); /* behind each month of a year */
    *out = 0;
    for (size_t i = 0; ok && i < json_array_size(regions); i++) {
        json_t *cells = json_array();
        c.region = json_string_value(json_array_get(regions, i));
        ok =
            c.region == NULL || c.region[0] == '\0' || ln_query_count(cells, x->e->writer, &c, err);
        *out += json_integer_value(json_array_get(json_array_get(cells, 0), 0));
        json_decref(cells);
    }
    return ok;
}

/* How many a purchase is paid for in this period; 0 when this node cannot tell. */
static bool quantity_of(json_int_t *out, struct ln_special_call *x, const json_t *purchase,
                        const char *period, struct ln_err *err)
{
    const char *basis = ln_special_text(purchase, "basis");
    const json_t *regions = json_object_get(json_object_get(purchase, "f"), "regions");
    bool households = strcmp(basis, "household") == 0;

    *out = strcmp(basis, "community") == 0 ? (json_int_t)json_array_size(regions) : 1;
    return (!households && strcmp(basis, "usage") != 0) ||
           used(out, x, regions, period, households, err);
}

/* A bill without lines is drafted from what the purchase says and what was used. */
static bool draft_lines(struct ln_special_call *x, struct ln_err *err)
{
    const char *period = ln_special_word(x->f, "period");
    json_t *purchase = NULL;
    json_int_t n = 0;
    char what[160];

    if (json_array_size(json_object_get(x->f, "lines")) > 0)
        return true;
    if (!ln_special_get(&purchase, x, "purchase", ln_special_word(x->f, "purchase"), err))
        return false;
    bool ok = quantity_of(&n, x, purchase, period, err);
    if (ok && n == 0)
        ok = ln_special_problem(x, "lines", "这里没有可据以起草的用量，请写明细",
                                "nothing is known here to draft it from: write the lines", err);
    const struct ln_def_codes *set =
        ln_def_field(ln_def_find(x->e->def, "purchase"), "basis")->codes;
    (void)snprintf(what, sizeof what, "%s", period);
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, ln_special_text(purchase, "basis")) == 0)
            (void)snprintf(what, sizeof what, "%s %s", set->list[i].label.zh, period);
    if (ok)
        json_object_set_new(x->f, "lines",
                            json_pack("[{s:s,s:I,s:O}]", "what", what, "quantity", n, "price",
                                      json_object_get(json_object_get(purchase, "f"), "price")));
    json_decref(purchase);
    return ok;
}

static bool add_up(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *lines = json_object_get(x->f, "lines");
    json_int_t sum = 0;
    size_t i;
    json_t *line;

    if (lines == NULL)
        return true;
    if (json_array_size(lines) == 0)
        return ln_special_problem(x, "lines", "请写明细", "a bill has lines", err);
    json_array_foreach(lines, i, line)
    {
        sum += json_integer_value(json_object_get(line, "quantity")) *
               json_integer_value(json_object_get(line, "price"));
    }
    json_object_set_new(x->f, "amount", json_integer(sum));
    return true;
}

static bool evaluated(struct ln_special_call *x, struct ln_err *err)
{
    json_t *rows = NULL;
    bool ok = same_period(&rows, x, "evaluation", ln_special_text(x->row, "purchase"),
                          ln_special_text(x->row, "period"), err);

    if (ok && json_array_size(rows) == 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "付款前需要对这一账期作出评估",
                               "before paying, the period has to be evaluated", err);
    json_decref(rows);
    return ok;
}

static bool before_bill(struct ln_special_call *x, struct ln_err *err)
{
    static const char *const WRITABLE[] = { "draft", "disputed", NULL };

    if (is(x, LN_ENGINE_STEP, "pay"))
        return evaluated(x, err);
    if (is(x, LN_ENGINE_UPDATE, NULL) && !x->u->system &&
        !ln_def_has(WRITABLE, ln_special_word(x->row, "state")))
        return ln_special_refuse(x, LN_CONFLICT, "账单已提交，不能再改；可先提出异议",
                                 "the bill was sent and is not changed: dispute it first", err);
    if (is(x, LN_ENGINE_CREATE, NULL)) {
        json_t *rows = NULL;
        if (!period_and_purchase(x, err))
            return false;
        bool ok = same_period(&rows, x, "bill", ln_special_word(x->f, "purchase"),
                              ln_special_word(x->f, "period"), err);
        if (ok && json_array_size(rows) > 0)
            ok = ln_special_refuse(x, LN_CONFLICT, "这一账期已有账单",
                                   "there is a bill for this period already", err);
        json_decref(rows);
        if (!ok || !draft_lines(x, err))
            return false;
    }
    return x->f == NULL || add_up(x, err);
}

static bool before_evaluation(struct ln_special_call *x, struct ln_err *err)
{
    return !is(x, LN_ENGINE_CREATE, NULL) || period_and_purchase(x, err);
}

/* ---- usage: counted here, one row a month */

static int64_t month_begin_ms(const char *month)
{
    struct tm tm = { .tm_year = (int)strtol(month, NULL, 10) - 1900,
                     .tm_mon = (int)strtol(month + 5, NULL, 10) - 1,
                     .tm_mday = 1 };

    return ((int64_t)timegm(&tm) - CHINA_S) * 1000;
}

static bool count_of(json_int_t *out, struct ln_special_call *x, const struct ln_def_coll *d,
                     const struct ln_where *where, size_t n, struct ln_err *err)
{
    struct ln_count c = { .coll = d->coll,
                          .region = ln_replica_self(x->r)->region,
                          .today = x->today,
                          .where = where,
                          .n = n };
    json_t *cells = json_array();
    bool ok = ln_query_count(cells, x->e->writer, &c, err);

    *out = json_integer_value(json_array_get(json_array_get(cells, 0), 0));
    json_decref(cells);
    return ok;
}

static bool count_records(json_t *out, struct ln_special_call *x, struct ln_err *err)
{
    for (size_t i = 0; i < x->e->def->n_colls; i++) {
        const struct ln_def_coll *d = &x->e->def->colls[i];
        json_int_t n;
        if (!count_of(&n, x, d, NULL, 0, err))
            return false;
        n += json_integer_value(json_object_get(out, d->module));
        if (n > 0)
            json_object_set_new(out, d->module, json_integer(n));
    }
    return true;
}

static bool count_sms(json_int_t *out, struct ln_special_call *x, const char *month,
                      struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(x->e->def, "sms_out");
    char from[24];
    char to[24];
    char first[11];
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "sent,delivered" },
                                      { "created", LN_WHERE_FROM, from },
                                      { "created", LN_WHERE_TO, to } };

    *out = 0;
    (void)snprintf(from, sizeof from, "%" PRId64, month_begin_ms(month));
    (void)snprintf(first, sizeof first, "%.7s-01", x->today);
    (void)snprintf(to, sizeof to, "%" PRId64, month_begin_ms(first) - 1);
    return d == NULL || count_of(out, x, d, where, 3, err);
}

static bool write_down(struct ln_special_call *x, const char *month, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_db *db = ln_sqlstore_db(x->e->writer);
    struct ln_store_counts all;
    json_t *records = json_object();
    uint64_t files = 0;
    int64_t active = 0;
    json_int_t sms = 0;
    char since[11];

    (void)snprintf(since, sizeof since, "%s-01", month);
    bool ok = s->ops->counts(s->ctx, &all, err) && ln_attachment_bytes(&files, db, NULL, err) &&
              ln_reading_active_since(&active, db, since, err) && count_records(records, x, err) &&
              count_sms(&sms, x, month, err);
    if (!ok) {
        json_decref(records);
        return false;
    }
    json_int_t mib = (json_int_t)((all.bytes + files) / (uint64_t)MIB);
    return ln_special_add(NULL, x, "usage",
                          json_pack("{s:s,s:I,s:o,s:I,s:I}", "period", month, "active",
                                    (json_int_t)active, "records", records, "storage_mb", mib,
                                    "sms", sms),
                          err);
}

/* The first time it only remembers: what was before is not known here. */
static bool tick_usage(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf kept = ln_buf_new(32);
    char month[8];
    bool found = false;
    bool ok;

    ln_gov_last_month(month, x->today);
    ok = s->ops->meta_get(s->ctx, MARK, &kept, &found, err);
    bool due = ok && (!found || strcmp(kept.data, month) < 0);
    if (due && found)
        ok = write_down(x, month, err);
    if (due && ok)
        ok = s->ops->meta_put(s->ctx, MARK, ln_span_of(month), err);
    ln_buf_free(&kept);
    return ok;
}

const struct ln_special ln_gov_special[] = {
    { .collection = "bill", .before = before_bill },
    { .collection = "evaluation", .before = before_evaluation },
    { .collection = "usage", .tick = tick_usage },
    { .collection = NULL },
};
