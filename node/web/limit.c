/* Tries counted by key: see limit.h. */
#include "node/web/limit.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "crypto/base/alloc.h"

#define SLOTS 1024
#define WAYS 8 /* places where a key may stand: the oldest of them makes room */

struct slot {
    uint8_t key[16];
    int64_t since_ms;
    unsigned n;
};
struct ln_limit {
    pthread_mutex_t mutex;
    uint8_t secret[crypto_generichash_KEYBYTES]; /* so that nobody aims at another's places */
    struct slot slots[SLOTS];
};

struct ln_limit *ln_limit_new(void)
{
    struct ln_limit *l = ln_alloc(sizeof *l);

    (void)pthread_mutex_init(&l->mutex, NULL);
    crypto_generichash_keygen(l->secret);
    return l;
}

void ln_limit_free(struct ln_limit *l)
{
    if (l == NULL)
        return;
    (void)pthread_mutex_destroy(&l->mutex);
    ln_free(l);
}

static struct slot *slot_of(struct ln_limit *l, const uint8_t hash[16], int64_t window_ms,
                            int64_t now_ms)
{
    size_t first = ((size_t)hash[0] << 8 | hash[1]) % SLOTS;
    struct slot *oldest = &l->slots[first];

    for (size_t i = 0; i < WAYS; i++) {
        struct slot *s = &l->slots[(first + i) % SLOTS];
        if (s->n > 0 && memcmp(s->key, hash, 16) == 0) {
            if (now_ms - s->since_ms >= window_ms || now_ms < s->since_ms)
                s->n = 0;
            return s;
        }
        if (s->n == 0 || (oldest->n > 0 && s->since_ms < oldest->since_ms))
            oldest = s;
    }
    memcpy(oldest->key, hash, 16);
    oldest->n = 0;
    return oldest;
}

bool ln_limit_take(struct ln_limit *l, const char *key, unsigned max, int64_t window_ms,
                   int64_t now_ms)
{
    uint8_t hash[16];

    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)key, strlen(key), l->secret,
                             sizeof l->secret);
    (void)pthread_mutex_lock(&l->mutex);
    struct slot *s = slot_of(l, hash, window_ms, now_ms);
    if (s->n == 0)
        s->since_ms = now_ms;
    if (s->n <= max)
        s->n++;
    bool good = s->n <= max;
    (void)pthread_mutex_unlock(&l->mutex);
    return good;
}
