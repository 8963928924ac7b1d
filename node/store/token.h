/* The tokenizer "linli" of the full text index. Latin words and numbers are one token each, in
 * lower case and with full-width letters made narrow; of a run of Chinese characters every
 * character and every pair of neighbours is a token, so that words of one, two and more characters
 * are found: the query 水管 is the one token 水管, 停水通知 the phrase 停水+水通+通知. */
#ifndef LN_TOKEN_H
#define LN_TOKEN_H

#include "crypto/base/buf.h"

struct sqlite3;
/* For one connection. LN_BROKEN when SQLite has no FTS5. */
bool ln_token_register(struct sqlite3 *db, struct ln_err *err) LN_MUST;

/* Makes an FTS5 expression of what a person typed: words between blanks must all be there, each as
 * a phrase; Latin words and numbers also as the beginning of a longer one. Nothing typed has a
 * meaning of its own (quotes, AND, *). False: nothing to look for was typed. */
bool ln_token_match(struct ln_buf *out, struct ln_span typed) LN_MUST;

#endif
