/* Canonical JSON: RFC 8785 restricted to keys of printable ASCII without quote and backslash, and
 * to strings, integers |n| < 2^53, true, false, null, arrays, objects; U+0000 stands in no string.
 * There is exactly one text for a value, so texts are compared, signed and hashed as bytes. Nothing
 * here allocates while reading. Any thread. */
#ifndef LN_CANON_H
#define LN_CANON_H

#include "crypto/base/buf.h"

#define LN_CANON_DEPTH 16 /* arrays and objects inside one another */
#define LN_CANON_INT_MAX                                                                           \
    INT64_C(9007199254740991) /* 2^53 - 1: what every JSON reader holds exactly */

enum ln_canon_type {
    LN_CANON_NULL,
    LN_CANON_BOOL,
    LN_CANON_INT,
    LN_CANON_STRING,
    LN_CANON_ARRAY,
    LN_CANON_OBJECT
};

/* True when `text` is one canonical value and nothing else; LN_INVALID names the byte otherwise. */
bool ln_canon_check(const char *text, size_t len, struct ln_err *err) LN_MUST;

/* The rest works on text that passed ln_canon_check and does not check again. Spans point into the
 * given value and live as long as it does. */
enum ln_canon_type ln_canon_type(struct ln_span value);
/* Walks an object or array: start with *at = 0; false at the end. `key` is without quotes (NULL
 * allowed; empty for arrays). */
bool ln_canon_next(struct ln_span value, size_t *at, struct ln_span *key, struct ln_span *item);
/* Member of an object; false when it has none of that name. */
bool ln_canon_get(struct ln_span object, const char *key, struct ln_span *item);
int64_t ln_canon_int(struct ln_span value);
bool ln_canon_bool(struct ln_span value);
/* Appends the decoded string. */
void ln_canon_text(struct ln_buf *out, struct ln_span value);
/* The string's characters when it holds no escape (ids, codes, names of things); false otherwise.
 */
bool ln_canon_plain(struct ln_span value, struct ln_span *text);

/* Writing: the caller gives members in ascending order of keys; `text` must pass ln_canon_utf8
 * (asserted). The quotes are added. */
void ln_canon_add_string(struct ln_buf *out, const char *text, size_t len);
/* |n| <= LN_CANON_INT_MAX (asserted). */
void ln_canon_add_int(struct ln_buf *out, int64_t n);
/* Valid UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF) without U+0000, as all text
 * here must be. */
bool ln_canon_utf8(const char *text, size_t len);

#endif
