/* Packs and receipts that are not what they say: each is refused with its reason, and nothing of it
 * stays. */
#include "tests/lib/forge.h"
#include "tests/lib/tree.h"

#include <stdio.h>
#include <string.h>

#include "sync/pack.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define OTHER "330106005056-aaaaaaaaaaaaaaaa"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

/* ---- receipts */

TEST(a_receipt_that_is_none_is_refused_with_its_reason)
{
    static const struct {
        const char *f; /* %s is the log */
        const char *words;
    } table[] = {
        { "{}", "no log" },
        { "{\"log\":7}", "no log" },
        { "{\"log\":\"a\\nb\"}", "no log" },
        { "{\"log\":\"" LONG LONG "\"}", "no log" },
        { "{\"log\":\"%s\"}", "no sequence" },
        { "{\"log\":\"%s\",\"seq\":\"1\"}", "no sequence" },
        { "{\"log\":\"%s\",\"seq\":0}", "no sequence" },
        { "{\"log\":\"%s\",\"seq\":1}", "no hash" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":7}", "no hash" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":\"00\"}", "no hash" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\"}", "no time" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\",\"t\":7}", "no time" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\",\"t\":\"x\"}", "no time" },
        { "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\",\"t\":\"0000000000002\"}", "no list" },
        { "{\"log\":\"%s\",\"no\":7,\"seq\":1,\"sha\":\"" ZEROS "\",\"t\":\"0000000000002\"}",
          "no list" },
        { "{\"log\":\"330106005056-x\",\"no\":[],\"seq\":1,\"sha\":\"" ZEROS
          "\",\"t\":\"0000000000002\"}",
          "not ours" },
    };
    struct tree t;
    struct ln_store_log was;
    struct ln_store_log now;
    struct ln_err err = { 0 };
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"a\"}", NULL);
    seal(&t.comm);
    struct ln_store *s = t.comm.c.store;
    MUST(s->ops->log_get(s->ctx, &was, t.comm.c.id, &err));

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char f[512];
        const char *at = strstr(table[i].f, "%s");
        err = (struct ln_err){ 0 };
        (void)snprintf(f, sizeof f, "%.*s%s%s",
                       (int)(at != NULL ? at - table[i].f : (long)strlen(table[i].f)), table[i].f,
                       at != NULL ? t.comm.c.id : "", at != NULL ? at + 2 : "");
        MUST(ln_replica_begin(t.comm.r, &err));
        bool ok = ln_replica_receipt(t.comm.r, ln_span_of(f), f, strlen(f), &err);
        ln_replica_rollback(t.comm.r);
        if (ok || err.code != LN_INVALID || strstr(err.text, table[i].words) == NULL)
            fail_msg("receipt %zu: %s", i, ok ? "taken" : err.text);
    }

    MUST(s->ops->log_get(s->ctx, &now, t.comm.c.id, &err));
    assert_int_equal(now.receipt, was.receipt);
    assert_string_equal(ln_replica_doubted(t.comm.r), "");
    tree_end(&t);
}

TEST(a_receipt_for_another_segment_than_ours_is_a_fork_and_stops_sealing)
{
    struct tree t;
    struct ln_err err = { 0 };
    char f[256];
    unsigned n;
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"a\"}", NULL);
    seal(&t.comm);
    (void)snprintf(f, sizeof f,
                   "{\"log\":\"%s\",\"no\":[],\"seq\":%u,\"sha\":\"" ZEROS
                   "\",\"t\":\"0000000000002\"}",
                   t.comm.c.id, (unsigned)head(&t.comm, t.comm.c.id));
    MUST(ln_replica_begin(t.comm.r, &err));

    assert_false(ln_replica_receipt(t.comm.r, ln_span_of(f), f, strlen(f), &err));
    MUST(ln_replica_commit(t.comm.r, &err));

    assert_int_equal(err.code, LN_CONFLICT);
    assert_string_equal(ln_replica_doubted(t.comm.r), "fork");
    (void)add(&t.comm, "notice", "public", "{\"title\":\"b\"}", NULL);
    err = (struct ln_err){ 0 };
    MUST(ln_replica_begin(t.comm.r, &err));
    assert_false(ln_replica_seal(t.comm.r, true, &n, &err));
    assert_int_equal(err.code, LN_CONFLICT);
    ln_replica_rollback(t.comm.r);
    tree_end(&t);
}

/* ---- segments */

enum flaw {
    NONE,
    NO_TREE,
    OTHER_TREE,
    NO_PUBLIC,
    OTHER_SHA,
    OTHER_LOG,
    OTHER_PARENT,
    OTHER_PREV,
    GAP,
};

/* One segment behind `head` with that flaw, well signed. */
static void add_flawed(struct ln_buf *pack, struct ln_segment *head, struct box *b, enum flaw flaw,
                       uint32_t *objects)
{
    static const char line[] = "{\"f\":{\"title\":\"a\"},\"i\":\"06h0cbs55s000nco66ag\",\"o\":"
                               "\"add\",\"t\":\"notice@1\"}\n";
    static const char tree_of_nothing[] = "100644 x";
    struct ln_err err = { 0 };
    struct ln_segment s = { .seq = head->seq + 1 + (flaw == GAP),
                            .prev = head->sha,
                            .prev_commit = head->commit,
                            .time_s = clock_ms / 60000 * 60,
                            .suite = 1,
                            .n_files = 1 };
    struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
    struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);

    (void)snprintf(s.log, sizeof s.log, "%s", flaw == OTHER_LOG ? OTHER : b->c.id);
    (void)snprintf(s.files[0].name, sizeof s.files[0].name, "public.jsonl");
    s.files[0].sha = ln_encode_sha256(line, sizeof line - 1 - (flaw == OTHER_SHA));
    s.files[0].size = sizeof line - 1;
    if (flaw == OTHER_PARENT)
        s.prev_commit.b[0] ^= 1;
    if (flaw == OTHER_PREV)
        s.prev.b[0] ^= 1;
    struct ln_sha1 blob = ln_segment_sha1("blob", line, sizeof line - 1);
    MUST(ln_segment_build(&commit, &tree, &s, &blob, &b->c.key, &err));
    MUST(ln_pack_add(pack, LN_PACK_COMMIT, commit.data, commit.len, false, &err));
    if (flaw == OTHER_TREE) /* a tree under another name, as git names by content */
        MUST(ln_pack_add(pack, LN_PACK_TREE, tree_of_nothing, sizeof tree_of_nothing, false, &err));
    else if (flaw != NO_TREE)
        MUST(ln_pack_add(pack, LN_PACK_TREE, tree.data, tree.len, false, &err));
    if (flaw != NO_PUBLIC)
        MUST(ln_pack_add(pack, LN_PACK_BLOB, line, sizeof line - 1, true, &err));
    *objects += 1U + (flaw != NO_TREE) + (flaw != NO_PUBLIC);
    *head = s;
    ln_buf_free(&tree);
    ln_buf_free(&commit);
}

static bool bring(struct tree *t, const char *log, const struct ln_buf *pack, struct ln_err *err)
{
    struct ln_receive got = { 0 };
    bool ok = false;

    *err = (struct ln_err){ 0 };
    assert_true(ln_replica_begin(t->dist.r, err));
    ok = ln_replica_receive(t->dist.r, &got, log, pack->data, pack->len, ln_replica_self(t->comm.r),
                            err);
    if (ok)
        assert_true(ln_replica_commit(t->dist.r, err));
    else
        ln_replica_rollback(t->dist.r);
    ln_buf_free(&got.receipt);
    return ok;
}

TEST(a_segment_that_is_not_what_it_says_is_refused_with_its_reason)
{
    static const struct {
        enum flaw first, second;
        enum ln_code code;
        const char *words;
    } table[] = {
        { NO_TREE, NONE, LN_INVALID, "the tree is missing" },
        { OTHER_TREE, NONE, LN_INVALID, "the tree is missing" },
        { NO_PUBLIC, NONE, LN_INVALID, "public.jsonl is missing" },
        { OTHER_SHA, NONE, LN_INVALID, "public.jsonl is not what was signed" },
        { OTHER_LOG, NONE, LN_INVALID, "a segment of " OTHER },
        { OTHER_PARENT, NONE, LN_CONFLICT, "the log forks" },
        { OTHER_PREV, NONE, LN_CONFLICT, "the log forks" },
        { GAP, NONE, LN_MISSING, "is wanted first" },
        { NONE, OTHER_SHA, LN_INVALID, "is not what was signed" },
        { NONE, GAP, LN_MISSING, "is wanted first" },
        { NONE, OTHER_PREV, LN_CONFLICT, "the log forks" },
    };
    struct tree t;
    struct ln_segment start;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    uint32_t objects;
    tree_new(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"a\"}", NULL);
    sync_all(&t);
    MUST(forge_head(&start, t.dist.c.store, t.comm.c.id, &err));
    uint64_t held = head(&t.dist, t.comm.c.id);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ln_segment next = start;
        ln_buf_clear(&pack);
        ln_pack_begin(&pack);
        objects = 0;
        add_flawed(&pack, &next, &t.comm, table[i].first, &objects);
        if (table[i].second != NONE)
            add_flawed(&pack, &next, &t.comm, table[i].second, &objects);
        MUST(ln_pack_end(&pack, objects, &err));

        bool ok = bring(&t, t.comm.c.id, &pack, &err);

        if (ok || err.code != table[i].code || strstr(err.text, table[i].words) == NULL)
            fail_msg("case %zu: %s", i, ok ? "taken" : err.text);
        assert_int_equal(head(&t.dist, t.comm.c.id), held);
    }
    tree_end(&t);
    ln_buf_free(&pack);
}

/* The same segment twice in a pack, or an earlier one behind a later one. */
TEST(segments_out_of_order_in_a_pack_are_refused_and_the_same_in_order_are_taken)
{
    struct tree t;
    struct ln_segment start;
    struct ln_segment next;
    struct ln_err err = { 0 };
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    uint32_t objects = 0;
    tree_new(&t);
    MUST(forge_head(&start, t.dist.c.store, t.comm.c.id, &err));

    ln_pack_begin(&pack);
    for (int i = 0; i < 2; i++) {
        next = start;
        add_flawed(&pack, &next, &t.comm, NONE, &objects);
    }
    MUST(ln_pack_end(&pack, objects, &err));
    assert_false(bring(&t, t.comm.c.id, &pack, &err));
    assert_int_equal(err.code, LN_INVALID);
    assert_non_null(strstr(err.text, "is out of order"));
    assert_int_equal(head(&t.dist, t.comm.c.id), start.seq);

    ln_buf_clear(&pack);
    ln_pack_begin(&pack);
    next = start;
    objects = 0;
    for (int i = 0; i < 2; i++)
        add_flawed(&pack, &next, &t.comm, NONE, &objects);
    MUST(ln_pack_end(&pack, objects, &err));
    MUST(bring(&t, t.comm.c.id, &pack, &err));
    assert_int_equal(head(&t.dist, t.comm.c.id), start.seq + 2);
    ln_buf_free(&pack);
    tree_end(&t);
}

TEST(whose_lease_is_over_brings_nothing_until_it_is_renewed)
{
    struct tree t;
    struct box laptop;
    struct ln_err err = { 0 };
    struct ln_renewal want = { .days = 90 };
    tree_new(&t);
    box_new(&laptop, "330106005055");
    enrol(&t.comm, &laptop, "330106005055", LN_ROLE_LAPTOP, "01");
    sync_all(&t);
    MUST(carry(&t.comm, &laptop, t.comm.c.id, &err) == LN_OK);
    (void)add(&laptop, "person", "330106005055/g01", "{\"job\":\"a\"}", NULL);
    seal(&laptop);
    clock_ms += INT64_C(86400000) * 91;

    assert_int_equal(carry(&laptop, &t.comm, laptop.c.id, &err), LN_DENIED);

    assert_non_null(strstr(err.text, "the lease of"));
    assert_int_equal(head(&t.comm, laptop.c.id), 0);
    MUST(ln_replica_begin(t.comm.r, &err));
    MUST(ln_replica_renew(t.comm.r, laptop.c.id, &want, &err));
    MUST(ln_replica_commit(t.comm.r, &err));
    assert_int_equal(carry(&laptop, &t.comm, laptop.c.id, &err), LN_OK);
    assert_int_equal(head(&t.comm, laptop.c.id), head(&laptop, laptop.c.id));
    box_end(&laptop);
    tree_end(&t);
}

/* Lines of the parent's down-log that are no receipts: refused, and what they spoke of waits. */
TEST(a_line_of_a_parent_that_is_no_receipt_is_refused_and_changes_no_time)
{
    static const char *const fields[] = {
        "{\"a\":1}",
        "{\"log\":\"%s\"}",
        "{\"log\":\"%s\",\"seq\":1}",
        "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\"}",
        "{\"log\":\"%s\",\"seq\":1,\"sha\":\"" ZEROS "\",\"t\":\"0000000000002\"}",
    };
    struct tree t;
    struct ln_err err = { 0 };
    struct ln_store_log l;
    struct ln_segment next;
    struct ln_receive got = { 0 };
    struct ln_buf lines = ln_buf_new(8192);
    struct ln_buf pack = ln_buf_new(LN_PACK_MAX);
    char text[128];
    struct ln_id last = { { 0 } };
    tree_new(&t);
    sync_all(&t);
    (void)add(&t.comm, "notice", "public", "{\"title\":\"a\"}", NULL);
    seal(&t.comm);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *at = strstr(fields[i], "%s");
        char id[LN_ID_TEXT + 1];
        last = ln_replica_id(t.dist.r);
        ln_clock_id_write(id, &last);
        ln_buf_addf(&lines, "{\"f\":%.*s%s%s,\"i\":\"%s\",\"o\":\"add\",\"t\":\"receipt@1\"}\n",
                    (int)(at != NULL ? at - fields[i] : (long)strlen(fields[i])), fields[i],
                    at != NULL ? t.comm.c.id : "", at != NULL ? at + 2 : "", id);
    }
    MUST(forge_head(&next, t.comm.c.store, t.down, &err));
    assert_true(forge_pack(&pack, &next, t.down, &t.dist.c.key,
                           (struct ln_span){ lines.data, lines.len }, NULL, clock_ms / 1000));
    MUST(ln_replica_begin(t.comm.r, &err));

    MUST(ln_replica_receive(t.comm.r, &got, t.down, pack.data, pack.len, ln_replica_self(t.dist.r),
                            &err));
    MUST(ln_replica_commit(t.comm.r, &err));

    assert_int_equal(got.refused, sizeof fields / sizeof fields[0]);
    cell(text, &t.comm, "SELECT why FROM refused WHERE id = ?", &last);
    assert_true(strcmp(text, "receipt") == 0 || strcmp(text, "role") == 0);
    MUST(t.comm.c.store->ops->log_get(t.comm.c.store->ctx, &l, t.comm.c.id, &err));
    assert_true(l.receipt < l.head);
    ln_buf_free(&got.receipt);
    ln_buf_free(&pack);
    ln_buf_free(&lines);
    tree_end(&t);
}

RUN_TESTS(T(a_receipt_that_is_none_is_refused_with_its_reason),
          T(a_receipt_for_another_segment_than_ours_is_a_fork_and_stops_sealing),
          T(a_segment_that_is_not_what_it_says_is_refused_with_its_reason),
          T(segments_out_of_order_in_a_pack_are_refused_and_the_same_in_order_are_taken),
          T(whose_lease_is_over_brings_nothing_until_it_is_renewed),
          T(a_line_of_a_parent_that_is_no_receipt_is_refused_and_changes_no_time))
