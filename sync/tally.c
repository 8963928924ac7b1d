/* What a parent took beside the logs: see tally.h. */
#include "sync/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META "tally"
#define NUMBER_MAX 24 /* digits of a 64-bit number, and a space */

bool ln_tally_read(uint64_t *n, struct ln_store *reader, const char *child, struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(NUMBER_MAX);
    char key[sizeof META + 1 + LN_NODE_ID_MAX];
    bool found = false;

    (void)snprintf(key, sizeof key, META "/%s", child);
    bool ok = reader->ops->meta_get(reader->ctx, key, &text, &found, err);
    *n = ok && found ? strtoull(text.data, NULL, 10) : 0;
    ln_buf_free(&text);
    return ok;
}

bool ln_tally_add(uint64_t *n, struct ln_replica *r, const char *child, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    char key[sizeof META + 1 + LN_NODE_ID_MAX];
    char text[NUMBER_MAX];

    if (!ln_tally_read(n, s, child, err))
        return false;
    (void)snprintf(key, sizeof key, META "/%s", child);
    (void)snprintf(text, sizeof text, "%" PRIu64, ++*n);
    return s->ops->meta_put(s->ctx, key, ln_span_of(text), err);
}

/* "<parent> <number>" */
bool ln_tally_heard(bool *forgot, struct ln_replica *r, const char *parent, uint64_t n,
                    struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_buf text = ln_buf_new(LN_NODE_ID_MAX + NUMBER_MAX);
    char now[LN_NODE_ID_MAX + NUMBER_MAX];
    size_t id = strlen(parent);
    uint64_t before = 0;
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, META, &text, &found, err);

    if (ok && found && text.len > id && memcmp(text.data, parent, id) == 0)
        before = strtoull(text.data + id, NULL, 10);
    *forgot = ok && n < before;
    (void)snprintf(now, sizeof now, "%s %" PRIu64, parent, n);
    ok = ok && (!*forgot || s->ops->given_again(s->ctx, err)) &&
         (n == before || s->ops->meta_put(s->ctx, META, ln_span_of(now), err));
    ln_buf_free(&text);
    return ok;
}
