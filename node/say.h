/* The language of one's messages, Chinese or English: of an operator in a terminal, of a page that
 * asks (each answer of the API is in the language of its request), of who reads later what the node
 * wrote down. */
#ifndef LN_SAY_H
#define LN_SAY_H

#include <locale.h>
#include <stdbool.h>

#include "crypto/base/buf.h"

/* Chinese? By LC_ALL, LC_MESSAGES, LANG of the process (other languages read English); between
 * ln_say_in and ln_say_done as that said, for this thread. */
bool ln_say_zh(void);
/* Answers somebody else on this thread: ln_say_done takes what this returned. Takes a millisecond:
 * who answers many keeps one of each language (uselocale, and LC_GLOBAL_LOCALE again). */
locale_t ln_say_in(bool zh);
void ln_say_done(locale_t other);
locale_t ln_say_locale(bool zh); /* for freelocale; (locale_t)0 when there is none */

#define LN_SAY(zh, en) (ln_say_zh() ? (zh) : (en))

/* What the node writes into a record (an answer, a note, a message) is for readers of either
 * language: both sentences with U+2028, which nobody types, between them. */
#define LN_SAY_BOTH(zh, en) zh LN_SAY_BETWEEN en
#define LN_SAY_BETWEEN "\xe2\x80\xa8"
/* The part of such a text in one language; any other text as it is. Borrowed. */
struct ln_span ln_say_part(const char *text, bool zh);

#endif
