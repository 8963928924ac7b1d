/* What stands in a cell of a clerk's spreadsheet, as the value of a field: which column is which
 * field, dates and numbers as people and spreadsheets write them, words of lists. Whatever cannot
 * be taken says why and what to do, in both languages. Nothing here touches the database: a ref
 * stays the text that was typed. */
#ifndef LN_CELL_H
#define LN_CELL_H

#include "node/module/def.h"
#include "node/module/sheet.h"

#define LN_CELL_MAX 512 /* bytes of a cell that is no `text` field */

struct ln_cell_words {
    char zh[512], en[512];
};

/* Whether the column's header means the field: its label in either language, its name, or one of
 * `more` (an array of further headers, NULL none). Blanks, stars and a remark in brackets behind it
 * do not count. */
bool ln_cell_header(const struct ln_def_field *f, const json_t *more, const char *header);

/* The value of one cell; *out a new reference, or NULL when it was refused: then `why` says so.
 *
 * words   {"word": code} of the definition's "import" for this field, or {"word": {"by": field,
 *         "<value>": code}}, which looks into `row`; NULL none
 * row     the fields of the row taken so far
 * cell    holds text */
bool ln_cell_value(json_t **out, const struct ln_def_field *f, const json_t *words,
                   const json_t *row, const struct ln_sheet_cell *cell, struct ln_cell_words *why);

/* A number of 16 or more digits that a spreadsheet keeps as a number has lost its last ones:
 * 3.30106E+17, or 18 digits that end in 000 and are no valid number. Sure: it was; otherwise it may
 * have been. */
enum ln_cell_rounded { LN_CELL_EXACT, LN_CELL_MAYBE, LN_CELL_ROUNDED };
enum ln_cell_rounded ln_cell_rounding(const struct ln_def_field *f,
                                      const struct ln_sheet_cell *cell);
/* The sentence for it. */
void ln_cell_say_rounded(struct ln_cell_words *why, enum ln_cell_rounded how);

#endif
