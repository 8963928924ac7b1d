/* The tree of certificates and the rights they give: see authority.h. */
#include "sync/authority.h"

#include <sodium.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

/* What an earlier or the present certificate of a node said. */
struct past {
    int64_t from_s, until_s;
    char parent[LN_NODE_ID_MAX];
    size_t n_grids;
    char grids[16][16];
};
#define PAST_MAX 64      /* renewals remembered of one node: sixteen years of a laptop's */
#define CONTINUES_MAX 64 /* boxes one after the other */

/* What revocations say of the down-logs for regions from `first` up to `next`, without it. */
struct told {
    char first[LN_REGION_LEN + 1], next[LN_REGION_LEN + 1]; /* "" = no bound */
    struct down {
        char region[LN_REGION_LEN + 1];
        uint64_t from; /* the first void segment */
    } * list;          /* ascending; of all others no segment holds */
    size_t n;
};

struct entry {
    struct ln_cert cert;
    uint64_t void_from; /* 0 = not revoked */
    struct told *told;
    size_t n_told;
    struct past *past;
    size_t n_past;
};

struct ln_authority {
    char root_id[LN_NODE_ID_MAX];
    struct ln_pubkey root_key;
    struct entry *
        *entries; /* sorted by node id; entries do not move, so that callers may keep them */
    size_t n, cap;
};

struct ln_authority *ln_authority_new(const char *root_id, const struct ln_pubkey *root_key)
{
    struct ln_authority *a = ln_alloc(sizeof *a);

    (void)snprintf(a->root_id, sizeof a->root_id, "%s", root_id);
    a->root_key = *root_key;
    return a;
}

void ln_authority_free(struct ln_authority *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < a->entries[i]->n_told; k++)
            ln_free(a->entries[i]->told[k].list);
        ln_free(a->entries[i]->told);
        ln_free(a->entries[i]->past);
        ln_free(a->entries[i]);
    }
    ln_free(a->entries);
    ln_free(a);
}

static void *copy_of(const void *list, size_t n, size_t size)
{
    void *out = ln_alloc_array(n + 1, size);

    if (n > 0)
        memcpy(out, list, n * size);
    return out;
}

struct ln_authority *ln_authority_copy(const struct ln_authority *a)
{
    struct ln_authority *c = ln_authority_new(a->root_id, &a->root_key);

    c->entries = ln_alloc_array(a->n + 1, sizeof(struct entry *));
    for (size_t i = 0; i < a->n; i++) {
        struct entry *e = copy_of(a->entries[i], 1, sizeof *e);
        e->past = copy_of(e->past, e->n_past, sizeof *e->past);
        e->told = copy_of(e->told, e->n_told, sizeof *e->told);
        for (size_t k = 0; k < e->n_told; k++)
            e->told[k].list = copy_of(e->told[k].list, e->told[k].n, sizeof *e->told[k].list);
        c->entries[i] = e;
    }
    c->n = a->n;
    c->cap = a->n + 1;
    return c;
}

static size_t place(const struct ln_authority *a, const char *node, bool *found)
{
    size_t low = 0;
    size_t high = a->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = strcmp(a->entries[mid]->cert.node, node);
        if (cmp == 0) {
            *found = true;
            return mid;
        }
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *found = false;
    return low;
}

static struct entry *find(const struct ln_authority *a, const char *node)
{
    bool found;
    size_t at = place(a, node, &found);

    return found ? a->entries[at] : NULL;
}

static void put(struct ln_authority *a, const struct ln_cert *c)
{
    bool found;
    size_t at = place(a, c->node, &found);

    if (found) {
        a->entries[at]->cert = *c;
        return;
    }
    a->entries = ln_grow(a->entries, a->n, &a->cap, sizeof *a->entries);
    memmove(&a->entries[at + 1], &a->entries[at], (a->n - at) * sizeof *a->entries);
    a->n++;
    a->entries[at] = ln_alloc(sizeof **a->entries);
    a->entries[at]->cert = *c;
}

/* Every certificate is remembered, in whatever order they come; of too many the oldest goes. */
static void remember(struct entry *e, const struct ln_cert *c)
{
    struct past p = { .from_s = c->from_s, .until_s = c->until_s, .n_grids = c->n_grids };
    size_t oldest = 0;

    memcpy(p.parent, c->parent, sizeof p.parent);
    memcpy(p.grids, c->grids, sizeof p.grids);
    for (size_t i = 0; i < e->n_past; i++) {
        if (e->past[i].from_s == p.from_s && e->past[i].until_s == p.until_s)
            return;
        if (e->past[i].from_s < e->past[oldest].from_s)
            oldest = i;
    }
    if (e->n_past == PAST_MAX) {
        e->past[oldest] = p;
        return;
    }
    e->past = ln_realloc(e->past, (e->n_past + 1) * sizeof *e->past);
    e->past[e->n_past++] = p;
}

bool ln_authority_was_parent(const struct ln_authority *a, const char *parent, const char *node)
{
    const struct entry *e = find(a, node);

    for (size_t i = 0; e != NULL && i < e->n_past; i++)
        if (strcmp(e->past[i].parent, parent) == 0)
            return true;
    return false;
}

static bool lists(const struct past *p, const char *grid)
{
    for (size_t i = 0; i < p->n_grids; i++)
        if (strcmp(p->grids[i], grid) == 0)
            return true;
    return false;
}

bool ln_authority_late(const struct ln_authority *a, const char *node, const char *grid,
                       int64_t claimed_s, int64_t receipt_s)
{
    const struct entry *e = find(a, node);
    int64_t had = -1;
    int64_t lost = INT64_MAX;

    for (size_t i = 0; e != NULL && i < e->n_past; i++)
        if (lists(&e->past[i], grid) && e->past[i].from_s > had)
            had = e->past[i].from_s;
    for (size_t i = 0; e != NULL && i < e->n_past; i++)
        if (!lists(&e->past[i], grid) && e->past[i].from_s > had && e->past[i].from_s < lost)
            lost = e->past[i].from_s;
    return had >= 0 && lost < INT64_MAX && claimed_s <= lost &&
           receipt_s <= lost + LN_AUTHORITY_LATE_S;
}

const struct ln_cert *ln_authority_find(const struct ln_authority *a, const char *node)
{
    const struct entry *e = find(a, node);

    return e != NULL ? &e->cert : NULL;
}

uint64_t ln_authority_void_from(const struct ln_authority *a, const char *node)
{
    const struct entry *e = find(a, node);

    return e != NULL ? e->void_from : 0;
}

static const struct down *down_of(const struct told *t, const char *region)
{
    size_t low = 0;
    size_t high = t->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = strcmp(t->list[mid].region, region);
        if (cmp == 0)
            return &t->list[mid];
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

uint64_t ln_authority_void_in(const struct ln_authority *a, const char *log)
{
    const char *dot = strchr(log, '.');
    char node[LN_NODE_ID_MAX];
    uint64_t from = 0;

    if (dot == NULL)
        return ln_authority_void_from(a, log);
    (void)snprintf(node, sizeof node, "%.*s", (int)(dot - log), log);
    const struct entry *e = find(a, node);
    for (size_t i = 0; e != NULL && i < e->n_told; i++) {
        const struct told *t = &e->told[i];
        if (strcmp(dot + 1, t->first) < 0 || (t->next[0] != '\0' && strcmp(dot + 1, t->next) >= 0))
            continue;
        const struct down *d = down_of(t, dot + 1);
        uint64_t one = d != NULL ? d->from : 1;
        from = from == 0 || one < from ? one : from;
    }
    return from;
}

void ln_authority_span(int64_t *from_s, int64_t *until_s, const struct ln_authority *a,
                       const char *node)
{
    const struct ln_cert *c = ln_authority_find(a, node);

    *from_s = *until_s = 0;
    if (c == NULL)
        return;
    *from_s = c->from_s;
    if (c->parent[0] != '\0')
        *until_s = c->until_s;
    else
        for (size_t i = 0; i < a->n; i++)
            if (strcmp(a->entries[i]->cert.issuer, node) == 0 &&
                strcmp(a->entries[i]->cert.node, node) != 0 &&
                a->entries[i]->cert.until_s > *until_s)
                *until_s = a->entries[i]->cert.until_s;
    if (*until_s > 0)
        *until_s += LN_AUTHORITY_BELIEVED_S;
}

bool ln_authority_each(const struct ln_authority *a,
                       bool (*fn)(void *ctx, const struct ln_cert *c, struct ln_err *err),
                       void *ctx, struct ln_err *err)
{
    for (size_t i = 0; i < a->n; i++)
        if (!fn(ctx, &a->entries[i]->cert, err))
            return false;
    return true;
}

size_t ln_authority_path(const struct ln_authority *a, const char *node, const struct ln_cert **out,
                         size_t cap)
{
    const struct ln_cert *c = ln_authority_find(a, node);
    size_t n = 0;

    while (c != NULL && c->parent[0] != '\0' && n < cap) {
        c = ln_authority_find(a, c->parent);
        if (c != NULL)
            out[n++] = c;
    }
    return n;
}

/* Roles rise strictly on the way up, so the walk ends. */
static bool above(const struct ln_authority *a, const char *upper, const char *node)
{
    const struct ln_cert *path[LN_ROLE_LAPTOP + 1];
    size_t n = ln_authority_path(a, node, path, sizeof path / sizeof path[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(path[i]->node, upper) == 0)
            return true;
    return false;
}

/* ---- certificates */

static bool member_string(struct ln_buf *out, struct ln_span f, const char *key)
{
    struct ln_span item;

    if (!ln_canon_get(f, key, &item) || ln_canon_type(item) != LN_CANON_STRING)
        return false;
    ln_canon_text(out, item);
    return !out->over;
}

/* The parent is the issuer, or stands below it; never beside or under the node itself. */
static bool parent_fits(const struct ln_authority *a, const struct ln_cert *c)
{
    const struct ln_cert *parent = ln_authority_find(a, c->parent);

    return parent != NULL && parent->role < c->role &&
           (strcmp(c->parent, c->issuer) == 0 || above(a, c->issuer, c->parent));
}

/* Who may give this certificate, before any signature is looked at. */
static bool given_well(const struct ln_authority *a, const struct ln_cert *c, const char *author,
                       struct ln_err *err)
{
    const struct entry *old = find(a, c->node);
    char id[LN_NODE_ID_MAX];

    ln_key_node_id(id, c->region, &c->key);
    if (strcmp(id, c->node) != 0)
        return ln_fail(err, LN_INVALID, "certificate: id does not belong to its key");
    if (strcmp(c->issuer, author) != 0)
        return ln_fail(err, LN_DENIED, "certificate: not written by its issuer");
    if (old != NULL && sodium_memcmp(old->cert.key.b, c->key.b, sizeof c->key.b) != 0)
        return ln_fail(err, LN_DENIED, "certificate: %s has another key", c->node);
    if (strcmp(c->node, a->root_id) == 0)
        return strcmp(c->issuer, c->node) == 0 ||
               ln_fail(err, LN_DENIED, "certificate: only the root certifies the root");
    const struct ln_cert *issuer = ln_authority_find(a, c->issuer);
    if (issuer == NULL)
        return ln_fail(err, LN_MISSING, "certificate: issuer %s is unknown", c->issuer);
    if (issuer->role >= c->role || !parent_fits(a, c))
        return ln_fail(err, LN_DENIED, "certificate: issuer or parent does not stand above");
    return true;
}

static bool newer(const struct ln_cert *now, const struct ln_cert *old)
{
    if (now->from_s != old->from_s)
        return now->from_s > old->from_s;
    return now->until_s > old->until_s;
}

bool ln_authority_cert(struct ln_authority *a, const char *author, struct ln_span f,
                       struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(LN_CERT_MAX);
    struct ln_buf sig = ln_buf_new(1024);
    struct ln_cert c = { 0 };
    bool ok = false;

    if (f.len == 0 || !member_string(&text, f, "cert") || !member_string(&sig, f, "sig")) {
        (void)ln_fail(err, LN_INVALID, "certificate: no cert and sig");
        goto out;
    }
    if (!ln_cert_read(&c, text.data, text.len, err) || !given_well(a, &c, author, err))
        goto out;
    bool root = strcmp(c.node, a->root_id) == 0;
    const struct ln_cert *issuer = root ? NULL : ln_authority_find(a, c.issuer);
    const struct ln_pubkey *key = issuer != NULL ? &issuer->key : &a->root_key;
    if (!ln_cert_signed(&c, text.data, text.len, sig.data, sig.len, key, issuer, err))
        goto out;
    const struct entry *old = find(a, c.node);
    if (old == NULL || newer(&c, &old->cert))
        put(a, &c);
    remember(find(a, c.node), &c);
    ok = true;
out:
    ln_buf_free(&sig);
    ln_buf_free(&text);
    return ok;
}

bool ln_authority_may_revoke(const struct ln_authority *a, const char *author, const char *node,
                             struct ln_err *err)
{
    const struct entry *e = find(a, node);

    if (e == NULL)
        return ln_fail(err, LN_MISSING, "revocation: %s is unknown", node);
    return strcmp(e->cert.issuer, author) == 0 || above(a, author, node) ||
           ln_fail(err, LN_DENIED, "revocation: %s does not stand above %s", author, node);
}

static bool read_region(char out[LN_REGION_LEN + 1], struct ln_span value)
{
    struct ln_span text;

    if (!ln_canon_plain(value, &text) || text.len != LN_REGION_LEN)
        return false;
    memcpy(out, text.p, LN_REGION_LEN);
    out[LN_REGION_LEN] = '\0';
    return strspn(out, "0123456789") == LN_REGION_LEN;
}

/* ["<region>",<seq>] */
static bool read_one_down(struct down *d, struct ln_span item)
{
    struct ln_span part[3];
    size_t at = 0;

    if (ln_canon_type(item) != LN_CANON_ARRAY || !ln_canon_next(item, &at, NULL, &part[0]) ||
        !ln_canon_next(item, &at, NULL, &part[1]) || ln_canon_next(item, &at, NULL, &part[2]) ||
        !read_region(d->region, part[0]) || ln_canon_type(part[1]) != LN_CANON_INT ||
        ln_canon_int(part[1]) < 0)
        return false;
    d->from = (uint64_t)ln_canon_int(part[1]) + 1;
    return true;
}

/* The caller frees t->list. */
static bool read_told(struct told *t, struct ln_span f, struct ln_span list)
{
    struct ln_span item;
    size_t at = 0;
    size_t cap = 0;

    if (ln_canon_type(list) != LN_CANON_ARRAY ||
        (ln_canon_get(f, "first", &item) && !read_region(t->first, item)) ||
        (ln_canon_get(f, "next", &item) && !read_region(t->next, item)))
        return false;
    while (ln_canon_next(list, &at, NULL, &item)) {
        if (t->n == LN_AUTHORITY_DOWN_MAX)
            return false;
        t->list = ln_grow(t->list, t->n, &cap, sizeof *t->list);
        if (!read_one_down(&t->list[t->n], item) ||
            (t->n > 0 && strcmp(t->list[t->n - 1].region, t->list[t->n].region) >= 0))
            return false;
        t->n++;
    }
    return true;
}

/* Of several that speak of the same regions the earliest position of each holds, and one that any
 * of them does not name has none: the same line again changes nothing. Takes t->list. */
static void take_told(struct entry *e, struct told *t)
{
    struct told *old = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < e->n_told && old == NULL; i++)
        if (strcmp(e->told[i].first, t->first) == 0 && strcmp(e->told[i].next, t->next) == 0)
            old = &e->told[i];
    if (old == NULL) {
        e->told = ln_realloc(e->told, (e->n_told + 1) * sizeof *e->told);
        e->told[e->n_told++] = *t;
        t->list = NULL;
        return;
    }
    for (size_t i = 0; i < old->n; i++) {
        const struct down *d = down_of(t, old->list[i].region);
        if (d == NULL)
            continue;
        old->list[kept] = old->list[i];
        if (d->from < old->list[kept].from)
            old->list[kept].from = d->from;
        kept++;
    }
    old->n = kept;
}

bool ln_authority_revoke(struct ln_authority *a, const char *author, struct ln_span f,
                         struct ln_err *err)
{
    struct ln_span node;
    struct ln_span seq;
    struct ln_span sha;
    struct ln_span text;
    struct ln_span down;
    struct told told = { .n = 0 };
    uint8_t hash[32];
    char id[LN_NODE_ID_MAX] = "";

    if (f.len == 0 || !ln_canon_get(f, "node", &node) || !ln_canon_plain(node, &text) ||
        text.len >= sizeof id)
        return ln_fail(err, LN_INVALID, "revocation: no node");
    memcpy(id, text.p, text.len);
    if (!ln_canon_get(f, "seq", &seq) || ln_canon_type(seq) != LN_CANON_INT ||
        ln_canon_int(seq) < 0 || !ln_canon_get(f, "sha", &sha) || !ln_canon_plain(sha, &text) ||
        !ln_encode_unhex(hash, sizeof hash, text))
        return ln_fail(err, LN_INVALID, "revocation: no last good segment");
    if (!ln_authority_may_revoke(a, author, id, err))
        return false;
    struct entry *e = find(a, id);
    if (ln_canon_get(f, "down", &down)) {
        bool read = read_told(&told, f, down);
        if (read)
            take_told(e, &told);
        ln_free(told.list);
        if (!read)
            return ln_fail(err, LN_INVALID, "revocation: no last good segments of down-logs");
    }
    uint64_t from = (uint64_t)ln_canon_int(seq) + 1;
    if (e->void_from == 0 || from < e->void_from)
        e->void_from = from; /* the earliest holds: order of arrival does not matter */
    return true;
}

bool ln_authority_continues(const struct ln_authority *a, const char *node, const char *dead)
{
    const struct ln_cert *c = ln_authority_find(a, node);

    for (int i = 0; c != NULL && c->continues[0] != '\0' && i < CONTINUES_MAX; i++) {
        if (strcmp(c->continues, dead) == 0)
            return true;
        c = ln_authority_find(a, c->continues);
    }
    return false;
}

bool ln_authority_may_quote(const struct ln_authority *a, const char *node, const char *author)
{
    const struct ln_cert *c = ln_authority_find(a, node);

    return c != NULL && ln_authority_find(a, author) != NULL &&
           (strcmp(node, author) == 0 || above(a, node, author) ||
            ln_authority_continues(a, node, author));
}

/* ---- rights: sync/README.md "Who may write what" */

/* Collections of the protocol itself. Each is public, an `add`, and never a laptop's. */
enum system_kind { CERT, REVOKE, EPOCH, RECEIPT, ERASE, NO_SYSTEM };

static enum system_kind system_of(struct ln_span collection)
{
    static const char *const names[] = { "cert", "revoke", "epoch", "receipt", "erase" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ln_span_is(collection, names[i]))
            return (enum system_kind)i;
    return NO_SYSTEM;
}

static bool text_member(struct ln_span f, const char *key, struct ln_span *text)
{
    struct ln_span item;

    return f.len > 0 && ln_canon_get(f, key, &item) && ln_canon_plain(item, text);
}

/* A box mints its own audiences only. */
static bool own_epoch(const struct ln_cert *c, struct ln_span f)
{
    struct ln_audience a;
    struct ln_span name;

    return text_member(f, "audience", &name) && ln_audience_read(&a, name) &&
           strcmp(a.owner, c->region) == 0;
}

/* Only the parent gives receipts; what a former one gave stays in force. */
static bool own_child(const struct ln_authority *a, const struct ln_cert *c, struct ln_span f)
{
    char node[LN_NODE_ID_MAX];
    struct ln_span log;

    if (!text_member(f, "log", &log) || log.len < sizeof node - 1)
        return false;
    memcpy(node, log.p, sizeof node - 1);
    node[sizeof node - 1] = '\0';
    const struct ln_cert *child = ln_authority_find(a, node);
    return child != NULL && ln_authority_was_parent(a, c->node, node);
}

static bool has_member(struct ln_span f, const char *name)
{
    struct ln_span text;

    return text_member(f, name, &text);
}

static const char *may_system(const struct ln_authority *a, const struct ln_cert *c,
                              const struct ln_change *line, const struct ln_audience *aud,
                              enum system_kind kind)
{
    if (aud->kind != LN_AUD_PUBLIC)
        return "audience";
    if (line->op != LN_OP_ADD)
        return "op";
    /* A laptop only signs that it has erased what it was asked to. */
    if ((c->role == LN_ROLE_LAPTOP && !(kind == ERASE && has_member(line->fields, "done"))) ||
        (kind == RECEIPT && !own_child(a, c, line->fields)))
        return "role";
    return kind == EPOCH && !own_epoch(c, line->fields) ? "region" : NULL;
}

static bool has_collection(const struct ln_cert *c, struct ln_span name)
{
    for (size_t i = 0; i < c->n_collections; i++)
        if (ln_span_is(name, c->collections[i]))
            return true;
    return c->all_collections;
}

static bool has_grid(const struct ln_cert *c, const char *grid)
{
    for (size_t i = 0; i < c->n_grids; i++)
        if (strcmp(c->grids[i], grid) == 0)
            return true;
    return false;
}

/* A record that names its region names one the writer answers for. */
static bool names_own_region(const struct ln_cert *c, const struct ln_change *line)
{
    struct ln_span text;
    char region[LN_REGION_LEN + 1];

    if (line->op != LN_OP_ADD || !text_member(line->fields, "region", &text) ||
        text.len != LN_REGION_LEN)
        return true;
    memcpy(region, text.p, LN_REGION_LEN);
    region[LN_REGION_LEN] = '\0';
    return ln_cert_region_holds(c->region, region);
}

static const char *may_laptop(const struct ln_cert *c, const struct ln_audience *aud)
{
    if (aud->kind != LN_AUD_GRID)
        return "audience";
    if (strcmp(aud->owner, c->region) != 0)
        return "region";
    return has_grid(c, aud->who) ? NULL : "grid";
}

/* Others' records are answered (add, step); what was passed up to a node may be set there too: who
 * handles it, until when, with what result. */
static const char *may_box(const struct ln_cert *c, const struct ln_change *line,
                           const struct ln_audience *aud)
{
    if (aud->kind == LN_AUD_PUBLIC || strcmp(aud->owner, c->region) == 0)
        return NULL;
    bool down = ln_cert_region_holds(c->region, aud->owner);
    bool up = ln_cert_region_holds(aud->owner, c->region);
    bool named = aud->kind == LN_AUD_NODE && strcmp(aud->who, c->node) == 0;
    if (!down && !up && !named)
        return "region";
    if (aud->kind == LN_AUD_GRID || (down && !ln_audience_member(aud, c)))
        return "audience";
    return line->op == LN_OP_ADD || line->op == LN_OP_STEP || (down && line->op == LN_OP_SET)
               ? NULL
               : "op";
}

bool ln_authority_may(const struct ln_authority *a, const struct ln_cert *c,
                      const struct ln_change *line, const struct ln_audience *aud, const char **why)
{
    enum system_kind kind = system_of(line->collection);
    const char *no = NULL;

    if (line->line.len > LN_CHANGE_MAX)
        no = "size";
    else if (kind != NO_SYSTEM)
        no = may_system(a, c, line, aud, kind);
    else if (!has_collection(c, line->collection))
        no = "collection";
    else if (!names_own_region(c, line))
        no = "region";
    else if (c->role == LN_ROLE_LAPTOP)
        no = may_laptop(c, aud);
    else
        no = may_box(c, line, aud);
    if (no != NULL)
        *why = no;
    return no == NULL;
}
