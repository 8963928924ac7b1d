/* What waits for a decision of people: see pending.h. */
#include "node/store/pending.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/store/sqlstore_core.h"
#include "sync/alias.h"

#define SQL_MAX 8192
#define TAG_SPACE "linli twin"

/* ---- tags */

/* What people write in several ways counts as one: case and blanks. */
static void add_plain(crypto_generichash_state *st, struct ln_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = (uint8_t)toupper((unsigned char)text.p[i]);
        if (b > ' ')
            (void)crypto_generichash_update(st, &b, 1);
    }
}

static void add_value(crypto_generichash_state *st, struct ln_sqlstore *s, struct ln_query *q,
                      int column, const struct ln_field *f)
{
    struct ln_span text = ln_db_col_span(q, column);
    struct ln_id id;
    struct ln_id root;
    struct ln_err why = { 0 };
    uint8_t end = 0;

    if (f->mark == LN_MARK_SENSITIVE)
        (void)crypto_generichash_update(st, (const uint8_t *)text.p, text.len);
    else if (f->type == LN_TYPE_REF && ln_clock_id_read(&id, text) &&
             ln_alias_root(&root, &s->handle, &id, &why))
        (void)crypto_generichash_update(st, root.b, sizeof root.b);
    else
        add_plain(st, text);
    (void)crypto_generichash_update(st, &end, 1);
}

/* The tag of one rule; *full false when a field is empty or not there. */
static bool tag_of(uint8_t tag[LN_SQLSTORE_TAG], bool *full, struct ln_sqlstore *s, int64_t rec,
                   const struct ln_coll *c, const json_t *rule, struct ln_err *err)
{
    struct ln_buf sql = ln_buf_new(SQL_MAX);
    const struct ln_field *fields[LN_PENDING_RULES];
    crypto_generichash_state st;
    size_t n = 0;
    bool row = false;

    ln_buf_adds(&sql, "SELECT r.region");
    for (size_t i = 0; i < json_array_size(rule) && n < LN_PENDING_RULES; i++) {
        const char *name = json_string_value(json_array_get(rule, i));
        int at = name != NULL ? ln_schema_field(c, ln_span_of(name)) : -1;
        if (at < 0)
            continue;
        fields[n++] = &c->fields[at];
        ln_buf_addf(&sql, c->fields[at].mark == LN_MARK_SENSITIVE ? ", c.\"%s_tag\"" : ", c.\"%s\"",
                    name);
    }
    ln_buf_addf(&sql, " FROM \"c_%s\" c JOIN record r ON r.n = c.rec WHERE c.rec = ?", c->name);
    struct ln_query *q = ln_db_use(s->db, ln_db_keep(s->db, sql.data, sql.len));
    ln_buf_free(&sql);
    ln_db_int(q, rec);
    if (!ln_db_row(q, &row, err))
        return false;
    *full = row && n > 0;
    for (size_t i = 0; i < n && *full; i++)
        *full =
            ln_db_col_type(q, (int)i + 1) != LN_DB_NULL && ln_db_col_span(q, (int)i + 1).len > 0;
    if (*full) {
        (void)crypto_generichash_init(&st, s->veil, sizeof s->veil, LN_SQLSTORE_TAG);
        (void)crypto_generichash_update(&st, (const uint8_t *)TAG_SPACE, sizeof TAG_SPACE);
        (void)crypto_generichash_update(&st, (const uint8_t *)c->name, strlen(c->name) + 1);
        add_plain(&st, ln_db_col_span(q, 0));
        for (size_t i = 0; i < n; i++) {
            (void)crypto_generichash_update(&st, (const uint8_t *)fields[i]->name,
                                            strlen(fields[i]->name) + 1);
            add_value(&st, s, q, (int)i + 1, fields[i]);
        }
        (void)crypto_generichash_final(&st, tag, LN_SQLSTORE_TAG);
    }
    (void)ln_db_end(q);
    return true;
}

/* ---- pairs */

/* Whether somebody called the two, or records that they stand for, different. */
static bool apart(bool *yes, struct ln_sqlstore *s, const struct ln_id *a, const struct ln_id *b,
                  struct ln_err *err)
{
    static const char sql[] =
        "WITH x(id) AS (SELECT ?1 UNION SELECT id FROM alias WHERE root = ?1),"
        " y(id) AS (SELECT ?2 UNION SELECT id FROM alias WHERE root = ?2)"
        " SELECT decision FROM ruling WHERE kind = 'twin' AND"
        " ((one IN (SELECT id FROM x) AND two IN (SELECT id FROM y)) OR"
        " (one IN (SELECT id FROM y) AND two IN (SELECT id FROM x)))"
        " ORDER BY at DESC, decision LIMIT 1";
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    ln_db_blob(q, a->b, sizeof a->b);
    ln_db_blob(q, b->b, sizeof b->b);
    if (!ln_db_row(q, &row, err))
        return false;
    *yes = row && strcmp(ln_db_col_text(q, 0), "different") == 0;
    (void)ln_db_end(q);
    return true;
}

static bool run_int(struct ln_sqlstore *s, const char *sql, int64_t n, struct ln_err *err)
{
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_int(q, n);
    return ln_db_run(q, err);
}

static bool forget(struct ln_sqlstore *s, int64_t rec, struct ln_err *err)
{
    return run_int(s, "DELETE FROM twin WHERE a = ?", rec, err) &&
           run_int(s, "DELETE FROM twin WHERE b = ?", rec, err) &&
           run_int(s, "DELETE FROM twin_key WHERE rec = ?", rec, err);
}

struct other {
    int64_t rec;
    struct ln_id id;
};

static bool id_of(struct ln_id *out, bool *found, struct ln_sqlstore *s, int64_t rec,
                  struct ln_err *err)
{
    static const char sql[] = "SELECT id FROM record WHERE n = ?";
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_int(q, rec);
    if (!ln_db_row(q, found, err))
        return false;
    if (*found) {
        ln_sqlstore_id(out, q, 0);
        (void)ln_db_end(q);
    }
    return true;
}

/* Others with this tag, more than can be paired: some may have been called different. */
static bool others(struct other list[4 * LN_PENDING_PAIRS], size_t *n, struct ln_sqlstore *s,
                   const uint8_t tag[LN_SQLSTORE_TAG], int64_t rec, struct ln_err *err)
{
    static const char sql[] = "SELECT k.rec, r.id FROM twin_key k JOIN record r ON r.n = k.rec"
                              " WHERE k.tag = ? AND k.rec <> ? ORDER BY k.rec LIMIT ?";
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    ln_db_blob(q, tag, LN_SQLSTORE_TAG);
    ln_db_int(q, rec);
    ln_db_int(q, 4 * LN_PENDING_PAIRS);
    for (*n = 0;; (*n)++) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        list[*n].rec = ln_db_col_int(q, 0);
        ln_sqlstore_id(&list[*n].id, q, 1);
    }
}

static bool pair_up(struct ln_sqlstore *s, int64_t rec, const struct ln_id *id,
                    const uint8_t tag[LN_SQLSTORE_TAG], size_t rule, struct ln_err *err)
{
    static const char put[] = "INSERT OR IGNORE INTO twin(a, b, rule) VALUES(?,?,?)";
    static const char key[] = "INSERT OR IGNORE INTO twin_key(tag, rec) VALUES(?,?)";
    struct other list[4 * LN_PENDING_PAIRS];
    struct ln_query *q;
    size_t n;
    size_t made = 0;

    if (!others(list, &n, s, tag, rec, err))
        return false;
    for (size_t i = 0; i < n && made < LN_PENDING_PAIRS; i++) {
        bool known;
        if (!apart(&known, s, id, &list[i].id, err))
            return false;
        if (known)
            continue;
        made++;
        q = ln_db_use(s->db, put);
        ln_db_int(q, list[i].rec < rec ? list[i].rec : rec);
        ln_db_int(q, list[i].rec < rec ? rec : list[i].rec);
        ln_db_int(q, (int64_t)rule);
        if (!ln_db_run(q, err))
            return false;
    }
    q = ln_db_use(s->db, key);
    ln_db_blob(q, tag, LN_SQLSTORE_TAG);
    ln_db_int(q, rec);
    return ln_db_run(q, err);
}

bool ln_pending_look(struct ln_sqlstore *s, int64_t rec, const struct ln_coll *c,
                     const json_t *rules, struct ln_err *err)
{
    struct ln_id id;
    bool found = false;

    if (!forget(s, rec, err))
        return false;
    if (c == NULL || json_array_size(rules) == 0)
        return true;
    if (!id_of(&id, &found, s, rec, err) || !found)
        return err->code == LN_OK;
    for (size_t i = 0; i < json_array_size(rules) && i < LN_PENDING_RULES; i++) {
        uint8_t tag[LN_SQLSTORE_TAG];
        bool full;
        if (!tag_of(tag, &full, s, rec, c, json_array_get(rules, i), err) ||
            (full && !pair_up(s, rec, &id, tag, i, err)))
            return false;
    }
    return true;
}

/* ---- decisions */

static bool look_again(struct ln_sqlstore *s, const struct ln_id *id, struct ln_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO todo(rec) SELECT n FROM record WHERE id = ?1"
                              " OR id = (SELECT root FROM alias WHERE id = ?1)";
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_blob(q, id->b, sizeof id->b);
    return ln_db_run(q, err);
}

static bool put_ruling(struct ln_sqlstore *s, const char *kind, const struct ln_id *one,
                       const struct ln_id *two, const char *decision, int64_t at, int64_t rec,
                       struct ln_err *err)
{
    static const char sql[] =
        "INSERT INTO ruling(kind, one, two, decision, at, rec) VALUES(?,?,?,?,?,?)"
        " ON CONFLICT(kind, one, two) DO UPDATE SET decision = excluded.decision, at = excluded.at,"
        " rec = excluded.rec WHERE excluded.at > at OR (excluded.at = at AND"
        " excluded.decision < decision)";
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_text(q, kind);
    ln_db_blob(q, one->b, sizeof one->b);
    ln_db_blob(q, two != NULL ? two->b : one->b, two != NULL ? sizeof two->b : 0);
    ln_db_text(q, decision);
    ln_db_int(q, at);
    ln_db_int(q, rec);
    return ln_db_run(q, err);
}

bool ln_pending_ruling(struct ln_sqlstore *s, int64_t rec, struct ln_err *err)
{
    static const char sql[] =
        "SELECT kind, decision, record, other, change, _eff FROM c_ruling WHERE rec = ?";
    struct ln_query *q = ln_db_use(s->db, sql);
    struct ln_id one;
    struct ln_id two;
    char kind[24];
    char decision[24];
    bool row;
    bool has_one;
    bool has_two;

    ln_db_int(q, rec);
    if (!ln_db_row(q, &row, err) || !row)
        return err->code == LN_OK;
    ln_db_col_copy(q, 0, kind, sizeof kind);
    ln_db_col_copy(q, 1, decision, sizeof decision);
    int64_t at = ln_db_col_int(q, 5);
    bool twin = strcmp(kind, "twin") == 0;
    has_one = ln_clock_id_read(&one, ln_db_col_span(q, twin ? 2 : 4));
    has_two = twin && ln_clock_id_read(&two, ln_db_col_span(q, 3));
    (void)ln_db_end(q);
    if (!has_one || twin != has_two || (!twin && strcmp(kind, "refused") != 0))
        return true;
    if (twin && ln_clock_compare(&one, &two) > 0) {
        struct ln_id swap = one;
        one = two;
        two = swap;
    }
    return put_ruling(s, kind, &one, twin ? &two : NULL, decision, at, rec, err) &&
           (!twin || (look_again(s, &one, err) && look_again(s, &two, err)));
}

/* ---- lists */

static json_t *id_json(struct ln_query *q, int column)
{
    struct ln_id id;
    char text[LN_ID_TEXT + 1];

    if (ln_db_col_type(q, column) == LN_DB_NULL)
        return json_string("");
    ln_sqlstore_id(&id, q, column);
    ln_clock_id_write(text, &id);
    return json_string(text);
}

static struct ln_query *paged(struct ln_sqlstore *s, const char *sql, unsigned limit,
                              unsigned offset)
{
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_int(q, limit);
    ln_db_int(q, offset);
    return q;
}

bool ln_pending_twins(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                      struct ln_err *err)
{
    static const char sql[] = "SELECT a.id, b.id, a.coll, t.rule FROM twin t"
                              " JOIN record a ON a.n = t.a JOIN record b ON b.n = t.b"
                              " ORDER BY t.a DESC, t.b DESC LIMIT ? OFFSET ?";
    struct ln_query *q = paged(s, sql, limit, offset);
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        json_array_append_new(out, json_pack("{s:o,s:o,s:s,s:I}", "a", id_json(q, 0), "b",
                                             id_json(q, 1), "collection", ln_db_col_text(q, 2),
                                             "rule", (json_int_t)ln_db_col_int(q, 3)));
    }
}

bool ln_pending_refused(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                        struct ln_err *err)
{
    static const char sql[] =
        "SELECT x.id, x.why, l.id, x.seq, r.id, r.coll FROM ("
        "SELECT f.id, f.why, f.log, f.seq, c.rec FROM refused f LEFT JOIN change c ON c.id = f.id"
        " UNION ALL SELECT p.id, 'not_taken', c.log, coalesce(c.seq, 0), p.rec FROM lost_step p"
        " JOIN change c ON c.id = p.id) x JOIN log l ON l.n = x.log"
        " LEFT JOIN record r ON r.n = x.rec"
        " WHERE NOT EXISTS (SELECT 1 FROM ruling WHERE kind = 'refused' AND one = x.id)"
        " ORDER BY x.id DESC LIMIT ? OFFSET ?";
    struct ln_query *q = paged(s, sql, limit, offset);
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        json_array_append_new(out,
                              json_pack("{s:o,s:s,s:s,s:I,s:o,s:s}", "change", id_json(q, 0), "why",
                                        ln_db_col_text(q, 1), "log", ln_db_col_text(q, 2), "seq",
                                        (json_int_t)ln_db_col_int(q, 3), "record", id_json(q, 4),
                                        "collection", ln_db_col_text(q, 5)));
    }
}

bool ln_pending_conflicts(json_t *out, struct ln_sqlstore *s, unsigned limit, unsigned offset,
                          struct ln_err *err)
{
    static const char sql[] = "SELECT id, coll, deleted FROM record WHERE conflicts > 0"
                              " ORDER BY n DESC LIMIT ? OFFSET ?";
    struct ln_query *q = paged(s, sql, limit, offset);
    bool row;

    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        json_array_append_new(out,
                              json_pack("{s:o,s:s,s:b}", "record", id_json(q, 0), "collection",
                                        ln_db_col_text(q, 1), "deleted", ln_db_col_int(q, 2) != 0));
    }
}

bool ln_pending_lost(json_t *out, struct ln_sqlstore *s, const struct ln_id *record,
                     struct ln_err *err)
{
    static const char sql[] =
        "SELECT p.id FROM lost_step p JOIN record r ON r.n = p.rec WHERE r.id = ?";
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    ln_db_blob(q, record->b, sizeof record->b);
    for (;;) {
        if (!ln_db_row(q, &row, err))
            return false;
        if (!row)
            return true;
        json_t *id = id_json(q, 0);
        json_object_set_new(out, json_string_value(id), json_true());
        json_decref(id);
    }
}

bool ln_pending_again(struct ln_id *out, bool *found, struct ln_sqlstore *s,
                      const struct ln_id *change, struct ln_err *err)
{
    static const char sql[] = "SELECT c.other FROM ruling r JOIN c_ruling c ON c.rec = r.rec"
                              " WHERE r.kind = 'refused' AND r.one = ?";
    struct ln_query *q = ln_db_use(s->db, sql);

    ln_db_blob(q, change->b, sizeof change->b);
    if (!ln_db_row(q, found, err))
        return false;
    if (*found) {
        *found = ln_clock_id_read(out, ln_db_col_span(q, 0));
        (void)ln_db_end(q);
    }
    return true;
}

bool ln_pending_queues(json_t *out, struct ln_sqlstore *s, struct ln_err *err)
{
    static const char sql[] =
        "SELECT (SELECT coalesce(sum(conflicts), 0) FROM record WHERE conflicts > 0),"
        " (SELECT count(*) FROM twin),"
        " (SELECT count(*) FROM refused f WHERE why <> 'revoked' AND NOT EXISTS (SELECT 1 FROM "
        "ruling"
        " WHERE kind = 'refused' AND one = f.id)),"
        " (SELECT count(*) FROM refused f WHERE why = 'revoked' AND NOT EXISTS (SELECT 1 FROM "
        "ruling"
        " WHERE kind = 'refused' AND one = f.id)),"
        " (SELECT count(*) FROM lost_step l WHERE NOT EXISTS (SELECT 1 FROM ruling"
        " WHERE kind = 'refused' AND one = l.id))";
    static const char *const names[] = { "conflicts", "duplicates", "refused", "void",
                                         "not_taken" };
    struct ln_query *q = ln_db_use(s->db, sql);
    bool row;

    if (!ln_db_row(q, &row, err))
        return false;
    for (int i = 0; row && i < (int)(sizeof names / sizeof names[0]); i++)
        json_object_set_new(out, names[i], json_integer(ln_db_col_int(q, i)));
    (void)ln_db_end(q);
    return true;
}

bool ln_pending_regions(json_t *out, struct ln_sqlstore *s, struct ln_err *err)
{
    static const char *const sql[] = {
        "SELECT region, sum(conflicts) FROM record WHERE conflicts > 0 GROUP BY region",
        "SELECT r.region, count(*) FROM twin t JOIN record r ON r.n = t.a GROUP BY r.region",
        "SELECT substr(l.id, 1, 12), count(*) FROM refused f JOIN log l ON l.n = f.log WHERE NOT"
        " EXISTS (SELECT 1 FROM ruling WHERE kind = 'refused' AND one = f.id) GROUP BY 1",
    };
    static const char *const names[] = { "conflicts", "twins", "refused" };
    bool row;

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct ln_query *q = ln_db_use(s->db, sql[i]);
        for (;;) {
            if (!ln_db_row(q, &row, err))
                return false;
            if (!row)
                break;
            const char *region = ln_db_col_text(q, 0);
            json_t *o = json_object_get(out, region);
            if (o == NULL) {
                o = json_object();
                json_object_set_new(out, region, o);
            }
            json_object_set_new(o, names[i], json_integer(ln_db_col_int(q, 1)));
        }
    }
    return true;
}
