/* One table a collection, made from the schema; its rows; `^` cells veiled. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "node/store/sqlstore_core.h"

#define SQL_MAX 65536
#define VALUE_MAX 65536
#define TAG_SPACE "linli tag"
#define TABLES_META "tables" /* meta: digest of the schema that the tables were made for */
#define TABLES_DIGEST 16

/* ---- tables */

static bool is_integer(enum ln_type t)
{
    return t == LN_TYPE_INT || t == LN_TYPE_FEN || t == LN_TYPE_TS || t == LN_TYPE_BOOL;
}

static const char *sql_type(const struct ln_field *f)
{
    if (f->mark == LN_MARK_SENSITIVE)
        return "BLOB";
    return is_integer(f->type) ? "INTEGER" : "TEXT";
}

static bool has_column(struct ln_sqlstore *s, const char *coll, const char *column,
                       struct ln_err *err, bool *has)
{
    static const char sql[] = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?";
    struct ln_query *q = ln_db_use(s->db, sql);
    char table[64];

    (void)snprintf(table, sizeof table, "c_%s", coll);
    ln_db_text(q, table);
    ln_db_text(q, column);
    if (!ln_db_row(q, has, err))
        return false;
    (void)ln_db_end(q);
    return true;
}

static bool add_column(struct ln_sqlstore *s, const char *coll, const char *name, const char *type,
                       struct ln_err *err)
{
    char sql[256];
    bool has;

    if (!has_column(s, coll, name, err, &has))
        return false;
    (void)snprintf(sql, sizeof sql, "ALTER TABLE \"c_%s\" ADD COLUMN \"%s\" %s", coll, name, type);
    return has || ln_db_exec(s->db, sql, err);
}

static bool is_found(const struct ln_coll *c, const char *field)
{
    for (const char *const *f = c->find; f != NULL && *f != NULL; f++)
        if (strcmp(*f, field) == 0)
            return true;
    return false;
}

/* The record's id, by which lists are in order: in the table itself, so that a page of a small
 * collection does not walk over all records of the node. */
static bool make_order(struct ln_sqlstore *s, const struct ln_coll *c, struct ln_err *err)
{
    char sql[256];

    if (!add_column(s, c->name, "_id", "BLOB", err))
        return false;
    (void)snprintf(sql, sizeof sql, "CREATE INDEX IF NOT EXISTS \"o_%s\" ON \"c_%s\"(_id)", c->name,
                   c->name);
    if (!ln_db_exec(s->db, sql, err))
        return false;
    (void)snprintf(sql, sizeof sql,
                   "UPDATE \"c_%s\" SET _id = (SELECT id FROM record WHERE n = rec)"
                   " WHERE _id IS NULL",
                   c->name);
    return ln_db_exec(s->db, sql, err);
}

/* Found by a value, and in order: a list sorted by the field, or of what has one value. The first
 * version of these (i_) was not in order. */
static bool make_index(struct ln_sqlstore *s, const struct ln_coll *c, const char *name,
                       const char *column, struct ln_err *err)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql, "DROP INDEX IF EXISTS \"i_%s_%s\"", c->name, name);
    if (!ln_db_exec(s->db, sql, err))
        return false;
    (void)snprintf(sql, sizeof sql,
                   "CREATE INDEX IF NOT EXISTS \"o_%s_%s\" ON \"c_%s\"(\"%s\", _id)", c->name, name,
                   c->name, column);
    return ln_db_exec(s->db, sql, err);
}

/* With all its columns at once: each one added later has SQLite read the whole schema again. */
static bool create_table(struct ln_sqlstore *s, const struct ln_coll *c, struct ln_err *err)
{
    struct ln_buf sql = ln_buf_new(SQL_MAX);

    ln_buf_addf(&sql,
                "CREATE TABLE IF NOT EXISTS \"c_%s\"(rec INTEGER PRIMARY KEY, "
                "_eff INTEGER NOT NULL, _state TEXT, _id BLOB",
                c->name);
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_field *f = &c->fields[i];
        ln_buf_addf(&sql, ", \"%s\" %s", f->name, sql_type(f));
        if (f->mark == LN_MARK_SENSITIVE)
            ln_buf_addf(&sql, ", \"%s_tag\" BLOB", f->name);
    }
    ln_buf_adds(&sql, ") STRICT");
    bool ok = ln_buf_done(&sql, "table", err) && ln_db_exec(s->db, sql.data, err);
    ln_buf_free(&sql);
    return ok;
}

static bool make_table(struct ln_sqlstore *s, const struct ln_coll *c, struct ln_err *err)
{
    if (!create_table(s, c, err) || !make_order(s, c, err))
        return false;
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_field *f = &c->fields[i];
        char tag[80];
        if (!add_column(s, c->name, f->name, sql_type(f), err))
            return false;
        (void)snprintf(tag, sizeof tag, "%s_tag", f->name);
        if (f->mark == LN_MARK_SENSITIVE && !add_column(s, c->name, tag, "BLOB", err))
            return false;
        if (is_found(c, f->name) &&
            !make_index(s, c, f->name, f->mark == LN_MARK_SENSITIVE ? tag : f->name, err))
            return false;
    }
    return true;
}

/* Of all that make_table looks at. */
static void digest(uint8_t out[TABLES_DIGEST], const struct ln_schema *schema)
{
    crypto_generichash_state st;

    (void)crypto_generichash_init(&st, NULL, 0, TABLES_DIGEST);
    for (size_t i = 0; i < schema->n_colls; i++) {
        const struct ln_coll *c = &schema->colls[i];
        (void)crypto_generichash_update(&st, (const uint8_t *)c->name, strlen(c->name) + 1);
        for (size_t k = 0; k < c->n_fields; k++) {
            const struct ln_field *f = &c->fields[k];
            const uint8_t how[] = { (uint8_t)f->type, (uint8_t)f->mark, is_found(c, f->name), 0 };
            (void)crypto_generichash_update(&st, (const uint8_t *)f->name, strlen(f->name) + 1);
            (void)crypto_generichash_update(&st, how, sizeof how);
        }
        (void)crypto_generichash_update(&st, (const uint8_t *)"", 1);
    }
    (void)crypto_generichash_final(&st, out, TABLES_DIGEST);
}

/* Tables are never dropped: those that were made for this very schema are there, and nothing of
 * them is looked up again. */
static bool made(bool *yes, struct ln_sqlstore *s, const uint8_t want[TABLES_DIGEST],
                 struct ln_err *err)
{
    struct ln_buf have = ln_buf_new(TABLES_DIGEST);
    bool found;

    bool ok = s->handle.ops->meta_get(s, TABLES_META, &have, &found, err);
    *yes = ok && have.len == TABLES_DIGEST && memcmp(have.data, want, TABLES_DIGEST) == 0;
    ln_buf_free(&have);
    return ok;
}

static bool make_tables(struct ln_sqlstore *s, const uint8_t now[TABLES_DIGEST], struct ln_err *err)
{
    for (size_t i = 0; i < s->schema->n_colls; i++)
        if (!make_table(s, &s->schema->colls[i], err))
            return ln_wrap(err, "table of %s", s->schema->colls[i].name);
    return s->handle.ops->meta_put(s, TABLES_META,
                                   (struct ln_span){ (const char *)now, TABLES_DIGEST }, err);
}

bool ln_sqlstore_tables(struct ln_sqlstore *s, struct ln_err *err)
{
    uint8_t now[TABLES_DIGEST];
    bool yes;

    digest(now, s->schema);
    if (!made(&yes, s, now, err) || yes)
        return yes;
    if (!ln_db_begin(s->db, err))
        return false;
    if (!make_tables(s, now, err)) {
        ln_db_rollback(s->db);
        return false;
    }
    return ln_db_commit(s->db, err);
}

/* ---- the veil over `^` cells */

static void veil_ad(char out[160], const char *collection, const char *field, int64_t rec)
{
    (void)snprintf(out, 160, "%s.%s|%lld", collection, field, (long long)rec);
}

static void veil(struct ln_buf *out, const struct ln_sqlstore *s, const char *ad,
                 struct ln_span value)
{
    uint8_t *p = ln_buf_grow(out, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + value.len +
                                      crypto_aead_xchacha20poly1305_ietf_ABYTES);

    if (p == NULL)
        return;
    randombytes_buf(p, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        p + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, (const uint8_t *)value.p, value.len,
        (const uint8_t *)ad, strlen(ad), NULL, p, s->veil);
}

bool ln_sqlstore_unveil(struct ln_buf *out, struct ln_sqlstore *s, const char *collection,
                        const char *field, int64_t rec, struct ln_span veiled, struct ln_err *err)
{
    const size_t head = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    const size_t tail = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    char ad[160];
    uint8_t *p;

    veil_ad(ad, collection, field, rec);
    if (veiled.len < head + tail)
        return ln_fail(err, LN_BROKEN, "a veiled cell is too short");
    p = ln_buf_grow(out, veiled.len - head - tail);
    if (p == NULL)
        return ln_buf_done(out, "cell", err);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            p, NULL, NULL, (const uint8_t *)veiled.p + head, veiled.len - head, (const uint8_t *)ad,
            strlen(ad), (const uint8_t *)veiled.p, s->veil) != 0)
        return ln_fail(err, LN_BROKEN, "a veiled cell does not open");
    return true;
}

void ln_sqlstore_tag(uint8_t out[LN_SQLSTORE_TAG], const struct ln_sqlstore *s, struct ln_span text)
{
    crypto_generichash_state st;

    (void)crypto_generichash_init(&st, s->veil, sizeof s->veil, LN_SQLSTORE_TAG);
    (void)crypto_generichash_update(&st, (const uint8_t *)TAG_SPACE, sizeof TAG_SPACE - 1);
    (void)crypto_generichash_update(&st, (const uint8_t *)text.p, text.len);
    (void)crypto_generichash_final(&st, out, LN_SQLSTORE_TAG);
}

/* ---- cells */

/* What one cell binds: kept until its statement ran. */
struct bound {
    struct ln_buf text;
    uint8_t tag[LN_SQLSTORE_TAG];
};

/* Binds one value and, for `^` fields, its tag. What does not fit the column is left empty: the
 * check list shows it. */
static void bind_value(struct ln_query *q, struct bound *b, const struct ln_sqlstore *s,
                       const struct ln_coll *c, const struct ln_field *f, int64_t rec,
                       struct ln_span value)
{
    enum ln_canon_type t = value.p != NULL ? ln_canon_type(value) : LN_CANON_NULL;
    bool secret = f->mark == LN_MARK_SENSITIVE;

    if (t == LN_CANON_NULL) {
        ln_db_null(q);
        if (secret)
            ln_db_null(q);
        return;
    }
    if (secret) {
        char ad[160];
        struct ln_buf plain = ln_buf_secret(VALUE_MAX);
        veil_ad(ad, c->name, f->name, rec);
        veil(&b->text, s, ad, value);
        if (t == LN_CANON_STRING)
            ln_canon_text(&plain, value);
        else
            ln_buf_add(&plain, value.p, value.len);
        ln_sqlstore_tag(b->tag, s, (struct ln_span){ plain.data, plain.len });
        ln_buf_free(&plain);
        ln_db_blob(q, b->text.data, b->text.len);
        ln_db_blob(q, b->tag, sizeof b->tag);
    } else if (is_integer(f->type)) {
        if (t == LN_CANON_INT)
            ln_db_int(q, ln_canon_int(value));
        else if (t == LN_CANON_BOOL)
            ln_db_int(q, ln_canon_bool(value));
        else
            ln_db_null(q);
    } else if (t == LN_CANON_STRING) {
        ln_canon_text(&b->text, value);
        ln_db_span(q, (struct ln_span){ b->text.data, b->text.len });
    } else
        ln_db_span(q, value);
}

static const struct ln_store_cell *cell_of(const struct ln_store_row *r, size_t field)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->cells[i].field == (int)field)
            return &r->cells[i];
    return NULL;
}

/* INSERT of all columns; OR IGNORE tells whether the row is new, OR REPLACE empties what is not
 * named. */
static const char *insert_sql(struct ln_sqlstore *s, const struct ln_coll *c, bool replace)
{
    struct ln_buf sql = ln_buf_new(SQL_MAX);
    size_t marks = 2;

    ln_buf_addf(&sql, "INSERT OR %s INTO \"c_%s\"(rec, _id, _eff, _state",
                replace ? "REPLACE" : "IGNORE", c->name);
    for (size_t i = 0; i < c->n_fields; i++) {
        ln_buf_addf(&sql, ", \"%s\"", c->fields[i].name);
        marks++;
        if (c->fields[i].mark == LN_MARK_SENSITIVE) {
            ln_buf_addf(&sql, ", \"%s_tag\"", c->fields[i].name);
            marks++;
        }
    }
    ln_buf_adds(&sql, ") VALUES(?, (SELECT id FROM record WHERE n = ?)");
    for (; marks > 0; marks--)
        ln_buf_adds(&sql, ",?");
    ln_buf_addc(&sql, ')');
    const char *kept = ln_db_keep(s->db, sql.data, sql.len);
    ln_buf_free(&sql);
    return kept;
}

static bool put_whole(struct ln_sqlstore *s, const struct ln_store_row *r, bool replace,
                      bool *fresh, struct ln_err *err)
{
    const struct ln_coll *c = r->coll;
    struct bound *b = ln_alloc_array(c->n_fields + 1, sizeof *b);
    struct ln_query *q = ln_db_use(s->db, insert_sql(s, c, replace));

    ln_db_int(q, r->rec);
    ln_db_int(q, r->rec);
    ln_db_int(q, r->eff);
    ln_db_span(q, r->state);
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct ln_store_cell *cell = cell_of(r, i);
        b[i].text = ln_buf_secret(2 * VALUE_MAX);
        bind_value(q, &b[i], s, c, &c->fields[i], r->rec,
                   cell != NULL ? cell->value : (struct ln_span){ NULL, 0 });
    }
    bool ok = ln_db_run(q, err);
    *fresh = ok && ln_db_changed(s->db) > 0;
    for (size_t i = 0; i < c->n_fields; i++)
        ln_buf_free(&b[i].text);
    ln_free(b);
    return ok;
}

static bool put_cell(struct ln_sqlstore *s, const struct ln_store_row *r,
                     const struct ln_store_cell *cell, struct ln_err *err)
{
    const struct ln_field *f = &r->coll->fields[cell->field];
    struct bound b = { .text = ln_buf_secret(2 * VALUE_MAX) };
    char sql[256];

    if (f->mark == LN_MARK_SENSITIVE)
        (void)snprintf(sql, sizeof sql,
                       "UPDATE \"c_%s\" SET \"%s\" = ?, \"%s_tag\" = ? WHERE rec = ?",
                       r->coll->name, f->name, f->name);
    else
        (void)snprintf(sql, sizeof sql, "UPDATE \"c_%s\" SET \"%s\" = ? WHERE rec = ?",
                       r->coll->name, f->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    bind_value(q, &b, s, r->coll, f, r->rec, cell->value);
    ln_db_int(q, r->rec);
    bool ok = ln_db_run(q, err);
    ln_buf_free(&b.text);
    return ok;
}

static bool put_head(struct ln_sqlstore *s, const struct ln_store_row *r, struct ln_err *err)
{
    char sql[256];

    (void)snprintf(
        sql, sizeof sql,
        "UPDATE \"c_%s\" SET _eff = max(_eff, ?), _state = coalesce(?, _state) WHERE rec = ?",
        r->coll->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    ln_db_int(q, r->eff);
    ln_db_span(q, r->state);
    ln_db_int(q, r->rec);
    return ln_db_run(q, err);
}

static bool drop_row(struct ln_sqlstore *s, const struct ln_store_row *r, struct ln_err *err)
{
    char sql[128];

    (void)snprintf(sql, sizeof sql, "DELETE FROM \"c_%s\" WHERE rec = ?", r->coll->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    ln_db_int(q, r->rec);
    return ln_db_run(q, err);
}

static bool put_row(struct ln_sqlstore *s, const struct ln_store_row *r, struct ln_err *err)
{
    bool fresh = false;

    if (r->drop)
        return drop_row(s, r, err);
    if (!put_whole(s, r, r->whole, &fresh, err))
        return false;
    if (fresh)
        return true;
    for (size_t i = 0; i < r->n; i++)
        if (!put_cell(s, r, &r->cells[i], err))
            return false;
    return put_head(s, r, err);
}

bool ln_sqlstore_rows_put(void *ctx, const struct ln_store_row *r, size_t n, struct ln_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!put_row(ctx, &r[i], err))
            return ln_wrap(err, "row of %s", r[i].coll->name);
    return true;
}

/* ---- by person */

bool ln_sqlstore_subject_records(void *ctx, const struct ln_coll *coll, const struct ln_id *person,
                                 ln_store_id_fn *fn, void *fctx, struct ln_err *err)
{
    struct ln_sqlstore *s = ctx;
    char sql[256];
    char text[LN_ID_TEXT + 1];
    struct ln_id id;
    bool row;

    /* A name that is no field ("self"): the record itself is its subject. */
    if (coll->subject == NULL || ln_schema_field(coll, ln_span_of(coll->subject)) < 0)
        return true;
    ln_clock_id_write(text, person);
    (void)snprintf(sql, sizeof sql,
                   "SELECT r.id FROM \"c_%s\" c JOIN record r ON r.n = c.rec WHERE c.\"%s\" = ?",
                   coll->name, coll->subject);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql, strlen(sql)));
    ln_db_text(q, text);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        ln_sqlstore_id(&id, q, 0);
        if (!fn(fctx, &id, err))
            return ln_db_end(q);
    }
}
