/* Slots and appointments (MODULES M6): a place is given once, by the box that owns the slot; on any
 * other node an appointment waits as 待确认 until that box has spoken (R3). */
#ifndef LN_SLOT_H
#define LN_SLOT_H

#include "node/module/special.h"

extern const struct ln_special ln_slot_special[];

#endif
