/* Alarms as notices: what the freshness board finds wrong with this node and those below it is
 * raised once, told to whoever looks after the node (first screen; SMS to `alarm_phones`), taken
 * note of by a person or cleared when its cause is gone. Rows stay as a trace for
 * LN_WATCH_KEEP_DAYS. */
#ifndef LN_WATCH_H
#define LN_WATCH_H

#include "node/node.h"

#define LN_WATCH_KEEP_DAYS 400

/* Compares the board with what is raised, every `alarm_every_s`. On the writer thread, between
 * jobs: a transaction of its own. Nothing on laptops and before joining. */
void ln_watch_tick(struct ln_node *n, struct ln_replica *r);

#endif
