/* Checkpoints by a node that keeps no rule: each part of each of their lines left out or of another
 * kind. None of it ends the program, and nothing is carried over that is not a line of the log. */
#include "tests/lib/mutate.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "sync/replica_checkpoint.h"

#define C "330106005055/c"
#define NEVER INT64_C(99999999999) /* seconds: everything is older */

static void live(struct tree *t)
{
    struct ln_checkpoint_item made;
    struct ln_err err = { 0 };

    tree_new(t);
    struct ln_id id = add(&t->comm, "person", C, "{\"job\":\"1-01\"}", "{\"name\":\"李一\"}");
    sync_all(t);
    for (int i = 0; i < 2; i++) {
        set(&t->comm, "person", &id, i == 0 ? "{\"job\":\"1-02\"}" : "{\"job\":\"1-03\"}", NULL);
        sync_all(t);
    }
    MUST(ln_replica_begin(t->comm.r, &err));
    MUST(ln_replica_checkpoint(t->comm.r, t->comm.c.id, NEVER, false, &made, &err));
    MUST(ln_replica_commit(t->comm.r, &err));
    assert_true(made.made);
    sync_all(t);
}

/* What is noted of the community's own log: "<log> <id> <f>". */
static void note_of(struct ln_buf *out, struct box *b, const char *log)
{
    struct ln_store *s = b->c.store;
    struct ln_err err = { 0 };
    char key[64];
    bool found;

    (void)snprintf(key, sizeof key, "checkpoint/%s", log);
    MUST(s->ops->meta_get(s->ctx, key, out, &found, &err));
    assert_true(found);
}

struct saying {
    struct box *b;
    const char *by, *log;
    struct ln_id id;
    unsigned n, taken;
};

static void heed(void *ctx, const char *text, size_t len)
{
    struct saying *x = ctx;
    struct ln_change c = { .id = x->id, .fields = { text, len } };
    struct ln_err err = { 0 };
    struct ln_checkpoint noted;
    const char *why = NULL;

    if (len < 2 || text[0] != '{')
        return;
    MUST(ln_replica_begin(x->b->r, &err));
    MUST(ln_replica_heed_checkpoint(x->b->r, x->by, &c, &why, &err));
    x->n++;
    if (why != NULL)
        assert_string_equal(why, "checkpoint");
    else
        x->taken++;
    MUST(ln_replica_checkpoint_noted(&noted, x->b->c.store, x->log,
                                     &err)); /* one that can be read */
    assert_true(noted.upto > 0);
    ln_checkpoint_free(&noted);
    ln_replica_rollback(x->b->r);
}

TEST(a_public_line_of_another_form_or_by_somebody_else_is_no_checkpoint)
{
    struct tree t;
    struct ln_buf note = ln_buf_new(1 << 17);
    struct ln_err err = { 0 };
    live(&t);
    note_of(&note, &t.comm, t.comm.c.id);
    char *id = strchr(note.data, ' ') + 1;
    const char *f = strchr(id, ' ') + 1;
    struct ln_span whole = { f, note.len - (size_t)(f - note.data) };
    struct saying x = { .b = &t.comm, .by = t.comm.c.id, .log = t.comm.c.id };
    assert_true(ln_clock_id_read(&x.id, (struct ln_span){ id, LN_ID_TEXT }));

    heed(&x, whole.p, whole.len);
    assert_int_equal(x.taken, 1);
    mutate_json(whole, heed, &x);
    assert_true(x.n > 100);
    assert_true(x.taken < x.n / 3);

    x = (struct saying){ .b = &t.comm, .by = t.dist.c.id, .log = t.comm.c.id, .id = x.id };
    heed(&x, whole.p, whole.len); /* the district says nothing of a community's log */
    assert_int_equal(x.taken, 0);
    x.by = "330106005055-aaaaaaaaaaaaaaaa";
    heed(&x, whole.p, whole.len);
    assert_int_equal(x.taken, 0);

    struct ln_verify_report report;
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    ln_buf_free(&note);
    tree_end(&t);
}

static void say_sealed(void *ctx, const char *text, size_t len)
{
    struct saying *x = ctx;
    struct ln_err err = { 0 };

    if (len < 3 || text[0] != '{')
        return;
    MUST(ln_replica_say_in(x->b->r, x->by, C, "checkpoint", (struct ln_span){ text, len }, &x->id,
                           &err));
    x->n++;
}

struct given {
    uint64_t upto;
    unsigned n, quoted;
};

static bool take_carried(void *ctx, const struct ln_carried *c, struct ln_err *err)
{
    struct given *g = ctx;

    (void)err;
    assert_true(c->seq > 0 && c->seq <= g->upto);
    assert_true(c->line.len > 0);
    if (c->quote != NULL) {
        assert_true(c->quote->seq > 0 && strlen(c->quote->log) < LN_LOG_MAX);
        g->quoted++;
    }
    g->n++;
    return true;
}

TEST(sealed_lines_of_another_form_carry_nothing_over_that_is_none)
{
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_checkpoint noted;
    char text[512];
    live(&t);
    MUST(ln_replica_checkpoint_noted(&noted, t.comm.c.store, t.comm.c.id, &err));
    assert_true(noted.n > 0);
    struct ln_pruned p = noted.parts[0];
    for (size_t i = 0; i < noted.n; i++)
        if (strcmp(noted.parts[i].audience, C) == 0)
            p = noted.parts[i];
    assert_string_equal(p.audience, C);
    struct given honest = { .upto = p.upto };
    MUST(ln_replica_carried(t.comm.r, t.comm.c.id, &p, take_carried, &honest, &err));
    assert_int_equal(honest.n, p.kept);

    struct saying x = { .b = &t.comm, .by = t.comm.c.id };
    p.from = head(&t.comm, t.comm.c.id) + 1;
    for (size_t i = 0; i < 3; i++) {
        const char *log = t.comm.c.id;
        if (i == 0)
            (void)snprintf(text, sizeof text,
                           "{\"at\":\"%s\",\"lines\":[[1,{\"a\":1}],[2,{\"a\":2},[\"%s\",1]]],"
                           "\"log\":\"%s\"}",
                           p.at, log, log);
        else
            (void)snprintf(text, sizeof text,
                           "{\"at\":\"%s\",\"end\":%s,\"log\":\"%s\",\"piece\":\"{}\",\"quote\":["
                           "\"%s\",1],\"seq\":1}",
                           p.at, i == 1 ? "true" : "false", log, log);
        MUST(ln_replica_begin(t.comm.r, &err));
        say_sealed(&x, text, strlen(text));
        mutate_json(ln_span_of(text), say_sealed, &x);
        MUST(ln_replica_commit(t.comm.r, &err));
    }
    assert_true(x.n > 250);
    seal(&t.comm);
    p.to = head(&t.comm, t.comm.c.id);
    struct given got = { .upto = p.upto };

    MUST(ln_replica_carried(t.comm.r, t.comm.c.id, &p, take_carried, &got, &err));

    assert_true(got.n >= 4 && got.quoted >= 2);
    assert_true(got.n < 2 * x.n);
    struct ln_verify_report report;
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    sync_all(&t); /* nobody above stumbles over them */
    MUST(ln_replica_verify(t.dist.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    ln_checkpoint_free(&noted);
    tree_end(&t);
}

struct parting {
    struct box *b;
    const char *key;
    unsigned n;
};

static void try_note(void *ctx, const char *text, size_t len)
{
    struct parting *x = ctx;
    struct ln_store *s = x->b->c.store;
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    if (len == 0)
        return;
    MUST(ln_replica_begin(x->b->r, &err));
    MUST(s->ops->meta_put(s->ctx, x->key, (struct ln_span){ text, len }, &err));
    if (!ln_replica_verify(x->b->r, &report, NULL, NULL, &err))
        assert_int_equal(err.code, LN_BROKEN);
    ln_replica_rollback(x->b->r);
    x->n++;
}

TEST(a_note_of_what_was_dropped_that_is_damaged_is_told)
{
    struct tree t;
    struct ln_prune_item item;
    struct ln_store_log l;
    struct ln_buf note = ln_buf_new(1 << 17);
    struct ln_err err = { 0 };
    char key[160];
    bool found;
    live(&t);
    struct ln_store *s = t.comm.c.store;
    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(s->ops->log_get(s->ctx, &l, t.comm.c.id, &err));
    l.volume = l.head;
    MUST(s->ops->log_put(s->ctx, &l, &err));
    MUST(ln_replica_prune(t.comm.r, t.comm.c.id, NEVER, false, &item, &err));
    MUST(ln_replica_commit(t.comm.r, &err));
    assert_true(item.done);
    (void)snprintf(key, sizeof key, "pruned/" C " %s", t.comm.c.id);
    MUST(s->ops->meta_get(s->ctx, key, &note, &found, &err));
    assert_true(found);
    struct parting x = { .b = &t.comm, .key = key };

    mutate_json((struct ln_span){ note.data, note.len }, try_note, &x);

    assert_true(x.n > 100);
    struct ln_verify_report report;
    MUST(ln_replica_verify(t.comm.r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    ln_buf_free(&note);
    tree_end(&t);
}

TEST(the_time_of_a_commit_is_what_its_committer_line_says)
{
    static const struct {
        const char *commit;
        int64_t time;
    } cases[] = {
        { "tree x\nauthor a <a> 5 +0000\ncommitter a b <a@b> 1795400040 +0000\n\nseg 1\n",
          INT64_C(1795400040) },
        { "tree x\ncommitter a 60 +0000\n", 60 },
        { "tree x\nauthor a 60 +0000\n", 0 },
        { "tree x\ncommitter\n", 0 },
        { "", 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ln_replica_commit_time(ln_span_of(cases[i].commit)), cases[i].time);
    assert_int_equal(ln_replica_commit_time((struct ln_span){ NULL, 0 }), 0);
}

RUN_TESTS(T(a_public_line_of_another_form_or_by_somebody_else_is_no_checkpoint),
          T(sealed_lines_of_another_form_carry_nothing_over_that_is_none),
          T(a_note_of_what_was_dropped_that_is_damaged_is_told),
          T(the_time_of_a_commit_is_what_its_committer_line_says))
