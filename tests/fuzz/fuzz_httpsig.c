/* Signed HTTP messages from strangers: headers, claims, evidence. Nothing may verify. */
#include <stdlib.h>
#include <string.h>

#include "sync/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Header lines "name: value\n" up to an empty line, then the body. */
static void fill(struct ln_message *m, const char *p, size_t len)
{
    const char *end = p + len;

    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (stop == NULL)
            stop = end;
        const char *colon = memchr(p, ':', (size_t)(stop - p));
        char name[64] = "";
        if (stop == p) {
            ln_buf_add(&m->body, stop < end ? stop + 1 : end, (size_t)(end - stop) - (stop < end));
            return;
        }
        if (colon != NULL && (size_t)(colon - p) < sizeof name &&
            memchr(p, '\0', (size_t)(colon - p)) == NULL) {
            memcpy(name, p, (size_t)(colon - p));
            (void)!ln_message_header(m, name, colon + 1, (size_t)(stop - colon - 1));
        }
        p = stop < end ? stop + 1 : end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct ln_pubkey nobody = { { 1 } };
    char keyid[LN_NODE_ID_MAX];
    char nonce[LN_HTTPSIG_NONCE_MAX];
    struct ln_message m;
    struct ln_span body;
    struct ln_err err = { 0 };
    int64_t t;
    enum ln_problem problem;
    uint64_t seq;

    ln_message_init(&m, LN_MESSAGE_NOTE_MAX);
    memcpy(m.method, "POST", 5);
    (void)snprintf(m.path, sizeof m.path, "/sync/v1/heads");
    fill(&m, (const char *)data, len);
    if (ln_message_claim(&m, keyid, nonce, &err) && strlen(keyid) >= sizeof keyid)
        abort();
    if (ln_message_check(&m, &nobody, &err))
        abort();
    m.status = 200;
    if (ln_message_check_answer(&m, &m, &nobody, &t, &err))
        abort();
    if (ln_message_problem_read(&m, &problem, &seq, &err))
        abort();
    if (ln_message_evidence_check(&body, &t, (struct ln_span){ (const char *)data, len }, &nobody,
                                  &err))
        abort();
    ln_message_free(&m);
    return 0;
}
