/* The sync thread: goes to the parent soon after a save, at the latest every `every_s`, with
 * full-jitter back-off; and what both directions look like, for the status pages. */
#ifndef LN_SYNCER_H
#define LN_SYNCER_H

#include "sync/exchange.h"

struct ln_syncer_config {
    const struct ln_exchange_config *exchange; /* borrowed */
    const char *parent_url;                    /* "" = no parent, as at the root: never calls */
    int every_s;                               /* at the latest; default 900 */
    int soon_ms;                               /* after a save; default 200 */
    const char *past_url; /* of a node above the parent, when the parent is out of reach; "" none */
    struct ln_syncer_link {
        char proxy[512];   /* "" none */
        char window[12];   /* "22:00-06:00" in China: syncs of its own accord; "" always */
        int64_t rate_kbit; /* each way, 0 any */
        bool metered;      /* none soon after a save, of attachments the small ones alone */
    } link;                /* at the start; ln_syncer_set changes it */
};
/* Minutes of the day of "22:00-06:00"; LN_INVALID another form. "" gives 0 and 1440. */
bool ln_syncer_window(int *from, int *to, const char *text, struct ln_err *err) LN_MUST;
/* Milliseconds from now_ms until the window is open; 0 = it is. */
int64_t ln_syncer_window_ms(int from, int to, int64_t now_ms);
struct ln_syncer_state {
    bool alone;                         /* no parent */
    bool running;                       /* a sync is under way */
    bool level;                         /* the last one ended with both sides equal */
    unsigned failures;                  /* in a row */
    int64_t tried_ms, done_ms, next_ms; /* last try, last success, next try; 0 never; our clock */
    int64_t parent_ms; /* our clock when the parent last gave a signed answer; 0 never */
    bool past;         /* the last one went to the node above the parent */
    int64_t opens_ms;  /* our clock when the window opens, 0 = it is open */
    struct ln_syncer_link link;
    uint64_t receipt_seq;             /* last segment of ours signed for in this run; 0 none */
    struct ln_exchange_report report; /* of the last try */
    struct ln_err last;               /* why the last try failed; code LN_OK when it did not */
};
struct ln_syncer;

/* Reads the children's last contacts from the store and starts the thread. */
bool ln_syncer_start(struct ln_syncer **out, const struct ln_syncer_config *config,
                     struct ln_err *err) LN_MUST;
/* Ends a running sync and keeps the contacts. The writer must still be there, and may go on poking
 * until it ends: only then free. Both accept NULL. */
void ln_syncer_stop(struct ln_syncer *s);
void ln_syncer_free(struct ln_syncer *s);

/* All of these: any thread, none waits but ln_syncer_now. */
/* For ln_exchange_config.hurry, with the syncer as its context: something was saved, or somebody
 * asked, since the running sync began. */
bool ln_syncer_hurry(void *syncer);
void ln_syncer_poke(struct ln_syncer *s); /* something was saved or received: sync soon */
/* Syncs at once, whatever the back-off says, and waits until it is done. */
bool ln_syncer_now(struct ln_syncer *s, struct ln_exchange_report *out, struct ln_err *err) LN_MUST;
/* Other terms for the link from now on. LN_INVALID says which of them is none. */
bool ln_syncer_set(struct ln_syncer *s, const struct ln_syncer_link *link,
                   struct ln_err *err) LN_MUST;
void ln_syncer_state(struct ln_syncer *s, struct ln_syncer_state *out);
/* For ln_exchange_config.seen, with the syncer as its context; pokes when a child brought news. */
void ln_syncer_seen(void *syncer, const struct ln_exchange_contact *c);
/* A child's last contact, also from before this start; false when it never came. */
bool ln_syncer_child(struct ln_syncer *s, const char *node, struct ln_exchange_contact *out);

#endif
