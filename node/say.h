/* The language of messages to an operator, Chinese or English. Pages carry both; this is for what
 * one reads in a terminal. */
#ifndef LN_SAY_H
#define LN_SAY_H

#include <locale.h>
#include <stdbool.h>

/* Chinese? By LC_ALL, LC_MESSAGES, LANG of the process (other languages read English); between
 * ln_say_in and ln_say_done as that said, for this thread. */
bool ln_say_zh(void);
/* Answers somebody else on this thread: ln_say_done takes what this returned. */
locale_t ln_say_in(bool zh);
void ln_say_done(locale_t other);

#define LN_SAY(zh, en) (ln_say_zh() ? (zh) : (en))

#endif
