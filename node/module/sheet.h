/* A clerk's spreadsheet as rows of text: CSV in UTF-8 or GB18030, or XLSX (its first sheet). */
#ifndef LN_SHEET_H
#define LN_SHEET_H

#include "crypto/base/buf.h"

#define LN_SHEET_MAX (16 << 20)       /* bytes of the file */
#define LN_SHEET_PART_MAX (128 << 20) /* of one part of an XLSX, unpacked */
#define LN_SHEET_ROWS 100000
#define LN_SHEET_COLS 128

struct ln_sheet_cell {
    char *text;  /* UTF-8, trimmed; NULL empty */
    bool number; /* stored as a number: long ones were rounded by the spreadsheet */
};
struct ln_sheet {
    size_t n_rows, n_cols;
    bool csv;                    /* merged cells are blanks below and beside the first */
    struct ln_sheet_cell *cells; /* row after row; merged cells repeat their value down and right */
};
/* LN_INVALID neither kind of file, or damaged; LN_FULL past a ceiling. */
bool ln_sheet_read(struct ln_sheet *out, const void *data, size_t len, struct ln_err *err) LN_MUST;
void ln_sheet_free(struct ln_sheet *s);
const struct ln_sheet_cell *ln_sheet_cell(const struct ln_sheet *s, size_t row, size_t col);

#endif
