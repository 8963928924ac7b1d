/* Writing a spreadsheet (XLSX) of one sheet in constant memory: row after row, from the top. What
 * is text stays text: nothing becomes a formula, a link or a rounded number. */
#ifndef LN_XLSX_H
#define LN_XLSX_H

#include "crypto/base/buf.h"

struct ln_xlsx;
#define LN_XLSX_CHARS 32000 /* of a cell; the format's own limit is 32,767 */

/* `dir` takes the temporary files; `sheet` names the sheet (at most 31 characters). */
bool ln_xlsx_open(struct ln_xlsx **out, const char *dir, const char *sheet,
                  struct ln_err *err) LN_MUST;
/* Longer text is cut, control characters are left out. */
void ln_xlsx_text(struct ln_xlsx *x, size_t row, size_t column, struct ln_span text);
void ln_xlsx_int(struct ln_xlsx *x, size_t row, size_t column, int64_t n);
void ln_xlsx_fen(struct ln_xlsx *x, size_t row, size_t column, int64_t fen); /* in yuan, 0.00 */
/* Ends it and frees `x`; `bytes` NULL throws it away. LN_FULL past the ceiling of `bytes`. */
bool ln_xlsx_close(struct ln_xlsx *x, struct ln_buf *bytes, struct ln_err *err) LN_MUST;

#endif
