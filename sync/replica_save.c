/* Saving: drafts and bulk lines become change lines of this node, its rows, and lines of the
 * protocol itself. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/subject.h"
#include "sync/replica_checkpoint.h"

static const char PUBLIC[] = "public";

/* ---- lines of the protocol */

/* Adds it; `line` and `text` stay for whoever heeds it. */
static bool say(struct ln_batch_line *line, struct ln_buf *text, struct ln_replica *r,
                const char *log, const char *collection, struct ln_span f, struct ln_err *err)
{
    struct ln_change c = {
        .op = LN_OP_ADD, .collection = ln_span_of(collection), .version = 1, .fields = f
    };
    struct ln_store_log l = { 0 };

    c.id = ln_replica_id(r);
    c.record = c.id;
    if (!ln_replica_log(&l, r, log, err) || !ln_change_write(text, &c, err) ||
        !ln_change_read(&line->c, text->data, text->len, err))
        return false;
    line->log = l.n;
    line->eff = ln_clock_claimed(&c.id);
    ln_batch_add(r->batch, line);
    return ln_batch_flush(r->batch, NULL, err);
}

bool ln_replica_say(struct ln_replica *r, const char *log, const char *collection, struct ln_span f,
                    struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    struct ln_batch_line line = { .audience = PUBLIC, .region = "", .protocol = true };
    const char *why = NULL;
    bool ok = say(&line, &text, r, log, collection, f, err);

    if (ok && strcmp(collection, "checkpoint") == 0)
        ok = ln_replica_heed_checkpoint(r, log, &line.c, &why, err);
    else if (ok)
        ok = ln_replica_heed(r, r->c.id, &line.c, line.eff, &why, err);
    ok = ok && (why == NULL || ln_fail(err, LN_DENIED, "%s: refused (%s)", collection, why));
    ln_buf_free(&text);
    return ok;
}

bool ln_replica_say_in(struct ln_replica *r, const char *log, const char *audience,
                       const char *collection, struct ln_span f, struct ln_id *id,
                       struct ln_err *err)
{
    struct ln_buf text = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_batch_line line = { .audience = audience, .region = "", .protocol = true };
    bool ok = say(&line, &text, r, log, collection, f, err);

    *id = line.c.id;
    ln_buf_free(&text);
    return ok;
}

/* ---- rights */

static bool changes_record(enum ln_op op)
{
    return op == LN_OP_SET || op == LN_OP_REMOVE || op == LN_OP_DELETE || op == LN_OP_RESTORE ||
           op == LN_OP_ALIAS || op == LN_OP_UNALIAS;
}

const char *ln_replica_may(struct ln_replica *r, const struct ln_cert *author,
                           const struct ln_change *c, const char *audience,
                           const struct ln_batch_record *rec)
{
    const struct ln_coll *coll = ln_schema_find(r->c.schema, c->collection);
    struct ln_audience aud;
    const char *why = NULL;

    if (!ln_audience_read(&aud, ln_span_of(audience)))
        return "audience";
    if (!ln_authority_may(r->authority, author, c, &aud, &why))
        return why;
    if (coll != NULL && coll->log && changes_record(c->op))
        return "op";
    /* What everyone reads is changed only by the region that published it. */
    if (aud.kind == LN_AUD_PUBLIC && changes_record(c->op) && !ln_replica_protocol(c->collection) &&
        rec != NULL && rec->found && rec->region[0] != '\0' &&
        strcmp(rec->region, author->region) != 0)
        return "region";
    return NULL;
}

/* ---- one draft */

struct bases {
    struct ln_change *c;
    const struct ln_merged *m;
};

static void add_base(struct ln_change *c, const struct ln_id *id)
{
    for (size_t i = 0; i < c->n_base; i++)
        if (ln_clock_compare(&c->base[i], id) == 0)
            return;
    if (c->n_base < LN_CHANGE_BASES)
        c->base[c->n_base++] = *id;
}

static void add_heads(struct ln_change *c, const struct ln_merge_unit *u)
{
    for (size_t i = 0; u != NULL && i < u->n_heads; i++)
        add_base(c, &u->heads[i].id);
}

static bool take_unit(void *ctx, struct ln_span field, struct ln_span key, const char *unit,
                      struct ln_err *err)
{
    struct bases *b = ctx;

    (void)field;
    (void)key;
    (void)err;
    add_heads(b->c, ln_merge_find(b->m, unit));
    return true;
}

static bool find_bases(struct ln_replica *r, struct ln_change *c, const struct ln_coll *coll,
                       const struct ln_batch_record *rec, struct ln_err *err)
{
    struct bases b = { c, &rec->merged };
    struct ln_id last = { 0 };
    char state[48];

    if (c->op == LN_OP_ADD)
        return true;
    if (c->op == LN_OP_STEP) {
        if (!ln_batch_state(&last, state, r->c.store, coll, rec->n, err))
            return false;
        if (!ln_clock_id_zero(&last))
            add_base(c, &last);
        return true;
    }
    if (c->op == LN_OP_DELETE || c->op == LN_OP_ALIAS) {
        /* names every edit it knows: only others are a conflict */
        for (size_t u = 0; u < rec->merged.n_units; u++)
            add_heads(c, &rec->merged.units[u]);
        return true;
    }
    return ln_merge_units(c, coll, take_unit, &b, err);
}

/* Names and values of an object's members as two canonical arrays; they stand sorted in it. */
static void take_apart(struct ln_buf *names, struct ln_buf *values, struct ln_span object)
{
    struct ln_span key;
    struct ln_span value;
    size_t at = 0;

    ln_buf_addc(names, '[');
    ln_buf_addc(values, '[');
    while (ln_canon_next(object, &at, &key, &value)) {
        if (names->len > 1) {
            ln_buf_addc(names, ',');
            ln_buf_addc(values, ',');
        }
        ln_canon_add_string(names, key.p, key.len);
        ln_buf_add(values, value.p, value.len);
    }
    ln_buf_addc(names, ']');
    ln_buf_addc(values, ']');
}

/* Sealed fields of a line: names, key, sealed text, all kept by the batch. */
static bool seal_fields(struct ln_replica *r, struct ln_change *c, struct ln_span clear,
                        const struct ln_id *subject, const char *audience, struct ln_err *err)
{
    struct ln_buf names = ln_buf_new(LN_CHANGE_MAX);
    struct ln_buf values = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_buf sealed = ln_buf_new(2 * LN_CHANGE_MAX);
    struct ln_store_key key = { 0 };
    struct ln_subject_key secret;
    char ad[128];
    bool ok = false;

    if (strcmp(audience, PUBLIC) == 0) {
        (void)ln_fail(err, LN_INVALID, "fields that must be sealed cannot stand in a public line");
        goto out;
    }
    if (!ln_replica_key(&key, r, ln_clock_id_zero(subject) ? &c->record : subject, audience, err))
        goto out;
    memcpy(secret.b, key.secret, sizeof secret.b);
    ln_change_ad(ad, c);
    take_apart(&names, &values, clear);
    ln_subject_seal(&sealed, &secret, ad, values.data, values.len);
    if (!ln_buf_done(&names, "names of fields", err) || !ln_buf_done(&sealed, "sealed fields", err))
        goto out;
    c->names = (struct ln_span){ ln_batch_keep(r->batch, names.data, names.len), names.len };
    c->kid = (struct ln_span){ ln_batch_keep(r->batch, key.kid, strlen(key.kid)), strlen(key.kid) };
    c->sealed = (struct ln_span){ ln_batch_keep(r->batch, sealed.data, sealed.len), sealed.len };
    ok = true;
out:
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(&key, sizeof key);
    ln_buf_free(&sealed);
    ln_buf_free(&values);
    ln_buf_free(&names);
    return ok;
}

/* The written line goes to the batch, and from there into rows. `c` is what was meant. */
static bool put_line(struct ln_replica *r, const struct ln_change *c, const char *audience,
                     struct ln_span clear, const struct ln_batch_record *rec, struct ln_err *err)
{
    const struct ln_cert *self = ln_replica_self(r);
    struct ln_buf text = ln_buf_new(LN_CHANGE_MAX);
    struct ln_batch_line line = { .audience = audience, .region = self->region, .clear = clear };
    struct ln_store_log l = { 0 };
    struct ln_audience aud;
    char log[LN_LOG_MAX];
    const char *why;
    bool ok = false;

    if (!ln_change_write(&text, c, err))
        goto out;
    const char *kept = ln_batch_keep(r->batch, text.data, text.len);
    if (!ln_change_read(&line.c, kept, text.len, err))
        goto out;
    why = ln_replica_may(r, self, &line.c, audience, rec);
    if (why != NULL) {
        (void)ln_fail(err, LN_DENIED, "this node may not write that (%s)", why);
        goto out;
    }
    if (!ln_audience_read(&aud, ln_span_of(audience)) || !ln_replica_route(log, r, &aud, err) ||
        !ln_replica_log(&l, r, log, err))
        goto out;
    line.log = l.n;
    line.eff = ln_clock_claimed(&c->id);
    ln_batch_add(r->batch, &line);
    ok = true;
out:
    ln_buf_free(&text);
    return ok;
}

static bool audience_of(char out[LN_AUDIENCE_MAX], struct ln_replica *r, const struct ln_draft *d,
                        const struct ln_batch_record *rec, struct ln_err *err)
{
    struct ln_store_audience a = { 0 };

    if (d->audience != NULL) {
        (void)snprintf(out, LN_AUDIENCE_MAX, "%s", d->audience);
        return true;
    }
    if (!rec->found)
        return ln_fail(err, LN_INVALID, "a new record needs an audience");
    if (!r->c.store->ops->audience_by(r->c.store->ctx, &a, rec->audience, err))
        return false;
    memcpy(out, a.name, LN_AUDIENCE_MAX);
    return true;
}

static bool load_record(struct ln_replica *r, const struct ln_draft *d, struct ln_batch_record *rec,
                        struct ln_err *err)
{
    if (d->op == LN_OP_ADD)
        return true;
    if (!ln_batch_record(rec, r->c.store, &d->record, err))
        return false;
    if (!rec->found || strcmp(rec->collection, d->collection) != 0)
        return ln_fail(err, LN_MISSING, "no such record in %s", d->collection);
    if (d->if_match && rec->etag != d->etag)
        return ln_fail(err, LN_CONFLICT, "the record was changed meanwhile");
    return true;
}

static bool save_one(struct ln_replica *r, struct ln_draft *d, const char *tx, struct ln_err *err)
{
    const struct ln_coll *coll = ln_schema_find(r->c.schema, ln_span_of(d->collection));
    struct ln_batch_record rec = { 0 };
    struct ln_change c = { .op = d->op,
                           .collection = ln_span_of(d->collection),
                           .fields = d->fields };
    char audience[LN_AUDIENCE_MAX];
    bool ok = false;

    if (coll == NULL) {
        (void)ln_fail(err, LN_MISSING, "no collection %s", d->collection);
        goto out;
    }
    if (!load_record(r, d, &rec, err) || !audience_of(audience, r, d, &rec, err))
        goto out;
    c.version = coll->version;
    c.id = d->id;
    c.record = d->record;
    c.user = ln_span_of(d->user != NULL ? d->user : "");
    c.channel = ln_span_of(d->channel != NULL ? d->channel : "");
    if (tx != NULL)
        c.tx = ln_span_of(tx);
    if (d->sealed.len > 2 && !seal_fields(r, &c, d->sealed, &d->subject, audience, err))
        goto out;
    for (size_t i = 0; i < d->n_base; i++)
        add_base(&c, &d->base[i]);
    if (d->n_base == 0 && !find_bases(r, &c, coll, &rec, err))
        goto out;
    /* Each line is merged before the next one looks for its bases. */
    ok = put_line(r, &c, audience, d->sealed, &rec, err) && ln_batch_flush(r->batch, NULL, err);
out:
    ln_merge_free(&rec.merged);
    return ok || ln_wrap(err, "%s", d->collection);
}

bool ln_replica_save(struct ln_replica *r, struct ln_draft *drafts, size_t n, struct ln_err *err)
{
    char tx[LN_ID_TEXT + 1];

    if (ln_replica_self(r) == NULL)
        return ln_fail(err, LN_MISSING, "this node has not joined yet");
    if (n == 0 || n > LN_CHANGE_TX_MAX)
        return ln_fail(err, LN_FULL, "a transaction has 1 to %d lines", LN_CHANGE_TX_MAX);
    for (size_t i = 0; i < n; i++) {
        struct ln_draft *d = &drafts[i];
        bool given = d->op == LN_OP_ADD && !ln_clock_id_zero(&d->record);
        d->id = given ? d->record : ln_replica_id(r);
        if (d->op == LN_OP_ADD)
            d->record = d->id;
    }
    ln_clock_id_write(tx, &drafts[0].id);
    for (size_t i = 0; i < n; i++)
        if (!save_one(r, &drafts[i], n > 1 ? tx : NULL, err))
            return false;
    return true;
}

/* ---- bulk lines */

static bool marked(const struct ln_coll *coll, struct ln_span field)
{
    int f = coll != NULL ? ln_schema_field(coll, field) : -1;

    return f >= 0 && coll->fields[f].mark != LN_MARK_PLAIN;
}

/* Splits an object in two: what stays in `f`, and what is sealed. Either may stay "{}". */
static void split(struct ln_buf *plain, struct ln_buf *clear, const struct ln_coll *coll,
                  struct ln_span object)
{
    struct ln_span key;
    struct ln_span value;
    size_t at = 0;

    ln_buf_addc(plain, '{');
    ln_buf_addc(clear, '{');
    while (object.len > 0 && ln_canon_next(object, &at, &key, &value)) {
        struct ln_buf *to = marked(coll, key) ? clear : plain;
        if (to->data[to->len - 1] != '{')
            ln_buf_addc(to, ',');
        ln_canon_add_string(to, key.p, key.len);
        ln_buf_addc(to, ':');
        ln_buf_add(to, value.p, value.len);
    }
    ln_buf_addc(plain, '}');
    ln_buf_addc(clear, '}');
}

static bool subject_of(struct ln_id *out, const struct ln_coll *coll, struct ln_span fields)
{
    struct ln_span value;
    struct ln_span text;

    return coll != NULL && coll->subject != NULL && fields.len > 0 &&
           ln_canon_get(fields, coll->subject, &value) && ln_canon_plain(value, &text) &&
           ln_clock_id_read(out, text);
}

static bool reseal(struct ln_replica *r, struct ln_change *c, const struct ln_coll *coll,
                   const char *audience, struct ln_span *clear_kept, struct ln_err *err)
{
    struct ln_buf plain = ln_buf_new(LN_CHANGE_MAX);
    struct ln_buf clear = ln_buf_secret(LN_CHANGE_MAX);
    struct ln_id subject = { 0 };
    bool ok = false;

    split(&plain, &clear, coll, c->fields);
    if (!ln_buf_done(&plain, "line", err) || !ln_buf_done(&clear, "line", err))
        goto out;
    if (clear.len == 2) {
        ok = true;
        goto out;
    }
    (void)subject_of(&subject, coll, c->fields);
    *clear_kept = (struct ln_span){ ln_batch_keep(r->batch, clear.data, clear.len), clear.len };
    c->fields = plain.len == 2
                    ? (struct ln_span){ NULL, 0 }
                    : (struct ln_span){ ln_batch_keep(r->batch, plain.data, plain.len), plain.len };
    ok = seal_fields(r, c, *clear_kept, &subject, audience, err);
out:
    ln_buf_free(&clear);
    ln_buf_free(&plain);
    return ok;
}

static bool add_given(struct ln_replica *r, struct ln_span text, const char *audience,
                      struct ln_err *err)
{
    struct ln_batch_record rec = { 0 };
    struct ln_span clear = { NULL, 0 };
    struct ln_change c;
    bool ok = false;

    if (!ln_change_read(&c, text.p, text.len, err))
        goto out;
    if (ln_replica_protocol(c.collection)) {
        (void)ln_fail(err, LN_DENIED, "lines of the protocol are not loaded");
        goto out;
    }
    if (changes_record(c.op) && strcmp(audience, PUBLIC) == 0 &&
        !ln_batch_record(&rec, r->c.store, &c.record, err))
        goto out;
    if (c.sealed.len == 0 && strcmp(audience, PUBLIC) != 0 &&
        !reseal(r, &c, ln_schema_find(r->c.schema, c.collection), audience, &clear, err))
        goto out;
    ok = put_line(r, &c, audience, clear, &rec, err);
out:
    ln_merge_free(&rec.merged);
    return ok;
}

bool ln_replica_save_lines(struct ln_replica *r, const struct ln_span *lines,
                           const char *const *audiences, size_t n, struct ln_err *err)
{
    if (ln_replica_self(r) == NULL)
        return ln_fail(err, LN_MISSING, "this node has not joined yet");
    for (size_t i = 0; i < n; i++)
        if (!add_given(r, lines[i], audiences[i], err))
            return ln_wrap(err, "line %zu", i + 1);
    return ln_batch_flush(r->batch, NULL, err);
}
