/* Hooks by collection, and what they stand on: see special.h. */
#include "node/module/special.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/module/activity.h"
#include "node/module/application.h"
#include "node/module/assess.h"
#include "node/module/correction.h"
#include "node/module/dispatch.h"
#include "node/module/due.h"
#include "node/module/emergency.h"
#include "node/module/erasure.h"
#include "node/module/fund.h"
#include "node/module/gov.h"
#include "node/module/grid.h"
#include "node/module/identity.h"
#include "node/module/ledger.h"
#include "node/module/parcel.h"
#include "node/module/program.h"
#include "node/module/publish.h"
#include "node/module/relocation.h"
#include "node/module/retention.h"
#include "node/module/shop.h"
#include "node/module/slot.h"
#include "node/module/stock.h"
#include "node/module/survey.h"
#include "node/module/talk.h"
#include "node/module/texting.h"
#include "node/module/ticket.h"
#include "node/module/visit.h"
#include "node/module/volunteer.h"

#define DUE_AT_ONCE 50 /* steps of one kind that fall due in one tick */

/* One a line: */ /* clang-format off */
const struct ln_special *const ln_specials[] = {
    ln_activity_special,
    ln_application_special,
    ln_assess_special,
    ln_correction_special,
    ln_dispatch_special,
    ln_identity_special,
    ln_fund_special,
    ln_volunteer_special,
    ln_emergency_special,
    ln_erasure_special,
    ln_gov_special,
    ln_grid_special,
    ln_parcel_special,
    ln_program_special,
    ln_publish_special,
    ln_relocation_special,
    ln_retention_special,
    ln_due_special,
    ln_shop_special,
    ln_ledger_special,
    ln_slot_special,
    ln_stock_special,
    ln_survey_special,
    ln_talk_special,
    ln_texting_special,
    ln_ticket_special,
    ln_visit_special,
    NULL,
};
/* clang-format on */

static const struct ln_user NODE = { .system = true };

/* ---- running them */

static const struct ln_special *next_of(const struct ln_engine *e, const char *collection,
                                        size_t *table, size_t *row)
{
    for (; e->special != NULL && e->special[*table] != NULL; (*table)++, *row = 0)
        for (; e->special[*table][*row].collection != NULL; (*row)++)
            if (collection == NULL || strcmp(e->special[*table][*row].collection, collection) == 0)
                return &e->special[*table][(*row)++];
    return NULL;
}

bool ln_special_before(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_special *s;
    size_t table = 0;
    size_t row = 0;

    while ((s = next_of(x->e, x->c->name, &table, &row)) != NULL)
        if (s->before != NULL && !s->before(x, err))
            return false;
    return true;
}

bool ln_special_after(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_special *s;
    size_t table = 0;
    size_t row = 0;

    while ((s = next_of(x->e, x->c->name, &table, &row)) != NULL)
        if (s->after != NULL && !s->after(x, err))
            return false;
    return true;
}

void ln_special_show(const struct ln_special_read *x, const struct ln_def_coll *c, json_t *row)
{
    const struct ln_special *s;
    size_t table = 0;
    size_t at = 0;

    while ((s = next_of(x->e, c->name, &table, &at)) != NULL)
        if (s->show != NULL)
            s->show(x, row);
}

/* ---- what falls due */

/* The last value of a step's `at` field that is due now. */
static void due_before(char out[24], const struct ln_def_step *s, const struct ln_def_field *f,
                       int64_t now_ms)
{
    now_ms -= s->at_after != NULL ? strtol(s->at_after, NULL, 10) * INT64_C(86400000) : 0;
    if (f->type == LN_TYPE_DATE) /* a day is over when the next begins */
        ln_engine_today(out, now_ms - INT64_C(86400000));
    else
        (void)snprintf(out, 24, "%" PRId64, now_ms);
}

static bool take_due(struct ln_special_call *x, const struct ln_def_coll *c,
                     const struct ln_def_step *s, struct ln_err *err)
{
    const struct ln_def_field *f = ln_def_field(c, s->at);
    const char *region = ln_replica_self(x->r)->region;
    char until[24];
    bool ok = true;

    due_before(until, s, f, x->now_ms);
    for (const char *const *from = s->from; ok && *from != NULL; from++) {
        const struct ln_where where[] = { { "state", LN_WHERE_IS, *from },
                                          { "region", LN_WHERE_IS, region },
                                          { s->at, LN_WHERE_TO, until } };
        json_t *rows = NULL;
        size_t i;
        json_t *row;
        ok = ln_special_find(&rows, x, c->name, where, 3, 0, err);
        json_array_foreach(rows, i, row)
        {
            struct ln_err why = { 0 };
            const char *value = ln_special_text(row, s->at);
            const json_t *at = json_object_get(json_object_get(row, "f"), s->at);
            if (i == DUE_AT_ONCE || (value[0] == '\0' && !json_is_integer(at)))
                continue; /* an empty day is no day */
            bool done = ln_replica_savepoint(x->r, err) &&
                        ln_special_step(x, c->name, ln_special_word(row, "id"), s->action, NULL,
                                        NULL, &why);
            ln_replica_savepoint_end(x->r, done);
            if (!done)
                ln_log_err(LN_LOG_WARN, &why, "a step that fell due was not taken");
        }
        json_decref(rows);
    }
    return ok;
}

static bool timed(struct ln_special_call *x, struct ln_err *err)
{
    for (size_t i = 0; i < x->e->def->n_colls; i++) {
        const struct ln_def_coll *c = &x->e->def->colls[i];
        for (size_t k = 0; k < c->n_steps; k++)
            if (c->steps[k].at != NULL && !take_due(x, c, &c->steps[k], err))
                return ln_wrap(err, "%s", c->name);
    }
    return true;
}

static void run(struct ln_special_call *x, bool (*job)(struct ln_special_call *, struct ln_err *))
{
    struct ln_err err = { 0 };

    if (!ln_replica_begin(x->r, &err))
        return;
    if (job(x, &err) && ln_replica_commit(x->r, &err))
        return;
    ln_replica_rollback(x->r);
    ln_log_err(LN_LOG_WARN, &err, "what fell due waits");
}

void ln_special_tick(const struct ln_engine *e, struct ln_replica *r)
{
    const struct ln_cert *self = ln_replica_self(r);
    const struct ln_special *s;
    char today[11];
    struct ln_special_call x = { .e = e,
                                 .r = r,
                                 .u = &NODE,
                                 .channel = "",
                                 .today = today,
                                 .now_ms = e->env->now_ms(e->env->ctx) };
    size_t table = 0;
    size_t row = 0;

    if (self == NULL || self->role == LN_ROLE_LAPTOP)
        return;
    ln_engine_today(today, x.now_ms);
    run(&x, timed);
    while ((s = next_of(e, NULL, &table, &row)) != NULL)
        if (s->tick != NULL)
            run(&x, s->tick);
}

/* ---- for hooks */

bool ln_special_problem(struct ln_special_call *x, const char *field, const char *zh,
                        const char *en, struct ln_err *err)
{
    const struct ln_def_field *d = x->c != NULL ? ln_def_field(x->c, field) : NULL;

    json_array_append_new(
        x->problems, json_pack("{s:s,s:o,s:o}", "field", field, "zh",
                               json_sprintf("%s：%s", d != NULL ? d->label.zh : field, zh), "en",
                               json_sprintf("%s: %s", d != NULL ? d->label.en : field, en)));
    return ln_fail(err, LN_INVALID, "%s: %s", field, en);
}

bool ln_special_refuse(struct ln_special_call *x, enum ln_code code, const char *zh, const char *en,
                       struct ln_err *err)
{
    json_array_append_new(x->problems, json_pack("{s:s,s:s,s:s}", "field", "", "zh", zh, "en", en));
    return ln_fail(err, code, "%s", en);
}

static bool sub_run(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *collection,
                    struct ln_engine_job *job, struct ln_err *err)
{
    job->e = x->e;
    job->u = &NODE;
    job->c = ln_def_find(x->e->def, collection);
    job->channel = x->channel;
    bool ok = job->c != NULL ? ln_engine_run(job, x->r, err)
                             : ln_fail(err, LN_MISSING, "no collection %s", collection);
    if (ok && out != NULL)
        (void)snprintf(out, LN_ID_TEXT + 1, "%s", job->out_id);
    if (!ok && x->problems != NULL && job->problems != NULL)
        (void)json_array_extend(x->problems, job->problems);
    json_decref(job->problems);
    return ok;
}

bool ln_special_add(char out[LN_ID_TEXT + 1], struct ln_special_call *x, const char *collection,
                    json_t *f, struct ln_err *err)
{
    struct ln_engine_job job = { .kind = LN_ENGINE_CREATE, .f = f };
    bool ok = sub_run(out, x, collection, &job, err);

    json_decref(f);
    return ok;
}

bool ln_special_set(struct ln_special_call *x, const char *collection, const char *id, json_t *f,
                    struct ln_err *err)
{
    struct ln_engine_job job = { .kind = LN_ENGINE_UPDATE, .id = id, .f = f };
    bool ok = sub_run(NULL, x, collection, &job, err);

    json_decref(f);
    return ok;
}

bool ln_special_step(struct ln_special_call *x, const char *collection, const char *id,
                     const char *action, const char *note, json_t *set, struct ln_err *err)
{
    struct ln_engine_job job = { .kind = LN_ENGINE_STEP, .id = id };

    job.f = json_pack("{s:s}", "action", action);
    if (note != NULL)
        json_object_set_new(job.f, "note", json_string(note));
    if (set != NULL)
        json_object_set_new(job.f, "set", set);
    bool ok = sub_run(NULL, x, collection, &job, err);
    json_decref(job.f);
    return ok;
}

bool ln_special_delete(struct ln_special_call *x, const char *collection, const char *id,
                       struct ln_err *err)
{
    struct ln_engine_job job = { .kind = LN_ENGINE_DELETE, .id = id };

    return sub_run(NULL, x, collection, &job, err);
}

bool ln_special_get(json_t **out, struct ln_special_call *x, const char *collection, const char *id,
                    struct ln_err *err)
{
    struct ln_id key;

    *out = NULL;
    if (!ln_clock_id_read(&key, ln_span_of(id)))
        return true;
    if (!ln_query_record(out, x->e->writer, &key, err))
        return false;
    if (*out != NULL && (strcmp(ln_special_word(*out, "collection"), collection) != 0 ||
                         json_is_true(json_object_get(*out, "deleted")))) {
        json_decref(*out);
        *out = NULL;
    }
    return true;
}

bool ln_special_find(json_t **out, struct ln_special_call *x, const char *collection,
                     const struct ln_where *where, size_t n, unsigned offset, struct ln_err *err)
{
    const struct ln_def_coll *c = ln_def_find(x->e->def, collection);
    struct ln_list l = { .where = where, .n = n, .limit = LN_QUERY_LIMIT, .offset = offset };

    *out = json_array();
    if (c == NULL)
        return ln_fail(err, LN_MISSING, "no collection %s", collection);
    l.coll = c->coll;
    return ln_query_list(*out, NULL, x->e->writer, &l, err);
}

bool ln_special_rows(json_t **out, struct ln_sqlstore *s, const struct ln_def *def,
                     const char *collection, const char *field, const char *value, size_t max,
                     struct ln_err *err)
{
    const struct ln_where where[] = { { field, LN_WHERE_IS, value } };
    struct ln_list l = {
        .coll = ln_def_find(def, collection)->coll, .where = where, .n = 1, .limit = LN_QUERY_LIMIT
    };
    size_t got = LN_QUERY_LIMIT;
    bool ok = true;

    *out = json_array();
    for (; ok && got == LN_QUERY_LIMIT; l.offset += LN_QUERY_LIMIT) {
        json_t *rows = json_array();
        size_t i;
        json_t *row;
        ok = ln_query_list(rows, NULL, s, &l, err);
        got = json_array_size(rows);
        json_array_foreach(rows, i, row)
        {
            json_t *f = json_object_get(row, "f");
            json_object_set(f, "id", json_object_get(row, "id"));
            if (json_object_get(row, "state") != NULL)
                json_object_set(f, "state", json_object_get(row, "state"));
            json_array_append(*out, f);
        }
        json_decref(rows);
        if (ok && json_array_size(*out) > max)
            ok = ln_fail(err, LN_FULL, "more than %zu rows of %s", max, collection);
    }
    if (!ok) {
        json_decref(*out);
        *out = NULL;
    }
    return ok;
}

bool ln_special_serial(char out[48], struct ln_special_call *x, char letter, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(x->r);
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf kept = ln_buf_new(32);
    char key[40];
    char text[24];
    char of_laptop[3] = "";
    bool found = false;

    (void)snprintf(key, sizeof key, "serial/%c/%.4s", letter, x->today);
    if (!s->ops->meta_get(s->ctx, key, &kept, &found, err))
        return false;
    unsigned long n = (found ? strtoul(kept.data, NULL, 10) : 0) + 1;
    ln_buf_free(&kept);
    (void)snprintf(text, sizeof text, "%lu", n);
    if (self->role == LN_ROLE_LAPTOP) /* its numbers are its own: its id is random */
        (void)snprintf(of_laptop, sizeof of_laptop, "%.2s", self->node + 13);
    (void)snprintf(out, 48, "%c%s-%.4s-%s%05lu", letter, self->region, x->today, of_laptop, n);
    return s->ops->meta_put(s->ctx, key, ln_span_of(text), err);
}

bool ln_special_due(bool *yes, struct ln_special_call *x, const char *key, int64_t every,
                    struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(x->r);
    struct ln_buf kept = ln_buf_new(32);
    char now[24];
    bool found = false;

    *yes = false;
    if (!s->ops->meta_get(s->ctx, key, &kept, &found, err)) {
        ln_buf_free(&kept);
        return false;
    }
    int64_t last = found ? strtoll(kept.data, NULL, 10) : 0;
    ln_buf_free(&kept);
    if (x->now_ms - last < every && x->now_ms >= last)
        return true;
    *yes = true;
    (void)snprintf(now, sizeof now, "%lld", (long long)x->now_ms);
    return s->ops->meta_put(s->ctx, key, ln_span_of(now), err);
}

void ln_special_code(char out[9])
{
    static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"; /* none that look alike */

    for (int i = 0; i < 8; i++)
        out[i] = letters[randombytes_uniform((uint32_t)(sizeof letters - 1))];
    out[8] = '\0';
}

bool ln_special_owns(const struct ln_special_call *x, const char *region)
{
    const struct ln_cert *self = ln_replica_self(x->r);

    return self != NULL && self->role != LN_ROLE_LAPTOP && strcmp(self->region, region) == 0;
}

const char *ln_special_word(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

const char *ln_special_text(const json_t *row, const char *field)
{
    return ln_special_word(json_object_get(row, "f"), field);
}
