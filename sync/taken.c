/* What a parent took beside the logs: see taken.h. */
#include "sync/taken.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META "taken"
#define NUMBERS_MAX 44 /* two of 64 bits, each behind a space */
#define TEXT_MAX (LN_NODE_ID_MAX + NUMBERS_MAX)

/* "<name> <n> <forgot>"; zero when it is another name's. */
static bool read_text(struct ln_taken *out, struct ln_store *s, const char *key, const char *name,
                      struct ln_err *err)
{
    struct ln_buf text = ln_buf_new(TEXT_MAX);
    size_t len = strlen(name);
    bool found = false;
    bool ok = s->ops->meta_get(s->ctx, key, &text, &found, err);
    char *end;

    *out = (struct ln_taken){ 0 };
    if (ok && found && text.len > len && memcmp(text.data, name, len) == 0) {
        out->n = strtoull(text.data + len, &end, 10);
        out->forgot = strtoull(end, NULL, 10);
    }
    ln_buf_free(&text);
    return ok;
}

static bool write_text(struct ln_replica *r, const char *key, const char *name,
                       const struct ln_taken *t, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    char text[TEXT_MAX];

    (void)snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64, name, t->n, t->forgot);
    return s->ops->meta_put(s->ctx, key, ln_span_of(text), err);
}

bool ln_taken_read(struct ln_taken *out, struct ln_store *reader, const char *child,
                   struct ln_err *err)
{
    char key[sizeof META + 1 + LN_NODE_ID_MAX];

    (void)snprintf(key, sizeof key, META "/%s", child);
    return read_text(out, reader, key, "", err);
}

bool ln_taken_add(struct ln_taken *out, struct ln_replica *r, const char *child, uint64_t known,
                  unsigned more, struct ln_err *err)
{
    char key[sizeof META + 1 + LN_NODE_ID_MAX];

    if (!ln_taken_read(out, ln_replica_store(r), child, err))
        return false;
    if (known > out->n)
        out->n = out->forgot = known + 1; /* a number that it was not told yet */
    else if (more == 0)
        return true;
    out->n += more;
    (void)snprintf(key, sizeof key, META "/%s", child);
    return write_text(r, key, "", out, err);
}

bool ln_taken_known(struct ln_taken *out, struct ln_store *reader, const char *parent,
                    struct ln_err *err)
{
    return read_text(out, reader, META, parent, err);
}

bool ln_taken_heard(bool *again, struct ln_replica *r, const char *parent,
                    const struct ln_taken *told, struct ln_err *err)
{
    struct ln_store *s = ln_replica_store(r);
    struct ln_taken before;

    if (!ln_taken_known(&before, s, parent, err))
        return false;
    *again = told->forgot > before.forgot;
    return (!*again || s->ops->given_again(s->ctx, err)) &&
           ((told->n == before.n && !*again) || write_text(r, META, parent, told, err));
}
