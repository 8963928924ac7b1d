/* Persons erased by every holder: keys, rows, receipts; and who may not. */
#include "tests/lib/tree.h"

#include "sync/replica_core.h"

#include <stdio.h>
#include <string.h>

#define UP "330106005055/330000000000"

static void erase(struct box *b, const struct ln_id *person)
{
    struct ln_err err = { 0 };

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_erase(b->r, person, 1, "request", &err));
    MUST(ln_replica_commit(b->r, &err));
}

/* What the node does between jobs. */
static unsigned look(struct box *b)
{
    struct ln_store *s = b->c.store;
    struct ln_err err = { 0 };
    unsigned n;

    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_erase_due(b->r, &n, &err));
    MUST(ln_replica_commit(b->r, &err));
    if (n == 0)
        return 0;
    MUST(s->ops->shred(s->ctx, &err));
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_erase_done(b->r, &err));
    MUST(ln_replica_commit(b->r, &err));
    return n;
}

static void sound(struct box *b)
{
    struct ln_verify_report report;
    struct ln_err err = { 0 };

    MUST(ln_replica_verify(b->r, &report, NULL, NULL, &err));
    assert_int_equal(report.bad, 0);
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_rebuild(b->r, NULL, NULL, &err));
    MUST(ln_replica_commit(b->r, &err));
}

struct holders {
    unsigned n, signed_;
};

static bool take_holder(void *ctx, const struct ln_erasure *e, struct ln_err *err)
{
    struct holders *h = ctx;

    (void)err;
    h->n++;
    h->signed_ += e->done > 0;
    return true;
}

static struct holders board(struct box *b)
{
    struct holders h = { 0, 0 };
    struct ln_err err = { 0 };

    MUST(ln_replica_erasures(b->c.store, ln_replica_authority(b->r), take_holder, &h, &err));
    return h;
}

static void assert_name(struct box *b, const struct ln_id *id, const char *want)
{
    char text[128];

    cell(text, b, SQL_NAME, id);
    assert_string_equal(text, want);
}

TEST(an_erased_person_is_read_nowhere_any_more_and_everything_else_stays)
{
    struct tree t;
    char text[128];
    char command[320];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, "{\"job\":\"2-01\"}", "{\"name\":\"赵删除\"}");
    struct ln_id other = add(&t.comm, "person", UP, NULL, "{\"name\":\"李留下\"}");
    sync_all(&t);
    struct box *const all[] = { &t.comm, &t.dist, &t.prov };
    for (size_t i = 0; i < 3; i++)
        assert_name(all[i], &id, "赵删除");

    erase(&t.comm, &id);
    assert_int_equal(look(&t.comm), 1);
    assert_int_equal(board(&t.comm).n, 3);
    assert_int_equal(board(&t.comm).signed_, 1);
    for (int turn = 0; turn < 2; turn++) {
        sync_all(&t);
        (void)look(&t.dist);
        (void)look(&t.prov);
    }
    sync_all(&t);

    for (size_t i = 0; i < 3; i++) {
        assert_name(all[i], &id, "");
        cell(text, all[i], SQL_JOB, &id);
        assert_string_equal(text, "2-01");
        assert_name(all[i], &other, "李留下");
        assert_int_equal(board(all[i]).signed_, 3);
        sound(all[i]);
        assert_name(all[i], &id, "");
        assert_int_equal(look(all[i]), 0); /* a rebuild asks nobody to sign twice */
        box_shut(all[i]);
        (void)snprintf(command, sizeof command, "cat %s/*.db* | grep -qa 赵删除", all[i]->dir);
        assert_int_not_equal(system(command), 0);
        (void)snprintf(command, sizeof command, "cat %s/*.db* | grep -qa 李留下", all[i]->dir);
        assert_int_equal(system(command), 0); /* the same look finds what is there */
        box_open(all[i]);
    }
    struct ln_digest a = digest(&t.comm, UP);
    struct ln_digest b = digest(&t.prov, UP);
    assert_memory_equal(a.b, b.b, sizeof a.b);
    tree_end(&t);
}

TEST(an_erased_key_is_not_taken_again)
{
    struct tree t;
    struct ln_err err = { 0 };
    char kid[128];
    tree_new(&t);
    struct ln_id id = add(&t.comm, "person", UP, NULL, "{\"name\":\"赵删除\"}");
    sync_all(&t);
    struct ln_store *s = t.comm.c.store;
    struct ln_store_key key;
    MUST(s->ops->key_for(s->ctx, &key, &id, UP, &err));
    (void)snprintf(kid, sizeof kid, "%s", key.kid);
    assert_true(kid[0] != '\0');
    erase(&t.comm, &id);
    (void)look(&t.comm);

    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(s->ops->key_put(s->ctx, &key, &err));
    MUST(ln_replica_commit(t.comm.r, &err));

    MUST(s->ops->key_get(s->ctx, &key, kid, &err));
    assert_string_equal(key.kid, "");
    tree_end(&t);
}

static void assert_key(struct box *b, const char *kid, bool there)
{
    struct ln_store *s = b->c.store;
    struct ln_store_key key;
    struct ln_err err = { 0 };

    MUST(s->ops->key_get(s->ctx, &key, kid, &err));
    assert_string_equal(key.kid, there ? kid : "");
}

/* Names a key, or the person alone: whoever asks may not have heard of the key. */
static void say_erase(struct box *b, const char *kid, const struct ln_id *person)
{
    struct ln_err err = { 0 };
    char id[LN_ID_TEXT + 1] = "";
    char f[160];

    if (person != NULL)
        ln_clock_id_write(id, person);
    (void)snprintf(
        f, sizeof f,
        person != NULL
            ? "{\"audiences\":[],\"cause\":\"request\",\"kids\":[],\"persons\":[\"%s\"]}"
            : "{\"audiences\":[],\"cause\":\"request\",\"kids\":[\"%s\"],\"persons\":[]}",
        person != NULL ? id : kid);
    MUST(ln_replica_begin(b->r, &err));
    MUST(ln_replica_say(b->r, b->c.id, "erase", ln_span_of(f), &err));
    MUST(ln_replica_commit(b->r, &err));
    seal(b);
}

/* The district has a key and has not looked yet when the province, which waits for it, is told to
 * erase it: first by one who may not, then by its box. */
TEST(a_key_that_comes_after_it_was_to_be_erased_is_not_taken)
{
    for (int way = 0; way < 4; way++) {
        bool entitled = (way & 1) != 0;
        bool by_person = (way & 2) != 0;
        struct tree t;
        struct box other;
        struct ln_err err = { 0 };
        struct ln_store_key key;
        char down[LN_LOG_MAX];
        tree_new(&t);
        box_new(&other, "330106005056");
        enrol(&t.dist, &other, "330106005056", LN_ROLE_COMMUNITY, NULL);
        sync_all(&t);
        struct ln_id id = add(&t.comm, "person", UP, NULL, "{\"name\":\"赵删除\"}");
        seal(&t.comm);
        keys(&t.comm, &t.dist);
        MUST(carry(&t.comm, &t.dist, t.comm.c.id, &err) == LN_OK);
        struct ln_store *s = t.dist.c.store;
        MUST(s->ops->key_for(s->ctx, &key, &id, UP, &err));
        struct box *by = entitled ? &t.comm : &other;
        say_erase(by, key.kid, by_person ? &id : NULL);
        MUST(carry(by, &t.dist, by->c.id, &err) == LN_OK);
        seal(&t.dist);
        MUST(carry(&t.dist, &t.prov, t.dist.c.id, &err) == LN_OK);
        MUST(carry(&t.dist, &t.prov, t.down, &err) == LN_OK);
        (void)snprintf(down, sizeof down, "%s.330106005056", t.dist.c.id);
        MUST(entitled || carry(&t.dist, &t.prov, down, &err) == LN_OK);
        MUST(carry(&t.dist, &t.prov, by->c.id, &err) == LN_OK);
        MUST(carry(&t.dist, &t.prov, t.comm.c.id, &err) == LN_OK);
        assert_int_equal(look(&t.prov), 1);
        assert_key(&t.prov, key.kid, false);

        keys(&t.dist, &t.prov);

        assert_key(&t.prov, key.kid, !entitled);
        assert_name(&t.prov, &id, entitled ? "" : "赵删除");
        box_end(&other);
        tree_end(&t);
    }
}

TEST(a_neighbour_cannot_erase_whom_it_does_not_answer_for)
{
    struct tree t;
    struct box other;
    struct ln_err err = { 0 };
    tree_new(&t);
    box_new(&other, "330106005056");
    enrol(&t.dist, &other, "330106005056", LN_ROLE_COMMUNITY, NULL);
    struct ln_id id = add(&t.comm, "person", UP, NULL, "{\"name\":\"赵留下\"}");
    sync_all(&t);

    erase(&other, &id);
    seal(&other);
    MUST(carry(&other, &t.dist, other.c.id, &err) == LN_OK);
    (void)look(&t.dist);
    sync_all(&t);
    (void)look(&t.prov);

    assert_name(&t.dist, &id, "赵留下");
    assert_name(&t.prov, &id, "赵留下");
    assert_name(&t.comm, &id, "赵留下");
    box_end(&other);
    tree_end(&t);
}

RUN_TESTS(T(an_erased_person_is_read_nowhere_any_more_and_everything_else_stays),
          T(an_erased_key_is_not_taken_again),
          T(a_key_that_comes_after_it_was_to_be_erased_is_not_taken),
          T(a_neighbour_cannot_erase_whom_it_does_not_answer_for))
