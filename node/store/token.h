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

/* What was typed, ready to be looked for in one text after another: says what FTS5 would find with
 * the expression above, for a text that is at hand (where nearly every text holds the words, asking
 * the index costs more). NULL: nothing to look for was typed, or more than
 * 32 words. Texts longer than LN_TOKEN_TEXT_MAX
 * are read as far as that. One thread at a time. */
#define LN_TOKEN_TEXT_MAX ((size_t)128 * 1024)
struct ln_token_query;
struct ln_token_query *ln_token_query_new(struct ln_span typed);
bool ln_token_says(struct ln_token_query *q, struct ln_span body);
void ln_token_query_free(struct ln_token_query *q); /* accepts NULL */

#endif
