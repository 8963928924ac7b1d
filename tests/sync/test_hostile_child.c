/* A child that holds a good key and keeps no rule: every line it could write with anything in it
 * changed, well signed and well chained, in public and sealed. Its parent takes it, refuses it or
 * passes it over; nobody's rights change, and what the parent holds stays sound. */
#include "tests/lib/forge.h"
#include "tests/lib/mutate.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "sync/pack.h"

#define UP "330106005055/330106000000"
#define ID "06h0cbs55s000nco66ag" /* stands for a new one each time */
#define I "\"i\":\"" ID "\""
#define HASH "0000000000000000000000000000000000000000000000000000000000000000"

struct child {
    struct tree *t;
    struct ln_segment head;
    struct ln_epoch epoch;
    struct ln_clock clock;
    const char *behind; /* a line that follows, "" none */
    bool sealed;
    unsigned taken, refused;
};

static const struct ln_env *env_of(const struct child *c)
{
    return c->t->comm.c.env;
}

/* One segment with that line: the parent's answer. */
static void bring(void *ctx, const char *text, size_t len)
{
    struct child *c = ctx;
    struct box *to = &c->t->dist;
    struct ln_segment next = c->head;
    struct ln_buf line = ln_buf_new(1 << 20);
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    struct ln_receive got = { 0 };
    struct ln_err err = { 0 };
    struct ln_id id = ln_clock_id(&c->clock, env_of(c));
    char fresh[LN_ID_TEXT + 1];

    ln_clock_id_write(fresh, &id);
    ln_buf_add(&line, text, len);
    for (char *at = line.data; at != NULL && (at = strstr(at, ID)) != NULL;)
        memcpy(at, fresh, LN_ID_TEXT);
    ln_buf_adds(&line, "\n");
    ln_buf_adds(&line, c->behind);
    assert_true(forge_pack(&pack, &next, c->t->comm.c.id, &c->t->comm.c.key,
                           (struct ln_span){ line.data, line.len }, c->sealed ? &c->epoch : NULL,
                           clock_ms / 1000));
    MUST(ln_replica_begin(to->r, &err));
    if (ln_replica_receive(to->r, &got, c->t->comm.c.id, pack.data, pack.len,
                           ln_replica_self(c->t->comm.r), &err)) {
        MUST(ln_replica_commit(to->r, &err));
        c->head = next;
        c->taken++;
    } else {
        assert_true(err.code == LN_INVALID || err.code == LN_DENIED || err.code == LN_FULL);
        ln_replica_rollback(to->r);
        c->refused++;
    }
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    ln_buf_free(&line);
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

static void child_new(struct child *c, struct tree *t)
{
    struct ln_err err = { 0 };
    int64_t from;

    tree_new(t);
    (void)add(&t->comm, "ticket", UP, NULL, "{\"subject\":\"路灯\"}");
    sync_all(t);
    *c = (struct child){ .t = t, .behind = "" };
    struct ln_store *s = t->comm.c.store;
    MUST(s->ops->epoch_last(s->ctx, &c->epoch, &from, UP, &err));
    MUST(forge_head(&c->head, t->dist.c.store, t->comm.c.id, &err));
}

static void rights_as_before(const struct tree *t)
{
    const struct ln_authority *a = ln_replica_authority(t->dist.r);

    assert_int_equal(ln_authority_void_from(a, t->prov.c.id), 0);
    assert_int_equal(ln_authority_void_from(a, t->dist.c.id), 0);
    assert_int_equal(ln_authority_find(a, t->comm.c.id)->role, LN_ROLE_COMMUNITY);
    assert_string_equal(ln_authority_find(a, t->comm.c.id)->parent, t->dist.c.id);
}

TEST(no_line_of_the_protocol_by_a_child_does_harm)
{
    struct tree t;
    struct child c;
    char lines[8][1024];
    size_t n = 0;
    child_new(&c, &t);
    const char *const others[] = { t.comm.c.id, t.dist.c.id };
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(lines[n++], sizeof lines[0],
                       "{\"f\":{\"log\":\"%s\",\"no\":[[\"" ID
                       "\",\"op\"]],\"seq\":1,\"sha\":\"" HASH "\",\"t\":\"0000000000002\"}," I
                       ",\"o\":\"add\",\"t\":\"receipt@1\"}",
                       others[i]);
        (void)snprintf(lines[n++], sizeof lines[0],
                       "{\"f\":{\"node\":\"%s\",\"seq\":1,\"sha\":\"" HASH "\"}," I
                       ",\"o\":\"add\",\"t\":\"revoke@1\"}",
                       others[i]);
    }
    (void)snprintf(lines[n++], sizeof lines[0],
                   "{\"f\":{\"audience\":\"" UP "\",\"label\":\"2026-12.1\",\"recipient\":"
                   "\"age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg\",\"wraps\":[{"
                   "\"age\":\"YWdl\",\"to\":\"%s\"}]}," I ",\"o\":\"add\",\"t\":\"epoch@1\"}",
                   t.dist.c.id);
    (void)snprintf(lines[n++], sizeof lines[0],
                   "{\"f\":{\"cert\":\"{}\",\"sig\":\"x\"}," I ",\"o\":\"add\",\"t\":\"cert@1\"}");
    (void)snprintf(lines[n++], sizeof lines[0],
                   "{\"f\":{\"audiences\":[\"" UP
                   "\"],\"cause\":\"request\",\"kids\":[\"aaaaaaaa\"],"
                   "\"persons\":[\"" ID "\"]}," I ",\"o\":\"add\",\"t\":\"erase@1\"}");
    (void)snprintf(lines[n++], sizeof lines[0],
                   "{\"f\":{\"done\":\"" ID "\"}," I ",\"o\":\"add\",\"t\":\"erase@1\"}");

    for (size_t i = 0; i < n; i++) {
        bring(&c, lines[i], strlen(lines[i]));
        mutate_json(ln_span_of(lines[i]), bring, &c);
    }

    assert_true(c.taken > 100);
    rights_as_before(&t);
    unsigned due;
    struct ln_err err = { 0 };
    MUST(ln_replica_begin(t.dist.r, &err));
    MUST(ln_replica_erase_due(t.dist.r, &due, &err));
    MUST(ln_replica_erase_done(t.dist.r, &err));
    MUST(ln_replica_commit(t.dist.r, &err));
    sound(&t.dist);
    tree_end(&t);
}

TEST(no_line_of_a_record_by_a_child_does_harm)
{
    static const char *const lines[] = {
        "{\"f\":{\"job\":\"a\"}," I ",\"o\":\"add\",\"t\":\"person@1\"}",
        "{\"f\":{\"action\":\"close\",\"settles\":[\"" ID "\"],\"to\":\"done\"}," I
        ",\"o\":\"step\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"ticket@1\"}",
        "{\"b\":[\"06gpji7g000004f830c0\"],\"f\":{\"job\":\"b\"}," I
        ",\"k\":\"aaaaaaaa\",\"n\":[\"name\"],\"o\":\"set\",\"r\":\"06gpji7g000004f830c0\",\"s\":"
        "\"AAAA\",\"t\":\"person@1\"}",
        "{\"f\":{\"to\":\"06gpji7g000004f830d0\"}," I
        ",\"o\":\"alias\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"person@1\"}",
        "{\"f\":{\"tags\":[\"a\"]}," I
        ",\"o\":\"remove\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"person@1\"}",
        "{" I ",\"o\":\"delete\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"notice@1\"}",
        "{" I ",\"o\":\"later\",\"r\":\"06gpji7g000004f830c0\",\"t\":\"newer@7\"}",
    };
    struct tree t;
    struct child c;
    child_new(&c, &t);

    for (int sealed = 0; sealed < 2; sealed++)
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            c.sealed = sealed != 0;
            bring(&c, lines[i], strlen(lines[i]));
            mutate_json(ln_span_of(lines[i]), bring, &c);
        }

    assert_true(c.taken > 300);
    rights_as_before(&t);
    sound(&t.dist);
    tree_end(&t);
}

TEST(no_quote_by_a_child_does_harm)
{
    struct tree t;
    struct child c;
    char head[256];
    child_new(&c, &t);
    c.behind = "{\"f\":{\"title\":\"x\"}," I ",\"o\":\"add\",\"t\":\"notice@1\"}\n";
    const char *const quoted[] = { t.prov.c.id, t.dist.c.id, t.comm.c.id };

    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(head, sizeof head, "{\"log\":\"%s\",\"quote\":[\"%s\",1],\"seq\":%llu}",
                       t.comm.c.id, quoted[i], (unsigned long long)c.head.seq + 1);
        bring(&c, head, strlen(head));
        (void)snprintf(head, sizeof head, "{\"log\":\"%s\",\"quote\":[\"%s\",1],\"seq\":%llu}",
                       t.comm.c.id, quoted[i], (unsigned long long)c.head.seq + 1);
        mutate_json(ln_span_of(head), bring, &c);
    }

    rights_as_before(&t);
    sound(&t.dist);
    tree_end(&t);
}

RUN_TESTS(T(no_line_of_the_protocol_by_a_child_does_harm),
          T(no_line_of_a_record_by_a_child_does_harm), T(no_quote_by_a_child_does_harm))
