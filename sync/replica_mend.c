/* Putting back what a disk has damaged of a segment: the chain names commit, tree and files, so
 * that whoever has them may give them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/base/log.h"
#include "sync/pack.h"
#include "sync/replica_apply.h"
#include "sync/view.h"

#define NOTE_META "mend/" /* README "Damage" */
#define NOTE_SEQS 64      /* segments of one log that are asked for at once */
#define NOTE_MAX (NOTE_SEQS * 24)

struct mending {
    struct ln_replica *r;
    struct ln_store_log log;
    const struct ln_cert *author;
    ln_fetch_fn *fetch;
    void *ctx;
    struct ln_sha256 sha; /* of the commit that has to stand there, and its git name */
    struct ln_sha1 commit;
    struct ln_store_segment row; /* as it will be; spans lead into `parts` or are copies */
    struct ln_buf *parts;
    size_t n_parts;
    bool found, changed;
    bool all; /* every file of the segment was here */
};

/* ---- what has to stand there */

static bool take_next(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct mending *x = ctx;
    struct ln_segment *next = ln_alloc(sizeof *next);
    struct ln_err why = { 0 };

    if (s->commit.p != NULL && s->seq == x->row.seq + 1 &&
        ln_segment_read(next, s->commit.p, s->commit.len, &x->author->key, &why)) {
        x->sha = next->prev;
        x->commit = next->prev_commit;
        x->found = true;
    }
    ln_free(next);
    err->code = LN_OK;
    return false;
}

/* The one behind names it, or the head does. */
static bool name(struct mending *x, struct ln_err *err)
{
    struct ln_store *s = x->r->c.store;

    if (x->row.seq == x->log.head) {
        x->sha = x->log.head_sha;
        x->commit = x->log.head_commit;
        x->found = true;
        return true;
    }
    err->code = LN_OK;
    return s->ops->segment_each(s->ctx, x->log.n, x->row.seq + 1, true, take_next, x, err) ||
           err->code == LN_OK;
}

/* ---- what stands there */

static struct ln_span keep(struct mending *x, struct ln_span bytes)
{
    struct ln_buf *b = &x->parts[x->n_parts++];

    *b = ln_buf_new(bytes.len + 1);
    ln_buf_add(b, bytes.p, bytes.len);
    return (struct ln_span){ b->data, b->len };
}

static bool take_row(void *ctx, const struct ln_store_segment *s, struct ln_err *err)
{
    struct mending *x = ctx;

    err->code = LN_OK;
    if (s->seq != x->row.seq)
        return false;
    x->row = *s;
    if (s->commit.p != NULL)
        x->row.commit = keep(x, s->commit);
    if (s->tree.p != NULL)
        x->row.tree = keep(x, s->tree);
    for (size_t i = 0; i < s->n_files; i++)
        if (s->files[i].bytes.p != NULL)
            x->row.files[i].bytes = keep(x, s->files[i].bytes);
    return false;
}

/* ---- getting it */

static bool fetch(struct mending *x, struct ln_span *out, const char *kind,
                  const struct ln_sha1 *git)
{
    struct ln_buf *b = &x->parts[x->n_parts++];

    *b = ln_buf_new(LN_SEGMENT_FILE_MAX);
    if (!x->fetch(x->ctx, b, kind, git))
        return false;
    struct ln_sha1 got = ln_segment_sha1(kind, b->data, b->len);
    if (memcmp(got.b, git->b, LN_SHA1_LEN) != 0)
        return false;
    *out = (struct ln_span){ b->data, b->len };
    x->changed = true;
    return true;
}

static bool is_sha(struct ln_span bytes, const struct ln_sha256 *want)
{
    if (bytes.p == NULL)
        return false;
    struct ln_sha256 sha = ln_encode_sha256(bytes.p, bytes.len);
    return ln_encode_sha256_same(&sha, want);
}

static bool mend_commit(struct mending *x, struct ln_segment *s)
{
    struct ln_err why = { 0 };

    if (!is_sha(x->row.commit, &x->sha) &&
        (!fetch(x, &x->row.commit, "commit", &x->commit) || !is_sha(x->row.commit, &x->sha)))
        return false;
    if (!ln_encode_sha256_same(&x->row.sha, &x->sha)) {
        x->row.sha = x->sha;
        x->changed = true;
    }
    return ln_segment_read(s, x->row.commit.p, x->row.commit.len, &x->author->key, &why) &&
           s->seq == x->row.seq && strcmp(s->log, x->log.id) == 0;
}

static bool mend_tree(struct mending *x, const struct ln_segment *s, struct ln_sha1 *blobs)
{
    struct ln_err why = { 0 };

    if (x->row.tree.p == NULL ||
        !ln_segment_tree_check(s, x->row.tree.p, x->row.tree.len, blobs, &why)) {
        if (!fetch(x, &x->row.tree, "tree", &s->tree))
            return false;
    }
    return ln_segment_tree_check(s, x->row.tree.p, x->row.tree.len, blobs, &why);
}

static struct ln_store_file *file_of(struct ln_store_segment *row, const char *file)
{
    for (size_t i = 0; i < row->n_files; i++)
        if (strcmp(row->files[i].name, file) == 0)
            return &row->files[i];
    return NULL;
}

/* Files that were never for this node, or were dropped, stay away: of those whose row is gone, too,
 * nobody knows whether they were here, but for public ones and those of an own log. */
static bool mend_file(struct mending *x, const struct ln_segment_file *want,
                      const struct ln_sha1 *blob, bool whole)
{
    struct ln_store_file *f = file_of(&x->row, want->name);

    if (f == NULL && x->row.n_files < LN_SEGMENT_FILES) {
        f = &x->row.files[x->row.n_files++];
        *f = (struct ln_store_file){ 0 };
        memcpy(f->name, want->name, sizeof f->name);
        x->changed = true;
    }
    if (f == NULL)
        return false;
    if (!ln_encode_sha256_same(&f->sha, &want->sha)) {
        f->sha = want->sha;
        x->changed = true;
    }
    if ((f->bytes.p == NULL && whole) || is_sha(f->bytes, &want->sha))
        return true;
    struct ln_span bytes;
    if (!fetch(x, &bytes, "blob", blob) || !is_sha(bytes, &want->sha))
        return f->bytes.p == NULL && !x->all && strcmp(want->name, "public.jsonl") != 0;
    f->bytes = bytes;
    f->size = bytes.len;
    return true;
}

static bool mend(struct mending *x, bool whole)
{
    struct ln_segment *s = ln_alloc(sizeof *s);
    struct ln_sha1 blobs[LN_SEGMENT_FILES];
    bool ok = mend_commit(x, s) && mend_tree(x, s, blobs);

    for (size_t i = 0; ok && i < s->n_files; i++)
        ok = mend_file(x, &s->files[i], &blobs[i], whole);
    ok = ok && x->row.n_files == s->n_files;
    ln_free(s);
    return ok;
}

bool ln_replica_mend(struct ln_replica *r, const char *log, uint64_t seq, ln_fetch_fn *fetch_fn,
                     void *ctx, bool *mended, struct ln_err *err)
{
    struct mending *x = ln_alloc(sizeof *x);
    struct ln_store *s = r->c.store;
    char node[LN_NODE_ID_MAX];
    bool ok;

    *mended = false;
    x->r = r;
    x->fetch = fetch_fn;
    x->ctx = ctx;
    x->row.seq = seq;
    x->parts = ln_alloc_array(2 * LN_SEGMENT_FILES + 8, sizeof *x->parts);
    ln_replica_author(node, log);
    x->author = ln_authority_find(r->authority, node);
    ok = s->ops->log_get(s->ctx, &x->log, log, err);
    if (!ok || x->log.n == 0 || x->author == NULL || seq == 0 || seq > x->log.head)
        goto out;
    x->row.log = x->log.n;
    err->code = LN_OK;
    ok = (s->ops->segment_each(s->ctx, x->log.n, seq, true, take_row, x, err) ||
          err->code == LN_OK) &&
         name(x, err);
    bool whole = x->row.n_files > 0;
    uint64_t dropped;
    ok = ok && ln_replica_dropped(&dropped, s, log, err);
    x->all = ok && x->log.mine && seq > dropped;
    if (ok && x->found && mend(x, whole) && x->changed) {
        x->row.log = x->log.n;
        ok = s->ops->segment_put(s->ctx, &x->row, err);
        *mended = ok;
    }
out:
    for (size_t i = 0; i < x->n_parts; i++)
        ln_buf_free(&x->parts[i]);
    ln_free(x->parts);
    ln_free(x);
    return ok || ln_wrap(err, "%s", log);
}

/* ---- from a pack */

static bool from_pack(void *ctx, struct ln_buf *out, const char *kind, const struct ln_sha1 *name)
{
    static const char *const words[] = {
        [LN_PACK_COMMIT] = "commit", [LN_PACK_TREE] = "tree", [LN_PACK_BLOB] = "blob"
    };
    const struct ln_pack_object *o = NULL;

    for (enum ln_pack_kind k = LN_PACK_COMMIT; k <= LN_PACK_BLOB && o == NULL; k++)
        if (strcmp(words[k], kind) == 0)
            o = ln_pack_find(ctx, k, name);
    if (o != NULL)
        ln_buf_add(out, o->data, o->len);
    return o != NULL;
}

/* ---- notes of what is damaged: a line for each segment */

static bool read_note(struct ln_buf *list, char key[sizeof NOTE_META + LN_LOG_MAX],
                      struct ln_store *s, const char *log, struct ln_err *err)
{
    bool found = false;

    (void)snprintf(key, sizeof NOTE_META + LN_LOG_MAX, NOTE_META "%s", log);
    *list = ln_buf_new(NOTE_MAX);
    return s->ops->meta_get(s->ctx, key, list, &found, err);
}

static bool write_note(struct ln_store *s, const char *key, const char *data, size_t len,
                       struct ln_err *err)
{
    return s->ops->meta_put(s->ctx, key, (struct ln_span){ len > 0 ? data : NULL, len }, err);
}

/* Where the note has this line, or NULL. */
static const char *find_line(const struct ln_buf *list, const char *line)
{
    const char *at = list->len > 0 ? strstr(list->data, line) : NULL;

    while (at != NULL && at != list->data && at[-1] != '\n')
        at = strstr(at + 1, line);
    return at;
}

bool ln_replica_damage_note(struct ln_replica *r, bool *again, const char *log, uint64_t seq,
                            struct ln_err *err)
{
    struct ln_buf list;
    char key[sizeof NOTE_META + LN_LOG_MAX];
    char line[24];
    bool ok = read_note(&list, key, r->c.store, log, err);

    (void)snprintf(line, sizeof line, "%" PRIu64 "\n", seq);
    *again = ok && find_line(&list, line) != NULL;
    if (ok && !*again) {
        ln_buf_adds(&list, line);
        ok = list.over || write_note(r->c.store, key, list.data, list.len, err);
    }
    ln_buf_free(&list);
    return ok;
}

struct asking {
    struct ln_damages *out;
    const struct ln_authority *a;
    const char *child, *at;
};

static bool take_damage(void *ctx, const char *key, struct ln_span value, struct ln_err *err)
{
    const struct asking *x = ctx;
    const char *log = key + sizeof NOTE_META - 1;

    if (x->a != NULL && !ln_view_holds(NULL, x->a, x->child, x->at, log))
        return true;
    if (x->out->n == LN_DAMAGES_MAX) {
        err->code = LN_OK;
        return false;
    }
    struct ln_damage *d = &x->out->list[x->out->n++];
    (void)snprintf(d->log, sizeof d->log, "%s", log);
    d->seq = 0;
    for (size_t i = 0; i < value.len && value.p[i] >= '0' && value.p[i] <= '9'; i++)
        d->seq = d->seq * 10 + (uint64_t)(value.p[i] - '0');
    return true;
}

bool ln_replica_damages(struct ln_damages *out, struct ln_store *reader,
                        const struct ln_authority *a, const char *child, const char *at,
                        struct ln_err *err)
{
    struct asking x = { out, a, child, at };

    out->n = 0;
    err->code = LN_OK;
    return reader->ops->meta_each(reader->ctx, NOTE_META, take_damage, &x, err) ||
           err->code == LN_OK;
}

/* Mended or not, it is the last of the list from now on: another one's turn. */
bool ln_replica_mend_pack(struct ln_replica *r, const struct ln_damage *d, struct ln_span pack,
                          bool *mended, struct ln_err *err)
{
    struct ln_pack_list p = { .n = 0 };
    struct ln_err why = { 0 };
    struct ln_buf list;
    char key[sizeof NOTE_META + LN_LOG_MAX];
    char line[24];
    bool ok = read_note(&list, key, r->c.store, d->log, err);

    *mended = false;
    (void)snprintf(line, sizeof line, "%" PRIu64 "\n", d->seq);
    const char *at = ok ? find_line(&list, line) : NULL;
    if (at == NULL)
        goto out;
    if (ln_pack_list_read(&p, pack.p, pack.len, &why)) /* nothing for us, or no pack at all */
        ok = ln_replica_mend(r, d->log, d->seq, from_pack, &p, mended, err);
    size_t len = strlen(line);
    size_t before = (size_t)(at - list.data);
    memmove(list.data + before, list.data + before + len, list.len - before - len);
    list.len -= len;
    if (!*mended) {
        memcpy(list.data + list.len, line, len);
        list.len += len;
    }
    ok = ok && write_note(r->c.store, key, list.data, list.len, err);
    if (ok && *mended)
        ln_log(LN_LOG_NOTE, "mended log=%s segment=%" PRIu64 ": another node had it", d->log,
               d->seq);
out:
    ln_pack_list_free(&p);
    ln_buf_free(&list);
    return ok;
}

bool ln_replica_derive(struct ln_replica *r, const struct ln_id *records, size_t n,
                       struct ln_err *err)
{
    return ln_batch_derive(r->batch, records, n, err);
}
