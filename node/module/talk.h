/* Conversations: who belongs to one, what may be written into it, confirmations, circulars and the
 * duty desk. Hooks of thread, message, confirmation, reading, quiet, contact_list, circular_sign,
 * duty_shift and duty_item. */
#ifndef LN_TALK_H
#define LN_TALK_H

#include "node/module/recipient.h"
#include "node/module/special.h"

#define LN_TALK_MEMBERS 100 /* named one by one; more are a contact list */
#define LN_TALK_FOLLOWED_DAYS                                                                      \
    14 /* how long a broadcast's sums per building are kept up to date                             \
        */

extern const struct ln_special ln_talk_special[];

/* The node itself tells an account or a home something, in both languages (LN_SAY_BETWEEN of
 * node/say.h between them): a message in its conversation of kind "notice" with them, which the
 * first one begins. `about` is the record to look at. */
bool ln_talk_tell(struct ln_special_call *x, const char *who, const char *about, const char *body,
                  struct ln_err *err) LN_MUST;

/* *member: wrote the thread, is among its members (oneself, or a home one speaks for), is meant by
 * its contact list, or the committee, of a broadcast. `thread` is a row of it. */
bool ln_talk_member(bool *member, const struct ln_recipient_place *p, const json_t *thread,
                    const struct ln_user *u, struct ln_err *err) LN_MUST;

/* Who was to read a message and who did, by building: *out {"asked","delivered","read","confirmed",
 * "buildings":[{"id","name","asked","delivered","read","confirmed"}],"left":[recipient as of
 * ln_recipient_list and "state":"none"|"delivered"]}; `left` are those who have neither read nor
 * confirmed it. With `confirm` reading alone does not count. */
bool ln_talk_reading(json_t **out, const struct ln_recipient_place *p, const json_t *thread,
                     const json_t *message, struct ln_err *err) LN_MUST;

#endif
