/* Short messages through gammu-smsd and its FILES service: two programs, one folder. Configuration
 * key sms_dir names the folder; in it outbox, inbox, sent and error, as in packaging/README.
 *
 *   out  outbox/OUTC<date>_<time>_00_<phone>_<id>.txt, UTF-16 with its mark; <id> is the sms_out
 *        record. Found again in sent it was sent, in error it failed.
 *   in   inbox/IN<date>_<time>_<serial>_<phone>_<part>.txt, UTF-16 or UTF-8 (InboxFormat =
 * unicode); the parts of one message are read together. Deleted once they are on record. gammu-smsd
 * moves what it sends itself; nothing here waits for it. */
#ifndef LN_SMS_H
#define LN_SMS_H

#include "node/node.h"

#define LN_SMS_AT_ONCE 20 /* messages out and in of one tick */
#define LN_SMS_FILE 65536 /* bytes of a file in the inbox */

/* Sends what is queued, notes what was sent, takes what came. On the writer thread, between jobs:
 * transactions of its own. Nothing when sms_dir is empty, on laptops, and before joining. */
void ln_sms_tick(struct ln_node *n, struct ln_replica *r);

#endif
